"""What is done with a callback, whatever server it came in by: believed, read, handled once, answered."""

from __future__ import annotations

import inspect
import logging
import secrets
import threading
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Any, TypeAlias
from urllib.parse import urlsplit

import attrs

from ..callbacks import LARGEST, Acknowledgement, Callback
from ..errors import ConfigurationError, InvalidSignature, Problem, UnsupportedOperation, WebhookError
from ..events import Event
from ..flow import Call, Effect, Flow
from ..incoming import Incoming, check_replay
from ..weburls import is_loopback, is_web_url
from .ears import Ears
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


AGAIN = Answer(503, headers={"retry-after": str(int(LEASE))})


@attrs.frozen
class Handle(Effect[None]):
    """An event for the handler."""

    event: Event


@attrs.frozen
class Observe(Effect[None]):
    """An event for observers, who may block."""

    work: Callable[[], object]


class Receiver:
    """Takes callbacks for several connections, each below its name, and hands what they tell to one handler.

    `seen` keeps what was handled, in memory unless it is given. `public_url` is where providers reach this receiver, to
    which `/NAME` is added; without it the URL is the one that the server sees, which behind a proxy is another.
    With `verify` off everybody is believed. What our own lines do is not handed on unless `from_us`. Whoever
    `knows_urls` gives callbacks whose URL is not merely what a caller says.

    An event is kept as seen under the name of its connection, a slash, and its key. One of another line is that of the
    connection with this line, if that believes the callback as well: some call every connection of an account.
    """

    def __init__(
        self,
        connections: Connections,
        *,
        seen: Seen | None = None,
        public_url: str | None = None,
        verify: bool = True,
        from_us: bool = False,
        knows_urls: bool = False,
    ) -> None:
        if public_url is not None and not is_web_url(public_url):
            cure = "http is for loopback addresses alone, and it has no query"
            raise ConfigurationError(Problem("public_url", "it is no https URL", cure))
        if not isinstance(connections, Mapping) or not connections:
            cure = 'give the clients by the names that their paths have: {"main": client}'
            raise ConfigurationError(Problem("connections", "there is none", cure))
        wrong = [str(name) for name, client in connections.items() if not hasattr(client, "incoming")]
        if wrong:
            raise ConfigurationError(
                Problem("connections", f"{', '.join(wrong)} is no client", "give what connect() gives")
            )
        methods = [getattr(seen, name, None) for name in ("claim", "commit", "release", "first")]
        if seen is not None and not all(callable(each) and not is_async(each) for each in methods):
            cure = "see webhooks.Seen: claim, commit, release and first, which are plain functions"
            raise ConfigurationError(Problem("seen", "it is no store of what was seen", cure))
        self.public_url = None if public_url is None else public_url.rstrip("/")
        self._incoming: dict[str, Incoming] = {name: client.incoming for name, client in connections.items()}
        self._seen = MemorySeen() if seen is None else seen
        self._unanswered: Counter[str] = Counter()
        self._verify = verify
        self._from_us = from_us
        self._knows_urls = knows_urls or public_url is not None
        self._ears = Ears(self._incoming, verify=verify)
        self._guard = threading.Lock()
        self._under_way: set[str] = set()

    def within(self, name: str) -> float:
        """How many seconds there are to answer a callback of this connection."""
        known = self._incoming.get(name)
        return (Acknowledgement() if known is None else known.messenger.acknowledgement).within

    def below(self, path: str) -> str:
        """A path below the application; the public URL's own path, which a proxy may have left there, is taken off."""
        root = "" if self.public_url is None else urlsplit(self.public_url).path.rstrip("/")
        return path[len(root) :] if root and path.startswith(f"{root}/") else path

    async def answer(self, name: str, callback: Callback) -> Answer:
        """Do everything that is to be done with a callback. A flow of `Call`, `Handle` and `Observe`."""
        incoming = self._incoming.get(name)
        if incoming is None:
            _log.warning("a callback for no connection that is here: there are %s", ", ".join(self._incoming))
            return Answer(404)
        wants = incoming.messenger.acknowledgement
        if callback.method not in wants.methods:
            return Answer(405, headers={"allow": ", ".join(sorted(wants.methods))})
        if len(callback.body) > LARGEST:
            return Answer(413)
        try:
            if wants.signs_url and self._verify:
                self._check_url(incoming, callback)
            verified = incoming.verify(callback, verify=self._verify)
            if verified.once is not None:
                await Call(partial(check_replay, verified, callback, partial(self._first, incoming)))
            self._unanswered.pop(name, None)
            events = self._ears.understand(name, callback, verified)
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
            return AGAIN
        owner = secrets.token_hex(8)
        done = [await self._take(event, owner) for event in events]
        if not all(done):
            return AGAIN
        return Answer(wants.status, wants.body, {"content-type": wants.content_type} if wants.body else {})

    async def _take(self, event: Event, owner: str) -> bool:
        """Have an event handled unless it was, or is just now. Whether it is done."""
        key, kind = f"{event.connection}/{event.key}", type(event).__name__
        if not self._begin(key):
            return False
        claimed = settled = False
        try:
            standing = Standing(await Call(partial(self._seen.claim, key, owner, LEASE)))
            if standing is not Standing.MINE:
                return standing is Standing.DONE
            claimed = True
            if self._from_us or not getattr(event, "from_us", False):
                await Handle(event)
            await Call(partial(self._seen.commit, key, owner))
            settled = True
            incoming = self._incoming[str(event.connection)]
            if incoming.is_observed:
                await Observe(partial(incoming.observe, event))
        except Exception:
            _log.exception("%s of connection %s was not handled; it is for its next delivery", kind, event.connection)
            if claimed and not settled:
                await Call(partial(self._release, key, owner))
                settled = True
            return False
        else:
            return True
        finally:
            if claimed and not settled:  # where the server gives up, when nothing may be awaited any more
                self._release(key, owner)
            self._under_way.discard(key)

    def _begin(self, key: str) -> bool:
        """Whether nobody in this process is at an event: a lease is for those who may have died with it."""
        with self._guard:
            if key in self._under_way:
                return False
            self._under_way.add(key)
            return True

    def _check_url(self, incoming: Incoming, callback: Callback) -> None:
        """Refuse to compare a signed URL with one that only the caller says; on this machine that does no harm."""
        try:
            host = urlsplit(callback.url).hostname or ""
        except ValueError:
            host = ""
        if not self._knows_urls and not is_loopback(host):
            raise InvalidSignature(f"public_url is not set, and {incoming.messenger.title} signs its URL: set it")

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

    def _first(self, incoming: Incoming, key: str, value: str, until: datetime | None) -> str:
        """The first content under an id, whichever of an account's connections it came to."""
        return self._seen.first(f"{incoming.messenger.name}/once/{key}", value, until)


def check_handler(on_event: object) -> None:
    """Raise `ConfigurationError` for what cannot handle events."""
    if not callable(on_event):
        raise ConfigurationError(Problem("on_event", "it cannot be called", "give a function of an event"))
    if inspect.isgeneratorfunction(on_event) or inspect.isasyncgenfunction(on_event):
        raise ConfigurationError(
            Problem("on_event", "it is a generator, and nothing would run it", "leave out `yield`")
        )


def is_async(handler: object) -> bool:
    """Whether calling it gives something to be awaited."""
    return inspect.iscoroutinefunction(handler) or inspect.iscoroutinefunction(getattr(handler, "__call__", None))  # noqa: B004


def run(flow: Flow[Answer], perform: Callable[[Effect[Any]], object]) -> Answer:
    """Run a receiver's flow, blocking."""
    value: object = None
    error: Exception | None = None
    try:
        while True:
            try:
                effect = flow.send(value) if error is None else flow.throw(error)
            except StopIteration as stop:
                return stop.value  # type: ignore[no-any-return]
            try:
                value, error = perform(effect), None
            except Exception as caught:
                value, error = None, caught
    finally:
        flow.close()


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
