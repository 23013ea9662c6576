"""Lost answers: what was done and what was not is told apart, or said to be unknown; nobody is texted twice."""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Callable

from ...capabilities import Creation, Lookup
from ...errors import GroupMessengerError, NotReached, Outcome, OutcomeUnknown
from ...flags import Feature, Operation
from ...flow import Request, Response
from ...groups import Group
from ...messages import Absent, Attempt, CannotTell, Found
from .base import NAME, OTHER, TEXT, Part
from .stage import Stage
from .wire import LOST, NEVER_LEFT, TRIES, changes


def _asks(request: Request) -> bool:
    return request.authorized  # a search may be a POST


class Losing(Part):
    """What is true after an answer that never came."""

    def test_what_never_left_is_not_sent(self, stage: Stage) -> None:
        """No connection: NotReached, after all tries, and the same message can be sent again."""
        group = stage.client.create_group(stage.people(self.size(stage)))
        stage.wire.strike(NEVER_LEFT, times=TRIES)
        try:
            stage.client.send(group, TEXT)
        except NotReached:
            pass
        except GroupMessengerError as error:
            raise AssertionError(f"what never left came out as {type(error).__name__}: let NotReached pass") from error
        else:
            raise AssertionError("what never left gave a receipt: let NotReached pass")
        stage.client.send(group, TEXT)
        stage.clock.advance(60)
        self.check_shown(stage, [str(each) for each in group.addresses], TEXT)

    def test_a_lost_answer_is_unknown(self, stage: Stage, done: bool) -> None:
        """Whether the vendor did it or not, nobody is texted twice, and no error says "not sent"."""
        group = self.open_group(stage).group
        attempt = lose(stage, group, done=done)
        stage.clock.advance(60)
        self.check_shown(stage, [str(each) for each in group.addresses], TEXT, times=int(done))
        assert attempt.group == group, "the attempt is of another group than was sent to"

    def test_a_lost_private_text_is_unknown(self, stage: Stage, done: bool) -> None:
        """The same to one person."""
        if not self.can(stage, Operation.SEND_DIRECT):
            return
        (person,) = stage.people(1)
        _in_doubt(stage, lambda: stage.client.send_direct(person, TEXT), done=done)
        stage.clock.advance(60)
        self.check_shown(stage, [person], TEXT, times=int(done))

    def test_the_first_message_of_a_group_is_lost(self, stage: Stage, done: bool) -> None:
        """Where it opens the group: unknown, never a second thread by itself."""
        people = stage.people(self.size(stage))
        group = stage.client.create_group(people)
        attempt = _in_doubt(stage, lambda: stage.client.send(group, TEXT), done=done)
        stage.clock.advance(60)
        self.check_shown(stage, people, TEXT, times=int(done))
        stage.clock.advance(3600)
        self._settle(stage, attempt, done=done)

    def test_looking_tells_the_truth_or_nothing(self, stage: Stage, done: bool) -> None:
        """After a lost answer `find_sent` finds what went out, says Absent of what did not, or cannot tell."""
        group = self.open_group(stage).group
        attempt = lose(stage, group, done=done)
        stage.clock.advance(3600)
        self._settle(stage, attempt, done=done)

    def test_looking_too_early_never_says_absent(self, stage: Stage) -> None:
        """Until its time to leave is over, a message may still be under way."""
        group = self.open_group(stage).group
        attempt = lose(stage, group, done=False)
        sighting = stage.client.find_sent(attempt)
        assert isinstance(sighting, CannotTell), f"{type(sighting).__name__} of a message that may still arrive"

    def test_another_message_is_never_taken_for_the_lost_one(self, stage: Stage) -> None:
        """The same text to others, another text to the same, and the same to the same before: none of them is it."""
        group = self.open_group(stage).group
        others = self.open_group(stage).group
        earlier = stage.client.send(group, TEXT)
        stage.clock.advance(3600)
        attempt = lose(stage, group, done=False)
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
        first, second = (lose(stage, group, done=True) for _ in range(2))
        stage.clock.advance(3600)
        sighting = stage.run(stage.messenger.find_sent(first, ()))
        if isinstance(sighting, Found) and stage.client.capabilities.lookup is Lookup.CONTENT:
            known = sighting.receipt.id
            again = stage.run(stage.messenger.find_sent(first, [known]))
            assert not isinstance(again, Found) or again.receipt.id != known, (
                "find_sent gives a message that is in `known`: it is another attempt's"
            )
        found = [stage.client.find_sent(each) for each in (first, second)]
        ids = [each.receipt.id for each in found if isinstance(each, Found)]
        assert len({*ids}) == len(ids), "one message was found for two attempts"

    def test_a_question_that_failed_says_nothing(self, stage: Stage) -> None:
        """Where looking is answered by an error, or by what is no list: neither there nor absent."""
        group = self.open_group(stage).group
        attempt = lose(stage, group, done=True)
        stage.clock.advance(3600)
        page = b"<html>Bad gateway</html>"
        for status, body in ((200, b'{"ok": true}'), (200, page), (404, page), (500, b""), (502, page), (503, b"{}")):
            for _ in range(9):
                stage.wire.strike(Response(status, body), of=_asks)
            try:
                sighting = stage.run(stage.messenger.find_sent(attempt, ()))
            except GroupMessengerError:
                continue  # the core knows that it is of the question
            finally:
                stage.wire.clear()
            assert isinstance(sighting, CannotTell), (
                f"looking was answered by HTTP {status} and no list, and find_sent gives {type(sighting).__name__}: "
                "CannotTell, or let the error pass"
            )

    def test_a_lost_message_is_found_by_a_process_that_knows_nothing_else(self, stage: Stage) -> None:
        """`Attempt.load(attempt.dump())` is enough to look."""
        group = self.open_group(stage).group
        attempt = lose(stage, group, done=True)
        stage.clock.advance(3600)
        kind = type(stage.client.find_sent(attempt))
        other = type(stage.connect().find_sent(Attempt.load(attempt.dump())))
        assert kind is other, (
            f"{kind.__name__} where it was sent, and {other.__name__} in another process: an adapter may keep no state"
        )

    def test_a_group_whose_making_is_lost_is_never_made_twice(self, stage: Stage) -> None:
        """Where a call makes groups: found again, or unknown."""
        if stage.client.capabilities.creation is not Creation.EXPLICIT:
            return
        for name in (NAME, None) if self.can(stage, Feature.GROUP_NAME) else (None,):
            stage.client.create_group(stage.people(self.size(stage)), name)
            for place in range(sum(changes(each.request) for each in stage.wire.sent)):
                self._lose_making(Stage(self.messenger, self.face, self.settings, self.doubts), name, place)

    def _lose_making(self, stage: Stage, name: str | None, place: int) -> None:
        """Make a group, and lose the answer to one of the requests that it takes."""
        left = itertools.count()
        stage.wire.strike(LOST, done=True, of=lambda request: changes(request) and next(left) == place)
        with contextlib.suppress(OutcomeUnknown):
            try:
                stage.client.create_group(stage.people(self.size(stage)), name)
            except GroupMessengerError as error:
                assert error.outcome is not Outcome.NOT_SENT, (
                    "the group may have been made, and the error says that it was not: let OutcomeUnknown pass"
                )
                if error.outcome is not Outcome.UNKNOWN:  # as that of a PartialFailure may be
                    raise
        if self.can(stage, Operation.LIST_GROUPS):
            assert len(list(stage.client.list_groups())) <= 1, (
                "after a lost answer the group was made twice: what makes it is not repeatable"
            )

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
            if self.is_own_success(stage, answer := Response(200, body)):
                continue
            stage.wire.strike(answer, times=TRIES)
            try:
                stage.client.send(group, TEXT)
            except OutcomeUnknown:
                continue
            finally:
                stage.wire.clear()
            raise AssertionError("a success without the id of a message gave a receipt: raise OutcomeUnknown")

    def _settle(self, stage: Stage, attempt: Attempt, *, done: bool) -> None:
        sighting = stage.connect().find_sent(attempt)
        wrong = Absent if done else Found
        what = "went out" if done else "did not go out"
        assert not isinstance(sighting, wrong), f"{wrong.__name__} of a message that {what}"
        if isinstance(sighting, Found):
            assert sighting.receipt.token == attempt.token, "what was found is of another attempt"


def lose(stage: Stage, group: Group, *, done: bool) -> Attempt:
    """Send a text whose answer is lost, after the vendor has `done` it or not."""
    return _in_doubt(stage, lambda: stage.client.send(group, TEXT), done=done)


def _in_doubt(stage: Stage, send: Callable[[], object], *, done: bool) -> Attempt:
    """The attempt of a send that has to be in doubt, since the answers to all its tries are lost."""
    stage.wire.strike(LOST, done=done, times=TRIES)
    try:
        send()
    except OutcomeUnknown as lost:
        assert lost.attempt is not None, "OutcomeUnknown has no attempt: let the one pass that ask() raises"
        return lost.attempt
    except GroupMessengerError as error:
        said = f"came out as {type(error).__name__}, which is {error.outcome}"
        raise AssertionError(f"a lost answer {said}: let OutcomeUnknown pass, and send nothing again") from error
    finally:
        stage.wire.clear()
    raise AssertionError("a lost answer gave a receipt: let OutcomeUnknown pass, and send nothing again")
