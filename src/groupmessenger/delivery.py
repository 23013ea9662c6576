"""What became of one message, of all that was told of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime

import attrs

from .events import StatusChanged
from .messages import Evidence, Status
from .phone import Address

PRECEDENCE: tuple[Status, ...] = (
    Status.UNKNOWN,
    Status.SCHEDULED,
    Status.ACCEPTED,
    Status.SENT,
    Status.FAILED,
    Status.DELIVERED,
    Status.READ,
)
"""Which status stands when several were told, last wins. A provider may have its own order."""


@attrs.frozen(init=False)
class Delivery:
    """What is known of one message: a fold over the set of its status events.

    Order and repetition of events do not matter; of two events for one recipient, a final one stands before one that
    is not, and then the one later in `precedence`. Without per-recipient events there is one entry, under None.
    `final_after` is how many seconds after sending the provider tells no more, None where it does not say.
    """

    message_id: str
    by_recipient: dict[Address | None, StatusChanged]
    precedence: tuple[Status, ...] = attrs.field(repr=False)
    final_after: float | None = attrs.field(repr=False)
    first_told: datetime | None = attrs.field(repr=False)

    def __init__(
        self,
        message_id: str,
        events: Iterable[StatusChanged],
        precedence: Sequence[Status] = PRECEDENCE,
        final_after: float | None = None,
    ) -> None:
        rank = {status: place for place, status in enumerate(precedence)}
        standing: dict[Address | None, StatusChanged] = {}
        told = tuple(events)
        for event in sorted(
            told, key=lambda event: (event.final, rank.get(event.status, -1), event.key, *_details(event))
        ):
            standing[event.recipient] = event
        if len(standing) > 1:
            standing.pop(None, None)
        self.__attrs_init__(  # pyright: ignore[reportAttributeAccessIssue]
            message_id,
            standing,
            tuple(precedence),
            final_after,
            min((event.at for event in told if event.at is not None), default=None),
        )

    @property
    def status(self) -> Status:
        """The status everybody has reached: the least advanced one, `unknown` where nothing was told."""
        return min(
            (event.status for event in self.by_recipient.values()), key=_RANK.__getitem__, default=Status.UNKNOWN
        )

    @property
    def failed(self) -> tuple[StatusChanged, ...]:
        """The events of those whom it did not reach."""
        return tuple(event for event in self.by_recipient.values() if event.status is Status.FAILED)

    @property
    def evidence(self) -> Evidence | None:
        """What all the deliveries told of rest on: the carrier's word if any is no better; None without any."""
        told = {
            event.evidence for event in self.by_recipient.values() if event.status in (Status.DELIVERED, Status.READ)
        }
        told.discard(None)
        return Evidence.CARRIER if Evidence.CARRIER in told else next(iter(told), None)

    @property
    def summary(self) -> str:
        """One line for people, such as `3 delivered, 1 failed (opted out), 1 unknown`."""
        if not self.by_recipient:
            return "nothing told yet"
        counts = Counter(map(_words, sorted(self.by_recipient.values(), key=lambda event: -_RANK[event.status])))
        if None in self.by_recipient:
            return f"{next(iter(counts))} (one status for everybody)"
        return ", ".join(f"{count} {words}" for words, count in counts.items())

    def is_final(self, now: datetime | None = None, sent_at: datetime | None = None) -> bool:
        """Whether nothing more is to be expected of anybody.

        By the events themselves, and with `now` also by how long ago it was: `final_after` seconds since `sent_at`,
        or since the first event with a time.
        """
        if self.by_recipient and all(event.final for event in self.by_recipient.values()):
            return True
        since = sent_at or self.first_told
        if now is None or since is None or self.final_after is None:
            return False
        return (now - since).total_seconds() >= self.final_after


_RANK = {status: place for place, status in enumerate(PRECEDENCE)}


def _details(event: StatusChanged) -> tuple[str, ...]:
    """What tells two events of one key apart, so that it does not matter which came first."""
    at = "" if event.at is None else event.at.isoformat()
    return (
        at,
        event.code or "",
        event.evidence or "",
        event.reason or "",
        event.token or "",
        event.message_id,
        event.connection or "",
        event.line or "",
    )


def _words(event: StatusChanged) -> str:
    why = f" ({event.reason.replace('_', ' ')})" if event.reason is not None else ""
    return f"{event.status}{why}"


def untold(told: Sequence[StatusChanged], recipients: Iterable[Address]) -> Iterable[StatusChanged]:
    """An `unknown` for each recipient of whom nothing was told, where others are told of by name."""
    named = {event.recipient for event in told} - {None}
    for recipient in recipients:
        if named and recipient not in named:
            message_id = told[0].message_id
            key = f"{message_id}/{recipient}/untold"
            yield StatusChanged(key=key, at=None, message_id=message_id, status=Status.UNKNOWN, recipient=recipient)
