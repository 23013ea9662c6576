"""A request as it is written: its body, and the headers that HTTP can carry."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from .errors import ConfigurationError, Problem
from .flow import Request

if TYPE_CHECKING:
    import httpx

_HEADER_NAME = re.compile(rb"[-!#$%&'*+.^_`|~0-9A-Za-z]+")
_HEADER_VALUE = re.compile(rb"(?:[\x21-\x7e\x80-\xff](?:[\t\x20-\x7e\x80-\xff]*[\x21-\x7e\x80-\xff])?)?")


def written(request: Request) -> tuple[bytes | None, dict[str, str]]:
    """Give a request's body, and the headers that are ours to say. Raises ValueError and TypeError."""
    headers = {"accept-encoding": "gzip"}
    if sum(body is not None for body in (request.json, request.form, request.content)) > 1:
        raise ValueError("a request has one body: json, form or content")
    if request.json is not None:
        text = json.dumps(request.json, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
        return text.encode(), headers | {"content-type": "application/json"}
    if request.form is not None:
        return urlencode(request.form).encode(), headers | {"content-type": "application/x-www-form-urlencoded"}
    return request.content, headers


def check(headers: httpx.Headers, length: str, fragment: str) -> None:
    """Refuse what h11 would refuse; of a wrong length it complains when the request has left already."""
    wrong = [
        f"the header {ascii(name)[1:]}"  # its value may be a secret
        for name, value in headers.raw
        if not (_HEADER_NAME.fullmatch(name) and _HEADER_VALUE.fullmatch(value))
    ]
    if headers.get("content-length", length) != length or "transfer-encoding" in headers:
        wrong.append("the length its headers give")
    if fragment:
        wrong.append("the # in its URL")
    if wrong:
        raise ConfigurationError(*(Problem("request", f"HTTP cannot carry {what}") for what in wrong))
