"""What is done with a callback, whatever server it came in by: believed, read, handled once, answered."""

from __future__ import annotations

import inspect
import logging
import secrets
import threading
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar

import attrs

from ..callbacks import Callback
from ..errors import ConfigurationError, Problem
from ..events import Event
from ..flow import Call, Effect, Flow
from ..incoming import Incoming, check_replay
from .answering import Answering
from .ears import Ears
from .seen import MemorySeen, Seen, Standing

if TYPE_CHECKING:
    from ..async_client import AsyncClient
    from ..client import Client

T = TypeVar("T")

LEASE = 60.0  # seconds that a handler has before another delivery of the event may begin

Connections: TypeAlias = "Mapping[str, Client | AsyncClient]"
Handler: TypeAlias = Callable[[Event], Awaitable[object] | object]

_log = logging.getLogger("groupmessenger.webhooks")


@attrs.frozen
class Handle(Effect[None]):
    """An event for the handler."""

    event: Event


@attrs.frozen
class Observe(Effect[None]):
    """An event for observers, who may block."""

    work: Callable[[], object]


class Receiver(Answering):
    """Takes callbacks for several connections, each below its name, and hands what they tell to one handler.

    `seen` keeps what was handled, in memory unless it is given. What our own lines do is not handed on unless
    `from_us`. The rest is as in `Answering`. Its flows are of `Call`, `Handle` and `Observe`.

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
        incoming: dict[str, Incoming] = {name: client.incoming for name, client in connections.items()}
        super().__init__(incoming, public_url=public_url, verify=verify, knows_urls=knows_urls)
        self._seen = MemorySeen() if seen is None else seen
        self._from_us = from_us
        self._ears = Ears(incoming, verify=verify)
        self._guard = threading.Lock()
        self._under_way: set[str] = set()

    async def take(self, name: str, callback: Callback) -> bool:
        """Have the events of a callback handled, each unless it was."""
        incoming = self._incoming[name]
        verified = incoming.verify(callback, verify=self._verify)
        if verified.once is not None:
            await Call(partial(check_replay, verified, callback, partial(self._first, incoming)))
        events = self._ears.understand(name, callback, verified)
        owner = secrets.token_hex(8)
        return all([await self._take(event, owner) for event in events])

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


def run(flow: Flow[T], perform: Callable[[Effect[Any]], object]) -> T:
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


async def run_async(flow: Flow[T], perform: Callable[[Effect[Any]], Awaitable[object]]) -> T:
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
