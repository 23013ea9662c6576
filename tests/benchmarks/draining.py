"""Messages a second that one worker sends to the server, beside one of Procrastinate's with as many empty jobs."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator

from .boards import SQLITE, configured, postgresql
from .measuring import Scale, Spent, median
from .queueing import jobs, ways
from .results import Result
from .vendor import vendor


def run(scale: Scale) -> Iterator[Result]:
    """Queue, and have a worker in a process of its own send it, on each engine in turn."""
    pieces, found = scale.of(1_000, 500), dict[str, list[Spent]]()
    with vendor() as url, postgresql() as make:
        for _ in range(scale.of(3, 1)):
            for side, directory in {"SQLite": SQLITE, "PostgreSQL": make()}.items():
                with configured(url, directory) as file:
                    with ways(file) as ours:
                        ours["many at once"](pieces)
                    found.setdefault(side, []).append(_drained(pieces, str(file)))
            empty = make()
            with jobs(empty) as theirs:
                theirs["many at once"](pieces)
            found.setdefault("jobs", []).append(_drained(pieces, "--jobs", empty.replace("+psycopg", "")))
    nothing = median(found.pop("jobs"))
    for engine, rows in found.items():
        each = median(rows)
        yield Result(f"sent by a worker on {engine}", "a second", 1 / each.wall, 1 / nothing.wall)
        yield Result(f"sent by a worker on {engine}: CPU of each", "ms", each.cpu * 1e3, nothing.cpu * 1e3)


def _drained(pieces: int, *given: str) -> Spent:
    command = [sys.executable, "-m", "tests.benchmarks.drainer", *given]
    count, cpu, wall = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)
    assert count == pieces
    return Spent(cpu / pieces, wall / pieces)
