"""Groups: their identity, their key, and how they are stored."""

from __future__ import annotations

import json
from typing import Any

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from groupmessenger.errors import InvalidInput
from groupmessenger.groups import Channel, Group, Topology, member_set_id
from groupmessenger.phone import Handle, Member, OpaqueAddress, PhoneNumber

LINE = "+13125550100"
E164 = st.from_regex(r"\+[1-9][0-9]{6,14}", fullmatch=True)
ADDRESSES = st.one_of(
    E164.map(PhoneNumber),
    st.from_regex(r"[^@\s]{1,9}@[a-z]{1,9}\.org", fullmatch=True).map(Handle),
    st.text().map(OpaqueAddress),
    st.just(Handle("opaque:x@y.org")),
)
MEMBERS = st.builds(Member, ADDRESSES, st.none() | st.text())
GROUPS = st.builds(
    Group,
    st.text(min_size=1),
    st.text(),
    st.text(min_size=1),
    st.none() | st.lists(MEMBERS).map(tuple),
    st.none() | st.text(),
    st.booleans(),
    st.none() | st.sampled_from(Topology),
    st.none() | st.sampled_from(Channel),
    st.booleans(),
)

UNHURRIED = settings(deadline=None)  # a first call may import what it needs


def test_a_group_is_its_provider_line_and_id() -> None:
    """Equal and hashed by these; everything else may differ."""
    one = Group("acme", LINE, "g1", (Member("+13125550101"),), "Dinner", True, Topology.BROADCAST, Channel.SMS, True)
    assert {Group("acme", LINE, "g1")} == {one}
    for other in (Group("other", LINE, "g1"), Group("acme", "+13125550199", "g1"), Group("acme", LINE, "g2")):
        assert other != one


@pytest.mark.parametrize("group_id", ["", ".", ".."])
def test_a_group_has_an_id(group_id: str) -> None:
    """And none that in the path of an address is another place."""
    with pytest.raises(InvalidInput, match="a group's id is not"):
        Group("acme", LINE, group_id)


def test_a_group_of_members_is_named_by_a_digest() -> None:
    people = (Member("+13125550101"), Member("+13125550102"))
    group = Group.of_members("acme", LINE, people, name="Dinner", pending=True, topology=Topology.SHARED_THREAD)
    assert (people, "Dinner", True, True, True) == (
        group.members,
        group.name,
        group.pending,
        group.name_pending,
        group.is_member_set,
    )
    assert (PhoneNumber("+13125550101"), PhoneNumber("+13125550102")) == group.addresses
    fixed = Group.of_members(
        "acme", LINE, iter(people), pending=False, topology=Topology.SHARED_THREAD, channel=Channel.MMS
    )
    assert (group, False, Channel.MMS) == (fixed, fixed.name_pending, fixed.channel)
    by_id = Group("acme", LINE, "g1")
    assert (False, ()) == (by_id.is_member_set, by_id.addresses)


@UNHURRIED
@given(st.lists(E164.map(Member), min_size=1, unique=True), st.randoms(), E164, E164)
def test_a_set_of_members_has_no_order(members: list[Member], random: Any, line: str, other: str) -> None:
    """The same people on the same line are one set, on another line another; the id carries nobody's number."""
    shuffled = members[:]
    random.shuffle(shuffled)
    found = member_set_id(line, members)
    assert found == member_set_id(line, shuffled)
    assert (found == member_set_id(other, members)) == (line == other)
    assert found != member_set_id(line, members[1:])
    assert not any(str(member)[1:] in found for member in members)


@UNHURRIED
@given(GROUPS, GROUPS)
def test_a_key_is_one_group_s(one: Group, two: Group) -> None:
    """Whatever the ids hold, slashes and percent signs included."""
    assert (one == two) == (one.key == two.key)
    assert 3 == len(one.key.split("/"))
    assert one.key.isascii()


def test_a_key_reads_well_and_has_no_member_in_it() -> None:
    group = Group("acme", LINE, "a/b c", (Member("+13125550101"),))
    assert "acme/+13125550100/a%2Fb%20c" == group.key


@UNHURRIED
@given(GROUPS)
def test_what_was_stored_is_read_again(group: Group) -> None:
    """Everything, not only what makes it equal."""
    loaded = Group.load(group.dump())
    assert everything(group) == everything(loaded)
    assert [type(each) for each in group.addresses] == [type(each) for each in loaded.addresses]
    assert "\n" not in group.dump()


def everything(group: Group) -> Any:
    names = [member.name for member in group.members or ()]
    return names, [getattr(group, field.name) for field in attrs.fields(Group)]


@UNHURRIED
@given(
    st.text()
    | st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
        lambda inner: (
            st.lists(inner)
            | st.dictionaries(st.sampled_from([field.name for field in attrs.fields(Group)]) | st.text(), inner)
        ),
    ).map(json.dumps)
)
def test_garbage_is_invalid_input(text: str) -> None:
    """Whatever the text: a group, or InvalidInput that does not repeat it."""
    try:
        group = Group.load(text)
    except InvalidInput:
        return
    assert group == Group.load(group.dump())


@pytest.mark.parametrize(
    "text",
    [
        "",
        "null",
        "[]",
        "{}",
        "[" * 100_000,
        "9" * 5000,
        '{"provider":"acme","line":"x"}',
        '{"provider":"acme","line":"x","id":""}',
        '{"provider":"acme","line":null,"id":"g"}',
        '{"provider":"acme","line":"x","id":7}',
        '{"provider":"acme","line":"x","id":"g","pending":"false"}',
        '{"provider":"acme","line":"x","id":"g","topology":"ring"}',
        '{"provider":"acme","line":"x","id":"g","members":"+13125550101"}',
        '{"provider":"acme","line":"x","id":"g","members":[{"address":"+13125550101secret"}]}',
        '{"provider":"acme","line":"x","id":"g","members":[{"address":null}]}',
        '{"provider":"acme","line":"x","id":"g","members":[{"address":5}]}',
    ],
)
def test_what_dump_did_not_write_is_refused(text: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        Group.load(text)
    assert "secret" not in str(caught.value)


def test_a_repr_masks_line_and_members_and_leaves_the_name_out() -> None:
    text = repr(Group("acme", LINE, "g1", (Member("+13125550101", "Alice"),), "Dinner"))
    assert [] == [private for private in (LINE, "+13125550101", "Alice", "Dinner") if private in text]
