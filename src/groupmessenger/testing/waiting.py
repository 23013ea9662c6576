"""Waiting, in a test, for what a worker or a callback does."""

from __future__ import annotations

import inspect
import time
from collections.abc import Callable, Iterator
from typing import Any

_EVERY = 0.01  # seconds


def eventually(check: Callable[[], bool | None], seconds: float = 5.0) -> None:
    """Wait until a check holds: a function that asserts, or that says whether it is so.

    Raises the last AssertionError where it still does not after so many real `seconds`; TypeError for an async check.
    """
    __tracebackhide__ = True
    for pause in _tries(check, seconds):
        time.sleep(pause)


async def eventually_async(check: Callable[[], bool | None], seconds: float = 5.0) -> None:
    """Wait as `eventually` does, while other tasks go on. Asserts are what the check is of: it is no coroutine."""
    import anyio

    __tracebackhide__ = True
    for pause in _tries(check, seconds):
        await anyio.sleep(pause)


def _tries(check: Callable[[], bool | None], seconds: float) -> Iterator[float]:
    """Check until it holds, and give the pause before each next try."""
    __tracebackhide__ = True
    end = time.monotonic() + seconds
    while True:
        last = time.monotonic() >= end
        try:
            said: Any = check()
            if inspect.iscoroutine(said):  # which was not run, so that nothing is asserted
                said.close()
                raise TypeError("a check is a plain function, and this one is async: await what it needs before")
            if said is None or said:
                return
            if last:
                raise AssertionError(f"it gave {said!r}, and still does after {seconds:g} s; assert in it to see why")
        except AssertionError:
            if last:
                raise
        yield _EVERY
