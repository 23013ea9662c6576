"""What a group is, wherever it lives."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from enum import StrEnum
from functools import cached_property
from urllib.parse import quote

import attrs

from .errors import InvalidInput
from .phone import Address, Member, mask


class Topology(StrEnum):
    """Whether members share one thread, or each gets a private copy."""

    SHARED_THREAD = "shared_thread"
    BROADCAST = "broadcast"


class Channel(StrEnum):
    """What carries a group's messages, where the provider says."""

    IMESSAGE = "iMessage"
    RCS = "RCS"
    MMS = "MMS"
    SMS = "SMS"


_SET = "set_"
_SET_ID = re.compile(_SET + "[0-9a-f]{32}")


def member_set_id(line: str, members: Iterable[Member]) -> str:
    """Name a set of people on a line: `set_` and a digest that carries nobody's number."""
    text = "\n".join([line, *sorted(str(member.address) for member in members)])
    return _SET + hashlib.sha256(text.encode()).hexdigest()[:32]


def _given(_: object, __: object, value: str) -> None:
    if value in ("", ".", ".."):  # in a path of an address the last two are another place
        raise InvalidInput(f"a group's id is not {value!r}: give the id the provider made for it")


@attrs.frozen
class Group:
    """A group at one provider, on one of our lines. Equal, and hashed, by (provider, line, id).

    `id` is the provider's own, or `set_` and a digest where the group is its members: at providers that keep
    no group, and while it is `pending`, that is, until its first message made it. `members` are the other
    people, None where they are not known (a listing, a group addressed by id alone). `name_pending` says that
    `name` was asked for but is not set at the provider yet. `channel` is None where it is not known.
    """

    provider: str
    line: str = attrs.field(repr=mask)
    id: str = attrs.field(validator=_given)
    members: tuple[Member, ...] | None = attrs.field(default=None, eq=False)
    name: str | None = attrs.field(default=None, eq=False, repr=False)
    pending: bool = attrs.field(default=False, eq=False)
    topology: Topology | None = attrs.field(default=None, eq=False)
    channel: Channel | None = attrs.field(default=None, eq=False)
    name_pending: bool = attrs.field(default=False, eq=False)

    @classmethod
    def of_members(
        cls,
        provider: str,
        line: str,
        members: Iterable[Member],
        *,
        name: str | None = None,
        pending: bool,
        topology: Topology,
        channel: Channel | None = None,
    ) -> Group:
        """Describe a group that is its members: fixed at some providers, and before the first message at others."""
        people = tuple(members)
        return cls(
            provider,
            line,
            member_set_id(line, people),
            people,
            name,
            pending,
            topology,
            channel,
            name is not None,
        )

    @property
    def is_member_set(self) -> bool:
        """Whether `id` stands for the members, because the provider has no id for this group."""
        return self.id.startswith(_SET) and _SET_ID.fullmatch(self.id) is not None

    @cached_property
    def addresses(self) -> tuple[Address, ...]:
        """The members' addresses; empty where members are not known."""
        return tuple(member.address for member in self.members or ())

    @property
    def key(self) -> str:
        """A text for a database column, such as `acme/+13125550100/group_1`. Carries no member's number."""
        return "/".join(quote(part, safe="+") for part in (self.provider, self.line, self.id))

    def dump(self) -> str:
        """Write everything, members included, as JSON; `Group.load(group.dump()) == group`."""
        from ._dumping import dump

        return dump(self)

    @classmethod
    def load(cls, text: str) -> Group:
        """Read what `dump` wrote. Raises `InvalidInput` for anything else."""
        from ._dumping import load

        return load(cls, text)
