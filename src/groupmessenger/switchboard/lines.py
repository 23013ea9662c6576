"""The connections that a switchboard has, as its flows use them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar

import attrs

from ..capabilities import Capabilities
from ..flow import Flow, Through
from ..incoming import Incoming
from ..operations import Operations
from ..options import Options

if TYPE_CHECKING:
    from ..async_client import AsyncClient
    from ..client import Client

T = TypeVar("T")

_SLACK = 5.0  # seconds between the last moment of an answer and its record


@attrs.frozen(eq=False)
class Line:
    """One connection: its operations, and the driver that runs them."""

    name: str
    operations: Operations
    incoming: Incoming
    options: Options
    _driver: Any

    @classmethod
    def of(cls, name: str, client: Client | AsyncClient, options: Options) -> Line:
        """Make one of a client."""
        return cls(name, client.operations, client.incoming, options, client.driver)

    @property
    def provider(self) -> str:
        """The provider's name."""
        return self.operations.messenger.name

    @property
    def title(self) -> str:
        """The provider's name as people write it."""
        return self.operations.messenger.title

    @property
    def number(self) -> str:
        """Our own number."""
        return self.operations.messenger.line

    @property
    def capabilities(self) -> Capabilities:
        """What the provider can do here."""
        return self.operations.capabilities

    @property
    def leaving(self) -> float:
        """For how many seconds a message may leave."""
        return self.options.timeout + self.options.patience

    @property
    def lasting(self) -> float:
        """After how many seconds a message that was begun has ended, or its process has."""
        return self.leaving + self.options.timeout + _SLACK

    def run(self, flow: Flow[T]) -> Through[T]:
        """Have one of its flows run."""
        return Through(self._driver, flow)


Lines = Mapping[str, Line]
