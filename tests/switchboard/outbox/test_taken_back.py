"""What people do with what is queued: take it back, try it again, look at it, and delete what is over."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select
from switchboard.outbox.hands import Worker, at, queue, states, teamed, texts
from switchboard.outbox.test_unknown import unsure
from switchboard.scenes import PEOPLE, REFUSALS, Scene, a_scene, a_scene_on_each, once  # noqa: F401

import groupmessenger as gm
from groupmessenger.switchboard import OutboxEntry
from groupmessenger.switchboard.outbox import tables


def failed(scene: Scene, *, then: tuple[str, ...] = ()) -> tuple[gm.Switchboard, int]:
    """A dead letter, and what is queued after it."""
    board = teamed(scene)
    (one, *_) = queue(board, "One", *then)
    scene.strike("sendblue", "refuse", **REFUSALS["sendblue"])
    Worker(scene, board).drain()
    return board, one.id


def dumps(board: gm.Switchboard) -> list[str | None]:
    """The texts that are kept."""
    rows = select(tables.outbox.c.dump).order_by(tables.outbox.c.id)
    return list(board.operations.board.directory.do(lambda t: t.execute(rows).scalars().all()))


# Taken back


def test_what_nobody_began_to_send_can_be_taken_back(either: Scene) -> None:
    """Twice as well; its text is kept no longer, and the next goes on."""
    board = teamed(either)
    one, _ = queue(board, "One", "Two")
    (entry,) = board.outbox.cancel(one.id)
    assert "cancelled" == entry.state
    assert (entry,) == board.outbox.cancel(one.id)
    assert [True, False] == [dump is None for dump in dumps(board)]
    assert ["sent"] == Worker(either, board).drain()
    assert ({}, once()) == (either.shown("One"), either.shown("Two"))


def test_one_that_holds_its_group_up_can_be_taken_back(scene: Scene) -> None:
    board = teamed(scene)
    one = board.enqueue("team", "One", at=scene.now() + timedelta(hours=1))
    board.outbox.cancel(one.id)
    scene.later()
    assert [] == Worker(scene, board).work()


def test_a_dead_letter_can_be_taken_back(scene: Scene) -> None:
    board, number = failed(scene)
    assert ["cancelled"] == [entry.state for entry in board.outbox.cancel(number)]
    assert () == board.outbox.entries()


def test_what_may_have_been_sent_cannot_be_taken_back_and_no_other_with_it(either: Scene) -> None:
    board, _ = unsure(either, "bandwidth")
    one, two = (entry.id for entry in board.outbox.entries())
    with pytest.raises(gm.InvalidInput, match="unknown"):
        board.outbox.cancel(two, one)
    assert {"One": "unknown", "Two": "queued"} == states(board)
    Worker(either, board).work()
    with pytest.raises(gm.InvalidInput, match="sent"):
        board.outbox.cancel(two)


def test_what_is_under_way_cannot_be_taken_back(scene: Scene) -> None:
    board = teamed(scene)
    (one,) = queue(board, "One")
    refused: list[str] = []

    def on(when: str, name: str) -> None:
        if (when, name) in (("after", "reserve"), ("after", "depart")):
            with pytest.raises(gm.InvalidInput, match="sending") as caught:
                board.outbox.cancel(one.id)
            refused.append(str(caught.value))

    assert ["sent"] == Worker(scene, board, on=on).drain()
    assert 2 == len(refused)


@pytest.mark.parametrize("number", [0, -1, 7, "1", True, None])
def test_what_there_is_not_is_said(scene: Scene, number: Any) -> None:
    board = teamed(scene)
    for call in (board.outbox.get, board.outbox.cancel, board.outbox.retry):
        with pytest.raises(gm.InvalidInput):
            call(number)


def test_of_one_who_takes_back_and_one_who_sends_exactly_one_wins(either: Scene) -> None:
    """Whatever they do at the same moment."""
    board, other = teamed(either), either.board("sendblue")
    for number in range(6):
        (entry,) = queue(board, f"Text {number}")
        both = threading.Barrier(2, timeout=10)

        def take(entry: OutboxEntry = entry, both: threading.Barrier = both) -> bool:
            both.wait()
            try:
                other.outbox.cancel(entry.id)
            except gm.InvalidInput:
                return False
            return True

        with ThreadPoolExecutor(1) as thread:
            taking = thread.submit(take)
            Worker(either, board, on=at("before", "reserve", both.wait)).drain()
            taken = taking.result()
        assert taken is not bool(either.shown(f"Text {number}"))
        assert ("cancelled" if taken else "sent") == board.outbox.get(entry.id).state


# Tried again


def test_a_dead_letter_can_be_tried_again(either: Scene) -> None:
    board, number = failed(either, then=("Two",))
    (entry,) = board.outbox.retry(number)
    assert ("queued", None) == (entry.state, entry.error)
    assert ["sent"] == Worker(either, board).drain()
    assert ["Two", "One"] == texts(either)
    with pytest.raises(gm.InvalidInput, match="sent"):
        board.outbox.retry(number)


def test_one_that_is_taken_back_cannot_be_tried_again(scene: Scene) -> None:
    board, number = failed(scene)
    board.outbox.cancel(number)
    with pytest.raises(gm.InvalidInput, match="cancelled"):
        board.outbox.retry(number)


def test_one_that_waits_after_a_failure_is_tried_at_once(scene: Scene) -> None:
    board = teamed(scene)
    (one,) = queue(board, "One")
    scene.box.fault("refuse", provider="sendblue", operation="send_group", status=401, body={"status": "ERROR"})
    worker = Worker(scene, board)
    assert ["waiting"] == worker.drain()
    board.outbox.resume()
    board.outbox.retry(one.id)
    assert ["sent"] == worker.drain()


def given_up(scene: Scene) -> tuple[gm.Switchboard, int]:
    """One of which nobody can tell any more; the sandbox had it."""
    board, worker = unsure(scene, "bandwidth", "after")
    worker.work()
    assert {"One": "unknown", "Two": "sent"} == states(board)
    return board, board.outbox.entries()[0].id


def test_an_unknown_one_is_sent_again_only_if_that_may_be_twice(either: Scene) -> None:
    """And it is said who may get it twice."""
    board, number = given_up(either)
    with pytest.raises(gm.InvalidInput, match=r"everybody in 'team' may get it twice.*may_duplicate"):
        board.outbox.retry(number)
    (entry,) = board.outbox.retry(number, may_duplicate=True)
    assert ("queued", "One") == (entry.state, entry.key)
    assert ["sent"] == Worker(either, board).drain()
    assert dict.fromkeys(PEOPLE, 2) == either.shown("One")
    assert board.send("team", "One", key="One").again
    assert "sent" == board.enqueue("team", "One", key="One").state


def test_an_unknown_one_that_is_still_looked_for_is_not_sent_again(scene: Scene) -> None:
    board, _ = unsure(scene, "bandwidth")
    with pytest.raises(gm.InvalidInput, match="still looked for"):
        board.outbox.retry(board.outbox.entries()[0].id, may_duplicate=True)


def test_what_becomes_known_of_the_old_attempt_does_not_disturb_the_new_one(scene: Scene) -> None:
    """Its status comes when the message is queued again, and is a message of its own in the history."""
    scene.listen()
    board, number = given_up(scene)
    board.outbox.retry(number, may_duplicate=True)
    scene.later(30)
    scene.hear(board)
    assert "queued" == board.outbox.get(number).state
    assert ["sent"] == Worker(scene, board).drain()
    assert ["sent", "sent", "sent"] == [entry.state for entry in board.history("team")]
    assert dict.fromkeys(PEOPLE, 2) == scene.shown("One")


def test_of_several_none_is_tried_where_one_cannot_be(scene: Scene) -> None:
    board, number = failed(scene, then=("Two",))
    with pytest.raises(gm.InvalidInput):
        board.outbox.retry(number, number + 1)
    assert "failed" == board.outbox.get(number).state


# Looked at


def test_entries_are_those_that_somebody_may_have_to_look_after(either: Scene) -> None:
    board, number = failed(either, then=("Two", "Three"))
    board.create_group("pair", PEOPLE[:2])
    queue(board, "Four", group="pair")
    assert ["failed", "queued"] == [entry.state for entry in board.outbox.entries()]
    assert ["Two", "Three"] == [entry.key for entry in board.outbox.entries("sent")]
    assert ["Four"] == [entry.key for entry in board.outbox.entries(group="pair")]
    assert ["One"] == [entry.key for entry in board.outbox.entries(limit=1)]
    assert ["Four"] == [entry.key for entry in board.outbox.entries(after=number)]
    wrongs: list[dict[str, Any]] = [{"state": "lost"}, {"group": "nobody"}, {"limit": 0}, {"limit": "1"}]
    for wrong in wrongs:
        with pytest.raises(gm.InvalidInput):
            board.outbox.entries(**wrong)


def test_the_state_of_the_queue(either: Scene) -> None:
    board, _ = failed(either)
    queue(board, "Two")
    board.enqueue("team", "Later", at=either.now() + timedelta(hours=2))
    either.later(90)
    stats = board.outbox.stats()
    assert {"failed": 1, "queued": 2} == dict(stats.counts)
    assert (2, ()) == (stats.remaining, stats.pauses)
    assert stats.oldest is not None
    assert 100 > stats.oldest >= 90


def test_how_old_the_oldest_is_counts_from_when_it_was_due(scene: Scene) -> None:
    board = teamed(scene)
    assert None is board.outbox.stats().oldest
    board.enqueue("team", "Later", at=scene.now() + timedelta(seconds=100))
    assert None is board.outbox.stats().oldest
    scene.later(150)
    oldest = board.outbox.stats().oldest
    assert oldest is not None
    assert 55 > oldest >= 50


# Deleted


def test_what_is_over_for_longer_is_deleted_and_nothing_else(either: Scene) -> None:
    """Keys stay used."""
    board, _ = failed(either, then=("Two",))
    either.later()
    queue(board, "Three", "Four")
    board.outbox.cancel(4)
    assert 0 == board.outbox.purge(timedelta(hours=2))
    assert 2 == board.outbox.purge(timedelta(minutes=30))
    assert {"Three": "queued", "Four": "cancelled"} == states(board)
    assert 1 == board.outbox.purge(timedelta())
    assert board.send("team", "Two", key="Two").again
    for wrong in (timedelta(seconds=-1), 7):
        with pytest.raises(gm.InvalidInput):
            board.outbox.purge(wrong)  # type: ignore[arg-type]


def test_what_is_still_looked_for_is_not_deleted(scene: Scene) -> None:
    board, worker = unsure(scene, "bandwidth")
    assert 0 == board.outbox.purge(timedelta())
    worker.work()
    scene.later(10)
    assert 2 == board.outbox.purge(timedelta())
