"""What a failure means for a queue: for the connection, for the message alone, or for its group. Pure."""

from __future__ import annotations

from typing import TypeAlias

import attrs

from ...errors import (
    AuthenticationFailed,
    ConfigurationError,
    GroupMessengerError,
    InProgress,
    NotReached,
    Outcome,
    PartialFailure,
    ProviderUnavailable,
    QuotaExceeded,
    RateLimited,
    SwitchHeld,
    UnexpectedAnswer,
)

_DAY = 86_400.0  # seconds
LIFETIME = 3 * _DAY  # seconds; who could not be reached for so long is not waited for any longer
_TRIES = 10  # of a message whose people cannot all be put into its thread
_SOON = 2.0


@attrs.frozen
class PauseConnection:
    """Nothing is sent by the connection for so many seconds, longer each time, and nothing is lost."""

    first: float
    longest: float


@attrs.frozen
class Delay:
    """The message waits for so many seconds, and others of its group go before it."""

    seconds: float


@attrs.frozen
class Hold:
    """The group waits for so many seconds, longer each time, with the message in its place."""

    first: float
    longest: float


@attrs.frozen
class GiveUp:
    """The message is not tried again."""


Verdict: TypeAlias = PauseConnection | Delay | Hold | GiveUp


def judge(error: GroupMessengerError, tries: int, tried_for: float) -> Verdict:
    """What a failure means for a message that is in the queue still: its `tries`-th, after so many seconds."""
    match error:
        case _ if error.outcome is not Outcome.NOT_SENT:  # somebody else's to find out
            return Hold(_SOON, 60.0)
        case RateLimited():
            said = min(error.retry_after or 0.0, _DAY)
            return PauseConnection(max(said, 5.0), max(said, 300.0))
        case AuthenticationFailed() | ConfigurationError():
            return PauseConnection(60.0, 1800.0)
        case SwitchHeld():
            return Hold(10.0, 60.0)
        case InProgress():
            return Hold(_SOON, 60.0)
        case _ if tried_for > LIFETIME:
            return GiveUp()
        case QuotaExceeded():
            return Delay(min(900.0 * 2.0 ** min(tries - 1, 10), 21_600.0))
        case NotReached() | ProviderUnavailable() | UnexpectedAnswer():
            return Hold(5.0, 300.0)
        case PartialFailure() if tries < _TRIES:
            return Hold(5.0, 300.0)
        case _:
            return GiveUp()


def growing(first: float, longest: float, failures: int) -> float:
    """A pause, in seconds, doubled at each failure."""
    return float(min(first * 2.0 ** min(failures, 20), longest))
