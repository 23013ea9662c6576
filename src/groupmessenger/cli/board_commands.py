"""Commands for the directory as a whole: by which connections its groups go, who opted out, what is kept."""

from __future__ import annotations

from typing import Annotated

from cyclopts import Parameter

from ..errors import InvalidInput
from .consoles import agrees, errors, output
from .exits import Exit
from .parameters import Address, File, Json
from .root import app, directory


@app.command
def switch(
    *names: str,
    to: str | None = None,
    reset: Annotated[bool, Parameter(negative="", show_default=False)] = False,
    dry_run: Annotated[bool, Parameter(negative="", show_default=False)] = False,
    config: File = None,
    json: Json = False,
) -> int:
    """Have groups of the directory go by another connection, from their next message on. Makes no request.

    Those that do not fit stay as they are. Exits with 3 if there are such, and with 7 if others were switched.

    Parameters
    ----------
    names
        The groups' names; all of them where none is named.
    to
        The connection, by its name in the file.
    reset
        Leave it to the file again, instead of --to.
    dry_run
        Change nothing, and say what it would mean for each group.
    """
    from .boards import open_board
    from .dumping import print_json
    from .results import say

    if to is None and not reset:
        raise InvalidInput("say where to: --to with a connection's name, or --reset to leave it to the file again")
    if to is not None and reset:
        raise InvalidInput("--to sets a connection and --reset takes it back: leave out one of them")
    if reset and dry_run:
        raise InvalidInput("--dry-run is for --to: groupmessenger check says what the file names for each group")
    with open_board(config) as board:
        if to is not None:
            from .switching import print_switching, show_switching, switch_groups

            found = switch_groups(board, to, names, dry=dry_run)
            if json:
                print_switching(found)
            else:
                show_switching(output(), found)
            return found.exit
        # All of those named are there, or none is changed.
        which = [board.group(name).name for name in names] or [each.name for each in board.groups() if each.route]
        for name in which:
            board.switch(name, None)
    if json:
        print_json({"reset": which})
    elif which:
        who = ", ".join(names) or f"{len(which)} group{'' if len(which) == 1 else 's'}"
        say(output(), f"✓ {who}: as the file says, from the next message on")
    else:
        say(errors(), "No group was switched.")
    return Exit.DONE


@app.command
def opt_outs(
    *,
    all_: Annotated[bool, Parameter(name="--all", negative="", show_default=False)] = False,
    config: File = None,
    json: Json = False,
) -> int:
    """Show who opted out, and from where that is known. Numbers are shown.

    Parameters
    ----------
    all_
        The whole record, with those who opted in again.
    """
    from .boards import open_board
    from .keeping import print_opt_outs, show_opt_outs

    with open_board(config) as board:
        found = [each for each in board.opt_outs(everything=all_) if all_ or each.suppressed]
    if json:
        print_opt_outs(found)
    else:
        show_opt_outs(output(), found)
    return Exit.DONE


@app.command
def suppress(
    address: Address,
    /,
    *,
    lift: Annotated[bool, Parameter(negative="", show_default=False)] = False,
    config: File = None,
    json: Json = False,
) -> int:
    """Keep that somebody is not to be texted, by any connection.

    Parameters
    ----------
    lift
        They said that they may be again.
    """
    from .boards import open_board
    from .dumping import print_json
    from .results import say

    with open_board(config) as board:
        board.suppress(address, lift=lift)
    if json:
        print_json({"address": address, "suppressed": not lift})
    else:
        say(
            output(), f"✓ {address} may be texted again" if lift else f"✓ {address} is texted by no connection any more"
        )
    return Exit.DONE


@app.command
def purge(*, older: str | None = None, config: File = None, json: Json = False) -> int:
    """Delete from the directory what was sent and told long ago. Groups and opt-outs stay.

    Parameters
    ----------
    older
        Than how long: 90d, 12w; two days at least.
    """
    from .boards import open_board
    from .dumping import print_json
    from .results import say
    from .spans import span

    if older is None or (age := span(older)) is None:
        raise InvalidInput("say what is old: --older with a length of time, such as 90d")
    with open_board(config) as board, errors().status("Deleting …"):
        deleted = board.purge(age)
    if json:
        print_json({"deleted": deleted})
    else:
        counts = ", ".join(f"{what.replace('_', ' ')} {count:,}" for what, count in deleted.items())
        say(output(), f"✓ deleted: {counts}")
    return Exit.DONE


@app.command
def forget(
    address: Address,
    /,
    *,
    yes: Annotated[bool, Parameter(negative="", show_default=False)] = False,
    config: File = None,
    json: Json = False,
) -> int:
    """Erase somebody from the directory, and from its groups. That they opted out is still heeded.

    Parameters
    ----------
    yes
        Do not ask first.
    """
    from .boards import open_board
    from .dumping import print_json
    from .results import say

    with open_board(config) as board:
        if not yes and not agrees(f"Erase {address} from the directory and its groups?"):
            raise InvalidInput("not erased: say --yes where nobody can be asked")
        count = board.forget(address)
    if json:
        print_json({"groups": count})
    else:
        say(output(), f"✓ erased, also from {count} group{'' if count == 1 else 's'}")
    return Exit.DONE


@app.command
def inbox(
    *,
    state: str | None = None,
    retry: Annotated[bool, Parameter(negative="", show_default=False)] = False,
    config: File = None,
    json: Json = False,
) -> int:
    """Show the callbacks of providers that were accepted and are not handled, the oldest first.

    Parameters
    ----------
    state
        Those that are `waiting`, `failed` or `handled` alone.
    retry
        Have those that failed tried again first.
    """
    from .boards import open_board
    from .keeping import print_inbox, show_inbox

    with open_board(config) as board:
        if retry:
            board.retry_failed()
        found = board.inbox(state)
    if json:
        print_inbox(found)
    else:
        show_inbox(output(), found)
    return Exit.DONE


@directory.command(name="upgrade")
def directory_upgrade(*, config: File = None, json: Json = False) -> int:
    """Bring the directory's tables to this version. SQLite's are brought there by any command that uses them."""
    from .boards import open_directory
    from .dumping import print_json
    from .results import say

    kept = open_directory(config)
    before = kept.upgrade()
    after = kept.info().revision
    if json:
        print_json({"before": before, "after": after})
    else:
        say(output(), f"✓ the tables are at revision {after}" + (", as before" if before == after else _from(before)))
    return Exit.DONE


@directory.command(name="info")
def directory_info(*, config: File = None, json: Json = False) -> int:
    """Show what the directory is and holds. It is neither made nor changed by that."""
    from .boards import open_directory
    from .keeping import print_info, show_info

    found = open_directory(config).info()
    if json:
        print_info(found)
    else:
        show_info(output(), found)
    return Exit.DONE


def _from(before: str | None) -> str:
    return ", there were none before" if before is None else f", {before} before"
