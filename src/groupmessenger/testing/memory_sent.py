"""A message that the provider `memory` took, and what became of it."""

from __future__ import annotations

from datetime import datetime

import attrs

from ..delivery import PRECEDENCE
from ..provider import Address, Capabilities, FailureReason, Group, Message, Receipts, Status, StatusChanged, mask
from ..sandbox import Network, Thread


@attrs.define(eq=False)
class Sent:
    """A message that the provider took: for `group`, or for one person if that is None.

    `recipients` get it in `threads`: in the one they share, or each in a private one. It is `gone` once it was put
    there, and `reached` are then the numbers of the phones that show it, or will.
    """

    id: str
    line: str = attrs.field(repr=mask)
    message: Message
    recipients: tuple[Address, ...]
    group: Group | None
    threads: tuple[Thread, ...] = attrs.field(repr=False)
    token: str = attrs.field(repr=False)
    gone: bool = False
    reached: frozenset[str] = attrs.field(default=frozenset(), repr=False)

    def post(self, network: Network) -> None:
        """Put it on the phones."""
        media = [each.url for each in self.message.media]
        posted = [network.post(thread, self.line, self.message.text, media) for thread in self.threads]
        self.gone, self.reached = True, frozenset(number for numbers in posted for number in numbers)

    def told(self, network: Network, can: Capabilities, at: datetime) -> tuple[StatusChanged, ...]:
        """What a provider that `can` so much tells of it: of each recipient, or of all in one."""
        found = {each: self._status(network, each) for each in self.recipients}
        if can.receipts is Receipts.PER_MESSAGE:
            return (self._event(None, min(found.values(), key=PRECEDENCE.index), can, at),)
        return tuple(self._event(each, status, can, at) for each, status in found.items())

    def _event(self, recipient: Address | None, status: Status, can: Capabilities, at: datetime) -> StatusChanged:
        return StatusChanged(
            key=f"{self.id}/{recipient or 'all'}/{status}",
            at=at,
            message_id=self.id,
            status=status,
            token=self.token,
            recipient=recipient,
            evidence=can.evidence if status is Status.DELIVERED else None,
            reason=FailureReason.UNREACHABLE if status is Status.FAILED else None,
            final=status in (Status.DELIVERED, Status.FAILED),
            line=self.line,
        )

    def _status(self, network: Network, to: Address) -> Status:
        """How far it has come to somebody: not further than `sent` while the phone is off."""
        if not self.gone:
            return Status.SCHEDULED
        number = str(to)
        if number in network.lines:
            return Status.DELIVERED
        if number not in self.reached:
            return Status.FAILED
        return Status.DELIVERED if network.phones[number].on else Status.SENT
