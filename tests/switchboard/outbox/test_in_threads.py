"""A worker in threads beside a program that blocks, and batches that are sent by one."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from switchboard.outbox.hands import lane, queue, states, teamed, texts
from switchboard.scenes import (  # noqa: F401
    BEN,
    CAM,
    PEOPLE,
    REFUSALS,
    THIRTEEN,
    Scene,
    a_scene,
    a_scene_on_each,
    once,
)

import groupmessenger as gm
from groupmessenger.switchboard import Progress
from groupmessenger.switchboard.outbox import lanes, roster
from groupmessenger.switchboard.outbox import worker as working


def until(true: Callable[[], bool]) -> None:
    """Wait for something, some seconds at most."""
    for _ in range(600):
        if true():
            return
        time.sleep(0.02)
    raise AssertionError("it never came")


def over(board: gm.Switchboard) -> Callable[[], bool]:
    return lambda: not board.outbox.stats().remaining


def pairs(board: gm.Switchboard, number: int = 3) -> list[str]:
    """Groups of two."""
    names = [f"pair {each}" for each in range(number)]
    for each, name in enumerate(names):
        board.create_group(name, THIRTEEN[2 * each : 2 * each + 2])
    return names


# At work


def test_it_sends_as_long_as_the_block_lasts(either: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    """And knows at once of what its own program queues."""
    monkeypatch.setattr(working, "POLL", 600.0)
    board = teamed(either)
    queue(board, "One")
    with board.worker() as worker:
        until(over(board))
        queue(board, "Two")
        until(over(board))
        assert [worker.id] == [each.id for each in board.outbox.stats().workers]
    assert {"sent": 2} == dict(worker.counts)
    assert (["One", "Two"], ()) == (texts(either), board.outbox.stats().workers)
    queue(board, "Three")
    assert ("queued", None) == (states(board)["Three"], lane(board).owner)


def test_groups_are_sent_to_at_the_same_time(scene: Scene) -> None:
    board = teamed(scene)
    names = pairs(board)
    for name in names:
        queue(board, f"To {name}", group=name)
    scene.box.fault("delay", provider="sendblue", operation="send_group", seconds=0.5, times=3)
    with board.worker():
        until(lambda: {"sending"} == {states(board, name)[f"To {name}"] for name in names})
        until(over(board))


def test_no_more_groups_at_a_time_than_was_said(scene: Scene) -> None:
    board = teamed(scene)
    names = pairs(board)
    for name in names:
        queue(board, f"To {name}", group=name)
    scene.box.fault("delay", provider="sendblue", operation="send_group", seconds=0.2, times=3)
    most = 0
    with board.worker(concurrency=1):
        while not over(board)():
            now = [states(board, name)[f"To {name}"] for name in names]
            most = max(most, now.count("sending"))
            time.sleep(0.05)
    assert 1 == most


def test_an_error_in_the_block_arrives_as_it_is_and_ends_what_is_under_way(either: Scene) -> None:
    board = teamed(either)
    queue(board, "One", "Two")
    either.box.fault("delay", provider="sendblue", operation="send_group", seconds=0.3)
    error = KeyboardInterrupt()

    def work() -> None:
        with board.worker():
            until(lambda: bool(either.asked()))
            raise error

    with pytest.raises(KeyboardInterrupt) as caught:
        work()
    assert error is caught.value
    assert {"One": "sent", "Two": "queued"} == states(board)
    assert None is lane(board).owner


def test_a_worker_that_is_gone_is_followed(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its lane is taken over, and it is not at work any more."""
    monkeypatch.setattr(working, "_BEAT", 0.1)
    board = teamed(scene)
    queue(board, "One")
    directory = board.operations.board.directory
    group_id = board.group("team").id
    directory.do(lambda t: lanes.claim(t, group_id, "gone"))
    directory.do(lambda t: roster.seen(t, "gone", "host", 1))
    with board.worker() as worker:
        time.sleep(0.3)
        assert {"One": "queued"} == states(board)
        scene.later(61)
        until(over(board))
        until(lambda: [worker.id] == [each.id for each in board.outbox.stats().workers])


def test_a_worker_that_lives_keeps_its_lanes(either: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    """Longer than a lease, by its signs of life."""
    monkeypatch.setattr(working, "_BEAT", 0.05)
    board = teamed(either)
    queue(board, "One")
    either.box.fault("delay", provider="sendblue", operation="send_group", seconds=1.0)
    with board.worker() as worker:
        until(lambda: bool(either.asked()))
        before = lane(board).lease_until
        until(lambda: lane(board).lease_until > before)
        assert worker.id == lane(board).owner


# Batches


def test_a_batch_is_sent_and_tells_how_far_it_is(either: Scene) -> None:
    board, told = teamed(either), list[Progress]()
    names = pairs(board)
    progress = board.send_many(names, "To all", key="b1", on_progress=told.append)
    assert ("b1", 3, 0, {"sent": 3}) == (progress.batch, progress.total, progress.remaining, dict(progress.counts))
    assert progress.counts == told[-1].counts
    assert dict.fromkeys(THIRTEEN[:6], 1) == either.shown("To all")
    assert ["b1"] * 3 == [entry.batch for entry in board.outbox.entries("sent", batch="b1")]


def test_a_batch_that_is_asked_for_again_is_sent_once(either: Scene) -> None:
    """To groups that are new in it as well."""
    board = teamed(either)
    names = pairs(board)
    board.send_many(names[:2], "To all", key="b1")
    assert {"sent": 3} == dict(board.send_many(iter(names), "To all", key="b1").counts)
    assert dict.fromkeys(THIRTEEN[:6], 1) == either.shown("To all")
    with pytest.raises(gm.KeyReused):
        board.send_many(names, "Other words", key="b1")


def test_groups_that_there_are_not_are_named_and_nothing_is_queued(scene: Scene) -> None:
    board = teamed(scene)
    with pytest.raises(gm.InvalidInput, match=r"'nobody', 'no one'.*nothing was queued"):
        board.send_many(["team", "nobody", "no one"], "To all")
    with pytest.raises(gm.InvalidInput, match="brackets"):
        board.send_many("team", "To all")
    with pytest.raises(gm.InvalidInput):
        board.send_many(["team", 7], "To all")  # type: ignore[list-item]
    assert {} == dict(board.outbox.stats().counts)


def test_what_keeps_one_group_from_it_is_a_dead_letter(scene: Scene) -> None:
    """The others get it; so they do where a provider refuses one."""
    board = teamed(scene)
    names = pairs(board)
    board.suppress(BEN)
    scene.strike("sendblue", "refuse", **REFUSALS["sendblue"])
    progress = board.send_many([*names, "team"], "To all", key="b1")
    assert {"sent": 2, "failed": 2} == dict(progress.counts)
    errors = [entry.error or "" for entry in board.outbox.entries("failed", batch="b1")]
    assert any("opted out" in error for error in errors)
    assert {} == {phone: count for phone, count in scene.shown("To all").items() if phone in PEOPLE}


def test_a_batch_that_nobody_waits_for_is_left_to_workers(either: Scene) -> None:
    board = teamed(either)
    progress = board.send_many(pairs(board), "To all", key="b1", wait=False)
    assert {"queued": 3} == dict(progress.counts) == dict(board.outbox.progress("b1").counts)
    assert [] == either.asked()
    with board.worker():
        until(over(board))
    assert {"sent": 3} == dict(board.outbox.progress("b1").counts)


def test_who_ends_it_leaves_the_rest_to_the_next_worker(either: Scene) -> None:
    """As by Ctrl-C."""
    board = teamed(either)
    names = pairs(board)
    told: Iterator[Any] = iter(range(2))

    def interrupt(progress: Progress) -> None:
        if next(told, None) is None:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        board.send_many(names, "To all", key="b1", on_progress=interrupt)
    assert {"sent": 3} == dict(board.send_many(names, "To all", key="b1").counts)
    assert dict.fromkeys(THIRTEEN[:6], 1) == either.shown("To all")
    assert {} == either.shown(CAM)
