"""One request on its way through httpx, and what came of the answer to it."""

from __future__ import annotations

import time
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from types import ModuleType
from typing import TYPE_CHECKING, Any, Protocol

from .errors import ConfigurationError, Problem
from .failures import LATE, verdict
from .flow import MaybeSent, NotSent, Request, Response, TooLong
from .guarding import is_public
from .unpacking import Body
from .writing import check, written

if TYPE_CHECKING:
    import httpx

MAX_ANSWER = 1024 * 1024  # decoded bytes
CONNECT_WITHIN = 10.0  # seconds for finding a connection; less if the time-out is less

ours: ContextVar[bool] = ContextVar("groupmessenger_request", default=False)


class Rules(Protocol):
    """What all requests of a transport share: the library, the time-out in seconds, and where they go."""

    library: ModuleType
    timeout: float

    def url(self, request: Request) -> str:
        """Give the URL a request goes to."""
        ...


class Passage:
    """One request, and what came of the answer to it."""

    def __init__(
        self,
        rules: Rules,
        client: httpx.Client | httpx.AsyncClient,
        request: Request,
        leave_by: datetime | None,
    ) -> None:
        if client.is_closed:
            raise wrong("http", "the client is closed")
        self._library = rules.library
        self._leave_by = leave_by
        self._timeout = rules.timeout if request.timeout is None else request.timeout
        self._connect = min(self._timeout, CONNECT_WITHIN)
        self.seconds = self._connect + self._timeout
        self._deadline = time.monotonic() + self.seconds
        self._elsewhere = request.elsewhere
        self._body = Body(MAX_ANSWER if request.at_most is None else request.at_most)
        url = rules.url(request)
        try:
            content, set_by_us = written(request)
            self.built = client.build_request(
                request.method,
                url,
                # httpx puts parameters, its client's too, in the place of those in the URL.
                params=url.partition("?")[2] if client.params else None,
                content=content,
                headers=set_by_us | {name.lower(): value for name, value in request.headers.items()},
                timeout=rules.library.Timeout(self._timeout, connect=self._connect, pool=self._connect),
            )
        except Exception as error:
            raise wrong("request", f"HTTP cannot carry it ({type(error).__name__})") from error
        check(self.built.headers, str(len(content or b"")), self.built.url.fragment)

    @property
    def watched(self) -> bool:
        """Whether it matters what the connection does."""
        return self._elsewhere or self._leave_by is not None

    def watch(self, event: str, info: Mapping[str, Any]) -> None:
        """Hear, by httpx's trace, what the connection does next. Raises NotSent before a first byte too late.

        Finding a connection can take longer than there is, or the process can have been stopped meanwhile. So it does
        where a host that is not to be private turns out to be.
        """
        if self._elsewhere and event == "connection.connect_tcp.complete" and not is_public(info["return_value"]):
            info["return_value"].close()
            raise NotSent(self._say("it leads to a private address"))
        late = self._leave_by is not None and datetime.now(UTC) >= self._leave_by
        if late and event.endswith(".send_request_headers.started"):
            raise NotSent(self._say("the connection came about when its time to leave was over"))

    async def watch_async(self, event: str, info: Mapping[str, Any]) -> None:
        """As `watch`."""
        if self._elsewhere and event == "connection.connect_tcp.complete" and not is_public(info["return_value"]):
            await info["return_value"].aclose()
            raise NotSent(self._say("it leads to a private address"))
        self.watch(event, info)

    @contextmanager
    def failures(self) -> Generator[None]:
        """Turn what goes wrong from here on into NotSent or MaybeSent. Cancellation passes."""
        mark = ours.set(True)
        try:
            yield
        except NotSent:
            raise
        except Exception as error:
            outcome, words = verdict(error, self._library)
            raise outcome(self._say(words)) from error
        finally:
            ours.reset(mark)

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
            raise (TooLong if self._body.too_long else MaybeSent)(self._say(self._body.flaw))
        return Response(response.status_code, content=content, headers=dict(response.headers.items()))


def wrong(key: str, what: str, cure: str = "") -> ConfigurationError:
    """A setting, or a request, that HTTP cannot carry."""
    return ConfigurationError(Problem(key, what, cure))
