"""Logical groups: named, kept in a database, carried by whatever connection the file names."""

from .values import (
    BoardPlan,
    BoardReceipt,
    Entry,
    Fork,
    LogicalGroup,
    OptOut,
    PassedOver,
    Settled,
    State,
    SwitchPlan,
    Thread,
    ThreadState,
)

__all__ = [
    "BoardPlan",
    "BoardReceipt",
    "Entry",
    "Fork",
    "LogicalGroup",
    "OptOut",
    "PassedOver",
    "Settled",
    "State",
    "SwitchPlan",
    "Thread",
    "ThreadState",
]
