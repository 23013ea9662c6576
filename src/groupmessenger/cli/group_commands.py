"""Commands that read and change groups: the directory's, or those at a provider."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from ..errors import InvalidInput
from .consoles import agrees, errors, output
from .exits import Exit, under_way
from .parameters import Connection, File, Group, GroupId, Json, Separately, To
from .root import groups, members

if TYPE_CHECKING:
    from ..groups import Group as ProviderGroup


@groups.command(name="list")
def groups_list(
    *,
    archived: Annotated[bool, Parameter(negative="", show_default=False)] = False,
    connection: Connection = None,
    config: File = None,
    json: Json = False,
) -> int:
    """List the groups.

    Parameters
    ----------
    archived
        Of the directory, those that were put away.
    """
    from .boards import by_directory, open_board
    from .connecting import open_client
    from .dumping import dump_group, print_json
    from .logical import dump_logical, show_logicals
    from .results import say, show_groups

    if by_directory(connection, config):
        with open_board(config) as board:
            kept = board.groups(archived=archived)
        if json:
            print_json({"groups": [dump_logical(each) for each in kept]})
        elif kept:
            show_logicals(output(), kept)
        else:
            say(errors(), "There are no groups.")
        return Exit.DONE
    _directory_alone("--archived", given=archived)
    with open_client(connection, config) as client:
        found = client.list_groups()
        if json:
            print_json({"groups": [dump_group(each) for each in found]})
        else:
            with errors().status("Reading …"):
                listed = list(found)
            show_groups(output(), listed)
            if not listed:
                say(errors(), "There are no groups.")
    return Exit.DONE


@groups.command(name="show")
def groups_show(group: Group, /, *, connection: Connection = None, config: File = None, json: Json = False) -> int:
    """Show a group, and who is in it."""
    from .boards import by_directory, open_board
    from .connecting import open_client
    from .logical import tell_group

    if by_directory(connection, config):
        with open_board(config) as board:
            return tell_group(board.group(group), json=json)
    with open_client(connection, config) as client:
        return _show(client.get_group(group), json=json)


@groups.command(name="create")
def groups_create(
    *words: str,
    to: To = (),
    name: str | None = None,
    separately: Separately = False,
    either: Annotated[bool, Parameter(negative="", show_default=False)] = False,
    prefer: Annotated[tuple[str, ...], Parameter(negative="", show_default=False)] = (),
    failover: bool | None = None,
    connection: Connection = None,
    config: File = None,
    json: Json = False,
) -> int:
    """Create a group, in the directory, or where the provider keeps groups that are made by themselves.

    In the directory no request is made: its first message opens it at a provider.

    Parameters
    ----------
    words
        In the directory: the group's name, then its people's numbers.
    name
        What the group is called, another way to say so.
    either
        In the directory: one shared thread or private copies, as each connection has it, and is allowed to.
    prefer
        In the directory: a connection of its own choice, in place of the file's. Repeatable, the first goes first.
    failover
        In the directory: whether it goes on with another connection where one cannot be reached.
    """
    from .boards import by_directory
    from .connecting import open_client
    from .sending import consent_to_copies, refuse_making

    if by_directory(connection, config):
        called = [*words] if name is None else [name, *words]
        return _create(called, to, _kind(separately, either), prefer, failover, config, json=json)
    _directory_alone("a name and numbers without --to", given=bool(words))
    _directory_alone("--either, --prefer and --failover", given=either or bool(prefer) or failover is not None)
    if not to:
        raise InvalidInput("--to requires an argument: name each person with one of its own")
    with open_client(connection, config) as client:
        refuse_making(client)
        consent_to_copies(client, separately)
        with under_way(), errors().status("Creating …"):
            made = client.create_group(to, name, client.capabilities.topology)
        return _show(made, json=json)


@groups.command(name="rename")
def groups_rename(
    group: Group, name: str, /, *, connection: Connection = None, config: File = None, json: Json = False
) -> int:
    """Give a group another name.

    Parameters
    ----------
    name
        The new name. One of the directory is not seen by the group's members.
    """
    from .boards import by_directory, open_board
    from .connecting import open_client
    from .logical import tell_group

    if by_directory(connection, config):
        with open_board(config) as board:
            return tell_group(board.rename(group, name), json=json)
    with open_client(connection, config) as client:
        with under_way():
            renamed = client.rename_group(client.group(group), name)
        return _show(renamed, json=json)


@groups.command(name="delete")
def groups_delete(
    group: GroupId,
    /,
    *,
    yes: Annotated[bool, Parameter(negative="", show_default=False)] = False,
    connection: Connection = None,
    config: File = None,
    json: Json = False,
) -> int:
    """Remove a group at the provider. Its people are not told.

    Parameters
    ----------
    yes
        Do not ask first.
    """
    from .boards import refuse_directory
    from .connecting import open_client
    from .dumping import print_json
    from .results import say

    refuse_directory(connection, config, "groups archive")
    with open_client(connection, config) as client:
        if not yes and not agrees(f"Delete {group} at {client.messenger.title}?"):
            raise InvalidInput("not deleted: say --yes where nobody can be asked")
        with under_way():
            client.delete_group(client.group(group))
        if json:
            print_json({"deleted": group})
        else:
            say(output(), f"✓ {group} is deleted")
    return Exit.DONE


@members.command(name="add")
def members_add(
    group: GroupId, /, *, to: To, connection: Connection = None, config: File = None, json: Json = False
) -> int:
    """Add people to a group at the provider."""
    from .boards import refuse_directory
    from .connecting import open_client

    refuse_directory(connection, config, "groups add")
    with open_client(connection, config) as client:
        with under_way(), errors().status("Adding …"):
            changed = client.add_members(client.group(group), to)
        return _show(changed, json=json)


@members.command(name="remove")
def members_remove(
    group: GroupId, /, *, to: To, connection: Connection = None, config: File = None, json: Json = False
) -> int:
    """Remove people from a group at the provider."""
    from .boards import refuse_directory
    from .connecting import open_client

    refuse_directory(connection, config, "groups remove")
    with open_client(connection, config) as client:
        with under_way(), errors().status("Removing …"):
            changed = client.remove_members(client.group(group), to)
        return _show(changed, json=json)


def _create(
    called: list[str],
    to: tuple[str, ...],
    kind: str | None,
    prefer: tuple[str, ...],
    failover: bool | None,
    config: Path | None,
    *,
    json: bool,
) -> int:
    from .boards import open_board
    from .logical import tell_group

    if not called:
        raise InvalidInput("name the group, then its people: groupmessenger groups create NAME NUMBER ...")
    with open_board(config) as board:
        people = (*called[1:], *to)
        return tell_group(
            board.create_group(called[0], people, topology=kind, prefer=prefer, failover=failover), json=json
        )


def _kind(separately: bool, either: bool) -> str | None:
    if separately and either:
        raise InvalidInput("--separately and --either are two things: leave out one of them")
    return "broadcast" if separately else None if either else "shared_thread"


def _directory_alone(what: str, *, given: bool) -> None:
    if given:
        raise InvalidInput(
            f"{what}: for groups of the directory, and this is about a provider's; they need [directory] in the file, "
            "and no --connection"
        )


def _show(group: ProviderGroup, *, json: bool) -> int:
    from .dumping import dump_group, print_json
    from .results import show_group

    if json:
        print_json(dump_group(group))
    else:
        show_group(output(), group)
    return Exit.DONE
