"""A transport over aiohttp: what it says of a failure is told by what befell the connection."""

from __future__ import annotations

import gzip
import ssl
from collections.abc import Callable
from contextlib import nullcontext
from typing import Any

import httpx
import httpx2
import httpx_aiohttp
import httpx_aiohttp.httpx2
import pytest
import trustme
from proxying import Proxy
from raw_server import Connection, RawServer
from texting import ANN, PRIVATE, SETTINGS, TAKEN, answer, take, text

import groupmessenger as gm
from groupmessenger.sandbox import Sandbox

TRANSPORTS: list[Callable[[], Any]] = [httpx_aiohttp.AiohttpTransport, httpx_aiohttp.httpx2.AiohttpTransport]
CLIENTS: list[Callable[[], Any]] = [httpx_aiohttp.HttpxAiohttpClient, httpx_aiohttp.httpx2.Httpx2AiohttpClient]


@pytest.fixture(params=[*TRANSPORTS, *CLIENTS], ids=["transport", "transport of 2", "client", "client of 2"])
def kind(request: pytest.FixtureRequest) -> Callable[[], Any]:
    made: Callable[[], Any] = request.param
    return made


def send(kind: Callable[[], Any], url: str, **options: Any) -> gm.Receipt:
    return text("asyncio", url, lambda _: kind(), **options)


def test_a_text_is_sent(kind: Callable[[], Any]) -> None:
    with RawServer(take) as server:
        assert "A1" == send(kind, server.url).id
    assert (1, 1) == (len(server.connections), server.received.count(b"hush"))


@pytest.mark.parametrize("kind", CLIENTS)
def test_a_hook_that_does_not_reach_its_own_server_is_no_reason_to_send_again(kind: Callable[[], Any]) -> None:
    async def log(_: object) -> None:
        raise (httpx2 if "2" in kind.__name__ else httpx).ConnectError("the log server is down")

    def make() -> Any:
        client = kind()
        client.event_hooks = {"response": [log]}
        return client

    with RawServer(take) as server, pytest.raises(gm.OutcomeUnknown, match="broke off with ConnectError"):
        send(make, server.url, patience=5)
    assert 1 == server.received.count(b"hush")


def test_a_packed_answer_is_unpacked(kind: Callable[[], Any]) -> None:
    packed = answer("Content-Encoding: gzip", body=gzip.compress(TAKEN))
    with RawServer(lambda connection: connection.answer(packed)) as server:
        assert "A1" == send(kind, server.url).id


def test_a_redirect_is_not_followed(kind: Callable[[], Any]) -> None:
    with RawServer(take) as elsewhere:
        head = f"HTTP/1.1 307 Temporary\r\nLocation: {elsewhere.url}\r\nContent-Length: 0\r\n\r\n"
        with (
            RawServer(lambda connection: connection.answer(head.encode())) as server,
            pytest.raises(gm.ConfigurationError, match="answered with a redirect"),
        ):
            send(kind, server.url)
    assert [] == elsewhere.connections


@pytest.mark.anyio
@pytest.mark.parametrize("anyio_backend", ["asyncio"])
async def test_what_is_in_a_query_arrives(kind: Callable[[], Any]) -> None:
    """A number with its plus sign, which a server may read as a space."""
    with Sandbox() as sandbox:
        http = kind()
        async with sandbox.connect_async("bandwidth", http=http) as client:
            assert gm.Level.OK == (await client.check())[0].level
        if hasattr(http, "is_closed"):
            assert not http.is_closed
            await http.aclose()


def closed(connection: Connection) -> None:
    connection.read_request()


def reset(connection: Connection) -> None:
    connection.read_request()
    connection.reset()


def half(connection: Connection) -> None:
    connection.answer(b"HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\n{")


def half_a_head(connection: Connection) -> None:
    connection.answer(b"HTTP/1.1 2")


def garbage(connection: Connection) -> None:
    connection.answer(b"SSH-2.0-OpenSSH\r\n\r\n")


def silent(connection: Connection) -> None:
    connection.read_request()
    connection.hold()


def lost_when_used_again(connection: Connection) -> None:
    """The second request on it, which was taken, gets no answer."""
    connection.answer()
    connection.read_request()


@pytest.mark.parametrize("behave", [closed, reset, half, half_a_head, garbage, silent])
def test_what_may_have_arrived_is_in_doubt(kind: Callable[[], Any], behave: Callable[[Connection], None]) -> None:
    """And is not sent again, although aiohttp's transport calls a lost connection none."""
    with RawServer(behave) as server, pytest.raises(gm.OutcomeUnknown) as caught:
        send(kind, server.url, timeout=0.2, patience=5)
    assert (1, 1) == (len(server.connections), server.received.count(b"hush"))
    assert [private for private in PRIVATE if private in str(caught.value)] == []


@pytest.mark.anyio
@pytest.mark.parametrize("anyio_backend", ["asyncio"])
async def test_a_kept_connection_that_is_lost(kind: Callable[[], Any]) -> None:
    with RawServer(lost_when_used_again) as server:
        http = kind()
        async with gm.connect_async("sendblue", http=http, base_url=server.url, **SETTINGS) as client:
            await client.check()
            with pytest.raises(gm.OutcomeUnknown):
                await client.send_direct(ANN, "hush")
        if hasattr(http, "is_closed"):
            await http.aclose()
    assert (1, 1) == (len(server.connections), server.received.count(b"hush"))


def test_what_found_no_connection_was_not_sent(kind: Callable[[], Any]) -> None:
    with RawServer(take) as gone:
        pass
    with pytest.raises(gm.NotReached, match="connection refused"):
        send(kind, gone.url)


@pytest.mark.filterwarnings("ignore:.*(BasicAuth|proxy_auth):DeprecationWarning")  # httpx-aiohttp uses them
@pytest.mark.parametrize("refusal", ["", "407 Proxy Authentication Required", "502 Bad Gateway"])
def test_a_proxy(kind: Callable[..., Any], refusal: str) -> None:
    """It sees nothing in clear; where it refuses, nothing is sent."""
    authority, serving = trustme.CA(), ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("provider.invalid").configure_cert(serving)
    trusting = ssl.create_default_context()
    authority.configure_trust(trusting)
    library = (kind.__module__.split(".")[1] == "httpx2" and httpx2) or httpx
    with (
        RawServer(take, tls=serving) as server,
        Proxy(server.port, credentials="gate:keeper", refusal=refusal) as proxy,
        pytest.raises(gm.NotReached, match="the proxy refused") if refusal else nullcontext(),
    ):
        by: Any = library.Proxy(proxy.url, auth=("gate", "keeper"))
        text("asyncio", "https://provider.invalid", lambda _: kind(proxy=by, verify=trusting))
    assert ["CONNECT provider.invalid:443 HTTP/1.1"] == proxy.asked
    assert (0 if refusal else 1) == server.received.count(b"hush")
    assert [private for private in PRIVATE if private.encode() in proxy.received] == []


def test_a_certificate_that_is_not_to_be_trusted(kind: Callable[[], Any]) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert("localhost").configure_cert(context)
    with (
        RawServer(take, tls=context) as server,
        pytest.raises(gm.NotReached, match="its certificate is not to be trusted"),
    ):
        send(kind, f"https://localhost:{server.port}")
    assert b"" == server.received
