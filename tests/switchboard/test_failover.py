"""Fail-over: in an emergency a group that may move goes by the next connection, and never after a refusal."""

from __future__ import annotations

from typing import Any

import pytest
from switchboard.scenes import (  # noqa: F401
    ANN,
    AWAY,
    PEOPLE,
    PROVIDERS,
    REFUSALS,
    THIRTEEN,
    Scene,
    a_scene,
    a_scene_on_each,
    lost,
    once,
)

import groupmessenger as gm

BOTH = ("sendblue", "bandwidth")


def safe(scene: Scene, *names: str, failover: bool | None = True, **own: Any) -> gm.Switchboard:
    """A switchboard that prefers these in turn, and a group that may move."""
    settings = {name: {"patience": 0, **own} for name in names}
    board = scene.board(*names, own=settings, prefer=names)
    board.create_group("team", PEOPLE, failover=failover)
    return board


LAME: dict[str, Any] = {"http": {"sendblue": AWAY}, "own": {"sendblue": {"patience": 0}}, "prefer": BOTH}


def test_where_nobody_is_reached_it_goes_by_the_next(either: Scene) -> None:
    """And stays there, which is written down."""
    board = either.board(*BOTH, **LAME)
    board.create_group("team", PEOPLE, failover=True)
    receipt = board.send("team", "Hello", key="k")
    assert "bandwidth" == receipt.connection
    (passed,) = receipt.passed_over
    assert "sendblue" == passed.connection
    assert once() == either.shown("Hello")
    (entry,) = board.history("team")
    assert ("sent", "bandwidth", 2) == (entry.state, entry.connection, entry.tries)
    healthy = either.board(*BOTH, prefer=BOTH)
    assert healthy.send("team", "Hello", key="k").again
    assert "bandwidth" == healthy.send("team", "Still here").connection


def test_a_move_of_a_group_is_written_down(either: Scene) -> None:
    board = safe(either, *BOTH)
    board.send("team", "One")
    assert "bandwidth" == either.board(*BOTH, **LAME).send("team", "Two").connection
    (fork,) = board.forks("team")
    assert "bandwidth" == fork.connection
    assert once() == either.shown("One") == either.shown("Two")


def test_a_vendor_that_is_unavailable_is_left(scene: Scene) -> None:
    """It says itself that it did nothing."""
    board = safe(scene, "bandwidth", "sendblue")
    scene.box.fault("refuse", provider="bandwidth", operation="token", status=503, body={}, times=None)
    assert "sendblue" == board.send("team", "Hello").connection
    assert once() == scene.shown("Hello")


@pytest.mark.parametrize("provider", PROVIDERS)
def test_a_refusal_moves_nothing(scene: Scene, provider: str) -> None:
    others = tuple(name for name in PROVIDERS if name != provider)
    board = safe(scene, provider, *others)
    scene.strike(provider, "refuse", **REFUSALS[provider])
    with pytest.raises(gm.Rejected):
        board.send("team", "Hello")
    assert ({}, 1) == (scene.shown("Hello"), len(scene.asked()))


@pytest.mark.parametrize(
    ("error", "fault"),
    [
        (gm.RateLimited, {"status": 429, "body": {}, "headers": {"Retry-After": "60"}}),
        (gm.AuthenticationFailed, {"status": 401, "body": {"message": "Unauthorized", "status": "ERROR"}}),
        (gm.QuotaExceeded, {"status": 400, "body": {"status": "ERROR", "error_key": "LINE_DAILY_LIMIT_REACHED"}}),
        (gm.Rejected, {"status": 400, "body": {"status": "ERROR", "error_key": "OPTED_OUT"}}),
    ],
)
def test_what_has_to_be_mended_moves_nothing(
    scene: Scene, error: type[gm.ProviderError], fault: dict[str, Any]
) -> None:
    board = safe(scene, *BOTH)
    scene.strike("sendblue", "refuse", **fault)
    with pytest.raises(error) as caught:
        board.send("team", "Hello")
    assert gm.Outcome.NOT_SENT is caught.value.outcome
    assert ({}, []) == (scene.shown("Hello"), scene.asked("bandwidth"))


@pytest.mark.parametrize("phase", ["before", "after"])
def test_a_lost_answer_moves_nothing(scene: Scene, phase: str) -> None:
    board = safe(scene, *BOTH)
    scene.strike("sendblue", "drop", phase=phase)
    lost(lambda: board.send("team", "Hello", key="k"))
    lost(lambda: board.send("team", "Hello", key="k")) if phase == "before" else board.send("team", "Hello", key="k")
    assert [] == scene.asked("bandwidth")
    assert (once() if phase == "after" else {}) == scene.shown("Hello")


@pytest.mark.parametrize(
    ("of_connection", "of_group", "moves"),
    [(False, None, False), (True, None, True), (True, False, False), (False, True, True)],
)
def test_it_moves_only_where_somebody_said_so(
    scene: Scene, of_connection: bool, of_group: bool | None, moves: bool
) -> None:
    own = {"sendblue": {"patience": 0, "failover": of_connection}}
    board = scene.board(*BOTH, **{**LAME, "own": own})
    board.create_group("team", PEOPLE, failover=of_group)
    if moves:
        assert "bandwidth" == board.send("team", "Hello").connection
    else:
        with pytest.raises(gm.NotReached):
            board.send("team", "Hello")
        assert {} == scene.shown("Hello")


def test_where_the_next_does_not_fit_the_first_reason_is_told(scene: Scene) -> None:
    board = scene.board(*BOTH, **LAME)
    board.create_group("many", THIRTEEN, failover=True)
    with pytest.raises(gm.NotReached):
        board.send("many", "Hello")
    assert {} == scene.shown("Hello")


def test_where_all_are_away_it_is_told_once(scene: Scene) -> None:
    own = {name: {"patience": 0} for name in BOTH}
    board = scene.board(*BOTH, own=own, http=dict.fromkeys(BOTH, AWAY), prefer=BOTH)
    board.create_group("team", PEOPLE, failover=True)
    with pytest.raises((gm.NotReached, gm.ProviderUnavailable)) as caught:
        board.send("team", "Hello", key="k")
    assert gm.Outcome.NOT_SENT is caught.value.outcome
    (entry,) = board.history("team")
    assert ("not_sent", 2) == (entry.state, entry.tries)
    assert "bandwidth" == scene.board("bandwidth").send("team", "Hello", key="k").connection


def test_a_reply_never_moves(scene: Scene) -> None:
    scene.listen()
    board = safe(scene, *BOTH)
    board.send("team", "One")
    (thread,) = scene.threads("One")
    scene.box.phones[ANN].send("Hi!", thread=thread)
    (event,) = [event for event in scene.hear(board) if isinstance(event, gm.MessageReceived)]
    with pytest.raises(gm.NotReached):
        scene.board(*BOTH, **LAME).reply(event, "Hi Ann!")
    assert {} == scene.shown("Hi Ann!")
