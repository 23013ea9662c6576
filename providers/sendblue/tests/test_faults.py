"""Whatever goes wrong between us and Sendblue: nobody is texted twice, and no error says "not sent" for what was.

A table of faults (`ROWS`), each with every operation that changes something (`OPERATIONS`), by both clients, over
real HTTP; what the phones show and what the sandbox logged are the judges. A batch is one operation with all its
faults, so that the time to settle passes once for all of them. Then the caller does as the library advises: what was
not sent is sent again; what is unknown is looked for, and sent again only if it is absent.
"""

from __future__ import annotations

import functools
import gc
import random
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from datetime import UTC, datetime, timedelta
from typing import Any, Self

import attrs
import pytest
from anyio.from_thread import BlockingPortal, start_blocking_portal
from groupmessenger_sendblue.sandbox import KEY_ID, LINE, SENT_AFTER, SendblueFace

from groupmessenger import (
    Absent,
    AsyncClient,
    Attempt,
    AuthenticationFailed,
    CannotTell,
    Client,
    Found,
    Group,
    GroupMessengerError,
    Member,
    NotReached,
    Outcome,
    OutcomeUnknown,
    ProviderUnavailable,
    Status,
)
from groupmessenger.provider import hookimpl
from groupmessenger.sandbox import Sandbox

TEXT, NAME = "Dinner at seven?", "The neighbours"
TIMEOUT = 1.0  # seconds for an answer
SETTLE = 1.2  # seconds in which a lost message may turn up
SLOW = 1.3  # seconds an answer takes that comes too late, but within TIMEOUT + SETTLE
LATE = 60.0  # seconds of the sandbox's time
HELD = 0.6  # seconds a request is held in a series, from whenever it left: less than SETTLE, or absence is no proof
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
        self.client: Client | AsyncClient
        if way == "blocking":
            self.client = self._end.enter_context(box.connect("sendblue", **settings))
        else:
            self._portal = self._end.enter_context(start_blocking_portal(way))
            self.client = box.connect_async("sendblue", **settings)
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

    def prepare(self, operation: str, *arguments: Any) -> Any:
        """Do what a case begins with: again where a machine that is busy let the time to leave pass."""
        for _ in range(9):
            try:
                return self.do(operation, *arguments)
            except NotReached:
                continue
        return self.do(operation, *arguments)

    @hookimpl
    def groupmessenger_before_send(self, attempt: Attempt) -> None:
        """Keep what a program would store before a message leaves."""
        self.attempts.append(attempt)


def vendor(box: Sandbox) -> SendblueFace:
    face = box.faces["sendblue"]
    assert isinstance(face, SendblueFace)
    return face


@contextmanager
def unlimited() -> Iterator[Sandbox]:
    """A sandbox whose rates and caps are out of the way."""
    with Sandbox() as box:
        limits = vendor(box).limits
        limits.sends_per_second = limits.lists_per_ten_seconds = 1_000_000
        limits.new_contacts_per_hour = limits.new_contacts_per_day = 1_000_000
        yield box


def numbers() -> Iterator[str]:
    """Numbers that nobody has, none of them twice."""
    for area in (202, 212, 303, 415, 512, 617, 713, 808):
        for last in range(100):
            yield f"+1{area}555{100 + last:04}"


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


class Operation(ABC):
    """Something that changes something. `route` is what it asks of the vendor, in the sandbox's words."""

    name: str
    route: str
    sends = True

    def prepare(self, caller: Caller, people: Sequence[str]) -> Subject:
        """What there is before: a group whose first message is out."""
        group = caller.prepare("send", caller.do("create_group", people[:3]), "Hello").group
        return Subject(tuple(people[:3]), people[3], group)

    @abstractmethod
    def do(self, caller: Caller, subject: Subject) -> Any:
        """Do it."""

    def seen(self, box: Sandbox, subject: Subject) -> set[int]:
        """How often it took place: on each phone if it is a message."""
        return {box.phones[number].texts.count(TEXT) for number in subject.people}


class Create(Operation):
    name, route = "create", "send_group"

    def prepare(self, caller: Caller, people: Sequence[str]) -> Subject:
        return Subject(tuple(people[:3]), people[3], caller.do("create_group", people[:3]))

    def do(self, caller: Caller, subject: Subject) -> Any:
        return caller.do("send", subject.group, TEXT)


class Send(Operation):
    name, route = "send", "send_group"

    def do(self, caller: Caller, subject: Subject) -> Any:
        return caller.do("send", subject.group, TEXT)


class SendDirect(Operation):
    name, route = "send_direct", "send_direct"

    def prepare(self, caller: Caller, people: Sequence[str]) -> Subject:
        return Subject((people[0],), people[1], caller.do("create_group", people[:3]))

    def do(self, caller: Caller, subject: Subject) -> Any:
        return caller.do("send_direct", subject.people[0], TEXT)


class AddMembers(Operation):
    name, route, sends = "add_members", "modify_group", False

    def do(self, caller: Caller, subject: Subject) -> Any:
        return caller.do("add_members", subject.group, [subject.other])

    def seen(self, box: Sandbox, subject: Subject) -> set[int]:
        return {int(subject.other in vendor(box).groups[subject.group.id].participants)}


class RemoveMembers(Operation):
    name, route, sends = "remove_members", "modify_group", False

    def do(self, caller: Caller, subject: Subject) -> Any:
        return caller.do("remove_members", subject.group, [subject.people[0]])

    def seen(self, box: Sandbox, subject: Subject) -> set[int]:
        return {int(subject.people[0] not in vendor(box).groups[subject.group.id].participants)}


class RenameGroup(Operation):
    name, route, sends = "rename_group", "rename_group", False

    def do(self, caller: Caller, subject: Subject) -> Any:
        return caller.do("rename_group", subject.group, NAME)

    def seen(self, box: Sandbox, subject: Subject) -> set[int]:
        return {int(vendor(box).groups[subject.group.id].thread.name == NAME)}


OPERATIONS = {
    each.name: each for each in (Create(), Send(), SendDirect(), AddMembers(), RemoveMembers(), RenameGroup())
}
WORDS = {Outcome.NOT_SENT: NOT_SENT, Outcome.SENT: "done, and an error", Outcome.UNKNOWN: UNKNOWN}


# Faults


@attrs.frozen
class Row:
    """A fault. `send`, `change` and `rename` are what the operation must come to at first, None where it is not run.

    `acts` says whether the vendor does it, None if only later. `report` is what a send comes to in the end.
    """

    name: str
    strike: Callable[[Sandbox, str], object] = attrs.field(repr=False)
    acts: bool | None
    send: str | None
    change: str | None
    rename: str | None
    report: str = DONE

    def expected(self, operation: Operation) -> str | None:
        if operation.sends:
            return self.send
        return self.rename if operation.name == "rename_group" else self.change


def fault(kind: str, phase: str, **details: Any) -> Callable[[Sandbox, str], object]:
    return lambda box, route: box.fault(kind, operation=route, phase=phase, **details)


def answer(fields: dict[str, Any], status: int = 200, **how: bool) -> Callable[[Sandbox, str], object]:
    return lambda box, _: vendor(box).answer_next(fields, status, **how)


def in_doubt(what: str, kind: str, phase: str, **details: Any) -> Row:
    """The answer says nothing: a message is in doubt, and so is a change unless it can be seen."""
    acts = phase == "after"
    return Row(f"{what} {phase}", fault(kind, phase, **details), acts, UNKNOWN, DONE if acts else UNKNOWN, UNKNOWN)


def refused(what: str, kind: str = "refuse", **details: Any) -> Row:
    """The answer says that nothing was done."""
    return Row(what, fault(kind, "before", **details), False, NOT_SENT, NOT_SENT, NOT_SENT)


def told(what: str, send: str, fields: dict[str, Any], *, done: bool, report: str = DONE, **how: Any) -> Row:
    """A send is answered with these fields."""
    return Row(f"told {what}", answer(fields, done=done, **how), done, send, None, None, report)


def not_done(what: str, status: int = 200, **fields: Any) -> Row:
    return told(f"{what} in a {status}", NOT_SENT, {"status": "ERROR", **fields}, done=False, status=status)


NO = {"status": "ERROR", "message": "No"}
TOO_SMALL = {"status": "ERROR", "error": "group_too_small"}
PAGE = "<html><title>Bad gateway</title></html>"
ROWS = [
    # Before the vendor acts, and after
    *(in_doubt(kind, kind, "headers") for kind in ("drop", "reset")),
    *(
        in_doubt(kind, kind, phase)
        for kind in ("drop", "reset", "short", "html", "empty", "bad_gzip", "huge")
        for phase in ("before", "after")
    ),
    *(
        in_doubt(f"{status} without a word", "refuse", phase, status=status)
        for status in (408, 409, 425, 500, 502, 503, 504)
        for phase in ("before", "after")
    ),
    *(
        in_doubt(f"{status} in its words", "refuse", phase, status=status, body={"status": "ERROR", "error_code": 5000})
        for status in (400, 409, 500)
        for phase in ("before", "after")
    ),
    *(
        in_doubt(f"{status} of a proxy", "refuse", phase, status=status, text=PAGE)
        for status in (400, 403, 404, 502)
        for phase in ("before", "after")
    ),
    *(
        in_doubt(f"200 and {text}", "refuse", phase, status=200, text=text)
        for text in ("{}", "[]", "null")
        for phase in ("before", "after")
    ),
    Row("slow before", fault("delay", "before", seconds=SLOW), None, UNKNOWN, DONE, DONE),
    Row("slow after", fault("delay", "after", seconds=SLOW), True, UNKNOWN, DONE, DONE),
    Row("late", fault("late", "before", seconds=LATE), None, UNKNOWN, UNKNOWN, UNKNOWN),
    # Refusals
    *(refused(f"{status}", status=status, body=NO) for status in (400, 401, 403, 404, 422)),
    refused("429", status=429),
    refused("429 for a minute", status=429, headers={"Retry-After": "60"}),
    # A redirect is taken for a wrong base_url: no vendor acts, and then says that it lives elsewhere.
    refused("redirect", "redirect", location="https://example.com/elsewhere"),
    # What an answer to a send says
    *(
        told(word, DONE, {"status": word}, done=True)
        for word in ("QUEUED", "REGISTERED", "PENDING", "ACCEPTED", "SENT", "SUCCESS", "DELIVERED", "READ", "BREWING")
    ),
    told("QUEUED in a 202", DONE, {"status": "QUEUED"}, done=True, status=202),
    told("no ids", DONE, {"message_handle": None, "group_id": ""}, done=True),
    *(
        not_done(f"{code}", status, error_code=code)
        for code in (4000, 4001, 4002, 5003, 5509, "SMS_LIMIT_REACHED")
        for status in (200, 400)
    ),
    *(
        not_done(key, status, error_code=429, error_key=key)
        for key in ("LINE_HOURLY_LIMIT_REACHED", "LINE_DAILY_LIMIT_REACHED", "PRE_REPLY_LIMIT_REACHED", "OPTED_OUT")
        for status in (200, 400)
    ),
    told("DECLINED", NOT_SENT, {"status": "DECLINED", "error_key": "OPTED_OUT"}, done=False),
    told("10001", FAILED, {"status": "ERROR", "error_code": 10001}, done=False, report=FAILED),
    *(
        told(f"{code}, and does it", UNKNOWN, {"status": "ERROR", "error_code": code}, done=True)
        for code in (22, 5000, 10002, 77777, None)
    ),
    *(
        told(f"{code}, and does not", UNKNOWN, {"status": "ERROR", "error_code": code}, done=False, report=UNKNOWN)
        for code in (5000, 10002)
    ),
    *(
        told(f"{code}, and fails", UNKNOWN, {"status": "ERROR", "error_code": code}, done=False, report=FAILED)
        for code in (22, 77777, None)
    ),
    told("nothing, and does it", UNKNOWN, {}, done=True, whole=True),
    # What an answer to a change says
    Row("too small", fault("refuse", "before", status=200, body=TOO_SMALL), False, None, NOT_SENT, None),
    *(
        Row(
            f"device_timeout {phase}",
            fault("refuse", phase, status=200, body={"status": "ERROR", "error": "device_timeout"}),
            phase == "after",
            None,
            DONE if phase == "after" else UNKNOWN,
            UNKNOWN,
        )
        for phase in ("before", "after")
    ),
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
        except GroupMessengerError as error:
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


BATCHES = [*((way, name) for way in WAYS[:2] for name in OPERATIONS), ("trio", "create"), ("trio", "add_members")]


@functools.cache
def batches() -> dict[tuple[str, str], Future[dict[str, Case]]]:
    """All batches, of which four run at a time: most of it is waiting."""
    with ThreadPoolExecutor(4) as pool:
        ended = {batch: pool.submit(run_batch, *batch) for batch in BATCHES}
    gc.collect()
    return ended


def run_batch(way: str, name: str) -> dict[str, Case]:
    """Run an operation with each fault, and the advice after it."""
    operation, fresh = OPERATIONS[name], numbers()
    with unlimited() as box, Caller(box, way) as caller:
        cases = {
            row.name: Case(row, operation.prepare(caller, [next(fresh) for _ in range(4)]))
            for row in ROWS
            if row.expected(operation) is not None
        }
        box.clock.advance(SENT_AFTER.total_seconds())  # the groups are on the device, and may be changed
        for case in cases.values():
            _strike(box, caller, operation, case)
        box.clock.advance(LATE)
        if operation.sends:
            wait_until(max(settled(case.ending.attempt) for case in cases.values() if case.ending.word == UNKNOWN))
        for case in cases.values():
            case.seen_settled = operation.seen(box, case.subject)
            case.report = _follow(caller, operation, case)
            case.seen_finally = operation.seen(box, case.subject)
    return cases


def _strike(box: Sandbox, caller: Caller, operation: Operation, case: Case) -> None:
    box.clear_log()
    case.row.strike(box, operation.route)
    for _ in range(9):  # again where a machine that is busy did not let it get there
        case.ending = Ending.of(lambda: operation.do(caller, case.subject))
        if not isinstance(case.ending.error, NotReached):
            break
    box.clear_faults()
    assert not vendor(box).account.forced
    case.asked = sum(entry["operation"] == operation.route for entry in box.log)
    case.seen = operation.seen(box, case.subject)
    if operation.sends and case.ending.word == UNKNOWN:
        case.early = looked_for_early(caller, case.ending.attempt, find_sent)


def find_sent(caller: Caller, attempt: Attempt) -> object:
    """Look for a message: again where a machine that is busy gave no answer in time."""
    for _ in range(9):
        with suppress(NotReached, ProviderUnavailable):
            return caller.do("find_sent", attempt)
    return caller.do("find_sent", attempt)


def find_sent_once(caller: Caller, attempt: Attempt) -> object:
    """Look for a message, whatever goes wrong with that."""
    return caller.do("find_sent", attempt)


def looked_for_early(caller: Caller, attempt: Attempt, find: Callable[[Caller, Attempt], object]) -> object:
    """What find_sent says before the settle time is over; None if it is over by then, on a slow machine."""
    sighting = find(caller, attempt)
    return sighting if datetime.now(UTC) < settled(attempt) else None


def settled(attempt: Attempt) -> datetime:
    """When a message that is unknown may be believed to be absent."""
    return attempt.leave_by + timedelta(seconds=SETTLE)


def _follow(caller: Caller, operation: Operation, case: Case) -> str:
    """Do as the library advises, with nothing going wrong any more. Gives what is reported in the end."""
    ending = case.ending
    if ending.word == UNKNOWN and operation.sends:
        sighting = find_sent(caller, ending.attempt)
        if isinstance(sighting, Found):
            return FAILED if sighting.receipt.status is Status.FAILED else DONE
        if isinstance(sighting, CannotTell):
            return UNKNOWN
        assert isinstance(sighting, Absent)
    if ending.word in (UNKNOWN, NOT_SENT):
        return Ending.of(lambda: operation.do(caller, case.subject)).word
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
    if case.row.acts is not None:
        assert case.seen == {int(case.row.acts)}
    if case.ending.word == DONE:
        assert case.seen == {1}
    if case.ending.word in (NOT_SENT, FAILED):
        assert case.seen | case.seen_settled == {0}
    # Absence is not believed before the settle time is over
    assert not isinstance(case.early, Absent)
    # Who follows the advice has it once
    if operation.sends:
        assert case.row.report == case.report
    assert case.seen_finally == {DONE: {1}, FAILED: {0}}.get(case.report, case.seen_settled)
    assert case.seen_finally <= {0, 1}


def test_the_matrix_has_every_operation() -> None:
    """Each of them changes something and is run with at least forty faults by both clients."""
    rows = {name: sum(row.expected(operation) is not None for row in ROWS) for name, operation in OPERATIONS.items()}
    assert all(count >= 40 for count in rows.values()), rows
    assert {(way, name) for way in WAYS[:2] for name in OPERATIONS} <= set(BATCHES)


# P1: turned away


def imagined(caller: Caller, operation: Operation) -> Subject:
    """A subject of which the vendor never heard."""
    people = ["+12125550101", "+12125550102", "+12125550103"]
    group = Group("sendblue", LINE, "sb_group_imagined", tuple(map(Member, people)))
    if operation.name == "create":
        group = caller.do("create_group", people)
    return Subject((people[0],) if operation.name == "send_direct" else tuple(people), "+12125550104", group)


def turned_away(way: str, name: str) -> tuple[Ending, int, set[int]]:
    operation = OPERATIONS[name]
    with unlimited() as box, Caller(box, way, patience=1, timeout=5) as caller:
        subject = operation.prepare(caller, ["+12125550101", "+12125550102", "+12125550103", "+12125550104"])
        box.clock.advance(SENT_AFTER.total_seconds())
        box.clear_log()
        box.fault("refuse", status=429, operation=operation.route, times=2)
        ending = Ending.of(lambda: operation.do(caller, subject))
        asked = sum(entry["operation"] == operation.route for entry in box.log)
        return ending, asked, operation.seen(box, subject)


@functools.cache
def all_turned_away() -> dict[tuple[str, str], tuple[Ending, int, set[int]]]:
    keys = [(way, name) for way in WAYS[:2] for name in OPERATIONS]
    with ThreadPoolExecutor(4) as pool:
        return dict(zip(keys, pool.map(lambda key: turned_away(*key), keys), strict=True))


@pytest.mark.parametrize("name", OPERATIONS)
@pytest.mark.parametrize("way", WAYS[:2])
def test_turned_away_twice(way: str, name: str) -> None:
    """What is turned away with 429 is tried three times, and takes place once."""
    ending, asked, seen = all_turned_away()[way, name]
    assert (ending.word, asked, seen) == (DONE, 3, {1}), ending.error


# P2: the keys


@pytest.mark.parametrize("name", OPERATIONS)
@pytest.mark.parametrize("way", WAYS)
def test_wrong_keys(way: str, name: str) -> None:
    """P2: wrong keys are refused at the first request, and nothing is done."""
    operation = OPERATIONS[name]
    with unlimited() as box, Caller(box, way, api_key_id=KEY_ID, api_secret_key="wrong") as caller:
        subject = imagined(caller, operation)
        ending = Ending.of(lambda: operation.do(caller, subject))
        assert isinstance(ending.error, AuthenticationFailed)
        assert ending.word == NOT_SENT
        assert [(entry["status"], entry["verdict"]) for entry in box.log] == [(401, "refused")]
        assert [text for phone in box.phones for text in phone.texts] == []


# P3: cancelled

CANCELLED: dict[str, list[tuple[str, str, dict[str, Any]]]] = {
    "before it acts": [("delay", "before", {"seconds": 0.2})],
    "after it acted": [("delay", "after", {"seconds": 0.2})],
    "and it never acts": [("delay", "before", {"seconds": 0.2}), ("drop", "before", {})],
}


@functools.cache
def cancelled(way: str) -> dict[tuple[str, str], Case]:
    """Cancel each operation at each point, and do as the library advises."""
    fresh, ended = numbers(), {}
    with unlimited() as box, Caller(box, way) as caller:
        for when in CANCELLED:
            for name, operation in OPERATIONS.items():
                row = Row(when, lambda *_: None, when == "after it acted", None, None, None)
                ended[when, name] = Case(row, operation.prepare(caller, [next(fresh) for _ in range(4)]))
        box.clock.advance(SENT_AFTER.total_seconds())
        attempts: dict[tuple[str, str], Attempt] = {}
        for (when, name), case in ended.items():
            operation = OPERATIONS[name]
            for kind, phase, details in CANCELLED[when]:
                box.fault(kind, phase=phase, operation=operation.route, **details)
            box.clear_log()
            caller.cancel_when = functools.partial(_arrived, box, operation)
            with pytest.raises(CancelledError):
                operation.do(caller, case.subject)
            caller.cancel_when = None
            attempts[when, name] = caller.attempts[-1]
        wait_until(datetime.now(UTC) + timedelta(seconds=TIMEOUT + SETTLE))
        for (when, name), case in ended.items():
            unknown = OutcomeUnknown("cancelled", attempt=attempts[when, name])
            case.ending = Ending(UNKNOWN, unknown)
            case.seen_settled = OPERATIONS[name].seen(box, case.subject)
            case.report = _follow(caller, OPERATIONS[name], case)
            case.seen_finally = OPERATIONS[name].seen(box, case.subject)
    gc.collect()
    return ended


def _arrived(box: Sandbox, operation: Operation) -> bool:
    return any(entry["operation"] == operation.route for entry in box.log)


@pytest.mark.parametrize("name", OPERATIONS)
@pytest.mark.parametrize("when", CANCELLED)
@pytest.mark.parametrize("way", WAYS[1:])
def test_cancelled(way: str, when: str, name: str) -> None:
    """P3: who cancels can look for the message with the attempt kept, and has it once."""
    case = cancelled(way)[when, name]
    assert case.seen_settled == {int(when != "and it never acts")}
    assert (case.report, case.seen_finally) == (DONE, {1})


# P4: what a proxy does


@pytest.mark.parametrize("name", OPERATIONS)
@pytest.mark.parametrize("way", WAYS[:2])
def test_doubled_by_a_proxy(way: str, name: str) -> None:
    """P4: a request that a proxy repeats is one request of ours; messages it doubles, changes it does not."""
    operation = OPERATIONS[name]
    with unlimited() as box, Caller(box, way) as caller:
        subject = operation.prepare(caller, ["+12125550101", "+12125550102", "+12125550103", "+12125550104"])
        box.clock.advance(SENT_AFTER.total_seconds())
        box.clear_log()
        box.fault("twice", operation=operation.route)
        assert Ending.of(lambda: operation.do(caller, subject)).word == DONE
        asked = [entry for entry in box.log if entry["operation"] == operation.route]
        assert [entry["fault"] for entry in asked] == ["twice", "twice"]
        assert [entry["status"] for entry in asked] == [200, None]
        assert operation.seen(box, subject) == {2 if operation.sends else 1}


# P7: what belongs to a message and is not the message


@pytest.mark.parametrize("phase", ["before", "after"])
@pytest.mark.parametrize("kind", ["drop", "reset", "html", "empty", "redirect", "500", "409", "429"])
@pytest.mark.parametrize("way", WAYS[:2])
def test_a_name_that_is_lost(way: str, kind: str, phase: str) -> None:
    """Only the message's own request decides whether it is sent: of a name not set there is a word in the receipt."""
    people = ["+12125550101", "+12125550102", "+12125550103"]
    with unlimited() as box, Caller(box, way) as caller:
        group = caller.do("send", caller.do("create_group", people, NAME), "Hello").group
        assert group.name_pending
        box.clock.advance(SENT_AFTER.total_seconds())
        details: dict[str, Any] = {"location": "https://example.com/"} if kind == "redirect" else {}
        if kind.isdigit():
            kind, details = "refuse", {"status": int(kind)}
        box.fault(kind, operation="rename_group", phase=phase, **details)
        receipt = caller.do("send", group, TEXT)
        assert [each.feature for each in receipt.degradations] == ["name"]
        assert receipt.group.name_pending
        assert {tuple(box.phones[number].texts) for number in people} == {("Hello", TEXT)}
        named = caller.do("send", receipt.group, "See you").group
        assert (named.name, named.name_pending) == (NAME, False)
        assert vendor(box).groups[group.id].thread.name == NAME


# At random

SERIES, LENGTH, ROUNDS = 24, 4, 4
_KINDS = ("drop", "reset", "short", "html", "empty", "bad_gzip", "refuse", "refuse", "delay", "late")
_ROUTES = ("*", "*", "send_group", "send_direct", "rename_group", "list_messages", "status")


@attrs.define
class Sent:
    """A message of a series, the faults set before it, and what the caller was left with."""

    faults: list[str]
    to: str
    text: str
    report: str = ""


def arm(box: Sandbox, dice: random.Random) -> str:
    """Set a fault that may strike anything, now or later."""
    kind = dice.choice(_KINDS)
    phase = "before" if kind == "late" else dice.choice(["headers", "before", "after"])
    details: dict[str, Any] = {"operation": dice.choice(_ROUTES), "nth": dice.choice([1, 1, 2]), "phase": phase}
    if kind == "refuse":
        details["status"] = dice.choice([500, 502, 504, 409, 408])
    if kind in ("delay", "late"):
        details["seconds"] = HELD if kind == "delay" else dice.uniform(0, LATE)
    box.fault(kind, **details)
    return f"{kind} {details}"


def settle(box: Sandbox, caller: Caller, attempt: Attempt) -> object:
    """Look for a message until there is an answer. Gives what it was, None for none."""
    with suppress(GroupMessengerError):
        assert not isinstance(looked_for_early(caller, attempt, find_sent_once), Absent)
    box.clock.advance(LATE)
    wait_until(settled(attempt))
    for _ in range(ROUNDS):
        with suppress(GroupMessengerError):
            return caller.do("find_sent", attempt)
    return None


def send_and_settle(box: Sandbox, caller: Caller, send: Callable[[], Any]) -> str:
    """Send, and do as the library advises, whatever goes wrong with that. Gives what is reported in the end."""
    word = UNKNOWN
    for _ in range(ROUNDS):
        ending = Ending.of(send)
        word = ending.word
        if word == UNKNOWN:
            sighting = settle(box, caller, ending.attempt)
            if isinstance(sighting, Found):
                return DONE
            if not isinstance(sighting, Absent):
                return UNKNOWN
            word = NOT_SENT
        if word != NOT_SENT:
            return word
    return word


@attrs.define
class Series:
    """Messages one after the other, to a group that the first one makes and to somebody else; and the phones."""

    sent: list[Sent]
    phones: dict[str, list[list[str]]]


def series(seed: int) -> Series:
    dice = random.Random(seed)
    people, other = [f"+1212555010{n}" for n in range(3)], "+12125550109"
    alike = dice.random() < 0.5  # the same text on purpose, again and again
    with unlimited() as box, Caller(box, WAYS[seed % 3], timeout=0.4, patience=0.35) as caller:
        group = caller.do("create_group", people, NAME if dice.random() < 0.5 else None)
        sent = []
        for number in range(LENGTH):
            faults = [arm(box, dice) for _ in range(dice.choice([0, 1, 1, 2, 3]))]
            one = Sent(faults, dice.choice(["group", "group", "other"]), TEXT if alike else f"{TEXT} {number}")
            where = ("send", group) if one.to == "group" else ("send_direct", other)
            one.report = send_and_settle(box, caller, functools.partial(caller.do, *where, one.text))
            sent.append(one)
        box.clock.advance(LATE)
        phones = {"group": [box.phones[number].texts for number in people], "other": [box.phones[other].texts]}
    return Series(sent, phones)


@functools.cache
def all_series() -> list[Series]:
    with ThreadPoolExecutor(SERIES) as pool:
        ended = list(pool.map(series, range(SERIES)))
    gc.collect()
    return ended


@pytest.mark.parametrize("seed", range(SERIES))
def test_any_faults_in_any_order(seed: int) -> None:
    """Who follows the advice has each message once on each phone, or was told that nobody can say."""
    run = all_series()[seed]
    for to, phones in run.phones.items():
        for text in {one.text for one in run.sent}:
            reports = [one.report for one in run.sent if (one.to, one.text) == (to, text)]
            assert set(reports) <= {DONE, UNKNOWN, NOT_SENT}, run.sent
            done, unknown = reports.count(DONE), reports.count(UNKNOWN)
            for texts in phones:
                assert done <= texts.count(text) <= done + unknown, run.sent
    assert len({tuple(texts) for texts in run.phones["group"]}) == 1


def test_few_are_left_unknown() -> None:
    """To say that nobody can say is the exception."""
    reports = [one.report for run in all_series() for one in run.sent]
    assert reports.count(DONE) > 0.8 * len(reports), reports
