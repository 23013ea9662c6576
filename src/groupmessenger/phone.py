"""Who can be texted: phone numbers, Apple ID e-mails, and what only ever appears as a sender."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import TypeAlias

import attrs

from .errors import InvalidInput

_is_e164 = re.compile(r"\+[1-9][0-9]{6,14}", re.ASCII).fullmatch
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")


def mask(text: str) -> str:
    """Hide the middle of a number or e-mail: enough to tell two apart in a log, too little to use."""
    if "@" in text:
        name, _, host = text.partition("@")
        return f"{name[:1]}…@{host[:1]}…"
    return f"{text[:3]}…{text[-2:]}" if len(text) > 6 else "…"


def _shape(_: object, __: object, value: str) -> None:
    if not _is_e164(value):
        raise InvalidInput(
            f"{mask(value)!r} is not an E.164 number: write '+', the country code and the number, digits only"
        )


@attrs.frozen(repr=False)
class PhoneNumber:
    """A number in E.164, `+` and seven to fifteen digits. `str()` gives it, `repr()` masks its middle.

    Raises `InvalidInput` for any other form; `PhoneNumber.parse` reads what people write.
    """

    e164: str = attrs.field(validator=_shape)

    @classmethod
    def parse(cls, text: str, *, region: str | None = None) -> PhoneNumber:
        """Read a number as people write it: `+1 (312) 555-0101`, or `312 555 0101` with `region="US"`.

        `region` is an ISO 3166 country, needed for national forms only. Raises `InvalidInput`.
        """
        return cls(text if _is_e164(text) else _e164(text, region))

    def __str__(self) -> str:
        return self.e164

    def __repr__(self) -> str:
        return f"PhoneNumber({mask(self.e164)!r})"


def check_region(region: str) -> str:
    """A region as it is looked up, in capitals. Raises `InvalidInput` for what is no ISO 3166 country."""
    import phonenumbers

    if not isinstance(region, str) or region.upper() not in phonenumbers.SUPPORTED_REGIONS:
        raise InvalidInput("region is a country's two letters (ISO 3166), such as US, CA or GB")
    return region.upper()


@lru_cache(maxsize=4096)
def _e164(text: str, region: str | None) -> str:
    """Read a number in another form."""
    import phonenumbers

    try:
        number = phonenumbers.parse(text, region)
    except phonenumbers.NumberParseException as error:
        needs_country = error.error_type == phonenumbers.NumberParseException.INVALID_COUNTRY_CODE
        cure = "begin with '+' and the country code" + ("" if region else ", or give region='US' (or yours)")
        raise InvalidInput(
            f"{mask(text)!r} is not a phone number: {cure}"
            if needs_country
            else f"{mask(text)!r} is not a phone number"
        ) from None
    length = phonenumbers.is_possible_number_with_reason(number)  # "possible" alone takes numbers without an area code
    if number.extension or length != phonenumbers.ValidationResult.IS_POSSIBLE:
        raise InvalidInput(f"{mask(text)!r} cannot be a phone number that receives texts: check its length")
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def _email_shape(_: object, __: object, value: str) -> None:
    if not _EMAIL.fullmatch(value):
        raise InvalidInput(f"{mask(value)!r} is not an e-mail address")


def _lower(value: str) -> str:
    return value.strip().lower()


@attrs.frozen(repr=False)
class Handle:
    """An Apple ID e-mail, as iMessage groups may contain. Compared without regard to case."""

    email: str = attrs.field(converter=_lower, validator=_email_shape)

    def __str__(self) -> str:
        return self.email

    def __repr__(self) -> str:
        return f"Handle({mask(self.email)!r})"


@attrs.frozen(repr=False)
class OpaqueAddress:
    """A sender that cannot be texted by number: a short code, an alphanumeric name."""

    text: str

    def __str__(self) -> str:
        return self.text

    def __repr__(self) -> str:
        return f"OpaqueAddress({mask(self.text)!r})"


Address: TypeAlias = PhoneNumber | Handle | OpaqueAddress
_ADDRESSES = (PhoneNumber, Handle, OpaqueAddress)  # looked through faster than the union


def parse_address(value: Address | str, *, region: str | None = None) -> Address:
    """Make an address of a string: an e-mail if it has an `@`, else a phone number. Raises `InvalidInput`."""
    if isinstance(value, str):
        return Handle(value) if "@" in value else PhoneNumber.parse(value.strip(), region=region)
    if isinstance(value, _ADDRESSES):
        return value
    raise InvalidInput(f"an address is a phone number or an e-mail as text, not {type(value).__name__}")


@attrs.frozen
class Member:
    """One person in a group. Two members with the same address are the same member, whatever their names."""

    address: Address = attrs.field(converter=parse_address)
    name: str | None = attrs.field(default=None, eq=False, repr=False)

    def __str__(self) -> str:
        return str(self.address)


Members: TypeAlias = Iterable["Member | Address | str"]


def parse_members(values: Members, *, region: str | None = None) -> tuple[Member, ...]:
    """Read members as people give them, in their order; the same address twice is one member.

    Raises `InvalidInput` naming (masked) each value that is not an address.
    """
    if isinstance(values, (str, bytes, Member, *_ADDRESSES)):
        raise InvalidInput("members are a list, one entry a person: put the single one in brackets")
    found: dict[Address, Member] = {}
    wrong: list[str] = []
    for value in values:
        try:
            member = value if isinstance(value, Member) else Member(parse_address(value, region=region))
        except InvalidInput as error:
            wrong.append(str(error))
        else:
            found.setdefault(member.address, member)
    if wrong:
        raise InvalidInput("; ".join(wrong))
    return tuple(found.values())
