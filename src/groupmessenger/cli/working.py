"""A worker as a command: it sends what is queued until it is told to end, or until nothing is left."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import anyio

from .boards import open_async_board
from .consoles import errors, unread
from .ending import Ending
from .exits import Exit
from .logs import OUTBOX, logging_lines
from .results import say
from .spans import in_words

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..switchboard.asynchronous import AsyncSwitchboard
    from ..switchboard.outbox.values import OutboxStats

_LOOK = 0.5  # seconds between two looks at whether anything is left


def work(path: Path | None, concurrency: int | None, *, until_empty: bool, json: bool) -> int:
    """Send what is queued, and give the exit code. Raises `ConfigurationError`, `DirectoryError`, `InvalidInput`."""
    with logging_lines(json=json):
        return anyio.run(_work, open_async_board(path), concurrency, until_empty, json)


async def _work(board: AsyncSwitchboard, concurrency: int | None, until_empty: bool, json: bool) -> int:
    from ..switchboard.outbox.worker import CONCURRENCY

    with Ending(_tell_ending) as told:
        async with board:
            working = board.worker(concurrency=CONCURRENCY if concurrency is None else concurrency)
            found = await board.outbox.stats()  # what is wrong with the directory is said before anything is begun
            known = await _unknown(board) if until_empty else set[int]()
            if not json and errors().is_terminal:
                with unread():
                    _introduce(board, found)
            OUTBOX.info("the worker begins")
            async with working as worker:
                with told.gently():
                    await (_until_empty(board) if until_empty else anyio.sleep_forever())
            OUTBOX.info("the worker has ended: %s", _counted(worker.counts))
            if until_empty and (worker.counts["failed"] or await _unknown(board) - known):
                return Exit.IN_PART
            return Exit.DONE
    OUTBOX.warning("the worker was ended at once: the next finds out what became of what was under way")
    return told.exit


def _tell_ending() -> None:
    OUTBOX.info("the worker ends, with what is under way; a second signal ends it at once")


async def _until_empty(board: AsyncSwitchboard) -> None:
    while True:
        if await _is_empty(board):
            return
        await anyio.sleep(_LOOK)


async def _is_empty(board: AsyncSwitchboard) -> bool:
    """Whether nothing is due, under way, or looked for."""
    from ..switchboard.outbox.values import OutboxState

    found = await board.outbox.stats()
    if found.oldest is not None or found.counts.get(OutboxState.SENDING):
        return False
    lines = board.operations.board.lines  # what went by one that is gone cannot be looked for
    unknown = await board.outbox.entries(OutboxState.UNKNOWN)
    return all(each.gave_up or each.connection not in lines for each in unknown)


async def _unknown(board: AsyncSwitchboard) -> set[int]:
    return {each.id for each in await board.outbox.entries("unknown")}


def _introduce(board: AsyncSwitchboard, found: OutboxStats) -> None:
    """Say where it works, how fast, and what there is to do."""
    from ..switchboard.engine import shown
    from ..switchboard.outbox.pacing import Pace

    console, parts = errors(), board.operations.board
    waits = "" if found.oldest is None else f", the oldest due for {in_words(found.oldest)}"
    say(console, f"{shown(parts.directory.url)}: {found.remaining:,} to send{waits}. Interrupt to end.")
    pauses = {each.connection: each for each in found.pauses}
    for name, line in parts.lines.items():
        pace = Pace.of(line)
        fast = "as fast as it goes" if pace is None else _fast(pace.limit * 1000 / pace.interval, pace.by_person)
        say(console, f"  {name}: {line.title}, {fast}")
        if name in pauses:
            say(console, f"  ! {name} is paused: {pauses[name].reason}")


def _fast(rate: float, by_person: bool) -> str:
    what = f"{round(rate, 2):,g} a second" if rate >= 0.1 else f"one in {in_words(1 / rate)}"
    return what + (", each person counted" if by_person else "")


def _counted(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{count:,} {what}" for what, count in counts.items()) or "there was nothing to do"
