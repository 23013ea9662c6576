"""What should not happen and does: an adapter that breaks, a commit nobody heard of, a key that is sent two ways."""

from __future__ import annotations

from typing import Any

import anyio
import pytest
from switchboard.accidents import Accident, Killed, Work, fragile
from switchboard.outbox.hands import Worker, lane, queue, states, teamed, texts
from switchboard.scenes import REFUSALS, Scene, a_scene, a_scene_on_each, once  # noqa: F401

import groupmessenger as gm
from groupmessenger.switchboard.directory import Directory
from groupmessenger.switchboard.outbox.operations import Outbox

# A key that is queued, and sent directly


def refused(scene: Scene, board: gm.Switchboard, key: str) -> None:
    """A direct send under a key that is refused."""
    scene.strike("sendblue", "refuse", **REFUSALS["sendblue"])
    with pytest.raises(gm.Rejected):
        board.send("team", key, key=key)


@pytest.mark.parametrize("state", ["queued", "failed", "cancelled"])
def test_a_direct_send_that_is_refused_changes_nothing_in_the_queue(either: Scene, state: str) -> None:
    """What was taken back stays so, and a dead letter is not tried again by itself."""
    board = teamed(either)
    (one,) = queue(board, "One")
    if state == "failed":
        either.strike("sendblue", "refuse", **REFUSALS["sendblue"])
        Worker(either, board).drain()
    elif state == "cancelled":
        board.outbox.cancel(one.id)
    refused(either, board, "One")
    assert {"One": state} == states(board)
    Worker(either, board).work()
    assert (once() if state == "queued" else {}) == either.shown("One")


@pytest.mark.parametrize("state", ["failed", "cancelled"])
def test_a_direct_send_of_what_is_not_queued_any_more_is_known(scene: Scene, state: str) -> None:
    board = teamed(scene)
    (one,) = queue(board, "One")
    if state == "failed":
        scene.strike("sendblue", "refuse", **REFUSALS["sendblue"])
        Worker(scene, board).drain()
    else:
        board.outbox.cancel(one.id)
    board.send("team", "One", key="One")
    assert {"One": "sent"} == states(board)
    assert ([], once()) == (Worker(scene, board).work(), scene.shown("One"))


# An adapter


@pytest.mark.parametrize(("step", "asked"), [("prepare", 1), ("dispatch", 1)])
def test_an_adapter_that_breaks_holds_its_group_and_loses_nothing(
    scene: Scene, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, step: str, asked: int
) -> None:
    """Where the message was let go by then, it is looked for before it is sent again."""
    board = teamed(scene)
    queue(board, "One", "Two")
    operations = board.operations.board.lines["sendblue"].operations

    async def broken(*_: object) -> Any:
        raise ZeroDivisionError

    with monkeypatch.context() as patch:
        patch.setattr(type(operations), step, broken)
        worker = Worker(scene, board)
        worker.drain()
    assert "broken" in {told.outcome for told in worker.told}
    assert {"One": "queued" if step == "prepare" else "unknown", "Two": "queued"} == states(board)
    assert "ZeroDivisionError" in caplog.text
    assert lane(board).wake_at > scene.now()
    worker.work()
    assert ["One", "Two"] == texts(scene)
    assert asked + 1 == len(scene.asked())


# A program


def unlucky(board: gm.Switchboard, accident: Accident) -> gm.Switchboard:
    """The same switchboard, and its outbox, over a directory with accidents."""
    board.operations.outbox = Outbox(fragile(board, accident).operations.board)
    return board


def test_who_does_not_hear_that_it_was_queued_asks_again_with_its_key(either: Scene) -> None:
    """The commit went through, and its answer was lost; or it did not."""
    teamed(either)

    def late(directory: Directory, work: Work) -> Any:
        directory.do(work)
        raise gm.DirectoryError("the connection is gone")

    def early(directory: Directory, work: Work) -> Any:
        raise gm.DirectoryError("the connection is gone")

    for accident, outcome in ((early, gm.Outcome.NOT_SENT), (late, gm.Outcome.UNKNOWN)):
        with pytest.raises(gm.DirectoryError) as caught:
            unlucky(teamed(either), accident).enqueue("team", "One", key="k")
        assert outcome is caught.value.outcome
    board = teamed(either)
    assert 1 == board.enqueue("team", "One", key="k").id
    Worker(either, board).work()
    assert once() == either.shown("One")


def test_a_program_that_dies_in_a_batch_has_some_of_it_queued(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    """And the rest when it asks again."""
    monkeypatch.setattr("groupmessenger.switchboard.outbox.operations._AT_ONCE", 1)
    board = teamed(scene)
    names = [f"pair {number}" for number in range(3)]
    for number, name in enumerate(names):
        board.create_group(name, [f"+1312555013{number}", f"+1312555014{number}"])
    left = iter(range(3))

    def die(directory: Directory, work: Work) -> Any:
        if next(left, None) is None:
            raise Killed
        return directory.do(work)

    with pytest.raises(Killed):
        unlucky(teamed(scene), die).send_many(names, "To all", key="b1", wait=False)
    assert 0 < sum(board.outbox.progress("b1").counts.values()) < 3
    board.send_many(names, "To all", key="b1", wait=False)
    assert ["sent"] * 3 == Worker(scene, board).work()


def test_a_worker_in_threads_that_is_cancelled_leaves_no_work_half_begun(scene: Scene) -> None:
    """Python would warn of it."""
    working = teamed(scene).worker()

    async def flow() -> None: ...

    async def cancelled() -> None:
        with anyio.CancelScope() as scope:
            scope.cancel()
            await working._in_thread(flow())

    anyio.run(cancelled)
