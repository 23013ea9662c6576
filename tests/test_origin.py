"""A client that configuration chose makes shared threads only, unless it may make others; and what else would do."""

from __future__ import annotations

from typing import Any

import attrs
import pytest
from acme import ALICE, BOB, CAPABILITIES, LINE, SECRET, AcmeMessenger, Vendor

from groupmessenger import Client
from groupmessenger.capabilities import Capabilities
from groupmessenger.errors import BroadcastRefused, InvalidInput, LimitExceeded
from groupmessenger.groups import Topology
from groupmessenger.messages import Message
from groupmessenger.origin import Origin, consent

THREAD, BROADCAST = Topology.SHARED_THREAD, Topology.BROADCAST
CHOSEN = Origin("main")
ALLOWED = Origin("main", allow_broadcast=True)


@pytest.mark.parametrize(
    ("topology", "wanted", "origin", "refused"),
    [
        (THREAD, None, None, False),
        (THREAD, None, CHOSEN, False),
        (THREAD, "shared_thread", CHOSEN, False),
        (THREAD, "broadcast", None, True),
        (THREAD, "broadcast", ALLOWED, True),
        (BROADCAST, None, None, False),  # the code names the provider
        (BROADCAST, None, CHOSEN, True),
        (BROADCAST, None, ALLOWED, False),
        (BROADCAST, BROADCAST, CHOSEN, False),  # the code names the kind
        (BROADCAST, "shared_thread", ALLOWED, True),
    ],
)
def test_consent(topology: Topology, wanted: Any, origin: Origin | None, refused: bool) -> None:
    if refused:
        with pytest.raises(BroadcastRefused):
            consent("Acme", topology, wanted, origin)
    else:
        consent("Acme", topology, wanted, origin)


def test_the_refusal_names_the_connection_and_the_cure() -> None:
    with pytest.raises(BroadcastRefused) as refused:
        consent("Acme", BROADCAST, None, CHOSEN)
    assert (
        "connection main is at Acme, which sends private copies to each member, and no shared thread: if that is what "
        "you want, say allow_broadcast = true for it, or ask for topology='broadcast'"
    ) == str(refused.value)


def test_what_is_no_topology_is_said() -> None:
    with pytest.raises(InvalidInput, match="topology is one of shared_thread, broadcast"):
        consent("Acme", THREAD, "thread", None)


def larger(**limits: int) -> Capabilities:
    return CAPABILITIES.with_limits(limits)


def client(**others: Capabilities) -> Client:
    messenger = AcmeMessenger(line=LINE, api_key=SECRET)
    return Client(messenger, http=Vendor().transport(), origin=Origin("main", others=lambda: others))


PEOPLE = [ALICE, BOB, *(f"+131255501{n}" for n in range(10, 14))]


def test_a_limit_names_the_connections_that_would_do() -> None:
    """Those with the same kind of group, where it fits; in the text and as data."""
    others = {
        "small": CAPABILITIES,
        "large": larger(recipients=9),
        "copies": attrs.evolve(larger(recipients=99), topology=BROADCAST),
        "boundless": attrs.evolve(CAPABILITIES, limits=()),
    }
    with client(**others) as main:
        for refused in (lambda: main.create_group(PEOPLE), lambda: main.plan(PEOPLE, "hi").check()):
            with pytest.raises(LimitExceeded) as caught:
                refused()
            assert ("large", "boundless") == caught.value.alternatives
            assert str(caught.value).endswith("; it would fit connection large or boundless")


def test_a_text_is_measured_as_the_other_connection_does() -> None:
    with client(long=larger(text=500), longest=larger(text=501)) as main:
        with pytest.raises(LimitExceeded) as caught:
            main.plan([ALICE, BOB], Message("x" * 501)).check()
        assert ("longest",) == caught.value.alternatives


def test_without_a_configuration_there_is_nothing_to_name() -> None:
    with Client(AcmeMessenger(line=LINE, api_key=SECRET), http=Vendor().transport()) as alone:
        with pytest.raises(LimitExceeded) as caught:
            alone.create_group(PEOPLE)
        assert () == caught.value.alternatives
