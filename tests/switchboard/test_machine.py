"""Any sequence of operations on groups, against a model of them, with the phones as judge of every message."""

from __future__ import annotations

import tempfile
from contextlib import ExitStack
from itertools import count
from pathlib import Path
from typing import Any

import attrs
import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from switchboard.databases import Databases
from switchboard.scenes import PROVIDERS, TELLING, Scene, once

import groupmessenger as gm
from groupmessenger.sandbox import Sandbox
from groupmessenger.switchboard import ThreadState

CROWD = tuple(f"+131255501{number}" for number in range(30, 35))
STRANGER = "+13125550140"
NAMES = st.sampled_from(["a", "b", "c"])
PERSON = st.sampled_from(CROWD)


@attrs.define
class Model:
    """What a group should be. `sets` are the people that a thread of it had, with its connection."""

    members: list[str]
    observed: bool = False  # the stranger, in one of its threads
    declined: bool = False
    keys: dict[str, tuple[str, str]] = attrs.field(factory=dict)  # text and connection by key
    last: str | None = None
    sets: set[tuple[str, frozenset[str]]] = attrs.field(factory=set)


class Groups(RuleBasedStateMachine):
    """A directory and its model. Each change of the file is another process."""

    engine: str
    databases: Databases

    def __init__(self) -> None:
        super().__init__()
        self.end = ExitStack()
        self.groups: dict[str, Model] = {}
        self.opted_out: set[str] = set()
        self.numbers = count(1)

    @initialize(turn=st.integers(0, 2))
    def begin(self, turn: int) -> None:
        folder = Path(self.end.enter_context(tempfile.TemporaryDirectory()))
        url = self.end.enter_context(self.databases.new(self.engine, folder))
        self.scene = self.end.enter_context(Scene(self.end.enter_context(Sandbox()), url, folder))
        self.scene.listen()
        self.change_the_file(turn)
        for name, people in {"a": list(CROWD[:3]), "b": list(CROWD[1:])}.items():
            self.create(name, people)

    def teardown(self) -> None:
        self.end.close()

    # The file

    @rule(turn=st.integers(0, 2))
    def change_the_file(self, turn: int) -> None:
        names = (*PROVIDERS[turn:], *PROVIDERS[:turn])
        self.default = names[0]
        self.board = self.scene.board(*names)

    @rule()
    def let_time_pass(self) -> None:
        self.scene.later(10)

    # Groups

    @rule(name=NAMES, people=st.lists(PERSON, min_size=1, max_size=4, unique=True))
    def create(self, name: str, people: list[str]) -> None:
        if self.opted_out & {*people}:
            self.raises(gm.Suppressed, "create_group", name, people)
        elif name in self.groups:
            self.raises(gm.InvalidInput, "create_group", name, people)
        else:
            self.board.create_group(name, people)
            self.groups[name] = Model(people)

    @precondition(lambda self: self.groups)
    @rule(data=st.data(), name=NAMES)
    def create_a_twin(self, data: Any, name: str) -> None:
        self.create(name, list(self.groups[self.one_of(data)].members))

    @precondition(lambda self: self.groups)
    @rule(data=st.data(), person=PERSON)
    def add(self, data: Any, person: str) -> None:
        name = self.one_of(data)
        group = self.groups[name]
        if person in self.opted_out and person not in group.members:
            self.raises(gm.Suppressed, "add_members", name, [person])
        else:
            self.board.add_members(name, [person])
            group.members += [] if person in group.members else [person]

    @precondition(lambda self: self.groups)
    @rule(data=st.data(), person=PERSON | st.just(STRANGER))
    def remove(self, data: Any, person: str) -> None:
        name = self.one_of(data)
        group = self.groups[name]
        if group.members == [person]:
            self.raises(gm.InvalidInput, "remove_members", name, [person])
        else:
            self.board.remove_members(name, [person])
            group.members = [each for each in group.members if each != person]
            if person == STRANGER and group.observed:
                group.observed, group.declined = False, True

    @rule(name=NAMES, new=NAMES)
    def rename(self, name: str, new: str) -> None:
        if name not in self.groups or (new in self.groups and new != name):
            self.raises(gm.InvalidInput, "rename", name, new)
        else:
            self.board.rename(name, new)
            self.groups[new] = self.groups.pop(name)

    @rule(name=NAMES)
    def archive(self, name: str) -> None:
        if name not in self.groups:
            self.raises(gm.InvalidInput, "archive", name)
        else:
            self.board.archive(name)
            del self.groups[name]

    @rule(person=st.sampled_from([CROWD[4], STRANGER]), out=st.booleans())
    def opt(self, person: str, out: bool) -> None:
        self.board.suppress(person, lift=not out)
        (self.opted_out.add if out else self.opted_out.discard)(person)

    # Somebody comes into a thread

    @precondition(lambda self: self.groups)
    @rule(data=st.data())
    def a_stranger_writes(self, data: Any) -> None:
        name = self.one_of(data)
        group, face = self.groups[name], self.scene.box.faces["sendblue"]
        threads = [
            t for t in self.board.group(name).threads if t.connection == "sendblue" and t.state is ThreadState.OPEN
        ]
        vendors = [face.groups[thread.group.id] for thread in threads]  # type: ignore[attr-defined]
        if not vendors or not vendors[0].imessage or STRANGER in vendors[0].thread.participants:
            return
        thread = vendors[0].thread
        thread.participants.add(STRANGER)
        group.sets.add(("sendblue", frozenset(vendors[0].members)))
        self.scene.box.network.post(thread, STRANGER, f"Stranger {next(self.numbers)}")
        (event,) = [event for event in self.scene.hear(self.board, "sendblue") if isinstance(event, gm.MessageReceived)]
        assert name == event.logical
        if STRANGER not in group.members and not group.declined:
            group.observed = True

    @precondition(lambda self: any(group.observed for group in self.groups.values()))
    @rule(data=st.data())
    def accept(self, data: Any) -> None:
        name = self.one_of(data)
        group = self.groups[name]
        if group.observed and STRANGER in self.opted_out:
            self.raises(gm.Suppressed, "accept_members", name)
        else:
            self.board.accept_members(name)
            group.members += [STRANGER] if group.observed else []
            group.observed = False

    # Messages

    @precondition(lambda self: self.groups)
    @rule(data=st.data())
    def send(self, data: Any) -> None:
        self.carry(self.one_of(data), is_lost=False)

    @precondition(lambda self: self.groups and self.default in TELLING)
    @rule(data=st.data())
    def send_and_lose_the_answer(self, data: Any) -> None:
        self.carry(self.one_of(data), is_lost=True)

    def one_of(self, data: Any) -> str:
        return str(data.draw(st.sampled_from(sorted(self.groups))))

    def carry(self, name: str, *, is_lost: bool) -> None:
        group, number = self.groups[name], next(self.numbers)
        text, key, carrier = f"Message {number}", f"k{number}", self.default
        people = frozenset(group.members)
        others = [other for other in self.groups.values() if other is not group]
        may_be_anothers = any((carrier, people) in other.sets for other in others)
        if is_lost:
            self.scene.strike(carrier, "drop", phase="after")
        try:
            try:
                self.board.send(name, text, key=key)
            except gm.OutcomeUnknown:
                assert is_lost
                assert self.board.send(name, text, key=key).again
        except gm.Suppressed:
            assert people & self.opted_out
            arrived = False
        except gm.LimitExceeded:
            assert len(people) < 2
            assert carrier != "messagebird"
            arrived = False
        except gm.NotAccepted:
            assert group.observed
            assert carrier == "sendblue"
            arrived = False
        except gm.AlreadyBound as error:
            assert may_be_anothers
            arrived = error.outcome is gm.Outcome.SENT
        else:
            assert not people & self.opted_out
            arrived = True
        self.scene.box.clear_faults()
        assert (once(*people) if arrived else {}) == self.scene.shown(text)
        if arrived:
            group.keys[key] = text, carrier
            group.last = carrier
            group.sets.add((carrier, people))

    @precondition(lambda self: any(group.keys for group in self.groups.values()))
    @rule(data=st.data())
    def send_again(self, data: Any) -> None:
        name = data.draw(st.sampled_from(sorted(name for name, group in self.groups.items() if group.keys)))
        group = self.groups[name]
        key = data.draw(st.sampled_from(sorted(group.keys)))
        text, carrier = group.keys[key]
        before = self.scene.shown(text)
        again = self.board.send(name, text, key=key)
        assert (True, carrier) == (again.again, again.connection)
        self.raises(gm.KeyReused, "send", name, "Another", key=key)
        assert before == self.scene.shown(text)

    # What is so at any time

    @invariant()
    def the_directory_is_as_the_model(self) -> None:
        found = {group.name: group for group in self.board.groups()}
        assert self.groups.keys() == found.keys()
        for name, model in self.groups.items():
            group = found[name]
            assert model.members == [str(member) for member in group.members]
            assert ([STRANGER] if model.observed else []) == [str(member) for member in group.observed]
            assert (model.last, None) == (group.last, group.route)
            assert len(model.keys) == sum(entry.state == "sent" for entry in self.board.history(name))
            for connection in PROVIDERS:
                now = [t for t in group.threads if t.connection == connection and t.state is not ThreadState.RETIRED]
                assert len(now) <= 1 + sum(thread.state is ThreadState.MERGED for thread in now)
        assert self.opted_out == {str(each.address) for each in self.board.opt_outs() if each.suppressed}

    @invariant()
    def nobody_got_anything_twice(self) -> None:
        for phone in self.scene.box.phones:
            assert len(phone.texts) == len(set(phone.texts))

    def raises(self, error: type[Exception], operation: str, *args: Any, **named: Any) -> None:
        """It is refused, for this reason, and nothing is asked of anybody."""
        before = len(self.scene.box.log)
        with pytest.raises(error):
            getattr(self.board, operation)(*args, **named)
        assert before == len(self.scene.box.log)


@pytest.mark.parametrize(
    ("engine", "examples"),
    [
        ("sqlite", 8),
        ("postgresql", 2),
        pytest.param("sqlite", 24, marks=pytest.mark.slow),
        pytest.param("postgresql", 5, marks=pytest.mark.slow),
    ],
)
def test_any_sequence_of_operations(databases: Databases, engine: str, examples: int) -> None:
    kind = type("Groups", (Groups,), {"engine": engine, "databases": databases})
    run_state_machine_as_test(
        kind,
        settings=settings(
            max_examples=examples,
            stateful_step_count=30,
            deadline=None,
            derandomize=True,
            database=None,
            phases=[Phase.generate],  # to make a failure small would take minutes
            suppress_health_check=[HealthCheck.too_slow],
        ),
    )
