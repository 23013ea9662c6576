"""A memory for the tests of it."""

from __future__ import annotations

import socket
from typing import Any

import pytest

from groupmessenger.testing import Memory


@pytest.fixture
def memory(monkeypatch: pytest.MonkeyPatch) -> Memory:
    """A memory that may connect to nothing."""

    def refuse(self: socket.socket, address: Any) -> None:
        raise AssertionError("a memory opened a socket")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    return Memory()
