"""What the worlds have found, each by itself."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from groupmessenger.errors import GroupMessengerError, Outcome
from groupmessenger.switchboard.preparing import Preparing

from .running import Stage
from .weather import Fate, Weather
from .world import Node, World

ANN, BOB, CAT = (f"+1312555010{number}" for number in range(1, 4))


async def told(node: Node, flow: Any, ends: list[Any]) -> None:
    try:
        ends.append(await node.run(flow))
    except GroupMessengerError as error:
        ends.append(error)


def done(world: World, node: Node, flow: Any, seconds: float = 600) -> Any:
    """What a flow gives or raises in the end."""
    ends: list[Any] = []
    node.process.start(told(node, flow, ends))
    world.go_on(seconds)
    (end,) = ends
    return end


def texts(world: World, number: str) -> list[str]:
    return world.vendors.network.phones[number].texts


def lost(end: Any) -> bool:
    return isinstance(end, GroupMessengerError) and end.outcome is Outcome.NOT_SENT


@pytest.mark.parametrize("after", [Fate.ANSWER_LOST, Fate.LOST])
def test_whose_adding_to_a_new_group_was_lost_is_taken_out(stage: Stage, after: Fate) -> None:
    planned = {"add_members": [after] * 3, "list_members": [Fate.NOT_REACHED] * 3}
    with stage.world(0, weather=Weather.calm(planned)) as world:
        node = world.node("p", "messagebird")
        board = node.operations
        done(world, node, board.create_group("rowers", [ANN, BOB, CAT], None, (), None))
        assert lost(done(world, node, board.send("rowers", "one", None)))
        planned.clear()
        done(world, node, board.remove_members("rowers", [CAT]))
        assert not lost(done(world, node, board.send("rowers", "two", None)))
        assert [["two"], ["two"], []] == [texts(world, each) for each in (ANN, BOB, CAT)]


@pytest.mark.parametrize("after", [Fate.ANSWER_LOST, Fate.LOST])
def test_a_thread_is_not_gone_back_to_while_a_stranger_may_be_in_it(stage: Stage, after: Fate) -> None:
    """Nobody is removed from a group of three, so that it is left for whose adding was lost."""
    with stage.world(0, weather=Weather.calm()) as world:
        node = world.node("p", "sendblue")
        board = node.operations
        done(world, node, board.create_group("rowers", [ANN, BOB], None, (), None))
        done(world, node, board.send("rowers", "one", None))
        done(world, node, board.add_members("rowers", [CAT]))
        world.weather.planned = {"modify_group": [after], "get_group": [Fate.ANSWERED, *[Fate.NOT_REACHED] * 3]}
        assert lost(done(world, node, board.send("rowers", "two", None)))
        done(world, node, board.remove_members("rowers", [CAT]))
        done(world, node, board.send("rowers", "three", None))
        assert [["one", "three"], ["one", "three"], []] == [texts(world, each) for each in (ANN, BOB, CAT)]


def test_it_is_seen_if_nobody_remembers_who_may_be_in_a_thread(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Preparing, "_doubt", lambda self, t, binding, asked: None)
    with pytest.raises(AssertionError, match="three"):
        test_a_thread_is_not_gone_back_to_while_a_stranger_may_be_in_it(stage, Fate.ANSWER_LOST)


def test_who_stood_still_changes_a_thread_no_more(stage: Stage) -> None:
    """Its attempt was given up meanwhile, and others have gone on; then it dies, and nobody knows what it did."""
    with stage.world(0, weather=Weather.calm()) as world:
        slow, other = world.node("slow", "messagebird"), world.node("other", "messagebird")
        done(world, other, other.operations.create_group("rowers", [ANN, BOB], None, (), None))
        done(world, other, other.operations.send("rowers", "one", None))
        done(world, other, other.operations.add_members("rowers", [CAT]))
        slow.process.start(told(slow, slow.operations.send("rowers", "two", None), []))
        world.go_on(0.3)  # it has asked who is in the group
        slow.process.frozen_until = world.clock.now() + timedelta(seconds=80)
        done(world, other, other.operations.remove_members("rowers", [CAT]), 50)
        done(world, other, other.operations.send("rowers", "three", None), 25)
        world.weather.planned["add_members"] = [Fate.ANSWER_LOST] * 3
        world.go_on(5 + 1.5)
        slow.process.kill()
        done(world, other, other.operations.send("rowers", "four", None))
        assert [["one", "three", "four"]] * 2 == [texts(world, each) for each in (ANN, BOB)]
        assert [] == texts(world, CAT)
