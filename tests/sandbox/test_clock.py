"""The sandbox's time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from groupmessenger.sandbox import Clock


def test_it_shows_the_real_time_until_it_is_put_forward() -> None:
    clock = Clock()
    assert abs(clock.now() - datetime.now(UTC)) < timedelta(seconds=5)
    clock.advance(3600)
    assert timedelta(seconds=3595) < clock.now() - datetime.now(UTC) < timedelta(seconds=3605)


def test_what_is_planned_happens_at_its_own_time_and_in_order() -> None:
    clock = Clock()
    start = clock.now()
    happened: list[tuple[str, int]] = []

    def note(what: str) -> None:
        happened.append((what, round((clock.now() - start).total_seconds())))

    clock.at(start + timedelta(seconds=60), lambda: note("second"))
    clock.at(start + timedelta(seconds=60), lambda: note("third"))
    clock.at(start + timedelta(seconds=30), lambda: note("first"))
    clock.advance(59)
    assert happened == [("first", 30)]
    clock.advance(100)
    assert happened == [("first", 30), ("second", 60), ("third", 60)]


@pytest.mark.parametrize("seconds", [-1, -0.001])
def test_it_does_not_go_back(seconds: float) -> None:
    with pytest.raises(ValueError, match="from 0"):
        Clock().advance(seconds)


def test_what_is_planned_may_plan() -> None:
    clock = Clock()
    happened: list[int] = []

    def again() -> None:
        happened.append(1)
        if len(happened) < 3:
            clock.at(clock.now() + timedelta(seconds=10), again)

    clock.at(clock.now() + timedelta(seconds=10), again)
    clock.advance(60)
    assert len(happened) == 3


def test_run_due_does_what_is_past_and_leaves_the_rest() -> None:
    clock = Clock()
    happened: list[str] = []
    clock.at(clock.now() - timedelta(seconds=1), lambda: happened.append("due"))
    clock.at(clock.now() + timedelta(seconds=60), lambda: happened.append("later"))
    clock.run_due()
    assert happened == ["due"]
