"""The stand-in for MessageBird answers as MessageBird's papers say, and in both ways where they are silent."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import httpx
import messagebird  # type: ignore[import-untyped]
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

from groupmessenger.sandbox import Sandbox
from groupmessenger.sandbox.clock import Clock
from groupmessenger.sandbox.face import Answer, Call
from groupmessenger.sandbox.phones import Network, Phone

ANN, BOB, CAT, DAN = (f"+1312555016{n}" for n in range(4))
FAR = "+442079460123"
UNKNOWN = "0123456789abcdef" * 2
KEY = {"authorization": f"AccessKey {ACCESS_KEY}"}
TEST = {"authorization": f"AccessKey {TEST_KEY}"}
FORM = {"content-type": "application/x-www-form-urlencoded"}
PICTURE = "https://example.com/a.jpg"
_SOURCE = Path(__file__).read_text(encoding="utf-8")
_CALLBACKS = Path(__file__).with_name("test_face_callbacks.py").read_text(encoding="utf-8")


def digits(number: str) -> int:
    return int(number.removeprefix("+"))


class MessageBird:
    """The face, called as a client would."""

    def __init__(self, **doubts: Any) -> None:
        self.clock = Clock()
        self.network = Network(self.clock)
        self.face = MessageBirdFace(self.network, self.clock, doubts)

    def call(self, method: str, path: str, body: Any = None, *, headers: Any = KEY, **query: str) -> Answer:
        content = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        for route in self.face.routes():
            there, wanted = path.split("/"), route.path.split("/")
            pairs = list(zip(wanted, there, strict=False))
            if method == route.method and len(there) == len(wanted):
                parameters = {name[1:-1]: value for name, value in pairs if name.startswith("{")}
                if all(name.startswith("{") or name == value for name, value in pairs):
                    return route.handler(Call(method, path, query, parameters, headers, content))
        return self.face.not_found(Call(method, path, query, {}, headers, content))

    def post(self, path: str, **body: Any) -> Answer:
        return self.call("POST", path, body)

    def get(self, path: str, **query: str) -> Answer:
        return self.call("GET", path, **query)

    def put(self, path: str, **body: Any) -> Answer:
        return self.call("PUT", path, body)

    def patch(self, path: str, **body: Any) -> Answer:
        return self.call("PATCH", path, body)

    def delete(self, path: str) -> Answer:
        return self.call("DELETE", path)

    def contact(self, number: str = ANN, **body: Any) -> str:
        answer = self.post("/contacts", msisdn=digits(number), **body)
        assert answer.accepted, answer
        return str(answer.body["id"])

    def group(self, *numbers: str, name: str = "Neighbours") -> str:
        """A group of these, who become contacts."""
        group_id = str(self.post("/groups", name=name).body["id"])
        ids = [self.contact(number) for number in numbers]
        for start in range(0, len(ids), 50):
            assert self.put(f"/groups/{group_id}/contacts", ids=ids[start : start + 50]).status == 204
        return group_id

    def send(self, text: str = "Hello", **body: Any) -> Answer:
        if "groupIds" not in body:
            body = {"recipients": [ANN, BOB], **body}
        return self.post("/messages", **{"originator": LINE, "body": text, **body})

    def mms(self, **body: Any) -> Answer:
        return self.post("/mms", **{"originator": LINE, "recipients": [ANN, BOB], "mediaUrls": [PICTURE], **body})

    def members(self, group_id: str) -> list[int]:
        return [item["msisdn"] for item in self.get(f"/groups/{group_id}/contacts").body["items"]]

    def listed(self, path: str = "/messages", **query: str) -> list[dict[str, Any]]:
        return list(self.get(path, **query).body["items"])

    def item(self, answer: Answer, number: str = ANN, path: str = "/messages") -> dict[str, Any]:
        """What is said of one recipient of a send."""
        items = self.get(f"{path}/{answer.body['id']}").body["recipients"]["items"]
        (item,) = (item for item in items if item["recipient"] == digits(number))
        return dict(item)

    def phone(self, number: str) -> Phone:
        return self.network.phones[number]

    def texts(self, *numbers: str) -> list[list[str]]:
        return [self.phone(number).texts for number in numbers]

    def deliver(self) -> None:
        self.clock.advance(DELIVERED_AFTER.total_seconds())


class SdkClient:
    """What the vendor's SDK takes for its HTTP: the face instead."""

    def __init__(self, vendor: MessageBird) -> None:
        self.vendor = vendor

    def request(self, path: str, method: str = "GET", params: Any = None, *_: Any) -> str:
        parts = urlsplit(path)
        query = dict(parse_qsl(parts.query))
        answer = self.vendor.call(method, f"/{parts.path}", params, **query)
        return "" if answer.body is None else json.dumps(answer.body)


@pytest.fixture
def vendor() -> MessageBird:
    return MessageBird()


@pytest.fixture
def sdk(vendor: MessageBird) -> Any:
    return messagebird.Client(ACCESS_KEY, SdkClient(vendor))


def refused(answer: Answer, status: int = 422, code: int = 10, *, parameter: str | None = "", text: str = "") -> None:
    """The answer is a refusal that did nothing."""
    assert (answer.status, answer.accepted) == (status, False)
    (error,) = answer.body["errors"]
    assert error.keys() == {"code", "description", "parameter"}
    assert error["code"] == code
    assert parameter in ("", error["parameter"])
    assert text in error["description"]


def empty(answer: Answer) -> None:
    """The answer is a success that says nothing."""
    assert (answer.status, answer.body, answer.accepted) == (204, None, True)
    assert answer.headers["content-type"].startswith("text/html")


class TestAccount:
    def test_settings_are_those_of_the_connection(self, vendor: MessageBird) -> None:
        """They are the provider's settings and no others."""
        assert vendor.face.settings("http://sandbox/messagebird") == {
            "line": LINE,
            "access_key": ACCESS_KEY,
            "base_url": "http://sandbox/messagebird",
            "signing_keys": [SIGNING_KEY],
            "other_lines": [SECOND_LINE],
            "settle_after": 0,
        }

    def test_keys(self) -> None:
        """They look like the vendor's."""
        assert re.fullmatch("[A-Za-z0-9]{25}", ACCESS_KEY)
        assert re.fullmatch("test_[A-Za-z0-9]{25}", TEST_KEY)

    @pytest.mark.parametrize(
        "given",
        [
            None,
            "AccessKey",
            "AccessKey wrong",
            f"Bearer {ACCESS_KEY}",
            "AccessKey bk_us1_0123456789abcdef",
            "Basic !",
            "Basic " + base64.b64encode(b"AccessKey:wrong").decode(),
            "Basic " + base64.b64encode(f"Else:{ACCESS_KEY}".encode()).decode(),
        ],
    )
    def test_wrong_key(self, vendor: MessageBird, given: str | None) -> None:
        """Every call is refused without the key, a path that is not served as well."""
        headers = {} if given is None else {"Authorization": given}
        handlers = [(route.method, route.path, route.handler) for route in vendor.face.routes()]
        for method, path, handler in [*handlers, ("GET", "/nowhere", vendor.face.not_found)]:
            answer = handler(Call(method, path, headers=headers))
            refused(answer, 401, 2, parameter="access_key")
            assert answer.headers["WWW-Authenticate"].startswith("Basic realm=")

    def test_basic(self, vendor: MessageBird) -> None:
        """The key may come as HTTP Basic."""
        password = base64.b64encode(f"AccessKey:{ACCESS_KEY}".encode()).decode()
        assert vendor.call("GET", "/groups", headers={"Authorization": f"Basic {password}"}).status == 200

    def test_operations(self, vendor: MessageBird) -> None:
        """Faults and the log name the calls so."""
        assert [route.operation for route in vendor.face.routes()] == [
            "create_group",
            "list_groups",
            "get_group",
            "rename_group",
            "delete_group",
            "list_members",
            "add_members",
            "remove_member",
            "create_contact",
            "list_contacts",
            "get_contact",
            "update_contact",
            "delete_contact",
            "contact_groups",
            "contact_messages",
            "send",
            "list_messages",
            "get_message",
            "delete_message",
            "send_mms",
            "list_mms",
            "get_mms",
            "delete_mms",
            "balance",
        ]

    def test_doubts(self, vendor: MessageBird) -> None:
        """Each doubt has a name of its own and at least two readings."""
        names = [doubt.name for doubt in vendor.face.doubts]
        assert len(names) == len(set(names))
        assert all(len(doubt.choices) > 1 and doubt.what for doubt in vendor.face.doubts)

    def test_balance(self, vendor: MessageBird) -> None:
        assert vendor.get("/balance").body == {"payment": "postpaid", "type": "credits", "amount": 0}
        vendor.face.balance = 7
        assert vendor.get("/balance").body["amount"] == 7

    @pytest.mark.parametrize("body", [b"[]", b"{", b'"text"', b"name=Home"])
    def test_unreadable_body(self, vendor: MessageBird, body: bytes) -> None:
        refused(vendor.call("POST", "/groups", body), 400, 21)

    @pytest.mark.parametrize("body", [b"", b"null", b"{}"])
    def test_no_body(self, vendor: MessageBird, body: bytes) -> None:
        refused(vendor.call("POST", "/groups", body), code=9, parameter="name")

    def test_rate(self, vendor: MessageBird, monkeypatch: pytest.MonkeyPatch) -> None:
        """There is no cap unless a test sets one."""
        now = vendor.clock.now()
        monkeypatch.setattr(vendor.clock, "now", lambda: now)
        vendor.face.requests_per_second = 2
        assert [vendor.get("/groups").status for _ in range(3)] == [200, 200, 429]
        answer = vendor.get("/groups")
        refused(answer, 429, 21)
        assert answer.headers == {}
        monkeypatch.setattr(vendor.clock, "now", lambda: now + timedelta(seconds=1))
        assert vendor.get("/groups").status == 200


class TestLists:
    def test_envelope(self, vendor: MessageBird) -> None:
        """The links drop the limit."""
        for n in range(5):
            vendor.post("/groups", name=f"Group {n}")
        body = vendor.get("/groups", limit="2", offset="2").body
        assert [group["name"] for group in body.pop("items")] == ["Group 2", "Group 1"]
        links = body.pop("links")
        assert body == {"offset": 2, "limit": 2, "count": 2, "totalCount": 5}
        assert {name: urlsplit(link)[2:4] for name, link in links.items()} == {
            "first": ("/groups", "offset=0"),
            "previous": ("/groups", "offset=0"),
            "next": ("/groups", "offset=4"),
            "last": ("/groups", "offset=4"),
        }

    @pytest.mark.parametrize("path", ["/groups", "/contacts", "/messages", "/mms"])
    def test_empty(self, vendor: MessageBird, path: str) -> None:
        """All links are null."""
        body = vendor.get(path).body
        assert (body["count"], body["totalCount"], body["items"]) == (0, 0, [])
        assert body["links"] == dict.fromkeys(("first", "previous", "next", "last"))

    def test_one_page(self, vendor: MessageBird) -> None:
        vendor.contact()
        body = vendor.get("/contacts").body
        assert (body["limit"], body["links"]["previous"], body["links"]["next"]) == (20, None, None)

    def test_links_to_elsewhere(self, vendor: MessageBird) -> None:
        """Those of a group's members lead to all contacts, and those of messages have a slash too many."""
        group_id = vendor.group(ANN)
        vendor.send()
        assert urlsplit(vendor.get(f"/groups/{group_id}/contacts").body["links"]["first"]).path == "/contacts"
        assert urlsplit(vendor.get("/messages").body["links"]["first"]).path == "/messages/"

    def test_limits(self, vendor: MessageBird) -> None:
        assert vendor.get("/groups", limit="500").body["limit"] == 100
        assert vendor.get("/groups", limit="0").body["limit"] == 0
        for query in ({"limit": "-1"}, {"limit": "all"}, {"offset": "-1"}):
            refused(vendor.get("/groups", **query), parameter=next(iter(query)))


class TestGroups:
    def test_create_and_read(self, vendor: MessageBird) -> None:
        answer = vendor.post("/groups", name="Home")
        assert (answer.status, answer.accepted) == (201, True)
        group = answer.body
        assert re.fullmatch("[0-9a-f]{32}", group["id"])
        assert (group["name"], group["contacts"]["totalCount"]) == ("Home", 0)
        assert group["contacts"]["href"] == f"{group['href']}/contacts"
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+00:00", group["createdDatetime"])
        assert vendor.get(f"/groups/{group['id']}").body == group

    def test_form(self, vendor: MessageBird) -> None:
        """Forms are taken as well as JSON; lists by brackets, by repetition or with commas."""
        body = urlencode({"name": "Café"}).encode()
        group_id = vendor.call("POST", "/groups", body, headers=KEY | FORM).body["id"]
        assert vendor.face.groups[group_id].name == "Café"
        ids = [vendor.contact(number) for number in (ANN, BOB, CAT, DAN)]
        path = f"/groups/{group_id}/contacts"
        for form in (f"ids[]={ids[0]}", f"ids[0]={ids[1]}&ids[1]={ids[0]}", f"ids={ids[2]}&ids={ids[3]}"):
            empty(vendor.call("PUT", path, form.encode(), headers=KEY | FORM))
        assert vendor.face.groups[group_id].members == ids

    def test_names_are_not_unique(self, vendor: MessageBird) -> None:
        assert vendor.group() != vendor.group()

    def test_rename(self, vendor: MessageBird) -> None:
        group_id = vendor.group()
        answer = vendor.patch(f"/groups/{group_id}", name="Work")
        assert (answer.status, answer.body["id"], answer.body["name"]) == (200, group_id, "Work")
        refused(vendor.patch(f"/groups/{group_id}", name=" "), code=9, parameter="name")
        refused(vendor.patch(f"/groups/{group_id}", name=["x"]), code=10, parameter="name")

    def test_delete(self, vendor: MessageBird) -> None:
        """The contacts stay."""
        group_id = vendor.group(ANN)
        empty(vendor.delete(f"/groups/{group_id}"))
        refused(vendor.get(f"/groups/{group_id}"), 404, 20)
        assert (vendor.face.groups, len(vendor.face.contacts)) == ({}, 1)

    def test_unknown(self, vendor: MessageBird) -> None:
        path = f"/groups/{UNKNOWN}"
        answers = [vendor.get(path), vendor.patch(path, name="x"), vendor.delete(path), vendor.get(f"{path}/contacts")]
        answers += [vendor.put(f"{path}/contacts", ids=[UNKNOWN]), vendor.delete(f"{path}/contacts/{UNKNOWN}")]
        for answer in answers:
            refused(answer, 404, 20, parameter=None, text="group not found")

    def test_members(self, vendor: MessageBird) -> None:
        group_id = vendor.group(ANN, BOB)
        assert vendor.members(group_id) == [digits(ANN), digits(BOB)]
        assert vendor.get(f"/groups/{group_id}").body["contacts"]["totalCount"] == 2
        first = next(iter(vendor.face.contacts))
        empty(vendor.delete(f"/groups/{group_id}/contacts/{first}"))
        assert vendor.members(group_id) == [digits(BOB)]
        assert first in vendor.face.contacts

    def test_adding_again(self, vendor: MessageBird) -> None:
        group_id = vendor.group(ANN)
        empty(vendor.put(f"/groups/{group_id}/contacts", ids=list(vendor.face.contacts)))
        assert vendor.members(group_id) == [digits(ANN)]

    def test_one_to_fifty_at_once(self, vendor: MessageBird) -> None:
        ids = [vendor.contact(f"+131255502{n}") for n in range(10, 61)]
        path = f"/groups/{vendor.group()}/contacts"
        refused(vendor.put(path, ids=ids), parameter="ids")
        refused(vendor.put(path, ids=[]), code=9, parameter="ids")
        refused(vendor.put(path, ids=[True]), parameter="ids")
        refused(vendor.put(path, ids=7), 404, 20)
        empty(vendor.put(path, ids=ids[:50]))

    def test_the_sdks_path_is_not_served(self, vendor: MessageBird, sdk: Any) -> None:
        """The official SDK forgets `/contacts`."""
        group_id = vendor.group()
        contact_id = vendor.contact()
        with pytest.raises(messagebird.client.ErrorException, match="not found") as caught:
            sdk.group_add_contacts(group_id, [contact_id])
        assert [error.code for error in caught.value.errors] == [20]
        assert vendor.members(group_id) == []

    def test_sdk(self, vendor: MessageBird, sdk: Any) -> None:
        """The official SDK reads every field."""
        group_id = vendor.group(ANN, BOB)
        group = sdk.group(group_id)
        assert (group.id, group.name, group.contacts.totalCount) == (group_id, "Neighbours", 2)
        names = {name.lstrip("_") for name in vars(messagebird.group.Group())}
        assert vendor.get(f"/groups/{group_id}").body.keys() == names
        assert isinstance(group.createdDatetime, datetime)
        sdk.group_update(group_id, "Friends")
        sdk.group_remove_contact(group_id, next(iter(vendor.face.contacts)))
        (listed,) = sdk.group_list().items
        assert (listed.name, listed.contacts.totalCount) == ("Friends", 1)
        assert sdk.group_create("New").name == "New"
        sdk.group_delete(group_id)
        assert [group.name for group in vendor.face.groups.values()] == ["New"]


class TestContacts:
    def test_create_and_read(self, vendor: MessageBird) -> None:
        """The number is read back as an integer; custom fields are flat when written, below customDetails when read."""
        answer = vendor.post("/contacts", msisdn="13125550160", firstName="Ann", lastName="Lee", custom2="two")
        assert (answer.status, answer.accepted) == (201, True)
        contact = answer.body
        assert contact["msisdn"] == 13125550160
        assert (contact["firstName"], contact["lastName"]) == ("Ann", "Lee")
        assert contact["customDetails"] == {"custom1": None, "custom2": "two", "custom3": None, "custom4": None}
        assert (contact["groups"]["totalCount"], contact["messages"]["totalCount"]) == (0, 0)
        assert contact["updatedDatetime"] is None
        assert vendor.get(f"/contacts/{contact['id']}").body == contact

    @pytest.mark.parametrize("msisdn", ["+13125550160", "0123456789", "Ann", "123", True, [1], 1.5])
    def test_wrong_number(self, vendor: MessageBird, msisdn: Any) -> None:
        refused(vendor.post("/contacts", msisdn=msisdn), parameter="msisdn", text="msisdn is invalid")

    def test_no_number(self, vendor: MessageBird) -> None:
        refused(vendor.post("/contacts", firstName="Ann"), code=9, parameter="msisdn")

    def test_duplicate(self, vendor: MessageBird) -> None:
        vendor.contact()
        refused(vendor.post("/contacts", msisdn=str(digits(ANN))), parameter="msisdn", text="already exists")
        assert len(vendor.face.contacts) == 1

    def test_update(self, vendor: MessageBird) -> None:
        """The unchanged number is a duplicate of itself."""
        vendor.contact(BOB)
        path = f"/contacts/{vendor.contact(firstName='An', lastName='Lee')}"
        answer = vendor.patch(path, firstName="Ann", custom1="one")
        assert (answer.status, answer.body["firstName"], answer.body["lastName"]) == (200, "Ann", "Lee")
        assert answer.body["customDetails"]["custom1"] == "one"
        assert answer.body["updatedDatetime"] is not None
        for number in (ANN, BOB):
            refused(vendor.patch(path, msisdn=digits(number), firstName="x"), text="already exists")
        assert vendor.patch(path, msisdn=digits(CAT)).body["msisdn"] == digits(CAT)
        assert vendor.get(path).body["firstName"] == "Ann"

    def test_delete(self, vendor: MessageBird) -> None:
        """It leaves its groups."""
        group_id = vendor.group(ANN, BOB)
        first = next(iter(vendor.face.contacts))
        empty(vendor.delete(f"/contacts/{first}"))
        assert vendor.members(group_id) == [digits(BOB)]
        refused(vendor.get(f"/contacts/{first}"), 404, 20, text="contact not found")
        refused(vendor.get(f"/contacts/{digits(BOB)}"), 404, 20)

    def test_filter(self, vendor: MessageBird) -> None:
        for number in (ANN, BOB):
            vendor.contact(number)
        assert [contact["msisdn"] for contact in vendor.listed("/contacts")] == [digits(BOB), digits(ANN)]
        for wanted in (str(digits(ANN)), f" {digits(ANN)}"):
            assert [contact["msisdn"] for contact in vendor.listed("/contacts", msisdn=wanted)] == [digits(ANN)]
        assert vendor.listed("/contacts", msisdn=str(digits(CAT))) == []

    def test_groups_and_messages(self, vendor: MessageBird) -> None:
        """From the contact's side: what it is in, and what went to and fro."""
        group_id = vendor.group(ANN)
        vendor.send("Both")
        vendor.phone(ANN).send("Yes", to=LINE)
        vendor.send("Not Ann", recipients=[BOB])
        path = f"/contacts/{next(iter(vendor.face.contacts))}"
        assert [group["id"] for group in vendor.listed(f"{path}/groups")] == [group_id]
        assert [message["body"] for message in vendor.listed(f"{path}/messages")] == ["Yes", "Both"]
        body = vendor.get(path).body
        assert (body["groups"]["totalCount"], body["messages"]["totalCount"]) == (1, 2)

    def test_sdk(self, vendor: MessageBird, sdk: Any) -> None:
        contact = sdk.contact_create(digits(ANN), {"firstName": "Ann", "custom4": "four"})
        assert (contact.msisdn, contact.firstName, contact.customDetails.custom4) == (digits(ANN), "Ann", "four")
        sdk.contact_update(contact.id, {"lastName": "Lee"})
        assert sdk.contact(contact.id).lastName == "Lee"
        names = {name.lstrip("_") for name in vars(messagebird.contact.Contact())}
        assert vendor.listed("/contacts")[0].keys() == names
        assert sdk.contact_list().totalCount == 1
        sdk.contact_delete(contact.id)
        assert vendor.face.contacts == {}


class TestSend:
    def test_answer(self, vendor: MessageBird) -> None:
        answer = vendor.send(reference="mine", reportUrl="https://example.com/report", validity=60)
        assert (answer.status, answer.accepted) == (201, True)
        body = answer.body
        recipients = body.pop("recipients")
        (message,) = vendor.face.messages
        assert body == {
            "id": message.id,
            "href": body["href"],
            "direction": "mt",
            "type": "sms",
            "originator": LINE,
            "body": "Hello",
            "reference": "mine",
            "validity": 60,
            "gateway": 1,
            "typeDetails": {},
            "datacoding": "plain",
            "mclass": 1,
            "scheduledDatetime": None,
            "createdDatetime": body["createdDatetime"],
        }
        items = recipients.pop("items")
        assert list(recipients.values()) == [2, 2, 0, 0]
        assert items == [
            {
                "recipient": digits(number),
                "status": "sent",
                "statusDatetime": body["createdDatetime"],
                "messagePartCount": 1,
            }
            for number in (ANN, BOB)
        ]
        assert message.report_url == "https://example.com/report"

    def test_sdk(self, vendor: MessageBird, sdk: Any) -> None:
        """The official SDK reads every field, and joins the recipients with commas."""
        sent = sdk.message_create(LINE, [ANN, BOB], "Hello", {"reference": "mine"})
        assert (sent.reference, len(sent.recipients["items"])) == ("mine", 2)
        names = {name.lstrip("_") for name in vars(messagebird.message.Message())}
        assert vendor.listed()[0].keys() == names
        assert sdk.message(sent.id).recipients["items"][0].status == "sent"
        assert sdk.message_list().totalCount == 1
        assert sdk.balance().payment == "postpaid"
        sdk.message_delete(sent.id)
        with pytest.raises(messagebird.client.ErrorException, match="message not found"):
            sdk.message(sent.id)

    def test_private_copies(self, vendor: MessageBird) -> None:
        """Everybody has it in a thread of two, and nobody sees the others."""
        group_id = vendor.group(ANN, BOB)
        vendor.send("Supper", groupIds=[group_id])
        for number in (ANN, BOB):
            (thread,) = vendor.phone(number).threads
            assert thread.participants == {LINE, number}
            assert [shown.sender for shown in vendor.phone(number).messages[thread.id]] == [LINE]
        vendor.phone(ANN).send("Yes", thread=vendor.phone(ANN).threads[0].id)
        assert vendor.texts(ANN, BOB) == [["Supper", "Yes"], ["Supper"]]
        (reply,) = vendor.listed(direction="mo")
        assert (reply["originator"], reply["body"], reply["direction"]) == (str(digits(ANN)), "Yes", "mo")
        assert [item["recipient"] for item in reply["recipients"]["items"]] == [digits(LINE)]
        assert "group" not in json.dumps(reply)

    @pytest.mark.parametrize(
        "recipients",
        [[ANN, BOB], [str(digits(ANN)), digits(BOB)], f"{ANN},{BOB}", f"{digits(ANN)}, {digits(BOB)}", [ANN, BOB, ANN]],
    )
    def test_ways_to_name_recipients(self, vendor: MessageBird, recipients: Any) -> None:
        assert vendor.send(recipients=recipients).body["recipients"]["totalCount"] == 2
        assert vendor.texts(ANN, BOB) == [["Hello"], ["Hello"]]

    def test_form(self, vendor: MessageBird) -> None:
        form = f"originator={digits(LINE)}&recipients={digits(ANN)},{digits(BOB)}&body=Hi+there&validity=60&mclass=0"
        body = vendor.call("POST", "/messages", form.encode(), headers=KEY | FORM).body
        assert (body["validity"], body["mclass"], body["originator"]) == (60, 0, str(digits(LINE)))
        assert vendor.texts(ANN, BOB) == [["Hi there"], ["Hi there"]]

    @pytest.mark.parametrize(
        ("body", "code", "parameter"),
        [
            ({"recipients": []}, 9, "recipient"),
            ({"recipients": None}, 9, "recipient"),
            ({"recipients": "Ann"}, 9, "recipient"),
            ({"recipients": [{}]}, 10, "recipients"),
            ({"recipients": [f"+1312555{n}" for n in range(1000, 1051)]}, 10, "recipient"),
            ({"originator": None}, 10, "originator"),
            ({"originator": "+13125550199"}, 10, "originator"),
            ({"originator": "TwelveLetter"}, 10, "originator"),
            ({"originator": "Caf\u00e9"}, 10, "originator"),
            ({"originator": "inbox"}, 10, "originator"),
            ({"body": ""}, 9, "body"),
            ({"body": ["x"]}, 10, "body"),
            ({"body": "x" * 1378}, 10, "body"),
            ({"type": "premium"}, 10, "type"),
            ({"datacoding": "utf-8"}, 10, "datacoding"),
            ({"validity": "long"}, 10, "validity"),
            ({"scheduledDatetime": "tomorrow"}, 10, "scheduledDatetime"),
            ({"groupIds": [UNKNOWN], "recipients": []}, 10, "groupIds"),
        ],
    )
    def test_refusals(self, vendor: MessageBird, body: dict[str, Any], code: int, parameter: str) -> None:
        """Nobody sees anything, and nothing is kept."""
        given = {"originator": LINE, "recipients": [ANN], "body": "Hello", **body}
        refused(vendor.post("/messages", **given), code=code, parameter=parameter)
        assert (vendor.face.messages, vendor.phone(ANN).texts) == ([], [])

    def test_two_errors_at_once(self, vendor: MessageBird) -> None:
        answer = vendor.post("/messages", body="Hello")
        assert [(error["code"], error["parameter"]) for error in answer.body["errors"]] == [
            (9, "recipient"),
            (10, "originator"),
        ]

    def test_fifty_recipients(self, vendor: MessageBird) -> None:
        numbers = [f"+1312555{n}" for n in range(1000, 1050)]
        assert vendor.send(recipients=numbers).body["recipients"]["totalCount"] == 50

    def test_alphanumeric_originator(self, vendor: MessageBird) -> None:
        """Phones show the name; what they answer goes nowhere."""
        assert vendor.send(originator="Bakery7", recipients=[ANN]).accepted
        (thread,) = vendor.phone(ANN).threads
        assert thread.participants == {"Bakery7", ANN}
        assert [shown.sender for shown in vendor.phone(ANN).messages[thread.id]] == ["Bakery7"]
        vendor.phone(ANN).send("Thanks", thread=thread.id)
        assert vendor.listed(direction="mo") == []
        assert vendor.send(originator="Bakery7", recipients=[ANN]).accepted
        assert len(vendor.phone(ANN).threads) == 1

    def test_second_line(self, vendor: MessageBird) -> None:
        vendor.send(originator=SECOND_LINE)
        vendor.send()
        assert [thread.participants for thread in vendor.phone(ANN).threads] == [{SECOND_LINE, ANN}, {LINE, ANN}]

    def test_another_line_as_recipient(self, vendor: MessageBird) -> None:
        """It has the message at once; our own are not heard as replies."""
        heard: list[str] = []
        vendor.network.attach("+13125550198", lambda inbound: heard.append(inbound.text))
        answer = vendor.send(recipients=["+13125550198", SECOND_LINE])
        vendor.deliver()
        assert (heard, len(vendor.face.messages)) == (["Hello"], 1)
        assert vendor.item(answer, "+13125550198")["status"] == "delivered"

    def test_empty_group(self, vendor: MessageBird) -> None:
        refused(vendor.send(groupIds=[vendor.group()]), code=9, text="no (correct) recipients found")

    def test_several_groups(self, vendor: MessageBird) -> None:
        groups = [vendor.group(ANN), vendor.group(BOB)]
        vendor.send(groupIds=groups, recipients=[CAT])
        assert vendor.texts(ANN, BOB, CAT) == [["Hello"]] * 3

    def test_forgetting(self, vendor: MessageBird) -> None:
        """Deleting what was sent calls nothing back."""
        answer = vendor.send()
        empty(vendor.delete(f"/messages/{answer.body['id']}"))
        refused(vendor.get(f"/messages/{answer.body['id']}"), 404, 20, text="message not found")
        assert vendor.texts(ANN) == [["Hello"]]
        assert vendor.face.messages == []

    def test_balance(self, vendor: MessageBird) -> None:
        """Each part of each copy costs one."""
        vendor.face.balance = 5
        vendor.send("x" * 161)
        assert vendor.face.balance == 1
        refused(vendor.send(), 402, 25, text="not enough balance")
        vendor.send(recipients=[ANN])
        assert vendor.get("/balance").body["amount"] == 0

    def test_trial(self, vendor: MessageBird) -> None:
        """A trial account may text its own number alone."""
        group_id = vendor.group(ANN, BOB)
        vendor.face.trial_number = ANN
        assert vendor.face.trial_number == ANN
        refused(vendor.send(recipients=[BOB]), code=9, text="no (correct) recipients found")
        refused(vendor.send(), code=9)
        assert vendor.send(recipients=[ANN]).accepted
        assert vendor.send(groupIds=[group_id]).body["recipients"]["totalCount"] == 1
        assert vendor.texts(ANN, BOB) == [["Hello", "Hello"], []]


class TestEncoding:
    @pytest.mark.parametrize(
        ("datacoding", "text", "shown"),
        [
            (None, "Tea 🍵 at six", "Tea ? at six"),
            ("plain", "Ça va? ça va: €5", "Ça va? ?a va: €5"),
            ("plain", "[Café]\n", "[Café]\n"),
            ("unicode", "Tea 🍵 at six", "Tea 🍵 at six"),
            ("auto", "Tea 🍵 at six", "Tea 🍵 at six"),
        ],
    )
    def test_shown(self, vendor: MessageBird, datacoding: str | None, text: str, shown: str) -> None:
        """Plain is the default and mangles what the GSM alphabet does not have."""
        body = vendor.send(text, **({"datacoding": datacoding} if datacoding else {})).body
        assert vendor.texts(ANN) == [[shown]]
        assert (body["body"], body["datacoding"]) == (text, datacoding or "plain")

    @pytest.mark.parametrize(
        ("datacoding", "text", "parts", "length"),
        [
            ("plain", "x" * 160, 1, 160),
            ("plain", "x" * 161, 2, 161),
            ("plain", "€" * 80, 1, 160),
            ("plain", "€" * 153, 3, 306),  # an escape stays with its character: 76 in a part
            ("plain", "x" * 1377, 9, 1377),
            ("plain", "🍵" * 160, 1, 160),
            ("unicode", "x" * 70, 1, 70),
            ("unicode", "x" * 71, 2, 71),
            ("auto", "x" * 160, 1, 160),
            ("auto", "🍵" * 35, 1, 70),
            ("auto", "🍵" * 67, 3, 134),  # 33 in a part
            ("auto", "ж" * 603, 9, 603),
        ],
    )
    def test_parts(self, vendor: MessageBird, datacoding: str, text: str, parts: int, length: int) -> None:
        item = vendor.item(vendor.send(text, datacoding=datacoding))
        assert (item["messagePartCount"], item["messageLength"]) == (parts, length)

    @pytest.mark.parametrize(
        ("datacoding", "text"),
        [("plain", "x" * 1378), ("plain", "€" * 689), ("unicode", "x" * 604), ("auto", "ж" * 604)],
    )
    def test_too_long(self, vendor: MessageBird, datacoding: str, text: str) -> None:
        refused(vendor.send(text, datacoding=datacoding), parameter="body")


class TestStatus:
    def test_delivered(self, vendor: MessageBird) -> None:
        answer = vendor.send(recipients=[ANN, FAR])
        item = vendor.item(answer)
        assert (item["status"], item["statusReason"], item["statusErrorCode"]) == ("sent", "pending DLR", None)
        vendor.deliver()
        item = vendor.item(answer)
        assert item.keys() == {
            "recipient",
            "originator",
            "status",
            "statusDatetime",
            "messagePartCount",
            "recipientCountry",
            "recipientCountryPrefix",
            "recipientOperator",
            "messageLength",
            "statusErrorCode",
            "statusReason",
            "price",
            "mccmnc",
            "mcc",
            "mnc",
        }
        assert (item["status"], item["statusReason"]) == ("delivered", "successfully delivered")
        assert (item["recipientCountryPrefix"], vendor.item(answer, FAR)["recipientCountry"]) == (1, None)
        recipients = vendor.get(f"/messages/{answer.body['id']}").body["recipients"]
        del recipients["items"]
        assert list(recipients.values()) == [2, 2, 2, 0]

    def test_a_phone_that_is_off(self, vendor: MessageBird) -> None:
        """Sent, until it is on again."""
        vendor.phone(ANN).on = False
        answer = vendor.send()
        vendor.clock.advance(3600)
        assert (vendor.item(answer)["status"], vendor.item(answer, BOB)["status"]) == ("sent", "delivered")
        vendor.phone(ANN).on = True
        vendor.phone(ANN).on = False
        item = vendor.item(answer)
        assert item["status"] == "delivered"
        took = datetime.fromisoformat(item["statusDatetime"]) - datetime.fromisoformat(answer.body["createdDatetime"])
        assert took >= timedelta(hours=1)

    @pytest.mark.parametrize(("validity", "seconds"), [(None, VALIDITY.total_seconds()), (60, 60), (1, 5)])
    def test_expired(self, vendor: MessageBird, validity: int | None, seconds: float) -> None:
        """For good: a phone that comes back too late changes nothing."""
        vendor.phone(ANN).on = False
        answer = vendor.send(recipients=[ANN], validity=validity)
        vendor.clock.advance(seconds - 1)
        assert vendor.item(answer)["status"] == "sent"
        vendor.clock.advance(1)
        vendor.phone(ANN).on = True
        item = vendor.item(answer)
        assert (item["status"], item["statusErrorCode"], item["statusReason"]) == ("expired", 27, "expired")
        recipients = vendor.get(f"/messages/{answer.body['id']}").body["recipients"]
        assert (recipients["totalDeliveredCount"], recipients["totalDeliveryFailedCount"]) == (0, 1)

    def test_short_validity_of_what_is_shown(self, vendor: MessageBird) -> None:
        answer = vendor.send(validity=1)
        vendor.clock.advance(2)
        assert vendor.item(answer)["status"] == "sent"
        vendor.deliver()
        assert vendor.item(answer)["status"] == "delivered"

    def test_landline(self, vendor: MessageBird) -> None:
        vendor.phone(ANN).landline = True
        answer = vendor.send()
        assert vendor.item(answer)["status"] == "sent"
        vendor.deliver()
        item = vendor.item(answer)
        assert (item["status"], item["statusErrorCode"]) == ("delivery_failed", 11)

    def test_opted_out(self, vendor: MessageBird) -> None:
        """By a private stop to the same line; a start takes it back."""
        vendor.phone(ANN).send(" Stop ", to=LINE)
        answer = vendor.send()
        assert vendor.texts(ANN, BOB) == [[" Stop "], ["Hello"]]
        assert vendor.item(answer)["status"] == "sent"
        vendor.deliver()
        item = vendor.item(answer)
        assert (item["status"], item["statusErrorCode"], item["statusReason"]) == ("delivery_failed", 103, "opted out")
        assert vendor.item(answer, BOB)["status"] == "delivered"
        vendor.send("Other line", originator=SECOND_LINE)
        vendor.phone(ANN).send("START", to=LINE)
        vendor.send("Again")
        assert vendor.texts(ANN) == [[" Stop ", "START", "Again", "Other line"]]

    def test_stop_among_others_opts_nobody_out(self, vendor: MessageBird) -> None:
        """What is written to several reaches the line as one person's message."""
        vendor.network.post(vendor.network.thread({LINE, ANN, BOB}), ANN, "stop")
        vendor.send()
        assert vendor.texts(ANN) == [["stop", "Hello"]]
        (message,) = vendor.listed(direction="mo")
        assert message["originator"] == str(digits(ANN))


class TestScheduled:
    def test_sent_when_due(self, vendor: MessageBird) -> None:
        due = vendor.clock.now() + timedelta(hours=1)
        answer = vendor.send(scheduledDatetime=due.isoformat())
        body = answer.body
        assert body["scheduledDatetime"] == due.isoformat(timespec="seconds")
        assert (body["recipients"]["totalCount"], body["recipients"]["totalSentCount"]) == (2, 0)
        assert {(item["status"], item["statusDatetime"]) for item in body["recipients"]["items"]} == {
            ("scheduled", None)
        }
        vendor.clock.advance(3599)
        assert vendor.texts(ANN) == [[]]
        vendor.clock.advance(1)
        assert vendor.texts(ANN, BOB) == [["Hello"], ["Hello"]]
        vendor.deliver()
        assert vendor.item(answer)["status"] == "delivered"

    def test_cancelled(self, vendor: MessageBird) -> None:
        """Nobody is texted, and nothing is paid."""
        vendor.face.balance = 10
        due = vendor.clock.now() + timedelta(hours=1)
        answer = vendor.send(scheduledDatetime=due.isoformat())
        empty(vendor.delete(f"/messages/{answer.body['id']}"))
        vendor.clock.advance(3600)
        assert vendor.texts(ANN) == [[]]
        assert vendor.face.balance == 10

    def test_in_the_past(self, vendor: MessageBird) -> None:
        assert vendor.send(scheduledDatetime="2020-01-01T10:00:00+01:00").accepted
        assert vendor.texts(ANN) == [["Hello"]]


class TestMms:
    def test_separate_messages(self, vendor: MessageBird) -> None:
        answer = vendor.mms(body="Look", subject="Our dog", reference="mine")
        assert (answer.status, answer.accepted) == (201, True)
        names = {name.lstrip("_") for name in vars(messagebird.mms.MMS())}
        assert answer.body.keys() == names
        assert answer.body["recipients"]["items"][0].keys() == {"recipient", "status", "statusDatetime"}
        for number in (ANN, BOB):
            (thread,) = vendor.phone(number).threads
            (shown,) = vendor.phone(number).messages[thread.id]
            assert thread.participants == {LINE, number}
            assert (shown.text, shown.media) == ("Our dog\nLook", (PICTURE,))
        vendor.deliver()
        assert vendor.item(answer, path="/mms")["status"] == "delivered"

    def test_sdk(self, vendor: MessageBird, sdk: Any) -> None:
        """The official SDK sends null for what it has not."""
        sent = sdk.mms_create(LINE, [ANN, BOB], "Look", PICTURE)
        assert (sent.subject, sent.mediaUrls, len(sent.recipients["items"])) == (None, [PICTURE], 2)

    def test_own_list(self, vendor: MessageBird) -> None:
        mms_id = vendor.mms().body["id"]
        vendor.send()
        vendor.phone(ANN).send("Mine", to=LINE, media=[PICTURE])
        assert [message["mediaUrls"] for message in vendor.listed("/mms")] == [[PICTURE], [PICTURE]]
        assert [message["direction"] for message in vendor.listed("/mms")] == ["mo", "mt"]
        assert len(vendor.listed()) == 1
        refused(vendor.get(f"/messages/{mms_id}"), 404, 20)
        empty(vendor.delete(f"/mms/{mms_id}"))
        refused(vendor.get(f"/mms/{mms_id}"), 404, 20)

    @pytest.mark.parametrize(
        ("body", "code", "parameter"),
        [
            ({"originator": "Bakery"}, 10, "originator"),
            ({"recipients": []}, 9, "recipient"),
            ({"recipients": [f"+1312555{n}" for n in range(1000, 1051)]}, 10, "recipient"),
            ({"recipients": [ANN, FAR]}, 10, "recipient"),
            ({"groupIds": [UNKNOWN]}, 10, "groupIds"),
            ({"mediaUrls": []}, 9, "body"),
            ({"mediaUrls": ["ftp://example.com/a.jpg"]}, 10, "mediaUrls"),
            ({"mediaUrls": ["https:///a.jpg"]}, 10, "mediaUrls"),
            ({"mediaUrls": [PICTURE] * 11}, 10, "mediaUrls"),
            ({"body": "x" * 2001}, 10, "body"),
            ({"subject": "x" * 257}, 10, "subject"),
        ],
    )
    def test_refusals(self, vendor: MessageBird, body: dict[str, Any], code: int, parameter: str) -> None:
        refused(vendor.mms(**body), code=code, parameter=parameter)
        assert (vendor.face.messages, vendor.phone(ANN).texts) == ([], [])

    def test_most(self, vendor: MessageBird) -> None:
        assert vendor.mms(mediaUrls=[PICTURE] * 10, body="🍵" * 2000, subject="x" * 256).accepted
        assert vendor.mms(mediaUrls=None, body="Text alone").accepted

    def test_a_phone_without_mms(self, vendor: MessageBird) -> None:
        vendor.phone(ANN).mms = False
        answer = vendor.mms()
        vendor.deliver()
        assert vendor.item(answer, path="/mms")["status"] == "delivery_failed"
        assert vendor.item(answer, BOB, path="/mms")["status"] == "delivered"


class TestReading:
    @pytest.fixture
    def full(self) -> MessageBird:
        """A day's messages: one to Ann, one from her, one on the other line, and one that was not sent yet."""
        vendor = MessageBird()
        vendor.send("first", recipients=[ANN])
        vendor.clock.advance(60)
        vendor.phone(ANN).send("reply", to=LINE)
        vendor.send("second", recipients=[BOB, CAT], originator=SECOND_LINE)
        due = vendor.clock.now() + timedelta(days=1)
        vendor.send("later", recipients=[DAN], originator="Bakery", scheduledDatetime=due.isoformat())
        return vendor

    @pytest.mark.parametrize(
        ("query", "found"),
        [
            ({}, ["later", "second", "reply", "first"]),
            ({"direction": "mt"}, ["later", "second", "first"]),
            ({"direction": "mo"}, ["reply"]),
            ({"originator": LINE}, ["first"]),
            ({"originator": f" {digits(SECOND_LINE)}"}, ["second"]),
            ({"originator": str(digits(ANN)), "direction": "mo"}, ["reply"]),
            ({"originator": "Bakery"}, ["later"]),
            ({"status": "scheduled"}, ["later"]),
            ({"status": "sent"}, ["second"]),
            ({"status": "delivered", "direction": "mt"}, ["first"]),
            ({"status": "buffered"}, []),
            ({"searchterm": str(digits(CAT))}, ["second"]),
            ({"searchterm": "second"}, []),
            ({"recipient": str(digits(CAT))}, ["later", "second", "reply", "first"]),
            ({"limit": "1", "offset": "1"}, ["second"]),
        ],
    )
    def test_filters(self, full: MessageBird, query: dict[str, str], found: list[str]) -> None:
        """The newest first. That `recipient` filters nothing is what users report."""
        assert [row["body"] for row in full.listed(**query)] == found

    def test_span(self, full: MessageBird) -> None:
        """A + that became a space is understood."""
        first = full.face.messages[0].created
        for moment in (first + timedelta(seconds=30)).isoformat(), (first + timedelta(seconds=30)).isoformat(" "):
            assert [row["body"] for row in full.listed(**{"from": moment, "direction": "mt"})] == ["later", "second"]
        spaced = first.isoformat(timespec="seconds").replace("+", " ")
        assert [row["body"] for row in full.listed(until=spaced)] == ["first"]
        naive = first.replace(tzinfo=None).isoformat(timespec="seconds")
        assert [row["body"] for row in full.listed(until=naive)] == ["first"]

    @pytest.mark.parametrize("query", [{"direction": "up"}, {"status": "lost"}, {"from": "noon"}, {"until": "2026-99"}])
    def test_wrong_filter(self, vendor: MessageBird, query: dict[str, str]) -> None:
        refused(vendor.get("/messages", **query), parameter=next(iter(query)))


class TestTestKey:
    def test_nothing_is_done(self, vendor: MessageBird) -> None:
        """It is told of a message that nobody gets and that cannot be read."""
        body = {"originator": LINE, "recipients": [ANN], "body": "Hello"}
        answer = vendor.call("POST", "/messages", body, headers=TEST)
        assert (answer.status, answer.accepted) == (201, False)
        assert answer.body["recipients"]["totalSentCount"] == 1
        for headers in (TEST, KEY):
            refused(vendor.call("GET", f"/messages/{answer.body['id']}", headers=headers), 404, 20)
        assert (vendor.texts(ANN), vendor.face.messages) == ([[]], [])
        assert vendor.network.lines.keys() == {LINE, SECOND_LINE}

    def test_it_is_judged_all_the_same(self, vendor: MessageBird) -> None:
        refused(vendor.call("POST", "/messages", {"originator": LINE, "body": "Hi"}, headers=TEST), code=9)

    def test_groups(self, vendor: MessageBird) -> None:
        """Groups are made up as well."""
        group_id = vendor.group(ANN)
        assert vendor.call("POST", "/groups", {"name": "x"}, headers=TEST).status == 201
        assert vendor.call("GET", "/groups", headers=TEST).body["totalCount"] == 0
        body = {"originator": LINE, "groupIds": [group_id], "body": "Hello"}
        refused(vendor.call("POST", "/messages", body, headers=TEST), parameter="groupIds")
        assert len(vendor.face.groups) == 1


class TestForced:
    def test_fields(self, vendor: MessageBird) -> None:
        """The next send says what it is told, and the one after it what it likes."""
        vendor.face.answer_next({"reference": "odd"}, 200)
        answer = vendor.send()
        assert (answer.status, answer.body["reference"], answer.accepted) == (200, "odd", True)
        assert vendor.texts(ANN) == [["Hello"]]
        assert vendor.send().status == 201

    def test_failure_inside_a_success(self, vendor: MessageBird) -> None:
        """It reaches nobody, and can be read."""
        vendor.face.answer_next({}, done=False)
        answer = vendor.send()
        assert (answer.status, answer.accepted) == (201, False)
        assert vendor.texts(ANN) == [[]]
        assert vendor.item(answer)["status"] == "delivery_failed"

    def test_http_error(self, vendor: MessageBird) -> None:
        """With an HTTP error nothing is kept."""
        vendor.face.answer_next({"sorry": True}, 503, done=False, whole=True)
        answer = vendor.mms()
        assert (answer.status, answer.body, answer.accepted) == (503, {"sorry": True}, False)
        assert vendor.face.messages == []

    def test_a_refused_send_does_not_use_it_up(self, vendor: MessageBird) -> None:
        vendor.face.answer_next({"reference": "odd"})
        refused(vendor.send(originator=""))
        assert vendor.send().body["reference"] == "odd"


class TestDoubts:
    """Each reading of what the papers leave open really differs."""

    def test_every_doubt_is_driven(self) -> None:
        """No doubt is left to its first reading here, or in the tests of what the vendor calls."""
        driven = set(re.findall(r"\bMessageBird\((\w+)=", _SOURCE))
        calls = re.findall(r"\b(?:reading|noted)\(([^)]+)", _CALLBACKS)
        driven |= {name for each in calls for name in re.findall(r"(\w+)=", each)}
        assert driven == {doubt.name for doubt in MessageBirdFace.doubts}

    def test_wrong_key(self) -> None:
        refused(MessageBird(wrong_key="new").call("GET", "/groups", headers={}), 401, 2, parameter=None)
        answer = MessageBird(wrong_key="mixed").call("POST", "/messages", headers={})
        assert (answer.status, [error["code"] for error in answer.body["errors"]]) == (401, [2, 9, 10])

    def test_test_key(self) -> None:
        """Contacts and groups may be the real ones; messages never are."""
        vendor = MessageBird(test_key="all")
        answer = vendor.call("POST", "/groups", {"name": "Home"}, headers=TEST)
        assert answer.accepted
        path = f"/groups/{answer.body['id']}/contacts"
        assert vendor.call("PUT", path, {"ids": [vendor.contact()]}, headers=TEST).accepted
        assert vendor.members(answer.body["id"]) == [digits(ANN)]
        body = {"originator": LINE, "groupIds": [answer.body["id"]], "body": "Hello"}
        sent = vendor.call("POST", "/messages", body, headers=TEST)
        assert (sent.status, sent.accepted, vendor.texts(ANN)) == (201, False, [[]])

    @pytest.mark.parametrize("code", [20, 98])
    def test_unknown_path(self, code: int) -> None:
        refused(MessageBird(unknown_path=code).get("/voice"), 404, code)

    def test_retry_after(self) -> None:
        vendor = MessageBird(retry_after=1)
        vendor.face.requests_per_second = 0
        assert vendor.get("/groups").headers == {"Retry-After": "1"}

    @pytest.mark.parametrize("limit", [20, 10])
    def test_default_limit(self, limit: int) -> None:
        assert MessageBird(default_limit=limit).get("/groups").body["limit"] == limit

    def test_limit_above_20(self) -> None:
        """The limit of a page is what it was, whatever was asked for."""
        assert MessageBird(limit_above_20="honoured").get("/groups", limit="100").body["limit"] == 100
        assert MessageBird(limit_above_20="capped").get("/groups", limit="100").body["limit"] == 20
        vendor = MessageBird(limit_above_20="refused")
        refused(vendor.get("/groups", limit="21"), parameter="limit")
        assert vendor.get("/groups", limit="20").body["limit"] == 20

    @pytest.mark.parametrize("status", [201, 200])
    def test_contact_created(self, status: int) -> None:
        assert MessageBird(contact_created=status).post("/contacts", msisdn=digits(ANN)).status == status

    def test_contact_plus(self) -> None:
        vendor = MessageBird(contact_plus="accepted")
        assert vendor.post("/contacts", msisdn=ANN).body["msisdn"] == digits(ANN)

    def test_same_msisdn(self) -> None:
        """Two contacts with one number, whose copies are one; the unchanged number is refused all the same."""
        vendor = MessageBird(same_msisdn="created")
        group_id = vendor.group(ANN, ANN)
        assert len(vendor.listed("/contacts", msisdn=str(digits(ANN)))) == 2
        vendor.send(groupIds=[group_id])
        assert vendor.texts(ANN) == [["Hello"]]
        refused(vendor.patch(f"/contacts/{next(iter(vendor.face.contacts))}", msisdn=digits(ANN)))

    @pytest.mark.parametrize("code", [10, 101])
    def test_duplicate_code(self, code: int) -> None:
        vendor = MessageBird(duplicate_code=code)
        vendor.contact()
        refused(vendor.post("/contacts", msisdn=digits(ANN)), code=code, text="already exists")

    def test_msisdn_filter(self) -> None:
        vendor = MessageBird(msisdn_filter="ignored")
        for number in (ANN, BOB):
            vendor.contact(number)
        assert len(vendor.listed("/contacts", msisdn=str(digits(CAT)))) == 2

    def test_several_hits(self) -> None:
        """Strangers come first."""
        vendor = MessageBird(several_hits=True)
        for number in (ANN, BOB, FAR, CAT):
            vendor.contact(number)
        for wanted in (ANN, BOB, CAT):
            found = [contact["msisdn"] for contact in vendor.listed("/contacts", msisdn=str(digits(wanted)))]
            assert (len(found), found[-1]) == (3, digits(wanted))

    @pytest.mark.parametrize("unset", [None, ""])
    def test_unset_custom(self, unset: str | None) -> None:
        vendor = MessageBird(unset_custom=unset)
        path = f"/contacts/{vendor.contact(custom1='one')}"
        assert list(vendor.get(path).body["customDetails"].values()) == ["one", unset, unset, unset]

    @pytest.mark.parametrize("status", [201, 200])
    def test_group_created(self, status: int) -> None:
        assert MessageBird(group_created=status).post("/groups", name="Home").status == status

    def test_same_name(self) -> None:
        vendor = MessageBird(same_name="refused")
        vendor.group(name="Home")
        refused(vendor.post("/groups", name="Home"), code=101, parameter="name")
        assert vendor.post("/groups", name="Work").accepted

    def test_rename_answer(self) -> None:
        vendor = MessageBird(rename_answer="empty")
        group_id = vendor.group()
        empty(vendor.patch(f"/groups/{group_id}", name="Work"))
        assert vendor.face.groups[group_id].name == "Work"

    def test_contacts_href(self) -> None:
        body = MessageBird(contacts_href="group").post("/groups", name="Home").body
        assert body["contacts"]["href"] == body["href"]

    @pytest.mark.parametrize(
        ("reading", "status", "added"), [("nothing", 404, 0), ("others_404", 404, 1), ("others_204", 204, 1)]
    )
    def test_unknown_member(self, reading: str, status: int, added: int) -> None:
        """The log tells whether anybody was added, whatever was answered."""
        vendor = MessageBird(unknown_member=reading)
        group_id = vendor.group()
        answer = vendor.put(f"/groups/{group_id}/contacts", ids=[UNKNOWN, vendor.contact()])
        assert (answer.status, answer.accepted, len(vendor.members(group_id))) == (status, bool(added), added)

    def test_present_member(self) -> None:
        vendor = MessageBird(present_member="error")
        group_id = vendor.group(ANN)
        ids = [*vendor.face.contacts, vendor.contact(BOB)]
        refused(vendor.put(f"/groups/{group_id}/contacts", ids=ids), parameter="ids")
        assert vendor.members(group_id) == [digits(ANN)]

    def test_absent_member(self) -> None:
        for vendor in (MessageBird(absent_member=404), MessageBird(absent_member=204)):
            answer = vendor.delete(f"/groups/{vendor.group(ANN)}/contacts/{vendor.contact(BOB)}")
            if vendor.face.doubt["absent_member"] == 204:
                empty(answer)
            else:
                refused(answer, 404, 20, text="contact not found")

    def test_unknown_group(self) -> None:
        refused(MessageBird(unknown_group=404).send(groupIds=[UNKNOWN]), 404, 20, text="group not found")

    def test_empty_group(self) -> None:
        """A message to nobody is still a message."""
        vendor = MessageBird(empty_group="accepted")
        body = vendor.send(groupIds=[vendor.group()]).body
        assert body["recipients"]["totalCount"] == 0
        refused(vendor.send(recipients=[]), code=9)

    @pytest.mark.parametrize("reading", ["sent", "refused"])
    def test_big_group(self, reading: str) -> None:
        """Fifty are never too many."""
        numbers = [f"+1312555{n}" for n in range(1000, 1051)]
        vendor = MessageBird(big_group=reading)
        group_id = vendor.group(*numbers[:50])
        assert vendor.send(groupIds=[group_id]).accepted
        vendor.put(f"/groups/{group_id}/contacts", ids=[vendor.contact(numbers[50])])
        answer = vendor.send(groupIds=[group_id])
        if reading == "sent":
            assert answer.body["recipients"]["totalCount"] == 51
        else:
            refused(answer, parameter="groupIds")
        assert len(vendor.phone(numbers[0]).texts) == (2 if reading == "sent" else 1)

    @pytest.mark.parametrize(("reading", "copies"), [("once", 1), ("twice", 2)])
    def test_overlap(self, reading: str, copies: int) -> None:
        vendor = MessageBird(overlap=reading)
        body = vendor.send(groupIds=[vendor.group(ANN, BOB)], recipients=[ANN, ANN]).body
        assert body["recipients"]["totalCount"] == copies + 1
        assert vendor.texts(ANN, BOB) == [["Hello"] * copies, ["Hello"]]

    def test_wrong_recipient(self) -> None:
        refused(MessageBird(wrong_recipient="refused").send(recipients=["Ann", BOB]), code=9)
        vendor = MessageBird(wrong_recipient="dropped")
        assert vendor.send(recipients=["Ann", BOB]).body["recipients"]["totalCount"] == 1
        refused(vendor.send(recipients=["Ann"]), code=9)
        vendor.face.trial_number = BOB
        assert vendor.send().body["recipients"]["totalCount"] == 1

    def test_long_body(self) -> None:
        assert vendor_parts(MessageBird(long_body="sent").send("x" * 1378)) == 10

    def test_most_media(self) -> None:
        assert MessageBird(most_media=None).mms(mediaUrls=[PICTURE] * 11).accepted

    def test_balance_status(self) -> None:
        vendor = MessageBird(balance_status=422)
        vendor.face.balance = 1
        refused(vendor.send(), 422, 25)
        assert vendor.face.balance == 1

    @pytest.mark.parametrize(("reading", "shown"), [("at_creation", [1, 0, 1]), ("at_sending", [0, 1, 1])])
    def test_scheduled_members(self, reading: str, shown: list[int]) -> None:
        """Ann leaves and Bob comes before it is sent; Cat was named."""
        vendor = MessageBird(scheduled_members=reading)
        group_id = vendor.group(ANN)
        due = vendor.clock.now() + timedelta(hours=1)
        vendor.send(groupIds=[group_id], recipients=[CAT], scheduledDatetime=due.isoformat())
        vendor.delete(f"/groups/{group_id}/contacts/{next(iter(vendor.face.contacts))}")
        vendor.put(f"/groups/{group_id}/contacts", ids=[vendor.contact(BOB)])
        vendor.clock.advance(3600)
        assert [len(texts) for texts in vendor.texts(ANN, BOB, CAT)] == shown

    def test_group_items(self) -> None:
        """Only the answer to a group send lacks them."""
        vendor = MessageBird(group_items="empty")
        body = vendor.send(groupIds=[vendor.group(ANN)]).body
        assert (body["recipients"]["totalCount"], body["recipients"]["items"]) == (1, [])
        assert len(vendor.get(f"/messages/{body['id']}").body["recipients"]["items"]) == 1
        assert len(vendor.send().body["recipients"]["items"]) == 2

    def test_zero_sent(self) -> None:
        vendor = MessageBird(zero_sent=True)
        answer = vendor.send()
        assert (answer.accepted, answer.body["recipients"]["totalSentCount"]) == (True, 0)
        assert vendor.texts(ANN) == [["Hello"]]

    @pytest.mark.parametrize(("reading", "count"), [("cumulative", 2), ("pending", 0)])
    def test_sent_count(self, reading: str, count: int) -> None:
        vendor = MessageBird(sent_count=reading)
        vendor.send()
        vendor.deliver()
        assert vendor.listed()[0]["recipients"]["totalSentCount"] == count

    def test_auto_datacoding(self) -> None:
        vendor = MessageBird(auto_datacoding="resolved")
        said = [vendor.send(text, datacoding="auto").body["datacoding"] for text in ("Tea", "🍵")]
        assert said == ["plain", "unicode"]

    def test_body_stored(self) -> None:
        assert MessageBird(body_stored="mangled").send("Tea 🍵").body["body"] == "Tea ?"

    def test_opted_out(self) -> None:
        vendor = MessageBird(opted_out="at_once")
        vendor.phone(ANN).send("stop", to=LINE)
        recipients = vendor.send().body["recipients"]
        assert [item["status"] for item in recipients["items"]] == ["delivery_failed", "sent"]
        assert recipients["totalDeliveryFailedCount"] == 1

    def test_read_lag(self) -> None:
        """Not there yet, though listed; it can be deleted."""
        vendor = MessageBird(read_lag=5)
        path = f"/messages/{vendor.send().body['id']}"
        refused(vendor.get(path), 404, 20)
        assert len(vendor.listed()) == 1
        vendor.clock.advance(5)
        assert vendor.get(path).status == 200

    def test_list_lag(self) -> None:
        """Not listed yet, though it can be read."""
        vendor = MessageBird(list_lag=5)
        path = f"/messages/{vendor.send().body['id']}"
        assert vendor.listed() == []
        assert vendor.get(path).status == 200
        vendor.clock.advance(5)
        assert len(vendor.listed()) == 1

    def test_list_filters(self) -> None:
        vendor = MessageBird(list_filters="ignored")
        vendor.send()
        assert len(vendor.listed(direction="mo", status="expired", originator=ANN)) == 1
        assert vendor.listed(limit="0") == []

    def test_mms_listed(self) -> None:
        vendor = MessageBird(mms_listed=True)
        mms_id = vendor.mms().body["id"]
        vendor.send()
        assert [row["id"] for row in vendor.listed()][1] == mms_id
        assert vendor.get(f"/messages/{mms_id}").status == 200
        assert len(vendor.listed("/mms")) == 1

    @pytest.mark.parametrize("given", [True, False])
    def test_mms_details(self, given: bool) -> None:
        vendor = MessageBird(mms_details=given)
        assert ("statusErrorCode" in vendor.item(vendor.mms(), path="/mms")) is given


def vendor_parts(answer: Answer) -> int:
    """The parts of what was sent."""
    return int(answer.body["recipients"]["items"][0]["messagePartCount"])


class TestOverHttp:
    @pytest.fixture
    def box(self) -> Iterator[Sandbox]:
        with Sandbox(faces=[MessageBirdFace]) as box:
            yield box

    @pytest.fixture
    def http(self, box: Sandbox) -> Iterator[httpx.Client]:
        with httpx.Client(base_url=str(box.settings("messagebird")["base_url"]), headers=KEY) as http:
            yield http

    def test_a_group_send(self, box: Sandbox, http: httpx.Client) -> None:
        """From contacts to phones, with an empty body where there is nothing to say."""
        group_id = http.post("/groups", json={"name": "Home"}).json()["id"]
        contact_id = http.post("/contacts", data={"msisdn": digits(ANN)}).json()["id"]
        added = http.put(f"/groups/{group_id}/contacts", json={"ids": [contact_id]})
        assert (added.status_code, added.content, added.headers["content-type"]) == (
            204,
            b"",
            "text/html; charset=UTF-8",
        )
        sent = http.post("/messages", json={"originator": LINE, "groupIds": [group_id], "body": "Hello"})
        assert (sent.status_code, sent.headers["content-type"]) == (201, "application/json")
        assert box.phones[ANN].texts == ["Hello"]
        assert [(entry["operation"], entry["done"]) for entry in box.log] == [
            ("create_group", True),
            ("create_contact", True),
            ("add_members", True),
            ("send", True),
        ]

    def test_the_path_of_the_sdk(self, box: Sandbox, http: httpx.Client) -> None:
        answer = http.put(f"/groups/{UNKNOWN}", params={"ids[]": [UNKNOWN, UNKNOWN]})
        assert (answer.status_code, answer.json()["errors"][0]["code"]) == (404, 20)
        assert [(entry["operation"], entry["done"]) for entry in box.log] == [(None, False)]

    def test_sdk(self, box: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
        """The official SDK itself, with its own HTTP."""
        monkeypatch.setattr(messagebird.client, "ENDPOINT", f"{box.url}/messagebird/")
        sdk = messagebird.Client(ACCESS_KEY)
        group = sdk.group_create("Home")
        sdk.group_update(group.id, "Work")
        assert [group.name for group in sdk.group_list().items] == ["Work"]
        sdk.group_delete(group.id)
        assert sdk.message_create(LINE, [ANN], "Hello").recipients["totalSentCount"] == 1
        with pytest.raises(messagebird.client.ErrorException, match="originator is invalid"):
            sdk.message_create("", [ANN], "Hello")
        assert box.phones[ANN].texts == ["Hello"]

    def test_wrong_key(self, box: Sandbox, http: httpx.Client) -> None:
        answer = http.get("/groups", headers={"authorization": "AccessKey bk_us1_wrong"})
        assert answer.status_code == 401
        assert answer.headers["www-authenticate"].startswith("Basic")
        assert http.get("/groups", auth=("AccessKey", ACCESS_KEY)).status_code == 200

    def test_fault(self, box: Sandbox, http: httpx.Client) -> None:
        box.fault("refuse", provider="messagebird", operation="send", status=500, text="")
        assert http.post("/messages", json={}).status_code == 500

    def test_doubt(self) -> None:
        with Sandbox(faces=[MessageBirdFace], doubts={"messagebird.group_created": 200}) as box:
            answer = httpx.post(f"{box.url}/messagebird/groups", headers=KEY, json={"name": "Home"})
            assert answer.status_code == 200
