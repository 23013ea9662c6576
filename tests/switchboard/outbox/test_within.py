"""Queueing in the caller's own transaction: a message is queued if, and only if, they commit."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, create_engine, text
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.orm import Session
from switchboard.boards import config_of
from switchboard.databases import ON_POSTGRESQL, Databases, engine_of, upgraded
from switchboard.elsewhere import exit_of
from switchboard.outbox import elsewhere
from switchboard.outbox.hands import Worker, queue, states, teamed, texts
from switchboard.outbox.test_enqueue import counted
from switchboard.scenes import BEN, DAN, Scene, a_scene, a_scene_on_each, once  # noqa: F401

import groupmessenger as gm
from groupmessenger.sandbox import Sandbox
from groupmessenger.switchboard import directory, engine
from groupmessenger.switchboard.directory import Directory, Transaction
from groupmessenger.switchboard.tables import groups, members

JOBS = text("SELECT count(*) FROM procrastinate_jobs")


@contextmanager
def own(scene: Scene) -> Iterator[Connection]:
    """A connection of an application's own, in a transaction."""
    engine = create_engine(scene.url)
    with engine.connect() as connection:
        yield connection
    engine.dispose()


def jobs(scene: Scene) -> int:
    with own(scene) as connection:
        return int(connection.execute(JOBS).scalar_one())


def test_what_is_committed_is_queued(either: Scene) -> None:
    board = teamed(either)
    with own(either) as connection:
        entry = board.enqueue("team", "One", key="k", connection=connection)
        if engine_of(either.url) == "postgresql":  # SQLite's readers do not wait, but neither would its writers go on
            assert {} == counted(either.url)
        connection.commit()
    assert ("queued", (entry,)) == (entry.state, board.outbox.entries())
    assert ["sent"] == Worker(either, board).work()
    assert once() == either.shown("One")


def test_what_is_rolled_back_is_not(either: Scene) -> None:
    board = teamed(either)
    with own(either) as connection:
        board.enqueue("team", "One", key="k", connection=connection)
        connection.rollback()
    assert {} == counted(either.url)
    assert [] == Worker(either, board).work()
    board.enqueue("team", "Another", key="k")


def test_its_key_is_one_with_those_of_others(either: Scene) -> None:
    board = teamed(either)
    (first,) = queue(board, "One")
    with own(either) as connection:
        assert first == board.enqueue("team", "One", key="One", connection=connection)
        with pytest.raises(gm.KeyReused):
            board.enqueue("team", "Two", key="One", connection=connection)
        connection.commit()
    assert {"queued": 1} == counted(either.url)


def test_what_is_wrong_leaves_the_callers_transaction_as_it_was(either: Scene) -> None:
    board = teamed(either)
    board.suppress(BEN)
    with own(either) as connection:
        connection.execute(text("CREATE TABLE orders (id INTEGER)"))
        with pytest.raises(gm.Suppressed):
            board.enqueue("team", "One", connection=connection)
        with pytest.raises(gm.InvalidInput):
            board.enqueue("nobody", "One", connection=connection)
        connection.execute(text("INSERT INTO orders VALUES (1)"))
        connection.commit()
        assert 1 == connection.execute(text("SELECT count(*) FROM orders")).scalar_one()


def test_a_connection_to_another_database_is_refused(either: Scene, databases: Databases) -> None:
    """To one without a directory, and to another directory, by a switchboard that used its own before or did not."""
    kind, folder = engine_of(either.url), either.folder / "other"
    folder.mkdir()
    teamed(either)
    for empty in (True, False):
        with databases.new(kind, folder, empty=empty) as url:
            there = create_engine(url)
            if not empty:
                other = Directory(url)
                other.do(make)
                other.close()
            for board in (either.board("sendblue"), teamed(either)):
                with there.connect() as connection, pytest.raises(gm.InvalidInput, match="directory"):
                    board.enqueue("team", "One", connection=connection)
            there.dispose()
    assert {} == counted(either.url)


def make(t: Transaction) -> None:
    """A group of the same name, there."""
    made = t.execute(groups.insert().values(name="team", created_at=t.now))
    (group_id,) = made.inserted_primary_key or (0,)
    t.execute(members.insert().values(group_id=group_id, address=BEN, place=0))


@ON_POSTGRESQL
def test_a_transaction_that_lasts_does_not_hold_up_the_groups_workers(either: Scene) -> None:
    board = teamed(either)
    queue(board, "One")
    with own(either) as connection:
        board.enqueue("team", "Two", key="Two", connection=connection)
        assert ["sent"] == Worker(either, board).drain()
        board.send("team", "Directly")
        board.add_members("team", [DAN])
        connection.commit()
    assert ["sent"] == Worker(either, board).work()
    assert ["One", "Directly", "Two"] == texts(either)


def test_a_transaction_that_lasts_on_sqlite_holds_others_up_for_some_time_only(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Then they say so, and are done later; a switchboard that was not used before waits for nobody in it."""
    monkeypatch.setattr(engine, "_BUSY", 0.1)
    monkeypatch.setattr(directory, "_PATIENCE", 0.2)
    board, other = teamed(scene), scene.board("sendblue")
    with own(scene) as connection:
        connection.execute(text("CREATE TABLE orders (id INTEGER)"))
        entry = scene.board("sendblue").enqueue("team", "One", key="One", connection=connection)
        with pytest.raises(gm.DirectoryError):
            other.enqueue("team", "Two", key="Two")
        connection.commit()
    assert "queued" == other.enqueue("team", "Two", key="Two").state
    assert entry in board.outbox.entries()


@ON_POSTGRESQL
def test_a_key_that_waits_for_anothers_commit_hears_of_it(either: Scene) -> None:
    """Two transactions with one key: the second has the first's entry, or its own."""
    board, ended = teamed(either), list[gm.switchboard.OutboxEntry]()
    for commits in (True, False):
        key = f"{commits}"
        with own(either) as connection:
            first = board.enqueue("team", "One", key=key, connection=connection)
            second = threading.Thread(target=lambda key=key: ended.append(board.enqueue("team", "One", key=key)))
            second.start()
            second.join(0.3)
            assert second.is_alive()
            (connection.commit if commits else connection.rollback)()
            second.join(10)
        assert commits is (first.id == ended.pop().id)


def test_a_process_that_is_killed_before_it_commits_queued_nothing(either: Scene) -> None:
    board = teamed(either)
    settings = {**either.box.settings("sendblue"), "exclusive_line": True}
    assert -9 == exit_of(elsewhere.enqueue_and_die, either.url, settings)
    assert {} == counted(either.url)
    board.enqueue("team", "Another", key="k")


# The nudge


@ON_POSTGRESQL
def test_a_job_is_made_in_the_same_transaction(either: Scene) -> None:
    board = teamed(either)
    with own(either) as connection:
        board.enqueue("team", "One", connection=connection)
        connection.rollback()
        assert 0 == jobs(either)
        board.enqueue("team", "One", connection=connection)
        connection.commit()
    assert 1 == jobs(either)
    board.enqueue("team", "Later", at=either.now().replace(year=2099))
    assert 1 == jobs(either)


@ON_POSTGRESQL
def test_a_job_that_is_lost_is_made_good_for(either: Scene) -> None:
    """Workers look at the rows."""
    board = teamed(either)
    with own(either) as connection:
        board.enqueue("team", "One", key="k", connection=connection)
        connection.execute(text("DELETE FROM procrastinate_jobs"))
        connection.commit()
    assert (0, ["sent"]) == (jobs(either), Worker(either, board).work())
    assert {"k": "sent"} == states(board)


# Asynchronously


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.mark.anyio
@pytest.mark.parametrize("commits", [True, False])
async def test_an_asynchronous_connection_does_as_well(either: Scene, commits: bool) -> None:
    board = teamed(either)
    engine = create_async_engine(either.url.replace("sqlite:", "sqlite+aiosqlite:"))
    async with either.board_async("sendblue") as asynchronous, engine.connect() as connection:
        await asynchronous.enqueue("team", "One", key="k", connection=connection)
        await (connection.commit if commits else connection.rollback)()
    await engine.dispose()
    assert ({"k": "queued"} if commits else {}) == states(board)


@pytest.mark.anyio
async def test_a_blocking_connection_does_in_an_asynchronous_program(scene: Scene) -> None:
    board = teamed(scene)
    async with scene.board_async("sendblue") as asynchronous:
        with own(scene) as connection:
            await asynchronous.enqueue("team", "One", key="k", connection=connection)
            connection.commit()
    assert {"k": "queued"} == states(board)


def test_a_closed_switchboard_queues_nothing(scene: Scene) -> None:
    board = teamed(scene)
    board.close()
    with own(scene) as connection:
        for call in (partial(board.enqueue, connection=connection), board.enqueue):
            with pytest.raises(gm.ConfigurationError):
                call("team", "One")
    assert {} == counted(scene.url)


def test_what_is_no_connection_is_refused_by_its_kind(scene: Scene) -> None:
    board, engine = teamed(scene), create_engine(scene.url)
    wrong: tuple[Any, ...] = (engine, Session(engine), "sqlite://")
    for each in wrong:
        with pytest.raises(gm.InvalidInput, match=rf"session\.connection\(\), not {type(each).__name__}"):
            board.enqueue("team", "One", connection=each)
    engine.dispose()


@pytest.mark.anyio
async def test_what_is_no_connection_is_refused_with_async_as_well(scene: Scene) -> None:
    teamed(scene)
    wrong: Any = "sqlite://"
    async with gm.AsyncSwitchboard(scene.config("sendblue")) as board:
        with pytest.raises(gm.InvalidInput, match="not str"):
            await board.enqueue("team", "One", connection=wrong)


def test_a_schema_for_each_tenant(databases: Databases, tmp_path: Path) -> None:
    """What the search path means in one transaction is not believed of the next, over the same connection."""
    with Sandbox() as box, databases.new("postgresql", tmp_path, empty=True) as url:
        app = create_engine(url, pool_size=1, max_overflow=0)
        with app.begin() as connection:
            for schema in ("one", "two"):
                connection.execute(text(f"CREATE SCHEMA {schema}"))
        with ExitStack() as end:
            boards: dict[str, gm.Switchboard] = {}
            for schema in ("one", "two"):
                own = upgraded(f"{url}&options=-csearch_path%3D{schema}")
                boards[schema] = end.enter_context(gm.Switchboard(config_of(box, own, tmp_path)))
                boards[schema].create_group("Dinner", ["+13125550101", "+13125550102"])

            def put(schema: str) -> None:
                with app.begin() as connection:
                    connection.execute(text(f"SET LOCAL search_path TO {schema}"))
                    boards["one"].enqueue("Dinner", "For tenant one", key="k", connection=connection)

            put("one")
            with pytest.raises(gm.InvalidInput):
                put("two")
            assert ["k"] == [entry.key for entry in boards["one"].outbox.entries()]
            assert not list(boards["two"].outbox.entries())
        app.dispose()
