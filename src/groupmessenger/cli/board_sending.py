"""Sending to a group of the directory, from the command line."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from rich.console import Console

from ..errors import GroupMessengerError, OutcomeUnknown
from ..messages import Message
from .asking import AskedByName
from .consoles import output, unread
from .exits import Exit, under_way
from .journal import Journal
from .wording import in_commands

if TYPE_CHECKING:
    from ..switchboard.blocking import Switchboard
    from ..switchboard.values import BoardPlan, BoardReceipt


def run_board_plan(board: Switchboard, asked: AskedByName, *, json: bool) -> Exit:
    """Say what sending would come to, and by which connection. Raises what keeps it from being sent."""
    from .dumping import dump_passed_over, dump_plan, print_json
    from .results import show_plan

    found = board.plan(asked.name, asked.message_in(board.operations.board.region))
    if json:
        told = {
            "group": asked.name,
            "connection": found.connection,
            "passed_over": dump_passed_over(found.passed_over),
            "ok": found.plan.ok,
            "plans": {"group": dump_plan(found.plan)},
        }
        print_json(told)
    else:
        _say_all(_described(board, asked.name, found))
        _passed_over(output(), found)
        show_plan(output(), {"": found.plan})
    return Exit.DONE


def run_board_send(board: Switchboard, asked: AskedByName, journal: Journal, *, json: bool) -> Exit:
    """Send, and show what became of it. Gives the exit code; raises what stopped it."""
    from .dumping import dump_board_receipt, print_json
    from .sending import exit_of_receipt

    message = asked.message_in(board.operations.board.region)
    if not json:
        journal.tell = _introduction(board, asked.name, message)
    try:
        with under_way(journal):
            receipt = board.send(asked.name, message, asked.key)
    except OutcomeUnknown as error:
        error.add_note(_cure(asked.key))
        raise
    with unread():
        if json:
            line = board.operations.board.line(receipt.connection)
            print_json({"provider": line.provider, **dump_board_receipt(receipt)})
        else:
            _show(output(), receipt)
    return exit_of_receipt(receipt)


def _introduction(board: Switchboard, name: str, message: Message) -> Callable[[], None]:
    """What says who will see what, once the message leaves. What keeps it from leaving is said by `send`."""
    try:
        lines = _described(board, name, board.plan(name, message))
    except GroupMessengerError:
        lines = []

    def tell() -> None:
        with unread():
            _say_all(lines)

    return tell


def _described(board: Switchboard, name: str, found: BoardPlan) -> list[str]:
    """By which connection it goes, who sees what, and whether a group that was texted goes on in a new thread."""
    from .sending import describe_group
    from .switching import what_members_see

    line = board.operations.board.line(found.connection)
    (seen,) = board.plan_switch(found.connection, [name])
    told = [f"by {line.name}; {describe_group(line.title, line.capabilities)}"]
    if seen.group.last is not None and seen.new_thread:
        told.append(f"  ! {what_members_see(seen, line)}")
    return told


def _say_all(lines: Iterable[str]) -> None:
    from .results import say

    for each in lines:
        say(output(), each)


def _cure(key: str | None) -> str:
    if key is None:
        return "groupmessenger settle finds out what became of it. The same command again would be another message."
    return (
        "Run the same command again, with the same --key: it is sent once. Or groupmessenger settle finds out what "
        "became of it."
    )


def _show(console: Console, receipt: BoardReceipt) -> None:
    from .results import say, show_taken

    show_taken(console, receipt, f"{receipt.connection}: " if receipt.passed_over else "")
    if receipt.again:
        say(console, "  it was sent before, under this key: nothing was sent now")
    _passed_over(console, receipt)


def _passed_over(console: Console, found: BoardPlan | BoardReceipt) -> None:
    from .results import say

    for each in found.passed_over:
        say(console, f"  ! {each.connection} was passed over: {in_commands(each.why)}")
