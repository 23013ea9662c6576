"""Sending from the command line: to a group, or to several people separately."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs

from ..capabilities import Capabilities, Creation
from ..errors import BroadcastRefused, GroupMessengerError, InvalidInput, NotReached, OutcomeUnknown
from ..groups import Topology
from ..messages import GroupReceipt, Message, Receipt, Status
from ..phone import parse_members
from ..planning import Plan
from .asking import Asked
from .consoles import errors, output, unread
from .exits import Exit, deaf, exit_of, under_way
from .journal import Journal

if TYPE_CHECKING:
    from ..client import Client


@attrs.frozen
class Ended:
    """What became of one person's private copy."""

    to: str
    result: Receipt | GroupMessengerError


def plan(client: Client, asked: Asked) -> dict[str, Plan]:
    """What sending would come to: for the group, under "", or for each person."""
    if asked.to and asked.separately:
        return {to: client.plan_direct(to, asked.message) for to in _people(client, asked)}
    _consent(client, asked)
    if asked.group is not None:
        return {"": client.plan(client.group(asked.group), asked.message_in(client.region))}
    return {"": client.plan(asked.to, asked.message)}


def send(client: Client, asked: Asked) -> GroupReceipt:
    """Send to a group, which is made of the people if they were given."""
    _consent(client, asked)
    group = client.group(asked.group) if asked.group is not None else client.create_group(asked.to)
    return client.send(group, asked.message_in(client.region))


def run_send(client: Client, asked: Asked, journal: Journal, *, json: bool) -> Exit:
    """Send, show progress and what became of it. Gives the exit code; raises what stopped a group message."""
    from .dumping import dump_ended, dump_receipt, print_json
    from .results import say, show_ended, show_receipt

    console, told = output(json=json), {"provider": client.messenger.name}
    if not json:
        say(console, describe(client, asked))
    if asked.to and asked.separately:
        ended = send_each(client, asked, journal)
        with unread():
            if json:
                print_json({**told, **dump_ended(ended)})
            else:
                show_ended(console, ended)
        return exit_of_all(ended)
    with under_way(journal):
        receipt = send(client, asked)
    with unread():
        if json:
            print_json({**told, **dump_receipt(receipt)})
        else:
            show_receipt(console, receipt)
    return exit_of_receipt(receipt)


def send_each(client: Client, asked: Asked, journal: Journal) -> list[Ended]:
    """Send private copies, one after the other. Raises what would stop any of them, before the first."""
    from rich.progress import track

    for each in plan(client, asked).values():
        each.check()
    people, console = _people(client, asked), errors()
    ended: list[Ended] = []
    try:
        shown = track(people, "Sending …", console=console, transient=True) if console.is_terminal else people
        for to in shown:
            ended.append(_private(client, to, asked.message))
    except KeyboardInterrupt:
        doubt = OutcomeUnknown("interrupted while it was under way", attempt=journal.attempt)
        left = NotReached("not tried: interrupted before")
        for to in people[len(ended) :]:
            ended.append(Ended(to, left if any(each.result is doubt for each in ended) else doubt))
    finally:
        deaf()
    return ended


def _private(client: Client, to: str, message: Message) -> Ended:
    try:
        return Ended(to, client.send_direct(to, message))
    except GroupMessengerError as error:
        return Ended(to, error)


def exit_of_receipt(receipt: Receipt) -> Exit:
    """The exit code of what the provider took, which it may say has failed."""
    return Exit.REFUSED_THERE if receipt.status is Status.FAILED else Exit.DONE


def exit_of_all(ended: list[Ended]) -> Exit:
    """The exit code of several private copies: of what went wrong, or that some did."""
    exits = [_exit_of(each.result) for each in ended]
    if Exit.DONE in exits:
        return Exit.DONE if set(exits) == {Exit.DONE} else Exit.IN_PART
    return Exit.UNKNOWN if Exit.UNKNOWN in exits else exits[0]


def _exit_of(result: Receipt | GroupMessengerError) -> Exit:
    return exit_of(result) if isinstance(result, GroupMessengerError) else exit_of_receipt(result)


def describe(client: Client, asked: Asked) -> str:
    """In a line: whom it goes to, and who sees what."""
    if asked.to and asked.separately:
        people = len(_people(client, asked))
        answers = "" if client.capabilities.two_way else "; nobody can answer"
        texts = "text" if people == 1 else "texts"
        return f"{client.messenger.title}: {people} private {texts}; nobody sees the others{answers}"
    return describe_group(client.messenger.title, client.capabilities)


def describe_group(title: str, capabilities: Capabilities) -> str:
    """In a line: what a group is at a provider, and who sees what."""
    answers = "" if capabilities.two_way else "; nobody can answer"
    if capabilities.topology is Topology.BROADCAST:
        return f"{title}: a private copy to each member; nobody sees the others{answers}"
    numbers = "every number and " if capabilities.exposes_numbers else ""
    return f"{title}: one shared thread; everybody sees {numbers}every reply{answers}"


def refuse_making(client: Client) -> None:
    """Raise `InvalidInput` where a group cannot be made ahead of its first message."""
    if client.capabilities.creation is not Creation.EXPLICIT:
        why = {
            Creation.WITH_FIRST_MESSAGE: "makes a group with its first message",
            Creation.IMPLICIT: "keeps no groups: one is its members",
        }[client.capabilities.creation]
        raise InvalidInput(f"{client.messenger.title} {why}; use: groupmessenger send --to ... --to ... TEXT")


def consent_to_copies(client: Client, separately: bool) -> None:
    """Raise `BroadcastRefused` for private copies that were not asked for."""
    if client.capabilities.topology is Topology.BROADCAST and not separately:
        title = client.messenger.title
        raise BroadcastRefused(
            f"{title} sends each member a private copy, and no shared thread: add --separately if you want that, or "
            "choose another --connection"
        )


def _consent(client: Client, asked: Asked) -> None:
    if asked.group is not None and asked.separately and client.capabilities.topology is Topology.SHARED_THREAD:
        raise InvalidInput("--separately is for private texts, and this group is a shared thread: leave it out")
    if asked.to and client.capabilities.topology is Topology.SHARED_THREAD and len(_people(client, asked)) == 1:
        raise InvalidInput("one person is no group: add --separately for a private text, or name more people")
    consent_to_copies(client, asked.separately)


def _people(client: Client, asked: Asked) -> list[str]:
    return [str(member) for member in parse_members(asked.to, region=client.region)]
