"""The configuration of a file, and clients of its connections."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import attrs

from .async_client import AsyncClient
from .capabilities import Capabilities
from .client import Client
from .clients import open_async_client, open_client
from .configfile import Top, dotted, find, read_table, structured
from .connections import Connection, read_connection
from .errors import ConfigurationError, Problem, near
from .origin import Origin
from .references import resolve
from .weburls import is_web_url

if TYPE_CHECKING:
    from .transport import AsyncHTTP, BlockingHTTP

_HOLD = "hold"
_ON_CHANGE = ("follow", _HOLD)
_DATABASE = re.compile(r"[a-z][a-z0-9+_]*://\S*", re.ASCII | re.IGNORECASE)


@attrs.frozen
class Config:
    """What a configuration file says. `default` is its only connection where there is one.

    `prefer`, `hold` and `directory_url` are for a switchboard: with `hold` a group stays with its connection until
    `switch`, whatever the file names since.
    """

    path: Path
    connections: Mapping[str, Connection]
    default: str | None = None
    prefer: tuple[str, ...] = ()
    directory_url: str | None = attrs.field(default=None, repr=False)
    public_url: str | None = None
    hold: bool = False
    _plugins: tuple[object, ...] = attrs.field(default=(), repr=False, eq=False)

    def connect(
        self, name: str | None = None, *, http: BlockingHTTP | None = None, plugins: Iterable[object] = ()
    ) -> Client:
        """Connect to one of the connections, or to the default. No request is made.

        `plugins` are observers beside those the configuration was loaded with. Raises `ConfigurationError` for a
        name there is none of.
        """
        found = self.connection(name)
        origin = self.origin(found.name)
        return open_client(found.messenger, found.options, http=http, plugins=self.watching(plugins), origin=origin)

    def connect_async(
        self, name: str | None = None, *, http: AsyncHTTP | None = None, plugins: Iterable[object] = ()
    ) -> AsyncClient:
        """Connect as `connect` does, for asyncio and trio; itself a plain function, for `async with`."""
        found = self.connection(name)
        origin, plugins = self.origin(found.name), self.watching(plugins)
        return open_async_client(found.messenger, found.options, http=http, plugins=plugins, origin=origin)

    def connection(self, name: str | None = None) -> Connection:
        """The connection of that name, or the default. Raises `ConfigurationError` if there is none."""
        name = self.default if name is None else name
        if name is None:
            names = ", ".join(self.connections)
            wrong = Problem("default", f"there are several connections ({names}) and no default", "name one of them")
            raise ConfigurationError(attrs.evolve(wrong, file=str(self.path)))
        if name not in self.connections:
            wrong = Problem("connections", "there is none of that name", near(name, self.connections))
            raise ConfigurationError(attrs.evolve(wrong, file=str(self.path)))
        return self.connections[name]

    def origin(self, name: str) -> Origin:
        """Where a client of that connection comes from, for its consent and its alternatives."""
        return Origin(name, self.connections[name].options.allow_broadcast, partial(self._others, name))

    def watching(self, plugins: Iterable[object] = ()) -> tuple[object, ...]:
        """The plugins that the configuration was loaded with, and these, each once."""
        return tuple({id(each): each for each in (*self._plugins, *plugins)}.values())

    def _others(self, name: str) -> Mapping[str, Capabilities]:
        return {each.name: each.capabilities for each in self.connections.values() if each.name != name}


def load_config(path: str | Path | None = None, *, plugins: Iterable[object] = ()) -> Config:
    """Read a configuration file: `path`, else where `GROUPMESSENGER_CONFIG` points, else `groupmessenger.toml` here.

    `plugins` are objects with our hooks: observers, or providers that are not installed. Raises
    `ConfigurationError` with everything that is wrong, each problem with its path in the file and the cure.
    """
    plugins = tuple(plugins)
    where = find(path)
    table = read_table(where)
    problems: list[Problem] = []
    top, wrong = structured(Top, table)
    problems += wrong
    problems += _wrong_names(top, table)
    directory_url = _directory_url(top, where.parent, problems)
    public_url = top.webhooks.public_url if top.webhooks else None
    if public_url is not None and not is_web_url(public_url):
        cure = "http is for loopback addresses alone, and it has no query"
        problems.append(Problem("webhooks.public_url", "it is no https URL", cure))
        public_url = None
    problems += _wrong_change(top)
    connections: dict[str, Connection] = {}
    for name, entry in top.connections.items():
        try:
            connections[name] = read_connection(name, entry, where.parent, plugins, public_url)
        except ConfigurationError as error:
            problems += error.problems
    if problems:
        raise ConfigurationError(*(attrs.evolve(each, file=str(where)) for each in problems))
    return Config(
        where,
        connections,
        _default(top),
        top.prefer,
        directory_url,
        public_url,
        top.switch_on_change == _HOLD,
        plugins,
    )


def load_rules(path: Path, names: Collection[str]) -> tuple[str | None, tuple[str, ...], bool]:
    """Read `default`, `prefer` and whether to hold from a file again, for a program with connections of these names.

    Raises `ConfigurationError` for what is wrong with them, and for connections that the program does not have.
    """
    table = read_table(path)
    top, _ = structured(Top, table)
    problems = [*_wrong_names(top, table), *_wrong_change(top)]
    missing = {name for name in (top.default, *top.prefer) if name is not None and name not in names}
    cure = "start the program again"
    problems += (Problem(dotted("connections", name), "it is new, and was not read yet", cure) for name in missing)
    if problems:
        raise ConfigurationError(*(attrs.evolve(each, file=str(path)) for each in problems))
    return _default(top), top.prefer, top.switch_on_change == _HOLD


def _default(top: Top) -> str | None:
    return top.default or (next(iter(top.connections)) if len(top.connections) == 1 else None)


def _wrong_change(top: Top) -> Iterator[Problem]:
    if top.switch_on_change not in _ON_CHANGE:
        cure = f"there are {', '.join(_ON_CHANGE)}"
        yield Problem("switch_on_change", "it is nothing that can be done", cure)


def _wrong_names(top: Top, table: Mapping[str, object]) -> Iterator[Problem]:
    """What is wrong with the connections' names, and with those that speak of them."""
    if table.get("connections", {}) == {}:
        yield Problem("connections", "there is none", 'write [connections.main] and provider = "..."')
    if not top.connections:
        return
    for name in top.connections:
        if not name.strip() or not name.isprintable():
            yield Problem(dotted("connections", name), "a name is printable, and not empty", "give it another name")
    if top.default is not None and top.default not in top.connections:
        yield Problem("default", "there is no such connection", near(top.default, top.connections))
    prefer = table.get("prefer")
    names = prefer if isinstance(prefer, list) else []
    for at, name in enumerate(names):
        if not isinstance(name, str):
            continue
        if name not in top.connections:
            yield Problem(dotted("prefer", at), "there is no such connection", near(name, top.connections))
        elif name in names[:at]:
            yield Problem(dotted("prefer", at), "it is named twice", "name it once")


def _directory_url(top: Top, folder: Path, problems: list[Problem]) -> str | None:
    if top.directory is None:
        return None
    try:
        url = resolve(top.directory.url, folder)
        if isinstance(url, str) and _DATABASE.fullmatch(url):
            return url
        problems.append(Problem("directory.url", "it is no database URL", 'such as "sqlite:///groups.db"'))
    except ConfigurationError as error:
        problems += (attrs.evolve(each, key="directory.url") for each in error.problems)
    return None
