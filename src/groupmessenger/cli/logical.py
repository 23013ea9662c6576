"""Groups of the directory, for people and for programs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.table import Table

from ..errors import InvalidInput
from ..groups import Topology
from .consoles import output
from .dumping import print_json
from .exits import Exit
from .results import say

if TYPE_CHECKING:
    from ..phone import Member
    from ..switchboard.values import LogicalGroup, Thread

KINDS = {Topology.SHARED_THREAD: "one shared thread", Topology.BROADCAST: "private texts", None: "either"}


def some(people: Sequence[str]) -> Sequence[str]:
    """People, at least one. Raises `InvalidInput`."""
    if not people:
        raise InvalidInput("name at least one person, by number, after the group")
    return people


def tell_group(group: LogicalGroup, *, json: bool) -> Exit:
    """Print one group."""
    if json:
        print_json(dump_logical(group))
    else:
        show_logical(output(), group)
    return Exit.DONE


def dump_logical(group: LogicalGroup) -> dict[str, Any]:
    """A group of the directory as JSON."""
    return {
        "name": group.name,
        "members": [_dump_member(member) for member in group.members],
        "observed": [_dump_member(member) for member in group.observed],
        "topology": group.topology,
        "route": group.route,
        "prefer": list(group.prefer),
        "failover": group.failover,
        "last": group.last,
        "threads": [_dump_thread(thread) for thread in group.threads],
        "created_at": group.created_at.isoformat(),
        "archived_at": None if group.archived_at is None else group.archived_at.isoformat(),
    }


def show_logical(console: Console, group: LogicalGroup) -> None:
    """Print one group: who is in it, which connection it goes by, and its threads."""
    say(console, f"{group.name}  {KINDS[group.topology]}")
    for member in group.members:
        say(console, f"  {member}" + (f"  {member.name}" if member.name else ""))
    for member in group.observed:
        say(console, f"  ? {member} was seen in its thread and is no member: groups accept, or groups remove")
    say(console, f"  goes by {_route(group) or 'what the file says'}")
    for thread in group.threads:
        id_ = "" if thread.group.is_member_set or thread.group.pending else f", {thread.group.id}"
        say(console, f"  thread at {thread.connection}: {thread.state}{id_}, since {when(thread.created_at)}")


def show_logicals(console: Console, groups: Iterable[LogicalGroup]) -> None:
    """Print a table of groups."""
    table = table_of("group", "people", "kind", "goes by", "last by")
    for group in groups:
        table.add_row(
            group.name, str(len(group.members)), KINDS[group.topology], _route(group) or "the file's", group.last or "-"
        )
    console.print(table)


def table_of(*columns: str) -> Table:
    """A table in which nothing is cut off."""
    table = Table()
    for column in columns:
        table.add_column(column, overflow="fold")
    return table


def when(at: datetime | None) -> str:
    """A time as this machine's clock has it."""
    return "-" if at is None else f"{at.astimezone():%Y-%m-%d %H:%M:%S}"


def _route(group: LogicalGroup) -> str:
    if group.route is not None:
        return f"{group.route} (switched)"
    return ", ".join(group.prefer)


def _dump_member(member: Member) -> dict[str, Any]:
    return {"address": str(member), "name": member.name}


def _dump_thread(thread: Thread) -> dict[str, Any]:
    members = thread.group.members
    return {
        "connection": thread.connection,
        "provider": thread.provider,
        "line": thread.line,
        "id": thread.group.id,
        "state": thread.state,
        "members": None if members is None else [_dump_member(member) for member in members],
        "created_at": thread.created_at.isoformat(),
        "retired_at": None if thread.retired_at is None else thread.retired_at.isoformat(),
    }
