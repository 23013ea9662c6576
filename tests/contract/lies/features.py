"""Lies in what becomes of the features of a message."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import attrs
from contract.lie import flagged, lie
from groupmessenger_bandwidth import BandwidthMessenger
from groupmessenger_messagebird import MessageBirdMessenger
from groupmessenger_sendblue import SendblueMessenger

from groupmessenger.provider import NATIVE, Feature, Group, GroupReceipt, Member, Message


@lie("bandwidth", test_it_is_as_its_flag_says="picture did not arrive")
class PicturesAreLeftOut(BandwidthMessenger):
    """The media of a message are not in the request."""

    async def send(self, group: Group, message: Message, token: str) -> GroupReceipt:
        """Send the text."""
        return await super().send(group, attrs.evolve(message, media=()) if message.text else message, token)


@lie("sendblue", test_it_is_as_its_flag_says="effect is not in the request")
class AnEffectThatIsNotSent(SendblueMessenger):
    """The effect of a message is left out."""

    def _body(self, message: Message, token: str) -> dict[str, Any]:
        return super()._body(attrs.evolve(message, effect=None), token)


@lie("sendblue", test_it_is_as_its_flag_says="reply_to is not in the request")
class AReplyToNothing(SendblueMessenger):
    """What a message replies to is forgotten."""

    def _body(self, message: Message, token: str) -> dict[str, Any]:
        return super()._body(attrs.evolve(message, reply_to=None), token)


@lie("messagebird", test_it_is_as_its_flag_says="left out got it")
class NobodyIsLeftOut(MessageBirdMessenger):
    """A message goes to the group, whoever was to be left out."""

    async def send(self, group: Group, message: Message, token: str) -> GroupReceipt:
        """Send to all of them."""
        return await super().send(group, attrs.evolve(message, leave_out=()), token)


@lie("messagebird", test_it_is_as_its_flag_says="shows the text 1 times")
class LaterIsNow(MessageBirdMessenger):
    """The time to send at is left out, so that the message goes at once."""

    async def send(self, group: Group, message: Message, token: str) -> GroupReceipt:
        """Send now."""
        return await super().send(group, attrs.evolve(message, send_at=None), token)


@lie("messagebird", test_it_is_as_its_flag_says="expires_at changes nothing")
class NothingExpires(MessageBirdMessenger):
    """The end of a message is left out."""

    async def send(self, group: Group, message: Message, token: str) -> GroupReceipt:
        """Send for ever."""
        return await super().send(group, attrs.evolve(message, expires_at=None), token)


@lie("bandwidth", test_it_is_as_its_flag_says="priority is not in the request")
class NoPriority(BandwidthMessenger):
    """The priority of a message is left out."""

    async def send(self, group: Group, message: Message, token: str) -> GroupReceipt:
        """Send like any other."""
        return await super().send(group, attrs.evolve(message, priority=None), token)


@lie("bandwidth", test_it_is_as_its_flag_says="reply_to is not in the request")
class RepliesThatAreNoneAtAll(BandwidthMessenger):
    """A feature is declared that the vendor does not have."""

    capabilities = flagged(BandwidthMessenger, Feature.REPLY_TO, NATIVE)


@lie("messagebird", test_it_is_as_its_flag_says="the name is in no request")
class AGroupWithoutItsName(MessageBirdMessenger):
    """The name of a group is kept here, and the vendor has another."""

    async def create_group(self, members: Sequence[Member], name: str | None) -> Group:
        """Make it without a name."""
        return attrs.evolve(await super().create_group(members, None), name=name)


@lie("bandwidth", test_a_picture_needs_no_text="picture without a text did not arrive")
class NoTextNoPicture(BandwidthMessenger):
    """A picture is put into the request only beside a text."""

    async def send(self, group: Group, message: Message, token: str) -> GroupReceipt:
        """Send a text for it."""
        whole = message if message.text else Message("(no text)", leave_out=())
        return await super().send(group, whole, token)
