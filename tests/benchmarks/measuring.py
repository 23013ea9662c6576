"""What work costs: CPU time, user and system of this process and what it waited for, and wall time, in turn."""

from __future__ import annotations

import gc
import resource
import statistics
import time
from collections.abc import Callable, Mapping
from os import times
from pathlib import Path

import attrs


@attrs.frozen
class Spent:
    """Seconds that one piece of work took."""

    cpu: float
    wall: float


@attrs.frozen
class Scale:
    """How much is done. A quick run shows that everything works; its figures are rough."""

    quick: bool = False

    def of(self, number: int, quick: int) -> int:
        """Give a number of things, or the smaller one for a quick run."""
        return quick if self.quick else number


def spent(work: Callable[[], object], pieces: int = 1) -> Spent:
    """Do work of so many pieces once. Gives what a piece took.

    What is there already, modules of the other side among it, is left out of the searches for garbage meanwhile.
    """
    gc.collect()
    gc.freeze()
    before, cpu = time.perf_counter(), _cpu()
    work()
    took = Spent((_cpu() - cpu) / pieces, (time.perf_counter() - before) / pieces)
    gc.unfreeze()
    return took


def in_turn(sides: Mapping[str, Callable[[], object]], pieces: int = 1, rounds: int = 7) -> dict[str, Spent]:
    """Do each side's work, one after the other, round after round, after one round that does not count.

    Gives the medians of what a piece took: what disturbs the machine for a while disturbs all sides.
    """
    found: dict[str, list[Spent]] = {name: [] for name in sides}
    for counts in (False, *[True] * rounds):
        for name, work in sides.items():
            one = spent(work, pieces)
            if counts:
                found[name].append(one)
    return {name: median(rows) for name, rows in found.items()}


def median(rows: list[Spent]) -> Spent:
    """Give the middle of CPU and of wall times, each by itself."""
    return Spent(statistics.median(row.cpu for row in rows), statistics.median(row.wall for row in rows))


def times_over(work: Callable[[], object], times: int) -> Callable[[], None]:
    """Give work that does this one so many times."""

    def repeated() -> None:
        for _ in range(times):
            work()

    return repeated


def peak() -> float:
    """Give the most megabytes this process has had. On Linux `ru_maxrss` knows of the process that began it as well."""
    status = Path("/proc/self/status")
    if not status.exists():
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    (line,) = (line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) / 2**10


def _cpu() -> float:
    """Give seconds of CPU of this process and of those it waited for."""
    now = times()
    if not now.children_user and not now.children_system:
        return time.process_time()  # finer
    return time.process_time() + now.children_user + now.children_system
