"""What became of a message. Bandwidth's search has times, numbers and statuses, and neither texts nor our token."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from groupmessenger.provider import (
    Attempt,
    CannotTell,
    Found,
    GroupReceipt,
    NotReached,
    Proof,
    ProviderError,
    Receipt,
    Rejected,
    Request,
    Sighting,
    Status,
    StatusChanged,
    UnexpectedAnswer,
    ask,
    moment,
)

from . import answers
from .statuses import changed

if TYPE_CHECKING:
    from .messenger import BandwidthMessenger

_SKEW = timedelta(minutes=5)  # between our clock and theirs
_MOST_FILTERED = 10  # numbers in destinationTn


async def statuses(messenger: BandwidthMessenger, message_id: str) -> tuple[StatusChanged, ...]:
    """How far a message is, by recipient where rows name one. Nothing while it is not indexed."""
    rows = [row for row in await _search(messenger, {"messageId": message_id}) if row.get("messageId") == message_id]
    # A row a group, or a row a person: not published. An SMS has one recipient.
    of_all = len(rows) == 1 and rows[0].get("recipientCount") != 1 and rows[0].get("messageType") != "sms"
    return tuple(_event(message_id, row, of_all=of_all) for row in rows)


async def find(messenger: BandwidthMessenger, attempt: Attempt) -> Sighting:
    """Find a message by its id. Without one there is no proof, and the search helps a person to decide."""
    try:
        if attempt.provider_id is not None:
            return await _by_id(messenger, attempt, attempt.provider_id)
        return await _candidates(messenger, attempt)
    except (ProviderError, NotReached) as error:  # says "not sent", which is true of the question alone
        again = not isinstance(error, Rejected) and getattr(error, "status", None) != 403
        return CannotTell(f"Bandwidth did not say what became of it: {error}", again=again)


async def _by_id(messenger: BandwidthMessenger, attempt: Attempt, message_id: str) -> Sighting:
    found = {event.status for event in await statuses(messenger, message_id)}
    if found <= {Status.UNKNOWN}:
        return CannotTell("Bandwidth's search does not show it, or not what became of it: ask again later")
    status = Status.ACCEPTED  # how far it is with whom is `get_status`'s to say: rows may be missing yet
    if attempt.group is None:
        return Found(Receipt(id=message_id, status=status), Proof.CONTENT)
    return Found(GroupReceipt(id=message_id, status=status, group=attempt.group), Proof.CONTENT)


async def _candidates(messenger: BandwidthMessenger, attempt: Attempt) -> Sighting:
    to = [str(attempt.to)] if attempt.group is None else [str(address) for address in attempt.group.addresses]
    rows = await _search(
        messenger,
        {
            "sourceTn": messenger.line,
            "destinationTn": ",".join(sorted(to)[:_MOST_FILTERED]),
            "messageDirection": "OUTBOUND",
            "fromDateTime": _instant(attempt.leave_from - _SKEW),
            "toDateTime": _instant(attempt.leave_by + _SKEW),
        },
    )
    ids = {message_id for row in rows if isinstance(message_id := row.get("messageId"), str)}
    shown = "none is listed yet" if not ids else f"{len(ids)} of this line to these people {_are(len(ids))} listed"
    return CannotTell(
        f"Bandwidth's search has no texts and nothing of ours, so that it proves nothing: {shown} from then; "
        "only a status callback with this attempt's token does"
    )


def _are(count: int) -> str:
    return "is" if count == 1 else "are"


async def _search(messenger: BandwidthMessenger, params: Mapping[str, str]) -> list[Mapping[str, Any]]:
    answer = await ask(Request("GET", messenger.path, params=params, repeatable=True))
    rows = answer.fields.get("messages")
    if not isinstance(rows, list):
        raise UnexpectedAnswer("Bandwidth gave no list of messages", raw=answer.fields)
    return [row for row in rows if isinstance(row, dict)]


def _event(message_id: str, row: Mapping[str, Any], *, of_all: bool) -> StatusChanged:
    return changed(
        message_id,
        None if of_all else answers.number_of(row.get("destinationTn")),
        answers.status_of(row),
        reason=answers.reason_of(row),
        code=answers.code_of(row),
        final=answers.ended(row),
        of_all=of_all,
        at=moment(row.get("receiveTime")),
        raw=row,
    )


def _instant(at: datetime) -> str:
    """A time as the search takes it: milliseconds, or it is refused."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
