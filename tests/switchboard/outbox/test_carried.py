"""What observers have go along with a message that is queued: it is there wherever the message is sent."""

from __future__ import annotations

import json
import logging
import pickle
import threading
from collections.abc import Mapping
from contextvars import ContextVar
from typing import Any

import attrs
import pytest
from sqlalchemy import create_engine, select
from switchboard.elsewhere import exit_of
from switchboard.outbox import elsewhere
from switchboard.outbox.hands import Worker, teamed
from switchboard.scenes import PEOPLE, REFUSALS, Scene, a_scene, a_scene_on_each, once  # noqa: F401

import groupmessenger as gm
from groupmessenger.messages import Attempt, Receipt
from groupmessenger.plugins import Observers, load_observers
from groupmessenger.provider import hookimpl
from groupmessenger.switchboard.outbox.tables import outbox

asker: ContextVar[str] = ContextVar("asker", default="nobody")


@attrs.define(eq=False)
class Carrying:
    """Has the asker go along, and keeps what it sees, and the threads that ask it."""

    seen: list[Mapping[str, str]] = attrs.field(factory=list)
    threads: list[int] = attrs.field(factory=list)

    @hookimpl
    def groupmessenger_carry(self) -> Mapping[str, str]:
        self.threads.append(threading.get_ident())
        return {"asker": asker.get()}

    @hookimpl
    def groupmessenger_before_send(self, attempt: Attempt) -> None:
        self.seen.append(attempt.carried)

    @hookimpl
    def groupmessenger_after_send(self, attempt: Attempt, result: Receipt | gm.GroupMessengerError) -> None:
        self.seen.append(attempt.carried)


class Giving:
    """Has this go along, or fails."""

    def __init__(self, given: Any) -> None:
        self.given = given

    @hookimpl
    def groupmessenger_carry(self) -> Any:
        if isinstance(self.given, Exception):
            raise self.given
        return self.given


def rows(scene: Scene, board: gm.Switchboard) -> list[Any]:
    """What the outbox keeps of it."""
    every = select(outbox.c.carried).order_by(outbox.c.id)
    return list(board.operations.board.directory.do(lambda t: t.execute(every).scalars().all()))


def test_it_is_there_where_the_message_is_sent(either: Scene) -> None:
    """Of the context that queued, whoever sends; once for each try."""
    here, there = Carrying(), Carrying()
    board = teamed(either, plugins=(here,))
    asker.set("ann")
    board.enqueue("team", "One")
    asker.set("ben")
    assert ["sent"] == Worker(either, teamed(either, plugins=(there,))).work()
    assert [{"asker": "ann"}] * 2 == there.seen
    assert ([threading.get_ident()], []) == (here.threads, there.threads)


def test_it_is_there_in_another_process(either: Scene) -> None:
    there = Carrying()
    board = teamed(either, plugins=(there,))
    assert 0 == exit_of(elsewhere.enqueue_carrying, either.url, either.box.settings("sendblue"))
    assert ["sent"] == Worker(either, board).work()
    assert [{"asker": "elsewhere"}] * 2 == there.seen


def test_what_is_sent_directly_has_none(scene: Scene) -> None:
    """There the observer is called in the context itself."""
    watching = Carrying()
    teamed(scene, plugins=(watching,)).send("team", "One")
    assert ([{}] * 2, []) == (watching.seen, watching.threads)


def test_it_goes_along_with_each_message_of_a_batch(either: Scene) -> None:
    """And is asked for once."""
    watching = Carrying()
    board = teamed(either, plugins=(watching,))
    board.create_group("pair", PEOPLE[:2])
    asker.set("ann")
    board.send_many(["team", "pair"], "One", wait=False)
    asker.set("ben")
    assert ["sent"] * 2 == Worker(either, board).work()
    assert ([{"asker": "ann"}] * 4, 1) == (watching.seen, len(watching.threads))


@pytest.mark.parametrize("anyio_backend", ["asyncio", "trio"])
@pytest.mark.anyio
async def test_it_is_of_the_task_that_queued(scene: Scene) -> None:
    """Though observers are asked in another thread, since they may block."""
    watching = Carrying()
    teamed(scene)
    async with gm.AsyncSwitchboard(scene.config("sendblue", plugins=(watching,))) as board:
        asker.set("ann")
        await board.enqueue("team", "One")
        await board.send_many(["team"], "Two", wait=False)
    assert threading.get_ident() not in watching.threads
    assert [{"asker": "ann"}] * 2 == rows(scene, teamed(scene))


def test_it_goes_along_in_a_transaction_of_ones_own(either: Scene) -> None:
    watching = Carrying()
    board = teamed(either, plugins=(watching,))
    engine = create_engine(either.url)
    asker.set("ann")
    with engine.begin() as connection:
        board.enqueue("team", "One", connection=connection)
    engine.dispose()
    Worker(either, board).work()
    assert [{"asker": "ann"}] * 2 == watching.seen


# How long it is kept


def test_it_is_the_firsts_who_queued_under_a_key(either: Scene) -> None:
    board = teamed(either, plugins=(Carrying(),))
    for name in ("ann", "ben"):
        asker.set(name)
        board.enqueue("team", "One", key="k")
    assert [{"asker": "ann"}] == rows(either, board)


def test_it_is_there_at_each_try(either: Scene) -> None:
    watching = Carrying()
    board = teamed(either, plugins=(watching,))
    asker.set("ann")
    number = board.enqueue("team", "One").id
    either.strike("sendblue", "refuse", **REFUSALS["sendblue"])
    assert ["failed"] == Worker(either, board).work()
    assert [{"asker": "ann"}] == rows(either, board)
    board.outbox.retry(number)
    assert ["sent"] == Worker(either, board).work()
    assert [{"asker": "ann"}] * 4 == watching.seen


def test_it_is_kept_as_long_as_the_text(either: Scene) -> None:
    """Until the message is sent, or cancelled."""
    board = teamed(either, plugins=(Carrying(),))
    board.outbox.cancel(board.enqueue("team", "One").id)
    board.enqueue("team", "Two")
    Worker(either, board).work()
    assert [None, None] == rows(either, board)


# What may go along


def carried(*plugins: object) -> Mapping[str, str]:
    watching = load_observers(plugins)
    assert watching is not None
    assert watching.carry is not None
    return watching.carry()


def test_all_observers_have_their_say() -> None:
    """The last has it where two name the same; one may have nothing to say."""
    assert {"a": "1", "b": "3"} == carried(Giving({"a": "1", "b": "2"}), Giving(None), Giving({"b": "3"}))


@pytest.mark.parametrize("given", [ZeroDivisionError("inside"), 42, {"a": 1}, {1: "a"}, {"a": "\ud800"}], ids=repr)
def test_an_observer_that_fails_changes_nothing(given: object, caplog: pytest.LogCaptureFixture) -> None:
    assert {"a": "1"} == carried(Giving(given), Giving({"a": "1"}))
    assert "observer Giving failed at what goes along with a message" in caplog.text


def test_an_observer_that_fails_keeps_nothing_from_being_queued(either: Scene) -> None:
    board = teamed(either, plugins=(Giving(ZeroDivisionError("inside")),))
    board.enqueue("team", "One")
    assert [None] == rows(either, board)
    assert ["sent"] == Worker(either, board).work()


def test_what_is_beyond_4_kib_is_left_out(caplog: pytest.LogCaptureFixture) -> None:
    """Of all observers together; what is small still has its place. Nothing of it is logged."""
    large = Giving({"first": "x" * 4091, "second": "secret", "third": ""})
    assert {"first": "x" * 4091} == carried(large)
    assert 2 == caplog.text.count("it is beyond 4096 bytes")
    assert "secret" not in caplog.text
    assert {"a": "1", "e": "é"} == carried(Giving({"a": "1"}), Giving({"b": "é" * 2048}), Giving({"e": "é"}))


def test_any_text_can_go_along(either: Scene) -> None:
    odd = {"null": "\0", "quotes": "\"'", "snow": "☃", "": ""}
    watching = Carrying()
    board = teamed(either, plugins=(Giving(odd), watching))
    board.enqueue("team", "One")
    assert ["sent"] == Worker(either, board).work()
    assert [odd | {"asker": asker.get()}] * 2 == watching.seen


def test_nobody_is_asked_where_nobody_has_anything_to_say(scene: Scene) -> None:
    """Not even for a thread: the flow ends at its first step."""

    class Watching:
        @hookimpl
        def groupmessenger_before_send(self, attempt: Attempt) -> None: ...

    for plugins in ((), (Watching(),)):
        with pytest.raises(StopIteration):
            teamed(scene, plugins=plugins).operations.outbox.carried().send(None)
    assert None is Observers(()).carry


# The attempt


def test_an_attempt_of_before_can_be_read(scene: Scene, caplog: pytest.LogCaptureFixture) -> None:
    """It has none; one that has some can be dumped, pickled and hashed, and does not show it."""
    watching = Carrying()
    board = teamed(scene, plugins=(watching,))
    caplog.set_level(logging.DEBUG)
    made: list[Attempt] = []

    class Keeping:
        @hookimpl
        def groupmessenger_before_send(self, attempt: Attempt) -> None:
            made.append(attempt)

    asker.set("zebra")
    board.enqueue("team", "One")
    Worker(scene, teamed(scene, plugins=(Keeping(),))).work()
    (attempt,) = made
    assert {"asker": "zebra"} == attempt.carried
    assert attempt == Attempt.load(attempt.dump()) == pickle.loads(pickle.dumps(attempt))
    assert hash(attempt) == hash(attrs.evolve(attempt, carried={}))
    assert "zebra" not in repr(attempt)
    assert "zebra" not in caplog.text
    before = {name: value for name, value in json.loads(attempt.dump()).items() if name != "carried"}
    assert attrs.evolve(attempt, carried={}) == Attempt.load(json.dumps(before))
