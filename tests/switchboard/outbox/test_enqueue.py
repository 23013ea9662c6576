"""Queueing: what is returned for is on disk, once for a key, and what can be seen to be wrong is said at once."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from switchboard.outbox.hands import Worker, queue, states, teamed, texts
from switchboard.scenes import (  # noqa: F401
    BEN,
    PEOPLE,
    REFUSALS,
    THIRTEEN,
    Scene,
    a_scene,
    a_scene_on_each,
    once,
)

import groupmessenger as gm
from groupmessenger.switchboard.directory import Directory
from groupmessenger.switchboard.outbox import entries as rows
from groupmessenger.switchboard.tables import messages


def counted(url: str) -> dict[str, int]:
    """How many messages are in which state, for another process."""
    directory = Directory(url)
    try:
        return {str(state): count for state, count in directory.do(rows.counts).items()}
    finally:
        directory.close()


def test_what_it_returns_for_is_on_disk(either: Scene) -> None:
    board = teamed(either)
    entry = board.enqueue("team", "One", key="k")
    assert {"queued": 1} == counted(either.url)
    assert ("queued", "team", "k", 0, None) == (entry.state, entry.logical, entry.key, entry.tries, entry.due_at)
    assert (entry,) == board.outbox.entries() == (board.outbox.get(entry.id),)
    assert [] == either.asked()


# Keys


def test_a_key_queues_once(either: Scene) -> None:
    board = teamed(either)
    entry = board.enqueue("team", "One", key="k")
    assert entry == board.enqueue("team", "One", key="k")
    worker = Worker(either, board)
    assert ["sent"] == worker.drain()
    assert "sent" == board.enqueue("team", "One", key="k").state
    assert ([], once()) == (worker.drain(), either.shown("One"))


def test_messages_without_a_key_are_each_their_own(either: Scene) -> None:
    board = teamed(either)
    assert 2 == len({board.enqueue("team", "One").id for _ in range(2)})
    Worker(either, board).drain()
    assert dict.fromkeys(PEOPLE, 2) == either.shown("One")


def test_a_key_is_a_groups_own(scene: Scene) -> None:
    board = teamed(scene)
    board.create_group("pair", PEOPLE[:2])
    assert board.enqueue("team", "One", key="k") != board.enqueue("pair", "Two", key="k")


def test_a_key_with_another_message_is_refused_and_queues_nothing(either: Scene) -> None:
    board = teamed(either)
    board.enqueue("team", "One", key="k")
    with pytest.raises(gm.KeyReused) as caught:
        board.enqueue("team", "Two", key="k")
    assert (gm.Outcome.NOT_SENT, {"queued": 1}) == (caught.value.outcome, counted(either.url))
    with pytest.raises(gm.KeyReused):
        board.send("team", "Two", key="k")


def test_what_was_sent_directly_is_not_sent_again(either: Scene) -> None:
    board = teamed(either)
    board.send("team", "One", key="k")
    assert "sent" == board.enqueue("team", "One", key="k").state
    assert [] == Worker(either, board).work()
    assert once() == either.shown("One")


def test_what_failed_directly_is_sent_from_the_queue(either: Scene) -> None:
    board = teamed(either)
    either.strike("sendblue", "refuse", **REFUSALS["sendblue"])
    with pytest.raises(gm.Rejected):
        board.send("team", "One", key="k")
    assert "queued" == board.enqueue("team", "One", key="k").state
    assert ["sent"] == Worker(either, board).work()
    assert ["sent"] == [entry.state for entry in board.history("team")]


@pytest.mark.parametrize("at_last", ["sent", "unknown"])
def test_what_is_unknown_directly_is_unknown_in_the_queue(scene: Scene, at_last: str) -> None:
    provider = "sendblue" if at_last == "sent" else "bandwidth"
    board = teamed(scene, provider)
    scene.strike(provider, "drop", phase="after")
    with pytest.raises(gm.OutcomeUnknown):
        board.send("team", "One", key="k")
    assert "unknown" == board.enqueue("team", "One", key="k").state
    Worker(scene, board).work()
    assert ({"k": at_last}, once()) == (states(board), scene.shown("One"))


def test_a_queued_key_that_is_sent_directly_is_sent(either: Scene) -> None:
    """Nobody sends it again."""
    board = teamed(either)
    queue(board, "One", "Two")
    assert not board.send("team", "One", key="One").again
    assert {"One": "sent", "Two": "queued"} == states(board)
    assert ["sent"] == Worker(either, board).drain()
    assert board.send("team", "Two", key="Two").again
    assert ["One", "Two"] == texts(either)


# Times


def test_a_time_that_is_over_is_no_time(either: Scene) -> None:
    board = teamed(either)
    assert None is board.enqueue("team", "One", at=either.now() - timedelta(seconds=1)).due_at
    at = either.now() + timedelta(minutes=1)
    entry = board.enqueue("team", "Two", at=at)
    assert at == entry.due_at
    assert ["sent"] == Worker(either, board).drain()


def test_the_time_of_a_key_that_is_queued_stays(scene: Scene) -> None:
    board = teamed(scene)
    at = scene.now() + timedelta(minutes=1)
    board.enqueue("team", "One", key="k", at=at)
    assert at == board.enqueue("team", "One", key="k").due_at


def test_a_clock_that_is_set_back_neither_delays_nor_reorders(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    """Messages without a time go by their numbers."""
    board = teamed(scene)
    queue(board, "One")
    directory = board.operations.board.directory
    monkeypatch.setattr(directory, "_clock", lambda: scene.now() - timedelta(hours=1))
    queue(board, "Two")
    assert ["sent", "sent"] == Worker(scene, board).drain()
    assert ["One", "Two"] == texts(scene)


# What is wrong


@pytest.mark.parametrize(
    ("wrong", "error", "words"),
    [
        ({"name": "nobody"}, gm.InvalidInput, "no group"),
        ({"name": None}, gm.InvalidInput, "name"),
        ({"key": ""}, gm.InvalidInput, "key"),
        ({"key": "k" * 201}, gm.InvalidInput, "key"),
        ({"key": 7}, gm.InvalidInput, "key"),
        ({"at": datetime(2030, 1, 1)}, gm.InvalidInput, "time zone"),
        ({"at": "tomorrow"}, gm.InvalidInput, "at is a time"),
        ({"message": ""}, gm.InvalidInput, "text"),
        ({"message": 7}, gm.InvalidInput, "message"),
        ({"message": gm.Message("Hi", leave_out=[gm.PhoneNumber(BEN)])}, gm.UnsupportedOperation, "leave"),
    ],
)
def test_what_can_be_seen_to_be_wrong_is_said_and_not_queued(
    scene: Scene, wrong: dict[str, Any], error: type[Exception], words: str
) -> None:
    board = teamed(scene)
    with pytest.raises(error, match=words):
        board.enqueue(**{"name": "team", "message": "Hello", **wrong})
    assert ({}, []) == (counted(scene.url), scene.asked())


def test_somebody_who_opted_out_and_too_many_people_are_refused(either: Scene) -> None:
    board = teamed(either, "bandwidth")
    board.create_group("crowd", THIRTEEN)
    with pytest.raises(gm.LimitExceeded):
        board.enqueue("crowd", "Hello", key="k")
    board.suppress(BEN)
    with pytest.raises(gm.Suppressed):
        board.enqueue("team", "Hello", key="k")
    assert {} == counted(either.url)
    assert 0 == len(board.operations.board.directory.do(lambda t: t.execute(messages.select()).all()))


def test_a_key_that_is_queued_is_not_checked_again(scene: Scene) -> None:
    """Whoever asks twice hears the same."""
    board = teamed(scene)
    entry = board.enqueue("team", "One", key="k")
    board.suppress(BEN)
    assert entry == board.enqueue("team", "One", key="k")


def test_nothing_that_is_shown_has_texts_or_numbers(scene: Scene) -> None:
    board = teamed(scene)
    board.enqueue("team", "Confidential words", key="k")
    scene.strike("sendblue", "drop", phase="before")
    worker = Worker(scene, board)
    worker.drain()
    entry = board.outbox.get(1)
    shown = f"{entry!r} {board.outbox!r} {board.outbox.stats()!r} {worker.told!r} {worker.draining!r}"
    assert entry.token
    for secret in (
        "Confidential",
        entry.token,
        *PEOPLE,
        *(each.number for each in board.operations.board.lines.values()),
    ):
        assert secret not in shown
