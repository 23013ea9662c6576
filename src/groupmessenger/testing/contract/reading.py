"""What comes in is read whatever it is, and is of the same group and message as what was sent."""

from __future__ import annotations

from collections.abc import Iterable

import attrs

from ...callbacks import Callback, Verified
from ...capabilities import LimitName
from ...errors import GroupMessengerError, InvalidSignature, MalformedWebhook
from ...events import Event, MessageReceived, OptedOut, StatusChanged, Unrecognized
from ...flags import Operation
from ...groups import Group
from ...messages import Status
from .base import TEXT
from .conversation import Conversation
from .spoiling import spoiled
from .stage import Stage


class Reading(Conversation):
    """What callbacks tell."""

    def test_reading_needs_no_secret(self, stage: Stage) -> None:
        """What was stored is read the same when the secrets have changed."""
        for callback in self._conversation(stage):
            verified = stage.messenger.verify(callback)
            told = list(stage.messenger.parse(callback, verified))
            for stranger in self._strangers(stage):
                assert told == list(stranger.parse(callback, verified)), (
                    "with another secret a callback is read otherwise: parse() may use none, verify() hands on a token"
                )

    def test_whatever_comes_is_read_or_refused(self, stage: Stage) -> None:
        """Anything in the place of anything: events or MalformedWebhook, and nothing is taken without a word."""
        for callback in self._kinds(stage):
            for other in spoiled(callback):
                for event in self._parsed(stage, other):
                    _check_whole(event)

    def test_an_unknown_kind_is_kept(self, stage: Stage) -> None:
        """What this version does not know is `Unrecognized`, with everything in `raw`: never nothing."""
        kept = 0
        for callback in self._kinds(stage):
            for other in (*spoiled(callback, words=("something_new",)), *_new(callback)):
                events = self._parsed(stage, other)
                if events is not _REFUSED:
                    assert events, "a callback was taken, and nothing is told of it: give Unrecognized"
                kept += sum(isinstance(event, Unrecognized) and event.raw is not None for event in events)
        assert kept or not self.hears(stage), (
            "nothing is ever Unrecognized: what parse() does not know is Unrecognized, with the callback in raw"
        )

    def test_an_answer_is_of_the_group_that_was_sent_to(self, stage: Stage) -> None:
        """`receipt.group == event.group` where there is a thread; a private answer has no group."""
        if not self.hears(stage):
            return
        for size in {self.size(stage), self._least(stage)}:
            receipt = self.open_group(stage, stage.people(size))
            for number in (str(each) for each in receipt.group.addresses):
                event = self._answer(stage, number)
                assert number == str(event.sender), "an answer has another sender than who wrote it"
                assert stage.messenger.line == event.line, "an answer has another line than it was sent to"
                if not self.shares(stage):
                    assert event.group is None, "a private answer has a group, which nobody said: that is a guess"
                    continue
                assert event.group or size > 1 or not receipt.group.is_member_set, (
                    "the answer is of another group than the text: one person's is a private text, and has none; so "
                    "a set of one is no group, and MIN_RECIPIENTS is 2"
                )
                assert receipt.group == event.group, (
                    "the answer is of another group than the text: the receipt's group and parse()'s have to be equal"
                )
                members = {str(each.address) for each in event.members}
                assert not members or members == {str(each) for each in receipt.group.addresses}, (
                    "the members of an answer are others than the group's: all but our line, the sender among them"
                )

    def test_a_private_text_has_no_group(self, stage: Stage) -> None:
        """Somebody writes to the line."""
        if not self.hears(stage):
            return
        (person,) = stage.people(1)
        stage.network.phones[person].send(TEXT, to=stage.messenger.line)
        event = self._one_message(stage)
        assert (person, TEXT) == (str(event.sender), event.text), "a private text is read as another's, or another text"
        assert event.group is None, "a private text has a group: an answer to it would go to others"

    def test_two_messages_are_two_events(self, stage: Stage) -> None:
        """The same words twice are not one message that was delivered twice."""
        if not self.hears(stage):
            return
        person = stage.network.phones[str(self.open_group(stage).group.addresses[0])]
        for _ in range(2):
            person.send(TEXT, thread=person.threads[0].id)
        told = [event for event in self._hear(stage) if isinstance(event, MessageReceived)]
        keys, ids = {event.key for event in told}, {event.id for event in told}
        assert len(keys) == len(ids) == 2, "two messages have one key or one id: make them of the vendor's own id"

    def test_another_try_is_no_replay(self, stage: Stage) -> None:
        """A vendor that got no answer calls again, perhaps with its tries counted in the body: the same event."""
        if not self.hears(stage):
            return
        person = stage.network.phones[str(self.open_group(stage).group.addresses[0])]
        person.send(TEXT, thread=person.threads[0].id)
        first = [event.key for event in self._hear(stage)]
        stage.clock.advance(60)
        try:
            again = [event.key for each in stage.calls.heard_again() for event in stage.client.receive(each)]
        except InvalidSignature as refused:
            raise AssertionError(
                "the vendor's second try is refused: Verified(once=...) is for an id whose body is the same in each"
            ) from refused
        assert first == again, "the vendor's second try has other keys, and would be handled as another event"

    def test_another_line_of_ours_hears_for_itself(self, stage: Stage) -> None:
        """What is written to one of `other_lines` is told as having come to that line."""
        if not self.hears(stage):
            return
        for line in getattr(stage.messenger, "other_lines", ()):
            (person,) = stage.people(1)
            stage.network.phones[person].send(TEXT, to=line)
            for callback in stage.heard():
                for event in stage.messenger.receive(callback):
                    if isinstance(event, MessageReceived):
                        assert event.line == line, "what came to another line of ours is told as of this one"

    def test_a_key_is_of_one_event(self, stage: Stage) -> None:
        """What another callback tells with the same key is taken for a repetition, and is not handled."""
        told: dict[str, Event] = {}
        for callback in self._conversation(stage):
            for event in stage.messenger.receive(callback):
                first = told.setdefault(event.key, event)
                assert _facts(first) == _facts(event), (
                    f"two different {type(event).__name__} have one key: put into it all that makes them different, "
                    "such as the recipient and the status"
                )

    def test_a_status_is_of_its_own_message(self, stage: Stage) -> None:
        """By the receipt's id or our token, of somebody who was texted, with the key that get_status gives."""
        if not self.can(stage, Operation.RECEIVE):
            return
        group = self.open_group(stage).group
        receipt = stage.client.send(group, TEXT)
        stage.clock.advance(3600)
        told = [event for event in self._hear(stage) if isinstance(event, StatusChanged)]
        if not told:
            return
        people = {str(each) for each in group.addresses}
        for event in told:
            assert receipt.id == event.message_id or receipt.token == event.token, "a status of another message"
            assert event.token in (None, receipt.token), "a status has another token than its message went with"
            assert event.recipient is None or str(event.recipient) in people, "a status of somebody who was not texted"
        if stage.client.capabilities.can(Operation.GET_STATUS):
            known = {(event.key, event.status) for event in stage.run(stage.messenger.get_status(receipt.id))}
            mixed = {key for key, _ in known} & {event.key for event in told}
            assert not mixed or known & {(event.key, event.status) for event in told}, (
                "a callback and get_status give one key to two statuses"
            )

    def test_nobody_is_told_that_a_lost_text_arrived(self, stage: Stage) -> None:
        """A text to phones that can show none: no status says delivered, neither told nor asked for."""
        people = stage.people(self.size(stage))
        for person in people:
            stage.network.phones[person].landline = True
        try:
            receipt = stage.client.send(stage.client.create_group(people), TEXT)
        except GroupMessengerError:  # who refuses landlines tells no lie
            return
        assert receipt.status not in (Status.DELIVERED, Status.READ), "a receipt says that a text arrived at once"
        heard: list[Event] = []
        for seconds in (0, 3600):
            stage.clock.advance(seconds)
            if self.can(stage, Operation.RECEIVE):
                heard += self._hear(stage)
            if self.can(stage, Operation.GET_STATUS):
                heard += stage.run(stage.messenger.get_status(receipt.id))
        arrived = [each for each in heard if getattr(each, "status", None) in (Status.DELIVERED, Status.READ)]
        assert not arrived, "a text that no phone could show is told as delivered: read the vendor's word for failed"

    def test_another_persons_stop_is_theirs(self, stage: Stage) -> None:
        """STOP by one of them is told, and is nobody else's."""
        if not self.hears(stage):
            return
        person = str(self.open_group(stage).group.addresses[0])
        stage.network.phones[person].opt_out(stage.messenger.line)
        named = {str(event.address) for event in self._hear(stage) if isinstance(event, OptedOut)}
        assert person in named, "somebody wrote STOP, and it is not told: give the message with its text as it came"
        assert {person} == named, "one wrote STOP, and others are opted out"

    def _least(self, stage: Stage) -> int:
        """How few others a group may have."""
        limit = stage.client.capabilities.limit(LimitName.MIN_RECIPIENTS)
        return max(1, limit.value or 1) if limit is not None else 1

    def _parsed(self, stage: Stage, callback: Callback) -> list[Event]:
        """The events of a callback; `_REFUSED` where it is malformed."""
        try:
            return list(stage.messenger.parse(callback, Verified()))
        except MalformedWebhook:
            return _REFUSED
        except Exception as error:
            raise AssertionError(
                f"parse() raised {type(error).__name__} for a callback with a part missing, or another one in its "
                "place: give Unrecognized, or raise MalformedWebhook"
            ) from error


_REFUSED: list[Event] = []


def _new(callback: Callback) -> Iterable[Callback]:
    """What nobody knows yet, written as the vendor writes."""
    if "json" in callback.content_type:
        many = callback.body.lstrip().startswith(b"[")
        row = b'{"type": "something_new", "kind": "something_new", "data": {"event_type": "something.new", "id": "n1"}}'
        yield attrs.evolve(callback, body=b"[" + row + b"]" if many else row)
    elif callback.body:
        yield attrs.evolve(callback, body=b"kind=something_new&subject=n1")


def _facts(event: Event) -> Event:
    """What an event tells, without when it was told."""
    return attrs.evolve(event, at=None)


def _check_whole(event: Event) -> None:
    """An event can be stored, and its repr tells nothing of what was written."""
    assert event.key, "an event has no key"
    event.key.encode()
    assert TEXT not in repr(event), "the repr of an event has the text"
    group = getattr(event, "group", None)
    if isinstance(group, Group):
        assert group == Group.load(group.dump()), "the group of an event is another one once it was stored"
