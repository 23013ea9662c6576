"""The sandbox as a command."""

from __future__ import annotations

import json as _json
from collections.abc import Iterable
from typing import Any

from rich.table import Table

from ..errors import ConfigurationError, Problem
from ..plugins import sandbox_faces
from ..sandbox import Face, Sandbox
from ..weburls import is_web_url, receiving_url
from .consoles import output
from .exits import until_told
from .results import say
from .starting import directory


def serve(port: int, doubts: Iterable[str], webhooks: str | None, *, json: bool) -> int:
    """Run the sandbox until interrupted or terminated. Below `webhooks` each vendor calls its name."""
    if webhooks is not None and not (is_web_url(webhooks) and webhooks.startswith("http:")):
        cure = "such as http://127.0.0.1:8000, where groupmessenger webhooks serve listens"
        raise ConfigurationError(Problem("--webhooks", "the stand-ins call http URLs of this machine alone", cure))
    with until_told() as ended, Sandbox(port, doubts=_chosen(doubts)) as sandbox:
        if webhooks is not None:
            for name in sandbox.faces:
                sandbox.calls(name, receiving_url(webhooks, name))
        if json:
            settings = {name: {"settings": sandbox.settings(name)} for name in sandbox.faces}
            print(_json.dumps({"providers": settings} | _webhooks(webhooks)), flush=True)
        else:
            _introduce(sandbox, webhooks)
        ended.wait()
    return 0


def _webhooks(url: str | None) -> dict[str, Any]:
    return {} if url is None else {"webhooks": {"public_url": url}}


def list_doubts(*, json: bool) -> int:
    """Print what each vendor leaves open; the first reading is the one taken."""
    faces = sandbox_faces()
    if json:
        listed = {
            f"{name}.{doubt.name}": {"what": doubt.what, "choices": list(doubt.choices)}
            for name, face in faces.items()
            for doubt in face.doubts
        }
        print(_json.dumps(listed))
        return 0
    table = Table()
    table.add_column("doubt", no_wrap=True, overflow="fold")
    table.add_column("what the vendor leaves open")
    table.add_column("readings, the default first")
    for name, face in faces.items():
        for doubt in face.doubts:
            table.add_row(f"{name}.{doubt.name}", doubt.what, " · ".join(map(str, doubt.choices)))
    output().print(table)
    return 0


def _introduce(sandbox: Sandbox, webhooks: str | None) -> None:
    """Print a configuration file, all of it at once: others may wait for it to be whole."""
    lines = [
        f"# Standing in at {sandbox.url}; interrupt to end. Phones: {sandbox.url}/_phones",
        "# This is a configuration file.",
        f"default = {_json.dumps(next(reversed(sandbox.faces), ''))}",
    ]
    lines += ["", *directory().splitlines()]
    if webhooks is not None:
        lines += ["", "[webhooks]", f"public_url = {_json.dumps(webhooks)}"]
    for name in sandbox.faces:
        lines += ["", f"[connections.{name}]", f"provider = {_json.dumps(name)}"]
        lines += [f"{key} = {_json.dumps(value)}" for key, value in sandbox.settings(name).items()]
    say(output(), "\n".join(lines))


def _chosen(doubts: Iterable[str]) -> dict[str, object]:
    """Read `provider.name=choice`, the choice by how it is written in the list."""
    faces: dict[str, type[Face]] = sandbox_faces()
    written = {
        (f"{name}.{doubt.name}", str(choice).lower()): choice
        for name, face in faces.items()
        for doubt in face.doubts
        for choice in doubt.choices
    }
    chosen: dict[str, object] = {}
    for each in doubts:
        name, given, choice = each.partition("=")
        if not given:
            raise ConfigurationError(Problem("--doubt", f"{each!r} names no reading", "write provider.name=reading"))
        chosen[name] = written.get((name, choice.lower()), choice)
    return chosen
