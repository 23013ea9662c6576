"""Callbacks: accepted at once, and handled later, as often as it takes. Flows, also of `Handle` and `Observe`."""

from __future__ import annotations

import logging
import secrets
from collections.abc import Callable, Sequence
from datetime import timedelta
from functools import partial
from typing import TypeAlias

import attrs
from sqlalchemy import select

from ..callbacks import Callback
from ..errors import ConfigurationError, DirectoryError
from ..events import Event, MembersChanged, MessageReceived, ReactionReceived, StatusChanged
from ..incoming import check_replay
from ..webhooks.ears import Ears
from ..webhooks.receiver import LEASE, Handle, Observe
from ..webhooks.seen import Standing
from . import inbox, seen, threads
from .board import Board
from .directory import Transaction
from .inbox import Proven, Taken
from .known import name_of
from .tables import attempts
from .values import Handled, State

_LEAST, _MOST = 0.05, 30.0  # seconds, at least and at most, between two looks for what is due
_SOON = 1.0  # seconds until another look at what cannot be handled yet

TakeIn: TypeAlias = Callable[[Transaction, Sequence[Event]], tuple[Event, ...]]

_IN_A_THREAD = MessageReceived | ReactionReceived | MembersChanged

_log = logging.getLogger(__name__)


class _NotYet(Exception):
    """It cannot be handled now, and nothing is wrong with it."""


class Receiving:
    """The callbacks of one switchboard. `take_in` is the transaction that keeps what events tell."""

    def __init__(self, board: Board, ears: Ears, take_in: TakeIn) -> None:
        self._board = board
        self._ears = ears
        self._take_in = take_in
        self._under_way: set[int] = set()  # in this process: a lease is for those who may have died
        self.closed = False  # then nothing is accepted, and nothing begun

    async def accept(self, connection: str, callback: Callback) -> bool:
        """Believe a callback, and keep it and what it tells. False where that was done before."""
        self._check()
        line = self._board.line(connection)
        verified = line.incoming.verify(callback)
        believers = self._ears.believers(connection, callback)
        events = self._ears.understand(connection, inbox.bare(callback), verified, believers)

        def keep(t: Transaction) -> bool:
            check_replay(verified, callback, partial(seen.first, t, f"{line.provider}/once/"))
            self._take_in(t, events)
            return inbox.add(t, connection, callback, Proven(verified, tuple(sorted(believers))))

        return await self._board.do(keep)

    async def handle(self, limit: int | None, *, from_us: bool) -> Handled:
        """Have what is due handled, at most so many callbacks."""
        begun = handled = 0
        while (limit is None or begun < limit) and (taken := await self.take()) is not None:
            begun += 1
            handled += await self.finish(taken, from_us=from_us)
        return Handled(handled, await self._board.do(inbox.left, self._board.lines))

    async def take(self) -> Taken | None:
        """The next callback that is due, ours from now on."""
        self._check()
        return await self._board.do(inbox.take, self._board.lines, secrets.token_hex(8), self._under_way.copy())

    async def pause(self) -> float:
        """For how many seconds there is nothing to do, as far as is known."""
        seconds = await self._board.do(inbox.due, self._board.lines, self._under_way.copy())
        return _MOST if seconds is None else min(max(seconds, _LEAST), _MOST)

    async def finish(self, taken: Taken, *, from_us: bool) -> bool:
        """Have the events of a callback handled, those that were not. Whether all are."""
        self._under_way.add(taken.id)
        try:
            errors = await self._errors(taken, from_us=from_us)
            broken = [kind.__name__ for kind in errors if kind is not _NotYet]
            if broken:
                await self._board.do(inbox.failed, taken, broken[0])
            elif errors:
                await self._board.do(inbox.postpone, taken, _SOON)
            else:
                await self._board.do(inbox.done, taken)
        finally:
            self._under_way.discard(taken.id)
        return not errors

    def _check(self) -> None:
        if self.closed:
            raise ConfigurationError("this switchboard is closed: make another")

    async def _errors(self, taken: Taken, *, from_us: bool) -> list[type[Exception]]:
        """What kept events of a callback from being handled."""
        try:
            proven = taken.proven
            events = self._ears.understand(taken.connection, taken.callback, proven.verified, proven.believers)
            named = await self._board.do(self._named, taken, events)
        except Exception as error:
            if not isinstance(error, _NotYet):
                _log.exception("a callback of connection %s could not be read again", taken.connection)
            return [type(error)]
        kinds = [await self._error(event, taken.owner, from_us=from_us) for event in named]
        return [kind for kind in kinds if kind is not None]

    async def _error(self, event: Event, owner: str, *, from_us: bool) -> type[Exception] | None:
        """Have an event handled unless it was. What kept it from that."""
        line, kind = self._board.lines[str(event.connection)], type(event).__name__
        key = f"{line.provider}/{line.number}/{event.key}"  # once, where several connections have one line
        try:
            standing = await self._board.do(seen.claim, key, owner, LEASE)
            if standing is not Standing.MINE:
                return None if standing is Standing.DONE else _NotYet
            if from_us or not getattr(event, "from_us", False):
                await Handle(event)
            await self._board.do(seen.commit, key, owner)
        except Exception as error:
            _log.exception("%s of connection %s was not handled", kind, event.connection)
            await self._release(key, owner)
            return type(error)
        incoming = line.incoming
        if incoming.is_observed:
            await Observe(partial(incoming.observe, event))
        return None

    async def _release(self, key: str, owner: str) -> None:
        """Let go of an event, so that it can be handled again. Where that fails the lease ends it."""
        try:
            await self._board.do(seen.release, key, owner)
        except DirectoryError:
            _log.exception("a claim could not be released; it ends by itself after %.0f s", LEASE)

    def _named(self, t: Transaction, taken: Taken, events: Sequence[Event]) -> tuple[Event, ...]:
        """The events with the names of their groups, as they are by now."""
        named = tuple(self._with_name(t, event) for event in events)
        if any(self._may_be_opening(t, event, taken) for event in named):
            raise _NotYet
        return named

    def _with_name(self, t: Transaction, event: Event) -> Event:
        if isinstance(event, StatusChanged):  # of a message that is known only since it was answered, perhaps
            return self._take_in(t, [event])[0]
        if not isinstance(event, _IN_A_THREAD) or event.group is None:
            return event
        line = self._board.lines[str(event.connection)]
        binding = threads.by_thread(t, line.provider, line.number, event.group.id)
        return event if binding is None else attrs.evolve(event, logical=name_of(t, binding.group_id))

    def _may_be_opening(self, t: Transaction, event: Event, taken: Taken) -> bool:
        """Whether an event is of a thread that nobody knows, while a message is on its way that may have opened it."""
        if not isinstance(event, _IN_A_THREAD) or event.group is None or event.logical is not None:
            return False
        line = self._board.lines[str(event.connection)]
        if t.now > taken.callback.received_at + timedelta(seconds=line.lasting):
            return False
        here = (attempts.c.provider == line.provider) & (attempts.c.line == line.number)
        under_way = (attempts.c.state == State.SENDING) & (attempts.c.lease_until > t.now)
        return t.execute(select(attempts.c.id).where(here, under_way).limit(1)).first() is not None
