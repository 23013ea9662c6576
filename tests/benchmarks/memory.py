"""How much memory many sends by one client take, and what a client keeps of each, which is to stay bounded."""

from __future__ import annotations

import json
import subprocess
import sys
import tracemalloc
from collections.abc import Callable, Iterator
from functools import partial
from secrets import token_hex

import attrs

import groupmessenger as gm
from groupmessenger.opened import Bounded, Opened

from .measuring import Scale
from .results import Result, Target
from .sdks import requests_of
from .sender import PROVIDER
from .server import LINE, PEOPLE
from .vendor import vendor

_GROWTH = Target("≤", 1.1, absolute=True)


def run(scale: Scale) -> Iterator[Result]:
    """Measure both clients beside httpx's, and what an entry of what they remember costs."""
    few, many = scale.of(1_000, 100), scale.of(10_000, 300)
    with vendor() as url:
        for mode in ("", ", async"):
            ours, bare = (_peaks(side + mode, url, few, many) for side in ("ours", "httpx"))
            for count, mine, theirs in zip((few, many), ours, bare, strict=True):
                yield Result(f"{count:,} sends{mode}, against httpx: at most", "MB", mine, theirs)
            yield Result(
                f"{many:,} sends against {few:,}{mode}", "times", ours[1] / ours[0], bare[1] / bare[0], _GROWTH
            )
    entries = scale.of(5_000, 500)
    yield Result("kept of each of the last 10,000 sends", "B", _cost(_sent, entries))
    for size in (2, 10):
        yield Result(f"and of each thread of {size} that one opened", "B", _cost(partial(_opened, size), entries))


def _peaks(side: str, url: str, *counts: int) -> list[float]:
    """Send in a process of its own. Gives the most megabytes by each count."""
    given = [side, url, json.dumps(requests_of(PROVIDER)), *map(str, counts)]
    command = [sys.executable, "-m", "tests.benchmarks.sender", *given]
    found: list[float] = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)
    return found


def _cost(fill: Callable[[int], object], entries: int) -> float:
    """Give the bytes of one of so many entries."""
    tracemalloc.start()
    kept = fill(entries)
    size, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    del kept
    return size / entries


def _sent(entries: int) -> Bounded[str, str]:
    """Remember sends as a client does: the provider's id and our token."""
    kept: Bounded[str, str] = Bounded()
    for number in range(entries):
        kept.put(f"00000000-0000-4000-8000-{number:012d}", token_hex(16))
    return kept


def _opened(size: int, entries: int) -> Opened:
    """Remember groups as a client does, pending and then open."""
    kept, topology = Opened(), gm.Topology.SHARED_THREAD
    for number in range(entries):
        people = [gm.Member(gm.PhoneNumber(person)) for person in PEOPLE[:size]]
        pending = gm.Group.of_members(PROVIDER, LINE, people, pending=True, topology=topology)
        pending = attrs.evolve(pending, id=f"set_{number:032x}")
        kept.remember(pending, attrs.evolve(pending, id=f"sb_group_{number:036}", pending=False))
    return kept
