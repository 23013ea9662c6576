"""The generated part of `docs/reference/command-line.md`: every command with its options, as the program has them."""

from __future__ import annotations

from collections.abc import Iterator

from cyclopts import App
from docs.tables import table

from groupmessenger.cli.app import app


def commands_of(part: App, path: tuple[str, ...] = ()) -> Iterator[tuple[str, App]]:
    """Every command by its words."""
    for name in part:
        if name.startswith("-"):
            continue
        if part[name].default_command is None:
            yield from commands_of(part[name], (*path, name))
        else:
            yield " ".join((*path, name)), part[name]


def names_of(command: App) -> list[str]:
    """The arguments of a command, in capitals, and its options."""
    shown = (one for one in command.assemble_argument_collection() if one.show)
    return [next((name for name in one.names if name.startswith("--")), one.names[0]) for one in shown]


def list_of_commands() -> str:
    """A row for each command, in the order of the alphabet."""
    rows = []
    for name, command in sorted(commands_of(app)):
        names = names_of(command)
        words = " ".join([name, *(each for each in names if not each.startswith("-"))])
        options = " ".join(f"`{each}`" for each in names if each.startswith("-"))
        rows.append((f"`{words}`", command.help.strip().partition("\n")[0], options))
    return table(("command", "what it does", "options"), rows)
