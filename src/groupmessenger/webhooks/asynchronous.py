"""The receiver in an event loop, as an ASGI application, on asyncio and trio."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, MutableMapping
from functools import partial
from typing import Any, TypeAlias
from urllib.parse import quote

import anyio
import anyio.to_thread

from ..callbacks import LARGEST, Callback
from ..events import Event
from ..flow import Call, Effect
from .answering import AGAIN, Answer, Answering
from .blocking import connection_of
from .receiver import Connections, Handle, Handler, Observe, Receiver, check_handler, is_async, run_async
from .seen import MemorySeen, Seen

Scope: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send: TypeAlias = Callable[[MutableMapping[str, Any]], Awaitable[None]]
ASGIApp: TypeAlias = Callable[[Scope, Receive, Send], Awaitable[None]]

_THREADS = 40  # for handlers that block, as many as anyio has for everything
_log = logging.getLogger("groupmessenger.webhooks")

_OF_THE_TIME = 0.9  # that a vendor waits, the rest is for the way


def asgi(
    connections: Connections,
    on_event: Handler,
    *,
    seen: Seen | None = None,
    public_url: str | None = None,
    verify: bool = True,
    from_us: bool = False,
) -> ASGIApp:
    """An ASGI application with a path for each connection, `/NAME`, to be mounted anywhere.

    `on_event` is called for every event, in a thread unless it is async, and again only where it raised or its process
    ended before it came back: then the provider is asked to deliver again. So it is where it takes longer than the
    provider waits; it is not interrupted for that, nor begun twice in one process. `seen` keeps what was handled, in
    this process's memory unless it is given. `public_url` is where providers reach the application; a provider that
    signs its URL is not believed without it. With `verify` off everybody is believed, and the log says so. What our
    own lines do is handed on only with `from_us`. Raises `ConfigurationError`.
    """
    check_handler(on_event)
    receiver = Receiver(connections, seen=seen, public_url=public_url, verify=verify, from_us=from_us)
    return App(receiver, Performing(on_event, in_memory=seen is None or isinstance(seen, MemorySeen)))


class Performing:
    """Does what a receiver's flow asks for, in an event loop; what may block is done in threads.

    With `in_memory` the store of what was seen does not block.
    """

    def __init__(self, on_event: Handler, *, in_memory: bool = False) -> None:
        self._on_event = on_event
        self._in_loop = is_async(on_event)
        self._in_memory = in_memory
        self._limiter: anyio.CapacityLimiter | None = None

    async def __call__(self, effect: Effect[Any]) -> object:
        """Do it."""
        match effect:
            case Handle(event):
                if self._in_loop:
                    await self._on_event(event)  # type: ignore[misc]
                    return None
                results: list[object] = []
                work = partial(_collect, results, self._on_event, event)
                await anyio.to_thread.run_sync(work, limiter=self._threads())
                if isinstance(results[0], Awaitable):  # a lambda, or a wrapper, around what is async
                    await results[0]
                return None
            case Observe(work):
                return await anyio.to_thread.run_sync(work, limiter=self._threads())
            case Call(work):
                return work() if self._in_memory else await anyio.to_thread.run_sync(work)
            case _:
                raise AssertionError(effect)

    def _threads(self) -> anyio.CapacityLimiter:
        """Threads of our own for handlers: those that hang are not to take the application's."""
        if self._limiter is None:
            self._limiter = anyio.CapacityLimiter(_THREADS)
        return self._limiter


class App:
    """An ASGI application that answers callbacks."""

    def __init__(self, receiver: Answering, perform: Performing) -> None:
        self._receiver = receiver
        self._perform = perform

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request, or the beginning and end of the server."""
        match scope["type"]:
            case "http":
                await self._serve(scope, receive, send)
            case "lifespan":
                await _live(receive, send)
            case "websocket":
                await receive()
                await send({"type": "websocket.close", "code": 1000})
            case _:
                raise ValueError(f"an ASGI server of webhooks gets HTTP requests, and not {scope['type']}")

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = self._receiver.below(_below(scope))
        name = connection_of(path)
        body = await _body(receive)
        if body is None:
            return
        if len(body) > LARGEST:
            await _send(send, Answer(413))
            return
        query = scope.get("query_string", b"").decode("latin-1")
        base = self._receiver.public_url or _base(scope)
        headers = [(key.decode("latin-1"), value.decode("latin-1")) for key, value in scope["headers"]]
        callback = Callback(scope["method"], f"{base}{path}{'?' if query else ''}{query}", headers, body)
        await self._in_time(name, callback, send)

    async def _in_time(self, name: str, callback: Callback, send: Send) -> None:
        """Answer when it is done, or when the provider would stop waiting; then it is done all the same."""
        answers: list[Answer] = []
        ended = anyio.Event()

        async def work() -> None:
            try:
                answers.append(await run_async(self._receiver.answer(name, callback), self._perform))
            finally:  # also where the handler cancelled itself
                ended.set()

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(work)
            with anyio.move_on_after(self._receiver.within(name) * _OF_THE_TIME):
                await ended.wait()
            try:
                await _send(send, answers[0] if answers else AGAIN)
            except Exception:  # who called has left, and the handler goes on all the same
                _log.debug("a callback of connection %s had left before it was answered", name, exc_info=True)


def _collect(results: list[object], handler: Handler, event: Event) -> None:
    """Call a handler, and keep what it gives: trio lets no coroutine come back from a thread."""
    results.append(handler(event))


def _below(scope: Scope) -> str:
    """The path below where the application is mounted, as it was written."""
    raw: bytes = scope.get("raw_path") or quote(scope["path"]).encode()
    path = raw.partition(b"?")[0].decode("latin-1")
    root = quote(scope.get("root_path", "").rstrip("/"))
    return path[len(root) :] if root and (path == root or path.startswith(f"{root}/")) else path


def _base(scope: Scope) -> str:
    """Where the application is, by what the server knows."""
    host = next((value.decode("latin-1") for key, value in scope["headers"] if key.lower() == b"host"), "")
    return f"{scope.get('scheme', 'http')}://{host}{quote(scope.get('root_path', '').rstrip('/'))}"


async def _body(receive: Receive) -> bytes | None:
    """The body, and no more of it than shows that it is too large. None if the caller went away."""
    body = bytearray()
    more = True
    while more and len(body) <= LARGEST:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        body += message.get("body", b"")
        more = message.get("more_body", False)
    return bytes(body)


async def _send(send: Send, answer: Answer) -> None:
    headers = {**answer.headers, "content-length": str(len(answer.body))}
    raw = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": answer.status, "headers": raw})
    await send({"type": "http.response.body", "body": answer.body})


async def _live(receive: Receive, send: Send) -> None:
    while True:
        kind = (await receive())["type"]
        await send({"type": f"{kind}.complete"})
        if kind == "lifespan.shutdown":
            return
