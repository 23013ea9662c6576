"""What was sent to a group, and what became of it. All of it transactions."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import case, func, or_, select

from .._dumping import read_address
from ..events import StatusChanged
from ..messages import Evidence, FailureReason, Status
from .directory import Transaction
from .tables import attempts, messages, status_events
from .tried import Tried, last_of
from .values import Entry, State


def entries(t: Transaction, group_id: int, limit: int | None = None) -> tuple[Entry, ...]:
    """The messages to a group, the oldest first; with `limit`, the last so many."""
    sent = func.max(case((attempts.c.state == State.SENT, attempts.c.id)))
    mine = attempts.c.group_id == group_id
    last = select(func.coalesce(sent, func.max(attempts.c.id))).where(mine).group_by(attempts.c.message_id)
    tries = select(attempts.c.message_id, func.count().label("tries")).group_by(attempts.c.message_id).subquery()
    rows = (
        select(attempts, messages.c.key, messages.c.created_at.label("asked_at"), tries.c.tries)
        .join(messages, messages.c.id == attempts.c.message_id)
        .join(tries, tries.c.message_id == messages.c.id)
        .where(attempts.c.group_id == group_id, attempts.c.id.in_(last))
        .order_by(messages.c.id.desc())
        .limit(limit)
    )
    found = [
        Entry(
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
            tries=row.tries,
            created_at=row.asked_at,
            ended_at=row.ended_at,
        )
        for row in t.execute(rows).all()
    ]
    return tuple(reversed(found))


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
