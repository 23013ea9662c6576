"""What somebody wrote: a message object that came in, as an event."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Collection, Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from groupmessenger.provider import (
    Address,
    Group,
    InvalidInput,
    MalformedWebhook,
    Media,
    Member,
    MessageReceived,
    ReactionReceived,
    Topology,
)

from . import answers

if TYPE_CHECKING:
    from .messenger import SendblueMessenger

_TAPBACKS = {
    "Loved": "love",
    "Liked": "like",
    "Disliked": "dislike",
    "Laughed at": "laugh",
    "Emphasized": "emphasize",
    "Questioned": "question",
}
# Seen on live accounts in May 2026, with curly quotes; straight ones are taken as well. No target is named.
_TAPBACK = re.compile(rf"(?:({'|'.join(_TAPBACKS)})|Reacted (\S{{1,20}}) to) [“\"].*[”\"]", re.DOTALL)
# What is the same of one message in a callback and in the listing, for one that has no handle.
_LASTING = ("from_number", "number", "to_number", "group_id", "date_sent", "date_created", "content", "media_url")
_MESSAGE = ("message_handle", "content", "media_url")  # a message object has one of them
_KEPT = 80  # characters of an address that is kept; nearly all have fewer
_NO_GROUP = "it was written in a group, and Sendblue did not say in which: free plans get no group_id"


def came_in(body: Mapping[str, Any]) -> bool:
    """Whether an object is a message that somebody wrote to us."""
    told = body.get("is_outbound")
    return is_message(body) and (told is False or (told is None and body.get("status") == "RECEIVED"))


def is_message(body: Mapping[str, Any]) -> bool:
    """Whether an object is a message at all: what happens to lines, calls and contacts is told in others."""
    return any(name in body for name in _MESSAGE)


def received(messenger: SendblueMessenger, body: Mapping[str, Any]) -> MessageReceived | ReactionReceived:
    """A message, or a reaction. Raises `MalformedWebhook` where nobody is named who wrote it.

    `opted_out` is left in `raw`: the SDK describes it for a message's recipient, nobody says what it is for one that
    came in, and as the state before a START it would undo that. Words such as STOP are read by whoever called.
    """
    line = line_of(messenger, body.get("sendblue_number"), body.get("to_number"))
    sender = _sender(body, {line, messenger.line})
    in_group = bool(answers.group_id_of(body).strip()) or body.get("message_type") == "group"
    members = _listed(body, line, sender) if in_group else _alone(sender, line)
    handle, text, media = answers.handle_of(body), body.get("content"), _media(body)
    shared: dict[str, Any] = {
        "key": f"in/{handle or _digest(body)}",
        "at": answers.time_of(body, "date_sent", "date_created"),
        "raw": body,
        "sender": sender,
        "line": line,
        "group": _group(messenger.name, line, members, body),
        "text": text if isinstance(text, str) else "",
    }
    unnamed = in_group and shared["group"] is None
    shared |= {"repliable": not unnamed, "not_repliable_because": _NO_GROUP if unnamed else None}
    if not media and (reaction := _reaction(shared["text"])):
        return ReactionReceived(reaction=reaction, **shared)
    return MessageReceived(id=handle, members=members, media=media, **shared)


def line_of(messenger: SendblueMessenger, *values: object) -> str:
    """Which line of ours the first of these names, in E.164; this connection's if none does."""
    given = next(iter(answers.texts(values)), messenger.line)
    return str(_member(_written(given, messenger.own_lines)))


def _sender(body: Mapping[str, Any], lines: Collection[str]) -> Address:
    for given in answers.texts((body.get("from_number"), body.get("number"))):
        return _member(_written(given, lines)).address
    raise MalformedWebhook("a message that came in does not say from whom")


def _listed(body: Mapping[str, Any], line: str, sender: Address) -> tuple[Member, ...]:
    """The other people of a group, the sender among them; none where none are listed.

    That there are several does not make a group: they have been seen listed, and not, for one person alone.
    """
    listed = body.get("participants")
    known = {line, str(sender)}
    written = answers.texts(listed) if isinstance(listed, list) else []
    people = {str(member): member for member in [_member(_written(each, known)) for each in written]}
    people.pop(line, None)
    if people and str(sender) != line:
        people.setdefault(str(sender), Member(sender))
    return tuple(people.values())


def _alone(sender: Address, line: str) -> tuple[Member, ...]:
    return () if str(sender) == line else (Member(sender),)


def _member(value: str) -> Member:
    """Whom a text names."""
    return _kept(value) if len(value) <= _KEPT else Member(answers.address(value))


@lru_cache(maxsize=4096)  # the same people write again and again
def _kept(value: str) -> Member:
    return Member(answers.address(value))


def _group(provider: str, line: str, members: tuple[Member, ...], body: Mapping[str, Any]) -> Group | None:
    group_id = answers.group_id_of(body)
    if not group_id.strip():
        return None
    name = body.get("group_display_name")
    try:
        return Group(
            provider,
            line,
            group_id,
            members or None,
            name=name if isinstance(name, str) and name.strip() else None,
            topology=Topology.SHARED_THREAD,
            channel=answers.channel_of(body),
        )
    except InvalidInput:
        raise MalformedWebhook("what stands for the group's id is none") from None


def _media(body: Mapping[str, Any]) -> tuple[Media, ...]:
    """The files, each by a URL that is good for about 30 days. What is no URL of the web stays in `raw`."""
    several = body.get("media_urls")  # tolerated by some, seen by nobody
    found: list[Media] = []
    for url in answers.texts((body.get("media_url"), *(several if isinstance(several, list) else ()))):
        try:
            media = Media(url)
        except InvalidInput:
            continue
        if media not in found:
            found.append(media)
    return tuple(found)


def _reaction(text: str) -> str | None:
    """The word, or the emoji, of a reaction, which comes as an ordinary text."""
    if (match := _TAPBACK.fullmatch(text.strip())) is None:
        return None
    word, emoji = match.groups()
    if word:
        return _TAPBACKS[word]
    plain = emoji.isascii() or emoji[0].isalpha() or any(map(str.isalnum, emoji[1:]))  # somebody's own words
    return None if plain else emoji


def _written(value: str, known: Collection[str]) -> str:
    """A number as it is known; digits without `+` are one only if it is expected here."""
    return f"+{value}" if f"+{value}" in known else value


def _digest(body: Mapping[str, Any]) -> str:
    lasting = [value if isinstance(value := body.get(name), str) else None for name in _LASTING]
    return hashlib.sha256(json.dumps(lasting).encode()).hexdigest()[:32]
