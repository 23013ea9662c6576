"""Each operation by its grade: native and emulated work, partial ones where they say, the others ask nobody."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from ...errors import GroupMessengerError, UnsupportedOperation
from ...flags import Condition, Fact, Grade, Operation
from ...groups import Group
from ...messages import Attempt, CannotTell, Message
from .base import NAME, TEXT, is_supported
from .stage import Stage
from .working import Working, file_in

OF_A_GROUP = (
    Operation.GET_GROUP,
    Operation.ADD_MEMBERS,
    Operation.REMOVE_MEMBERS,
    Operation.RENAME_GROUP,
    Operation.LEAVE_GROUP,
    Operation.DELETE_GROUP,
)


class Operations(Working):
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

    def test_it_works_whatever_phones_people_have(
        self, stage: Stage, operation: Operation | None, tmp_path: Path
    ) -> None:
        """A change whose flag names no channel works in every group: here of phones that have SMS and MMS alone."""
        if operation is None or any(each.fact is Fact.CHANNEL for each in self.flag(operation).when):
            return
        stage.imessage = False
        try:
            self._works(stage, operation, self.flag(operation).when, tmp_path)
        except GroupMessengerError as error:
            other = Stage(self.messenger, self.face, self.settings, self.doubts)
            self._works(other, operation, self.flag(operation).when, tmp_path)  # else it is no matter of phones
            raise AssertionError(
                f"{operation} was refused in a group without iMessage, and its flag names no condition: "
                "@graded(PARTIAL(note, Condition(Fact.CHANNEL, ...)))"
            ) from error

    def _any_group(self, stage: Stage) -> Group:
        if stage.client.capabilities.can(Operation.CREATE_GROUP).grade is Grade.UNSUPPORTED:
            return stage.client.group("group-1")
        return self.open_group(stage).group

    def _is_refused(self, stage: Stage, operation: Operation, group: Group, folder: Path) -> None:
        asked = len(stage.wire.sent)
        try:
            self._call(stage, operation, group, folder)
        except UnsupportedOperation:
            pass
        else:
            raise AssertionError(f"{operation} is not for this group by its flag, and it was done all the same")
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
            Operation.UPLOAD: lambda: client.upload(file_in(folder)),
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
        def group() -> Group:
            return self.group_where(stage, when)

        works: dict[Operation, Callable[[], None]] = {
            Operation.CREATE_GROUP: lambda: self._create_group_works(stage),
            Operation.SEND: lambda: self._send_works(stage),
            Operation.SEND_DIRECT: lambda: self._send_direct_works(stage),
            Operation.GET_GROUP: lambda: self._get_group_works(stage, group()),
            Operation.LIST_GROUPS: lambda: self._list_groups_works(stage),
            Operation.ADD_MEMBERS: lambda: self._add_members_works(stage, group()),
            Operation.REMOVE_MEMBERS: lambda: self._remove_members_works(stage, group()),
            Operation.RENAME_GROUP: lambda: self._rename_group_works(stage, group()),
            Operation.LEAVE_GROUP: lambda: self._leave_group_works(stage, group()),
            Operation.DELETE_GROUP: lambda: self._delete_group_works(stage, group()),
            Operation.GET_STATUS: lambda: self._get_status_works(stage),
            Operation.FIND_SENT: lambda: self._find_sent_works(stage),
            Operation.CANCEL_SCHEDULED: lambda: self._cancel_scheduled_works(stage),
            Operation.RECEIVE: lambda: self._receive_works(stage),
            Operation.RECEIVED_SINCE: lambda: self._received_since_works(stage),
            Operation.UPLOAD: lambda: self._upload_works(stage, folder),
        }
        works[operation]()


def _cannot_tell(sighting: object) -> None:
    """An adapter without a lookup has nothing to say, which is the same as being refused."""
    if isinstance(sighting, CannotTell):
        raise UnsupportedOperation(sighting.why)


def stage_callback(stage: Stage) -> Any:
    """A callback that is none of anybody's."""
    from ...callbacks import Callback

    return Callback("POST", "https://app.example.com/hooks/main", {"content-type": "application/json"}, b"{}")
