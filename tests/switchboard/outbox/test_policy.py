"""What each failure means for a queue: a table with every error there is."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

import groupmessenger as gm
from groupmessenger.errors import GroupMessengerError, Outcome
from groupmessenger.switchboard.outbox.policy import (
    LIFETIME,
    Delay,
    GiveUp,
    Hold,
    PauseConnection,
    Verdict,
    growing,
    judge,
)

SOON, LATER, ASKED = Hold(2.0, 60.0), Hold(5.0, 300.0), Hold(10.0, 60.0)
REFUSED, FULL = PauseConnection(60.0, 1800.0), PauseConnection(5.0, 300.0)
GROUP = gm.Group("acme", "+13125550100", "g1")
TABLE: dict[type[GroupMessengerError], Verdict | None] = {
    gm.GroupMessengerError: GiveUp(),
    gm.InvalidInput: GiveUp(),
    gm.ConfigurationError: REFUSED,
    gm.CapabilityError: GiveUp(),
    gm.UnsupportedOperation: GiveUp(),
    gm.LimitExceeded: GiveUp(),
    gm.BroadcastRefused: GiveUp(),
    gm.WrongConnection: GiveUp(),
    gm.GroupPending: GiveUp(),
    gm.Suppressed: GiveUp(),
    gm.SendBlocked: GiveUp(),
    gm.NotAccepted: GiveUp(),
    gm.SwitchHeld: ASKED,
    gm.NotReached: LATER,
    gm.ProviderError: GiveUp(),
    gm.AuthenticationFailed: REFUSED,
    gm.RateLimited: FULL,
    gm.QuotaExceeded: Delay(900.0),
    gm.Rejected: GiveUp(),
    gm.GroupNotFound: GiveUp(),
    gm.ProviderUnavailable: LATER,
    gm.UnexpectedAnswer: LATER,
    gm.OutcomeUnknown: SOON,
    gm.PartialFailure: LATER,
    gm.KeyReused: GiveUp(),
    gm.InProgress: SOON,
    gm.AlreadyBound: GiveUp(),
    gm.ThreadRetired: GiveUp(),
    gm.DirectoryError: GiveUp(),  # never asked: who drains has nothing to write it down with
    gm.WebhookError: GiveUp(),
    gm.InvalidSignature: GiveUp(),
    gm.MalformedWebhook: GiveUp(),
    gm.GroupUnresolved: GiveUp(),
}


MADE: dict[type[GroupMessengerError], GroupMessengerError] = {
    gm.LimitExceeded: gm.LimitExceeded("no", name="text", limit=1, asked=2),
    gm.PartialFailure: gm.PartialFailure("no", group=GROUP, succeeded=(), failed={}),
    gm.InProgress: gm.InProgress("no", outcome=Outcome.NOT_SENT),
}


def every(kind: type[GroupMessengerError] = GroupMessengerError) -> Iterator[type[GroupMessengerError]]:
    """The errors of the library's own."""
    yield kind
    for each in kind.__subclasses__():
        if each.__module__ == gm.GroupMessengerError.__module__:
            yield from every(each)


@pytest.mark.parametrize("kind", list(every()), ids=lambda kind: kind.__name__)
def test_every_error_means_something(kind: type[GroupMessengerError]) -> None:
    assert TABLE[kind] == judge(MADE.get(kind) or kind("no"), tries=1, tried_for=0.0)


def test_what_may_have_been_sent_is_never_given_up() -> None:
    """It is settled, and until then in the way; one that is under way is waited for."""
    receipt = gm.Receipt(id="m1", status=gm.Status.ACCEPTED, token="t")
    assert SOON == judge(gm.AlreadyBound("no", receipt=receipt), 1, LIFETIME + 1)
    assert SOON == judge(gm.InProgress("no"), 1, 0.0)


@pytest.mark.parametrize(("after", "pause"), [(None, 5.0), (1.0, 5.0), (60.0, 60.0), (900.0, 900.0)])
def test_a_provider_that_says_how_long_is_heeded(after: float | None, pause: float) -> None:
    verdict = judge(gm.RateLimited("no", retry_after=after), 1, 0.0)
    assert PauseConnection(pause, max(pause, 300.0)) == verdict


def test_a_quota_is_asked_about_more_and_more_seldom() -> None:
    error = gm.QuotaExceeded("no")
    waits = [judge(error, tries, 0.0) for tries in (1, 2, 5, 6, 1000)]
    assert [Delay(each) for each in (900.0, 1800.0, 14_400.0, 21_600.0, 21_600.0)] == waits


@pytest.mark.parametrize("kind", [gm.NotReached, gm.ProviderUnavailable, gm.UnexpectedAnswer, gm.QuotaExceeded])
def test_nobody_is_waited_for_for_ever(kind: type[GroupMessengerError]) -> None:
    assert GiveUp() == judge(kind("no"), 1, LIFETIME + 1)


@pytest.mark.parametrize("kind", [gm.RateLimited, gm.AuthenticationFailed, gm.ConfigurationError, gm.SwitchHeld])
def test_what_is_ours_to_mend_is_waited_for_as_long_as_it_takes(kind: type[GroupMessengerError]) -> None:
    assert TABLE[kind] == judge(kind("no"), 1000, LIFETIME + 1)


def test_people_who_cannot_be_put_into_the_thread_are_tried_a_few_times() -> None:
    error = MADE[gm.PartialFailure]
    assert (LATER, GiveUp()) == (judge(error, 9, 0.0), judge(error, 10, 0.0))


def test_a_wait_doubles_up_to_its_longest() -> None:
    assert [5.0, 10.0, 20.0, 300.0, 300.0] == [growing(5.0, 300.0, failures) for failures in (0, 1, 2, 9, 10_000)]
