"""What the command's exit codes mean."""

from __future__ import annotations

import queue
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from enum import IntEnum
from typing import TYPE_CHECKING

from ..errors import (
    AlreadyBound,
    CapabilityError,
    ConfigurationError,
    GroupMessengerError,
    InProgress,
    InvalidInput,
    KeyReused,
    NotReached,
    Outcome,
    OutcomeUnknown,
    PartialFailure,
    ProviderError,
)

if TYPE_CHECKING:
    from .journal import Journal

INTERRUPTED = 130


class Exit(IntEnum):
    """The exit codes, all of them.

    Beside them, 130 is an interrupt before anything could have been sent, or of what the next worker goes on with, and
    143 a request to terminate that.
    """

    DONE = 0
    WRONG = 1
    USAGE = 2
    REFUSED_HERE = 3
    REFUSED_THERE = 4
    UNKNOWN = 5
    NOT_REACHED = 6
    IN_PART = 7


MEANINGS = {
    Exit.DONE: "sent, or done",
    Exit.WRONG: "not as it should be (demo), or an error that is in none of the other classes",
    Exit.USAGE: "usage or configuration: nothing was sent",
    Exit.REFUSED_HERE: "refused before any request: a limit, a missing feature, an opt-out, unasked private copies",
    Exit.REFUSED_THERE: "refused by the provider, which did nothing",
    Exit.UNKNOWN: "the outcome is unknown: it may have been done, and is not tried again",
    Exit.NOT_REACHED: "the provider was not reached: nothing was sent",
    Exit.IN_PART: "done in part: the output says for whom",
}


_BY_OUTCOME = {
    Outcome.NOT_SENT: Exit.WRONG,
    Outcome.SENT: Exit.IN_PART,  # the message went out, and something else did not succeed
    Outcome.UNKNOWN: Exit.UNKNOWN,
}


def exit_of(error: GroupMessengerError) -> Exit:
    """The exit code for an error."""
    match error:
        case PartialFailure():
            nothing_sure = not error.succeeded and error.outcome is Outcome.UNKNOWN
            return Exit.UNKNOWN if nothing_sure else Exit.IN_PART
        case ConfigurationError() | InvalidInput():
            return Exit.USAGE
        case CapabilityError():
            return Exit.REFUSED_HERE
        case NotReached():
            return Exit.NOT_REACHED
        case ProviderError():
            return Exit.REFUSED_THERE
        case KeyReused() | AlreadyBound() | InProgress() if error.outcome is Outcome.NOT_SENT:
            return Exit.REFUSED_HERE
        case _:
            return _BY_OUTCOME[error.outcome]


@contextmanager
def under_way(journal: Journal | None = None) -> Iterator[None]:
    """Make an interrupt what it is while something is sent or changed: an unknown outcome, with the attempt begun.

    After it the process is deaf to interrupts: what is left is to say what was done, and to hang up.
    """
    try:
        yield
    except KeyboardInterrupt:
        attempt = None if journal is None else journal.attempt
        raise OutcomeUnknown("interrupted: what was under way may have been done", attempt=attempt) from None
    finally:
        deaf()


def deaf() -> None:
    """Take no more interrupts, until `listening` ends."""
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGINT, signal.SIG_IGN)


@contextmanager
def listening() -> Iterator[None]:
    """Hear interrupts again at the end as at the beginning."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.getsignal(signal.SIGINT)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


class Told:
    """Something to wait for, that signals may say, several at once: an `Event` could wait for itself in its handler."""

    def __init__(self) -> None:
        self._said: queue.SimpleQueue[None] = queue.SimpleQueue()

    def set(self) -> None:
        """Say it."""
        self._said.put(None)

    def wait(self) -> None:
        """Wait until it is said."""
        self._said.get()


@contextmanager
def until_told() -> Iterator[Told]:
    """Give what an interrupt or a request to terminate sets, instead of ending the process."""
    told = Told()
    if threading.current_thread() is not threading.main_thread():
        yield told
        return
    before = {each: signal.signal(each, lambda *_: told.set()) for each in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield told
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)
