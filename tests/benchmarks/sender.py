"""A process that sends, and says how many megabytes it had at most by each count.

`python -m tests.benchmarks.sender SIDE URL REQUEST COUNT...`: REQUEST is path, headers and body as JSON, for httpx by
itself. Each side imports what it needs, and nothing else.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Awaitable, Callable
from typing import Any

from .measuring import peak

AT_ONCE = 50
PROVIDER = "sendblue"
SIDES = ("ours", "httpx", "ours, async", "httpx, async")


def main(side: str, url: str, request: str, *counts: str) -> None:
    """Send as one side does, and print the figures."""
    path, headers, body = json.loads(request)
    numbers = [int(count) for count in counts]
    given: dict[str, Any] = {"url": url + path, "headers": headers, "json": body}
    if side == "ours":
        found = _ours(url, numbers)
    elif side == "httpx":
        found = _bare(given, numbers)
    else:
        import asyncio

        found = asyncio.run(_ours_async(url, numbers) if side == "ours, async" else _bare_async(given, numbers))
    sys.stdout.write(json.dumps(found))


def _ours(url: str, counts: list[int]) -> list[float]:
    import groupmessenger as gm

    from .connections import TEXT, group, settings

    to = group(PROVIDER)
    with gm.connect(PROVIDER, **settings(PROVIDER, url)) as client:
        return _in_turn(counts, lambda: client.send(to, TEXT))


def _bare(given: dict[str, Any], counts: list[int]) -> list[float]:
    import httpx

    with httpx.Client() as client:
        return _in_turn(counts, lambda: client.post(**given).json())


async def _ours_async(url: str, counts: list[int]) -> list[float]:
    import groupmessenger as gm

    from .connections import TEXT, group, settings

    to = group(PROVIDER)
    async with gm.connect_async(PROVIDER, **settings(PROVIDER, url)) as client:
        return await _at_once(counts, lambda: client.send(to, TEXT))


async def _bare_async(given: dict[str, Any], counts: list[int]) -> list[float]:
    import httpx

    async with httpx.AsyncClient() as client:

        async def one() -> object:
            return (await client.post(**given)).json()

        return await _at_once(counts, one)


def _in_turn(counts: list[int], one: Callable[[], object]) -> list[float]:
    peaks: list[float] = []
    for before, count in zip([0, *counts], counts, strict=False):
        for _ in range(before, count):
            one()
        peaks.append(peak())
    return peaks


async def _at_once(counts: list[int], one: Callable[[], Awaitable[object]]) -> list[float]:
    import asyncio

    peaks: list[float] = []
    for before, count in zip([0, *counts], counts, strict=False):
        for _ in range(before, count, AT_ONCE):
            await asyncio.gather(*(one() for _ in range(AT_ONCE)))
        peaks.append(peak())
    return peaks


if __name__ == "__main__":
    main(*sys.argv[1:])
