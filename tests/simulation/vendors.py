"""The three vendors inside this process: asked without a network, by a clock that only the simulation moves."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import cache
from types import MappingProxyType
from typing import Any
from urllib.parse import urlencode

import attrs

from groupmessenger.flow import Request, Response
from groupmessenger.plugins import sandbox_faces
from groupmessenger.sandbox.callbacks import Callbacks, Talk
from groupmessenger.sandbox.clock import Clock
from groupmessenger.sandbox.face import Face
from groupmessenger.sandbox.phones import Network
from groupmessenger.sandbox.routing import Routes, answered, call
from groupmessenger.writing import written

HOST = "http://127.0.0.1:9"  # nobody is there, and nobody asks
START = datetime(2026, 11, 2, 12, tzinfo=UTC)


class VirtualClock(Clock):
    """Time that passes only where something is planned."""

    def now(self) -> datetime:
        return START + self._offset

    def later(self, seconds: float, do: Callable[[], None]) -> None:
        self.at(self.now() + timedelta(seconds=seconds), do)

    def next(self, until: datetime) -> bool:
        """Go on to what is planned next, and do it; False, and the time is `until`, if that is later."""
        if not self._planned or self._planned[0][0] > until:
            self._offset = max(until - START, self._offset)
            return False
        moment, _, do = heapq.heappop(self._planned)
        self._offset = max(moment - START, self._offset)
        do()
        return True


@attrs.define(eq=False)
class Ring:
    """A callback that a vendor wants to make."""

    provider: str
    talk: Callable[[], Talk]
    again: Sequence[float]
    tries: int = 0


class Bells(Callbacks):
    """Hands on what vendors want to call, instead of calling."""

    def __init__(self, clock: VirtualClock, ring: Callable[[Ring], None]) -> None:
        super().__init__(clock)
        self._virtual = clock
        self._ring = ring

    def signs_at(self) -> datetime:
        return self._virtual.now()

    def call(
        self, provider: str, what: str, talk: Callable[[], Talk], *, again: Sequence[float] = (), timeout: float = 10.0
    ) -> None:
        self._ring(Ring(provider, talk, again))


@attrs.define(eq=False)
class Vendors:
    """The faces, their phones and their clock."""

    clock: VirtualClock
    network: Network
    faces: dict[str, Face]
    _routes: dict[str, Routes]

    @classmethod
    def open(
        cls, ring: Callable[[Ring], None], doubts: Mapping[tuple[str, str], Any] = MappingProxyType({})
    ) -> Vendors:
        """Open them, each with these readings of what it leaves open, by provider and name."""
        clock = VirtualClock()
        network = Network(clock)
        network.callbacks = Bells(clock, ring)
        faces = {
            name: kind(network, clock, {doubt: choice for (whose, doubt), choice in doubts.items() if whose == name})
            for name, kind in _kinds().items()
        }
        return cls(clock, network, faces, {name: Routes(face) for name, face in faces.items()})

    def operation(self, provider: str, request: Request) -> str:
        """What a request asks for, in the sandbox's words."""
        return self._routes[provider].find(request.method, _path(provider, request).partition("?")[0])[0] or ""

    def act(self, provider: str, request: Request) -> Response:
        """Have the vendor do what a request asks for."""
        path, _, query = _path(provider, request).partition("?")
        _, handler, parameters = self._routes[provider].find(request.method, path)
        body, headers = written(request)
        query = "&".join(filter(None, (query, urlencode(request.params))))
        asked = call(request.method, path, query, parameters, headers)
        return answered(handler(attrs.evolve(asked, body=body or b"")))


def readings() -> list[tuple[str, str, Any]]:
    """Every reading of what a vendor leaves open that is not the usual one."""
    return [
        (name, doubt.name, choice)
        for name, kind in _kinds().items()
        for doubt in kind.doubts
        for choice in doubt.choices[1:]
    ]


def base_url(provider: str) -> str:
    return f"{HOST}/{provider}"


def _path(provider: str, request: Request) -> str:
    return request.path.removeprefix(base_url(provider))


@cache
def _kinds() -> dict[str, type[Face]]:
    return dict(sandbox_faces())
