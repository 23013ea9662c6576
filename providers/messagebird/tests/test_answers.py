"""What each answer of MessageBird means, row by row: sent, not sent, or nobody can say."""

from __future__ import annotations

import functools
import json
from collections.abc import Callable, Iterator
from typing import Any, TypeAlias

import httpx
import pytest
from groupmessenger_messagebird import MessageBirdMessenger, answers
from hypothesis import example, given, settings
from hypothesis import strategies as st

import groupmessenger as gm
from groupmessenger import FailureReason, Outcome, Status
from groupmessenger.flow import Request, Response

LINE = "+13125550110"
ANN, BOB = "+13125550141", "+13125550142"
GROUP_ID = "0123456789abcdef" * 2
MESSAGE_ID = "fedcba9876543210" * 2
MESSENGER = MessageBirdMessenger(line=LINE, access_key="hush-hush-hush")
TEXT = "Dinner at seven?"
PICTURE = "https://example.com/a.jpg"
SENT = {
    "id": MESSAGE_ID,
    "recipients": {
        "totalCount": 1,
        "totalSentCount": 1,
        "totalDeliveredCount": 0,
        "totalDeliveryFailedCount": 0,
        "items": [{"recipient": int(ANN[1:]), "status": "sent", "statusDatetime": None, "messagePartCount": 1}],
    },
}

Body: TypeAlias = Any
Do: TypeAlias = Callable[[gm.Client], Any]


class Vendor:
    """One scripted answer for whatever is asked; lists and members are read as they should be."""

    def __init__(self, status: int, body: Body, **headers: str) -> None:
        self.status = status
        self.content = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.headers = headers
        self.requests: list[tuple[str, str]] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.requests.append((request.method, request.url.path))
        return httpx.Response(self.status, content=self.content, headers=self.headers)

    def client(self, patience: float = 0) -> gm.Client:
        """A client that asks this vendor; there is one for all, since making one takes its time."""
        CURRENT[0] = self
        return _client(patience)


CURRENT: list[Vendor] = []


@functools.cache
def _client(patience: float) -> gm.Client:
    return gm.Client(MESSENGER, http=httpx.MockTransport(lambda request: CURRENT[0](request)), patience=patience)


@pytest.fixture(autouse=True, scope="module")
def _shared() -> Iterator[None]:
    CURRENT.append(Vendor(200, {}))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("groupmessenger.exchange._FIRST_PAUSE", 0.001)
        patch.setattr("groupmessenger_messagebird.paging._PAGES", 3)
        yield
    for patience in (0, 5):
        _client(patience).close()


def to_group(client: gm.Client) -> gm.Receipt:
    return client.send(client.group(GROUP_ID), TEXT)


def direct(client: gm.Client) -> gm.Receipt:
    return client.send_direct(ANN, TEXT)


def picture(client: gm.Client) -> gm.Receipt:
    return client.send_direct(ANN, gm.Message(TEXT, PICTURE))


def rename(client: gm.Client) -> gm.Group:
    return client.rename_group(client.group(GROUP_ID), "Friends")


def read_group(client: gm.Client) -> gm.Group:
    return client.get_group(GROUP_ID)


def status_of(client: gm.Client) -> gm.Delivery:
    return client.get_status(MESSAGE_ID)


SENDS = pytest.mark.parametrize("send", [to_group, direct, picture])


def outcome_of(vendor: Vendor, do: Do, patience: float = 0) -> Any:
    """What comes back: the value, or the error, whose outcome fits its class and whose words hide what they should."""
    try:
        return do(vendor.client(patience))
    except gm.GroupMessengerError as raised:
        error = raised
    unknown = isinstance(error, gm.OutcomeUnknown)
    assert error.outcome is (Outcome.UNKNOWN if unknown else Outcome.NOT_SENT)
    hidden = (TEXT, "hush", *(number[1:] for number in (ANN, BOB, LINE)))
    assert not any(words in str(error) + repr(error) for words in hidden)
    return error


def errors(*rows: Any) -> dict[str, Any]:
    """A refusal in their shape: a code each, or a whole row."""
    return {"errors": [row if isinstance(row, dict) else {"code": row, "description": "no"} for row in rows]}


def row(code: int, description: str = "no", parameter: str | None = None) -> dict[str, Any]:
    return {"code": code, "description": description, "parameter": parameter}


# Refusals, by status and code

AUTH, QUOTA, REJECTED, GONE = gm.AuthenticationFailed, gm.QuotaExceeded, gm.Rejected, gm.GroupNotFound
NOBODY = "no (correct) recipients found"
TRIAL = f"{NOBODY}. an account on trial texts its own number alone (+380671550101)."

REFUSALS: dict[str, tuple[int, Body, type[Exception], str, FailureReason | None]] = {
    # recorded by the vendor or by integrators
    "401 wrong key, 2022": (
        401,
        errors(row(2, "this access_key is not the right one", "access_key")),
        AUTH,
        "2",
        None,
    ),
    "401 wrong key, 2025": (401, errors(row(2, "this access_key is not the right one")), AUTH, "2", None),
    "401 with others beside it": (
        401,
        errors(row(9, NOBODY, "recipient"), 10, row(2, "no", "access_key")),
        AUTH,
        "2",
        None,
    ),
    "422 recipients": (422, errors(row(9, NOBODY, "recipient")), REJECTED, "9", FailureReason.INVALID_RECIPIENT),
    "422 recipients and originator": (
        422,
        errors(row(9, NOBODY, "recipient"), row(10, "originator is invalid", "originator")),
        REJECTED,
        "9",
        FailureReason.INVALID_RECIPIENT,
    ),
    "422 trial": (422, errors(row(9, TRIAL, "recipient")), REJECTED, "9", FailureReason.INVALID_RECIPIENT),
    "404 message": (404, errors(row(20, "message not found")), REJECTED, "20", None),
    # the table of codes (C#, PHP), which names no status for some
    "403 not allowed": (403, errors(2), AUTH, "2", None),
    "402 balance": (402, errors(25), QUOTA, "25", None),
    "422 balance": (422, errors(25), QUOTA, "25", None),
    "400 balance": (400, errors(25), QUOTA, "25", None),
    "402 without a code": (402, errors({"description": "pay"}), QUOTA, "None", None),
    "balance and others": (422, errors(10, 9, 25), QUOTA, "25", None),
    "400 bad request": (400, errors(21), REJECTED, "21", None),
    "405": (405, errors(21), REJECTED, "21", None),
    "422 duplicate": (422, errors(101), REJECTED, "101", None),
    "422 something new": (422, errors(31337), REJECTED, "31337", None),
    "422 missing body": (422, errors(row(9, "body is required", "body")), REJECTED, "9", FailureReason.CONTENT),
    "422 originator": (422, errors(row(10, "no", "originator")), REJECTED, "10", FailureReason.NOT_ALLOWED),
    "422 recipient": (422, errors(row(10, "no", "recipient")), REJECTED, "10", FailureReason.INVALID_RECIPIENT),
    "422 field recipients": (422, errors(row(10, "no", "recipients")), REJECTED, "10", FailureReason.INVALID_RECIPIENT),
    "422 body": (422, errors(row(10, "no", "body")), REJECTED, "10", FailureReason.CONTENT),
    "422 media": (422, errors(row(10, "no", "mediaUrls")), REJECTED, "10", FailureReason.MEDIA),
    # other ways to write it
    "message for description": (
        422,
        errors({"code": 9, "message": NOBODY}),
        REJECTED,
        "9",
        FailureReason.INVALID_RECIPIENT,
    ),
    "code as text": (422, errors({"code": "25", "description": "no"}), QUOTA, "25", None),
    "no code": (422, errors({"description": "no"}), REJECTED, "None", None),
    "no words": (400, errors({"code": 21}), REJECTED, "21", None),
    "nonsense beside it": (
        422,
        {"errors": ["nonsense", None, row(10, "no", "body")]},
        REJECTED,
        "10",
        FailureReason.CONTENT,
    ),
}


@SENDS
@pytest.mark.parametrize("name", REFUSALS)
def test_refusal(name: str, send: Do) -> None:
    """A documented refusal in their shape is not sent: which one is told by status, then by the worst code."""
    status, body, kind, code, reason = REFUSALS[name]
    vendor = Vendor(status, body)
    error = outcome_of(vendor, send)
    if (name, send) == ("404 message", to_group):
        kind = GONE
    assert type(error) is kind
    assert isinstance(error, gm.ProviderError)
    assert (error.status, error.code, error.raw) == (status, None if code == "None" else code, body)
    assert getattr(error, "reason", reason) is reason
    assert f"HTTP {status}" in str(error)
    assert len(vendor.requests) == 1


@pytest.mark.parametrize(
    ("do", "words", "kind"),
    [
        (to_group, "group not found", GONE),
        (read_group, "group not found", GONE),
        (rename, "group not found", GONE),
        (rename, "contact not found", REJECTED),
        (direct, "message not found", REJECTED),
        (status_of, "message not found", REJECTED),
    ],
)
def test_not_found(do: Do, words: str, kind: type) -> None:
    """404 is a missing group only where a group was named, and their words do not speak of a contact."""
    assert type(outcome_of(Vendor(404, errors(row(20, words))), do)) is kind


def test_three_platforms() -> None:
    """A refused key is explained: there are three platforms of that name, each with keys of its own."""
    text = str(outcome_of(Vendor(401, errors(2)), direct))
    assert [words in text for words in ("dashboard.messagebird.com", "app.bird.com", "bk_")] == [True] * 3
    assert "dashboard.messagebird.com" not in str(outcome_of(Vendor(403, errors(2)), direct))


def test_words() -> None:
    """Their own words are in the error, without numbers and without what we wrote."""
    said = f"originator {LINE} may not send {TEXT!r} to {ANN[1:]} or +380671550101, ask help@example.com"
    text = str(outcome_of(Vendor(422, errors(row(10, said, "originator"))), direct))
    assert "may not send" in text
    assert not any(hidden in text for hidden in ("380671550101", "help@", TEXT))


# Answers that say nothing

NOT_IN_SHAPE: tuple[Body, ...] = (
    b"",
    b"<html><h1>Bad gateway</h1>",
    b"[]",
    b"null",
    b'"errors"',
    b"{",
    b"\xff\xfe",
    {},
    {"error": "no"},
    {"errors": []},
    {"errors": None},
    {"errors": {"code": 2}},
    {"errors": ["no"]},
    [errors(9)],
)
IN_SHAPE: tuple[Body, ...] = (
    errors(9),
    errors(2),
    errors(25),
    errors(98),
    errors(99),
    errors(100),
    errors(row(9, NOBODY)),
)
REFUSING = (400, 401, 402, 403, 404, 405, 422)
OTHERS = (406, 408, 409, 410, 418, 425, 451, 500, 501, 502, 503, 504)


@SENDS
@pytest.mark.parametrize("status", [200, 201, 202, *REFUSING])
def test_not_theirs(status: int, send: Do) -> None:
    """A body that is not in their shape says nothing at any status, and is not tried again."""
    for body in NOT_IN_SHAPE:
        vendor = Vendor(status, body)
        assert type(outcome_of(vendor, send, patience=5)) is gm.OutcomeUnknown, body
        assert len(vendor.requests) == 1


@SENDS
@pytest.mark.parametrize("status", OTHERS)
def test_not_documented(status: int, send: Do) -> None:
    """5xx, and statuses of which they say nothing, are in doubt, whatever is said beside; there is one request."""
    for body in (*IN_SHAPE, *NOT_IN_SHAPE):
        vendor = Vendor(status, body)
        error = outcome_of(vendor, send, patience=5)
        assert type(error) is gm.OutcomeUnknown, body
        assert error.attempt is not None
        assert len(vendor.requests) == 1


CHANGES: dict[str, Do] = {
    "rename": rename,
    "delete": lambda client: client.delete_group(client.group(GROUP_ID)),
    "cancel": lambda client: client.cancel_scheduled(MESSAGE_ID),
}


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize(
    ("status", "body", "done"),
    [
        (204, b"", True),
        (200, {"id": GROUP_ID, "name": "Friends"}, None),
        (200, {}, None),
        (201, {}, None),
        (204, errors(20), True),
        (200, b"", False),
        (200, b"<html>Welcome</html>", False),
        (202, [], False),
        (200, errors(20), False),
        (500, b"", False),
    ],
)
def test_change(change: str, status: int, body: Body, done: bool | None) -> None:
    """A change is done with a 204, a new name with an object too; anybody else's success leaves it in doubt.

    None is for an object, which is no answer to a deletion.
    """
    done = change == "rename" if done is None else done

    def answer(request: httpx.Request) -> httpx.Response:
        if request.method == "GET":
            item = {"recipient": int(ANN[1:]), "status": "scheduled"}
            return httpx.Response(200, json={"id": "x", "recipients": {"items": [item]}})
        return httpx.Response(status, content=body if isinstance(body, bytes) else json.dumps(body).encode())

    with gm.Client(MESSENGER, http=httpx.MockTransport(answer), patience=0) as client:
        if done:
            CHANGES[change](client)
        else:
            with pytest.raises(gm.OutcomeUnknown):
                CHANGES[change](client)


@SENDS
@pytest.mark.parametrize("code", [99, 100, "99"])
@pytest.mark.parametrize("status", REFUSING)
def test_their_fault(status: int, code: object, send: Do) -> None:
    """An error of their own inside is in doubt, although the status says that it is ours."""
    assert type(outcome_of(Vendor(status, errors(9, {"code": code})), send)) is gm.OutcomeUnknown


@SENDS
@pytest.mark.parametrize("status", [200, 201, 202])
@pytest.mark.parametrize(
    "body",
    [
        {"recipients": SENT["recipients"]},
        SENT | {"id": None},
        SENT | {"id": ""},
        SENT | {"id": 17},
        SENT | errors(9),
        errors(9),
        errors(25),
    ],
    ids=json.dumps,
)
def test_success_that_is_none(status: int, body: Body, send: Do) -> None:
    """A success without an id, or with errors, is in doubt: neither a receipt nor leave to send again."""
    assert type(outcome_of(Vendor(status, body), send)) is gm.OutcomeUnknown


@SENDS
@pytest.mark.parametrize("status", [200, 201, 202])
@pytest.mark.parametrize("extra", [{}, {"errors": []}, {"errors": None}, {"reference": None, "something": "new"}])
def test_success(status: int, extra: Body, send: Do) -> None:
    """Any success with an id is accepted."""
    receipt = outcome_of(Vendor(status, SENT | extra), send)
    assert (receipt.id, receipt.status, receipt.degradations) == (MESSAGE_ID, Status.ACCEPTED, ())
    assert receipt.recipients == (gm.PhoneNumber(ANN),)
    assert receipt.raw == SENT | extra


@SENDS
def test_429(send: Do) -> None:
    """Turned away is tried three times and is then no doubt; a longer wait than we have is said at once."""
    vendor = Vendor(429, errors(21))
    error = outcome_of(vendor, send, patience=5)
    assert (type(error), len(vendor.requests)) == (gm.RateLimited, 3)
    vendor = Vendor(429, b"", **{"retry-after": "60"})
    error = outcome_of(vendor, send, patience=5)
    assert (type(error), error.retry_after, len(vendor.requests)) == (gm.RateLimited, 60, 1)


@SENDS
@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_redirect(status: int, send: Do) -> None:
    """A redirect is a wrong base_url, and is not followed with the key."""
    vendor = Vendor(status, b"", location="https://else.test/")
    assert (type(outcome_of(vendor, send)), len(vendor.requests)) == (gm.ConfigurationError, 1)


# What a receipt makes of the recipients


@pytest.mark.parametrize(
    ("recipients", "features", "named"),
    [
        (SENT["recipients"], [], [ANN]),
        ({"totalCount": 1, "totalSentCount": 0, "items": []}, ["delivery"], []),
        ({"totalCount": 2, "totalSentCount": 1, "items": [{"recipient": int(ANN[1:])}]}, [], []),
        ({"totalCount": 1, "totalSentCount": 1, "items": [{"recipient": ANN}]}, [], [ANN]),
        ({"totalCount": 1, "items": ["nonsense", {"recipient": ANN[1:]}]}, [], [ANN]),
        ({"totalCount": 1, "items": [{"recipient": None}, {"recipient": True}, {"recipient": "soon"}]}, [], []),
        ({"totalCount": 0, "totalSentCount": 0, "items": None}, ["delivery"], []),
        ({"totalCount": None, "totalSentCount": None}, [], []),
        ([], [], []),
        (None, [], []),
        ("all", [], []),
    ],
)
def test_recipients(recipients: Body, features: list[str], named: list[str]) -> None:
    """Whom it names counts only if it names all; a count of nobody is told, and decides nothing."""
    receipt = outcome_of(Vendor(201, {"id": MESSAGE_ID, "recipients": recipients}), to_group)
    assert (receipt.status, [each.feature for each in receipt.degradations]) == (Status.ACCEPTED, features)
    assert list(map(str, receipt.recipients)) == named


# Statuses

STATUSES = {
    "scheduled": Status.SCHEDULED,
    "sent": Status.SENT,
    "buffered": Status.SENT,
    "delivered": Status.DELIVERED,
    "expired": Status.FAILED,
    "delivery_failed": Status.FAILED,
    "calling": Status.UNKNOWN,
    "teleported": Status.UNKNOWN,
    "": Status.UNKNOWN,
    None: Status.UNKNOWN,
}


@pytest.mark.parametrize("word", STATUSES)
def test_status(word: str | None) -> None:
    """Every word of theirs, and what is none of them."""
    item = {"recipient": int(ANN[1:]), "status": word, "statusDatetime": "2026-11-21T12:00:00+00:00"}
    delivery = outcome_of(Vendor(200, {"id": MESSAGE_ID, "recipients": {"items": [item]}}), status_of)
    (event,) = delivery.by_recipient.values()
    assert (delivery.status, event.status, event.recipient) == (STATUSES[word], STATUSES[word], gm.PhoneNumber(ANN))
    assert event.evidence is (gm.Evidence.HANDSET if word == "delivered" else None)
    assert event.at is not None


@pytest.mark.parametrize(
    ("item", "reason"),
    [
        ({"status": "delivery_failed", "statusErrorCode": 1}, FailureReason.INVALID_RECIPIENT),
        ({"status": "delivery_failed", "statusErrorCode": 5}, FailureReason.INVALID_RECIPIENT),
        ({"status": "delivery_failed", "statusErrorCode": 8}, FailureReason.UNREACHABLE),
        ({"status": "delivery_failed", "statusErrorCode": 9}, FailureReason.BLOCKED),
        ({"status": "delivery_failed", "statusErrorCode": 12}, FailureReason.BLOCKED),
        ({"status": "delivery_failed", "statusErrorCode": 27}, FailureReason.UNREACHABLE),
        ({"status": "delivery_failed", "statusErrorCode": 31}, FailureReason.UNREACHABLE),
        ({"status": "delivery_failed", "statusErrorCode": 103}, FailureReason.OPTED_OUT),
        ({"status": "delivery_failed", "statusErrorCode": 34}, FailureReason.OTHER),
        ({"status": "delivery_failed", "statusErrorCode": None}, FailureReason.OTHER),
        ({"status": "delivery_failed", "statusErrorCode": "x"}, FailureReason.OTHER),
        ({"status": "delivery_failed"}, FailureReason.OTHER),
        ({"status": "expired", "statusErrorCode": 1}, FailureReason.UNREACHABLE),
        ({"status": "sent", "statusErrorCode": 103}, None),
        ({"status": "delivered", "statusErrorCode": 0}, None),
    ],
)
def test_reason(item: Body, reason: FailureReason | None) -> None:
    """A copy that failed has a reason, known or not; one that did not has none. The code stays theirs."""
    delivery = outcome_of(Vendor(200, {"id": MESSAGE_ID, "recipients": {"items": [item]}}), status_of)
    (event,) = delivery.by_recipient.values()
    code = item.get("statusErrorCode")
    assert (event.reason, event.code) == (reason, None if code is None else str(code))
    assert answers.reason_of(item) is reason


# Anything at all

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**30), 10**30) | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
WORDS = st.one_of(
    st.text(max_size=20), st.sampled_from([ANN, ANN[1:], f"{ANN} {TEXT}", f"to {TEXT}", "hush-hush-hush"])
)
ERROR = st.fixed_dictionaries(
    {}, optional={"code": JSON | st.integers(0, 110), "description": JSON | WORDS, "parameter": JSON}
)
ITEM = st.fixed_dictionaries(
    {}, optional={"recipient": JSON, "status": JSON | st.sampled_from(list(STATUSES)), "statusErrorCode": JSON}
)
ANSWER = JSON | st.fixed_dictionaries(
    {},
    optional={
        "id": JSON | st.just(MESSAGE_ID),
        "errors": JSON | st.lists(ERROR | JSON, max_size=3),
        "name": JSON,
        "items": JSON | st.lists(ITEM | JSON, max_size=3),
        "totalCount": JSON,
        "recipients": JSON
        | st.fixed_dictionaries(
            {}, optional={"totalCount": JSON, "totalSentCount": JSON, "items": JSON | st.lists(ITEM | JSON, max_size=3)}
        ),
    },
)
DOS = (
    to_group,
    direct,
    picture,
    rename,
    read_group,
    status_of,
    lambda client: client.create_group([ANN, BOB]),
    lambda client: client.add_members(client.group(GROUP_ID), [ANN]),
    lambda client: client.remove_members(client.group(GROUP_ID), [ANN]),
    lambda client: client.delete_group(client.group(GROUP_ID)),
    lambda client: client.cancel_scheduled(MESSAGE_ID),
    lambda client: next(iter(client.list_groups()), None),
    lambda client: client.check(),
    lambda client: client.send(client.group(GROUP_ID), gm.Message(TEXT, leave_out=[ANN])),
)
STATUS = st.sampled_from([200, 201, 204, *REFUSING, 409, 429, 500, 503])


@settings(max_examples=250, deadline=None)
@given(STATUS, ANSWER, st.sampled_from(range(len(DOS))))
@example(422, errors({"code": {"a": 1}, "description": [ANN], "parameter": []}), 1)
@example(200, {"items": [{"id": "c", "msisdn": 10**30}], "totalCount": "3"}, 4)
@example(200, {"items": [None]}, 11)
@example(201, {"id": MESSAGE_ID, "recipients": {"items": [{"recipient": 10**30, "statusErrorCode": []}]}}, 5)
def test_anything(status: int, body: Any, number: int) -> None:
    """Whatever they answer, only our errors are raised, and none shows a number, a text or the key."""
    try:
        DOS[number](Vendor(status, body).client())
    except gm.GroupMessengerError as raised:
        for error in (raised, *getattr(raised, "failed", {}).values()):
            assert not any(hidden in f"{error} {error!r}" for hidden in (ANN[1:], BOB[1:], "hush-hush"))
            assert TEXT not in f"{error} {error!r}" or DOS[number] not in (to_group, direct, picture)


@settings(max_examples=150, deadline=None)
@given(STATUS, ANSWER)
@example(200, SENT)
def test_a_send_is_one_request(status: int, body: Any) -> None:
    """Whatever is answered to a send, there is one request, but for 429; and a refusal is one of theirs."""
    vendor = Vendor(status, body)
    result = outcome_of(vendor, to_group)
    assert len(vendor.requests) == 1
    if isinstance(result, gm.ProviderError) and status != 429:
        assert status in REFUSING
        assert isinstance(body, dict)
        assert body["errors"]


def test_refusal_is_pure() -> None:
    """An answer to no request we know is read as well."""
    response = Response(404, json.dumps(errors(row(20, "group not found"))).encode())
    assert type(answers.refusal(response)) is gm.Rejected
    response = Response(404, response.content, request=Request("POST", "/messages", json={"groupIds": ["g"]}))
    assert type(answers.refusal(response)) is gm.GroupNotFound


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (int(ANN[1:]), gm.PhoneNumber(ANN)),
        (ANN[1:], gm.PhoneNumber(ANN)),
        (ANN, gm.PhoneNumber(ANN)),
        ("22000", gm.OpaqueAddress("22000")),
        (22000, gm.OpaqueAddress("22000")),
        ("", None),
        ("+", None),
        (None, None),
        (True, None),
        (1.5, None),
        ("١٢٣", None),
        ("ann@example.com", None),
        ([], None),
    ],
)
def test_address(value: object, expected: gm.Address | None) -> None:
    """Numbers are integers or digits; a short one is an address too, and what is none is none."""
    assert answers.address_of(value) == expected
