"""What a provider's distribution implements to have its vendor stood in for: a face.

A face answers the vendor's HTTP calls as the vendor would, out of its own memory and the phone network. It
comes from the `groupmessenger_sandbox` hook. Handlers are plain functions from a `Call` to an `Answer`; the
server gives them one at a time and holds the network's lock meanwhile; so what a face calls back it hands to
`network.callbacks`, which has threads of its own.
"""

from __future__ import annotations

import json as _json
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping
from typing import Any, ClassVar, TypeAlias

import attrs

from .clock import Clock
from .phones import Network


@attrs.frozen
class Doubt:
    """Something the vendor's papers leave open, as a switch: the first choice is the more probable reading."""

    name: str
    what: str
    choices: tuple[Any, ...]

    @property
    def default(self) -> Any:
        """The reading taken unless the sandbox is told otherwise."""
        return self.choices[0]


@attrs.frozen
class Call:
    """One HTTP call at the vendor: `path` below the face, `parameters` its parts that the route names, decoded.

    `query` has the first value of each name. The names in `headers` are in lower case.
    """

    method: str
    path: str
    query: Mapping[str, str] = attrs.field(factory=dict)
    parameters: Mapping[str, str] = attrs.field(factory=dict)
    headers: Mapping[str, str] = attrs.field(factory=dict)
    body: bytes = b""

    @property
    def json(self) -> Any:
        """The body as JSON, None if it is not JSON."""
        try:
            return _json.loads(self.body)
        except ValueError:
            return None


@attrs.frozen
class Answer:
    """What the vendor says. `body` is JSON unless it is bytes, None for none; `done` is for the log."""

    status: int = 200
    body: Any = None
    headers: Mapping[str, str] = attrs.field(factory=dict)
    done: bool | None = None

    @property
    def accepted(self) -> bool:
        """Whether the vendor did what was asked; a success unless the face says otherwise."""
        return 200 <= self.status < 300 if self.done is None else self.done


Handler: TypeAlias = Callable[[Call], Answer]


@attrs.frozen
class Route:
    """One call the vendor serves. `operation` names it in faults and in the log.

    `path` may hold `{parameters}`, of one segment each, and `{parameters:path}`, of any number.
    """

    method: str
    path: str
    operation: str
    handler: Handler


class Face(ABC):
    """One vendor, as the sandbox plays it, below the path `/{name}`."""

    name: ClassVar[str]
    doubts: ClassVar[tuple[Doubt, ...]] = ()

    def __init__(self, network: Network, clock: Clock, doubts: Mapping[str, Any]) -> None:
        self.network = network
        self.clock = clock
        self.callback_url: str | None = None
        self.doubt = {doubt.name: doubts.get(doubt.name, doubt.default) for doubt in self.doubts}

    @abstractmethod
    def routes(self) -> Iterable[Route]:
        """The calls this vendor serves."""

    @abstractmethod
    def settings(self, base_url: str) -> dict[str, Any]:
        """What a connection needs to talk to this face: keys of the provider's settings, ready for a config file."""

    def calls(self, url: str | None) -> None:
        """Have the vendor call this URL with what comes in and what becomes of messages; None for nobody.

        It is what one sets in the vendor's dashboard. Secrets are those that `settings` has.
        """
        self.callback_url = url

    def not_found(self, call: Call) -> Answer:
        """What the vendor says to a path it does not serve."""
        return Answer(404, {"error": "not found"})
