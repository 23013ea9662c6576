"""How fast messages may leave by a line, or by all of an account: one count, whoever sends. All of it transactions.

The algorithm is pyrate-limiter's GCRA, with the directory's clock and its one number kept in the directory: messages
are spread evenly, and none leaves before those that left earlier have had their share of time.
"""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction

import attrs
from pyrate_limiter import GCRA, Rate
from sqlalchemy import select, update

from ...capabilities import LimitName, Unit
from ..directory import Transaction
from ..lines import Line
from .tables import paces

_UNITS = {"s": 1_000, "min": 60_000, "h": 3_600_000}  # in milliseconds
_FARTHEST = 2**62  # what a column holds
_algorithm = GCRA()


@attrs.frozen
class Pace:
    """So many messages, or copies of them, in so many milliseconds. `name` is what it is counted for."""

    name: str = attrs.field(repr=False)
    limit: int
    interval: int
    by_person: bool = False

    @classmethod
    def of(cls, line: Line) -> Pace | None:
        """The pace that a connection's file sets, else the one its provider tells; None where neither does."""
        messenger = line.operations.messenger
        told = line.capabilities.limit(LimitName.PACE)
        by_person = told is not None and told.unit is Unit.PEOPLE
        if line.options.pace is not None:
            count, _, unit = line.options.pace.partition("/")
            rate = Fraction(count) / _UNITS[unit]
        elif told is not None and told.value and told.per:
            rate = Fraction(told.value) / round(told.per * 1000)
        else:
            return None
        name = f"pace {messenger.name} {getattr(messenger, messenger.paced, messenger.line)}"
        return cls(name, rate.numerator, rate.denominator, by_person)

    def weight(self, people: int) -> int:
        """How much a message to so many people counts."""
        return max(people, 1) if self.by_person else 1


def wait(t: Transaction, pace: Pace, weight: int) -> float:
    """Let a message leave, which then is counted, and give 0; or for how many seconds it may not yet."""
    name = t.digest(pace.name)
    t.insert_once(paces, name=name, state=0)
    state = t.execute(select(paces.c.state).where(paces.c.name == name).with_for_update()).scalar_one()
    # With all of a message's weight as the burst it waits for those before it, and not for itself.
    rate = Rate(pace.limit, pace.interval, burst=weight)
    (after,), decision = _algorithm.step([rate], (state,), _milliseconds(t), weight)
    if not decision.allowed:
        return (decision.retry_after_ms or 1) / 1000
    t.execute(update(paces).where(paces.c.name == name).values(state=min(int(after), _FARTHEST)))
    return 0.0


def count(t: Transaction, pace: Pace, weight: int) -> None:
    """Count a message that leaves whether it is its turn or not."""
    name = t.digest(pace.name)
    t.insert_once(paces, name=name, state=0)
    state = t.execute(select(paces.c.state).where(paces.c.name == name).with_for_update()).scalar_one()
    rate = Rate(pace.limit, pace.interval, burst=weight)
    (after,), _ = _algorithm.step([rate], (0,), max(_milliseconds(t), state // 1000), weight)
    t.execute(update(paces).where(paces.c.name == name).values(state=min(int(after), _FARTHEST)))


def waits(t: Transaction, lines: Iterable[Line]) -> dict[str, float]:
    """By connection, for how many seconds nothing may leave, as things are."""
    known = {line.name: t.digest(pace.name) for line in lines if (pace := Pace.of(line)) is not None}
    if not known:
        return {}
    rows = t.execute(select(paces).where(paces.c.name.in_(set(known.values())))).all()
    until = {row.name: row.state / 1_000_000 for row in rows}
    return {line: max(until.get(name, 0) - t.now.timestamp(), 0.0) for line, name in known.items()}


def _milliseconds(t: Transaction) -> int:
    return int(t.now.timestamp() * 1000)
