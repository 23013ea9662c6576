"""An application on a port of this machine, for vendors to call, while a block lasts."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, make_server

import uvicorn

from ..webhooks.receiver import is_async

_HERE = "127.0.0.1"
_PATIENCE = 10.0  # seconds for a start or an end, which take milliseconds


@contextmanager
def serving(app: Any) -> Iterator[str]:
    """Serve a WSGI or an ASGI application, and give its URL. Raises RuntimeError for one that does not start."""
    with _asgi(app) if is_async(app) else _wsgi(app) as port:
        yield f"http://{_HERE}:{port}"


class _Quiet(WSGIRequestHandler):
    """One that does not print each request."""

    def log_message(self, format: str, *args: object) -> None:
        """Nothing: what was called is in `sandbox.callbacks.tried()`."""


@contextmanager
def _wsgi(app: Any) -> Iterator[int]:
    with make_server(_HERE, 0, app, handler_class=_Quiet) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,), name="groupmessenger-testing")
        thread.start()
        try:
            yield server.server_port
        finally:
            server.shutdown()
            thread.join(_PATIENCE)


class _Server(uvicorn.Server):
    """uvicorn's server, which says when it has started, or could not."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.tried = threading.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, and say so."""
        try:
            await super().startup(sockets)
        finally:
            self.tried.set()


def _run(server: _Server, bound: socket.socket) -> None:
    with suppress(SystemExit):  # uvicorn's, where the application does not start
        server.run([bound])


@contextmanager
def _asgi(app: Any) -> Iterator[int]:
    with socket.socket() as bound:
        bound.bind((_HERE, 0))
        config = uvicorn.Config(app, log_config=None, ws="none", timeout_graceful_shutdown=1)
        server = _Server(config)
        thread = threading.Thread(target=_run, args=(server, bound), name="groupmessenger-testing")
        thread.start()
        try:
            if not (server.tried.wait(_PATIENCE) and server.started):
                raise RuntimeError("the application did not start: what its lifespan raised is in the log")
            yield bound.getsockname()[1]
        finally:
            server.should_exit = True
            thread.join(_PATIENCE)
