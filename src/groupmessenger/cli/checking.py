"""Whether the configuration works: the file in full, then each connection, without texting anybody."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import attrs
from rich.console import Console
from rich.table import Table
from rich.text import Text

from ..client import Client
from ..connecting import URL_VARIABLE
from ..messenger import Finding, Level
from .connecting import by_url, chosen, load, open_client
from .dumping import dump_error, print_json
from .exits import Exit, exit_of
from .outlook import Outlook, dump_outlook, look_ahead, show_outlook
from .results import say

_MARKS = {
    Level.OK: Text("✓", "green"),
    Level.UNCHECKED: Text("?", "dim"),
    Level.WARNING: Text("!", "yellow"),
    Level.FAULT: Text("✗", "red"),
}


@attrs.frozen
class Checked:
    """What was found of one connection."""

    name: str
    provider: str
    topology: str
    findings: tuple[Finding, ...]

    @property
    def fault(self) -> Finding | None:
        """The first thing that keeps messages from being sent."""
        return next((finding for finding in self.findings if finding.level is Level.FAULT), None)


@attrs.frozen
class Check:
    """What was found of all of them, and of the directory's groups."""

    source: str
    connections: tuple[Checked, ...]
    outlook: Outlook | None = None

    @property
    def exit(self) -> Exit:
        """0, or what the first fault would end a send with."""
        fault = next((each.fault for each in self.connections if each.fault), None)
        if fault is None:
            return Exit.DONE if self.outlook is None else self.outlook.exit
        return exit_of(fault.error) if fault.error is not None else Exit.USAGE

    def dump(self) -> dict[str, Any]:
        """All of it as JSON."""
        return {
            "source": self.source,
            "connections": {each.name: _dump(each) for each in self.connections},
            "directory": None if self.outlook is None else dump_outlook(self.outlook),
            "ok": self.exit is Exit.DONE,
        }


def run_check(name: str | None, path: Path | None, tell: Callable[[str], object]) -> Check:
    """Check the connection of that name, or all and the directory. `tell` hears whose turn it is.

    Raises `ConfigurationError`.
    """
    if by_url(name, path):
        tell(URL_VARIABLE)
        with open_client(None, None) as client:
            return Check(URL_VARIABLE, (_checked(URL_VARIABLE, client),))
    config = load(path)
    checked: list[Checked] = []
    for each in chosen(config, name):
        tell(each)
        with config.connect(each) as client:
            checked.append(_checked(each, client))
    if name is not None:
        return Check(str(config.path), tuple(checked))
    tell("the directory's groups")
    outlook = look_ahead(config, path)
    return Check(str(config.path), tuple(checked), outlook)


def _checked(name: str, client: Client) -> Checked:
    return Checked(name, client.messenger.name, str(client.capabilities.topology), client.check())


def show_check(check: Check, console: Console) -> None:
    """Print a table a connection."""
    say(console, f"{check.source}: well written")
    for each in check.connections:
        table = Table(title=f"{each.name}: {each.provider}, {each.topology.replace('_', ' ')}", title_justify="left")
        table.add_column("", no_wrap=True)
        table.add_column("", no_wrap=True)
        table.add_column("", overflow="fold")
        table.show_header = False
        for finding in _worst_first(each.findings):
            table.add_row(_MARKS[finding.level], str(finding.level), finding.what)
        console.print(table)
    if check.outlook is not None:
        show_outlook(console, check.outlook)


def print_check(check: Check) -> None:
    """Print it as JSON."""
    print_json(check.dump())


def _worst_first(findings: Iterable[Finding]) -> list[Finding]:
    order = (Level.FAULT, Level.WARNING, Level.OK, Level.UNCHECKED)
    return sorted(findings, key=lambda finding: order.index(finding.level))


def _dump(checked: Checked) -> dict[str, Any]:
    return {
        "provider": checked.provider,
        "topology": checked.topology,
        "ok": checked.fault is None,
        "findings": [
            {"level": finding.level, "what": finding.what}
            | ({"error": dump_error(finding.error)} if finding.error is not None else {})
            for finding in checked.findings
        ],
    }
