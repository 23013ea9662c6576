"""One connection of a configuration file."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import attrs

from .capabilities import Capabilities
from .configfile import dotted
from .errors import ConfigurationError, Problem
from .fields import CALLBACK, SECRET, settings_of
from .messenger import GroupMessenger
from .options import OPTIONS, Options
from .plugins import BrokenPlugin, installed_providers, load_provider
from .references import resolve
from .settings import build_messenger, wrong_limits, wrong_settings
from .weburls import receiving_url

_log = logging.getLogger(__name__)


@attrs.frozen
class Connection:
    """One connection of a file: its provider's messenger, and how it is used."""

    name: str
    provider: str
    messenger: GroupMessenger = attrs.field(repr=False)
    options: Options

    @property
    def capabilities(self) -> Capabilities:
        """What the provider can do, with this connection's limits."""
        return self.messenger.own_capabilities().with_limits(self.options.limits)


def read_connection(
    name: str, table: object, folder: Path, plugins: Iterable[object], public_url: str | None = None
) -> Connection:
    """Make a connection of its table, whose relative paths begin in `folder`.

    Below `public_url` providers reach the receiver, and are told so unless the table names other callback URLs.

    Raises `ConfigurationError` with everything that is wrong, each problem with its path in the file.
    """
    found = _connection(name, table, folder, tuple(plugins), public_url)
    if isinstance(found, Connection):
        return found
    raise ConfigurationError(*(attrs.evolve(each, key=_below(name, each.key)) for each in found))


def _connection(
    name: str, table: Any, folder: Path, plugins: tuple[object, ...], public_url: str | None
) -> Connection | list[Problem]:
    """One connection, or everything that is wrong with it, by its own keys."""
    if not isinstance(table, dict):
        return [Problem("", "must be a table", f"write [{dotted('connections', name)}]")]
    problems: list[Problem] = []
    kind = _kind(table, plugins, problems)
    options = _options(table, problems)
    settings, unread = _settings(table, folder)
    if kind is None:
        return [*problems, *unread]
    if public_url is not None:
        called = [key for key, field in settings_of(kind).items() if field.metadata.get(CALLBACK)]
        settings = dict.fromkeys(called, receiving_url(public_url, name)) | settings
    keys = {each.key for each in unread}
    wrong = list(
        wrong_settings(
            kind, settings, unread=keys, options=(*OPTIONS, "provider"), write=lambda key: _written(kind, key)
        )
    )
    problems += wrong
    problems += (each for each in unread if each.key not in {each.key for each in wrong})
    messenger = None
    if not wrong and not unread:
        try:
            messenger = build_messenger(kind, settings)
        except ConfigurationError as error:
            problems += error.problems
    limits = table.get("limits")
    if isinstance(limits, dict):
        known = {each.key for each in problems}
        capabilities = messenger.own_capabilities() if messenger else kind.capabilities
        problems += (each for each in wrong_limits(capabilities, limits) if each.key not in known)
    return problems if problems or messenger is None else Connection(name, kind.name, messenger, options)


def _kind(
    table: Mapping[str, Any], plugins: tuple[object, ...], problems: list[Problem]
) -> type[GroupMessenger] | None:
    name = table.get("provider")
    if not isinstance(name, str):
        what = "must be a text" if "provider" in table else "it is missing"
        cure = f'provider = "...": there are {", ".join(installed_providers()) or "none"} installed'
        problems.append(Problem("provider", what, cure))
        return None
    try:
        return load_provider(name, plugins)
    except BrokenPlugin as error:
        _log.warning("%s\n%s", error, error.traceback)
        problems += (attrs.evolve(each, key="provider", what=f"{each.key}: {each.what}") for each in error.problems)
    except ConfigurationError as error:
        problems += error.problems
    return None


def _options(table: Mapping[str, Any], problems: list[Problem]) -> Options:
    try:
        return Options.of({key: value for key, value in table.items() if key in OPTIONS})
    except ConfigurationError as error:
        problems += error.problems
        return Options()


def _settings(table: Mapping[str, Any], folder: Path) -> tuple[dict[str, Any], list[Problem]]:
    """The provider's settings, and what is wrong with those that could not be read."""
    settings: dict[str, Any] = {}
    unread: list[Problem] = []
    for key, value in table.items():
        if key == "provider" or key in OPTIONS:
            continue
        try:
            settings[key] = resolve(value, folder)
        except ConfigurationError as error:
            unread += (attrs.evolve(each, key=key) for each in error.problems)
    return settings, unread


def _written(kind: type[GroupMessenger], key: str) -> str:
    """How a setting is given in a file: a secret not by its text."""
    if settings_of(kind)[key].metadata.get(SECRET):
        return f'{key} = {{ env = "NAME" }} or {{ file = "path" }}'
    return f'{key} = "..."'


def _below(name: str, key: str) -> str:
    """The path of a connection's key in the file."""
    if key.startswith("limits."):
        return dotted("connections", name, "limits", key.removeprefix("limits."))
    return dotted("connections", name, *([key] if key else []))
