"""What another process does with callbacks: a new one, which imports it from here."""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import groupmessenger as gm
from groupmessenger.config import Config
from groupmessenger.connections import read_connection

Call = tuple[str, str, dict[str, str], bytes]


def exit_of(work: Callable[..., None], *args: Any) -> int | None:
    """How a process ends that does this work."""
    process = multiprocessing.get_context("spawn").Process(target=work, args=args)
    process.start()
    process.join(60)
    process.kill()  # one that hangs
    process.join()
    return process.exitcode


def as_call(callback: gm.Callback) -> Call:
    """A callback that can be handed to another process."""
    return callback.method, callback.url, dict(callback.headers), callback.body


def board_of(url: str, provider: str, settings: dict[str, Any]) -> gm.Switchboard:
    connection = read_connection(provider, {"provider": provider, **settings}, Path(), ())
    return gm.Switchboard(Config(Path("groupmessenger.toml"), {provider: connection}, provider, directory_url=url))


def accept(url: str, provider: str, settings: dict[str, Any], calls: Sequence[Call]) -> None:
    with board_of(url, provider, settings) as board:
        assert all(board.accept(provider, gm.Callback(*call)) for call in calls)


def handle_and_die(url: str, provider: str, settings: dict[str, Any]) -> None:
    """Begin to handle, and be killed."""
    with board_of(url, provider, settings) as board:
        board.handle(lambda event: os.kill(os.getpid(), signal.SIGKILL))
