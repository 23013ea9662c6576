"""A proxy on this machine that tunnels, wherever it is asked to, to a server of the test's."""

from __future__ import annotations

import base64
import socket
import threading
from collections.abc import Callable
from contextlib import suppress

import pytest
from raw_server import Connection, RawServer


class Proxy(RawServer):
    """Takes CONNECT to any host, and leads to `port` of this machine; `heard` is what it could read of it all.

    With `credentials`, "user:password", it answers 407 to who does not have them; with a `refusal`, such as
    "403 Forbidden", that to everybody.
    """

    def __init__(self, port: int, *, credentials: str = "", refusal: str = "") -> None:
        super().__init__(self._serve_one)
        self.asked: list[str] = []  # the first lines of what it was asked
        self._port = port
        self._refusal = refusal
        self._proof = b"Basic " + base64.b64encode(credentials.encode()) if credentials else b""

    def _serve_one(self, connection: Connection) -> None:
        request = connection.read_request()
        self.asked.append(request.partition(b"\r\n")[0].decode())
        refusal = self._refusal or ("407 Proxy Authentication Required" if self._proof not in request else "")
        if refusal:
            connection.write(f"HTTP/1.1 {refusal}\r\nContent-Length: 0\r\n\r\n".encode())
            return
        with socket.create_connection(("127.0.0.1", self._port)) as there:
            connection.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
            back = threading.Thread(target=_copy, args=(there.recv, connection.write))
            back.start()
            _copy(connection.read, there.sendall)
            with suppress(OSError):
                there.shutdown(socket.SHUT_RDWR)
            back.join()


def _copy(read: Callable[[int], bytes], write: Callable[[bytes], None]) -> None:
    with suppress(OSError):
        while data := read(65536):
            write(data)


@pytest.fixture(autouse=True)
def no_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave nothing of this machine's settings."""
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
