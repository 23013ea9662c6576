"""Which thread a group has at which provider. All of it transactions."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any

import attrs
from sqlalchemy import Row, bindparam, select, update

from .._dumping import read_address, write_address
from ..errors import AlreadyBound
from ..groups import Group, member_set_id
from ..phone import Address, Member
from .among import among
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
    dump: str = attrs.field(repr=False)  # of the group
    group: Group
    doubtful: frozenset[Address]
    state: ThreadState
    people: str  # empty where somebody who was in it is forgotten
    vendor_name: str | None
    created_at: datetime
    retired_at: datetime | None

    @property
    def certain(self) -> frozenset[Address]:
        """Who is in the thread for sure."""
        return frozenset(self.group.addresses) - self.doubtful

    @property
    def possible(self) -> frozenset[Address]:
        """Who may be in the thread."""
        return frozenset(self.group.addresses) | self.doubtful

    @property
    def shown(self) -> Thread:
        """The thread as it is told."""
        return Thread(
            connection=self.connection,
            provider=self.provider,
            line=self.line,
            group=self.group,
            state=self.state,
            created_at=self.created_at,
            retired_at=self.retired_at,
        )


_ON_LINE = (bindings.c.provider == bindparam("on_provider")) & (bindings.c.line == bindparam("on_line"))
_OF_ID = select(bindings).where(bindings.c.id == bindparam("of"))
_OF_GROUP = select(bindings).where(bindings.c.group_id == bindparam("of")).order_by(bindings.c.id)
_OF_GROUPS = select(bindings).where(among(bindings.c.group_id, "of")).order_by(bindings.c.id)
_OF_THREAD = select(bindings).where(_ON_LINE, bindings.c.thread == bindparam("named"))
_OWNERS = select(bindings.c.thread, bindings.c.group_id).where(
    _ON_LINE, among(bindings.c.thread, "named"), bindings.c.state != ThreadState.RETIRED
)
_CHANGE = update(bindings).where(bindings.c.id == bindparam("of"))


def current(t: Transaction, group_id: int, provider: str, line: str) -> Binding | None:
    """The thread that a group uses on a line; one that is merged is told as such."""
    return current_of(of_group(t, group_id), provider, line)


def current_of(known: Sequence[Binding], provider: str, line: str) -> Binding | None:
    """The same, of all threads that a group has."""
    used = (each for each in reversed(known) if each.state is not ThreadState.RETIRED)
    return next((each for each in used if (each.provider, each.line) == (provider, line)), None)


def of_group(t: Transaction, group_id: int) -> tuple[Binding, ...]:
    """All threads of a group, the oldest first."""
    return tuple(map(_binding, t.execute(_OF_GROUP, {"of": group_id}).all()))


def of_groups(t: Transaction, groups: Sequence[int]) -> tuple[Binding, ...]:
    """All threads of some groups, the oldest first."""
    return tuple(map(_binding, t.execute(_OF_GROUPS, {"of": groups}).all()))


def by_id(t: Transaction, binding_id: int) -> Binding:
    """One thread."""
    return _binding(t.execute(_OF_ID, {"of": binding_id}).one())


def by_thread(t: Transaction, provider: str, line: str, thread: str) -> Binding | None:
    """Whose thread this is."""
    row = t.execute(_OF_THREAD, {"on_provider": provider, "on_line": line, "named": thread}).one_or_none()
    return None if row is None else _binding(row)


def owners(t: Transaction, provider: str, line: str, named: Collection[str]) -> Iterator[tuple[str, int]]:
    """Of these threads, those that a group has, and its number."""
    for row in t.execute(_OWNERS, {"on_provider": provider, "on_line": line, "named": list(named)}):
        yield row.thread, row.group_id


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
    t: Transaction, binding: Binding | int, group: Group, doubtful: Collection[Address] = (), *, opened: bool = False
) -> Binding:
    """Keep what a thread is by now. Raises `AlreadyBound` if its id turns out to be another group's."""
    before = by_id(t, binding) if isinstance(binding, int) else binding
    if not before.people:  # somebody who was in it is forgotten, so nothing more is kept of it
        return before
    values: dict[str, Any] = {
        "dump": group.dump(),
        "people": member_set_id(group.line, group.members or ()),
        "doubtful": sorted(map(write_address, doubtful)),
    }
    if opened or before.thread is not None:
        if group.id != before.thread:
            _free(t, before.group_id, group.provider, group.line, group.id, before.id)
        values["thread"] = group.id
        if before.state is not ThreadState.RETIRED:
            values["state"] = ThreadState.OPEN
    was = {**attrs.asdict(before, recurse=False), "doubtful": sorted(map(write_address, before.doubtful))}
    if all(was[name] == value for name, value in values.items()):  # as after most messages
        return before
    t.execute(_CHANGE, {"of": before.id, **values})
    return by_id(t, before.id)


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
        dump=row.dump,
        group=_group(row.dump),
        doubtful=frozenset(map(read_address, row.doubtful)),
        state=ThreadState(row.state),
        people=row.people,
        vendor_name=row.vendor_name,
        created_at=row.created_at,
        retired_at=row.retired_at,
    )


_group = lru_cache(1024)(Group.load)  # a message reads the same few texts again and again


def replace(t: Transaction, binding_id: int, by: Binding) -> None:
    """Take a thread in place of one that turned out to be the same."""
    values = {"state": ThreadState.RETIRED, "retired_at": t.now, "thread": None}
    t.execute(update(bindings).where(bindings.c.id == binding_id).values(values))
    reopen(t, by)
