"""A receiver on this machine that keeps what it is asked."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import attrs


@attrs.frozen
class Asked:
    """One request, as it came."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes


class Recorder:
    """A server that keeps what it is asked and answers `statuses` in turn, and then 200 with `OK`.

    While `hang` is not set, it does not answer. `headers` go with every answer. With a `challenge`, what comes without
    credentials is asked for them.
    """

    def __init__(self) -> None:
        self.asked: list[Asked] = []
        self.statuses: list[int] = []
        self.headers: dict[str, str] = {}
        self.challenge: str | None = None
        self.hang = threading.Event()
        self.hang.set()
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("content-length", 0)))
                headers = {name.lower(): value for name, value in self.headers.items()}
                outer.asked.append(Asked(self.command, self.path, headers, body))
                outer.hang.wait(5)
                if outer.challenge and "authorization" not in headers:
                    self.send_response(401)
                    self.send_header("WWW-Authenticate", outer.challenge)
                else:
                    self.send_response(outer.statuses.pop(0) if outer.statuses else 200)
                for name, value in {**outer.headers, "Content-Length": "2"}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(b"OK")

            do_GET = do_POST  # noqa: N815 - the base class looks for it

            def log_message(self, format: str, *args: object) -> None: ...

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = False
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}/hooks"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))
        self._thread.start()

    @property
    def bodies(self) -> list[bytes]:
        """The bodies, in the order they came."""
        return [asked.body for asked in self.asked]

    def close(self) -> None:
        """Hang up on everybody."""
        self.hang.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


@contextmanager
def recording() -> Iterator[Recorder]:
    """A recorder that is up while the block lasts."""
    recorder = Recorder()
    try:
        yield recorder
    finally:
        recorder.close()
