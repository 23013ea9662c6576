"""Messages and the attempts at them: what may leave, and when. All of it transactions.

Every change of state is one conditional UPDATE; who changes no row has lost.
"""

from __future__ import annotations

import json
import secrets
from datetime import timedelta
from typing import Any, TypeAlias

import attrs
from sqlalchemy import select, update

from .._dumping import dump
from ..errors import InProgress, KeyReused, Outcome
from ..messages import Attempt, Message
from . import admission, optouts, people, threads
from .directory import Transaction
from .outbox import following, holds, lanes, pacing
from .outbox.pacing import Pace
from .tables import attempts, messages
from .tried import UNDER_WAY, Tried, by_token, last_of, open_of
from .values import LogicalGroup, State, ThreadState

FEATURES = ("media", "effect", "reply_to", "send_at", "expires_at", "priority", "leave_out")


@attrs.frozen
class Reserved:
    """This attempt may be prepared, and nobody else's of this group before it has ended."""

    tried: Tried


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


Standing: TypeAlias = Reserved | Ended | UnderWay | Unsure


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


def content(message: Message) -> str:
    """Everything of a message that is sent; a reference of the caller's own is not."""
    text = dump(attrs.evolve(message, reference=None) if message.reference else message)
    return json.dumps(json.loads(text), sort_keys=True)  # equal messages may have their extras in another order


def likeness(message: Message) -> str:
    """What a message looks like to whoever can compare nothing else."""
    return dump(Message(message.text, message.media))


def look(t: Transaction, wanted: Wanted) -> Standing | None:
    """What stands in the way of a message, or was done of it before; None where nothing was. Raises `KeyReused`."""
    known = _known(t, wanted)
    last = None if known is None else last_of(t, known)
    if last is not None and (standing := _standing(last)) is not None:
        return standing
    for other in open_of(t, wanted.group.id):
        if other.state in UNDER_WAY:
            return UnderWay(other, same=False)
        if (other.provider, other.line) == (wanted.provider, wanted.line):
            return Unsure(other, same=False)
    return None


def _standing(last: Tried) -> Standing | None:
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
    here = (messages.c.group_id == group_id) & (messages.c.key == key)
    row = t.execute(select(messages).where(here)).one_or_none()
    if row is not None and row.digest != t.digest(content(message)):
        raise KeyReused(
            f"the key {key!r} was used for another message to this group: nothing was sent; "
            "take a new key for a new message"
        )
    return None if row is None else int(row.id)


def reserve(t: Transaction, wanted: Wanted) -> Standing:
    """Begin an attempt, unless another is in its way. Raises `KeyReused`, `Suppressed`."""
    t.lock_group(wanted.group.id)
    expire(t, wanted.group.id)
    if (standing := look(t, wanted)) is not None:
        if wanted.owner is not None:
            following.caught_up(t, standing.tried)
        return standing
    optouts.refuse_group(t, wanted.group, wanted.message.leave_out)
    known = _known(t, wanted)
    message_id = add(t, wanted.group.id, wanted.message, wanted.key) if known is None else known
    if wanted.owner is not None and not lanes.holds(t, wanted.group.id, wanted.owner):
        raise InProgress("another worker has taken over", outcome=Outcome.NOT_SENT)
    if known is not None and not following.begin(t, known, wanted.owner):
        raise InProgress("it is not in the queue any more", outcome=Outcome.NOT_SENT)
    token = secrets.token_hex(16)
    made = attempts.insert().values(
        token=token,
        message_id=message_id,
        group_id=wanted.group.id,
        connection=wanted.connection,
        provider=wanted.provider,
        line=wanted.line,
        state=State.PREPARING,
        routed=wanted.routed,
        lease_until=t.now + timedelta(seconds=wanted.lease),
        created_at=t.now,
    )
    t.execute(made)
    return Reserved(by_token(t, token))


def add(t: Transaction, group_id: int, message: Message, key: str | None) -> int:
    """Make the row of a message."""
    made = messages.insert().values(described(t, group_id, message, key))
    (row,) = t.execute(made).inserted_primary_key or (0,)
    return int(row)


def add_once(t: Transaction, group_id: int, message: Message, key: str | None) -> int:
    """Make the row of a message unless another has made it by now. Raises `KeyReused`."""
    if key is None:
        return add(t, group_id, message, None)
    t.insert_once(messages, **described(t, group_id, message, key))
    made = keyed(t, group_id, key, message)
    if made is None:
        raise AssertionError
    return made


def described(t: Transaction, group_id: int, message: Message, key: str | None) -> dict[str, Any]:
    """The row of a message: nothing of its text."""
    return {
        "group_id": group_id,
        "key": key,
        "digest": t.digest(content(message)),
        "likeness": t.digest(likeness(message)),
        "features": [name for name in FEATURES if getattr(message, name)],
        "created_at": t.now,
    }


def expire(t: Transaction, group_id: int | None = None) -> None:
    """End the attempts whose process is gone: nothing left of those that were prepared, of the others nobody knows."""
    over = (attempts.c.lease_until < t.now) & attempts.c.state.in_(UNDER_WAY)
    if group_id is not None:
        over &= attempts.c.group_id == group_id
    for row in t.execute(select(attempts.c.id, attempts.c.message_id, attempts.c.state).where(over)).all():
        preparing = row.state == State.PREPARING
        ended = State.NOT_SENT if preparing else State.UNKNOWN
        why = f"the process that {'prepared' if preparing else 'sent'} it was gone"
        mine = (attempts.c.id == row.id) & (attempts.c.state == row.state) & over
        if t.execute(update(attempts).where(mine).values(state=ended, error=why, ended_at=t.now)).rowcount:
            (following.not_sent if preparing else following.unknown)(t, [row.message_id], why)


class Changed(Exception):
    """The group changed while the message was prepared: it is begun again."""


def keep(t: Transaction, tried: Tried, group: LogicalGroup, lease: float) -> None:
    """Raise `InProgress` unless an attempt is still ours to prepare, and make it so for `lease` seconds more.

    Raises `Changed` where the group has other members by now.
    """
    t.lock_group(tried.group_id)
    mine = (attempts.c.token == tried.token) & (attempts.c.state == State.PREPARING)
    until = t.now + timedelta(seconds=lease)
    if not t.execute(update(attempts).where(mine).values(lease_until=until)).rowcount:
        raise InProgress("it took so long that it was given up: send it again", outcome=Outcome.NOT_SENT)
    if people.addresses(t, tried.group_id) != group.addresses:
        raise Changed


@attrs.frozen(kw_only=True)
class Leaving:
    """An attempt that is about to leave: what has to be so still."""

    tried: Tried
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
    group = people.load_id(t, tried.group_id)
    if group.addresses != leaving.group.addresses or group.archived_at is not None:
        return None
    optouts.refuse_group(t, group, attempt.message.leave_out)
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
    mine = (attempts.c.token == tried.token) & (attempts.c.state == State.PREPARING)
    values = {
        "state": State.SENDING,
        "binding_id": leaving.binding_id,
        "leave_from": t.now,
        "leave_by": t.now + timedelta(seconds=leaving.leaving),
        "lease_until": t.now + timedelta(seconds=leaving.lease),
        "dump": attempt.dump(),
    }
    if not t.execute(update(attempts).where(mine).values(values)).rowcount:
        raise InProgress("it took so long that it was given up: send it again", outcome=Outcome.NOT_SENT)
    return 0.0
