"""Handling what was accepted, beside the server: in its event loop, or in a thread of each of its processes."""

from __future__ import annotations

import asyncio
import logging
import os
import threading
from collections.abc import Callable, Coroutine
from contextvars import Context
from functools import partial
from typing import Any

import anyio
import attrs
from anyio.abc import TaskGroup

from ..webhooks.asynchronous import Performing
from ..webhooks.blocking import Perform
from ..webhooks.receiver import run, run_async
from .inbox import Taken
from .receiving import Receiving

_AT_ONCE = 8  # callbacks in an event loop
_OVERTAKEN = 5.0  # seconds after which the next callback does not wait for a handler any more
_AFTER_FAILURE = 5.0  # seconds, where the directory cannot be asked
_TO_FINISH = 5.0  # seconds, at the end, for what is under way

_tasks: set[asyncio.Task[None]] = set()  # the event loop itself keeps no hold of them
_log = logging.getLogger(__name__)


class InThread:
    """Handles callbacks one after the other, in a thread that is begun when there is something to do."""

    def __init__(self, receiving: Receiving, perform: Perform, *, from_us: bool) -> None:
        self._receiving = receiving
        self._perform = perform
        self._from_us = from_us
        self._guard = threading.Lock()
        self._threads: dict[int, _Thread] = {}  # by process: a fork has none of its parent's

    def wake(self) -> None:
        """There is something to do."""
        with self._guard:
            found = self._threads.get(os.getpid())
            if found is None or not found.is_alive():
                found = self._threads[os.getpid()] = _Thread(self._work)
        found.woken.set()

    def stop(self) -> None:
        """Begin nothing more, and wait some seconds for what is under way."""
        found = self._threads.pop(os.getpid(), None)
        if found is not None:
            found.stop()

    def _work(self, thread: _Thread) -> None:
        while not (thread.stopping or self._receiving.closed):
            thread.woken.clear()
            try:
                taken = run(self._receiving.take(), self._perform)
                if taken is None:
                    pause = run(self._receiving.pause(), self._perform)
                else:
                    run(self._receiving.finish(taken, from_us=self._from_us), self._perform)
                    pause = 0.0
            except Exception:
                _log.exception("accepted callbacks could not be looked at")
                pause = _AFTER_FAILURE
            thread.woken.wait(pause)


class _Thread(threading.Thread):
    def __init__(self, work: Callable[[_Thread], None]) -> None:
        super().__init__(target=work, args=(self,), name="groupmessenger-inbox", daemon=True)
        self.woken = threading.Event()
        self.stopping = False
        self.start()

    def stop(self) -> None:
        self.stopping = True
        self.woken.set()
        if self is not threading.current_thread():
            self.join(_TO_FINISH)


@attrs.define(eq=False)
class _Running:
    woken: anyio.Event = attrs.field(factory=anyio.Event)
    ended: anyio.Event = attrs.field(factory=anyio.Event)
    scope: anyio.CancelScope = attrs.field(factory=anyio.CancelScope)


class InLoop:
    """Handles callbacks in a task that no request waits for, on asyncio and trio.

    One after the other, as long as they are quick: those that take their time are overtaken, at most eight at once.
    """

    def __init__(self, receiving: Receiving, perform: Performing, *, from_us: bool) -> None:
        self._receiving = receiving
        self._perform = perform
        self._from_us = from_us
        self._stopping = False
        self._running: _Running | None = None

    def start(self) -> None:
        """Begin, and look for what was left."""
        self._stopping = False
        self.wake()

    def wake(self) -> None:
        """There is something to do."""
        if self._running is not None:
            self._running.woken.set()
        elif not self._stopping:
            self._running = _Running()
            _spawn(partial(self._work, self._running))

    async def stop(self) -> None:
        """Begin nothing more, and wait some seconds for what is under way; then it is cancelled."""
        self._stopping = True
        running = self._running
        if running is not None:
            running.woken.set()
            with anyio.move_on_after(_TO_FINISH):
                await running.ended.wait()
            running.scope.cancel()
            await running.ended.wait()

    async def _work(self, running: _Running) -> None:
        try:
            with running.scope:
                async with anyio.create_task_group() as tasks:
                    await self._look(running, tasks)
        finally:
            self._running = None
            running.ended.set()

    async def _look(self, running: _Running, tasks: TaskGroup) -> None:
        room = anyio.Semaphore(_AT_ONCE)
        while not (self._stopping or self._receiving.closed):
            running.woken = anyio.Event()
            await room.acquire()
            try:
                taken = await run_async(self._receiving.take(), self._perform)
                pause = 0.0 if taken else await run_async(self._receiving.pause(), self._perform)
            except Exception:
                _log.exception("accepted callbacks could not be looked at")
                taken, pause = None, _AFTER_FAILURE
            if taken is not None:
                ended = anyio.Event()
                tasks.start_soon(self._finish, taken, ended, room)
                with anyio.move_on_after(_OVERTAKEN):
                    await ended.wait()
                continue
            room.release()
            with anyio.move_on_after(pause):
                await running.woken.wait()

    async def _finish(self, taken: Taken, ended: anyio.Event, room: anyio.Semaphore) -> None:
        try:
            await run_async(self._receiving.finish(taken, from_us=self._from_us), self._perform)
        except Exception:
            _log.exception("a callback of connection %s could not be kept as handled", taken.connection)
        finally:
            room.release()
            ended.set()
            if self._running is not None:
                self._running.woken.set()


def _spawn(work: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """Begin a task that lasts until the event loop ends."""
    try:
        loop = asyncio.get_running_loop()
    except RuntimeError:
        import trio

        trio.lowlevel.spawn_system_task(work)
    else:
        task = loop.create_task(work(), context=Context())  # and not that of the request it begins with
        _tasks.add(task)
        task.add_done_callback(_tasks.discard)
