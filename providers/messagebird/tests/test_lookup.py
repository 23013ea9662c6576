"""What became of a message: by its id for each recipient, and by our token where the answer was lost."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from typing import Any

import attrs
import httpx
import pytest
from anyio.from_thread import start_blocking_portal
from groupmessenger_messagebird import MessageBirdMessenger
from groupmessenger_messagebird.sandbox import LINE, MessageBirdFace

import groupmessenger as gm
from groupmessenger import FailureReason, Status
from groupmessenger.sandbox import Sandbox
from groupmessenger.times import moment

ANN, BOB, CAT = (f"+1312555014{n}" for n in range(3))
PEOPLE = (ANN, BOB, CAT)
PICTURE = "https://example.com/a.jpg"
LOST = "Dinner at seven?"
FROM = datetime(2026, 11, 21, 12, tzinfo=UTC)
SKEW = timedelta(hours=1)
GROUP = gm.Group("messagebird", LINE, "g1", topology=gm.Topology.BROADCAST)


@pytest.fixture
def box(request: pytest.FixtureRequest) -> Iterator[Sandbox]:
    doubts = {f"messagebird.{name}": choice for name, choice in getattr(request, "param", {}).items()}
    with Sandbox(faces=[MessageBirdFace], doubts=doubts) as box:
        yield box


@pytest.fixture
def client(box: Sandbox) -> Iterator[gm.Client]:
    with box.connect("messagebird", patience=0) as client:
        yield client


def reading(*doubts: dict[str, Any]) -> pytest.MarkDecorator:
    names = ["-".join(f"{name}={choice}" for name, choice in each.items()) or "defaults" for each in doubts]
    return pytest.mark.parametrize("box", doubts, ids=names, indirect=True)


def face_of(box: Sandbox) -> MessageBirdFace:
    face = box.faces["messagebird"]
    assert isinstance(face, MessageBirdFace)
    return face


def lose(box: Sandbox, send: Callable[[], object], *, arrives: bool = True) -> gm.Attempt:
    """Send something whose answer, or which itself, is lost."""
    box.fault("drop", operation="*", phase="after" if arrives else "before")
    with pytest.raises(gm.OutcomeUnknown) as raised:
        send()
    box.clear_faults()
    assert raised.value.attempt is not None
    return gm.Attempt.load(raised.value.attempt.dump())


def over(attempt: gm.Attempt) -> gm.Attempt:
    """The attempt as if its time to leave were over, so that absence is believed."""
    return attrs.evolve(attempt, leave_by=attempt.leave_from)


def found(sighting: gm.Sighting) -> gm.Receipt:
    assert isinstance(sighting, gm.Found), sighting
    assert sighting.proof is gm.Proof.TOKEN
    return sighting.receipt


def why(sighting: gm.Sighting) -> str:
    assert isinstance(sighting, gm.CannotTell), sighting
    assert not any(hidden in sighting.why for hidden in (LOST, *PEOPLE))
    return sighting.why


def operations(box: Sandbox) -> list[str | None]:
    return [entry["operation"] for entry in box.log]


# By id


@pytest.mark.parametrize("media", [(), PICTURE])
def test_each_recipient(box: Sandbox, client: gm.Client, media: Any) -> None:
    """Each copy goes its own way: delivered, failed for a reason, stopped; the message is where the last one is."""
    group = client.create_group(PEOPLE)
    box.phones[BOB].landline = True
    box.phones[CAT].send("STOP", to=LINE)
    receipt = client.send(group, gm.Message("Hello", media))
    sent = client.get_status(receipt)
    assert {str(who): event.status for who, event in sent.by_recipient.items()} == dict.fromkeys(PEOPLE, Status.SENT)
    box.clock.advance(10)
    delivery = client.get_status(receipt.id)
    events = {str(who): event for who, event in delivery.by_recipient.items()}
    assert {who: (event.status, event.reason, event.code) for who, event in events.items()} == {
        ANN: (Status.DELIVERED, None, None),
        BOB: (Status.FAILED, FailureReason.OTHER, "11"),
        CAT: (Status.FAILED, FailureReason.OPTED_OUT, "103"),
    }
    assert (events[ANN].evidence, events[BOB].evidence) == (gm.Evidence.HANDSET, None)
    assert all(event.at is not None and event.message_id == receipt.id for event in events.values())
    words = {ANN: "delivered", BOB: "delivery_failed", CAT: "delivery_failed"}
    assert {who: event.key for who, event in events.items()} == {
        who: f"{receipt.id}/{receipt.token}/{who}/{word}" for who, word in words.items()
    }
    copies = {f"{receipt.id}/{receipt.token}/{who}/sent" for who in PEOPLE}
    assert {event.key for event in sent.by_recipient.values()} == copies
    assert {event.token for event in (*events.values(), *sent.by_recipient.values())} == {receipt.token}
    assert ({event.final for event in events.values()}, sent.is_final()) == ({True}, False)


@reading({"mms_details": False})
def test_mms_without_details(box: Sandbox, client: gm.Client) -> None:
    """An MMS of which no reasons are told has failed all the same."""
    box.phones[BOB].landline = True
    receipt = client.send_direct(BOB, gm.Message("See", PICTURE))
    box.clock.advance(10)
    (event,) = client.get_status(receipt).by_recipient.values()
    assert (event.status, event.reason, event.code) == (Status.FAILED, FailureReason.OTHER, None)


@reading({"read_lag": 5})
def test_fresh(box: Sandbox, client: gm.Client) -> None:
    """A fresh message may not be readable: that is a refusal of the question, by both lists, and passes."""
    receipt = client.send_direct(ANN, "Hello")
    box.clear_log()
    with pytest.raises(gm.Rejected) as raised:
        client.get_status(receipt)
    assert (raised.value.status, operations(box)) == (404, ["get_message", "get_mms"])
    box.clock.advance(6)
    assert client.get_status(receipt).status is Status.DELIVERED


def test_nothing_told(client: gm.Client, box: Sandbox) -> None:
    """A message of which no recipient is told is in a state that nobody knows; a question refused is an error."""
    receipt = client.send_direct(ANN, "Hello")
    box.fault("refuse", operation="get_message", status=200, body={"id": receipt.id, "recipients": {}})
    assert client.get_status(receipt).status is Status.UNKNOWN
    box.fault("refuse", operation="get_message", status=401, body={"errors": [{"code": 2}]})
    with pytest.raises(gm.AuthenticationFailed):
        client.get_status(receipt)


# By token

EVERY_LIST: tuple[dict[str, Any], ...] = (
    {},
    {"list_filters": "ignored"},
    {"mms_listed": True},
    {"limit_above_20": "capped"},
    {"limit_above_20": "refused", "default_limit": 10},
    {"list_filters": "ignored", "mms_listed": True, "limit_above_20": "capped"},
    {"zero_sent": True, "group_items": "empty", "sent_count": "pending"},
)


def sends(client: Any, group: gm.Group) -> tuple[Callable[[], Any], ...]:
    later = datetime.now(UTC) + timedelta(hours=1)
    return (
        lambda: client.send(group, LOST),
        lambda: client.send_direct(BOB, LOST),
        lambda: client.send_direct(BOB, gm.Message(LOST, PICTURE)),
        lambda: client.send_direct(BOB, gm.Message(LOST, send_at=later)),
    )


@reading(*EVERY_LIST)
def test_found(box: Sandbox, client: gm.Client) -> None:
    """What was sent is found by its token among the same texts, as SMS and MMS, and scheduled, by any process."""
    group = client.create_group(PEOPLE)
    for send in sends(client, group):
        send()
        attempt = lose(box, send)
        for _ in range(3):
            send()
        box.phones[ANN].send(LOST, to=LINE)
        with box.connect("messagebird", patience=0) as other:
            receipt = found(other.find_sent(attempt))
        kept = next(message for message in face_of(box).messages if message.reference == attempt.token)
        assert (receipt.id, receipt.token) == (kept.id, attempt.token)
        assert isinstance(receipt, gm.GroupReceipt) is (attempt.group is not None)
        assert receipt.status is (Status.SENT if attempt.message.send_at is None else Status.SCHEDULED)
        assert {str(address) for address in receipt.recipients} == ({*PEOPLE} if attempt.group else {BOB})
    assert [box.phones[number].texts.count(LOST) for number in PEOPLE] == [5 + 4, 15, 5]  # Ann wrote it four times


@pytest.mark.parametrize("way", ["asyncio", "trio"])
def test_found_by_the_async_client(box: Sandbox, client: gm.Client, way: str) -> None:
    """The other client finds and misses the same."""
    group = client.create_group(PEOPLE)
    lost = [lose(box, send) for send in sends(client, group)]
    never = over(lose(box, lambda: client.send(group, LOST), arrives=False))
    with ExitStack() as end:
        portal = end.enter_context(start_blocking_portal(way))
        other = box.connect_async("messagebird", patience=0)
        end.callback(portal.call, other.aclose)
        assert [found(portal.call(other.find_sent, attempt)).token for attempt in lost] == [each.token for each in lost]
        assert portal.call(other.find_sent, never) == gm.Absent()
        picture = over(lose(box, lambda: client.send_direct(BOB, gm.Message(LOST, PICTURE)), arrives=False))
        assert "not published" in why(portal.call(other.find_sent, picture))


@reading(*EVERY_LIST)
def test_absent(box: Sandbox, client: gm.Client) -> None:
    """What never arrived is absent once its time is over, and may then be sent again: everybody has it once.

    A picture is not: whether all MMS are listed is not published.
    """
    group = client.create_group(PEOPLE)
    for number in range(25):
        client.send_direct(CAT, f"Noise {number}")
    for send in sends(client, group):
        attempt = lose(box, send, arrives=False)
        if attempt.message.media:
            assert ["not published" in why(client.find_sent(each)) for each in (attempt, over(attempt))] == [True] * 2
            continue
        assert "under way" in why(client.find_sent(attempt))
        assert client.find_sent(over(attempt)) == gm.Absent()
        if attempt.group is not None:
            send()
    assert [box.phones[number].texts.count(LOST) for number in PEOPLE] == [1, 1, 1]


@reading({"list_lag": 5}, {"list_lag": 5, "list_filters": "ignored"})
def test_listed_late(box: Sandbox) -> None:
    """A message is listed late: before the time to settle is over nothing is said of its absence."""
    with box.connect("messagebird", patience=0, settle_after=60) as client:
        attempt = lose(box, lambda: client.send_direct(ANN, LOST))
        assert "under way" in why(client.find_sent(over(attempt)))
        box.clock.advance(6)
        assert found(client.find_sent(attempt)).recipients == (gm.PhoneNumber(ANN),)


def test_statuses(box: Sandbox, client: gm.Client) -> None:
    """What was found says how far everybody's copy is, and no more."""
    group = client.create_group(PEOPLE)
    box.phones[BOB].landline = True
    attempt = lose(box, lambda: client.send(group, LOST))
    failed = lose(box, lambda: client.send_direct(BOB, LOST))
    assert found(client.find_sent(attempt)).status is Status.SENT
    box.clock.advance(10)
    assert found(client.find_sent(attempt)).status is Status.ACCEPTED  # one has it, and one never will
    assert found(client.find_sent(failed)).status is Status.FAILED
    direct = lose(box, lambda: client.send_direct(ANN, LOST))
    box.clock.advance(10)
    assert found(client.find_sent(direct)).status is Status.DELIVERED


def test_by_id(box: Sandbox, client: gm.Client) -> None:
    """Where the id is known it is read; a message of another token is not taken for ours."""
    attempt = lose(box, lambda: client.send_direct(ANN, LOST))
    other = client.send_direct(BOB, LOST)
    kept = next(message for message in face_of(box).messages if message.reference == attempt.token)
    box.clear_log()
    assert found(client.find_sent(attrs.evolve(attempt, provider_id=kept.id))).id == kept.id
    assert operations(box) == ["get_message"]
    assert found(client.find_sent(attrs.evolve(attempt, provider_id=other.id))).id == kept.id
    assert "did not say" in why(client.find_sent(attrs.evolve(over(attempt), provider_id="0" * 32)))


@pytest.mark.parametrize("kind", ["drop", "html", "empty", "401", "429", "500"])
def test_no_answer(box: Sandbox, client: gm.Client, kind: str) -> None:
    """If the list cannot be read, the message is as much in doubt as before."""
    attempt = over(lose(box, lambda: client.send_direct(ANN, LOST), arrives=False))
    details: dict[str, Any] = {"status": int(kind), "body": {"errors": [{"code": 2}]}} if kind.isdigit() else {}
    box.fault("refuse" if details else kind, operation="list_messages", times=None, **details)
    assert "did not say" in why(client.find_sent(attempt))
    box.clear_faults()
    assert client.find_sent(attempt) == gm.Absent()


def test_other_line(client: gm.Client) -> None:
    """An attempt from another line is not looked for here."""
    with pytest.raises(gm.WrongConnection):
        client.find_sent(attrs.evolve(attempt_at(), line="+13125550199"))


# Against scripted lists


def attempt_at(message: gm.Message | None = None, group: gm.Group | None = None) -> gm.Attempt:
    return gm.Attempt(
        token="t0",
        provider="messagebird",
        line=LINE,
        message=message or gm.Message(LOST),
        group=group,
        to=None if group else gm.PhoneNumber(ANN),
        leave_from=FROM,
        leave_by=FROM,
    )


def row(number: int, at: object = FROM, **fields: Any) -> dict[str, Any]:
    created = at.isoformat() if isinstance(at, datetime) else at
    return {"id": f"m{number}", "reference": None, "createdDatetime": created, **fields}


OURS = row(0, reference="t0", recipients={"totalCount": 1, "items": [{"recipient": int(ANN[1:]), "status": "sent"}]})


class Listing:
    """A list of messages that may be changed between two looks, in pages of `size`."""

    def __init__(self, rows: list[Any], size: int = 3, *, total: bool = True, more: int = 0) -> None:
        self.rows, self.size, self.total, self.more = list(rows), size, total, more
        self.requests: list[tuple[str, dict[str, str]]] = []
        self.changes: dict[int, Callable[[list[Any]], object]] = {}  # before which look what happens

    def __call__(self, request: httpx.Request) -> httpx.Response:
        if (change := self.changes.get(len(self.requests))) is not None:
            change(self.rows)
        self.requests.append((request.url.path, dict(request.url.params)))
        offset = int(request.url.params["offset"])
        body = {"items": self.rows[offset : offset + self.size]}
        if self.total:
            body["totalCount"] = len(self.rows) + self.more  # type: ignore[assignment]
        return httpx.Response(200, content=json.dumps(body))

    def find(self, attempt: gm.Attempt | None = None) -> gm.Sighting:
        messenger = MessageBirdMessenger(line=LINE, access_key="key")
        with gm.Client(messenger, http=httpx.MockTransport(self), patience=0, settle_after=0) as client:
            return client.find_sent(attempt or attempt_at())

    @property
    def offsets(self) -> list[int]:
        return [int(params["offset"]) for _, params in self.requests]


def newest_first(count: int) -> list[dict[str, Any]]:
    return [row(number, FROM + timedelta(hours=1) - timedelta(seconds=number)) for number in range(1, count + 1)]


OLD = [row(100 + number, FROM - SKEW - timedelta(seconds=number)) for number in range(1, 9)]


def test_what_is_asked() -> None:
    """Texts of ours alone, or MMS, a hundred a page, by our own offsets: other filters are ignored by some accounts."""
    listing = Listing([])
    assert listing.find() == gm.Absent()
    assert "not published" in why(listing.find(attempt_at(gm.Message(LOST, PICTURE))))
    usual = {"limit": "100", "offset": "0"}
    assert listing.requests == [("/messages", {"direction": "mt", **usual}), ("/mms", usual)]


def test_pages() -> None:
    """Each page begins with the last row of the one before, until ours is found or the past is reached."""
    listing = Listing([*newest_first(7), OURS, *OLD])
    assert found(listing.find()).id == "m0"
    assert listing.offsets == [0, 2, 4, 6]
    listing = Listing([*newest_first(7), *OLD])
    assert listing.find() == gm.Absent()
    assert listing.offsets == [0, 2, 4, 6]  # the last one of these is of before the attempt
    listing = Listing([*newest_first(7), *OLD], total=False)
    assert listing.find() == gm.Absent()
    listing = Listing(newest_first(7), total=False)  # nothing says where it ends but an empty page
    assert isinstance(listing.find(), gm.Absent | gm.CannotTell)


@pytest.mark.parametrize(
    "rows",
    [
        [*reversed(OLD), *newest_first(2), OURS],
        [*OLD[:2], newest_first(1)[0], *OLD[2:], OURS],
        [row(200, None), *OLD, OURS],
        [row(200, "soon"), *OLD, OURS],
        [*newest_first(1), row(201, None), *OLD, OURS],
    ],
    ids=["oldest first", "in no order", "no time", "odd time", "no time in between"],
)
def test_no_order(rows: list[Any]) -> None:
    """Where the newest do not come first all is read; ours may stand at the end."""
    assert found(Listing(rows).find()).id == "m0"
    assert Listing([each for each in rows if each is not OURS]).find() == gm.Absent()


REMOVED = {
    "the newest": lambda rows: rows.pop(0),
    "the last one read": lambda rows: rows.pop(2),
    "two": lambda rows: (rows.pop(0), rows.pop(0)),
    "one, and one more sent": lambda rows: (rows.pop(0), rows.pop(0), rows.insert(0, row(300))),
    "all": lambda rows: rows.clear(),
}


@pytest.mark.parametrize("ours_at", [3, 4, 5, None])
@pytest.mark.parametrize("name", REMOVED)
def test_row_removed_meanwhile(name: str, ours_at: int | None) -> None:
    """A row taken out between two pages moves others up unread: ours is not called absent for that."""
    for before in (1, 2):
        rows: list[Any] = newest_first(9)
        if ours_at is not None:
            rows.insert(ours_at, OURS)
        listing = Listing(rows)
        listing.changes[before] = REMOVED[name]
        sighting = listing.find()
        assert not isinstance(sighting, gm.Absent)
        if isinstance(sighting, gm.CannotTell):
            assert "changed" in why(sighting)


@pytest.mark.parametrize("more", [1, 2, 5])
def test_row_added_meanwhile(more: int) -> None:
    """New messages move rows down, so that some are read twice and none is missed."""
    for place in range(9):
        rows = newest_first(8)
        rows.insert(place, OURS)
        listing = Listing(rows)
        for before in (1, 2):
            listing.changes[before] = lambda rows: rows.__setitem__(slice(0, 0), [row(400 + n) for n in range(more)])
        sighting = listing.find()
        assert isinstance(sighting, gm.Found) or (more >= 2 and isinstance(sighting, gm.CannotTell))
    listing = Listing([*newest_first(8), *OLD])
    listing.changes[1] = lambda rows: rows.insert(0, row(400))
    assert (listing.find(), listing.offsets) == (gm.Absent(), [0, 2, 4, 6, 8])  # all since then was read
    listing = Listing(newest_first(8))
    listing.changes[1] = lambda rows: rows.insert(0, row(400))
    assert "another number" in why(listing.find())  # it is at its end, and one of them was not read


@pytest.mark.parametrize(
    ("minutes", "absent"), [(0, False), (59, False), (60, False), (61, True)], ids=lambda each: str(each)
)
def test_clocks(minutes: int, absent: bool) -> None:
    """Their clock may be an hour behind ours: within that ours is looked for, and what is older is not read."""
    at = FROM - timedelta(minutes=minutes, seconds=-1)
    before = [row(1, at + timedelta(seconds=n)) for n in (2, 1)]
    listing = Listing([*before, row(2, FROM - timedelta(minutes=minutes)), OURS | {"createdDatetime": at.isoformat()}])
    assert (listing.find() == gm.Absent()) is absent
    if not absent:
        assert found(listing.find()).id == "m0"


@pytest.mark.parametrize("place", [0, 2, 4, 7])
def test_no_reference(place: int) -> None:
    """A row that bears no reference may be ours: nothing is absent from such a list, and ours is found beside it."""
    rows: list[Any] = [*newest_first(7), *OLD]
    rows[place] = {name: value for name, value in rows[place].items() if name != "reference"}
    assert "without a reference" in why(Listing(rows).find())
    assert found(Listing([*rows[:8], OURS]).find()).id == "m0"
    assert Listing([*newest_first(7), *OLD]).find() == gm.Absent()


@pytest.mark.parametrize(
    "rows",
    [[], newest_first(2), newest_first(7), [*newest_first(7), *OLD], list(reversed(OLD))],
    ids=["nothing", "a page", "pages", "the past", "no order"],
)
def test_picture(rows: list[Any]) -> None:
    """An MMS is found by its token, and is never absent: whether all are listed, with it, is not published."""
    picture = attempt_at(gm.Message(LOST, PICTURE))
    assert "not published" in why(Listing(rows).find(picture))
    assert found(Listing([OURS, *rows]).find(picture)).id == "m0"
    without = [{name: value for name, value in each.items() if name != "reference"} for each in rows]
    assert "not published" in why(Listing(without).find(picture))


@pytest.mark.parametrize("more", [-1, 1, 3, 100])
def test_short(more: int) -> None:
    """A list that ends with fewer or more rows than it says is not the whole: ours may be among the others."""
    for count in (2, 3, 5):
        assert "another number" in why(Listing(newest_first(count), more=more).find())
    assert "another number" in why(Listing([], more=abs(more)).find())
    assert Listing([*newest_first(5), *OLD], more=more).find() == gm.Absent()  # all since then was read
    assert found(Listing([*newest_first(2), OURS], more=more).find()).id == "m0"


def test_repeated() -> None:
    """Rows that are given twice count once, so that a list which repeats itself is not the whole."""
    once = newest_first(4)
    assert "another number" in why(Listing([*once[:3], once[2], once[3]]).find())
    assert Listing(once).find() == gm.Absent()


def test_odd_rows() -> None:
    """What is no row is passed over, and the list is told to have changed where it can only be guessed."""
    assert found(Listing(["nonsense", OURS]).find()).id == "m0"
    assert "changed" in why(Listing([*newest_first(2), "nonsense", *newest_first(6)[2:]]).find())


def test_too_many() -> None:
    """What is not read back far enough is not absent: one row a page, and more than ten thousand."""
    assert "too many" in why(Listing(newest_first(5), size=1).find())
    listing = Listing([row(number) for number in range(1, 12_000)], size=2_000)
    assert "too many" in why(listing.find())
    assert listing.offsets == [0, 1999, 3998, 5997, 7996, 9995]


@pytest.mark.parametrize("reference", [None, "", "t", "t00", "T0", 0, ["t0"]])
def test_other_references(reference: object) -> None:
    """Only the very token is ours, whatever else is the same."""
    assert Listing([OURS | {"reference": reference, "body": LOST}]).find() == gm.Absent()


@pytest.mark.parametrize("body", [{}, {"items": None}, {"items": {}, "totalCount": 0}])
def test_no_list(body: dict[str, Any]) -> None:
    """An answer without a list is not an empty one."""
    messenger = MessageBirdMessenger(line=LINE, access_key="key")
    transport = httpx.MockTransport(lambda _: httpx.Response(200, json=body))
    with gm.Client(messenger, http=transport, patience=0, settle_after=0) as client:
        assert "did not say" in why(client.find_sent(attempt_at()))


def test_found_in_its_group() -> None:
    """The receipt of a message to a group has the group, with the members it was known with."""
    group = attrs.evolve(GROUP, members=(gm.Member(ANN),))
    receipt = found(Listing([OURS]).find(attempt_at(group=group)))
    assert isinstance(receipt, gm.GroupReceipt)
    assert (receipt.group, receipt.group.members, receipt.group.pending) == (GROUP, group.members, False)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("2026-11-21T12:00:00+00:00", FROM),
        ("2026-11-21T13:00:00+01:00", FROM),
        ("2026-11-21T12:00:00", FROM),
        ("2026-11-21T12:00:00Z", FROM),
        ("soon", None),
        ("", None),
        (None, None),
        (17, None),
    ],
)
def test_moment(value: object, expected: datetime | None) -> None:
    """Their times have an offset; without one it is UTC, and what is none is none."""
    assert moment(value) == expected
