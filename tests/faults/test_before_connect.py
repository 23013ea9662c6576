"""P1: what never reaches a provider is not sent, says so, and may be sent again, whatever kept it from leaving."""

from __future__ import annotations

import functools
import ssl
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import datetime, timedelta, tzinfo
from typing import Any

import attrs
import httpx
import pytest
import trustme
from faults.everybody import (
    DONE,
    NOT_SENT,
    OPERATIONS,
    PROVIDERS,
    TEXT,
    WAYS,
    Caller,
    Ending,
    Watched,
    all_texts,
    asked,
    asking,
    at_once,
    closed_port,
    do,
    imagined,
    no_such_host,
    people,
    sandbox,
    shown,
    strike_messages,
)
from raw_server import Connection, RawServer

from groupmessenger import Attempt, NotReached, RateLimited
from groupmessenger.provider import hookimpl
from groupmessenger.sandbox import Sandbox

TRIES = 3
HOST = "https://provider.invalid"
SENDS = ("send", "send_direct")
ALL_WAYS = (*WAYS, "trio")


def refusing(status: str) -> RawServer:
    """A proxy that refuses to connect."""
    answer = f"HTTP/1.1 {status}\r\nContent-Length: 0\r\n\r\n".encode()
    return RawServer(lambda connection: connection.answer(answer))


@contextmanager
def short_pauses() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("groupmessenger.exchange._FIRST_PAUSE", 0.01)
        yield


def test_what_is_asked() -> None:
    """Every provider is asked to send, and nothing is tried twice because of how it is called here."""
    for provider in PROVIDERS:
        assert {*SENDS} <= {*asking(provider)} <= {*OPERATIONS}


# Unreachable places


@attrs.frozen
class Place:
    """Where nobody is reached: a URL, and a proxy on the way."""

    url: str
    proxy: str | None = None


class Counting(httpx.BaseTransport, httpx.AsyncBaseTransport):
    """The real transport, and how often each request to a place was tried, over the proxy there."""

    def __init__(self, place: Place, context: ssl.SSLContext) -> None:
        self.requests: Counter[bytes] = Counter()
        self._place = place
        self._blocking = [httpx.HTTPTransport(verify=context, proxy=proxy) for proxy in (None, place.proxy)]
        self._async = [httpx.AsyncHTTPTransport(verify=context, proxy=proxy) for proxy in (None, place.proxy)]

    def _is_there(self, request: httpx.Request) -> bool:
        there = str(request.url).startswith(self._place.url)
        if there:
            self.requests[request.url.raw_path + request.content] += 1
        return there

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        return self._blocking[self._is_there(request)].handle_request(request)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        return await self._async[self._is_there(request)].handle_async_request(request)

    def close(self) -> None:
        for transport in self._blocking:
            transport.close()

    async def aclose(self) -> None:
        for transport in self._async:
            await transport.aclose()


@contextmanager
def places(box: Sandbox) -> Iterator[dict[str, Place]]:
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert("localhost").configure_cert(tls)
    with ExitStack() as stack:
        closed = stack.enter_context(closed_port())
        stranger = stack.enter_context(RawServer(Connection.answer, tls=tls))
        silent = stack.enter_context(RawServer(Connection.hold))
        proxies = [
            stack.enter_context(refusing(status)) for status in ("407 Proxy Authentication Required", "502 Bad Gateway")
        ]
        stack.enter_context(no_such_host())
        yield {
            "refused": Place(f"http://127.0.0.1:{closed}"),
            "no such host": Place(HOST),
            "no TLS": Place(f"https://localhost:{box.port}"),
            "a stranger's certificate": Place(f"https://localhost:{stranger.port}"),
            "time-out": Place(f"https://localhost:{silent.port}"),
            "proxy says 407": Place(HOST, proxies[0].url),
            "proxy says 502": Place(HOST, proxies[1].url),
            "proxy is down": Place(HOST, f"http://127.0.0.1:{closed}"),
        }
        assert stranger.received == b""


WHY = (
    *("refused", "no such host", "no TLS", "a stranger's certificate", "time-out"),
    *("proxy says 407", "proxy says 502", "proxy is down"),
)
URLS = {
    provider: [key for key in Sandbox().faces[provider].settings(HOST) if key.endswith("_url")]
    for provider in PROVIDERS
}
UNREACHED = [
    (provider, url, why, way, operation)
    for provider in PROVIDERS
    for url in URLS[provider]
    for why in WHY
    for way in WAYS
    for operation in asking(provider)
    if operation in (*SENDS, "create_group") or why in WHY[:3]
]


@functools.cache
def all_unreached() -> dict[tuple[str, str, str, str, str], tuple[Ending, set[int]]]:
    context = httpx.create_ssl_context(trust_env=False)

    def unreached(key: tuple[str, str, str, str, str]) -> tuple[Ending, set[int]]:
        provider, url, why, way, operation = key
        settings: dict[str, Any] = {url: there[why].url, "timeout": 1.5 if why == "time-out" else 20}
        counting = Counting(there[why], context)
        with Caller(box, provider, way, patience=5, http=counting, **settings) as caller:
            return Ending.of(lambda: do(caller, operation)), {*counting.requests.values()}

    with Sandbox() as box, places(box) as there, short_pauses():
        endings = at_once(unreached, UNREACHED)
        assert {entry["operation"] for entry in box.log} <= {"token"}
        assert all_texts(box) == []
    return endings


@pytest.mark.parametrize(("provider", "url", "why", "way", "operation"), UNREACHED)
def test_not_reached(provider: str, url: str, why: str, way: str, operation: str) -> None:
    """What no connection comes about for is not sent, each request tried thrice: at the API, or where tokens are."""
    ending, tries = all_unreached()[provider, url, why, way, operation]
    assert isinstance(ending.error, NotReached), ending.error
    assert NOT_SENT == ending.word
    assert {TRIES} == tries or (why == "time-out" and 1 <= max(tries) < TRIES)


@pytest.mark.parametrize("why", WHY[-3:])
def test_proxy_of_the_environment(why: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nor is what a proxy keeps back that the environment names, which the library found by itself."""
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)

    def send(key: tuple[str, str, str]) -> Ending:
        provider, way, operation = key
        with Caller(box, provider, way, patience=1, base_url=HOST) as caller:
            return Ending.of(lambda: do(caller, operation))

    keys = [(provider, way, operation) for provider in PROVIDERS for way in WAYS for operation in SENDS]
    with Sandbox() as box, refusing(f"{why[-3:]} No") as proxy, closed_port() as closed, short_pauses():
        monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{closed}" if why == "proxy is down" else proxy.url)
        endings = at_once(send, keys)
        assert asked(box) == []
        assert all_texts(box) == []
    assert dict.fromkeys(keys, NotReached) == {key: type(ending.error) for key, ending in endings.items()}
    connects = 0 if why == "proxy is down" else TRIES * len(keys)
    assert [b"CONNECT provider.invalid:443"] * connects == [bytes(each.received[:28]) for each in proxy.connections]


# No connection is free


def hold_the_answer(connection: Connection) -> None:
    connection.answer(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n")
    connection.hold()


@functools.cache
def all_exhausted() -> dict[tuple[str, str, str], tuple[Ending, list[Any], set[int], Ending, set[int]]]:
    def exhausted(key: tuple[str, str, str]) -> tuple[Ending, list[Any], set[int], Ending, set[int]]:
        provider, way, operation = key
        kind: Any = httpx.Client if way == "blocking" else httpx.AsyncClient
        http = kind(limits=httpx.Limits(max_connections=1), trust_env=False, verify=False)
        told = people()[:1] if operation == "send_direct" else people()
        with sandbox(provider) as box, Caller(box, provider, way, http=http, timeout=1.5, patience=5) as caller:
            caller.leaving("send_direct", people(1)[0], "Hello")  # so that it has what credentials it needs
            box.clear_log()
            busy = caller.call(functools.partial(http.send, http.build_request("GET", elsewhere.url), stream=True))
            ending = Ending.of(lambda: do(caller, operation))
            log, before = list(box.log), shown(box, told)
            caller.call(busy.close if way == "blocking" else busy.aclose)
            caller.call(http.close if way == "blocking" else http.aclose)
            with Caller(box, provider, way) as another:
                again = Ending.of(lambda: send_again(another, caller.attempts[-1]))
            return ending, log, before, again, shown(box, told)

    keys = [(provider, way, operation) for provider in PROVIDERS for way in WAYS for operation in SENDS]
    with RawServer(hold_the_answer) as elsewhere, short_pauses():
        return at_once(exhausted, keys)


def send_again(caller: Caller, attempt: Attempt) -> Any:
    """Send what was not sent: to the person, or to a group of the same people that is there."""
    if attempt.group is None:
        return caller.do("send_direct", attempt.to, attempt.message)
    return caller.do("send", caller.do("create_group", people()), attempt.message)


@pytest.mark.parametrize("operation", SENDS)
@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("provider", PROVIDERS)
def test_no_connection_is_free(provider: str, way: str, operation: str) -> None:
    """What waits for a connection of the caller's pool in vain is not sent, and may be sent again."""
    ending, log, before, again, after = all_exhausted()[provider, way, operation]
    assert isinstance(ending.error, NotReached), ending.error
    assert "no connection was free" in str(ending.error)
    assert (NOT_SENT, [], {0}) == (ending.word, log, before)
    assert (DONE, {1}) == (again.word, after), again.error


# Reached after all


class Twice(Watched):
    """A transport that finds nobody for the first two requests to each path."""

    def __init__(self, closed: int) -> None:
        super().__init__()
        self._closed = closed
        self._requests: Counter[str] = Counter()

    def before(self, request: httpx.Request) -> float:
        self._requests[request.url.path] += 1
        if self._requests[request.url.path] < TRIES:
            request.url = request.url.copy_with(port=self._closed)
        return 0


@pytest.mark.parametrize("way", ALL_WAYS)
@pytest.mark.parametrize("provider", PROVIDERS)
def test_reached_at_the_third_try(provider: str, way: str) -> None:
    """What does not reach the provider twice is accepted at the third try, and shown once."""
    with closed_port() as closed, short_pauses(), sandbox(provider) as box:
        with Caller(box, provider, way, patience=1, http=Twice(closed)) as caller:
            caller.do("send", caller.do("create_group", people()), TEXT)
            assert (1, {1}) == (len(asked(box)), shown(box, people()))
        with Caller(box, provider, way, patience=1, http=Twice(closed)) as caller:
            caller.do("send_direct", people(1)[0], TEXT)
            assert (2, {1}) == (len(asked(box)), shown(box, people(1)[:1]))


# Too late


class Clock(datetime):
    """Our clock, which somebody sets."""

    shift = timedelta()

    @classmethod
    def now(cls, tz: tzinfo | None = None) -> datetime:  # type: ignore[override]
        return datetime.now(tz) + cls.shift


class Jumping(Watched):
    """Sets the clock at one point of a message's way, `hours` away from what it was."""

    def __init__(self, when: str, hours: int) -> None:
        super().__init__()
        self._when, self._hours = when, hours

    def _reached(self, here: str) -> None:
        if here == self._when:
            Clock.shift = timedelta(hours=self._hours)

    @hookimpl
    def groupmessenger_before_send(self, attempt: Attempt) -> None:
        self._reached("before it leaves")

    def before(self, request: httpx.Request) -> float:
        if TEXT.encode() in request.content:
            self._reached("while it connects")
        return 0

    def after(self, request: httpx.Request) -> None:
        if TEXT.encode() in request.content:
            self._reached("between two tries")


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Clock, "shift", timedelta())
    for module in ("driving", "passage"):
        monkeypatch.setattr(f"groupmessenger.{module}.datetime", Clock)


@pytest.mark.parametrize("when", ["before it leaves", "while it connects", "between two tries"])
@pytest.mark.parametrize("way", ALL_WAYS)
@pytest.mark.parametrize("provider", PROVIDERS)
@pytest.mark.usefixtures("clock")
def test_clock_jumps_on(provider: str, way: str, when: str) -> None:
    """Once the clock is past its time to leave, nothing of a message leaves; it tells what the last try came to."""
    jumping = Jumping(when, 1)
    with sandbox(provider) as box, short_pauses():
        strike_messages(box, provider, "refuse", status=429)
        with Caller(box, provider, way, patience=1, http=jumping, plugins=[jumping]) as caller:
            ending = Ending.of(lambda: caller.do("send_direct", people()[0], TEXT))
        tried = when == "between two tries"
        assert isinstance(ending.error, RateLimited if tried else NotReached), ending.error
        assert (NOT_SENT, int(tried), []) == (ending.word, len(asked(box)), all_texts(box))


@pytest.mark.parametrize("when", ["before it leaves", "while it connects", "between two tries"])
@pytest.mark.parametrize("way", ALL_WAYS)
@pytest.mark.parametrize("provider", PROVIDERS)
@pytest.mark.usefixtures("clock")
def test_clock_jumps_back(provider: str, way: str, when: str) -> None:
    """A clock that is put back makes no message two: it is tried no more often, and shown once."""
    jumping = Jumping(when, -1)
    with sandbox(provider) as box, short_pauses():
        strike_messages(box, provider, "refuse", status=429)
        with Caller(box, provider, way, patience=1, http=jumping, plugins=[jumping]) as caller:
            caller.do("send_direct", people()[0], TEXT)
        assert (2, [TEXT]) == (len(asked(box)), all_texts(box))


class SlowToConnect(Watched):
    """A connection that is long in coming, as where names are slow to resolve; no time-out of httpx bounds that."""

    def before(self, request: httpx.Request) -> float:
        return 1.2 if TEXT.encode() in request.content else 0


def test_connected_too_late() -> None:
    """A message whose connection comes about only when its time to leave is over does not leave."""

    def late(key: tuple[str, str, str]) -> tuple[str, int, list[str]]:
        provider, way, operation = key
        with sandbox(provider) as box:
            with Caller(box, provider, way, timeout=1, http=SlowToConnect()) as caller:
                ending = Ending.of(lambda: do(caller, operation))
            return ending.word, len(asked(box)), all_texts(box)

    keys = [(provider, way, operation) for provider in PROVIDERS for way in ALL_WAYS for operation in SENDS]
    assert dict.fromkeys(keys, (NOT_SENT, 0, [])) == at_once(late, keys)


def test_imagined_groups() -> None:
    """What stands for a group here is one of the provider's, and of these people."""
    for provider in PROVIDERS:
        assert (provider, people()) == (imagined(provider).provider, tuple(map(str, imagined(provider).addresses)))
