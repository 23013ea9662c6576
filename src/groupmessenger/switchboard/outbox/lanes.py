"""Lanes: who sends a group's messages, and when somebody has to look at them. All of it transactions.

A lease keeps workers out of each other's way. That nothing is sent twice does not rest on it, but on the attempts.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

from sqlalchemy import (
    ColumnElement,
    bindparam,
    except_,
    exists,
    func,
    intersect,
    literal_column,
    or_,
    select,
    union,
    update,
)

from ..among import among
from ..directory import Transaction
from ..tables import Moment, attempts, groups
from ..tried import UNDER_WAY
from ..values import State
from .tables import lanes, outbox
from .values import OutboxState

_AT_ONCE = 500  # groups, so that nobody waits long for a sweep
LEASE = 30.0  # seconds; a worker that lives makes it anew every few
_LIKE_NEW = 0.75  # of a lease, that is not written anew


_OF = lanes.c.group_id == bindparam("of")
_MINE = _OF & (lanes.c.owner == bindparam("by"))
_LATER = or_(lanes.c.wake_at.is_(None), lanes.c.wake_at > bindparam("moment", type_=Moment))
_WAKE_ANYWAY = update(lanes).where(_OF, _LATER).values(wake_at=bindparam("moment", type_=Moment))
_CALM = (lanes.c.failures == 0) | lanes.c.wake_at.is_(None)
_LANES = (
    select(
        groups.c.id.label("group_id"),
        bindparam("moment", type_=Moment).label("wake_at"),
        literal_column("0").label("failures"),
    )
    .where(among(groups.c.id, "of"))
    .order_by(groups.c.name)  # so that two who do this at once never wait for each other
)
_WAKE_SOME = (
    update(lanes).where(among(lanes.c.group_id, "of"), _LATER, _CALM).values(wake_at=bindparam("moment", type_=Moment))
)
_WAKE = _WAKE_ANYWAY.where(_CALM)
_KEEP = update(lanes).where(_MINE)
_LEASED = select(lanes.c.failures, lanes.c.lease_until).where(_MINE).with_for_update(key_share=True)
_HOLDS = (
    select(lanes.c.group_id)
    .where(_MINE, lanes.c.lease_until > bindparam("now", type_=Moment))
    .with_for_update(key_share=True)
)
_PROGRESSED = update(lanes).where(_MINE, lanes.c.failures > 0)
_LOCKED = select(lanes.c.group_id).where(_MINE).with_for_update()
_RELEASED = update(lanes).where(_MINE).values(failures=0)
_FAILED = update(lanes).where(_MINE).values(failures=lanes.c.failures + 1)
_WAITING = select(outbox.c.id, outbox.c.due_at).where(
    outbox.c.group_id == bindparam("of"), outbox.c.state == OutboxState.QUEUED
)
_NEXT = _WAITING.where(outbox.c.due_at.is_(None)).limit(1)
_NEXT_TIMED = _WAITING.where(outbox.c.due_at.is_not(None)).order_by(outbox.c.due_at).limit(1)


def wake(t: Transaction, group_id: int, at: datetime | None = None, *, anyway: bool = False) -> bool:
    """Have a group looked at, now or at a time; where it waits after a failure that goes on, unless `anyway`.

    Whether nobody would have looked before.
    """
    moment = at or t.now
    if t.insert_once(lanes, group_id=group_id, wake_at=moment, failures=0):
        return True
    statement = _WAKE_ANYWAY if anyway else _WAKE
    return bool(t.execute(statement, {"of": group_id, "moment": moment}).rowcount)


def wake_some(t: Transaction, group_ids: Sequence[int], at: datetime | None) -> None:
    """Do that for several groups."""
    moment = at or t.now
    t.insert_selected(lanes, _LANES, {"of": group_ids, "moment": moment})
    t.execute(_WAKE_SOME, {"of": group_ids, "moment": moment})


def wake_all(t: Transaction) -> None:
    """Have every group that waits looked at."""
    t.execute(update(lanes).where(lanes.c.wake_at > t.now).values(wake_at=t.now))


def claim(t: Transaction, group_id: int, owner: str) -> bool:
    """Take a group's lane, if it is free and due."""
    t.insert_once(lanes, group_id=group_id, wake_at=t.now, failures=0)
    due = or_(lanes.c.wake_at.is_(None), lanes.c.wake_at <= t.now, lanes.c.failures == 0)
    mine = (lanes.c.group_id == group_id) & _free(t) & due
    if t.execute(select(lanes.c.group_id).where(mine).with_for_update(skip_locked=True)).first() is None:
        return False
    t.execute(update(lanes).where(mine).values(owner=owner, lease_until=_lease(t), wake_at=t.now))
    return True


def keep(t: Transaction, group_id: int, owner: str) -> int | None:
    """Make the lease of a lane last again, and give how often it failed; None where it is not ours any more."""
    mine = {"of": group_id, "by": owner}
    row = t.execute(_LEASED, mine).one_or_none()
    if row is None:
        return None
    if row.lease_until - t.now < timedelta(seconds=LEASE * _LIKE_NEW):
        renewed = t.execute(_KEEP, {**mine, "lease_until": _lease(t)}).rowcount
        return int(row.failures) if renewed else None
    return int(row.failures)


def holds(t: Transaction, group_id: int, owner: str) -> bool:
    """Whether a lane is this worker's still."""
    return t.execute(_HOLDS, {"of": group_id, "by": owner, "now": t.now}).first() is not None


def progressed(t: Transaction, group_id: int, owner: str) -> None:
    """A message of a lane came to an end."""
    t.execute(_PROGRESSED, {"of": group_id, "by": owner, "failures": 0})


def release(t: Transaction, group_id: int, owner: str, rest: float | None, *, failed: bool) -> None:
    """Give a lane back, to be looked at in `rest` seconds; None: when the next of its messages is due."""
    mine = {"of": group_id, "by": owner}
    if t.execute(_LOCKED, mine).first() is None:
        return
    wake_at = _next_due(t, group_id) if rest is None else t.now + timedelta(seconds=rest)
    values = {"owner": None, "lease_until": None, "wake_at": wake_at}
    if rest is None:
        values["turn_at"] = None
    t.execute(_FAILED if failed else _RELEASED, {**mine, **values})


def renew(t: Transaction, owner: str, groups: Collection[int]) -> None:
    """Make a worker's leases of groups last again, those that nobody took over."""
    here = (lanes.c.owner == owner) & lanes.c.group_id.in_(list(groups))
    rows = select(lanes.c.group_id).where(here).with_for_update(skip_locked=True)
    mine = list(t.execute(rows).scalars())
    if mine:
        t.execute(update(lanes).where(lanes.c.group_id.in_(mine)).values(lease_until=_lease(t)))


def abandon(t: Transaction, owner: str) -> None:
    """Give all lanes of a worker back, which ends, to be looked at by another at once."""
    t.execute(update(lanes).where(lanes.c.owner == owner).values(owner=None, lease_until=None, wake_at=t.now))


def due(t: Transaction, limit: int, besides: Collection[int] = ()) -> tuple[list[int], float | None]:
    """The groups that are due, at most so many; and in how many seconds the next is, if one is."""
    free = _free(t) & lanes.c.group_id.not_in(list(besides))
    rows = select(lanes.c.group_id).where(free, lanes.c.wake_at <= t.now).order_by(lanes.c.wake_at).limit(limit)
    found = list(t.execute(rows).scalars())
    moment: datetime | None = t.execute(select(func.min(lanes.c.wake_at)).where(lanes.c.wake_at > t.now)).scalar()
    return found, None if moment is None else (moment - t.now).total_seconds()


def sweep(t: Transaction) -> None:
    """Have groups looked at that nobody remembers, with something to send or to find out."""
    queued = select(outbox.c.group_id).where(outbox.c.state == OutboxState.QUEUED)
    unsure = (attempts.c.state == State.UNKNOWN) & attempts.c.gave_up_at.is_(None)
    gone = attempts.c.state.in_(UNDER_WAY) & (attempts.c.lease_until < t.now)  # with its process
    known = select(lanes.c.group_id).where(or_(lanes.c.wake_at.is_not(None), lanes.c.owner.is_not(None)))
    left = union(queued, select(attempts.c.group_id).where(or_(unsure, gone))).subquery()  # SQLite nests no compounds
    lost = except_(select(left.c.group_id), known)
    # Or asleep until a message of theirs is due, with another that is due before.
    timed = outbox.alias()
    until = lanes.join(timed, (timed.c.group_id == lanes.c.group_id) & (timed.c.due_at == lanes.c.wake_at))
    asleep = select(lanes.c.group_id).select_from(until).where(lanes.c.owner.is_(None), lanes.c.wake_at > t.now)
    ready = queued.where(or_(outbox.c.due_at.is_(None), outbox.c.due_at <= t.now))
    for some in (lost.limit(_AT_ONCE), intersect(ready, asleep).limit(_AT_ONCE)):
        for group_id in list(t.execute(some).scalars()):
            wake(t, group_id, anyway=True)


def tidy(t: Transaction) -> None:
    """Let groups rest that wait to be looked at, and whose messages were all taken back."""
    queued = exists().where(outbox.c.group_id == lanes.c.group_id, outbox.c.state == OutboxState.QUEUED)
    unsure = (attempts.c.state == State.UNKNOWN) & attempts.c.gave_up_at.is_(None)
    may_be = attempts.c.state.in_((*UNDER_WAY, State.UNKNOWN))  # for the index
    open_ = exists().where(
        attempts.c.group_id == lanes.c.group_id, may_be, or_(unsure, attempts.c.state.in_(UNDER_WAY))
    )
    idle = _free(t) & (lanes.c.wake_at <= t.now) & ~queued & ~open_
    t.execute(update(lanes).where(idle).values(wake_at=None, turn_at=None, owner=None, lease_until=None))


def _next_due(t: Transaction, group_id: int) -> datetime | None:
    if t.execute(_NEXT, {"of": group_id}).first() is not None:
        return t.now
    timed = t.execute(_NEXT_TIMED, {"of": group_id}).first()
    return None if timed is None else timed.due_at


def _free(t: Transaction) -> ColumnElement[bool]:
    return or_(lanes.c.lease_until.is_(None), lanes.c.lease_until <= t.now)


def _lease(t: Transaction) -> datetime:
    return t.now + timedelta(seconds=LEASE)
