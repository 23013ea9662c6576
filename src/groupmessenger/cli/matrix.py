"""What providers can do, as rows of words side by side: for the terminal, and for the pages of the documentation."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from enum import StrEnum
from typing import Any

import attrs

from ..capabilities import Capabilities, Limit, LimitName
from ..flags import Feature, Flag, Operation

Row = tuple[str, ...]

_FACTS = {
    "a group is": "topology",
    "it is the same group by": "identity",
    "the same people again are the same group": "merges",
    "it comes to be": "creation",
    "statuses speak of": "receipts",
    "delivered, says": "evidence",
    "a lost message is looked for by": "lookup",
    "seconds until it cannot turn up any more": "settle",
    "carried by": "channels",
    "members can answer": "two_way",
    "Apple ID e-mails as members": "emails",
    "members see each other's numbers": "exposes_numbers",
    "billed": "billing",
    "opt-outs are enforced by": "opt_out",
    "effects": "effects",
}


def facts(all_: Sequence[Capabilities]) -> Iterator[Row]:
    """What a group is at each provider."""
    for what, name in _FACTS.items():
        yield (what, *(_fact(getattr(capabilities, name)) for capabilities in all_))


def operations(all_: Sequence[Capabilities]) -> Iterator[Row]:
    """How well each provider does each operation."""
    yield from _flags(all_, Operation)


def features(all_: Sequence[Capabilities]) -> Iterator[Row]:
    """How well each provider carries each feature."""
    yield from _flags(all_, Feature)


def limits(all_: Sequence[Capabilities]) -> Iterator[Row]:
    """The most, or least, that each provider takes, several where it depends."""
    for name in LimitName:
        cells = ["; ".join(_short(limit) for limit in each.limits if limit.name == name) for each in all_]
        if any(cells):
            yield (_words(name), *cells)


def limits_with_sources(capabilities: Capabilities) -> Iterator[Row]:
    """One provider's limits: name, certain, probable, source, confidence, day."""
    order = list(LimitName)
    for limit in sorted(capabilities.limits, key=lambda limit: order.index(limit.name)):
        yield (
            f"{limit.name}{_where(limit)}",
            number(limit, limit.certain),
            number(limit, limit.value),
            limit.source,
            str(limit.confidence),
            str(limit.checked or ""),
        )


def number(limit: Limit, value: int | None) -> str:
    """One number of a limit in words."""
    if value is None:
        return "not known"
    return f"{limit.bound} {value:,} {limit.unit}" + (f" in {limit.per:g} s" if limit.per else "")


def grade(flag: Flag) -> str:
    """A flag in words, with its note and its conditions."""
    conditions = " and ".join(map(str, flag.when))
    return f"{flag.grade}" + (f": {flag.note}" if flag.note else "") + (f" ({conditions})" if conditions else "")


def dump(capabilities: Capabilities) -> dict[str, Any]:
    """Capabilities as JSON."""
    told: dict[str, Any] = {name: _plain(getattr(capabilities, name)) for name in _FACTS.values()}
    told["flags"] = {
        str(name): {"grade": flag.grade, "note": flag.note, "when": [str(each) for each in flag.when]}
        for name, flag in capabilities.flags.items()
    }
    told["limits"] = [
        {name: _plain(value) for name, value in attrs.asdict(each).items()} for each in capabilities.limits
    ]
    return told


def _flags(all_: Sequence[Capabilities], names: Iterable[StrEnum]) -> Iterator[Row]:
    for name in names:
        yield (str(name), *(grade(capabilities.can(name)) for capabilities in all_))


def _short(limit: Limit) -> str:
    if limit.value is None:
        known = f"{limit.certain:,} {limit.unit} are certain, more is not published" if limit.certain else "not known"
        return known + _where(limit)
    doubt = f" ({limit.certain:,} certain)" if limit.certain not in (limit.value, None) else ""
    return number(limit, limit.value) + doubt + _where(limit)


def _where(limit: Limit) -> str:
    media = {None: "", True: " with media", False: " without media"}[limit.with_media]
    return (f" on {limit.channel}" if limit.channel else "") + media


def _fact(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, frozenset):
        return ", ".join(sorted(value)) or "none"
    if isinstance(value, tuple):
        return ", ".join(map(str, value))
    return f"{value:g}" if isinstance(value, float) else _words(str(value))


def _plain(value: Any) -> Any:
    if isinstance(value, frozenset):
        return sorted(value)
    return list(value) if isinstance(value, tuple) else value


def _words(text: str) -> str:
    return text.replace("_", " ")
