"""What a provider calls us with: one HTTP request, how it is believed, and how it wants to be answered."""

from __future__ import annotations

import json as _json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import attrs

from .errors import InvalidInput, MalformedWebhook

LARGEST = 1024 * 1024  # bytes of a body; no vendor's callback comes near it
_MOST_FIELDS = 1000

Headers = Mapping[str, str] | Iterable[tuple[str, str]]


def _lower(headers: Headers) -> Mapping[str, str]:
    """Headers by lower-case name. One that came twice has both values, and so is worth nothing as a secret."""
    found: dict[str, str] = {}
    pairs: Iterable[tuple[str, str]] = headers.items() if isinstance(headers, Mapping) else headers
    for name, value in pairs:
        key = name.lower()
        found[key] = f"{found[key]}, {value}" if key in found else value
    return MappingProxyType(found)


def _upper(method: str) -> str:
    return method.upper()


def _now() -> datetime:
    return datetime.now(UTC)


def _aware(_: object, attribute: attrs.Attribute[Any], value: datetime) -> None:
    if value.utcoffset() is None:
        raise InvalidInput(f"{attribute.name} needs a time zone: datetime.now(timezone.utc), for example")


@attrs.frozen
class Callback:
    """One HTTP request from a provider, as it came.

    `url` is the whole one that the provider called, with its query as it was written: behind a proxy, the public one.
    `headers` may be in any case, a mapping or pairs. `received_at` is now unless given.
    """

    method: str = attrs.field(converter=_upper)
    url: str = attrs.field(repr=False)
    headers: Mapping[str, str] = attrs.field(factory=dict, converter=_lower, repr=False)
    body: bytes = attrs.field(default=b"", repr=False)
    received_at: datetime = attrs.field(factory=_now, validator=_aware)

    @property
    def content_type(self) -> str:
        """What the body is said to be, such as `application/json`; empty where nothing is said."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()

    @property
    def data(self) -> Any:
        """The body as JSON. Raises `MalformedWebhook` if it is not JSON."""
        try:
            found = _json.loads(self.body.decode("utf-8-sig"))
            return _whole(found) if b"\\u" in self.body else found
        except (ValueError, RecursionError):
            raise MalformedWebhook("the body is not JSON in UTF-8") from None

    @property
    def query(self) -> tuple[tuple[str, str], ...]:
        """The parameters of the URL, in their order, decoded. Raises `MalformedWebhook` for too many."""
        try:
            return _pairs(urlsplit(self.url).query)
        except ValueError:
            raise MalformedWebhook("the URL cannot be read") from None

    @property
    def form(self) -> tuple[tuple[str, str], ...]:
        """The fields of a body that is a form, in their order, decoded. Raises `MalformedWebhook` for too many."""
        return _pairs(self.body.decode("utf-8", "replace"))


def _pairs(text: str) -> tuple[tuple[str, str], ...]:
    try:
        return tuple(parse_qsl(text, keep_blank_values=True, max_num_fields=_MOST_FIELDS))
    except ValueError:
        raise MalformedWebhook("there are too many fields") from None


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
    """That a callback is the provider's.

    `once` is an id that the provider gives one delivery, and signs: the same again, with another content, is a
    replay. It need be remembered `until` then.
    """

    once: str | None = None
    until: datetime | None = None


@attrs.frozen(kw_only=True)
class Acknowledgement:
    """How a provider wants its callbacks answered: with this status and body, `within` so many seconds.

    `methods` are what it calls with. `challenge` is what a 401 has to ask it for in `WWW-Authenticate`, where it shows
    its credentials only then. `retries` says in words what it does when it is not answered so.
    """

    status: int = 200
    body: bytes = b""
    content_type: str = "text/plain; charset=utf-8"
    within: float = 10.0
    methods: frozenset[str] = frozenset({"POST"})
    challenge: str | None = None
    retries: str = "not published"
