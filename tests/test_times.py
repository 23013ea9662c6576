"""Times as providers write them, and how far off a day is."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from groupmessenger.times import countdown, moment


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-11-21T12:30:05Z", datetime(2026, 11, 21, 12, 30, 5, tzinfo=UTC)),
        ("2026-11-21T14:30:05.250+02:00", datetime(2026, 11, 21, 12, 30, 5, 250_000, tzinfo=UTC)),
        ("2026-11-21T12:30:05", datetime(2026, 11, 21, 12, 30, 5, tzinfo=UTC)),
        ("soon", None),
        (None, None),
        (12, None),
    ],
)
def test_moment(text: object, expected: datetime | None) -> None:
    assert expected == moment(text)


@pytest.mark.parametrize(
    ("day", "expected"),
    [(30, "in 9 days"), (22, "in 1 day"), (21, "today"), (20, "1 day ago"), (1, "20 days ago")],
)
def test_countdown(day: int, expected: str) -> None:
    assert f"2026-11-{day:02}, {expected}" == countdown(date(2026, 11, day), datetime(2026, 11, 21, 23, 59, tzinfo=UTC))
