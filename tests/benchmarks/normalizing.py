"""Reading phone numbers, all of them different: those in E.164, and those that people write, by this library's values.

Against phonenumbers alone, as its pages have it: parse, look whether it is valid, write it in E.164.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import phonenumbers

import groupmessenger as gm
from groupmessenger.phone import parse_members

from .measuring import Scale, in_turn
from .results import Result, Target, compared

_CHEAP = Target("≤", 0.05)
_FIRST = 312_550_0000  # and the 100,000 from there, which are read here and never texted


def run(scale: Scale) -> Iterator[Result]:
    """Measure both forms. No number comes again before all others did, so that no cache has kept it."""
    many = scale.of(100_000, 5_000)
    rounds = scale.of(5, 1)
    e164 = [f"+1{_FIRST + number}" for number in range(many)]
    national = [f"({text[2:5]}) {text[5:8]}-{text[8:]}" for text in e164]
    sides: dict[str, Callable[[], object]] = {
        "one by one": lambda: _same([gm.PhoneNumber.parse(text).e164 for text in e164], e164),
        "members": lambda: _same([str(member) for member in parse_members(e164)], e164),
        "phonenumbers": lambda: _same([_alone(text, None) for text in e164], e164),
        "national": lambda: _same([gm.PhoneNumber.parse(text, region="US").e164 for text in national], e164),
        "national, phonenumbers": lambda: _same([_alone(text, "US") for text in national], e164),
    }
    found = in_turn(sides, many, rounds)
    alone = found["phonenumbers"]
    yield from compared("E.164, PhoneNumber.parse", found["one by one"], alone, _CHEAP)
    yield from compared("E.164, members of a group", found["members"], alone)
    yield from compared("national form and region", found["national"], found["national, phonenumbers"])


def _alone(text: str, region: str | None) -> str:
    """Read a number by phonenumbers alone. Raises ValueError where it is none that can be in use."""
    number = phonenumbers.parse(text, region)
    if not phonenumbers.is_valid_number(number):
        raise ValueError("not a number")
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def _same(found: list[str], wanted: list[str]) -> None:
    assert found == wanted
