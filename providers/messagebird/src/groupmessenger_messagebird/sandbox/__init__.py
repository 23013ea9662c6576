"""MessageBird in the sandbox: a stand-in that answers MessageBird's HTTP calls out of its own memory."""

from __future__ import annotations

from ._account import ACCESS_KEY, LINE, SECOND_LINE, TEST_KEY, Account
from ._delivery import DELIVERED_AFTER, VALIDITY
from ._face import MessageBirdFace
from ._records import Contact, Copy, Group, Message
from ._signing import SIGNING_KEY

__all__ = [
    "ACCESS_KEY",
    "DELIVERED_AFTER",
    "LINE",
    "SECOND_LINE",
    "SIGNING_KEY",
    "TEST_KEY",
    "VALIDITY",
    "Account",
    "Contact",
    "Copy",
    "Group",
    "Message",
    "MessageBirdFace",
]
