"""How far a message is, as an event: the same from a callback and from asking."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from groupmessenger.provider import Channel, Evidence, Status, StatusChanged

from . import answers

_CODE = re.compile(r"[A-Za-z][A-Za-z_]{0,63}|[0-9]{1,6}")  # fit to be shown; anything else stays in `raw`
_GIVEN_UP = "10002"  # "could not resolve status": Sendblue itself looks no further
_LAST = (Status.FAILED, Status.DELIVERED, Status.READ)


def status_changed(message_id: str, body: Mapping[str, Any], token: str | None = None) -> StatusChanged:
    """What a message object tells of the message: one status for all recipients, Sendblue has none a member.

    What tells more has a key of its own: that there will be no other status, and, where a status comes by two ways,
    that it was this attempt's.
    """
    reason = answers.reason_of(body)
    status = answers.status_of(body) if reason is None else Status.FAILED  # 10001 may stand beside another word
    code, final = answers.code_of(body), _final(status, body)
    more = (*(["final"] if final and status not in _LAST else []), *([token] if token else []))
    return StatusChanged(
        key="/".join((message_id, status, *more)),
        at=answers.time_of(body, "date_updated", "date_sent", "date_created"),
        message_id=message_id,
        status=status,
        token=token,
        evidence=Evidence.HANDSET if status is Status.DELIVERED else None,
        reason=reason,
        code=code if _CODE.fullmatch(code) else None,
        final=final,
        raw=body,
    )


def _final(status: Status, body: Mapping[str, Any]) -> bool:
    """Whether Sendblue tells no more of it. SMS ends at SENT; iMessage and RCS go on to DELIVERED."""
    if status is Status.SENT:
        return answers.channel_of(body) in (Channel.SMS, Channel.MMS)
    return status in _LAST or _GIVEN_UP in answers.codes_of(body)
