"""Which connection a command speaks to."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import attrs

from ..connecting import URL_VARIABLE, connect
from ..errors import ConfigurationError, Problem

if TYPE_CHECKING:
    from ..client import Client
    from ..config import Config

MAIN = "main"  # what the connection is called that a URL in the environment makes


@attrs.frozen
class Opened:
    """Clients by their connections' names. `public_url` is what the file says of where providers reach us."""

    clients: Mapping[str, Client]
    public_url: str | None


def by_url(name: str | None, path: Path | None) -> bool:
    """Whether the environment names the connection: by a URL, and neither a name nor a file was given."""
    return name is None and path is None and bool(os.environ.get(URL_VARIABLE))


def open_client(name: str | None, path: Path | None, plugins: Iterable[object] = ()) -> Client:
    """Give a client of the connection named, or of the default one, for the caller to close.

    Without either, GROUPMESSENGER_URL goes before the file. `plugins` observe it. Raises `ConfigurationError`.
    """
    return connect(plugins=plugins) if by_url(name, path) else load(path).connect(name, plugins=plugins)


@contextmanager
def open_all(name: str | None, path: Path | None) -> Iterator[Opened]:
    """Open clients of the connection named, or of all, and close them. Raises `ConfigurationError`.

    Without either, GROUPMESSENGER_URL goes before the file: a connection that is called `main`.
    """
    with ExitStack() as stack:
        if by_url(name, path):
            yield Opened({MAIN: stack.enter_context(open_client(None, None))}, None)
            return
        config = load(path)
        clients = {each: stack.enter_context(config.connect(each)) for each in chosen(config, name)}
        yield Opened(clients, config.public_url)


def load(path: Path | None, plugins: Iterable[object] = ()) -> Config:
    """Read the configuration file. Raises `ConfigurationError`, with how to begin where there is none."""
    from ..config import load_config

    return load_config(path, plugins=plugins)


def chosen(config: Config, name: str | None) -> tuple[str, ...]:
    """The names of the connection asked for, or of all. Raises `ConfigurationError` if there is none of that name."""
    if name is not None:
        return (config.connection(name).name,)
    if not config.connections:
        raise ConfigurationError(Problem("connections", "there is none", file=str(config.path)))
    return tuple(config.connections)
