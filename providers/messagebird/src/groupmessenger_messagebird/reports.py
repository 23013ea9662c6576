"""How far a copy is: as a status report tells it, in a GET, and as a message's entries do, in the same words."""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from typing import Any

from groupmessenger.provider import Callback, Evidence, Status, StatusChanged, unsealed

from . import answers
from .fields import Fields, instant, of_pairs, text

_NAMES = ("recipient", "status", "statusReason", "statusDatetime", "statusErrorCode")
_OF_ONE = tuple((name, name.lower()) for name in _NAMES)


def fields_of(callback: Callback) -> Fields | None:
    """The fields of a status report: a GET with a status, and a message's id or our reference. None for any other."""
    if callback.method != "GET":
        return None
    fields = of_pairs(callback.query)
    return fields if text(fields, "status") and text(fields, "id", "reference") else None


def sealed(callback: Callback, key: str) -> str | None:
    """The token of a status report to the URL that went with its message; None where no seal proves that.

    Such a report may come unsigned. The seal says of which message it is, as the reference does if there is one, and
    not that nothing else was changed.
    """
    fields = fields_of(callback)
    if fields is None or (token := unsealed(callback.query, key)) is None:
        return None
    told = text(fields, "reference") or token
    same = hmac.compare_digest(told.encode("utf-8", "replace"), token.encode("utf-8", "replace"))
    return token if same else None


def read(fields: Fields, token: str | None, raw: object) -> StatusChanged:
    """What a status report tells. Only id, recipient and status may be relied on: the token may be in the seal."""
    item = {name: text(fields, lower).strip() for name, lower in _OF_ONE}
    return changed(text(fields, "id").strip(), item, text(fields, "reference") or token, raw)


def changed(message_id: str, item: Mapping[str, Any], reference: object, raw: object) -> StatusChanged:
    """The event of one recipient's entry in a message, or of a report about it: with the same key from both.

    The key has MessageBird's own word, of which two may be one status here, and the reference, so that nobody who
    knows of one message can tell of another in its name.
    """
    word = str(item.get("status") or "").strip().lower()
    code = item.get("statusErrorCode")
    known = {"status": word, "statusErrorCode": _whole(code), "statusReason": item.get("statusReason")}
    status = answers.status_of(known)
    recipient = answers.address_of(item.get("recipient"))
    who = item.get("recipient") or "" if recipient is None else recipient
    token = reference if isinstance(reference, str) and reference else None
    about = f"{message_id}/{token}" if token else message_id
    return StatusChanged(
        key=f"{about}/{who}/{word or status}",
        at=instant(item.get("statusDatetime")),
        message_id=message_id,
        token=token,
        recipient=recipient,
        status=status,
        evidence=Evidence.HANDSET if status is Status.DELIVERED else None,
        reason=answers.reason_of(known),
        code=None if code in (None, "") else str(code),
        final=status in (Status.DELIVERED, Status.FAILED),  # delivered, expired and delivery_failed
        raw=raw,
    )


def _whole(code: object) -> int | None:
    """An error code, which a query has as digits."""
    if isinstance(code, str) and code.isascii() and code.isdecimal() and len(code) < 10:
        return int(code)
    return code if type(code) is int else None
