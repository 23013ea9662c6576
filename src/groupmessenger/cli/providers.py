"""Which providers there are, which of them cannot be used and why, and what each can do."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

import attrs
from rich.console import Console
from rich.table import Table
from rich.text import Text

from ..errors import ConfigurationError
from ..fields import SECRET, WHAT, settings_of
from ..messenger import GroupMessenger
from ..plugins import BLOCK, PROVIDERS, installed_providers, load_provider
from . import matrix
from .dumping import print_json
from .results import say


@attrs.frozen
class Found:
    """The providers that can be used, and why the others cannot."""

    usable: Mapping[str, type[GroupMessenger]]
    failed: Mapping[str, str]
    blocked: tuple[str, ...]


def find_providers() -> Found:
    """Load every provider that is installed. One that fails stops nobody else."""
    usable: dict[str, type[GroupMessenger]] = {}
    failed: dict[str, str] = {}
    for name in installed_providers():
        try:
            usable[name] = load_provider(name)
        except ConfigurationError as error:
            failed[name] = str(error)
        except Exception as error:
            failed[name] = f"{type(error).__name__}: {error}"
    blocked = {name.strip() for name in os.environ.get(BLOCK, "").split(",")} - {""}
    return Found(usable, failed, tuple(sorted(blocked)))


def show_providers(found: Found, console: Console) -> None:
    """Print the tables, side by side."""
    for name, why in found.failed.items():
        console.print(Text.assemble((f"✗ {name}", "red"), f" cannot be used: {why}"), soft_wrap=True)
    if found.blocked:
        say(console, f"not loaded, because {BLOCK} says so: {', '.join(found.blocked)}")
    if not found.usable:
        say(console, f"No provider is installed (entry points {PROVIDERS!r}). Try: pip install groupmessenger-NAME")
        return
    all_ = [kind.capabilities for kind in found.usable.values()]
    sections = {
        "what a group is": matrix.facts(all_),
        "operations": matrix.operations(all_),
        "features": matrix.features(all_),
        "limits": matrix.limits(all_),
    }
    titles = [kind.title for kind in found.usable.values()]
    for title, rows in sections.items():
        table = Table(title=title, title_justify="left", show_lines=True)
        for column in ("", *titles):
            table.add_column(column, overflow="fold")
        for row in rows:
            table.add_row(*row)
        console.print(table)


def print_providers(found: Found) -> None:
    """Print all of it as JSON."""
    print_json(
        {
            "providers": {name: _dump(kind) for name, kind in found.usable.items()},
            "failed": dict(found.failed),
            "blocked": list(found.blocked),
        }
    )


def _dump(kind: type[GroupMessenger]) -> dict[str, Any]:
    return {
        "title": kind.title,
        "settings": [
            {
                "name": name,
                "what": field.metadata.get(WHAT, ""),
                "needed": field.default is attrs.NOTHING,
                "secret": bool(field.metadata.get(SECRET)),
            }
            for name, field in settings_of(kind).items()
        ],
        "capabilities": matrix.dump(kind.capabilities),
    }
