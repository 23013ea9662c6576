"""Commands for the messages that are queued, and for what became of them."""

from __future__ import annotations

from typing import Annotated

from cyclopts import Parameter

from ..errors import InvalidInput
from .consoles import errors, output
from .exits import Exit
from .parameters import File, Flag, Json
from .root import outbox


@outbox.command(name="list")
def outbox_list(
    *,
    state: str | None = None,
    group: str | None = None,
    batch: str | None = None,
    limit: int = 50,
    after: int = 0,
    config: File = None,
    json: Json = False,
) -> int:
    """Show messages, the oldest first: those that are neither sent nor cancelled. Texts are not shown.

    Parameters
    ----------
    state
        Those that are `queued`, `sending`, `sent`, `unknown`, `failed` or `cancelled` alone.
    group
        Those to this group of the directory alone.
    batch
        Those of this batch alone: the key of a `send --groups-from`.
    limit
        At most so many.
    after
        Those with higher numbers alone.
    """
    from .boards import open_board
    from .queued import print_entries, show_entries
    from .results import say

    if limit < 1:
        raise InvalidInput("--limit is a number of messages, at least one")
    with open_board(config) as board:
        found = board.outbox.entries(state, group=group, batch=batch, limit=limit + 1, after=after)
    more, found = len(found) > limit, found[:limit]
    last = found[-1].id if more else None
    if json:
        print_entries(found, last)
    else:
        show_entries(output(), found)
        if more:
            say(errors(), f"There are more: the same command with --after {last}")
    return Exit.DONE


@outbox.command(name="show")
def outbox_show(number: int, /, *numbers: int, config: File = None, json: Json = False) -> int:
    """Show all there is to know of messages, and what may be done with each.

    Parameters
    ----------
    number
        A message's number, as `outbox list` has it.
    """
    from .boards import open_board
    from .queued import print_entries, show_entry

    with open_board(config) as board:
        found = [board.outbox.get(each) for each in (number, *numbers)]
    if json:
        print_entries(found)
    else:
        for each in found:
            show_entry(output(), each)
    return Exit.DONE


@outbox.command(name="retry")
def outbox_retry(
    *numbers: int,
    all_failed: Flag = False,
    may_duplicate: Flag = False,
    yes: Flag = False,
    config: File = None,
    json: Json = False,
) -> int:
    """Queue messages again that failed, and have those that wait tried at once.

    Parameters
    ----------
    numbers
        Their numbers.
    all_failed
        All that failed, instead of numbers.
    may_duplicate
        Also those of which nobody can tell whether they went out: everybody may get them twice.
    yes
        Do not ask first.
    """
    from .boards import open_board
    from .requeueing import retry_all, retry_some

    if bool(numbers) == all_failed:
        raise InvalidInput("say which: the numbers of messages, or --all-failed")
    if all_failed and may_duplicate:
        raise InvalidInput("--may-duplicate is for messages that are named by their numbers: nothing was queued")
    with open_board(config) as board:
        if all_failed:
            return _tell_count(retry_all(board), "queued again", json=json)
        found = retry_some(board, numbers, may_duplicate=may_duplicate, yes=yes)
    return _tell_count(len(found), "queued again", json=json)


@outbox.command(name="cancel")
def outbox_cancel(
    *numbers: int, batch: str | None = None, all_queued: Flag = False, config: File = None, json: Json = False
) -> int:
    """Take messages back that nobody has begun to send. Their texts are deleted.

    Parameters
    ----------
    numbers
        Their numbers.
    batch
        All of this batch that are queued, instead of numbers.
    all_queued
        All that are queued, instead of numbers.
    """
    from .boards import open_board
    from .requeueing import cancel_all

    if (bool(numbers), batch is not None, all_queued).count(True) != 1:
        raise InvalidInput("say which: the numbers of messages, --batch with a batch's key, or --all-queued")
    with open_board(config) as board:
        count = len(board.outbox.cancel(*numbers)) if numbers else cancel_all(board, batch)
    return _tell_count(count, "taken back", json=json)


@outbox.command(name="purge")
def outbox_purge(*, older: str | None = None, config: File = None, json: Json = False) -> int:
    """Delete messages that ended long ago, those that failed included. Their keys stay used.

    Parameters
    ----------
    older
        Than how long: 30d, 12w.
    """
    from .boards import open_board
    from .spans import span

    if older is None or (age := span(older)) is None:
        raise InvalidInput("say what is old: --older with a length of time, such as 30d")
    with open_board(config) as board, errors().status("Deleting …"):
        count = board.outbox.purge(age)
    return _tell_count(count, "deleted", json=json)


@outbox.command(name="stats")
def outbox_stats(*, batch: str | None = None, config: File = None, json: Json = False) -> int:
    """Show how many messages are in which state, what waits for what, and which workers there are.

    Parameters
    ----------
    batch
        How far this batch is, instead: the key of a `send --groups-from`.
    """
    from .boards import open_board
    from .dumping import print_json
    from .queued import counted, dump_progress, print_stats, show_stats
    from .results import say

    with open_board(config) as board:
        if batch is None:
            found = board.outbox.stats()
            if json:
                print_stats(found)
            else:
                show_stats(output(), found)
            return Exit.DONE
        progress = board.outbox.progress(batch)
    if not progress.total:
        raise InvalidInput(f"there is no batch {batch!r} in the outbox")
    if json:
        print_json(dump_progress(progress))
    else:
        say(output(), f"{progress.total:,} messages: {counted(progress)}")
    return Exit.DONE


@outbox.command(name="resume")
def outbox_resume(
    connection: str | None = None,
    /,
    *,
    all_: Annotated[bool, Parameter(name="--all", negative="", show_default=False)] = False,
    config: File = None,
    json: Json = False,
) -> int:
    """End the pause of a connection: its provider takes messages again.

    Parameters
    ----------
    connection
        The connection, by its name in the file.
    all_
        All of them, instead.
    """
    from .boards import open_board
    from .dumping import print_json
    from .results import say

    if (connection is None) is not all_:
        raise InvalidInput("say which: a connection's name, or --all")
    with open_board(config) as board:
        count = board.outbox.resume(connection)
    if json:
        print_json({"resumed": count})
    else:
        who = connection or f"{count} connection{'' if count == 1 else 's'}"
        say(output(), f"✓ {who}: no longer paused" if count else "None was paused.")
    return Exit.DONE


def _tell_count(count: int, what: str, *, json: bool) -> Exit:
    from .dumping import print_json
    from .results import say

    if json:
        print_json({what.replace(" ", "_"): count})
    else:
        say(output(), f"✓ {count:,} message{'' if count == 1 else 's'} {what}")
    return Exit.DONE
