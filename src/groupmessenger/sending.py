"""One attempt at one message: made, watched, carried out, and what a client remembers of it."""

from __future__ import annotations

import logging
import secrets
import threading
from collections import OrderedDict
from collections.abc import Callable, Collection
from datetime import timedelta
from functools import partial
from typing import Protocol, TypeVar

import attrs

from .driving import ForeignAwait
from .errors import (
    CapabilityError,
    ConfigurationError,
    GroupMessengerError,
    GroupPending,
    NotReached,
    Outcome,
    OutcomeUnknown,
    PartialFailure,
    ProviderError,
)
from .exchange import Departed, departed
from .flow import Call, Flow, LeaveBy, Now
from .groups import Group
from .messages import Attempt, Message, Receipt
from .messenger import GroupMessenger
from .phone import Address

K = TypeVar("K")
V = TypeVar("V")
R = TypeVar("R", bound=Receipt)
T = TypeVar("T")
_log = logging.getLogger(__name__)
# What says of itself what was done. Any other error, such as InvalidInput for a number in an answer, says nothing.
_CERTAIN = (CapabilityError, ConfigurationError, NotReached, ProviderError, PartialFailure)
_REMEMBERED = 10_000  # entries; a client is not a database


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


class _Bounded(OrderedDict[K, V]):
    """A mapping that forgets its oldest entries. May be written by several threads."""

    def __init__(self) -> None:
        super().__init__()
        self._guard = threading.Lock()

    def put(self, key: K, value: V) -> None:
        with self._guard:
            self[key] = value
            self.move_to_end(key)
            while len(self) > _REMEMBERED:
                self.popitem(last=False)

    def snapshot(self) -> list[tuple[K, V]]:
        with self._guard:
            return list(self.items())


class Opened(_Bounded[Group, Group]):
    """What groups that were pending, or not named yet, have become; and which of them may have been opened."""

    def __init__(self) -> None:
        super().__init__()
        self._in_doubt: _Bounded[Group, None] = _Bounded()

    def doubt(self, group: Group) -> None:
        """Keep that the message that opens a group may have gone out: another could open it a second time."""
        self._in_doubt.put(group, None)

    def check(self, group: Group) -> None:
        """Raise `GroupPending` for a group that is in doubt."""
        if group in self._in_doubt:
            raise GroupPending(
                "its first message was lost or cancelled, and may have gone out and made the group: ask find_sent "
                "with its attempt first, or create the group again to begin another thread"
            )

    def settle(self, group: Group) -> None:
        """Forget a doubt: it is known what became of the first message."""
        self._in_doubt.pop(group, None)

    def ask_anew(self, group: Group) -> None:
        """Take a group as created now: what it became before counts only if it still has these people."""
        self.settle(group)
        became = self.get(group)
        if became is not None and set(became.members or ()) != set(group.members or ()):
            self.pop(group, None)

    def now(self, group: Group) -> Group:
        """The group as it is by now, as far as this client knows."""
        became = self.get(group, group)
        return self.get(became, became)  # a pending value leads to its id, and that to what is known since

    def remember(self, group: Group, became: Group) -> Group:
        """Keep what a group has become, where that could be asked for again by the old value."""
        if group.pending or group.name_pending:
            self.put(group, became)
            self.settle(group)
        if became.name_pending or became in self:
            self.put(became, became)
        return became

    def changed(self, group: Group, became: Group) -> Group:
        """Keep what a change made of a group, also under the pending value that it began as."""
        for key in self._leading_to(became):
            self.put(key, became)
        return self.remember(group, became)

    def forget(self, group: Group) -> None:
        """Forget a group that is gone, so that one of the same people can be opened."""
        for key in self._leading_to(group):
            self.pop(key, None)

    def _leading_to(self, group: Group) -> list[Group]:
        return [key for key, became in self.snapshot() if became == group]


@attrs.define(eq=False)
class Sending:
    """Makes attempts and carries them out. A message may leave for `seconds`."""

    _messenger: GroupMessenger
    _seconds: float
    _observers: Observing | None
    _sent: _Bounded[str, str] = attrs.field(factory=_Bounded, init=False)

    async def attempt(self, message: Message, *, group: Group | None = None, to: Address | None = None) -> Attempt:
        """Make an attempt, with a random token of its own."""
        now = await Now()
        return Attempt(
            token=secrets.token_hex(16),
            provider=self._messenger.name,
            line=self._messenger.line,
            message=message,
            group=group,
            to=to,
            leave_from=now,
            leave_by=now + timedelta(seconds=self._seconds),
        )

    async def carry_out(
        self, attempt: Attempt, kind: type[R], start: Callable[[], Flow[R]], finish: Callable[[R], R]
    ) -> R:
        """Let it leave, observed. Whatever goes wrong in reading an answer leaves it unknown, with the attempt.

        `finish` completes the receipt, of this `kind`, before anybody sees it.
        """
        if self._observers is not None:
            await Call(partial(self._observers.before_send, attempt))
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
        receipt = finish(attrs.evolve(sent, token=attempt.token))
        self.account(receipt.id, attempt.token)
        await self._tell(attempt, receipt)
        return receipt

    async def _receipt(self, kind: type[R], start: Callable[[], Flow[R]]) -> R:
        sent = await start()
        if not isinstance(sent, kind):
            raise TypeError(f"{self._messenger.title}'s send gave no {kind.__name__}")
        return sent

    def _known(self, error: GroupMessengerError, sending: Departed) -> GroupMessengerError:
        """What is known after an error: that of a request after the message's own says nothing about the message."""
        if error.outcome is not Outcome.NOT_SENT or not any(error is later for later in sending.later):
            return error
        return OutcomeUnknown(f"{self._messenger.title} took the message, and then: {error}")

    def accounted_for(self, known: Collection[str], token: str) -> Collection[str]:
        """The ids of messages known to be others than the one of this token: the caller's, and our own."""
        return {*known, *(message_id for message_id, owner in self._sent.snapshot() if owner != token)}

    def account(self, message_id: str, token: str) -> None:
        """Keep the id of a message that is known to be ours."""
        if message_id:
            self._sent.put(message_id, token)

    async def _tell(self, attempt: Attempt, result: Receipt | GroupMessengerError) -> None:
        if self._observers is not None:
            try:
                await Call(partial(self._observers.after_send, attempt, result))
            except Exception:  # what became of the message is known, and stays what it is
                _log.exception("an observer failed after a send")
