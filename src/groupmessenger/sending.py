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
    NotReached,
    OutcomeUnknown,
    PartialFailure,
    ProviderError,
)
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
    """What groups that were pending, or not named yet, have become."""

    def now(self, group: Group) -> Group:
        """The group as it is by now, as far as this client knows."""
        became = self.get(group, group)
        return self.get(became, became)  # a pending value leads to its id, and that to what is known since

    def remember(self, group: Group, became: Group) -> Group:
        """Keep what a group has become, where that could be asked for again by the old value."""
        if group.pending or group.name_pending:
            self.put(group, became)
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

    async def carry_out(self, attempt: Attempt, start: Callable[[], Flow[R]]) -> R:
        """Let it leave, observed. Whatever goes wrong in reading an answer leaves it unknown, with the attempt."""
        if self._observers is not None:
            await Call(partial(self._observers.before_send, attempt))
        try:
            sent = await LeaveBy(attempt.leave_by, certain(self._messenger.title, start()))
        except OutcomeUnknown as error:
            error.attempt = attrs.evolve(attempt, provider_id=error.provider_id)
            await self._tell(attempt, error)
            raise
        except GroupMessengerError as error:
            await self._tell(attempt, error)
            raise
        receipt = attrs.evolve(sent, token=attempt.token)
        self.account(receipt.id, attempt.token)
        await self._tell(attempt, receipt)
        return receipt

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
