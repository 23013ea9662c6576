"""Which events were handled, so that each is handled once however often it is delivered."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from datetime import datetime
from enum import StrEnum
from typing import Protocol

import attrs


class Standing(StrEnum):
    """Whose an event is: `mine` to handle, in others' hands, or `done`."""

    MINE = "mine"
    OTHERS = "others"
    DONE = "done"


class Seen(Protocol):
    """A store of what was seen. Its methods may block and are called from several threads.

    One that several processes share has to make each method atomic, and to keep what is done for as long as the
    slowest provider repeats itself: 24 hours.
    """

    def claim(self, key: str, owner: str, lease: float) -> Standing:
        """Take an event, for `lease` seconds, unless it is done or somebody else's whose lease is not over."""
        ...

    def commit(self, key: str, owner: str) -> None:
        """Keep that it is done, also where the owner's lease is over by now."""
        ...

    def release(self, key: str, owner: str) -> None:
        """Give up the owner's claim, so that the event can be handled again.

        Another's claim stays, and what is committed stays done, also by this owner: a commit whose answer was lost
        is followed by a release.
        """
        ...

    def first(self, key: str, value: str, until: datetime | None) -> str:
        """Keep a value under a key unless there is one, and give what is kept. It may be forgotten after `until`."""
        ...


@attrs.define
class _Entry:
    owner: str
    until: float  # by the clock; infinity once it is done


_DONE = float("inf")


class MemorySeen:
    """Keeps what was seen in this process alone, the last `at_most` events. A restart forgets it."""

    def __init__(self, at_most: int = 100_000, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._at_most = at_most
        self._clock = clock
        self._guard = threading.Lock()
        self._events: OrderedDict[str, _Entry] = OrderedDict()
        self._values: OrderedDict[str, str] = OrderedDict()

    def claim(self, key: str, owner: str, lease: float) -> Standing:
        """As `Seen.claim`."""
        with self._guard:
            now = self._clock()
            entry = self._events.get(key)
            if entry is not None and entry.until == _DONE:
                return Standing.DONE
            if entry is not None and entry.owner != owner and entry.until > now:
                return Standing.OTHERS
            self._events[key] = _Entry(owner, now + lease)
            self._forget(self._events)
            return Standing.MINE

    def commit(self, key: str, owner: str) -> None:
        """As `Seen.commit`."""
        with self._guard:
            self._events[key] = _Entry(owner, _DONE)
            self._events.move_to_end(key)
            self._forget(self._events)

    def release(self, key: str, owner: str) -> None:
        """As `Seen.release`."""
        with self._guard:
            entry = self._events.get(key)
            if entry is not None and entry.owner == owner and entry.until != _DONE:
                del self._events[key]

    def first(self, key: str, value: str, until: datetime | None) -> str:
        """As `Seen.first`."""
        with self._guard:
            kept = self._values.setdefault(key, value)
            self._forget(self._values)
            return kept

    def _forget(self, kept: OrderedDict[str, _Entry] | OrderedDict[str, str]) -> None:
        while len(kept) > self._at_most:
            kept.popitem(last=False)
