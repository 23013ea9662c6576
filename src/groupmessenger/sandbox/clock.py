"""The sandbox's time: the real one, and as much more as a test advances it."""

from __future__ import annotations

import heapq
import itertools
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta


class Clock:
    """A clock that can be put forward, so that hours of waiting take no time.

    What is planned with `at` happens when the time is reached: on `advance`, or when the server next looks.
    """

    def __init__(self) -> None:
        # One lock for the whole sandbox: what is planned acts on the phones, and phones read the clock.
        self.lock = threading.RLock()
        self._offset = timedelta()
        self._order = itertools.count()
        self._planned: list[tuple[datetime, int, Callable[[], None]]] = []

    def now(self) -> datetime:
        """The sandbox's time, in UTC."""
        return datetime.now(UTC) + self._offset

    def advance(self, seconds: float) -> None:
        """Put the clock forward, and do what was planned until then, each thing at its own time.

        Raises ValueError for less than 0: no clock goes back.
        """
        if seconds < 0:
            raise ValueError(f"the clock is put forward by seconds from 0, not by {seconds}")
        with self.lock:
            until = self.now() + timedelta(seconds=seconds)
            while self._planned and self._planned[0][0] <= until:
                self._offset += max(self._planned[0][0] - self.now(), timedelta())
                self.run_due()
            self._offset += max(until - self.now(), timedelta())

    def at(self, moment: datetime, do: Callable[[], None]) -> None:
        """Plan something for later."""
        with self.lock:
            heapq.heappush(self._planned, (moment, next(self._order), do))

    def run_due(self) -> None:
        """Do what is due by now."""
        with self.lock:
            while self._planned and self._planned[0][0] <= self.now():
                heapq.heappop(self._planned)[2]()
