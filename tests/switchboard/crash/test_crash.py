"""Workers are killed and stand still while vendors misbehave: nothing is shown twice, out of order, or lost.

A run's figures are printed, with its seed, which draws what is sent and what goes wrong; when, is the machine's. The
test makes a short run on each engine. 2,000 messages in 50 groups, with new seeds until an hour is over, half of it on
each engine, are

    GROUPMESSENGER_CRASH_MESSAGES=2000 GROUPMESSENGER_CRASH_SECONDS=3600 pytest -n0 -m slow tests/switchboard/crash

and the first run in which something does not hold ends it. GROUPMESSENGER_CRASH_SEED is the first seed.
"""

from __future__ import annotations

import os
import secrets
import time
from pathlib import Path

import pytest
from switchboard.databases import ENGINES, Databases

from .running import run

SEED, MESSAGES, SECONDS = (f"GROUPMESSENGER_CRASH_{name}" for name in ("SEED", "MESSAGES", "SECONDS"))


@pytest.mark.slow
@pytest.mark.parametrize("engine", ENGINES)
def test_nothing_is_lost_doubled_or_out_of_order(
    engine: str, databases: Databases, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    seed = int(os.environ.get(SEED, secrets.randbelow(2**32)))
    messages = int(os.environ.get(MESSAGES, 200))
    until = time.monotonic() + float(os.environ.get(SECONDS, 0)) / len(ENGINES)
    while True:
        folder = tmp_path / str(seed)
        folder.mkdir()
        with databases.new(engine, folder) as url:
            outcome = run(url, folder, seed, messages)
        with capsys.disabled():
            print(f"\n{engine}: {outcome.figures}", end="", flush=True)  # noqa: T201
        if outcome.wrong:
            again = f"again: {SEED}={seed} {MESSAGES}={messages}; {folder} has what workers, vendors and outbox say"
            pytest.fail("\n".join([f"{engine}: {outcome.figures}", *outcome.wrong[:20], again]), pytrace=False)
        if time.monotonic() > until:
            return
        seed += 1
