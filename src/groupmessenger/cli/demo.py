"""The main job, at every installed provider's stand-in: a group of three, a text, a picture, an answer."""

from __future__ import annotations

from collections.abc import Callable

import attrs

from ..errors import ConfigurationError, GroupMessengerError, Problem
from ..groups import Topology
from ..messages import GroupReceipt, Message, Status
from ..sandbox import Sandbox
from ..sandbox.phones import Phone, Shown, Thread

PEOPLE = ("+13125550101", "+13125550102", "+13125550103")
TEXT = "Dinner at eight?"
PLACE = Message("The place:", "https://pictures.example.com/place.jpg")
ANSWER = "I'll be there!"


@attrs.frozen
class Screen:
    """What one phone shows of one provider's group."""

    number: str
    participants: tuple[str, ...]
    messages: tuple[Shown, ...]


@attrs.frozen
class Scene:
    """What came of the main job at one provider."""

    provider: str
    title: str
    line: str
    topology: Topology
    receipt: GroupReceipt
    screens: tuple[Screen, ...]

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
    def ok(self) -> bool:
        """Whether every phone shows what this provider's kind of group promises."""
        shared = self.topology is Topology.SHARED_THREAD
        return (
            self.phones_reached == len(PEOPLE)
            and self.threads_shared is shared
            and self.reply_seen_by == (len(PEOPLE) - 1 if shared else 0)
            and self.receipt.status is not Status.FAILED
        )

    def summary(self) -> dict[str, object]:
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
        }


@attrs.frozen
class Failure:
    """A provider at which the main job came to no end, and the error's text."""

    provider: str
    what: str


@attrs.frozen
class Demonstration:
    """The main job at every provider: where it came to an end, and where it did not."""

    scenes: tuple[Scene, ...]
    failures: tuple[Failure, ...] = ()

    @property
    def ok(self) -> bool:
        """Whether all went as it should."""
        return bool(self.scenes) and not self.failures and all(scene.ok for scene in self.scenes)

    def summary(self) -> dict[str, object]:
        """All of it as JSON; a provider that failed has no row."""
        return {"providers": [scene.summary() for scene in self.scenes], "ok": self.ok}


def run_demo(tell: Callable[[str], object] = lambda step: None) -> Demonstration:
    """Do the main job at each provider's stand-in. `tell` hears each step. One that fails does not stop the others.

    Raises `ConfigurationError` if no provider is installed.
    """
    with Sandbox() as sandbox:
        if not sandbox.faces:
            cure = "pip install 'groupmessenger-NAME[sandbox]', with a provider's name"
            raise ConfigurationError(Problem("demo", "no provider with a sandbox is installed", cure))
        scenes: list[Scene] = []
        failures: list[Failure] = []
        for provider in sorted(sandbox.faces):
            try:
                scenes.append(_scene(sandbox, provider, tell))
            except GroupMessengerError as error:
                failures.append(Failure(provider, str(error)))
            except Exception as error:
                failures.append(Failure(provider, f"{type(error).__name__}: {error}"))
        return Demonstration(tuple(scenes), tuple(failures))


def _scene(sandbox: Sandbox, provider: str, tell: Callable[[str], object]) -> Scene:
    with sandbox.connect(provider) as client:
        title, line = client.messenger.title, client.messenger.line
        tell(f"{title}: a group of {len(PEOPLE)}, a text and a picture …")
        group = client.create_group(PEOPLE)
        receipt = client.send(group, TEXT)
        client.send(receipt.group, PLACE)
        tell(f"{title}: somebody answers …")
        first = sandbox.phones[PEOPLE[0]]
        if (thread := _thread(first, line)) is not None:
            first.send(ANSWER, thread=thread.id)
        screens = tuple(_screen(sandbox.phones[number], line) for number in PEOPLE)
        return Scene(provider, title, line, client.capabilities.topology, receipt, screens)


def _thread(phone: Phone, line: str) -> Thread | None:
    """The newest thread a phone has with a line."""
    return next((thread for thread in reversed(phone.threads) if line in thread.participants), None)


def _screen(phone: Phone, line: str) -> Screen:
    thread = _thread(phone, line)
    if thread is None:
        return Screen(phone.number, (), ())
    return Screen(phone.number, tuple(sorted(thread.participants)), tuple(phone.messages[thread.id]))


def _shows(screen: Screen, text: str) -> bool:
    return [message.text for message in screen.messages].count(text) == 1
