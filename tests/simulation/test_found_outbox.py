"""What the worlds with an outbox have found, each by itself."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any
from unittest import mock

import anyio
import pytest

from groupmessenger.errors import DirectoryError, InvalidInput
from groupmessenger.flow import Request, Response
from groupmessenger.switchboard.ledger import Reserved
from groupmessenger.switchboard.outbox import holds, lanes
from groupmessenger.switchboard.outbox.values import OutboxState

from .processes import Process, pause
from .running import Stage
from .test_found import ANN, BOB, done, lost, texts
from .weather import Fate, Weather
from .workers import Working
from .world import SENDS, Node, World, _named


def worker(world: World, node: Node) -> Working:
    """One that looks for what is queued."""
    working = Working(world, node, 1, [])
    node.process.start(working.run())
    return working


def queued(world: World, node: Node, text: str, key: str | None = None) -> int:
    """The number of a message that is queued."""
    outbox = node.operations.outbox
    return int(done(world, node, outbox.enqueue(outbox.putting("rowers", text, key, None)), 0.1).id)


def state(world: World, node: Node, number: int) -> OutboxState:
    return OutboxState(done(world, node, node.operations.outbox.get(number), 0.1).state)


@pytest.fixture(autouse=True)
def _sleep(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(anyio, "sleep", pause)  # by the world's clock


def test_who_stood_still_does_not_speak_for_a_later_attempt(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its attempt was given up, and the message left by another's, of which nobody can tell: it is not queued again."""
    with stage.world(0, weather=Weather.calm()) as world:
        slow, other = world.node("slow", "bandwidth"), world.node("other", "bandwidth")
        done(world, other, other.operations.create_group("rowers", [ANN, BOB], None, (), None))
        when_it_has_begun(monkeypatch, world, slow.process, lambda: freeze(world, slow, 100))
        first = worker(world, slow)
        number = queued(world, other, "one", "key")
        world.go_on(60)
        lose_messages(monkeypatch, world)
        world.weather.planned = {"send": [Fate.ANSWER_LOST], "search": [Fate.NOT_REACHED] * 50}
        second = worker(world, other)
        world.go_on(20)
        assert state(world, other, number) is OutboxState.UNKNOWN
        world.go_on(60)
        assert state(world, other, number) is OutboxState.UNKNOWN
        world.weather.planned.clear()
        world.go_on(600)
        assert state(world, other, number) is OutboxState.UNKNOWN
        assert [] == texts(world, ANN) == first.broken == second.broken


def freeze(world: World, node: Node, seconds: float) -> None:
    node.process.frozen_until = world.clock.now() + timedelta(seconds=seconds)


def lose_messages(monkeypatch: pytest.MonkeyPatch, world: World) -> None:
    """None arrives at its vendor from now on."""
    act = world._act

    def lose(provider: str, request: Request, operation: str, box: list[Response]) -> None:
        if operation not in SENDS:
            act(provider, request, operation, box)

    monkeypatch.setattr(world, "_act", lose)


def when_it_has_begun(monkeypatch: pytest.MonkeyPatch, world: World, process: Process, do: Callable[[], None]) -> None:
    """Do something when a process has begun its first attempt, before it goes on."""
    call, seen = world.call, list[bool]()

    async def watched(who: Process, work: Callable[[], Any]) -> Any:
        result = await call(who, work)
        if who is process and isinstance(result, Reserved) and not seen:
            seen.append(True)
            do()
            await pause(0.001)
        return result

    monkeypatch.setattr(world, "call", watched)


def test_a_group_that_could_not_be_given_back_is_looked_at_again(stage: Stage) -> None:
    """The worker lives on, and its signs of life keep what it is busy with, not what it has left."""
    with stage.world(0, weather=Weather.calm()) as world:
        node = world.node("p", "sendblue")
        done(world, node, node.operations.create_group("rowers", [ANN, BOB], None, (), None))
        working = worker(world, node)
        broken = mock.Mock(side_effect=DirectoryError("the directory was not reached"))
        with mock.patch.object(lanes, "keep", broken), mock.patch.object(lanes, "release", broken):
            number = queued(world, node, "one")
            world.go_on(10)
        for _ in range(20):  # it has something else to do, and is alive
            node.process.start(working.worker._do(partial(alive, working)))
            world.go_on(5)
        assert state(world, node, number) is OutboxState.SENT
        assert ["one"] == texts(world, ANN)


def test_of_what_failed_and_was_then_sent_directly_nobody_may_know(stage: Stage) -> None:
    """It is not said that it failed, for it may be shown; and it is not sent again just so."""
    with stage.world(0, weather=Weather.calm()) as world:
        node = world.node("p", "bandwidth")
        board = node.operations
        done(world, node, board.create_group("rowers", [ANN, BOB], None, (), None))
        world.weather.planned = {"send": [Fate.REJECTED, Fate.ANSWER_LOST]}
        working = worker(world, node)
        number = queued(world, node, "one", "key")
        world.go_on(10)
        assert state(world, node, number) is OutboxState.FAILED
        assert not lost(done(world, node, board.send("rowers", "one", "key")))
        assert state(world, node, number) is OutboxState.UNKNOWN
        refused = done(world, node, board.outbox.retry((number,), may_duplicate=False))
        world.go_on(600)
        assert isinstance(refused, InvalidInput)
        assert [["one"], []] == [texts(world, ANN), working.broken]


def test_what_was_taken_back_stays_so_if_a_direct_send_is_looked_for_and_not_there(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It has no text any more that a worker could send."""
    with stage.world(0, weather=Weather.calm()) as world:
        node = world.node("p", "messagebird")
        board = node.operations
        done(world, node, board.create_group("rowers", [ANN, BOB], None, (), None))
        number = queued(world, node, "one", "key")
        done(world, node, board.outbox.cancel((number,)), 1)
        lose_messages(monkeypatch, world)
        world.weather.planned = {"send": [Fate.ANSWER_LOST]}
        assert not lost(done(world, node, board.send("rowers", "one", "key"), 60))
        assert state(world, node, number) is OutboxState.UNKNOWN
        working = worker(world, node)
        world.go_on(600)
        assert state(world, node, number) is OutboxState.CANCELLED
        assert [[], []] == [texts(world, ANN), working.broken]


def test_who_has_to_wait_and_does_not_hear_that_its_attempt_was_withdrawn_waits(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    with stage.world(0, weather=Weather.calm()) as world:
        world.pace = "6/min"
        node = world.node("p", "sendblue")
        done(world, node, node.operations.create_group("rowers", [ANN, BOB], None, (), None))
        unheard(monkeypatch, world, "withdraw")
        working = worker(world, node)
        numbers = [queued(world, node, text) for text in ("one", "two")]
        with mock.patch.object(holds, "held", return_value={}):  # what others do is seen late
            world.go_on(120)
        assert [OutboxState.SENT] * 2 == [state(world, node, each) for each in numbers]
        assert [["one", "two"], []] == [texts(world, ANN), working.broken]


def unheard(monkeypatch: pytest.MonkeyPatch, world: World, what: str) -> None:
    """The answer of the first transaction of this name is lost."""
    call, seen = world.call, list[bool]()

    async def watched(who: Process, work: Callable[[], Any]) -> Any:
        result = await call(who, work)
        if _named(work) == what and not seen:
            seen.append(True)
            raise DirectoryError("the directory did not answer")
        return result

    monkeypatch.setattr(world, "call", watched)


def alive(working: Working, t: Any) -> None:
    working.worker._alive(t, frozenset(working.worker._busy))
