"""A network of phones: what each of them would show its owner.

Nothing here knows a provider. A face posts into threads; phones show what reached them and answer.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Container, Iterable, Iterator
from datetime import datetime

import attrs

from .callbacks import Callbacks
from .clock import Clock

# iMessage's tapbacks, as they are written out for whoever has none.
TAPBACKS = ("Loved", "Liked", "Disliked", "Laughed at", "Emphasized", "Questioned")


@attrs.frozen
class Shown:
    """One message as a phone shows it."""

    sender: str
    text: str
    media: tuple[str, ...]
    at: datetime


@attrs.define(eq=False)
class Thread:
    """A conversation. `participants` are all numbers in it, our lines included.

    An MMS thread is its set of numbers and never changes; an `apple` group keeps its identity while people come
    and go.
    """

    id: str
    participants: set[str]
    apple: bool = False
    name: str = ""


@attrs.frozen
class Inbound:
    """A message that reached one of our lines."""

    line: str
    thread: Thread
    sender: str
    text: str
    media: tuple[str, ...]
    at: datetime


Listener = Callable[[Inbound], None]


@attrs.define(eq=False)
class Phone:
    """A handset and what it shows: `messages[thread.id]`, in the order they came.

    `imessage` and `mms` say what it can do; a phone that is off shows its messages once it is `on` again; a
    landline shows nothing, ever.
    """

    number: str
    network: Network = attrs.field(repr=False)
    imessage: bool = True
    mms: bool = True
    landline: bool = False
    messages: dict[str, list[Shown]] = attrs.field(factory=dict)
    _on: bool = True
    _waiting: list[tuple[str, Shown]] = attrs.field(factory=list)

    @property
    def on(self) -> bool:
        """Whether it is switched on."""
        return self._on

    @on.setter
    def on(self, value: bool) -> None:
        with self.network.lock:
            self._on = value
            if value:
                waiting, self._waiting = self._waiting, []
                for thread_id, shown in waiting:
                    self._show(thread_id, shown)

    @property
    def threads(self) -> list[Thread]:
        """The threads it shows, the oldest first."""
        with self.network.lock:
            return [self.network.threads[thread_id] for thread_id in self.messages]

    @property
    def texts(self) -> list[str]:
        """Every text it shows, whatever the thread."""
        with self.network.lock:
            return [shown.text for messages in self.messages.values() for shown in messages]

    def send(self, text: str, *, thread: str | None = None, to: str | None = None, media: Iterable[str] = ()) -> Thread:
        """Write into a thread it shows, or privately to a number.

        Raises KeyError for a thread it does not show and for what is no number, ValueError unless it is one of both.
        """
        if (thread is None) == (to is None):
            raise ValueError("give either thread, the id of one that the phone shows, or to, a number")
        with self.network.lock:
            if thread is not None:
                if thread not in self.messages:
                    raise KeyError(
                        f"{self.number} shows no thread {thread!r}; it shows {', '.join(self.messages) or 'none'}"
                    )
                where = self.network.threads[thread]
            else:
                check_number(str(to), self.network.lines)
                where = self.network.thread({self.number, str(to)})
            self.network.post(where, self.number, text, media)
            return where

    def react(self, reaction: str, *, thread: str) -> Thread:
        """React to the last message of another in a thread, as lines hear it: `Loved “…”`, `Reacted 👀 to “…”`.

        Raises KeyError for a thread it does not show, and for one where there is nothing to react to; ValueError for
        what is neither one of `TAPBACKS` nor an emoji.
        """
        if reaction not in TAPBACKS and (not reaction or len(reaction) > 20 or reaction.isascii()):
            raise ValueError(f"{reaction!r} is no reaction: give one of {', '.join(TAPBACKS)}, or an emoji")
        with self.network.lock:
            shown = [each for each in self.messages.get(thread, ()) if each.sender != self.number]
            if not shown:
                raise KeyError(f"{self.number} shows nothing of others in thread {thread!r}")
            to = f"“{shown[-1].text}”"
            text = f"{reaction} {to}" if reaction in TAPBACKS else f"Reacted {reaction} to {to}"
            return self.send(text, thread=thread)

    def opt_out(self, line: str) -> Thread:
        """Write STOP to a line, privately."""
        return self.send("STOP", to=line)

    def opt_in(self, line: str) -> Thread:
        """Write START to a line, privately."""
        return self.send("START", to=line)

    def receive(self, thread: Thread, shown: Shown) -> bool:
        """Take a message in. False if this phone can never show it."""
        as_mms = bool(shown.media) or len(thread.participants) > 2  # groups are MMS, whatever they carry
        if self.landline or (as_mms and not (self.mms or (thread.apple and self.imessage))):
            return False
        if self._on:
            self._show(thread.id, shown)
        else:
            self._waiting.append((thread.id, shown))
        return True

    def _show(self, thread_id: str, shown: Shown) -> None:
        self.messages.setdefault(thread_id, []).append(shown)

    def view(self) -> dict[str, object]:
        """What it shows, as JSON: `{"number", "threads": [{"id", "participants", "messages": [...]}]}`."""
        with self.network.lock:
            return {
                "number": self.number,
                "threads": [
                    {
                        "id": thread.id,
                        "participants": sorted(thread.participants),
                        "messages": [
                            {"from": m.sender, "text": m.text, "media": list(m.media), "at": m.at.isoformat()}
                            for m in self.messages[thread.id]
                        ],
                    }
                    for thread in self.threads
                ],
            }


def is_number(text: str) -> bool:
    """Whether it can be a phone's: E.164, or an Apple ID's address."""
    return re.fullmatch(r"\+[1-9]\d{6,14}|[^@\s]+@[^@\s]+", text, re.ASCII) is not None


def check_number(text: str, lines: Container[str] = ()) -> None:
    """Raise KeyError for what is no number of a phone, nor one of these lines."""
    if text not in lines and not is_number(text):
        raise KeyError(f"{text!r} is no phone's number; write it like +13125550101")


class Phones:
    """The phones by number. Asking for one that is not there yet makes it: everybody has a phone.

    Raises KeyError for a line of the sandbox, and for what is not written like +13125550101 (or an Apple ID's address).
    """

    def __init__(self, network: Network) -> None:
        self._network = network
        self._phones: dict[str, Phone] = {}

    def __getitem__(self, number: str) -> Phone:
        if number in self._network.lines:
            raise KeyError(f"{number} is a line of the sandbox, not a phone")
        check_number(number)
        return self._phones.setdefault(number, Phone(number, self._network))

    @property
    def texts(self) -> dict[str, list[str]]:
        """The texts of every phone that shows any, by number: all that reached anybody."""
        with self._network.lock:
            return {phone.number: phone.texts for phone in self if phone.messages}

    def __iter__(self) -> Iterator[Phone]:
        return iter(list(self._phones.values()))

    def __len__(self) -> int:
        return len(self._phones)


class Network:
    """Phones, the threads between them, and the lines that faces answer for."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.lock = clock.lock
        self.callbacks = Callbacks(clock)
        self.lines: dict[str, Listener] = {}
        self.threads: dict[str, Thread] = {}
        self.phones = Phones(self)
        self._ids = itertools.count(1)

    def attach(self, line: str, listener: Listener) -> None:
        """Make a number one of our lines; `listener` hears what reaches it."""
        self.lines[line] = listener

    def thread(self, participants: Iterable[str]) -> Thread:
        """The thread of exactly these numbers: the same set is always the same thread (MMS, and private texts)."""
        wanted = set(participants)
        for thread in self.threads.values():
            if not thread.apple and thread.participants == wanted:
                return thread
        return self._open(wanted, apple=False)

    def apple_group(self, participants: Iterable[str]) -> Thread:
        """A new group with an identity of its own."""
        return self._open(set(participants), apple=True)

    def post(self, thread: Thread, sender: str, text: str, media: Iterable[str] = ()) -> tuple[str, ...]:
        """Put a message into a thread. Gives the phones, without the sender's, that show or will show it."""
        shown = Shown(sender, text, tuple(media), self.clock.now())
        reached = []
        for number in sorted(thread.participants):
            if number in self.lines:
                if number != sender:
                    self.lines[number](Inbound(number, thread, sender, text, shown.media, shown.at))
            elif self.phones[number].receive(thread, shown) and number != sender:
                reached.append(number)
        return tuple(reached)

    def _open(self, participants: set[str], *, apple: bool) -> Thread:
        thread = Thread(f"thread_{next(self._ids)}", participants, apple)
        self.threads[thread.id] = thread
        return thread
