"""The async client, on asyncio and trio."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Collection, Iterable, Mapping
from datetime import datetime
from pathlib import Path
from types import MappingProxyType, TracebackType
from typing import TYPE_CHECKING, Self, TypeVar

from anyio.lowlevel import current_token

from .callbacks import Callback
from .capabilities import Capabilities
from .delivery import Delivery
from .driving import AsyncDriver
from .errors import ConfigurationError
from .events import Event, MessageReceived, ReactionReceived
from .exchange import Exchange
from .files import AT_MOST, Files
from .flow import Flow
from .groups import Group, Topology
from .incoming import Incoming
from .messages import Attempt, GroupReceipt, Media, Message, Receipt, Sighting
from .messenger import Finding, GroupMessenger
from .operations import Operations
from .origin import Origin
from .phone import Address, Member, Members, mask
from .planning import Plan
from .sending import Observing

if TYPE_CHECKING:
    from .transport import AsyncHTTP

T = TypeVar("T")


class AsyncClient:
    """A connection to one provider, on asyncio or trio. May be shared by tasks; close it, or use it in `async with`.

    `timeout` is for one answer and `patience` for all waiting between tries, in seconds. `region` reads numbers
    without a country code. `limits` overrides limits by name. `strict` refuses what would otherwise go with a
    degradation or a doubt. `settle_after` overrides how many seconds a lost message may still turn up. `http` is
    your own client of httpx or httpx2, which stays open when this is closed, or transport. `observers` see every send.
    `origin` is the configured connection it was made from. `incoming` is for whoever builds a receiver of callbacks.
    """

    def __init__(
        self,
        messenger: GroupMessenger,
        *,
        http: AsyncHTTP | None = None,
        timeout: float = 30,
        patience: float = 30,
        region: str | None = None,
        limits: Mapping[str, int] = MappingProxyType({}),
        strict: bool = False,
        settle_after: float | None = None,
        observers: Observing | None = None,
        origin: Origin | None = None,
    ) -> None:
        from .transport import AsyncTransport

        self.messenger = messenger
        self.operations = Operations.build(
            messenger,
            timeout=timeout,
            patience=patience,
            region=region,
            limits=limits,
            strict=strict,
            settle_after=settle_after,
            observers=observers,
            origin=origin,
        )
        self._transport = AsyncTransport(messenger.base_url, http=http, timeout=timeout)
        self.driver = AsyncDriver(self._transport, Exchange(messenger, patience))
        connection = None if origin is None else origin.connection
        self.incoming = Incoming(self.operations, observers, connection)
        self._files = Files(self.operations)
        self._closed = False
        self._loop: object = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Close the connections to the provider. A closed client refuses to work."""
        self._closed = True
        await self._transport.aclose()

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.messenger.name}, {mask(self.messenger.line)})"

    @property
    def region(self) -> str | None:
        """The country of numbers that are written without one."""
        return self.operations.region

    @property
    def capabilities(self) -> Capabilities:
        """What the provider can do, with this connection's limits."""
        return self.operations.capabilities

    def capabilities_of(self, group: Group) -> Capabilities:
        """What the provider can do with one group, as far as is known of it. No request. Raises `WrongConnection`."""
        return self.operations.capabilities_of(group)

    def plan(self, group: Group | Members, message: Message | str, topology: Topology | str | None = None) -> Plan:
        """What sending would come to: what is refused, left out, doubtful, billed. No request.

        Instead of a group there may be people of whom one is to be made, of the `topology` that is to be asked for.
        """
        return self.operations.plan(group, message, topology)

    def plan_direct(self, to: Member | Address | str, message: Message | str) -> Plan:
        """What sending to one person, privately, would come to. No request."""
        return self.operations.plan_direct(to, message)

    def group(self, id: str) -> Group:
        """Address a group by the provider's id. No request, so its members are not known."""
        return self.operations.group(id)

    async def create_group(
        self, members: Members, name: str | None = None, topology: Topology | str | None = None
    ) -> Group:
        """Make a group of other people: strings, addresses or Members.

        With `topology` a provider of the other kind is refused. At some providers the group is `pending` until
        its first message. Raises `InvalidInput`, `LimitExceeded`, `BroadcastRefused`, `PartialFailure`.
        """
        return await self._run(self.operations.create_group(members, name, topology))

    async def get_group(self, group: Group | str) -> Group:
        """Read a group, its members and name, from the provider. Raises `GroupNotFound`, `GroupPending`."""
        return await self._run(self.operations.get_group(group))

    def list_groups(self) -> AsyncIterator[Group]:
        """The line's groups, a request a page as they are needed. Raises `UnsupportedOperation` at once."""
        self.operations.may_list()
        return self._pages()

    async def _pages(self) -> AsyncIterator[Group]:
        cursor: str | None = None
        while True:
            page = await self._run(self.operations.list_groups(cursor))
            for item in page.items:
                yield item
            if (cursor := page.next) is None:
                return

    async def add_members(self, group: Group, members: Members) -> Group:
        """Add people to a group. Raises `PartialFailure` naming whoever could not be added."""
        return await self._run(self.operations.add_members(group, members))

    async def remove_members(self, group: Group, members: Members) -> Group:
        """Remove people from a group. Raises `PartialFailure` naming whoever could not be removed."""
        return await self._run(self.operations.remove_members(group, members))

    async def rename_group(self, group: Group, name: str) -> Group:
        """Give a group another name."""
        return await self._run(self.operations.rename_group(group, name))

    async def leave_group(self, group: Group) -> None:
        """Take our line out of a group."""
        await self._run(self.operations.leave_group(group))

    async def delete_group(self, group: Group) -> None:
        """Remove a group at the provider."""
        await self._run(self.operations.delete_group(group))

    async def send(self, group: Group, message: Message | str) -> GroupReceipt:
        """Send to a group. Keep `receipt.group` for the next message.

        Raises `CapabilityError` before any request, `ProviderError` or `NotReached` where nothing was sent, and
        `OutcomeUnknown` where it may have been: then `find_sent(error.attempt)`.
        """
        return await self._run(self.operations.send(group, message))

    async def send_direct(self, to: Member | Address | str, message: Message | str) -> Receipt:
        """Send to one person, privately. Raises as `send`."""
        return await self._run(self.operations.send_direct(to, message))

    def receive(self, callback: Callback, *, verify: bool = True) -> tuple[Event, ...]:
        """What a provider's callback tells, once it is believed. No request.

        A callback that comes again tells the same, under the same keys. With `verify` switched off everything is
        believed, which the log says. Raises `InvalidSignature` and `MalformedWebhook`, whose `http_status` is the
        answer that they deserve, and `UnsupportedOperation` where the provider makes no callbacks.
        """
        return self.incoming.receive(callback, verify=verify)

    async def reply(self, event: MessageReceived | ReactionReceived, message: Message | str) -> GroupReceipt:
        """Answer in the thread that an event came from, and nowhere else.

        Raises `GroupUnresolved` where the provider did not say which group it was, with the ids of those it could have
        been: answer the sender with `send_direct`, or a group with `send`. Raises `UnsupportedOperation` for what is
        not repliable, `WrongConnection` for another line's event, and what `send` raises.
        """
        return await self._run(self.incoming.reply(event, message))

    def received_since(self, since: datetime) -> AsyncIterator[Event]:
        """What came in from then on, as its callbacks would have told it, a request a page as they are needed.

        For an outage of yours: the events have the same keys. Raises `UnsupportedOperation` at once where the provider
        does not list what came in.
        """
        self.incoming.may_list(since)
        return self._received(since)

    async def _received(self, since: datetime) -> AsyncIterator[Event]:
        cursor: str | None = None
        while True:
            page = await self._run(self.incoming.received_since(since, cursor))
            for item in page.items:
                yield item
            if (cursor := page.next) is None:
                return

    def delivery(self, receipt: Receipt, events: Iterable[Event]) -> Delivery:
        """What these events tell of a message, in any order and however often; others are passed over. No request."""
        return self.incoming.delivery(receipt, events)

    async def download(self, media: Media | str, to: str | os.PathLike[str], *, at_most: int = AT_MOST) -> Path:
        """Fetch what somebody sent into a file, or a folder, whole or not at all; gives its path.

        Credentials go to the provider's own hosts alone; other hosts are asked by https, at public addresses, without
        a proxy and without following redirects. `at_most` is in bytes. Raises `LimitExceeded` for a larger file,
        `ProviderError` for what is not there any more, `NotReached`, `UnsupportedOperation` for a URL that is not
        fetched, `InvalidInput` for a path that cannot be written.
        """
        return await self._run(self._files.download(media, to, at_most))

    async def upload(self, path: str | os.PathLike[str], content_type: str | None = None) -> Media:
        """Store a file at the provider, and give it for messages. Its type is told by its name unless it is given.

        Raises `UnsupportedOperation` where the provider stores no files, `LimitExceeded`, and `InvalidInput` for a file
        that cannot be read.
        """
        return await self._run(self._files.upload(path, content_type))

    async def cancel_scheduled(self, receipt: Receipt | str) -> None:
        """Keep a scheduled message from being sent. Raises `Rejected` where it has gone out by now."""
        await self._run(self.operations.cancel_scheduled(receipt))

    async def check(self) -> tuple[Finding, ...]:
        """Find out whether the connection works, without texting anybody: credentials, clocks, what will end when.

        A finding a fact; those of `Level.FAULT` keep messages from being sent. Raises nothing for what it finds.
        """
        return await self._run(self.operations.check())

    async def get_status(self, receipt: Receipt | str) -> Delivery:
        """What the provider knows of a message now, by receipt or by message id."""
        return await self._run(self.operations.get_status(receipt))

    async def find_sent(self, attempt: Attempt | None, known: Collection[str] = ()) -> Sighting:
        """Look for a message whose outcome is unknown: `Found`, `Absent` (send it again) or `CannotTell`.

        `known` are message ids that belong to other messages.
        """
        return await self._run(self.operations.find_sent(attempt, known))

    async def _run(self, flow: Flow[T]) -> T:
        here = current_token()
        self._loop = self._loop or here
        if self._closed or self._loop != here:
            flow.close()
            why = "is closed" if self._closed else "was first used in another event loop"
            raise ConfigurationError(f"this client {why}: connect again")
        return await self.driver.run(flow)
