"""The file that all processes of a world have, and what vendors answer without doing anything."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from groupmessenger.config import Config
from groupmessenger.connections import read_connection
from groupmessenger.flow import Response

from .vendors import HOST, Vendors, base_url
from .weather import Fate

TIMEOUT, PATIENCE, SETTLE = 10.0, 4.0, 120.0
NAMES = ("sendblue", "second", "messagebird", "bandwidth")
PROVIDERS = {"second": "sendblue"}

ANSWERS: Mapping[tuple[str, Fate], Response] = {
    ("sendblue", Fate.DENIED): Response(401, b'{"status": "ERROR", "error_message": "No"}'),
    ("sendblue", Fate.OVERDRAWN): Response(400, b'{"status": "ERROR", "error_key": "LINE_DAILY_LIMIT_REACHED"}'),
    ("sendblue", Fate.REJECTED): Response(400, b'{"status": "ERROR", "error_message": "No"}'),
    ("messagebird", Fate.DENIED): Response(401, b'{"errors": [{"code": 2, "description": "No"}]}'),
    ("messagebird", Fate.OVERDRAWN): Response(402, b'{"errors": [{"code": 25, "description": "No"}]}'),
    ("messagebird", Fate.REJECTED): Response(422, b'{"errors": [{"code": 10, "description": "No"}]}'),
    ("bandwidth", Fate.DENIED): Response(401, b'{"type": "unauthorized", "description": "No"}'),
    ("bandwidth", Fate.OVERDRAWN): Response(429, b'{"type": "queue-full", "description": "No"}'),
    ("bandwidth", Fate.REJECTED): Response(400, b'{"type": "request-validation", "description": "No"}'),
}


def hook(provider: str) -> str:
    """Where a vendor calls."""
    return f"{HOST}/hooks/{provider}"


@cache
def config(own_callbacks: bool, pace: str | None) -> Config:
    """The file; the `pace` is that of all connections."""
    vendors = Vendors.open(lambda ring: None)
    tables: dict[str, dict[str, Any]] = {}
    for name in NAMES:
        provider = PROVIDERS.get(name, name)
        tables[name] = {"provider": provider, **vendors.faces[provider].settings(base_url(provider))}
        tables[name] |= {"timeout": TIMEOUT, "patience": PATIENCE, "settle_after": SETTLE, "failover": True}
        if pace is not None:
            tables[name]["pace"] = pace
    first = tables["sendblue"]["line"]
    tables["second"] |= {"line": tables["sendblue"]["other_lines"][0], "other_lines": [first]}
    tables["messagebird"]["allow_broadcast"] = True
    if own_callbacks:
        for name, key in (
            ("sendblue", "status_callback"),
            ("second", "status_callback"),
            ("messagebird", "report_url"),
        ):
            tables[name][key] = hook(PROVIDERS.get(name, name))
    connections: Mapping[str, Any] = {name: read_connection(name, table, Path(), ()) for name, table in tables.items()}
    return Config(Path("groupmessenger.toml"), connections, "sendblue")
