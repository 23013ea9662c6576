"""Contacts: whoever is in a group at MessageBird is one, found or made, and nobody else ever joins."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest
from groupmessenger_messagebird import MessageBirdMessenger, contacts
from groupmessenger_messagebird.sandbox import LINE, Contact, MessageBirdFace

import groupmessenger as gm
from groupmessenger import Outcome
from groupmessenger.sandbox import Sandbox

ANN, BOB, CAT, DAN = (f"+1312555013{n}" for n in range(4))
PEOPLE = (ANN, BOB, CAT)
STRANGERS = tuple(f"+13125550{n}" for n in range(400, 640))
ALREADY = {"errors": [{"code": 10, "description": "a contact of this msisdn already exists"}]}


@pytest.fixture
def box(request: pytest.FixtureRequest) -> Iterator[Sandbox]:
    doubts = {f"messagebird.{name}": choice for name, choice in getattr(request, "param", {}).items()}
    with Sandbox(faces=[MessageBirdFace], doubts=doubts) as box:
        yield box


@pytest.fixture
def client(box: Sandbox) -> Iterator[gm.Client]:
    with box.connect("messagebird", patience=0) as client:
        yield client


@pytest.fixture(autouse=True)
def _no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("groupmessenger.exchange._FIRST_PAUSE", 0.001)


def reading(*doubts: dict[str, Any]) -> pytest.MarkDecorator:
    names = ["-".join(f"{name}={choice}" for name, choice in each.items()) or "defaults" for each in doubts]
    return pytest.mark.parametrize("box", doubts, ids=names, indirect=True)


def face_of(box: Sandbox) -> MessageBirdFace:
    face = box.faces["messagebird"]
    assert isinstance(face, MessageBirdFace)
    return face


def known(box: Sandbox, *numbers: str) -> None:
    """Make these contacts, by another hand; the first the oldest, and so the last in lists."""
    face = face_of(box)
    for number in numbers:
        face.contacts[f"c{number}"] = Contact(f"c{number}", number, face.clock.now())


def there(box: Sandbox, group: gm.Group) -> list[str]:
    return sorted(contact.number for contact in face_of(box).account.members(group.id))


def contacts_of(box: Sandbox, number: str) -> int:
    return sum(contact.number == number for contact in face_of(box).contacts.values())


def count(box: Sandbox, operation: str) -> int:
    return sum(entry["operation"] == operation for entry in box.log)


EVERY_FILTER: tuple[dict[str, Any], ...] = ({}, {"several_hits": True}, {"msisdn_filter": "ignored"})
EVERY_CODE: tuple[dict[str, Any], ...] = ({"duplicate_code": 10}, {"duplicate_code": 101})


@reading(*(filters | code for filters in EVERY_FILTER for code in EVERY_CODE))
def test_known_already(box: Sandbox, client: gm.Client) -> None:
    """Whoever is a contact already is found, by whatever code they refuse a second one and whatever they filter."""
    known(box, *PEOPLE, *STRANGERS[:30])
    group = client.create_group([*PEOPLE, DAN])
    assert there(box, group) == sorted([*PEOPLE, DAN])
    assert [contacts_of(box, number) for number in (*PEOPLE, DAN)] == [1] * 4
    client.send(group, "Hello")
    assert {phone.number for phone in box.phones if phone.texts} == {*PEOPLE, DAN}


@reading({"msisdn_filter": "ignored"}, {"msisdn_filter": "ignored", "limit_above_20": "capped"}, {"several_hits": True})
def test_beyond_the_first_page(box: Sandbox, client: gm.Client) -> None:
    """Where the filter is ignored, or lets many through, all contacts are read, once for everybody."""
    known(box, *PEOPLE, *STRANGERS)
    group = client.create_group([*PEOPLE, DAN])
    assert there(box, group) == sorted([*PEOPLE, DAN])
    assert count(box, "list_contacts") <= 3 + 13  # a look-up each, and then the pages
    assert count(box, "create_contact") == 4


@reading({"msisdn_filter": "ignored"})
def test_all_contacts_cannot_be_read(box: Sandbox, client: gm.Client) -> None:
    """If all contacts are to be read and cannot be, no group is made, and the error says that nothing was done."""
    known(box, *PEOPLE, *STRANGERS)
    box.fault("drop", operation="list_contacts", nth=4, times=None)
    with pytest.raises(gm.ProviderUnavailable) as raised:
        client.create_group(PEOPLE)
    assert (raised.value.outcome, face_of(box).groups) == (Outcome.NOT_SENT, {})


@reading({"same_msisdn": "created"})
def test_several_contacts(box: Sandbox, client: gm.Client) -> None:
    """Where a number may have several contacts, everybody is in the group by one of them, and texted once."""
    client.create_group(PEOPLE)
    group = client.add_members(client.create_group(PEOPLE), [DAN, ANN])
    assert there(box, group) == sorted([*PEOPLE, DAN])
    client.send(group, "Hello")
    assert [box.phones[number].texts for number in (*PEOPLE, DAN)] == [["Hello"]] * 4


@pytest.mark.parametrize("phase", ["before", "after"])
@pytest.mark.parametrize("kind", ["drop", "reset", "html", "empty", "short", "500"])
@pytest.mark.parametrize("patience", [0, 1])
def test_lost_answer(box: Sandbox, kind: str, phase: str, patience: int) -> None:
    """A lost answer is looked up: who became a contact is in, who did not is named, and no contact is made twice."""
    details: dict[str, Any] = {"status": 500} if kind == "500" else {}
    box.fault("refuse" if details else kind, operation="create_contact", phase=phase, **details)
    with box.connect("messagebird", patience=patience) as client:
        if phase == "before" and not patience:
            with pytest.raises(gm.PartialFailure) as raised:
                client.create_group(PEOPLE)
            (left_out,) = raised.value.failed
            assert there(box, raised.value.group) == sorted({*PEOPLE} - {str(left_out)})
            assert raised.value.outcome is Outcome.UNKNOWN
            group = client.add_members(raised.value.group, [left_out])
        else:
            group = client.create_group(PEOPLE)
    assert there(box, group) == sorted(PEOPLE)
    assert [contacts_of(box, number) for number in PEOPLE] == [1] * 3


@pytest.mark.parametrize("kind", ["drop", "html", "empty", "401", "422", "500"])
def test_lost_look_up(box: Sandbox, client: gm.Client, kind: str) -> None:
    """If somebody cannot be looked up, that person is named, and the others are in."""
    known(box, ANN)
    details: dict[str, Any] = {"status": int(kind), "body": {"errors": [{"code": 10}]}} if kind.isdigit() else {}
    box.fault("refuse" if details else kind, operation="list_contacts", times=None, **details)
    with pytest.raises(gm.PartialFailure) as raised:
        client.create_group(PEOPLE)
    assert [str(member) for member in raised.value.failed] == [ANN]
    assert there(box, raised.value.group) == [BOB, CAT]
    assert raised.value.outcome is Outcome.SENT


def test_look_up_without_a_limit(box: Sandbox, client: gm.Client) -> None:
    """If so many rows a page are refused, theirs is taken."""
    known(box, ANN)
    box.fault("refuse", operation="list_contacts", status=422, body={"errors": [{"code": 10, "parameter": "limit"}]})
    assert there(box, client.create_group(PEOPLE)) == sorted(PEOPLE)


def test_hidden(box: Sandbox, client: gm.Client) -> None:
    """One that is said to be there and is found nowhere is named with what MessageBird said."""
    box.fault("refuse", operation="create_contact", status=422, body=ALREADY)
    with pytest.raises(gm.PartialFailure, match="already exists") as raised:
        client.create_group(PEOPLE)
    ((left_out, error),) = raised.value.failed.items()
    assert (type(error).__mro__[1], error.outcome) == (gm.Rejected, Outcome.NOT_SENT)
    assert there(box, raised.value.group) == sorted({*PEOPLE} - {str(left_out)})


# Against scripted answers


def digits(number: str) -> int:
    return int(number.removeprefix("+"))


class Vendor:
    """Contacts are made and listed as the test says; groups as usual. Keeps who was put in."""

    def __init__(self, made: Callable[[int], tuple[int, Any]], listed: Callable[[], list[Any]] = list) -> None:
        self.made, self.listed = made, listed
        self.put: list[str] = []
        self.asked: list[tuple[str, str]] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked.append((request.method, request.url.path))
        body = json.loads(request.content) if request.content else {}
        match request.method, request.url.path:
            case "POST", "/contacts":
                status, answer = self.made(int(body["msisdn"]))
                return httpx.Response(status, json=answer)
            case "GET", "/contacts":
                return httpx.Response(200, json={"items": self.listed(), "totalCount": len(self.listed())})
            case "POST", "/groups":
                return httpx.Response(201, json={"id": "g1"})
            case "PUT", "/groups/g1/contacts":
                self.put += body["ids"]
                return httpx.Response(204)
        return httpx.Response(200, json={"items": []})

    def create(self, *people: str) -> gm.Group:
        messenger = MessageBirdMessenger(line=LINE, access_key="key")
        with gm.Client(messenger, http=httpx.MockTransport(self), patience=0) as client:
            return client.create_group(people)


def row(number: str, contact_id: Any = "c1") -> dict[str, Any]:
    return {"id": contact_id, "msisdn": digits(number)}


def duplicate(_: int) -> tuple[int, Any]:
    return 422, ALREADY


@pytest.mark.parametrize(
    "rows",
    [
        [row(DAN, "stranger"), row(ANN, "ann")],
        [row(ANN, ""), row(ANN, None), row(ANN, 7), row(ANN, "ann")],
        [{"id": "stranger"}, {"id": "stranger", "msisdn": None}, {"id": "stranger", "msisdn": True}, row(ANN, "ann")],
        [{"id": "ann", "msisdn": ANN}],
        [{"id": "ann", "msisdn": ANN[1:]}],
        ["nonsense", None, row(ANN, "ann"), row(ANN, "another")],
        [{"id": "stranger", "msisdn": int(f"{digits(ANN)}0")}, {"id": "stranger", "msisdn": ANN[2:]}, row(ANN, "ann")],
    ],
)
def test_strangers_first(rows: list[Any]) -> None:
    """Of what the filter lets through only the very number counts, wherever it stands and however it is written."""
    vendor = Vendor(duplicate, lambda: rows)
    vendor.create(ANN)
    assert vendor.put == ["ann"]


def test_strangers_only() -> None:
    """If only others are listed, nobody joins."""
    vendor = Vendor(duplicate, lambda: [row(DAN, "stranger")])
    with pytest.raises(gm.Rejected, match="already exists"):
        vendor.create(ANN)
    assert (vendor.put, ("POST", "/groups") in vendor.asked) == ([], False)


@pytest.mark.parametrize(
    "answer",
    [row(DAN), {"id": "c1"}, {"msisdn": digits(ANN)}, {"id": None, "msisdn": digits(ANN)}, {}, {"errors": []}],
    ids=json.dumps,
)
def test_not_the_one(answer: dict[str, Any]) -> None:
    """A contact that was made of another number, or of none, or has no id, is looked up, and else not taken."""
    vendor = Vendor(lambda _: (201, answer), lambda: [row(DAN, "stranger"), row(ANN, "ann")])
    vendor.create(ANN)
    assert vendor.put == ["ann"]
    vendor = Vendor(lambda _: (201, answer), lambda: [row(DAN, "stranger")])
    with pytest.raises(gm.OutcomeUnknown, match="may have made the contact"):
        vendor.create(ANN)
    assert vendor.put == []


@pytest.mark.parametrize(
    ("error", "is_one"),
    [
        ({"code": 101, "description": "duplicate entry"}, True),
        ({"code": "101"}, True),
        ({"code": 10, "description": "a contact of this msisdn already exists"}, True),
        ({"code": 10, "message": "it already exists"}, True),
        ({"code": 10, "description": "msisdn is invalid"}, False),
        ({"code": 9}, False),
        ({}, False),
    ],
)
def test_duplicate(error: dict[str, Any], is_one: bool) -> None:
    """A duplicate is told by its code, which is not published, or by its words, which are."""
    vendor = Vendor(lambda _: (422, {"errors": [error]}), lambda: [row(ANN, "ann")])
    if is_one:
        vendor.create(ANN)
    else:
        with pytest.raises(gm.Rejected):
            vendor.create(ANN)
    assert vendor.put == ["ann"] * is_one


class Vanishing(httpx.BaseTransport):
    """Somebody else deletes a contact just before it is put into the group."""

    def __init__(self, box: Sandbox, number: str) -> None:
        self.box, self.number, self.real = box, number, httpx.HTTPTransport()

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        if request.method == "PUT":
            kept = face_of(self.box).contacts
            for contact in [contact for contact in kept.values() if contact.number == self.number]:
                del kept[contact.id]
        return self.real.handle_request(request)

    def close(self) -> None:
        self.real.close()


@reading({"unknown_member": "nothing"}, {"unknown_member": "others_404"})
def test_unknown_contact(box: Sandbox) -> None:
    """A contact that is gone by then may take its fifty with it; who is in the group is read, and the rest named."""
    nobody_added = face_of(box).doubt["unknown_member"] == "nothing"
    client = box.connect("messagebird", patience=0, http=Vanishing(box, BOB))
    with client, pytest.raises(gm.PartialFailure) as raised:
        client.create_group(PEOPLE)
    error = raised.value
    assert there(box, error.group) == sorted(map(str, error.succeeded)) == ([] if nobody_added else [ANN, CAT])
    assert {str(member) for member in error.failed} == {*PEOPLE} - {*there(box, error.group)}
    assert {type(each) for each in error.failed.values()} == {gm.Rejected}


def test_at_once() -> None:
    """At most twenty-five requests are under way at a time."""
    assert contacts.AT_ONCE == 25
