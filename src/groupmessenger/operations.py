"""The operations as both clients run them: checked, planned, attempted, remembered. All of it flows."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from functools import partial
from types import MappingProxyType
from typing import Self, TypeVar

import attrs

from .capabilities import Capabilities, Merges
from .delivery import Delivery, untold
from .errors import (
    BroadcastRefused,
    ConfigurationError,
    GroupMessengerError,
    GroupPending,
    InvalidInput,
    Outcome,
    WrongConnection,
)
from .flags import Grade, Operation
from .flow import Exclusive, Flow
from .groups import Group, Topology
from .inputs import as_message, check_attempt, check_group, message_id_of
from .messages import Attempt, Degradation, GroupReceipt, Message, Receipt, Sighting
from .messenger import Finding, GroupMessenger, Page, unsupported
from .opened import Opened
from .options import wrong_options
from .origin import Origin, consent
from .phone import Address, Member, Members, check_region, parse_members
from .planning import Plan, Planner
from .probing import probe
from .sending import Observing, Sending, certain

T = TypeVar("T")


@attrs.frozen
class Prepared:
    """A message to a group that was checked and may leave once."""

    group: Group
    attempt: Attempt
    degradations: tuple[Degradation, ...]


@attrs.define(eq=False)
class Operations:
    """What a client does, for one messenger."""

    messenger: GroupMessenger
    capabilities: Capabilities
    region: str | None
    _planner: Planner
    _sending: Sending
    _origin: Origin | None
    _opened: Opened = attrs.field(factory=Opened, init=False)

    @classmethod
    def build(
        cls,
        messenger: GroupMessenger,
        *,
        timeout: float,
        patience: float,
        region: str | None,
        limits: Mapping[str, int],
        strict: bool,
        settle_after: float | None,
        observers: Observing | None,
        origin: Origin | None,
    ) -> Self:
        """Make them from what a client is given. Raises `ConfigurationError` naming everything that cannot be."""
        given = {"timeout": timeout, "patience": patience, "region": region, "limits": limits, "strict": strict}
        problems = list(wrong_options({**given, "settle_after": settle_after}))
        if problems:
            raise ConfigurationError(*problems)
        region = region and check_region(region)
        capabilities = messenger.own_capabilities().with_limits(limits)
        if settle_after is not None:
            capabilities = attrs.evolve(capabilities, settle=settle_after)
        planner = Planner(messenger, capabilities, strict, origin)
        return cls(messenger, capabilities, region, planner, Sending(messenger, timeout + patience, observers), origin)

    # What needs no request

    def group(self, id: str) -> Group:
        """Address a known group."""
        return Group(self.messenger.name, self.messenger.line, id, topology=self.capabilities.topology)

    def capabilities_of(self, group: Group) -> Capabilities:
        """The capabilities, settled by what is known of a group."""
        return self.capabilities.of(self._ours(group))

    def plan(self, group: Group | Members, message: Message | str, topology: Topology | str | None = None) -> Plan:
        """What sending would come to, to a group there is or to one yet to be made of people."""
        if isinstance(group, Group):
            return self._planner.send(self._ours(group), as_message(message))
        people, known = self._others(group), self.capabilities.topology
        (channel, *others) = self.capabilities.channels
        yet = Group.of_members(
            self.messenger.name,
            self.messenger.line,
            people,
            pending=True,
            topology=known,
            channel=None if others else channel,
        )
        plan = self._planner.send(yet, as_message(message))
        try:
            consent(self.messenger.title, known, topology, self._origin)
        except BroadcastRefused as refused:
            return attrs.evolve(plan, violations=(refused, *plan.violations))
        return plan

    def plan_direct(self, to: Member | Address | str, message: Message | str) -> Plan:
        """What a private text would come to."""
        (member,) = self._others([to])
        return self._planner.send(member.address, as_message(message))

    # Groups

    async def create_group(
        self, members: Members, name: str | None = None, topology: Topology | str | None = None
    ) -> Group:
        """Make a group of people, of the topology wanted."""
        people = self._others(members)
        consent(self.messenger.title, self.capabilities.topology, topology, self._origin)
        self._planner.check_members(people)
        if name is not None:
            name = self._planner.check_name(name)
        self.may(Operation.CREATE_GROUP)
        made = await self._change(self.messenger.create_group(people, name))
        self._opened.ask_anew(made)
        return made

    async def get_group(self, group: Group | str) -> Group:
        """Read a group as it is at the provider."""
        known = self._existing(self.group(group) if isinstance(group, str) else group)
        self.may(Operation.GET_GROUP, known)
        return self._opened.changed(known, await self.messenger.get_group(known))

    async def list_groups(self, cursor: str | None = None) -> Page[Group]:
        """One page of groups."""
        return await self.messenger.list_groups(cursor)

    def may_list(self) -> None:
        """Refuse a listing before the first page is asked for."""
        self.may(Operation.LIST_GROUPS)

    async def add_members(self, group: Group, members: Members) -> Group:
        """Add people to a group; for whoever is in it already nothing is done."""
        known, people = self._existing(group), self._others(members)
        self.may(Operation.ADD_MEMBERS, known)
        if known.members is None and self.capabilities.can(Operation.GET_GROUP):
            known = await self.messenger.get_group(known)  # rather than find out half-way that not all fit
        if known.members is not None:
            self._planner.check_members(tuple(dict.fromkeys((*known.members, *people))))
        return self._opened.changed(known, await self._change(self.messenger.add_members(known, people)))

    async def remove_members(self, group: Group, members: Members) -> Group:
        """Remove people from a group; for whoever is not in it nothing is done."""
        known, people = self._existing(group), self._others(members)
        self.may(Operation.REMOVE_MEMBERS, known)
        return self._opened.changed(known, await self._change(self.messenger.remove_members(known, people)))

    async def rename_group(self, group: Group, name: str) -> Group:
        """Give a group another name."""
        known = self._existing(group)
        self.may(Operation.RENAME_GROUP, known)
        name = self._planner.check_name(name)
        return self._opened.changed(known, await self._change(self.messenger.rename_group(known, name)))

    async def leave_group(self, group: Group) -> None:
        """Take our line out of a group."""
        known = self._existing(group)
        self.may(Operation.LEAVE_GROUP, known)
        await self._change(self.messenger.leave_group(known))
        self._opened.forget(known)

    async def delete_group(self, group: Group) -> None:
        """Remove a group at the provider."""
        known = self._existing(group)
        self.may(Operation.DELETE_GROUP, known)
        await self._change(self.messenger.delete_group(known))
        self._opened.forget(known)

    # Messages

    async def send(self, group: Group, message: Message | str) -> GroupReceipt:
        """Send to a group. A pending one is opened by one send at a time; the others then find it open."""
        text, known = as_message(message), self._opened.now(self._ours(group))
        self.may(Operation.SEND, known)
        if known.pending:
            receipt = await Exclusive(("open", known), self._send_open(known, text))
        else:
            receipt = await self.dispatch(await self.prepare(known, text))
        if group.pending and group.name and receipt.group.name and group.name != receipt.group.name:
            other = Degradation("name", "the thread of these people has another name by now, and keeps it")
            receipt = attrs.evolve(receipt, degradations=(*receipt.degradations, other))
        return receipt

    async def _send_open(self, group: Group, message: Message) -> GroupReceipt:
        known = self._opened.now(group)
        if not known.pending:
            return await self.dispatch(await self.prepare(known, message))
        self._opened.check(known)
        try:
            return await self.dispatch(await self.prepare(known, message))
        except BaseException as error:  # a cancelled one is in doubt as well
            surely_not = isinstance(error, GroupMessengerError) and error.outcome is Outcome.NOT_SENT
            if not surely_not and self.capabilities.merges is not Merges.ALWAYS:
                self._opened.doubt(known)
            raise

    async def carried(self) -> Mapping[str, str]:
        """What the observers have go along with a message that is queued now."""
        return await self._sending.carried()

    async def prepare(
        self,
        group: Group,
        message: Message,
        token: str | None = None,
        carried: Mapping[str, str] = MappingProxyType({}),
    ) -> Prepared:
        """Make an attempt at a message, checked, with a token of its own unless there is one. No request."""
        self.may(Operation.SEND, group)
        plan = self._planner.send(self._ours(group), message)
        plan.check()
        attempt = await self._sending.attempt(plan.message, group=group, token=token, carried=carried)
        return Prepared(group, attempt, plan.degradations)

    async def dispatch(self, prepared: Prepared) -> GroupReceipt:
        """Let a prepared message leave."""
        group, message = prepared.group, prepared.attempt.message
        send = partial(self.messenger.send, group, message, prepared.attempt.token)

        def finish(receipt: GroupReceipt) -> GroupReceipt:
            self._opened.remember(group, receipt.group)
            asked = receipt.group.addresses
            if message.leave_out:
                asked = tuple(each for each in asked if each not in message.leave_out)
            return attrs.evolve(
                receipt,
                token=prepared.attempt.token,
                recipients=receipt.recipients or asked,
                degradations=(*prepared.degradations, *receipt.degradations),
            )

        return await self._sending.carry_out(prepared.attempt, GroupReceipt, send, finish)

    async def send_direct(self, to: Member | Address | str, message: Message | str) -> Receipt:
        """Send to one person, privately."""
        (member,) = self._others([to])
        self.may(Operation.SEND_DIRECT)
        plan = self.plan_direct(member, message)
        plan.check()
        attempt = await self._sending.attempt(plan.message, to=member.address)
        send = partial(self.messenger.send_direct, member.address, plan.message, attempt.token)

        def finish(receipt: Receipt) -> Receipt:
            return attrs.evolve(
                receipt,
                token=attempt.token,
                recipients=receipt.recipients or (member.address,),
                degradations=(*plan.degradations, *receipt.degradations),
            )

        return await self._sending.carry_out(attempt, Receipt, send, finish)

    async def cancel_scheduled(self, receipt: Receipt | str) -> None:
        """Keep a scheduled message from being sent."""
        message_id = message_id_of(receipt)
        self.may(Operation.CANCEL_SCHEDULED)
        await self._change(self.messenger.cancel_scheduled(message_id))

    async def check(self) -> tuple[Finding, ...]:
        """Find out what can be found out of the connection without texting anybody."""
        return await probe(self.messenger)

    async def get_status(self, receipt: Receipt | str) -> Delivery:
        """What the provider knows of a message."""
        message_id = message_id_of(receipt)
        self.may(Operation.GET_STATUS)
        told = await self.messenger.get_status(message_id)
        silent = untold(told, receipt.recipients if isinstance(receipt, Receipt) else ())
        return Delivery(message_id, (*told, *silent), self.messenger.precedence, self.capabilities.final_after)

    async def find_sent(self, attempt: Attempt | None, known: Collection[str] = ()) -> Sighting:
        """Look for a message whose outcome is unknown. Absence is believed only after the settle time."""
        attempt = check_attempt(attempt, known)
        if (attempt.provider, attempt.line) != (self.messenger.name, self.messenger.line):
            raise WrongConnection(f"the attempt was made with {attempt.provider} on another line or provider")
        sighting = await self._sending.find(attempt, known, self.capabilities.settle)
        if attempt.group is not None:
            self._opened.sighted(attempt.group, sighting)
        return sighting

    def may(self, operation: Operation, group: Group | None = None) -> None:
        """Refuse an operation that the provider does not have, or not for this group."""
        flag = self.capabilities.can(operation, group)
        if flag.grade is Grade.UNSUPPORTED:
            raise unsupported(self.messenger, operation, flag.note)

    async def _change(self, change: Flow[T]) -> T:
        return await certain(self.messenger.title, change)

    def _ours(self, group: Group) -> Group:
        check_group(group)
        if group.provider != self.messenger.name:
            raise WrongConnection(f"the group lives at {group.provider}, this connection is {self.messenger.name}")
        if group.line != self.messenger.line:
            raise WrongConnection("the group lives on another line than this connection's")
        return group

    def _existing(self, group: Group) -> Group:
        known = self._opened.now(self._ours(group))
        if known.pending:
            raise GroupPending("the group is made by its first message: send one, then change it")
        return known

    def _others(self, members: Members) -> tuple[Member, ...]:
        people = parse_members(members, region=self.region)
        if not people:
            raise InvalidInput("no members: name at least one other person")
        if any(str(member.address) == self.messenger.line for member in people):
            raise InvalidInput("your own line is among the members: leave it out, it is in every group anyway")
        return people
