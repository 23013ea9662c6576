"""The ways that a transport has: one for all requests where it is the caller's, else one for each at a time."""

from __future__ import annotations

import threading
import time
from collections import deque
from typing import Protocol

from .errors import ConfigurationError, Problem
from .ways import Way


class Making(Protocol):
    """What makes ways. `theirs` says that the shared one is through a caller's client, which stays open."""

    theirs: bool

    def shared_way(self) -> Way | None:
        """Give the one way that all requests take, if there is one."""
        ...

    def new_way(self) -> Way:
        """Give a way for one request at a time."""
        ...

    def new_stranger(self) -> Way:
        """Give a way to hosts nobody vouches for."""
        ...


class Pool:
    """The ways of a transport. May be shared by threads.

    Those for one request at a time have one connection each, the one used last comes first: of a pool of its own httpx
    looks at every connection for each request, and again after it. One that idled for `idle_at_most` seconds is closed.
    """

    def __init__(self, making: Making, idle_at_most: float) -> None:
        self._making = making
        self._idle_at_most = idle_at_most
        self._shared = making.shared_way()
        self._stranger: Way | None = None
        self._own: set[Way] = set()
        self._idle: deque[tuple[Way, float]] = deque()  # and since when
        self._guard = threading.Lock()
        self._ended = False
        if self._shared is None:  # at once: that none can be made is to be known when the client is
            self._own.add(first := making.new_way())
            self._idle.append((first, time.monotonic()))

    def take(self, *, elsewhere: bool = False) -> Way:
        """Give a way, for hosts nobody vouches for if it is for `elsewhere`. Raises ConfigurationError after `end`."""
        with self._guard:
            if self._ended:
                raise ConfigurationError(Problem("http", "the client is closed"))
            if elsewhere:
                self._stranger = self._stranger or self._making.new_stranger()
                return self._stranger
            if self._shared is not None:
                return self._shared
            if self._idle:
                return self._idle.pop()[0]
            way = self._making.new_way()
            self._own.add(way)
            return way

    def give_back(self, way: Way, *, sound: bool) -> list[Way]:
        """Take a way back. Gives those to be closed: that idled for too long; this one too, unless it is sound.

        One whose request broke off is not: where a signal interrupts httpx, it may wait for that answer for ever.
        """
        if way not in self._own:
            return []
        with self._guard:
            now = time.monotonic()
            over = [] if sound and not self._ended else [way]
            if not over:
                self._idle.append((way, now))
            while self._idle and now - self._idle[0][1] > self._idle_at_most:
                over.append(self._idle.popleft()[0])
            self._own.difference_update(over)
            return over

    def end(self) -> list[Way]:
        """Give all that are to be closed, once. One that is under way is given again when it comes back."""
        with self._guard:
            self._ended = True
            shared = None if self._making.theirs else self._shared
            ending = [way for way in (shared, self._stranger, *self._own) if way is not None]
            self._shared = self._stranger = None
            self._own.difference_update(way for way, _ in self._idle)
            self._idle.clear()
            return ending
