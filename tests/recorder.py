"""A receiver on this machine that keeps what it is asked."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import attrs

from groupmessenger import Callback


@attrs.frozen
class Asked:
    """One request, as it came."""

    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def path(self) -> str:
        """The path and the query, as they are written."""
        return "/" + self.url.split("/", 3)[3]

    @property
    def callback(self) -> Callback:
        """It as a client reads it."""
        return Callback(self.method, self.url, self.headers, self.body)


@attrs.frozen
class Answer:
    """What is answered to one request."""

    status: int = 200
    body: bytes = b"OK"
    headers: Mapping[str, str] = attrs.field(factory=dict[str, str])


class Recorder:
    """A server that keeps what it is asked and answers `statuses` in turn, and then 200 with `OK`.

    While `hang` is not set, it does not answer. `headers` go with every answer. With a `challenge`, what comes without
    credentials is asked for them. Where all this is too little, another `answer` says what to answer to each request.
    """

    def __init__(self) -> None:
        self.asked: list[Asked] = []
        self.statuses: list[int] = []
        self.headers: dict[str, str] = {}
        self.challenge: str | None = None
        self.answer: Callable[[Asked], Answer] = self._answer
        self.hang = threading.Event()
        self.hang.set()
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("content-length", 0)))
                headers = {name.lower(): value for name, value in self.headers.items()}
                asked = Asked(self.command, f"http://{headers['host']}{self.path}", headers, body)
                outer.asked.append(asked)
                outer.hang.wait(5)
                answer = outer.answer(asked)
                with suppress(OSError):  # whoever asked may have left
                    self.send_response(answer.status)
                    for name, value in {**answer.headers, "Content-Length": str(len(answer.body))}.items():
                        self.send_header(name, value)
                    self.end_headers()
                    self.wfile.write(answer.body)

            do_GET = do_POST  # noqa: N815 - the base class looks for it

            def log_message(self, format: str, *args: object) -> None: ...

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = False  # so that closing waits for them
        self.base = f"http://127.0.0.1:{self._server.server_address[1]}"
        self.url = f"{self.base}/hooks"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))
        self._thread.start()

    def _answer(self, asked: Asked) -> Answer:
        if self.challenge and "authorization" not in asked.headers:
            return Answer(401, headers={"WWW-Authenticate": self.challenge, **self.headers})
        return Answer(self.statuses.pop(0) if self.statuses else 200, headers=self.headers)

    @property
    def admitted(self) -> list[Asked]:
        """What came, but for what was asked for credentials by the `challenge`."""
        return [asked for asked in self.asked if self.challenge is None or "authorization" in asked.headers]

    @property
    def bodies(self) -> list[bytes]:
        """The bodies of what was admitted, in the order they came."""
        return [asked.body for asked in self.admitted]

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
