"""From an HTTP call to the face's handler that serves it, and from its answer to a response."""

from __future__ import annotations

import json
import re
import string
from functools import cache
from typing import Any
from urllib.parse import parse_qsl, unquote

from ..flow import Response
from .face import Answer, Call, Face, Handler


@cache
def pattern(template: str) -> re.Pattern[str]:
    """A path template as a regular expression: `{name}` is one segment, `{name:path}` any number of them."""
    expression = ""
    for literal, name, spec, _ in string.Formatter().parse(template):
        expression += re.escape(literal)
        if name is not None:
            expression += f"(?P<{name}>{'.+' if spec == 'path' else '[^/]+'})"
    return re.compile(expression)


class Routes:
    """The routes of one face."""

    def __init__(self, face: Face) -> None:
        self._face = face
        self._routes = [(route, pattern(route.path)) for route in face.routes()]

    def find(self, method: str, raw_path: str) -> tuple[str | None, Handler, dict[str, str]]:
        """The operation, its handler and the parameters of the path; `not_found` where nothing is served.

        Matching the raw path lets a parameter hold a slash as %2F.
        """
        for route, expression in self._routes:
            match = expression.fullmatch(raw_path)
            if match and route.method.upper() == method:
                parameters = {key: unquote(value) for key, value in match.groupdict().items()}
                return route.operation, route.handler, parameters
        return None, self._face.not_found, {}


def call(method: str, raw_path: str, query: str, parameters: dict[str, str], headers: dict[str, str]) -> Call:
    """A call without its body. `headers` have names in lower case."""
    first: dict[str, str] = {}
    for key, value in parse_qsl(query, keep_blank_values=True):
        first.setdefault(key, value)
    return Call(method, unquote(raw_path), first, parameters, headers)


def content(body: Any) -> bytes:
    """The body of an `Answer` as bytes."""
    if body is None:
        return b""
    return body if isinstance(body, bytes) else json.dumps(body).encode()


def answered(answer: Answer) -> Response:
    """An answer as a client reads it, without a server between."""
    headers = {name.lower(): value for name, value in answer.headers.items()}
    return Response(answer.status, content(answer.body), headers)
