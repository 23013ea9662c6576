"""From a name and settings to a client."""

from __future__ import annotations

from typing import Any

import acme
import anyio
import pytest
from acme import ALICE, LINE, SECRET, Vendor

import groupmessenger as gm
from groupmessenger.provider import hookimpl


class Watching:
    """An observer among the plugins."""

    def __init__(self) -> None:
        self.seen: list[str] = []

    @hookimpl
    def groupmessenger_before_send(self, attempt: gm.Attempt) -> None:
        self.seen.append(attempt.message.text)


def test_a_name_and_settings_are_a_connection() -> None:
    """With the options of a client, and plugins that are not installed."""
    vendor, watching = Vendor(), Watching()
    with gm.connect(
        "acme",
        line=LINE,
        api_key=SECRET,
        http=vendor.transport(),
        plugins=iter([watching, acme]),
        region="US",
        limits={"text": 3},
        settle_after=7,
        timeout=3,
        patience=2,
    ) as client:
        client.send_direct("(312) 555-0101", "hi")
        with pytest.raises(gm.LimitExceeded):
            client.send_direct(ALICE, "long")
        assert 7 == client.capabilities.settle
    assert (["hi"], ["hi"]) == (watching.seen, vendor.texts)


def test_an_asynchronous_connection_is_made_at_once() -> None:
    """`connect_async` is a plain function, for `async with`."""
    vendor, watching = Vendor(), Watching()

    async def main() -> None:
        async with gm.connect_async(
            "acme", line=LINE, api_key=SECRET, http=vendor.async_transport(), plugins=[acme, watching], strict=True
        ) as client:
            await client.send_direct(ALICE, "hi")
            with pytest.raises(gm.UnsupportedOperation):
                await client.send_direct(ALICE, gm.Message("hi", effect="snow"))

    anyio.run(main)
    assert (["hi"], ["hi"]) == (watching.seen, vendor.texts)


def test_connecting_makes_no_request() -> None:
    vendor = Vendor()
    gm.connect("acme", line=LINE, api_key=SECRET, http=vendor.transport(), plugins=[acme]).close()
    assert [] == vendor.seen


@pytest.mark.parametrize("connect", [gm.connect, gm.connect_async])
def test_what_is_wrong_is_said_without_a_request(connect: Any) -> None:
    """No provider, a provider nobody has, settings that cannot be, an address that cannot be."""
    with pytest.raises(gm.ConfigurationError, match="provider"):
        connect()
    with pytest.raises(gm.ConfigurationError, match="'zzz' is installed"):
        connect("zzz")
    with pytest.raises(gm.ConfigurationError) as caught:
        connect("acme", plugins=[acme], api_kee=SECRET)
    assert {"api_kee", "api_key", "line"} == {problem.key for problem in caught.value.problems}
    assert SECRET not in str(caught.value)
    with pytest.raises(gm.ConfigurationError, match="base_url"):
        connect("acme", plugins=[acme], api_key=SECRET, line=LINE, base_url="http://acme.example")
    with pytest.raises(gm.ConfigurationError, match="timeout"):
        connect("acme", plugins=[acme], api_key=SECRET, line=LINE, timeout=0)
