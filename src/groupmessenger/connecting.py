"""From a provider's name and settings to a client."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from .async_client import AsyncClient
from .client import Client
from .errors import ConfigurationError, Problem
from .messenger import GroupMessenger
from .plugins import installed_providers, load_observers, load_provider
from .settings import build_messenger

if TYPE_CHECKING:
    from .transport import AsyncHTTP, BlockingHTTP


def connect(
    target: str | None = None,
    /,
    *,
    http: BlockingHTTP | None = None,
    timeout: float = 30,
    patience: float = 30,
    region: str | None = None,
    limits: Mapping[str, int] = MappingProxyType({}),
    strict: bool = False,
    settle_after: float | None = None,
    plugins: Iterable[object] = (),
    **settings: Any,
) -> Client:
    """Connect to a provider by its name, with its settings as keywords. No request is made.

    The other keywords are `Client`'s. `plugins` are objects with our hooks: observers, or a provider that is not
    installed. Raises `ConfigurationError` with everything that is wrong.
    """
    plugins = tuple(plugins)
    return Client(
        _messenger(target, plugins, settings),
        http=http,
        timeout=timeout,
        patience=patience,
        region=region,
        limits=limits,
        strict=strict,
        settle_after=settle_after,
        observers=load_observers(plugins),
    )


def connect_async(
    target: str | None = None,
    /,
    *,
    http: AsyncHTTP | None = None,
    timeout: float = 30,
    patience: float = 30,
    region: str | None = None,
    limits: Mapping[str, int] = MappingProxyType({}),
    strict: bool = False,
    settle_after: float | None = None,
    plugins: Iterable[object] = (),
    **settings: Any,
) -> AsyncClient:
    """Connect as `connect` does, for asyncio and trio; itself a plain function, for `async with`."""
    plugins = tuple(plugins)
    return AsyncClient(
        _messenger(target, plugins, settings),
        http=http,
        timeout=timeout,
        patience=patience,
        region=region,
        limits=limits,
        strict=strict,
        settle_after=settle_after,
        observers=load_observers(plugins),
    )


def _messenger(target: str | None, plugins: tuple[object, ...], settings: Mapping[str, Any]) -> GroupMessenger:
    if target is None:
        known = ", ".join(sorted(installed_providers())) or "none is installed"
        raise ConfigurationError(Problem("provider", "no provider named", f"connect(name, ...); there are: {known}"))
    return build_messenger(load_provider(target, plugins), settings)
