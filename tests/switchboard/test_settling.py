"""Messages whose outcome is unknown: what they hold up, in which order they are settled, and what else settles them."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest
from switchboard.scenes import (  # noqa: F401
    PEOPLE,
    PROVIDERS,
    SETTLE,
    Scene,
    a_scene,
    a_scene_on_each,
    lost,
    once,
)

import groupmessenger as gm
from groupmessenger.switchboard import Settled

TEXT = "Dinner at seven?"


def teamed(scene: Scene, provider: str, **own: Any) -> gm.Switchboard:
    """A switchboard with one group, which has its thread."""
    board = scene.board(provider, own={provider: own})
    board.create_group("team", PEOPLE)
    board.send("team", "Hello")
    return board


def state(board: gm.Switchboard) -> tuple[str, bool]:
    last = board.history("team")[-1]
    return last.state, last.gave_up


def settled(board: gm.Switchboard) -> Settled:
    (one,) = board.settle()
    return one


# What it holds up


def test_an_unknown_one_holds_up_its_own_group_and_line_alone(scene: Scene) -> None:
    names = ("bandwidth", "sendblue")
    board = scene.board(*names, own={name: {"patience": 0.1} for name in names})
    board.create_group("team", PEOPLE)
    board.create_group("pair", PEOPLE[:2])
    scene.strike("bandwidth", "drop", phase="after")
    lost(lambda: board.send("team", TEXT))
    board.send("pair", "Just you two")
    board.switch("team", "sendblue")
    board.send("team", "By another line")
    assert once() == scene.shown("By another line")
    assert once(*PEOPLE[:2]) == scene.shown("Just you two")


def test_all_are_settled_the_oldest_first(either: Scene) -> None:
    board = either.board("sendblue", "messagebird")
    for name, route in (("one", "sendblue"), ("two", "messagebird"), ("three", "sendblue")):
        board.create_group(name, PEOPLE[: 3 if name == "one" else 2], prefer=[route])
        either.strike(route, "drop", phase="after")
        lost(partial(board.send, name, f"To {name}", key=name))
    told = [(each.logical, each.key, each.state) for each in board.settle()]
    assert [(name, name, "sent") for name in ("one", "two", "three")] == told


def test_two_groups_that_are_one_thread_find_each_its_own(scene: Scene) -> None:
    """Both first messages were lost, of the same people with the same text."""
    board = scene.board("sendblue")
    for name in ("one", "two"):
        board.create_group(name, PEOPLE)
        scene.strike("sendblue", "drop", phase="after")
        lost(partial(board.send, name, TEXT, key="k"))
    assert ["sent", "sent"] == [told.state for told in board.settle()]
    assert 2 == len({board.send(name, TEXT, key="k").id for name in ("one", "two")})
    assert dict.fromkeys(PEOPLE, 2) == scene.shown(TEXT)
    assert ["open", "merged"] == [board.group(name).threads[0].state for name in ("one", "two")]


def test_a_line_that_is_gone_from_the_file_cannot_be_asked(scene: Scene) -> None:
    """It can when it is there again, whatever it is called then."""
    board = teamed(scene, "sendblue")
    scene.strike("sendblue", "drop", phase="after")
    lost(lambda: board.send("team", TEXT, key="k"))
    assert "no connection has its line any more" == settled(scene.board("bandwidth")).why
    renamed = scene.board("texts", own={"texts": {"provider": "sendblue", "exclusive_line": True}})
    assert "sent" == settled(renamed).state
    assert once() == scene.shown(TEXT)


# What is told instead


@pytest.mark.parametrize("provider", PROVIDERS)
def test_a_status_with_our_token_settles_it(scene: Scene, provider: str) -> None:
    scene.listen()
    board = teamed(scene, provider)
    scene.strike(provider, "drop", phase="after")
    lost(lambda: board.send("team", TEXT, key="k"))
    scene.box.clock.advance(30)
    scene.hear(board, provider)
    assert ("sent", False) == state(board)
    assert board.send("team", TEXT, key="k").again
    assert () == board.settle()
    assert once() == scene.shown(TEXT)


def test_a_status_settles_one_that_was_given_up(scene: Scene) -> None:
    scene.listen()
    board = teamed(scene, "bandwidth")
    scene.strike("bandwidth", "drop", phase="after")
    lost(lambda: board.send("team", TEXT, key="k"))
    scene.later()
    board.settle()
    assert ("unknown", True) == state(board)
    scene.hear(board, "bandwidth")
    assert ("sent", False) == state(board)
    assert board.send("team", TEXT, key="k").again


def test_what_was_said_to_be_absent_and_comes_is_a_conflict(scene: Scene) -> None:
    """A vendor that is later than it may be. It is told, and never hidden."""
    scene.listen()
    board = teamed(scene, "sendblue")
    scene.strike("sendblue", "late", seconds=2 * SETTLE)
    lost(lambda: board.send("team", TEXT, key="k"))
    scene.later(SETTLE + 20)
    assert "not_sent" == settled(board).state
    scene.later(2 * SETTLE)
    scene.hear(board, "sendblue")
    entry = board.history("team")[-1]
    assert ("sent", True) == (entry.state, "it was thought not to have been sent" in (entry.conflict or ""))
    assert board.send("team", TEXT, key="k").again
    assert once() == scene.shown(TEXT)
