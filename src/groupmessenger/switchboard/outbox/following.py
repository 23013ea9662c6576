"""What attempts mean for the outbox, in the very transactions that change them. All of it transactions."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import bindparam, case, exists, func, select, update

from ..directory import Transaction
from ..tables import Moment, attempts
from ..tried import UNDER_WAY, Tried, last_of
from ..values import State
from .tables import lanes, outbox
from .values import OutboxState

_OF_MESSAGE = outbox.c.message_id == bindparam("of")
_BEGIN = (
    update(outbox)
    .where(_OF_MESSAGE, outbox.c.state == OutboxState.QUEUED)
    .values(tries=outbox.c.tries + 1, tried_since=func.coalesce(outbox.c.tried_since, bindparam("now", type_=Moment)))
)
_SENT = update(outbox).where(_OF_MESSAGE)


def begin(t: Transaction, message_id: int, worker: str | None) -> bool:
    """An attempt at a message is begun, by a worker or directly. False where a worker's is not queued any more.

    What was taken back, or failed, stays so whatever becomes of an attempt that is not the queue's, unless it is sent.
    """
    values = {"state": OutboxState.SENDING, "worker": worker, "error": None, "ended_at": None}
    return bool(t.execute(_BEGIN, {"of": message_id, "now": t.now, **values}).rowcount) or worker is None


def sent(t: Transaction, message_id: int) -> None:
    """It is known that a message was sent: its text is not kept any longer."""
    values = {"state": OutboxState.SENT, "ended_at": t.now, **dict.fromkeys(("dump", "carried", "due_at", "error"))}
    t.execute(_SENT, {"of": message_id, **values})


def unknown(t: Transaction, message_ids: Collection[int], why: str) -> None:
    """Nobody knows what became of these, even if they failed, or were taken back, before somebody sent them."""
    here = outbox.c.message_id.in_(list(message_ids)) & (outbox.c.state != OutboxState.SENT)
    t.execute(update(outbox).where(here).values(state=OutboxState.UNKNOWN, error=why, ended_at=t.now))


def not_sent(t: Transaction, message_ids: Collection[int], why: str) -> None:
    """These were not sent, and are in the queue again, but for what was taken back: of that there is no text."""
    gone = outbox.c.dump.is_(None)
    state = case((gone, OutboxState.CANCELLED.value), else_=OutboxState.QUEUED.value)
    undecided = outbox.c.state.in_((OutboxState.SENDING, OutboxState.UNKNOWN))
    here = outbox.c.message_id.in_(list(message_ids)) & undecided
    t.execute(update(outbox).where(here).values(state=state, error=why, ended_at=case((gone, t.now), else_=None)))


def caught_up(t: Transaction, tried: Tried) -> None:
    """A message was put into the queue by somebody who did not see yet that its last attempt had ended."""
    waiting = outbox.c.state.in_((OutboxState.QUEUED, OutboxState.SENDING))
    if t.execute(select(outbox.c.id).where(outbox.c.message_id == tried.message_id, waiting)).first() is None:
        return
    if tried.state is State.SENT:
        sent(t, tried.message_id)
    elif tried.state is State.UNKNOWN:
        unknown(t, [tried.message_id], tried.error or "")
    elif tried.state is State.NOT_SENT:
        not_sent(t, [tried.message_id], tried.error or "")


def catch_up(t: Transaction) -> None:
    """Look for messages that are not being sent any more, and do not know it."""
    open_ = exists().where(attempts.c.message_id == outbox.c.message_id, attempts.c.state.in_(UNDER_WAY))
    left = select(outbox.c.message_id).where(outbox.c.state == OutboxState.SENDING, ~open_)
    for message_id in t.execute(left).scalars().all():
        if (tried := last_of(t, message_id)) is not None:
            caught_up(t, tried)


def is_workers(t: Transaction, message_id: int) -> bool:
    """Whether it is a worker that has begun to send a message."""
    mine = (outbox.c.message_id == message_id) & (outbox.c.state == OutboxState.SENDING)
    return t.execute(select(outbox.c.id).where(mine, outbox.c.worker.is_not(None))).first() is not None


def put_back(t: Transaction, message_id: int) -> None:
    """A message is in the queue as if nobody had begun to send it."""
    mine = (outbox.c.message_id == message_id) & (outbox.c.state == OutboxState.SENDING)
    t.execute(update(outbox).where(mine).values(state=OutboxState.QUEUED, tries=outbox.c.tries - 1))


def free(t: Transaction, group_id: int) -> None:
    """What a group's messages wait for may be over: somebody looks at once."""
    t.execute(update(lanes).where(lanes.c.group_id == group_id).values(wake_at=t.now))
