"""Queueing messages again and taking them back, some or all."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING

from ..errors import InvalidInput
from ..phone import mask
from ..switchboard.outbox.values import OutboxState
from .consoles import agrees, errors
from .results import say

if TYPE_CHECKING:
    from ..switchboard.blocking import Switchboard
    from ..switchboard.outbox.values import OutboxEntry

_AT_ONCE = 200  # messages in one transaction


def retry_some(
    board: Switchboard, numbers: Sequence[int], *, may_duplicate: bool, yes: bool
) -> tuple[OutboxEntry, ...]:
    """Queue messages again; who may get one twice is told, and asked about. Raises `InvalidInput`, and queues none."""
    entries = [board.outbox.get(number) for number in dict.fromkeys(numbers)]
    doubtful = [each for each in entries if each.state is OutboxState.UNKNOWN]
    for each in doubtful:
        say(errors(), f"message {each.id}: {_people(board, each)} may get it twice")
    if doubtful and may_duplicate and not yes and not agrees("Send again what may have been sent?"):
        raise InvalidInput("not queued: say --yes where nobody can be asked")
    return board.outbox.retry(*(each.id for each in entries), may_duplicate=may_duplicate)


def retry_all(board: Switchboard) -> int:
    """Queue everything again that failed, and give how many."""
    return _all(board, OutboxState.FAILED, None, board.outbox.retry)


def cancel_all(board: Switchboard, batch: str | None) -> int:
    """Take everything back that is queued, of one batch or at all, and give how many."""
    return _all(board, OutboxState.QUEUED, batch, board.outbox.cancel)


def _all(board: Switchboard, state: OutboxState, batch: str | None, change: Callable[..., Sequence[object]]) -> int:
    count = after = 0
    with errors().status("Going through them …"):
        while entries := board.outbox.entries(state, batch=batch, limit=_AT_ONCE, after=after):
            after = entries[-1].id
            count += change_some([each.id for each in entries], change)
    return count


def change_some(numbers: list[int], change: Callable[..., Sequence[object]]) -> int:
    """Change them together, or, where a worker was quicker with one, each by itself. Gives how many."""
    try:
        return len(change(*numbers))
    except InvalidInput:
        return 0 if len(numbers) == 1 else sum(change_some([number], change) for number in numbers)


def _people(board: Switchboard, entry: OutboxEntry) -> str:
    try:
        who: Iterable[str] = (mask(str(address)) for address in board.group(entry.logical).addresses)
    except InvalidInput:  # it is archived
        return f"everybody in {entry.logical!r}"
    return f"{', '.join(who)} in {entry.logical!r}"
