"""The engines: what is a directory's URL, how its file is kept, what errors say."""

from __future__ import annotations

import os
import stat
import sys
import traceback
from pathlib import Path

import pytest
from sqlalchemy import insert, text
from switchboard.databases import ON_POSTGRESQL, engine_of
from switchboard.processes import fill, start_count

from groupmessenger.errors import ConfigurationError, DirectoryError
from groupmessenger.switchboard.directory import Directory, Transaction
from groupmessenger.switchboard.tables import facts, groups, members

NUMBER = "+13125550101"


# Where it is.


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("sqlite://", "is no file"),
        ("sqlite:///:memory:", "is no file"),
        ("sqlite:///file:directory.db?uri=true", "is no file"),
        ("sqlite://directory.db", "is no file"),
        ("sqlite:///directory.db?mode=memory", "has options"),
        ("sqlite+aiosqlite:///directory.db", "'sqlite+aiosqlite' is not supported"),
        ("postgresql://ann:hush@localhost/x", "write postgresql+psycopg://"),
        ("postgres://ann:hush@localhost/x", "write postgresql+psycopg://"),
        ("postgresql+psycopg2://ann:hush@localhost/x", "write postgresql+psycopg://"),
        ("mysql://ann:hush@localhost/x", "'mysql' is not supported"),
        ("postgresql+psycopg://ann:hush@home@localhost/x", "written %40"),
        ("postgresql+psycopg://ann:hush@localhost:port/x", "is no URL of a database"),
        ("ann:hush@localhost", "is no URL of a database"),
        ("", "is no URL of a database"),
    ],
)
def test_what_is_no_directory_is_told(url: str, said: str) -> None:
    with pytest.raises(ConfigurationError) as raised:
        Directory(url)
    (problem,) = raised.value.problems
    assert "directory.url" == problem.key
    assert said in str(problem)
    assert "hush" not in "".join(traceback.format_exception(raised.value))


def test_psycopg_can_be_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(ConfigurationError, match=r"pip install 'groupmessenger\[postgres\]'"):
        Directory("postgresql+psycopg://localhost/x")


def test_a_relative_file_begins_in_the_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    for directory in (Directory("sqlite:///a.db"), Directory("sqlite:///b.db", folder=tmp_path)):
        monkeypatch.chdir(tmp_path)  # later, and makes no difference
        directory.do(start_count)
        directory.close()
    assert ["b.db", "here/a.db"] == sorted(str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*.db"))


def test_nothing_is_made_before_it_is_used(tmp_path: Path) -> None:
    directory = Directory(f"sqlite:///{tmp_path / 'directory.db'}")
    assert {} == directory.info().rows
    directory.close()
    assert [] == list(tmp_path.iterdir())


@pytest.mark.skipif(os.name != "posix", reason="there are no modes")
def test_the_file_is_its_owners_alone(tmp_path: Path) -> None:
    """And what SQLite keeps beside it."""
    before = os.umask(0)
    try:
        directory = Directory(f"sqlite:///{tmp_path / 'directory.db'}")
        directory.do(start_count)
    finally:
        os.umask(before)
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()}
    directory.close()
    assert dict.fromkeys(["directory.db", "directory.db-shm", "directory.db-wal"], 0o600) == modes


def test_the_file_is_safe(tmp_path: Path) -> None:
    directory = Directory(f"sqlite:///{tmp_path / 'directory.db'}")
    asked = {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "busy_timeout": 30_000}
    found = directory.do(
        lambda t: {name: t.connection.exec_driver_sql(f"PRAGMA {name}").scalar_one() for name in asked}
    )
    directory.close()
    assert asked == found


# What errors say.


def test_an_error_quotes_no_values(directory: Directory) -> None:
    """Not even in the part that is printed with a traceback; databases do."""

    def twice(transaction: Transaction) -> None:
        group = fill(transaction)
        for place in range(2):
            transaction.execute(insert(members).values(group_id=group, address=NUMBER, place=place))

    def no_number(transaction: Transaction) -> None:
        transaction.execute(text(f"SELECT 1/0, CAST('{NUMBER} x' AS INTEGER) FROM nowhere"))

    def no_time(transaction: Transaction) -> None:
        transaction.execute(insert(groups).values(name=NUMBER, created_at="yesterday"))

    for work in (twice, no_number, no_time):
        with pytest.raises(DirectoryError) as raised:
            directory.do(work)
        assert NUMBER not in "".join(traceback.format_exception(raised.value))


@ON_POSTGRESQL
def test_a_value_that_the_server_refuses_is_not_quoted(directory: Directory) -> None:
    with pytest.raises(DirectoryError, match="22P02") as raised:
        directory.do(lambda t: t.execute(text("SELECT CAST(:number AS INTEGER)"), {"number": "Dinner at eight?"}))
    assert "Dinner" not in str(raised.value)


def test_an_error_says_what_happened(directory: Directory, database: str) -> None:
    with pytest.raises(DirectoryError, match=r"nowhere.*"):
        directory.do(lambda t: t.execute(text("SELECT * FROM nowhere")))
    directory.do(start_count)
    said = {"sqlite": r"UNIQUE constraint failed: groupmessenger_facts\.name", "postgresql": "pk_groupmessenger_facts"}
    with pytest.raises(DirectoryError, match=said[engine_of(database)]):
        directory.do(lambda t: t.execute(insert(facts).values(name="count", value="")))


def test_a_password_is_never_shown() -> None:
    directory = Directory("postgresql+psycopg://ann:hush@127.0.0.1:1/x?sslpassword=hush&connect_timeout=5")
    with pytest.raises(DirectoryError, match="refused") as raised:
        directory.do(start_count)
    for shown in (repr(directory), "".join(traceback.format_exception(raised.value))):
        assert "hush" not in shown
        assert "127.0.0.1" in shown


def test_a_full_disk_is_an_error_of_the_directory(tmp_path: Path) -> None:
    """And the directory works again once there is room."""
    directory = Directory(f"sqlite:///{tmp_path / 'directory.db'}")

    def limit(pages: int) -> None:
        directory.do(lambda t: t.connection.exec_driver_sql(f"PRAGMA max_page_count={pages}").scalar_one())

    limit(1)  # that is: as many as there are
    with pytest.raises(DirectoryError, match="full"):
        directory.do(lambda t: t.insert_once(facts, name="large", value="x" * 1_000_000))
    limit(1_000_000)
    assert directory.do(lambda t: t.insert_once(facts, name="large", value="x" * 1_000_000))
    directory.close()


def test_a_file_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    with pytest.raises(DirectoryError, match="No such file or directory"):
        Directory(f"sqlite:///{tmp_path / 'nowhere' / 'directory.db'}").do(start_count)
    (tmp_path / "letter.txt").write_text("Dinner at eight?" * 100)
    with pytest.raises(DirectoryError, match="not a database"):
        Directory(f"sqlite:///{tmp_path / 'letter.txt'}").do(start_count)
    with pytest.raises(DirectoryError, match="unable to open"):
        Directory(f"sqlite:///{tmp_path}").do(start_count)
