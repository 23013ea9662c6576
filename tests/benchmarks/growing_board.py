"""What a larger directory costs, on SQLite: one of more groups, and a group of more messages. It is to be flat."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from datetime import timedelta
from functools import partial
from itertools import islice

from sqlalchemy import Table, insert, select

import groupmessenger as gm
from groupmessenger.switchboard.directory import Transaction
from groupmessenger.switchboard.outbox.tables import outbox
from groupmessenger.switchboard.tables import attempts, bindings, groups, messages

from .boards import configured, fill
from .connections import TEXT
from .measuring import Scale, in_turn, times_over
from .results import Result, Target
from .vendor import vendor

_FLAT = Target("≤", 1.5)
_SOME = 10_000  # rows in one statement


def run(scale: Scale) -> Iterator[Result]:
    """Measure directories of so many groups, and then groups of so many messages."""
    many = scale.of(100_000, 2_000)
    with vendor() as url:
        for what, sizes in (("groups", (100, many // 10, many)), ("messages", (10, many // 100, many))):
            with ExitStack() as end:
                boards = {size: _board(end, url, what, size) for size in sizes}
                yield from _compared(scale, what, boards)


def _board(end: ExitStack, url: str, what: str, size: int) -> gm.Switchboard:
    board = end.enter_context(gm.Switchboard.from_config(end.enter_context(configured(url))))
    fill(board, size if what == "groups" else 1)
    board.send("group 0", TEXT, key="first")
    if what == "messages":
        board.operations.board.directory.do(partial(_history, size))
    return board


def _compared(scale: Scale, what: str, boards: Mapping[int, gm.Switchboard]) -> Iterator[Result]:
    pieces, rounds = scale.of(50, 5), scale.of(5, 1)
    least, *others = boards
    for name, make in _KINDS.items():
        sides = {str(size): times_over(make(board), pieces) for size, board in boards.items()}
        found = in_turn(sides, pieces, rounds)
        for size in others:
            mine, theirs = (found[str(each)].cpu * 1e6 for each in (size, least))
            yield Result(f"{name}: {size:,} {what} against {least}", "µs", mine, theirs, _FLAT)


_KINDS: Mapping[str, Callable[[gm.Switchboard], Callable[[], object]]] = {
    "group": lambda board: partial(board.group, "group 0"),
    "send": lambda board: partial(board.send, "group 0", TEXT),
    "enqueue": lambda board: partial(board.enqueue, "group 0", TEXT),
    "delivery by key": lambda board: partial(board.delivery, "group 0", "first"),
    "history, the last 10": lambda board: partial(board.history, "group 0", 10),
}


def _history(size: int, t: Transaction) -> None:
    """Give the one group so many messages, sent a while ago, half of them from the outbox."""
    (group_id,) = t.execute(select(groups.c.id)).scalars().all()
    binding = t.execute(select(bindings)).one()
    then = t.now - timedelta(days=1)
    common = {"group_id": group_id, "created_at": then}
    digests = {"digest": "0" * 64, "likeness": "0" * 64, "features": []}
    _insert(t, messages, ({**common, **digests, "key": f"key {number}"} for number in range(size)))
    thread = {"connection": "main", "provider": binding.provider, "line": binding.line, "binding_id": binding.id}
    sent = {"state": "sent", "status": "accepted", "routed": True, "recipients": [], "degradations": []}
    times = {"lease_until": then, "leave_from": then, "leave_by": then, "ended_at": then}
    made = t.execute(select(messages.c.id).where(messages.c.key != "first").order_by(messages.c.id)).scalars().all()
    tries = {**common, **thread, **sent, **times}
    each = ({**tries, "token": f"{number:032}", "message_id": number, "provider_id": f"id {number}"} for number in made)
    _insert(t, attempts, each)
    queued = {"group_id": group_id, "state": "sent", "tries": 1, "queued_at": then, "ended_at": then}
    _insert(t, outbox, ({**queued, "message_id": number} for number in made[::2]))


def _insert(t: Transaction, table: Table, rows: Iterator[dict[str, object]]) -> None:
    while some := list(islice(rows, _SOME)):
        t.execute(insert(table), some)
