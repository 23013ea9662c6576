"""What was asked of the vendors and what they did, for tests that say "the provider accepted exactly one"."""

from __future__ import annotations

import itertools
from typing import Any, TypedDict

from .clock import Clock


class Entry(TypedDict):
    """One call at a vendor, without its headers, which carry credentials.

    `n` counts from 1; `at` is sandbox time; `path` is below the face; `status` is what the caller was sent, None if
    nothing. `verdict` is the vendor's, "accepted" or "refused", or "fault" where a fault took its place. `done`
    says whether the vendor did it, whatever the caller was told. `fault` is the kind that struck last.
    """

    n: int
    at: str
    provider: str
    operation: str | None
    method: str
    path: str
    status: int | None
    verdict: str
    done: bool
    fault: str | None
    request: Any


class Log:
    """The entries, the oldest first. They change until their calls are over; `entries` copies them."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._count = itertools.count(1)
        self._entries: list[Entry] = []

    def open(self, provider: str, operation: str | None, method: str, path: str, request: Any) -> Entry:
        """Begin an entry; until the vendor decides, it says that nothing was done."""
        entry = Entry(
            n=next(self._count),
            at=self._clock.now().isoformat(),
            provider=provider,
            operation=operation,
            method=method,
            path=path,
            status=None,
            verdict="fault",
            done=False,
            fault=None,
            request=request,
        )
        with self._clock.lock:
            self._entries.append(entry)
        return entry

    def entries(self) -> list[Entry]:
        """Give them as they are now."""
        with self._clock.lock:
            return [entry.copy() for entry in self._entries]

    def clear(self) -> None:
        """Forget them; the numbers go on."""
        with self._clock.lock:
            self._entries.clear()
