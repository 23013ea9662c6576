"""What commands print for people."""

from __future__ import annotations

import textwrap

from rich.columns import Columns
from rich.console import Console, Group, RenderableType
from rich.panel import Panel
from rich.text import Text

from ..groups import Topology
from ..sandbox.phones import Shown
from .boards import EXTRA, has_extra
from .events import describe_event
from .moving import Move
from .results import say
from .scenes import Demonstration, Scene, Screen

_BUBBLE = 16  # signs in a line
_KIND = {
    Topology.SHARED_THREAD: "one thread, shared by everybody",
    Topology.BROADCAST: "private texts: nobody sees the others",
}


def show_demo(demonstration: Demonstration, console: Console) -> None:
    """Print every phone's display, a row of phones for each provider."""
    for scene in demonstration.scenes:
        console.print()
        console.print(Text.assemble((scene.title, "bold"), f": {_KIND[scene.topology]}"))
        console.print(Columns([_phone(screen, scene.line, ok=scene.ok) for screen in scene.screens], padding=(0, 1)))
        console.print(_verdict(scene))
        _show_heard(scene, console)
    if demonstration.move is not None:
        _show_move(demonstration.move, console)
    elif not has_extra():
        console.print()
        say(console, f"To see a group go from one provider to another and back: {EXTRA}")
    show_failures(demonstration, console)
    console.print()


def show_failures(demonstration: Demonstration, console: Console) -> None:
    """Print what stopped a provider, under its name."""
    for failure in demonstration.failures:
        console.print()
        console.print(Text(failure.provider, style="bold"))
        console.print(Text(f"✗ {failure.what}", style="red"), soft_wrap=True)


def _show_move(move: Move, console: Console) -> None:
    """Print what the file said, and what one of the phones shows of it."""
    console.print()
    console.print(Text.assemble(("Switching", "bold"), ": the provider of a group is a line of the file"))
    for number, stay in enumerate(move.stays):
        thread = "the thread it had there, found again" if stay in move.stays[:number] else "a new thread"
        say(console, f'  default = "{stay.connection}": {thread}, from {stay.line}')
    shown = zip(move.stays, move.phones[0], strict=False)
    console.print(Columns([_phone(screen, stay.line, ok=move.ok) for stay, screen in shown], padding=(0, 1)))
    mark, style = ("✓", "green") if move.ok else ("✗ not as it should be:", "red")
    console.print(Text(f"{mark} the phones show its texts in two threads, each text once", style=style))


def _phone(screen: Screen, line: str, *, ok: bool) -> RenderableType:
    others = [number for number in screen.participants if number != screen.number]
    heading = Text("\n".join(others) or "no thread", style="dim")
    messages = [_bubble(message, screen, line) for message in screen.messages]
    return Panel(
        Group(Text("with", style="dim"), heading, Text(), *messages),
        title=screen.number,
        title_align="left",
        width=_BUBBLE + 10,
        border_style="green" if ok else "red",
    )


def _bubble(message: Shown, screen: Screen, line: str) -> Text:
    own = message.sender == screen.number
    who = "me" if own else "us" if message.sender == line else message.sender[-4:]
    text = "\n      ".join(textwrap.wrap(message.text, _BUBBLE))
    picture = "".join(f"\n      [{url.rsplit('/', 1)[-1]}]" for url in message.media)
    return Text(f"{who:>4}: {text}{picture}", style="cyan" if own else "")


def _verdict(scene: Scene) -> Text:
    shown = f"{scene.phones_reached} of {len(scene.screens)} phones show the text and the picture"
    reply = f"{scene.reply_seen_by} of {len(scene.screens) - 1} others see the answer"
    mark, style = ("✓", "green") if scene.ok else ("✗ not as it should be:", "red")
    return Text(f"{mark} {shown}; {reply}", style=style)


def _show_heard(scene: Scene, console: Console) -> None:
    """Print what our code heard over HTTP, and what it did."""
    answered = scene.answered
    if answered.heard is not None:
        say(console, f"  {describe_event(answered.heard)}")
    if answered.replied == "thread":
        say(console, "  replied in the thread")
    elif answered.replied == "sender":
        groups = f"which of {len(answered.candidates)} groups" if len(answered.candidates) > 1 else "in which group"
        say(console, f"  {scene.title} does not say {groups} it was written: replied to its sender alone")
    say(console, f"  what became of the text: {scene.delivery.summary}")
