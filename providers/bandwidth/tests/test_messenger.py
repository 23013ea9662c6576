"""What is asked of Bandwidth, and what is not: requests, credentials, settings, groups and who is in them."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta, timezone
from functools import partial
from pathlib import Path
from typing import Any, ClassVar, TypeAlias

import attrs
import httpx
import pytest
from groupmessenger_bandwidth import BandwidthMessenger
from groupmessenger_bandwidth.messenger import BASIC_ENDS
from groupmessenger_bandwidth.sandbox import (
    ACCOUNT_ID,
    APPLICATION_ID,
    CLIENT_ID,
    CLIENT_SECRET,
    LINE,
    PASSWORD,
    SECOND_LINE,
    TOLL_FREE,
    UNLINKED_APPLICATION_ID,
    USERNAME,
    BandwidthFace,
)

import groupmessenger as gm
from groupmessenger import Channel, Outcome, Status
from groupmessenger.messenger import Level
from groupmessenger.sandbox import Sandbox

ANN, BOB, CAT, DAN = (f"+1312555015{n}" for n in range(4))
PARIS = "+33155501234"
PICTURE = "https://example.com/a.jpg"
MESSAGES = f"/api/v2/users/{ACCOUNT_ID}/messages"
TOKEN_HOST, API_HOST = "token.test", "messaging.test"
SOON = timedelta(hours=1)

Connect: TypeAlias = Callable[..., Any]
Thunks: TypeAlias = tuple[Callable[[], object], ...]


class Vendor:
    """Gives tokens, answers from a queue, or as if all were well; keeps what it was asked."""

    def __init__(self) -> None:
        self.requests: list[httpx.Request] = []
        self.answers: list[tuple[int, Any]] = []
        self.tokens: list[Any] = []  # the answers to come, in place of the usual one

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        if request.url.host == TOKEN_HOST:
            usual = {"access_token": f"token-{self.count(TOKEN_HOST)}", "expires_in": 3600, "token_type": "Bearer"}
            return httpx.Response(200, json=self.tokens.pop(0) if self.tokens else usual)
        status, answer = self.answers.pop(0) if self.answers else (202, {"id": "m1"})
        return httpx.Response(status, json=answer)

    def to(self, host: str) -> list[httpx.Request]:
        return [request for request in self.requests if request.url.host == host]

    def count(self, host: str) -> int:
        return len(self.to(host))

    @property
    def asked(self) -> list[tuple[str, str, Any]]:
        """What came to the API, without the tokens."""
        return [
            (request.method, request.url.path, json.loads(request.content) if request.content else None)
            for request in self.to(API_HOST)
        ]

    @property
    def bodies(self) -> list[Any]:
        return [body for _, _, body in self.asked]

    @property
    def proofs(self) -> list[str]:
        return [request.headers["authorization"] for request in self.to(API_HOST)]


@pytest.fixture
def vendor() -> Vendor:
    return Vendor()


def face_of(box: Sandbox) -> BandwidthFace:
    face = box.faces["bandwidth"]
    assert isinstance(face, BandwidthFace)
    return face


def operations(box: Sandbox) -> list[str | None]:
    return [entry["operation"] for entry in box.log]


def basic(user: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


def refusing(code: int, body: Any, _: httpx.Request) -> httpx.Response:
    return httpx.Response(code, json=body)


USUAL = {"applicationId": APPLICATION_ID, "from": LINE}


class TestRequests:
    def test_group(self, vendor: Vendor, connect: Connect) -> None:
        """A message to a group is one request to all its numbers, whatever the order they were given in."""
        client = connect(vendor)
        group = client.create_group([CAT, ANN, BOB])
        assert vendor.requests == []
        receipt = client.send(group, "Hello")
        assert vendor.asked == [
            ("POST", MESSAGES, USUAL | {"to": [ANN, BOB, CAT], "text": "Hello", "tag": receipt.token})
        ]
        assert (receipt.id, receipt.status, receipt.degradations) == ("m1", Status.ACCEPTED, ())
        assert set(map(str, receipt.recipients)) == {ANN, BOB, CAT}

    def test_everything(self, vendor: Vendor, connect: Connect) -> None:
        """Every part of a message has its field, and what is not there has none."""
        ends = datetime(2040, 1, 2, 3, 4, 5, 678_900, tzinfo=timezone(timedelta(hours=-6)))
        message = gm.Message(media=[PICTURE, PICTURE + "?2"], priority="high", expires_at=ends)
        client = connect(vendor)
        first = client.send(client.create_group([ANN, BOB]), message)
        second = client.send_direct(ANN, message)
        usual = USUAL | {"media": [PICTURE, PICTURE + "?2"], "priority": "high", "expiration": "2040-01-02T09:04:05Z"}
        assert vendor.bodies == [
            usual | {"to": [ANN, BOB], "tag": first.token},
            usual | {"to": [ANN], "tag": second.token},
        ]

    def test_direct(self, vendor: Vendor, connect: Connect) -> None:
        """One number, to which the same call sends: an SMS, or an MMS with media."""
        client = connect(vendor)
        receipt = client.send_direct(ANN, "Hello")
        assert vendor.asked == [("POST", MESSAGES, USUAL | {"to": [ANN], "text": "Hello", "tag": receipt.token})]
        assert receipt.recipients == (gm.PhoneNumber(ANN),)

    def test_tokens_of_messages(self, vendor: Vendor, connect: Connect) -> None:
        """Each message has a tag of its own, so that its callbacks are told apart from those of the same text."""
        client = connect(vendor)
        receipts = [client.send_direct(ANN, "Hello") for _ in range(3)]
        tags = [body["tag"] for body in vendor.bodies]
        assert [receipt.token for receipt in receipts] == tags
        assert len(set(tags)) == 3
        assert not any(number.strip("+") in tag for tag in tags for number in (ANN, LINE))

    def test_extras(self, vendor: Vendor, connect: Connect) -> None:
        """Extras for Bandwidth go along as they are; those for another provider do not."""
        extras: dict[str, dict[str, Any]] = {"bandwidth": {"note": "x"}, "acme": {"other": 1}}
        client = connect(vendor)
        receipt = client.send_direct(ANN, gm.Message("Hello", extras=extras))
        assert vendor.bodies == [USUAL | {"note": "x", "to": [ANN], "text": "Hello", "tag": receipt.token}]

    @pytest.mark.parametrize("field", "applicationId to from text media tag priority expiration".split())  # noqa: SIM905
    def test_extras_cannot_override(self, vendor: Vendor, connect: Connect, field: str) -> None:
        """What the message or the connection says cannot be said otherwise by an extra."""
        client = connect(vendor)
        message = gm.Message("Hello", extras={"bandwidth": {field: "else"}})
        sends: Thunks = (
            lambda: client.send_direct(ANN, message),
            lambda: client.send(client.create_group([ANN, BOB]), message),
        )
        for send in sends:
            with pytest.raises(gm.UnsupportedOperation, match=field):
                send()
        assert vendor.requests == []

    @pytest.mark.parametrize("late", [timedelta(seconds=-1), timedelta(days=-900), timedelta()])
    def test_expired(self, vendor: Vendor, connect: Connect, late: timedelta) -> None:
        """What would be over before it leaves is refused without a request, and without a token being asked for."""
        client = connect(vendor)
        message = gm.Message("Hello", expires_at=datetime.now(UTC) + late)
        sends: Thunks = (
            lambda: client.send_direct(ANN, message),
            lambda: client.send(client.create_group([ANN, BOB]), message),
        )
        for send in sends:
            with pytest.raises(gm.UnsupportedOperation, match="expires_at is over already") as raised:
                send()
            assert (Outcome.NOT_SENT, []) == (raised.value.outcome, vendor.requests)

    def test_scheduled(self, vendor: Vendor, connect: Connect) -> None:
        """A time to send at is refused without a request, one that is over as well as one to come."""
        client = connect(vendor)
        for when in (timedelta(days=-1), SOON):
            message = gm.Message("Hello", send_at=datetime.now(UTC) + when)
            with pytest.raises(gm.UnsupportedOperation, match="scheduled") as raised:
                client.send_direct(ANN, message)
            assert (Outcome.NOT_SENT, []) == (raised.value.outcome, vendor.requests)

    def test_expired_in_this_second(self, vendor: Vendor, connect: Connect, monkeypatch: pytest.MonkeyPatch) -> None:
        """Ends are told in whole seconds: one that has begun by then would be in the past for them."""
        monkeypatch.setattr("groupmessenger.driving.datetime", Clock)
        Clock.fixed = datetime(2040, 1, 1, 12, 0, 0, 200_000, tzinfo=UTC)
        client = connect(vendor)
        with pytest.raises(gm.UnsupportedOperation, match="over already"):
            client.send_direct(ANN, gm.Message("Hello", expires_at=Clock.fixed + timedelta(seconds=0.5)))
        assert vendor.requests == []
        client.send_direct(ANN, gm.Message("Hello", expires_at=Clock.fixed + timedelta(seconds=0.8)))
        assert [body["expiration"] for body in vendor.bodies] == ["2040-01-01T12:00:01Z"]

    def test_an_end_beyond_all_time(self, vendor: Vendor, connect: Connect) -> None:
        """A time that has no place in UTC is not sent, and is not in doubt either."""
        never = datetime.max.replace(tzinfo=timezone(timedelta(hours=-5)))
        client = connect(vendor)
        with pytest.raises(gm.GroupMessengerError) as raised:
            client.send_direct(ANN, gm.Message("Hello", expires_at=never))
        assert (raised.value.outcome, vendor.requests) == (Outcome.NOT_SENT, [])

    def test_both_phones_show_one_thread(self, box: Sandbox, connect: Connect) -> None:
        """Everything to the same people is one thread on every phone, with everybody in it."""
        client = connect(box)
        first = client.send(client.create_group([ANN, BOB]), "One")
        client.send(client.create_group([BOB, ANN]), gm.Message("Two", PICTURE))
        client.send(gm.Group.load(first.group.dump()), "Three")
        for number in (ANN, BOB):
            (thread,) = box.phones[number].threads
            assert thread.participants == {ANN, BOB, LINE}
            assert box.phones[number].texts == ["One", "Two", "Three"]

    def test_direct_is_another_thread(self, box: Sandbox, connect: Connect) -> None:
        """A private text reaches one phone alone, and not the group's thread: as SMS, and as MMS with media."""
        client = connect(box)
        client.send(client.create_group([ANN, BOB]), "To both")
        client.send_direct(ANN, "To you")
        client.send_direct(ANN, gm.Message("See", PICTURE))
        assert [len(box.phones[number].threads) for number in (ANN, BOB)] == [2, 1]
        assert box.phones[BOB].texts == ["To both"]
        assert [message.mms for message in face_of(box).messages] == [True, False, True]

    def test_recipients_and_receipt(self, box: Sandbox, connect: Connect) -> None:
        """The receipt names its people, its group and its token; groups survive being stored."""
        receipt = connect(box).send(connect(box).create_group([BOB, ANN]), "Hello")
        assert tuple(map(str, receipt.recipients)) == (ANN, BOB)
        assert (receipt.group.channel, receipt.group.pending) == (Channel.MMS, False)
        assert (receipt.token, receipt.id) == (face_of(box).messages[-1].tag, face_of(box).messages[-1].id)
        stored = gm.Group.load(receipt.group.dump())
        assert (stored, stored.members, stored.channel) == (receipt.group, receipt.group.members, Channel.MMS)
        assert not any(number in text for number in (ANN, BOB, LINE) for text in (repr(receipt), repr(stored)))

    def test_unlinked_application(self, box: Sandbox, connect: Connect) -> None:
        """The provisioning trap: accepted, and nothing arrives. The receipt can say no more than accepted."""
        client = connect(box, application_id=UNLINKED_APPLICATION_ID)
        receipt = client.send(client.create_group([ANN, BOB]), "Hello")
        assert (receipt.status, box.phones[ANN].texts) == (Status.ACCEPTED, [])
        assert client.get_status(receipt).status is Status.UNKNOWN


class TestCredentials:
    def test_each_goes_to_its_host(self, vendor: Vendor, connect: Connect) -> None:
        """The client's secret goes to the host of the tokens, the token to the API's, and neither anywhere else."""
        client = connect(vendor)
        client.send(client.create_group([ANN, BOB]), gm.Message("See", "https://pictures.test/a.jpg"))
        client.send_direct(ANN, gm.Message("See", f"https://{API_HOST}/api/v2/users/1/media/a.jpg"))
        with pytest.raises(gm.UnexpectedAnswer):
            client.get_status("m1")
        assert {request.url.host for request in vendor.requests} == {TOKEN_HOST, API_HOST}  # no media is fetched
        (asked,) = vendor.to(TOKEN_HOST)
        assert (asked.method, asked.content) == ("POST", b"grant_type=client_credentials")
        assert asked.headers["authorization"] == basic("client-id", "hush-hush")
        assert asked.headers["content-type"] == "application/x-www-form-urlencoded"
        assert vendor.proofs == ["Bearer token-1"] * 3
        assert not any(
            b"hush" in request.content or "hush" in str(request.url) or "token-1" in str(request.url)
            for request in vendor.requests
        )

    def test_basic(self, vendor: Vendor, connect: Connect) -> None:
        """An API user's password goes with each request, and no token is asked for."""
        client = connect(vendor, username="user", password="hush-hush")
        client.send_direct(ANN, "Hello")
        client.send_direct(ANN, "Again")
        assert (vendor.count(TOKEN_HOST), vendor.proofs) == (0, [basic("user", "hush-hush")] * 2)

    def test_basic_against_the_stand_in(self, box: Sandbox, connect: Connect) -> None:
        """It works until its end, and is then refused for good: nothing is renewed and nothing was sent."""
        settings = {"client_id": None, "client_secret": None, "username": USERNAME, "password": PASSWORD}
        client = connect(box, **settings)
        client.send_direct(ANN, "Hello")
        face_of(box).basic_auth = False
        box.clear_log()
        with pytest.raises(gm.AuthenticationFailed) as raised:
            client.send_direct(ANN, "Again")
        assert (raised.value.status, raised.value.outcome) == (401, Outcome.NOT_SENT)
        assert (operations(box), box.phones[ANN].texts) == (["send"], ["Hello"])

    def test_one_token_for_many(self, box: Sandbox, connect: Connect) -> None:
        """Fifty at once ask for one token, and each sends its message."""
        box.fault("delay", operation="token", seconds=0.05)
        client = connect(box)
        with ThreadPoolExecutor(50) as pool:
            list(pool.map(lambda n: client.send_direct(ANN, f"Text {n}"), range(50)))
        assert face_of(box).tokens_issued == 1
        assert sorted(box.phones[ANN].texts) == sorted(f"Text {n}" for n in range(50))

    def test_one_new_token_for_many(self, box: Sandbox, connect: Connect) -> None:
        """Fifty whose token is no good any more ask for one new one, and each message is sent once."""
        client = connect(box)
        client.send_direct(ANN, "First")
        face_of(box).revoke_tokens()
        box.fault("delay", operation="token", seconds=0.05)
        with ThreadPoolExecutor(50) as pool:
            list(pool.map(lambda n: client.send_direct(ANN, f"Text {n}"), range(50)))
        assert face_of(box).tokens_issued == 2
        assert len(set(box.phones[ANN].texts)) == len(box.phones[ANN].texts) == 51

    def test_renewed_after_its_end(self, box: Sandbox, connect: Connect) -> None:
        """A token that ended before we thought is renewed after the 401, and the message is sent."""
        client = connect(box)
        client.send_direct(ANN, "One")
        box.clock.advance(3601)
        box.clear_log()
        client.send_direct(ANN, "Two")
        assert operations(box) == ["send", "token", "send"]
        assert [entry["status"] for entry in box.log] == [401, 200, 202]
        assert box.phones[ANN].texts == ["One", "Two"]

    def test_renewed_once(self, vendor: Vendor, connect: Connect) -> None:
        """A second 401, with the new token, is final."""
        no = (401, {"type": "unauthorized", "description": "Authentication Failed"})
        vendor.answers = [no, no]
        with pytest.raises(gm.AuthenticationFailed):
            connect(vendor).send_direct(ANN, "Hello")
        assert (vendor.count(TOKEN_HOST), vendor.proofs) == (2, ["Bearer token-1", "Bearer token-2"])

    @pytest.mark.parametrize(
        ("expires_in", "kept"),
        [
            (3600, 3540),
            (120, 60),
            (60, 30),
            (10**9, 86_340),  # a day, at most
            (None, 3540),  # an hour, where they do not say
            ("3600", 3540),
            (0, 3540),
            (-5, 3540),
            (True, 3540),
            ("soon", 3540),
        ],
    )
    def test_renewed_before_its_end(
        self, vendor: Vendor, connect: Connect, monkeypatch: pytest.MonkeyPatch, expires_in: Any, kept: int
    ) -> None:
        """A token is renewed a minute before its end, or at half its life."""
        monkeypatch.setattr("groupmessenger.driving.datetime", Clock)
        start = Clock.fixed = datetime(2040, 1, 1, tzinfo=UTC)
        vendor.tokens = [{"access_token": "first", "expires_in": expires_in}]
        if expires_in is None:
            del vendor.tokens[0]["expires_in"]
        client = connect(vendor)
        for seconds in (0, kept - 1, kept):
            Clock.fixed = start + timedelta(seconds=seconds)
            client.send_direct(ANN, "Hello")
        assert vendor.proofs == ["Bearer first", "Bearer first", "Bearer token-2"]

    @pytest.mark.parametrize("token", ["", None, 7, ["a"], "a\nb", "ü", {}])
    def test_no_token(self, vendor: Vendor, connect: Connect, token: Any) -> None:
        """What is no token is an error of the token's, not sent, and no header is made of it."""
        vendor.tokens = [{"access_token": token}]
        with pytest.raises(gm.UnexpectedAnswer) as raised:
            connect(vendor).send_direct(ANN, "Hello")
        assert (raised.value.outcome, vendor.bodies) == (Outcome.NOT_SENT, [])

    @pytest.mark.parametrize("doubts", [{"expires_in": "absent"}, {"token_type": "bearer"}, {"auth_words": "2019"}])
    def test_doubts(self, connect: Connect, doubts: dict[str, str]) -> None:
        """However the token's answer and the 401 are written, a revoked token is renewed."""
        with Sandbox(doubts={f"bandwidth.{name}": choice for name, choice in doubts.items()}) as box:
            client = connect(box)
            client.send_direct(ANN, "One")
            face_of(box).revoke_tokens()
            client.send_direct(ANN, "Two")
            assert box.phones[ANN].texts == ["One", "Two"]

    @pytest.mark.parametrize(
        ("wrong", "status"), [({"client_secret": "wrong-secret"}, 401), ({"account_id": "9900999"}, 403)]
    )
    def test_wrong(self, box: Sandbox, connect: Connect, wrong: dict[str, str], status: int) -> None:
        """Wrong credentials, or those of another account: nothing was sent, and the text says what to look at."""
        with pytest.raises(gm.AuthenticationFailed, match=r"client_secret|account_id") as raised:
            connect(box, **wrong).send_direct(ANN, "Hello")
        assert (raised.value.outcome, raised.value.status) == (Outcome.NOT_SENT, status)
        assert not any(secret in str(raised.value) for secret in (CLIENT_ID, CLIENT_SECRET, "wrong-secret"))
        assert box.phones[ANN].texts == []

    ECHOES = (
        "{0}",
        "{1}",
        "{0}:{1}",
        "no client '{0}' with the secret \"{1}\"",
        "user={0}&password={1}.",
        "Authorization: {2}",
        "{2!r}",
    )

    @pytest.mark.parametrize("field", ["error_description", "description", "message", "error"])
    @pytest.mark.parametrize("code", [400, 401, 403, 404])
    def test_token_refused_with_its_credentials(self, connect: Connect, code: int, field: str) -> None:
        """What a refusal of the token repeats of the credentials is not shown, whatever asked for it."""
        user, password = "some-client", "some-client:hush=/hush"  # one within the other, and with signs of its own
        for words in (echo.format(user, password, basic(user, password)) for echo in self.ECHOES):
            body = {"type": "some-type", "error": "invalid_client", field: words}
            client = connect(partial(refusing, code, body), client_id=user, client_secret=password)
            self.shows_nothing(client, user, password)

    @pytest.mark.parametrize("field", ["description", "fieldErrors"])
    @pytest.mark.parametrize("code", [400, 401, 403, 404])
    def test_refused_with_its_password(self, connect: Connect, code: int, field: str) -> None:
        """Nor is what a refusal of the API repeats of a user's name and password."""
        user, password = "some-user", "hush  hush"  # with two spaces, which texts are quoted without
        for words in (echo.format(user, password, basic(user, password)) for echo in self.ECHOES):
            said: Any = [{"fieldName": words, "description": words}] if field == "fieldErrors" else words
            body = {"type": "unauthorized", "description": "No", field: said}
            client = connect(partial(refusing, code, body), username=user, password=password)
            self.shows_nothing(client, user, password, "hush hush")

    @pytest.mark.parametrize("code", [400, 401, 403, 404])
    def test_refused_with_its_token(self, connect: Connect, code: int) -> None:
        """Nor is the token."""
        body = {"type": "unauthorized", "description": "No such token: Bearer hush-token, hush-token"}

        def answer(request: httpx.Request) -> httpx.Response:
            if request.url.host == TOKEN_HOST:
                return httpx.Response(200, json={"access_token": "hush-token"})
            return httpx.Response(code, json=body)

        self.shows_nothing(connect(answer), "hush-token")

    def shows_nothing(self, client: Any, *secrets: str) -> None:
        """No error, no finding and no sighting has any of these, nor what HTTP makes of them."""
        hidden = (*secrets, base64.b64encode(":".join(secrets[:2]).encode()).decode())
        shown = [finding.what for finding in client.check()]
        lost = gm.Attempt(
            token="t0",
            provider="bandwidth",
            line=LINE,
            message=gm.Message("Hello"),
            to=gm.PhoneNumber(ANN),
            leave_from=datetime.now(UTC),
            leave_by=datetime.now(UTC),
        )
        for attempt in (lost, attrs.evolve(lost, provider_id="m1")):
            shown.append(client.find_sent(attempt).why)
        asks: Thunks = (
            lambda: client.send_direct(ANN, "Hello"),
            lambda: client.send(client.create_group([ANN, BOB]), "Hello"),
            lambda: client.get_status("m1"),
        )
        for ask in asks:
            with pytest.raises(gm.ProviderError) as raised:
                ask()
            assert Outcome.NOT_SENT is raised.value.outcome
            shown += [str(raised.value), repr(raised.value)]
        assert all("HTTP " in text for text in (shown[0], shown[-2]))
        assert [] == [secret for secret in hidden for text in shown if secret in text]


class Clock(datetime):
    """The clock of a client, which stands still."""

    fixed: ClassVar[datetime]

    @classmethod
    def now(cls, tz: Any = None) -> Any:
        return cls.fixed


class TestCheck:
    def test_well(self, box: Sandbox, connect: Connect) -> None:
        """Valid credentials are said to be so; what cannot be seen before it is too late is said as well."""
        findings = connect(box).check()
        assert (findings[0].level, findings[0].what) == (Level.OK, "Bandwidth accepts the credentials")
        assert [finding.level for finding in findings[-2:]] == [Level.UNCHECKED] * 2
        assert "linked" in findings[-2].what
        assert "10DLC" in findings[-1].what
        assert (operations(box), face_of(box).messages) == (["token", "search"], [])

    @pytest.mark.parametrize("wrong", [{"client_secret": "wrong-secret"}, {"account_id": "9900999"}])
    def test_wrong_credentials(self, box: Sandbox, connect: Connect, wrong: dict[str, str]) -> None:
        """What is refused is a fault, and the check does not raise it."""
        findings = connect(box, **wrong).check()
        assert findings[0].level is Level.FAULT
        assert "wrong-secret" not in findings[0].what

    def test_what_is_asked(self, vendor: Vendor, connect: Connect) -> None:
        """One search, for one message of the line."""
        connect(vendor).check()
        (request,) = vendor.to(API_HOST)
        assert (request.method, dict(request.url.params)) == ("GET", {"sourceTn": LINE, "limit": "1"})

    @pytest.mark.parametrize(
        ("day", "level", "when"),
        [
            (date(2026, 11, 22), Level.WARNING, "in 10 days"),
            (date(2026, 12, 1), Level.WARNING, "in 1 day)"),
            (date(2026, 12, 2), Level.FAULT, "today"),
            (date(2026, 12, 3), Level.FAULT, "1 day ago"),
            (date(2027, 1, 1), Level.FAULT, "30 days ago"),
        ],
    )
    def test_end_of_passwords(self, day: date, level: Level, when: str) -> None:
        """Passwords end on a day in UTC: a warning before it, a fault from then on, and the cure."""
        noon = datetime(day.year, day.month, day.day, 23, 30, tzinfo=timezone(timedelta(hours=-5))) - timedelta(days=1)
        first = next(iter(messenger(username="u", password="p").advice(noon)))
        assert (first.level, when in first.what, "client_id" in first.what) == (level, True, True)
        assert str(BASIC_ENDS) in first.what

    def test_toll_free(self) -> None:
        """A toll-free line is a fault; a long code that looks a little like one is none."""
        now = datetime.now(UTC)
        for area in ("800", "833", "844", "855", "866", "877", "888"):
            line = f"+1{area}5550120"
            levels = [each.level for each in messenger(line=line, client_id="i", client_secret="s").advice(now)]
            assert levels == [Level.FAULT, Level.UNCHECKED, Level.UNCHECKED]
        for line in (LINE, "+18085550120", "+448005550120"):
            levels = [each.level for each in messenger(line=line, client_id="i", client_secret="s").advice(now)]
            assert levels == [Level.UNCHECKED, Level.UNCHECKED]


def messenger(**settings: Any) -> BandwidthMessenger:
    return BandwidthMessenger(**{"line": LINE, "account_id": ACCOUNT_ID, "application_id": "a", **settings})


class TestSettings:
    GOOD: ClassVar[dict[str, Any]] = {
        "line": LINE,
        "account_id": ACCOUNT_ID,
        "application_id": APPLICATION_ID,
        "client_id": "client-id",
        "client_secret": "hush-hush",
    }

    def problems(self, **settings: Any) -> dict[str, str]:
        given = {name: value for name, value in settings.items() if value is not ...}
        with pytest.raises(gm.ConfigurationError) as raised:
            gm.connect("bandwidth", **given)
        text = str(raised.value)
        for value in given.values():
            if isinstance(value, str) and len(value) > 5:
                assert value not in text
        return {problem.key: f"{problem.what} {problem.cure}" for problem in raised.value.problems}

    def test_all_problems_at_once(self) -> None:
        """Everything missing, unknown and impossible is named together, with what was probably meant."""
        found = self.problems(lines=LINE, account_id="u-abcdefgh", token_url="nowhere")
        assert list(found) == ["lines", "line", "account_id", "application_id", "token_url", "client_id"]
        assert "did you mean 'line'?" in found["lines"]
        assert "u-" in found["account_id"]
        assert "client_id and client_secret" in found["client_id"]

    @pytest.mark.parametrize(
        ("given", "keys"),
        [
            ({"line": "312"}, ["line", "client_id"]),
            ({"line": "312", "client_id": "some-client"}, ["line", "client_secret"]),
            ({"line": "312", "client_id": ""}, ["line", "client_id", "client_secret"]),
            ({"line": "312", "client_secret": "hush-hush"}, ["line", "client_id"]),
            ({"account_id": "u-abcdefgh", "password": "hush-hush"}, ["account_id", "username"]),
            ({"account_id": "", "client_id": "some-client", "username": "some-user"}, ["account_id", "username"]),
            ({"line": "312", "client_id": "some-client", "client_secret": ""}, ["line", "client_secret"]),
        ],
    )
    def test_credentials_among_other_problems(self, tmp_path: Path, given: dict[str, str], keys: list[str]) -> None:
        """Credentials that are missing or too many are named with what else is wrong, each once, in a file too."""
        settings = {name: self.GOOD[name] for name in ("line", "account_id", "application_id")} | given
        assert keys == list(self.problems(**settings))
        file = tmp_path / "groupmessenger.toml"
        lines = [f"{name} = {json.dumps(value)}" for name, value in settings.items()]
        file.write_text("\n".join(["[connections.main]", 'provider = "bandwidth"', *lines]), encoding="utf-8")
        with pytest.raises(gm.ConfigurationError) as raised:
            gm.load_config(file)
        assert [f"connections.main.{key}" for key in keys] == [problem.key for problem in raised.value.problems]
        assert not any(len(value) > 5 and value in str(raised.value) for value in given.values())

    def test_a_secret_that_cannot_be_read(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """A secret whose variable is not set is a problem of its own, and is not called missing besides."""
        monkeypatch.delenv("NO_SUCH_SECRET", raising=False)
        file = tmp_path / "groupmessenger.toml"
        file.write_text(
            '[connections.main]\nprovider = "bandwidth"\nline = "312"\naccount_id = "9900123"\n'
            'application_id = "a"\nclient_id = "some-client"\nclient_secret = { env = "NO_SUCH_SECRET" }\n',
            encoding="utf-8",
        )
        with pytest.raises(gm.ConfigurationError) as raised:
            gm.load_config(file)
        found = {problem.key: problem.what for problem in raised.value.problems}
        assert {"connections.main.line", "connections.main.client_secret"} == found.keys()
        assert len(found) == len(raised.value.problems)
        assert "NO_SUCH_SECRET" in found["connections.main.client_secret"]

    @pytest.mark.parametrize(
        ("setting", "value"),
        [
            *(("line", value) for value in ("312 555 0120", "not a number", 13125550120, None)),
            *(("account_id", value) for value in ("u-abcdefgh", "99-00123", "", "\uff19\uff10", 9900123, None)),
            *(("application_id", value) for value in ("", "  ", 7, None)),
            *(("client_id", value) for value in ("", "  ", "íd-íd-íd", 12345678)),
            *(("client_secret", value) for value in ("", "hush\nhush", 12345678)),
            *(("base_url", value) for value in ("http://messaging.bandwidth.com/api/v2", "messaging.bandwidth.com")),
            *(
                ("token_url", value)
                for value in (
                    "api.bandwidth.com/token",
                    "ftp://api.bandwidth.com/token",
                    "http://api.bandwidth.com/token",
                    "https://user:word@api.bandwidth.com/token",
                    "https:///token",
                    "https://[half",
                    "",
                    5,
                    None,
                )
            ),
        ],
    )
    def test_impossible(self, setting: str, value: Any) -> None:
        """A setting that cannot work is a problem of its own, at once, and its value is not repeated."""
        assert list(self.problems(**self.GOOD | {setting: value})) == [setting]

    @pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]"])
    def test_loopback(self, host: str) -> None:
        """Without TLS credentials go to this machine alone."""
        given = {"base_url": f"http://{host}:8000/bandwidth", "token_url": f"http://{host}:8000/bandwidth/oauth2/token"}
        gm.connect("bandwidth", **self.GOOD | given).close()

    @pytest.mark.parametrize(
        ("given", "keys"),
        [
            ({}, ["client_id"]),
            ({"client_id": "i"}, ["client_secret"]),
            ({"client_secret": "s"}, ["client_id"]),
            ({"username": "u"}, ["password"]),
            ({"password": "p"}, ["username"]),
            ({"client_id": "i", "client_secret": "s", "username": "u", "password": "p"}, ["username"]),
            ({"client_id": "i", "password": "p"}, ["username"]),
            ({"client_id": None, "client_secret": None}, ["client_id"]),
        ],
    )
    def test_conflicts(self, given: dict[str, Any], keys: list[str]) -> None:
        """One pair of credentials, and both of the pair."""
        assert list(self.problems(**self.GOOD | {"client_id": ..., "client_secret": ...} | given)) == keys

    @pytest.mark.parametrize("given", [{"client_id": "i"}, {"username": "u"}, {}, {"password": "p"}])
    def test_no_half_a_pair(self, given: dict[str, Any]) -> None:
        """Nor is a messenger made by hand with half a pair: it would send "None" for the other half."""
        with pytest.raises(gm.GroupMessengerError, match="missing"):
            messenger(**given)

    def test_good(self) -> None:
        """A line may be written as people write it; neither secrets nor numbers are shown."""
        with gm.connect("bandwidth", **self.GOOD | {"line": "+1 (312) 555-0120"}) as client:
            assert client.messenger.line == LINE
            assert client.messenger.base_url == "https://messaging.bandwidth.com/api/v2"
            text = repr(client.messenger) + repr(client)
            assert not any(each in text for each in ("hush", "client-id", LINE, ACCOUNT_ID, APPLICATION_ID))
        basic = {"client_id": None, "client_secret": None, "username": "some-user", "password": "hush-hush"}
        with gm.connect("bandwidth", **self.GOOD | basic) as client:
            assert not any(each in repr(client.messenger) for each in ("hush", "some-user"))


class TestGroups:
    def test_is_its_members(self, vendor: Vendor, connect: Connect) -> None:
        """A group is made without a request, has no id of theirs, is not pending, and is equal for the same people."""
        client = connect(vendor)
        group = client.create_group([ANN, BOB])
        assert (group.is_member_set, group.pending, group.channel) == (True, False, Channel.MMS)
        assert group == client.create_group([BOB, ANN])
        assert group != client.create_group([ANN, BOB, CAT])
        assert vendor.requests == []

    def test_unsupported(self, vendor: Vendor, connect: Connect) -> None:
        """What Bandwidth does not have is refused without a request; who wants others is told to make another group."""
        client = connect(vendor)
        group = client.create_group([ANN, BOB, CAT])
        refusals: Thunks = (
            client.list_groups,
            lambda: client.get_group(group),
            lambda: client.rename_group(group, "Friends"),
            lambda: client.leave_group(group),
            lambda: client.delete_group(group),
            lambda: client.cancel_scheduled("m1"),
            lambda: client.create_group([ANN, BOB], "Friends"),
            lambda: client.send(group, gm.Message("Later", send_at=datetime.now(UTC) + SOON)),
            lambda: client.send(group, gm.Message("Reply", reply_to="m0")),
            lambda: client.send(group, gm.Message("Not you", leave_out=[ANN])),
        )
        for refused in refusals:
            with pytest.raises(gm.UnsupportedOperation):
                refused()
        for change in (client.add_members, client.remove_members):
            with pytest.raises(gm.UnsupportedOperation, match="create_group"):
                change(group, [DAN])
        with pytest.raises(gm.BroadcastRefused):
            client.create_group([ANN, BOB], topology="broadcast")
        assert vendor.requests == []

    def test_effects_are_left_out(self, vendor: Vendor, connect: Connect) -> None:
        """An effect does not keep a message back; the receipt says that it went without."""
        client = connect(vendor)
        receipt = client.send(client.create_group([ANN, BOB]), gm.Message("Boom", effect="confetti"))
        assert [each.feature for each in receipt.degradations] == ["effect"]
        assert "effect" not in vendor.bodies[0]

    def test_nobody_knows(self, vendor: Vendor, connect: Connect) -> None:
        """That priority and end work for MMS is not promised, and the plan says so."""
        client = connect(vendor)
        message = gm.Message("Now", priority="high", expires_at=datetime.now(UTC) + SOON)
        plan = client.plan(client.create_group([ANN, BOB]), message)
        assert (plan.ok, plan.message, plan.billable_units) == (True, message, 2)
        assert [each.partition(":")[0] for each in plan.unverified] == ["expires_at", "priority"]
        assert (plan.exposes_numbers, plan.two_way) == (True, True)

    def test_one_person(self, vendor: Vendor, connect: Connect) -> None:
        """One other person is no group; send_direct writes to one."""
        client = connect(vendor)
        with pytest.raises(gm.LimitExceeded, match="send_direct") as raised:
            client.create_group([ANN])
        assert (raised.value.name, raised.value.limit, raised.value.asked) == ("min_recipients", 2, 1)
        assert vendor.requests == []

    @pytest.mark.parametrize("group_id", ["group_1", "set_", "set_xyz"])
    def test_ids(self, vendor: Vendor, connect: Connect, group_id: str) -> None:
        """Bandwidth has no ids of groups: neither one that looks like one, nor a set whose people are not known."""
        client = connect(vendor)
        known = gm.Group("bandwidth", LINE, group_id, (gm.Member(ANN), gm.Member(BOB)))
        for group in (client.group(group_id), known, client.group(client.create_group([ANN, BOB]).id)):
            assert not client.plan(group, "Hello").ok
            with pytest.raises(gm.UnsupportedOperation, match=r"no ids|not known"):
                client.send(group, "Hello")
        assert vendor.requests == []

    def test_toll_free(self, vendor: Vendor, connect: Connect) -> None:
        """A toll-free line writes to no groups, stored ones included, and to one person as ever."""
        client = connect(vendor, line=TOLL_FREE)
        with pytest.raises(gm.UnsupportedOperation, match="toll-free"):
            client.create_group([ANN, BOB])
        stored = gm.Group.of_members(
            "bandwidth", TOLL_FREE, [gm.Member(ANN), gm.Member(BOB)], pending=False, topology=gm.Topology.SHARED_THREAD
        )
        with pytest.raises(gm.UnsupportedOperation, match="toll-free"):
            client.send(stored, "Hello")
        assert vendor.requests == []
        client.send_direct(ANN, "Hello")
        assert [body["from"] for body in vendor.bodies] == [TOLL_FREE]

    def test_foreign(self, vendor: Vendor, connect: Connect) -> None:
        """A number outside +1 is in no group, and its owner is not named whole; an SMS may go there."""
        client = connect(vendor)
        with pytest.raises(gm.UnsupportedOperation, match="US and Canadian") as raised:
            client.create_group([ANN, PARIS])
        assert PARIS not in str(raised.value)
        stored = gm.Group.of_members(
            "bandwidth", LINE, [gm.Member(ANN), gm.Member(PARIS)], pending=False, topology=gm.Topology.SHARED_THREAD
        )
        with pytest.raises(gm.UnsupportedOperation, match="US and Canadian"):
            client.send(stored, "Hello")
        assert vendor.requests == []
        client.send_direct(PARIS, "Bonjour")
        assert [body["to"] for body in vendor.bodies] == [[PARIS]]

    @pytest.mark.parametrize("person", ["eve@example.com", gm.OpaqueAddress("22000")], ids=str)
    def test_no_numbers(self, vendor: Vendor, connect: Connect, person: Any) -> None:
        """Only phone numbers are texted."""
        client = connect(vendor)
        refusals: Thunks = (
            lambda: client.create_group([ANN, BOB, person]),
            lambda: client.send_direct(person, "Hello"),
        )
        for refused in refusals:
            with pytest.raises(gm.UnsupportedOperation):
                refused()
        assert vendor.requests == []

    def test_own_line(self, vendor: Vendor, connect: Connect) -> None:
        """Our line is in every group and nobody's recipient; nobody is written to twice in one."""
        client = connect(vendor)
        refusals: Thunks = (
            lambda: client.create_group([ANN, BOB, LINE]),
            lambda: client.send_direct(LINE, "Hello"),
        )
        for refused in refusals:
            with pytest.raises(gm.InvalidInput, match="own line"):
                refused()
        client.send(client.create_group([ANN, BOB, "+1 (312) 555-0150"]), "Hello")
        assert [body["to"] for body in vendor.bodies] == [[ANN, BOB]]

    def test_other_line(self, vendor: Vendor, connect: Connect) -> None:
        """A group of another line is another thread, and is not sent to from here."""
        client, other = connect(vendor), connect(vendor, line=SECOND_LINE)
        group = client.create_group([ANN, BOB])
        assert other.create_group([ANN, BOB]) != group
        with pytest.raises(gm.WrongConnection):
            other.send(group, "Hello")
        assert vendor.requests == []


def test_plugin() -> None:
    """The distribution gives the messenger and, for the sandbox, the face."""
    import groupmessenger_bandwidth

    assert groupmessenger_bandwidth.groupmessenger_provider() is BandwidthMessenger
    assert groupmessenger_bandwidth.groupmessenger_sandbox() is BandwidthFace
