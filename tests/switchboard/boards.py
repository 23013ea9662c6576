"""Switchboards over the sandbox: a configuration of its connections, and a directory of a test's own."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import attrs

from groupmessenger.config import Config
from groupmessenger.connections import read_connection
from groupmessenger.sandbox import Sandbox

PEOPLE = ("+13125550101", "+13125550102", "+13125550103")
QUICK: Mapping[str, Any] = {"timeout": 2, "patience": 1, "settle_after": 0.3}
OWN = {
    "sendblue": {"exclusive_line": True},
    "messagebird": {"allow_broadcast": True},
}


def config_of(
    box: Sandbox,
    url: str,
    folder: Path,
    names: Iterable[str] = ("sendblue", "messagebird", "bandwidth"),
    **top: Any,
) -> Config:
    """A configuration of the sandbox's connections, each under its provider's name; the first is the default."""
    connections = {
        name: read_connection(name, {"provider": name, **box.settings(name), **OWN.get(name, {}), **QUICK}, folder, ())
        for name in names
    }
    config = Config(folder / "groupmessenger.toml", connections, next(iter(connections)), directory_url=url)
    return attrs.evolve(config, **top)
