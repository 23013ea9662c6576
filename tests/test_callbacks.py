"""A callback as it came, and what can be read of it."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from groupmessenger import Callback, InvalidInput, MalformedWebhook

URL = "https://example.com/hooks/main?b=2&a=1&a=x+y%2Bz&blank="


def test_headers_are_found_in_any_case() -> None:
    callback = Callback("post", URL, {"Content-Type": "Application/JSON; charset=utf-8", "X-One": "1"})
    assert ("POST", "1", "application/json") == (callback.method, callback.headers["x-one"], callback.content_type)


def test_a_header_given_twice_is_worth_nothing_as_a_secret() -> None:
    callback = Callback("POST", URL, [("X-Secret", "good"), ("x-secret", "bad")])
    assert "good, bad" == callback.headers["x-secret"]


def test_parameters_keep_their_order_and_their_repetitions() -> None:
    expected = (("b", "2"), ("a", "1"), ("a", "x y+z"), ("blank", ""))
    assert expected == Callback("GET", URL).query
    assert expected == Callback("POST", "https://example.com/", body=b"b=2&a=1&a=x+y%2Bz&blank=").form


def test_it_is_of_now_unless_it_says_when() -> None:
    before = datetime.now(UTC)
    assert before <= Callback("GET", URL).received_at <= datetime.now(UTC) + timedelta(seconds=1)
    with pytest.raises(InvalidInput, match="received_at is a datetime and needs a time zone"):
        Callback("GET", URL, received_at=datetime(2026, 11, 21))


@pytest.mark.parametrize(
    "body", [b"", b"{", b"\xff", b"[" * 100_000, b"9" * 5000, b'"\xed\xa0\x80"', '{"a": 1}'.encode("utf-16")]
)
def test_what_is_not_json(body: bytes) -> None:
    with pytest.raises(MalformedWebhook, match="not JSON"):
        _ = Callback("POST", URL, body=body).data


@pytest.mark.parametrize("depth", [1, 50, 51, 900, 5000, 100_000])
@pytest.mark.parametrize("inside", [b"1", b'"\\ud800"'])
@pytest.mark.parametrize("brackets", [(b"[", b"]"), (b'{"a":', b"}")])
def test_what_is_nested_deeply_is_refused(depth: int, inside: bytes, brackets: tuple[bytes, bytes]) -> None:
    """And never anything else, halves of characters or not: readers need not think of it."""
    opening, closing = brackets
    callback = Callback("POST", URL, body=opening * depth + inside + closing * depth)
    if depth <= 50:
        assert callback.data
    else:
        with pytest.raises(MalformedWebhook, match="nested"):
            _ = callback.data


def test_too_many_fields() -> None:
    with pytest.raises(MalformedWebhook, match="too many fields"):
        _ = Callback("POST", URL, body=b"a=1&" * 2000).form
    with pytest.raises(MalformedWebhook, match="too many fields"):
        _ = Callback("GET", "https://example.com/?" + "a=1&" * 2000).query


def test_an_url_that_is_none() -> None:
    with pytest.raises(MalformedWebhook, match="URL cannot be read"):
        _ = Callback("GET", "https://[::1/?a=1").query


def test_halves_of_characters_are_replaced() -> None:
    """No text could be written with them, nor a message be made of one."""
    body = json.dumps({"\ud800": ["a\udfffb", "👀", {"deep": "\ud83d"}]}).encode()
    data = Callback("POST", URL, body=body).data
    assert ["a\ufffdb", "👀", {"deep": "\ufffd"}] == data["\ufffd"]


@given(
    st.recursive(st.none() | st.booleans() | st.text(), lambda each: st.lists(each) | st.dictionaries(st.text(), each))
)
def test_other_texts_stay_as_they_are(value: object) -> None:
    assert value == Callback("POST", URL, body=json.dumps(value).encode()).data


def test_its_repr_shows_nothing_of_it() -> None:
    """A URL has tokens in it, headers have secrets, and the body has numbers and texts."""
    shown = repr(Callback("POST", URL, {"authorization": "Basic c2VjcmV0"}, b"+13125550101 says hello"))
    assert not [private for private in ("hooks", "Basic", "c2Vj", "+1312", "hello") if private in shown]


def test_bodies_and_headers_are_taken_as_servers_have_them() -> None:
    """Bytes of any kind, nothing for none, headers in bytes."""
    for body in (b"x", bytearray(b"x"), memoryview(b"x")):
        assert b"x" == Callback("POST", URL, body=body).body
    assert b"" == Callback("POST", URL, body=None).body
    headers: Any = [(b"X-Secret", b"caf\xe9")]
    assert "café" == Callback("POST", URL, headers).headers["x-secret"]


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"body": "text"}, "body is bytes, as they came"),
        ({"headers": None}, "headers are a mapping"),
        ({"headers": {"x": ["a"]}}, "headers are a mapping"),
        ({"headers": ["ab", "c"]}, "headers are a mapping"),
        ({"method": None}, "method is the one of the request"),
        ({"url": None}, "url is the whole URL"),
        ({"url": b"https://x.example"}, "url is the whole URL"),
        ({"received_at": "2026-11-21"}, "received_at is a datetime"),
    ],
)
def test_what_cannot_be_a_callback(given: Any, said: str) -> None:
    """Is refused at once, with the cure."""
    with pytest.raises(InvalidInput, match=said):
        Callback(**{"method": "POST", "url": URL, **given})


def test_a_form_says_what_it_is_written_in() -> None:
    """UTF-8 unless its content type has another character set."""
    written = {"": b"a=caf%C3%A9", "; charset=ISO-8859-1": b"a=caf%E9", '; charset="utf-8"': b"a=caf%C3%A9"}
    for charset, body in written.items():
        headers = {"content-type": f"application/x-www-form-urlencoded{charset}"}
        assert (("a", "café"),) == Callback("POST", URL, headers, body).form
    with pytest.raises(MalformedWebhook, match="character set"):
        _ = Callback("POST", URL, {"content-type": "text/plain; charset=klingon"}, b"a=1").form
