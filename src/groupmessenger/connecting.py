"""From a provider's name, a URL, the environment or a file to a client."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import attrs

from .client import Client
from .clients import open_async_client, open_client
from .errors import ConfigurationError, Problem
from .messenger import GroupMessenger
from .options import Options
from .origin import Origin
from .plugins import BrokenPlugin, installed_providers, load_provider
from .settings import build_messenger

if TYPE_CHECKING:
    from .async_client import AsyncClient
    from .transport import AsyncHTTP, BlockingHTTP

URL_VARIABLE = "GROUPMESSENGER_URL"


def connect(
    target: str | None = None,
    /,
    *,
    http: BlockingHTTP | None = None,
    timeout: float | None = None,
    patience: float | None = None,
    region: str | None = None,
    limits: Mapping[str, int] | None = None,
    strict: bool | None = None,
    settle_after: float | None = None,
    plugins: Iterable[object] = (),
    **settings: Any,
) -> Client:
    """Connect by a provider's name and settings, by a URL, or by what is configured. No request is made.

    `target` is a provider's name, with its settings as keywords; or `provider://user:password@host?name=value`, where
    a keyword goes before the URL's own setting; or nothing: then it is the URL in `GROUPMESSENGER_URL`, else the
    default connection of the configuration file (`load_config`). A provider that the code does not name has to make
    shared threads, unless `allow_broadcast = true` is said with it.

    The other keywords are `Client`'s, and go before those of a URL or file; what is said nowhere is 30 seconds
    for `timeout` and `patience`, and False for `strict`. `plugins` are objects with our hooks: observers, or a provider
    that is not installed. Raises `ConfigurationError` with everything that is wrong.
    """
    given = _given(timeout, patience, region, limits, strict, settle_after)
    made = _target(target, tuple(plugins), settings)
    options = made.options.with_given(given)
    return open_client(made.messenger, options, http=http, plugins=made.plugins, origin=made.origin)


def connect_async(
    target: str | None = None,
    /,
    *,
    http: AsyncHTTP | None = None,
    timeout: float | None = None,
    patience: float | None = None,
    region: str | None = None,
    limits: Mapping[str, int] | None = None,
    strict: bool | None = None,
    settle_after: float | None = None,
    plugins: Iterable[object] = (),
    **settings: Any,
) -> AsyncClient:
    """Connect as `connect` does, for asyncio and trio; itself a plain function, for `async with`.

    `target`, else `GROUPMESSENGER_URL`, else the configuration file's default; keywords go before a URL or file.
    """
    given = _given(timeout, patience, region, limits, strict, settle_after)
    made = _target(target, tuple(plugins), settings)
    options = made.options.with_given(given)
    return open_async_client(made.messenger, options, http=http, plugins=made.plugins, origin=made.origin)


@attrs.frozen
class _Target:
    """What to connect to, and how it was chosen."""

    messenger: GroupMessenger
    options: Options
    plugins: tuple[object, ...]
    origin: Origin | None


def _given(
    timeout: float | None,
    patience: float | None,
    region: str | None,
    limits: Mapping[str, int] | None,
    strict: bool | None,
    settle_after: float | None,
) -> dict[str, Any]:
    return {
        "timeout": timeout,
        "patience": patience,
        "region": region,
        "limits": limits,
        "strict": strict,
        "settle_after": settle_after,
    }


def _target(target: object, plugins: tuple[object, ...], settings: Mapping[str, Any]) -> _Target:
    if target is None:
        return _configured(plugins, settings)
    if not isinstance(target, str):
        wrong = Problem("provider", "it is no text", "connect by a provider's name or a URL")
        raise ConfigurationError(wrong)
    if "://" in target:
        return _by_url(target, "url", plugins, settings)
    return _Target(build_messenger(_named(target, plugins), settings), Options(), plugins, None)


def _by_url(url: str, source: str, plugins: tuple[object, ...], settings: Mapping[str, Any]) -> _Target:
    from .urls import read_url

    provider, settings, options = read_url(url, plugins, source=source, given=settings)
    messenger = build_messenger(load_provider(provider, plugins), settings)
    return _Target(messenger, options, plugins, Origin(source, options.allow_broadcast))


def _configured(plugins: tuple[object, ...], settings: Mapping[str, Any]) -> _Target:
    from .config import load_config
    from .configfile import VARIABLE, find

    if settings:
        what, cure = "there are settings, and no provider named", "connect(name, ...), or leave the settings out"
        raise ConfigurationError(Problem("provider", what, cure))
    if url := os.environ.get(URL_VARIABLE):
        return _by_url(url, URL_VARIABLE, plugins, {})
    where = find()
    if not os.environ.get(VARIABLE) and not where.exists():
        known = ", ".join(sorted(installed_providers())) or "none is installed"
        what = f"no provider named, no {URL_VARIABLE} set, and no {where} in the working folder"
        cure = f"connect(name, ...); there are: {known}; or groupmessenger config init"
        raise ConfigurationError(Problem("provider", what, cure))
    config = load_config(where, plugins=plugins)
    found = config.connection()
    return _Target(found.messenger, found.options, config.watching(), config.origin(found.name))


def _named(name: str, plugins: tuple[object, ...]) -> type[GroupMessenger]:
    """The provider of that name. A connection's name, which it may have been meant for, is for `load_config`."""
    try:
        return load_provider(name, plugins)
    except BrokenPlugin:
        raise
    except ConfigurationError as error:
        from .configfile import find, names_in

        where = find()
        if name not in names_in(where):
            raise
        (problem,) = error.problems
        cure = f'it is a connection of {where}: load_config().connect("{name}")'
        meant = attrs.evolve(problem, cure=cure)
    raise ConfigurationError(meant)
