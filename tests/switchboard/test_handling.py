"""What was accepted is handled at least once, kept as handled once, tried again, and given up at last."""

from __future__ import annotations

import logging
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import anyio
import attrs
import pytest
from acme import ALICE
from hearing import callback, messenger, wrote
from switchboard.inboxes import Handler, Killed, Office, an_office, fail, kill  # noqa: F401
from switchboard.scenes import Scene, a_scene_on_each  # noqa: F401

import groupmessenger as gm
from groupmessenger.provider import hookimpl
from groupmessenger.switchboard import inbox as inbox_module
from groupmessenger.switchboard import seen as seen_module
from groupmessenger.switchboard.inbox import PAUSES
from groupmessenger.switchboard.values import Handled, InboxState
from groupmessenger.webhooks.receiver import LEASE


def test_a_handler_that_fails_gets_it_again_later_and_later(office: Office, caplog: pytest.LogCaptureFixture) -> None:
    """Until it is given up; it stays to be seen. No log says what was in it."""
    board, handler = office.board(), Handler(fail)
    board.accept("main", callback(wrote(text="Meet me at eight")))
    with caplog.at_level(logging.DEBUG):
        for number, pause in enumerate(PAUSES, 1):
            assert Handled(0, 1) == board.handle(handler)
            (entry,) = board.inbox()
            due = (entry.next_at or office.now) - office.now
            assert ("RuntimeError", number, pause) == (entry.error, entry.tries, due.total_seconds())
            office.later(pause - 0.1)
            assert (Handled(0, 1), number) == (board.handle(handler), len(handler.keys))
            office.later(0.1)
        assert Handled(0, 0) == board.handle(handler)
    (entry,) = board.inbox("failed")
    assert (InboxState.FAILED, 7, "RuntimeError", None) == (entry.state, entry.tries, entry.error, entry.next_at)
    office.later(100_000)
    assert (Handled(0, 0), 7) == (board.handle(handler), len(handler.keys))
    assert (1, 0, 1) == (board.retry_failed(), board.retry_failed(), len(board.inbox("waiting")))
    told = [record.getMessage() for record in caplog.records if record.name.startswith("groupmessenger")]
    assert ["MessageReceived of connection main was not handled"] * 7 == told
    assert repr(entry) == repr(entry).replace(ALICE, "").replace("eight", "")


def test_only_what_failed_is_handled_again(office: Office) -> None:
    board = office.board()
    handler = Handler(lambda event: fail(event) if event.key == "in/2" and len(handler.keys) < 3 else None)
    board.accept("main", callback(wrote("1"), wrote("2"), wrote("3")))
    assert Handled(0, 1) == board.handle(handler)
    office.later(PAUSES[0])
    assert Handled(1, 0) == board.handle(handler)
    assert ["in/1", "in/2", "in/3", "in/2"] == handler.keys


def test_a_process_that_is_killed_leaves_it_to_the_next(office: Office) -> None:
    """Once its lease is over, and not before."""
    board, other, handler = office.board(), office.board(), Handler()
    board.accept("main", callback(wrote()))
    with pytest.raises(Killed):
        board.handle(kill)
    assert Handled(0, 1) == other.handle(handler)
    office.later(LEASE)
    assert Handled(1, 0) == other.handle(handler)
    assert ["in/1"] == handler.keys


def test_what_was_handled_and_not_kept_is_handled_again(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """Rather twice than never."""
    board, other, handler = office.board(), office.board(), Handler()
    board.accept("main", callback(wrote()))
    with monkeypatch.context() as patch:
        patch.setattr(seen_module, "commit", kill)
        with pytest.raises(Killed):
            board.handle(handler)
    office.later(LEASE)
    assert Handled(1, 0) == other.handle(handler)
    assert ["in/1"] * 2 == handler.keys


def test_what_is_kept_as_handled_is_not_handled_again(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where its process ended before the callback was done with."""
    board, other, handler = office.board(), office.board(), Handler()
    board.accept("main", callback(wrote("1"), wrote("2")))
    with monkeypatch.context() as patch:
        patch.setattr(inbox_module, "done", kill)
        with pytest.raises(Killed):
            board.handle(handler)
    office.later(LEASE)
    assert Handled(1, 0) == other.handle(handler)
    assert ["in/1", "in/2"] == handler.keys


def test_what_kills_every_process_is_given_up(office: Office) -> None:
    for _ in range(7):
        board = office.board()
        board.accept("main", callback(wrote()))
        with pytest.raises(Killed):
            board.handle(kill)
        office.later(LEASE)
    board = office.board()
    assert Handled(0, 0) == board.handle(Handler())
    (entry,) = board.inbox()
    assert (InboxState.FAILED, 7) == (entry.state, entry.tries)
    assert "the process that handled it ended, each time" == entry.error


def test_a_handler_that_hangs_is_not_begun_twice_in_one_process(office: Office) -> None:
    """However long it takes; another process takes it for dead. What the first did counts all the same."""
    board, other, handler = office.board(), office.board(), Handler()
    begun, goes_on = threading.Event(), threading.Event()

    def hang(event: gm.Event) -> None:
        begun.set()
        goes_on.wait(10)

    board.accept("main", callback(wrote()))
    with ThreadPoolExecutor(1) as pool:
        hanging = pool.submit(board.handle, hang)
        begun.wait(10)
        office.later(LEASE)
        assert Handled(0, 1) == board.handle(handler)
        assert [] == handler.keys
        assert Handled(1, 0) == other.handle(handler)
        assert ["in/1"] == handler.keys
        goes_on.set()
        assert Handled(1, 0) == hanging.result()
    assert () == board.inbox()


def test_an_event_in_others_hands_is_waited_for(office: Office) -> None:
    """That is no try, and it is handled once."""
    board, other, handler = office.board(), office.board(), Handler()
    begun, goes_on = threading.Event(), threading.Event()

    def slow(event: gm.Event) -> None:
        begun.set()
        goes_on.wait(10)

    board.accept("main", callback(wrote("1")))
    with ThreadPoolExecutor(1) as pool:
        working = pool.submit(board.handle, slow)
        begun.wait(10)
        board.accept("main", callback(wrote("1"), {"kind": "news"}))
        assert Handled(0, 2) == other.handle(handler)
        assert ["waiting"] * 2 == [str(entry.state) for entry in other.inbox()]
        assert [1, 0] == [entry.tries for entry in other.inbox()]
        goes_on.set()
        working.result()
    office.later(1)
    assert Handled(1, 0) == other.handle(handler)
    assert ["unknown"] == [key.partition("/")[0] for key in handler.keys]


def test_several_processes_share_the_work(office: Office) -> None:
    """Each event is handled once."""
    board = office.board()
    for number in range(24):
        board.accept("main", callback(wrote(str(number))))
    boards = [office.board() for _ in range(4)]
    handler = Handler()
    with ThreadPoolExecutor(4) as pool:
        told = list(pool.map(lambda each: each.handle(handler), boards))
    assert 24 == sum(each.handled for each in told)
    assert {f"in/{number}": 1 for number in range(24)} == Counter(handler.keys)


def test_no_more_than_the_limit_is_begun(office: Office) -> None:
    """The oldest first."""
    board, handler = office.board(), Handler()
    for number in "123":
        board.accept("main", callback(wrote(number)))
    assert Handled(2, 1) == board.handle(handler, limit=2)
    assert ["in/1", "in/2"] == handler.keys


def test_our_own_lines_are_heard_only_if_that_is_wanted(office: Office) -> None:
    second = attrs.evolve(messenger(), line="+13125550109")
    board, handler = office.board({"main": messenger(), "second": second}), Handler()
    for number in "12":
        board.accept("main", callback(wrote(number, **{"from": second.line})))
    assert Handled(1, 1) == board.handle(handler, limit=1)
    assert [] == handler.keys
    assert Handled(1, 0) == board.handle(handler, from_us=True)
    assert ["in/2"] == handler.keys


def test_observers_see_what_was_handled(office: Office) -> None:
    """Once it was, and once."""
    told: list[str] = []

    def behave(event: gm.Event) -> None:
        told.append("handler")
        if len(told) == 1:
            raise RuntimeError("broken")

    class Watching:
        @hookimpl
        def groupmessenger_on_event(self, event: gm.Event) -> None:
            told.append(event.key)
            raise RuntimeError("broken")

    board = office.board(plugins=(Watching(),))
    board.accept("main", callback(wrote()))
    assert Handled(0, 1) == board.handle(behave)
    office.later(PAUSES[0])
    assert Handled(1, 0) == board.handle(behave)
    assert ["handler", "handler", "in/1"] == told


def test_what_cannot_handle_is_refused(office: Office) -> None:
    board = office.board()
    board.accept("main", callback(wrote()))

    async def handle(event: gm.Event) -> None: ...

    wrong: Any = handle
    with pytest.raises(gm.ConfigurationError, match="on_event: it is async"):
        board.handle(wrong)
    board.close()
    for use in (lambda: board.handle(Handler()), lambda: board.accept("main", callback(wrote())), board.inbox):
        with pytest.raises(gm.ConfigurationError, match="this switchboard is closed"):
            use()


@pytest.mark.anyio
@pytest.mark.parametrize("anyio_backend", ["asyncio", "trio"])
async def test_the_asynchronous_one_does_the_same(office: Office, anyio_backend: str) -> None:
    """With handlers of both kinds, those that may block in threads; and nothing of the database in the loop."""
    loop = threading.get_ident()
    handled: list[tuple[str, bool]] = []

    def block(event: gm.Event) -> None:
        handled.append((event.key, threading.get_ident() == loop))

    async def wait(event: gm.Event) -> None:
        await anyio.lowlevel.checkpoint()
        block(event)

    async with office.board_async() as board:
        do = board._directory.do

        def watched(work: Any) -> Any:
            assert threading.get_ident() != loop
            return do(work)

        board._directory.do = watched  # type: ignore[method-assign]
        for number, handler in enumerate([wait, block, lambda event: wait(event), fail]):
            assert await board.accept("main", callback(wrote(str(number))))
            assert 1 == len(await board.inbox())
            told = await board.handle(handler)
            assert Handled(handler is not fail, handler is fail) == told
    assert [("in/0", True), ("in/1", False), ("in/2", True)] == handled
