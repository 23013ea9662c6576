"""The command that begins a provider."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from cyclopts import Parameter

from .consoles import output
from .exits import Exit
from .parameters import Json
from .root import app


@app.command(name="new-provider")
def new_provider(
    name: str,
    /,
    *,
    groups: Literal["thread", "broadcast"] = "thread",
    identity: Literal["members", "id"] = "members",
    title: str | None = None,
    to: Annotated[Path | None, Parameter(show_default=False)] = None,
    json: Json = False,
) -> int:
    """Write a distribution for a new provider: an adapter, a stand-in for the vendor, tests, all working.

    What it says of the vendor is invented; comments say what is to be decided, and where.

    Parameters
    ----------
    name
        The provider's name, such as acme: small letters and digits, with single underscores between.
    groups
        Whether everybody shares one thread, or each gets a private copy.
    identity
        Whether a group is its members, or has an id of the vendor's.
    title
        The vendor's name for people; else made of the name.
    to
        The folder to write to, which is new or empty; else groupmessenger-NAME in this folder.
    """
    from .new_provider.choices import Choices
    from .new_provider.showing import print_written, show_written
    from .new_provider.writing import write

    choices = Choices.of(name, title, groups, identity)
    folder = Path(choices.distribution) if to is None else to
    files = write(choices, folder)
    if json:
        print_written(choices, folder, files)
    else:
        show_written(output(), choices, folder, files)
    return Exit.DONE
