"""A worker whose leases are short, so that what it leaves behind is taken over within seconds."""

from __future__ import annotations

import logging
import sys

import anyio

import groupmessenger as gm
from groupmessenger.switchboard import lines
from groupmessenger.switchboard.outbox import lanes, worker

lanes.LEASE = 2.0
worker._BEAT = 0.5
lines._SLACK = 0.5


async def main(path: str) -> None:
    async with gm.AsyncSwitchboard.from_config(path) as board, board.worker():
        await anyio.sleep_forever()


if __name__ == "__main__":
    logging.basicConfig(format="%(asctime)s %(process)d %(levelname)s %(name)s: %(message)s", level=logging.WARNING)
    anyio.run(main, sys.argv[1])
