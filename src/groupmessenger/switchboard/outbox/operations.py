"""What an outbox does, as flows: checked, and each done by whoever does it."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import Any, TypeVar

from ...errors import DirectoryError, InvalidInput, Outcome, SwitchHeld
from ...flow import Now, Sleep
from ...inputs import as_message
from ...messages import Message
from .. import admission, known, ledger, people, routing
from ..board import Board
from ..directory import Transaction
from ..inputs import as_key
from ..known import Known
from . import entries, lanes, pauses, queue
from .batches import Batch, in_parts, put
from .batches import missing as missing_of
from .statistics import stats
from .values import OutboxEntry, OutboxState, OutboxStats, Pause, Progress
from .wakening import nudge

T = TypeVar("T")

_AT_ONCE = 500  # messages in one transaction
_LOOK = 0.5  # seconds between two looks at a batch


class Outbox:
    """The operations of one switchboard's outbox. `on_queued` hears that there is something to do."""

    def __init__(self, board: Board) -> None:
        self._board = board
        self.on_queued: set[Callable[[], Any]] = set()

    async def carried(self) -> Mapping[str, str]:
        """What goes along with a message that is queued now."""
        return await self._board.carried()

    def putting(
        self,
        name: str,
        message: Message | str,
        key: str | None,
        at: datetime | None,
        carried: Mapping[str, str] = MappingProxyType({}),
    ) -> Callable[[Transaction], OutboxEntry]:
        """The transaction that queues a message; what is wrong with it is said before."""
        wanted, key, at = as_message(message), as_key(key), _moment(at)

        def put(t: Transaction) -> OutboxEntry:
            here = known.named(t, name)
            group = here.group
            before = None if key is None else ledger.keyed(t, group.id, key, wanted)
            if before is None:
                self._check(t, here, wanted)
            number, new = queue.add(t, group.id, wanted, key, at, known=before, carried=carried)
            if new and _wake(t, group.id, at):
                nudge(t, group.id)
            return entries.one(t, number) if before is not None or not new else _entry(t, number, group.name, key, at)

        return put

    async def enqueue(self, put: Callable[[Transaction], OutboxEntry]) -> OutboxEntry:
        """Queue a message in a transaction of its own."""
        done: list[OutboxEntry] = []

        def tried(t: Transaction) -> OutboxEntry:
            done[:] = [put(t)]
            return done[0]

        try:
            entry = await self._board.do(tried)
        except DirectoryError as error:
            if done:  # all but to commit: it may be queued, and its key tells
                error.outcome = Outcome.UNKNOWN
            raise
        self._tell()
        return entry

    async def enqueue_many(
        self,
        names: Iterable[str],
        message: Message | str,
        key: str | None,
        at: datetime | None,
        on_progress: Callable[[Progress], object] | None,
    ) -> str:
        """Queue one message for many groups, some at a time, and give the batch's key."""
        if isinstance(names, str):
            raise InvalidInput("names is a list of groups: put the single one in brackets")
        if iter(names) is names:  # it is gone through twice
            names = list(names)
        wanted, batch, at = as_message(message), as_key(key) or f"batch-{secrets.token_hex(8)}", _moment(at)
        await self._known(names, wanted, batch)
        carried = await self.carried()
        queued = Batch(board=self._board, message=wanted, key=batch, at=at, carried=carried)
        for some in in_parts(names, _AT_ONCE):
            await self._board.do(put, queued, some)
            self._tell()
            if on_progress is not None:
                on_progress(await self.progress(batch))
        return batch

    async def _known(self, names: Iterable[str], message: Message, key: str) -> None:
        """Raise `InvalidInput` with the names that no group has, `KeyReused` where the key is another message's."""
        missing: list[str] = []
        count = 0
        for some in in_parts(names, 500):
            lost = await self._board.do(missing_of, some, message, key)
            count += len(lost)
            missing.extend(lost[: 5 - len(missing)])
        if missing:
            more = f" and {count - len(missing)} more" if count > len(missing) else ""
            raise InvalidInput(f"there is no group {', '.join(map(repr, missing))}{more}: nothing was queued")

    def _check(self, t: Transaction, here: Known, message: Message) -> None:
        """Raise what keeps a message from being sent as things are now."""
        try:
            route = routing.choose(here.group, message, self._board.rules, self._board.lines)
        except SwitchHeld:  # somebody is asked, and the message waits for the answer
            return
        admission.refuse(t, here, route.line, message.leave_out)

    async def progress(self, batch: str, begun: datetime | None = None, before: int = 0) -> Progress:
        """How far a batch has come, and how fast since `begun`, when so many had ended before."""
        counts, paused = await self._board.do(_progress, batch)
        rate = 0.0
        if begun is not None:
            elapsed = (await Now() - begun).total_seconds()
            rate = max(_ended(counts) - before, 0) / elapsed if elapsed > 0 else 0.0
        return Progress(batch=batch, counts=counts, rate=rate, pauses=paused)

    async def watch(self, batch: str, on_progress: Callable[[Progress], object] | None) -> Progress:
        """Wait until every message of a batch is decided."""
        begun = await Now()
        before = _ended((await self.progress(batch)).counts)
        while True:
            progress = await self.progress(batch, begun, before)
            if on_progress is not None:
                on_progress(progress)
            if not progress.remaining:
                return progress
            await Sleep(_LOOK)

    async def entries(
        self, state: str | None, group: str | None, batch: str | None, limit: int | None, after: int
    ) -> tuple[OutboxEntry, ...]:
        """The messages there are."""
        if limit is not None and (type(limit) is not int or limit < 1):
            raise InvalidInput("limit is a number of messages, 1 or more")

        def read(t: Transaction) -> tuple[OutboxEntry, ...]:
            group_id = None if group is None else people.load(t, group).id
            return entries.listed(t, state, group_id, batch, limit, after)

        return await self._board.do(read)

    async def get(self, number: int) -> OutboxEntry:
        """One message."""
        return await self._board.do(entries.one, number)

    async def cancel(self, numbers: tuple[int, ...]) -> tuple[OutboxEntry, ...]:
        """Take messages back."""
        return await self._board.do(queue.cancel, numbers)

    async def retry(self, numbers: tuple[int, ...], *, may_duplicate: bool) -> tuple[OutboxEntry, ...]:
        """Queue messages again."""
        entries = await self._board.do(queue.retry, numbers, may_duplicate=may_duplicate)
        self._tell()
        return entries

    async def resume(self, connection: str | None) -> int:
        """End pauses."""
        if connection is not None:
            self._board.line(connection)
        ended = await self._board.do(pauses.resume, connection)
        self._tell()
        return ended

    async def purge(self, older: timedelta) -> int:
        """Delete what ended longer ago."""
        if not isinstance(older, timedelta) or older < timedelta():
            raise InvalidInput("older is a length of time, such as timedelta(days=30)")

        def purge(t: Transaction) -> int:
            return queue.purge(t, t.now - older)

        return await self._board.do(purge)

    async def stats(self) -> OutboxStats:
        """How it stands."""
        return await self._board.do(stats)

    def _tell(self) -> None:
        for tell in tuple(self.on_queued):
            tell()


def _wake(t: Transaction, group_id: int, at: datetime | None) -> bool:
    """Have a group looked at. Whether nobody would look soon."""
    if t.is_callers and t.is_postgresql:  # a lane is not to be locked for as long as theirs may last
        return at is None
    return lanes.wake(t, group_id, at) and at is None


def _entry(t: Transaction, number: int, name: str, key: str | None, at: datetime | None) -> OutboxEntry:
    """One that was just queued, as it would be read."""
    due_at = None if at is None or at <= t.now else at.astimezone(UTC)
    return OutboxEntry(id=number, logical=name, key=key, state=OutboxState.QUEUED, due_at=due_at, queued_at=t.now)


def _progress(t: Transaction, batch: str) -> tuple[dict[OutboxState, int], tuple[Pause, ...]]:
    return entries.counts(t, batch), pauses.listed(t)


def _ended(counts: Mapping[OutboxState, int]) -> int:
    return sum(count for state, count in counts.items() if state not in queue.OPEN)


def _moment(at: datetime | None) -> datetime | None:
    if at is None:
        return None
    if not isinstance(at, datetime):
        raise InvalidInput(f"at is a time, not {type(at).__name__}")
    if at.tzinfo is None:
        raise InvalidInput("at has no time zone: datetime.now(UTC) has one")
    return at
