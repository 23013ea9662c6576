"""A message of which nobody knows whether it went out: its group waits, until somebody knows, or nobody ever will."""

from __future__ import annotations

from datetime import timedelta

import pytest
from switchboard.accidents import Killed
from switchboard.outbox.hands import Worker, at, lane, queue, states, teamed, texts
from switchboard.scenes import ANN, PEOPLE, SETTLE, TELLING, Scene, a_scene, a_scene_on_each, lost, once  # noqa: F401

import groupmessenger as gm

BANDWIDTH = {"bandwidth": {"pace": "1000/s"}}


def unsure(scene: Scene, provider: str = "sendblue", phase: str = "before") -> tuple[gm.Switchboard, Worker]:
    """The first of two messages was lost; the sandbox had it, or had not."""
    board = teamed(scene, provider, own=BANDWIDTH if provider == "bandwidth" else {})
    queue(board, "One", "Two")
    scene.strike(provider, "drop", phase=phase)
    worker = Worker(scene, board)
    worker.drain()
    return board, worker


@pytest.mark.parametrize("provider", TELLING)
def test_one_that_is_found_is_sent_and_the_next_goes_on(scene: Scene, provider: str) -> None:
    board, worker = unsure(scene, provider, "after")
    assert ["unknown", "settled", "sent"] == [told.outcome for told in worker.told]
    assert (["One", "Two"], ["sent", "sent"]) == (texts(scene), list(states(board).values()))


@pytest.mark.parametrize("provider", TELLING)
def test_one_that_is_absent_is_sent_again_by_itself_and_before_the_next(either: Scene, provider: str) -> None:
    """But not before it could have turned up."""
    board, worker = unsure(either, provider)
    assert {"One": "unknown", "Two": "queued"} == states(board)
    assert [] == worker.work(SETTLE - 10)
    assert ([], 1) == (texts(either), len(either.asked()))
    worker.work()
    assert ["One", "Two"] == texts(either)
    one, _ = board.outbox.entries("sent")
    assert (2, None) == (one.tries, one.error)


def test_one_that_nobody_can_tell_of_is_given_up_and_the_next_goes_on(either: Scene) -> None:
    """It is never sent again by itself, and shown with its token."""
    board, worker = unsure(either, "bandwidth")
    assert [] == worker.work(SETTLE - 10)
    assert ["unsettled", "sent"] == worker.work()
    assert {"One": "unknown", "Two": "sent"} == states(board)
    (one,) = board.outbox.entries()
    assert (True, True, 1) == (one.gave_up, bool(one.token), one.tries)
    assert ["Two"] == texts(either)


def test_a_message_that_turns_up_late_is_not_sent_twice(scene: Scene) -> None:
    board = teamed(scene)
    queue(board, "One", "Two")
    scene.strike("sendblue", "late", seconds=SETTLE - 5)
    worker = Worker(scene, board)
    worker.work()
    assert ["One", "Two"] == texts(scene)


def test_it_is_looked_for_more_and_more_seldom(scene: Scene) -> None:
    board, worker = unsure(scene, "messagebird")
    waits = []
    for _ in range(4):
        waits.append(round((lane(board).wake_at - scene.now()).total_seconds()))
        scene.later(waits[-1] + 0.1)
        worker.drain()
    assert [2, 4, 8, 16] == waits


def test_what_is_queued_behind_it_does_not_wait_for_it_elsewhere(scene: Scene) -> None:
    """Other groups go on."""
    board, worker = unsure(scene, "bandwidth")
    board.create_group("pair", PEOPLE[:2])
    queue(board, "Three", group="pair")
    assert ["sent"] == worker.drain("pair")
    assert {"One": "unknown", "Two": "queued"} == states(board)


def test_a_callback_frees_the_group_at_once(either: Scene) -> None:
    either.listen()
    board, _ = unsure(either, "bandwidth", "after")
    worker = Worker(either, board)
    either.later(30)
    worker.drain()
    assert {"One": "unknown", "Two": "queued"} == states(board)
    assert lane(board).wake_at > either.now()
    either.hear(board)
    assert {"One": "sent", "Two": "queued"} == states(board)
    assert ["sent"] == worker.drain()
    assert ["One", "Two"] == texts(either)


def test_somebody_who_settles_frees_the_group(scene: Scene) -> None:
    board = teamed(scene)
    queue(board, "One", "Two")
    scene.strike("sendblue", "drop", phase="after")
    scene.box.fault("refuse", provider="sendblue", operation="list_messages", status=500, body={})
    worker = Worker(scene, board)
    worker.drain()
    assert {"One": "unknown", "Two": "queued"} == states(board)
    board.settle()
    assert ["sent"] == worker.drain()
    assert ["One", "Two"] == texts(scene)


@pytest.mark.parametrize("provider", TELLING)
def test_what_a_direct_send_left_unknown_is_settled_by_a_worker(either: Scene, provider: str) -> None:
    """Also where nothing is queued for its group."""
    board = teamed(either, provider)
    either.strike(provider, "drop", phase="after")
    lost(lambda: board.send("team", "Directly", key="k"))
    Worker(either, board).sweep()
    assert ["sent"] == [entry.state for entry in board.history("team")]


def test_what_a_killed_direct_send_left_is_settled_by_a_worker(either: Scene) -> None:
    """Nobody knows of it but the attempt's lease."""
    board = teamed(either)
    dying = teamed(either)
    dying.operations.board = Worker(either, dying, on=at("after", "depart", kill)).draining.board
    with pytest.raises(Killed):
        dying.send("team", "Directly", key="k")
    either.later()
    Worker(either, board, "second").sweep()
    assert ["not_sent"] == [entry.state for entry in board.history("team")]


def kill() -> None:
    raise Killed


def test_a_direct_send_that_is_under_way_is_waited_for(scene: Scene) -> None:
    board = teamed(scene)
    queue(board, "Queued")
    worker = Worker(scene, board, "second")
    sender = teamed(scene)
    sender.operations.board = Worker(scene, sender, on=at("after", "depart", worker.drain)).draining.board
    sender.send("team", "Directly")
    assert [] == worker.told
    assert ["sent"] == worker.work(5)
    assert ["Directly", "Queued"] == texts(scene)


def test_the_key_of_an_unknown_one_is_not_sent_directly(scene: Scene) -> None:
    board, worker = unsure(scene, "bandwidth", "after")
    with pytest.raises(gm.OutcomeUnknown):
        board.send("team", "One", key="One")
    assert (once(), 1) == (scene.shown("One"), len(scene.asked()))
    scene.later(timedelta(hours=1).total_seconds())
    worker.work()
    assert ["One", "Two"] == texts(scene, ANN)


def test_one_whose_connection_left_the_file_holds_its_group_no_longer_than_others(scene: Scene) -> None:
    """Nobody can be asked for it; its line may come back until then."""
    board = teamed(scene, "sendblue", "bandwidth")
    queue(board, "One")
    scene.strike("sendblue", "drop")
    assert ["unknown"] == Worker(scene, board).drain()
    left = scene.board("bandwidth")
    queue(left, "Two")
    worker = Worker(scene, left, "second")
    assert [] == worker.work(300)
    assert ["unsettled", "sent"] == worker.work(400)
    assert [True] == [entry.gave_up for entry in left.outbox.entries("unknown")]


@pytest.mark.parametrize("name", TELLING)
def test_who_cannot_be_asked_at_that_moment_is_asked_again(scene: Scene, name: str) -> None:
    """The first look after the settle time is turned away; the next finds it."""
    board = teamed(scene, name)
    queue(board, "One")
    scene.strike(name, "drop", phase="after")
    for _ in range(2):  # at once, and after the settle time
        scene.box.fault("refuse", provider=name, operation="list_messages", status=429, headers={"retry-after": "60"})
    worker = Worker(scene, board)
    assert ["unknown"] == worker.drain()
    scene.later()
    assert ["settled"] == worker.work()
    assert once() == scene.shown("One")
