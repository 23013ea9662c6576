"""What a client hears from its provider, and how it answers. The answering is flows."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable, Collection, Iterable
from datetime import MAXYEAR, MINYEAR, datetime
from typing import TYPE_CHECKING

import attrs

from .callbacks import LARGEST, Callback, Verified, checked
from .delivery import Delivery, untold
from .errors import (
    GroupMessengerError,
    GroupUnresolved,
    InvalidInput,
    InvalidSignature,
    MalformedWebhook,
    UnsupportedOperation,
    WrongConnection,
)
from .events import Event, MessageReceived, ReactionReceived, StatusChanged
from .flags import Operation
from .groups import Topology
from .messages import GroupReceipt, Message, Receipt
from .messenger import GroupMessenger, Page
from .opened import Bounded
from .operations import Operations
from .sending import Observing
from .understanding import Listener, understood

if TYPE_CHECKING:
    from .switchboard import OutboxStats

_log = logging.getLogger(__name__)


@attrs.define(eq=False)
class Incoming:
    """What comes in on one connection. `connection` is its name where it has one."""

    _operations: Operations
    _observers: Observing | None
    connection: str | None
    _deliveries: Bounded[str, str] = attrs.field(factory=Bounded, init=False)
    _known: tuple[frozenset[str], Listener] | None = attrs.field(default=None, init=False)

    @property
    def messenger(self) -> GroupMessenger:
        """Whose callbacks they are."""
        return self._operations.messenger

    def receive(self, callback: Callback, *, verify: bool = True) -> tuple[Event, ...]:
        """What a callback tells, once it is believed."""
        verified = self.verify(callback, verify=verify)
        check_replay(verified, callback, lambda key, value, _: self._deliveries.first(key, value))
        return self.understand(self.parse(callback, verified), verified)

    def verify(self, callback: Callback, *, verify: bool = True) -> Verified:
        """Believe a callback or raise. With `verify` switched off everything is believed, and the log says so."""
        if not isinstance(callback, Callback):
            raise InvalidInput(f"a callback is a groupmessenger.Callback, and this is {type(callback).__name__}")
        self._operations.may(Operation.RECEIVE)
        if len(callback.body) > LARGEST:
            raise MalformedWebhook(f"the body is larger than {LARGEST} bytes")
        if verify:
            return checked(self.messenger.verify(callback))
        _log.warning("a callback of %s is believed without proof: verify is off", self.messenger.title)
        return Verified()

    def parse(self, callback: Callback, verified: Verified) -> tuple[Event, ...]:
        """The events of a callback, by what it has proven; as the provider tells them, and not judged yet."""
        return tuple(self.messenger.parse(callback, verified))

    def understand(
        self, events: Iterable[Event], verified: Verified, own_lines: Collection[str] = ()
    ) -> tuple[Event, ...]:
        """The events, with what follows from them here. `own_lines` are those of other connections."""
        found = understood(events, self._listener(frozenset(own_lines)), verified)
        name = self.connection
        return tuple(event if event.connection == name else attrs.evolve(event, connection=name) for event in found)

    def _listener(self, others: frozenset[str]) -> Listener:
        """For whom events are judged, where others have these lines; kept, for a receiver has mostly the same."""
        known = self._known
        if known is None or known[0] != others:
            messenger = self.messenger
            lines = messenger.own_lines.union(others)
            made = Listener(messenger.line, lines, self._operations.capabilities, messenger.title)
            known = self._known = others, made
        return known[1]

    @property
    def is_observed(self) -> bool:
        """Whether there are observers."""
        return self._observers is not None

    def observe(self, event: Event) -> None:
        """Let the observers see an event; what one of them breaks is logged."""
        if self._observers is not None:
            try:
                self._observers.on_event(event)
            except Exception:
                _log.exception("an observer failed at an event")

    def observe_outbox(self, stats: OutboxStats) -> None:
        """Let the observers see how an outbox stands."""
        if self._observers is not None:
            self._observers.on_outbox(stats)

    def delivery(self, receipt: Receipt, events: Iterable[Event]) -> Delivery:
        """What the events tell of a message, whatever else is among them."""
        told = [event for event in events if isinstance(event, StatusChanged) and _is_of(event, receipt)]
        precedence, final_after = self.messenger.precedence, self._operations.capabilities.final_after
        return Delivery(receipt.id, (*told, *untold(told, receipt.recipients)), precedence, final_after)

    async def received_since(self, since: datetime, cursor: str | None) -> Page[Event]:
        """One page of what came in from then on."""
        page = await self.messenger.received_since(since, cursor)
        return Page(self.understand(page.items, Verified()), page.next)

    def may_list(self, since: datetime) -> None:
        """Refuse a listing before the first page is asked for."""
        self._operations.may(Operation.RECEIVED_SINCE)
        if not isinstance(since, datetime) or since.utcoffset() is None:
            raise InvalidInput("since is a datetime with a time zone: datetime.now(timezone.utc), for example")
        if not MINYEAR < since.year < MAXYEAR:  # which another zone may not have
            raise InvalidInput("since is no time that every zone has")

    async def reply(self, event: MessageReceived | ReactionReceived, message: Message | str) -> GroupReceipt:
        """Answer in the thread that an event came from, and nowhere else."""
        self.check_repliable(event)
        if event.group is None:
            raise await self._unresolved(event)
        return await self._operations.send(event.group, message)

    def check_repliable(self, event: object) -> None:
        """Raise what keeps an event from being answered, whatever its group."""
        if not isinstance(event, MessageReceived | ReactionReceived):
            raise InvalidInput(f"what can be answered is a message or a reaction, and this is {type(event).__name__}")
        if event.line != self.messenger.line:
            raise WrongConnection("the message came in on another line than this connection's")
        if not event.repliable:
            why = event.not_repliable_because or "its group is not one that can be sent to"
            if event.group is None:
                raise GroupUnresolved(f"the thread cannot be answered: {why}")
            raise UnsupportedOperation(f"the thread cannot be answered: {why}")

    async def _unresolved(self, event: MessageReceived | ReactionReceived) -> GroupUnresolved:
        title = self.messenger.title
        if self._operations.capabilities.topology is not Topology.BROADCAST:
            return GroupUnresolved(
                "it was written to you alone, in no group: answer its sender with send_direct(event.sender, ...)"
            )
        try:
            groups = await self.messenger.groups_of(event.sender)
        except GroupMessengerError as error:
            cause: GroupMessengerError | None = error
            said = f"; in which groups its sender is could not be read ({error})"
            candidates: tuple[str, ...] = ()
        else:
            cause = None
            candidates = tuple(group.id for group in groups)
            said = f"; its sender is in {len(candidates)} of your groups"
        unresolved = GroupUnresolved(
            f"{title} does not say in which group it was written{said}: answer its sender with "
            "send_direct(event.sender, ...), or send to the group you mean",
            candidates,
        )
        unresolved.__cause__ = cause
        return unresolved


def _is_of(event: StatusChanged, receipt: Receipt) -> bool:
    """Whether an event tells of this message: by our token, or by the provider's id."""
    return event.token == receipt.token if event.token and receipt.token else event.message_id == receipt.id != ""


def check_replay(verified: Verified, callback: Callback, first: Callable[[str, str, datetime | None], str]) -> None:
    """Raise `InvalidSignature` for a delivery that was seen before with another content.

    `first` keeps a value under a key unless there is one, until some time, and gives what is kept.
    """
    if verified.once is None:
        return
    parts = (callback.method, callback.url, callback.body.hex())
    content = hashlib.sha256("\n".join(parts).encode("utf-8", "replace")).hexdigest()
    if first(verified.once, content, verified.until) != content:
        raise InvalidSignature("it repeats the id of another delivery: a replay")
