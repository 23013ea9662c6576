"""The two drivers: the same flows, blocking and on asyncio and trio, with the same results."""

from __future__ import annotations

import asyncio
import contextvars
import gc
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import anyio
import anyio.lowlevel
import attrs
import pytest
from acme import WAYS

from groupmessenger.driving import AsyncDriver, Driver, ForeignAwait
from groupmessenger.errors import NotReached
from groupmessenger.flow import (
    Call,
    Done,
    Exclusive,
    Failed,
    Flow,
    LeaveBy,
    Now,
    Request,
    Response,
    Sleep,
    Wire,
    ask,
    together,
)

GET = Request("GET", "/")
LATER = datetime(2030, 1, 1, tzinfo=UTC)


@attrs.define
class Wires:
    """What requests meet: each takes `seconds`, and how many were there at once is kept."""

    seconds: float = 0.0
    seen: list[str] = attrs.field(factory=list)
    leave_by: list[datetime | None] = attrs.field(factory=list)
    live: int = 0
    peak: int = 0
    lock: threading.Lock = attrs.field(factory=threading.Lock)

    async def exchange(self, request: Request, leave_by: datetime | None = None) -> Response:
        self.leave_by.append(leave_by)
        return await Wire(request)

    def blocking(self, request: Request, leave_by: datetime | None = None) -> Response:
        self._enter(request)
        time.sleep(self.seconds)
        return self._leave(request)

    async def tasks(self, request: Request, leave_by: datetime | None = None) -> Response:
        self._enter(request)
        try:
            await anyio.sleep(self.seconds)
        finally:
            response = self._leave(request)
        return response

    def _enter(self, request: Request) -> None:
        with self.lock:
            self.seen.append(request.path)
            self.live += 1
            self.peak = max(self.peak, self.live)

    def _leave(self, request: Request) -> Response:
        with self.lock:
            self.live -= 1
        if request.path == "/bad":
            raise NotReached("bad")
        return Response(200, request.path.encode())


@attrs.define
class Running:
    """A way to run flows. `driver` is the last one made, for a look at its locks."""

    way: str
    driver: Any = None

    def run(self, flow: Flow[Any], wires: Wires | None = None) -> Any:
        (result,) = self.run_all([flow], wires)
        return result

    def run_all(self, flows: list[Flow[Any]], wires: Wires | None = None) -> list[Any]:
        """Run flows at the same time on one driver, in threads or tasks."""
        wires = wires or Wires()
        results: dict[int, Any] = {}
        if self.way == "blocking":
            self.driver = driver = Driver(wires.blocking, wires.exchange)
            if len(flows) == 1:
                return [driver.run(flows[0])]

            def thread(index: int, flow: Flow[Any]) -> None:
                results[index] = driver.run(flow)

            threads = [threading.Thread(target=thread, args=each) for each in enumerate(flows)]
            for each in threads:
                each.start()
            for each in threads:
                each.join()
        else:

            async def main() -> None:
                self.driver = driver = AsyncDriver(wires.tasks, wires.exchange)
                if len(flows) == 1:
                    results[0] = await driver.run(flows[0])
                    return

                async def task(index: int, flow: Flow[Any]) -> None:
                    results[index] = await driver.run(flow)

                async with anyio.create_task_group() as tasks:
                    for index, flow in enumerate(flows):
                        tasks.start_soon(task, index, flow)

            anyio.run(main, backend=self.way)
        return [results[index] for index in range(len(flows))]


@pytest.fixture(params=WAYS)
def running(request: pytest.FixtureRequest) -> Iterator[Running]:
    """One way; afterwards nothing was left that Python would warn of."""
    gc.freeze()  # only what comes from now on is looked through
    yield Running(request.param)
    gc.collect()


@pytest.fixture(params=["asyncio", "trio"])
def backend(request: pytest.FixtureRequest) -> str:
    return str(request.param)


async def fetch(path: str = "/") -> str:
    return (await ask(Request("GET", path))).content.decode()


# --- effects


def test_a_flow_gives_its_result(running: Running) -> None:
    assert "/a" == running.run(fetch("/a"))


def test_the_clock_is_in_utc(running: Running) -> None:
    async def now() -> datetime:
        return await Now()

    before = datetime.now(UTC)
    assert before <= running.run(now()) <= datetime.now(UTC)


def test_a_pause_pauses(running: Running) -> None:
    async def pause() -> None:
        await Sleep(0.03)

    started = time.monotonic()
    running.run(pause())
    assert 0.02 <= time.monotonic() - started < 1


def test_an_error_reaches_the_flow_at_the_effect_that_made_it(running: Running) -> None:
    """A flow catches it where it awaits, and goes on."""

    async def careful() -> str:
        try:
            await fetch("/bad")
        except NotReached as error:
            return f"{error}, then {await fetch('/good')}"
        return "nothing raised"

    assert "bad, then /good" == running.run(careful())


def test_an_error_nobody_catches_is_raised_as_itself(running: Running) -> None:
    with pytest.raises(NotReached, match="bad"):
        running.run(fetch("/bad"))


def test_work_gives_its_result_or_raises(running: Running) -> None:
    async def calls() -> int:
        with pytest.raises(ZeroDivisionError):
            await Call(lambda: 1 // 0)
        return await Call(lambda: 7)

    assert 7 == running.run(calls())


def test_blocking_work_is_done_in_place() -> None:
    async def where() -> int:
        return await Call(threading.get_ident)

    assert threading.get_ident() == Running("blocking").run(where())


def test_work_does_not_block_the_loop(backend: str) -> None:
    """The async driver does it in a worker thread, and other tasks go on."""

    async def main() -> None:
        wires = Wires()
        driver = AsyncDriver(wires.tasks, wires.exchange)
        ticks = 0

        async def tick() -> None:
            nonlocal ticks
            while True:
                await anyio.sleep(0.005)
                ticks += 1

        async def work() -> None:
            await Call(lambda: time.sleep(0.1))

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(tick)
            await driver.run(work())
            tasks.cancel_scope.cancel()
        assert ticks > 5

    anyio.run(main, backend=backend)


def test_work_that_began_is_finished_although_cancelled(backend: str) -> None:
    """A database transaction is not left half done."""
    done: list[int] = []

    def slow() -> None:
        time.sleep(0.05)
        done.append(1)

    async def work() -> None:
        await Call(slow)

    async def main() -> None:
        wires = Wires()
        with anyio.move_on_after(0.01):
            await AsyncDriver(wires.tasks, wires.exchange).run(work())

    anyio.run(main, backend=backend)
    assert [1] == done


# --- together


def test_together_keeps_the_order_and_the_limit(running: Running) -> None:
    """Results come in the order of the flows, and no more than `limit` run at a time."""
    wires = Wires(seconds=0.01)
    paths = [f"/{number}" for number in range(9)]
    ended = running.run(together([fetch(path) for path in paths], limit=3), wires)
    assert [Done(path) for path in paths] == ended
    assert 3 == wires.peak


def test_together_runs_ten_at_a_time_unless_told(running: Running) -> None:
    wires = Wires(seconds=0.02)
    running.run(together([fetch() for _ in range(15)]), wires)
    assert 10 == wires.peak


def test_together_with_nothing_gives_nothing(running: Running) -> None:
    assert [] == running.run(together([]))


def test_one_of_our_errors_is_a_result(running: Running) -> None:
    """The others go on: whoever asks gets every ending."""
    first, second, third = running.run(together([fetch("/a"), fetch("/bad"), fetch("/c")]))
    assert (Done("/a"), Done("/c")) == (first, third)
    assert isinstance(second, Failed)
    assert (NotReached, "bad") == (type(second.error), str(second.error))


@pytest.mark.parametrize("limit", [1, 2, 10])
def test_any_other_error_is_raised_as_itself_and_ends_the_rest(running: Running, limit: int) -> None:
    """Not inside an exception group; flows that never began are closed without a warning."""

    async def broken() -> None:
        await fetch()
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        running.run(together([broken(), *(fetch(f"/{n}") for n in range(4)), broken()], limit=limit))
    gc.collect()


def test_together_inside_together(running: Running) -> None:
    """Each has its own limit, so that they cannot wait for each other for ever."""

    async def inner(number: int) -> int:
        ended = await together([fetch(f"/{number}/{n}") for n in range(8)], limit=2)
        return len([end for end in ended if isinstance(end, Done)])

    assert [Done(8)] * 6 == running.run(together([inner(n) for n in range(6)], limit=2))


def test_threads_of_together_see_the_caller_s_context() -> None:
    variable: contextvars.ContextVar[str] = contextvars.ContextVar("variable")

    async def look() -> str:
        return await Call(variable.get)

    token = variable.set("seen")
    try:
        assert [Done("seen")] == Running("blocking").run(together([look()]))
    finally:
        variable.reset(token)


def test_an_interrupt_while_waiting_for_threads_closes_every_flow() -> None:
    """KeyboardInterrupt passes, what runs is let end, what has not begun is closed."""
    closed: list[int] = []

    async def flow(number: int) -> None:
        try:
            if number == 0:
                await Call(_interrupt)
            await fetch()
        finally:
            closed.append(number)

    def _interrupt() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        Running("blocking").run(together([flow(n) for n in range(3)], limit=1))
    assert 0 in closed
    gc.collect()


# --- cancellation


def test_cancellation_closes_inner_flows(backend: str) -> None:
    """Every `finally` of every flow runs, inside `together` and a lock as well."""
    closed: list[str] = []

    async def inner(name: str) -> None:
        try:
            await fetch()
        finally:
            closed.append(name)

    async def outer() -> None:
        try:
            await together([inner("a"), under_a_lock("b"), under_a_lock("c"), inner("d")], limit=3)
        finally:
            closed.append("outer")

    async def under_a_lock(name: str) -> None:
        await Exclusive(name, inner(name))

    async def main() -> None:
        wires = Wires(seconds=60)
        driver = AsyncDriver(wires.tasks, wires.exchange)
        with anyio.move_on_after(0.03):
            await driver.run(outer())
        assert {} == driver._locks._held

    anyio.run(main, backend=backend)
    assert 4 == len(set(closed)), "three that had begun, in the order of the backend, and the outer one"
    gc.collect()


def test_a_flow_cancelled_while_it_waits_for_a_lock_is_closed(backend: str) -> None:
    async def main() -> None:
        wires = Wires(seconds=60)
        driver = AsyncDriver(wires.tasks, wires.exchange)

        async def locked() -> str:
            return await Exclusive("key", fetch())

        with anyio.move_on_after(0.03):
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(driver.run, locked())
                tasks.start_soon(driver.run, locked())
        assert (["/"], {}) == (wires.seen, driver._locks._held)

    anyio.run(main, backend=backend)
    gc.collect()


# --- what a flow must not do


def test_a_foreign_await_is_refused_in_words(backend: str) -> None:
    """It would need an event loop; the error says what a flow may await."""

    async def sleepy() -> None:
        if backend == "asyncio":
            await asyncio.sleep(0.1)
        await anyio.lowlevel.checkpoint()

    with pytest.raises(TypeError, match=r"a flow may await only ask\(\), together\(\) and other flows"):
        Running(backend).run(sleepy())


def test_a_foreign_await_is_refused_when_blocking_too(running: Running) -> None:
    """The same error in both worlds, so that a test in one finds it for the other."""

    class Foreign:
        def __await__(self) -> Any:
            yield self

    async def odd() -> None:
        await Foreign()

    with pytest.raises(ForeignAwait, match="not Foreign"):
        running.run(odd())
    with pytest.raises(ForeignAwait, match="not Foreign"):
        running.run(together([odd(), odd()]))


def test_a_flow_that_asks_in_its_finally_is_found_out(backend: str) -> None:
    """On cancellation there is nobody to answer: Python says so."""

    async def undoing() -> None:
        try:
            await fetch()
        finally:
            await fetch("/undo")

    async def main() -> None:
        wires = Wires(seconds=60)
        with anyio.move_on_after(0.02):
            await AsyncDriver(wires.tasks, wires.exchange).run(undoing())

    with pytest.raises(RuntimeError, match="ignored GeneratorExit"):
        anyio.run(main, backend=backend)


# --- one at a time


def _overlap(live: list[str], peaks: list[int], name: str) -> Callable[[], Flow[None]]:
    async def flow() -> None:
        live.append(name)
        peaks.append(len(live))
        await Sleep(0.005)
        live.remove(name)

    return flow


def test_exclusive_excludes(running: Running) -> None:
    """Under one key one flow at a time, in threads and in tasks; afterwards the lock is forgotten."""
    live: list[str] = []
    peaks: list[int] = []

    async def one(number: int) -> int:
        await Exclusive("key", _overlap(live, peaks, str(number))())
        return number

    assert list(range(8)) == running.run_all([one(number) for number in range(8)])
    assert [1] * 8 == peaks
    assert {} == running.driver._locks._held


def test_other_keys_do_not_exclude(running: Running) -> None:
    live: list[str] = []
    peaks: list[int] = []

    async def one(number: int) -> None:
        await Exclusive(number, _overlap(live, peaks, str(number))())

    running.run_all([one(number) for number in range(6)])
    assert max(peaks) > 1


def test_a_lock_is_let_go_after_an_error(running: Running) -> None:
    async def twice() -> str:
        with pytest.raises(NotReached):
            await Exclusive("key", fetch("/bad"))
        return await Exclusive("key", fetch("/good"))

    assert "/good" == running.run(twice())
    assert {} == running.driver._locks._held


# --- nothing leaves after its time


def test_the_time_to_leave_reaches_every_request_inside(running: Running) -> None:
    """In `together`, under a lock, in flows of flows; and not what comes after."""

    async def nested() -> None:
        await fetch()
        await together([fetch(), _locked()])

    async def _locked() -> None:
        await Exclusive("key", fetch())

    async def whole() -> None:
        await LeaveBy(LATER, nested())
        await fetch()

    wires = Wires()
    running.run(whole(), wires)
    assert [LATER, LATER, LATER, None] == wires.leave_by


def test_errors_pass_through_the_time_to_leave(running: Running) -> None:
    async def late() -> str:
        return await LeaveBy(LATER, fetch("/bad"))

    with pytest.raises(NotReached):
        running.run(late())
