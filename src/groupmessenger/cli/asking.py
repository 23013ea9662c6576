"""What a command line asks to be sent, and to whom."""

from __future__ import annotations

import sys
from datetime import datetime

import attrs

from ..errors import InvalidInput
from ..messages import Message
from ..phone import parse_members
from .parameters import MessageOptions


@attrs.frozen
class Asked:
    """A message, and people or a group; `separately` for private copies."""

    message: Message
    to: tuple[str, ...]
    group: str | None
    separately: bool
    leave_out: tuple[str, ...] = ()

    def message_in(self, region: str | None) -> Message:
        """The message, with whoever is left out read as numbers of that country. Raises `InvalidInput`."""
        return attrs.evolve(self.message, leave_out=parse_members(self.leave_out, region=region))

    @classmethod
    def of(cls, text: str, options: MessageOptions) -> Asked:
        """Read what was typed; a text of `-` is standard input. Raises `InvalidInput`."""
        if bool(options.to) == (options.group is not None):
            raise InvalidInput("say who gets it: either --to, once for each person, or --group with a group's id")
        if options.to and options.leave_out:
            raise InvalidInput("--leave-out is for a --group: whoever is not to get it is not named with --to")
        message = Message(
            _standard_input() if text == "-" else text,
            options.media,
            effect=options.effect,
            reply_to=options.reply_to,
            send_at=_time("--at", options.at),
            expires_at=_time("--expires-at", options.expires_at),
            priority=options.priority,
        )
        return cls(message, options.to, options.group, options.separately, options.leave_out)


def _time(option: str, value: str | None) -> datetime | None:
    if value is None:
        return None
    try:
        at = datetime.fromisoformat(value)
    except ValueError:
        at = None
    if at is None or at.tzinfo is None:
        raise InvalidInput(f"{option} is a time with its zone, such as 2026-12-24T18:00-06:00")
    return at


def _standard_input() -> str:
    try:
        return sys.stdin.read().rstrip("\n")
    except UnicodeDecodeError:
        raise InvalidInput("the text on standard input is not in this terminal's encoding") from None
