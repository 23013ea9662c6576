"""The end of the demonstration: a group whose provider is changed in the file, and changed back."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import attrs

from ..config import Config
from ..connections import read_connection
from ..sandbox import Sandbox
from .boards import board_of
from .scenes import Screen

PEOPLE = ("+13125550104", "+13125550106", "+13125550107")
TEXTS = ("Lunch at one?", "Or at two?", "At one, then!")
GROUP = "lunch"


@attrs.frozen
class Stay:
    """The group at one connection, for one text, in one of the provider's threads."""

    connection: str
    line: str
    thread: str


@attrs.frozen
class Move:
    """What came of it: by which connections the group went, and what each phone shows, a screen for each thread."""

    stays: tuple[Stay, ...]
    phones: tuple[tuple[Screen, ...], ...]

    @property
    def found_again(self) -> bool:
        """Whether it is in its first thread again."""
        return self.stays[0] == self.stays[-1]

    @property
    def ok(self) -> bool:
        """Whether every phone shows the first and the last text in one thread and the other in another, each once."""
        first, away, back = TEXTS
        return self.found_again and all(
            [[first, back], [away]] == [[message.text for message in screen.messages] for screen in screens]
            for screens in self.phones
        )

    def summary(self) -> dict[str, Any]:
        """It as JSON."""
        return {
            "group": GROUP,
            "connections": [stay.connection for stay in self.stays],
            "thread_found_again": self.found_again,
            "phones": len(self.phones),
            "ok": self.ok,
        }


def run_move(sandbox: Sandbox, providers: Sequence[str], tell: Callable[[str], object]) -> Move:
    """Send a text each by the first provider, the second, and the first again, which the file alone says."""
    with TemporaryDirectory(prefix="groupmessenger-") as folder:
        config = _config(sandbox, providers, Path(folder))
        stays: list[Stay] = []
        for number, text in enumerate(TEXTS):
            name = providers[number % 2]
            tell(f'default = "{name}": {text}')
            with board_of(attrs.evolve(config, default=name)) as board:
                if not stays:
                    board.create_group(GROUP, PEOPLE)
                receipt = board.send(GROUP, text)
            stays.append(Stay(receipt.connection, receipt.group.line, receipt.group.id))
    return Move(tuple(stays), tuple(_screens(sandbox, number) for number in PEOPLE))


def _screens(sandbox: Sandbox, number: str) -> tuple[Screen, ...]:
    phone = sandbox.phones[number]
    return tuple(
        Screen(number, tuple(sorted(thread.participants)), tuple(phone.messages[thread.id])) for thread in phone.threads
    )


def _config(sandbox: Sandbox, providers: Sequence[str], folder: Path) -> Config:
    """A file's content: a connection a provider, and a directory beside it."""
    connections = {
        name: read_connection(name, {"provider": name, "allow_broadcast": True, **sandbox.settings(name)}, folder, ())
        for name in providers
    }
    return Config(folder / "groupmessenger.toml", connections, directory_url="sqlite:///groups.db")
