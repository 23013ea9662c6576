"""What a larger group costs: sends to one that is open, sends that open one, and plans, of 2, 10 and 25 people.

Each is to grow with the number of people, and no faster. The server's answer is the same for all.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator

import attrs

import groupmessenger as gm

from .connections import TEXT, group, settings
from .measuring import Scale, in_turn, times_over
from .results import Result, Target
from .vendor import vendor

PROVIDER = "sendblue"
SIZES = (2, 10, 25)
PEOPLE = [f"+131255501{number:02}" for number in range(11, 36)]
_numbers = itertools.count()


def run(scale: Scale) -> Iterator[Result]:
    """Measure each, of groups of each size in turn."""
    kinds = {"send": _to_open, "send that opens": _to_pending, "plan": _plan, "plan of numbers": _new}
    pieces, rounds = scale.of(200, 20), scale.of(7, 1)
    with vendor() as url, gm.connect(PROVIDER, **settings(PROVIDER, url)) as client:
        for name, make in kinds.items():
            found = in_turn({str(size): times_over(make(client, size), pieces) for size in SIZES}, pieces, rounds)
            least, *others = ((size, found[str(size)].cpu * 1e6) for size in SIZES)
            for size, cost in others:
                yield Result(f"{name}: {size} against {least[0]}", "µs", cost, least[1], Target("≤", size / least[0]))
            yield Result(f"{name}: each person more", "µs", (others[-1][1] - least[1]) / (others[-1][0] - least[0]))


def _people(size: int) -> tuple[gm.Member, ...]:
    return tuple(gm.Member(gm.PhoneNumber(number)) for number in PEOPLE[:size])


def _to_open(client: gm.Client, size: int) -> Callable[[], object]:
    to = attrs.evolve(group(PROVIDER), members=_people(size))
    return lambda: client.send(to, TEXT)


def _to_pending(client: gm.Client, size: int) -> Callable[[], object]:
    made = client.create_group(PEOPLE[:size])

    def send() -> None:
        to = attrs.evolve(made, id=f"set_{next(_numbers):032x}")  # another each time, for it is open afterwards
        assert not client.send(to, TEXT).group.pending

    return send


def _plan(client: gm.Client, size: int) -> Callable[[], object]:
    to = attrs.evolve(group(PROVIDER), members=_people(size))
    return lambda: client.plan(to, TEXT)


def _new(client: gm.Client, size: int) -> Callable[[], object]:
    return lambda: client.plan(PEOPLE[:size], TEXT)
