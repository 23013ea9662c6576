"""The switchboard for asyncio and trio."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from types import MappingProxyType, TracebackType
from typing import TYPE_CHECKING, Self, TypeVar

import anyio
import anyio.to_thread

from ..config import Config, load_config
from ..delivery import Delivery
from ..driving import AsyncDriver
from ..errors import ConfigurationError
from ..events import MessageReceived, ReactionReceived
from ..flow import Flow
from ..groups import Topology
from ..messages import Message, Receipt
from ..phone import Address, Member, Members
from .board import Board
from .building import directory_of, no_exchange, no_wire_async, region_of
from .hearing_faces import AsyncHearing
from .lines import Line
from .operations import Operations
from .outbox.asynchronous import AsyncQueueing
from .rules import FileRules, Rules
from .serving import Mounting
from .values import (
    BoardPlan,
    BoardReceipt,
    Entry,
    Fork,
    LogicalGroup,
    OptOut,
    Settled,
    SwitchPlan,
)

if TYPE_CHECKING:
    from ..transport import AsyncHTTP

T = TypeVar("T")


class AsyncSwitchboard(AsyncQueueing, AsyncHearing):
    """Groups with names, kept in a directory and carried by the connections of a file, for asyncio and trio.

    May be shared by the tasks of one event loop, which it never blocks; close it, or use it in `async with`. Several
    processes may have one directory. `http` are clients or transports of your own by the connection's name. A relative
    SQLite path begins where the file is. No request is made, and no database opened, until something is asked for. To
    `follow` is to read the routes again whenever the file changes.
    """

    def __init__(
        self, config: Config, *, http: Mapping[str, AsyncHTTP] = MappingProxyType({}), follow: bool = False
    ) -> None:
        self._directory = directory_of(config)
        self._clients = {name: config.connect_async(name, http=http.get(name)) for name in config.connections}
        lines = {
            name: Line.of(name, client, config.connections[name].options) for name, client in self._clients.items()
        }
        self._driver = AsyncDriver(no_wire_async, no_exchange)
        rules = FileRules(config) if follow else Rules.of(config)
        self.operations = Operations(Board(self._directory, lines, rules, region_of(config)))
        self._mounting = Mounting(self.operations, config.public_url)
        self._closed = False

    @classmethod
    def from_config(
        cls,
        path: str | Path | None = None,
        *,
        plugins: Iterable[object] = (),
        http: Mapping[str, AsyncHTTP] = MappingProxyType({}),
    ) -> Self:
        """Make one of a configuration file, found as by `load_config`. Raises `ConfigurationError`.

        Whenever `default`, `prefer` or `switch_on_change` change there, this follows at the next message; new
        connections need a new switchboard.
        """
        return cls(load_config(path, plugins=plugins), http=http, follow=True)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Close the connections to the providers and to the directory. A closed switchboard refuses to work."""
        with anyio.CancelScope(shield=True):  # also where the program is cancelled
            await self._mounting.aclose()
            self._closed = True
            for client in self._clients.values():
                await client.aclose()
            await anyio.to_thread.run_sync(self._directory.close)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(self._clients)})"

    async def create_group(
        self,
        name: str,
        members: Members,
        *,
        topology: Topology | str | None = None,
        prefer: Sequence[str] = (),
        failover: bool | None = None,
    ) -> LogicalGroup:
        """Make a logical group of other people. No request: its first message opens it at the provider.

        `topology` is what it has to be, `prefer` the connections of its own choice, `failover` whether it may move when
        one of them cannot be reached. Raises `InvalidInput` for a name that is taken, `Suppressed` for people who opted
        out, `ConfigurationError` for connections that there are not.
        """
        return await self._run(self.operations.create_group(name, members, topology, prefer, failover))

    async def group(self, name: str) -> LogicalGroup:
        """Read a group, its members and threads. Raises `InvalidInput` if there is none of that name."""
        return await self._run(self.operations.group(name))

    async def groups(self, *, archived: bool = False) -> tuple[LogicalGroup, ...]:
        """Read all groups, or all that were archived, by name."""
        return await self._run(self.operations.groups(archived))

    async def find_group(self, members: Members) -> LogicalGroup | None:
        """Read the group of exactly these people, None if there is none. Raises `GroupUnresolved` for several."""
        return await self._run(self.operations.find_group(members))

    async def send(self, name: str, message: Message | str, key: str | None = None) -> BoardReceipt:
        """Send to a group, by the connection that the file names for it. With a `key`, once, however often it is asked.

        The group's thread is opened, or made to have its members, before. Raises `CapabilityError` (`LimitExceeded`,
        `Suppressed`, `NotAccepted`, `SwitchHeld`) before any request; `ProviderError` or `NotReached` where nothing was
        sent; `KeyReused`; `InProgress` where another send has to end before; `AlreadyBound` for people who are one
        thread with another group's there; `OutcomeUnknown` where it may have been sent: ask again with the same key, or
        `settle()`; `DirectoryError`. An error's `outcome` says which it is.
        """
        return await self._run(self.operations.send(name, message, key))

    async def send_direct(
        self, to: Member | Address | str, message: Message | str, *, connection: str | None = None
    ) -> Receipt:
        """Send to one person, privately, unless they opted out: by this connection, or the first that the file names.

        It is of no group, so it is in no history, and not once only. Raises `Suppressed`, and as a client's
        `send_direct`.
        """
        return await self._run(self.operations.send_direct(to, message, connection))

    async def add_members(self, name: str, members: Members) -> LogicalGroup:
        """Put people into a group. The provider learns of it before the next message. Raises `Suppressed`."""
        return await self._run(self.operations.add_members(name, members))

    async def remove_members(self, name: str, members: Members) -> LogicalGroup:
        """Take people out of a group. The provider learns of it before the next message.

        Where a thread's people cannot be changed the group goes on in another, and they are still in the old one.
        """
        return await self._run(self.operations.remove_members(name, members))

    async def accept_members(self, name: str, members: Members | None = None) -> LogicalGroup:
        """Make members of people seen in the group's thread: of these, or of all. Raises `InvalidInput` for others."""
        return await self._run(self.operations.accept_members(name, members))

    async def rename(self, name: str, new: str) -> LogicalGroup:
        """Give a group another name, here; its members do not see it. Raises `InvalidInput` for one that is taken."""
        return await self._run(self.operations.rename(name, new))

    async def archive(self, name: str) -> LogicalGroup:
        """Put a group away: its name and its threads are free for another. Nothing is deleted at a provider."""
        return await self._run(self.operations.archive(name))

    async def history(self, name: str, limit: int | None = None) -> tuple[Entry, ...]:
        """Read what was sent to a group, the oldest first; the last `limit` messages. Texts are not kept."""
        return await self._run(self.operations.history(name, limit))

    async def forks(self, name: str) -> tuple[Fork, ...]:
        """Read when and why a group went on in another thread, the oldest first."""
        return await self._run(self.operations.forks(name))

    async def delivery(self, name: str, key: str | None = None) -> Delivery:
        """Read what became of the message with a key, or of the last one, of all that was told. No request."""
        return await self._run(self.operations.delivery(name, key))

    async def reply(
        self,
        event: MessageReceived | ReactionReceived,
        message: Message | str,
        to: str | None = None,
        key: str | None = None,
    ) -> BoardReceipt:
        """Answer in the thread that an event came from, and nowhere else.

        Raises `ThreadRetired` where the group goes on in another thread by now, `GroupUnresolved` where the provider
        does not say which group it was: `to` names it, of the `candidates`. And what `send` raises.
        """
        return await self._run(self.operations.reply(event, message, to, key))

    async def plan(self, name: str, message: Message | str) -> BoardPlan:
        """What sending would come to, and by which connection. No request. Raises what keeps it from being sent."""
        return await self._run(self.operations.plan(name, message))

    async def plan_switch(self, to: str, names: Collection[str] | None = None) -> tuple[SwitchPlan, ...]:
        """What a switch to a connection would mean for these groups, or for all. Nothing is changed."""
        return await self._run(self.operations.plan_switch(to, names))

    async def switch(self, name: str, to: str | None) -> LogicalGroup:
        """Set which connection a group goes by, whatever the file says; None leaves it to the file.

        Raises `CapabilityError` with what keeps the group from fitting.
        """
        return await self._run(self.operations.switch(name, to))

    async def settle(self) -> tuple[Settled, ...]:
        """Look for every message whose outcome is unknown, and tell what became of each."""
        return await self._run(self.operations.settle())

    async def suppress(self, address: Address | str, *, lift: bool = False) -> None:
        """Keep that somebody is not to be texted by any connection; with `lift`, that they said they may be again."""
        await self._run(self.operations.suppress(address, lift))

    async def suppressed(self, members: Members) -> tuple[Member, ...]:
        """Read who of these people opted out, and not in again since."""
        return await self._run(self.operations.suppressed(members))

    async def opt_outs(self, *, everything: bool = False) -> tuple[OptOut, ...]:
        """Read the last word of everybody who ever opted out, or the whole audit, the oldest first."""
        return await self._run(self.operations.opt_outs(everything))

    async def purge(self, older: timedelta) -> dict[str, int]:
        """Delete what was sent and told longer ago than this, and give how many rows of what.

        Groups, opt-outs and what is not settled stay. A key whose message is deleted is free again. Raises
        `InvalidInput` for less than two days.
        """
        return await self._run(self.operations.purge(older))

    async def forget(self, address: Address | str) -> int:
        """Erase somebody, and give how many groups they were in. That they opted out is still heeded.

        Their groups go on without them, in other threads. Nothing is deleted at a provider.
        """
        return await self._run(self.operations.forget(address))

    async def _run(self, flow: Flow[T]) -> T:
        try:
            self._check()
        except ConfigurationError:
            flow.close()
            raise
        return await self._driver.run(flow)

    def _check(self) -> None:
        if self._closed:
            raise ConfigurationError("this switchboard is closed: make another")
