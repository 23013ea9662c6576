"""Who is in a group, and in its threads: nobody else gets its messages, nor is taken in for being seen there."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import pytest
from switchboard.scenes import (  # noqa: F401
    ANN,
    BEN,
    CAM,
    DAN,
    EVE,
    PEOPLE,
    PROVIDERS,
    Hooked,
    Scene,
    a_scene,
    a_scene_on_each,
    once,
)

import groupmessenger as gm

FOUR = (*PEOPLE, DAN)
CHANGES = {"sendblue": "modify_group", "messagebird": "add_members"}


def teamed(scene: Scene, provider: str, people: tuple[str, ...] = PEOPLE, **own: Any) -> gm.Switchboard:
    """A switchboard with one group, whose thread is on the device by now."""
    board = scene.board(provider, own={provider: own})
    board.create_group("team", people)
    board.send("team", "Hello")
    scene.later(10)
    scene.box.clear_log()
    return board


def members(board: gm.Switchboard) -> list[str]:
    return [str(member) for member in board.group("team").members]


def thread_of(scene: Scene, text: str) -> Any:
    (thread_id,) = scene.threads(text)
    return scene.box.network.threads[thread_id]


@pytest.mark.parametrize("provider", PROVIDERS)
def test_changes_reach_the_provider_before_the_next_message(either: Scene, provider: str) -> None:
    """Not earlier; who came gets it, who left does not, and whoever stayed gets it once."""
    board = teamed(either, provider, FOUR)
    board.add_members("team", [EVE])
    board.remove_members("team", [CAM])
    assert [] == either.box.log
    assert [ANN, BEN, DAN, EVE] == members(board)
    receipt = board.send("team", "Without Cam")
    assert once(ANN, BEN, DAN, EVE) == either.shown("Without Cam")
    assert {ANN, BEN, DAN, EVE} == set(map(str, receipt.recipients))
    assert [] == [text for text in either.box.phones[EVE].texts if text == "Hello"]


@pytest.mark.parametrize(("provider", "threads"), [("sendblue", 1), ("messagebird", 1), ("bandwidth", 2)])
def test_where_a_thread_can_be_changed_it_is_kept(scene: Scene, provider: str, threads: int) -> None:
    """Where not, the group goes on in another, which is written down; whoever left is still in the old one."""
    board = teamed(scene, provider, FOUR)
    board.remove_members("team", [DAN])
    board.send("team", "Without Dan")
    assert threads == len(board.group("team").threads)
    assert threads - 1 == len(board.forks("team"))
    if provider != "messagebird":
        assert (threads == 1) == (scene.threads("Hello") == scene.threads("Without Dan"))


def test_it_goes_back_to_the_thread_of_the_same_people(scene: Scene) -> None:
    board = teamed(scene, "bandwidth", FOUR)
    board.remove_members("team", [DAN])
    board.send("team", "Without Dan")
    board.add_members("team", [DAN])
    board.send("team", "With Dan")
    assert scene.threads("Hello") == scene.threads("With Dan") != scene.threads("Without Dan")
    assert ["open", "retired"] == [thread.state for thread in board.group("team").threads]


def test_a_phone_without_imessage_makes_another_thread(scene: Scene) -> None:
    scene.box.phones[CAM].imessage = False
    board = teamed(scene, "sendblue")
    board.add_members("team", [DAN])
    board.send("team", "With Dan")
    assert once(*FOUR) == scene.shown("With Dan")
    assert scene.threads("Hello") != scene.threads("With Dan")
    assert 1 == len(board.forks("team"))


def test_a_change_that_is_undone_before_the_next_message_is_none(scene: Scene) -> None:
    board = teamed(scene, "bandwidth")
    board.add_members("team", [DAN])
    board.remove_members("team", [DAN])
    board.send("team", "As before")
    assert scene.threads("Hello") == scene.threads("As before")
    assert () == board.forks("team")


def test_somebody_must_be_left(scene: Scene) -> None:
    board = teamed(scene, "sendblue")
    with pytest.raises(gm.InvalidInput, match="nobody would be left in the group: archive it instead"):
        board.remove_members("team", PEOPLE)
    assert list(PEOPLE) == members(board)


def test_whoever_is_in_it_already_stays_under_the_newer_name(scene: Scene) -> None:
    board = teamed(scene, "sendblue")
    group = board.add_members("team", [gm.Member(gm.PhoneNumber(ANN), "Ann")])
    assert {"Ann", None} == {member.name for member in group.members}
    assert set(PEOPLE) == {str(member) for member in group.members}
    board.send("team", "Still three")
    assert ["send_group"] == [entry["operation"] for entry in scene.box.log]


@pytest.mark.parametrize("phase", ["before", "after"])
@pytest.mark.parametrize("provider", CHANGES)
def test_a_change_whose_answer_was_lost_is_made_sure_of(scene: Scene, provider: str, phase: str) -> None:
    """The message waits until it is known who would get it."""
    board = teamed(scene, provider, FOUR, patience=0)
    board.add_members("team", [EVE])
    scene.box.fault("reset", provider=provider, operation=CHANGES[provider], phase=phase, times=None)
    if provider == "sendblue":
        scene.box.fault("refuse", status=503, body={}, provider=provider, operation="get_group", nth=2, times=None)
    for _ in range(2):
        with suppress(gm.ProviderUnavailable, gm.PartialFailure):
            assert board.send("team", "With Eve", key="k")
            break
        assert {} == scene.shown("With Eve")
    scene.box.clear_faults()
    board.send("team", "With Eve", key="k")
    assert once(*FOUR, EVE) == scene.shown("With Eve")
    board.remove_members("team", [EVE])
    board.send("team", "Without Eve")
    assert once(*FOUR) == scene.shown("Without Eve")


@pytest.mark.parametrize("provider", CHANGES)
def test_somebody_whose_coming_was_lost_is_taken_out_again(scene: Scene, provider: str) -> None:
    """They may be in the thread, whatever is thought of it, and are no members any more."""
    board = teamed(scene, provider, FOUR, patience=0)
    board.add_members("team", [EVE])
    scene.box.fault("drop", provider=provider, operation=CHANGES[provider], phase="after", times=None)
    lists = "get_group" if provider == "sendblue" else "list_members"
    scene.box.fault("refuse", status=503, body={}, provider=provider, operation=lists, nth=2, times=None)
    with pytest.raises(gm.GroupMessengerError) as caught:
        board.send("team", "With Eve")
    assert gm.Outcome.NOT_SENT is caught.value.outcome
    scene.box.clear_faults()
    board.remove_members("team", [EVE])
    board.send("team", "Without Eve")
    assert once(*FOUR) == scene.shown("Without Eve")


def test_somebody_whose_leaving_was_lost_is_brought_in_again(scene: Scene) -> None:
    board = teamed(scene, "sendblue", FOUR, patience=0)
    board.remove_members("team", [DAN])
    scene.box.fault("drop", provider="sendblue", operation="modify_group", phase="after", times=None)
    scene.box.fault("refuse", status=503, body={}, provider="sendblue", operation="get_group", nth=2, times=None)
    with pytest.raises(gm.ProviderUnavailable):
        board.send("team", "Without Dan")
    scene.box.clear_faults()
    board.add_members("team", [DAN])
    board.send("team", "With Dan")
    assert once(*FOUR) == scene.shown("With Dan")


def test_a_group_whose_making_was_lost_is_made_once(either: Scene) -> None:
    """It is found by the name that only we could give it."""
    board = either.board("messagebird")
    board.create_group("team", PEOPLE)
    either.box.fault("drop", provider="messagebird", operation="create_group", phase="after", times=None)
    either.box.fault("refuse", status=500, body={}, provider="messagebird", operation="list_groups", times=None)
    with pytest.raises(gm.ProviderUnavailable) as caught:
        board.send("team", "Hello", key="k")
    assert gm.Outcome.NOT_SENT is caught.value.outcome
    either.box.clear_faults()
    either.board("messagebird").send("team", "Hello", key="k")
    assert once() == either.shown("Hello")
    face: Any = either.box.faces["messagebird"]
    assert 1 == len(face.groups)


def test_a_group_that_was_made_for_some_of_its_people_is_completed(scene: Scene) -> None:
    board = scene.board("messagebird")
    board.create_group("team", PEOPLE)
    body = {"errors": [{"code": 10, "description": "No"}]}
    scene.box.fault("refuse", provider="messagebird", operation="create_contact", nth=2, status=422, body=body)
    with pytest.raises(gm.PartialFailure) as caught:
        board.send("team", "Hello", key="k")
    assert gm.Outcome.NOT_SENT is caught.value.outcome, "the message did not leave"
    assert {} == scene.shown("Hello")
    board.send("team", "Hello", key="k")
    assert once() == scene.shown("Hello")
    face: Any = scene.box.faces["messagebird"]
    assert 1 == len(face.groups)


def test_a_group_that_changes_while_its_message_is_prepared_is_prepared_again(scene: Scene) -> None:
    other = scene.board("messagebird")
    hook = Hooked("/groups", lambda: other.add_members("team", [DAN]))
    board = scene.board("messagebird", http={"messagebird": hook})
    board.create_group("team", PEOPLE)
    board.send("team", "Hello", key="k")
    assert once(*FOUR) == scene.shown("Hello")


def test_a_thread_that_is_smaller_than_we_know_is_left(scene: Scene) -> None:
    """Somebody left by themselves, which nobody tells; what remains is too small for the vendor to be changed."""
    board = teamed(scene, "sendblue", FOUR)
    thread_of(scene, "Hello").participants.remove(CAM)
    board.remove_members("team", [DAN])
    board.send("team", "Without Dan")
    board.remove_members("team", [BEN])
    board.send("team", "Without Ben")
    assert once(ANN, CAM) == scene.shown("Without Ben")
    assert 1 == len(board.forks("team"))
