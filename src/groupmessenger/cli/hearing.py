"""Keeping what was heard, for whoever waits for it in another thread."""

from __future__ import annotations

import threading

from ..events import Event, MessageReceived


class Heard:
    """A handler that keeps every event."""

    def __init__(self) -> None:
        self._events: list[Event] = []
        self._came = threading.Condition()

    def __call__(self, event: Event) -> None:
        """Keep it."""
        with self._came:
            self._events.append(event)
            self._came.notify_all()

    def of(self, connection: str) -> tuple[Event, ...]:
        """What one connection heard so far."""
        with self._came:
            return tuple(event for event in self._events if event.connection == connection)

    def wait_for(self, connection: str, text: str, seconds: float) -> MessageReceived | None:
        """Wait for a message with this text, None if there is none in that time."""
        with self._came:
            return self._came.wait_for(lambda: self._find(connection, text), seconds)

    def _find(self, connection: str, text: str) -> MessageReceived | None:
        return next(
            (
                event
                for event in self._events
                if isinstance(event, MessageReceived) and (event.connection, event.text) == (connection, text)
            ),
            None,
        )
