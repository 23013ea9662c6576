"""A group that sleeps until a message is due wakes for one that nobody told of: what woke it may be lost."""

from __future__ import annotations

from datetime import timedelta

import pytest
from switchboard.outbox.hands import Worker, teamed, texts
from switchboard.scenes import Scene
from switchboard.scenes import a_scene_on_each as a_scene_on_each

from groupmessenger.switchboard.outbox import lanes


def test_what_nobody_told_of_is_found(either: Scene) -> None:
    """As after a lost job: the row is there, and the lane sleeps until tomorrow."""
    board = teamed(either)
    worker = Worker(either, board)
    board.enqueue("team", "Tomorrow", key="Tomorrow", at=either.now() + timedelta(days=1))
    worker.drain()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(lanes, "wake", lambda *_, **__: False)
        board.enqueue("team", "Now")
        board.enqueue("team", "In an hour", at=either.now() + timedelta(hours=1))
    assert ["sent"] == worker.work(60)
    assert ["Now"] == texts(either)
    either.later(3600)
    assert ["sent"] == worker.work(60)
    assert ["Now", "In an hour"] == texts(either)
    assert ["Tomorrow"] == [entry.key for entry in board.outbox.entries("queued")]
