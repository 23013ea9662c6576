"""Whatever Sendblue's open questions turn out to be: every message once, one thread a group, no wrong claim."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeAlias

import attrs
import pytest
from groupmessenger_sendblue.sandbox import LINE, SECOND_LINE, SENT_AFTER, SendblueFace
from recorder import Recorder, recording

import groupmessenger as gm
from groupmessenger import Outcome
from groupmessenger.sandbox import Sandbox

pytestmark = pytest.mark.slow  # every reading, in every way

ANN, BOB, CAT, DAN, EVE = (f"+1312555015{n}" for n in range(5))
PEOPLE = (ANN, BOB, CAT)
PICTURE = "https://example.com/cat.jpg"
MORE = "https://example.com/dog.jpg"
NO_ID = ("absent", "empty")

Thunks: TypeAlias = tuple[Callable[[], object], ...]

EVERY = [pytest.param({}, id="defaults")]  # the first choice of each; and every other one by itself
EVERY += [
    pytest.param({f"sendblue.{doubt.name}": choice}, id=f"{doubt.name}={choice}")
    for doubt in SendblueFace.doubts
    for choice in doubt.choices
    if choice != doubt.default
]


def mixed(seed: int) -> dict[str, Any]:
    """Every doubt in some reading, but that groups have ids, or without one a second thread could not be helped."""
    dice = random.Random(seed)
    doubts = {f"sendblue.{doubt.name}": dice.choice(doubt.choices) for doubt in SendblueFace.doubts}
    return doubts | {"sendblue.group_id": "given", "sendblue.agent_plan": False}


EVERY += [
    pytest.param(mixed(seed), id=f"mixed-{seed}", marks=[pytest.mark.slow] if seed >= 6 else []) for seed in range(16)
]


@attrs.define
class Stage:
    """A sandbox in one reading, and a client of it."""

    box: Sandbox
    client: gm.Client
    doubts: dict[str, Any]

    def reads(self, doubt: str, *choices: object) -> bool:
        """Whether the sandbox is of one of these readings."""
        default = next(each.default for each in SendblueFace.doubts if each.name == doubt)
        return self.doubts.get(f"sendblue.{doubt}", default) in choices

    def later(self) -> None:
        """Let the device take what it was given, and their clock, which counts milliseconds, go on."""
        time.sleep(0.002)
        self.box.clock.advance(10)

    def shows(self, number: str, text: str) -> int:
        return self.box.phones[number].texts.count(text)

    def threads(self, number: str) -> int:
        """How many threads of several people this phone shows."""
        return sum(len(thread.participants) > 2 for thread in self.box.phones[number].threads)

    def done(self, operation: str) -> int:
        return sum(entry["done"] for entry in self.box.log if entry["operation"] == operation)

    def asked(self) -> int:
        return len(self.box.log)


@pytest.fixture
def stage(request: pytest.FixtureRequest) -> Iterator[Stage]:
    doubts = getattr(request, "param", {})
    with Sandbox(doubts=doubts) as box, box.connect("sendblue", patience=0) as client:
        yield Stage(box, client, doubts)


@pytest.fixture
def hooks() -> Iterator[Recorder]:
    with recording() as made:
        yield made


every = pytest.mark.parametrize("stage", EVERY, indirect=True)


def reading(**doubts: Any) -> Any:
    """The stage in the readings named."""
    return pytest.mark.parametrize(
        "stage", [{f"sendblue.{name}": choice for name, choice in doubts.items()}], indirect=True
    )


def nothing_done(stage: Stage, error: gm.GroupMessengerError) -> None:
    assert error.outcome is Outcome.NOT_SENT
    assert stage.done("send_group") == 0
    assert [phone.texts for phone in stage.box.phones if phone.texts] == []


def opened(stage: Stage) -> tuple[gm.Group, gm.Group] | None:
    """A group of three with a name, and what its first message made of it; None where the plan has none."""
    group = stage.client.create_group(PEOPLE, "Friends")
    assert stage.asked() == 0
    if stage.reads("agent_plan", True):
        with pytest.raises(gm.AuthenticationFailed) as raised:
            stage.client.send(group, "First")
        nothing_done(stage, raised.value)
        return None
    receipt = stage.client.send(group, "First")
    assert not receipt.group.pending
    assert tuple(map(str, receipt.group.addresses)) == PEOPLE
    return group, receipt.group


@every
def test_messages(stage: Stage) -> None:
    """Sent to the pending value or to the receipt's group, each message is shown once, in one thread."""
    if (pair := opened(stage)) is None:
        return
    pending, group = pair
    client = stage.client
    texts = ["First", "Second", "Third", "See"]
    receipt = client.send(pending, "Second")
    stage.later()
    receipt = client.send(receipt.group, "Third")
    assert receipt.group.name == "Friends"
    receipt = client.send(group, gm.Message("See", PICTURE))
    assert receipt.group == group
    for message, refused in (
        (gm.Message("", PICTURE), stage.reads("media_only", False)),
        (gm.Message("Boom", effect="fireworks"), stage.reads("send_style", "refused")),
    ):
        if refused:
            with pytest.raises(gm.Rejected) as raised:
                client.send(group, message)
            assert raised.value.outcome is Outcome.NOT_SENT
        else:
            client.send(group, message)
            texts.append(message.text)
    for number in PEOPLE:
        assert stage.box.phones[number].texts == texts
        assert len(stage.box.phones[number].threads) == 1
    assert stage.done("send_group") == len(texts)
    (thread,) = stage.box.phones[ANN].threads
    assert thread.name == ("" if stage.reads("group_id", *NO_ID) else "Friends")


@every
def test_group(stage: Stage) -> None:
    """A group that has an id is read, changed and renamed; one that has none says so, without a request."""
    if (pair := opened(stage)) is None:
        return
    client, group = stage.client, pair[1]
    stage.later()
    if group.is_member_set:
        assert stage.reads("group_id", *NO_ID)
        asked = stage.asked()
        refusals: Thunks = (
            lambda: client.get_group(group),
            lambda: client.add_members(group, [DAN]),
            lambda: client.remove_members(group, [CAT]),
            lambda: client.rename_group(group, "Others"),
        )
        for refused in refusals:
            with pytest.raises(gm.UnsupportedOperation, match="no id"):
                refused()
        assert stage.asked() == asked
        return
    group = client.get_group(group)
    assert set(map(str, group.addresses)) == set(PEOPLE)
    stage.box.fault("drop", operation="modify_group", phase="after")
    group = client.add_members(group, [DAN, EVE])
    assert set(map(str, group.addresses)) == {*PEOPLE, DAN, EVE}
    group = client.add_members(client.group(group.id), [DAN])  # not known to be in it, and is
    group = client.remove_members(group, [EVE])
    group = client.rename_group(group, "Others")
    client.send(group, "Welcome")
    found = client.get_group(group.id)
    assert (found.name, set(map(str, found.addresses))) == ("Others", {*PEOPLE, DAN})
    assert [stage.shows(number, "Welcome") for number in (*PEOPLE, DAN, EVE)] == [1, 1, 1, 1, 0]
    assert [stage.threads(number) for number in (*PEOPLE, DAN)] == [1, 1, 1, 1]
    assert stage.done("modify_group") == 3


@every
def test_status(stage: Stage) -> None:
    """A message is asked after by its handle, and only where there is one."""
    if (pair := opened(stage)) is None:
        return
    receipt = stage.client.send(pair[1], "Second")
    direct = stage.client.send_direct(DAN, "For you")
    assert [stage.shows(number, "For you") for number in (*PEOPLE, DAN)] == [0, 0, 0, 1]
    stage.later()
    for each in (receipt, direct):
        if stage.reads("handle_in_answer", False):
            assert each.id == ""
            with pytest.raises(gm.InvalidInput):
                stage.client.get_status(each)
        else:
            assert stage.client.get_status(each).status is gm.Status.DELIVERED


@every
def test_lost_answers(stage: Stage) -> None:
    """What was lost on the way back is found again, in its group, once it is listed, and was shown once."""
    if (pair := opened(stage)) is None:
        return
    client = stage.client
    lost: list[gm.Attempt | None] = []
    stage.later()
    sends: Thunks = (
        lambda: client.send(pair[1], " Lost once\n"),
        lambda: client.send(client.create_group([ANN, DAN]), " Lost once\n"),
        lambda: client.send_direct(EVE, " Lost once\n"),
    )
    for send in sends:
        stage.box.fault("drop", operation="send_direct", phase="after", nth=1)
        stage.box.fault("drop", operation="send_group", phase="after", nth=1)
        with pytest.raises(gm.OutcomeUnknown) as raised:
            send()
        stage.box.clear_faults()
        lost.append(raised.value.attempt)
    for attempt in lost:
        assert attempt is not None
        assert attempt == gm.Attempt.load(attempt.dump())
        early = client.find_sent(attempt)
        assert isinstance(early, gm.CannotTell if stage.reads("list_lag", 5) else gm.Found)
    stage.later()
    for attempt in lost:
        assert attempt is not None
        with stage.box.connect("sendblue", patience=0) as other:  # another process, which has sent nothing itself
            found = other.find_sent(attempt)
        assert isinstance(found, gm.Found)
        assert (found.proof, found.receipt.token) == (gm.Proof.CONTENT, attempt.token)
        if isinstance(found.receipt, gm.GroupReceipt):
            assert not found.receipt.group.is_member_set
            assert LINE not in map(str, found.receipt.group.addresses)
            client.send(found.receipt.group, "And on")
    shown = [stage.shows(number, " Lost once\n") for number in (ANN, BOB, DAN, EVE)]
    assert shown == [2, 1, 1, 1]
    assert [stage.shows(number, "And on") for number in (ANN, BOB, DAN, EVE)] == [2, 1, 1, 0]
    assert [stage.threads(number) for number in (ANN, BOB, DAN, EVE)] == [2, 1, 1, 0]


@every
def test_lost_requests(stage: Stage) -> None:
    """What never arrived is in doubt, then absent once its time is over: only then may it be sent again."""
    if (pair := opened(stage)) is None:
        return
    client = stage.client
    stage.later()
    stage.box.fault("reset", operation="send_group", phase="headers")
    with pytest.raises(gm.OutcomeUnknown) as raised:
        client.send(pair[1], "Never")
    attempt = raised.value.attempt
    assert attempt is not None
    assert isinstance(client.find_sent(attempt), gm.CannotTell)
    over = attrs.evolve(attempt, leave_by=attempt.leave_from)
    if stage.reads("handle_in_answer", False):  # the message before has no id to be known by, and is moments old
        assert isinstance(client.find_sent(over), gm.CannotTell)
        over = attrs.evolve(over, leave_from=attempt.leave_from + timedelta(seconds=6))
    assert client.find_sent(over) == gm.Absent()
    client.send(pair[1], "Never")
    assert [stage.shows(number, "Never") for number in PEOPLE] == [1, 1, 1]


@every
def test_opted_out(stage: Stage) -> None:
    """A text to somebody who opted out is refused, and reaches nobody, or Sendblue does not mind."""
    if (pair := opened(stage)) is None:
        return
    client, group = stage.client, pair[1]
    stage.later()
    (thread,) = stage.box.phones[BOB].threads
    stage.box.phones[BOB].send("stop", thread=thread.id)
    stopped = stage.reads("group_stop", "opts_out") and stage.reads("opt_out_member", "blocks")
    if stopped:
        with pytest.raises(gm.Rejected) as raised:
            client.send(group, "After the word in the group")
        assert raised.value.outcome is Outcome.NOT_SENT
    else:
        client.send(group, "After the word in the group")
    stage.box.phones[CAT].send("STOP", to=LINE)
    with pytest.raises(gm.Rejected) as raised:
        client.send_direct(CAT, "Please stay")
    assert (raised.value.outcome, raised.value.reason) == (Outcome.NOT_SENT, gm.FailureReason.OPTED_OUT)
    if stage.reads("opt_out_member", "ignored"):
        client.send(group, "Still here?")
    else:
        with pytest.raises(gm.Rejected) as raised:
            client.send(group, "Still here?")
        assert raised.value.reason is gm.FailureReason.OPTED_OUT
    assert stage.shows(CAT, "Please stay") == 0
    shown = [stage.shows(number, "Still here?") for number in PEOPLE]
    assert shown == [int(stage.reads("opt_out_member", "ignored"))] * 3
    word = [stage.shows(number, "After the word in the group") for number in PEOPLE]
    assert word == [int(not stopped)] * 3


@every
def test_refused_changes(stage: Stage) -> None:
    """A change that Sendblue refuses is an error, and never said to be done."""
    if (pair := opened(stage)) is None or pair[1].is_member_set:
        return
    client, group = stage.client, pair[1]
    changes: Thunks = (
        lambda: client.rename_group(group, "Too early"),
        lambda: client.add_members(group, [DAN]),
    )
    for change in changes:
        if stage.reads("rename_early", "accepted"):
            change()
        else:
            with pytest.raises((gm.Rejected, gm.OutcomeUnknown)):
                change()
    stage.later()
    stage.box.phones[EVE].imessage = False
    with pytest.raises((gm.Rejected, gm.OutcomeUnknown)):
        client.add_members(group, [EVE])
    early = stage.reads("rename_early", "accepted")
    found = client.get_group(group.id)
    assert set(map(str, found.addresses)) == {*PEOPLE, DAN} if early else set(PEOPLE)
    assert (found.name, found.name_pending) == (("Too early", False) if early else ("Friends", True))


@every
def test_unknown_group(stage: Stage) -> None:
    """A group that Sendblue does not know is an error of the provider's, and nothing was sent."""
    group = stage.client.group("sb_group_nobody_knows")
    dos: Thunks = (
        lambda: stage.client.get_group(group),
        lambda: stage.client.add_members(group, [DAN]),
        lambda: stage.client.send(group, "Hello"),
    )
    for do in dos:
        with pytest.raises((gm.GroupNotFound, gm.Rejected)) as raised:
            do()
        assert isinstance(raised.value, gm.GroupNotFound) == stage.reads("unknown_group", 404)
        nothing_done(stage, raised.value)


@every
def test_text_messages(stage: Stage) -> None:
    """A group that SMS carries has no name and is not changed: that is known from the first answer on."""
    stage.box.phones[BOB].imessage = False
    if (pair := opened(stage)) is None:
        return
    client, group = stage.client, pair[1]
    assert (group.channel, group.name, group.name_pending) == (gm.Channel.SMS, None, False)
    asked = stage.asked()
    refusals: Thunks = (lambda: client.add_members(group, [DAN]), lambda: client.rename_group(group, "Friends"))
    for refused in refusals:
        with pytest.raises(gm.UnsupportedOperation, match="iMessage"):
            refused()
    assert stage.asked() == asked
    client.send(group, "Second")
    assert [stage.box.phones[number].texts for number in PEOPLE] == [["First", "Second"]] * 3


@every
@pytest.mark.parametrize("people", [24, 25])
def test_most_people(stage: Stage, people: int) -> None:
    """24 are taken by every reading; 25 go with a warning, and if that was wrong nobody is texted."""
    if stage.reads("agent_plan", True):
        return
    stage.box.faces["sendblue"].limits.new_contacts_per_hour = 25  # type: ignore[attr-defined]
    numbers = [f"+13125550{n}" for n in range(200, 200 + people)]
    group = stage.client.create_group(numbers)
    if people == 25 and stage.reads("limit_counts_line", True):
        with pytest.raises(gm.Rejected) as raised:
            stage.client.send(group, "Hello")
        nothing_done(stage, raised.value)
        return
    receipt = stage.client.send(group, "Hello")
    assert [each.feature for each in receipt.degradations if each.feature == "recipients"] == ["recipients"] * (
        people - 24
    )
    assert [stage.shows(number, "Hello") for number in numbers] == [1] * people


@every
def test_new_contacts(stage: Stage) -> None:
    """If members count as new contacts, a group past the cap is refused as a quota, whole."""
    if stage.reads("agent_plan", True):
        return
    stage.box.faces["sendblue"].limits.new_contacts_per_hour = 2  # type: ignore[attr-defined]
    group = stage.client.create_group(PEOPLE)
    if stage.reads("new_members_counted", True):
        with pytest.raises(gm.QuotaExceeded) as raised:
            stage.client.send(group, "Hello")
        nothing_done(stage, raised.value)
        return
    stage.client.send(group, "Hello")
    assert [stage.shows(number, "Hello") for number in PEOPLE] == [1, 1, 1]


@every
def test_single_member(stage: Stage) -> None:
    """A group of one is refused here; whoever lifts that limit gets a private text, or the vendor's refusal."""
    with pytest.raises(gm.LimitExceeded):
        stage.client.create_group([ANN])
    assert stage.asked() == 0
    with stage.box.connect("sendblue", patience=0, limits={"min_recipients": 1}) as client:
        group = client.create_group([ANN])
        if stage.reads("single_member", "refused") or stage.reads("agent_plan", True):
            with pytest.raises((gm.Rejected, gm.AuthenticationFailed)) as raised:
                client.send(group, "Hello")
            nothing_done(stage, raised.value)
        else:
            client.send(group, "Hello")
            assert stage.shows(ANN, "Hello") == 1


@pytest.mark.parametrize("stage", [{"sendblue.agent_plan": True}], indirect=True)
def test_agent_plan_answers(stage: Stage) -> None:
    """On a plan that creates no groups, one that a person made with the line is answered, by its id."""
    thread = stage.box.network.apple_group({ANN, BOB, LINE})
    stage.box.network.post(thread, ANN, "Hello, line")
    (group_id,) = stage.box.faces["sendblue"].groups  # type: ignore[attr-defined]
    receipt = stage.client.send(stage.client.group(group_id), "Hello, people")
    assert set(map(str, receipt.group.addresses)) == {ANN, BOB}
    assert stage.box.phones[BOB].texts == ["Hello, line", "Hello, people"]


@pytest.mark.parametrize("stage", [{"sendblue.merges": "new_group"}], indirect=True)
def test_two_pending_values(stage: Stage) -> None:
    """The same people asked for again in one client are the same group, even where Sendblue would make another."""
    first = stage.client.send(stage.client.create_group(PEOPLE), "First")
    stage.box.clock.advance(SENT_AFTER.total_seconds())
    second = stage.client.send(stage.client.create_group(list(reversed(PEOPLE))), "Second")
    assert first.group == second.group
    assert [len(stage.box.phones[number].threads) for number in PEOPLE] == [1, 1, 1]


@pytest.mark.parametrize("stage", [{"sendblue.modify_refusal": 200}], indirect=True)
def test_refusal_in_a_success(stage: Stage) -> None:
    """A refusal that is named is one in a 2xx too."""
    receipt = stage.client.send(stage.client.create_group(PEOPLE), "First")
    stage.later()
    (thread,) = stage.box.phones[ANN].threads
    thread.participants.discard(LINE)  # somebody removes the line meanwhile
    with pytest.raises(gm.Rejected) as raised:
        stage.client.add_members(receipt.group, [DAN])
    assert (raised.value.outcome, raised.value.code) == (Outcome.NOT_SENT, "line_not_registered")


def told(stage: Stage, hooks: Recorder, client: gm.Client | None = None) -> list[gm.Event]:
    """What the callbacks so far tell, all of which are believed."""
    assert stage.box.callbacks.wait()
    return [event for asked in hooks.asked for event in (client or stage.client).receive(asked.callback)]


@every
def test_what_comes_in(stage: Stage, hooks: Recorder) -> None:
    """Everything that people write is told, with its sender and its files, and under the keys that a listing has."""
    box, began = stage.box, stage.box.clock.now()
    box.calls("sendblue", hooks.url)
    group = box.network.apple_group({ANN, BOB, LINE})
    with box.network.lock:
        box.network.post(group, ANN, "To all of us")
    box.phones[BOB].react("Loved", thread=group.id)
    box.phones[CAT].imessage = False
    box.phones[CAT].send("Look", to=LINE, media=[PICTURE, MORE])
    box.phones[DAN].send("Here?", to=LINE)
    events = told(stage, hooks)
    messages = [event for event in events if isinstance(event, gm.MessageReceived)]
    assert {(str(event.sender), event.text) for event in messages if event.text} == {
        (ANN, "To all of us"),
        (CAT, "Look"),
        (DAN, "Here?"),
    }
    assert [media.url for event in messages for media in event.media] == [PICTURE, MORE]
    assert {(event.line, event.from_us) for event in messages} == {(LINE, False)}
    (reaction,) = (event for event in events if isinstance(event, gm.ReactionReceived))
    assert (str(reaction.sender), reaction.reaction) == (BOB, "love")
    to_all = messages[0]
    assert set(map(str, (member.address for member in to_all.members))) == {ANN, BOB}
    named = stage.reads("received_group_id", "given")
    assert (to_all.group is not None, to_all.repliable) == (named, named)
    assert [event.group for event in messages[1:]] == [None] * (len(messages) - 1)
    assert len({event.key for event in events}) == len(events)
    stage.later()
    listed = {event.key for event in stage.client.received_since(began - timedelta(seconds=1))}
    assert listed == {event.key for event in events}


@every
def test_an_answer_in_a_group(stage: Stage, hooks: Recorder) -> None:
    """An answer names the group that it was sent to, and a reply to it lands in the same thread."""
    stage.box.calls("sendblue", hooks.url)
    if (pair := opened(stage)) is None:
        return
    stage.later()
    (thread,) = stage.box.phones[BOB].threads
    stage.box.phones[BOB].send("Yes", thread=thread.id)
    (answer,) = (event for event in told(stage, hooks) if isinstance(event, gm.MessageReceived) and not event.from_us)
    if not answer.repliable:
        assert stage.reads("received_group_id", "empty")
        return
    assert pair[1].is_member_set or answer.group == pair[1]
    stage.client.reply(answer, "Good")
    assert [stage.shows(number, "Good") for number in PEOPLE] == [1, 1, 1]
    assert [stage.threads(number) for number in PEOPLE] == [1, 1, 1]


@every
def test_what_becomes_of_messages(stage: Stage, hooks: Recorder) -> None:
    """What callbacks tell of a message comes to what the vendor says of it when it is asked."""
    box = stage.box
    box.calls("sendblue", hooks.url)
    box.phones[EVE].imessage = False
    mine = f"{hooks.url}/mine?for=me"
    with box.connect("sendblue", patience=0, status_callback=mine) as client:
        receipts: list[gm.Receipt] = [client.send_direct(number, "For you") for number in (DAN, EVE)]
        box.faces["sendblue"].fail_next({"error_code": 10001})  # type: ignore[attr-defined]
        receipts.append(client.send_direct(DAN, "Lost"))
        if not stage.reads("agent_plan", True):
            receipts.append(client.send(client.create_group([*PEOPLE, SECOND_LINE]), "For all"))
        box.clock.advance(3600)
        events = told(stage, hooks, client)
        statuses = [event for event in events if isinstance(event, gm.StatusChanged)]
        came_to = []
        for receipt in receipts:
            if stage.reads("handle_in_answer", False):
                named = {event.message_id for event in statuses if event.token == receipt.token}
                unheard = receipt is receipts[-1] and stage.reads("status_callback_on_groups", "ignored")
                assert len(named) == (not unheard)
                continue
            delivery = client.delivery(receipt, events)
            assert delivery.status == client.get_status(receipt).status
            assert delivery.is_final()
            came_to.append(delivery.status)
    expected = [gm.Status.DELIVERED, gm.Status.SENT, gm.Status.FAILED, gm.Status.DELIVERED]
    if stage.reads("sms_final", "DELIVERED"):
        expected[1] = gm.Status.DELIVERED
    assert came_to == expected[: len(came_to)]
    own = [event for event in events if isinstance(event, gm.MessageReceived)]
    assert [(event.from_us, event.line) for event in own] == [(True, SECOND_LINE)] * len(own)
    assert bool(own) == (len(receipts) == 4 and not stage.reads("own_echo", "none"))


@every
def test_typing(stage: Stage, hooks: Recorder) -> None:
    """Whoever types is told apart from the line, whichever field they are in."""
    stage.box.calls("sendblue", hooks.url)
    stage.box.faces["sendblue"].types(ANN, LINE)  # type: ignore[attr-defined]
    events = told(stage, hooks)
    assert len(events) == stage.reads("typing_registration", "kept")
    for event in events:
        assert isinstance(event, gm.TypingChanged)
        assert (str(event.sender), event.line, event.typing) == (ANN, LINE, True)


@every
def test_uploads(stage: Stage, tmp_path: Path) -> None:
    """A file of this machine is sent, or nobody is texted."""
    picture = tmp_path / "cat.jpg"
    picture.write_bytes(b"A cat")
    if stage.reads("upload_file", 404):
        with pytest.raises(gm.ProviderError):
            stage.client.upload(picture)
        return
    media = stage.client.upload(picture)
    stage.client.send_direct(DAN, gm.Message("See", media))
    (shown,) = (each for messages in stage.box.phones[DAN].messages.values() for each in messages)
    assert shown.media == (media.url,)
