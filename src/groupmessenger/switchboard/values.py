"""What a switchboard tells of its groups and messages."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

import attrs

from ..groups import Group, Topology
from ..messages import FailureReason, GroupReceipt, Status
from ..phone import Address, Member, mask
from ..planning import Plan


class State(StrEnum):
    """Where a message stands: of `unknown` nobody can say whether it went out."""

    PREPARING = "preparing"
    SENDING = "sending"
    SENT = "sent"
    NOT_SENT = "not_sent"
    UNKNOWN = "unknown"


class ThreadState(StrEnum):
    """Where a thread stands: `merged` is one that turned out to be another group's, `retired` one that was left."""

    OPENING = "opening"
    PENDING = "pending"
    OPEN = "open"
    MERGED = "merged"
    RETIRED = "retired"


@attrs.frozen(kw_only=True)
class Thread:
    """A group's thread at one provider. `group` has the people who are in it, as far as is known."""

    connection: str
    provider: str
    line: str = attrs.field(repr=mask)
    group: Group
    state: ThreadState
    created_at: datetime
    retired_at: datetime | None = None


@attrs.frozen(kw_only=True)
class LogicalGroup:
    """A group with a name, whatever providers carry it.

    `route` is the connection that `switch` set, `prefer` are those of its own choice, `last` the one that carried its
    last message. `failover` of None leaves it to the connections. `observed` were seen in one of its threads and are no
    members: nobody texts them until they are accepted.
    """

    id: int = attrs.field(repr=False)
    name: str
    members: tuple[Member, ...]
    topology: Topology | None = None
    prefer: tuple[str, ...] = ()
    route: str | None = None
    failover: bool | None = None
    last: str | None = None
    observed: tuple[Member, ...] = ()
    threads: tuple[Thread, ...] = ()
    created_at: datetime
    archived_at: datetime | None = None

    @property
    def addresses(self) -> tuple[Address, ...]:
        """The members' addresses."""
        return tuple(member.address for member in self.members)


@attrs.frozen
class PassedOver:
    """A connection that could have carried a message and did not, and why."""

    connection: str
    why: str


@attrs.frozen(kw_only=True)
class BoardReceipt(GroupReceipt):
    """A receipt for a logical group: by which connection it went, and which were passed over.

    `again` is true where an earlier send with this key had sent it.
    """

    logical: str
    connection: str
    key: str | None = None
    passed_over: tuple[PassedOver, ...] = ()
    again: bool = False


@attrs.frozen(kw_only=True)
class Entry:
    """A message of a group's history. Its text is not kept.

    `conflict` says what contradicts the state. `gave_up`: of an unknown one, that nobody will be able to tell.
    """

    id: int = attrs.field(repr=False)
    key: str | None
    state: State
    connection: str
    message_id: str
    status: Status | None = None
    reason: FailureReason | None = None
    error: str | None = None
    conflict: str | None = None
    gave_up: bool = False
    tries: int = 1
    created_at: datetime
    ended_at: datetime | None = None


@attrs.frozen(kw_only=True)
class Fork:
    """A group went on in another thread: when, where, and why. Whoever is in the old one is still in it."""

    at: datetime
    connection: str
    before: str | None
    reason: str


@attrs.frozen(kw_only=True)
class OptOut:
    """Somebody opted out, or in again. `address` is None where it is forgotten, but still heeded."""

    address: Address | None
    suppressed: bool
    source: str
    connection: str | None
    line: str | None = attrs.field(repr=False)
    at: datetime


@attrs.frozen(kw_only=True)
class Settled:
    """What became of a message whose outcome was unknown."""

    logical: str
    key: str | None
    connection: str
    state: State
    why: str = ""


@attrs.frozen(kw_only=True)
class SwitchPlan:
    """What a switch would mean for one group: whether it `fits`, what it `loses`, and what its members would see.

    `before` is the connection that carried its last message, else the one it would go by; None where it goes by none.
    `new_thread`: its messages would begin another thread, which comes from `line`.
    """

    group: LogicalGroup
    before: str | None
    to: str
    fits: bool
    why: str = ""
    loses: tuple[str, ...] = ()
    new_thread: bool = True
    line: str = attrs.field(default="", repr=False)


@attrs.frozen(kw_only=True)
class BoardPlan:
    """What a send to a logical group would come to: by which connection, and which would be passed over."""

    connection: str
    plan: Plan
    passed_over: tuple[PassedOver, ...] = ()


class InboxState(StrEnum):
    """Where a callback stands: `failed` is one whose handling was given up."""

    WAITING = "waiting"
    HANDLED = "handled"
    FAILED = "failed"


@attrs.frozen(kw_only=True)
class InboxEntry:
    """A callback that was accepted. What is in it is not shown, and erased once it is handled.

    `tries` says how often its handling was begun, `next_at` when it may be begun again, `error` what kind of error
    ended the last.
    """

    id: int = attrs.field(repr=False)
    connection: str
    state: InboxState
    tries: int
    arrived_at: datetime
    next_at: datetime | None
    error: str | None


@attrs.frozen
class Handled:
    """How many callbacks were handled, and how many are left: for a later try, or in others' hands."""

    handled: int
    left: int
