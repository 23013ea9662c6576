"""The account as the stand-in remembers it: contacts, groups, messages, and who wants none."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from groupmessenger.sandbox.clock import Clock
from groupmessenger.sandbox.phones import Inbound, Network

from ._records import Contact, Forced, Group, Message

LINE = "+13125550110"
SECOND_LINE = "+13125550119"
LINES = (LINE, SECOND_LINE)
ACCESS_KEY = "sandboxAccessKey012345678"
TEST_KEY = "test_sandboxTestKey01234567890"
HOST = "https://rest.messagebird.example"  # in links, which no client should follow: it leads nowhere


def new_id() -> str:
    """An id for anything: 32 lower-case hex digits (1)."""
    return uuid4().hex


def nobody_hears(inbound: Inbound) -> None:
    """What is written to some goes nowhere."""


class Account:
    """MessageBird's memory of the one account.

    `balance` is how many parts it can still pay for, None for any number. `trial_number` is the only number that a
    trial account may text. `callback_url` is what the dashboard has for the numbers and for status reports. One that is
    not `real` calls nobody.
    """

    def __init__(self, network: Network, clock: Clock, doubt: Mapping[str, Any]) -> None:
        self.network = network
        self.clock = clock
        self.doubt = doubt
        self.real = True
        self.balance: int | None = None
        self.trial_number: str | None = None
        self.callback_url: str | None = None
        self.contacts: dict[str, Contact] = {}
        self.groups: dict[str, Group] = {}
        self.messages: dict[str, Message] = {}
        self.opted_out: set[tuple[str, str]] = set()
        self.forced: deque[Forced] = deque()
        for line in LINES:
            network.attach(line, nobody_hears)  # until `listen`

    def aside(self) -> Account:
        """An account that is forgotten after the call, as a test key acts on: its phones are nobody's."""
        aside = Account(Network(self.clock), self.clock, self.doubt)
        aside.real = False
        if self.doubt["test_key"] == "all":
            aside.contacts, aside.groups = self.contacts, self.groups
        return aside

    def now(self) -> datetime:
        """The time."""
        return self.clock.now()

    # Contacts and groups

    def groups_of(self, contact: Contact) -> list[Group]:
        """The groups a contact is in, the newest first."""
        return [group for group in reversed(self.groups.values()) if contact.id in group.members]

    def members(self, group_id: str) -> list[Contact]:
        """Who is in a group, in the order they were added. Nobody is in one that is gone."""
        group = self.groups.get(group_id)
        return [self.contacts[contact_id] for contact_id in group.members] if group else []

    def recipients(self, direct: Iterable[str], group_ids: Iterable[str]) -> list[str]:
        """The numbers that a send leads to: those it names, and the members of its groups."""
        members = [contact.number for group_id in group_ids for contact in self.members(group_id)]
        found = [*dict.fromkeys(direct), *members]
        return found if self.doubt["overlap"] == "twice" else list(dict.fromkeys(found))

    # Messages

    def listed(self, kind: str) -> list[Message]:
        """The messages that lists have, the newest first."""
        by = self.now() - timedelta(seconds=float(self.doubt["list_lag"]))
        return [m for m in reversed(self.messages.values()) if self.is_among(m, kind) and m.created <= by]

    def is_among(self, message: Message, kind: str) -> bool:
        """Whether a message is among those of a kind: MMS may be among the messages."""
        return message.kind == kind or (kind == "messages" and bool(self.doubt["mms_listed"]))

    def messages_of(self, contact: Contact) -> list[Message]:
        """The messages to a contact and from it, the newest first."""
        return [
            message
            for message in self.listed("messages")
            if message.sender == contact.number or contact.number in [copy.number for copy in message.copies]
        ]
