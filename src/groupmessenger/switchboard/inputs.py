"""What callers give a switchboard, checked."""

from __future__ import annotations

from ..errors import InvalidInput


def as_key(key: str | None) -> str | None:
    """A once-only key. Raises `InvalidInput` for what cannot be one."""
    if key is not None and (not isinstance(key, str) or not key.strip() or not key.isprintable() or len(key) > 200):
        raise InvalidInput("a key is a text of 1 to 200 characters, the same whenever the same message is meant")
    return key
