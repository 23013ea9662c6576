"""What the demonstration shows at one provider, and whether it is what this provider's groups promise."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import attrs

from ..delivery import Delivery
from ..events import MessageReceived
from ..groups import Topology
from ..messages import GroupReceipt, Message, Status
from ..sandbox.phones import Shown

if TYPE_CHECKING:
    from .moving import Move

PEOPLE = ("+13125550101", "+13125550102", "+13125550103")
TEXT = "Dinner at eight?"
PLACE = Message("The place:", "https://pictures.example.com/place.jpg")
ANSWER = "I'll be there!"
REPLY = "Glad you can come!"


@attrs.frozen
class Screen:
    """What one phone shows of one provider's group."""

    number: str
    participants: tuple[str, ...]
    messages: tuple[Shown, ...]


@attrs.frozen
class Answered:
    """What our code heard of the first phone's answer, and where its own reply went.

    `heard` is None if nothing came. `replied` is "thread", or "sender" where the provider does not say which of the
    `candidates`, ids of groups, it was written in. `shown_by` are the phones that show the reply, whoever's they are.
    """

    heard: MessageReceived | None = None
    replied: str | None = None
    candidates: tuple[str, ...] = ()
    shown_by: tuple[str, ...] = ()


@attrs.frozen
class Scene:
    """What came of the main job at one provider. `events` is how many its callbacks told."""

    provider: str
    title: str
    line: str
    topology: Topology
    receipt: GroupReceipt
    screens: tuple[Screen, ...]
    answered: Answered
    events: int
    delivery: Delivery

    @property
    def phones_reached(self) -> int:
        """How many phones show the text and the picture, each once."""
        return sum(_shows(screen, TEXT) and _shows(screen, PLACE.text) for screen in self.screens)

    @property
    def threads_shared(self) -> bool:
        """Whether everybody is in one and the same thread."""
        everybody = {self.line, *PEOPLE}
        return all(set(screen.participants) == everybody for screen in self.screens)

    @property
    def reply_seen_by(self) -> int:
        """How many of the others see the first phone's answer."""
        return sum(_shows(screen, ANSWER) for screen in self.screens if screen.number != PEOPLE[0])

    @property
    def answer_heard(self) -> bool:
        """Whether the answer came in, from whom it was, and in the group that was sent to where that can be told."""
        heard = self.answered.heard
        group = self.receipt.group if self._shared else None
        return heard is not None and (str(heard.sender), heard.group) == (PEOPLE[0], group)

    @property
    def reply_arrived(self) -> bool:
        """Whether the reply is where it belongs, and nowhere else: in the thread, or with whoever answered."""
        replied, expected = ("thread", PEOPLE) if self._shared else ("sender", PEOPLE[:1])
        return (replied, expected) == (self.answered.replied, self.answered.shown_by)

    @property
    def ok(self) -> bool:
        """Whether every phone shows what this provider's kind of group promises, and the answer was heard."""
        return (
            self.phones_reached == len(PEOPLE)
            and self.threads_shared is self._shared
            and self.reply_seen_by == (len(PEOPLE) - 1 if self._shared else 0)
            and self.receipt.status is not Status.FAILED
            and self.answer_heard
            and self.reply_arrived
        )

    def summary(self) -> dict[str, Any]:
        """The scene as JSON."""
        return {
            "provider": self.provider,
            "topology": str(self.topology),
            "group_id": self.receipt.group.id,
            "members": len(self.receipt.group.members or ()),
            "receipt_id": self.receipt.id,
            "status": str(self.receipt.status),
            "phones_reached": self.phones_reached,
            "threads_shared": self.threads_shared,
            "reply_seen_by": self.reply_seen_by,
            "events": self.events,
            "answer_heard": self.answer_heard,
            "replied": self.answered.replied,
            "delivery": self.delivery.summary,
        }

    @property
    def _shared(self) -> bool:
        return self.topology is Topology.SHARED_THREAD


@attrs.frozen
class Failure:
    """A provider at which the main job came to no end, and the error's text."""

    provider: str
    what: str


@attrs.frozen
class Demonstration:
    """The main job at every provider: where it came to an end, and where it did not.

    `move` is a group that went from one provider to another and back; None where there are no two, or no switchboard.
    """

    scenes: tuple[Scene, ...]
    failures: tuple[Failure, ...] = ()
    move: Move | None = None

    @property
    def ok(self) -> bool:
        """Whether all went as it should."""
        moved = self.move is None or self.move.ok
        return bool(self.scenes) and not self.failures and moved and all(scene.ok for scene in self.scenes)

    def summary(self) -> dict[str, object]:
        """All of it as JSON; a provider that failed has no row."""
        return {
            "providers": [scene.summary() for scene in self.scenes],
            "switch": None if self.move is None else self.move.summary(),
            "ok": self.ok,
        }


def _shows(screen: Screen, text: str) -> bool:
    return [message.text for message in screen.messages].count(text) == 1
