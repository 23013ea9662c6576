"""The account as the stand-in remembers it: its lines, its messages, and how each recipient fared."""

from __future__ import annotations

import math
import secrets
from collections import deque
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import attrs

from groupmessenger.sandbox.clock import Clock
from groupmessenger.sandbox.phones import Network

LINE = "+13125550120"
SECOND_LINE = "+13125550129"
TOLL_FREE = "+18005550120"
LINES = (LINE, SECOND_LINE, TOLL_FREE)
APPLICATION_ID = "0a9b5e2c-7d41-4c1e-9f60-5b1d2c3e4f50"
UNLINKED_APPLICATION_ID = "0a9b5e2c-7d41-4c1e-9f60-5b1d2c3e4f59"

_ALPHABET = "abcdefghijklmnopqrstuvwxyz234567"


@attrs.frozen
class Stage:
    """One step of a message on its way to one recipient."""

    status: str
    at: datetime
    error_code: int = 0


@attrs.define(eq=False)
class Recipient:
    """One number that a message is for, and all its stages so far."""

    number: str
    stages: list[Stage]

    @property
    def last(self) -> Stage:
        """Where it stands."""
        return self.stages[-1]


@attrs.define(eq=False)
class Message:
    """One message in or out. One id is for the whole group; each of `recipients` has a history of its own.

    `line` is ours; inbound `to` has everybody but the sender. What `vanished` was accepted and went nowhere.
    """

    id: str
    line: str
    outbound: bool
    sender: str
    to: tuple[str, ...]
    text: str
    media: tuple[str, ...]
    mms: bool
    created: datetime
    recipients: tuple[Recipient, ...]
    application_id: str = APPLICATION_ID
    thread_id: str = ""
    tag: str | None = None
    priority: str | None = None
    expiration: datetime | None = None
    vanished: bool = False

    @property
    def segments(self) -> int:
        """How many segments are counted: always one for an MMS."""
        if self.mms:
            return 1
        # ASCII stands for GSM 03.38 here: what a segment costs tests nothing.
        whole, part = (160, 153) if self.text.isascii() else (70, 67)
        return 1 if len(self.text) <= whole else math.ceil(len(self.text) / part)

    def history(self, number: str) -> list[Stage]:
        """What happened on the way to one recipient. Raises KeyError for somebody else."""
        return {recipient.number: recipient for recipient in self.recipients}[number].stages


@attrs.frozen
class Forced:
    """What the next send is to say, and whether it is to be sent all the same."""

    fields: Mapping[str, Any]
    status: int
    done: bool
    whole: bool


class Queue:
    """What waits to go out, counted by segment and recipient; it drains by the clock (6)."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.room = 10_000  # by default the vendor's takes 900: what goes out in 15 minutes
        self.per_second = 1
        self._empty_at = clock.now()

    @property
    def wait(self) -> timedelta:
        """How long what comes now waits for its turn."""
        return max(self._empty_at - self._clock.now(), timedelta())

    def takes(self, count: int) -> bool:
        """Whether there is room for so many more."""
        return self.wait.total_seconds() * self.per_second + count <= self.room

    def put(self, count: int) -> None:
        """Let so many more wait."""
        self._empty_at = self._clock.now() + self.wait + timedelta(seconds=count / self.per_second)


class Account:
    """Bandwidth's memory of the one account."""

    def __init__(self, network: Network, clock: Clock, doubt: Mapping[str, Any]) -> None:
        self.network = network
        self.clock = clock
        self.doubt = doubt
        self.queue = Queue(clock)
        self.messages: list[Message] = []
        self.forced: deque[Forced] = deque()

    def new_id(self) -> str:
        """An id for a message: 29 characters that begin with the time, or a UUID (2)."""
        if self.doubt["id_style"] == "uuid":
            return str(uuid4())
        milliseconds = int(self.clock.now().timestamp() * 1000)
        return f"{milliseconds:013}" + "".join(secrets.choice(_ALPHABET) for _ in range(16))

    def instant(self, moment: datetime) -> str:
        """A moment as Bandwidth writes it (3)."""
        digits = self.doubt["time_digits"]
        timespec = {0: "seconds", 3: "milliseconds", 6: "microseconds"}[digits]
        return moment.isoformat(timespec=timespec).replace("+00:00", "Z")
