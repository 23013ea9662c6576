"""The same worlds with a directory on PostgreSQL."""

from __future__ import annotations

import pytest

from .queueing import Queueing
from .running import Stage
from .seeds import chunks, named, play

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("stage", ["postgresql"], indirect=True)
@pytest.mark.parametrize("seeds", chunks(10_000, 80, 40), ids=named)
def test_what_is_guaranteed_holds(stage: Stage, seeds: range) -> None:
    play(stage, seeds)


@pytest.mark.parametrize("stage", ["postgresql"], indirect=True)
@pytest.mark.parametrize("seeds", chunks(15_000, 40, 20), ids=named)
def test_what_is_guaranteed_of_queues_holds(stage: Stage, seeds: range) -> None:
    play(stage, seeds, Queueing)
