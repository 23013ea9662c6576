"""Lies in how a message is sent."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from typing import Any
from uuid import uuid4

import attrs
from contract.lie import Patch, lie
from groupmessenger_bandwidth import BandwidthMessenger
from groupmessenger_bandwidth import messenger as bandwidth
from groupmessenger_messagebird import MessageBirdMessenger
from groupmessenger_sendblue import SendblueMessenger, receipts

from groupmessenger.provider import Group, GroupReceipt, Member, Message, Receipt, Request


@lie("bandwidth", test_the_message_is_in_a_request_that_may_not_be_repeated="repeatable")
def a_message_that_may_be_repeated(patch: Patch) -> None:
    """The request of a message is marked repeatable, so that a lost answer texts everybody twice."""
    patch.setattr(bandwidth, "Request", _repeatable)


def _repeatable(method: str, path: str, **more: Any) -> Request:
    return Request(method, path, **{**more, "repeatable": True})


@lie("sendblue", test_a_send_has_one_request_that_may_not_be_repeated="several requests")
class ATextToEach(SendblueMessenger):
    """A message to a group is a private text to each, one request after the other."""

    async def send(self, group: Group, message: Message, token: str) -> GroupReceipt:
        """Send to the group, and to the first once more."""
        receipt = await super().send(group, message, token)
        await self.send_direct(group.addresses[0], message, token)
        return receipt


@lie("messagebird", test_our_token_is_on_the_wire="our token")
class NoToken(MessageBirdMessenger):
    """The token is not sent: a constant is in its place."""

    async def send(self, group: Group, message: Message, token: str) -> GroupReceipt:
        """Send without it."""
        return await super().send(group, message, "groupmessenger")


@lie("bandwidth", test_our_token_is_on_the_wire="private text")
class NoTokenWithAPrivateText(BandwidthMessenger):
    """The token goes with messages to groups alone."""

    async def send_direct(self, to: Any, message: Message, token: str) -> Receipt:
        """Send without it."""
        return await super().send_direct(to, message, "none")


@lie("bandwidth", test_a_receipt_has_the_id_of_its_own_message="none that the vendor gave")
class AnIdThatIsMadeUp(BandwidthMessenger):
    """A receipt has an id of our own, of which the vendor knows nothing."""

    async def send(self, group: Group, message: Message, token: str) -> GroupReceipt:
        """With another id."""
        return attrs.evolve(await super().send(group, message, token), id=str(uuid4()))


@lie("messagebird", test_a_receipt_has_the_id_of_its_own_message="have one id")
class TheGroupsId(MessageBirdMessenger):
    """A receipt has the id of its group for the message's."""

    async def send(self, group: Group, message: Message, token: str) -> GroupReceipt:
        """With another id."""
        return attrs.evolve(await super().send(group, message, token), id=group.id)


@lie("sendblue", test_it_does_what_its_flag_says="no id of the vendor")
def an_id_of_the_request(patch: Patch) -> None:
    """The group of a receipt is the one that was asked with, and not the one that the vendor made."""

    def same(group: Group, body: object) -> Group:
        return attrs.evolve(group, pending=False)

    patch.setattr(receipts, "sent_group", same)


@lie("bandwidth", test_nothing_of_extras_goes_over_the_message="not reserved: to")
class ExtrasOverTheMessage(BandwidthMessenger):
    """`extras` may say who gets the message."""

    reserved = BandwidthMessenger.reserved - {"to"}


@lie("bandwidth", test_nothing_of_extras_goes_over_the_message="not reserved: media")
class ExtrasOverThePicture(BandwidthMessenger):
    """`extras` may say which picture goes along."""

    reserved = BandwidthMessenger.reserved - {"media"}


@lie("bandwidth", test_it_does_what_its_flag_says="applicationId")
class TheAccountForTheApplication(BandwidthMessenger):
    """`applicationId` is the account's number: the vendor takes the message, and nobody gets it."""

    async def _post(self, to: Any, message: Message, token: str) -> dict[str, Any]:
        return await BandwidthMessenger._post(attrs.evolve(self, application_id=self.account_id), to, message, token)


@lie("messagebird", test_it_does_what_its_flag_says="another recipient")
class APrivateTextToAnother(MessageBirdMessenger):
    """A text that is for one person goes to somebody else."""

    async def send_direct(self, to: Any, message: Message, token: str) -> Receipt:
        """Send to somebody else."""
        return await super().send_direct(type(to)("+13125550166"), message, token)


@lie("messagebird", test_blocking_equals_async="ask")
class AFlowThatAwaitsAnEventLoop(MessageBirdMessenger):
    """A flow awaits what only asyncio knows."""

    async def send(self, group: Group, message: Message, token: str) -> GroupReceipt:
        """Send, a little later."""
        await asyncio.sleep(0)
        return await super().send(group, message, token)


@lie("sendblue", test_a_flow_waits_for_nobody="calls sleep()")
class AFlowThatBlocks(SendblueMessenger):
    """A flow sleeps, and with it everybody else's event loop."""

    async def send(self, group: Group, message: Message, token: str) -> GroupReceipt:
        """Send, a little later."""
        time.sleep(0.001)  # noqa: ASYNC251 - the lie
        return await super().send(group, message, token)


@lie("messagebird", test_another_process_goes_on_with_a_stored_group="another process cannot send")
@attrs.frozen
class AnIdOfOneProcess(MessageBirdMessenger):
    """Groups have ids of the adapter's own, and what they are at the vendor is in its memory."""

    _ids: dict[str, str] = attrs.field(factory=dict, init=False, repr=False, eq=False)

    async def create_group(self, members: Sequence[Member], name: str | None) -> Group:
        """Make it, and number it."""
        group = await super().create_group(members, name)
        own = f"group-{len(self._ids)}"
        self._ids[own] = group.id
        return attrs.evolve(group, id=own)

    async def send(self, group: Group, message: Message, token: str) -> GroupReceipt:
        """Send to the vendor's group."""
        theirs = attrs.evolve(group, id=self._ids.get(group.id, group.id))
        return attrs.evolve(await super().send(theirs, message, token), group=group)
