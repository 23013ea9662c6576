"""What goes wrong in one world: how often each thing does, drawn for the world, and drawn again for each step."""

from __future__ import annotations

import random
from enum import Enum, auto
from typing import TypeVar

import attrs

T = TypeVar("T")


class Fate(Enum):
    """What becomes of one request."""

    ANSWERED = auto()
    NOT_REACHED = auto()  # nobody was there
    LOST = auto()  # it never arrives, which nobody can know
    ANSWER_LOST = auto()
    LATE = auto()  # the vendor does it when the caller has long given up
    REFUSED = auto()  # an answer that it was not done
    DENIED = auto()  # one that the credentials are not accepted
    OVERDRAWN = auto()  # one that there is no quota left
    REJECTED = auto()  # one that it cannot be done, which is so for ever
    UNCLEAR = auto()  # an answer that says nothing; the vendor did it or not


class Ring(Enum):
    """What becomes of one callback."""

    SOON = auto()
    LATER = auto()
    TWICE = auto()
    NEVER = auto()


@attrs.define
class Weather:
    """Probabilities: of `kill` and `freeze` at each step, of the others each time that there is one."""

    kill: float
    freeze: float
    requests: dict[Fate, float]
    lost_before: float  # a transaction, before it is committed
    lost_after: float  # the answer of a transaction
    rings: dict[Ring, float]
    planned: dict[str, list[Fate]] = attrs.field(factory=dict)  # by operation, before chance has its say

    @classmethod
    def drawn(cls, rng: random.Random) -> Weather:
        """A world's own. In most some things never go wrong, so that others are seen by themselves."""

        def rate(most: float) -> float:
            return rng.choice((0.0, 0.0, most / 4, most))

        requests = {
            Fate.NOT_REACHED: rate(0.2),
            Fate.LOST: rate(0.2),
            Fate.ANSWER_LOST: rate(0.3),
            Fate.LATE: rate(0.2),
            Fate.REFUSED: rate(0.2),
            Fate.UNCLEAR: rate(0.2),
        }
        return cls(
            kill=rate(0.03),
            freeze=rate(0.02),
            requests=requests,
            lost_before=rate(0.03),
            lost_after=rate(0.03),
            rings={Ring.LATER: rate(0.5), Ring.TWICE: rate(0.3), Ring.NEVER: rate(0.5)},
        )

    @classmethod
    def calm(cls, planned: dict[str, list[Fate]] | None = None) -> Weather:
        """Nothing goes wrong but what is planned."""
        return cls(kill=0, freeze=0, requests={}, lost_before=0, lost_after=0, rings={}, planned=planned or {})

    def fate(self, rng: random.Random, operation: str) -> Fate:
        """What becomes of the next request for an operation."""
        if self.planned.get(operation):
            return self.planned[operation].pop(0)
        return _drawn(rng, self.requests, Fate.ANSWERED)

    def ring(self, rng: random.Random) -> Ring:
        return _drawn(rng, self.rings, Ring.SOON)


def _drawn(rng: random.Random, rates: dict[T, float], usual: T) -> T:
    point = rng.random() * max(1.0, sum(rates.values()))
    for each, rate in rates.items():
        point -= rate
        if point < 0:
            return each
    return usual
