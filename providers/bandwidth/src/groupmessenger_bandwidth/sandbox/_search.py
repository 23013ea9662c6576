"""The call that finds messages again: what became of them, never what they said (5)."""

from __future__ import annotations

import base64
import re
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from math import ceil
from typing import Any
from urllib.parse import urlencode

from groupmessenger.sandbox.face import Answer, Call

from ._account import Account, Message, Recipient, Stage
from ._refusals import Refused, refused
from ._schema import moment_of
from ._tokens import ACCOUNT_ID

FARTHEST = 10_000
REACH = timedelta(days=14)
_PERIOD = timedelta(minutes=5)
_NO_FILTERS = frozenset({"sort", "pageToken", "limit", "limitTotalCount"})
_NUMBER = re.compile(r"\+[1-9]\d{6,14}")
_PREFIX = re.compile(r"\+?\d+")
_MILLISECONDS = re.compile(r".*:\d\d\.\d{3}(Z|[+-]\d\d:\d\d)")
_NULLABLE = (
    "segmentCount",
    "carrierName",
    "messageSize",
    "messageLength",
    "attachmentCount",
    "recipientCount",
    "campaignClass",
)
# How far a status is on its way, the farthest behind first.
_ORDER = ("ACCEPTED", "QUEUED", "SENDING", "SENT", "FAILED", "DLR_EXPIRED", "DELIVERED", "RECEIVED")


class Search:
    """The call that searches, and its rate."""

    def __init__(self, account: Account, name: str) -> None:
        self.account = account
        self.name = name
        self.requests_per_5_minutes = 3500
        self._requests: deque[datetime] = deque()

    def listing(self, call: Call) -> Answer:
        """`GET /users/{account_id}/messages`."""
        self._hold_rate()
        query = dict(call.query)
        asked = {name: value for name, value in query.items() if name not in _NO_FILTERS}
        if not asked:
            raise _wrong("A search needs at least one filter")
        tests = [self._test(name, value) for name, value in asked.items()]
        rows = [row for row in self._rows() if all(test(row) for test in tests)]
        _sort(rows, query.get("sort"))
        limit, first = _count(query.get("limit")), _offset(query.get("pageToken"))
        if first + limit > FARTHEST:
            raise _wrong(f"A search goes no farther than {FARTHEST} messages")
        total = min(len(rows), FARTHEST) if query.get("limitTotalCount") == "true" else len(rows)
        pages: dict[str, str] = {}
        if first + limit < len(rows):
            pages |= self._page(call, "next", first + limit)
        if first:
            pages |= self._page(call, "prev", max(first - limit, 0))
        shown = [self._shown(row) for row in rows[first : first + limit]]
        return Answer(200, {"totalCount": total, "pageInfo": pages, "messages": shown})

    def _hold_rate(self) -> None:
        now = self.account.clock.now()
        while self._requests and self._requests[0] <= now - _PERIOD:
            self._requests.popleft()
        if len(self._requests) >= self.requests_per_5_minutes:
            again = self._requests[0] + _PERIOD - now if self._requests else _PERIOD
            headers = {"Retry-After": str(ceil(again.total_seconds()))}
            raise refused(429, "rate_limit_exceeded", "Too many searches; see Retry-After", headers)
        self._requests.append(now)

    # Rows

    def _rows(self) -> list[dict[str, Any]]:
        account, doubt = self.account, self.account.doubt
        earliest = account.clock.now() - REACH
        rows = [
            _row(message, recipients, account)
            for message in account.messages
            if earliest <= message.created
            if not message.vanished or doubt["vanished"] == "listed"
            for recipients in self._listed(message)
        ]
        return rows[::-1] if doubt["search_order"] == "newest_first" else rows

    def _listed(self, message: Message) -> list[tuple[Recipient, ...]]:
        """The rows of a message that are found by now, each as those it is of."""
        doubt, rows = self.account.doubt, self._grouped(message)
        age = (self.account.clock.now() - message.created).total_seconds()
        if age < doubt["search_lag"]:
            return []
        late = len(rows) > 1 and age < doubt["search_lag"] + doubt["search_row_lag"]
        return rows[:-1] if late else rows

    def _grouped(self, message: Message) -> list[tuple[Recipient, ...]]:
        if self.account.doubt["search_rows"] == "per_group":
            return [message.recipients]
        return [(recipient,) for recipient in message.recipients]

    def _shown(self, row: dict[str, Any]) -> dict[str, Any]:
        if self.account.doubt["nullable"] == "null":
            row |= dict.fromkeys(_NULLABLE)
        return {name: value for name, value in row.items() if not name.startswith("_")}

    def _page(self, call: Call, which: str, first: int) -> dict[str, str]:
        token = base64.urlsafe_b64encode(str(first).encode()).decode()
        query = urlencode({**call.query, "pageToken": token})
        link = f"http://{call.headers.get('host', 'localhost')}/{self.name}{call.path}?{query}"
        return {f"{which}Page": link, f"{which}PageToken": token}

    # Filters

    def _test(self, name: str, value: str) -> Callable[[dict[str, Any]], bool]:
        match name:
            case "messageId" | "messageStatus" | "messageDirection" | "messageType":
                return lambda row: row[name] == value
            case "errorCode":
                if not value.isdecimal():
                    raise _wrong("errorCode must be a whole number")
                return lambda row: row["errorCode"] == int(value)
            case "sourceTn":
                fits = _numbers(name, value)
                return lambda row: fits(row["sourceTn"])
            case "destinationTn":
                fits = _numbers(name, value)
                return lambda row: any(map(fits, row["_numbers"]))
            case "fromDateTime":
                moment = self._earliest(value)
                return lambda row: row["_at"] >= moment
            case "toDateTime":
                until = _moment(name, value)
                return lambda row: row["_at"] <= until
            case _:
                raise _wrong(f"{name} is not a filter here")

    def _earliest(self, value: str) -> datetime:
        moment = _moment("fromDateTime", value)
        if moment < self.account.clock.now() - REACH and self.account.doubt["search_far_back"] == "refused":
            raise _wrong("A search goes back 14 days")
        return moment


def _row(message: Message, recipients: Sequence[Recipient], account: Account) -> dict[str, Any]:
    """A row; the names with an underscore are for filters and are not shown."""
    stages = [recipient.last for recipient in recipients]
    match account.doubt["search_row_status"]:
        case "first":
            last = stages[0]
        case "best":
            last = max(stages, key=_way)
        case _:
            last = min(stages, key=_way)
    return {
        "messageId": message.id,
        "accountId": ACCOUNT_ID,
        "sourceTn": message.sender,
        "destinationTn": recipients[0].number,
        "messageStatus": last.status,
        "messageDirection": "OUTBOUND" if message.outbound else "INBOUND",
        "messageType": "mms" if message.mms else "sms",
        "segmentCount": message.segments,
        "errorCode": last.error_code,
        "receiveTime": account.instant(message.created),
        "carrierName": "other",
        "messageSize": len(message.text.encode()),
        "messageLength": len(message.text),
        "attachmentCount": len(message.media),
        "recipientCount": len(message.to),
        "campaignClass": None,
        "_at": message.created,
        "_numbers": tuple(recipient.number for recipient in recipients),
    }


def _way(stage: Stage) -> int:
    return _ORDER.index(stage.status)


def _wrong(description: str) -> Refused:
    return refused(400, "request-validation", description)


def _numbers(name: str, value: str) -> Callable[[str], bool]:
    """Up to 10 whole numbers, or the first 5 characters and more of one."""
    wanted = value.split(",")
    if len(wanted) > 10:
        raise _wrong(f"{name} takes at most 10 numbers")
    if all(map(_NUMBER.fullmatch, wanted)) and len(wanted) > 1:
        return lambda number: number in wanted
    if len(wanted) > 1 or not _PREFIX.fullmatch(value) or len(value) < 5:
        raise _wrong(f"{name} takes whole numbers in E.164, or the beginning of one")
    return lambda number: number.startswith(value)


def _moment(name: str, value: str) -> datetime:
    moment = moment_of(value)
    if moment is None or not _MILLISECONDS.fullmatch(value):
        raise _wrong(f"{name} must be a moment with milliseconds")
    return moment


def _count(value: str | None) -> int:
    if value is None:
        return 100
    if not value.isdecimal() or int(value) < 1:
        raise _wrong("limit must be a whole number from 1")
    return int(value)


def _offset(token: str | None) -> int:
    if token is None:
        return 0
    try:
        text = base64.urlsafe_b64decode(token).decode()
    except ValueError:
        text = ""
    if not text.isdecimal():
        raise _wrong("Nobody was given this pageToken")
    return int(text)


def _sort(rows: list[dict[str, Any]], sort: str | None) -> None:
    if sort is None:
        return
    field, _, direction = sort.partition(":")
    if field not in _SORTED or direction not in ("asc", "desc"):
        raise _wrong("sort is a field and asc or desc, with a colon between them")
    rows.sort(key=_SORTED[field], reverse=direction == "desc")


_SORTED: Mapping[str, Callable[[dict[str, Any]], Any]] = {
    "receiveTime": lambda row: row["_at"],
    "sourceTn": lambda row: row["sourceTn"],
    "destinationTn": lambda row: row["destinationTn"],
    "messageStatus": lambda row: row["messageStatus"],
    "messageId": lambda row: row["messageId"],
    "errorCode": lambda row: row["errorCode"],
}
