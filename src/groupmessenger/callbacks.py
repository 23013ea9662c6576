"""What a provider calls us with: one HTTP request, how it is believed, and how it wants to be answered."""

from __future__ import annotations

import json as _json
import re
from codecs import lookup
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from functools import cached_property
from types import MappingProxyType
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import attrs

from .errors import InvalidInput, MalformedWebhook

LARGEST = 1024 * 1024  # bytes of a body; no vendor's callback comes near it
_MOST_FIELDS = 1000
_DEEPEST = 50  # levels of JSON; vendors' have five, and what goes through it again and again has a limit of its own
_CHARSET = re.compile(r"charset=[\"']?([A-Za-z0-9_.:-]{1,40})", re.IGNORECASE)

Headers = Mapping[str, str] | Iterable[tuple[str, str]]


def _lower(headers: Headers) -> Mapping[str, str]:
    """Headers by lower-case name. One that came twice has both values, and so is worth nothing as a secret."""
    found: dict[str, str] = {}
    try:
        pairs: Iterable[Any] = headers.items() if isinstance(headers, Mapping) else headers
        for name, value in pairs:
            key = (name if isinstance(name, str) else _text(name)).lower()
            text = value if isinstance(value, str) else _text(value)
            found[key] = f"{found[key]}, {text}" if key in found else text
    except (TypeError, ValueError):
        raise InvalidInput("headers are a mapping of names to texts, or pairs of them") from None
    return MappingProxyType(found)


def _text(value: object) -> str:
    """A header's name or value, which servers have as bytes."""
    if isinstance(value, bytes):
        return value.decode("latin-1")
    if not isinstance(value, str):
        raise TypeError
    return value


def _bytes(body: object) -> bytes:
    if body is None:  # as serverless functions have it for none
        return b""
    if not isinstance(body, bytes | bytearray | memoryview):
        raise InvalidInput("body is bytes, as they came: text.encode() of a text, base64.b64decode() of base64")
    return bytes(body)


def _upper(method: str) -> str:
    if not isinstance(method, str):
        raise InvalidInput("method is the one of the request, such as POST")
    return method.upper()


def _url(_: object, __: object, value: str) -> None:
    if not isinstance(value, str):
        raise InvalidInput("url is the whole URL that was called, with its query, as a text")


def _now() -> datetime:
    return datetime.now(UTC)


def _aware(_: object, attribute: attrs.Attribute[Any], value: datetime) -> None:
    if not isinstance(value, datetime) or value.utcoffset() is None:
        raise InvalidInput(
            f"{attribute.name} is a datetime and needs a time zone: datetime.now(timezone.utc), for example"
        )


@attrs.frozen
class Callback:
    """One HTTP request from a provider, as it came.

    `url` is the whole one that the provider called, with its query as it was written: behind a proxy, the public one.
    `headers` may be in any case, a mapping or pairs. `received_at` is now unless given.
    """

    method: str = attrs.field(converter=_upper)
    url: str = attrs.field(repr=False, validator=_url)
    headers: Mapping[str, str] = attrs.field(factory=dict, converter=_lower, repr=False)
    body: bytes = attrs.field(default=b"", converter=_bytes, repr=False)
    received_at: datetime = attrs.field(factory=_now, validator=_aware)

    @property
    def content_type(self) -> str:
        """What the body is said to be, such as `application/json`; empty where nothing is said."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()

    @property
    def data(self) -> Any:
        """The body as JSON. Raises `MalformedWebhook` if it is not JSON."""
        try:
            found = _json.loads(self.body.decode().removeprefix("\ufeff"))
        except (ValueError, RecursionError):
            raise MalformedWebhook("the body is not JSON in UTF-8, or nested too deeply") from None
        if self.body.count(b"[") + self.body.count(b"{") > _DEEPEST and _is_deeper(found, _DEEPEST):
            raise MalformedWebhook(f"the body is JSON that is nested more than {_DEEPEST} levels deep")
        return _whole(found) if b"\\u" in self.body else found

    @cached_property
    def query(self) -> tuple[tuple[str, str], ...]:
        """The parameters of the URL, in their order, decoded. Raises `MalformedWebhook` for too many."""
        try:
            return _pairs(urlsplit(self.url).query)
        except ValueError:
            raise MalformedWebhook("the URL cannot be read") from None

    @property
    def form(self) -> tuple[tuple[str, str], ...]:
        """The fields of a body that is a form, in their order, decoded. Raises `MalformedWebhook` for too many."""
        charset = _CHARSET.search(self.headers.get("content-type", ""))
        return _pairs(self.body.decode("latin-1"), charset[1] if charset else "utf-8")


def _pairs(text: str, charset: str = "utf-8") -> tuple[tuple[str, str], ...]:
    try:
        lookup(charset)
        return tuple(parse_qsl(text, keep_blank_values=True, max_num_fields=_MOST_FIELDS, encoding=charset))
    except LookupError:
        raise MalformedWebhook("the form is written in a character set that is not known") from None
    except ValueError:
        raise MalformedWebhook("there are too many fields") from None


def _is_deeper(value: Any, levels: int) -> bool:
    """Whether lists and objects are in one another so many times, and once more."""
    inside = [value]
    for _ in range(levels + 1):
        inside = [
            each
            for outer in inside
            if isinstance(outer, list | dict)
            for each in (outer.values() if isinstance(outer, dict) else outer)
        ]
    return bool(inside)


def _whole(value: Any) -> Any:
    """A value of JSON without halves of characters, which no text can be written with."""
    if isinstance(value, str):
        return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if isinstance(value, list):
        return [_whole(each) for each in value]
    if isinstance(value, dict):
        return {_whole(name): _whole(each) for name, each in value.items()}
    return value


@attrs.frozen
class Verified:
    """What a callback has proven.

    `once` is an id that the provider gives one delivery, and signs: the same again, with another content, is a
    replay. It need be remembered `until` then. `token` is ours, which the URL bore under our seal. Where the
    `token_is_all` there is, the callback is believed about the status of that attempt, and about nothing else.
    """

    once: str | None = None
    until: datetime | None = None
    token: str | None = None
    token_is_all: bool = False


def checked(verified: object) -> Verified:
    """What `verify` gave, if it is what it has to give: anything else, such as False, is no proof. Raises TypeError."""
    if not isinstance(verified, Verified):
        kind = type(verified).__name__
        raise TypeError(f"verify gives Verified() or raises InvalidSignature, and this one gave {kind}")
    return verified


@attrs.frozen(kw_only=True)
class Acknowledgement:
    """How a provider wants its callbacks answered: with this status and body, `within` so many seconds.

    `methods` are what it calls with. `challenge` is what a 401 has to ask it for in `WWW-Authenticate`, where it shows
    its credentials only then. `retries` says in words what it does when it is not answered so. It `signs_url`: then
    what the URL is has to be known, and not believed to be what a caller says.
    """

    status: int = 200
    body: bytes = b""
    content_type: str = "text/plain; charset=utf-8"
    within: float = 10.0
    methods: frozenset[str] = frozenset({"POST"})
    challenge: str | None = None
    retries: str = "not published"
    signs_url: bool = False
