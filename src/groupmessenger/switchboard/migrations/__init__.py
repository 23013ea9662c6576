"""The directory's tables, from version to version, by Alembic; an application's own tables are never looked at."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sqlalchemy import Column, Connection, MetaData, Table, Text, inspect, select

from ..tables import PREFIX

VERSION_TABLE = f"{PREFIX}alembic_version"

# A revision is the beginning of its file's name. Alembic, which is slow to import, is asked for upgrades alone.
REVISIONS = sorted(path.name.partition("_")[0] for path in (Path(__file__).parent / "versions").glob("*.py"))
NEWEST = REVISIONS[-1]

_version = Table(VERSION_TABLE, MetaData(), Column("version_num", Text))


def is_ours(name: str | None, kind: str, parents: object) -> bool:
    """Whether Alembic may look at this table, or at a part of one that it looks at."""
    return kind != "table" or (name is not None and name.startswith(PREFIX))


# How Alembic is set up for our tables; SQLite changes a table by making another.
OPTIONS: dict[str, Any] = {"version_table": VERSION_TABLE, "include_name": is_ours, "render_as_batch": True}


def revision(connection: Connection) -> str | None:
    """The revision of the tables that are there; None where there are none."""
    if not inspect(connection).has_table(VERSION_TABLE):
        return None
    return connection.execute(select(_version.c.version_num)).scalar_one_or_none()


def upgrade(connection: Connection) -> None:
    """Bring the tables to the newest revision, in the connection's transaction. One thread at a time."""
    from alembic import command
    from alembic.config import Config

    config = Config(attributes={"connection": connection})  # so that nobody needs an alembic.ini
    config.set_main_option("script_location", "groupmessenger.switchboard:migrations")
    command.upgrade(config, NEWEST)
