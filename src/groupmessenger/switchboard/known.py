"""Groups as the directory has them, read. All of it transactions."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from operator import attrgetter
from typing import Any

import attrs
from sqlalchemy import ColumnElement, Integer, Row, bindparam, literal_column, null, select, union_all

from .._dumping import read_address
from ..errors import InvalidInput, near
from ..groups import Topology
from ..phone import Member
from . import threads
from .among import among
from .tables import groups, members, observed
from .threads import Binding
from .transaction import Transaction
from .values import LogicalGroup


@attrs.frozen
class Known:
    """A group as it is told, and its threads as the directory has them. Of its `suspects` one opted out."""

    group: LogicalGroup
    threads: tuple[Binding, ...]
    suspects: tuple[str, ...]


_LIVE = groups.c.archived_at.is_(None)
_NAMED = select(groups).where(groups.c.name == bindparam("named"), _LIVE)
_OF_ID = select(groups).where(groups.c.id == bindparam("of"))
_OF_NAMES = select(groups).where(among(groups.c.name, "named"), _LIVE)


_NO: ColumnElement[int] = literal_column("0", type_=Integer)
_YES: ColumnElement[int] = literal_column("1", type_=Integer)


def _in(those: Callable[[ColumnElement[int]], ColumnElement[bool]]) -> Any:
    """Who is in those groups, and who was seen in their threads."""
    here = select(members.c.group_id, members.c.address, members.c.name, members.c.place, _NO.label("seen"))
    there = select(observed.c.group_id, observed.c.address, null(), _NO, _YES)
    return union_all(
        here.where(those(members.c.group_id)),
        there.where(those(observed.c.group_id), observed.c.state == "pending"),
    )


_PEOPLE = _in(lambda group: group == bindparam("of"))
_PEOPLE_OF_ALL = _in(lambda group: among(group, "of"))


def named(t: Transaction, name: str) -> Known:
    """Read a group. Raises `InvalidInput` if there is none of that name."""
    if not isinstance(name, str):
        raise InvalidInput(f"a group is named here by its name, a text such as group.name, not {type(name).__name__}")
    row = t.execute(_NAMED, {"named": name}).one_or_none()
    if row is None:
        names = t.execute(select(groups.c.name).where(_LIVE)).scalars()
        raise InvalidInput(f"there is no group {name!r}: {near(str(name), list(names))}")
    return of_row(t, row)


def of_id(t: Transaction, group_id: int) -> Known:
    """Read a group that there is, or was."""
    return of_row(t, t.execute(_OF_ID, {"of": group_id}).one())


def all_named(t: Transaction, names: Sequence[str]) -> list[Known]:
    """Read the groups that there are of these names, by name."""
    rows = t.execute(_OF_NAMES, {"named": names}).all()
    each = [row.id for row in rows]
    people, bound = defaultdict[int, list[Row[Any]]](list), defaultdict[int, list[Binding]](list)
    for row in t.execute(_PEOPLE_OF_ALL, {"of": each}):
        people[row.group_id].append(row)
    for binding in threads.of_groups(t, each):
        bound[binding.group_id].append(binding)
    return [_known(row, people[row.id], bound[row.id]) for row in sorted(rows, key=lambda row: row.name)]


def name_of(t: Transaction, group_id: int) -> str:
    """The name of a group that there is, or was."""
    return str(t.execute(_OF_ID, {"of": group_id}).one().name)


def people_of(t: Transaction, group_id: int) -> tuple[tuple[Member, ...], tuple[Member, ...]]:
    """Who is in a group, and who was seen in its threads."""
    return _people(t.execute(_PEOPLE, {"of": group_id}))


def of_row(t: Transaction, row: Row[Any]) -> Known:
    """Read a group whose row was read."""
    return _known(row, t.execute(_PEOPLE, {"of": row.id}).all(), threads.of_group(t, row.id))


def _known(row: Row[Any], people: Iterable[Row[Any]], bound: Iterable[Binding]) -> Known:
    """A group, of its row, its people's and its threads'."""
    inside, seen = _people(people)
    group = LogicalGroup(
        id=row.id,
        name=row.name,
        members=inside,
        topology=None if row.topology is None else Topology(row.topology),
        prefer=tuple(row.prefer),
        route=row.route,
        failover=row.failover,
        last=row.last,
        observed=seen,
        threads=tuple(each.shown for each in bound),
        created_at=row.created_at,
        archived_at=row.archived_at,
    )
    return Known(group, tuple(bound), tuple(row.suspects))


def _people(rows: Iterable[Row[Any]]) -> tuple[tuple[Member, ...], tuple[Member, ...]]:
    found: tuple[list[Member], list[Member]] = [], []
    for each in sorted(rows, key=attrgetter("seen", "place", "address")):
        found[each.seen].append(Member(read_address(each.address), each.name))
    return tuple(found[0]), tuple(found[1])
