"""The server's thread: uvicorn on a socket of our own, started and stopped without waiting for anybody."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
import threading

import uvicorn

from ..errors import ConfigurationError
from .clock import Clock
from .server import App
from .wire import Protocol

logger = logging.getLogger("groupmessenger.sandbox")

_LOOK = 0.1  # seconds between two looks at the clock
_TURNS = 5  # of the loop: what was accepted just now becomes a connection in the turns to come, and then sees its end
_PATIENCE = 10.0  # seconds for a start or a stop, which take milliseconds


class _Server(uvicorn.Server):
    """uvicorn's server, which looks at the sandbox's clock, and ends at once when told to."""

    def __init__(self, config: uvicorn.Config, clock: Clock) -> None:
        super().__init__(config)
        self.ready = threading.Event()
        self._clock = clock
        self._loop: asyncio.AbstractEventLoop
        self._end: asyncio.Event

    async def main_loop(self) -> None:
        """Do what comes due although nobody calls, until the end."""
        self._loop, self._end = asyncio.get_running_loop(), asyncio.Event()
        self.ready.set()
        while not self._end.is_set():
            try:
                self._clock.run_due()
            except Exception:
                logger.exception("a stand-in failed in what it had planned")
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._end.wait(), _LOOK)

    def stop(self) -> None:
        """End the main loop, from another thread."""
        self._loop.call_soon_threadsafe(self._end.set)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Hang up on everybody. uvicorn would wait for callers to finish."""
        for server in self.servers:  # accept no more; asyncio loses what it has just accepted if it is closed at once
            for listening in server.sockets:
                self._loop.remove_reader(listening.fileno())
        for _ in range(_TURNS):
            for connection in list(self.server_state.connections):
                connection.transport.abort()
            await asyncio.sleep(0)
        for server in self.servers:
            server.close()
        tasks = list(self.server_state.tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


class Running:
    """A server that is up, until `stop`."""

    def __init__(self, app: App, clock: Clock, host: str, port: int) -> None:
        self._socket = _bound(host, port)
        self.port: int = self._socket.getsockname()[1]
        # No logging configuration: the process's logging is not ours to change.
        config = uvicorn.Config(
            app,
            http=Protocol,
            ws="none",
            lifespan="off",
            log_config=None,
            timeout_keep_alive=60,
            server_header=False,
            date_header=False,  # the sandbox has a clock of its own
        )
        self._server = _Server(config, clock)
        self._thread = threading.Thread(target=self._run, name=f"groupmessenger-sandbox-{self.port}", daemon=True)
        self._thread.start()
        if not self._server.ready.wait(_PATIENCE):
            raise AssertionError("the sandbox's server did not start")

    def _run(self) -> None:
        # Outside the main thread uvicorn leaves signals alone.
        asyncio.run(self._server.serve(sockets=[self._socket]))

    def stop(self) -> None:
        """Hang up on every caller, and end the thread."""
        self._server.stop()
        self._thread.join(_PATIENCE)
        self._socket.close()


def _bound(host: str, port: int) -> socket.socket:
    """Give a socket bound to the address, so that the port is known before anything runs."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # With the protocol named, asyncio turns Nagle off; without, every answer waits 40 ms for a delayed ACK.
    bound = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        bound.bind((host, port))
    except OSError as error:
        bound.close()
        raise ConfigurationError(f"the sandbox cannot have port {port} of {host}: {error.strerror}") from error
    return bound
