"""What is sent, and what is known of it afterwards."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from enum import StrEnum
from functools import partial
from types import MappingProxyType
from typing import Any, TypeAlias
from urllib.parse import urlsplit

import attrs

from .errors import InvalidInput
from .groups import Group
from .phone import Address, Members, mask, parse_members


def _web_address(_: object, __: object, value: str) -> None:
    try:
        parts = urlsplit(value)
    except ValueError:
        parts = urlsplit("")
    if parts.scheme not in ("http", "https") or not parts.hostname or any(c.isspace() for c in value):
        raise InvalidInput("media is given by its http(s) URL, which providers fetch; this is not one")


@attrs.frozen
class Media:
    """A picture, video or other file, by the URL a provider can fetch it from. `size` in bytes, if known."""

    url: str = attrs.field(validator=_web_address, repr=False)
    content_type: str | None = None
    size: int | None = None


MediaLike: TypeAlias = str | Media | Iterable[str | Media]


def _all_media(value: MediaLike) -> tuple[Media, ...]:
    items = (value,) if isinstance(value, str | Media) else tuple(value)
    return tuple(item if isinstance(item, Media) else Media(item) for item in items)


def _aware(_: object, attribute: attrs.Attribute[Any], value: datetime | None) -> None:
    if value is not None and value.utcoffset() is None:
        raise InvalidInput(f"{attribute.name} needs a time zone: datetime.now(timezone.utc), for example")


class Priority(StrEnum):
    """How urgent a message is, where it is more than usual."""

    HIGH = "high"


def _priority(value: str) -> Priority:
    try:
        return Priority(value)
    except ValueError:
        raise InvalidInput(f"priority is {', '.join(map(repr, map(str, Priority)))}, or left out") from None


_OPTIONAL = ("effect", "reply_to", "reference", "send_at", "expires_at", "priority", "leave_out")

_HALF = re.compile("[\ud800-\udfff]")

Extras: TypeAlias = Mapping[str, Mapping[str, Any]]
_NO_EXTRAS: Extras = MappingProxyType({})


def _extras(value: Extras) -> Extras:
    return MappingProxyType({name: MappingProxyType(dict(options)) for name, options in value.items()})


@attrs.frozen(init=False, repr=False)
class Message:
    """A text, pictures, or both.

    `media` is a URL, a `Media`, or several. `effect` is one of the provider's (`capabilities.effects`);
    `reply_to` the id of the message answered; `send_at` a time with a zone, and `expires_at` one after which it is not
    to be delivered any more; `priority` is `"high"` or none; `leave_out` are members who do not get it, where each
    gets a copy of their own; `reference` your own note, which never leaves this program; `extras` what is meant for
    one provider alone, keyed by its name, so that it cannot leak to another. Raises `InvalidInput` when there is
    neither text nor media.
    """

    text: str
    media: tuple[Media, ...]
    effect: str | None
    reply_to: str | None
    reference: str | None
    send_at: datetime | None = attrs.field(validator=_aware)
    expires_at: datetime | None = attrs.field(default=None, validator=_aware)
    priority: Priority | None = attrs.field(default=None, converter=attrs.converters.optional(_priority))
    leave_out: tuple[Address, ...] = ()
    extras: Extras = attrs.field(factory=dict, hash=False)

    def __init__(
        self,
        text: str = "",
        media: MediaLike = (),
        *,
        effect: str | None = None,
        reply_to: str | None = None,
        reference: str | None = None,
        send_at: datetime | None = None,
        expires_at: datetime | None = None,
        priority: str | None = None,
        leave_out: Members = (),
        extras: Extras = MappingProxyType({}),
    ) -> None:
        self.__attrs_init__(  # pyright: ignore[reportAttributeAccessIssue]
            text,
            _all_media(media),
            effect,
            reply_to,
            reference,
            send_at,
            expires_at,
            priority,
            tuple(member.address for member in parse_members(leave_out)) if leave_out != () else (),
            _extras(extras) if extras else _NO_EXTRAS,
        )
        if not isinstance(text, str):
            raise InvalidInput(f"a message's text is a str, not {type(text).__name__}")
        if _HALF.search(text):
            raise InvalidInput("the text has half of a character (a lone surrogate), which no message can carry")
        if not self.text and not self.media:
            raise InvalidInput("a message needs a text or media")

    def __reduce__(self) -> tuple[Any, ...]:
        """Survive pickling and copying, which the read-only `extras` would not by themselves."""
        extras = {name: dict(options) for name, options in self.extras.items()}
        optional: dict[str, Any] = {name: getattr(self, name) for name in _OPTIONAL}
        return partial(Message, self.text, self.media, **optional, extras=extras), ()

    def __repr__(self) -> str:
        return f"Message(<{len(self.text)} characters>, media={len(self.media)})"


class Status(StrEnum):
    """How far a message has come. `accepted`: the provider has it; `unknown`: nobody can say."""

    SCHEDULED = "scheduled"
    ACCEPTED = "accepted"
    SENT = "sent"
    DELIVERED = "delivered"
    READ = "read"
    FAILED = "failed"
    UNKNOWN = "unknown"


class Evidence(StrEnum):
    """Who says that a message was delivered."""

    CARRIER = "carrier"
    HANDSET = "handset"


class FailureReason(StrEnum):
    """Why a provider would not, or could not, deliver."""

    OPTED_OUT = "opted_out"
    INVALID_RECIPIENT = "invalid_recipient"
    UNREACHABLE = "unreachable"
    BLOCKED = "blocked"
    SPAM = "spam"
    TOO_MANY_RECIPIENTS = "too_many_recipients"
    MEDIA = "media"
    RATE = "rate"
    QUOTA = "quota"
    NOT_ALLOWED = "not_allowed"
    CONTENT = "content"
    OTHER = "other"


@attrs.frozen
class Degradation:
    """Something asked for that the message goes, or went, without; or a doubt the caller should know of."""

    feature: str
    done: str


@attrs.frozen(kw_only=True)
class Receipt:
    """The provider has the message.

    `id` is the provider's, `""` where it gave none (a degradation says so). `token` is ours: it went with the
    message and comes back on status events. `recipients` are those the provider named or, else, those asked for.
    `raw` is the provider's answer.
    """

    id: str
    status: Status
    reason: FailureReason | None = None
    token: str = attrs.field(default="", repr=False)
    recipients: tuple[Address, ...] = ()
    degradations: tuple[Degradation, ...] = ()
    raw: Any = attrs.field(default=None, repr=False, eq=False)


@attrs.frozen(kw_only=True)
class GroupReceipt(Receipt):
    """A receipt for a group. `group` is never pending: keep it, or its `dump()`, for the next message."""

    group: Group


def _own_texts(value: Mapping[str, str]) -> Mapping[str, str]:
    return dict(value)


@attrs.frozen(kw_only=True)
class Attempt:
    """One try to send one message: enough to look for it later, even from another process.

    Nothing of it leaves after `leave_by`. Holds the text and numbers: store it as you would store those. `carried` is
    what observers had go along with a message that was queued, empty for any other.
    """

    token: str = attrs.field(repr=False)
    provider: str
    line: str = attrs.field(repr=mask)
    message: Message
    group: Group | None = None
    to: Address | None = None
    leave_from: datetime
    leave_by: datetime
    provider_id: str | None = None
    carried: Mapping[str, str] = attrs.field(factory=dict, converter=_own_texts, repr=False, hash=False)

    def dump(self) -> str:
        """Write it as JSON; `Attempt.load(attempt.dump()) == attempt`."""
        from ._dumping import dump

        return dump(self)

    @classmethod
    def load(cls, text: str) -> Attempt:
        """Read what `dump` wrote. Raises `InvalidInput` for anything else."""
        from ._dumping import load

        return load(cls, text)


class Proof(StrEnum):
    """How sure a found message is ours: our token came back, or the content matched where nothing else could."""

    TOKEN = "token"  # noqa: S105 - a word, not a secret
    CONTENT = "content"


@attrs.frozen
class Found:
    """The provider has the message; `receipt.status` says what became of it."""

    receipt: Receipt
    proof: Proof


@attrs.frozen
class Absent:
    """The message did not go out, and will not: it may be sent again."""


@attrs.frozen
class CannotTell:
    """Nobody can say whether it went out. Do not send it again without asking a person.

    `again`: a later look may tell, since it was only this one that failed.
    """

    why: str
    again: bool = False


Sighting: TypeAlias = Found | Absent | CannotTell
