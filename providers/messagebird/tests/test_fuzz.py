"""Thousands of spoiled callbacks give events or the documented errors; tens of thousands where tests may be slow."""

from __future__ import annotations

import pytest
from fuzzing import COUNT, FEW, fuzz


@pytest.mark.parametrize("count", [FEW, pytest.param(COUNT, marks=pytest.mark.slow)])
def test_spoiled_callbacks_give_events_or_documented_errors(count: int) -> None:
    fuzz("messagebird", count)
