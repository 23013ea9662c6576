"""2,000 group sends, 50 under way at a time: this library, bare httpx with its defaults, Sendblue's own async SDK."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import AsyncExitStack
from functools import partial
from typing import Any

import httpx
from sendblue_api import AsyncSendblueAPI

import groupmessenger as gm

from .connections import PROVIDERS, TEXT, group, settings
from .measuring import Scale, Spent, in_turn
from .results import Result, Target, compared
from .sdks import requests_of
from .server import LINE, SENDBLUE_GROUP
from .vendor import vendor

AT_ONCE = 50
Send = Callable[[], Awaitable[str]]
_BARE, _SDK = Target("≤", 0.5), Target("<", 1.0)


def run(scale: Scale) -> Iterator[Result]:
    """Measure each provider."""
    sends = scale.of(2000, 100)
    with vendor() as url, asyncio.Runner() as loop:
        for provider in PROVIDERS:
            found = _measured(loop, provider, url, sends, scale.of(5, 1))
            for name in list(found)[1:]:
                target = _BARE if name == "httpx" else _SDK
                yield from compared(f"{provider} send, against {name}", found["ours"], found[name], target)


def _measured(loop: asyncio.Runner, provider: str, url: str, sends: int, rounds: int) -> dict[str, Spent]:
    end = AsyncExitStack()
    try:
        work = {name: partial(_all, loop, send, sends) for name, send in loop.run(sides(end, provider, url)).items()}
        return in_turn(work, sends, rounds)
    finally:
        loop.run(end.aclose())


async def sides(end: AsyncExitStack, provider: str, url: str) -> dict[str, Send]:
    """Give a send by each side, which gives the id of its message. What they keep open closes with `end`."""
    client = await end.enter_async_context(gm.connect_async(provider, **settings(provider, url)))
    bare = await end.enter_async_context(httpx.AsyncClient())
    found: dict[str, Send] = {
        "ours": partial(_ours, client, group(provider)),
        "httpx": partial(_bare, bare, url, *requests_of(provider)),
    }
    if provider == "sendblue":
        sdk = AsyncSendblueAPI(api_key="of-nobody", api_secret="of-nobody", base_url=url)
        found["its SDK"] = partial(_sendblue, await end.enter_async_context(sdk))
    return found


async def _ours(client: gm.AsyncClient, to: gm.Group) -> str:
    return (await client.send(to, TEXT)).id


async def _bare(client: httpx.AsyncClient, url: str, path: str, headers: dict[str, str], body: dict[str, Any]) -> str:
    answer = (await client.post(url + path, json=body, headers=headers)).json()
    return str(answer.get("id") or answer["message_handle"])


async def _sendblue(client: AsyncSendblueAPI) -> str:
    answer = await client.groups.send_message(content=TEXT, from_number=LINE, group_id=SENDBLUE_GROUP)
    return str(answer.message_handle)


def _all(loop: asyncio.Runner, send: Send, sends: int) -> None:
    """Make all sends, and see that as many messages were taken."""
    made = loop.run(_at_once(send, sends))
    assert len(set(made)) == sends


async def _at_once(send: Send, sends: int) -> list[str]:
    room = asyncio.Semaphore(AT_ONCE)

    async def one() -> str:
        async with room:
            return await send()

    return await asyncio.gather(*(one() for _ in range(sends)))
