"""The calls that send: SMS and MMS, to numbers and to groups (4.1, 4.3)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

import attrs

from groupmessenger.sandbox.face import Answer, Call

from ._account import LINES, Account, new_id
from ._delivery import copies_of, keep
from ._fields import fields_of, moment_of, number_of, text_of, texts_of, whole_of
from ._objects import created_body
from ._parts import MOST_PARTS, is_gsm, length, mangled, parts
from ._records import Forced, Message, State
from ._refusals import INVALID, MISSING, NO_BALANCE, NOT_FOUND, Refused, Slip, invalid, missing
from ._reports import report

MOST_RECIPIENTS = 50
LONGEST_SUBJECT = 256
LONGEST_MMS = 2000
TYPES = ("sms", "binary", "flash")
DATACODINGS = ("plain", "unicode", "auto")

_ALPHANUMERIC = re.compile(r"(?=.*[A-Za-z])[A-Za-z0-9]{1,11}")
_URL = re.compile(r"https?://[^\s/?#]+\S*")
_STICKY = "inbox"  # lets the vendor choose a line, which this account has not set up


@attrs.frozen
class _To:
    """Whom a send names: numbers, what is no number, and groups."""

    numbers: tuple[str, ...]
    wrong: tuple[str, ...] = ()
    group_ids: tuple[str, ...] = ()


class Sending:
    """The calls that send."""

    def __init__(self, account: Account) -> None:
        self.account = account

    def sms(self, call: Call) -> Answer:
        """`POST /messages`: a private copy for everybody."""
        fields = fields_of(call)
        to = self._to(fields)
        recipients = self._recipients(to)
        self._check(to, recipients, sender=_is_sender(text_of(fields, "originator")))
        message = self._message("messages", fields, to, recipients)
        message.type = _choice(fields, "type", TYPES)
        self._encode(message, _choice(fields, "datacoding", DATACODINGS))
        message.report_url = _report_url(fields)
        message.validity = whole_of(fields, "validity")
        message.gateway = whole_of(fields, "gateway") or message.gateway
        message.type_details = fields.get("typeDetails") or {}
        mclass = whole_of(fields, "mclass")
        message.mclass = message.mclass if mclass is None else mclass
        return self._send(message)

    def mms(self, call: Call) -> Answer:
        """`POST /mms`: separate messages too, to numbers in the US and Canada alone."""
        fields = fields_of(call)
        if fields.get("groupIds"):
            raise invalid("groupIds")
        to = self._to(fields)
        recipients = self._recipients(to)
        self._check(to, recipients, sender=number_of(text_of(fields, "originator")) in LINES)
        if not all(number.startswith("+1") for number in recipients):
            raise invalid("recipient", "MMS is for numbers in the US and Canada")
        message = self._message("mms", fields, to, recipients)
        message.media = tuple(texts_of(fields, "mediaUrls", None))
        message.subject = text_of(fields, "subject") or None
        self._check_mms(message)
        message.text = "\n".join(text for text in (message.subject, message.body) if text)
        return self._send(message)

    # What is asked

    def _to(self, fields: dict[str, Any]) -> _To:
        account = self.account
        found = [(text, number_of(text)) for text in texts_of(fields, "recipients")]
        trial = account.trial_number
        wrong = tuple(text for text, number in found if number is None or trial not in (None, number))
        numbers = tuple(number for _, number in found if number is not None and trial in (None, number))
        group_ids = tuple(texts_of(fields, "groupIds"))
        if any(group_id not in account.groups for group_id in group_ids):
            if account.doubt["unknown_group"] == 404:
                raise Refused(404, Slip(NOT_FOUND, "group not found"))
            raise invalid("groupIds")
        return _To(numbers, wrong, group_ids)

    def _recipients(self, to: _To) -> list[str]:
        trial = self.account.trial_number
        return [number for number in self.account.recipients(to.numbers, to.group_ids) if trial in (None, number)]

    def _check(self, to: _To, recipients: Sequence[str], *, sender: bool) -> None:
        """One refusal says everything that is wrong with recipients and originator."""
        slips = list(_slips(self.account, to, recipients))
        if not sender:
            slips.append(Slip(INVALID, "originator is invalid", "originator"))
        if slips:
            raise Refused(422, *slips)

    def _message(self, kind: str, fields: dict[str, Any], to: _To, recipients: Sequence[str]) -> Message:
        originator, body = text_of(fields, "originator"), text_of(fields, "body")
        return Message(
            id=new_id(),
            kind=kind,
            outbound=True,
            originator=originator,
            sender=number_of(originator) or originator,
            body=body,
            text=body,
            created=self.account.now(),
            copies=copies_of(recipients),
            direct=to.numbers,
            group_ids=to.group_ids,
            reference=text_of(fields, "reference") or None,
            scheduled=_scheduled(fields),
        )

    def _encode(self, message: Message, datacoding: str) -> None:
        """Turn the body into what is sent, and count its parts."""
        if not message.body:
            raise missing("body")
        doubt, gsm = self.account.doubt, datacoding != "unicode"
        if datacoding == "auto":
            gsm = is_gsm(message.body)
        message.text = mangled(message.body) if datacoding == "plain" else message.body
        message.datacoding = datacoding
        if datacoding == "auto" and doubt["auto_datacoding"] == "resolved":
            message.datacoding = "plain" if gsm else "unicode"
        if doubt["body_stored"] == "mangled":
            message.body = message.text
        message.parts, message.length = parts(message.text, gsm=gsm), length(message.text, gsm=gsm)
        if message.parts > MOST_PARTS and doubt["long_body"] == "refused":
            raise invalid("body", f"body is longer than {MOST_PARTS} parts")

    def _check_mms(self, message: Message) -> None:
        most = self.account.doubt["most_media"]
        if not message.body and not message.media:
            raise missing("body")
        if len(message.body) > LONGEST_MMS:
            raise invalid("body")
        if message.subject and len(message.subject) > LONGEST_SUBJECT:
            raise invalid("subject")
        if not all(_URL.fullmatch(url) for url in message.media) or (most is not None and len(message.media) > most):
            raise invalid("mediaUrls")

    # What is done

    def _send(self, message: Message) -> Answer:
        account = self.account
        message.cost = message.parts * len(message.copies)
        if account.balance is not None and message.cost > account.balance:
            raise Refused(account.doubt["balance_status"], Slip(NO_BALANCE, "not enough balance"))
        forced = account.forced.popleft() if account.forced else None
        if forced is not None and not forced.done:
            return self._not_sent(message, forced)
        if account.balance is not None:
            account.balance -= message.cost
        keep(account, message)
        body = created_body(account, message)
        return Answer(201, body) if forced is None else Answer(forced.status, _forced(body, forced), done=True)

    def _not_sent(self, message: Message, forced: Forced) -> Answer:
        """The vendor took it and sent nothing. With a 2xx it can be read, and has failed."""
        failed = State("delivery_failed", message.created, None, "generic delivery failure")
        for copy in message.copies:
            copy.state = failed
        if forced.status < 300:
            self.account.messages[message.id] = message
            for copy in message.copies:
                report(self.account, message, copy, failed)
        return Answer(forced.status, _forced(created_body(self.account, message), forced), done=False)


def _is_sender(originator: str) -> bool:
    named = _ALPHANUMERIC.fullmatch(originator) is not None and originator != _STICKY
    return named or number_of(originator) in LINES


def _slips(account: Account, to: _To, recipients: Sequence[str]) -> Iterator[Slip]:
    """What is wrong with the recipients."""
    doubt = account.doubt
    empty_groups = to.group_ids and not account.recipients((), to.group_ids)
    sent_to_nobody = empty_groups and not to.wrong and doubt["empty_group"] == "accepted"
    if len(to.numbers) + len(to.wrong) > MOST_RECIPIENTS:
        yield Slip(INVALID, f"at most {MOST_RECIPIENTS} recipients", "recipient")
    elif (not recipients and not sent_to_nobody) or (to.wrong and doubt["wrong_recipient"] == "refused"):
        yield Slip(MISSING, "no (correct) recipients found", "recipient")
    sizes = [len(account.members(group_id)) for group_id in to.group_ids]
    if doubt["big_group"] == "refused" and any(size > MOST_RECIPIENTS for size in sizes):
        yield Slip(INVALID, f"a group has more than {MOST_RECIPIENTS} contacts", "groupIds")


def _choice(fields: dict[str, Any], name: str, choices: Sequence[str]) -> str:
    """One of these, the first unless another is given."""
    text = text_of(fields, name) or choices[0]
    if text not in choices:
        raise invalid(name)
    return text


def _report_url(fields: dict[str, Any]) -> str | None:
    url = text_of(fields, "reportUrl") or None
    if url is not None and not _is_url(url):
        raise invalid("reportUrl")
    return url


def _is_url(text: str) -> bool:
    try:
        _ = urlsplit(text).port  # which raises if it is none
    except ValueError:
        return False
    return _URL.fullmatch(text) is not None


def _scheduled(fields: dict[str, Any]) -> datetime | None:
    return moment_of(text_of(fields, "scheduledDatetime"), "scheduledDatetime")


def _forced(body: dict[str, Any], forced: Forced) -> dict[str, Any]:
    return dict(forced.fields) if forced.whole else body | dict(forced.fields)
