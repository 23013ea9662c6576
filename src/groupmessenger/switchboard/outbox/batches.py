"""One message for many groups, queued with a few statements for all of them. All of it transactions."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import islice

import attrs
from sqlalchemy import bindparam, select

from ...errors import GroupMessengerError, InvalidInput, SwitchHeld
from ...messages import Message
from .. import admission, known, ledger, routing
from ..among import among
from ..board import Board
from ..known import Known
from ..lines import Line
from ..tables import groups, messages
from ..telling_apart import told_apart
from ..transaction import Transaction
from . import lanes, queue

_HERE = select(groups.c.name, groups.c.id).where(among(groups.c.name, "named"), groups.c.archived_at.is_(None))
_KEYED = select(messages.c.id, messages.c.group_id, messages.c.digest).where(
    among(messages.c.group_id, "of"), messages.c.key == bindparam("named")
)


@attrs.frozen(kw_only=True)
class Batch:
    """A message that is for many groups. Not before `at`; `carried` is what observers have go along."""

    board: Board
    message: Message
    key: str
    at: datetime | None
    carried: Mapping[str, str]


def put(t: Transaction, batch: Batch, names: Sequence[str]) -> None:
    """Queue it for these groups, once. What keeps a single one from being sent to is kept as failed."""
    # In one order, so that two who do this at once never wait for each other. Who was put away meanwhile is left out.
    those = known.all_named(t, names)
    used = messages_of(t, [each.group.id for each in those], batch.key, batch.message)
    new = [each for each in those if each.group.id not in used]
    refused = _refused(t, batch, new)
    free = [each.group.id for each in new if each.group.id not in refused]
    if free and not queue.add_all(t, free, batch.message, batch.key, batch.at, batch.carried):
        used = messages_of(t, [each.group.id for each in those], batch.key, batch.message)  # another has it as well
        free = []
    done = set(free)
    for each in those:
        if each.group.id not in done:
            _put_one(t, batch, each.group.id, used.get(each.group.id), refused.get(each.group.id))
    lanes.wake_some(t, [each.group.id for each in those], batch.at)


def _put_one(t: Transaction, batch: Batch, group_id: int, message_id: int | None, refused: str | None) -> None:
    queue.add(
        t,
        group_id,
        batch.message,
        batch.key,
        batch.at,
        known=message_id,
        carried=batch.carried,
        batch=batch.key,
        refused=refused,
    )


def _refused(t: Transaction, batch: Batch, those: Iterable[Known]) -> dict[int, str]:
    """By group, what keeps the message from being sent as things are now."""
    refused: dict[int, str] = {}
    routed: list[tuple[Known, Line]] = []
    rules, lines = batch.board.rules, batch.board.lines
    for each in those:
        try:
            routed.append((each, routing.choose(each.group, batch.message, rules, lines).line))
        except SwitchHeld:  # somebody is asked, and the message waits for the answer
            continue
        except GroupMessengerError as error:
            refused[each.group.id] = str(error)
    for each, line in admission.doubtful(t, routed):
        try:
            admission.refuse(t, each, line, batch.message.leave_out)
        except GroupMessengerError as error:
            refused[each.group.id] = str(error)
    return refused


def missing(t: Transaction, names: Sequence[str], message: Message, key: str) -> list[str]:
    """Give the names that no group has. Raises `KeyReused` where the key is another message's."""
    here = {row.name: row.id for row in t.execute(_HERE, {"named": names})}
    messages_of(t, list(here.values()), key, message)
    return [name for name in names if name not in here]


def messages_of(t: Transaction, group_ids: Sequence[int], key: str, message: Message) -> dict[int, int]:
    """By group, its message with a key. Raises `KeyReused` if one is another."""
    rows = t.execute(_KEYED, {"of": group_ids, "named": key}).all()
    if rows:
        digest = told_apart(t, message)["digest"]
        for row in rows:
            if row.digest != digest:
                raise ledger.reused(key)
    return {row.group_id: int(row.id) for row in rows}


def in_parts(names: Iterable[str], size: int) -> Iterator[list[str]]:
    """Give names some at a time. Raises `InvalidInput` for what is none."""
    left = iter(names)
    while part := list(islice(left, size)):
        if wrong := next((name for name in part if not isinstance(name, str)), None):
            raise InvalidInput(f"a group is named by its name, a text, not {type(wrong).__name__}")
        yield part
