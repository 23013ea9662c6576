"""What the file as it stands would do to the groups of its directory."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import attrs
from rich.console import Console

from ..config import Config
from ..errors import GroupMessengerError, SwitchHeld
from ..messages import Message
from .boards import open_board, open_directory
from .dumping import dump_error
from .exits import Exit, exit_of
from .keeping import revision_of
from .logical import table_of
from .results import say
from .switching import named_for, what_members_see
from .wording import in_commands

if TYPE_CHECKING:
    from ..switchboard.blocking import Switchboard
    from ..switchboard.values import LogicalGroup

_ANY = Message("any text")


@attrs.frozen
class Prospect:
    """One group: the connection of its last message and that of its next, or what is in the way of that.

    `sees` says what its members will see if the two differ. `switched`: by `switch --to`, so that the file does not
    move it. `gone` are connections that it names and the file does not.
    """

    group: str
    last: str | None
    next: str | None
    sees: str = ""
    loses: tuple[str, ...] = ()
    why: str = ""
    exit: Exit = Exit.DONE
    gone: tuple[str, ...] = ()
    switched: bool = False

    @property
    def moves(self) -> bool:
        """Whether its next message goes by another connection than its last."""
        return self.next is not None and self.last not in (None, self.next)


@attrs.frozen
class Outlook:
    """All groups; or the error that keeps them from being read, or what the directory needs before."""

    groups: tuple[Prospect, ...] = ()
    error: GroupMessengerError | None = None
    note: str = ""

    @property
    def exit(self) -> Exit:
        """0, or what the first send that is in trouble would end with."""
        if self.error is not None:
            return exit_of(self.error)
        return next((each.exit for each in self.groups if each.exit is not Exit.DONE), Exit.DONE)


def look_ahead(config: Config, path: Path | None) -> Outlook | None:
    """Look at every group, without a request; None where the file has no directory, which is not made by that."""
    if config.directory_url is None:
        return None
    try:
        if note := _untouched(path):
            return Outlook(note=note)
        with open_board(path) as board:
            return Outlook(tuple(_prospect(board, group) for group in board.groups()))
    except GroupMessengerError as error:
        return Outlook(error=error)


def _untouched(path: Path | None) -> str:
    """What is to be said of an SQLite file that reading its groups would make or upgrade; empty for any other."""
    info = open_directory(path).info()
    if info.engine != "sqlite" or info.revision == info.newest:
        return ""
    if info.revision is None:
        return "there is nothing in it yet"
    return f"its tables are at {revision_of(info)}"


def _prospect(board: Switchboard, group: LogicalGroup) -> Prospect:
    lines = board.operations.board.lines
    named = dict.fromkeys(each for each in (group.route, *group.prefer, group.last) if each)
    found = Prospect(
        group.name,
        group.last,
        None,
        gone=tuple(each for each in named if each not in lines),
        switched=group.route is not None,
    )
    try:
        by = board.plan(group.name, _ANY).connection
    except SwitchHeld as error:
        return _with_change(attrs.evolve(found, why=str(error), exit=exit_of(error)), board, group)
    except GroupMessengerError as error:
        return attrs.evolve(found, why=str(error), exit=exit_of(error))
    return _with_change(attrs.evolve(found, next=by), board, group)


def _with_change(found: Prospect, board: Switchboard, group: LogicalGroup) -> Prospect:
    """With what its members will see of another connection, or why the group does not fit there."""
    by = found.next or named_for(board, group)
    if by is None or by not in board.operations.board.lines:
        return found
    (plan,) = board.plan_switch(by, [group.name])
    if not plan.fits:
        return attrs.evolve(found, why=found.why or plan.why, exit=Exit.REFUSED_HERE)
    if group.last in (None, by):
        return found
    return attrs.evolve(found, sees=what_members_see(plan, board.operations.board.line(by)), loses=plan.loses)


def show_outlook(console: Console, outlook: Outlook) -> None:
    """Print a table of the groups."""
    if outlook.error is not None:
        say(console, f"the directory's groups: ✗ {in_commands(str(outlook.error))}")
        return
    if not outlook.groups:
        say(console, f"the directory's groups: {outlook.note or 'there are none'}")
        return
    table = table_of("", "group", "last by", "next by", "what that means")
    table.title, table.title_justify = "the directory's groups, as the file stands", "left"
    for each in outlook.groups:
        mark = "✗" if each.why else "!" if each.moves or each.gone else "✓"
        table.add_row(mark, each.group, each.last or "-", _next(each), "\n".join(_words(each)))
    console.print(table)


def dump_outlook(outlook: Outlook) -> dict[str, Any]:
    """It as JSON."""
    return {
        "ok": outlook.exit is Exit.DONE,
        "note": outlook.note or (None if outlook.groups or outlook.error else "there are none"),
        "error": None if outlook.error is None else dump_error(outlook.error),
        "groups": [
            {
                "group": each.group,
                "last": each.last,
                "next": each.next,
                "moves": each.moves,
                "sees": each.sees or None,
                "loses": list(each.loses),
                "switched": each.switched,
                "why": in_commands(each.why) or None,
                "gone": list(each.gone),
            }
            for each in outlook.groups
        ],
    }


def _next(each: Prospect) -> str:
    return (each.next or "-") + (" (switched)" if each.next and each.switched else "")


def _words(each: Prospect) -> Iterable[str]:
    if each.why:
        yield f"cannot be sent to: {in_commands(each.why)}"
        if each.sees:
            yield f"then {each.sees}"
    elif each.moves:
        yield f"moves: {each.sees}"
    else:
        yield "stays" if each.last else "begins"
    if each.switched:
        yield "the file does not move it, until groupmessenger switch --reset"
    if each.loses:
        yield "goes without " + ", ".join(each.loses)
    if each.gone and not each.why:
        yield f"the file has no {', '.join(each.gone)} any more"
