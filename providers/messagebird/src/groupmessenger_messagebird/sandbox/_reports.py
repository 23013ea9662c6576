"""Status reports: a GET for each recipient and status of a message that has a reference (5.1)."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import quote, urlencode

from groupmessenger.sandbox.callbacks import Outgoing

from ._account import Account
from ._calling import call, extended
from ._records import FINAL, MCCMNC, Copy, Message, State, digits, instant

_TOLD = ("id", "recipient", "status")  # all that may be relied on


def report(account: Account, message: Message, copy: Copy, said: State) -> None:
    """Tell what has become of a copy, once for each recipient and status."""
    pair = (copy.number, said.status)
    if pair in message.told:
        return
    message.told.add(pair)
    url = _url(account, message)
    if url is None or (said.status not in FINAL and account.doubt["reported"] == "final"):
        return
    query = _query(account, dict(_values(message, copy, said)))
    signed = bool(account.doubt["reports_signed"])
    call(account, f"report {said.status}", Outgoing("GET", extended(url, query)), signed=signed)


def _url(account: Account, message: Message) -> str | None:
    """Where the reports of a message go: the account's URL unless it has its own, which an MMS never has."""
    if not account.real or not message.reference:
        return None
    if message.kind == "mms":
        return account.callback_url if account.doubt["mms_reports"] else None
    return message.report_url or account.callback_url


def _values(message: Message, copy: Copy, said: State) -> Iterator[tuple[str, str]]:
    if message.kind == "messages":
        yield "datacoding", message.datacoding
    yield "id", message.id
    yield "mccmnc", MCCMNC
    if message.kind == "messages":
        yield "messageLength", str(message.length)
        yield "messagePartCount", str(message.parts)
    yield "ported", "0"
    yield "price[amount]", f"{message.price:.3f}"
    yield "price[currency]", "USD"
    yield "recipient", str(digits(copy.number))
    yield "reference", message.reference or ""
    yield "status", said.status
    yield "statusDatetime", instant(said.since) or ""
    if said.code is not None:
        yield "statusErrorCode", str(said.code)
    if said.reason:
        yield "statusReason", said.reason


def _query(account: Account, values: dict[str, str]) -> str:
    if account.doubt["report_fields"] == "bare":
        values = {name: values[name] for name in _TOLD}
    if account.doubt["report_plus"] == "escaped":
        return urlencode(values)
    # Only the time is written as it stands, and then a form decoder takes its + for a space.
    return "&".join(
        f"{quote(name, safe='')}={quote(value, safe=':+' if name == 'statusDatetime' else '')}"
        for name, value in values.items()
    )
