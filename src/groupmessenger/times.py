"""Times as providers write them, and days as people count them."""

from __future__ import annotations

from datetime import UTC, date, datetime


def moment(value: object) -> datetime | None:
    """A time in RFC 3339, None for what is none. Without a zone it is UTC."""
    try:
        at = datetime.fromisoformat(str(value))
    except ValueError:
        return None
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def countdown(day: date, now: datetime) -> str:
    """How far off a day is: `2026-12-31, in 39 days`."""
    left = (day - now.astimezone(UTC).date()).days
    far = "today" if left == 0 else f"in {left} days" if left > 0 else f"{-left} days ago"
    return f"{day}, {far.replace('1 days', '1 day') if abs(left) == 1 else far}"
