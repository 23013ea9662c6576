"""What all parts of the contract share: what an author declares, a stage, and the ways to arrange one."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any, ClassVar, TypeVar

import attrs
import pytest

from ...capabilities import Capabilities, Limit
from ...flags import Condition, Fact, Feature, Flag, Grade, Op, Operation, facts_of
from ...flow import Response
from ...groups import Channel, Group, Topology
from ...messages import GroupReceipt
from ...messenger import GroupMessenger
from ...sandbox.face import Face
from .stage import Stage
from .verdict import Verdict

F = TypeVar("F", bound=Callable[..., Any])

TEXT = "Dinner at seven?"
OTHER = "Bring a coat"
NAME = "Sunday dinner"
PICTURE = "https://pictures.example.com/cake.jpg"


def because(reason: str) -> Callable[[F], F]:
    """Say why a check of the contract is overridden, `@because("Acme has no ...")`: without it that is a failure."""
    if not reason.strip():
        raise TypeError("because() takes the reason, in words")

    def mark(check: F) -> F:
        check.__reason__ = reason  # type: ignore[attr-defined]  # pyright: ignore[reportFunctionMemberAccess]
        return check

    return mark


class Part:
    """A part of the contract. What an author declares are class variables.

    `messenger` and `face` are the two classes; `hosts` the vendor's, where credentials may go; `verdicts` what its
    answers mean; `signs` which of `"body"` and `"url"` its callbacks' proof covers, empty for a shared secret.
    `settings` go before those that the face gives, `doubts` are the face's.
    """

    messenger: ClassVar[type[GroupMessenger]]
    face: ClassVar[type[Face]]
    hosts: ClassVar[Collection[str]]
    verdicts: ClassVar[Sequence[Verdict]]
    signs: ClassVar[Collection[str]] = ()
    settings: ClassVar[Mapping[str, Any]] = MappingProxyType({})
    doubts: ClassVar[Mapping[str, Any]] = MappingProxyType({})

    @pytest.fixture
    def stage(self) -> Stage:
        """The adapter before its stand-in."""
        return Stage(self.messenger, self.face, self.settings, self.doubts)

    # What the flags come to

    @classmethod
    def capabilities(cls) -> Capabilities:
        """What the adapter declares, with these settings."""
        return Stage(cls.messenger, cls.face, cls.settings, cls.doubts).client.capabilities

    def shares(self, stage: Stage) -> bool:
        """Whether everybody is in one thread."""
        return stage.client.capabilities.topology is Topology.SHARED_THREAD

    def can(self, stage: Stage, what: Operation | Feature) -> bool:
        """Whether the adapter does that at all, if perhaps not always."""
        return is_supported(stage.client.capabilities.can(what))

    def hears(self, stage: Stage) -> bool:
        """Whether people's answers are called back: a line that is a name has none."""
        return self.can(stage, Operation.RECEIVE) and stage.client.capabilities.two_way

    def size(self, stage: Stage) -> int:
        """How many others a usual group has here: three, or what the limits allow."""
        limits = [limit for limit in stage.client.capabilities.limits if limit.name == "recipients"]
        return min([3, *(limit.value for limit in limits if limit.value)])

    # What is arranged

    def open_group(self, stage: Stage, people: Sequence[str] | None = None, name: str | None = None) -> GroupReceipt:
        """A group that there is at the vendor, by a first text."""
        group = stage.client.create_group(people or stage.people(self.size(stage)), name)
        receipt = stage.client.send(group, OTHER)
        stage.clock.advance(60)
        stage.heard()
        return attrs.evolve(receipt, group=self.seen(stage, receipt.group))

    def seen(self, stage: Stage, group: Group) -> Group:
        """A group with the channel that carries it, where the adapter reads it."""
        if group.channel is None and stage.client.capabilities.can(Operation.GET_GROUP):
            known = stage.client.get_group(group)
            return attrs.evolve(group, channel=known.channel)
        return group

    def group_where(self, stage: Stage, conditions: Sequence[Condition]) -> Group:
        """A group for which conditions hold. Override it where the stand-in needs to be told what to do."""
        least = max(
            [self.size(stage), *(int(each.value) - 1 for each in conditions if each.fact is Fact.TOTAL_MEMBERS)]
        )
        group = self.open_group(stage, stage.people(least)).group
        facts = facts_of(group)
        lacking = [str(each) for each in conditions if each.holds(facts) is not True]
        assert not lacking, f"no group here where {', '.join(lacking)}: override group_where"
        return group

    def group_where_not(self, stage: Stage, condition: Condition) -> Group:
        """A group for which one condition does not hold, as far as the core knows it."""
        if condition.fact is Fact.CHANNEL:
            group = self.open_group(stage).group
            return attrs.evolve(group, channel=next(each for each in Channel if each != condition.value))
        fewer = int(condition.value) - 2 if condition.op is Op.AT_LEAST else int(condition.value)
        group = self.open_group(stage, stage.people(max(fewer, self.size(stage)))).group
        return attrs.evolve(group, members=(group.members or ())[:fewer])

    # What is looked at

    def check_shown(self, stage: Stage, people: Collection[str], text: str, times: int = 1) -> None:
        """Each of these phones shows the text so often, in one thread of all of them, or each in its own."""
        for person in people:
            shown = stage.texts(person).count(text)
            assert times == shown, f"{_who(person)} shows the text {shown} times, and not {times}"
            if times:
                self._check_threads(stage, person, people, text)

    def _check_threads(self, stage: Stage, person: str, people: Collection[str], text: str) -> None:
        phone, line = stage.network.phones[person], stage.messenger.line
        for thread in phone.threads:
            if any(shown.text == text for shown in phone.messages[thread.id]):
                others = thread.participants - {line, person}
                wanted = {*people} - {person} if self.shares(stage) else set()
                assert wanted == others, (
                    f"{_who(person)} sees it in a thread with {len(others)} others, not {len(wanted)}"
                )

    def is_own_success(self, stage: Stage, response: Response) -> bool:
        """Whether a success is the stand-in's own, as it answered the last text: with no body, it may be."""
        own = [each.response for each in stage.wire.bearing(OTHER) if each.response is not None]
        return 200 <= response.status < 300 and bool(own) and own[-1].content == response.content

    def flag(self, what: Operation | Feature) -> Flag:
        """What the adapter declares of an operation or a feature."""
        return self.capabilities().can(what)


def _who(person: str) -> str:
    return f"the phone …{person[-4:]}"


def limits_of(part: type[Part]) -> Iterator[Limit]:
    """The limits that are checked before a request."""
    return (limit for limit in part.capabilities().limits if limit.per is None)


def is_supported(flag: Flag) -> bool:
    """Whether it works, if perhaps not always."""
    return flag.grade in (Grade.NATIVE, Grade.EMULATED, Grade.PARTIAL)
