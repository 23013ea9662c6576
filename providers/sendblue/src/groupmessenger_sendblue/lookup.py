"""Looking for a message whose answer was lost.

Sendblue carries nothing of ours in its listing, so a message is known by its text and its conversation. That
proves something only where nobody else can have sent it: on a line, or with a seat, that is ours alone.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Set
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import attrs

from groupmessenger.provider import (
    Absent,
    Address,
    Attempt,
    CannotTell,
    Found,
    Group,
    GroupReceipt,
    NotReached,
    PhoneNumber,
    Proof,
    ProviderError,
    Receipt,
    Rejected,
    Request,
    Sighting,
    Status,
    Topology,
    UnexpectedAnswer,
    ask,
    moment,
)

from . import answers

if TYPE_CHECKING:
    from .messenger import SendblueMessenger

_PAGE = 100
_LAST_OFFSET = 10_000  # the vendor's own CLI goes no further
_SKEW = timedelta(hours=1)  # between our clock and theirs; less could cost a second text
# A message is with the vendor by `leave_by` and goes out within the 600 s that our own settle time waits by default;
# with the skew of their clock, what is from later than this is most likely another one, sent since: never Found. With
# the same text it is not absence either, since a connection may wait longer, and Absent permits sending again.
_HORIZON = timedelta(minutes=15)
# How slow their clock may be for a message of another text to be this one, changed. Less than `_SKEW`: after a restart
# our own earlier messages are not all in `known`, and would keep everything from being absent.
_SLOW = timedelta(seconds=5)


def row(body: Mapping[str, Any]) -> Mapping[str, Any]:
    """The message object, bare or inside `data`."""
    data = body.get("data")
    return data if isinstance(data, dict) else body


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
    unclaimed = [each for each in rows if answers.handle_of(each.body) not in known]
    same = [each for each in unclaimed if _text(each.body.get("content")) == _text(attempt.message.text)]
    began = attempt.leave_from.replace(microsecond=attempt.leave_from.microsecond // 1000 * 1000)  # as fine as theirs
    if ours := [each for each in same if each.certain and each.at >= began]:
        return _sighted(messenger, attempt, min(ours, key=lambda each: each.at).body)
    if same:
        return CannotTell(
            "there is such a message, but it does not say when, to whom or from which seat, or is from long after "
            "this one, or from just before: another, or this by a clock that is slow"
        )
    if any(each.at >= began - _SLOW for each in unclaimed):
        return CannotTell("the conversation has other messages from then, one of which may be this one, changed")
    return Absent()


@attrs.frozen
class _Row:
    """A message that may be of this conversation; `certain` if it is, and says when it was sent."""

    body: Mapping[str, Any]
    at: datetime
    certain: bool


async def _by_id(messenger: SendblueMessenger, attempt: Attempt, handle: str) -> Sighting:
    try:
        answer = await ask(Request("GET", "/api/status", params={"handle": handle}, repeatable=True))
    except (ProviderError, NotReached) as error:  # says "not sent", which is true of the question alone
        again = not isinstance(error, Rejected) and getattr(error, "status", None) != 403
        return CannotTell(f"Sendblue did not say what became of it: {error}", again=again)
    return _sighted(messenger, attempt, row(answer.fields))


async def _listed(messenger: SendblueMessenger, attempt: Attempt) -> list[_Row] | None:
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
    rows: list[_Row] = []
    offset = 0
    while offset < _LAST_OFFSET:
        answer = await ask(Request("GET", "/api/v2/messages", params=params | {"offset": str(offset)}, repeatable=True))
        data, pagination = answer.fields.get("data"), answer.fields.get("pagination")
        if not isinstance(data, list):  # to take that for an empty list would say that nothing was sent
            raise UnexpectedAnswer("Sendblue did not list its messages", raw=answer.fields)
        page = [each for each in data if isinstance(each, dict)]
        rows += [found for each in page if (found := _row_of(messenger, attempt, each, since))]
        more = pagination.get("hasMore") is not False if isinstance(pagination, dict) else True
        times = [at for each in page if (at := _at(each))]
        newest_first = times == sorted(times, reverse=True)  # or older ones may come before those looked for
        if not data or not more or (times and newest_first and times[0] < since):
            return rows
        offset += len(data)  # a page may be shorter than what was asked for
    return None


def _at(each: Mapping[str, Any]) -> datetime | None:
    return next(iter(_times(each)), None)


def _times(each: Mapping[str, Any]) -> list[datetime]:
    return [at for name in ("date_sent", "date_created") if (at := moment(each.get(name)))]


def _row_of(messenger: SendblueMessenger, attempt: Attempt, each: Mapping[str, Any], since: datetime) -> _Row | None:
    """A row, if it is or may be of ours, of this conversation and of this time. Filters of theirs may be ignored."""
    at, belongs, ours = _at(each), _belongs(messenger, attempt, each), _of_us(messenger, each)
    if False in (belongs, ours) or each.get("is_outbound") is False or (at is not None and at < since):
        return None
    late = at is not None and min(_times(each)) > attempt.leave_by + _HORIZON
    if late and _text(each.get("content")) != _text(attempt.message.text):
        return None
    certain = belongs is True and ours is True and at is not None and not late
    return _Row(each, at or datetime.max.replace(tzinfo=UTC), certain)


def _of_us(messenger: SendblueMessenger, each: Mapping[str, Any]) -> bool | None:
    """Whether a row is from our seat; None where it names none. On a line that is ours alone every row is ours."""
    if messenger.exclusive_line or messenger.seat_id is None:
        return True
    seat = each.get("seat_id")
    return bool(seat == messenger.seat_id) if seat else None


def _belongs(messenger: SendblueMessenger, attempt: Attempt, each: Mapping[str, Any]) -> bool | None:
    """Whether a row is of this conversation; None where that is not proved. No field of it is promised."""
    group, group_id = attempt.group, answers.group_id_of(each)
    ours = {attempt.to} if group is None else set(group.addresses)
    to = _people(messenger, ours, [*_several(each.get("number")), *_several(each.get("to_number"))])
    people = _people(messenger, ours, _several(each.get("participants"))) or to
    clear = {address for address in people if isinstance(address, PhoneNumber) or address in ours}
    if group is None:
        if group_id or len(clear) > 1 or each.get("message_type") == "group":
            return False
        return _same(to, ours) if clear == people else None
    if not group_id and each.get("message_type") == "message":
        return False
    if not group.is_member_set:
        if not group_id or group_id == group.id:
            return True if group_id else None
        return None if people and len(people) == len(ours) and clear <= ours else False  # a thread that was merged?
    return _same(people, ours)


def _same(people: Set[Address], ours: Set[Address | None]) -> bool | None:
    """Whether people are ours; None if that cannot be said: some only, or written so that it cannot be compared."""
    if people == ours:
        return True
    comparable = bool(people) and all(isinstance(address, PhoneNumber) for address in people)
    return False if comparable and people.isdisjoint(ours) else None


def _people(messenger: SendblueMessenger, ours: Set[Address | None], values: Iterable[object]) -> set[Address]:
    """Addresses of a row, without our line.

    Digits without `+` are a number only if that is one expected here: any others may be a national form, which as
    `+` and digits would be somebody else's number.
    """
    expected = {messenger.line, *map(str, ours)}
    written = [f"+{value}" if f"+{value}" in expected else value for value in values]
    return {member.address for member in answers.people(written, messenger.line)}


def _several(value: object) -> list[object]:
    return value if isinstance(value, list) else [value]


def _text(value: object) -> str:
    return " ".join(str(value or "").split())


def _sighted(messenger: SendblueMessenger, attempt: Attempt, body: Mapping[str, Any]) -> Sighting:
    if answers.status_of(body) is Status.UNKNOWN:
        return CannotTell("Sendblue itself does not know what became of it")
    handle = answers.handle_of(body) or attempt.provider_id or ""
    status, reason = answers.status_of(body), answers.reason_of(body)
    if attempt.group is None:
        return Found(Receipt(id=handle, status=status, reason=reason, raw=body), Proof.CONTENT)
    group = Group(
        messenger.name,
        messenger.line,
        answers.group_id_of(body) or attempt.group.id,
        attempt.group.members,
        attempt.group.name,
        topology=Topology.SHARED_THREAD,
        channel=answers.channel_of(body) or attempt.group.channel,
        name_pending=attempt.group.name_pending,
    )
    return Found(GroupReceipt(id=handle, status=status, reason=reason, raw=body, group=group), Proof.CONTENT)
