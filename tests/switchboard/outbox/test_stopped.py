"""A worker that is stopped between two statements for longer than its lane's lease, and goes on beside another."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from switchboard.databases import Databases
from switchboard.outbox.hands import Worker, at, teamed
from switchboard.scenes import Scene

from groupmessenger.sandbox import Sandbox
from groupmessenger.switchboard import admission

OWN = {"timeout": 30, "patience": 30}
WAITING = sa.text(
    "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
)


@pytest.mark.parametrize("provider", ["sendblue", "messagebird", "bandwidth"])
def test_stopped_as_it_departs(
    provider: str, databases: Databases, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who takes the lane waits for it, finds that the message has left by then, and leaves it alone."""
    stopped, go, took = threading.Event(), threading.Event(), threading.Event()
    look = admission.refuse_strangers

    def stop(*given: Any) -> None:
        if threading.current_thread().name == "first" and not stopped.is_set():
            stopped.set()
            assert go.wait(20)
        look(*given)

    monkeypatch.setattr(admission, "refuse_strangers", stop)
    with databases.new("postgresql", tmp_path) as url, Sandbox() as box, Scene(box, url, tmp_path) as scene:
        board, others = teamed(scene, provider, own={provider: OWN}), scene.board(provider, own={provider: OWN})
        board.enqueue("team", "Hello", key="k")
        first = Worker(scene, board, "first", at("after", "depart", lambda: took.wait(10)))  # its request takes a while
        second = Worker(scene, others, "second")

        def take_over() -> None:
            second.sweep()
            took.set()

        one = threading.Thread(target=first.sweep, name="first")
        two = threading.Thread(target=take_over, name="second")
        one.start()
        assert stopped.wait(10)
        scene.later(35)  # the lane's lease is over, the attempt's is not
        two.start()
        _until_somebody_waits(url)
        go.set()
        one.join(20)
        two.join(20)
        assert {1} == set(scene.shown("Hello").values())
        assert ["sent"] == [told.outcome for told in (*first.told, *second.told)]


def _until_somebody_waits(url: str) -> None:
    engine = sa.create_engine(url)
    pause = threading.Event()
    for _ in range(100):
        with engine.connect() as connection:
            if connection.execute(WAITING).scalar():
                break
        pause.wait(0.05)
    engine.dispose()
