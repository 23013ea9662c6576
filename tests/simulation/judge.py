"""What must hold in every world, judged by what phones show, what vendors did, and what the directory says."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from typing import Any

from groupmessenger_messagebird.sandbox import MessageBirdFace
from sqlalchemy import Row, select

from groupmessenger.errors import DirectoryError, InProgress, InvalidInput, NotReached, Outcome, ProviderUnavailable
from groupmessenger.switchboard.directory import Transaction
from groupmessenger.switchboard.tables import attempts, messages
from groupmessenger.switchboard.values import State

from .application import Application
from .notes import Departure, Note
from .world import World

_PASSING = (InProgress, NotReached, ProviderUnavailable, DirectoryError)


class Judge:
    """Compares what there is."""

    def __init__(self, world: World, application: Application) -> None:
        self.world = world
        self.application = application
        self.shown: dict[str, Counter[str]] = defaultdict(Counter)  # by text, how often each phone shows it
        for phone in world.vendors.network.phones:
            for text in phone.texts:
                self.shown[text][phone.number] += 1
        self.departures: dict[str, list[Departure]] = defaultdict(list)  # by token
        for departure in application.departures:
            self.departures[departure.token].append(departure)
        self.rows = world.directory.do(_read)
        self.sent = {row.token for row in self.rows if row.state == State.SENT}
        self.twins = Counter(note.text for note in application.notes)

    def faults(self) -> Iterator[str]:
        yield from self._ended()
        yield from self._texts()
        yield from self._decided()
        yield from self._strangers()
        yield from self._answers()
        yield from self._order()
        yield from self._groups()
        yield from self._late_answers()

    def _ended(self) -> Iterator[str]:
        """I-3: every message ends sent, not sent or unknown, and nobody says that it was another than it seems."""
        for row in self.rows:
            if row.state in (State.PREPARING, State.SENDING):
                yield f"I-3: message {row.message_id} ({row.key}) is {row.state} for ever"
            if row.conflict is not None:
                yield f"I-2: message {row.message_id} ({row.key}): {row.conflict}"
            if row.state == State.UNKNOWN and row.gave_up_at is None:
                yield f"I-3: message {row.message_id} ({row.key}) is unknown, and nobody has given up"
        for token, departures in self.departures.items():
            if len(departures) > 1:
                yield f"I-1: attempt {token} left {len(departures)} times"

    def _texts(self) -> Iterator[str]:
        """I-1 and I-2: phones show what is sent, once, and nothing that is not."""
        last = {row.message_id: row for row in self.rows}  # the last attempt at each message
        states: dict[str, dict[int, State]] = defaultdict(dict)
        people: dict[int, set[str]] = defaultdict(set)
        surely: dict[str, Counter[str]] = defaultdict(Counter)
        for row in self.rows:
            for departure in self.departures.get(row.token, ()):
                states[departure.text][row.message_id] = State(last[row.message_id].state)
                people[row.message_id] |= departure.members
                if row.state == State.SENT:
                    surely[departure.text].update(departure.members - self._ever_out())
        for text, found in states.items():
            for number in {*self.shown[text], *surely[text]}:
                most = sum(
                    number in people[each] for each, state in found.items() if state in (State.SENT, State.UNKNOWN)
                )
                least, shown = surely[text][number], self.shown[text][number]
                if shown > most:
                    yield f"I-1/I-2: {number} shows {text!r} {shown} times, at most {most} were sent"
                if shown < least:
                    yield f"I-2: {number} shows {text!r} {shown} times, {least} were sent"

    def _ever_out(self) -> set[str]:
        """Who ever wrote STOP, so that vendors may have kept a message from them."""
        network = self.world.vendors.network
        return {
            shown.sender
            for phone in network.phones
            for thread in phone.messages.values()
            for shown in thread
            if shown.text == "STOP"
        }

    def _decided(self) -> Iterator[str]:
        """I-3 of who asks with a key when nothing goes wrong any more: nothing stands in the way for ever."""
        for note in self.application.notes:
            if note.group and note.key and not note.decided and isinstance(note.calls[-1].error, _PASSING):
                yield f"I-3: {note.key} is not decided in the end: {note.calls[-1].error!r}"

    def _strangers(self) -> Iterator[str]:
        """I-5: nobody shows what was not for them, or what left after they opted out."""
        meant: dict[str, set[str]] = defaultdict(set)
        for departure in self.application.departures:
            meant[departure.text] |= departure.members - departure.opted_out
            if departure.opted_out:
                yield f"I-5: {departure.text!r} left although {sorted(departure.opted_out)} had opted out"
        for text in self.twins:
            for number in self.shown.get(text, ()):
                if number not in meant[text]:
                    yield f"I-5: {number} shows {text!r}, which was not for them"

    def _answers(self) -> Iterator[str]:
        """I-2 of what callers were told."""
        for note in self.application.notes:
            outcomes = {call.outcome for call in note.calls}
            shown = any(self.shown[note.text].values()) if note.text in self.shown else False
            if Outcome.SENT in outcomes and not shown and not self._ever_out():
                yield f"I-2: {note.key or note.text} was said to be sent, and nobody shows it"
            if outcomes == {Outcome.NOT_SENT} and shown and self.twins[note.text] == 1:
                yield f"I-2: {note.key or note.text} was said not to be sent, and is shown"

    def _late_answers(self) -> Iterator[str]:
        """I-2 of who asks again: by then it is not said not to be sent. A name that is no group's has no keys."""
        for note in self.application.notes:
            gone = [
                each.at for each in self.application.departures if each.text == note.text and each.token in self.sent
            ]
            for call in note.calls if self.twins[note.text] == 1 else ():
                known = not isinstance(call.error, InvalidInput)
                if known and call.outcome is Outcome.NOT_SENT and any(at < (call.ended or 0) for at in gone):
                    yield f"I-2: {note.key or note.text} was said not to be sent after it was: {call.error!r}"

    def _order(self) -> Iterator[str]:
        """I-4: in a thread, messages of one group are in the order in which they were sent."""
        notes = {note.text: note for note in self.application.notes if note.calls and self.twins[note.text] == 1}
        for phone in self.world.vendors.network.phones:
            for shown in phone.messages.values():
                here = [notes[each.text] for each in shown if each.text in notes]
                for before, after in ((a, b) for at, a in enumerate(here) for b in here[at + 1 :]):
                    if before.group == after.group and _surely_before(after, before):
                        yield f"I-4: {phone.number} shows {before.text!r} before {after.text!r}"

    def _groups(self) -> Iterator[str]:
        """Orphans: of the groups that a vendor keeps, no two with people in them have one name."""
        face = self.world.vendors.faces["messagebird"]
        assert isinstance(face, MessageBirdFace)
        names = Counter(group.name for group in face.groups.values() if group.members)
        for name, count in names.items():
            if count > 1:
                yield f"orphans: {count} groups of MessageBird are named {name}"


def _surely_before(first: Note, second: Note) -> bool:
    """Whether everything that was asked for one had ended before the other was asked for."""
    ends = [call.ended for call in first.calls]
    begun = min(call.began for call in second.calls)
    return all(end is not None and end < begun for end in ends)


def _read(t: Transaction) -> list[Row[Any]]:
    rows = select(attempts, messages.c.key).join(messages).order_by(attempts.c.id)
    return list(t.execute(rows))
