"""Messages, receipts and attempts."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone
from typing import Any, cast

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from groupmessenger.errors import InvalidInput
from groupmessenger.groups import Group
from groupmessenger.messages import (
    Attempt,
    Degradation,
    Found,
    GroupReceipt,
    Media,
    Message,
    Proof,
    Receipt,
    Status,
)
from groupmessenger.phone import Handle, Member, OpaqueAddress, PhoneNumber

NOW = datetime(2026, 11, 21, 12, 30, 5, 123456, tzinfo=UTC)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=4,
)
ZONES = st.integers(-1439, 1439).map(lambda minutes: timezone(timedelta(minutes=minutes)))
TIMES = st.datetimes(timezones=ZONES)
URLS = st.sampled_from(["https://x.example/a.jpg", "http://localhost:8080/?q=1"])
MESSAGES = st.builds(
    Message,
    st.text(min_size=1),
    st.lists(URLS | st.builds(Media, URLS, st.none() | st.text(), st.none() | st.integers(0))),
    effect=st.none() | st.text(),
    reply_to=st.none() | st.text(),
    reference=st.none() | st.text(),
    send_at=st.none() | TIMES,
    expires_at=st.none() | TIMES,
    priority=st.sampled_from([None, "high"]),
    leave_out=st.lists(st.sampled_from(["+13125550101", "+13125550102", "a@b.org"]), max_size=2),
    extras=st.dictionaries(st.text(), st.dictionaries(st.text(), JSON), max_size=2),
)
ATTEMPTS = st.builds(
    Attempt,
    token=st.text(),
    provider=st.text(),
    line=st.text(),
    message=MESSAGES,
    group=st.none() | st.just(Group("acme", "+13125550100", "g1", (Member(Handle("a@b.org"), "A"),))),
    to=st.none() | st.sampled_from([PhoneNumber("+13125550101"), Handle("opaque:a@b.org"), OpaqueAddress("opaque: x")]),
    leave_from=TIMES,
    leave_by=TIMES,
    provider_id=st.none() | st.text(),
)

UNHURRIED = settings(deadline=None)  # a first call may import what it needs


def test_a_message_has_something_to_say() -> None:
    """A text, or media."""
    with pytest.raises(InvalidInput, match="text or media"):
        Message()
    with pytest.raises(InvalidInput, match="text or media"):
        Message("", [])
    assert "" == Message(media="https://x.example/a.jpg").text


@pytest.mark.parametrize(
    "media",
    [
        "https://x.example/a.jpg",
        Media("https://x.example/a.jpg"),
        ["https://x.example/a.jpg"],
        (each for each in [Media("https://x.example/a.jpg")]),
    ],
)
def test_media_is_a_url_or_several(media: Any) -> None:
    assert (Media("https://x.example/a.jpg"),) == Message("x", media).media


@pytest.mark.parametrize(
    "url",
    ["", "x", "/a.jpg", "ftp://x/a", "file:///a", "http://", "https://[x", "https://x/ a", "data:,x", "https://x\n"],
)
def test_media_that_cannot_be_fetched_is_refused(url: str) -> None:
    with pytest.raises(InvalidInput, match="http"):
        Media(url)


@UNHURRIED
@given(st.text() | st.text().map("https://{}".format) | st.text("htps:/[]@.#?").map("http{}".format))
def test_media_is_media_or_invalid_input(url: str) -> None:
    try:
        media = Media(url)
    except InvalidInput:
        return
    assert url == media.url


def test_a_schedule_has_a_zone() -> None:
    with pytest.raises(InvalidInput, match="time zone"):
        Message("x", send_at=datetime(2026, 11, 21))
    assert NOW == Message("x", send_at=NOW).send_at


def test_extras_cannot_be_changed_afterwards() -> None:
    """Neither through the mapping given nor through the one kept."""
    given_extras: dict[str, dict[str, Any]] = {"acme": {"a": 1}}
    message = Message("x", extras=given_extras)
    given_extras["acme"]["a"] = 2
    given_extras["other"] = {}
    assert {"acme": {"a": 1}} == {name: dict(options) for name, options in message.extras.items()}
    with pytest.raises(TypeError):
        message.extras["acme"]["a"] = 3  # type: ignore[index]
    with pytest.raises(TypeError):
        message.extras["acme"] = {}  # type: ignore[index]
    assert {Message("x", extras={"a": {}}), Message("x", extras={"a": {}})} == {Message("x", extras={"a": {}})}


@UNHURRIED
@given(MESSAGES)
def test_a_message_shows_its_size_alone(message: Message) -> None:
    assert f"Message(<{len(message.text)} characters>, media={len(message.media)})" == repr(message)


@UNHURRIED
@given(ATTEMPTS)
def test_an_attempt_that_was_stored_is_read_again(attempt: Attempt) -> None:
    """With message, extras, schedule, group and address: it has to be found from another process."""
    text = attempt.dump()
    loaded = Attempt.load(text)
    assert attempt == loaded
    assert type(attempt.to) is type(loaded.to)
    assert text == loaded.dump()


@UNHURRIED
@given(st.text() | JSON.map(json.dumps))
def test_garbage_is_invalid_input(text: str) -> None:
    with pytest.raises(InvalidInput):
        Attempt.load(text)


@UNHURRIED
@given(st.data())
def test_an_attempt_with_a_hole_is_refused(data: st.DataObject) -> None:
    """A field that is missing or of another kind; unless it may be absent."""
    attempt = Attempt(
        token="t", provider="acme", line="l", message=Message("secret"), leave_from=NOW, leave_by=NOW, to=None
    )
    fields = json.loads(attempt.dump())
    name = data.draw(st.sampled_from(["token", "provider", "line", "message", "leave_from", "leave_by"]))
    if data.draw(st.booleans()):
        del fields[name]
    else:
        fields[name] = data.draw(st.sampled_from([None, 5, [], {}, True]))
    with pytest.raises(InvalidInput) as caught:
        Attempt.load(json.dumps(fields))
    assert "secret" not in str(caught.value)


def test_no_repr_shows_what_is_private() -> None:
    """Text, numbers, token, URL and answer: of attempts, receipts and what was found."""
    private = ["hush-hush", "+13125550100", "+13125550101", "tok3n", "https://x.example", "r4w"]
    message = Message("hush-hush", "https://x.example/a.jpg", reference="hush-hush")
    group = Group("acme", "+13125550100", "g1", (Member("+13125550101"),))
    to = PhoneNumber("+13125550101")
    attempt = Attempt(
        token="tok3n",
        provider="acme",
        line="+13125550100",
        message=message,
        group=group,
        to=to,
        leave_from=NOW,
        leave_by=NOW,
    )
    receipt = Receipt(id="m1", status=Status.ACCEPTED, token="tok3n", recipients=(to,), raw={"x": "r4w"})
    of_group = GroupReceipt(
        id="m1", status=Status.SENT, token="tok3n", group=group, raw="r4w", degradations=(Degradation("a", "b"),)
    )
    for value in (attempt, receipt, of_group, Found(of_group, Proof.TOKEN), message.media[0], message):
        assert [] == [each for each in private if each in repr(value)]
    assert receipt == attrs.evolve(receipt, raw=None), "the answer does not make a receipt another"


def test_an_attempt_stored_before_a_message_had_more_can_be_read() -> None:
    """What was added to a message since has a default."""
    attempt = Attempt(
        token="t", provider="acme", line="+13125550100", message=Message("Hi"), leave_from=NOW, leave_by=NOW
    )
    stored = json.loads(attempt.dump())
    for name in ("expires_at", "priority", "leave_out"):
        del stored["message"][name]
    assert Attempt.load(json.dumps(stored)) == attempt


@pytest.mark.parametrize("priority", ["urgent", "", 1])
def test_a_priority_is_high_or_none(priority: Any) -> None:
    with pytest.raises(InvalidInput, match="priority is 'high', or left out"):
        Message("Hi", priority=priority)


@pytest.mark.parametrize("name", ["send_at", "expires_at"])
def test_times_need_a_zone(name: str) -> None:
    with pytest.raises(InvalidInput, match=f"{name} needs a time zone"):
        Message("Hi", **cast("Any", {name: datetime(2026, 12, 1)}))


def test_who_is_left_out_is_read_as_members_are() -> None:
    """Strings, addresses or members, each once."""
    bob = PhoneNumber("+13125550102")
    assert (PhoneNumber("+13125550101"), bob) == Message(
        "Hi", leave_out=["+1 312 555 0101", bob, Member(bob, "Bob")]
    ).leave_out
    with pytest.raises(InvalidInput):
        Message("Hi", leave_out="+13125550101")
