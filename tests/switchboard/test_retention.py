"""What is not kept: old messages, and somebody who asks to be forgotten, whatever is going on at the time."""

from __future__ import annotations

import sqlite3
from datetime import timedelta

import pytest
from switchboard.scenes import ANN, BEN, CAM, DAN, PEOPLE, REFUSALS, Hooked, Scene, a_scene, a_scene_on_each, once  # noqa: F401

import groupmessenger as gm

FOUR = (*PEOPLE, DAN)
DAYS = 86_400.0


def kept(scene: Scene) -> str:
    """All that the directory has, as text."""
    database = sqlite3.connect(scene.folder / "directory.db")
    try:
        return "\n".join(database.iterdump())
    finally:
        database.close()


# Keys


def test_a_key_is_kept_as_long_as_it_was_used_lately(either: Scene) -> None:
    """However long ago its message was asked for first."""
    board = either.board("sendblue")
    board.create_group("team", PEOPLE)
    either.strike("sendblue", "refuse", **REFUSALS["sendblue"])
    with pytest.raises(gm.Rejected):
        board.send("team", "Dinner?", key="k")
    either.later(3 * DAYS)
    board.send("team", "Dinner?", key="k")
    assert 0 == board.purge(timedelta(days=2))["messages"]
    assert board.send("team", "Dinner?", key="k").again
    assert once() == either.shown("Dinner?")
    either.later(3 * DAYS)
    assert 1 == board.purge(timedelta(days=2))["messages"]
    assert () == board.history("team")


# Forgetting


@pytest.mark.parametrize("provider", ["sendblue", "bandwidth"])
def test_somebody_forgotten_while_a_message_leaves_is_not_texted_again(scene: Scene, provider: str) -> None:
    """Its answer, which comes after, brings nobody back."""
    ending = {"sendblue": "/send-group-message", "bandwidth": "/messages"}[provider]
    other = scene.board(provider)
    other.create_group("team", FOUR)
    other.send("team", "Hello")
    scene.later(10)
    board = scene.board(provider, http={provider: Hooked(ending, lambda: other.forget(DAN))})
    board.send("team", "Under way")
    scene.later(10)
    other.send("team", "Afterwards")
    assert once() == scene.shown("Afterwards")


@pytest.mark.parametrize(
    ("provider", "ending"),
    [
        ("messagebird", "/groups"),
        ("messagebird", "/messages"),
        ("sendblue", "/send-group-message"),
        ("bandwidth", "/messages"),
    ],
)
def test_a_number_forgotten_during_a_send_does_not_come_back(scene: Scene, provider: str, ending: str) -> None:
    """Neither with the answer, nor with what is told of it later, however often."""
    scene.listen()
    scene.box.callbacks.twice = True
    other = scene.board(provider)
    other.create_group("team", PEOPLE)
    board = scene.board(provider, http={provider: Hooked(ending, lambda: other.forget(CAM))})
    board.send("team", "Dinner?")
    scene.later(10)
    scene.hear(board)
    assert (False, True) == (CAM in kept(scene), ANN in kept(scene))


@pytest.mark.parametrize("address", [gm.PhoneNumber(ANN[:-1]), "bob@example.com"])
def test_an_address_that_is_a_part_of_another_forgets_nobody_else(scene: Scene, address: gm.PhoneNumber | str) -> None:
    board = scene.board("sendblue")
    board.create_group("team", [ANN, BEN, CAM])
    board.send("team", "Hello")
    board.add_members("team", ["jimbob@example.com"])
    before = kept(scene)
    assert 0 == board.forget(address)
    assert before == kept(scene)
    assert () == board.forks("team")


def test_a_group_of_which_everybody_is_forgotten_is_put_away(either: Scene) -> None:
    """Its name is free, and what became of it can be looked up."""
    board = either.board("sendblue")
    board.create_group("team", [ANN, BEN])
    board.send("team", "Hello")
    assert [1, 1] == [board.forget(who) for who in (ANN, BEN)]
    assert () == board.groups()
    (group,) = board.groups(archived=True)
    assert ("team", ()) == (group.name, group.members)
    assert group.archived_at is not None
    board.create_group("team", PEOPLE)
    assert ["team"] == [each.name for each in board.groups()]
