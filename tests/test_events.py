"""Events."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from groupmessenger.delivery import Delivery
from groupmessenger.events import (
    Event,
    MembersChanged,
    MessageReceived,
    OptedIn,
    OptedOut,
    ReactionReceived,
    StatusChanged,
    TypingChanged,
    Unrecognized,
)
from groupmessenger.groups import Group
from groupmessenger.messages import Media, Status
from groupmessenger.phone import Member, PhoneNumber

NOW = datetime(2026, 11, 21, tzinfo=UTC)
PEOPLE = [PhoneNumber(f"+1312555010{n}") for n in range(3)]


def test_no_repr_shows_what_is_private() -> None:
    private = ["+13125550100", "+13125550101", "hush-hush", "tok3n", "https://x.example", "r4w", "Alice"]
    line, sender = "+13125550100", PhoneNumber("+13125550101")
    group = Group("acme", line, "g1", (Member(sender, "Alice"),))
    head: dict[str, Any] = {"key": "k", "at": NOW, "raw": "r4w"}
    events: list[Event] = [
        MessageReceived(
            id="m",
            sender=sender,
            line=line,
            group=group,
            members=(Member(sender, "Alice"),),
            text="hush-hush",
            media=(Media("https://x.example/a.jpg"),),
            **head,
        ),
        StatusChanged(message_id="m", status=Status.SENT, token="tok3n", recipient=sender, **head),
        ReactionReceived(sender=sender, line=line, reaction="like", text="hush-hush", group=group, **head),
        TypingChanged(sender=sender, line=line, typing=True, **head),
        MembersChanged(group=group, added=(Member(sender, "Alice"),), removed=(Member(sender),), **head),
        OptedOut(address=sender, line=line, **head),
        OptedIn(address=sender, line=line, **head),
        Unrecognized(kind="strange", **head),
    ]
    for event in [*events, Delivery("m", [each for each in events if isinstance(each, StatusChanged)])]:
        assert [] == [each for each in private if each in repr(event)]
