"""Which connections nothing should be sent by at this moment, and for how long. All of it transactions."""

from __future__ import annotations

import attrs

from ...errors import RateLimited
from ..directory import Transaction
from ..lines import Lines
from . import pacing, pauses
from .pacing import Pace

IN_PLACE = 2.0  # seconds that a message which is ready to leave waits for its turn


@attrs.frozen
class Hold:
    """For so many seconds, and why. It `moves` a group elsewhere where that is allowed; a rate or the `pace` never."""

    seconds: float
    why: str
    moves: bool = False
    pace: Pace | None = None


def paused(t: Transaction) -> dict[str, Hold]:
    """The connections that are paused, by name."""
    return {
        each.connection: Hold(
            (each.until - t.now).total_seconds(),
            f"paused until {each.until:%H:%M:%S} UTC: {each.reason}",
            moves=each.kind != RateLimited.__name__,
        )
        for each in pauses.listed(t)
    }


def held(t: Transaction, lines: Lines) -> dict[str, Hold]:
    """The connections that are paused, or that messages have to wait for longer than a moment."""
    slow = {
        name: Hold(seconds, "others go before it", pace=pace)
        for name, (pace, seconds) in pacing.waits(t, lines.values()).items()
        if seconds > IN_PLACE
    }
    return {**slow, **paused(t)}
