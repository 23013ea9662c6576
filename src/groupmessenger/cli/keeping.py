"""What the directory keeps, for people and for programs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import attrs
from rich.console import Console

from .consoles import errors
from .dumping import print_json
from .logical import table_of, when
from .results import say

if TYPE_CHECKING:
    from ..switchboard.contents import DirectoryInfo
    from ..switchboard.values import InboxEntry, OptOut


def show_opt_outs(console: Console, found: Sequence[OptOut]) -> None:
    """Print a table of people."""
    if not found:
        say(errors(), "Nobody opted out.")
        return
    table = table_of("when", "who", "what", "told by", "connection")
    for each in found:
        what = "opted out" if each.suppressed else "opted in again"
        table.add_row(when(each.at), str(each.address or "forgotten"), what, each.source, each.connection or "-")
    console.print(table)


def print_opt_outs(found: Iterable[OptOut]) -> None:
    """Print them as JSON; an address is null where it is forgotten."""
    told = [
        {
            "address": None if each.address is None else str(each.address),
            "suppressed": each.suppressed,
            "source": each.source,
            "connection": each.connection,
            "line": each.line,
            "at": each.at.isoformat(),
        }
        for each in found
    ]
    print_json({"opt_outs": told})


def show_inbox(console: Console, found: Sequence[InboxEntry]) -> None:
    """Print a table of callbacks."""
    if not found:
        say(errors(), "There are none.")
        return
    table = table_of("came in", "connection", "state", "tries", "next try", "error")
    for each in found:
        table.add_row(
            when(each.arrived_at), each.connection, each.state, str(each.tries), when(each.next_at), each.error or "-"
        )
    console.print(table)


def print_inbox(found: Iterable[InboxEntry]) -> None:
    """Print them as JSON."""
    told = [
        {
            "connection": each.connection,
            "state": each.state,
            "tries": each.tries,
            "error": each.error,
            "arrived_at": each.arrived_at.isoformat(),
            "next_at": None if each.next_at is None else each.next_at.isoformat(),
        }
        for each in found
    ]
    print_json({"callbacks": told})


def show_info(console: Console, info: DirectoryInfo) -> None:
    """Print what it is, and a table of how much is in it."""
    say(console, f"{info.url}: {info.engine}" + ("" if info.size is None else f", {info.size:,} bytes"))
    if info.revision is None:
        also = ", as does the first use" if info.engine == "sqlite" else ""
        say(console, f"It has no tables yet: groupmessenger directory upgrade makes them{also}.")
        return
    say(console, f"Its tables are at {revision_of(info)}.")
    table = table_of("what", "rows")
    for name, rows in info.rows.items():
        table.add_row(name.replace("_", " "), f"{rows:,}")
    console.print(table)


def revision_of(info: DirectoryInfo) -> str:
    """In words: the revision of its tables, and what is to be done if this version needs another."""
    from ..switchboard.migrations import REVISIONS

    if info.revision == info.newest:
        return f"revision {info.revision}, the newest"
    if info.revision in REVISIONS:
        return f"revision {info.revision}, and {info.newest} is needed: groupmessenger directory upgrade"
    return f"revision {info.revision}, of a newer version of groupmessenger: install that version"


def print_info(info: DirectoryInfo) -> None:
    """Print it as JSON."""
    print_json(attrs.asdict(info))
