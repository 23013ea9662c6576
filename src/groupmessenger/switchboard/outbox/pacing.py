"""How fast messages may leave by a line, or by all of an account: one count, whoever sends. All of it transactions.

The algorithm is pyrate-limiter's GCRA, with the directory's clock and its one number kept there: messages
are spread evenly, and none leaves before those that left earlier have had their share of time.
"""

from __future__ import annotations

import random
from collections.abc import Iterable
from datetime import timedelta
from fractions import Fraction
from typing import Any

import attrs
from pyrate_limiter import GCRA, Rate
from sqlalchemy import Row, bindparam, select, update

from ...capabilities import LimitName, Unit
from ...phone import Address
from ..among import among
from ..directory import Transaction
from ..lines import Line
from .tables import lanes, paces

_UNITS = {"s": 1_000, "min": 60_000, "h": 3_600_000}  # in milliseconds
_OF_THE_LIMIT = Fraction(19, 20)  # what leaves evenly does not arrive so
_FARTHEST = 2**62  # what a column holds
_LONGEST = 300_000_000  # microseconds that a line lasts
_algorithm = GCRA()

_OF_NAME = paces.c.name == bindparam("of")
_OF = select(paces).where(_OF_NAME).with_for_update()
_OF_ALL = select(paces).where(among(paces.c.name, "of"))
_CHANGE = update(paces).where(_OF_NAME)
_LEFT = update(lanes).where(lanes.c.group_id == bindparam("of"), lanes.c.turn_at.is_not(None))


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
            rate = Fraction(told.value) / round(told.per * 1000) * _OF_THE_LIMIT
        else:
            return None
        name = f"pace {messenger.name} {getattr(messenger, messenger.paced, messenger.line)}"
        return cls(name, rate.numerator, rate.denominator, by_person)

    def weight(self, people: Iterable[Address], left_out: Iterable[Address]) -> int:
        """How much a message to these people counts."""
        return max(len(set(people).difference(left_out)), 1) if self.by_person else 1


def wait(t: Transaction, pace: Pace, weight: int, group_id: int) -> float:
    """Let a message leave, which then is counted, and give 0; or for how many seconds it may not yet.

    Groups that have to wait are lined up, once, so that each comes back when it is its turn.
    """
    row = _row(t, pace)
    # With all of a message's weight as the burst it waits for those before it, and not for itself.
    rate = Rate(pace.limit, pace.interval, burst=weight)
    (after,), decision = _algorithm.step([rate], (_state(t, row, pace),), _milliseconds(t), weight)
    if decision.allowed:
        t.execute(_CHANGE, {"of": row.name, "state": min(int(after), _FARTHEST)})
        t.execute(_LEFT, {"of": group_id, "turn_at": None})
        return 0.0
    return _turn(t, row, pace, weight, group_id)


def line_up(t: Transaction, pace: Pace, weight: int, group_id: int) -> float:
    """In how many seconds it is a group's turn that has to wait."""
    return _turn(t, _row(t, pace), pace, weight, group_id)


def count(t: Transaction, pace: Pace, weight: int) -> None:
    """Count a message that leaves whether it is its turn or not."""
    row = _row(t, pace)
    rate = Rate(pace.limit, pace.interval, burst=weight)
    (after,), _ = _algorithm.step([rate], (0,), max(_milliseconds(t), _state(t, row, pace) // 1000), weight)
    t.execute(_CHANGE, {"of": row.name, "state": min(int(after), _FARTHEST)})


def _row(t: Transaction, pace: Pace) -> Row[Any]:
    name = t.digest(pace.name)
    row = t.execute(_OF, {"of": name}).one_or_none()
    if row is None:
        t.insert_once(paces, name=name, state=0, line=0)
        row = t.execute(_OF, {"of": name}).one()
    return row


def _state(t: Transaction, row: Row[Any], pace: Pace) -> int:
    """When the next may leave; not later than it could be, had nobody set the clock back."""
    longest = max(_LONGEST, 50 * 1000 * pace.interval // pace.limit)
    return min(int(row.state), _milliseconds(t) * 1000 + longest)


def _turn(t: Transaction, row: Row[Any], pace: Pace, weight: int, group_id: int) -> float:
    """In how many seconds it is the turn of a group, which keeps its place, or gets the last."""
    now, first = _milliseconds(t) * 1000, _state(t, row, pace)
    place = t.execute(select(lanes.c.turn_at).where(lanes.c.group_id == group_id)).scalar()
    turn = _end(t, row, pace, weight, group_id) if place is None else int(place.timestamp() * 1_000_000)
    return max(turn - now, first - now, 1000) / 1_000_000


def _end(t: Transaction, row: Row[Any], pace: Pace, weight: int, group_id: int) -> int:
    """The end of the line, a group's place from now on; a line that would last long is looked at again later."""
    now, first = _milliseconds(t) * 1000, _state(t, row, pace)
    turn = max(min(int(row.line), now + 2 * _LONGEST), first, now)
    if turn - now > _LONGEST:
        return max(first, now) + random.randrange(_LONGEST)  # noqa: S311 - not a secret
    (after,), _ = _algorithm.step([Rate(pace.limit, pace.interval, burst=weight)], (0,), turn // 1000, weight)
    t.execute(update(paces).where(paces.c.name == row.name).values(line=min(int(after), _FARTHEST)))
    at = t.now + timedelta(microseconds=turn - now)
    t.execute(update(lanes).where(lanes.c.group_id == group_id).values(turn_at=at))
    return turn


def waits(t: Transaction, lines: Iterable[Line]) -> dict[str, tuple[Pace, float]]:
    """By connection, its pace, and for how many seconds nothing may leave, as things are."""
    known = {line.name: pace for line in lines if (pace := Pace.of(line)) is not None}
    if not known:
        return {}
    digests = {name: t.digest(pace.name) for name, pace in known.items()}
    rows = {row.name: row for row in t.execute(_OF_ALL, {"of": list(digests.values())}).all()}
    until = {name: _state(t, rows[digests[name]], pace) for name, pace in known.items() if digests[name] in rows}
    now = t.now.timestamp()
    return {name: (pace, max(until.get(name, 0) / 1_000_000 - now, 0.0)) for name, pace in known.items()}


def _milliseconds(t: Transaction) -> int:
    return int(t.now.timestamp() * 1000)
