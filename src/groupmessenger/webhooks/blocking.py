"""The receiver without an event loop: for WSGI servers, and as a plain function for anything else."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable
from http import HTTPStatus
from typing import Any, TypeAlias
from urllib.parse import quote, unquote

from ..callbacks import LARGEST, Callback
from ..errors import ConfigurationError, Problem
from ..events import Event
from ..flow import Call, Effect
from .answering import Answer, Answering
from .receiver import Connections, Handle, Observe, Receiver, check_handler, is_async, run
from .seen import Seen

_DIGITS = 12  # of a length that can be one

Perform: TypeAlias = Callable[[Effect[Any]], object]
Plain: TypeAlias = Callable[[str, Callback], Answer]
StartResponse: TypeAlias = Callable[[str, list[tuple[str, str]]], Any]
WSGIApp: TypeAlias = Callable[[dict[str, Any], StartResponse], Iterable[bytes]]


def plain(
    connections: Connections,
    on_event: Callable[[Event], object],
    *,
    seen: Seen | None = None,
    verify: bool = True,
    from_us: bool = False,
) -> Plain:
    """A function of a connection's name and a `Callback`, which gives the `Answer`: for serverless functions.

    The callback's `url` has to be the one that the provider called. The rest is as in `wsgi`.
    """
    perform = performing(on_event)
    receiver = Receiver(connections, seen=seen, verify=verify, from_us=from_us, knows_urls=True)
    return lambda name, callback: run(receiver.answer(name, callback), perform)


def wsgi(
    connections: Connections,
    on_event: Callable[[Event], object],
    *,
    seen: Seen | None = None,
    public_url: str | None = None,
    verify: bool = True,
    from_us: bool = False,
) -> WSGIApp:
    """A WSGI application with a path for each connection, `/NAME`, to be mounted anywhere.

    `on_event` is called for every event, and again only where it raised or its process ended before it came back: then
    the provider is asked to deliver again. `seen` keeps what was handled, in this process's memory unless it is given.
    `public_url` is where providers reach the application; a provider that signs its URL is not believed without it.
    With `verify` off everybody is believed, and the log says so. What our own lines do is handed on only with
    `from_us`. Raises `ConfigurationError`.
    """
    perform = performing(on_event)
    receiver = Receiver(connections, seen=seen, public_url=public_url, verify=verify, from_us=from_us)
    return app_of(receiver, perform)


def app_of(receiver: Answering, perform: Perform) -> WSGIApp:
    """A WSGI application that answers callbacks."""

    def app(environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        answer = _asked(receiver, perform, environ)
        headers = [*answer.headers.items(), ("content-length", str(len(answer.body)))]
        start_response(f"{answer.status} {HTTPStatus(answer.status).phrase}", headers)
        return [] if environ["REQUEST_METHOD"] == "HEAD" else [answer.body]

    return app


def performing(on_event: Callable[[Event], object]) -> Perform:
    """What does what a receiver's flow asks for. Raises `ConfigurationError` for what is no plain function."""
    check_handler(on_event)
    if is_async(on_event):
        what, cure = "it is async, and nothing would await it", "use webhooks.asgi, or a plain function"
        raise ConfigurationError(Problem("on_event", what, cure))

    def perform(effect: Effect[Any]) -> object:
        match effect:
            case Handle(event):
                result = on_event(event)
                if result is not None and inspect.isawaitable(result):  # a lambda, or a partial, around what is async
                    if inspect.iscoroutine(result):
                        result.close()
                    raise TypeError("on_event is async, and nothing awaits it here: use webhooks.asgi")
                return None
            case Call(work) | Observe(work):
                return work()
            case _:
                raise AssertionError(effect)

    return perform


def _asked(receiver: Answering, perform: Perform, environ: dict[str, Any]) -> Answer:
    path = receiver.below(quote(environ.get("PATH_INFO", "").encode("latin-1"), safe="/:@!$&'()*+,;=~-._%"))
    query = environ.get("QUERY_STRING", "")
    body = _body(environ)
    if body is None:
        return Answer(413 if environ.get("CONTENT_LENGTH", "").isdecimal() else 400)
    base = receiver.public_url
    if base is None:
        host = environ.get("HTTP_HOST") or f"{environ['SERVER_NAME']}:{environ['SERVER_PORT']}"
        root = quote(environ.get("SCRIPT_NAME", "").encode("latin-1"), safe="/%")
        base = f"{environ['wsgi.url_scheme']}://{host}{root}"
    headers = {name[5:].replace("_", "-"): value for name, value in environ.items() if name.startswith("HTTP_")}
    headers |= {name.replace("_", "-"): environ[name] for name in ("CONTENT_TYPE",) if environ.get(name)}
    callback = Callback(environ["REQUEST_METHOD"], f"{base}{path}{'?' if query else ''}{query}", headers, body)
    return run(receiver.answer(connection_of(path), callback), perform)


def connection_of(path: str) -> str:
    """The name of the connection that a path below the application is for."""
    return unquote(path.strip("/"))


def _body(environ: dict[str, Any]) -> bytes | None:
    """The body, None for one that is too large or whose length is no number."""
    length = environ.get("CONTENT_LENGTH") or ""
    if not length:
        return environ["wsgi.input"].read(LARGEST + 1) if environ.get("wsgi.input_terminated") else b""
    if not (length.isascii() and length.isdecimal()) or len(length) > _DIGITS or int(length) > LARGEST:
        return None
    body: bytes = environ["wsgi.input"].read(int(length))
    return body
