"""What the tests of the outbox's commands share."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Any

import pytest
from cli.running import ANN, BOB, CAT, Here

import groupmessenger as gm
from groupmessenger.cli import bulk, working
from groupmessenger.switchboard import OutboxState
from groupmessenger.switchboard.directory import Directory, Transaction
from groupmessenger.switchboard.outbox import lanes, pauses, roster

PEOPLE = {"dinner": (ANN, BOB), "lunch": (ANN, CAT), "tea": (BOB, CAT)}
SIGNALLING = """
import signal

from groupmessenger.provider import hookimpl

numbers = {numbers}


@hookimpl
def groupmessenger_before_send(attempt):
    while numbers:
        signal.raise_signal(numbers.pop(0))
"""
NO: dict[str, Any] = {"status": 400, "body": {"status": "ERROR", "error_message": "No"}}


@pytest.fixture(autouse=True)
def groups(here: Here, monkeypatch: pytest.MonkeyPatch) -> None:
    """Three groups by Sendblue, on a wide terminal, where nobody waits for long."""
    monkeypatch.setenv("COLUMNS", "300")
    for module in (working, bulk):
        monkeypatch.setattr(module, "_LOOK", 0.02)
    here.keep(sendblue={"pace": "1000/s"})
    here.box.faces["sendblue"].account.limits.sends_per_second = 1000  # type: ignore[attr-defined]
    with gm.Switchboard.from_config() as board:
        for name, people in PEOPLE.items():
            board.create_group(name, people)


def tell(here: Here, work: Callable[[Transaction], object]) -> None:
    """Write to the directory."""
    with closing(Directory("sqlite:///groups.db", folder=here.folder)) as directory:
        directory.do(work)


def pause(here: Here, kind: str, reason: str) -> None:
    """Have Sendblue's connection paused for a minute."""
    tell(here, lambda t: pauses.pause(t, "sendblue", kind, reason, 60, 60))


def resume_after(here: Here, patch: pytest.MonkeyPatch, where: Any, name: str) -> None:
    """Have the pause end as soon as this function was called, and groups looked at that saw it."""
    work = getattr(where, name)

    def wrapped(*args: Any) -> None:
        work(*args)
        tell(here, resume)

    def resume(t: Transaction) -> None:
        pauses.resume(t, None)
        lanes.wake_all(t)

    patch.setattr(where, name, wrapped)


def appear(here: Here, host: str | None = None) -> None:
    """Have a worker that was seen just now."""
    tell(here, lambda t: roster.seen(t, "worker-1", host or socket.gethostname(), 42))


def queue(here: Here, *names: str) -> list[int]:
    """Queue a text for each of these groups."""
    with gm.Switchboard.from_config(here.folder / "groupmessenger.toml") as board:
        return [board.enqueue(name, f"To {name}").id for name in names]


def lose(here: Here, *, for_good: bool = False) -> None:
    """Send a text to dinner, whose answer is lost; `for_good`: and nobody looks for it any more."""
    here.box.fault("drop", provider="sendblue", operation="send_group", phase="after")
    assert 5 == here.run("send", "dinner", "Lost", "--key", "lost").exit
    if for_good:
        tell(here, lambda t: t.connection.exec_driver_sql("UPDATE groupmessenger_attempts SET gave_up_at = ended_at"))


def lose_queued(here: Here, *, for_good: bool = False) -> int:
    """Have one like that in the outbox."""
    lose(here, for_good=for_good)
    ran = here.run("send", "dinner", "Lost", "--key", "lost", "--queue", "--json")
    assert (5, "unknown") == (ran.exit, ran.json["state"])
    return int(ran.json["message"])


def signalling(here: Here, *numbers: int) -> None:
    """Have these signals come while the first message leaves."""
    here.install("signalling", SIGNALLING.format(numbers=[int(each) for each in numbers]), "observers")


def states(here: Here) -> Iterator[tuple[str, str]]:
    """The group and the state of every message."""
    with gm.Switchboard.from_config(here.folder / "groupmessenger.toml") as board:
        for state in OutboxState:
            for each in board.outbox.entries(state):
                yield each.logical, state
