"""From a messenger and the options of its connection to a client."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from .client import Client
from .messenger import GroupMessenger
from .options import Options
from .origin import Origin
from .plugins import load_observers

if TYPE_CHECKING:
    from .async_client import AsyncClient
    from .transport import AsyncHTTP, BlockingHTTP


def open_client(
    messenger: GroupMessenger,
    options: Options,
    *,
    http: BlockingHTTP | None,
    plugins: Iterable[object],
    origin: Origin | None,
) -> Client:
    """Make a blocking client. Raises `ConfigurationError`."""
    observers = load_observers(plugins)
    return Client(messenger, http=http, observers=observers, origin=origin, **options.for_client())


def open_async_client(
    messenger: GroupMessenger,
    options: Options,
    *,
    http: AsyncHTTP | None,
    plugins: Iterable[object],
    origin: Origin | None,
) -> AsyncClient:
    """Make a client for asyncio and trio. Raises `ConfigurationError`."""
    from .async_client import AsyncClient

    observers = load_observers(plugins)
    return AsyncClient(messenger, http=http, observers=observers, origin=origin, **options.for_client())
