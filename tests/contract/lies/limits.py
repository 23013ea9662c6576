"""Lies about how much of it."""

from __future__ import annotations

from contract.lie import lie, limited
from groupmessenger_bandwidth import BandwidthMessenger
from groupmessenger_messagebird import MessageBirdMessenger
from groupmessenger_sendblue import SendblueMessenger

from groupmessenger.provider import LimitName, Unit


@lie("bandwidth", test_what_is_within_passes="Rejected")
class OnePersonTooMany(BandwidthMessenger):
    """The line itself is not counted, although the vendor does."""

    capabilities = limited(BandwidthMessenger, LimitName.RECIPIENTS, certain=11, value=11)


@lie("sendblue", test_the_stand_in_has_the_same_most_of_people="more people than are declared")
class OnePersonTooFew(SendblueMessenger):
    """The line itself is counted, although the vendor does not."""

    capabilities = limited(SendblueMessenger, LimitName.RECIPIENTS, certain=24, value=24)


@lie("messagebird", test_what_is_within_passes="Rejected")
class CharactersForParts(MessageBirdMessenger):
    """A limit of parts is declared as one of characters: a text with an emoji has twice as many parts."""

    capabilities = limited(
        MessageBirdMessenger, LimitName.TEXT, Unit.SEGMENTS, certain=1377, value=1377, unit=Unit.CHARACTERS
    )


@lie("bandwidth", test_what_is_within_passes="Rejected")
class OneCharacterTooMany(BandwidthMessenger):
    """What is "fewer than" is read as "up to"."""

    capabilities = limited(BandwidthMessenger, LimitName.TEXT, certain=2049, value=2049)


@lie("bandwidth", test_the_stand_in_has_the_same_most_of_text="longer texts")
class HalfTheText(BandwidthMessenger):
    """The limit of another kind of message is declared."""

    capabilities = limited(BandwidthMessenger, LimitName.TEXT, certain=1024, value=1024)


@lie("messagebird", test_what_is_within_passes="Rejected")
class OnePartTooMany(MessageBirdMessenger):
    """A text may have one part more than the vendor takes."""

    capabilities = limited(MessageBirdMessenger, LimitName.TEXT, Unit.SEGMENTS, certain=10, value=10)


@lie("sendblue", test_what_is_within_passes="not all of them arrive")
class TwoPicturesOfWhichOneGoes(SendblueMessenger):
    """Two files are allowed, and the request has room for one."""

    capabilities = limited(SendblueMessenger, LimitName.MEDIA, certain=2, value=2)


@lie("bandwidth", test_what_is_within_passes="Rejected")
class OnePictureTooMany(BandwidthMessenger):
    """One file more than the vendor takes."""

    capabilities = limited(BandwidthMessenger, LimitName.MEDIA, certain=11, value=11)


@lie("bandwidth", test_an_answer_is_of_the_group_that_was_sent_to="another group")
class AGroupOfOne(BandwidthMessenger):
    """One other person is a group, whose text is a private one."""

    capabilities = limited(BandwidthMessenger, LimitName.MIN_RECIPIENTS, certain=1, value=1)
