"""The command: its parts put together, and run."""

from __future__ import annotations

import errno
import sys

from cyclopts import CycloptsError
from cyclopts.exceptions import UnknownOptionError, UnusedCliTokensError

from ..errors import GroupMessengerError, InvalidInput, near
from . import (
    board_commands,
    group_commands,
    logical_commands,
    message_commands,
    new_provider_command,
    outbox_commands,
    setup_commands,
    webhook_commands,
    worker_commands,
)
from .consoles import hang_up, unread
from .exits import INTERRUPTED, Exit, exit_of, listening
from .root import app

__all__ = [
    "UsageError",
    "app",
    "board_commands",
    "group_commands",
    "logical_commands",
    "message_commands",
    "new_provider_command",
    "outbox_commands",
    "run",
    "setup_commands",
    "webhook_commands",
    "worker_commands",
]


_NAMES = "--groups-from"


class UsageError(InvalidInput):
    """The command line cannot be understood."""


class Interrupted(GroupMessengerError):
    """Interrupted before anything could have been sent or changed."""


def run(arguments: list[str] | None = None) -> int:
    """Run one command and give its exit code."""
    asked = sys.argv[1:] if arguments is None else arguments
    try:
        with listening():
            return _run(asked)
    except OSError as error:
        if error.errno not in (errno.EPIPE, errno.ENOSPC):  # nobody reads the output, or there is no room for it
            raise
        hang_up()
        return Exit.WRONG


def _run(asked: list[str]) -> int:
    try:
        return int(app(_with_hyphen(asked), exit_on_error=False, print_error=False) or 0)
    except CycloptsError as error:
        return _complain(UsageError(_usage(error)), asked)
    except KeyboardInterrupt:
        _complain(Interrupted("interrupted"), asked)
        return INTERRUPTED
    except GroupMessengerError as error:
        return _complain(error, asked)


def _with_hyphen(asked: list[str]) -> list[str]:
    """Put a lone `-`, which stands for standard input, where cyclopts takes it for a text: after `--`."""
    options, texts = _split(asked)
    if _NAMES in options[:-1]:  # after which it is that option's
        at = options.index(_NAMES)
        options[at : at + 2] = [f"{_NAMES}={options[at + 1]}"]
    if "-" not in options:
        return [*options, "--", *texts] if texts else options
    return [*(each for each in options if each != "-"), "--", *(each for each in options if each == "-"), *texts]


def _split(asked: list[str]) -> tuple[list[str], list[str]]:
    """What stands before `--`, and what after it."""
    at = asked.index("--") if "--" in asked else len(asked)
    return asked[:at], asked[at + 1 :]


def _usage(error: CycloptsError) -> str:
    """What cyclopts says, without the words that may be a message's text."""
    if isinstance(error, UnusedCliTokensError):
        return "more was given than this command takes: put a text with spaces into quotes, and --to before each number"
    if isinstance(error, UnknownOptionError):
        typed = (error.token.keyword or error.token.value).partition("=")[0]
        if " " in typed:
            return "there is no such option: put -- before a text that begins with a hyphen, and options before both"
        known = [
            name
            for argument in error.argument_collection
            if argument.parse
            for name in argument.names
            if name[:2] == "--"
        ]
        return f"there is no option {typed} ({near(typed, known)})"
    error.verbose = False
    return str(error)


def _complain(error: GroupMessengerError, asked: list[str]) -> Exit:
    from .consoles import errors
    from .dumping import dump_error, print_json
    from .results import show_error

    with unread():
        show_error(errors(), error)
    if "--json" in _split(asked)[0]:
        with unread():
            print_json({"error": dump_error(error)})
    return exit_of(error)
