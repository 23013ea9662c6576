"""The face: which calls MessageBird serves, and who may make them."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

import attrs

from groupmessenger.sandbox.clock import Clock
from groupmessenger.sandbox.face import Answer, Call, Face, Handler, Route
from groupmessenger.sandbox.phones import Network

from ._account import ACCESS_KEY, LINE, SECOND_LINE, TEST_KEY, Account
from ._contacts import Contacts
from ._doubts import DOUBTS
from ._groups import Groups
from ._inbound import listen
from ._keys import key_of
from ._messages import Messages
from ._records import Contact, Forced, Group, Message
from ._refusals import BAD_REQUEST, Refused, Slip
from ._sending import Sending
from ._signing import SIGNING_KEY

CALLS = (
    ("POST", "/groups", "create_group"),
    ("GET", "/groups", "list_groups"),
    ("GET", "/groups/{group_id}", "get_group"),
    ("PATCH", "/groups/{group_id}", "rename_group"),
    ("DELETE", "/groups/{group_id}", "delete_group"),
    ("GET", "/groups/{group_id}/contacts", "list_members"),
    ("PUT", "/groups/{group_id}/contacts", "add_members"),
    ("DELETE", "/groups/{group_id}/contacts/{contact_id}", "remove_member"),
    ("POST", "/contacts", "create_contact"),
    ("GET", "/contacts", "list_contacts"),
    ("GET", "/contacts/{contact_id}", "get_contact"),
    ("PATCH", "/contacts/{contact_id}", "update_contact"),
    ("DELETE", "/contacts/{contact_id}", "delete_contact"),
    ("GET", "/contacts/{contact_id}/groups", "contact_groups"),
    ("GET", "/contacts/{contact_id}/messages", "contact_messages"),
    ("POST", "/messages", "send"),
    ("GET", "/messages", "list_messages"),
    ("GET", "/messages/{message_id}", "get_message"),
    ("DELETE", "/messages/{message_id}", "delete_message"),
    ("POST", "/mms", "send_mms"),
    ("GET", "/mms", "list_mms"),
    ("GET", "/mms/{message_id}", "get_mms"),
    ("DELETE", "/mms/{message_id}", "delete_mms"),
    ("GET", "/balance", "balance"),
)


class MessageBirdFace(Face):
    """MessageBird, with one account of two lines that can do SMS and MMS.

    `requests_per_second` is how many calls are served within a second, None for any number; `balance` how many parts
    can still be paid for; `trial_number` the only number that may be texted. A test may set them.
    """

    name = "messagebird"
    doubts = DOUBTS

    LINE = LINE
    SECOND_LINE = SECOND_LINE
    ACCESS_KEY = ACCESS_KEY
    TEST_KEY = TEST_KEY
    SIGNING_KEY = SIGNING_KEY

    def __init__(self, network: Network, clock: Clock, doubts: Mapping[str, Any]) -> None:
        super().__init__(network, clock, doubts)
        self.account = Account(network, clock, self.doubt)
        listen(self.account)
        self.requests_per_second: int | None = None
        self._calls: deque[datetime] = deque()

    def settings(self, base_url: str) -> dict[str, Any]:
        """What a connection to the first line needs."""
        return {
            "line": LINE,
            "access_key": ACCESS_KEY,
            "signing_keys": [SIGNING_KEY],
            "other_lines": [SECOND_LINE],
            "base_url": base_url,
            "settle_after": 0,
        }

    def calls(self, url: str | None) -> None:
        """Set the URL of both numbers, and of status reports that have none of their own."""
        super().calls(url)
        self.account.callback_url = url

    def routes(self) -> Iterable[Route]:
        """The calls that have to do with groups, contacts and messages."""
        return [Route(method, path, operation, self._guarded(operation)) for method, path, operation in CALLS]

    def not_found(self, call: Call) -> Answer:
        """What is said to a path that is not served, such as the one the official SDK adds members with (2)."""
        try:
            key_of(call, self.doubt["wrong_key"])
        except Refused as refusal:
            return refusal.answer
        return Refused(404, Slip(self.doubt["unknown_path"], "resource not found")).answer

    # For tests

    @property
    def groups(self) -> dict[str, Group]:
        """The groups by id."""
        return self.account.groups

    @property
    def contacts(self) -> dict[str, Contact]:
        """The contacts by id."""
        return self.account.contacts

    @property
    def messages(self) -> list[Message]:
        """Every message in and out that was not deleted, the oldest first."""
        return list(self.account.messages.values())

    @property
    def balance(self) -> int | None:
        """How many parts can still be paid for, None for any number."""
        return self.account.balance

    @balance.setter
    def balance(self, value: int | None) -> None:
        self.account.balance = value

    @property
    def trial_number(self) -> str | None:
        """The only number that may be texted, None if all may."""
        return self.account.trial_number

    @trial_number.setter
    def trial_number(self, value: str | None) -> None:
        self.account.trial_number = value

    def answer_next(
        self, body_fields: Mapping[str, Any], status: int = 201, *, done: bool = True, whole: bool = False
    ) -> None:
        """Say what the next send that breaks no rule answers, and whether it is sent all the same.

        `body_fields` lie over the usual message object, or are the `whole` body. A message that is not `done`
        reaches nobody; with a 2xx it can be read, and has failed.
        """
        self.account.forced.append(Forced(dict(body_fields), status, done, whole))

    # Serving

    def _guarded(self, operation: str) -> Handler:
        """The handler of an operation, behind the check of the key and of the rate."""

        def guarded(call: Call) -> Answer:
            try:
                key = key_of(call, self.doubt["wrong_key"])
                self._hold_rate()
                if key == ACCESS_KEY:
                    return _handlers(self.account)[operation](call)
                answer = _handlers(self.account.aside())[operation](call)
            except Refused as refusal:
                return refusal.answer
            # A test key is told of success, but nothing was done unless contacts and groups are real to it.
            real = self.doubt["test_key"] == "all" and call.path.startswith(("/contacts", "/groups"))
            return answer if call.method == "GET" or real else attrs.evolve(answer, done=False)

        return guarded

    def _hold_rate(self) -> None:
        now = self.clock.now()
        while self._calls and self._calls[0] <= now - timedelta(seconds=1):
            self._calls.popleft()
        if self.requests_per_second is not None and len(self._calls) >= self.requests_per_second:
            after = self.doubt["retry_after"]
            headers = {} if after is None else {"Retry-After": str(after)}
            raise Refused(429, Slip(BAD_REQUEST, "too many requests"), headers=headers)
        self._calls.append(now)


def _handlers(account: Account) -> dict[str, Handler]:
    """The calls as one account serves them."""
    groups, contacts, sending = Groups(account), Contacts(account), Sending(account)
    messages, mms = Messages(account, "messages"), Messages(account, "mms")
    return {
        "create_group": groups.create,
        "list_groups": groups.listing,
        "get_group": groups.read,
        "rename_group": groups.rename,
        "delete_group": groups.delete,
        "list_members": groups.members,
        "add_members": groups.add,
        "remove_member": groups.remove,
        "create_contact": contacts.create,
        "list_contacts": contacts.listing,
        "get_contact": contacts.read,
        "update_contact": contacts.update,
        "delete_contact": contacts.delete,
        "contact_groups": contacts.groups,
        "contact_messages": contacts.messages,
        "send": sending.sms,
        "list_messages": messages.listing,
        "get_message": messages.read,
        "delete_message": messages.delete,
        "send_mms": sending.mms,
        "list_mms": mms.listing,
        "get_mms": mms.read,
        "delete_mms": mms.delete,
        "balance": lambda call: _balance(account),
    }


def _balance(account: Account) -> Answer:
    """`GET /balance`: an account without a limit pays afterwards."""
    if account.balance is None:
        return Answer(200, {"payment": "postpaid", "type": "credits", "amount": 0})
    return Answer(200, {"payment": "prepaid", "type": "credits", "amount": account.balance})
