"""What Bandwidth tells an application, as the objects that it writes (3)."""

from __future__ import annotations

from typing import Any

from ._account import Account, Message, Recipient, Stage

RECEIVED = "message-received"
SENDING = "message-sending"
SENT = "message-sent"
DELIVERED = "message-delivered"
FAILED = "message-failed"

_TYPES = {
    "SENDING": SENDING,
    "SENT": SENT,
    "DELIVERED": DELIVERED,
    "FAILED": FAILED,
    "DLR_EXPIRED": FAILED,  # the search's word; its callback is a failure with 9902
}
_DESCRIPTIONS = {
    RECEIVED: "A message came in",
    SENDING: "On its way to the carrier",
    SENT: "Handed to the carrier",
    DELIVERED: "The carrier has it",
    FAILED: "It did not arrive",
}


def type_of(stage: Stage) -> str:
    """The type of the callback that tells of a stage."""
    return _TYPES[stage.status]


def reached(account: Account, message: Message, recipient: Recipient, stage: Stage) -> dict[str, Any]:
    """How far a message is with one recipient: `to` is that one alone, while the message names them all."""
    kind = type_of(stage)
    of_recipient = kind == DELIVERED and account.doubt["status_owner"] == "recipient"
    told = _message(account, message, recipient.number if of_recipient else message.line)
    told["text"] = ""  # never what was written
    optional = {"media": list(message.media), "tag": message.tag, "priority": message.priority}
    told |= {name: value for name, value in optional.items() if value}
    event = _event(account, kind, stage, recipient.number, told)
    if kind == FAILED:
        event["errorCode"] = stage.error_code
    return event


def received(account: Account, message: Message) -> dict[str, Any]:
    """A message that came in, for the one of our lines that it is kept for."""
    told = _message(account, message, message.line)
    others = [number for number in message.to if number != message.line]
    last = account.doubt["inbound_to"] == "line_last"
    told["to"] = [*others, message.line] if last else [message.line, *others]
    if message.text or account.doubt["media_only_text"] == "empty":
        told["text"] = message.text
    if message.media:
        told["media"] = list(message.media)
    return _event(account, RECEIVED, message.recipients[0].stages[0], message.line, told)


def _event(account: Account, kind: str, stage: Stage, to: str, message: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": kind,
        "time": account.instant(stage.at),
        "to": to,
        "description": _DESCRIPTIONS[kind],
        "message": message,
    }


def _message(account: Account, message: Message, owner: str) -> dict[str, Any]:
    return {
        "id": message.id,
        "owner": owner,
        "applicationId": message.application_id,
        "time": account.instant(message.created),
        "segmentCount": message.segments,
        "direction": "out" if message.outbound else "in",
        "to": list(message.to),
        "from": message.sender,
    }
