"""Checks of what comes in as JSON, with answers that say which field is wrong and what it should be."""

from __future__ import annotations

import difflib
import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, TypeAlias

import attrs

Fields: TypeAlias = Mapping[str, "Field"]


@attrs.frozen
class Field:
    """What a field has to be: in words, and as a check."""

    what: str
    fits: Callable[[Any], bool]


def whole(least: int, most: float = math.inf, also: str = "") -> Field:
    """Give a field for a whole number. `also` is added to the words."""
    limits = f"from {least}" if most == math.inf else f"from {least} to {most}"

    def fits(value: Any) -> bool:
        return isinstance(value, int) and not isinstance(value, bool) and least <= value <= most

    return Field(f"a whole number {limits}{also}", fits)


def number(what: str, most: float) -> Field:
    """Give a field for a number from 0."""

    def fits(value: Any) -> bool:
        return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= most

    return Field(what, fits)


def choice(choices: Iterable[str]) -> Field:
    """Give a field for one of several words."""
    words = tuple(choices)
    return Field(f"one of {', '.join(words)}", lambda value: value in words)


def name(what: str) -> Field:
    """Give a field for text that is not empty."""
    return Field(what, lambda value: isinstance(value, str) and value != "")


def unknown(what: str, name: str, known: Iterable[str]) -> str:
    """Say that a name is unknown, and which one was meant, or which there are."""
    names = sorted(known)
    near = difflib.get_close_matches(name, names, n=1)
    cure = f"did you mean {near[0]!r}?" if near else f"there are: {', '.join(names) or 'none'}"
    return f"no {what} is called {name!r}; {cure}"


def problems(given: Mapping[str, Any], fields: Fields) -> Iterator[str]:
    """Everything unknown or unfit among the fields given."""
    for key, value in given.items():
        if key not in fields:
            yield unknown("field", key, fields)
        elif not fields[key].fits(value):
            yield f"{key} must be {fields[key].what}, not {value!r}"
