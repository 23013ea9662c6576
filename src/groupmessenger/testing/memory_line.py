"""One line of a memory: its groups, what it sends and what it hears. Done under the network's lock."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING

import attrs

from ..provider import (
    Absent,
    Address,
    CannotTell,
    Capabilities,
    Channel,
    Creation,
    Found,
    Group,
    GroupNotFound,
    GroupReceipt,
    Identity,
    Lookup,
    Media,
    Member,
    Message,
    MessageReceived,
    Proof,
    Receipt,
    Rejected,
    Sighting,
    Status,
    StatusChanged,
    Topology,
    parse_address,
)
from ..sandbox import Inbound, Network, Thread
from .memory_sent import Sent

if TYPE_CHECKING:
    from .memory import Memory

_PROOFS = {Lookup.TOKEN: Proof.TOKEN, Lookup.CONTENT: Proof.CONTENT}


@attrs.frozen
class MemoryLine:
    """A line of a memory whose provider `can` do so much."""

    memory: Memory
    provider: str
    number: str
    can: Capabilities

    @property
    def network(self) -> Network:
        """The phones and threads."""
        return self.memory.network

    # Groups

    def create(self, members: Sequence[Member], name: str | None) -> Group:
        """Make a group, or describe one that is its members, or that its first message makes."""
        if self.can.creation is Creation.EXPLICIT:
            return self._open(members, name)
        fixed = self.can.identity is Identity.MEMBER_SET
        return Group.of_members(
            self.provider,
            self.number,
            members,
            name=name,
            pending=not fixed,
            topology=self.can.topology,
            channel=self._channel(members) if fixed else None,
        )

    def _open(self, members: Sequence[Member], name: str | None) -> Group:
        channel, group_id = self._channel(members), self.memory.new_id("group")
        if self.can.topology is Topology.SHARED_THREAD:
            open_thread = self.network.apple_group if channel is Channel.IMESSAGE else self.network.thread
            group_id = open_thread({self.number, *map(str, members)}).id
        known = self.memory.groups.get(group_id)  # where the same people are the same thread
        return known or self.keep(
            Group(
                self.provider, self.number, group_id, tuple(members), name, topology=self.can.topology, channel=channel
            )
        )

    def _channel(self, members: Iterable[Member]) -> Channel | None:
        """What carries a group: iMessage where everybody has it, else what the provider falls back to."""
        channels = self.can.channels
        if self.can.topology is Topology.BROADCAST:  # each copy goes as what is in it asks for
            return None
        phones = [self.network.phones[str(each)] for each in members if str(each) not in self.network.lines]
        if Channel.IMESSAGE in channels and all(phone.imessage for phone in phones):
            return Channel.IMESSAGE
        return Channel.SMS if Channel.SMS in channels else channels[-1]

    def groups(self) -> tuple[Group, ...]:
        """The line's groups, the oldest first."""
        return tuple(group for group in self.memory.groups.values() if group.line == self.number)

    def held(self, group: Group) -> Group:
        """A group as it is. Raises `GroupNotFound`."""
        if group not in self.groups():
            raise GroupNotFound("Memory has no such group on this line, or not any more")
        return self.memory.groups[group.id]

    def keep(self, group: Group) -> Group:
        """Remember a group as it is now."""
        self.memory.groups[group.id] = group
        return group

    def rename(self, group: Group, name: str) -> Group:
        """Give a group another name."""
        return self.keep(attrs.evolve(self.held(group), name=name))

    def change_members(self, group: Group, add: Sequence[Member] = (), remove: Sequence[Member] = ()) -> Group:
        """Let people in or out, in the thread as well if there is one."""
        known = self.held(group)
        members = tuple(each for each in dict.fromkeys((*(known.members or ()), *add)) if each not in remove)
        if thread := self.network.threads.get(group.id):
            thread.participants.clear()
            thread.participants.update({self.number, *map(str, members)})
        return self.keep(attrs.evolve(known, members=members))

    def forget(self, group: Group, *, leave: bool = False) -> None:
        """Forget a group; its people keep their thread, which we may leave."""
        del self.memory.groups[self.held(group).id]
        if leave and (thread := self.network.threads.get(group.id)):
            thread.participants.discard(self.number)

    # Messages

    def send(self, group: Group, message: Message, token: str) -> GroupReceipt:
        """Take a message for a group, which a first one makes."""
        if group.pending:
            group = self._open(group.members or (), group.name)
        elif not group.is_member_set:
            group = self.held(group)
        people = [each for each in group.addresses if each not in message.leave_out]
        if self.can.topology is Topology.BROADCAST:
            threads = [self._thread(each) for each in people]
        else:
            threads = [self._thread(*people) if group.is_member_set else self.network.threads[group.id]]
        sent = self._take(message, token, people, threads, group)
        return GroupReceipt(id=sent.id, status=self._status(sent), recipients=sent.recipients, group=group)

    def send_direct(self, to: Address, message: Message, token: str) -> Receipt:
        """Take a message for one person."""
        sent = self._take(message, token, [to], [self._thread(to)])
        return Receipt(id=sent.id, status=self._status(sent), recipients=sent.recipients)

    def _thread(self, *people: Address) -> Thread:
        return self.network.thread({self.number, *map(str, people)})

    def _status(self, sent: Sent) -> Status:
        return Status.ACCEPTED if sent.gone else Status.SCHEDULED

    def _take(
        self,
        message: Message,
        token: str,
        people: Sequence[Address],
        threads: Sequence[Thread],
        group: Group | None = None,
    ) -> Sent:
        sent = Sent(self.memory.new_id("message"), self.number, message, tuple(people), group, tuple(threads), token)
        self.memory.sent.append(sent)
        if message.send_at is None:
            self._deliver(sent)
        else:
            self.memory.clock.at(message.send_at, partial(self._deliver, sent))
        return sent

    def _deliver(self, sent: Sent) -> None:
        if sent in self.memory.sent:  # and was not cancelled
            sent.post(self.network)
            for each in self.statuses(sent.id):
                self.memory.call(self.number, each)

    def _message(self, message_id: str) -> Sent:
        for sent in self.memory.sent:
            if (sent.id, sent.line) == (message_id, self.number):
                return sent
        raise Rejected("Memory has no such message on this line")

    def cancel(self, message_id: str) -> None:
        """Keep a scheduled message back. Raises `Rejected` for one that has gone out."""
        sent = self._message(message_id)
        if sent.gone:
            raise Rejected("the message has gone out by now")
        self.memory.sent.remove(sent)

    def statuses(self, message_id: str) -> tuple[StatusChanged, ...]:
        """What the provider tells of a message: of each recipient, or of all in one. Raises `Rejected`."""
        return self._message(message_id).told(self.network, self.can, self.memory.clock.now())

    def find(self, token: str) -> Sighting:
        """Look for a message by our token, if the provider can find one."""
        proof = _PROOFS.get(self.can.lookup)
        if proof is None:
            return CannotTell("this provider cannot look for a message without its id")
        for sent in self.memory.sent:
            if (sent.token, sent.line) == (token, self.number):
                receipt = Receipt(id=sent.id, status=self._status(sent), recipients=sent.recipients)
                if sent.group is None:
                    return Found(receipt, proof)
                facts = attrs.asdict(receipt, recurse=False)
                return Found(GroupReceipt(**facts, group=sent.group), proof)
        return Absent()

    # What comes in

    def heard_since(self, since: datetime) -> tuple[MessageReceived, ...]:
        """What came in from then on, the oldest first."""
        heard = [event for event in self.memory.received if event.line == self.number]
        return tuple(event for event in heard if event.at is not None and event.at >= since)

    def hear(self, inbound: Inbound) -> None:
        """Tell what a phone wrote."""
        others = [Member(parse_address(each)) for each in sorted(inbound.thread.participants - {self.number})]
        group = self.memory.groups.get(inbound.thread.id)
        if group is None and self.can.identity is Identity.MEMBER_SET and len(others) > 1:
            group = self.create(others, None)
        message_id = self.memory.new_id("in")
        event = MessageReceived(
            key=message_id,
            at=inbound.at,
            id=message_id,
            sender=parse_address(inbound.sender),
            line=self.number,
            group=group,
            members=tuple(others),
            text=inbound.text,
            media=tuple(map(Media, inbound.media)),
        )
        self.memory.received.append(event)
        self.memory.call(self.number, event)
