"""One transaction on the directory.

Statements are built once, as constants of the modules that execute them, with names for what changes: to build one
takes SQLAlchemy twice as long as to execute it.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from functools import cache
from typing import Any

import attrs
from sqlalchemy import Connection, CursorResult, Executable, Insert, Select, Table, bindparam, func, select
from sqlalchemy.dialects import postgresql, sqlite

from .tables import Moment, groups

_COUNTED = {"preserve_rowcount": True}
# Not the key itself: who adds a message to the group refers to that, and does not wait.
_LOCKED = select(groups.c.id).where(groups.c.id == bindparam("group")).with_for_update(key_share=True)
_CLOCK = select(func.clock_timestamp(type_=Moment))


@cache
def _insert_once(table: Table, is_postgresql: bool) -> Insert:
    insert = postgresql.insert if is_postgresql else sqlite.insert
    return insert(table).on_conflict_do_nothing()


@cache
def _insert_selected(table: Table, rows: Select[*tuple[Any, ...]], is_postgresql: bool) -> Insert:
    insert = postgresql.insert if is_postgresql else sqlite.insert
    return insert(table).from_select(rows.selected_columns.keys(), rows).on_conflict_do_nothing()


@attrs.define(eq=False)
class Transaction:
    """One transaction on the directory, given to the work that `Directory.do` does."""

    connection: Connection
    _secret: bytes = attrs.field(repr=False)
    _clock: Callable[[], datetime] | None = attrs.field(default=None, repr=False)
    is_callers: bool = False  # the application's own, which may last
    _now: datetime | None = attrs.field(default=None, init=False)

    @property
    def now(self) -> datetime:
        """The directory's time, in UTC; the same throughout a transaction.

        The clock is this process's on SQLite and the server's on PostgreSQL, whose clients' may differ.
        """
        if self._now is None:
            if self._clock is not None:
                self._now = self._clock().astimezone(UTC)
            elif self.is_postgresql:
                self._now = self.connection.execute(_CLOCK).scalar_one()
            else:
                self._now = datetime.now(UTC)
        return self._now

    def execute(
        self, statement: Executable, parameters: Mapping[str, Any] | Sequence[Mapping[str, Any]] | None = None
    ) -> CursorResult[*tuple[Any, ...]]:
        """Execute a statement, as SQLAlchemy's connection does."""
        return self.connection.execute(statement, parameters)

    def digest(self, text: str) -> str:
        """A hash of the text, in hex, that nobody can compute who has not the directory's own secret."""
        return hmac.digest(self._secret, text.encode(), "sha256").hex()

    def insert_once(self, table: Table, **values: Any) -> bool:
        """Insert a row unless one is there that is unique in the same way. True where it was made."""
        return self._inserted_once(table, values).rowcount == 1

    def number_once(self, table: Table, **values: Any) -> int | None:
        """Insert a row as `insert_once` does, and give its number; None where it was not made."""
        made = self._inserted_once(table, values)
        return None if made.rowcount != 1 or made.inserted_primary_key is None else int(made.inserted_primary_key[0])

    def insert_selected(self, table: Table, rows: Select[*tuple[Any, ...]], parameters: Mapping[str, Any]) -> int:
        """Insert the rows that a selection gives, unless they are there, and give how many were made."""
        statement = _insert_selected(table, rows, self.is_postgresql)
        return int(self.connection.execute(statement, parameters, execution_options=_COUNTED).rowcount)

    def _inserted_once(self, table: Table, values: Mapping[str, Any]) -> CursorResult[*tuple[Any, ...]]:
        statement = _insert_once(table, self.is_postgresql)
        return self.connection.execute(statement, values, execution_options=_COUNTED)

    def lock_group(self, group_id: int) -> None:
        """Make other transactions that lock this group wait for the end of this one."""
        if self.is_postgresql:  # SQLite's transactions are one after another anyway
            self.connection.execute(_LOCKED, {"group": group_id})

    @property
    def is_postgresql(self) -> bool:
        """Whether others may be at work at the same time."""
        return self.connection.dialect.name == "postgresql"
