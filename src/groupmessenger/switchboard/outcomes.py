"""What became of attempts. All of it transactions.

Every change of state is one conditional UPDATE; who changes no row has lost.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import attrs
from sqlalchemy import bindparam, delete, select, update

from .._dumping import write_address
from ..messages import GroupReceipt, Receipt
from ..phone import Address
from . import threads
from .directory import Transaction
from .known import name_of
from .outbox import following
from .tables import attempts, groups
from .threads import Binding
from .tried import Begun, Tried, by_token
from .values import State, ThreadState

_CHANGE = update(attempts).where(attempts.c.token == bindparam("mine"))
_CHANGE_FROM = _CHANGE.where(attempts.c.state == bindparam("before"))
_OWNER = select(attempts.c.token).where(
    attempts.c.provider == bindparam("on_provider"),
    attempts.c.line == bindparam("on_line"),
    attempts.c.provider_id == bindparam("named"),
)
_LATER = select(attempts.c.id).where(
    attempts.c.routed,
    attempts.c.group_id == bindparam("of"),
    attempts.c.id > bindparam("after"),
    attempts.c.state == State.SENT,
)
_GROUP = select(groups.c.last, groups.c.archived_at).where(groups.c.id == bindparam("of"))
_CARRIED = update(groups).where(groups.c.id == bindparam("of"))


def sent(t: Transaction, token: str, receipt: Receipt, binding: Binding | None = None) -> bool:
    """Keep that an attempt was sent, whatever was thought of it before. Whether its group is in use.

    Its thread is read where it is not given.
    """
    before = by_token(t, token)
    erased = _erased(t, before, binding)
    values: dict[str, Any] = {
        "state": State.SENT,
        "status": receipt.status,
        "reason": receipt.reason,
        "recipients": [write_address(each) for each in receipt.recipients if not erased(each)],
        "degradations": [[each.feature, each.done] for each in receipt.degradations],
        "dump": None,
        "error": None,
        "gave_up_at": None,
        "ended_at": t.now,
    }
    if receipt.id and _is_free(t, before, receipt.id):
        values["provider_id"] = receipt.id
    if before.state is State.SENT and before.status is not None:  # a status came before the answer, and knows better
        del values["status"], values["reason"]
    if before.state is State.NOT_SENT:
        values["conflict"] = f"it was thought not to have been sent: {before.error or 'refused'}"
    t.execute(_CHANGE, {"mine": token, **values})
    following.sent(t, before.message_id)
    if before.state is State.UNKNOWN:
        following.free(t, before.group_id)
    group = t.execute(_GROUP, {"of": before.group_id}).one()
    _carried(t, before, group.last)
    return group.archived_at is None


def is_forgotten(t: Transaction, tried: Tried, address: Address) -> bool:
    """Whether an attempt was for somebody who is forgotten since, and this is not one of the others."""
    return _erased(t, tried, None)(address)


def _erased(t: Transaction, tried: Tried, binding: Binding | None) -> Callable[[Address], bool]:
    if tried.binding_id is not None and (binding is None or binding.id != tried.binding_id):
        binding = threads.by_id(t, tried.binding_id)
    if tried.binding_id is None or binding is None or binding.people:
        return lambda address: False
    staying = binding.possible
    return lambda address: address not in staying


def _carried(t: Transaction, tried: Tried, last: str | None) -> None:
    """Keep which connection carried a group's last message, and that the group came to it from another."""
    if not tried.routed or last == tried.connection:
        return
    if t.execute(_LATER, {"of": tried.group_id, "after": tried.id}).first() is not None:
        return
    if last not in (None, tried.connection):
        threads.fork(t, tried.group_id, tried.connection, None, f"it went by {last} before")
    t.execute(_CARRIED, {"of": tried.group_id, "last": tried.connection})


def record_sent(t: Transaction, tried: Begun, receipt: GroupReceipt, binding_id: int) -> str | None:
    """Keep that a message was sent, and on which thread. Gives the group whose thread that is, if it is another's."""
    t.lock_group(tried.group_id)
    mine = threads.by_id(t, binding_id)
    if not sent(t, tried.token, receipt, mine):
        return None
    there = receipt.group.provider, receipt.group.line, receipt.group.id
    owner = mine if there == (mine.provider, mine.line, mine.thread) else threads.by_thread(t, *there)
    left = owner is not None and owner.group_id != tried.group_id and owner.state is ThreadState.RETIRED
    if owner is None or owner.id == binding_id or left:
        group = attrs.evolve(receipt.group, members=mine.group.members)
        threads.changed(t, mine, group, mine.doubtful, opened=True)
        return None
    if owner.group_id == tried.group_id:
        threads.replace(t, binding_id, owner)
        return None
    threads.merge(t, binding_id, receipt.group)
    return name_of(t, owner.group_id)


def _is_free(t: Transaction, tried: Tried, provider_id: str) -> bool:
    """Whether a message id is not another attempt's."""
    owner = t.execute(_OWNER, {"on_provider": tried.provider, "on_line": tried.line, "named": provider_id}).scalar()
    return owner in (None, tried.token)


def refused(t: Transaction, token: str, error: str) -> Tried:
    """Keep that an attempt did not go out; of one that did, that somebody says so."""
    t.lock_group(by_token(t, token).group_id)
    before = by_token(t, token)
    if before.state is State.SENT:
        values: dict[str, Any] = {"conflict": f"sent, and then refused: {error}"}
    else:
        values = {"state": State.NOT_SENT, "error": error, "dump": None, "gave_up_at": None, "ended_at": t.now}
    changed = t.execute(_CHANGE_FROM, {"mine": token, "before": before.state, **values}).rowcount
    if changed and before.state not in (State.SENT, State.NOT_SENT):  # else a later attempt may be under way
        following.not_sent(t, [before.message_id], error)
    return by_token(t, token)


def abandoned(t: Transaction, tried: Tried, why: str) -> None:
    """Keep that an attempt whose worker is gone cannot leave any more, unless it has left by now."""
    t.lock_group(tried.group_id)
    values = {"state": State.NOT_SENT, "error": why, "ended_at": t.now}
    if t.execute(_CHANGE_FROM, {"mine": tried.token, "before": State.PREPARING, **values}).rowcount:
        following.not_sent(t, [tried.message_id], why)


def withdraw(t: Transaction, token: str) -> None:
    """Take back an attempt that was only prepared: it was no try."""
    tried = by_token(t, token)
    mine = (attempts.c.token == token) & (attempts.c.state == State.PREPARING)
    if t.execute(delete(attempts).where(mine)).rowcount:
        following.put_back(t, tried.message_id)


def lost(t: Transaction, token: str, error: str, provider_id: str | None = None) -> Tried:
    """Keep that nobody knows what became of an attempt, unless somebody does by now."""
    mine = (attempts.c.token == token) & (attempts.c.state == State.SENDING)
    values = {"state": State.UNKNOWN, "error": error, "ended_at": t.now}
    if provider_id and _is_free(t, by_token(t, token), provider_id):
        values["provider_id"] = provider_id
    changed = t.execute(update(attempts).where(mine).values(values)).rowcount
    tried = by_token(t, token)
    if changed:
        following.unknown(t, [tried.message_id], error)
    return tried


def give_up(t: Transaction, token: str, why: str) -> None:
    """Keep that nobody will be able to tell what became of an attempt. Its text is kept no longer."""
    mine = (attempts.c.token == token) & (attempts.c.state == State.UNKNOWN)
    t.execute(update(attempts).where(mine).values(gave_up_at=t.now, dump=None, error=why))


def absent(t: Transaction, token: str, why: str) -> None:
    """Keep that an attempt whose outcome was unknown did not go out."""
    mine = (attempts.c.token == token) & (attempts.c.state == State.UNKNOWN)
    values = {"state": State.NOT_SENT, "error": why, "dump": None}
    if t.execute(update(attempts).where(mine).values(values)).rowcount:
        following.not_sent(t, [by_token(t, token).message_id], why)


def named(t: Transaction, token: str, provider_id: str) -> None:
    """Keep the id of a message that was sent without one."""
    if _is_free(t, by_token(t, token), provider_id):
        t.execute(update(attempts).where(attempts.c.token == token).values(provider_id=provider_id))
