"""The turn of a message of the outbox: it is to be sent now, or has to wait."""

from __future__ import annotations

from collections.abc import Mapping

import attrs


@attrs.frozen
class Turn:
    """A message of the outbox, whose turn it is, and the worker that has its group's lane."""

    message_id: int
    group_id: int
    owner: str
    carried: Mapping[str, str] = attrs.field(repr=False)


class Later(Exception):
    """A message of the outbox has to wait, and is in the queue as it was. `seconds` until another look."""

    def __init__(self, why: str, seconds: float, paused: str | None = None) -> None:
        super().__init__(why)
        self.seconds = seconds
        self.paused = paused  # the connection, where that is why
