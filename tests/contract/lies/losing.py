"""Lies about messages whose answer was lost."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

import attrs
from contract.lie import Patch, lie
from groupmessenger_bandwidth import BandwidthMessenger
from groupmessenger_messagebird import MessageBirdMessenger, membership
from groupmessenger_messagebird import lookup as messagebird_lookup
from groupmessenger_messagebird.paging import page
from groupmessenger_sendblue import SendblueMessenger
from groupmessenger_sendblue import lookup as sendblue_lookup

from groupmessenger.provider import (
    PARTIAL,
    Absent,
    Attempt,
    CannotTell,
    Found,
    Group,
    GroupReceipt,
    Message,
    NotReached,
    OutcomeUnknown,
    Proof,
    ProviderUnavailable,
    Rejected,
    Request,
    Sighting,
    Status,
    UnexpectedAnswer,
    ask,
    graded,
)


@lie("sendblue", test_a_lost_answer_is_unknown="came out as ProviderUnavailable")
class ADoubtIsADenial(SendblueMessenger):
    """A lost answer is told as "the provider is not available", after which everybody sends again."""

    async def send(self, group: Group, message: Message, token: str) -> GroupReceipt:
        """Send, and deny."""
        try:
            return await super().send(group, message, token)
        except OutcomeUnknown as lost:
            raise ProviderUnavailable("not available") from lost


@lie("bandwidth", test_a_lost_answer_is_unknown="shows the text 2 times")
class ABlindRetry(BandwidthMessenger):
    """A message whose answer was lost is sent again."""

    async def send(self, group: Group, message: Message, token: str) -> GroupReceipt:
        """Send, if need be twice."""
        try:
            return await super().send(group, message, token)
        except OutcomeUnknown:
            await super().send(group, message, token)
            raise


@lie("messagebird", test_a_lost_private_text_is_unknown="shows the text 2 times")
class ABlindRetryToOne(MessageBirdMessenger):
    """The same of a private text."""

    async def send_direct(self, to: Any, message: Message, token: str) -> Any:
        """Send, if need be twice."""
        try:
            return await super().send_direct(to, message, token)
        except OutcomeUnknown:
            await super().send_direct(to, message, token)
            raise


@lie("bandwidth", test_what_never_left_is_not_sent="came out as OutcomeUnknown")
class ADenialIsADoubt(BandwidthMessenger):
    """What never left is told as unknown, so that nobody dares to send it again."""

    async def send(self, group: Group, message: Message, token: str) -> GroupReceipt:
        """Send, and doubt."""
        try:
            return await super().send(group, message, token)
        except NotReached as error:
            raise OutcomeUnknown("perhaps") from error


@lie("messagebird", test_looking_tells_the_truth_or_nothing="Absent of a message that went out")
class NothingIsEverThere(MessageBirdMessenger):
    """What is not found at once is absent."""

    @graded(PARTIAL("texts"))
    async def find_sent(self, attempt: Attempt, known: Collection[str]) -> Sighting:
        """Absent."""
        return Absent()


@lie("sendblue", test_looking_tells_the_truth_or_nothing="Found of a message that did not go out")
@attrs.frozen
class EverythingIsThere(SendblueMessenger):
    """Whatever is looked for is found."""

    @graded(PARTIAL("by its text"))
    async def find_sent(self, attempt: Attempt, known: Collection[str]) -> Sighting:
        """Found."""
        assert attempt.group is not None
        return Found(GroupReceipt(id="1", status=Status.SENT, group=attempt.group), Proof.CONTENT)


@lie("messagebird", test_another_message_is_never_taken_for_the_lost_one="another message was taken")
def the_first_that_is_listed(patch: Patch) -> None:
    """The newest message is taken for the lost one, and nothing of it compared."""

    async def first(attempt: Attempt) -> Sighting:
        rows = (await page("/messages")).items
        return messagebird_lookup._sighted(attempt, rows[0]) if rows else Absent()

    patch.setattr(messagebird_lookup, "_by_token", first)


@lie("sendblue", test_another_message_is_never_taken_for_the_lost_one="another message was taken")
def texts_are_not_compared(patch: Patch) -> None:
    """Any message to the same people is taken for the lost one."""
    patch.setattr(sendblue_lookup, "_text", lambda value: "")


@lie("sendblue", test_another_message_is_never_taken_for_the_lost_one="another message was taken")
def people_are_not_compared(patch: Patch) -> None:
    """Any message of the same text is taken for the lost one, whoever got it."""

    def ask_for_all(request: Request) -> Request:
        params = {name: value for name, value in request.params.items() if name != "group_id"}
        return attrs.evolve(request, params=params)

    patch.setattr(sendblue_lookup, "ask", ask_for_all)
    patch.setattr(sendblue_lookup, "_belongs", lambda messenger, attempt, each: True)


@lie("sendblue", test_one_text_sent_twice_is_found_once_each="in `known`")
class WhatIsKnownIsFoundAgain(SendblueMessenger):
    """`known` is not looked at."""

    @graded(PARTIAL("by its text"))
    async def find_sent(self, attempt: Attempt, known: Collection[str]) -> Sighting:
        """Look among all."""
        return await sendblue_lookup.find(self, attempt, ())


@lie("sendblue", test_a_question_that_failed_says_nothing="gives Absent")
def a_list_that_is_none_is_empty(patch: Patch) -> None:
    """An answer that is no list is read as an empty one: nothing was sent, and it may be sent again."""

    async def lenient(request: Request) -> Any:
        answer = await ask(request)
        if "data" in answer.fields:
            return answer
        return attrs.evolve(answer, content=b'{"data": [], "pagination": {"hasMore": false}}')

    patch.setattr(sendblue_lookup, "ask", lenient)


@lie("messagebird", test_a_question_that_failed_says_nothing="gives Absent")
def a_failed_question_is_absence(patch: Patch) -> None:
    """An error of the question is read as "it is not there"."""

    async def find(messenger: MessageBirdMessenger, attempt: Attempt) -> Sighting:
        try:
            return await messagebird_lookup._by_token(attempt)
        except (Rejected, UnexpectedAnswer):
            return Absent()

    patch.setattr(messagebird_lookup, "find", find)


@lie("messagebird", test_a_group_whose_making_is_lost_is_never_made_twice="made twice")
def a_group_is_made_again(patch: Patch) -> None:
    """Making a group is marked repeatable, so that a lost answer makes another one."""

    async def make(name: str, *, made_up: bool = False) -> Mapping[str, Any]:
        return (await ask(Request("POST", "/groups", json={"name": name}, repeatable=True))).fields

    patch.setattr(membership, "_make", make)


@lie("messagebird", test_a_lost_change_never_says_that_nothing_was_done="its error says that it was not")
class ALostChangeIsARefusal(MessageBirdMessenger):
    """A deletion whose answer was lost is told as refused."""

    async def delete_group(self, group: Group) -> None:
        """Delete, and deny."""
        try:
            await ask(Request("DELETE", membership.path(group), answer="anything"))
        except OutcomeUnknown as lost:
            raise Rejected("it could not be deleted") from lost


@lie("sendblue", test_the_first_message_of_a_group_is_lost="shows the text 2 times")
class ASecondThread(SendblueMessenger):
    """A first message whose answer was lost is sent again, which opens another thread."""

    async def send(self, group: Group, message: Message, token: str) -> GroupReceipt:
        """Send, if need be twice."""
        try:
            return await super().send(group, message, token)
        except OutcomeUnknown:
            if group.is_member_set:
                await super().send(group, message, token)
            raise


@lie("messagebird", test_a_lost_message_is_found_by_a_process_that_knows_nothing_else="in another process")
@attrs.frozen
class AMemoryOfOneProcess(MessageBirdMessenger):
    """What was sent is remembered in the adapter, and looked for nowhere else."""

    _tokens: set[str] = attrs.field(factory=set, init=False, repr=False, eq=False)

    async def send(self, group: Group, message: Message, token: str) -> GroupReceipt:
        """Send, and remember."""
        self._tokens.add(token)
        return await super().send(group, message, token)

    @graded(PARTIAL("texts"))
    async def find_sent(self, attempt: Attempt, known: Collection[str]) -> Sighting:
        """Look for what is remembered."""
        if attempt.token not in self._tokens:
            return CannotTell("it was not sent here")
        return await super().find_sent(attempt, known)
