"""Workers whose every step a test takes: they drain to the end, or something happens before or after a step."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Concatenate, ParamSpec, TypeVar

import attrs
from switchboard.scenes import ANN, PEOPLE, Scene

import groupmessenger as gm
from groupmessenger.driving import Driver
from groupmessenger.flow import Call, Effect, Sleep
from groupmessenger.switchboard import OutboxEntry
from groupmessenger.switchboard.board import Board
from groupmessenger.switchboard.building import no_exchange, no_wire
from groupmessenger.switchboard.directory import Transaction
from groupmessenger.switchboard.outbox import lanes, tables
from groupmessenger.switchboard.outbox.draining import Draining, Told

P = ParamSpec("P")
T = TypeVar("T")
On = Callable[[str, str], None]

_DAY = 86_400.0
_LOOK = 5.0  # seconds, while all that is left is a dead worker's


class Hands(Driver):
    """Runs flows; where one sleeps, the scene's time is put forward."""

    def __init__(self, scene: Scene) -> None:
        super().__init__(no_wire, no_exchange)
        self._scene = scene

    def _perform(self, effect: Effect[Any], leave_by: Any) -> object:
        if isinstance(effect, Sleep):
            self._scene.later(effect.seconds)
            return None
        return super()._perform(effect, leave_by)


@attrs.frozen(eq=False)
class Watched(Board):
    """A board that tells `on` which transaction it is about to begin ("before") and which has ended ("after")."""

    on: On = attrs.field(kw_only=True)

    def do(self, work: Callable[Concatenate[Transaction, P], T], *args: P.args, **named: P.kwargs) -> Call[T]:
        within = super().do(work, *args, **named).work

        def done() -> T:
            self.on("before", work.__name__)
            result = within()
            self.on("after", work.__name__)
            return result

        return Call(done)


def at(when: str, name: str, work: Callable[[], object]) -> On:
    """Have something happen at a step, the first time."""
    waiting = [(when, name)]

    def on(*step: str) -> None:
        if step in waiting:
            waiting.clear()
            work()

    return on


@attrs.define
class Worker:
    """One worker of a board."""

    scene: Scene
    board: gm.Switchboard
    name: str = "first"
    on: On = lambda *_: None
    told: list[Told] = attrs.field(factory=list)
    draining: Draining = attrs.field(init=False)

    def __attrs_post_init__(self) -> None:
        known = self.board.operations.board
        watched = Watched(known.directory, known.lines, known._rules, known.region, on=self.on)
        self.draining = Draining(watched, self.name, self.told.append)

    def drain(self, group: str = "team") -> list[str]:
        """Drain a group's lane once, and give what came of each message."""
        begun = len(self.told)
        self._drain(self.board.group(group).id)
        return [told.outcome for told in self.told[begun:]]

    def work(self, seconds: float = _DAY) -> list[str]:
        """Drain whatever is due, and let time pass, until nothing is left to do or so much time is over."""
        begun, directory = len(self.told), self.board.operations.board.directory
        left = seconds
        while self._left() and left >= 0:
            groups, after = directory.do(_due)
            for group in groups:
                self._drain(group)
            pause = 0.0 if groups else _LOOK if after is None else after
            self.scene.later(min(pause, left))
            left -= pause
        return [told.outcome for told in self.told[begun:]]

    def sweep(self) -> None:
        """Drain what is due once, and what nobody remembers."""
        for group in self.board.operations.board.directory.do(_due)[0]:
            self._drain(group)

    def _drain(self, group_id: int) -> None:
        Hands(self.scene).run(self.draining.drain(group_id))

    def _left(self) -> bool:
        states = ("queued", "sending", "unknown")
        return any(each.state in states and not each.gave_up for each in self.board.outbox.entries())


def _due(t: Transaction) -> tuple[list[int], float | None]:
    lanes.sweep(t)
    return lanes.due(t, 100)


def teamed(
    scene: Scene, *names: str, own: Mapping[str, Mapping[str, Any]] | None = None, **more: Any
) -> gm.Switchboard:
    """A switchboard that does not try twice, with a group."""
    names = names or ("sendblue",)
    settings = {name: {"patience": 0, **(own or {}).get(name, {})} for name in names}
    board = scene.board(*names, own=settings, **more)
    if not board.groups():
        board.create_group("team", PEOPLE)
    return board


def queue(board: gm.Switchboard, *texts: str, group: str = "team") -> tuple[OutboxEntry, ...]:
    """Queue some texts, each under itself as its key."""
    return tuple(board.enqueue(group, text, key=text) for text in texts)


def states(board: gm.Switchboard, group: str = "team") -> dict[str | None, str]:
    """Where each message stands, by its key."""
    every = (entry for state in gm.switchboard.OutboxState for entry in board.outbox.entries(state, group=group))
    return {entry.key: str(entry.state) for entry in sorted(every, key=lambda entry: entry.id)}


def texts(scene: Scene, phone: str = ANN) -> list[str]:
    """What a phone shows, in the order that it came."""
    return scene.box.phones[phone].texts


def lane(board: gm.Switchboard, group: str = "team") -> Any:
    """The row of a group's lane."""
    here = tables.lanes.select().where(tables.lanes.c.group_id == board.group(group).id)
    return board.operations.board.directory.do(lambda t: t.execute(here).one())
