"""What the application and the judge note down of messages."""

from __future__ import annotations

from datetime import datetime

import attrs

from groupmessenger.errors import GroupMessengerError, Outcome
from groupmessenger.switchboard.outbox.pacing import Pace
from groupmessenger.switchboard.values import BoardReceipt


@attrs.define(eq=False)
class Asked:
    """One call of `send`, and what it said. One whose process was killed said nothing."""

    began: int
    ended: int | None = None
    receipt: BoardReceipt | None = None
    error: GroupMessengerError | None = None

    @property
    def outcome(self) -> Outcome | None:
        if self.receipt is not None:
            return Outcome.SENT
        return None if self.error is None else self.error.outcome


@attrs.define(eq=False)
class Note:
    """One message that the application wants to send."""

    group: str
    text: str
    key: str | None
    calls: list[Asked] = attrs.field(factory=list)
    left: int = 0  # how often it is asked again

    @property
    def decided(self) -> bool:
        return any(call.outcome is Outcome.SENT for call in self.calls)


@attrs.frozen
class Departure:
    """An attempt that was let go, and who was to get it as far as the directory knew."""

    token: str
    text: str
    group: int
    members: frozenset[str]
    opted_out: frozenset[str]
    at: int


@attrs.define(eq=False)
class Wish:
    """One message that the application wants to be queued, perhaps not before a time."""

    group: str
    text: str
    key: str | None
    at: datetime | None = None
    numbers: set[int] = attrs.field(factory=set)  # in the outbox, as far as it was told
    calls: int = 0
    left: int = 0  # how often it is asked again
    direct: bool = False  # it was sent out of its turn as well


@attrs.frozen
class Left:
    """What was let go, as the outbox and the pace see it; `entry` is its number in the outbox, if it has one."""

    token: str
    entry: int | None
    at: int
    now: datetime  # by the directory
    pace: Pace | None
    weight: int
    waits: bool
