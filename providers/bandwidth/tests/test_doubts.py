"""Whatever Bandwidth's open questions turn out to be: every message once, one thread a group, no wrong claim."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any, TypeAlias
from wsgiref.simple_server import WSGIRequestHandler, make_server

import attrs
import pytest
from groupmessenger_bandwidth.sandbox import DELIVERED_AFTER, LINE, TIMED_OUT_AFTER, TOLL_FREE, BandwidthFace

import groupmessenger as gm
from groupmessenger import Outcome, Status, webhooks
from groupmessenger.sandbox import Sandbox

pytestmark = pytest.mark.slow  # every reading, in every way

ANN, BOB, CAT, DAN = (f"+1312555015{n}" for n in range(4))
PEOPLE = (ANN, BOB, CAT)
PARIS = "+33155501234"
PICTURE = "https://example.com/cat.jpg"

Connect: TypeAlias = Callable[..., Any]
Thunks: TypeAlias = tuple[Callable[[], object], ...]

WAYS = ("blocking", "asyncio", "trio")


def mixed(seed: int) -> dict[str, Any]:
    """Every doubt in some reading."""
    dice = random.Random(seed)
    return {doubt.name: dice.choice(doubt.choices) for doubt in BandwidthFace.doubts}


READINGS: list[tuple[str, dict[str, Any]]] = [
    *(
        (f"{doubt.name}={choice}", {doubt.name: choice})
        for doubt in BandwidthFace.doubts
        for choice in doubt.choices
        if choice != doubt.default
    ),
    # What shows together with another reading alone
    *(
        (f"search_rows=per_group, of {of}", {"search_rows": "per_group", "search_row_status": of})
        for of in ("first", "best")
    ),
    ("search_row_lag=10, null", {"search_row_lag": 10, "nullable": "null"}),
    *((f"too_many={code}, of 9", {"too_many": code, "most_recipients": 9}) for code in ("4435", "4735")),
    (
        "too_many=4735, of 9 per_group",
        {"too_many": "4735", "most_recipients": 9, "search_rows": "per_group"},
    ),
    *((f"mixed-{seed}", mixed(seed)) for seed in range(6)),
]
# The first choice of each, in every way to call; every other one by itself, and mixtures, in ways that take turns.
EVERY = [pytest.param((way, {}), id=f"defaults-{way}") for way in WAYS]
EVERY += [pytest.param((WAYS[n % 3], doubts), id=name) for n, (name, doubts) in enumerate(READINGS)]


@attrs.define
class Stage:
    """A sandbox in one reading, and a client of it."""

    box: Sandbox
    client: Any
    doubts: dict[str, Any]
    connect: Connect

    def reads(self, doubt: str, *choices: object) -> bool:
        """Whether the sandbox is of one of these readings."""
        default = next(each.default for each in BandwidthFace.doubts if each.name == doubt)
        return self.doubts.get(doubt, default) in choices

    def delivered(self) -> None:
        """Let everything arrive, and be listed."""
        self.box.clock.advance(DELIVERED_AFTER.total_seconds() + 16)

    def shows(self, number: str, text: str) -> int:
        return self.box.phones[number].texts.count(text)

    def anything(self) -> list[list[str]]:
        return [phone.texts for phone in self.box.phones if phone.texts]


@pytest.fixture
def way(case: tuple[str, dict[str, Any]]) -> str:
    return case[0]


@pytest.fixture
def stage(case: tuple[str, dict[str, Any]], connect: Connect) -> Iterator[Stage]:
    doubts = case[1]
    with Sandbox(doubts={f"bandwidth.{name}": choice for name, choice in doubts.items()}) as box:
        yield Stage(box, connect(box), doubts, connect)


every = pytest.mark.parametrize("case", EVERY)


def about(*doubts: str) -> pytest.MarkDecorator:
    """The readings of these doubts alone, and the mixtures."""
    prefixes = ("defaults", "mixed", *(f"{doubt}=" for doubt in doubts))
    return pytest.mark.parametrize("case", [each for each in EVERY if str(each.id).startswith(prefixes)])


def refused(stage: Stage, send: Callable[[], object]) -> gm.GroupMessengerError:
    """It is refused, and no phone shows anything of it."""
    before = stage.anything()
    with pytest.raises((gm.Rejected, gm.AuthenticationFailed)) as raised:
        send()
    assert (raised.value.outcome, stage.anything()) == (Outcome.NOT_SENT, before)
    assert not any(number in str(raised.value) for number in (*PEOPLE, LINE))
    return raised.value


@every
def test_messages(stage: Stage) -> None:
    """Each message to a group is shown once on each phone, in one thread; a private one by one phone alone."""
    client = stage.client
    first = client.send(client.create_group(PEOPLE), "First")
    client.send(gm.Group.load(first.group.dump()), gm.Message("Second", PICTURE))
    client.send(client.create_group(PEOPLE[::-1]), gm.Message("", [PICTURE, PICTURE + "?2"]))
    ends = datetime.now(UTC) + timedelta(hours=1)
    client.send(first.group, gm.Message("Third", priority="high", expires_at=ends))
    private = client.send_direct(ANN, "For you")
    client.send_direct(DAN, gm.Message("And you", PICTURE))
    for number in (BOB, CAT):
        assert stage.box.phones[number].texts == ["First", "Second", "", "Third"]
        assert len(stage.box.phones[number].threads) == 1
    assert [stage.shows(number, "For you") for number in PEOPLE] == [1, 0, 0]
    assert stage.box.phones[DAN].texts == ["And you"]
    assert len(stage.box.phones[ANN].threads) == 2
    assert set(map(str, first.recipients)) == set(PEOPLE)
    assert (first.status, private.status, private.recipients) == (
        Status.ACCEPTED,
        Status.ACCEPTED,
        (gm.PhoneNumber(ANN),),
    )
    assert [first.id, private.id] == [stage.box.faces["bandwidth"].messages[n].id for n in (0, 4)]  # type: ignore[attr-defined]


def so_far(stage: Stage, ends: Sequence[Status]) -> Status:
    """How far a group is by its one row, which tells of one of these ends: sent if it arrived, and else accepted."""
    if stage.reads("search_row_status", "first"):
        told = ends[0]
    elif stage.reads("search_row_status", "best"):
        told = Status.DELIVERED if Status.DELIVERED in ends else ends[0]
    else:
        told = Status.FAILED if Status.FAILED in ends else ends[0]
    return Status.SENT if told is Status.DELIVERED else Status.ACCEPTED


@every
def test_status(stage: Stage) -> None:
    """What is told of a message is never more than is so, by recipient where rows are."""
    client = stage.client
    stage.box.phones[CAT].landline = True
    receipt = client.send(client.create_group(PEOPLE), "Hello")
    direct = client.send_direct(ANN, "Hello")
    early = client.get_status(receipt)
    late = stage.reads("search_lag", 5) or stage.reads("search_row_lag", 10)  # of somebody, or of all, nothing is told
    assert early.status is (Status.UNKNOWN if late and len(early.by_recipient) != 1 else Status.ACCEPTED)
    stage.delivered()
    delivery, private = client.get_status(receipt), client.get_status(direct)
    assert private.status is Status.DELIVERED
    told = {str(who or "all"): event.status for who, event in delivery.by_recipient.items()}
    whole = stage.reads("invalid_number", "failed_then_delivered")
    last = Status.DELIVERED if whole else Status.FAILED
    if stage.reads("search_rows", "per_group"):
        reached = so_far(stage, [Status.DELIVERED, Status.DELIVERED, last])
        assert ({"all": reached}, ()) == (told, delivery.failed)
    else:
        assert told == {ANN: Status.DELIVERED, BOB: Status.DELIVERED, CAT: last}


@about("search_rows", "search_row_status", "search_lag", "search_row_lag", "search_order", "nullable")
def test_ends(stage: Stage) -> None:
    """At every moment, of however many rows: an end is told of whoever came to it, and of nobody else nor of all."""
    client = stage.client
    stage.box.phones[BOB].mms = False
    truth = {ANN: Status.DELIVERED, BOB: Status.FAILED, CAT: Status.DELIVERED}
    receipts = [client.send(client.create_group(people), "Hello") for people in ([ANN, BOB], [BOB, CAT], PEOPLE)]
    for _ in range(5):
        for receipt in receipts:
            events = client.get_status(receipt).by_recipient.values()
            ends = [event for event in events if event.status in (Status.DELIVERED, Status.FAILED)]
            assert [truth.get(str(event.recipient)) for event in ends] == [event.status for event in ends]
            assert all(event.status is Status.FAILED or event.reason is None for event in events)
        stage.box.clock.advance(5)
    for receipt in receipts:
        told = {str(who or "all"): event.status for who, event in client.get_status(receipt).by_recipient.items()}
        reached = {who: truth[who] for who in sorted(map(str, receipt.group.addresses))}
        per_group = stage.reads("search_rows", "per_group")
        assert ({"all": so_far(stage, list(reached.values()))} if per_group else reached) == told


@about("timeout_status", "search_lag", "nullable")
def test_no_receipt(stage: Stage) -> None:
    """Of whom the carrier never spoke nothing is known after 73 hours: neither delivered nor failed."""
    stage.box.phones[BOB].on = False
    receipt = stage.client.send_direct(BOB, "Hello")
    stage.box.clock.advance(TIMED_OUT_AFTER.total_seconds() + 3700)
    delivery = stage.client.get_status(receipt)
    assert (delivery.status, delivery.failed) == (Status.UNKNOWN, ())


@every
def test_lost_answers(stage: Stage) -> None:
    """A lost message is never absent and never found without its id, and with it as soon as it is listed."""
    client, face = stage.client, stage.box.faces["bandwidth"]
    group = client.create_group(PEOPLE)
    sends: Thunks = (lambda: client.send(group, "Lost"), lambda: client.send_direct(DAN, "Lost"))
    for send in sends:
        for phase in ("before", "after"):
            stage.box.fault("drop", operation="send", phase=phase)
            with pytest.raises(gm.OutcomeUnknown) as raised:
                send()
            assert raised.value.attempt is not None
            attempt = raised.value.attempt
            over = attrs.evolve(attempt, leave_by=attempt.leave_from)
            stage.delivered()
            assert isinstance(client.find_sent(over), gm.CannotTell)
            assert isinstance(client.find_sent(attrs.evolve(over, provider_id="nobody's")), gm.CannotTell)
        message = face.messages[-1]  # type: ignore[attr-defined]
        assert message.tag == attempt.token  # what a callback would bring back
        found = client.find_sent(attrs.evolve(over, provider_id=message.id))
        assert isinstance(found, gm.Found)
        assert found.receipt.status is Status.ACCEPTED
    assert [stage.shows(number, "Lost") for number in (*PEOPLE, DAN)] == [1, 1, 1, 1]


@about("expires_in", "token_type", "auth_words")
def test_credentials(stage: Stage) -> None:
    """A token that is revoked is renewed; another account is refused."""
    stage.client.send_direct(ANN, "One")
    stage.box.faces["bandwidth"].revoke_tokens()  # type: ignore[attr-defined]
    stage.client.send_direct(ANN, "Two")
    assert stage.box.phones[ANN].texts == ["One", "Two"]
    other = stage.connect(stage.box, account_id="9900999")
    assert isinstance(refused(stage, lambda: other.send_direct(ANN, "Three")), gm.AuthenticationFailed)


@about("unknown_application", "foreign_from", "auth_words", "field_errors")
def test_other_applications_and_lines(stage: Stage) -> None:
    """An application or a line that is not the account's is refused, whichever way that is said."""
    stranger = stage.connect(stage.box, application_id="nobodys")
    error = refused(stage, lambda: stranger.send_direct(ANN, "Hello"))
    assert (type(error), error.status) == (gm.Rejected, 404 if stage.reads("unknown_application", 404) else 400)  # type: ignore[attr-defined]
    stranger = stage.connect(stage.box, line="+13125550199")
    error = refused(stage, lambda: stranger.send(stranger.create_group(PEOPLE), "Hello"))
    assert type(error) is (gm.AuthenticationFailed if stage.reads("foreign_from", 403) else gm.Rejected)


@about("most_recipients", "too_many", "field_errors")
def test_most_people(stage: Stage) -> None:
    """Nine are taken by every reading; ten go with a warning, and if that was wrong nobody is texted."""
    for count in (9, 10):
        people = [f"+131255501{n}" for n in range(30, 30 + count)]
        group = stage.client.create_group(people)
        text = f"To {count}"
        if count == 10 and stage.reads("most_recipients", 9):
            if stage.reads("too_many", "400"):
                refused(stage, partial(stage.client.send, group, text))
            else:
                receipt = stage.client.send(group, text)
                stage.delivered()
                events = stage.client.get_status(receipt).by_recipient.values()
                failed = (Status.FAILED, gm.FailureReason.TOO_MANY_RECIPIENTS)
                expected = (Status.ACCEPTED, None) if stage.reads("search_rows", "per_group") else failed
                assert {expected} == {(event.status, event.reason) for event in events}
            assert [stage.shows(number, text) for number in people] == [0] * 10
            continue
        receipt = stage.client.send(group, text)
        assert [each.feature for each in receipt.degradations] == ["recipients"] * (count == 10)
        assert [stage.shows(number, text) for number in people] == [1] * count


@about("toll_free_group", "foreign_member", "own_number", "duplicate_to")
def test_what_never_leaves(stage: Stage) -> None:
    """What the papers leave open of toll-free lines, foreign and own numbers is not tried at all."""
    client, toll_free = stage.client, stage.connect(stage.box, line=TOLL_FREE)
    refusals: tuple[tuple[Callable[[], object], type[Exception]], ...] = (
        (lambda: toll_free.create_group(PEOPLE), gm.UnsupportedOperation),
        (lambda: client.create_group([ANN, PARIS]), gm.UnsupportedOperation),
        (lambda: client.create_group([ANN, LINE]), gm.InvalidInput),
        (lambda: client.create_group([ANN, ANN]), gm.LimitExceeded),
    )
    for refusal, kind in refusals:
        with pytest.raises(kind):
            refusal()
    assert stage.box.log == []


@about("vanished", "search_rows", "first_status")
def test_unlinked(stage: Stage) -> None:
    """What an application that is not linked swallows is accepted, and is never said to have come further."""
    face = stage.box.faces["bandwidth"]
    trap = stage.connect(stage.box, application_id=face.UNLINKED_APPLICATION_ID)  # type: ignore[attr-defined]
    receipt = trap.send(trap.create_group(PEOPLE), "Hello")
    stage.box.clock.advance(TIMED_OUT_AFTER.total_seconds() + 3700)
    assert trap.get_status(receipt).status in (Status.ACCEPTED, Status.UNKNOWN)
    assert stage.anything() == []


@about("unknown_fields", "field_errors")
def test_extras(stage: Stage) -> None:
    """A field that they do not know is ignored, or refused, and the refusal says so."""
    message = gm.Message("Hello", extras={"bandwidth": {"colour": "blue"}})
    if stage.reads("unknown_fields", "refused"):
        error = refused(stage, lambda: stage.client.send_direct(ANN, message))
        assert "colour" in str(error)
    else:
        stage.client.send_direct(ANN, message)
        assert stage.shows(ANN, "Hello") == 1


@about("mms_expiration", "search_rows", "search_lag")
def test_end(stage: Stage) -> None:
    """What cannot go out before its end fails for that reason, or arrives where the end means nothing."""
    stage.box.faces["bandwidth"].account.queue.put(7200)  # type: ignore[attr-defined]  # two hours at one a second
    ends = datetime.now(UTC) + timedelta(hours=1)
    receipt = stage.client.send(stage.client.create_group(PEOPLE), gm.Message("Hello", expires_at=ends))
    stage.box.clock.advance(4 * 3600)
    delivery = stage.client.get_status(receipt)
    if stage.reads("mms_expiration", "applied"):
        per_group = stage.reads("search_rows", "per_group")
        assert delivery.status is (Status.ACCEPTED if per_group else Status.FAILED)
        assert (0 if per_group else len(PEOPLE)) == len(delivery.failed)
        assert {event.code for event in delivery.by_recipient.values()} == {"4360"}
        assert stage.anything() == []
    else:
        assert [stage.shows(number, "Hello") for number in PEOPLE] == [1, 1, 1]


class Quiet(WSGIRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        pass


@contextmanager
def receiving(stage: Stage) -> Iterator[list[gm.Event]]:
    """Everything that Bandwidth tells, as it is handed on by a receiver at the application's callback URL."""
    events: list[gm.Event] = []
    app = webhooks.wsgi({"main": stage.client}, events.append, from_us=True)
    with make_server("127.0.0.1", 0, app, handler_class=Quiet) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        stage.box.calls("bandwidth", f"http://127.0.0.1:{server.server_port}/main")
        try:
            yield events
        finally:
            stage.box.calls("bandwidth", None)
            assert stage.box.callbacks.wait()
            server.shutdown()
            thread.join()


@every
def test_callbacks(stage: Stage, tmp_path: Path) -> None:
    """However callbacks come, each tells once, under the keys of a search, what is so, and of its own recipient."""
    client, phones = stage.client, stage.box.phones
    phones[CAT].landline = True
    stage.box.callbacks.twice = True
    with receiving(stage) as events:
        receipt = client.send(client.create_group(PEOPLE), "Dinner?")
        stage.delivered()
        phones[ANN].send("", thread=phones[ANN].threads[0].id, media=[PICTURE])
        phones[BOB].send("Privately", to=LINE)
        stage.box.clock.advance(1)
        assert stage.box.callbacks.wait()
    assert {"taken"} == {tried["ended"] for tried in stage.box.callbacks.tried()}
    assert len(events) == len({event.key for event in events})
    told = [event for event in events if isinstance(event, gm.StatusChanged)]
    assert {(receipt.id, receipt.token, LINE)} == {(event.message_id, event.token, event.line) for event in told}
    delivery = client.delivery(receipt, events)
    assert {ANN: Status.DELIVERED, BOB: Status.DELIVERED, CAT: Status.FAILED} == {
        str(who): event.status for who, event in delivery.by_recipient.items()
    }
    assert all(event.final for event in delivery.by_recipient.values())
    if stage.reads("search_rows", "per_recipient"):
        assert {event.key for event in client.get_status(receipt).by_recipient.values()} <= {each.key for each in told}
    ours, private = (event for event in events if isinstance(event, gm.MessageReceived))
    assert (ANN, "", receipt.group.id) == (str(ours.sender), ours.text, ours.group and ours.group.id)
    assert (BOB, "Privately", None, ()) == (str(private.sender), private.text, private.group, private.media)
    (picture,) = ours.media
    assert PICTURE.encode() in client.download(picture, tmp_path).read_bytes()
    client.reply(ours, "Eight then")
    assert ["Dinner?", "Eight then"] == [shown.text for shown in phones[BOB].messages[phones[BOB].threads[0].id]][::2]
    assert stage.shows(BOB, "Eight then") == 1


@about("message_sending", "progress_callbacks", "status_owner", "callback_body", "callback_events", "time_digits")
def test_callback_of_a_lost_send(stage: Stage) -> None:
    """A message whose answer was lost is known again by the token that its callbacks bring back."""
    client = stage.client
    with receiving(stage) as events:
        stage.box.fault("drop", operation="send", phase="after")
        with pytest.raises(gm.OutcomeUnknown) as raised:
            client.send(client.create_group(PEOPLE), "Lost")
        stage.delivered()
        assert stage.box.callbacks.wait()
    attempt = raised.value.attempt
    assert attempt is not None
    assert {attempt.token} == {event.token for event in events if isinstance(event, gm.StatusChanged)}
