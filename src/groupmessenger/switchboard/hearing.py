"""What events mean for the directory: how far messages came, who opted out, who is in a thread. All of it transactions.

Everything here may be done twice, and in any order.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import TypeVar

import attrs
from sqlalchemy import select

from .._dumping import write_address
from ..events import Event, MembersChanged, MessageReceived, OptedIn, OptedOut, ReactionReceived, StatusChanged
from ..groups import Group
from ..messages import Receipt, Status
from ..phone import Member
from . import optouts, outcomes, people, seen, threads
from .directory import Transaction
from .lines import Line
from .tables import attempts, groups, status_events
from .threads import Binding
from .tried import Tried, by_token
from .values import State, ThreadState

E = TypeVar("E", bound=Event)

_ON_ITS_WAY = (Status.SENT, Status.DELIVERED, Status.READ)


def take_in(t: Transaction, events: Iterable[tuple[Event, Line]], own_lines: Collection[str]) -> tuple[Event, ...]:
    """Keep what events tell, each of a connection; gives them with the names of the groups that they are of."""
    told = tuple(events)
    written = {event.key for event, _ in told if isinstance(event, MessageReceived)}
    return tuple(_taken(t, event, line, own_lines, written) for event, line in told)


def _taken(t: Transaction, event: Event, line: Line, own_lines: Collection[str], written: Collection[str]) -> Event:
    match event:
        case StatusChanged():
            return _of(t, event, _status(t, event, line))
        case OptedOut() | OptedIn():
            optouts.record(
                t,
                event.address,
                suppressed=isinstance(event, OptedOut),
                source="message" if event.key.rpartition("/")[0] in written else "provider",
                connection=line.name,
                line=event.line,
                key=event.key,
            )
            return event
        case MessageReceived() | ReactionReceived() if event.group is not None:
            here = event.members if isinstance(event, MessageReceived) else ()
            others = tuple(member for member in here if str(member.address) not in own_lines)
            return _of(t, event, _seen(t, event.group, others, line))
        case MembersChanged():
            return _of(t, event, _changed(t, event, line, own_lines))
        case _:
            return event


def _of(t: Transaction, event: E, group_id: int | None) -> E:
    if group_id is None:
        return event
    name = t.execute(select(groups.c.name).where(groups.c.id == group_id)).scalar()
    return attrs.evolve(event, logical=name)


def _status(t: Transaction, event: StatusChanged, line: Line) -> int | None:
    """Keep a status, whether or not its message is known. One with our token proves that the message went out."""
    tried, who = _message(t, event, line), event.recipient
    erased = tried is not None and who is not None and outcomes.is_forgotten(t, tried, who)
    t.insert_once(
        status_events,
        connection=line.name,
        key=t.digest(event.key) if erased else event.key,  # as `forget` does, for it may name the recipient
        provider=line.provider,
        line=event.line or line.number,
        provider_id=event.message_id,
        token=event.token,
        recipient=None if who is None or erased else write_address(who),
        status=event.status,
        code=event.code,
        reason=event.reason,
        evidence=event.evidence,
        final=event.final,
        at=event.at,
        arrived_at=t.now,
    )
    if tried is None:
        return None
    doubted = tried.state in (State.SENDING, State.UNKNOWN)
    if doubted or (tried.state is State.NOT_SENT and event.status in _ON_ITS_WAY):
        outcomes.sent(t, tried.token, _receipt(tried, event))
    elif tried.state is State.SENT and not tried.provider_id and event.message_id:
        outcomes.named(t, tried.token, event.message_id)
    return tried.group_id


def _message(t: Transaction, event: StatusChanged, line: Line) -> Tried | None:
    """The attempt that a status is of: by our token, else by the provider's id."""
    if event.token:
        found = select(attempts.c.token).where(attempts.c.token == event.token, attempts.c.provider == line.provider)
    else:
        here = (attempts.c.provider == line.provider) & (attempts.c.line == (event.line or line.number))
        found = select(attempts.c.token).where(here, attempts.c.provider_id == event.message_id)
    token = t.execute(found).scalar()
    return None if token is None else by_token(t, token)


def _receipt(tried: Tried, event: StatusChanged) -> Receipt:
    attempt = tried.attempt
    asked = () if attempt is None or attempt.group is None else attempt.group.addresses
    left_out = () if attempt is None else attempt.message.leave_out
    return Receipt(
        id=event.message_id,
        status=event.status,
        reason=event.reason,
        token=tried.token,
        recipients=tuple(address for address in asked if address not in left_out),
    )


def _seen(t: Transaction, group: Group, others: tuple[Member, ...], line: Line) -> int | None:
    """Which group a thread is of. One whose id was not known yet is known by its people."""
    if group.line != line.number:  # of another line of the account, which is no connection here
        return None
    binding = threads.by_thread(t, line.provider, line.number, group.id)
    if binding is None and others and not group.is_member_set:
        waiting = threads.pending_of(t, line.provider, line.number, others)
        if waiting is not None:
            t.lock_group(waiting.group_id)
            known = attrs.evolve(group, members=waiting.group.members)
            binding = threads.changed(t, waiting.id, known, waiting.doubtful, opened=True)
    if binding is None:
        return None
    _observe(t, binding, others, line)
    return binding.group_id


def _observe(t: Transaction, binding: Binding, others: Iterable[Member], line: Line) -> None:
    """Keep who is in a thread beside those who were put there."""
    strangers = [member for member in others if member.address not in binding.certain]
    if not strangers:
        return
    t.lock_group(binding.group_id)
    people.observe(t, binding.group_id, line.name, strangers)
    binding = threads.by_id(t, binding.id)
    new = [Member(member.address) for member in strangers if member.address not in binding.certain]
    here = attrs.evolve(binding.group, members=(*(binding.group.members or ()), *new))
    threads.changed(t, binding.id, here, binding.doubtful - {member.address for member in new})


def _changed(t: Transaction, event: MembersChanged, line: Line, own_lines: Collection[str]) -> int | None:
    """Keep who came into a thread, and who left it; whoever left by themselves is not brought back."""
    binding = threads.by_thread(t, line.provider, line.number, event.group.id)
    if binding is None:
        return None
    if not seen.is_first(t, f"members {line.provider} {event.key}"):
        return binding.group_id
    _observe(t, binding, [each for each in event.added if str(each.address) not in own_lines], line)
    gone = {member.address for member in event.removed}
    if gone:
        t.lock_group(binding.group_id)
        binding = threads.by_id(t, binding.id)
        staying = tuple(member for member in binding.group.members or () if member.address not in gone)
        threads.changed(t, binding.id, attrs.evolve(binding.group, members=staying), binding.doubtful - gone)
        if binding.state is not ThreadState.RETIRED:  # the group goes on in another, where they still are
            people.remove_rows(t, binding.group_id, event.removed)
    return binding.group_id
