"""The exchange, driven by hand: what is signed, tried again, and what each answer means."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any, TypeVar

import attrs
import pytest
from acme import CAPABILITIES, LINE
from hypothesis import given
from hypothesis import strategies as st

from groupmessenger.driving import ForeignAwait
from groupmessenger.errors import (
    AuthenticationFailed,
    ConfigurationError,
    GroupMessengerError,
    NotReached,
    Outcome,
    OutcomeUnknown,
    ProviderError,
    ProviderUnavailable,
    RateLimited,
    Rejected,
    UnexpectedAnswer,
)
from groupmessenger.exchange import Exchange
from groupmessenger.flow import Effect, Exclusive, Flow, MaybeSent, NotSent, Now, Request, Response, Sleep, Wire, ask
from groupmessenger.messenger import Authorization, GroupMessenger

T = TypeVar("T")
Ended = Response | Exception

START = datetime(2026, 11, 21, 12, tzinfo=UTC)
POST = Request("POST", "/messages", json={"text": "hush"})
PUT = Request("PUT", "/names", json={"name": "hush"}, repeatable=True)
GET = Request("GET", "/messages", repeatable=True)
LOST = MaybeSent("no answer")
UNREACHED = NotSent("connection refused")


def ok(**fields: Any) -> Response:
    return Response(200, json.dumps(fields).encode())


def answer(status: int, headers: Mapping[str, str] | None = None, **fields: Any) -> Response:
    return Response(status, json.dumps(fields).encode(), headers or {})


@attrs.frozen
class Plain(GroupMessenger):
    """A provider with one secret header, which documents objects with `error`."""

    name = "plain"
    title = "Plain"
    capabilities = CAPABILITIES
    line: str = LINE
    base_url: str = "https://plain.example"

    async def authorize(self) -> Authorization:
        return Authorization({"key": "secret"})

    def refusal(self, response: Response) -> ProviderError | None:
        words = response.fields.get("error")
        if not words:
            return None
        kind = AuthenticationFailed if response.status == 401 else Rejected
        return kind(str(words), status=response.status, raw=response.data)


@attrs.frozen
class Tokened(Plain):
    """A provider whose access is a token that ends, asked for with a request of its own."""

    lifetime: timedelta = timedelta(hours=1)

    async def authorize(self) -> Authorization:
        got = await ask(Request("POST", "/token", authorized=False))
        return Authorization({"token": got.fields["token"]}, self.lifetime)


class Hand:
    """Answers a flow's effects: requests from a list, the clock and pauses from a time of its own."""

    def __init__(self, messenger: GroupMessenger, answers: Sequence[Ended], patience: float = 30) -> None:
        self.exchange = Exchange(messenger, patience)
        self.answers = list(answers)
        self.sent: list[Request] = []
        self.slept: list[float] = []
        self.locked: list[object] = []
        self.now = START

    def ask(self, request: Request, leave_by: datetime | None = None) -> Response:
        return self.run(self.exchange(request, leave_by))

    def run(self, flow: Flow[T]) -> T:
        step: Any = lambda: flow.send(None)  # noqa: E731
        while True:
            try:
                effect = step()
            except StopIteration as stop:
                result: T = stop.value
                return result
            try:
                value = self.perform(effect)
            except Exception as error:
                step = lambda error=error: flow.throw(error)  # noqa: E731
            else:
                step = lambda value=value: flow.send(value)  # noqa: E731

    def perform(self, effect: Effect[Any]) -> object:
        match effect:
            case Wire(request):
                self.sent.append(request)
                ended = self.answers.pop(0)
                if isinstance(ended, Exception):
                    raise ended
                return ended
            case Request():
                return self.run(self.exchange(effect))
            case Sleep(seconds):
                self.slept.append(seconds)
                self.now += timedelta(seconds=seconds)
                return None
            case Now():
                return self.now
            case Exclusive(key, flow):
                self.locked.append(key)
                return self.run(flow)
        raise ForeignAwait(effect)

    @property
    def paths(self) -> list[str]:
        return [request.path for request in self.sent]


def failing(
    request: Request,
    *answers: Ended,
    patience: float = 30,
    leave_by: datetime | None = None,
    messenger: GroupMessenger | None = None,
) -> tuple[GroupMessengerError, Hand]:
    hand = Hand(messenger or Plain(), answers, patience)
    with pytest.raises(GroupMessengerError) as caught:
        hand.ask(request, leave_by)
    assert [] == hand.answers, "not all of the answers were asked for"
    return caught.value, hand


@pytest.mark.parametrize(
    "later",
    [NotSent("refused"), Response(429), answer(404, {"error": "no"}), ConfigurationError("closed")],
)
@pytest.mark.parametrize("first", [MaybeSent("lost"), Response(503)])
def test_a_doubt_stays_a_doubt(first: Ended, later: Ended) -> None:
    """What was in doubt once is not "not sent" because a later try of a repeatable request was turned away."""
    request = attrs.evolve(POST, repeatable=True)
    ended = isinstance(later, ConfigurationError) or getattr(later, "status", 429) == 404
    error, _ = failing(request, first, *([later] if ended else [later, later]))
    assert isinstance(error, OutcomeUnknown)


# --- authorization


def test_what_proves_who_we_are_goes_along_and_is_asked_for_once() -> None:
    """An authorization without a lifetime is made once and never asked for again."""
    hand = Hand(Plain(), [ok(), ok()])
    hand.ask(POST)
    hand.ask(POST)
    assert [{"key": "secret"}] * 2 == [dict(request.headers) for request in hand.sent]
    assert [hand.exchange] == hand.locked


def test_a_request_that_is_not_authorized_carries_nothing_of_ours() -> None:
    """`authorized=False` goes as it stands."""
    hand = Hand(Plain(), [ok()])
    hand.ask(Request("GET", "https://elsewhere.example/picture", authorized=False, headers={"a": "b"}))
    assert [{"a": "b"}] == [dict(request.headers) for request in hand.sent]


def test_the_answer_knows_its_request() -> None:
    """So that `Response.quote` can take out what was sent, credentials included."""
    got = Hand(Plain(), [ok(a=1)]).ask(POST)
    assert got.request is not None
    assert ("/messages", {"key": "secret"}) == (got.request.path, dict(got.request.headers))
    assert {"a": 1} == got.fields


@pytest.mark.parametrize(
    ("lifetime", "kept"),
    [
        (timedelta(hours=1), timedelta(minutes=59)),
        (timedelta(minutes=2), timedelta(minutes=1)),
        (timedelta(seconds=60), timedelta(seconds=30)),
    ],
)
def test_a_token_is_renewed_a_minute_before_its_end(lifetime: timedelta, kept: timedelta) -> None:
    """Or at half its life, if that is short: a token that ends under way would be a 401 for a message."""
    hand = Hand(Tokened(lifetime=lifetime), [ok(token="a"), ok(), ok(), ok(token="b"), ok()])
    hand.ask(POST)
    hand.now = START + kept - timedelta(seconds=1)
    hand.ask(POST)
    hand.now = START + kept
    hand.ask(POST)
    assert ["/token", "/messages", "/messages", "/token", "/messages"] == hand.paths
    assert ["a", "a", "b"] == [request.headers["token"] for request in hand.sent if request.path == "/messages"]


def test_a_token_refused_is_renewed_once() -> None:
    """After a 401 a token that ends is renewed, and the request sent again, once."""
    hand = Hand(Tokened(), [ok(token="a"), answer(401, error="ended"), ok(token="b"), ok(done=1)])
    assert {"done": 1} == hand.ask(POST).fields
    assert ["/token", "/messages", "/token", "/messages"] == hand.paths
    assert ["a", "b"] == [request.headers["token"] for request in hand.sent if request.path == "/messages"]


def test_a_token_refused_twice_is_refused() -> None:
    hand = Hand(Tokened(), [ok(token="a"), answer(401, error="no"), ok(token="b"), answer(401, error="no")])
    with pytest.raises(AuthenticationFailed):
        hand.ask(POST)
    assert [] == hand.answers


def test_the_failure_of_a_renewal_is_for_everybody_who_waited() -> None:
    """Those who asked before it failed do not each try in their turn."""
    hand = Hand(Tokened(), [Response(500)], patience=0)
    with pytest.raises(ProviderUnavailable) as first:
        hand.ask(GET)
    asked_before = hand.now
    with pytest.raises(ProviderUnavailable) as waiting:
        hand.run(hand.exchange._fresh(None, asked_before))
    assert (str(first.value), 1) == (str(waiting.value), len(hand.sent))
    hand.now += timedelta(seconds=1)
    hand.answers = [ok(token="a"), ok(found=1)]
    assert {"found": 1} == hand.ask(GET).fields


def test_an_authorization_that_needs_authorization_is_told() -> None:
    """`authorize()` with credentials would wait for itself, for ever."""

    @attrs.frozen
    class Forgetful(Plain):
        async def authorize(self) -> Authorization:
            got = await ask(Request("POST", "/token"))
            return Authorization({"token": got.fields["token"]}, timedelta(hours=1))

    with pytest.raises(ConfigurationError, match="authorized=False"):
        Hand(Forgetful(), []).ask(GET)


def test_a_token_that_somebody_else_renewed_is_not_renewed_again() -> None:
    """Two flows that meet a 401 with the same token renew it once."""
    hand = Hand(Tokened(), [ok(token="a"), answer(401, error="ended"), ok(done=1)])
    other = Authorization({"token": "theirs"}, timedelta(hours=1))
    flow = hand.exchange(POST)
    effect = flow.send(None)  # its token is asked for
    while not (isinstance(effect, Exclusive) and hand.paths == ["/token", "/messages"]):
        effect = flow.send(hand.perform(effect))
    hand.exchange._current = other  # somebody was first, while this one waited for the lock
    effect = flow.send(hand.perform(effect))
    assert isinstance(effect, Wire)
    assert "theirs" == effect.request.headers["token"]
    flow.close()


def test_keys_that_do_not_end_are_not_tried_again_after_401() -> None:
    """With no lifetime there is nothing to renew."""
    error, hand = failing(POST, answer(401, error="no such key"))
    assert (AuthenticationFailed, 1) == (type(error), len(hand.sent))


def test_403_is_not_a_token_that_ended() -> None:
    """Only a 401 makes a token be renewed."""

    class Strict(Tokened):
        def refusal(self, response: Response) -> ProviderError | None:
            return AuthenticationFailed("not allowed", status=response.status)

    hand = Hand(Strict(), [ok(token="a"), answer(403)])
    with pytest.raises(AuthenticationFailed):
        hand.ask(POST)


@pytest.mark.parametrize(
    ("answers", "kind"),
    [
        ([LOST], ProviderUnavailable),
        ([Response(200, b"<html>")], ProviderUnavailable),
        ([answer(500)], ProviderUnavailable),
        ([UNREACHED] * 3, NotReached),
        ([answer(401, error="no such client")], AuthenticationFailed),
        ([ok(other="shape")], UnexpectedAnswer),
        ([answer(429, {"retry-after": "900"})], RateLimited),
        ([answer(302)], ConfigurationError),
    ],
)
def test_a_token_that_cannot_be_had_leaves_no_message_in_doubt(
    answers: list[Ended], kind: type[GroupMessengerError]
) -> None:
    """Whatever goes wrong with a token: no message left, so the outcome is NOT_SENT."""
    hand = Hand(Tokened(), answers)
    with pytest.raises(kind) as caught:
        hand.ask(POST)
    assert (kind, Outcome.NOT_SENT) == (type(caught.value), caught.value.outcome)
    assert "/messages" not in hand.paths
    assert [] == hand.answers


def test_a_flow_for_a_token_that_awaits_something_else_is_told_so() -> None:
    """A mistake of the adapter's author is not dressed up as an answer of the provider's."""

    class Odd(Plain):
        async def authorize(self) -> Authorization:
            raise ForeignAwait("asyncio.sleep")

    with pytest.raises(ForeignAwait):
        Hand(Odd(), []).ask(POST)


# --- retries


def test_what_never_arrived_is_tried_three_times() -> None:
    """For anything, with growing pauses; then NotReached with the transport's word as its cause."""
    error, hand = failing(POST, UNREACHED, UNREACHED, UNREACHED)
    assert (NotReached, Outcome.NOT_SENT, UNREACHED) == (type(error), error.outcome, error.__cause__)
    assert "Plain was not reached: connection refused" == str(error)
    assert 2 == len(hand.slept)
    assert 0.1875 <= hand.slept[0] <= 0.3125
    assert 0.375 <= hand.slept[1] <= 0.625


def test_what_never_arrived_may_arrive_at_the_second_try() -> None:
    hand = Hand(Plain(), [UNREACHED, ok(id=1)])
    assert {"id": 1} == hand.ask(POST).fields


def test_a_lost_answer_is_not_asked_for_again() -> None:
    """What is not repeatable and ends in doubt is OutcomeUnknown after its one try."""
    error, hand = failing(POST, LOST)
    assert (OutcomeUnknown, Outcome.UNKNOWN, LOST, 1) == (type(error), error.outcome, error.__cause__, len(hand.sent))
    assert "Plain may have done it, or not: no answer; it is not tried again" == str(error)


@pytest.mark.parametrize(
    "lost", [LOST, answer(500), answer(503), answer(408), Response(200, b"<html>"), Response(200, b"[]")]
)
def test_what_is_repeatable_is_repeated_after_a_loss(lost: Ended) -> None:
    """A repeatable request is sent again after 5xx, 408, a lost answer and one in no shape."""
    hand = Hand(Plain(), [lost, ok(done=1)])
    assert {"done": 1} == hand.ask(PUT).fields
    assert 2 == len(hand.sent)


def test_a_change_that_is_repeatable_and_keeps_being_lost_is_unknown() -> None:
    error, _ = failing(PUT, LOST, answer(500), LOST)
    assert OutcomeUnknown is type(error)
    assert str(error).endswith("doing it again is safe")


@pytest.mark.parametrize(
    ("answers", "status", "kind"),
    [
        ([LOST] * 3, None, ProviderUnavailable),
        ([answer(502)] * 3, 502, ProviderUnavailable),
        ([answer(404)], 404, ProviderUnavailable),
        ([Response(200, b"<html>")], 200, UnexpectedAnswer),
        ([Response(200, b"[1]")], 200, UnexpectedAnswer),
        ([Response(204)], 204, UnexpectedAnswer),
    ],
)
def test_a_question_never_ends_in_doubt(
    answers: list[Ended], status: int | None, kind: type[GroupMessengerError]
) -> None:
    """Where nothing can have been done, the outcome is NOT_SENT."""
    error, _ = failing(GET, *answers)
    assert isinstance(error, ProviderError)
    assert (kind, status, Outcome.NOT_SENT) == (type(error), error.status, error.outcome)


@pytest.mark.parametrize("status", [408, 409, 425, 500, 502, 503, 504, 404, 400])
def test_a_refusal_that_is_not_documented_is_a_doubt(status: int) -> None:
    """None from the adapter's table: UNKNOWN, and no second try."""
    error, _ = failing(POST, answer(status))
    assert (OutcomeUnknown, True) == (type(error), f"HTTP {status}" in str(error))


@pytest.mark.parametrize("status", [400, 403, 404, 500])
def test_a_refusal_that_is_documented_is_raised_as_it_is(status: int) -> None:
    """The adapter's own table decides, for 5xx too; it is final."""
    for request in (POST, PUT, GET):
        error, hand = failing(request, answer(status, error="no"))
        assert isinstance(error, Rejected)
        assert (status, 1, {"error": "no"}) == (error.status, len(hand.sent), error.raw)


@pytest.mark.parametrize("request_", [GET, PUT, POST])
def test_what_the_provider_could_not_do_and_did_not_is_tried_once_more(request_: Request) -> None:
    """Where the adapter says so of an answer: nothing was done, so that a message may leave again."""

    class Honest(Plain):
        def refusal(self, response: Response) -> ProviderError | None:
            return ProviderUnavailable("nothing was done", status=response.status)

    error, hand = failing(request_, *[answer(500)] * 2, messenger=Honest())
    assert (ProviderUnavailable, Outcome.NOT_SENT, 2) == (type(error), error.outcome, len(hand.sent))


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b'"text"', b"\xff", b"[" * 100_000])
def test_a_success_in_no_shape_of_the_vendors_is_a_doubt(body: bytes) -> None:
    error, _ = failing(POST, Response(200, body))
    assert OutcomeUnknown is type(error)


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]"])
def test_an_answer_that_may_be_anything_may_be_anything(body: bytes) -> None:
    """`answer="anything"` takes any success."""
    request = attrs.evolve(POST, answer="anything")
    assert body == Hand(Plain(), [Response(204, body)]).ask(request).content


def test_see_other_after_a_change_is_a_doubt() -> None:
    """303 says that it was done, and where to look."""
    error, _ = failing(POST, answer(303, {"location": "https://elsewhere.example"}))
    assert isinstance(error, OutcomeUnknown)


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_redirect_is_a_setting_to_be_mended(status: int) -> None:
    """It is not followed, for credentials would go along; nothing was sent."""
    error, _ = failing(POST, answer(status, {"location": "https://elsewhere.example"}))
    assert isinstance(error, ConfigurationError)
    assert (("base_url",), Outcome.NOT_SENT) == (tuple(p.key for p in error.problems), error.outcome)


def test_too_many_requests_are_waited_out() -> None:
    """429 means turned away, for anything; `Retry-After` says how long, in seconds."""
    hand = Hand(Plain(), [answer(429, {"retry-after": " 7 "}), ok(id=1)])
    assert {"id": 1} == hand.ask(POST).fields
    assert [7.0] == hand.slept


def test_a_retry_after_may_be_a_date() -> None:
    """Measured on the provider's own clock, from its `Date`."""
    theirs = datetime(2031, 1, 1, tzinfo=UTC)
    headers = {"date": format_datetime(theirs), "retry-after": format_datetime(theirs + timedelta(seconds=9))}
    hand = Hand(Plain(), [answer(429, headers), ok()])
    hand.ask(POST)
    assert [9.0] == hand.slept


def test_a_retry_after_that_is_over_is_no_wait() -> None:
    theirs = datetime(2031, 1, 1, tzinfo=UTC)
    headers = {"date": format_datetime(theirs), "retry-after": format_datetime(theirs - timedelta(seconds=9))}
    hand = Hand(Plain(), [answer(429, headers), ok()])
    hand.ask(POST)
    assert [0.0] == hand.slept


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"retry-after": "soon"},
        {"retry-after": "-1"},
        {"retry-after": "1.5"},
        {"retry-after": "٣"},
        {"retry-after": "Wed, 01 Jan 2031 00:00:09 GMT"},
        {"retry-after": "Wed, 01 Jan 2031 00:00:09 -0000", "date": "Wed, 01 Jan 2031 00:00:00 GMT"},
        {"retry-after": "Thu, 1 Jan 1970 00:00:00 +99999999999999999", "date": "Wed, 01 Jan 2031 00:00:00 GMT"},
    ],
)
def test_a_retry_after_that_makes_no_sense_is_our_own_pause(headers: dict[str, str]) -> None:
    error, hand = failing(POST, *[answer(429, headers)] * 3)
    assert isinstance(error, RateLimited)
    assert (None, 429, True) == (error.retry_after, error.status, hand.slept[0] < 1)


@given(st.text(), st.text())
def test_no_retry_after_breaks_anything(after: str, date: str) -> None:
    """Whatever stands in the headers, 429 is RateLimited or waited out."""
    hand = Hand(Plain(), [answer(429, {"retry-after": after, "date": date})] * 3, patience=0)
    with pytest.raises(RateLimited):
        hand.ask(POST)


@pytest.mark.parametrize("after", ["31", "9" * 400])
def test_a_wait_longer_than_patience_is_not_begun(after: str) -> None:
    """RateLimited is raised at once, with the time the provider asks for."""
    error, hand = failing(POST, answer(429, {"retry-after": after}))
    assert isinstance(error, RateLimited)
    assert ([], float(after)) == (hand.slept, error.retry_after)


def test_patience_is_for_all_waits_together() -> None:
    error, hand = failing(POST, *[answer(429, {"retry-after": "20"})] * 2)
    assert (RateLimited, [20.0]) == (type(error), hand.slept)


def test_without_patience_there_is_one_try() -> None:
    error, hand = failing(POST, UNREACHED, patience=0)
    assert (NotReached, 1) == (type(error), len(hand.sent))


# --- leave_by


def test_nothing_leaves_after_its_time() -> None:
    error, hand = failing(POST, leave_by=START)
    assert (NotReached, []) == (type(error), hand.sent)


def test_a_second_try_that_would_leave_too_late_is_not_made() -> None:
    """What the first try ended with is raised instead."""
    error, hand = failing(POST, answer(429, {"retry-after": "5"}), leave_by=START + timedelta(seconds=5))
    assert (RateLimited, [5.0], 1) == (type(error), hand.slept, len(hand.sent))


def test_what_has_time_leaves() -> None:
    hand = Hand(Plain(), [ok()])
    hand.ask(POST, START + timedelta(milliseconds=1))
    assert 1 == len(hand.sent)


@given(
    request=st.sampled_from([POST, PUT, GET]),
    answers=st.lists(
        st.one_of(
            st.just(LOST),
            st.just(UNREACHED),
            st.builds(answer, st.sampled_from([400, 401, 404, 408, 409, 429, 500, 503]), st.just({})),
            st.builds(lambda status: answer(status, error="no"), st.sampled_from([400, 404, 500])),
            st.just(Response(200, b"<html>")),
            st.just(ok(id=1)),
        ),
        min_size=3,
        max_size=3,
    ),
)
def test_the_two_worst_things_never_happen(request: Request, answers: list[Ended]) -> None:
    """What may have arrived and is not repeatable is never sent again, and never said to be NOT_SENT."""
    hand = Hand(Plain(), answers)
    outcome: Outcome | None = None
    try:
        hand.ask(request)
    except GroupMessengerError as error:
        outcome = error.outcome
    tried = answers[: len(hand.sent)]

    def doubtful(ended: Ended) -> bool:
        if isinstance(ended, Exception):
            return ended is LOST
        if ended.status == 429 or ended.fields.get("error"):
            return False
        return ended != ok(id=1)

    assert not request.repeatable or len(tried) <= 3
    if not request.repeatable:
        assert not any(map(doubtful, tried[:-1])), "sent again although it may have arrived"
        assert (Outcome.UNKNOWN if doubtful(tried[-1]) else outcome) == outcome
    assert (outcome is Outcome.UNKNOWN) <= (not request.reads)
