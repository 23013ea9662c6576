"""What became of a message, by its id or by our token, which MessageBird keeps as `reference`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import attrs

from groupmessenger.provider import (
    Absent,
    Attempt,
    CannotTell,
    Found,
    GroupReceipt,
    NotReached,
    OutcomeUnknown,
    Proof,
    ProviderError,
    Receipt,
    Rejected,
    Request,
    Sighting,
    Status,
    StatusChanged,
    ask,
    moment,
    now,
)

from . import answers, reports
from .paging import page, whole

if TYPE_CHECKING:
    from .messenger import MessageBirdMessenger

SMS, MMS = "/messages", "/mms"
_SKEW = timedelta(hours=1)  # between our clock and theirs; more costs pages, and less could cost a second text
_ROWS = 10_000


async def read(message_id: str) -> tuple[str, Mapping[str, Any]]:
    """Read a message, which is an SMS or an MMS. Gives where it is, and the message. Raises `Rejected`."""
    where = f"{SMS}/{quote(message_id, safe='')}"
    try:
        answer = await ask(Request("GET", where, repeatable=True))
    except Rejected as error:
        if error.status != 404:
            raise
        where = f"{MMS}/{quote(message_id, safe='')}"
        answer = await ask(Request("GET", where, repeatable=True))
    return where, answer.fields


async def delete(where: str, message_id: str) -> datetime:
    """Delete a message. Gives the latest that it can have been, by their clock if they tell the time.

    One that is gone by then is deleted, as was wanted; where the answer was lost, that is looked for.
    """
    try:
        answer = await ask(Request("DELETE", where, repeatable=True, answer="anything"))
        answers.check_done(answer)
    except Rejected as error:
        if error.status != 404:
            raise
    except OutcomeUnknown as lost:
        if not await _is_gone(message_id):
            raise lost from None
    else:
        with suppress(KeyError, ValueError, OverflowError):
            told = parsedate_to_datetime(answer.headers["date"])  # without a zone if that is "-0000", which is UTC
            return told.replace(tzinfo=told.tzinfo or UTC) + timedelta(seconds=1)  # it has whole seconds
    return await now()


async def _is_gone(message_id: str) -> bool:
    """Whether there is no such message any more; not if that cannot be found out."""
    try:
        await read(message_id)
    except Rejected as error:
        return error.status == 404
    except (NotReached, ProviderError):
        pass
    return False


async def statuses(message_id: str) -> tuple[StatusChanged, ...]:
    """How far a message is with each recipient."""
    _, body = await read(message_id)
    items = answers.recipients_of(body)
    return tuple(reports.changed(message_id, item, body.get("reference"), item) for item in items)


async def find(messenger: MessageBirdMessenger, attempt: Attempt) -> Sighting:
    """Look for our token among the line's messages, back to when the attempt began."""
    if messenger.has_test_key:
        return CannotTell("messages of a test key are not kept, so that none can be looked for")
    try:
        if attempt.provider_id is not None:
            _, body = await read(attempt.provider_id)
            if body.get("reference") == attempt.token:
                return _sighted(attempt, body)
        return await _by_token(attempt)
    except (NotReached, ProviderError) as error:  # says "not sent", which is true of the question alone
        again = not isinstance(error, Rejected) and getattr(error, "status", None) != 403
        return CannotTell(f"MessageBird did not say what became of it: {error}", again=again)


async def _by_token(attempt: Attempt) -> Sighting:
    """Page newest first. A page begins with the last row of the one before, so that a row taken out meanwhile shows."""
    mms = bool(attempt.message.media)
    path, params = (MMS, {}) if mms else (SMS, {"direction": "mt"})
    since = attempt.leave_from - _SKEW
    listed: list[Mapping[str, Any]] = []
    offset, newer = 0, datetime.max.replace(tzinfo=UTC)
    newest_first = True
    while offset < _ROWS:
        rows = await page(path, offset, params)
        ids = {answers.id_of(row) for row in listed}  # rows that new messages have moved down are read twice
        if ids and (not rows.items or answers.id_of(rows.items[0]) not in ids):
            return CannotTell("the list of messages changed while it was read: ask again", again=True)
        for row in rows.items:
            if row.get("reference") == attempt.token:
                return _sighted(attempt, row)
            if (row_id := answers.id_of(row)) and row_id in ids:
                continue
            listed.append(row)
            at = moment(row.get("createdDatetime"))
            newest_first = newest_first and at is not None and at <= newer
            newer = at or newer
        if newest_first and newer < since:
            return _absent(listed, mms=mms)
        if rows.next is None:
            return _absent(whole(listed, rows.total), mms=mms)
        if rows.next - 1 <= offset:  # one row a page; or the list stops short, and goes on
            if offset:
                whole(listed, rows.total)
            break
        offset = rows.next - 1
    return CannotTell("too many messages since then to read them all")


def _absent(listed: Iterable[Mapping[str, Any]], *, mms: bool) -> Sighting:
    """What it means that our token is not in a list: nothing where the list may not bear tokens."""
    if mms:
        return CannotTell(
            "it is not among the MMS, but whether these are listed, with their reference, is not published"
        )
    if any("reference" not in row for row in listed):
        return CannotTell("there are messages without a reference, one of which may be this one")
    return Absent()


def _sighted(attempt: Attempt, body: Mapping[str, Any]) -> Sighting:
    facts: dict[str, Any] = {
        "id": answers.id_of(body) or attempt.provider_id or "",
        "status": _overall(body),
        "recipients": answers.named_recipients(body),
        "raw": body,
    }
    if attempt.group is None:
        return Found(Receipt(**facts), Proof.TOKEN)
    group = attrs.evolve(attempt.group, pending=False)
    return Found(GroupReceipt(**facts, group=group), Proof.TOKEN)


def _overall(body: Mapping[str, Any]) -> Status:
    """The status everybody has reached, as a receipt has it: one that is not known is one that was accepted."""
    reached = {answers.status_of(item) for item in answers.recipients_of(body)}
    for status in (Status.SCHEDULED, Status.SENT, Status.DELIVERED, Status.FAILED):
        if reached == {status}:
            return status
    return Status.ACCEPTED
