"""A message's way to each of its recipients: what phones show, and the stages that are told of it."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from functools import partial

from groupmessenger.sandbox.phones import Inbound, Shown, Thread

from ._account import Account, Message, Recipient, Stage
from ._webhooks import Webhooks

# The vendor names no times but the last; "seconds" is all that is known of the others.
SENDING_AFTER = timedelta(seconds=1)
SENT_AFTER = timedelta(seconds=2)
DELIVERED_AFTER = timedelta(seconds=5)
TIMED_OUT_AFTER = timedelta(hours=73)  # since July 2026 (0)

# Error codes (6)
MALFORMED = 4303
EXPIRED = 4360
TO_ITSELF = 4401
COUNTRY = 4432
NO_MMS = 4700
LANDLINE = 4720
TIMED_OUT = 9902

_LOOK_AGAIN_AFTER = timedelta(hours=1)
_NORTH_AMERICAN = re.compile(r"\+1([2-9]\d\d){2}\d{4}")


class Delivery:
    """Takes messages to phones, and keeps the stages and tells of them."""

    def __init__(self, account: Account, webhooks: Webhooks) -> None:
        self.account = account
        self.webhooks = webhooks

    def dispatch(self, message: Message, failure: int = 0) -> None:
        """Take a message to everybody it is for, or fail for all of them.

        Phones show it at once, whatever waits in the queue, while its stages come by the clock: they lag in life
        too, and a test need not wait to see what people see.
        """
        self.account.messages.append(message)
        thread = None
        if not failure:
            thread = self.account.network.thread({message.line, *message.to})
            message.thread_id = thread.id
        for recipient in message.recipients:
            code = failure or self._failure(message, recipient.number)
            if thread is not None and not code:
                self._hand_over(message, thread, recipient.number)
            self._plan(message, recipient, code)

    def _failure(self, message: Message, number: str) -> int:
        """Why a recipient cannot have it, 0 if nothing is in the way."""
        network = self.account.network
        if number == message.line:
            return TO_ITSELF
        if number.startswith("+1") and not _NORTH_AMERICAN.fullmatch(number):
            return MALFORMED
        if message.mms and not number.startswith("+1") and self.account.doubt["foreign_member"] == "4432":
            return COUNTRY
        if number in network.lines:
            return 0
        phone = network.phones[number]
        if phone.landline:
            return LANDLINE
        return NO_MMS if message.mms and not phone.mms else 0

    def _hand_over(self, message: Message, thread: Thread, number: str) -> None:
        # Not Network.post: a group's text without media is an MMS all the same, and not everybody may get it.
        network = self.account.network
        shown = Shown(message.line, message.text, message.media, message.created)
        if number in network.lines:
            network.lines[number](Inbound(number, thread, shown.sender, shown.text, shown.media, shown.at))
        else:
            network.phones[number].receive(thread, shown)

    def _plan(self, message: Message, recipient: Recipient, code: int) -> None:
        """Plan the stages. What Bandwidth stops itself is never sent; carriers fail what they were sent (6)."""
        created = message.created
        if not code or code // 100 == 47:
            self._later(message, recipient, "SENDING", created + SENDING_AFTER)
            self._later(message, recipient, "SENT", created + SENT_AFTER)
        ends = created + DELIVERED_AFTER
        if code == EXPIRED and message.expiration is not None:
            ends = max(message.expiration, created)
        if not code:
            self._look(message, recipient, ends, created + TIMED_OUT_AFTER)
            return
        self._later(message, recipient, "FAILED", ends, code)
        if code in (MALFORMED, LANDLINE) and self.account.doubt["invalid_number"] == "failed_then_delivered":
            self._later(message, recipient, "DELIVERED", ends + timedelta(seconds=1))

    def _later(self, message: Message, recipient: Recipient, status: str, at: datetime, code: int = 0) -> None:
        self.account.clock.at(at, partial(self._reach, message, recipient, Stage(status, at, code)))

    def _look(self, message: Message, recipient: Recipient, at: datetime, until: datetime) -> None:
        self.account.clock.at(at, partial(self._seen, message, recipient, at, until))

    def _seen(self, message: Message, recipient: Recipient, at: datetime, until: datetime) -> None:
        """Tell of the delivery if the phone is on; look again until the carrier's receipt is given up (0)."""
        network = self.account.network
        if recipient.number in network.lines or network.phones[recipient.number].on:
            self._reach(message, recipient, Stage("DELIVERED", at))
        elif at >= until:
            self._reach(message, recipient, Stage(self.account.doubt["timeout_status"], at, TIMED_OUT))
        else:
            self._look(message, recipient, min(at + _LOOK_AGAIN_AFTER, until), until)

    def _reach(self, message: Message, recipient: Recipient, stage: Stage) -> None:
        """Keep a stage, and tell of it: the one place where a recipient's history grows."""
        recipient.stages.append(stage)
        self.webhooks.reached(message, recipient, stage)
