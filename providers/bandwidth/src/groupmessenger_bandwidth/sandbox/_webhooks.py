"""The application's callbacks: where they go, how they show who they are, and when they come again (3)."""

from __future__ import annotations

import base64
import json
from collections.abc import Collection
from datetime import timedelta
from functools import partial
from typing import Any

from groupmessenger.sandbox.callbacks import Answered, Outgoing, Talk

from . import _events
from ._account import Account, Message, Recipient, Stage

WEBHOOK_USER = "sandbox-webhook-user"
WEBHOOK_PASSWORD = "sandbox-webhook-password"  # noqa: S105 - known to everybody, it opens nothing

WITHIN = 10.0  # seconds that a receiver has
# The vendor says "every few minutes" for 24 hours; five are our choice.
RETRIED_EVERY = timedelta(minutes=5)
RETRIED_FOR = timedelta(hours=24)
GATHERED_FOR = timedelta(seconds=1)  # where several events come in one list; our choice too

_JSON = "application/json; charset=utf-8"
_USER_AGENT = "BandwidthAPI/v2"
_USUAL = frozenset({_events.SENDING, _events.DELIVERED, _events.FAILED})
_PROGRESS = frozenset({_events.SENDING, _events.SENT})


class Webhooks:
    """What is set for the application in the dashboard, and the calls that follow from it.

    `inbound_url` and `outbound_url` are None for no callbacks; `credentials` are a user name and a password, None for
    none. Of what becomes of messages, the types in `requested_types` are told alone.
    """

    def __init__(self, account: Account, provider: str) -> None:
        self.inbound_url: str | None = None
        self.outbound_url: str | None = None
        self.credentials: tuple[str, str] | None = (WEBHOOK_USER, WEBHOOK_PASSWORD)
        self.requested_types: Collection[str] = _USUAL
        self._account = account
        self._provider = provider
        self._gathered: dict[str, list[dict[str, Any]]] = {}
        self._told: set[tuple[str, str]] = set()

    def reached(self, message: Message, recipient: Recipient, stage: Stage) -> None:
        """Tell how far a message is with one recipient."""
        kind = _events.type_of(stage)
        if kind in self.requested_types and not self._silent(message, kind):
            self._tell(self.outbound_url, _events.reached(self._account, message, recipient, stage))

    def received(self, message: Message) -> None:
        """Tell of a message that came in."""
        self._tell(self.inbound_url, _events.received(self._account, message))

    def _silent(self, message: Message, kind: str) -> bool:
        doubt = self._account.doubt
        if kind == _events.SENDING and (not message.mms or doubt["message_sending"] == "off"):
            return True
        if kind in _PROGRESS and doubt["progress_callbacks"] == "per_group":
            known = (message.id, kind) in self._told
            self._told.add((message.id, kind))
            return known
        return False

    def _tell(self, url: str | None, event: dict[str, Any]) -> None:
        doubt = self._account.doubt
        if url is None:
            return
        if doubt["callback_events"] == "one" or doubt["callback_body"] == "object":
            self._call(url, [event])
            return
        gathered = self._gathered.setdefault(url, [])
        if not gathered:
            clock = self._account.clock
            clock.at(clock.now() + GATHERED_FOR, partial(self._call_gathered, url))
        gathered.append(event)

    def _call_gathered(self, url: str) -> None:
        self._call(url, self._gathered.pop(url))

    def _call(self, url: str, events: list[dict[str, Any]]) -> None:
        what = ", ".join(dict.fromkeys(event["type"] for event in events))
        again = [RETRIED_EVERY.total_seconds()] * (RETRIED_FOR // RETRIED_EVERY)
        talk = partial(self._talk, url, events)
        self._account.network.callbacks.call(self._provider, what, talk, again=again, timeout=WITHIN)

    def _talk(self, url: str, events: list[dict[str, Any]]) -> Talk:
        """One try: without credentials, and with them at once when the receiver asks."""
        doubt, body = self._account.doubt, self._body(events)
        usual = {"Content-Type": _JSON, "User-Agent": _USER_AGENT}
        shown = self._shown(usual)
        if doubt["first_leg_credentials"] == "given":
            return (yield Outgoing("POST", url, shown or usual, body)).ok
        first = b"" if doubt["first_leg_body"] == "empty" else body
        answered: Answered = yield Outgoing("POST", url, usual, first)
        if answered.status == 401 and not _asks(answered) and doubt["bare_401"] == "dropped":
            return None  # the papers say that it is lost, and nothing of other tries
        elif answered.status == 401 and _asks(answered) and shown is not None:
            answered = yield Outgoing("POST", url, shown, body)
        return answered.ok

    def _shown(self, usual: dict[str, str]) -> dict[str, str] | None:
        """The headers with the credentials, None if there are none."""
        if self.credentials is None:
            return None
        return usual | {"Authorization": "Basic " + base64.b64encode(":".join(self.credentials).encode()).decode()}

    def _body(self, events: list[dict[str, Any]]) -> bytes:
        doubt, clock = self._account.doubt, self._account.clock
        if doubt["retried_time"] == "new":
            events = [{**event, "time": self._account.instant(clock.now())} for event in events]
        return json.dumps(events[0] if doubt["callback_body"] == "object" else events).encode()


def _asks(answered: Answered) -> bool:
    """Whether a receiver asks for a user name and a password."""
    return answered.headers.get("www-authenticate", "").lower().startswith("basic")
