"""A client of either kind, called alike."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import attrs
import httpx
import pytest
from anyio.from_thread import BlockingPortal, start_blocking_portal
from groupmessenger_bandwidth import BandwidthMessenger
from groupmessenger_bandwidth.sandbox import ACCOUNT_ID, APPLICATION_ID, LINE

import groupmessenger as gm
from groupmessenger.sandbox import Sandbox

WAYS = ("blocking", "asyncio", "trio")
SETTINGS = {
    "line": LINE,
    "account_id": ACCOUNT_ID,
    "application_id": APPLICATION_ID,
    "base_url": "https://messaging.test/api/v2",
    "token_url": "https://token.test/oauth2/token",
}
OAUTH = {"client_id": "client-id", "client_secret": "hush-hush"}
FIELDS = {field.name for field in attrs.fields(BandwidthMessenger)}


class Called:
    """An async client whose methods are called from outside its loop, from any thread."""

    def __init__(self, client: gm.AsyncClient, portal: BlockingPortal) -> None:
        self._client = client
        self._portal = portal

    def __getattr__(self, name: str) -> Any:
        value = getattr(self._client, name)
        if not callable(value):
            return value

        def call(*arguments: Any, **keywords: Any) -> Any:
            async def run() -> Any:
                result = value(*arguments, **keywords)
                return await result if hasattr(result, "__await__") else result

            return self._portal.call(run)

        return call


@pytest.fixture
def box() -> Iterator[Sandbox]:
    with Sandbox() as box:
        yield box


@pytest.fixture(params=WAYS)
def way(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def connect(way: str) -> Iterator[Callable[..., Any]]:
    """Connect to a sandbox, or to a function that answers requests. Both kinds of clients are then called alike."""
    with ExitStack() as stack:
        portal = None if way == "blocking" else stack.enter_context(start_blocking_portal(way))

        def connect(where: Any, **given: Any) -> Any:
            given = {"patience": 0, **given}
            client: gm.AsyncClient
            if isinstance(where, Sandbox):
                if portal is None:
                    return stack.enter_context(where.connect("bandwidth", **given))
                client = where.connect_async("bandwidth", **given)
            else:
                usual = SETTINGS if "username" in given else SETTINGS | OAUTH
                messenger = BandwidthMessenger(
                    **usual | {name: value for name, value in given.items() if name in FIELDS}
                )
                options = {name: value for name, value in given.items() if name not in FIELDS}
                if portal is None:
                    return stack.enter_context(gm.Client(messenger, http=httpx.MockTransport(where), **options))
                client = gm.AsyncClient(messenger, http=httpx.MockTransport(where), **options)
            stack.callback(portal.call, client.aclose)
            return Called(client, portal)

        yield connect
