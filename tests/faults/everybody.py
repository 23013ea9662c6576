"""What the tests of faults share: every provider there is, a client of either kind called alike, and what came of it.

The rules stand in no provider's papers: what never left is not sent, what may have left is unknown, and nobody is
texted twice. So they are tried with each provider of the sandbox, whichever these are.
"""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from functools import cache
from typing import Any, Self, TypeVar

import anyio
import attrs
import httpx
import pytest
from anyio.from_thread import BlockingPortal, start_blocking_portal

import groupmessenger as gm
from groupmessenger import Attempt, Group, Member, Outcome, OutcomeUnknown
from groupmessenger.provider import hookimpl
from groupmessenger.sandbox import Face, Sandbox
from groupmessenger.sandbox.log import Entry

K = TypeVar("K")
T = TypeVar("T")

FACES: dict[str, type[Face]] = {name: type(face) for name, face in Sandbox().faces.items()}
PROVIDERS = tuple(FACES)
BLIND = frozenset({"bandwidth"})  # who keeps neither texts nor tokens to look for: a lost message stays unknown
WAYS = ("blocking", "asyncio")
TEXT = "Dinner at seven?"
DONE, NOT_SENT, UNKNOWN = "done", "not sent", "unknown"
_WORDS = {Outcome.NOT_SENT: NOT_SENT, Outcome.SENT: "done, and an error", Outcome.UNKNOWN: UNKNOWN}


# Callers


class Caller:
    """A client of the sandbox, of either kind, called in one way. It keeps the attempts that were made."""

    def __init__(self, box: Sandbox, provider: str, way: str, **settings: Any) -> None:
        settings = {"timeout": 20, "patience": 0, "plugins": [self], **settings}
        self.attempts: list[Attempt] = []
        self.portal: BlockingPortal | None = None
        self._end = ExitStack()
        self.client: gm.Client | gm.AsyncClient
        if way == "blocking":
            self.client = self._end.enter_context(box.connect(provider, **settings))
        else:
            self.portal = self._end.enter_context(start_blocking_portal(way))
            self.client = box.connect_async(provider, **settings)
            self._end.callback(self.portal.call, self.client.aclose)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._end.close()

    def call(self, function: Callable[..., Any], *arguments: Any) -> Any:
        """Call what blocks, or what is awaited."""
        return function(*arguments) if self.portal is None else self.portal.call(function, *arguments)

    def do(self, operation: str, *arguments: Any) -> Any:
        """Do an operation, and wait for its end."""
        return self.call(getattr(self.client, operation), *arguments)

    def leaving(self, operation: str, *arguments: Any) -> Ending:
        """Do it until it left: again where a machine that is busy let the time to leave, or for a token, pass."""
        for _ in range(9):
            ending = Ending.of(lambda: self.do(operation, *arguments))
            if not isinstance(ending.error, gm.NotReached | gm.ProviderUnavailable):
                break
        return ending

    @hookimpl
    def groupmessenger_before_send(self, attempt: Attempt) -> None:
        """Keep what a program would store before a message leaves."""
        self.attempts.append(attempt)


def _light(error: BaseException) -> BaseException:
    """An error without the frames it came through, which would keep clients and sandboxes alive."""
    beneath: BaseException | None = error
    while beneath is not None:
        beneath.__traceback__ = None
        beneath = beneath.__cause__ or beneath.__context__
    return error


@attrs.frozen
class Ending:
    """What a call came to."""

    word: str
    error: BaseException | None = None

    @classmethod
    def of(cls, call: Callable[[], object]) -> Self:
        try:
            call()
        except gm.GroupMessengerError as error:
            return cls(_WORDS[error.outcome], _light(error))
        except Exception as error:
            return cls(f"{type(error).__name__}: {error}", error)
        return cls(DONE)

    @property
    def attempt(self) -> Attempt:
        """What a program would store of a message in doubt."""
        assert isinstance(self.error, OutcomeUnknown), self.error
        assert self.error.attempt is not None
        return Attempt.load(self.error.attempt.dump())


# The sandbox


@contextmanager
def sandbox(provider: str) -> Iterator[Sandbox]:
    with Sandbox(faces=[FACES[provider]]) as box:
        yield box


def strike_messages(box: Sandbox, provider: str, kind: str, **details: Any) -> None:
    """Set a fault for the next message, whichever of the provider's calls it takes."""
    for operation in sorted({route.operation for route in box.faces[provider].routes()}):
        if operation.startswith("send"):
            box.fault(kind, operation=operation, **details)


def asked(box: Sandbox) -> list[Entry]:
    """The requests for messages."""
    return [entry for entry in box.log if (entry["operation"] or "").startswith("send")]


def shown(box: Sandbox, people: Iterable[str], text: str = TEXT) -> set[int]:
    """How often the phones of all of them show it."""
    return {box.phones[number].texts.count(text) for number in people}


def all_texts(box: Sandbox) -> list[str]:
    """Everything that any phone shows."""
    return [text for phone in box.phones for text in phone.texts]


def people(index: int = 0) -> tuple[str, ...]:
    """Three people, whom no other index has."""
    area = ("212", "312")[index // 33]
    return tuple(f"+1{area}55501{index % 33 * 3 + n:02}" for n in range(3))


# What asks a provider for something


def _nobody(request: httpx.Request) -> httpx.Response:
    raise httpx.ConnectError("nobody there", request=request)


OPERATIONS: dict[str, Callable[[Caller, Group], Any]] = {
    "send": lambda caller, group: caller.do("send", group, TEXT),
    "send_direct": lambda caller, group: caller.do("send_direct", people()[0], TEXT),
    "create_group": lambda caller, group: caller.do("create_group", people()),
    "add_members": lambda caller, group: caller.do("add_members", group, people(1)),
    "remove_members": lambda caller, group: caller.do("remove_members", group, people()[:1]),
    "rename_group": lambda caller, group: caller.do("rename_group", group, "The neighbours"),
    "delete_group": lambda caller, group: caller.do("delete_group", group),
}


@cache
def imagined(provider: str) -> Group:
    """A group of which the provider never heard: people where that makes a group, else one with an id."""
    with _of_nobody(provider) as caller:
        try:
            group = caller.do("create_group", people())
        except gm.NotReached:
            return _with_an_id(caller)
        assert isinstance(group, Group)
        return group


@cache
def asking(provider: str) -> tuple[str, ...]:
    """The operations for which this provider is asked; it has no others, or they need no request."""
    found = []
    with _of_nobody(provider) as caller:
        for operation in OPERATIONS:
            try:
                do(caller, operation)
            except gm.NotReached:
                found.append(operation)
            except gm.UnsupportedOperation:
                pass
    return tuple(found)


def do(caller: Caller, operation: str) -> Any:
    """Do an operation to a group of which the provider never heard."""
    provider = caller.client.messenger.name
    group = imagined(provider) if operation == "send" else _with_an_id(caller)
    return OPERATIONS[operation](caller, group)


def _with_an_id(caller: Caller) -> Group:
    messenger = caller.client.messenger
    return Group(messenger.name, messenger.line, "imagined", tuple(map(Member, people())))


@contextmanager
def _of_nobody(provider: str) -> Iterator[Caller]:
    with sandbox(provider) as box, Caller(box, provider, "blocking", http=httpx.MockTransport(_nobody)) as caller:
        yield caller


class Watched(httpx.BaseTransport, httpx.AsyncBaseTransport):
    """The real transport, of whose requests one is told `before` they are made and `after`; for plain HTTP."""

    def __init__(self) -> None:
        self._blocking, self._async = httpx.HTTPTransport(verify=False), httpx.AsyncHTTPTransport(verify=False)

    def before(self, request: httpx.Request) -> float:
        """See a request, and change it. Gives how many seconds it has to wait."""
        return 0

    def after(self, request: httpx.Request) -> None:
        """See a request that was answered."""

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        time.sleep(self.before(request))
        response = self._blocking.handle_request(request)
        self.after(request)
        return response

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        await anyio.sleep(self.before(request))
        response = await self._async.handle_async_request(request)
        self.after(request)
        return response

    def close(self) -> None:
        self._blocking.close()

    async def aclose(self) -> None:
        await self._async.aclose()


# Time and places


def wait_until(moment: datetime) -> None:
    time.sleep(max((moment - datetime.now(UTC)).total_seconds(), 0))


def wait_for(true: Callable[[], bool]) -> None:
    """Wait for what happens in somebody else's time."""
    deadline = time.monotonic() + 20
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.005)


def at_once(work: Callable[[K], T], keys: Iterable[K], most: int = 24) -> dict[K, T]:
    """Do independent work for each of the keys, at a time: most of it is waiting."""
    keys = list(keys)
    with ThreadPoolExecutor(min(most, len(keys))) as pool:
        return dict(zip(keys, pool.map(work, keys), strict=True))


@contextmanager
def closed_port() -> Iterator[int]:
    """A port where nobody listens, kept from whoever looks for a free one."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        yield int(bound.getsockname()[1])


@contextmanager
def no_such_host() -> Iterator[None]:
    """No resolver is asked for .invalid: it may be slow, or answer with a page of advertisements."""
    resolve = socket.getaddrinfo

    def stub(host: Any, *arguments: Any, **named: Any) -> Any:
        if (host.decode() if isinstance(host, bytes) else str(host)).endswith(".invalid"):
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return resolve(host, *arguments, **named)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket, "getaddrinfo", stub)
        yield
