"""Lost answers: what was done and what was not is told apart, or said to be unknown; nobody is texted twice."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from ...capabilities import Creation
from ...errors import GroupMessengerError, NotReached, Outcome, OutcomeUnknown
from ...flags import Feature, Operation
from ...flow import Response
from ...groups import Group
from ...messages import Absent, Attempt, CannotTell, Found
from .base import OTHER, TEXT, Part, is_supported
from .stage import Stage
from .wire import LOST, NEVER_LEFT


class Losing(Part):
    """What is true after an answer that never came."""

    def test_what_never_left_is_not_sent(self, stage: Stage) -> None:
        """No connection: NotReached, after all tries, and the same message can be sent again."""
        group = stage.client.create_group(stage.people(self.size(stage)))
        for _ in range(3):
            stage.wire.strike(NEVER_LEFT)
        with pytest.raises(NotReached):
            stage.client.send(group, TEXT)
        stage.client.send(group, TEXT)
        stage.clock.advance(60)
        self.check_shown(stage, [str(each) for each in group.addresses], TEXT)

    def test_a_lost_answer_is_unknown(self, stage: Stage, done: bool) -> None:
        """Whether the vendor did it or not, nobody is texted twice, and no error says "not sent"."""
        group = self.open_group(stage).group
        attempt = self._lose(stage, group, done=done)
        stage.clock.advance(60)
        self.check_shown(stage, [str(each) for each in group.addresses], TEXT, times=int(done))
        assert attempt.group == group

    def test_a_lost_private_text_is_unknown(self, stage: Stage, done: bool) -> None:
        """The same to one person."""
        if not self.can(stage, Operation.SEND_DIRECT):
            return
        (person,) = stage.people(1)
        stage.wire.strike(LOST, done=done)
        with pytest.raises(OutcomeUnknown):
            stage.client.send_direct(person, TEXT)
        stage.clock.advance(60)
        assert int(done) == stage.texts(person).count(TEXT)

    def test_the_first_message_of_a_group_is_lost(self, stage: Stage, done: bool) -> None:
        """Where it opens the group: unknown, never a second thread by itself."""
        people = stage.people(self.size(stage))
        group = stage.client.create_group(people)
        stage.wire.strike(LOST, done=done)
        with pytest.raises(OutcomeUnknown) as lost:
            stage.client.send(group, TEXT)
        stage.clock.advance(60)
        self.check_shown(stage, people, TEXT, times=int(done))
        assert lost.value.attempt is not None
        stage.clock.advance(3600)
        self._settle(stage, lost.value.attempt, done=done)

    def test_looking_tells_the_truth_or_nothing(self, stage: Stage, done: bool) -> None:
        """After a lost answer `find_sent` finds what went out, says Absent of what did not, or cannot tell."""
        group = self.open_group(stage).group
        attempt = self._lose(stage, group, done=done)
        stage.clock.advance(3600)
        self._settle(stage, attempt, done=done)

    def test_looking_too_early_never_says_absent(self, stage: Stage) -> None:
        """Until its time to leave is over, a message may still be under way."""
        group = self.open_group(stage).group
        attempt = self._lose(stage, group, done=False)
        sighting = stage.client.find_sent(attempt)
        assert isinstance(sighting, CannotTell), f"{type(sighting).__name__} of a message that may still arrive"

    def test_another_message_is_never_taken_for_the_lost_one(self, stage: Stage) -> None:
        """The same text to others, another text to the same, and the same to the same before: none of them is it."""
        group = self.open_group(stage).group
        others = self.open_group(stage).group
        earlier = stage.client.send(group, TEXT)
        stage.clock.advance(3600)
        attempt = self._lose(stage, group, done=False)
        stage.client.send(others, TEXT)
        stage.client.send(group, OTHER)
        if self.can(stage, Operation.SEND_DIRECT):
            stage.client.send_direct(group.addresses[0], TEXT)
        stage.clock.advance(3600)
        for client in (stage.client, stage.connect()):
            sighting = client.find_sent(attempt, [earlier.id])
            assert not isinstance(sighting, Found), "another message was taken for the lost one"
        raw = stage.run(stage.messenger.find_sent(attempt, [earlier.id]))
        assert not isinstance(raw, Found), "another message was taken for the lost one"

    def test_one_text_sent_twice_is_found_once_each(self, stage: Stage) -> None:
        """Two lost messages with one text: no id is found for both of them."""
        group = self.open_group(stage).group
        first, second = (self._lose(stage, group, done=True) for _ in range(2))
        stage.clock.advance(3600)
        found = [stage.client.find_sent(each) for each in (first, second)]
        ids = [each.receipt.id for each in found if isinstance(each, Found)]
        assert len({*ids}) == len(ids), "one message was found for two attempts"

    def test_a_lost_message_is_found_by_a_process_that_knows_nothing_else(self, stage: Stage) -> None:
        """`Attempt.load(attempt.dump())` is enough to look."""
        group = self.open_group(stage).group
        attempt = self._lose(stage, group, done=True)
        stage.clock.advance(3600)
        kind = type(stage.client.find_sent(attempt))
        assert kind is type(stage.connect().find_sent(Attempt.load(attempt.dump())))

    def test_a_group_whose_making_is_lost_is_never_made_twice(self, stage: Stage) -> None:
        """Where a call makes groups: found again, or unknown."""
        if stage.client.capabilities.creation is not Creation.EXPLICIT:
            return
        people = stage.people(self.size(stage))
        name = "Sunday dinner" if is_supported(stage.client.capabilities.can(Feature.GROUP_NAME)) else None
        stage.wire.strike(LOST, done=True)
        made: Group | None = None
        try:
            made = stage.client.create_group(people, name)
        except GroupMessengerError as error:
            assert Outcome.NOT_SENT is not error.outcome, "the group may have been made, and the error says it was not"
        if made is not None and is_supported(stage.client.capabilities.can(Operation.LIST_GROUPS)):
            same = [each for each in stage.client.list_groups() if name is None or each.name == name]
            assert len(same) == 1, "the group was made twice"

    def test_a_lost_change_never_says_that_nothing_was_done(self, stage: Stage, operation: Operation | None) -> None:
        """Changes of a group: done in the end, or unknown."""
        if operation is None:
            return
        group = self.group_where(stage, stage.client.capabilities.can(operation).when)
        for _ in range(4):
            stage.wire.strike(LOST, done=True)
        calls: dict[Operation, Callable[[], object]] = {
            Operation.ADD_MEMBERS: lambda: stage.client.add_members(group, stage.people(1)),
            Operation.REMOVE_MEMBERS: lambda: stage.client.remove_members(group, [str(group.addresses[-1])]),
            Operation.RENAME_GROUP: lambda: stage.client.rename_group(group, "Sunday dinner"),
            Operation.LEAVE_GROUP: lambda: stage.client.leave_group(group),
            Operation.DELETE_GROUP: lambda: stage.client.delete_group(group),
        }
        try:
            calls[operation]()
        except GroupMessengerError as error:
            if error.outcome is Outcome.NOT_SENT:
                raise AssertionError(f"{operation} was done, and its error says that it was not") from error

    def test_a_success_without_an_id_is_no_success(self, stage: Stage) -> None:
        """A 2xx that is in no shape the vendor has: unknown."""
        group = self.open_group(stage).group
        for body in (b"", b"{}", b"[]", b"null", b'{"status": "ok"}', b"<html>Welcome</html>", b'{"id": '):
            stage.wire.strike(Response(200, body))
            with pytest.raises(OutcomeUnknown):
                stage.client.send(group, TEXT)

    # What is done with a loss

    def _lose(self, stage: Stage, group: Group, *, done: bool) -> Attempt:
        stage.wire.strike(LOST, done=done)
        with pytest.raises(OutcomeUnknown) as lost:
            stage.client.send(group, TEXT)
        attempt = lost.value.attempt
        assert attempt is not None
        return attempt

    def _settle(self, stage: Stage, attempt: Attempt, *, done: bool) -> None:
        sighting = stage.connect().find_sent(attempt)
        wrong = Absent if done else Found
        what = "went out" if done else "did not go out"
        assert not isinstance(sighting, wrong), f"{wrong.__name__} of a message that {what}"
        if isinstance(sighting, Found):
            assert sighting.receipt.token == attempt.token
