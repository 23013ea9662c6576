"""Commands that hear what providers tell."""

from __future__ import annotations

from typing import Annotated

from cyclopts import Parameter

from .consoles import output
from .exits import Exit
from .parameters import Connection, Every, File, Json, Lines, PublicUrl
from .root import webhooks


@webhooks.command(name="serve")
def webhooks_serve(
    *,
    connection: Every = None,
    config: File = None,
    host: str = "127.0.0.1",
    port: int = 8000,
    public_url: PublicUrl = None,
    no_verify: Annotated[bool, Parameter(negative="", show_default=False)] = False,
    json: Lines = False,
) -> int:
    """Receive what providers call, each connection below its name, and print it, until interrupted.

    Numbers and texts are shown. Each event is printed once; what came while this did not run is for `catch-up`.
    Where the file has a directory, statuses and opt-outs are kept there, and what is printed counts as handled.

    Parameters
    ----------
    host
        The address to listen at.
    port
        The port; 0 takes a free one.
    no_verify
        Believe everybody who calls, for trying things out.
    """
    from .receiving import serve

    serve(connection, config, public_url, host=host, port=port, verify=not no_verify, json=json)
    return Exit.DONE


@webhooks.command(name="url")
def webhooks_url(
    *, connection: Every = None, config: File = None, public_url: PublicUrl = None, json: Json = False
) -> int:
    """Show what to set at each provider so that it calls here. Makes no request."""
    from .enrolling import find_enrolments, print_enrolments, show_enrolments

    found = find_enrolments(connection, config, public_url)
    if json:
        print_enrolments(found)
    else:
        show_enrolments(found, output())
    return Exit.DONE


@webhooks.command(name="catch-up")
def webhooks_catch_up(*, since: str, connection: Connection = None, config: File = None, json: Lines = False) -> int:
    """Print what came in while nobody listened, where the provider lists it, as `serve` would have.

    Numbers and texts are shown.

    Parameters
    ----------
    since
        A time with its zone, such as 2026-12-24T18:00-06:00, or how long ago: 30m, 2h, 3d.
    """
    from .catching_up import catch_up

    catch_up(since, connection, config, json=json)
    return Exit.DONE
