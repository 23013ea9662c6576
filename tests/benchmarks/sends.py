"""One group send, blocking, over a connection that stays open: this library, bare httpx, the vendors' SDKs, apprise."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import partial

import httpx

import groupmessenger as gm

from .connections import PROVIDERS, TEXT, group, settings
from .measuring import Scale, in_turn, times_over
from .results import Result, Target, compared
from .sdks import SDKS, requests_of
from .vendor import vendor

_BARE, _SDK = Target("≤", 1.0), Target("<", 1.0)


def run(scale: Scale) -> Iterator[Result]:
    """Measure each provider."""
    pieces = scale.of(300, 20)
    with vendor() as url, ExitStack() as end:
        for provider in PROVIDERS:
            client = end.enter_context(gm.connect(provider, **settings(provider, url)))
            sides: dict[str, Callable[[], object]] = {
                "ours": partial(client.send, group(provider), TEXT),
                "httpx": _bare(end.enter_context(httpx.Client()), provider, url),
            }
            sides |= {name: end.enter_context(make(url)) for name, make in SDKS[provider].items()}
            found = in_turn({name: times_over(work, pieces) for name, work in sides.items()}, pieces, scale.of(7, 1))
            for name in list(sides)[1:]:
                target = _BARE if name == "httpx" else _SDK
                yield from compared(f"{provider} send, against {name}", found["ours"], found[name], target)


def _bare(client: httpx.Client, provider: str, url: str) -> Callable[[], object]:
    """Give the same request as somebody writes it who has read the vendor's page."""
    path, headers, body = requests_of(provider)

    def send() -> object:
        return client.post(url + path, json=body, headers=headers).json()

    return send
