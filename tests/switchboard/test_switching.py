"""A group's provider is a line of the file: there and back again, held, and in an emergency by itself."""

from __future__ import annotations

from typing import Any

import pytest
from switchboard.scenes import (  # noqa: F401
    ANN,
    BEN,
    CAM,
    DAN,
    PEOPLE,
    PROVIDERS,
    THIRTEEN,
    Hooked,
    Scene,
    a_scene,
    a_scene_on_each,
    lost,
    once,
)

import groupmessenger as gm
from groupmessenger.switchboard import SwitchPlan

BOTH = ("sendblue", "bandwidth")


def first(scene: Scene, name: str, **top: Any) -> gm.Switchboard:
    """A switchboard whose file names this connection."""
    return scene.board(*PROVIDERS, default=name, **top)


# By the file


@pytest.mark.parametrize("there", PROVIDERS)
@pytest.mark.parametrize("away", PROVIDERS)
def test_the_file_is_changed_and_changed_back(scene: Scene, there: str, away: str) -> None:
    """The group is opened at the next provider, and the old thread is found again."""
    if there == away:
        return
    first(scene, there).create_group("team", PEOPLE)
    first(scene, there).send("team", "One")
    assert away == first(scene, away).send("team", "Two").connection
    first(scene, away).send("team", "Three")
    first(scene, there).send("team", "Four")
    assert {text: once() for text in ("One", "Two", "Three", "Four")} == {
        text: scene.shown(text) for text in ("One", "Two", "Three", "Four")
    }
    assert scene.threads("One") == scene.threads("Four") != scene.threads("Two")
    assert scene.threads("Two") == scene.threads("Three")
    board = first(scene, there)
    assert [there, away] == [thread.connection for thread in board.group("team").threads]
    assert [there, away, away, there] == [entry.connection for entry in board.history("team")]


@pytest.mark.parametrize("there", PROVIDERS)
def test_the_members_are_others_by_then(scene: Scene, there: str) -> None:
    """The difference is applied before the first message."""
    away = "messagebird" if there == "bandwidth" else "bandwidth"
    first(scene, there).create_group("team", [*PEOPLE, DAN])
    first(scene, there).send("team", "One")
    scene.later(10)
    board = first(scene, away)
    board.remove_members("team", [BEN])
    board.send("team", "Two")
    scene.box.clear_log()
    first(scene, there).send("team", "Three")
    assert once(ANN, CAM, DAN) == scene.shown("Two") == scene.shown("Three")
    changes = [name for entry in scene.box.log if (name := entry["operation"]) in ("modify_group", "remove_member")]
    assert {"sendblue": ["modify_group"], "messagebird": ["remove_member"], "bandwidth": []}[there] == changes
    assert (there == "sendblue") == (scene.threads("One") == scene.threads("Three"))


def test_a_change_of_connection_is_written_down(either: Scene) -> None:
    first(either, "sendblue").create_group("team", PEOPLE)
    for name in ("sendblue", "bandwidth", "bandwidth", "sendblue"):
        first(either, name).send("team", "Hello")
    forks = first(either, "sendblue").forks("team")
    assert ["bandwidth", "sendblue"] == [fork.connection for fork in forks]
    assert ["sendblue", "bandwidth"] == [fork.reason.split()[3] for fork in forks]


def test_a_file_that_holds_waits_for_somebody_to_say_so(scene: Scene) -> None:
    first(scene, "sendblue").create_group("team", PEOPLE)
    first(scene, "sendblue").create_group("unsent", [ANN, BEN])
    first(scene, "sendblue").send("team", "One")
    board = first(scene, "bandwidth", hold=True)
    with pytest.raises(gm.SwitchHeld, match="the group's last connection is sendblue, the file now names bandwidth"):
        board.send("team", "Two", key="k")
    with pytest.raises(gm.SwitchHeld):
        board.plan("team", "Two")
    assert ({}, 1) == (scene.shown("Two"), len(board.history("team")))
    assert "bandwidth" == board.send("unsent", "Hi").connection, "nobody would see a change"
    board.switch("team", "bandwidth")
    assert "bandwidth" == board.send("team", "Two", key="k").connection
    assert "sendblue" == first(scene, "sendblue", hold=True).switch("team", "sendblue").route
    assert once() == scene.shown("Two")


# By a route


def test_a_route_holds_whatever_the_file_says(either: Scene) -> None:
    board = first(either, "sendblue")
    board.create_group("team", PEOPLE)
    board.send("team", "One")
    assert "bandwidth" == board.switch("team", "bandwidth").route
    for name in PROVIDERS:
        assert "bandwidth" == first(either, name).send("team", f"By {name}").connection
    assert None is board.switch("team", None).route
    board.send("team", "Two")
    assert either.threads("One") == either.threads("Two")


def test_a_route_that_does_not_fit_is_refused(scene: Scene) -> None:
    board = first(scene, "sendblue")
    board.create_group("many", THIRTEEN)
    with pytest.raises(gm.CapabilityError, match=r"group 'many' does not fit on bandwidth: .* 10"):
        board.switch("many", "bandwidth")
    with pytest.raises(gm.ConfigurationError, match=r"there is no 'bandwith'.*did you mean 'bandwidth'"):
        board.switch("many", "bandwith")
    assert None is board.group("many").route


@pytest.mark.parametrize("to", ["bandwidth", "messagebird"])
def test_a_route_that_is_set_while_a_message_is_prepared_is_for_the_next(scene: Scene, to: str) -> None:
    other = scene.board("messagebird", "bandwidth")
    hook = Hooked("/groups", lambda: other.switch("team", to))
    board = scene.board("messagebird", "bandwidth", http={"messagebird": hook})
    board.create_group("team", PEOPLE)
    board.send("team", "One", key="k")
    assert board.send("team", "One", key="k").again
    assert once() == scene.shown("One")
    assert to == board.send("team", "Two").connection


def test_one_that_is_unknown_is_not_sent_by_another_connection(either: Scene) -> None:
    board = first(either, "bandwidth")
    board.create_group("team", PEOPLE)
    either.strike("bandwidth", "drop", phase="after")
    lost(lambda: board.send("team", "One", key="k"))
    board.switch("team", "sendblue")
    lost(lambda: board.send("team", "One", key="k"))
    lost(lambda: first(either, "messagebird").send("team", "One", key="k"))
    either.later()
    lost(lambda: board.send("team", "One", key="k"))
    assert once() == either.shown("One")


# What it would mean


def planned(board: gm.Switchboard, to: str, name: str = "team") -> SwitchPlan:
    (plan,) = board.plan_switch(to, [name])
    return plan


def test_a_plan_changes_nothing_and_asks_nobody(scene: Scene) -> None:
    board = first(scene, "sendblue")
    for name, people in (("many", THIRTEEN), ("team", PEOPLE), ("one", [ANN])):
        board.create_group(name, people)
    before = board.groups()
    plans = board.plan_switch("bandwidth")
    assert [("many", False), ("one", False), ("team", True)] == [(plan.group.name, plan.fits) for plan in plans]
    assert "10" in plans[0].why
    assert {("sendblue", "bandwidth")} == {(plan.before, plan.to) for plan in plans}
    assert (before, []) == (board.groups(), scene.box.log)
    with pytest.raises(gm.InvalidInput, match="names is a list"):
        board.plan_switch("bandwidth", "team")
    with pytest.raises(gm.InvalidInput, match="there is no group 'teem'"):
        board.plan_switch("bandwidth", ["teem"])


@pytest.mark.parametrize(("topology", "to"), [("shared_thread", "messagebird"), ("broadcast", "bandwidth")])
def test_a_group_that_has_to_be_something_does_not_fit_elsewhere(scene: Scene, topology: str, to: str) -> None:
    board = first(scene, "sendblue")
    board.create_group("team", PEOPLE, topology=topology)
    assert not planned(board, to).fits


def test_what_a_group_uses_and_would_lose(scene: Scene) -> None:
    board = first(scene, "sendblue")
    board.create_group("team", PEOPLE)
    assert () == planned(board, "bandwidth").loses
    board.send("team", gm.Message("Hooray", effect="confetti"))
    assert ["effect"] == [loss.split()[0] for loss in planned(board, "bandwidth").loses]
    assert () == planned(board, "sendblue").loses
    assert any("shared thread" in loss for loss in planned(board, "messagebird").loses)


def test_whether_members_would_see_a_new_thread(either: Scene) -> None:
    board = first(either, "bandwidth")
    board.create_group("team", PEOPLE)
    assert [True, True] == [planned(board, name).new_thread for name in BOTH]
    board.send("team", "One")
    plans = {name: planned(board, name) for name in BOTH}
    assert {"sendblue": True, "bandwidth": False} == {name: plan.new_thread for name, plan in plans.items()}
    assert either.box.settings("sendblue")["line"] == plans["sendblue"].line
    board.add_members("team", [DAN])
    assert planned(board, "bandwidth").new_thread, "its threads cannot be changed"
    board.send("team", "Two")
    board.remove_members("team", [DAN])
    assert not planned(board, "bandwidth").new_thread, "it goes back to the first"


@pytest.mark.parametrize("provider", BOTH)
def test_a_thread_that_is_another_groups_does_not_fit(scene: Scene, provider: str) -> None:
    """Where a group is its people that is known beforehand, else by the first answer."""
    board = first(scene, provider)
    for name in ("one", "two"):
        board.create_group(name, PEOPLE)
        assert planned(board, provider, name).fits
    board.send("one", "To one")
    with pytest.raises(gm.AlreadyBound):
        board.send("two", "To two")
    assert planned(board, provider, "one").fits
    assert "it is another group's" in planned(board, provider, "two").why
    with pytest.raises(gm.CapabilityError, match="it is another group's"):
        board.switch("two", provider)
    board.add_members("two", [DAN])
    assert planned(board, provider, "two").fits
