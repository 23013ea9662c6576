"""What is under way: the attempt that an interrupted command would otherwise take with it."""

from __future__ import annotations

import attrs

from ..errors import GroupMessengerError
from ..hookspecs import hookimpl
from ..messages import Attempt, Receipt


@attrs.define
class Journal:
    """An observer that keeps the attempt which has begun and has not ended."""

    attempt: Attempt | None = None

    @hookimpl
    def groupmessenger_before_send(self, attempt: Attempt) -> None:
        """Keep it."""
        self.attempt = attempt

    @hookimpl
    def groupmessenger_after_send(self, attempt: Attempt, result: Receipt | GroupMessengerError) -> None:
        """Forget it: what became of it is known, or its error has it."""
        self.attempt = None
