"""What is asked of MessageBird, and what is not: settings, groups and their members, messages of every kind."""

from __future__ import annotations

import hashlib
import hmac
import json
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any, ClassVar, TypeAlias
from urllib.parse import parse_qsl, urlsplit

import anyio
import httpx
import pytest
from anyio.from_thread import start_blocking_portal
from groupmessenger_messagebird import MessageBirdMessenger, groupmessenger_provider, groupmessenger_sandbox
from groupmessenger_messagebird.messenger import LAST_DAY
from groupmessenger_messagebird.sandbox import ACCESS_KEY, LINE, SECOND_LINE, TEST_KEY, MessageBirdFace

import groupmessenger as gm
from groupmessenger import FailureReason, Outcome, Status
from groupmessenger.messenger import Level
from groupmessenger.sandbox import Sandbox

ANN, BOB, CAT, DAN, EVE = (f"+1312555012{n}" for n in range(5))
PEOPLE = (ANN, BOB, CAT)
FAR = "+442079460123"
NAME_LINE = "Neighbours"
GROUP_ID = "0123456789abcdef" * 2
PICTURE = "https://example.com/a.jpg"
WAYS = ("blocking", "asyncio", "trio")

Thunks: TypeAlias = tuple[Callable[[], object], ...]


def many(count: int) -> list[str]:
    return [f"+1312555{n:04}" for n in range(2000, 2000 + count)]


def digits(number: str) -> str:
    return number.removeprefix("+")


class Caller:
    """A client of either kind, called in one way."""

    def __init__(self, box: Sandbox, way: str, **settings: Any) -> None:
        settings = {"patience": 0, **settings}
        self._end = ExitStack()
        self._portal: Any = None
        self._client: Any
        if way == "blocking":
            self._client = self._end.enter_context(box.connect("messagebird", **settings))
        else:
            self._portal = self._end.enter_context(start_blocking_portal(way))
            self._client = box.connect_async("messagebird", **settings)
            self._end.callback(self._portal.call, self._client.aclose)

    def __enter__(self) -> Any:
        return self

    def __exit__(self, *_: object) -> None:
        self._end.close()

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._client, name)
        if self._portal is None or name in ("group", "plan", "plan_direct", "capabilities", "capabilities_of"):
            return found
        if name == "list_groups":
            return self._list
        return lambda *arguments, **named: self._portal.call(lambda: found(*arguments, **named))

    def _list(self) -> list[gm.Group]:
        async def collect() -> list[gm.Group]:
            return [group async for group in self._client.list_groups()]

        return list(self._portal.call(collect))


class Vendor:
    """Answers from a queue, or as if all were well; keeps what it was asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str, Any]] = []
        self.headers: list[httpx.Headers] = []
        self.raw: list[bytes] = []
        self.answers: list[tuple[int, Any]] = []
        self.dates: list[str] = []  # of the answers to come, in their headers

    def __call__(self, request: httpx.Request) -> httpx.Response:
        body = json.loads(request.content) if request.content else dict(request.url.params)
        self.asked.append((request.method, request.url.path, body))
        self.headers.append(request.headers)
        self.raw.append(request.url.raw_path)
        status, answer = self.answers.pop(0) if self.answers else (201, {"id": "m1", "recipients": {}})
        return httpx.Response(status, json=answer, headers={"date": self.dates.pop(0)} if self.dates else {})

    def connect(self, **settings: Any) -> gm.Client:
        given = {"line": LINE, "access_key": "key"} | settings
        return gm.Client(MessageBirdMessenger(**given), http=httpx.MockTransport(self), patience=0)

    @property
    def bodies(self) -> list[Any]:
        return [body for _, _, body in self.asked]


@pytest.fixture
def vendor() -> Vendor:
    return Vendor()


@pytest.fixture
def box() -> Iterator[Sandbox]:
    with Sandbox(faces=[MessageBirdFace]) as box:
        yield box


@pytest.fixture(params=WAYS[:2])
def client(box: Sandbox, request: pytest.FixtureRequest) -> Iterator[Any]:
    with Caller(box, request.param) as client:
        yield client


def face_of(box: Sandbox) -> MessageBirdFace:
    face = box.faces["messagebird"]
    assert isinstance(face, MessageBirdFace)
    return face


def operations(box: Sandbox) -> list[str | None]:
    return [entry["operation"] for entry in box.log]


def counted(box: Sandbox) -> dict[str | None, int]:
    found = operations(box)
    return {name: found.count(name) for name in dict.fromkeys(found)}


def members(group: gm.Group) -> list[str]:
    return sorted(map(str, group.addresses))


def there(box: Sandbox, group: gm.Group) -> list[str]:
    """Who is in the group at the vendor."""
    return sorted(contact.number for contact in face_of(box).account.members(group.id))


def made(box: Sandbox, client: Any, *people: str, name: str | None = None) -> gm.Group:
    group: gm.Group = client.create_group(people or PEOPLE, name)
    box.clear_log()
    return group


class TestSettings:
    GOOD: ClassVar[dict[str, Any]] = {"line": LINE, "access_key": "hush-hush-hush"}

    def problems(self, **settings: Any) -> dict[str, str]:
        with pytest.raises(gm.ConfigurationError) as raised:
            gm.connect("messagebird", **settings)
        for value in settings.values():
            assert not (isinstance(value, str) and len(value) > 5 and value in str(raised.value))
        return {problem.key: f"{problem.what} {problem.cure}" for problem in raised.value.problems}

    @pytest.mark.parametrize(
        ("written", "line", "one_way"),
        [
            (LINE, LINE, False),
            ("+1 (312) 555-0110", LINE, False),
            ("Neighbours", "Neighbours", True),
            ("Neighbours1", "Neighbours1", True),
            ("a", "a", True),
            ("1a", "1a", True),
        ],
    )
    def test_line(self, written: str, line: str, one_way: bool) -> None:
        """The line is a number, written as people write it, or a name of up to eleven letters and digits."""
        with gm.connect("messagebird", **self.GOOD | {"line": written}) as client:
            messenger = client.messenger
            assert isinstance(messenger, MessageBirdMessenger)
            assert (messenger.line, messenger.is_one_way) == (line, one_way)
            assert messenger.base_url == "https://rest.messagebird.com"
            assert client.capabilities.two_way is not one_way

    @pytest.mark.parametrize(
        "line", ["312 555 0110", "13125550110", "Neighbours12", "Our house", "Häuser", "", "12345", 13125550110, None]
    )
    def test_no_line(self, line: Any) -> None:
        """What is neither is refused, in words that say both."""
        what = self.problems(**self.GOOD | {"line": line})["line"]
        if isinstance(line, str):
            assert "E.164" in what
            assert "up to 11 letters and digits" in what

    @pytest.mark.parametrize("key", ["", "  ", None, 12345678, "hush\nhush", "húsh-húsh", "bk_us1_0123456789"])
    def test_no_key(self, key: Any) -> None:
        """A key is a text that can go into a header, and none of Bird's new platform."""
        what = self.problems(**self.GOOD | {"access_key": key})["access_key"]
        if isinstance(key, str) and key.startswith("bk_"):
            assert "new platform" in what
            assert "dashboard.messagebird.com" in what

    @pytest.mark.parametrize("url", ["example.com/hook", "ftp://example.com/hook", "https:///hook", ""])
    def test_no_report_url(self, url: Any) -> None:
        """MessageBird calls http and https alone."""
        assert list(self.problems(**self.GOOD, report_url=url)) == ["report_url"]

    def test_all_problems_at_once(self) -> None:
        """Everything missing, unknown and impossible is named together."""
        found = self.problems(originator=LINE, access_key="bk_eu1_0123456789", report_url="nowhere")
        assert set(found) == {"originator", "line", "access_key", "report_url"}

    @pytest.mark.parametrize("line", [LINE, NAME_LINE])
    def test_repr(self, line: str) -> None:
        """No key, no whole line and no URL of ours is shown."""
        settings = self.GOOD | {"line": line, "report_url": "https://user:word@example.com/hook"}
        with gm.connect("messagebird", **settings) as client:
            shown = repr(client) + repr(client.messenger)
        assert not any(hidden in shown for hidden in ("hush", line, "example.com", "word@"))

    def test_base_url(self) -> None:
        """Keys go over https alone."""
        assert list(self.problems(**self.GOOD, base_url="http://rest.messagebird.com")) == ["base_url"]


class TestRequests:
    def test_create(self, vendor: Vendor) -> None:
        """Contacts in digits with their names, the group, then its members by their contacts' ids, as JSON."""
        vendor.answers = [
            (201, {"id": "c1", "msisdn": int(digits(ANN)), "firstName": "Ann"}),
            (201, {"id": "g1", "name": "Friends"}),
            (204, None),
        ]
        with vendor.connect() as client:
            group = client.create_group([gm.Member(ANN, "Ann")], "Friends")
        assert vendor.asked == [
            ("POST", "/contacts", {"msisdn": digits(ANN), "firstName": "Ann"}),
            ("POST", "/groups", {"name": "Friends"}),
            ("PUT", "/groups/g1/contacts", {"ids": ["c1"]}),
        ]
        assert (group.id, group.name, group.pending, members(group)) == ("g1", "Friends", False, [ANN])
        assert [member.name for member in group.members or ()] == ["Ann"]

    def test_group(self, vendor: Vendor) -> None:
        """A text goes to the group by its id, with our token as its reference; their alphabet is found out by them."""
        with vendor.connect() as client:
            receipt = client.send(client.group(GROUP_ID), "Hello")
        assert vendor.asked == [
            (
                "POST",
                "/messages",
                {
                    "groupIds": [GROUP_ID],
                    "originator": LINE,
                    "reference": receipt.token,
                    "body": "Hello",
                    "datacoding": "auto",
                },
            )
        ]
        assert (receipt.id, receipt.status, receipt.group.id) == ("m1", Status.ACCEPTED, GROUP_ID)

    def test_direct(self, vendor: Vendor) -> None:
        """A private text goes to the number in digits."""
        with vendor.connect(line=NAME_LINE) as client:
            receipt = client.send_direct(ANN, "Hello")
        expected = {"recipients": [digits(ANN)], "originator": NAME_LINE, "reference": receipt.token}
        assert vendor.asked == [("POST", "/messages", {**expected, "body": "Hello", "datacoding": "auto"})]
        assert receipt.recipients == (gm.PhoneNumber(ANN),)

    def test_pictures(self, vendor: Vendor) -> None:
        """Pictures go to /mms, without what an MMS does not have, and the text only if there is one."""
        with vendor.connect(report_url="https://example.com/hook") as client:
            receipts = [client.send_direct(ANN, gm.Message(text, [PICTURE, PICTURE])) for text in ("See", "")]
        usual = {"recipients": [digits(ANN)], "originator": LINE, "mediaUrls": [PICTURE, PICTURE]}
        assert vendor.asked == [
            ("POST", "/mms", {**usual, "reference": receipts[0].token, "body": "See"}),
            ("POST", "/mms", {**usual, "reference": receipts[1].token}),
        ]

    def test_schedule(self, vendor: Vendor) -> None:
        """A time goes with its offset, to the second; so for pictures."""
        at = datetime(2027, 1, 2, 3, 4, 5, 678, tzinfo=UTC)
        with vendor.connect() as client:
            receipts = [client.send_direct(ANN, gm.Message("Later", media, send_at=at)) for media in ((), PICTURE)]
        assert [body["scheduledDatetime"] for body in vendor.bodies] == ["2027-01-02T03:04:05+00:00"] * 2
        assert [receipt.status for receipt in receipts] == [Status.SCHEDULED] * 2

    def test_validity(self, vendor: Vendor) -> None:
        """An end is told as seconds from when the message leaves, or from when it is scheduled."""
        later = datetime.now(UTC) + timedelta(hours=5)
        with vendor.connect() as client:
            client.send_direct(ANN, gm.Message("Soon", expires_at=datetime.now(UTC) + timedelta(seconds=90)))
            client.send_direct(ANN, gm.Message("Later", send_at=later, expires_at=later + timedelta(minutes=2)))
        assert 80 <= vendor.bodies[0]["validity"] <= 90
        assert vendor.bodies[1]["validity"] == 120

    @pytest.mark.parametrize("after", [timedelta(seconds=-1), timedelta(0)])
    def test_over_before_it_begins(self, vendor: Vendor, after: timedelta) -> None:
        """A message that would have to be over before it leaves is not sent."""
        later = datetime.now(UTC) + timedelta(hours=5)
        with vendor.connect() as client, pytest.raises(gm.UnsupportedOperation, match="over before"):
            client.send_direct(ANN, gm.Message("Late", send_at=later, expires_at=later + after))
        assert vendor.asked == []

    @pytest.mark.parametrize(("name", "media"), [("send_at", ()), ("send_at", PICTURE), ("expires_at", ())])
    def test_over_already(self, vendor: Vendor, name: str, media: Any) -> None:
        """A time that is over is refused without a request, for a group and for one person."""
        times: dict[str, Any] = {name: datetime.now(UTC) - timedelta(seconds=1)}
        message = gm.Message("Late", media, **times)
        with vendor.connect() as client:
            group = gm.Group("messagebird", LINE, GROUP_ID, (gm.Member(ANN),))
            dos: Thunks = (
                lambda: client.send(client.group(GROUP_ID), message),
                lambda: client.send(group, message),
                lambda: client.send_direct(ANN, message),
            )
            for do in dos:
                with pytest.raises(gm.UnsupportedOperation, match=f"{name} is over already") as raised:
                    do()
                assert raised.value.outcome is Outcome.NOT_SENT
        assert vendor.asked == []

    def test_extras(self, vendor: Vendor) -> None:
        """Extras for MessageBird go along as they are; those for another provider do not."""
        extras: dict[str, dict[str, Any]] = {"messagebird": {"mclass": 0, "gateway": 10}, "acme": {"priority": 1}}
        with vendor.connect() as client:
            client.send_direct(ANN, gm.Message("Hello", extras=extras))
        assert {name: vendor.bodies[0].get(name) for name in ("mclass", "gateway", "priority")} == {
            "mclass": 0,
            "gateway": 10,
            "priority": None,
        }

    @pytest.mark.parametrize(
        "field",
        "originator body recipients groupIds reference datacoding scheduledDatetime mediaUrls reportUrl".split(),  # noqa: SIM905
    )
    def test_extras_cannot_override(self, vendor: Vendor, field: str) -> None:
        """What the message or the connection says cannot be said otherwise by an extra."""
        message = gm.Message("Hello", extras={"messagebird": {field: "else"}})
        with vendor.connect() as client:
            sends: Thunks = (
                lambda: client.send_direct(ANN, message),
                lambda: client.send(client.group(GROUP_ID), message),
            )
            for send in sends:
                with pytest.raises(gm.UnsupportedOperation, match=field):
                    send()
        assert vendor.asked == []

    @pytest.mark.parametrize(
        ("url", "kept"),
        [
            ("https://example.com/hook", []),
            ("https://example.com/hook?a=1&b=x%20y&a=2", [("a", "1"), ("b", "x y"), ("a", "2")]),
        ],
    )
    def test_report_url(self, vendor: Vendor, url: str, kept: list[tuple[str, str]]) -> None:
        """Their report brings our token back, sealed with the key, beside the query it has."""
        with vendor.connect(report_url=url) as client:
            receipts = [client.send(client.group(GROUP_ID), "Hello"), client.send_direct(ANN, "Hello")]
        for receipt, body in zip(receipts, vendor.bodies, strict=True):
            called = urlsplit(body["reportUrl"])
            assert called[:3] == urlsplit(url)[:3]
            seal = hmac.new(b"key", receipt.token.encode(), hashlib.sha256).hexdigest()[:32]
            assert parse_qsl(called.query) == [*kept, ("gm", f"{receipt.token}.{seal}")]
        assert len({receipt.token for receipt in receipts}) == 2

    def test_key(self, vendor: Vendor) -> None:
        """The key goes with every request, in MessageBird's own header and nowhere else."""
        vendor.answers = [(201, {"id": "m1"}), (200, {"id": "m1", "recipients": {"items": []}})]
        with vendor.connect(access_key="hush-hush", report_url="https://example.com/hook") as client:
            client.send_direct(ANN, "Hello")
            client.get_status("m1")
        for headers in vendor.headers:
            assert (headers["authorization"], headers["accept"]) == ("AccessKey hush-hush", "application/json")
        assert b"hush" not in b"".join(vendor.raw)
        assert "hush" not in json.dumps(vendor.bodies)

    @pytest.mark.parametrize("group_id", ["a/b", "a b", "a?x=1", "a#b", "a%2Fb", "ü", "a+b"])
    def test_odd_ids(self, vendor: Vendor, group_id: str) -> None:
        """An id is opaque: it stays one segment of the path."""
        vendor.answers = [(204, None), (204, None), (200, {"id": group_id, "recipients": {"items": []}})]
        with vendor.connect() as client:
            client.rename_group(client.group(group_id), "Friends")
            client.delete_group(client.group(group_id))
            client.get_status(group_id)
        assert [raw.count(b"/") for raw in vendor.raw] == [2] * 3
        assert not any(byte in b"".join(vendor.raw) for byte in b"?# ")
        assert [path for _, path, _ in vendor.asked] == [
            f"/{kind}/{group_id}" for kind in ("groups",) * 2 + ("messages",)
        ]

    def test_unsupported(self, vendor: Vendor) -> None:
        """What MessageBird does not have is refused without a request."""
        with vendor.connect() as client:
            group = client.group(GROUP_ID)
            refusals: Thunks = (
                lambda: client.leave_group(group),
                lambda: client.send(group, gm.Message("Hello", reply_to="m0")),
                lambda: client.send(group, gm.Message("See", PICTURE, expires_at=datetime.now(UTC) + timedelta(1))),
                lambda: client.send_direct("eve@example.com", "Hello"),
                lambda: client.create_group([ANN, "eve@example.com"]),
            )
            for refused in refusals:
                with pytest.raises(gm.UnsupportedOperation):
                    refused()
            with pytest.raises(gm.BroadcastRefused):
                client.create_group([ANN, BOB], topology="shared_thread")
            for own in (lambda: client.send_direct(LINE, "Hello"), lambda: client.create_group([ANN, LINE])):
                with pytest.raises(gm.InvalidInput, match="own line"):
                    own()
        assert vendor.asked == []

    def test_other_line(self, vendor: Vendor) -> None:
        """A group of another line, or of another provider, is not touched by this connection."""
        with vendor.connect() as client:
            for group in (gm.Group("messagebird", SECOND_LINE, GROUP_ID), gm.Group("sendblue", LINE, GROUP_ID)):
                refusals: Thunks = (
                    lambda group=group: client.send(group, "Hello"),  # type: ignore[misc]
                    lambda group=group: client.get_group(group),  # type: ignore[misc]
                    lambda group=group: client.add_members(group, [ANN]),  # type: ignore[misc]
                    lambda group=group: client.delete_group(group),  # type: ignore[misc]
                )
                for refused in refusals:
                    with pytest.raises(gm.WrongConnection):
                        refused()
        assert vendor.asked == []


class Crowd(httpx.BaseTransport, httpx.AsyncBaseTransport):
    """The real transport, and the most requests that were under way at a time."""

    def __init__(self) -> None:
        self._blocking, self._async = httpx.HTTPTransport(), httpx.AsyncHTTPTransport(limits=httpx.Limits())
        self._lock = threading.Lock()
        self.now = self.most = 0

    def _count(self, more: int) -> None:
        with self._lock:
            self.now += more
            self.most = max(self.most, self.now)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        self._count(1)
        try:
            return self._blocking.handle_request(request)
        finally:
            self._count(-1)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self._count(1)
        try:
            await anyio.sleep(0.001)
            return await self._async.handle_async_request(request)
        finally:
            self._count(-1)

    def close(self) -> None:
        self._blocking.close()

    async def aclose(self) -> None:
        await self._async.aclose()


class TestCreating:
    @pytest.mark.parametrize("name", [None, "Friends"])
    def test_name(self, box: Sandbox, client: Any, name: str | None) -> None:
        """MessageBird wants a name: without one it gets one made of members and moment, which nobody sees."""
        group = client.create_group(PEOPLE, name)
        ((called, *_),) = ([kept.name] for kept in face_of(box).groups.values())
        assert group.name == client.get_group(group).name == name
        assert [listed.name for listed in client.list_groups()] == [name]
        assert (called == name) is (name is not None)
        assert not any(digits(number) in called for number in PEOPLE)
        assert (re.fullmatch("set_[0-9a-f]{32}_[0-9]{16}", called) is not None) is (name is None)
        assert there(box, group) == members(group) == sorted(PEOPLE)

    def test_made_up_names(self, box: Sandbox, client: Any) -> None:
        """A made-up name is of one call alone, so that no two groups have the same, of the same people neither."""
        before = datetime.now(UTC)
        groups = [client.create_group(PEOPLE) for _ in range(5)]
        names = [kept.name for kept in face_of(box).groups.values()]
        assert (len({*names}), len({group.id for group in groups})) == (5, 5)
        digests, moments = zip(*(name.rsplit("_", 1) for name in names), strict=True)
        assert (len({*digests}), sorted(moments)) == (1, list(moments))
        assert before.timestamp() - 1 <= int(moments[0]) / 1_000_000 <= datetime.now(UTC).timestamp() + 1
        assert {group.name for group in client.list_groups()} == {None}

    @pytest.mark.parametrize(("count", "chunks"), [(1, 1), (50, 1), (51, 2), (120, 3)])
    @pytest.mark.parametrize("way", WAYS[:2])
    def test_many(self, box: Sandbox, way: str, count: int, chunks: int) -> None:
        """A request a contact, one for the group, one for every fifty members; at most twenty-five at a time."""
        crowd, people = Crowd(), many(count)
        with Caller(box, way, http=crowd) as client:
            group = client.create_group(people)
            assert counted(box) == {"create_contact": count, "create_group": 1, "add_members": chunks}
            sizes = [len(entry["request"]["ids"]) for entry in box.log if entry["operation"] == "add_members"]
            assert sorted(sizes) == sorted([50] * (count // 50) + [count % 50] * (count % 50 > 0))
            assert there(box, group) == members(group) == people
            assert crowd.most <= 25
            assert crowd.most > 1 or count == 1
            receipt = client.send(group, "Hello")
        assert [box.phones[number].texts for number in people] == [["Hello"]] * count
        assert bool(receipt.degradations) is (count > 50)

    def test_existing_contacts(self, box: Sandbox, client: Any) -> None:
        """Whoever is a contact already is looked up; the contact keeps its name."""
        client.create_group([gm.Member(ANN, "Ann"), BOB])
        box.clear_log()
        group = client.create_group([gm.Member(ANN, "Annie"), CAT])
        assert counted(box) == {"create_contact": 2, "list_contacts": 1, "create_group": 1, "add_members": 1}
        assert sorted(contact.number for contact in face_of(box).contacts.values()) == [ANN, BOB, CAT]
        assert {str(member): member.name for member in client.get_group(group).members} == {ANN: "Ann", CAT: None}

    def test_nobody(self, box: Sandbox, client: Any) -> None:
        """Where nobody becomes a contact no group is made, and the error is the contact's own."""
        box.fault("refuse", operation="create_contact", times=None, status=422, body={"errors": [{"code": 10}]})
        with pytest.raises(gm.Rejected) as raised:
            client.create_group(PEOPLE)
        assert (raised.value.outcome, raised.value.code) == (Outcome.NOT_SENT, "10")
        assert (face_of(box).groups, "create_group" in operations(box)) == ({}, False)

    def test_somebody(self, box: Sandbox, client: Any) -> None:
        """Who becomes no contact is named, and the group of the others is kept, and can be sent to."""
        box.fault("refuse", operation="create_contact", status=422, body={"errors": [{"code": 10}]})
        with pytest.raises(gm.PartialFailure) as raised:
            client.create_group(PEOPLE, "Friends")
        error = raised.value
        (left_out,) = map(str, error.failed)
        rest = sorted({*PEOPLE} - {left_out})
        assert (members(error.group), sorted(map(str, error.succeeded)), there(box, error.group)) == (rest, rest, rest)
        assert (error.outcome, error.group.name) == (Outcome.SENT, "Friends")
        assert not any(number in str(error) or digits(number) in str(error) for number in PEOPLE)
        client.send(error.group, "Hello")
        assert {number: box.phones[number].texts for number in PEOPLE} == {
            number: ["Hello"] * (number in rest) for number in PEOPLE
        }
        assert members(client.add_members(error.group, [left_out])) == sorted(PEOPLE)

    def test_chunk_refused(self, box: Sandbox, client: Any) -> None:
        """Where one request of three is refused its fifty are named, whichever they are."""
        people = many(120)
        box.fault("refuse", operation="add_members", nth=2, status=422, body={"errors": [{"code": 10}]})
        with pytest.raises(gm.PartialFailure) as raised:
            client.create_group(people)
        error, inside = raised.value, there(box, raised.value.group)
        assert len(inside) in (70, 100)
        assert (members(error.group), sorted(map(str, error.succeeded))) == (inside, inside)
        assert sorted(map(str, error.failed)) == sorted({*people} - {*inside})
        assert f"{len(error.failed)} of 120 members could not be added" in str(error)

    def test_name_of_people(self, vendor: Vendor) -> None:
        """A blank name is none."""
        with vendor.connect() as client, pytest.raises(gm.InvalidInput):
            client.create_group([ANN], "  ")
        assert vendor.asked == []


class TestReading:
    def test_group(self, box: Sandbox, client: Any) -> None:
        """A group is read with two requests: its name, and its members with their names."""
        group = made(box, client, name="Friends")
        for known in (group, group.id):
            read = client.get_group(known)
            assert (read.name, members(read), read.topology) == ("Friends", sorted(PEOPLE), gm.Topology.BROADCAST)
        assert operations(box) == ["get_group", "list_members"] * 2

    def test_pages_of_members(self, box: Sandbox, client: Any) -> None:
        """Members come a hundred a page, by our own offsets."""
        group = made(box, client, *many(120))
        assert members(client.get_group(group)) == many(120)
        assert operations(box) == ["get_group", "list_members", "list_members"]

    def test_odd_contacts(self, box: Sandbox, client: Any) -> None:
        """A contact is a member by its number, once; one written without a country code is no phone, and no error."""
        group = made(box, client, ANN)
        account = face_of(box).account
        for number in (ANN, "+22000"):
            contact = type(next(iter(account.contacts.values())))(number, number, account.now(), "Ann", "Other")
            account.contacts[number] = contact
            account.groups[group.id].members.append(number)
        read = client.get_group(group)
        assert [(str(member), member.name) for member in read.members] == [(ANN, None), ("22000", "Ann Other")]

    def test_list(self, box: Sandbox, client: Any) -> None:
        """All the account's groups, the newest first, without their members; links are not followed."""
        for number in range(3):
            client.create_group([ANN], f"Group {number}")
        account = face_of(box).account
        kind = type(next(iter(account.groups.values())))
        for number in range(230):
            account.groups[f"g{number}"] = kind(f"g{number}", f"Other {number}", account.now(), account.now())
        box.clear_log()
        listed = list(client.list_groups())
        assert [group.id for group in listed] == list(reversed(account.groups))
        assert {group.members for group in listed} == {None}
        assert {group.line for group in listed} == {LINE}
        assert operations(box) == ["list_groups"] * 3

    def test_none(self, box: Sandbox, client: Any) -> None:
        """No groups are none."""
        assert list(client.list_groups()) == []
        assert operations(box) == ["list_groups"]

    def test_gone(self, box: Sandbox, client: Any) -> None:
        """Whatever is done to a group that is gone, it is not found."""
        group = made(box, client)
        face_of(box).groups.clear()
        dos: Thunks = (
            lambda: client.get_group(group),
            lambda: client.add_members(group, [DAN]),
            lambda: client.remove_members(group, [ANN]),
            lambda: client.rename_group(group, "Friends"),
            lambda: client.delete_group(group),
            lambda: client.send(group, gm.Message("Hello", leave_out=[ANN])),
        )
        for do in dos:
            with pytest.raises(gm.GroupNotFound) as raised:
                do()
            assert (raised.value.status, raised.value.code, raised.value.outcome) == (404, "20", Outcome.NOT_SENT)

    def test_no_list(self, vendor: Vendor) -> None:
        """An answer without a list is not a group of nobody."""
        with vendor.connect() as client:
            reads: Thunks = (
                lambda: client.remove_members(client.group(GROUP_ID), [ANN]),
                lambda: client.add_members(gm.Group("messagebird", LINE, GROUP_ID, ()), [ANN]),
                lambda: list(client.list_groups()),
                lambda: client.send(client.group(GROUP_ID), gm.Message("Hello", leave_out=[ANN])),
            )
            for read in reads:
                vendor.answers = [(200, {"id": GROUP_ID, "totalCount": 3})]
                with pytest.raises(gm.UnexpectedAnswer):
                    read()
        assert [method for method, _, _ in vendor.asked] == ["GET"] * 4

    @pytest.mark.parametrize(
        ("contacts", "total"),
        [(["c1"], 2), (["c1"], 3), (["c1"], 0), ([], 1), (["c1", "c1"], 2), (["c1", None], 2), (["c1", "c2"], 1)],
    )
    def test_short_list(self, vendor: Vendor, contacts: list[str | None], total: int) -> None:
        """A list of another length than it says is no roster: nobody is read, changed or sent to by half of one."""
        rows = [{"id": each, "msisdn": int(digits(ANN))} if each else "nonsense" for each in contacts]
        pages = [(200, {"items": rows, "totalCount": total}), (200, {"items": [], "totalCount": total})]
        with vendor.connect() as client:
            reads: Thunks = (
                lambda: client.remove_members(client.group(GROUP_ID), [ANN]),
                lambda: client.add_members(gm.Group("messagebird", LINE, GROUP_ID, ()), [BOB]),
                lambda: client.send(client.group(GROUP_ID), gm.Message("Hello", leave_out=[ANN])),
                lambda: client.send(client.group(GROUP_ID), gm.Message("See", PICTURE)),
            )
            for read in reads:
                vendor.answers = list(pages)
                with pytest.raises(gm.UnexpectedAnswer, match="another number") as raised:
                    read()
                assert raised.value.outcome is Outcome.NOT_SENT
            vendor.answers = [(200, {"id": GROUP_ID}), *pages]
            with pytest.raises(gm.UnexpectedAnswer, match="another number"):
                client.get_group(GROUP_ID)
        assert {method for method, _, _ in vendor.asked} == {"GET"}

    @pytest.mark.parametrize("changes", [1, 2, 3])
    def test_changing_list(self, vendor: Vendor, changes: int) -> None:
        """Where members go while they are read, others are skipped: it is read anew, and given up after three times."""
        row = {"id": "c1", "msisdn": int(digits(ANN))}
        changing = [(200, {"items": [row], "totalCount": 2}), (200, {"items": [], "totalCount": 1})]
        vendor.answers = [(200, {"id": GROUP_ID}), *changing * changes, (200, {"items": [row], "totalCount": 1})]
        with vendor.connect() as client:
            if changes < 3:
                assert members(client.get_group(GROUP_ID)) == [ANN]
            else:
                with pytest.raises(gm.ProviderUnavailable):
                    client.get_group(GROUP_ID)

    def test_endless_list(self, vendor: Vendor, monkeypatch: pytest.MonkeyPatch) -> None:
        """A list that never ends is no list."""
        monkeypatch.setattr("groupmessenger_messagebird.paging._PAGES", 3)
        page = (200, {"items": [{"id": "c1", "msisdn": 1}, "nonsense"]})
        vendor.answers = [(200, {"id": GROUP_ID}), *[page] * 9]
        with vendor.connect() as client, pytest.raises(gm.UnexpectedAnswer, match="no end"):
            client.get_group(GROUP_ID)


class TestChanging:
    def test_add(self, box: Sandbox, client: Any) -> None:
        """Only who is not in it yet becomes a contact and is added; the group is read first."""
        group = made(box, client)
        changed = client.add_members(group, [ANN, DAN, EVE])
        assert there(box, group) == members(changed) == sorted([*PEOPLE, DAN, EVE])
        assert counted(box) == {"list_members": 1, "create_contact": 2, "add_members": 1}
        box.clear_log()
        assert members(client.add_members(changed, [DAN])) == members(changed)
        assert operations(box) == ["list_members"]

    def test_add_many(self, box: Sandbox, client: Any) -> None:
        """More than fifty go in several requests; a group known by its id is read beforehand."""
        group = made(box, client)
        changed = client.add_members(client.group(group.id), many(60))
        assert there(box, group) == members(changed) == sorted([*PEOPLE, *many(60)])
        assert counted(box)["add_members"] == 2

    def test_remove(self, box: Sandbox, client: Any) -> None:
        """A request for each who is in it; the contacts stay, and strangers are no error."""
        group = made(box, client)
        changed = client.remove_members(group, [ANN, CAT, EVE])
        assert there(box, group) == members(changed) == [BOB]
        assert operations(box) == ["list_members", "remove_member", "remove_member"]
        assert len(face_of(box).contacts) == 3

    def test_remove_several_contacts(self, box: Sandbox, client: Any) -> None:
        """A number that is in the group by several contacts goes with all of them."""
        group = made(box, client)
        account = face_of(box).account
        first = next(contact for contact in account.contacts.values() if contact.number == ANN)
        account.contacts["c2"] = type(first)("c2", ANN, account.now())
        account.groups[group.id].members.append("c2")
        assert members(client.remove_members(group, [ANN])) == [BOB, CAT]
        assert there(box, group) == [BOB, CAT]
        assert counted(box) == {"list_members": 1, "remove_member": 2}

    def test_remove_gone(self, box: Sandbox, client: Any) -> None:
        """A contact that somebody else has just removed is removed; where the group is gone, that is an error."""
        group = made(box, client)
        gone = {"errors": [{"code": 20, "description": "contact not found", "parameter": None}]}
        box.fault("refuse", operation="remove_member", status=404, body=gone, phase="after")
        assert members(client.remove_members(group, [ANN])) == [BOB, CAT]
        assert operations(box) == ["list_members", "remove_member", "get_group"]
        box.fault("refuse", operation="remove_member", status=404, body=gone)
        no_group = {"errors": [{"code": 20, "description": "group not found", "parameter": None}]}
        box.fault("refuse", operation="get_group", status=404, body=no_group)
        with pytest.raises(gm.PartialFailure) as raised:
            client.remove_members(group, [BOB])
        assert [type(error) for error in raised.value.failed.values()] == [gm.GroupNotFound]

    def test_remove_partly(self, box: Sandbox, client: Any) -> None:
        """Who could not be removed is named, and the group has who is still in it."""
        group = made(box, client)
        box.fault("refuse", operation="remove_member", status=422, body={"errors": [{"code": 10}]})
        with pytest.raises(gm.PartialFailure, match="1 of 2 members could not be removed") as raised:
            client.remove_members(group, [ANN, BOB])
        error = raised.value
        assert members(error.group) == there(box, group) == sorted([CAT, *map(str, error.failed)])
        assert (len(error.succeeded), error.outcome) == (1, Outcome.SENT)

    def test_everybody_removed(self, box: Sandbox, client: Any) -> None:
        """A group may have nobody in it; a message to it is refused, and nobody gets it."""
        group = client.remove_members(made(box, client), PEOPLE)
        assert (members(group), there(box, group)) == ([], [])
        with pytest.raises(gm.Rejected, match="an empty group"):
            client.send(group, "Hello")

    def test_rename(self, box: Sandbox, client: Any) -> None:
        """A name is changed with one request."""
        group = made(box, client, name="Friends")
        renamed = client.rename_group(group, " Neighbours ")
        assert (renamed, renamed.name, members(renamed)) == (group, "Neighbours", sorted(PEOPLE))
        assert (operations(box), client.get_group(group).name) == (["rename_group"], "Neighbours")

    def test_delete(self, box: Sandbox, client: Any) -> None:
        """The group goes, its contacts stay."""
        group = made(box, client)
        client.delete_group(group)
        assert (face_of(box).groups, len(face_of(box).contacts), operations(box)) == ({}, 3, ["delete_group"])

    @pytest.mark.parametrize("kind", ["drop", "refuse"])
    def test_no_look_after_a_failure(self, box: Sandbox, client: Any, kind: str) -> None:
        """If the group cannot be read after a change failed, those it failed for are named all the same."""
        group = made(box, client)
        details: dict[str, Any] = {"status": 500} if kind == "refuse" else {}
        box.fault(kind, operation="add_members", **details)
        box.fault(kind, operation="list_members", nth=2, **details)
        with pytest.raises(gm.PartialFailure) as raised:
            client.add_members(group, [DAN])
        assert (members(raised.value.group), list(map(str, raised.value.failed))) == (sorted(PEOPLE), [DAN])
        assert raised.value.outcome is Outcome.UNKNOWN

    @pytest.mark.parametrize("kind", ["drop", "refuse"])
    @pytest.mark.parametrize("phase", ["before", "after"])
    def test_no_look_after_a_failed_removal(self, box: Sandbox, client: Any, kind: str, phase: str) -> None:
        """Who may not have been removed is still in the group that the error has, where it cannot be read."""
        group = made(box, client)
        details: dict[str, Any] = {"status": 500} if kind == "refuse" else {}
        box.fault(kind, operation="remove_member", phase=phase, **details)
        box.fault(kind, operation="list_members", nth=2, **details)
        with pytest.raises(gm.PartialFailure) as raised:
            client.remove_members(group, [ANN, BOB])
        error = raised.value
        (kept,) = map(str, error.failed)
        (gone,) = map(str, error.succeeded)
        assert (members(error.group), {kept, gone}) == (sorted([kept, CAT]), {ANN, BOB})
        assert (set(there(box, group)) <= set(members(error.group)), error.outcome) == (True, Outcome.UNKNOWN)
        assert members(client.remove_members(error.group, [kept])) == there(box, group) == [CAT]


class TestSending:
    def test_private_copies(self, box: Sandbox, client: Any) -> None:
        """Everybody gets a copy in a thread of their own with the line, and nobody sees who else has one."""
        group = made(box, client)
        receipt = client.send(group, "Hello")
        assert operations(box) == ["send"]
        for number in PEOPLE:
            (thread,) = box.phones[number].threads
            assert (thread.participants, box.phones[number].texts) == ({LINE, number}, ["Hello"])
        assert sorted(map(str, receipt.recipients)) == sorted(PEOPLE)
        assert receipt.degradations == ()
        (kept,) = face_of(box).messages
        assert (kept.reference, kept.datacoding, kept.group_ids) == (receipt.token, "auto", (group.id,))
        assert not client.capabilities.exposes_numbers
        assert client.plan(group, "Hello").billable_units == 3

    def test_stored_group(self, box: Sandbox, client: Any) -> None:
        """A group is written down and read again, by another process and another day."""
        group = made(box, client, name="Friends")
        stored = gm.Group.load(group.dump())
        assert (stored, stored.members, stored.name, stored.topology) == (
            group,
            group.members,
            "Friends",
            group.topology,
        )
        with box.connect("messagebird") as other:
            other.send(stored, "Hello")
        assert [box.phones[number].texts for number in PEOPLE] == [["Hello"]] * 3

    @pytest.mark.parametrize("text", ["Grüße, 日本 👍", "{€}", "a" * 161])
    def test_alphabets(self, box: Sandbox, client: Any, text: str) -> None:
        """What is written is what is shown."""
        client.send_direct(ANN, text)
        assert box.phones[ANN].texts == [text]

    def test_accepted(self, box: Sandbox, client: Any) -> None:
        """A 201 that counts nobody is accepted all the same; the receipt says that it is to be watched."""
        group = made(box, client)
        counts = {"totalCount": 3, "totalSentCount": 0, "items": []}
        face_of(box).answer_next({"recipients": counts}, done=True)
        receipt = client.send(group, "Hello")
        assert (receipt.status, [each.feature for each in receipt.degradations]) == (Status.ACCEPTED, ["delivery"])
        assert "get_status" in receipt.degradations[0].done
        assert box.phones[ANN].texts == ["Hello"]
        assert sorted(map(str, receipt.recipients)) == sorted(PEOPLE)

    @pytest.mark.parametrize(("counted", "told"), [(3, []), (4, []), (2, ["MessageBird counts 2 of 3"]), (None, [])])
    def test_fewer(self, box: Sandbox, client: Any, counted: int | None, told: list[str]) -> None:
        """Where fewer recipients are counted than were asked for the receipt says so; it is accepted all the same."""
        group = made(box, client)
        face_of(box).answer_next({"recipients": {"totalCount": counted, "totalSentCount": 1, "items": []}})
        receipt = client.send(group, "Hello")
        assert [(each.feature, each.done) for each in receipt.degradations] == [("recipients", what) for what in told]
        assert receipt.status is Status.ACCEPTED
        face_of(box).answer_next({"recipients": {"totalCount": counted, "totalSentCount": 1, "items": []}})
        assert client.send(client.group(group.id), "Hello").degradations == ()  # how many are in it is not known

    def test_fewer_than_one(self, box: Sandbox, client: Any) -> None:
        """One person is counted as well; and a message that waits, whose copies are not sent yet."""
        later = datetime.now(UTC) + timedelta(hours=1)
        for message in (gm.Message("Hello"), gm.Message("Later", send_at=later)):
            face_of(box).answer_next({"recipients": {"totalCount": 0, "totalSentCount": 0, "items": []}})
            found = {each.feature: each.done for each in client.send_direct(ANN, message).degradations}
            assert found.pop("recipients") == "MessageBird counts 0 of 1"
            assert set(found) == (set() if message.send_at else {"delivery"})

    def test_removed_meanwhile(self, box: Sandbox, client: Any) -> None:
        """Who was removed elsewhere does not get it, and the receipt for the group as it was known says so."""
        group = made(box, client)
        client.remove_members(client.group(group.id), [CAT])
        with box.connect("messagebird") as other:
            receipt = other.send(group, "Hello")
        assert [each.done for each in receipt.degradations] == ["MessageBird counts 2 of 3"]
        assert ([box.phones[number].texts for number in PEOPLE]) == [["Hello"], ["Hello"], []]
        assert sorted(map(str, receipt.recipients)) == [ANN, BOB]

    def test_one_way(self, box: Sandbox) -> None:
        """A line that is a name says that nobody can answer: its capabilities, each plan, and a check."""
        for way in WAYS:
            with Caller(box, way, line=NAME_LINE) as client:
                group = made(box, client)
                plan = client.plan(group, "Hello")
                assert (client.capabilities.two_way, plan.two_way, plan.ok) == (False, False, True)
                assert any("nobody can answer" in finding.what for finding in client.check())
                client.send(group, f"Hello {way}")
                client.delete_group(group)
        (thread,) = box.phones[ANN].threads
        assert (thread.participants, box.phones[ANN].texts) == ({ANN, NAME_LINE}, [f"Hello {way}" for way in WAYS])
        with box.connect("messagebird") as client:
            assert (client.capabilities.two_way, client.plan([ANN], "Hello").two_way) == (True, True)


class TestLeavingOut:
    def test_left_out(self, box: Sandbox, client: Any) -> None:
        """Where somebody is left out the others are sent to by number, as they are in the group now."""
        group = made(box, client)
        client.add_members(client.group(group.id), [DAN])
        client.remove_members(client.group(group.id), [CAT])
        box.clear_log()
        receipt = client.send(group, gm.Message("Hello", leave_out=[BOB]))
        assert operations(box) == ["list_members", "send"]
        asked = box.log[1]["request"]
        assert (sorted(asked["recipients"]), "groupIds" in asked) == ([digits(ANN), digits(DAN)], False)
        texts = {number: box.phones[number].texts for number in (*PEOPLE, DAN)}
        assert texts == {ANN: ["Hello"], BOB: [], CAT: [], DAN: ["Hello"]}
        assert sorted(map(str, receipt.recipients)) == [ANN, DAN]
        assert members(receipt.group) == [ANN, BOB, DAN]

    @pytest.mark.parametrize(
        ("leave_out", "why"), [(PEOPLE, "everybody is left out"), ([EVE], "not in the group"), ([ANN, EVE], "not in")]
    )
    def test_refused(self, box: Sandbox, client: Any, leave_out: Any, why: str) -> None:
        """Nobody left, and somebody who is not in it: a slip, which costs no request."""
        group = made(box, client)
        with pytest.raises(gm.UnsupportedOperation, match=why) as raised:
            client.send(group, gm.Message("Hello", leave_out=leave_out))
        assert (operations(box), EVE in str(raised.value)) == ([], False)

    def test_nobody_left(self, box: Sandbox, client: Any) -> None:
        """In a group known by its id that is found out by reading it, before the message's request."""
        group = made(box, client)
        with pytest.raises(gm.UnsupportedOperation, match="nobody"):
            client.send(client.group(group.id), gm.Message("Hello", leave_out=PEOPLE))
        assert operations(box) == ["list_members"]

    @pytest.mark.parametrize("media", [(), PICTURE])
    @pytest.mark.parametrize("leave_out", [[EVE], [BOB, EVE], [*PEOPLE, EVE], [BOB, DAN, EVE]])
    def test_strangers(self, box: Sandbox, client: Any, media: Any, leave_out: list[str]) -> None:
        """In a group known by its id whoever is to be left out and is not in it is found out before the message."""
        group = made(box, client)
        with pytest.raises(gm.UnsupportedOperation, match=r"^to leave out: .*, not in the group$") as raised:
            client.send(client.group(group.id), gm.Message("Hello", media, leave_out=leave_out))
        assert (operations(box), raised.value.outcome) == (["list_members"], Outcome.NOT_SENT)
        strangers = [gm.PhoneNumber(number) for number in leave_out if number not in PEOPLE]
        assert str(raised.value) == f"to leave out: {', '.join(sorted(map(repr, strangers)))}, not in the group"
        assert not any(number in str(raised.value) for number in (*PEOPLE, DAN, EVE))
        assert [box.phones[number].texts for number in PEOPLE] == [[]] * 3

    @pytest.mark.parametrize("media", [(), PICTURE])
    @pytest.mark.parametrize("by_id", [False, True])
    def test_not_named(self, box: Sandbox, client: Any, by_id: bool, media: Any) -> None:
        """A receipt never names who was left out, though the answer names nobody; nor does one that is found later."""
        group = made(box, client)
        group = client.group(group.id) if by_id else group
        message = gm.Message("Hello", media, leave_out=[BOB])
        face_of(box).answer_next({"recipients": {"totalCount": 2, "totalSentCount": 2, "items": []}})
        receipt = client.send(group, message)
        assert (sorted(map(str, receipt.recipients)), receipt.degradations) == ([ANN, CAT], ())
        face_of(box).answer_next({"recipients": {"totalCount": 1, "totalSentCount": 1, "items": []}})
        fewer = client.send(group, message)
        assert [each.done for each in fewer.degradations] == ["MessageBird counts 1 of 2"]
        assert gm.PhoneNumber(BOB) not in fewer.recipients
        box.fault("drop", operation="send_mms" if media else "send", phase="after")
        with pytest.raises(gm.OutcomeUnknown) as raised:
            client.send(group, message)
        sighting = client.find_sent(raised.value.attempt)
        assert isinstance(sighting, gm.Found)
        assert sorted(map(str, sighting.receipt.recipients)) == [ANN, CAT]
        assert [len(box.phones[number].texts) for number in PEOPLE] == [3, 0, 3]

    @pytest.mark.parametrize(("count", "ok"), [(51, True), (52, False)])
    def test_many(self, box: Sandbox, client: Any, count: int, ok: bool) -> None:
        """Fifty others are one request; more would be several, and are refused before it, and before any if known."""
        people = many(count)
        group = made(box, client, *people)
        message = gm.Message("Hello", leave_out=people[:1])
        for known, requests in ((group, []), (client.group(group.id), ["list_members"])):
            box.clear_log()
            if ok:
                client.send(known, message)
                continue
            with pytest.raises(gm.LimitExceeded) as raised:
                client.send(known, message)
            assert (raised.value.name, raised.value.limit, raised.value.asked) == ("recipients", 50, 51)
            assert operations(box) == requests
            assert client.plan(group, message).ok is False
        assert {len(box.phones[number].texts) for number in people[1:]} == {2 if ok else 0}
        assert box.phones[people[0]].texts == []


class TestPictures:
    def test_group(self, box: Sandbox, client: Any) -> None:
        """A picture goes to everybody's number in one request, as copies of their own."""
        group = made(box, client)
        receipt = client.send(client.group(group.id), gm.Message("See", PICTURE))
        assert operations(box) == ["list_members", "send_mms"]
        for number in PEOPLE:
            ((shown,),) = box.phones[number].messages.values()
            assert (shown.sender, shown.text, shown.media) == (LINE, "See", (PICTURE,))
        assert members(receipt.group) == sorted(PEOPLE)
        client.send(group, gm.Message("", PICTURE, leave_out=[ANN]))
        assert [len(box.phones[number].texts) for number in PEOPLE] == [1, 2, 2]

    @pytest.mark.parametrize(("count", "ok"), [(50, True), (51, False)])
    def test_many(self, box: Sandbox, client: Any, count: int, ok: bool) -> None:
        """Fifty are one request; more are refused before it, and before any if they are known."""
        people = many(count)
        group = made(box, client, *people)
        for known, requests in ((group, []), (client.group(group.id), ["list_members"])):
            box.clear_log()
            if ok:
                client.send(known, gm.Message("See", PICTURE))
                continue
            with pytest.raises(gm.LimitExceeded) as raised:
                client.send(known, gm.Message("See", PICTURE))
            assert (raised.value.limit, raised.value.asked, operations(box)) == (50, 51, requests)
        assert {len(box.phones[number].texts) for number in people} == {2 if ok else 0}

    def test_abroad(self, box: Sandbox, client: Any) -> None:
        """Pictures are for the US and Canada: known beforehand, or found out before the message's request."""
        group, message = made(box, client, ANN, FAR), gm.Message("See", PICTURE)
        assert not client.plan(group, message).ok
        cases: tuple[tuple[Callable[[], object], list[str]], ...] = (
            (lambda: client.send(group, message), []),
            (lambda: client.send_direct(FAR, message), []),
            (lambda: client.send(client.group(group.id), message), ["list_members"]),
        )
        for do, requests in cases:
            with pytest.raises(gm.UnsupportedOperation, match="US and Canadian"):
                do()
            assert operations(box) == requests
        client.send(group, gm.Message("See", PICTURE, leave_out=[FAR]))
        assert (box.phones[ANN].texts, box.phones[FAR].texts) == (["See"], [])

    @pytest.mark.parametrize("line", [NAME_LINE, "+442079460199"])
    def test_line_without_mms(self, vendor: Vendor, line: str) -> None:
        """A name sends no pictures, and no number from elsewhere does."""
        with vendor.connect(line=line) as client:
            dos: Thunks = (
                lambda: client.send_direct(ANN, gm.Message("See", PICTURE)),
                lambda: client.send(client.group(GROUP_ID), gm.Message("See", PICTURE)),
            )
            for do in dos:
                with pytest.raises(gm.UnsupportedOperation):
                    do()
        assert vendor.asked == []


class TestScheduling:
    AT: ClassVar[timedelta] = timedelta(hours=2)

    def later(self, box: Sandbox, **parts: Any) -> gm.Message:
        return gm.Message("Later", send_at=box.clock.now() + self.AT, **parts)

    @pytest.mark.parametrize("media", [(), PICTURE])
    def test_once(self, box: Sandbox, client: Any, media: Any) -> None:
        """Phones show nothing before, and once when its time has come."""
        group = made(box, client)
        receipt = client.send(group, self.later(box, media=media))
        assert (receipt.status, receipt.degradations) == (Status.SCHEDULED, ())
        assert client.get_status(receipt).status is Status.SCHEDULED
        box.clock.advance(self.AT.total_seconds() - 60)
        assert [box.phones[number].texts for number in PEOPLE] == [[]] * 3
        box.clock.advance(120)
        assert [box.phones[number].texts for number in PEOPLE] == [["Later"]] * 3
        assert client.get_status(receipt).status is Status.DELIVERED

    @pytest.mark.parametrize("media", [(), PICTURE])
    def test_cancelled(self, box: Sandbox, client: Any, media: Any) -> None:
        """What is cancelled is never shown; it is looked at before it is deleted."""
        group = made(box, client)
        receipt = client.send(group, self.later(box, media=media))
        box.clear_log()
        client.cancel_scheduled(receipt)
        asked = ["get_message", "get_mms", "delete_mms"] if media else ["get_message", "delete_message"]
        assert operations(box) == asked
        box.clock.advance(2 * self.AT.total_seconds())
        assert [box.phones[number].texts for number in PEOPLE] == [[]] * 3

    @pytest.mark.parametrize("scheduled", [False, True])
    def test_too_late(self, box: Sandbox, client: Any, scheduled: bool) -> None:
        """What has gone out is not cancelled: deleting it would only hide it."""
        receipt = client.send_direct(ANN, self.later(box) if scheduled else "Now")
        box.clock.advance(2 * self.AT.total_seconds())
        with pytest.raises(gm.Rejected, match="not scheduled"):
            client.cancel_scheduled(receipt)
        assert "delete_message" not in operations(box)
        assert client.get_status(receipt).status is Status.DELIVERED

    def test_cancelled_twice(self, box: Sandbox, client: Any) -> None:
        """One that is gone is not known any more; one that goes meanwhile is what was wanted."""
        receipt = client.send_direct(ANN, self.later(box))
        gone = {"errors": [{"code": 20, "description": "message not found", "parameter": None}]}
        box.fault("refuse", operation="delete_message", phase="after", status=404, body=gone)
        client.cancel_scheduled(receipt)
        with pytest.raises(gm.Rejected) as raised:
            client.cancel_scheduled(receipt)
        assert (raised.value.status, type(raised.value)) == (404, gm.Rejected)

    def test_not_cancelled(self, box: Sandbox, client: Any) -> None:
        """Where the deletion is refused it goes out, and the error says that nothing was done."""
        receipt = client.send_direct(ANN, self.later(box))
        box.fault("refuse", operation="delete_message", status=405, body={"errors": [{"code": 21}]})
        with pytest.raises(gm.Rejected) as raised:
            client.cancel_scheduled(receipt)
        assert raised.value.outcome is Outcome.NOT_SENT
        box.clock.advance(2 * self.AT.total_seconds())
        assert box.phones[ANN].texts == ["Later"]

    def test_in_the_past(self, box: Sandbox, client: Any) -> None:
        """A time that is over is refused, with no request: it is a slip, and not a wish to send at once."""
        group = made(box, client)
        message = gm.Message("Now", send_at=box.clock.now() - self.AT)
        dos: Thunks = (lambda: client.send(group, message), lambda: client.send_direct(ANN, message))
        for do in dos:
            with pytest.raises(gm.UnsupportedOperation, match="send_at is over already"):
                do()
        assert (operations(box), box.phones[ANN].texts) == ([], [])

    def test_time_passed_on_the_way(self, box: Sandbox, client: Any) -> None:
        """Where it is over by their clock alone they send it at once: the receipt does not call it scheduled."""
        box.clock.advance(2 * self.AT.total_seconds())
        receipt = client.send_direct(ANN, gm.Message("Now", send_at=datetime.now(UTC) + self.AT))
        assert (receipt.status, box.phones[ANN].texts) == (Status.ACCEPTED, ["Now"])

    DUE: ClassVar[datetime] = datetime(2027, 1, 2, 3, 4, 5, tzinfo=UTC)

    def cancel(self, vendor: Vendor, due: Any, *ends: tuple[int, Any], date: str | None = None) -> Any:
        """Take back a message of theirs that is due then. Gives the error, None if there is none."""
        waiting = {"id": "m1", "scheduledDatetime": due, "recipients": {"items": [{"status": "scheduled"}]}}
        vendor.answers = [(200, waiting), *ends]
        vendor.dates = [] if date is None else [date] * 9
        with vendor.connect() as client:
            try:
                client.cancel_scheduled("m1")
            except gm.GroupMessengerError as error:
                return error
        return None

    @pytest.mark.parametrize(("early", "done"), [(3600, True), (2, True), (1, False), (0, False), (-1, False)])
    def test_due_by_their_clock(self, vendor: Vendor, early: int, done: bool) -> None:
        """What was due by the date of their answer may have gone out; their dates have whole seconds."""
        date = format_datetime(self.DUE - timedelta(seconds=early), usegmt=True)
        error = self.cancel(vendor, self.DUE.isoformat(), (204, None), date=date)
        assert (error is None) is done
        assert done or (type(error), "may have gone out" in str(error)) == (gm.OutcomeUnknown, True)
        assert [method for method, _, _ in vendor.asked] == ["GET", "DELETE"]

    @pytest.mark.parametrize("date", [None, "", "soon", "Sat, 99 Jan 2027 03:04:05 GMT"])
    @pytest.mark.parametrize(("due", "done"), [(timedelta(hours=1), True), (timedelta(seconds=-1), False)])
    def test_due_by_our_clock(self, vendor: Vendor, date: str | None, due: timedelta, done: bool) -> None:
        """Where their answer bears no date our clock says whether it was due."""
        error = self.cancel(vendor, (datetime.now(UTC) + due).isoformat(), (204, None), date=date)
        assert (type(error) is gm.OutcomeUnknown) is not done
        assert (error is None) is done

    @pytest.mark.parametrize(
        ("date", "done"),
        [
            ("Sat, 02 Jan 2027 03:04:00 -0000", True),
            ("Sat, 02 Jan 2027 03:04:05 -0000", False),
            ("Sat, 02 Jan 2027 05:04:00 +0200", True),
            ("Sat, 02 Jan 2027 05:04:05 +0200", False),
        ],
    )
    def test_odd_dates(self, vendor: Vendor, date: str, done: bool) -> None:
        """A date of theirs in another zone, or in none, which is UTC, is read."""
        error = self.cancel(vendor, self.DUE.isoformat(), (204, None), date=date)
        assert (type(error) is gm.OutcomeUnknown, error is None) == (not done, done)

    def test_last_date(self, vendor: Vendor) -> None:
        """A date after which there is none is no date, and no other error."""
        due = datetime.now(UTC) + self.AT
        assert self.cancel(vendor, due.isoformat(), (204, None), date="Fri, 31 Dec 9999 23:59:59 GMT") is None

    @pytest.mark.parametrize(("due", "done"), [(timedelta(hours=1), True), (timedelta(seconds=-1), False)])
    def test_due_and_gone(self, vendor: Vendor, due: timedelta, done: bool) -> None:
        """One that is gone by then, or is seen to be after an odd answer, may have gone out if it was due."""
        gone = (404, {"errors": [{"code": 20, "description": "message not found", "parameter": None}]})
        at = (datetime.now(UTC) + due).isoformat()
        for ends in ([gone], [(500, None), gone, gone], [(200, {"id": "m1"}), gone, gone]):
            error = self.cancel(vendor, at, *ends)
            assert (type(error) is gm.OutcomeUnknown, error is None) == (not done, done)

    def test_expires(self, box: Sandbox, client: Any) -> None:
        """A phone that is off until the end is told to have failed."""
        box.phones[ANN].on = False
        receipt = client.send_direct(ANN, gm.Message("Soon", expires_at=datetime.now(UTC) + timedelta(minutes=1)))
        box.clock.advance(61)
        (event,) = client.get_status(receipt).by_recipient.values()
        assert (event.status, event.reason) == (Status.FAILED, FailureReason.UNREACHABLE)


class TestAccounts:
    @pytest.mark.parametrize("key", ["wrong-key", "live_0123456789"])
    def test_wrong_key(self, box: Sandbox, key: str) -> None:
        """The 401 says which key is wanted, and which two other platforms of Bird have keys that are none here."""
        for way in WAYS:
            with Caller(box, way, access_key=key) as client:
                dos: Thunks = (
                    lambda client=client: client.send_direct(ANN, "Hello"),  # type: ignore[misc]
                    lambda client=client: client.create_group(PEOPLE),  # type: ignore[misc]
                    lambda client=client: list(client.list_groups()),  # type: ignore[misc]
                )
                for do in dos:
                    with pytest.raises(gm.AuthenticationFailed) as raised:
                        do()
                    error = raised.value
                    assert (error.status, error.code, error.outcome) == (401, "2", Outcome.NOT_SENT)
                    for words in ("dashboard.messagebird.com", "app.bird.com", "bk_"):
                        assert words in str(error)
                    assert key not in str(error)
        assert ([text for phone in box.phones for text in phone.texts], face_of(box).groups) == ([], {})

    def test_test_key(self, box: Sandbox) -> None:
        """A test key is told of success and nobody gets it: the receipt says so, and nothing can be found again."""
        for way in WAYS:
            with Caller(box, way, access_key=TEST_KEY) as tester:
                receipt = tester.send_direct(ANN, "Hello")
                assert [each.feature for each in receipt.degradations] == ["delivery"]
                assert "test key" in receipt.degradations[0].done
                for name in (None, "Friends"):
                    with pytest.raises(gm.UnsupportedOperation, match="a test key keeps no contacts and no groups"):
                        tester.create_group(PEOPLE, name)
                assert (face_of(box).groups, face_of(box).contacts) == ({}, {})
                with pytest.raises(gm.Rejected):
                    tester.get_status(receipt)
                box.fault("drop", operation="send", phase="after")
                with pytest.raises(gm.OutcomeUnknown) as raised:
                    tester.send_direct(ANN, "Hello")
                box.clear_log()
                sighting = tester.find_sent(raised.value.attempt)
                assert isinstance(sighting, gm.CannotTell)
                assert ("test key" in sighting.why, operations(box)) == (True, [])
                assert any("test key" in finding.what for finding in tester.check())
        assert box.phones[ANN].texts == []

    def test_trial(self, box: Sandbox, client: Any) -> None:
        """A trial account texts its own number only; the refusal says so, without the number."""
        group = made(box, client)
        face_of(box).trial_number = DAN
        dos: Thunks = (lambda: client.send_direct(ANN, "Hello"), lambda: client.send(group, "Hello"))
        for do in dos:
            with pytest.raises(gm.Rejected, match="trial account") as raised:
                do()
            error = raised.value
            assert (error.code, error.reason) == ("9", FailureReason.INVALID_RECIPIENT)
            assert error.outcome is Outcome.NOT_SENT
        client.send_direct(DAN, "Hello")
        assert [box.phones[number].texts for number in (*PEOPLE, DAN)] == [[], [], [], ["Hello"]]

    def test_balance(self, box: Sandbox, client: Any) -> None:
        """Without a balance nothing is sent, and that is no fault of the message."""
        group = made(box, client)
        face_of(box).balance = 2
        with pytest.raises(gm.QuotaExceeded, match="top up") as raised:
            client.send(group, "Hello")
        assert (raised.value.code, raised.value.outcome) == ("25", Outcome.NOT_SENT)
        face_of(box).balance = 3
        client.send(group, "Hello")
        assert [box.phones[number].texts for number in PEOPLE] == [["Hello"]] * 3

    def test_check(self, box: Sandbox, client: Any) -> None:
        """A check asks one harmless question, and says what ends when and what cannot be seen."""
        findings = client.check()
        assert operations(box) == ["list_groups"]
        assert findings[0].level is Level.OK
        assert not any(finding.level is Level.FAULT for finding in findings)
        warnings = [finding.what for finding in findings if finding.level is Level.WARNING]
        assert [str(LAST_DAY) in what for what in warnings if "classic keys" in what] == [True]
        unchecked = " ".join(finding.what for finding in findings if finding.level is Level.UNCHECKED)
        assert "balance" in unchecked
        assert "MMS" in unchecked

    @pytest.mark.parametrize(("days", "words"), [(-40, "in 40 days"), (0, ", today)"), (3, "3 days ago")])
    def test_last_day(self, days: int, words: str) -> None:
        """The announced end is counted down."""
        messenger = MessageBirdMessenger(line=LINE, access_key="key")
        now = datetime(LAST_DAY.year, LAST_DAY.month, LAST_DAY.day, 12, tzinfo=UTC) + timedelta(days=days)
        assert words in next(iter(messenger.advice(now))).what

    def test_check_of_a_wrong_key(self, box: Sandbox) -> None:
        """A key that is refused is a fault, in the words of the error."""
        with Caller(box, "blocking", access_key="wrong-key") as client:
            (fault,) = (finding for finding in client.check() if finding.level is Level.FAULT)
        assert isinstance(fault.error, gm.AuthenticationFailed)
        assert "app.bird.com" in fault.what


def test_opted_out(box: Sandbox, client: Any) -> None:
    """Somebody who wrote STOP gets nothing, as the status says of that person alone; the others do."""
    group = made(box, client)
    box.phones[BOB].send("STOP", to=LINE)
    receipt = client.send(group, "Hello")
    box.clock.advance(10)
    found = client.get_status(receipt).by_recipient
    event = found[gm.PhoneNumber(BOB)]
    assert (event.status, event.reason, event.code) == (Status.FAILED, FailureReason.OPTED_OUT, "103")
    assert [found[gm.PhoneNumber(number)].status for number in (ANN, CAT)] == [Status.DELIVERED] * 2
    assert [box.phones[number].texts.count("Hello") for number in PEOPLE] == [1, 0, 1]


def test_plugin() -> None:
    """The distribution gives the messenger and, for the sandbox, the face."""
    assert groupmessenger_provider() is MessageBirdMessenger
    assert groupmessenger_sandbox() is MessageBirdFace
    assert ACCESS_KEY not in repr(MessageBirdMessenger(line=LINE, access_key=ACCESS_KEY))
