"""What is done with a callback, whatever server it came in by: believed, read, handled once, answered."""

from __future__ import annotations

import logging
import secrets
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, TypeAlias

import attrs

from ..callbacks import LARGEST, Acknowledgement, Callback
from ..errors import ConfigurationError, InvalidSignature, Problem, UnsupportedOperation, WebhookError
from ..events import Event, MessageReceived
from ..flow import Call, Effect, Flow
from ..incoming import Incoming, check_replay
from ..weburls import is_web_url, receiving_url
from .seen import MemorySeen, Seen, Standing

if TYPE_CHECKING:
    from ..async_client import AsyncClient
    from ..client import Client

_SUSPICIOUS = 10  # challenges in a row without an answer

LEASE = 60.0  # seconds that a handler has before another delivery of the event may begin

Connections: TypeAlias = "Mapping[str, Client | AsyncClient]"
Handler: TypeAlias = Callable[[Event], Awaitable[object] | object]

_log = logging.getLogger("groupmessenger.webhooks")


@attrs.frozen
class Answer:
    """What to answer a callback with."""

    status: int
    body: bytes = b""
    headers: Mapping[str, str] = attrs.field(factory=dict)


@attrs.frozen
class Handle(Effect[None]):
    """An event for the handler."""

    event: Event


class Receiver:
    """Takes callbacks for several connections, each below its name, and hands what they tell to one handler.

    `seen` keeps what was handled, in memory unless it is given. `public_url` is where providers reach this receiver, to
    which `/NAME` is added; without it the URL is the one that the server sees, which behind a proxy is another.
    With `verify` off everybody is believed. Messages from our own lines are not handed on unless `from_us`.
    """

    def __init__(
        self,
        connections: Connections,
        *,
        seen: Seen | None = None,
        public_url: str | None = None,
        verify: bool = True,
        from_us: bool = False,
    ) -> None:
        if public_url is not None and not is_web_url(public_url):
            cure = "http is for loopback addresses alone, and it has no query"
            raise ConfigurationError(Problem("public_url", "it is no https URL", cure))
        if not isinstance(connections, Mapping) or not connections:
            cure = 'give the clients by the names that their paths have: {"main": client}'
            raise ConfigurationError(Problem("connections", "there is none", cure))
        self.public_url = None if public_url is None else public_url.rstrip("/")
        self._incoming: dict[str, Incoming] = {name: client.incoming for name, client in connections.items()}
        self._seen = MemorySeen() if seen is None else seen
        self._unanswered: Counter[str] = Counter()
        self._verify = verify
        self._from_us = from_us
        self._own_lines = frozenset(line for each in self._incoming.values() for line in each.own_lines)

    def within(self, name: str) -> float:
        """How many seconds there are to answer a callback of this connection."""
        known = self._incoming.get(name)
        return (Acknowledgement() if known is None else known.acknowledgement).within

    def url_of(self, name: str) -> str | None:
        """The URL that providers have for a connection, None if that is not known."""
        return None if self.public_url is None else receiving_url(self.public_url, name)

    async def answer(self, name: str, callback: Callback) -> Answer:
        """Do everything that is to be done with a callback. A flow of `Call` and `Handle`."""
        incoming = self._incoming.get(name)
        if incoming is None:
            return Answer(404)
        wants = incoming.acknowledgement
        if callback.method not in wants.methods:
            return Answer(405, headers={"allow": ", ".join(sorted(wants.methods))})
        if len(callback.body) > LARGEST:
            return Answer(413)
        try:
            verified = incoming.verify(callback, verify=self._verify)
            if verified.once is not None:
                await Call(partial(check_replay, verified, callback, partial(self._first, name)))
            self._unanswered.pop(name, None)
            events = incoming.read(callback)
        except UnsupportedOperation:
            return Answer(404)
        except WebhookError as error:
            challenged = isinstance(error, InvalidSignature) and wants.challenge is not None
            if challenged and "authorization" not in callback.headers:
                self._asked_for_credentials(name)
            else:
                _log.warning("a callback of connection %s is refused: %s", name, error)
            return Answer(error.http_status, headers={"www-authenticate": wants.challenge or ""} if challenged else {})
        except Exception:
            _log.exception("a callback of connection %s could not be looked at", name)
            return Answer(503)
        owner = secrets.token_hex(8)
        done = [await self._once(incoming, name, event, owner) for event in events]
        if not all(done):
            return Answer(503, headers={"retry-after": str(int(LEASE))})
        return Answer(wants.status, wants.body, {"content-type": wants.content_type} if wants.body else {})

    async def _once(self, incoming: Incoming, name: str, event: Event, owner: str) -> bool:
        """Have an event handled unless it was. Whether it is done."""
        key, kind = f"{name}/{event.key}", type(event).__name__
        if isinstance(event, MessageReceived) and str(event.sender) in self._own_lines:
            event = attrs.evolve(event, from_us=True)
        event = attrs.evolve(event, connection=name)
        claimed = settled = False
        try:
            standing = await Call(partial(self._seen.claim, key, owner, LEASE))
            if standing is not Standing.MINE:
                return standing is Standing.DONE
            claimed = True
            if self._from_us or not getattr(event, "from_us", False):
                await Call(partial(incoming.observe, event))
                await Handle(event)
            await Call(partial(self._seen.commit, key, owner))
            settled = True
        except Exception:
            _log.exception("%s of connection %s was not handled; it is for its next delivery", kind, name)
            return False
        else:
            return True
        finally:
            if claimed and not settled:  # also where the server gives up, when nothing may be awaited any more
                self._release(key, owner)

    def _asked_for_credentials(self, name: str) -> None:
        """Keep count of challenges, which are no refusals, unless nobody ever answers them."""
        self._unanswered[name] += 1
        if self._unanswered[name] % _SUSPICIOUS == 0:
            what = "connection %s: credentials were asked for %d times, and none came: does the provider have any?"
            _log.warning(what, name, self._unanswered[name])

    def _release(self, key: str, owner: str) -> None:
        try:
            self._seen.release(key, owner)
        except Exception:
            _log.exception("a claim could not be released; it ends by itself after %.0f s", LEASE)

    def _first(self, name: str, key: str, value: str) -> str:
        return self._seen.first(f"{name}/once/{key}", value)


def run(flow: Flow[Answer], perform: Callable[[Effect[Any]], object]) -> Answer:
    """Run a receiver's flow, blocking."""
    value: object = None
    error: Exception | None = None
    while True:
        try:
            effect = flow.send(value) if error is None else flow.throw(error)
        except StopIteration as stop:
            return stop.value  # type: ignore[no-any-return]
        try:
            value, error = perform(effect), None
        except Exception as caught:
            value, error = None, caught


async def run_async(flow: Flow[Answer], perform: Callable[[Effect[Any]], Awaitable[object]]) -> Answer:
    """Run a receiver's flow in an event loop."""
    value: object = None
    error: Exception | None = None
    try:
        while True:
            try:
                effect = flow.send(value) if error is None else flow.throw(error)
            except StopIteration as stop:
                return stop.value  # type: ignore[no-any-return]
            try:
                value, error = await perform(effect), None
            except Exception as caught:
                value, error = None, caught
    finally:
        flow.close()
