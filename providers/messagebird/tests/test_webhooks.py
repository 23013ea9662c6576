"""What MessageBird tells: of statuses, of messages that came in, when it calls and when it is asked."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta, timezone
from typing import Any, ClassVar
from urllib.parse import quote, urlencode

import attrs
import httpx
import jwt
import pytest
from groupmessenger_messagebird import MessageBirdMessenger
from groupmessenger_messagebird.sandbox import ACCESS_KEY, LINE, SECOND_LINE, MessageBirdFace
from hypothesis import example, given
from hypothesis import strategies as st

import groupmessenger as gm
from groupmessenger import FailureReason, MessageReceived, Status, StatusChanged, Unrecognized
from groupmessenger.provider import (
    Callback,
    Event,
    InvalidSignature,
    MalformedWebhook,
    OpaqueAddress,
    PhoneNumber,
    Verified,
    sealed_url,
)
from groupmessenger.sandbox import Sandbox
from groupmessenger.webhooks.receiver import Handle, Receiver, run

ANN, BOB = (f"+1312555016{n}" for n in range(2))
HOOK = "https://hooks.example.com/in/main"
MESSAGE_ID = "00112233445566778899aabbccddeeff"
PICTURE = "https://media.example.com/a,b;c.jpg"
SECOND = "https://media.example.com/d.png?x=1&y=2"
NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
MESSENGER = MessageBirdMessenger(line=LINE, access_key="key", other_lines=(SECOND_LINE,))
FORM = "application/x-www-form-urlencoded"


def digits(number: str) -> str:
    return number.removeprefix("+")


def told(query: str | dict[str, Any] = "", url: str = HOOK) -> tuple[Event, ...]:
    """What a GET tells."""
    text = query if isinstance(query, str) else urlencode(query, doseq=True)
    return tuple(MESSENGER.parse(Callback("GET", f"{url}?{text}"), Verified()))


def posted(body: Any, content_type: str = "", query: str = "") -> tuple[Event, ...]:
    """What a POST tells: bytes as they are, a list of pairs as a form, anything else as JSON."""
    kind, content = FORM, body
    if isinstance(body, list) and body and isinstance(body[0], tuple):
        content = urlencode(body).encode()
    elif not isinstance(body, bytes):
        kind, content = "application/json; charset=utf-8", json.dumps(body).encode()
    headers = {"Content-Type": content_type or kind}
    return tuple(MESSENGER.parse(Callback("POST", f"{HOOK}{query}", headers, content), Verified()))


def message(events: tuple[Event, ...]) -> MessageReceived:
    (event,) = events
    assert isinstance(event, MessageReceived), event
    return event


def status(events: tuple[Event, ...]) -> StatusChanged:
    (event,) = events
    assert isinstance(event, StatusChanged), event
    return event


# Statuses


REPORT = {
    "id": MESSAGE_ID,
    "recipient": digits(ANN),
    "reference": "t0",
    "status": "delivered",
    "statusDatetime": "2026-11-21T12:00:00+00:00",
    "mccmnc": "310999",
    "ported": "0",
    "price[amount]": "0.010",
    "price[currency]": "USD",
}


class TestStatusReports:
    def test_delivered(self) -> None:
        """A report is of one recipient, and brings our token as its reference."""
        expected = StatusChanged(
            key=f"{MESSAGE_ID}/t0/{ANN}/delivered",
            at=NOON,
            message_id=MESSAGE_ID,
            status=Status.DELIVERED,
            token="t0",
            recipient=PhoneNumber(ANN),
            evidence=gm.Evidence.HANDSET,
            final=True,
        )
        event = status(told(REPORT))
        assert expected == event
        assert event.raw["price[amount]"] == "0.010"

    @pytest.mark.parametrize(
        ("word", "code", "reason_text", "expected", "reason"),
        [
            ("scheduled", "", "", Status.SCHEDULED, None),
            ("sent", "", "pending DLR", Status.SENT, None),
            ("buffered", "27", "", Status.SENT, None),
            ("delivered", "0", "successfully delivered", Status.DELIVERED, None),
            ("expired", "", "expired", Status.FAILED, FailureReason.UNREACHABLE),
            ("delivery_failed", "103", "", Status.FAILED, FailureReason.OPTED_OUT),
            ("delivery_failed", "1", "", Status.FAILED, FailureReason.INVALID_RECIPIENT),
            ("delivery_failed", "12", "", Status.FAILED, FailureReason.BLOCKED),
            ("delivery_failed", "11", "unknown subscriber", Status.FAILED, FailureReason.OTHER),
            ("delivery_failed", "", "unknown subscriber", Status.FAILED, FailureReason.INVALID_RECIPIENT),
            ("delivery_failed", "0", "Opted out", Status.FAILED, FailureReason.OPTED_OUT),
            ("delivery_failed", "soon", "", Status.FAILED, FailureReason.OTHER),
            ("delivery_failed", "9" * 30, "", Status.FAILED, FailureReason.OTHER),
            ("delivery_failed", "", "", Status.FAILED, FailureReason.OTHER),
            ("DELIVERY_FAILED", "103", "", Status.FAILED, FailureReason.OPTED_OUT),
            ("answered", "", "", Status.UNKNOWN, None),
        ],
    )
    def test_words(
        self, word: str, code: str, reason_text: str, expected: Status, reason: FailureReason | None
    ) -> None:
        """Each word of theirs, with its code or, without one, its reason; one that is not known says nothing."""
        event = status(told(REPORT | {"status": word, "statusErrorCode": code, "statusReason": reason_text}))
        assert (expected, reason, code or None) == (event.status, event.reason, event.code)
        assert event.final is (expected in (Status.DELIVERED, Status.FAILED))
        assert event.key == f"{MESSAGE_ID}/t0/{ANN}/{word.lower()}"
        assert event.raw["status"] == word

    @pytest.mark.parametrize(
        "written",
        [
            "statusDatetime=2026-11-21T12:00:00%2B00:00",
            "statusDatetime=2026-11-21T12:00:00+00:00",  # read as a space
            "statusDatetime=2026-11-21T13:00:00+01:00",
            "statusDatetime=2026-11-21T13:00:00+0100",
            "statusDatetime=2026-11-21T12%3A00%3A00Z",
            "statusdatetime=2026-11-21T07:00:00-05:00",
        ],
    )
    def test_time(self, written: str) -> None:
        """The + of a time may come as it stands."""
        event = status(told(f"id=m1&recipient={digits(ANN)}&status=sent&{written}"))
        assert (event.at, event.final) == (NOON, False)

    @pytest.mark.parametrize("written", ["", "soon", "2026-11-21 00:00", "0", "12 00:00"])
    def test_no_time(self, written: str) -> None:
        assert status(told(REPORT | {"statusDatetime": written})).at != NOON

    def test_least(self) -> None:
        """Only id, recipient and status may be relied on; the token may be in the seal of the URL."""
        least = {"id": "m1", "recipient": digits(ANN), "status": "sent"}
        event = status(told(least))
        assert (event.at, event.token, event.code, event.key) == (None, None, None, f"m1/{ANN}/sent")
        sealed = sealed_url(HOOK, "t0", "key")
        event = status(MESSENGER.receive(Callback("GET", f"{sealed}&{urlencode(least)}")))
        assert (event.token, event.key) == ("t0", f"m1/t0/{ANN}/sent")
        forged = sealed_url(HOOK, "t0", "another key")
        with pytest.raises(InvalidSignature):
            MESSENGER.receive(Callback("GET", f"{forged}&{urlencode(least)}"))

    def test_without_an_id(self) -> None:
        """The reference says of which message it is."""
        event = status(told({"reference": "t0", "status": "sent", "recipient": digits(ANN)}))
        assert (event.message_id, event.token, event.key) == ("", "t0", f"/t0/{ANN}/sent")

    @pytest.mark.parametrize(
        ("recipient", "address", "who"),
        [
            (f"+{digits(ANN)}", PhoneNumber(ANN), ANN),  # a + as it stands is a space
            (quote(ANN), PhoneNumber(ANN), ANN),
            ("12345", OpaqueAddress("12345"), "12345"),
            ("1312555XXXX", None, "1312555XXXX"),
            ("", None, ""),
        ],
    )
    def test_recipient(self, recipient: str, address: gm.Address | None, who: str) -> None:
        """With or without a +; what is none is none, and still tells two keys apart."""
        event = status(told(f"id=m1&status=sent&recipient={recipient}"))
        assert (address, f"m1/{who}/sent") == (event.recipient, event.key)

    def test_our_own_query(self) -> None:
        """What is in a report URL from the beginning does not hide what MessageBird adds to it."""
        event = status(told(f"id=5&status=none&reference=mine&u=1&{urlencode(REPORT)}"))
        assert (event.message_id, event.status, event.token) == (MESSAGE_ID, Status.DELIVERED, "t0")
        assert event.raw["id"] == ["5", MESSAGE_ID]

    def test_opted_out(self) -> None:
        """Code 103 is an opt-out of that recipient."""
        made = Callback("GET", f"{HOOK}?{urlencode(REPORT | {'status': 'delivery_failed', 'statusErrorCode': '103'})}")
        _, event = MESSENGER.receive(made, verify=False)
        assert isinstance(event, gm.OptedOut)
        assert (event.address, event.line) == (PhoneNumber(ANN), LINE)

    def test_only_by_get(self) -> None:
        """A report is a GET; a form or JSON of the same fields is nothing that is documented."""
        pairs = list(REPORT.items())
        assert [type(event) for event in (*posted(pairs), *posted(dict(pairs)))] == [Unrecognized, Unrecognized]


# What is proven


T1 = "1" * 32
BOTH = MessageBirdMessenger(line=LINE, access_key="key", signing_keys=("signing-key",))
OPTED = REPORT | {"status": "delivery_failed", "statusErrorCode": "103"}
SEALED = sealed_url(HOOK, "t0", "key")


def signed(method: str, url: str, body: bytes = b"") -> Callback:
    """A callback that MessageBird has signed just now."""
    now = int(NOON.timestamp())
    claims = {"iss": "MessageBird", "nbf": now, "exp": now + 60, "jti": "j1"}
    claims |= {"url_hash": hashlib.sha256(url.encode()).hexdigest()}
    claims |= {"payload_hash": hashlib.sha256(body).hexdigest()} if body else {}
    key = b"signing-key".ljust(64, b"\0")
    return Callback(method, url, {"MessageBird-Signature-JWT": jwt.encode(claims, key, "HS256")}, body, NOON)


class TestProof:
    def test_opted_out(self) -> None:
        """That a copy failed for an opt-out proves one where MessageBird signed it; the seal alone does not."""
        url = f"{SEALED}&{urlencode(OPTED)}"
        event = status(BOTH.receive(Callback("GET", url)))
        assert (FailureReason.OPTED_OUT, "t0") == (event.reason, event.token)
        sure, out = BOTH.receive(signed("GET", url))
        assert (event, gm.OptedOut) == (sure, type(out))

    @pytest.mark.parametrize(
        "made",
        [
            Callback("GET", f"{SEALED}&{urlencode(REPORT | {'reference': 't1'})}"),
            Callback("GET", f"{SEALED}&{urlencode(REPORT)}&REFERENCE=t1"),
            Callback("GET", f"{SEALED}&{urlencode(REPORT)}&reference[]=t1"),
            Callback("GET", f"{SEALED}&{urlencode({'originator': digits(ANN), 'recipient': digits(LINE)})}&body=STOP"),
            Callback("GET", f"{SEALED}&hello=1"),
            Callback("POST", f"{SEALED}&{urlencode(REPORT)}", {"content-type": FORM}, b"originator=1&recipient=2"),
        ],
        ids=["another message", "in capitals", "in a list", "a text", "another kind", "with a body"],
    )
    def test_nothing_else(self, made: Callback) -> None:
        """The sealed URL of one message tells nothing of another one, and nothing of another kind."""
        with pytest.raises(InvalidSignature):
            BOTH.receive(made)

    @pytest.mark.parametrize(
        "made",
        [
            Callback("GET", f"{SEALED}&{urlencode(REPORT | {'reference': 't1'})}"),
            Callback("POST", SEALED, {"content-type": FORM}, urlencode({"originator": 1, "recipient": 2}).encode()),
            Callback("POST", SEALED, {"content-type": FORM}, b"hello=1"),
        ],
        ids=["another message", "a text", "another kind"],
    )
    def test_nothing_else_is_told(self, made: Callback) -> None:
        """Nor would it be told if it were believed: by what is proven, and not by how it was."""
        with connect(lambda _: httpx.Response(500)) as client:
            incoming, proven = client.incoming, Verified(token="t0", token_is_all=True)
            (event,) = incoming.parse(made, proven)
            assert () == incoming.understand([event], proven)
            assert incoming.understand([event], Verified(token="t0"))

    def test_a_text_in_a_report(self) -> None:
        """Fields of a message beside those of a report are no message."""
        fields = REPORT | {"originator": digits(BOB), "body": "STOP"}
        assert "t0" == status(BOTH.receive(Callback("GET", f"{SEALED}&{urlencode(fields)}"))).token

    def test_secrets_that_have_changed(self) -> None:
        """A callback that was kept, with what it had proven, is read as it was then; it needs no secret."""
        later = MessageBirdMessenger(line=LINE, access_key="new", signing_keys=("new-signing-key",))
        least = {"id": "m1", "recipient": digits(ANN), "status": "sent"}
        for made in (
            Callback("GET", f"{SEALED}&{urlencode(least)}"),
            signed("GET", f"{SEALED}&{urlencode(least)}"),
            signed("GET", f"{HOOK}?{urlencode(REPORT)}"),
            signed("POST", HOOK, urlencode({"originator": digits(ANN), "recipient": digits(LINE)}).encode()),
        ):
            kept = BOTH.verify(made)
            with pytest.raises(InvalidSignature):
                later.verify(made)
            events = tuple(BOTH.parse(made, kept))
            assert (events, [event.key for event in events]) == (
                tuple(later.parse(made, kept)),
                [event.key for event in later.parse(made, kept)],
            )

    def test_signed_and_sealed(self) -> None:
        """A report that has no reference is of the message that its URL was sealed for, signed or not."""
        url = f"{SEALED}&{urlencode({'id': 'm1', 'recipient': digits(ANN), 'status': 'delivered'})}"
        keys = {status(BOTH.receive(made)).key for made in (Callback("GET", url), signed("GET", url))}
        assert {f"m1/t0/{ANN}/delivered"} == keys


PARTS = st.lists(st.sampled_from([MESSAGE_ID, "m1", T1, "2" * 32, ANN, digits(ANN), "sent", "", " "]), max_size=4)
PARTS_OR_TEXT = PARTS.map("/".join) | st.text(max_size=8)


@given(PARTS_OR_TEXT, PARTS_OR_TEXT, PARTS_OR_TEXT, st.lists(st.tuples(PARTS_OR_TEXT, PARTS_OR_TEXT), max_size=3))
@example(f"{MESSAGE_ID}/{T1}", ANN, "sent", [])
@example(MESSAGE_ID, f"{T1}/{ANN}", "sent", [("reference", T1)])
@example("", f"{MESSAGE_ID}/{T1}/{ANN}", "sent", [])
def test_no_two_tokens_have_one_key(message_id: str, recipient: str, word: str, others: list[tuple[str, str]]) -> None:
    """Whoever has the URL of one message tells of its status alone, and can use up the key of no other one."""
    mine, theirs = "2" * 32, T1
    fields = [("id", message_id), ("recipient", recipient), ("status", word), *others]
    made = Callback("GET", f"{sealed_url(HOOK, mine, 'key')}&{urlencode(fields, errors='replace')}")
    report = REPORT | {"reference": theirs, "status": "sent"}
    real = {status(told(report | {"id": each})).key for each in (MESSAGE_ID, "m1", "")}
    try:
        event = status(MESSENGER.receive(made))
    except (InvalidSignature, MalformedWebhook):
        return
    assert mine == event.token
    assert event.key not in real


# Messages


WROTE = {
    "id": MESSAGE_ID,
    "recipient": digits(LINE),
    "originator": digits(ANN),
    "body": "Yes & no",
    "createdDatetime": "2026-11-21T12:00:00+00:00",
}
HEARD = MessageReceived(
    key=f"in/{MESSAGE_ID}",
    at=NOON,
    id=MESSAGE_ID,
    sender=PhoneNumber(ANN),
    line=LINE,
    members=(gm.Member(ANN),),
    text="Yes & no",
)


class TestMessages:
    @pytest.mark.parametrize(
        "hear",
        [
            lambda fields: posted(list(fields.items())),
            lambda fields: posted(urlencode(fields).encode(), "text/plain"),
            lambda fields: posted(fields),
            lambda fields: posted(json.dumps(fields).encode(), FORM),
            lambda fields: posted(b" \n" + json.dumps([fields]).encode(), "application/vnd.example+json"),
            lambda fields: posted(b"", query=f"?{urlencode(fields)}"),
            told,
        ],
        ids=["form", "plain", "JSON", "JSON called a form", "list", "empty POST", "GET"],
    )
    @pytest.mark.parametrize("case", [str, str.lower, str.upper, str.title])
    def test_ways(self, hear: Callable[[Any], tuple[Event, ...]], case: Callable[[str], str]) -> None:
        """A number's settings choose the way, and the names come in any case."""
        assert HEARD == message(hear({case(name): value for name, value in WROTE.items()}))

    def test_numbers_as_numbers(self) -> None:
        """JSON may have numbers as such, and a + is no other number."""
        fields = WROTE | {"originator": int(digits(ANN)), "recipient": int(digits(LINE))}
        assert HEARD == message(posted(fields)) == message(posted(WROTE | {"originator": ANN, "recipient": LINE}))

    def test_several(self) -> None:
        """A list has a message each."""
        events = posted([WROTE, WROTE | {"id": "m2"}, {"type": "ping"}])
        assert [event.key for event in events[:2]] == [f"in/{MESSAGE_ID}", "in/m2"]
        assert isinstance(events[2], Unrecognized)

    def test_forwarders(self) -> None:
        """Older names stand beside the documents' own, before them, and count only where these are missing."""
        twins = [
            *(("receiver", "1"), ("body", "old"), ("message", "older"), ("date", "1"), ("date_utc", "2")),
            *(("reference", "1"), ("id", "m0"), ("message_id", "m9")),
        ]
        assert HEARD == message(posted([*twins, *WROTE.items()]))
        older = [("receiver", digits(LINE)), ("message", "Yes & no"), ("message_id", MESSAGE_ID)]
        older += [("originator", digits(ANN)), ("date", "1"), ("date_utc", str(int(NOON.timestamp())))]
        assert HEARD == message(posted(older))

    def test_short_code(self) -> None:
        """A short code is a line by its digits; its time has no zone, and is taken for UTC."""
        fields = {
            "mid": 123,
            "shortcode": 10999,
            "keyword": "DINNER",
            "originator": int(digits(ANN)),
            "operator": 310999,
            "message": "Dinner yes",
            "receive_datetime": "20261121120000",
        }
        expected = attrs.evolve(HEARD, key="in/123", id="123", line="10999", text="Dinner yes")
        assert expected == message(posted(fields)) == message(posted(list(fields.items())))
        assert attrs.evolve(expected, at=None) == message(posted(fields | {"receive_datetime": "tomorrow"}))

    @pytest.mark.parametrize(
        ("media", "expected"),
        [
            ([("mediaUrls", PICTURE)], [PICTURE]),
            ([("mediaURLs", PICTURE), ("mediaURLs", SECOND)], [PICTURE, SECOND]),
            ([("mediaUrls[]", PICTURE), ("mediaUrls[]", SECOND)], [PICTURE, SECOND]),
            ([("mediaUrls[0]", PICTURE), ("mediaUrls[1]", PICTURE)], [PICTURE]),
            ([("mediaUrls", f"{PICTURE},{SECOND}")], [PICTURE, SECOND]),
            ([("mediaUrls", f" {PICTURE} ; {SECOND} ")], [PICTURE, SECOND]),
            ([("mediaUrls", json.dumps([PICTURE, SECOND, 7]))], [PICTURE, SECOND]),
            ([("mediaUrls", "[oops")], []),
            ([("mediaUrls", ""), ("mediaUrls", "ftp://media.example.com/a"), ("mediaUrls", "a.jpg")], []),
        ],
    )
    def test_media(self, media: list[tuple[str, str]], expected: list[str]) -> None:
        """One URL or many, repeated, indexed, or in one field; what is no URL is left out."""
        event = message(posted([*WROTE.items(), *media]))
        assert (expected, "Yes & no") == ([each.url for each in event.media], event.text)

    def test_media_in_json(self) -> None:
        """A list; an MMS may be without a text."""
        fields = {name: value for name, value in WROTE.items() if name != "body"}
        event = message(posted({**fields, "mediaUrls": [PICTURE, None, SECOND, {"url": PICTURE}]}))
        assert ([PICTURE, SECOND], "") == ([each.url for each in event.media], event.text)

    @pytest.mark.parametrize("sender", ["Neighbours", "12345", "MY-BANK", "0013125550161"])
    def test_names(self, sender: str) -> None:
        """A sender without a number is shown, and cannot be answered."""
        event = message(posted(WROTE | {"originator": sender}))
        assert (event.sender, event.repliable) == (OpaqueAddress(sender), False)
        assert "no number" in str(event.not_repliable_because)

    def test_lines(self) -> None:
        """What came in on another line is that line's; a message of our own other line is from us."""
        made = Callback("POST", HOOK, {}, urlencode(WROTE | {"recipient": digits(SECOND_LINE)}).encode())
        (event,) = MESSENGER.receive(made, verify=False)
        assert isinstance(event, MessageReceived)
        assert (event.line, event.repliable) == (SECOND_LINE, False)
        made = Callback("POST", HOOK, {}, urlencode(WROTE | {"originator": digits(SECOND_LINE)}).encode())
        (event,) = MESSENGER.receive(made, verify=False)
        assert isinstance(event, MessageReceived)
        assert (event.from_us, event.repliable) == (True, True)

    def test_without_an_id(self) -> None:
        """What has no id is known again by what it says."""
        fields = {name: value for name, value in WROTE.items() if name != "id"}
        event = message(posted(fields))
        assert event.id == ""
        assert re.fullmatch("in/[0-9a-f]{32}", event.key)
        assert event.key == message(told(fields)).key
        others = [message(posted(fields | {name: f"1{value}"})).key for name, value in fields.items()]
        assert len({event.key, *others}) == 5

    def test_without_an_id_and_time(self) -> None:
        """Of a forwarder's `date` no zone is known: it tells no time, and still tells two texts apart."""
        fields = {"receiver": digits(LINE), "originator": digits(ANN), "message": "OK"}
        dates = ("1795262400", "1795262401", "2026-11-21 12:00:00")
        told_apart = [message(posted(fields | {"date": date})) for date in dates]
        assert [None] * 3 == [event.at for event in told_apart]
        keys = {event.key for event in (message(posted(fields)), *told_apart)}
        assert len(keys) == 4
        again = [message(posted(list({**fields, "date": date}.items()))).key for date in dates]
        assert again == [event.key for event in told_apart]

    @pytest.mark.parametrize("name", ["originator", "recipient"])
    @pytest.mark.parametrize("value", [None, "", " ", [], {}, True, 1.5])
    def test_nobody(self, name: str, value: Any) -> None:
        """Who wrote, or to which line, is not guessed."""
        (event,) = posted(WROTE | {name: value})
        assert isinstance(event, Unrecognized)

    def test_privacy(self) -> None:
        """Nothing of a message is shown by accident."""
        shown = repr((*posted(WROTE | {"mediaUrls": PICTURE}), *told(REPORT), *posted(WROTE | {"recipient": ""})))
        assert not any(hidden in shown for hidden in (digits(ANN), digits(LINE), "Yes", "media.example.com", "t0"))


# What is neither


class TestOther:
    @pytest.mark.parametrize(
        ("hear", "kind"),
        [
            (lambda: told("hello=1"), "query"),
            (lambda: posted([("hello", ANN)]), "form"),
            (lambda: posted({"hello": ANN}), "JSON"),
            (lambda: posted({"type": "message.created", "message": {}}), "message.created"),
            (lambda: posted({"type": ANN}), "JSON"),
            (lambda: posted({"type": ["a"]}), "JSON"),
            (lambda: told({"status": "sent"}), "query"),
        ],
    )
    def test_unknown(self, hear: Callable[[], tuple[Event, ...]], kind: str) -> None:
        """It is acknowledged by its kind, and is the same event when it comes again."""
        (event,), (again,) = hear(), hear()
        assert isinstance(event, Unrecognized)
        assert (kind, event) == (event.kind, again)
        assert ANN not in f"{event!r}{event.key}"

    def test_keys(self) -> None:
        """Two that are unknown are two events."""
        keys = [event.key for event in (*posted([{"a": 1}, {"a": 1}]), *posted({"a": 1}), *told("a=1"), *told("a=2"))]
        assert len(set(keys)) == 5

    @pytest.mark.parametrize(
        ("body", "content_type"),
        [
            (b"", FORM),
            (b"hello", FORM),
            (b"hello", ""),
            (b"\xff\xfe\x00", FORM),
            (b"a=1", "multipart/form-data; boundary=x"),
            (b"<a b='c'/>", "text/xml"),
            (b"a=1", "application/json"),
            (b"{", FORM),
            (b"[]", "application/json"),
            (b"{}", "application/json"),
            (b"[1]", "application/json"),
            (b'[{"a":1},2]', "application/json"),
            (b"null", "application/json"),
            (b'"a=1"', "application/json"),
            (b"[" * 100_000, "application/json"),
            (b"&".join([b"a=1"] * 1001), FORM),
        ],
    )
    def test_unreadable(self, body: bytes, content_type: str) -> None:
        """What is empty, or in no shape that is documented, is refused."""
        with pytest.raises(MalformedWebhook):
            posted(body, content_type)

    @pytest.mark.parametrize("url", [HOOK, f"{HOOK}?", f"{HOOK}?&&", "https://[", f"{HOOK}?{'a=1&' * 1001}"])
    def test_unreadable_query(self, url: str) -> None:
        with pytest.raises(MalformedWebhook):
            MESSENGER.parse(Callback("GET", url), Verified())


NAMES = st.sampled_from(
    [
        *("id", "recipient", "originator", "body", "status", "reference", "statusDatetime", "statusErrorCode"),
        *("mediaUrls", "createdDatetime", "mid", "type", "shortcode", "message", "receive_datetime", "date_utc", "gm"),
    ]
)
VALUES = st.one_of(
    st.sampled_from([digits(ANN), "delivered", "2026-11-21T12:00:00 00:00", "9999-12-31T23:59:59-23:59", PICTURE]),
    st.text(max_size=12),
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | VALUES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=5),
    max_leaves=12,
)


@given(
    st.sampled_from(["GET", "POST", "PUT"]),
    st.text(max_size=30) | st.lists(st.tuples(NAMES, VALUES), max_size=6).map(urlencode),
    st.one_of(
        st.binary(max_size=30),
        st.lists(st.tuples(NAMES, VALUES), max_size=6).map(lambda pairs: urlencode(pairs).encode()),
        JSON.map(lambda value: json.dumps(value).encode()),
    ),
    st.sampled_from(["", FORM, "application/json", "text/plain", "image/png"]),
)
@example("POST", "", b'{"originator":"\\ud800","recipient":"\\ud800","body":"\\ud800"}', "application/json")
@example("POST", "", b"originator=%FF&recipient=%FF&mediaUrls=http://[", FORM)
def test_whatever_comes(method: str, query: str, body: bytes, content_type: str) -> None:
    """Events with keys, the same the second time, or a refusal."""
    made = Callback(method, f"{HOOK}?{query}", {"content-type": content_type}, body)
    try:
        events = MESSENGER.receive(made, verify=False)
    except MalformedWebhook:
        return
    assert events
    assert all(event.key.encode() for event in events)
    assert events == MESSENGER.receive(made, verify=False)


def test_acknowledgement() -> None:
    """GET and POST are answered with 200 and OK by a receiver, once the event was handled."""
    handled: list[Event] = []

    def perform(effect: Any) -> object:
        if isinstance(effect, Handle):
            handled.append(effect.event)
            return None
        return effect.work()

    url = sealed_url(HOOK, "t0", "key")
    with gm.Client(MESSENGER, http=httpx.MockTransport(lambda _: httpx.Response(500))) as client:
        receiver = Receiver({"main": client}, public_url=HOOK.removesuffix("/main"))
        for _ in range(2):
            answer = run(receiver.answer("main", Callback("GET", f"{url}&{urlencode(REPORT)}")), perform)
            assert (answer.status, answer.body) == (200, b"OK")
        unsigned = run(receiver.answer("main", Callback("POST", HOOK, {}, urlencode(WROTE).encode())), perform)
        assert [unsigned.status, run(receiver.answer("main", Callback("PUT", HOOK)), perform).status] == [401, 405]
        misled = Receiver({"main": client})  # which has the URL from the caller alone
        assert run(misled.answer("main", Callback("GET", f"{url}&{urlencode(REPORT)}")), perform).status == 401
    assert [event.key for event in handled] == [f"{MESSAGE_ID}/t0/{ANN}/delivered"]
    assert MESSENGER.acknowledgement.signs_url


# When it is asked


@pytest.fixture
def box(request: pytest.FixtureRequest) -> Iterator[Sandbox]:
    doubts = {f"messagebird.{name}": choice for name, choice in getattr(request, "param", {}).items()}
    with Sandbox(faces=[MessageBirdFace], doubts=doubts) as box:
        yield box


def connect(vendor: Callable[[httpx.Request], httpx.Response]) -> gm.Client:
    return gm.Client(MESSENGER, http=httpx.MockTransport(vendor), patience=0)


def row(number: int, at: datetime, **fields: Any) -> dict[str, Any]:
    return {
        "id": f"m{number}",
        "direction": "mo",
        "originator": digits(ANN),
        "body": f"Text {number}",
        "createdDatetime": at.isoformat(timespec="seconds"),
        "recipients": {"totalCount": 1, "items": [{"recipient": int(digits(LINE)), "status": "delivered"}]},
        **fields,
    }


class Listing:
    """A list of messages that may be changed between two looks."""

    def __init__(self, rows: list[Any], size: int = 3, *, total: bool = True) -> None:
        self.rows, self.size, self.total = rows, size, total
        self.asked: list[dict[str, str]] = []
        self.changes: dict[int, Callable[[], object]] = {}

    def __call__(self, request: httpx.Request) -> httpx.Response:
        assert request.url.path == "/messages"
        self.changes.get(len(self.asked), lambda: None)()
        self.asked.append(dict(request.url.params))
        offset = int(request.url.params["offset"])
        found = {"items": self.rows[offset : offset + self.size]}
        return httpx.Response(200, json=found | ({"totalCount": len(self.rows)} if self.total else {}))

    def since(self, since: datetime) -> list[str]:
        with connect(self) as client:
            return [event.key for event in client.received_since(since)]

    @property
    def offsets(self) -> list[int]:
        return [int(params["offset"]) for params in self.asked]


def numbered(count: int) -> list[dict[str, Any]]:
    """Rows of one minute each, the newest first."""
    return [row(number, NOON - timedelta(minutes=number)) for number in range(count)]


class TestReceivedSince:
    @pytest.mark.parametrize(
        "box",
        [{}, {"list_filters": "ignored"}, {"mms_listed": True}, {"limit_above_20": "refused"}],
        ids=str,
        indirect=True,
    )
    def test_in_the_sandbox(self, box: Sandbox) -> None:
        """What people wrote is told as its callback would have, whatever else is in the list, and older not."""
        with box.connect("messagebird", patience=0) as client:
            box.phones[ANN].send("Too old", to=LINE)
            box.clock.advance(60)
            since = box.clock.now()
            for number in range(25):
                client.send_direct(ANN, f"Noise {number}")
            box.phones[ANN].send("Yes", to=LINE)
            box.phones[BOB].send("No", to=SECOND_LINE)
            kept = {m.id: m for m in box.faces["messagebird"].messages if not m.outbound}  # type: ignore[attr-defined]
            found = [event for event in client.received_since(since) if isinstance(event, MessageReceived)]
        assert [(event.text, str(event.sender), event.line, event.repliable) for event in found] == [
            ("Yes", ANN, LINE, True),
            ("No", BOB, SECOND_LINE, False),
        ]
        for event in found:
            fields = {
                "id": event.id,
                "originator": digits(str(event.sender)),
                "recipient": digits(event.line),
                "body": event.text,
                "createdDatetime": kept[event.id].created.isoformat(timespec="seconds"),
            }
            (called,) = client.receive(Callback("POST", HOOK, {}, urlencode(fields).encode()), verify=False)
            assert called == event

    def test_pages(self) -> None:
        """Page after page until all of one is older; a page begins with the last row of the one before."""
        listing = Listing(numbered(20))
        assert listing.since(NOON - timedelta(minutes=4)) == [f"in/m{number}" for number in reversed(range(5))]
        assert listing.offsets == [0, 2, 4, 6]
        assert listing.asked[0] == {"direction": "mo", "limit": "100", "offset": "0"}

    def test_at_once(self) -> None:
        """Their list is read to its end before anything is told: only then is the oldest known."""
        listing = Listing(numbered(7))
        with connect(listing) as client:
            events = client.received_since(NOON - timedelta(hours=1))
            assert ("in/m6", [0, 2, 4]) == (next(events).key, listing.offsets)
            assert [f"in/m{number}" for number in reversed(range(6))] == [event.key for event in events]
        assert listing.offsets == [0, 2, 4]

    @pytest.mark.parametrize("since", [NOON, NOON.astimezone(timezone(timedelta(hours=-7)))])
    def test_either_side(self, since: datetime) -> None:
        """What came in then is told, and what came in a second before is not, whatever zone a time is written in."""
        east = timezone(timedelta(hours=5, minutes=30))
        times = [
            second if number % 2 else second.astimezone(east)
            for number, second in enumerate(NOON + timedelta(seconds=after) for after in (2, 1, 0, 0, -1, -1, -2))
        ]
        listing = Listing([row(number, at) for number, at in enumerate(times)])
        assert listing.since(since) == ["in/m3", "in/m2", "in/m1", "in/m0"]

    @pytest.mark.parametrize("total", [True, False])
    def test_to_the_end(self, total: bool) -> None:
        """Until the list ends, where nothing is older."""
        listing = Listing(numbered(7), total=total)
        everything = [f"in/m{number}" for number in reversed(range(7))]
        assert listing.since(datetime(1970, 1, 1, tzinfo=UTC)) == everything
        assert Listing([]).since(NOON) == []

    def test_seconds(self) -> None:
        """Their times have whole seconds: what came in within that of `since` is told."""
        assert Listing(numbered(3)).since(NOON + timedelta(microseconds=700_000)) == ["in/m0"]
        assert Listing(numbered(3)).since(NOON + timedelta(seconds=1)) == []

    def test_whose(self) -> None:
        """What we wrote is not what came in, also where the filter has no effect; without a time it may be new."""
        rows = [
            row(1, NOON, direction="mt"),
            row(2, NOON, direction=None),
            row(3, NOON, createdDatetime=None),
            row(4, NOON, originator=None),
            row(5, NOON, recipients={}),
            row(6, NOON, id=None),
            row(7, NOON, mediaUrls=[PICTURE], originator="Neighbours"),
        ]
        with connect(Listing(rows, 10)) as client:
            events = list(client.received_since(NOON))
        assert [(event.key, type(event)) for event in events] == [
            ("in/m7", MessageReceived),
            ("in/m5", Unrecognized),
            ("in/m4", Unrecognized),
            ("in/m3", MessageReceived),
        ]
        assert isinstance(events[0], MessageReceived)
        assert (events[0].media, events[0].repliable) == ((gm.Media(PICTURE),), False)

    def test_new_ones_meanwhile(self) -> None:
        """What comes in meanwhile moves the others down: none is missed, each is told once, the oldest first."""
        listing = Listing(numbered(9))
        listing.changes[1] = lambda: listing.rows.insert(0, row(99, NOON))
        keys = listing.since(NOON - timedelta(hours=1))
        assert keys == [f"in/m{number}" for number in reversed(range(9))]

    def test_taken_out_meanwhile(self) -> None:
        """What is deleted meanwhile moves the others up, and one could be missed: that is an error."""
        listing = Listing(numbered(9))
        listing.changes[1] = lambda: listing.rows.__delitem__(0)
        with pytest.raises(gm.ProviderUnavailable, match="changed"):
            listing.since(NOON - timedelta(hours=1))

    def test_one_row(self) -> None:
        """A page of one row has no room for one of the page before."""
        listing = Listing(numbered(5), size=1)
        assert listing.since(NOON - timedelta(minutes=2)) == [f"in/m{number}" for number in reversed(range(3))]
        assert listing.offsets == [0, 1, 2, 3]

    def test_no_end(self) -> None:
        """A list that goes on for ever is not read for ever."""
        with pytest.raises(gm.UnexpectedAnswer, match="no end"):
            Listing([{"id": "m1"}] * 120_000, size=5_000).since(NOON)

    def test_no_list(self) -> None:
        """An answer without a list is not an empty one."""
        with connect(lambda _: httpx.Response(200, json={})) as client, pytest.raises(gm.UnexpectedAnswer):
            list(client.received_since(NOON))


def test_the_same_keys(box: Sandbox) -> None:
    """A report and a question tell one event by one key, with the same facts."""
    with box.connect("messagebird", patience=0) as client:
        box.phones[BOB].landline = True
        receipt = client.send(client.create_group([ANN, BOB]), "Hello")
        box.clock.advance(10)
        for event in client.get_status(receipt).by_recipient.values():
            item = {name: value for name, value in event.raw.items() if value is not None}
            made = Callback("GET", f"{HOOK}?{urlencode({'id': receipt.id, 'reference': receipt.token, **item})}")
            assert client.receive(made, verify=False) == (event,)
            assert client.delivery(receipt, [event]).by_recipient[event.recipient] == event


# Groups of a person, and files


class TestGroupsOf:
    @pytest.mark.parametrize(
        "box",
        [{}, {"msisdn_filter": "ignored"}, {"several_hits": True}, {"same_msisdn": "created"}],
        ids=str,
        indirect=True,
    )
    def test_groups(self, box: Sandbox) -> None:
        """A message says of no group; those of its sender are the candidates."""
        with box.connect("messagebird", patience=0) as client:
            dinner, lunch = client.create_group([ANN, BOB], name="Dinner"), client.create_group([ANN])
            for name, number in (("No", "+13125550190"), ("groups", BOB + "9")):
                client.create_group([number], name=name)
            event = message(posted(WROTE))
            with pytest.raises(gm.GroupUnresolved, match="2 of your groups") as raised:
                client.reply(event, "Fine")
            assert set(raised.value.candidates) == {dinner.id, lunch.id}
            for sender, count in ((BOB, 1), ("+13125550191", 0)):
                with pytest.raises(gm.GroupUnresolved, match=f"in {count} of your groups") as raised:
                    client.reply(attrs.evolve(event, sender=PhoneNumber(sender)), "Fine")
                assert len(raised.value.candidates) == count

    def test_a_name(self) -> None:
        """A name is nobody's number: nothing is asked."""
        asked: list[httpx.Request] = []

        def vendor(request: httpx.Request) -> httpx.Response:
            asked.append(request)
            return httpx.Response(500)

        with connect(vendor) as client:
            event = message(posted(WROTE | {"originator": "Neighbours"}))
            with pytest.raises(gm.GroupUnresolved, match="no number to text") as raised:
                client.reply(event, "Fine")
        assert ([], ()) == (asked, raised.value.candidates)

    def test_several_contacts(self) -> None:
        """One number may have several contacts, one of which may go away meanwhile: each group is told once."""

        def vendor(request: httpx.Request) -> httpx.Response:
            match request.url.path:
                case "/contacts":
                    items = [{"id": contact, "msisdn": int(digits(ANN))} for contact in ("c1", "c/2", "c3")]
                case "/contacts/c3/groups":
                    return httpx.Response(404, json={"errors": [{"code": 20, "description": "contact not found"}]})
                case path:
                    assert request.url.raw_path.startswith((b"/contacts/c1/groups", b"/contacts/c%2F2/groups")), path
                    items = [{"id": "g1", "name": "Dinner"}]
            return httpx.Response(200, json={"items": items, "totalCount": len(items)})

        with connect(vendor) as client, pytest.raises(gm.GroupUnresolved) as raised:
            client.reply(message(posted(WROTE)), "Fine")
        assert raised.value.candidates == ("g1",)


@pytest.mark.parametrize("url", ["https://rest.messagebird.com/messages?limit=1", "https://media.example.com/a"])
def test_stored(url: str) -> None:
    """A URL in a message is somebody else's choice: the key goes along with none, to MessageBird's own host neither."""
    assert MESSENGER.stored(url) is None


class TestSettings:
    GOOD: ClassVar[dict[str, Any]] = {"line": LINE, "access_key": ACCESS_KEY}

    @pytest.mark.parametrize(
        ("settings", "wrong"),
        [
            ({"signing_keys": ACCESS_KEY}, {"signing_keys"}),
            ({"signing_keys": ["one", ACCESS_KEY]}, {"signing_keys"}),
            ({"signing_keys": ["one", ""]}, {"signing_keys"}),
            ({"legacy_signatures": True}, {"legacy_signatures"}),
            ({"legacy_signatures": "perhaps", "signing_keys": "one"}, {"legacy_signatures"}),
            ({"other_lines": "here"}, {"other_lines"}),
        ],
    )
    def test_wrong(self, settings: dict[str, Any], wrong: set[str]) -> None:
        """The access key signs nothing, and what is switched on needs a key."""
        with pytest.raises(gm.ConfigurationError) as raised:
            gm.connect("messagebird", **self.GOOD, **settings)
        assert wrong == {problem.key for problem in raised.value.problems}
        assert ACCESS_KEY not in str(raised.value)

    def test_right(self) -> None:
        """One key or several, and a word for the switch, as a file or a URL has them; none is shown."""
        keys = ["one-key", "other-key"]
        settings: dict[str, Any] = {"signing_keys": keys, "legacy_signatures": "true", "other_lines": SECOND_LINE}
        with gm.connect("messagebird", **self.GOOD, **settings) as client:
            messenger = client.messenger
        assert isinstance(messenger, MessageBirdMessenger)
        assert (messenger.signing_keys, messenger.legacy_signatures) == (("one-key", "other-key"), True)
        assert messenger.own_lines == {LINE, SECOND_LINE}
        assert not any(hidden in repr(messenger) for hidden in ("one-key", "other-key", SECOND_LINE))

    @pytest.mark.parametrize(("keys", "warned"), [((), True), ("one-key", False)])
    def test_advice(self, keys: Any, warned: bool) -> None:
        """Who asks for reports should be able to check those that are signed."""
        for url in (None, HOOK):
            messenger = MessageBirdMessenger(**self.GOOD, report_url=url, signing_keys=keys)
            said = any("signing_keys" in finding.what for finding in messenger.advice(NOON))
            assert said is (warned and url is not None)
