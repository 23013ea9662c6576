"""The two engines a directory can be on, SQLite and PostgreSQL: their URLs, their settings, what their errors mean."""

from __future__ import annotations

import importlib
import importlib.util
import os
import sqlite3
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, SQLAlchemyError, StatementError

from ..errors import ConfigurationError, Problem

_BUSY = 30  # seconds that SQLite waits for another's transaction
_CONNECT = 10  # seconds that PostgreSQL may take to accept a connection
_SQLITE = ("sqlite", "sqlite+pysqlite")
_POSTGRESQL = "postgresql+psycopg"
_SQLITE_CONFLICTS = (5, 6)  # SQLITE_BUSY, SQLITE_LOCKED
_POSTGRESQL_CONFLICTS = ("40001", "40P01")  # serialization_failure, deadlock_detected
_DUPLICATE = "23505"  # unique_violation; SQLite's transactions, one after another, see each other's rows
_DATA_EXCEPTION = "22"  # the class of errors that quote values


def directory_url(url: str, folder: Path | None) -> URL:
    """What a directory's setting means; a relative path of SQLite's begins in `folder`, or where the process is.

    Raises `ConfigurationError` for what is no file of SQLite's and no database of PostgreSQL's by psycopg.
    """
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):  # whose texts may have the password
        raise _wrong("is no URL of a database", f"such as sqlite:///directory.db or {_POSTGRESQL}://...") from None
    if parsed.drivername in _SQLITE:
        return _file(parsed, folder)
    if parsed.drivername == _POSTGRESQL:
        return _server(parsed)
    if parsed.get_backend_name() in ("postgresql", "postgres"):
        raise _wrong(f"'{parsed.drivername}' is not supported", f"write {_POSTGRESQL}://")
    raise _wrong(f"'{parsed.drivername}' is not supported", f"there are sqlite:/// and {_POSTGRESQL}://")


def _wrong(what: str, cure: str) -> ConfigurationError:
    return ConfigurationError(Problem("directory.url", what, cure))


def _file(url: URL, folder: Path | None) -> URL:
    name = url.database
    if url.host or not name or name == ":memory:" or name.startswith("file:"):
        raise _wrong("is no file", "a directory has to outlast the process: sqlite:///directory.db")
    if url.query:
        raise _wrong("has options", "SQLite's file goes without: sqlite:///directory.db")
    return url.set(database=str(((folder or Path()) / name).absolute()))


def _server(url: URL) -> URL:
    if "@" in (url.host or ""):
        raise _wrong("has an '@' too many", "in a password it is written %40")
    try:
        importlib.import_module("psycopg")
    except ImportError:
        raise _wrong("needs psycopg", "pip install 'groupmessenger[postgres]'") from None
    if importlib.util.find_spec("procrastinate") is None:
        raise _wrong("needs procrastinate", "pip install 'groupmessenger[postgres]'")
    return url


def shown(url: URL) -> str:
    """The URL without its passwords."""
    secret = [name for name in url.query if "password" in name]
    return url.difference_update_query(secret).render_as_string(hide_password=True)


def file_of(url: URL) -> Path | None:
    """SQLite's file; None on PostgreSQL."""
    return Path(url.database) if url.database and url.get_backend_name() == "sqlite" else None


def make_engine(url: URL, *, foreign_keys: bool = True) -> Engine:
    """The engine for a `directory_url`. Nothing is connected yet, and SQLite's file is there, the owner's alone.

    Migrations go without `foreign_keys`: to change a table of SQLite's is to drop it, which would take what refers
    to it along. Raises `OSError` where the file cannot be made.
    """
    path = file_of(url)
    if path is None:
        return create_engine(
            url,
            connect_args={} if "connect_timeout" in url.query else {"connect_timeout": _CONNECT},
            hide_parameters=True,
            isolation_level="READ COMMITTED",
            pool_pre_ping=True,
        )
    with suppress(FileExistsError):  # one that exists is not opened: to close it would end its locks in this process
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    engine = create_engine(
        url,
        connect_args={"timeout": _BUSY, "isolation_level": None},
        hide_parameters=True,
        max_overflow=0,
        pool_size=1,  # there is one transaction at a time: threads wait in line for it
    )

    def set_up(connection: Any, record: object) -> None:
        try:
            with closing(connection.cursor()) as cursor:
                cursor.execute("PRAGMA journal_mode=WAL")
                cursor.execute("PRAGMA synchronous=FULL")
                cursor.execute("PRAGMA secure_delete=ON")  # what is erased is not left in the file
                cursor.execute(f"PRAGMA foreign_keys={'ON' if foreign_keys else 'OFF'}")
        except sqlite3.Error:
            connection.close()
            raise

    def begin(connection: Any) -> None:
        # Python's own transactions begin at the first write, and lose what was written since the read before.
        connection.execute("BEGIN IMMEDIATE")

    event.listen(engine, "connect", set_up)
    engine.dialect.do_begin = begin  # type: ignore[assignment, method-assign]  # an event slows down every statement
    return engine


def is_conflict(error: SQLAlchemyError) -> bool:
    """Whether another transaction was in the way, so that this one may be tried again."""
    cause = error.orig if isinstance(error, DBAPIError) else None
    if isinstance(cause, sqlite3.Error):
        # The low byte is the kind. Errors of Python's own, such as a cursor that is closed, have no code.
        return getattr(cause, "sqlite_errorcode", 0) & 0xFF in _SQLITE_CONFLICTS
    return getattr(cause, "sqlstate", None) in _POSTGRESQL_CONFLICTS


def is_duplicate(error: SQLAlchemyError) -> bool:
    """Whether another transaction made the same row first, which this one would find if it were done again."""
    return isinstance(error, DBAPIError) and getattr(error.orig, "sqlstate", None) == _DUPLICATE


def told(error: SQLAlchemyError) -> str:
    """What happened, without the values: numbers and texts are among them."""
    if not isinstance(error, StatementError):
        return str(error)
    if not isinstance(error, DBAPIError) or error.orig is None:
        return type(error.orig or error).__name__
    state = getattr(error.orig, "sqlstate", None)
    if state is None:
        return " ".join(str(error.orig).split())
    said = None if state.startswith(_DATA_EXCEPTION) else error.orig.diag.message_primary  # type: ignore[attr-defined]
    return f"{said or type(error.orig).__name__} ({state})"
