"""The outbox, for programs that block."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import ExitStack, suppress
from datetime import datetime, timedelta
from types import TracebackType
from typing import TYPE_CHECKING, Protocol, TypeVar

import anyio
import anyio.to_thread
import attrs
from anyio.from_thread import start_blocking_portal
from sqlalchemy import Connection

from ...flow import Flow
from ...messages import Message
from .values import OutboxEntry, OutboxState, OutboxStats, Progress
from .worker import CONCURRENCY, Worker, worker_of

if TYPE_CHECKING:
    from ..operations import Operations

T = TypeVar("T")


class Run(Protocol):
    """What runs a flow by blocking."""

    def __call__(self, flow: Flow[T]) -> T:
        """Run it to its end."""
        ...


@attrs.frozen(eq=False, repr=False)
class Outbox:
    """The messages that a switchboard has queued, and what became of them; `board.outbox`."""

    _operations: Operations
    _run: Run

    def entries(
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
        return self._run(self._operations.outbox.entries(state, group, batch, limit, after))

    def get(self, number: int) -> OutboxEntry:
        """Read one message by its number. Raises `InvalidInput` if there is none."""
        return self._run(self._operations.outbox.get(number))

    def cancel(self, *numbers: int) -> tuple[OutboxEntry, ...]:
        """Take messages back. Raises `InvalidInput`, and takes none, where one is under way, sent or unknown."""
        return self._run(self._operations.outbox.cancel(numbers))

    def retry(self, *numbers: int, may_duplicate: bool = False) -> tuple[OutboxEntry, ...]:
        """Queue messages again that failed or wait after a failure; with `may_duplicate`, those nobody can tell of.

        Those may reach everybody twice. Raises `InvalidInput`, and queues none, for any other.
        """
        return self._run(self._operations.outbox.retry(numbers, may_duplicate=may_duplicate))

    def resume(self, connection: str | None = None) -> int:
        """End the pause of a connection, or of all: its provider takes messages again. Gives how many were paused."""
        return self._run(self._operations.outbox.resume(connection))

    def purge(self, older: timedelta) -> int:
        """Delete what ended longer ago than this, dead letters included, and give how many. Keys stay used."""
        return self._run(self._operations.outbox.purge(older))

    def progress(self, batch: str) -> Progress:
        """Read how far a batch of `send_many` has come."""
        return self._run(self._operations.outbox.progress(batch))

    def stats(self) -> OutboxStats:
        """Read how many messages are in which state, what waits for what, and which workers there are."""
        return self._run(self._operations.outbox.stats())


class Queueing:
    """What a `Switchboard` does with its outbox."""

    operations: Operations

    @property
    def outbox(self) -> Outbox:
        """The messages that are queued, and what became of them."""
        return Outbox(self.operations, self._run)

    def enqueue(
        self,
        name: str,
        message: Message | str,
        key: str | None = None,
        at: datetime | None = None,
        connection: Connection | None = None,
    ) -> OutboxEntry:
        """Queue a message to a group: once this returns, it is on disk, and a `worker` sends it, once.

        With a `key` it is queued once, however often that is asked. Not before `at`, a time with a zone. With a
        `connection` of your own to the directory's database it is queued if, and only if, you commit. What can be
        seen to be wrong now raises as `plan` does, and is looked at again when it is sent; `KeyReused`;
        `DirectoryError`.
        """
        outbox = self.operations.outbox
        put = outbox.putting(name, message, key, at, self._run(outbox.carried()))
        if connection is None:
            return self._run(outbox.enqueue(put))
        directory = self.operations.board.directory
        return directory.within(connection, put)

    def send_many(
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
        batch = self._run(outbox.enqueue_many(names, message, key, at, on_progress))
        if not wait or at is not None:
            return self._run(outbox.progress(batch))
        with self.worker():
            return self._run(outbox.watch(batch, on_progress))

    def worker(self, *, concurrency: int = CONCURRENCY) -> Working:
        """Send what is queued, as long as the `with` block lasts, to so many groups at a time.

        May be one of many, here and elsewhere. At its end, what is under way is brought to an end.
        """
        self._check()
        return Working(self.operations, self._run, concurrency)

    def _run(self, flow: Flow[T]) -> T:
        raise NotImplementedError

    def _check(self) -> None:
        raise NotImplementedError


class Working:
    """A worker in threads beside the program, for a `with` block."""

    def __init__(self, operations: Operations, run: Run, concurrency: int) -> None:
        self._outbox = operations.outbox
        self._run = run
        self._limiter: anyio.CapacityLimiter | None = None
        self._threads = concurrency + 4  # beside those that send
        self._worker = worker_of(operations, self._in_thread, concurrency)
        self._stack = ExitStack()

    def __enter__(self) -> Worker:
        self._portal = self._stack.enter_context(start_blocking_portal())
        try:
            self._running, _ = self._portal.start_task(self._worker.run)
        except BaseException:
            self._stack.close()
            raise
        self._outbox.on_queued.add(self._wake)
        return self._worker

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._outbox.on_queued.discard(self._wake)
        with self._stack:
            self._portal.call(self._worker.stop)
            self._running.result()

    def _wake(self) -> None:
        with suppress(RuntimeError):  # it has just ended
            self._portal.start_task_soon(self._worker.wake)

    async def _in_thread(self, flow: Flow[T]) -> T:
        if self._limiter is None:
            self._limiter = anyio.CapacityLimiter(self._threads)
        try:
            return await anyio.to_thread.run_sync(self._run, flow, limiter=self._limiter)
        finally:
            flow.close()  # where it was cancelled before it had a thread
