"""What callers give by mistake: each is refused before any request, with what to give instead."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from switchboard.scenes import ANN, BEN, PEOPLE, Scene, a_scene, a_scene_on_each, once  # noqa: F401

import groupmessenger as gm
from groupmessenger.switchboard.values import LogicalGroup

LONG = timedelta(days=999_999)
NO_NAME = "a group is named here by its name, a text such as group.name, not "
NO_LINE = "a connection is named by a text, not "
NO_PEOPLE = "members are a list of people, not "
NO_ADDRESS = "an address is a phone number or an e-mail as text, not "
NO_MESSAGE = "a message is a text or a Message, not "
A_KEY = "a key is a text of 1 to 200 characters"

Wrong = Callable[[Any, LogicalGroup], object]

MISTAKES: list[tuple[Wrong, str]] = [
    (lambda b, g: b.send(g, "Hello"), NO_NAME + "LogicalGroup"),
    (lambda b, g: b.plan(g, "Hello"), NO_NAME + "LogicalGroup"),
    (lambda b, g: b.group(5), NO_NAME + "int"),
    (lambda b, g: b.archive(g), NO_NAME + "LogicalGroup"),
    (lambda b, g: b.rename(g, "crew"), NO_NAME + "LogicalGroup"),
    (lambda b, g: b.delivery(g), NO_NAME + "LogicalGroup"),
    (lambda b, g: b.forks(g), NO_NAME + "LogicalGroup"),
    (lambda b, g: b.history(g), NO_NAME + "LogicalGroup"),
    (lambda b, g: b.plan_switch("bandwidth", [g]), NO_NAME + "LogicalGroup"),
    (lambda b, g: b.rename("team", 5), "a group's name is a printable text without blanks around it"),
    (lambda b, g: b.create_group(5, PEOPLE), "a group's name is a printable text without blanks around it"),
    (lambda b, g: b.send("team", 5), NO_MESSAGE + "int"),
    (lambda b, g: b.plan("team", None), NO_MESSAGE + "NoneType"),
    (lambda b, g: b.send_direct(ANN, 5), NO_MESSAGE + "int"),
    (lambda b, g: b.send("team", "Hello", key=5), A_KEY),
    (lambda b, g: b.delivery("team", 5), A_KEY),
    (lambda b, g: b.create_group("crew", None), NO_PEOPLE + "NoneType"),
    (lambda b, g: b.create_group("crew", ANN), "members are a list, one entry a person"),
    (lambda b, g: b.add_members("team", 5), NO_PEOPLE + "int"),
    (lambda b, g: b.add_members("team", [5]), NO_ADDRESS + "int"),
    (lambda b, g: b.remove_members("team", None), NO_PEOPLE + "NoneType"),
    (lambda b, g: b.accept_members("team", 5), NO_PEOPLE + "int"),
    (lambda b, g: b.find_group(None), NO_PEOPLE + "NoneType"),
    (lambda b, g: b.suppressed(None), NO_PEOPLE + "NoneType"),
    (lambda b, g: b.suppress([ANN]), NO_ADDRESS + "list"),
    (lambda b, g: b.forget(gm.Member(ANN)), NO_ADDRESS + "Member"),
    (lambda b, g: b.send_direct(5, "Hello"), NO_ADDRESS + "int"),
    (lambda b, g: b.create_group("crew", PEOPLE, failover="yes"), "failover is True, False, or None"),
    (lambda b, g: b.create_group("crew", PEOPLE, topology="circle"), "topology is one of shared_thread, broadcast"),
    (lambda b, g: b.create_group("crew", PEOPLE, prefer="sendblue"), "put the single one in brackets"),
    (lambda b, g: b.create_group("crew", PEOPLE, prefer=5), "prefer is a list of connections"),
    (lambda b, g: b.create_group("crew", PEOPLE, prefer=[5]), NO_LINE + "int"),
    (lambda b, g: b.send_direct(ANN, "Hello", connection=5), NO_LINE + "int"),
    (lambda b, g: b.switch("team", 5), NO_LINE + "int"),
    (lambda b, g: b.plan_switch(None), NO_LINE + "NoneType"),
    (lambda b, g: b.plan_switch("bandwidth", "team"), "put the single one in brackets"),
    (lambda b, g: b.plan_switch("bandwidth", 5), "names is a list of groups"),
    (lambda b, g: b.history("team", -1), "limit is a number of messages, 1 or more"),
    (lambda b, g: b.history("team", True), "limit is a number of messages, 1 or more"),
    (lambda b, g: b.handle(print, limit=0), "limit is a number of callbacks, 1 or more"),
    (lambda b, g: b.inbox("lost"), "state is one of waiting, handled, failed"),
    (lambda b, g: b.receive("sendblue", b"{}"), "a callback is a groupmessenger.Callback, and this is bytes"),
    (lambda b, g: b.accept("sendblue", None), "a callback is a groupmessenger.Callback, and this is NoneType"),
    (lambda b, g: b.reply("Hello?", "Hello"), "what can be answered is a message or a reaction, and this is str"),
    (lambda b, g: b.purge(90), r"such as timedelta\(days=90\), not int"),
    (lambda b, g: b.purge(LONG), "older is 36500 days at most"),
    (lambda b, g: b.purge(timedelta(days=1)), "keep two days at least"),
]


def test_what_is_of_another_kind_is_refused_with_the_cure(scene: Scene) -> None:
    board = scene.board()
    group = board.create_group("team", PEOPLE)
    for mistake, cure in MISTAKES:
        with pytest.raises(gm.InvalidInput, match=cure) as caught:
            mistake(board, group)
        assert gm.Outcome.NOT_SENT is caught.value.outcome
        assert ANN not in str(caught.value)
    assert ((group,), []) == (board.groups(), scene.box.log)


@pytest.mark.parametrize("wrong", ["groups.toml", None])
def test_a_switchboard_is_made_of_a_configuration(wrong: Any) -> None:
    with pytest.raises(gm.ConfigurationError, match=r"from_config\(\) takes a path"):
        gm.Switchboard(wrong)


@pytest.mark.parametrize(
    "wrong",
    [lambda b: b.handle(None), lambda b: b.switch("team", "carrier"), lambda b: b.receive("carrier", None)],
    ids=["handle", "switch", "receive"],
)
def test_what_is_not_there_is_named(scene: Scene, wrong: Callable[[Any], object]) -> None:
    board = scene.board()
    board.create_group("team", PEOPLE)
    with pytest.raises(gm.ConfigurationError, match=r"it cannot be called|there are sendblue, messagebird, bandwidth"):
        wrong(board)


# Texts that databases cannot keep


@pytest.mark.parametrize("character", ["\x00", "\ud800"], ids=["NUL", "surrogate"])
def test_characters_that_no_database_keeps_are_refused_on_each(either: Scene, character: str) -> None:
    """And not with an error of the database."""
    board = either.board("sendblue")
    board.create_group("team", PEOPLE)
    text = f"a{character}b"
    with pytest.raises(gm.InvalidInput, match=A_KEY):
        board.send("team", "Hello", key=text)
    with pytest.raises(gm.InvalidInput, match="a member's name is a printable text"):
        board.create_group("crew", [gm.Member(gm.PhoneNumber(ANN), text), BEN])
    with pytest.raises(gm.InvalidInput, match="a member's name is a printable text"):
        board.add_members("team", [gm.Member(gm.PhoneNumber(ANN), text)])
    with pytest.raises(gm.InvalidInput, match="a group's name is a printable text"):
        board.create_group(text, PEOPLE)
    assert ["team"] == [group.name for group in board.groups()]
    assert [] == either.box.log


# Equal messages


def test_equal_messages_are_one_under_a_key(scene: Scene) -> None:
    """In whatever order their extras were written."""
    board = scene.board("sendblue")
    board.create_group("team", PEOPLE)
    parameters = {"style": "plain", "priority": 1}
    turned = dict(reversed(parameters.items()))
    first, again = (gm.Message("Hello", extras={"sendblue": each}) for each in (parameters, turned))
    board.send("team", first, key="k")
    assert board.send("team", again, key="k").again
    assert once() == scene.shown("Hello")
