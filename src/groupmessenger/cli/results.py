"""What became of sends, groups and members, for people."""

from __future__ import annotations

from collections.abc import Iterable

from rich.console import Console

from ..errors import ConfigurationError, GroupMessengerError, Outcome, OutcomeUnknown, PartialFailure
from ..groups import Group
from ..messages import Degradation, GroupReceipt, Receipt, Status
from ..planning import Plan
from .sending import Ended
from .wording import in_commands

_LOOK = "Nothing was tried again. Look at a phone, or at the provider, before you do."


def say(console: Console, text: str) -> None:
    """Print a line as it is, however long."""
    console.print(text, markup=False, highlight=False, emoji=False, soft_wrap=True)


def show_error(console: Console, error: GroupMessengerError) -> None:
    """Print an error, and what it means for what was asked."""
    if isinstance(error, ConfigurationError) and len(error.problems) > 1:
        say(console, f"groupmessenger: {len(error.problems)} things are wrong")
        for problem in error.problems:
            say(console, f"- {in_commands(str(problem))}")
    else:
        say(console, f"groupmessenger: {in_commands(str(error))}")
    if isinstance(error, PartialFailure):
        for member, why in error.failed.items():
            say(console, f"✗ {member}: {in_commands(str(why))}")
        say(console, f"The group is {error.group.id}; {len(error.succeeded)} of its changes are known to be made.")
    if isinstance(error, OutcomeUnknown):
        for note in getattr(error, "__notes__", [_LOOK]):
            say(console, note)


def show_plan(console: Console, plans: dict[str, Plan]) -> None:
    """Print what sending would come to."""
    for to, plan in plans.items():
        prefix = f"{to}: " if to else ""
        say(console, f"{prefix}{'It would be sent.' if plan.ok else 'It would be refused:'}")
        for violation in plan.violations:
            say(console, f"  ✗ {in_commands(str(violation))}")
        _degradations(console, plan.degradations)
        for what in plan.unverified:
            say(console, f"  ? cannot be known beforehand: {what}")
        if plan.ok and plan.billable_units is not None:
            say(console, f"  billed: {plan.billable_units}")


def show_receipt(console: Console, receipt: GroupReceipt) -> None:
    """Print what a provider took, and how to reach the group again."""
    show_taken(console, receipt)
    if not receipt.group.is_member_set:
        say(console, f"  the group again: --group {receipt.group.id}")


def show_ended(console: Console, ended: Iterable[Ended]) -> None:
    """Print what became of each private copy, one a line."""
    for each in ended:
        if isinstance(each.result, GroupMessengerError):
            doubt, why = each.result.outcome is Outcome.UNKNOWN, in_commands(str(each.result))
            say(console, f"{'? ' if doubt else '✗ '}{each.to}: {'unknown' if doubt else 'not sent'}, {why}")
        else:
            show_taken(console, each.result, f"{each.to}: ")


def show_groups(console: Console, groups: Iterable[Group]) -> None:
    """Print groups, one a line, with the id first and whole."""
    for group in groups:
        say(console, f"{group.id}" + (f"  {group.name}" if group.name else ""))


def show_group(console: Console, group: Group) -> None:
    """Print one group and who is in it."""
    say(console, f"{group.id}" + (f"  {group.name}" if group.name else ""))
    if group.members is None:
        say(console, "  its members are not known")
    for member in group.members or ():
        say(console, f"  {member}" + (f"  {member.name}" if member.name else ""))


def show_taken(console: Console, receipt: Receipt, to: str = "") -> None:
    """Print what a provider took, and how."""
    failed = receipt.status is Status.FAILED
    status = f"{receipt.status}" + (f" ({receipt.reason})" if receipt.reason else "")
    say(console, f"{'✗' if failed else '✓'} {to}{status}, message {receipt.id or 'without an id'}")
    _degradations(console, receipt.degradations)


def _degradations(console: Console, degradations: Iterable[Degradation]) -> None:
    for each in degradations:
        say(console, f"  ! {each.feature}: {each.done}")
