"""The judge notices each thing that the outbox does to keep what it guarantees, once it does not do it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import attrs
import pytest
from sqlalchemy import select, update

from groupmessenger.switchboard.directory import Transaction
from groupmessenger.switchboard.outbox import entries, following, lanes, pacing, queue
from groupmessenger.switchboard.outbox.queue import Head
from groupmessenger.switchboard.outbox.tables import lanes as table
from groupmessenger.switchboard.outbox.tables import outbox
from groupmessenger.switchboard.outbox.values import OutboxState
from groupmessenger.switchboard.tables import messages

from .queueing import Queueing
from .running import Stage

pytestmark = pytest.mark.slow

WORLDS = 400


_head: Any = queue.head


def last_first(t: Transaction, group_id: int) -> Head | None:
    """Of what is due, the message that was queued last."""
    here = (outbox.c.group_id == group_id) & (outbox.c.state == OutboxState.QUEUED)
    due = outbox.c.due_at.is_(None) | (outbox.c.due_at <= t.now)
    rows = select(outbox, messages.c.key).join(messages).where(here, due).order_by(outbox.c.id.desc())
    row, first = t.execute(rows).first(), _head(t, group_id)
    if row is None:
        return None
    other = {name: getattr(row, name) for name in ("id", "message_id", "key", "dump", "tries")}
    changed: Head = attrs.evolve(first, **other)
    return changed


def begin_anyway(t: Transaction, message_id: int, worker: str | None) -> bool:
    values = {"state": OutboxState.SENDING, "tries": outbox.c.tries + 1}
    t.execute(update(outbox).where(outbox.c.message_id == message_id).values(values))
    return True


def cancel_anyway(t: Transaction, number: int) -> Any:
    values = {"state": OutboxState.CANCELLED, "dump": None, "due_at": None, "ended_at": t.now}
    t.execute(update(outbox).where(outbox.c.id == number).values(values))
    return entries.one(t, number)


def claim_anyway(t: Transaction, group_id: int, owner: str) -> bool:
    t.insert_once(table, group_id=group_id, wake_at=t.now, failures=0)
    mine = table.c.group_id == group_id
    t.execute(update(table).where(mine).values(owner=owner, lease_until=lanes._lease(t), wake_at=t.now))
    return True


def nothing(*args: Any, **named: Any) -> None: ...


def no_time(*args: Any, **named: Any) -> float:
    return 0.0


def yes(*args: Any) -> bool:
    return True


_retry: Any = queue._retry


def retry_anyway(t: Transaction, number: int, *, may_duplicate: bool) -> Any:
    return _retry(t, number, may_duplicate=True)


MISTAKES: dict[str, tuple[object, str, Callable[..., Any]]] = {
    "a worker does not look whether the lane is its own": (lanes, "holds", yes),
    "the last is the first": (queue, "head", last_first),
    "what was taken back is begun": (following, "begin", begin_anyway),
    "the outbox does not hear of what is unknown": (following, "unknown", nothing),
    "what is under way is taken back": (queue, "_cancel", cancel_anyway),
    "nobody waits for the pace": (pacing, "wait", no_time),
    "what may have gone out is tried again": (queue, "_retry", retry_anyway),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_noticed(stage: Stage, monkeypatch: pytest.MonkeyPatch, mistake: str) -> None:
    monkeypatch.setattr(*MISTAKES[mistake])
    assert any(stage.play(seed, program=Queueing)[0] for seed in range(WORLDS))
