"""What a lie is: a mistake planted in an adapter, and the checks of the contract that have to catch it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import attrs
import pytest

from groupmessenger.provider import Capabilities, Flag, GroupMessenger, LimitName, Unit

P = TypeVar("P")
Patch = pytest.MonkeyPatch


@attrs.frozen
class Lie:
    """A mistake in the adapter of a `provider`, and `what` it is.

    It is a subclass of the adapter's class, or `plant` puts it into the provider's package for the time of a check.
    `by` has the checks that catch it, each with words of what it says.
    """

    name: str
    provider: str
    what: str
    by: Mapping[str, str]
    messenger: type[GroupMessenger] | None
    plant: Callable[[Patch], None] | None


LIES: dict[str, Lie] = {}


def lie(provider: str, **by: str) -> Callable[[P], P]:
    """A class or a function is a lie; its docstring says what the mistake is."""

    def keep(planted: P) -> P:
        how: Any = planted
        name = f"{how.__module__.rpartition('.')[2]}_{how.__name__}"
        assert by, f"{name} is caught by nothing"
        assert how.__doc__, f"{name} does not say what the mistake is"
        assert name not in LIES, f"two lies are called {name}"
        messenger, plant = (how, None) if isinstance(how, type) else (None, how)
        LIES[name] = Lie(name, provider, how.__doc__, by, messenger, plant)
        return planted

    return keep


def limited(of: type[GroupMessenger], name: LimitName, within: Unit | None = None, **changed: Any) -> Capabilities:
    """What a provider can do, with other limits of that name, or of those alone that are in such units."""
    limits = (
        attrs.evolve(each, **changed) if each.name == name and within in (None, each.unit) else each
        for each in of.capabilities.limits
    )
    return attrs.evolve(of.capabilities, limits=tuple(limits))


def flagged(of: type[GroupMessenger], feature: str, flag: Flag) -> Capabilities:
    """What a provider can do, with another flag of a feature."""
    return attrs.evolve(of.capabilities, flags={**of.capabilities.flags, feature: flag})
