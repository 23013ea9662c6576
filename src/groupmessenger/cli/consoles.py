"""Where commands write for people, words as they are whatever brackets a provider puts into them, and ask them."""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NoReturn

from rich.console import Console


class _Plain(Console):
    def on_broken_pipe(self) -> NoReturn:
        """Leave it to the command what that means: what was sent is sent, whoever has stopped reading."""
        raise BrokenPipeError(errno.EPIPE, "nobody reads the output")


def output(*, json: bool = False) -> Console:
    """Standard output; standard error where JSON goes to the output."""
    return _Plain(stderr=json, markup=False, highlight=False, emoji=False)


def errors() -> Console:
    """Standard error."""
    return output(json=True)


def agrees(question: str) -> bool:
    """Ask, where somebody can answer."""
    if not sys.stdin.isatty():
        return False
    try:
        return errors().input(f"{question} [y/N] ", markup=False, emoji=False).strip().lower() in ("y", "yes")
    except EOFError:
        return False


@contextmanager
def unread() -> Iterator[None]:
    """Tell what has been done; that nobody reads it any more changes nothing."""
    try:
        yield
    except OSError:  # nobody reads, or there is no room to write to
        hang_up()


def hang_up() -> None:
    """Write to nowhere from now on, where nobody reads any more."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except OSError:
            os.dup2(nowhere, stream.fileno())
    os.close(nowhere)
