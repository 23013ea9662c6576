"""Whose a thread is: told by what was sent, by who is in it, and by what the provider tells, in any order."""

from __future__ import annotations

import json
from pathlib import Path

import attrs
import pytest
from switchboard.scenes import (  # noqa: F401
    ANN,
    BEN,
    CAM,
    DAN,
    PEOPLE,
    REFUSALS,
    Scene,
    a_scene,
    once,
)
from switchboard.strangers import bring_in, thread_of

import groupmessenger as gm
from groupmessenger.events import MembersChanged
from groupmessenger.testing import Memory

FOUR = (*PEOPLE, DAN)


def teamed(scene: Scene, people: tuple[str, ...] = PEOPLE) -> gm.Switchboard:
    """A group whose thread is on the device by now."""
    board = scene.board("sendblue")
    board.create_group("team", people)
    board.send("team", "Hello")
    scene.later(10)
    return board


def members(board: gm.Switchboard) -> set[str]:
    return {str(member) for member in board.group("team").members}


def take_in(board: gm.Switchboard, *events: gm.Event) -> None:
    board.operations.board.directory.do(lambda t: board.operations.take_in(t, events))


def left(board: gm.Switchboard, who: str) -> MembersChanged:
    """Somebody left the group's first thread by themselves."""
    group = board.group("team").threads[0].group
    removed = (gm.Member(gm.PhoneNumber(who)),)
    return MembersChanged(key="left", connection="sendblue", at=None, group=group, removed=removed)


def test_where_groups_have_no_ids_any_more_another_thread_is_taken(tmp_path: Path) -> None:
    """As with a new version of an adapter: the same people are reached, and nobody has to mend it."""
    memory, file = Memory(), tmp_path / "groupmessenger.toml"
    text = '[directory]\nurl = "sqlite:///groups.db"\n[connections.main]\nprovider = "memory"\n'
    for more in ("", 'like = "bandwidth"\n'):
        file.write_text(text + more)
        with gm.Switchboard.from_config(file, plugins=[memory]) as board:
            if not more:
                board.create_group("team", PEOPLE)
            for each in ("Hello", "again"):
                board.send("team", each + more)
            threads = board.group("team").threads
    assert [False, True] == [each.group.is_member_set for each in threads]
    assert [4] * 3 == [len(memory.phones[number].texts) for number in PEOPLE]


# One thread, two groups


def merged(scene: Scene) -> gm.Switchboard:
    """Two groups of the same people, which are one thread there: the first's."""
    board = scene.board("sendblue")
    for name in ("one", "two"):
        board.create_group(name, PEOPLE)
    board.send("one", "To one")
    with pytest.raises(gm.AlreadyBound, match="into the thread of group 'one'") as caught:
        board.send("two", "To both")
    assert gm.Outcome.SENT is caught.value.outcome
    return board


def test_a_thread_is_free_once_its_group_is_archived(scene: Scene) -> None:
    """Also for the one that was told to be in it."""
    board = merged(scene)
    with pytest.raises(gm.AlreadyBound) as caught:
        board.send("two", "To two")
    assert gm.Outcome.NOT_SENT is caught.value.outcome
    board.archive("one")
    board.send("two", "To two")
    assert once() == scene.shown("To two")
    assert scene.threads("To one") == scene.threads("To two")


def test_a_thread_that_a_group_left_is_free_for_another(scene: Scene) -> None:
    board = scene.board("bandwidth")
    board.create_group("team", [ANN, BEN])
    board.send("team", "Two of us")
    board.add_members("team", [CAM])
    board.send("team", "Three of us")
    board.create_group("pair", [ANN, BEN])
    board.send("pair", "Us two")
    assert once(ANN, BEN) == scene.shown("Us two")
    assert scene.threads("Two of us") == scene.threads("Us two")


def test_a_plan_refuses_as_the_send_would(scene: Scene) -> None:
    """Before any request."""
    board = merged(scene)
    asked = len(scene.box.log)
    with pytest.raises(gm.AlreadyBound, match="it is another group's"):
        board.plan("two", "To two")
    assert asked == len(scene.box.log)
    assert "sendblue" == board.plan("one", "To one").connection


def test_a_plan_refuses_for_strangers_as_the_send_would(scene: Scene) -> None:
    scene.listen()
    board = teamed(scene)
    bring_in(scene, "Hello")
    scene.hear(board, "sendblue")
    with pytest.raises(gm.NotAccepted, match="was seen in the thread"):
        board.plan("team", "Members only")
    board.accept_members("team")
    assert "sendblue" == board.plan("team", "All of us").connection


# Other lines, and other connections


def test_an_event_of_another_line_of_the_account_opens_no_thread_here(scene: Scene) -> None:
    """Whoever is in it, nobody here writes from that line."""
    scene.listen()
    board = scene.board("sendblue")
    board.create_group("helper", (ANN, DAN))
    board.send("helper", "Hello")
    scene.later(10)
    scene.hear(board)
    scene.box.phones[DAN].send("A template", thread=thread_of(scene, "Hello").id)
    (callback,) = (each for each in scene.callbacks("sendblue") if b"A template" in each.body)
    board.create_group("team", PEOPLE)
    scene.strike("sendblue", "refuse", **REFUSALS["sendblue"])
    with pytest.raises(gm.Rejected):
        board.send("team", "Refused")  # so that its thread is not known yet
    other = "+13125550199"
    body = {
        **json.loads(callback.body),
        "sendblue_number": other,
        "to_number": other,
        "group_id": "elsewhere",
        "message_handle": "another",
        "participants": [*PEOPLE, other],
        "from_number": ANN,
        "number": ANN,
    }
    (event,) = board.receive("sendblue", attrs.evolve(callback, body=json.dumps(body).encode()))
    assert event.logical is None
    assert "elsewhere" not in {thread.group.id for thread in board.group("team").threads}
    board.send("team", "Dinner?")
    assert once() == scene.shown("Dinner?")


def test_two_connections_with_one_line_have_each_event_handled_once(scene: Scene) -> None:
    scene.listen()
    board = teamed(scene)
    scene.hear(board)
    own = {name: {"provider": "sendblue", "exclusive_line": True} for name in ("one", "two")}
    both = scene.board("one", "two", own=own)
    scene.box.phones[ANN].send("Once", thread=thread_of(scene, "Hello").id)
    for callback in scene.callbacks("sendblue"):
        for name in own:
            both.accept(name, callback)
    events: list[gm.Event] = []
    both.handle(events.append)
    assert ["team"] == [event.logical for event in events if isinstance(event, gm.MessageReceived)]
    assert () == both.inbox()


def test_a_private_text_is_not_answered_in_a_shared_thread(scene: Scene) -> None:
    """Even if somebody says where to: the others would read it."""
    scene.listen()
    board = teamed(scene)
    scene.hear(board)
    scene.box.phones[ANN].send("For you alone", to=board.operations.board.lines["sendblue"].number)
    (event,) = (each for each in scene.hear(board) if isinstance(each, gm.MessageReceived))
    with pytest.raises(gm.GroupUnresolved, match=r"written to you alone.*send_direct\(\)"):
        board.reply(event, "For you as well", to="team")
    assert {} == scene.shown("For you as well")


# Who left


def test_that_somebody_left_counts_once(scene: Scene) -> None:
    """Told again after they were put in anew, it takes nobody out."""
    board = teamed(scene, FOUR)
    event = left(board, DAN)
    take_in(board, event)
    assert set(PEOPLE) == members(board)
    board.add_members("team", [DAN])
    take_in(board, event)
    assert set(FOUR) == members(board)
    board.send("team", "All of us")
    assert once(*FOUR) == scene.shown("All of us")


def test_whoever_leaves_a_thread_that_the_group_left_is_in_the_group_still(scene: Scene) -> None:
    scene.box.phones[CAM].imessage = False  # so that its members cannot be changed
    board = teamed(scene)
    board.add_members("team", [DAN])
    board.send("team", "Four of us")
    assert 2 == len(board.group("team").threads)
    take_in(board, left(board, BEN))
    assert set(FOUR) == members(board)
    board.send("team", "All of us")
    assert once(*FOUR) == scene.shown("All of us")
