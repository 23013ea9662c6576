"""What must hold of the messages of an outbox, beside what must hold in every world.

Nothing is let go before its time, or twice, unless a `retry` said that it may be. What a worker takes is the message
whose turn it is when it looks. So of messages without a time, those of one group leave and are shown by their numbers,
but for such as were delayed alone, had failed and were tried again, were given up as unknown (and may prove not to have
been sent), or were sent out of their turn under their key.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import combinations
from typing import Any

from sqlalchemy import Row, select

from groupmessenger.switchboard.directory import Transaction
from groupmessenger.switchboard.outbox.tables import outbox, pauses
from groupmessenger.switchboard.outbox.values import OutboxState
from groupmessenger.switchboard.tables import messages
from groupmessenger.switchboard.values import State

from .judge import Judge
from .notes import Left, Wish
from .queueing import DENIED, Queueing
from .world import World

_GONE = (State.SENT, State.UNKNOWN)
_MILLISECOND = timedelta(milliseconds=1)


class QueueJudge(Judge):
    """Compares what there is with the rows of the outbox."""

    application: Queueing

    def __init__(self, world: World, application: Queueing) -> None:
        super().__init__(world, application)
        self.twins += Counter(wish.text for wish in application.wishes)
        self.entries = world.directory.do(_read)
        self.paused = world.directory.do(_paused)
        self.by_message: dict[int, list[Row[Any]]] = defaultdict(list)  # attempts
        for row in self.rows:
            self.by_message[row.message_id].append(row)
        self.states = {row.token: State(row.state) for row in self.rows}
        self.wishes: dict[int, Wish] = {number: wish for wish in application.wishes for number in wish.numbers}
        self.left: dict[int, list[Left]] = defaultdict(list)
        for each in application.left:
            if each.entry is not None:
                self.left[each.entry].append(each)

    def faults(self) -> Iterator[str]:
        yield from super().faults()
        yield from self.application.broken
        yield from self.application.strays
        yield from self._kept()
        yield from self._agreed()
        yield from self._once()
        yield from self._taken_back()
        yield from self._timely()
        yield from self._in_turn()
        yield from self._paced()

    def _kept(self) -> Iterator[str]:
        """I-3: what was queued is there, once for a key."""
        for number, wish in self.wishes.items():
            if number not in self.entries:
                yield f"I-3: message {number} ({wish.key or wish.text}) is gone"
        for wish in self.application.wishes:
            if len(wish.numbers) > (1 if wish.key is not None else wish.calls):
                yield f"I-1: {wish.key or wish.text} was queued as {sorted(wish.numbers)}"

    def _agreed(self) -> Iterator[str]:
        """I-2 and I-3: every message has ended, or waits for what it says; and it ended as its attempts did."""
        now = self.world.clock.now()
        for number, entry in self.entries.items():
            last = self.by_message[entry.message_id]
            states = {State(row.state) for row in last}
            match OutboxState(entry.state):
                case OutboxState.SENT:
                    agrees = State.SENT in states
                case OutboxState.UNKNOWN:
                    agrees = bool(last) and last[-1].state == State.UNKNOWN and State.SENT not in states
                case OutboxState.SENDING:
                    agrees = False
                case OutboxState.QUEUED if (entry.due_at is None or entry.due_at <= now) and not self.paused:
                    agrees = False
                case _:
                    agrees = states <= {State.NOT_SENT}
            if not agrees:
                yield f"I-3: message {number} is {entry.state} in the end ({entry.error}), its attempts {states}"

    def _once(self) -> Iterator[str]:
        """I-1: a message is let go once, or as often as somebody said that it may be."""
        for number, left in self.left.items():
            gone = [each for each in left if self.states[each.token] in _GONE]
            most = 1 + self.application.granted[number]
            if len(gone) > most:
                yield f"I-1: message {number} went out {len(gone)} times, at most {most}"

    def _taken_back(self) -> Iterator[str]:
        """I-3: what was taken back does not leave after that."""
        for number, at in self.application.cancelled.items():
            if not self._is_direct(number) and any(each.at > at for each in self.left[number]):
                yield f"I-3: message {number} left after it was taken back"

    def _timely(self) -> Iterator[str]:
        """I-4: nothing leaves before its time."""
        for number, left in self.left.items():
            wish = self.wishes.get(number)
            for each in left if wish is not None and wish.at is not None else ():
                if each.waits and wish is not None and wish.at is not None and each.now < wish.at:
                    yield f"I-4: message {number} left {wish.at - each.now} before its time"

    def _in_turn(self) -> Iterator[str]:
        """I-4: of one group, by their numbers they leave, and are shown."""
        plain: dict[int, list[int]] = defaultdict(list)
        for number, entry in self.entries.items():
            if self.left[number] and self._is_plain(entry):
                plain[entry.group_id].append(number)
        for numbers in plain.values():
            for one, other in combinations(sorted(numbers), 2):
                if max(each.at for each in self.left[one]) > min(each.at for each in self.left[other]):
                    yield f"I-4: message {other} left before {one}"
        known = {number: self.wishes[number].text for numbers in plain.values() for number in numbers}
        numbered = {text: number for number, text in known.items() if self.twins[text] == 1}
        groups = {number: entry.group_id for number, entry in self.entries.items()}
        for phone in self.world.vendors.network.phones:
            for shown in phone.messages.values():
                here = [numbered[each.text] for each in shown if each.text in numbered]
                for before, after in combinations(here, 2):
                    if groups[before] == groups[after] and before > after:
                        yield f"I-4: {phone.number} shows message {before} before {after}"

    def _is_plain(self, entry: Row[Any]) -> bool:
        application, number = self.application, entry.id
        given_up = any(row.token in application.given_up for row in self.by_message[entry.message_id])
        retried = number in application.delayed or application.retries[number] > 0
        wish = self.wishes.get(number)
        timed = wish is not None and wish.at is not None and wish.at > entry.queued_at
        return not (given_up or retried or timed or self._is_direct(number))

    def _is_direct(self, number: int) -> bool:
        wish = self.wishes.get(number)
        return wish is None or wish.direct

    def _paced(self) -> Iterator[str]:
        """By each pace, what waits for its turn leaves when those before it have had their share of time."""
        free: dict[str, datetime] = {}
        for each in self.application.left:
            if each.pace is None:
                continue
            turn = free.get(each.pace.name, each.now)
            if each.waits and each.now < turn - _MILLISECOND:
                yield f"pace: message {each.entry} left {turn - each.now} too early"
            share = timedelta(milliseconds=each.weight * each.pace.interval / each.pace.limit)
            free[each.pace.name] = max(turn, each.now) + share


def _read(t: Transaction) -> dict[int, Row[Any]]:
    rows = t.execute(select(outbox, messages.c.key).join(messages).order_by(outbox.c.id))
    return {row.id: row for row in rows}


def _paused(t: Transaction) -> bool:
    return t.execute(select(pauses.c.connection).where(pauses.c.kind == DENIED)).first() is not None
