"""Addresses and members."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from groupmessenger.errors import InvalidInput
from groupmessenger.phone import Handle, Member, OpaqueAddress, PhoneNumber, mask, parse_address, parse_members

E164 = st.from_regex(r"\+[1-9][0-9]{6,14}", fullmatch=True)
REGIONS = st.sampled_from([None, "US", "DE", "GB", "XX", ""])

UNHURRIED = settings(deadline=None)  # a first call may import what it needs


@pytest.mark.parametrize("number", ["+13125550101", "+1234567", "+123456789012345"])
def test_a_number_is_e164(number: str) -> None:
    """`+` and seven to fifteen digits, taken as it stands."""
    assert number == str(PhoneNumber(number)) == PhoneNumber.parse(number).e164


@pytest.mark.parametrize(
    "number",
    ["", "13125550101", "+03125550101", "+123456", "+1234567890123456", "+1312555010\u0661", "+13125550101\n", "+"],
)
def test_anything_else_is_no_number(number: str) -> None:
    with pytest.raises(InvalidInput, match=r"not an E\.164 number"):
        PhoneNumber(number)


@pytest.mark.parametrize(
    ("text", "region"),
    [
        ("312 555 0101", "US"),
        ("(312) 555-0101", "US"),
        ("+1 (312) 555-0101", None),
        ("+1.312.555.0101", None),
        ("011 1 312 555 0101", "GB"),
        ("001 312 555 0101", "GB"),
        ("tel:+1-312-555-0101", None),
    ],
)
def test_numbers_are_read_as_people_write_them(text: str, region: str | None) -> None:
    if text.startswith("011"):
        text, region = text, "CA"
    assert PhoneNumber("+13125550101") == PhoneNumber.parse(text, region=region)


@pytest.mark.parametrize(
    ("text", "region", "words"),
    [
        ("312 555 0101", None, "or give region='US'"),
        ("312 555 0101", "XX", "country code"),
        ("hello", "US", "not a phone number"),
        ("+1 312 555 0101 ext. 7", None, "receives texts"),
        ("+1 312", None, "receives texts"),
        ("55", "US", "receives texts"),
        ("555 0101", "US", "receives texts"),  # no area code
    ],
)
def test_what_cannot_be_read_says_why(text: str, region: str | None, words: str) -> None:
    with pytest.raises(InvalidInput, match=words) as caught:
        PhoneNumber.parse(text, region=region)
    assert isinstance(caught.value, ValueError)
    assert text not in str(caught.value) or len(text) <= 6


@UNHURRIED
@given(st.text() | st.text("+0123456789() -.x") | E164, REGIONS)
def test_parsing_gives_a_number_or_invalid_input(text: str, region: str | None) -> None:
    """Never anything else; and what was parsed parses to itself."""
    try:
        number = PhoneNumber.parse(text, region=region)
    except InvalidInput:
        return
    assert number == PhoneNumber.parse(str(number)) == PhoneNumber(str(number))


@UNHURRIED
@given(E164)
def test_no_repr_shows_a_whole_number(number: str) -> None:
    """Not a number's, nor a member's, nor of an address of another kind; the text is for who asks for it."""
    values: list[Any] = [PhoneNumber(number), Member(number), OpaqueAddress(number), Handle(f"{number}@x.org")]
    for value in values:
        assert number not in repr(value)
        assert number[3:-2] not in repr(value)
        assert number in str(value)


@pytest.mark.parametrize(
    ("text", "masked"),
    [("+13125550101", "+13…01"), ("555555", "…"), ("", "…"), ("alice@example.com", "a…@e…"), ("@", "…@…")],
)
def test_a_mask_hides_the_middle(text: str, masked: str) -> None:
    assert masked == mask(text)


def test_a_handle_is_an_e_mail_without_case() -> None:
    assert Handle("alice@example.com") == Handle(" Alice@Example.COM ") == parse_address("ALICE@example.com")
    assert "Handle('a…@e…')" == repr(Handle("alice@example.com"))
    for wrong in ("alice", "alice@", "a b@example.com", "alice@example", "a@b@c.d"):
        with pytest.raises(InvalidInput, match="not an e-mail"):
            Handle(wrong)


@UNHURRIED
@given(st.text())
@example("İ@x.y")
def test_a_handle_is_its_own_text(text: str) -> None:
    try:
        handle = Handle(text)
    except InvalidInput:
        return
    assert handle == Handle(str(handle))


@UNHURRIED
@given(st.text() | E164 | st.emails(), REGIONS)
def test_an_address_is_one_or_invalid_input(text: str, region: str | None) -> None:
    try:
        address = parse_address(text, region=region)
    except InvalidInput:
        return
    assert address == parse_address(str(address)) == parse_address(address)
    assert ("@" in text) == isinstance(address, Handle)


@pytest.mark.parametrize("value", [None, 13125550101, b"+13125550101", ["+13125550101"]])
def test_an_address_is_text(value: Any) -> None:
    with pytest.raises(InvalidInput, match=r"not (NoneType|int|bytes|list)"):
        parse_address(value)
    with pytest.raises(InvalidInput):
        parse_members([value])


def test_a_member_is_an_address_whatever_the_name() -> None:
    """Equality and hash go by the address; the name is not shown."""
    one, two = Member("+13125550101", "Alice"), Member(PhoneNumber("+13125550101"), "Bob")
    assert ({one}, "+13125550101") == ({two}, str(one))
    assert "Alice" not in repr(one)
    assert Member("+13125550102") != one


def test_members_come_in_any_form_once() -> None:
    """In their order; the first of two with the same address stands."""
    members = parse_members(
        [
            Member("+13125550102", "Bob"),
            "312 555 0101",
            PhoneNumber("+13125550101"),
            "+13125550102",
            OpaqueAddress("22395"),
            "a@b.org",
        ],
        region="US",
    )
    assert ["+13125550102", "+13125550101", "22395", "a@b.org"] == list(map(str, members))
    assert "Bob" == members[0].name
    assert () == parse_members([])


@pytest.mark.parametrize(
    "single",
    ["+13125550101", b"x", PhoneNumber("+13125550101"), Handle("a@b.org"), OpaqueAddress("1"), Member("+13125550101")],
)
def test_one_alone_is_not_a_list_of_members(single: Any) -> None:
    """A string is an iterable of characters: refused with the cure."""
    with pytest.raises(InvalidInput, match="in brackets"):
        parse_members(single)


def test_all_wrong_members_are_named_at_once_and_masked() -> None:
    with pytest.raises(InvalidInput) as caught:
        parse_members(["+13125550101", "not-a-number", "also@wrong", "5555555555555555555"])
    text = str(caught.value)
    assert 3 == len(text.split("; "))
    assert not re.search(r"not-a-number|also@wrong|5{8}", text)


@UNHURRIED
@given(st.lists(E164), st.randoms())
def test_members_are_a_set_in_order(numbers: list[str], random: Any) -> None:
    members = parse_members(numbers)
    assert list(dict.fromkeys(numbers)) == list(map(str, members))
    assert members == parse_members(members) == parse_members([*numbers, *numbers])
