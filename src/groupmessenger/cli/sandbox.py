"""The sandbox as a command."""

from __future__ import annotations

import json as _json
import signal
import threading
from collections.abc import Iterable

from rich.table import Table

from ..errors import ConfigurationError, Problem
from ..plugins import sandbox_faces
from ..sandbox import Face, Sandbox
from .consoles import output
from .results import say


def serve(port: int, doubts: Iterable[str], *, json: bool) -> int:
    """Run the sandbox until interrupted or terminated."""
    ended = threading.Event()
    for each in (signal.SIGINT, signal.SIGTERM):
        signal.signal(each, lambda *_: ended.set())
    with Sandbox(port, doubts=_chosen(doubts)) as sandbox:
        settings = {name: {"settings": sandbox.settings(name)} for name in sandbox.faces}
        if json:
            print(_json.dumps({"providers": settings}), flush=True)
        else:
            _introduce(sandbox)
        ended.wait()
    return 0


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


def _introduce(sandbox: Sandbox) -> None:
    console = output()
    say(console, f"# Standing in at {sandbox.url}; interrupt to end. Phones: {sandbox.url}/_phones")
    say(console, "# This is a configuration file.")
    say(console, f"default = {_json.dumps(next(reversed(sandbox.faces), ''))}")
    for name in sandbox.faces:
        say(console, f"\n[connections.{name}]\nprovider = {_json.dumps(name)}")
        for key, value in sandbox.settings(name).items():
            say(console, f"{key} = {_json.dumps(value)}")


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
