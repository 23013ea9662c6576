"""The receiver as a command: it prints what providers tell, until it is ended."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from urllib.parse import unquote, urlsplit

from ..errors import ConfigurationError, Problem
from ..webhooks import ASGIApp, asgi
from ..webhooks.asynchronous import Receive, Scope, Send
from ..weburls import receiving_url
from .complaints import complaining
from .connecting import open_all
from .consoles import errors
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
            serving.start(_below(app, public_url))
            _introduce(opened.clients, serving.url, public_url, verify=verify)
            ended.wait()
    if teller.error is not None:
        raise teller.error


def _introduce(names: Iterable[str], url: str, public_url: str | None, *, verify: bool) -> None:
    console = errors()
    say(console, f"Listening at {url}; interrupt to end.")
    for name in names:
        say(console, f"  {name}: {receiving_url(public_url or url, name)}")
    if public_url is None:
        say(console, "Where providers reach it from outside: [webhooks] public_url of the file, or --public-url.")
    if not verify:
        say(console, "! Nothing is verified: whoever reaches this address is believed.")


def _below(app: ASGIApp, public_url: str | None) -> ASGIApp:
    """The application also below the path of its public URL, which a proxy may leave where it is."""
    root = "" if public_url is None else unquote(urlsplit(public_url).path).rstrip("/")

    async def mounted(scope: Scope, receive: Receive, send: Send) -> None:
        below = bool(root) and scope.get("path", "").startswith(f"{root}/")
        await app({**scope, "root_path": root} if below else scope, receive, send)

    return mounted
