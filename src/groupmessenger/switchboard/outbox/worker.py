"""A worker: it finds the groups that are due, and has what is queued for each sent, several at a time."""

from __future__ import annotations

import logging
import os
import secrets
import socket
from collections import Counter
from collections.abc import Awaitable, Callable, Collection
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

import anyio
import anyio.to_thread
import attrs
from anyio.abc import TaskGroup, TaskStatus

from ...errors import GroupMessengerError, InvalidInput
from ...flow import Flow
from ..board import Board
from ..directory import Transaction
from . import following, lanes, pauses, roster
from .draining import Draining, Told
from .statistics import stats
from .values import OutboxStats
from .wakening import Wakening, wakening_of

if TYPE_CHECKING:
    from ..operations import Operations

T = TypeVar("T")

CONCURRENCY = 10  # groups at a time; a provider's connection pool is slow beyond
POLL = 0.5  # seconds between two looks for what other processes queued
_BEAT = 5.0  # seconds between two signs of life
_AFTER_FAILURE = 5.0  # seconds, where the directory cannot be asked
GRACE = 30.0  # seconds, at the end, for what is under way

_log = logging.getLogger("groupmessenger.outbox")


class Runner(Protocol):
    """What runs a flow."""

    def __call__(self, flow: Flow[T]) -> Awaitable[T]:
        """Run it to its end."""
        ...


@attrs.define(eq=False)
class Worker:
    """Sends what is queued, as long as it runs. May be one of many, in any number of processes and on several hosts.

    `counts` are how many messages it sent, gave up, and so on. `observe` gets the state of the queue every few seconds.
    """

    board: Board = attrs.field(repr=False)
    _run: Runner = attrs.field(repr=False)
    concurrency: int = CONCURRENCY
    _wakening: Wakening | None = attrs.field(default=None, repr=False)  # where there is something that wakes workers
    _observe: Callable[[OutboxStats], Any] | None = attrs.field(default=None, repr=False)
    id: str = attrs.field(factory=lambda: f"{socket.gethostname()}-{os.getpid()}-{secrets.token_hex(4)}")
    counts: Counter[str] = attrs.field(factory=Counter)
    ended: anyio.Event = attrs.field(factory=anyio.Event, init=False, repr=False)
    _busy: set[int] = attrs.field(factory=set, init=False, repr=False)
    _woken: anyio.Event | None = attrs.field(default=None, init=False, repr=False)  # made in the event loop
    _draining: Draining = attrs.field(init=False, repr=False)

    def __attrs_post_init__(self) -> None:
        self._draining = Draining(self.board, self.id, self._tell)

    def wake(self) -> None:
        """Look at once: something was queued."""
        if self._woken is not None:
            self._woken.set()

    def stop(self) -> None:
        """Begin nothing more. What is under way is brought to its end."""
        self._draining.stopping = True
        self.wake()

    async def run(self, *, task_status: TaskStatus[None] = anyio.TASK_STATUS_IGNORED) -> None:
        """Work until it is stopped, and then some seconds more, for what is under way.

        Raises `DirectoryError` where the directory cannot be used as it begins.
        """
        await self._do(self._greeting)
        task_status.started()
        try:
            async with anyio.create_task_group() as side:
                side.start_soon(self._beat)
                if self._observe is not None:
                    side.start_soon(self._show, self._observe)
                if self._wakening is not None:
                    side.start_soon(self._wakening, self._nudged)
                async with anyio.create_task_group() as tasks:
                    await self._look(tasks)
                    with anyio.move_on_after(GRACE) as waiting:
                        while self._busy:
                            woken = self._woken = anyio.Event()
                            await self._rest(woken, POLL)
                    if waiting.cancelled_caught:
                        tasks.cancel_scope.cancel()
                side.cancel_scope.cancel()
        finally:
            with anyio.CancelScope(shield=True):
                await self._trying("gone", self._do(self._farewell))
            self.ended.set()

    async def _look(self, tasks: TaskGroup) -> None:
        while not self._draining.stopping:
            woken = self._woken = anyio.Event()  # before the look, so that nothing is missed
            pause = POLL
            room = self.concurrency - len(self._busy)
            if room > 0:  # a job may begin a group at any time
                try:
                    due, after = await self._do(lanes.due, room, frozenset(self._busy))
                except GroupMessengerError as error:
                    _log.error("the outbox cannot be looked at: %s", error)
                    due, after, pause = [], None, _AFTER_FAILURE
                for group_id in due:
                    if group_id not in self._busy:
                        self._begin(tasks, group_id)
                if after is not None:
                    pause = min(pause, max(after, 0.01))
            await self._rest(woken, pause)

    def _begin(self, tasks: TaskGroup, group_id: int) -> None:
        self._busy.add(group_id)
        tasks.start_soon(self._drain, group_id)

    async def _drain(self, group_id: int) -> None:
        try:
            await self._run(self._draining.drain(group_id))
        except Exception as error:
            known = isinstance(error, GroupMessengerError)
            _log.error("a group's messages could not be sent: %s", error if known else "", exc_info=not known)
            self.counts["broken"] += 1
            await self._trying(
                "done with a group", self._do(lanes.release, group_id, self.id, _AFTER_FAILURE, failed=True)
            )
            if not self._draining.stopping:  # where even that could not be written, it is due still
                await anyio.sleep(_AFTER_FAILURE)
        finally:
            self._busy.discard(group_id)
            self.wake()

    async def _nudged(self, group_id: int) -> None:
        """Something was queued for a group: it is sent here if there is room, else by whoever looks next."""
        if group_id not in self._busy and len(self._busy) < self.concurrency and not self._draining.stopping:
            self._busy.add(group_id)
            await self._drain(group_id)
        else:
            await self._trying("woken", self._do(lanes.wake, group_id))

    async def _beat(self) -> None:
        while True:
            await anyio.sleep(_BEAT)
            if await self._trying("alive", self._do(self._alive, frozenset(self._busy))):
                await self._trying("looking for what was forgotten", self._do(_sweep))

    async def _show(self, observe: Callable[[OutboxStats], Any]) -> None:
        """Let the observers see how it stands; one that takes its time keeps nothing else from being done."""
        while True:
            await anyio.sleep(_BEAT)
            outcomes = dict(self.counts)  # which the rows have by then
            if (told := await self._trying("observed", self._do(stats))) is not None:
                shown = attrs.evolve(told, outcomes=outcomes)
                await anyio.to_thread.run_sync(observe, shown, abandon_on_cancel=True)

    def _alive(self, t: Transaction, busy: Collection[int]) -> bool:
        roster.seen(t, self.id, socket.gethostname(), os.getpid())
        lanes.renew(t, self.id, busy)  # and not of groups that could not be given back
        return True

    def _greeting(self, t: Transaction) -> None:
        roster.seen(t, self.id, socket.gethostname(), os.getpid())
        pauses.reconsider(t)

    def _farewell(self, t: Transaction) -> None:
        roster.gone(t, self.id)
        lanes.abandon(t, self.id)

    async def _rest(self, woken: anyio.Event, seconds: float) -> None:
        with anyio.move_on_after(seconds):
            await woken.wait()

    def _tell(self, told: Told) -> None:
        self.counts[told.outcome] += 1
        level = logging.INFO if told.outcome in ("sent", "settled") else logging.WARNING
        which = "a message sent directly" if told.entry is None else f"message {told.entry}"
        _log.log(level, "%s: %s", which, told.outcome, extra=attrs.asdict(told))

    async def _do(self, work: Callable[..., T], *args: Any, **named: Any) -> T:
        async def flow() -> T:
            return await self.board.do(work, *args, **named)

        begun = flow()
        try:
            return await self._run(begun)
        finally:
            begun.close()  # where it was cancelled before it began

    async def _trying(self, what: str, done: Awaitable[T]) -> T | None:
        try:
            return await done
        except GroupMessengerError as error:
            _log.error("this worker could not write that it is %s: %s", what, error)
            return None


def _sweep(t: Transaction) -> None:
    following.catch_up(t)
    lanes.sweep(t)
    lanes.tidy(t)


def worker_of(operations: Operations, run: Runner, concurrency: int) -> Worker:
    """A worker of a switchboard. Raises `InvalidInput`."""
    if type(concurrency) is not int or concurrency < 1:
        raise InvalidInput("concurrency is a number of groups, 1 or more")
    board = operations.board
    incoming = next(iter(board.lines.values())).incoming  # every connection has the same observers
    observe = incoming.observe_outbox if incoming.is_observed else None
    return Worker(board, run, concurrency, wakening_of(board.directory, concurrency), observe)
