"""Which connections nothing should be sent by at this moment, and for how long. All of it transactions."""

from __future__ import annotations

import attrs

from ..directory import Transaction
from ..lines import Lines
from . import pacing, pauses

IN_PLACE = 0.5  # seconds that a message which is ready to leave waits for its turn


@attrs.frozen
class Hold:
    """For so many seconds, and why; a pause moves a group elsewhere where that is allowed, the pace does not."""

    seconds: float
    why: str
    is_pause: bool


def paused(t: Transaction) -> dict[str, Hold]:
    """The connections that are paused, by name."""
    return {
        each.connection: Hold(
            (each.until - t.now).total_seconds(), f"paused until {each.until:%H:%M:%S} UTC: {each.reason}", True
        )
        for each in pauses.listed(t)
    }


def held(t: Transaction, lines: Lines) -> dict[str, Hold]:
    """The connections that are paused, or that messages have to wait for longer than a moment."""
    waits = pacing.waits(t, lines.values())
    slow = {name: Hold(seconds, "others go before it", False) for name, seconds in waits.items() if seconds > IN_PLACE}
    return {**slow, **paused(t)}
