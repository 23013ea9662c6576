"""What a provider's refusals do to a queue: its connection is paused, its message waits alone, or is a dead letter."""

from __future__ import annotations

import math
from typing import Any

import pytest
from switchboard.outbox.hands import Worker, at, lane, queue, states, teamed, texts
from switchboard.scenes import AWAY, PEOPLE, PROVIDERS, REFUSALS, Scene, a_scene, a_scene_on_each, once  # noqa: F401

import groupmessenger as gm

FULL: dict[str, Any] = {"status": 429, "body": {}}
UNAUTHORIZED = {"status": 401, "body": {"message": "Unauthorized", "status": "ERROR"}}
FORBIDDEN = {"status": 403, "body": {"message": "Forbidden", "status": "ERROR"}}
MOVED = {"status": 301, "body": {}, "headers": {"Location": "http://127.0.0.1:1/"}}
QUOTA = {"status": 400, "body": {"status": "ERROR", "error_key": "LINE_DAILY_LIMIT_REACHED"}}


def paused(board: gm.Switchboard) -> dict[str, str]:
    return {each.connection: each.kind for each in board.outbox.stats().pauses}


# Its connection is paused


@pytest.mark.parametrize(
    ("fault", "kind", "seconds"),
    [
        ({**FULL, "headers": {"Retry-After": "90"}}, "RateLimited", 90),
        (FULL, "RateLimited", 5),
        (UNAUTHORIZED, "AuthenticationFailed", 60),
        (FORBIDDEN, "AuthenticationFailed", 60),
        (MOVED, "ConfigurationError", 60),
    ],
    ids=["429 with a time", "429", "401", "403", "301"],
)
def test_a_refusal_of_us_pauses_the_connection_and_keeps_the_queue(
    either: Scene, fault: dict[str, Any], kind: str, seconds: float
) -> None:
    """Nobody is asked meanwhile, for no group; then all go in their order."""
    board = teamed(either)
    board.create_group("pair", PEOPLE[:2])
    queue(board, "One", "Two")
    queue(board, "Three", group="pair")
    either.strike("sendblue", "refuse", **fault)
    worker = Worker(either, board)
    assert ["waiting"] == worker.drain()
    assert {"sendblue": kind} == paused(board)
    assert [] == worker.drain("pair") == worker.drain()
    either.later(seconds - 3)
    assert [] == worker.drain("pair") == worker.drain()
    assert 1 == len(either.asked())
    assert {"One": "queued", "Two": "queued"} == states(board)
    either.later(3.5)
    worker.work()
    assert ["One", "Two"] == [text for text in texts(either) if text != "Three"]
    assert once(*PEOPLE[:2]) == either.shown("Three")
    assert {} == paused(board)


def test_a_pause_that_begins_while_another_message_is_prepared_keeps_that_too(either: Scene) -> None:
    """Of those that wait for their turn none leaves."""
    board = teamed(either)
    board.create_group("pair", PEOPLE[:2])
    queue(board, "One")
    queue(board, "Two", group="pair")
    either.strike("sendblue", "refuse", **UNAUTHORIZED)
    other = Worker(either, board, "second")
    worker = Worker(either, board, on=at("before", "depart", lambda: other.drain("pair")))
    assert [] == worker.drain()
    assert ({"sendblue": "AuthenticationFailed"}, 1) == (paused(board), len(either.asked()))
    assert {"One": "queued"} == states(board)
    board.outbox.resume("sendblue")
    assert (["sent"], ["sent"]) == (worker.drain(), worker.drain("pair"))


def test_a_pause_grows_until_a_message_goes_out(scene: Scene) -> None:
    board, worker = teamed(scene), None
    queue(board, "One", "Two")
    scene.strike("sendblue", "refuse", **FULL, times=4)
    worker = Worker(scene, board)
    lengths = []
    for _ in range(4):
        assert ["waiting"] == worker.drain()
        (pause,) = board.outbox.stats().pauses
        lengths.append(round((pause.until - scene.now()).total_seconds()))
        scene.later(lengths[-1] + 1)
    assert [5, 10, 20, 40] == lengths
    assert ["sent", "sent"] == worker.drain()
    queue(board, "Three")
    scene.strike("sendblue", "refuse", **FULL)
    worker.drain()
    (pause,) = board.outbox.stats().pauses
    assert 5 == round((pause.until - scene.now()).total_seconds())


def test_a_pause_is_one_however_many_were_refused_in_it(scene: Scene) -> None:
    """Two workers had each a message under way."""
    board = teamed(scene)
    board.create_group("pair", PEOPLE[:2])
    queue(board, "One")
    queue(board, "Two", group="pair")
    scene.strike("sendblue", "refuse", **FULL, times=2)
    second = Worker(scene, board, "second")

    def other(when: str, name: str) -> None:
        if (when, name) == ("after", "depart") and not second.told:
            second.drain("pair")

    Worker(scene, board, on=other).drain()
    (pause,) = board.outbox.stats().pauses
    assert 5 >= (pause.until - scene.now()).total_seconds()


def test_somebody_who_mended_it_ends_the_pause(either: Scene) -> None:
    board = teamed(either)
    queue(board, "One")
    either.strike("sendblue", "refuse", **UNAUTHORIZED)
    worker = Worker(either, board)
    worker.drain()
    assert 1 == board.outbox.resume("sendblue")
    assert 0 == board.outbox.resume()
    assert ["sent"] == worker.drain()
    with pytest.raises(gm.ConfigurationError):
        board.outbox.resume("telegraph")


def test_other_connections_go_on(scene: Scene) -> None:
    board = teamed(scene, "sendblue", "messagebird")
    board.create_group("pair", PEOPLE[:2], prefer=["messagebird"])
    queue(board, "One")
    queue(board, "Two", group="pair")
    scene.strike("sendblue", "refuse", **FULL)
    assert (["waiting"], ["sent"]) == (Worker(scene, board).drain(), Worker(scene, board).drain("pair"))


def test_a_setting_that_is_wrong_before_any_attempt_holds_the_group_alone(scene: Scene) -> None:
    """Its route is a connection that this program does not have: others are not paused for that."""
    both = teamed(scene, "sendblue", "messagebird")
    both.create_group("pair", PEOPLE[:2])
    both.switch("team", "messagebird")
    board = teamed(scene, "sendblue")
    queue(both, "One")
    queue(board, "Two", group="pair")
    worker = Worker(scene, board)
    assert (["waiting"], ["sent"]) == (worker.drain(), worker.drain("pair"))
    assert ({}, {"One": "queued"}) == (paused(board), states(board))
    assert 1 == lane(board).failures
    scene.later(61)
    assert ["sent"] == Worker(scene, both).drain()


# Fail-over


BOTH = ("sendblue", "bandwidth")


def test_a_group_that_may_move_leaves_a_paused_connection(either: Scene) -> None:
    """With all that is queued, in its order; a message that is sent directly as well."""
    board = teamed(either, *BOTH, own={name: {"failover": True, "pace": "1000/s"} for name in BOTH}, prefer=BOTH)
    board.create_group("pair", PEOPLE[:2], failover=False)
    queue(board, "One", "Two")
    queue(board, "Stay", group="pair")
    either.strike("sendblue", "refuse", **UNAUTHORIZED)
    worker = Worker(either, board)
    assert (["waiting"], []) == (worker.drain(), worker.drain("pair"))
    assert ["sent", "sent"] == worker.drain()
    assert ["One", "Two"] == texts(either)
    assert ["bandwidth"] * 2 == [entry.connection for entry in board.outbox.entries("sent")]
    receipt = board.send("team", "Directly")
    assert ("bandwidth", 1) == (receipt.connection, len(either.asked("sendblue")))
    assert {"Stay": "queued"} == states(board, "pair")


def test_a_direct_send_of_a_group_that_cannot_move_is_tried_all_the_same(scene: Scene) -> None:
    board = teamed(scene)
    queue(board, "One")
    scene.strike("sendblue", "refuse", **UNAUTHORIZED)
    Worker(scene, board).drain()
    assert "sendblue" == board.send("team", "Directly").connection


def test_where_nobody_is_reached_the_next_connection_is_taken(scene: Scene) -> None:
    board = teamed(scene, *BOTH, own={"sendblue": {"failover": True}}, prefer=BOTH, http={"sendblue": AWAY})
    queue(board, "One")
    assert ["sent"] == Worker(scene, board).work()
    assert once() == scene.shown("One")


def test_too_many_requests_move_nobody(scene: Scene) -> None:
    """Nor a direct send, which tries."""
    board = teamed(scene, *BOTH, own={"sendblue": {"failover": True}}, prefer=BOTH)
    queue(board, "One")
    scene.strike("sendblue", "refuse", **FULL)
    worker = Worker(scene, board)
    assert ["waiting"] == worker.drain()
    assert "sendblue" == board.send("team", "Directly").connection
    worker.work()
    assert ([], ["Directly", "One"]) == (scene.asked("bandwidth"), texts(scene))


def test_the_pace_moves_nobody(scene: Scene) -> None:
    board = teamed(scene, *BOTH, own={"sendblue": {"failover": True, "pace": "1/min"}}, prefer=BOTH)
    queue(board, "One", "Two", "Three")
    worker = Worker(scene, board)
    assert ["sent"] * 3 == worker.work()
    assert [] == scene.asked("bandwidth")


# The message, or its group, waits


def test_a_quota_delays_that_message_alone(either: Scene) -> None:
    """Others go before it."""
    board = teamed(either)
    one, *_ = queue(board, "One", "Two", "Three")
    either.strike("sendblue", "refuse", **QUOTA)
    worker = Worker(either, board)
    assert ["waiting", "sent", "sent"] == worker.drain()
    assert ["Two", "Three"] == texts(either)
    waiting = board.outbox.get(one.id)
    assert ("queued", 1) == (waiting.state, waiting.tries)
    assert waiting.due_at is not None
    assert 900 > (waiting.due_at - either.now()).total_seconds() > 880
    assert {} == paused(board)
    assert ["sent"] == worker.work()
    assert ["Two", "Three", "One"] == texts(either)


@pytest.mark.parametrize("provider", PROVIDERS)
def test_a_rejected_message_is_a_dead_letter_with_its_error(scene: Scene, provider: str) -> None:
    """The next goes on."""
    board = teamed(scene, provider, own={provider: {"pace": "1000/s"}})
    one, _ = queue(board, "One", "Two")
    scene.strike(provider, "refuse", **REFUSALS[provider])
    worker = Worker(scene, board)
    assert ["failed", "sent"] == worker.drain()
    dead = board.outbox.get(one.id)
    assert ("failed", provider) == (dead.state, dead.connection)
    assert dead.error is not None
    assert "No" in dead.error
    assert (dead,) == board.outbox.entries()
    assert ({}, once()) == (scene.shown("One"), scene.shown("Two"))


def test_who_is_not_reached_is_tried_more_and_more_seldom(scene: Scene) -> None:
    board = teamed(scene, http={"sendblue": AWAY})
    queue(board, "One", "Two")
    worker = Worker(scene, board)
    waits = []
    for _ in range(8):
        assert ["waiting"] == worker.drain()
        waits.append(math.ceil((lane(board).wake_at - scene.now()).total_seconds()))
        scene.later(waits[-1] + 1)
    assert [5, 10, 20, 40, 80, 160, 300, 300] == waits
    assert ["sent", "sent"] == Worker(scene, teamed(scene), "second").drain()
    assert (["One", "Two"], 0) == (texts(scene), lane(board).failures)


def test_after_three_days_nobody_is_waited_for(scene: Scene) -> None:
    board = teamed(scene, http={"sendblue": AWAY})
    queue(board, "One")
    worker = Worker(scene, board)
    worker.drain()
    scene.later(3 * 86_400)
    assert ["failed"] == worker.drain()


def test_what_is_queued_meanwhile_does_not_wake_a_group_that_waits_after_a_failure(scene: Scene) -> None:
    """Or a storm of messages would be a storm of requests."""
    board = teamed(scene, http={"sendblue": AWAY})
    queue(board, "One")
    worker = Worker(scene, board)
    worker.drain()
    queue(board, "Two", "Three")
    assert [] == worker.drain()
    scene.later(6)
    assert ["waiting"] == worker.drain()


def test_a_pause_that_ends_before_the_group_is_given_back_is_no_rest(scene: Scene) -> None:
    """Somebody mends the key in the moment between the look and the rest."""
    board = teamed(scene)
    queue(board, "One")
    scene.strike("sendblue", "refuse", **UNAUTHORIZED)
    assert ["waiting"] == Worker(scene, board).drain()
    scene.later(10)
    queue(board, "Two")
    Worker(scene, board, on=at("before", "_leave", lambda: board.outbox.resume("sendblue"))).drain()
    assert lane(board).wake_at <= scene.now()
    assert ["sent", "sent"] == Worker(scene, board, "second").drain()
