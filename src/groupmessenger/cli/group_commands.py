"""Commands that read and change groups at the provider."""

from __future__ import annotations

import sys
from typing import Annotated

from cyclopts import Parameter

from ..errors import InvalidInput
from ..groups import Group
from .consoles import errors, output
from .exits import Exit, under_way
from .parameters import Connection, File, GroupId, Json, Separately, To
from .root import groups, members


@groups.command(name="list")
def groups_list(*, connection: Connection = None, config: File = None, json: Json = False) -> int:
    """List the groups, a page at a time as they come."""
    from .connecting import open_client
    from .dumping import dump_group, print_json
    from .results import say, show_groups

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
def groups_show(group: GroupId, /, *, connection: Connection = None, config: File = None, json: Json = False) -> int:
    """Show a group's name and members."""
    from .connecting import open_client

    with open_client(connection, config) as client:
        return _show(client.get_group(group), json=json)


@groups.command(name="create")
def groups_create(
    *,
    to: To,
    name: str | None = None,
    separately: Separately = False,
    connection: Connection = None,
    config: File = None,
    json: Json = False,
) -> int:
    """Create a group, where the provider keeps groups that are made by themselves.

    Parameters
    ----------
    name
        What the group is called.
    """
    from .connecting import open_client
    from .sending import consent_to_copies, refuse_making

    with open_client(connection, config) as client:
        refuse_making(client)
        consent_to_copies(client, separately)
        with under_way(), errors().status("Creating …"):
            made = client.create_group(to, name, client.capabilities.topology)
        return _show(made, json=json)


@groups.command(name="rename")
def groups_rename(
    group: GroupId, name: str, /, *, connection: Connection = None, config: File = None, json: Json = False
) -> int:
    """Give a group another name.

    Parameters
    ----------
    name
        The new name.
    """
    from .connecting import open_client

    with open_client(connection, config) as client:
        with under_way():
            renamed = client.rename_group(client.group(group), name)
        return _show(renamed, json=json)


@groups.command(name="delete")
def groups_delete(
    group: GroupId,
    /,
    *,
    yes: Annotated[bool, Parameter(negative="")] = False,
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
    from .connecting import open_client
    from .dumping import print_json
    from .results import say

    with open_client(connection, config) as client:
        if not yes and not _agrees(f"Delete {group} at {client.messenger.title}?"):
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
    """Add people to a group."""
    from .connecting import open_client

    with open_client(connection, config) as client:
        with under_way(), errors().status("Adding …"):
            changed = client.add_members(client.group(group), to)
        return _show(changed, json=json)


@members.command(name="remove")
def members_remove(
    group: GroupId, /, *, to: To, connection: Connection = None, config: File = None, json: Json = False
) -> int:
    """Remove people from a group."""
    from .connecting import open_client

    with open_client(connection, config) as client:
        with under_way(), errors().status("Removing …"):
            changed = client.remove_members(client.group(group), to)
        return _show(changed, json=json)


def _show(group: Group, *, json: bool) -> int:
    from .dumping import dump_group, print_json
    from .results import show_group

    if json:
        print_json(dump_group(group))
    else:
        show_group(output(), group)
    return Exit.DONE


def _agrees(question: str) -> bool:
    if not sys.stdin.isatty():
        return False
    try:
        return errors().input(f"{question} [y/N] ", markup=False, emoji=False).strip().lower() in ("y", "yes")
    except EOFError:
        return False
