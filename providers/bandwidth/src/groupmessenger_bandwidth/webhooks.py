"""Reading Bandwidth's callbacks: a list of events, each about one message and, for a status, one recipient."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from groupmessenger.provider import (
    Address,
    Callback,
    Channel,
    Event,
    Group,
    InvalidInput,
    MalformedWebhook,
    Media,
    Member,
    MessageReceived,
    PhoneNumber,
    Status,
    StatusChanged,
    Topology,
    Unrecognized,
    moment,
)

from . import answers
from .reach import no_thread
from .statuses import changed

if TYPE_CHECKING:
    from .messenger import BandwidthMessenger

_RECEIVED = "message-received"
_STATUSES = {
    "message-sending": Status.SENT,  # until 2027-01-06
    "message-sent": Status.SENT,
    "message-delivered": Status.DELIVERED,
    "message-failed": Status.FAILED,
    "message-read": Status.READ,
}
_MARKUP = re.compile(r"\.(xml|smil)$", re.IGNORECASE)  # how an MMS is laid out, and nothing to look at
_WORD = re.compile(r"(?!.*[0-9]{5})[A-Za-z][A-Za-z0-9_.-]{0,63}")  # a type is shown, so it is no text and no number


def steps(url: str) -> tuple[str, ...]:
    """How the messaging application is made to call a URL."""
    return (
        f"In Bandwidth's dashboard, in the messaging application of application_id, set both the inbound and the "
        f"outbound (status) callback URL to {url}.",
        "Give both callbacks a user and a password, and set webhook_credentials to user:password.",
        "Ask for message-sent there if you want to know of that step; the others come by themselves.",
    )


def read(messenger: BandwidthMessenger, callback: Callback) -> Sequence[Event]:
    """The events of a callback: a list of them (prose), or one alone (API description). An empty list is none.

    One of them that cannot be read is `Unrecognized`, with everything in `raw`: an error would have Bandwidth repeat
    the whole list for 24 hours, the others with it. Raises `MalformedWebhook` for what is neither list nor object.
    """
    data = callback.data
    if not isinstance(data, list | dict):
        raise MalformedWebhook("Bandwidth's callbacks are lists of events, and this is none")
    found = data if isinstance(data, list) else [data]
    told = [_event(messenger, each) for each in found]
    digest = "" if all(told) else hashlib.sha256(callback.body).hexdigest()[:32]
    return [event or _unrecognized(found[place], f"{digest}/{place}") for place, event in enumerate(told)]


def _event(messenger: BandwidthMessenger, event: Any) -> Event | None:
    """The event of an object, None if its type is not known or a part is missing that it cannot be without."""
    kind, message = _get(event, "type"), _get(event, "message")
    if not isinstance(message, dict) or not _text(message.get("id")):
        return None
    if kind == _RECEIVED:
        return _received(messenger, event, message)
    status = _STATUSES.get(kind) if isinstance(kind, str) else None
    return None if status is None else _changed(event, message, status)


def _received(
    messenger: BandwidthMessenger, event: Mapping[str, Any], message: Mapping[str, Any]
) -> MessageReceived | None:
    sender, to = answers.address_of(message.get("from")), _addresses(message.get("to"))
    line = _line(messenger, _addresses(event.get("to")), message.get("owner"), to)
    if sender is None or not to or line is None:  # without all of them an answer could go to other people
        return None
    others = tuple(Member(address) for address in dict.fromkeys((sender, *to)) if str(address) != line)
    group = None
    if len(others) >= 2:
        group = Group.of_members(
            messenger.name, line, others, pending=False, topology=Topology.SHARED_THREAD, channel=Channel.MMS
        )
    why = _unanswerable(line, sender, group)
    text = message.get("text")
    return MessageReceived(
        key=f"in/{message['id']}",
        at=_time(event, message),
        id=message["id"],
        sender=sender,
        line=line,
        group=group,
        members=others,
        text=text if isinstance(text, str) else "",
        media=tuple(_media(message.get("media"))),
        repliable=why is None,
        not_repliable_because=why,
        raw=event,
    )


def _line(messenger: BandwidthMessenger, told: Sequence[Address], owner: Any, to: Sequence[Address]) -> str | None:
    """The number of ours that this copy of a message is for: the event's `to`, which is also the message's `owner`.

    Where they differ it is the one that is ours, or that the message was for. Without both it is ours among `to`.
    """
    named = [str(address) for address in (*told, answers.address_of(owner)) if address is not None]
    recipients, own = [str(address) for address in to], messenger.own_lines
    if named:
        return max(named, key=lambda number: (number in own, number in recipients))
    ours = [number for number in recipients if number in own] or recipients
    return ours[0] if len(ours) == 1 else None


def _unanswerable(line: str, sender: Address, group: Group | None) -> str | None:
    """Why nobody can answer this, None where they can."""
    if group is not None:
        return next((str(refused) for refused in no_thread(line, group.addresses)), None)
    return None if isinstance(sender, PhoneNumber) else "its sender has no phone number: a short code, or a name"


def _changed(event: Mapping[str, Any], message: Mapping[str, Any], status: Status) -> StatusChanged:
    """A status. Its recipient is the event's `to`; the message's is everybody, and its `owner` is not to be trusted."""
    recipient = _only(event.get("to")) or _only(message.get("to"))
    code = 0 if status is not Status.FAILED else answers.code_of(event)
    if code in answers.NOBODY_KNOWS:
        status = Status.UNKNOWN
    return changed(
        message["id"],
        recipient,
        status,
        reason=answers.failure(code),
        code=code,
        final=status is not Status.SENT,
        of_all=recipient is None,
        at=_time(event, message),
        token=_text(message.get("tag")) or None,
        line=_line_of(message),
        raw=event,
    )


def _unrecognized(event: Any, otherwise: str) -> Unrecognized:
    """What cannot be read, by its message and recipient, or, where it has none, by what it looks like."""
    told, message = _text(_get(event, "type")), _get(event, "message")
    kind = told if _WORD.fullmatch(told) else "unknown"
    parts = [_text(_get(message, "id")) or otherwise, *map(str, _addresses(_get(event, "to")))]
    return Unrecognized(key="/".join(["unknown", kind, *parts]), at=_time(event, message), kind=kind, raw=event)


def _media(urls: Any) -> Iterable[Media]:
    for url in urls if isinstance(urls, list) else [urls]:
        if not _text(url) or _MARKUP.search(url.partition("?")[0].partition("#")[0]):
            continue
        try:
            yield Media(url)
        except InvalidInput:
            continue


def _addresses(value: Any) -> Sequence[Address]:
    """The addresses of a list, or of one text; none at all if one of them is none."""
    found = [answers.address_of(each) for each in (value if isinstance(value, list) else [value])]
    return [] if None in found else [address for address in found if address is not None]


def _only(value: Any) -> Address | None:
    """The number of a text, or of a list of one."""
    values = value if isinstance(value, list) else [value]
    return answers.number_of(values[0]) if len(values) == 1 else None


def _line_of(message: Mapping[str, Any]) -> str | None:
    """Our number that a message was sent from; `owner` is at times somebody else's."""
    sender = answers.number_of(message.get("from"))
    return None if sender is None else str(sender)


def _time(event: Any, message: Any) -> datetime | None:
    return moment(_text(_get(event, "time")) or _text(_get(message, "time")))


def _text(value: Any) -> str:
    """A text that can be shown and stored; empty for what is none."""
    return value if isinstance(value, str) and value.isprintable() else ""


def _get(value: Any, name: str) -> Any:
    return value.get(name) if isinstance(value, dict) else None
