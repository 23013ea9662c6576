"""The calls that read messages and delete them (4.1)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from groupmessenger.sandbox.face import Answer, Call

from ._account import Account
from ._delivery import state
from ._fields import moment_of
from ._lists import page
from ._objects import message_body
from ._records import Message
from ._refusals import EMPTY, invalid, not_found

DIRECTIONS = ("mt", "mo")
STATUSES = frozenset({"scheduled", "sent", "buffered", "delivered", "expired", "delivery_failed"})  # 4.4


class Messages:
    """The calls that read messages of one kind, and delete them."""

    def __init__(self, account: Account, kind: str) -> None:
        self.account = account
        self.kind = kind

    def listing(self, call: Call) -> Answer:
        """`GET /messages`, the newest first. Some of its filters have no effect, as users report (3)."""
        wanted = self._filter(call) if self.account.doubt["list_filters"] == "honoured" else None
        found = [m for m in self.account.listed(self.kind) if wanted is None or wanted(m)]
        rows = [message_body(self.account, message) for message in found]
        return page(self.account, call, rows, f"/{self.kind}/")

    def read(self, call: Call) -> Answer:
        """`GET /messages/{id}`; a fresh one may not be there yet."""
        message = self._message(call)
        if self.account.now() < message.created + timedelta(seconds=float(self.account.doubt["read_lag"])):
            raise not_found("message")
        return Answer(200, message_body(self.account, message))

    def delete(self, call: Call) -> Answer:
        """`DELETE /messages/{id}`: forgets it; a scheduled one is never sent."""
        message = self._message(call)
        del self.account.messages[message.id]
        if message.waiting and self.account.balance is not None:
            self.account.balance += message.cost
        return EMPTY

    def _message(self, call: Call) -> Message:
        message = self.account.messages.get(call.parameters["message_id"])
        if message is None or not self.account.is_among(message, self.kind):
            raise not_found("message")
        return message

    def _filter(self, call: Call) -> Callable[[Message], bool]:
        account, given = self.account, {name: value.strip() for name, value in call.query.items()}
        direction, status = given.get("direction", ""), given.get("status", "")
        if direction not in ("", *DIRECTIONS):
            raise invalid("direction")
        if status not in ("", *STATUSES):
            raise invalid("status")
        originator, term = _bare(given.get("originator", "")), _bare(given.get("searchterm", ""))
        since, until = (moment_of(given.get(name, ""), name) for name in ("from", "until"))

        def wanted(message: Message) -> bool:
            created = message.created.replace(microsecond=0)
            # The term is looked for in numbers alone, not in what was written.
            places = [_bare(message.originator), *(_bare(copy.number) for copy in message.copies)]
            return (
                direction in ("", "mt" if message.outbound else "mo")
                and originator in ("", places[0])
                and (not status or status in [state(account, message, copy).status for copy in message.copies])
                and any(term in place for place in places)
                and (since is None or created >= since)
                and (until is None or created <= until)
            )

        return wanted


def _bare(number: str) -> str:
    """A number without the +, which a query may have turned into a space."""
    return number.strip().removeprefix("+")
