"""Which connection a group goes by, and what another would mean for it. Flows."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from sqlalchemy import update

from ..errors import CapabilityError, GroupMessengerError, NotAccepted
from ..flags import Grade, Operation
from ..groups import Topology
from ..messages import Message
from . import admission, history, people, routing, threads
from .board import Board
from .directory import Transaction
from .known import of_id
from .lines import Line
from .tables import groups
from .values import LogicalGroup, SwitchPlan

_ANY = Message("any text")


async def plan_switch(board: Board, to: str, names: Collection[str] | None = None) -> tuple[SwitchPlan, ...]:
    """What a switch to a connection would mean for these groups, or for all. Nothing is changed."""
    board.line(to)
    return await board.do(_plans, board, to, names)


async def switch(board: Board, name: str, to: str | None) -> LogicalGroup:
    """Set a group's route, or, with None, leave it to the file again. Raises what keeps the group from fitting."""
    if to is not None:
        (plan,) = await plan_switch(board, to, [name])
        if not plan.fits:
            raise CapabilityError(f"group {name!r} does not fit on {to}: {plan.why}")
    return await board.do(_set, name, to)


def _set(t: Transaction, name: str, to: str | None) -> LogicalGroup:
    group = people.load(t, name)
    t.execute(update(groups).where(groups.c.id == group.id).values(route=to))
    return people.load_id(t, group.id)


def _plans(t: Transaction, board: Board, to: str, names: Collection[str] | None) -> tuple[SwitchPlan, ...]:
    which = people.listed(t) if names is None else [people.load(t, name) for name in names]
    return tuple(_plan(t, board, group, to) for group in which)


def _plan(t: Transaction, board: Board, group: LogicalGroup, to: str) -> SwitchPlan:
    line = board.lines[to]
    found = routing.fit(group, _ANY, to, board.lines)
    why = str(found) if isinstance(found, GroupMessengerError) else ""
    try:
        admission.refuse(t, of_id(t, group.id), line)
    except NotAccepted:
        pass  # which hangs on this thread, and is not about the connection
    except GroupMessengerError as error:
        why = why or str(error)
    return SwitchPlan(
        group=group,
        before=group.last or _now(group, board),
        to=to,
        fits=not why,
        why=why,
        loses=(*_seen_by_others(group, line), *routing.loses(group, history.features(t, group.id), line)),
        new_thread=not _goes_on(t, group, line),
        line=line.number,
    )


def _goes_on(t: Transaction, group: LogicalGroup, line: Line) -> bool:
    """Whether the group would go on in a thread that it has there, as it is or changed."""
    known = threads.current(t, group.id, line.provider, line.number)
    if known is not None and known.thread is not None:
        wanted = set(group.addresses)
        changes = {Operation.ADD_MEMBERS: wanted - known.certain, Operation.REMOVE_MEMBERS: known.possible - wanted}
        flags = [line.capabilities.can(operation, known.group) for operation, people in changes.items() if people]
        if all(flag.grade is not Grade.UNSUPPORTED for flag in flags):
            return True
    return threads.left(t, group.id, line.provider, line.number, group.members) is not None


def _seen_by_others(group: LogicalGroup, line: Line) -> Iterator[str]:
    """That who sees whom would be another matter than in the group's newest thread."""
    before = group.threads[-1].group.topology if group.threads else None
    if before not in (None, line.capabilities.topology):
        shared = line.capabilities.topology is Topology.SHARED_THREAD
        yield "privacy (members would see each other's numbers and answers)" if shared else "the shared thread"


def _now(group: LogicalGroup, board: Board) -> str | None:
    try:
        return routing.choose(group, _ANY, board.rules, board.lines).line.name
    except GroupMessengerError:
        return next(iter(routing.candidates(group, board.rules)), None)
