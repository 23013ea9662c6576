"""One request on its way through httpx, and what came of the answer to it."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from types import ModuleType
from typing import TYPE_CHECKING, Any, Protocol

from .errors import ConfigurationError, Problem
from .failures import LATE, verdict
from .flow import MaybeSent, NotSent, Request, Response, TooLong
from .guarding import is_public
from .unpacking import Body
from .ways import ThroughClient, Way

if TYPE_CHECKING:
    import httpx

MAX_ANSWER = 1024 * 1024  # decoded bytes
CONNECT_WITHIN = 10.0  # seconds for finding a connection; less if the time-out is less

_LEAVES, _CONNECTED = ".send_request_headers.started", "connection.connect_tcp.complete"  # events of httpx's trace
_PRIVATE = "it leads to a private address"


class Rules(Protocol):
    """What all requests of a transport share: the library, the time-out in seconds, and where they go."""

    library: ModuleType
    timeout: float

    def url(self, request: Request) -> str:
        """Give the URL a request goes to."""
        ...


class Passage:
    """One request, and what came of the answer to it."""

    def __init__(self, rules: Rules, way: Way, request: Request, leave_by: datetime | None) -> None:
        if way.closed:
            raise wrong("http", "the client is closed")
        self._library = rules.library
        self._request = request
        self._leave_by = leave_by
        self._hooked = isinstance(way, ThroughClient)
        self._left = False
        self._timeout = timeout = rules.timeout if request.timeout is None else request.timeout
        self._connect = connect = min(timeout, CONNECT_WITHIN)
        self.seconds = connect + timeout
        self._deadline = time.monotonic() + self.seconds
        self._body = Body(MAX_ANSWER if request.at_most is None else request.at_most)
        url = rules.url(request)
        waits = {"connect": connect, "read": timeout, "write": timeout, "pool": connect}
        try:
            self.built = way.build(request, url, waits)
        except ConfigurationError:
            raise
        except Exception as error:
            raise wrong("request", f"HTTP cannot carry it ({type(error).__name__})") from error

    @property
    def watched(self) -> bool:
        """Whether it matters what the connection does."""
        return self._leave_by is not None or self._request.elsewhere

    def watch(self, event: str, info: Mapping[str, Any]) -> None:
        """Hear, by httpx's trace, what the connection does next. Raises NotSent before a first byte too late.

        Finding a connection can take longer than there is, or the process can have been stopped meanwhile. So it does
        where a host that is not to be private turns out to be.
        """
        if event.endswith(_LEAVES):
            if self._leave_by is not None and datetime.now(UTC) >= self._leave_by:
                raise NotSent(self._say("the connection came about when its time to leave was over"))
            self._left = self._left or info["request"].method != b"CONNECT"  # which is for a proxy
        elif self._leads_astray(event, info):
            info["return_value"].close()
            raise NotSent(self._say(_PRIVATE))

    async def watch_async(self, event: str, info: Mapping[str, Any]) -> None:
        """As `watch`."""
        if self._leads_astray(event, info):
            await info["return_value"].aclose()
            raise NotSent(self._say(_PRIVATE))
        self.watch(event, info)

    def _leads_astray(self, event: str, info: Mapping[str, Any]) -> bool:
        return self._request.elsewhere and event == _CONNECTED and not is_public(info["return_value"])

    def failed(self, error: Exception) -> NotSent | MaybeSent:
        """What to raise for what went wrong since the request was handed over."""
        outcome, words = verdict(error, self._library, left=self._left)
        if outcome is NotSent and self._hooked and not _is_of(error, self.built):
            outcome, words = MaybeSent, f"the exchange broke off with {type(error).__name__}"
        return outcome(self._say(words))

    def _say(self, words: str) -> str:
        return f"{words.format(connect=self._connect, timeout=self._timeout)} ({self.built.url.host})"

    def begins(self, response: httpx.Response) -> bool:
        """Say whether there is an answer to be read."""
        self._left = True
        self._status = response.status_code
        self._headers = _texts(response.headers.raw)
        if response.is_stream_consumed:  # by a hook of the caller's, or it never was a stream
            self.takes(response.content)
            return False
        return self._body.begins(self._headers.get("content-encoding", ""))

    def takes(self, raw: bytes) -> bool:
        """Take a piece of the answer as it came. Says whether more of it is wanted."""
        if time.monotonic() > self._deadline:
            self._body.flaw = LATE
        return self._body.takes(raw)

    def answer(self) -> Response:
        """Give the whole answer, or raise what was wrong with it."""
        content = self._body.whole()
        if self._body.flaw:
            raise (TooLong if self._body.too_long else MaybeSent)(self._say(self._body.flaw))
        return Response(self._status, content, self._headers, self._request)


def _is_of(error: Exception, request: object) -> bool:
    """Whether an error is this request's, for all that a client says. A hook's is of another request, or of none."""
    try:
        return getattr(error, "request", request) is request
    except RuntimeError:  # httpx's, where there is none
        return False


def _texts(raw: Iterable[tuple[bytes, bytes]]) -> dict[str, str]:
    """Headers by their names in lower case; one that is there several times is one list (RFC 9110, 5.3)."""
    found: dict[str, str] = {}
    for name, value in raw:
        key, text = name.decode("latin-1").lower(), value.decode("latin-1")
        found[key] = f"{found[key]}, {text}" if key in found else text
    return found


def wrong(key: str, what: str, cure: str = "") -> ConfigurationError:
    """A setting, or a request, that HTTP cannot carry."""
    return ConfigurationError(Problem(key, what, cure))
