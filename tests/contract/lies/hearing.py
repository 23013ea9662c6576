"""Lies about what comes in."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable
from datetime import timedelta

import attrs
from contract.lie import Patch, lie
from groupmessenger_bandwidth import BandwidthMessenger, credentials
from groupmessenger_messagebird import MessageBirdMessenger, signatures
from groupmessenger_messagebird import webhooks as messagebird_webhooks
from groupmessenger_sendblue import SendblueMessenger
from groupmessenger_sendblue import webhooks as sendblue_webhooks

from groupmessenger.provider import (
    Callback,
    Event,
    Group,
    InvalidSignature,
    Member,
    MessageReceived,
    OptedOut,
    PhoneNumber,
    StatusChanged,
    Topology,
    Unrecognized,
    Verified,
    unsealed,
)


@lie("bandwidth", test_without_proof_it_refuses="the vendor did not make")
class EverybodyIsBelieved(BandwidthMessenger):
    """A callback without proof is believed, because a handler has to answer."""

    def verify(self, callback: Callback) -> Verified:
        """Believe it."""
        try:
            return super().verify(callback)
        except InvalidSignature:
            return Verified()


@lie("bandwidth", test_without_a_secret_nothing_is_believed="is believed")
class NoSecretNoProof(BandwidthMessenger):
    """Where no secret is set, nothing is checked."""

    def verify(self, callback: Callback) -> Verified:
        """Believe it where there is nothing to check it by."""
        return super().verify(callback) if self.webhook_credentials else Verified()


@lie("bandwidth", test_with_another_secret_it_refuses="a wrong secret is believed")
class AnyProofIsOne(BandwidthMessenger):
    """That there are credentials is looked at, and not which."""

    def verify(self, callback: Callback) -> Verified:
        """Believe whoever shows some."""
        if "authorization" not in callback.headers:
            raise InvalidSignature("it has no credentials")
        return Verified()


@lie("messagebird", test_what_the_vendor_calls_is_believed="tells nothing")
class NoStatuses(MessageBirdMessenger):
    """Statuses are thrown away."""

    def parse(self, callback: Callback, verified: Verified) -> Iterable[Event]:
        """What people wrote."""
        return [each for each in super().parse(callback, verified) if not isinstance(each, StatusChanged)]


@lie("sendblue", test_secrets_are_compared_in_constant_time="hmac.compare_digest")
def compared_as_text(patch: Patch) -> None:
    """The secret is compared by `==`, whose time tells how much of a guess is right."""
    patch.setattr(
        sendblue_webhooks, "_knows", lambda messenger, told: any(told == each for each in messenger.webhook_secrets)
    )


@lie("bandwidth", test_secrets_are_compared_in_constant_time="hmac.compare_digest")
class ComparedAsBytes(BandwidthMessenger):
    """The same, of a part of the header and as bytes."""

    def verify(self, callback: Callback) -> Verified:
        """Compare the token."""
        _, _, token = callback.headers.get("authorization", "").partition(" ")
        known = [credentials._token(each).encode() for each in self.webhook_credentials]
        if token.encode() not in known:
            raise InvalidSignature("another")
        return Verified()


@lie("sendblue", test_a_part_of_the_proof_is_no_proof="the vendor did not make")
def the_beginning_of_a_secret(patch: Patch) -> None:
    """The beginning of the secret is enough."""
    patch.setattr(
        sendblue_webhooks,
        "_knows",
        lambda messenger, told: any(each.startswith(told) for each in messenger.webhook_secrets),
    )


@lie("sendblue", test_a_part_of_the_proof_in_the_url_is_no_proof="the vendor did not make")
def a_seal_that_is_not_broken(patch: Patch) -> None:
    """The token in the URL of a status is believed, whatever its seal is."""

    def opened(query: Iterable[tuple[str, str]], key: str) -> str | None:
        return next((value.partition(".")[0] for _, value in query if "." in value), None)

    patch.setattr(sendblue_webhooks, "unsealed", opened)


@lie("messagebird", test_what_was_tampered_with_refuses="the vendor did not make")
def a_signature_of_the_url_alone(patch: Patch) -> None:
    """The hash of the body is not looked at."""
    whole: Callable[[object, bytes], bool] = signatures._is_hash
    patch.setattr(signatures, "_is_hash", lambda told, content: whole(told, content) or not content.startswith(b"http"))


@lie("messagebird", test_what_was_tampered_with_refuses="the vendor did not make")
def a_signature_of_the_body_alone(patch: Patch) -> None:
    """The hash of the URL is not looked at, which has all of a status report."""
    whole: Callable[[object, bytes], bool] = signatures._is_hash
    patch.setattr(signatures, "_is_hash", lambda told, content: whole(told, content) or content.startswith(b"http"))


@lie("messagebird", test_a_signed_callback_is_not_believed_for_ever="its id is forgotten")
class AnIdThatIsForgotten(MessageBirdMessenger):
    """The id of a delivery need not be remembered as long as its signature is good: then it is believed again."""

    def verify(self, callback: Callback) -> Verified:
        """Good for a few seconds, and remembered for none."""
        return attrs.evolve(super().verify(callback), until=callback.received_at - timedelta(seconds=2))


@lie("messagebird", test_a_signed_callback_is_not_believed_for_ever="a year later")
def a_time_that_is_not_looked_at(patch: Patch) -> None:
    """Neither is the time of a signature looked at, nor its id handed on: a replay is believed whenever it comes."""
    checked = signatures.by_jwt
    patch.setattr(signatures, "LEEWAY", 400 * 86_400)
    patch.setattr(
        messagebird_webhooks, "by_jwt", lambda callback, keys: attrs.evolve(checked(callback, keys), once=None)
    )


@lie("bandwidth", test_whatever_comes_is_read_or_refused="parse() raised")
class AFieldThatIsNotThere(BandwidthMessenger):
    """Each field is taken to be there."""

    def parse(self, callback: Callback, verified: Verified) -> Iterable[Event]:
        """Read the first event's message."""
        _ = callback.data[0]["message"]["id"]
        return super().parse(callback, verified)


@lie("sendblue", test_an_unknown_kind_is_kept="nothing is told of it")
class NothingOfTheUnknown(SendblueMessenger):
    """What is of no known kind is thrown away."""

    def parse(self, callback: Callback, verified: Verified) -> Iterable[Event]:
        """The known ones."""
        return [each for each in super().parse(callback, verified) if not isinstance(each, Unrecognized)]


@lie("messagebird", test_the_same_again_tells_the_same="other keys")
class AKeyByChance(MessageBirdMessenger):
    """The key of an event has a number in it that is another each time."""

    _count = itertools.count()

    def parse(self, callback: Callback, verified: Verified) -> Iterable[Event]:
        """Count them."""
        return [attrs.evolve(each, key=f"{each.key}/{next(self._count)}") for each in super().parse(callback, verified)]


@lie("sendblue", test_two_messages_are_two_events="one key or one id")
class AKeyOfWhatWasWritten(SendblueMessenger):
    """The key of a message is who wrote what: the second "yes" is never heard."""

    def parse(self, callback: Callback, verified: Verified) -> Iterable[Event]:
        """By sender and text."""
        for each in super().parse(callback, verified):
            yield attrs.evolve(each, key=f"{each.sender}/{each.text}") if isinstance(each, MessageReceived) else each


@lie("bandwidth", test_a_key_is_of_one_event="have one key")
class AKeyWithoutTheRecipient(BandwidthMessenger):
    """The key of a status has the message and the word, so that only the first recipient's is heard."""

    def parse(self, callback: Callback, verified: Verified) -> Iterable[Event]:
        """By message and word."""
        for each in super().parse(callback, verified):
            key = f"{each.message_id}/{each.status}" if isinstance(each, StatusChanged) else each.key
            yield attrs.evolve(each, key=key)


@lie("bandwidth", test_an_answer_is_of_the_group_that_was_sent_to="another group")
class OurLineInTheGroup(BandwidthMessenger):
    """The group of an answer has our own line among its members."""

    def parse(self, callback: Callback, verified: Verified) -> Iterable[Event]:
        """With our line."""
        for each in super().parse(callback, verified):
            if isinstance(each, MessageReceived) and each.group is not None:
                everybody = (*each.members, Member(PhoneNumber(self.line)))
                shared = Topology.SHARED_THREAD
                group = Group.of_members(self.name, self.line, everybody, pending=False, topology=shared)
                yield attrs.evolve(each, group=group, members=everybody)
            else:
                yield each


@lie("sendblue", test_an_answer_is_of_the_group_that_was_sent_to="members of an answer")
class TheSenderIsNobody(SendblueMessenger):
    """The members of an answer are the others without who wrote it."""

    def parse(self, callback: Callback, verified: Verified) -> Iterable[Event]:
        """Without the sender."""
        for each in super().parse(callback, verified):
            if isinstance(each, MessageReceived) and each.group is not None:
                others = tuple(member for member in each.members if member.address != each.sender)
                each = attrs.evolve(each, members=others)
            yield each


@lie("bandwidth", test_an_answer_is_of_the_group_that_was_sent_to="another group")
class APrivateAnswer(BandwidthMessenger):
    """An answer in a group is read as a private message."""

    def parse(self, callback: Callback, verified: Verified) -> Iterable[Event]:
        """Without its group."""
        for each in super().parse(callback, verified):
            yield attrs.evolve(each, group=None) if isinstance(each, MessageReceived) else each


@lie("messagebird", test_a_private_text_has_no_group="has a group")
class AGuess(MessageBirdMessenger):
    """A private message is taken to be of a group with its sender in it."""

    def parse(self, callback: Callback, verified: Verified) -> Iterable[Event]:
        """With a group."""
        for each in super().parse(callback, verified):
            if isinstance(each, MessageReceived):
                each = attrs.evolve(each, group=Group(self.name, self.line, "group-1", each.members))
            yield each


@lie("bandwidth", test_an_answer_is_of_the_group_that_was_sent_to="another line")
class AnotherLine(BandwidthMessenger):
    """The line of an answer is its sender's number: the two are mixed up."""

    def parse(self, callback: Callback, verified: Verified) -> Iterable[Event]:
        """With another line."""
        for each in super().parse(callback, verified):
            yield attrs.evolve(each, line=self.other_lines[0]) if isinstance(each, MessageReceived) else each


@lie("sendblue", test_another_persons_stop_is_theirs="others are opted out")
class EverybodyStops(SendblueMessenger):
    """STOP by one of them is everybody's."""

    def parse(self, callback: Callback, verified: Verified) -> Iterable[Event]:
        """For somebody else as well."""
        for each in super().parse(callback, verified):
            yield each
            if isinstance(each, MessageReceived) and each.text == "STOP":
                other = PhoneNumber("+13125550177")
                yield OptedOut(key=f"{each.key}/all", at=each.at, address=other, line=each.line)


@lie("bandwidth", test_a_status_is_of_its_own_message="another message")
class AStatusOfAnotherMessage(BandwidthMessenger):
    """A status has the id of its event, and not that of its message."""

    def parse(self, callback: Callback, verified: Verified) -> Iterable[Event]:
        """With another id."""
        for each in super().parse(callback, verified):
            yield attrs.evolve(each, message_id="m-1", token=None) if isinstance(each, StatusChanged) else each


@lie("messagebird", test_reading_needs_no_secret="another secret")
class AReadingThatNeedsAKey(MessageBirdMessenger):
    """The seal is opened when the callback is read: once the key has changed, what was stored is read otherwise."""

    def parse(self, callback: Callback, verified: Verified) -> Iterable[Event]:
        """Open the seal once more."""
        token = unsealed(callback.query, self.access_key)
        found = super().parse(callback, verified)
        return [attrs.evolve(each, token=token) if isinstance(each, StatusChanged) else each for each in found]


@lie("sendblue", test_another_try_is_no_replay="other keys")
class TheTimeIsInTheKey(SendblueMessenger):
    """An event's key has the time at which it was called, which is another one in each try."""

    def parse(self, callback: Callback, verified: Verified) -> Iterable[Event]:
        """Put the time in."""
        for event in super().parse(callback, verified):
            yield attrs.evolve(event, key=f"{event.key}/{callback.received_at:%H:%M:%S}")


@lie("bandwidth", test_another_line_of_ours_hears_for_itself="told as of this one")
class OneLineHearsAll(BandwidthMessenger):
    """Whatever comes in is told as having come to the connection's own line."""

    def parse(self, callback: Callback, verified: Verified) -> Iterable[Event]:
        """Put the line in its place."""
        for event in super().parse(callback, verified):
            yield attrs.evolve(event, line=self.line) if isinstance(event, MessageReceived) else event
