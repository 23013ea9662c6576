"""The receivers, each asked the same way: an ASGI application on asyncio or trio, a WSGI one, a plain function."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from urllib.parse import unquote

import anyio.from_thread
import attrs
import httpx
from acme import SECRET, Vendor
from hearing import HearingMessenger, messenger

from groupmessenger import Callback, Client, Event, webhooks

KINDS = ("asyncio", "trio", "wsgi", "plain")
PUBLIC = "https://hooks.example.com/in"


@attrs.frozen
class Asked:
    """What a provider is answered."""

    status: int
    body: bytes
    headers: Mapping[str, str]


Ask = Callable[..., Asked]


class Handler:
    """Keeps what it is given; `behave` is what else it does, and may raise."""

    def __init__(self, behave: Callable[[Event], Any] = lambda event: None) -> None:
        self.events: list[Event] = []
        self.behave = behave

    def __call__(self, event: Event) -> Any:
        self.events.append(event)
        return self.behave(event)


@contextmanager
def mounted(
    kind: str,
    handler: Any,
    clients: Mapping[str, HearingMessenger] | None = None,
    public_url: str | None = PUBLIC,
    **options: Any,
) -> Iterator[Ask]:
    """A receiver of this kind: `ask(body, headers, path=..., method=...)` gives what it answers."""
    made = {name: Client(each, http=Vendor().transport()) for name, each in (clients or {"main": messenger()}).items()}
    try:
        if kind == "wsgi":
            app = webhooks.wsgi(made, handler, public_url=public_url, **options)
            with httpx.Client(transport=httpx.WSGITransport(app=app), base_url="http://inside") as http:
                yield lambda *args, **how: _asked(http.request(**_request(*args, **how)))
        elif kind == "plain":
            function = webhooks.plain(made, handler, **options)

            def ask(*args: Any, **how: Any) -> Asked:
                request = _request(*args, **how)
                path = request["url"]
                callback = Callback(request["method"], PUBLIC + path, request["headers"], request["content"])
                answer = function(unquote(path.partition("?")[0]).strip("/"), callback)
                return Asked(answer.status, answer.body, answer.headers)

            yield ask
        else:
            served = webhooks.asgi(made, handler, public_url=public_url, **options)
            with anyio.from_thread.start_blocking_portal(kind) as portal:

                async def call(request: dict[str, Any]) -> Asked:
                    transport = httpx.ASGITransport(app=served)
                    async with httpx.AsyncClient(transport=transport, base_url="http://inside") as http:
                        return _asked(await http.request(**request))

                yield lambda *args, **how: portal.call(call, _request(*args, **how))
    finally:
        for client in made.values():
            client.close()


def _request(
    body: bytes, headers: Mapping[str, str] | None = None, *, path: str = "/main", method: str = "POST"
) -> dict[str, Any]:
    signed = {"x-acme-secret": SECRET} if headers is None else dict(headers)
    return {"method": method, "url": path, "headers": signed, "content": body}


def _asked(response: httpx.Response) -> Asked:
    return Asked(response.status_code, response.content, dict(response.headers))
