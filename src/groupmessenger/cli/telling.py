"""Printing events as they come, from whatever thread they come in."""

from __future__ import annotations

import threading
from collections.abc import Callable

from ..events import Event
from .consoles import output
from .dumping import print_json
from .events import describe_event, dump_event
from .results import say


class Teller:
    """A handler that prints each event on a line. `unheard` is called where nobody reads any more."""

    def __init__(self, *, json: bool, unheard: Callable[[], object] = lambda: None) -> None:
        self.error: OSError | None = None
        self._json = json
        self._unheard = unheard
        self._console = output()
        self._guard = threading.Lock()

    def __call__(self, event: Event) -> None:
        """Print it, at once. Raises OSError where that cannot be, so that the event counts as not handled."""
        with self._guard:
            try:
                self._print(event)
            except OSError as error:
                self.error = error
                self._unheard()
                raise

    def _print(self, event: Event) -> None:
        if self._json:
            print_json(dump_event(event))
        else:
            say(self._console, describe_event(event))
