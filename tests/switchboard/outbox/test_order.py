"""A group's messages leave in their order, one after another, whoever sends them; groups do not wait for each other."""

from __future__ import annotations

from datetime import timedelta

import pytest
from switchboard.accidents import Killed, crowds
from switchboard.outbox.hands import On, Worker, at, lane, queue, states, teamed, texts
from switchboard.scenes import DAN, PEOPLE, PROVIDERS, Scene, a_scene, a_scene_on_each, once  # noqa: F401

import groupmessenger as gm

STEPS = [
    *[("before", "_next"), ("after", "_next"), ("before", "_read"), ("before", "reserve"), ("after", "reserve")],
    *[("before", "depart"), ("after", "depart"), ("before", "record_sent"), ("after", "record_sent")],
]
SOME = [("after", "_next"), ("before", "reserve"), ("before", "depart"), ("after", "depart")]


@pytest.mark.parametrize("provider", PROVIDERS)
def test_messages_of_a_group_leave_in_their_order(scene: Scene, provider: str) -> None:
    board = teamed(scene, provider)
    queue(board, "One", "Two", "Three")
    Worker(scene, board).work()
    assert ["One", "Two", "Three"] == texts(scene)


def test_those_whose_time_has_come_go_first_by_their_times(either: Scene) -> None:
    """Then those without one."""
    board = teamed(either)
    now = either.now()
    queue(board, "Four", "Five")
    for text, seconds in (("Three", 60), ("Two", 50), ("Later", 5000), ("One", 40)):
        board.enqueue("team", text, at=now + timedelta(seconds=seconds))
    either.later(70)
    worker = Worker(either, board)
    assert ["sent"] * 5 == worker.drain()
    assert ["One", "Two", "Three", "Four", "Five"] == texts(either)
    assert 4990 > (lane(board).wake_at - either.now()).total_seconds() > 4900
    assert [] == worker.drain()
    either.later(5000)
    assert ["sent"] == worker.drain()


def test_a_message_whose_time_has_not_come_is_not_sent(either: Scene) -> None:
    board = teamed(either)
    board.enqueue("team", "Later", at=either.now() + timedelta(seconds=100))
    worker = Worker(either, board)
    assert [] == worker.drain()
    assert [] == worker.work(90)
    assert ["sent"] == worker.work(20)


@pytest.mark.parametrize("step", SOME, ids=" ".join)
def test_groups_do_not_wait_for_each_other(scene: Scene, step: tuple[str, str]) -> None:
    """A worker stands at any step of one group; another drains another."""
    board = teamed(scene)
    board.create_group("pair", PEOPLE[:2])
    queue(board, "One", "Two")
    queue(board, "Three", "Four", group="pair")
    second = Worker(scene, board, "second")
    first = Worker(scene, board, on=at(*step, lambda: second.drain("pair")))
    first.drain()
    assert ["sent", "sent"] == [told.outcome for told in second.told]
    assert ["Four", "One", "Three", "Two"] == sorted(texts(scene))


@pytest.mark.parametrize("step", SOME, ids=" ".join)
def test_two_workers_do_not_drain_one_lane(scene: Scene, step: tuple[str, str]) -> None:
    board = teamed(scene)
    queue(board, "One", "Two")
    second = Worker(scene, board, "second")
    first = Worker(scene, board, on=at(*step, lambda: second.drain()))
    assert (["sent", "sent"], []) == (first.drain(), second.told)
    assert ["One", "Two"] == texts(scene)


# A worker that stands still, or is gone


def stood_still(scene: Scene, step: tuple[str, str], seconds: float) -> None:
    """Another takes its lane over meanwhile; nothing is sent twice, and nothing out of order."""
    board = teamed(scene)
    queue(board, "One", "Two", "Three")
    second = Worker(scene, board, "second")

    def frozen() -> None:
        scene.later(seconds)
        second.work(40)

    Worker(scene, board, on=at(*step, frozen)).drain()
    second.work()
    assert ["One", "Two", "Three"] == texts(scene)
    assert {"One": "sent", "Two": "sent", "Three": "sent"} == states(board)


@pytest.mark.parametrize("step", STEPS, ids=" ".join)
def test_a_worker_that_stood_still_longer_than_its_lease_does_no_harm(scene: Scene, step: tuple[str, str]) -> None:
    stood_still(scene, step, 35)


@pytest.mark.parametrize("step", [("before", "reserve"), ("before", "depart"), ("after", "depart")], ids=" ".join)
def test_a_worker_that_stood_still_longer_than_every_lease_does_no_harm(either: Scene, step: tuple[str, str]) -> None:
    stood_still(either, step, 3600)


def test_a_worker_that_lost_its_lane_begins_nothing(either: Scene) -> None:
    """It notices in the very transaction that would begin an attempt, and writes nothing down."""
    board = teamed(either)
    (one,) = queue(board, "One")

    def frozen() -> None:
        either.later(35)
        assert ["sent"] == second.drain()

    second = Worker(either, board, "second")
    first = Worker(either, board, on=at("before", "reserve", frozen))
    assert [] == [told for told in first.drain() if told != "sent"]
    assert (1, 1) == (len(either.asked()), board.outbox.get(one.id).tries)


def test_a_message_that_was_taken_back_is_not_sent_by_who_has_it_in_hand(either: Scene) -> None:
    board = teamed(either)
    one, _ = queue(board, "One", "Two")
    worker = Worker(either, board, on=at("before", "reserve", lambda: board.outbox.cancel(one.id)))
    assert ["sent"] == worker.drain()
    assert {"One": "cancelled", "Two": "sent"} == states(board)
    assert ["Two"] == texts(either)


def dying(step: int) -> On:
    """Be killed before this step."""
    steps = iter(range(1, 100))

    def on(when: str, _: str) -> None:
        if when == "before" and next(steps) == step:
            raise Killed

    return on


def test_a_worker_that_is_killed_at_any_step_is_followed_by_another(scene: Scene) -> None:
    """Once its leases are over, and the message goes out once, before the next."""
    board = teamed(scene)
    for step, people in enumerate(crowds(), 1):
        name = f"group {step}"
        board.create_group(name, people)
        queue(board, f"One {step}", f"Two {step}", group=name)
        try:
            Worker(scene, board, on=dying(step)).drain(name)
        except Killed:
            Worker(scene, board, "second").work()
        else:
            assert step > 10, "it was killed at no step"
            return
        assert [f"One {step}", f"Two {step}"] == texts(scene, people[0])
        assert {"sent"} == set(states(board, name).values())
    raise AssertionError("it never came to its end")


def kill() -> None:
    raise Killed


def test_a_message_that_was_let_go_and_never_left_is_sent_when_it_is_known_to_be_absent(either: Scene) -> None:
    board = teamed(either)
    queue(board, "One", "Two")
    with pytest.raises(Killed):
        Worker(either, board, on=at("after", "depart", kill)).drain()
    assert ([], {"One": "sending", "Two": "queued"}) == (either.asked(), states(board))
    second = Worker(either, board, "second")
    assert [] == second.work(20)
    second.work(30)
    assert ({"One": "unknown", "Two": "queued"}, []) == (states(board), texts(either))
    second.work()
    assert ["One", "Two"] == texts(either)


def test_a_lane_of_a_worker_that_is_gone_is_taken_over_when_its_lease_is_over(either: Scene) -> None:
    board = teamed(either)
    queue(board, "One")
    with pytest.raises(Killed):
        Worker(either, board, on=at("after", "claim", kill)).drain()
    second = Worker(either, board, "second")
    assert [] == second.drain() == second.work(25)
    assert ["sent"] == second.work(10)


def test_many_groups_at_once_take_turns(scene: Scene) -> None:
    """A long queue gives its lane back from time to time."""
    board = teamed(scene, own={"sendblue": {"pace": "1/s"}})
    board.create_group("pair", [PEOPLE[0], DAN])
    queue(board, *(f"Text {number}" for number in range(15)))
    worker = Worker(scene, board)
    done = worker.drain()
    assert 15 > len(done) > 5
    assert scene.now() >= lane(board).wake_at
    worker.work()
    assert [f"Text {number}" for number in range(15)] == texts(scene)


def test_a_worker_that_is_stopping_ends_what_is_under_way_and_begins_nothing(scene: Scene) -> None:
    board = teamed(scene)
    queue(board, "One", "Two")
    worker = Worker(scene, board)
    worker.draining.stopping = True
    assert ["sent"] == worker.drain()
    assert None is lane(board).owner
    assert ["sent"] == Worker(scene, board, "second").drain()
    assert gm.switchboard.OutboxState.SENT == states(board)["Two"]
