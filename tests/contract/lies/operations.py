"""Lies in what operations do."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

import attrs
from contract.lie import Patch, lie
from groupmessenger_bandwidth import BandwidthMessenger
from groupmessenger_messagebird import MessageBirdMessenger
from groupmessenger_messagebird import lookup as messagebird_lookup
from groupmessenger_sendblue import SendblueMessenger

from groupmessenger.provider import (
    PARTIAL,
    Attempt,
    CannotTell,
    Event,
    Group,
    GroupReceipt,
    Media,
    Member,
    Message,
    Page,
    Request,
    Sighting,
    Status,
    StatusChanged,
    ask,
    graded,
)


@lie("sendblue", test_it_does_what_its_flag_says="other members")
class AGroupAsItWasAskedFor(SendblueMessenger):
    """`get_group` gives what it was given, and asks nobody."""

    async def get_group(self, group: Group) -> Group:
        """The same."""
        return group


@lie("messagebird", test_it_does_what_its_flag_says="shows the text 0 times")
class NobodyIsAdded(MessageBirdMessenger):
    """`add_members` gives the group with the new people in it, and the vendor is told nothing."""

    async def add_members(self, group: Group, members: Sequence[Member]) -> Group:
        """The group with them, here alone."""
        return attrs.evolve(group, members=(*(group.members or ()), *members))


@lie("messagebird", test_it_does_what_its_flag_says="gets the texts still")
class NobodyIsRemoved(MessageBirdMessenger):
    """`remove_members` gives the group without them, and they go on getting its texts."""

    async def remove_members(self, group: Group, members: Sequence[Member]) -> Group:
        """The group without them, here alone."""
        return attrs.evolve(group, members=tuple(each for each in group.members or () if each not in members))


@lie("messagebird", test_it_does_what_its_flag_says="by another name")
class NothingIsRenamed(MessageBirdMessenger):
    """`rename_group` gives the group by its new name, which nobody else hears of."""

    async def rename_group(self, group: Group, name: str) -> Group:
        """Rename it here."""
        return attrs.evolve(group, name=name)


@lie("messagebird", test_it_does_what_its_flag_says="is there still")
class NothingIsDeleted(MessageBirdMessenger):
    """`delete_group` does nothing."""

    async def delete_group(self, group: Group) -> None:
        """Nothing."""


@lie("messagebird", test_it_does_what_its_flag_says="missing in the list")
class AListWithNothingInIt(MessageBirdMessenger):
    """`list_groups` is always empty."""

    async def list_groups(self, cursor: str | None = None) -> Page[Group]:
        """None."""
        return Page(())


@lie("messagebird", test_it_does_what_its_flag_says="shows the text 1 times")
class NothingIsCancelled(MessageBirdMessenger):
    """`cancel_scheduled` says that a message was kept back, and it goes out."""

    async def cancel_scheduled(self, message_id: str) -> None:
        """Nothing."""


@lie("messagebird", test_it_does_what_its_flag_says="said to be cancelled")
def what_went_out_is_cancelled(patch: Patch) -> None:
    """Deleting a message that has gone out only hides it, and is told as "it was kept back"."""

    async def cancel(self: MessageBirdMessenger, message_id: str) -> None:
        where, _ = await messagebird_lookup.read(message_id)
        await messagebird_lookup.delete(where, message_id)

    patch.setattr(MessageBirdMessenger, "cancel_scheduled", cancel)


@lie("bandwidth", test_it_does_what_its_flag_says="other members than were asked for")
class SomebodyIsMissing(BandwidthMessenger):
    """The last of the people is lost when the group is made."""

    async def create_group(self, members: Sequence[Member], name: str | None) -> Group:
        """One too few."""
        return await super().create_group(members[:-1] if len(members) > 2 else members, name)


@lie("sendblue", test_it_does_what_its_flag_says="pending and creation")
class AGroupThatIsNotThere(SendblueMessenger):
    """A group that its first message makes is not said to be pending."""

    async def create_group(self, members: Sequence[Member], name: str | None) -> Group:
        """As if it were there."""
        return attrs.evolve(await super().create_group(members, name), pending=False)


@lie("sendblue", test_it_does_what_its_flag_says="creation says something else")
class AFirstMessageNobodyWrote(SendblueMessenger):
    """Making a group sends a text, because only a message makes one."""

    async def create_group(self, members: Sequence[Member], name: str | None) -> Group:
        """Say hello."""
        group = await super().create_group(members, name)
        body = {"numbers": [str(each) for each in group.addresses], "from_number": self.line, "content": "Hello"}
        await ask(Request("POST", "/api/send-group-message", json=body))
        return group


@lie("bandwidth", test_it_does_what_its_flag_says="whole group")
class OneRecipientOfAll(BandwidthMessenger):
    """A receipt names the first recipient alone."""

    async def send(self, group: Group, message: Message, token: str) -> GroupReceipt:
        """Send, and forget the others."""
        receipt = await super().send(group, message, token)
        return attrs.evolve(receipt, recipients=receipt.recipients[:1])


@lie("bandwidth", test_nobody_is_told_that_a_lost_text_arrived="a receipt says")
class DeliveredAtOnce(BandwidthMessenger):
    """That a message was taken is told as delivered."""

    async def send(self, group: Group, message: Message, token: str) -> GroupReceipt:
        """Send, and hope."""
        return attrs.evolve(await super().send(group, message, token), status=Status.DELIVERED)


@lie("messagebird", test_it_does_what_its_flag_says="somebody has no status")
def a_status_of_the_first_alone(patch: Patch) -> None:
    """`get_status` reads the first recipient of a list."""
    whole = messagebird_lookup.statuses

    async def first(message_id: str) -> tuple[StatusChanged, ...]:
        return (await whole(message_id))[:1]

    patch.setattr(messagebird_lookup, "statuses", first)


@lie("messagebird", test_it_does_what_its_flag_says="one key")
def statuses_with_one_key(patch: Patch) -> None:
    """The key of a status has the message and the word, and not the recipient."""
    whole = messagebird_lookup.statuses

    async def alike(message_id: str) -> tuple[StatusChanged, ...]:
        return tuple(attrs.evolve(each, key=f"{message_id}/{each.status}") for each in await whole(message_id))

    patch.setattr(messagebird_lookup, "statuses", alike)


@lie("sendblue", test_nobody_is_told_that_a_lost_text_arrived="told as delivered")
class EverythingIsDelivered(SendblueMessenger):
    """Whatever the vendor says, `get_status` says delivered."""

    async def get_status(self, message_id: str) -> tuple[StatusChanged, ...]:
        """Delivered."""
        return tuple(attrs.evolve(each, status=Status.DELIVERED) for each in await super().get_status(message_id))


@lie("bandwidth", test_nobody_is_told_that_a_lost_text_arrived="told as delivered")
class AFailureIsDelivered(BandwidthMessenger):
    """A status callback is read as delivered, whichever it is."""

    def parse(self, callback, verified):  # type: ignore[no-untyped-def]
        """Delivered."""
        for event in super().parse(callback, verified):
            yield attrs.evolve(event, status=Status.DELIVERED) if isinstance(event, StatusChanged) else event


@lie("messagebird", test_it_does_what_its_flag_says="was not found")
class NothingIsFound(MessageBirdMessenger):
    """`find_sent` is declared, and never finds anything."""

    @graded(PARTIAL("texts"))
    async def find_sent(self, attempt: Attempt, known: Collection[str]) -> Sighting:
        """Nothing."""
        return CannotTell("it is not there")


@lie("sendblue", test_it_does_what_its_flag_says="two keys")
class TheListHasOtherKeys(SendblueMessenger):
    """What the list of messages tells has a key of its own, so that it is handled twice."""

    @graded(PARTIAL("10,000 messages at a time"))
    async def received_since(self, since: datetime, cursor: str | None = None) -> Page[Event]:
        """With other keys."""
        page = await super().received_since(since, cursor)
        return attrs.evolve(page, items=tuple(attrs.evolve(each, key=f"list/{each.key}") for each in page.items))


@lie("sendblue", test_it_does_what_its_flag_says="missed")
class NothingCameIn(SendblueMessenger):
    """`received_since` gives an empty page."""

    @graded(PARTIAL("10,000 messages at a time"))
    async def received_since(self, since: datetime, cursor: str | None = None) -> Page[Event]:
        """None."""
        return Page(())


@lie("bandwidth", test_it_does_what_its_flag_says="picture")
class NothingIsUploaded(BandwidthMessenger):
    """`upload` gives the URL where the file would be, and stores nothing there."""

    @graded(PARTIAL("kept for 48 hours"))
    async def upload(self, name: str, content: bytes, content_type: str) -> Media:
        """No file."""
        return Media(f"{self.base_url}/users/{self.account_id}/media/{name}", content_type, len(content))


@lie("sendblue", test_it_works_whatever_phones_people_have="refused")
class AConditionIsForgotten(SendblueMessenger):
    """Renaming works in some groups only, and the flag says that it always does."""

    async def rename_group(self, group: Group, name: str) -> Group:
        """Rename it, if it is one of those."""
        return await super().rename_group(group, name)
