"""One message for many groups is queued with a few statements, and one by one where somebody else is at it as well."""

from __future__ import annotations

import pytest
from sqlalchemy import event
from switchboard.outbox.hands import Worker, states, teamed, texts
from switchboard.scenes import ANN, DAN, PEOPLE, Scene, a_scene, a_scene_on_each  # noqa: F401

import groupmessenger as gm
from groupmessenger.switchboard.outbox import queue


def many(board: gm.Switchboard, count: int) -> list[str]:
    names = [f"pair {number}" for number in range(count)]
    for number, name in enumerate(names):
        board.create_group(name, [ANN, f"+131255501{number + 30}"])
    return names


def test_statements_do_not_grow_with_the_groups(either: Scene) -> None:
    board = teamed(either)
    names = many(board, 40)
    engine, _ = board.operations.board.directory._open()
    executed: list[str] = []
    event.listen(engine, "before_cursor_execute", lambda *given: executed.append(given[2]))
    counts = []
    for some in (names[:5], names):
        executed.clear()
        board.send_many(some, "To all", key=f"for {len(some)}", wait=False)
        counts.append(len(executed))
    assert counts[0] == counts[1]
    assert 45 == board.outbox.stats().remaining


def test_what_somebody_else_is_at_as_well_is_queued_once(either: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    """As if another had written some of the messages between two statements."""
    monkeypatch.setattr(queue, "add_all", lambda *given: False)
    board = teamed(either)
    names = many(board, 3)
    for _ in range(2):
        board.send_many(names, "To all", key="k", wait=False)
    assert 3 == board.outbox.stats().remaining
    assert ["sent"] * 3 == Worker(either, board).work()
    assert ["To all"] * 3 == texts(either)


def test_whoever_cannot_be_sent_to_holds_up_nobody(either: Scene) -> None:
    """One opted out, one was seen in a thread of another group's, one is a thread that is another group's."""
    board = teamed(either, "bandwidth")
    board.send("team", "Hello")
    board.create_group("twins", PEOPLE)
    board.create_group("out", [DAN])
    board.suppress(DAN)
    names = many(board, 2)
    done = board.send_many([*names, "out", "twins"], "To all", key="k", wait=False)
    assert {"queued": 2, "failed": 2} == {str(state): count for state, count in done.counts.items()}
    assert {"k": "failed"} == states(board, "twins") == states(board, "out")
