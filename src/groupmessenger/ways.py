"""Two ways into httpx: straight to a transport, or through a client, where a caller's client is to be used."""

from __future__ import annotations

import logging
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache, lru_cache
from importlib.metadata import version
from types import ModuleType
from typing import Any, Protocol

from .flow import Request
from .writing import body, check, written

_KNOWN_URLS = 256  # those of sends are few; those with the id of a group come and go
_WITH_CONTENT = ("POST", "PUT", "PATCH")  # a length of 0 is said (RFC 9110, 8.6)
_ours: ContextVar[bool] = ContextVar("groupmessenger_request", default=False)


class Way(Protocol):
    """A way for requests, blocking or async: `send` gives a response, or an awaitable of one, its body unread."""

    @property
    def send(self) -> Any:
        """What gives a response to a request, or an awaitable of one."""
        ...

    @property
    def closed(self) -> bool:
        """Whether it takes no more requests."""
        ...

    def build(self, request: Request, url: str, waits: Mapping[str, float]) -> Any:
        """Make the library's request. `waits` has seconds for connect, read, write and pool.

        Raises ConfigurationError, or anything, for what HTTP cannot carry.
        """
        ...

    def close(self) -> None:
        """Close the connections of a blocking way."""
        ...

    async def aclose(self) -> None:
        """Close those of an async one."""
        ...


class Direct:
    """Straight to a transport. A client above it merges, logs, looks for cookies and redirects, at twice the cost."""

    def __init__(self, library: ModuleType, transport: Any, *, blocking: bool, theirs: bool = False) -> None:
        self.closed = False
        self._theirs = theirs
        self._library = library
        self._transport = transport
        self._always = {b"accept": b"*/*", b"accept-encoding": b"gzip", b"user-agent": user_agent().encode()}
        self._handler = "handle_request" if blocking else "handle_async_request"

    @property
    def send(self) -> Any:
        """What the transport does with a request: looked up each time, for it may be instrumented later."""
        return getattr(self._transport, self._handler)

    def build(self, request: Request, url: str, waits: Mapping[str, float]) -> Any:
        """Make a request of what is given, and of nothing else."""
        content, kind = body(request)
        if content is None and request.method in _WITH_CONTENT:
            content = b""
        parse = _parsed if "?" not in url else _parsed.__wrapped__  # a query may hold numbers, which are not kept
        there, host, fragment = parse(self._library, url)
        headers = {b"host": host, **self._always}
        if kind:
            headers[b"content-type"] = kind.encode()
        given = {name.lower().encode("ascii"): value.encode("ascii") for name, value in request.headers.items()}
        check(given.items(), len(content or b""), fragment)
        headers |= given
        if content is not None:
            headers[b"content-length"] = b"%d" % len(content)
        stream = self._library.ByteStream(content or b"")
        extensions = {"timeout": waits}
        built = self._library.Request(
            request.method, there, headers=list(headers.items()), stream=stream, extensions=extensions
        )
        if self._theirs:
            built.read()  # a caller's transport may look at its content
        return built

    def close(self) -> None:
        """Close the transport."""
        self.closed = True
        self._transport.close()

    async def aclose(self) -> None:
        """Close the transport."""
        self.closed = True
        await self._transport.aclose()


class ThroughClient:
    """Through a client, with its own headers and parameters, its hooks, mounts and proxies."""

    def __init__(self, client: Any, *, blocking: bool) -> None:
        self._client = client
        self._blocking = blocking

    @property
    def send(self) -> Any:
        """What the client does with a request."""
        return self._send if self._blocking else self._send_async

    @property
    def closed(self) -> bool:
        """Whether the client is."""
        return bool(self._client.is_closed)

    def build(self, request: Request, url: str, waits: Mapping[str, float]) -> Any:
        """Make a request with what the client adds."""
        content, headers = written(request)
        built = self._client.build_request(
            request.method,
            url,
            # httpx puts parameters, its client's too, in the place of those in the URL.
            params=url.partition("?")[2] if self._client.params else None,
            content=content,
            headers=headers,
            extensions={"timeout": waits},
        )
        check(built.headers.raw, len(content or b""), built.url.fragment)
        return built

    def close(self) -> None:
        """Close the client."""
        self._client.close()

    async def aclose(self) -> None:
        """Close the client."""
        await self._client.aclose()

    def _send(self, request: Any) -> Any:
        with _marked():
            return self._client.send(request, stream=True, auth=None, follow_redirects=False)

    async def _send_async(self, request: Any) -> Any:
        with _marked():
            return await self._client.send(request, stream=True, auth=None, follow_redirects=False)


@lru_cache(_KNOWN_URLS)
def _parsed(library: ModuleType, url: str) -> tuple[Any, bytes, str]:
    """Give a URL as the library has it, its host as a header, and its fragment."""
    parsed = library.URL(url)
    return parsed, parsed.netloc, parsed.fragment


@cache
def user_agent() -> str:
    """Give what we call ourselves."""
    return f"groupmessenger/{version('groupmessenger')}"


@contextmanager
def _marked() -> Generator[None]:
    """Mark what httpx logs in here as ours."""
    mark = _ours.set(True)
    try:
        yield
    finally:
        _ours.reset(mark)


def _without_query(record: logging.LogRecord) -> bool:
    """Take the query, which may hold numbers, out of the URL that httpx's clients log of each request at INFO."""
    if _ours.get() and isinstance(record.args, tuple):
        args: tuple[Any, ...] = record.args
        record.args = tuple(each.copy_with(query=None) if hasattr(each, "copy_with") else each for each in args)
    return True


for _name in ("httpx", "httpx2"):
    logging.getLogger(_name).addFilter(_without_query)
