"""What became of messages to groups of the directory, for people and for programs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from rich.console import Console

from .consoles import errors
from .dumping import print_json
from .logical import table_of, when
from .results import say
from .wording import in_commands

if TYPE_CHECKING:
    from ..delivery import Delivery
    from ..switchboard.values import Entry, Fork, Settled

UNDER_WAY = ("preparing", "sending")
_MARKS = {"sent": "✓", "not_sent": "✗", "unknown": "?"}


def show_history(console: Console, entries: Sequence[Entry], forks: Iterable[Fork]) -> None:
    """Print a table of messages, and when the group went on in another thread."""
    if not entries:
        say(errors(), "Nothing was sent to it.")
    else:
        table = table_of("", "when", "key", "by", "what became of it")
        for entry in entries:
            table.add_row(
                _MARKS.get(entry.state, "…"), when(entry.created_at), entry.key or "-", entry.connection, _ended(entry)
            )
        console.print(table)
    for fork in forks:
        say(console, f"{when(fork.at)}  another thread at {fork.connection}: {fork.reason}")


def print_history(name: str, entries: Iterable[Entry], forks: Iterable[Fork]) -> None:
    """Print it as JSON."""
    print_json(
        {
            "group": name,
            "messages": [_dump_entry(entry) for entry in entries],
            "forks": [
                {"at": fork.at.isoformat(), "connection": fork.connection, "before": fork.before, "reason": fork.reason}
                for fork in forks
            ],
        }
    )


def show_delivery(console: Console, delivery: Delivery) -> None:
    """Print how far a message came, and a table of whom it reached."""
    say(console, f"message {delivery.message_id or 'without an id'}: {delivery.summary}")
    if not delivery.by_recipient:
        return
    table = table_of("who", "status", "why", "said by", "when")
    for who, event in delivery.by_recipient.items():
        why = " ".join(part.replace("_", " ") for part in (event.reason, event.code) if part)
        table.add_row(str(who or "everybody"), event.status, why or "-", event.evidence or "-", when(event.at))
    console.print(table)


def print_delivery(name: str, delivery: Delivery) -> None:
    """Print it as JSON."""
    print_json(
        {
            "group": name,
            "message_id": delivery.message_id,
            "status": delivery.status,
            "summary": delivery.summary,
            "final": delivery.is_final(datetime.now(UTC)),
            "recipients": [
                {
                    "address": None if who is None else str(who),
                    "status": event.status,
                    "reason": event.reason,
                    "code": event.code,
                    "evidence": event.evidence,
                    "at": None if event.at is None else event.at.isoformat(),
                }
                for who, event in delivery.by_recipient.items()
            ],
        }
    )


def is_settled(settled: Settled) -> bool:
    """Whether it is known by now what became of it, or that it has not left."""
    return settled.state not in ("unknown", "sending")


def show_settled(console: Console, found: Sequence[Settled]) -> None:
    """Print a table of the messages that were unknown, or are under way."""
    if not found:
        say(errors(), "No message is unknown.")
        return
    table = table_of("", "group", "key", "by", "what became of it")
    for each in found:
        table.add_row(
            _MARKS.get(each.state, "…"), each.logical, each.key or "-", each.connection, in_commands(_became(each))
        )
    console.print(table)


def _became(settled: Settled) -> str:
    if settled.state in UNDER_WAY:
        return f"still {settled.why}"
    return str(settled.state).replace("_", " ") + (f": {settled.why}" if settled.why else "")


def print_settled(found: Sequence[Settled]) -> None:
    """Print it as JSON."""
    told = [
        {
            "group": each.logical,
            "key": each.key,
            "connection": each.connection,
            "state": each.state,
            "why": each.why or None,
        }
        for each in found
    ]
    print_json({"ok": all(map(is_settled, found)), "messages": told})


def _ended(entry: Entry) -> str:
    parts = [str(entry.state).replace("_", " ")]
    if entry.status is not None:
        parts[0] = str(entry.status) + (f" ({entry.reason.replace('_', ' ')})" if entry.reason else "")
    if entry.gave_up:
        parts.append("nobody will be able to tell")
    parts += [in_commands(each) for each in (entry.error, entry.conflict) if each]
    if entry.tries > 1:
        parts.append(f"{entry.tries} tries")
    return "; ".join(parts)


def _dump_entry(entry: Entry) -> dict[str, Any]:
    return {
        "key": entry.key,
        "state": entry.state,
        "connection": entry.connection,
        "message_id": entry.message_id,
        "status": entry.status,
        "reason": entry.reason,
        "error": entry.error,
        "conflict": entry.conflict,
        "gave_up": entry.gave_up,
        "tries": entry.tries,
        "created_at": entry.created_at.isoformat(),
        "ended_at": None if entry.ended_at is None else entry.ended_at.isoformat(),
    }
