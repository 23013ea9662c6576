"""Sendblue in the sandbox: a stand-in that answers Sendblue's HTTP calls out of its own memory."""

from __future__ import annotations

from ._account import (
    ACCOUNT_EMAIL,
    DELIVERED_AFTER,
    KEY_ID,
    LINE,
    SEAT,
    SEAT_EMAIL,
    SECOND_LINE,
    SECRET,
    SENT_AFTER,
    Account,
    Group,
    Limits,
    Message,
)
from ._face import SendblueFace

__all__ = [
    "ACCOUNT_EMAIL",
    "DELIVERED_AFTER",
    "KEY_ID",
    "LINE",
    "SEAT",
    "SEAT_EMAIL",
    "SECOND_LINE",
    "SECRET",
    "SENT_AFTER",
    "Account",
    "Group",
    "Limits",
    "Message",
    "SendblueFace",
]
