"""Events as commands print them."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import attrs
import pytest
from cli.running import ANN, BOB, CAT
from hypothesis import given
from hypothesis import strategies as st

from groupmessenger import (
    Event,
    Evidence,
    FailureReason,
    Group,
    Media,
    Member,
    MembersChanged,
    MessageReceived,
    OptedIn,
    OptedOut,
    PhoneNumber,
    ReactionReceived,
    Status,
    StatusChanged,
    Topology,
    TypingChanged,
    Unrecognized,
)
from groupmessenger.cli.events import describe_event, dump_event, visible
from groupmessenger.phone import OpaqueAddress

LINE = "+13125550100"
AT = datetime(2026, 11, 21, 14, tzinfo=UTC)
GROUP = Group("acme", LINE, "g1", (Member(ANN), Member(BOB, "Bob")), topology=Topology.SHARED_THREAD)
HEAD: dict[str, Any] = {"key": "k", "connection": "main", "at": AT, "raw": {"secret": "raw"}}
WHO: dict[str, Any] = {**HEAD, "sender": PhoneNumber(ANN), "line": LINE}

EVENTS: dict[str, Event] = {
    f"message received  {ANN}  in g1: Yes!": MessageReceived(**WHO, id="m1", group=GROUP, text="Yes!"),
    f"message received  {ANN}  privately: Yes!": MessageReceived(**WHO, id="m1", text="Yes!"),
    f"message received  {ANN}  privately:   https://files.example.com/1.jpg": MessageReceived(
        **WHO, id="m1", media=(Media("https://files.example.com/1.jpg"),)
    ),
    f"message received  {ANN}  in g1: Yes!  (cannot be answered: too many)": MessageReceived(
        **WHO, id="m1", group=GROUP, text="Yes!", repliable=False, not_repliable_because="too many"
    ),
    "status changed  everybody  message m1: sent": StatusChanged(**HEAD, message_id="m1", status=Status.SENT),
    f"status changed  {BOB}  message m1: failed (opted out, 21)": StatusChanged(
        **HEAD,
        message_id="m1",
        status=Status.FAILED,
        recipient=PhoneNumber(BOB),
        reason=FailureReason.OPTED_OUT,
        code="21",
    ),
    f"reaction received  {ANN}  in g1: love": ReactionReceived(**WHO, reaction="love", group=GROUP),
    f"typing changed  {ANN}  typing": TypingChanged(**WHO, typing=True),
    f"typing changed  {ANN}  not typing any more": TypingChanged(**WHO, typing=False),
    f"members changed  in g1  + {CAT}  - {ANN}": MembersChanged(
        **HEAD, group=GROUP, added=(Member(CAT),), removed=(Member(ANN),)
    ),
    f"opted out  {ANN}": OptedOut(**HEAD, address=PhoneNumber(ANN), line=LINE),
    "opted in  ALERTS": OptedIn(**HEAD, address=OpaqueAddress("ALERTS"), line=LINE),
    "unrecognized  call_ended": Unrecognized(**HEAD, kind="call_ended"),
}


@pytest.mark.parametrize("expected", EVENTS)
def test_a_line_for_people(expected: str) -> None:
    """When by this machine's clock, where, what, who, and the rest."""
    assert f"{AT.astimezone():%Y-%m-%d %H:%M:%S}  main  {expected}" == describe_event(EVENTS[expected])


@pytest.mark.parametrize("event", EVENTS.values())
def test_a_line_for_machines(event: Event) -> None:
    """All fields but what the provider sent, as JSON."""
    told = json.loads(json.dumps(dump_event(event)))
    assert {"event", *(field.name for field in attrs.fields(type(event)))} - {"raw"} == told.keys()
    assert ("k", "main", "2026-11-21T14:00:00+00:00") == (told["key"], told["connection"], told["at"])
    assert "secret" not in str(told)


def test_what_is_in_the_fields() -> None:
    """Addresses are texts, groups as everywhere else, what is not known is null."""
    event = MessageReceived(
        **WHO, id="m1", group=GROUP, members=GROUP.members or (), media=(Media("https://files.example.com/1.jpg"),)
    )
    people = [{"address": ANN, "name": None}, {"address": BOB, "name": "Bob"}]
    group = {"id": "g1", "name": None, "provider": "acme", "line": LINE, "topology": "shared_thread", "members": people}
    media = [{"url": "https://files.example.com/1.jpg", "content_type": None, "size": None}]
    told = dump_event(event)
    assert ("message_received", ANN, LINE) == (told["event"], told["sender"], told["line"])
    assert (group, people, media) == (told["group"], told["members"], told["media"])
    status = StatusChanged(key="k", at=None, message_id="m", status=Status.DELIVERED, evidence=Evidence.CARRIER)
    told = dump_event(status)
    assert (None, None, None) == (told["connection"], told["at"], told["recipient"])
    assert {"status": "delivered", "evidence": "carrier"}.items() <= json.loads(json.dumps(told)).items()


def test_times_and_connections_that_are_not_known() -> None:
    """A stroke, so that the columns stay."""
    event = Unrecognized(key="k", at=None, kind="x")
    assert "-  -  unrecognized  x" == describe_event(event)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a\nb\r\t", r"a\nb\r\t"),
        ("\x1b[2J", r"\x1b[2J"),
        ("\u202e evil", r"\u202e evil"),
        ("é 👨‍👩‍👧 [bold]", "é 👨‍👩‍👧 [bold]"),
        ("a\u00a0b", "a\u00a0b"),
    ],
)
def test_nothing_of_a_strangers_moves_the_cursor(text: str, shown: str) -> None:
    """What cannot be seen is written out; what can stays."""
    assert shown == visible(text)


@given(st.text())
def test_whatever_is_written_is_one_line(text: str) -> None:
    """No text ends a line, or begins an escape sequence."""
    (line,) = describe_event(MessageReceived(**WHO, id="m1", text=f"x{text}x")).splitlines()
    assert not any(ord(sign) < 32 or 127 <= ord(sign) < 160 for sign in line)
