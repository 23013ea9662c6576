"""MessageBird's own SDK believes what its stand-in calls, as it comes over the wire, and nothing that was altered."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import attrs
import messagebird  # type: ignore[import-untyped]
import pytest
from groupmessenger_messagebird.sandbox import ACCESS_KEY, DELIVERED_AFTER, LINE, SIGNING_KEY, MessageBirdFace
from messagebird.error import ValidationError  # type: ignore[import-untyped]
from messagebird.request_validator import RequestValidator  # type: ignore[import-untyped]
from messagebird.signed_request import SignedRequest  # type: ignore[import-untyped]
from recorder import Asked, recording

from groupmessenger.sandbox import Sandbox

ANN = "+13125550180"
PICTURES = ["https://example.com/a.jpg?size=1&of=2", "https://example.com/b.png"]
LEGACY = ({"signature": "legacy"}, {"signature": "legacy", "report_plus": "escaped"}, {"signature": "both"})


@pytest.fixture
def got(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Asked]]:
    """What the stand-in calls: an SMS and an MMS that come in, and two reports of a message of the SDK's."""
    monkeypatch.setenv("NO_PROXY", "*")
    doubts = {f"messagebird.{name}": choice for name, choice in getattr(request, "param", {}).items()}
    with recording() as recorder, Sandbox(faces=[MessageBirdFace], doubts=doubts) as box:
        monkeypatch.setattr(messagebird.client, "ENDPOINT", f"{box.url}/messagebird/")
        box.calls("messagebird", f"{recorder.base}/hook?of=this%20one&b=")
        box.phones[ANN].send("Grüße & = 👋", to=LINE)
        box.phones[ANN].send("Look", to=LINE, media=PICTURES)
        messagebird.Client(ACCESS_KEY).message_create(LINE, [ANN], "Dinner?", {"reference": "our/ref 1"})
        box.clock.advance(DELIVERED_AFTER.total_seconds())
        assert box.callbacks.wait()
        assert ["taken"] * 4 == [entry["ended"] for entry in box.callbacks.tried()]
        yield recorder.asked


def validated(got: Asked, key: str = SIGNING_KEY) -> dict[str, Any]:
    """What the SDK's validator makes of it."""
    token = got.headers["messagebird-signature-jwt"]
    return dict(RequestValidator(key).validate_signature(token, got.url, got.body))


@pytest.mark.parametrize(
    "got",
    [
        {},
        {"report_plus": "escaped"},
        {"jwt_algorithm": "HS384"},
        {"jwt_algorithm": "HS512"},
        {"signature": "both"},
        {"inbound_format": "json"},
        {"inbound_format": "query"},
        {"inbound_shape": "forwarder", "media_name": "mediaURLs"},
    ],
    indirect=True,
)
def test_tokens(got: list[Asked]) -> None:
    """Each is believed, with an id of its own; with another key it is not."""
    claims = [validated(each) for each in got]
    assert 4 == len({each["jti"] for each in claims})
    assert {bool(each.body) for each in got[2:]} == {False}
    for each in got:
        with pytest.raises(ValidationError):
            validated(each, SIGNING_KEY[::-1])


@pytest.mark.parametrize(
    "alter",
    [
        lambda got: attrs.evolve(got, url=got.url.replace("status=delivered", "status=delivery_failed")),
        lambda got: attrs.evolve(got, url=got.url.replace("+00:00", "%2B00:00")),
        lambda got: attrs.evolve(got, url=got.url.replace("http:", "https:")),
        lambda got: attrs.evolve(got, url=f"{got.url}&recipient=1"),
        lambda got: attrs.evolve(got, body=got.body + b"&body=No"),
    ],
)
def test_altered(got: list[Asked], alter: Callable[[Asked], Asked]) -> None:
    """A word of the query, its spelling, the scheme, or one byte of a body more: it is refused."""
    for altered in map(alter, (got[-1], got[0])):
        if altered in got:
            continue  # there is nothing of the kind in it
        with pytest.raises(ValidationError):
            validated(altered)


def test_without_its_body(got: list[Asked]) -> None:
    """A token that is of a body is none of an empty one."""
    with pytest.raises(ValidationError):
        validated(attrs.evolve(got[0], body=b""))


def meant(got: Asked) -> dict[str, list[str]]:
    """The query, with the + that a decoder loses."""
    query = parse_qs(urlsplit(got.url).query, keep_blank_values=True)
    return {
        name: [each.replace(" 00:00", "+00:00") for each in values] if name == "statusDatetime" else values
        for name, values in query.items()
    }


def believed(got: Asked, *, body: str | None = None, key: str = SIGNING_KEY, **query: list[str]) -> bool:
    """Whether the SDK's older check believes it, as it came or with something else in it."""
    text = got.body.decode() if body is None else body
    seal, stamp = (got.headers[f"messagebird-{name}"] for name in ("signature", "request-timestamp"))
    with pytest.warns(DeprecationWarning, match="deprecated"):
        request = SignedRequest(seal, stamp, text, {**meant(got), **query})
    with pytest.warns(DeprecationWarning, match="deprecated"):
        assert request.is_recent()
    with pytest.warns(DeprecationWarning, match="deprecated"):
        return bool(request.verify(key))


@pytest.mark.parametrize("got", LEGACY, indirect=True)
def test_older_signatures(got: list[Asked]) -> None:
    """They are believed with the query that is meant, and only so."""
    assert [True] * 4 == [believed(each) for each in got]
    assert [False] * 4 == [believed(each, key=ACCESS_KEY) for each in got]
    assert [False] * 4 == [believed(each, status=["delivery_failed"]) for each in got]
    assert [False] * 2 == [believed(each, body=f"{each.body.decode()}&body=No") for each in got[:2]]


@pytest.mark.parametrize("got", [{"signature": "legacy"}], indirect=True)
def test_the_plus_that_is_lost(got: list[Asked]) -> None:
    """Who takes the query as a form decoder has it, with a space in the time, does not believe a report."""
    lost = parse_qs(urlsplit(got[-1].url).query)["statusDatetime"]
    assert [True] == [each.endswith(" 00:00") for each in lost]
    assert not believed(got[-1], statusDatetime=lost)
