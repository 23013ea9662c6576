"""The directory: the switchboard's database, for several processes and threads at once."""

from __future__ import annotations

import os
import random
import secrets
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TypeVar

from sqlalchemy import URL, Connection, Engine, func, inspect, select, text
from sqlalchemy.exc import SQLAlchemyError

from ..errors import DirectoryError, InvalidInput
from . import migrations
from .contents import DirectoryInfo, rows_of, size_of
from .engine import directory_url, file_of, is_conflict, is_duplicate, make_engine, shown, told
from .outbox import tables as _outbox  # noqa: F401 - so that metadata has all there are
from .outbox import wakening
from .tables import facts
from .transaction import Transaction as Transaction

T = TypeVar("T")

_PATIENCE = 5.0  # seconds in all, for transactions that others were in the way of
_FIRST_WAIT = 0.01  # seconds; doubled each time
_LONGEST_WAIT = 0.5
_UPGRADING = 0x67726F75706D7367  # PostgreSQL's advisory lock: any number that nobody else takes
_FACTS = text(f"SELECT to_regclass('{facts.name}')::oid::bigint")
_opening = threading.Lock()  # of any directory: Alembic keeps its context in globals


class Directory:
    """The directory at a URL: an SQLite file, made and upgraded as it is used, or a PostgreSQL database.

    Threads and processes may share it, also after a fork. Nothing is opened before it is used. Times come from
    `clock` where one is given. A relative path of SQLite's begins in `folder`, else where the process is.

    Raises `ConfigurationError` for any other URL, and where psycopg is missing.
    """

    def __init__(self, url: str, *, folder: Path | None = None, clock: Callable[[], datetime] | None = None) -> None:
        self._url = directory_url(url, folder)
        self._clock = clock
        # By process: a connection from before a fork is the parent's, and not even to be closed here.
        self._opened: dict[int, tuple[Engine, bytes]] = {}
        self._own = f"groupmessenger: {self._url}"  # where a connection of a caller's keeps that it is to this one

    def __repr__(self) -> str:
        return f"{type(self).__name__}({shown(self._url)!r})"

    @property
    def url(self) -> URL:
        """Where it is."""
        return self._url

    def do(self, work: Callable[[Transaction], T]) -> T:
        """Do the work in one transaction, and again from its beginning where another's was in the way.

        So the work does nothing but to read and write here. An error of its own takes back what it wrote.

        Raises `DirectoryError` where the directory cannot be read or written within some seconds (30 more where SQLite
        is kept waiting), or its tables are older (on PostgreSQL) or newer than this version of the library's.
        """
        return self._patiently(lambda: self._once(work))

    def within(self, connection: object, work: Callable[[Transaction], T]) -> T:
        """Do the work, once, in a transaction of the caller's own on the same database, which they commit.

        Raises `InvalidInput` for what is no connection, or one to another database, and `DirectoryError`.
        """
        if not isinstance(connection, Connection):
            kind = type(connection).__name__
            raise InvalidInput(f"connection is a Connection of SQLAlchemy's, such as session.connection(), not {kind}")
        try:
            own = self._own, _place(connection)
            secret: bytes | None = connection.info.get(own)  # it is asked once
            if secret is None:
                secret = connection.info[own] = self._secret_by(connection)
            return work(Transaction(connection, secret, self._clock, is_callers=True))
        except SQLAlchemyError as error:
            raise DirectoryError(f"the directory {shown(self._url)} fails: {told(error)}") from None

    def _secret_by(self, connection: Connection) -> bytes:
        """Read the directory's secret by a caller's connection. Raises `InvalidInput` where that is to another one."""
        if not inspect(connection).has_table(facts.name):
            raise InvalidInput(f"the connection is to a database without this directory: {shown(self._url)}")
        stored = connection.execute(select(facts.c.value).where(facts.c.name == "secret")).scalar_one_or_none()
        if stored is None or not self._is_own(connection, stored):
            raise InvalidInput(f"the connection is to another directory than {shown(self._url)}")
        return bytes.fromhex(stored)

    def _is_own(self, connection: Connection, stored: str) -> bool:
        """Whether a connection is to this directory, with that secret."""
        if connection.dialect.name != self._url.get_backend_name():
            return False
        path = file_of(self._url)
        if path is None:
            return self._open()[1].hex() == stored
        # Not opened for that: it would wait for the caller's own transaction.
        file: str = connection.exec_driver_sql("PRAGMA database_list").scalars(2).first() or ""
        return bool(file) and path.exists() and path.samefile(file)

    def upgrade(self) -> str | None:
        """Bring the tables to this version of the library. Gives the revision before, None if there were none.

        Raises `DirectoryError` as `do` does.
        """
        return self._patiently(self._upgrade_once)

    def info(self, *, counted: bool = True) -> DirectoryInfo:
        """Look at the directory, which is neither made nor changed by that. To count its rows takes time.

        Raises `DirectoryError` where it cannot be read.
        """
        return self._patiently(lambda: self._info_once(counted=counted))

    def close(self) -> None:
        """Close this process's connections. The next use opens it again."""
        with _opening:
            engine, _ = self._opened.pop(os.getpid(), (None, b""))
        if engine is not None:
            engine.dispose()

    def _patiently(self, work: Callable[[], T]) -> T:
        end = time.monotonic() + _PATIENCE
        longest = _FIRST_WAIT
        raced = False
        while True:
            try:
                return work()
            except SQLAlchemyError as error:
                wait = random.uniform(longest / 2, longest)  # noqa: S311 - not a secret
                first_race = is_duplicate(error) and not raced
                raced = raced or first_race
                if not (first_race or is_conflict(error)) or time.monotonic() + wait > end:
                    # Without its cause, which may quote values.
                    raise DirectoryError(f"the directory {shown(self._url)} fails: {told(error)}") from None
            time.sleep(wait)
            longest = min(2 * longest, _LONGEST_WAIT)

    def _once(self, work: Callable[[Transaction], T]) -> T:
        engine, secret = self._open()
        with engine.begin() as connection:
            return work(Transaction(connection, secret, self._clock))

    def _open(self) -> tuple[Engine, bytes]:
        process = os.getpid()
        opened = self._opened.get(process)
        if opened is None:
            with _opening:
                opened = self._opened.get(process)
                if opened is None:
                    opened = self._opened[process] = self._opened_now()
        return opened

    def _opened_now(self) -> tuple[Engine, bytes]:
        if file_of(self._url) is not None:
            self._migrate()
        engine = self._engine()
        try:
            with engine.begin() as connection:
                if _revision(connection) != migrations.NEWEST:
                    raise DirectoryError(
                        f"the directory {shown(self._url)} is not at this version of groupmessenger yet: "
                        "run `groupmessenger directory upgrade`"
                    )
                return engine, _secret(connection)
        except BaseException:
            engine.dispose()
            raise

    def _upgrade_once(self) -> str | None:
        with _opening:
            return self._migrate()

    def _migrate(self) -> str | None:
        with self._passing(foreign_keys=False) as connection:
            if connection.dialect.name == "postgresql":  # SQLite's transaction keeps others out as it is
                connection.execute(select(func.pg_advisory_xact_lock(_UPGRADING)))
            before = _revision(connection)
            if before != migrations.NEWEST:
                migrations.upgrade(connection)
            wakening.install(connection)
            return before

    def _info_once(self, *, counted: bool) -> DirectoryInfo:
        revision, rows, size = None, dict[str, int](), None
        path = file_of(self._url)
        if path is None or path.exists():
            with self._passing() as connection:
                revision = migrations.revision(connection)
                if counted:
                    rows, size = rows_of(connection), size_of(connection)
        return DirectoryInfo(shown(self._url), self._url.get_backend_name(), revision, migrations.NEWEST, rows, size)

    @contextmanager
    def _passing(self, *, foreign_keys: bool = True) -> Iterator[Connection]:
        """A transaction on a connection that is not kept."""
        engine = self._engine(foreign_keys=foreign_keys)
        try:
            with engine.begin() as connection:
                yield connection
        finally:
            engine.dispose()

    def _engine(self, *, foreign_keys: bool = True) -> Engine:
        try:
            return make_engine(self._url, foreign_keys=foreign_keys)
        except OSError as error:
            raise DirectoryError(f"the directory {shown(self._url)} cannot be made: {error.strerror}") from None


def _place(connection: Connection) -> int | None:
    """Which table a name means: on PostgreSQL, whose search path an application may set anew for each transaction."""
    return connection.execute(_FACTS).scalar() if connection.dialect.name == "postgresql" else None


def _revision(connection: Connection) -> str | None:
    revision = migrations.revision(connection)
    if revision is not None and revision not in migrations.REVISIONS:
        raise DirectoryError(
            f"the directory is at revision {revision}, of a newer version of groupmessenger: install that version"
        )
    return revision


def _secret(connection: Connection) -> bytes:
    """The key of the directory's hashes, which the first process makes."""
    transaction = Transaction(connection, b"")
    transaction.insert_once(facts, name="secret", value=secrets.token_hex(32))
    stored = transaction.execute(select(facts.c.value).where(facts.c.name == "secret")).scalar_one()
    return bytes.fromhex(stored)
