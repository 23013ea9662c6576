"""Whatever goes wrong between us and Bandwidth: nobody is texted twice, and no error says "not sent" for what was.

A table of faults (`ROWS`), each with both kinds of sends, by every kind of client, over real HTTP; what the phones show
and what the sandbox logged are the judges. Then the caller does as the library advises: what was not sent is sent
again; what is unknown is looked for, and stays unknown until a status callback brings its token back with an id.
"""

from __future__ import annotations

import functools
import gc
import random
import socket
import ssl
import time
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from typing import Any, Self

import anyio
import attrs
import httpx
import pytest
from anyio.from_thread import BlockingPortal, start_blocking_portal
from groupmessenger_bandwidth.sandbox import BandwidthFace

from groupmessenger import (
    AsyncClient,
    Attempt,
    AuthenticationFailed,
    CannotTell,
    Client,
    Found,
    GroupMessengerError,
    NotReached,
    Outcome,
    OutcomeUnknown,
    ProviderUnavailable,
    Status,
)
from groupmessenger.provider import hookimpl
from groupmessenger.sandbox import Sandbox

TEXT = "Dinner at seven?"
TIMEOUT = 1.0  # seconds for an answer, where one is to come too late
SLOW = 1.3  # seconds an answer takes that comes too late
LATE = 60.0  # seconds of the sandbox's time
DONE, NOT_SENT, UNKNOWN = "done", "not sent", "unknown"
WORDS = {Outcome.NOT_SENT: NOT_SENT, Outcome.SENT: "done, and an error", Outcome.UNKNOWN: UNKNOWN}
WAYS = ("blocking", "asyncio", "trio")

# A body cut off while it is sent leaves a generator of httpx's behind, of which trio complains.
pytestmark = pytest.mark.filterwarnings(
    "ignore:Exception ignored in.*ByteStream:pytest.PytestUnraisableExceptionWarning"
)


# Callers


class Caller:
    """A client of the sandbox, of either kind, called in one way. Does not try again unless it has `patience`.

    It keeps the attempts that were made. With `cancel_when`, a call is cancelled as soon as that is true.
    """

    def __init__(self, box: Sandbox, way: str, **settings: Any) -> None:
        settings = {"timeout": 5, "patience": 0, "plugins": [self], **settings}
        self.attempts: list[Attempt] = []
        self.cancel_when: Callable[[], bool] | None = None
        self._end = ExitStack()
        self._portal: BlockingPortal | None = None
        self.client: Client | AsyncClient
        if way == "blocking":
            self.client = self._end.enter_context(box.connect("bandwidth", **settings))
        else:
            self._portal = self._end.enter_context(start_blocking_portal(way))
            self.client = box.connect_async("bandwidth", **settings)
            self._end.callback(self._portal.call, self.client.aclose)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._end.close()

    def do(self, operation: str, *arguments: Any) -> Any:
        """Do an operation, and wait for its end."""
        method = getattr(self.client, operation)
        if self._portal is None:
            return method(*arguments)
        future = self._portal.start_task_soon(method, *arguments)
        if self.cancel_when is not None:
            wait_for(self.cancel_when)
            future.cancel()
        return future.result()

    def send(self, name: str, people: tuple[str, ...], text: str = TEXT) -> Any:
        """Send to a group of these people, or to the first of them."""
        if name == "send_direct":
            return self.do("send_direct", people[0], text)
        return self.do("send", self.do("create_group", people), text)

    @hookimpl
    def groupmessenger_before_send(self, attempt: Attempt) -> None:
        """Keep what a program would store before a message leaves."""
        self.attempts.append(attempt)


SENDS = ("send", "send_direct")


def vendor(box: Sandbox) -> BandwidthFace:
    face = box.faces["bandwidth"]
    assert isinstance(face, BandwidthFace)
    return face


def asked(box: Sandbox, operation: str = "send") -> int:
    return sum(entry["operation"] == operation for entry in box.log)


def people_of(name: str, number: int = 0) -> tuple[str, ...]:
    """Whom a send goes to: people whom no other number has, of whom the private one reaches the first."""
    area = ("202", "212", "303", "415", "512", "617", "713", "808")[number // 33]
    people = tuple(f"+1{area}55501{number % 33 * 3 + n:02}" for n in range(3))
    return people[:1] if name == "send_direct" else people


def seen(box: Sandbox, people: tuple[str, ...], text: str = TEXT) -> set[int]:
    """How often the phones of all of them show it."""
    return {box.phones[number].texts.count(text) for number in people}


def wait_for(true: Callable[[], bool]) -> None:
    """Wait for what happens in somebody else's time."""
    deadline = time.monotonic() + 10
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.005)


# Faults


@attrs.frozen
class Row:
    """A fault, what the send must come to, and with how many requests.

    `acts` says whether the vendor does it, None if only later.
    """

    name: str
    strike: Callable[[Sandbox], object] = attrs.field(repr=False)
    acts: bool | None
    word: str
    requests: int = 1


def fault(kind: str, phase: str, **details: Any) -> Callable[[Sandbox], object]:
    return lambda box: box.fault(kind, operation="send", phase=phase, **details)


def answer(fields: dict[str, Any], status: int = 202, **how: bool) -> Callable[[Sandbox], object]:
    return lambda box: vendor(box).answer_next(fields, status, **how)


def in_doubt(what: str, kind: str, phase: str, **details: Any) -> Row:
    """The answer says nothing."""
    return Row(f"{what} {phase}", fault(kind, phase, **details), phase == "after", UNKNOWN)


def refused(what: str, kind: str = "refuse", requests: int = 1, **details: Any) -> Row:
    """The answer says that nothing was done."""
    return Row(what, fault(kind, "before", times=requests, **details), False, NOT_SENT, requests)


def told(what: str, word: str, fields: dict[str, Any], **how: Any) -> Row:
    """It is sent, and answered with these fields."""
    return Row(f"told {what}", answer(fields, **how), True, word)


PHASES = ("before", "after")
NO = {"type": "some-type", "description": "No"}
OTHER = {"timestamp": "2026-11-21T00:00:00.000+0000", "status": 404, "error": "Not Found", "message": "x", "path": "/x"}
PAGE = "<html><title>Bad gateway</title></html>"
KINDS = ("drop", "reset", "short", "html", "empty", "bad_gzip", "huge")
ROWS = [
    # Before the vendor acts, and after
    *(in_doubt(kind, kind, "headers") for kind in ("drop", "reset")),
    *(in_doubt(kind, kind, phase) for kind in KINDS for phase in PHASES),
    *(
        in_doubt(f"{status} without a word", "refuse", phase, status=status)
        for status in (400, 401, 403, 408, 409, 425, 500, 502, 503, 504)
        for phase in PHASES
    ),
    *(
        in_doubt(f"{status} in their words", "refuse", phase, status=status, body=NO)
        for status in (408, 409, 502, 503, 504)
        for phase in PHASES
    ),
    *(
        in_doubt(f"{status} of a proxy", "refuse", phase, status=status, text=PAGE)
        for status in (400, 401, 403, 404, 500, 502)
        for phase in PHASES
    ),
    *(in_doubt(f"500 and {text}", "refuse", phase, status=500, text=text) for text in ("{}", "[]") for phase in PHASES),
    *(
        in_doubt(f"200 and {text}", "refuse", phase, status=200, text=text)
        for text in ("{}", "[]", "null", '{"id": ""}', '{"id": 17}', '{"id": "half')
        for phase in PHASES
    ),
    *(in_doubt(f"202 and {NO}", "refuse", phase, status=202, body=NO) for phase in PHASES),
    Row("slow before", fault("delay", "before", seconds=SLOW), None, UNKNOWN),
    Row("slow after", fault("delay", "after", seconds=SLOW), True, UNKNOWN),
    Row("late", fault("late", "before", seconds=LATE), None, UNKNOWN),
    # Refusals, documented as neither sent nor billed
    *(refused(f"{status}", status=status, body=NO) for status in (400, 403, 404, 405, 406, 415)),
    refused("404 in the other shape", status=404, body=OTHER),
    refused("401 twice", status=401, body=NO, requests=2),
    refused("500 in their words", status=500, body=NO),
    refused("429", status=429),
    refused("429 for a minute", status=429, headers={"Retry-After": "60"}),
    # A redirect is taken for a wrong base_url: no vendor acts, and then says that it lives elsewhere.
    refused("redirect", "redirect", location="https://example.com/elsewhere"),
    Row("401 once", fault("refuse", "before", status=401, body=NO), True, DONE, 2),
    # What an answer says
    told("the id alone", DONE, {"id": "1795300000001lkq7mwd4xt2brvhe"}, whole=True),
    *(told(f"it in a {status}", DONE, {}, status=status) for status in (200, 201, 202)),
    *(told(f"{fields}", UNKNOWN, fields) for fields in ({"id": None}, {"id": ""}, {"id": ["m1"]})),
    told("nothing", UNKNOWN, {}, whole=True),
]


# Batches


@attrs.frozen
class Ending:
    """What a call came to."""

    word: str
    error: BaseException | None = None

    @classmethod
    def of(cls, call: Callable[[], Any]) -> Self:
        try:
            call()
        except GroupMessengerError as error:
            return cls(WORDS[error.outcome], error)
        except Exception as error:
            return cls(f"{type(error).__name__}: {error}", error)
        return cls(DONE)

    @property
    def attempt(self) -> Attempt:
        assert isinstance(self.error, OutcomeUnknown)
        assert self.error.attempt is not None
        return Attempt.load(self.error.attempt.dump())


@attrs.define
class Case:
    """What became of one send with one fault."""

    row: Row
    people: tuple[str, ...]
    ending: Ending = Ending("not begun")
    requests: int = 0
    seen: set[int] = attrs.field(factory=set)
    looked_for: list[object] = attrs.field(factory=list)  # what find_sent said: soon, late, and with the id
    report: str = ""
    seen_finally: set[int] = attrs.field(factory=set)


BATCHES = [*((way, name) for way in WAYS[:2] for name in SENDS), ("trio", "send")]


@functools.cache
def batches() -> dict[tuple[str, str], Future[dict[str, Case]]]:
    """All batches, of which four run at a time: much of it is waiting."""
    with ThreadPoolExecutor(4) as pool:
        ended = {batch: pool.submit(run_batch, *batch) for batch in BATCHES}
    gc.collect()
    return ended


def run_batch(way: str, name: str) -> dict[str, Case]:
    """Run a send with each fault, and the advice after it."""
    with Sandbox() as box, Caller(box, way) as caller, Caller(box, way, timeout=TIMEOUT) as hasty:
        hasty.send("send_direct", ("+18185550100",), "So that it has a token")
        cases = {row.name: Case(row, people_of(name, number)) for number, row in enumerate(ROWS)}
        for case in cases.values():
            box.clear_log()
            case.row.strike(box)
            sender = hasty if case.row.name.startswith("slow") else caller
            case.ending = Ending.of(functools.partial(sender.send, name, case.people))
            box.clear_faults()
            assert not vendor(box).account.forced
            case.requests, case.seen = asked(box), seen(box, case.people)
            if case.ending.word == UNKNOWN:
                case.looked_for.append(caller.do("find_sent", case.ending.attempt))
        wait_for(lambda: seen(box, cases["slow before"].people) == {1})
        box.clock.advance(LATE)
        for case in cases.values():
            case.report = follow(box, caller, name, case)
            case.seen_finally = seen(box, case.people)
    return cases


def follow(box: Sandbox, caller: Caller, name: str, case: Case) -> str:
    """Do as the library advises, with nothing going wrong any more. Gives what is reported in the end."""
    if case.ending.word == NOT_SENT:
        return Ending.of(lambda: caller.send(name, case.people)).word
    if case.ending.word != UNKNOWN:
        return case.ending.word
    attempt = case.ending.attempt
    case.looked_for.append(caller.do("find_sent", attempt))
    ids = [message.id for message in vendor(box).messages if message.tag == attempt.token]
    for message_id in ids:  # what a status callback would tell
        case.looked_for.append(caller.do("find_sent", attrs.evolve(attempt, provider_id=message_id)))
    return DONE if ids else UNKNOWN


@pytest.mark.parametrize(
    ("way", "name", "row"),
    [pytest.param(way, name, row.name, id=f"{way}-{name}-{row.name}") for way, name in BATCHES for row in ROWS],
)
def test_matrix(way: str, name: str, row: str) -> None:
    """P3 to P5: no phone shows a message twice, and no error or success says what is not so."""
    case = batches()[way, name].result()[row]
    assert case.row.word == case.ending.word, case.ending.error
    assert case.requests == case.row.requests
    # What was said at first is true
    if case.row.acts is not None:
        assert case.seen == {int(case.row.acts)}
    # Nobody can say of what is unknown, until its token comes back
    assert case.seen_finally == {int(case.report == DONE)}
    if case.row.word == UNKNOWN:
        soon, late, *by_id = case.looked_for
        assert isinstance(soon, CannotTell)
        assert isinstance(late, CannotTell)
        assert [type(sighting) for sighting in by_id] == [Found] * (case.report == DONE)
        assert case.report == (UNKNOWN if case.row.acts is False else DONE)
    else:
        assert case.report == DONE


def test_500_in_their_words_once_more() -> None:
    """P5: their own 500 is tried once more, and shown once."""
    for way in WAYS:
        with Sandbox() as box, Caller(box, way, patience=1) as caller:
            box.fault("refuse", operation="send", status=500, body=NO)
            caller.send("send", people_of("send"))
            assert (asked(box), seen(box, people_of("send"))) == (2, {1})
            box.fault("refuse", operation="send", status=500, body=NO, times=None)
            ending = Ending.of(lambda: caller.send("send", people_of("send"), "Again"))
            assert isinstance(ending.error, ProviderUnavailable)
            assert (ending.word, asked(box), seen(box, people_of("send"), "Again")) == (NOT_SENT, 4, {0})


@pytest.mark.parametrize("name", SENDS)
@pytest.mark.parametrize("way", WAYS)
def test_turned_away_twice(way: str, name: str) -> None:
    """P5: what is turned away with 429 is tried three times, and shown once."""
    with Sandbox() as box, Caller(box, way, patience=1) as caller:
        box.fault("refuse", status=429, operation="send", times=2, headers={"Retry-After": "0"})
        assert Ending.of(lambda: caller.send(name, people_of(name))).word == DONE
        assert (asked(box), seen(box, people_of(name))) == (3, {1})


def test_queue_full() -> None:
    """P5: a full queue is not sent, and says when nobody knows."""
    with Sandbox() as box, Caller(box, "blocking") as caller:
        vendor(box).queue = 2
        ending = Ending.of(lambda: caller.send("send", people_of("send")))
        assert (ending.word, seen(box, people_of("send"))) == (NOT_SENT, {0})
        vendor(box).queue = 3
        assert Ending.of(lambda: caller.send("send", people_of("send"))).word == DONE
        assert seen(box, people_of("send")) == {1}


# P1: never reached


class Counting(httpx.BaseTransport, httpx.AsyncBaseTransport):
    """The real transport, and how often it was used."""

    def __init__(self, context: ssl.SSLContext) -> None:
        self.tries = 0
        self._blocking = httpx.HTTPTransport(verify=context)
        self._async = httpx.AsyncHTTPTransport(verify=context)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        self.tries += 1
        return self._blocking.handle_request(request)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.tries += 1
        return await self._async.handle_async_request(request)

    def close(self) -> None:
        self._blocking.close()

    async def aclose(self) -> None:
        await self._async.aclose()


def closed_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


UNREACHABLE = ("refused", "no such host", "no TLS")
WHERE = ("base_url", "token_url")


def unreached(box: Sandbox, context: ssl.SSLContext, where: str, why: str, way: str, name: str) -> tuple[Ending, int]:
    urls = (f"http://127.0.0.1:{closed_port()}", "https://bandwidth.invalid", f"https://localhost:{box.port}/bandwidth")
    counting = Counting(context)
    settings = {where: urls[UNREACHABLE.index(why)]}
    with Caller(box, way, patience=1, timeout=3, http=counting, **settings) as caller:
        return Ending.of(lambda: caller.send(name, people_of(name))), counting.tries


@contextmanager
def no_such_host() -> Iterator[None]:
    """No resolver is asked for .invalid: it may take longer than there is."""
    resolve = socket.getaddrinfo

    def stub(host: Any, *arguments: Any, **named: Any) -> Any:
        if (host.decode() if isinstance(host, bytes) else str(host)).endswith(".invalid"):
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return resolve(host, *arguments, **named)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket, "getaddrinfo", stub)
        yield


@functools.cache
def all_unreached() -> dict[tuple[str, str, str, str], tuple[Ending, int]]:
    context = httpx.create_ssl_context(trust_env=False)
    keys = [(where, why, way, name) for where in WHERE for why in UNREACHABLE for way in WAYS[:2] for name in SENDS]
    with no_such_host(), Sandbox() as box, ThreadPoolExecutor(len(keys)) as pool:
        endings = dict(zip(keys, pool.map(lambda key: unreached(box, context, *key), keys), strict=True))
        assert asked(box) == 0
    return endings


@pytest.mark.parametrize("name", SENDS)
@pytest.mark.parametrize("way", WAYS[:2])
@pytest.mark.parametrize("why", UNREACHABLE)
@pytest.mark.parametrize("where", WHERE)
def test_before_connect(where: str, why: str, way: str, name: str) -> None:
    """P1: what never reaches the API, or the host of the tokens, is tried three times, and is not sent."""
    ending, tries = all_unreached()[where, why, way, name]
    assert isinstance(ending.error, NotReached)
    assert (ending.word, tries) == (NOT_SENT, 3 if where == "token_url" else 4)  # and the token


# P2: the token

TOKEN_FAULTS: dict[str, tuple[str, dict[str, Any]]] = {
    **{f"{kind} {phase}": (kind, {"phase": phase}) for kind in KINDS for phase in PHASES},
    **{f"{kind} headers": (kind, {"phase": "headers"}) for kind in ("drop", "reset")},
    **{f"{status}": ("refuse", {"status": status}) for status in (400, 401, 403, 404, 408, 429, 500, 502, 503, 504)},
    "500 in their words": ("refuse", {"status": 500, "body": NO}),
    "401 in their words": ("refuse", {"status": 401, "body": {"error": "invalid_client"}}),
    "no token": ("refuse", {"status": 200, "body": {"access_token": None}}),
    "redirect": ("redirect", {"location": "https://example.com/elsewhere"}),
    "slow": ("delay", {"seconds": SLOW}),
}
AGAIN = ("drop", "reset", "html", "empty", "huge", "408", "429", "500", "502", "503", "504", "slow")


@functools.cache
def all_tokens_lost() -> dict[str, dict[tuple[str, str], tuple[Ending, int, Ending, set[int]]]]:
    with ThreadPoolExecutor(len(WAYS)) as pool:
        return dict(zip(WAYS, pool.map(tokens_lost, WAYS), strict=True))


def tokens_lost(way: str) -> dict[tuple[str, str], tuple[Ending, int, Ending, set[int]]]:
    """Each fault for the first token of a client; then the message again with nothing wrong."""
    ended: dict[tuple[str, str], tuple[Ending, int, Ending, set[int]]] = {}
    with Sandbox() as box:
        for number, what in enumerate(TOKEN_FAULTS):
            for name in SENDS:
                kind, details = TOKEN_FAULTS[what]
                people, text = people_of(name, number), f"{name} {what}"
                with Caller(box, way, timeout=TIMEOUT if what == "slow" else 5) as caller:
                    box.clear_log()
                    box.fault(kind, operation="token", **details)
                    first = Ending.of(lambda: caller.send(name, people, text))  # noqa: B023 - done at once
                    sends = asked(box)
                    again = Ending.of(lambda: caller.send(name, people, text))  # noqa: B023
                    ended[name, what] = first, sends, again, seen(box, people, text)
    return ended


@pytest.mark.parametrize("what", TOKEN_FAULTS)
@pytest.mark.parametrize("name", SENDS)
@pytest.mark.parametrize("way", WAYS)
def test_token_lost(way: str, name: str, what: str) -> None:
    """P2: whatever becomes of a token, the message has not left: it is not sent, never in doubt, and may go again."""
    first, sends, again, shown = all_tokens_lost()[way][name, what]
    assert (first.word, sends) == (NOT_SENT, 0), first.error
    assert (again.word, shown) == (DONE, {1}), again.error


@pytest.mark.parametrize("way", WAYS)
def test_token_asked_for_again(way: str) -> None:
    """P2: a token that was lost, or not given for now, is asked for again, and the message is sent once."""

    def one(what: str) -> tuple[str, int, int, set[int]]:
        kind, details = TOKEN_FAULTS.get(what, (what, {"phase": "after"}))
        with Sandbox() as box, Caller(box, way, patience=0.5, timeout=TIMEOUT if what == "slow" else 5) as caller:
            box.fault(kind, operation="token", **details)
            ending = Ending.of(lambda: caller.send("send", people_of("send")))
            return ending.word, asked(box, "token"), asked(box), seen(box, people_of("send"))

    with ThreadPoolExecutor(len(AGAIN)) as pool:
        assert dict(zip(AGAIN, pool.map(one, AGAIN), strict=True)) == dict.fromkeys(AGAIN, (DONE, 2, 1, {1}))


@pytest.mark.parametrize("name", SENDS)
@pytest.mark.parametrize("way", WAYS)
def test_token_ends_under_way(way: str, name: str) -> None:
    """P2: a token that ends between check and use is renewed, and the message is shown once."""
    with Sandbox() as box, Caller(box, way, timeout=5) as caller:
        caller.send(name, people_of(name), "Before")
        box.clear_log()
        box.fault("delay", operation="send", seconds=0.1)
        with ThreadPoolExecutor(1) as pool:
            sent = pool.submit(caller.send, name, people_of(name))
            wait_for(lambda: asked(box) == 1)
            vendor(box).revoke_tokens()
            sent.result()
        assert [entry["operation"] for entry in box.log] == ["send", "token", "send"]
        assert seen(box, people_of(name)) == {1}


@pytest.mark.parametrize("way", WAYS)
def test_fifty_at_once(way: str) -> None:
    """P2: fifty sends whose token is revoked again and again: each is shown once, with few tokens."""
    with Sandbox() as box, Caller(box, way, timeout=10, patience=5) as caller:
        (to,) = people_of("send_direct")
        with ThreadPoolExecutor(50) as pool:
            first = [pool.submit(caller.send, "send_direct", (to,), f"Text {n}") for n in range(50)]
            assert [Ending.of(each.result).word for each in first] == [DONE] * 50
            assert vendor(box).tokens_issued == 1
            vendor(box).revoke_tokens()
            second = [pool.submit(caller.send, "send_direct", (to,), f"Text {n}") for n in range(50, 100)]
            assert [Ending.of(each.result).word for each in second] == [DONE] * 50
        assert vendor(box).tokens_issued == 2
        assert sorted(box.phones[to].texts) == sorted(f"Text {n}" for n in range(100))


class Held(httpx.BaseTransport, httpx.AsyncBaseTransport):
    """A token endpoint that refuses, and not before so many messages wait for it."""

    def __init__(self, waiting: Callable[[], int], most: int) -> None:
        self.requests: list[str] = []
        self._waiting, self._most = waiting, most

    def _answer(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request.url.path)
        return httpx.Response(401, json={"error": "invalid_client"})

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        wait_for(lambda: self._waiting() == self._most)
        time.sleep(0.1)
        return self._answer(request)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        with anyio.fail_after(10):
            while self._waiting() < self._most:  # noqa: ASYNC110 - others than this loop's tasks make it so
                await anyio.sleep(0.005)
        await anyio.sleep(0.1)
        return self._answer(request)


@pytest.mark.parametrize("way", WAYS)
def test_fifty_without_a_token(way: str) -> None:
    """P2: fifty that wait for one token share its failure: one request, and nothing was sent."""
    attempts: list[Attempt] = []
    held = Held(lambda: len(attempts), 50)
    with Sandbox() as box, Caller(box, way, timeout=10, http=held) as caller:
        attempts = caller.attempts
        people = people_of("send_direct")
        with ThreadPoolExecutor(50) as pool:
            endings = list(pool.map(lambda n: Ending.of(lambda: caller.send("send_direct", people, f"{n}")), range(50)))
        assert {ending.word for ending in endings} == {NOT_SENT}
        assert all(isinstance(ending.error, AuthenticationFailed) for ending in endings)
        assert held.requests == ["/bandwidth/oauth2/token"]


# P3: cancelled, and too late to leave

CANCELLED: dict[str, list[tuple[str, str, dict[str, Any]]]] = {
    "before it acts": [("delay", "before", {"seconds": 0.2})],
    "after it acted": [("delay", "after", {"seconds": 0.2})],
    "and it never acts": [("delay", "before", {"seconds": 0.2}), ("drop", "before", {})],
}


@attrs.frozen
class Cancelled:
    """A send that was cancelled: what find_sent said, without its id and with it, and how often it was asked for."""

    sighting: object
    by_id: object
    requests: int


def cancel(key: tuple[str, str, str]) -> Cancelled:
    way, when, name = key
    people = people_of(name)
    with Sandbox() as box, Caller(box, way) as caller:
        where = caller.do("create_group", people) if name == "send" else people[0]
        for kind, phase, details in CANCELLED[when]:
            box.fault(kind, phase=phase, operation="send", **details)
        caller.cancel_when = lambda: asked(box) == 1
        with pytest.raises(CancelledError):
            caller.do(name, where, TEXT)
        caller.cancel_when = None
        box.clear_faults()
        (attempt,) = caller.attempts
        sighting, by_id = caller.do("find_sent", attempt), None
        if when != "and it never acts":
            wait_for(lambda: seen(box, people) == {1})
            by_id = caller.do("find_sent", attrs.evolve(attempt, provider_id=vendor(box).messages[-1].id))
        return Cancelled(sighting, by_id, asked(box))


@functools.cache
def all_cancelled() -> dict[tuple[str, str, str], Cancelled]:
    keys = [(way, when, name) for way in WAYS[1:] for when in CANCELLED for name in SENDS]
    with ThreadPoolExecutor(4) as pool:
        ended = dict(zip(keys, pool.map(cancel, keys), strict=True))
    gc.collect()
    return ended


@pytest.mark.parametrize("name", SENDS)
@pytest.mark.parametrize("when", CANCELLED)
@pytest.mark.parametrize("way", WAYS[1:])
def test_cancelled(way: str, when: str, name: str) -> None:
    """P3: who cancels can look for the message with the attempt kept, and is never told that it is absent."""
    case = all_cancelled()[way, when, name]
    assert isinstance(case.sighting, CannotTell)
    assert isinstance(case.by_id, Found) is (when != "and it never acts")
    assert case.requests == 1


class Slowly(httpx.BaseTransport, httpx.AsyncBaseTransport):
    """A connection that is long in coming, or an answer that is long in being read, for what `slow` names."""

    def __init__(self, slow: str, *, before: bool) -> None:
        self._slow, self._before = slow, before
        self._blocking, self._async = httpx.HTTPTransport(), httpx.AsyncHTTPTransport()

    def _pauses(self, request: httpx.Request, *, before: bool) -> float:
        return SLOW if before is self._before and request.url.path.endswith(self._slow) else 0

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        time.sleep(self._pauses(request, before=True))
        response = self._blocking.handle_request(request)
        time.sleep(self._pauses(request, before=False))
        return response

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        await anyio.sleep(self._pauses(request, before=True))
        response = await self._async.handle_async_request(request)
        await anyio.sleep(self._pauses(request, before=False))
        return response

    def close(self) -> None:
        self._blocking.close()

    async def aclose(self) -> None:
        await self._async.aclose()


TOO_LATE = (("messages", True), ("token", True), ("token", False))


@functools.cache
def all_too_late() -> dict[tuple[str, str, bool], tuple[Ending, int, set[int]]]:
    def one(key: tuple[str, str, bool]) -> tuple[Ending, int, set[int]]:
        way, slow, before = key
        people = people_of("send_direct")
        with Sandbox() as box, Caller(box, way, timeout=TIMEOUT, http=Slowly(slow, before=before)) as caller:
            return Ending.of(lambda: caller.send("send_direct", people)), asked(box), seen(box, people)

    keys = [(way, *which) for way in WAYS for which in TOO_LATE]
    with ThreadPoolExecutor(len(keys)) as pool:
        return dict(zip(keys, pool.map(one, keys), strict=True))


@pytest.mark.parametrize(("slow", "before"), TOO_LATE)
@pytest.mark.parametrize("way", WAYS)
def test_too_late_to_leave(way: str, slow: str, before: bool) -> None:
    """P3: a message whose token or connection comes about only when its time to leave is over does not leave."""
    ending, requests, shown = all_too_late()[way, slow, before]
    assert (ending.word, requests, shown) == (NOT_SENT, 0, {0}), ending.error


# P4: what a proxy does


@pytest.mark.parametrize("name", SENDS)
@pytest.mark.parametrize("way", WAYS)
def test_doubled_by_a_proxy(way: str, name: str) -> None:
    """P4: a request that a proxy repeats is one request of ours; Bandwidth knows no keys that would make it one."""
    with Sandbox() as box, Caller(box, way) as caller:
        box.fault("twice", operation="send")
        assert Ending.of(lambda: caller.send(name, people_of(name))).word == DONE
        assert [entry["status"] for entry in box.log if entry["operation"] == "send"] == [202, None]
        assert seen(box, people_of(name)) == {2}
        assert len({message.tag for message in vendor(box).messages}) == 1


# P7: what belongs to a message and is not the message


@pytest.mark.parametrize("kind", ["drop", "reset", "html", "empty", "401", "429", "500"])
@pytest.mark.parametrize("way", WAYS[:2])
def test_questions_say_nothing_of_the_message(way: str, kind: str) -> None:
    """P7: a status that cannot be read is an error of the question; the message was sent, and is not sent again."""
    with Sandbox() as box, Caller(box, way) as caller:
        receipt = caller.send("send", people_of("send"))
        details: dict[str, Any] = {"status": int(kind), "body": NO} if kind.isdigit() else {}
        box.fault("refuse" if kind.isdigit() else kind, operation="search", times=None, **details)
        ending = Ending.of(lambda: caller.do("get_status", receipt))
        assert not isinstance(ending.error, OutcomeUnknown)
        assert ending.word == NOT_SENT
        box.clear_faults()
        box.clock.advance(LATE)
        assert caller.do("get_status", receipt).status is Status.DELIVERED
        assert (asked(box), seen(box, people_of("send"))) == (1, {1})


# At random

SERIES, LENGTH, ROUNDS = 18, 4, 4
_KINDS = ("drop", "reset", "short", "html", "empty", "bad_gzip", "refuse", "refuse", "delay", "late")
_ROUTES = ("*", "send", "send", "token", "search")


@attrs.define
class Sent:
    """A message of a series, the faults set before it, and what the caller was left with."""

    faults: list[str]
    name: str
    text: str
    report: str = ""


def arm(box: Sandbox, dice: random.Random) -> str:
    """Set a fault that may strike anything, now or later."""
    kind = dice.choice(_KINDS)
    phase = "before" if kind == "late" else dice.choice(["headers", "before", "after"])
    details: dict[str, Any] = {"operation": dice.choice(_ROUTES), "nth": dice.choice([1, 1, 2]), "phase": phase}
    if kind == "refuse":
        details["status"] = dice.choice([500, 502, 504, 409, 408, 401])
    if kind in ("delay", "late"):
        details["seconds"] = SLOW if kind == "delay" else dice.uniform(0, LATE)
    box.fault(kind, **details)
    return f"{kind} {details}"


def series(seed: int) -> tuple[list[Sent], dict[str, list[list[str]]]]:
    """Messages one after the other, to a group and to somebody else; and what the phones show."""
    dice = random.Random(seed)
    group, other = people_of("send"), people_of("send_direct", 1)
    alike = dice.random() < 0.5  # the same text on purpose, again and again
    sent = []
    with Sandbox() as box, Caller(box, WAYS[seed % 3], timeout=0.4, patience=0.35) as caller:
        for number in range(LENGTH):
            faults = [arm(box, dice) for _ in range(dice.choice([0, 1, 1, 2, 3]))]
            one = Sent(faults, dice.choice(["send", "send", "send_direct"]), TEXT if alike else f"{TEXT} {number}")
            people = group if one.name == "send" else other
            for _ in range(ROUNDS):  # only what was not sent goes again
                one.report = Ending.of(functools.partial(caller.send, one.name, people, one.text)).word
                if one.report != NOT_SENT:
                    break
                vendor(box).revoke_tokens()
            sent.append(one)
            box.clock.advance(LATE)
        time.sleep(SLOW)  # for what is delayed
        box.clock.advance(LATE)
        phones = {"send": [box.phones[each].texts for each in group], "send_direct": [box.phones[other[0]].texts]}
    return sent, phones


@functools.cache
def all_series() -> list[tuple[list[Sent], dict[str, list[list[str]]]]]:
    with ThreadPoolExecutor(SERIES) as pool:
        ended = list(pool.map(series, range(SERIES)))
    gc.collect()
    return ended


@pytest.mark.parametrize("seed", range(SERIES))
def test_any_faults_in_any_order(seed: int) -> None:
    """Who follows the advice has each message once on each phone, or was told that nobody can say."""
    sent, phones = all_series()[seed]
    for name, shown in phones.items():
        for text in {one.text for one in sent}:
            reports = [one.report for one in sent if (one.name, one.text) == (name, text)]
            assert set(reports) <= {DONE, UNKNOWN, NOT_SENT}, sent
            done, unknown = reports.count(DONE), reports.count(UNKNOWN)
            for texts in shown:
                assert done <= texts.count(text) <= done + unknown, sent
    assert len({tuple(texts) for texts in phones["send"]}) == 1
