"""One world: vendors, a directory, processes that share it, and everything that happens to them."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import attrs

from groupmessenger.callbacks import Callback
from groupmessenger.errors import DirectoryError, GroupMessengerError, InvalidSignature
from groupmessenger.events import Event
from groupmessenger.exchange import Exchange
from groupmessenger.flow import Flow, MaybeSent, NotSent, Request, Response
from groupmessenger.incoming import Incoming
from groupmessenger.operations import Operations as ClientOperations
from groupmessenger.sandbox.callbacks import Answered
from groupmessenger.switchboard.board import Board
from groupmessenger.switchboard.directory import Directory
from groupmessenger.switchboard.lines import Line
from groupmessenger.switchboard.operations import Operations
from groupmessenger.switchboard.rules import Rules

from .processes import Driver, Process, pause
from .settings import ANSWERS, NAMES, SETTLE, TIMEOUT, config, hook
from .vendors import START, Ring, Vendors, readings
from .weather import Fate, Weather
from .weather import Ring as Ringing

SENDS = ("send_group", "send")  # the sandbox's words for what carries a message
LONGEST_LATE = 0.8  # of the settle time: what is later than that, no library can know


@attrs.define(eq=False)
class Node:
    """A process with its switchboard."""

    process: Process
    operations: Operations
    driver: Driver

    async def run(self, flow: Flow[Any]) -> Any:
        return await self.driver.run(flow)


class World:
    """Everything of one seed."""

    def __init__(self, seed: int, directory: Directory, *, weather: Weather | None = None, told: bool = False) -> None:
        self.rng = random.Random(seed)
        self.weather = weather or Weather.drawn(self.rng)
        self.trace: list[str] | None = [] if told else None
        doubts = self.rng.sample(readings(), self.rng.choice((0, 0, 1, 5)))
        self.vendors = Vendors.open(self._ring, {(provider, name): choice for provider, name, choice in doubts})
        self.clock = self.vendors.clock
        self.directory = directory
        self.graveyard: list[Process] = []
        self.nodes: list[Node] = []
        self.own_callbacks = self.rng.random() < 0.5
        self.skews: tuple[float, ...] = (0, 0, -2, 2)  # seconds by which the clocks of processes may be wrong
        self.is_own_time = False  # whether a process's clock is the directory's, as on SQLite
        self.pace: str | None = None
        self.transactions = 0
        self._asking: Process | None = None
        for provider, face in self.vendors.faces.items():
            if self.rng.random() < 0.6:
                face.calls(hook(provider))
        self.say(f"{doubts}")
        self.on_death: Callable[[Node], None] = lambda node: None
        self.on_events: Callable[[tuple[Event, ...]], None] = lambda events: None

    # Time

    def say(self, what: str) -> None:
        if self.trace is not None:
            self.trace.append(f"{(self.clock.now() - START).total_seconds():9.3f} {what}")

    def directory_time(self) -> datetime:
        """What the directory's clock says to whoever is asking."""
        wrong = self._asking.skew if self.is_own_time and self._asking is not None else timedelta()
        return self.clock.now() + wrong

    def go_on(self, seconds: float) -> None:
        """Let time pass."""
        until = self.clock.now() + timedelta(seconds=seconds)
        while self.clock.next(until):
            pass

    # Processes

    def node(self, name: str, default: str) -> Node:
        """Start a process."""
        skew = timedelta(seconds=self.rng.choice(self.skews))
        process = Process(name, self.clock, skew)
        lines = {each: self._line(process, each) for each in NAMES}
        board = Board(self.directory, lines, Rules(default))
        node = Node(process, Operations(board), Driver(self, process))
        self.nodes.append(node)
        self.graveyard.append(process)
        return node

    def _line(self, process: Process, name: str) -> Line:
        file = config(self.own_callbacks, self.pace)
        connection = file.connections[name]
        client = ClientOperations.build(
            connection.messenger, observers=None, origin=file.origin(name), **connection.options.for_client()
        )
        provider = connection.provider
        driver = Driver(self, process, provider, Exchange(connection.messenger, connection.options.patience))
        return Line(name, client, Incoming(client, None, name), connection.options, driver)

    def living(self) -> Node | None:
        """A process that is there."""
        alive = [node for node in self.nodes if node.process.alive]
        return self.rng.choice(alive) if alive else None

    async def _point(self, process: Process, what: str) -> None:
        """The boundary between two steps: somebody else goes on, or nobody does."""
        if self.rng.random() < self.weather.kill:
            self.say(f"{process.name} is killed before {what}")
            process.kill()
            for node in self.nodes:
                if node.process is process:
                    self.on_death(node)
        elif self.rng.random() < self.weather.freeze:
            seconds = self.rng.choice((15.0, 40.0, 100.0, 300.0))
            self.say(f"{process.name} stands still for {seconds:g} s before {what}")
            process.frozen_until = self.clock.now() + timedelta(seconds=seconds)
        await pause(self.rng.uniform(0.0005, 0.005))

    # Effects

    async def call(self, process: Process, work: Callable[[], Any]) -> Any:
        """A transaction."""
        what = _named(work)
        await self._point(process, what)
        if self.rng.random() < self.weather.lost_before:
            self.say(f"{process.name} cannot {what}")
            raise DirectoryError("the directory was not reached")
        self.transactions += 1
        try:
            result = self.at_once(process, work)
        except GroupMessengerError as error:
            self.say(f"{process.name} {what} raises {error!r}")
            raise
        self.say(f"{process.name} {what} -> {result!r:.300}")
        if self.rng.random() < self.weather.lost_after:
            self.say(f"{process.name} does not hear that it did {what}")
            raise DirectoryError("the directory did not answer")
        return result

    def at_once(self, process: Process, work: Callable[[], Any]) -> Any:
        """A transaction by its clock, without any accident."""
        self._asking = process
        try:
            return work()
        finally:
            self._asking = None

    async def wire(self, process: Process, provider: str, request: Request, leave_by: datetime | None) -> Response:
        """A request to a vendor. Once it has left, the vendor gets it, whatever becomes of who asked."""
        operation = self.vendors.operation(provider, request)
        await self._point(process, operation)
        if leave_by is not None and self.clock.now() + process.skew >= leave_by:
            raise NotSent("its time was over")
        fate = self.weather.fate(self.rng, operation)
        self.say(f"{process.name} asks {provider} to {operation}: {fate.name}")
        if fate is Fate.NOT_REACHED:
            raise NotSent("nobody is there")
        if fate is Fate.REFUSED:
            await pause(self.rng.uniform(0.01, 0.3))
            return self._refusal(provider)
        if (answer := ANSWERS.get((provider, fate))) is not None:
            await pause(self.rng.uniform(0.01, 0.3))
            return answer
        box: list[Response] = []
        act = partial(self._act, provider, request, operation, box)
        timeout = TIMEOUT if request.timeout is None else request.timeout
        if fate is Fate.LATE:
            self.clock.later(self._lateness(process, operation, leave_by, timeout), act)
        elif fate is Fate.ANSWERED or fate is Fate.ANSWER_LOST or self.rng.random() < 0.5:
            self.clock.later(self.rng.uniform(0.005, 0.3), act)
        if fate is Fate.ANSWERED:
            await pause(self.rng.uniform(0.31, 0.6))
            return box[0]
        await pause(timeout if fate is Fate.LATE else self.rng.choice((0.5, timeout)))
        if fate is Fate.UNCLEAR:
            return self.rng.choice((Response(502), Response(504), Response(200, b"<html>"), Response(200)))
        raise MaybeSent("no answer")

    def _lateness(self, process: Process, operation: str, leave_by: datetime | None, timeout: float) -> float:
        """A message comes as late as the settle time allows for; anything else before its caller gives up.

        A change of members that comes later than that is one nobody can be safe from.
        """
        if leave_by is None or operation not in SENDS:
            return self.rng.uniform(0.0, min(timeout, TIMEOUT))
        left = (leave_by - self.clock.now() - process.skew).total_seconds()
        return self.rng.uniform(timeout, left + SETTLE * LONGEST_LATE)

    def _act(self, provider: str, request: Request, operation: str, box: list[Response]) -> None:
        response = self.vendors.act(provider, request)
        self.say(f"{provider} does {operation}: {response.status} {response.content[:120]!r}")
        box.append(response)

    def _refusal(self, provider: str) -> Response:
        """An answer by which nothing was done."""
        if provider == "bandwidth" and self.rng.random() < 0.5:
            return Response(500, b'{"type": "internal-server-error", "description": "not sent"}')
        return Response(self.rng.choice((429, 503)), b"{}", {"retry-after": "1"})

    # Callbacks

    def _ring(self, ring: Ring) -> None:
        match self.weather.ring(self.rng):
            case Ringing.NEVER:
                return
            case Ringing.LATER:
                delays = [self.rng.choice((5.0, 60.0, 200.0))]
            case Ringing.TWICE:
                delays = [0.02, self.rng.choice((0.03, 30.0))]
            case _:
                delays = [0.02]
        for delay in delays:
            self.clock.later(delay, partial(self._answer_door, ring))

    def _answer_door(self, ring: Ring) -> None:
        node = self.living()
        if node is None:
            self._ring_again(ring)
        else:
            node.process.start(self._hear(node, ring))

    def _ring_again(self, ring: Ring) -> None:
        if ring.tries < 2:
            ring.tries += 1
            self.clock.later(60, partial(self._answer_door, ring))

    async def _hear(self, node: Node, ring: Ring) -> None:
        """One try of a callback. If this process dies in it, it is lost."""
        talk = ring.talk()
        outgoing = next(talk)
        try:
            while True:
                at = self.clock.now() + node.process.skew
                callback = Callback(outgoing.method, outgoing.url, outgoing.headers, outgoing.body, at)
                try:
                    events = await node.run(node.operations.receive(ring.provider, callback))
                except InvalidSignature:
                    answered = Answered(401, {"www-authenticate": 'Basic realm="groupmessenger"'})
                except DirectoryError:
                    answered = Answered(503)
                else:
                    self.on_events(events)
                    answered = Answered(200, body=b"OK")
                outgoing = talk.send(answered)
        except StopIteration as stop:
            if stop.value is False:
                self._ring_again(ring)


def _named(work: Callable[[], Any]) -> str:
    """What a transaction is called, for the trace."""
    inner = getattr(work, "args", [work])[0]
    closure = getattr(inner, "__closure__", None) or ()
    names = [getattr(cell.cell_contents, "__name__", "") for cell in closure if callable(cell.cell_contents)]
    return next(filter(None, names), "work")
