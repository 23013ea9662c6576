"""What came in while nobody listened, out of Sendblue's list of messages."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from groupmessenger.provider import (
    Event,
    MalformedWebhook,
    Page,
    Request,
    UnexpectedAnswer,
    UnsupportedOperation,
    ask,
)

from . import answers, inbound

if TYPE_CHECKING:
    from .messenger import SendblueMessenger

_PAGE = 100
MOST = 10_000  # messages; the vendor's own CLI goes no further


async def received_since(messenger: SendblueMessenger, since: datetime, cursor: str | None) -> Page[Event]:
    """One page, the oldest first; a cursor is how many came before it. Past `MOST` it raises, lest one be missed."""
    offset = int(cursor or 0)
    if offset >= MOST:
        cure = "ask again from the time of the last one; what is told twice has the same key"
        raise UnsupportedOperation(f"Sendblue lists {MOST:,} messages at a time: {cure}")
    moment = since.astimezone(UTC)
    moment = moment.replace(microsecond=moment.microsecond // 1000 * 1000)  # as fine as theirs
    params = {
        "is_outbound": "false",
        "sendblue_number": messenger.line,
        "created_at_gte": moment.isoformat().replace("+00:00", "Z"),
        "order_by": "createdAt",
        "order_direction": "asc",
        "limit": str(_PAGE),
        "offset": str(offset),
    }
    answer = await ask(Request("GET", "/api/v2/messages", params=params, repeatable=True))
    rows, pagination = answer.fields.get("data"), answer.fields.get("pagination")
    if not isinstance(rows, list):  # to take that for an empty list would say that nothing came in
        raise UnexpectedAnswer("Sendblue did not list its messages", raw=answer.fields)
    more = pagination.get("hasMore") is not False if isinstance(pagination, dict) else True
    items = tuple(each for row in rows if isinstance(row, dict) for each in _events(messenger, row, moment))
    return Page(items, str(offset + len(rows)) if rows and more else None)  # a page may be shorter than asked for


def _events(messenger: SendblueMessenger, row: Mapping[str, Any], moment: datetime) -> tuple[Event, ...]:
    """A row's event, if it is of this line and time. Filters of theirs may be ignored."""
    if not inbound.came_in(row):
        return ()
    try:
        event = inbound.received(messenger, row)
    except MalformedWebhook:  # from nobody: as a callback it would have been refused
        return ()
    arrived = answers.time_of(row, "date_created", "date_sent")  # at Sendblue; a phone may have written it long before
    early = arrived is not None and arrived < moment
    return () if early or event.line != messenger.line else (event,)
