"""Nothing that is emitted, in success or in any failure, holds a secret, a whole number or a text."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from typing import Any

import attrs
import httpx
import pytest
from acme import CAPABILITIES, SECRET, AcmeMessenger, Answer, Called, Vendor, World, says, world

from groupmessenger.delivery import Delivery
from groupmessenger.errors import (
    CapabilityError,
    ConfigurationError,
    GroupMessengerError,
    OutcomeUnknown,
    PartialFailure,
)
from groupmessenger.groups import Group, Topology
from groupmessenger.messages import Attempt, Message, Receipt
from groupmessenger.phone import Member
from groupmessenger.plugins import load_observers
from groupmessenger.provider import hookimpl
from groupmessenger.settings import build_messenger

LINE = "+13125559876"
FRIENDS = ["+13125551234", "+13125554321"]
STRANGER = "+13125557777"
TEXT = "the tulips bloom at midnight"
TOKEN = "access-1"
PRIVATE = [
    SECRET,
    TOKEN,
    *(number[1:] for number in (LINE, *FRIENDS, STRANGER)),
    *(number[-7:] for number in (LINE, *FRIENDS, STRANGER)),
    TEXT,
    "tulips",
    "midnight",
    "rabbit.example",
    "Alice Liddell",
]
MESSAGE = Message(TEXT, "https://rabbit.example/hole.jpg", reference="tulips", extras={"acme": {"note": TEXT}})

# What a provider may say back.
ECHO = f"'{TEXT}' from {LINE} to {FRIENDS[0]} or (312) 555-4321, https://rabbit.example/hole.jpg"


def echo(status: int) -> Answer:
    """An answer that repeats what it was sent, credentials and all."""

    def answer(request: httpx.Request) -> httpx.Response:
        header = request.headers.get("authorization", "")
        said = f"{header} {header.partition(' ')[2]} {request.content.decode()}"
        return httpx.Response(status, json={"error": said}, request=request)

    return answer


FAILURES: dict[str, Answer] = {
    "refused": httpx.ConnectError(f"cannot connect {ECHO} {SECRET}"),
    "lost": httpx.ReadError(f"lost {ECHO} {SECRET}"),
    "slow": httpx.ReadTimeout(ECHO),
    "400": echo(400),
    "401": echo(401),
    "404": echo(404),
    "500": echo(500),
    "429": says(429, error=ECHO),
    "redirect": lambda request: httpx.Response(302, headers={"location": f"https://x.example/{TEXT[:3]}?{SECRET}"}),
    "html": lambda request: httpx.Response(200, text=f"<p>{ECHO}</p>"),
    "odd": says(200, to=[ECHO], id=ECHO, group=ECHO),
    "empty": says(200),
}


class Failing:
    """An observer that fails after every send."""

    @hookimpl
    def groupmessenger_after_send(self, attempt: Attempt, result: Receipt | GroupMessengerError) -> None:
        raise ZeroDivisionError("by itself")


@attrs.define
class Emitted:
    """All that anybody could log."""

    texts: list[str] = attrs.field(factory=list)

    def value(self, value: object) -> None:
        self.texts.append(repr(value))

    def error(self, error: BaseException | None) -> None:
        """What an error says of itself, and what those of ours beneath it say."""
        while error is not None:
            if type(error).__module__.startswith("groupmessenger"):
                self.texts += [str(error), repr(error), repr(error.args)]
                if isinstance(error, OutcomeUnknown):
                    self.value(error.attempt)
                if isinstance(error, PartialFailure):
                    self.value((error.group, error.succeeded, error.failed))
            error = error.__cause__

    def raising(self, work: Callable[[], object], kind: type[BaseException] = GroupMessengerError) -> None:
        with pytest.raises(kind) as caught:
            work()
        self.error(caught.value)

    def private(self) -> list[tuple[str, str]]:
        return [(private, text) for text in self.texts for private in PRIVATE if private in text]


class Collecting(logging.Handler):
    """Every record of our loggers, as it would be written."""

    def __init__(self, emitted: Emitted) -> None:
        super().__init__(logging.DEBUG)
        self.emitted = emitted
        self.names: set[str] = set()

    def emit(self, record: logging.LogRecord) -> None:
        self.names.add(record.name)
        self.emitted.texts += [self.format(record), repr(record.args)]


@pytest.fixture
def emitted() -> Iterator[Emitted]:
    """What our loggers write at DEBUG goes in by itself; it is looked through at the end."""
    found = Emitted()
    handler = Collecting(found)
    logger = logging.getLogger("groupmessenger")
    level = logger.level
    logger.addHandler(handler)
    logger.setLevel(logging.DEBUG)
    yield found
    logger.removeHandler(handler)
    logger.setLevel(level)
    assert [] == found.private()
    assert found.texts, "nothing was emitted, so that nothing was tested"


@pytest.fixture(params=["blocking", "asyncio"])
def here(request: pytest.FixtureRequest) -> Iterator[World]:
    with world(request.param) as opened:
        yield opened


def messenger() -> AcmeMessenger:
    return AcmeMessenger(line=LINE, api_key=SECRET)


def test_nothing_private_is_emitted_in_success(here: World, emitted: Emitted) -> None:
    client = here.connect(Vendor(), messenger(), observers=load_observers([Failing()]))
    pending = client.create_group([Member(FRIENDS[0], "Alice Liddell"), FRIENDS[1]], name="tulips")
    receipt = client.send(pending, MESSAGE)
    direct = client.send_direct(FRIENDS[0], attrs.evolve(MESSAGE, effect="confetti"))
    more = client.add_members(receipt.group, [STRANGER])
    status = client.get_status(receipt)
    assert isinstance(status, Delivery)
    emitted.value(client._client if isinstance(client, Called) else client)
    for value in (
        client.messenger,
        pending,
        MESSAGE,
        receipt,
        direct,
        more,
        status,
        client.plan(more, MESSAGE),
        client.get_group(more),
        list(client.list_groups()),
        client.capabilities_of(more),
    ):
        emitted.value(value)


@pytest.mark.parametrize("name", FAILURES)
def test_nothing_private_is_emitted_in_a_failure(here: World, emitted: Emitted, name: str) -> None:
    """Of a send to a new group, to an old one, to one person, of a question, a change and a token."""
    vendor = Vendor()
    client = here.connect(vendor, messenger(), patience=0, observers=load_observers([Failing()]))
    known = client.send(client.create_group(FRIENDS), "first").group
    failure = FAILURES[name]
    sends: list[Callable[[], Any]] = [
        lambda: client.send(client.create_group([*FRIENDS, STRANGER], name="tulips"), MESSAGE),
        lambda: client.send(known, MESSAGE),
    ]
    for send in sends:
        vendor.answer("POST /messages", failure, failure)
        emitted.raising(send)
        vendor._next.clear()
    vendor.answer("POST /messages", failure, failure)
    if name == "odd":  # a private text has but its id read
        emitted.value(attrs.evolve(client.send_direct(FRIENDS[0], MESSAGE), id=""))
    else:
        emitted.raising(lambda: client.send_direct(FRIENDS[0], MESSAGE))
    vendor._next.clear()
    others: list[tuple[str, Callable[[], Any]]] = [
        ("GET /groups", lambda: client.get_group(known)),
        ("PATCH /groups", lambda: client.rename_group(known, "tulips")),
        ("PATCH /groups", lambda: client.add_members(known, [STRANGER])),
    ]
    for call, work in others:
        vendor.answer(call, failure, failure)
        emitted.raising(work, Exception)
        vendor._next.clear()
    fresh = here.connect(vendor, messenger(), patience=0)
    vendor.answer("POST /token", failure, failure)
    emitted.raising(lambda: fresh.send(known, MESSAGE))


def test_nothing_private_is_emitted_in_a_refusal_of_ours(here: World, emitted: Emitted) -> None:
    """Limits, members, groups of others, topologies, settings."""
    client = here.connect(Vendor(), messenger())
    strict = here.connect(Vendor(), messenger(), strict=True)
    group = client.group("g1")
    elsewhere = Group("acme", STRANGER, "g1", (Member(FRIENDS[0], "Alice Liddell"),))
    attempts: list[Callable[[], Any]] = [
        lambda: client.create_group([FRIENDS[0], FRIENDS[0][1:-1] + "x", f"{FRIENDS[1]}9999", "midnight"]),
        lambda: client.create_group([*FRIENDS, LINE]),
        lambda: client.create_group([FRIENDS[0]]),
        lambda: client.create_group(FRIENDS[0]),
        lambda: client.create_group([f"+1312555123{n}" for n in range(9)]),
        lambda: client.create_group(FRIENDS, topology=Topology.BROADCAST),
        lambda: client.create_group(FRIENDS, topology=TEXT),
        lambda: client.create_group(FRIENDS, name=TEXT),
        lambda: client.send(group, TEXT * 50),
        lambda: client.send(group, Message(TEXT, ["https://rabbit.example/x"] * 9)),
        lambda: client.send(group, Message(TEXT, reply_to="m1")),
        lambda: client.send(elsewhere, MESSAGE),
        lambda: client.send(Group("acme", LINE, "set_" + "0" * 32), MESSAGE),
        lambda: client.send_direct(LINE, MESSAGE),
        lambda: client.send_direct(FRIENDS[0][1:], MESSAGE),
        lambda: strict.send(group, attrs.evolve(MESSAGE, effect="tulips")),
        lambda: client.get_status(""),
        lambda: Group.load(f'{{"id": "{TEXT}", "line": {LINE}}}'),
        lambda: Attempt.load(TEXT),
        lambda: Message(TEXT, "ftp://rabbit.example/"),
        lambda: build_messenger(AcmeMessenger, {"line": FRIENDS[0] + "999999", "api_key": f"{SECRET}\n", "x": TEXT}),
        lambda: build_messenger(AcmeMessenger, {"line": SECRET, "apikey": SECRET}),
        lambda: here.connect(Vendor(), attrs.evolve(messenger(), base_url=f"https://{SECRET}@acme.example")),
    ]
    for attempt in attempts:
        emitted.raising(attempt, (CapabilityError, ConfigurationError, ValueError))  # type: ignore[arg-type]


def test_limits_do_not_name_people(emitted: Emitted) -> None:
    emitted.value(CAPABILITIES)
    emitted.value(CAPABILITIES.of(Group("acme", LINE, "g1", (Member(FRIENDS[0]),))))
