"""The directory: threads and processes on one database, transactions, the clock and the secret."""

from __future__ import annotations

import functools
import os
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import NoReturn

import pytest
from sqlalchemy import func, insert, select, update
from switchboard.databases import ON_POSTGRESQL, engine_of
from switchboard.processes import add_one, at_once, count, count_up, fill, make, start_count

from groupmessenger.errors import DirectoryError, InvalidInput
from groupmessenger.switchboard import directory as directory_module
from groupmessenger.switchboard import engine as engine_module
from groupmessenger.switchboard.directory import Directory, Transaction
from groupmessenger.switchboard.tables import bindings, facts, groups, members

NUMBER = "+13125550101"
NOON = datetime(2030, 1, 1, 12, tzinfo=UTC)


# Several at once.


@pytest.mark.parametrize("times", [200, pytest.param(1000, marks=pytest.mark.slow)])
def test_processes_lose_no_update(directory: Directory, database: str, times: int) -> None:
    assert [0] * 4 == at_once(4, functools.partial(count_up, times), [database])
    assert 4 * times == directory.do(count)


def test_threads_lose_no_update(directory: Directory) -> None:
    directory.do(start_count)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: directory.do(add_one), range(200)))
    assert 200 == directory.do(count)


@pytest.mark.parametrize("files", [10, pytest.param(30, marks=pytest.mark.slow)])
def test_processes_make_one_file_together(tmp_path: Path, files: int) -> None:
    """Who comes second finds it made, though SQLite says at once that it is locked while its journal changes."""
    assert [0] * 4 == at_once(4, make, [f"sqlite:///{tmp_path / str(number)}.db" for number in range(files)])


FORKING = """
import os, sys
from switchboard.databases import ON_POSTGRESQL, engine_of
from switchboard.processes import fill, add_one, count, start_count
from groupmessenger.switchboard.directory import Directory

directory = Directory(sys.argv[1])
directory.do(start_count)
child = os.fork()
for _ in range(50):
    directory.do(add_one)
if not child:
    directory.close()
    os._exit(0)
assert (child, 0) == os.waitpid(child, 0)
directory.do(add_one)
assert 101 == directory.do(count), directory.do(count)
directory.close()
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="nobody forks here")
def test_it_is_used_on_both_sides_of_a_fork(database: str) -> None:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    subprocess.run([sys.executable, "-c", FORKING, database], check=True, env=environment, timeout=60)


@ON_POSTGRESQL
def test_work_is_done_again_where_another_was_in_the_way(directory: Directory) -> None:
    """PostgreSQL ends one of two transactions that wait for each other; its work is done again from the beginning."""
    directory.do(lambda t: t.execute(insert(facts), [{"name": name, "value": ""} for name in ("a", "b")]))
    both = threading.Barrier(2)
    tries = []

    def change(first: str, second: str) -> None:
        def work(transaction: Transaction) -> None:
            tries.append(first)
            transaction.execute(update(facts).where(facts.c.name == first).values(value=first))
            if len(tries) <= 2:
                both.wait(10)
            transaction.execute(update(facts).where(facts.c.name == second).values(value=first))

        directory.do(work)

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(change, ("a", "b"), ("b", "a")))
    assert 3 == len(tries)


def test_a_locked_file_is_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """For a while; then it is an error."""
    monkeypatch.setattr(engine_module, "_BUSY", 0.01)
    url = f"sqlite:///{tmp_path / 'directory.db'}"
    holder, waiter = Directory(url), Directory(url)
    holder.do(start_count)
    waiter.do(count)
    held, let_go = threading.Event(), threading.Event()

    def hold(transaction: Transaction) -> None:
        add_one(transaction)
        held.set()
        let_go.wait(10)

    with ThreadPoolExecutor(1) as pool:
        holding = pool.submit(holder.do, hold)
        held.wait(10)
        threading.Timer(0.3, let_go.set).start()
        assert 1 == waiter.do(count)
        holding.result()
        held.clear()
        let_go.clear()
        monkeypatch.setattr(directory_module, "_PATIENCE", 0.1)
        holding = pool.submit(holder.do, hold)
        held.wait(10)
        with pytest.raises(DirectoryError, match="database is locked"):
            waiter.do(count)
        let_go.set()
        holding.result()
    holder.close()
    waiter.close()


def test_a_group_is_locked_until_the_end(directory: Directory) -> None:
    group = directory.do(fill)
    order: list[str] = []
    locked = threading.Event()

    def first(transaction: Transaction) -> None:
        transaction.lock_group(group)
        locked.set()
        time.sleep(0.1)
        order.append("first")

    def second(transaction: Transaction) -> None:
        transaction.lock_group(group)
        order.append("second")

    with ThreadPoolExecutor(1) as pool:
        holding = pool.submit(directory.do, first)
        locked.wait(10)
        directory.do(second)
        holding.result()
    assert ["first", "second"] == order


@ON_POSTGRESQL
def test_a_connection_that_was_ended_is_not_noticed(directory: Directory, database: str) -> None:
    pid = directory.do(lambda t: t.execute(select(func.pg_backend_pid())).scalar_one())
    other = Directory(database)
    assert other.do(lambda t: t.execute(select(func.pg_terminate_backend(pid, 5000))).scalar_one())
    other.close()
    assert pid != directory.do(lambda t: t.execute(select(func.pg_backend_pid())).scalar_one())


# A transaction.


@pytest.mark.parametrize("error", [InvalidInput("no"), KeyError("no")], ids=lambda error: type(error).__name__)
def test_an_error_takes_back_what_was_written(directory: Directory, error: Exception) -> None:
    def work(transaction: Transaction) -> NoReturn:
        fill(transaction)
        raise error

    with pytest.raises(type(error)) as raised:
        directory.do(work)
    assert error is raised.value
    assert 0 == directory.info().rows["groups"]


def test_a_row_is_inserted_once(directory: Directory) -> None:
    def twice(transaction: Transaction) -> tuple[bool, bool]:
        first = transaction.insert_once(facts, name="a", value="1")
        return first, transaction.insert_once(facts, name="a", value="2")

    assert (True, False) == directory.do(twice)
    assert "1" == directory.do(lambda t: t.execute(select(facts.c.value).where(facts.c.name == "a")).scalar_one())


def test_a_row_that_is_numbered_is_inserted_once(directory: Directory) -> None:
    """Unique is whatever is: a constraint, or an index of some rows alone."""

    def work(transaction: Transaction) -> list[bool]:
        group = fill(transaction)
        binding = {"group_id": group, "connection": "a", "provider": "a", "line": "a", "people": "", "dump": ""}
        binding |= {"state": "open", "created_at": transaction.now}
        return [
            transaction.insert_once(groups, name="Rowers", created_at=transaction.now),
            transaction.insert_once(groups, name="Others", created_at=transaction.now),
            *(transaction.insert_once(bindings, thread=thread, **binding) for thread in (None, None, "1", "1")),
        ]

    assert [False, True, True, True, True, False] == directory.do(work)


def test_rows_refer_to_what_is_there(directory: Directory) -> None:
    with pytest.raises(DirectoryError):
        directory.do(lambda t: t.execute(insert(members).values(group_id=7, address=NUMBER, place=0)))


def test_the_clock_is_read_once_in_a_transaction(directory: Directory) -> None:
    before = datetime.now(UTC)
    first, second = directory.do(lambda t: (t.now, t.now))
    assert first is second
    assert before <= first <= datetime.now(UTC)
    assert UTC == first.tzinfo
    assert first < directory.do(lambda t: t.now)


@ON_POSTGRESQL
def test_the_clock_is_the_servers(directory: Directory, monkeypatch: pytest.MonkeyPatch) -> None:
    """So that machines whose clocks differ agree."""
    monkeypatch.delattr(directory_module, "datetime")
    started, now = directory.do(lambda t: (t.execute(select(func.now())).scalar_one(), t.now))
    assert started <= now


def test_the_clock_can_be_given(database: str) -> None:
    east = timezone(timedelta(hours=5))
    directory = Directory(database, clock=lambda: NOON.astimezone(east))
    now = directory.do(lambda t: t.now)
    directory.close()
    assert (NOON, UTC) == (now, now.tzinfo)


def test_times_come_back_as_they_went(directory: Directory) -> None:
    group = directory.do(fill)
    stored = directory.do(lambda t: t.execute(select(groups.c.created_at).where(groups.c.id == group)).scalar_one())
    assert timedelta() <= datetime.now(UTC) - stored < timedelta(minutes=1)


# The secret.


def digest(url: str) -> str:
    directory = Directory(url)
    try:
        return directory.do(lambda t: t.digest(NUMBER))
    finally:
        directory.close()


def test_the_secret_is_one_for_all(database: str) -> None:
    with ThreadPoolExecutor(4) as pool:
        assert 1 == len(set(pool.map(digest, [database] * 4)))
    shown = f"from switchboard.test_directory import digest; print(digest({database!r}))"
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    found = subprocess.run([sys.executable, "-c", shown], check=True, env=environment, capture_output=True, text=True)
    assert digest(database) == found.stdout.strip()
    assert 64 == len(digest(database))


def test_another_directory_has_another_secret(database: str, tmp_path: Path) -> None:
    assert digest(database) != digest(f"sqlite:///{tmp_path / 'other.db'}")


def test_the_secret_is_not_shown(directory: Directory) -> None:
    def work(transaction: Transaction) -> tuple[str, str]:
        stored = transaction.execute(select(facts.c.value).where(facts.c.name == "secret")).scalar_one()
        return stored, repr(transaction)

    secret, shown = directory.do(work)
    assert 64 == len(secret)
    assert secret not in shown
    assert repr(bytes.fromhex(secret)) not in shown


# As a whole.


def test_it_opens_again_after_it_was_closed(directory: Directory) -> None:
    directory.do(start_count)
    directory.close()
    directory.close()
    assert 0 == directory.do(count)


def test_info_is_about_tables(directory: Directory, database: str) -> None:
    directory.do(fill)
    info = directory.info()
    assert engine_of(database) == info.engine
    assert info.newest == info.revision
    assert 1 == info.rows["groups"]
    assert {table.name.removeprefix("groupmessenger_") for table in groups.metadata.sorted_tables} == set(info.rows)
    assert info.size is not None
    assert info.size > 10_000
