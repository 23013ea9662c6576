"""What a switchboard does with what it hears: the faces for programs that block, and for asyncio and trio."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from ..callbacks import Callback
from ..events import Event
from ..flow import Flow
from ..webhooks.asynchronous import ASGIApp, Performing
from ..webhooks.blocking import WSGIApp, performing
from ..webhooks.receiver import Handler, check_handler, run, run_async
from .operations import Operations
from .serving import Mounting
from .values import Handled, InboxEntry, InboxState

T = TypeVar("T")


class Hearing:
    """What a `Switchboard` hears."""

    operations: Operations
    _mounting: Mounting

    def receive(self, connection: str, callback: Callback) -> tuple[Event, ...]:
        """Take in a provider's callback, once it is believed, and give what it tells, each event with its group's name.

        Statuses, opt-outs and who is in a thread are kept before this returns; the same callback again tells the same.
        Raises `InvalidSignature` and `MalformedWebhook`, whose `http_status` is the answer that they deserve.
        """
        return self._run(self.operations.receive(connection, callback))

    def accept(self, connection: str, callback: Callback) -> bool:
        """Keep a provider's callback, once it is believed, to be handled by `handle`. False where it was kept before.

        Statuses, opt-outs and who is in a thread are kept as by `receive`; secrets are not. `callback.url` is the one
        that the provider called. Raises `InvalidSignature` and `MalformedWebhook`, and keeps nothing then.
        """
        return self._run(self.operations.accept(connection, callback))

    def handle(self, on_event: Handler, *, limit: int | None = None, from_us: bool = False) -> Handled:
        """Have accepted callbacks handled, at most `limit`, and tell how many were and how many are left.

        `on_event` gets every event, and has handled it when it comes back; it may be async in an `AsyncSwitchboard`,
        which calls others in threads. If it raises, it gets the event again after 1 s, 5 s, 30 s, 2 min, 10 min and
        1 h; then the callback has failed. If it does not come back in 60 s, its process is taken for dead, and another
        may begin: at least once. Several processes may do this at once. What our own lines do is handed on only with
        `from_us`. Raises `DirectoryError`.
        """
        perform = performing(on_event)
        return run(self.operations.handle(limit, from_us), perform)

    def inbox(self, state: InboxState | str | None = None) -> tuple[InboxEntry, ...]:
        """Read which callbacks are not handled, or those `waiting`, `failed` or `handled`, the oldest first."""
        return self._run(self.operations.inbox(state))

    def retry_failed(self) -> int:
        """Have callbacks whose handling was given up wait once more, with all their tries; gives how many."""
        return self._run(self.operations.retry_failed())

    def asgi(self, on_event: Handler | None = None, *, public_url: str | None = None, from_us: bool = False) -> ASGIApp:
        """An ASGI application with a path for each connection, `/NAME`: it accepts, answers, and then has it handled.

        `on_event` is as in `handle`; without one, somebody else calls that. `public_url` is where providers reach the
        application, the file's unless it is given. Raises `ConfigurationError`.
        """
        return self._mounting.asgi(on_event, public_url, from_us=from_us)

    def wsgi(
        self,
        on_event: Callable[[Event], object] | None = None,
        *,
        public_url: str | None = None,
        from_us: bool = False,
    ) -> WSGIApp:
        """A WSGI application with a path for each connection, `/NAME`: it accepts, answers, and then has it handled.

        `on_event` is as in `handle`; without one, somebody else calls that. `public_url` is where providers reach the
        application, the file's unless it is given. Raises `ConfigurationError`.
        """
        return self._mounting.wsgi(on_event, public_url, from_us=from_us)

    def _run(self, flow: Flow[T]) -> T:
        raise NotImplementedError


class AsyncHearing:
    """What an `AsyncSwitchboard` hears."""

    operations: Operations
    _mounting: Mounting

    async def receive(self, connection: str, callback: Callback) -> tuple[Event, ...]:
        """Take in a provider's callback, once it is believed, and give what it tells, each event with its group's name.

        Statuses, opt-outs and who is in a thread are kept before this returns; the same callback again tells the same.
        Raises `InvalidSignature` and `MalformedWebhook`, whose `http_status` is the answer that they deserve.
        """
        return await self._run(self.operations.receive(connection, callback))

    async def accept(self, connection: str, callback: Callback) -> bool:
        """Keep a provider's callback, once it is believed, to be handled by `handle`. False where it was kept before.

        Statuses, opt-outs and who is in a thread are kept as by `receive`; secrets are not. `callback.url` is the one
        that the provider called. Raises `InvalidSignature` and `MalformedWebhook`, and keeps nothing then.
        """
        return await self._run(self.operations.accept(connection, callback))

    async def handle(self, on_event: Handler, *, limit: int | None = None, from_us: bool = False) -> Handled:
        """Have accepted callbacks handled, at most `limit`, and tell how many were and how many are left.

        `on_event` gets every event, and has handled it when it comes back; it may be async in an `AsyncSwitchboard`,
        which calls others in threads. If it raises, it gets the event again after 1 s, 5 s, 30 s, 2 min, 10 min and
        1 h; then the callback has failed. If it does not come back in 60 s, its process is taken for dead, and another
        may begin: at least once. Several processes may do this at once. What our own lines do is handed on only with
        `from_us`. Raises `DirectoryError`.
        """
        check_handler(on_event)
        return await run_async(self.operations.handle(limit, from_us), Performing(on_event))

    async def inbox(self, state: InboxState | str | None = None) -> tuple[InboxEntry, ...]:
        """Read which callbacks are not handled, or those `waiting`, `failed` or `handled`, the oldest first."""
        return await self._run(self.operations.inbox(state))

    async def retry_failed(self) -> int:
        """Have callbacks whose handling was given up wait once more, with all their tries; gives how many."""
        return await self._run(self.operations.retry_failed())

    def asgi(self, on_event: Handler | None = None, *, public_url: str | None = None, from_us: bool = False) -> ASGIApp:
        """An ASGI application with a path for each connection, `/NAME`: it accepts, answers, and then has it handled.

        `on_event` is as in `handle`; without one, somebody else calls that. `public_url` is where providers reach the
        application, the file's unless it is given. Raises `ConfigurationError`.
        """
        return self._mounting.asgi(on_event, public_url, from_us=from_us)

    async def _run(self, flow: Flow[T]) -> T:
        raise NotImplementedError
