"""Groups that nobody has to look at are not looked at."""

from __future__ import annotations

from switchboard.outbox.hands import Worker, lane, queue, teamed, texts
from switchboard.scenes import Scene, a_scene, a_scene_on_each  # noqa: F401

from groupmessenger.switchboard.outbox import lanes


def test_a_group_whose_messages_were_all_taken_back_rests(either: Scene) -> None:
    board = teamed(either)
    directory = board.operations.board.directory
    one, two = queue(board, "One", "Two")
    board.outbox.cancel(one.id)
    directory.do(lanes.tidy)
    assert lane(board).wake_at is not None, "there is another"
    board.outbox.cancel(two.id)
    directory.do(lanes.tidy)
    assert lane(board).wake_at is None
    queue(board, "Three")
    assert ["sent"] == Worker(either, board).drain()
    assert ["Three"] == texts(either)


def test_what_was_queued_for_itself_is_of_the_batch_with_its_key(either: Scene) -> None:
    board = teamed(either)
    board.enqueue("team", "One", key="k")
    progress = board.send_many(["team"], "One", key="k", wait=False)
    assert (1, 1) == (progress.total, progress.remaining)
    board.send_many(["team"], "One", key="k", wait=False)
    assert [("k", "k")] == [(entry.key, entry.batch) for entry in board.outbox.entries()]
