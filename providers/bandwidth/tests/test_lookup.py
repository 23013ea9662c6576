"""What became of a message: told by recipient or by group, and never taken for proof where it is none."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any, TypeAlias

import attrs
import httpx
import pytest
from groupmessenger_bandwidth.sandbox import (
    ACCOUNT_ID,
    DELIVERED_AFTER,
    LINE,
    SENT_AFTER,
    TIMED_OUT_AFTER,
    BandwidthFace,
)

import groupmessenger as gm
from groupmessenger import Evidence, FailureReason, Status
from groupmessenger.sandbox import Sandbox

ANN, BOB, CAT = (f"+1312555015{n}" for n in range(3))
PEOPLE = (ANN, BOB, CAT)
LOST = "Dinner at eight?"
PICTURE = "https://example.com/a.jpg"
FROM = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)

Connect: TypeAlias = Callable[..., Any]


def face_of(box: Sandbox) -> BandwidthFace:
    face = box.faces["bandwidth"]
    assert isinstance(face, BandwidthFace)
    return face


@contextmanager
def reading(**doubts: Any) -> Iterator[Sandbox]:
    """A sandbox in one reading of the papers."""
    with Sandbox(doubts={f"bandwidth.{name}": choice for name, choice in doubts.items()}) as box:
        yield box


def told(delivery: gm.Delivery) -> dict[str | None, Status]:
    return {who if who is None else str(who): event.status for who, event in delivery.by_recipient.items()}


class TestStatus:
    def test_on_its_way(self, box: Sandbox, connect: Connect) -> None:
        """Each recipient has a status, which comes on; a message as a whole is as far as whoever is last."""
        client = connect(box)
        box.phones[CAT].on = False
        receipt = client.send(client.create_group(PEOPLE), "Hello")
        assert told(client.get_status(receipt)) == dict.fromkeys(PEOPLE, Status.ACCEPTED)
        box.clock.advance(SENT_AFTER.total_seconds())
        assert told(client.get_status(receipt)) == dict.fromkeys(PEOPLE, Status.SENT)
        box.clock.advance(DELIVERED_AFTER.total_seconds())
        delivery = client.get_status(receipt.id)
        assert told(delivery) == {ANN: Status.DELIVERED, BOB: Status.DELIVERED, CAT: Status.SENT}
        assert delivery.status is Status.SENT
        by = delivery.by_recipient
        assert [by[gm.PhoneNumber(number)].evidence for number in PEOPLE] == [Evidence.CARRIER, Evidence.CARRIER, None]
        assert len({event.key for event in by.values()}) == 3

    def test_failed(self, box: Sandbox, connect: Connect) -> None:
        """Whom it did not reach is told with their code and why."""
        client = connect(box)
        box.phones[BOB].landline = True
        box.phones[CAT].mms = False
        receipt = client.send(client.create_group(PEOPLE), "Hello")
        box.clock.advance(DELIVERED_AFTER.total_seconds())
        delivery = client.get_status(receipt)
        assert told(delivery) == {ANN: Status.DELIVERED, BOB: Status.FAILED, CAT: Status.FAILED}
        assert {(event.reason, event.code) for event in delivery.failed} == {
            (FailureReason.INVALID_RECIPIENT, "4720"),
            (FailureReason.UNREACHABLE, "4700"),
        }

    @pytest.mark.parametrize("word", ["FAILED", "DLR_EXPIRED"])
    def test_no_receipt_in_73_hours(self, connect: Connect, word: str) -> None:
        """9902: nobody knows whether it arrived, so that it has neither failed nor a reason."""
        with reading(timeout_status=word) as box:
            client = connect(box)
            box.phones[BOB].on = False
            receipt = client.send(client.create_group([ANN, BOB]), "Hello")
            box.clock.advance(TIMED_OUT_AFTER.total_seconds() + 3600)
            delivery = client.get_status(receipt)
            assert told(delivery) == {ANN: Status.DELIVERED, BOB: Status.UNKNOWN}
            assert (delivery.status, delivery.failed) == (Status.UNKNOWN, ())
            event = delivery.by_recipient[gm.PhoneNumber(BOB)]
            assert (event.reason, event.code, event.key) == (None, "9902", f"{receipt.id}/{BOB}/unknown/final")

    def test_failed_stands(self, connect: Connect) -> None:
        """For an invalid number `delivered` was known to follow `failed`: the failure stands, in either order."""
        with reading(invalid_number="failed_then_delivered") as box:
            client = connect(box)
            box.phones[BOB].landline = True
            receipt = client.send(client.create_group([ANN, BOB]), "Hello")
            box.clock.advance(DELIVERED_AFTER.total_seconds() + 0.5)
            before = client.get_status(receipt)
            box.clock.advance(2)
            after = client.get_status(receipt)
            assert told(before)[BOB] is Status.FAILED
            assert told(after)[BOB] is Status.DELIVERED  # all that the search still knows
            events = [*before.by_recipient.values(), *after.by_recipient.values()]
            for each in (events, events[::-1]):
                kept = gm.Delivery(receipt.id, each, client.messenger.precedence)
                assert told(kept) == {ANN: Status.DELIVERED, BOB: Status.FAILED}

    @pytest.mark.parametrize("of", ["farthest_behind", "first", "best"])
    @pytest.mark.parametrize("nullable", ["given", "null"])
    def test_row_per_group(self, connect: Connect, nullable: str, of: str) -> None:
        """A group told by one row has one status, which is nobody's in particular: on its way, and never at an end."""
        with reading(search_rows="per_group", search_row_status=of, nullable=nullable) as box:
            client = connect(box)
            everybody = client.send(client.create_group([BOB, CAT]), "Hello")
            box.phones[ANN].landline = True
            others = client.send(client.create_group(PEOPLE), "Hello")
            assert {None: Status.ACCEPTED} == told(client.get_status(others))
            box.clock.advance(DELIVERED_AFTER.total_seconds())
            assert {None: Status.SENT} == told(client.get_status(everybody))
            delivery = client.get_status(others)
            (event,) = delivery.by_recipient.values()
            reached = Status.SENT if of == "best" else Status.ACCEPTED  # a failure may have been before it was sent
            assert (None, reached, None, None) == (event.recipient, event.status, event.reason, event.evidence)
            assert ((), None if of == "best" else "4720") == (delivery.failed, event.code)

    @pytest.mark.parametrize("word", ["FAILED", "DLR_EXPIRED"])
    def test_row_per_group_without_a_receipt(self, connect: Connect, word: str) -> None:
        """What nobody knows stays unknown, in the one row of a group as well."""
        with reading(search_rows="per_group", search_row_status="first", timeout_status=word) as box:
            client = connect(box)
            box.phones[ANN].on = False
            receipt = client.send(client.create_group(PEOPLE), "Hello")
            box.clock.advance(TIMED_OUT_AFTER.total_seconds() + 3600)
            assert {None: Status.UNKNOWN} == told(client.get_status(receipt))

    @pytest.mark.parametrize("nullable", ["given", "null"])
    def test_one_person(self, connect: Connect, nullable: str) -> None:
        """A private text is told of its recipient, and its end too: an SMS has one, whatever else the row has."""
        with reading(nullable=nullable) as box:
            client = connect(box)
            arrived, failed = client.send_direct(ANN, "Hello"), client.send_direct("+10125550150", "Hello")
            box.clock.advance(DELIVERED_AFTER.total_seconds())
            assert {ANN: Status.DELIVERED} == told(client.get_status(arrived))
            (event,) = client.get_status(failed).failed
            expected = (gm.PhoneNumber("+10125550150"), FailureReason.INVALID_RECIPIENT)
            assert expected == (event.recipient, event.reason)

    @pytest.mark.parametrize("nullable", ["given", "null"])
    def test_one_person_by_mms(self, connect: Connect, nullable: str) -> None:
        """A private MMS is told of its recipient where the row says that there is one alone: it might be a group's."""
        with reading(nullable=nullable) as box:
            client = connect(box)
            receipt = client.send_direct(ANN, gm.Message("See", PICTURE))
            box.clock.advance(DELIVERED_AFTER.total_seconds())
            expected = {ANN: Status.DELIVERED} if nullable == "given" else {None: Status.SENT}
            assert expected == told(client.get_status(receipt))

    @pytest.mark.parametrize(
        ("fields", "of_one"),
        [
            ({"recipientCount": 1, "messageType": "mms"}, True),
            ({"recipientCount": 1, "messageType": None}, True),
            ({"recipientCount": None, "messageType": "sms"}, True),
            ({"messageType": "sms"}, True),
            ({"recipientCount": 3, "messageType": "mms"}, False),
            ({"recipientCount": 0, "messageType": "mms"}, False),
            ({"recipientCount": "1", "messageType": "mms"}, False),
            ({"recipientCount": None, "messageType": "mms"}, False),
            ({"messageType": "rcs"}, False),
            ({"messageType": ["sms"]}, False),
            ({}, False),
        ],
    )
    def test_lone_row(self, connect: Connect, fields: dict[str, Any], of_one: bool) -> None:
        """One row alone has an end only if it is known to be of one recipient."""
        failed = (Status.FAILED, FailureReason.INVALID_RECIPIENT)
        for word, end in (("DELIVERED", (Status.DELIVERED, None)), ("FAILED", failed), ("UNDELIVERED", failed)):
            code = 0 if word == "DELIVERED" else 4720
            listing = Listing([row(**fields, messageStatus=word, errorCode=code)])
            (event,) = connect(listing).get_status("m1").by_recipient.values()
            so_far = Status.SENT if word == "DELIVERED" else Status.ACCEPTED
            assert (end if of_one else (so_far, None)) == (event.status, event.reason)
            assert (gm.PhoneNumber(ANN) if of_one else None) == event.recipient
            assert event.evidence is (Evidence.CARRIER if of_one and word == "DELIVERED" else None)
        for word, status in (("QUEUED", Status.ACCEPTED), ("SENDING", Status.SENT), ("BREWING", Status.UNKNOWN)):
            (event,) = connect(Listing([row(**fields, messageStatus=word)])).get_status("m1").by_recipient.values()
            assert (status, gm.PhoneNumber(ANN) if of_one else None) == (event.status, event.recipient)

    def test_rows_that_are_missing_yet(self, connect: Connect) -> None:
        """Of whoever is not listed yet nothing is told; a row that is alone for now is not taken for the whole."""
        with reading(search_row_lag=10) as box:
            client = connect(box)
            box.phones[BOB].landline = True
            two, three = (client.send(client.create_group(people), "Hello") for people in ([ANN, BOB], PEOPLE))
            alone = client.send(client.create_group([BOB, CAT]), "Hello")
            box.clock.advance(DELIVERED_AFTER.total_seconds())
            assert {None: Status.SENT} == told(client.get_status(two))
            assert {None: Status.ACCEPTED} == told(client.get_status(alone))  # it failed, and may never have left
            known = {ANN: Status.DELIVERED, BOB: Status.FAILED}
            assert known == told(client.get_status(three.id))
            assert {**known, CAT: Status.UNKNOWN} == told(client.get_status(three))  # a receipt says who is missing
            box.clock.advance(10)
            assert {ANN: Status.DELIVERED, BOB: Status.FAILED} == told(client.get_status(two))
            assert {BOB: Status.FAILED, CAT: Status.DELIVERED} == told(client.get_status(alone))
            whole = {ANN: Status.DELIVERED, BOB: Status.FAILED, CAT: Status.DELIVERED}
            assert whole == told(client.get_status(three))

    def test_nothing_of_the_lone_row_is_left(self, connect: Connect) -> None:
        """What was told of all while a row was alone gives way to what is told of each, whatever came first."""
        with reading(search_row_lag=10) as box:
            client = connect(box)
            receipt = client.send(client.create_group([ANN, BOB]), "Hello")
            box.clock.advance(DELIVERED_AFTER.total_seconds())
            before = client.get_status(receipt)
            box.clock.advance(10)
            after = client.get_status(receipt)
            events = [*before.by_recipient.values(), *after.by_recipient.values()]
            assert 3 == len({event.key for event in events})
            for each in (events, events[::-1]):
                kept = gm.Delivery(receipt.id, each, client.messenger.precedence)
                assert {ANN: Status.DELIVERED, BOB: Status.DELIVERED} == told(kept)

    def test_nothing_yet(self, connect: Connect) -> None:
        """What is not indexed has no status yet: unknown, and no error."""
        with reading(search_lag=5) as box:
            client = connect(box)
            receipt = client.send(client.create_group(PEOPLE), "Hello")
            delivery = client.get_status(receipt)
            assert (told(delivery), delivery.status) == ({}, Status.UNKNOWN)
            box.clock.advance(6)
            assert client.get_status(receipt).status is Status.DELIVERED
            assert client.get_status("nobody's").status is Status.UNKNOWN

    def test_what_is_asked(self, connect: Connect) -> None:
        """One search, by the id."""
        listing = Listing([])
        connect(listing).get_status("m1")
        assert listing.asked == [{"messageId": "m1"}]
        assert listing.paths == [f"/api/v2/users/{ACCOUNT_ID}/messages"]

    def test_ids_that_are_others(self, connect: Connect) -> None:
        """A filter that is ignored tells of other messages: they do not count."""
        rows = [row(messageId="other"), row(destinationTn=ANN), row(destinationTn=BOB), row(messageId=None), "no row"]
        assert told(connect(Listing(rows)).get_status("m1")) == {ANN: Status.SENT, BOB: Status.SENT}

    @pytest.mark.parametrize(
        ("fields", "expected"),
        [
            ({"destinationTn": ANN, "recipientCount": 1}, gm.PhoneNumber(ANN)),
            ({"destinationTn": "22000", "recipientCount": 1}, None),
            ({"destinationTn": None, "recipientCount": 1}, None),
            ({"recipientCount": "1"}, None),
        ],
    )
    def test_recipient(self, connect: Connect, fields: dict[str, Any], expected: Any) -> None:
        """What is no number is no recipient."""
        (event,) = connect(Listing([row(**fields)])).get_status("m1").by_recipient.values()
        assert event.recipient == expected

    @pytest.mark.parametrize(
        ("fields", "final"),
        [
            ({"messageStatus": "QUEUED"}, False),
            ({"messageStatus": "SENT"}, False),
            ({"messageStatus": "DELIVERED"}, True),
            ({"messageStatus": "FAILED", "errorCode": 4720}, True),
            ({"messageStatus": "UNDELIVERED"}, True),
            ({"messageStatus": "FAILED", "errorCode": 9902}, True),
            ({"messageStatus": "DLR_EXPIRED"}, True),
            ({"messageStatus": "BREWING"}, False),
            ({"messageStatus": None}, False),
        ],
    )
    def test_final(self, connect: Connect, fields: dict[str, Any], final: bool) -> None:
        """Of one recipient a delivery, a failure and the end of the wait are the last; a group's one row never is."""
        for count in (1, 3):
            client = connect(Listing([row(recipientCount=count, **fields)]))
            delivery = client.get_status("m1")
            assert (final and count == 1) is delivery.is_final()
            (event,) = delivery.by_recipient.values()
            ended = final and event.status is Status.UNKNOWN  # another event than that nobody knows yet
            assert ended is (event.key == f"m1/{event.recipient or ''}/unknown/final")
        assert not delivery.is_final(FROM + timedelta(hours=72.9), FROM)
        assert delivery.is_final(FROM + timedelta(hours=73), FROM)

    @pytest.mark.parametrize(
        ("time", "expected"),
        [
            ("2026-11-21T12:00:00Z", FROM),
            ("2026-11-21T12:00:00.000Z", FROM),
            ("2026-11-21T12:00:00.000000Z", FROM),
            ("2026-11-21T07:00:00-05:00", FROM),
            ("2026-11-21T12:00:00", FROM),
            ("soon", None),
            (None, None),
            ({}, None),
        ],
    )
    def test_time(self, connect: Connect, time: object, expected: datetime | None) -> None:
        """Times have 0, 3 or 6 digits after the second; one that cannot be read is none."""
        (event,) = connect(Listing([row(receiveTime=time)])).get_status("m1").by_recipient.values()
        assert event.at == expected


def row(**fields: Any) -> dict[str, Any]:
    usual = {"messageId": "m1", "sourceTn": LINE, "destinationTn": ANN, "messageStatus": "SENT", "errorCode": 0}
    return usual | fields


class Listing:
    """Gives a token, and the same rows to every search."""

    def __init__(self, rows: list[Any]) -> None:
        self.rows = rows
        self.asked: list[dict[str, str]] = []
        self.paths: list[str] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        if request.url.host == "token.test":
            return httpx.Response(200, json={"access_token": "t"})
        self.asked.append(dict(request.url.params))
        self.paths.append(request.url.path)
        return httpx.Response(200, json={"messages": self.rows})


def lose(box: Sandbox, send: Callable[[], object], *, arrives: bool = True) -> gm.Attempt:
    """Send with the answer lost, or the request, and give the attempt."""
    box.fault("drop", operation="send", phase="after" if arrives else "before")
    with pytest.raises(gm.OutcomeUnknown) as raised:
        send()
    assert raised.value.attempt is not None
    return gm.Attempt.load(raised.value.attempt.dump())


def why(sighting: gm.Sighting) -> str:
    assert isinstance(sighting, gm.CannotTell)
    return sighting.why


class TestWithoutAnId:
    @pytest.mark.parametrize("arrives", [True, False])
    def test_never_absent(self, box: Sandbox, connect: Connect, arrives: bool) -> None:
        """Whether it went out or not, the search cannot tell: neither found nor absent, however long ago it was."""
        client = connect(box)
        group = client.create_group([ANN, BOB])
        sends = (lambda: client.send(group, LOST), lambda: client.send_direct(ANN, gm.Message(LOST, PICTURE)))
        for count, send in enumerate(sends, 1):
            attempt = lose(box, send, arrives=arrives)
            over = attrs.evolve(attempt, leave_by=attempt.leave_from)
            assert (f": {count} of this line" if arrives else "none is listed") in why(client.find_sent(over))
            assert "only a status callback" in why(client.find_sent(over))
        assert box.phones[ANN].texts == [LOST, LOST] * arrives

    def test_others_to_the_same_people(self, box: Sandbox, connect: Connect) -> None:
        """Other messages to any of them are counted, and prove nothing."""
        client = connect(box)
        group = client.create_group([ANN, BOB])
        attempt = lose(box, lambda: client.send(group, LOST), arrives=False)
        client.send_direct(BOB, "Another")
        client.send(group, LOST)
        client.send_direct(CAT, "Not to them")
        box.phones[ANN].send("From her", to=LINE)
        assert "2 of this line to these people are listed" in why(client.find_sent(attempt))
        assert not any(number in why(client.find_sent(attempt)) for number in (ANN, BOB, LINE))

    def test_what_is_asked(self, connect: Connect) -> None:
        """One search: the line, the people (ten at most), what went out, and the time with milliseconds."""
        listing = Listing([])
        client = connect(listing)
        people = [f"+131255501{n}" for n in range(30, 41)]
        group = gm.Group.of_members(
            "bandwidth", LINE, map(gm.Member, people), pending=False, topology=gm.Topology.SHARED_THREAD
        )
        client.find_sent(attempt_to(group))
        client.find_sent(attempt_to(None))
        usual = {
            "sourceTn": LINE,
            "messageDirection": "OUTBOUND",
            "fromDateTime": "2026-11-21T11:55:00.000Z",
            "toDateTime": "2026-11-21T12:05:00.000Z",
        }
        assert listing.asked == [usual | {"destinationTn": ",".join(people[:10])}, usual | {"destinationTn": ANN}]

    @pytest.mark.parametrize(
        ("rows", "shown"),
        [
            ([row()], "1 of this line to these people is listed"),
            ([row(), row(destinationTn=BOB)], "1 of this line to these people is listed"),
            ([row(), row(messageId="m2")], "2 of this line to these people are listed"),
            ([row(messageId=None), row(messageId=[1]), row(messageId={}), {}], "none is listed yet"),
        ],
    )
    def test_candidates(self, connect: Connect, rows: list[Any], shown: str) -> None:
        """Messages are counted, not rows, and what has no id is none."""
        assert shown in why(connect(Listing(rows)).find_sent(attempt_to(None)))

    @pytest.mark.parametrize("far_back", ["clipped", "refused"])
    def test_long_ago(self, connect: Connect, far_back: str) -> None:
        """Beyond the 14 days of the search nobody can say either."""
        with reading(search_far_back=far_back) as box:
            client = connect(box)
            attempt = lose(box, lambda: client.send_direct(ANN, LOST))
            box.clock.advance(15 * 86_400)
            assert why(client.find_sent(attempt))


def attempt_to(group: gm.Group | None, message_id: str | None = None) -> gm.Attempt:
    return gm.Attempt(
        token="t0",
        provider="bandwidth",
        line=LINE,
        message=gm.Message(LOST),
        group=group,
        to=None if group else gm.PhoneNumber(ANN),
        leave_from=FROM,
        leave_by=FROM,
        provider_id=message_id,
    )


class TestByItsId:
    def test_group(self, box: Sandbox, connect: Connect) -> None:
        """A callback with our token brings the id: then it is found, in its group, and `get_status` tells how far."""
        client = connect(box)
        group = client.create_group([ANN, BOB])
        box.phones[BOB].landline = True
        attempt = lose(box, lambda: client.send(group, LOST))
        message = face_of(box).messages[-1]
        assert message.tag == attempt.token
        attempt = attrs.evolve(attempt, provider_id=message.id)
        box.clock.advance(DELIVERED_AFTER.total_seconds())
        sighting = client.find_sent(attempt)
        assert isinstance(sighting, gm.Found)
        receipt = sighting.receipt
        assert isinstance(receipt, gm.GroupReceipt)
        assert (receipt.id, receipt.token, receipt.group) == (message.id, attempt.token, group)
        assert receipt.status is Status.ACCEPTED
        assert {ANN: Status.DELIVERED, BOB: Status.FAILED} == told(client.get_status(receipt))

    def test_direct(self, box: Sandbox, connect: Connect) -> None:
        """So is a private text."""
        client = connect(box)
        attempt = lose(box, lambda: client.send_direct(ANN, LOST))
        sighting = client.find_sent(attrs.evolve(attempt, provider_id=face_of(box).messages[-1].id))
        assert isinstance(sighting, gm.Found)
        assert not isinstance(sighting.receipt, gm.GroupReceipt)
        assert sighting.receipt.status is Status.ACCEPTED

    @pytest.mark.parametrize("to_group", [True, False])
    @pytest.mark.parametrize(
        ("words", "shown"),
        [
            (("DELIVERED", "DELIVERED"), True),
            (("FAILED", "FAILED"), True),
            (("DELIVERED", "FAILED"), True),
            (("DELIVERED",), True),
            (("FAILED",), True),
            (("QUEUED",), True),
            (("SENT", "BREWING"), True),
            (("BREWING", "BREWING"), False),
            (("BREWING",), False),
            (("DLR_EXPIRED",), False),
            ((), False),
        ],
    )
    def test_status(self, connect: Connect, words: tuple[str, ...], shown: bool, to_group: bool) -> None:
        """Once any row shows it with a word that is known it is accepted, and no more; by others nothing is said."""
        rows = [row(destinationTn=f"+1312555015{n}", messageStatus=word) for n, word in enumerate(words)]
        client = connect(Listing(rows))
        sighting = client.find_sent(attempt_to(client.create_group(PEOPLE) if to_group else None, "m1"))
        if not shown:
            assert "ask again later" in why(sighting)
        else:
            assert isinstance(sighting, gm.Found)
            assert (Status.ACCEPTED, None) == (sighting.receipt.status, sighting.receipt.reason)
            assert isinstance(sighting.receipt, gm.GroupReceipt) is to_group

    @pytest.mark.parametrize(
        "doubts",
        [
            {"search_row_lag": 10},
            {"search_lag": 5, "search_row_lag": 10},
            *({"search_rows": "per_group", "search_row_status": of} for of in ("farthest_behind", "first", "best")),
        ],
        ids=str,
    )
    def test_as_rows_come(self, connect: Connect, doubts: dict[str, Any]) -> None:
        """It is found with its first row, and the same at every moment from then on."""
        with reading(**doubts) as box:
            client = connect(box)
            box.phones[ANN].landline = True
            attempt = lose(box, lambda: client.send(client.create_group([ANN, BOB]), LOST))
            attempt = attrs.evolve(attempt, provider_id=face_of(box).messages[-1].id)
            found = []
            for _ in range(5):
                sighting = client.find_sent(attempt)
                found.append(sighting.receipt.status if isinstance(sighting, gm.Found) else None)
                box.clock.advance(5)
            soon, late = [Status.ACCEPTED] * 5, [None, *[Status.ACCEPTED] * 4]
            assert (late if "search_lag" in doubts else soon) == found

    @pytest.mark.parametrize("message_id", [None, "m1"])
    @pytest.mark.parametrize("kind", ["drop", "reset", "html", "empty", "401", "403", "429", "500", "502", "refused"])
    def test_the_search_fails(self, box: Sandbox, connect: Connect, kind: str, message_id: str | None) -> None:
        """If the question fails, the message is as much in doubt as before: no error says "not sent" of it."""
        client = connect(box)
        client.send_direct(ANN, "First")
        details: dict[str, Any] = {}
        if kind.isdigit():
            kind, details = "refuse", {"status": int(kind), "body": {"type": "x", "description": "y"}}
        if kind == "refused":
            face_of(box).search_requests_per_5_minutes = 0
        else:
            box.fault(kind, operation="search", times=None, **details)
        assert "did not say" in why(client.find_sent(attempt_to(None, message_id)))

    def test_other_line(self, box: Sandbox, connect: Connect) -> None:
        """An attempt from another line is not looked for here."""
        with pytest.raises(gm.WrongConnection):
            connect(box).find_sent(attrs.evolve(attempt_to(None), line="+13125550199"))
        assert box.log == []
