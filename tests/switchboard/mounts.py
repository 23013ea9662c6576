"""Switchboards mounted in applications of each kind, over Acme, and asked the same way."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from typing import Any

import anyio
import anyio.from_thread
import httpx
from acme import SECRET
from switchboard.inboxes import Office, an_office  # noqa: F401
from switchboard.scenes import Scene, a_scene_on_each  # noqa: F401

import groupmessenger as gm

KINDS = ("asyncio", "trio", "wsgi")
PUBLIC = "https://hooks.example.com/in"

Ask = Callable[..., httpx.Response]


def body(*rows: Any) -> bytes:
    return json.dumps(list(rows)).encode()


def wait_for(true: Callable[[], bool]) -> None:
    """Wait for what happens in the background."""
    deadline = time.monotonic() + 10
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.005)


@contextmanager
def mounted(office: Office, kind: str, on_event: Any, **options: Any) -> Iterator[Ask]:
    """A switchboard in an application of this kind, closed at the end: `ask(body, headers, path=..., method=...)`."""
    office.ticks = True
    options.setdefault("public_url", PUBLIC)
    if kind == "wsgi":
        board = office.board()
        app = board.wsgi(on_event, **options)
        with closing(board), httpx.Client(transport=httpx.WSGITransport(app=app), base_url="http://inside") as http:
            yield lambda *args, **how: http.request(**as_request(*args, **how))
        return
    with anyio.from_thread.start_blocking_portal(kind) as portal:

        async def make() -> gm.AsyncSwitchboard:
            return office.board_async()

        made = portal.call(make)
        served = made.asgi(on_event, **options)

        async def call(asked: dict[str, Any]) -> httpx.Response:
            async with httpx.AsyncClient(transport=httpx.ASGITransport(app=served), base_url="http://inside") as http:
                return await http.request(**asked)

        try:
            yield lambda *args, **how: portal.call(call, as_request(*args, **how))
        finally:
            portal.call(made.aclose)


def as_request(
    content: bytes, headers: dict[str, str] | None = None, *, path: str = "/main", method: str = "POST"
) -> dict[str, Any]:
    signed = {"x-acme-secret": SECRET} if headers is None else headers
    return {"method": method, "url": path, "headers": signed, "content": content}
