"""What a switchboard adds: a plan that finds a limit broken, and a send that is written down, over SQLite."""

from __future__ import annotations

from collections.abc import Iterator

import groupmessenger as gm

from .boards import PROVIDER, configured, fill
from .connections import TEXT, group, settings
from .measuring import Scale, in_turn, times_over
from .results import Result, Target, compared
from .vendor import vendor

_PLAN = Target("<", 20, absolute=True)
_ADDED = Target("<", 2, absolute=True)  # of CPU: the wall time has the disk's in it
_FULL = 2  # of SQLite's: what is committed is on disk


def run(scale: Scale) -> Iterator[Result]:
    """Measure both."""
    with vendor() as url:
        yield from _plans(scale, url)
        yield from _sends(scale, url)


def _plans(scale: Scale, url: str) -> Iterator[Result]:
    times = scale.of(2_000, 100)
    with gm.connect(PROVIDER, limits={"recipients": 2}, **settings(PROVIDER, url)) as client:
        to = group(PROVIDER)
        (found,) = client.plan(to, TEXT).violations
        assert isinstance(found, gm.LimitExceeded)
        plan = in_turn({"plan": times_over(lambda: client.plan(to, TEXT), times)}, times, scale.of(7, 1))["plan"]
    yield Result("plan that finds a limit broken: CPU", "µs", plan.cpu * 1e6, target=_PLAN)


def _sends(scale: Scale, url: str) -> Iterator[Result]:
    pieces, rounds = scale.of(200, 20), scale.of(7, 1)
    with (
        gm.connect(PROVIDER, **settings(PROVIDER, url)) as client,
        configured(url) as file,
        gm.Switchboard.from_config(file) as board,
    ):
        (name,), to = fill(board, 1), group(PROVIDER)
        found = in_turn(
            {
                "board": times_over(lambda: board.send(name, TEXT), pieces),
                "client": times_over(lambda: client.send(to, TEXT), pieces),
            },
            pieces,
            rounds,
        )
        directory = board.operations.board.directory
        assert directory.do(lambda t: t.connection.exec_driver_sql("PRAGMA synchronous").scalar()) == _FULL
        states = [entry.state for entry in board.history(name)]
        assert states == ["sent"] * (rounds + 1) * pieces
    yield from compared("send by a switchboard over SQLite, against a client's", found["board"], found["client"])
    added = [found["board"].cpu - found["client"].cpu, found["board"].wall - found["client"].wall]
    yield Result("what the switchboard adds to it: CPU", "ms", added[0] * 1e3, target=_ADDED)
    yield Result("what the switchboard adds to it: wall", "ms", added[1] * 1e3)
