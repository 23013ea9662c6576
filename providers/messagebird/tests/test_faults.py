"""Whatever goes wrong between us and MessageBird: nobody is texted twice, and no error says "not sent" for what was.

A table of faults (`ROWS`), each with every operation that changes something (`OPERATIONS`), by both clients, over
real HTTP; the phones, the stand-in's groups and contacts, and the sandbox's log are the judges. A batch is one
operation with all its faults, so that the time to settle passes once for all of them. Then the caller does as the
library advises: what was not sent is sent again; what is unknown is looked for, and sent again only if it is absent.
"""

from __future__ import annotations

import functools
import gc
import json
import signal
import socket
import subprocess
import sys
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any, Self

import attrs
import pytest
from anyio.from_thread import BlockingPortal, start_blocking_portal
from groupmessenger_messagebird.sandbox import LINE, MessageBirdFace

import groupmessenger as gm
from groupmessenger import Absent, Attempt, CannotTell, Found, Group, Message, Outcome, OutcomeUnknown, Status
from groupmessenger.provider import hookimpl
from groupmessenger.sandbox import Sandbox

TEXT, NAME, PICTURE = "Dinner at seven?", "The neighbours", "https://example.com/a.jpg"
TIMEOUT = 1.0  # seconds for an answer
SETTLE = 0.6  # seconds in which a lost message may turn up
SLOW = 1.3  # seconds an answer takes that comes too late, but within TIMEOUT + SETTLE
LATE = 60.0  # seconds of the sandbox's time
DONE, FAILED, NOT_SENT, UNKNOWN = "done", "failed", "not sent", "unknown"
WAYS = ("blocking", "asyncio", "trio")

# A body cut off while it is sent leaves a generator of httpx's behind, of which trio complains.
pytestmark = pytest.mark.filterwarnings(
    "ignore:Exception ignored in.*ByteStream:pytest.PytestUnraisableExceptionWarning"
)


# Callers


class Caller:
    """A client of the sandbox, of either kind, called in one way. Does not try again unless it has `patience`.

    It keeps the attempts that were made. With `cancel_when`, an operation is cancelled as soon as that is true.
    """

    def __init__(self, box: Sandbox, way: str, **settings: Any) -> None:
        settings = {"timeout": TIMEOUT, "patience": 0, "settle_after": SETTLE, "plugins": [self], **settings}
        self.attempts: list[Attempt] = []
        self.cancel_when: Callable[[], bool] | None = None
        self._end = ExitStack()
        self._portal: BlockingPortal | None = None
        self.client: gm.Client | gm.AsyncClient
        if way == "blocking":
            self.client = self._end.enter_context(box.connect("messagebird", **settings))
        else:
            self._portal = self._end.enter_context(start_blocking_portal(way))
            self.client = box.connect_async("messagebird", **settings)
            self._end.callback(self._portal.call, self.client.aclose)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._end.close()

    def do(self, operation: str, *arguments: Any) -> Any:
        """Do an operation, and wait for its end."""
        method = getattr(self.client, operation)
        if self._portal is None:
            return method(*arguments)
        future = self._portal.start_task_soon(method, *arguments)
        if self.cancel_when is not None:
            wait_for(self.cancel_when)
            future.cancel()
        return future.result()

    @hookimpl
    def groupmessenger_before_send(self, attempt: Attempt) -> None:
        """Keep what a program would store before a message leaves."""
        self.attempts.append(attempt)


@contextmanager
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(faces=[MessageBirdFace]) as box:
        yield box


def vendor(box: Sandbox) -> MessageBirdFace:
    face = box.faces["messagebird"]
    assert isinstance(face, MessageBirdFace)
    return face


def numbers(count: int, start: int = 0) -> list[str]:
    """Numbers that nobody has."""
    areas = (202, 212, 303, 312, 415, 512, 617, 713, 808)
    return [f"+1{areas[n // 100]}555{100 + n % 100:04}" for n in range(start, start + count)]


def there(box: Sandbox, group: Group) -> list[str]:
    """Who is in the group at the vendor."""
    return sorted(contact.number for contact in vendor(box).account.members(group.id))


def members(group: Group) -> list[str]:
    return sorted(map(str, group.addresses))


def asked(box: Sandbox, operation: str) -> int:
    return sum(entry["operation"] == operation for entry in box.log)


def wait_until(moment: datetime) -> None:
    time.sleep(max((moment - datetime.now(UTC)).total_seconds(), 0))


def wait_for(true: Callable[[], bool]) -> None:
    """Wait for what happens in somebody else's time."""
    deadline = time.monotonic() + 10
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.005)


# Operations


@attrs.frozen
class Subject:
    """Whom an operation is done to: people of its own, and another one to come or go."""

    people: tuple[str, ...]
    other: str
    group: Group
    message_id: str = ""


class Operation(ABC):
    """Something that changes something. `route` is what it asks of the vendor, in the sandbox's words."""

    name: str
    route: str
    sends = False

    def prepare(self, caller: Caller, box: Sandbox, people: list[str]) -> Subject:
        """What there is before: a group of three."""
        return Subject(tuple(people[:3]), people[3], caller.do("create_group", people[:3], people[0]))

    @abstractmethod
    def do(self, caller: Caller, subject: Subject) -> Any:
        """Do it."""

    @abstractmethod
    def seen(self, box: Sandbox, subject: Subject) -> set[int]:
        """How often it took place: on each phone if it is a message."""


class Sends(Operation):
    sends = True

    def seen(self, box: Sandbox, subject: Subject) -> set[int]:
        return {box.phones[number].texts.count(TEXT) for number in subject.people}


class Send(Sends):
    name, route = "send", "send"

    def do(self, caller: Caller, subject: Subject) -> Any:
        return caller.do("send", subject.group, TEXT)


class LeaveOut(Sends):
    name, route = "leave_out", "send"

    def do(self, caller: Caller, subject: Subject) -> Any:
        return caller.do("send", subject.group, Message(TEXT, leave_out=[subject.people[0]]))

    def seen(self, box: Sandbox, subject: Subject) -> set[int]:
        assert box.phones[subject.people[0]].texts == []
        return {box.phones[number].texts.count(TEXT) for number in subject.people[1:]}


class SendPicture(Sends):
    name, route = "send_picture", "send_mms"

    def do(self, caller: Caller, subject: Subject) -> Any:
        return caller.do("send", subject.group, Message(TEXT, PICTURE))


class SendDirect(Sends):
    name, route = "send_direct", "send"

    def prepare(self, caller: Caller, box: Sandbox, people: list[str]) -> Subject:
        return Subject((people[0],), people[1], Group("messagebird", LINE, "none"))

    def do(self, caller: Caller, subject: Subject) -> Any:
        return caller.do("send_direct", subject.people[0], TEXT)


class Create(Operation):
    """Make a group without a name, which gets one of its own at the vendor."""

    name, route = "create_group", "create_group"

    def prepare(self, caller: Caller, box: Sandbox, people: list[str]) -> Subject:
        return Subject(tuple(people[:3]), people[3], Group("messagebird", LINE, "none"))

    def do(self, caller: Caller, subject: Subject) -> Any:
        return caller.do("create_group", subject.people)

    def seen(self, box: Sandbox, subject: Subject) -> set[int]:
        return {sum(bool(group.members) for group in self.made(box, subject))}

    def made(self, box: Sandbox, subject: Subject) -> list[Any]:
        """The groups made for these people, empty ones among them."""
        members = [gm.Member(number) for number in subject.people]
        begin = Group.of_members("messagebird", LINE, members, pending=False, topology=gm.Topology.BROADCAST).id
        return [group for group in vendor(box).groups.values() if group.name.startswith(begin)]


class CreateNamed(Create):
    """Make a group with a name of the caller's, which others may give as well."""

    name = "create_named"

    def do(self, caller: Caller, subject: Subject) -> Any:
        return caller.do("create_group", subject.people, f"{NAME} {subject.other}")

    def made(self, box: Sandbox, subject: Subject) -> list[Any]:
        return [group for group in vendor(box).groups.values() if group.name == f"{NAME} {subject.other}"]


class AddMembers(Operation):
    name, route = "add_members", "add_members"

    def do(self, caller: Caller, subject: Subject) -> Any:
        return caller.do("add_members", subject.group, [subject.other])

    def seen(self, box: Sandbox, subject: Subject) -> set[int]:
        return {there(box, subject.group).count(subject.other)}


class RemoveMembers(Operation):
    name, route = "remove_members", "remove_member"

    def do(self, caller: Caller, subject: Subject) -> Any:
        return caller.do("remove_members", subject.group, [subject.people[0]])

    def seen(self, box: Sandbox, subject: Subject) -> set[int]:
        return {int(subject.people[0] not in there(box, subject.group))}


class RenameGroup(Operation):
    name, route = "rename_group", "rename_group"

    def do(self, caller: Caller, subject: Subject) -> Any:
        return caller.do("rename_group", subject.group, NAME)

    def seen(self, box: Sandbox, subject: Subject) -> set[int]:
        return {int(vendor(box).groups[subject.group.id].name == NAME)}


class DeleteGroup(Operation):
    name, route = "delete_group", "delete_group"

    def do(self, caller: Caller, subject: Subject) -> Any:
        return caller.do("delete_group", subject.group)

    def seen(self, box: Sandbox, subject: Subject) -> set[int]:
        return {int(subject.group.id not in vendor(box).groups)}


class CancelScheduled(Operation):
    name, route = "cancel_scheduled", "delete_message"

    def prepare(self, caller: Caller, box: Sandbox, people: list[str]) -> Subject:
        message = Message(TEXT, send_at=box.clock.now() + timedelta(days=1))
        receipt = caller.do("send_direct", people[0], message)
        return Subject((people[0],), people[1], Group("messagebird", LINE, "none"), receipt.id)

    def do(self, caller: Caller, subject: Subject) -> Any:
        return caller.do("cancel_scheduled", subject.message_id)

    def seen(self, box: Sandbox, subject: Subject) -> set[int]:
        return {int(subject.message_id not in {message.id for message in vendor(box).messages})}


OPERATIONS = {
    each.name: each
    for each in (
        *(Send(), LeaveOut(), SendPicture(), SendDirect()),
        *(Create(), CreateNamed(), AddMembers(), RemoveMembers(), RenameGroup(), DeleteGroup(), CancelScheduled()),
    )
}
WORDS = {Outcome.NOT_SENT: NOT_SENT, Outcome.SENT: "done, and an error", Outcome.UNKNOWN: UNKNOWN}


# Faults


@attrs.frozen
class Row:
    """A fault. `send` is what a send must come to at first, `change` what a change must; None where it is not run.

    `acts` says whether the vendor does it, None if only later. `report` is what a send comes to in the end.
    """

    name: str
    strike: Callable[[Sandbox, str], object] = attrs.field(repr=False)
    acts: bool | None
    send: str | None
    change: str | None
    report: str = DONE

    def expected(self, operation: Operation) -> str | None:
        if operation.sends:
            return self.send
        if self.name.startswith("404") and operation.name in ("remove_members", "cancel_scheduled"):
            return None  # to say that it is not there is to say that it is done
        if self.change == DONE and self.acts and operation.name == "rename_group":
            return UNKNOWN  # it is safe to do again, and not looked for
        if self.change == DONE and self.acts and operation.name == "create_named":
            return UNKNOWN  # a group of that name could be somebody else's: it stays empty, and is not taken
        return self.change

    def reported(self, operation: Operation) -> str:
        """What it comes to in the end, for who does as the library advises."""
        if not operation.sends:
            return DONE
        if operation.name == "send_picture" and self.acts is False and (self.send, self.report) == (UNKNOWN, DONE):
            return UNKNOWN  # that an MMS is not listed says nothing, and so it is not sent again
        return self.report

    def takes_place(self, operation: Operation) -> bool | None:
        """Whether it takes place at first, None if that is as it may be."""
        return False if operation.name == "create_named" else self.acts

    def groups(self, operation: Operation) -> int:
        """How many groups there are in the end, at most: one is made, and one may have been left empty."""
        left = self.name == "late" or (operation.name == "create_named" and self.acts)
        return 2 if left else 1


def fault(kind: str, phase: str, **details: Any) -> Callable[[Sandbox, str], object]:
    return lambda box, route: box.fault(kind, operation=route, phase=phase, **details)


def in_doubt(what: str, kind: str, phase: str, **details: Any) -> Row:
    """The answer says nothing: a message is in doubt, and so is a change unless it can be seen."""
    acts = phase == "after"
    return Row(f"{what} {phase}", fault(kind, phase, **details), acts, UNKNOWN, DONE if acts else UNKNOWN)


def refused(what: str, kind: str = "refuse", **details: Any) -> Row:
    """The answer says that nothing was done."""
    return Row(what, fault(kind, "before", **details), False, NOT_SENT, NOT_SENT)


def told(what: str, send: str, fields: dict[str, Any], *, done: bool, report: str = DONE, **how: Any) -> Row:
    """A send is answered with these fields."""
    return Row(
        f"told {what}", lambda box, _: vendor(box).answer_next(fields, done=done, **how), done, send, None, report
    )


def no(code: int) -> dict[str, Any]:
    return {"errors": [{"code": code, "description": "no", "parameter": None}]}


PAGE = "<html><title>Bad gateway</title></html>"
PHASES = ("before", "after")
ROWS = [
    *(in_doubt(kind, kind, "headers") for kind in ("drop", "reset")),
    *(in_doubt(kind, kind, phase) for kind in ("drop", "short", "html", "empty", "bad_gzip") for phase in PHASES),
    in_doubt("reset", "reset", "after"),
    in_doubt("huge", "huge", "after"),
    *(in_doubt(f"{status} alone", "refuse", "after", status=status) for status in (408, 409, 500, 504)),
    *(in_doubt("503 of a proxy", "refuse", phase, status=503, text=PAGE) for phase in PHASES),
    in_doubt("500 code 98", "refuse", "after", status=500, body=no(98)),
    in_doubt("422 code 99", "refuse", "after", status=422, body=no(99)),
    in_doubt("403 of a proxy", "refuse", "before", status=403, text=PAGE),
    in_doubt("200 and []", "refuse", "after", status=200, text="[]"),
    Row("slow after", fault("delay", "after", seconds=SLOW), True, UNKNOWN, DONE),
    Row("late", fault("late", "before", seconds=LATE), None, UNKNOWN, UNKNOWN),
    # Refusals
    *(
        refused(f"{status} code {code}", status=status, body=no(code))
        for status, code in ((401, 2), (402, 25), (404, 20), (405, 21), (422, 10))
    ),
    refused("429", status=429),
    refused("redirect", "redirect", location="https://example.com/elsewhere"),
    # What a 201 says
    told("that nobody is counted", DONE, {"recipients": {"totalCount": 3, "totalSentCount": 0}}, done=True),
    told("nothing, and does it", UNKNOWN, {}, done=True, whole=True),
    told("no id, and does it", UNKNOWN, {"id": None}, done=True),
    told("errors, and does it", UNKNOWN, no(9), done=True),
    told("nothing, and fails", UNKNOWN, {}, done=False, whole=True, report=FAILED),
    told("errors, and fails", UNKNOWN, no(9), done=False, report=FAILED),
]


# Batches


@attrs.frozen
class Ending:
    """What a call came to."""

    word: str
    error: BaseException | None = None

    @classmethod
    def of(cls, call: Callable[[], Any]) -> Self:
        try:
            result = call()
        except gm.GroupMessengerError as error:
            return cls(WORDS[error.outcome], error)
        except Exception as error:
            return cls(f"{type(error).__name__}: {error}", error)
        return cls(FAILED if getattr(result, "status", None) is Status.FAILED else DONE)

    @property
    def attempt(self) -> Attempt:
        assert isinstance(self.error, OutcomeUnknown)
        assert self.error.attempt is not None
        return Attempt.load(self.error.attempt.dump())


@attrs.define
class Case:
    """What became of one operation with one fault."""

    row: Row
    subject: Subject
    ending: Ending = Ending("not begun")
    asked: int = 0  # requests of the operation's own route
    seen: set[int] = attrs.field(factory=set)
    early: object = None  # what find_sent said before the settle time was over
    seen_settled: set[int] = attrs.field(factory=set)
    report: str = ""
    seen_finally: set[int] = attrs.field(factory=set)
    groups: int = 0  # made by this operation, empty ones among them


BATCHES = [
    *(("blocking", name) for name in OPERATIONS),
    *(("asyncio", name) for name in ("send", "send_picture", "create_group", "add_members", "remove_members")),
    *(("trio", name) for name in ("leave_out", "create_named", "cancel_scheduled")),
]


@functools.cache
def batches() -> dict[tuple[str, str], Future[dict[str, Case]]]:
    """All batches, of which six run at a time: much of it is waiting."""
    with ThreadPoolExecutor(6) as pool:
        ended = {batch: pool.submit(run_batch, *batch) for batch in BATCHES}
    gc.collect()
    return ended


def run_batch(way: str, name: str) -> dict[str, Case]:
    """Run an operation with each fault, and the advice after it."""
    operation = OPERATIONS[name]
    with sandbox() as box, Caller(box, way) as caller:
        rows = [row for row in ROWS if row.expected(operation) is not None]
        cases = {row.name: Case(row, operation.prepare(caller, box, numbers(4, 4 * n))) for n, row in enumerate(rows)}
        for case in cases.values():
            _strike(box, caller, operation, case)
        box.clock.advance(LATE)
        if operation.sends:
            wait_until(max(settled(case.ending.attempt) for case in cases.values() if case.ending.word == UNKNOWN))
        for case in cases.values():
            case.seen_settled = operation.seen(box, case.subject)
            case.report = _follow(caller, operation, case)
            case.seen_finally = operation.seen(box, case.subject)
            case.groups = len(operation.made(box, case.subject)) if isinstance(operation, Create) else 0
    return cases


def _strike(box: Sandbox, caller: Caller, operation: Operation, case: Case) -> None:
    box.clear_log()
    case.row.strike(box, operation.route)
    case.ending = Ending.of(lambda: operation.do(caller, case.subject))
    box.clear_faults()
    assert not vendor(box).account.forced
    case.asked = asked(box, operation.route)
    case.seen = operation.seen(box, case.subject)
    if operation.sends and case.ending.word == UNKNOWN:
        case.early = looked_for_early(caller, case.ending.attempt)


def looked_for_early(caller: Caller, attempt: Attempt) -> object:
    """What find_sent says before the settle time is over; None if it is over by then, on a slow machine."""
    sighting = caller.do("find_sent", attempt)
    return sighting if datetime.now(UTC) < settled(attempt) else None


def settled(attempt: Attempt, settle: float = SETTLE) -> datetime:
    """When a message that is unknown may be believed to be absent."""
    return attempt.leave_by + timedelta(seconds=settle)


def _follow(caller: Caller, operation: Operation, case: Case) -> str:
    """Do as the library advises, with nothing going wrong any more. Gives what is reported in the end."""
    ending = case.ending
    if ending.word == UNKNOWN and operation.sends:
        sighting = caller.do("find_sent", ending.attempt)
        if isinstance(sighting, Found):
            return FAILED if sighting.receipt.status is Status.FAILED else DONE
        if isinstance(sighting, CannotTell):
            return UNKNOWN
        assert isinstance(sighting, Absent)
    if ending.word in (UNKNOWN, NOT_SENT):
        again = Ending.of(lambda: operation.do(caller, case.subject))
        gone = isinstance(again.error, gm.ProviderError) and again.error.status == 404
        late = case.row.name == "late" and operation.name in ("delete_group", "cancel_scheduled")
        return DONE if gone and late else again.word  # it was done late, and to do it again is to be told so
    return ending.word


@pytest.mark.parametrize(
    ("way", "name", "row"),
    [
        pytest.param(way, name, row.name, id=f"{way}-{name}-{row.name}")
        for way, name in BATCHES
        for row in ROWS
        if row.expected(OPERATIONS[name]) is not None
    ],
)
def test_matrix(way: str, name: str, row: str) -> None:
    """P3 to P5: no phone shows a message twice, and no error or success says what is not so."""
    case, operation = batches()[way, name].result()[row], OPERATIONS[name]
    assert case.row.expected(operation) == case.ending.word, case.ending.error
    assert case.asked == 1
    # What was said at first is true
    takes_place = case.row.takes_place(operation)
    assert takes_place is None or case.seen == {int(takes_place)}
    if case.ending.word == DONE:
        assert case.seen == {1}
    if case.ending.word in (NOT_SENT, FAILED):
        assert case.seen | case.seen_settled == {0}
    # Absence is not believed before the settle time is over
    assert not isinstance(case.early, Absent)
    # Who follows the advice has it once
    assert case.row.reported(operation) == case.report
    assert case.seen_finally == ({0} if case.report in (FAILED, UNKNOWN) else {1})
    # One group is made, and beside it at most the one that came late, or that could not be told from others'
    assert case.groups <= case.row.groups(operation)


def test_the_matrix_has_every_operation() -> None:
    """Each of them changes something and is run with at least two dozen faults, most of them by both clients."""
    rows = {name: sum(row.expected(operation) is not None for row in ROWS) for name, operation in OPERATIONS.items()}
    assert all(count >= 24 for count in rows.values()), rows
    assert {("blocking", name) for name in OPERATIONS} <= set(BATCHES)
    assert len({name for way, name in BATCHES if way != "blocking"}) == 8


# P1: never reached, and turned away


@pytest.fixture
def no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("groupmessenger.exchange._FIRST_PAUSE", 0.001)


def closed_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


@pytest.mark.parametrize("name", OPERATIONS)
@pytest.mark.parametrize("way", WAYS[:2])
@pytest.mark.usefixtures("no_pauses")
def test_before_connect(way: str, name: str) -> None:
    """P1: what never reaches the vendor is not done, and says so."""
    people = numbers(4)
    group = Group("messagebird", LINE, "imagined", tuple(map(gm.Member, people[:3])))
    with sandbox() as box:
        with Caller(box, way, patience=1, base_url=f"http://127.0.0.1:{closed_port()}") as caller:
            ending = Ending.of(lambda: OPERATIONS[name].do(caller, Subject(tuple(people[:3]), people[3], group, "m")))
        assert isinstance(ending.error, gm.NotReached)
        assert (ending.word, box.log) == (NOT_SENT, [])


@pytest.mark.parametrize("name", OPERATIONS)
@pytest.mark.parametrize("way", WAYS[:2])
@pytest.mark.usefixtures("no_pauses")
def test_turned_away_twice(way: str, name: str) -> None:
    """What is turned away with 429 is tried three times, and takes place once."""
    operation = OPERATIONS[name]
    with sandbox() as box, Caller(box, way, patience=1, timeout=5) as caller:
        subject = operation.prepare(caller, box, numbers(4))
        box.clear_log()
        box.fault("refuse", status=429, operation=operation.route, times=2)
        ending = Ending.of(lambda: operation.do(caller, subject))
        assert (ending.word, asked(box, operation.route), operation.seen(box, subject)) == (DONE, 3, {1}), ending.error


# P3: cancelled and killed

CANCELLED: dict[str, list[tuple[str, str, dict[str, Any]]]] = {
    "before it acts": [("delay", "before", {"seconds": 0.1})],
    "after it acted": [("delay", "after", {"seconds": 0.1})],
    "and it never acts": [("delay", "before", {"seconds": 0.1}), ("drop", "before", {})],
}


@pytest.mark.parametrize("when", CANCELLED)
@pytest.mark.parametrize("way", WAYS[1:])
def test_cancelled(way: str, when: str) -> None:
    """P3: who cancels can look for the message with the attempt kept, and has it once; a picture at most once."""
    sends = {name: operation for name, operation in OPERATIONS.items() if operation.sends}
    with sandbox() as box, Caller(box, way, timeout=0.3, settle_after=0.1) as caller:
        subjects = {
            name: operation.prepare(caller, box, numbers(4, 4 * n)) for n, (name, operation) in enumerate(sends.items())
        }
        attempts = {}
        for name, operation in sends.items():
            for kind, phase, details in CANCELLED[when]:
                box.fault(kind, phase=phase, operation=operation.route, **details)
            box.clear_log()
            caller.cancel_when = functools.partial(lambda route: asked(box, route) > 0, operation.route)
            with pytest.raises(CancelledError):
                operation.do(caller, subjects[name])
            caller.cancel_when = None
            attempts[name] = caller.attempts[-1]
        wait_until(max(settled(attempt, 0.1) for attempt in attempts.values()))
        for name, operation in sends.items():
            assert operation.seen(box, subjects[name]) == {int(when != "and it never acts")}
            sighting = caller.do("find_sent", attempts[name])
            never = CannotTell if name == "send_picture" else Absent
            assert isinstance(sighting, never if when == "and it never acts" else Found)
            if isinstance(sighting, Absent):
                operation.do(caller, subjects[name])
            assert operation.seen(box, subjects[name]) == {int(not isinstance(sighting, CannotTell))}


@pytest.mark.parametrize("where", ["create_contact", "create_group", "add_members"])
@pytest.mark.parametrize("phase", PHASES)
@pytest.mark.parametrize("way", WAYS[1:])
def test_creation_cancelled(way: str, phase: str, where: str) -> None:
    """P7: a creation cancelled anywhere leaves nothing that texts anybody; made again, everybody is in it once."""
    people = numbers(3)
    with sandbox() as box, Caller(box, way) as caller:
        box.fault("delay", phase=phase, operation=where, seconds=0.05)
        caller.cancel_when = lambda: asked(box, where) > 0
        with pytest.raises(CancelledError):
            caller.do("create_group", people, NAME)
        caller.cancel_when = None
        time.sleep(0.06)
        group = caller.do("create_group", people, NAME)
        caller.do("send", group, TEXT)
        assert there(box, group) == people
        assert [box.phones[number].texts for number in people] == [[TEXT]] * 3
        assert [contact.number for contact in vendor(box).contacts.values()].count(people[0]) == 1


CHILD = """
import json, sys
import groupmessenger
from groupmessenger.provider import hookimpl

settings, to = json.loads(sys.argv[1])

class Store:
    @hookimpl
    def groupmessenger_before_send(self, attempt):
        print(attempt.dump(), flush=True)

with groupmessenger.connect("messagebird", plugins=[Store()], **settings) as client:
    client.send_direct(to, "Dinner at seven?")
"""


@pytest.mark.parametrize(
    ("phase", "kinds"), [("before", ["delay"]), ("after", ["delay"]), ("before", ["delay", "drop"])]
)
def test_killed(phase: str, kinds: list[str]) -> None:
    """P3: what a killed process sent is found by another one, and sent once."""
    (to,) = numbers(1)
    with sandbox() as box, Caller(box, "blocking", settle_after=0.1) as caller:
        for kind in kinds:
            box.fault(kind, phase=phase, seconds=0.1 if kind == "delay" else None)
        settings = {**box.settings("messagebird"), "timeout": 0.3, "patience": 0}
        code = [sys.executable, "-c", CHILD, json.dumps([settings, to])]
        with subprocess.Popen(code, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            attempt = Attempt.load(process.stdout.readline().strip())
            wait_for(lambda: bool(box.log) or process.poll() is not None)
            process.send_signal(signal.SIGKILL)
            assert process.wait(10) == -signal.SIGKILL
        wait_until(settled(attempt, 0.1))
        sighting = caller.do("find_sent", attempt)
        assert isinstance(sighting, Absent if "drop" in kinds else Found)
        if isinstance(sighting, Absent):
            caller.do("send_direct", to, TEXT)
        assert box.phones[to].texts == [TEXT]


# P4: what a proxy does


@pytest.mark.parametrize("name", OPERATIONS)
@pytest.mark.parametrize("way", WAYS[:2])
def test_doubled_by_a_proxy(way: str, name: str) -> None:
    """P4: a request that a proxy repeats is one request of ours; messages it doubles, changes it does not."""
    operation = OPERATIONS[name]
    with sandbox() as box, Caller(box, way) as caller:
        subject = operation.prepare(caller, box, numbers(4))
        box.clear_log()
        box.fault("twice", operation=operation.route)
        assert Ending.of(lambda: operation.do(caller, subject)).word == DONE
        struck = [entry["fault"] for entry in box.log if entry["operation"] == operation.route]
        assert struck == ["twice", "twice"]
        assert operation.seen(box, subject) == {2 if operation.sends else 1}


# P7: between the requests of a flow

LOST: dict[str, dict[str, Any]] = {
    "drop": {"kind": "drop"},
    "short": {"kind": "short"},
    "html": {"kind": "html"},
    "500": {"kind": "refuse", "status": 500},
    "502": {"kind": "refuse", "status": 502, "text": PAGE},
}
REFUSED: dict[str, dict[str, Any]] = {
    "422": {"kind": "refuse", "status": 422, "body": no(10)},
    "429": {"kind": "refuse", "status": 429},
    "401": {"kind": "refuse", "status": 401, "body": no(2)},
}
POINTS = [("create_contact", 7, 30), ("add_members", 2, 120), ("add_members", 1, 30)]
STRIKES = [
    *(("drop", "before"), ("drop", "after"), ("html", "before"), ("500", "after"), ("502", "before")),
    *((kind, "before") for kind in REFUSED),
]
STRUCK = [*(("blocking", *strike) for strike in STRIKES), ("asyncio", "drop", "before"), ("trio", "drop", "after")]


@pytest.mark.parametrize(("operation", "nth", "count"), POINTS)
@pytest.mark.parametrize(("way", "kind", "phase"), STRUCK)
def test_creation_struck(way: str, kind: str, phase: str, operation: str, nth: int, count: int) -> None:
    """P7: contact 7 of 30, chunk 2 of 3: exactly who is not in the group is named; then added, all have it once."""
    if count > 100 and kind != "drop":  # the last of two is enough of them
        count = 60
    people = numbers(count)
    with sandbox() as box, Caller(box, way, timeout=5) as caller:
        box.fault(operation=operation, phase=phase, nth=nth, **(LOST | REFUSED)[kind])
        made: list[Group] = []
        ending = Ending.of(lambda: made.append(caller.do("create_group", people, NAME)))
        assert len(vendor(box).groups) == 1
        if phase == "after":
            assert ending.word == "done", ending.error
            (group,) = made
        else:
            error = ending.error
            assert isinstance(error, gm.PartialFailure)
            failed, inside = sorted(map(str, error.failed)), there(box, error.group)
            assert (sorted(map(str, error.succeeded)), members(error.group)) == (inside, inside)
            assert failed == sorted({*people} - {*inside})
            assert len(failed) in ({1} if operation == "create_contact" else {50, count % 50, 30})
            expected = Outcome.UNKNOWN if kind in LOST else Outcome.SENT if inside else Outcome.NOT_SENT
            assert error.outcome is expected
            group = caller.do("add_members", error.group, failed)
        assert there(box, group) == members(group) == people
        assert len(vendor(box).contacts) == count
        caller.do("send", group, TEXT)
        assert {box.phones[number].texts.count(TEXT) for number in people} == {1}


LEFT = "a group without members may be left at MessageBird, which texts nobody"


@pytest.mark.parametrize("kind", LOST)
@pytest.mark.parametrize("way", WAYS)
def test_group_lost(way: str, kind: str) -> None:
    """P7: a group without a name, whose making was lost, is found by the very name made up for it; it stays the one."""
    people = numbers(3)
    with sandbox() as box, Caller(box, way) as caller:
        others = [caller.do("create_group", people) for _ in range(2)]
        caller.do("remove_members", others[1], people)
        box.fault(operation="create_group", phase="after", **LOST[kind])
        group = caller.do("create_group", people)
        assert (group.name, there(box, group), group in others) == (None, people, False)
        assert (there(box, others[0]), there(box, others[1]), len(vendor(box).groups)) == (people, [], 3)
        again = caller.do("get_group", group)
        assert (again.name, members(again)) == (None, people)


@pytest.mark.parametrize("kind", LOST)
@pytest.mark.parametrize("way", WAYS)
def test_named_group_lost(way: str, kind: str) -> None:
    """P7: with a name of the caller's it is in doubt, and not looked for; what is left is empty, and is said."""
    people = numbers(3)
    with sandbox() as box, Caller(box, way) as caller:
        box.fault(operation="create_group", phase="after", **LOST[kind])
        ending = Ending.of(lambda: caller.do("create_group", people, NAME))
        assert (ending.word, asked(box, "list_groups"), asked(box, "add_members")) == (UNKNOWN, 0, 0)
        assert LEFT in str(ending.error)
        (left,) = vendor(box).groups.values()
        group = caller.do("create_group", people, NAME)
        assert (left.name, left.members, group.name, there(box, group)) == (NAME, [], NAME, people)
        caller.do("send", group, TEXT)
        assert [box.phones[number].texts for number in people] == [[TEXT]] * 3


@pytest.mark.parametrize("phase", PHASES)
@pytest.mark.parametrize("what", ["an old one", "a young one", "one with somebody in it", "nothing"])
def test_group_lost_beside_another(what: str, phase: str) -> None:
    """P7: whatever other group has that name, old, young or with people, it is not taken for the lost one."""
    people = numbers(4)
    with sandbox() as box, Caller(box, "blocking") as caller:
        other = None if what == "nothing" else caller.do("create_group", people[:1], NAME)
        if other is not None and what != "one with somebody in it":
            caller.do("remove_members", other, people[:1])
        if other is not None and what == "an old one":
            vendor(box).groups[other.id].created -= timedelta(hours=1)
        before = {group.id: list(group.members) for group in vendor(box).groups.values()}
        box.fault("drop", operation="create_group", phase=phase)
        ending = Ending.of(lambda: caller.do("create_group", people[1:], NAME))
        assert (ending.word, LEFT in str(ending.error)) == (UNKNOWN, True)
        after = {group.id: list(group.members) for group in vendor(box).groups.values()}
        assert before == {group_id: after[group_id] for group_id in before}
        assert [after[group_id] for group_id in after if group_id not in before] == [[]] * (phase == "after")


@pytest.mark.parametrize("kind", [*LOST, *REFUSED])
def test_group_lost_and_not_listed(kind: str) -> None:
    """P7: where the groups cannot be listed, or it is not among them, a lost one is in doubt, with what may be left."""
    people = numbers(3)
    with sandbox() as box, Caller(box, "blocking") as caller:
        box.fault("drop", operation="create_group", phase="after")
        box.fault(operation="list_groups", times=None, **(LOST | REFUSED)[kind])
        endings = [Ending.of(lambda: caller.do("create_group", people))]
        box.clear_faults()
        box.fault("drop", operation="create_group", phase="before")
        endings.append(Ending.of(lambda: caller.do("create_group", people)))
        assert [(ending.word, LEFT in str(ending.error)) for ending in endings] == [(UNKNOWN, True)] * 2
        assert [group.members for group in vendor(box).groups.values()] == [[]]


def test_made_up_name_lost_twice() -> None:
    """P7: a made-up name is of one call alone: what an earlier one for the same people left empty is not taken."""
    people = numbers(3)
    with sandbox() as box, Caller(box, "blocking") as caller:
        for _ in range(2):
            box.fault("drop", operation="create_group", phase="after")
            box.fault("drop", operation="list_groups")
            assert Ending.of(lambda: caller.do("create_group", people)).word == UNKNOWN
        left = set(vendor(box).groups)
        box.fault("drop", operation="create_group", phase="after")
        group = caller.do("create_group", people)
        assert (group.id in left, there(box, group), len(vendor(box).groups)) == (False, people, 3)
        assert [vendor(box).groups[group_id].members for group_id in left] == [[], []]
        assert len({group.name for group in vendor(box).groups.values()}) == 3


def test_name_like_a_made_up_one_lost() -> None:
    """P7: a name of the caller's is never looked for, even if it reads as if it were made up."""
    people, name = numbers(4), f"set_{0:032x}_1"
    with sandbox() as box, Caller(box, "blocking") as caller:
        other = caller.do("create_group", people[:1], name)
        box.fault("drop", operation="create_group", phase="before")
        assert Ending.of(lambda: caller.do("create_group", people[1:], name)).word == UNKNOWN
        assert (there(box, other), asked(box, "list_groups")) == (people[:1], 0)


SIDES = ("ours", "theirs")


@pytest.mark.parametrize("name", [NAME, None])
@pytest.mark.parametrize("way", WAYS)
def test_two_creations_lost_at_a_time(way: str, name: str | None) -> None:
    """P7: of two that make a group at a time, and lose it both, neither gets the other's: phones show one text each."""
    people = dict(zip(SIDES, (numbers(3), numbers(3, 3)), strict=True))
    with sandbox() as box, ExitStack() as end:
        callers = {side: end.enter_context(Caller(box, way)) for side in SIDES}
        box.fault("delay", operation="create_group", phase="after", seconds=0.1, times=2)
        box.fault("drop", operation="create_group", phase="after", times=2)
        groups: dict[str, list[Group]] = {side: [] for side in SIDES}

        def create(side: str) -> Ending:
            return Ending.of(lambda: groups[side].append(callers[side].do("create_group", people[side], name)))

        with ThreadPoolExecutor(2) as pool:
            endings = list(pool.map(create, SIDES))
        assert [ending.word for ending in endings] == [UNKNOWN if name else DONE] * 2
        for side, ending in zip(SIDES, endings, strict=True):
            if ending.word == UNKNOWN:
                assert create(side).word == DONE
            (group,) = groups[side]
            callers[side].do("send", group, f"For {side}")
        assert groups["ours"] != groups["theirs"]
        shown = {side: [box.phones[number].texts for number in people[side]] for side in SIDES}
        assert shown == {side: [[f"For {side}"]] * 3 for side in SIDES}


@pytest.mark.parametrize("name", [NAME, None])
@pytest.mark.parametrize("way", WAYS)
def test_creation_lost_beside_one_under_way(way: str, name: str | None) -> None:
    """P7: a creation that never arrived does not take the group that another one has just made and not filled yet."""
    ours, theirs = numbers(3), numbers(3, 3)
    with sandbox() as box, Caller(box, way) as caller, Caller(box, way, timeout=5) as other:
        box.fault("delay", operation="add_members", phase="before", seconds=0.3)
        with ThreadPoolExecutor(1) as pool:
            making = pool.submit(other.do, "create_group", theirs, name)
            wait_for(lambda: asked(box, "add_members") > 0)
            box.fault("drop", operation="create_group", phase="before")
            assert Ending.of(lambda: caller.do("create_group", ours, name)).word == UNKNOWN
            group = making.result()
        assert (there(box, group), len(vendor(box).groups)) == (theirs, 1)
        other.do("send", group, TEXT)
        assert [box.phones[number].texts for number in (*ours, *theirs)] == [[]] * 3 + [[TEXT]] * 3


@pytest.mark.parametrize(("way", "kind", "phase"), STRUCK)
def test_removal_struck(way: str, kind: str, phase: str) -> None:
    """P7: removal 7 of 10: exactly who is still in the group is named."""
    people = numbers(12)
    with sandbox() as box, Caller(box, way, timeout=5) as caller:
        group = caller.do("create_group", people)
        box.fault(operation="remove_member", phase=phase, nth=7, **(LOST | REFUSED)[kind])
        if phase == "after":
            left = caller.do("remove_members", group, people[:10])
        else:
            with pytest.raises(gm.PartialFailure) as raised:
                caller.do("remove_members", group, people[:10])
            error = raised.value
            (still,) = map(str, error.failed)
            assert there(box, group) == members(error.group) == sorted([still, *people[10:]])
            assert sorted(map(str, error.succeeded)) == sorted({*people[:10]} - {still})
            assert error.outcome is (Outcome.UNKNOWN if kind in LOST else Outcome.SENT)
            left = caller.do("remove_members", error.group, people[:10])
        assert there(box, group) == members(left) == people[10:]


@pytest.mark.parametrize(
    ("way", "kind"), [*(("blocking", kind) for kind in (*LOST, *REFUSED)), ("asyncio", "drop"), ("trio", "422")]
)
def test_members_not_read(way: str, kind: str) -> None:
    """P7: where the members cannot be read nobody is sent to, and the message is not in doubt."""
    people = numbers(3)
    with sandbox() as box, Caller(box, way) as caller:
        group = caller.do("create_group", people)
        for message in (Message(TEXT, leave_out=people[:1]), Message(TEXT, PICTURE)):
            box.fault(operation="list_members", times=None, **(LOST | REFUSED)[kind])
            ending = Ending.of(functools.partial(caller.do, "send", group, message))
            assert ending.word == NOT_SENT
            box.clear_faults()
        assert asked(box, "send") + asked(box, "send_mms") == 0
        assert [box.phones[number].texts for number in people] == [[]] * 3


def test_taken_and_never_sent() -> None:
    """A 201 that counts nobody, and after which nothing comes, is accepted, watched, and told to have failed."""
    with sandbox() as box, Caller(box, "blocking") as caller:
        vendor(box).answer_next({"recipients": {"totalCount": 1, "totalSentCount": 0, "items": []}}, done=False)
        receipt = caller.do("send_direct", numbers(1)[0], TEXT)
        assert (receipt.status, [each.feature for each in receipt.degradations]) == (Status.ACCEPTED, ["delivery"])
        assert caller.do("get_status", receipt).status is Status.FAILED


@pytest.mark.parametrize("way", WAYS)
def test_taken_back_too_late(way: str) -> None:
    """P6: what goes out while it is taken back is in doubt, and not called cancelled; phones show it once."""
    (to,) = numbers(1)
    with sandbox() as box, Caller(box, way, timeout=5) as caller:
        message = Message(TEXT, send_at=datetime.now(UTC) + timedelta(hours=1))
        receipt = caller.do("send_direct", to, message)
        box.fault("delay", operation="delete_message", phase="before", seconds=0.3)
        with ThreadPoolExecutor(1) as pool:
            ending = pool.submit(Ending.of, lambda: caller.do("cancel_scheduled", receipt))
            wait_for(lambda: asked(box, "delete_message") > 0)
            box.clock.advance(2 * 3600)
        error = ending.result().error
        assert isinstance(error, OutcomeUnknown)
        assert "may have gone out" in str(error)
        assert box.phones[to].texts == [TEXT]


ODD = {"200 and an object": {"id": "x", "name": NAME}, "200 and {}": {}, "201": {}}


@pytest.mark.parametrize("name", ["add_members", "remove_members", "delete_group", "cancel_scheduled"])
@pytest.mark.parametrize("phase", PHASES)
@pytest.mark.parametrize("odd", ODD)
def test_done_is_204(odd: str, phase: str, name: str) -> None:
    """P5: members, and what is deleted, change with a 204 alone; another success is doubted, and settled by reading."""
    operation = OPERATIONS[name]
    with sandbox() as box, Caller(box, "blocking") as caller:
        subject = operation.prepare(caller, box, numbers(4))
        box.fault("refuse", operation=operation.route, phase=phase, status=int(odd[:3]), body=ODD[odd])
        box.clear_log()
        ending = Ending.of(lambda: operation.do(caller, subject))
        assert (ending.word, operation.seen(box, subject)) == ((DONE, {1}) if phase == "after" else (UNKNOWN, {0}))
        after = [str(entry["operation"]) for entry in box.log]
        after = after[after.index(operation.route) + 1 :]
        assert after != []
        assert all(read.startswith(("get_", "list_")) for read in after)
