"""What the application does in a world: groups, sends, changes of members, switches; and its users, who write."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

from groupmessenger.errors import GroupMessengerError
from groupmessenger.events import Event, MessageReceived, OptedIn, OptedOut
from groupmessenger.flow import Flow
from groupmessenger.phone import parse_members
from groupmessenger.switchboard import people
from groupmessenger.switchboard.directory import Transaction
from groupmessenger.switchboard.ledger import Leaving, Wanted

from .notes import Asked, Departure, Note
from .settings import NAMES, SETTLE
from .weather import Weather
from .world import Node, World

PHONES = tuple(f"+1312555010{number}" for number in range(1, 7))
LASTING = 400.0  # seconds that the program goes on
HEALING = 3 * SETTLE + 300.0  # seconds after which everything is decided: leases, settle times, the longest freeze


class Application:
    """One program in one world."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.rng = world.rng
        self.notes: list[Note] = []
        self.departures: list[Departure] = []
        self.delayed: set[int] = set()  # messages of the outbox that others went before
        self.given_up: set[str] = set()  # attempts of which nobody could tell
        self.opted_out: set[str] = set()  # as the switchboard was told
        self.names: list[str] = []
        self._stamps = itertools.count()
        self._serials = itertools.count(1)
        self._births = itertools.count(1)
        self._default = self.rng.choice(NAMES)
        self._over = False
        self._movers = self.rng.sample(PHONES, self.rng.choice((1, 2, 6)))
        self._alike = self.rng.choice((0.0, 0.2, 0.7))
        self._weights = (
            10,
            self.rng.choice((1, 4, 12)),
            self.rng.choice((0, 2, 6)),
            self.rng.choice((0, 3, 6)),
            1,
            self.rng.choice((0, 0, 2)),
        )
        self._fickle = self.rng.random() < 0.2  # one group, and somebody who comes and goes
        if self._fickle:
            self._movers, self._weights = self._movers[:1], (10, 12, 0, 0, 0, 0)
        world.on_death = self._restart
        world.on_events = self._listen

    # The whole of it

    def run(self) -> None:
        """Do everything, let everything heal, and settle."""
        self._create_groups()
        for number in range(self.rng.choice((1, 2, 2, 3))):
            self._boot(number * 0.1)
        span = self.rng.choice((3.0, 60.0, LASTING * 0.8))
        for _ in range(20 if self._fickle else self.rng.choice((4, 6, 9, 14))):
            self.world.clock.later(self.rng.uniform(0, span), self._something)
        self.world.go_on(LASTING)
        self._heal()

    def _create_groups(self) -> None:
        crowd = self.rng.sample(PHONES, self.rng.randint(2, 4))
        same = self.rng.random() < 0.15
        for name in self.rng.sample(
            ("rowers", "cyclists", "hikers"), 1 if self._fickle else self.rng.choice((1, 1, 2, 3))
        ):
            members = parse_members(crowd)
            prefer = self.rng.sample(NAMES, self.rng.choice((0, 0, 2, 3)))
            if self._fickle:
                prefer = [self.rng.choice(("sendblue", "messagebird"))]
            failover = self.rng.choice((None, True, False))
            self.world.directory.do(
                partial(people.create, name=name, people=members, topology=None, prefer=prefer, failover=failover)
            )
            self.world.say(f"group {name}: {crowd}, prefer {prefer}, failover {failover}")
            self.names.append(name)
            if not same:
                crowd = self.rng.sample(PHONES, self.rng.randint(2, 4))

    def _heal(self) -> None:
        """Nothing goes wrong any more. What was not decided is asked once more, and settled."""
        world = self.world
        self._over = True
        world.say("nothing goes wrong any more")
        world.weather = Weather.calm()
        world.go_on(HEALING)
        world.say("a new process settles, and asks for what is not decided")
        node = world.node("last", self._default)
        node.process.start(self._settled(node))
        world.go_on(60)
        for note in self.notes:
            if note.group and note.key is not None and not note.decided:
                node.process.start(self._ask(node, note))
                world.go_on(120)
        world.go_on(HEALING)
        node.process.start(self._settled(node))
        world.go_on(60)

    # Processes

    def _boot(self, seconds: float) -> None:
        self.world.clock.later(seconds, self._start)

    def _start(self) -> None:
        if self.rng.random() < 0.1:
            self._default = self.rng.choice(NAMES)
            self.world.say(f"the file names {self._default}")
        node = self.world.node(f"p{next(self._births)}", self._default)
        self._started(node)

    def _started(self, node: Node) -> None:
        if self.rng.random() < 0.5:
            node.process.start(self._settled(node))

    def _restart(self, node: Node) -> None:
        self.world.nodes.remove(node)
        self._boot(self.rng.choice((0.1, 5.0, 80.0)))
        for note in self.notes:  # whoever hears nothing asks again
            if note.key is not None and any(call.ended is None for call in note.calls):
                self._again(note)

    def _again(self, note: Note) -> None:
        if note.left and not self._over:
            note.left -= 1
            self.world.clock.later(self.rng.choice((0.2, 3.0, 30.0, 150.0)), partial(self._send, note))

    # What is done

    def _something(self) -> None:
        kinds = (self._new, self._change, self._switch, self._phone, self._look, self._succeed)
        self.rng.choices(kinds, self._weights)[0]()

    def _new(self) -> None:
        """A message: with a key or without, sometimes asked for by two at once, sometimes as one before."""
        group = self.rng.choice(self.names)
        text = f"message {next(self._serials)} of the day"
        alike = [note.text for note in self.notes if note.group == group]
        if alike and self.rng.random() < self._alike:
            text = self.rng.choice(alike)
        key = f"key {len(self.notes)}" if self.rng.random() < 0.8 else None
        note = Note(group, text, key, left=self.rng.randint(0, 3))
        self.notes.append(note)
        self._send(note)
        if key is not None and self.rng.random() < 0.2:
            self._send(note)

    def _send(self, note: Note) -> None:
        node = self.world.living()
        if node is None:
            self._again(note)
        else:
            node.process.start(self._ask(node, note))

    async def _ask(self, node: Node, note: Note) -> None:
        call = Asked(next(self._stamps))
        note.calls.append(call)
        self.world.say(f"{node.process.name}: send({note.group!r}, {note.text!r}, {note.key!r})")
        try:
            call.receipt = await node.run(node.operations.send(note.group, note.text, note.key))
        except GroupMessengerError as error:
            call.error = error
        call.ended = next(self._stamps)
        self.world.say(f"{node.process.name}: {note.key or note.text} {call.outcome} {call.error!r:.200}")
        if note.key is not None and not note.decided and self.rng.random() < 0.7:
            self._again(note)

    def _change(self) -> None:
        node = self.world.living()
        if node is not None:
            who = self.rng.choice(self._movers)
            operation = self.rng.choice((node.operations.add_members, node.operations.remove_members))
            name = self.rng.choice(self.names)
            self.world.say(f"{node.process.name}: {operation.__name__} {name} {who}")
            node.process.start(self._quietly(node, partial(operation, name, [who])))

    def _switch(self) -> None:
        node = self.world.living()
        if node is not None:
            name, to = self.rng.choice(self.names), self.rng.choice((None, *NAMES))
            self.world.say(f"{node.process.name}: switch {name} to {to}")
            node.process.start(self._quietly(node, partial(node.operations.switch, name, to)))

    def _succeed(self) -> None:
        """A group is put away, and another one of the same people takes its place."""
        node = self.world.living()
        if node is not None:
            node.process.start(self._succeeded(node, self.rng.choice(self.names)))

    async def _succeeded(self, node: Node, name: str) -> None:
        self.world.say(f"{node.process.name}: archive {name}")
        heir = f"the {next(self._serials)}th rowers"
        try:
            group = await node.run(node.operations.archive(name))
            await node.run(node.operations.create_group(heir, group.members, None, group.prefer, None))
        except GroupMessengerError as error:
            self.world.say(f"{node.process.name}: {error!r:.200}")
        else:
            self.names.append(heir)

    def _look(self) -> None:
        node = self.world.living()
        if node is not None:
            node.process.start(self._settled(node))

    async def _settled(self, node: Node) -> None:
        await self._quietly(node, node.operations.settle)

    async def _quietly(self, node: Node, operation: Callable[[], Flow[Any]]) -> None:
        try:
            await node.run(operation())
        except GroupMessengerError as error:
            self.world.say(f"{node.process.name}: {error!r:.200}")

    # Users

    def _phone(self) -> None:
        """Somebody writes: into a thread, or STOP or START to one of our lines."""
        phone = self.world.vendors.network.phones[self.rng.choice(PHONES)]
        threads = phone.threads
        if not threads:
            return
        thread = self.rng.choice(threads)
        if self.rng.random() < 0.5:
            phone.send("hello to everybody", thread=thread.id)
        else:
            line = next(iter(sorted(thread.participants & set(self.world.vendors.network.lines))))
            word = self.rng.choice(("STOP", "STOP", "START"))
            self.world.say(f"{phone.number} writes {word} to {line}")
            phone.send(word, to=line)

    def _listen(self, events: Iterable[Event]) -> None:
        for event in events:
            if isinstance(event, OptedOut):
                self.opted_out.add(str(event.address))
            elif isinstance(event, OptedIn):
                self.opted_out.discard(str(event.address))
            elif isinstance(event, MessageReceived) and self.rng.random() < 0.3:
                self._reply(event)

    def _reply(self, event: MessageReceived) -> None:
        node = self.world.living()
        if node is None:
            return
        text = f"message {next(self._serials)} of the day"
        note = Note("", text, f"key {len(self.notes)}")
        self.notes.append(note)
        node.process.start(self._answer(node, event, note))

    async def _answer(self, node: Node, event: MessageReceived, note: Note) -> None:
        call = Asked(next(self._stamps))
        note.calls.append(call)
        to = note.group = event.logical or self.rng.choice(("", *self.names))
        self.world.say(f"{node.process.name}: reply({note.text!r}, {note.key!r}, {to!r})")
        try:
            call.receipt = await node.run(node.operations.reply(event, note.text, to or None, note.key))
        except GroupMessengerError as error:
            call.error = error
        call.ended = next(self._stamps)
        self.world.say(f"{node.process.name}: {note.key} {call.outcome} {call.error!r:.200}")

    # What the judge has to know

    def departed(self, t: Transaction, leaving: Leaving) -> None:
        """An attempt is let go now."""
        group = people.load_id(t, leaving.tried.group_id)
        members = frozenset(str(address) for address in group.addresses)
        tried = leaving.tried
        self.departures.append(
            Departure(
                tried.token,
                leaving.attempt.message.text,
                tried.group_id,
                members,
                frozenset(self.opted_out & members),
                next(self._stamps),
            )
        )

    def begun(self, t: Transaction, wanted: Wanted) -> None:
        """An attempt is begun."""

    def looked(self, t: Transaction, group_id: int, number: int | None) -> None:
        """A worker looked which message of a group is next."""
