"""What each answer of Sendblue means, row by row: sent, not sent, or nobody can say."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeAlias

import attrs
import httpx
import pytest
from groupmessenger_sendblue import SendblueMessenger, answers

import groupmessenger as gm
from groupmessenger import Channel, FailureReason, Outcome, Status
from groupmessenger.flow import Request, Response

LINE = "+13125550100"
ANN, BOB, CAT, DAN = (f"+1312555015{n}" for n in range(4))
PEOPLE = (ANN, BOB, CAT)
GROUP_ID = "sb_group_1"
HANDLE = "4f5c0a1e-handle"
MESSENGER = SendblueMessenger(
    line=LINE,
    api_key_id="key",
    api_secret_key="secret",
    base_url="https://sendblue.test",
)
SENT = {"message_handle": HANDLE, "group_id": GROUP_ID}

Body: TypeAlias = Any
Send: TypeAlias = Callable[[gm.Client], gm.Receipt]


class Vendor:
    """One scripted answer for whatever is sent or changed; groups are read from `members`."""

    def __init__(self, status: int, body: Body, *, changes: bool = False) -> None:
        self.status = status
        self.content = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.changes = changes
        self.members = [*PEOPLE, LINE]
        self.requests: list[tuple[str, str]] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.requests.append((request.method, request.url.path))
        if request.method == "GET":
            people = [{"handle": number, "phone": number, "name": None} for number in self.members]
            return httpx.Response(200, json={"status": "OK", "data": {"participants": people}})
        asked = json.loads(request.content)
        if self.changes and asked.get("modify_type") == "add_recipient":
            self.members.append(asked["number"])
        elif self.changes and asked.get("modify_type") == "remove_recipient":
            self.members.remove(asked["number"])
        return httpx.Response(self.status, content=self.content, headers={"location": "https://else.test/"})

    def connect(self) -> gm.Client:
        return gm.Client(MESSENGER, http=httpx.MockTransport(self), patience=0)


def by_numbers(client: gm.Client) -> gm.Receipt:
    return client.send(client.create_group(PEOPLE), "Hello")


def by_id(client: gm.Client) -> gm.Receipt:
    return client.send(client.group(GROUP_ID), "Hello")


def direct(client: gm.Client) -> gm.Receipt:
    return client.send_direct(ANN, "Hello")


def add(client: gm.Client) -> gm.Group:
    return client.add_members(known(client), [DAN])


def remove(client: gm.Client) -> gm.Group:
    return client.remove_members(known(client), [CAT])


def known(client: gm.Client) -> gm.Group:
    """The group with its members, so that they need not be asked for."""
    return attrs.evolve(client.group(GROUP_ID), members=tuple(map(gm.Member, PEOPLE)))


def rename(client: gm.Client) -> gm.Group:
    return client.rename_group(client.group(GROUP_ID), "Friends")


SENDS = pytest.mark.parametrize("send", [by_numbers, by_id, direct])


def outcome_of(vendor: Vendor, do: Callable[[gm.Client], Any]) -> Any:
    """What comes back: the value, or the class of the error, whose outcome must fit its class."""
    with vendor.connect() as client:
        try:
            return do(client)
        except gm.GroupMessengerError as raised:
            error = raised
    unknown = isinstance(error, gm.OutcomeUnknown)
    assert error.outcome is (Outcome.UNKNOWN if unknown else Outcome.NOT_SENT)
    assert not any(words in str(error) for words in ("Hello", *PEOPLE, DAN, LINE))
    return error


def fate(status: int, body: Body, send: Send) -> Status | type[Exception]:
    """The status of the receipt, or the class of the error; there is one request, whatever happens."""
    vendor = Vendor(status, body)
    result = outcome_of(vendor, send)
    assert len(vendor.requests) == 1
    return result.status if isinstance(result, gm.Receipt) else type(result)


# A success, by its word

WORDS = {
    "REGISTERED": Status.ACCEPTED,
    "PENDING": Status.ACCEPTED,
    "QUEUED": Status.ACCEPTED,
    "ACCEPTED": Status.ACCEPTED,
    "SENT": Status.SENT,
    "SUCCESS": Status.SENT,
    "DELIVERED": Status.DELIVERED,
    "READ": Status.READ,
    "RECEIVED": Status.ACCEPTED,  # an inbound word; as an answer to a send it says nothing but that they have it
    "TELEPORTED": Status.ACCEPTED,
    None: Status.ACCEPTED,
}
FAILED_WORDS = ("ERROR", "DECLINED", "FAILED", "error", "failed")
NO_ERROR = (None, 0, "0", "")


@SENDS
@pytest.mark.parametrize("status", [200, 201, 202])
@pytest.mark.parametrize("word", WORDS)
def test_word(word: str | None, status: int, send: Send) -> None:
    """A 2xx with no error is sent, as far as its word says; case does not matter, and an unknown word is no failure."""
    for written, code in itertools.product({word, word and word.lower()}, NO_ERROR):
        body = SENT | {"status": written, "error_code": code, "error_key": None}
        assert fate(status, body, send) is WORDS[word]


@SENDS
@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"status": "QUEUED"}, Status.ACCEPTED),
        ({"status": "SENT", "message_handle": None, "group_id": ""}, Status.SENT),
        ({"message_handle": HANDLE}, Status.ACCEPTED),
        ({"group_id": GROUP_ID}, Status.ACCEPTED),
        ({"status": "TELEPORTED"}, gm.OutcomeUnknown),
        ({"status": "OK"}, gm.OutcomeUnknown),
        ({"status": None, "message_handle": None}, gm.OutcomeUnknown),
        ({}, gm.OutcomeUnknown),
        ({"hello": "world"}, gm.OutcomeUnknown),
    ],
)
def test_missing_fields(body: Body, expected: object, send: Send) -> None:
    """A known word, a handle or a group id is Sendblue's own answer; an answer with none of them is anybody's."""
    assert fate(200, body, send) is expected


@SENDS
def test_no_handle(send: Send) -> None:
    """Without a handle the receipt has no id, and says that the message cannot be asked after."""
    receipt = outcome_of(Vendor(200, {"status": "QUEUED", "group_id": GROUP_ID}), send)
    assert (receipt.id, [each.feature for each in receipt.degradations]) == ("", ["id"])


@pytest.mark.parametrize("missing", [{}, {"group_id": ""}, {"group_id": None}])
def test_no_group_id(missing: Body) -> None:
    """Without a group id the group stays its members; it is not pending, and the receipt says so."""
    receipt = outcome_of(Vendor(200, {"status": "QUEUED", "message_handle": HANDLE} | missing), by_numbers)
    assert receipt.group.is_member_set
    assert not receipt.group.pending
    assert [each.feature for each in receipt.degradations] == ["group_id"]
    receipt = outcome_of(Vendor(200, {"status": "QUEUED", "message_handle": HANDLE} | missing), by_id)
    assert (receipt.group.id, receipt.degradations) == (GROUP_ID, ())


@pytest.mark.parametrize(
    "number", [{"number": [ANN, BOB]}, {"number": ANN, "to_number": ANN}, {"to_number": None}, {}, {"number": 1}]
)
@SENDS
def test_number_field(number: Body, send: Send) -> None:
    """Numbers come as an array, a text or not at all, and decide nothing."""
    receipt = outcome_of(Vendor(200, SENT | {"status": "QUEUED"} | number), send)
    assert receipt.status is Status.ACCEPTED
    assert receipt.raw["message_handle"] == HANDLE


@pytest.mark.parametrize(
    ("participants", "members"),
    [
        ([ANN, LINE, BOB], (ANN, BOB)),
        ([LINE], ()),
        (["eve@example.com", "EVE@example.com"], ("eve@example.com",)),
        (["22000", "+1 312 555 0150", None, 7, {}], ("22000", ANN)),
        (["+1 (312) 555-0100", ANN], (ANN,)),
        (["not a number", " "], ("not a number",)),
        ([], None),
        (None, None),
        (ANN, None),
    ],
)
def test_participants(participants: Body, members: tuple[str, ...] | None) -> None:
    """Members of a group known by its id are read from the answer, without our line; what is no number is no error.

    The message went out: whatever stands in the list, the send must not fail for it.
    """
    receipt = outcome_of(Vendor(200, SENT | {"status": "QUEUED", "participants": participants}), by_id)
    assert receipt.id == HANDLE
    assert (None if receipt.group.members is None else tuple(map(str, receipt.group.members))) == members


def test_members_asked_for_stand() -> None:
    """A group made by its members keeps them, whatever order or writing the answer has."""
    receipt = outcome_of(Vendor(200, SENT | {"status": "QUEUED", "participants": [LINE, ANN]}), by_numbers)
    assert tuple(map(str, receipt.group.members)) == PEOPLE


@pytest.mark.parametrize(
    ("service", "channel"),
    [
        ("iMessage", Channel.IMESSAGE),
        ("imessage", Channel.IMESSAGE),
        ("SMS", Channel.SMS),
        ("sms", Channel.SMS),
        ("RCS", Channel.RCS),
        ("mms", Channel.MMS),
        ("pigeon", None),
        ("", None),
        (None, None),
    ],
)
def test_service(service: str | None, channel: Channel | None) -> None:
    """`service` tells the channel, in any case; `was_downgraded` is mostly null and tells nothing."""
    body = SENT | {"status": "QUEUED", "service": service, "was_downgraded": None}
    assert outcome_of(Vendor(200, body), by_numbers).group.channel is channel


# A success that is none

REFUSALS: Mapping[object, tuple[type[gm.GroupMessengerError], FailureReason]] = {
    4000: (gm.Rejected, FailureReason.OTHER),
    4001: (gm.RateLimited, FailureReason.RATE),
    4002: (gm.Rejected, FailureReason.INVALID_RECIPIENT),
    5003: (gm.RateLimited, FailureReason.RATE),
    5509: (gm.RateLimited, FailureReason.RATE),
    429: (gm.QuotaExceeded, FailureReason.QUOTA),
    "SMS_LIMIT_REACHED": (gm.QuotaExceeded, FailureReason.QUOTA),
    "LINE_HOURLY_LIMIT_REACHED": (gm.QuotaExceeded, FailureReason.QUOTA),
    "LINE_DAILY_LIMIT_REACHED": (gm.QuotaExceeded, FailureReason.QUOTA),
    "PRE_REPLY_LIMIT_REACHED": (gm.QuotaExceeded, FailureReason.QUOTA),
    "OPTED_OUT": (gm.Rejected, FailureReason.OPTED_OUT),
}
DOUBTS = (5000, 10002, 22, 31337, "SOMETHING_NEW", "10002", [1], {"a": 1}, True)


def codes(code: object) -> Iterator[dict[str, object]]:
    """A code wherever it may stand."""
    yield {"error_code": code}
    yield {"error_code": str(code)}
    yield {"error_key": code, "error_code": None}
    yield {"error_key": code, "error_code": 31337}  # branch on the key first


@SENDS
@pytest.mark.parametrize("code", REFUSALS)
def test_refusal_in_a_success(code: object, send: Send) -> None:
    """A documented refusal inside a 2xx that says "failed", or nothing else, is not sent."""
    for word, fields in itertools.product((*FAILED_WORDS, None), codes(code)):
        assert fate(200, SENT | {"status": word} | fields, send) is REFUSALS[code][0]
    for fields in codes(code):
        assert fate(200, fields, send) is REFUSALS[code][0]


@SENDS
@pytest.mark.parametrize("word", [*(word for word in WORDS if word), "success"])
def test_refusal_of_what_was_taken(word: str, send: Send) -> None:
    """An answer that says both "refused" and anything but "failed" is in doubt: it must not invite a second send."""
    for fields in codes(4001):
        assert fate(200, SENT | {"status": word} | fields, send) is gm.OutcomeUnknown


@SENDS
@pytest.mark.parametrize("group_id", [["a"], {"a": 1}, 17, True])
def test_group_id_that_is_none(group_id: object, send: Send) -> None:
    """A group id is a text: anything else is neither an answer of theirs nor a group."""
    assert fate(200, {"group_id": group_id}, send) is gm.OutcomeUnknown
    receipt = outcome_of(Vendor(200, {"status": "QUEUED", "message_handle": HANDLE, "group_id": group_id}), send)
    if isinstance(receipt, gm.GroupReceipt):
        assert receipt.group.id == GROUP_ID or receipt.group.is_member_set


@SENDS
@pytest.mark.parametrize("code", DOUBTS, ids=repr)
def test_doubt_in_a_success(code: object, send: Send) -> None:
    """Codes that are documented as unresolved, or not at all, are in doubt, whatever the word beside them."""
    for word in (*FAILED_WORDS, "QUEUED", "SENT", None):
        assert fate(200, SENT | {"status": word, "error_code": code}, send) is gm.OutcomeUnknown


@SENDS
@pytest.mark.parametrize("word", FAILED_WORDS)
@pytest.mark.parametrize("code", NO_ERROR, ids=repr)
def test_failure_without_a_code(word: str, code: object, send: Send) -> None:
    """A failure that does not say why is in doubt."""
    assert fate(200, SENT | {"status": word, "error_code": code}, send) is gm.OutcomeUnknown


@SENDS
@pytest.mark.parametrize("code", [10001, "10001"])
@pytest.mark.parametrize("word", [*FAILED_WORDS, "QUEUED", None])
def test_failed_to_send(word: str | None, code: object, send: Send) -> None:
    """10001 is what became of the message, not a refusal: it is a receipt that says failed."""
    receipt = outcome_of(Vendor(200, SENT | {"status": word, "error_code": code}), send)
    assert (receipt.status, receipt.reason, receipt.id) == (Status.FAILED, FailureReason.OTHER, HANDLE)


@SENDS
@pytest.mark.parametrize(("handle", "known"), [(HANDLE, HANDLE), (17, "17"), ("", None), (None, None)])
def test_doubt_keeps_the_handle(handle: object, known: str | None, send: Send) -> None:
    """A message in doubt can be asked after by its handle, if the answer has one."""
    error = outcome_of(Vendor(200, {"status": "ERROR", "error_code": 10002, "message_handle": handle}), send)
    assert (error.provider_id, error.attempt.provider_id) == (known, known)


# Errors by their HTTP status

REFUSED = {
    400: gm.Rejected,
    401: gm.AuthenticationFailed,
    403: gm.AuthenticationFailed,
    404: gm.Rejected,
    422: gm.Rejected,
    429: gm.RateLimited,
}
OTHERS = (402, 405, 408, 409, 410, 418, 425, 500, 502, 503, 504)
IN_SHAPE = (
    {"status": "ERROR", "message": "Something is wrong"},
    {"status": "ERROR", "error_code": 31337, "error_message": "Something is wrong"},
    {"error": "something", "error_message": "Something is wrong"},
    {"error": "something"},
    {"status": "ERROR", "error_code": None, "error_key": None, "message": "unsupported", "detail": {"a": 1}},
)
NOT_IN_SHAPE: tuple[Body, ...] = (
    b"",
    b"<html><h1>Bad gateway</h1>",
    b"[]",
    b'[{"status": "ERROR"}]',
    b"null",
    b'"ERROR"',
    b"{",
    {},
)


@SENDS
@pytest.mark.parametrize("body", IN_SHAPE, ids=json.dumps)
@pytest.mark.parametrize("status", [*REFUSED, *OTHERS])
def test_http_error(status: int, body: Body, send: Send) -> None:
    """In the vendor's shape, 400, 401, 403, 404, 422 and 429 are not sent; every other status is in doubt."""
    expected = REFUSED.get(status, gm.OutcomeUnknown)
    if (status, send) == (404, by_id):
        expected = gm.GroupNotFound
    assert fate(status, body, send) is expected


@SENDS
@pytest.mark.parametrize("body", NOT_IN_SHAPE, ids=repr)
@pytest.mark.parametrize("status", [200, 201, 202, *REFUSED, *OTHERS])
def test_body_that_is_not_theirs(status: int, body: Body, send: Send) -> None:
    """In no shape of the vendor's, every status but 429 is in doubt: a proxy or an outage page spoke."""
    assert fate(status, body, send) is (gm.RateLimited if status == 429 else gm.OutcomeUnknown)


@SENDS
@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_redirect(status: int, send: Send) -> None:
    """Redirects are not followed, with keys in the headers: the address has to be set right."""
    assert fate(status, {"status": "QUEUED"} | SENT, send) is gm.ConfigurationError


@SENDS
@pytest.mark.parametrize("status", [400, 422])
@pytest.mark.parametrize("code", REFUSALS)
def test_code_in_an_http_error(code: object, status: int, send: Send) -> None:
    """The key and the code say more than the status: HTTP 400 holds the caps for new contacts, too."""
    for fields in codes(code):
        body = {"status": "ERROR", "error_message": "Something is wrong"} | fields
        error = outcome_of(Vendor(status, body), send)
        assert type(error) is REFUSALS[code][0]
        assert isinstance(error, gm.ProviderError)
        assert (error.status, error.raw) == (status, body)
        assert error.code == str(fields.get("error_key") or fields["error_code"])
        if isinstance(error, gm.Rejected):
            assert error.reason is REFUSALS[code][1]


@SENDS
@pytest.mark.parametrize("code", [5000, "10002"])
@pytest.mark.parametrize("status", [400, 422])
def test_doubt_in_an_http_error(status: int, code: object, send: Send) -> None:
    """What the vendor itself could not resolve is in doubt whatever the status."""
    assert fate(status, {"status": "ERROR", "error_code": code, "error_message": "Oops"}, send) is gm.OutcomeUnknown


def test_a_failed_send_does_not_open_the_group() -> None:
    """What was refused or lost made no group that we know: the next send begins it again by its numbers."""
    vendor = Vendor(400, {"status": "ERROR", "message": "no"})
    with vendor.connect() as client:
        group = client.create_group(PEOPLE)
        with pytest.raises(gm.Rejected):
            client.send(group, "Hello")
        vendor.status, vendor.content = 200, json.dumps({"status": "QUEUED"} | SENT).encode()
        assert client.send(group, "Hello").group.id == GROUP_ID


@SENDS
def test_key_beside_a_code(send: Send) -> None:
    """A key that is not listed (SDK 1.31 and later give one) does not hide what the code beside it says."""
    for key, code in itertools.product(("X", "OPTED_OUT"), (5000, "10002")):
        both = {"status": "ERROR", "error_code": code, "error_key": key}
        assert fate(400, both, send) is gm.OutcomeUnknown
        assert fate(200, SENT | both, send) is gm.OutcomeUnknown
        assert answers.refusal(Response(400, json.dumps(both).encode())) is None
        assert (answers.status_of(both), answers.reason_of(both)) == (Status.UNKNOWN, None)
    assert fate(400, {"error_code": 4001, "error_key": "X"}, send) is gm.RateLimited
    assert fate(200, SENT | {"status": "ERROR", "error_code": 4001, "error_key": "X"}, send) is gm.RateLimited
    assert fate(200, SENT | {"status": "ERROR", "error_code": 10001, "error_key": "OPTED_OUT"}, send) is gm.Rejected
    for word in ("ERROR", "QUEUED", None):
        failed = Vendor(200, SENT | {"status": word, "error_code": 10001, "error_key": "X"})
        receipt = outcome_of(failed, send)
        assert (receipt.status, receipt.reason) == (Status.FAILED, FailureReason.OTHER)


# Words for people


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"message": "Invalid Credentials"}, "Invalid Credentials"),
        ({"message": "second", "error_message": "first"}, "first"),
        ({"error": "second", "message": "first"}, "first"),
        ({"error": "only_this"}, "only_this"),
        ({"status": "ERROR", "detail": "some detail"}, "some detail"),
        ({"status": "ERROR", "error_reason": "some reason"}, "some reason"),
        ({"status": "ERROR", "error_detail": "more detail"}, "more detail"),
        ({"message": f"{ANN} is eve@example.com and said Hello"}, "… is … and said …"),
        ({"status": "ERROR"}, "refused it (HTTP 400)"),
    ],
)
def test_their_words(body: Body, words: str) -> None:
    """The first of their fields with words is quoted, without numbers, e-mails and what we sent."""
    error = outcome_of(Vendor(400, body), by_numbers)
    assert words in str(error)
    assert error.raw == body


@pytest.mark.parametrize(
    ("body", "code"),
    [({"error": "group_too_small"}, "group_too_small"), ({"error": {"a": 1}}, None), ({"message": "no"}, None)],
)
def test_code(body: Body, code: str | None) -> None:
    """A word in `error` serves as the code where there is no other."""
    assert outcome_of(Vendor(400, body), by_numbers).code == code


# Changing a group

CHANGES = pytest.mark.parametrize("change", [add, remove])


@CHANGES
@pytest.mark.parametrize(
    "body",
    [
        {"status": "OK", "error": None, "error_message": None, "group_id": GROUP_ID},
        {"status": "OK"},
        {"message": "Group modified successfully", "status": "OK"},
        {"message": "Group modified successfully"},
        {"group_id": GROUP_ID, "number": CAT, "modify_type": "remove_recipient"},
        {"status": "SUCCESS", "error_code": 0},
    ],
    ids=json.dumps,
)
@pytest.mark.parametrize("status", [200, 202])
def test_changed(status: int, body: Body, change: Callable[[gm.Client], gm.Group]) -> None:
    """A 2xx in one of their shapes is done, and read once: before the change, to know who is there."""
    vendor = Vendor(status, body, changes=True)
    group = outcome_of(vendor, change)
    assert {str(member) for member in group.members} == set(vendor.members) - {LINE}
    assert [method for method, _ in vendor.requests] == ["GET", "POST"]


@CHANGES
@pytest.mark.parametrize("status", [200, 400, 422])
@pytest.mark.parametrize("key", ["line_not_registered", "ambiguous_sending_line", "group_too_small"])
def test_change_refused(key: str, status: int, change: Callable[[gm.Client], gm.Group]) -> None:
    """The named refusals are not done, in a 2xx as well, and nothing is read again."""
    for word in ("ERROR", None):
        vendor = Vendor(status, {"status": word, "error": key, "error_message": "It cannot be"})
        error = outcome_of(vendor, change)
        assert (type(error), error.code, error.status) == (gm.Rejected, key, status)
        assert [method for method, _ in vendor.requests] == ["GET", "POST"]


@CHANGES
@pytest.mark.parametrize("changes", [True, False])
@pytest.mark.parametrize(
    ("status", "body"),
    [
        (200, {"status": "ERROR"}),
        (200, {"status": "ERROR", "error": "something_else"}),
        (200, {"error": "something_else"}),
        (200, {"error_message": "It cannot be"}),
        (200, {"status": "OK", "error_code": 10002}),
        (200, {"status": "ERROR", "error_key": "SOMETHING_NEW"}),
        (200, {}),
        (200, b"<html>"),
        (200, b""),
        (408, {"status": "ERROR", "message": "no"}),
        (409, {"status": "ERROR", "message": "no"}),
        (500, {"status": "ERROR", "message": "no"}),
        (502, b"<html>"),
        (504, b""),
        (400, b"<html>"),
    ],
)
def test_change_in_doubt(status: int, body: Body, changes: bool, change: Callable[[gm.Client], gm.Group]) -> None:
    """What is in doubt is looked at: done if the group is so now, else still in doubt; it is not tried again."""
    vendor = Vendor(status, body, changes=changes)
    result = outcome_of(vendor, change)
    assert [method for method, _ in vendor.requests] == ["GET", "POST", "GET"]
    if changes:
        assert {str(member) for member in result.members} == set(vendor.members) - {LINE}
    else:
        assert type(result) is gm.OutcomeUnknown


@CHANGES
@pytest.mark.parametrize("status", REFUSED)
def test_change_http_error(status: int, change: Callable[[gm.Client], gm.Group]) -> None:
    """HTTP errors mean for changes what they mean for sends; here 404 is the group."""
    vendor = Vendor(status, {"status": "ERROR", "error": "something", "error_message": "It cannot be"})
    assert type(outcome_of(vendor, change)) is {**REFUSED, 404: gm.GroupNotFound}[status]


@pytest.mark.parametrize(
    ("status", "body", "expected"),
    [
        (200, {"status": "OK", "data": {"group_id": GROUP_ID, "group_name": "Friends"}}, gm.Group),
        (200, {"data": {"group_name": "Friends"}}, gm.Group),
        (400, {"status": "ERROR", "error": "unsupported_line", "detail": "x"}, gm.Rejected),
        (422, {"status": "ERROR", "message": "unsupported_line"}, gm.Rejected),
        (404, {"status": "ERROR", "message": "Group not found"}, gm.GroupNotFound),
        (409, {"status": "ERROR", "error": "unsupported_line"}, gm.OutcomeUnknown),
        (200, {"status": "ERROR", "error": "unsupported_line"}, gm.OutcomeUnknown),
        (200, {}, gm.OutcomeUnknown),
        (503, b"", gm.OutcomeUnknown),
    ],
)
def test_rename(status: int, body: Body, expected: type) -> None:
    """A name is set, refused, or in doubt, where repeating it is safe."""
    result = outcome_of(Vendor(status, body), rename)
    assert type(result) is expected
    if isinstance(result, gm.Group):
        assert (result.name, result.name_pending) == ("Friends", False)


# The readings that later callbacks share


@pytest.mark.parametrize(
    ("body", "status", "reason"),
    [
        ({"status": "DELIVERED"}, Status.DELIVERED, None),
        ({"status": "delivered", "error_code": 0}, Status.DELIVERED, None),
        ({"status": "RECEIVED"}, Status.UNKNOWN, None),
        ({}, Status.UNKNOWN, None),
        ({"status": "ERROR", "error_code": 22}, Status.FAILED, FailureReason.OTHER),
        ({"status": "ERROR", "error_code": 4002}, Status.FAILED, FailureReason.INVALID_RECIPIENT),
        ({"status": "DECLINED", "error_key": "OPTED_OUT", "error_code": 4000}, Status.FAILED, FailureReason.OPTED_OUT),
        ({"status": "SENT", "error_code": "10001"}, Status.SENT, FailureReason.OTHER),
        ({"status": "ERROR", "error_code": 10002}, Status.UNKNOWN, None),
        ({"status": "ERROR", "error_code": 5000}, Status.UNKNOWN, None),
        ({"status": ["SENT"]}, Status.UNKNOWN, None),
    ],
)
def test_status_and_reason(body: Body, status: Status, reason: FailureReason | None) -> None:
    """A message has a status and, if it failed, a reason; what they could not resolve is neither."""
    assert (answers.status_of(body), answers.reason_of(body)) == (status, reason)


def test_refusal_without_a_request() -> None:
    """An answer by itself, with no request to it, is read as well."""
    error = answers.refusal(Response(404, b'{"message": "Message not found"}'))
    assert type(error) is gm.Rejected
    request = Request("GET", "/api/v2/groups/x")
    error = answers.refusal(Response(404, b'{"message": "Group not found"}', request=request))
    assert type(error) is gm.GroupNotFound
