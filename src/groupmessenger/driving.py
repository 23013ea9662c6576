"""Two drivers of flows: the only place where blocking and async differ."""

from __future__ import annotations

import contextvars
import threading
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager, suppress
from datetime import UTC, datetime
from typing import Any, Generic, Protocol, TypeVar, cast

import anyio
import anyio.to_thread
import attrs

from .errors import GroupMessengerError
from .flow import (
    Call,
    Done,
    Effect,
    Ended,
    Exclusive,
    Failed,
    Flow,
    LeaveBy,
    Now,
    Request,
    Response,
    Sleep,
    Through,
    Together,
    Wire,
)

T = TypeVar("T")
L = TypeVar("L")


class Exchanging(Protocol):
    """What carries out a request for a flow, itself a flow."""

    def __call__(self, request: Request, leave_by: datetime | None = None) -> Flow[Response]:
        """Carry it out, and not after `leave_by`."""
        ...


class ForeignAwait(TypeError):
    """A flow awaited something that no driver knows: it would need an event loop, which a flow must not."""


def _abandon(flows: Sequence[Flow[Any]]) -> None:
    """Close what never ran, so that Python does not warn of it."""
    for flow in flows:
        with suppress(ValueError, RuntimeError):  # a thread is still in it, and closes it itself
            flow.close()


@attrs.define
class _Held(Generic[L]):
    lock: L
    users: int = 0


class _Locks(Generic[L]):
    """Locks by key, forgotten when nobody holds or awaits them."""

    def __init__(self, make: Callable[[], L]) -> None:
        self._make = make
        self._guard = threading.Lock()
        self._held: dict[object, _Held[L]] = {}

    @contextmanager
    def of(self, key: object) -> Iterator[L]:
        """The lock of a key, kept while the block runs."""
        with self._guard:
            held = self._held.setdefault(key, _Held(self._make()))
            held.users += 1
        try:
            yield held.lock
        finally:
            with self._guard:
                held.users -= 1
                if not held.users:
                    del self._held[key]


class Driver:
    """Runs flows by blocking. May be shared by threads."""

    def __init__(self, wire: Callable[[Request, datetime | None], Response], exchange: Exchanging) -> None:
        self._wire = wire
        self._exchange = exchange
        self._locks = _Locks(threading.Lock)

    def run(self, flow: Flow[T], leave_by: datetime | None = None) -> T:
        """Run a flow to its end and give its result."""
        move: Callable[[Any], Effect[Any]] = flow.send
        value: Any = None
        try:
            while True:
                try:
                    effect = move(value)
                except StopIteration as stop:
                    result: T = stop.value
                    return result
                finally:
                    value = None  # an error would keep this frame, and this frame the error
                try:
                    value = self._perform(effect, leave_by)
                except Exception as error:
                    move, value = flow.throw, error
                else:
                    move = flow.send
        finally:
            flow.close()

    def _perform(self, effect: Effect[Any], leave_by: datetime | None) -> object:
        match effect:  # the usual ones first
            case Now():
                return datetime.now(UTC)
            case Request():
                return self.run(self._exchange(effect, leave_by))
            case Wire(request, latest):
                return self._wire(request, latest)
            case LeaveBy(moment, flow):
                return self.run(flow, moment)
            case Sleep(seconds):
                time.sleep(seconds)
                return None
            case Call(work):
                return work()
            case Exclusive(key, flow):
                with closing(flow), self._locks.of(key) as lock, lock:
                    return self.run(flow, leave_by)
            case Through(driver, flow):
                return driver.run(flow, leave_by)
            case Together(flows, limit):
                return self._together(flows, limit, leave_by)
            case _:
                raise _foreign(effect)

    def _together(self, flows: Sequence[Flow[T]], limit: int, leave_by: datetime | None) -> list[Ended[T]]:
        try:
            with ThreadPoolExecutor(limit) as pool:
                jobs = [pool.submit(contextvars.copy_context().run, self._end, flow, leave_by) for flow in flows]
                try:
                    return [job.result() for job in jobs]
                except BaseException:
                    pool.shutdown(wait=False, cancel_futures=True)
                    raise
        finally:
            _abandon(flows)  # when no thread drives any of them any more

    def _end(self, flow: Flow[T], leave_by: datetime | None) -> Ended[T]:
        try:
            return Done(self.run(flow, leave_by))
        except GroupMessengerError as error:
            return Failed(error)


class AsyncDriver:
    """Runs flows on asyncio or trio. May be shared by the tasks of one event loop."""

    def __init__(self, wire: Callable[[Request, datetime | None], Awaitable[Response]], exchange: Exchanging) -> None:
        self._wire = wire
        self._exchange = exchange
        self._locks = _Locks(anyio.Lock)

    async def run(self, flow: Flow[T], leave_by: datetime | None = None) -> T:
        """Run a flow to its end and give its result."""
        move: Callable[[Any], Effect[Any]] = flow.send
        value: Any = None
        try:
            while True:
                try:
                    effect = move(value)
                except StopIteration as stop:
                    result: T = stop.value
                    return result
                finally:
                    value = None  # an error would keep this frame, and this frame the error
                try:
                    value = await self._perform(effect, leave_by)
                except Exception as error:
                    move, value = flow.throw, error
                else:
                    move = flow.send
        finally:
            flow.close()

    def _perform(self, effect: Effect[Any], leave_by: datetime | None) -> Awaitable[object]:
        match effect:  # the usual ones first
            case Now():
                return _now()
            case Request():
                return self.run(self._exchange(effect, leave_by))
            case Wire(request, latest):
                return self._wire(request, latest)
            case LeaveBy(moment, flow):
                return self.run(flow, moment)
            case Sleep(seconds):
                return anyio.sleep(seconds)
            case Call(work):
                return anyio.to_thread.run_sync(work)
            case Exclusive(key, flow):
                return self._exclusively(key, flow, leave_by)
            case Through(driver, flow):
                return cast("Awaitable[object]", driver.run(flow, leave_by))
            case Together(flows, limit):
                return self._together(flows, limit, leave_by)
            case _:
                raise _foreign(effect)

    async def _exclusively(self, key: object, flow: Flow[T], leave_by: datetime | None) -> T:
        with closing(flow), self._locks.of(key) as lock:
            async with lock:
                return await self.run(flow, leave_by)

    async def _together(self, flows: Sequence[Flow[T]], limit: int, leave_by: datetime | None) -> list[Ended[T]]:
        room = anyio.Semaphore(limit)
        ended: dict[int, Ended[T]] = {}
        broken: list[Exception] = []

        async def one(index: int, flow: Flow[T]) -> None:
            async with room:
                try:
                    ended[index] = Done(await self.run(flow, leave_by))
                except GroupMessengerError as error:
                    ended[index] = Failed(error)
                except Exception as error:
                    broken.append(error)
                    tasks.cancel_scope.cancel()

        try:
            async with anyio.create_task_group() as tasks:
                for index, flow in enumerate(flows):
                    tasks.start_soon(one, index, flow)
        finally:
            _abandon(flows)
        if broken:
            raise broken[0]
        return [ended[index] for index in range(len(flows))]


async def _now() -> datetime:
    return datetime.now(UTC)


def _foreign(effect: object) -> ForeignAwait:
    return ForeignAwait(
        f"a flow may await only ask(), together() and other flows, not {type(effect).__name__}: "
        "it runs without an event loop"
    )
