"""Events as commands print them: a line each, for people and for machines."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime
from typing import Any
from unicodedata import category

import attrs

from ..events import (
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
from ..groups import Group
from ..messages import Media
from ..phone import Handle, Member, OpaqueAddress, PhoneNumber
from .dumping import dump_group

_JOINER = "\u200d"  # between the parts of an emoji


def dump_event(event: Event) -> dict[str, Any]:
    """An event as JSON: its class as `event`, and all its fields but what the provider sent."""
    fields = {field.name: getattr(event, field.name) for field in attrs.fields(type(event)) if field.name != "raw"}
    return {"event": _kind(event)} | {name: _dump(value) for name, value in fields.items()}


def describe_event(event: Event) -> str:
    """An event in one line: when, where, what, who, and the rest, with no sign that moves a terminal's cursor."""
    at = "-" if event.at is None else f"{event.at.astimezone():%Y-%m-%d %H:%M:%S}"
    parts = (at, event.connection or "-", _kind(event).replace("_", " "), *_details(event))
    return "  ".join(visible(part) for part in parts if part)


def visible(text: str) -> str:
    r"""A text with what cannot be seen written out: `\n`, `\x1b`."""
    return "".join(
        sign if sign.isprintable() or sign == _JOINER or category(sign) == "Zs" else ascii(sign)[1:-1] for sign in text
    )


def _kind(event: Event) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "_", type(event).__name__).lower()


def _dump(value: Any) -> Any:
    match value:
        case Group():
            return dump_group(value)
        case Member():
            return {"address": str(value), "name": value.name}
        case Media():
            return attrs.asdict(value)
        case PhoneNumber() | Handle() | OpaqueAddress():
            return str(value)
        case datetime():
            return value.isoformat()
        case tuple():
            return [_dump(each) for each in value]
        case _:
            return value


def _details(event: Event) -> Iterable[str]:
    """Who it was, and the rest."""
    match event:
        case MessageReceived():
            yield f"{event.sender}"
            yield f"{_where(event)}: {event.text}"
            yield from (each.url for each in event.media)
            if not event.repliable:
                yield f"(cannot be answered: {event.not_repliable_because or 'the provider does not say why'})"
        case StatusChanged():
            yield f"{event.recipient or 'everybody'}"
            why = ", ".join(each.replace("_", " ") for each in (event.reason, event.code) if each)
            yield f"message {event.message_id}: {event.status}" + (f" ({why})" if why else "")
        case ReactionReceived():
            yield f"{event.sender}"
            yield f"{_where(event)}: {event.reaction} {event.text}".rstrip()
        case TypingChanged():
            yield f"{event.sender}"
            yield "typing" if event.typing else "not typing any more"
        case MembersChanged():
            yield _where(event)
            yield from (f"+ {member}" for member in event.added)
            yield from (f"- {member}" for member in event.removed)
        case OptedOut() | OptedIn():
            yield f"{event.address}"
        case Unrecognized():
            yield event.kind
        case _:
            pass  # a kind that a plugin made


def _where(event: MessageReceived | ReactionReceived | MembersChanged) -> str:
    if event.logical is not None:
        return f"in {event.logical}"
    return "privately" if event.group is None else f"in {event.group.id}"
