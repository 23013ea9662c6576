"""From a configuration to a switchboard's parts."""

from __future__ import annotations

from datetime import datetime
from typing import NoReturn

from ..config import Config
from ..errors import ConfigurationError, Problem
from ..flow import Flow, Request, Response
from .directory import Directory


def directory_of(config: object) -> Directory:
    """The directory that a file names. Raises `ConfigurationError` if it names none."""
    if not isinstance(config, Config):
        cure = "load_config() gives one, and from_config() takes a path"
        raise ConfigurationError(Problem("config", f"it is no Config but {type(config).__name__}", cure))
    if config.directory_url is None:
        cure = 'write [directory] and url = "sqlite:///groups.db"'
        raise ConfigurationError(Problem("directory.url", "it is missing", cure, str(config.path)))
    try:
        return Directory(config.directory_url, folder=config.path.parent)
    except ConfigurationError as error:
        raise ConfigurationError(
            *(Problem(each.key, each.what, each.cure, str(config.path)) for each in error.problems)
        ) from None


def region_of(config: Config) -> str | None:
    """The country of numbers that are written without one: the default connection's."""
    name = config.default or next(iter(config.connections))
    return config.connections[name].options.region


# A switchboard asks providers by its connections' own drivers, and nobody by itself.


def no_wire(request: Request, leave_by: datetime | None) -> NoReturn:
    """Refuse a request that names no connection."""
    raise TypeError("a switchboard's flow asks through a connection")


async def no_wire_async(request: Request, leave_by: datetime | None) -> NoReturn:
    """Refuse a request that names no connection."""
    no_wire(request, leave_by)


def no_exchange(request: Request, leave_by: datetime | None = None) -> Flow[Response]:
    """Refuse a request that names no connection."""
    no_wire(request, leave_by)
