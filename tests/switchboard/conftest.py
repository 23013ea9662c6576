from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from switchboard.databases import ENGINES, Databases

from groupmessenger.switchboard.directory import Directory


@pytest.fixture(scope="session")
def databases() -> Iterator[Databases]:
    with Databases() as made:
        yield made


@pytest.fixture(params=ENGINES)
def database(request: pytest.FixtureRequest, databases: Databases, tmp_path: Path) -> Iterator[str]:
    """The URL of a database that has its tables and no rows."""
    with databases.new(request.param, tmp_path) as url:
        yield url


@pytest.fixture(params=ENGINES)
def empty_database(request: pytest.FixtureRequest, databases: Databases, tmp_path: Path) -> Iterator[str]:
    """The URL of a database with nothing in it; SQLite's is not even made."""
    with databases.new(request.param, tmp_path, empty=True) as url:
        yield url


@pytest.fixture
def directory(database: str) -> Iterator[Directory]:
    """A directory that has its tables and no rows."""
    opened = Directory(database)
    yield opened
    opened.close()
