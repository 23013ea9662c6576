"""What an outbox tells of its messages."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum

import attrs


class OutboxState(StrEnum):
    """Where a message of the outbox stands: of `unknown` nobody can say whether it went out."""

    QUEUED = "queued"
    SENDING = "sending"
    SENT = "sent"
    UNKNOWN = "unknown"
    FAILED = "failed"
    CANCELLED = "cancelled"


@attrs.frozen(kw_only=True)
class OutboxEntry:
    """A message of the outbox. Its text is not shown, and kept only while it may have to be sent.

    `due_at`: not before that, None in its turn. `tries` says how often a send was begun, `error` what was in the way
    the last time. `connection` and `token` are the last attempt's. `gave_up`: of an unknown one, that nobody will be
    able to tell.
    """

    id: int
    logical: str
    key: str | None
    batch: str | None = None
    state: OutboxState
    due_at: datetime | None = None
    tries: int = 0
    error: str | None = None
    connection: str | None = None
    token: str | None = attrs.field(default=None, repr=False)
    gave_up: bool = False
    queued_at: datetime
    ended_at: datetime | None = None


@attrs.frozen(kw_only=True)
class Pause:
    """A connection that workers send nothing by until then, and why."""

    connection: str
    until: datetime
    kind: str
    reason: str
    since: datetime


@attrs.frozen(kw_only=True)
class WorkerInfo:
    """A worker that is at work; one that was not `seen_at` for a minute is gone."""

    id: str
    host: str
    process: int
    started_at: datetime
    seen_at: datetime


@attrs.frozen(kw_only=True)
class OutboxStats:
    """How many messages of the outbox are in which state, and how many seconds the oldest that is due has waited.

    `outcomes` are a worker's own since it began, where one tells: sent, unknown, failed, waiting, broken, settled,
    unsettled.
    """

    counts: Mapping[OutboxState, int]
    oldest: float | None
    pauses: tuple[Pause, ...] = ()
    workers: tuple[WorkerInfo, ...] = ()
    outcomes: Mapping[str, int] = attrs.field(factory=dict)

    @property
    def remaining(self) -> int:
        """How many are not decided yet."""
        return _remaining(self.counts)


@attrs.frozen(kw_only=True)
class Progress:
    """How far a batch has come. `rate` is in messages a second, of those that ended; `pauses` are what it waits for."""

    batch: str
    counts: Mapping[OutboxState, int]
    rate: float = 0.0
    pauses: tuple[Pause, ...] = ()

    @property
    def total(self) -> int:
        """How many messages it has."""
        return sum(self.counts.values())

    @property
    def remaining(self) -> int:
        """How many are not decided yet."""
        return _remaining(self.counts)


def _remaining(counts: Mapping[OutboxState, int]) -> int:
    return counts.get(OutboxState.QUEUED, 0) + counts.get(OutboxState.SENDING, 0)
