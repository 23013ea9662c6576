"""The names of groups in a file, a line each."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO

from ..errors import InvalidInput


class Names:
    """Names of groups, to be gone through as often as wanted, and never all in memory.

    Blank lines, and those that begin with `#`, are none.
    """

    def __init__(self, file: IO[str]) -> None:
        self._file = file

    def __iter__(self) -> Iterator[str]:
        self._file.seek(0)
        for line in self._file:
            name = line.strip()
            if name and not name.startswith("#"):
                yield name


@contextmanager
def names_in(where: str) -> Iterator[Names]:
    """Open a file with names of groups; `-` is standard input. Raises `InvalidInput`, as for one without a name."""
    told = "standard input" if where == "-" else where
    with TemporaryFile("w+", encoding="utf-8") as copy:
        try:
            if where == "-":
                shutil.copyfileobj(sys.stdin, copy)
            else:
                with Path(where).open(encoding="utf-8-sig") as file:
                    shutil.copyfileobj(file, copy)
        except OSError as error:
            raise InvalidInput(f"{told} cannot be read: {error.strerror}") from None
        except UnicodeDecodeError:
            raise InvalidInput(f"{told} is no text in UTF-8") from None
        names = Names(copy)
        if next(iter(names), None) is None:
            raise InvalidInput(f"{told} names no group: a name is on a line of its own")
        yield names
