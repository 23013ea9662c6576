"""One run: a sandbox with faults, workers with accidents, somebody who queues messages, and what came of it all."""

from __future__ import annotations

import json
import random
import threading
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Self

import attrs
from sqlalchemy import select

import groupmessenger as gm
from groupmessenger.sandbox import Sandbox
from groupmessenger.switchboard.outbox.values import OutboxState
from groupmessenger.switchboard.tables import attempts

from . import weather
from .fleet import Fleet
from .judge import Shown, is_decided, verdict
from .plan import Plan, Planned, configured

_TICK = 0.05  # seconds
_LOOK = 0.5  # seconds between two looks at whether it is over
_BETWEEN = 0.02  # seconds between two messages that are queued while workers are at work


@attrs.frozen(kw_only=True)
class Figures:
    """What one run met with."""

    seed: int
    messages: int
    kills: int
    stops: int
    faults: int
    sent: int
    unknown: int
    failed: int
    errors: int  # in the workers' log
    seconds: float

    def __str__(self) -> str:
        return ", ".join(f"{name} {value:.0f}" for name, value in attrs.asdict(self).items())


@attrs.frozen
class Outcome:
    """The figures, and everything that does not hold."""

    figures: Figures
    wrong: list[str]


def run(
    url: str,
    folder: Path,
    seed: int,
    messages: int,
    *,
    kinds: Sequence[str] = tuple(weather.KINDS),
    accidents: bool = True,
) -> Outcome:
    """Send so many messages, half of which are queued before. What is needed to see why not is left in `folder`.

    It ends when all are decided. Where that takes long, nothing goes wrong any more from half of its time on.
    """
    rng, begun, within = random.Random(seed), time.monotonic(), 120 + 0.6 * messages
    plan = Plan.drawn(rng, messages)
    with Sandbox() as box:
        config = configured(box, url, folder)
        with gm.Switchboard.from_config(config) as board:
            for name, people in plan.people.items():
                board.create_group(name, people, prefer=[plan.carriers[name]])
            half = messages // 2
            for each in plan.messages[:half]:
                board.enqueue(each.group, each.text, each.key)
            weather.set_in(box, rng, kinds)
            struck = 0
            with Fleet(config, rng) as fleet, _Client(board, plan.messages[half:], begun + within) as client:
                while client.is_alive():
                    calm = time.monotonic() - begun > within / 2
                    if calm and not struck:
                        struck = weather.met(box)
                        box.clear_faults()
                    fleet.tend(accidents=accidents and not calm)
                    client.join(_TICK)
            entries = [entry for state in OutboxState for entry in board.outbox.entries(state)]
            tried = board.operations.board.directory.do(lambda t: list(t.execute(select(attempts)).mappings()))
        box.clock.advance(3600)  # what vendors do late
        shown = [
            Shown(phone.number, thread, each.text)
            for phone in box.phones
            for thread, several in phone.messages.items()
            for each in several
        ]
        states = Counter(each.state for each in entries)
        figures = Figures(
            seed=seed,
            messages=messages,
            kills=fleet.kills,
            stops=fleet.stops,
            faults=struck or weather.met(box),
            sent=states[OutboxState.SENT],
            unknown=states[OutboxState.UNKNOWN],
            failed=states[OutboxState.FAILED],
            errors=fleet.log.read_text().count(" ERROR "),
            seconds=time.monotonic() - begun,
        )
        wrong = verdict(plan, {each.key or "": each for each in entries}, shown)
        if wrong:
            _keep(folder / "outbox.jsonl", map(attrs.asdict, entries))
            _keep(folder / "attempts.jsonl", map(dict, tried))
            _keep(folder / "calls.jsonl", box.log)
        return Outcome(figures, wrong)


class _Client(threading.Thread):
    """Queues messages, some a second, and waits until everything is decided, or time is over.

    In a thread of its own: a worker that stands still may hold SQLite's lock, and whoever continues it must not wait.
    """

    def __init__(self, board: gm.Switchboard, messages: Iterable[Planned], until: float) -> None:
        super().__init__()
        self._board, self._messages, self._until = board, messages, until
        self._ended = threading.Event()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self.join()

    def run(self) -> None:
        for each in self._messages:
            self._board.enqueue(each.group, each.text, each.key)
            if self._ended.wait(_BETWEEN):
                return
        while not _is_over(self._board) and time.monotonic() < self._until and not self._ended.wait(_LOOK):
            pass


def _is_over(board: gm.Switchboard) -> bool:
    """Whether everything is decided: what is looked for may be queued again, so that one look has to show it all."""
    left = board.outbox.stats().remaining  # which is quicker to see
    return not left and all(map(is_decided, board.outbox.entries()))


def _keep(path: Path, rows: Iterable[object]) -> None:
    path.write_text("".join(json.dumps(row, default=str) + "\n" for row in rows))
