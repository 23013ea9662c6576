"""Messages a second that the outbox queues: on SQLite, and on PostgreSQL beside Procrastinate alone with empty jobs."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any

from procrastinate import App, SyncPsycopgConnector
from sqlalchemy import create_engine

import groupmessenger as gm
from groupmessenger.switchboard.directory import Directory

from .boards import configured, fill, postgresql
from .connections import TEXT
from .measuring import Scale, in_turn
from .results import Result, Target
from .vendor import vendor

TASK = "tests.benchmarks.nothing"
_AT_ONCE = 500  # groups, which send_many queues for in one transaction
_RATE, _RATIO = Target("≥", 1_000, absolute=True), Target("≥", 0.5)

Way = Callable[[int], None]  # of queueing so many


def run(scale: Scale) -> Iterator[Result]:
    """Measure each way, on each engine."""
    with vendor() as url:
        with configured(url) as file, ways(file) as ours:
            for way in ours:
                yield from _measured(scale, f"queued on SQLite, {way}", {"ours": ours[way]}, _RATE)
        with postgresql() as make, configured(url, make()) as file, ways(file) as ours, jobs(make()) as theirs:
            for way in ours:
                sides = {"ours": ours[way], **({"theirs": theirs[way]} if way in theirs else {})}
                yield from _measured(scale, f"queued on PostgreSQL, {way}", sides, _RATIO if way in theirs else None)


def _measured(scale: Scale, name: str, sides: Mapping[str, Way], target: Target | None) -> Iterator[Result]:
    pieces = scale.of(200, 20) if name.endswith("one by one") else scale.of(4 * _AT_ONCE, _AT_ONCE)
    found = in_turn({side: partial(put, pieces) for side, put in sides.items()}, pieces, scale.of(5, 1))
    ours, theirs = found["ours"], found.get("theirs")
    yield Result(name, "a second", 1 / ours.wall, None if theirs is None else 1 / theirs.wall, target)
    yield Result(f"{name}: CPU of each", "µs", ours.cpu * 1e6, None if theirs is None else theirs.cpu * 1e6)


@contextmanager
def ways(file: Path) -> Iterator[Mapping[str, Way]]:
    """Give the ways to queue messages with a switchboard, to as many groups."""
    keys = map(str, count())
    with gm.Switchboard.from_config(file) as board, ExitStack() as end:
        names = fill(board, _AT_ONCE)
        engine = create_engine(Directory(str(board._directory.url)).url)
        end.callback(engine.dispose)

        def many(pieces: int) -> None:
            for _ in range(pieces // len(names)):
                board.send_many(names, TEXT, key=next(keys), wait=False)

        def within(pieces: int) -> None:
            for _ in range(pieces // len(names)):
                with engine.begin() as mine:
                    for name in names:
                        board.enqueue(name, TEXT, connection=mine)

        def single(pieces: int) -> None:
            for name in names[:pieces]:
                board.enqueue(name, TEXT)

        yield {"many at once": many, "in a transaction of one's own": within, "one by one": single}
        assert board.outbox.stats().remaining


@contextmanager
def jobs(url: str) -> Iterator[Mapping[str, Way]]:
    """Give the ways to defer empty jobs with Procrastinate, in a database of its own."""
    Directory(url).upgrade()  # which makes its tables as well
    app = App(connector=SyncPsycopgConnector(conninfo=url.replace("+psycopg", "")))

    @app.task(name=TASK)
    def nothing(group_id: int) -> None: ...

    some: list[dict[str, Any]] = [{"group_id": number} for number in range(_AT_ONCE)]

    def many(pieces: int) -> None:
        for _ in range(pieces // _AT_ONCE):
            nothing.batch_defer(*some)

    def single(pieces: int) -> None:
        for number in range(pieces):
            nothing.defer(group_id=number)

    with app.open():
        yield {"many at once": many, "one by one": single}
