"""Which workers there are. All of it transactions."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import delete, select

from ..directory import Transaction
from .tables import workers
from .values import WorkerInfo

_GONE = timedelta(seconds=60)  # without a sign of life


def seen(t: Transaction, worker: str, host: str, process: int) -> None:
    """Keep that a worker is alive; whoever ended without a word is forgotten."""
    t.execute(delete(workers).where(workers.c.seen_at < t.now - _GONE))
    if not t.insert_once(workers, id=worker, host=host, process=process, started_at=t.now, seen_at=t.now):
        t.execute(workers.update().where(workers.c.id == worker).values(seen_at=t.now))


def gone(t: Transaction, worker: str) -> None:
    """Keep that a worker has ended."""
    t.execute(delete(workers).where(workers.c.id == worker))


def listed(t: Transaction) -> tuple[WorkerInfo, ...]:
    """The workers that are at work."""
    rows = t.execute(select(workers).where(workers.c.seen_at >= t.now - _GONE).order_by(workers.c.started_at))
    return tuple(
        WorkerInfo(id=row.id, host=row.host, process=row.process, started_at=row.started_at, seen_at=row.seen_at)
        for row in rows
    )
