"""Flows as values: requests, answers, and what may be shown of them."""

from __future__ import annotations

import base64
from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from groupmessenger.flow import Effect, Request, Response, Together, ask, together


def test_asking_is_awaiting_a_request() -> None:
    """A flow is an ordinary coroutine: it gives out effects and takes answers, and needs no event loop."""
    request = Request("GET", "/")

    async def flow() -> int:
        return (await ask(request)).status

    running = flow()
    effect: Effect[Any] = running.send(None)
    assert request is effect
    with pytest.raises(StopIteration) as done:
        running.send(Response(204))
    assert 204 == done.value.value


def test_together_takes_any_flows() -> None:
    async def nothing() -> None:
        return None

    running = together((nothing() for _ in range(2)), limit=7)
    effect = running.send(None)
    assert isinstance(effect, Together)
    assert (2, 7) == (len(effect.flows), effect.limit)
    for flow in effect.flows:
        flow.close()
    running.close()


@pytest.mark.parametrize(("method", "reads"), [("GET", True), ("HEAD", True), ("POST", False), ("DELETE", False)])
def test_what_only_asks(method: str, reads: bool) -> None:
    assert reads is Request(method, "/").reads


def test_no_repr_shows_what_is_private() -> None:
    """A request's path, body and headers hold numbers, texts and secrets; so does an answer."""
    private = {"a": "hush-hush"}
    request = Request(
        "POST", "/hush-hush", params=private, json=private, form=private, content=b"hush-hush", headers=private
    )
    response = Response(200, b"hush-hush", private, request)
    for value in (request, response):
        assert "hush" not in repr(value)


@pytest.mark.parametrize(
    ("content", "data", "fields"),
    [
        (b'{"a": 1}', {"a": 1}, {"a": 1}),
        (b"[1]", [1], {}),
        (b'"a"', "a", {}),
        (b"null", None, {}),
        (b"", None, {}),
        (b"<html>", None, {}),
        (b"\xff\xfe", None, {}),
        (b"[" * 200_000, None, {}),
        (b"9" * 5000, None, {}),
    ],
)
def test_a_body_is_json_or_not(content: bytes, data: Any, fields: Any) -> None:
    response = Response(200, content)
    assert (data, fields) == (response.data, response.fields)


@given(st.binary())
def test_no_body_breaks_anything(content: bytes) -> None:
    assert isinstance(Response(200, content).fields, dict)


def test_a_quotation_leaves_out_what_was_sent() -> None:
    """Texts at any depth, headers and parameters; numbers and e-mails, ours or not; and it stays short."""
    request = Request(
        "POST",
        "/",
        json={"text": "Dinner  at\neight?", "to": ["+13125550101"], "more": [{"name": "Alice B."}, 7]},
        params={"line": "main line"},
        form={"note": "noted"},
        headers={"key": "sesame"},
    )
    said = (
        "cannot send 'Dinner at eight?' to +13125550101, (312) 555-0101 or bob@example.com for Alice B. with sesame "
        "from main line, noted"
    )
    quoted = Response(400, request=request).quote(said)
    for private in ("Dinner", "eight", "555", "bob", "example", "Alice", "sesame", "main", "noted"):
        assert private not in quoted
    assert quoted.startswith("cannot send '…' to …")
    assert 200 == len(Response(400).quote("x" * 999))
    assert "code 4000: no such word" == Response(400, request=request).quote(" code 4000:\nno such word ")


@given(st.text(), st.text())
def test_a_text_that_was_sent_is_never_quoted(before: str, text: str) -> None:
    """However the provider spaces it; texts of a few letters are ordinary words."""
    response = Response(400, request=Request("POST", "/", json={"text": text}))
    quoted = response.quote(f"{before} <{text}>")
    words = " ".join(text.split())
    assert len(text.strip()) <= 3 or words not in quoted or words in "…"


@pytest.mark.parametrize(
    ("kind", "content"),
    [
        ("application/json; charset=utf-8", b'[{"text": "Dinner at seven?"}]'),
        ("application/x-www-form-urlencoded", b"text=Dinner+at+seven%3F&to=a&to=b"),
        ("text/xml", b"<sms><text>Dinner at seven?</text></sms>"),
    ],
)
def test_a_text_in_a_body_of_bytes_is_not_quoted(kind: str, content: bytes) -> None:
    """A list, XML, or a form with one name twice, can go as `content` alone."""
    request = Request("POST", "/texts", content=content, headers={"Content-Type": kind})
    assert "no … here" == Response(400, request=request).quote("no Dinner at seven? here")


def test_what_basic_credentials_are_made_of_is_not_quoted() -> None:
    """A vendor may give back the user and the password that the header only has together, encoded."""
    token = base64.b64encode(b"client-one:open sesame").decode()
    request = Request("POST", "/token", headers={"authorization": f"Basic {token}"})
    quoted = Response(401, request=request).quote(f"client-one with open sesame ({token}) is not known")
    assert "… with … (…) is not known" == quoted
    odd = Request("GET", "/", headers={"authorization": "Basic !!!", "x": "Bearer abcdef"})
    assert "… is wrong, ! as well" == Response(401, request=odd).quote("abcdef is wrong, ! as well")


def test_with_headers_keeps_everything_else() -> None:
    values: dict[str, Any] = {
        "params": {"a": "b"},
        "json": {"c": 1},
        "form": {"d": "e"},
        "content": b"f",
        "headers": {"x": "old", "y": "1"},
        "repeatable": True,
        "authorized": False,
        "timeout": 3.0,
        "answer": "anything",
        "at_most": 5,
        "elsewhere": True,
    }
    request = Request("POST", "/path", **values)
    assert {"method", "path", *values} == {field.name for field in attrs.fields(Request)}
    assert attrs.evolve(request, headers={"x": "new", "y": "1"}) == request.with_headers({"x": "new"})
