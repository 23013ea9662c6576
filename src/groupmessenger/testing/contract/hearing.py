"""What comes in: believed with proof alone, read whatever it is, and of the same group as what was sent."""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import urlsplit, urlunsplit

import attrs

from ...callbacks import Callback, Verified
from ...errors import InvalidSignature, MalformedWebhook
from ...events import Event, MessageReceived, OptedOut, StatusChanged, Unrecognized
from ...fields import SECRET, settings_of
from ...flags import Operation
from ...groups import Group
from ...messenger import GroupMessenger
from .base import OTHER, TEXT, Part
from .spoiling import junk_headers, spoiled
from .stage import Stage
from .watching import Watched, watched

_ABOUT_THE_BODY = ("content-type", "content-length", "host", "user-agent", "accept", "accept-encoding", "connection")


class Hearing(Part):
    """Callbacks, as the stand-in makes them."""

    # Proof

    def test_what_the_vendor_calls_is_believed(self, stage: Stage) -> None:
        """Every callback of a whole conversation is read, and tells something."""
        for callback in self._conversation(stage):
            assert stage.messenger.receive(callback), "a callback of the vendor's tells nothing"

    def test_without_proof_it_refuses(self, stage: Stage) -> None:
        """Nothing but a body, at the plain URL."""
        for callback in self._conversation(stage):
            headers = {name: value for name, value in callback.headers.items() if name in _ABOUT_THE_BODY}
            bare = urlunsplit(urlsplit(callback.url)._replace(query=""))
            self._refuses(stage, attrs.evolve(callback, headers=headers, url=bare))

    def test_without_a_secret_nothing_is_believed(self, stage: Stage) -> None:
        """A connection that has nothing to prove callbacks by refuses them all: it fails closed."""
        for callback in self._conversation(stage):
            for poorer in self._poorer(stage):
                verified = _verified(poorer.messenger, callback)
                assert verified is None or verified.token_is_all, f"without {poorer.lacks} a callback is believed"

    def test_with_another_secret_it_refuses(self, stage: Stage) -> None:
        """Whoever knows another secret is somebody else."""
        conversation = self._conversation(stage)
        for stranger in self._strangers(stage):
            assert not [each for each in conversation if _verified(stranger, each)], "a wrong secret is believed"

    def test_a_part_of_the_proof_is_no_proof(self, stage: Stage) -> None:
        """A header cut off, empty, longer, with a letter changed, or in another alphabet: InvalidSignature alone."""
        for callback in _kinds(self._conversation(stage)):
            for name in self._proofs(stage, callback):
                for value in junk_headers(callback.headers[name]):
                    self._refuses(stage, attrs.evolve(callback, headers={**callback.headers, name: value}))

    def test_what_was_tampered_with_refuses(self, stage: Stage) -> None:
        """As far as the vendor signs: the body, the URL."""
        for callback in _kinds(self._conversation(stage)):
            if "body" in self.signs and callback.body:
                for place in (0, len(callback.body) // 2, len(callback.body) - 1):
                    body = bytearray(callback.body)
                    body[place] ^= 1
                    self._refuses(stage, attrs.evolve(callback, body=bytes(body)))
                self._refuses(stage, attrs.evolve(callback, body=b""))
            if "url" in self.signs:
                more = "&" if urlsplit(callback.url).query else "?"
                self._refuses(stage, attrs.evolve(callback, url=f"{callback.url}{more}status=delivered"))

    def test_a_signed_callback_is_not_believed_for_ever(self, stage: Stage) -> None:
        """A signature bears a time that is looked at, or an id that is remembered."""
        if not self.signs:
            return
        for callback in _kinds(self._conversation(stage)):
            later = attrs.evolve(callback, received_at=callback.received_at.replace(year=callback.received_at.year + 1))
            verified = stage.messenger.verify(callback)
            once = verified.once is not None or verified.token_is_all
            assert once or _verified(stage.messenger, later) is None, "a callback of last year is believed again"

    def test_the_same_again_tells_the_same(self, stage: Stage) -> None:
        """A vendor that repeats itself is not another message: the keys are the same, and reading is pure."""
        for callback in self._conversation(stage):
            first, second = (stage.messenger.receive(callback) for _ in range(2))
            assert first == second
            keys = [event.key for event in first]
            assert len({*keys}) == len(keys), "two events of one callback have one key"

    def test_secrets_are_compared_in_constant_time(self, stage: Stage) -> None:
        """With `hmac.compare_digest`: `==` tells by its time how much of a guess is right."""
        for callback in _kinds(self._conversation(stage)):
            for name in self._proofs(stage, callback):
                seen = Watched()
                headers = {**callback.headers, name: watched(callback.headers[name], seen)}
                object.__setattr__(told := attrs.evolve(callback), "headers", headers)
                _verified(stage.messenger, told)
                assert not seen.compared, f"the header {name} is compared with ==: use hmac.compare_digest"

    # Reading

    def test_reading_needs_no_secret(self, stage: Stage) -> None:
        """What was stored is read the same when the secrets have changed."""
        for callback in self._conversation(stage):
            verified = stage.messenger.verify(callback)
            told = list(stage.messenger.parse(callback, verified))
            for stranger in self._strangers(stage):
                assert told == list(stranger.parse(callback, verified))

    def test_whatever_comes_is_read_or_refused(self, stage: Stage) -> None:
        """Anything in the place of anything: events or MalformedWebhook, and nothing is taken without a word."""
        for callback in _kinds(self._conversation(stage)):
            for other in spoiled(callback):
                try:
                    events = list(stage.messenger.parse(other, Verified()))
                except MalformedWebhook:
                    continue
                for event in events:
                    _check_whole(event)

    def test_an_unknown_kind_is_kept(self, stage: Stage) -> None:
        """What this version does not know is `Unrecognized`, with everything in `raw`: never nothing."""
        kept = 0
        for callback in _kinds(self._conversation(stage)):
            for other in (*spoiled(callback, words=("something_new",)), *_new(callback)):
                try:
                    events = list(stage.messenger.parse(other, Verified()))
                except MalformedWebhook:
                    continue
                assert events, "a callback was taken, and nothing is told of it"
                kept += sum(isinstance(event, Unrecognized) and event.raw is not None for event in events)
        assert kept or not self.can(stage, Operation.RECEIVE), "nothing is ever Unrecognized"

    # Groups, statuses

    def test_an_answer_is_of_the_group_that_was_sent_to(self, stage: Stage) -> None:
        """`receipt.group == event.group` where there is a thread; a private answer has no group."""
        if not self.can(stage, Operation.RECEIVE):
            return
        receipt = self.open_group(stage)
        for number in (str(each) for each in receipt.group.addresses):
            event = self._answer(stage, number)
            assert stage.messenger.line == event.line
            if self.shares(stage):
                assert receipt.group == event.group, "the answer is of another group than the text"
                members = {str(each.address) for each in event.members}
                assert not members or members == {str(each) for each in receipt.group.addresses}
            else:
                assert event.group is None

    def test_a_private_text_has_no_group(self, stage: Stage) -> None:
        """Somebody writes to the line."""
        if not self.can(stage, Operation.RECEIVE):
            return
        (person,) = stage.people(1)
        stage.network.phones[person].send(TEXT, to=stage.messenger.line)
        (event,) = (event for event in self._hear(stage) if isinstance(event, MessageReceived))
        assert (person, TEXT, None) == (str(event.sender), event.text, event.group)

    def test_two_messages_are_two_events(self, stage: Stage) -> None:
        """The same words twice are not one message that was delivered twice."""
        if not self.can(stage, Operation.RECEIVE):
            return
        person = stage.network.phones[str(self.open_group(stage).group.addresses[0])]
        for _ in range(2):
            person.send(TEXT, thread=person.threads[0].id)
        told = [event for event in self._hear(stage) if isinstance(event, MessageReceived)]
        assert 2 == len({event.key for event in told}) == len({event.id for event in told})

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
            assert event.token in (None, receipt.token)
            assert event.recipient is None or str(event.recipient) in people
        if stage.client.capabilities.can(Operation.GET_STATUS):
            known = {(event.key, event.status) for event in stage.run(stage.messenger.get_status(receipt.id))}
            mixed = {key for key, _ in known} & {event.key for event in told}
            assert not mixed or known & {(event.key, event.status) for event in told}

    def test_another_persons_stop_is_theirs(self, stage: Stage) -> None:
        """STOP by one of them is told, and is nobody else's."""
        if not self.can(stage, Operation.RECEIVE):
            return
        person = str(self.open_group(stage).group.addresses[0])
        stage.network.phones[person].opt_out(stage.messenger.line)
        named = {str(event.address) for event in self._hear(stage) if isinstance(event, OptedOut)}
        assert {person} == named

    # Arranging

    def _answer(self, stage: Stage, number: str) -> MessageReceived:
        phone, line = stage.network.phones[number], stage.messenger.line
        thread = next(each for each in phone.threads if line in each.participants)
        phone.send(TEXT, thread=thread.id)
        (event,) = (event for event in self._hear(stage) if isinstance(event, MessageReceived))
        return event

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
        person = stage.network.phones[str(receipt.group.addresses[0])]
        thread = next(each for each in person.threads if stage.messenger.line in each.participants)
        person.send(OTHER, thread=thread.id)
        person.send(TEXT, thread=thread.id, media=["https://pictures.example.com/b.jpg"])
        person.send(TEXT, to=stage.messenger.line)
        found += stage.heard()
        assert found, "the stand-in calls nobody"
        return found

    def _refuses(self, stage: Stage, callback: Callback) -> None:
        assert _verified(stage.messenger, callback) is None, "a callback is believed that the vendor did not make"

    def _proofs(self, stage: Stage, callback: Callback) -> list[str]:
        """The headers without which a callback is not believed."""
        without = {
            name: attrs.evolve(
                callback, headers={each: value for each, value in callback.headers.items() if each != name}
            )
            for name in callback.headers
        }
        return [name for name, other in without.items() if _verified(stage.messenger, other) is None]

    def _secrets(self, stage: Stage) -> list[str]:
        """The settings by which callbacks are proven: those without which one is not believed."""
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


@attrs.frozen
class Poorer:
    """An adapter, and the setting it lacks."""

    messenger: GroupMessenger
    lacks: str


def _new(callback: Callback) -> Iterable[Callback]:
    """What nobody knows yet, written as the vendor writes."""
    if "json" in callback.content_type:
        many = callback.body.lstrip().startswith(b"[")
        row = b'{"type": "something_new", "kind": "something_new", "data": {"event_type": "something.new", "id": "n1"}}'
        yield attrs.evolve(callback, body=b"[" + row + b"]" if many else row)
    elif callback.body:
        yield attrs.evolve(callback, body=b"kind=something_new&subject=n1")


def _other(secret: str) -> str:
    """A secret of the same shape that is another one."""
    return secret[:-3] + ("zzz" if secret[-3:] != "zzz" else "yyy")


def _verified(messenger: GroupMessenger, callback: Callback) -> Verified | None:
    """What a callback proves; None where it proves nothing."""
    try:
        return messenger.verify(callback)
    except InvalidSignature:
        return None


def _kinds(callbacks: Iterable[Callback]) -> list[Callback]:
    """One callback of each kind: whose fields are the same."""
    found: dict[object, Callback] = {}
    for each in callbacks:
        try:
            data = each.data if each.body else None
        except MalformedWebhook:
            data = None
        first = data[0] if isinstance(data, list) and data else data
        found.setdefault((each.method, *sorted(first)) if isinstance(first, dict) else each.method, each)
    return list(found.values())


def _check_whole(event: Event) -> None:
    """An event can be stored, and its repr tells nothing of what was written."""
    assert event.key
    event.key.encode()
    assert TEXT not in repr(event)
    group = getattr(event, "group", None)
    if isinstance(group, Group):
        assert group == Group.load(group.dump())
