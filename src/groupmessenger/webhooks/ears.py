"""Whose an event is, where several connections hear of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import attrs

from ..callbacks import Callback, Verified
from ..errors import WebhookError
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

    def understand(self, name: str, callback: Callback, verified: Verified) -> tuple[Event, ...]:
        """The events of a callback, each as the connection that it is for has to understand it."""
        return tuple(self._understood(name, callback, verified))

    def _understood(self, name: str, callback: Callback, verified: Verified) -> Iterator[Event]:
        incoming = self._incoming[name]
        for event in incoming.parse(callback, verified):
            line: str | None = getattr(event, "line", None)
            known = line is None or line == incoming.messenger.line
            other = name if known else self._by_line.get((incoming.messenger.name, str(line)), name)
            mine = other if self._believes(other, name, callback) else name
            for each in self._incoming[mine].understand([event], verified, self._own_lines):
                yield attrs.evolve(each, connection=mine)

    def _believes(self, other: str, name: str, callback: Callback) -> bool:
        """Whether another connection believes what was believed here."""
        if other == name or not self._verify:
            return True
        try:
            self._incoming[other].verify(callback)
        except WebhookError:
            return False
        return True
