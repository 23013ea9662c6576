"""The judge notices each thing that the switchboard does to keep what it guarantees, once it does not do it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import update

from groupmessenger.switchboard import ledger, optouts, outcomes, settling, tried
from groupmessenger.switchboard.directory import Transaction
from groupmessenger.switchboard.ledger import Leaving
from groupmessenger.switchboard.preparing import Preparing
from groupmessenger.switchboard.tables import attempts
from groupmessenger.switchboard.threads import Binding
from groupmessenger.switchboard.tried import Tried
from groupmessenger.switchboard.values import State

from .running import Stage

pytestmark = pytest.mark.slow

WORLDS = 600
RARE = {"absence is believed at once": 205, "a message that is another's is found again": 155}  # where to look first


def lost_is_not_sent(t: Transaction, token: str, error: str, provider_id: str | None) -> Tried:
    outcomes.refused(t, token, error)
    return tried.by_token(t, token)


def gone_is_not_sent(t: Transaction, group_id: int | None = None) -> None:
    over = (attempts.c.lease_until < t.now) & attempts.c.state.in_(tried.UNDER_WAY)
    t.execute(update(attempts).where(over).values(state=State.NOT_SENT, error="gone", ended_at=t.now))


def depart_unseen(t: Transaction, leaving: Leaving) -> float:
    """Let an attempt leave whatever has changed, and whoever has it by now."""
    values = {
        "state": State.SENDING,
        "binding_id": leaving.binding_id,
        "leave_from": t.now,
        "leave_by": t.now + timedelta(seconds=leaving.leaving),
        "lease_until": t.now + timedelta(seconds=leaving.lease),
        "dump": leaving.attempt.dump(),
    }
    t.execute(update(attempts).where(attempts.c.token == leaving.tried.token).values(values))
    return 0.0


async def unfitted(self: Preparing, binding: Binding) -> Binding:
    return binding


def nothing(*args: Any) -> None: ...


def nobody(*args: Any) -> frozenset[str]:
    return frozenset()


def yes(*args: Any) -> bool:
    return True


MISTAKES: dict[str, tuple[object, str, Callable[..., Any]]] = {
    "a lost answer is a refusal": (outcomes, "lost", lost_is_not_sent),
    "what a dead process was sending was not sent": (ledger, "expire", gone_is_not_sent),
    "absence is believed at once": (Tried, "is_settled", yes),
    "a message that is another's is found again": (settling, "known_ids", nobody),
    "nothing is looked at as it leaves": (ledger, "depart", depart_unseen),
    "nobody waits for what is open": (ledger, "open_of", nobody),
    "people are left in the thread": (Preparing, "_fitted", unfitted),
    "opt-outs are not heeded": (optouts, "refuse", nothing),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_noticed(stage: Stage, monkeypatch: pytest.MonkeyPatch, mistake: str) -> None:
    monkeypatch.setattr(*MISTAKES[mistake])
    first = RARE.get(mistake, 0)
    assert any(stage.play(seed)[0] for seed in range(first, first + WORLDS))
