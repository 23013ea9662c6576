"""What ended lately is not purged, however long ago it was queued."""

from __future__ import annotations

from datetime import timedelta

from switchboard.outbox.hands import Worker, teamed
from switchboard.scenes import ANN, Scene
from switchboard.scenes import a_scene as a_scene


def test_what_failed_lately_stays(scene: Scene) -> None:
    """It was queued long before, for a time that has come."""
    board = teamed(scene)
    entry = board.enqueue("team", "Happy birthday", at=scene.now() + timedelta(days=100))
    scene.later(100 * 86_400)
    board.suppress(ANN)
    Worker(scene, board).drain()
    board.purge(timedelta(days=90))
    assert "failed" == board.outbox.get(entry.id).state
    scene.later(91 * 86_400)
    assert 1 == board.purge(timedelta(days=90))["messages"]
