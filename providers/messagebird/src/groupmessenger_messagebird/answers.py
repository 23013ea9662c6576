"""Reading what MessageBird answers: errors, numbers, and the message object."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from groupmessenger.provider import (
    Address,
    AuthenticationFailed,
    FailureReason,
    GroupNotFound,
    InvalidInput,
    Member,
    OpaqueAddress,
    OutcomeUnknown,
    PhoneNumber,
    ProviderError,
    QuotaExceeded,
    Rejected,
    Request,
    Response,
    Status,
)

# Nothing was done at these: the vendor's SDKs and Supabase's client read them as errors of the caller. 429 is the
# core's; 5xx says nothing of what was done.
_REFUSED = frozenset({400, 401, 402, 403, 404, 405, 422})
_NOT_ALLOWED, _MISSING, _NOT_FOUND, _NO_BALANCE, _DUPLICATE = "2", "9", "20", "25", "101"
_THEIR_FAULT = frozenset({"99", "100"})  # internal error, service unavailable: what was done is not said
_WORST_FIRST = (_NO_BALANCE, _NOT_ALLOWED, _MISSING, _DUPLICATE)

_KEYS = (
    "is it a live access key from dashboard.messagebird.com? Keys made at app.bird.com, and keys that begin with bk_, "
    "belong to two other platforms of Bird, at other addresses"
)
_NOBODY = "it takes none of the recipients: an empty group, or a trial account, which may text its own number only"

_STATUS = {
    "scheduled": Status.SCHEDULED,
    "sent": Status.SENT,
    "buffered": Status.SENT,
    "delivered": Status.DELIVERED,
    "expired": Status.FAILED,
    "delivery_failed": Status.FAILED,
}
# Bird's "SMS Platform Extended Error Codes"; 103 is known from RapidPro's handler.
_REASON = {
    1: FailureReason.INVALID_RECIPIENT,
    5: FailureReason.INVALID_RECIPIENT,
    8: FailureReason.UNREACHABLE,
    9: FailureReason.BLOCKED,
    12: FailureReason.BLOCKED,
    27: FailureReason.UNREACHABLE,
    31: FailureReason.UNREACHABLE,
    103: FailureReason.OPTED_OUT,
}
# Words of the same papers, for where there is no code: messages of MMS may have none. "opted out" is a guess.
_WORDS = {
    "incorrect number": FailureReason.INVALID_RECIPIENT,
    "unknown subscriber": FailureReason.INVALID_RECIPIENT,
    "unavailable subscriber": FailureReason.UNREACHABLE,
    "timeout": FailureReason.UNREACHABLE,
    "opted out": FailureReason.OPTED_OUT,
}
_PARAMETER = {
    "recipient": FailureReason.INVALID_RECIPIENT,  # in their recorded answers; the field itself is `recipients`
    "recipients": FailureReason.INVALID_RECIPIENT,
    "originator": FailureReason.NOT_ALLOWED,
    "body": FailureReason.CONTENT,
    "mediaUrls": FailureReason.MEDIA,
}


def refusal(response: Response) -> ProviderError | None:
    """The error for an answer that is no success, None where nothing says that nothing was done."""
    errors = _errors(response.fields)
    codes = [str(error.get("code")) for error in errors]
    if response.status not in _REFUSED or not errors or not _THEIR_FAULT.isdisjoint(codes):
        return None
    worst = next((error for code in _WORST_FIRST for error in errors if str(error.get("code")) == code), errors[0])
    code = str(worst.get("code"))
    if response.status == 401:
        return _error(AuthenticationFailed, response, worst, _KEYS)
    if response.status == 403:
        return _error(AuthenticationFailed, response, worst, "this key, or this account, may not do this")
    if response.status == 402 or code == _NO_BALANCE:
        return _error(QuotaExceeded, response, worst, "not enough balance: top up the account")
    if _NOT_FOUND in codes and _names_group(response.request):
        if any("contact" in _words(error) for error in errors):  # of a group that is there
            return _error(Rejected, response, worst, reason=FailureReason.INVALID_RECIPIENT)
        return _error(GroupNotFound, response, worst, "no such group")
    if code == _MISSING and "recipient" in _words(worst):
        return _error(Rejected, response, worst, _NOBODY, reason=FailureReason.INVALID_RECIPIENT)
    return _error(Rejected, response, worst, reason=_PARAMETER.get(str(worst.get("parameter"))))


def is_duplicate(error: ProviderError) -> bool:
    """Whether a contact was refused because there is one of this number. Its code is not published; its words are."""
    errors = _errors(error.raw if isinstance(error.raw, dict) else {})
    return any(str(each.get("code")) == _DUPLICATE or "already exists" in _words(each) for each in errors)


def check_sent(response: Response) -> Mapping[str, Any]:
    """The message object of an answer to a send. Raises `OutcomeUnknown` where there is none."""
    body = response.fields
    if _errors(body) or not id_of(body):
        raise OutcomeUnknown("MessageBird may have sent it, or not: its answer is in no shape it documents")
    return body


def check_done(response: Response, *, with_object: bool = False) -> None:
    """Raise `OutcomeUnknown` for a success in a change that is none: done is 204, or for some an object."""
    told = with_object and isinstance(response.data, dict) and not _errors(response.fields)
    if response.status != 204 and not told:
        raise OutcomeUnknown("MessageBird may have done it, or not: its answer is in no shape it documents")


def id_of(body: Mapping[str, Any]) -> str:
    """The id of a message, group or contact; empty where there is none."""
    value = body.get("id")
    return value if isinstance(value, str) else ""


def digits(address: Address) -> str:
    """A number as MessageBird takes it: digits, country code first, without `+`."""
    return str(address).removeprefix("+")


def address_of(value: object) -> Address | None:
    """A number as MessageBird writes it: an integer, or digits; None for what is none."""
    text = str(value).removeprefix("+")
    if isinstance(value, bool) or not text.isascii() or not text.isdigit():
        return None
    try:
        return PhoneNumber(f"+{text}")
    except InvalidInput:  # a contact somebody wrote without its country code
        return OpaqueAddress(text)


def member_of(contact: Mapping[str, Any]) -> Member | None:
    """The person a contact stands for; None for one without a number."""
    address = address_of(contact.get("msisdn"))
    names = (contact.get("firstName"), contact.get("lastName"))
    name = " ".join(name for name in names if isinstance(name, str) and name)
    return None if address is None else Member(address, name or None)


def recipients_of(body: Mapping[str, Any]) -> tuple[Mapping[str, Any], ...]:
    """A message's entries, one a recipient."""
    items = _recipients(body).get("items")
    return tuple([item for item in items if isinstance(item, dict)]) if isinstance(items, list) else ()


def counts_nobody(body: Mapping[str, Any]) -> bool:
    """Whether an answer says that it has been sent to nobody so far; integrators saw such messages go missing."""
    return _recipients(body).get("totalSentCount") == 0


def counted(body: Mapping[str, Any]) -> int | None:
    """How many recipients an answer counts, None if it does not."""
    total = _recipients(body).get("totalCount")
    return total if isinstance(total, int) and not isinstance(total, bool) else None


def named_recipients(body: Mapping[str, Any]) -> tuple[Address, ...]:
    """Whom an answer names, if it names everybody it counts."""
    found = [address_of(item.get("recipient")) for item in recipients_of(body)]
    known = tuple([address for address in found if address is not None])
    return known if known and len(known) == _recipients(body).get("totalCount") else ()


def status_of(item: Mapping[str, Any]) -> Status:
    """How far one recipient's copy is. A word that is not known says nothing."""
    return _STATUS.get(str(item.get("status")), Status.UNKNOWN)


def reason_of(item: Mapping[str, Any]) -> FailureReason | None:
    """Why one recipient's copy failed, None if it did not."""
    if status_of(item) is not Status.FAILED:
        return None
    if item.get("status") == "expired":
        return FailureReason.UNREACHABLE
    code = item.get("statusErrorCode")
    if isinstance(code, int) and code:
        return _REASON.get(code, FailureReason.OTHER)
    return _WORDS.get(str(item.get("statusReason")).lower(), FailureReason.OTHER)


def _recipients(body: Mapping[str, Any]) -> Mapping[str, Any]:
    found = body.get("recipients")
    return found if isinstance(found, dict) else {}


def _errors(body: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    errors = body.get("errors")
    return [error for error in errors if isinstance(error, dict)] if isinstance(errors, list) else []


def _words(error: Mapping[str, Any]) -> str:
    return str(error.get("description") or error.get("message") or "")


def _names_group(request: Request | None) -> bool:
    return request is not None and (request.path.startswith("/groups/") or "groupIds" in (request.json or {}))


def _error(
    kind: type[ProviderError], response: Response, worst: Mapping[str, Any], words: str = "", **details: Any
) -> ProviderError:
    said = response.quote(_words(worst))
    parts: Iterable[str] = filter(None, (said, words))
    code = worst.get("code")
    return kind(
        f"MessageBird refused it: {'; '.join(parts) or 'it does not say why'} (HTTP {response.status})",
        status=response.status,
        code=None if code is None else str(code),
        raw=response.fields,
        **details,
    )
