"""Commands that look at what there is: the demonstration, the sandbox, providers, the configuration."""

from __future__ import annotations

from typing import Annotated

from cyclopts import Parameter
from rich.text import Text

from .consoles import errors, output
from .exits import Exit
from .parameters import File, Json, One
from .root import app
from .root import config as configuration


@app.command
def demo(*, json: Json = False) -> int:
    """Send a group text through every installed provider, to phones in a sandbox, and show what they display.

    One of them answers, which is heard over HTTP, and is replied to where the provider says in which thread it was.

    Exits with 0 only if every phone shows what it should. No account and no network are needed.
    """
    from .demo import run_demo
    from .dumping import print_json
    from .showing import show_demo, show_failures

    console = output(json=json)
    with errors().status("Starting the sandbox …") as status:
        result = run_demo(lambda step: status.update(Text(step)))
    if json:
        print_json(result.summary())
        show_failures(result, console)
    else:
        show_demo(result, console)
    return Exit.DONE if result.ok else Exit.WRONG


@app.command
def sandbox(
    *,
    port: int = 0,
    doubt: Annotated[tuple[str, ...], Parameter(negative="")] = (),
    doubts: Annotated[bool, Parameter(negative="")] = False,
    webhooks: str | None = None,
    json: Annotated[bool, Parameter(negative="")] = False,
) -> int:
    """Stand in for every installed provider on this machine, until interrupted.

    Parameters
    ----------
    port
        The port on 127.0.0.1; 0 takes a free one.
    doubt
        Choose a reading of something a vendor leaves open: NAME.DOUBT=CHOICE, as `--doubts` lists them. Repeatable.
    doubts
        List what the vendors leave open, and the readings there are.
    webhooks
        Where a receiver is on this machine, such as http://127.0.0.1:8000: each vendor calls its name below it.
    json
        Print one line with each provider's settings, ready for a configuration file, once the socket listens.
    """
    from .sandbox import list_doubts, serve

    return list_doubts(json=json) if doubts else serve(port, doubt, webhooks, json=json)


@app.command
def providers(*, json: Json = False) -> int:
    """Show the installed providers, those that cannot be used and why, and what each can do, side by side."""
    from .providers import find_providers, print_providers, show_providers

    found = find_providers()
    if json:
        print_providers(found)
    else:
        show_providers(found, output())
    return Exit.DONE


@app.command
def check(*, connection: One = None, config: File = None, json: Json = False) -> int:
    """Check the configuration in full and try each connection, without texting anybody.

    Tries the credentials, compares the clocks, and tells what will end, what does not work, and what it could not
    look at. Without --connection it also says what the file as it stands would do to the groups of its directory.
    """
    from .checking import print_check, run_check, show_check

    console = output(json=json)
    with errors().status("Reading the configuration …") as status:
        found = run_check(connection, config, lambda name: status.update(Text(f"Trying {name} …")))
    if json:
        print_check(found)
    else:
        show_check(found, console)
    return found.exit


@configuration.command(name="init")
def config_init(
    provider: str,
    /,
    *providers: str,
    config: File = None,
    force: Annotated[bool, Parameter(negative="")] = False,
    json: Json = False,
) -> int:
    """Write a commented configuration file for the providers named.

    Parameters
    ----------
    provider
        A provider's name; `groupmessenger providers` lists them.
    force
        Write over a file that is there.
    """
    from ..configfile import find
    from .dumping import print_json
    from .results import say
    from .starting import write_config

    path = find(config)
    write_config((provider, *providers), path, force=force)
    if json:
        print_json({"file": str(path)})
    else:
        say(output(), f"✓ {path} is written: fill it in, then run groupmessenger check --config {path}")
    return Exit.DONE
