"""The two clients: the same in everything but blocking, and both the same as the interface of providers."""

from __future__ import annotations

import asyncio
import inspect
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import anyio
import httpx
import pytest
from acme import ALICE, BOB, LINE, SECRET, AcmeMessenger, Vendor

import groupmessenger
from groupmessenger import AsyncClient, Client, ConfigurationError, GroupMessenger, connect, connect_async
from groupmessenger.flags import Operation

# What a client takes otherwise than an adapter: it tokens its sends, turns pages, asks for consent, and reads receipts.
ITS_OWN = {
    "create_group": ["members", "name", "topology"],
    "send": ["group", "message"],
    "send_direct": ["to", "message"],
    "list_groups": [],
    "get_status": ["receipt"],
    "cancel_scheduled": ["receipt"],
    "received_since": ["since"],
    "upload": ["path", "content_type"],
}


def public(kind: type) -> dict[str, Any]:
    names = {name for name in vars(kind) if not name.startswith("_")} | {"__init__"}
    return {("close" if name == "aclose" else name): inspect.getattr_static(kind, name) for name in names}


def blocked(annotation: object) -> str:
    """An annotation of the async client, as the blocking one would have it."""
    return str(annotation).replace("AsyncHTTP", "BlockingHTTP").replace("AsyncIterator", "Iterator")


def signature(method: Any) -> list[tuple[str, Any, Any, str]]:
    function: Any = method.fget if isinstance(method, property) else method
    found = inspect.signature(function)
    parameters = [(each.name, each.kind, each.default, blocked(each.annotation)) for each in found.parameters.values()]
    return [*parameters, ("return", None, None, blocked(found.return_annotation))]


def test_both_clients_have_the_same_names() -> None:
    assert set(public(Client)) == set(public(AsyncClient))


@pytest.mark.parametrize("name", sorted(public(Client)))
def test_both_clients_take_and_give_the_same(name: str) -> None:
    """Parameters, their order, kinds, defaults and annotations; results; and what they say of themselves."""
    here, there = public(Client)[name], public(AsyncClient)[name]
    assert signature(here) == signature(there)
    if name != "__init__":
        assert inspect.getdoc(here)
    assert inspect.getdoc(here) == inspect.getdoc(there)


def test_what_asks_the_provider_is_awaited() -> None:
    """And nothing else is: plans, capabilities and what callbacks tell are there at once, listings are iterated."""
    asking = {operation.value for operation in Operation} - {"list_groups", "receive", "received_since"}
    asking |= {"check", "close", "download", "reply"}
    for name, method in public(AsyncClient).items():
        assert (name in asking) == inspect.iscoroutinefunction(method)
    assert not any(map(inspect.iscoroutinefunction, public(Client).values()))


@pytest.mark.parametrize("operation", Operation)
def test_a_client_has_every_operation_of_the_interface(operation: Operation) -> None:
    """Under the same name, with the same names of parameters, but for what the core sees to."""
    parameters = [each for each in inspect.signature(getattr(GroupMessenger, operation)).parameters if each != "self"]
    ours = [each for each in inspect.signature(getattr(Client, operation)).parameters if each != "self"]
    assert ITS_OWN.get(operation, parameters) == ours


def test_connecting_is_the_same_for_both() -> None:
    """But for what it gives."""
    here, there = inspect.signature(connect), inspect.signature(connect_async)
    assert [blocked(each) for each in here.parameters.values()] == [blocked(each) for each in there.parameters.values()]
    assert ("Client", "AsyncClient") == (here.return_annotation, there.return_annotation)
    assert not inspect.iscoroutinefunction(connect_async)
    made = ("messenger", "observers", "origin")  # by connecting, of the target and the plugins
    options = [name for name in inspect.signature(Client).parameters if name not in made]
    assert options == [name for name in here.parameters if name not in ("target", "plugins", "settings")]


def test_a_client_does_not_show_its_line() -> None:
    messenger = AcmeMessenger(line=LINE, api_key=SECRET)
    with Client(messenger) as client:
        assert "Client(acme, +13…00)" == repr(client)


def test_threads_share_a_client() -> None:
    """Sends, reads and listings at the same time; each thread gets its own answers."""
    vendor = Vendor(pause=0.002)
    for _ in range(3):
        vendor.open([ALICE, BOB])
    with Client(AcmeMessenger(line=LINE, api_key=SECRET), http=vendor.transport()) as client:

        def work(number: int) -> bool:
            receipt = client.send(client.group("g1"), str(number))
            ours = [m["text"] for m in vendor.messages if m["id"] == receipt.id]
            return ours == [str(number)] and 3 == len(list(client.list_groups())) and client.get_group("g2").id == "g2"

        with ThreadPoolExecutor(8) as pool:
            assert [True] * 16 == list(pool.map(work, range(16)))
    assert (16, 1) == (len(set(vendor.texts)), len(vendor.tokens))


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_tasks_share_a_client(backend: str) -> None:
    vendor = Vendor(pause=0.002)
    for _ in range(3):
        vendor.open([ALICE, BOB])
    fine: list[bool] = []

    async def main() -> None:
        messenger = AcmeMessenger(line=LINE, api_key=SECRET)
        async with AsyncClient(messenger, http=vendor.async_transport()) as client:
            assert "AsyncClient(acme, +13…00)" == repr(client)

            async def work(number: int) -> None:
                receipt = await client.send(client.group("g1"), str(number))
                ours = [m["text"] for m in vendor.messages if m["id"] == receipt.id]
                listed = [group.id async for group in client.list_groups()]
                fine.append(ours == [str(number)] and listed == ["g1", "g2", "g3"])

            async with anyio.create_task_group() as tasks:
                for number in range(16):
                    tasks.start_soon(work, number)

    anyio.run(main, backend=backend)
    assert [True] * 16 == fine
    assert (16, 1) == (len(set(vendor.texts)), len(vendor.tokens))


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_a_send_that_is_cancelled_leaves_the_client_usable(backend: str) -> None:
    """The lock of a group being opened is let go."""
    vendor = Vendor(pause=60)

    async def main() -> None:
        messenger = AcmeMessenger(line=LINE, api_key=SECRET)
        async with AsyncClient(messenger, http=vendor.async_transport()) as client:
            pending = await client.create_group([ALICE, BOB])
            with anyio.move_on_after(0.02):
                await client.send(pending, "one")
            vendor.pause = 0
            again = await client.create_group([ALICE, BOB])  # what became of the first message is in doubt
            assert "g1" == (await client.send(again, "two")).group.id

    anyio.run(main, backend=backend)
    assert ["two"] == vendor.texts


def test_a_caller_s_own_http_client_stays_open() -> None:
    vendor = Vendor()
    with httpx.Client(transport=vendor.transport()) as http:
        with Client(AcmeMessenger(line=LINE, api_key=SECRET), http=http) as client:
            client.send_direct(ALICE, "x")
        assert not http.is_closed
    with pytest.raises(ConfigurationError):
        Client(AcmeMessenger(line=LINE, api_key=SECRET), http=42)  # type: ignore[arg-type]


def test_a_client_is_exported() -> None:
    assert (Client, AsyncClient) == (groupmessenger.Client, groupmessenger.AsyncClient)


def test_an_async_client_belongs_to_one_event_loop() -> None:
    """Connections of another loop would break half-way through a request."""
    client = AsyncClient(
        AcmeMessenger(line=LINE, api_key=SECRET), http=httpx.MockTransport(lambda _: httpx.Response(404))
    )

    async def find() -> object:
        return await client.get_group("g1")

    with pytest.raises(groupmessenger.GroupMessengerError):
        asyncio.run(find())
    with pytest.raises(ConfigurationError, match="another event loop"):
        asyncio.run(find())
    asyncio.run(client.aclose())
