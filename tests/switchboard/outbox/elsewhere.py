"""What other processes do with one outbox: new ones, which import it from here."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import Any

from sqlalchemy import create_engine

import groupmessenger as gm
from groupmessenger.config import Config
from groupmessenger.connections import read_connection
from groupmessenger.provider import hookimpl


def board_of(url: str, settings: dict[str, Any], *plugins: object) -> gm.Switchboard:
    """A switchboard of one connection."""
    connection = read_connection("sendblue", {"provider": "sendblue", **settings}, Path(), ())
    file = Path("groupmessenger.toml")
    return gm.Switchboard(
        Config(file, {"sendblue": connection}, "sendblue", directory_url=url, plugins=plugins),
    )


def enqueue(url: str, settings: dict[str, Any]) -> None:
    """Queue a message under a key, and more without."""
    with board_of(url, settings) as board:
        for _ in range(5):
            board.enqueue("team", "One", key="k")
            board.enqueue("team", "Each")


def enqueue_carrying(url: str, settings: dict[str, Any]) -> None:
    """Queue a message that something goes along with."""

    class Carrying:
        @hookimpl
        def groupmessenger_carry(self) -> dict[str, str]:
            return {"asker": "elsewhere"}

    with board_of(url, settings, Carrying()) as board:
        board.enqueue("team", "One")


def enqueue_and_die(url: str, settings: dict[str, Any]) -> None:
    """Queue in a transaction of one's own, and be killed before it is committed."""
    with board_of(url, settings) as board, create_engine(url).connect() as connection:
        board.enqueue("team", "One", key="k", connection=connection)
        os.kill(os.getpid(), signal.SIGKILL)
