"""One attempt: watched, carried out, and what a client remembers of it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import attrs
import httpx
import pytest
from acme import ALICE, BOB, LINE, SECRET, WAYS, AcmeMessenger, Vendor, World, says, world

from groupmessenger.errors import GroupMessengerError, OutcomeUnknown, Rejected, SendBlocked
from groupmessenger.flow import Request, ask
from groupmessenger.groups import Group
from groupmessenger.messages import Attempt, GroupReceipt, Message, Receipt
from groupmessenger.opened import Opened
from groupmessenger.sending import Sending

FRIENDS = [ALICE, BOB]


@pytest.fixture(params=WAYS)
def here(request: pytest.FixtureRequest) -> Iterator[World]:
    """Each way to use a client."""
    with world(request.param) as opened:
        yield opened


@pytest.fixture
def vendor() -> Vendor:
    return Vendor()


# --- what a client remembers


def test_a_name_that_was_asked_for_is_remembered_until_it_is_set() -> None:
    """A provider may set it with a later message: what the group has become is known by the old value."""
    opened = Opened()
    pending = Group("acme", LINE, "set_1", pending=True, name="x", name_pending=True)
    first = Group("acme", LINE, "g1", name="x", name_pending=True)
    assert first is opened.remember(pending, first)
    assert (first, first) == (opened.now(pending), opened.now(Group("acme", LINE, "g1")))
    named = Group("acme", LINE, "g1", name="x")
    opened.remember(first, named)
    assert opened.now(Group("acme", LINE, "g1")) is named
    plain = Group("acme", LINE, "g2")
    opened.remember(plain, plain)
    assert plain not in opened


def test_memory_is_bounded() -> None:
    """The oldest is forgotten: a client is not a database."""
    opened = Opened()
    for number in range(10_001):
        pending = Group("acme", LINE, f"set_{number}", pending=True)
        opened.remember(pending, Group("acme", LINE, f"g{number}"))
    assert 10_000 == len(opened)
    assert "set_0" == opened.now(Group("acme", LINE, "set_0")).id
    assert "g10000" == opened.now(Group("acme", LINE, "set_10000")).id
    sending = Sending(AcmeMessenger(line=LINE, api_key=SECRET), 30, None)
    for number in range(10_001):
        sending._account(f"m{number}", "token")
    sending._account("", "token")
    assert 10_000 == len(sending._accounted_for([], "other"))
    assert set() == sending._accounted_for([], "token")


# --- observers


class Watching:
    """Keeps what it sees."""

    def __init__(self, veto: bool = False) -> None:
        self.veto = veto
        self.before: list[Attempt] = []
        self.after: list[tuple[Attempt, Receipt | GroupMessengerError]] = []

    def before_send(self, attempt: Attempt) -> None:
        self.before.append(attempt)
        if self.veto:
            raise SendBlocked("quiet hours")

    def after_send(self, attempt: Attempt, result: Receipt | GroupMessengerError) -> None:
        self.after.append((attempt, result))


def test_an_observer_sees_every_send_and_what_became_of_it(here: World, vendor: Vendor) -> None:
    """A receipt, a refusal, a doubt; the token is the one that leaves."""
    watching = Watching()
    client = here.connect(vendor, observers=watching)
    group = client.send(client.create_group(FRIENDS), "one").group
    vendor.answer("POST /messages", says(400, error="no"), httpx.ReadError("lost"))
    vendor.answer("POST /messages", says(200, odd=1))
    for _ in range(3):
        with pytest.raises(GroupMessengerError):
            client.send(group, "x")
    assert [GroupReceipt, Rejected, OutcomeUnknown, OutcomeUnknown] == [type(result) for _, result in watching.after]
    assert watching.before == [attempt for attempt, _ in watching.after]
    assert vendor.messages[0]["token"] == watching.before[0].token


def test_a_veto_keeps_a_message_back(here: World, vendor: Vendor) -> None:
    watching = Watching(veto=True)
    client = here.connect(vendor, observers=watching)
    sends: list[Any] = [
        lambda: client.send(client.create_group(FRIENDS), "x"),
        lambda: client.send_direct(ALICE, "x"),
    ]
    for send in sends:
        with pytest.raises(SendBlocked, match="quiet hours"):
            send()
    assert ([], []) == (vendor.seen, watching.after)


def test_an_observer_that_fails_afterwards_changes_nothing(here: World, vendor: Vendor) -> None:
    """What became of the message is known, and stays what it is; the failure is logged."""

    class Failing(Watching):
        def after_send(self, attempt: Attempt, result: Receipt | GroupMessengerError) -> None:
            raise OSError("disk full")

    client = here.connect(vendor, observers=Failing())
    assert client.send(client.create_group(FRIENDS), "one").id


# --- what an adapter gives


def test_a_receipt_whose_group_is_pending_is_no_receipt(here: World, vendor: Vendor) -> None:
    """Whoever kept it would open the group again: what became of the message is in doubt."""

    class Forgets(AcmeMessenger):
        async def send(self, group: Group, message: Message, token: str) -> GroupReceipt:
            return attrs.evolve(await super().send(group, message, token), group=group)

    client = here.connect(vendor, Forgets(line=LINE, api_key=SECRET))
    with pytest.raises(OutcomeUnknown):
        client.send(client.create_group(FRIENDS), "x")


def test_a_question_before_the_message_leaves_a_refusal_what_it_is(here: World, vendor: Vendor) -> None:
    """A GET takes no message, whether its author calls it repeatable or not."""

    class Asks(AcmeMessenger):
        async def send(self, group: Group, message: Message, token: str) -> GroupReceipt:
            await ask(Request("GET", "/groups"))
            return await super().send(group, message, token)

    client = here.connect(vendor, Asks(line=LINE, api_key=SECRET))
    vendor.answer("POST /messages", says(400, error="no such number"))
    with pytest.raises(Rejected):
        client.send(client.create_group(FRIENDS), "x")
