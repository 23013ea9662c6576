"""A lost message is found, absent, or nobody can tell: each only where it is certain."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import attrs
import httpx
import pytest
from groupmessenger_sendblue import SendblueMessenger
from groupmessenger_sendblue.lookup import row
from groupmessenger_sendblue.sandbox import LINE, SEAT, SendblueFace

import groupmessenger as gm
from groupmessenger import FailureReason, Status
from groupmessenger.sandbox import Sandbox
from groupmessenger.times import moment

ANN, BOB, CAT, DAN = (f"+1312555015{n}" for n in range(4))
GROUP_ID = "sb_group_1"
FROM = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
LOST = "Dinner at eight?"


# Against the stand-in


@pytest.fixture
def box() -> Iterator[Sandbox]:
    with Sandbox() as box:
        yield box


@pytest.fixture
def client(box: Sandbox) -> Iterator[gm.Client]:
    with box.connect("sendblue", patience=0) as client:
        yield client


def face_of(box: Sandbox) -> SendblueFace:
    face = box.faces["sendblue"]
    assert isinstance(face, SendblueFace)
    return face


def lose(box: Sandbox, send: Callable[[], object], *, arrives: bool = True) -> gm.Attempt:
    """Send with the answer lost, or the request, and give the attempt."""
    time.sleep(0.002)  # their times are no finer than a millisecond
    for operation in ("send_group", "send_direct"):
        box.fault("drop", operation=operation, phase="after" if arrives else "before")
    with pytest.raises(gm.OutcomeUnknown) as raised:
        send()
    box.clear_faults()
    assert raised.value.attempt is not None
    return raised.value.attempt


def over(attempt: gm.Attempt) -> gm.Attempt:
    """The attempt when nothing of it can be under way any more."""
    return attrs.evolve(attempt, leave_by=attempt.leave_from)


def found(sighting: gm.Sighting) -> gm.Receipt:
    assert isinstance(sighting, gm.Found)
    return sighting.receipt


def group_of(sighting: gm.Sighting) -> gm.Group:
    receipt = found(sighting)
    assert isinstance(receipt, gm.GroupReceipt)
    return receipt.group


def why(sighting: gm.Sighting) -> str:
    assert isinstance(sighting, gm.CannotTell)
    return sighting.why


def test_pending_group(box: Sandbox, client: gm.Client) -> None:
    """The first message of a group is found by its people; from then on the pending value goes by the group's id."""
    group = client.create_group([ANN, BOB], "Friends")
    attempt = lose(box, lambda: client.send(group, LOST))
    sighting = client.find_sent(attempt)
    became = group_of(sighting)
    assert (became.id, became.pending, became.channel) == (*face_of(box).groups, False, gm.Channel.IMESSAGE)
    assert (became.name, became.name_pending) == ("Friends", True)
    assert (found(sighting).token, found(sighting).status) == (attempt.token, Status.ACCEPTED)
    box.clear_log()
    box.clock.advance(10)
    receipt = client.send(group, "And bring wine")
    assert [entry["request"].get("group_id") for entry in box.log if entry["operation"] == "send_group"] == [became.id]
    assert receipt.group.name_pending is False
    assert [box.phones[number].texts for number in (ANN, BOB)] == [[LOST, "And bring wine"]] * 2
    assert len(box.phones[ANN].threads) == 1


def test_known_group_and_private(box: Sandbox, client: gm.Client) -> None:
    """In a group with an id the id decides, for a private text the number; the same text elsewhere is no match."""
    first = client.send(client.create_group([ANN, BOB]), "First")
    group = first.group
    other = client.send(client.create_group([ANN, CAT]), "First").group
    with box.connect("sendblue", patience=0) as stranger:  # knows of no ids
        client.send(other, LOST)
        attempt = lose(box, lambda: client.send(group, LOST), arrives=False)
        assert "other messages" in why(stranger.find_sent(over(attempt)))  # "First" is moments old
        assert stranger.find_sent(over(attempt), {first.id}) == gm.Absent()
        private = lose(box, lambda: client.send_direct(ANN, LOST), arrives=False)
        assert stranger.find_sent(over(private)) == gm.Absent()
        assert group_of(stranger.find_sent(lose(box, lambda: client.send(group, LOST)))) == group
        receipt = found(stranger.find_sent(lose(box, lambda: client.send_direct(ANN, LOST))))
        assert receipt.raw["number"] == ANN
        assert not isinstance(receipt, gm.GroupReceipt)


def test_absent_only_after_its_time(box: Sandbox, client: gm.Client) -> None:
    """Not there is not absent while it may be under way: `leave_by` and the settle time have to pass."""
    group = client.create_group([ANN, BOB])
    attempt = lose(box, lambda: client.send(group, LOST), arrives=False)
    assert "under way" in why(client.find_sent(attempt))
    assert client.find_sent(over(attempt)) == gm.Absent()
    with box.connect("sendblue", patience=0, settle_after=600) as patient:
        assert "under way" in why(patient.find_sent(over(attempt)))


def test_late(box: Sandbox, client: gm.Client) -> None:
    """A request that arrives late is not absent before and found after."""
    group = client.create_group([ANN, BOB])
    box.fault("late", operation="send_group", seconds=30)
    with pytest.raises(gm.OutcomeUnknown) as raised:
        client.send(group, LOST)
    attempt = raised.value.attempt
    assert attempt is not None
    assert isinstance(client.find_sent(attempt), gm.CannotTell)
    box.clock.advance(31)
    assert isinstance(client.find_sent(attempt), gm.Found)
    assert box.phones[ANN].texts == [LOST]


def test_listing_lag() -> None:
    """What is listed late is absent at first by its time alone, and found once it is listed."""
    with Sandbox(doubts={"sendblue.list_lag": 5}) as box, box.connect("sendblue", patience=0) as client:
        attempt = lose(box, lambda: client.send(client.create_group([ANN, BOB]), LOST))
        assert "under way" in why(client.find_sent(attempt))
        box.clock.advance(6)
        assert isinstance(client.find_sent(attempt), gm.Found)


def test_same_text_thrice(box: Sandbox, client: gm.Client) -> None:
    """The same text on purpose: what is known to be another message never matches, in this process or from a store."""
    opening = client.send(client.create_group([ANN, BOB]), "First")
    group = opening.group
    first = lose(box, lambda: client.send(group, LOST))
    box.clock.advance(1)
    second = client.send(group, LOST)
    box.clock.advance(1)
    third = lose(box, lambda: client.send(group, LOST))
    with box.connect("sendblue", patience=0) as other:
        ids = [message.handle for message in face_of(box).messages if message.content == LOST]
        known = {second.id}
        assert found(other.find_sent(first, known)).id == ids[0]
        assert found(other.find_sent(third, known | {ids[0]})).id == ids[2]
        never = lose(box, lambda: client.send(group, LOST), arrives=False)
        assert other.find_sent(over(never), {opening.id, *ids}) == gm.Absent()
    assert found(client.find_sent(first)).id == ids[0]
    assert found(client.find_sent(third)).id == ids[2]
    assert client.find_sent(over(never)) == gm.Absent()
    assert box.phones[ANN].texts == ["First", LOST, LOST, LOST]


def test_same_text_earlier(box: Sandbox, client: gm.Client) -> None:
    """The same text from just before, of unknown origin, can be the one looked for only by a wrong clock."""
    group = client.send(client.create_group([ANN, BOB]), LOST).group
    attempt = lose(box, lambda: client.send(group, LOST), arrives=False)
    with box.connect("sendblue", patience=0) as other:
        assert "clock" in why(other.find_sent(over(attempt)))
    assert client.find_sent(over(attempt)) == gm.Absent()


def test_not_exclusive(box: Sandbox, client: gm.Client) -> None:
    """On a line that others send from, a text proves nothing, and nothing is asked."""
    attempt = lose(box, lambda: client.send(client.create_group([ANN, BOB]), LOST))
    with box.connect("sendblue", patience=0, exclusive_line=False) as shared:
        box.clear_log()
        assert "exclusive_line" in why(shared.find_sent(attempt))
        assert box.log == []


def test_human_on_the_line(box: Sandbox, client: gm.Client) -> None:
    """What somebody writes by hand on a line that is said to be ours alone keeps a lost message from being absent."""
    group = client.send(client.create_group([ANN, BOB]), "First").group
    attempt = lose(box, lambda: client.send(group, LOST), arrives=False)
    face_of(box).human_sends(group.id, "On my way")
    assert "other messages" in why(client.find_sent(over(attempt)))


def test_own_seat(box: Sandbox, client: gm.Client) -> None:
    """With a seat of our own it is found by that; what names no seat, as by the others here, may be anybody's."""
    with box.connect("sendblue", patience=0, exclusive_line=False, seat_id=SEAT) as seated:
        first = seated.send(client.create_group([ANN, BOB]), "First")
        group = first.group
        attempt = lose(box, lambda: seated.send(group, LOST), arrives=False)
        assert seated.find_sent(over(attempt)) == gm.Absent()
        client.send(group, "By somebody else")
        assert "other messages" in why(seated.find_sent(over(attempt)))
        client.send(group, LOST)
        assert "seat" in why(seated.find_sent(over(attempt)))
        attempt = lose(box, lambda: seated.send(group, LOST))
        assert found(seated.find_sent(attempt)).raw["seat_id"] == SEAT
        assert "clock" in why(client.find_sent(attrs.evolve(attempt, leave_from=attempt.leave_by)))


def test_media_only(box: Sandbox, client: gm.Client) -> None:
    """A message without text has nothing to be known by."""
    message = gm.Message(media="https://example.com/a.jpg")
    attempt = lose(box, lambda: client.send(client.create_group([ANN, BOB]), message))
    assert "without text" in why(client.find_sent(attempt))


def test_trimmed_text() -> None:
    """White space that the device changed makes no other text of it; anything else does."""
    with Sandbox(doubts={"sendblue.content_stored": "trimmed"}) as box, box.connect("sendblue", patience=0) as client:
        attempt = lose(box, lambda: client.send(client.create_group([ANN, BOB]), f"\n {LOST}  "))
        assert isinstance(client.find_sent(attempt), gm.Found)
        changed = attrs.evolve(attempt, message=gm.Message(LOST.upper()), leave_by=attempt.leave_from)
        assert "changed" in why(client.find_sent(changed, ()))


@pytest.mark.parametrize("created_filter", ["honoured", "ignored"])
def test_pages(created_filter: str) -> None:
    """All pages are read, also where the filter by time is ignored; what is older does not count."""
    with Sandbox(doubts={"sendblue.created_filter": created_filter}) as box:
        face = face_of(box)
        face.limits.sends_per_second = 10_000
        with box.connect("sendblue", patience=0) as client:
            group = client.send(client.create_group([ANN, BOB]), "First").group
            attempt = lose(box, lambda: client.send(group, LOST))
            for number in range(250):
                face.human_sends(group.id, f"Text {number}")
            box.clear_log()
            assert isinstance(client.find_sent(attempt), gm.Found)
            assert len(box.log) == 3
            never = attrs.evolve(over(attempt), message=gm.Message("Never"))
            assert "other messages" in why(client.find_sent(never))
            box.clear_log()
            later = FROM + timedelta(days=365)  # far ahead: everything is older than that
            assert client.find_sent(attrs.evolve(never, leave_from=later)) == gm.Absent()
            assert len(box.log) == 1


@pytest.mark.parametrize(
    ("answer", "status", "reason"),
    [
        ({"status": "SENT", "error_code": None}, Status.SENT, None),
        ({"status": "DELIVERED", "error_code": 0}, Status.DELIVERED, None),
        ({"status": "ERROR", "error_code": 10001}, Status.FAILED, FailureReason.OTHER),
        ({"status": "ERROR", "error_code": 4002}, Status.FAILED, FailureReason.INVALID_RECIPIENT),
    ],
)
def test_by_handle(
    box: Sandbox, client: gm.Client, answer: dict[str, object], status: Status, reason: FailureReason | None
) -> None:
    """An answer in doubt that names a handle is asked after by it, on a line of any kind, whatever the text."""
    group = client.send(client.create_group([ANN, BOB]), "First").group
    face = face_of(box)
    face.answer_next({"status": "ERROR", "error_code": 10002})
    with pytest.raises(gm.OutcomeUnknown) as raised:
        client.send(group, gm.Message(media="https://example.com/a.jpg"))
    attempt = raised.value.attempt
    assert attempt is not None
    assert attempt.provider_id == face.messages[-1].handle
    with box.connect("sendblue", patience=0, exclusive_line=False) as shared:
        face.messages[-1].fixed = {"status": "ERROR", "error_code": 10002}
        assert "itself" in why(shared.find_sent(attempt))
        face.messages[-1].fixed = {"status": "ERROR", "error_code": 5000}
        assert "itself" in why(shared.find_sent(attempt))
        face.messages[-1].fixed = answer
        receipt = found(shared.find_sent(attempt))
    assert (receipt.id, receipt.status, receipt.reason) == (attempt.provider_id, status, reason)
    assert isinstance(receipt, gm.GroupReceipt)
    assert receipt.group == group


def test_by_handle_nobody_knows(box: Sandbox, client: gm.Client) -> None:
    """A handle that Sendblue does not know is neither an absence nor an error that says "not sent"."""
    attempt = attrs.evolve(over(lose(box, lambda: client.send_direct(ANN, LOST))), provider_id="unknown")
    assert "did not say" in why(client.find_sent(attempt))


@pytest.mark.parametrize("kind", ["refuse", "drop", "html", "empty"])
def test_by_handle_fails(box: Sandbox, client: gm.Client, kind: str) -> None:
    """If the question fails, the message is as much in doubt as before."""
    attempt = lose(box, lambda: client.send_direct(ANN, LOST))
    attempt = attrs.evolve(over(attempt), provider_id=face_of(box).messages[-1].handle)
    box.fault(kind, operation="status", times=None, status=401 if kind == "refuse" else None)
    assert "did not say" in why(client.find_sent(attempt))
    box.clear_faults()
    assert isinstance(client.find_sent(attempt), gm.Found)


@pytest.mark.parametrize("kind", ["drop", "html", "empty"])
def test_listing_fails(box: Sandbox, client: gm.Client, kind: str) -> None:
    """A listing that cannot be read is an error, not an absence."""
    attempt = lose(box, lambda: client.send_direct(ANN, LOST), arrives=False)
    box.fault(kind, operation="list_messages", times=None)
    with pytest.raises((gm.ProviderUnavailable, gm.UnexpectedAnswer)):
        client.find_sent(over(attempt))


def test_listing_rate(box: Sandbox, client: gm.Client) -> None:
    """429 from the listing is an error, not an absence."""
    attempt = lose(box, lambda: client.send_direct(ANN, LOST), arrives=False)
    face_of(box).limits.lists_per_ten_seconds = 0
    with pytest.raises(gm.RateLimited):
        client.find_sent(over(attempt))


def test_other_line(box: Sandbox, client: gm.Client) -> None:
    """An attempt from another line is not looked for here."""
    attempt = lose(box, lambda: client.send_direct(ANN, LOST))
    with pytest.raises(gm.WrongConnection):
        client.find_sent(attrs.evolve(attempt, line="+13125550199"))


# Against scripted listings

GROUP = gm.Group("sendblue", LINE, GROUP_ID)
PENDING = gm.Group.of_members(
    "sendblue", LINE, [gm.Member(ANN), gm.Member(BOB)], pending=True, topology=gm.Topology.SHARED_THREAD
)


def attempt_to(group: gm.Group | None) -> gm.Attempt:
    return gm.Attempt(
        token="t0",
        provider="sendblue",
        line=LINE,
        message=gm.Message(LOST),
        group=group,
        to=None if group else gm.PhoneNumber(ANN),
        leave_from=FROM,
        leave_by=FROM,
    )


def listed(**fields: object) -> dict[str, object]:
    """A row as lists have it; a field that is `...` is left out."""
    usual = {
        "content": LOST,
        "is_outbound": True,
        "status": "SENT",
        "message_handle": "h1",
        "date_sent": (FROM + timedelta(seconds=1)).isoformat(),
        "message_type": "group",
        "group_id": GROUP_ID,
        "participants": [ANN, BOB, LINE],
        "seat_id": None,
    }
    return {name: value for name, value in (usual | fields).items() if value is not ...}


class Listing:
    """Pages of rows, one after the other, whatever is asked."""

    def __init__(self, *pages: Any, pagination: bool = True) -> None:
        self.pages = [page if isinstance(page, dict) else {"status": "OK", "data": page} for page in pages]
        if pagination:
            for page in self.pages:
                page.setdefault("pagination", {"hasMore": page is not self.pages[-1]})
        self.requests: list[dict[str, str]] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(dict(request.url.params))
        return httpx.Response(200, content=json.dumps(self.pages[min(len(self.requests), len(self.pages)) - 1]))

    def find(self, group: gm.Group | None, known: tuple[str, ...] = (), **settings: Any) -> gm.Sighting:
        messenger = SendblueMessenger(
            line=LINE, api_key_id="key", api_secret_key="secret", **{"exclusive_line": True} | settings
        )
        with gm.Client(messenger, http=httpx.MockTransport(self), patience=0, settle_after=0) as client:
            return client.find_sent(attempt_to(group), known)


def test_what_is_asked() -> None:
    """The listing is narrowed to the line, to what went out, to the conversation and to the time since."""
    usual = {
        "is_outbound": "true",
        "from_number": LINE,
        "created_at_gte": "2026-11-21T11:00:00Z",
        "order_by": "createdAt",
        "order_direction": "desc",
        "limit": "100",
        "offset": "0",
    }
    for group, narrowed in (
        (None, {"message_type": "message", "number": ANN}),
        (GROUP, {"message_type": "group", "group_id": GROUP_ID}),
        (PENDING, {"message_type": "group"}),
    ):
        listing = Listing([])
        assert listing.find(group) == gm.Absent()
        assert listing.requests == [usual | narrowed]


KNOWN = attrs.evolve(GROUP, members=PENDING.members)
PRIVATE = {"message_type": "message", "group_id": "", "participants": [], "number": ANN}


@pytest.mark.parametrize(
    ("group", "fields", "expected"),
    [
        # ours
        (GROUP, {}, gm.Found),
        (GROUP, {"participants": ..., "message_type": ...}, gm.Found),
        (GROUP, {"date_sent": ..., "date_created": FROM.isoformat()}, gm.Found),
        (GROUP, {"date_sent": "2026-11-21T12:00:01"}, gm.Found),
        (GROUP, {"message_type": "message"}, gm.Found),  # a group by its id all the same
        (PENDING, {}, gm.Found),
        (PENDING, {"participants": [BOB, ANN]}, gm.Found),
        (PENDING, {"participants": ..., "number": [ANN, BOB]}, gm.Found),
        (PENDING, {"group_id": ""}, gm.Found),
        (None, PRIVATE, gm.Found),
        (None, PRIVATE | {"number": ..., "to_number": ANN}, gm.Found),
        (None, PRIVATE | {"participants": [ANN, LINE]}, gm.Found),
        (None, PRIVATE | {"number": [ANN]}, gm.Found),
        # somebody else's, or another conversation's
        (GROUP, {"group_id": "sb_group_2"}, gm.Absent),
        (GROUP, {"is_outbound": False}, gm.Absent),
        (GROUP, {"date_sent": (FROM - timedelta(minutes=61)).isoformat()}, gm.Absent),
        (GROUP, PRIVATE, gm.Absent),
        (PENDING, {"participants": [CAT, DAN, LINE]}, gm.Absent),
        (GROUP, {"date_sent": FROM + timedelta(minutes=15, seconds=1)}, gm.CannotTell),
        (GROUP, {"date_sent": FROM + timedelta(days=1), "content": "Another"}, gm.Absent),
        (KNOWN, {"group_id": "sb_group_2", "participants": [ANN, BOB, CAT, LINE]}, gm.Absent),
        (KNOWN, {"group_id": "sb_group_2", "participants": ...}, gm.Absent),
        (PENDING, {"participants": [], "number": CAT}, gm.Absent),
        (PENDING, PRIVATE, gm.Absent),
        (None, PRIVATE | {"number": BOB}, gm.Absent),
        (None, {"number": ANN}, gm.Absent),
        (None, PRIVATE | {"group_id": GROUP_ID}, gm.Absent),
        (None, PRIVATE | {"message_type": ..., "participants": [ANN, BOB, LINE]}, gm.Absent),
        # written in another way
        (PENDING, {"participants": [ANN[1:], BOB[1:], LINE[1:]]}, gm.Found),
        (None, PRIVATE | {"number": int(ANN)}, gm.Found),
        (None, PRIVATE | {"participants": [ANN[1:], LINE[1:]]}, gm.Found),
        # at the very beginning, and the end
        (GROUP, {"date_sent": FROM + timedelta(minutes=15)}, gm.Found),
        (GROUP, {"date_sent": FROM + timedelta(days=1), "date_created": FROM.isoformat()}, gm.Found),
        (GROUP, {"date_sent": FROM.isoformat()}, gm.Found),
        (GROUP, {"date_sent": FROM.isoformat(), "content": "Another"}, gm.CannotTell),
        # perhaps
        (GROUP, {"group_id": ...}, gm.CannotTell),
        (GROUP, {"group_id": ..., "content": "Another"}, gm.CannotTell),
        (GROUP, {"date_sent": ...}, gm.CannotTell),
        (GROUP, {"date_sent": "yesterday", "content": "Another"}, gm.CannotTell),
        (GROUP, {"date_sent": FROM - timedelta(seconds=1)}, gm.CannotTell),
        (GROUP, {"date_sent": FROM - timedelta(seconds=5), "content": "Another"}, gm.CannotTell),
        (GROUP, {"date_sent": FROM - timedelta(seconds=6), "content": "Another"}, gm.Absent),
        (GROUP, {"group_id": [GROUP_ID]}, gm.CannotTell),
        (GROUP, {"group_id": 17}, gm.CannotTell),
        (KNOWN, {"group_id": "sb_group_2"}, gm.CannotTell),
        (KNOWN, {"group_id": "sb_group_2", "participants": ["(312) 555-0150", BOB, LINE]}, gm.CannotTell),
        (PENDING, {"participants": [ANN, BOB, CAT]}, gm.CannotTell),
        (PENDING, {"participants": [ANN, LINE]}, gm.CannotTell),
        (PENDING, {"participants": [ANN[2:], BOB[2:], LINE[2:]]}, gm.CannotTell),
        (PENDING, {"participants": ["(312) 555-0150", "(312) 555-0151"]}, gm.CannotTell),
        (PENDING, {"participants": [CAT, "ann@example.com"]}, gm.CannotTell),
        (PENDING, {"participants": [CAT[1:], DAN[1:]]}, gm.CannotTell),
        (None, PRIVATE | {"number": ANN[2:]}, gm.CannotTell),
        (None, PRIVATE | {"participants": [ANN[2:], LINE[2:]]}, gm.CannotTell),
        (GROUP, {"content": None}, gm.CannotTell),
        (GROUP, {"content": LOST + "!"}, gm.CannotTell),
        (GROUP, {"status": "ERROR", "error_code": 10002}, gm.CannotTell),
        (GROUP, {"status": None}, gm.CannotTell),
        (PENDING, {"participants": ..., "number": ANN}, gm.CannotTell),
        (PENDING, {"participants": None}, gm.CannotTell),
        (None, PRIVATE | {"number": None}, gm.CannotTell),
    ],
    ids=str,
)
def test_row(group: gm.Group | None, fields: dict[str, Any], expected: type) -> None:
    """A row is ours only if it says so; one that does not say may be ours, and is then neither found nor absent."""
    fields = {name: value.isoformat() if isinstance(value, datetime) else value for name, value in fields.items()}
    assert type(Listing([listed(**fields)]).find(group)) is expected
    assert type(Listing([listed(**fields)]).find(group, ("h1",))) is gm.Absent


@pytest.mark.parametrize(
    ("seat", "expected"), [(SEAT, gm.Found), ("another", gm.Absent), (None, gm.CannotTell), (..., gm.CannotTell)]
)
def test_row_of_a_seat(seat: Any, expected: type) -> None:
    """Rows of other seats are not ours, those of none may be; on an exclusive line every row is."""
    rows = [listed(seat_id=seat)]
    assert type(Listing(rows).find(GROUP, exclusive_line=False, seat_id=SEAT)) is expected
    assert type(Listing(rows).find(GROUP, exclusive_line=True, seat_id=SEAT)) is gm.Found


@pytest.mark.parametrize("handle", [["h1"], {"id": "h1"}, None, ..., 1.5])
def test_row_without_a_handle(handle: Any) -> None:
    """What stands in the place of an id and is none is no id, and no error."""
    assert found(Listing([listed(message_handle=handle)]).find(GROUP, ("h1",))).id == ""


def test_later_rows_are_read() -> None:
    """The same text from long after is not taken for this message, which may come after that, nor for its absence."""
    late = [listed(date_sent=(FROM + timedelta(hours=n)).isoformat(), message_handle=f"l{n}") for n in (3, 2, 1)]
    assert found(Listing(late, [listed()]).find(GROUP)).id == "h1"
    assert isinstance(Listing(late, []).find(GROUP), gm.CannotTell)


def test_oldest_is_claimed() -> None:
    """Of several that match the oldest is the one."""
    rows = [listed(message_handle=f"h{n}", date_sent=(FROM + timedelta(seconds=n)).isoformat()) for n in (3, 1, 2)]
    assert found(Listing(rows).find(GROUP)).id == "h1"


@pytest.mark.parametrize(
    "page",
    [{"status": "ERROR", "message": "no"}, {"status": "OK", "data": None}, {"data": {"rows": []}}, {}],
    ids=json.dumps,
)
def test_no_list(page: dict[str, object]) -> None:
    """An answer without a list is not an empty one."""
    with pytest.raises(gm.UnexpectedAnswer):
        Listing(page).find(GROUP)


OTHERS = [listed(group_id="sb_group_2")] * 3
OLD = [listed(group_id="sb_group_2", date_sent=(FROM - timedelta(hours=n)).isoformat()) for n in range(2, 5)]


@pytest.mark.parametrize(
    ("listing", "offsets"),
    [
        (Listing(OTHERS, [listed()]), ["0", "3"]),  # pages shorter than what was asked for
        (Listing(OTHERS, [listed()], [], pagination=False), ["0", "3", "4"]),
        (Listing({"data": OTHERS, "pagination": {}}, [listed()]), ["0", "3"]),
        (Listing({"data": OTHERS, "pagination": {"hasMore": None}}, [listed()]), ["0", "3"]),
        (Listing(list(reversed(OLD)), [listed()]), ["0", "3"]),  # order ignored: the oldest first
        (Listing([*OTHERS, "nonsense"], [listed()]), ["0", "4"]),
        (Listing([listed(date_sent=...)], [listed()]), ["0", "1"]),
    ],
)
def test_paging(listing: Listing, offsets: list[str]) -> None:
    """Pages are read until there are no more: not where one is short, in another order, or says nothing of more."""
    assert isinstance(listing.find(GROUP), gm.Found)
    assert [request["offset"] for request in listing.requests] == offsets


def test_paging_ends_in_the_past() -> None:
    """Newest first, nothing after a page of older messages can be ours."""
    listing = Listing(OTHERS, OLD, [listed()])
    assert listing.find(GROUP) == gm.Absent()
    assert len(listing.requests) == 2


def test_too_many() -> None:
    """Beyond ten thousand rows the listing is not complete, and nothing is said of what was not read."""
    listing = Listing({"data": [listed(group_id="sb_group_2")] * 100, "pagination": {"hasMore": True}})
    assert "too many" in why(listing.find(GROUP))
    assert [listing.requests[n]["offset"] for n in (0, -1)] == ["0", "9900"]


def test_found_without_a_group_id() -> None:
    """A row that names no group leaves the group its members."""
    group = group_of(Listing([listed(group_id="")]).find(PENDING))
    assert (group.id, group.pending, group.members) == (PENDING.id, False, PENDING.members)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("2026-11-21T12:00:00.000Z", FROM),
        ("2026-11-21T12:00:00", FROM),
        ("2026-11-21T13:00:00+01:00", FROM),
        ("soon", None),
        (None, None),
    ],
)
def test_moment(value: object, expected: datetime | None) -> None:
    """Their times are read with and without a zone, which is then UTC."""
    assert moment(value) == expected


def test_message_in_data() -> None:
    """A message object comes bare or inside `data`."""
    assert row({"status": "SENT"}) == {"status": "SENT"}
    assert row({"status": "OK", "data": {"status": "SENT"}}) == {"status": "SENT"}
