"""The commands and their options."""

from __future__ import annotations

import json as _json
from importlib.metadata import version
from typing import Annotated

from cyclopts import App, CycloptsError, Parameter
from rich.console import Console

from ..errors import ConfigurationError, GroupMessengerError

_CONFIGURATION = 2

app = App(
    name="groupmessenger",
    help="Group texting that is the same over every provider.",
    version=version("groupmessenger"),
    result_action="return_value",
)


@app.command
def demo(*, json: Annotated[bool, Parameter(negative="")] = False) -> int:
    """Send a group text through every installed provider, to phones in a sandbox, and show what they display.

    Exits with 0 only if every phone shows what it should. No account and no network are needed.

    Parameters
    ----------
    json
        Print one JSON object instead.
    """
    from .demo import run_demo
    from .showing import show_demo, show_failures

    console = Console(stderr=json)
    with console.status("Starting the sandbox …") as status:
        result = run_demo(lambda step: status.update(step))
    if json:
        print(_json.dumps(result.summary()))
        show_failures(result, console)
    else:
        show_demo(result, console)
    return 0 if result.ok else 1


@app.command
def sandbox(
    *,
    port: int = 0,
    doubt: Annotated[tuple[str, ...], Parameter(negative="")] = (),
    doubts: Annotated[bool, Parameter(negative="")] = False,
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
    json
        Print one line with each provider's settings, ready for a configuration file, once the socket listens.
    """
    from .sandbox import list_doubts, serve

    return list_doubts(json=json) if doubts else serve(port, doubt, json=json)


def run(arguments: list[str] | None = None) -> int:
    """Run one command and give its exit code."""
    try:
        return int(app(arguments, exit_on_error=False) or 0)
    except CycloptsError:
        return _CONFIGURATION  # cyclopts has said what is wrong
    except KeyboardInterrupt:
        return 130
    except ConfigurationError as error:
        _complain(error)
        return _CONFIGURATION
    except GroupMessengerError as error:
        _complain(error)
        return 1


def _complain(error: GroupMessengerError) -> None:
    Console(stderr=True, soft_wrap=True).print(f"groupmessenger: {error}", markup=False, highlight=False)
