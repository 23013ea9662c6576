"""Logical groups: named, kept in a database, carried by whatever connection the file names.

import groupmessenger as gm

with gm.Switchboard.from_config("groupmessenger.toml") as board:
    board.create_group("Dinner", ["+13125550101", "+13125550102"])
    board.send("Dinner", "Dinner at eight?", key="dinner")
"""

from .outbox.values import OutboxEntry, OutboxState, OutboxStats, Pause, Progress, WorkerInfo
from .values import (
    BoardPlan,
    BoardReceipt,
    Entry,
    Fork,
    Handled,
    InboxEntry,
    InboxState,
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
    "Handled",
    "InboxEntry",
    "InboxState",
    "LogicalGroup",
    "OptOut",
    "OutboxEntry",
    "OutboxState",
    "OutboxStats",
    "PassedOver",
    "Pause",
    "Progress",
    "Settled",
    "State",
    "SwitchPlan",
    "Thread",
    "ThreadState",
    "WorkerInfo",
]
