"""Proxies: those of the environment, those of a caller's client, and what they get to see."""

from __future__ import annotations

import os
import shutil
import socket
import ssl
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import httpx
import httpx2
import pytest
import trustme
from proxying import Proxy
from proxying import no_proxies as no_proxies
from raw_server import Connection, RawServer
from texting import PRIVATE, WAYS, take, text

import groupmessenger as gm

HOST = "provider.invalid"
URL = f"https://{HOST}"
CODE = f"import texting; print([texting.text(way, {URL!r}).id for way in texting.WAYS])"


@pytest.fixture(params=WAYS)
def way(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def no_such_host(monkeypatch: pytest.MonkeyPatch) -> None:
    """No resolver is asked for .invalid."""
    resolve = socket.getaddrinfo

    def stub(host: Any, *arguments: Any, **named: Any) -> Any:
        if str(host).rstrip("'").endswith("invalid"):
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return resolve(host, *arguments, **named)

    monkeypatch.setattr(socket, "getaddrinfo", stub)


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture(scope="module")
def trusting(authority: trustme.CA) -> ssl.SSLContext:
    context = ssl.create_default_context()
    authority.configure_trust(context)
    return context


@pytest.fixture
def provider(authority: trustme.CA) -> Iterator[RawServer]:
    """One that nobody finds but by a proxy."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(HOST).configure_cert(context)
    with RawServer(take, tls=context) as server:
        yield server


def saw_nothing(proxy: Proxy) -> None:
    """No number, text or key went over the proxy in clear, before the tunnel or in it."""
    assert [private for private in PRIVATE if private.encode() in proxy.received] == []


# --- of the environment


def run(proxy: Proxy, folder: Path, **environment: str) -> str:
    """Send a text each way, in a process of its own: certificates of the environment are read once."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("SSL_CERT_")}
    variables = {"HTTPS_PROXY": proxy.url, "PYTHONPATH": str(Path(__file__).parent), **environment}
    command = [sys.executable, "-W", "error", "-c", CODE]
    done = subprocess.run(command, cwd=folder, env=inherited | variables, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_a_proxy_of_the_environment_and_a_file_of_certificates(
    provider: RawServer, authority: trustme.CA, tmp_path: Path
) -> None:
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    with Proxy(provider.port, credentials="gate:keeper") as proxy:
        url = proxy.url.replace("//", "//gate:keeper@")
        assert "['A1', 'A1', 'A1']" == run(proxy, tmp_path, HTTPS_PROXY=url, SSL_CERT_FILE=str(tmp_path / "ca.pem"))
    assert [f"CONNECT {HOST}:443 HTTP/1.1"] * 3 == proxy.asked
    assert 3 == provider.received.count(b"hush")
    assert b"proxy-authorization" not in provider.received.lower()
    saw_nothing(proxy)


@pytest.mark.skipif(shutil.which("openssl") is None, reason="it names the files of a folder of certificates")
def test_a_folder_of_certificates(provider: RawServer, authority: trustme.CA, tmp_path: Path) -> None:
    file = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(file)
    command = ["openssl", "x509", "-noout", "-hash", "-in", str(file)]
    name = subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    file.rename(tmp_path / f"{name}.0")
    with Proxy(provider.port) as proxy:
        assert "['A1', 'A1', 'A1']" == run(proxy, tmp_path, SSL_CERT_DIR=str(tmp_path))


@pytest.mark.parametrize(
    ("variables", "taken"),
    [
        ({"HTTPS_PROXY": "{}"}, True),
        ({"https_proxy": "{}"}, True),
        ({"ALL_PROXY": "{}"}, True),
        ({"HTTP_PROXY": "{}"}, False),
        ({"HTTPS_PROXY": "{}", "NO_PROXY": "other.invalid"}, True),
        ({"HTTPS_PROXY": "{}", "NO_PROXY": f"other.invalid,{HOST}"}, False),
        ({"HTTPS_PROXY": "{}", "no_proxy": ".invalid"}, False),
        ({"ALL_PROXY": "{}", "NO_PROXY": "*"}, False),
    ],
    ids=str,
)
@pytest.mark.usefixtures("no_such_host")
def test_which_variables_count(
    way: str, variables: dict[str, str], taken: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They are read where a connection is made."""
    with Proxy(0, refusal="403 Forbidden") as proxy:
        for name, value in variables.items():
            monkeypatch.setenv(name, value.format(proxy.url))
        words = "the proxy refused to connect" if taken else "the host's name was not found"
        with pytest.raises(gm.NotReached, match=words):
            text(way, URL)
    assert [f"CONNECT {HOST}:443 HTTP/1.1"] * taken == proxy.asked


def test_a_transport_of_the_callers_takes_none_of_the_environment(way: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with Proxy(0, refusal="403 Forbidden") as proxy:
        monkeypatch.setenv("HTTPS_PROXY", proxy.url)
        answer = httpx.MockTransport(lambda _: httpx.Response(200, json={"message_handle": "A2", "status": "QUEUED"}))
        assert "A2" == text(way, URL, lambda side: answer).id
    assert [] == proxy.asked


# --- of a client or transport of the caller's


@pytest.mark.parametrize("library", [httpx, httpx2])
@pytest.mark.parametrize("kind", ["Client", "HTTPTransport"])
@pytest.mark.parametrize("credentials", ["", "gate:keeper"])
def test_through_a_proxy(
    way: str, library: ModuleType, kind: str, credentials: str, provider: RawServer, trusting: ssl.SSLContext
) -> None:
    with Proxy(provider.port, credentials=credentials) as proxy:
        url = proxy.url.replace("//", f"//{credentials}@")
        assert "A1" == text(way, URL, lambda side: getattr(library, side + kind)(proxy=url, verify=trusting)).id
    assert [f"CONNECT {HOST}:443 HTTP/1.1"] == proxy.asked
    assert (1, 0) == (provider.received.count(b"hush"), provider.received.lower().count(b"proxy-"))
    saw_nothing(proxy)


REFUSALS = ["403 Forbidden", "407 Proxy Authentication Required", "502 Bad Gateway", "504 Gateway Timeout"]


@pytest.mark.parametrize("refusal", REFUSALS)
@pytest.mark.parametrize("library", [httpx, httpx2])
def test_a_proxy_that_refuses(way: str, library: ModuleType, refusal: str, provider: RawServer) -> None:
    with Proxy(provider.port, refusal=refusal) as proxy, pytest.raises(gm.NotReached) as caught:
        text(way, URL, lambda side: getattr(library, f"{side}Client")(proxy=proxy.url))
    assert f"the proxy refused to connect ({HOST})" in str(caught.value)
    assert gm.Outcome.NOT_SENT == caught.value.outcome
    assert [] == provider.connections
    saw_nothing(proxy)


@pytest.mark.parametrize("credentials", ["", "gate:sesame"])
def test_wrong_credentials_of_a_proxy_are_not_in_the_error(way: str, credentials: str) -> None:
    with Proxy(0, credentials="gate:keeper") as proxy:
        url = proxy.url.replace("//", f"//{credentials}@")
        with pytest.raises(gm.NotReached) as caught:
            text(way, URL, lambda side: getattr(httpx, f"{side}Client")(proxy=url))
    assert f"the proxy refused to connect ({HOST})" in str(caught.value)
    assert "gate" not in str(caught.value)


def test_a_proxy_that_is_not_there(way: str) -> None:
    with RawServer(take) as gone:
        pass
    with pytest.raises(gm.NotReached, match="connection refused"):
        text(way, URL, lambda side: getattr(httpx, f"{side}Client")(proxy=gone.url))


def hang_up(connection: Connection) -> None:
    connection.read_request()


@pytest.mark.parametrize("behave", [hang_up, Connection.hold])
def test_a_proxy_that_does_not_answer(way: str, behave: Any) -> None:
    """Httpx does not tell it from a provider that took the request: what is in doubt is said to be."""
    with RawServer(behave) as proxy, pytest.raises(gm.OutcomeUnknown):
        text(way, URL, lambda side: getattr(httpx, f"{side}Client")(proxy=proxy.url), timeout=0.2)
    assert b"hush" not in proxy.received


def test_a_certificate_that_is_not_to_be_trusted(way: str, provider: RawServer) -> None:
    """Such as that of a proxy which opens the tunnel."""
    with Proxy(provider.port) as proxy, pytest.raises(gm.NotReached, match="its certificate is not to be trusted"):
        text(way, URL, lambda side: getattr(httpx, f"{side}Client")(proxy=proxy.url))
    assert b"" == provider.received
    saw_nothing(proxy)


def test_a_client_of_the_callers_reads_the_environment_for_the_sandbox_too(
    way: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Unless it is told not to: the library's own does not."""
    with RawServer(take) as server, Proxy(0, refusal="403 Forbidden") as proxy:
        monkeypatch.setenv("HTTP_PROXY", proxy.url)
        assert "A1" == text(way, server.url).id
        assert "A1" == text(way, server.url, lambda side: getattr(httpx, f"{side}Client")(trust_env=False)).id
        assert [] == proxy.asked
        with pytest.raises(gm.OutcomeUnknown, match="HTTP 403"):
            text(way, server.url, lambda side: getattr(httpx, f"{side}Client")())
    assert 1 == len(proxy.asked)


@pytest.mark.parametrize("proxy", ["ftp://me:sesame@127.0.0.1:1", "http://[::1"])
def test_proxies_that_cannot_be(monkeypatch: pytest.MonkeyPatch, proxy: str) -> None:
    """They are refused when the client is made, and not told what they are."""
    monkeypatch.setenv("ALL_PROXY", proxy)
    settings: dict[str, Any] = {"line": "+13125550100", "api_key_id": "k", "api_secret_key": "s"}
    for connect in (gm.connect, gm.connect_async):
        with pytest.raises(gm.ConfigurationError, match="HTTPS_PROXY: the environment's proxies") as caught:
            connect("sendblue", **settings)
        assert "sesame" not in repr(caught.value)
        assert caught.value.__cause__ is None
