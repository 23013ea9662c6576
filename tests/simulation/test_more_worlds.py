"""More worlds than anybody waits for; `GROUPMESSENGER_SIM_COUNT` says how many."""

from __future__ import annotations

import pytest

from .queueing import Queueing
from .running import Stage
from .seeds import chunks, named, play

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("seeds", [*chunks(100, 150), *chunks(20_000, 1_800)], ids=named)
def test_what_is_guaranteed_holds(stage: Stage, seeds: range) -> None:
    play(stage, seeds)


@pytest.mark.parametrize("seeds", chunks(30_000, 600), ids=named)
def test_what_is_guaranteed_of_queues_holds(stage: Stage, seeds: range) -> None:
    play(stage, seeds, Queueing)
