"""What a callback says by name, in any case of the names: of a query, a form, or a JSON object."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, TypeAlias

from groupmessenger.provider import moment

Fields: TypeAlias = Mapping[str, tuple[Any, ...]]
"""Values by lower-case name; a name may come several times."""

_INDEX = re.compile(r"\[[0-9]*\]\Z")  # of `mediaUrls[]` and `mediaUrls[0]`
_LOST_PLUS = re.compile(r"\A(\d{4}-\d{2}-\d{2}T\S+) (\d{2}:?\d{2})\Z", re.ASCII)


def of_pairs(pairs: Iterable[tuple[str, Any]]) -> Fields:
    """The fields of a query or a form."""
    found: dict[str, tuple[Any, ...]] = {}
    for name, value in pairs:
        key = (_INDEX.sub("", name) if name.endswith("]") else name).lower()
        found[key] = (*found[key], value) if key in found else (value,)
    return found


def of_object(body: Mapping[str, Any]) -> Fields:
    """The fields of a JSON object; a list is a field that comes several times."""
    return of_pairs(
        (name, each) for name, value in body.items() for each in (value if isinstance(value, list) else (value,))
    )


def text(fields: Fields, *names: str) -> str:
    """The value of the first of these names that has one; empty if none has.

    The last of several counts: a forwarder writes its own fields before those of the documents, and a report URL has
    its own query before what MessageBird adds.
    """
    for name in names:
        for value in reversed(fields[name]) if name in fields else ():
            written = value if type(value) is str else str(value) if type(value) is int else ""
            if written and not written.isspace():
                return written
    return ""


def with_plus(value: str) -> str:
    """A time whose + was read as a space, with it again."""
    return _LOST_PLUS.sub(r"\1+\2", value) if " " in value else value


def instant(value: object) -> datetime | None:
    """A time as MessageBird writes it, whose + may have become a space on the way; None for what is none."""
    return moment(with_plus(str(value).strip()))
