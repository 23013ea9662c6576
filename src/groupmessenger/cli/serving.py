"""An application served by uvicorn on this machine, in a thread of its own."""

from __future__ import annotations

import asyncio
import socket
import threading
from types import TracebackType

import uvicorn

from ..errors import ConfigurationError, Problem
from ..webhooks import ASGIApp

_PATIENCE = 10.0  # seconds for a start, which takes milliseconds
_TO_FINISH = 5  # seconds, at the end, for answers that are under way


class _Server(uvicorn.Server):
    """uvicorn's server, which says when it listens. Outside the main thread it leaves signals alone."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.ready = threading.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Listen."""
        await super().startup(sockets=sockets)
        self.ready.set()


class Serving:
    """An address, and what serves it from `start` to the end of the `with` statement. Port 0 takes a free one.

    Raises `ConfigurationError` if the address cannot be had.
    """

    def __init__(self, host: str = "127.0.0.1", port: int = 0) -> None:
        self._socket = _bound(host, port)
        self.port: int = self._socket.getsockname()[1]
        self.url = f"http://{f'[{host}]' if ':' in host else host}:{self.port}"
        self._server: _Server | None = None
        self._thread: threading.Thread | None = None

    def start(self, app: ASGIApp, *, lifespan: bool = False) -> None:
        """Serve an application, once, which with `lifespan` is told when it begins and ends."""
        # No logging configuration: the process's logging is not a server's to change.
        config = uvicorn.Config(
            app,
            ws="none",
            lifespan="on" if lifespan else "off",
            log_config=None,
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=_TO_FINISH,
        )
        self._server = server = _Server(config)
        name = f"groupmessenger-webhooks-{self.port}"
        self._thread = threading.Thread(target=self._run, args=(server,), name=name, daemon=True)
        self._thread.start()
        if not server.ready.wait(_PATIENCE):
            raise AssertionError("the server did not start")

    def __enter__(self) -> Serving:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._server is not None and self._thread is not None:
            self._server.should_exit = True
            self._thread.join()
        self._socket.close()

    def _run(self, server: _Server) -> None:
        asyncio.run(server.serve(sockets=[self._socket]))


def _bound(host: str, port: int) -> socket.socket:
    """Give a socket bound to the address, so that the port is known before anything runs."""
    if not 0 <= port <= 65535:
        raise ConfigurationError(Problem("--port", f"{port} is no port", "take one of 0..65535; 0 is a free one"))
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, proto=socket.IPPROTO_TCP
        )[0]
    except (OSError, UnicodeError) as error:
        raise ConfigurationError(Problem("--host", f"{host!r} cannot be looked up", "such as 127.0.0.1")) from error
    # With the protocol named, asyncio turns Nagle off; without, every answer waits 40 ms for a delayed ACK.
    bound = socket.socket(family, kind, protocol)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        bound.bind(address)
    except OSError as error:
        bound.close()
        cure = "choose another with --port, or --port 0 for a free one"
        raise ConfigurationError(Problem("--port", f"port {port} of {host}: {error.strerror}", cure)) from error
    return bound
