"""How far a batch is, while it is sent."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from types import TracebackType
from typing import TYPE_CHECKING

from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from ..switchboard.outbox.values import OutboxState
from .consoles import errors, unread
from .events import visible
from .logical import when
from .results import say
from .wording import in_commands

if TYPE_CHECKING:
    from ..switchboard.outbox.values import Progress

_ROOM = 4  # signs, for the ^C that a terminal writes behind the bar
_TOLD = (OutboxState.SENT, OutboxState.FAILED, OutboxState.UNKNOWN)


class Bar:
    """A bar on a terminal; elsewhere a line for each thing that is waited for, told once.

    `hint` is said as soon as something is queued. Lines go to its `console`, and so do not run into the bar.
    """

    def __init__(self, hint: str) -> None:
        self._hint = hint
        self.console = errors()
        self._live = Live(console=self.console, transient=True) if self.console.is_terminal else None
        self._said: set[str] = set()

    def __enter__(self) -> Bar:
        if self._live is not None:
            self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._live is not None:
            self._live.stop()

    def queueing(self, progress: Progress) -> None:
        """Show how many are queued."""
        if self._hint:
            say(self.console, self._hint)
            self._hint = ""
        if self._live is not None:
            self._live.update(Text(f"{progress.total:,} queued …"))

    def sending(self, progress: Progress) -> None:
        """Show how many are sent, how fast, and what is waited for."""
        waits = [visible(each) for each in _waits(progress)]
        if self._live is not None:
            self._live.update(_drawn(progress, waits, self.console.width - _ROOM))
            return
        for each in waits:
            if each not in self._said:
                self._said.add(each)
                with unread():
                    say(self.console, each)


def _drawn(progress: Progress, waits: Iterable[str], width: int) -> Table:
    counts = [f"{progress.counts.get(state, 0):,} {state}" for state in _TOLD]
    shown = Table.grid(expand=True)
    shown.width = width
    shown.add_row(ProgressBar(progress.total, progress.total - progress.remaining))
    shown.add_row(Text(", ".join([*counts, f"{progress.remaining:,} remaining, {progress.rate:.1f} a second"])))
    for each in waits:
        shown.add_row(Text(each, style="yellow"))
    return shown


def _waits(progress: Progress) -> Iterator[str]:
    for each in progress.pauses:
        yield f"! {each.connection} is paused until {when(each.until)}: {in_commands(each.reason)}"
