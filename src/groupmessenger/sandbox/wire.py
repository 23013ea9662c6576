"""One caller's connection, and everything that may be done to it instead of answering properly."""

from __future__ import annotations

import asyncio
import socket
import struct

from starlette.responses import Response
from starlette.types import Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

from .face import Answer
from .faults import Fault
from .routing import content

_PAGE = "<!doctype html><title>Welcome</title><h1>Something went elsewhere</h1>"
_HUGE = 10_000_000


class Protocol(H11Protocol):
    """uvicorn's protocol that lets the app have the transport, as `scope["state"]["transport"]`, and logs nothing."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Keep the transport where each request's scope takes its state from."""
        super().connection_made(transport)
        self.access_log = False
        self.app_state = {**self.app_state, "transport": transport}


class Connection:
    """The caller's end of one request."""

    def __init__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self._scope = scope
        self._receive = receive
        self._send = send
        self._transport: asyncio.Transport = scope["state"]["transport"]

    async def body(self) -> bytes | None:
        """Read the request's body. None if the caller went away first."""
        content = bytearray()
        more = True
        while more:
            message = await self._receive()
            if message["type"] == "http.disconnect":
                return None
            content += message.get("body", b"")
            more = message.get("more_body", False)
        return bytes(content)

    @property
    def open(self) -> bool:
        """Whether the caller is still there, as far as is known."""
        return not self._transport.is_closing()

    async def answer(self, answer: Answer) -> None:
        """Send an answer."""
        headers = {name.lower(): value for name, value in answer.headers.items()}
        if answer.body is not None:
            headers.setdefault("content-type", "application/json")
        await Response(content(answer.body), answer.status, headers)(self._scope, self._receive, self._send)

    async def cut_short(self, answer: Answer) -> None:
        """Promise more than the answer has, and close."""
        body = content(answer.body)
        headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body) + 100).encode())]
        await self._send({"type": "http.response.start", "status": answer.status, "headers": headers})
        await self._send({"type": "http.response.body", "body": body, "more_body": True})
        await self.drop()

    async def drop(self) -> None:
        """Close without an answer."""
        self._transport.close()
        await self._gone()

    async def reset(self) -> None:
        """Reset the connection: what the caller has not read yet is lost to it."""
        if self.open:  # or the caller left first, and the socket with it
            sock = self._transport.get_extra_info("socket")
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self._transport.abort()
        await self._gone()

    async def _gone(self) -> None:
        # uvicorn would answer 500 for an app that returns while it still thinks the caller is there.
        while (await self._receive())["type"] != "http.disconnect":
            pass


def spoiled(fault: Fault) -> Answer | None:
    """The answer that a fault puts in the place of the vendor's, None for none at all."""
    match fault.kind:
        case "refuse":
            text = None if fault.text is None else fault.text.encode()
            plain = {} if text is None else {"content-type": "text/plain; charset=utf-8"}
            return Answer(fault.status or 500, fault.body if text is None else text, {**plain, **fault.headers})
        case "short":
            return Answer(200, b'{"id": "')
        case "html":
            return Answer(200, _PAGE.encode(), {"content-type": "text/html; charset=utf-8"})
        case "empty":
            return Answer(200)
        case "bad_gzip":
            return Answer(200, b"this was never packed", {"content-encoding": "gzip"})
        case "huge":
            return Answer(200, {"filler": "x" * _HUGE})
        case "redirect":
            return Answer(301, None, {"location": fault.location})
        case _:
            return None
