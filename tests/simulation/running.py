"""One seed from its beginning to the verdict, and a directory that many seeds use one after the other."""

from __future__ import annotations

import logging
import random
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from functools import wraps
from typing import Any
from unittest import mock

import anyio
import attrs

from groupmessenger.switchboard import ledger, outcomes, sending
from groupmessenger.switchboard.directory import Directory, Transaction
from groupmessenger.switchboard.ledger import Leaving, Reserved, Standing, Wanted
from groupmessenger.switchboard.outbox import queue
from groupmessenger.switchboard.outbox.queue import Head
from groupmessenger.switchboard.tables import facts, metadata

from .application import Application
from .judge import Judge
from .processes import pause
from .queue_judge import QueueJudge
from .queueing import Queueing
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

    def play(
        self, seed: int, *, told: bool = False, program: type[Application] = Application
    ) -> tuple[list[str], list[str]]:
        """What does not hold in the world of a seed, and what happened there if it is to be `told`."""
        with self.world(seed, told=told) as world:
            application = program(world)
            with _watched(application):
                application.run()
            judge = QueueJudge(world, application) if isinstance(application, Queueing) else Judge(world, application)
            return list(judge.faults()), world.trace or []

    @contextmanager
    def world(self, seed: int, *, weather: Weather | None = None, told: bool = False) -> Iterator[World]:
        """A world with an empty directory."""
        self.directory.do(_empty)
        world = World(seed, self.directory, weather=weather, told=told)
        self.time.now = world.directory_time
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
    """Let the application see what is done, in the transactions that do it. Who waits looks seldom, to be quick."""
    depart, reserve, head, delay = ledger.depart, ledger.reserve, queue.head, queue.delay
    give_up = outcomes.give_up

    @wraps(depart)
    def departing(t: Transaction, leaving: Leaving) -> float | None:
        seconds = depart(t, leaving)
        if seconds == 0:
            application.departed(t, leaving)
        return seconds

    @wraps(reserve)
    def reserving(t: Transaction, wanted: Wanted) -> Standing:
        standing = reserve(t, wanted)
        if isinstance(standing, Reserved):
            application.begun(t, wanted)
        return standing

    @wraps(head)
    def heading(t: Transaction, group_id: int) -> Head | None:
        found = head(t, group_id)
        application.looked(t, group_id, None if found is None else found.id)
        return found

    @wraps(delay)
    def delaying(t: Transaction, number: int, seconds: float, why: str) -> None:
        application.delayed.add(number)
        delay(t, number, seconds, why)

    @wraps(give_up)
    def giving_up(t: Transaction, token: str, why: str) -> None:
        application.given_up.add(token)
        give_up(t, token, why)

    patched: dict[Any, dict[str, Any]] = {
        ledger: {"depart": departing, "reserve": reserving},
        queue: {"head": heading, "delay": delaying},
        outcomes: {"give_up": giving_up},
        sending: {"_PAUSE": (0.5, 2.0)},
        anyio: {"sleep": pause},
    }
    with ExitStack() as stack:
        for module, changes in patched.items():
            stack.enter_context(mock.patch.multiple(module, **changes))
        stack.enter_context(mock.patch.object(logging.getLogger("groupmessenger.outbox"), "disabled", new=True))
        yield
