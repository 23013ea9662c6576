"""What keeps a group from being sent to on a line, as far as the directory knows. Transactions."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from ..errors import AlreadyBound, NotAccepted
from ..groups import member_set_id
from ..phone import Address
from . import optouts, threads
from .directory import Transaction
from .known import Known
from .lines import Line
from .threads import Binding
from .values import LogicalGroup, ThreadState


def refuse(t: Transaction, known: Known, line: Line, left_out: Iterable[Address] = ()) -> None:
    """Raise `Suppressed`, `AlreadyBound` or `NotAccepted`, as `send` would before any request."""
    group = known.group
    optouts.refuse_group(t, group, left_out)
    here = threads.current_of(known.threads, line.provider, line.number)
    if _is_anothers(t, group, line, here):
        raise already_bound(line)
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


def doubtful(t: Transaction, routed: Sequence[tuple[Known, Line]]) -> Iterator[tuple[Known, Line]]:
    """Of groups and the lines they would go by, those that `refuse` has to look at: nothing keeps back the others."""
    out = optouts.suppressed(t, {address for each, _ in routed for address in each.group.addresses})
    sets = [(line, member_set_id(line.number, each.group.members)) for each, line in routed]
    owners = {
        (line.name, thread): group_id
        for line in dict.fromkeys(line for line, _ in sets)
        for thread, group_id in threads.owners(t, line.provider, line.number, [one for on, one in sets if on is line])
    }
    for (each, line), (_, people) in zip(routed, sets, strict=True):
        here = threads.current_of(each.threads, line.provider, line.number)
        merged = here is not None and here.state is ThreadState.MERGED
        anothers = owners.get((line.name, people), each.group.id) != each.group.id
        seen = each.suspects or each.group.observed or not out.isdisjoint(each.group.addresses)
        if merged or anothers or seen:
            yield each, line


def _is_anothers(t: Transaction, group: LogicalGroup, line: Line, here: Binding | None) -> bool:
    """Whether the thread of these people on a line is known to be another group's."""
    if here is not None and here.state is ThreadState.MERGED:
        return threads.is_anothers(t, here, group.members)
    owner = threads.by_thread(t, line.provider, line.number, member_set_id(line.number, group.members))
    return owner is not None and owner.group_id != group.id and owner.state is not ThreadState.RETIRED
