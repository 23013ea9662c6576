"""Connections that nothing is sent by for now: their provider refuses us, not a message. All of it transactions."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import bindparam, delete, select, update

from ..directory import Transaction
from ..tables import Moment
from . import lanes
from .tables import pauses
from .values import Pause

_NOW = bindparam("now", type_=Moment)
_LISTED = select(pauses).where(pauses.c.until > _NOW).order_by(pauses.c.connection)
_OVER = delete(pauses).where(pauses.c.connection == bindparam("of"), pauses.c.until <= _NOW)


def pause(t: Transaction, connection: str, kind: str, reason: str, first: float, longest: float) -> Pause:
    """Pause a connection for `first` seconds, twice as long each time, at most `longest`."""
    t.insert_once(pauses, connection=connection, until=t.now, kind=kind, reason=reason, failures=0, since=t.now)
    row = t.execute(select(pauses).where(pauses.c.connection == connection).with_for_update()).one()
    again = row.until > t.now  # another message was refused in the same breath
    failures = row.failures if again else row.failures + 1
    until = t.now + timedelta(seconds=min(first * 2.0 ** min(max(failures - 1, 0), 20), longest))
    if until > row.until:
        values = {"until": until, "kind": kind, "reason": reason, "failures": failures}
        t.execute(update(pauses).where(pauses.c.connection == connection).values(values))
    return next(each for each in listed(t) if each.connection == connection)


def listed(t: Transaction) -> tuple[Pause, ...]:
    """All connections that are paused."""
    rows = t.execute(_LISTED, {"now": t.now})
    return tuple(
        Pause(connection=row.connection, until=row.until, kind=row.kind, reason=row.reason, since=row.since)
        for row in rows
    )


def over(t: Transaction, connection: str) -> None:
    """A message went out by a connection: it is not paused, and what was before is forgotten."""
    t.execute(_OVER, {"of": connection, "now": t.now})


def reconsider(t: Transaction) -> None:
    """End pauses that a file which is read anew may have mended."""
    here = pauses.c.kind.in_(("AuthenticationFailed", "ConfigurationError")) & (pauses.c.until > t.now)
    if t.execute(delete(pauses).where(here)).rowcount:
        lanes.wake_all(t)


def resume(t: Transaction, connection: str | None) -> int:
    """End the pause of a connection, or of all, and have everything looked at. How many were paused."""
    here = pauses.c.until > t.now
    if connection is not None:
        here &= pauses.c.connection == connection
    ended = int(t.execute(delete(pauses).where(here)).rowcount)
    if ended:
        lanes.wake_all(t)
    return ended
