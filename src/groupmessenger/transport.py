"""The one file over httpx: our values in, our values out, `NotSent` or `MaybeSent` on failure.

Until a request is handed to httpx, a failure is a `ConfigurationError`. From then on it is `NotSent` for the four
exceptions that come only before the first byte of a request, and `MaybeSent` for every other. A caller's own client
or transport may be one of httpx or of its maintained fork httpx2.
"""

from __future__ import annotations

import logging
import ssl
import sys
import time
from collections.abc import Generator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from functools import cache, partial
from importlib.metadata import version
from types import ModuleType
from typing import TYPE_CHECKING, Any, TypeAlias
from urllib.parse import urlencode

import anyio
import httpx

from .errors import ConfigurationError, Problem
from .failures import LATE, verdict
from .flow import MaybeSent, NotSent, Request, Response
from .unpacking import Body
from .weburls import is_loopback
from .writing import check, written

if TYPE_CHECKING:
    import httpx2

    BlockingHTTP: TypeAlias = httpx.Client | httpx.BaseTransport | httpx2.Client | httpx2.BaseTransport
    AsyncHTTP: TypeAlias = httpx.AsyncClient | httpx.AsyncBaseTransport | httpx2.AsyncClient | httpx2.AsyncBaseTransport

MAX_ANSWER = 1024 * 1024  # decoded bytes
CONNECT_WITHIN = 10.0  # seconds for finding a connection; less if the time-out is less
POOL_SIZE = 10  # for each request async httpx looks through the whole pool: slow beyond ten
# A server that drops an idle connection just as it is used again looks like a lost answer, and leaves a message in
# doubt. Servers are known to wait longer than this.
IDLE_AT_MOST = 5.0  # seconds


_ours: ContextVar[bool] = ContextVar("groupmessenger_request", default=False)


def _without_query(record: logging.LogRecord) -> bool:
    """Take the query, which may hold numbers, out of the URL that httpx logs of each request at INFO."""
    if _ours.get() and isinstance(record.args, tuple):
        args: tuple[Any, ...] = record.args
        record.args = tuple(each.copy_with(query=None) if hasattr(each, "copy_with") else each for each in args)
    return True


for _name in ("httpx", "httpx2"):
    logging.getLogger(_name).addFilter(_without_query)


class Transport:
    """Sends requests, blocking; threads may share it.

    `http` is a caller's client, used as it is and never closed, or a transport, closed with this one. `timeout` in
    seconds is for each wait and for the whole answer; finding a connection may take up to `CONNECT_WITHIN` more.
    (Only a server that drips the headers of its answer, byte by byte, holds us for longer.)
    Raises ConfigurationError for a `base_url` that is not https or loopback, or has a user, query or fragment.
    """

    def __init__(self, base_url: str, *, http: BlockingHTTP | None = None, timeout: float = 30) -> None:
        self._rules = _Rules(base_url, http, timeout, "Client", "BaseTransport")
        self._client: httpx.Client = self._rules.theirs or self._rules.new_client()

    def __call__(self, request: Request, leave_by: datetime | None = None) -> Response:
        """Send a request, once, and none of it after `leave_by`. Raises NotSent, MaybeSent or ConfigurationError."""
        exchange = _Exchange(self._rules, self._client, request, leave_by)
        if leave_by is not None:
            exchange.built.extensions["trace"] = exchange.watch
        with exchange.failures():
            response = self._client.send(exchange.built, stream=True, auth=None, follow_redirects=False)
            try:
                if exchange.begins(response):
                    for raw in response.iter_raw():
                        if not exchange.takes(raw):
                            break
            finally:
                response.close()
        return exchange.answer(response)

    def close(self) -> None:
        """Close the connections, unless the client is the caller's."""
        if self._rules.theirs is None:
            self._client.close()


class AsyncTransport:
    """Sends requests, on asyncio and trio, in one event loop.

    As `Transport`, with the headers of an answer within the time-out as well. A caller's client or transport is
    used as it is; of our own there is a pool of ten connections for every ten requests under way.
    """

    def __init__(self, base_url: str, *, http: AsyncHTTP | None = None, timeout: float = 30) -> None:
        self._rules = _Rules(base_url, http, timeout, "AsyncClient", "AsyncBaseTransport")
        self._room: float = POOL_SIZE if http is None else float("inf")
        self._pools: dict[httpx.AsyncClient, int] = {self._rules.theirs or self._rules.new_client(): 0}

    async def __call__(self, request: Request, leave_by: datetime | None = None) -> Response:
        """Send a request, once, and none of it after `leave_by`. Raises NotSent, MaybeSent or ConfigurationError."""
        with_room = (client for client, busy in self._pools.items() if busy < self._room)
        client = next(with_room, None) or self._rules.new_client()
        self._pools[client] = self._pools.get(client, 0) + 1
        try:
            return await self._send(client, request, leave_by)
        finally:
            self._pools[client] -= 1

    async def _send(self, client: httpx.AsyncClient, request: Request, leave_by: datetime | None) -> Response:
        exchange = _Exchange(self._rules, client, request, leave_by)
        if leave_by is not None:
            exchange.built.extensions["trace"] = exchange.watch_async
        with exchange.failures(), anyio.fail_after(exchange.seconds) as scope:
            response = await client.send(exchange.built, stream=True, auth=None, follow_redirects=False)
            try:
                if exchange.begins(response):
                    async for raw in response.aiter_raw():
                        if not exchange.takes(raw):
                            scope.cancel()  # `break` would leave httpx's inner generators hanging
            finally:
                await response.aclose()
        return exchange.answer(response)

    async def aclose(self) -> None:
        """Close the connections, unless the client is the caller's."""
        if self._rules.theirs is None:
            for client in list(self._pools):
                await client.aclose()


class _Rules:
    """What all requests of a transport share: where they go, and through what."""

    def __init__(self, base_url: str, http: object, timeout: float, client: str, transport: str) -> None:
        self.library = _library(http)
        self.timeout = timeout
        kind = getattr(self.library, client)
        self.theirs: Any = http if isinstance(http, kind) else None
        if not (http is None or self.theirs or isinstance(http, getattr(self.library, transport))):
            raise _wrong("http", "it is neither", f"hand in an httpx.{client} or httpx.{transport}")
        trust_env = not is_loopback(self._checked(base_url, "base_url"))  # no proxy is to see the sandbox
        if "?" in base_url or "#" in base_url:
            raise _wrong("base_url", "it has a query or a fragment", "let it end with its path")
        self._base = base_url.rstrip("/")
        self.new_client = partial(
            kind,
            transport=None if self.theirs else http,
            verify=_tls(trust_env) if http is None else True,
            trust_env=trust_env,
            limits=self.library.Limits(max_connections=100, keepalive_expiry=IDLE_AT_MOST),
            headers={"user-agent": f"groupmessenger/{version('groupmessenger')}"},
        )

    def url(self, request: Request) -> str:
        """Give the URL a request goes to. Credentials go nowhere but below `base_url`."""
        url = self._base + request.path
        if not request.path.startswith("/"):
            if request.authorized:
                raise _wrong("path", "it has to begin with / where credentials go along")
            self._checked(url := request.path, "path")
        return f"{url}{'&' if '?' in url else '?'}{urlencode(request.params)}" if request.params else url

    def _checked(self, url: str, key: str) -> str:
        """Give the host of a URL we may use."""
        try:
            parsed = self.library.URL(url)
        except Exception as error:
            raise _wrong(key, "it cannot be read as a URL") from error
        host = str(parsed.host)
        if not host or not (parsed.scheme == "https" or (parsed.scheme == "http" and is_loopback(host))):
            raise _wrong(key, "it is no https URL", "http is for loopback addresses alone")
        if parsed.userinfo:
            raise _wrong(key, "it has a user or password", "credentials are settings of their own")
        return host


class _Exchange:
    """One request, and what came of the answer to it."""

    def __init__(
        self,
        rules: _Rules,
        client: httpx.Client | httpx.AsyncClient,
        request: Request,
        leave_by: datetime | None,
    ) -> None:
        if client.is_closed:
            raise _wrong("http", "the client is closed")
        self._library = rules.library
        self._leave_by = leave_by
        self._timeout = rules.timeout if request.timeout is None else request.timeout
        self._connect = min(self._timeout, CONNECT_WITHIN)
        self.seconds = self._connect + self._timeout
        self._deadline = time.monotonic() + self.seconds
        self._body = Body(MAX_ANSWER)
        url = rules.url(request)
        try:
            content, ours = written(request)
            self.built = client.build_request(
                request.method,
                url,
                # httpx puts parameters, its client's too, in the place of those in the URL.
                params=url.partition("?")[2] if client.params else None,
                content=content,
                headers=ours | {name.lower(): value for name, value in request.headers.items()},
                timeout=rules.library.Timeout(self._timeout, connect=self._connect, pool=self._connect),
            )
        except Exception as error:
            raise _wrong("request", f"HTTP cannot carry it ({type(error).__name__})") from error
        check(self.built.headers, str(len(content or b"")), self.built.url.fragment)

    def watch(self, event: str, _: object) -> None:
        """Hear, by httpx's trace, what the connection does next. Raises NotSent before a first byte too late.

        Finding a connection can take longer than there is, or the process can have been stopped meanwhile.
        """
        late = self._leave_by is not None and datetime.now(UTC) >= self._leave_by
        if late and event.endswith(".send_request_headers.started"):
            raise NotSent(self._say("the connection came about when its time to leave was over"))

    async def watch_async(self, event: str, info: object) -> None:
        """As `watch`."""
        self.watch(event, info)

    @contextmanager
    def failures(self) -> Generator[None]:
        """Turn what goes wrong from here on into NotSent or MaybeSent. Cancellation passes."""
        ours = _ours.set(True)
        try:
            yield
        except NotSent:
            raise
        except Exception as error:
            outcome, words = verdict(error, self._library)
            raise outcome(self._say(words)) from error
        finally:
            _ours.reset(ours)

    def _say(self, words: str) -> str:
        return f"{words.format(connect=self._connect, timeout=self._timeout)} ({self.built.url.host})"

    def begins(self, response: httpx.Response) -> bool:
        """Say whether there is an answer to be read."""
        if response.is_stream_consumed:  # by a hook of the caller's, or it never was a stream
            self.takes(response.content)
            return False
        return self._body.begins(response.headers.get("content-encoding", ""))

    def takes(self, raw: bytes) -> bool:
        """Take a piece of the answer as it came. Says whether more of it is wanted."""
        if time.monotonic() > self._deadline:
            self._body.flaw = LATE
        return self._body.takes(raw)

    def answer(self, response: httpx.Response) -> Response:
        """Give the whole answer, or raise what was wrong with it."""
        content = self._body.whole()
        if self._body.flaw:
            raise MaybeSent(self._say(self._body.flaw))
        return Response(response.status_code, content=content, headers=dict(response.headers.items()))


def _library(http: object) -> ModuleType:
    """Give httpx, or the fork that a client or transport comes from, whose exceptions are other classes."""
    homes = (cls.__module__.partition(".")[0] for cls in type(http).__mro__)
    return next((sys.modules[home] for home in homes if home in ("httpx", "httpx2")), httpx)


@cache
def _tls(trust_env: bool) -> ssl.SSLContext:  # 20 ms to make; pools and connections share it
    return httpx.create_ssl_context(trust_env=trust_env)


def _wrong(key: str, what: str, cure: str = "") -> ConfigurationError:
    return ConfigurationError(Problem(key, what, cure))
