"""What each answer of Bandwidth means, row by row: sent, not sent, or nobody can say."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from functools import partial
from types import SimpleNamespace
from typing import Any, TypeAlias

import attrs
import httpx
import pytest
from groupmessenger_bandwidth import BandwidthMessenger, answers
from groupmessenger_bandwidth.sandbox import ACCOUNT_ID, APPLICATION_ID, LINE
from hypothesis import example, given, settings
from hypothesis import strategies as st

import groupmessenger as gm
from groupmessenger import FailureReason, Outcome, Status
from groupmessenger.flow import Request, Response

ANN, BOB, CAT = (f"+1312555015{n}" for n in range(3))
PEOPLE = (ANN, BOB)
TEXT = "Dinner at seven?"
MESSENGER = BandwidthMessenger(
    line=LINE,
    account_id=ACCOUNT_ID,
    application_id=APPLICATION_ID,
    client_id="client-id",
    client_secret="hush-hush",
    base_url="https://messaging.test/api/v2",
    token_url="https://token.test/oauth2/token",
)

Body: TypeAlias = Any
Do: TypeAlias = Callable[[gm.Client], Any]


class Vendor:
    """The same answer to every call of the API, or to every call for a token."""

    def __init__(self, status: int, body: Body, *, to_token: bool = False) -> None:
        self.status = status
        self.content = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.to_token = to_token
        self.asked = {True: 0, False: 0}

    def __call__(self, request: httpx.Request) -> httpx.Response:
        of_token = request.url.host == "token.test"
        self.asked[of_token] += 1
        if of_token == self.to_token:
            return httpx.Response(self.status, content=self.content, headers={"location": "https://else.test/"})
        return httpx.Response(200, json={"access_token": "t", "expires_in": 3600} if of_token else {"id": "m1"})

    def connect(self, patience: float = 0) -> gm.Client:
        return gm.Client(MESSENGER, http=httpx.MockTransport(self), patience=patience)


def to_group(client: gm.Client) -> gm.Receipt:
    return client.send(client.create_group(PEOPLE), TEXT)


def direct(client: gm.Client) -> gm.Receipt:
    return client.send_direct(ANN, gm.Message(TEXT, "https://example.com/a.jpg"))


def status(client: gm.Client) -> Any:
    return client.get_status("m1")


SENDS = pytest.mark.parametrize("send", [to_group, direct])


def outcome_of(vendor: Vendor, do: Do, patience: float = 0, hidden: tuple[str, ...] = (TEXT,)) -> Any:
    """What comes back: the value, or the error, whose outcome must fit its class and whose text tells nobody's number.

    `hidden` is what must not be told either: of what was sent, not of what the vendor makes up.
    """
    with vendor.connect(patience) as client:
        try:
            return do(client)
        except gm.GroupMessengerError as raised:
            error = raised
    unknown = isinstance(error, gm.OutcomeUnknown)
    assert error.outcome is (Outcome.UNKNOWN if unknown else Outcome.NOT_SENT)
    assert not any(words in str(error) for words in (*hidden, *PEOPLE, CAT, LINE, "hush-hush"))
    return error


@pytest.fixture(autouse=True)
def no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    """Between tries nobody waits here."""
    monkeypatch.setattr("groupmessenger.driving.time", SimpleNamespace(sleep=lambda _: None))


# Successes


@SENDS
@pytest.mark.parametrize("code", [200, 201, 202])
@pytest.mark.parametrize(
    ("body", "recipients"),
    [
        ({"id": "1795300000001lkq7mwd4xt2brvhe"}, None),  # the SDK: everything past id is optional
        ({"id": "m1", "to": [BOB, CAT], "owner": CAT, "segmentCount": 1, "direction": "out"}, (BOB, CAT)),
        ({"id": "m1", "to": [BOB, "nobody", None, 7, [ANN]]}, (BOB,)),
        ({"id": "m1", "to": BOB, "tag": None, "media": {}}, None),
        ({"id": "m1", "to": {"a": 1}, "time": 5}, None),
        ({"id": "m1", "to": [], "type": "unauthorized"}, None),
    ],
    ids=json.dumps,
)
def test_accepted(body: Body, recipients: tuple[str, ...] | None, code: int, send: Do) -> None:
    """An id is a receipt, which says accepted and no more; whatever else is there or missing is no error."""
    receipt = outcome_of(Vendor(code, body), send)
    asked_for = PEOPLE if send is to_group else (ANN,)
    assert (receipt.id, receipt.status, receipt.reason) == (body["id"], Status.ACCEPTED, None)
    assert tuple(map(str, receipt.recipients)) == (recipients or asked_for)
    assert receipt.raw == body


@SENDS
@pytest.mark.parametrize("code", [200, 202, 204])
@pytest.mark.parametrize(
    "body",
    [
        *({}, {"id": ""}, {"id": None}, {"id": 17}, {"id": ["m1"]}, {"message": {"id": "m1"}}),
        *({"type": "request-validation", "description": "no"}, [], [{"id": "m1"}], None, "m1", 17),
        *(b"", b"<html>Welcome</html>", b"{", b'{"id": "m1"', b"\xff\xfe"),
    ],
    ids=repr,
)
def test_no_id(body: Body, code: int, send: Do) -> None:
    """A success that is not their message object may be a proxy's, or theirs: nobody can say, and it is sent once."""
    vendor = Vendor(code, body)
    error = outcome_of(vendor, send)
    assert isinstance(error, gm.OutcomeUnknown)
    assert (error.provider_id, vendor.asked[False]) == (None, 1)
    assert error.attempt is not None
    assert error.attempt.message.text == TEXT


# Refusals: facts 2, "Synchronous errors", neither sent nor billed

COMMON = {"type": "some-type", "description": "Some words"}
OTHER = {
    "timestamp": "2026-11-21T00:00:00.000+0000",
    "status": 404,
    "error": "Not Found",
    "message": "No such page",
    "path": f"/api/v2/users/{ACCOUNT_ID}/messages",
}
REFUSALS: dict[str, tuple[int, Body, type[gm.GroupMessengerError], str]] = {
    "400 (spec: createMessageRequestError)": (
        400,
        {"type": "request-validation", "description": "no", "fieldErrors": [{"fieldName": "to", "description": "bad"}]},
        gm.Rejected,
        "request-validation",
    ),
    "400 without fieldErrors (spec: optional)": (400, COMMON, gm.Rejected, "some-type"),
    "400 with odd fieldErrors": (400, COMMON | {"fieldErrors": [None, "x", {}, {"fieldName": 5}]}, gm.Rejected, ""),
    "400 with fieldErrors that are no list": (400, COMMON | {"fieldErrors": {"to": "x"}}, gm.Rejected, "some-type"),
    "401 (spec)": (401, {"type": "unauthorized", "description": "no"}, gm.AuthenticationFailed, "unauthorized"),
    "401 (2019)": (401, {"type": "authentication-error", "description": "no"}, gm.AuthenticationFailed, ""),
    "403 (spec)": (403, {"type": "forbidden", "description": "Access Denied"}, gm.AuthenticationFailed, "forbidden"),
    "403 (2019)": (403, {"type": "unauthorized", "description": "no"}, gm.AuthenticationFailed, "unauthorized"),
    "404 (observed: the other shape)": (404, OTHER, gm.Rejected, "Not Found"),
    "404 without a message": (404, {k: v for k, v in OTHER.items() if k != "message"}, gm.Rejected, "Not Found"),
    "404 (spec: the common shape)": (404, COMMON, gm.Rejected, "some-type"),
    "405 (spec)": (405, COMMON, gm.Rejected, "some-type"),
    "406 (spec)": (406, COMMON, gm.Rejected, "some-type"),
    "415 (docs)": (415, {"type": "unsupported-content-type", "description": "no"}, gm.Rejected, ""),
    "without words": (400, {"type": "request-validation"}, gm.Rejected, "request-validation"),
    "429 (docs: queue full)": (
        429,
        {"type": "max-message-queue-size-exceeded", "description": "no"},
        gm.RateLimited,
        "",
    ),
}


@SENDS
@pytest.mark.parametrize("row", REFUSALS)
def test_refused(row: str, send: Do) -> None:
    """What is documented as neither sent nor billed is not sent, each with the class that says what to do."""
    code, body, kind, word = REFUSALS[row]
    vendor = Vendor(code, body)
    error = outcome_of(vendor, send)
    assert (type(error), error.status, error.raw) == (kind, code, body)
    if word:
        assert error.code == word
    if kind is gm.Rejected:
        assert error.reason is None
    assert vendor.asked == {True: 2 if code == 401 else 1, False: 2 if code == 401 else 1}


@SENDS
def test_too_many_recipients(send: Do) -> None:
    """The one refusal that has a reason of its own by its type (error 4435's name)."""
    error = outcome_of(Vendor(400, {"type": "forbidden-too-many-recipients", "description": "no"}), send)
    assert (type(error), error.reason) == (gm.Rejected, FailureReason.TOO_MANY_RECIPIENTS)


@SENDS
@pytest.mark.parametrize("body", [COMMON, {"type": "server-error", "description": ""}], ids=json.dumps)
def test_their_own_500(body: Body, send: Do) -> None:
    """A 500 in their own words is documented as not sent: it is tried once more, and then not sent."""
    vendor = Vendor(500, body)
    error = outcome_of(vendor, send, patience=5)
    assert (type(error), error.status, vendor.asked[False]) == (gm.ProviderUnavailable, 500, 2)


@SENDS
def test_queue_full(send: Do) -> None:
    """429 is tried three times in all, and is then the caller's to try again."""
    vendor = Vendor(429, {"type": "max-message-queue-size-exceeded", "description": "no"})
    error = outcome_of(vendor, send, patience=5)
    assert (type(error), vendor.asked[False]) == (gm.RateLimited, 3)


NOT_THEIRS: tuple[Body, ...] = (
    *(b"", b"<html><h1>Bad gateway</h1>", b"null", b"[]", b'"unauthorized"', b"{", {}),
    *({"error": "x"}, {"message": "no"}, {"type": None, "description": "no"}, {"type": 17}, {"status": 404}),
)


@SENDS
@pytest.mark.parametrize("body", NOT_THEIRS, ids=repr)
@pytest.mark.parametrize("code", [400, 401, 403, 404, 405, 406, 415, 500])
def test_body_that_is_not_theirs(code: int, body: Body, send: Do) -> None:
    """In no shape of theirs a proxy or an outage page speaks, and nobody can say what it passed on."""
    vendor = Vendor(code, body)
    assert type(outcome_of(vendor, send, patience=5)) is gm.OutcomeUnknown
    assert vendor.asked[False] == 1


@SENDS
@pytest.mark.parametrize("body", [COMMON, OTHER, *NOT_THEIRS], ids=repr)
@pytest.mark.parametrize("code", [402, 408, 409, 410, 418, 425, 501, 502, 503, 504])
def test_other_statuses(code: int, body: Body, send: Do) -> None:
    """A status they do not document says nothing, whatever is beside it: a gateway's above all. It is not repeated."""
    vendor = Vendor(code, body)
    assert type(outcome_of(vendor, send, patience=5)) is gm.OutcomeUnknown
    assert vendor.asked[False] == 1


@SENDS
@pytest.mark.parametrize("body", [{"type": "x"}, {"description": "x"}, OTHER | {"status": 500}], ids=json.dumps)
def test_500_that_may_be_anybodys(body: Body, send: Do) -> None:
    """Half of their shape is not enough for "not sent" in a 500, nor the shape of their 404."""
    assert type(outcome_of(Vendor(500, body), send, patience=5)) is gm.OutcomeUnknown


@SENDS
@pytest.mark.parametrize("code", [301, 302, 307, 308])
def test_redirect(code: int, send: Do) -> None:
    """Redirects are not followed with credentials: the address has to be set right."""
    vendor = Vendor(code, {"id": "m1"})
    assert type(outcome_of(vendor, send)) is gm.ConfigurationError
    assert vendor.asked == {True: 1, False: 1}


# Words for people


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"type": "x", "description": "first", "message": "second"}, "refused it: first (HTTP 400)"),
        ({"type": "x", "error_description": "first", "error": "second"}, "refused it: first (HTTP 400)"),
        ({"type": "x", "message": "first", "error": "second"}, "refused it: first (HTTP 400)"),
        ({"type": "x"}, "refused it: it does not say why (HTTP 400)"),
        ({"type": "x", "description": f"'{TEXT}' to {ANN} or 1 (312) 555-0199"}, "'…' to … or … (HTTP 400)"),
        (
            {
                "type": "x",
                "description": "Wrong",
                "fieldErrors": [
                    {"fieldName": "to", "description": f"'{BOB}' is no number"},
                    {"fieldName": "text", "description": f"'{TEXT}' is too long"},
                    {"fieldName": f"to[{CAT}]", "description": None},
                ],
            },
            "Wrong; to: '…' is no number; text: '…' is too long; to[…]: None",
        ),
    ],
)
def test_their_words(body: Body, words: str) -> None:
    """Their description and the fields' are quoted, without numbers and without what we sent."""
    error = outcome_of(Vendor(400, body), to_group)
    assert words in str(error)
    assert error.raw == body


# The token


@SENDS
@pytest.mark.parametrize(
    ("code", "body", "kind", "tries"),
    [
        # what the token's host documents (RFC 6749, 5.2), and its proxies
        (401, {"error": "invalid_client"}, gm.AuthenticationFailed, 1),
        (400, {"error": "invalid_request", "error_description": "no"}, gm.AuthenticationFailed, 1),
        (403, b"", gm.AuthenticationFailed, 1),
        (401, b"<html>", gm.AuthenticationFailed, 1),
        (401, [], gm.AuthenticationFailed, 1),
        (404, COMMON, gm.Rejected, 1),
        (404, b"", gm.ProviderUnavailable, 1),
        (409, COMMON, gm.ProviderUnavailable, 1),
        (408, b"", gm.ProviderUnavailable, 3),
        (429, b"", gm.RateLimited, 3),
        (500, COMMON, gm.ProviderUnavailable, 2),
        (500, b"", gm.ProviderUnavailable, 3),
        (502, b"<html>", gm.ProviderUnavailable, 3),
        (503, {}, gm.ProviderUnavailable, 3),
        (301, b"", gm.ConfigurationError, 1),
        # successes without a token
        (200, b"", gm.ProviderUnavailable, 3),
        (200, b"<html>", gm.ProviderUnavailable, 3),
        (200, [], gm.ProviderUnavailable, 3),
        (200, {}, gm.UnexpectedAnswer, 1),
        (200, {"access_token": ""}, gm.UnexpectedAnswer, 1),
        (200, {"access_token": None, "expires_in": 3600}, gm.UnexpectedAnswer, 1),
        (200, {"error": "invalid_client"}, gm.UnexpectedAnswer, 1),
        (200, {"access_token": "\u20ac"}, gm.UnexpectedAnswer, 1),
    ],
)
def test_token(code: int, body: Body, kind: type, tries: int, send: Do) -> None:
    """However the token fails, the message has not left: it is never in doubt, and a lost token is asked for again."""
    vendor = Vendor(code, body, to_token=True)
    error = outcome_of(vendor, send, patience=5)
    assert (type(error), error.outcome) == (kind, Outcome.NOT_SENT)
    assert vendor.asked == {True: tries, False: 0}


def test_token_refused_says_what_to_look_at() -> None:
    """Whose credentials, without them; what the message says of itself is another error."""
    error = outcome_of(Vendor(401, {"error": "invalid_client"}, to_token=True), direct)
    assert "check client_id and client_secret; invalid_client (HTTP 401)" in str(error)
    assert error.code == "invalid_client"
    assert "client_id" not in str(outcome_of(Vendor(403, COMMON), direct))


@pytest.mark.parametrize("code", [400, 401, 403])
def test_refusal_without_a_request(code: int) -> None:
    """An answer by itself, with no request to it, is read as the API's."""
    assert MESSENGER.refusal(Response(code, b"")) is None
    refused = MESSENGER.refusal(Response(code, b"", request=Request("POST", MESSENGER.token_url)))
    assert type(refused) is gm.AuthenticationFailed


# Questions


@pytest.mark.parametrize(
    ("code", "body", "kind"),
    [
        (200, {"messages": None}, gm.UnexpectedAnswer),
        (200, {"messages": {"a": 1}}, gm.UnexpectedAnswer),
        (200, {}, gm.UnexpectedAnswer),
        (200, b"<html>", gm.UnexpectedAnswer),
        (400, {"type": "bad-request", "description": "no"}, gm.Rejected),
        (401, b"", gm.ProviderUnavailable),
        (429, {"type": "rate_limit_exceeded"}, gm.RateLimited),
        (500, b"", gm.ProviderUnavailable),
        (502, b"<html>", gm.ProviderUnavailable),
    ],
)
def test_question(code: int, body: Body, kind: type) -> None:
    """A question that is not answered is never in doubt: nothing was to be done."""
    assert type(outcome_of(Vendor(code, body), status)) is kind


# Error codes: facts 6

REASONS: dict[int, FailureReason | None] = {
    **dict.fromkeys((4475, 4775), FailureReason.OPTED_OUT),
    **dict.fromkeys((4435, 4735), FailureReason.TOO_MANY_RECIPIENTS),
    **dict.fromkeys((4303, 4350, 4404, 4406, 4408, 4720, 4721), FailureReason.INVALID_RECIPIENT),
    **dict.fromkeys((4409, 4420, 4421, 4432, 4700, 4701, 4702, 4730), FailureReason.UNREACHABLE),
    **dict.fromkeys((4476, 4481, 4482, 4772, 4773, 4774, 4795), FailureReason.BLOCKED),
    **dict.fromkeys((4470, 4770, 4771), FailureReason.SPAM),
    **dict.fromkeys((4410, 4411, 4412, 4710, 4711, 4712), FailureReason.MEDIA),
    **dict.fromkeys((4780, 4781, 4785), FailureReason.RATE),
    **dict.fromkeys((4001, 4401, 4431, 4433, 4434, 4451, 4452, 4492, 4493), FailureReason.NOT_ALLOWED),
    **dict.fromkeys((4302, 4405, 4407, 4740), FailureReason.NOT_ALLOWED),  # what is wrong is the line, and nobody else
    **dict.fromkeys((4301, 4750, 4751, 4752, 4753, 4754), FailureReason.CONTENT),
    **dict.fromkeys((5100, 5620, 5999, 4999, 0), FailureReason.OTHER),
    **dict.fromkeys((9902, 9999), None),  # not known to have failed
}


@pytest.mark.parametrize("code", REASONS)
def test_reason(code: int) -> None:
    """Why a recipient did not get it, by the code of the vendor's list."""
    row = {"messageStatus": "FAILED", "errorCode": code}
    assert answers.reason_of(row) is REASONS[code]
    assert answers.status_of(row) is (Status.UNKNOWN if REASONS[code] is None else Status.FAILED)
    for word in ("DELIVERED", "SENT", "BREWING"):
        assert answers.reason_of(row | {"messageStatus": word}) is None


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        *((word, Status.ACCEPTED) for word in ("RECEIVED", "QUEUED", "ACCEPTED", "queued")),
        *((word, Status.SENT) for word in ("SENDING", "SENT")),
        ("DELIVERED", Status.DELIVERED),
        *((word, Status.FAILED) for word in ("FAILED", "UNDELIVERED")),
        *((word, Status.UNKNOWN) for word in ("DLR_EXPIRED", "BREWING", "", None, 17, ["SENT"])),
    ],
)
def test_status(word: object, expected: Status) -> None:
    """The words are an open list: one that is not known says nothing."""
    assert answers.status_of({"messageStatus": word}) is expected
    assert answers.status_of({"messageStatus": word, "errorCode": None}) is expected


@pytest.mark.parametrize(("code", "expected"), [(4720, 4720), (0, 0), (None, 0), ("x", 0), (True, 0), ([], 0)])
def test_code(code: object, expected: int) -> None:
    """A code that is none is no code."""
    assert answers.code_of({"errorCode": code}) == expected


# Anything at all

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.sampled_from([TEXT, ANN, BOB, "", "m1", "x"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=6,
)
NAMES = (
    *("id", "to", "type", "description", "fieldErrors", "message", "error", "error_description", "messages"),
    *("status", "timestamp", "path", "access_token", "expires_in"),
)
ROWS = st.lists(
    st.dictionaries(
        st.sampled_from(["messageId", "messageStatus", "errorCode", "destinationTn", "receiveTime", "recipientCount"]),
        st.just("m1") | JSON,
        max_size=6,
    ),
    max_size=3,
)
BODIES = (
    JSON
    | st.dictionaries(st.sampled_from(NAMES), JSON, max_size=6)
    | st.fixed_dictionaries({"messages": ROWS})
    | st.fixed_dictionaries({"type": st.just("x"), "description": JSON, "fieldErrors": st.lists(JSON, max_size=2)})
)
ATTEMPT = outcome_of(Vendor(504, b""), direct).attempt
KNOWN = attrs.evolve(ATTEMPT, provider_id="m1")


@settings(max_examples=200, deadline=None)
@given(st.sampled_from([200, 202, 400, 401, 403, 404, 408, 415, 429, 500, 503]), BODIES, st.booleans())
@example(200, {"messages": [{"messageId": []}, {"messageId": {"a": 1}}]}, False)
@example(200, {"messages": [{"messageId": "m1", "receiveTime": "9999-12-31T23:59:59-14:00"}]}, False)
def test_any_answer(code: int, body: Body, to_token: bool) -> None:
    """Whatever comes back, nothing outside our errors is raised, and their texts tell nobody's number."""
    for send in (to_group, direct):
        outcome_of(Vendor(code, body, to_token=to_token), send, hidden=() if to_token else (TEXT,))
    outcome_of(Vendor(code, body, to_token=to_token), status, hidden=())
    for attempt in (ATTEMPT, KNOWN):
        look = partial(gm.Client.find_sent, attempt=attempt)
        sighting = outcome_of(Vendor(code, body, to_token=to_token), look, hidden=())
        assert not isinstance(sighting, gm.Absent)
        if isinstance(sighting, gm.CannotTell):
            assert re.search(r"\d{7}", sighting.why) is None
