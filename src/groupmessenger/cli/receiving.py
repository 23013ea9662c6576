"""The receiver as a command: it prints what providers tell, until it is ended."""

from __future__ import annotations

from pathlib import Path

from ..errors import ConfigurationError, Problem
from ..webhooks import Connections, asgi
from ..weburls import receiving_url
from .complaints import complaining
from .connecting import open_all
from .consoles import errors
from .enrolling import unset
from .exits import until_told
from .results import say
from .telling import Teller


def serve(
    name: str | None, path: Path | None, public_url: str | None, *, host: str, port: int, verify: bool, json: bool
) -> None:
    """Print events of the connection named, or of all, until interrupted or terminated.

    Raises `ConfigurationError`, and OSError where nobody reads the output any more.
    """
    try:
        from .serving import Serving
    except ModuleNotFoundError as error:
        what, cure = f"{error.name} is not installed", "pip install 'groupmessenger[webhooks]'"
        raise ConfigurationError(Problem("webhooks", what, cure)) from error
    with until_told() as ended, open_all(name, path) as opened:
        public_url = public_url or opened.public_url
        teller = Teller(json=json, unheard=ended.set)
        app = asgi(opened.clients, teller, public_url=public_url, verify=verify)
        with complaining(lambda error: error is teller.error), Serving(host, port) as serving:
            serving.start(app)
            _introduce(opened.clients, serving.url, public_url, verify=verify)
            ended.wait()
    if teller.error is not None:
        raise teller.error


def _introduce(clients: Connections, url: str, public_url: str | None, *, verify: bool) -> None:
    console = errors()
    say(console, f"Listening at {url}; interrupt to end.")
    for name, client in clients.items():
        say(console, f"  {name}: {receiving_url(public_url or url, name)}")
        for setting in unset(client.messenger) if verify else ():
            say(console, f"  ! {setting} is not set: what needs it to be believed is refused")
    if public_url is None:
        say(console, "Where providers reach it from outside: [webhooks] public_url of the file, or --public-url.")
    if not verify:
        say(console, "! Nothing is verified: whoever reaches this address is believed.")
