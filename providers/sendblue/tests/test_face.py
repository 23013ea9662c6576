"""The stand-in for Sendblue answers as Sendblue's papers say, and in both ways where they are silent."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any

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
from sendblue_api.types import (
    ContactOptOutResponse,
    GroupModifyResponse,
    LookupLookupNumberResponse,
    MessageListResponse,
    MessageResponse,
    MessageRetrieveResponse,
    TypingIndicatorSendResponse,
    WebhookListResponse,
)
from sendblue_api.types.v2 import GroupRenameResponse, GroupRetrieveResponse, GroupSetPhotoResponse

from groupmessenger.sandbox.clock import Clock
from groupmessenger.sandbox.face import Answer, Call
from groupmessenger.sandbox.phones import Network, Phone

ANN, BOB, CAT, DAN = (f"+1312555015{n}" for n in range(4))
EMAIL = "eve@example.com"
KEYS = {"sb-api-key-id": KEY_ID, "sb-api-secret-key": SECRET}
UNKNOWN = "sb_group_unknown"

SEND, DIRECT, MODIFY = "/api/send-group-message", "/api/send-message", "/api/modify-group"
LIST, OPT_OUT, TYPING = "/api/v2/messages", "/api/v2/contacts/opt-out", "/api/send-typing-indicator"


class Sendblue:
    """The face, called as a client would."""

    def __init__(self, **doubts: Any) -> None:
        self.clock = Clock()
        self.network = Network(self.clock)
        self.face = SendblueFace(self.network, self.clock, doubts)

    def call(self, method: str, path: str, body: Any = None, *, headers: Any = KEYS, **query: str) -> Answer:
        for route in self.face.routes():
            there, wanted = path.split("/"), route.path.split("/")
            pairs = list(zip(wanted, there, strict=False))
            if method == route.method and len(there) == len(wanted):
                parameters = {name[1:-1]: value for name, value in pairs if name.startswith("{")}
                if all(name.startswith("{") or name == value for name, value in pairs):
                    content = body if isinstance(body, bytes) else json.dumps(body).encode()
                    return route.handler(Call(method, path, query, parameters, headers, content))
        return self.face.not_found(Call(method, path))

    def post(self, path: str, **body: Any) -> Answer:
        return self.call("POST", path, body)

    def get(self, path: str, **query: str) -> Answer:
        return self.call("GET", path, **query)

    def send(self, text: str = "Hello", **body: Any) -> Answer:
        if "group_id" not in body:
            body = {"numbers": [ANN, BOB], **body}
        return self.post(SEND, content=text, **{"from_number": LINE, **body})

    def direct(self, number: str = ANN, text: str = "Hello", **body: Any) -> Answer:
        return self.post(DIRECT, content=text, number=number, **{"from_number": LINE, **body})

    def group(self, *numbers: str, line: str = LINE) -> str:
        """A group whose chat is on the device."""
        answer = self.send(numbers=list(numbers or (ANN, BOB, CAT)), from_number=line)
        assert answer.accepted, answer
        self.clock.advance(SENT_AFTER.total_seconds())
        return next(reversed(self.face.groups))

    def modify(self, group_id: str, kind: str, number: str, **body: Any) -> Answer:
        return self.post(MODIFY, group_id=group_id, modify_type=f"{kind}_recipient", number=number, **body)

    def members(self, group_id: str) -> list[str]:
        return [person["handle"] for person in self.get(f"/api/v2/groups/{group_id}").body["data"]["participants"]]

    def listed(self, **query: str) -> list[dict[str, Any]]:
        answer = self.get(LIST, **query)
        MessageListResponse.model_validate(answer.body)
        return list(answer.body["data"])

    def phone(self, number: str) -> Phone:
        return self.network.phones[number]

    def status(self, handle: str) -> str:
        return str(self.get("/api/status", handle=handle).body["status"])


@pytest.fixture
def vendor() -> Sendblue:
    return Sendblue()


def refused(answer: Answer, status: int, *, code: object = None, key: str | None = None, text: str = "") -> None:
    """The answer is a refusal that did nothing."""
    assert (answer.status, answer.accepted, answer.body["status"]) == (status, False, "ERROR")
    if code is not None:
        assert answer.body["error_code"] == code
    if key is not None:
        assert key in (answer.body.get("error_key"), answer.body.get("error"), answer.body.get("message"))
    assert text in json.dumps(answer.body)


class TestAccount:
    def test_settings_are_those_of_the_connection(self, vendor: Sendblue) -> None:
        """They are the provider's settings and no others."""
        assert vendor.face.settings("http://sandbox/sendblue") == {
            "line": LINE,
            "api_key_id": KEY_ID,
            "api_secret_key": SECRET,
            "base_url": "http://sandbox/sendblue",
            "exclusive_line": True,
            "settle_after": 0,
            "webhook_secrets": [WEBHOOK_SECRET],
            "other_lines": [SECOND_LINE],
        }

    @pytest.mark.parametrize("headers", [{}, {"sb-api-key-id": KEY_ID}, {**KEYS, "sb-api-secret-key": "wrong"}])
    def test_wrong_keys(self, vendor: Sendblue, headers: dict[str, str]) -> None:
        """Every call is refused without both keys, but that which reads a file."""
        for route in vendor.face.routes():
            if route.operation == "read_file":
                continue
            answer = route.handler(Call(route.method, route.path, headers=headers))
            assert answer.status == 401
            assert answer.body == {"status": "ERROR", "message": "Invalid Credentials"}
            assert not answer.accepted

    def test_twin_headers(self, vendor: Sendblue) -> None:
        """The keys may come in the x- headers, in any case."""
        headers = {f"X-{name.title()}": value for name, value in KEYS.items()}
        assert vendor.call("GET", LIST, headers=headers).status == 200

    def test_operations(self, vendor: Sendblue) -> None:
        """Faults and the log name the calls so."""
        assert [route.operation for route in vendor.face.routes()] == [
            "send_group",
            "send_direct",
            "modify_group",
            "get_group",
            "rename_group",
            "set_photo",
            "status",
            "list_messages",
            "get_message",
            "evaluate_service",
            "opt_out",
            "typing",
            "webhooks",
            "add_webhooks",
            "replace_webhooks",
            "remove_webhooks",
            "upload_file",
            "upload_media_object",
            "read_file",
        ]

    def test_doubts(self, vendor: Sendblue) -> None:
        """Each doubt has a name of its own and at least two readings."""
        names = [doubt.name for doubt in vendor.face.doubts]
        assert len(names) == len(set(names))
        assert all(len(doubt.choices) > 1 and doubt.what for doubt in vendor.face.doubts)

    @pytest.mark.parametrize("path", [SEND, DIRECT, MODIFY, OPT_OUT, TYPING])
    @pytest.mark.parametrize("body", [b"", b"[]", b"number=1"])
    def test_json_only(self, vendor: Sendblue, path: str, body: bytes) -> None:
        refused(vendor.call("POST", path, body), 400)

    def test_webhooks_are_empty(self, vendor: Sendblue) -> None:
        answer = vendor.get("/api/account/webhooks")
        assert WebhookListResponse.model_validate(answer.body).status == "OK"
        assert answer.body["webhooks"]["receive"] == []
        assert len(answer.body["webhooks"]) == 11

    def test_evaluate_service(self, vendor: Sendblue) -> None:
        """It tells iMessage from the rest, without saying why."""
        vendor.phone(BOB).imessage = False
        vendor.phone(CAT).landline = True
        vendor.network.attach("+13125550199", lambda _: None)
        services = {}
        for number in (ANN, BOB, CAT, EMAIL, LINE, "+13125550199"):
            answer = vendor.get("/api/evaluate-service", number=number)
            services[number] = LookupLookupNumberResponse.model_validate(answer.body).service
        assert list(services.values()) == ["iMessage", "SMS", "SMS", "iMessage", "iMessage", "SMS"]
        refused(vendor.get("/api/evaluate-service", number="312"), 400)


class TestSendGroup:
    def test_answer(self, vendor: Sendblue) -> None:
        """One message object for the whole group, queued."""
        answer = vendor.send(seat_id=SEAT, send_style="confetti", media_url="https://example.com/a.jpg")
        assert (answer.status, answer.accepted) == (200, True)
        body = answer.body
        (group_id,) = vendor.face.groups
        assert (body["status"], body["group_id"], body["message_type"]) == ("QUEUED", group_id, "group")
        assert body["number"] == body["to_number"] == [ANN, BOB]
        assert body["participants"] == sorted([LINE, ANN, BOB])
        assert (body["accountEmail"], body["sender_email"], body["seat_id"]) == (ACCOUNT_EMAIL, SEAT_EMAIL, SEAT)
        assert (body["service"], body["send_style"], body["is_outbound"]) == ("iMessage", "confetti", True)
        assert body["error_code"] is None
        assert "date_sent" in body

    @pytest.mark.parametrize("number_field", ["string", "absent"])
    def test_answer_in_the_sdk(self, number_field: str) -> None:
        """The SDK's model takes it, where it types the fields at all."""
        vendor = Sendblue(number_field=number_field, email_key="account_email", date_key="date_created")
        message = MessageResponse.model_validate(vendor.send().body)
        assert (message.status, message.account_email) == ("QUEUED", ACCOUNT_EMAIL)
        assert message.date_created is not None
        assert message.number == {"string": ANN, "absent": None}[number_field]

    def test_array_of_numbers_is_beside_the_sdk(self, vendor: Sendblue) -> None:
        """The array is the vendor's example; the SDK types a text."""
        body = {name: value for name, value in vendor.send().body.items() if name not in ("number", "to_number")}
        assert MessageResponse.model_validate(body).status == "QUEUED"

    def test_phones_show_it_at_once(self, vendor: Sendblue) -> None:
        """Everybody sees it in one thread, though the status is QUEUED."""
        vendor.send("Supper at six", media_url="https://example.com/a.jpg")
        (thread,) = vendor.phone(ANN).threads
        assert vendor.phone(BOB).threads == [thread]
        assert (thread.apple, thread.participants) == (True, {LINE, ANN, BOB})
        (shown,) = vendor.phone(ANN).messages[thread.id]
        assert (shown.sender, shown.text, shown.media) == (LINE, "Supper at six", ("https://example.com/a.jpg",))

    def test_one_sms_phone_makes_an_mms_group(self, vendor: Sendblue) -> None:
        vendor.phone(BOB).imessage = False
        assert vendor.send().body["service"] == "SMS"
        (thread,) = vendor.phone(ANN).threads
        assert not thread.apple

    def test_by_group_id(self, vendor: Sendblue) -> None:
        """The id leads to the same thread, and to whoever is in it now."""
        group_id = vendor.group(ANN, BOB)
        vendor.face.groups[group_id].thread.participants.add(CAT)
        answer = vendor.send("Again", group_id=group_id)
        assert (answer.body["group_id"], answer.body["number"]) == (group_id, [ANN, BOB, CAT])
        assert vendor.phone(CAT).texts == ["Again"]
        assert vendor.phone(ANN).texts == ["Hello", "Again"]

    def test_two_lines_two_groups(self, vendor: Sendblue) -> None:
        """The same people on another line are another thread."""
        assert vendor.group() != vendor.group(line=SECOND_LINE)
        assert len(vendor.phone(ANN).threads) == 2

    @pytest.mark.parametrize(
        ("body", "text"),
        [
            ({"from_number": None}, "missing required parameter: from_number"),
            ({"from_number": 13125550100}, "from_number must be a string"),
            ({"from_number": "+13125550198"}, "This phone number is not defined"),
            ({"numbers": [LINE, ANN]}, "Cannot send messages to self"),
            ({"numbers": None}, "numbers or group_id"),
            ({"numbers": []}, "numbers or group_id"),
            ({"numbers": [ANN, BOB], "group_id": UNKNOWN}, "not both"),
            ({"numbers": ANN}, "array"),
            ({"numbers": [ANN, "3125550151"]}, "Invalid phone number"),
            ({"numbers": [ANN, 13125550151]}, "Invalid phone number"),
            ({"numbers": [ANN, EMAIL]}, "Invalid phone number"),
            ({"seat_id": "nobody"}, "Seat not found"),
            ({"send_style": "sparkle"}, "Invalid send_style"),
            ({"media_url": "ftp://example.com/a.jpg"}, "http"),
            ({"media_url": "https:///a.jpg"}, "http"),
            ({"media_url": "https://example.com/a"}, "extension"),
            ({"media_url": "https://example.com/a.jpg?X-Amz-Signature=1"}, "signed"),
            ({"media_url": "https://example.com/a.jpg?sig="}, "signed"),
            ({"reply_to": "handle"}, "message_handle"),
            ({"reply_to": {}}, "message_handle"),
            ({"reply_to": {"message_handle": "unknown"}}, "conversation"),
        ],
    )
    def test_refusals(self, vendor: Sendblue, body: dict[str, Any], text: str) -> None:
        """What is wrong with the request is said with a 400 and code 4000, and nobody sees anything."""
        given = {"content": "Hello", "from_number": LINE, "numbers": [ANN, BOB], **body}
        refused(vendor.post(SEND, **given), 400, code=4000, text=text)
        assert (vendor.face.messages, vendor.face.groups) == ([], {})

    def test_media_query_that_is_no_signature(self, vendor: Sendblue) -> None:
        assert vendor.send(media_url="https://example.com/a.jpg?size=2").accepted

    @pytest.mark.parametrize("number", ["911", "+911", "+1911"])
    def test_blacklisted(self, vendor: Sendblue, number: str) -> None:
        refused(vendor.send(numbers=[ANN, number]), 400, code=4002)
        refused(vendor.direct(number), 400, code=4002)

    def test_longest_text(self, vendor: Sendblue) -> None:
        """18,996 characters are too many."""
        assert vendor.send("x" * 18_995).accepted
        refused(vendor.send("x" * 18_996), 400, code=4000, text="18996")

    def test_no_content(self, vendor: Sendblue) -> None:
        refused(vendor.send(""), 400, text="content")

    @pytest.mark.parametrize(("counts", "most"), [(False, 25), (True, 24)])
    def test_most_people(self, counts: bool, most: int) -> None:
        vendor = Sendblue(limit_counts_line=counts)
        people = [f"+131255501{n}" for n in range(10, 40)]
        assert vendor.send(numbers=people[:most]).accepted
        refused(vendor.send(numbers=people[: most + 1]), 400, code=4000, text="25")

    def test_a_line_that_is_not_in_the_group(self, vendor: Sendblue) -> None:
        group_id = vendor.group()
        refused(vendor.send(group_id=group_id, from_number=SECOND_LINE), 400, text="participant")

    def test_reply(self, vendor: Sendblue) -> None:
        """A reply goes to a message of the same line and conversation."""
        group_id = vendor.group()
        (first,) = vendor.listed()
        reply_to = {"message_handle": first["message_handle"]}
        answer = vendor.send("Yes", group_id=group_id, reply_to=reply_to)
        assert answer.body["reply_to"] == reply_to
        assert answer.body["thread_originator"] == reply_to
        assert vendor.send("No", numbers=[ANN, DAN], reply_to=reply_to).status == 400
        refused(vendor.direct(ANN, reply_to=reply_to), 400, text="conversation")

    def test_reply_to_one_person(self, vendor: Sendblue) -> None:
        handle = vendor.direct().body["message_handle"]
        assert vendor.direct(text="And", reply_to={"message_handle": handle}).accepted

    def test_rate(self, vendor: Sendblue, monkeypatch: pytest.MonkeyPatch) -> None:
        """The eleventh send of a line within a second is a 429, without saying when to come back."""
        now = vendor.clock.now()
        monkeypatch.setattr(vendor.clock, "now", lambda: now)
        group_id = vendor.send().body["group_id"]
        for _ in range(9):
            assert vendor.send(group_id=group_id).accepted
        answer = vendor.send(group_id=group_id)
        refused(answer, 429)
        assert answer.headers == {}
        assert vendor.direct(from_number=SECOND_LINE).accepted
        monkeypatch.setattr(vendor.clock, "now", lambda: now + timedelta(seconds=1))
        assert vendor.send(group_id=group_id).accepted

    def test_lifted_limit(self, vendor: Sendblue) -> None:
        """A test may have other limits."""
        vendor.face.limits.sends_per_second = 1
        vendor.send()
        refused(vendor.send(), 429)


class TestSendDirect:
    def test_answer(self, vendor: Sendblue) -> None:
        answer = vendor.direct(send_style="slam")
        message = MessageResponse.model_validate(answer.body)
        assert (message.number, message.message_type, message.status) == (ANN, "message", "QUEUED")
        assert (answer.body["group_id"], answer.body["participants"]) == ("", [])
        (thread,) = vendor.phone(ANN).threads
        assert (thread.participants, vendor.phone(ANN).texts) == ({LINE, ANN}, ["Hello"])

    @pytest.mark.parametrize(
        ("body", "text"),
        [
            ({"number": ""}, "missing required parameter: number"),
            ({"number": "Ann"}, "Invalid phone number"),
            ({"number": LINE}, "Cannot send messages to self"),
            ({"content": ""}, "missing required parameter: content"),
            ({"send_style": "sparkle"}, "send_style"),
        ],
    )
    def test_refusals(self, vendor: Sendblue, body: dict[str, Any], text: str) -> None:
        given = {"content": "Hello", "from_number": LINE, "number": ANN, **body}
        refused(vendor.post(DIRECT, **given), 400, code=4000, text=text)

    def test_media_alone(self, vendor: Sendblue) -> None:
        assert vendor.post(DIRECT, from_number=LINE, number=ANN, media_url="https://example.com/a.png").accepted

    def test_hourly_cap(self, vendor: Sendblue) -> None:
        """Fifteen new contacts an hour; the refusal is a 400 that carries 429."""
        people = [f"+131255501{n}" for n in range(20, 36)]
        vendor.face.limits.sends_per_second = 99
        for number in people[:15]:
            assert vendor.direct(number).accepted
        refused(vendor.direct(people[15]), 400, code=429, key="LINE_HOURLY_LIMIT_REACHED")
        assert vendor.direct(people[0]).accepted  # no longer new
        assert vendor.direct(people[15], from_number=SECOND_LINE).accepted
        vendor.phone(people[15]).send("Hi", to=LINE)  # wrote first, so is not new
        assert vendor.direct(people[15]).accepted
        vendor.clock.advance(3600)
        assert vendor.direct("+13125550190").accepted

    def test_daily_cap(self, vendor: Sendblue) -> None:
        """The day's contacts come back at three in the morning, New York's."""
        vendor.face.limits.new_contacts_per_day = 2
        vendor.clock.advance(86_400)  # wherever the day stands, a whole one is ahead
        assert vendor.direct(ANN).accepted
        assert vendor.direct(BOB).accepted
        answer = vendor.direct(CAT)
        refused(answer, 400, code=429, key="LINE_DAILY_LIMIT_REACHED")
        vendor.clock.advance(86_400)
        assert vendor.direct(CAT).accepted

    def test_new_again_after_thirty_days(self, vendor: Sendblue) -> None:
        vendor.face.limits.new_contacts_per_hour = 1
        vendor.direct(ANN)
        assert vendor.direct(ANN).accepted
        vendor.clock.advance(30 * 86_400)
        assert vendor.direct(BOB).accepted
        refused(vendor.direct(ANN), 400, key="LINE_HOURLY_LIMIT_REACHED")


class TestStatus:
    def test_imessage(self, vendor: Sendblue) -> None:
        """QUEUED at once, SENT in seconds, then DELIVERED."""
        handle = vendor.send().body["message_handle"]
        assert vendor.status(handle) == "QUEUED"
        vendor.clock.advance(SENT_AFTER.total_seconds())
        assert vendor.status(handle) == "SENT"
        vendor.clock.advance((DELIVERED_AFTER - SENT_AFTER).total_seconds())
        assert vendor.status(handle) == "DELIVERED"

    def test_sms_stops_at_sent(self, vendor: Sendblue) -> None:
        vendor.phone(BOB).imessage = False
        handle = vendor.send().body["message_handle"]
        vendor.clock.advance(3600)
        assert vendor.status(handle) == "SENT"

    def test_phones_that_are_off(self, vendor: Sendblue) -> None:
        """Nothing is delivered while every phone is off."""
        vendor.phone(ANN).on = vendor.phone(BOB).on = False
        handle = vendor.send().body["message_handle"]
        vendor.clock.advance(3600)
        assert vendor.status(handle) == "SENT"
        vendor.phone(BOB).on = True
        assert vendor.status(handle) == "DELIVERED"

    def test_shape(self) -> None:
        vendor = Sendblue(number_field="string")
        handle = vendor.send().body["message_handle"]
        answer = vendor.get("/api/status", handle=handle)
        assert MessageResponse.model_validate(answer.body).message_handle == handle

    def test_unknown(self, vendor: Sendblue) -> None:
        refused(vendor.get("/api/status", handle="unknown"), 404)
        refused(vendor.get("/api/status"), 400)

    def test_message(self, vendor: Sendblue) -> None:
        handle = vendor.direct().body["message_handle"]
        message = MessageRetrieveResponse.model_validate(vendor.get(f"{LIST}/{handle}").body)
        assert message.data is not None
        assert (message.data.message_handle, message.data.service) == (handle, "iMessage")
        refused(vendor.get(f"{LIST}/{handle.upper()}"), 404)


class TestForced:
    @pytest.mark.parametrize("status", ["REGISTERED", "PENDING", "ACCEPTED", "SENT", "DELIVERED", "SUCCESS", "novel"])
    def test_word(self, vendor: Sendblue, status: str) -> None:
        """The next send says what it is told, and the one after it what it likes."""
        vendor.face.answer_next({"status": status}, 202)
        answer = vendor.send()
        assert (answer.status, answer.body["status"], answer.accepted) == (202, status, True)
        assert answer.body["message_handle"]
        assert vendor.phone(ANN).texts == ["Hello"]
        assert vendor.send().body["status"] == "QUEUED"

    @pytest.mark.parametrize("status", ["ERROR", "DECLINED"])
    def test_failure_inside_a_success(self, vendor: Sendblue, status: str) -> None:
        """It reaches nobody, and its handle can be asked for."""
        error = {"status": status, "error_code": 10001, "error_message": "no"}
        vendor.face.answer_next(error, done=False)
        answer = vendor.send()
        assert (answer.status, answer.accepted) == (200, False)
        assert {name: answer.body[name] for name in error} == error
        assert (len(vendor.network.threads), vendor.face.groups) == (0, {})
        (row,) = vendor.listed()
        assert (row["status"], row["error_code"], row["group_id"]) == (status, 10001, "")
        assert vendor.status(answer.body["message_handle"]) == status

    def test_error_for_a_message_that_went_out(self, vendor: Sendblue) -> None:
        """The answer may be wrong: the handle tells the truth later."""
        vendor.face.answer_next({"status": "ERROR", "error_code": 10002}, done=True)
        answer = vendor.direct()
        assert answer.accepted
        vendor.clock.advance(SENT_AFTER.total_seconds())
        assert vendor.status(answer.body["message_handle"]) == "SENT"
        assert vendor.phone(ANN).texts == ["Hello"]

    def test_http_error(self, vendor: Sendblue) -> None:
        """With an HTTP error nothing is kept."""
        vendor.face.answer_next({"error": "sorry"}, 503, done=False, whole=True)
        answer = vendor.send()
        assert (answer.status, answer.body, answer.accepted) == (503, {"error": "sorry"}, False)
        assert vendor.face.messages == []

    def test_reply_to_what_never_went(self, vendor: Sendblue) -> None:
        """A group that was not made holds no message to reply to."""
        vendor.face.answer_next({"status": "ERROR"}, done=False)
        handle = vendor.send().body["message_handle"]
        refused(vendor.send(reply_to={"message_handle": handle}), 400, text="conversation")

    def test_a_refused_send_does_not_use_it_up(self, vendor: Sendblue) -> None:
        vendor.face.answer_next({"status": "PENDING"})
        refused(vendor.send(from_number=""), 400)
        assert vendor.send().body["status"] == "PENDING"


class TestDashboard:
    def test_human(self, vendor: Sendblue) -> None:
        """Somebody else writes on the same line: listed as ours, with the seat's address."""
        group_id = vendor.group()
        sent = vendor.face.human_sends(group_id, "By hand")
        (row,) = (row for row in vendor.listed(is_outbound="true") if row["content"] == "By hand")
        assert (row["message_handle"], row["sender_email"], row["seat_id"]) == (sent.handle, SEAT_EMAIL, SEAT)
        assert row["group_id"] == group_id
        assert vendor.phone(BOB).texts == ["Hello", "By hand"]


class TestGroup:
    def test_membership(self, vendor: Sendblue) -> None:
        group_id = vendor.group()
        vendor.face.groups[group_id].thread.participants.add(EMAIL)
        vendor.face.groups[group_id].thread.name = "Named on a phone"
        answer = vendor.get(f"/api/v2/groups/{group_id}")
        data = GroupRetrieveResponse.model_validate(answer.body).data
        assert data is not None
        assert data.participants is not None
        assert [(person.handle, person.phone, person.type) for person in data.participants] == [
            (ANN, ANN, "contact"),
            (BOB, BOB, "contact"),
            (CAT, CAT, "contact"),
            (EMAIL, None, "contact"),
        ]
        assert data.participant_numbers == [ANN, BOB, CAT]
        assert (data.group_id, data.group_name, data.group_photo) == (group_id, "Named on a phone", None)
        (row,) = vendor.listed()
        assert data.latest_message_id == row["message_handle"]
        assert row["group_display_name"] == "Named on a phone"

    def test_group_without_messages(self, vendor: Sendblue) -> None:
        """What a group has no word of is null."""
        group_id = vendor.group()
        vendor.face.messages.clear()
        data = vendor.get(f"/api/v2/groups/{group_id}").body["data"]
        assert (data["latest_message_id"], data["latest_comm_at"], data["group_name"]) == (None, None, None)

    def test_long_id(self, vendor: Sendblue) -> None:
        refused(vendor.get("/api/v2/groups/" + "x" * 161), 400)

    @pytest.mark.parametrize("name", ["Road trip", "", None])
    def test_rename(self, vendor: Sendblue, name: str | None) -> None:
        """The name is on the phones' thread; null and the empty text clear it."""
        group_id = vendor.group()
        vendor.face.groups[group_id].thread.name = "Before"
        answer = vendor.post(f"/api/v2/groups/{group_id}/name", group_name=name)
        renamed = GroupRenameResponse.model_validate(answer.body)
        assert (renamed.data.group_name, renamed.data.from_number) == (name or "", LINE)
        assert vendor.face.groups[group_id].thread.name == (name or "")

    def test_rename_refusals(self, vendor: Sendblue) -> None:
        path = f"/api/v2/groups/{vendor.group()}/name"
        refused(vendor.post(path), 400, text="group_name")
        refused(vendor.post(path, group_name="  "), 400, text="group_name")
        refused(vendor.post(path, group_name="x" * 256), 400, text="group_name")
        refused(vendor.post(path, group_name="x", from_number=SECOND_LINE), 400, key="unsupported_line")
        assert vendor.post(path, group_name="x" * 255, from_number=LINE).accepted
        refused(vendor.post(f"/api/v2/groups/{UNKNOWN}/name", group_name="x"), 404)

    def test_photo(self, vendor: Sendblue) -> None:
        path = f"/api/v2/groups/{vendor.group()}"
        answer = vendor.post(f"{path}/photo", photo_url="https://example.com/us.PNG")
        photo = GroupSetPhotoResponse.model_validate(answer.body).data.group_photo
        assert photo is not None
        assert vendor.get(path).body["data"]["group_photo"] == {"photo_guid": photo.photo_guid, "url": photo.url}
        cleared = vendor.post(f"{path}/photo", photo_url=None)
        assert GroupSetPhotoResponse.model_validate(cleared.body).data.group_photo is None
        assert vendor.get(path).body["data"]["group_photo"] is None

    def test_photo_refusals(self, vendor: Sendblue) -> None:
        path = f"/api/v2/groups/{vendor.group()}/photo"
        refused(vendor.post(path), 400, text="photo_url")
        refused(vendor.post(path, photo_url="http://example.com/us.png"), 400, text="photo_url")
        refused(vendor.post(path, photo_url="https://example.com/us.webp"), 400, text="photo_url")
        refused(vendor.call("POST", path, b"--boundary"), 400)

    def test_sms_group_cannot_be_changed(self, vendor: Sendblue) -> None:
        vendor.phone(BOB).imessage = False
        group_id = vendor.group()
        path = f"/api/v2/groups/{group_id}"
        refused(vendor.post(f"{path}/name", group_name="x"), 400, key="unsupported_line")
        refused(vendor.post(f"{path}/photo", photo_url=None), 400, key="unsupported_line")
        refused(vendor.modify(group_id, "add", DAN), 400, key="unsupported_group")

    def test_group_without_our_line(self, vendor: Sendblue) -> None:
        """Once the line has been taken out, nothing acts."""
        group_id = vendor.group()
        vendor.face.groups[group_id].thread.participants.remove(LINE)
        refused(vendor.modify(group_id, "add", DAN), 400, key="line_not_registered")
        refused(vendor.post(f"/api/v2/groups/{group_id}/name", group_name="x"), 400, key="unsupported_line")
        refused(vendor.send(group_id=group_id), 400, text="participant")


class TestModify:
    @pytest.mark.parametrize("number", [DAN, EMAIL])
    def test_add(self, vendor: Sendblue, number: str) -> None:
        group_id = vendor.group(ANN, BOB)
        answer = vendor.modify(group_id, "add", number)
        done = GroupModifyResponse.model_validate(answer.body)
        assert (done.status, done.group_id, done.modify_type, done.number, done.error) == (
            "OK",
            group_id,
            "add_recipient",
            number,
            None,
        )
        assert vendor.members(group_id) == sorted([ANN, BOB, number])
        vendor.send("Welcome", group_id=group_id)
        assert vendor.phone(number).texts == ["Welcome"]

    def test_remove(self, vendor: Sendblue) -> None:
        """Four in all are enough, the line included; three are not."""
        group_id = vendor.group(ANN, BOB, CAT)
        assert vendor.modify(group_id, "remove", BOB).accepted
        assert vendor.members(group_id) == [ANN, CAT]
        refused(vendor.modify(group_id, "remove", ANN), 400, key="group_too_small")
        vendor.send("Bye", group_id=group_id)
        assert vendor.phone(BOB).texts == ["Hello"]

    @pytest.mark.parametrize(
        ("body", "key"),
        [
            ({"group_id": ""}, "invalid_request"),
            ({"number": None}, "invalid_request"),
            ({"modify_type": "rename"}, "invalid_request"),
            ({"number": "312"}, "invalid_number"),
            ({"number": LINE}, "self_target"),
            ({"number": LINE, "modify_type": "remove_recipient"}, "company_owned_line"),
            ({"number": SECOND_LINE}, "from_number_required"),
            ({"from_number": SECOND_LINE}, "line_not_registered"),
        ],
    )
    def test_refusals(self, vendor: Sendblue, body: dict[str, Any], key: str) -> None:
        """The key says why, and nothing is changed."""
        group_id = vendor.group()
        given = {"group_id": group_id, "modify_type": "add_recipient", "number": DAN, **body}
        answer = vendor.post(MODIFY, **given)
        refused(answer, 400, key=key)
        assert GroupModifyResponse.model_validate(answer.body).error == key
        assert vendor.members(group_id) == [ANN, BOB, CAT]

    def test_second_line(self, vendor: Sendblue) -> None:
        """With two lines in the group, the acting one must be named."""
        group_id = vendor.group()
        assert vendor.modify(group_id, "add", SECOND_LINE, from_number=LINE).accepted
        assert vendor.face.groups[group_id].lines == (LINE, SECOND_LINE)
        refused(vendor.modify(group_id, "add", DAN), 400, key="ambiguous_sending_line")
        assert vendor.modify(group_id, "add", DAN, from_number=SECOND_LINE).accepted
        vendor.send("Twice ours", group_id=group_id)
        assert [row["is_outbound"] for row in vendor.listed()] == [True, True]  # no echo on the other line

    def test_sms_phone_cannot_be_added(self, vendor: Sendblue) -> None:
        vendor.phone(DAN).imessage = False
        refused(vendor.modify(vendor.group(), "add", DAN), 400, key="recipient_not_imessage")

    @pytest.mark.parametrize(("counts", "most"), [(False, 3), (True, 4)])
    def test_most_people(self, counts: bool, most: int) -> None:
        vendor = Sendblue(limit_counts_line=counts)
        group_id = vendor.group(ANN, BOB)
        vendor.face.limits.people = most
        assert vendor.modify(group_id, "add", CAT).accepted
        refused(vendor.modify(group_id, "add", DAN), 400, key="group_too_large")


class TestInbound:
    def test_private(self, vendor: Sendblue) -> None:
        """A private message is listed as received, outside any group."""
        vendor.phone(ANN).send("Hi there", to=LINE)
        (row,) = vendor.listed(is_outbound="false")
        assert (row["status"], row["content"], row["message_type"]) == ("RECEIVED", "Hi there", "message")
        assert (row["from_number"], row["number"], row["to_number"], row["sendblue_number"]) == (ANN, ANN, LINE, LINE)
        assert (row["group_id"], row["participants"], row["service"]) == ("", [], "iMessage")
        assert row["message_handle"] == row["message_handle"].upper()

    def test_sms(self, vendor: Sendblue) -> None:
        vendor.phone(ANN).imessage = False
        vendor.phone(ANN).send("Hi", to=LINE)
        assert vendor.listed()[0]["service"] == "SMS"

    def test_group_answer(self, vendor: Sendblue) -> None:
        """An answer carries the group's id, and everybody in it."""
        group_id = vendor.group()
        (thread,) = vendor.phone(ANN).threads
        vendor.phone(ANN).send("Yes", thread=thread.id)
        (row,) = vendor.listed(is_outbound="false")
        assert (row["group_id"], row["message_type"], row["from_number"]) == (group_id, "group", ANN)
        assert row["participants"] == sorted([LINE, ANN, BOB, CAT])

    def test_an_answer_shows_that_the_chat_is_there(self, vendor: Sendblue) -> None:
        group_id = vendor.send().body["group_id"]
        (thread,) = vendor.phone(ANN).threads
        vendor.phone(ANN).send("Yes", thread=thread.id)
        assert vendor.post(f"/api/v2/groups/{group_id}/name", group_name="Now").accepted

    @pytest.mark.parametrize("apple", [True, False])
    def test_group_of_a_phone(self, vendor: Sendblue, apple: bool) -> None:
        """People put the line into a group of their own: it has an id from then on."""
        people = {LINE, ANN, *(f"+131255501{n}" for n in range(60, 72))}
        thread = vendor.network.apple_group(people) if apple else vendor.network.thread(people)
        vendor.network.post(thread, ANN, "Join us")
        vendor.network.post(thread, BOB, "Do")
        (group_id,) = vendor.face.groups
        assert [row["group_id"] for row in vendor.listed()] == [group_id, group_id]
        assert vendor.listed()[0]["service"] == ("iMessage" if apple else "SMS")
        assert vendor.send("Thanks", group_id=group_id).accepted
        assert "Thanks" in vendor.phone(ANN).texts

    def test_attachments_come_apart(self, vendor: Sendblue) -> None:
        """Each attachment is a message with its own handle."""
        media = ["https://example.com/1.jpg", "https://example.com/2.jpg"]
        vendor.phone(ANN).send("Look", to=LINE, media=media)
        rows = vendor.listed(order_direction="asc")
        assert [(row["content"], row["media_url"]) for row in rows] == [("Look", media[0]), ("", media[1])]
        assert len({row["message_handle"] for row in rows}) == 2


class TestOptOut:
    @pytest.mark.parametrize("word", ["STOP", " Unsubscribe ", "opt out", "quit"])
    def test_stop(self, vendor: Sendblue, word: str) -> None:
        """A stop word blocks what follows, until START."""
        group_id = vendor.group()
        vendor.phone(BOB).send(word, to=LINE)
        refused(vendor.direct(BOB), 400, key="OPTED_OUT")
        answer = vendor.send("Anyone?", group_id=group_id)
        refused(answer, 400, key="OPTED_OUT")
        assert BOB not in json.dumps(answer.body)
        assert vendor.phone(ANN).texts == ["Hello"]
        vendor.phone(BOB).send("Start", to=LINE)
        assert vendor.direct(BOB).accepted
        assert [row["opted_out"] for row in vendor.listed(is_outbound="false", order_direction="asc")] == [True, False]

    def test_call(self, vendor: Sendblue) -> None:
        answer = vendor.post(OPT_OUT, number=ANN)
        assert ContactOptOutResponse.model_validate(answer.body).opted_out is True
        refused(vendor.direct(ANN), 400, key="OPTED_OUT")
        assert vendor.post(OPT_OUT, number=ANN, opted_out=False).body["opted_out"] is False
        assert vendor.direct(ANN).accepted
        refused(vendor.post(OPT_OUT, number="Ann"), 400)
        refused(vendor.post(OPT_OUT, number=ANN, opted_out="no"), 400)


class TestTyping:
    def test_one_person(self, vendor: Sendblue) -> None:
        vendor.direct(ANN)
        answer = vendor.post(TYPING, from_number=LINE, number=ANN)
        assert TypingIndicatorSendResponse.model_validate(answer.body).status == "SENT"

    def test_refusals(self, vendor: Sendblue) -> None:
        """Groups are not supported, nor people one has not talked to."""
        group_id = vendor.group()
        refused(vendor.post(TYPING, from_number=LINE, number=ANN), 400, text="No route mapping found")
        refused(vendor.post(TYPING, from_number="", number=ANN), 400, text="No route mapping found")
        refused(vendor.post(TYPING, from_number=LINE, number=ANN, group_id=group_id), 400, text="group")
        refused(vendor.post(TYPING, from_number=LINE, number=[ANN, BOB]), 400, text="group")


class TestList:
    @pytest.fixture
    def full(self) -> Sendblue:
        """A group message, a direct one by text, one in, and one on the other line: in this order."""
        vendor = Sendblue()
        vendor.send("group")
        vendor.phone(DAN).imessage = False
        vendor.direct(DAN, "direct")
        vendor.phone(ANN).send("in", to=LINE)
        vendor.direct(CAT, "other", from_number=SECOND_LINE)
        return vendor

    @pytest.mark.parametrize(
        ("query", "found"),
        [
            ({}, ["other", "in", "direct", "group"]),
            ({"order_direction": "asc"}, ["group", "direct", "in", "other"]),
            ({"order_by": "updated_at", "order_direction": "asc"}, ["group", "direct", "in", "other"]),
            ({"message_type": "group"}, ["group"]),
            ({"message_type": "message", "is_outbound": "true"}, ["other", "direct"]),
            ({"is_outbound": "false"}, ["in"]),
            ({"from_number": LINE}, ["direct", "group"]),
            ({"from_number": ANN}, ["in"]),
            ({"to_number": BOB}, ["group"]),
            ({"to_number": LINE}, ["in"]),
            ({"number": ANN}, ["in", "group"]),
            ({"sendblue_number": SECOND_LINE}, ["other"]),
            ({"service": "SMS"}, ["direct"]),
            ({"service": "RCS"}, []),
            ({"status": "QUEUED"}, ["other", "direct", "group"]),
            ({"status": "RECEIVED"}, ["in"]),
            ({"account_email": ACCOUNT_EMAIL, "group_id": UNKNOWN}, []),
            ({"account_email": "else@example.com"}, []),
            ({"limit": "2", "offset": "1"}, ["in", "direct"]),
        ],
    )
    def test_filters(self, full: Sendblue, query: dict[str, str], found: list[str]) -> None:
        assert [row["content"] for row in full.listed(**query)] == found

    def test_group_filter(self, full: Sendblue) -> None:
        (group_id,) = full.face.groups
        assert [row["content"] for row in full.listed(group_id=group_id)] == ["group"]

    @pytest.mark.parametrize("field", ["created_at", "sent_at", "updated_at"])
    def test_spans(self, vendor: Sendblue, field: str) -> None:
        """Moments are in ISO 8601, with or without a zone."""
        vendor.direct(ANN, "early")
        vendor.clock.advance(100)
        middle = vendor.clock.now()
        vendor.clock.advance(100)
        vendor.direct(ANN, "late")
        for moment in (middle.isoformat(), middle.replace(tzinfo=None).isoformat()):
            assert [row["content"] for row in vendor.listed(**{f"{field}_gte": moment})] == ["late"]
            assert [row["content"] for row in vendor.listed(**{f"{field}_lte": moment})] == ["early"]

    def test_pagination(self, full: Sendblue) -> None:
        answer = full.get(LIST, limit="3", offset="0")
        assert answer.body["pagination"] == {"total": 4, "limit": 3, "offset": 0, "hasMore": True}
        answer = full.get(LIST, limit="3", offset="3")
        assert answer.body["pagination"] == {"total": 4, "limit": 3, "offset": 3, "hasMore": False}
        assert full.get(LIST).body["pagination"]["limit"] == 50
        assert full.get(LIST, limit="5000").body["pagination"]["limit"] == 1000

    @pytest.mark.parametrize(
        "query",
        [
            {"message_type": "inbound"},
            {"is_outbound": "True"},
            {"service": "imessage"},
            {"status": "READ"},
            {"limit": "-1"},
            {"offset": "many"},
            {"offset": "10001"},
            {"order_by": "content"},
            {"order_direction": "up"},
            {"created_at_gte": "yesterday"},
        ],
    )
    def test_refusals(self, vendor: Sendblue, query: dict[str, str]) -> None:
        refused(vendor.get(LIST, **query), 400)

    def test_rate(self, vendor: Sendblue) -> None:
        """A hundred requests in ten seconds, then 429."""
        vendor.clock.advance(1)
        for _ in range(100):
            assert vendor.get(LIST).status == 200
        refused(vendor.get(LIST), 429)
        vendor.clock.advance(10)
        assert vendor.get(LIST).status == 200

    def test_updated(self, vendor: Sendblue) -> None:
        """The date of a change is the change's own."""
        vendor.direct()
        vendor.clock.advance(60)
        (row,) = vendor.listed()
        dates = [datetime.fromisoformat(row[name]) for name in ("date_sent", "date_updated")]
        assert dates[1] - dates[0] == DELIVERED_AFTER

    def test_group_that_everybody_left(self, vendor: Sendblue) -> None:
        """A message to nobody is still a message."""
        group_id = vendor.group(ANN, BOB)
        vendor.face.groups[group_id].thread.participants -= {ANN, BOB}
        assert vendor.send(group_id=group_id).body["number"] == []
        assert vendor.listed()[0]["to_number"] is None


class TestDoubts:
    """Each reading of what the papers leave open really differs."""

    @pytest.mark.parametrize(("merges", "groups"), [("same_group", 1), ("new_group", 2)])
    @pytest.mark.parametrize("imessage", [True, False])
    def test_merges(self, merges: str, groups: int, imessage: bool) -> None:
        """Apple's threads are as many as the groups; MMS knows but one for the same people."""
        vendor = Sendblue(merges=merges)
        vendor.phone(ANN).imessage = imessage
        vendor.send("One")
        vendor.send("Two", numbers=[BOB, ANN, BOB])
        assert len(vendor.face.groups) == groups
        assert len(vendor.phone(BOB).threads) == (groups if imessage else 1)

    def test_single_member(self) -> None:
        """A group of one other lands in the private thread."""
        vendor = Sendblue()
        vendor.direct(ANN)
        assert vendor.send(numbers=[ANN]).body["message_type"] == "group"
        assert len(vendor.phone(ANN).threads) == 1
        refused(Sendblue(single_member="refused").send(numbers=[ANN]), 400)

    def test_agent_plan(self) -> None:
        """The plan may answer where a human put the line, and create nothing."""
        vendor = Sendblue(agent_plan=True)
        refused(vendor.send(), 403)
        vendor.network.post(vendor.network.apple_group({LINE, ANN, BOB}), ANN, "Come")
        (group_id,) = vendor.face.groups
        assert vendor.send(group_id=group_id).accepted
        assert vendor.send().accepted  # the same people: nothing is created

    @pytest.mark.parametrize("status", [404, 400])
    def test_unknown_group(self, status: int) -> None:
        vendor = Sendblue(unknown_group=status)
        refused(vendor.send(group_id=UNKNOWN), status)
        refused(vendor.get(f"/api/v2/groups/{UNKNOWN}"), status)
        refused(vendor.modify(UNKNOWN, "add", DAN), status)

    def test_line_in_membership(self) -> None:
        vendor = Sendblue(line_in_membership=True)
        path = f"/api/v2/groups/{vendor.group()}"
        body = vendor.get(path).body
        assert GroupRetrieveResponse.model_validate(body).data
        (seat,) = (person for person in body["data"]["participants"] if person["type"] == "seat")
        assert (seat["handle"], seat["seat_id"]) == (LINE, SEAT)
        assert LINE in body["data"]["participant_numbers"]

    @pytest.mark.parametrize(("doubt", "given"), [("given", True), ("absent", False)])
    def test_worker_group_id(self, doubt: str, given: bool) -> None:
        """The device's id is known once the chat is there."""
        vendor = Sendblue(worker_group_id=doubt)
        path = f"/api/v2/groups/{vendor.send().body['group_id']}"
        assert vendor.get(path).body["data"]["worker_group_id"] is None
        vendor.clock.advance(SENT_AFTER.total_seconds())
        assert (vendor.get(path).body["data"]["worker_group_id"] is not None) is given

    @pytest.mark.parametrize("status", [200, 202])
    def test_send_status(self, status: int) -> None:
        vendor = Sendblue(send_status=status)
        assert (vendor.send().status, vendor.direct().status) == (status, status)

    def test_group_id(self) -> None:
        """The answer may hold it back; the list has it."""
        for choice, said in (("absent", None), ("empty", "")):
            vendor = Sendblue(group_id=choice)
            body = vendor.send().body
            assert body.get("group_id") == said
            assert ("group_id" in body) is (choice == "empty")
            assert vendor.listed()[0]["group_id"] in vendor.face.groups

    @pytest.mark.parametrize("key", ["accountEmail", "account_email"])
    def test_email_key(self, key: str) -> None:
        body = Sendblue(email_key=key).direct().body
        assert {"accountEmail", "account_email"} & body.keys() == {key}

    @pytest.mark.parametrize("key", ["date_sent", "date_created"])
    def test_date_key(self, key: str) -> None:
        body = Sendblue(date_key=key).direct().body
        assert {"date_sent", "date_created"} & body.keys() == {key}

    @pytest.mark.parametrize(("choice", "fields"), [("array", [ANN, BOB]), ("string", ANN), ("absent", None)])
    def test_number_field(self, choice: str, fields: object) -> None:
        body = Sendblue(number_field=choice).send().body
        assert (body.get("number"), body.get("to_number")) == (fields, fields)
        assert ("number" in body) is (choice != "absent")

    @pytest.mark.parametrize("choice", [True, False])
    def test_line_in_participants(self, choice: bool) -> None:
        """Of messages out, that is; those in always list everybody."""
        vendor = Sendblue(line_in_participants=choice)
        assert (LINE in vendor.send().body["participants"]) is choice
        vendor.phone(ANN).send("Yes", thread=vendor.phone(ANN).threads[0].id)
        assert LINE in vendor.listed()[0]["participants"]

    def test_handle_in_answer(self) -> None:
        vendor = Sendblue(handle_in_answer=False)
        assert "message_handle" not in vendor.send().body
        assert vendor.listed()[0]["message_handle"]

    def test_media_only(self) -> None:
        media_url = "https://example.com/a.jpg"
        assert Sendblue().send("", media_url=media_url).accepted
        refused(Sendblue(media_only=False).send("", media_url=media_url), 400, code=4000)

    def test_send_style(self) -> None:
        assert Sendblue(send_style="applied").send(send_style="echo").body["send_style"] == "echo"
        assert Sendblue(send_style="ignored").send(send_style="echo").body["send_style"] is None
        refused(Sendblue(send_style="refused").send(send_style="echo"), 400)
        assert Sendblue(send_style="refused").direct(send_style="echo").accepted

    def test_opt_out_member(self) -> None:
        """Ignored, it still holds for one person."""
        vendor = Sendblue(opt_out_member="ignored")
        vendor.post(OPT_OUT, number=BOB)
        assert vendor.send().accepted
        assert vendor.phone(BOB).texts == ["Hello"]
        refused(vendor.direct(BOB), 400)

    @pytest.mark.parametrize(("choice", "accepted"), [("ignored", True), ("opts_out", False)])
    def test_group_stop(self, choice: str, accepted: bool) -> None:
        vendor = Sendblue(group_stop=choice)
        group_id = vendor.group()
        vendor.phone(ANN).send("Stop", thread=vendor.phone(ANN).threads[0].id)
        assert vendor.phone(BOB).texts[-1] == "Stop"
        assert vendor.send(group_id=group_id).accepted is accepted

    def test_declined_status(self) -> None:
        """A declined message may be a success on the wire; it is listed, and reaches nobody."""
        vendor = Sendblue(declined_status=200)
        group_id = vendor.group()
        vendor.post(OPT_OUT, number=BOB)
        for answer in (vendor.direct(BOB), vendor.send(group_id=group_id), vendor.send(numbers=[BOB, DAN])):
            assert (answer.status, answer.accepted, answer.body["error_key"]) == (200, False, "OPTED_OUT")
            assert vendor.status(answer.body["message_handle"]) == "ERROR"
        assert [row["error_key"] for row in vendor.listed(status="ERROR")] == ["OPTED_OUT"] * 3
        assert vendor.phone(BOB).texts == ["Hello"]
        assert len(vendor.face.groups) == 1

    @pytest.mark.parametrize("counted", [False, True])
    def test_new_members_counted(self, counted: bool) -> None:
        vendor = Sendblue(new_members_counted=counted)
        vendor.face.limits.new_contacts_per_hour = 2
        assert vendor.send(numbers=[ANN, BOB]).accepted
        assert vendor.send(numbers=[ANN, CAT]).accepted is not counted

    def test_modify_answer(self) -> None:
        vendor = Sendblue(modify_answer="legacy")
        answer = vendor.modify(vendor.group(), "add", DAN)
        assert answer.accepted
        assert answer.body.keys() == {"message", "status"}
        assert GroupModifyResponse.model_validate(answer.body).status == "OK"

    @pytest.mark.parametrize("status", [400, 200])
    def test_modify_refusal(self, status: int) -> None:
        """A refusal may be a success on the wire."""
        vendor = Sendblue(modify_refusal=status)
        refused(vendor.modify(vendor.group(ANN, BOB), "remove", BOB), status, key="group_too_small")

    @pytest.mark.parametrize("kind", [("add", ANN), ("remove", DAN)])
    def test_present_member(self, kind: tuple[str, str]) -> None:
        for choice in ("error", "ok"):
            vendor = Sendblue(present_member=choice)
            group_id = vendor.group()
            assert vendor.modify(group_id, *kind).accepted is (choice == "ok")
            assert vendor.members(group_id) == [ANN, BOB, CAT]

    @pytest.mark.parametrize("status", [400, 409, 422])
    @pytest.mark.parametrize("field", ["error", "message"])
    def test_change_refusal(self, status: int, field: str) -> None:
        """Where the word is, and with what status, is open."""
        vendor = Sendblue(change_refusal=status, refusal_key=field)
        path = f"/api/v2/groups/{vendor.send().body['group_id']}/name"
        answer = vendor.post(path, group_name="x")
        refused(answer, status)
        assert answer.body[field] == "chat_not_found"

    @pytest.mark.parametrize(("choice", "accepted"), [("refused", False), ("accepted", True)])
    def test_rename_early(self, choice: str, accepted: bool) -> None:
        """Before the chat is on the device, and after."""
        vendor = Sendblue(rename_early=choice)
        group_id = vendor.send().body["group_id"]
        path = f"/api/v2/groups/{group_id}"
        assert vendor.post(f"{path}/name", group_name="x").accepted is accepted
        assert vendor.post(f"{path}/photo", photo_url=None).accepted is accepted
        assert vendor.modify(group_id, "add", CAT).accepted is accepted
        vendor.clock.advance(SENT_AFTER.total_seconds())
        assert vendor.post(f"{path}/name", group_name="y").accepted
        assert vendor.modify(group_id, "add", DAN).accepted

    def test_list_lag(self) -> None:
        """Not listed yet, though its handle is known."""
        vendor = Sendblue(list_lag=5)
        handle = vendor.send().body["message_handle"]
        assert vendor.listed() == []
        assert vendor.status(handle) == "QUEUED"
        vendor.clock.advance(5)
        assert len(vendor.listed()) == 1

    @pytest.mark.parametrize(("choice", "found"), [("honoured", 0), ("ignored", 1)])
    def test_created_filter(self, choice: str, found: int) -> None:
        vendor = Sendblue(created_filter=choice)
        vendor.direct()
        assert len(vendor.listed(created_at_gte="2099-01-01T00:00:00Z")) == found

    @pytest.mark.parametrize(("choice", "stored"), [("exact", "Hello \n"), ("trimmed", "Hello")])
    def test_content_stored(self, choice: str, stored: str) -> None:
        """The device may trim a text; the answer still has it as given."""
        vendor = Sendblue(content_stored=choice)
        assert vendor.send("Hello \n").body["content"] == "Hello \n"
        assert vendor.listed()[0]["content"] == stored
