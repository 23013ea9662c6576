"""Callbacks with anything in the place of anything."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit
from xml.sax.saxutils import escape

import attrs

from ...callbacks import Callback

_JUNK: tuple[Any, ...] = (
    *(None, True, 0, -1, 1.5, 10**30, "", " ", "x", "x" * 5000, "\ud800", "\x00", "👀", "+", "+13125550199"),
    *("someone@example.com", "../..", "2026-11-21T12:00:00Z", "99999-01-01", "NaN", "http://", [], {}, [[]]),
    *([None], {"a": {}}, ["+13125550199", None]),
)
_BODIES = (b"", b"[]", b"{}", b"null", b'"x"', b"0", b"\xff\xfe", b"a=b&c", b"[[[[", b'{"a":', b"[{}]", b"[1, 2]")


def spoiled(callback: Callback, words: Sequence[Any] = _JUNK) -> Iterator[Callback]:
    """A callback with each part of its JSON, its form or its query left out, and with each of `words` in its place."""
    if words is _JUNK:
        for body in _BODIES:
            yield attrs.evolve(callback, body=body)
    try:
        data = json.loads(callback.body)
    except ValueError:
        data = None
    if isinstance(data, dict | list):
        for changed in _changed(data, words):
            yield attrs.evolve(callback, body=json.dumps(changed).encode())
    elif callback.body.startswith(b"<"):
        for body in _elements(callback.body.decode("utf-8", "replace"), words):
            yield attrs.evolve(callback, body=body)
    elif callback.body:
        for pairs in _pairs(parse_qsl(callback.body.decode("latin-1"), keep_blank_values=True), words):
            yield attrs.evolve(callback, body=_encoded(pairs))
    parts = urlsplit(callback.url)
    for pairs in _pairs(parse_qsl(parts.query, keep_blank_values=True), words):
        yield attrs.evolve(callback, url=urlunsplit(parts._replace(query=_encoded(pairs).decode())))


def junk_headers(value: str) -> tuple[str, ...]:
    """What is nearly the value of a header, and is not."""
    middle = len(value) // 2
    other = "A" if value[middle] != "A" else "B"
    return ("", " ", value[:-1], value[1:], value + "A", value[:middle] + other + value[middle + 1 :], "ü" * 9, "x")


def _changed(value: Any, words: Sequence[Any]) -> Iterator[Any]:
    if isinstance(value, dict):
        for key, inner in value.items():
            if words is _JUNK:
                yield {name: each for name, each in value.items() if name != key}
            for each in (*words, *_changed(inner, words)):
                yield value | {key: each}
    elif isinstance(value, list):
        for place, inner in enumerate(value):
            for each in (*words, *_changed(inner, words)):
                yield [*value[:place], each, *value[place + 1 :]]


def _elements(body: str, words: Sequence[Any]) -> Iterator[bytes]:
    """XML with each of the words in the place of each text."""
    for found in re.finditer(r">([^<>]+)<", body):
        for word in words:
            yield (body[: found.start(1)] + escape(str(word)) + body[found.end(1) :]).encode("utf-8", "replace")


def _pairs(pairs: list[tuple[str, str]], words: Sequence[Any]) -> Iterator[list[tuple[str, str]]]:
    for place, (name, _) in enumerate(pairs):
        if words is _JUNK:
            yield pairs[:place] + pairs[place + 1 :]
        for word in words:
            yield [*pairs[:place], (name, str(word)), *pairs[place + 1 :]]


def _encoded(pairs: list[tuple[str, str]]) -> bytes:
    return urlencode(pairs, errors="replace").encode()
