"""P3 to P5: what breaks while a message is sent, or after it is: unknown, never sent twice, and looked for.

A connection is broken on its way to the sandbox, by a relay; an answer is lost by the sandbox itself.
"""

from __future__ import annotations

import functools
import re
import socket
import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import attrs
import httpx
import pytest
from faults.everybody import (
    BLIND,
    DONE,
    NOT_SENT,
    PROVIDERS,
    TEXT,
    UNKNOWN,
    WAYS,
    Caller,
    Ending,
    asked,
    at_once,
    people,
    sandbox,
    shown,
    strike_messages,
    wait_for,
    wait_until,
)
from raw_server import Connection, RawServer

from groupmessenger import Absent, CannotTell, ConfigurationError, Found, Group, Message
from groupmessenger.sandbox import Sandbox

TIMEOUT = 0.5  # seconds for an answer, where one is to come too late
SETTLE = 0.3  # seconds in which a lost message may turn up
LATE = 60.0  # seconds of the sandbox's time
SENDS = ("send", "send_direct")


def told(operation: str) -> tuple[str, ...]:
    """Who is to see a message: a group of three, or somebody else."""
    return people() if operation == "send" else people(1)[:1]


def opened(caller: Caller) -> Group:
    """A group that is there, and has had a message."""
    group = caller.do("send", caller.do("create_group", people()), "Hello").group
    assert isinstance(group, Group)
    return group


def target(operation: str, group: Group) -> Any:
    return group if operation == "send" else told(operation)[0]


# A relay that breaks


def forwarded(connection: Connection, port: int) -> bytes:
    """Take a request, and give the sandbox's answer; nothing at the end of the connection."""
    request = connection.read_request()
    if not request:
        return b""
    with socket.create_connection(("127.0.0.1", port)) as there:
        there.sendall(request.replace(b"\r\n", b"\r\nConnection: close\r\n", 1))
        answer = b"".join(iter(functools.partial(there.recv, 65536), b""))
    return re.sub(rb"(?i)connection: close\r\n", b"", answer)


def read_head(connection: Connection) -> int:
    """Read up to the end of the headers. Gives the length of the body."""
    while not connection.received.endswith(b"\r\n\r\n"):
        if not connection.read(1):
            raise OSError
    (length,) = [line for line in bytes(connection.received).lower().split(b"\r\n") if line[:15] == b"content-length:"]
    return int(length[15:])


def reset_after_headers(connection: Connection, port: int) -> None:
    read_head(connection)
    connection.reset()


def reset_after_half(connection: Connection, port: int) -> None:
    half = read_head(connection) // 2
    while half > 0:
        half -= len(connection.read(half))
    connection.reset()


def never_read(connection: Connection, port: int) -> None:
    connection.hold()


def never_answer(connection: Connection, port: int) -> None:
    forwarded(connection, port)
    connection.hold()


def half_of_the_headers(connection: Connection, port: int) -> None:
    connection.write(forwarded(connection, port)[:40])


def half_of_the_body(connection: Connection, port: int) -> None:
    connection.write(forwarded(connection, port)[:-3])


# What it does, and whether the provider has the message then
BREAKS: dict[str, tuple[Callable[[Connection, int], None], bool]] = {
    "reset after the headers": (reset_after_headers, False),
    "reset after half the body": (reset_after_half, False),
    "never read": (never_read, False),
    "never answered": (never_answer, True),
    "half of the answer's headers": (half_of_the_headers, True),
    "half of the answer's body": (half_of_the_body, True),
}


def cramped(way: str) -> Any:
    """A transport that buffers next to nothing, so that a request gets stuck as a very long one would."""
    options = [(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)]
    if way == "blocking":
        return httpx.HTTPTransport(verify=False, socket_options=options)
    return httpx.AsyncHTTPTransport(verify=False, socket_options=options)


@attrs.frozen
class Broken:
    """What became of a message over a connection that broke."""

    ending: Ending
    connections: int
    early: object  # what find_sent said while it could still turn up
    sighting: object  # and when that time was over
    seen: set[int]
    finally_seen: set[int]  # when the advice was followed
    requests: int  # that the provider had


BROKEN = [
    (provider, name, way, SENDS[(n + m) % 2])
    for provider in PROVIDERS
    for n, name in enumerate(BREAKS)
    for m, way in enumerate(WAYS)
]


def break_it(key: tuple[str, str, str, str]) -> Broken:
    provider, name, way, operation = key
    behave, acts = BREAKS[name]
    to = told(operation)
    with (
        sandbox(provider) as box,
        Caller(box, provider, "blocking", settle_after=SETTLE) as other,
        Caller(box, provider, "blocking", settle_after=LATE) as early,
        RawServer(lambda connection: behave(connection, box.port)) as relay,
    ):
        group = opened(other)
        settings = {"http": cramped(way), "base_url": f"{relay.url}/{provider}", "patience": 1}
        # Fields that every stand-in overlooks, as long as a message would have to be for a connection to get stuck
        extras = {provider: {"x_filler": "x" * 2_000_000}} if name == "never read" else {}
        message = Message(TEXT, extras=extras)
        with Caller(box, provider, way, timeout=TIMEOUT, **settings) as caller:
            ending = caller.leaving(operation, target(operation, group), message)
        attempt = ending.attempt
        if acts:
            wait_for(lambda: shown(box, to) == {1})
        first = early.do("find_sent", attempt)
        wait_until(attempt.leave_by + timedelta(seconds=SETTLE))
        sighting, seen = other.do("find_sent", attempt), shown(box, to)
        if isinstance(sighting, Absent):
            other.do(operation, target(operation, group), TEXT)
        requests = len(asked(box)) - 1
        return Broken(ending, len(relay.connections), first, sighting, seen, shown(box, to), requests)


@functools.cache
def all_broken() -> dict[tuple[str, str, str, str], Broken]:
    return at_once(break_it, BROKEN)


@pytest.mark.parametrize(("provider", "name", "way", "operation"), BROKEN)
def test_connection_breaks(provider: str, name: str, way: str, operation: str) -> None:
    """P3: what breaks once a connection is there is in doubt, is not tried again, and is shown once in the end."""
    case, acts = all_broken()[provider, name, way, operation], BREAKS[name][1]
    assert (UNKNOWN, 1, {int(acts)}) == (case.ending.word, case.connections, case.seen)
    assert not isinstance(case.early, Absent)
    if provider in BLIND:
        assert isinstance(case.sighting, CannotTell)
        assert ({int(acts)}, int(acts)) == (case.finally_seen, case.requests)
    else:
        assert isinstance(case.sighting, Found if acts else Absent), case.sighting
        assert ({1}, 1) == (case.finally_seen, case.requests)


# A connection that was kept


@attrs.frozen
class Idle:
    """When the first connection begins to idle, and when it has ended."""

    begins: threading.Event = attrs.field(factory=threading.Event)
    ended: threading.Event = attrs.field(factory=threading.Event)


def closed_while_idle(connection: Connection, port: int, idle: Idle) -> None:
    connection.write(forwarded(connection, port))
    idle.begins.wait(10)
    connection.sock.shutdown(socket.SHUT_WR)


def reset_while_idle(connection: Connection, port: int, idle: Idle) -> None:
    connection.write(forwarded(connection, port))
    idle.begins.wait(10)
    if not idle.ended.is_set():
        connection.reset()


def reset_when_used(connection: Connection, port: int, idle: Idle) -> None:
    connection.write(forwarded(connection, port))
    idle.ended.set()
    connection.read(10)
    connection.reset()


# What it does, and what the message comes to that is the next
STALE: dict[str, tuple[Callable[[Connection, int, Idle], None], str]] = {
    "closed while idle": (closed_while_idle, DONE),
    "reset while idle": (reset_while_idle, DONE),
    "reset when used again": (reset_when_used, UNKNOWN),
}


@functools.cache
def all_stale() -> dict[tuple[str, str, str], tuple[Ending, int, set[int], int]]:
    def send(key: tuple[str, str, str]) -> tuple[Ending, int, set[int], int]:
        provider, name, way = key
        behave, idle = STALE[name][0], Idle()

        def serve(connection: Connection) -> None:
            behave(connection, box.port, idle)
            idle.ended.set()

        with (
            sandbox(provider) as box,
            Caller(box, provider, "blocking") as other,
            RawServer(serve) as relay,
            Caller(box, provider, way, base_url=f"{relay.url}/{provider}", patience=1) as caller,
        ):
            group = opened(other)
            caller.do("send_direct", people(1)[0], "So that there is a connection")
            idle.begins.set()
            assert idle.ended.wait(10)
            ending = Ending.of(lambda: caller.do("send", group, TEXT))
            return ending, len(relay.connections), shown(box, people()), len(asked(box)) - 2

    return at_once(send, [(provider, name, way) for provider in PROVIDERS for name in STALE for way in WAYS])


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("name", STALE)
@pytest.mark.parametrize("provider", PROVIDERS)
def test_connection_gone_stale(provider: str, name: str, way: str) -> None:
    """P3: a message is not lost with a connection that ended before it; with one that ends at it, it is in doubt."""
    ending, connections, seen, requests = all_stale()[provider, name, way]
    expected = (DONE, 2, {1}, 1) if STALE[name][1] == DONE else (UNKNOWN, 1, {0}, 0)
    assert expected == (ending.word, connections, seen, requests), ending.error


# An answer that is lost

LOST = ("drop", "reset", "short", "html", "empty", "bad_gzip", "huge")
ANSWERS = (*LOST, "slow", "late", "twice", "redirect")


@attrs.frozen
class Answered:
    """What became of a message whose answer was not the provider's."""

    ending: Ending
    requests: list[str | None]  # with the faults that struck them
    seen: set[int]
    early: object = None
    sighting: object = None
    finally_seen: set[int] = attrs.field(factory=set)


def arm(box: Sandbox, provider: str, name: str) -> None:
    match name:
        case "slow":
            strike_messages(box, provider, "delay", phase="after", seconds=TIMEOUT + 0.2)
        case "late":
            strike_messages(box, provider, "late", seconds=LATE)
        case "twice":
            strike_messages(box, provider, "twice")
        case "redirect":  # a wrong base_url: no provider acts, and then says that it lives elsewhere
            strike_messages(box, provider, "redirect", location="https://example.com/elsewhere")
        case _:
            strike_messages(box, provider, name, phase="after")


def answer(key: tuple[str, str, str]) -> dict[str, Answered]:
    """One message with each fault, to the same people."""
    provider, way, operation = key
    cases, to = {}, told(operation)
    with (
        sandbox(provider) as box,
        Caller(box, provider, way, patience=1, settle_after=LATE) as caller,
        Caller(box, provider, way, patience=1, settle_after=LATE, timeout=TIMEOUT) as hasty,
    ):
        where = target(operation, opened(caller))
        for name in ANSWERS:
            text = f"{TEXT} {name}"
            box.clock.advance(2)  # there are so many messages a second
            box.clear_log()
            box.clear_faults()
            arm(box, provider, name)
            sender = hasty if name == "slow" else caller
            ending = sender.leaving(operation, where, text)
            requests, seen = [entry["fault"] for entry in asked(box)], shown(box, to, text)
            if ending.word == UNKNOWN:
                early = caller.do("find_sent", ending.attempt)
                if name == "late":
                    box.clock.advance(LATE)
                sighting = caller.do("find_sent", ending.attempt)
                cases[name] = Answered(ending, requests, seen, early, sighting, shown(box, to, text))
            else:
                cases[name] = Answered(ending, requests, seen)
    return cases


@functools.cache
def all_answered() -> dict[tuple[str, str, str], dict[str, Answered]]:
    return at_once(
        answer, [(provider, way, operation) for provider in PROVIDERS for way in WAYS for operation in SENDS]
    )


@pytest.mark.parametrize("name", [*LOST, "slow"])
@pytest.mark.parametrize("operation", SENDS)
@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("provider", PROVIDERS)
def test_answer_is_lost(provider: str, way: str, operation: str, name: str) -> None:
    """P5: what was accepted and not said so is unknown after one request, is found, and is shown once."""
    case = all_answered()[provider, way, operation][name]
    assert UNKNOWN == case.ending.word, case.ending.error
    assert (1, {1}, {1}) == (len(case.requests), case.seen, case.finally_seen)
    kind = CannotTell if provider in BLIND else Found
    assert (kind, kind) == (type(case.early), type(case.sighting))


@pytest.mark.parametrize("operation", SENDS)
@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("provider", PROVIDERS)
def test_accepted_late(provider: str, way: str, operation: str) -> None:
    """P4: what is accepted long after its time-out is not believed to be absent before, and is found after."""
    case = all_answered()[provider, way, operation]["late"]
    assert UNKNOWN == case.ending.word, case.ending.error
    assert (["late"], {0}, {1}) == (case.requests, case.seen, case.finally_seen)
    assert (CannotTell, CannotTell if provider in BLIND else Found) == (type(case.early), type(case.sighting))


@pytest.mark.parametrize("operation", SENDS)
@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("provider", PROVIDERS)
def test_accepted_twice(provider: str, way: str, operation: str) -> None:
    """P4: what a proxy makes two of is one request of ours and sent; no provider tells that they are one."""
    case = all_answered()[provider, way, operation]["twice"]
    assert (DONE, ["twice", "twice"], {2}) == (case.ending.word, case.requests, case.seen)


@pytest.mark.parametrize("operation", SENDS)
@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("provider", PROVIDERS)
def test_redirected(provider: str, way: str, operation: str) -> None:
    """P5: a redirect is a mistake in the configuration: it is not followed, not tried again, and nothing is sent."""
    case = all_answered()[provider, way, operation]["redirect"]
    assert isinstance(case.ending.error, ConfigurationError), case.ending.error
    assert (NOT_SENT, ["redirect"], {0}) == (case.ending.word, case.requests, case.seen)
