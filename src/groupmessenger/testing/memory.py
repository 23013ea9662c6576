"""A provider without HTTP, for unit tests: what is sent by it is on the phones at once, and no socket is opened."""

from __future__ import annotations

import itertools
import secrets
from collections import defaultdict, deque
from collections.abc import Iterable, Iterator
from copy import copy
from typing import TYPE_CHECKING, Any

import attrs

from .._dumping import dump
from ..errors import GroupMessengerError, InvalidInput, Outcome, near
from ..provider import (
    Callback,
    Event,
    Group,
    GroupMessenger,
    MessageReceived,
    Operation,
    StatusChanged,
    hookimpl,
)
from ..sandbox import Clock, Network, Phones
from .memory_messenger import EVENT, LINE, SECRET, MemoryMessenger
from .memory_sent import Sent

if TYPE_CHECKING:
    from ..async_client import AsyncClient
    from ..client import Client

# Nothing is ever under way here, so that what is not there never will be: `find_sent` may say so at once.
_AT_ONCE = {"timeout": 1e-9, "patience": 0, "settle_after": 0}  # seconds
_SENDING = (Operation.SEND, Operation.SEND_DIRECT)


@attrs.define(eq=False)
class Failure:
    """An error that a test asked for: what fails so, how often (None for ever), and whether it is `done` first."""

    error: GroupMessengerError
    operations: tuple[Operation, ...]
    times: int | None
    done: bool


class Memory:
    """Phones, a clock and a provider `memory` that texts them without any request. Itself a plugin with that provider.

    `sent` are the messages it took, the oldest first, and `groups` its groups by id. `failures` are those still to
    come: `failures.clear()` takes them back.
    """

    def __init__(self) -> None:
        self.clock = Clock()
        self.network = Network(self.clock)
        self.sent: list[Sent] = []
        self.groups: dict[str, Group] = {}
        self.received: list[MessageReceived] = []
        self.failures: list[Failure] = []
        self.secret = secrets.token_hex(16)
        self._calls: defaultdict[str, deque[Callback]] = defaultdict(deque)
        self._ids = itertools.count(1)

        class OfThisMemory(MemoryMessenger):
            """A line of this memory."""

            memory = self

        self._messenger = OfThisMemory
        OfThisMemory()  # its line can be written to before anybody connects

    @property
    def phones(self) -> Phones:
        """The phones by number."""
        return self.network.phones

    @hookimpl
    def groupmessenger_provider(self) -> type[GroupMessenger]:
        """The provider, for `plugins=[memory]`."""
        return self._messenger

    def connect(self, *, plugins: Iterable[object] = (), **settings: Any) -> Client:
        """Give a client, for the caller to close: a `line`, `like` which provider, and what else `connect` takes.

        A lost message is settled at once. Raises ConfigurationError.
        """
        import groupmessenger

        given: dict[str, Any] = {**_AT_ONCE, **settings}
        return groupmessenger.connect(MemoryMessenger.name, plugins=(self, *plugins), **given)

    def connect_async(self, *, plugins: Iterable[object] = (), **settings: Any) -> AsyncClient:
        """Give an asynchronous client, as `connect` does."""
        import groupmessenger

        given: dict[str, Any] = {**_AT_ONCE, **settings}
        return groupmessenger.connect_async(MemoryMessenger.name, plugins=(self, *plugins), **given)

    def fails(
        self, error: GroupMessengerError, *, operation: str | None = None, times: int | None = 1, done: bool = False
    ) -> None:
        """Have the next message raise this error, or the next call of an `operation`, so many `times` (None for ever).

        With `done` it is done all the same, and only then raises: for errors that leave it open, as `OutcomeUnknown`
        does. The error is raised as it is, without another try. Raises InvalidInput for what cannot be.
        """
        if not isinstance(error, GroupMessengerError):
            raise InvalidInput("what fails raises an error of ours, such as NotReached('away')")
        if operation is not None and operation not in [*Operation]:
            raise InvalidInput(f"there is no operation {operation!r}: {near(operation, [*Operation])}")
        if done and error.outcome is Outcome.NOT_SENT:
            raise InvalidInput(f"{type(error).__name__} says that nothing was done: leave out done=True")
        if times is not None and times < 1:
            raise InvalidInput("times is how often it fails, 1 or more, or None for ever")
        operations = _SENDING if operation is None else (Operation(operation),)
        self.failures.append(Failure(error, operations, times, done))

    def callbacks(self, line: str = LINE) -> Iterator[Callback]:
        """What the provider calls the application with, each once, the oldest first, until there is no more.

        A message that a phone wrote, and the statuses of what was sent.
        """
        waiting = self._calls[line]
        while waiting:
            yield waiting.popleft()

    def events(self, client: Client | AsyncClient) -> Iterator[Event]:
        """The events of the callbacks for this client's line, for your handler, until there is no more."""
        for callback in self.callbacks(client.messenger.line):
            yield from client.receive(callback)

    # For the messengers

    def new_id(self, kind: str) -> str:
        """An id that nothing else has."""
        return f"{kind}_{next(self._ids)}"

    def next_failure(self, operation: Operation) -> Failure | None:
        """The failure that strikes a call of this operation, used up by it; its error is a copy."""
        for failure in self.failures:
            if operation in failure.operations:
                if failure.times is not None:
                    failure.times -= 1
                if failure.times == 0:
                    self.failures.remove(failure)
                return attrs.evolve(failure, error=copy(failure.error))
        return None

    def call(self, line: str, event: MessageReceived | StatusChanged) -> None:
        """Call whoever receives for a line."""
        headers = {SECRET: self.secret, EVENT: type(event).__name__, "content-type": "application/json"}
        self._calls[line].append(Callback("POST", "https://application.invalid/", headers, dump(event).encode()))
