"""The parts of pages that are made from the code. `uv run --directory tests python -m docs.generated` writes them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from docs.commands import list_of_commands
from docs.matrix import capabilities_of_providers
from docs.settings import settings_of_providers

from groupmessenger.messenger import GroupMessenger
from groupmessenger.plugins import installed_providers, load_provider

REFERENCE = Path(__file__).parents[2] / "docs" / "reference"
BEGIN = "<!-- generated: begin -->"
END = "<!-- generated: end -->"


def _kinds() -> list[type[GroupMessenger]]:
    return [load_provider(name) for name in sorted(installed_providers())]


PARTS: Mapping[str, Callable[[], str]] = {
    "capabilities.md": lambda: capabilities_of_providers(_kinds()),
    "command-line.md": list_of_commands,
    "settings.md": lambda: settings_of_providers(_kinds()),
}


def page(name: str) -> str:
    """A page of the reference with its generated part written anew."""
    before, _, rest = (REFERENCE / name).read_text(encoding="utf-8").partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n\n{PARTS[name]()}\n\n{END}{after}"


if __name__ == "__main__":
    for name in PARTS:
        (REFERENCE / name).write_text(page(name), encoding="utf-8")
