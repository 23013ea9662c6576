"""Small worlds in which programs stop, answers are lost and messages come late, each by its seed.

`GROUPMESSENGER_SIM_SEED=7 GROUPMESSENGER_SIM_COUNT=1 pytest -n0 tests/simulation/test_worlds.py` plays one of them.
"""

from __future__ import annotations

import pytest

from .running import Stage
from .seeds import chunks, named, play


@pytest.mark.parametrize("seeds", chunks(0, 100, 25), ids=named)
def test_what_is_guaranteed_holds(stage: Stage, seeds: range) -> None:
    play(stage, seeds)
