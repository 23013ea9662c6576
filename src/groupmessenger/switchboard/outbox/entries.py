"""Reading the outbox: its messages one by one, and how many there are. All of it transactions."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Row, bindparam, func, select

from ...errors import InvalidInput
from ..directory import Transaction
from ..tables import attempts, groups, messages
from .tables import outbox
from .values import OutboxEntry, OutboxState

ENDED = (OutboxState.SENT, OutboxState.CANCELLED)


_tried = attempts.alias()
_EVERY = (
    select(outbox, messages.c.key, groups.c.name, attempts.c.connection, attempts.c.token, attempts.c.gave_up_at)
    .join(messages, messages.c.id == outbox.c.message_id)
    .join(groups, groups.c.id == outbox.c.group_id)
    .outerjoin(
        attempts,
        attempts.c.id
        == select(func.max(_tried.c.id)).where(_tried.c.message_id == outbox.c.message_id).scalar_subquery(),
    )
)
_ONE = _EVERY.where(outbox.c.id == bindparam("of"))


def one(t: Transaction, number: int) -> OutboxEntry:
    """One message. Raises `InvalidInput` if there is none of that number."""
    if type(number) is not int:
        raise InvalidInput(f"a message of the outbox is named by its number, not {type(number).__name__}")
    row = t.execute(_ONE, {"of": number}).one_or_none()
    if row is None:
        raise InvalidInput(f"there is no message {number} in the outbox")
    return _entry(row)


def listed(
    t: Transaction, state: str | None, group_id: int | None, batch: str | None, limit: int | None, after: int
) -> tuple[OutboxEntry, ...]:
    """The messages in a state, else those that are not sent and not cancelled; the oldest first."""
    try:
        here = outbox.c.state.not_in(ENDED) if state is None else outbox.c.state == OutboxState(state)
    except ValueError:
        raise InvalidInput(f"state is one of {', '.join(OutboxState)}") from None
    if group_id is not None:
        here &= outbox.c.group_id == group_id
    if batch is not None:
        here &= outbox.c.batch == batch
    return _entries(t, here & (outbox.c.id > after), limit)


def counts(t: Transaction, batch: str | None = None) -> dict[OutboxState, int]:
    """How many messages are in which state."""
    rows = select(outbox.c.state, func.count()).group_by(outbox.c.state)
    if batch is not None:
        rows = rows.where(outbox.c.batch == batch)
    return {OutboxState(state): count for state, count in t.execute(rows).all()}


def oldest(t: Transaction) -> float | None:
    """For how many seconds the oldest message that is due has waited."""
    queued = outbox.c.state == OutboxState.QUEUED
    timed = select(func.min(outbox.c.due_at)).where(queued, outbox.c.due_at <= t.now)
    plain = select(func.min(outbox.c.queued_at)).where(queued, outbox.c.due_at.is_(None))
    found = [moment for moment in (t.execute(timed).scalar(), t.execute(plain).scalar()) if moment is not None]
    return max((t.now - min(found)).total_seconds(), 0.0) if found else None


def _entries(t: Transaction, here: ColumnElement[bool], limit: int | None) -> tuple[OutboxEntry, ...]:
    return tuple(map(_entry, t.execute(_EVERY.where(here).order_by(outbox.c.id).limit(limit)).all()))


def _entry(row: Row[Any]) -> OutboxEntry:
    return OutboxEntry(
        id=row.id,
        logical=row.name,
        key=row.key,
        batch=row.batch,
        state=OutboxState(row.state),
        due_at=row.due_at,
        tries=row.tries,
        error=row.error,
        connection=row.connection,
        token=row.token,
        gave_up=row.state == OutboxState.UNKNOWN and row.gave_up_at is not None,
        queued_at=row.queued_at,
        ended_at=row.ended_at,
    )
