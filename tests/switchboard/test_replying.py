"""A reply goes into the thread that its event came from, and nowhere else."""

from __future__ import annotations

from typing import Any

import attrs
import pytest
from switchboard.scenes import ANN, BEN, CAM, DAN, EVE, PEOPLE, Scene, a_scene, a_scene_on_each, lost, once  # noqa: F401

import groupmessenger as gm

SHARED = ("sendblue", "bandwidth")


def teamed(scene: Scene, *names: str, people: tuple[str, ...] = PEOPLE, **own: Any) -> gm.Switchboard:
    """A switchboard that hears, and one group, which has its thread."""
    scene.listen()
    board = scene.board(*names, own={names[0]: own})
    board.create_group("team", people)
    board.send("team", "Hello")
    scene.later(10)
    return board


def wrote(scene: Scene, board: gm.Switchboard, text: str = "Hi!", after: str = "Hello") -> gm.MessageReceived:
    """What Ann wrote below another message."""
    (thread,) = scene.threads(after)
    scene.box.phones[ANN].send(text, thread=thread)
    events = [event for event in scene.hear(board) if isinstance(event, gm.MessageReceived)]
    return next(event for event in events if event.text == text)


@pytest.mark.parametrize("provider", SHARED)
def test_it_goes_to_everybody_in_the_same_thread(scene: Scene, provider: str) -> None:
    board = teamed(scene, provider)
    event = wrote(scene, board)
    assert ("team", provider) == (event.logical, event.connection)
    receipt = scene.board(provider).reply(event, "Hi Ann!", key="k")
    assert ("team", provider) == (receipt.logical, receipt.connection)
    assert once() == scene.shown("Hi Ann!")
    assert scene.threads("Hello") == scene.threads("Hi!") == scene.threads("Hi Ann!")
    assert board.reply(event, "Hi Ann!", key="k").again
    assert once() == scene.shown("Hi Ann!")
    assert ["Hello", "Hi Ann!"] == [text for text in scene.box.phones[BEN].texts if text != "Hi!"]


def test_a_reaction_is_answered_as_well(scene: Scene) -> None:
    board = teamed(scene, "sendblue")
    (thread,) = scene.threads("Hello")
    scene.box.phones[ANN].react("Loved", thread=thread)
    event = next(event for event in scene.hear(board) if isinstance(event, gm.ReactionReceived))
    board.reply(event, "Glad you like it")
    assert scene.threads("Hello") == scene.threads("Glad you like it")


@pytest.mark.parametrize("provider", SHARED)
def test_it_goes_where_it_was_asked_although_the_group_goes_elsewhere(either: Scene, provider: str) -> None:
    """By the file, or by its route."""
    board = teamed(either, provider, "messagebird")
    event = wrote(either, board)
    board.switch("team", "messagebird")
    board.send("team", "Elsewhere")
    either.board("messagebird", provider).reply(event, "Hi Ann!")
    assert either.threads("Hello") == either.threads("Hi Ann!")
    assert once() == either.shown("Hi Ann!")
    board.send("team", "Elsewhere still")
    assert 2 == len(either.asked("messagebird"))


@pytest.mark.parametrize("sent", [True, False], ids=["sent to since", "not sent to since"])
@pytest.mark.parametrize("change", ["remove", "add"])
def test_a_thread_that_was_replaced_is_not_written_into(scene: Scene, sent: bool, change: str) -> None:
    """Whoever left is still in it."""
    board = teamed(scene, "bandwidth", people=(*PEOPLE, DAN))
    event = wrote(scene, board)
    if change == "remove":
        board.remove_members("team", [CAM])
    else:
        board.add_members("team", [EVE])
    if sent:
        board.send("team", "We are others now")
    asked = len(scene.asked())
    with pytest.raises(gm.ThreadRetired, match="goes on in another thread") as caught:
        board.reply(event, "Hi Ann!")
    assert gm.Outcome.NOT_SENT is caught.value.outcome
    assert {} == scene.shown("Hi Ann!")
    assert asked == len(scene.asked())


def test_a_thread_that_can_be_changed_is_changed_first(scene: Scene) -> None:
    board = teamed(scene, "sendblue", people=(*PEOPLE, DAN))
    event = wrote(scene, board)
    board.remove_members("team", [CAM])
    board.reply(event, "Hi Ann!")
    assert once(ANN, BEN, DAN) == scene.shown("Hi Ann!")
    assert scene.threads("Hello") == scene.threads("Hi Ann!")


@pytest.mark.parametrize("provider", SHARED)
def test_what_was_written_to_us_alone_is_of_no_group(scene: Scene, provider: str) -> None:
    board = teamed(scene, provider)
    scene.box.phones[ANN].send("Just you", to=scene.box.settings(provider)["line"])
    (event,) = [event for event in scene.hear(board) if isinstance(event, gm.MessageReceived)]
    assert (None, None) == (event.group, event.logical)
    with pytest.raises(gm.GroupUnresolved, match="to you alone, in no group"):
        board.reply(event, "Hi Ann!")
    assert {} == scene.shown("Hi Ann!")


def test_private_copies_name_the_groups_it_may_be(scene: Scene) -> None:
    """None of them is chosen; `to` chooses."""
    scene.listen()
    board = scene.board("messagebird")
    for name, people in (("team", PEOPLE), ("pair", [ANN, BEN]), ("others", [BEN, CAM]), ("unsent", [ANN, CAM])):
        board.create_group(name, people)
        if name != "unsent":
            board.send(name, f"To {name}")
    scene.box.phones[ANN].send("Yes!", to=scene.box.settings("messagebird")["line"])
    (event,) = [event for event in scene.hear(board) if isinstance(event, gm.MessageReceived)]
    with pytest.raises(gm.GroupUnresolved, match="does not say in which group") as caught:
        board.reply(event, "Great")
    assert ("pair", "team") == caught.value.candidates
    with pytest.raises(gm.InvalidInput, match="whoever wrote is not in group 'others'"):
        board.reply(event, "Great", to="others")
    with pytest.raises(gm.InvalidInput, match="there is no group 'teem'"):
        board.reply(event, "Great", to="teem")
    assert {} == scene.shown("Great")
    receipt = board.reply(event, "Great", to="team")
    assert ("team", "messagebird") == (receipt.logical, receipt.connection)
    assert once() == scene.shown("Great")


def test_to_cannot_be_another_group_than_it_was(scene: Scene) -> None:
    board = teamed(scene, "sendblue")
    board.create_group("pair", [ANN, BEN])
    event = wrote(scene, board)
    with pytest.raises(gm.InvalidInput, match="it was written in group 'team', and not in 'pair'"):
        board.reply(event, "Hi Ann!", to="pair")
    board.reply(event, "Hi Ann!", to="team")
    assert once() == scene.shown("Hi Ann!")


def test_a_thread_of_nobodys_is_told_to_be(scene: Scene) -> None:
    """People write to us in a group of their own making."""
    scene.listen()
    board = scene.board("bandwidth")
    line = scene.box.settings("bandwidth")["line"]
    thread = scene.box.network.thread({ANN, BEN, line})
    scene.box.network.post(thread, ANN, "Hello, you")
    (event,) = [event for event in scene.hear(board) if isinstance(event, gm.MessageReceived)]
    assert (None, True) == (event.logical, event.group is not None)
    with pytest.raises(gm.GroupUnresolved, match="of no group in the directory"):
        board.reply(event, "Hi")
    assert () == board.groups()
    board.create_group("theirs", [ANN, BEN])
    board.send("theirs", "Hi")
    assert scene.threads("Hello, you") == scene.threads("Hi")


def test_of_two_groups_in_one_thread_it_is_the_first_ones(scene: Scene) -> None:
    board = teamed(scene, "sendblue")
    board.create_group("two", PEOPLE)
    with pytest.raises(gm.AlreadyBound):
        board.send("two", "To two")
    event = wrote(scene, board, "Which one?", after="To two")
    assert "team" == event.logical
    assert "team" == board.reply(event, "This one").logical


def test_an_answer_to_a_message_whose_own_answer_was_lost(either: Scene) -> None:
    """It shows which thread the group's first message made."""
    either.listen()
    board = either.board("sendblue")
    board.create_group("team", PEOPLE)
    either.strike("sendblue", "drop", phase="after")
    lost(lambda: board.send("team", "Hello"))
    event = wrote(either, board)
    assert "team" == event.logical
    board.reply(event, "Hi Ann!")
    assert once() == either.shown("Hello") == either.shown("Hi Ann!")
    assert either.threads("Hello") == either.threads("Hi Ann!")


def test_a_reply_that_is_lost_is_not_sent_again(scene: Scene) -> None:
    """Under its key, whether it is asked for as a reply or as a message to the group."""
    board = teamed(scene, "bandwidth")
    event = wrote(scene, board)
    scene.strike("bandwidth", "drop", phase="after")
    for _ in range(2):
        lost(lambda: board.reply(event, "Hi Ann!", key="k"))
    lost(lambda: board.send("team", "Hi Ann!", key="k"))
    assert once() == scene.shown("Hi Ann!")


def test_somebody_elses_event_is_refused(scene: Scene) -> None:
    board = teamed(scene, "sendblue")
    event = wrote(scene, board)
    with pytest.raises(gm.InvalidInput, match="the event names no connection"):
        board.reply(attrs.evolve(event, connection=None), "Hi")
    with pytest.raises(gm.ConfigurationError, match="there is no 'bandwidth'"):
        board.reply(attrs.evolve(event, connection="bandwidth"), "Hi")
    with pytest.raises(gm.WrongConnection):
        board.reply(attrs.evolve(event, line="+13125550109"), "Hi")
    with pytest.raises(gm.InvalidInput, match="what can be answered is a message or a reaction"):
        board.reply(gm.OptedOut(key="k", at=None, address=event.sender, line=event.line), "Hi")  # type: ignore[arg-type]
    assert {} == scene.shown("Hi")


def test_a_group_that_was_put_away_has_no_thread_any_more(scene: Scene) -> None:
    board = teamed(scene, "sendblue")
    event = wrote(scene, board)
    board.archive("team")
    with pytest.raises(gm.GroupUnresolved):
        board.reply(event, "Hi Ann!")
    assert {} == scene.shown("Hi Ann!")
