"""Signals that end a command which lasts: the first gently, the second at once."""

from __future__ import annotations

import asyncio
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType, TracebackType
from typing import Any, Self

import anyio

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Ending:
    """Hears signals in an event loop of asyncio's. The second ends what is within the `with` block.

    `tell` is called at the first. `exit` is the code of a command that a signal ended: 130 or 143, and 0 before.
    """

    def __init__(self, tell: Callable[[], object]) -> None:
        self.exit = 0
        self._tell = tell
        self._all = anyio.CancelScope()
        self._gentle: list[anyio.CancelScope] = []
        self._before: dict[signal.Signals, Any] = {}

    def __enter__(self) -> Self:
        self._all.__enter__()
        if threading.current_thread() is threading.main_thread():
            self._loop = asyncio.get_running_loop()
            self._before = {each: signal.signal(each, self._hear) for each in _SIGNALS}
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool:
        for each, handler in self._before.items():
            signal.signal(each, handler)
        return bool(self._all.__exit__(kind, error, trace))

    @contextmanager
    def gently(self) -> Iterator[anyio.CancelScope]:
        """What the first signal ends; what is around it goes on, and cleans up."""
        with anyio.CancelScope() as scope:
            self._gentle.append(scope)
            if self.exit:
                scope.cancel()
            yield scope

    def _hear(self, number: int, _: FrameType | None) -> None:
        self._loop.call_soon_threadsafe(self._end, number)

    def _end(self, number: int) -> None:
        first, self.exit = not self.exit, 128 + number
        if not first:
            self._all.cancel()
            return
        self._tell()
        for scope in self._gentle:
            scope.cancel()
