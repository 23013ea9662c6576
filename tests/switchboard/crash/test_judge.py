"""The judge of the runs sees each thing that must not be."""

from __future__ import annotations

from datetime import UTC, datetime

import attrs
import pytest

from groupmessenger.switchboard.outbox.values import OutboxEntry, OutboxState

from .judge import Shown, verdict
from .plan import Plan, Planned

PEOPLE = ANN, BEN = "+13125550130", "+13125550131"
STRANGER = "+13125550132"
TEXTS = "one", "two", "one", "three"  # the third is another message with the first's text
PLAN = Plan(
    {"team": PEOPLE}, {"team": "sendblue"}, tuple(Planned(f"key {n}", "team", each) for n, each in enumerate(TEXTS))
)


def entries(*states: OutboxState) -> dict[str, OutboxEntry]:
    """What the outbox says of each message; the others were sent."""
    several = [*states, *[OutboxState.SENT] * (len(TEXTS) - len(states))]
    return {f"key {n}": _entry(n, state) for n, state in enumerate(several)}


def _entry(number: int, state: OutboxState) -> OutboxEntry:
    return OutboxEntry(
        id=number,
        logical="team",
        key=f"key {number}",
        state=state,
        error="No",
        token="t",
        gave_up=state is OutboxState.UNKNOWN,
        queued_at=datetime.now(UTC),
    )


def shown(*texts: str, by: tuple[str, ...] = PEOPLE) -> list[Shown]:
    return [Shown(phone, "thread", text) for phone in by for text in texts]


def test_all_is_well() -> None:
    assert [] == verdict(PLAN, entries(), shown(*TEXTS))


def test_what_failed_is_not_shown() -> None:
    failed = entries(OutboxState.FAILED)
    assert [] == verdict(PLAN, failed, shown("two", "one", "three"))
    assert verdict(PLAN, failed, shown(*TEXTS))


def test_what_is_unknown_is_shown_once_at_most_and_anywhere() -> None:
    unknown = entries(OutboxState.SENT, OutboxState.UNKNOWN)
    for texts in (("one", "one", "three"), TEXTS, ("one", "one", "three", "two")):
        assert [] == verdict(PLAN, unknown, shown(*texts))
    assert verdict(PLAN, unknown, shown("two", *TEXTS))


@pytest.mark.parametrize(
    ("texts", "word"),
    [
        (("one", "two", "one", "one", "three"), "too often"),
        (("one", "two", "three"), "not often enough"),
        (("one", "one", "two", "three"), "out of its order"),
        ((*TEXTS, "four"), "which nobody sent"),
    ],
)
def test_what_phones_may_not_show(texts: tuple[str, ...], word: str) -> None:
    found = verdict(PLAN, entries(), shown(*texts))
    assert 2 == len(found), "of each phone"
    assert all(word in each for each in found)


def test_whom_it_was_not_for() -> None:
    (found,) = verdict(PLAN, entries(), shown(*TEXTS) + shown("two", by=(STRANGER,)))
    assert "not for them" in found


def test_a_phone_that_shows_less_than_others() -> None:
    (found,) = verdict(PLAN, entries(), shown(*TEXTS, by=(ANN,)) + shown("one", "two", "one", by=(BEN,)))
    assert BEN in found


def test_several_threads() -> None:
    (found,) = verdict(PLAN, entries(), [*shown(*TEXTS)[:-1], Shown(BEN, "another", "three")])
    assert "several threads" in found


@pytest.mark.parametrize("state", [OutboxState.QUEUED, OutboxState.SENDING, OutboxState.CANCELLED])
def test_what_is_never_decided(state: OutboxState) -> None:
    assert any("key 0" in each for each in verdict(PLAN, entries(state), shown("two", "one", "three")))


def test_what_is_not_told() -> None:
    told = entries(OutboxState.FAILED, OutboxState.UNKNOWN, OutboxState.UNKNOWN)
    told["key 0"] = attrs.evolve(told["key 0"], error=None)
    told["key 1"] = attrs.evolve(told["key 1"], token=None)
    told["key 2"] = attrs.evolve(told["key 2"], gave_up=False)
    del told["key 3"]
    assert ["key 0", "key 1", "key 2", "key 3"] == [each[:5] for each in verdict(PLAN, told, [])]
