"""What a directory is and holds."""

from __future__ import annotations

import attrs
from sqlalchemy import Connection, Table, cast, func, inspect, select
from sqlalchemy.dialects import postgresql

from .tables import PREFIX, metadata


@attrs.frozen
class DirectoryInfo:
    """What a directory is and holds. `url` has no password.

    `revision` is that of the tables (None: there are none yet), `newest` the one that this version of the library
    needs. `rows` has the number of rows of each table. `size` is in bytes: SQLite's file, or our tables in PostgreSQL.
    """

    url: str
    engine: str
    revision: str | None
    newest: str
    rows: dict[str, int]
    size: int | None


def _tables(connection: Connection) -> list[Table]:
    there = set(inspect(connection).get_table_names())
    return [table for table in metadata.sorted_tables if table.name in there]


def rows_of(connection: Connection) -> dict[str, int]:
    """How many rows each of the tables has that are there."""
    return {
        table.name.removeprefix(PREFIX): connection.execute(select(func.count()).select_from(table)).scalar_one()
        for table in _tables(connection)
    }


def size_of(connection: Connection) -> int:
    """How many bytes the directory takes."""
    if connection.dialect.name == "sqlite":
        pages, each = (
            connection.exec_driver_sql(f"PRAGMA {what}").scalar_one() for what in ("page_count", "page_size")
        )
        return int(pages * each)
    sizes = [func.pg_total_relation_size(cast(table.name, postgresql.REGCLASS)) for table in _tables(connection)]
    return sum(connection.execute(select(size)).scalar_one() for size in sizes)
