"""The migrations: they make what `tables` says, together, whole or not at all, and leave other tables alone."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import (
    Column,
    Connection,
    Integer,
    MetaData,
    String,
    Table,
    create_engine,
    insert,
    inspect,
    select,
    text,
)
from switchboard.processes import at_once, start_count, upgrade

from groupmessenger.errors import DirectoryError
from groupmessenger.switchboard import migrations
from groupmessenger.switchboard.directory import Directory
from groupmessenger.switchboard.outbox import queue
from groupmessenger.switchboard.tables import PREFIX, facts, metadata

SQLITE = pytest.mark.parametrize("empty_database", ["sqlite"], indirect=True)
POSTGRESQL = pytest.mark.parametrize("empty_database", ["postgresql"], indirect=True)

# An application's own, beside ours: also a version table of Alembic's.
others = MetaData()
customers = Table("customers", others, Column("id", Integer, primary_key=True), Column("name", String(10), index=True))
theirs = Table("alembic_version", others, Column("version_num", String(32), primary_key=True))

OURS = (PREFIX, "procrastinate_")  # on PostgreSQL the queue's tables are Procrastinate's, by its own names


@contextmanager
def connected(url: str) -> Iterator[Connection]:
    """A transaction on an engine that is not ours."""
    engine = create_engine(url)
    try:
        with engine.begin() as connection:
            yield connection
    finally:
        engine.dispose()


IN_SQLITE = """
    SELECT sql FROM sqlite_master WHERE tbl_name LIKE 'groupmessenger%' AND sql IS NOT NULL
"""
IN_POSTGRESQL = """
    SELECT indexdef FROM pg_indexes WHERE tablename LIKE 'groupmessenger%'
    UNION SELECT concat_ws(' ', conrelid::regclass, conname, pg_get_constraintdef(oid)) FROM pg_constraint
    WHERE conrelid::regclass::text LIKE 'groupmessenger%'
    UNION SELECT concat_ws(' ', table_name, column_name, data_type, is_nullable, column_default)
    FROM information_schema.columns WHERE table_name LIKE 'groupmessenger%'
"""


def described(connection: Connection) -> list[str]:
    """Our tables as the database has them: columns, constraints and indexes, in no order of theirs."""
    statement = IN_SQLITE if connection.dialect.name == "sqlite" else IN_POSTGRESQL
    found = [said for said in connection.execute(text(statement)).scalars() if migrations.VERSION_TABLE not in said]
    parts = ((part.strip() for part in re.split(r"[,\n]", said)) for said in found)  # SQLite adds columns to a line
    return sorted(" ".join(sorted(filter(None, each))) for each in parts)


def differences(connection: Connection) -> list[Any]:
    """What Alembic would change to get from the database to `tables`."""
    context = MigrationContext.configure(connection, opts={**migrations.OPTIONS, "compare_type": True})
    return list(compare_metadata(context, metadata))


# What they make.


def test_they_make_what_tables_says(database: str) -> None:
    with connected(database) as connection:
        assert [] == differences(connection)


def test_they_make_it_to_the_letter(empty_database: str) -> None:
    """Alembic does not compare everything: names of keys, what is deleted along, which rows an index is of."""
    with connected(empty_database) as connection:
        metadata.create_all(connection)
        expected = described(connection)
        metadata.drop_all(connection)
    Directory(empty_database).upgrade()
    assert len(expected) > len(metadata.tables)
    with connected(empty_database) as connection:
        assert expected == described(connection)


def test_revisions_are_alembics() -> None:
    """They are told from the names of files, without Alembic."""
    config = Config()
    config.set_main_option("script_location", str(Path(migrations.__file__).parent))
    scripts = ScriptDirectory.from_config(config)
    assert scripts.get_current_head() == migrations.NEWEST
    assert [script.revision for script in scripts.walk_revisions()][::-1] == migrations.REVISIONS


def test_alembic_is_imported_for_upgrades_alone(database: str) -> None:
    code = (
        "import sys; from groupmessenger.switchboard.directory import Directory;"
        f"Directory({database!r}).do(lambda t: t.digest('')); print('alembic' in sys.modules)"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "False" == found.stdout.strip()


# When they run.


@SQLITE
def test_a_file_is_upgraded_as_it_is_used(empty_database: str) -> None:
    directory = Directory(empty_database)
    assert directory.info().revision is None
    directory.do(start_count)
    assert migrations.NEWEST == directory.info().revision
    directory.close()


@POSTGRESQL
def test_a_server_is_upgraded_by_somebody(empty_database: str) -> None:
    """Its owner decides when."""
    directory = Directory(empty_database)
    with pytest.raises(DirectoryError, match="run `groupmessenger directory upgrade`"):
        directory.do(start_count)
    assert directory.info().revision is None
    directory.upgrade()
    directory.do(start_count)
    directory.close()


def test_an_upgrade_tells_the_revision_before(empty_database: str) -> None:
    directory = Directory(empty_database)
    assert directory.upgrade() is None
    assert migrations.NEWEST == directory.upgrade()


def test_an_upgrade_keeps_what_is_there(database: str) -> None:
    directory = Directory(database)
    directory.do(start_count)
    rows = directory.info().rows
    directory.upgrade()
    assert rows == directory.info().rows
    directory.close()


def test_tables_of_before_are_upgraded_with_what_is_in_them(
    empty_database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as before:
        before.setattr(migrations, "NEWEST", "0002")
        Directory(empty_database).upgrade()
    with connected(empty_database) as connection:
        for statement in QUEUED:
            connection.execute(text(statement))
    directory = Directory(empty_database)
    assert "0002" == directory.upgrade()
    head = directory.do(lambda t: queue.head(t, 1))
    directory.close()
    assert head is not None
    assert ("One", {}) == (head.dump, head.carried)
    with connected(empty_database) as connection:
        assert [] == differences(connection)


QUEUED = (  # as the outbox was at first
    """INSERT INTO groupmessenger_groups (id, name, prefer, suspects, created_at)
    VALUES (1, 'team', '[]', '[]', '2026-01-01')""",
    """INSERT INTO groupmessenger_messages (id, group_id, digest, likeness, features, created_at)
    VALUES (1, 1, '', '', '[]', '2026-01-01')""",
    """INSERT INTO groupmessenger_outbox (group_id, message_id, state, dump, tries, queued_at)
    VALUES (1, 1, 'queued', 'One', 0, '2026-01-01')""",
)


def test_processes_upgrade_together(empty_database: str) -> None:
    assert [0] * 4 == at_once(4, upgrade, [empty_database])
    with connected(empty_database) as connection:
        assert [] == differences(connection)


def test_an_older_program_is_refused(database: str) -> None:
    with connected(database) as connection:
        connection.execute(text(f"UPDATE {migrations.VERSION_TABLE} SET version_num = '9999'"))
    directory = Directory(database)
    for use in (lambda: directory.do(start_count), directory.upgrade):
        with pytest.raises(DirectoryError, match="9999, of a newer version of groupmessenger"):
            use()
    assert "9999" == directory.info().revision
    directory.close()


@POSTGRESQL
def test_older_tables_are_asked_for_by_name(empty_database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    Directory(empty_database).upgrade()
    monkeypatch.setattr(migrations, "NEWEST", "9999")
    with pytest.raises(DirectoryError, match="run `groupmessenger directory upgrade`"):
        Directory(empty_database).do(start_count)


# What else is there.


def test_tables_of_an_application_stay(empty_database: str) -> None:
    """Alembic would not drop them either, were it asked to make a revision."""
    with connected(empty_database) as connection:
        others.create_all(connection)
        connection.execute(insert(customers).values(name="Ann"))
        connection.execute(insert(theirs).values(version_num="77aa"))
    directory = Directory(empty_database)
    assert directory.upgrade() is None
    directory.do(start_count)
    assert "customers" not in directory.info().rows
    directory.close()
    with connected(empty_database) as connection:
        assert [] == differences(connection)
        assert ["Ann"] == list(connection.execute(select(customers.c.name)).scalars())
        assert ["77aa"] == list(connection.execute(select(theirs.c.version_num)).scalars())
        alien = {name for name in inspect(connection).get_table_names() if not name.startswith(OURS)}
    assert set(others.tables) == alien


def test_every_name_is_prefixed(database: str) -> None:
    with connected(database) as connection:
        inspector = inspect(connection)
        names = inspector.get_table_names()
        indexes = [index["name"] for name in names for index in inspector.get_indexes(name)]
    assert [] == [name for name in names if not name.startswith(OURS)]
    assert [] == [name for name in indexes if not any(prefix in str(name) for prefix in OURS)]


def test_an_upgrade_that_fails_leaves_nothing(empty_database: str) -> None:
    """Also in SQLite, whose tables Alembic believes to be made outside of transactions."""
    with connected(empty_database) as connection:
        connection.execute(text("CREATE TABLE groupmessenger_opt_outs (id INTEGER)"))  # the last to be made
    directory = Directory(empty_database)
    with pytest.raises(DirectoryError, match=r"groupmessenger_opt_outs.*already exists"):
        directory.upgrade()
    assert directory.info().revision is None
    assert ["opt_outs"] == list(directory.info().rows)


@SQLITE
def test_to_change_a_table_deletes_no_rows_of_others(empty_database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """SQLite changes a table by dropping it, which would take along what refers to it."""
    directory = Directory(empty_database)
    directory.upgrade()
    found = []

    def look(connection: Connection) -> None:
        found.append(connection.exec_driver_sql("PRAGMA foreign_keys").scalar_one())

    monkeypatch.setattr(migrations, "NEWEST", "9999")
    monkeypatch.setattr(migrations, "upgrade", look)
    directory.upgrade()
    assert [0] == found


def test_an_upgrade_makes_no_secret(database: str) -> None:
    """A directory that has its tables and was never used has no secret: copies of it are directories of their own."""
    with connected(database) as connection:
        assert [] == list(connection.execute(select(facts.c.name)))
