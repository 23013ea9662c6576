"""The receiver as a command: it prints what providers tell, until it is ended."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path

import attrs

from ..errors import ConfigurationError, Problem
from ..messenger import GroupMessenger
from ..webhooks import ASGIApp, asgi
from ..weburls import receiving_url
from .boards import board_of
from .complaints import complaining
from .connecting import by_url, load, open_all
from .consoles import errors
from .enrolling import unset
from .exits import until_told
from .results import say
from .telling import Teller


def serve(
    name: str | None, path: Path | None, public_url: str | None, *, host: str, port: int, verify: bool, json: bool
) -> None:
    """Print events of the connection named, or of all, until interrupted or terminated.

    Those of all connections are kept in the directory, where the file has one and they are verified: statuses,
    opt-outs and who is in a thread. Raises `ConfigurationError`, and OSError where nobody reads the output any more.
    """
    try:
        from .serving import Serving
    except ModuleNotFoundError as error:
        what, cure = f"{error.name} is not installed", "pip install 'groupmessenger[webhooks]'"
        raise ConfigurationError(Problem("webhooks", what, cure)) from error
    with until_told() as ended, ExitStack() as stack:
        teller = Teller(json=json, unheard=ended.set)
        served = _served(stack, name, path, public_url, teller, verify=verify)
        stack.enter_context(complaining(lambda error: error is teller.error))
        serving = stack.enter_context(Serving(host, port))
        serving.start(served.app, lifespan=served.kept)
        _introduce(served, serving.url, verify=verify)
        ended.wait()
    if teller.error is not None:
        raise teller.error


@attrs.frozen
class _Served:
    """An application, the connections it is for, and whether what they tell is `kept` in the directory."""

    app: ASGIApp
    messengers: Mapping[str, GroupMessenger]
    public_url: str | None
    kept: bool = False
    passing: bool = False  # there is a directory, and nothing is kept in it


def _served(
    stack: ExitStack, name: str | None, path: Path | None, public_url: str | None, teller: Teller, *, verify: bool
) -> _Served:
    directory = not by_url(name, path) and load(path).directory_url is not None
    if directory and name is None and verify:
        config = load(path)
        board = stack.enter_context(board_of(config))
        messengers = {each.name: each.messenger for each in config.connections.values()}
        app = board.asgi(teller, public_url=public_url)
        return _Served(app, messengers, public_url or config.public_url, kept=True)
    opened = stack.enter_context(open_all(name, path))
    public_url = public_url or opened.public_url
    app = asgi(opened.clients, teller, public_url=public_url, verify=verify)
    messengers = {each: client.messenger for each, client in opened.clients.items()}
    return _Served(app, messengers, public_url, passing=directory)


def _introduce(served: _Served, url: str, *, verify: bool) -> None:
    console = errors()
    say(console, f"Listening at {url}; interrupt to end.")
    for name, messenger in served.messengers.items():
        say(console, f"  {name}: {receiving_url(served.public_url or url, name)}")
        for setting in unset(messenger) if verify else ():
            say(console, f"  ! {setting} is not set: what needs it to be believed is refused")
    if served.public_url is None:
        say(console, "Where providers reach it from outside: [webhooks] public_url of the file, or --public-url.")
    if not verify:
        say(console, "! Nothing is verified: whoever reaches this address is believed.")
    if served.kept:
        say(console, "Statuses and opt-outs are kept in the directory, and what is printed counts as handled.")
    if served.passing:
        say(console, "! Nothing is kept in the directory: that takes all connections, verified.")
