"""What is under way: the attempt that an interrupted command would otherwise take with it."""

from __future__ import annotations

from collections.abc import Callable

import attrs

from ..errors import GroupMessengerError
from ..hookspecs import hookimpl
from ..messages import Attempt, Receipt


@attrs.define
class Journal:
    """An observer that keeps the attempt which has begun and has not ended.

    `tell` is called once, when the first begins.
    """

    attempt: Attempt | None = None
    tell: Callable[[], object] | None = None

    @hookimpl
    def groupmessenger_before_send(self, attempt: Attempt) -> None:
        """Keep it."""
        self.attempt = attempt
        tell, self.tell = self.tell, None
        if tell is not None:
            tell()

    @hookimpl
    def groupmessenger_after_send(self, attempt: Attempt, result: Receipt | GroupMessengerError) -> None:
        """Forget it: what became of it is known, or its error has it."""
        self.attempt = None
