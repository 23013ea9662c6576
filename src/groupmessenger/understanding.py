"""What a provider's events come to: who may be answered, whose messages are our own, who opted out."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator

import attrs

from .capabilities import Bound, Capabilities, LimitName
from .events import Event, MessageReceived, OptedIn, OptedOut, StatusChanged
from .messages import FailureReason
from .opting import opts_out


@attrs.frozen
class Reader:
    """Who reads the events: our line, all lines of ours, and what the provider can do."""

    line: str
    own_lines: Collection[str]
    capabilities: Capabilities
    title: str


def understood(events: Iterable[Event], reader: Reader) -> tuple[Event, ...]:
    """The events, with what follows from them.

    A message in a group larger than may be answered is not repliable, and one of our own lines is from us. A message
    that is nothing but a word such as STOP is followed by `OptedOut`, and a copy that failed for it likewise.
    """
    return tuple(each for event in events for each in _understood(event, reader))


def _understood(event: Event, reader: Reader) -> Iterator[Event]:
    match event:
        case MessageReceived():
            own = str(event.sender) in reader.own_lines
            event = attrs.evolve(_answerable(event, reader), from_us=own)
            yield event
            wants_out = None if event.from_us else opts_out(event.text)
            if wants_out is not None:
                kind, word = (OptedOut, "opted_out") if wants_out else (OptedIn, "opted_in")
                yield kind(key=f"{event.key}/{word}", at=event.at, address=event.sender, line=event.line, raw=event.raw)
        case StatusChanged(recipient=recipient, reason=FailureReason.OPTED_OUT) if recipient is not None:
            yield event
            yield OptedOut(
                key=f"{event.key}/opted_out",
                at=event.at,
                address=recipient,
                line=event.line or reader.line,
                raw=event.raw,
            )
        case _:
            yield event


def _answerable(event: MessageReceived, reader: Reader) -> MessageReceived:
    """The message, not repliable if its group has more people than may be sent to, or it is another line's."""
    if not event.repliable:
        return event
    if event.line != reader.line:
        why = "it came in on another line of yours than this connection's"
        return attrs.evolve(event, repliable=False, not_repliable_because=why)
    if (group := event.group) is None:
        return event
    people = event.members if group.members is None else group.members
    limit = reader.capabilities.of(group).limit(LimitName.RECIPIENTS)
    if limit is None or limit.bound is not Bound.MAX or not limit.breaks(len(people)):
        return event
    why = f"{len(people)} other people are in it, and {reader.title} takes {limit.bound} {limit.value} ({limit.source})"
    return attrs.evolve(event, repliable=False, not_repliable_because=why)
