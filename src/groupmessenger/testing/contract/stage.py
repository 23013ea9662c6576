"""A stage: one adapter before its vendor's stand-in, with phones, in one process. Its time is the clock's."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, TypeVar

from ...async_client import AsyncClient
from ...callbacks import Callback
from ...client import Client
from ...driving import AsyncDriver, Driver
from ...exchange import Exchange
from ...fields import CALLBACK, settings_of
from ...flow import Effect, Flow, Now, Request, Response, Sleep
from ...messages import Attempt, Receipt
from ...messenger import GroupMessenger
from ...sandbox.callbacks import Answered, Callbacks, Outgoing, Talk
from ...sandbox.clock import Clock
from ...sandbox.face import Face
from ...sandbox.phones import Network
from .wire import Wire

T = TypeVar("T")

HOOK = "https://app.example.com/hooks/main"  # where the vendor is told to call us
PATIENCE = 30.0


class Calls(Callbacks):
    """What the vendor calls, kept instead of made. Where it has to be asked for credentials, it is."""

    def __init__(self, clock: Clock) -> None:
        super().__init__(clock)
        self.challenge: str | None = None
        self._time = clock
        self._waiting: list[Callable[[], Talk]] = []
        self._again: list[Callable[[], Talk]] = []

    def signs_at(self) -> datetime:
        """The stage's time."""
        return self._time.now()

    def call(
        self, provider: str, what: str, talk: Callable[[], Talk], *, again: Sequence[float] = (), timeout: float = 10.0
    ) -> None:
        """Keep it until somebody listens."""
        self._waiting.append(talk)

    def heard(self) -> list[Callback]:
        """What was called since the last time, as the receiver believes or refuses it."""
        waiting, self._waiting = self._waiting, []
        self._again = waiting
        return [callback for talk in waiting for callback in self._told(talk())]

    def heard_again(self) -> list[Callback]:
        """What was heard last, called once more: another try of the vendor's, as it makes one."""
        return [callback for talk in self._again for callback in self._told(talk())]

    def _told(self, talk: Talk) -> Iterator[Callback]:
        outgoing: Outgoing | None = next(talk, None)
        while outgoing is not None:
            asked = self.challenge is not None and "authorization" not in {name.lower() for name in outgoing.headers}
            if not asked:
                yield Callback(outgoing.method, outgoing.url, outgoing.headers, outgoing.body, self._time.now())
            answer = Answered(401, {"www-authenticate": self.challenge or ""}) if asked else Answered(200, {}, b"OK")
            try:
                outgoing = talk.send(answer)
            except StopIteration:
                outgoing = None


class _Blocking(Driver):
    """Blocks for nothing: its time is the stage's."""

    def __init__(self, stage: Stage, messenger: GroupMessenger) -> None:
        super().__init__(lambda request, leave_by: stage.wire(request), Exchange(messenger, PATIENCE))
        self._stage = stage

    def _perform(self, effect: Effect[Any], leave_by: datetime | None) -> object:
        known, answer = self._stage.passes(effect)
        return answer if known else super()._perform(effect, leave_by)


class _Async(AsyncDriver):
    """The same for an event loop."""

    def __init__(self, stage: Stage, messenger: GroupMessenger) -> None:
        async def wire(request: Request, leave_by: datetime | None) -> Response:
            return stage.wire(request)

        super().__init__(wire, Exchange(messenger, PATIENCE))
        self._stage = stage

    async def _perform(self, effect: Effect[Any], leave_by: datetime | None) -> object:
        known, answer = self._stage.passes(effect)
        return answer if known else await super()._perform(effect, leave_by)


class Stage:
    """An adapter of class `messenger` before the stand-in `face`. `client` is a blocking client of it.

    `settings` go before those the face gives. `doubts` are the face's.
    """

    def __init__(
        self,
        messenger: type[GroupMessenger],
        face: type[Face],
        settings: Mapping[str, Any],
        doubts: Mapping[str, Any],
    ) -> None:
        self.clock = Clock()
        self.network = Network(self.clock)
        self.network.callbacks = self.calls = Calls(self.clock)
        self.calls.challenge = messenger.acknowledgement.challenge
        self.face = face(self.network, self.clock, doubts)
        self.base_url = f"https://{messenger.name}.example.com"
        self.wire = Wire(self.base_url, self.face, self.network)
        fields = settings_of(messenger)
        given = {**self.face.settings(self.base_url), **settings}
        for name, field in fields.items():
            if field.metadata.get(CALLBACK):
                given.setdefault(name, HOOK)
        self.given = {name: value for name, value in given.items() if name in fields}
        self._options = {name: value for name, value in given.items() if name not in fields}
        self._messenger = messenger
        self.face.calls(HOOK)
        self.attempts: list[Attempt] = []
        self.imessage = True  # whether people have it
        self._numbers = itertools.count(1)
        self.messenger = self.adapter()
        self.client = self.connect(self.messenger)

    def adapter(self, **settings: Any) -> GroupMessenger:
        """The adapter, with settings of which some are others."""
        return self._messenger(**{**self.given, **settings})

    def connect(self, messenger: GroupMessenger | None = None, **options: Any) -> Client:
        """A blocking client of the stand-in: of another process, with an adapter of its own, unless one is given."""
        messenger = messenger or self.adapter()
        client = Client(messenger, observers=self, **{**self._options, **options})
        client.close()
        client._closed = False  # noqa: SLF001 - its connections are not needed here
        client.driver = _Blocking(self, messenger)
        return client

    async def connect_async(self) -> AsyncClient:
        """An async client of it."""
        client = AsyncClient(self.messenger, observers=self, **self._options)
        await client.aclose()
        client._closed = False  # noqa: SLF001
        client.driver = _Async(self, self.messenger)
        return client

    def run(self, flow: Flow[T]) -> T:
        """Run a flow of the adapter's, past everything that the core checks before it."""
        return self.client.driver.run(flow)

    def passes(self, effect: Effect[Any]) -> tuple[bool, object]:
        """Whether an effect is of the time, which is the stage's, and the answer to it."""
        if isinstance(effect, Now):
            return True, self.clock.now()
        if isinstance(effect, Sleep):
            self.clock.advance(effect.seconds)
            return True, None
        return False, None

    def people(self, count: int) -> list[str]:
        """So many numbers that nobody else has here: never the same twice."""
        found: list[str] = []
        for number in self._numbers:
            person = f"+1{('312', '773', '630', '847', '708')[number // 100 % 5]}55501{number % 100:02}"
            if person not in self.network.lines:
                found.append(person)
                if not self.imessage:
                    self.network.phones[person].imessage = False
            if len(found) == count:
                break
        return found

    def texts(self, person: str) -> list[str]:
        """What the phone of a person shows."""
        return self.network.phones[person].texts

    def heard(self) -> list[Callback]:
        """What the vendor called since the last time."""
        return self.calls.heard()

    # It observes its clients' sends

    carry = None

    def before_send(self, attempt: Attempt) -> None:
        """Keep the attempt."""
        self.attempts.append(attempt)

    def after_send(self, attempt: Attempt, result: Receipt | Exception) -> None:
        """What became of it is the test's."""

    def on_event(self, event: object) -> None:
        """Nothing."""

    def on_outbox(self, stats: object) -> None:
        """Nothing."""
