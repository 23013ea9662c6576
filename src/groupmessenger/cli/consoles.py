"""Where commands write for people: words as they are, whatever brackets or colons a provider puts into them."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NoReturn

from rich.console import Console


class _Plain(Console):
    def on_broken_pipe(self) -> NoReturn:
        """Leave it to the command what that means: what was sent is sent, whoever has stopped reading."""
        raise BrokenPipeError


def output(*, json: bool = False) -> Console:
    """Standard output; standard error where JSON goes to the output."""
    return _Plain(stderr=json, markup=False, highlight=False, emoji=False)


def errors() -> Console:
    """Standard error."""
    return output(json=True)


@contextmanager
def unread() -> Iterator[None]:
    """Tell what has been done; that nobody reads it any more changes nothing."""
    try:
        yield
    except BrokenPipeError:
        hang_up()


def hang_up() -> None:
    """Write to nowhere from now on: nobody reads the output any more."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)
