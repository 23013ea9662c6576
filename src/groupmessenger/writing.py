"""A request as it is written: its body, and the headers that HTTP can carry."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from urllib.parse import urlencode

from .errors import ConfigurationError, Problem
from .flow import Request

_JSON = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":"))
_HEADER_NAME = re.compile(rb"[-!#$%&'*+.^_`|~0-9A-Za-z]+")
_HEADER_VALUE = re.compile(rb"(?:[\x21-\x7e\x80-\xff](?:[\t\x20-\x7e\x80-\xff]*[\x21-\x7e\x80-\xff])?)?")


def body(request: Request) -> tuple[bytes | None, str]:
    """Give a request's body, and what to call it if that is ours to say. Raises ValueError and TypeError."""
    if (request.json is not None) + (request.form is not None) + (request.content is not None) > 1:
        raise ValueError("a request has one body: json, form or content")
    if request.json is not None:
        return _JSON.encode(request.json).encode(), "application/json"
    if request.form is not None:
        return urlencode(request.form).encode(), "application/x-www-form-urlencoded"
    if not isinstance(request.content, bytes | None):
        raise TypeError("content is bytes")
    return request.content, ""


def written(request: Request) -> tuple[bytes | None, dict[str, str]]:
    """Give a request's body, and its headers with those that are ours to say. Raises ValueError and TypeError."""
    content, kind = body(request)
    headers = {"accept-encoding": "gzip", **({"content-type": kind} if kind else {})}
    return content, headers | {name.lower(): value for name, value in request.headers.items()}


def check(headers: Iterable[tuple[bytes, bytes]], length: int, fragment: str) -> None:
    """Refuse what h11 would refuse; of a wrong length it complains when the request has left already."""
    wrong = []
    for name, value in headers:
        known = name.lower()
        if not (_HEADER_NAME.fullmatch(name) and _HEADER_VALUE.fullmatch(value)):
            wrong.append(f"the header {ascii(name)[1:]}")  # its value may be a secret
        elif known == b"transfer-encoding" or (known == b"content-length" and value != b"%d" % length):
            wrong.append("the length its headers give")
    if fragment:
        wrong.append("the # in its URL")
    if wrong:
        raise ConfigurationError(*(Problem("request", f"HTTP cannot carry {what}") for what in wrong))
