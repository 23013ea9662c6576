"""The wire between an adapter and its vendor's stand-in, in this process: it keeps every request, and can strike it."""

from __future__ import annotations

import json
from collections.abc import Callable
from email.utils import format_datetime
from typing import Any, TypeAlias
from urllib.parse import parse_qsl, urlencode

import attrs

from ...flow import MaybeSent, NotSent, Request, Response
from ...sandbox.face import Face
from ...sandbox.phones import Network
from ...sandbox.routing import Routes, answered, call
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

    @property
    def fields(self) -> Any:
        """The body decoded, whether it is JSON or a form, `json`, `form` or `content`: else its text."""
        text = self.body.decode("utf-8", "replace")
        if "x-www-form-urlencoded" in self.headers.get("content-type", ""):
            return dict(parse_qsl(text, keep_blank_values=True))
        try:
            return json.loads(text)
        except ValueError:
            return text

    @property
    def names(self) -> set[str]:
        """The names of the body's fields; of a list, those of the objects in it."""
        told = self.fields
        rows = told if isinstance(told, list) else [told]
        return {name for row in rows if isinstance(row, dict) for name in row}

    def without(self, token: str) -> Any:
        """Its address and body, less each part that has the token of its attempt in it, or under a seal."""
        return _without([self.request.path, dict(self.request.params), self.fields], token)

    def bears(self, text: str) -> bool:
        """Whether a text is in it, however it is encoded."""
        return text in json.dumps([self.fields, dict(self.request.params)], ensure_ascii=False, default=str)


def _without(told: Any, token: str) -> Any:
    if isinstance(told, dict):
        return {name: _without(each, token) for name, each in told.items()}
    if isinstance(told, list):
        return [_without(each, token) for each in told]
    return "" if isinstance(told, str) and token in told else told


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

    def strike(
        self, answer: Answer, *, done: bool = False, of: Callable[[Request], bool] = changes, times: int = 1
    ) -> None:
        """Give this for the answer to the next requests of that kind, which the vendor does or does not get."""
        self._blows.extend([Blow(answer, done, of)] * times)

    def clear(self) -> None:
        """Strike no more."""
        self._blows.clear()

    @property
    def changed(self) -> list[Sent]:
        """The requests that change something and may not be repeated."""
        return [each for each in self.changing if not each.request.repeatable]

    @property
    def changing(self) -> list[Sent]:
        """The requests that change something, also those that may be repeated, such as by a key of the vendor's."""
        return [each for each in self.sent if changes(each.request)]

    def bearing(self, text: str) -> list[Sent]:
        """The requests that send this text."""
        return [each for each in self.changing if each.bears(text)]

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
        body, headers = written(request)
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
            response = answered(attrs.evolve(answer, headers={"date": date, **answer.headers}))
        self.sent.append(Sent(request, url, headers, body or b"", operation, response))
        return response or Response(599)


TRIES = 3  # of the core: so often is tried what may be repeated
LOST = MaybeSent("the answer was lost")
NEVER_LEFT = NotSent("nobody was there")
