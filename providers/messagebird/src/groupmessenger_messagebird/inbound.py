"""What somebody wrote to a number or short code of ours: by form, query or JSON, and as MessageBird lists it."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from groupmessenger.provider import Address, InvalidInput, Media, Member, MessageReceived, OpaqueAddress, PhoneNumber

from . import answers
from .fields import Fields, instant, text

_SEVERAL = re.compile(r"[\s,;](?=https?://)", re.IGNORECASE)  # a URL itself may have commas and semicolons
_UNIX = re.compile(r"[0-9]{1,11}", re.ASCII)
_KEPT = 40  # characters of an address that is kept; numbers and names have fewer
_SHORT_CODE_TIME = "%Y%m%d%H%M%S"
_NO_NUMBER = "its sender is a name or a short code, which has no number to text"


def read(fields: Fields, raw: object) -> MessageReceived | None:
    """A message from somebody to a line of ours; None if it does not say who wrote it, or to which.

    The documents have `recipient`, `body` and `id` for numbers, and `shortcode`, `message` and `mid` for short codes;
    forwarders add `receiver`, `message` and `message_id`, and count only where the others are not. Nothing says which
    group or message of ours it answers.
    """
    sender = _address(text(fields, "originator"))
    to = _address(text(fields, "recipient", "receiver", "shortcode"))
    if sender is None or to is None:
        return None
    written, at, date = text(fields, "body", "message"), _when(fields), text(fields, "date").strip()
    media = tuple(_media(fields["mediaurls"])) if "mediaurls" in fields else ()
    message_id = text(fields, "id", "message_id", "mid").strip()
    texted = isinstance(sender, PhoneNumber)
    return MessageReceived(
        key=f"in/{message_id or _digest(sender, to, written, at, date, *(each.url for each in media))}",
        at=at,
        id=message_id,
        sender=sender,
        line=str(to),
        members=(Member(sender),),
        text=written,
        media=media,
        repliable=texted,
        not_repliable_because=None if texted else _NO_NUMBER,
        raw=raw,
    )


def _address(value: str) -> Address | None:
    """A number, a short code or a name; None for nothing."""
    value = value.strip()
    if len(value) <= _KEPT:
        return _kept(value)
    return answers.address_of(value) or OpaqueAddress(value)


@lru_cache(maxsize=4096)  # the same people write again and again
def _kept(value: str) -> Address | None:
    return (answers.address_of(value) or OpaqueAddress(value)) if value else None


def _when(fields: Fields) -> datetime | None:
    """When it was written. A short code's time has no zone: UTC, as the other times are. Of `date` nobody says that."""
    if (at := instant(text(fields, "createddatetime"))) is not None:
        return at
    if _UNIX.fullmatch(unix := text(fields, "date_utc").strip()):
        return datetime.fromtimestamp(int(unix), UTC)
    try:
        return datetime.strptime(text(fields, "receive_datetime").strip(), _SHORT_CODE_TIME).replace(tzinfo=UTC)
    except ValueError:
        return None


def _media(values: Iterable[Any]) -> Iterator[Media]:
    """What is a URL among these, which may be several in one text, or a JSON list in one."""
    for url in dict.fromkeys(_urls(values)):
        try:
            yield Media(url)
        except InvalidInput:
            continue


def _urls(values: Iterable[Any]) -> Iterator[str]:
    for value in values:
        if not isinstance(value, str):
            continue
        if value.lstrip().startswith("["):
            try:
                listed = json.loads(value)
            except (ValueError, RecursionError):
                continue
            yield from (each for each in listed if isinstance(each, str))
        else:
            yield from (each.strip(" ,;\t\r\n") for each in _SEVERAL.split(value))


def _digest(*facts: object) -> str:
    """A name for a message without one, the same whenever it is told again."""
    return hashlib.sha256("\n".join(map(str, facts)).encode("utf-8", "replace")).hexdigest()[:32]
