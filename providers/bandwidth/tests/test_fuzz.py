"""Tens of thousands of spoiled callbacks give events or the documented errors."""

from __future__ import annotations

from fuzzing import fuzz


def test_spoiled_callbacks_give_events_or_documented_errors() -> None:
    fuzz("bandwidth")
