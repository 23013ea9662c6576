"""Accidents around a message: the disk is full, the database is locked, cut off or in a conflict, a status is faster.

Nobody is texted twice, and nothing is said to be sent or not sent that phones show otherwise.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest
from sqlalchemy import func, select, text
from switchboard.accidents import Accident, Work, answered, crowds, fragile
from switchboard.scenes import PEOPLE, PROVIDERS, TELLING, Scene, a_scene, a_scene_on_each, once  # noqa: F401

import groupmessenger as gm
from groupmessenger.switchboard import directory as directory_module
from groupmessenger.switchboard import engine as engine_module
from groupmessenger.switchboard.directory import Directory, Transaction

pytestmark = pytest.mark.slow

TEXT = "Dinner at seven?"
ON_POSTGRESQL = pytest.mark.parametrize("database", ["postgresql"], indirect=True)


def teamed(scene: Scene, provider: str = "sendblue", accident: Accident | None = None, **own: Any) -> gm.Switchboard:
    board = scene.board(provider, own={provider: own})
    board.create_group("team", PEOPLE)
    return board if accident is None else fragile(board, accident)


# The record of an answer cannot be written


def unrecorded(scene: Scene, board: gm.Switchboard) -> None:
    """It is told that it was sent, with its receipt; and mended later."""
    with pytest.raises(gm.DirectoryError, match="the message was sent, and that could not be written down") as caught:
        board.send("team", TEXT, key="k")
    assert gm.Outcome.SENT is caught.value.outcome
    assert caught.value.receipt is not None
    assert once() == scene.shown(TEXT)
    healthy = scene.board("sendblue", own={"sendblue": {"patience": 0}})
    assert ["sending"] == [entry.state for entry in healthy.history("team")]
    with pytest.raises(gm.InProgress):
        healthy.send("team", TEXT, key="k")
    scene.later()
    again = healthy.send("team", TEXT, key="k")
    assert (True, caught.value.receipt.id) == (again.again, again.id)
    assert once() == scene.shown(TEXT)
    healthy.send("team", "And wine?")
    assert scene.threads(TEXT) == scene.threads("And wine?")


def test_the_database_is_locked_for_long(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine_module, "_BUSY", 0.05)
    monkeypatch.setattr(directory_module, "_PATIENCE", 0.1)

    def locked(directory: Directory, work: Work) -> Any:
        with closing(sqlite3.connect(scene.folder / "directory.db", isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            return directory.do(work)

    unrecorded(scene, teamed(scene, accident=answered(scene, locked)))


@ON_POSTGRESQL
def test_the_database_cuts_the_connection(either: Scene) -> None:
    def cut(directory: Directory, work: Work) -> Any:
        def cut_off(t: Transaction) -> Any:
            done = work(t)
            t.execute(select(func.pg_terminate_backend(func.pg_backend_pid())))
            return done

        return directory.do(cut_off)

    unrecorded(either, teamed(either, accident=answered(either, cut)))


@ON_POSTGRESQL
@pytest.mark.parametrize("nth", range(2, 6))
def test_the_database_cuts_the_connection_before_it_leaves(either: Scene, nth: int) -> None:
    """Then nothing leaves, which is told."""
    steps = iter(range(1, 100))

    def cut(directory: Directory, work: Work) -> Any:
        if next(steps) == nth:
            return directory.do(
                lambda t: (work(t), t.execute(select(func.pg_terminate_backend(func.pg_backend_pid()))))
            )
        return directory.do(work)

    with pytest.raises(gm.DirectoryError) as caught:
        teamed(either, accident=cut).send("team", TEXT, key="k")
    assert gm.Outcome.NOT_SENT is caught.value.outcome
    assert ([], {}) == (either.asked(), either.shown(TEXT))
    either.later()
    either.board("sendblue").send("team", TEXT, key="k")
    assert once() == either.shown(TEXT)


@ON_POSTGRESQL
@pytest.mark.parametrize("code", ["40001", "40P01"])
@pytest.mark.parametrize("provider", TELLING)
def test_every_transaction_is_in_a_conflict_once(either: Scene, provider: str, code: str) -> None:
    conflict = text(f"DO $$ BEGIN RAISE EXCEPTION 'in the way' USING ERRCODE = '{code}'; END $$")
    struck = []

    def conflicting(directory: Directory, work: Work) -> Any:
        tries = iter([True])

        def once_more(t: Transaction) -> Any:
            done = work(t)
            if next(tries, False):
                struck.append(work)
                t.execute(conflict)
            return done

        return directory.do(once_more)

    board = teamed(either, provider, conflicting)
    board.send("team", TEXT, key="k")
    assert board.send("team", TEXT, key="k").again
    assert len(struck) > 5
    assert once() == either.shown(TEXT)
    (entry,) = board.history("team")
    assert ("sent", 1) == (entry.state, entry.tries)


def test_the_disk_is_full_from_any_step_on(scene: Scene) -> None:
    """What is told is what phones show; and when there is room again it is there once."""
    long = TEXT + " Bring wine." * 900  # which needs pages of its own
    outcomes = []
    for step, people in enumerate(crowds(), 1):
        name, message, steps = f"team {step}", f"{step}: {long}", iter(range(1, 100))

        def fill(directory: Directory, work: Work, step: int = step, steps: Iterator[int] = steps) -> Any:
            def full(t: Transaction) -> Any:
                pages = t.connection.exec_driver_sql("PRAGMA page_count").scalar_one()
                t.connection.exec_driver_sql(f"PRAGMA max_page_count = {pages}")
                return work(t)

            return directory.do(full) if next(steps) >= step else directory.do(work)

        board = scene.board("sendblue")
        board.create_group(name, people)
        try:
            fragile(board, fill).send(name, message, key="k")
        except gm.DirectoryError as error:
            outcomes.append(error.outcome)
        else:
            outcomes.append(gm.Outcome.SENT)
        assert (once(*people) if outcomes[-1] is gm.Outcome.SENT else {}) == scene.shown(message)
        if step > 8:
            assert {gm.Outcome.NOT_SENT, gm.Outcome.SENT} == {*outcomes}
            return
        scene.later()
        scene.board("sendblue").send(name, message, key="k")
        assert once(*people) == scene.shown(message)
    raise AssertionError("it never came to its end")


# What is faster than the answer


@pytest.mark.parametrize("provider", PROVIDERS)
def test_a_status_that_is_faster_than_the_answers_record(either: Scene, provider: str) -> None:
    """And told twice, to another process."""
    either.listen()
    either.box.callbacks.twice = True
    other = either.board(provider)
    board = either.board(provider)
    board.create_group("team", PEOPLE)

    def tell(directory: Directory, work: Work) -> Any:
        either.box.clock.advance(30)
        either.hear(other)
        return directory.do(work)

    receipt = fragile(board, answered(either, tell)).send("team", TEXT, key="k")
    (entry,) = other.history("team")
    assert ("sent", receipt.id, None) == (entry.state, entry.message_id, entry.conflict)
    assert other.send("team", TEXT, key="k").id == receipt.id
    assert gm.Status.DELIVERED is other.delivery("team").status
    other.send("team", "And wine?")
    assert once() == either.shown(TEXT) == either.shown("And wine?")


def test_a_reply_that_is_faster_than_the_answers_record(scene: Scene) -> None:
    """It shows which thread the message made, before the answer does."""
    scene.listen()
    other = scene.board("sendblue")
    told: list[Any] = []

    def tell(directory: Directory, work: Work) -> Any:
        if not told:
            (thread,) = scene.threads(TEXT)
            scene.box.phones[PEOPLE[0]].send("Yes!", thread=thread)
            told.extend(event for event in scene.hear(other) if isinstance(event, gm.MessageReceived))
        return directory.do(work)

    board = scene.board("sendblue")
    board.create_group("team", PEOPLE)
    fragile(board, answered(scene, tell)).send("team", TEXT)
    assert ["team"] == [event.logical for event in told]
    other.reply(told[0], "Great")
    assert scene.threads(TEXT) == scene.threads("Great")
    assert 1 == len(other.group("team").threads)
