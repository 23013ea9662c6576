"""Bandwidth in the sandbox: a stand-in that answers Bandwidth's HTTP calls out of its own memory."""

from __future__ import annotations

from ._account import (
    APPLICATION_ID,
    LINE,
    SECOND_LINE,
    TOLL_FREE,
    UNLINKED_APPLICATION_ID,
    Account,
    Message,
    Recipient,
    Stage,
)
from ._delivery import DELIVERED_AFTER, SENDING_AFTER, SENT_AFTER, TIMED_OUT_AFTER
from ._face import BandwidthFace
from ._tokens import ACCOUNT_ID, CLIENT_ID, CLIENT_SECRET, OLD_ACCOUNT_ID, PASSWORD, USERNAME
from ._webhooks import RETRIED_EVERY, RETRIED_FOR, WEBHOOK_PASSWORD, WEBHOOK_USER, Webhooks

__all__ = [
    "ACCOUNT_ID",
    "APPLICATION_ID",
    "CLIENT_ID",
    "CLIENT_SECRET",
    "DELIVERED_AFTER",
    "LINE",
    "OLD_ACCOUNT_ID",
    "PASSWORD",
    "RETRIED_EVERY",
    "RETRIED_FOR",
    "SECOND_LINE",
    "SENDING_AFTER",
    "SENT_AFTER",
    "TIMED_OUT_AFTER",
    "TOLL_FREE",
    "UNLINKED_APPLICATION_ID",
    "USERNAME",
    "WEBHOOK_PASSWORD",
    "WEBHOOK_USER",
    "Account",
    "BandwidthFace",
    "Message",
    "Recipient",
    "Stage",
    "Webhooks",
]
