"""What a switchboard does, as flows: checked, and each done by whoever does it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import timedelta
from functools import partial

import attrs

from ..callbacks import Callback
from ..delivery import Delivery
from ..errors import InvalidInput, Suppressed
from ..events import Event, MessageReceived, ReactionReceived, StatusChanged
from ..groups import Topology
from ..incoming import check_replay
from ..inputs import as_message
from ..messages import Message, Receipt
from ..phone import Address, Member, Members, parse_address, parse_members
from ..webhooks.ears import Ears
from . import (
    admission,
    hearing,
    history,
    inbox,
    known,
    optouts,
    people,
    replying,
    retention,
    routing,
    seen,
    settling,
    switching,
    threads,
)
from .board import Board
from .directory import Transaction
from .inputs import as_key
from .once import send_once
from .outbox.operations import Outbox
from .receiving import Receiving
from .routing import Route
from .sending import Sending
from .tried import Tried
from .values import BoardPlan, BoardReceipt, Entry, Fork, Handled, InboxEntry, LogicalGroup, OptOut, Settled, SwitchPlan


class Operations:
    """The operations of one switchboard."""

    def __init__(self, board: Board) -> None:
        self.board = board
        self._ears = Ears({name: line.incoming for name, line in board.lines.items()})
        self.outbox = Outbox(board)
        self.receiving = Receiving(board, self._ears, self.take_in)

    # Groups

    async def create_group(
        self,
        name: str,
        members: Members,
        topology: Topology | str | None,
        prefer: Sequence[str],
        failover: bool | None,
    ) -> LogicalGroup:
        """Make a logical group. No request."""
        crowd = self._people(members)
        if not crowd:
            raise InvalidInput("no members: name at least one other person")
        if isinstance(prefer, str) or not isinstance(prefer, Sequence):
            raise InvalidInput("prefer is a list of connections: put the single one in brackets")
        for each in prefer:
            self.board.line(each)
        if failover not in (None, True, False):
            raise InvalidInput("failover is True, False, or None to leave it to the connections")
        kind = _topology(topology)
        return await self.board.do(people.create, name, crowd, topology=kind, prefer=prefer, failover=failover)

    async def group(self, name: str) -> LogicalGroup:
        """One group."""
        return await self.board.do(people.load, name)

    async def groups(self, archived: bool) -> tuple[LogicalGroup, ...]:
        """All groups."""
        return await self.board.do(people.listed, archived=archived)

    async def find_group(self, members: Members) -> LogicalGroup | None:
        """The group of exactly these people."""
        return await self.board.do(people.of, self._people(members))

    async def add_members(self, name: str, members: Members) -> LogicalGroup:
        """Put people into a group."""
        return await self.board.do(people.add, name, self._people(members))

    async def remove_members(self, name: str, members: Members) -> LogicalGroup:
        """Take people out of a group."""
        return await self.board.do(people.remove, name, self._people(members))

    async def accept_members(self, name: str, members: Members | None) -> LogicalGroup:
        """Make members of those who were seen in the group's thread."""
        return await self.board.do(people.accept, name, None if members is None else self._people(members))

    async def rename(self, name: str, new: str) -> LogicalGroup:
        """Give a group another name."""
        return await self.board.do(people.rename, name, new)

    async def archive(self, name: str) -> LogicalGroup:
        """Put a group away."""
        return await self.board.do(people.archive, name)

    # Messages

    async def send(self, name: str, message: Message | str, key: str | None) -> BoardReceipt:
        """Send to a group."""
        return await send_once(Sending(self.board, name, as_message(message), as_key(key)))

    async def reply(
        self, event: MessageReceived | ReactionReceived, message: Message | str, to: str | None, key: str | None
    ) -> BoardReceipt:
        """Answer in the thread that an event came from."""
        if not isinstance(event, MessageReceived | ReactionReceived):
            raise InvalidInput(f"what can be answered is a message or a reaction, and this is {type(event).__name__}")
        return await replying.reply(self.board, event, as_message(message), to, as_key(key))

    async def send_direct(self, to: Member | Address | str, message: Message | str, connection: str | None) -> Receipt:
        """Send to one person, privately, by a connection or the file's first."""
        (who,) = self._people([to])

        def check(t: Transaction) -> str | None:
            if optouts.suppressed(t, [who.address]):
                raise Suppressed(f"{who.address!r} opted out: only they can opt in again", [who])
            rules = self.board.rules
            return next(iter(rules.prefer), rules.default)

        first = await self.board.do(check)
        if (name := connection or first) is None:
            raise InvalidInput("the file names no default connection: name one with connection=...")
        line = self.board.line(name)
        return await line.run(line.operations.send_direct(who, as_message(message)))

    async def plan(self, name: str, message: Message | str) -> BoardPlan:
        """What sending would come to, and by which connection."""
        wanted = as_message(message)

        def read(t: Transaction) -> Route:
            here = known.named(t, name)
            route = routing.choose(here.group, wanted, self.board.rules, self.board.lines)
            admission.refuse(t, here, route.line, wanted.leave_out)
            return route

        route = await self.board.do(read)
        plan = attrs.evolve(route.plan, degradations=(*route.plan.degradations, *route.notes))
        return BoardPlan(connection=route.line.name, plan=plan, passed_over=route.passed_over)

    async def history(self, name: str, limit: int | None) -> tuple[Entry, ...]:
        """The messages to a group."""
        if limit is not None and (type(limit) is not int or limit < 1):
            raise InvalidInput("limit is a number of messages, 1 or more")

        def read(t: Transaction) -> tuple[Entry, ...]:
            return history.entries(t, people.load(t, name).id, limit)

        return await self.board.do(read)

    async def forks(self, name: str) -> tuple[Fork, ...]:
        """When and why a group went on in another thread."""

        def read(t: Transaction) -> tuple[Fork, ...]:
            return threads.forked(t, people.load(t, name).id)

        return await self.board.do(read)

    async def delivery(self, name: str, key: str | None) -> Delivery:
        """What became of the message with a key, or of the last one."""

        def read(t: Transaction) -> tuple[Tried, Sequence[StatusChanged]]:
            tried = history.message(t, people.load(t, name).id, as_key(key))
            if tried is None:
                which = "no message to this group yet" if key is None else "no message to this group has this key"
                raise InvalidInput(f"{which}: history() has those there are")
            return tried, history.statuses(t, tried)

        tried, told = await self.board.do(read)
        line = self.board.at(tried.provider, tried.line)
        if line is None:
            return Delivery(tried.provider_id or "", told)
        return line.incoming.delivery(tried.receipt(), told)

    async def settle(self) -> tuple[Settled, ...]:
        """Look for every message whose outcome is unknown."""
        return await settling.settle(self.board)

    # Switching

    async def plan_switch(self, to: str, names: Collection[str] | None) -> tuple[SwitchPlan, ...]:
        """What a switch would mean for these groups, or for all."""
        if names is not None and (isinstance(names, str) or not isinstance(names, Collection)):
            raise InvalidInput("names is a list of groups: put the single one in brackets")
        return await switching.plan_switch(self.board, to, names)

    async def switch(self, name: str, to: str | None) -> LogicalGroup:
        """Set a group's route."""
        if to is not None and not isinstance(to, str):
            raise InvalidInput(f"a connection is named by a text, not {type(to).__name__}")
        return await switching.switch(self.board, name, to)

    # Hearing

    async def receive(self, connection: str, callback: Callback) -> tuple[Event, ...]:
        """Believe a callback, keep what it tells, and give that."""
        line = self.board.line(connection)
        verified = line.incoming.verify(callback)
        events = self._ears.understand(connection, callback, verified)

        def take_in(t: Transaction) -> tuple[Event, ...]:
            check_replay(verified, callback, partial(seen.first, t, f"{line.provider}/once/"))
            return self.take_in(t, events)

        return await self.board.do(take_in)

    async def accept(self, connection: str, callback: Callback) -> bool:
        """Believe a callback, and keep it to be handled."""
        return await self.receiving.accept(connection, callback)

    async def handle(self, limit: int | None, from_us: bool) -> Handled:
        """Have accepted callbacks handled. A flow of `Handle` and `Observe` as well."""
        if limit is not None and (type(limit) is not int or limit < 1):
            raise InvalidInput("limit is a number of callbacks, 1 or more")
        return await self.receiving.handle(limit, from_us=from_us)

    async def retry_failed(self) -> int:
        """Have failed callbacks tried again."""
        return await self.board.do(inbox.again)

    async def inbox(self, state: str | None) -> tuple[InboxEntry, ...]:
        """What was accepted."""
        return await self.board.do(inbox.entries, state)

    def take_in(self, t: Transaction, events: Sequence[Event]) -> tuple[Event, ...]:
        """Keep what events tell."""
        pairs = [(event, self.board.lines[str(event.connection)]) for event in events]
        return hearing.take_in(t, pairs, self._ears.own_lines)

    # People

    async def suppress(self, address: Address | str, lift: bool) -> None:
        """Keep that somebody is not to be texted, or may be again."""
        who = parse_address(address, region=self.board.region)

        def write(t: Transaction) -> None:
            optouts.record(t, who, suppressed=not lift, source="application")

        await self.board.do(write)

    async def suppressed(self, members: Members) -> tuple[Member, ...]:
        """Who of these opted out."""
        crowd = self._people(members)
        out = await self.board.do(optouts.suppressed, [member.address for member in crowd])
        return tuple(member for member in crowd if member.address in out)

    async def opt_outs(self, everything: bool) -> tuple[OptOut, ...]:
        """Who opted out."""
        return await self.board.do(optouts.listed, everything=everything)

    async def purge(self, older: timedelta) -> dict[str, int]:
        """Delete what is older."""
        return await self.board.do(retention.purge, older)

    async def forget(self, address: Address | str) -> int:
        """Erase somebody."""
        return await self.board.do(retention.forget, parse_address(address, region=self.board.region))

    def _people(self, members: Members) -> tuple[Member, ...]:
        if not isinstance(members, Iterable):
            raise InvalidInput(f"members are a list of people, not {type(members).__name__}")
        return parse_members(members, region=self.board.region)


def _topology(topology: Topology | str | None) -> Topology | None:
    try:
        return None if topology is None else Topology(topology)
    except ValueError:
        raise InvalidInput(f"topology is one of {', '.join(Topology)}") from None
