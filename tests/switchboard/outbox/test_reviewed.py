"""What a review found: two at one message, records that come late, and what is in a worker's way."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import httpx
import pytest
from sqlalchemy import create_engine
from switchboard.databases import ON_POSTGRESQL
from switchboard.outbox.hands import Worker, lane, queue, states, teamed, texts
from switchboard.scenes import CAM, REFUSALS, SETTLE, THIRTEEN, Hooked, Scene, a_scene, a_scene_on_each, lost  # noqa: F401

import groupmessenger as gm
from groupmessenger.provider import hookimpl
from groupmessenger.switchboard import ledger
from groupmessenger.switchboard.directory import Transaction
from groupmessenger.switchboard.outbox import entries, lanes
from groupmessenger.switchboard.outbox import worker as working


def between(patch: pytest.MonkeyPatch, module: Any, name: str, work: Callable[[], object], *, after: bool) -> None:
    """Have something happen before or after a function of a module is called, the first time."""
    call = getattr(module, name)

    def called(*given: Any, **named: Any) -> Any:
        patch.setattr(module, name, call)
        if not after:
            work()
        result = call(*given, **named)
        if after:
            work()
        return result

    patch.setattr(module, name, called)


class Unreached(httpx.HTTPTransport):
    """Reaches a vendor, but not for requests whose path ends like this."""

    def __init__(self, ending: str) -> None:
        super().__init__()
        self._ending = ending

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith(self._ending):
            raise httpx.ConnectError("nobody there", request=request)
        return super().handle_request(request)


@ON_POSTGRESQL
def test_of_two_who_queue_a_failed_message_again_one_is_late(either: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    """It was sent meanwhile, and is not said to have failed."""
    board, other = teamed(either), teamed(either)
    (entry,) = queue(board, "One")
    either.strike("sendblue", "refuse", **REFUSALS["sendblue"])
    Worker(either, board).drain()

    def again() -> None:
        other.outbox.retry(entry.id)
        Worker(either, other).drain()

    done = threading.Thread(target=again)

    def begin() -> None:
        done.start()
        done.join(0.3)

    between(monkeypatch, entries, "one", begin, after=True)
    board.outbox.retry(entry.id)
    done.join()
    Worker(either, board).drain()
    assert ({"One": "sent"}, ["One"]) == (states(board), texts(either))


@ON_POSTGRESQL
def test_a_key_whose_direct_send_ends_while_it_is_queued_is_seen_to_be_sent(
    either: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    board, other = teamed(either), teamed(either)
    between(monkeypatch, ledger, "add_once", lambda: other.send("team", "One", "One"), after=False)
    queue(board, "One")
    assert ["sent"] == Worker(either, board).drain()
    assert ({"One": "sent"}, ["One"]) == (states(board), texts(either))


@ON_POSTGRESQL
def test_a_key_whose_direct_send_is_lost_while_it_is_queued_is_seen_to_be_unknown(
    either: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Given up, before whoever queues it knows that there was one."""
    board, other = teamed(either, "bandwidth"), teamed(either, "bandwidth")

    def send() -> None:
        either.strike("bandwidth", "drop", phase="after")
        lost(lambda: other.send("team", "One", "One"))
        either.later()
        other.settle()

    between(monkeypatch, ledger, "add_once", send, after=False)
    queue(board, "One")
    assert ["unknown"] == Worker(either, board).drain()
    assert ({"One": "unknown"}, ["One"]) == (states(board), texts(either))


def test_a_queued_message_that_left_out_somebody_who_is_forgotten_is_sent(scene: Scene) -> None:
    """Its content is another then than its key was taken for."""
    board = teamed(scene, "messagebird")
    (cam,) = (each for each in board.group("team").members if str(each.address) == CAM)
    board.enqueue("team", gm.Message("One", leave_out=(cam.address,)), key="One")
    board.forget(CAM)
    assert ["sent"] == Worker(scene, board).drain()
    assert CAM not in scene.shown("One")
    assert {"One": "sent"} == states(board)


def test_who_queues_when_the_worker_in_threads_has_just_ended_is_not_told(scene: Scene) -> None:
    board = teamed(scene)
    told = board.operations.outbox.on_queued
    with board.worker():
        ended = tuple(told)
    told.update(ended)
    assert "queued" == board.enqueue("team", "One").state


def test_an_observer_that_takes_its_time_holds_up_no_sign_of_life(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(working, "_BEAT", 0.01)
    begun, over = threading.Event(), threading.Event()

    class Slow:
        @hookimpl
        def groupmessenger_on_outbox(self, stats: object) -> None:
            begun.set()
            over.wait(10)

    board = teamed(scene, plugins=(Slow(),))
    try:
        with board.worker() as worker:
            assert begun.wait(5)
            signs: list[object] = []
            monkeypatch.setattr(type(worker), "_alive", lambda *_: signs.append(None))
            until = time.monotonic() + 5
            while not signs and time.monotonic() < until:
                time.sleep(0.01)
            assert signs
    finally:
        over.set()


def test_many_groups_that_wait_for_a_slow_line_are_seldom_looked_at(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also those for which the line was too long: not all of them whenever one is sent to."""
    board = teamed(scene, own={"sendblue": {"pace": "1/min"}})
    for name, people in ((f"group {number}", THIRTEEN[: number + 2]) for number in range(12)):
        board.create_group(name, people)
        queue(board, f"To {name}", group=name)
    looks, claim = [0], lanes.claim

    def counted(t: Transaction, group_id: int, owner: str) -> bool:
        looks[0] += 1
        return claim(t, group_id, owner)

    monkeypatch.setattr(lanes, "claim", counted)
    monkeypatch.setattr(random, "randrange", lambda most: most // 2)
    Worker(scene, board).work()
    assert {"sent"} == {state for number in range(12) for state in states(board, f"group {number}").values()}
    assert looks[0] <= 40


@ON_POSTGRESQL
def test_a_key_is_queued_in_a_transaction_that_lasts_while_its_direct_send_is_lost(either: Scene) -> None:
    """It was under way as it was queued; that this has ended is found by the sweep."""
    board = teamed(either, "bandwidth")
    engine = create_engine(either.url)
    with engine.connect() as connection:
        hooked = Hooked("messages", lambda: board.enqueue("team", "One", key="One", connection=connection))
        other = either.board("bandwidth", own={"bandwidth": {"patience": 0}}, http={"bandwidth": hooked})
        either.strike("bandwidth", "drop", phase="after")
        lost(lambda: other.send("team", "One", "One"))
        either.later()
        other.settle()
        connection.commit()
    engine.dispose()
    assert {"One": "sending"} == states(board)
    board.operations.board.directory.do(working._sweep)
    assert ({"One": "unknown"}, ["One"]) == (states(board), texts(either))


def test_a_provider_that_says_to_come_back_in_an_age_is_asked_again_the_next_day(scene: Scene) -> None:
    board = teamed(scene)
    queue(board, "One")
    scene.strike("sendblue", "refuse", status=429, headers={"retry-after": "9" * 14})
    assert ["waiting"] == Worker(scene, board).drain()
    assert timedelta(days=1) >= board.outbox.stats().pauses[0].until - scene.now()


def test_a_group_that_waited_for_a_lost_message_begins_to_wait_anew(scene: Scene) -> None:
    board = teamed(scene)
    away = scene.board(
        "sendblue", own={"sendblue": {"patience": 0}}, http={"sendblue": Unreached("send-group-message")}
    )
    queue(board, "One")
    scene.strike("sendblue", "drop", phase="before")
    Worker(scene, board).work(SETTLE - 10)
    assert lane(board).failures > 2
    scene.later()
    assert ["settled", "waiting"] == Worker(scene, away, "second").drain()
    assert lane(board).wake_at - scene.now() <= timedelta(seconds=5)
