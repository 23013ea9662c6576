"""Sendblue in the sandbox: a stand-in that answers Sendblue's HTTP calls out of its own memory."""

from __future__ import annotations

from ._account import (
    ACCOUNT_EMAIL,
    DELIVERED_AFTER,
    KEY_ID,
    SEAT,
    SEAT_EMAIL,
    SECRET,
    SENT_AFTER,
    WEBHOOK_SECRET,
    Account,
)
from ._face import SendblueFace
from ._records import LINE, SECOND_LINE, Group, Limits, Message

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
    "WEBHOOK_SECRET",
    "Account",
    "Group",
    "Limits",
    "Message",
    "SendblueFace",
]
