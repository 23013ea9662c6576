"""Sends: one request that may not be repeated, our token on the wire, one thread, both clients alike."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import pytest

from ...errors import GroupMessengerError
from ...flags import Feature, Operation
from ...groups import Group
from ...messages import Message
from .base import OTHER, PICTURE, TEXT, Part
from .stage import Stage


class Sending(Part):
    """What every send keeps to."""

    def test_a_send_has_one_request_that_may_not_be_repeated(self, stage: Stage) -> None:
        """At most: to a new group, to one that is there, to one person."""
        group = stage.client.create_group(stage.people(self.size(stage)))
        for _ in range(2):
            before = len(stage.wire.changed)
            group = stage.client.send(group, TEXT).group
            assert len(stage.wire.changed) - before <= 1, "a send made several requests that may not be repeated"
        if self.can(stage, Operation.SEND_DIRECT):
            before = len(stage.wire.changed)
            stage.client.send_direct(stage.people(1)[0], TEXT)
            assert len(stage.wire.changed) - before <= 1, (
                "a private text made several requests that may not be repeated"
            )

    def test_the_message_is_in_a_request_that_may_not_be_repeated(self, stage: Stage) -> None:
        """Whoever promises that a message can be sent twice has it sent twice."""
        group = stage.client.create_group(stage.people(self.size(stage)))
        asked = len(stage.wire.sent)
        stage.client.send(group, TEXT)
        bearing = [each for each in stage.wire.bearing(TEXT) if each in stage.wire.sent[asked:]]
        assert bearing, (
            "no request has the text, or a GET has: what is a question is repeated, and would text people again"
        )
        assert not [each for each in bearing if each.request.repeatable], "the message's request is marked repeatable"

    def test_our_token_is_on_the_wire(self, stage: Stage) -> None:
        """The token of the attempt goes with the message, so that it can come back."""
        group = stage.client.create_group(stage.people(self.size(stage)))
        receipt = stage.client.send(group, TEXT)
        told = "\n".join(each.whole for each in stage.wire.changing)
        assert receipt.token in told, "our token is in no request"
        if not self.can(stage, Operation.SEND_DIRECT):
            return
        direct = stage.client.send_direct(stage.people(1)[0], TEXT)
        assert direct.token in stage.wire.changing[-1].whole, "our token is not with a private text"

    def test_a_receipt_has_the_id_of_its_own_message(self, stage: Stage) -> None:
        """Two messages have two ids, the vendor's or our tokens; where it gives none, the receipt says so."""
        first = self.open_group(stage)
        second = stage.client.send(first.group, TEXT)
        if not first.id and not second.id and all("id" in [e.feature for e in r.degradations] for r in (first, second)):
            return
        assert "" not in (first.id, second.id), (
            'a receipt has no id: where the vendor gives none, say so with Degradation("id", ...)'
        )
        assert first.id != second.id, "two messages have one id: it is the group's, or the line's"
        answer = stage.wire.changing[-1].response
        assert answer is not None
        told = "\n".join([answer.content.decode(), *answer.headers.values(), second.token])
        assert second.id in told, "the id is none that the vendor gave"

    def test_two_sends_with_one_pending_group_reach_one_thread(self, stage: Stage) -> None:
        """Whoever keeps the first Group they got sends to the same people, in the same thread."""
        people = stage.people(self.size(stage))
        group = stage.client.create_group(people)
        stage.client.send(group, TEXT)
        stage.client.send(group, OTHER)
        stage.clock.advance(60)
        self._check_one_thread(stage, people)

    def test_two_sends_at_a_time_reach_one_thread(self, stage: Stage) -> None:
        """The same from two threads at a time."""
        people = stage.people(self.size(stage))
        group = stage.client.create_group(people)
        with ThreadPoolExecutor(2) as pool:
            list(pool.map(lambda text: stage.client.send(group, text), (TEXT, OTHER)))
        stage.clock.advance(60)
        self._check_one_thread(stage, people)

    def test_another_process_goes_on_with_a_stored_group(self, stage: Stage) -> None:
        """`Group.load(group.dump())`, and a client that knows nothing else."""
        people = stage.people(self.size(stage))
        receipt = stage.client.send(stage.client.create_group(people), TEXT)
        try:
            stage.connect().send(Group.load(receipt.group.dump()), OTHER)
        except GroupMessengerError as error:
            raise AssertionError(
                f"another process cannot send to a stored group ({type(error).__name__}): an adapter may keep no state"
            ) from error
        stage.clock.advance(60)
        self._check_one_thread(stage, people)

    def test_planning_asks_nobody(self, stage: Stage) -> None:
        """Capabilities, plans, and what is resolved for one group need no request."""
        group = self.open_group(stage).group
        asked = len(stage.wire.sent)
        stage.client.plan(group, TEXT).check()
        stage.client.plan_direct(stage.people(1)[0], TEXT)
        stage.client.capabilities_of(group)
        assert asked == len(stage.wire.sent), "planning made a request"

    def test_a_flow_waits_for_nobody(self, stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
        """An adapter blocks nothing, and has no connections of its own: time and network are the driver's."""
        seen: list[str] = []

        def caught(name: str) -> Callable[..., None]:
            def catch(*arguments: object, **named: object) -> None:
                seen.append(name)
                raise OSError("not in a flow")

            return catch

        for owner, name in ((time, "sleep"), (socket.socket, "connect"), (socket, "getaddrinfo")):
            monkeypatch.setattr(owner, name, caught(name))
        with suppress(GroupMessengerError):
            stage.client.check()
            receipt = self.open_group(stage)
            if self.can(stage, Operation.GET_STATUS):
                stage.run(stage.messenger.get_status(receipt.id))
            if self.can(stage, Operation.SEND_DIRECT):
                stage.client.send_direct(stage.people(1)[0], TEXT)
        assert not seen, f"an adapter calls {seen[0]}() by itself: a flow may await ask(), now() and other flows alone"

    def test_nothing_of_extras_goes_over_the_message(self, stage: Stage) -> None:
        """What an adapter itself puts into a request is `reserved`."""
        group = stage.client.create_group(stage.people(self.size(stage)))
        group = stage.client.send(group, TEXT).group
        stage.client.send(group, TEXT)
        if self.can(stage, Feature.MEDIA):
            stage.client.send(group, Message(TEXT, PICTURE))
        if self.can(stage, Operation.SEND_DIRECT):
            stage.client.send_direct(stage.people(1)[0], TEXT)
        names = {name for each in stage.wire.bearing(TEXT) for name in each.names}
        open_to = ", ".join(sorted(names - self.messenger.reserved))
        assert not open_to, f"not reserved: {open_to}; extras could go over what the message says"

    def _check_one_thread(self, stage: Stage, people: Sequence[str]) -> None:
        self.check_shown(stage, people, TEXT)
        self.check_shown(stage, people, OTHER)
        for person in people:
            threads = stage.network.phones[person].threads
            assert len(threads) == 1, f"two sends to one group are in {len(threads)} threads"
