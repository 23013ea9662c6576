"""What Bandwidth calls us with: whom we believe, and what each event says, whatever shape it comes in."""

from __future__ import annotations

import base64
import itertools
import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, TypeAlias

import httpx
import pytest
from groupmessenger_bandwidth import BandwidthMessenger
from hypothesis import given, settings
from hypothesis import strategies as st

import groupmessenger as gm
from groupmessenger import Channel, Evidence, FailureReason, Grade, Status, Topology
from groupmessenger.callbacks import Callback
from groupmessenger.events import Event, MessageReceived, OptedIn, OptedOut, StatusChanged, Unrecognized
from groupmessenger.provider import Verified, sealed_url
from groupmessenger.webhooks import wsgi

LINE, SECOND_LINE, TOLL_FREE = "+13125550120", "+13125550121", "+18335550120"
ANN, BOB, CAT, DAN = (f"+1312555015{n}" for n in range(4))
PARIS = "+33155501234"
PAIR, OLD_PAIR = "hook-user:hook:word", "hook-user:before"
ACCOUNT_ID = "9900123"
MEDIA = f"https://messaging.bandwidth.com/api/v2/users/{ACCOUNT_ID}/media/in-1"
URL = "https://hooks.example.com/in/main"
NOON = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
LEAVE_OUT: Any = object()

Connect: TypeAlias = Callable[..., Any]


def messenger(**given: Any) -> BandwidthMessenger:
    usual: dict[str, Any] = {
        "line": LINE,
        "account_id": ACCOUNT_ID,
        "application_id": "app-1",
        "client_id": "client-id",
        "client_secret": "hush-hush",
        "webhook_credentials": PAIR,
    }
    return BandwidthMessenger(**usual | given)


def basic(pair: str | bytes) -> str:
    return "Basic " + base64.b64encode(pair.encode() if isinstance(pair, str) else pair).decode()


def callback(content: Any, authorization: str | None = None) -> Callback:
    body = content if isinstance(content, bytes) else json.dumps(content).encode()
    headers = {"Content-Type": "application/json; charset=utf-8", "User-Agent": "BandwidthAPI/v2"}
    return Callback("POST", URL, headers | ({} if authorization is None else {"Authorization": authorization}), body)


def without(fields: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value is not LEAVE_OUT}


def received(event: Any = None, **message: Any) -> dict[str, Any]:
    """A message from Ann to our line and Bob; `event` are fields of the event, the others of the message."""
    inner = {
        "id": "in-1",
        "owner": LINE,
        "applicationId": "app-1",
        "time": "2026-11-21T12:00:00.123456Z",
        "segmentCount": 1,
        "direction": "in",
        "to": [LINE, BOB],
        "from": ANN,
        "text": "Soup or salad?",
    }
    outer = {
        "type": "message-received",
        "time": "2026-11-21T12:00:00Z",
        "to": LINE,
        "description": "It came in",
        "message": without(inner | message),
    }
    return without(outer | (event or {}))


def told(kind: str, to: Any = ANN, code: Any = LEAVE_OUT, **message: Any) -> dict[str, Any]:
    """A status of our message to Ann and Bob, about one of them."""
    inner = {
        "id": "out-1",
        "owner": LINE,
        "applicationId": "app-1",
        "time": "2026-11-21T11:59:00.123Z",
        "segmentCount": 1,
        "direction": "out",
        "to": [ANN, BOB],
        "from": LINE,
        "text": "",
        "tag": "token-1",
    }
    outer = {
        "type": f"message-{kind}",
        "time": "2026-11-21T12:00:00.000Z",
        "to": to,
        "description": "Delivered to the handset",
        "errorCode": code,
        "message": without(inner | message),
    }
    return without(outer)


def heard(*events: Any, by: BandwidthMessenger | None = None) -> tuple[Event, ...]:
    return (by or messenger()).receive(callback(list(events), basic(PAIR)))


def message_of(event: Any, by: BandwidthMessenger | None = None) -> MessageReceived:
    (found, *_) = heard(event, by=by)
    assert isinstance(found, MessageReceived)
    return found


def status_of(event: Any, by: BandwidthMessenger | None = None) -> StatusChanged:
    (found, *_) = heard(event, by=by)
    assert isinstance(found, StatusChanged)
    return found


def numbers(event: MessageReceived) -> list[str]:
    return [str(member) for member in event.members]


class TestAuthenticity:
    @pytest.mark.parametrize(
        ("configured", "shown"),
        [
            (PAIR, basic(PAIR)),
            ([PAIR], basic(PAIR)),
            ([OLD_PAIR, PAIR], basic(PAIR)),
            ([OLD_PAIR, PAIR], basic(OLD_PAIR)),
            (PAIR, basic(PAIR).replace("Basic", "basic")),
            (PAIR, basic(PAIR).replace("Basic ", "BASIC   ")),
            (PAIR, f"  {basic(PAIR)} "),
            ("u:::", basic("u:::")),
        ],
    )
    def test_believed(self, configured: Any, shown: str) -> None:
        """One of the pairs, the old or the new one of a change; passwords may have colons, and a scheme any case."""
        assert Verified() == messenger(webhook_credentials=configured).verify(callback(b"", shown))

    @pytest.mark.parametrize(
        "shown",
        [
            "",
            "Basic",
            "Basic ",
            "Basic :",
            "Basic " + PAIR,
            basic("hook-user:hook:other"),
            basic("Hook-user:hook:word"),
            basic("hook-user"),
            basic("hook-user:"),
            basic(":hook:word"),
            basic("hook-user:hook"),
            basic(PAIR + " "),
            basic(OLD_PAIR),
            basic("hook-user:hook:w\u00f6rd"),
            basic(b"hook-user:hook:\xff\xfe"),
            basic(PAIR).rstrip("=")[:-1],
            basic("hook-user:hook:words").rstrip("="),
            basic(PAIR) + "=",
            basic(PAIR) + ", " + basic(PAIR),
            "Basic !!!!",
            "Basic \u00fcml\u00e4ut",
            "Basic \ud800",
            "Bearer " + basic(PAIR).partition(" ")[2],
            "Digest " + basic(PAIR).partition(" ")[2],
            basic(PAIR).replace("Basic ", "Basic"),
            basic(PAIR).partition(" ")[2],
        ],
    )
    def test_not_believed(self, shown: str) -> None:
        """Anything else is not Bandwidth, and the error shows neither what was shown nor what would do."""
        with pytest.raises(gm.InvalidSignature) as raised:
            messenger().verify(callback([received()], shown))
        assert 401 == raised.value.http_status
        assert "webhook_credentials" in str(raised.value) or "Basic scheme" in str(raised.value)
        assert not any(secret in str(raised.value) for secret in ("hook-user", "hook:word", basic(PAIR)[6:]))

    def test_padding(self) -> None:
        """Base64 is with its padding, or it is somebody else's."""
        pair = "user:12"  # seven bytes
        assert basic(pair).endswith("==")
        by = messenger(webhook_credentials=pair)
        by.verify(callback(b"", basic(pair)))
        for shown in (basic(pair)[:-1], basic(pair)[:-2]):
            with pytest.raises(gm.InvalidSignature):
                by.verify(callback(b"", shown))

    def test_the_first_request(self) -> None:
        """Bandwidth comes without credentials first, and is asked for them; the error says that this is usual."""
        with pytest.raises(gm.InvalidSignature, match="first request never has"):
            messenger().verify(callback([received()]))

    @pytest.mark.parametrize("shown", [None, basic(PAIR), basic(""), basic(":")])
    def test_no_credentials_of_ours(self, shown: str | None) -> None:
        """Without a setting nobody is believed, and the error says what to set."""
        with pytest.raises(gm.InvalidSignature, match="set webhook_credentials"):
            messenger(webhook_credentials=()).verify(callback([received()], shown))

    @pytest.mark.parametrize("body", [b"", b"no JSON", b"\xff\xfe", b"[]"])
    def test_the_body_is_not_looked_at(self, body: bytes) -> None:
        """Whoever cannot prove it is not read: the first request may have no body."""
        for shown, kind in ((None, gm.InvalidSignature), (basic(OLD_PAIR), gm.InvalidSignature)):
            with pytest.raises(kind):
                messenger().receive(callback(body, shown))
        messenger().verify(callback(body, basic(PAIR)))

    def test_a_token_in_the_url(self) -> None:
        """Bandwidth has our token in a field: one in the URL proves nothing, and is not told."""
        shown = {"authorization": basic(PAIR)}
        for key in ("hush-hush", PAIR, ""):
            url = sealed_url(URL, "token-2", key)
            with pytest.raises(gm.InvalidSignature):
                messenger().verify(Callback("POST", url, {}, json.dumps([told("sent")]).encode()))
            came = Callback("POST", url, shown, json.dumps([told("sent")]).encode())
            assert Verified() == messenger().verify(came)
            assert heard(told("sent")) == messenger().receive(came)

    def test_read_later(self) -> None:
        """A callback that was kept with what it had proven tells the same once all secrets have changed."""
        came = callback([received(), told("failed", BOB, 4475), told("sent"), told("brewing"), {}], basic(PAIR))
        changed = messenger(client_secret="next", webhook_credentials=OLD_PAIR)
        verified = messenger().verify(came)
        kept = Callback(came.method, came.url, dict(came.headers), came.body, came.received_at)
        assert 5 == len(list(messenger().parse(came, verified)))
        assert list(messenger().parse(came, verified)) == list(changed.parse(kept, verified))
        with pytest.raises(gm.InvalidSignature):
            changed.verify(kept)

    @pytest.mark.parametrize("pair", ["", "hook-user", ":word", "hook-user:", "us\u00e9r:word", "user:wo\nrd", 7, None])
    @pytest.mark.parametrize("others", [[], [PAIR]])
    def test_impossible_settings(self, others: list[Any], pair: Any) -> None:
        """A setting is user:password, neither of them empty; the problem names it and not its value."""
        with pytest.raises(gm.ConfigurationError) as raised:
            gm.connect(
                "bandwidth",
                line=LINE,
                account_id=ACCOUNT_ID,
                application_id="app-1",
                client_id="client-id",
                client_secret="hush-hush",
                webhook_credentials=[*others, pair],
            )
        assert ["webhook_credentials"] == [problem.key for problem in raised.value.problems]
        assert "word" not in str(raised.value).replace("password", "")

    def test_not_shown(self) -> None:
        """Neither credentials nor numbers of ours are shown."""
        text = repr(messenger(webhook_credentials=[PAIR, OLD_PAIR], other_lines=SECOND_LINE))
        assert not any(secret in text for secret in ("hook", "before", SECOND_LINE, LINE))

    def test_challenge(self) -> None:
        """Bandwidth is asked for credentials, comes again with them, and the same again is handled once."""
        events: list[Event] = []
        with gm.Client(messenger(), http=httpx.MockTransport(lambda _: httpx.Response(500))) as client:
            app = wsgi({"main": client}, events.append)
            with httpx.Client(transport=httpx.WSGITransport(app=app), base_url="https://hooks.example.com") as http:
                body = json.dumps([received(), told("sent"), told("sent")]).encode()
                first = [http.post("/main", content=content) for content in (b"", body)]
                wrong = http.post("/main", content=body, headers={"authorization": basic(OLD_PAIR)})
                assert [401] * 3 == [answer.status_code for answer in (*first, wrong)]
                assert {'Basic realm="groupmessenger"'} == {
                    answer.headers["www-authenticate"] for answer in (*first, wrong)
                }
                assert [] == events
                again = [http.post("/main", content=body, headers={"authorization": basic(PAIR)}) for _ in range(2)]
                assert [200, 200] == [answer.status_code for answer in again]
                assert 405 == http.get("/main").status_code
        assert ["in/in-1", f"out-1/{ANN}/sent"] == [event.key for event in events]

    def test_acknowledgement(self) -> None:
        """Any 2xx within ten seconds; whoever is not answered calls for a day."""
        wanted = messenger().acknowledgement
        assert (200, b"", 10.0, frozenset({"POST"})) == (wanted.status, wanted.body, wanted.within, wanted.methods)
        assert "24 hours" in wanted.retries
        assert Grade.NATIVE is messenger().capabilities.flags["receive"].grade
        assert Grade.UNSUPPORTED is messenger().capabilities.flags["received_since"].grade


class TestShape:
    def test_a_list_or_one(self) -> None:
        """Events come in a list, as the prose says, or alone, as the API description says; an empty list is none."""
        one, by = received(), messenger()
        assert by.receive(callback([one], basic(PAIR))) == by.receive(callback(one, basic(PAIR)))
        assert () == by.receive(callback([], basic(PAIR)))

    def test_several(self) -> None:
        """Every event of a list is told, in its order."""
        events = heard(told("failed", BOB, 4720), received(), told("delivered"), told("brewing"), 7, told("sent"))
        assert [StatusChanged, MessageReceived, StatusChanged, Unrecognized, Unrecognized, StatusChanged] == [
            type(event) for event in events
        ]
        assert 6 == len({event.key for event in events})

    @pytest.mark.parametrize(
        "body", [b"", b"no JSON", b'"text"', b"7", b"null", b"true", b"[", b"\xff", b"[" * 100_000]
    )
    def test_no_list_and_no_object(self, body: bytes) -> None:
        """What is neither was never documented."""
        with pytest.raises(gm.MalformedWebhook) as raised:
            messenger().receive(callback(body, basic(PAIR)))
        assert 400 == raised.value.http_status

    @pytest.mark.parametrize(
        ("event", "kind", "key"),
        [
            (told("brewing"), "message-brewing", f"unknown/message-brewing/out-1/{ANN}"),
            (told("brewing", LEAVE_OUT), "message-brewing", "unknown/message-brewing/out-1"),
            (received({"type": "suggestion-response"}), "suggestion-response", None),
            (received({"type": "requested-location-response"}), "requested-location-response", None),
            (received({"type": LEAVE_OUT}), "unknown", f"unknown/unknown/in-1/{LINE}"),
            (received({"type": 7}), "unknown", f"unknown/unknown/in-1/{LINE}"),
            (received({"type": ["message-received"]}), "unknown", f"unknown/unknown/in-1/{LINE}"),
            (received({"type": ANN}), "unknown", None),
            (received({"type": "Soup or salad?"}), "unknown", None),
            (received({"type": "a" * 65}), "unknown", None),
            (received({"type": "message-" + ANN[1:]}), "unknown", None),
            (received({"type": "message-v2"}), "message-v2", f"unknown/message-v2/in-1/{LINE}"),
            (received(id=LEAVE_OUT), "message-received", None),
            (received(id=""), "message-received", None),
            (received(id=7), "message-received", None),
            (received(id="in\n1"), "message-received", None),
            (received({"message": None}), "message-received", None),
            (received({"message": "text"}), "message-received", None),
            (received({"message": LEAVE_OUT}), "message-received", None),
            (received(**{"from": LEAVE_OUT}), "message-received", None),
            (received(**{"from": ""}), "message-received", None),
            (received(**{"from": {"number": ANN}}), "message-received", None),
            (received(to=LEAVE_OUT), "message-received", None),
            (received(to=[]), "message-received", None),
            (received(to=[LINE, None]), "message-received", None),
            (received(to=[LINE, "  "]), "message-received", None),
            (received(to={}), "message-received", None),
            (told("failed", id=LEAVE_OUT), "message-failed", None),
            (told("delivered", id=None), "message-delivered", None),
            ({}, "unknown", None),
            (None, "unknown", None),
            ("text", "unknown", None),
            ([received()], "unknown", None),
        ],
    )
    def test_unrecognized(self, event: Any, kind: str, key: str | None) -> None:
        """A type that is not known, or without what it needs, is told as such and keeps nothing from being read."""
        before, found, after = heard(told("sent"), event, received())
        assert (StatusChanged, MessageReceived) == (type(before), type(after))
        assert isinstance(found, Unrecognized)
        assert (kind, event) == (found.kind, found.raw)
        assert found.key.startswith(f"unknown/{kind}/") if key is None else found.key == key
        assert ANN[1:] not in repr(found)

    def test_unrecognized_keys(self) -> None:
        """What has no id is known again by its body and its place in it; of one message each recipient counts."""
        keys = [event.key for event in heard({}, {}, 7)]
        assert 3 == len(set(keys))
        assert keys == [event.key for event in heard({}, {}, 7)]
        assert keys[0] != heard({}, {}, 8)[0].key
        of_two = heard(told("brewing", ANN), told("brewing", BOB))
        assert 2 == len({event.key for event in of_two})

    @pytest.mark.parametrize(
        ("event_time", "message_time", "expected"),
        [
            ("2026-11-21T12:00:00Z", "2026-11-21T11:00:00Z", NOON),
            ("2026-11-21T12:00:00.000Z", None, NOON),
            ("2026-11-21T12:00:00.000000Z", None, NOON),
            ("2026-11-21T12:00:00.250Z", None, NOON.replace(microsecond=250_000)),
            ("2026-11-21T12:00:00.250001Z", None, NOON.replace(microsecond=250_001)),
            ("2026-11-21T06:00:00-06:00", None, NOON),
            (LEAVE_OUT, "2026-11-21T12:00:00Z", NOON),
            ("", "2026-11-21T12:00:00.000Z", NOON),
            ("soon", None, None),
            (20261121, LEAVE_OUT, None),
            ([], {}, None),
            (LEAVE_OUT, LEAVE_OUT, None),
        ],
    )
    def test_time(self, event_time: Any, message_time: Any, expected: datetime | None) -> None:
        """Times have no digits after the second, three or six; one that cannot be read is none."""
        for event in (
            received({"time": event_time}, time=message_time),
            without(told("sent", time=message_time) | {"time": event_time}),
            without(told("brewing", time=message_time) | {"time": event_time}),
        ):
            assert [expected] == [found.at for found in heard(event)]


class TestReceived:
    def test_group(self) -> None:
        """A group is the sender and all recipients but ourselves: the very group that was made for them."""
        event = received(media=[f"{MEDIA}/0/pic.jpg"])
        found = message_of(event)
        assert ("in/in-1", "in-1", "Soup or salad?", LINE) == (found.key, found.id, found.text, found.line)
        assert (gm.PhoneNumber(ANN), [ANN, BOB]) == (found.sender, numbers(found))
        assert (gm.Media(f"{MEDIA}/0/pic.jpg"),) == found.media
        assert (True, None, False) == (found.repliable, found.not_repliable_because, found.from_us)
        assert event == found.raw
        group = found.group
        assert group is not None
        assert (False, Topology.SHARED_THREAD, Channel.MMS) == (group.pending, group.topology, group.channel)
        assert (found.members, None, True) == (group.members, group.name, group.is_member_set)

    def test_an_answer_goes_to_the_same_thread(self) -> None:
        """Who is written to and who writes is one group, and an answer is sent to exactly those people."""
        sent: list[Any] = []

        def vendor(request: httpx.Request) -> httpx.Response:
            if request.url.path.endswith("/token"):
                return httpx.Response(200, json={"access_token": "t"})
            sent.append(json.loads(request.content))
            return httpx.Response(202, json={"id": f"out-{len(sent)}"})

        with gm.Client(messenger(), http=httpx.MockTransport(vendor), patience=0) as client:
            receipt = client.send(client.create_group([ANN, BOB, CAT]), "Hello")
            orders = ([LINE, ANN, CAT], [CAT, LINE, ANN], [ANN, CAT, LINE])
            events = [message_of(received(**{"from": BOB}, to=order)) for order in orders]
            assert [receipt.group] * 3 == [event.group for event in events]
            answer = client.reply(events[0], "Soup")
            assert answer.group == receipt.group
        assert [[ANN, BOB, CAT]] * 2 == [body["to"] for body in sent]

    def test_private(self) -> None:
        """With one other person it is no group."""
        for to in ([LINE], LINE, [LINE, LINE], [LINE, ANN]):
            found = message_of(received(to=to))
            assert (None, [ANN], True) == (found.group, numbers(found), found.repliable)

    @pytest.mark.parametrize(
        ("told_to", "owner", "to", "other_lines", "expected"),
        [
            (LINE, LINE, [LINE, BOB], (), LINE),
            (LINE, LEAVE_OUT, [LINE, BOB], (), LINE),
            (LEAVE_OUT, LINE, [BOB, LINE], (), LINE),
            ([LINE], LINE, [LINE, BOB], (), LINE),
            (BOB, LINE, [BOB, LINE], (), LINE),
            (LINE, BOB, [BOB, LINE], (), LINE),
            (ANN, LINE, [BOB, LINE], (), LINE),
            (LINE, ANN, [BOB, LINE], (), LINE),
            (SECOND_LINE, SECOND_LINE, [LINE, SECOND_LINE], (), SECOND_LINE),
            (SECOND_LINE, SECOND_LINE, [LINE, SECOND_LINE], SECOND_LINE, SECOND_LINE),
            (SECOND_LINE, ANN, [BOB, SECOND_LINE], (), SECOND_LINE),
            (ANN, SECOND_LINE, [BOB, SECOND_LINE], (), SECOND_LINE),
            (ANN, SECOND_LINE, [ANN, BOB], SECOND_LINE, SECOND_LINE),
            (LEAVE_OUT, LEAVE_OUT, [BOB, LINE], (), LINE),
            (None, 7, [BOB, SECOND_LINE], SECOND_LINE, SECOND_LINE),
            (LEAVE_OUT, LEAVE_OUT, [SECOND_LINE], (), SECOND_LINE),
            (LINE, LINE, [BOB, CAT], (), LINE),
        ],
    )
    def test_line(self, told_to: Any, owner: Any, to: list[str], other_lines: Any, expected: str) -> None:
        """`to` and `owner` are both our number; where they differ it is the one that is ours, or was written to."""
        found = message_of(received({"to": told_to}, owner=owner, to=to), messenger(other_lines=other_lines))
        assert expected == found.line
        assert expected not in numbers(found)
        assert {ANN, *to} - {expected} == {*numbers(found)}
        assert (expected == LINE) is found.repliable

    @pytest.mark.parametrize("other_lines", [(), SECOND_LINE])
    def test_line_that_is_not_known(self, other_lines: Any) -> None:
        """Where nothing says which of several numbers is ours, who else is in it is not known."""
        to = [LINE, SECOND_LINE] if other_lines else [BOB, CAT]
        event = received({"to": LEAVE_OUT}, owner=LEAVE_OUT, to=to)
        (found,) = heard(event, by=messenger(other_lines=other_lines))
        assert isinstance(found, Unrecognized)

    def test_two_numbers_of_ours(self) -> None:
        """Each has a copy with an id of its own, told once; the other number is one of the people, and from us."""
        by = messenger(other_lines=[SECOND_LINE])
        to = [LINE, SECOND_LINE]
        copies = [message_of(received({"to": line}, owner=line, to=to, id=f"in-{line[-1]}"), by) for line in to]
        assert to == [copy.line for copy in copies]
        assert [[ANN, SECOND_LINE], [ANN, LINE]] == [numbers(copy) for copy in copies]
        assert 2 == len({copy.key for copy in copies}) == len({copy.group for copy in copies})
        assert [True, False] == [copy.repliable for copy in copies]
        echo = message_of(received(**{"from": SECOND_LINE}, to=[LINE, BOB]), by)
        assert (True, [SECOND_LINE, BOB]) == (echo.from_us, numbers(echo))

    @pytest.mark.parametrize(("others", "repliable"), [(2, True), (9, True), (10, True), (11, False), (14, False)])
    def test_large_groups(self, others: int, repliable: bool) -> None:
        """Groups come in without a limit, and more than ten people cannot be answered: the limit is the reason."""
        people = [f"+1312555{n:04}" for n in range(130, 130 + others - 1)]
        found = message_of(received(to=[LINE, *people]))
        assert found.group is not None
        assert (others, repliable) == (len(found.members), found.repliable)
        assert repliable or f"{others} other people are in it, and Bandwidth takes at most 10" in str(
            found.not_repliable_because
        )

    @pytest.mark.parametrize("stranger", ["22000", "PHARMACY", "+1PHARMACY", "ann@example.com", "13125550150", PARIS])
    def test_not_everybody_can_be_texted(self, stranger: str) -> None:
        """With a short code, a name or a foreign number in it a group has its people, and cannot be answered."""
        for event in (received(to=[LINE, BOB, stranger]), received(**{"from": stranger})):
            found = message_of(event)
            assert stranger in numbers(found)
            assert found.group is not None
            assert (False, True) == (found.repliable, "US and Canadian" in str(found.not_repliable_because))
            assert stranger not in str(found.not_repliable_because) + repr(found)

    def test_private_from_a_short_code(self) -> None:
        """What has no number cannot be answered; a foreign number can, by SMS."""
        found = message_of(received(**{"from": "22000"}, to=[LINE]))
        assert (gm.OpaqueAddress("22000"), False) == (found.sender, found.repliable)
        assert "no phone number" in str(found.not_repliable_because)
        assert message_of(received(**{"from": PARIS}, to=[LINE])).repliable

    def test_toll_free(self) -> None:
        """A toll-free line has no group MMS to answer with."""
        found = message_of(received({"to": TOLL_FREE}, owner=TOLL_FREE, to=[TOLL_FREE, BOB]), messenger(line=TOLL_FREE))
        assert (False, True) == (found.repliable, "toll-free" in str(found.not_repliable_because))

    @pytest.mark.parametrize(
        ("fields", "text"),
        [
            ({"text": "Soup"}, "Soup"),
            ({"text": "So\nup \U0001f35c"}, "So\nup \U0001f35c"),
            ({"text": ""}, ""),
            ({"text": LEAVE_OUT}, ""),
            ({"text": None}, ""),
            ({"text": 7}, ""),
            ({"text": ["Soup"]}, ""),
        ],
    )
    def test_text(self, fields: dict[str, Any], text: str) -> None:
        """A message may have no text."""
        assert text == message_of(received(**fields)).text

    @pytest.mark.parametrize(
        ("media", "shown"),
        [
            (LEAVE_OUT, []),
            (None, []),
            ([], []),
            ([f"{MEDIA}/0/a.jpg", f"{MEDIA}/1/b.vcf"], [f"{MEDIA}/0/a.jpg", f"{MEDIA}/1/b.vcf"]),
            (f"{MEDIA}/0/a.jpg", [f"{MEDIA}/0/a.jpg"]),
            ([f"{MEDIA}/0/0.smil", f"{MEDIA}/1/a.jpg"], [f"{MEDIA}/1/a.jpg"]),
            ([f"{MEDIA}/0/layout.xml", f"{MEDIA}/1/a.jpg"], [f"{MEDIA}/1/a.jpg"]),
            ([f"{MEDIA}/0/LAYOUT.XML", f"{MEDIA}%2F0%2F0.SMIL"], []),
            ([f"{MEDIA}/0/0.smil?a=1", f"{MEDIA}/0/0.xml#1", f"{MEDIA}/0/0.xml?a=b.jpg", f"{MEDIA}/0.smil?#"], []),
            ([f"{MEDIA}.xml/0/a.jpg", f"{MEDIA}/0/xml", f"{MEDIA}/0/smile.jpg"], ...),
            ([f"{MEDIA}/0/layout.xml-1", f"{MEDIA}/0/notes.xml.jpg", f"{MEDIA}/0/my.smile.jpg"], ...),
            ([f"{MEDIA}/0/a.jpg?of=b.xml", f"{MEDIA}/0/a.jpg#b.smil", f"{MEDIA}/0/a.xml/1"], ...),
            (["https://elsewhere.example.com/a.jpg"], ...),
            (["no URL", "ftp://example.com/a.jpg", "file:///etc/passwd", "https://", "https://[half", "", 7, None], []),
            ([["https://example.com/a.jpg"], {"url": "https://example.com/a.jpg"}], []),
            (["https://example.com/a b.jpg", "https://example.com/\u2028a.jpg"], []),
        ],
    )
    def test_media(self, media: Any, shown: Any) -> None:
        """Files are shown by their URLs. What is no URL is not, nor what has a path that ends as a layout's (SMIL)."""
        found = message_of(received(media=media))
        assert (media if shown is ... else shown) == [each.url for each in found.media]

    def test_opting(self) -> None:
        """STOP and START are for the core, which tells of them after the message, whatever the group."""
        for word, kind in (("Stop", OptedOut), ("START", OptedIn)):
            for to in ([LINE], [LINE, BOB]):
                message, opted = heard(received(text=word, to=to))
                assert (MessageReceived, kind) == (type(message), type(opted))
                assert isinstance(opted, OptedOut | OptedIn)
                assert (gm.PhoneNumber(ANN), LINE) == (opted.address, opted.line)


class TestStatus:
    @pytest.mark.parametrize(
        ("event", "status", "evidence", "final", "code", "reason"),
        [
            (told("sending"), Status.SENT, None, False, None, None),
            (told("sent"), Status.SENT, None, False, None, None),
            (told("delivered"), Status.DELIVERED, Evidence.CARRIER, True, None, None),
            (told("read"), Status.READ, Evidence.HANDSET, True, None, None),
            (told("failed", code=4720), Status.FAILED, None, True, "4720", FailureReason.INVALID_RECIPIENT),
            (told("failed", code=4432), Status.FAILED, None, True, "4432", FailureReason.UNREACHABLE),
            (told("failed", code=4735), Status.FAILED, None, True, "4735", FailureReason.TOO_MANY_RECIPIENTS),
            (told("failed", code=4476), Status.FAILED, None, True, "4476", FailureReason.BLOCKED),
            (told("failed", code=5999), Status.FAILED, None, True, "5999", FailureReason.OTHER),
            (told("failed", code="4720"), Status.FAILED, None, True, "4720", FailureReason.INVALID_RECIPIENT),
            (told("failed", code="9902"), Status.UNKNOWN, None, True, "9902", None),
            (told("failed"), Status.FAILED, None, True, None, FailureReason.OTHER),
            (told("failed", code=None), Status.FAILED, None, True, None, FailureReason.OTHER),
            (told("failed", code=[4720]), Status.FAILED, None, True, None, FailureReason.OTHER),
            (told("failed", code=9902), Status.UNKNOWN, None, True, "9902", None),
            (told("failed", code=9999), Status.UNKNOWN, None, True, "9999", None),
            (told("delivered", code=4720), Status.DELIVERED, Evidence.CARRIER, True, None, None),
        ],
    )
    def test_kinds(
        self,
        event: dict[str, Any],
        status: Status,
        evidence: Evidence | None,
        final: bool,
        code: str | None,
        reason: FailureReason | None,
    ) -> None:
        """What each type says of one recipient; `delivered` is the carrier's word, whatever its description."""
        found = status_of(event)
        assert (status, evidence, final) == (found.status, found.evidence, found.final)
        assert (code, reason) == (found.code, found.reason)
        assert ("out-1", "token-1", gm.PhoneNumber(ANN)) == (found.message_id, found.token, found.recipient)
        more = "/final" if status is Status.UNKNOWN else ""  # others are final, or not, by what they are
        assert (f"out-1/{ANN}/{status}{more}", event) == (found.key, found.raw)

    @pytest.mark.parametrize("owner", [LINE, ANN, BOB, None, LEAVE_OUT])
    @pytest.mark.parametrize("direction", ["out", "in", LEAVE_OUT])
    def test_owner_and_direction_say_nothing(self, owner: Any, direction: Any) -> None:
        """Published samples have our number or the recipient's as `owner`: the recipient is the event's `to`."""
        found = status_of(told("delivered", BOB, owner=owner, direction=direction))
        assert (gm.PhoneNumber(BOB), Status.DELIVERED) == (found.recipient, found.status)

    @pytest.mark.parametrize(
        ("to", "message_to", "expected"),
        [
            (ANN, [ANN, BOB], ANN),
            ([ANN], [ANN, BOB], ANN),
            (ANN, LEAVE_OUT, ANN),
            (LEAVE_OUT, [ANN], ANN),
            (None, ANN, ANN),
            (LEAVE_OUT, [ANN, BOB], None),
            ([ANN, BOB], [ANN, BOB], None),
            ("nobody", [ANN, BOB], None),
            ([], [], None),
            (7, {}, None),
        ],
    )
    def test_recipient(self, to: Any, message_to: Any, expected: str | None) -> None:
        """One recipient; of nobody in particular nothing is an end, since others may have come to another."""
        kinds = {"sent": Status.SENT, "delivered": Status.DELIVERED, "read": Status.READ, "failed": Status.FAILED}
        so_far = {"sent": Status.SENT, "delivered": Status.SENT, "read": Status.SENT, "failed": Status.ACCEPTED}
        for kind, status in (so_far if expected is None else kinds).items():
            found = status_of(_about(kind, to, message_to))
            assert expected == (None if found.recipient is None else str(found.recipient))
            assert (status, f"out-1/{expected or ''}/{status}") == (found.status, found.key)
            assert (kind != "sent" and expected is not None) is found.final
            assert expected is not None or (None, None) == (found.reason, found.evidence)

    @pytest.mark.parametrize(
        ("tag", "token"), [("token-1", "token-1"), ("", None), (None, None), (LEAVE_OUT, None), (7, None), ([], None)]
    )
    def test_token(self, tag: Any, token: str | None) -> None:
        """Our token comes back as `tag`; a message that was not sent from here has none."""
        assert token == status_of(told("sent", tag=tag)).token

    def test_opted_out(self) -> None:
        """A failure for somebody who opted out is told as that, too."""
        for code in (4475, 4775):
            failed, opted = heard(told("failed", BOB, code))
            assert isinstance(failed, StatusChanged)
            assert FailureReason.OPTED_OUT is failed.reason
            assert isinstance(opted, OptedOut)
            assert (gm.PhoneNumber(BOB), LINE, f"{failed.key}/opted_out") == (opted.address, opted.line, opted.key)

    def test_failed_stands(self) -> None:
        """For an invalid number `delivered` was known to follow: one recipient's failure stands, whatever the order."""
        told_of = [told("failed", BOB, 4303), told("delivered", BOB), told("delivered", ANN), told("sent", BOB)]
        for order in itertools.permutations(told_of):
            events = [event for event in heard(*order) if isinstance(event, StatusChanged)]
            delivery = gm.Delivery("out-1", events, messenger().precedence)
            assert {ANN: Status.DELIVERED, BOB: Status.FAILED} == _standing(delivery)
            assert delivery.is_final()

    def test_no_receipt(self) -> None:
        """After 73 hours without a receipt nobody knows: that stands before `sent`, and gives way to a late receipt."""
        no_receipt, sent, late = told("failed", code=9902), told("sent"), told("delivered")
        for order in itertools.permutations([no_receipt, sent]):
            delivery = _delivery(*order)
            assert {ANN: Status.UNKNOWN} == _standing(delivery)
            assert (True, ()) == (delivery.is_final(), delivery.failed)
        for order in itertools.permutations([no_receipt, sent, late]):
            assert {ANN: Status.DELIVERED} == _standing(_delivery(*order))

    def test_by_token(self) -> None:
        """A message whose answer was lost is known by its token, whatever id it has."""
        receipt = gm.Receipt(id="", status=Status.ACCEPTED, token="token-1", recipients=(gm.PhoneNumber(ANN),))
        with gm.Client(messenger(), http=httpx.MockTransport(lambda _: httpx.Response(500))) as client:
            delivery = client.delivery(receipt, heard(told("delivered"), told("failed", code=4720, tag="token-2")))
        assert {ANN: Status.DELIVERED} == _standing(delivery)

    @pytest.mark.parametrize(
        ("row", "event"),
        [
            ({"messageStatus": "SENDING"}, told("sending")),
            ({"messageStatus": "SENT"}, told("sent")),
            ({"messageStatus": "DELIVERED"}, told("delivered")),
            ({"messageStatus": "FAILED", "errorCode": 4720}, told("failed", code=4720)),
            ({"messageStatus": "UNDELIVERED", "errorCode": 4775}, told("failed", code=4775)),
            ({"messageStatus": "FAILED", "errorCode": 9902}, told("failed", code=9902)),
            ({"messageStatus": "DLR_EXPIRED", "errorCode": 9902}, told("failed", code=9902)),
            ({"messageStatus": "DELIVERED", "recipientCount": 3}, told("delivered", [])),
            ({"messageStatus": "FAILED", "errorCode": 4720, "recipientCount": 3}, told("failed", [], 4720)),
            ({"messageStatus": "FAILED", "errorCode": 9902, "recipientCount": 3}, told("failed", [], 9902)),
            ({"messageStatus": "FAILED", "errorCode": 9999}, told("failed", code=9999)),
        ],
    )
    def test_as_the_search_tells_it(self, connect: Connect, row: dict[str, Any], event: dict[str, Any]) -> None:
        """What the search tells and what a callback tells is one event with one key: who hears both, hears once."""
        usual = {"messageId": "out-1", "destinationTn": ANN, "recipientCount": 1, "receiveTime": "2026-11-21T12:00:00Z"}
        rows = httpx.Response(200, json={"messages": [usual | row]})
        token = httpx.Response(200, json={"access_token": "t"})
        client = connect(lambda request: token if request.url.host == "token.test" else rows)
        (searched,) = client.get_status("out-1").by_recipient.values()
        called = status_of(event)
        for name in ("key", "message_id", "recipient", "status", "evidence", "reason", "code", "final", "at"):
            assert getattr(searched, name) == getattr(called, name), name


def _about(kind: str, to: Any, message_to: Any) -> dict[str, Any]:
    event = told(kind, to, 4720)
    event["message"] = without(event["message"] | {"to": message_to})
    return event


def _delivery(*events: Any) -> gm.Delivery:
    found = [event for event in heard(*events) if isinstance(event, StatusChanged)]
    return gm.Delivery("out-1", found, messenger().precedence)


def _standing(delivery: gm.Delivery) -> dict[str | None, Status]:
    return {who if who is None else str(who): event.status for who, event in delivery.by_recipient.items()}


# Anything at all

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=20)
    | st.sampled_from([ANN, LINE, MEDIA]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
OUTER = ("type", "time", "to", "description", "errorCode", "message")
INNER = ("id", "owner", "time", "direction", "to", "from", "text", "media", "tag")
SECRET_TEXT = "Soup or salad"


@st.composite
def broken(draw: st.DrawFn) -> Any:
    """An event of some kind with anything in some of its fields, or nothing."""
    kinds = st.sampled_from(["sending", "sent", "delivered", "failed", "read", "brewing"])
    event = draw(st.builds(received) | st.builds(told, kinds))
    for name in draw(st.sets(st.sampled_from(INNER), max_size=3)):
        anything = JSON if name != "id" else JSON.filter(lambda value: value not in (ANN, LINE))  # an id is shown
        event["message"][name] = draw(anything | st.just(LEAVE_OUT))
    event["message"] = without(event["message"])
    for name in draw(st.sets(st.sampled_from(OUTER), max_size=2)):
        event[name] = draw(JSON | st.just(LEAVE_OUT))
    return without(event)


def _check(events: tuple[Event, ...]) -> None:
    for event in events:
        assert event.key
        assert not any(shown in repr(event) for shown in (ANN, BOB, LINE, SECRET_TEXT, "token-1"))
        if isinstance(event, StatusChanged):
            assert event.message_id
            assert event.final or event.status in (Status.SENT, Status.ACCEPTED, Status.UNKNOWN)
        if isinstance(event, MessageReceived):
            assert event.members or str(event.sender) == event.line
            assert (event.group is not None) is (len(event.members) >= 2)
            assert event.line not in numbers(event)


@given(st.lists(broken() | JSON, max_size=4) | broken())
@settings(max_examples=300)
def test_any_fields(content: Any) -> None:
    """Whatever is in its fields, a callback is read, or is in no shape that is documented; nothing is shown."""
    for by in (messenger(), messenger(other_lines=[ANN])):
        try:
            events = by.receive(callback(content, basic(PAIR)))
        except gm.MalformedWebhook:
            assert not isinstance(content, list | dict)
            continue
        _check(events)
        assert not isinstance(content, list) or len(content) <= len(events)


@given(JSON)
def test_any_ids(value: Any) -> None:
    """An id is a text that can be kept, or the event has none."""
    for event in (received(id=value), told("sent", id=value)):
        (found, *_) = heard(event)
        assert isinstance(found, Unrecognized) is not (isinstance(value, str) and bool(value) and value.isprintable())


@given(st.binary(max_size=200), st.none() | st.text(max_size=60) | st.binary(max_size=40).map(basic), st.booleans())
@settings(max_examples=300)
def test_any_bytes(body: bytes, shown: str | None, verify: bool) -> None:
    """Whatever comes, it is not believed, is malformed, or is read."""
    try:
        events = messenger().receive(callback(body, shown), verify=verify)
    except (gm.InvalidSignature, gm.MalformedWebhook):
        return
    assert not verify
    assert all(event.key for event in events)
