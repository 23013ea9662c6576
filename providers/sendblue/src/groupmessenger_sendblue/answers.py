"""Reading what Sendblue answers: what was done, what was not, and what nobody can say.

There is no single shape of an error, and a success (2xx) can hold a failure. What is listed here is what the
vendor documents; everything else is in doubt.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

import attrs

from groupmessenger.provider import (
    Address,
    AuthenticationFailed,
    Channel,
    FailureReason,
    GroupNotFound,
    InvalidInput,
    Member,
    OpaqueAddress,
    OutcomeUnknown,
    ProviderError,
    QuotaExceeded,
    RateLimited,
    Rejected,
    Request,
    Response,
    Status,
    moment,
    parse_address,
)

# Nothing was done at these (SDK 1.33 models them; sends refused with them are documented as not sent).
_REFUSED = frozenset({400, 401, 403, 404, 422})
_SHAPE = ("status", "message", "error", "error_code", "error_message", "error_key", "detail")
_WORDS = ("error_message", "message", "error", "detail", "error_reason", "error_detail")  # SDK, CLI: the first there is

_STATUS = {
    "REGISTERED": Status.ACCEPTED,
    "PENDING": Status.ACCEPTED,
    "QUEUED": Status.ACCEPTED,
    "ACCEPTED": Status.ACCEPTED,
    "SENT": Status.SENT,
    "SUCCESS": Status.SENT,
    "DELIVERED": Status.DELIVERED,
    "READ": Status.READ,  # gone from the lists since 2025, still in older accounts
    "ERROR": Status.FAILED,
    "DECLINED": Status.FAILED,
    "FAILED": Status.FAILED,
}
_CHANNELS = {"imessage": Channel.IMESSAGE, "rcs": Channel.RCS, "sms": Channel.SMS, "mms": Channel.MMS}


@attrs.frozen
class _Known:
    """A failure the vendor documents as "not sent"."""

    error: type[ProviderError]
    words: str
    reason: FailureReason


_KNOWN: Mapping[str, _Known] = {
    "4000": _Known(Rejected, "the request is not valid", FailureReason.OTHER),
    "4001": _Known(RateLimited, "too many messages for now", FailureReason.RATE),
    "4002": _Known(Rejected, "a number may not be texted", FailureReason.INVALID_RECIPIENT),
    "5003": _Known(RateLimited, "its server takes no more for now", FailureReason.RATE),
    "5509": _Known(RateLimited, "the rate window is full", FailureReason.RATE),
    "SMS_LIMIT_REACHED": _Known(QuotaExceeded, "the SMS allowance is used up", FailureReason.QUOTA),
    "LINE_HOURLY_LIMIT_REACHED": _Known(QuotaExceeded, "15 new contacts an hour are reached", FailureReason.QUOTA),
    "LINE_DAILY_LIMIT_REACHED": _Known(QuotaExceeded, "50 new contacts a day are reached", FailureReason.QUOTA),
    "429": _Known(QuotaExceeded, "the new contacts of an hour or a day are reached", FailureReason.QUOTA),  # in a 400
    "PRE_REPLY_LIMIT_REACHED": _Known(QuotaExceeded, "somebody has not replied yet", FailureReason.QUOTA),
    "OPTED_OUT": _Known(Rejected, "a recipient opted out", FailureReason.OPTED_OUT),
}
_FAILED_CODE = "10001"  # "failed to send": a fate, not a refusal
_NO_ERROR = (None, "", 0, "0")
_UNRESOLVED = frozenset({"5000", "10002"})  # "internal error", "could not resolve status"


def refusal(response: Response) -> ProviderError | None:
    """The error for an answer that is no success, None where nothing says that nothing was done."""
    body = response.fields
    if response.status not in _REFUSED or not any(key in body for key in _SHAPE) or _unresolved(body):
        return None
    if response.status == 401:
        return _error(AuthenticationFailed, response, "check api_key_id and api_secret_key")
    if response.status == 403:
        return _error(AuthenticationFailed, response, "these keys, or this plan, may not do this")
    if response.status == 404 and _names_group(response.request):
        return _error(GroupNotFound, response, "no such group")
    if known := _KNOWN.get(_listed(body)):
        return _known(known, response)
    return _error(Rejected, response)


def check_sent(response: Response) -> None:
    """Raise what a 2xx to a send really means, if it is not "sent": a known refusal, or a doubt."""
    body = response.fields
    word, codes = _word(body), codes_of(body)
    failed = _STATUS.get(word) is Status.FAILED
    if not failed and not codes:
        if word not in _STATUS and not handle_of(body) and not group_id_of(body):
            raise OutcomeUnknown("Sendblue may have sent it, or not: its answer is in no shape it documents")
        return
    listed = "" if _unresolved(body) else _listed(body)
    if listed == _FAILED_CODE:
        return
    # A code alone is a refusal, as in an HTTP error; beside a word that is no failure it contradicts that word.
    if (known := _KNOWN.get(listed)) and (failed or not word):
        raise _known(known, response)
    told = [word if word in _STATUS else "", *map(response.quote, codes)]
    raise OutcomeUnknown(
        " ".join(("Sendblue may have sent it, or not: it answered", *filter(None, told))) + _said(response),
        provider_id=handle_of(body) or None,
    )


def check_modified(response: Response, refusals: Iterable[str]) -> None:
    """Raise what a 2xx to a membership change really means, if it is not "done"."""
    body = response.fields
    key = str(body.get("error") or code_of(body) or body.get("error_message") or "")
    if status_of(body) is not Status.FAILED and not key:
        if not any(body.get(name) for name in ("status", "message", "group_id", "data")):
            raise OutcomeUnknown("Sendblue may have done it, or not: its answer is in no shape it documents")
        return
    if key in refusals:
        raise _error(Rejected, response, key.replace("_", " "))
    word = _word(body) if _word(body) in _STATUS else "a word that is not known"
    raise OutcomeUnknown(f"Sendblue may have done it, or not: it answered {word}{_said(response)}")


def codes_of(body: Mapping[str, Any]) -> tuple[str, ...]:
    """What to branch on: `error_key` before `error_code` (the vendor's advice), there may be both; none for no error.

    Since SDK 1.31 a key may stand beside a code: one that is not listed here does not hide what the other says.
    """
    key, code = body.get("error_key"), body.get("error_code")
    if key in _NO_ERROR:
        return () if code in _NO_ERROR else (str(code),)
    return (str(key),) if code in _NO_ERROR else (str(key), str(code))


def code_of(body: Mapping[str, Any]) -> str:
    """The first of the codes, for people to look up; empty for no error."""
    return next(iter(codes_of(body)), "")


def handle_of(body: Mapping[str, Any]) -> str:
    """The id of a message; empty where there is none, or what stands there is no id."""
    handle = body.get("message_handle")
    return str(handle) if isinstance(handle, str | int) and handle else ""


def group_id_of(body: Mapping[str, Any]) -> str:
    """The id of a group; empty where there is none, or what stands there is no id."""
    group_id = body.get("group_id")
    return group_id if isinstance(group_id, str) else ""


def status_of(body: Mapping[str, Any]) -> Status:
    """How far a message is. A word that is not known says nothing."""
    if _unresolved(body):
        return Status.UNKNOWN
    return _STATUS.get(_word(body), Status.UNKNOWN)


def reason_of(body: Mapping[str, Any]) -> FailureReason | None:
    """Why a message failed, None if it did not."""
    if _unresolved(body) or (status_of(body) is not Status.FAILED and _listed(body) != _FAILED_CODE):
        return None
    known = _KNOWN.get(_listed(body))
    return known.reason if known else FailureReason.OTHER


def channel_of(body: Mapping[str, Any]) -> Channel | None:
    """What carried a message; `was_downgraded` is mostly null, so `service` tells. Its case varies."""
    return _CHANNELS.get(str(body.get("service") or "").lower())


def people(values: Iterable[object], line: str) -> tuple[Member, ...]:
    """Members of a list of numbers and e-mails, without our line."""
    found = [Member(address(value)) for value in values if isinstance(value, str) and value.strip()]
    return tuple(member for member in dict.fromkeys(found) if str(member) != line)


def texts(values: Iterable[object]) -> list[str]:
    """Those of the values that are texts, and not empty."""
    return [value.strip() for value in values if isinstance(value, str) and value.strip()]


def time_of(body: Mapping[str, Any], *names: str) -> datetime | None:
    """The first of these fields that is a time, in UTC."""
    for text in texts(body.get(name) for name in names):
        try:
            if at := moment(text):
                return at.astimezone(UTC)
        except OverflowError:  # in the year 1 or 9999, where UTC is not in it any more
            continue
    return None


def address(value: str) -> Address:
    """Whom a text names; what is neither a number nor an e-mail is kept as it is."""
    try:
        return parse_address(value)
    except InvalidInput:  # theirs, not the caller's: a message that went out is not to fail for it
        return OpaqueAddress(value)


def _names_group(request: Request | None) -> bool:
    return request is not None and ("/groups/" in request.path or bool((request.json or {}).get("group_id")))


def _unresolved(body: Mapping[str, Any]) -> bool:
    return not _UNRESOLVED.isdisjoint(codes_of(body))


def _listed(body: Mapping[str, Any]) -> str:
    """The first of the codes that means something here; empty if none does."""
    return next((code for code in codes_of(body) if code in _KNOWN or code == _FAILED_CODE), "")


def _word(body: Mapping[str, Any]) -> str:
    return str(body.get("status") or "").upper()


def _said(response: Response) -> str:
    body = response.fields
    words = next((body[name] for name in _WORDS if body.get(name)), None)
    return f": {response.quote(words)}" if words else ""


def _known(known: _Known, response: Response) -> ProviderError:
    if known.error is Rejected:
        return _error(Rejected, response, known.words, reason=known.reason)
    return _error(known.error, response, known.words)


def _error(kind: type[ProviderError], response: Response, words: str = "", **details: Any) -> ProviderError:
    body = response.fields
    return kind(
        f"Sendblue refused it{', ' if words else ''}{words}{_said(response)} (HTTP {response.status})",
        status=response.status,
        code=code_of(body) or (str(body["error"]) if isinstance(body.get("error"), str) else None),
        raw=body,
        **details,
    )
