"""Message objects as Sendblue writes them, and the calls that read them."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from groupmessenger.sandbox.face import Answer, Call

from ._account import ACCOUNT_EMAIL, SEAT, SEAT_EMAIL, Account, instant
from ._records import Message
from ._refusals import refused

STATUSES = frozenset(
    "REGISTERED PENDING SENT DELIVERED RECEIVED QUEUED ERROR DECLINED ACCEPTED SUCCESS".split()  # noqa: SIM905
)
DEFAULT_LIMIT = 50  # not said anywhere; the vendor's own example of polling takes 50
MOST = 1000  # asking for more gives this many (3)
FARTHEST = 10_000  # the vendor's CLI goes no farther (3)
EARLIEST, LATEST = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)
_NEWER = frozenset({"error_key", "seat_id", "sender_email", "reply_to", "thread_originator"})
_ORDERS = {"createdAt": 0, "created_at": 0, "updatedAt": 1, "updated_at": 1, "sentAt": 0, "sent_at": 0}


def row(account: Account, message: Message) -> dict[str, Any]:
    """A message as lists have it."""
    status, since = account.status(message)
    group, fixed = message.group, account.fixed(message)
    content = message.content
    participants: list[str] = []
    if message.to_group:
        with_line = not message.outbound or account.doubt["line_in_participants"]
        participants = sorted({*message.others, *([message.line] if with_line else [])})
    # The SDK types these as one text for groups too; the first of the people is a guess at what it holds.
    to = next(iter(message.others), None) if message.outbound else message.line
    found = {
        "accountEmail": ACCOUNT_EMAIL,
        "content": content.strip() if account.doubt["content_stored"] == "trimmed" else content,
        "is_outbound": message.outbound,
        "status": status,
        "error_code": fixed.get("error_code"),
        "error_message": fixed.get("error_message"),
        "error_reason": fixed.get("error_reason"),
        "error_detail": fixed.get("error_detail"),
        "error_key": fixed.get("error_key"),
        "message_handle": message.handle,
        "date_sent": instant(message.created),
        "date_updated": instant(since),
        "from_number": message.sender,
        "number": to if message.outbound else message.sender,
        "to_number": to,
        "sendblue_number": message.line,
        "was_downgraded": None,  # null is common, whatever happened (3)
        "plan": "dedicated",
        "media_url": message.media_url,
        "message_type": "group" if message.to_group else "message",
        "group_id": group.id if group else "",
        "group_display_name": group.thread.name if group else None,
        "participants": participants,
        "send_style": message.style,
        "opted_out": message.opted_out,
        "service": "iMessage" if message.imessage else "SMS",
        "seat_id": SEAT if message.by_seat else None,
        "sender_email": SEAT_EMAIL if message.by_seat else None,
        "reply_to": message.reply_to,
        "thread_originator": message.reply_to and {"message_handle": message.reply_to["message_handle"]},
    }
    return found | ({"media_urls": list(message.media_urls)} if message.media_urls else {})


def answer_body(account: Account, message: Message) -> dict[str, Any]:
    """A message as sends and the status call answer it: one object for a whole group (2.2)."""
    doubt = account.doubt
    body = row(account, message)
    body[doubt["email_key"]] = body.pop("accountEmail")
    body[doubt["date_key"]] = body.pop("date_sent")
    _address(account, message, body)
    return body


def callback_body(account: Account, message: Message) -> dict[str, Any]:
    """A message as callbacks have it: what was seen live, and newer fields only where they say something (4)."""
    doubt = account.doubt
    body = {name: value for name, value in row(account, message).items() if value is not None or name not in _NEWER}
    body["send_style"] = body["send_style"] or ""
    body["group_display_name"] = body["group_display_name"] or {"empty": "", "null": None}[doubt["unnamed_group"]]
    if not message.imessage:
        body["service"] = doubt["sms_word"]
    if message.outbound:
        _address(account, message, body)
        hide_group_id(account, message, body)
    elif message.to_group:
        if doubt["received_group_id"] == "empty":
            body["group_id"] = ""
        else:  # seen only together with an id: without either nothing would say that it is a group
            body["message_type"] = doubt["group_message_type"]
    elif doubt["private_participants"] == "contact_and_line":
        body["participants"] = [message.sender, message.line]
    return body


def hide_group_id(account: Account, message: Message, body: dict[str, Any]) -> None:
    """Leave out the group's id where a send does not tell it."""
    if message.to_group and account.doubt["group_id"] == "absent":
        del body["group_id"]
    elif message.to_group and account.doubt["group_id"] == "empty":
        body["group_id"] = ""


def _address(account: Account, message: Message, body: dict[str, Any]) -> None:
    """Write whom a group's message goes to: it varies (2.2)."""
    form = account.doubt["number_field"]
    if not (message.to_group and message.outbound) or form == "string":
        return
    if form == "array":
        body["number"] = body["to_number"] = list(message.others)
    else:
        del body["number"], body["to_number"]


class Reading:
    """The calls that read messages."""

    def __init__(self, account: Account) -> None:
        self.account = account
        self._lists: deque[datetime] = deque()

    def status(self, call: Call) -> Answer:
        """`GET /api/status?handle=`."""
        handle = call.query.get("handle", "")
        if not handle:
            raise refused("missing required parameter: handle")
        return Answer(200, answer_body(self.account, self._found(handle)))

    def message(self, call: Call) -> Answer:
        """`GET /api/v2/messages/{message_id}`; integrators pass the handle (3)."""
        found = self._found(call.parameters["message_id"])
        return Answer(200, {"status": "OK", "data": row(self.account, found)})

    def _found(self, handle: str) -> Message:
        found = self.account.find(handle)
        if found is None:
            raise refused("Message not found", 404)
        return found

    def listing(self, call: Call) -> Answer:
        """`GET /api/v2/messages`."""
        account, query = self.account, call.query
        self._hold_rate()
        limit = min(_count(query.get("limit"), DEFAULT_LIMIT), MOST)
        offset = _count(query.get("offset"), 0)
        if offset > FARTHEST:
            raise refused(f"offset must not exceed {FARTHEST}")
        order = _ORDERS.get(query.get("order_by", "createdAt"))
        direction = query.get("order_direction", "desc")
        if order is None or direction not in ("asc", "desc"):
            raise refused("Invalid order")
        wanted = self._filter(call)
        listed_by = account.clock.now() - timedelta(seconds=float(account.doubt["list_lag"]))
        rows = [message for message in account.messages if message.created <= listed_by and wanted(message)]
        rows.sort(
            key=lambda message: (message.created, account.status(message)[1])[order],
            reverse=direction == "desc",
        )
        page = rows[offset : offset + limit]
        return Answer(
            200,
            {
                "status": "OK",
                "data": [row(account, message) for message in page],
                "pagination": {
                    "total": len(rows),
                    "limit": limit,
                    "offset": offset,
                    "hasMore": offset + len(page) < len(rows),
                },
            },
        )

    def _hold_rate(self) -> None:
        now = self.account.clock.now()
        while self._lists and self._lists[0] <= now - timedelta(seconds=10):
            self._lists.popleft()
        if len(self._lists) >= self.account.limits.lists_per_ten_seconds:
            raise refused("Too many requests", 429)
        self._lists.append(now)

    def _filter(self, call: Call) -> Callable[[Message], bool]:
        account = self.account
        given = {name: value for name, value in call.query.items() if value}
        for name, choices in _CHOICES.items():
            if given.get(name, "") not in ("", *choices):
                raise refused(f"Invalid {name}")
        texts = [(value_of, given[name]) for name, value_of in _TEXTS.items() if name in given]
        spans = [
            (moment_of, _moment(given.get(f"{name}_gte"), EARLIEST), _moment(given.get(f"{name}_lte"), LATEST))
            for name, moment_of in _MOMENTS.items()
            if name != "created_at" or account.doubt["created_filter"] == "honoured"
        ]

        def wanted(message: Message) -> bool:
            return all(value in value_of(account, message) for value_of, value in texts) and all(
                since <= moment_of(account, message) <= until for moment_of, since, until in spans
            )

        return wanted


def _to(message: Message) -> tuple[str, ...]:
    return message.others if message.outbound else (message.line,)


_CHOICES: dict[str, frozenset[str]] = {
    "message_type": frozenset({"message", "group"}),
    "is_outbound": frozenset({"true", "false"}),
    "service": frozenset({"iMessage", "SMS", "RCS"}),
    "status": STATUSES,
}
_TEXTS: dict[str, Callable[[Account, Message], tuple[str, ...]]] = {
    "group_id": lambda _, message: (message.group.id,) if message.group else (),
    "message_type": lambda _, message: ("group" if message.to_group else "message",),
    "is_outbound": lambda _, message: ("true" if message.outbound else "false",),
    "service": lambda _, message: ("iMessage" if message.imessage else "SMS",),
    "status": lambda account, message: (account.status(message)[0],),
    "from_number": lambda _, message: (message.sender,),
    "to_number": lambda _, message: _to(message),
    "number": lambda _, message: (message.sender, *_to(message)),
    "sendblue_number": lambda _, message: (message.line,),
    "account_email": lambda _, __: (ACCOUNT_EMAIL,),
}
_MOMENTS: dict[str, Callable[[Account, Message], datetime]] = {
    "created_at": lambda _, message: message.created,
    "sent_at": lambda _, message: message.created,
    "updated_at": lambda account, message: account.status(message)[1],
}


def _count(value: str | None, default: int) -> int:
    if not value:
        return default
    if not value.isdecimal():
        raise refused("limit and offset must be whole numbers")
    return int(value)


def _moment(value: str | None, default: datetime) -> datetime:
    if not value:
        return default
    try:
        moment = datetime.fromisoformat(value)
    except ValueError as error:
        raise refused("Invalid date") from error
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
