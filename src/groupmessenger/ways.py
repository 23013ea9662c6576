"""Two ways into httpx: straight to a transport, or through a client, where a caller's client is to be used."""

from __future__ import annotations

import logging
from collections.abc import Generator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache, lru_cache
from importlib.metadata import version
from types import ModuleType
from typing import Any, Protocol

_KNOWN_URLS = 256  # those of sends are few; those with the id of a group come and go
_ours: ContextVar[bool] = ContextVar("groupmessenger_request", default=False)


class Way(Protocol):
    """A way for requests, blocking or async: `send` gives a response, or an awaitable of one, its body unread."""

    send: Any

    @property
    def closed(self) -> bool:
        """Whether it takes no more requests."""
        ...

    def build(self, method: str, url: str, content: bytes | None, headers: dict[str, str], timeout: Any) -> Any:
        """Make the library's request. `timeout` has seconds for connect, read, write and pool."""
        ...

    def close(self) -> None:
        """Close the connections of a blocking way."""
        ...

    async def aclose(self) -> None:
        """Close those of an async one."""
        ...


class Direct:
    """Straight to a transport. A client above it would merge, log, look for cookies and redirects, at twice the cost."""

    def __init__(self, library: ModuleType, transport: Any, *, blocking: bool) -> None:
        self.closed = False
        self._transport = transport
        self._request = library.Request
        self._url = lru_cache(_KNOWN_URLS)(library.URL)
        self.send = transport.handle_request if blocking else transport.handle_async_request

    def build(self, method: str, url: str, content: bytes | None, headers: dict[str, str], timeout: Any) -> Any:
        """Make a request of what is given, and of nothing else."""
        headers = {"accept": "*/*", "user-agent": user_agent(), **headers}
        extensions = {"timeout": timeout}
        return self._request(method, self._url(url), content=content, headers=headers, extensions=extensions)

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
        self.send = self._send if blocking else self._send_async

    @property
    def closed(self) -> bool:
        """Whether the client is."""
        return bool(self._client.is_closed)

    def build(self, method: str, url: str, content: bytes | None, headers: dict[str, str], timeout: Any) -> Any:
        """Make a request with what the client adds."""
        # httpx puts parameters, its client's too, in the place of those in the URL.
        params = url.partition("?")[2] if self._client.params else None
        extensions = {"timeout": timeout}
        return self._client.build_request(
            method, url, params=params, content=content, headers=headers, extensions=extensions
        )

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
