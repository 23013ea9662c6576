"""What it means that an operation works: on the phones, and by what the vendor says of it afterwards."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import attrs
import pytest

from ...capabilities import Creation, Identity, Lookup, Receipts
from ...errors import GroupMessengerError, GroupNotFound
from ...events import MessageReceived
from ...flags import Operation
from ...groups import Group
from ...messages import Found, Message, Status
from .base import NAME, OTHER, TEXT, Part, is_supported
from .losing import lose
from .stage import Stage


class Working(Part):
    """A method for each operation."""

    def _create_group_works(self, stage: Stage) -> None:
        declared, people = stage.client.capabilities, stage.people(self.size(stage))
        group = stage.client.create_group(people)
        ours = stage.messenger.name, stage.messenger.line
        assert ours == (group.provider, group.line), "the group is of another provider or line than the messenger"
        assert {*people} == {str(each) for each in group.addresses}, "the group has other members than were asked for"
        assert declared.topology is group.topology, f"a group is {group.topology}, and declared is {declared.topology}"
        assert (declared.creation is Creation.WITH_FIRST_MESSAGE) == group.pending, "pending and creation do not agree"
        no_id = declared.identity is Identity.MEMBER_SET or group.pending
        assert no_id == group.is_member_set, "its id is the vendor's, or for a group without one that of its members"
        assert (declared.creation is Creation.EXPLICIT) == bool(stage.wire.changing), "creation says something else"
        assert not [each for each in people if stage.texts(each)], "making a group texts nobody"
        loaded = Group.load(group.dump())
        stored = loaded.members, loaded.pending
        assert group == loaded, "a group is another one once it was stored"
        assert (group.members, group.pending) == stored, "a group is not the same once it was stored"

    def _send_works(self, stage: Stage) -> None:
        people = stage.people(self.size(stage))
        receipt = stage.client.send(stage.client.create_group(people), TEXT)
        assert not receipt.group.pending, "the group of a receipt is there, and not pending"
        if stage.client.capabilities.identity is Identity.PROVIDER_ID:
            assert not receipt.group.is_member_set, "the group of a receipt has no id of the vendor's"
        allowed = {Status.ACCEPTED, Status.SENT}
        if all(TEXT in stage.texts(each) for each in people):
            allowed |= {Status.DELIVERED, Status.READ}
        assert receipt.status in allowed, f"a receipt says {receipt.status}, and no phone shows the text yet"
        named = {str(each) for each in receipt.recipients}
        assert {*people} == named, "the receipt names others than the whole group as recipients"
        stage.clock.advance(3600)
        self.check_shown(stage, people, TEXT)

    def _send_direct_works(self, stage: Stage) -> None:
        person, other = stage.people(2)
        receipt = stage.client.send_direct(person, TEXT)
        stage.clock.advance(3600)
        assert (person,) == tuple(str(each) for each in receipt.recipients), "the receipt names another recipient"
        self.check_shown(stage, [person], TEXT)
        among = stage.network.phones[person].threads[0].participants
        assert {person, stage.messenger.line} == among, "a private text is in a thread with others"
        assert stage.texts(other) == [], "a private text reached somebody else"

    def _get_group_works(self, stage: Stage, group: Group) -> None:
        read = stage.client.get_group(stage.client.group(group.id))
        assert group == read, "what is read is another group than was asked for"
        assert {*group.addresses} == {*read.addresses}, "what is read has other members than were asked for"

    def _list_groups_works(self, stage: Stage) -> None:
        made = [self.open_group(stage).group for _ in range(3)]
        listed = list(stage.client.list_groups())
        assert {each.id for each in made} <= {each.id for each in listed}, "a group is missing in the list"
        assert len({each.id for each in listed}) == len(listed), "a group is in the list twice"

    def _add_members_works(self, stage: Stage, group: Group) -> None:
        (person,) = stage.people(1)
        before = [str(each) for each in group.addresses]
        after = stage.client.add_members(group, [person])
        assert {*before, person} == {str(each) for each in after.addresses}, "who was added is not in the group"
        stage.client.send(after, TEXT)
        stage.clock.advance(3600)
        self.check_shown(stage, [*before, person], TEXT)

    def _remove_members_works(self, stage: Stage, group: Group) -> None:
        *stay, leaves = [str(each) for each in group.addresses]
        after = stage.client.remove_members(group, [leaves])
        assert {*stay} == {str(each) for each in after.addresses}, "others are in the group than those who stay"
        stage.client.send(after, TEXT)
        stage.clock.advance(3600)
        self.check_shown(stage, stay, TEXT)
        assert TEXT not in stage.texts(leaves), "who was removed gets the texts still"

    def _rename_group_works(self, stage: Stage, group: Group) -> None:
        assert stage.client.rename_group(group, NAME).name == NAME, "rename_group gives a group of another name"
        if is_supported(stage.client.capabilities.can(Operation.GET_GROUP)):
            assert stage.client.get_group(group).name == NAME, "the vendor knows it by another name"

    def _leave_group_works(self, stage: Stage, group: Group) -> None:
        stage.client.leave_group(group)
        asked = len(stage.wire.sent)
        with pytest.raises(GroupMessengerError):
            stage.client.send(group, TEXT)
        assert asked < len(stage.wire.sent), "that we left a group is for the vendor to say, and nobody asked it"

    def _delete_group_works(self, stage: Stage, group: Group) -> None:
        stage.client.delete_group(group)
        try:
            if is_supported(stage.client.capabilities.can(Operation.GET_GROUP)):
                stage.client.get_group(group)
            else:
                stage.client.send(group, TEXT)
        except GroupNotFound:
            return
        raise AssertionError("a group that was deleted is there still, or its error is not GroupNotFound")

    def _get_status_works(self, stage: Stage) -> None:
        declared, receipt = stage.client.capabilities, self.open_group(stage)
        stage.clock.advance(3600)
        told = stage.run(stage.messenger.get_status(receipt.id))
        assert told, "nothing is known of a message that was delivered"
        assert {receipt.id} == {each.message_id for each in told}, "get_status tells of other messages than was asked"
        assert len({each.key for each in told}) == len(told), "two statuses have one key"
        named = {str(each.recipient) for each in told if each.recipient is not None}
        if declared.receipts is Receipts.PER_RECIPIENT:
            assert {str(each) for each in receipt.group.addresses} == named, "somebody has no status"
        else:
            assert not named, "receipts are declared to be of the whole message"
        assert Status.FAILED not in {each.status for each in told}, "it failed, although every phone shows it"
        reached = {Status.DELIVERED, Status.READ, Status.SENT} & {each.status for each in told}
        assert reached or all(each.final and each.status is Status.UNKNOWN for each in told), (
            "every phone shows it, and get_status says neither that it was sent nor that nobody will ever say"
        )

    def _cancel_scheduled_works(self, stage: Stage) -> None:
        people = stage.people(self.size(stage))
        later = stage.clock.now() + timedelta(hours=1)
        receipt = stage.client.send(stage.client.create_group(people), Message(TEXT, send_at=later))
        assert Status.SCHEDULED is receipt.status, f"the receipt of a scheduled message says {receipt.status}"
        stage.client.cancel_scheduled(receipt)
        stage.clock.advance(7200)
        self.check_shown(stage, people, TEXT, times=0)
        gone = stage.client.send(stage.client.create_group(people), OTHER)
        try:
            stage.client.cancel_scheduled(gone)
        except GroupMessengerError:
            return
        raise AssertionError("a message that has gone out is said to be cancelled: raise Rejected")

    def _find_sent_works(self, stage: Stage) -> None:
        group = self.open_group(stage).group
        attempt = lose(stage, group, done=True)
        stage.clock.advance(3600)
        if stage.client.capabilities.lookup is not Lookup.METADATA:
            sighting = stage.client.find_sent(attempt)
            assert isinstance(sighting, Found), f"a message that went out was not found: {sighting!r}"
            assert sighting.receipt.id, "what was found has no id"
        sent = stage.client.send(group, OTHER)
        stage.clock.advance(3600)
        by_id = attrs.evolve(attempt, provider_id=sent.id, message=Message(OTHER), token=sent.token)
        if stage.client.capabilities.lookup is Lookup.METADATA:
            found = stage.client.find_sent(by_id)
            assert isinstance(found, Found), f"a message was not found by its id: {found!r}"
            assert sent.id == found.receipt.id, "find_sent finds another message than the one of that id"

    def _receive_works(self, stage: Stage) -> None:
        group = self.open_group(stage).group
        if not stage.client.capabilities.two_way:
            return
        person = stage.network.phones[str(group.addresses[0])]
        person.send(TEXT, thread=person.threads[0].id)
        events = [event for each in stage.heard() for event in stage.client.receive(each)]
        heard = [(str(each.sender), each.text) for each in events if isinstance(each, MessageReceived)]
        assert [(person.number, TEXT)] == heard, "somebody wrote once, and what is told is not that"

    def _received_since_works(self, stage: Stage) -> None:
        since = stage.clock.now()
        group = self.open_group(stage).group
        person = stage.network.phones[str(group.addresses[0])]
        person.send(TEXT, thread=person.threads[0].id)
        told = [event for each in stage.heard() for event in stage.client.receive(each)]
        keys = {each.key for each in told if isinstance(each, MessageReceived)}
        listed = [each for each in stage.client.received_since(since) if isinstance(each, MessageReceived)]
        assert [each.text for each in listed] == [TEXT], "what came in is missed, or told more than once"
        assert not self.hears(stage) or keys == {each.key for each in listed}, (
            "a callback and the list give one event two keys"
        )

    def _upload_works(self, stage: Stage, folder: Path) -> None:
        media = stage.client.upload(file_in(folder))
        group = self.open_group(stage).group
        stage.client.send(group, Message(TEXT, media))
        stage.clock.advance(3600)
        person = stage.network.phones[str(group.addresses[0])]
        shown = [each.media for messages in person.messages.values() for each in messages if each.text == TEXT]
        assert [len(each) for each in shown] == [1], "the picture did not arrive"


def file_in(folder: Path) -> Path:
    """A picture to store."""
    path = folder / "cake.jpg"
    path.write_bytes(b"\xff\xd8\xff\xe0 a picture, as far as anybody looks")
    return path
