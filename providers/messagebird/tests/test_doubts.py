"""Whatever MessageBird's open questions turn out to be: every message once, to members alone, and no wrong claim."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any, TypeAlias
from wsgiref.simple_server import WSGIRequestHandler, make_server

import attrs
import pytest
from groupmessenger_messagebird.sandbox import LINE, SECOND_LINE, Contact, MessageBirdFace

import groupmessenger as gm
from groupmessenger import Outcome, Status, webhooks
from groupmessenger.sandbox import Sandbox

pytestmark = pytest.mark.slow  # every reading, in every way

ANN, BOB, CAT, DAN, EVE, SAM = (f"+1312555015{n}" for n in range(6))
PEOPLE = (ANN, BOB, CAT)
STRANGERS = ("+13125550160", "+13125550161", "+442079460123")
PICTURE = "https://example.com/cat.jpg"

Thunks: TypeAlias = tuple[Callable[[], object], ...]

# What these are about is what the vendor calls: nothing else can matter to them.
CALLING = frozenset(
    {
        *("signature", "jwt_algorithm", "taken", "retries", "retried_jti"),
        *("reported", "reports_signed", "report_fields", "report_plus", "mms_reports"),
        *("inbound_format", "inbound_shape", "media_name", "own_messages"),
    }
)
SINGLE = [
    (doubt.name, pytest.param({f"messagebird.{doubt.name}": choice}, id=f"{doubt.name}={choice}"))
    for doubt in MessageBirdFace.doubts
    for choice in doubt.choices
    if choice != doubt.default
]
DEFAULTS = pytest.param({}, id="defaults")  # the first choice of each; and every other one by itself


def mixed(seed: int) -> dict[str, Any]:
    """Every doubt in some reading."""
    dice = random.Random(seed)
    return {f"messagebird.{doubt.name}": dice.choice(doubt.choices) for doubt in MessageBirdFace.doubts}


MIXED = [pytest.param(mixed(seed), id=f"mixed-{seed}") for seed in range(6)]
EVERY = [DEFAULTS, *(each for name, each in SINGLE if name not in CALLING), *MIXED]
CALLS = [DEFAULTS, *(each for name, each in SINGLE if name in CALLING), *MIXED]


@attrs.define
class Stage:
    """A sandbox in one reading, and a client of it."""

    box: Sandbox
    client: gm.Client
    doubts: dict[str, Any]

    def reads(self, doubt: str, *choices: object) -> bool:
        """Whether the sandbox is of one of these readings."""
        default = next(each.default for each in MessageBirdFace.doubts if each.name == doubt)
        return self.doubts.get(f"messagebird.{doubt}", default) in choices

    @property
    def face(self) -> MessageBirdFace:
        face = self.box.faces["messagebird"]
        assert isinstance(face, MessageBirdFace)
        return face

    def later(self) -> None:
        """Let copies arrive, and messages be listed and readable."""
        self.box.clock.advance(10)

    def shows(self, text: str, *numbers: str) -> list[int]:
        return [self.box.phones[number].texts.count(text) for number in numbers]

    def there(self, group: gm.Group) -> list[str]:
        return sorted({contact.number for contact in self.face.account.members(group.id)})

    def group(self, *people: str, name: str | None = "Friends") -> gm.Group:
        """A group of people who are contacts in part, beside strangers."""
        if not self.face.contacts:
            for number in (*PEOPLE[:2], *STRANGERS):
                self.face.contacts[f"c{number}"] = Contact(f"c{number}", number, self.face.clock.now())
        return self.client.create_group(people or PEOPLE, name)


@pytest.fixture
def stage(request: pytest.FixtureRequest) -> Iterator[Stage]:
    doubts = getattr(request, "param", {})
    with (
        Sandbox(faces=[MessageBirdFace], doubts=doubts) as box,
        box.connect("messagebird", patience=0) as client,
    ):
        stage = Stage(box, client, doubts)
        yield stage
        assert [phone.texts for phone in box.phones if phone.number in STRANGERS and phone.texts] == []


every = pytest.mark.parametrize("stage", EVERY, indirect=True)
calling = pytest.mark.parametrize("stage", CALLS, indirect=True)


def touching(*doubts: str) -> pytest.MarkDecorator:
    """The readings of these doubts alone, and the mixtures: for what the others cannot matter to."""
    readings = [DEFAULTS, *(each for name, each in SINGLE if name in doubts), *MIXED]
    return pytest.mark.parametrize("stage", readings, indirect=True)


@pytest.fixture(autouse=True)
def _no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("groupmessenger.exchange._FIRST_PAUSE", 0.001)


def members(group: gm.Group) -> list[str]:
    return sorted(map(str, group.addresses))


@every
def test_messages(stage: Stage) -> None:
    """Everybody has each message once, in a thread of their own, whoever was a contact before."""
    group, client = stage.group(), stage.client
    assert stage.there(group) == members(group) == sorted(PEOPLE)
    accented = "Grüße, 日本 {€} 👍"
    receipts = [client.send(group, "Hello"), client.send(group, accented), client.send_direct(DAN, "For you")]
    receipts.append(client.send(group, gm.Message("See", PICTURE)))
    receipts.append(client.send(group, gm.Message("Not Bob", leave_out=[BOB])))
    assert {receipt.status for receipt in receipts} == {Status.ACCEPTED}
    assert all(receipt.id for receipt in receipts)
    watched = [[each.feature for each in receipt.degradations] for receipt in receipts]
    assert watched == [["delivery"] * stage.reads("zero_sent", True)] * 5
    assert [sorted(map(str, receipt.recipients)) for receipt in receipts[:3]] == [sorted(PEOPLE)] * 2 + [[DAN]]
    for text in ("Hello", accented, "See"):
        assert stage.shows(text, *PEOPLE, DAN) == [1, 1, 1, 0]
    assert stage.shows("Not Bob", *PEOPLE) == [1, 0, 1]
    assert stage.shows("For you", *PEOPLE, DAN) == [0, 0, 0, 1]
    for number in PEOPLE:
        (thread,) = stage.box.phones[number].threads
        assert thread.participants == {number, LINE}
    stage.later()
    for receipt in receipts:
        assert client.get_status(receipt).status is Status.DELIVERED


@every
def test_groups(stage: Stage) -> None:
    """A group is made, read, listed, changed, renamed and deleted, and is at each point what the client says."""
    client, group = stage.client, stage.group()
    if stage.reads("same_name", "refused"):
        with pytest.raises(gm.Rejected) as raised:
            client.create_group([DAN], "Friends")
        assert (raised.value.code, len(stage.face.groups)) == ("101", 1)
    nameless = client.create_group([DAN])
    assert (client.get_group(group).name, client.get_group(nameless).name) == ("Friends", None)
    assert [each.name for each in client.list_groups()] == [None, "Friends"]
    group = client.add_members(group, [ANN, DAN, EVE])
    assert stage.there(group) == members(group) == members(client.get_group(group)) == [ANN, BOB, CAT, DAN, EVE]
    group = client.remove_members(group, [EVE, SAM, BOB])
    assert stage.there(group) == members(group) == members(client.get_group(group)) == [ANN, CAT, DAN]
    group = client.rename_group(group, "Others")
    assert (group.name, client.get_group(group.id).name) == ("Others", "Others")
    client.send(group, "Hello")
    assert stage.shows("Hello", *PEOPLE, DAN, EVE) == [1, 0, 1, 1, 0]
    client.delete_group(group)
    with pytest.raises(gm.GroupNotFound):
        client.get_group(group)
    assert [each.id for each in client.list_groups()] == [nameless.id]


@touching(
    *("default_limit", "limit_above_20", "big_group", "msisdn_filter", "several_hits", "same_msisdn", "group_items"),
    *("unknown_member", "present_member", "absent_member", "overlap"),
)
def test_many(stage: Stage) -> None:
    """Sixty people: a warning, and if that was wrong nobody is texted; pages of any size hold them all."""
    people = [f"+1312555{n:04}" for n in range(4000, 4060)]
    group = stage.group(*people)
    assert stage.there(group) == members(group) == members(stage.client.get_group(group.id)) == people
    if stage.reads("big_group", "refused"):
        with pytest.raises(gm.Rejected) as raised:
            stage.client.send(group, "Hello")
        assert raised.value.outcome is Outcome.NOT_SENT
    else:
        receipt = stage.client.send(group, "Hello")
        assert "recipients" in [each.feature for each in receipt.degradations]
    assert set(stage.shows("Hello", *people)) == {int(stage.reads("big_group", "sent"))}
    stage.client.send(group, gm.Message("Fifty", leave_out=people[50:]))
    assert stage.shows("Fifty", *people) == [1] * 50 + [0] * 10
    group = stage.client.remove_members(group, people[30:])
    assert stage.there(group) == members(group) == people[:30]


@every
def test_lost_answers(stage: Stage) -> None:
    """What was lost on the way back is found by its token, as soon as it is listed, and was shown once."""
    client, group, box = stage.client, stage.group(), stage.box
    lost = []
    sends: Thunks = (
        lambda: client.send(group, "Lost once"),
        lambda: client.send_direct(DAN, "Lost once"),
        lambda: client.send(group, gm.Message("Lost picture", PICTURE)),
        lambda: client.send(group, gm.Message("Lost for later", send_at=box.clock.now() + timedelta(hours=1))),
    )
    for send in sends:
        for operation in ("send", "send_mms"):
            box.fault("drop", operation=operation, phase="after")
        with pytest.raises(gm.OutcomeUnknown) as raised:
            send()
        box.clear_faults()
        assert raised.value.attempt is not None
        lost.append(gm.Attempt.load(raised.value.attempt.dump()))
    for attempt in lost:
        early = client.find_sent(attempt)
        assert isinstance(early, gm.CannotTell if stage.reads("list_lag", 5) else gm.Found)
    stage.later()
    for attempt in lost:
        found = client.find_sent(attempt)
        assert isinstance(found, gm.Found)
        assert (found.proof, found.receipt.token) == (gm.Proof.TOKEN, attempt.token)
    assert stage.shows("Lost once", *PEOPLE, DAN) == [*stage.shows("Lost picture", *PEOPLE), 1] == [1, 1, 1, 1]
    box.clock.advance(3600)
    assert stage.shows("Lost for later", *PEOPLE) == [1, 1, 1]


@every
def test_lost_requests(stage: Stage) -> None:
    """What never arrived is in doubt, then absent once its time is over: sent again, everybody has it once.

    A picture stays in doubt: whether all MMS are listed is not published. Nobody has had it.
    """
    client, group = stage.client, stage.group()
    for number in range(25 if stage.reads("limit_above_20", "capped", "refused") else 2):
        client.send_direct(DAN, f"Noise {number}")
    stage.later()
    messages: tuple[gm.Message, ...] = (gm.Message("Never"), gm.Message("Never a picture", PICTURE))
    for message in messages:
        for operation in ("send", "send_mms"):
            stage.box.fault("reset", operation=operation, phase="headers")
        with pytest.raises(gm.OutcomeUnknown) as raised:
            client.send(group, message)
        stage.box.clear_faults()
        attempt = raised.value.attempt
        assert attempt is not None
        assert isinstance(client.find_sent(attempt), gm.CannotTell)
        settled = client.find_sent(attrs.evolve(attempt, leave_by=attempt.leave_from))
        if message.media:
            assert isinstance(settled, gm.CannotTell)
            assert ("not published" in settled.why, stage.shows(message.text, *PEOPLE)) == (True, [0, 0, 0])
            continue
        assert settled == gm.Absent()
        client.send(group, message)
        assert stage.shows(message.text, *PEOPLE) == [1, 1, 1]


@every
def test_lost_changes(stage: Stage) -> None:
    """A change whose answer was lost is looked for: it is done once, and the client says what is so."""
    client, box = stage.client, stage.box
    for operation in ("create_contact", "create_group", "add_members", "remove_member", "delete_group"):
        box.fault("drop", operation=operation, phase="after")
    group = client.create_group([*PEOPLE, DAN])
    assert (stage.there(group), len(stage.face.groups)) == ([ANN, BOB, CAT, DAN], 1)
    assert (group.name, client.get_group(group).name) == (None, None)
    assert members(client.remove_members(group, [DAN])) == stage.there(group) == sorted(PEOPLE)
    client.delete_group(group)
    assert stage.face.groups == {}


@touching("same_name", "group_created", "limit_above_20", "default_limit")
def test_lost_name(stage: Stage) -> None:
    """A group with a name of the caller's, whose making was lost, is in doubt: what is left has nobody in it."""
    client, box = stage.client, stage.box
    other = None if stage.reads("same_name", "refused") else stage.group(DAN)
    box.fault("drop", operation="create_group", phase="after")
    with pytest.raises(gm.OutcomeUnknown, match="a group without members may be left at MessageBird, which texts nobo"):
        client.create_group(PEOPLE, "Friends")
    assert [stage.there(group) for group in client.list_groups()] == [[], [DAN]][: 1 + (other is not None)]
    if stage.reads("same_name", "refused"):
        with pytest.raises(gm.Rejected):
            client.create_group(PEOPLE, "Friends")
    group = client.create_group(PEOPLE, "Our friends")
    client.send(group, "Hello")
    assert stage.shows("Hello", *PEOPLE, DAN) == [1, 1, 1, 0]


REPEATED: tuple[dict[str, Any], ...] = (
    {},
    {"present_member": "error"},
    {"absent_member": 204},
    {"same_msisdn": "created"},
)


@pytest.mark.parametrize(
    "stage", [{f"messagebird.{n}": c for n, c in each.items()} for each in REPEATED], indirect=True
)
def test_repeated_changes(stage: Stage) -> None:
    """Whoever has the patience has a lost change repeated, however they take what is done already."""
    for operation in ("create_contact", "add_members", "remove_member", "rename_group", "delete_group"):
        stage.box.fault("drop", operation=operation, phase="after")
    with stage.box.connect("messagebird", patience=2) as patient:
        group = patient.create_group([*PEOPLE, DAN], "Friends")
        assert stage.there(group) == [ANN, BOB, CAT, DAN]
        assert members(patient.remove_members(group, [DAN])) == stage.there(group) == sorted(PEOPLE)
        patient.rename_group(group, "Others")
        assert patient.get_group(group).name == "Others"
        patient.delete_group(group)
    assert stage.face.groups == {}


@every
def test_scheduled(stage: Stage) -> None:
    """Nothing before its time, once at its time, nothing once it is cancelled, and no cancelling afterwards."""
    client, group = stage.client, stage.group()
    at = stage.box.clock.now() + timedelta(hours=1)
    kept, cancelled = (client.send(group, gm.Message(text, send_at=at)) for text in ("Kept", "Cancelled"))
    assert (kept.status, [each.feature for each in kept.degradations]) == (Status.SCHEDULED, [])
    stage.later()
    client.cancel_scheduled(cancelled)
    assert stage.shows("Kept", *PEOPLE) == [0, 0, 0]
    stage.box.clock.advance(3600)
    assert stage.shows("Kept", *PEOPLE) == [1, 1, 1]
    stage.later()
    with pytest.raises(gm.Rejected):
        client.cancel_scheduled(kept)
    stage.box.clock.advance(3600)
    assert stage.shows("Cancelled", *PEOPLE) == [0, 0, 0]
    assert client.get_status(kept).status is Status.DELIVERED


@every
def test_scheduled_and_changed(stage: Stage) -> None:
    """Who gets what is scheduled, where the group changes meanwhile, is theirs to say; nobody gets it twice."""
    client, group = stage.client, stage.group()
    client.send(group, gm.Message("Later", send_at=stage.box.clock.now() + timedelta(hours=1)))
    client.add_members(client.remove_members(group, [CAT]), [DAN])
    stage.box.clock.advance(3700)
    first = stage.reads("scheduled_members", "at_creation")
    assert stage.shows("Later", *PEOPLE, DAN) == ([1, 1, 1, 0] if first else [1, 1, 0, 1])


@every
def test_opted_out(stage: Stage) -> None:
    """Who wrote STOP gets nothing, as the status says; the others do, and may write START."""
    client, group = stage.client, stage.group()
    stage.box.phones[BOB].send("STOP", to=LINE)
    receipt = client.send(group, "Hello")
    stage.later()
    assert stage.shows("Hello", *PEOPLE) == [1, 0, 1]
    event = client.get_status(receipt).by_recipient[gm.PhoneNumber(BOB)]
    assert (event.status, event.reason) == (Status.FAILED, gm.FailureReason.OPTED_OUT)
    stage.box.phones[BOB].send("START", to=LINE)
    client.send(group, "Again")
    assert stage.shows("Again", *PEOPLE) == [1, 1, 1]


@every
def test_nobody(stage: Stage) -> None:
    """A group without members, and one that nobody knows: nothing is sent, whatever is said."""
    client = stage.client
    group = client.remove_members(stage.group(), PEOPLE)
    if stage.reads("empty_group", "refused"):
        with pytest.raises(gm.Rejected) as refused:
            client.send(group, "Hello")
        assert (refused.value.outcome, refused.value.code) == (Outcome.NOT_SENT, "9")
    else:
        receipt = client.send(group, "Hello")
        assert (receipt.recipients, [each.feature for each in receipt.degradations]) == ((), ["delivery"])
    unknown = client.group("0123456789abcdef" * 2)
    with pytest.raises((gm.GroupNotFound, gm.Rejected)) as raised:
        client.send(unknown, "Hello")
    assert isinstance(raised.value, gm.GroupNotFound) is stage.reads("unknown_group", 404)
    assert raised.value.outcome is Outcome.NOT_SENT
    dos: Thunks = (
        lambda: client.get_group(unknown),
        lambda: client.add_members(unknown, [ANN]),
        lambda: client.rename_group(unknown, "Friends"),
        lambda: client.delete_group(unknown),
        lambda: client.send(unknown, gm.Message("See", PICTURE)),
    )
    for do in dos:
        with pytest.raises(gm.GroupNotFound):
            do()
    assert [text for phone in stage.box.phones for text in phone.texts] == []


@every
def test_refusals(stage: Stage) -> None:
    """What is refused is refused in all readings, for the same reason, and nobody is texted."""
    client, group, box = stage.client, stage.group(), stage.box
    stage.face.balance = 2
    with pytest.raises(gm.QuotaExceeded) as quota:
        client.send(group, "Hello")
    assert (quota.value.code, quota.value.outcome) == ("25", Outcome.NOT_SENT)
    stage.face.balance, stage.face.trial_number = None, DAN
    with pytest.raises(gm.Rejected, match="trial"):
        client.send(group, "Hello")
    with pytest.raises(gm.Rejected, match="trial"):
        client.send_direct(ANN, "Hello")
    stage.face.trial_number, stage.face.requests_per_second = None, 0
    with pytest.raises(gm.RateLimited) as rate:
        client.send(group, "Hello")
    assert rate.value.retry_after == (1 if stage.reads("retry_after", 1) else None)
    stage.face.requests_per_second = None
    for key in ("wrong", "live_key_of_app_bird_com"):
        with (
            box.connect("messagebird", patience=0, access_key=key) as other,
            pytest.raises(gm.AuthenticationFailed, match=r"app\.bird\.com"),
        ):
            other.send(group, "Hello")
    assert [text for phone in box.phones for text in phone.texts] == []
    client.send(group, "Hello")
    assert stage.shows("Hello", *PEOPLE) == [1, 1, 1]


@touching("test_key", "wrong_key", "unknown_group", "empty_group", "zero_sent", "absent_member", "list_lag")
def test_test_key(stage: Stage) -> None:
    """With a test key nothing is there and nobody is texted; messages say so, and no look finds or misses one.

    A group in which nobody could be put is refused for the key; if they keep groups of such keys, it is one.
    """
    settings: dict[str, Any] = stage.box.settings("messagebird") | {"access_key": stage.face.TEST_KEY}
    with gm.connect("messagebird", **settings, patience=0) as tester:
        if stage.reads("test_key", "all"):
            group = tester.create_group(PEOPLE)
            assert stage.there(group) == members(group) == sorted(PEOPLE)
            assert [each.feature for each in tester.send(group, "Hello").degradations] == ["delivery"]
        else:
            with pytest.raises(gm.UnsupportedOperation, match="a test key keeps no contacts and no groups"):
                tester.create_group(PEOPLE)
            assert stage.face.groups == {}
        receipt = tester.send_direct(ANN, "Hello")
        assert [each.feature for each in receipt.degradations] == ["delivery"]
        stage.box.fault("drop", operation="send", phase="after")
        with pytest.raises(gm.OutcomeUnknown) as raised:
            tester.send_direct(ANN, "Hello")
        attempt = raised.value.attempt
        assert attempt is not None
        assert isinstance(tester.find_sent(attrs.evolve(attempt, leave_by=attempt.leave_from)), gm.CannotTell)
    assert stage.shows("Hello", *PEOPLE) == [0, 0, 0]


@touching("wrong_key", "limit_above_20", "default_limit")
def test_check(stage: Stage) -> None:
    """A check finds no fault, in any reading."""
    assert [finding for finding in stage.client.check() if finding.level is gm.Level.FAULT] == []


class Quiet(WSGIRequestHandler):
    """A server that says nothing of what it serves."""

    def log_message(self, *_: object) -> None:
        pass


@attrs.define
class Listening:
    """Our receiver, on this machine, and what it has handed on."""

    stage: Stage
    client: gm.Client
    events: list[gm.Event] = attrs.field(factory=list)
    failing: bool = False

    def __call__(self, event: gm.Event) -> None:
        if self.failing:
            raise RuntimeError("not now")
        self.events.append(event)

    def take(self, kind: type[gm.Event]) -> list[Any]:
        """What has been handed on of a kind; everything was handed on once."""
        assert self.stage.box.callbacks.wait()
        keys = [event.key for event in self.events]
        assert len(keys) == len(set(keys))
        return [event for event in self.events if isinstance(event, kind)]

    def finals(self) -> dict[str, gm.StatusChanged]:
        """The last word of each recipient."""
        found = [event for event in self.take(gm.StatusChanged) if event.final]
        by_recipient = {str(event.recipient): event for event in found}
        assert len(found) == len(by_recipient)
        return by_recipient

    def ended(self) -> set[str]:
        """How the vendor's calls ended."""
        assert self.stage.box.callbacks.wait()
        return {entry["ended"] for entry in self.stage.box.callbacks.tried()}


@contextmanager
def listening(stage: Stage, **settings: Any) -> Iterator[Listening]:
    """Have the vendor call our receiver with everything, as its dashboard has it."""
    with make_server("127.0.0.1", 0, lambda *_: [], handler_class=Quiet) as server:
        url = f"http://127.0.0.1:{server.server_port}/main"
        if settings.pop("own_url", False):
            settings["report_url"] = url
        legacy = stage.reads("signature", "legacy")
        with stage.box.connect("messagebird", patience=0, legacy_signatures=legacy, **settings) as client:
            found = Listening(stage, client)
            server.set_app(webhooks.wsgi({"main": client}, found, from_us=True))
            stage.box.calls("messagebird", url)
            thread = threading.Thread(target=server.serve_forever, args=(0.01,))
            thread.start()
            try:
                yield found
            finally:
                stage.box.calls("messagebird", None)
                server.shutdown()
                thread.join()


@calling
@pytest.mark.parametrize("own_url", [True, False])
def test_reports(stage: Stage, own_url: bool) -> None:
    """What is reported of each copy is what a read says, under the same key, once, and no more than phones show.

    It goes to a URL of the message's own, which proves whose it is; or to the account's, and then it has to be signed.
    A report that neither bears our token nor came to such a URL has none in its key, which a read has.
    """
    stage.box.phones[BOB].send("STOP", to=LINE)
    with listening(stage, own_url=own_url) as ours:
        receipt = ours.client.send(stage.group(), "Hello")
        stage.later()
        finals = ours.finals()
        if stage.reads("reports_signed", False) and not own_url:
            assert (finals, "taken" in ours.ended()) == ({}, False)
            return
        assert ours.ended() == {"taken"}
        read = ours.client.get_status(receipt).by_recipient.values()
        full = stage.reads("report_fields", "full")
        of_ours = f"{receipt.id}/{receipt.token}" if full or own_url else receipt.id
        assert {event.key for event in read} == {
            event.key.replace(of_ours, f"{receipt.id}/{receipt.token}", 1) for event in finals.values()
        }
        statuses = {number: event.status for number, event in finals.items()}
        assert statuses == {ANN: Status.DELIVERED, BOB: Status.FAILED, CAT: Status.DELIVERED}
        assert stage.shows("Hello", *PEOPLE) == [1, 0, 1]
        assert finals[BOB].reason is (gm.FailureReason.OPTED_OUT if full else gm.FailureReason.OTHER)
        assert finals[ANN].token == (receipt.token if full or own_url else None)
        early = [event for event in ours.take(gm.StatusChanged) if not event.final]
        assert {event.status for event in early} == ({Status.SENT} if stage.reads("reported", "all") else set())
        assert ours.client.delivery(receipt, ours.events).status is Status.FAILED


@calling
def test_reports_of_pictures(stage: Stage) -> None:
    """If there are any, they say what a read says, in the same words."""
    with listening(stage) as ours:
        receipt = ours.client.send(stage.group(), gm.Message("See", PICTURE))
        stage.later()
        told = stage.reads("mms_reports", True) and stage.reads("reports_signed", True)
        read = {event.key for event in ours.client.get_status(receipt).by_recipient.values()} if told else set()
        assert {event.key for event in ours.finals().values()} == read


@calling
def test_replies(stage: Stage) -> None:
    """What people write comes in once, private, whole, and under the key that the list has, the oldest first."""
    with listening(stage) as ours:
        began = stage.box.clock.now()
        stage.box.phones[ANN].send("Tea & cake + 日本", to=LINE)
        stage.box.phones[BOB].send("Look", to=SECOND_LINE, media=[PICTURE, f"{PICTURE}?a=1&b=2"])
        stage.box.phones[CAT].opt_out(LINE)
        messages = ours.take(gm.MessageReceived)
        found = [(str(each.sender), each.line, each.text, [m.url for m in each.media]) for each in messages]
        assert found == [
            (ANN, LINE, "Tea & cake + 日本", []),
            (BOB, SECOND_LINE, "Look", [PICTURE, f"{PICTURE}?a=1&b=2"]),
            (CAT, LINE, "STOP", []),
        ]
        assert {(each.group, each.from_us, len(each.members)) for each in messages} == {(None, False, 1)}
        (left,) = ours.take(gm.OptedOut)
        assert (str(left.address), ours.ended()) == (CAT, {"taken"})
        stage.later()
        listed = [each for each in ours.client.received_since(began) if isinstance(each, gm.MessageReceived)]
        there = [each for each in messages if not each.media or stage.reads("mms_listed", True)]
        assert {each.key for each in listed} == {each.key for each in there}
        assert [each.text for each in listed] == [each.text for each in there]


@calling
def test_our_own(stage: Stage) -> None:
    """What one line of ours sends the other is known to be ours, if it is told at all."""
    with listening(stage) as ours:
        ours.client.send_direct(SECOND_LINE, "Hello")
        messages = ours.take(gm.MessageReceived)
        heard = [(LINE, SECOND_LINE, True)] if stage.reads("own_messages", "heard") else []
        assert [(str(each.sender), each.line, each.from_us) for each in messages] == heard


@calling
def test_what_was_not_handled(stage: Stage) -> None:
    """It comes again if the vendor tries again, whatever id the second try has; else it is in the list."""
    with listening(stage) as ours:
        began = stage.box.clock.now()
        ours.failing = True
        stage.box.phones[ANN].send("Hi", to=LINE)
        again = stage.reads("retries", "eight_hours")
        assert ours.ended() == {"again" if again else "given up"}
        ours.failing = False
        stage.later()
        texts = [each.text for each in ours.take(gm.MessageReceived)]
        assert texts == (["Hi"] if again else [])
        assert [each.key for each in ours.client.received_since(began)] == [
            f"in/{next(iter(stage.face.account.messages))}"
        ]


def test_every_doubt_is_run() -> None:
    """Each choice of each doubt is the subject of every test above that it can matter to."""
    singles = [each for each in (*EVERY, *CALLS) if "=" in str(each.id)]
    assert len(singles) == len(SINGLE)
    assert CALLING < {doubt.name for doubt in MessageBirdFace.doubts}
    assert len(MessageBirdFace.doubts) == 55
