"""The stand-in for Bandwidth answers as Bandwidth's papers say, and in both ways where they are silent."""

from __future__ import annotations

import base64
import json
import os
import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import httpx
import pytest
from bandwidth import ApiClient, Configuration, MediaApi, MessagesApi  # has no types
from bandwidth.exceptions import BadRequestException, UnauthorizedException
from bandwidth.models import (
    CreateMessageRequestError,
    Media,
    MessageRequest,
    MessagesList,
    MessagingRequestError,
)
from bandwidth.models import Message as SdkMessage
from groupmessenger_bandwidth.sandbox import (
    ACCOUNT_ID,
    APPLICATION_ID,
    CLIENT_ID,
    CLIENT_SECRET,
    DELIVERED_AFTER,
    LINE,
    OLD_ACCOUNT_ID,
    PASSWORD,
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
from groupmessenger_bandwidth.sandbox._schema import FIELDS

from groupmessenger.sandbox import Sandbox
from groupmessenger.sandbox.clock import Clock
from groupmessenger.sandbox.face import Answer, Call
from groupmessenger.sandbox.phones import Network, Phone

ANN, BOB, CAT, DAN = (f"+1312555015{n}" for n in range(4))
PARIS = "+33155501234"
PICTURE = "https://example.com/picture.jpg"
MESSAGES, MEDIA = f"/users/{ACCOUNT_ID}/messages", f"/users/{ACCOUNT_ID}/media"
JSON = "application/json; charset=utf-8"
FORM = {"content-type": "application/x-www-form-urlencoded"}
OPENAPI = "GROUPMESSENGER_BANDWIDTH_OPENAPI"


def basic(user: str = USERNAME, password: str = PASSWORD) -> dict[str, str]:
    return {"authorization": "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()}


class Bandwidth:
    """The face, called as a client would."""

    def __init__(self, **doubts: Any) -> None:
        self.clock = Clock()
        self.network = Network(self.clock)
        self.face = BandwidthFace(self.network, self.clock, doubts)

    def call(self, method: str, path: str, body: Any = None, *, headers: Any = None, **query: str) -> Answer:
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        headers = {**basic(), "content-type": JSON} if headers is None else headers
        for route in self.face.routes():
            expression = re.escape(route.path).replace(r"\{account_id\}", "(?P<account_id>[^/]+)")
            match = re.fullmatch(expression.replace(r"\{media_id:path\}", "(?P<media_id>.+)"), path)
            if match and route.method == method:
                names = {name: unquote(value) for name, value in match.groupdict().items()}
                return route.handler(Call(method, unquote(path), query, names, headers, content))
        return self.face.not_found(Call(method, path))

    def token_answer(self, headers: Any = None, body: bytes = b"grant_type=client_credentials") -> Answer:
        headers = {**basic(CLIENT_ID, CLIENT_SECRET), **FORM} if headers is None else headers
        return self.call("POST", "/oauth2/token", body, headers=headers)

    def bearer(self) -> dict[str, str]:
        return {"authorization": f"Bearer {self.token_answer().body['access_token']}", "content-type": JSON}

    def post(self, body: Any, headers: Any = None, path: str = MESSAGES) -> Answer:
        return self.call("POST", path, body, headers=headers)

    def send(self, *to: str, text: str = "Hello", **body: Any) -> Answer:
        given = {"applicationId": APPLICATION_ID, "from": LINE, "to": list(to or (ANN, BOB)), "text": text, **body}
        return self.post({name: value for name, value in given.items() if value is not None})

    def search(self, **query: str) -> Answer:
        return self.call("GET", MESSAGES, **query)

    def found(self, **query: str) -> list[dict[str, Any]]:
        answer = self.search(**(query or {"sourceTn": LINE}))
        assert answer.status == 200, answer.body
        MessagesList.from_json(json.dumps(answer.body))
        return list(answer.body["messages"])

    def history(self, number: str) -> list[tuple[str, int]]:
        return [(stage.status, stage.error_code) for stage in self.face.messages[-1].history(number)]

    def finish(self) -> None:
        """Let everything come that comes in seconds."""
        self.clock.advance(DELIVERED_AFTER.total_seconds() + 2)

    def phone(self, number: str) -> Phone:
        return self.network.phones[number]


@pytest.fixture
def vendor() -> Bandwidth:
    return Bandwidth()


def refused(answer: Answer, status: int, kind: str = "request-validation", *, field: str = "", text: str = "") -> None:
    """The answer is a refusal that did nothing."""
    assert (status, kind, False) == (answer.status, answer.body["type"], answer.accepted), answer.body
    error = CreateMessageRequestError.from_json(json.dumps(answer.body))
    assert error is not None
    if field:
        assert field in [problem.field_name for problem in error.field_errors or []]
    assert text in json.dumps(answer.body)


def not_there(answer: Answer, path: str) -> None:
    """The answer is a 404 in the other shape."""
    assert (404, False) == (answer.status, answer.accepted)
    assert {"timestamp", "status", "error", "message", "path"} == answer.body.keys()
    assert (404, path) == (answer.body["status"], answer.body["path"])


DELIVERED = [("QUEUED", 0), ("SENDING", 0), ("SENT", 0), ("DELIVERED", 0)]


def stopped(code: int) -> list[tuple[str, int]]:
    return [("QUEUED", 0), ("FAILED", code)]


def carrier(code: int) -> list[tuple[str, int]]:
    return [("QUEUED", 0), ("SENDING", 0), ("SENT", 0), ("FAILED", code)]


class TestAccount:
    def test_settings_are_those_of_the_connection(self, vendor: Bandwidth) -> None:
        """They are the provider's settings and no others."""
        assert {
            "line": LINE,
            "account_id": ACCOUNT_ID,
            "application_id": APPLICATION_ID,
            "client_id": CLIENT_ID,
            "client_secret": CLIENT_SECRET,
            "base_url": "http://sandbox/bandwidth",
            "token_url": "http://sandbox/bandwidth/oauth2/token",
            "settle_after": 0,
            "webhook_credentials": [f"{WEBHOOK_USER}:{WEBHOOK_PASSWORD}"],
            "other_lines": [SECOND_LINE, TOLL_FREE],
        } == vendor.face.settings("http://sandbox/bandwidth")

    def test_operations(self, vendor: Bandwidth) -> None:
        """Faults and the log name the calls so."""
        operations = ["token", "token", "send", "search", "list_media", "get_media", "put_media", "delete_media"]
        assert operations == [route.operation for route in vendor.face.routes()]

    def test_doubts(self, vendor: Bandwidth) -> None:
        """Each doubt has a name of its own and at least two readings."""
        names = [doubt.name for doubt in vendor.face.doubts]
        assert len(names) == len(set(names))
        assert all(len(doubt.choices) > 1 and doubt.what for doubt in vendor.face.doubts)

    def test_lines(self, vendor: Bandwidth) -> None:
        assert {LINE, SECOND_LINE, TOLL_FREE} == set(vendor.network.lines)

    @pytest.mark.parametrize("path", ["/users", f"{MESSAGES}/one", f"{MESSAGES}/multiChannel", "/"])
    @pytest.mark.parametrize("method", ["GET", "POST"])
    def test_unknown_path(self, vendor: Bandwidth, method: str, path: str) -> None:
        """The other shape of a refusal: no type, no description."""
        not_there(vendor.call(method, path, {"to": ANN}), path)


class TestTokens:
    def test_token(self, vendor: Bandwidth) -> None:
        answer = vendor.token_answer()
        token = answer.body["access_token"]
        assert {"access_token": token, "expires_in": 3600, "token_type": "Bearer"} == answer.body
        assert ([token], 1) == (list(vendor.face.tokens), vendor.face.tokens_issued)
        assert 202 == vendor.post(request(), {"Authorization": f"bearer {token}", "Content-Type": JSON}).status

    def test_the_vendors_own_path(self, vendor: Bandwidth) -> None:
        headers = {**basic(CLIENT_ID, CLIENT_SECRET), **FORM}
        answer = vendor.call("POST", "/api/v1/oauth2/token", b"grant_type=client_credentials", headers=headers)
        assert 200 == answer.status

    @pytest.mark.parametrize(
        "headers",
        [{}, basic(), basic(CLIENT_ID, "wrong"), {"authorization": "Basic ?"}, {"authorization": "Basic YQ=="}],
    )
    def test_wrong_client(self, vendor: Bandwidth, headers: dict[str, str]) -> None:
        answer = vendor.token_answer({**FORM, **headers})
        assert (401, {"error": "invalid_client"}, False) == (answer.status, answer.body, answer.accepted)
        assert 0 == vendor.face.tokens_issued

    @pytest.mark.parametrize(
        ("body", "kind", "error"),
        [
            (b"grant_type=password", FORM, "unsupported_grant_type"),
            (b"", FORM, "invalid_request"),
            (b"\xff", FORM, "invalid_request"),
            (b"grant_type=client_credentials", {"content-type": JSON}, "invalid_request"),
        ],
    )
    def test_wrong_grant(self, vendor: Bandwidth, body: bytes, kind: dict[str, str], error: str) -> None:
        answer = vendor.token_answer({**basic(CLIENT_ID, CLIENT_SECRET), **kind}, body)
        assert (400, {"error": error}, False) == (answer.status, answer.body, answer.accepted)

    def test_it_ends_after_an_hour(self, vendor: Bandwidth) -> None:
        headers = vendor.bearer()
        vendor.clock.advance(3590)
        assert 202 == vendor.post(request(), headers).status
        vendor.clock.advance(10)
        refused(vendor.post(request(), headers), 401, "unauthorized")
        assert 202 == vendor.post(request(), vendor.bearer()).status

    def test_revoked(self, vendor: Bandwidth) -> None:
        """A token may be withdrawn before its end."""
        headers = vendor.bearer()
        vendor.face.revoke_tokens()
        refused(vendor.post(request(), headers), 401, "unauthorized")
        assert (0, 1) == (len(vendor.face.tokens), vendor.face.tokens_issued)

    @pytest.mark.parametrize(
        "headers",
        [{}, {"authorization": "Bearer unknown"}, {"authorization": "Bearer"}, basic("sandbox-user", "wrong")],
    )
    def test_every_call_needs_credentials(self, vendor: Bandwidth, headers: dict[str, str]) -> None:
        for route in vendor.face.routes():
            if route.operation != "token":
                parameters = {"account_id": ACCOUNT_ID, "media_id": "a"}
                answer = route.handler(Call(route.method, route.path, parameters=parameters, headers=headers))
                refused(answer, 401, "unauthorized")
                MessagingRequestError.from_json(json.dumps(answer.body))

    def test_end_of_basic(self, vendor: Bandwidth) -> None:
        """Until it is switched off, user name and password work."""
        assert vendor.face.basic_auth
        assert 202 == vendor.send().status
        vendor.face.basic_auth = False
        refused(vendor.send(), 401, "unauthorized")
        assert 202 == vendor.post(request(), vendor.bearer()).status

    def test_other_accounts(self, vendor: Bandwidth) -> None:
        """A token is for the account's number alone; the old id goes with the old way in."""
        other, old = "/users/9900124/messages", f"/users/{OLD_ACCOUNT_ID}/messages"
        for path in (other, old):
            refused(vendor.post(request(), vendor.bearer(), path), 403, "forbidden")
        refused(vendor.post(request(), path=other), 403, "forbidden")
        assert 202 == vendor.post(request(), path=old).status


def request(**fields: Any) -> dict[str, Any]:
    return {"applicationId": APPLICATION_ID, "from": LINE, "to": [ANN, BOB], "text": "Hello", **fields}


class TestSend:
    def test_answer(self, vendor: Bandwidth) -> None:
        """One message object for the whole group, without a status."""
        expiration = (vendor.clock.now() + timedelta(hours=1)).isoformat()
        answer = vendor.send(media=[PICTURE], tag="one", priority="high", expiration=expiration)
        assert (202, True) == (answer.status, answer.accepted)
        message = SdkMessage.from_json(json.dumps(answer.body))
        assert message is not None
        assert {} == message.additional_properties
        assert (LINE, LINE, [ANN, BOB]) == (message.owner, message.var_from, message.to)
        assert (APPLICATION_ID, "Hello", [PICTURE]) == (message.application_id, message.text, message.media)
        assert (1, "out", "one", "high") == (message.segment_count, message.direction, message.tag, message.priority)
        assert message.expiration == datetime.fromisoformat(answer.body["expiration"])
        assert 29 == len(answer.body["id"])
        assert answer.body["time"].endswith("Z")

    def test_plain_answer(self, vendor: Bandwidth) -> None:
        """What was not given is not said."""
        keys = ["id", "owner", "applicationId", "time", "segmentCount", "direction", "to", "from", "text"]
        assert keys == list(vendor.send().body)

    def test_group(self, vendor: Bandwidth) -> None:
        """Two numbers are a group: one thread for everybody, though there is only text."""
        vendor.send(ANN, BOB, text="Supper at six")
        (thread,) = vendor.phone(ANN).threads
        assert [thread] == vendor.phone(BOB).threads
        assert (False, {LINE, ANN, BOB}) == (thread.apple, thread.participants)
        (shown,) = vendor.phone(BOB).messages[thread.id]
        assert (LINE, "Supper at six", ()) == (shown.sender, shown.text, shown.media)

    def test_same_people_same_thread(self, vendor: Bandwidth) -> None:
        """The set of numbers is the thread; another line makes another set."""
        vendor.send(ANN, BOB)
        vendor.send(BOB, ANN, text="Again")
        vendor.send(ANN, BOB, **{"from": SECOND_LINE})
        assert 2 == len(vendor.phone(ANN).threads)
        assert ["Hello", "Again", "Hello"] == vendor.phone(ANN).texts

    @pytest.mark.parametrize("media", [None, [PICTURE]])
    def test_one_number(self, vendor: Bandwidth, media: list[str] | None) -> None:
        """One number is a private thread, with media or without."""
        assert vendor.send(ANN, media=media).accepted
        (thread,) = vendor.phone(ANN).threads
        assert {LINE, ANN} == thread.participants
        assert (media is not None) is vendor.face.messages[0].mms

    def test_media_alone(self, vendor: Bandwidth) -> None:
        assert vendor.send(text="", media=[PICTURE]).body["media"] == [PICTURE]
        assert [""] == vendor.phone(ANN).texts

    @pytest.mark.parametrize(
        ("text", "segments"), [("x" * 160, 1), ("x" * 161, 2), ("ж" * 70, 1), ("ж" * 71, 2), ("", 1)]
    )
    def test_segments(self, vendor: Bandwidth, text: str, segments: int) -> None:
        """Texts are counted in segments; an MMS is always one."""
        media = None if text else [PICTURE]
        assert segments == vendor.send(ANN, text=text, media=media).body["segmentCount"]
        assert 1 == vendor.send(ANN, BOB, text=text, media=media).body["segmentCount"]

    @pytest.mark.parametrize(
        ("fields", "field"),
        [
            ({"applicationId": None}, "applicationId"),
            ({"applicationId": 7}, "applicationId"),
            ({"applicationId": ""}, "applicationId"),
            ({"applicationId": "0a9b5e2c-7d41-4c1e-9f60-000000000000"}, "applicationId"),
            ({"from": None}, "from"),
            ({"from": [LINE]}, "from"),
            ({"from": "+13125550198"}, "from"),
            ({"to": None}, "to"),
            ({"to": []}, "to"),
            ({"to": 13125550150}, "to"),
            ({"to": "3125550150"}, "to"),
            ({"to": [ANN, "3125550150"]}, "to"),
            ({"to": [ANN, 13125550150]}, "to"),
            ({"to": [ANN, BOB, ANN]}, "to"),
            ({"text": None}, "text"),
            ({"text": ""}, "text"),
            ({"text": "", "media": []}, "text"),
            ({"text": ["Hello"]}, "text"),
            ({"text": "x" * 2049}, "text"),
            ({"media": PICTURE}, "media"),
            ({"media": ["picture.jpg"]}, "media"),
            ({"media": ["ftp://example.com/a"]}, "media"),
            ({"media": ["https://[example.com/a"]}, "media"),
            ({"media": [PICTURE] * 11}, "media"),
            ({"media": ["https://example.com/" + "a" * 4077]}, "media"),
            ({"tag": 5}, "tag"),
            ({"tag": "x" * 1025}, "tag"),
            ({"priority": "low"}, "priority"),
            ({"expiration": "2001-02-03T04:05:06Z"}, "expiration"),
            ({"expiration": "2999-02-03"}, "expiration"),
            ({"expiration": "2999-02-30T04:05:06Z"}, "expiration"),
            ({"expiration": "2999-02-03T04:05:06"}, "expiration"),
            ({"expiration": 2999}, "expiration"),
        ],
    )
    def test_refusals(self, vendor: Bandwidth, fields: dict[str, Any], field: str) -> None:
        """What is wrong is said with a 400 that names the field, and nobody sees anything."""
        refused(vendor.post(request(**fields)), 400, field=field)
        assert ([], 0) == (vendor.face.messages, len(vendor.network.threads))

    @pytest.mark.parametrize(
        "fields",
        [
            {"text": "x" * 2048},
            {"media": ["https://example.com/" + "a" * 4076] + [PICTURE] * 9},
            {"tag": "x" * 1024},
            {"priority": "default", "expiration": "2999-02-03T04:05:06.7-05:00"},
            {"tag": None, "media": None, "priority": None, "expiration": None},
        ],
    )
    def test_limits(self, vendor: Bandwidth, fields: dict[str, Any]) -> None:
        assert 202 == vendor.post(request(**fields)).status

    def test_every_problem_is_said(self, vendor: Bandwidth) -> None:
        answer = vendor.post({"to": ["x", "y"], "tag": 1})
        fields = [problem["fieldName"] for problem in answer.body["fieldErrors"]]
        assert ["applicationId", "to", "to", "from", "tag", "text"] == fields

    @pytest.mark.parametrize("body", [b"", b"[]", b"to=1", b'"x"'])
    def test_json_objects_only(self, vendor: Bandwidth, body: bytes) -> None:
        refused(vendor.post(body), 400)

    @pytest.mark.parametrize("kind", [{}, {"content-type": "text/plain"}, FORM])
    def test_other_content(self, vendor: Bandwidth, kind: dict[str, str]) -> None:
        refused(vendor.post(request(), {**basic(), **kind}), 415, "unsupported-content-type")

    def test_unlinked_application(self, vendor: Bandwidth) -> None:
        """It is accepted, and no phone shows anything, ever."""
        answer = vendor.send(applicationId=UNLINKED_APPLICATION_ID)
        assert (202, True) == (answer.status, answer.accepted)
        vendor.clock.advance(80 * 3600)
        assert ([], [("QUEUED", 0)]) == (vendor.phone(ANN).texts, vendor.history(ANN))

    def test_stop_means_nothing_here(self, vendor: Bandwidth) -> None:
        """Opt-outs on a long code are the caller's own affair."""
        vendor.send(ANN)
        vendor.phone(ANN).send("STOP", to=LINE)
        assert vendor.send(ANN, text="Still").accepted
        assert ["Hello", "STOP", "Still"] == vendor.phone(ANN).texts

    def test_toll_free_to_one(self, vendor: Bandwidth) -> None:
        assert vendor.send(ANN, media=[PICTURE], **{"from": TOLL_FREE}).accepted

    def test_queue(self, vendor: Bandwidth) -> None:
        """A full queue refuses; it drains by one a second and recipient."""
        vendor.face.queue = 4
        assert vendor.send(ANN, BOB).accepted
        assert vendor.send(ANN, BOB).accepted
        answer = vendor.send(ANN, BOB)
        refused(answer, 429, "max-message-queue-size-exceeded")
        assert {} == answer.headers
        vendor.clock.advance(2)
        assert vendor.send(ANN, BOB).accepted
        assert (4, 3) == (vendor.face.queue, len(vendor.face.messages))

    def test_expired_in_the_queue(self, vendor: Bandwidth) -> None:
        """Its turn comes too late: nobody gets it."""
        vendor.send(ANN, BOB, CAT)
        soon = (vendor.clock.now() + timedelta(seconds=2)).isoformat()
        assert vendor.send(DAN, expiration=soon).accepted
        vendor.finish()
        assert ([], stopped(4360)) == (vendor.phone(DAN).texts, vendor.history(DAN))


class TestRecipients:
    def test_on_the_way(self, vendor: Bandwidth) -> None:
        """Phones show it at once; each recipient's history comes by the clock."""
        vendor.send()
        assert ["Hello"] == vendor.phone(ANN).texts
        seen = [vendor.history(ANN)]
        for after in (SENDING_AFTER, SENT_AFTER - SENDING_AFTER, DELIVERED_AFTER - SENT_AFTER):
            vendor.clock.advance(after.total_seconds())
            seen.append(vendor.history(ANN))
        assert [DELIVERED[:count] for count in range(1, 5)] == seen
        assert DELIVERED == vendor.history(BOB)
        times = [stage.at for stage in vendor.face.messages[0].history(ANN)]
        assert [timedelta(), SENDING_AFTER, SENT_AFTER, DELIVERED_AFTER] == [at - times[0] for at in times]

    def test_nobody_else_has_a_history(self, vendor: Bandwidth) -> None:
        vendor.send()
        with pytest.raises(KeyError):
            vendor.history(CAT)

    @pytest.mark.parametrize(
        ("quality", "code"),
        [({"mms": False}, 4700), ({"landline": True}, 4720), ({"landline": True, "mms": False}, 4720)],
    )
    @pytest.mark.parametrize("media", [None, [PICTURE]])
    def test_phones_without_mms(
        self, vendor: Bandwidth, quality: dict[str, bool], code: int, media: list[str] | None
    ) -> None:
        """They show nothing of a group, with media or without; the others see everybody all the same."""
        for name, value in quality.items():
            setattr(vendor.phone(BOB), name, value)
        vendor.send(ANN, BOB, media=media)
        vendor.finish()
        assert (["Hello"], []) == (vendor.phone(ANN).texts, vendor.phone(BOB).texts)
        assert (DELIVERED, carrier(code)) == (vendor.history(ANN), vendor.history(BOB))
        assert {LINE, ANN, BOB} == vendor.phone(ANN).threads[0].participants

    def test_a_phone_without_mms_has_sms(self, vendor: Bandwidth) -> None:
        vendor.phone(ANN).mms = False
        vendor.send(ANN)
        vendor.finish()
        assert (["Hello"], DELIVERED) == (vendor.phone(ANN).texts, vendor.history(ANN))
        vendor.send(ANN, text="With a picture", media=[PICTURE])
        vendor.finish()
        assert (["Hello"], carrier(4700)) == (vendor.phone(ANN).texts, vendor.history(ANN))

    def test_a_phone_that_is_off(self, vendor: Bandwidth) -> None:
        """It is delivered when the carrier tries again and the phone is on."""
        vendor.phone(ANN).on = False
        vendor.send()
        vendor.clock.advance(10 * 3600)
        assert (DELIVERED[:3], DELIVERED) == (vendor.history(ANN), vendor.history(BOB))
        vendor.phone(ANN).on = True
        vendor.clock.advance(3600)
        assert (["Hello"], DELIVERED) == (vendor.phone(ANN).texts, vendor.history(ANN))

    def test_no_receipt_for_73_hours(self, vendor: Bandwidth) -> None:
        """The outcome is unknown then, and the phone may show it after all."""
        vendor.phone(ANN).on = False
        vendor.send()
        vendor.clock.advance(TIMED_OUT_AFTER.total_seconds() - 10)
        assert DELIVERED[:3] == vendor.history(ANN)
        vendor.clock.advance(20)
        assert carrier(9902) == vendor.history(ANN)
        vendor.phone(ANN).on = True
        vendor.clock.advance(3600)
        assert (["Hello"], carrier(9902)) == (vendor.phone(ANN).texts, vendor.history(ANN))

    def test_a_number_that_cannot_be(self, vendor: Bandwidth) -> None:
        vendor.send(ANN, "+10125550150")
        vendor.finish()
        assert (DELIVERED, stopped(4303)) == (vendor.history(ANN), vendor.history("+10125550150"))

    def test_abroad_by_sms(self, vendor: Bandwidth) -> None:
        """It is MMS that does not go there."""
        vendor.send(PARIS)
        assert ["Hello"] == vendor.phone(PARIS).texts

    def test_both_lines_in_a_group(self, vendor: Bandwidth) -> None:
        """What one line sends, the other hears, as a message with an id of its own."""
        sent = vendor.send(ANN, SECOND_LINE)
        inbound = next(message for message in vendor.face.messages if not message.outbound)
        assert (SECOND_LINE, LINE, True) == (inbound.line, inbound.sender, inbound.mms)
        assert sent.body["id"] != inbound.id
        assert inbound.thread_id == vendor.phone(ANN).threads[0].id

    def test_anothers_line(self, vendor: Bandwidth) -> None:
        """A number that another vendor answers for is told like a phone."""
        heard: list[str] = []
        vendor.network.attach("+13125550100", lambda inbound: heard.append(inbound.text))
        vendor.send(ANN, "+13125550100")
        vendor.finish()
        assert (["Hello"], DELIVERED) == (heard, vendor.history("+13125550100"))

    def test_replies_are_kept(self, vendor: Bandwidth) -> None:
        """Each of our lines in the group has a copy with an id of its own; `to` is everybody but the sender."""
        vendor.send(ANN, SECOND_LINE)
        (thread,) = vendor.phone(ANN).threads
        vendor.phone(ANN).send("Yes", thread=thread.id, media=[PICTURE])
        copies = [message for message in vendor.face.messages if message.sender == ANN]
        assert {LINE, SECOND_LINE} == {copy.line for copy in copies}
        assert 2 == len({copy.id for copy in copies})
        assert [((LINE, SECOND_LINE), "Yes")] * 2 == [(copy.to, copy.text) for copy in copies]
        assert [f"{copy.id}/0/picture.jpg" for copy in copies] == [
            copy.media[0].partition("/media/")[2] for copy in copies
        ]
        vendor.phone(BOB).send("Private", to=LINE)
        assert not vendor.face.messages[-1].mms


class TestForced:
    def test_fields(self, vendor: Bandwidth) -> None:
        """The next send says what it is told, and the one after it what it likes."""
        vendor.face.answer_next({"id": "another"}, 200)
        answer = vendor.send()
        assert (200, "another", True) == (answer.status, answer.body["id"], answer.accepted)
        assert ["Hello"] == vendor.phone(ANN).texts
        assert 202 == vendor.send().status

    def test_whole_body_of_what_went_out(self, vendor: Bandwidth) -> None:
        vendor.face.answer_next({"error": "sorry"}, 500, whole=True)
        answer = vendor.send()
        assert (500, {"error": "sorry"}, True) == (answer.status, answer.body, answer.accepted)
        assert ["Hello"] == vendor.phone(ANN).texts

    @pytest.mark.parametrize(("status", "kept"), [(202, 1), (503, 0)])
    def test_not_done(self, vendor: Bandwidth, status: int, kept: int) -> None:
        """It reaches nobody; with a success it is kept as one that vanished."""
        vendor.face.answer_next({}, status, done=False)
        answer = vendor.send()
        assert (status, False) == (answer.status, answer.accepted)
        assert ([], kept) == (vendor.phone(ANN).texts, len(vendor.face.messages))
        assert [] == vendor.found()

    def test_a_refused_send_does_not_use_it_up(self, vendor: Bandwidth) -> None:
        vendor.face.answer_next({}, 200)
        refused(vendor.send(text=""), 400)
        assert 200 == vendor.send().status


class TestSearch:
    def test_row(self, vendor: Bandwidth) -> None:
        """A row for each recipient, of what became of it: no text, no tag."""
        vendor.phone(BOB).landline = True
        sent = vendor.send(ANN, BOB, tag="one")
        assert ["QUEUED", "QUEUED"] == [row["messageStatus"] for row in vendor.found()]
        vendor.finish()
        rows = {row["destinationTn"]: row for row in vendor.found()}
        assert {ANN, BOB} == rows.keys()
        assert {(sent.body["id"], LINE)} == {(row["messageId"], row["sourceTn"]) for row in rows.values()}
        assert ("DELIVERED", 0) == (rows[ANN]["messageStatus"], rows[ANN]["errorCode"])
        assert ("FAILED", 4720) == (rows[BOB]["messageStatus"], rows[BOB]["errorCode"])
        assert ("OUTBOUND", "mms", 2) == tuple(
            rows[ANN][name] for name in ("messageDirection", "messageType", "recipientCount")
        )
        assert not {"text", "tag"} & rows[ANN].keys()

    def test_list(self, vendor: Bandwidth) -> None:
        """The SDK's models take it, with nothing left over."""
        vendor.send()
        answer = vendor.search(sourceTn=LINE)
        found = MessagesList.from_json(json.dumps(answer.body))
        assert found is not None
        assert (2, {}) == (found.total_count, found.additional_properties)
        assert [{}, {}] == [row.additional_properties for row in found.messages or []]
        assert {} == answer.body["pageInfo"]

    def test_filters(self, vendor: Bandwidth) -> None:
        """They narrow the search together."""
        sent = vendor.send(ANN, BOB).body["id"]
        vendor.send(CAT, **{"from": SECOND_LINE})
        vendor.phone(DAN).landline = True
        vendor.send(DAN)
        vendor.phone(CAT).send("Hi", to=LINE)
        vendor.finish()
        filters: list[tuple[dict[str, str], list[str]]] = [
            ({"messageId": sent}, [ANN, BOB]),
            ({"sourceTn": SECOND_LINE}, [CAT]),
            ({"sourceTn": f"{LINE},{SECOND_LINE}"}, [ANN, BOB, CAT, DAN]),
            ({"sourceTn": "+1312555012"}, [ANN, BOB, CAT, DAN]),
            ({"destinationTn": ANN}, [ANN]),
            ({"destinationTn": f"{ANN},{DAN}"}, [ANN, DAN]),
            ({"messageStatus": "FAILED"}, [DAN]),
            ({"messageStatus": "novel"}, []),
            ({"messageDirection": "INBOUND"}, [LINE]),
            ({"messageType": "mms"}, [ANN, BOB]),
            ({"errorCode": "4720"}, [DAN]),
            ({"messageType": "sms", "messageDirection": "OUTBOUND", "errorCode": "0"}, [CAT]),
        ]
        expected = [people for _, people in filters]
        assert expected == [sorted(row["destinationTn"] for row in vendor.found(**query)) for query, _ in filters]

    def test_inbound(self, vendor: Bandwidth) -> None:
        """What came in is found once for our line."""
        vendor.phone(ANN).send("Hi", to=LINE)
        (row,) = vendor.found(destinationTn=LINE)
        assert ("INBOUND", "RECEIVED", ANN) == (row["messageDirection"], row["messageStatus"], row["sourceTn"])

    def test_dates(self, vendor: Bandwidth) -> None:
        """From and to, both inclusive, and offsets honoured."""
        vendor.send(ANN)
        created = vendor.face.messages[0].created
        before, after = (stamp(created + timedelta(seconds=seconds)) for seconds in (-1, 1))
        assert 1 == len(vendor.found(fromDateTime=before, toDateTime=after))
        assert [] == vendor.found(fromDateTime=after)
        assert [] == vendor.found(toDateTime=before)
        assert 1 == len(vendor.found(fromDateTime=before.replace("Z", "+00:00")))

    @pytest.mark.parametrize(
        "query",
        [
            {},
            {"limit": "5", "sort": "receiveTime:asc", "limitTotalCount": "true"},
            {"color": "red"},
            {"sourceTn": "+131"},
            {"sourceTn": f" {LINE[1:]}"},
            {"sourceTn": ",".join(f"+131255501{n}" for n in range(10, 21))},
            {"destinationTn": f"{ANN},+13125"},
            {"errorCode": "x"},
            {"fromDateTime": "2999-01-01T00:00:00Z"},
            {"fromDateTime": "2999-01-01T00:00:00.000000Z"},
            {"toDateTime": "2999-13-01T00:00:00.000Z"},
            {"sourceTn": LINE, "limit": "0"},
            {"sourceTn": LINE, "limit": "x"},
            {"sourceTn": LINE, "limit": "10001"},
            {"sourceTn": LINE, "pageToken": "x"},
            {"sourceTn": LINE, "pageToken": "LTE="},
            {"sourceTn": LINE, "sort": "receiveTime"},
            {"sourceTn": LINE, "sort": "color:asc"},
            {"sourceTn": LINE, "sort": "receiveTime:up"},
        ],
    )
    def test_refusals(self, vendor: Bandwidth, query: dict[str, str]) -> None:
        refused(vendor.search(**query), 400)

    def test_ten_numbers(self, vendor: Bandwidth) -> None:
        assert 200 == vendor.search(sourceTn=",".join(f"+131255501{n}" for n in range(10, 20))).status

    def test_pages(self, vendor: Bandwidth) -> None:
        """Tokens lead on and back, and so do links."""
        for number in (ANN, BOB, CAT):
            vendor.send(number)
        query = {"sourceTn": LINE, "sort": "destinationTn:asc", "limit": "2"}
        first = vendor.search(**query)
        assert ([ANN, BOB], 3) == ([row["destinationTn"] for row in first.body["messages"]], first.body["totalCount"])
        pages = first.body["pageInfo"]
        assert {"nextPage", "nextPageToken"} == pages.keys()
        assert pages["nextPage"].startswith(f"http://localhost/bandwidth{MESSAGES}?")
        second = vendor.search(**query, pageToken=pages["nextPageToken"])
        assert [CAT] == [row["destinationTn"] for row in second.body["messages"]]
        assert {"prevPage", "prevPageToken"} == second.body["pageInfo"].keys()
        again = vendor.search(**query, pageToken=second.body["pageInfo"]["prevPageToken"])
        assert first.body == again.body

    def test_a_hundred_by_default(self, vendor: Bandwidth) -> None:
        for _ in range(11):
            vendor.send(*(f"+131255501{n}" for n in range(50, 60)))
        answer = vendor.search(sourceTn=LINE, limitTotalCount="true")
        assert (100, 110) == (len(answer.body["messages"]), answer.body["totalCount"])

    @pytest.mark.parametrize("field", ["receiveTime", "sourceTn", "messageStatus", "messageId", "errorCode"])
    def test_sort(self, vendor: Bandwidth, field: str) -> None:
        vendor.phone(BOB).landline = True
        vendor.send(ANN)
        vendor.send(BOB, **{"from": SECOND_LINE})
        vendor.finish()
        values = [row[field] for row in vendor.found(sourceTn="+1312", sort=f"{field}:desc")]
        assert sorted(values, reverse=True) == values

    def test_two_weeks(self, vendor: Bandwidth) -> None:
        vendor.send()
        vendor.clock.advance(14 * 86_400 - 60)
        assert 2 == len(vendor.found())
        vendor.clock.advance(120)
        assert [] == vendor.found()

    def test_rate(self, vendor: Bandwidth) -> None:
        """Too many searches are told when to come back; the rate can be lowered."""
        assert 3500 == vendor.face.search_requests_per_5_minutes
        vendor.face.search_requests_per_5_minutes = 2
        vendor.found()
        vendor.clock.advance(100)
        vendor.found()
        answer = vendor.search(sourceTn=LINE)
        refused(answer, 429, "rate_limit_exceeded")
        assert 195 <= int(answer.headers["Retry-After"]) <= 200
        vendor.clock.advance(200)
        assert 200 == vendor.search(sourceTn=LINE).status

    def test_none_at_all(self, vendor: Bandwidth) -> None:
        vendor.face.search_requests_per_5_minutes = 0
        assert "300" == vendor.search(sourceTn=LINE).headers["Retry-After"]


def stamp(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


class TestMedia:
    def put(self, vendor: Bandwidth, name: str, content: bytes = b"bytes") -> Answer:
        return vendor.call("PUT", f"{MEDIA}/{name}", content, headers={**basic(), "Content-Type": "image/png"})

    def test_put_and_get(self, vendor: Bandwidth) -> None:
        """Names may have slashes, plain or escaped; the same name is the same file."""
        for content in (b"one", b"two"):
            assert (204, None) == ((answer := self.put(vendor, "a/b%2Fc.png", content)).status, answer.body)
        answer = vendor.call("GET", f"{MEDIA}/a%2Fb/c.png")
        assert (200, b"two", {"content-type": "image/png"}) == (answer.status, answer.body, answer.headers)

    def test_list(self, vendor: Bandwidth) -> None:
        self.put(vendor, "a/b.png", b"12345")
        answer = vendor.call("GET", MEDIA)
        (media,) = (Media.from_json(json.dumps(row)) for row in answer.body)
        assert media is not None
        assert (5, "a/b.png") == (media.content_length, media.media_name)
        assert f"http://localhost/bandwidth{MEDIA}/a%2Fb.png" == media.content
        assert {} == answer.headers

    def test_long_list(self, vendor: Bandwidth) -> None:
        """It goes on with a token, in a header."""
        vendor.face.media.most_listed = 2
        for name in "cab":
            self.put(vendor, name)
        answer = vendor.call("GET", MEDIA)
        assert ["a", "b"] == [row["mediaName"] for row in answer.body]
        rest = vendor.call(
            "GET", MEDIA, headers={**basic(), "Continuation-Token": answer.headers["continuation-token"]}
        )
        assert (["c"], {}) == ([row["mediaName"] for row in rest.body], rest.headers)
        refused(vendor.call("GET", MEDIA, headers={**basic(), "Continuation-Token": "x"}), 400)

    def test_kept_for_two_days(self, vendor: Bandwidth) -> None:
        self.put(vendor, "a")
        vendor.clock.advance(48 * 3600 - 10)
        assert 200 == vendor.call("GET", f"{MEDIA}/a").status
        vendor.clock.advance(10)
        not_there(vendor.call("GET", f"{MEDIA}/a"), f"{MEDIA}/a")
        assert [] == vendor.call("GET", MEDIA).body

    def test_delete(self, vendor: Bandwidth) -> None:
        self.put(vendor, "a")
        assert (204, True) == ((answer := vendor.call("DELETE", f"{MEDIA}/a")).status, answer.accepted)
        not_there(vendor.call("GET", f"{MEDIA}/a"), f"{MEDIA}/a")
        assert (204, False) == ((answer := vendor.call("DELETE", f"{MEDIA}/a")).status, answer.accepted)

    @pytest.mark.parametrize(("content", "code"), [(None, 4410), (b"x" * 3_500_001, 4411)])
    def test_sent_by_url(self, vendor: Bandwidth, content: bytes | None, code: int) -> None:
        """A message whose file is not there, or too large, fails for everybody."""
        if content is not None:
            self.put(vendor, "a/b.png", content)
        assert vendor.send(media=[PICTURE, f"http://localhost/bandwidth{MEDIA}/a%2Fb.png"]).accepted
        vendor.finish()
        assert ([], stopped(code), stopped(code)) == (
            vendor.phone(ANN).texts,
            vendor.history(ANN),
            vendor.history(BOB),
        )

    def test_sent_while_it_is_there(self, vendor: Bandwidth) -> None:
        self.put(vendor, "a/b.png")
        vendor.send(media=[f"http://localhost/bandwidth{MEDIA}/a%2Fb.png"])
        assert ["Hello"] == vendor.phone(ANN).texts


class TestDoubts:
    def test_expires_in(self) -> None:
        """Without it, the token ends after an hour all the same."""
        vendor = Bandwidth(expires_in="absent")
        assert {"access_token", "token_type"} == vendor.token_answer().body.keys()
        headers = vendor.bearer()
        vendor.clock.advance(3600)
        refused(vendor.post(request(), headers), 401, "unauthorized")

    @pytest.mark.parametrize("choice", ["Bearer", "bearer"])
    def test_token_type(self, choice: str) -> None:
        assert choice == Bandwidth(token_type=choice).token_answer().body["token_type"]

    def test_auth_words(self) -> None:
        vendor = Bandwidth(auth_words="2019")
        refused(vendor.post(request(), {}), 401, "authentication-error")
        refused(vendor.post(request(), path="/users/1/messages"), 403, "unauthorized")

    @pytest.mark.parametrize("most", [10, 9])
    def test_most_recipients(self, most: int) -> None:
        vendor = Bandwidth(most_recipients=most)
        people = [f"+131255501{n}" for n in range(50, 61)]
        assert vendor.send(*people[:most]).accepted
        refused(vendor.send(*people[: most + 1]), 400, field="to", text=str(most))

    @pytest.mark.parametrize("code", ["4435", "4735"])
    def test_too_many(self, code: str) -> None:
        """Accepted, it fails for each of them, and nobody sees it."""
        vendor = Bandwidth(too_many=code)
        people = [f"+131255501{n}" for n in range(50, 61)]
        assert (202, True) == ((answer := vendor.send(*people)).status, answer.accepted)
        vendor.finish()
        failed = {"4435": stopped, "4735": carrier}[code](int(code))
        assert [failed] * 11 == [vendor.history(number) for number in people]
        assert 0 == sum(len(vendor.phone(number).texts) for number in people)

    def test_own_number(self) -> None:
        """The others get it, if anybody does."""
        vendor = Bandwidth(own_number="4401")
        assert vendor.send(ANN, BOB, LINE).accepted
        vendor.finish()
        assert (["Hello"], DELIVERED, stopped(4401)) == (
            vendor.phone(ANN).texts,
            vendor.history(ANN),
            vendor.history(LINE),
        )
        assert 1 == len(vendor.face.messages)
        refused(Bandwidth(own_number="400").send(ANN, LINE), 400, field="to")

    def test_only_its_own_number(self) -> None:
        vendor = Bandwidth()
        assert vendor.send(LINE).accepted
        vendor.finish()
        assert stopped(4401) == vendor.history(LINE)

    def test_duplicate_to(self) -> None:
        refused(Bandwidth(duplicate_to="400").send(ANN, ANN), 400, field="to")
        vendor = Bandwidth(duplicate_to="merged")
        assert [ANN] == vendor.send(ANN, ANN).body["to"]
        assert ["Hello"] == vendor.phone(ANN).texts

    def test_bare_to(self) -> None:
        assert [ANN] == Bandwidth(bare_to="accepted").send(to=ANN).body["to"]
        refused(Bandwidth(bare_to="refused").send(to=ANN), 400, field="to")

    @pytest.mark.parametrize(
        ("choice", "texts", "fate"), [("4432", [], stopped(4432)), ("delivered", ["Hello"], DELIVERED)]
    )
    def test_foreign_member(self, choice: str, texts: list[str], fate: list[tuple[str, int]]) -> None:
        vendor = Bandwidth(foreign_member=choice)
        assert vendor.send(ANN, PARIS).accepted
        vendor.finish()
        assert (["Hello"], texts) == (vendor.phone(ANN).texts, vendor.phone(PARIS).texts)
        assert (DELIVERED, fate) == (vendor.history(ANN), vendor.history(PARIS))

    def test_invalid_number(self) -> None:
        """The failure may be followed by a delivery that never was."""
        vendor = Bandwidth(invalid_number="failed_then_delivered")
        vendor.phone(BOB).landline = True
        vendor.phone(CAT).mms = False
        vendor.send(ANN, BOB, CAT)
        vendor.finish()
        assert [*carrier(4720), ("DELIVERED", 0)] == vendor.history(BOB)
        assert (DELIVERED, carrier(4700)) == (vendor.history(ANN), vendor.history(CAT))
        assert [] == vendor.phone(BOB).texts

    def test_toll_free_group(self) -> None:
        refused(Bandwidth(toll_free_group="400").send(**{"from": TOLL_FREE}), 400, field="from")
        vendor = Bandwidth(toll_free_group="4433")
        assert vendor.send(**{"from": TOLL_FREE}).accepted
        vendor.finish()
        assert ([], stopped(4433)) == (vendor.phone(ANN).texts, vendor.history(ANN))

    def test_unknown_application(self) -> None:
        not_there(Bandwidth(unknown_application=404).send(applicationId="nobody's"), MESSAGES)
        refused(Bandwidth(unknown_application=400).send(applicationId="nobody's"), 400, field="applicationId")

    def test_foreign_from(self) -> None:
        refused(Bandwidth(foreign_from=403).send(**{"from": "+13125550198"}), 403, "forbidden")
        refused(Bandwidth(foreign_from=400).send(**{"from": "Alphaname"}), 400, field="from")

    def test_unknown_fields(self) -> None:
        assert Bandwidth(unknown_fields="ignored").send(color="red").accepted
        refused(Bandwidth(unknown_fields="refused").send(color="red"), 400, field="color")

    @pytest.mark.parametrize(("choice", "texts"), [("applied", []), ("ignored", ["Late"])])
    def test_mms_expiration(self, choice: str, texts: list[str]) -> None:
        """Of a text it is always honoured."""
        vendor = Bandwidth(mms_expiration=choice)
        vendor.send(ANN, BOB)
        soon = (vendor.clock.now() + timedelta(seconds=1)).isoformat()
        vendor.send(CAT, DAN, text="Late", expiration=soon)
        vendor.send(CAT, text="Late text", expiration=soon)
        assert texts == vendor.phone(CAT).texts

    def test_field_errors(self) -> None:
        answer = Bandwidth(field_errors="absent").send(text="")
        refused(answer, 400, text="text or media is required")
        assert {"type", "description"} == answer.body.keys()

    @pytest.mark.parametrize(("choice", "form"), [("long", r"\d{13}[a-z2-7]{16}"), ("uuid", r"[0-9a-f-]{36}")])
    def test_id_style(self, choice: str, form: str) -> None:
        assert re.fullmatch(form, Bandwidth(id_style=choice).send().body["id"])

    def test_optional_keys(self) -> None:
        body = Bandwidth(optional_keys="absent").send(media=[PICTURE], tag="one", priority="high").body
        assert not {"media", "tag", "priority", "expiration"} & body.keys()
        assert ["id"] == list(Bandwidth(optional_keys="only_id").send().body)

    @pytest.mark.parametrize(("digits", "form"), [(0, r":\d\dZ"), (3, r":\d\d\.\d{3}Z"), (6, r":\d\d\.\d{6}Z")])
    def test_time_digits(self, digits: int, form: str) -> None:
        assert re.search(form, Bandwidth(time_digits=digits).send().body["time"])

    def test_search_rows(self) -> None:
        """One row for a group says how the one farthest behind fares."""
        vendor = Bandwidth(search_rows="per_group")
        vendor.phone(BOB).landline = True
        vendor.send(ANN, BOB)
        vendor.clock.advance(SENT_AFTER.total_seconds())
        for number in (ANN, BOB):
            (row,) = vendor.found(destinationTn=number)
            assert ("SENT", 2) == (row["messageStatus"], row["recipientCount"])
        vendor.finish()
        assert [("FAILED", 4720)] == [(row["messageStatus"], row["errorCode"]) for row in vendor.found()]

    @pytest.mark.parametrize(
        ("choice", "shown"), [("farthest_behind", ("SENT", 0)), ("first", ("FAILED", 4720)), ("best", ("DELIVERED", 0))]
    )
    def test_search_row_status(self, choice: str, shown: tuple[str, int]) -> None:
        """A group's one row may tell of one of them alone; where each has a row it tells of its own."""
        rows = {}
        for kind in ("per_group", "per_recipient"):
            vendor = Bandwidth(search_rows=kind, search_row_status=choice)
            vendor.phone(BOB).landline = True
            vendor.phone(ANN).on = False
            vendor.send(BOB, ANN, CAT)
            vendor.finish()
            rows[kind] = {(row["messageStatus"], row["errorCode"]) for row in vendor.found()}
        assert {"per_group": {shown}, "per_recipient": {("SENT", 0), ("FAILED", 4720), ("DELIVERED", 0)}} == rows

    @pytest.mark.parametrize("lag", [0, 5])
    def test_search_row_lag(self, lag: int) -> None:
        """The last of several rows comes after the others; one that is the only one does not."""
        vendor = Bandwidth(search_lag=lag, search_row_lag=10)
        vendor.send(ANN, BOB, CAT)
        vendor.send(DAN)
        seen = []
        for _ in range(4):
            seen.append({row["destinationTn"] for row in vendor.found()})
            vendor.clock.advance(5)
        several = [{ANN, BOB, DAN}, {ANN, BOB, DAN}, {ANN, BOB, CAT, DAN}, {ANN, BOB, CAT, DAN}]
        assert (several if not lag else [set(), *several[:3]]) == seen

    def test_one_row_for_a_group_is_not_late(self) -> None:
        vendor = Bandwidth(search_rows="per_group", search_row_lag=10)
        vendor.send(ANN, BOB)
        assert 1 == len(vendor.found())

    def test_search_lag(self) -> None:
        vendor = Bandwidth(search_lag=5)
        vendor.send()
        assert [] == vendor.found()
        vendor.clock.advance(5)
        assert 2 == len(vendor.found())

    @pytest.mark.parametrize(("choice", "people"), [("newest_first", [BOB, ANN]), ("oldest_first", [ANN, BOB])])
    def test_search_order(self, choice: str, people: list[str]) -> None:
        vendor = Bandwidth(search_order=choice)
        vendor.send(ANN)
        vendor.send(BOB)
        assert people == [row["destinationTn"] for row in vendor.found()]

    @pytest.mark.parametrize(("choice", "status"), [("clipped", 200), ("refused", 400)])
    def test_search_far_back(self, choice: str, status: int) -> None:
        vendor = Bandwidth(search_far_back=choice)
        far = stamp(vendor.clock.now() - timedelta(days=15))
        near = stamp(vendor.clock.now() - timedelta(days=13))
        assert [status, 200] == [vendor.search(fromDateTime=moment).status for moment in (far, near)]

    def test_nullable(self) -> None:
        vendor = Bandwidth(nullable="null")
        vendor.send(ANN)
        (row,) = vendor.found()
        assert (None, None, LINE, ANN) == (
            row["recipientCount"],
            row["segmentCount"],
            row["sourceTn"],
            row["destinationTn"],
        )

    @pytest.mark.parametrize(("choice", "rows"), [("unlisted", []), ("listed", ["QUEUED"])])
    def test_vanished(self, choice: str, rows: list[str]) -> None:
        vendor = Bandwidth(vanished=choice)
        vendor.send(ANN, applicationId=UNLINKED_APPLICATION_ID)
        vendor.finish()
        assert rows == [row["messageStatus"] for row in vendor.found()]

    @pytest.mark.parametrize("choice", ["QUEUED", "ACCEPTED"])
    def test_first_status(self, choice: str) -> None:
        vendor = Bandwidth(first_status=choice)
        vendor.send(ANN)
        assert [choice] == [row["messageStatus"] for row in vendor.found()]

    @pytest.mark.parametrize("choice", ["FAILED", "DLR_EXPIRED"])
    def test_timeout_status(self, choice: str) -> None:
        """One of them is a word that the SDK does not know."""
        vendor = Bandwidth(timeout_status=choice)
        vendor.phone(ANN).on = False
        vendor.send(ANN)
        vendor.clock.advance(TIMED_OUT_AFTER.total_seconds() + 1)
        (row,) = vendor.search(sourceTn=LINE).body["messages"]
        assert (choice, 9902) == (row["messageStatus"], row["errorCode"])

    def test_delete_missing(self) -> None:
        not_there(Bandwidth(delete_missing=404).call("DELETE", f"{MEDIA}/a"), f"{MEDIA}/a")


class TestOverHttp:
    @pytest.fixture
    def sandbox(self) -> Iterator[Sandbox]:
        with Sandbox(faces=[BandwidthFace]) as sandbox:
            yield sandbox

    @pytest.fixture
    def http(self, sandbox: Sandbox) -> Iterator[httpx.Client]:
        settings = sandbox.settings("bandwidth")
        with httpx.Client(base_url=str(settings["base_url"]), trust_env=False) as http:
            answer = http.post(
                str(settings["token_url"]),
                data={"grant_type": "client_credentials"},
                auth=(str(settings["client_id"]), str(settings["client_secret"])),
            )
            http.headers["authorization"] = f"Bearer {answer.json()['access_token']}"
            yield http

    def test_send(self, sandbox: Sandbox, http: httpx.Client) -> None:
        """The log says what was done."""
        answer = http.post(MESSAGES, json=request())
        assert 202 == answer.status_code
        assert ["Hello"] == sandbox.phones[ANN].texts
        assert [("token", 200, True), ("send", 202, True)] == [
            (entry["operation"], entry["status"], entry["done"]) for entry in sandbox.log
        ]

    def test_refusal(self, sandbox: Sandbox, http: httpx.Client) -> None:
        assert 415 == http.post(MESSAGES, content=b"{}", headers={"content-type": "text/plain"}).status_code
        assert ("refused", False) == (sandbox.log[-1]["verdict"], sandbox.log[-1]["done"])

    def test_search(self, http: httpx.Client) -> None:
        """A plus must be escaped; the link to the next page can be followed."""
        http.post(MESSAGES, json=request())
        page = http.get(MESSAGES, params={"sourceTn": LINE, "limit": 1}).json()
        assert 2 == page["totalCount"]
        rest = http.get(page["pageInfo"]["nextPage"]).json()
        assert {ANN, BOB} == {row["destinationTn"] for row in page["messages"] + rest["messages"]}
        assert 400 == http.get(f"{MESSAGES}?sourceTn={LINE}").status_code

    def test_media(self, http: httpx.Client) -> None:
        """A slash may be escaped or not."""
        put = http.put(f"{MEDIA}/in%2F0%2Fa.png", content=b"png", headers={"content-type": "image/png"})
        assert (204, b"") == (put.status_code, put.content)
        for path in ("in%2F0%2Fa.png", "in/0/a.png"):
            got = http.get(f"{MEDIA}/{path}")
            assert (b"png", "image/png") == (got.content, got.headers["content-type"])
        (row,) = http.get(MEDIA).json()
        assert b"png" == http.get(row["content"]).content
        assert 401 == http.get(row["content"], headers={"authorization": "Bearer none"}).status_code
        assert 204 == http.delete(f"{MEDIA}/in%2F0%2Fa.png").status_code

    def test_unknown_path(self, http: httpx.Client) -> None:
        answer = http.post(f"{MESSAGES}/multiChannel", json={})
        assert (404, f"{MESSAGES}/multiChannel") == (answer.status_code, answer.json()["path"])

    def test_statuses_come_by_themselves(self, sandbox: Sandbox, http: httpx.Client) -> None:
        http.post(MESSAGES, json=request(to=[ANN]))
        sandbox.clock.advance(DELIVERED_AFTER.total_seconds())
        (row,) = http.get(MESSAGES, params={"destinationTn": ANN}).json()["messages"]
        assert "DELIVERED" == row["messageStatus"]


class TestWithTheSdk:
    """The vendor's own client takes the stand-in for the vendor."""

    @pytest.fixture
    def sandbox(self) -> Iterator[Sandbox]:
        with Sandbox(faces=[BandwidthFace]) as sandbox:
            yield sandbox

    @pytest.fixture
    def client(self, sandbox: Sandbox) -> Any:
        """The SDK's client; it knows no other host than the vendor's, so its calls are turned to the sandbox."""
        settings = sandbox.settings("bandwidth")
        client = ApiClient(
            Configuration(
                client_id=settings["client_id"],
                client_secret=settings["client_secret"],
                access_token_url=settings["token_url"],
            )
        )
        call_api = client.call_api

        def turned(method: str, url: str, *given: Any, **named: Any) -> Any:
            here = url.replace("https://messaging.bandwidth.com/api/v2", str(settings["base_url"]))
            return call_api(method, here, *given, **named)

        client.call_api = turned
        return client

    def test_messages(self, sandbox: Sandbox, client: Any) -> None:
        messages = MessagesApi(client)
        asked = MessageRequest.from_dict(request(media=[PICTURE]))
        sent = messages.create_message(ACCOUNT_ID, asked)
        assert ([ANN, BOB], ["Hello"]) == (sent.to, sandbox.phones[BOB].texts)
        found = messages.list_messages(ACCOUNT_ID, source_tn=LINE)
        assert {(sent.id, ANN), (sent.id, BOB)} == {(row.message_id, row.destination_tn) for row in found.messages}

    def test_media(self, client: Any) -> None:
        media = MediaApi(client)
        media.upload_media(ACCOUNT_ID, "in/0/a.png", b"png", _content_type="image/png")
        assert b"png" == bytes(media.get_media(ACCOUNT_ID, "in/0/a.png"))
        assert ["in/0/a.png"] == [file.media_name for file in media.list_media(ACCOUNT_ID)]
        media.delete_media(ACCOUNT_ID, "in/0/a.png")
        assert [] == media.list_media(ACCOUNT_ID)

    def test_refusals(self, sandbox: Sandbox, client: Any) -> None:
        """They are the SDK's own errors, with their bodies read."""
        messages = MessagesApi(client)
        with pytest.raises(BadRequestException) as bad:
            messages.create_message(ACCOUNT_ID, MessageRequest.from_dict(request(to=["3125550150"])))
        assert "to" == bad.value.data.field_errors[0].field_name
        face = sandbox.faces["bandwidth"]
        assert isinstance(face, BandwidthFace)
        face.revoke_tokens()
        with pytest.raises(UnauthorizedException):
            messages.create_message(ACCOUNT_ID, MessageRequest.from_dict(request()))


class TestSpecification:
    """For developers who have the vendor's own description of its API; nothing of it is kept here."""

    @pytest.fixture
    def schemas(self) -> dict[str, Any]:
        if not os.environ.get(OPENAPI):
            pytest.skip(f"{OPENAPI} does not name the vendor's OpenAPI file")
        yaml = pytest.importorskip("yaml", reason="reading the vendor's OpenAPI file takes PyYAML")
        return dict(yaml.safe_load(Path(os.environ[OPENAPI]).read_text())["components"]["schemas"])

    def test_fields_of_a_send(self, schemas: dict[str, Any]) -> None:
        """The same fields, the same required ones, the same types, limits and choices."""
        theirs = schemas["messageRequest"]
        assert {field.name for field in FIELDS} == theirs["properties"].keys()
        assert {field.name for field in FIELDS if field.required} == set(theirs["required"])
        for field in FIELDS:
            there = resolved(theirs["properties"][field.name], schemas)
            assert ("array" if field.array else "string", field.unique) == (
                there["type"],
                there.get("uniqueItems", False),
            )
            each = resolved(there.get("items", there), schemas)
            assert "string" == each["type"]
            assert field.choices == tuple(each.get("enum", ()))
            assert {"moment": "date-time", "url": "uri"}.get(field.format) == each.get("format")
            if field.longest is None or "maxLength" in each:
                assert field.longest == each.get("maxLength")
            else:  # a limit that is said in words alone
                assert str(field.longest) in there["description"]

    def test_keys_of_an_answer(self, schemas: dict[str, Any]) -> None:
        """Nothing is said that the vendor does not say."""
        vendor = Bandwidth()
        expiration = (vendor.clock.now() + timedelta(hours=1)).isoformat()
        sent = vendor.send(media=[PICTURE], tag="one", priority="high", expiration=expiration).body
        assert sent.keys() == schemas["message"]["properties"].keys()
        (row, _) = vendor.found()
        assert row.keys() <= schemas["listMessageItem"]["properties"].keys()


def resolved(schema: dict[str, Any], schemas: dict[str, Any]) -> dict[str, Any]:
    return schemas[schema["$ref"].rpartition("/")[2]] if "$ref" in schema else schema
