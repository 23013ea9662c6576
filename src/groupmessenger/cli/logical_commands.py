"""Commands for groups of the directory alone: who is in them, and what became of their messages."""

from __future__ import annotations

from ..errors import InvalidInput
from .consoles import errors, output
from .exits import Exit
from .parameters import File, Json, Name
from .root import app, groups


@groups.command(name="add")
def groups_add(name: Name, /, *people: str, config: File = None, json: Json = False) -> int:
    """Add people to a group of the directory. The provider learns of it before the next message.

    Parameters
    ----------
    people
        Their numbers.
    """
    from .boards import open_board
    from .logical import some, tell_group

    with open_board(config) as board:
        return tell_group(board.add_members(name, some(people)), json=json)


@groups.command(name="remove")
def groups_remove(name: Name, /, *people: str, config: File = None, json: Json = False) -> int:
    """Take people out of a group of the directory. The provider learns of it before the next message.

    Where a thread's people cannot be changed the group goes on in another, and they are still in the old one.

    Parameters
    ----------
    people
        Their numbers.
    """
    from .boards import open_board
    from .logical import some, tell_group

    with open_board(config) as board:
        return tell_group(board.remove_members(name, some(people)), json=json)


@groups.command(name="accept")
def groups_accept(name: Name, /, *people: str, config: File = None, json: Json = False) -> int:
    """Make members of people who were seen in a group's thread, and whom nobody texts until then.

    Parameters
    ----------
    people
        Their numbers; without any it is all of them.
    """
    from .boards import open_board
    from .logical import tell_group

    with open_board(config) as board:
        return tell_group(board.accept_members(name, people or None), json=json)


@groups.command(name="archive")
def groups_archive(name: Name, /, *, config: File = None, json: Json = False) -> int:
    """Put a group of the directory away: its name and its threads are free for another. No provider is told."""
    from .boards import open_board
    from .dumping import print_json
    from .logical import dump_logical
    from .results import say

    with open_board(config) as board:
        group = board.archive(name)
    if json:
        print_json(dump_logical(group))
    else:
        say(output(), f"✓ {name} is archived")
    return Exit.DONE


@app.command
def history(name: Name, /, *, limit: int | None = None, config: File = None, json: Json = False) -> int:
    """Show what was sent to a group of the directory, the oldest first. Texts are not kept.

    Parameters
    ----------
    limit
        The last so many messages alone.
    """
    from .boards import open_board
    from .telling_sent import print_history, show_history

    if limit is not None and limit < 1:
        raise InvalidInput("--limit is a number of messages, at least one")
    with open_board(config) as board:
        entries, forks = board.history(name, limit), board.forks(name)
    if json:
        print_history(name, entries, forks)
    else:
        show_history(output(), entries, forks)
    return Exit.DONE


@app.command
def delivery(name: Name, /, *, key: str | None = None, config: File = None, json: Json = False) -> int:
    """Show what became of a message to a group of the directory, of all that providers told. Makes no request.

    Parameters
    ----------
    key
        The message with this key; else the last one.
    """
    from .boards import open_board
    from .telling_sent import print_delivery, show_delivery

    with open_board(config) as board:
        found = board.delivery(name, key)
    if json:
        print_delivery(name, found)
    else:
        show_delivery(output(), found)
    return Exit.DONE


@app.command
def settle(*, config: File = None, json: Json = False) -> int:
    """Look for every message whose outcome is unknown, and say what became of each, and which are under way.

    Exits with 5 if any is unknown still, or is being sent.
    """
    from .boards import open_board
    from .telling_sent import is_settled, print_settled, show_settled

    with open_board(config) as board, errors().status("Asking the providers …"):
        found = board.settle()
    if json:
        print_settled(found)
    else:
        show_settled(output(), found)
    return Exit.DONE if all(map(is_settled, found)) else Exit.UNKNOWN
