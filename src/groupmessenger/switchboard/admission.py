"""What keeps a group from being sent to on a line, as far as the directory knows. Transactions."""

from __future__ import annotations

from collections.abc import Iterable

from ..errors import AlreadyBound, NotAccepted
from ..groups import member_set_id
from ..phone import Address
from . import optouts, threads
from .directory import Transaction
from .lines import Line
from .threads import Binding
from .values import LogicalGroup, ThreadState


def refuse(t: Transaction, group: LogicalGroup, line: Line, left_out: Iterable[Address] = ()) -> None:
    """Raise `Suppressed`, `AlreadyBound` or `NotAccepted`, as `send` would before any request."""
    optouts.refuse_group(t, group, left_out)
    if is_anothers(t, group, line):
        raise already_bound(line)
    here = threads.current(t, group.id, line.provider, line.number)
    if here is not None:
        refuse_strangers(group, here)


def already_bound(line: Line) -> AlreadyBound:
    """The error for people whose thread on a line is another group's."""
    return AlreadyBound(
        f"these people are one thread at {line.title}, and it is another group's: send to that one, archive it, or "
        "take another line"
    )


def refuse_strangers(group: LogicalGroup, binding: Binding) -> None:
    """Raise `NotAccepted` where a message would reach somebody who was seen in the thread and is no member."""
    strangers = [member for member in group.observed if member.address in binding.possible]
    if strangers:
        raise NotAccepted(
            f"{', '.join(repr(each.address) for each in strangers)} was seen in the thread and is no member: "
            "accept_members() takes them in, remove_members() takes them out, or goes on in another thread",
            strangers,
        )


def is_anothers(t: Transaction, group: LogicalGroup, line: Line) -> bool:
    """Whether the thread of these people on a line is known to be another group's."""
    people = member_set_id(line.number, group.members)
    owner = threads.by_thread(t, line.provider, line.number, people)
    merged = threads.current(t, group.id, line.provider, line.number)
    if merged is not None and merged.state is ThreadState.MERGED:
        return threads.is_anothers(t, merged, group.members)
    return owner is not None and owner.group_id != group.id and owner.state is not ThreadState.RETIRED
