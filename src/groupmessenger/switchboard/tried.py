"""One attempt at a message as the directory has it, and reading them. All of it transactions."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

import attrs
from sqlalchemy import Row, bindparam, select

from .._dumping import read_address
from ..messages import Attempt, Degradation, FailureReason, Receipt, Status
from .directory import Transaction
from .tables import attempts, messages
from .values import State

UNDER_WAY = (State.PREPARING, State.SENDING)


@attrs.frozen(kw_only=True)
class Begun:
    """What of an attempt never changes."""

    token: str = attrs.field(repr=False)
    message_id: int
    group_id: int
    connection: str
    provider: str
    line: str = attrs.field(repr=False)


@attrs.frozen(kw_only=True)
class Tried(Begun):
    """One attempt as the directory has it. Its times are by the directory's clock."""

    id: int
    key: str | None
    likeness: str = attrs.field(repr=False)
    binding_id: int | None
    state: State
    lease_until: datetime
    leave_from: datetime | None
    leave_by: datetime | None
    dump: str | None = attrs.field(repr=False)
    provider_id: str | None
    status: Status | None
    reason: FailureReason | None
    recipients: tuple[str, ...] = attrs.field(repr=False)
    degradations: tuple[Degradation, ...]
    error: str | None
    routed: bool
    gave_up_at: datetime | None
    now: datetime

    @property
    def attempt(self) -> Attempt | None:
        """What to look for it with, while its text is kept."""
        return None if self.dump is None else attrs.evolve(Attempt.load(self.dump), provider_id=self.provider_id)

    def is_settled(self, settle: float) -> bool:
        """Whether the message has come out by now, if it went: `settle` seconds after it could leave."""
        return self.leave_by is not None and self.settled_in(settle) <= 0

    def settled_in(self, settle: float) -> float:
        """In how many seconds that is."""
        over = (self.leave_by or self.now) + timedelta(seconds=settle)
        return (over - self.now).total_seconds()

    def receipt(self) -> Receipt:
        """The receipt of one that was sent."""
        return Receipt(
            id=self.provider_id or "",
            status=self.status or Status.ACCEPTED,
            reason=self.reason,
            token=self.token,
            recipients=tuple(read_address(text) for text in self.recipients),
            degradations=self.degradations,
        )


def unknown(t: Transaction) -> tuple[Tried, ...]:
    """All attempts of which nobody knows yet what became of them, the oldest first."""
    here = (attempts.c.state == State.UNKNOWN) & attempts.c.gave_up_at.is_(None)
    return _tried(t, t.execute(_SELECT.where(here).order_by(attempts.c.id)).all())


def under_way(t: Transaction) -> tuple[Tried, ...]:
    """All attempts that are being made, the oldest first."""
    return _tried(t, t.execute(_SELECT.where(attempts.c.state.in_(UNDER_WAY)).order_by(attempts.c.id)).all())


def known_ids(t: Transaction, tried: Tried) -> frozenset[str]:
    """The message ids on a line that are other attempts'."""
    here = (attempts.c.provider == tried.provider) & (attempts.c.line == tried.line)
    rows = t.execute(select(attempts.c.provider_id).where(here, attempts.c.provider_id.is_not(None)))
    return frozenset(rows.scalars()) - {tried.provider_id or ""}


def may_be_another(t: Transaction, tried: Tried, settle: float) -> bool:
    """Whether a message that looks like this may be that of an earlier attempt nobody knows about."""
    alike = (messages.c.likeness == tried.likeness) & (attempts.c.provider == tried.provider)
    here = (attempts.c.line == tried.line) & (attempts.c.state == State.UNKNOWN) & (attempts.c.id < tried.id)
    rows = _tried(t, t.execute(_SELECT.where(alike, here)).all())
    begun = tried.leave_from or tried.now
    return any(each.leave_by is None or each.leave_by + timedelta(seconds=settle) >= begun for each in rows)


def by_token(t: Transaction, token: str) -> Tried:
    """One attempt."""
    (found,) = _tried(t, t.execute(_OF_TOKEN, {"token": token}).all())
    return found


def last_of(t: Transaction, message_id: int) -> Tried | None:
    """The attempt that sent a message, else the last."""
    return next(iter(_tried(t, t.execute(_LAST, {"message": message_id}).all())), None)


def open_of(t: Transaction, group_id: int) -> Sequence[Tried]:
    """The attempts of a group that have not ended for certain, the oldest first."""
    return _tried(t, t.execute(_OPEN, {"group": group_id}).all())


_SELECT = select(attempts, messages.c.key, messages.c.likeness).join(messages)
_OF_TOKEN = _SELECT.where(attempts.c.token == bindparam("token"))
_LAST = (
    _SELECT.where(attempts.c.message_id == bindparam("message"))
    .order_by((attempts.c.state == State.SENT).desc(), attempts.c.id.desc())
    .limit(1)
)
_OPEN = _SELECT.where(
    attempts.c.group_id == bindparam("group"),
    attempts.c.state.in_((*UNDER_WAY, State.UNKNOWN)),  # for the index
    (attempts.c.state != State.UNKNOWN) | attempts.c.gave_up_at.is_(None),
).order_by(attempts.c.id)


def _tried(t: Transaction, rows: Iterable[Row[Any]]) -> tuple[Tried, ...]:
    return tuple(
        Tried(
            id=row.id,
            token=row.token,
            message_id=row.message_id,
            group_id=row.group_id,
            key=row.key,
            likeness=row.likeness,
            connection=row.connection,
            provider=row.provider,
            line=row.line,
            binding_id=row.binding_id,
            state=State(row.state),
            lease_until=row.lease_until,
            leave_from=row.leave_from,
            leave_by=row.leave_by,
            dump=row.dump,
            provider_id=row.provider_id,
            status=None if row.status is None else Status(row.status),
            reason=None if row.reason is None else FailureReason(row.reason),
            recipients=tuple(row.recipients),
            degradations=tuple(Degradation(*each) for each in row.degradations),
            error=row.error,
            routed=row.routed,
            gave_up_at=row.gave_up_at,
            now=t.now,
        )
        for row in rows
    )
