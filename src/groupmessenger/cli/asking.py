"""What a command line asks to be sent, and to whom."""

from __future__ import annotations

import sys
from datetime import datetime

import attrs

from ..errors import InvalidInput
from ..messages import Message
from ..phone import parse_members
from .parameters import MessageOptions


@attrs.frozen(kw_only=True)
class Typed:
    """A message as it was typed, and members who do not get it."""

    message: Message
    leave_out: tuple[str, ...] = ()

    def message_in(self, region: str | None) -> Message:
        """The message, with whoever is left out read as numbers of that country. Raises `InvalidInput`."""
        return attrs.evolve(self.message, leave_out=parse_members(self.leave_out, region=region))


@attrs.frozen(kw_only=True)
class Asked(Typed):
    """A message to people, or to a provider's group; `separately` for private copies."""

    to: tuple[str, ...]
    group: str | None
    separately: bool

    @classmethod
    def of(cls, text: str, options: MessageOptions) -> Asked:
        """Read what was typed; a text of `-` is standard input. Raises `InvalidInput`."""
        if bool(options.to) == (options.group is not None):
            raise InvalidInput(
                "say who gets it: either --to, once for each person, or --group with a group's id; or write the name "
                "of a group of the directory before the text"
            )
        if options.to and options.leave_out:
            raise InvalidInput("--leave-out is for a --group: whoever is not to get it is not named with --to")
        return cls(
            message=read_message(text, options),
            leave_out=options.leave_out,
            to=options.to,
            group=options.group,
            separately=options.separately,
        )


@attrs.frozen(kw_only=True)
class AskedByName(Typed):
    """A message to a group of the directory, under a once-only key or none."""

    name: str
    key: str | None

    @classmethod
    def of(cls, name: str, text: str, options: MessageOptions, key: str | None, connection: str | None) -> AskedByName:
        """Read what was typed; a text of `-` is standard input. Raises `InvalidInput`."""
        if options.to or options.group is not None or options.separately:
            raise InvalidInput(
                "more was given than this command takes: put a text with spaces into quotes, and --to before each "
                "number; with the name of a group of the directory there is no --to, --group or --separately"
            )
        if connection is not None:
            raise InvalidInput(
                "a group of the directory goes by the connection that the file names for it: leave out --connection, "
                "or see groupmessenger switch"
            )
        return cls(message=read_message(text, options), leave_out=options.leave_out, name=name, key=key)


@attrs.frozen(kw_only=True)
class Queued(Typed):
    """A message that is queued: under a key or none, not before `at`."""

    key: str | None
    at: datetime | None

    @classmethod
    def of(cls, text: str, options: MessageOptions, key: str | None, connection: str | None) -> Queued:
        """Read what was typed, where --at is the queue's; a text of `-` is standard input. Raises `InvalidInput`."""
        asked = AskedByName.of("", text, options, key, connection)
        message = attrs.evolve(asked.message, send_at=None)
        return cls(message=message, leave_out=asked.leave_out, key=key, at=asked.message.send_at)


def ask(
    words: tuple[str, ...], options: MessageOptions, key: str | None = None, connection: str | None = None
) -> Asked | AskedByName:
    """Read what was typed: a text, or the name of a group of the directory and a text. Raises `InvalidInput`."""
    match words:
        case ():
            words = ("",)
        case (name, text):
            return AskedByName.of(name, text, options, key, connection)
        case (_, _, *_):
            raise InvalidInput("more was given than this command takes: put a text with spaces into quotes")
    if key is not None:
        raise InvalidInput("--key is for a group of the directory, whose name stands before the text")
    return Asked.of(words[0], options)


def name_and_text(words: tuple[str, ...]) -> tuple[str, str]:
    """The two words of a message that is queued. Raises `InvalidInput`."""
    match words:
        case (name, text):
            return name, text
        case (name,):
            return name, ""  # which a message with media may have
    raise InvalidInput("--queue is for a group of the directory: write its name, and the text in quotes")


def only_text(words: tuple[str, ...], groups_from: str) -> str:
    """The one word of a message to the groups of a file. Raises `InvalidInput`."""
    if len(words) > 1:
        raise InvalidInput("with --groups-from there is one text, in quotes, and no other name of a group")
    text = words[0] if words else ""
    if text == groups_from == "-":
        raise InvalidInput("standard input is either the text or the groups' names")
    return text


def read_message(text: str, options: MessageOptions) -> Message:
    """Read a message; a text of `-` is standard input. Raises `InvalidInput`."""
    return Message(
        _standard_input() if text == "-" else text,
        options.media,
        effect=options.effect,
        reply_to=options.reply_to,
        send_at=_time("--at", options.at),
        expires_at=_time("--expires-at", options.expires_at),
        priority=options.priority,
    )


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
