"""A conversation that the stand-in tells of, and whoever might tell of it in its name."""

from __future__ import annotations

from collections.abc import Iterable

import attrs

from ...callbacks import Callback, Verified
from ...errors import InvalidSignature, MalformedWebhook
from ...events import Event, MessageReceived
from ...fields import SECRET, settings_of
from ...flags import Operation
from ...messenger import GroupMessenger
from .base import OTHER, TEXT, Part
from .stage import Stage


@attrs.frozen
class Poorer:
    """An adapter, and the setting it lacks."""

    messenger: GroupMessenger
    lacks: str


class Conversation(Part):
    """What the vendor calls, and who is to believe it."""

    def _answer(self, stage: Stage, number: str) -> MessageReceived:
        phone, line = stage.network.phones[number], stage.messenger.line
        thread = next(each for each in phone.threads if line in each.participants)
        phone.send(TEXT, thread=thread.id)
        return self._one_message(stage)

    def _one_message(self, stage: Stage) -> MessageReceived:
        """The one message that was heard."""
        found = [event for event in self._hear(stage) if isinstance(event, MessageReceived)]
        assert len(found) == 1, f"somebody wrote once, and parse() gave {len(found)} MessageReceived"
        return found[0]

    def _hear(self, stage: Stage) -> list[Event]:
        return [event for callback in stage.heard() for event in stage.client.receive(callback)]

    def _conversation(self, stage: Stage) -> list[Callback]:
        """What the vendor calls in the course of one: statuses, answers with and without pictures, a private text."""
        if not self.can(stage, Operation.RECEIVE):
            return []
        receipt = self.open_group(stage)
        stage.client.send(receipt.group, TEXT)
        stage.clock.advance(3600)
        found = stage.heard()
        if not stage.client.capabilities.two_way:
            return found
        person = stage.network.phones[str(receipt.group.addresses[0])]
        thread = next(each for each in person.threads if stage.messenger.line in each.participants)
        person.send(OTHER, thread=thread.id)
        person.send(TEXT, thread=thread.id, media=["https://pictures.example.com/b.jpg"])
        person.send(TEXT, to=stage.messenger.line)
        answers = stage.heard()
        assert answers, (
            "the stand-in calls nobody when somebody writes: have it call the URL that its calls() is given, by "
            "self.network.callbacks.call()"
        )
        return [*found, *answers]

    def _kinds(self, stage: Stage) -> list[Callback]:
        """One callback of each kind: read as the same events, out of the same fields."""
        found: dict[object, Callback] = {}
        for each in self._conversation(stage):
            found.setdefault((each.method, *self._read_as(stage, each), *_fields(each)), each)
        return list(found.values())

    def _read_as(self, stage: Stage, callback: Callback) -> list[str]:
        try:
            return [type(event).__name__ for event in stage.messenger.parse(callback, Verified())]
        except MalformedWebhook:
            return []

    def _secrets(self, stage: Stage) -> list[str]:
        """The settings by which callbacks may be proven."""
        fields = settings_of(self.messenger)
        return [name for name, field in fields.items() if field.metadata.get(SECRET) and name in stage.given]

    def _poorer(self, stage: Stage) -> Iterable[Poorer]:
        """The adapter without each of the settings that are lists of secrets, and may be empty."""
        for name in self._secrets(stage):
            if not isinstance(stage.given[name], str):
                yield Poorer(stage.adapter(**{name: ()}), name)

    def _strangers(self, stage: Stage) -> list[GroupMessenger]:
        """The adapter with other secrets."""
        other = {}
        for name in self._secrets(stage):
            value = stage.given[name]
            other[name] = _other(value) if isinstance(value, str) else [_other(each) for each in value]
        return [stage.adapter(**other)]


def believed(messenger: GroupMessenger, callback: Callback) -> Verified | None:
    """What a callback proves; None where it proves nothing."""
    try:
        return messenger.verify(callback)
    except InvalidSignature:
        return None


def _other(secret: str) -> str:
    """A secret of the same shape that is another one: a key in base64 stays one."""
    start, end = len(secret) // 4, 3 * len(secret) // 4
    other = secret[:start] + secret[start:end][::-1] + secret[end:]
    return other if other != secret else secret[:-1] + ("A" if secret[-1] != "A" else "B")


def _fields(callback: Callback) -> list[str]:
    """The names of the fields of a callback's JSON, in order."""
    try:
        data = callback.data if callback.body else None
    except MalformedWebhook:
        return []
    first = data[0] if isinstance(data, list) and data else data
    return sorted(first) if isinstance(first, dict) else []
