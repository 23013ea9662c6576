"""Sending to a group of the directory, from the command line."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Console

from ..errors import GroupMessengerError
from ..messages import Message
from .asking import AskedByName
from .consoles import output, unread
from .exits import Exit, under_way
from .journal import Journal

if TYPE_CHECKING:
    from ..switchboard.blocking import Switchboard
    from ..switchboard.values import BoardPlan, BoardReceipt


def run_board_plan(board: Switchboard, asked: AskedByName, *, json: bool) -> Exit:
    """Say what sending would come to, and by which connection. Raises what keeps it from being sent."""
    from .dumping import dump_passed_over, dump_plan, print_json
    from .results import say, show_plan

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
        say(output(), _describe(board, found))
        _passed_over(output(), found)
        show_plan(output(), {"": found.plan})
    return Exit.DONE


def run_board_send(board: Switchboard, asked: AskedByName, journal: Journal, *, json: bool) -> Exit:
    """Send, and show what became of it. Gives the exit code; raises what stopped it."""
    from .dumping import dump_board_receipt, print_json
    from .sending import exit_of_receipt

    message = asked.message_in(board.operations.board.region)
    if not json:
        _introduce(board, asked.name, message)
    with under_way(journal):
        receipt = board.send(asked.name, message, asked.key)
    with unread():
        if json:
            line = board.operations.board.line(receipt.connection)
            print_json({"provider": line.provider, **dump_board_receipt(receipt)})
        else:
            _show(output(), receipt)
    return exit_of_receipt(receipt)


def _introduce(board: Switchboard, name: str, message: Message) -> None:
    """Say who will see what. What keeps it from being sent is said by `send`, unless it was sent before."""
    from .results import say

    try:
        found = board.plan(name, message)
    except GroupMessengerError:
        return
    say(output(), _describe(board, found))


def _describe(board: Switchboard, found: BoardPlan) -> str:
    """In a line: by which connection, and who sees what."""
    from .sending import describe_group

    line = board.operations.board.line(found.connection)
    return f"by {line.name}; {describe_group(line.title, line.capabilities)}"


def _show(console: Console, receipt: BoardReceipt) -> None:
    from .results import say, show_taken

    show_taken(console, receipt, f"{receipt.connection}: " if receipt.passed_over else "")
    if receipt.again:
        say(console, "  it was sent before, under this key: nothing was sent now")
    _passed_over(console, receipt)


def _passed_over(console: Console, found: BoardPlan | BoardReceipt) -> None:
    from .results import say

    for each in found.passed_over:
        say(console, f"  ! {each.connection} was passed over: {each.why}")
