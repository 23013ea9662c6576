"""Messages and the attempts at them: what may leave, and when. All of it transactions.

Every change of state is one conditional UPDATE; who changes no row has lost.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import TypeAlias

import attrs
from sqlalchemy import bindparam, select, update

from ..errors import InProgress, KeyReused, Outcome
from ..messages import Attempt, Message
from . import admission, known, optouts, people, threads
from .directory import Transaction
from .outbox import following, holds, lanes, pacing
from .outbox.pacing import Pace
from .tables import attempts, messages
from .telling_apart import content, described
from .tried import UNDER_WAY, Begun, Tried, last_of, open_of
from .values import LogicalGroup, State, ThreadState

_FRESH = timedelta(seconds=1)  # of a lease, that is as good as new

_KEYED = select(messages).where(messages.c.group_id == bindparam("of"), messages.c.key == bindparam("named"))
_BEGIN = attempts.insert()
_PREPARING = (attempts.c.token == bindparam("mine")) & (attempts.c.state == State.PREPARING)
_LEASE = select(attempts.c.lease_until).where(_PREPARING)
_CHANGE = update(attempts).where(_PREPARING)
_ADD = messages.insert()
_OVER = select(attempts.c.id, attempts.c.message_id, attempts.c.state).where(
    attempts.c.lease_until < bindparam("now"), attempts.c.state.in_(UNDER_WAY)
)
_OVER_IN_GROUP = _OVER.where(attempts.c.group_id == bindparam("of"))


@attrs.frozen
class Reserved:
    """This attempt may be prepared, and nobody else's of this group before it has ended."""

    tried: Begun


@attrs.frozen
class Ended:
    """The message was sent by an attempt before."""

    tried: Tried


@attrs.frozen
class UnderWay:
    """An attempt of the group is being made; `same` if it is at this very message."""

    tried: Tried
    same: bool


@attrs.frozen
class Unsure:
    """Of an attempt nobody knows yet what became of it; `same` if it is at this very message."""

    tried: Tried
    same: bool


InTheWay: TypeAlias = Ended | UnderWay | Unsure
Standing: TypeAlias = Reserved | InTheWay


@attrs.frozen(kw_only=True)
class Wanted:
    """A message that is to be sent to a group, by one connection. `lease` and `settle` are in seconds."""

    group: LogicalGroup
    message: Message
    key: str | None
    connection: str
    provider: str
    line: str = attrs.field(repr=False)
    lease: float
    settle: float
    routed: bool = True  # by the group's route; a reply goes where it came from
    message_id: int | None = None  # where it is known: of the outbox, or tried before
    owner: str | None = None  # of the group's lane: only as long as it is theirs, and the message in the queue


def _in_the_way(t: Transaction, wanted: Wanted, message_id: int | None, opened: Iterable[Tried]) -> InTheWay | None:
    """What stands in the way of a message, or was done of it before; None where nothing was."""
    last = None if message_id is None else last_of(t, message_id)
    if last is not None and (standing := _standing(last)) is not None:
        return standing
    for other in opened:
        if other.state in UNDER_WAY:
            return UnderWay(other, same=False)
        if (other.provider, other.line) == (wanted.provider, wanted.line):
            return Unsure(other, same=False)
    return None


def _standing(last: Tried) -> InTheWay | None:
    if last.state is State.SENT:
        return Ended(last)
    if last.state in UNDER_WAY:
        return UnderWay(last, same=True)
    return Unsure(last, same=True) if last.state is State.UNKNOWN else None


def done(t: Transaction, group_id: int, key: str, message: Message) -> Tried | None:
    """The attempt that sent a message under a key, if one did. Raises `KeyReused`."""
    row = keyed(t, group_id, key, message)
    last = None if row is None else last_of(t, row)
    return last if last is not None and last.state is State.SENT else None


def _known(t: Transaction, wanted: Wanted) -> int | None:
    """The message itself, where there is a row of it. Raises `KeyReused`."""
    if wanted.message_id is not None or wanted.key is None:
        return wanted.message_id
    return keyed(t, wanted.group.id, wanted.key, wanted.message)


def keyed(t: Transaction, group_id: int, key: str, message: Message) -> int | None:
    """The message with a key. Raises `KeyReused` if it is another."""
    row = t.execute(_KEYED, {"of": group_id, "named": key}).one_or_none()
    if row is not None and row.digest != t.digest(content(message)):
        raise reused(key)
    return None if row is None else int(row.id)


def reused(key: str) -> KeyReused:
    """The error for a key that is another message's."""
    return KeyReused(
        f"the key {key!r} was used for another message to this group: nothing was sent; "
        "take a new key for a new message"
    )


def reserve(t: Transaction, wanted: Wanted) -> Standing:
    """Begin an attempt, unless another is in its way. Raises `KeyReused`, `Suppressed`."""
    t.lock_group(wanted.group.id)
    opened = open_now(t, wanted.group.id)
    message_id = _known(t, wanted)
    if (standing := _in_the_way(t, wanted, message_id, opened)) is not None:
        if wanted.owner is not None:
            following.caught_up(t, standing.tried)
        return standing
    optouts.refuse_group(t, wanted.group, wanted.message.leave_out)
    is_new = message_id is None
    if message_id is None:
        message_id = add(t, wanted.group.id, wanted.message, wanted.key)
    if wanted.owner is not None and not lanes.holds(t, wanted.group.id, wanted.owner):
        raise InProgress("another worker has taken over", outcome=Outcome.NOT_SENT)
    if not is_new and not following.begin(t, message_id, wanted.owner):
        raise InProgress("it is not in the queue any more", outcome=Outcome.NOT_SENT)
    begun = Begun(
        token=secrets.token_hex(16),
        message_id=message_id,
        group_id=wanted.group.id,
        connection=wanted.connection,
        provider=wanted.provider,
        line=wanted.line,
    )
    values = {
        **attrs.asdict(begun, recurse=False),
        "state": State.PREPARING,
        "routed": wanted.routed,
        "lease_until": t.now + timedelta(seconds=wanted.lease),
        "created_at": t.now,
    }
    t.execute(_BEGIN, values)
    return Reserved(begun)


def add(t: Transaction, group_id: int, message: Message, key: str | None) -> int:
    """Make the row of a message."""
    (row,) = t.execute(_ADD, described(t, group_id, message, key)).inserted_primary_key or (0,)
    return int(row)


def add_once(t: Transaction, group_id: int, message: Message, key: str | None) -> int:
    """Make the row of a message unless another has made it by now. Raises `KeyReused`."""
    if key is None:
        return add(t, group_id, message, None)
    made = t.number_once(messages, **described(t, group_id, message, key))
    if made is None:
        made = keyed(t, group_id, key, message)
    if made is None:
        raise AssertionError
    return made


def expire(t: Transaction, group_id: int | None = None) -> None:
    """End the attempts whose process is gone: nothing left of those that were prepared, of the others nobody knows."""
    over = _OVER if group_id is None else _OVER_IN_GROUP
    for row in t.execute(over, {"now": t.now, "of": group_id}).all():
        preparing = row.state == State.PREPARING
        ended = State.NOT_SENT if preparing else State.UNKNOWN
        why = f"the process that {'prepared' if preparing else 'sent'} it was gone"
        mine = (attempts.c.id == row.id) & (attempts.c.state == row.state) & (attempts.c.lease_until < t.now)
        if t.execute(update(attempts).where(mine).values(state=ended, error=why, ended_at=t.now)).rowcount:
            (following.not_sent if preparing else following.unknown)(t, [row.message_id], why)


def open_now(t: Transaction, group_id: int) -> Sequence[Tried]:
    """The attempts of a group that have not ended for certain, now that those are ended whose process is gone."""
    opened = open_of(t, group_id)
    if any(each.state in UNDER_WAY and each.lease_until < t.now for each in opened):
        expire(t, group_id)
        opened = open_of(t, group_id)
    return opened


class Changed(Exception):
    """The group changed while the message was prepared: it is begun again."""


def keep(t: Transaction, tried: Begun, group: LogicalGroup, lease: float) -> None:
    """Raise `InProgress` unless an attempt is still ours to prepare, and make it so for `lease` seconds more.

    Raises `Changed` where the group has other members by now.
    """
    t.lock_group(tried.group_id)
    until = t.now + timedelta(seconds=lease)
    before: datetime | None = t.execute(_LEASE, {"mine": tried.token}).scalar()
    is_ours = before is not None
    if before is not None and until - before > _FRESH:
        is_ours = bool(t.execute(_CHANGE, {"mine": tried.token, "lease_until": until}).rowcount)
    if not is_ours:
        raise InProgress("it took so long that it was given up: send it again", outcome=Outcome.NOT_SENT)
    if people.addresses(t, tried.group_id) != group.addresses:
        raise Changed


@attrs.frozen(kw_only=True)
class Leaving:
    """An attempt that is about to leave: what has to be so still."""

    tried: Begun
    attempt: Attempt
    group: LogicalGroup
    binding_id: int
    leaving: float
    lease: float
    pace: Pace | None
    waits: bool  # for its turn, or is only counted


def depart(t: Transaction, leaving: Leaving) -> float | None:
    """Let an attempt leave, which gives 0, or tell for how many seconds it may not yet.

    None where the group has changed meanwhile, or its connection is paused: then it is begun again. Raises
    `Suppressed`, `NotAccepted`, and `InProgress` where it was given up.
    """
    tried, attempt = leaving.tried, leaving.attempt
    t.lock_group(tried.group_id)
    inside, seen = known.people_of(t, tried.group_id)
    group = attrs.evolve(leaving.group, members=inside, observed=seen)
    if group.addresses != leaving.group.addresses or not optouts.refuse_group(t, group, attempt.message.leave_out):
        return None
    binding = threads.by_id(t, leaving.binding_id)
    if binding.state is ThreadState.RETIRED or (leaving.waits and tried.connection in holds.paused(t)):
        return None
    admission.refuse_strangers(group, binding)
    if not binding.possible <= set(group.addresses):  # somebody who is not wanted there has come in meanwhile
        return None
    if leaving.pace is not None:
        weight = leaving.pace.weight(group.addresses, attempt.message.leave_out)
        if not leaving.waits:
            pacing.count(t, leaving.pace, weight)
        elif (seconds := pacing.wait(t, leaving.pace, weight, tried.group_id)) > 0:
            return seconds
    values = {
        "mine": tried.token,
        "state": State.SENDING,
        "binding_id": leaving.binding_id,
        "leave_from": t.now,
        "leave_by": t.now + timedelta(seconds=leaving.leaving),
        "lease_until": t.now + timedelta(seconds=leaving.lease),
        "dump": attempt.dump(),
    }
    if not t.execute(_CHANGE, values).rowcount:
        raise InProgress("it took so long that it was given up: send it again", outcome=Outcome.NOT_SENT)
    return 0.0
