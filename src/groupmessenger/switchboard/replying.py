"""Answers, in the thread that a message came from. Flows."""

from __future__ import annotations

from sqlalchemy import select

from .._dumping import write_address
from ..errors import GroupUnresolved, InvalidInput
from ..events import MessageReceived, ReactionReceived
from ..groups import Topology
from ..messages import Message
from . import people, threads
from .board import Board
from .directory import Transaction
from .known import name_of
from .once import send_once
from .preparing import retired
from .sending import Sending
from .tables import bindings, groups, members
from .threads import Binding
from .values import BoardReceipt, ThreadState


async def reply(
    board: Board, event: MessageReceived | ReactionReceived, message: Message, to: str | None, key: str | None
) -> BoardReceipt:
    """Answer an event; `to` names the group where the provider does not say which it was."""
    if event.connection is None:
        raise InvalidInput("the event names no connection: it is not one that a switchboard received")
    line = board.line(event.connection)
    if to is not None and event.group is None and line.capabilities.topology is Topology.BROADCAST:
        group = await board.do(people.load, to)
        if event.sender not in group.addresses:
            raise InvalidInput(f"whoever wrote is not in group {to!r}: send() to it if you mean it all the same")
        return await send_once(Sending(board, to, message, key, only=line.name))
    line.incoming.check_repliable(event)
    if event.group is None:
        raise await board.do(_unresolved, event, line.capabilities.topology)
    binding = await board.do(threads.by_thread, line.provider, line.number, event.group.id)
    if binding is None:
        raise GroupUnresolved(
            "the thread is of no group in the directory: create_group() with its people makes it one, and finds it"
        )
    if binding.state is ThreadState.RETIRED:
        raise retired()
    name = await board.do(_name, binding)
    if to is not None and to != name:
        raise InvalidInput(f"it was written in group {name!r}, and not in {to!r}: leave out `to`")
    return await send_once(Sending(board, name, message, key, only=line.name, thread_id=binding.id))


def _name(t: Transaction, binding: Binding) -> str:
    return name_of(t, binding.group_id)


def _unresolved(t: Transaction, event: MessageReceived | ReactionReceived, topology: Topology) -> GroupUnresolved:
    if topology is not Topology.BROADCAST:
        return GroupUnresolved("it was written to you alone, in no group: answer its sender with send_direct()")
    inside = select(members.c.group_id).where(members.c.address == write_address(event.sender))
    reached = select(bindings.c.group_id).where(bindings.c.line == event.line, bindings.c.group_id.in_(inside))
    live = select(groups.c.name).where(groups.c.id.in_(reached), groups.c.archived_at.is_(None))
    names = list(t.execute(live.order_by(groups.c.name)).scalars())
    what = ", ".join(map(repr, names)) or "none that was sent to from this line"
    return GroupUnresolved(
        f"the provider does not say in which group it was written; its sender is in {what}: name it with to=..., which "
        "answers the whole group, or answer its sender with send_direct()",
        names,
    )
