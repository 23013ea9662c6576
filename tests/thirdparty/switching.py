"""A program of somebody's, with a provider that somebody else wrote: run by `test_telnyx`, in an empty folder."""

from __future__ import annotations

import json
from pathlib import Path

import groupmessenger as gm
from groupmessenger.sandbox import Sandbox
from groupmessenger.testing import assert_seen

FILE, PEOPLE = Path("groupmessenger.toml"), ["+13125550101", "+13125550102", "+13125550103"]


def configure(sandbox: Sandbox, default: str) -> None:
    """Write the file: two connections, one of which is the default."""
    lines = [f'default = "{default}"', "[directory]", 'url = "sqlite:///groups.db"']
    for provider in ("bandwidth", "telnyx"):
        lines += [f"[connections.{provider}]", f'provider = "{provider}"']
        lines += [f"{name} = {json.dumps(value)}" for name, value in sandbox.settings(provider).items()]
    FILE.write_text("\n".join(lines))


with Sandbox() as sandbox:
    configure(sandbox, "telnyx")
    with gm.connect() as client:
        client.send(client.create_group(PEOPLE), "Dinner at eight?")
        assert_seen(sandbox, "Dinner at eight?", by=PEOPLE)
    configure(sandbox, "bandwidth")
    with gm.Switchboard.from_config(FILE) as board:
        board.create_group("Dinner", PEOPLE)
        sent = [board.send("Dinner", "Or at nine?").connection]
        configure(sandbox, "telnyx")
        sent.append(board.send("Dinner", "At nine, then!").connection)
    assert ["bandwidth", "telnyx"] == sent
    threads = {frozenset(thread.participants) for thread in sandbox.phones[PEOPLE[0]].threads}
    assert {frozenset([*PEOPLE, sandbox.settings(provider)["line"]]) for provider in sent} == threads
    for text in ("Or at nine?", "At nine, then!"):
        assert_seen(sandbox, text, by=PEOPLE)
