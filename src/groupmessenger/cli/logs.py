"""What a worker logs, on lines: without numbers, texts or names of groups."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

from .complaints import words
from .consoles import errors, unread
from .dumping import print_json
from .events import visible
from .results import say

OUTBOX = logging.getLogger("groupmessenger.outbox")
_OTHERS = ("groupmessenger", "procrastinate", "psycopg")  # of which warnings and worse are told
_PARTS = ("outcome", "connection", "error")


@contextmanager
def logging_lines(*, json: bool) -> Iterator[None]:
    """Print what became of each message, and what went wrong beside: on standard error, or as JSON on the output."""
    handler, level = _Lines(json=json), OUTBOX.level
    loggers = [logging.getLogger(name) for name in _OTHERS]
    for logger in loggers:
        logger.addHandler(handler)
    OUTBOX.setLevel(logging.INFO)
    try:
        yield
    finally:
        OUTBOX.setLevel(level)
        for logger in loggers:
            logger.removeHandler(handler)


class _Lines(logging.Handler):
    def __init__(self, *, json: bool) -> None:
        super().__init__()
        self._json = json
        self._console = errors()

    def emit(self, record: logging.LogRecord) -> None:
        """Print a record, if it is a worker's or a warning; whoever does not read it does not stop the work."""
        if record.name != OUTBOX.name and record.levelno < logging.WARNING:
            return
        at = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        told = {"at": at, "level": record.levelname.lower(), **_content(record)}
        with unread():
            if self._json:
                print_json(told)
            else:
                say(self._console, visible(_line(told)))


def _content(record: logging.LogRecord) -> dict[str, object]:
    if not hasattr(record, "outcome"):
        return {"text": " ".join(words(record).split())}  # of others' loggers some have several lines
    return {"message": getattr(record, "entry", None), **{name: getattr(record, name, None) for name in _PARTS}}


def _line(told: dict[str, object]) -> str:
    start = f"{told['at']} {told['level']}"
    if "text" in told:
        return f"{start} {told['text']}"
    what = "a lost message" if told["message"] is None else f"message {told['message']}"
    details = "".join(f" {name}={told[name]}" for name in _PARTS[1:] if told[name] is not None)
    return f"{start} {what} {told['outcome']}{details}"
