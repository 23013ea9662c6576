"""What an application with an outbox does in a world, beside all else: it queues, takes back, and tries again."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from functools import partial

from sqlalchemy import select

from groupmessenger.errors import DirectoryError, GroupMessengerError, InvalidInput
from groupmessenger.switchboard.directory import Transaction
from groupmessenger.switchboard.ledger import Leaving, Wanted
from groupmessenger.switchboard.outbox import pauses
from groupmessenger.switchboard.outbox.tables import lanes, outbox
from groupmessenger.switchboard.outbox.values import OutboxState
from groupmessenger.switchboard.tables import attempts
from groupmessenger.switchboard.tried import UNDER_WAY
from groupmessenger.switchboard.values import State

from .application import Application
from .notes import Left, Note, Wish
from .weather import Fate, Weather
from .workers import Working
from .world import Node, World

_OPEN = (*UNDER_WAY, State.UNKNOWN)
_STEP = 30.0  # seconds between two looks at whether everything is decided
_STEPS = 60
DENIED = "AuthenticationFailed"  # the kind of a pause that may never end


class Queueing(Application):
    """A program that queues, in a world of its own weather; its processes are workers, too."""

    def __init__(self, world: World) -> None:
        super().__init__(world)
        rng = self.rng
        for fate in (Fate.DENIED, Fate.OVERDRAWN, Fate.REJECTED):
            world.weather.requests[fate] = rng.choice((0.0, 0.0, 0.05, 0.2))
        world.is_own_time = rng.random() < 0.5
        world.skews = (0, 0, -2, 2) if world.is_own_time else (0, 0, -600, 600)
        world.pace = rng.choice((None, None, "30/min", "6/min"))
        self.wishes: list[Wish] = []
        self.left: list[Left] = []
        self.strays: list[str] = []  # what was begun by whoever had no right to, or before its turn
        self.broken: list[str] = []
        self.retries: Counter[int] = Counter()
        self.granted: Counter[int] = Counter()  # how often a message may have been let go once more
        self.cancelled: dict[int, int] = {}
        self._workers: list[Working] = []

    # Processes

    def _started(self, node: Node) -> None:
        super()._started(node)
        if self.rng.random() < 0.8:
            self._hire(node)

    def _hire(self, node: Node) -> None:
        working = Working(self.world, node, self.rng.choice((1, 2, 10)), self.broken)
        self._workers.append(working)
        self.world.say(f"{node.process.name} has {working.worker.id}")
        node.process.start(working.run())

    def _dismiss(self) -> None:
        """A worker is asked to end, and another comes."""
        here = [each for each in self._workers if each.node.process.alive]
        if here:
            working = self.rng.choice(here)
            self._workers.remove(working)
            self.world.say(f"{working.worker.id} is asked to end")
            working.worker.stop()
            self._boot(self.rng.choice((0.0, 10.0)))

    def _heal(self) -> None:
        """The outbox is drained, all else is settled, and what that left in the queue is drained."""
        self._over = True
        self.world.weather = Weather.calm()
        self.world.say("workers drain what is left, and nothing goes wrong")
        self._drain()
        super()._heal()
        node = self.world.node("asks", self._default)
        for number in self._all(OutboxState.UNKNOWN):
            node.process.start(self._retrying(node, number, may_duplicate=False))
        self._drain()

    def _drain(self) -> None:
        """Let workers go on until nothing is left to them, and end."""
        world = self.world
        node = world.node("drains", self._default)
        self._hire(node)
        world.go_on(_STEP)
        node.process.start(self._quietly(node, partial(node.operations.outbox.resume, None)))
        for _ in range(_STEPS):
            world.go_on(_STEP)
            if world.directory.do(_is_decided):
                break
        for working in self._workers:
            working.worker.stop()
        self._workers.clear()
        world.go_on(_STEP)

    # What is done

    def _something(self) -> None:
        kinds = (self._wish, self._cancel, self._retry, self._direct, self._resume, self._dismiss, super()._something)
        self.rng.choices(kinds, (12, 2, 3, 2, 1, 1, 5))[0]()

    def _wish(self) -> None:
        """A message for the queue, sometimes the same text as one before, sometimes not before a time."""
        group = self.rng.choice(self.names)
        text = f"message {next(self._serials)} of the day"
        every: tuple[Wish | Note, ...] = (*self.wishes, *self.notes)
        alike = [each.text for each in every if each.group == group]
        if alike and self.rng.random() < self._alike:
            text = self.rng.choice(alike)
        key = f"wish {len(self.wishes)}" if self.rng.random() < 0.8 else None
        at = None
        if self.rng.random() < 0.2:
            at = self.world.clock.now() + timedelta(seconds=self.rng.choice((-1.0, 5.0, 60.0, 150.0)))
        wish = Wish(group, text, key, at, left=0 if key is None else 3)
        self.wishes.append(wish)
        self._put(wish)
        if key is not None and self.rng.random() < 0.2:
            self._put(wish)

    def _put(self, wish: Wish) -> None:
        node = self.world.living()
        if node is not None:
            node.process.start(self._putting(node, wish))
        elif wish.left and not self._over:
            wish.left -= 1
            self.world.clock.later(3.0, partial(self._put, wish))

    async def _putting(self, node: Node, wish: Wish) -> None:
        wish.calls += 1
        self.world.say(f"{node.process.name}: enqueue({wish.group!r}, {wish.text!r}, {wish.key!r}, {wish.at})")
        outbox = node.operations.outbox
        try:
            entry = await node.run(outbox.enqueue(outbox.putting(wish.group, wish.text, wish.key, wish.at)))
        except GroupMessengerError as error:
            self.world.say(f"{node.process.name}: {wish.key} is not queued: {error!r:.200}")
            if isinstance(error, DirectoryError) and wish.left and not self._over:
                wish.left -= 1
                self.world.clock.later(self.rng.choice((0.2, 30.0)), partial(self._put, wish))
        else:
            wish.numbers.add(entry.id)

    def _cancel(self, number: int | None = None) -> None:
        node, number = self.world.living(), number or self._any()
        if node is not None and number is not None:
            node.process.start(self._cancelling(node, number))

    async def _cancelling(self, node: Node, number: int) -> None:
        self.world.say(f"{node.process.name}: cancel {number}")
        try:
            await node.run(node.operations.outbox.cancel((number,)))
        except GroupMessengerError as error:
            self.world.say(f"{node.process.name}: {error!r:.200}")
        else:
            self.cancelled[number] = next(self._stamps)

    def _retry(self) -> None:
        node, number = self.world.living(), self._any(OutboxState.FAILED, OutboxState.UNKNOWN)
        if node is not None and number is not None:
            node.process.start(self._retrying(node, number, may_duplicate=self.rng.random() < 0.4))

    async def _retrying(self, node: Node, number: int, *, may_duplicate: bool) -> None:
        self.world.say(f"{node.process.name}: retry {number}, may_duplicate={may_duplicate}")
        self.retries[number] += 1
        self.granted[number] += may_duplicate
        try:
            await node.run(node.operations.outbox.retry((number,), may_duplicate=may_duplicate))
        except GroupMessengerError as error:
            self.world.say(f"{node.process.name}: {error!r:.200}")
            if isinstance(error, InvalidInput):
                self.retries[number] -= 1
                self.granted[number] -= may_duplicate

    def _any(self, *states: OutboxState) -> int | None:
        """The number of a message, in one of these states if one is."""
        found = self._all(*states) or self._all(*OutboxState)
        return self.rng.choice(found) if found else None

    def _all(self, *states: OutboxState) -> list[int]:
        here = select(outbox.c.id).where(outbox.c.state.in_(states)).order_by(outbox.c.id)
        return self.world.directory.do(lambda t: list(t.execute(here).scalars()))

    def _direct(self) -> None:
        """A message that is queued is sent at once, too, under its key."""
        keyed = [wish for wish in self.wishes if wish.key is not None]
        if keyed:
            wish = self.rng.choice(keyed)
            wish.direct = True
            note = Note(wish.group, wish.text, wish.key)
            self.notes.append(note)
            self._send(note)

    def _resume(self) -> None:
        node = self.world.living()
        if node is not None:
            node.process.start(self._quietly(node, partial(node.operations.outbox.resume, None)))

    # What the judge has to know

    def departed(self, t: Transaction, leaving: Leaving) -> None:
        super().departed(t, leaving)
        entry = t.execute(select(outbox.c.id).where(outbox.c.message_id == leaving.tried.message_id)).scalar()
        weight = 0
        if leaving.pace is not None:
            weight = len(self.departures[-1].members) if leaving.pace.by_person else 1
        self.left.append(
            Left(leaving.tried.token, entry, next(self._stamps), t.now, leaving.pace, weight, leaving.waits)
        )

    def begun(self, t: Transaction, wanted: Wanted) -> None:
        """An attempt is begun, perhaps by a worker: it has the group's lane."""
        if wanted.owner is not None and not _has_lane(t, wanted.group.id, wanted.owner):
            self.strays.append(f"I-4: {wanted.owner} began message {wanted.message_id} without the lane")

    def looked(self, t: Transaction, group_id: int, number: int | None) -> None:
        """A worker looked which message of a group is next."""
        here = (outbox.c.group_id == group_id) & (outbox.c.state == OutboxState.QUEUED)
        rows = t.execute(select(outbox.c.id, outbox.c.due_at).where(here)).all()
        due = sorted((row.due_at, row.id) for row in rows if row.due_at is not None and row.due_at <= t.now)
        plain = [row.id for row in rows if row.due_at is None]
        first = due[0][1] if due else min(plain, default=None)
        if number != first:
            self.strays.append(f"I-4: message {number} was taken, and it was {first}'s turn")
        if number is not None and not self._over and self.rng.random() < 0.05:
            self.world.clock.later(0.001, partial(self._cancel, number))  # before it is begun


def _has_lane(t: Transaction, group_id: int, owner: str) -> bool:
    """Whether a lane is this worker's, and its lease not over."""
    row = t.execute(select(lanes).where(lanes.c.group_id == group_id)).one_or_none()
    return row is not None and row.owner == owner and row.lease_until > t.now


def _is_decided(t: Transaction) -> bool:
    """Whether nothing is under way, and nothing is due that waits, but for those who do not let us in."""
    unsure = attempts.c.state.in_(_OPEN) & attempts.c.gave_up_at.is_(None)
    if t.execute(select(attempts.c.id).where(unsure)).first() is not None:
        return False
    due = outbox.c.due_at.is_(None) | (outbox.c.due_at <= t.now)
    waiting = select(outbox.c.id).where((outbox.c.state == OutboxState.QUEUED) & due)
    return t.execute(waiting).first() is None or any(each.kind == DENIED for each in pauses.listed(t))
