"""What the stand-in for MessageBird calls: status reports and what comes in, signed, in all readings of the papers."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import attrs
import httpx
import jwt
import pytest
from groupmessenger_messagebird.sandbox import (
    ACCESS_KEY,
    DELIVERED_AFTER,
    LINE,
    SECOND_LINE,
    SIGNING_KEY,
    TEST_KEY,
    VALIDITY,
    MessageBirdFace,
)
from recorder import Answer, Asked, Recorder, recording

from groupmessenger.sandbox import Sandbox

ANN, BOB, CAT = (f"+1312555017{n}" for n in range(3))
PICTURES = ["https://example.com/a.jpg?size=1&of=2", "https://example.com/b.png"]
JWT, STAMP, SEAL = "messagebird-signature-jwt", "messagebird-request-timestamp", "messagebird-signature"
HOURS_8 = 8 * 3600


def digits(number: str) -> str:
    return number.removeprefix("+")


class Got(Asked):
    """One request as it came, and what is in it."""

    @property
    def query(self) -> dict[str, str]:
        """What a decoder makes of it that knows the raw + in a time."""
        query = re.sub(r"(\d\d:\d\d)\+00:00", r"\1%2B00:00", urlsplit(self.path).query)
        return dict(parse_qsl(query, keep_blank_values=True))

    @property
    def form(self) -> list[tuple[str, str]]:
        return parse_qsl(self.body.decode(), keep_blank_values=True, strict_parsing=True)

    @property
    def token(self) -> dict[str, Any]:
        """The claims of its JWT, if the key is right and it is of now."""
        algorithms = ["HS256", "HS384", "HS512"]
        return dict(jwt.decode(self.headers[JWT], SIGNING_KEY, algorithms, issuer="MessageBird", leeway=1))


@pytest.fixture
def receiver() -> Iterator[Recorder]:
    with recording() as made:
        yield made


@attrs.define
class Stage:
    """A sandbox, a receiver that both numbers and the account's reports lead to, and a caller of the vendor."""

    box: Sandbox
    receiver: Recorder
    http: httpx.Client

    @property
    def face(self) -> MessageBirdFace:
        face = self.box.faces["messagebird"]
        assert isinstance(face, MessageBirdFace)
        return face

    def send(self, *numbers: str, path: str = "/messages", **fields: Any) -> str:
        """Send, and give the id."""
        to = {} if "groupIds" in fields else {"recipients": [digits(number) for number in numbers or (ANN,)]}
        fields = {"originator": LINE, "body": "Hello", "reference": "our/ref 1", **to, **fields}
        answer = self.http.post(path, json=fields)
        assert answer.status_code == 201, answer.text
        return str(answer.json()["id"])

    def write(self, text: str = "Hi", *, to: str = LINE, media: Any = ()) -> None:
        self.box.phones[ANN].send(text, to=to, media=media)

    def deliver(self) -> None:
        self.box.clock.advance(DELIVERED_AFTER.total_seconds())

    def take(self) -> list[Got]:
        """What has come since the last look."""
        assert self.box.callbacks.wait()
        asked, self.receiver.asked = self.receiver.asked, []
        return [Got(each.method, each.url, each.headers, each.body) for each in asked]

    def told(self) -> list[tuple[str, str]]:
        """Recipient and status of each report since the last look."""
        return [(f"+{got.query['recipient']}", got.query["status"]) for got in self.take()]

    def ended(self) -> list[str]:
        assert self.box.callbacks.wait()
        return [entry["ended"] for entry in self.box.callbacks.tried()]


@pytest.fixture
def stage(request: pytest.FixtureRequest, receiver: Recorder) -> Iterator[Stage]:
    doubts = {f"messagebird.{name}": choice for name, choice in getattr(request, "param", {}).items()}
    with (
        Sandbox(faces=[MessageBirdFace], doubts=doubts) as box,
        httpx.Client(base_url=f"{box.url}/messagebird", headers={"authorization": f"AccessKey {ACCESS_KEY}"}) as http,
    ):
        box.calls("messagebird", f"{receiver.base}/hook")
        yield Stage(box, receiver, http)


RUN: set[tuple[str, object]] = set()


def noted(**doubts: object) -> dict[str, object]:
    """A reading, which is known to be run."""
    RUN.update(doubts.items())
    return doubts


def reading(**doubts: object) -> pytest.MarkDecorator:
    """The sandbox in this reading."""
    return pytest.mark.parametrize("stage", [noted(**doubts)], indirect=True, ids=["".join(map(str, doubts.values()))])


class TestReports:
    def test_one_for_each_recipient_and_status(self, stage: Stage) -> None:
        """A GET with everything in the query, digits for the recipient, and no error code unless it failed."""
        message_id = stage.send(ANN, BOB)
        first, second = stage.take()
        assert (first.method, first.body, urlsplit(first.path).path) == ("GET", b"", "/hook")
        query = first.query
        when = datetime.fromisoformat(query.pop("statusDatetime"))
        assert timedelta() <= datetime.now(UTC) - when < timedelta(minutes=1)
        assert query == {
            "datacoding": "plain",
            "id": message_id,
            "mccmnc": "310999",
            "messageLength": "5",
            "messagePartCount": "1",
            "ported": "0",
            "price[amount]": "0.010",
            "price[currency]": "USD",
            "recipient": digits(ANN),
            "reference": "our/ref 1",
            "status": "sent",
            "statusReason": "pending DLR",
        }
        assert (second.query["recipient"], second.query["status"]) == (digits(BOB), "sent")
        stage.deliver()
        assert stage.told() == [(ANN, "delivered"), (BOB, "delivered")]
        stage.http.get(f"/messages/{message_id}")
        stage.box.clock.advance(2 * VALIDITY.total_seconds())
        assert stage.told() == []
        what = ["report sent", "report sent", "report delivered", "report delivered"]
        assert [(entry["provider"], entry["what"]) for entry in stage.box.callbacks.tried()] == [
            ("messagebird", each) for each in what
        ]

    def test_a_group(self, stage: Stage) -> None:
        """Every member has reports of their own, all with the one id."""
        group_id = stage.http.post("/groups", json={"name": "Home"}).json()["id"]
        ids = [stage.http.post("/contacts", json={"msisdn": digits(number)}).json()["id"] for number in (ANN, BOB, CAT)]
        stage.http.put(f"/groups/{group_id}/contacts", json={"ids": ids})
        message_id = stage.send(groupIds=[group_id])
        stage.deliver()
        got = stage.take()
        assert {each.query["id"] for each in got} == {message_id}
        expected = [(number, status) for status in ("sent", "delivered") for number in (ANN, BOB, CAT)]
        assert [(f"+{each.query['recipient']}", each.query["status"]) for each in got] == expected

    def test_none_without_a_reference(self, stage: Stage) -> None:
        for reference in (None, ""):
            stage.send(reference=reference, reportUrl=f"{stage.receiver.base}/own")
        stage.deliver()
        assert stage.take() == []

    def test_own_url(self, stage: Stage) -> None:
        """A message's URL goes before the account's, and keeps the query it has; a fragment is nobody's."""
        for url in ("/own?gm=1%2F2&empty=&gm=+x#part", "?", ""):
            stage.send(reportUrl=f"{stage.receiver.base}{url}")
        first, second, third = stage.take()
        assert first.path.startswith("/own?gm=1%2F2&empty=&gm=+x&datacoding=plain&id=")
        assert "#" not in first.path
        assert second.path.startswith("/?datacoding=plain&id=")
        assert third.path.startswith("/?datacoding=plain&id=")

    def test_no_url(self, stage: Stage) -> None:
        """Nobody is called unless there is one: the message's own is enough."""
        stage.box.calls("messagebird", None)
        stage.send()
        stage.write()
        stage.send(reportUrl=f"{stage.receiver.base}/own")
        assert [urlsplit(got.path).path for got in stage.take()] == ["/own"]

    @pytest.mark.parametrize("url", ["nowhere", "ftp://127.0.0.1/", "https://", "http://[/", "http://localhost:port/"])
    def test_what_is_no_url(self, stage: Stage, url: str) -> None:
        answer = stage.http.post(
            "/messages", json={"originator": LINE, "body": "Hello", "recipients": [digits(ANN)], "reportUrl": url}
        )
        assert (answer.status_code, answer.json()["errors"][0]["parameter"]) == (422, "reportUrl")

    def test_elsewhere(self, stage: Stage) -> None:
        """A URL that is not of this machine is not called."""
        stage.send(reportUrl="https://example.com/hook")
        assert (stage.ended(), stage.take()) == (["refused"], [])

    def test_raw_plus(self, stage: Stage) -> None:
        """The + of the time is written as it stands, so that a form decoder makes a space of it."""
        stage.send()
        (got,) = stage.take()
        assert re.search(r"&statusDatetime=\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+00:00&", got.path)
        assert dict(parse_qsl(urlsplit(got.path).query))["statusDatetime"].endswith(" 00:00")

    def test_failures(self, stage: Stage) -> None:
        """A landline has no SMS, and who wrote STOP gets nothing: each with its code."""
        stage.box.phones[BOB].landline = True
        stage.write("STOP")
        stage.send(ANN, BOB, CAT)
        stage.deliver()
        got = [each.query for each in stage.take() if each.method == "GET"]
        assert [each["status"] for each in got[:3]] == ["sent"] * 3
        failed = [(each["recipient"], each["status"], each.get("statusErrorCode")) for each in got[3:]]
        assert failed == [
            (digits(ANN), "delivery_failed", "103"),
            (digits(BOB), "delivery_failed", "11"),
            (digits(CAT), "delivered", None),
        ]
        assert [each["statusReason"] for each in got[3:5]] == ["opted out", "generic delivery failure"]

    def test_expired(self, stage: Stage) -> None:
        stage.box.phones[ANN].on = False
        stage.send(validity=60)
        stage.box.clock.advance(60)
        sent, expired = stage.take()
        assert (sent.query["status"], expired.query["status"]) == ("sent", "expired")
        assert (expired.query["statusErrorCode"], expired.query["statusReason"]) == ("27", "expired")

    def test_a_phone_that_is_on_again(self, stage: Stage) -> None:
        """It is noticed within a tenth of the time that it was off, and at once by whoever reads the message."""
        for read in (False, True):
            stage.box.phones[ANN].on = False
            message_id = stage.send()
            stage.box.clock.advance(3600)
            assert stage.told() == [(ANN, "sent")]
            stage.box.phones[ANN].on = True
            if read:
                stage.http.get(f"/messages/{message_id}")
            else:
                stage.box.clock.advance(360)
            (got,) = stage.take()
            assert got.query["status"] == "delivered"
            shown_at = stage.box.phones[ANN].messages[stage.box.phones[ANN].threads[0].id][-1].at
            assert datetime.fromisoformat(got.query["statusDatetime"]) - shown_at >= timedelta(hours=1 - 1 / 3600)

    def test_scheduled(self, stage: Stage) -> None:
        """Nothing is said until it is sent, and of what is cancelled nothing at all."""
        due = (stage.box.clock.now() + timedelta(hours=1)).isoformat()
        stage.send(scheduledDatetime=due)
        stage.http.delete(f"/messages/{stage.send(BOB, scheduledDatetime=due)}").raise_for_status()
        stage.box.clock.advance(3599)
        assert stage.told() == []
        stage.box.clock.advance(3600)
        assert stage.told() == [(ANN, "sent"), (ANN, "delivered")]

    def test_what_was_not_sent(self, stage: Stage) -> None:
        """A send that is answered with a 2xx and reaches nobody has failed; one that is refused is none."""
        for status in (201, 500):
            stage.face.answer_next({}, status, done=False)
            stage.http.post("/messages", json={"originator": LINE, "body": "x", "recipients": [ANN], "reference": "r"})
        assert stage.told() == [(ANN, "delivery_failed")]

    @reading(test_key="all")
    def test_test_key(self, stage: Stage) -> None:
        stage.http.headers["authorization"] = f"AccessKey {TEST_KEY}"
        stage.send(reportUrl=f"{stage.receiver.base}/own")
        stage.send(path="/mms")
        stage.send(SECOND_LINE)
        stage.deliver()
        assert stage.take() == []

    @reading(overlap="twice")
    def test_two_copies_for_one_number(self, stage: Stage) -> None:
        """What is said of a recipient is said once."""
        group_id = stage.http.post("/groups", json={"name": "Home"}).json()["id"]
        contact_id = stage.http.post("/contacts", json={"msisdn": digits(ANN)}).json()["id"]
        stage.http.put(f"/groups/{group_id}/contacts", json={"ids": [contact_id]})
        stage.send(groupIds=[group_id], recipients=[digits(ANN)])
        stage.deliver()
        assert len(stage.box.phones[ANN].texts) == 2
        assert stage.told() == [(ANN, "sent"), (ANN, "delivered")]

    def test_none_of_mms(self, stage: Stage) -> None:
        stage.send(path="/mms", mediaUrls=PICTURES, reportUrl=f"{stage.receiver.base}/own")
        stage.deliver()
        assert stage.take() == []

    @reading(mms_reports=True)
    def test_of_mms(self, stage: Stage) -> None:
        """They go to the account's URL alone: there is no field for another."""
        message_id = stage.send(path="/mms", mediaUrls=PICTURES, reportUrl=f"{stage.receiver.base}/own")
        stage.deliver()
        got = stage.take()
        assert [(each.query["id"], each.query["status"]) for each in got] == [
            (message_id, "sent"),
            (message_id, "delivered"),
        ]
        assert {urlsplit(each.path).path for each in got} == {"/hook"}
        assert not {"datacoding", "messageLength", "messagePartCount"} & got[0].query.keys()

    @reading(report_plus="escaped")
    def test_escaped_plus(self, stage: Stage) -> None:
        stage.send()
        (got,) = stage.take()
        assert dict(parse_qsl(urlsplit(got.path).query))["statusDatetime"].endswith("+00:00")
        assert "&reference=our%2Fref+1&" in got.path

    @reading(reported="final")
    def test_final_alone(self, stage: Stage) -> None:
        stage.send()
        assert stage.told() == []
        stage.deliver()
        assert stage.told() == [(ANN, "delivered")]

    @reading(report_fields="bare")
    def test_bare(self, stage: Stage) -> None:
        message_id = stage.send()
        (got,) = stage.take()
        assert got.query == {"id": message_id, "recipient": digits(ANN), "status": "sent"}

    @reading(off_phone="buffered", sent_count="pending")
    def test_buffered(self, stage: Stage) -> None:
        """Between sent and delivered, and not failed."""
        stage.box.phones[ANN].on = False
        message_id = stage.send()
        stage.box.clock.advance(60)
        got = stage.take()
        assert [each.query["status"] for each in got] == ["sent", "buffered"]
        assert "statusErrorCode" not in got[1].query
        assert stage.http.get(f"/messages/{message_id}").json()["recipients"]["totalSentCount"] == 1
        stage.box.phones[ANN].on = True
        stage.box.clock.advance(60)
        assert stage.told() == [(ANN, "delivered")]

    @reading(opted_out="at_once")
    def test_opted_out_at_once(self, stage: Stage) -> None:
        """Then it has never been sent."""
        stage.write("STOP")
        stage.take()
        stage.send()
        stage.deliver()
        assert stage.told() == [(ANN, "delivery_failed")]


def received(stage: Stage) -> Got:
    """The only request that came."""
    (got,) = stage.take()
    return got


class TestInbound:
    def test_sms(self, stage: Stage) -> None:
        """A form with the fields of a virtual number, and nothing of a group; its id is that of the list."""
        stage.write("Grüße & = 👋")
        got = received(stage)
        assert (got.method, got.path) == ("POST", "/hook")
        assert got.headers["content-type"] == "application/x-www-form-urlencoded"
        (kept,) = stage.http.get("/messages", params={"direction": "mo"}).json()["items"]
        assert got.form == [
            ("id", kept["id"]),
            ("recipient", digits(LINE)),
            ("originator", digits(ANN)),
            ("body", "Grüße & = 👋"),
            ("createdDatetime", kept["createdDatetime"]),
        ]
        assert [entry["what"] for entry in stage.box.callbacks.tried()] == ["inbound"]

    def test_mms(self, stage: Stage) -> None:
        """The media are repeated, and there need be no text."""
        stage.write("", media=PICTURES)
        form = received(stage).form
        (kept,) = stage.http.get("/mms").json()["items"]
        assert dict(form)["id"] == kept["id"]
        assert [pair for pair in form if pair[0] in ("body", "mediaUrls")] == [
            ("body", ""),
            *(("mediaUrls", url) for url in PICTURES),
        ]

    def test_both_lines(self, stage: Stage) -> None:
        """They lead to the same URL, and say which line it was."""
        stage.write(to=SECOND_LINE)
        assert dict(received(stage).form)["recipient"] == digits(SECOND_LINE)

    def test_stop(self, stage: Stage) -> None:
        """It comes in like any other text."""
        stage.write("STOP")
        assert dict(received(stage).form)["body"] == "STOP"

    def test_url_with_a_query(self, stage: Stage) -> None:
        stage.box.calls("messagebird", f"{stage.receiver.base}/hook?x=1&y=a+b")
        stage.write()
        assert received(stage).path == "/hook?x=1&y=a+b"

    def test_our_own(self, stage: Stage) -> None:
        """What one of our lines sends to the other is not echoed."""
        stage.send(SECOND_LINE, reference=None)
        assert stage.take() == []

    @reading(own_messages="heard")
    def test_our_own_is_heard(self, stage: Stage) -> None:
        """The other line has it from the first, and its STOP opts nobody out."""
        stage.send(SECOND_LINE, body="STOP", reference=None)
        form = dict(received(stage).form)
        assert (form["recipient"], form["originator"], form["body"]) == (digits(SECOND_LINE), digits(LINE), "STOP")
        assert stage.face.account.opted_out == set()

    @reading(inbound_format="json")
    def test_json(self, stage: Stage) -> None:
        stage.write("Héllo", media=PICTURES)
        got = received(stage)
        assert (got.method, got.headers["content-type"]) == ("POST", "application/json")
        fields = json.loads(got.body)
        assert fields.keys() == {"id", "recipient", "originator", "body", "createdDatetime", "mediaUrls"}
        assert (fields["originator"], fields["body"], fields["mediaUrls"]) == (digits(ANN), "Héllo", PICTURES)
        stage.write("Text")
        assert "mediaUrls" not in json.loads(received(stage).body)

    @reading(inbound_format="query")
    def test_query(self, stage: Stage) -> None:
        """A GET without a body, whose query goes on after the URL's own."""
        stage.box.calls("messagebird", f"{stage.receiver.base}/hook?x=1")
        stage.write("Tea & cake", media=PICTURES)
        got = received(stage)
        assert (got.method, got.body, got.path[:10]) == ("GET", b"", "/hook?x=1&")
        pairs = parse_qsl(urlsplit(got.path).query)
        assert [value for name, value in pairs if name == "mediaUrls"] == PICTURES
        assert dict(pairs)["body"] == "Tea & cake"

    @reading(inbound_shape="forwarder")
    def test_forwarder(self, stage: Stage) -> None:
        """Each thing under several names, some names twice, and one date that is not UTC."""
        stage.write("Hi")
        form = received(stage).form
        fields = dict(form)
        (kept,) = stage.http.get("/messages").json()["items"]
        assert [name for name, _ in form] == [
            *("receiver", "body", "message", "date", "date_utc", "reference", "id", "message_id"),
            *("recipient", "originator", "id", "body", "CreatedDatetime"),
        ]
        assert {value for name, value in form if name == "id"} == {kept["id"]} != {fields["message_id"]}
        assert (fields["body"], fields["message"]) == ("Hi", "Hi")
        assert fields["receiver"] == fields["recipient"] == digits(LINE)
        sent = datetime.fromisoformat(fields["CreatedDatetime"])
        assert int(fields["date_utc"]) == int(sent.timestamp()) != int(fields["date"])
        stage.write("Look", media=PICTURES)
        form = received(stage).form
        assert [pair for pair in form if pair[0] in ("body", "message", "mediaUrls")] == [
            ("message", "Look"),
            *(("mediaUrls", url) for url in PICTURES),
        ]

    @reading(inbound_format="json", inbound_shape="forwarder")
    def test_forwarder_of_json(self, stage: Stage) -> None:
        """An object has each name once."""
        stage.write("Hi")
        fields = json.loads(received(stage).body)
        assert {"receiver", "message", "body", "id", "CreatedDatetime"} < fields.keys()

    @reading(media_name="mediaURLs")
    def test_media_name(self, stage: Stage) -> None:
        stage.write("Look", media=PICTURES)
        assert [value for name, value in received(stage).form if name == "mediaURLs"] == PICTURES


class TestSignatures:
    def test_token(self, stage: Stage) -> None:
        """The JWT is of the whole URL and of the body, for a minute; without a body there is no hash of one."""
        stage.box.calls("messagebird", f"{stage.receiver.base}/hook?b=2&a=%2f")
        stage.write("Hi")
        stage.send()
        inbound, report = stage.take()
        assert not {STAMP, SEAL} & inbound.headers.keys()
        for got in (inbound, report):
            claims, now = got.token, datetime.now(UTC).timestamp()
            assert claims["exp"] == claims["nbf"] + 60
            assert now - 30 < claims["nbf"] <= now
            assert claims["url_hash"] == hashlib.sha256(f"{stage.receiver.base}{got.path}".encode()).hexdigest()
        assert inbound.token["payload_hash"] == hashlib.sha256(inbound.body).hexdigest()
        assert "payload_hash" not in report.token
        assert re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", inbound.token["jti"])
        assert inbound.token["jti"] != report.token["jti"]
        assert jwt.get_unverified_header(inbound.headers[JWT])["alg"] == "HS256"

    @pytest.mark.parametrize("stage", [noted(jwt_algorithm=f"HS{bits}") for bits in (384, 512)], indirect=True)
    def test_algorithms(self, stage: Stage) -> None:
        stage.write()
        got = received(stage)
        assert jwt.get_unverified_header(got.headers[JWT])["alg"] == stage.face.doubt["jwt_algorithm"]
        assert got.token["iss"] == "MessageBird"

    def test_the_time_is_real(self, stage: Stage) -> None:
        """Signatures are of the receiver's time, however far the sandbox's has gone, unless the signer's is off."""
        stage.box.clock.advance(86400)
        stage.write()
        assert received(stage).token["iss"] == "MessageBird"
        stage.box.callbacks.skew = -120.0
        stage.write()
        with pytest.raises(jwt.ExpiredSignatureError):
            _ = received(stage).token

    @reading(signature="legacy")
    def test_legacy(self, stage: Stage) -> None:
        """The older seal is of the query by its names, with the + that is meant, and of the body."""
        stage.box.calls("messagebird", f"{stage.receiver.base}/hook?z=a+b&a=")
        stage.write("Hi")
        stage.send()
        for got in stage.take():
            assert JWT not in got.headers
            stamp = got.headers[STAMP]
            assert abs(int(stamp) - datetime.now(UTC).timestamp()) < 30
            pairs = sorted((name, value.replace(" 00:00", "+00:00")) for name, value in parse_target(got))
            signed = f"{stamp}\n{urlencode(pairs)}\n".encode() + hashlib.sha256(got.body).digest()
            sealed = hmac.new(SIGNING_KEY.encode(), signed, hashlib.sha256).digest()
            assert base64.b64encode(sealed).decode() == got.headers[SEAL]

    @reading(signature="both")
    def test_both(self, stage: Stage) -> None:
        stage.write()
        got = received(stage)
        assert {JWT, STAMP, SEAL} <= got.headers.keys()

    @reading(reports_signed=False, signature="both")
    def test_reports_unsigned(self, stage: Stage) -> None:
        """What comes in is signed all the same."""
        stage.send()
        assert not {JWT, STAMP, SEAL} & received(stage).headers.keys()
        stage.write()
        assert {JWT, STAMP, SEAL} <= received(stage).headers.keys()


def parse_target(got: Got) -> list[tuple[str, str]]:
    return parse_qsl(urlsplit(got.path).query, keep_blank_values=True)


class TestAnswers:
    @pytest.mark.parametrize(
        ("stage", "answer", "ended"),
        [
            ({}, Answer(200, b""), "taken"),
            ({}, Answer(204, b""), "given up"),
            (noted(taken="2xx"), Answer(204, b""), "taken"),
            (noted(taken="2xx"), Answer(302, b"OK"), "given up"),
            (noted(taken="ok"), Answer(200, b"OK\n"), "taken"),
            (noted(taken="ok"), Answer(200, b""), "given up"),
            (noted(taken="ok"), Answer(500, b"OK"), "given up"),
        ],
        indirect=["stage"],
    )
    def test_taken(self, stage: Stage, answer: Answer, ended: str) -> None:
        stage.receiver.answer = lambda asked: answer
        stage.write()
        assert stage.ended() == [ended]

    def test_nobody_there(self, stage: Stage) -> None:
        """Without a receiver nothing else changes."""
        stage.box.calls("messagebird", "http://127.0.0.1:9/hook")
        stage.send()
        stage.write()
        assert stage.ended() == ["given up", "given up"]
        assert stage.box.phones[ANN].texts == ["Hello", "Hi"]

    def test_no_retries(self, stage: Stage) -> None:
        stage.receiver.answer = lambda asked: Answer(500, b"")
        stage.write()
        stage.send()
        stage.box.clock.advance(1)
        assert (stage.ended(), len(stage.take())) == (["given up", "given up"], 2)

    @reading(retries="eight_hours")
    def test_retries(self, stage: Stage) -> None:
        """At growing intervals within eight hours, with the same body and a new token, and then no more."""
        stage.receiver.answer = lambda asked: Answer(503, b"")
        began = stage.box.clock.now()
        stage.write()
        got, waits = [stage.take()], []
        while stage.ended()[-1] == "again":
            before = stage.box.clock.now()
            while not (more := stage.take()):
                stage.box.clock.advance(60 if len(got) > 3 else 10)
            got.append(more)
            waits.append(stage.box.clock.now() - before)
        assert waits == sorted(waits)
        assert timedelta(hours=7) < stage.box.clock.now() - began < timedelta(seconds=HOURS_8)
        assert (len(got), stage.ended()[-1]) == (10, "given up")
        tries = [each for (each,) in got]
        assert len({each.body for each in tries}) == 1
        assert len({each.token["jti"] for each in tries}) == len(tries)
        stage.box.clock.advance(HOURS_8)
        assert stage.take() == []

    @reading(retries="eight_hours", retried_jti="same")
    def test_same_token(self, stage: Stage) -> None:
        """A try that succeeds is the last; it has the jti of the first one."""
        stage.receiver.answer = lambda asked: Answer(500, b"OK")
        stage.send()
        (first,) = stage.take()
        stage.receiver.answer = lambda asked: Answer(200, b"OK")
        stage.box.clock.advance(10)
        (second,) = (got for got in stage.take() if got.query["status"] == "sent")
        assert first.token["jti"] == second.token["jti"]
        assert first.path == second.path

    def test_a_report_that_beats_the_answer(self, stage: Stage) -> None:
        """The receiver may know of a message before its sender does."""
        answered: list[str] = []
        early: list[bool] = []

        def answer(asked: Asked) -> Answer:
            early.append(not answered)
            return Answer()

        stage.receiver.answer = answer
        stage.box.fault("delay", operation="send", phase="after", seconds=1.0)
        answered.append(stage.send(ANN, BOB))
        assert [got.query["id"] for got in stage.take()] == answered * 2
        assert early == [True, True]

    def test_out_of_order(self, stage: Stage) -> None:
        """What is held comes when it is released, the last first if that is wanted."""
        stage.box.callbacks.hold()
        stage.send()
        stage.deliver()
        stage.write()
        assert stage.take() == []
        stage.box.callbacks.release(backwards=True)
        got = stage.take()
        assert got[0].method == "POST"
        assert [each.query["status"] for each in got[1:]] == ["delivered", "sent"]

    def test_twice(self, stage: Stage) -> None:
        """The same again, with a token of its own."""
        stage.box.callbacks.twice = True
        stage.write()
        first, second = stage.take()
        assert first.body == second.body
        assert first.token["jti"] != second.token["jti"]

    def test_late(self, stage: Stage) -> None:
        stage.box.callbacks.delay = 60.0
        stage.write()
        stage.box.clock.advance(59)
        assert stage.take() == []
        stage.box.clock.advance(2)
        assert len(stage.take()) == 1


def test_settings() -> None:
    """What a connection needs to believe all this, and to know our other line, is in the settings."""
    with Sandbox(faces=[MessageBirdFace]) as box:
        settings = box.settings("messagebird")
    assert (settings["signing_keys"], settings["other_lines"]) == ([SIGNING_KEY], [SECOND_LINE])
    assert len(SIGNING_KEY) >= 64


def test_every_choice_is_run() -> None:
    """Of each doubt that has to do with callbacks, every choice but the first, which is everywhere else."""
    names = {name for name, _ in RUN} - {"test_key", "overlap", "opted_out", "sent_count"}
    assert {(name, choice) for name, choice in RUN if name in names} == {
        (doubt.name, choice) for doubt in MessageBirdFace.doubts for choice in doubt.choices[1:] if doubt.name in names
    }
