"""A message to a logical group, once. Flows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import timedelta

import attrs

from ..capabilities import Creation
from ..errors import (
    AlreadyBound,
    DirectoryError,
    GroupMessengerError,
    GroupNotFound,
    InProgress,
    InvalidInput,
    NotReached,
    Outcome,
    OutcomeUnknown,
    ProviderUnavailable,
    Rejected,
)
from ..flow import LeaveBy, Now, Sleep
from ..messages import FailureReason, GroupReceipt, Message
from . import ledger, optouts, outcomes, people, routing, threads
from .board import Board
from .directory import Transaction
from .ledger import Changed, Ended, Leaving, Reserved, Standing, Unsure, Wanted
from .lines import Line
from .outbox import holds, pacing
from .outbox.holds import Hold
from .outbox.pacing import Pace
from .preparing import Preparing
from .routing import Route
from .rules import Rules
from .settling import settle_one
from .threads import Binding
from .tried import Begun, Tried
from .turns import Later, Turn
from .undecided import in_the_way, unknown
from .values import BoardReceipt, LogicalGroup, PassedOver, State

_CHANGED = "the group changed, or its connection was paused, while it was prepared"
_ROUNDS = 5  # of a group that changes while its message is prepared
_PAUSE = 0.05, 0.5  # seconds between two looks, growing


@attrs.frozen
class Sending:
    """One message that is to be sent; a reply by one connection, and on one thread; one of the outbox at its `turn`."""

    board: Board
    name: str
    message: Message
    key: str | None = None
    only: str | None = None
    thread_id: int | None = None
    turn: Turn | None = None
    met: list[int] = attrs.field(factory=list, init=False)  # the group, once it was read

    async def run(self) -> BoardReceipt:
        """Send it. Raises what `send` raises, and `Later` for one of the outbox."""
        message_id = None if self.turn is None else self.turn.message_id
        passed: list[PassedOver] = []
        failed: Exception | None = None
        for _ in range(_ROUNDS):
            group, rules, done, held = await self.board.do(self._read)
            self.met.append(group.id)
            if group.id != self.met[0]:
                raise InvalidInput(f"group {self.name!r} was put away or renamed meanwhile, and another has its name")
            if done is not None:  # whatever carries the group by now
                return done
            try:
                route = self._route(group, rules, passed)
            except GroupMessengerError:
                if failed is not None:
                    raise failed from None
                raise
            if (hold := held.get(route.line.name)) is not None:
                if hold.pace is not None:
                    weight = hold.pace.weight(group.addresses, self.message.leave_out)
                    raise Later(hold.why, await self.board.do(pacing.line_up, hold.pace, weight, group.id))
                later = Later(hold.why, hold.seconds, paused=route.line.name)
                failed = ProviderUnavailable(hold.why) if self.turn is None else later
                if not (hold.moves and self._may_fail_over(group, route.line)):
                    raise failed
                passed.append(PassedOver(route.line.name, hold.why))
                continue
            begun = await self._begun(group, route.line, message_id)
            if isinstance(begun, Ended):
                return await self.read_again(begun.tried, again=True)
            message_id = begun.tried.message_id
            try:
                return await self._carried(group, route, begun.tried)
            except Changed:
                await self._refused(begun.tried, _CHANGED)
            except (NotReached, ProviderUnavailable) as error:
                if error.outcome is not Outcome.NOT_SENT or not self._may_fail_over(group, route.line):
                    raise
                failed = error
                passed.append(PassedOver(route.line.name, str(error)))
        raise failed or InProgress("the group changed again and again: send it again", outcome=Outcome.NOT_SENT)

    def _read(self, t: Transaction) -> tuple[LogicalGroup, Rules, BoardReceipt | None, Mapping[str, Hold]]:
        group = people.load(t, self.name) if self.turn is None else people.load_live(t, self.turn.group_id)
        done = None if self.key is None else ledger.done(t, group.id, self.key, self.message)
        return group, self.board.rules, None if done is None else self._again(t, done), self._held(t, group)

    def _held(self, t: Transaction, group: LogicalGroup) -> Mapping[str, Hold]:
        """What a message waits for that can; one that cannot goes elsewhere if it may, and else tries."""
        if self.turn is not None:
            return holds.held(t, self.board.lines)
        paused = {name: hold for name, hold in holds.paused(t).items() if hold.moves and name in self.board.lines}
        here = {name: hold for name, hold in paused.items() if self._may_fail_over(group, self.board.lines[name])}
        if not here:
            return here
        try:
            self._route(group, self.board.rules, [PassedOver(name, hold.why) for name, hold in here.items()])
        except GroupMessengerError:  # there is nowhere else
            return {}
        return here

    def _route(self, group: LogicalGroup, rules: Rules, passed: Sequence[PassedOver]) -> Route:
        if self.only is None:
            return routing.choose(group, self.message, rules, self.board.lines, passed)
        found = routing.fit(group, self.message, self.only, self.board.lines)
        if isinstance(found, GroupMessengerError):
            raise found
        return found

    def _may_fail_over(self, group: LogicalGroup, line: Line) -> bool:
        allowed = line.options.failover if group.failover is None else group.failover
        return allowed and self.only is None

    async def _begun(self, group: LogicalGroup, line: Line, message_id: int | None) -> Reserved | Ended:
        """An attempt of our own, or that which sent it. What is in the way is waited for, or settled."""
        wanted = Wanted(
            group=group,
            message=self.message,
            key=self.key,
            connection=line.name,
            provider=line.provider,
            line=line.number,
            lease=line.lasting,
            settle=line.capabilities.settle,
            routed=self.only is None,
            message_id=message_id,
            owner=None if self.turn is None else self.turn.owner,
        )
        until = await Now() + timedelta(seconds=line.options.patience if self.turn is None else 0)
        pause, longest = _PAUSE
        asked: set[str] = set()
        while True:
            standing: Standing = await self.board.do(ledger.reserve, wanted)
            if isinstance(standing, Reserved | Ended):
                return standing
            if isinstance(standing, Unsure) and standing.tried.token not in asked:
                asked.add(standing.tried.token)
                told = await settle_one(self.board, standing.tried)
                if not standing.same and standing.tried.is_settled(wanted.settle) and told.state is State.UNKNOWN:
                    # What leaves now may be like it.
                    await self.board.do(outcomes.give_up, standing.tried.token, told.why)
                continue
            if isinstance(standing, Unsure) and standing.same:
                raise unknown(standing.tried)
            if await Now() + timedelta(seconds=pause) > until:
                raise in_the_way(standing)
            await Sleep(pause)
            pause = min(pause * 2, longest)

    async def _carried(self, group: LogicalGroup, route: Route, tried: Begun) -> BoardReceipt:
        line = route.line
        try:
            until = await Now() + timedelta(seconds=line.leaving)  # nothing of it leaves when it may be another's turn
            binding = await LeaveBy(until, Preparing(self.board, line, tried, group, self.thread_id).thread())
            carried = {} if self.turn is None else self.turn.carried
            prepared = await line.run(line.operations.prepare(binding.group, self.message, tried.token, carried))
            await self._departed(
                Leaving(
                    tried=tried,
                    attempt=prepared.attempt,
                    group=group,
                    binding_id=binding.id,
                    leaving=line.leaving,
                    lease=line.lasting,
                    pace=Pace.of(line),
                    waits=self.turn is not None,
                )
            )
        except GroupMessengerError as error:
            await self._refused(tried, str(error))
            raise
        try:
            receipt = await line.run(line.operations.dispatch(prepared))
        except GroupMessengerError as error:
            if await self._is_gone(line, binding, error):
                why = f"{line.title} knows the thread no more"
                await self.board.do(threads.retire, binding, why, gone=True)
                await self._refused(tried, str(error))
                raise Changed from error
            told = await self._ended(tried, group, error)
            if told is None or told.state is not State.SENT:
                raise
            return await self.read_again(told, again=False)  # a status has come, and knows better
        return await self._recorded(tried, binding, route, receipt)

    async def _departed(self, leaving: Leaving) -> None:
        """Let the message leave when it is its turn. Raises `Later` where that is not at once."""
        while (seconds := await self.board.do(ledger.depart, leaving)) != 0:
            if seconds is None:
                raise Changed
            if seconds > holds.IN_PLACE:
                with suppress(DirectoryError):  # its lease ends it, unless it is gone
                    await self.board.do(outcomes.withdraw, leaving.tried.token)
                raise Later("others go before it", seconds)
            await Sleep(seconds)

    async def _refused(self, tried: Begun, why: str) -> None:
        """Write down that nothing left. Where that fails the lease ends it."""
        with suppress(DirectoryError):
            await self.board.do(outcomes.refused, tried.token, why)

    async def _is_gone(self, line: Line, binding: Binding, error: GroupMessengerError) -> bool:
        """Whether a message was refused since its thread is not there any more; some say so only if they are asked."""
        if isinstance(error, GroupNotFound):
            return True
        made = line.capabilities.creation is Creation.EXPLICIT
        if not made or not isinstance(error, Rejected) or self.thread_id is not None:
            return False
        try:
            await line.run(line.operations.get_group(binding.group))
        except GroupNotFound:
            return True
        except GroupMessengerError:
            return False
        return False

    async def _ended(self, tried: Begun, group: LogicalGroup, error: GroupMessengerError) -> Tried | None:
        """Write down what became of a message that has no receipt. Where that fails it stays to be settled."""
        try:
            if error.outcome is Outcome.NOT_SENT:
                if isinstance(error, Rejected) and error.reason is FailureReason.OPTED_OUT:
                    await self.board.do(optouts.told, error.recipients, tried.connection, tried.line, group)
                return await self.board.do(outcomes.refused, tried.token, str(error))
            provider_id = error.provider_id if isinstance(error, OutcomeUnknown) else None
            return await self.board.do(outcomes.lost, tried.token, str(error), provider_id)
        except DirectoryError:
            return None

    async def _recorded(self, tried: Begun, binding: Binding, route: Route, receipt: GroupReceipt) -> BoardReceipt:
        whole = BoardReceipt(
            id=receipt.id,
            status=receipt.status,
            reason=receipt.reason,
            token=receipt.token,
            recipients=receipt.recipients,
            degradations=(*receipt.degradations, *route.notes),
            raw=receipt.raw,
            group=receipt.group,
            logical=self.name,
            connection=route.line.name,
            key=self.key,
            passed_over=route.passed_over,
        )
        try:
            owner = await self.board.do(outcomes.record_sent, tried, receipt, binding.id)
        except DirectoryError as error:
            text = f"the message was sent, and that could not be written down: do not send it again ({error})"
            raise DirectoryError(text, receipt=whole) from error
        if owner is not None:
            text = f"the message was sent, into the thread of group {owner!r}: these people are one thread there"
            raise AlreadyBound(text, receipt=whole)
        return whole

    async def read_again(self, tried: Tried, *, again: bool) -> BoardReceipt:
        """The receipt of a message that is known to be sent."""
        try:
            return await self.board.do(self._again if again else self._receipt_of, tried)
        except DirectoryError as error:
            text = f"the message was sent, and its record could not be read: do not send it again ({error})"
            raise DirectoryError(text, receipt=tried.receipt()) from error

    def _again(self, t: Transaction, tried: Tried) -> BoardReceipt:
        """The receipt of a message that was sent before under this key."""
        return attrs.evolve(self._receipt_of(t, tried), again=True)

    def _receipt_of(self, t: Transaction, tried: Tried) -> BoardReceipt:
        return BoardReceipt(
            **attrs.asdict(tried.receipt(), recurse=False),
            group=threads.by_id(t, tried.binding_id or 0).group,
            logical=self.name,
            connection=tried.connection,
            key=self.key,
        )
