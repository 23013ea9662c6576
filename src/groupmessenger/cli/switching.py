"""Switching groups of the directory to another connection: which fit, what they lose, what their members will see."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import attrs
from rich.console import Console
from rich.progress import track

from ..errors import GroupMessengerError
from ..groups import Topology
from ..phone import mask
from .consoles import errors
from .dumping import print_json
from .exits import Exit
from .logical import table_of
from .results import say
from .telling_sent import UNDER_WAY
from .wording import in_commands

if TYPE_CHECKING:
    from ..switchboard.blocking import Switchboard
    from ..switchboard.lines import Line
    from ..switchboard.values import Entry, LogicalGroup, SwitchPlan

_RECENT = 20  # of a group's messages, looked at for one that is unknown or under way


@attrs.frozen
class Switched:
    """One group: what the switch means, and whether its route was set.

    `named` is the connection that its next message would go by without the switch. `doubt` says of a message to it that
    it is unknown, or under way.
    """

    plan: SwitchPlan
    set: bool
    named: str | None = None
    doubt: str = ""


@attrs.frozen
class Switching:
    """A switch of several groups to a connection, or, `dry`, what it would be."""

    line: Line
    dry: bool
    groups: tuple[Switched, ...]

    @property
    def ok(self) -> bool:
        """Whether every group fits."""
        return all(each.plan.fits for each in self.groups)

    @property
    def exit(self) -> Exit:
        """0, 3 where nothing was done for what does not fit, 7 where others were switched."""
        if self.ok:
            return Exit.DONE
        return Exit.IN_PART if any(each.set for each in self.groups) else Exit.REFUSED_HERE


def switch_groups(board: Switchboard, to: str, names: Sequence[str], *, dry: bool) -> Switching:
    """Switch the groups named, or all, as far as they fit. Raises what keeps it from being known."""
    line = board.operations.board.line(to)
    plans = board.plan_switch(to, names or None)
    console = errors()
    shown = track(plans, "Switching …", console=console, transient=True) if console.is_terminal and not dry else plans
    return Switching(line, dry, tuple(_switched(board, plan, dry=dry) for plan in shown))


def _switched(board: Switchboard, plan: SwitchPlan, *, dry: bool) -> Switched:
    name = plan.group.name
    doubt = "" if plan.before == plan.to else _doubt(board.history(name, _RECENT))
    found = Switched(plan, False, named_for(board, plan.group), doubt)
    if dry or not plan.fits:
        return found
    try:
        board.switch(name, plan.to)
    except GroupMessengerError as error:  # it was another group a moment ago
        return attrs.evolve(found, plan=attrs.evolve(plan, fits=False, why=str(error)))
    return attrs.evolve(found, set=True)


def _doubt(entries: Sequence[Entry]) -> str:
    if any(entry.state == "unknown" and not entry.gave_up for entry in entries):
        return "unknown"
    return "under way" if any(entry.state in UNDER_WAY for entry in entries) else ""


def named_for(board: Switchboard, group: LogicalGroup) -> str | None:
    """The first connection that a switch, else the file, names for a group, None where there is none."""
    from ..switchboard.routing import candidates

    return next(iter(candidates(group, board.operations.board.rules)), None)


def show_switching(console: Console, found: Switching) -> None:
    """Print a table of the groups, and what was, or would be, done."""
    line = found.line
    if not found.groups:
        say(errors(), "There are no groups.")
        return
    table = table_of("", "group", "goes by", f"by {line.name} ({line.title})")
    for each in found.groups:
        plan = each.plan
        table.add_row("✓" if plan.fits else "✗", plan.group.name, _goes_by(each), "\n".join(_meaning(each, line)))
    console.print(table)
    fit = sum(each.plan.fits for each in found.groups)
    left = len(found.groups) - fit
    if found.dry:
        say(console, f"{fit} of {len(found.groups)} groups fit. Nothing was changed.")
        return
    if fit:
        say(console, f"✓ {fit} {_groups(fit)} by {line.name} from the next message on")
    if left:
        say(console, f"✗ {left} {_groups(left)} as before")


def print_switching(found: Switching) -> None:
    """Print it as JSON."""
    print_json(
        {
            "to": found.line.name,
            "provider": found.line.provider,
            "line": found.line.number,
            "topology": found.line.capabilities.topology,
            "dry_run": found.dry,
            "ok": found.ok,
            "groups": [_dump(each) for each in found.groups],
        }
    )


def what_members_see(plan: SwitchPlan, line: Line) -> str:
    """In words: whether it is another thread, from whom, and of which kind."""
    private = line.capabilities.topology is Topology.BROADCAST
    if not plan.new_thread:
        return "goes on in the private texts they had from it" if private else "goes on in the thread it had there"
    if private:
        return f"members get private texts from {mask(line.number)}, and do not see each other"
    return f"members see a new thread, from {mask(line.number)}"


def _goes_by(each: Switched) -> str:
    """What carried its last message, and what its next one would go by if that is another."""
    before = each.plan.before
    if before is None or each.named in (None, before):
        return before or "-"
    return f"{before}; {'switched to' if each.plan.group.route else 'the file names'} {each.named}"


def _meaning(each: Switched, line: Line) -> list[str]:
    plan = each.plan
    if not plan.fits:
        return [f"does not fit: {in_commands(plan.why)}"]
    already = plan.before == plan.to == each.named and not plan.new_thread
    said = ["goes by it already" if already else what_members_see(plan, line)]
    if plan.loses:
        said.append("goes without " + ", ".join(plan.loses))
    if each.doubt:
        said.append(f"a message to it is {each.doubt}, and may still turn up where it was: groupmessenger settle")
    return said


def _groups(count: int) -> str:
    return "group goes" if count == 1 else "groups go"


def _dump(each: Switched) -> dict[str, Any]:
    plan = each.plan
    return {
        "group": plan.group.name,
        "before": plan.before,
        "named": each.named,
        "fits": plan.fits,
        "why": in_commands(plan.why) or None,
        "loses": list(plan.loses),
        "new_thread": plan.new_thread,
        "unknown_message": each.doubt == "unknown",
        "message_under_way": each.doubt == "under way",
        "switched": each.set,
    }
