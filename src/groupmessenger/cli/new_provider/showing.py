"""What was written, and what comes next, for people and as JSON."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from ..dumping import print_json
from ..results import say
from .choices import Choices


def show_written(console: Console, choices: Choices, folder: Path, files: Sequence[str]) -> None:
    """Print the files, and the next three commands."""
    group = "has an id" if choices.identity == "id" else "is its members"
    say(console, f"✓ {folder} is written: {choices.title}, {choices.promise}; a group {group}")
    for file in files:
        say(console, f"  {file}")
    say(console, "Next, to see it work, and what is to be decided:")
    for command in _next(choices, folder):
        say(console, f"  {command}")


def print_written(choices: Choices, folder: Path, files: Sequence[str]) -> None:
    """Print it as JSON."""
    print_json({"folder": str(folder), "files": list(files), "next": _next(choices, folder)})


def _next(choices: Choices, folder: Path) -> list[str]:
    look = shlex.join(["grep", "-rn", f"# {choices.title}:", "src", "tests"])
    return [f"cd {shlex.quote(str(folder))}", "uv run pytest", look]
