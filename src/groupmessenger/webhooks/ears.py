"""Whose an event is, where several connections hear of it."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

import attrs

from ..callbacks import Callback, Verified
from ..errors import UnsupportedOperation, WebhookError
from ..events import Event
from ..incoming import Incoming


class Ears:
    """What several connections hear, by name. Some providers call every connection of an account for any of its lines.

    An event of another line is that of the connection with this line, if that believes the callback as well: who may
    speak for one account may not for all.
    """

    def __init__(self, incoming: Mapping[str, Incoming], *, verify: bool = True) -> None:
        self._incoming = incoming
        self._verify = verify
        self._own_lines = frozenset(line for each in incoming.values() for line in each.messenger.own_lines)
        self._by_line = {
            (each.messenger.name, each.messenger.line): name for name, each in reversed(list(incoming.items()))
        }

    @property
    def own_lines(self) -> frozenset[str]:
        """All numbers of ours."""
        return self._own_lines

    def believers(self, name: str, callback: Callback) -> frozenset[str]:
        """The connections that believe what this one believes, itself among them."""
        mine = self._incoming[name].messenger.name
        return frozenset(
            other
            for other, incoming in self._incoming.items()
            if incoming.messenger.name == mine and self._believes(other, name, callback)
        )

    def understand(
        self, name: str, callback: Callback, verified: Verified, believers: Collection[str] | None = None
    ) -> tuple[Event, ...]:
        """The events of a callback, each as the connection that it is for has to understand it.

        `believers` are known where the callback does not prove itself any more.
        """
        return tuple(self._understood(name, callback, verified, believers))

    def _understood(
        self, name: str, callback: Callback, verified: Verified, believers: Collection[str] | None
    ) -> Iterator[Event]:
        incoming = self._incoming[name]
        for event in incoming.parse(callback, verified):
            line: str | None = getattr(event, "line", None)
            known = line is None or line == incoming.messenger.line
            other = name if known else self._by_line.get((incoming.messenger.name, str(line)), name)
            believed = self._believes(other, name, callback) if believers is None else other in believers
            mine = other if believed else name
            for each in self._incoming[mine].understand([event], verified, self._own_lines):
                yield each if each.connection == mine else attrs.evolve(each, connection=mine)

    def _believes(self, other: str, name: str, callback: Callback) -> bool:
        """Whether another connection believes what was believed here."""
        if other == name or not self._verify:
            return True
        try:
            self._incoming[other].verify(callback)
        except (WebhookError, UnsupportedOperation):
            return False
        return True
