"""The face: which calls Bandwidth serves, and who may make them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from typing import Any

import attrs

from groupmessenger.sandbox.clock import Clock
from groupmessenger.sandbox.face import Answer, Call, Face, Handler, Route
from groupmessenger.sandbox.phones import Network

from ._account import (
    APPLICATION_ID,
    LINE,
    SECOND_LINE,
    TOLL_FREE,
    UNLINKED_APPLICATION_ID,
    Account,
    Forced,
    Message,
)
from ._delivery import Delivery
from ._doubts import DOUBTS
from ._hearing import Hearing
from ._media import Media
from ._refusals import Refused, missing
from ._search import Search
from ._sending import Sending
from ._tokens import ACCOUNT_ID, CLIENT_ID, CLIENT_SECRET, OLD_ACCOUNT_ID, PASSWORD, USERNAME, Tokens
from ._webhooks import WEBHOOK_PASSWORD, WEBHOOK_USER, Webhooks


class BandwidthFace(Face):
    """Bandwidth, with one account of two long codes and a toll-free number."""

    name = "bandwidth"
    doubts = DOUBTS

    ACCOUNT_ID = ACCOUNT_ID
    OLD_ACCOUNT_ID = OLD_ACCOUNT_ID
    APPLICATION_ID = APPLICATION_ID
    UNLINKED_APPLICATION_ID = UNLINKED_APPLICATION_ID
    LINE = LINE
    SECOND_LINE = SECOND_LINE
    TOLL_FREE = TOLL_FREE
    CLIENT_ID = CLIENT_ID
    CLIENT_SECRET = CLIENT_SECRET
    USERNAME = USERNAME
    PASSWORD = PASSWORD
    WEBHOOK_USER = WEBHOOK_USER
    WEBHOOK_PASSWORD = WEBHOOK_PASSWORD

    def __init__(self, network: Network, clock: Clock, doubts: Mapping[str, Any]) -> None:
        super().__init__(network, clock, doubts)
        self.account = Account(network, clock, self.doubt)
        self.media = Media(clock, self.name)
        self._tokens = Tokens(clock, self.doubt)
        self.webhooks = Webhooks(self.account, self.name)
        self._hearing = Hearing(self.account, self.media, self.webhooks)
        self._sending = Sending(self.account, self.media, Delivery(self.account, self.webhooks))
        self._search = Search(self.account, self.name)

    def settings(self, base_url: str) -> dict[str, Any]:
        """What a connection to the first line needs. Files that come in are below this URL from now on."""
        self.media.base_url = base_url
        return {
            "line": LINE,
            "account_id": ACCOUNT_ID,
            "application_id": APPLICATION_ID,
            "client_id": CLIENT_ID,
            "client_secret": CLIENT_SECRET,
            "base_url": base_url,
            "token_url": f"{base_url}/oauth2/token",
            "settle_after": 0,
            "webhook_credentials": [f"{WEBHOOK_USER}:{WEBHOOK_PASSWORD}"],
            "other_lines": [SECOND_LINE, TOLL_FREE],
        }

    def calls(self, url: str | None) -> None:
        """Set the application's callback URLs, both of them; `webhooks` has each by itself, and what goes there."""
        super().calls(url)
        with self.network.lock:
            self.webhooks.inbound_url = self.webhooks.outbound_url = url

    def routes(self) -> Iterable[Route]:
        """The calls that have to do with messages, and their media."""
        token = _refusing(self._tokens.issue)
        messages, media = "/users/{account_id}/messages", "/users/{account_id}/media"
        calls: tuple[tuple[str, str, str, Handler], ...] = (
            ("POST", messages, "send", self._sending.create),
            ("GET", messages, "search", self._search.listing),
            ("GET", media, "list_media", self.media.listing),
            ("GET", f"{media}/{{media_id:path}}", "get_media", self.media.get),
            ("PUT", f"{media}/{{media_id:path}}", "put_media", self.media.put),
            ("DELETE", f"{media}/{{media_id:path}}", "delete_media", self._delete_media),
        )
        return [
            Route("POST", "/oauth2/token", "token", token),
            Route("POST", "/api/v1/oauth2/token", "token", token),
            *(Route(method, path, operation, self._guarded(handler)) for method, path, operation, handler in calls),
        ]

    def not_found(self, call: Call) -> Answer:
        """What Bandwidth says to a path it does not serve, in the other shape."""
        return missing(call.path, self.clock.now()).answer

    # For tests

    @property
    def messages(self) -> list[Message]:
        """Every message in and out, the oldest first."""
        return self.account.messages

    @property
    def tokens(self) -> dict[str, datetime]:
        """The tokens that were given out, each until its end."""
        return self._tokens.valid

    @property
    def tokens_issued(self) -> int:
        """How many tokens were ever given out."""
        return self._tokens.issued

    def revoke_tokens(self) -> None:
        """Let no token be good any more."""
        self._tokens.valid.clear()

    @property
    def basic_auth(self) -> bool:
        """Whether user name and password still work. Settable."""
        return self._tokens.basic_auth

    @basic_auth.setter
    def basic_auth(self, value: bool) -> None:
        self._tokens.basic_auth = value

    @property
    def requested_callback_types(self) -> Collection[str]:
        """Which types of callbacks about what was sent are made; `message-sent` is not among the usual. Settable."""
        return self.webhooks.requested_types

    @requested_callback_types.setter
    def requested_callback_types(self, value: Collection[str]) -> None:
        self.webhooks.requested_types = value

    @property
    def queue(self) -> int:
        """How many messages may wait to go out, counted by segment and recipient. Settable."""
        return self.account.queue.room

    @queue.setter
    def queue(self, value: int) -> None:
        self.account.queue.room = value

    @property
    def search_requests_per_5_minutes(self) -> int:
        """How many searches are served in five minutes. Settable."""
        return self._search.requests_per_5_minutes

    @search_requests_per_5_minutes.setter
    def search_requests_per_5_minutes(self, value: int) -> None:
        self._search.requests_per_5_minutes = value

    def answer_next(
        self, body_fields: Mapping[str, Any], status: int = 202, *, done: bool = True, whole: bool = False
    ) -> None:
        """Say what the next send that breaks no rule answers, and whether it is sent all the same.

        `body_fields` lie over the usual message object, or are the `whole` body. A message that is not `done`
        reaches nobody; with a 2xx it is kept, as one that vanished.
        """
        self.account.forced.append(Forced(dict(body_fields), status, done, whole))

    # The other calls

    def _delete_media(self, call: Call) -> Answer:
        return self.media.delete(call, self.doubt["delete_missing"])

    def _guarded(self, handler: Handler) -> Handler:
        """The handler behind the check of the credentials."""

        def guarded(call: Call) -> Answer:
            self._tokens.check(call)
            self.media.called(call)
            return handler(call)

        return _refusing(guarded)


def _refusing(handler: Handler) -> Handler:
    """The handler, with refusals as answers. Names of headers are in lower case for it."""

    def refusing(call: Call) -> Answer:
        headers = {name.lower(): value for name, value in call.headers.items()}
        try:
            return handler(attrs.evolve(call, headers=headers))
        except Refused as refusal:
            return refusal.answer

    return refusing
