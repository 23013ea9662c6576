"""What the account keeps: groups, messages, its limits, and what a test has it say."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import uuid4

import attrs

from groupmessenger.sandbox.phones import Thread

LINE = "+13125550100"
SECOND_LINE = "+13125550109"
LINES = (LINE, SECOND_LINE)


@attrs.define
class Limits:
    """The vendor's rates and caps (2.2, 3, 5). A test may lift them."""

    people: int = 25
    characters: int = 18_996  # exclusive: one vendor page says "less than", another "up to"
    sends_per_second: int = 10
    lists_per_ten_seconds: int = 100
    new_contacts_per_hour: int = 15
    new_contacts_per_day: int = 50
    file_bytes: int = 100_000_000


@attrs.define(eq=False)
class Group:
    """A group of the account. Who is in it is the thread's: people come and go on their phones too."""

    id: str
    thread: Thread
    imessage: bool
    created: datetime
    exists_from: datetime
    updated: datetime
    photo: dict[str, str] | None = None
    worker_id: str = attrs.field(factory=lambda: str(uuid4()).upper())

    @property
    def participants(self) -> tuple[str, ...]:
        """Everybody in it, our lines included."""
        return tuple(sorted(self.thread.participants))

    @property
    def lines(self) -> tuple[str, ...]:
        """Our lines in it."""
        return tuple(line for line in LINES if line in self.thread.participants)

    @property
    def members(self) -> tuple[str, ...]:
        """Everybody in it but our lines."""
        return tuple(number for number in self.participants if number not in LINES)


@attrs.define(eq=False)
class Message:
    """One message in or out.

    `fixed` holds the status and error fields of one that will not move on, `fixed_from` some moment if that is to
    come. `told` is the last status that its callbacks had.
    """

    handle: str
    line: str
    outbound: bool
    sender: str
    others: tuple[str, ...]
    thread_id: str
    group: Group | None
    imessage: bool
    content: str
    media_url: str
    created: datetime
    style: str | None = None
    reply_to: dict[str, Any] | None = None
    by_seat: bool = False
    shown_at_once: bool = False
    to_group: bool = False
    opted_out: bool = False
    fixed: Mapping[str, Any] = attrs.field(factory=dict[str, Any])
    fixed_from: datetime | None = None
    media_urls: tuple[str, ...] = ()
    status_callback: str = attrs.field(default="", repr=False)
    delivered: datetime | None = None
    told: str = ""


@attrs.frozen
class Forced:
    """What the next send is to say, and whether it is to be sent all the same; or what becomes of it `later`."""

    fields: Mapping[str, Any]
    status: int
    done: bool
    whole: bool
    later: bool = False
