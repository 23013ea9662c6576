"""Reading what Bandwidth answers: what was done, what was not, and what nobody can say.

Errors are told apart by HTTP status and then by `type`, never by their words. Bodies have two shapes, and a proxy's
have none: those say nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from groupmessenger.provider import (
    Address,
    AuthenticationFailed,
    FailureReason,
    InvalidInput,
    OpaqueAddress,
    OutcomeUnknown,
    PhoneNumber,
    ProviderError,
    ProviderUnavailable,
    Rejected,
    Response,
    Status,
)

# Documented as neither sent nor billed; 429 is the core's. The vendor says the same of its own 500, which can be told
# from a load balancer's by its body.
_REFUSED = frozenset({400, 401, 403, 404, 405, 406, 415})
_OTHER_SHAPE = frozenset({"timestamp", "status", "error", "path"})  # of a 404
_TOO_MANY = "forbidden-too-many-recipients"

_STATUS = {
    "RECEIVED": Status.ACCEPTED,
    "QUEUED": Status.ACCEPTED,
    "ACCEPTED": Status.ACCEPTED,
    "SENDING": Status.SENT,
    "SENT": Status.SENT,
    "DELIVERED": Status.DELIVERED,
    "FAILED": Status.FAILED,
    "UNDELIVERED": Status.FAILED,
    "DLR_EXPIRED": Status.UNKNOWN,
}
_CODE = re.compile(r"[0-9]{4}")
NOBODY_KNOWS = frozenset({9902, 9999})  # no delivery receipt in 73 h; a carrier's code that is not known

_REASONS: Mapping[FailureReason, Iterable[int]] = {
    FailureReason.OPTED_OUT: (4475, 4775),
    FailureReason.TOO_MANY_RECIPIENTS: (4435, 4735),
    FailureReason.INVALID_RECIPIENT: (4303, 4350, 4404, 4406, 4408, 4720, 4721),
    FailureReason.UNREACHABLE: (4409, 4420, 4421, 4432, 4700, 4701, 4702, 4730, 4360),
    FailureReason.BLOCKED: (4403, 4476, 4481, 4482, 4772, 4773, 4774, 4795),
    FailureReason.SPAM: (4470, 4770, 4771),
    FailureReason.MEDIA: (4410, 4411, 4412, 4710, 4711, 4712),
    FailureReason.RATE: (4780, 4781, 4785),
    # The line's own faults are among them (4302, 4405, 4407, 4740): no recipient is to blame.
    FailureReason.NOT_ALLOWED: (4001, 4302, 4401, 4405, 4407, 4431, 4433, 4434, 4451, 4452, 4492, 4493, 4740),
    FailureReason.CONTENT: (4301, 4750, 4751, 4752, 4753, 4754),
}
_REASON = {code: reason for reason, codes in _REASONS.items() for code in codes}


def refusal(response: Response, *, of_token: bool) -> ProviderError | None:
    """The error for an answer that is no success, None where nothing says that nothing was done."""
    body = response.fields
    if of_token and response.status in (400, 401, 403):
        return _error(AuthenticationFailed, response, "no access token: check client_id and client_secret")
    shaped = isinstance(body.get("type"), str) or body.keys() >= _OTHER_SHAPE
    if response.status == 500 and isinstance(body.get("type"), str) and isinstance(body.get("description"), str):
        return _error(ProviderUnavailable, response, "an error of its own, at which it sends nothing")
    if response.status not in _REFUSED or not shaped:
        return None
    if response.status == 401:
        return _error(AuthenticationFailed, response, "the credentials are not, or no longer, accepted")
    if response.status == 403:
        return _error(AuthenticationFailed, response, "these credentials may not do this: check account_id")
    if body.get("type") == _TOO_MANY:
        return _error(Rejected, response, "too many recipients", reason=FailureReason.TOO_MANY_RECIPIENTS)
    return _error(Rejected, response)


def check_sent(response: Response) -> Mapping[str, Any]:
    """The message object of an answer to a send. Raises `OutcomeUnknown` where there is none."""
    body = response.fields
    if not id_of(body):
        raise OutcomeUnknown("Bandwidth may have sent it, or not: its answer is in no shape it documents")
    return body


def id_of(body: Mapping[str, Any]) -> str:
    """The id of a message; empty where there is none."""
    value = body.get("id")
    return value if isinstance(value, str) else ""


def recipients_of(body: Mapping[str, Any]) -> tuple[Address, ...]:
    """Whom an answer names."""
    to = body.get("to")
    found = [number_of(value) for value in to] if isinstance(to, list) else []
    return tuple(address for address in found if address is not None)


def number_of(value: object) -> Address | None:
    """A number, None for what is none."""
    try:
        return PhoneNumber(value) if isinstance(value, str) else None
    except InvalidInput:
        return None


def address_of(value: object) -> Address | None:
    """Who sent or got a message: a number, or else a short code or a name. None for what is no text to be shown."""
    if not isinstance(value, str) or not value.strip() or not value.isprintable():
        return None
    return number_of(value) or OpaqueAddress(value)


def code_of(row: Mapping[str, Any]) -> int:
    """The error code of a row of the search, or of a callback's event; 0 for none."""
    code = row.get("errorCode")
    if isinstance(code, str) and _CODE.fullmatch(code):
        return int(code)
    return code if isinstance(code, int) and not isinstance(code, bool) else 0


def status_of(row: Mapping[str, Any]) -> Status:
    """How far a message is with the people of a row. A word that is not known says nothing."""
    if code_of(row) in NOBODY_KNOWS:
        return Status.UNKNOWN
    return _STATUS.get(str(row.get("messageStatus")).upper(), Status.UNKNOWN)


def ended(row: Mapping[str, Any]) -> bool:
    """Whether no more is to come of a row: it was delivered or failed, or the wait for a receipt is over."""
    status = status_of(row)
    over = code_of(row) in NOBODY_KNOWS or str(row.get("messageStatus")).upper() == "DLR_EXPIRED"
    return over if status is Status.UNKNOWN else status in (Status.DELIVERED, Status.FAILED)


def reason_of(row: Mapping[str, Any]) -> FailureReason | None:
    """Why it failed, None if it did not."""
    return failure(code_of(row)) if status_of(row) is Status.FAILED else None


def failure(code: int) -> FailureReason:
    """What an error code says of a failure."""
    return _REASON.get(code, FailureReason.OTHER)


def _error(kind: type[ProviderError], response: Response, words: str = "", **details: Any) -> ProviderError:
    body = response.fields
    said = [body.get("description") or body.get("error_description") or body.get("message") or body.get("error")]
    for field in _dicts(body.get("fieldErrors")):
        said.append(f"{field.get('fieldName')}: {field.get('description')}")
    quoted = [response.quote(each) for each in said if each]
    code = body.get("type") or body.get("error")
    return kind(
        f"Bandwidth refused it: {'; '.join([*filter(None, (words,)), *quoted]) or 'it does not say why'} "
        f"(HTTP {response.status})",
        status=response.status,
        code=str(code) if code else None,
        raw=body,
        **details,
    )


def _dicts(value: object) -> list[Mapping[str, Any]]:
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []
