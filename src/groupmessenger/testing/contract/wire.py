"""The wire between an adapter and its vendor's stand-in, in this process: it keeps every request, and can strike it."""

from __future__ import annotations

from collections.abc import Callable
from email.utils import format_datetime
from typing import TypeAlias
from urllib.parse import urlencode

import attrs

from ...flow import MaybeSent, NotSent, Request, Response
from ...sandbox.face import Face
from ...sandbox.phones import Network
from ...sandbox.routing import Routes, call, content
from ...writing import written


@attrs.frozen
class Sent:
    """One request as it left: where to, with what, and what the vendor's stand-in said, None where nobody did."""

    request: Request
    url: str
    headers: dict[str, str]
    body: bytes
    operation: str | None
    response: Response | None

    @property
    def whole(self) -> str:
        """All of it but what goes with every request, to look for a text in."""
        return f"{self.url}\n{self.body.decode('utf-8', 'replace')}"


Answer: TypeAlias = Response | Exception | Callable[[Request], Response]


@attrs.frozen
class Blow:
    """What becomes of one request: the vendor does it, if it is `done`, and this is given or raised."""

    answer: Answer
    done: bool
    of: Callable[[Request], bool]


def changes(request: Request) -> bool:
    """Whether a request is one that changes something at the vendor: neither a question nor one for a token."""
    return request.authorized and not request.reads


class Wire:
    """Carries requests below `base_url` to a face. `sent` has all of them."""

    def __init__(self, base_url: str, face: Face, network: Network) -> None:
        self.sent: list[Sent] = []
        self._base = base_url
        self._network = network
        self._routes = Routes(face)
        self._blows: list[Blow] = []

    def strike(self, answer: Answer, *, done: bool = False, of: Callable[[Request], bool] = changes) -> None:
        """Give this for the answer to the next request of that kind, which the vendor does or does not get."""
        self._blows.append(Blow(answer, done, of))

    def clear(self) -> None:
        """Strike no more."""
        self._blows.clear()

    @property
    def changed(self) -> list[Sent]:
        """The requests that change something and may not be repeated."""
        return [each for each in self.sent if changes(each.request) and not each.request.repeatable]

    def __call__(self, request: Request) -> Response:
        """Carry a request. Raises NotSent and MaybeSent as the transport does."""
        with self._network.lock:
            blow = next((each for each in self._blows if each.of(request)), None)
            if blow is not None:
                self._blows.remove(blow)
            response = self._carry(request, kept=blow is not None and not blow.done)
        if blow is None:
            return response
        if isinstance(blow.answer, Exception):
            raise blow.answer
        return blow.answer if isinstance(blow.answer, Response) else blow.answer(request)

    def _carry(self, request: Request, *, kept: bool) -> Response:
        """Let the vendor have it, unless it is `kept` back, and note it."""
        url = request.path if not request.path.startswith("/") else self._base + request.path
        if request.params:
            url += f"{'&' if '?' in url else '?'}{urlencode(request.params)}"
        body, ours = written(request)
        headers = {name.lower(): value for name, value in {**ours, **request.headers}.items()}
        if not url.startswith(self._base + "/"):
            self.sent.append(Sent(request, url, headers, body or b"", None, None))
            raise NotSent("there is nothing there but the stand-in")
        raw_path, _, query = url.removeprefix(self._base).partition("?")
        operation, handler, parameters = self._routes.find(request.method, raw_path)
        response = None
        if not kept:
            asked = call(request.method, raw_path, query, parameters, headers)
            self._network.clock.run_due()
            answer = handler(attrs.evolve(asked, body=body or b""))
            date = format_datetime(self._network.clock.now(), usegmt=True)
            told = {name.lower(): value for name, value in {"date": date, **answer.headers}.items()}
            response = Response(answer.status, content(answer.body), told)
        self.sent.append(Sent(request, url, headers, body or b"", operation, response))
        return response or Response(599)


LOST = MaybeSent("the answer was lost")
NEVER_LEFT = NotSent("nobody was there")
