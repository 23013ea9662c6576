"""A server of raw sockets, for what goes wrong below HTTP: what it does to a connection is a function."""

from __future__ import annotations

import contextlib
import socket
import ssl
import struct
import threading
from collections.abc import Callable
from typing import Self

OK = b'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 11\r\n\r\n{"ok":true}'


class Connection:
    """One accepted connection; `received` is every byte that arrived on it."""

    def __init__(self, sock: socket.socket, closing: threading.Event) -> None:
        self.sock = sock
        self.closing = closing
        self.received = bytearray()

    def read(self, size: int = 65536) -> bytes:
        data = self.sock.recv(size)
        self.received += data
        return data

    def read_request(self) -> bytes:
        """Read up to the end of a request (of its Content-Length), b"" at the end of the connection."""
        start = len(self.received)
        while b"\r\n\r\n" not in (request := bytes(self.received[start:])):
            if not self.read():
                return b""
        head, _, body = request.partition(b"\r\n\r\n")
        lengths = [line[15:] for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
        while len(body) < int(lengths[0] if lengths else 0):
            body += self.read()
        return head + b"\r\n\r\n" + body

    def write(self, data: bytes) -> None:
        self.sock.sendall(data)

    def answer(self, data: bytes = OK) -> None:
        self.read_request()
        self.write(data)

    def reset(self) -> None:
        """Close with a RST instead of a FIN."""
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.sock.close()

    def hold(self) -> None:
        """Do nothing until the server closes."""
        self.closing.wait(10)


class RawServer:
    """Runs `behave` for each connection, in a thread of its own, while the `with` block lasts."""

    def __init__(self, behave: Callable[[Connection], None], *, tls: ssl.SSLContext | None = None) -> None:
        self.connections: list[Connection] = []
        self._behave = behave
        self._tls = tls
        self._closing = threading.Event()
        self._listener = socket.socket()
        self._listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 16384)  # so that a big request gets stuck
        self._listener.bind(("127.0.0.1", 0))
        self._listener.listen(64)
        self.port: int = self._listener.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self._threads = [threading.Thread(target=self._accept)]

    def __enter__(self) -> Self:
        self._threads[0].start()
        return self

    def __exit__(self, *_: object) -> None:
        self._closing.set()
        self._listener.shutdown(socket.SHUT_RDWR)
        self._threads[0].join(10)
        self._listener.close()
        for connection in self.connections:
            with contextlib.suppress(OSError):
                connection.sock.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(10)
            assert not thread.is_alive()

    @property
    def received(self) -> bytes:
        return b"".join(bytes(connection.received) for connection in self.connections)

    def _accept(self) -> None:
        while True:
            try:
                sock = self._listener.accept()[0]
            except OSError:
                return
            connection = Connection(sock, self._closing)
            self.connections.append(connection)
            self._threads.append(threading.Thread(target=self._serve, args=[connection]))
            self._threads[-1].start()

    def _serve(self, connection: Connection) -> None:
        try:
            if self._tls:
                connection.sock = self._tls.wrap_socket(connection.sock, server_side=True)
            self._behave(connection)
        except (OSError, threading.BrokenBarrierError):
            pass
        finally:
            connection.sock.close()
