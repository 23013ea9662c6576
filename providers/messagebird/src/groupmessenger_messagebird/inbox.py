"""What came in while nobody listened: the account's list of messages, newest first."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from groupmessenger.provider import Event, Page, ProviderUnavailable, UnexpectedAnswer, Unrecognized

from . import answers, inbound
from .fields import instant, of_object
from .lookup import SMS
from .paging import page

_ROWS = 100_000  # nobody is served by reading on


async def received(since: datetime) -> Page[Event]:
    """What came in since then, the oldest first: the list is the other way round, and so it is read to its end."""
    events: dict[str, Event] = {}
    cursor: str | None = None
    while True:
        found = await _newest_first(since, cursor)
        for event in found.items:
            events.setdefault(event.key, event)  # new ones move the others down, and so these are read twice
        if (cursor := found.next) is None:
            return Page(tuple(reversed(events.values())))


async def _newest_first(since: datetime, cursor: str | None) -> Page[Event]:
    """One page of the list.

    Their filters may have no effect, so that direction and time are looked at here. A page begins with the last row of
    the one before: if it is not there, rows were taken out meanwhile, and others would be missed.
    """
    place, _, last = (cursor or "0/").partition("/")
    offset = int(place)
    rows = await page(SMS, offset, {"direction": "mo"})
    if last and last not in map(answers.id_of, rows.items):
        raise ProviderUnavailable("MessageBird's list of messages changed while it was read: ask again")
    earliest = since.replace(microsecond=0)  # their times have whole seconds
    recent = [row for row in rows.items if _is_recent(row, earliest)]
    found = [_event(row) for row in recent if row.get("direction") == "mo" and answers.id_of(row) not in ("", last)]
    if rows.next is None or not recent:
        return Page(tuple(found))
    if rows.next > _ROWS:
        raise UnexpectedAnswer(f"MessageBird's list of messages has no end within {_ROWS} rows")
    if rows.next - 1 <= offset:  # a page of one row, or the last of a list that does not say how long it is
        return Page(tuple(found), f"{rows.next}/")
    return Page(tuple(found), f"{rows.next - 1}/{answers.id_of(rows.items[-1])}")


def _is_recent(row: Mapping[str, Any], earliest: datetime) -> bool:
    """Whether a row is not older; one without a time is not known to be."""
    at = instant(row.get("createdDatetime"))
    return at is None or at >= earliest


def _event(row: Mapping[str, Any]) -> Event:
    """The message of a row, with the key that its callback has: to the line that its only recipient is."""
    to = [item.get("recipient") for item in answers.recipients_of(row)]
    message = inbound.read(of_object({**row, "recipient": to}), row)
    return message or Unrecognized(key=f"in/{answers.id_of(row)}", at=None, kind="listed message", raw=row)
