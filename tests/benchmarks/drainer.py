"""Work until nothing is left: `python -m tests.benchmarks.drainer FILE`, or `--jobs URL` for Procrastinate's jobs.

It prints how many there were, and the seconds that they took: of CPU, by the clock.
"""

from __future__ import annotations

import json
import logging
import sys
import time

from procrastinate import App, PsycopgConnector

import groupmessenger as gm

from .queueing import TASK

CONCURRENCY = 10


def ours(file: str) -> int:
    """Be a worker of the outbox. Gives how many messages were sent."""
    with gm.Switchboard.from_config(file) as board, board.worker(concurrency=CONCURRENCY) as worker:
        while board.outbox.stats().remaining:
            time.sleep(0.05)
        return worker.counts["sent"]


def theirs(url: str) -> int:
    """Be a worker of Procrastinate. Gives how many jobs were done."""
    app = App(connector=PsycopgConnector(conninfo=url, max_size=CONCURRENCY + 1))
    done: list[int] = []

    @app.task(name=TASK)
    async def nothing(group_id: int) -> None:
        done.append(group_id)

    app.run_worker(wait=False, concurrency=CONCURRENCY, delete_jobs="always")
    return len(done)


if __name__ == "__main__":
    logging.disable()
    before, cpu = time.perf_counter(), time.process_time()
    count = theirs(sys.argv[2]) if sys.argv[1] == "--jobs" else ours(sys.argv[1])
    json.dump([count, time.process_time() - cpu, time.perf_counter() - before], sys.stdout)
