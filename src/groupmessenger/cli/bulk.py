"""One message to many groups, from the command line: queued, sent, and watched."""

from __future__ import annotations

import secrets
import shlex
import time
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import anyio
import attrs

from ..switchboard.outbox.values import OutboxState, Progress
from .asking import Queued
from .boards import open_async_board
from .complaints import complaining
from .consoles import errors, output, unread
from .dumping import print_json
from .ending import Ending
from .exits import Exit
from .naming import names_in
from .progressing import Bar
from .queued import counted, dump_progress
from .results import say

if TYPE_CHECKING:
    from ..switchboard.asynchronous import AsyncSwitchboard

_LOOK = 0.5  # seconds between two looks at how far it is


def run_bulk(where: str, asked: Queued, path: Path | None, *, no_wait: bool, json: bool) -> int:
    """Queue a message for every group that a file names, have them sent, and show how far it is.

    Gives the exit code. Raises what keeps it from being queued.
    """
    batch = asked.key or f"batch-{secrets.token_hex(8)}"
    bar = Bar("" if asked.key or json else f"To go on with it, should this end early: the same with --key {batch}")
    with names_in(where) as names, complaining(lambda _: False, bar.console):
        asked, no_wait = attrs.evolve(asked, key=batch), no_wait or asked.at is not None
        return anyio.run(_run, open_async_board(path), names, asked, bar, no_wait, json)


async def _run(
    board: AsyncSwitchboard, names: Iterable[str], asked: Queued, bar: Bar, no_wait: bool, json: bool
) -> int:
    batch = asked.key or ""

    def tell_ending() -> None:
        with unread():
            say(bar.console, "Ending, with what is under way; interrupt again to end at once.")

    with Ending(tell_ending) as told:
        async with board:
            with bar:
                is_queued = await _queue(board, names, asked, told, bar)
                if is_queued and not no_wait:
                    await _send(board, batch, told, bar)
            progress = await board.outbox.progress(batch)
            is_over = is_queued and (no_wait or not progress.remaining)
            with unread():
                if json:
                    print_json({**dump_progress(progress), "all_queued": is_queued, "interrupted": not is_over})
                elif is_over:
                    _show(progress)
                else:
                    _show_left(progress, is_queued=is_queued)
            return _exit(progress) if is_over else told.exit
    with unread():
        if json:
            print_json({"batch": batch, "interrupted": True})
        else:
            say(errors(), "Ended at once: the next worker finds out what became of what was under way.")
            _show_how(batch)
    return told.exit


async def _queue(board: AsyncSwitchboard, names: Iterable[str], asked: Queued, told: Ending, bar: Bar) -> bool:
    """Queue it for all of them; False where that was interrupted."""
    message = asked.message_in(board.operations.board.region)
    with told.gently() as scope:
        await board.send_many(names, message, asked.key, asked.at, wait=False, on_progress=bar.queueing)
    return not scope.cancelled_caught


async def _send(board: AsyncSwitchboard, batch: str, told: Ending, bar: Bar) -> None:
    """Have it sent until all is decided, or it is interrupted; then what is under way is brought to its end."""
    async with board.worker():
        with told.gently():
            before, begun = _decided(await board.outbox.progress(batch)), time.monotonic()
            while (progress := await board.outbox.progress(batch)).remaining:
                rate = (_decided(progress) - before) / max(time.monotonic() - begun, 0.001)
                bar.sending(attrs.evolve(progress, rate=rate))
                await anyio.sleep(_LOOK)


def _decided(progress: Progress) -> int:
    return progress.total - progress.remaining


def _show(progress: Progress) -> None:
    """Say what became of it."""
    mark = "✓" if _exit(progress) is Exit.DONE else "!"
    say(output(), f"{mark} {progress.total:,} message{'' if progress.total == 1 else 's'}: {counted(progress)}")
    batch = shlex.quote(progress.batch)
    if _exit(progress) is not Exit.DONE:
        say(output(), f"  which, and why: groupmessenger outbox list --batch {batch}")
    if progress.remaining:
        say(output(), f"  groupmessenger worker sends them; how far: groupmessenger outbox stats --batch {batch}")


def _show_left(progress: Progress, *, is_queued: bool) -> None:
    """Say what was interrupted, and how it goes on."""
    say(errors(), f"Interrupted: {counted(progress)}.")
    if progress.remaining:
        say(errors(), f"The {progress.remaining:,} that are left are sent by the next worker: groupmessenger worker")
    if not is_queued:
        say(errors(), "It may not be queued for all of the groups yet.")
    _show_how(progress.batch)


def _show_how(batch: str) -> None:
    say(errors(), f"How far it is: groupmessenger outbox stats --batch {shlex.quote(batch)}")
    say(errors(), f"The same command with --key {shlex.quote(batch)} goes on; nobody gets it twice.")


def _exit(progress: Progress) -> Exit:
    if progress.counts.get(OutboxState.FAILED):
        return Exit.IN_PART
    return Exit.UNKNOWN if progress.counts.get(OutboxState.UNKNOWN) else Exit.DONE
