"""The error tree."""

from __future__ import annotations

import inspect
import itertools
import re

import pytest

from groupmessenger import errors
from groupmessenger.errors import (
    AuthenticationFailed,
    ConfigurationError,
    GroupMessengerError,
    GroupUnresolved,
    InProgress,
    InvalidInput,
    InvalidSignature,
    LimitExceeded,
    MalformedWebhook,
    NotReached,
    Outcome,
    OutcomeUnknown,
    PartialFailure,
    Problem,
    RateLimited,
    Rejected,
    Suppressed,
)
from groupmessenger.groups import Group
from groupmessenger.messages import FailureReason
from groupmessenger.phone import Member, PhoneNumber

ALICE, BOB = Member("+13125550101"), Member("+13125550102")
GROUP = Group("acme", "+13125550100", "g1", (ALICE,))


def drawn() -> dict[str, str]:
    """Each error of the drawing in the docstring, with the one it hangs under."""
    above: dict[str, str] = {}
    stack: list[tuple[int, str]] = []
    drawing = inspect.cleandoc(errors.__doc__ or "").partition("\n\n")[2].partition("\n\n")[0]
    for line in drawing.splitlines():
        text = line.lstrip(" │├└─")
        parts = re.split(r"\s{2,}", re.sub(r"\s?\(.*?\)", "", text))
        names = list(itertools.takewhile(lambda part: re.fullmatch("[A-Z][A-Za-z]+", part), parts))
        depth = len(line) - len(text)
        while stack and stack[-1][0] >= depth:
            stack.pop()
        if stack:
            above.update(dict.fromkeys(names, stack[-1][1]))
        stack.append((depth, names[0]))
    return above


def test_the_tree_is_as_drawn() -> None:
    """The docstring is what users read; it cannot differ from the classes."""
    classes = {
        name: cls
        for name, cls in inspect.getmembers(errors, inspect.isclass)
        if issubclass(cls, GroupMessengerError) and cls is not GroupMessengerError
    }
    assert {name: cls.__bases__[0].__name__ for name, cls in classes.items()} == drawn()


def test_every_error_says_whether_it_happened() -> None:
    """NOT_SENT unless its class says otherwise."""
    unsure = {OutcomeUnknown, InProgress}
    for _, cls in inspect.getmembers(errors, inspect.isclass):
        if issubclass(cls, GroupMessengerError):
            assert (Outcome.UNKNOWN if cls in unsure else Outcome.NOT_SENT) is cls.outcome
            assert inspect.getdoc(cls)


@pytest.mark.parametrize(
    ("failures", "succeeded", "outcome"),
    [
        ([NotReached("x")], [], Outcome.NOT_SENT),
        ([NotReached("x")], [ALICE], Outcome.SENT),
        ([NotReached("x"), OutcomeUnknown("x")], [ALICE], Outcome.UNKNOWN),
        ([OutcomeUnknown("x")], [], Outcome.UNKNOWN),
    ],
)
def test_a_partial_failure_is_as_sure_as_its_parts(
    failures: list[GroupMessengerError], succeeded: list[Member], outcome: Outcome
) -> None:
    failed = dict(zip(itertools.chain([BOB], [Member("+13125550103")]), failures, strict=False))
    error = PartialFailure("some", group=GROUP, succeeded=iter(succeeded), failed=failed)
    assert (outcome, tuple(succeeded), failed, GROUP) == (error.outcome, error.succeeded, error.failed, error.group)


def test_a_configuration_error_has_all_problems() -> None:
    error = ConfigurationError(
        Problem("line", "is missing"), "odd", Problem("pace", "not a pace", "10/s, for example", "groups.toml")
    )
    assert "line: is missing\nodd\ngroups.toml: pace: not a pace (10/s, for example)" == str(error)
    assert ("line", "", "pace") == tuple(problem.key for problem in error.problems)


def test_errors_carry_what_a_program_needs() -> None:
    limit = LimitExceeded("x", name="text", limit=4, asked=5, alternatives=iter(["backup"]))
    assert ("text", 4, 5, ("backup",)) == (limit.name, limit.limit, limit.asked, limit.alternatives)
    limited = RateLimited("x", retry_after=3, status=429, code="slow", raw={})
    assert (3, 429, "slow", {}) == (limited.retry_after, limited.status, limited.code, limited.raw)
    rejected = Rejected("x", reason=FailureReason.SPAM, recipients=iter([PhoneNumber("+13125550101")]), status=400)
    assert (FailureReason.SPAM, 1, 400) == (rejected.reason, len(rejected.recipients), rejected.status)
    refused = AuthenticationFailed("x")
    assert (None, None, None) == (refused.status, refused.code, refused.raw)
    assert (ALICE,) == Suppressed("x", iter([ALICE])).members
    assert ("a", "b") == GroupUnresolved("x", iter("ab")).candidates
    unknown = OutcomeUnknown("x", provider_id="m1")
    assert (None, "m1") == (unknown.attempt, unknown.provider_id)
    assert (400, 401) == (MalformedWebhook.http_status, InvalidSignature.http_status)
    assert isinstance(InvalidInput("x"), ValueError)


def test_what_a_program_needs_is_not_in_the_text() -> None:
    """Attributes may be private; `str`, `repr` and `args` are for logs."""
    raw = {"number": "+13125550101", "text": "hush"}
    error = Rejected("refused", raw=raw, recipients=[PhoneNumber("+13125550101")])
    partial = PartialFailure("some", group=GROUP, succeeded=[ALICE], failed={BOB: NotReached("x")})
    for each in (error, partial, Suppressed("gone", [ALICE])):
        for text in (str(each), repr(each), repr(each.args)):
            assert ("5550101" in text, "hush" in text) == (False, False)
