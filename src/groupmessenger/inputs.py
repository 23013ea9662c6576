"""What callers give, held against what it has to be where a type checker did not."""

from __future__ import annotations

from inspect import iscoroutine

from .errors import InvalidInput
from .groups import Group
from .messages import Attempt, Message, Receipt


def check_group(group: object) -> None:
    """Raise `InvalidInput` for what is no group, such as its id, or a call that was not awaited."""
    if not isinstance(group, Group):
        kind = "a coroutine: await it" if iscoroutine(group) else type(group).__name__
        raise InvalidInput(f"a group is what create_group or group(id) gives, and this is {kind}")


def as_message(message: Message | str) -> Message:
    """A message of what is to be sent. Raises `InvalidInput` for what is neither text nor message."""
    if isinstance(message, Message):
        return message
    if not isinstance(message, str):
        raise InvalidInput(f"a message is a text or a Message, not {type(message).__name__}")
    return Message(message)


def message_id_of(receipt: Receipt | str) -> str:
    """The provider's id of a message. Raises `InvalidInput` if it gave none."""
    message_id = receipt.id if isinstance(receipt, Receipt) else receipt
    if not message_id:
        raise InvalidInput("no message id: the provider gave none for this message")
    return message_id


def check_attempt(attempt: Attempt | None, known: object) -> Attempt:
    """The attempt to look for. Raises `InvalidInput` for what is none, and for known ids that are one text."""
    if not isinstance(attempt, Attempt):
        raise InvalidInput("no attempt: only a message can be looked for; a change can be read again, or repeated")
    if isinstance(known, str):
        raise InvalidInput("known is a collection of message ids: put the single one in brackets")
    return attempt
