"""A process that receives, and kills itself in the middle of the first message if it is told to.

It prints where it is, and each message before and after it is handled; it ends with its input.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from typing import Any

from serving import serving

import groupmessenger as gm
from groupmessenger import webhooks


def main(settings: dict[str, Any], port: int, kill: bool) -> None:
    def handle(event: gm.Event) -> None:
        if isinstance(event, gm.MessageReceived):
            print(f"handling {event.text}", flush=True)  # noqa: T201
            if kill:
                os.kill(os.getpid(), signal.SIGKILL)
            print(f"handled {event.text}", flush=True)  # noqa: T201

    with gm.connect("bandwidth", **settings) as client, serving(webhooks.asgi({"main": client}, handle), port) as url:
        print(url, flush=True)  # noqa: T201
        sys.stdin.read()


if __name__ == "__main__":
    main(*json.loads(sys.argv[1]))
