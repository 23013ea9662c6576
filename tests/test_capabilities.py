"""Capabilities: flags from the code, conditions, limits."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import attrs
import pytest
from acme import ALICE, BOB, CAPABILITIES, LINE, AcmeMessenger
from hypothesis import given
from hypothesis import strategies as st

from groupmessenger.capabilities import Bound, Capabilities, Confidence, Limit, LimitName, Unit
from groupmessenger.errors import ConfigurationError
from groupmessenger.flags import (
    DROPPED,
    EMULATED,
    NATIVE,
    PARTIAL,
    UNSUPPORTED,
    Condition,
    Fact,
    Feature,
    Flag,
    Grade,
    Op,
    Operation,
    facts_of,
)
from groupmessenger.groups import Channel, Group
from groupmessenger.messages import Message, Receipt
from groupmessenger.messenger import GroupMessenger, graded
from groupmessenger.phone import Address, Member

IS_RCS = Condition(Fact.CHANNEL, Op.IS, Channel.RCS)
THREE = Condition(Fact.TOTAL_MEMBERS, Op.AT_LEAST, 3)
GRADES = [NATIVE, EMULATED("by hand"), PARTIAL("sometimes", IS_RCS), DROPPED("left out"), UNSUPPORTED]


def limit(name: LimitName = LimitName.RECIPIENTS, value: int | None = 5, **options: Any) -> Limit:
    return Limit(name=name, value=value, unit=Unit.PEOPLE, source="papers", confidence=Confidence.HIGH, **options)


def test_a_flag_is_true_for_what_holds_without_an_if() -> None:
    """NATIVE and EMULATED alone."""
    assert [True, True, False, False, False] == list(map(bool, GRADES))
    assert ["native", "emulated", "partial", "dropped", "unsupported"] == [flag.grade for flag in GRADES]


def test_why_an_operation_is_not_there_can_be_said() -> None:
    """With what to do instead; the operation itself cannot be claimed."""
    why = Flag(Grade.UNSUPPORTED, "give a URL that everybody can reach")

    class Without(GroupMessenger):
        capabilities = attrs.evolve(CAPABILITIES, flags={"upload": why, "delete_group": NATIVE})

    flags = Without.capabilities.flags
    assert (why, UNSUPPORTED) == (flags["upload"], flags["delete_group"])


def test_flags_of_operations_come_from_the_code() -> None:
    """Not overridden is unsupported, overridden is native, graded is what it is graded."""
    flags = AcmeMessenger.capabilities.flags
    assert UNSUPPORTED == flags["leave_group"]
    assert NATIVE == flags["send"] == flags["find_sent"]
    assert Grade.PARTIAL is flags["remove_members"].grade
    assert {*Operation, *Feature} == set(flags)
    assert UNSUPPORTED == flags[Feature.REPLY_TO], "a feature nobody declared is none"


def test_a_flag_cannot_be_claimed_for_what_is_not_there() -> None:
    """What an author writes into `flags` for an operation does not count."""

    class Boasting(GroupMessenger):
        name = "boast"
        title = "Boast"
        capabilities = attrs.evolve(CAPABILITIES, flags={"send": NATIVE, "leave_group": NATIVE})

    assert (UNSUPPORTED, UNSUPPORTED) == (Boasting.capabilities.can("send"), Boasting.capabilities.can("leave_group"))
    assert not hasattr(GroupMessenger, "capabilities")


def test_a_subclass_has_flags_of_its_own() -> None:
    """Also where it takes its capabilities from the class above."""

    class Silent(AcmeMessenger):
        @graded(EMULATED("one by one"))
        async def send_direct(self, to: Address, message: Message, token: str) -> Receipt:
            raise AssertionError

        async def remove_members(self, group: Group, members: Sequence[Member]) -> Group:
            raise AssertionError

    assert (Grade.EMULATED, NATIVE) == (
        Silent.capabilities.can("send_direct").grade,
        Silent.capabilities.can("remove_members"),
    )
    assert NATIVE == AcmeMessenger.capabilities.can("send_direct")


def test_an_interface_in_between_may_leave_capabilities_out() -> None:
    class Family(GroupMessenger):
        """Without a vendor of its own."""

    assert not hasattr(Family, "capabilities")


@pytest.mark.parametrize(
    ("condition", "facts", "holds"),
    [
        (IS_RCS, {}, None),
        (IS_RCS, {Fact.CHANNEL: Channel.RCS}, True),
        (IS_RCS, {Fact.CHANNEL: Channel.SMS}, False),
        (THREE, {Fact.TOTAL_MEMBERS: 2}, False),
        (THREE, {Fact.TOTAL_MEMBERS: 3}, True),
        (THREE, {Fact.CHANNEL: Channel.RCS}, None),
    ],
)
def test_a_condition_holds_or_not_or_is_not_known(condition: Condition, facts: Any, holds: bool | None) -> None:
    assert holds is condition.holds(facts)


def test_conditions_read_well() -> None:
    assert ["group.channel is RCS", "group.total_members at least 3"] == [str(IS_RCS), str(THREE)]


@given(st.sampled_from([None, Channel.RCS, Channel.SMS]), st.sampled_from([None, 1, 2, 3]))
def test_a_partial_flag_is_settled_by_what_is_known(channel: Channel | None, others: int | None) -> None:
    """All conditions hold: native. One does not: unsupported, with the note. Else it stays."""
    flag = PARTIAL("RCS groups of three", IS_RCS, THREE)
    members = None if others is None else tuple(Member(f"+1312555010{n}") for n in range(others))
    group = Group("acme", LINE, "g1", members, channel=channel)
    settled = flag.resolve(facts_of(group))
    if channel is Channel.SMS or others == 1:
        assert Flag(Grade.UNSUPPORTED, "RCS groups of three") == settled
    elif channel is None or others is None:
        assert flag == settled
    else:
        assert NATIVE == settled


@pytest.mark.parametrize("flag", [NATIVE, EMULATED("x"), DROPPED("x"), UNSUPPORTED, PARTIAL("who knows")])
def test_any_other_flag_stays(flag: Flag) -> None:
    """A partial one with nothing to check as well."""
    assert flag is flag.resolve({Fact.CHANNEL: Channel.SMS, Fact.TOTAL_MEMBERS: 1})


def test_can_asks_by_name_and_for_a_group() -> None:
    capabilities = AcmeMessenger.capabilities
    small = Group("acme", LINE, "g1", (Member(ALICE),))
    large = Group("acme", LINE, "g1", (Member(ALICE), Member(BOB)))
    assert Grade.PARTIAL is capabilities.can("remove_members").grade
    assert Grade.UNSUPPORTED is capabilities.can(Operation.REMOVE_MEMBERS, small).grade
    assert NATIVE == capabilities.can("remove_members", large)
    assert Grade.PARTIAL is capabilities.can("remove_members", Group("acme", LINE, "g1")).grade
    with pytest.raises(KeyError):
        capabilities.can("fly")


def test_capabilities_of_a_group() -> None:
    """Flags settled, and the limits that hold for what carries it."""
    sms = CAPABILITIES.of(Group("acme", LINE, "g1", channel=Channel.SMS))
    rcs = CAPABILITIES.of(Group("acme", LINE, "g1", channel=Channel.RCS))
    unknown = CAPABILITIES.of(Group("acme", LINE, "g1"))
    assert [300, 1000, 1000, 1000] == [
        _value(each, LimitName.MEDIA_BYTES) for each in (sms, rcs, unknown, CAPABILITIES)
    ]
    assert (Grade.UNSUPPORTED, NATIVE, Grade.PARTIAL) == (
        sms.can("effect").grade,
        rcs.can("effect"),
        unknown.can("effect").grade,
    )
    assert (7, 6) == (len(sms.limits), len(rcs.limits))


def _value(capabilities: Capabilities, name: LimitName) -> int | None:
    found = capabilities.limit(name)
    return None if found is None else found.value


def test_the_limit_that_binds_first_counts() -> None:
    """The least of several at most, the most of several at least; one that nobody knows binds last."""
    capabilities = attrs.evolve(
        CAPABILITIES,
        limits=(
            limit(value=None),
            limit(value=9),
            limit(value=7),
            limit(value=1, channel=Channel.SMS),
            limit(LimitName.MIN_RECIPIENTS, 2, bound=Bound.MIN),
            limit(LimitName.MIN_RECIPIENTS, 3, bound=Bound.MIN),
            limit(LimitName.TEXT, None),
        ),
    )
    assert (7, 3, None, None) == (
        _value(capabilities, LimitName.RECIPIENTS),
        _value(capabilities, LimitName.MIN_RECIPIENTS),
        _value(capabilities, LimitName.TEXT),
        _value(capabilities, LimitName.PACE),
    )
    assert capabilities.limit(LimitName.TEXT) is not None, "known to be unknown"


@given(st.integers(0, 50), st.none() | st.integers(0, 40), st.integers(0, 40), st.sampled_from(Bound))
def test_a_limit_passes_doubts_or_breaks(asked: int, value: int | None, certain: int, bound: Bound) -> None:
    """Up to `certain` silently, up to `value` with a doubt, beyond it not; where nobody knows, everything passes."""
    sure = None if value is None else min(certain, value) if bound is Bound.MAX else max(certain, value)
    held = limit(value=value, certain=sure, bound=bound)
    if value is None or sure is None:
        assert (False, False) == (held.breaks(asked), held.doubtful(asked))
        return
    sign = 1 if bound is Bound.MAX else -1
    assert (sign * asked > sign * value) == held.breaks(asked)
    assert (sign * value >= sign * asked > sign * sure) == held.doubtful(asked)


def test_what_is_probable_is_certain_unless_said() -> None:
    assert (5, None) == (limit(value=5).certain, limit(value=None).certain)


def test_a_connection_s_limits_override() -> None:
    """Each of that name, as certain as it can be; what is not named stays."""
    own = CAPABILITIES.with_limits({"recipients": 3, "media_bytes": 7})
    assert (3, 3, "this connection's limits", Confidence.HIGH) == attrs.astuple(
        own.limits[0], filter=attrs.filters.include("value", "certain", "source", "confidence")
    )
    assert {7} == {each.value for each in own.limits if each.name is LimitName.MEDIA_BYTES}
    assert CAPABILITIES.limits[2] == own.limits[2]
    assert CAPABILITIES == CAPABILITIES.with_limits({})


def test_limits_that_cannot_be_are_all_named() -> None:
    with pytest.raises(ConfigurationError) as caught:
        CAPABILITIES.with_limits({"people": 3, "text": 5, "pictures": 1, "media": -1, "recipients": "9"})  # type: ignore[dict-item]
    assert ["limits.people", "limits.pictures", "limits.media", "limits.recipients"] == [
        problem.key for problem in caught.value.problems
    ]
    assert "recipients" in caught.value.problems[0].cure


def test_a_hard_limit_can_only_be_stricter() -> None:
    """A connection may lower a most and raise a least; past that it is told, if no other limit has the name."""
    hard = Limit(name=LimitName.RECIPIENTS, value=5, hard=True, unit=Unit.PEOPLE, source="s", confidence=Confidence.LOW)
    least = attrs.evolve(hard, name=LimitName.MIN_RECIPIENTS, value=2, certain=2, bound=Bound.MIN)
    soft = attrs.evolve(hard, value=None, certain=4, hard=False)
    alone = attrs.evolve(CAPABILITIES, limits=(hard, least))
    assert [3, 3] == [limit.value for limit in alone.with_limits({"recipients": 3, "min_recipients": 3}).limits]
    with pytest.raises(ConfigurationError) as caught:
        alone.with_limits({"recipients": 6, "min_recipients": 1})
    assert [
        "limits.recipients: past what the provider itself allows, at most 5 (a connection can only be stricter)",
        "limits.min_recipients: past what the provider itself allows, at least 2 (a connection can only be stricter)",
    ] == list(map(str, caught.value.problems))
    beside = attrs.evolve(CAPABILITIES, limits=(hard, soft)).with_limits({"recipients": 6})
    assert [5, 6] == [limit.value for limit in beside.limits]
