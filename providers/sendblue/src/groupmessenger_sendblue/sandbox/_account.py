"""The account as the stand-in remembers it: lines, groups, messages, and who wants none."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta, timezone
from typing import Any
from uuid import uuid4

from groupmessenger.sandbox.clock import Clock
from groupmessenger.sandbox.phones import Inbound, Network, Thread

from ._records import LINES, Forced, Group, Limits, Message

KEY_ID = "sandbox-key-id"
SECRET = "sandbox-secret-key"  # noqa: S105 - known to everybody, it opens nothing
WEBHOOK_SECRET = "sandbox-webhook-secret"  # noqa: S105 - nor does this
ACCOUNT_EMAIL = "account@example.com"
SEAT = "5ea70000-0000-4000-8000-000000000001"
SEAT_EMAIL = "seat@example.com"

# The vendor names no times; "seconds" is all that is known (3).
SENT_AFTER = timedelta(seconds=2)
DELIVERED_AFTER = timedelta(seconds=5)

STOP_WORDS = frozenset({"stop", "unsubscribe", "cancel", "opt out", "revoke", "end", "quit"})  # 2.7
START_WORD = "start"

_NUMBER = re.compile(r"\+[1-9]\d{6,14}")
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
_EASTERN = timezone(timedelta(hours=-5))  # without summer time: the hour of a daily reset tests nothing


def is_number(value: str) -> bool:
    """Whether it is a phone number in E.164."""
    return _NUMBER.fullmatch(value) is not None


def is_email(value: str) -> bool:
    """Whether it is an e-mail handle, as iMessage has them."""
    return _EMAIL.fullmatch(value) is not None


def instant(moment: datetime) -> str:
    """A moment as Sendblue writes it."""
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


class Account:
    """Sendblue's memory of the one account."""

    def __init__(self, network: Network, clock: Clock, doubt: Mapping[str, Any]) -> None:
        self.network = network
        self.clock = clock
        self.doubt = doubt
        self.limits = Limits(file_bytes=doubt["largest_file"] * 1_000_000)
        self.groups: dict[str, Group] = {}
        self.messages: list[Message] = []
        self.opted_out: set[str] = set()
        self.forced: deque[Forced] = deque()
        self.on_message: Callable[[Message], None] = lambda _: None
        self._last_contact: dict[tuple[str, str], datetime] = {}
        self._new_contacts: dict[str, list[datetime]] = {line: [] for line in LINES}
        for line in LINES:
            network.attach(line, self.hear)

    # Phones

    def imessage(self, handle: str) -> bool:
        """Whether this phone (or line) has iMessage."""
        if handle in LINES:
            return True
        if handle in self.network.lines:  # another vendor's line, which texts only
            return False
        phone = self.network.phones[handle]
        return phone.imessage and not phone.landline

    def _on(self, handles: Sequence[str]) -> bool:
        """Whether these phones are on, any or all of them: what DELIVERED means for a group is open (3)."""
        phones = [self.network.phones[number] for number in handles if number not in self.network.lines]
        enough = all if self.doubt["delivered_in_group"] == "all" else any
        return bool(phones) and enough(phone.on for phone in phones)

    # Groups

    def group_among(self, participants: set[str]) -> Group | None:
        """The newest group of exactly these people."""
        return next(
            (group for group in reversed(self.groups.values()) if group.thread.participants == participants),
            None,
        )

    def open_group(self, line: str, others: Sequence[str]) -> Group:
        """Make a group. Its chat is on the device once its first message is sent."""
        participants = {line, *others}
        imessage = all(self.imessage(number) for number in others)
        # A group of one other person lands in the private thread (phones know no other).
        apple = imessage and len(participants) > 2
        thread = self.network.apple_group(participants) if apple else self.network.thread(participants)
        return self._keep(thread, imessage=imessage, exists_from=self.clock.now() + SENT_AFTER)

    def _keep(self, thread: Thread, *, imessage: bool, exists_from: datetime) -> Group:
        now = self.clock.now()
        group = Group(f"sb_group_{uuid4()}", thread, imessage, now, exists_from, now)
        self.groups[group.id] = group
        return group

    def exists(self, group: Group) -> bool:
        """Whether its chat is on the device, and so can be renamed and changed (2.5)."""
        return self.clock.now() >= group.exists_from or self.doubt["rename_early"] == "accepted"

    # Messages out

    def keep(self, message: Message) -> None:
        """Have this message from now on, and tell whoever is to know."""
        self.messages.append(message)
        self.on_message(message)

    def send(self, message: Message) -> None:
        """Put a message into its thread.

        Phones show it at once while its status lags: the status lags in life too (a device polls), and a test
        need not wait to see what people see.
        """
        self.keep(message)
        for number in message.others:
            self._last_contact[message.line, number] = message.created
        if message.group is not None:
            message.group.updated = message.created
        if message.fixed:  # it will fail, and reach nobody
            return
        thread = self.network.threads[message.thread_id]
        media = [message.media_url] if message.media_url else []
        reached = self.network.post(thread, message.line, message.content, media)
        message.shown_at_once = self._on(reached)

    def status(self, message: Message) -> tuple[str, datetime]:
        """Its status now, and since when."""
        now = self.clock.now()
        if "status" in self.fixed(message):
            return str(message.fixed["status"]), message.fixed_from or message.created
        if not message.outbound:
            return "RECEIVED", message.created
        sent, delivered = message.created + SENT_AFTER, message.created + DELIVERED_AFTER
        # One status for the whole group (3). SMS stops at SENT.
        if now >= delivered and not self._stops_at_sent(message) and message.delivered is None:
            if message.shown_at_once:
                message.delivered = delivered
            elif self._on(message.others):
                message.delivered = now
        if message.delivered is not None:
            return "DELIVERED", message.delivered
        return ("SENT", sent) if now >= sent else ("QUEUED", message.created)

    def fixed(self, message: Message) -> Mapping[str, Any]:
        """The status and error fields that it will keep, once it has them."""
        later = message.fixed_from is not None and self.clock.now() < message.fixed_from
        return {} if later else message.fixed

    def final(self, message: Message) -> bool:
        """Whether its status will not change any more."""
        status = self.status(message)[0]
        return (
            "status" in self.fixed(message)
            or status == "DELIVERED"
            or (status == "SENT" and self._stops_at_sent(message))
        )

    def _stops_at_sent(self, message: Message) -> bool:
        return not message.imessage and self.doubt["sms_final"] == "SENT"

    def find(self, handle: str) -> Message | None:
        """The message with this handle. Handles are not folded: in- and outbound ones differ in case (4)."""
        return next((message for message in self.messages if message.handle == handle), None)

    # New contacts (5)

    def new_contacts(self, line: str, numbers: Sequence[str]) -> int:
        """How many of these had no message either way with the line in 30 days."""
        since = self.clock.now() - timedelta(days=30)
        return sum(self._last_contact.get((line, number), since) <= since for number in numbers if number not in LINES)

    def cap_reached(self, line: str, more: int) -> str | None:
        """The key of the cap that so many more new contacts would pass."""
        now = self.clock.now()
        day = now.astimezone(_EASTERN) - timedelta(hours=3)
        day_began = day.replace(hour=3, minute=0, second=0, microsecond=0)
        met = self._new_contacts[line]
        if sum(at > now - timedelta(hours=1) for at in met) + more > self.limits.new_contacts_per_hour:
            return "LINE_HOURLY_LIMIT_REACHED"
        if sum(at >= day_began for at in met) + more > self.limits.new_contacts_per_day:
            return "LINE_DAILY_LIMIT_REACHED"
        return None

    def meet(self, line: str, count: int) -> None:
        """Count so many new contacts against the caps."""
        self._new_contacts[line] += [self.clock.now()] * count

    # Messages in

    def hear(self, inbound: Inbound) -> None:
        """Keep what reached one of our lines. What another of them wrote is not echoed, or is: a doubt (4)."""
        ours = inbound.sender in LINES
        if ours and self.doubt["own_echo"] == "none":
            return
        private = not inbound.thread.apple and len(inbound.thread.participants) == 2
        word = inbound.text.strip().lower()
        if not ours and (private or self.doubt["group_stop"] == "opts_out"):
            if word in STOP_WORDS:
                self.opted_out.add(inbound.sender)
            elif word == START_WORD:
                self.opted_out.discard(inbound.sender)
        self._last_contact[inbound.line, inbound.sender] = inbound.at
        group = None if private else self._group_of(inbound.thread, inbound.at)
        # Several attachments come as several messages, each with its own handle (4).
        parts: list[tuple[str, ...]] = [(url,) for url in inbound.media or ("",)]
        if len(inbound.media) > 1 and self.doubt["attachments"] == "media_urls":
            parts = [inbound.media]
        for number, urls in enumerate(parts):
            self.keep(
                Message(
                    handle=str(uuid4()).upper(),  # inbound handles look like Apple's (4)
                    line=inbound.line,
                    outbound=False,
                    sender=inbound.sender,
                    others=tuple(sorted(inbound.thread.participants - {inbound.line})),
                    thread_id=inbound.thread.id,
                    group=group,
                    to_group=group is not None,
                    imessage=inbound.thread.apple or (private and self.imessage(inbound.sender)),
                    content="" if number else inbound.text,
                    media_url=urls[0],
                    media_urls=urls if len(urls) > 1 else (),
                    created=inbound.at,
                    opted_out=inbound.sender in self.opted_out,
                )
            )

    def _group_of(self, thread: Thread, at: datetime) -> Group:
        known = next((group for group in reversed(self.groups.values()) if group.thread is thread), None)
        if known is None:  # somebody wrote to the line in a group of their own making
            return self._keep(thread, imessage=thread.apple, exists_from=at)
        known.exists_from = min(known.exists_from, at)
        known.updated = at
        return known
