"""A process that sends one message, and kills or stops itself at a point of its way.

It prints the attempt before the message leaves, and what came of it; then it stays until its input ends.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
import time
from typing import Any

import anyio
import httpx

import groupmessenger as gm
from groupmessenger.provider import hookimpl

TEXT = "Dinner at seven?"


class Child(httpx.BaseTransport, httpx.AsyncBaseTransport):
    """Gives the process a signal when it is at `where`, once."""

    def __init__(self, sign: str, where: str) -> None:
        self._sign, self._where = sign, where
        self._blocking, self._async = httpx.HTTPTransport(verify=False), httpx.AsyncHTTPTransport(verify=False)
        self._sleep, self._sleep_async = time.sleep, anyio.sleep
        time.sleep, anyio.sleep = self._pause, self._pause_async  # type: ignore[assignment]

    def _reached(self, here: str) -> None:
        if here == self._where:
            self._where = ""
            os.kill(os.getpid(), getattr(signal, self._sign))

    @hookimpl
    def groupmessenger_before_send(self, attempt: gm.Attempt) -> None:
        print(attempt.dump(), flush=True)  # noqa: T201
        self._reached("before it leaves")

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        if TEXT.encode() in request.content:
            self._reached("while it connects")
        return self._blocking.handle_request(request)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if TEXT.encode() in request.content:
            self._reached("while it connects")
        return await self._async.handle_async_request(request)

    def _pause(self, seconds: float) -> None:
        self._reached("between two tries")
        self._sleep(seconds)

    async def _pause_async(self, seconds: float) -> None:
        self._reached("between two tries")
        await self._sleep_async(seconds)

    def close(self) -> None:
        self._blocking.close()

    async def aclose(self) -> None:
        await self._async.aclose()


def send(provider: str, settings: dict[str, Any], people: list[str], child: Child) -> None:
    with gm.connect(provider, plugins=[child], http=child, **settings) as client:
        if len(people) == 1:
            client.send_direct(people[0], TEXT)
        else:
            client.send(client.create_group(people), TEXT)


async def send_async(provider: str, settings: dict[str, Any], people: list[str], child: Child) -> None:
    async with gm.connect_async(provider, plugins=[child], http=child, **settings) as client:
        if len(people) == 1:
            await client.send_direct(people[0], TEXT)
        else:
            await client.send(await client.create_group(people), TEXT)


def main(way: str, provider: str, settings: dict[str, Any], people: list[str], sign: str, where: str) -> None:
    child = Child(sign, where)
    try:
        if way == "blocking":
            send(provider, settings, people, child)
        else:
            asyncio.run(send_async(provider, settings, people, child))
        word = "done"
    except gm.GroupMessengerError as error:
        word = f"{type(error).__name__} {error.outcome}"
    print(word, flush=True)  # noqa: T201
    sys.stdin.read()


if __name__ == "__main__":
    main(*json.loads(sys.argv[1]))
