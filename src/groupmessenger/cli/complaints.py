"""What a running receiver has to complain of: a line each on standard error, without tracebacks."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from traceback import extract_tb

from rich.console import Console

from .consoles import errors, unread
from .events import visible
from .results import say

_LOGGERS = ("groupmessenger", "uvicorn.error")


@contextmanager
def complaining(known: Callable[[BaseException], bool], console: Console | None = None) -> Iterator[None]:
    """Print what is logged as a warning or worse, each text once. What is `known`, or a worker's, is not."""
    handler = _Lines(known, console or errors())
    loggers = [logging.getLogger(name) for name in _LOGGERS]
    for logger in loggers:
        logger.addHandler(handler)
    try:
        yield
    finally:
        for logger in loggers:
            logger.removeHandler(handler)


class _Lines(logging.Handler):
    def __init__(self, known: Callable[[BaseException], bool], console: Console) -> None:
        super().__init__(logging.WARNING)
        self._known = known
        self._console = console
        self._said: set[str] = set()

    def emit(self, record: logging.LogRecord) -> None:
        """Print a record."""
        error = record.exc_info[1] if record.exc_info else None
        if (error is not None and self._known(error)) or hasattr(record, "outcome"):
            return
        text = words(record)
        if text in self._said:  # some are logged of every callback
            return
        self._said.add(text)
        with unread():
            say(self._console, f"groupmessenger: {visible(text)}")


def words(record: logging.LogRecord) -> str:
    """What a record says, with an exception's kind and place: its text may have anything in it."""
    error = record.exc_info[1] if record.exc_info else None
    return record.getMessage() + (f" ({type(error).__name__}{_place(error)})" if error is not None else "")


def _place(error: BaseException) -> str:
    frames = extract_tb(error.__traceback__)
    return f" at {Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else ""
