"""What Sendblue calls: webhooks with what came in, and with what became of messages (3, 4)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from groupmessenger.sandbox.callbacks import Answered, Outgoing, Talk

from ._account import DELIVERED_AFTER, SENT_AFTER, Account, instant
from ._messages import callback_body
from ._records import Message
from ._webhooks import Webhooks

PROVIDER = "sendblue"
TIMEOUT = 45.0  # seconds a receiver has for its answer
PAUSES = (10.0, 60.0, 300.0)  # seconds before each of three retries; their number is published, they are not
LOOK_AGAIN = timedelta(hours=1)  # while a message waits for a phone that is off
GIVE_UP = timedelta(days=30)


class Calling:
    """Tells receivers what happens. Everything is called under the network's lock, and only planned there."""

    def __init__(self, account: Account, webhooks: Webhooks) -> None:
        self.account = account
        self.webhooks = webhooks

    def kept(self, message: Message) -> None:
        """Tell of a message that the account has now: at once if it came in, else whenever its status changes."""
        if message.outbound:
            self._look(message)
        else:
            self._receive(message)

    def typing(self, contact: str, line: str, *, typing: bool) -> None:
        """Tell that somebody types to a line, or has stopped."""
        number, other = (contact, line) if self.account.doubt["typing_number"] == "contact" else (line, contact)
        body = {
            "number": number,
            "from_number": other,
            "is_typing": typing,
            "timestamp": instant(self.account.clock.now()),
        }
        for webhook in self.webhooks.of("typing_indicator"):
            self._call("typing_indicator", webhook.url, webhook.secret, body)

    def _receive(self, message: Message) -> None:
        body = callback_body(self.account, message)
        for webhook in self.webhooks.of("receive", message.line):
            self._call("receive", webhook.url, webhook.secret, body)

    # Status

    def _look(self, message: Message) -> None:
        """Tell the status if it is another one than before, and plan the next look unless it is the last."""
        status = self.account.status(message)[0]
        if status != message.told:
            message.told = status
            self._tell(message, status)
        if (moment := self._next_look(message)) is not None:
            self.account.clock.at(moment, partial(self._look, message))

    def _next_look(self, message: Message) -> datetime | None:
        account, now = self.account, self.account.clock.now()
        if account.final(message) or now > message.created + GIVE_UP:
            return None
        moments = (message.created + SENT_AFTER, message.created + DELIVERED_AFTER, now + LOOK_AGAIN)
        return next(moment for moment in moments if moment > now)

    def _tell(self, message: Message, status: str) -> None:
        doubt = self.account.doubt
        body = callback_body(self.account, message)
        if status == "QUEUED" and not self.account.fixed(message):
            if doubt["first_status"] == "none":
                return
            body["status"] = status = doubt["first_status"]
        if message.status_callback:
            secret = self.webhooks.secret if doubt["status_callback_secret"] else None
            self._call(f"status_callback {status}", message.status_callback, secret, body)
        if not message.status_callback or doubt["both_callbacks"] == "both":
            for webhook in self.webhooks.of("outbound"):
                self._call(f"outbound {status}", webhook.url, webhook.secret, body)
        if status == "SENT" and doubt["own_echo"] == "all":
            self._receive(message)

    # On the wire

    def _call(self, what: str, url: str, secret: str | None, body: Mapping[str, Any]) -> None:
        headers = {"content-type": "application/json"} | ({"sb-signing-secret": secret} if secret else {})
        outgoing = Outgoing("POST", url, headers, json.dumps(body).encode())
        pauses = PAUSES if self.account.doubt["forty_five_seconds"] == "time_out" else (TIMEOUT,) * len(PAUSES)
        self.account.network.callbacks.call(
            PROVIDER, what, partial(self._talk, outgoing), again=pauses, timeout=TIMEOUT
        )

    def _talk(self, outgoing: Outgoing) -> Talk:
        answered = yield outgoing
        return self._content(answered)

    def _content(self, answered: Answered) -> bool | None:
        """Whether it leaves it at that. What nobody answered is tried again in every reading: dead URLs are (4)."""
        if answered.ok or self.account.doubt["retried"] == "not_2xx":
            return answered.ok
        return None if answered.status is not None and answered.status < 500 else False
