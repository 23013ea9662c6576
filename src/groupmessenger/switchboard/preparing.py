"""The thread that a message leaves on: found, opened, or made to have the group's members. Flows."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Collection, Sequence
from functools import partial

import attrs

from ..capabilities import Creation, Identity, LimitName
from ..errors import (
    CapabilityError,
    GroupMessengerError,
    GroupNotFound,
    Outcome,
    OutcomeUnknown,
    PartialFailure,
    ProviderUnavailable,
    Rejected,
    ThreadRetired,
)
from ..flags import Feature, Grade, Operation
from ..flow import Flow
from ..groups import Group
from ..phone import Address, Member
from . import admission, ledger, threads
from .board import Board
from .directory import Transaction
from .lines import Line
from .threads import Binding
from .tried import Begun
from .values import LogicalGroup, ThreadState


@attrs.frozen
class Preparing:
    """The making of one attempt's thread: nobody else makes any of this group while the attempt is ours."""

    board: Board
    line: Line
    tried: Begun
    group: LogicalGroup
    thread_id: int | None = None  # the only one that will do, for a reply

    async def thread(self) -> Binding:
        """The thread, with the group's members in it and nobody else that is known.

        Raises `AlreadyBound`, and what the provider refuses; never with an outcome but NOT_SENT: no message left.
        """
        try:
            binding = await self.board.do(self._current)
            if binding is None:
                return await self._open()
            if binding.state is ThreadState.OPENING:
                binding = await self._made(binding)
            return await self._fitted(binding)
        except PartialFailure as error:
            error.outcome = Outcome.NOT_SENT  # of the message, which is what was asked for
            raise
        except OutcomeUnknown as error:
            text = f"the message did not leave, since a change of the group before it was lost: send it again ({error})"
            raise ProviderUnavailable(text) from error

    def _current(self, t: Transaction) -> Binding | None:
        self._keep(t)
        people, here = self.group.members, (self.group.id, self.line.provider, self.line.number)
        found = threads.current(t, *here)
        if found is not None and found.state is ThreadState.MERGED:
            if threads.is_anothers(t, found, people):
                raise admission.already_bound(self.line)
            found = None
        if self.thread_id is not None and (found is None or found.id != self.thread_id):
            raise retired()
        if found is None and (before := threads.left(t, *here, people)) is not None:
            return threads.reopen(t, before)
        return found

    def _keep(self, t: Transaction) -> None:
        ledger.keep(t, self.tried, self.group, self.line.lasting)

    def _change(
        self, t: Transaction, binding_id: int, group: Group, doubtful: Collection[Address] = (), *, opened: bool = False
    ) -> Binding:
        self._keep(t)  # or somebody else may know better by now
        return threads.changed(t, binding_id, group, doubtful, opened=opened)

    async def _open(self) -> Binding:
        """A new thread. Where it is made by a request, how to find it again is written down before."""
        if self.line.capabilities.creation is not Creation.EXPLICIT:
            made = await self._create(None)
            state = ThreadState.PENDING if made.pending else ThreadState.OPEN
            return await self.board.do(self._bind, made, state, None)
        name = f"gm-{secrets.token_hex(8)}"
        capabilities, number = self.line.capabilities, self.line.number
        yet = Group.of_members(
            self.line.provider, number, self.group.members, name=name, pending=True, topology=capabilities.topology
        )
        return await self._make(await self.board.do(self._bind, yet, ThreadState.OPENING, name))

    def _bind(self, t: Transaction, group: Group, state: ThreadState, name: str | None) -> Binding:
        self._keep(t)
        return threads.bind(t, self.group.id, self.line.name, group, state, name)

    async def _create(self, name: str | None) -> Group:
        operations = self.line.operations
        return await self.line.run(operations.create_group(self.group.members, name, self.group.topology))

    async def _make(self, binding: Binding) -> Binding:
        flag = self.line.capabilities.can(Feature.GROUP_NAME)
        named = flag.grade not in (Grade.UNSUPPORTED, Grade.DROPPED)
        try:
            made = await self._create(binding.vendor_name if named else None)
        except PartialFailure as error:
            await self.board.do(self._change, binding.id, error.group, _unsure(error), opened=True)
            raise
        return await self.board.do(self._change, binding.id, made, opened=True)

    async def _made(self, binding: Binding) -> Binding:
        """A thread whose making was lost: found by the name that only we could give it, or made again."""
        operations = self.line.operations
        if operations.capabilities.can(Operation.LIST_GROUPS).grade is not Grade.UNSUPPORTED:
            cursor: str | None = None
            while True:
                page = await self.line.run(operations.list_groups(cursor))
                for found in page.items:
                    if found.name == binding.vendor_name:
                        made = await self.line.run(operations.get_group(found))
                        return await self.board.do(self._change, binding.id, made, opened=True)
                if (cursor := page.next) is None:
                    break
        return await self._make(binding)

    async def _fitted(self, binding: Binding) -> Binding:
        """The thread with the members' differences applied; where that cannot be, another one."""
        if self.line.capabilities.identity is Identity.MEMBER_SET and not binding.group.is_member_set:
            # It was made by another version of the adapter, for which groups had ids.
            return await self._forked(binding, f"{self.line.title} has no ids for groups any more", gone=True)
        wanted = set(self.group.addresses)
        joining = [member for member in self.group.members if member.address not in binding.certain]
        undecided = {member.address for member in self.group.observed}  # with whom in it nothing leaves
        leaving = [Member(address) for address in binding.possible - undecided if address not in wanted]
        if not joining and not leaving:
            return binding
        if binding.state is ThreadState.PENDING:
            return await self._forked(binding, "its members changed before its first message was answered")
        changes = [(Operation.ADD_MEMBERS, joining), (Operation.REMOVE_MEMBERS, leaving)]
        if not self._fit(len(binding.possible | wanted)):
            changes.reverse()
        for operation, people in changes:
            if not people:
                continue
            flag = self.line.capabilities.can(operation, binding.group)
            if flag.grade is Grade.UNSUPPORTED:
                return await self._forked(binding, f"{self.line.title} cannot change who is in this thread")
            try:
                binding = await self._changed(binding, operation, people)
            except (Rejected, CapabilityError, GroupNotFound) as error:
                await self.board.do(self._learn, binding, people, binding.doubtful)
                return await self._forked(binding, f"{self.line.title} did not change who is in this thread: {error}")
        return binding

    def _fit(self, people: int) -> bool:
        limit = self.line.capabilities.limit(LimitName.RECIPIENTS)
        return limit is None or not limit.breaks(people)

    async def _changed(self, binding: Binding, operation: Operation, people: Sequence[Member]) -> Binding:
        """One change of members. Until its answer is here, they may be in the thread or not."""
        asked = {member.address for member in people}
        await self.board.do(self._doubt, binding, asked)
        operations, adding = self.line.operations, operation is Operation.ADD_MEMBERS
        change: Flow[Group] = (operations.add_members if adding else operations.remove_members)(binding.group, people)
        try:
            changed = await self.line.run(change)
        except PartialFailure as error:
            done = {member.address for member in error.succeeded}
            after = partial(_with, people=[m for m in people if m.address in done], adding=adding, group=error.group)
            await self.board.do(self._learn, binding, people, binding.doubtful - done | _unsure(error), after)
            raise
        except GroupMessengerError as error:
            if error.outcome is Outcome.NOT_SENT and not isinstance(error, Rejected | GroupNotFound):
                await self.board.do(self._learn, binding, people, binding.doubtful)
            raise
        after = partial(_with, people=people, adding=adding, group=changed)
        return await self.board.do(self._learn, binding, people, (), after)

    def _learn(
        self,
        t: Transaction,
        binding: Binding,
        people: Sequence[Member],
        doubtful: Collection[Address],
        after: Callable[[Sequence[Member]], Group] | None = None,
    ) -> Binding:
        """Keep what became of these people; of others, what was heard meanwhile stays."""
        self._keep(t)
        now, asked = threads.by_id(t, binding.id), {member.address for member in people}
        group = now.group if after is None else after(now.group.members or ())
        return threads.changed(t, binding.id, group, (now.doubtful - asked) | asked.intersection(doubtful))

    def _doubt(self, t: Transaction, binding: Binding, asked: set[Address]) -> None:
        self._keep(t)
        now = threads.by_id(t, binding.id)
        threads.changed(t, binding.id, now.group, now.doubtful | asked)

    async def _forked(self, binding: Binding, reason: str, *, gone: bool = False) -> Binding:
        """Another thread in place of one that does not fit. It is left before, so that a crash between is seen."""
        if self.thread_id is not None:
            raise retired()
        await self.board.do(self._leave, binding, reason, gone=gone)
        before = await self.board.do(self._current)
        return await self._open() if before is None else before

    def _leave(self, t: Transaction, binding: Binding, reason: str, *, gone: bool) -> None:
        self._keep(t)
        threads.retire(t, binding, reason, gone=gone)


def retired() -> ThreadRetired:
    """The error for a reply to a thread that the group does not use any more."""
    return ThreadRetired(
        "the group goes on in another thread, since its members changed: whoever left is still in this one; "
        "send() reaches the group as it is"
    )


def _unsure(error: PartialFailure) -> set[Address]:
    """Who may be in the thread or not."""
    return {who.address for who, why in error.failed.items() if why.outcome is Outcome.UNKNOWN}


def _with(before: Sequence[Member], people: Sequence[Member], adding: bool, group: Group) -> Group:
    """A group as it is after a change that was made, whatever its answer tells of members."""
    asked = {member.address for member in people}
    staying = [member for member in before if member.address not in asked]
    return attrs.evolve(group, members=(*staying, *people) if adding else tuple(staying))
