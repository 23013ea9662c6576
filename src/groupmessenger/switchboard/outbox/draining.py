"""Sending what is queued for a group, in its order. Flows."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import timedelta
from typing import TypeAlias

import attrs

from ...capabilities import DEFAULT_SETTLE
from ...errors import DirectoryError, GroupMessengerError, InvalidInput, Outcome
from ...flow import Now
from .. import ledger, outcomes
from ..board import Board
from ..directory import Transaction
from ..sending import Sending
from ..settling import settle_one
from ..tried import UNDER_WAY, Tried, by_token, last_of
from ..turns import Later, Turn
from ..values import State
from . import following, lanes, pauses, queue
from .policy import Delay, GiveUp, PauseConnection, growing, judge
from .queue import Head

_SLICE = 10.0  # seconds for one group, if others wait
_MOST_BROKEN = 10  # tries of a message
_AFTER_BROKEN = 5.0, 300.0  # seconds, growing
_LOOKS = 2.0, 60.0  # seconds between two looks for a lost message, growing


_log = logging.getLogger("groupmessenger.outbox")


@attrs.frozen
class Told:
    """What came of one message: sent, unknown, failed, waiting, broken; later, of an unknown one: settled, unsettled.

    `entry` is its number in the outbox, None for one that was sent directly.
    """

    outcome: str
    entry: int | None
    connection: str | None = None
    error: str | None = None


@attrs.frozen
class _Lost:
    """An attempt of the group of which nobody knows what became of it, so that all others wait."""

    tried: Tried
    entry: int | None
    failures: int
    left: float  # seconds until it has come out, if it went
    overdue: bool  # it has not been possible to ask for as long again


@attrs.frozen
class _Rest:
    """Nothing to do, for so many seconds; None: until the next message is due."""

    seconds: float | None
    failed: bool = False
    paused: str | None = None  # the connection, where that is why


_Step: TypeAlias = Head | _Lost | _Rest | None


@attrs.define(eq=False)
class Draining:
    """One worker's sending. `tell` hears what came of each message. When `stopping`, nothing more is begun."""

    board: Board
    owner: str
    tell: Callable[[Told], None]
    stopping: bool = False

    async def drain(self, group_id: int) -> None:
        """Take a group's lane, unless somebody has it, and send what is due, until something is in the way."""
        if not await self.board.do(lanes.claim, group_id, self.owner):
            return
        until = await Now() + timedelta(seconds=_SLICE)
        sent_by: str | None = None
        while (step := await self.board.do(self._next, group_id, sent_by)) is not None:
            sent_by, rest = None, None
            if isinstance(step, Head):
                sent_by, rest = await self._send(step)
            elif isinstance(step, _Lost):
                rest = await self._look(step)
            else:
                rest = step
            if rest is None and (self.stopping or await Now() > until):
                rest = _Rest(0.0)
            if rest is not None:
                await self.board.do(self._leave, group_id, sent_by, rest)
                return

    def _next(self, t: Transaction, group_id: int, sent_by: str | None) -> _Step:
        failures = lanes.keep(t, group_id, self.owner)
        if failures is None:
            return None
        self._progress(t, group_id, sent_by)
        tried = next(iter(ledger.open_now(t, group_id)), None)
        if tried is None:
            return queue.head(t, group_id) or _Rest(None)
        if tried.state is State.PREPARING and following.is_workers(t, tried.message_id):
            outcomes.abandoned(t, tried, "the worker that prepared it was gone")
            return self._next(t, group_id, None)
        if tried.state in UNDER_WAY:  # has left by a worker that is gone, or not by a worker
            return _Rest(min(max((tried.lease_until - t.now).total_seconds(), 0.0) + 0.01, _LOOKS[0]))
        line = self.board.at(tried.provider, tried.line, tried.connection)
        settle = DEFAULT_SETTLE if line is None else line.capabilities.settle
        return _Lost(
            tried,
            queue.number_of(t, tried.message_id),
            failures,
            left=tried.settled_in(settle),
            overdue=tried.is_settled(settle + max(settle, _LOOKS[1])),
        )

    def _progress(self, t: Transaction, group_id: int, sent_by: str | None) -> None:
        if sent_by is not None:
            lanes.progressed(t, group_id, self.owner)
            pauses.over(t, sent_by)

    def _leave(self, t: Transaction, group_id: int, sent_by: str | None, rest: _Rest) -> None:
        self._progress(t, group_id, sent_by)
        over = rest.paused is not None and not any(each.connection == rest.paused for each in pauses.listed(t))
        lanes.release(t, group_id, self.owner, 0.0 if over else rest.seconds, failed=rest.failed)

    async def _look(self, lost: _Lost) -> _Rest | None:
        """Look for a message that may have been sent. While nobody knows, all others of its group wait."""
        try:
            told = await settle_one(self.board, lost.tried)
            decided, why = told.state is not State.UNKNOWN, told.why
        except GroupMessengerError:
            raise
        except Exception as error:
            _log.exception("it could not be looked for message %s", lost.entry)
            decided, why = False, f"looking for it broke ({type(error).__name__}): see the log"
        if not decided and not await self.board.do(_is_over, lost, why):
            rest = growing(*_LOOKS, lost.failures)
            return _Rest(min(rest, lost.left) if lost.left > 0 else rest, failed=True)
        await self.board.do(lanes.progressed, lost.tried.group_id, self.owner)
        self.tell(Told("settled" if decided else "unsettled", lost.entry, lost.tried.connection))
        return None

    async def _send(self, head: Head) -> tuple[str | None, _Rest | None]:
        """Send a message. The connection that did, and the rest that is in the way of the next."""
        turn = Turn(head.message_id, head.group_id, self.owner, head.carried)
        try:
            message = head.message
            if message.expires_at is not None and message.expires_at <= await Now():
                raise InvalidInput("it was to be sent only until a time that is over")
            receipt = await Sending(self.board, head.name, message, turn=turn).run()
        except Later as later:
            return None, _Rest(later.seconds, paused=later.paused)
        except DirectoryError:
            raise
        except GroupMessengerError as error:
            if error.outcome is not Outcome.NOT_SENT:
                self.tell(Told(error.outcome.value, head.id, None, type(error).__name__))
            told, rest = await self.board.do(self._after, head, error)
            if told is not None:
                self.tell(told)
            if rest is not None and rest.paused is not None:
                _log.warning("connection %s is paused for %.0f s: %s", rest.paused, rest.seconds, error)
            return None, rest
        except Exception as error:  # of an adapter, an observer or a bug of ours: it may be gone with the next version
            _log.exception("message %s could not be sent", head.id)
            self.tell(Told("broken", head.id, None, type(error).__name__))
            return None, await self.board.do(self._broken, head, type(error).__name__)
        self.tell(Told("sent", head.id, receipt.connection))
        return receipt.connection, None

    def _broken(self, t: Transaction, head: Head, kind: str) -> _Rest | None:
        """Write down that sending broke; where the message had left by then, nobody knows whether it arrived."""
        failures = lanes.keep(t, head.group_id, self.owner)
        if failures is None:
            return None
        last, why = last_of(t, head.message_id), f"sending it broke ({kind}): see the log"
        if last is not None and last.state is State.PREPARING:
            outcomes.abandoned(t, last, why)
        elif last is not None and last.state is State.SENDING:
            outcomes.lost(t, last.token, why)
        if head.tries + 1 >= _MOST_BROKEN:
            queue.fail(t, head.id, why)
            return None
        queue.note(t, head.id, why)
        return _Rest(growing(*_AFTER_BROKEN, failures), failed=True)

    def _after(self, t: Transaction, head: Head, error: GroupMessengerError) -> tuple[Told | None, _Rest | None]:
        """Do what a failure means."""
        failures = lanes.keep(t, head.group_id, self.owner)
        if failures is None or not queue.waits(t, head.id):
            return None, None
        verdict = judge(error, head.tries + 1, queue.tried_for(t, head.id))
        last, kind = last_of(t, head.message_id), type(error).__name__
        # An error that is the attempt's own is its connection's; others came up before there was one.
        connection = None if last is None else last.connection
        its_own = last is not None and last.error == str(error)
        match verdict:
            case PauseConnection(first, longest) if connection is not None and its_own:
                pause = pauses.pause(t, connection, kind, str(error), first, longest)
                queue.note(t, head.id, str(error), paused=True)
                seconds = (pause.until - t.now).total_seconds()
                return Told("waiting", head.id, connection, kind), _Rest(seconds, paused=connection)
            case Delay(seconds):
                queue.delay(t, head.id, seconds, str(error))
                return Told("waiting", head.id, connection, kind), None
            case GiveUp():
                queue.fail(t, head.id, str(error))
                return Told("failed", head.id, connection, kind), None
            case _:
                queue.note(t, head.id, str(error))
                seconds = growing(verdict.first, verdict.longest, failures)
                return Told("waiting", head.id, connection, kind), _Rest(seconds, failed=True)


def _is_over(t: Transaction, lost: _Lost, why: str) -> bool:
    """Whether nobody looks for a message any more, also since nobody could be asked for too long."""
    if lost.overdue:
        outcomes.give_up(t, lost.tried.token, why)
    return by_token(t, lost.tried.token).gave_up_at is not None
