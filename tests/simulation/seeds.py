"""Which worlds are played: those of the tests, or those that the environment names."""

from __future__ import annotations

import os

import pytest

from .application import Application
from .queueing import Queueing
from .running import Stage

FIRST, COUNT = "GROUPMESSENGER_SIM_SEED", "GROUPMESSENGER_SIM_COUNT"
_FILES: dict[type[Application], str] = {Application: "test_worlds.py", Queueing: "test_queue_worlds.py"}
_LONGEST = 400  # lines of a trace; the first say how it came about, the last how it ended


def chunks(first: int, count: int, size: int = 50) -> list[range]:
    """The seeds from `first` on, or from where the environment says, in pieces."""
    first, count = int(os.environ.get(FIRST, first)), int(os.environ.get(COUNT, count))
    return [range(start, min(start + size, first + count)) for start in range(first, first + count, size)]


def named(seeds: range) -> str:
    """What a piece is called."""
    return f"{seeds[0]}-{seeds[-1]}"


def play(stage: Stage, seeds: range, program: type[Application] = Application) -> None:
    """Play these worlds. Fails with the first in which something does not hold, and what happened there."""
    for seed in seeds:
        faults, _ = stage.play(seed, program=program)
        if faults:
            again, trace = stage.play(seed, told=True, program=program)
            told = trace if len(trace) <= _LONGEST else [*trace[: _LONGEST // 2], "...", *trace[-_LONGEST // 2 :]]
            pytest.fail(
                "\n".join(
                    [
                        f"seed {seed}:",
                        *(f"  {fault}" for fault in faults),
                        *([] if again == faults else ["  (not so when it is played again)"]),
                        *(line[:240] for line in told),
                        f"again: {FIRST}={seed} {COUNT}=1 pytest -n0 tests/simulation/{_FILES[program]}",
                    ]
                ),
                pytrace=False,
            )
