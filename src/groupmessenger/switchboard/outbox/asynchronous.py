"""The outbox, for asyncio and trio."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from types import TracebackType
from typing import TYPE_CHECKING, TypeVar

import anyio
import attrs
from anyio.abc import TaskGroup
from sqlalchemy import Connection

from ...flow import Flow
from ...messages import Message
from .values import OutboxEntry, OutboxState, OutboxStats, Progress
from .wakening import nudge_by
from .worker import CONCURRENCY, Runner, Worker, worker_of

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncConnection

    from ..operations import Operations

T = TypeVar("T")


@attrs.frozen(eq=False, repr=False)
class AsyncOutbox:
    """The messages that a switchboard has queued, and what became of them; `board.outbox`."""

    _operations: Operations
    _run: Runner

    async def entries(
        self,
        state: OutboxState | str | None = None,
        *,
        group: str | None = None,
        batch: str | None = None,
        limit: int | None = None,
        after: int = 0,
    ) -> tuple[OutboxEntry, ...]:
        """Read the messages in a `state`, else all that are neither sent nor cancelled, the oldest first.

        Of one `group` or one `batch` where that is given, at most `limit`, with numbers beyond `after`.
        """
        return await self._run(self._operations.outbox.entries(state, group, batch, limit, after))

    async def get(self, number: int) -> OutboxEntry:
        """Read one message by its number. Raises `InvalidInput` if there is none."""
        return await self._run(self._operations.outbox.get(number))

    async def cancel(self, *numbers: int) -> tuple[OutboxEntry, ...]:
        """Take messages back. Raises `InvalidInput`, and takes none, where one is under way, sent or unknown."""
        return await self._run(self._operations.outbox.cancel(numbers))

    async def retry(self, *numbers: int, may_duplicate: bool = False) -> tuple[OutboxEntry, ...]:
        """Queue messages again that failed or wait after a failure; with `may_duplicate`, those nobody can tell of.

        Those may reach everybody twice. Raises `InvalidInput`, and queues none, for any other.
        """
        return await self._run(self._operations.outbox.retry(numbers, may_duplicate=may_duplicate))

    async def resume(self, connection: str | None = None) -> int:
        """End the pause of a connection, or of all: its provider takes messages again. Gives how many were paused."""
        return await self._run(self._operations.outbox.resume(connection))

    async def purge(self, older: timedelta) -> int:
        """Delete what ended longer ago than this, dead letters included, and give how many. Keys stay used."""
        return await self._run(self._operations.outbox.purge(older))

    async def progress(self, batch: str) -> Progress:
        """Read how far a batch of `send_many` has come."""
        return await self._run(self._operations.outbox.progress(batch))

    async def stats(self) -> OutboxStats:
        """Read how many messages are in which state, what waits for what, and which workers there are."""
        return await self._run(self._operations.outbox.stats())


class AsyncQueueing:
    """What an `AsyncSwitchboard` does with its outbox."""

    operations: Operations

    @property
    def outbox(self) -> AsyncOutbox:
        """The messages that are queued, and what became of them."""
        return AsyncOutbox(self.operations, self._run)

    async def enqueue(
        self,
        name: str,
        message: Message | str,
        key: str | None = None,
        at: datetime | None = None,
        connection: Connection | AsyncConnection | None = None,
    ) -> OutboxEntry:
        """Queue a message to a group: once this returns, it is on disk, and a `worker` sends it, once.

        With a `key` it is queued once, however often that is asked. Not before `at`, a time with a zone. With a
        `connection` of your own to the directory's database it is queued if, and only if, you commit. What can be
        seen to be wrong now raises as `plan` does, and is looked at again when it is sent; `KeyReused`;
        `DirectoryError`.
        """
        outbox = self.operations.outbox
        put = outbox.putting(name, message, key, at, await self._run(outbox.carried()))
        if connection is None:
            return await self._run(outbox.enqueue(put))
        directory = self.operations.board.directory
        if isinstance(connection, Connection) or not hasattr(connection, "run_sync"):  # which is refused
            return directory.within(connection, put)
        entry = await connection.run_sync(lambda own: directory.within(own, put))
        await nudge_by(connection, entry)
        return entry

    async def send_many(
        self,
        names: Iterable[str],
        message: Message | str,
        key: str | None = None,
        at: datetime | None = None,
        *,
        wait: bool = True,
        on_progress: Callable[[Progress], object] | None = None,
    ) -> Progress:
        """Queue a message to many groups, and send it: once for each group with the `key`, however often it is asked.

        Returns when all is decided, or, without `wait` or with `at`, when all is queued. Whatever ends this before
        leaves the rest to the next worker. `on_progress` hears how far it is, about twice a second. Raises
        `InvalidInput` for groups that there are not, and queues nothing then; what keeps a single group from being sent
        to is kept as failed.
        """
        outbox = self.operations.outbox
        batch = await self._run(outbox.enqueue_many(names, message, key, at, on_progress))
        if not wait or at is not None:
            return await self._run(outbox.progress(batch))
        async with self.worker():
            return await self._run(outbox.watch(batch, on_progress))

    def worker(self, *, concurrency: int = CONCURRENCY) -> AsyncWorking:
        """Send what is queued, as long as the `async with` block lasts, to so many groups at a time.

        May be one of many, here and elsewhere. At its end, what is under way is brought to an end.
        """
        self._check()
        return AsyncWorking(self.operations, self._run, concurrency)

    async def _run(self, flow: Flow[T]) -> T:
        raise NotImplementedError

    def _check(self) -> None:
        raise NotImplementedError


class AsyncWorking:
    """A worker in an event loop, for an `async with` block."""

    def __init__(self, operations: Operations, run: Runner, concurrency: int) -> None:
        self._outbox = operations.outbox
        self._worker = worker_of(operations, run, concurrency)
        self._tasks: TaskGroup = anyio.create_task_group()

    async def __aenter__(self) -> Worker:
        await self._tasks.__aenter__()
        try:
            await self._tasks.start(self._worker.run)
        except BaseException:
            self._tasks.cancel_scope.cancel()
            await self._tasks.__aexit__(None, None, None)
            raise
        self._outbox.on_queued.add(self._worker.wake)
        return self._worker

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._outbox.on_queued.discard(self._worker.wake)
        self._worker.stop()
        with anyio.CancelScope(shield=True):
            await self._worker.ended.wait()
        await self._tasks.__aexit__(None, None, None)
