"""The queue: which messages are to be sent, and which is next. All of it transactions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import attrs
from sqlalchemy import Text, bindparam, delete, literal, literal_column, select, update

from ..._dumping import dump, load
from ...errors import InvalidInput
from ...messages import Message
from .. import ledger
from ..among import among
from ..directory import Transaction
from ..tables import Moment, attempts, groups, messages
from ..telling_apart import told_apart
from ..tried import UNDER_WAY, last_of
from ..values import State
from . import entries, lanes
from .tables import outbox
from .values import OutboxEntry, OutboxState

_STATES = {State.SENT: OutboxState.SENT, State.UNKNOWN: OutboxState.UNKNOWN}
OPEN = (OutboxState.QUEUED, OutboxState.SENDING)

_QUEUED = (
    select(outbox, messages.c.key, groups.c.name)
    .join(messages, messages.c.id == outbox.c.message_id)
    .join(groups, groups.c.id == outbox.c.group_id)
    .where(outbox.c.group_id == bindparam("of"), outbox.c.state == OutboxState.QUEUED)
    .limit(1)
)
_DUE = _QUEUED.where(outbox.c.due_at <= bindparam("now", type_=Moment)).order_by(outbox.c.due_at, outbox.c.id)
_IN_TURN = _QUEUED.where(outbox.c.due_at.is_(None)).order_by(outbox.c.id)
_NUMBER = select(outbox.c.id).where(outbox.c.message_id == bindparam("of"))
_ALONE = update(outbox).where(outbox.c.message_id == bindparam("of"), outbox.c.batch.is_(None))


_MESSAGES = (
    select(
        groups.c.id.label("group_id"),
        bindparam("named", type_=Text).label("key"),
        bindparam("its_digest", type_=Text).label("digest"),
        bindparam("its_likeness", type_=Text).label("likeness"),
        bindparam("its_features", type_=messages.c.features.type).label("features"),
        bindparam("moment", type_=Moment).label("created_at"),
    )
    .where(among(groups.c.id, "of"))
    .order_by(groups.c.name)
)
_ENTRIES = (
    select(
        messages.c.group_id,
        messages.c.id.label("message_id"),
        messages.c.key.label("batch"),
        literal(OutboxState.QUEUED.value, Text).label("state"),
        bindparam("due", type_=Moment).label("due_at"),
        bindparam("text", type_=Text).label("dump"),
        literal_column("0").label("tries"),
        bindparam("moment", type_=Moment).label("queued_at"),
        bindparam("along", type_=outbox.c.carried.type).label("carried"),
    )
    .where(among(messages.c.group_id, "of"), messages.c.key == bindparam("named"))
    .order_by(messages.c.id)
)


@attrs.frozen(kw_only=True)
class Head:
    """The message of a group whose turn it is."""

    id: int
    message_id: int
    group_id: int
    name: str
    key: str | None
    dump: str = attrs.field(repr=False)
    tries: int
    carried: Mapping[str, str] = attrs.field(repr=False)

    @property
    def message(self) -> Message:
        """The message. Raises `InvalidInput` where another version of the library wrote it otherwise."""
        return load(Message, self.dump)


def add(
    t: Transaction,
    group_id: int,
    message: Message,
    key: str | None,
    at: datetime | None,
    *,
    known: int | None,
    carried: Mapping[str, str],
    batch: str | None = None,
    refused: str | None = None,
) -> tuple[int, bool]:
    """Put a message into the queue, once for a key, and give its number, and whether that is new.

    `known` is the message with this key, where there is one. One that was `refused` is kept as failed. Raises
    `KeyReused`.
    """
    if known is None:
        known = ledger.add_once(t, group_id, message, key)
        state = OutboxState.QUEUED if refused is None else OutboxState.FAILED
    else:
        if not t.is_callers:  # theirs may last; what is not right then is seen by the worker
            t.lock_group(group_id)  # nobody begins or ends an attempt at it now
        state = _state_of(t, known)
    number = t.number_once(
        outbox,
        group_id=group_id,
        message_id=known,
        batch=batch,
        state=state,
        due_at=None if at is None or at <= t.now else at,
        dump=None if state is OutboxState.SENT else dump(message),
        tries=0,
        error=refused,
        queued_at=t.now,
        ended_at=None if state in OPEN else t.now,
        carried=None if state is OutboxState.SENT else dict(carried) or None,
    )
    if number is not None:
        return number, True
    if batch is not None:  # one that was queued for itself is of the batch as well
        t.execute(_ALONE, {"of": known, "batch": batch})
    return int(t.execute(_NUMBER, {"of": known}).scalar_one()), False


def add_all(
    t: Transaction,
    group_ids: Sequence[int],
    message: Message,
    key: str,
    at: datetime | None,
    carried: Mapping[str, str],
) -> bool:
    """Put a message into the queue for groups that have none with its key, as a batch of that name.

    False where somebody else was at it, so that another may have to be put there.
    """
    those = {"of": group_ids, "named": key, "moment": t.now}
    its = {f"its_{name}": value for name, value in told_apart(t, message).items()}
    made = t.insert_selected(messages, _MESSAGES, {**those, **its})
    if made != len(group_ids):
        return False
    due = None if at is None or at <= t.now else at
    t.insert_selected(outbox, _ENTRIES, {**those, "due": due, "text": dump(message), "along": dict(carried) or None})
    return True


def _state_of(t: Transaction, message_id: int) -> OutboxState:
    last = last_of(t, message_id)
    if last is not None and last.state in UNDER_WAY:
        return OutboxState.SENDING
    return OutboxState.QUEUED if last is None else _STATES.get(last.state, OutboxState.QUEUED)


def head(t: Transaction, group_id: int) -> Head | None:
    """The next message of a group: of those whose time has come the first, else the first that has none."""
    here = {"of": group_id, "now": t.now}
    row = t.execute(_DUE, here).first() or t.execute(_IN_TURN, here).first()
    if row is None:
        return None
    return Head(
        id=row.id,
        message_id=row.message_id,
        group_id=row.group_id,
        name=row.name,
        key=row.key,
        dump=row.dump,
        tries=row.tries,
        carried=row.carried or {},
    )


def number_of(t: Transaction, message_id: int) -> int | None:
    """The number of a message, if it is one of the outbox."""
    return t.execute(_NUMBER, {"of": message_id}).scalar()


def tried_for(t: Transaction, number: int) -> float:
    """For how many seconds a message has been tried, since it was queued again or its connection was paused."""
    moment: datetime | None = t.execute(select(outbox.c.tried_since).where(outbox.c.id == number)).scalar()
    return 0.0 if moment is None else (t.now - moment).total_seconds()


def waits(t: Transaction, number: int) -> bool:
    """Whether a message is to be sent still."""
    mine = (outbox.c.id == number) & (outbox.c.state == OutboxState.QUEUED)
    return t.execute(select(outbox.c.id).where(mine)).first() is not None


def delay(t: Transaction, number: int, seconds: float, why: str) -> None:
    """Have a message wait, and those behind it go before."""
    values = {"due_at": t.now + timedelta(seconds=seconds), "error": why}
    t.execute(update(outbox).where(outbox.c.id == number, outbox.c.state == OutboxState.QUEUED).values(values))


def note(t: Transaction, number: int, why: str, *, paused: bool = False) -> None:
    """Keep what is in the way of a message; the time of a pause is not its own."""
    values = {"error": why, "tried_since": None} if paused else {"error": why}
    t.execute(update(outbox).where(outbox.c.id == number, outbox.c.state == OutboxState.QUEUED).values(values))


def fail(t: Transaction, number: int, why: str) -> None:
    """Keep that a message will not be sent, and why."""
    values = {"state": OutboxState.FAILED, "error": why, "ended_at": t.now}
    t.execute(update(outbox).where(outbox.c.id == number, outbox.c.state == OutboxState.QUEUED).values(values))


def cancel(t: Transaction, numbers: Iterable[int]) -> tuple[OutboxEntry, ...]:
    """Take messages back that nobody began to send. Raises `InvalidInput`, and takes none, for any other."""
    return tuple(_cancel(t, number) for number in numbers)


def _cancel(t: Transaction, number: int) -> OutboxEntry:
    taken = outbox.c.state.in_((OutboxState.QUEUED, OutboxState.FAILED))
    values = {"state": OutboxState.CANCELLED, "dump": None, "carried": None, "due_at": None, "ended_at": t.now}
    t.execute(update(outbox).where(outbox.c.id == number, taken).values(values))
    entry = entries.one(t, number)
    if entry.state is not OutboxState.CANCELLED:
        raise InvalidInput(f"message {number} is {entry.state}: only one that waits, or failed, can be taken back")
    lanes.wake(t, _group_of(t, number))
    return entry


def retry(t: Transaction, numbers: Iterable[int], *, may_duplicate: bool) -> tuple[OutboxEntry, ...]:
    """Queue messages again that failed; those of which nobody knows whether they went out only if that may be twice.

    Raises `InvalidInput`, and queues none, for any other.
    """
    return tuple(_retry(t, number, may_duplicate=may_duplicate) for number in numbers)


def _retry(t: Transaction, number: int, *, may_duplicate: bool) -> OutboxEntry:
    t.execute(select(outbox.c.id).where(outbox.c.id == number).with_for_update())  # it is as it is read here
    before = entries.one(t, number)
    if before.state is OutboxState.QUEUED and before.due_at is not None and not before.tries:
        raise InvalidInput(f"message {number} is not to be sent before {before.due_at:%Y-%m-%d %H:%M} UTC")
    if before.state is OutboxState.UNKNOWN:
        if not may_duplicate:
            raise InvalidInput(
                f"nobody knows whether message {number} went out: everybody in {before.logical!r} may get it twice, so "
                "it is sent again only if you say that it may be (may_duplicate=True, --may-duplicate)"
            )
        if not before.gave_up:
            raise InvalidInput(f"message {number} is still looked for: wait until nobody can tell any more")
        _as_new(t, number)
    elif before.state not in (OutboxState.FAILED, OutboxState.QUEUED):
        raise InvalidInput(f"message {number} is {before.state}: only one that failed can be sent again")
    anew: dict[str, Any] = {"tries": 0, "tried_since": None, "queued_at": t.now}
    values = {"state": OutboxState.QUEUED, "due_at": None, "error": None, "ended_at": None, **anew}
    t.execute(update(outbox).where(outbox.c.id == number).values(values))
    lanes.wake(t, _group_of(t, number), anyway=True)
    return entries.one(t, number)


def _as_new(t: Transaction, number: int) -> None:
    """Make another message of one whose fate is unknown, with its key: what becomes of that one still counts for it."""
    row = t.execute(select(messages, outbox.c.dump).join(outbox).where(outbox.c.id == number)).one()
    if row.dump is None:
        raise InvalidInput(f"the text of message {number} is not kept any more")
    t.execute(update(messages).where(messages.c.id == row.id).values(key=None))
    copy = {name: getattr(row, name) for name in ("group_id", "key", "digest", "likeness", "features")}
    (made,) = t.execute(messages.insert().values(**copy, created_at=t.now)).inserted_primary_key or (0,)
    t.execute(update(outbox).where(outbox.c.id == number).values(message_id=made))


def _group_of(t: Transaction, number: int) -> int:
    return int(t.execute(select(outbox.c.group_id).where(outbox.c.id == number)).scalar_one())


def purge(t: Transaction, before: datetime) -> int:
    """Delete messages that ended before that, and give how many; those that wait or are unsure stay."""
    over = outbox.c.state.in_((*entries.ENDED, OutboxState.FAILED)) | (
        (outbox.c.state == OutboxState.UNKNOWN) & outbox.c.message_id.in_(_given_up())
    )
    return int(t.execute(delete(outbox).where(over, outbox.c.ended_at < before)).rowcount)


def _given_up() -> Any:
    return select(attempts.c.message_id).where(attempts.c.gave_up_at.is_not(None))
