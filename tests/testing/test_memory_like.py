"""The provider in memory, like another one: its flags, its limits, and its kind of group."""

from __future__ import annotations

from contextlib import suppress

import pytest

import groupmessenger as gm
from groupmessenger.plugins import installed_providers, load_provider
from groupmessenger.sandbox import Phones, Sandbox
from groupmessenger.testing import Memory, assert_seen

ANN, BOB, CAM = "+13125550101", "+13125550102", "+13125550103"
PROVIDERS = sorted(installed_providers())


@pytest.mark.parametrize("provider", PROVIDERS)
def test_it_has_another_providers_flags_and_limits(memory: Memory, provider: str) -> None:
    theirs = load_provider(provider).capabilities
    with memory.connect(like=provider, limits={"recipients": 3}) as client:
        here = client.capabilities
        assert (theirs.flags, theirs.topology, theirs.identity) == (here.flags, here.topology, here.identity)
        with pytest.raises(gm.LimitExceeded, match="this connection's limits"):
            client.create_group([ANN, BOB, CAM, "+13125550104"])


@pytest.mark.parametrize("provider", PROVIDERS)
def test_phones_show_what_they_show_in_the_sandbox(provider: str) -> None:
    memory = Memory()
    with Sandbox() as sandbox, sandbox.connect(provider) as there, memory.connect(like=provider) as here:
        assert told(there, sandbox.phones) == told(here, memory.phones)


def told(client: gm.Client, phones: Phones) -> list[object]:
    """A story, and what it comes to on the phones."""
    ann, bob = phones[ANN], phones[BOB]
    group = client.send(client.create_group([ANN, BOB]), "Dinner?").group
    ann.send("Yes", thread=ann.threads[0].id)
    with suppress(gm.UnsupportedOperation, gm.LimitExceeded):
        group = client.add_members(group, [CAM])
    receipt = client.send(group, "Good")
    client.send_direct(BOB, "Bring wine")
    threads = [[len(thread.participants) for thread in phone.threads] for phone in (ann, bob)]
    return [phones.texts, threads, len(receipt.recipients), group.channel]


def test_what_another_provider_lacks_is_refused(memory: Memory) -> None:
    with memory.connect(like="bandwidth") as client:
        group = client.create_group([ANN, BOB])
        with pytest.raises(gm.UnsupportedOperation, match="a group there is its members"):
            client.add_members(group, [CAM])
        with pytest.raises(gm.LimitExceeded, match="Memory takes at most 10"):
            client.create_group([f"+131255501{n:02}" for n in range(10, 21)])


def test_a_group_with_one_android_phone(memory: Memory) -> None:
    memory.phones[BOB].imessage = False
    with memory.connect(like="sendblue") as client:
        receipt = client.send(client.create_group([ANN, BOB]), "Hello")
        assert "SMS" == receipt.group.channel
        assert not client.capabilities_of(receipt.group).can("add_members")


def test_private_copies_are_answered_privately(memory: Memory) -> None:
    with memory.connect(like="messagebird") as client:
        group = client.create_group([ANN, BOB])
        client.send(group, gm.Message("Hello", leave_out=[BOB]))
        assert_seen(memory, "Hello", by=[ANN], privately=True)
        memory.phones[ANN].send("Yes", thread=memory.phones[ANN].threads[0].id)
        (event,) = (each for each in memory.events(client) if isinstance(each, gm.MessageReceived))
        with pytest.raises(gm.GroupUnresolved) as which:
            client.reply(event, "Good")
        assert (group.id,) == which.value.candidates


def test_an_unknown_provider_is_named(memory: Memory) -> None:
    with pytest.raises(gm.ConfigurationError, match="groupmessenger-acme"):
        memory.connect(like="acme")
