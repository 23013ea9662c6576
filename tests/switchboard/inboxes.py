"""Switchboards over Acme, which calls back, with a clock of the test's own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Self, TypeVar

import pytest
from acme import Vendor
from hearing import HearingMessenger, messenger
from sqlalchemy import Table, select

import groupmessenger as gm
from groupmessenger.config import Config
from groupmessenger.connections import Connection
from groupmessenger.options import Options
from groupmessenger.switchboard.directory import Directory
from groupmessenger.switchboard.tables import inbox

B = TypeVar("B", gm.Switchboard, gm.AsyncSwitchboard)


class Killed(BaseException):
    """The end of a process, of which nothing more is done."""


class Handler:
    """Keeps the keys it is given; `behave` is what else it does, and may raise."""

    def __init__(self, behave: Callable[[gm.Event], Any] = lambda event: None) -> None:
        self.keys: list[str] = []
        self.behave = behave

    def __call__(self, event: gm.Event) -> None:
        self.keys.append(event.key)
        self.behave(event)


def fail(event: gm.Event) -> None:
    raise RuntimeError("broken")


def kill(*_: object) -> None:
    raise Killed


class Office:
    """One directory, and processes with connections of Acme's by name. Its time stands still until it `ticks`."""

    def __init__(self, url: str, folder: Path) -> None:
        self.url, self.folder = url, folder
        self.vendor = Vendor()
        self.now = datetime.now(UTC)
        self.ticks = False
        self._end = ExitStack()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._end.close()

    def later(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)

    def clock(self) -> datetime:
        return datetime.now(UTC) if self.ticks else self.now

    def config(self, messengers: dict[str, HearingMessenger] | None = None, **top: Any) -> Config:
        made = {
            name: Connection(name, "acme", each, Options())
            for name, each in (messengers or {"main": messenger()}).items()
        }
        return Config(self.folder / "groupmessenger.toml", made, next(iter(made)), directory_url=self.url, **top)

    def board(self, messengers: dict[str, HearingMessenger] | None = None, **top: Any) -> gm.Switchboard:
        """A switchboard, as another process would have it."""
        config = self.config(messengers, **top)
        http = dict.fromkeys(config.connections, self.vendor.transport())
        return self._end.enter_context(self._timed(gm.Switchboard(config, http=http)))

    def board_async(self, messengers: dict[str, HearingMessenger] | None = None, **top: Any) -> gm.AsyncSwitchboard:
        """An asynchronous one, for the caller to close."""
        config = self.config(messengers, **top)
        http = dict.fromkeys(config.connections, self.vendor.async_transport())
        return self._timed(gm.AsyncSwitchboard(config, http=http))

    def directory(self) -> Directory:
        made = Directory(self.url, clock=self.clock)
        self._end.callback(made.close)
        return made

    def rows(self, table: Table = inbox) -> list[Any]:
        """What a table has."""
        return list(self.directory().do(lambda t: t.execute(select(table)).all()))

    def _timed(self, board: B) -> B:
        board.operations.board.directory._clock = self.clock
        return board


@pytest.fixture(name="office")
def an_office(database: str, tmp_path: Path) -> Iterator[Office]:
    """An office on each database."""
    with Office(database, tmp_path) as office:
        yield office
