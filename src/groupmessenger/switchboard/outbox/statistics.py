"""How the outbox stands. All of it transactions."""

from __future__ import annotations

from ..directory import Transaction
from . import entries, pauses, roster
from .values import OutboxStats


def stats(t: Transaction) -> OutboxStats:
    """How many messages are in which state, what is paused, and who is at work."""
    return OutboxStats(
        counts=entries.counts(t), oldest=entries.oldest(t), pauses=pauses.listed(t), workers=roster.listed(t)
    )
