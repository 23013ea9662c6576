"""Looking for a message whose answer was lost.

Sendblue carries nothing of ours in its listing, so a message is known by its text and its conversation. That
proves something only where nobody else can have sent it: on a line, or with a seat, that is ours alone.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from groupmessenger.provider import (
    Absent,
    Attempt,
    CannotTell,
    Found,
    Group,
    GroupReceipt,
    Proof,
    Receipt,
    Request,
    Sighting,
    Status,
    Topology,
    ask,
)

from . import answers

if TYPE_CHECKING:
    from .messenger import SendblueMessenger

_PAGE = 100
_LAST_OFFSET = 10_000  # the vendor's own CLI goes no further
_SKEW = timedelta(minutes=5)  # between our clock and theirs


def row(body: Mapping[str, Any]) -> Mapping[str, Any]:
    """The message object, bare or inside `data`."""
    data = body.get("data")
    return data if isinstance(data, dict) else body


def moment(value: object) -> datetime | None:
    """A time of theirs, None if it is not one."""
    try:
        at = datetime.fromisoformat(str(value))
    except ValueError:
        return None
    return at if at.tzinfo else at.replace(tzinfo=UTC)


async def find(messenger: SendblueMessenger, attempt: Attempt, known: Collection[str]) -> Sighting:
    """Found by id if there was one in the answer, else by text; see the module's docstring for when that counts."""
    if attempt.provider_id is not None:
        return await _by_id(messenger, attempt, attempt.provider_id)
    if not messenger.exclusive_line and messenger.seat_id is None:
        return CannotTell("others may send from this line: set exclusive_line, or a seat_id of your own, if not")
    if not attempt.message.text:
        return CannotTell("a message without text cannot be told from another: Sendblue gives media new URLs")
    rows = await _listed(messenger, attempt)
    if rows is None:
        return CannotTell("too many messages since then to read them all")
    unclaimed = [each for each in rows if each.get("message_handle") not in known]
    same = [each for each in unclaimed if _text(each.get("content")) == _text(attempt.message.text)]
    if ours := [each for each in same if _at(each) >= attempt.leave_from]:
        return _found(messenger, attempt, min(ours, key=_at))
    if same:
        return CannotTell(
            "there is such a message, from just before this one: another, or this by a clock that is slow"
        )
    if any(_at(each) >= attempt.leave_from for each in unclaimed):
        return CannotTell("the conversation has other messages from then, one of which may be this one, changed")
    return Absent()


def _at(each: Mapping[str, Any]) -> datetime:
    """When a row was sent; one that does not say could be the one looked for."""
    return moment(each.get("date_sent")) or datetime.max.replace(tzinfo=UTC)


async def _by_id(messenger: SendblueMessenger, attempt: Attempt, handle: str) -> Sighting:
    answer = await ask(Request("GET", "/api/status", params={"handle": handle}, repeatable=True))
    body = row(answer.fields)
    if answers.status_of(body) is Status.UNKNOWN:
        return CannotTell("Sendblue itself does not know what became of it")
    return _found(messenger, attempt, body)


async def _listed(messenger: SendblueMessenger, attempt: Attempt) -> list[Mapping[str, Any]] | None:
    """Our messages in this conversation since the attempt began; None if they cannot all be read."""
    since = attempt.leave_from - _SKEW
    group = attempt.group
    params = {
        "is_outbound": "true",
        "from_number": messenger.line,
        "message_type": "message" if group is None else "group",
        "created_at_gte": since.astimezone(UTC).isoformat().replace("+00:00", "Z"),
        "order_by": "createdAt",
        "order_direction": "desc",
        "limit": str(_PAGE),
    }
    if group is None:
        params["number"] = str(attempt.to)
    elif not group.is_member_set:
        params["group_id"] = group.id
    rows: list[Mapping[str, Any]] = []
    for offset in range(0, _LAST_OFFSET, _PAGE):
        answer = await ask(Request("GET", "/api/v2/messages", params=params | {"offset": str(offset)}, repeatable=True))
        page = [each for each in answer.fields.get("data") or () if isinstance(each, dict)]
        rows += [each for each in page if _belongs(messenger, attempt, each, since)]
        pagination = answer.fields.get("pagination")
        more = pagination.get("hasMore") if isinstance(pagination, dict) else len(page) == _PAGE
        times = [at for each in page if (at := moment(each.get("date_sent")))]
        if not more or not page or (times and max(times) < since):
            return rows
    return None


def _belongs(messenger: SendblueMessenger, attempt: Attempt, each: Mapping[str, Any], since: datetime) -> bool:
    """Whether a row is of ours, of this conversation and of this time. Filters of theirs may be ignored."""
    at = moment(each.get("date_sent"))
    if each.get("is_outbound") is False or (at is not None and at < since):
        return False
    if messenger.seat_id is not None and not messenger.exclusive_line and each.get("seat_id") != messenger.seat_id:
        return False
    if attempt.group is None:
        return not each.get("group_id") and str(attempt.to) in (each.get("number"), each.get("to_number"))
    if not attempt.group.is_member_set:
        return bool(each.get("group_id") == attempt.group.id)
    listed = each.get("participants") or each.get("number") or each.get("to_number") or ()
    people = answers.people(listed if isinstance(listed, list) else [listed], messenger.line)
    return {member.address for member in people} == set(attempt.group.addresses)


def _text(value: object) -> str:
    return " ".join(str(value or "").split())


def _found(messenger: SendblueMessenger, attempt: Attempt, body: Mapping[str, Any]) -> Found:
    handle = str(body.get("message_handle") or attempt.provider_id or "")
    status, reason = answers.status_of(body), answers.reason_of(body)
    if attempt.group is None:
        return Found(Receipt(id=handle, status=status, reason=reason, raw=body), Proof.CONTENT)
    group = Group(
        messenger.name,
        messenger.line,
        str(body.get("group_id") or attempt.group.id),
        attempt.group.members,
        attempt.group.name,
        topology=Topology.SHARED_THREAD,
        channel=answers.channel_of(body) or attempt.group.channel,
        name_pending=attempt.group.name_pending,
    )
    return Found(GroupReceipt(id=handle, status=status, reason=reason, raw=body, group=group), Proof.CONTENT)
