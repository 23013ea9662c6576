"""A client of the caller's own: what of it counts, what is ours to say, and what its hooks do to a send."""

from __future__ import annotations

import json
import logging
import threading
from types import ModuleType
from typing import Any

import httpx
import httpx2
import pytest
from raw_server import Connection, RawServer
from texting import ANN, PRIVATE, SETTINGS, TAKEN, WAYS, answer, take, text

import groupmessenger as gm

pytestmark = pytest.mark.parametrize("library", [httpx, httpx2])


@pytest.fixture(params=WAYS)
def way(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def client(library: ModuleType, **settings: Any) -> Any:
    """Makes a client with these settings, of either kind."""
    return lambda side: getattr(library, f"{side}Client")(**settings)


def headers_of(server: RawServer) -> dict[str, str]:
    head, _, _ = server.received.partition(b"\r\n\r\n")
    lines = [line.split(": ", 1) for line in head.decode("latin-1").split("\r\n")[1:]]
    assert len(lines) == len({name.lower() for name, _ in lines})
    return {name.lower(): value for name, value in lines}


# --- what goes along


def test_its_headers_go_along_and_ours_go_before_them(way: str, library: ModuleType) -> None:
    theirs = {"X-Team": "rowers", "User-Agent": "theirs", "Content-Type": "text/plain", "sb-api-key-id": "another"}
    with RawServer(take) as server:
        text(way, server.url, client(library, headers=theirs))
    sent = headers_of(server)
    assert ("rowers", "theirs") == (sent["x-team"], sent["user-agent"])
    assert ("application/json", "sesame-id", "gzip") == (
        sent["content-type"],
        sent["sb-api-key-id"],
        sent["accept-encoding"],
    )


def test_its_base_url_does_not_count_and_its_parameters_do(way: str, library: ModuleType) -> None:
    with RawServer(take) as server, RawServer(take) as elsewhere:
        text(way, server.url, client(library, base_url=f"{elsewhere.url}/other", params={"team": "rowers"}))
    assert server.received.startswith(b"POST /api/send-message?team=rowers HTTP/1.1\r\n")
    assert [] == elsewhere.connections


def test_its_cookies_go_along_and_new_ones_are_kept_in_it(way: str, library: ModuleType) -> None:
    kept: list[Any] = []

    def make(side: str) -> Any:
        kept.append(client(library, cookies={"old": "stale"})(side))
        return kept[0]

    with RawServer(lambda connection: connection.answer(answer("Set-Cookie: new=fresh"))) as server:
        text(way, server.url, make)
    assert "old=stale" == headers_of(server)["cookie"]
    assert {"old": "stale", "new": "fresh"} == dict(kept[0].cookies)


def test_of_our_own_there_are_no_cookies(way: str, library: ModuleType) -> None:
    del library
    with RawServer(take) as server:
        text(way, server.url)
    assert "cookie" not in headers_of(server)


def test_its_time_outs_do_not_count(way: str, library: ModuleType) -> None:
    def slow(connection: Connection) -> None:
        connection.read_request()
        connection.closing.wait(0.1)
        connection.write(answer())

    with RawServer(slow) as server:
        assert "A1" == text(way, server.url, client(library, timeout=0.01)).id
    with RawServer(Connection.hold) as server, pytest.raises(gm.OutcomeUnknown, match=r"within 0\.1 s"):
        text(way, server.url, client(library, timeout=None), timeout=0.1)


def test_its_limits_count(library: ModuleType) -> None:
    """One connection is in use: none is left for another request."""
    reached, go_on = threading.Event(), threading.Event()

    def wait(connection: Connection) -> None:
        connection.read_request()
        reached.set()
        go_on.wait(5)
        connection.write(answer())

    with (
        RawServer(wait) as server,
        library.Client(limits=library.Limits(max_connections=1)) as http,
        gm.connect("sendblue", http=http, base_url=server.url, **SETTINGS) as one,
        gm.connect("sendblue", http=http, base_url=server.url, **SETTINGS | {"timeout": 0.05}) as two,
    ):
        other = threading.Thread(target=one.send_direct, args=(ANN, "one"))
        other.start()
        assert reached.wait(5)
        with pytest.raises(gm.NotReached, match=r"no connection was free within 0\.05 s"):
            two.send_direct(ANN, "two")
        go_on.set()
        other.join()
    assert (True, False) == (b'"one"' in server.received, b'"two"' in server.received)


# --- hooks


def hooks(way: str, **given: Any) -> dict[str, list[Any]]:
    """Event hooks, which an async client awaits."""

    def awaited(hook: Any) -> Any:
        async def called(value: Any) -> None:
            hook(value)

        return called

    return {name: [hook if way == "blocking" else awaited(hook)] for name, hook in given.items()}


def test_its_hooks_see_requests_and_answers(way: str, library: ModuleType) -> None:
    seen: list[Any] = []

    def on_request(request: Any) -> None:
        request.headers["x-hooked"] = "yes"
        seen.append((request.method, request.url.path, json.loads(request.content)["content"]))

    def on_response(response: Any) -> None:
        seen.append(response.status_code)

    with RawServer(take) as server:
        text(way, server.url, client(library, event_hooks=hooks(way, request=on_request, response=on_response)))
    assert [("POST", "/api/send-message", "hush"), 200] == seen
    assert "yes" == headers_of(server)["x-hooked"]


def test_a_hook_may_read_the_answer(way: str, library: ModuleType) -> None:
    seen: list[Any] = []

    def read(response: Any) -> None:
        seen.append(response.read())

    async def read_async(response: Any) -> None:
        seen.append(await response.aread())

    reading = {"response": [read if way == "blocking" else read_async]}
    with RawServer(take) as server:
        assert "A1" == text(way, server.url, client(library, event_hooks=reading)).id
    assert b"A1" in seen[0]


@pytest.mark.parametrize("event", ["request", "response"])
def test_a_hook_that_raises_leaves_it_in_doubt(way: str, library: ModuleType, event: str) -> None:
    """As one with raise_for_status does: what was wrong with the provider's answer is not known then."""

    def fail(_: object) -> None:
        raise ValueError("+13125550101 hush")

    with RawServer(take) as server, pytest.raises(gm.OutcomeUnknown, match="broke off with ValueError") as caught:
        text(way, server.url, client(library, event_hooks=hooks(way, **{event: fail})))
    assert [private for private in PRIVATE if private in str(caught.value)] == []
    assert (event == "response") == (b"hush" in server.received)


def test_a_hook_that_does_not_reach_its_own_server_is_no_reason_to_send_again(way: str, library: ModuleType) -> None:
    """Its failure to connect is not that of the message, which has left."""

    def log(_: object) -> None:
        raise library.ConnectError("the log server is down")

    with RawServer(take) as server, pytest.raises(gm.OutcomeUnknown, match="broke off with ConnectError"):
        text(way, server.url, client(library, event_hooks=hooks(way, response=log)), patience=5)
    assert 1 == server.received.count(b"hush")


# --- the rest


def test_a_client_that_was_closed_is_said_to_be(library: ModuleType) -> None:
    http = library.Client()
    with gm.connect("sendblue", http=http, **SETTINGS) as connected:
        http.close()
        with pytest.raises(gm.ConfigurationError, match="http: the client is closed"):
            connected.send_direct(ANN, "hush")


def test_mounts_count(way: str, library: ModuleType) -> None:
    mounted = {"https://provider.invalid": library.MockTransport(lambda _: library.Response(200, content=TAKEN))}
    assert "A1" == text(way, "https://provider.invalid", client(library, mounts=mounted)).id


def test_one_client_serves_several_connections(library: ModuleType) -> None:
    """Its connections are kept for all of them."""
    with RawServer(take) as server, library.Client() as http:
        for _ in range(2):
            with gm.connect("sendblue", http=http, base_url=server.url, **SETTINGS) as connected:
                connected.send_direct(ANN, "hush")
        http.get(server.url)
    assert 1 == len(server.connections)


@pytest.mark.parametrize("given", [True, False])
def test_nothing_private_is_logged(
    way: str, library: ModuleType, given: bool, caplog: pytest.LogCaptureFixture
) -> None:
    """Not by what is below httpx either, at any level."""
    with RawServer(take) as server, caplog.at_level(logging.DEBUG):
        text(way, server.url, client(library) if given else None)
        text(way, server.url, lambda side: getattr(library, f"{side}HTTPTransport")())
    assert "http" in caplog.text
    assert [private for private in PRIVATE if private in caplog.text] == []


def test_its_logged_line_has_no_query(way: str, library: ModuleType, caplog: pytest.LogCaptureFixture) -> None:
    with RawServer(take) as server, caplog.at_level(logging.INFO, logger=library.__name__):
        text(way, server.url, client(library, params={"for": "+13125550101"}))
    assert "POST" in caplog.text
    assert "/api/send-message " in caplog.text
    assert [private for private in PRIVATE if private in caplog.text] == []
