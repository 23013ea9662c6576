"""How well a provider does something: flags graded from native to unsupported, and the conditions of partial ones."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

import attrs

from .groups import Group


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
    CANCEL_SCHEDULED = "cancel_scheduled"
    RECEIVE = "receive"
    RECEIVED_SINCE = "received_since"
    UPLOAD = "upload"


class Feature(StrEnum):
    """What a message or a group may have beyond text, by the names of its fields."""

    MEDIA = "media"
    EFFECT = "effect"
    REPLY_TO = "reply_to"
    SEND_AT = "send_at"
    EXPIRES_AT = "expires_at"
    PRIORITY = "priority"
    LEAVE_OUT = "leave_out"
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


def facts_of(group: Group) -> dict[Fact, Any]:
    """What is known of a group for conditions; a fact that is not known is left out."""
    facts: dict[Fact, Any] = {}
    if group.channel is not None:
        facts[Fact.CHANNEL] = group.channel
    if group.members is not None:
        facts[Fact.TOTAL_MEMBERS] = len(group.members) + 1
    return facts
