"""What happened to messages and groups, as the provider tells it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import attrs

from .groups import Group
from .messages import Evidence, FailureReason, Media, Status
from .phone import Address, Member, mask


@attrs.frozen(kw_only=True)
class Event:
    """`key` is the same whenever the same event is delivered again; `connection` names who heard it.

    `logical` names the switchboard's group that it is of; None where it is of none, or there is no switchboard. `at` is
    the provider's time, None where it gives none; it is for showing, never for putting events in order.
    """

    key: str = attrs.field(repr=False)  # it may name a recipient
    connection: str | None = None
    logical: str | None = None
    at: datetime | None
    raw: Any = attrs.field(default=None, repr=False, eq=False)


@attrs.frozen(kw_only=True)
class MessageReceived(Event):
    """Somebody wrote. `group` is None for a private message, and where the provider does not say which group.

    `members` are the other people in the thread, without our line. Not `repliable`: see the reason beside it.
    `from_us` is from another line of ours.
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
    from_us: bool = False


@attrs.frozen(kw_only=True)
class StatusChanged(Event):
    """A message came further, or failed. `recipient` is None where the provider tells only of the whole message.

    `final`: the provider tells no more of it. `token` is that of the receipt and the attempt. `line` is ours that sent
    it, None where the provider does not say.
    """

    message_id: str
    status: Status
    token: str | None = attrs.field(default=None, repr=False)
    recipient: Address | None = None
    evidence: Evidence | None = None
    reason: FailureReason | None = None
    code: str | None = None
    final: bool = False
    line: str | None = attrs.field(default=None, repr=False)


@attrs.frozen(kw_only=True)
class ReactionReceived(Event):
    """Somebody reacted to a message; `text` is what the provider wrote for it."""

    sender: Address
    line: str = attrs.field(repr=mask)
    reaction: str
    group: Group | None = None
    text: str = attrs.field(default="", repr=False)
    repliable: bool = True
    not_repliable_because: str | None = None
    from_us: bool = False


@attrs.frozen(kw_only=True)
class TypingChanged(Event):
    """Somebody began or stopped typing."""

    sender: Address
    line: str = attrs.field(repr=mask)
    typing: bool
    from_us: bool = False


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
