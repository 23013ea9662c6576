"""The status of a message for a recipient: the same event, with the same key, from a callback and from the search."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from groupmessenger.provider import Address, Evidence, FailureReason, Status, StatusChanged

# For group MMS the carrier's word, whatever `description` says of handsets. Only a phone can tell of reading (RCS).
_EVIDENCE = {Status.DELIVERED: Evidence.CARRIER, Status.READ: Evidence.HANDSET}
_SO_FAR = {
    Status.DELIVERED: Status.SENT,
    Status.READ: Status.SENT,
    Status.FAILED: Status.ACCEPTED,  # it may have failed before it was sent
}


def changed(
    message_id: str,
    recipient: Address | None,
    status: Status,
    *,
    reason: FailureReason | None,
    code: int,
    final: bool,
    of_all: bool,
    at: datetime | None,
    token: str | None = None,
    line: str | None = None,
    raw: Any,
) -> StatusChanged:
    """The event. `of_all`: whose end it tells of is not said, and others may have come to another, so it is no end."""
    if of_all:
        status = _SO_FAR.get(status, status)
    return StatusChanged(
        # that nobody will ever know is another event than that nobody knows yet
        key=f"{message_id}/{recipient or ''}/{status}" + ("/final" if final and status is Status.UNKNOWN else ""),
        at=at,
        message_id=message_id,
        recipient=recipient,
        status=status,
        token=token,
        line=line,
        evidence=_EVIDENCE.get(status),
        reason=reason if status is Status.FAILED else None,
        code=str(code) if code else None,
        final=final and not of_all,
        raw=raw,
    )
