"""What callers give, held against what it has to be where a type checker did not."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from inspect import iscoroutine

from .errors import InvalidInput, Problem
from .groups import Group
from .messages import Message

_LONGEST = 365 * 86_400.0  # seconds; more is a mistake, and too much for a date


def wrong_options(
    timeout: object, patience: object, settle_after: object, strict: object, limits: object
) -> Iterator[Problem]:
    """What a client cannot be made with."""
    settle_after = 0 if settle_after is None else settle_after
    for name, value in {"timeout": timeout, "patience": patience, "settle_after": settle_after}.items():
        if not isinstance(value, int | float) or not 0 <= value < _LONGEST or (name == "timeout" and value == 0):
            yield Problem(name, f"must be a number of seconds, {'more than 0' if name == 'timeout' else '0 or more'}")
    if not isinstance(strict, bool):
        yield Problem("strict", "must be True or False")
    if not isinstance(limits, Mapping):
        yield Problem("limits", "must be a mapping of names to numbers")


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
