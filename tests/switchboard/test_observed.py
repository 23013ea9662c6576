"""People who are seen in a thread and are no members: nobody texts them, or takes them out, until somebody decides."""

from __future__ import annotations

from typing import Any

import pytest
from switchboard.scenes import ANN, DAN, EVE, PEOPLE, Scene, a_scene, a_scene_on_each, once  # noqa: F401

import groupmessenger as gm


def teamed(scene: Scene) -> gm.Switchboard:
    """A switchboard with one group, whose thread is on the device by now."""
    board = scene.board("sendblue")
    board.create_group("team", PEOPLE)
    board.send("team", "Hello")
    scene.later(10)
    scene.box.clear_log()
    return board


def members(board: gm.Switchboard) -> list[str]:
    return [str(member) for member in board.group("team").members]


def thread_of(scene: Scene, text: str) -> Any:
    (thread_id,) = scene.threads(text)
    return scene.box.network.threads[thread_id]


def stranger(scene: Scene, board: gm.Switchboard, text: str = "Hi, I am Eve") -> list[gm.Event]:
    """Somebody whom a member brought into the thread writes there."""
    thread = thread_of(scene, "Hello")
    thread.participants.add(EVE)
    scene.box.phones[ANN].send("Welcome, Eve", thread=thread.id)
    scene.box.phones[EVE].send(text, thread=thread.id)
    return scene.hear(board, "sendblue")


def test_somebody_who_was_brought_in_is_observed_and_not_texted(either: Scene) -> None:
    either.listen()
    board = teamed(either)
    events = [each for each in stranger(either, board) if isinstance(each, gm.MessageReceived)]
    assert {"team"} == {event.logical for event in events}
    group = board.group("team")
    assert ([EVE], list(PEOPLE)) == ([str(each) for each in group.observed], members(board))
    with pytest.raises(gm.NotAccepted, match=r"was seen in the thread and is no member") as caught:
        board.send("team", "Just us three?")
    assert ([EVE], gm.Outcome.NOT_SENT) == ([str(each) for each in caught.value.members], caught.value.outcome)
    with pytest.raises(gm.NotAccepted):
        board.reply(events[-1], "Just us three?")
    assert {} == either.shown("Just us three?")
    assert EVE in thread_of(either, "Hello").participants, "nobody took her out"


def test_they_are_texted_once_they_are_accepted(scene: Scene) -> None:
    scene.listen()
    board = teamed(scene)
    stranger(scene, board)
    with pytest.raises(gm.InvalidInput, match=r"was not seen in the group: add_members\(\) invites somebody new"):
        board.accept_members("team", [DAN])
    group = board.accept_members("team")
    assert ([*PEOPLE, EVE], ()) == ([str(each) for each in group.members], group.observed)
    board.send("team", "All of us")
    assert once(*PEOPLE, EVE) == scene.shown("All of us")
    assert scene.threads("Hello") == scene.threads("All of us")
    assert [] == [entry for entry in scene.box.log if entry["operation"] == "modify_group"], "she is in it already"


@pytest.mark.parametrize("imessage", [True, False], ids=["one that can be changed", "one that cannot"])
def test_or_the_thread_goes_on_without_them_once_they_are_removed(scene: Scene, imessage: bool) -> None:
    scene.listen()
    board = teamed(scene)
    stranger(scene, board)
    face: Any = scene.box.faces["sendblue"]
    next(iter(face.groups.values())).imessage = imessage
    group = board.remove_members("team", [EVE])
    assert () == group.observed
    board.send("team", "Just us three")
    assert once() == scene.shown("Just us three")
    assert imessage == (scene.threads("Hello") == scene.threads("Just us three"))


def test_somebody_declined_who_writes_again_is_still_declined(scene: Scene) -> None:
    scene.listen()
    board = teamed(scene)
    stranger(scene, board)
    board.remove_members("team", [EVE])
    stranger(scene, board, "Still here")
    assert () == board.group("team").observed
    board.send("team", "Just us three")
    assert once() == scene.shown("Just us three")


def test_a_second_line_of_ours_in_a_thread_is_nobody_to_be_accepted(scene: Scene) -> None:
    scene.listen()
    face: Any = scene.box.faces["sendblue"]
    board = teamed(scene)
    thread = thread_of(scene, "Hello")
    thread.participants.add(face.SECOND_LINE)
    scene.box.phones[ANN].send("Is that you as well?", thread=thread.id)
    events = [each for each in scene.hear(board, "sendblue") if isinstance(each, gm.MessageReceived)]
    assert events
    assert () == board.group("team").observed
    board.send("team", "Yes, both are us")
    assert once() == scene.shown("Yes, both are us")
