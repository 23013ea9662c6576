"""What was sent to a group, and what became of it. All of it transactions."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from operator import attrgetter
from typing import Any

from sqlalchemy import Row, exists, or_, select

from .._dumping import read_address
from ..events import StatusChanged
from ..messages import Evidence, FailureReason, Status
from .directory import Transaction
from .tables import attempts, messages, status_events
from .tried import Tried, last_of
from .values import Entry, State


def entries(t: Transaction, group_id: int, limit: int | None = None) -> tuple[Entry, ...]:
    """The messages to a group, the oldest first; with `limit`, the last so many."""
    tried = exists().where(attempts.c.message_id == messages.c.id)
    those = select(messages.c.id).where(messages.c.group_id == group_id, tried)
    rows = (
        select(attempts, messages.c.key, messages.c.created_at.label("asked_at"))
        .join(messages, messages.c.id == attempts.c.message_id)
        .where(attempts.c.message_id.in_(those.order_by(messages.c.id.desc()).limit(limit)))
        .order_by(attempts.c.message_id, attempts.c.id)
    )
    by_message = groupby(t.execute(rows), key=attrgetter("message_id"))
    return tuple(_entry(list(each)) for _, each in by_message)


def _entry(tries: Sequence[Row[Any]]) -> Entry:
    """A message, of all attempts at it."""
    row = next((each for each in reversed(tries) if each.state == State.SENT), tries[-1])
    return Entry(
        id=row.message_id,
        key=row.key,
        state=row.state,
        connection=row.connection,
        message_id=row.provider_id or "",
        status=None if row.status is None else Status(row.status),
        reason=None if row.reason is None else FailureReason(row.reason),
        error=row.error,
        conflict=row.conflict,
        gave_up=row.gave_up_at is not None,
        tries=len(tries),
        created_at=row.asked_at,
        ended_at=row.ended_at,
    )


def features(t: Transaction, group_id: int) -> tuple[str, ...]:
    """What the messages to a group had beside a text."""
    rows = t.execute(select(messages.c.features).where(messages.c.group_id == group_id)).scalars()
    return tuple(sorted({name for row in rows for name in row}))


def message(t: Transaction, group_id: int, key: str | None) -> Tried | None:
    """The last attempt at a message by its key, or at the last message."""
    rows = select(messages.c.id).where(messages.c.group_id == group_id)
    rows = rows.order_by(messages.c.id.desc()) if key is None else rows.where(messages.c.key == key)
    found = t.execute(rows.limit(1)).scalar()
    return None if found is None else last_of(t, int(found))


def statuses(t: Transaction, tried: Tried) -> Sequence[StatusChanged]:
    """What was told of an attempt: by its token, or by the provider's id."""
    by_id = (status_events.c.provider == tried.provider) & (status_events.c.provider_id == (tried.provider_id or ""))
    same_line = or_(status_events.c.line.is_(None), status_events.c.line == tried.line)
    untold = status_events.c.token.is_(None) & by_id & same_line
    rows = select(status_events).where(or_(status_events.c.token == tried.token, untold)).order_by(status_events.c.id)
    return [
        StatusChanged(
            key=row.key,
            connection=row.connection,
            at=row.at,
            message_id=row.provider_id,
            status=Status(row.status),
            token=row.token,
            recipient=None if row.recipient is None else read_address(row.recipient),
            evidence=None if row.evidence is None else Evidence(row.evidence),
            reason=None if row.reason is None else FailureReason(row.reason),
            code=row.code,
            final=row.final,
            line=row.line,
        )
        for row in t.execute(rows)
    ]
