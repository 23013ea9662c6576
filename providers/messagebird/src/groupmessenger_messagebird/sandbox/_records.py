"""What the account keeps: contacts, groups of them, and messages with a copy for each recipient."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import attrs

FINAL = frozenset({"delivered", "expired", "delivery_failed"})  # (4.4)
MCCMNC = "310999"
CUSTOM = ("custom1", "custom2", "custom3", "custom4")


@attrs.define(eq=False)
class Contact:
    """Somebody with a number, in E.164 here and in digits on the wire."""

    id: str
    number: str
    created: datetime
    first_name: str = ""
    last_name: str = ""
    custom: dict[str, str] = attrs.field(factory=dict)
    updated: datetime | None = None

    @property
    def msisdn(self) -> int:
        """The number as it is read back: digits, as a JSON integer."""
        return digits(self.number)


@attrs.define(eq=False)
class Group:
    """A list of contacts by their ids, and no more than that: phones know nothing of it."""

    id: str
    name: str
    created: datetime
    updated: datetime
    members: list[str] = attrs.field(factory=list)


@attrs.frozen
class State:
    """What is said of a copy, and since when."""

    status: str
    since: datetime | None = None
    code: int | None = None
    reason: str = ""


@attrs.define(eq=False)
class Copy:
    """One recipient's private copy of a message. `state` is its last one, None while it is still on its way."""

    number: str
    thread_id: str = ""
    posted: datetime | None = None
    unreachable: bool = False
    was_off: bool = False
    opted_out: bool = False
    state: State | None = None


@attrs.define(eq=False)
class Message:
    """One message in or out, of the `kind` "messages" or "mms".

    `sender` is the originator as phones show it, `text` the body; `direct` are those who were not named by a group.
    `told` has the recipients and statuses that were reported, or would have been.
    """

    id: str
    kind: str
    outbound: bool
    originator: str
    sender: str
    body: str
    text: str
    created: datetime
    copies: list[Copy]
    media: tuple[str, ...] = ()
    subject: str | None = None
    reference: str | None = None
    report_url: str | None = None
    scheduled: datetime | None = None
    validity: int | None = None
    direct: tuple[str, ...] = ()
    group_ids: tuple[str, ...] = ()
    type: str = "sms"
    datacoding: str = "plain"
    gateway: int = 1
    mclass: int = 1
    type_details: Any = attrs.field(factory=dict)
    parts: int = 1
    length: int = 0
    cost: int = 0
    waiting: bool = False
    told: set[tuple[str, str]] = attrs.field(factory=set)

    @property
    def price(self) -> float:
        """What each copy costs, in dollars."""
        return round(0.01 * self.parts, 2)


@attrs.frozen
class Forced:
    """What the next send is to say, and whether it is to be sent all the same."""

    fields: Mapping[str, Any]
    status: int
    done: bool
    whole: bool


def digits(number: str) -> int:
    """A number in E.164 as MessageBird writes it."""
    return int(number.removeprefix("+"))


def instant(moment: datetime | None) -> str | None:
    """A moment as MessageBird writes it."""
    return None if moment is None else moment.isoformat(timespec="seconds")
