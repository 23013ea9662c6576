"""The transport against real sockets: what each failure says about the request, and what leaves at all."""

from __future__ import annotations

import gzip
import json
import logging
import socket
import ssl
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from types import ModuleType
from typing import Any

import anyio
import attrs
import httpx
import httpx2
import pytest
import trustme
from proxying import no_proxies as no_proxies
from raw_server import OK, Connection, RawServer

from groupmessenger.errors import ConfigurationError, Outcome
from groupmessenger.flow import MaybeSent, NotSent, Request, Response
from groupmessenger.passage import MAX_ANSWER
from groupmessenger.transport import IDLE_AT_MOST, AsyncTransport, Transport

# A body that could not be sent stays behind as an unfinished generator of httpx's own, which trio warns of.
pytestmark = pytest.mark.filterwarnings("ignore:Async generator 'httpx._content.ByteStream:ResourceWarning")

SEND = Request(
    "POST",
    "/send",
    params={"line": "+13125550199"},
    json={"text": "hush"},
    headers={"Authorization": "Bearer sesame"},
)
PRIVATE = ("/send", "line", "5550001111", "hush", "sesame", "earer")
QUICK = 0.25  # seconds

Ended = Response | Exception


@attrs.frozen
class Way:
    """One of the three ways to use a transport; `send` gives what each request ended in, in their order."""

    name: str

    def send(
        self,
        url: str,
        *requests: Request,
        timeout: float = QUICK,
        library: ModuleType = httpx,
        client: dict[str, Any] | None = None,
        transport: Callable[[Any], Any] | None = None,
    ) -> list[Ended]:
        """Send over a client of the caller with these arguments, over a transport, or over nothing of theirs."""
        if self.name == "blocking":
            return self._send_blocking(url, requests, timeout, library, client, transport)
        work = (url, requests, timeout, library, client, transport)
        return anyio.run(self._send_async, *work, backend=self.name)

    def _send_blocking(
        self, url: str, requests: Sequence[Request], timeout: float, library: ModuleType, client: Any, make: Any
    ) -> list[Ended]:
        http = library.Client(**client) if client is not None else make and make(library.HTTPTransport)
        transport = Transport(url, http=http, timeout=timeout)
        ended: list[Ended] = []
        for request in requests:
            try:
                ended.append(transport(request))
            except Exception as error:
                ended.append(error)
        transport.close()
        if client is not None:
            assert not http.is_closed
            http.close()
        return ended

    async def _send_async(
        self, url: str, requests: Sequence[Request], seconds: float, library: ModuleType, client: Any, make: Any
    ) -> list[Ended]:
        http = library.AsyncClient(**client) if client is not None else make and make(library.AsyncHTTPTransport)
        transport = AsyncTransport(url, http=http, timeout=seconds)
        ended: list[Ended] = []
        for request in requests:
            try:
                ended.append(await transport(request))
            except Exception as error:
                ended.append(error)
        await transport.aclose()
        if client is not None:
            assert not http.is_closed
            await http.aclose()
        return ended


@pytest.fixture(params=["blocking", "asyncio", "trio"])
def way(request: pytest.FixtureRequest) -> Way:
    return Way(request.param)


@pytest.fixture(params=["asyncio", "trio"])
def anyio_backend(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture(scope="module")
def server_tls(authority: trustme.CA) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)
    return context


def failed(ended: Ended, kind: type[Exception], words: str) -> None:
    """It ended in this exception, whose text has these words and nothing private, and keeps its cause."""
    assert (True, True) == (isinstance(ended, kind), words in str(ended)), repr(ended)
    assert [private for private in PRIVATE if private in str(ended)] == []


# --- the failure table: never at the server


def unused_port() -> int:
    with closing(socket.socket()) as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


@pytest.fixture
def no_such_host(monkeypatch: pytest.MonkeyPatch) -> None:
    """No resolver is asked for .invalid: it may be slow, away, or answer with a page of advertisements."""
    resolve = socket.getaddrinfo

    def stub(host: Any, *arguments: Any, **named: Any) -> Any:
        if (host.decode() if isinstance(host, bytes) else str(host)).endswith(".invalid"):
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return resolve(host, *arguments, **named)

    monkeypatch.setattr(socket, "getaddrinfo", stub)


@pytest.mark.usefixtures("no_such_host")
def test_name_not_found(way: Way) -> None:
    (ended,) = way.send("https://provider.invalid", SEND, timeout=5)
    failed(ended, NotSent, "the host's name was not found (provider.invalid)")
    assert isinstance(ended.__cause__, httpx.ConnectError)  # type: ignore[union-attr]


def test_refused(way: Way) -> None:
    (ended,) = way.send(f"http://127.0.0.1:{unused_port()}", SEND)
    failed(ended, NotSent, "connection refused (127.0.0.1)")


def test_refused_on_every_address(way: Way) -> None:
    (ended,) = way.send(f"http://localhost:{unused_port()}", SEND)
    failed(ended, NotSent, "connection refused (localhost)")


@contextmanager
def full_backlog() -> Iterator[str]:
    """A listener that has no room for one connection more: Linux drops the SYN, and the client waits."""
    with closing(socket.socket()) as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        waiting = [socket.socket() for _ in range(8)]
        try:
            for sock in waiting:
                sock.setblocking(False)
                sock.connect_ex(listener.getsockname())
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            for sock in waiting:
                sock.close()


def test_connect_time_out(way: Way) -> None:
    with full_backlog() as url:
        (ended,) = way.send(url, SEND)
    failed(ended, NotSent, "no connection within 0.25 s (127.0.0.1)")


def test_tls_failed(way: Way) -> None:
    def plain(connection: Connection) -> None:
        connection.read()
        connection.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")

    with RawServer(plain) as server:
        (ended,) = way.send(f"https://localhost:{server.port}", SEND, timeout=2)
    failed(ended, NotSent, "no TLS connection came about (localhost)")
    assert b"send" not in server.received


def test_certificate_of_a_stranger(way: Way, server_tls: ssl.SSLContext) -> None:
    with RawServer(Connection.answer, tls=server_tls) as server:
        (ended,) = way.send(f"https://localhost:{server.port}", SEND, timeout=2)
    failed(ended, NotSent, "its certificate is not to be trusted (localhost)")
    assert server.received == b""


def test_reset_before_any_byte(way: Way) -> None:
    """With TLS: its first byte is before ours. Without, the kernel has taken our bytes by then: in doubt."""

    def reset_within_the_handshake(connection: Connection) -> None:
        connection.sock.recv(1, socket.MSG_PEEK)
        connection.reset()

    with RawServer(reset_within_the_handshake) as server:
        (ended,) = way.send(f"https://127.0.0.1:{server.port}", SEND, timeout=2)
    failed(ended, NotSent, " (127.0.0.1)")
    assert server.received == b""


def test_connect_error_without_a_known_cause(way: Way) -> None:
    def unreachable(_: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("https://provider.invalid/send?line=+13125550199") from OSError(101, "unreachable")

    (ended,) = way.send("https://provider.invalid", SEND, transport=lambda _: httpx.MockTransport(unreachable))
    failed(ended, NotSent, "no connection (provider.invalid)")


def wait_for_one(server: RawServer) -> None:
    while not server.connections:
        time.sleep(0.005)


def test_pool_exhausted() -> None:
    with RawServer(Connection.hold) as server, httpx.Client(limits=httpx.Limits(max_connections=1)) as http:
        transport = Transport(server.url, http=http, timeout=QUICK)
        first: list[Exception] = []

        def hold_it() -> None:
            with pytest.raises(MaybeSent) as caught:
                transport(attrs.evolve(SEND, timeout=0.6))
            first.append(caught.value)

        other = threading.Thread(target=hold_it)
        other.start()
        wait_for_one(server)
        with pytest.raises(NotSent, match=r"no connection was free within 0.25 s \(127.0.0.1\)"):
            transport(SEND)
        other.join()
    assert 1 == len(first) == len(server.connections)


@pytest.mark.anyio
async def test_pool_exhausted_async() -> None:
    with RawServer(Connection.hold) as server:
        async with (
            httpx.AsyncClient(limits=httpx.Limits(max_connections=1)) as http,
            anyio.create_task_group() as tasks,
        ):
            transport = AsyncTransport(server.url, http=http, timeout=QUICK)

            async def hold_it() -> None:
                with pytest.raises(MaybeSent):
                    await transport(attrs.evolve(SEND, timeout=0.6))

            tasks.start_soon(hold_it)
            await anyio.to_thread.run_sync(wait_for_one, server)
            with pytest.raises(NotSent, match=r"no connection was free within 0.25 s \(127.0.0.1\)"):
                await transport(SEND)
        assert len(server.connections) == 1


@pytest.mark.parametrize("status", [b"407 Proxy Authentication Required", b"502 Bad Gateway"])
def test_proxy_refuses(way: Way, status: bytes) -> None:
    answer = b"HTTP/1.1 " + status + b"\r\nContent-Length: 0\r\n\r\n"
    with RawServer(lambda connection: connection.answer(answer)) as proxy:
        (ended,) = way.send("https://provider.invalid", SEND, client={"proxy": proxy.url})
    failed(ended, NotSent, "the proxy refused to connect (provider.invalid)")
    assert proxy.received.startswith(b"CONNECT provider.invalid:443")
    assert b"send" not in proxy.received


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"headers": {"Auth": "a\r\nX-Other: b"}}, "request: HTTP cannot carry the header 'auth'"),
        ({"headers": {"Auth": " sesame"}}, "request: HTTP cannot carry the header 'auth'"),
        ({"headers": {"Bad Name": "a"}}, "request: HTTP cannot carry the header 'bad name'"),
        ({"headers": {"Auth": "sés"}}, "request: HTTP cannot carry it (UnicodeEncodeError)"),
        ({"headers": {"Content-Length": "3"}}, "request: HTTP cannot carry the length its headers give"),
        ({"headers": {"Transfer-Encoding": "gzip"}}, "request: HTTP cannot carry the length its headers give"),
        ({"path": "/send\x00"}, "request: HTTP cannot carry it (InvalidURL)"),
        ({"json": {"text": object()}}, "request: HTTP cannot carry it (TypeError)"),
        ({"json": {"text": float("nan")}}, "request: HTTP cannot carry it (ValueError)"),
        ({"json": None, "content": "text"}, "request: HTTP cannot carry it (TypeError)"),
        ({"form": {"text": "twice"}}, "request: HTTP cannot carry it (ValueError)"),
        ({"path": "/send#part"}, "request: HTTP cannot carry the # in its URL"),
        ({"path": "send"}, "path: it has to begin with / where credentials go along"),
        ({"path": "https://elsewhere.invalid/send"}, "path: it has to begin with /"),
        ({"path": "send", "authorized": False}, "path: it is no https URL"),
        ({"path": "http://elsewhere.invalid/send", "authorized": False}, "path: it is no https URL"),
        ({"path": "https:///send", "authorized": False}, "path: it is no https URL"),
        ({"path": "https://me:sesame@elsewhere.invalid/", "authorized": False}, "path: it has a user or"),
        ({"path": "https://elsewhere.invalid:port/send", "authorized": False}, "path: it cannot be read"),
    ],
)
def test_our_own_mistakes(way: Way, change: dict[str, Any], words: str) -> None:
    with RawServer(Connection.answer) as server:
        (ended,) = way.send(server.url, attrs.evolve(SEND, **change))
    failed(ended, ConfigurationError, words)
    assert isinstance(ended, ConfigurationError)
    assert ended.outcome == Outcome.NOT_SENT
    assert server.received == b""


def test_every_illegal_header_is_named(way: Way) -> None:
    request = attrs.evolve(SEND, headers={"First": "a\nb", "Second": "a\nb"})
    (ended,) = way.send("http://localhost", request)
    assert isinstance(ended, ConfigurationError)
    assert [p.what[18:] for p in ended.problems] == ["the header 'first'", "the header 'second'"]


# --- the failure table: perhaps, or certainly, at the server


def accept_then_close(connection: Connection) -> None:
    connection.read(1)


def accept_then_reset(connection: Connection) -> None:
    connection.read(1)
    connection.reset()


def reset_when_used_again(connection: Connection) -> None:
    connection.answer()
    connection.read(10)
    connection.reset()


def reset_within_the_body(connection: Connection) -> None:
    while len(connection.received) < 100_000:
        connection.read(4096)
    connection.reset()


def take_a_little(connection: Connection) -> None:
    connection.read(1000)
    connection.hold()


def no_answer(connection: Connection) -> None:
    connection.read_request()
    connection.hold()


def drip(connection: Connection) -> None:
    connection.answer(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
    while not connection.closing.wait(0.05):
        connection.write(b" ")


def endless(connection: Connection) -> None:
    connection.answer(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    while True:
        connection.write(b"8000\r\n" + b" " * 0x8000 + b"\r\n")


def answers(head: str, body: bytes = b"") -> Callable[[Connection], None]:
    return lambda connection: connection.answer(head.replace("\n", "\r\n").encode() + b"\r\n\r\n" + body)


HTML = b"<html>" + b"." * 5000
BOMB = gzip.compress(bytes(30 * MAX_ANSWER))
LONG = f"Content-Length: {MAX_ANSWER + 1}"
BIG = attrs.evolve(SEND, json=None, content=bytes(32 * 1024 * 1024))
ENDED = "the connection ended without a whole answer in HTTP"
PACKED = "the answer is packed in a way that was not asked for"

IN_DOUBT: dict[str, tuple[Callable[[Connection], None], Request, str]] = {
    "accept then close": (accept_then_close, SEND, ""),  # a FIN, or a RST for the bytes not read
    "accept then reset": (accept_then_reset, SEND, "the connection "),
    "reset within the body": (reset_within_the_body, BIG, "the connection "),
    "write time-out": (take_a_little, BIG, "the request was not taken within 0.25 s"),
    "no answer": (no_answer, SEND, "no answer within 0.25 s"),
    "closed without an answer": (Connection.read_request, SEND, ENDED),  # type: ignore[dict-item]
    "half an answer": (answers("HTTP/1.1 200 OK\nContent-"), SEND, ENDED),
    "half a status": (lambda connection: connection.answer(b"HTTP/1."), SEND, ENDED),
    "garbage": (answers("SSH-2.0-OpenSSH"), SEND, ENDED),
    "short body": (answers("HTTP/1.1 200 OK\nContent-Length: 20000", HTML), SEND, ENDED),
    "body cut between chunks": (answers("HTTP/1.1 200 OK\nTransfer-Encoding: chunked", b"2\r\n{}\r\n"), SEND, ENDED),
    "bad gzip": (
        answers("HTTP/1.1 200 OK\nContent-Encoding: gzip\nContent-Length: 11", b'{"ok":true}'),
        SEND,
        "the answer could not be unpacked",
    ),
    "gzip cut short": (
        answers("HTTP/1.1 200 OK\nContent-Encoding: gzip\nContent-Length: 40", gzip.compress(HTML)[:40]),
        SEND,
        "the answer could not be unpacked",
    ),
    "packed twice": (answers("HTTP/1.1 200 OK\nContent-Encoding: gzip, gzip\nContent-Length: 0"), SEND, PACKED),
    "packed otherwise": (answers("HTTP/1.1 200 OK\nContent-Encoding: br\nContent-Length: 0"), SEND, PACKED),
    "too long": (
        answers("HTTP/1.1 200 OK\n" + LONG, bytes(MAX_ANSWER + 1)),
        SEND,
        "the answer is longer than 1,048,576 bytes",
    ),
    "endless": (endless, SEND, "the answer is longer than 1,048,576 bytes"),
    "gzip bomb": (
        answers(f"HTTP/1.1 200 OK\nContent-Encoding: gzip\nContent-Length: {len(BOMB)}", BOMB),
        SEND,
        "the answer is longer than 1,048,576 bytes",
    ),
    "dripping": (drip, SEND, "no whole answer within 0.25 s"),
}


@pytest.mark.parametrize("name", IN_DOUBT)
def test_in_doubt(way: Way, name: str) -> None:
    behave, request, words = IN_DOUBT[name]
    started = time.monotonic()
    with RawServer(behave) as server:
        (ended,) = way.send(server.url, request)
    failed(ended, MaybeSent, words)
    assert "(127.0.0.1)" in str(ended)
    assert server.received[:10] == b"POST /send" or name.startswith("accept")
    assert len(server.connections) == 1
    assert time.monotonic() - started < 2


def test_redirect_to_no_url(way: Way) -> None:
    """It is an answer as any other; a caller's client, which reads it, stumbles over it."""
    with RawServer(answers("HTTP/1.1 302 Found\nLocation: http://a:b/\nContent-Length: 0")) as server:
        (ended,) = way.send(server.url, SEND)
        assert isinstance(ended, Response)
        assert ended.status == 302
        (ended,) = way.send(server.url, SEND, client={})
        failed(ended, MaybeSent, ENDED)


def test_reset_of_a_kept_connection(way: Way) -> None:
    """The server read the beginning of the second request: it is in doubt, and goes over no other connection."""
    with RawServer(reset_when_used_again) as server:
        first, second = way.send(server.url, SEND, SEND)
    assert isinstance(first, Response)
    failed(second, MaybeSent, "the connection ")
    assert len(server.connections) == 1
    assert server.received.count(b"POST") == 2


def test_connections_do_not_idle_for_long(way: Way, monkeypatch: pytest.MonkeyPatch) -> None:
    assert IDLE_AT_MOST <= 5
    monkeypatch.setattr("groupmessenger.transport.IDLE_AT_MOST", 0.0)

    def serve(connection: Connection) -> None:
        while connection.read_request():
            connection.write(OK)

    with RawServer(serve) as server:
        ended = way.send(server.url, SEND, SEND)
    assert [Response, Response] == [type(one) for one in ended]
    assert len(server.connections) == 2


def test_what_nobody_expects(way: Way) -> None:
    def surprise(_: httpx.Request) -> httpx.Response:
        raise RuntimeError("line +13125550199")

    (ended,) = way.send("https://provider.invalid", SEND, transport=lambda _: httpx.MockTransport(surprise))
    failed(ended, MaybeSent, "the exchange broke off with RuntimeError (provider.invalid)")


def test_headers_that_drip_end_as_well() -> None:
    """Only where a wait can be cancelled: see `Transport`."""

    def drip_headers(connection: Connection) -> None:
        connection.answer(b"HTTP/1.1 200 OK\r\nX-Slow: ")
        while not connection.closing.wait(0.05):
            connection.write(b"a")

    for backend in ("asyncio", "trio"):
        with RawServer(drip_headers) as server:
            (ended,) = Way(backend).send(server.url, SEND, timeout=0.1)
        failed(ended, MaybeSent, "no whole answer within 0.1 s")


@pytest.mark.anyio
async def test_nothing_is_kept_of_what_comes_after_too_much() -> None:
    """A stream that never pauses is not stopped by cancelling; it is at its end what it was."""

    class Eager(httpx.AsyncByteStream):
        async def __aiter__(self) -> AsyncIterator[bytes]:
            yield bytes(MAX_ANSWER + 1)
            yield b"more"

    eager = httpx.MockTransport(lambda _: httpx.Response(200, stream=Eager()))
    transport = AsyncTransport("https://provider.invalid", http=eager)
    with pytest.raises(MaybeSent, match="the answer is longer than 1,048,576 bytes"):
        await transport(SEND)
    await transport.aclose()


def test_a_request_has_a_time_out_of_its_own(way: Way) -> None:
    with RawServer(no_answer) as server:
        (ended,) = way.send(server.url, attrs.evolve(SEND, timeout=QUICK), timeout=30)
    failed(ended, MaybeSent, "no answer within 0.25 s")


# --- cancellation


@pytest.mark.anyio
async def test_cancelled() -> None:
    with RawServer(no_answer) as server:
        transport = AsyncTransport(server.url)
        with anyio.move_on_after(0.1) as scope:
            await transport(SEND)
        assert scope.cancelled_caught
        await transport.aclose()


@pytest.mark.anyio
async def test_cancelled_within_the_answer() -> None:
    with RawServer(drip) as server:
        transport = AsyncTransport(server.url)
        with anyio.move_on_after(0.1) as scope:
            await transport(SEND)
        assert scope.cancelled_caught
        await transport.aclose()


def test_interrupted() -> None:
    def interrupt(_: httpx.Request) -> httpx.Response:
        raise KeyboardInterrupt

    transport = Transport("https://provider.invalid", http=httpx.MockTransport(interrupt))
    with pytest.raises(KeyboardInterrupt):
        transport(SEND)
    transport.close()


# --- what leaves, and what comes back


def echo(connection: Connection) -> None:
    """Answer with the request itself, on a connection that stays."""
    while request := connection.read_request():
        head = f"HTTP/1.1 201 Created\r\nX-Seen: One\r\nx-seen: Two\r\nContent-Length: {len(request)}\r\n\r\n"
        connection.write(head.encode() + request)


def parsed(ended: Ended) -> tuple[str, dict[str, str], bytes]:
    """First line, headers and body of the request that `echo` answered with."""
    assert isinstance(ended, Response), repr(ended)
    head, _, body = ended.content.partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    headers = dict(line.split(": ", 1) for line in lines)
    assert len(headers) == len(lines)  # none twice
    return first, {name.lower(): value for name, value in headers.items()}, body


def test_bodies(way: Way) -> None:
    requests = [
        Request("POST", "/a", json={"text": "Grüße 👋", "to": ["+13125550199"]}),
        Request("POST", "/b", json={}),
        Request("POST", "/c", form={"text": "Grüße & so", "to": "+13125550199"}),
        Request("PUT", "/d", content=b"\x00\xff", headers={"Content-Type": "image/png"}),
        Request("POST", "/e"),
        Request("GET", "/f?a=1", params={"b": "2 3", "c": "+1&"}),
        Request("PATCH", "/g", json={"a": 1}, headers={"content-type": "application/merge-patch+json"}),
    ]
    with RawServer(echo) as server:
        ended = [parsed(one) for one in way.send(server.url, *requests)]
    kinds = [
        (first, headers.get("content-type"), headers.get("content-length"), body) for first, headers, body in ended
    ]
    text = json.dumps({"text": "Grüße 👋", "to": ["+13125550199"]}, ensure_ascii=False, separators=(",", ":")).encode()
    form = b"text=Gr%C3%BC%C3%9Fe+%26+so&to=%2B13125550199"
    assert [
        ("POST /a HTTP/1.1", "application/json", str(len(text)), text),
        ("POST /b HTTP/1.1", "application/json", "2", b"{}"),
        ("POST /c HTTP/1.1", "application/x-www-form-urlencoded", str(len(form)), form),
        ("PUT /d HTTP/1.1", "image/png", "2", b"\x00\xff"),
        ("POST /e HTTP/1.1", None, "0", b""),
        ("GET /f?a=1&b=2+3&c=%2B1%26 HTTP/1.1", None, None, b""),
        ("PATCH /g HTTP/1.1", "application/merge-patch+json", "7", b'{"a":1}'),
    ] == kinds
    assert len(server.connections) == 1  # kept and used again


def test_parameters_of_path_request_and_client_go_together(way: Way) -> None:
    with RawServer(echo) as server:
        (ended,) = way.send(server.url, Request("GET", "/a?b=1", params={"b": "2"}), client={"params": {"c": "3"}})
    method, target, version = parsed(ended)[0].split()
    path, _, query = target.partition("?")
    assert (method, path, version) == ("GET", "/a", "HTTP/1.1")
    assert sorted(query.split("&")) == ["b=1", "b=2", "c=3"]  # httpx 0.27 has another order than 0.28


def test_headers(way: Way) -> None:
    with RawServer(echo) as server:
        (ended,) = way.send(server.url, SEND)
    assert isinstance(ended, Response)
    assert (ended.status, ended.headers["x-seen"]) == (201, "One, Two")
    _, headers, _ = parsed(ended)
    assert headers["authorization"] == "Bearer sesame"
    assert headers["user-agent"].startswith("groupmessenger/")
    assert headers["accept-encoding"] == "gzip"


def test_answers_are_unpacked_and_their_headers_lower_case(way: Way) -> None:
    packed = gzip.compress(b'{"ok":true}')
    behave = answers(f"HTTP/1.1 404 Gone\nContent-Encoding: GZip\nX-Key: A\nContent-Length: {len(packed)}", packed)
    with RawServer(behave) as server:
        (ended,) = way.send(server.url, SEND)
    assert isinstance(ended, Response)
    assert (ended.status, ended.content, ended.headers["x-key"]) == (404, b'{"ok":true}', "A")


def test_an_answer_of_just_the_greatest_length(way: Way) -> None:
    behave = answers(f"HTTP/1.1 200 OK\nContent-Length: {MAX_ANSWER}", bytes(MAX_ANSWER))
    with RawServer(behave) as server:
        (ended,) = way.send(server.url, SEND, timeout=5)
    assert isinstance(ended, Response)
    assert len(ended.content) == MAX_ANSWER


@pytest.mark.parametrize(
    ("base", "path", "expected"),
    [
        ("", "/send", "/send"),
        ("/", "/send", "/send"),
        ("/sendblue", "/send", "/sendblue/send"),
        ("/sendblue/", "/v2/send?a=b", "/sendblue/v2/send?a=b"),
        ("", "//evil.invalid/@x", "//evil.invalid/@x"),
    ],
)
def test_paths_join_the_base_url(way: Way, base: str, path: str, expected: str) -> None:
    with RawServer(echo) as server:
        (ended,) = way.send(server.url + base, Request("GET", path))
    assert f"GET {expected} HTTP/1.1" == parsed(ended)[0]


def test_an_absolute_url_without_credentials(way: Way) -> None:
    with RawServer(echo) as server:
        (ended,) = way.send("https://provider.invalid/v2", Request("POST", f"{server.url}/token", authorized=False))
    assert parsed(ended)[0] == "POST /token HTTP/1.1"


@pytest.mark.parametrize("library", [httpx, httpx2])
def test_redirects_are_not_followed_and_the_callers_credentials_not_added(way: Way, library: ModuleType) -> None:
    with RawServer(echo) as elsewhere:
        behave = answers(f"HTTP/1.1 307 Temporary\nLocation: {elsewhere.url}/other\nContent-Length: 0")
        with RawServer(behave) as server:
            client = {"follow_redirects": True, "auth": ("user", "password"), "headers": {"user-agent": "theirs"}}
            request = attrs.evolve(SEND, headers={"sb-api-secret-key": "sesame"})
            (ended,) = way.send(server.url, request, client=client, library=library)
    assert isinstance(ended, Response)
    assert (307, f"{elsewhere.url}/other") == (ended.status, ended.headers["location"])
    assert elsewhere.connections == []
    assert server.received.count(b"POST") == 1
    assert b"authorization" not in server.received.lower()
    assert b"theirs" in server.received


def test_tls(way: Way, authority: trustme.CA, server_tls: ssl.SSLContext) -> None:
    trusting = ssl.create_default_context()
    authority.configure_trust(trusting)
    with RawServer(echo, tls=server_tls) as server:
        (ended,) = way.send(f"https://localhost:{server.port}", SEND, client={"verify": trusting}, timeout=2)
    assert parsed(ended)[0].startswith("POST /send?")


def test_a_proxy_does_not_see_the_sandbox(way: Way, monkeypatch: pytest.MonkeyPatch) -> None:
    refusal = b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n"
    with RawServer(lambda connection: connection.answer(refusal)) as proxy, RawServer(echo) as server:
        monkeypatch.setenv("HTTP_PROXY", proxy.url)
        monkeypatch.setenv("HTTPS_PROXY", proxy.url)
        (ended,) = way.send(server.url, SEND)
        assert parsed(ended)[0].startswith("POST /send?")
        assert proxy.connections == []
        (ended,) = way.send("https://provider.invalid", SEND)
        failed(ended, NotSent, "the proxy refused")
        assert len(proxy.connections) == 1


# --- clients and transports of the caller's


@pytest.mark.parametrize("library", [httpx, httpx2])
@pytest.mark.parametrize("given", [{"client": {}}, {"transport": lambda kind: kind()}])
def test_either_library(way: Way, library: ModuleType, given: dict[str, Any]) -> None:
    """The classes of the exceptions are those of the library that was handed in."""
    with RawServer(echo) as server:
        (ended,) = way.send(server.url, SEND, library=library, **given)
        assert parsed(ended)[0].startswith("POST /send?")
    (ended,) = way.send(server.url, SEND, library=library, **given)
    failed(ended, NotSent, "connection refused (127.0.0.1)")
    assert isinstance(ended.__cause__, library.ConnectError)  # type: ignore[union-attr]
    with RawServer(IN_DOUBT["bad gzip"][0]) as server:
        (ended,) = way.send(server.url, SEND, library=library, **given)
        failed(ended, MaybeSent, "the answer could not be unpacked")
    with RawServer(IN_DOUBT["gzip bomb"][0]) as server:
        (ended,) = way.send(server.url, SEND, library=library, **given)
        failed(ended, MaybeSent, "the answer is longer than")


def test_a_class_of_the_callers_own(way: Way) -> None:
    class Theirs(httpx2.MockTransport):
        pass

    (ended,) = way.send("https://a.invalid", SEND, transport=lambda _: Theirs(lambda _: httpx2.Response(204)))
    assert Response(204) == ended


@pytest.mark.anyio
async def test_what_is_neither_client_nor_transport() -> None:
    async with httpx.AsyncClient() as wrong_kind:
        for http in (object(), wrong_kind, httpx.AsyncHTTPTransport()):
            with pytest.raises(ConfigurationError, match=r"it is neither .hand in an httpx\.Client or httpx\.BaseT"):
                Transport("https://a.invalid", http=http)  # type: ignore[arg-type]
    with (
        httpx.Client() as wrong_kind,
        pytest.raises(ConfigurationError, match=r"httpx\.AsyncClient or httpx\.AsyncBase"),
    ):
        AsyncTransport("https://a.invalid", http=wrong_kind)  # type: ignore[arg-type]


@pytest.mark.anyio
async def test_closed() -> None:
    transport, async_transport = Transport("https://a.invalid"), AsyncTransport("https://a.invalid")
    transport.close()
    await async_transport.aclose()
    with pytest.raises(ConfigurationError, match="http: the client is closed"):
        transport(SEND)
    with pytest.raises(ConfigurationError, match="http: the client is closed"):
        await async_transport(SEND)


@pytest.mark.parametrize(
    ("base_url", "what"),
    [
        ("http://provider.invalid", "base_url: it is no https URL (http is for loopback addresses alone)"),
        ("http://128.0.0.1", "base_url: it is no https URL"),
        ("http://localhost.provider.invalid", "base_url: it is no https URL"),
        ("ftp://localhost", "base_url: it is no https URL"),
        ("provider.invalid", "base_url: it is no https URL"),
        ("https://", "base_url: it is no https URL"),
        ("", "base_url: it is no https URL"),
        ("https://me:sesame@provider.invalid", "base_url: it has a user or password"),
        ("https://sesame@provider.invalid", "base_url: it has a user or password"),
        ("https://provider.invalid?key=sesame", "base_url: it has a query or a fragment"),
        ("https://provider.invalid/?", "base_url: it has a query or a fragment"),
        ("https://provider.invalid/#sesame", "base_url: it has a query or a fragment"),
        ("https://provider.invalid:port", "base_url: it cannot be read as a URL"),
        ("https://[::1", "base_url: it cannot be read as a URL"),
        (None, "base_url: it cannot be read as a URL"),
    ],
)
def test_base_urls_refused(base_url: str, what: str) -> None:
    for kind in (Transport, AsyncTransport):
        with pytest.raises(ConfigurationError) as caught:
            kind(base_url)
        failed(caught.value, ConfigurationError, what)
        assert [problem.key for problem in caught.value.problems] == ["base_url"]


@pytest.mark.parametrize(
    "base_url",
    ["https://a.invalid", "http://localhost:1", "http://127.8.7.6/x", "http://[::1]:80/", "HTTP://LOCALHOST"],
)
def test_base_urls_accepted(base_url: str) -> None:
    Transport(base_url).close()


# --- pools


@pytest.mark.anyio
async def test_a_connection_for_each_at_a_time() -> None:
    """25 at a time need 25 connections; the next 25 find them again."""
    together = threading.Barrier(25, timeout=5)

    def serve(connection: Connection) -> None:
        while connection.read_request():
            together.wait()
            connection.write(OK)

    with RawServer(serve) as server:
        transport = AsyncTransport(server.url, timeout=5)
        for _ in range(2):
            ended: list[Response] = []

            async def send(ended: list[Response] = ended) -> None:
                ended.append(await transport(SEND))

            async with anyio.create_task_group() as tasks:
                for _ in range(25):
                    tasks.start_soon(send)
            assert [response.status for response in ended] == [200] * 25
        assert len(server.connections) == 25
        ways = [way for way, _ in transport._pool._idle]
        assert len(ways) == 25
        await transport.aclose()
        assert all(way.closed for way in ways)


@pytest.mark.anyio
async def test_no_connection_is_kept_after_a_failure() -> None:
    transport = AsyncTransport(f"http://127.0.0.1:{unused_port()}")
    for _ in range(11):
        with pytest.raises(NotSent):
            await transport(SEND)
        with pytest.raises(ConfigurationError):
            await transport(Request("GET", "nowhere"))
    assert not transport._pool._own
    await transport.aclose()


@pytest.mark.anyio
async def test_a_callers_client_is_the_only_pool() -> None:
    async def answer(_: httpx.Request) -> httpx.Response:
        await anyio.sleep(0.01)
        return httpx.Response(200, json={})

    async with httpx.AsyncClient(transport=httpx.MockTransport(answer)) as http:
        transport = AsyncTransport("https://a.invalid", http=http)
        async with anyio.create_task_group() as tasks:
            for _ in range(25):
                tasks.start_soon(transport, SEND)
        assert not transport._pool._own
        await transport.aclose()
        assert not http.is_closed


@pytest.mark.parametrize("library", [httpx, httpx2])
def test_the_query_is_not_logged(library: Any, caplog: pytest.LogCaptureFixture) -> None:
    """Httpx logs each URL at INFO: numbers in the query of ours are taken out, other requests are left alone."""

    def answer_twice(connection: Connection) -> None:
        connection.answer()
        connection.answer()

    with RawServer(answer_twice) as server, library.Client(trust_env=False) as client:
        transport = Transport(server.url, http=client)
        with caplog.at_level(logging.INFO):
            transport(Request("GET", "/found", params={"number": "+13125550101"}))
            client.get(f"{server.url}/theirs?number=+13125550102")
        transport.close()
    assert "/found" in caplog.text
    assert "5550101" not in caplog.text
    assert "5550102" in caplog.text
