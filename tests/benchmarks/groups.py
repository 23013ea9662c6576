"""A MessageBird group made from nothing, 20 ms from the server: this library, and its vendor's SDK in a loop.

The loop goes once: its time is the server's. The numbers are those that are kept for fiction, in ten area codes.
"""

from __future__ import annotations

import asyncio
import importlib
from collections.abc import Callable, Iterator
from contextlib import AsyncExitStack, ExitStack
from functools import partial
from typing import Any

import groupmessenger as gm

from .connections import settings
from .measuring import Scale, in_turn, spent
from .results import Result, Target, compared
from .vendor import vendor

LATENCY = 0.02  # seconds
CHUNK = 50  # contacts a request, as the API takes them
PEOPLE = [f"+1{area}55501{number:02}" for area in range(201, 211) for number in range(100)]
Make = Callable[[list[str]], object]


def run(scale: Scale) -> Iterator[Result]:
    """Measure groups of each size, made by a blocking client and by an async one. Ten people are no loop to beat."""
    target = None if scale.quick else Target("≤", 0.1)
    with vendor(LATENCY) as url, ExitStack() as end:
        ours = {"blocking": _blocking(end, url), "async": _async(end, url)}
        loop = _loop(url)
        for size in [10] if scale.quick else [50, 1000]:
            people = PEOPLE[:size]
            sides = {name: partial(make, people) for name, make in ours.items()}
            found = in_turn(sides, rounds=scale.of(3, 1))
            theirs = spent(partial(loop, people))
            for name, mine in found.items():
                yield from compared(f"{size} members, {name}, against its SDK", mine, theirs, wall=target)


def _blocking(end: ExitStack, url: str) -> Make:
    client = end.enter_context(gm.connect("messagebird", **settings("messagebird", url)))
    return lambda people: _check(client.create_group(people, name="Dinner"), people)


def _async(end: ExitStack, url: str) -> Make:
    loop, connection = end.enter_context(asyncio.Runner()), AsyncExitStack()
    client = gm.connect_async("messagebird", **settings("messagebird", url))
    end.callback(lambda: loop.run(connection.aclose()))
    loop.run(connection.enter_async_context(client))
    return lambda people: _check(loop.run(client.create_group(people, name="Dinner")), people)


def _check(group: gm.Group, people: list[str]) -> None:
    """See that everybody is in it."""
    assert [str(address) for address in group.addresses] == people


def _loop(url: str) -> Make:
    """Give what makes a group by the SDK, as its pages have it."""
    module: Any = importlib.import_module("messagebird")
    module.client.ENDPOINT = f"{url}/"
    client = module.Client("of-nobody")

    def make(people: list[str]) -> None:
        contacts = [client.contact_create(number.removeprefix("+")).id for number in people]
        group = client.group_create("Dinner")
        for start in range(0, len(contacts), CHUNK):
            client.group_add_contacts(group.id, contacts[start : start + CHUNK])
        assert len(set(contacts)) == len(people)

    return make
