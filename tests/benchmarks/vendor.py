"""The server of fixed answers, in a process of its own."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def vendor(latency: float = 0, certificate: Path | None = None) -> Iterator[str]:
    """Run the server, which answers after so many seconds; over TLS with a certificate. Gives its URL."""
    command = [sys.executable, "-m", "tests.benchmarks.server", "--latency", str(latency)]
    if certificate is not None:
        command += ["--certificate", str(certificate)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        assert server.stdin is not None
        scheme = "http" if certificate is None else "https"
        yield f"{scheme}://127.0.0.1:{server.stdout.readline().strip()}"
        server.stdin.close()
