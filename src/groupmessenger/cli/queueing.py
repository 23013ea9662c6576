"""Queueing a message to one group, from the command line."""

from __future__ import annotations

from pathlib import Path

from ..errors import GroupMessengerError, Outcome
from ..switchboard.outbox.values import OutboxEntry, OutboxState
from .asking import Queued
from .boards import open_board
from .consoles import errors, output, unread
from .dumping import print_json
from .exits import Exit, under_way
from .logical import when
from .queued import dump_entry
from .results import say

_EXITS = {
    OutboxState.UNKNOWN: Exit.UNKNOWN,
    OutboxState.FAILED: Exit.WRONG,
    OutboxState.CANCELLED: Exit.WRONG,
}


def run_queue(name: str, asked: Queued, path: Path | None, *, json: bool) -> Exit:
    """Queue a message, and show it. Gives the exit code: of one that was queued before, what became of it.

    Raises what keeps it from being queued.
    """
    with open_board(path) as board:
        message = asked.message_in(board.operations.board.region)
        try:
            with under_way():
                entry = board.enqueue(name, message, asked.key, asked.at)
        except GroupMessengerError as error:
            if error.outcome is Outcome.UNKNOWN:
                error.add_note("groupmessenger outbox list shows whether it was queued.")
            raise
        is_waiting = entry.state is OutboxState.QUEUED and entry.due_at is None
        idle = is_waiting and not board.outbox.stats().workers
    with unread():
        if json:
            print_json(dump_entry(entry))
        else:
            say(output(), _told(entry))
            if idle:
                say(errors(), "No worker is running: groupmessenger worker sends it.")
    return _EXITS.get(entry.state, Exit.DONE)


def _told(entry: OutboxEntry) -> str:
    match entry.state:
        case OutboxState.QUEUED:
            due = "" if entry.due_at is None else f", not before {when(entry.due_at)}"
            return f"✓ queued as message {entry.id}{due}"
        case OutboxState.SENDING | OutboxState.SENT:
            how = "being sent" if entry.state is OutboxState.SENDING else "sent"
            return f"✓ message {entry.id} has this key, and is {how}: nothing was queued now"
        case _:
            return (
                f"message {entry.id} has this key, and is {entry.state}: nothing was queued now; groupmessenger outbox "
                f"show {entry.id}"
            )
