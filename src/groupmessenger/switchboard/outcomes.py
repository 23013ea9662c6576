"""What became of attempts. All of it transactions.

Every change of state is one conditional UPDATE; who changes no row has lost.
"""

from __future__ import annotations

from typing import Any

import attrs
from sqlalchemy import delete, select, update

from .._dumping import write_address
from ..messages import GroupReceipt, Receipt
from ..phone import Address
from . import people, threads
from .directory import Transaction
from .outbox import following
from .tables import attempts, groups
from .tried import Tried, by_token
from .values import State, ThreadState


def sent(t: Transaction, token: str, receipt: Receipt) -> Tried:
    """Keep that an attempt was sent, whatever was thought of it before."""
    before = by_token(t, token)
    values: dict[str, Any] = {
        "state": State.SENT,
        "status": receipt.status,
        "reason": receipt.reason,
        "recipients": [write_address(each) for each in receipt.recipients if not is_forgotten(t, before, each)],
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
    t.execute(update(attempts).where(attempts.c.token == token).values(values))
    following.sent(t, before.message_id)
    if before.state is State.UNKNOWN:
        following.free(t, before.group_id)
    _carried(t, before)
    return by_token(t, token)


def is_forgotten(t: Transaction, tried: Tried, address: Address) -> bool:
    """Whether an attempt was for somebody who is forgotten since, and this is not one of the others."""
    if tried.binding_id is None:
        return False
    binding = threads.by_id(t, tried.binding_id)
    return not binding.people and address not in binding.possible


def _carried(t: Transaction, tried: Tried) -> None:
    """Keep which connection carried a group's last message, and that the group came to it from another."""
    if not tried.routed:
        return
    later = (
        attempts.c.routed
        & (attempts.c.group_id == tried.group_id)
        & (attempts.c.id > tried.id)
        & (attempts.c.state == State.SENT)
    )
    if t.execute(select(attempts.c.id).where(later)).first() is not None:
        return
    last = t.execute(select(groups.c.last).where(groups.c.id == tried.group_id)).scalar()
    if last not in (None, tried.connection):
        threads.fork(t, tried.group_id, tried.connection, None, f"it went by {last} before")
    t.execute(update(groups).where(groups.c.id == tried.group_id).values(last=tried.connection))


def record_sent(t: Transaction, token: str, receipt: GroupReceipt, binding_id: int) -> str | None:
    """Keep that a message was sent, and on which thread. Gives the group whose thread that is, if it is another's."""
    t.lock_group(by_token(t, token).group_id)
    tried = sent(t, token, receipt)
    if people.load_id(t, tried.group_id).archived_at is not None:
        return None
    owner = threads.by_thread(t, receipt.group.provider, receipt.group.line, receipt.group.id)
    left = owner is not None and owner.group_id != tried.group_id and owner.state is ThreadState.RETIRED
    if owner is None or owner.id == binding_id or left:
        before = threads.by_id(t, binding_id)
        known = attrs.evolve(receipt.group, members=before.group.members)
        threads.changed(t, binding_id, known, before.doubtful, opened=True)
        return None
    if owner.group_id == tried.group_id:
        threads.replace(t, binding_id, owner)
        return None
    threads.merge(t, binding_id, receipt.group)
    return people.load_id(t, owner.group_id).name


def _is_free(t: Transaction, tried: Tried, provider_id: str) -> bool:
    """Whether a message id is not another attempt's."""
    here = (attempts.c.provider == tried.provider) & (attempts.c.line == tried.line)
    owner = t.execute(select(attempts.c.token).where(here, attempts.c.provider_id == provider_id)).scalar()
    return owner in (None, tried.token)


def refused(t: Transaction, token: str, error: str) -> Tried:
    """Keep that an attempt did not go out; of one that did, that somebody says so."""
    t.lock_group(by_token(t, token).group_id)
    before = by_token(t, token)
    if before.state is State.SENT:
        values: dict[str, Any] = {"conflict": f"sent, and then refused: {error}"}
    else:
        values = {"state": State.NOT_SENT, "error": error, "dump": None, "gave_up_at": None, "ended_at": t.now}
    here = (attempts.c.token == token) & (attempts.c.state == before.state)
    changed = t.execute(update(attempts).where(here).values(values)).rowcount
    if changed and before.state not in (State.SENT, State.NOT_SENT):  # else a later attempt may be under way
        following.not_sent(t, [before.message_id], error)
    return by_token(t, token)


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
