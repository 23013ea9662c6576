"""Memory of a program that queues 100,000 messages on SQLite, and of a worker that begins with so many waiting."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator

import groupmessenger as gm

from .boards import configured, fill
from .connections import TEXT
from .measuring import Scale, peak
from .results import Result
from .vendor import vendor

_GROUPS = 1_000


def run(scale: Scale) -> Iterator[Result]:
    """Measure both, each in a process of its own, and one that queues few beside them."""
    messages = scale.of(100_000, 2_000)
    with vendor() as url, configured(url) as file:
        few = _peak_of("queue", str(file), _GROUPS)
        with gm.Switchboard.from_config(file) as board:
            before = board.outbox.stats().remaining
        many = _peak_of("queue", str(file), messages - before)
        with gm.Switchboard.from_config(file) as board:
            waiting = board.outbox.stats().remaining
        worker = _peak_of("work", str(file), 3)
    yield Result(f"memory of a program that queued {before:,}", "MB", few)
    yield Result(f"memory of a program that queued {waiting - before:,} more", "MB", many)
    yield Result(f"memory of a worker, {waiting:,} waiting", "MB", worker)


def _peak_of(what: str, file: str, number: int) -> float:
    command = [sys.executable, "-m", "tests.benchmarks.queue_memory", what, file, str(number)]
    return float(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)


def queue(file: str, messages: int) -> None:
    """Queue so many messages, to a thousand groups at a time."""
    with gm.Switchboard.from_config(file) as board:
        names = [group.name for group in board.groups()] or fill(board, _GROUPS)
        for _ in range(messages // len(names)):
            board.send_many(names, TEXT, wait=False)


def work(file: str, seconds: int) -> None:
    """Send for so many seconds."""
    with gm.Switchboard.from_config(file) as board, board.worker() as worker:
        time.sleep(seconds)
        assert worker.counts["sent"]


if __name__ == "__main__":
    {"queue": queue, "work": work}[sys.argv[1]](sys.argv[2], int(sys.argv[3]))
    sys.stdout.write(str(peak()))
