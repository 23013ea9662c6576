"""A transport of the caller's own, and what is done to httpx's own transports by who patches them."""

from __future__ import annotations

import gzip
import socket
import threading
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import httpx
import httpx2
import pytest
from raw_server import Connection, RawServer
from texting import ANN, PRIVATE, SETTINGS, TAKEN, WAYS, answer, take, text

import groupmessenger as gm

pytestmark = pytest.mark.parametrize("library", [httpx, httpx2])
URL = "https://provider.invalid"


@pytest.fixture(params=WAYS)
def way(request: pytest.FixtureRequest) -> str:
    return str(request.param)


class Stream(httpx.SyncByteStream, httpx.AsyncByteStream, httpx2.SyncByteStream, httpx2.AsyncByteStream):
    """An answer that comes in pieces, or breaks."""

    def __init__(self, *pieces: bytes | Exception) -> None:
        self.pieces = pieces
        self.closed = 0

    def __iter__(self) -> Iterator[bytes]:
        for piece in self.pieces:
            if isinstance(piece, Exception):
                raise piece
            yield piece

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for piece in self:
            yield piece

    def close(self) -> None:
        self.closed += 1

    async def aclose(self) -> None:
        self.closed += 1


def written(library: ModuleType, response: Any) -> type[Any]:
    """A class of transports as anybody would write one, that gives this to every request."""

    class Theirs(library.BaseTransport, library.AsyncBaseTransport):  # type: ignore[misc, name-defined]
        seen: list[Any] = []  # noqa: RUF012 - of all of them
        closed = 0

        def handle_request(self, request: Any) -> Any:
            self.seen.append(request)
            return response

        async def handle_async_request(self, request: Any) -> Any:
            self.seen.append(request)
            return response

        def close(self) -> None:
            type(self).closed += 1

        async def aclose(self) -> None:
            type(self).closed += 1

    return Theirs


def test_one_that_is_written_is_used_and_closed(way: str, library: ModuleType) -> None:
    kind = written(library, library.Response(200, content=TAKEN))
    assert "A1" == text(way, URL, lambda _: kind()).id
    (request,) = kind.seen
    assert ("POST", f"{URL}/api/send-message") == (request.method, str(request.url))
    assert (b"hush" in request.content, "sesame-id") == (True, request.headers["sb-api-key-id"])
    assert (5, 5) == (request.extensions["timeout"]["connect"], request.extensions["timeout"]["read"])
    assert 1 == kind.closed


@pytest.mark.parametrize("packed", [False, True])
def test_an_answer_in_pieces(way: str, library: ModuleType, packed: bool) -> None:
    content = gzip.compress(TAKEN) if packed else TAKEN
    stream = Stream(content[:7], b"", content[7:])
    headers = {"content-encoding": "gzip"} if packed else {}
    kind = written(library, library.Response(200, headers=headers, stream=stream))
    assert "A1" == text(way, URL, lambda _: kind()).id
    assert 1 == stream.closed


def test_an_answer_that_breaks_off(way: str, library: ModuleType) -> None:
    """Its stream is closed all the same."""
    stream = Stream(TAKEN[:7], ValueError("hush"))
    kind = written(library, library.Response(200, stream=stream))
    with pytest.raises(gm.OutcomeUnknown, match="broke off with ValueError") as caught:
        text(way, URL, lambda _: kind())
    assert [private for private in PRIVATE if private in str(caught.value)] == []
    assert 1 == stream.closed


def test_an_answer_that_begins_was_asked_for(way: str, library: ModuleType) -> None:
    """Whatever its stream raises after that, such as what stands for a connection that was never there."""
    kind = written(library, library.Response(200, stream=Stream(TAKEN[:7], library.ConnectError("gone"))))
    with pytest.raises(gm.OutcomeUnknown, match="broke off with ConnectError"):
        text(way, URL, lambda _: kind(), patience=5)
    assert 1 == len(kind.seen)


def test_what_answers_for_it(way: str, library: ModuleType) -> None:
    mock = library.MockTransport(lambda _: library.Response(200, content=TAKEN))
    assert "A1" == text(way, URL, lambda _: mock).id


def test_a_class_over_the_librarys_own(way: str, library: ModuleType) -> None:
    """Such as one that retries or counts."""
    seen: list[str] = []

    class Counting(library.HTTPTransport):  # type: ignore[misc, name-defined]
        def handle_request(self, request: Any) -> Any:
            seen.append(request.url.path)
            return super().handle_request(request)

    class AsyncCounting(library.AsyncHTTPTransport):  # type: ignore[misc, name-defined]
        async def handle_async_request(self, request: Any) -> Any:
            seen.append(request.url.path)
            return await super().handle_async_request(request)

    with RawServer(take) as server:
        assert "A1" == text(way, server.url, lambda side: AsyncCounting() if side else Counting()).id
    assert ["/api/send-message"] == seen


def test_its_settings_count(way: str, library: ModuleType) -> None:
    peers: list[str] = []

    def serve(connection: Connection) -> None:
        peers.append(connection.sock.getpeername()[0])
        take(connection)

    with RawServer(serve) as server:
        text(way, server.url, lambda side: getattr(library, f"{side}HTTPTransport")(local_address="127.0.0.2"))
    assert ["127.0.0.2"] == peers


def test_a_socket_of_unix(way: str, library: ModuleType, tmp_path: Path) -> None:
    """The URL says what is asked of whom, the transport how to get there."""
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "gate"))
        listener.listen()

        def serve() -> None:
            connection = Connection(listener.accept()[0], threading.Event())
            with connection.sock:
                take(connection)

        server = threading.Thread(target=serve)
        server.start()
        made = text(
            way,
            URL.replace("https", "http").replace("provider.invalid", "localhost"),
            lambda side: getattr(library, f"{side}HTTPTransport")(uds=str(tmp_path / "gate")),
        )
        server.join(5)
    assert "A1" == made.id


def test_its_retries_are_of_finding_a_connection_alone(way: str, library: ModuleType) -> None:
    """A request that broke off is not sent again."""

    def lose(connection: Connection) -> None:
        connection.read_request()

    with RawServer(lose) as server, pytest.raises(gm.OutcomeUnknown):
        text(way, server.url, lambda side: getattr(library, f"{side}HTTPTransport")(retries=3))
    assert (1, 1) == (len(server.connections), server.received.count(b"hush"))


@pytest.mark.parametrize("given", [True, False])
def test_what_comes_before_an_answer_is_none(way: str, library: ModuleType, given: bool) -> None:
    early = b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>; rel=preload\r\n\r\n"
    with RawServer(lambda connection: connection.answer(early + answer())) as server:
        make = (lambda side: getattr(library, f"{side}HTTPTransport")()) if given else None
        assert "A1" == text(way, server.url, make).id


# --- the library's own


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_patch_of_httpx_reaches_the_librarys_own(
    library: ModuleType, when: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As packages do that mock httpx, or trace it: whether before a connection is made or after."""
    if library is not httpx:
        return  # the library's own is httpx's

    def patched(self: httpx.HTTPTransport, request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, content=TAKEN, request=request)

    def patch() -> None:
        monkeypatch.setattr(httpx.HTTPTransport, "handle_request", patched)

    if when == "before":
        patch()
    with gm.connect("sendblue", base_url=URL, **SETTINGS) as client:
        patch()
        assert "A1" == client.send_direct(ANN, "hush").id


@pytest.mark.anyio
@pytest.mark.parametrize("anyio_backend", ["asyncio"])
@pytest.mark.parametrize("when", ["before", "after"])
async def test_a_patch_of_httpx_reaches_the_librarys_own_async(
    library: ModuleType, when: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if library is not httpx:
        return

    async def patched(self: httpx.AsyncHTTPTransport, request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, content=TAKEN, request=request)

    def patch() -> None:
        monkeypatch.setattr(httpx.AsyncHTTPTransport, "handle_async_request", patched)

    if when == "before":
        patch()
    async with gm.connect_async("sendblue", base_url=URL, **SETTINGS) as client:
        patch()
        assert "A1" == (await client.send_direct(ANN, "hush")).id
