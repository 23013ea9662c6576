"""What happened to messages and groups, as the provider tells it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

import attrs

from .groups import Group
from .messages import Evidence, FailureReason, Media, Status
from .phone import Address, Member, mask


@attrs.frozen(kw_only=True)
class Event:
    """`key` is the same whenever the same event is delivered again; `connection` names who heard it.

    `at` is the provider's time, None where it gives none; it is for showing, never for putting events in order.
    """

    key: str = attrs.field(repr=False)  # it may name a recipient
    connection: str | None = None
    at: datetime | None
    raw: Any = attrs.field(default=None, repr=False, eq=False)


@attrs.frozen(kw_only=True)
class MessageReceived(Event):
    """Somebody wrote. `group` is None for a private message, and where the provider does not say which group.

    `members` are the other people in the thread, without our line. Not `repliable`: see the reason beside it.
    """

    id: str
    sender: Address
    line: str = attrs.field(repr=mask)
    group: Group | None = None
    members: tuple[Member, ...] = ()
    text: str = attrs.field(default="", repr=False)
    media: tuple[Media, ...] = ()
    repliable: bool = True
    not_repliable_because: str | None = None


@attrs.frozen(kw_only=True)
class StatusChanged(Event):
    """A message came further, or failed. `recipient` is None where the provider tells only of the whole message."""

    message_id: str
    status: Status
    token: str | None = attrs.field(default=None, repr=False)
    recipient: Address | None = None
    evidence: Evidence | None = None
    reason: FailureReason | None = None
    code: str | None = None


@attrs.frozen(kw_only=True)
class ReactionReceived(Event):
    """Somebody reacted to a message; `text` is what the provider wrote for it."""

    sender: Address
    line: str = attrs.field(repr=mask)
    reaction: str
    group: Group | None = None
    text: str = attrs.field(default="", repr=False)


@attrs.frozen(kw_only=True)
class TypingChanged(Event):
    """Somebody began or stopped typing."""

    sender: Address
    line: str = attrs.field(repr=mask)
    typing: bool


@attrs.frozen(kw_only=True)
class MembersChanged(Event):
    """A group's members are others than before."""

    group: Group
    added: tuple[Member, ...] = ()
    removed: tuple[Member, ...] = ()


@attrs.frozen(kw_only=True)
class OptedOut(Event):
    """Somebody does not want our texts any more."""

    address: Address
    line: str = attrs.field(repr=mask)


@attrs.frozen(kw_only=True)
class OptedIn(Event):
    """Somebody wants our texts again."""

    address: Address
    line: str = attrs.field(repr=mask)


@attrs.frozen(kw_only=True)
class Unrecognized(Event):
    """A callback of a kind this version does not know. It is acknowledged, so that the provider stops repeating it."""

    kind: str


PRECEDENCE: tuple[Status, ...] = (
    Status.UNKNOWN,
    Status.SCHEDULED,
    Status.ACCEPTED,
    Status.SENT,
    Status.FAILED,
    Status.DELIVERED,
    Status.READ,
)
"""Which status stands when several were told, last wins. A provider may have its own order."""


@attrs.frozen(init=False)
class Delivery:
    """What is known of one message: a fold over the set of its status events.

    Order and repetition of events do not matter; of two events for one recipient, the one later in
    `precedence` stands. Without per-recipient events there is one entry, under None.
    """

    message_id: str
    by_recipient: dict[Address | None, StatusChanged]
    precedence: tuple[Status, ...] = attrs.field(repr=False)

    def __init__(
        self, message_id: str, events: Iterable[StatusChanged], precedence: Sequence[Status] = PRECEDENCE
    ) -> None:
        rank = {status: place for place, status in enumerate(precedence)}
        standing: dict[Address | None, StatusChanged] = {}
        for event in sorted(events, key=lambda event: (rank[event.status], event.key)):
            standing[event.recipient] = event
        if len(standing) > 1:
            standing.pop(None, None)
        self.__attrs_init__(  # pyright: ignore[reportAttributeAccessIssue]
            message_id, standing, tuple(precedence)
        )

    @property
    def status(self) -> Status:
        """The status everybody has reached: the least advanced one, `unknown` where nothing was told."""
        rank = {status: place for place, status in enumerate(PRECEDENCE)}
        return min(
            (event.status for event in self.by_recipient.values()),
            key=rank.__getitem__,
            default=Status.UNKNOWN,
        )

    @property
    def failed(self) -> tuple[StatusChanged, ...]:
        """The events of those whom it did not reach."""
        return tuple(event for event in self.by_recipient.values() if event.status is Status.FAILED)


def untold(told: Sequence[StatusChanged], recipients: Iterable[Address]) -> Iterable[StatusChanged]:
    """An `unknown` for each recipient of whom nothing was told, where others are told of by name."""
    named = {event.recipient for event in told} - {None}
    for recipient in recipients:
        if named and recipient not in named:
            message_id = told[0].message_id
            key = f"{message_id}/{recipient}/{Status.UNKNOWN}"
            yield StatusChanged(key=key, at=None, message_id=message_id, status=Status.UNKNOWN, recipient=recipient)
