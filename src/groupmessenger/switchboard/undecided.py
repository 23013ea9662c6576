"""The errors for a message that cannot be sent yet, or not again, since another or itself is not decided."""

from __future__ import annotations

from ..errors import InProgress, Outcome, OutcomeUnknown
from .ledger import UnderWay, Unsure
from .tried import Tried
from .values import State


def unknown(tried: Tried) -> OutcomeUnknown:
    """The error for a message whose outcome nobody knows, when its key comes again."""
    ended = "nobody can tell any more" if tried.gave_up_at is not None else "ask again, or see settle()"
    return OutcomeUnknown(
        f"it was sent under this key before, and whether it went out is not known: {ended} ({tried.error})",
        attempt=tried.attempt,
        provider_id=tried.provider_id,
    )


def in_the_way(standing: UnderWay | Unsure) -> InProgress:
    """The error for a message that another of its group is in the way of."""
    if isinstance(standing, UnderWay):
        until = f"{standing.tried.lease_until:%H:%M:%S} UTC at most"
        if standing.same and standing.tried.state is State.SENDING:
            return InProgress(f"a send with this key is under way, until {until}: ask again with the same key")
        what = "it is being prepared elsewhere" if standing.same else "another message of this group is under way"
        return InProgress(f"{what}, until {until}: send it again then", outcome=Outcome.NOT_SENT)
    return InProgress(
        "whether an earlier message to this group went out is not known yet, and this one has to wait until it is, or "
        "until nobody can tell any more: settle() finds out",
        outcome=Outcome.NOT_SENT,
    )
