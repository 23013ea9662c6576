"""What is kept of a message: hashes that tell it from another, and nothing of its text."""

from __future__ import annotations

import json
from typing import Any

import attrs

from .._dumping import dump
from ..messages import Message
from .transaction import Transaction

FEATURES = ("media", "effect", "reply_to", "send_at", "expires_at", "priority", "leave_out")


def content(message: Message) -> str:
    """Everything of a message that is sent; a reference of the caller's own is not."""
    text = dump(attrs.evolve(message, reference=None) if message.reference else message)
    return json.dumps(json.loads(text), sort_keys=True)  # equal messages may have their extras in another order


def likeness(message: Message) -> str:
    """What a message looks like to whoever can compare nothing else."""
    return dump(Message(message.text, message.media))


def told_apart(t: Transaction, message: Message) -> dict[str, Any]:
    """The columns of a message that tell it from another, in whatever group."""
    return {
        "digest": t.digest(content(message)),
        "likeness": t.digest(likeness(message)),
        "features": [name for name in FEATURES if getattr(message, name)],
    }


def described(t: Transaction, group_id: int, message: Message, key: str | None) -> dict[str, Any]:
    """The row of a message."""
    return {"group_id": group_id, "key": key, **told_apart(t, message), "created_at": t.now}
