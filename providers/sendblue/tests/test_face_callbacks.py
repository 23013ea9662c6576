"""The stand-in calls as Sendblue does: what comes in, what becomes of messages, and files for them."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any

import attrs
import httpx
import pytest
from groupmessenger_sendblue.sandbox import (
    ACCOUNT_EMAIL,
    DELIVERED_AFTER,
    KEY_ID,
    LINE,
    SEAT,
    SEAT_EMAIL,
    SECOND_LINE,
    SECRET,
    SENT_AFTER,
    WEBHOOK_SECRET,
    SendblueFace,
)
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from recorder import Recorder, recording
from sendblue_api.types import (
    MediaObjectUploadResponse,
    WebhookCreateResponse,
    WebhookDeleteResponse,
    WebhookListResponse,
    WebhookUpdateResponse,
)

from groupmessenger.sandbox import Sandbox

ANN, BOB, CAT = (f"+1312555015{n}" for n in range(3))
EMAIL = "eve@example.com"
WEBHOOKS, UPLOAD, OBJECTS = "/api/account/webhooks", "/api/upload-file", "/api/upload-media-object"
PICTURES = ["https://example.com/1.jpg", "https://example.com/2.jpg"]
CONFUSING = [b"\r", b"\n", b"\r\n", b"--", b"\0", b"\x85", b"a"]  # what a reader of forms may take for its own
SENT, DELIVERED, HOUR = SENT_AFTER.total_seconds(), DELIVERED_AFTER.total_seconds(), 3600.0

# What the live webhook for an inbound message has.
RECEIVE = {
    "accountEmail",
    "content",
    "is_outbound",
    "status",
    "error_code",
    "error_message",
    "error_reason",
    "error_detail",
    "message_handle",
    "date_sent",
    "date_updated",
    "from_number",
    "number",
    "to_number",
    "sendblue_number",
    "was_downgraded",
    "plan",
    "media_url",
    "message_type",
    "group_id",
    "group_display_name",
    "participants",
    "send_style",
    "opted_out",
    "service",
}


@attrs.frozen
class Heard:
    """One request that the receiver got."""

    path: str
    headers: Mapping[str, str]
    body: dict[str, Any]

    @property
    def secret(self) -> str | None:
        return self.headers.get("sb-signing-secret")


class Vendor:
    """A running sandbox of Sendblue alone, a client of its HTTP, and a receiver of what it calls."""

    def __init__(self, box: Sandbox, http: httpx.Client, receiver: Recorder) -> None:
        face = box.faces["sendblue"]
        assert isinstance(face, SendblueFace)
        self.box, self.face, self.http, self.receiver = box, face, http, receiver

    def call(self, method: str, path: str, **body: Any) -> httpx.Response:
        return self.http.request(method, path, json=body)

    def hooks(self, **kinds: Any) -> None:
        """Replace all webhooks."""
        assert self.call("PUT", WEBHOOKS, webhooks=kinds).status_code == 200

    def send(self, text: str = "Hello", **body: Any) -> dict[str, Any]:
        if "group_id" not in body:
            body = {"numbers": [ANN, BOB], **body}
        answer = self.call("POST", "/api/send-group-message", **{"content": text, "from_number": LINE, **body})
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    def direct(self, number: str = ANN, **body: Any) -> dict[str, Any]:
        body = {"content": "Hello", "from_number": LINE, "number": number, **body}
        return dict(self.call("POST", "/api/send-message", **body).json())

    def heard(self, *paths: str) -> list[Heard]:
        """What was heard so far, of these paths alone if there are any."""
        assert self.box.callbacks.wait()
        heard = [Heard(asked.path, asked.headers, json.loads(asked.body)) for asked in self.receiver.asked]
        return [each for each in heard if not paths or each.path in paths]

    def statuses(self, *paths: str) -> list[str]:
        return [each.body["status"] for each in self.heard(*paths)]

    def received(self) -> list[dict[str, Any]]:
        return [each.body for each in self.heard() if not each.body["is_outbound"]]

    def advance(self, seconds: float) -> None:
        """Let what is under way be answered, for that plans retries; then put the clock forward."""
        assert self.box.callbacks.wait()
        self.box.clock.advance(seconds)
        assert self.box.callbacks.wait()

    def let_retry(self) -> None:
        """Let every retry be made that there will be."""
        for _ in range(5):
            self.advance(HOUR)

    def ended(self) -> list[str]:
        assert self.box.callbacks.wait()
        return [tried["ended"] for tried in self.box.callbacks.tried()]

    def what(self) -> list[str]:
        assert self.box.callbacks.wait()
        return [tried["what"] for tried in self.box.callbacks.tried()]


@pytest.fixture
def receiver() -> Iterator[Recorder]:
    with recording() as made:
        yield made


@pytest.fixture
def vendor(request: pytest.FixtureRequest, receiver: Recorder) -> Iterator[Vendor]:
    doubts = {f"sendblue.{name}": choice for name, choice in getattr(request, "param", {}).items()}
    keys = {"sb-api-key-id": KEY_ID, "sb-api-secret-key": SECRET}
    with (
        Sandbox(faces=[SendblueFace], doubts=doubts) as box,
        httpx.Client(base_url=f"{box.url}/sendblue", headers=keys, trust_env=False, timeout=10) as http,
    ):
        box.calls("sendblue", f"{receiver.base}/hooks")
        yield Vendor(box, http, receiver)


def reading(**doubts: Any) -> pytest.MarkDecorator:
    """The vendor in the readings named."""
    return pytest.mark.parametrize("vendor", [doubts], indirect=True, ids=[str(doubts)])


def readings(name: str, *pairs: tuple[object, object]) -> pytest.MarkDecorator:
    """The vendor in every reading of one doubt, and what is expected of it."""
    (doubt,) = (each for each in SendblueFace.doubts if each.name == name)
    assert [choice for choice, _ in pairs] == list(doubt.choices)
    return pytest.mark.parametrize(
        ("vendor", "expected"),
        [pytest.param({name: choice}, expected, id=str(choice)) for choice, expected in pairs],
        indirect=["vendor"],
    )


class TestInbound:
    def test_private(self, vendor: Vendor) -> None:
        """A private message is one call with the fields seen live, no group, and the account's secret."""
        vendor.box.phones[ANN].send("Hi there", to=LINE)
        (heard,) = vendor.heard()
        assert (heard.path, heard.secret) == ("/hooks", WEBHOOK_SECRET)
        assert heard.headers["content-type"] == "application/json"
        assert set(heard.body) == RECEIVE
        (kept,) = vendor.face.messages
        assert heard.body == heard.body | {
            "accountEmail": ACCOUNT_EMAIL,
            "content": "Hi there",
            "is_outbound": False,
            "status": "RECEIVED",
            "message_handle": kept.handle,
            "from_number": ANN,
            "number": ANN,
            "to_number": LINE,
            "sendblue_number": LINE,
            "media_url": "",
            "message_type": "message",
            "group_id": "",
            "group_display_name": "",
            "participants": [],
            "send_style": "",
            "service": "iMessage",
        }
        assert vendor.what() == ["receive"]

    def test_group(self, vendor: Vendor) -> None:
        """A message in a group names the group, everybody in it, the sender and the line."""
        group_id = vendor.send()["group_id"]
        vendor.advance(SENT)
        vendor.call("POST", f"/api/v2/groups/{group_id}/name", group_name="Friends")
        (thread,) = vendor.box.phones[ANN].threads
        vendor.box.phones[BOB].send("Me too", thread=thread.id)
        (body,) = vendor.received()
        assert set(body) == RECEIVE
        assert body["participants"] == sorted([LINE, ANN, BOB])
        assert (body["message_type"], body["group_id"], body["group_display_name"]) == ("group", group_id, "Friends")
        assert (body["from_number"], body["number"], body["to_number"]) == (BOB, BOB, LINE)

    def test_group_of_texts(self, vendor: Vendor) -> None:
        """A group that people made, by SMS, has an id of its own and no name."""
        thread = vendor.box.network.thread({ANN, BOB, LINE})
        vendor.box.network.post(thread, ANN, "Hi all")
        (heard,) = vendor.heard()
        (group_id,) = vendor.face.groups
        assert (heard.body["group_id"], heard.body["service"]) == (group_id, "SMS")
        assert heard.body["group_display_name"] == ""

    def test_email(self, vendor: Vendor) -> None:
        """An Apple ID writes from its address."""
        vendor.box.phones[EMAIL].send("Hi", to=LINE)
        (heard,) = vendor.heard()
        assert (heard.body["from_number"], heard.body["number"]) == (EMAIL, EMAIL)

    def test_reaction(self, vendor: Vendor) -> None:
        """A tapback is text, in curly quotes."""
        vendor.send("See you")
        (thread,) = vendor.box.phones[ANN].threads
        vendor.box.phones[ANN].react("Loved", thread=thread.id)
        assert [body["content"] for body in vendor.received()] == ["Loved “See you”"]

    def test_opted_out(self, vendor: Vendor) -> None:
        """A stop word comes in like any other message, and says that its sender is out."""
        vendor.box.phones[ANN].opt_out(LINE)
        vendor.box.phones[ANN].opt_in(LINE)
        assert [(each.body["content"], each.body["opted_out"]) for each in vendor.heard()] == [
            ("STOP", True),
            ("START", False),
        ]

    def test_attachments(self, vendor: Vendor) -> None:
        """Each attachment is a call of its own, with its own handle."""
        vendor.box.phones[ANN].send("Look", to=LINE, media=PICTURES)
        bodies = [each.body for each in vendor.heard()]
        assert [(body["content"], body["media_url"]) for body in bodies] == [("Look", PICTURES[0]), ("", PICTURES[1])]
        assert len({body["message_handle"] for body in bodies}) == 2

    def test_no_echo(self, vendor: Vendor) -> None:
        """What our own lines write is not received, by either of them."""
        vendor.send(numbers=[ANN, SECOND_LINE])
        vendor.direct(SECOND_LINE)
        vendor.advance(HOUR)
        assert {each.body["is_outbound"] for each in vendor.heard()} == {True}

    def test_lines(self, vendor: Vendor) -> None:
        """A webhook with numbers hears of those lines alone; a group with both lines is heard by each."""
        vendor.hooks(
            receive=[
                {"url": f"{vendor.receiver.base}/first", "sendblue_numbers": [LINE]},
                {"url": f"{vendor.receiver.base}/second", "sendblue_numbers": [SECOND_LINE]},
                f"{vendor.receiver.base}/all",
            ]
        )
        vendor.box.phones[ANN].send("To the second", to=SECOND_LINE)
        assert [each.path for each in vendor.heard()] == ["/second", "/all"]
        vendor.box.network.post(vendor.box.network.apple_group({ANN, BOB, LINE, SECOND_LINE}), ANN, "To both")
        lines = [(each.path, each.body["to_number"]) for each in vendor.heard()[2:]]
        assert lines == [("/first", LINE), ("/all", LINE), ("/second", SECOND_LINE), ("/all", SECOND_LINE)]

    def test_typing(self, vendor: Vendor) -> None:
        """Typing is told without a message."""
        vendor.face.types(ANN, LINE)
        vendor.face.types(ANN, LINE, typing=False)
        bodies = [each.body for each in vendor.heard()]
        assert [(body["number"], body["from_number"], body["is_typing"]) for body in bodies] == [
            (ANN, LINE, True),
            (ANN, LINE, False),
        ]
        assert set(bodies[0]) == {"number", "from_number", "is_typing", "timestamp"}
        assert vendor.what() == ["typing_indicator"] * 2
        with pytest.raises(KeyError, match="none of Sendblue's lines"):
            vendor.face.types(ANN, BOB)


class TestSecrets:
    @pytest.mark.parametrize(
        ("own", "everybody", "expected"),
        [("one", "all", "one"), (None, "all", "all"), ("one", None, "one"), (None, None, None)],
    )
    def test_secret(self, vendor: Vendor, own: str | None, everybody: str | None, expected: str | None) -> None:
        """A webhook's own secret goes before that for all; without either there is no header."""
        hook = {"url": f"{vendor.receiver.base}/own"} | ({"secret": own} if own else {})
        vendor.hooks(receive=[hook], outbound=[hook], **({"globalSecret": everybody} if everybody else {}))
        vendor.box.phones[ANN].send("Hi", to=LINE)
        vendor.direct()
        assert {each.secret for each in vendor.heard()} == {expected}

    def test_status_callback(self, vendor: Vendor) -> None:
        """A message's own callback has no header of Sendblue's at all."""
        vendor.direct(status_callback=f"{vendor.receiver.base}/mine?token=1")
        heard = vendor.heard("/mine?token=1")[0]
        assert [name for name in heard.headers if name.startswith("sb-")] == []


class TestStatus:
    def test_imessage(self, vendor: Vendor) -> None:
        """A group's message tells one status after the other, as the status call has them, and each once."""
        answer = vendor.send()
        vendor.advance(SENT)
        assert vendor.statuses()[:2] == ["QUEUED", "SENT"]
        vendor.advance(DELIVERED)
        vendor.advance(10 * HOUR)
        assert vendor.statuses() == ["QUEUED", "SENT", "DELIVERED"]
        assert vendor.what() == ["outbound QUEUED", "outbound SENT", "outbound DELIVERED"]
        last = vendor.heard()[-1]
        assert (last.path, last.secret) == ("/hooks", WEBHOOK_SECRET)
        assert set(last.body) == RECEIVE
        now = vendor.http.get("/api/status", params={"handle": answer["message_handle"]}).json()
        same = RECEIVE - {"send_style", "group_display_name"}
        assert {name: last.body[name] for name in same} == {name: now[name] for name in same}
        assert (last.body["number"], last.body["participants"]) == ([ANN, BOB], sorted([LINE, ANN, BOB]))
        assert last.body["group_id"] == answer["group_id"]

    def test_each_body_is_of_its_time(self, vendor: Vendor) -> None:
        """A held call tells what was so when it was made."""
        vendor.box.callbacks.hold()
        vendor.direct()
        vendor.advance(HOUR)
        assert vendor.heard() == []
        vendor.box.callbacks.release(backwards=True)
        assert vendor.statuses() == ["DELIVERED", "SENT", "QUEUED"]
        dates = [each.body["date_updated"] for each in vendor.heard()]
        assert dates == sorted(dates, reverse=True)

    def test_sms(self, vendor: Vendor) -> None:
        """SMS stops at SENT."""
        vendor.box.phones[BOB].imessage = False
        vendor.send()
        vendor.advance(10 * HOUR)
        assert vendor.statuses() == ["QUEUED", "SENT"]

    def test_off(self, vendor: Vendor) -> None:
        """A phone that is switched on later makes its message delivered then."""
        phone = vendor.box.phones[ANN]
        phone.on = False
        handle = vendor.direct()["message_handle"]
        vendor.advance(3.5 * HOUR)
        assert vendor.statuses() == ["QUEUED", "SENT"]
        phone.on = True
        vendor.advance(HOUR)
        assert vendor.statuses() == ["QUEUED", "SENT", "DELIVERED"]
        body = vendor.heard()[-1].body
        assert body["date_updated"] > body["date_sent"]
        phone.on = False  # it has it
        assert vendor.http.get("/api/status", params={"handle": handle}).json()["status"] == "DELIVERED"

    def test_off_for_ever(self, vendor: Vendor) -> None:
        """Nobody looks after a message for ever."""
        vendor.box.phones[ANN].on = False
        vendor.direct()
        vendor.advance(timedelta(days=31).total_seconds())
        vendor.box.phones[ANN].on = True
        vendor.advance(2 * HOUR)
        assert vendor.statuses() == ["QUEUED", "SENT"]

    def test_both_configured(self, vendor: Vendor) -> None:
        """A message with a callback of its own, and webhooks for all: each status comes twice."""
        vendor.send(status_callback=f"{vendor.receiver.base}/mine")
        vendor.advance(HOUR)
        assert vendor.statuses("/mine") == vendor.statuses("/hooks") == ["QUEUED", "SENT", "DELIVERED"]
        assert vendor.what()[:2] == ["status_callback QUEUED", "outbound QUEUED"]

    def test_status_callback_alone(self, vendor: Vendor) -> None:
        """Without webhooks, a message's own callback is called all the same."""
        vendor.box.calls("sendblue", None)
        vendor.direct(status_callback=f"{vendor.receiver.base}/mine")
        vendor.direct(BOB)
        vendor.advance(HOUR)
        assert vendor.what() == ["status_callback QUEUED", "status_callback SENT", "status_callback DELIVERED"]
        assert vendor.statuses("/mine") == ["QUEUED", "SENT", "DELIVERED"]

    @pytest.mark.parametrize("url", ["nowhere", "ftp://example.com/a", "http://[", "https://"])
    def test_no_url(self, vendor: Vendor, url: str) -> None:
        """A callback that is no URL is refused."""
        for body in ({"numbers": [ANN, BOB]}, {"number": ANN}):
            path = "/api/send-group-message" if "numbers" in body else "/api/send-message"
            answer = vendor.call("POST", path, content="Hello", from_number=LINE, status_callback=url, **body)
            assert (answer.status_code, answer.json()["status"]) == (400, "ERROR")
        assert vendor.heard() == []

    @pytest.mark.parametrize("status", ["ERROR", "DECLINED"])
    def test_failed_later(self, vendor: Vendor, status: str) -> None:
        """A message that was accepted may fail: its callback says why, and it reached nobody."""
        vendor.face.fail_next({"status": status, "error_code": 10001, "error_message": "It did not go"})
        answer = vendor.send()
        assert (answer["status"], answer["error_code"]) == ("QUEUED", None)
        vendor.advance(10 * HOUR)
        queued, failed = (each.body for each in vendor.heard())
        assert (queued["status"], queued["error_code"]) == ("QUEUED", None)
        assert (failed["status"], failed["error_code"], failed["error_message"]) == (status, 10001, "It did not go")
        assert vendor.box.phones[ANN].texts == []
        (row,) = vendor.http.get("/api/v2/messages").json()["data"]
        assert (row["status"], row["error_code"]) == (status, 10001)

    def test_failed_at_once(self, vendor: Vendor) -> None:
        """A failure in the answer is told by a callback too, with the vendor's key, and is the last word."""
        fields = {"status": "DECLINED", "error_code": "4000", "error_key": "OPTED_OUT", "error_message": "They are out"}
        vendor.face.answer_next(fields, done=False)
        vendor.send()
        vendor.advance(10 * HOUR)
        (heard,) = vendor.heard()
        assert set(heard.body) == {*RECEIVE, "error_key"}
        assert {name: heard.body[name] for name in fields} == fields

    @reading(declined_status=200)
    def test_declined_by_a_rule(self, vendor: Vendor) -> None:
        """So is one that a rule declined."""
        vendor.box.phones[ANN].opt_out(LINE)
        vendor.direct()
        assert vendor.heard()[-1].body["error_key"] == "OPTED_OUT"

    def test_refused(self, vendor: Vendor) -> None:
        """Of a send that was refused nothing is told: there is no message."""
        vendor.face.answer_next({"status": "ERROR"}, 500, done=False)
        vendor.call("POST", "/api/send-message", content="Hello", from_number=LINE, number=ANN)
        vendor.advance(HOUR)
        assert vendor.heard() == []

    def test_by_hand(self, vendor: Vendor) -> None:
        """What somebody sends from the dashboard is told of, and whose it is."""
        group_id = vendor.send()["group_id"]
        vendor.face.human_sends(group_id, "By hand")
        bodies = [each.body for each in vendor.heard() if each.body["content"] == "By hand"]
        assert (bodies[0]["seat_id"], bodies[0]["sender_email"]) == (SEAT, SEAT_EMAIL)

    def test_reply(self, vendor: Vendor) -> None:
        """A reply says what it answers."""
        first = vendor.send()
        vendor.send("Again", group_id=first["group_id"], reply_to={"message_handle": first["message_handle"]})
        body = next(each.body for each in vendor.heard() if each.body["content"] == "Again")
        assert body["reply_to"] == body["thread_originator"] == {"message_handle": first["message_handle"]}

    def test_before_the_answer(self, vendor: Vendor) -> None:
        """A status may come before the answer to the send."""
        vendor.box.fault("delay", operation="send_direct", phase="after", seconds=2.5)
        answers: list[dict[str, Any]] = []
        thread = threading.Thread(target=lambda: answers.append(vendor.direct()))
        thread.start()
        until = time.monotonic() + 5
        while not vendor.receiver.asked and time.monotonic() < until:
            time.sleep(0.01)
        vendor.advance(DELIVERED)
        told, answered = vendor.statuses(), list(answers)
        thread.join()
        assert (told, answered) == (["QUEUED", "SENT", "DELIVERED"], [])
        assert {each.body["message_handle"] for each in vendor.heard()} == {answers[0]["message_handle"]}


class TestDelivery:
    def test_lost(self, vendor: Vendor) -> None:
        """After three retries on 5xx a call is lost; one that succeeds is not made again."""
        vendor.receiver.statuses = [500, 503, 500, 502]
        vendor.box.phones[ANN].send("Hi", to=LINE)
        vendor.let_retry()
        assert vendor.ended() == ["again", "again", "again", "given up"]
        vendor.receiver.statuses = [500]
        vendor.box.phones[ANN].send("Hi again", to=LINE)
        vendor.let_retry()
        assert vendor.ended()[4:] == ["again", "taken"]
        contents = [each.body["content"] for each in vendor.heard()]
        assert contents == ["Hi"] * 4 + ["Hi again"] * 2

    def test_no_answer(self, vendor: Vendor) -> None:
        """One that is not answered in time is made again."""
        vendor.box.callbacks.timeout = 0.2
        vendor.receiver.hang.clear()
        vendor.box.phones[ANN].send("Hi", to=LINE)
        assert vendor.ended() == ["again"]
        vendor.receiver.hang.set()
        vendor.let_retry()
        assert vendor.ended() == ["again", "taken"]

    def test_elsewhere(self, vendor: Vendor) -> None:
        """A stand-in calls this machine alone."""
        vendor.hooks(receive=["https://example.com/hooks"])
        vendor.box.phones[ANN].send("Hi", to=LINE)
        assert vendor.ended() == ["refused"]

    def test_twice(self, vendor: Vendor) -> None:
        vendor.box.callbacks.twice = True
        vendor.box.phones[ANN].send("Hi", to=LINE)
        first, second = vendor.heard()
        assert first.body == second.body

    def test_delay(self, vendor: Vendor) -> None:
        vendor.box.callbacks.delay = 60
        vendor.box.phones[ANN].send("Hi", to=LINE)
        assert vendor.heard() == []
        vendor.advance(60)
        assert len(vendor.heard()) == 1


class TestRegistration:
    def test_dashboard(self, vendor: Vendor) -> None:
        """The dashboard sets one URL for what we hear, and takes it and all others away."""
        url = f"{vendor.receiver.base}/hooks"
        body = vendor.http.get(WEBHOOKS).json()
        assert WebhookListResponse.model_validate(body).status == "OK"
        heard = {kind: found for kind, found in body["webhooks"].items() if found}
        assert heard == {
            "receive": [url],
            "outbound": [url],
            "typing_indicator": [url],
            "globalSecret": WEBHOOK_SECRET,
        }
        vendor.box.calls("sendblue", None)
        webhooks = vendor.http.get(WEBHOOKS).json()["webhooks"]
        assert webhooks.pop("globalSecret") is None
        assert (len(webhooks), any(webhooks.values())) == (10, False)
        vendor.box.phones[ANN].send("Hi", to=LINE)
        assert vendor.what() == []

    def test_post_appends(self, vendor: Vendor) -> None:
        """POST keeps the others, and the secret unless it gives one."""
        hook = {"url": f"{vendor.receiver.base}/mine", "secret": "one", "sendblue_numbers": [LINE]}
        body = vendor.call("POST", WEBHOOKS, webhooks=[hook], type="receive").json()
        assert WebhookCreateResponse.model_validate(body).status == "OK"
        assert body["webhooks"]["receive"] == [f"{vendor.receiver.base}/hooks", hook]
        assert body["webhooks"]["globalSecret"] == WEBHOOK_SECRET
        body = vendor.call("POST", WEBHOOKS, webhooks=[], type="outbound", globalSecret="other").json()
        assert body["webhooks"]["globalSecret"] == "other"
        vendor.box.phones[ANN].send("Hi", to=LINE)
        assert [(each.path, each.secret) for each in vendor.heard()] == [("/hooks", "other"), ("/mine", "one")]

    def test_put_replaces(self, vendor: Vendor) -> None:
        """PUT wipes what it does not name, the secret too."""
        body = vendor.call("PUT", WEBHOOKS, webhooks={"outbound": [f"{vendor.receiver.base}/mine"]}).json()
        assert WebhookUpdateResponse.model_validate(body).status == "OK"
        vendor.box.phones[ANN].send("Hi", to=LINE)
        vendor.direct()
        assert {(each.path, each.secret) for each in vendor.heard()} == {("/mine", None)}

    def test_delete(self, vendor: Vendor) -> None:
        """DELETE takes addresses from one type, however they were given, and minds no strangers."""
        hook = {"url": f"{vendor.receiver.base}/mine", "secret": "one"}
        vendor.call("POST", WEBHOOKS, webhooks=[hook], type="receive")
        gone = [hook["url"], f"{vendor.receiver.base}/hooks", "https://example.com/never"]
        body = vendor.call("DELETE", WEBHOOKS, webhooks=gone, type="receive").json()
        assert WebhookDeleteResponse.model_validate(body).status == "OK"
        webhooks = vendor.http.get(WEBHOOKS).json()["webhooks"]
        assert (webhooks["receive"], webhooks["outbound"]) == ([], [f"{vendor.receiver.base}/hooks"])

    @pytest.mark.parametrize(
        ("method", "body"),
        [
            ("POST", {"webhooks": ["https://example.com/a"], "type": "everything"}),
            ("POST", {"webhooks": ["https://example.com/a"], "type": ["receive"]}),
            ("POST", {"webhooks": "https://example.com/a", "type": "receive"}),
            ("POST", {"webhooks": ["example.com"], "type": "receive"}),
            ("POST", {"webhooks": ["https://["], "type": "receive"}),
            ("POST", {"webhooks": [None], "type": "receive"}),
            ("POST", {"webhooks": [{"secret": "one"}], "type": "receive"}),
            ("POST", {"webhooks": [{"url": "https://example.com/a", "secret": 1}], "type": "receive"}),
            ("POST", {"webhooks": [{"url": "https://example.com/a", "sendblue_numbers": LINE}], "type": "receive"}),
            ("POST", {"webhooks": [{"url": "https://example.com/a", "sendblue_numbers": [1]}], "type": "receive"}),
            ("POST", {"webhooks": [], "type": "receive", "globalSecret": 1}),
            ("PUT", {"webhooks": ["https://example.com/a"]}),
            ("PUT", {"webhooks": {"everything": ["https://example.com/a"]}}),
            ("PUT", {"webhooks": {"receive": ["example.com"]}}),
            ("PUT", {"webhooks": {"globalSecret": ["one"]}}),
            ("DELETE", {"webhooks": "https://example.com/a", "type": "receive"}),
            ("DELETE", {"webhooks": [], "type": "everything"}),
        ],
    )
    def test_refusals(self, vendor: Vendor, method: str, body: dict[str, Any]) -> None:
        """What cannot be read changes nothing."""
        before = vendor.http.get(WEBHOOKS).json()
        answer = vendor.call(method, WEBHOOKS, **body)
        assert (answer.status_code, answer.json()["status"]) == (400, "ERROR")
        assert vendor.http.get(WEBHOOKS).json() == before


def upload(vendor: Vendor, content: bytes, name: str = "cat.JPG", kind: str | None = "image/jpeg") -> httpx.Response:
    return vendor.http.post(UPLOAD, files={"file": (name, content, kind)})


class TestFiles:
    def test_upload(self, vendor: Vendor) -> None:
        """A file that was uploaded is public, keeps its extension and its type, and can be sent."""
        answer = upload(vendor, b"\xff\xd8 a cat \r\n--\n")
        url = answer.json()["media_url"]
        assert url.startswith(f"{vendor.box.url}/sendblue/files/")
        assert url.endswith(".jpg")
        found = httpx.get(url, trust_env=False)
        assert (found.status_code, found.content) == (200, b"\xff\xd8 a cat \r\n--\n")
        assert found.headers["content-type"] == "image/jpeg"
        vendor.send(media_url=url)
        (thread,) = vendor.box.phones[ANN].threads
        assert vendor.box.phones[ANN].messages[thread.id][0].media == (url,)
        assert httpx.get(f"{url}x", trust_env=False).status_code == 404

    @pytest.mark.parametrize(
        ("name", "kind", "extension"),
        [
            ("notes", "text/plain", ".txt"),
            ("notes", "application/x-nobody-knows", ".bin"),
            ("../../a.b/c.p%64f", "application/pdf", ".pdf"),
            ("Füchse.png", "image/png", ".png"),
        ],
    )
    def test_name(self, vendor: Vendor, name: str, kind: str, extension: str) -> None:
        """Its name is the vendor's, with an extension that fits, for a send needs one."""
        url = upload(vendor, b"content", name, kind).json()["media_url"]
        assert "." + url.rpartition(".")[2] == extension

    @settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(content=st.binary() | st.lists(st.sampled_from(CONFUSING)).map(b"".join))
    def test_content(self, vendor: Vendor, content: bytes) -> None:
        """Whatever is uploaded is served."""
        url = upload(vendor, content).json()["media_url"]
        assert httpx.get(url, trust_env=False).content == content

    @pytest.mark.parametrize(
        "form",
        [
            {"files": {"other": ("cat.jpg", b"content")}},
            {"data": {"file": "content"}, "headers": {"content-type": "multipart/form-data"}},
            {"content": b"content"},
            {"content": b"content", "headers": {"content-type": "multipart/form-data; boundary=x"}},
            {"json": {"file": "content"}},
        ],
    )
    def test_no_file(self, vendor: Vendor, form: dict[str, Any]) -> None:
        """A body without the file is refused."""
        answer = vendor.http.post(UPLOAD, **form)
        assert (answer.status_code, answer.json()["status"]) == (400, "ERROR")

    def test_too_large(self, vendor: Vendor) -> None:
        """A file over the limit is refused, whether it is a little or a lot."""
        assert vendor.face.limits.file_bytes == 100_000_000
        vendor.face.limits.file_bytes = 1000
        statuses = [upload(vendor, b"x" * size).status_code for size in (1000, 1001, 20_000)]
        assert statuses == [200, 400, 400]

    def test_keys(self, vendor: Vendor) -> None:
        """Uploading needs the keys."""
        answer = httpx.post(f"{vendor.box.url}/sendblue{UPLOAD}", files={"file": b"content"}, trust_env=False)
        assert answer.status_code == 401

    def test_media_object(self, vendor: Vendor) -> None:
        """A URL becomes an object with the URL's extension."""
        answer = vendor.call("POST", OBJECTS, media_url=PICTURES[0])
        assert (answer.status_code, answer.json()["status"]) == (201, "OK")
        found = MediaObjectUploadResponse.model_validate(answer.json()).media_object_id
        assert found is not None
        assert (found[:3], found[-4:]) == ("MO_", ".jpg")

    @pytest.mark.parametrize("body", [{}, {"media_url": "cat.jpg"}, {"media_url": ""}])
    def test_no_media_object(self, vendor: Vendor, body: dict[str, str]) -> None:
        answer = vendor.call("POST", OBJECTS, **body)
        assert (answer.status_code, answer.json()) == (400, {"status": "ERROR", "message": "Invalid media URL"})


class TestDoubts:
    """Each switch of this part does what it says, in every reading."""

    @readings("sms_final", ("SENT", ["QUEUED", "SENT"]), ("DELIVERED", ["QUEUED", "SENT", "DELIVERED"]))
    def test_sms_final(self, vendor: Vendor, expected: list[str]) -> None:
        vendor.box.phones[ANN].imessage = False
        vendor.direct()
        vendor.advance(HOUR)
        assert vendor.statuses() == expected

    @readings("delivered_in_group", ("any", "DELIVERED"), ("all", "SENT"))
    def test_delivered_in_group(self, vendor: Vendor, expected: str) -> None:
        vendor.box.phones[BOB].on = False
        vendor.send()
        vendor.advance(HOUR)
        assert vendor.statuses()[-1] == expected
        vendor.box.phones[BOB].on = True
        vendor.advance(2 * HOUR)
        assert vendor.statuses() == ["QUEUED", "SENT", "DELIVERED"]

    @readings("webhook_type", ("receive", 200), ("refused", 400))
    def test_webhook_type(self, vendor: Vendor, expected: int) -> None:
        url = f"{vendor.receiver.base}/mine"
        assert vendor.call("POST", WEBHOOKS, webhooks=[url]).status_code == expected
        assert (url in vendor.http.get(WEBHOOKS).json()["webhooks"]["receive"]) == (expected == 200)

    @readings("typing_registration", ("kept", (200, 2)), ("refused", (400, 0)), ("dropped", (200, 0)))
    def test_typing_registration(self, vendor: Vendor, expected: tuple[int, int]) -> None:
        answer = vendor.call("POST", WEBHOOKS, webhooks=[f"{vendor.receiver.base}/mine"], type="typing_indicator")
        vendor.face.types(ANN, LINE)
        assert (answer.status_code, len(vendor.heard())) == expected

    @readings("retried", ("5xx", [1, 1, 2]), ("not_2xx", [2, 2, 2]))
    def test_retried(self, vendor: Vendor, expected: list[int]) -> None:
        tries = []
        for status in (302, 404, 500):
            vendor.receiver.statuses, before = [status], len(vendor.heard())
            vendor.box.phones[ANN].send("Hi", to=LINE)
            vendor.let_retry()
            tries.append(len(vendor.heard()) - before)
        assert tries == expected

    @readings("forty_five_seconds", ("time_out", [10.0, 60.0, 300.0]), ("pause", [45.0, 45.0, 45.0]))
    def test_forty_five_seconds(self, vendor: Vendor, expected: list[float]) -> None:
        vendor.receiver.statuses = [500] * 4
        vendor.box.phones[ANN].send("Hi", to=LINE)
        for number, pause in enumerate(expected, 1):
            vendor.advance(pause - 5)
            assert len(vendor.heard()) == number
            vendor.advance(5)
            assert len(vendor.heard()) == number + 1

    @readings("own_echo", ("none", []), ("other_lines", ["/second"]), ("all", ["/second", "/first"]))
    def test_own_echo(self, vendor: Vendor, expected: list[str]) -> None:
        vendor.hooks(
            receive=[
                {"url": f"{vendor.receiver.base}/first", "sendblue_numbers": [LINE]},
                {"url": f"{vendor.receiver.base}/second", "sendblue_numbers": [SECOND_LINE]},
            ]
        )
        handle = vendor.send(numbers=[ANN, SECOND_LINE])["message_handle"]
        vendor.advance(HOUR)
        assert [each.path for each in vendor.heard()] == expected
        for each in vendor.heard():
            assert (each.body["from_number"], each.body["content"]) == (LINE, "Hello")
            assert each.body["is_outbound"] == (each.path == "/first") == (each.body["message_handle"] == handle)

    @reading(own_echo="all", group_stop="opts_out")
    def test_own_stop_word(self, vendor: Vendor) -> None:
        """A stop word of ours opts nobody out, though it is received."""
        vendor.send("STOP", numbers=[ANN, SECOND_LINE])
        assert [message.outbound for message in vendor.face.messages] == [True, False]
        assert vendor.face.account.opted_out == set()

    @readings("private_participants", ("empty", []), ("contact_and_line", [ANN, LINE]))
    def test_private_participants(self, vendor: Vendor, expected: list[str]) -> None:
        vendor.box.phones[ANN].send("Hi", to=LINE)
        assert vendor.heard()[0].body["participants"] == expected

    @readings("unnamed_group", ("empty", ""), ("null", None))
    def test_unnamed_group(self, vendor: Vendor, expected: str | None) -> None:
        vendor.box.phones[ANN].send("Hi", to=LINE)
        vendor.box.network.post(vendor.box.network.apple_group({ANN, BOB, LINE}), ANN, "Hi")
        assert [each.body["group_display_name"] for each in vendor.heard()] == [expected, expected]

    @readings("group_message_type", ("group", "group"), ("message", "message"))
    def test_group_message_type(self, vendor: Vendor, expected: str) -> None:
        vendor.box.network.post(vendor.box.network.apple_group({ANN, BOB, LINE}), ANN, "Hi")
        body = vendor.heard()[0].body
        assert (body["message_type"], body["group_id"]) == (expected, next(iter(vendor.face.groups)))

    @readings("received_group_id", ("given", True), ("empty", False))
    def test_received_group_id(self, vendor: Vendor, expected: bool) -> None:
        vendor.box.network.post(vendor.box.network.apple_group({ANN, BOB, LINE}), ANN, "Hi")
        body = vendor.heard()[0].body
        assert (bool(body["group_id"]), body["message_type"]) == (expected, "group")

    @readings("attachments", ("apart", [None, None]), ("media_urls", [PICTURES]))
    def test_attachments(self, vendor: Vendor, expected: list[Any]) -> None:
        vendor.box.phones[ANN].send("Look", to=LINE, media=PICTURES)
        bodies = [each.body for each in vendor.heard()]
        assert [body.get("media_urls") for body in bodies] == expected
        assert (bodies[0]["media_url"], bodies[0]["content"]) == (PICTURES[0], "Look")
        rows = vendor.http.get("/api/v2/messages").json()["data"]
        assert {row["message_handle"] for row in rows} == {body["message_handle"] for body in bodies}

    @readings("sms_word", ("SMS", "SMS"), ("sms", "sms"))
    def test_sms_word(self, vendor: Vendor, expected: str) -> None:
        vendor.box.phones[ANN].imessage = False
        vendor.box.phones[ANN].send("Hi", to=LINE)
        vendor.direct()
        assert {each.body["service"] for each in vendor.heard()} == {expected}

    @readings("typing_number", ("contact", (ANN, LINE)), ("line", (LINE, ANN)))
    def test_typing_number(self, vendor: Vendor, expected: tuple[str, str]) -> None:
        vendor.face.types(ANN, LINE)
        body = vendor.heard()[0].body
        assert (body["number"], body["from_number"]) == expected

    @readings("status_callback_on_groups", ("called", 2), ("ignored", 1))
    def test_status_callback_on_groups(self, vendor: Vendor, expected: int) -> None:
        url = f"{vendor.receiver.base}/mine"
        vendor.send(status_callback=url)
        vendor.direct(status_callback=url)
        assert len({each.body["message_handle"] for each in vendor.heard("/mine")}) == expected

    @readings("status_callback_secret", (False, None), (True, WEBHOOK_SECRET))
    def test_status_callback_secret(self, vendor: Vendor, expected: str | None) -> None:
        vendor.direct(status_callback=f"{vendor.receiver.base}/mine")
        assert vendor.heard("/mine")[0].secret == expected

    @readings("both_callbacks", ("both", ["/mine", "/hooks"]), ("status_callback", ["/mine"]))
    def test_both_callbacks(self, vendor: Vendor, expected: list[str]) -> None:
        vendor.direct(status_callback=f"{vendor.receiver.base}/mine")
        assert [each.path for each in vendor.heard()][: len(expected)] == expected
        assert {each.path for each in vendor.heard()} == set(expected)

    @readings(
        "first_status",
        ("QUEUED", ["QUEUED", "SENT"]),
        ("REGISTERED", ["REGISTERED", "SENT"]),
        ("none", ["SENT"]),
    )
    def test_first_status(self, vendor: Vendor, expected: list[str]) -> None:
        vendor.direct()
        vendor.advance(SENT)
        assert vendor.statuses()[: len(expected)] == expected

    @readings("upload_file", (200, 200), (201, 201), (404, 404))
    def test_upload_file(self, vendor: Vendor, expected: int) -> None:
        answer = upload(vendor, b"content")
        assert (answer.status_code, "media_url" in answer.json()) == (expected, expected < 300)

    @readings("largest_file", (100, 100_000_000), (5, 5_000_000))
    def test_largest_file(self, vendor: Vendor, expected: int) -> None:
        assert vendor.face.limits.file_bytes == expected

    @readings("media_object_in_send", ("refused", None), ("accepted", (PICTURES[0],)))
    def test_media_object_in_send(self, vendor: Vendor, expected: tuple[str] | None) -> None:
        media = vendor.call("POST", OBJECTS, media_url=PICTURES[0]).json()["mediaObjectId"]
        answer = vendor.direct(media_url=media)
        assert answer["status"] == ("QUEUED" if expected else "ERROR")
        shown = [each.media for messages in vendor.box.phones[ANN].messages.values() for each in messages]
        assert shown == ([expected] if expected else [])

    @pytest.mark.parametrize(
        ("vendor", "expected"),
        [
            ({"number_field": "array"}, {"number": [ANN, BOB], "to_number": [ANN, BOB]}),
            ({"number_field": "string"}, {"number": ANN, "to_number": ANN}),
            ({"number_field": "absent"}, {"number": None, "to_number": None}),
            ({"group_id": "absent"}, {"group_id": None}),
            ({"group_id": "empty"}, {"group_id": ""}),
            ({"handle_in_answer": False, "email_key": "account_email"}, {"accountEmail": ACCOUNT_EMAIL}),
        ],
        indirect=["vendor"],
    )
    def test_doubts_of_the_message(self, vendor: Vendor, expected: dict[str, Any]) -> None:
        """A group's message is in callbacks as it is in the answer, but always has its handle."""
        vendor.send()
        body = vendor.heard()[0].body
        assert {name: body.get(name) for name in expected} == expected
        assert body["message_handle"] == vendor.face.messages[0].handle
