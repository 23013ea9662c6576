"""What follows from events: who may be answered, what is our own, who opted out."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import attrs
import pytest
from acme import ALICE, BOB, LINE
from hearing import NOW, callback, messenger, wrote

from groupmessenger.callbacks import Verified
from groupmessenger.events import (
    MessageReceived,
    OptedIn,
    OptedOut,
    ReactionReceived,
    StatusChanged,
    TypingChanged,
    Unrecognized,
)
from groupmessenger.groups import Group
from groupmessenger.messages import FailureReason, Status
from groupmessenger.phone import Member, PhoneNumber
from groupmessenger.understanding import Listener, understood

SECOND = "+13125550109"


def received(*rows: Any, **settings: Any) -> Any:
    return messenger(**settings).receive(callback(*rows))


def test_a_group_of_more_people_than_may_be_sent_to_cannot_be_answered() -> None:
    """With the limit, and who says so, as the reason; one person fewer is answered."""
    people = [f"+1312555{n:04}" for n in range(150, 156)]
    (event,) = received(wrote(members=people))
    assert not event.repliable
    assert "6 other people are in it, and Acme takes at most 5 (Acme's papers)" == event.not_repliable_because
    (event,) = received(wrote(members=people[:5]))
    assert (True, None) == (event.repliable, event.not_repliable_because)


def test_a_group_whose_people_are_not_known_may_be_answered() -> None:
    (event,) = received(wrote(members=[]))
    assert event.repliable


def test_what_came_in_on_another_line_cannot_be_answered_from_this_one() -> None:
    (event,) = received(wrote(line=SECOND))
    assert "another line of yours" in event.not_repliable_because


def test_messages_of_our_own_lines_are_from_us() -> None:
    """And their words opt nobody out."""
    row = wrote(text="STOP", **{"from": SECOND})
    (event,) = received(row, other_lines=SECOND)
    assert (True, True) == (event.from_us, event.repliable)
    (event, opted_out) = received(row)
    assert (False, PhoneNumber(SECOND)) == (event.from_us, opted_out.address)


@pytest.mark.parametrize(("text", "kind"), [("Stop.", OptedOut), ("start", OptedIn)])
def test_a_word_that_opts_out_or_in_follows_the_message(text: str, kind: type[OptedIn | OptedOut]) -> None:
    message, event = received(wrote(text=text))
    assert isinstance(message, MessageReceived)
    assert isinstance(event, kind)
    assert (PhoneNumber(ALICE), LINE, message.at) == (event.address, event.line, message.at)
    assert event.key != message.key
    assert (kind is OptedIn) == message.repliable


def test_a_copy_that_failed_for_an_opt_out_tells_of_it() -> None:
    row = {"id": "m1", "to": BOB, "status": "failed", "reason": FailureReason.OPTED_OUT}
    status, event = received(row)
    assert isinstance(status, StatusChanged)
    assert (PhoneNumber(BOB), LINE) == (event.address, event.line)
    (status,) = received({**row, "reason": FailureReason.SPAM})
    assert FailureReason.SPAM is status.reason


def test_what_is_not_known_passes() -> None:
    (event,) = received({"kind": "news"})
    assert isinstance(event, Unrecognized)


def test_a_reaction_can_be_answered_where_a_message_could() -> None:
    """Not in a group that is too large, nor on another line."""
    people = tuple(Member(PhoneNumber(f"+1312555{n:04}")) for n in range(150, 156))
    reaction = ReactionReceived(
        key="k", at=NOW, sender=PhoneNumber(ALICE), line=LINE, reaction="love", group=Group("acme", LINE, "g1", people)
    )
    (told,) = understood([reaction], listener(), Verified())
    assert isinstance(told, ReactionReceived)
    assert "6 other people are in it" in str(told.not_repliable_because)
    (told,) = understood([attrs.evolve(reaction, group=None, line=SECOND)], listener(), Verified())
    assert isinstance(told, ReactionReceived)
    assert "another line" in str(told.not_repliable_because)


@pytest.mark.parametrize("kind", ["reaction", "typing"])
def test_what_our_own_lines_do_is_from_us(kind: str) -> None:
    head: dict[str, Any] = {"key": "k", "at": NOW, "sender": PhoneNumber(SECOND), "line": LINE}
    event = ReactionReceived(reaction="love", **head) if kind == "reaction" else TypingChanged(typing=True, **head)
    for own, expected in (((LINE, SECOND), True), ((LINE,), False)):
        (told,) = understood([event], listener(own), Verified())
        assert isinstance(told, ReactionReceived | TypingChanged)
        assert expected is told.from_us


def test_where_only_a_token_is_proven_nothing_else_is_told() -> None:
    """No message, no other attempt's status, and nobody opts out by it."""
    status = StatusChanged(
        key="s",
        at=NOW,
        message_id="m1",
        status=Status.FAILED,
        reason=FailureReason.OPTED_OUT,
        recipient=PhoneNumber(BOB),
        token="t1",
    )
    (message,) = received(wrote(text="STOP"))[:1]
    others = [
        attrs.evolve(status, token="t2"),
        attrs.evolve(status, token=None),
        message,
        Unrecognized(key="u", at=NOW, kind="x"),
    ]
    assert (status,) == understood([*others, status], listener(), Verified(token="t1", token_is_all=True))
    assert [StatusChanged, OptedOut] == [type(each) for each in understood([status], listener(), Verified(token="t1"))]


def listener(own_lines: Collection[str] = (LINE,)) -> Listener:
    return Listener(LINE, own_lines, messenger().own_capabilities(), "Acme")
