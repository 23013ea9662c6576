"""The fields of a send, as the vendor documents them, and what is wrong with those of a request (2)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

import attrs

from ._refusals import Problem

_E164 = re.compile(r"\+[1-9]\d{6,14}")
_RFC_3339 = re.compile(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)")


@attrs.frozen
class Field:
    """The rules of one field. Of an array, `longest`, `choices` and `format` are those of each of its texts."""

    name: str
    required: bool = False
    array: bool = False
    unique: bool = False
    most: int | None = None
    longest: int | None = None
    choices: tuple[str, ...] = ()
    format: str = ""


FIELDS = (
    Field("applicationId", required=True),
    Field("to", required=True, array=True, unique=True, format="number"),
    Field("from", required=True),
    Field("text", longest=2048),
    Field("media", array=True, most=10, longest=4096, format="url"),
    Field("tag", longest=1024),
    Field("priority", choices=("default", "high")),
    Field("expiration", format="moment"),
)


def moment_of(text: str) -> datetime | None:
    """The moment that a text in RFC 3339 names."""
    if not _RFC_3339.fullmatch(text):
        return None
    try:
        return datetime.fromisoformat(text.upper())
    except ValueError:
        return None


def list_of(value: Any) -> list[Any]:
    """An array, from one text too."""
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def problems(body: Mapping[str, Any], now: datetime, doubt: Mapping[str, Any]) -> Iterator[Problem]:
    """Everything wrong with the fields of a request. Null is like absent."""
    given = {name: value for name, value in body.items() if value is not None}
    if doubt["unknown_fields"] == "refused":
        known = {field.name for field in FIELDS}
        yield from (Problem(name, "is not a field of a message") for name in sorted(given.keys() - known))
    for field in FIELDS:
        if field.name in given:
            yield from _of_field(field, given[field.name], doubt)
        elif field.required:
            yield Problem(field.name, "is required")
    if not given.get("text") and not given.get("media"):
        yield Problem("text", "or media is required")
    expiration = given.get("expiration")
    moment = moment_of(expiration) if isinstance(expiration, str) else None
    if moment is not None and moment <= now:
        yield Problem("expiration", "must be in the future")


def _of_field(field: Field, value: Any, doubt: Mapping[str, Any]) -> Iterator[Problem]:
    if not field.array:
        yield from _of_text(field, value)
        return
    bare = field.name == "to" and isinstance(value, str) and doubt["bare_to"] == "accepted"
    if not isinstance(value, list) and not bare:
        yield Problem(field.name, "must be an array")
        return
    items = list_of(value)
    if field.required and not items:
        yield Problem(field.name, "must not be empty")
    if field.most is not None and len(items) > field.most:
        yield Problem(field.name, f"must have at most {field.most} items")
    for item in items:
        yield from _of_text(field, item)
    if field.unique and doubt["duplicate_to"] == "400" and any(item in items[:n] for n, item in enumerate(items)):
        yield Problem(field.name, "must not have an item twice")


def _of_text(field: Field, value: Any) -> Iterator[Problem]:
    if not isinstance(value, str):
        yield Problem(field.name, "must be a string")
        return
    if field.required and not value:
        yield Problem(field.name, "must not be empty")
        return
    if field.longest is not None and len(value) > field.longest:
        yield Problem(field.name, f"must have at most {field.longest} characters")
    if field.choices and value not in field.choices:
        yield Problem(field.name, f"must be one of {', '.join(field.choices)}")
    match field.format:
        case "number" if not _E164.fullmatch(value):
            yield Problem(field.name, "must be a phone number in E.164")
        case "url" if not _is_url(value):
            yield Problem(field.name, "must be a URL")
        case "moment" if moment_of(value) is None:
            yield Problem(field.name, "must be a moment in RFC 3339")
        case _:
            pass


def _is_url(value: str) -> bool:
    try:
        parts = urlsplit(value)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.netloc)
