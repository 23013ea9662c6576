"""The pytest plugin. It imports pytest alone; what a fixture needs comes in when a test asks for it.

A package of its own, because pytest imports it in every run: a part of `groupmessenger` would bring in all of that.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, TypeAlias

import pytest

if TYPE_CHECKING:
    from groupmessenger.async_client import AsyncClient
    from groupmessenger.client import Client
    from groupmessenger.events import Event
    from groupmessenger.sandbox import Sandbox
    from groupmessenger.testing.memory import Memory

    Receive: TypeAlias = Callable[[Mapping[str, Client | AsyncClient], Callable[[Event], object]], str]


pytest.register_assert_rewrite("groupmessenger.testing.contract")  # so that a check that fails shows its values


@pytest.fixture
def groupmessenger_memory() -> Memory:
    """A `Memory`, new for each test: a provider without HTTP, with phones."""
    from groupmessenger.testing.memory import Memory

    return Memory()


@pytest.fixture
def groupmessenger_sandbox() -> Iterator[Sandbox]:
    """A started `Sandbox` with every installed provider's face, new for each test."""
    _need("starlette", "uvicorn")
    from groupmessenger.sandbox import Sandbox

    with Sandbox() as sandbox:
        yield sandbox


@pytest.fixture
def groupmessenger_server() -> Iterator[Callable[[Any], str]]:
    """A function that serves your WSGI or ASGI application until the test ends, and gives its URL."""
    _need("uvicorn")
    from groupmessenger.testing.serving import serving

    with ExitStack() as ending:
        yield lambda app: ending.enter_context(serving(app))


@pytest.fixture
def groupmessenger_receiver(groupmessenger_sandbox: Sandbox, groupmessenger_server: Callable[[Any], str]) -> Receive:
    """A function of clients by name and a handler of events: has the sandbox's vendors call it until the test ends.

    It gives the URL below which each client has its name.
    """
    from groupmessenger import webhooks
    from groupmessenger.weburls import receiving_url

    def receive(clients: Mapping[str, Client | AsyncClient], on_event: Callable[[Event], object]) -> str:
        url = groupmessenger_server(webhooks.wsgi(clients, on_event))
        for name, client in clients.items():
            groupmessenger_sandbox.calls(client.messenger.name, receiving_url(url, name))
        return url

    return receive


def _need(*modules: str) -> None:
    """Fail the test where something of the extra is missing, with the cure."""
    missing = [name for name in modules if find_spec(name) is None]
    if missing:
        pytest.fail(f"{', '.join(missing)} not installed: pip install 'groupmessenger[testing]'", pytrace=False)
