"""Certificates: of a client before a server that wants one, and of a private authority."""

from __future__ import annotations

import ssl
from collections.abc import Callable
from contextlib import suppress
from types import ModuleType

import httpx
import httpx2
import pytest
import trustme
from httpx_aiohttp import AiohttpTransport
from raw_server import Connection, RawServer
from texting import WAYS, take, text

import groupmessenger as gm
from groupmessenger.failures import verdict
from groupmessenger.flow import MaybeSent

THEIRS, OURS, STRANGERS = trustme.CA(), trustme.CA(), trustme.CA()
TLS = [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3]


@pytest.fixture(params=WAYS)
def way(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def wanting_one(version: ssl.TLSVersion) -> Callable[[Connection], None]:
    """A server that wants a certificate of ours, and reads to its end what it refuses: a reset would hide why."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    THEIRS.issue_cert("localhost").configure_cert(context)
    OURS.configure_trust(context)
    context.verify_mode = ssl.CERT_REQUIRED
    context.minimum_version = context.maximum_version = version

    def serve(connection: Connection) -> None:
        plain = connection.sock.dup()
        try:
            connection.sock = context.wrap_socket(connection.sock, server_side=True)
            take(connection)
        except ssl.SSLError:
            with plain, suppress(OSError):
                while plain.recv(65536):
                    pass
        finally:
            plain.close()

    return serve


def trusting(certificate_of: trustme.CA | None = None) -> ssl.SSLContext:
    context = ssl.create_default_context()
    THEIRS.configure_trust(context)
    if certificate_of is not None:
        certificate_of.issue_cert("client@example.com").configure_cert(context)
    return context


@pytest.mark.parametrize("library", [httpx, httpx2])
@pytest.mark.parametrize("kind", ["Client", "HTTPTransport"])
@pytest.mark.parametrize("version", TLS)
def test_the_right_certificate(way: str, kind: str, library: ModuleType, version: ssl.TLSVersion) -> None:
    with RawServer(wanting_one(version)) as server:
        url = f"https://localhost:{server.port}"
        assert "A1" == text(way, url, lambda side: getattr(library, side + kind)(verify=trusting(OURS))).id
    assert 1 == server.received.count(b"hush")


@pytest.mark.parametrize("certificate_of", [None, STRANGERS], ids=["none", "of a stranger"])
@pytest.mark.parametrize("library", [httpx, httpx2])
@pytest.mark.parametrize("version", TLS)
def test_no_certificate_or_a_wrong_one(
    way: str, library: ModuleType, version: ssl.TLSVersion, certificate_of: trustme.CA | None
) -> None:
    """Nothing of a request is read. With TLS 1.3 it has left by then, and it takes the server's alert to know."""
    context = trusting(certificate_of)
    with RawServer(wanting_one(version)) as server, pytest.raises(gm.NotReached) as caught:
        text(way, f"https://localhost:{server.port}", lambda side: getattr(library, f"{side}Client")(verify=context))
    words = ("the server did not take our certificate (localhost)", "no TLS connection came about (localhost)")
    assert str(caught.value).endswith(words)
    assert b"" == server.received


@pytest.mark.parametrize("version", TLS)
def test_with_aiohttp(version: ssl.TLSVersion) -> None:
    with RawServer(wanting_one(version)) as server:
        url = f"https://localhost:{server.port}"
        assert "A1" == text("asyncio", url, lambda _: AiohttpTransport(verify=trusting(OURS))).id
        with pytest.raises((gm.NotReached, gm.OutcomeUnknown)):
            text("asyncio", url, lambda _: AiohttpTransport(verify=trusting()))
    assert 1 == server.received.count(b"hush")


def test_a_private_authority_is_not_trusted_unless_it_is_said(way: str) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    THEIRS.issue_cert("localhost").configure_cert(context)
    with RawServer(take, tls=context) as server:
        url = f"https://localhost:{server.port}"
        with pytest.raises(gm.NotReached, match="its certificate is not to be trusted"):
            text(way, url)
        assert b"" == server.received
        assert "A1" == text(way, url, lambda side: getattr(httpx, f"{side}Client")(verify=trusting())).id


def test_the_certificate_of_another_name(way: str) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    THEIRS.issue_cert("elsewhere.example").configure_cert(context)
    with (
        RawServer(take, tls=context) as server,
        pytest.raises(gm.NotReached, match="its certificate is not to be trusted"),
    ):
        text(way, f"https://localhost:{server.port}", lambda side: getattr(httpx, f"{side}Client")(verify=trusting()))
    assert b"" == server.received


@pytest.mark.parametrize("lost", [httpx.ReadError, httpx.RemoteProtocolError])
def test_a_refusal_that_the_caller_is_handling_says_nothing_of_the_next_failure(
    lost: type[httpx.TransportError],
) -> None:
    """What fails in an `except` block has what is handled there among its contexts."""
    refusal = ssl.SSLError(1, "[SSL: TLSV1_ALERT_UNKNOWN_CA] tlsv1 alert unknown ca")
    refusal.reason = "TLSV1_ALERT_UNKNOWN_CA"

    def lose() -> None:
        try:
            raise ConnectionAbortedError
        except ConnectionAbortedError as error:
            raise lost("lost") from error

    try:
        raise refusal
    except ssl.SSLError:
        with pytest.raises(lost) as caught:
            lose()
    assert MaybeSent is verdict(caught.value, httpx)[0]


@pytest.mark.parametrize("version", TLS)
@pytest.mark.parametrize("leave", [Connection.reset, lambda connection: None])
def test_a_send_made_while_a_refusal_is_handled(
    way: str, version: ssl.TLSVersion, leave: Callable[[Connection], None]
) -> None:
    """It is in doubt if its answer is lost, whatever befell the one before."""

    def lose(connection: Connection) -> None:
        connection.read_request()
        leave(connection)

    with RawServer(wanting_one(version)) as server, RawServer(lose) as other:
        context = trusting(STRANGERS)
        try:
            url = f"https://localhost:{server.port}"
            text(way, url, lambda side: getattr(httpx, f"{side}Client")(verify=context))
        except gm.NotReached:
            with pytest.raises(gm.OutcomeUnknown):
                text(way, other.url)
    assert 1 == other.received.count(b"hush")
