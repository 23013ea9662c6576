"""What came in while nobody listened, read from the provider's own list."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import attrs

from ..errors import InvalidInput
from .connecting import MAIN, by_url, load, open_client
from .consoles import errors
from .results import say
from .spans import span
from .telling import Teller


def catch_up(since: str, name: str | None, path: Path | None, *, json: bool) -> int:
    """Print what came in on one connection since then, a page at a time. Gives how many events they were.

    Raises `InvalidInput`, `ConfigurationError`, and `UnsupportedOperation` where the provider keeps no list.
    """
    begin, teller, told = moment(since, datetime.now(UTC)), Teller(json=json), 0
    ours = set() if by_url(name, path) else {each.messenger.line for each in load(path).connections.values()}
    with open_client(name, path) as client:
        for event in client.received_since(begin):
            if getattr(event, "from_us", False) or str(getattr(event, "sender", "")) in ours:
                continue
            teller(attrs.evolve(event, connection=MAIN) if by_url(name, path) else event)
            told += 1
    if not told and not json:
        say(errors(), f"Nothing came in since {begin.astimezone():%Y-%m-%d %H:%M:%S}.")
    return told


def moment(text: str, now: datetime) -> datetime:
    """Read a time with its zone, or how long ago it was: `30m`, `2h`, `3d`. Raises `InvalidInput`."""
    try:
        if (back := span(text)) is not None:
            return now - back
        at = datetime.fromisoformat(text)
    except (ValueError, OverflowError):
        at = None
    if at is None or at.tzinfo is None:
        raise InvalidInput("--since is a time with its zone, such as 2026-12-24T18:00-06:00, or a time ago, such as 2h")
    return at
