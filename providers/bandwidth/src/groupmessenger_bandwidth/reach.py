"""Who can be in a group MMS: long codes of ours, US and Canadian numbers of theirs."""

from __future__ import annotations

import re
from collections.abc import Iterable

from groupmessenger.provider import Address, CapabilityError, PhoneNumber, UnsupportedOperation

_TOLL_FREE = re.compile(r"\+18(00|33|44|55|66|77|88)\d{7}")


def is_toll_free(line: str) -> bool:
    """Whether a line is a toll-free number."""
    return _TOLL_FREE.fullmatch(line) is not None


def no_thread(line: str, people: Iterable[Address]) -> Iterable[CapabilityError]:
    """Why these people and this line can have no thread; nothing where they can."""
    if is_toll_free(line):
        yield UnsupportedOperation("Bandwidth has no group MMS on toll-free numbers: take a line that is a long code")
    if foreign := [person for person in people if not _is_near(person)]:
        who = ", ".join(map(repr, foreign))
        yield UnsupportedOperation(f"Bandwidth's group MMS reaches US and Canadian numbers only, and not {who}")


def _is_near(person: Address) -> bool:
    return isinstance(person, PhoneNumber) and person.e164.startswith("+1")
