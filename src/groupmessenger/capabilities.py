"""What a provider can do, as data: graded flags, limits with their sources, and what a group is there."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Set
from datetime import date
from enum import StrEnum
from functools import cached_property
from typing import Any

import attrs

from .errors import ConfigurationError, Problem, near
from .flags import Fact, Feature, Flag, Grade, Operation, facts_of
from .groups import Channel, Group, Topology
from .messages import Evidence


class Bound(StrEnum):
    """Whether a limit is a most or a least."""

    MAX = "at most"
    MIN = "at least"


class Unit(StrEnum):
    """What a limit counts. People are always other people, without our line."""

    PEOPLE = "people"
    CHARACTERS = "characters"
    UTF16 = "UTF-16 units"
    SEGMENTS = "SMS segments"
    ITEMS = "items"
    BYTES = "bytes"
    MESSAGES = "messages"


class LimitName(StrEnum):
    """The limits that are checked before any request, by name; a connection may override each."""

    RECIPIENTS = "recipients"
    MIN_RECIPIENTS = "min_recipients"
    TEXT = "text"
    MEDIA = "media"
    MEDIA_BYTES = "media_bytes"
    MEDIA_TOTAL = "media_total"
    GROUP_NAME = "group_name"
    PACE = "pace"


class Confidence(StrEnum):
    """How well a fact is founded."""

    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


@attrs.frozen(kw_only=True)
class Limit:
    """A number the provider will not go past. `per` is in seconds, for rates.

    `certain` is what every reading of the vendor's papers allows, `value` the most probable limit: what lies
    between passes with a warning, what lies beyond is refused. A `value` of None: nobody knows. `channel` restricts
    it to groups known to be carried by that channel, `with_media` to messages with media (True) or without (False).
    A `hard` one a connection may lower and not raise.
    """

    name: LimitName
    value: int | None
    certain: int | None = attrs.field(default=attrs.Factory(lambda self: self.value, takes_self=True))
    bound: Bound = Bound.MAX
    unit: Unit
    channel: Channel | None = None
    with_media: bool | None = None
    hard: bool = False
    per: float | None = None
    source: str
    confidence: Confidence
    checked: date | None = None

    def fits(self, asked: int) -> bool:
        """Whether this many passes, by every reading."""
        value, certain = self.value, self.certain
        if self.bound is Bound.MAX:
            return (value is None or asked <= value) and (certain is None or asked <= certain)
        return (value is None or asked >= value) and (certain is None or asked >= certain)

    def breaks(self, asked: int) -> bool:
        """Whether this many is past the limit."""
        return self.value is not None and self._past(asked, self.value)

    def doubtful(self, asked: int) -> bool:
        """Whether this many passes, but not by every reading."""
        return not self.breaks(asked) and self.certain is not None and self._past(asked, self.certain)

    def _past(self, asked: int, limit: int) -> bool:
        return asked > limit if self.bound is Bound.MAX else asked < limit


class Identity(StrEnum):
    """What makes a group the same group: an id of the provider's, or its set of members."""

    PROVIDER_ID = "provider_id"
    MEMBER_SET = "member_set"


class Merges(StrEnum):
    """Whether the same people on the same line are the same group."""

    NEVER = "never"
    MAY = "may"
    ALWAYS = "always"


class Creation(StrEnum):
    """When a group comes to be."""

    EXPLICIT = "explicit"
    WITH_FIRST_MESSAGE = "with_first_message"
    IMPLICIT = "implicit"


class Receipts(StrEnum):
    """What statuses speak of."""

    NONE = "none"
    PER_MESSAGE = "per_message"
    PER_RECIPIENT = "per_recipient"


class Lookup(StrEnum):
    """By what a message can be found again at the provider."""

    TOKEN = "token"  # noqa: S105 - a word, not a secret
    CONTENT = "content"
    METADATA = "metadata"
    NONE = "none"


class Billing(StrEnum):
    """What is paid for."""

    PER_RECIPIENT_SEGMENT = "per_recipient_segment"
    PER_RECIPIENT = "per_recipient"
    PER_MESSAGE = "per_message"
    UNKNOWN = "unknown"


class OptOut(StrEnum):
    """Who stops texts to somebody who opted out."""

    VENDOR = "vendor"
    NOBODY = "nobody"


_KEPT = 100  # groups differ by their channel and their size; people make few sizes
DEFAULT_SETTLE = 600.0  # seconds; no vendor publishes how long an accepted request may still be under way


@attrs.frozen(kw_only=True)
class Capabilities:
    """Everything a caller can know of a provider before sending.

    `settle` is how long, in seconds after its last moment to leave, a message may still turn up at the provider.
    `final_after` is how long, in seconds after sending, statuses may still come; None where nobody says.
    `two_way` is whether members can answer, `emails` whether an Apple ID's e-mail can be a member. `channels` are
    all that carry groups, one at least, the usual one first.
    """

    topology: Topology
    identity: Identity
    merges: Merges
    creation: Creation
    receipts: Receipts
    evidence: Evidence
    lookup: Lookup
    settle: float = DEFAULT_SETTLE
    final_after: float | None = None
    channels: tuple[Channel, ...]
    two_way: bool = True
    emails: bool = False
    exposes_numbers: bool
    billing: Billing
    opt_out: OptOut
    effects: frozenset[str] = frozenset()
    limits: tuple[Limit, ...]
    flags: Mapping[str, Flag] = attrs.field(factory=dict)

    def can(self, what: Operation | Feature | str, group: Group | None = None) -> Flag:
        """The flag of an operation or feature, settled by what is known of `group`. KeyError if there is none."""
        flag = self.flags[str(what)]
        return flag.resolve(facts_of(group)) if group is not None and flag.grade is Grade.PARTIAL else flag

    def of(self, group: Group) -> Capabilities:
        """These capabilities, settled by what is known of one group."""
        facts = facts_of(group)
        known = tuple(facts.items())
        settled = self._settled.get(known)
        if settled is None:
            if len(self._settled) >= _KEPT:  # several threads may add one
                self._settled.clear()
            settled = self._settled[known] = self._settle(group, facts)
        return settled

    @cached_property
    def _settled(self) -> dict[tuple[tuple[Fact, Any], ...], Capabilities]:
        """What `of` gave before, by what was known."""
        return {}

    def _settle(self, group: Group, facts: Mapping[Fact, Any]) -> Capabilities:
        return attrs.evolve(
            self,
            flags={name: flag.resolve(facts) for name, flag in self.flags.items()},
            limits=tuple(
                attrs.evolve(limit, channel=None) for limit in self.limits if limit.channel in (None, group.channel)
            ),
        )

    def limit(self, name: LimitName, *, with_media: bool = False) -> Limit | None:
        """The limit of that name that binds first, whatever carries the group; None if there is none."""
        return self._binding.get((name, with_media))

    @cached_property
    def _binding(self) -> Mapping[tuple[LimitName, bool], Limit]:
        """Of each name, with media and without, the limit that binds first."""
        found: dict[tuple[LimitName, bool], Limit] = {}
        for limit in reversed(self.limits):  # of equals the first one stays
            for with_media in (False, True):
                if limit.channel is None and limit.with_media in (None, with_media):
                    other = found.get((limit.name, with_media), limit)
                    found[limit.name, with_media] = min(limit, other, key=_room)
        return found

    def with_limits(self, overrides: Mapping[str, int]) -> Capabilities:
        """These capabilities with a connection's own limits. Raises `ConfigurationError` for what cannot be one."""
        checked = {limit.name for limit in self.limits if limit.per is None}  # rates are told, and not held
        problems = [
            Problem(f"limits.{name}", what, cure)
            for name, value in overrides.items()
            for what, cure in self._wrong_override(name, value, checked)
        ]
        if problems:
            raise ConfigurationError(*problems)
        return attrs.evolve(self, limits=tuple(_overridden(limit, overrides) for limit in self.limits))

    def _wrong_override(self, name: str, value: object, checked: Set[str]) -> Iterator[tuple[str, str]]:
        """Why a connection cannot have this limit, and the cure."""
        if name not in checked:
            yield "no such limit here", near(name, sorted(checked))
        elif type(value) is not int or value < 0:
            yield "not a whole number, 0 or more", ""
        elif all(limit.hard and limit.breaks(value) for limit in self.limits if limit.name == name):
            bounds = ", ".join(sorted({f"{limit.bound} {limit.value}" for limit in self.limits if limit.name == name}))
            yield f"past what the provider itself allows, {bounds}", "a connection can only be stricter"


def _room(limit: Limit) -> tuple[float, float]:
    """How much a limit allows, to find the one that binds first. One that nobody knows binds last."""
    sign = 1 if limit.bound is Bound.MAX else -1
    value, certain = (math.inf if number is None else sign * number for number in (limit.value, limit.certain))
    return value, certain


def _overridden(limit: Limit, overrides: Mapping[str, int]) -> Limit:
    value = overrides.get(limit.name)
    if value is None or (limit.hard and limit.breaks(value)):
        return limit
    return attrs.evolve(
        limit, value=value, certain=value, source="this connection's limits", confidence=Confidence.HIGH
    )
