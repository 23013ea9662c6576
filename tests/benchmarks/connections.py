"""Our clients, and what a user would write instead, before the server of fixed answers."""

from __future__ import annotations

from typing import Any

import groupmessenger as gm

from .server import APPLICATION, LINE, MESSAGEBIRD_GROUP, PEOPLE, SENDBLUE_GROUP

TEXT = "Dinner at eight?"
PROVIDERS = ("sendblue", "messagebird", "bandwidth")


def settings(provider: str, url: str) -> dict[str, Any]:
    """Give the settings of a connection to the server at that URL."""
    keys: dict[str, dict[str, str]] = {
        "sendblue": {"api_key_id": "of-nobody", "api_secret_key": "of-nobody"},
        "messagebird": {"access_key": "of-nobody"},
        "bandwidth": {
            "client_id": "of-nobody",
            "client_secret": "of-nobody",
            "account_id": "9900100",
            "application_id": APPLICATION,
            "token_url": f"{url}/oauth2/token",
        },
    }
    return {"line": LINE, "base_url": url, **keys[provider]}


def group(provider: str, size: int = 3) -> gm.Group:
    """Give a group of that many people, at most ten, as a client keeps it after its first message."""
    kinds: dict[str, dict[str, Any]] = {
        "sendblue": {"id": SENDBLUE_GROUP, "topology": gm.Topology.SHARED_THREAD, "channel": gm.Channel.IMESSAGE},
        "messagebird": {"id": MESSAGEBIRD_GROUP, "topology": gm.Topology.BROADCAST},
    }
    people = tuple(gm.Member(gm.PhoneNumber(number)) for number in PEOPLE[:size])
    if provider == "bandwidth":
        return gm.Group.of_members(
            provider, LINE, people, pending=False, topology=gm.Topology.SHARED_THREAD, channel=gm.Channel.MMS
        )
    return gm.Group(provider, LINE, members=people, **kinds[provider])
