"""A text by Sendblue, blocking and async, over HTTP of a caller's own; and a server that takes it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import anyio
from raw_server import Connection

import groupmessenger as gm

WAYS = ("blocking", "asyncio", "trio")
LINE, ANN = "+13125550100", "+13125550101"
SETTINGS: dict[str, Any] = {
    "line": LINE,
    "api_key_id": "sesame-id",
    "api_secret_key": "sesame-secret",
    "patience": 0,
    "timeout": 5,
}
PRIVATE = ("hush", "sesame", LINE[1:], ANN[1:])
TAKEN = b'{"message_handle": "A1", "status": "QUEUED"}'

# Gives a client or a transport; "Async" or "" is what the names of its kind begin with.
Make = Callable[[str], Any]


def text(way: str, url: str, make: Make | None = None, **options: Any) -> gm.Receipt:
    """Text one person, once. What `make` gives is handed in as `http`; a client is still open then, and closed."""
    settings = {**SETTINGS, "base_url": url, **options}
    if way != "blocking":
        return anyio.run(_text_async, make, settings, backend=way)
    http: Any = make and make("")
    try:
        with gm.connect("sendblue", http=http, **settings) as client:
            return client.send_direct(ANN, "hush")
    finally:
        if hasattr(http, "is_closed"):
            assert not http.is_closed
            http.close()


async def _text_async(make: Make | None, settings: dict[str, Any]) -> gm.Receipt:
    http: Any = make and make("Async")
    try:
        async with gm.connect_async("sendblue", http=http, **settings) as client:
            return await client.send_direct(ANN, "hush")
    finally:
        if hasattr(http, "is_closed"):
            assert not http.is_closed
            await http.aclose()


def answer(*headers: str, body: bytes = TAKEN) -> bytes:
    """A server's answer: that it was taken, unless `body` says otherwise."""
    head = "\r\n".join(["HTTP/1.1 200 OK", *headers, f"Content-Length: {len(body)}", "", ""])
    return head.encode() + body


def take(connection: Connection) -> None:
    """Take whatever is sent, as Sendblue does."""
    while connection.read_request():
        connection.write(answer())
