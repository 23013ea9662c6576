"""The provider `memory`: flows that await nothing, and act on the phones of a `Memory`."""

from __future__ import annotations

import hmac
from collections.abc import Callable, Collection, Iterable, Sequence
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, ClassVar, NoReturn, TypeVar

import attrs

from .._dumping import load
from ..plugins import load_provider
from ..provider import (
    NATIVE,
    Address,
    Attempt,
    Billing,
    Callback,
    Capabilities,
    Channel,
    Creation,
    Event,
    Evidence,
    Feature,
    Finding,
    Group,
    GroupMessenger,
    GroupReceipt,
    Identity,
    InvalidInput,
    InvalidSignature,
    Level,
    Lookup,
    MalformedWebhook,
    Media,
    Member,
    Merges,
    Message,
    MessageReceived,
    Operation,
    OptOut,
    Page,
    PhoneNumber,
    Receipt,
    Receipts,
    Sighting,
    StatusChanged,
    Topology,
    UnsupportedOperation,
    Verified,
    mask,
    setting,
)
from .memory_line import MemoryLine

if TYPE_CHECKING:
    from .memory import Memory

T = TypeVar("T")

LINE = "+13125550100"
SECRET, EVENT = "x-memory-secret", "x-memory-event"  # headers of a callback
_EVENTS: dict[str, type[Event]] = {kind.__name__: kind for kind in (MessageReceived, StatusChanged)}


def _number(value: str) -> str:
    return str(PhoneNumber.parse(value))


def _line_of(messenger: MemoryMessenger) -> MemoryLine:
    kind = type(messenger) if messenger.like is None else load_provider(messenger.like)
    can = attrs.evolve(kind.capabilities, settle=0.0)
    return MemoryLine(messenger.memory, messenger.name, messenger.line, can)


@attrs.frozen
class MemoryMessenger(GroupMessenger):
    """A line of a `Memory`, which has a class of its own of these.

    `like` names an installed provider: then its flags, its limits and its kind of group hold, as its class has them.
    Nothing else of that provider is here.
    """

    name = "memory"
    title = "Memory"
    base_url = "https://memory.invalid"
    capabilities = Capabilities(
        topology=Topology.SHARED_THREAD,
        identity=Identity.PROVIDER_ID,
        merges=Merges.NEVER,
        creation=Creation.EXPLICIT,
        receipts=Receipts.PER_RECIPIENT,
        evidence=Evidence.HANDSET,
        lookup=Lookup.TOKEN,
        channels=(Channel.IMESSAGE,),
        emails=True,
        exposes_numbers=True,
        billing=Billing.UNKNOWN,
        opt_out=OptOut.NOBODY,
        flags=dict.fromkeys((Feature.MEDIA, Feature.REPLY_TO, Feature.SEND_AT, Feature.GROUP_NAME), NATIVE),
        limits=(),
    )
    memory: ClassVar[Memory]

    line: str = setting("a number of yours, in E.164", default=LINE, converter=_number, repr=mask)
    like: str | None = setting("an installed provider, whose flags, limits and groups it has", default=None)
    _there: MemoryLine = attrs.field(init=False, repr=False, eq=False, default=attrs.Factory(_line_of, takes_self=True))

    def __attrs_post_init__(self) -> None:
        self.memory.network.attach(self.line, self._there.hear)

    def own_capabilities(self) -> Capabilities:
        """Everything, or what the other provider can do."""
        return self._there.can

    def advice(self, now: datetime) -> Iterable[Finding]:
        """That nobody is texted."""
        yield Finding(Level.WARNING, "this provider is for tests: its phones are in memory, and nobody is texted")

    async def create_group(self, members: Sequence[Member], name: str | None) -> Group:
        """Make a group, or describe it, as the provider would."""
        return self._do(Operation.CREATE_GROUP, partial(self._there.create, members, name))

    async def send(self, group: Group, message: Message, token: str) -> GroupReceipt:
        """Put a message on the phones, in one thread or in private ones."""
        return self._do(Operation.SEND, partial(self._there.send, group, message, token))

    async def send_direct(self, to: Address, message: Message, token: str) -> Receipt:
        """Put a message on one phone."""
        return self._do(Operation.SEND_DIRECT, partial(self._there.send_direct, to, message, token))

    async def get_group(self, group: Group) -> Group:
        """The group as it is."""
        return self._do(Operation.GET_GROUP, partial(self._there.held, group))

    async def list_groups(self, cursor: str | None = None) -> Page[Group]:
        """All groups of the line, in one page."""
        return Page(self._do(Operation.LIST_GROUPS, self._there.groups))

    async def add_members(self, group: Group, members: Sequence[Member]) -> Group:
        """Let people in."""
        return self._do(Operation.ADD_MEMBERS, partial(self._there.change_members, group, add=members))

    async def remove_members(self, group: Group, members: Sequence[Member]) -> Group:
        """Take people out. They keep what they saw."""
        return self._do(Operation.REMOVE_MEMBERS, partial(self._there.change_members, group, remove=members))

    async def rename_group(self, group: Group, name: str) -> Group:
        """Give a group another name."""
        return self._do(Operation.RENAME_GROUP, partial(self._there.rename, group, name))

    async def leave_group(self, group: Group) -> None:
        """Take our line out of a group."""
        self._do(Operation.LEAVE_GROUP, partial(self._there.forget, group, leave=True))

    async def delete_group(self, group: Group) -> None:
        """Forget a group."""
        self._do(Operation.DELETE_GROUP, partial(self._there.forget, group))

    async def get_status(self, message_id: str) -> tuple[StatusChanged, ...]:
        """Whom a message has reached by now."""
        return self._do(Operation.GET_STATUS, partial(self._there.statuses, message_id))

    async def cancel_scheduled(self, message_id: str) -> None:
        """Keep a message from being sent."""
        self._do(Operation.CANCEL_SCHEDULED, partial(self._there.cancel, message_id))

    async def find_sent(self, attempt: Attempt, known: Collection[str]) -> Sighting:
        """Look for a message, if the provider has a way to find it."""
        return self._do(Operation.FIND_SENT, partial(self._there.find, attempt.token))

    async def received_since(self, since: datetime, cursor: str | None = None) -> Page[Event]:
        """What came in from then on, in one page."""
        return Page(self._do(Operation.RECEIVED_SINCE, partial(self._there.heard_since, since)))

    async def groups_of(self, address: Address) -> tuple[Group, ...]:
        """The groups somebody is in."""
        return tuple(group for group in self._there.groups() if address in group.addresses)

    async def upload(self, name: str, content: bytes, content_type: str) -> Media:
        """Give a URL for a file, which nobody can fetch."""
        return self._do(Operation.UPLOAD, partial(Media, f"{self.base_url}/{name}"))

    def stored(self, url: str) -> NoReturn:
        """Refuse: nothing leaves the machine."""
        raise UnsupportedOperation("Memory makes no request, and so fetches no file: test that with the sandbox")

    def verify(self, callback: Callback) -> Verified:
        """Believe what this memory made."""
        if not hmac.compare_digest(callback.headers.get(SECRET, "").encode(), self.memory.secret.encode()):
            raise InvalidSignature("the callback is not from this memory: take what memory.callbacks() gives")
        return Verified()

    def parse(self, callback: Callback, verified: Verified) -> Iterable[Event]:
        """The one event that is told."""
        try:
            return [load(_EVENTS[callback.headers[EVENT]], callback.body.decode())]
        except (KeyError, UnicodeDecodeError, InvalidInput):
            raise MalformedWebhook("the callback is none of memory.callbacks()") from None

    def _do(self, operation: Operation, act: Callable[[], T]) -> T:
        with self.memory.network.lock:
            failure = self.memory.next_failure(operation)
            if failure is None:
                return act()
            if failure.done:
                act()
            raise failure.error
