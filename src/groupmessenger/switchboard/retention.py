"""What is not kept: what is old, and whom somebody asks to forget. All of it transactions."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import attrs
from sqlalchemy import ColumnElement, Table, Text, cast, delete, func, or_, select, update

from .._dumping import dump, load, write_address
from ..errors import InvalidInput
from ..groups import Group
from ..messages import Message
from ..phone import Address
from . import people, threads
from .directory import Transaction
from .outbox.queue import OPEN
from .outbox.tables import outbox
from .tables import attempts, bindings, groups, inbox, members, messages, observed, opt_outs, seen, status_events
from .tried import UNDER_WAY
from .values import State, ThreadState

_LONGEST = 36_500  # days
_REPEATED = timedelta(days=2)  # the longest that a provider repeats a callback is a day


def purge(t: Transaction, older: timedelta) -> dict[str, int]:
    """Delete what was sent and told longer ago than this, and give how much of what. Groups and opt-outs stay.

    Messages that are queued or under way, or of which nobody knows yet what became of them, stay as well. A once-only
    key whose message is deleted can be used again. Raises `InvalidInput` for less than two days: providers repeat
    themselves.
    """
    if not isinstance(older, timedelta):
        raise InvalidInput(f"older is a length of time, such as timedelta(days=90), not {type(older).__name__}")
    if older.days > _LONGEST:
        raise InvalidInput(f"older is {_LONGEST} days at most")
    if older < _REPEATED:
        raise InvalidInput("keep two days at least: providers repeat their callbacks, and keys are for repeating")
    before = t.now - older
    unsure = (attempts.c.state == State.UNKNOWN) & attempts.c.gave_up_at.is_(None)
    lately = attempts.c.created_at >= before
    waiting = select(attempts.c.message_id).where(attempts.c.state.in_(UNDER_WAY) | unsure | lately)
    queued = select(outbox.c.message_id).where(outbox.c.state.in_(OPEN) | (outbox.c.ended_at >= before))
    gone = {
        messages: (messages.c.created_at < before) & messages.c.id.not_in(waiting) & messages.c.id.not_in(queued),
        status_events: status_events.c.arrived_at < before,
        inbox: (inbox.c.arrived_at < before) & (inbox.c.state != "waiting"),
        seen: (seen.c.at < before) & or_(seen.c.until.is_(None), seen.c.until < t.now),
    }
    return {table.name.removeprefix("groupmessenger_"): _delete(t, table, which) for table, which in gone.items()}


def _delete(t: Transaction, table: Table, which: ColumnElement[bool]) -> int:
    if table is messages:
        t.execute(delete(attempts).where(attempts.c.message_id.in_(select(messages.c.id).where(which))))
    return int(t.execute(delete(table).where(which)).rowcount)


def forget(t: Transaction, address: Address) -> int:
    """Erase somebody from the directory, and give how many groups they were in. That they opted out is still heeded.

    The groups go on without them, in other threads: nothing is deleted at a provider. A group that nobody else is in is
    archived.
    """
    text = write_address(address)
    here = select(members.c.group_id).where(members.c.address == text)
    inside = [int(group_id) for group_id in t.execute(here).scalars()]
    for group_id in inside:
        t.lock_group(group_id)
    t.execute(delete(members).where(members.c.address == text))
    t.execute(delete(observed).where(observed.c.address == text))
    t.execute(update(groups).where(_mentions(groups.c.suspects, text)).values(suspects=[]))
    _leave_threads(t, address, text)
    _erase_failed(t, text)
    for row in t.execute(select(attempts).where(_names(attempts.c.recipients, text))).all():
        staying = [each for each in row.recipients if each != text]
        t.execute(update(attempts).where(attempts.c.id == row.id).values(recipients=staying))
    lost = _names(attempts.c.dump, text) & (attempts.c.state == State.UNKNOWN)
    t.execute(update(attempts).where(lost).values(gave_up_at=t.now, error="somebody it was for is forgotten"))
    t.execute(update(attempts).where(_names(attempts.c.dump, text)).values(dump=None))
    for row in t.execute(select(outbox.c.id, outbox.c.dump).where(_names(outbox.c.dump, text))).all():
        queued = load(Message, row.dump)
        without = attrs.evolve(queued, leave_out=tuple(each for each in queued.leave_out if each != address))
        t.execute(update(outbox).where(outbox.c.id == row.id).values(dump=dump(without)))
    t.execute(update(status_events).where(status_events.c.recipient == text).values(recipient=None))
    t.execute(update(opt_outs).where(opt_outs.c.address == text).values(address=None))
    for table in (status_events, opt_outs):  # a key may name a recipient
        for row in t.execute(select(table.c.id, table.c.key).where(_mentions(table.c.key, text))).all():
            t.execute(update(table).where(table.c.id == row.id).values(key=t.digest(row.key)))
    for group_id in inside:
        if not people.addresses(t, group_id):
            t.execute(update(groups).where(groups.c.id == group_id).values(archived_at=t.now))
            threads.release(t, group_id)
    return len(inside)


def _erase_failed(t: Transaction, text: str) -> None:
    """Erase callbacks that speak of somebody and whose handling was given up; those that wait are erased in time."""
    number = text.removeprefix("+").encode()
    for row in t.execute(select(inbox.c.id, inbox.c.url, inbox.c.body).where(inbox.c.state == "failed")).all():
        if number in row.url.encode() + (row.body or b""):
            erased = {"url": row.url.partition("?")[0], "headers": {}, "body": None, "verified": ""}
            t.execute(update(inbox).where(inbox.c.id == row.id).values(erased))


def _leave_threads(t: Transaction, address: Address, text: str) -> None:
    """Take somebody out of what is known of threads; those are left, and nobody goes back to them."""
    known = _names(bindings.c.dump, text) | _names(bindings.c.doubtful, text)
    for row in t.execute(select(bindings).where(known)).all():
        binding = threads.by_id(t, row.id)
        staying = tuple(member for member in binding.group.members or () if member.address != address)
        if row.state != ThreadState.RETIRED:
            threads.retire(t, binding, "somebody who was in it is forgotten")
        values: dict[str, Any] = {
            "dump": _without(binding.group, staying).dump(),
            "doubtful": [each for each in row.doubtful if each != text],
            "people": "",
            "thread": None,
        }
        t.execute(update(bindings).where(bindings.c.id == row.id).values(values))


def _without(group: Group, staying: tuple[Any, ...]) -> Group:
    return attrs.evolve(group, id=f"{group.id[:4]}forgotten", members=staying)


def _mentions(column: ColumnElement[Any], text: str) -> ColumnElement[bool]:
    return func.coalesce(cast(column, Text), "").contains(text, autoescape=True)


def _names(column: ColumnElement[Any], text: str) -> ColumnElement[bool]:
    """Whether a column of JSON has this very text, and not as a part of another."""
    return _mentions(column, f'"{text}"')
