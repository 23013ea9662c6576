"""A provider refuses since somebody opted out, and does not say who: nobody is texted by any other way round."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from switchboard.scenes import ANN, BEN, CAM, DAN, PEOPLE, PROVIDERS, Scene, a_scene, a_scene_on_each, once  # noqa: F401

import groupmessenger as gm


def refused(call: Callable[[], object]) -> gm.Suppressed:
    with pytest.raises(gm.Suppressed) as caught:
        call()
    assert gm.Outcome.NOT_SENT is caught.value.outcome
    return caught.value


def suspected(scene: Scene) -> gm.Switchboard:
    """A group that Sendblue refused: Cam opted out there, and no callback said so here."""
    board = scene.board("sendblue")
    board.create_group("team", PEOPLE)
    board.send("team", "Hello")
    face: Any = scene.box.faces["sendblue"]
    face.account.opted_out.add(CAM)
    with pytest.raises(gm.Rejected) as caught:
        board.send("team", "Dinner?", key="k")
    assert (gm.FailureReason.OPTED_OUT, ()) == (caught.value.reason, caught.value.recipients)
    scene.box.clear_log()
    return board


@pytest.mark.parametrize("provider", PROVIDERS)
def test_no_connection_sends_to_the_group(either: Scene, provider: str) -> None:
    """Before any request, and whatever the key."""
    suspected(either)
    board = either.board(provider)
    for key in ("k", None):
        error = refused(partial(board.send, "team", "Dinner?", key=key))
        assert "the provider did not say who: suppress() names them" in str(error)
        assert set(PEOPLE) == {str(member) for member in error.members}
    refused(lambda: board.plan("team", "Dinner?"))
    assert ([], {}) == (either.box.log, either.shown("Dinner?"))


def test_who_is_named_is_taken_out_and_the_others_go_on(either: Scene) -> None:
    board = suspected(either)
    board.suppress(CAM)
    error = refused(lambda: board.send("team", "Dinner?"))
    assert [CAM] == [str(member) for member in error.members]
    board.remove_members("team", [CAM])
    either.board("bandwidth").send("team", "Dinner?")
    assert once(ANN, BEN) == either.shown("Dinner?")


def test_without_the_one_the_group_goes_on(scene: Scene) -> None:
    board = suspected(scene)
    board.remove_members("team", [CAM])
    board.send("team", "Dinner?", key="k")
    assert once(ANN, BEN) == scene.shown("Dinner?")
    board.add_members("team", [CAM])
    refused(lambda: board.send("team", "Again"))


def test_whoever_comes_in_does_not_change_it(scene: Scene) -> None:
    board = suspected(scene)
    board.add_members("team", [DAN])
    refused(lambda: board.send("team", "Dinner?"))
    assert {} == scene.shown("Dinner?")


def test_private_copies_can_leave_the_one_out(scene: Scene) -> None:
    suspected(scene)
    board = scene.board("messagebird")
    refused(lambda: board.send("team", "Dinner?"))
    board.send("team", gm.Message("Dinner?", leave_out=[CAM]))
    assert once(ANN, BEN) == scene.shown("Dinner?")


@pytest.mark.parametrize("told", [True, False], ids=["by the provider", "by the application"])
def test_when_somebody_opts_in_again_it_is_tried(either: Scene, told: bool) -> None:
    if told:
        either.listen()
    board = suspected(either)
    face: Any = either.box.faces["sendblue"]
    face.account.opted_out.discard(CAM)
    if told:
        either.box.phones[CAM].opt_in(either.box.settings("sendblue")["line"])
        either.hear(board, "sendblue")
    else:
        board.suppress(CAM, lift=True)
    board.send("team", "Dinner?", key="k")
    assert once() == either.shown("Dinner?")


def test_another_group_is_not_suspected(scene: Scene) -> None:
    board = suspected(scene)
    board.create_group("pair", [ANN, BEN])
    board.send("pair", "Dinner?")
    assert once(ANN, BEN) == scene.shown("Dinner?")


def test_nothing_of_it_outlives_who_is_forgotten(scene: Scene) -> None:
    board = suspected(scene)
    board.forget(CAM)
    board.send("team", "Dinner?")
    assert once(ANN, BEN) == scene.shown("Dinner?")
