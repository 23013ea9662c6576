"""Each operation by its grade: native and emulated work, partial ones where they say, the others ask nobody."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import attrs
import pytest

from ...capabilities import Creation, Identity, Lookup, Receipts
from ...errors import GroupMessengerError, GroupNotFound, OutcomeUnknown, UnsupportedOperation
from ...events import MessageReceived
from ...flags import Condition, Grade, Operation
from ...groups import Group
from ...messages import Attempt, CannotTell, Found, Message, Status
from .base import NAME, OTHER, TEXT, Part, is_supported
from .stage import Stage
from .wire import LOST

OF_A_GROUP = (
    Operation.GET_GROUP,
    Operation.ADD_MEMBERS,
    Operation.REMOVE_MEMBERS,
    Operation.RENAME_GROUP,
    Operation.LEAVE_GROUP,
    Operation.DELETE_GROUP,
)


class Operations(Part):
    """What an operation is declared to be, it is."""

    def test_it_does_what_its_flag_says(self, stage: Stage, operation: Operation, tmp_path: Path) -> None:
        """NATIVE and EMULATED work; PARTIAL works where its conditions hold; UNSUPPORTED raises, and asks nobody."""
        flag = stage.client.capabilities.can(operation)
        if is_supported(flag):
            self._works(stage, operation, flag.when, tmp_path)
        else:
            assert Grade.UNSUPPORTED is flag.grade, f"an operation is not {flag.grade}"
            self._is_refused(stage, operation, self._any_group(stage), tmp_path)

    def test_it_is_refused_where_a_condition_does_not_hold(
        self, stage: Stage, condition: tuple[Operation, Condition] | None, tmp_path: Path
    ) -> None:
        """What is PARTIAL raises before any request in a group that is known to be another one."""
        if condition is None:
            return
        operation, lacking = condition
        self._is_refused(stage, operation, self.group_where_not(stage, lacking), tmp_path)

    def _any_group(self, stage: Stage) -> Group:
        if stage.client.capabilities.can(Operation.CREATE_GROUP).grade is Grade.UNSUPPORTED:
            return stage.client.group("group-1")
        return self.open_group(stage).group

    def _is_refused(self, stage: Stage, operation: Operation, group: Group, folder: Path) -> None:
        asked = len(stage.wire.sent)
        with pytest.raises(UnsupportedOperation):
            self._call(stage, operation, group, folder)
        assert asked == len(stage.wire.sent), f"{operation} was refused, and all the same a request left"

    def _call(self, stage: Stage, operation: Operation, group: Group, folder: Path) -> object:
        """Call an operation with what it may be given."""
        client, people = stage.client, stage.people(2)
        attempt = self._attempt(stage)
        call: dict[Operation, Callable[[], object]] = {
            Operation.CREATE_GROUP: lambda: client.create_group(people),
            Operation.SEND: lambda: client.send(group, TEXT),
            Operation.SEND_DIRECT: lambda: client.send_direct(people[0], TEXT),
            Operation.GET_GROUP: lambda: client.get_group(group),
            Operation.LIST_GROUPS: lambda: list(client.list_groups()),
            Operation.ADD_MEMBERS: lambda: client.add_members(group, people[:1]),
            Operation.REMOVE_MEMBERS: lambda: client.remove_members(group, [str(each) for each in group.addresses[:1]]),
            Operation.RENAME_GROUP: lambda: client.rename_group(group, NAME),
            Operation.LEAVE_GROUP: lambda: client.leave_group(group),
            Operation.DELETE_GROUP: lambda: client.delete_group(group),
            Operation.GET_STATUS: lambda: client.get_status("message-1"),
            Operation.CANCEL_SCHEDULED: lambda: client.cancel_scheduled("message-1"),
            Operation.RECEIVED_SINCE: lambda: list(client.received_since(stage.clock.now())),
            Operation.UPLOAD: lambda: client.upload(_file(folder)),
            Operation.FIND_SENT: lambda: _cannot_tell(client.find_sent(attempt)),
            Operation.RECEIVE: lambda: stage.messenger.receive(stage_callback(stage), verify=False),
        }
        return call[operation]()

    def _attempt(self, stage: Stage) -> Attempt:
        now = stage.clock.now()
        return Attempt(
            token="0" * 32,
            provider=stage.messenger.name,
            line=stage.messenger.line,
            message=Message(TEXT),
            group=None,
            to=None,
            leave_from=now,
            leave_by=now,
        )

    def _works(self, stage: Stage, operation: Operation, when: Sequence[Condition], folder: Path) -> None:
        if operation in OF_A_GROUP:
            group = self.group_where(stage, when)
            getattr(self, f"_{operation}_works")(stage, group)
        elif operation is Operation.UPLOAD:
            self._upload_works(stage, folder)
        else:
            getattr(self, f"_{operation}_works")(stage)

    def _create_group_works(self, stage: Stage) -> None:
        declared, people = stage.client.capabilities, stage.people(self.size(stage))
        group = stage.client.create_group(people)
        assert (stage.messenger.name, stage.messenger.line) == (group.provider, group.line)
        assert {*people} == {str(each) for each in group.addresses}, "the group has other members than were asked for"
        assert declared.topology is group.topology
        assert (declared.creation is Creation.WITH_FIRST_MESSAGE) == group.pending, "pending and creation do not agree"
        assert (declared.identity is Identity.MEMBER_SET or group.pending) == group.is_member_set
        assert (declared.creation is Creation.EXPLICIT) == bool(stage.wire.changed), "creation says something else"
        assert not [each for each in people if stage.texts(each)], "making a group texts nobody"
        loaded = Group.load(group.dump())
        assert (group, group.members, group.pending) == (loaded, loaded.members, loaded.pending)

    def _send_works(self, stage: Stage) -> None:
        people = stage.people(self.size(stage))
        receipt = stage.client.send(stage.client.create_group(people), TEXT)
        assert not receipt.group.pending, "the group of a receipt is there"
        assert receipt.status not in (Status.FAILED, Status.UNKNOWN, Status.SCHEDULED)
        assert {*people} == {str(each) for each in receipt.recipients}
        stage.clock.advance(3600)
        self.check_shown(stage, people, TEXT)

    def _send_direct_works(self, stage: Stage) -> None:
        person, other = stage.people(2)
        receipt = stage.client.send_direct(person, TEXT)
        stage.clock.advance(3600)
        assert (person,) == tuple(str(each) for each in receipt.recipients)
        assert stage.texts(person) == [TEXT]
        assert {person, stage.messenger.line} == stage.network.phones[person].threads[0].participants
        assert stage.texts(other) == []

    def _get_group_works(self, stage: Stage, group: Group) -> None:
        read = stage.client.get_group(stage.client.group(group.id))
        assert group == read
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
        assert {*before, person} == {str(each) for each in after.addresses}
        stage.client.send(after, TEXT)
        stage.clock.advance(3600)
        self.check_shown(stage, [*before, person], TEXT)

    def _remove_members_works(self, stage: Stage, group: Group) -> None:
        *stay, leaves = [str(each) for each in group.addresses]
        after = stage.client.remove_members(group, [leaves])
        assert {*stay} == {str(each) for each in after.addresses}
        stage.client.send(after, TEXT)
        stage.clock.advance(3600)
        self.check_shown(stage, stay, TEXT)
        assert TEXT not in stage.texts(leaves), "who was removed gets the texts still"

    def _rename_group_works(self, stage: Stage, group: Group) -> None:
        assert stage.client.rename_group(group, NAME).name == NAME
        if is_supported(stage.client.capabilities.can(Operation.GET_GROUP)):
            assert stage.client.get_group(group).name == NAME, "the vendor knows it by another name"

    def _leave_group_works(self, stage: Stage, group: Group) -> None:
        stage.client.leave_group(group)
        asked = len(stage.wire.sent)
        with pytest.raises(GroupMessengerError):
            stage.client.send(group, TEXT)
        assert asked < len(stage.wire.sent)

    def _delete_group_works(self, stage: Stage, group: Group) -> None:
        stage.client.delete_group(group)
        with pytest.raises(GroupNotFound):
            if is_supported(stage.client.capabilities.can(Operation.GET_GROUP)):
                stage.client.get_group(group)
            else:
                stage.client.send(group, TEXT)

    def _get_status_works(self, stage: Stage) -> None:
        declared, receipt = stage.client.capabilities, self.open_group(stage)
        stage.clock.advance(3600)
        told = stage.run(stage.messenger.get_status(receipt.id))
        assert told, "nothing is known of a message that was delivered"
        assert {receipt.id} == {each.message_id for each in told}
        assert len({each.key for each in told}) == len(told), "two statuses have one key"
        named = {str(each.recipient) for each in told if each.recipient is not None}
        if declared.receipts is Receipts.PER_RECIPIENT:
            assert {str(each) for each in receipt.group.addresses} == named, "somebody has no status"
        else:
            assert not named, "receipts are declared to be of the whole message"
        assert Status.FAILED not in {each.status for each in told}, "it failed, although every phone shows it"
        assert {Status.DELIVERED, Status.READ, Status.SENT} & {each.status for each in told}

    def _cancel_scheduled_works(self, stage: Stage) -> None:
        people = stage.people(self.size(stage))
        later = stage.clock.now() + timedelta(hours=1)
        receipt = stage.client.send(stage.client.create_group(people), Message(TEXT, send_at=later))
        assert Status.SCHEDULED is receipt.status
        stage.client.cancel_scheduled(receipt)
        stage.clock.advance(7200)
        self.check_shown(stage, people, TEXT, times=0)
        gone = stage.client.send(stage.client.create_group(people), OTHER)
        with pytest.raises(GroupMessengerError):
            stage.client.cancel_scheduled(gone)

    def _find_sent_works(self, stage: Stage) -> None:
        group = self.open_group(stage).group
        stage.wire.strike(LOST, done=True)
        with pytest.raises(OutcomeUnknown) as lost:
            stage.client.send(group, TEXT)
        attempt = lost.value.attempt
        assert attempt is not None
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
            assert sent.id == found.receipt.id

    def _receive_works(self, stage: Stage) -> None:
        group = self.open_group(stage).group
        person = stage.network.phones[str(group.addresses[0])]
        person.send(TEXT, thread=person.threads[0].id)
        events = [event for each in stage.heard() for event in stage.client.receive(each)]
        (event,) = (each for each in events if isinstance(each, MessageReceived))
        assert (person.number, TEXT) == (str(event.sender), event.text)

    def _received_since_works(self, stage: Stage) -> None:
        since = stage.clock.now()
        group = self.open_group(stage).group
        person = stage.network.phones[str(group.addresses[0])]
        person.send(TEXT, thread=person.threads[0].id)
        told = [event for each in stage.heard() for event in stage.client.receive(each)]
        keys = {each.key for each in told if isinstance(each, MessageReceived)}
        listed = [each for each in stage.client.received_since(since) if isinstance(each, MessageReceived)]
        assert [each.text for each in listed] == [TEXT]
        assert keys == {each.key for each in listed}, "a callback and the list give one event two keys"

    def _upload_works(self, stage: Stage, folder: Path) -> None:
        media = stage.client.upload(_file(folder))
        group = self.open_group(stage).group
        stage.client.send(group, Message(TEXT, media))
        stage.clock.advance(3600)
        person = stage.network.phones[str(group.addresses[0])]
        shown = [each.media for messages in person.messages.values() for each in messages if each.text == TEXT]
        assert [len(each) for each in shown] == [1], "the picture did not arrive"


def _file(folder: Path) -> Path:
    path = folder / "cake.jpg"
    path.write_bytes(b"\xff\xd8\xff\xe0 a picture, as far as anybody looks")
    return path


def _cannot_tell(sighting: object) -> None:
    """An adapter without a lookup has nothing to say, which is the same as being refused."""
    if isinstance(sighting, CannotTell):
        raise UnsupportedOperation(sighting.why)


def stage_callback(stage: Stage) -> Any:
    """A callback that is none of anybody's."""
    from ...callbacks import Callback

    return Callback("POST", "https://app.example.com/hooks/main", {"content-type": "application/json"}, b"{}")
