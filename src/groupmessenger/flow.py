"""Flows: what an operation wants done, as values. Nothing here does it; `driving` has the two drivers.

A flow is an ordinary coroutine that awaits only `ask`, `together` and other flows. The core awaits a few
effects more: the clock, a pause, work for a thread, a lock, the bare wire.
"""

from __future__ import annotations

import base64
import json as _json
import re
from collections.abc import Callable, Coroutine, Generator, Iterable, Mapping, Sequence
from datetime import datetime
from functools import cached_property
from typing import Any, Generic, Literal, TypeAlias, TypeVar
from urllib.parse import parse_qsl

import attrs

from .errors import GroupMessengerError

R = TypeVar("R")
T = TypeVar("T")


class Effect(Generic[R]):
    """Something a driver does for a flow; awaiting it gives R."""

    def __await__(self) -> Generator[Effect[Any], Any, R]:
        answer: R = yield self
        return answer


Flow: TypeAlias = Coroutine[Effect[Any], Any, T]


@attrs.frozen
class Response:
    """A provider's answer: HTTP status, headers with lower-case names, and the body, at most 1 MiB."""

    status: int
    content: bytes = attrs.field(default=b"", repr=False)
    headers: Mapping[str, str] = attrs.field(factory=dict, repr=False)
    request: Request | None = attrs.field(default=None, repr=False, eq=False)

    @cached_property
    def data(self) -> Any:
        """The body as JSON, None if it is not JSON. Read once: leave it as it is."""
        try:
            return _json.loads(self.content)
        except (ValueError, RecursionError):
            return None

    @cached_property
    def fields(self) -> Mapping[str, Any]:
        """The body as a JSON object, empty if it is not one."""
        data = self.data
        return data if isinstance(data, dict) else {}

    def quote(self, words: object) -> str:
        """The provider's own words, fit to be shown: up to 200 characters, what we sent, numbers, e-mails taken out."""
        text = " ".join(str(words).split())
        for sent in sorted((" ".join(sent.split()) for sent in _strings(self.request)), key=len, reverse=True):
            text = text.replace(sent, "…")
        return _NUMBER_OR_EMAIL.sub("…", text)[:200]


_NUMBER_OR_EMAIL = re.compile(r"\S+@\S+|\+?\d[\d ().-]{4,}\d")


def _strings(request: Request | None) -> set[str]:
    """Every text of a request that is long enough to be told from an ordinary word."""
    if request is None:
        return set()
    found: set[str] = set()
    waiting: list[Any] = [request.json, request.form, _decoded(request), request.params, request.headers]
    for value in request.headers.values():
        scheme, _, token = value.partition(" ")  # a token is quoted without its scheme
        waiting.append([token, *_user_and_password(token)] if scheme.lower() == "basic" else [token])
    while waiting:
        value = waiting.pop()
        if isinstance(value, Mapping):
            waiting.extend(value.values())
        elif isinstance(value, list | tuple):
            waiting.extend(value)
        elif isinstance(value, str) and len(value.strip()) > 3:
            found.add(value)
    return found


def _decoded(request: Request) -> Any:
    """What a body of bytes says, if that is JSON, XML or a form."""
    kind = next((value for name, value in request.headers.items() if name.lower() == "content-type"), "")
    text = (request.content or b"").decode("utf-8", "replace") if re.search("json|xml|urlencoded", kind) else ""
    if "xml" in kind:
        from html import unescape  # a large table that few need

        return [unescape(each) for each in re.findall(">([^<>]+)<", text)]
    try:
        return _json.loads(text) if "json" in kind else [value for _, value in parse_qsl(text)]
    except ValueError:
        return None


def _user_and_password(token: str) -> list[str]:
    """What the credentials of HTTP's Basic scheme are made of (RFC 7617)."""
    try:
        return base64.b64decode(token, validate=True).decode().split(":", 1)
    except ValueError:
        return []


@attrs.frozen
class Request(Effect[Response]):
    """One HTTP request.

    `path` joins the connection's `base_url`; an absolute URL is for `authorized=False` alone, so that credentials
    go nowhere else. `repeatable` promises that doing it twice is doing it once. `timeout` in seconds, None for the
    connection's. `answer` says what a success carries: a JSON object, or `"anything"`, of `at_most` so many bytes,
    1 MiB if it is None. `elsewhere` is for a host nobody vouches for: it is asked directly, and only at an address that
    is public.
    """

    method: str
    path: str = attrs.field(repr=False)
    params: Mapping[str, str] = attrs.field(factory=dict, repr=False, kw_only=True)
    json: Mapping[str, Any] | None = attrs.field(default=None, repr=False, kw_only=True)
    form: Mapping[str, str] | None = attrs.field(default=None, repr=False, kw_only=True)
    content: bytes | None = attrs.field(default=None, repr=False, kw_only=True)
    headers: Mapping[str, str] = attrs.field(factory=dict, repr=False, kw_only=True)
    repeatable: bool = attrs.field(default=False, kw_only=True)
    authorized: bool = attrs.field(default=True, kw_only=True)
    timeout: float | None = attrs.field(default=None, kw_only=True)
    answer: Literal["object", "anything"] = attrs.field(default="object", kw_only=True)
    at_most: int | None = attrs.field(default=None, kw_only=True)
    elsewhere: bool = attrs.field(default=False, kw_only=True)

    @property
    def reads(self) -> bool:
        """Whether it only asks, so that an answer lost is nothing done."""
        return self.method in ("GET", "HEAD")

    def with_headers(self, headers: Mapping[str, str]) -> Request:
        """This request with these headers, which go before its own of the same name."""
        return Request(
            self.method,
            self.path,
            params=self.params,
            json=self.json,
            form=self.form,
            content=self.content,
            headers={**self.headers, **headers},
            repeatable=self.repeatable,
            authorized=self.authorized,
            timeout=self.timeout,
            answer=self.answer,
            at_most=self.at_most,
            elsewhere=self.elsewhere,
        )


@attrs.frozen
class Wire(Effect[Response]):
    """A request as it stands, once, with no credentials added and no retry. None of it leaves after `leave_by`."""

    request: Request
    leave_by: datetime | None = None


@attrs.frozen
class Sleep(Effect[None]):
    """A pause, in seconds."""

    seconds: float


@attrs.frozen
class Now(Effect[datetime]):
    """The time, in UTC."""


@attrs.frozen
class Call(Effect[R]):
    """Work that may block: done in place by the blocking driver, in a worker thread by the async one."""

    work: Callable[[], R]


@attrs.frozen
class Exclusive(Effect[T]):
    """A flow that runs while no other flow of this client runs under the same key."""

    key: object
    flow: Flow[T]


@attrs.frozen
class LeaveBy(Effect[T]):
    """A flow none of whose requests leaves after `moment`."""

    moment: datetime
    flow: Flow[T]


@attrs.frozen
class Through(Effect[T]):
    """A flow that another driver runs, blocking or async as the one that meets this: a client's, for a switchboard."""

    driver: Any
    flow: Flow[T]


@attrs.frozen
class Done(Generic[T]):
    """A flow of `together` that came to an end, with its result."""

    value: T


@attrs.frozen
class Failed:
    """A flow of `together` that raised one of our errors."""

    error: GroupMessengerError


Ended: TypeAlias = Done[T] | Failed


@attrs.frozen
class Together(Effect[list[Ended[T]]]):
    """Several flows at a time, at most `limit`."""

    flows: Sequence[Flow[T]]
    limit: int = 10


class NotSent(Exception):
    """The transport's word that a request never reached the provider."""


class MaybeSent(Exception):
    """The transport's word that a request may have reached the provider, and its answer did not reach us."""


class TooLong(MaybeSent):
    """An answer was longer than was asked for."""


async def now() -> datetime:
    """The time, in UTC."""
    return await Now()


async def ask(request: Request) -> Response:
    """Send a request and give its answer, a success in the provider's shape.

    Credentials, retries and refusals are taken care of: what is not a success raises. `ConfigurationError`,
    `NotReached` and `ProviderError` mean that nothing was done, `OutcomeUnknown` that it may have been.
    """
    return await request


async def together(flows: Iterable[Flow[T]], *, limit: int = 10) -> list[Ended[T]]:
    """Run several flows at a time, at most `limit`. Gives `Done` or `Failed` for each, in their order.

    Raises what is none of our errors. The blocking driver runs them in threads: they share nothing that changes.
    """
    return await Together(list(flows), max(limit, 1))
