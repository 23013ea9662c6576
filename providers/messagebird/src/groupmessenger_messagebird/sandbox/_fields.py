"""The fields of a request: JSON and forms are both taken, and lists in several ways (1, 2, 4.1)."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any, cast
from urllib.parse import parse_qsl

from groupmessenger.sandbox.face import Call

from ._refusals import BAD_REQUEST, Refused, Slip, invalid

_FORM = "application/x-www-form-urlencoded"
_INDEX = re.compile(r"\[\d*\]$")
_DIGITS = re.compile(r"[1-9]\d{6,14}", re.ASCII)


def fields_of(call: Call) -> dict[str, Any]:
    """The call's fields. No body and null are none: the SDK sends null where it has nothing to say."""
    headers = {name.lower(): value for name, value in call.headers.items()}
    if headers.get("content-type", "").lower().startswith(_FORM):
        return _form(call.body.decode(errors="replace"))
    if not call.body.strip() or call.body.strip() == b"null":
        return {}
    body = call.json
    if not isinstance(body, dict):
        raise Refused(400, Slip(BAD_REQUEST, "the request body cannot be read"))
    return cast("dict[str, Any]", body)


def _form(body: str) -> dict[str, Any]:
    """A form, in which `name[]` and repeated names are lists."""
    fields: dict[str, Any] = {}
    for name, value in parse_qsl(body, keep_blank_values=True):
        plain = _INDEX.sub("", name)
        if plain != name or plain in fields:
            before = fields.get(plain, [])
            fields[plain] = [*(before if isinstance(before, list) else [before]), value]
        else:
            fields[plain] = value
    return fields


def text_of(fields: dict[str, Any], name: str) -> str:
    """A text, or a number as text; empty when it is missing or null."""
    value = fields.get(name)
    if value is None:
        return ""
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise invalid(name)
    return str(value)


def texts_of(fields: dict[str, Any], name: str, separator: str | None = ",") -> list[str]:
    """A list of texts or numbers, or one text with commas between them; without a separator it is one item."""
    value = fields.get(name)
    if value is None:
        return []
    items: list[object] = [value]
    if isinstance(value, list):
        items = cast("list[object]", value)
    elif isinstance(value, str) and separator:
        items = list(value.split(separator))
    if any(isinstance(item, bool) or not isinstance(item, str | int) for item in items):
        raise invalid(name)
    return [text for text in (str(item).strip() for item in items) if text]


def whole_of(fields: dict[str, Any], name: str) -> int | None:
    """A whole number, also as text; None when it is missing or null."""
    text = text_of(fields, name)
    if text and not text.isdecimal():
        raise invalid(name)
    return int(text) if text else None


def moment_of(text: str, name: str) -> datetime | None:
    """A moment in RFC 3339; None for no text. A + that a query turned into a space is repaired."""
    if not text:
        return None
    try:
        moment = datetime.fromisoformat(text.replace(" ", "+") if "T" in text else text)
    except ValueError as error:
        raise invalid(name) from error
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def number_of(text: str) -> str | None:
    """A phone's number in E.164 from digits with or without a +; None for what is none."""
    digits = text.strip().removeprefix("+")
    return f"+{digits}" if _DIGITS.fullmatch(digits) else None
