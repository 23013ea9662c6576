"""Logical groups and who is in them. All of it transactions."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sqlalchemy import bindparam, delete, func, select, update

from .._dumping import read_address, write_address
from ..errors import GroupUnresolved, InvalidInput
from ..groups import Topology
from ..phone import Address, Member
from . import known, optouts, threads
from .directory import Transaction
from .tables import groups, members, observed
from .values import LogicalGroup

_LONGEST = 200  # characters of a name
_ADDRESSES = select(members.c.address).where(members.c.group_id == bindparam("of")).order_by(members.c.place)


def create(
    t: Transaction,
    name: str,
    people: Sequence[Member],
    *,
    topology: Topology | None,
    prefer: Sequence[str],
    failover: bool | None,
) -> LogicalGroup:
    """Make a group. Raises `InvalidInput` for a name that is taken, `Suppressed` for people who opted out."""
    _check_names(people)
    optouts.refuse(t, people)
    made = t.insert_once(
        groups, name=checked_name(name), topology=topology, prefer=list(prefer), failover=failover, created_at=t.now
    )
    if not made:
        raise InvalidInput(f"there is a group {name!r} already: find it with group(), or take another name")
    row = t.execute(select(groups).where(groups.c.name == name, groups.c.archived_at.is_(None))).one()
    _insert(t, row.id, people, 0)
    return known.of_row(t, row).group


def checked_name(name: str) -> str:
    """A name that a group can have. Raises `InvalidInput`."""
    if not isinstance(name, str) or not name.strip() or not name.isprintable() or name != name.strip():
        raise InvalidInput("a group's name is a printable text without blanks around it")
    if len(name) > _LONGEST:
        raise InvalidInput(f"a group's name has at most {_LONGEST} characters")
    return name


def load(t: Transaction, name: str) -> LogicalGroup:
    """Read a group. Raises `InvalidInput` if there is none of that name."""
    return known.named(t, name).group


def load_id(t: Transaction, group_id: int) -> LogicalGroup:
    """Read a group that there is, or was."""
    return known.of_id(t, group_id).group


def load_live(t: Transaction, group_id: int) -> LogicalGroup:
    """Read a group, whatever its name is by now. Raises `InvalidInput` if it was put away."""
    group = load_id(t, group_id)
    if group.archived_at is not None:
        raise InvalidInput(f"group {group.name!r} was put away meanwhile")
    return group


def listed(t: Transaction, *, archived: bool = False) -> tuple[LogicalGroup, ...]:
    """All groups, or all that are archived, by name."""
    which = groups.c.archived_at.is_not(None) if archived else groups.c.archived_at.is_(None)
    rows = t.execute(select(groups).where(which).order_by(groups.c.name, groups.c.id)).all()
    return tuple(known.of_row(t, row).group for row in rows)


def of(t: Transaction, people: Iterable[Member]) -> LogicalGroup | None:
    """The group of exactly these people. Raises `GroupUnresolved` where there are several."""
    wanted = {write_address(member.address) for member in people}
    live = select(groups.c.id).where(groups.c.archived_at.is_(None))
    sizes = (
        select(members.c.group_id)
        .where(members.c.group_id.in_(live))
        .group_by(members.c.group_id)
        .having(func.count() == len(wanted))
    )
    inside = (
        select(members.c.group_id)
        .where(members.c.address.in_(wanted), members.c.group_id.in_(sizes))
        .group_by(members.c.group_id)
        .having(func.count() == len(wanted))
    )
    rows = t.execute(select(groups).where(groups.c.id.in_(inside)).order_by(groups.c.id)).all()
    if len(rows) > 1:
        names = [row.name for row in rows]
        raise GroupUnresolved(f"several groups have exactly these people: {', '.join(names)}", names)
    return known.of_row(t, rows[0]).group if rows else None


def add(t: Transaction, name: str, people: Sequence[Member]) -> LogicalGroup:
    """Put people into a group; whoever is in it stays where they are, under a newer name. Raises `Suppressed`."""
    _check_names(people)
    group = _locked(t, name)
    optouts.refuse(t, [member for member in people if member.address not in group.addresses])
    for member in people:
        if member.name is not None:
            here = (members.c.group_id == group.id) & (members.c.address == write_address(member.address))
            t.execute(update(members).where(here).values(name=member.name))
    last = t.execute(select(func.max(members.c.place)).where(members.c.group_id == group.id)).scalar()
    new = [member for member in people if member.address not in group.addresses]
    _insert(t, group.id, new, 0 if last is None else last + 1)
    _forget_observed(t, group.id, people)
    return load_id(t, group.id)


def remove(t: Transaction, name: str, people: Sequence[Member]) -> LogicalGroup:
    """Take people out of a group; of whoever was seen in its thread, keep that they are not wanted there."""
    group = _locked(t, name)
    staying = [address for address in group.addresses if address not in {member.address for member in people}]
    if not staying:
        raise InvalidInput("nobody would be left in the group: archive it instead")
    remove_rows(t, group.id, people)
    those = [write_address(member.address) for member in people]
    here = (observed.c.group_id == group.id) & observed.c.address.in_(those)
    t.execute(update(observed).where(here).values(state="declined"))
    return load_id(t, group.id)


def accept(t: Transaction, name: str, people: Sequence[Member] | None) -> LogicalGroup:
    """Make members of those who were seen in the group's thread: of these people, or of all of them."""
    group = _locked(t, name)
    wanted = group.observed if people is None else people
    if strangers := [repr(each.address) for each in wanted if each not in group.observed]:
        raise InvalidInput(f"{', '.join(strangers)} was not seen in the group: add_members() invites somebody new")
    return add(t, name, wanted)


def rename(t: Transaction, name: str, new: str) -> LogicalGroup:
    """Give a group another name. Raises `InvalidInput` for one that is taken."""
    group = _locked(t, name)
    taken = select(groups.c.id).where(groups.c.name == checked_name(new), groups.c.archived_at.is_(None))
    if new != name and t.execute(taken).first() is not None:
        raise InvalidInput(f"there is a group {new!r} already: take another name")
    t.execute(update(groups).where(groups.c.id == group.id).values(name=new))
    return load_id(t, group.id)


def archive(t: Transaction, name: str) -> LogicalGroup:
    """Put a group away: it is not sent to any more, and its name, people and threads are free for another."""
    group = _locked(t, name)
    t.execute(update(groups).where(groups.c.id == group.id).values(archived_at=t.now))
    threads.release(t, group.id)
    return load_id(t, group.id)


def observe(t: Transaction, group_id: int, connection: str, people: Iterable[Member]) -> tuple[Member, ...]:
    """Keep who was seen in a group's thread. Gives those who are not known."""
    there = {row.address for row in t.execute(select(members.c.address).where(members.c.group_id == group_id))}
    strangers = tuple(member for member in people if write_address(member.address) not in there)
    for member in strangers:
        t.insert_once(
            observed,
            group_id=group_id,
            address=write_address(member.address),
            connection=connection,
            state="pending",
            at=t.now,
        )
    return strangers


def remove_rows(t: Transaction, group_id: int, people: Iterable[Member]) -> None:
    """Take out of the table whoever is in it."""
    those = [write_address(member.address) for member in people]
    t.execute(delete(members).where(members.c.group_id == group_id, members.c.address.in_(those)))


def _forget_observed(t: Transaction, group_id: int, people: Iterable[Member]) -> None:
    those = [write_address(member.address) for member in people]
    t.execute(delete(observed).where(observed.c.group_id == group_id, observed.c.address.in_(those)))


def _locked(t: Transaction, name: str) -> LogicalGroup:
    t.lock_group(load(t, name).id)
    return load(t, name)


def _check_names(people: Iterable[Member]) -> None:
    if any(member.name is not None and not member.name.isprintable() for member in people):
        raise InvalidInput("a member's name is a printable text")


def _insert(t: Transaction, group_id: int, people: Sequence[Member], first: int) -> None:
    rows = [
        {"group_id": group_id, "address": write_address(member.address), "name": member.name, "place": place}
        for place, member in enumerate(people, first)
    ]
    if rows:
        t.execute(members.insert(), rows)


def addresses(t: Transaction, group_id: int) -> tuple[Address, ...]:
    """Who is in a group, in their order."""
    return tuple(read_address(text) for text in t.execute(_ADDRESSES, {"of": group_id}).scalars())
