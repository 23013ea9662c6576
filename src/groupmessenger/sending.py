"""One attempt at one message: made, watched, carried out, and what a client remembers of it."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Collection, Mapping
from datetime import timedelta
from functools import partial
from types import MappingProxyType
from typing import TYPE_CHECKING, Protocol, TypeVar

import attrs

from .driving import ForeignAwait
from .errors import (
    CapabilityError,
    ConfigurationError,
    GroupMessengerError,
    NotReached,
    Outcome,
    OutcomeUnknown,
    PartialFailure,
    ProviderError,
    SendBlocked,
    UnsupportedOperation,
)
from .events import Event
from .exchange import Departed, departed
from .flow import Call, Flow, LeaveBy, Now
from .groups import Group
from .messages import Absent, Attempt, CannotTell, Found, GroupReceipt, Message, Receipt, Sighting
from .messenger import GroupMessenger
from .opened import Bounded
from .phone import Address

if TYPE_CHECKING:
    from .switchboard import OutboxStats

R = TypeVar("R", bound=Receipt)
T = TypeVar("T")
_log = logging.getLogger(__name__)
_NOTHING: Mapping[str, str] = MappingProxyType({})
# What says of itself what was done. Any other error, such as InvalidInput for a number in an answer, says nothing.
_CERTAIN = (CapabilityError, ConfigurationError, NotReached, ProviderError, PartialFailure)


async def certain(title: str, change: Flow[T]) -> T:
    """Run something that changes things; an error in reading its answer says nothing of whether it was done."""
    try:
        return await change
    except (ForeignAwait, OutcomeUnknown, *_CERTAIN):
        raise
    except Exception as error:
        kind = type(error).__name__
        raise OutcomeUnknown(f"{title} may have done it, or not: its answer could not be read ({kind})") from error


class Observing(Protocol):
    """Whoever watches sends: may veto one before it leaves, and learns what became of it."""

    def before_send(self, attempt: Attempt) -> None:
        """See a message before it leaves. Raises `SendBlocked` to keep it back."""

    def after_send(self, attempt: Attempt, result: Receipt | GroupMessengerError) -> None:
        """See what became of it."""

    @property
    def carry(self) -> Callable[[], Mapping[str, str]] | None:
        """What gives what goes along with a message that is queued, if anything does."""

    def on_event(self, event: Event) -> None:
        """See an event from a provider."""

    def on_outbox(self, stats: OutboxStats) -> None:
        """See how an outbox stands."""


@attrs.define(eq=False)
class Sending:
    """Makes attempts and carries them out. A message may leave for `seconds`."""

    _messenger: GroupMessenger
    _seconds: float
    _observers: Observing | None
    _sent: Bounded[str, str] = attrs.field(factory=Bounded, init=False)

    async def carried(self) -> Mapping[str, str]:
        """What goes along with a message that is queued now."""
        carry = None if self._observers is None else self._observers.carry
        return _NOTHING if carry is None else await Call(carry)

    async def attempt(
        self,
        message: Message,
        *,
        group: Group | None = None,
        to: Address | None = None,
        token: str | None = None,
        carried: Mapping[str, str] = _NOTHING,
    ) -> Attempt:
        """Make an attempt, with a random token of its own unless there is one."""
        now = await Now()
        for name, moment in (("send_at", message.send_at), ("expires_at", message.expires_at)):
            if moment is not None and moment <= now:
                raise UnsupportedOperation(f"{name} is over already: leave it out, or take a later time")
        return Attempt(
            token=token or os.urandom(16).hex(),
            provider=self._messenger.name,
            line=self._messenger.line,
            message=message,
            group=group,
            to=to,
            leave_from=now,
            leave_by=now + timedelta(seconds=self._seconds),
            carried=carried,
        )

    async def carry_out(
        self, attempt: Attempt, kind: type[R], start: Callable[[], Flow[R]], finish: Callable[[R], R]
    ) -> R:
        """Let it leave, observed. Whatever goes wrong in reading an answer leaves it unknown, with the attempt.

        `finish` completes the receipt, of this `kind`, with the attempt's token, before anybody sees it.
        """
        if self._observers is not None:
            await _ask_before(self._observers, attempt)
        sending = Departed()
        watched = departed.set(sending)
        try:
            sent = await LeaveBy(attempt.leave_by, certain(self._messenger.title, self._receipt(kind, start)))
        except GroupMessengerError as caught:
            error = self._known(caught, sending)
            if isinstance(error, OutcomeUnknown):
                error.attempt = attrs.evolve(attempt, provider_id=error.provider_id)
            await self._tell(attempt, error)
            if error is caught:
                raise
            raise error from caught
        finally:
            departed.reset(watched)
        receipt = finish(sent)
        self._account(receipt.id, attempt.token)
        await self._tell(attempt, receipt)
        return receipt

    async def _receipt(self, kind: type[R], start: Callable[[], Flow[R]]) -> R:
        sent = await start()
        if not isinstance(sent, kind):
            raise TypeError(f"{self._messenger.title}'s send gave no {kind.__name__}")
        if isinstance(sent, GroupReceipt) and sent.group.pending:
            raise TypeError(f"{self._messenger.title}'s send gave a group that is pending still")
        return sent

    def _known(self, error: GroupMessengerError, sending: Departed) -> GroupMessengerError:
        """What is known after an error: that of a request after the message's own says nothing about the message."""
        if error.outcome is not Outcome.NOT_SENT or not any(error is later for later in sending.later):
            return error
        return OutcomeUnknown(f"{self._messenger.title} took the message, and then: {error}")

    async def find(self, attempt: Attempt, known: Collection[str], settle: float) -> Sighting:
        """Look for a message whose outcome is unknown. Absence is believed `settle` seconds after it could leave."""
        settled = attempt.leave_by + timedelta(seconds=settle)
        early = await Now() < settled  # by when the look begins, not when it ends
        sighting = await self._messenger.find_sent(attempt, self._accounted_for(known, attempt.token))
        if isinstance(sighting, Absent) and early:
            return CannotTell(f"not there yet, but it may still be under way: ask again after {settled:%H:%M:%S} UTC")
        if isinstance(sighting, Found):
            receipt = attrs.evolve(sighting.receipt, token=attempt.token)
            self._account(receipt.id, attempt.token)
            return attrs.evolve(sighting, receipt=receipt)
        return sighting

    def _accounted_for(self, known: Collection[str], token: str) -> Collection[str]:
        """The ids of messages known to be others than the one of this token: the caller's, and our own."""
        return {*known, *(message_id for message_id, owner in self._sent.snapshot() if owner != token)}

    def _account(self, message_id: str, token: str) -> None:
        """Keep the id of a message that is known to be ours."""
        if message_id:
            self._sent.put(message_id, token)

    async def _tell(self, attempt: Attempt, result: Receipt | GroupMessengerError) -> None:
        if self._observers is not None:
            try:
                await Call(partial(self._observers.after_send, attempt, result))
            except Exception:  # what became of the message is known, and stays what it is
                _log.exception("an observer failed after a send")


async def _ask_before(observers: Observing, attempt: Attempt) -> None:
    """Let the observers see a message before it leaves. One that breaks keeps it back: it may be there to."""
    try:
        await Call(partial(observers.before_send, attempt))
    except GroupMessengerError:
        raise
    except Exception as error:
        raise SendBlocked(f"an observer failed before the message left: {type(error).__name__}") from error
