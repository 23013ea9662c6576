"""What a client hears, and how it answers: blocking, on asyncio and on trio."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import attrs
import httpx
import pytest
from acme import ALICE, BOB, CAROL, LINE, SECRET, WAYS, Vendor, World, world
from hearing import NOW, HearingMessenger, callback, messenger, wrote
from hypothesis import given
from hypothesis import strategies as st

from groupmessenger import Client
from groupmessenger.callbacks import LARGEST, Callback
from groupmessenger.errors import (
    GroupMessengerError,
    GroupUnresolved,
    InvalidInput,
    InvalidSignature,
    MalformedWebhook,
    UnsupportedOperation,
    WrongConnection,
)
from groupmessenger.events import MessageReceived, ReactionReceived, StatusChanged
from groupmessenger.groups import Group, Topology
from groupmessenger.messages import Status
from groupmessenger.origin import Origin
from groupmessenger.phone import PhoneNumber


@pytest.fixture(params=WAYS)
def here(request: pytest.FixtureRequest) -> Iterator[World]:
    with world(request.param) as opened:
        yield opened


def connect(here: World, vendor: Vendor | None = None, **options: Any) -> Any:
    return here.connect(vendor or Vendor(), options.pop("messenger", messenger()), **options)


def message(**changes: Any) -> MessageReceived:
    (event,) = messenger().receive(callback(wrote()))
    assert isinstance(event, MessageReceived)
    return attrs.evolve(event, **changes)


class TestReceiving:
    def test_what_is_believed_is_told(self, here: World) -> None:
        (event,) = connect(here).receive(callback(wrote()))
        assert ("in/1", PhoneNumber(ALICE), "Yes!", "g1") == (event.key, event.sender, event.text, event.group.id)

    def test_an_event_bears_the_name_of_its_connection(self, here: World) -> None:
        """Where it has one."""
        assert "main" == connect(here, origin=Origin("main")).receive(callback(wrote()))[0].connection
        assert None is connect(here).receive(callback(wrote()))[0].connection

    def test_nobody_else_is_believed(self, here: World) -> None:
        with pytest.raises(InvalidSignature) as refused:
            connect(here).receive(callback(wrote(), secret="guessed"))
        assert 401 == refused.value.http_status

    def test_everybody_is_believed_if_that_is_wanted(self, here: World, caplog: pytest.LogCaptureFixture) -> None:
        """And the log says so, each time."""
        with caplog.at_level(logging.WARNING):
            assert connect(here).receive(callback(wrote(), secret="guessed"), verify=False)
        assert "a callback of Acme is believed without proof: verify is off" in caplog.messages

    def test_the_same_delivery_again_tells_the_same(self, here: World) -> None:
        client = connect(here)
        first = client.receive(callback(wrote(), once="d1"))
        assert first == client.receive(callback(wrote(), once="d1"))

    def test_a_delivery_of_the_same_id_with_another_content_is_a_replay(self, here: World) -> None:
        client = connect(here)
        client.receive(callback(wrote(), once="d1"))
        for other in (callback(wrote(text="No!"), once="d1"), callback(wrote(), once="d1", url="https://x.example/")):
            with pytest.raises(InvalidSignature, match="replay"):
                client.receive(other)
        assert client.receive(callback(wrote(text="No!"), once="d2"))

    def test_a_body_has_an_end(self, here: World) -> None:
        huge = Callback("POST", "https://x.example/", {"x-acme-secret": SECRET}, b"[" + b" " * LARGEST)
        with pytest.raises(MalformedWebhook, match="larger than"):
            connect(here).receive(huge)

    def test_a_provider_without_callbacks_says_so(self, here: World) -> None:
        client = here.connect(Vendor())
        with pytest.raises(UnsupportedOperation, match="Acme cannot tell us anything"):
            client.receive(callback(wrote()))

    def test_an_adapter_that_gives_no_proof_is_not_believed(self, here: World) -> None:
        """A bool, such as False, is none; nor is a coroutine that nobody awaits."""

        class Loose(HearingMessenger):
            def verify(self, callback: Callback) -> Any:
                return True

        loose = Loose(line=LINE, api_key=SECRET)
        for receive in (loose.receive, connect(here, messenger=loose).receive):
            with pytest.raises(TypeError, match=r"verify gives Verified\(\) or raises InvalidSignature"):
                receive(callback(wrote()))

    def test_what_is_no_callback(self, here: World) -> None:
        with pytest.raises(InvalidInput, match=r"a callback is a groupmessenger\.Callback"):
            connect(here).receive({"id": "1"})

    def test_a_limit_of_the_connection_decides_what_may_be_answered(self, here: World) -> None:
        people = [f"+1312555{n:04}" for n in range(150, 156)]
        (event,) = connect(here, limits={"recipients": 6}).receive(callback(wrote(members=people)))
        assert event.repliable
        (event,) = connect(here, limits={"recipients": 1}).receive(callback(wrote()))
        assert "at most 1 (this connection's limits)" in event.not_repliable_because


class TestReplying:
    def test_the_answer_goes_to_the_thread(self, here: World) -> None:
        vendor = Vendor()
        client = connect(here, vendor)
        group = vendor.open([ALICE, BOB])
        (event,) = client.receive(callback(wrote(group=group)))
        receipt = client.reply(event, "See you there")
        assert [(group, [ALICE, BOB], "See you there")] == [
            (each["group"], each["to"], each["text"]) for each in vendor.messages
        ]
        assert event.group == receipt.group

    def test_a_reaction_is_answered_as_well(self, here: World) -> None:
        vendor = Vendor()
        client = connect(here, vendor)
        group = Group("acme", LINE, vendor.open([ALICE, BOB]))
        event = ReactionReceived(
            key="r", at=NOW, sender=PhoneNumber(ALICE), line=LINE, reaction="love", group=group, text="Loved it"
        )
        assert group == client.reply(event, "Good").group

    def test_a_private_message_has_no_group_to_answer(self, here: World) -> None:
        """It is never answered privately by itself."""
        vendor = Vendor()
        client = connect(here, vendor)
        (event,) = client.receive(callback(wrote(group=None, members=[ALICE])))
        with pytest.raises(GroupUnresolved, match=r"in no group: .* send_direct\(event.sender") as unresolved:
            client.reply(event, "Hello")
        assert () == unresolved.value.candidates
        assert [] == vendor.seen

    def test_where_the_provider_does_not_say_which_group_candidates_are_named(self, here: World) -> None:
        vendor = Vendor()
        vendor.answer("GET /memberships", httpx.Response(200, json={"ids": ["g7", "g9"]}))
        client = connect(here, vendor, messenger=broadcasting())
        with pytest.raises(GroupUnresolved, match="its sender is in 2 of your groups") as unresolved:
            client.reply(message(group=None), "Hello")
        assert ("g7", "g9") == unresolved.value.candidates
        assert [] == vendor.messages

    def test_candidates_that_cannot_be_read_change_nothing(self, here: World) -> None:
        vendor = Vendor()
        client = connect(here, vendor, messenger=broadcasting(), patience=0)
        vendor.answer("GET /memberships", *[httpx.Response(500)] * 5)
        with pytest.raises(GroupUnresolved, match="could not be read") as unresolved:
            client.reply(message(group=None), "Hello")
        assert isinstance(unresolved.value.__cause__, GroupMessengerError)

    def test_what_is_not_repliable_is_not_answered(self, here: World) -> None:
        vendor = Vendor()
        event = message(repliable=False, not_repliable_because="12 other people are in it")
        with pytest.raises(UnsupportedOperation, match="cannot be answered: 12 other people are in it"):
            connect(here, vendor).reply(event, "Hello")
        assert [] == vendor.seen

    def test_a_group_that_was_not_said_is_no_private_message(self, here: World) -> None:
        """Nobody is told to answer privately what was written in a group."""
        event = message(group=None, repliable=False, not_repliable_because="it was written in a group without an id")
        with pytest.raises(GroupUnresolved, match="cannot be answered: it was written in a group") as unresolved:
            connect(here).reply(event, "Hello")
        assert "send_direct" not in str(unresolved.value)

    def test_another_lines_message(self, here: World) -> None:
        with pytest.raises(WrongConnection, match="another line"):
            connect(here).reply(message(line="+13125550109"), "Hello")

    def test_another_providers_group(self, here: World) -> None:
        with pytest.raises(WrongConnection, match="lives at other"):
            connect(here).reply(message(group=Group("other", LINE, "g1")), "Hello")

    @pytest.mark.parametrize("what", ["g1", None, Group("acme", LINE, "g1")])
    def test_what_cannot_be_answered(self, here: World, what: object) -> None:
        with pytest.raises(InvalidInput, match="what can be answered is a message or a reaction"):
            connect(here).reply(what, "Hello")


def broadcasting() -> HearingMessenger:
    """Acme, if it were one that sends private copies."""
    made = messenger()

    class Broadcasting(HearingMessenger):
        capabilities = attrs.evolve(HearingMessenger.capabilities, topology=Topology.BROADCAST)

    return Broadcasting(line=made.line, api_key=made.api_key)


NUMBERS = [f"+131255501{n:02}" for n in range(1, 9)]
THREADS = st.lists(st.sampled_from(NUMBERS), min_size=1, max_size=8, unique=True)


@given(threads=st.lists(THREADS, min_size=1, max_size=4), data=st.data())
def test_no_reply_reaches_anybody_outside_the_events_thread(threads: list[list[str]], data: st.DataObject) -> None:
    """Whatever groups there are, and whatever the event says of itself: its thread gets the answer, or nobody does."""
    vendor = Vendor()
    groups = [vendor.open(people) for people in threads]
    with Client(messenger(), http=vendor.transport(), patience=0) as client:
        for _ in range(3):
            at = data.draw(st.integers(0, len(groups) - 1))
            named = data.draw(st.sampled_from([groups[at], None, "g99"]))
            row = wrote(
                id=data.draw(st.text("abc", min_size=1, max_size=3)),
                group=named,
                members=data.draw(st.sampled_from([threads[at], [], NUMBERS])),
                line=data.draw(st.sampled_from([LINE, LINE, "+13125550109"])),
                **{"from": data.draw(st.sampled_from(threads[at]))},
            )
            (event, *_) = client.receive(callback(row))
            assert isinstance(event, MessageReceived)
            before = len(vendor.messages)
            try:
                client.reply(event, "Hello")
            except GroupMessengerError:
                assert before == len(vendor.messages)
            else:
                assert (groups[at], set(threads[at])) == (named, set(vendor.messages[-1]["to"]))
                assert before + 1 == len(vendor.messages)


class TestDelivery:
    def test_events_of_a_message_are_found_among_others(self, here: World) -> None:
        """By our token, else by the provider's id; who was not told of is unknown."""
        vendor = Vendor()
        client = connect(here, vendor)
        receipt = client.send(client.create_group([ALICE, BOB, CAROL]), "Hello")
        mine = [{"id": receipt.id, "to": ALICE, "status": each} for each in ("delivered", "sent")]
        events = client.receive(callback(*mine, {"id": "m99", "to": BOB, "status": "failed"}, wrote()))
        delivery = client.delivery(receipt, events)
        assert "1 delivered, 2 unknown" == delivery.summary
        assert Status.DELIVERED is delivery.by_recipient[PhoneNumber(ALICE)].status

    def test_a_token_goes_before_an_id(self, here: World) -> None:
        vendor = Vendor()
        client = connect(here, vendor)
        receipt = client.send(client.create_group([ALICE, BOB]), "Hello")
        told = StatusChanged(
            key="k", at=NOW, message_id="", status=Status.SENT, token=receipt.token, recipient=PhoneNumber(ALICE)
        )
        assert "1 sent, 1 unknown" == client.delivery(receipt, [told]).summary
        assert "nothing told yet" == client.delivery(receipt, [attrs.evolve(told, token="other")]).summary


class TestCatchingUp:
    def test_what_came_in_is_listed_page_by_page(self, here: World) -> None:
        vendor = Vendor()
        vendor.answer(
            "GET /inbox",
            httpx.Response(200, json={"items": [wrote("1"), wrote("2", text="STOP")], "next": "2"}),
            httpx.Response(200, json={"items": [wrote("3")], "next": None}),
        )
        events = connect(here, vendor, origin=Origin("main")).received_since(datetime(2026, 11, 20, tzinfo=UTC))
        assert ["in/1", "in/2", "in/2/opted_out", "in/3"] == [event.key for event in events]

    def test_the_keys_are_those_of_callbacks(self, here: World) -> None:
        vendor = Vendor()
        vendor.answer("GET /inbox", httpx.Response(200, json={"items": [wrote()], "next": None}))
        client = connect(here, vendor)
        assert list(client.receive(callback(wrote()))) == list(client.received_since(NOW))

    def test_it_is_refused_at_once(self, here: World) -> None:
        with pytest.raises(UnsupportedOperation, match="Acme cannot list what came in"):
            here.connect(Vendor()).received_since(NOW)
        with pytest.raises(InvalidInput, match="time zone"):
            connect(here).received_since(datetime(2026, 11, 20))
        for extreme in (datetime.min, datetime.max):
            with pytest.raises(InvalidInput, match="no time that every zone has"):
                connect(here).received_since(extreme.replace(tzinfo=UTC))
