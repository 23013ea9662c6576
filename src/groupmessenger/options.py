"""What every connection has beside its provider's settings."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Self

import attrs

from .errors import ConfigurationError, InvalidInput, Problem
from .phone import check_region

_LONGEST = 365 * 86_400.0  # seconds; more is a mistake, and too much for a date
_PACE = re.compile(r"(?=.*[1-9])[0-9]{1,9}(\.[0-9]{1,9})?/(s|min|h)", re.ASCII)
_NUMBER = re.compile(r"[0-9]{1,15}(\.[0-9]{1,15})?", re.ASCII)
_WHOLE = re.compile(r"[0-9]{1,15}", re.ASCII)
LIMIT = "limits."


@attrs.frozen(kw_only=True)
class Options:
    """How a connection is used, whatever its provider.

    `timeout` is for one answer and `patience` for all waiting between tries, in seconds. `region` reads numbers
    without a country code. `limits` overrides limits by name. `strict` refuses what would otherwise go with a
    degradation or a doubt. `settle_after` is how many seconds a lost message may still turn up. `allow_broadcast`
    lets groups be private copies. `failover` lets a switchboard go on with another connection where this one cannot be
    reached. `pace` ("10/s", "60/min", "1000/h") is how fast workers send by this connection, counted as its provider
    counts and shared by all of them; the provider's own where none is set. Direct sends count, and are not held back.
    """

    region: str | None = None
    timeout: float = 30
    patience: float = 30
    strict: bool = False
    allow_broadcast: bool = False
    settle_after: float | None = None
    limits: Mapping[str, int] = attrs.field(factory=dict)
    pace: str | None = None
    failover: bool = False

    @classmethod
    def of(cls, given: Mapping[str, Any]) -> Self:
        """Options from values by name, the others as they are by default.

        Raises `ConfigurationError` naming each that cannot be.
        """
        if problems := list(wrong_options(given)):
            raise ConfigurationError(*problems)
        return cls(**given)

    @classmethod
    def from_texts(cls, given: Mapping[str, str]) -> Self:
        """Options from texts by name, as a URL has them: `true`, `30`, and limits as `limits.recipients`.

        Raises `ConfigurationError` naming each that cannot be.
        """
        read: dict[str, Any] = {name: _READ.get(name, str)(text) for name, text in given.items() if name in OPTIONS}
        limits = {name.removeprefix(LIMIT): _whole(text) for name, text in given.items() if name.startswith(LIMIT)}
        return cls.of({"limits": limits, **read} if limits else read)

    def with_given(self, given: Mapping[str, Any]) -> Self:
        """These, with what was given in code before them: what is None was not, and limits are merged by name."""
        changes = {name: value for name, value in given.items() if value is not None}
        if isinstance(limits := changes.get("limits"), Mapping):
            changes["limits"] = {**self.limits, **limits}
        return attrs.evolve(self, **changes)

    def for_client(self) -> dict[str, Any]:
        """What the clients take of them, by keyword."""
        return {name: getattr(self, name) for name in CLIENT_OPTIONS}


OPTIONS = tuple(field.name for field in attrs.fields(Options))
CLIENT_OPTIONS = tuple(name for name in OPTIONS if name not in ("allow_broadcast", "pace", "failover"))


def is_option(name: str) -> bool:
    """Whether a URL's key is an option, and no setting of the provider's."""
    return name in OPTIONS or name.startswith(LIMIT)


def wrong_options(given: Mapping[str, object]) -> Iterator[Problem]:
    """What a connection cannot be made with, of options by name; each under its key."""
    for name, value in given.items():
        if what := _CHECKS[name](value):
            yield Problem(name, what)
        elif name == "limits" and isinstance(value, Mapping):
            yield from (
                Problem(f"{LIMIT}{each}", "not a whole number, 0 or more")
                for each, number in value.items()
                if type(number) is not int or number < 0
            )


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < _LONGEST


def _wrong_time(value: object) -> str:
    return "" if _is_number(value) else "must be a number of seconds, 0 or more"


def _wrong_timeout(value: object) -> str:
    return "" if value and _is_number(value) else "must be a number of seconds, more than 0"


def _wrong_truth(value: object) -> str:
    return "" if isinstance(value, bool) else "must be true or false"


def _wrong_limits(value: object) -> str:
    return "" if isinstance(value, Mapping) else "must be a mapping of names to numbers, as limits.recipients = 20"


def _wrong_pace(value: object) -> str:
    fits = isinstance(value, str) and _PACE.fullmatch(value)
    return "" if fits else 'must be a number above 0 and a unit, as "10/s", "60/min" or "1000/h"'


def _wrong_region(value: Any) -> str:
    try:
        check_region(value)
    except InvalidInput as error:
        return str(error)
    return ""


def _unless_none(check: Callable[[object], str]) -> Callable[[object], str]:
    return lambda value: "" if value is None else check(value)


_CHECKS: Mapping[str, Callable[[object], str]] = {
    "region": _unless_none(_wrong_region),
    "timeout": _wrong_timeout,
    "patience": _wrong_time,
    "strict": _wrong_truth,
    "allow_broadcast": _wrong_truth,
    "settle_after": _unless_none(_wrong_time),
    "limits": _wrong_limits,
    "pace": _unless_none(_wrong_pace),
    "failover": _wrong_truth,
}


# A text that cannot be read stays a text, which the checks then refuse.


def _number(text: str) -> float | str:
    return float(text) if _NUMBER.fullmatch(text) else text


def _whole(text: str) -> int | str:
    return int(text) if _WHOLE.fullmatch(text) else text


def _truth(text: str) -> bool | str:
    return {"true": True, "false": False}.get(text, text)


_READ: Mapping[str, Callable[[str], object]] = {
    "timeout": _number,
    "patience": _number,
    "settle_after": _number,
    "strict": _truth,
    "allow_broadcast": _truth,
    "failover": _truth,
}
