"""Simulated processes: flows that are run effect by effect, and may stop for ever before any of them."""

from __future__ import annotations

import contextvars
import itertools
from collections.abc import Callable, Coroutine, Generator, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from types import coroutine
from typing import Any, Protocol, TypeVar

import attrs

from groupmessenger.driving import Exchanging
from groupmessenger.errors import GroupMessengerError
from groupmessenger.flow import (
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

from .vendors import VirtualClock

T = TypeVar("T")
Work = Coroutine[float, None, T]

_LOOK = 0.05  # seconds between two looks at whether somebody else has done


@coroutine
def pause(seconds: float) -> Generator[float, None, None]:
    """Go on later; never, if the process is killed until then."""
    yield seconds


class Nature(Protocol):
    """What does the effects that are not the driver's own."""

    async def call(self, process: Process, work: Callable[[], Any]) -> Any: ...

    async def wire(self, process: Process, provider: str, request: Request, leave_by: datetime | None) -> Response: ...


@attrs.define(eq=False)
class Process:
    """A process, until it is killed. `frozen_until` it does nothing. Its clock is wrong by `skew`."""

    name: str
    clock: VirtualClock
    skew: timedelta = timedelta()
    alive: bool = True
    frozen_until: datetime | None = None
    _tasks: list[Task] = attrs.field(factory=list)
    _graveyard: list[Task] = attrs.field(factory=list)

    def start(self, work: Work[Any]) -> Task:
        """Run something here, beside what runs already."""
        task = Task(self, work)
        self._tasks.append(task)
        self.clock.later(0, task.step)
        return task

    def kill(self) -> None:
        """Stop all of it where it is. Nothing is cleaned up."""
        self.alive = False

    def bury(self) -> None:
        """Let Python clean up, when nobody looks any more."""
        for task in self._tasks:
            task.close()


class Task:
    """Something that runs in a process, in a context of its own."""

    def __init__(self, process: Process, work: Work[Any]) -> None:
        self.done = False
        self._process = process
        self._work = work
        self._context = contextvars.copy_context()

    def step(self) -> None:
        """Run until the next pause."""
        process = self._process
        if not process.alive:
            return
        if process.frozen_until is not None and process.frozen_until > process.clock.now():
            process.clock.at(process.frozen_until, self.step)
            return
        try:
            seconds = self._context.run(self._work.send, None)
        except StopIteration:
            self.done = True
        else:
            process.clock.later(seconds, self.step)

    def close(self) -> None:
        with suppress(BaseException):  # whatever it does in its last moments, it is dead
            self._context.run(self._work.close)


class Driver:
    """Runs the flows of one client, or of a switchboard, in one process."""

    def __init__(
        self, nature: Nature, process: Process, provider: str = "", exchange: Exchanging | None = None
    ) -> None:
        self._nature = nature
        self._process = process
        self._provider = provider
        self._exchange = exchange
        self._held: set[object] = set()

    async def run(self, flow: Flow[T], leave_by: datetime | None = None) -> T:
        """Run a flow to its end and give its result."""
        answer: Any = None
        error: Exception | None = None
        try:
            while True:
                try:
                    effect = flow.send(answer) if error is None else flow.throw(error)
                except StopIteration as stop:
                    result: T = stop.value
                    return result
                answer, error = None, None
                try:
                    answer = await self._perform(effect, leave_by)
                except Exception as raised:
                    error = raised
        finally:
            flow.close()

    async def _perform(self, effect: Effect[Any], leave_by: datetime | None) -> Any:
        match effect:
            case Request():
                assert self._exchange is not None
                return await self.run(self._exchange(effect, leave_by))
            case Wire(request, latest):
                return await self._nature.wire(self._process, self._provider, request, latest)
            case Sleep(seconds):
                return await pause(seconds)
            case Now():
                return self._process.clock.now() + self._process.skew
            case Call(work):
                return await self._nature.call(self._process, work)
            case Exclusive(key, flow):
                return await self._alone(key, flow, leave_by)
            case LeaveBy(moment, flow):
                return await self.run(flow, moment)
            case Through(driver, flow):
                return await driver.run(flow, leave_by)
            case Together(flows, limit):
                return await self._together(flows, limit, leave_by)
            case _:
                raise AssertionError(effect)

    async def _alone(self, key: object, flow: Flow[T], leave_by: datetime | None) -> T:
        try:
            while key in self._held:
                await pause(_LOOK)
            self._held.add(key)
            try:
                return await self.run(flow, leave_by)
            finally:
                self._held.discard(key)
        finally:
            flow.close()

    async def _together(self, flows: Sequence[Flow[T]], limit: int, leave_by: datetime | None) -> list[Ended[T]]:
        ended: dict[int, Ended[T]] = {}
        broken: list[Exception] = []
        waiting = iter(enumerate(flows))

        async def some() -> None:
            for index, flow in waiting:
                try:
                    ended[index] = Done(await self.run(flow, leave_by))
                except GroupMessengerError as error:
                    ended[index] = Failed(error)
                except Exception as error:
                    broken.append(error)

        try:
            tasks = [self._process.start(some()) for _ in itertools.islice(flows, limit)]
            while not all(task.done for task in tasks):
                await pause(_LOOK)
        finally:
            for flow in flows:
                with suppress(ValueError, RuntimeError):
                    flow.close()
        if broken:
            raise broken[0]
        return [ended[index] for index in range(len(flows))]
