"""The stand-in for Bandwidth calls an application as Bandwidth's papers say, and in both ways where they are silent."""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from groupmessenger_bandwidth.sandbox import (
    ACCOUNT_ID,
    APPLICATION_ID,
    DELIVERED_AFTER,
    LINE,
    PASSWORD,
    RETRIED_EVERY,
    RETRIED_FOR,
    SECOND_LINE,
    SENDING_AFTER,
    SENT_AFTER,
    TIMED_OUT_AFTER,
    TOLL_FREE,
    UNLINKED_APPLICATION_ID,
    USERNAME,
    WEBHOOK_PASSWORD,
    WEBHOOK_USER,
    BandwidthFace,
)
from recorder import Answer, Asked, Recorder

from groupmessenger.sandbox import Sandbox

ANN, BOB, CAT, DAN = (f"+1312555015{n}" for n in range(4))
PARIS = "+33155501234"
WRONG = "+10125550150"  # no area code begins with 0
PICTURE = "https://example.com/picture.jpg"
CREDENTIALS = "Basic " + base64.b64encode(f"{WEBHOOK_USER}:{WEBHOOK_PASSWORD}".encode()).decode()
CHALLENGED = Answer(401, headers={"WWW-Authenticate": 'Basic realm="tests"'})
EVERY, FOR = RETRIED_EVERY.total_seconds(), RETRIED_FOR.total_seconds()


def credentials(asked: Asked) -> str | None:
    return asked.headers.get("authorization")


def events(asked: Asked) -> list[Any]:
    body = json.loads(asked.body)
    return body if isinstance(body, list) else [body]


def challenging(asked: Asked) -> Answer:
    """Asks for credentials, and looks at them."""
    return Answer(200) if credentials(asked) == CREDENTIALS else CHALLENGED


def failing(asked: Asked) -> Answer:
    """Asks for credentials, and fails whoever has some."""
    return Answer(500) if credentials(asked) else CHALLENGED


class Receiver(Recorder):
    """An application's server, which asks for credentials unless `answer` is another."""

    def __init__(self) -> None:
        super().__init__()
        self.answer = challenging

    @property
    def events(self) -> list[Any]:
        """What was told to whom had the credentials."""
        return [event for asked in self.asked if credentials(asked) for event in events(asked)]

    @property
    def told(self) -> list[tuple[str, str]]:
        return [(event["type"], event["to"]) for event in self.events]


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with closing(Receiver()) as made:
        yield made


class Bandwidth:
    """A sandbox whose application has its callbacks at the receiver, called without our client."""

    def __init__(self, box: Sandbox, url: str) -> None:
        self.box = box
        self.clock = box.clock
        self.phones = box.phones
        face = box.faces["bandwidth"]
        assert isinstance(face, BandwidthFace)
        self.face = face
        box.calls("bandwidth", url)

    def request(self, method: str, url: str, **given: Any) -> httpx.Response:
        with httpx.Client(trust_env=False) as client:
            return client.request(method, url, **given)

    def send(self, *to: str, **body: Any) -> str:
        given = {"applicationId": APPLICATION_ID, "from": LINE, "to": list(to), "text": "Supper at six", **body}
        url = f"{self.box.url}/bandwidth/users/{ACCOUNT_ID}/messages"
        answer = self.request("POST", url, json=given, auth=(USERNAME, PASSWORD))
        assert answer.status_code == 202, answer.text
        return str(answer.json()["id"])

    def come_in(self, sender: str, *others: str, text: str = "Yes", media: tuple[str, ...] = ()) -> None:
        """Somebody writes to a line and others."""
        with self.box.network.lock:
            self.box.network.post(self.box.network.thread({sender, *others}), sender, text, media)
        self.wait()

    def wait(self) -> None:
        assert self.box.callbacks.wait()

    def advance(self, seconds: float) -> None:
        self.clock.advance(seconds)
        self.wait()

    def finish(self) -> None:
        """Let everything come that comes in seconds."""
        self.advance(DELIVERED_AFTER.total_seconds() + 2)

    @property
    def last(self) -> tuple[list[int | None], str]:
        """The last try."""
        tried = self.box.callbacks.tried()[-1]
        return tried["statuses"], tried["ended"]


@pytest.fixture
def chosen() -> dict[str, Any]:
    """The doubts."""
    return {}


@pytest.fixture
def vendor(receiver: Receiver, chosen: dict[str, Any]) -> Iterator[Bandwidth]:
    readings = {f"bandwidth.{name}": choice for name, choice in chosen.items()}
    with Sandbox(faces=[BandwidthFace], doubts=readings) as box:
        yield Bandwidth(box, f"{receiver.url}?of=main")


class TestChallenge:
    def test_asked(self, vendor: Bandwidth, receiver: Receiver) -> None:
        """The first request shows no credentials; asked for them, the second has them and the same body at once."""
        vendor.come_in(ANN, LINE)
        first, second = receiver.asked
        assert (None, CREDENTIALS) == (credentials(first), credentials(second))
        assert first.body == second.body
        assert ([401, 200], "taken") == vendor.last
        for asked in receiver.asked:
            assert ("POST", "/hooks?of=main") == (asked.method, asked.path)
            assert "BandwidthAPI/v2" == asked.headers["user-agent"]
            assert asked.headers["content-type"].startswith("application/json")

    @pytest.mark.parametrize("status", [200, 202, 204])
    def test_taken_at_once(self, vendor: Bandwidth, receiver: Receiver, status: int) -> None:
        """Any success takes it, even one without a look at credentials."""
        receiver.answer = lambda asked: Answer(status, b"")
        vendor.come_in(ANN, LINE)
        assert ([status], "taken") == vendor.last

    def test_wrong_credentials(self, vendor: Bandwidth, receiver: Receiver) -> None:
        """Credentials that are not the receiver's are shown again and again."""
        vendor.face.webhooks.credentials = ("somebody", "else")
        vendor.come_in(ANN, LINE)
        assert ([401, 401], "again") == vendor.last
        vendor.face.webhooks.credentials = (WEBHOOK_USER, WEBHOOK_PASSWORD)
        vendor.advance(EVERY)
        assert ([401, 200], "taken") == vendor.last

    def test_no_credentials(self, vendor: Bandwidth, receiver: Receiver) -> None:
        """An application without any set has none to show."""
        vendor.face.webhooks.credentials = None
        vendor.come_in(ANN, LINE)
        assert ([401], "again") == vendor.last

    @pytest.mark.parametrize("headers", [{}, {"WWW-Authenticate": 'Bearer realm="tests"'}])
    @pytest.mark.parametrize(("chosen", "ended"), [({}, "given up"), ({"bare_401": "retried"}, "again")])
    def test_not_asked(self, vendor: Bandwidth, receiver: Receiver, headers: Mapping[str, str], ended: str) -> None:
        """A 401 that asks for no user name and password is asked no second time, and loses it, or delays it."""
        receiver.answer = lambda asked: Answer(401, headers=headers)
        vendor.come_in(ANN, LINE)
        assert ([401], ended) == vendor.last
        vendor.advance(EVERY)
        assert (1 if ended == "given up" else 2) == len(receiver.asked)

    @pytest.mark.parametrize("chosen", [{"first_leg_body": "empty"}])
    def test_empty_first(self, vendor: Bandwidth, receiver: Receiver) -> None:
        """The first request may have no body: the second has it."""
        vendor.come_in(ANN, LINE)
        assert [b"", True] == [receiver.asked[0].body, bool(receiver.asked[1].body)]
        assert [("message-received", LINE)] == receiver.told

    @pytest.mark.parametrize("chosen", [{"first_leg_credentials": "given"}])
    def test_unasked(self, vendor: Bandwidth, receiver: Receiver) -> None:
        """Credentials may come without being asked for; where they are wrong, there is no second request."""
        vendor.come_in(ANN, LINE)
        assert ([200], "taken") == vendor.last
        vendor.face.webhooks.credentials = ("somebody", "else")
        vendor.come_in(ANN, LINE)
        assert ([401], "again") == vendor.last


class TestRetries:
    def test_for_a_day(self, vendor: Bandwidth, receiver: Receiver) -> None:
        """Every five minutes for 24 hours, each time with the challenge, and then never again."""
        receiver.answer = failing
        vendor.come_in(ANN, LINE)
        vendor.advance(EVERY - 5)
        assert 2 == len(receiver.asked)
        vendor.advance(5)
        assert 4 == len(receiver.asked)
        for _ in range(int(FOR / EVERY) - 1):
            assert ([401, 500], "again") == vendor.last
            vendor.advance(EVERY)
        assert ([401, 500], "given up") == vendor.last
        assert 2 * (1 + 24 * 12) == len(receiver.asked)
        assert {1} == {len({asked.body for asked in receiver.asked})}
        vendor.advance(FOR)
        assert 2 * (1 + 24 * 12) == len(receiver.asked)

    @pytest.mark.parametrize("status", [302, 400, 403, 404, 413, 500, 503])
    def test_until_taken(self, vendor: Bandwidth, receiver: Receiver, status: int) -> None:
        """Whatever is no success is tried again, and no redirect is followed."""
        receiver.answer = lambda asked: Answer(status, headers={"Location": f"{receiver.base}/elsewhere"})
        vendor.come_in(ANN, LINE)
        assert ([status], "again") == vendor.last
        receiver.answer = challenging
        vendor.advance(EVERY)
        assert ([401, 200], "taken") == vendor.last
        vendor.advance(FOR)
        assert 3 == len(receiver.asked)

    def test_nobody_there(self, vendor: Bandwidth, receiver: Receiver) -> None:
        """A receiver that is down gets it when it is up."""
        vendor.face.calls("http://127.0.0.1:1/")
        vendor.come_in(ANN, LINE)
        assert ([None], "again") == vendor.last

    def test_slow(self, vendor: Bandwidth, receiver: Receiver) -> None:
        """Whoever takes too long gets it again, while the first is still at work."""
        vendor.box.callbacks.timeout = 1.0
        go_on = threading.Event()
        begun, ended = [], []

        def slow(asked: Asked) -> Answer:
            if credentials(asked):
                begun.append(asked)
                if len(begun) == 1:
                    go_on.wait(10)
                ended.append(asked)
            return challenging(asked)

        receiver.answer = slow
        vendor.come_in(ANN, LINE)
        assert ([401, None], "again") == vendor.last
        vendor.box.callbacks.timeout = None
        vendor.advance(EVERY)
        assert ([401, 200], "taken") == vendor.last
        assert (2, 1) == (len(begun), len(ended))
        go_on.set()

    @pytest.mark.parametrize(("chosen", "times"), [({}, 1), ({"retried_time": "new"}, 2)])
    def test_time_of_another_try(self, vendor: Bandwidth, receiver: Receiver, times: int) -> None:
        """A second delivery has the time of the first, or its own; the message is the same."""
        receiver.answer = failing
        vendor.come_in(ANN, LINE)
        vendor.advance(EVERY)
        assert times == len({event["time"] for event in receiver.events})
        assert receiver.events[0]["message"] == receiver.events[1]["message"]


class TestStatuses:
    def test_one_for_each_recipient(self, vendor: Bandwidth, receiver: Receiver) -> None:
        """Each recipient of a group has callbacks of its own, with one message of one id and no text."""
        sent = vendor.send(ANN, BOB, CAT, media=[PICTURE], tag="one", priority="high")
        vendor.finish()
        sending = [("message-sending", number) for number in (ANN, BOB, CAT)]
        assert sending + [("message-delivered", number) for number in (ANN, BOB, CAT)] == receiver.told
        for event in receiver.events:
            assert {"type", "time", "to", "description", "message"} == event.keys()
            message = event["message"]
            assert {
                "id": sent,
                "owner": LINE,
                "applicationId": APPLICATION_ID,
                "time": message["time"],
                "segmentCount": 1,
                "direction": "out",
                "to": [ANN, BOB, CAT],
                "from": LINE,
                "text": "",
                "media": [PICTURE],
                "tag": "one",
                "priority": "high",
            } == message

    def test_times(self, vendor: Bandwidth, receiver: Receiver) -> None:
        """The event's time is that of the event, the message's that of the send."""
        vendor.send(ANN, BOB)
        vendor.finish()
        times = [
            datetime.fromisoformat(event["time"]) - datetime.fromisoformat(event["message"]["time"])
            for event in receiver.events
        ]
        assert [SENDING_AFTER, SENDING_AFTER, DELIVERED_AFTER, DELIVERED_AFTER] == times

    def test_text_message(self, vendor: Bandwidth, receiver: Receiver) -> None:
        """An SMS is delivered and nothing before; what the send did not have is not there."""
        vendor.send(ANN)
        vendor.finish()
        assert [("message-delivered", ANN)] == receiver.told
        assert receiver.events[0]["message"].keys().isdisjoint({"media", "tag", "priority"})

    def test_as_time_goes(self, vendor: Bandwidth, receiver: Receiver) -> None:
        """They come when it happens."""
        vendor.send(ANN, BOB)
        vendor.advance(SENT_AFTER.total_seconds())
        assert [("message-sending", ANN), ("message-sending", BOB)] == receiver.told
        vendor.finish()
        assert 4 == len(receiver.told)

    def test_types_asked_for(self, vendor: Bandwidth, receiver: Receiver) -> None:
        """`message-sent` comes to whom asked for it, and what is not asked for does not come."""
        vendor.face.requested_callback_types = {"message-sent", "message-failed"}
        vendor.phones[BOB].mms = False
        vendor.send(ANN, BOB)
        vendor.finish()
        assert [("message-sent", ANN), ("message-sent", BOB), ("message-failed", BOB)] == receiver.told
        vendor.come_in(ANN, LINE)
        assert ("message-received", LINE) == receiver.told[-1]

    @pytest.mark.parametrize(
        ("number", "code", "sending"),
        [
            (DAN, 4720, True),
            (CAT, 4700, True),
            (WRONG, 4303, False),
            (PARIS, 4432, False),
            (LINE, 4401, False),
        ],
    )
    def test_failed(self, vendor: Bandwidth, receiver: Receiver, number: str, code: int, sending: bool) -> None:
        """One recipient's failure has its code, a number, and is its own alone."""
        vendor.phones[DAN].landline = True
        vendor.phones[CAT].mms = False
        vendor.send(ANN, number)
        vendor.finish()
        ends = {event["to"]: event for event in receiver.events if event["type"] != "message-sending"}
        assert (code, "message-failed") == (ends[number]["errorCode"], ends[number]["type"])
        assert ("message-delivered", False) == (ends[ANN]["type"], "errorCode" in ends[ANN])
        assert sending == (("message-sending", number) in receiver.told)
        assert "" == ends[number]["message"]["text"]

    @pytest.mark.parametrize("chosen", [{}, {"timeout_status": "DLR_EXPIRED"}])
    def test_no_receipt(self, vendor: Bandwidth, receiver: Receiver) -> None:
        """Without a word of the carrier it fails after 73 hours with a code of its own, whatever the search says."""
        vendor.phones[BOB].on = False
        vendor.send(ANN, BOB)
        vendor.finish()
        assert [("message-delivered", ANN)] == receiver.told[2:]
        vendor.advance(TIMED_OUT_AFTER.total_seconds() - 60)
        assert 3 == len(receiver.told)
        vendor.advance(60)
        assert ("message-failed", BOB, 9902) == tuple(receiver.events[-1][name] for name in ("type", "to", "errorCode"))

    def test_late_receipt(self, vendor: Bandwidth, receiver: Receiver) -> None:
        """A phone that comes on within 73 hours has its message delivered then."""
        vendor.phones[BOB].on = False
        vendor.send(BOB)
        vendor.advance(50 * 3600)
        assert [] == receiver.told
        vendor.phones[BOB].on = True
        vendor.advance(2 * 3600)
        assert [("message-delivered", BOB)] == receiver.told

    @pytest.mark.parametrize("chosen", [{"invalid_number": "failed_then_delivered"}])
    def test_failed_then_delivered(self, vendor: Bandwidth, receiver: Receiver) -> None:
        """A number that cannot be may be told to have failed, and then to have it."""
        vendor.send(ANN, WRONG)
        vendor.finish()
        ends = [kind for kind, to in receiver.told if to == WRONG]
        assert ["message-failed", "message-delivered"] == ends

    @pytest.mark.parametrize("chosen", [{"too_many": "4435"}, {"too_many": "4735"}])
    def test_too_many(self, vendor: Bandwidth, receiver: Receiver, chosen: dict[str, Any]) -> None:
        """A group that is too large fails for each of its recipients."""
        people = [f"+131255501{n}" for n in range(50, 61)]
        vendor.send(*people)
        vendor.finish()
        failed = [event for event in receiver.events if event["type"] == "message-failed"]
        assert people == [event["to"] for event in failed]
        assert {int(chosen["too_many"])} == {event["errorCode"] for event in failed}

    def test_unlinked(self, vendor: Bandwidth, receiver: Receiver) -> None:
        """Of an application that is not linked nothing is ever heard."""
        vendor.send(ANN, BOB, applicationId=UNLINKED_APPLICATION_ID)
        vendor.advance(TIMED_OUT_AFTER.total_seconds() + 60)
        assert [] == receiver.asked

    @pytest.mark.parametrize("chosen", [{"status_owner": "recipient"}])
    def test_owner(self, vendor: Bandwidth, receiver: Receiver) -> None:
        """A delivery may have its recipient as the owner; the sender stays the sender."""
        vendor.send(ANN, BOB)
        vendor.finish()
        owners = [(event["message"]["owner"], event["message"]["from"]) for event in receiver.events]
        assert [(LINE, LINE), (LINE, LINE), (ANN, LINE), (BOB, LINE)] == owners

    @pytest.mark.parametrize("chosen", [{"message_sending": "off"}])
    def test_sending_is_over(self, vendor: Bandwidth, receiver: Receiver) -> None:
        """Without `message-sending` the end comes first."""
        vendor.send(ANN, BOB)
        vendor.finish()
        assert [("message-delivered", ANN), ("message-delivered", BOB)] == receiver.told

    @pytest.mark.parametrize("chosen", [{"progress_callbacks": "per_group"}])
    def test_progress_of_a_group(self, vendor: Bandwidth, receiver: Receiver) -> None:
        """What is no end may come once for a group, and for each message all the same."""
        vendor.face.requested_callback_types = {"message-sending", "message-sent", "message-delivered"}
        for _ in range(2):
            vendor.send(ANN, BOB)
            vendor.finish()
        of_one = [
            ("message-sending", ANN),
            ("message-sent", ANN),
            ("message-delivered", ANN),
            ("message-delivered", BOB),
        ]
        assert of_one * 2 == receiver.told

    @pytest.mark.parametrize(("chosen", "kind"), [({}, list), ({"callback_body": "object"}, dict)])
    def test_body(self, vendor: Bandwidth, receiver: Receiver, kind: type) -> None:
        """A body is a list of one event, or the event."""
        vendor.send(ANN, BOB)
        vendor.finish()
        assert {kind} == {type(json.loads(asked.body)) for asked in receiver.asked}
        assert {1} == {len(events(asked)) for asked in receiver.asked}

    @pytest.mark.parametrize("chosen", [{"callback_events": "several"}])
    def test_several_in_one(self, vendor: Bandwidth, receiver: Receiver) -> None:
        """A list may have all that happened in a second, in and out, and comes again as a whole."""
        receiver.answer = failing
        vendor.send(ANN, BOB)
        vendor.advance(DELIVERED_AFTER.total_seconds())
        vendor.come_in(BOB, LINE)
        receiver.asked.clear()
        vendor.advance(2)
        receiver.answer = challenging
        vendor.advance(2 * EVERY)
        batch = [("message-delivered", ANN), ("message-delivered", BOB), ("message-received", LINE)]
        told = [events(asked) for asked in receiver.asked if credentials(asked)]
        lists = [[(event["type"], event["to"]) for event in each] for each in told]
        assert 2 == lists.count(batch)
        assert "message-delivered, message-received" in {tried["what"] for tried in vendor.box.callbacks.tried()}

    @pytest.mark.parametrize(
        ("chosen", "digits"), [({}, 3), ({"time_digits": 6}, 6), ({"time_digits": 0}, 0)], ids=["3", "6", "0"]
    )
    def test_time_digits(self, vendor: Bandwidth, receiver: Receiver, digits: int) -> None:
        """All times are in UTC, with so many digits."""
        vendor.send(ANN)
        vendor.finish()
        for time in (receiver.events[0]["time"], receiver.events[0]["message"]["time"]):
            assert time.endswith("Z")
            assert digits == len(time.partition(".")[2].rstrip("Z"))

    def test_two_urls(self, vendor: Bandwidth, receiver: Receiver) -> None:
        """What comes in and what becomes of messages may go to two places, or one of them nowhere."""
        vendor.face.webhooks.inbound_url = f"{receiver.base}/in"
        vendor.face.webhooks.outbound_url = f"{receiver.base}/out"
        vendor.send(ANN)
        vendor.finish()
        vendor.come_in(ANN, LINE)
        assert ["/out", "/out", "/in", "/in"] == [asked.path for asked in receiver.asked]
        vendor.face.webhooks.outbound_url = None
        vendor.send(ANN)
        vendor.finish()
        assert 4 == len(receiver.asked)

    def test_nowhere(self, vendor: Bandwidth, receiver: Receiver) -> None:
        """An application without URLs calls nobody."""
        vendor.box.calls("bandwidth", None)
        vendor.send(ANN, BOB)
        vendor.finish()
        vendor.come_in(ANN, LINE)
        assert ([], []) == (receiver.asked, vendor.box.callbacks.tried())


class TestInbound:
    def test_private(self, vendor: Bandwidth, receiver: Receiver) -> None:
        """A text to a line: no tag, no media, and our number alone in `to`."""
        vendor.come_in(ANN, LINE, text="Yes, please")
        (event,) = receiver.events
        told = event["message"]
        assert {
            "type": "message-received",
            "time": told["time"],
            "to": LINE,
            "description": event["description"],
            "message": {
                "id": vendor.face.messages[-1].id,
                "owner": LINE,
                "applicationId": APPLICATION_ID,
                "time": told["time"],
                "segmentCount": 1,
                "direction": "in",
                "to": [LINE],
                "from": ANN,
                "text": "Yes, please",
            },
        } == event
        assert timedelta() <= datetime.now(UTC) - datetime.fromisoformat(told["time"]) < timedelta(minutes=1)

    @pytest.mark.parametrize(
        ("chosen", "to"),
        [({}, [LINE, BOB, CAT]), ({"inbound_to": "line_last"}, [BOB, CAT, LINE])],
        ids=["first", "last"],
    )
    def test_group(self, vendor: Bandwidth, receiver: Receiver, to: list[str]) -> None:
        """A group's message has everybody but its sender in `to`, ourselves too."""
        vendor.come_in(ANN, BOB, CAT, LINE)
        (event,) = receiver.events
        assert (LINE, LINE, ANN, to) == (
            event["to"],
            event["message"]["owner"],
            event["message"]["from"],
            event["message"]["to"],
        )

    def test_answer_in_our_group(self, vendor: Bandwidth, receiver: Receiver) -> None:
        """An answer to our group comes from its members, and none of its ids are those of what we sent."""
        sent = vendor.send(ANN, BOB)
        (thread,) = vendor.phones[ANN].threads
        vendor.phones[ANN].send("Yes", thread=thread.id)
        vendor.wait()
        (message,) = (event["message"] for event in receiver.events)
        assert ([LINE, BOB], ANN) == (message["to"], message["from"])
        assert sent != message["id"]

    def test_fourteen(self, vendor: Bandwidth, receiver: Receiver) -> None:
        """Groups that come in may be larger than those that go out."""
        people = [f"+131255501{n}" for n in range(50, 63)]
        vendor.come_in(*people, LINE)
        (message,) = (event["message"] for event in receiver.events)
        assert (people[0], {*people[1:], LINE}, 13) == (message["from"], set(message["to"]), len(message["to"]))

    def test_two_lines(self, vendor: Bandwidth, receiver: Receiver) -> None:
        """Each of our lines in a group has an event and an id of its own, with the same people."""
        vendor.come_in(ANN, BOB, LINE, SECOND_LINE)
        first, second = receiver.events
        assert {LINE, SECOND_LINE} == {first["to"], second["to"]}
        assert [first["to"], second["to"]] == [first["message"]["owner"], second["message"]["owner"]]
        assert first["message"]["id"] != second["message"]["id"]
        assert {BOB, LINE, SECOND_LINE} == set(first["message"]["to"]) == set(second["message"]["to"])

    def test_our_other_line(self, vendor: Bandwidth, receiver: Receiver) -> None:
        """What one of our lines sends comes in at another one, from ours."""
        sent = vendor.send(ANN, SECOND_LINE)
        vendor.finish()
        (event,) = (event for event in receiver.events if event["type"] == "message-received")
        assert (SECOND_LINE, LINE) == (event["to"], event["message"]["from"])
        assert sent != event["message"]["id"]
        assert {("message-delivered", ANN), ("message-delivered", SECOND_LINE)} <= set(receiver.told)

    def test_toll_free(self, vendor: Bandwidth, receiver: Receiver) -> None:
        vendor.come_in(ANN, TOLL_FREE)
        assert [("message-received", TOLL_FREE)] == receiver.told

    @pytest.mark.parametrize("chosen", [{"callback_events": "several"}])
    def test_several_in_one(self, vendor: Bandwidth, receiver: Receiver) -> None:
        """Both copies of a message to two lines may come in one list."""
        vendor.come_in(ANN, LINE, SECOND_LINE)
        assert [] == receiver.asked
        vendor.advance(1)
        assert [2, 2] == [len(events(asked)) for asked in receiver.asked]


class TestMedia:
    def test_stored(self, vendor: Bandwidth, receiver: Receiver) -> None:
        """A file that came in is in the account's media, below the message's id, for whoever has credentials."""
        vendor.box.settings("bandwidth")
        vendor.come_in(ANN, LINE, media=(PICTURE, "https://example.com/a%20b.png?size=2"))
        message = receiver.events[0]["message"]
        where = f"{vendor.box.url}/bandwidth/users/{ACCOUNT_ID}/media/{message['id']}"
        assert [f"{where}/0/picture.jpg", f"{where}/1/a%20b.png"] == message["media"]
        assert 401 == vendor.request("GET", message["media"][0]).status_code
        for url, kind in zip(message["media"], ("image/jpeg", "image/png"), strict=True):
            for written in (url, f"{where.rpartition('/')[0]}/{message['id']}{url[len(where) :].replace('/', '%2F')}"):
                answer = vendor.request("GET", written, auth=(USERNAME, PASSWORD))
                assert (200, kind, True) == (answer.status_code, answer.headers["content-type"], bool(answer.content))

    def test_for_two_days(self, vendor: Bandwidth, receiver: Receiver) -> None:
        vendor.box.settings("bandwidth")
        vendor.come_in(ANN, LINE, media=(PICTURE,))
        (url,) = receiver.events[0]["message"]["media"]
        vendor.advance(48 * 3600 + 60)
        assert 404 == vendor.request("GET", url, auth=(USERNAME, PASSWORD)).status_code

    def test_a_copy_each(self, vendor: Bandwidth, receiver: Receiver) -> None:
        """Each line's message has files of its own."""
        vendor.come_in(ANN, LINE, SECOND_LINE, media=(PICTURE,))
        assert 2 == len({url for event in receiver.events for url in event["message"]["media"]})

    def test_what_was_sent(self, vendor: Bandwidth, receiver: Receiver) -> None:
        """A file of the account that somebody sends back has its content."""
        url = f"{vendor.box.url}/bandwidth/users/{ACCOUNT_ID}/media/flyer.pdf"
        headers = {"content-type": "application/pdf"}
        vendor.request("PUT", url, content=b"flyer", headers=headers, auth=(USERNAME, PASSWORD))
        vendor.come_in(ANN, LINE, media=(url,))
        (copy,) = receiver.events[0]["message"]["media"]
        answer = vendor.request("GET", copy, auth=(USERNAME, PASSWORD))
        assert (b"flyer", "application/pdf") == (answer.content, answer.headers["content-type"])
        assert copy != url

    @pytest.mark.parametrize("url", ["http://[", "picture", "https://example.com/", "?"])
    def test_anything(self, vendor: Bandwidth, receiver: Receiver, url: str) -> None:
        """What a phone sends may be no URL, or without a name."""
        vendor.box.settings("bandwidth")
        vendor.come_in(ANN, LINE, media=(url,))
        (copy,) = receiver.events[0]["message"]["media"]
        assert 200 == vendor.request("GET", copy, auth=(USERNAME, PASSWORD)).status_code

    def test_where_nobody_called(self, vendor: Bandwidth, receiver: Receiver) -> None:
        """Before the face knows where it is, its URLs lead nowhere; a call tells it."""
        vendor.come_in(ANN, LINE, media=(PICTURE,))
        vendor.send(ANN)
        vendor.come_in(ANN, LINE, media=(PICTURE,))
        urls = [event["message"]["media"][0] for event in receiver.events if event["type"] == "message-received"]
        assert [False, True] == [url.startswith(vendor.box.url) for url in urls]

    @pytest.mark.parametrize("chosen", [{"smil_part": "given"}])
    def test_layout(self, vendor: Bandwidth, receiver: Receiver) -> None:
        """Among the files may be the layout of the others; a text alone has none."""
        vendor.box.settings("bandwidth")
        vendor.come_in(ANN, LINE, media=(PICTURE,))
        first, second = receiver.events[0]["message"]["media"]
        assert (True, True) == (first.endswith("/0/layout.xml"), second.endswith("/1/picture.jpg"))
        answer = vendor.request("GET", first, auth=(USERNAME, PASSWORD))
        assert "application/smil+xml" == answer.headers["content-type"]
        vendor.come_in(ANN, BOB, LINE)
        assert "media" not in receiver.events[1]["message"]

    @pytest.mark.parametrize(("chosen", "text"), [({}, None), ({"media_only_text": "empty"}, "")])
    def test_without_text(self, vendor: Bandwidth, receiver: Receiver, text: str | None) -> None:
        """A file alone has no text, or an empty one."""
        vendor.come_in(ANN, LINE, text="", media=(PICTURE,))
        message = receiver.events[0]["message"]
        assert (text, text is not None) == (message.get("text"), "text" in message)


class TestOrder:
    def test_backwards(self, vendor: Bandwidth, receiver: Receiver) -> None:
        """Held calls may come the last first."""
        vendor.box.callbacks.hold()
        vendor.send(ANN, BOB)
        vendor.finish()
        assert [] == receiver.asked
        vendor.box.callbacks.release(backwards=True)
        vendor.wait()
        ends = [("message-delivered", BOB), ("message-delivered", ANN)]
        assert [*ends, ("message-sending", BOB), ("message-sending", ANN)] == receiver.told

    def test_twice(self, vendor: Bandwidth, receiver: Receiver) -> None:
        """The same may come twice, to the letter."""
        vendor.box.callbacks.twice = True
        vendor.come_in(ANN, LINE)
        assert (4, 1) == (len(receiver.asked), len({asked.body for asked in receiver.asked}))

    def test_delay(self, vendor: Bandwidth, receiver: Receiver) -> None:
        """It may take its time."""
        vendor.box.callbacks.delay = 60
        vendor.come_in(ANN, LINE)
        assert [] == receiver.asked
        vendor.advance(60)
        assert [("message-received", LINE)] == receiver.told

    def test_before_the_answer(self, vendor: Bandwidth, receiver: Receiver) -> None:
        """The callbacks of a message may all come before the answer to its send."""
        vendor.box.fault("delay", operation="send", phase="after", seconds=2)
        sent: list[str] = []
        sending = threading.Thread(target=lambda: sent.append(vendor.send(ANN, BOB)))
        sending.start()
        while not vendor.face.messages:
            sending.join(0.01)
        vendor.finish()
        told, answered = receiver.events.copy(), sent.copy()
        sending.join()
        assert ([], 4) == (answered, len(told))
        assert set(sent) == {event["message"]["id"] for event in told}


def test_not_this_machine(vendor: Bandwidth, receiver: Receiver) -> None:
    """A URL of another machine is called by no sandbox."""
    vendor.face.webhooks.inbound_url = "https://hooks.example.com/in"
    vendor.come_in(ANN, LINE)
    assert ([None], "refused") == vendor.last
    assert [] == receiver.asked
