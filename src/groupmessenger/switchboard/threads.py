"""Which thread a group has at which provider. All of it transactions."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any

import attrs
from sqlalchemy import Row, select, update

from .._dumping import read_address, write_address
from ..errors import AlreadyBound
from ..groups import Group, member_set_id
from ..phone import Address, Member
from .directory import Transaction
from .tables import bindings, forks, groups
from .values import Fork, Thread, ThreadState


@attrs.frozen(kw_only=True)
class Binding:
    """A thread of a group as the directory has it. `doubtful` are in it or not: a change of them was lost."""

    id: int
    group_id: int
    connection: str
    provider: str
    line: str = attrs.field(repr=False)
    thread: str | None
    group: Group
    doubtful: frozenset[Address]
    state: ThreadState
    people: str  # empty where somebody who was in it is forgotten
    vendor_name: str | None

    @property
    def certain(self) -> frozenset[Address]:
        """Who is in the thread for sure."""
        return frozenset(self.group.addresses) - self.doubtful

    @property
    def possible(self) -> frozenset[Address]:
        """Who may be in the thread."""
        return frozenset(self.group.addresses) | self.doubtful


def current(t: Transaction, group_id: int, provider: str, line: str) -> Binding | None:
    """The thread that a group uses on a line; one that is merged is told as such."""
    here = (
        select(bindings)
        .where(bindings.c.group_id == group_id, bindings.c.provider == provider, bindings.c.line == line)
        .where(bindings.c.state != ThreadState.RETIRED)
        .order_by(bindings.c.id.desc())
    )
    row = t.execute(here).first()
    return None if row is None else _binding(row)


def by_id(t: Transaction, binding_id: int) -> Binding:
    """One thread."""
    return _binding(t.execute(select(bindings).where(bindings.c.id == binding_id)).one())


def by_thread(t: Transaction, provider: str, line: str, thread: str) -> Binding | None:
    """Whose thread this is."""
    here = (bindings.c.provider == provider) & (bindings.c.line == line) & (bindings.c.thread == thread)
    row = t.execute(select(bindings).where(here)).one_or_none()
    return None if row is None else _binding(row)


def pending_of(t: Transaction, provider: str, line: str, people: Iterable[Member]) -> Binding | None:
    """The one thread of these people whose id is not known yet, so that it is known by them alone."""
    here = (bindings.c.provider == provider) & (bindings.c.line == line)
    unopened = (bindings.c.thread.is_(None)) & (bindings.c.state == ThreadState.PENDING)
    unnamed = (bindings.c.thread == bindings.c.people) & (bindings.c.state == ThreadState.OPEN)
    same = bindings.c.people == member_set_id(line, people)
    rows = t.execute(select(bindings).where(here, same, unopened | unnamed)).all()
    return _binding(rows[0]) if len(rows) == 1 else None


def left(t: Transaction, group_id: int, provider: str, line: str, people: Iterable[Member]) -> Binding | None:
    """The thread with exactly these people that a group left."""
    here = (bindings.c.group_id == group_id) & (bindings.c.provider == provider) & (bindings.c.line == line)
    same = (bindings.c.people == member_set_id(line, people)) & (bindings.c.state == ThreadState.RETIRED)
    rows = t.execute(select(bindings).where(here, same, bindings.c.thread.is_not(None)).order_by(bindings.c.id.desc()))
    return next((each for each in map(_binding, rows) if not each.doubtful), None)  # it was left for who may be there


def bind(
    t: Transaction, group_id: int, connection: str, group: Group, state: ThreadState, vendor_name: str | None = None
) -> Binding:
    """Give a group a thread. Raises `AlreadyBound` where it is another group's."""
    thread = group.id if state is ThreadState.OPEN else None
    if thread is not None:
        _free(t, group_id, group.provider, group.line, thread)
    people = member_set_id(group.line, group.members or ())
    made = bindings.insert().values(
        group_id=group_id,
        connection=connection,
        provider=group.provider,
        line=group.line,
        thread=thread,
        people=people,
        dump=group.dump(),
        doubtful=[],
        state=state,
        vendor_name=vendor_name,
        created_at=t.now,
    )
    (key,) = t.execute(made).inserted_primary_key or (0,)
    return by_id(t, key)


def changed(
    t: Transaction, binding_id: int, group: Group, doubtful: Collection[Address] = (), *, opened: bool = False
) -> Binding:
    """Keep what a thread is by now. Raises `AlreadyBound` if its id turns out to be another group's."""
    before = by_id(t, binding_id)
    if not before.people:  # somebody who was in it is forgotten, so nothing more is kept of it
        return before
    values: dict[str, Any] = {}
    if opened or before.thread is not None:
        if group.id != before.thread:
            _free(t, before.group_id, group.provider, group.line, group.id, binding_id)
        values = {"thread": group.id}
        if before.state is not ThreadState.RETIRED:
            values["state"] = ThreadState.OPEN
    t.execute(
        update(bindings)
        .where(bindings.c.id == binding_id)
        .values(
            dump=group.dump(),
            people=member_set_id(group.line, group.members or ()),
            doubtful=sorted(map(write_address, doubtful)),
            **values,
        )
    )
    return by_id(t, binding_id)


def merge(t: Transaction, binding_id: int, group: Group) -> None:
    """Keep that what was thought to be a thread of its own is another group's: this one."""
    known = attrs.evolve(group, members=by_id(t, binding_id).group.members)
    values = {"state": ThreadState.MERGED, "thread": None, "dump": known.dump()}
    t.execute(update(bindings).where(bindings.c.id == binding_id).values(values))


def is_anothers(t: Transaction, merged: Binding, people: Iterable[Member]) -> bool:
    """Whether these people's thread, which turned out to be another group's, is so still."""
    if member_set_id(merged.line, merged.group.members or ()) != member_set_id(merged.line, people):
        return False
    owner = by_thread(t, merged.provider, merged.line, merged.group.id)
    return owner is not None and owner.group_id != merged.group_id and owner.state is not ThreadState.RETIRED


def retire(t: Transaction, binding: Binding, reason: str, *, gone: bool = False) -> None:
    """Leave a thread: the group goes on in another, and whoever is in this one stays in it, unless it is `gone`."""
    values: dict[str, Any] = {"state": ThreadState.RETIRED, "retired_at": t.now}
    if gone:
        values["thread"] = None  # so that nobody goes back to it
    t.execute(update(bindings).where(bindings.c.id == binding.id).values(values))
    fork(t, binding.group_id, binding.connection, binding.thread, reason)


def reopen(t: Transaction, binding: Binding) -> Binding:
    """Go back to a thread that was left."""
    values = {"state": ThreadState.OPEN, "retired_at": None}
    t.execute(update(bindings).where(bindings.c.id == binding.id).values(values))
    return by_id(t, binding.id)


def fork(t: Transaction, group_id: int, connection: str, before: str | None, reason: str) -> None:
    """Write down that a group goes on in another thread."""
    row = {"group_id": group_id, "connection": connection, "before": before, "reason": reason, "at": t.now}
    t.execute(forks.insert().values(row))


def release(t: Transaction, group_id: int) -> None:
    """Give up a group's threads, so that another group may have them."""
    values = {"state": ThreadState.RETIRED, "retired_at": t.now, "thread": None}
    t.execute(update(bindings).where(bindings.c.group_id == group_id).values(values))


def listed(t: Transaction, group_id: int) -> tuple[Thread, ...]:
    """All threads of a group, the oldest first."""
    rows = t.execute(select(bindings).where(bindings.c.group_id == group_id).order_by(bindings.c.id))
    return tuple(
        Thread(
            connection=row.connection,
            provider=row.provider,
            line=row.line,
            group=Group.load(row.dump),
            state=ThreadState(row.state),
            created_at=row.created_at,
            retired_at=row.retired_at,
        )
        for row in rows
    )


def forked(t: Transaction, group_id: int) -> tuple[Fork, ...]:
    """When and why a group went on in another thread, the oldest first."""
    rows = t.execute(select(forks).where(forks.c.group_id == group_id).order_by(forks.c.id))
    return tuple(Fork(at=row.at, connection=row.connection, before=row.before, reason=row.reason) for row in rows)


def _free(t: Transaction, group_id: int, provider: str, line: str, thread: str, binding_id: int = 0) -> None:
    """Raise `AlreadyBound` for a thread of another group; one that it left, it gives up."""
    owner = by_thread(t, provider, line, thread)
    if owner is None or owner.id == binding_id:
        return
    if owner.group_id != group_id and owner.state is ThreadState.RETIRED:
        t.execute(update(bindings).where(bindings.c.id == owner.id).values(thread=None))
        return
    name = t.execute(select(groups.c.name).where(groups.c.id == owner.group_id)).scalar()
    if owner.group_id != group_id:
        raise AlreadyBound(
            f"these people on this line are one thread at {provider}, and it is that of group {name!r}: "
            "send to that group, archive it, or take another line"
        )
    raise AlreadyBound(f"group {name!r} has this thread already: it is the one with other members")


def _binding(row: Row[Any]) -> Binding:
    return Binding(
        id=row.id,
        group_id=row.group_id,
        connection=row.connection,
        provider=row.provider,
        line=row.line,
        thread=row.thread,
        group=Group.load(row.dump),
        doubtful=frozenset(map(read_address, row.doubtful)),
        state=ThreadState(row.state),
        people=row.people,
        vendor_name=row.vendor_name,
    )


def replace(t: Transaction, binding_id: int, by: Binding) -> None:
    """Take a thread in place of one that turned out to be the same."""
    values = {"state": ThreadState.RETIRED, "retired_at": t.now, "thread": None}
    t.execute(update(bindings).where(bindings.c.id == binding_id).values(values))
    reopen(t, by)
