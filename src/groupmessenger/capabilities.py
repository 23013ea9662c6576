"""What a provider can do, as data: graded flags, limits with their sources, and what a group is there."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import date
from enum import StrEnum
from typing import Any

import attrs

from .errors import ConfigurationError, Problem
from .groups import Channel, Group, Topology
from .messages import Evidence


class Operation(StrEnum):
    """The operations of a messenger, by the names of their methods."""

    CREATE_GROUP = "create_group"
    SEND = "send"
    SEND_DIRECT = "send_direct"
    GET_GROUP = "get_group"
    LIST_GROUPS = "list_groups"
    ADD_MEMBERS = "add_members"
    REMOVE_MEMBERS = "remove_members"
    RENAME_GROUP = "rename_group"
    LEAVE_GROUP = "leave_group"
    DELETE_GROUP = "delete_group"
    GET_STATUS = "get_status"
    FIND_SENT = "find_sent"


class Feature(StrEnum):
    """What a message or a group may have beyond text, by the names of its fields."""

    MEDIA = "media"
    EFFECT = "effect"
    REPLY_TO = "reply_to"
    SEND_AT = "send_at"
    GROUP_NAME = "group_name"


class Grade(StrEnum):
    """How well something is supported."""

    NATIVE = "native"
    EMULATED = "emulated"
    PARTIAL = "partial"
    DROPPED = "dropped"
    UNSUPPORTED = "unsupported"


class Fact(StrEnum):
    """What a condition may ask about. A closed list, so that tests can be generated from it."""

    CHANNEL = "group.channel"
    TOTAL_MEMBERS = "group.total_members"


class Op(StrEnum):
    """How a condition compares."""

    IS = "is"
    AT_LEAST = "at least"


@attrs.frozen
class Condition:
    """One thing that must be so, such as `group.total_members at least 4`. All members count, our line included."""

    fact: Fact
    op: Op
    value: Any

    def holds(self, facts: Mapping[Fact, Any]) -> bool | None:
        """Whether it is so; None where the fact is not known."""
        if (known := facts.get(self.fact)) is None:
            return None
        return bool(known >= self.value) if self.op is Op.AT_LEAST else bool(known == self.value)

    def __str__(self) -> str:
        return f"{self.fact} {self.op} {self.value}"


@attrs.frozen
class Flag:
    """A grade with its note. True for native and emulated alone: what holds without an if."""

    grade: Grade
    note: str = ""
    when: tuple[Condition, ...] = ()

    def __bool__(self) -> bool:
        return self.grade in (Grade.NATIVE, Grade.EMULATED)

    def resolve(self, facts: Mapping[Fact, Any]) -> Flag:
        """Settle a partial flag by what is known: native, unsupported, or partial still."""
        if self.grade is not Grade.PARTIAL or not self.when:
            return self
        answers = [condition.holds(facts) for condition in self.when]
        if False in answers:
            return attrs.evolve(self, grade=Grade.UNSUPPORTED, when=())
        if None in answers:
            return self
        return NATIVE


NATIVE = Flag(Grade.NATIVE)
UNSUPPORTED = Flag(Grade.UNSUPPORTED)


def EMULATED(note: str) -> Flag:  # noqa: N802 - reads as the grade it makes
    """Supported by doing something else that comes to the same."""
    return Flag(Grade.EMULATED, note)


def PARTIAL(note: str, *when: Condition) -> Flag:  # noqa: N802
    """Supported under conditions; `when` has those that can be checked, all of which must hold."""
    return Flag(Grade.PARTIAL, note, when)


def DROPPED(note: str) -> Flag:  # noqa: N802
    """Accepted, and left out."""
    return Flag(Grade.DROPPED, note)


class Bound(StrEnum):
    """Whether a limit is a most or a least."""

    MAX = "at most"
    MIN = "at least"


class Unit(StrEnum):
    """What a limit counts. People are always other people, without our line."""

    PEOPLE = "people"
    CHARACTERS = "characters"
    UTF16 = "UTF-16 units"
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
    between passes with a warning, what lies beyond is refused. Both None: nobody knows. `channel` restricts it
    to groups known to be carried by that channel.
    """

    name: LimitName
    value: int | None
    certain: int | None = attrs.field(default=attrs.Factory(lambda self: self.value, takes_self=True))
    bound: Bound = Bound.MAX
    unit: Unit
    channel: Channel | None = None
    per: float | None = None
    source: str
    confidence: Confidence
    checked: date | None = None

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


DEFAULT_SETTLE = 600.0  # seconds; no vendor publishes how long an accepted request may still be under way


@attrs.frozen(kw_only=True)
class Capabilities:
    """Everything a caller can know of a provider before sending.

    `settle` is how long, in seconds after its last moment to leave, a message may still turn up at the provider.
    """

    topology: Topology
    identity: Identity
    merges: Merges
    creation: Creation
    receipts: Receipts
    evidence: Evidence
    lookup: Lookup
    settle: float = DEFAULT_SETTLE
    channels: tuple[Channel, ...]
    exposes_numbers: bool
    billing: Billing
    opt_out: OptOut
    effects: frozenset[str] = frozenset()
    limits: tuple[Limit, ...]
    flags: Mapping[str, Flag] = attrs.field(factory=dict)

    def can(self, what: Operation | Feature | str, group: Group | None = None) -> Flag:
        """The flag of an operation or feature, settled by what is known of `group`. KeyError if there is none."""
        flag = self.flags[str(what)]
        return flag if group is None else flag.resolve(facts_of(group))

    def of(self, group: Group) -> Capabilities:
        """These capabilities, settled by what is known of one group."""
        facts = facts_of(group)
        return attrs.evolve(
            self,
            flags={name: flag.resolve(facts) for name, flag in self.flags.items()},
            limits=tuple(
                attrs.evolve(limit, channel=None) for limit in self.limits if limit.channel in (None, group.channel)
            ),
        )

    def limit(self, name: LimitName) -> Limit | None:
        """The limit of that name that binds first, whatever carries the group; None if there is none."""
        known = [limit for limit in self.limits if limit.name == name and limit.channel is None]
        return min(known, key=_room, default=None)

    def with_limits(self, overrides: Mapping[str, int]) -> Capabilities:
        """These capabilities with a connection's own limits. Raises `ConfigurationError` for what cannot be one."""
        names = ", ".join(LimitName)
        problems = [
            Problem(f"limits.{name}", "no such limit", f"one of {names}")
            if name not in list(LimitName)
            else Problem(f"limits.{name}", "not a whole number, 0 or more")
            for name, value in overrides.items()
            if name not in list(LimitName) or type(value) is not int or value < 0
        ]
        if problems:
            raise ConfigurationError(*problems)
        return attrs.evolve(self, limits=tuple(_overridden(limit, overrides) for limit in self.limits))


def _room(limit: Limit) -> float:
    """How much a limit allows, to find the one that binds first. One that nobody knows binds last."""
    if limit.value is None:
        return math.inf
    return limit.value if limit.bound is Bound.MAX else -limit.value


def _overridden(limit: Limit, overrides: Mapping[str, int]) -> Limit:
    value = overrides.get(limit.name)
    if value is None:
        return limit
    return attrs.evolve(
        limit, value=value, certain=value, source="this connection's limits", confidence=Confidence.HIGH
    )


def facts_of(group: Group) -> dict[Fact, Any]:
    """What is known of a group for conditions; a fact that is not known is left out."""
    facts: dict[Fact, Any] = {}
    if group.channel is not None:
        facts[Fact.CHANNEL] = group.channel
    if group.members is not None:
        facts[Fact.TOTAL_MEMBERS] = len(group.members) + 1
    return facts
