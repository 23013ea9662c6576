"""What is asked of Sendblue, and what is not: requests, settings, groups and their members."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any, ClassVar, TypeAlias
from urllib.parse import parse_qsl, urlsplit

import httpx
import pytest
from groupmessenger_sendblue import SendblueMessenger
from groupmessenger_sendblue.sandbox import KEY_ID, LINE, SEAT, SECOND_LINE, SECRET, SendblueFace

import groupmessenger as gm
from groupmessenger import Channel, Outcome, Status
from groupmessenger.sandbox import Sandbox

ANN, BOB, CAT, DAN, EVE = (f"+1312555015{n}" for n in range(5))
EMAIL = "eve@example.com"
GROUP_ID = "sb_group_1"
PICTURE = "https://example.com/a.jpg"
SEND, DIRECT, MODIFY = "/api/send-group-message", "/api/send-message", "/api/modify-group"

Thunks: TypeAlias = tuple[Callable[[], object], ...]


class Vendor:
    """Answers from a queue, or as if all were well; keeps what it was asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str, Any]] = []
        self.headers: list[httpx.Headers] = []
        self.raw: list[bytes] = []
        self.timeouts: list[dict[str, float]] = []
        self.answers: list[tuple[int, Any]] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        body = json.loads(request.content) if request.content else dict(request.url.params)
        self.asked.append((request.method, request.url.path, body))
        self.headers.append(request.headers)
        self.raw.append(request.url.raw_path)
        self.timeouts.append(request.extensions["timeout"])
        usual = {"status": "QUEUED", "message_handle": "h1", "group_id": GROUP_ID, "service": "iMessage"}
        status, answer = self.answers.pop(0) if self.answers else (200, usual)
        return httpx.Response(status, json=answer)

    def connect(self, **settings: Any) -> gm.Client:
        given = {"line": LINE, "api_key_id": "key", "api_secret_key": "secret"} | settings
        return gm.Client(SendblueMessenger(**given), http=httpx.MockTransport(self), patience=0)

    @property
    def bodies(self) -> list[Any]:
        return [body for _, _, body in self.asked]


@pytest.fixture
def vendor() -> Vendor:
    return Vendor()


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


def made(box: Sandbox, client: gm.Client, *people: str) -> gm.Group:
    """A group whose thread is on the device."""
    group = client.send(client.create_group(people or (ANN, BOB, CAT)), "First").group
    box.clock.advance(10)
    box.clear_log()
    return group


def members(group: gm.Group) -> set[str]:
    return set(map(str, group.addresses))


def operations(box: Sandbox) -> list[str | None]:
    return [entry["operation"] for entry in box.log]


class TestRequests:
    def test_group_by_numbers_then_by_id(self, vendor: Vendor) -> None:
        """The first message goes to the numbers and every later one to the group's id, by the pending value too."""
        with vendor.connect() as client:
            group = client.create_group([ANN, BOB])
            assert vendor.asked == []
            receipt = client.send(group, "One")
            client.send(receipt.group, "Two")
            client.send(group, "Three")
            client.send(client.group("sb_group_2"), "Four")
        usual = {"from_number": LINE}
        assert vendor.asked == [
            ("POST", SEND, usual | {"content": "One", "numbers": [ANN, BOB]}),
            ("POST", SEND, usual | {"content": "Two", "group_id": GROUP_ID}),
            ("POST", SEND, usual | {"content": "Three", "group_id": GROUP_ID}),
            ("POST", SEND, usual | {"content": "Four", "group_id": "sb_group_2"}),
        ]
        assert receipt.recipients == (gm.PhoneNumber(ANN), gm.PhoneNumber(BOB))

    def test_direct(self, vendor: Vendor) -> None:
        """A private text goes to one number, on another path."""
        with vendor.connect() as client:
            receipt = client.send_direct(ANN, "Hello")
        assert vendor.asked == [("POST", DIRECT, {"from_number": LINE, "content": "Hello", "number": ANN})]
        assert receipt.recipients == (gm.PhoneNumber(ANN),)

    def test_everything(self, vendor: Vendor) -> None:
        """Every part of a message has its field; the text is there even when it is empty."""
        message = gm.Message(media=PICTURE, effect="confetti", reply_to="h0")
        with vendor.connect(seat_id=SEAT) as client:
            client.send(client.group(GROUP_ID), message)
            client.send_direct(ANN, message)
        usual = {
            "from_number": LINE,
            "content": "",
            "media_url": PICTURE,
            "send_style": "confetti",
            "reply_to": {"message_handle": "h0"},
            "seat_id": SEAT,
        }
        assert vendor.bodies == [usual | {"group_id": GROUP_ID}, usual | {"number": ANN}]

    def test_keys(self, vendor: Vendor) -> None:
        """Both keys go with every request, in headers and nowhere else."""
        with vendor.connect() as client:
            client.send_direct(ANN, "Hello")
            client.get_status("h1")
        for headers in vendor.headers:
            assert (headers["sb-api-key-id"], headers["sb-api-secret-key"]) == ("key", "secret")
            assert "authorization" not in headers
        assert b"secret" not in b"".join(vendor.raw)
        assert "secret" not in json.dumps(vendor.bodies)

    @pytest.mark.parametrize(
        ("url", "kept"),
        [
            ("https://example.com/hook", []),
            ("https://example.com/hook?a=1&b=x%20y&a=2", [("a", "1"), ("b", "x y"), ("a", "2")]),
            ("https://example.com/hook?flag", [("flag", "")]),
        ],
    )
    def test_status_callback(self, vendor: Vendor, url: str, kept: list[tuple[str, str]]) -> None:
        """The callback brings our token back, sealed with the secret key, beside the query it has."""
        with vendor.connect(status_callback=url) as client:
            receipt = client.send_direct(ANN, "Hello")
        called = urlsplit(vendor.bodies[0]["status_callback"])
        assert called[:3] == urlsplit(url)[:3]
        seal = hmac.new(b"secret", receipt.token.encode(), hashlib.sha256).hexdigest()[:32]
        assert parse_qsl(called.query, keep_blank_values=True) == [*kept, ("gm", f"{receipt.token}.{seal}")]

    def test_each_message_has_a_token(self, vendor: Vendor) -> None:
        """No two messages share a callback."""
        with vendor.connect(status_callback="https://example.com/hook") as client:
            receipts = [client.send_direct(ANN, "Hello") for _ in range(3)]
        assert len({receipt.token for receipt in receipts}) == 3
        assert len({body["status_callback"] for body in vendor.bodies}) == 3

    def test_extras(self, vendor: Vendor) -> None:
        """Extras for Sendblue go along as they are; those for another provider do not."""
        extras: dict[str, dict[str, Any]] = {"sendblue": {"pre_reply_override": True}, "acme": {"priority": 1}}
        with vendor.connect() as client:
            client.send_direct(ANN, gm.Message("Hello", extras=extras))
        assert vendor.bodies[0] == {
            "pre_reply_override": True,
            "from_number": LINE,
            "content": "Hello",
            "number": ANN,
        }

    @pytest.mark.parametrize(
        "field",
        "number numbers group_id from_number content media_url send_style reply_to seat_id status_callback".split(),  # noqa: SIM905
    )
    def test_extras_cannot_override(self, vendor: Vendor, field: str) -> None:
        """What the message or the connection says cannot be said otherwise by an extra."""
        message = gm.Message("Hello", extras={"sendblue": {field: "else"}})
        with vendor.connect() as client:
            for send in (client.send_direct, lambda _, text: client.send(client.group(GROUP_ID), text)):
                with pytest.raises(gm.UnsupportedOperation, match=field):
                    send(ANN, message)
        assert vendor.asked == []

    @pytest.mark.parametrize(
        "group_id",
        ["a/b", "a b", "a?x=1", "a#b", "a%2Fb", "ü", "a+b", "_group_id_", "a" * 160],
    )
    def test_odd_group_ids(self, vendor: Vendor, group_id: str) -> None:
        """An id is opaque: it stays one segment of the path, and comes out as it went in."""
        people: dict[str, Any] = {"data": {"participants": []}}
        vendor.answers = [(200, people), (200, {"status": "OK"})]
        with vendor.connect() as client:
            client.get_group(group_id)
            client.rename_group(client.group(group_id), "Friends")
            client.send(client.group(group_id), "Hello")
        assert [path for _, path, _ in vendor.asked] == [
            f"/api/v2/groups/{group_id}",
            f"/api/v2/groups/{group_id}/name",
            SEND,
        ]
        assert [raw.count(b"/") for raw in vendor.raw] == [4, 5, 2]
        assert not any(byte in b"".join(vendor.raw) for byte in b"?# ")
        assert vendor.bodies[2]["group_id"] == group_id

    def test_no_group_id(self, vendor: Vendor) -> None:
        """161 characters cannot be a group."""
        with vendor.connect() as client:
            group = client.group("a" * 161)
            refusals: Thunks = (
                lambda: client.get_group(group),
                lambda: client.add_members(group, [DAN]),
                lambda: client.remove_members(group, [DAN]),
                lambda: client.rename_group(group, "Friends"),
            )
            for refused in refusals:
                with pytest.raises(gm.UnsupportedOperation, match="group id"):
                    refused()
        assert vendor.asked == []

    def test_unsupported(self, vendor: Vendor) -> None:
        """What Sendblue does not have is refused without a request."""
        with vendor.connect() as client:
            group = client.group(GROUP_ID)
            refusals: Thunks = (
                client.list_groups,
                lambda: client.leave_group(group),
                lambda: client.delete_group(group),
            )
            for refused in refusals:
                with pytest.raises(gm.UnsupportedOperation):
                    refused()
            with pytest.raises(gm.BroadcastRefused):
                client.create_group([ANN, BOB], topology="broadcast")
            with pytest.raises(gm.GroupPending):
                client.get_group(client.create_group([ANN, BOB]))
        assert vendor.asked == []


class TestAddresses:
    @pytest.mark.parametrize("person", [EMAIL, gm.OpaqueAddress("22000")], ids=str)
    def test_only_numbers_begin_a_group(self, vendor: Vendor, person: str | gm.OpaqueAddress) -> None:
        """A group begins with phone numbers: e-mails are added afterwards, short codes never."""
        with vendor.connect() as client:
            with pytest.raises(gm.UnsupportedOperation, match=r"phone numbers|cannot be texted"):
                client.create_group([ANN, BOB, person])
            people = map(gm.Member, (ANN, BOB, person))
            group = gm.Group.of_members("sendblue", LINE, people, pending=True, topology=gm.Topology.SHARED_THREAD)
            assert not client.plan(group, "Hello").ok
            with pytest.raises(gm.UnsupportedOperation, match=r"phone numbers|cannot be texted"):
                client.send(group, "Hello")
            with pytest.raises(gm.UnsupportedOperation, match=r"phone number only|cannot be texted"):
                client.send_direct(person, "Hello")
        assert vendor.asked == []

    def test_email_in_a_known_group(self, vendor: Vendor) -> None:
        """A group with an id may hold an e-mail: it is addressed by its id."""
        with vendor.connect() as client:
            people = tuple(map(gm.Member, (ANN, BOB, EMAIL)))
            receipt = client.send(gm.Group("sendblue", LINE, GROUP_ID, people), "Hello")
        assert [str(address) for address in receipt.recipients] == [ANN, BOB, EMAIL]

    def test_own_line(self, vendor: Vendor) -> None:
        """Our line is in every group and nobody's recipient."""
        with vendor.connect() as client:
            refusals: Thunks = (
                lambda: client.create_group([ANN, BOB, LINE]),
                lambda: client.send_direct(LINE, "Hello"),
                lambda: client.add_members(client.group(GROUP_ID), [LINE]),
            )
            for refused in refusals:
                with pytest.raises(gm.InvalidInput, match="own line"):
                    refused()
        assert vendor.asked == []


class TestMedia:
    @pytest.mark.parametrize(
        "url",
        [
            PICTURE,
            "https://example.com/a.JPEG",
            "http://example.com/a.b/c.webp?width=300&format=x",
            "https://example.com/a.jpg?tokens=3&design=1",
        ],
    )
    def test_public(self, vendor: Vendor, url: str) -> None:
        """A public URL that ends in an extension goes as it is."""
        with vendor.connect() as client:
            client.send_direct(ANN, gm.Message("See", url))
        assert vendor.bodies[0]["media_url"] == url

    @pytest.mark.parametrize(
        ("url", "why"),
        [
            ("https://example.com/a", "extension"),
            ("https://example.com/", "extension"),
            ("https://example.com/a.jpg/", "extension"),
            ("https://example.com?file=a.jpg", "extension"),
            ("https://example.com/a.verylong", "extension"),
            ("https://example.com/a.jpg?X-Amz-Signature=1", "signed"),
            ("https://example.com/a.jpg?x-goog-signature=1", "signed"),
            ("https://example.com/a.jpg?sig=1", "signed"),
            ("https://example.com/a.jpg?token", "signed"),
            ("https://example.com/a.jpg?Expires=1&Signature=2&Key-Pair-Id=3", "signed"),
            ("https://example.com/a.jpg?Policy=1", "signed"),
        ],
    )
    def test_refused(self, vendor: Vendor, url: str, why: str) -> None:
        """Without an extension, or signed, Sendblue would not fetch it: that is said before."""
        message = gm.Message("See", url)
        with vendor.connect() as client:
            for send in (client.send_direct, lambda _, text: client.send(client.group(GROUP_ID), text)):
                with pytest.raises(gm.UnsupportedOperation, match=why) as raised:
                    send(ANN, message)
                assert "example.com" not in str(raised.value)
        assert vendor.asked == []


class TestSettings:
    GOOD: ClassVar[dict[str, str]] = {"line": LINE, "api_key_id": "key", "api_secret_key": "hush-hush"}

    def problems(self, **settings: Any) -> dict[str, str]:
        with pytest.raises(gm.ConfigurationError) as raised:
            gm.connect("sendblue", **settings)
        text = str(raised.value)
        for value in settings.values():
            if isinstance(value, str) and len(value) > 5:
                assert value not in text
        return {problem.key: f"{problem.what} {problem.cure}" for problem in raised.value.problems}

    def test_all_problems_at_once(self) -> None:
        """Everything missing, unknown and impossible is named together, with what was probably meant."""
        found = self.problems(lines=LINE, api_key="a-key-id", exclusive_line="perhaps", colour="crimson")
        assert list(found) == ["lines", "api_key", "colour", "line", "api_key_id", "api_secret_key", "exclusive_line"]
        assert "did you mean 'line'?" in found["lines"]
        assert "did you mean 'api_key_id'?" in found["api_key"]
        assert "there are line, api_key_id" in found["colour"]
        assert "missing" in found["line"]

    @pytest.mark.parametrize(
        ("setting", "value"),
        [
            ("line", "312 555 0100"),
            ("line", "not a number"),
            ("line", 13125550100),
            ("line", None),
            ("api_key_id", ""),
            ("api_key_id", "  "),
            ("api_key_id", None),
            ("api_secret_key", "hush\nhush"),
            ("api_secret_key", "húsh-húsh"),
            ("api_secret_key", 12345678),
            ("status_callback", "example.com/hook"),
            ("status_callback", "ftp://example.com/hook"),
            ("status_callback", "https:///hook"),
            ("status_callback", 5),
            ("seat_id", ""),
            ("seat_id", "  "),
            ("seat_id", 5),
            ("exclusive_line", "perhaps"),
        ],
    )
    def test_impossible(self, setting: str, value: Any) -> None:
        """A setting that cannot work is a problem of its own, at once, and its value is not repeated."""
        assert list(self.problems(**self.GOOD | {setting: value})) == [setting]

    @pytest.mark.parametrize("line", ["312 555 0100", "3125550100", "not a number", "+1 312"])
    def test_line(self, line: str) -> None:
        """How to write the line is said in words that fit a setting."""
        problem = self.problems(**self.GOOD | {"line": line})["line"]
        assert "line is your Sendblue number in E.164: '+', the country code and the number" in problem
        assert "region" not in problem

    @pytest.mark.parametrize("base_url", ["http://api.sendblue.com", "api.sendblue.com", "https://x.test/?a=1"])
    def test_base_url(self, base_url: str) -> None:
        """Keys go over https alone."""
        assert list(self.problems(**self.GOOD, base_url=base_url)) == ["base_url"]

    @pytest.mark.parametrize(
        ("value", "exclusive"), [(True, True), (1, True), ("yes", True), ("false", False), (0, False)]
    )
    def test_good(self, value: Any, exclusive: bool) -> None:
        """A line may be written as people write it, and what is on or off in several words."""
        settings = self.GOOD | {"line": "+1 (312) 555-0100", "exclusive_line": value, "seat_id": SEAT}
        with gm.connect("sendblue", **settings) as client:
            messenger = client.messenger
            assert isinstance(messenger, SendblueMessenger)
            assert (messenger.line, messenger.exclusive_line) == (LINE, exclusive)
            assert messenger.base_url == "https://api.sendblue.com"
            assert "hush" not in repr(messenger)
            assert LINE not in repr(messenger)

    def test_wrong_keys(self, box: Sandbox) -> None:
        """Keys that Sendblue does not know: nothing was sent, and the text says which settings to look at."""
        with box.connect("sendblue", patience=0, api_key_id="wrong") as client:
            with pytest.raises(gm.AuthenticationFailed, match="api_key_id") as raised:
                client.send_direct(ANN, "Hello")
            assert (raised.value.outcome, raised.value.status) == (Outcome.NOT_SENT, 401)
            assert KEY_ID not in str(raised.value)
            assert SECRET not in str(raised.value)
        assert box.phones[ANN].texts == []


class TestReadingGroups:
    def read(self, vendor: Vendor, data: Any, group: gm.Group | None = None) -> gm.Group:
        vendor.answers = [(200, {"status": "OK", "data": data})]
        with vendor.connect() as client:
            return client.get_group(group or GROUP_ID)

    def test_members(self, vendor: Vendor) -> None:
        """Numbers, e-mails and names are read once each; our line is not among them, however it is listed."""
        group = self.read(
            vendor,
            {
                "group_id": GROUP_ID,
                "group_name": "Friends",
                "participants": [
                    {"handle": ANN, "phone": ANN, "name": "Ann", "type": "contact"},
                    {"handle": "Eve@Example.com", "phone": None, "name": "Eve", "type": "contact"},
                    {"handle": "cat@example.com", "phone": CAT, "name": "", "type": "contact"},
                    {"handle": LINE, "phone": LINE, "name": "us", "type": "seat", "seat_id": SEAT},
                    {"handle": "22000", "phone": None, "name": None},
                    {"handle": None, "phone": None, "name": "nobody"},
                    "nonsense",
                ],
                "participant_numbers": [ANN, CAT, LINE, BOB],
            },
        )
        assert [str(member) for member in group.members or ()] == [ANN, EMAIL, CAT, "22000", BOB]
        assert [member.name for member in group.members or ()] == ["Ann", "Eve", None, None, None]
        assert (group.name, group.name_pending, group.pending) == ("Friends", False, False)
        assert vendor.asked == [("GET", f"/api/v2/groups/{GROUP_ID}", {})]

    @pytest.mark.parametrize(
        "body",
        [
            {},
            {"status": "OK"},
            {"status": "ERROR", "message": "try later"},
            {"status": "OK", "data": None},
            {"status": "OK", "data": {}},
            {"status": "OK", "data": {"participants": None, "participant_numbers": [ANN]}},
            {"status": "OK", "data": [ANN]},
        ],
        ids=json.dumps,
    )
    def test_members_not_said(self, vendor: Vendor, body: Any) -> None:
        """An answer that does not say who is there is not a group of nobody, and nothing is changed on its strength."""
        with vendor.connect() as client:
            reads: Thunks = (
                lambda: client.get_group(GROUP_ID),
                lambda: client.remove_members(client.group(GROUP_ID), [ANN]),
                lambda: client.add_members(client.group(GROUP_ID), [ANN]),
            )
            for read in reads:
                vendor.answers = [(200, body)]
                with pytest.raises(gm.UnexpectedAnswer):
                    read()
        assert [method for method, _, _ in vendor.asked] == ["GET"] * 3

    def test_empty(self, vendor: Vendor) -> None:
        """A group that everybody left has no members, and is none the less known."""
        assert self.read(vendor, {"participants": []}).members == ()

    @pytest.mark.parametrize(
        ("theirs", "name", "pending"), [("Others", "Others", False), ("", "Friends", True), (None, "Friends", True)]
    )
    def test_name_still_wanted(self, vendor: Vendor, theirs: str | None, name: str, pending: bool) -> None:
        """A name that is still to be set stays wanted, unless somebody gave another one meanwhile."""
        wanted = gm.Group("sendblue", LINE, GROUP_ID, name="Friends", name_pending=True)
        group = self.read(vendor, {"participants": [], "group_name": theirs}, wanted)
        assert (group.name, group.name_pending) == (name, pending)

    def test_name_taken_away(self, vendor: Vendor) -> None:
        """A name that is gone is gone."""
        group = self.read(vendor, {"participants": []}, gm.Group("sendblue", LINE, GROUP_ID, name="Friends"))
        assert group.name is None


class TestStatus:
    @pytest.mark.parametrize(
        ("body", "status", "evidence", "code"),
        [
            ({"status": "DELIVERED", "error_code": None}, Status.DELIVERED, gm.Evidence.HANDSET, None),
            ({"status": "SENT"}, Status.SENT, None, None),
            ({"status": "OK", "data": {"status": "READ"}}, Status.READ, None, None),
            ({"status": "ERROR", "error_code": 10001}, Status.FAILED, None, "10001"),
            ({"status": "ERROR", "error_code": 10002}, Status.UNKNOWN, None, "10002"),
            ({"status": "DECLINED", "error_key": "OPTED_OUT", "error_code": 4000}, Status.FAILED, None, "OPTED_OUT"),
            ({}, Status.UNKNOWN, None, None),
        ],
    )
    def test_status(
        self, vendor: Vendor, body: Any, status: Status, evidence: gm.Evidence | None, code: str | None
    ) -> None:
        """One status for all recipients, with who says so and their code."""
        vendor.answers = [(200, body)]
        with vendor.connect() as client:
            delivery = client.get_status("h1")
        (event,) = delivery.by_recipient.values()
        assert (delivery.status, event.recipient) == (status, None)
        key = f"h1/{status}" + ("/final" if code == "10002" else "")
        assert (event.evidence, event.code, event.key) == (evidence, code, key)
        assert vendor.asked == [("GET", "/api/status", {"handle": "h1"})]

    @pytest.mark.parametrize(
        ("dates", "at"),
        [
            ({"date_updated": "2026-11-21T12:00:01Z", "date_sent": "2026-11-21T12:00:00Z"}, 1),
            ({"date_updated": None, "date_sent": "2026-11-21T12:00:00Z"}, 0),
            ({"date_updated": "soon", "date_sent": "2026-11-21T12:00:00"}, 0),
        ],
    )
    def test_time(self, vendor: Vendor, dates: Any, at: int) -> None:
        """The time is the vendor's, of the last change or of sending."""
        vendor.answers = [(200, {"status": "SENT"} | dates)]
        with vendor.connect() as client:
            (event,) = client.get_status("h1").by_recipient.values()
        assert event.at == datetime(2026, 11, 21, 12, 0, at, tzinfo=UTC)

    def test_unknown_handle(self, vendor: Vendor) -> None:
        """A message that Sendblue does not know is an error, and not a missing group."""
        vendor.answers = [(404, {"status": "ERROR", "message": "Message not found"})]
        with vendor.connect() as client, pytest.raises(gm.ProviderError) as raised:
            client.get_status("h1")
        assert type(raised.value) is gm.Rejected


class TestMembers:
    def test_one_after_the_other(self, box: Sandbox, client: gm.Client) -> None:
        """The group is read, then each person changed by a request of its own, from our line."""
        group = made(box, client)
        group = client.add_members(group, [DAN, EMAIL, ANN])
        assert members(group) == {ANN, BOB, CAT, DAN, EMAIL}
        assert operations(box) == ["get_group", "modify_group", "modify_group"]
        assert [entry["request"] for entry in box.log[1:]] == [
            {"group_id": group.id, "modify_type": "add_recipient", "number": number, "from_number": LINE}
            for number in (DAN, EMAIL)
        ]
        box.clear_log()
        group = client.remove_members(group, [DAN, CAT, EVE])
        assert members(group) == {ANN, BOB, EMAIL}
        assert operations(box) == ["get_group", "modify_group", "modify_group"]
        (thread,) = box.phones[ANN].threads
        assert thread.participants == {ANN, BOB, EMAIL, LINE}

    def test_nothing_to_do(self, box: Sandbox, client: gm.Client) -> None:
        """Nobody is added twice or removed twice, whatever the caller's value says: the group is read first."""
        group = made(box, client)
        assert client.add_members(group, [ANN]) == group
        assert client.remove_members(group, [DAN]) == group
        assert operations(box) == ["get_group"] * 2

    def test_stale_value(self, box: Sandbox, client: gm.Client) -> None:
        """Somebody whom the caller's value does not know can be removed."""
        group = made(box, client)
        assert members(client.add_members(group, [DAN])) == {ANN, BOB, CAT, DAN}
        assert members(client.remove_members(group, [DAN])) == {ANN, BOB, CAT}

    def test_two_lines(self, box: Sandbox, client: gm.Client) -> None:
        """With two of our lines in the group it is this connection's that acts."""
        group = made(box, client)
        (thread,) = box.phones[ANN].threads
        thread.participants.add(SECOND_LINE)
        client.add_members(group, [DAN])
        assert DAN in thread.participants

    def test_partial_failure(self, box: Sandbox, client: gm.Client) -> None:
        """A refusal speaks of one person: the others are changed, and the error says who is and who is not."""
        group = made(box, client)
        box.phones[DAN].imessage = False
        with pytest.raises(gm.PartialFailure) as raised:
            client.add_members(group, [ANN, DAN, EVE])
        error = raised.value
        assert [str(member) for member in error.succeeded] == [EVE]  # Ann was known to be in it
        assert {str(member): type(why) for member, why in error.failed.items()} == {DAN: gm.Rejected}
        assert members(error.group) == {ANN, BOB, CAT, EVE}
        assert error.outcome is Outcome.SENT
        assert DAN not in str(error)
        assert "1 of 2 members could not be added" in str(error)

    def test_nobody_changed(self, box: Sandbox, client: gm.Client) -> None:
        """If nobody was changed, nothing was done; a single person's error is raised as it is."""
        group = made(box, client)
        box.phones[DAN].imessage = box.phones[EVE].imessage = False
        with pytest.raises(gm.PartialFailure) as raised:
            client.add_members(group, [DAN, EVE])
        assert (raised.value.outcome, raised.value.succeeded) == (Outcome.NOT_SENT, ())
        with pytest.raises(gm.Rejected):
            client.add_members(group, [DAN])

    @pytest.mark.parametrize(
        ("fault", "kind", "outcome"),
        [
            ({"kind": "refuse", "status": 403, "body": {"message": "no"}}, gm.AuthenticationFailed, Outcome.NOT_SENT),
            ({"kind": "refuse", "status": 429}, gm.RateLimited, Outcome.NOT_SENT),
            ({"kind": "refuse", "status": 404, "body": {"error": "x"}}, gm.GroupNotFound, Outcome.NOT_SENT),
            ({"kind": "drop"}, gm.OutcomeUnknown, Outcome.UNKNOWN),
        ],
    )
    def test_rest_untried(
        self, box: Sandbox, client: gm.Client, fault: dict[str, Any], kind: type, outcome: Outcome
    ) -> None:
        """What is not about one person ends it: the rest is not tried, and says so."""
        group = made(box, client)
        box.fault(operation="modify_group", **fault)
        with pytest.raises(gm.PartialFailure) as raised:
            client.add_members(group, [DAN, EVE])
        assert [type(why) for why in raised.value.failed.values()] == [kind, gm.NotReached]
        assert raised.value.outcome is outcome
        assert operations(box).count("modify_group") == 1
        assert members(raised.value.group) == {ANN, BOB, CAT}

    @pytest.mark.parametrize("phase", ["before", "after"])
    @pytest.mark.parametrize("change", ["add", "remove"])
    def test_lost_answer(self, box: Sandbox, client: gm.Client, change: str, phase: str) -> None:
        """After a lost answer the group is read again: done if it is so now, in doubt if not, and never tried twice."""
        group = made(box, client, ANN, BOB, CAT, DAN)

        def do() -> gm.Group:
            return client.add_members(group, [EVE]) if change == "add" else client.remove_members(group, [DAN])

        box.fault("drop", operation="modify_group", phase=phase)
        if phase == "after":
            assert members(do()) == ({ANN, BOB, CAT, DAN, EVE} if change == "add" else {ANN, BOB, CAT})
        else:
            with pytest.raises(gm.OutcomeUnknown):
                do()
        assert operations(box) == ["get_group", "modify_group", "get_group"]

    def test_lost_answer_and_no_look(self, box: Sandbox, client: gm.Client) -> None:
        """If the group cannot be read again either, it stays in doubt."""
        group = made(box, client)
        box.fault("drop", operation="modify_group", phase="after")
        box.fault("refuse", operation="get_group", nth=2, times=None, status=500)
        with pytest.raises(gm.OutcomeUnknown):
            client.add_members(group, [EVE])

    def test_too_small(self, box: Sandbox, client: gm.Client) -> None:
        """Sendblue removes only from four or more, our line included: known beforehand, before the first removal."""
        group = made(box, client)
        with pytest.raises(gm.LimitExceeded) as raised:
            client.remove_members(group, [ANN, BOB])
        assert (raised.value.name, raised.value.limit, raised.value.asked) == ("total_members", 4, 3)
        assert operations(box) == ["get_group"]
        group = client.remove_members(group, [CAT])
        box.clear_log()
        with pytest.raises(gm.UnsupportedOperation, match="four or more"):
            client.remove_members(group, [BOB])
        assert operations(box) == []
        with pytest.raises(gm.LimitExceeded):
            client.remove_members(client.group(group.id), [BOB])
        assert operations(box) == ["get_group"]

    def test_too_large(self, box: Sandbox, client: gm.Client) -> None:
        """Nobody is added where not all would fit, also to a group whose members were not known before."""
        face_of(box).limits.new_contacts_per_hour = 100
        group = made(box, client, *(f"+1312555{n}" for n in range(2000, 2023)))
        with pytest.raises(gm.LimitExceeded):
            client.add_members(group, [ANN, BOB, CAT])
        assert operations(box) == []
        with pytest.raises(gm.LimitExceeded) as raised:
            client.add_members(client.group(group.id), [ANN, BOB, CAT])
        assert (raised.value.limit, raised.value.asked) == (25, 26)
        assert operations(box) == ["get_group"]
        assert len(members(client.add_members(client.group(group.id), [ANN, BOB]))) == 25


class TestNames:
    def test_set_once_the_thread_is_there(self, box: Sandbox, client: gm.Client) -> None:
        """A name asked for at creation is set with the first message that finds the thread on the device."""
        group = client.create_group([ANN, BOB], "Friends")
        first = client.send(group, "One")
        assert [each.feature for each in first.degradations] == ["name"]
        assert (first.group.name, first.group.name_pending) == ("Friends", True)
        second = client.send(first.group, "Two")
        assert "not set yet" in second.degradations[0].done
        box.clock.advance(10)
        third = client.send(second.group, "Three")
        assert (third.degradations, third.group.name_pending) == ((), False)
        box.clear_log()
        assert client.send(group, "Four").degradations == ()
        assert operations(box) == ["send_group"]
        (thread,) = box.phones[ANN].threads
        assert (thread.name, box.phones[BOB].texts) == ("Friends", ["One", "Two", "Three", "Four"])

    @pytest.mark.parametrize("word", ["SENT", "DELIVERED", "READ"])
    def test_at_once(self, vendor: Vendor, word: str) -> None:
        """If the first answer says that it is on the device already, the name is set at once."""
        vendor.answers = [
            (200, {"status": word, "message_handle": "h1", "group_id": GROUP_ID, "service": "iMessage"}),
            (200, {"status": "OK"}),
        ]
        with vendor.connect() as client:
            receipt = client.send(client.create_group([ANN, BOB], "Friends"), "One")
        assert (receipt.degradations, receipt.group.name_pending) == ((), False)
        assert vendor.asked[1] == (
            "POST",
            f"/api/v2/groups/{GROUP_ID}/name",
            {"group_name": "Friends", "from_number": LINE},
        )
        assert [timeout["read"] for timeout in vendor.timeouts] == [30, 5]  # the receipt waits for it

    @pytest.mark.parametrize("kind", ["drop", "html", "empty"])
    def test_lost(self, box: Sandbox, client: gm.Client, kind: str) -> None:
        """Whatever becomes of the name, the message was sent: its receipt says so, and that the name is still due."""
        group = client.send(client.create_group([ANN, BOB], "Friends"), "One").group
        box.clock.advance(10)
        box.fault(kind, operation="rename_group", times=None)
        receipt = client.send(group, "Two")
        assert [each.feature for each in receipt.degradations] == ["name"]
        assert receipt.group.name_pending
        box.clear_faults()
        assert client.send(receipt.group, "Three").degradations == ()
        assert box.phones[ANN].texts == ["One", "Two", "Three"]

    def test_text_messages(self, box: Sandbox, client: gm.Client) -> None:
        """An SMS group has no name: it is not tried, and not wanted any more."""
        box.phones[BOB].imessage = False
        receipt = client.send(client.create_group([ANN, BOB], "Friends"), "One")
        assert [each.done for each in receipt.degradations] == ["SMS groups have no name"]
        assert (receipt.group.name, receipt.group.name_pending) == (None, False)
        assert operations(box) == ["send_group"]

    def test_channel_not_known(self, vendor: Vendor) -> None:
        """A group whose channel is not said may be an iMessage group: the name is tried."""
        vendor.answers = [(200, {"status": "SENT", "group_id": GROUP_ID}), (200, {"status": "OK"})]
        with vendor.connect() as client:
            assert client.send(client.create_group([ANN, BOB], "Friends"), "One").group.name_pending is False

    def test_rename(self, box: Sandbox, client: gm.Client) -> None:
        """A name is set at Sendblue, is safe to repeat, and does not wait for a message."""
        group = made(box, client)
        box.fault("drop", operation="rename_group", phase="after")
        with box.connect("sendblue", patience=5) as patient:
            renamed = patient.rename_group(group, " Friends ")
        assert (renamed, renamed.name, renamed.name_pending) == (group, "Friends", False)
        assert operations(box) == ["rename_group", "rename_group"]
        assert client.get_group(group).name == "Friends"

    def test_rename_too_early(self, box: Sandbox, client: gm.Client) -> None:
        """Before the thread is on the device there is nothing to rename."""
        group = client.send(client.create_group([ANN, BOB]), "One").group
        with pytest.raises(gm.Rejected, match="chat_not_found"):
            client.rename_group(group, "Friends")

    @pytest.mark.parametrize("name", ["", "  "])
    def test_blank(self, vendor: Vendor, name: str) -> None:
        """A blank name is none."""
        with vendor.connect() as client:
            with pytest.raises(gm.InvalidInput):
                client.create_group([ANN, BOB], name)
            with pytest.raises(gm.InvalidInput):
                client.rename_group(client.group(GROUP_ID), name)
        assert vendor.asked == []


class TestChannels:
    @pytest.mark.parametrize(
        ("imessage", "channel", "grade"),
        [(True, Channel.IMESSAGE, gm.Grade.NATIVE), (False, Channel.SMS, gm.Grade.UNSUPPORTED)],
    )
    def test_capabilities(
        self, box: Sandbox, client: gm.Client, imessage: bool, channel: Channel, grade: gm.Grade
    ) -> None:
        """What a group can do depends on what carries it, which its first message tells."""
        box.phones[BOB].imessage = imessage
        pending = client.create_group([ANN, BOB, CAT])
        assert client.capabilities_of(pending).can("add_members").grade is gm.Grade.PARTIAL
        group = client.send(pending, "One").group
        assert group.channel is channel
        for name in ("add_members", "remove_members", "rename_group", "group_name", "effect"):
            assert client.capabilities_of(group).can(name).grade is grade

    def test_refused_without_a_request(self, box: Sandbox, client: gm.Client) -> None:
        """Changes of an SMS group are refused here."""
        box.phones[BOB].imessage = False
        group = made(box, client)
        refusals: Thunks = (
            lambda: client.add_members(group, [DAN]),
            lambda: client.remove_members(group, [ANN]),
            lambda: client.rename_group(group, "Friends"),
        )
        for refused in refusals:
            with pytest.raises(gm.UnsupportedOperation, match="iMessage"):
                refused()
        assert operations(box) == []

    def test_effect_in_a_text_message(self, box: Sandbox, client: gm.Client) -> None:
        """An effect that SMS could not show is left out, and the receipt says so."""
        box.phones[BOB].imessage = False
        group = made(box, client)
        receipt = client.send(group, gm.Message("Boom", effect="fireworks"))
        assert [each.feature for each in receipt.degradations] == ["effect"]
        assert "send_style" not in box.log[0]["request"]


def test_opted_out(box: Sandbox, client: gm.Client) -> None:
    """Somebody who opted out is not texted; Sendblue does not say who it is."""
    group = made(box, client)
    box.phones[BOB].send("STOP", to=LINE)
    sends: Thunks = (lambda: client.send(group, "Hello"), lambda: client.send_direct(BOB, "Hello"))
    for send in sends:
        with pytest.raises(gm.Rejected) as raised:
            send()
        error = raised.value
        assert (error.reason, error.code, error.recipients) == (gm.FailureReason.OPTED_OUT, "OPTED_OUT", ())
        assert error.outcome is Outcome.NOT_SENT
        assert BOB not in str(error)
    assert ["Hello" in box.phones[number].texts for number in (ANN, BOB, CAT)] == [False] * 3


def test_reply(box: Sandbox, client: gm.Client) -> None:
    """A message may answer another by its id; one that is not of this thread is refused."""
    first = client.send(client.create_group([ANN, BOB]), "One")
    reply = client.send(first.group, gm.Message("Two", reply_to=first.id))
    assert reply.raw["reply_to"] == {"message_handle": first.id}
    with pytest.raises(gm.Rejected):
        client.send_direct(ANN, gm.Message("Three", reply_to=first.id))


def test_plugin() -> None:
    """The distribution gives the messenger and, for the sandbox, the face."""
    import groupmessenger_sendblue

    assert groupmessenger_sendblue.groupmessenger_provider() is SendblueMessenger
    assert groupmessenger_sendblue.groupmessenger_sandbox() is SendblueFace
