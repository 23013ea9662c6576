"""Small worlds whose programs queue, and have workers, each by its seed.

`GROUPMESSENGER_SIM_SEED=7 GROUPMESSENGER_SIM_COUNT=1 pytest -n0 tests/simulation/test_queue_worlds.py` plays one.
"""

from __future__ import annotations

import pytest

from .queueing import Queueing
from .running import Stage
from .seeds import chunks, named, play


@pytest.mark.parametrize("seeds", chunks(0, 30, 10), ids=named)
def test_what_is_guaranteed_holds(stage: Stage, seeds: range) -> None:
    play(stage, seeds, Queueing)
