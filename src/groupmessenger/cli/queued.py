"""Messages of the outbox, for people and for programs."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import attrs
from rich.console import Console

from ..errors import RateLimited
from ..switchboard.outbox.values import OutboxState
from .consoles import errors
from .dumping import print_json
from .logical import table_of, when
from .results import say
from .spans import in_words
from .wording import in_commands

if TYPE_CHECKING:
    from ..switchboard.outbox.values import OutboxEntry, OutboxStats, Progress

_MARKS = {OutboxState.SENT: "✓", OutboxState.FAILED: "✗", OutboxState.UNKNOWN: "?", OutboxState.CANCELLED: "-"}
_COMMAND = "groupmessenger outbox"


def show_entries(console: Console, found: Sequence[OutboxEntry]) -> None:
    """Print a table of messages."""
    if not found:
        say(errors(), "There are none.")
        return
    table = table_of("", "no.", "group", "what became of it")
    for each in found:
        table.add_row(_MARKS.get(each.state, "…"), str(each.id), each.logical, "; ".join(_words(each)))
    console.print(table)


def print_entries(found: Iterable[OutboxEntry], after: int | None = None) -> None:
    """Print them as JSON; `after` is where the next go on, if there are more."""
    print_json({"messages": [dump_entry(each) for each in found], "after": after})


def dump_entry(entry: OutboxEntry) -> dict[str, Any]:
    """A message as JSON."""
    told = attrs.asdict(entry)
    del told["id"], told["logical"]
    times = {name: at.isoformat() for name, at in told.items() if isinstance(at, datetime)}
    error = None if entry.error is None else in_commands(entry.error)
    return {"message": entry.id, "group": entry.logical, **told, **times, "error": error}


def show_entry(console: Console, entry: OutboxEntry) -> None:
    """Print all there is to know of a message, and what may be done next."""
    say(console, f"message {entry.id} to {entry.logical}: {_state(entry)}")
    details = {
        "error": None if entry.error is None else in_commands(entry.error),
        "key": entry.key,
        "batch": entry.batch,
        "tries": str(entry.tries),
        "by": entry.connection,
        "token": entry.token if entry.state is OutboxState.UNKNOWN else None,
        "queued": when(entry.queued_at),
        "due": None if entry.due_at is None else when(entry.due_at),
        "ended": None if entry.ended_at is None else when(entry.ended_at),
    }
    for name, value in details.items():
        if value is not None:
            say(console, f"  {name:<7}{value}")
    for what, command in _next(entry):
        say(console, f"  {what}: {command}")


def _next(entry: OutboxEntry) -> Iterator[tuple[str, str]]:
    match entry.state:
        case OutboxState.QUEUED:
            if entry.error is not None:
                yield "to have it tried now", f"{_COMMAND} retry {entry.id}"
            yield "to take it back", f"{_COMMAND} cancel {entry.id}"
        case OutboxState.FAILED:
            yield "to queue it again", f"{_COMMAND} retry {entry.id}"
            yield "to put it away", f"{_COMMAND} cancel {entry.id}"
        case OutboxState.UNKNOWN if entry.gave_up:
            yield "to send it again, perhaps twice", f"{_COMMAND} retry {entry.id} --may-duplicate"
        case OutboxState.UNKNOWN:
            yield "to find out now", "groupmessenger settle"
        case OutboxState.SENT if entry.key is not None:
            named = f"{shlex.quote(entry.logical)} --key {shlex.quote(entry.key)}"
            yield "what became of it", f"groupmessenger delivery {named}"


def show_stats(console: Console, stats: OutboxStats) -> None:
    """Print how many messages are in which state, what waits, and who is at work."""
    waits = "" if stats.oldest is None else f"; the oldest that is due has waited for {in_words(stats.oldest)}"
    say(console, counted(stats) + waits)
    for each in stats.pauses:
        say(console, f"! {each.connection} is paused until {when(each.until)}: {in_commands(each.reason)}")
        now = f"{_COMMAND} resume {shlex.quote(each.connection)}"
        fault = "" if each.kind == RateLimited.__name__ else ", or start the workers anew if the file was mended"
        say(console, f"  to send by it now: {now}{fault}")
    if not stats.workers:
        say(console, "No worker is running: groupmessenger worker")
        return
    table = table_of("worker at", "process", "since", "last seen")
    for one in stats.workers:
        table.add_row(one.host, str(one.process), when(one.started_at), f"{in_words(_age(one.seen_at))} ago")
    console.print(table)


def print_stats(stats: OutboxStats) -> None:
    """Print it as JSON."""
    told = {
        "counts": _counts(stats),
        "remaining": stats.remaining,
        "oldest": stats.oldest,
        "pauses": [_dump_times(attrs.asdict(each)) for each in stats.pauses],
        "workers": [_dump_times(attrs.asdict(each)) for each in stats.workers],
    }
    print_json(told)


def dump_progress(progress: Progress) -> dict[str, Any]:
    """How far a batch is, as JSON."""
    return {
        "batch": progress.batch,
        "total": progress.total,
        "counts": _counts(progress),
        "remaining": progress.remaining,
        "pauses": [_dump_times(attrs.asdict(each)) for each in progress.pauses],
    }


def counted(found: OutboxStats | Progress) -> str:
    """In a line: how many are in which state."""
    parts = [f"{count:,} {state}" for state, count in _counts(found).items() if count]
    return ", ".join(parts) or "nothing is queued, and nothing was"


def _counts(found: OutboxStats | Progress) -> dict[str, int]:
    return {state: found.counts.get(state, 0) for state in OutboxState}


def _dump_times(told: dict[str, Any]) -> dict[str, Any]:
    return {name: value.isoformat() if isinstance(value, datetime) else value for name, value in told.items()}


def _words(entry: OutboxEntry) -> Iterator[str]:
    yield _state(entry)
    if entry.due_at is not None:
        yield f"not before {when(entry.due_at)}"
    if entry.error is not None:
        yield in_commands(entry.error)
    if entry.tries > 1:
        yield f"{entry.tries} tries"


def _state(entry: OutboxEntry) -> str:
    if entry.state is OutboxState.UNKNOWN:
        return "unknown, and nobody will be able to tell" if entry.gave_up else "unknown, and looked for"
    return str(entry.state)


def _age(at: datetime) -> float:
    return (datetime.now(UTC) - at).total_seconds()
