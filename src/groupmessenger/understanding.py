"""What a provider's events come to: who may be answered, whose messages are our own, who opted out."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from typing import TypeVar

import attrs

from .callbacks import Verified
from .capabilities import Bound, Capabilities, Limit, LimitName
from .events import Event, MessageReceived, OptedIn, OptedOut, ReactionReceived, StatusChanged, TypingChanged
from .groups import Channel, Group
from .messages import FailureReason
from .opting import opts_out

A = TypeVar("A", MessageReceived, ReactionReceived)
_OPTS_OUT = "its sender opts out by it; a confirmation, if you owe one, is for send_direct"


@attrs.frozen
class Listener:
    """For whom events are judged: our line, all lines of ours, and what the provider can do."""

    line: str
    own_lines: Collection[str]
    capabilities: Capabilities
    title: str
    _most: dict[Channel | None, Limit | None] = attrs.field(factory=dict, init=False, repr=False, eq=False)

    def most(self, group: Group) -> Limit | None:
        """The limit of people in a group like this, worked out once for each channel."""
        try:
            return self._most[group.channel]
        except KeyError:
            return self._most.setdefault(group.channel, self.capabilities.of(group).limit(LimitName.RECIPIENTS))


def understood(events: Iterable[Event], listener: Listener, verified: Verified) -> tuple[Event, ...]:
    """The events, with what follows from them.

    A message in a group larger than may be answered is not repliable, and what our own lines do is from us. A message
    that is nothing but a word such as STOP is not repliable either, and followed by `OptedOut`, as is a copy that
    failed for an opt-out. Where only our token was proven, nothing is told but how that attempt fared.
    """
    if verified.token_is_all:
        return tuple(each for each in events if isinstance(each, StatusChanged) and each.token == verified.token)
    return tuple(each for event in events for each in _understood(event, listener))


def _understood(event: Event, listener: Listener) -> Iterator[Event]:
    match event:
        case MessageReceived() | ReactionReceived() | TypingChanged():
            from_us = str(event.sender) in listener.own_lines
            if event.from_us is not from_us:
                event = attrs.evolve(event, from_us=from_us)
    match event:
        case MessageReceived():
            wants_out = None if event.from_us else opts_out(event.text)
            if wants_out:
                event = attrs.evolve(event, repliable=False, not_repliable_because=_OPTS_OUT)
            yield _answerable(event, listener)
            if wants_out is not None:
                kind, word = (OptedOut, "opted_out") if wants_out else (OptedIn, "opted_in")
                yield kind(key=f"{event.key}/{word}", at=event.at, address=event.sender, line=event.line, raw=event.raw)
        case ReactionReceived():
            yield _answerable(event, listener)
        case StatusChanged(recipient=recipient, reason=FailureReason.OPTED_OUT) if recipient is not None:
            yield event
            line = event.line or listener.line
            yield OptedOut(key=f"{event.key}/opted_out", at=event.at, address=recipient, line=line, raw=event.raw)
        case _:
            yield event


def _answerable(event: A, listener: Listener) -> A:
    """The event, not repliable if its group has more people than may be sent to, or it is another line's."""
    if not event.repliable:
        return event
    if event.line != listener.line:
        why = "it came in on another line of yours than this connection's"
        return attrs.evolve(event, repliable=False, not_repliable_because=why)
    if (group := event.group) is None:
        return event
    people = group.members or ()
    limit = listener.most(group)
    if limit is None or limit.bound is not Bound.MAX or not limit.breaks(len(people)):
        return event
    why = f"{len(people)} other people are in it, and {listener.title} takes {limit.bound} {limit.value}"
    return attrs.evolve(event, repliable=False, not_repliable_because=f"{why} ({limit.source})")
