"""One seed from its beginning to the verdict, and a directory that many seeds use one after the other."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import wraps
from unittest import mock

import attrs

from groupmessenger.switchboard import ledger, sending
from groupmessenger.switchboard.directory import Directory, Transaction
from groupmessenger.switchboard.ledger import Leaving
from groupmessenger.switchboard.tables import facts, metadata

from .application import Application
from .judge import verdict
from .vendors import START
from .weather import Weather
from .world import World


@attrs.define
class Time:
    """The clock of a directory, which is that of the world it is in now."""

    now: Callable[[], datetime] = lambda: START.astimezone(UTC)

    def __call__(self) -> datetime:
        return self.now()


@attrs.define(eq=False)
class Stage:
    """Where worlds are played."""

    directory: Directory
    time: Time

    @classmethod
    def at(cls, url: str) -> Stage:
        time = Time()
        directory = Directory(url, clock=time)
        engine, _ = directory._open()
        if engine.dialect.name == "sqlite":  # no world has its power cut
            with engine.connect() as connection:
                raw = connection.connection.driver_connection
                assert raw is not None
                connection.rollback()
                raw.execute("PRAGMA synchronous=OFF")
        return cls(directory, time)

    def close(self) -> None:
        self.directory.close()

    def play(self, seed: int, *, told: bool = False) -> tuple[list[str], list[str]]:
        """What does not hold in the world of a seed, and what happened there if it is to be `told`."""
        with self.world(seed, told=told) as world:
            application = Application(world)
            with _watched(application):
                application.run()
            return verdict(world, application), world.trace or []

    @contextmanager
    def world(self, seed: int, *, weather: Weather | None = None, told: bool = False) -> Iterator[World]:
        """A world with an empty directory."""
        self.directory.do(_empty)
        world = World(seed, self.directory, weather=weather, told=told)
        self.time.now = world.clock.now
        state = random.getstate()
        random.seed(seed)
        try:
            yield world
        finally:
            random.setstate(state)
            for process in world.graveyard:
                process.bury()


def _empty(t: Transaction) -> None:
    for table in reversed(metadata.sorted_tables):
        if table is not facts:
            t.execute(table.delete())


@contextmanager
def _watched(application: Application) -> Iterator[None]:
    """Let the application see what is let go, in the transaction that does it. Who waits looks seldom, to be quick."""
    depart = ledger.depart

    @wraps(depart)
    def watched(t: Transaction, leaving: Leaving) -> float | None:
        seconds = depart(t, leaving)
        if seconds == 0:
            application.departed(t, leaving)
        return seconds

    with mock.patch.object(ledger, "depart", watched), mock.patch.object(sending, "_PAUSE", (0.5, 2.0)):
        yield
