"""Directories whose transactions meet with accidents."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, cast

import attrs
from switchboard.scenes import Scene

import groupmessenger as gm
from groupmessenger.switchboard.directory import Directory, Transaction

Work = Callable[[Transaction], Any]
Accident = Callable[[Directory, Work], Any]


class Killed(BaseException):
    """The program is gone."""


@attrs.define
class Fragile:
    """A directory where each transaction may meet with an accident, which is given it and its work."""

    directory: Directory
    accident: Accident

    def do(self, work: Work) -> Any:
        return self.accident(self.directory, work)


def fragile(board: gm.Switchboard, accident: Accident) -> gm.Switchboard:
    """The same switchboard, over a directory with accidents."""
    within = board.operations.board
    board.operations.board = attrs.evolve(within, directory=cast("Directory", Fragile(within.directory, accident)))
    return board


def answered(scene: Scene, accident: Accident) -> Accident:
    """The accident, but only once the message was answered."""
    return lambda directory, work: accident(directory, work) if scene.asked() else directory.do(work)


def crowds() -> Iterator[tuple[str, ...]]:
    """Three people, whom no other group has, as often as they are wanted."""
    for first in range(130, 198, 3):
        yield tuple(f"+13125550{number}" for number in range(first, first + 3))
