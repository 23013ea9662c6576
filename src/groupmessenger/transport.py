"""Over httpx, which nobody else imports: our values in, our values out, `NotSent` or `MaybeSent` on failure.

Until a request is handed to httpx, a failure is a `ConfigurationError`. From then on it is `NotSent` for the four
exceptions that come only before the first byte of a request, and `MaybeSent` for every other. A caller's own client
or transport may be one of httpx or of its maintained fork httpx2.
"""

from __future__ import annotations

import ssl
import sys
from contextlib import suppress
from datetime import datetime
from functools import cache
from types import ModuleType
from typing import TYPE_CHECKING, Any, TypeAlias
from urllib.parse import urlencode
from urllib.request import getproxies

import anyio
import httpx

from .flow import NotSent, Request, Response
from .passage import Passage, wrong
from .pooling import Pool
from .ways import Direct, ThroughClient, Way, user_agent
from .weburls import is_loopback

if TYPE_CHECKING:
    import httpx2

    BlockingHTTP: TypeAlias = httpx.Client | httpx.BaseTransport | httpx2.Client | httpx2.BaseTransport
    AsyncHTTP: TypeAlias = httpx.AsyncClient | httpx.AsyncBaseTransport | httpx2.AsyncClient | httpx2.AsyncBaseTransport

MANY = 100  # connections
# A server that drops an idle connection just as it is used again looks like a lost answer, and leaves a message in
# doubt. Servers are known to wait longer than this.
IDLE_AT_MOST = 5.0  # seconds


class Transport:
    """Sends requests, blocking; threads may share it.

    `http` is a caller's client, used as it is and never closed, or a transport, closed with this one; without it there
    is a connection for each request at a time. `timeout` in seconds is for each wait and for the whole answer;
    finding a connection may take up to `CONNECT_WITHIN` more. (Only a server that drips the headers of its answer,
    byte by byte, holds us for longer.)
    Raises ConfigurationError for a `base_url` that is not https or loopback, or has a user, query or fragment.
    """

    def __init__(self, base_url: str, *, http: BlockingHTTP | None = None, timeout: float = 30) -> None:
        self._rules = _Rules(base_url, http, timeout, "")
        self._pool = Pool(self._rules, IDLE_AT_MOST)

    def __call__(self, request: Request, leave_by: datetime | None = None) -> Response:
        """Send a request, once, and none of it after `leave_by`. Raises NotSent, MaybeSent or ConfigurationError."""
        way = self._pool.take(elsewhere=request.elsewhere)
        sound = False
        try:
            response = self._send(way, request, leave_by)
            sound = True
            return response
        finally:
            for over in self._pool.give_back(way, sound=sound):
                with suppress(Exception):  # it says nothing about this request
                    over.close()

    def _send(self, way: Way, request: Request, leave_by: datetime | None) -> Response:
        exchange = Passage(self._rules, way, request, leave_by)
        if exchange.watched:
            exchange.built.extensions["trace"] = exchange.watch
        try:
            response = way.send(exchange.built)
            try:
                if exchange.begins(response):
                    for raw in response.stream:
                        if not exchange.takes(raw):
                            break
            finally:
                response.stream.close()
        except NotSent:
            raise
        except Exception as error:
            raise exchange.failed(error) from error
        return exchange.answer()

    def close(self) -> None:
        """Close the connections, unless the client is the caller's."""
        for way in self._pool.end():
            way.close()


class AsyncTransport:
    """Sends requests, on asyncio and trio, in one event loop.

    As `Transport`, with the headers of an answer within the time-out as well.
    """

    def __init__(self, base_url: str, *, http: AsyncHTTP | None = None, timeout: float = 30) -> None:
        self._rules = _Rules(base_url, http, timeout, "Async")
        self._pool = Pool(self._rules, IDLE_AT_MOST)

    async def __call__(self, request: Request, leave_by: datetime | None = None) -> Response:
        """Send a request, once, and none of it after `leave_by`. Raises NotSent, MaybeSent or ConfigurationError."""
        way = self._pool.take(elsewhere=request.elsewhere)
        sound = False
        try:
            response = await self._send(way, request, leave_by)
            sound = True
            return response
        finally:
            for over in self._pool.give_back(way, sound=sound):
                with suppress(Exception):  # it says nothing about this request
                    await over.aclose()

    async def _send(self, way: Way, request: Request, leave_by: datetime | None) -> Response:
        exchange = Passage(self._rules, way, request, leave_by)
        if exchange.watched:
            exchange.built.extensions["trace"] = exchange.watch_async
        try:
            with anyio.CancelScope(deadline=anyio.current_time() + exchange.seconds) as scope:
                response = await way.send(exchange.built)
                try:
                    if exchange.begins(response):
                        async for raw in response.stream:
                            if not exchange.takes(raw):
                                scope.cancel()  # `break` would leave httpx's inner generators hanging
                finally:
                    await response.stream.aclose()
            if scope.cancelled_caught and anyio.current_time() >= scope.deadline:
                raise TimeoutError
        except NotSent:
            raise
        except Exception as error:
            raise exchange.failed(error) from error
        return exchange.answer()

    async def aclose(self) -> None:
        """Close the connections, unless the client is the caller's."""
        for way in self._pool.end():
            await way.aclose()


class _Rules:
    """What all requests of a transport share: where they go, and through what. `side` is "Async", or empty."""

    def __init__(self, base_url: str, http: object, timeout: float, side: str) -> None:
        self.library = _library(http)
        self.timeout = timeout
        self._blocking = not side
        self._client = getattr(self.library, f"{side}Client")
        self._transport = getattr(self.library, f"{side}HTTPTransport")
        self.theirs = isinstance(http, self._client)
        base = f"{side}BaseTransport"
        if not (http is None or self.theirs or isinstance(http, getattr(self.library, base))):
            raise wrong("http", "it is neither", f"hand in an httpx.{side}Client or httpx.{base}")
        self._trust_env = not is_loopback(self._checked(base_url, "base_url"))  # no proxy is to see the sandbox
        if "?" in base_url or "#" in base_url:
            raise wrong("base_url", "it has a query or a fragment", "let it end with its path")
        self._base = base_url.rstrip("/")
        self._http: Any = http

    def shared_way(self) -> Way | None:
        """Give the one way for all requests where there is one: through what is the caller's."""
        if self.theirs:
            return ThroughClient(self._http, blocking=self._blocking)
        if self._http is not None:
            return Direct(self.library, self._http, blocking=self._blocking, theirs=True)
        return None

    def new_way(self) -> Way:
        """Give a way of one connection."""
        if self._trust_env and getproxies():  # which of them a host takes, if any, is known to a client alone
            settings = self._settings(self._trust_env, 1)
            try:
                client = self._client(**settings, headers={"user-agent": user_agent()})
            except (ValueError, ImportError, self.library.InvalidURL) as error:
                what = f"the environment's proxies cannot be used ({type(error).__name__})"
                cure = "look at HTTPS_PROXY and ALL_PROXY; SOCKS needs httpx[socks]"
                raise wrong("HTTPS_PROXY", what, cure) from None  # its text may have the proxy's password
            return ThroughClient(client, blocking=self._blocking)
        return Direct(self.library, self._transport(**self._settings(self._trust_env, 1)), blocking=self._blocking)

    def new_stranger(self) -> Way:
        """Give a way to hosts nobody vouches for: a proxy hides where they are, and a caller's client has secrets."""
        transport = self._transport(**self._settings(False, MANY))
        return Direct(self.library, transport, blocking=self._blocking)

    def _settings(self, trust_env: bool, connections: int) -> dict[str, Any]:
        limits = self.library.Limits(max_connections=connections, keepalive_expiry=IDLE_AT_MOST)
        return {"verify": _tls(trust_env), "trust_env": trust_env, "limits": limits}

    def url(self, request: Request) -> str:
        """Give the URL a request goes to. Credentials go nowhere but below `base_url`."""
        url = self._base + request.path
        if not request.path.startswith("/"):
            if request.authorized:
                raise wrong("path", "it has to begin with / where credentials go along")
            self._checked(url := request.path, "path")
        return f"{url}{'&' if '?' in url else '?'}{urlencode(request.params)}" if request.params else url

    def _checked(self, url: str, key: str) -> str:
        """Give the host of a URL we may use."""
        try:
            parsed = self.library.URL(url)
        except Exception as error:
            raise wrong(key, "it cannot be read as a URL") from error
        host = str(parsed.host)
        if not host or not (parsed.scheme == "https" or (parsed.scheme == "http" and is_loopback(host))):
            raise wrong(key, "it is no https URL", "http is for loopback addresses alone")
        if parsed.userinfo:
            raise wrong(key, "it has a user or password", "credentials are settings of their own")
        return host


def _library(http: object) -> ModuleType:
    """Give httpx, or the fork that a client or transport comes from, whose exceptions are other classes."""
    homes = (cls.__module__.partition(".")[0] for cls in type(http).__mro__)
    return next((sys.modules[home] for home in homes if home in ("httpx", "httpx2")), httpx)


@cache
def _tls(trust_env: bool) -> ssl.SSLContext:  # 20 ms to make; pools and connections share it
    return httpx.create_ssl_context(trust_env=trust_env)
