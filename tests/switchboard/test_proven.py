"""What proves that a message went out, and what does not: late, from elsewhere, or of another message."""

from __future__ import annotations

from functools import partial
from typing import Any

import httpx
import pytest
from switchboard.scenes import PEOPLE, REFUSALS, SETTLE, Hooked, Scene, a_scene, lost, once  # noqa: F401
from switchboard.strangers import Around, Go

import groupmessenger as gm
from groupmessenger.switchboard.settling import settle_one
from groupmessenger.switchboard.tried import unknown

TEXT = "Dinner at seven?"
NUMBERED = {"provider": "sendblue"}


def teamed(board: gm.Switchboard) -> gm.Switchboard:
    board.create_group("team", PEOPLE)
    board.send("team", "Hello")
    return board


def test_a_key_whose_earlier_attempt_is_proven_after_a_later_one_is_not_sent_again(scene: Scene) -> None:
    scene.listen()
    board = teamed(scene.board("sendblue"))
    scene.strike("sendblue", "late", seconds=2 * SETTLE)
    lost(lambda: board.send("team", TEXT, key="k"))
    scene.later(SETTLE + 20)
    assert ["not_sent"] == [each.state for each in board.settle()]
    scene.strike("sendblue", "refuse", **REFUSALS["sendblue"])
    with pytest.raises(gm.Rejected):
        board.send("team", TEXT, key="k")
    scene.later(2 * SETTLE)
    scene.hear(board, "sendblue")
    entry = board.history("team")[-1]
    assert ("sent", 2) == (entry.state, entry.tries)
    assert entry.conflict == "it was thought not to have been sent: it did not go out"
    assert board.send("team", TEXT, key="k").again
    assert once() == scene.shown(TEXT)


def test_a_status_before_an_error_keeps_it_from_another_connection(scene: Scene) -> None:
    """The vendor says that it did not send, after it did."""
    scene.listen()
    other = scene.board("bandwidth", "sendblue")
    asked: list[httpx.Request] = []

    def break_down(request: httpx.Request, go: Go) -> httpx.Response:
        if request.method != "POST" or not request.url.path.endswith("/messages"):
            return go(request)
        if not asked:
            go(request).read()
            scene.later(5)
            scene.hear(other, "bandwidth")
        asked.append(request)
        return httpx.Response(500, json={"type": "internal-server-error", "description": "No"})

    http = {"bandwidth": Around(break_down)}
    board = scene.board("bandwidth", "sendblue", http=http, prefer=("bandwidth", "sendblue"))
    board.create_group("team", PEOPLE, failover=True)
    assert "bandwidth" == board.send("team", TEXT).connection
    (entry,) = board.history("team")
    assert ("sent", True) == (entry.state, str(entry.conflict).startswith("sent, and then refused"))
    assert once() == scene.shown(TEXT)


def test_a_look_that_began_before_the_settle_time_was_over_proves_no_absence(scene: Scene) -> None:
    """However late its answer comes."""
    slow = True

    def take_time(request: httpx.Request, go: Go) -> httpx.Response:
        if slow and request.method == "GET":
            scene.later(4)
        return go(request)

    board = teamed(scene.board("messagebird"))
    scene.strike("messagebird", "drop", phase="before")
    lost(lambda: board.send("team", TEXT, key="k"))
    scene.later(SETTLE + board.operations.board.lines["messagebird"].leaving - 2)
    other = scene.board("messagebird", http={"messagebird": Around(take_time)})
    (told,) = other.settle()
    assert ("unknown", False) == (told.state, board.history("team")[-1].gave_up)
    slow = False
    scene.later(SETTLE)
    assert ["not_sent"] == [each.state for each in other.settle()]


def test_what_another_settler_finds_meanwhile_is_not_found_for_a_second_message(scene: Scene) -> None:
    other = scene.board("sendblue")
    between = False

    def find(request: httpx.Request, go: Go) -> httpx.Response:
        nonlocal between
        response = go(request)
        response.read()
        if between and request.method == "GET":
            between = False
            other.settle()
        return response

    board = scene.board("sendblue", http={"sendblue": Around(find)})
    faults: dict[str, dict[str, Any]] = {
        "one": {"kind": "late", "seconds": 5},  # so that it may be either by its time
        "two": {"kind": "drop", "phase": "before"},
    }
    for name, fault in faults.items():
        board.create_group(name, PEOPLE)
        scene.strike("sendblue", **fault)
        lost(partial(board.send, name, TEXT))
    scene.later(10)
    within = board.operations.board
    _, second = within.directory.do(unknown)
    between = True
    board._run(settle_one(within, second))
    assert ["sent", "unknown"] == [board.history(name)[-1].state for name in ("one", "two")]
    assert once() == scene.shown(TEXT)


def test_it_is_looked_for_by_the_connection_that_sent_it(scene: Scene) -> None:
    """Of two with one line, the one that may tell from a text whose message it was."""
    own = {"one": {**NUMBERED, "exclusive_line": False}, "two": {**NUMBERED, "exclusive_line": True}}
    board = teamed(scene.board("one", "two", own=own, default="two"))
    scene.strike("sendblue", "drop", phase="after")
    lost(lambda: board.send("team", TEXT))
    scene.later()
    assert [("two", "sent")] == [(each.connection, each.state) for each in board.settle()]


def test_settling_ends_for_a_message_to_somebody_who_was_forgotten_meanwhile(scene: Scene) -> None:
    """Whom it was for is not kept, so nobody can tell."""
    other = teamed(scene.board("sendblue"))
    hook = Hooked("/send-group-message", lambda: other.forget(PEOPLE[-1]))
    board = scene.board("sendblue", http={"sendblue": hook})
    scene.strike("sendblue", "drop", phase="after")
    lost(lambda: board.send("team", TEXT))
    scene.later()
    other.settle()
    assert () == other.settle()
    entry = other.history("team")[-1]
    assert ("unknown", True) == (entry.state, entry.gave_up)
