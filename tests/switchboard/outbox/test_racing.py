"""Queueing from several places at once: a key is queued once, and every message is sent once."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from switchboard.outbox import elsewhere
from switchboard.outbox.hands import Worker, queue, teamed, texts
from switchboard.processes import at_once
from switchboard.scenes import BEN, CAM, Scene, a_scene, a_scene_on_each, once  # noqa: F401

import groupmessenger as gm


def test_a_key_that_is_queued_by_many_threads_is_queued_once(either: Scene) -> None:
    """Each has a switchboard of its own, as of another process."""
    teamed(either)
    boards = [either.board("sendblue") for _ in range(4)]
    with ThreadPoolExecutor(4) as threads:
        jobs = [
            threads.submit(board.enqueue, "team", "One", key=f"k{number}") for number in range(5) for board in boards
        ]
        entries = {job.result() for job in jobs}
    assert 5 == len(entries)
    Worker(either, boards[0]).work()
    assert once() == {number: count // 5 for number, count in either.shown("One").items()}


def test_of_two_contents_for_a_key_one_is_queued(either: Scene) -> None:
    board, other = teamed(either), either.board("sendblue")

    def put(which: gm.Switchboard, text: str, key: str) -> str:
        try:
            which.enqueue("team", text, key=key)
        except gm.KeyReused:
            return ""
        return text

    with ThreadPoolExecutor(2) as threads:
        for number in range(5):
            jobs = [threads.submit(put, which, text, f"k{number}") for which, text in ((board, "One"), (other, "Two"))]
            assert 1 == sum(bool(job.result()) for job in jobs)
    assert 5 == len(board.outbox.entries())


def test_a_key_that_is_queued_by_two_processes_is_queued_once(scene: Scene) -> None:
    board = teamed(scene)
    settings = {**scene.box.settings("sendblue"), "exclusive_line": True}
    assert [0, 0] == at_once(2, partial(elsewhere.enqueue, settings=settings), [scene.url])
    Worker(scene, board).work()
    assert Counter({"One": 1, "Each": 10}) == Counter(texts(scene))


def test_a_key_that_is_sent_directly_and_from_the_queue_at_once_is_sent_once(either: Scene) -> None:
    board, other = teamed(either), either.board("sendblue")
    for number in range(4):
        text = f"Text {number}"
        queue(board, text)
        with ThreadPoolExecutor(2) as threads:
            sent = threads.submit(other.send, "team", text, key=text)
            threads.submit(Worker(either, board).work, 10).result()
            assert text == sent.result().key
    assert [f"Text {number}" for number in range(4)] == texts(either, BEN) == texts(either, CAM)
    assert 4 == len(either.asked())
