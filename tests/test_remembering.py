"""What a client remembers of groups, by what the sandbox's phones show."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

import anyio
import attrs
import httpx
import pytest
from acme import AcmeMessenger

import groupmessenger as gm
from groupmessenger.provider import (
    Group,
    GroupMessenger,
    Member,
    Message,
    Request,
    Status,
    ask,
    hookimpl,
)
from groupmessenger.sandbox import Sandbox

ANN, BOB, CAT, DAN = (f"+131255501{number}" for number in (31, 32, 33, 34))


@pytest.fixture
def box() -> Iterator[Sandbox]:
    with Sandbox() as sandbox:
        yield sandbox


@pytest.fixture
def client(box: Sandbox) -> Iterator[gm.Client]:
    with box.connect("sendblue", timeout=1, patience=0) as client:
        yield client


def texts(box: Sandbox, *numbers: str) -> list[list[str]]:
    return [box.phones[number].texts for number in numbers]


def opened(box: Sandbox, client: gm.Client, *numbers: str) -> gm.Group:
    group = client.send(client.create_group(numbers), "Hello").group
    box.clock.advance(10)
    return group


def test_a_group_created_again_is_of_its_people_and_nobody_else(box: Sandbox, client: gm.Client) -> None:
    """Somebody added since is in the thread that these people once had; a new group of them is not that thread."""
    client.add_members(opened(box, client, ANN, BOB, DAN), [CAT])
    again = client.create_group([ANN, BOB, DAN])
    receipt = client.send(again, "A surprise party for Cat!")
    assert [[], ["Hello", "A surprise party for Cat!"]] == texts(box, CAT, ANN)
    assert CAT not in map(str, receipt.recipients)


def test_a_group_created_again_has_those_who_were_removed_since(box: Sandbox, client: gm.Client) -> None:
    """The other way round: nobody is left out."""
    client.remove_members(opened(box, client, ANN, BOB, CAT), [CAT])
    client.send(client.create_group([ANN, BOB, CAT]), "All three")
    assert [["Hello", "All three"]] * 3 == texts(box, ANN, BOB, CAT)


def test_a_group_created_again_unchanged_is_the_same_thread(box: Sandbox, client: gm.Client) -> None:
    group = opened(box, client, ANN, BOB)
    assert group == client.send(client.create_group([BOB, ANN]), "Again").group
    assert 1 == len(box.phones[ANN].threads)


def test_a_second_name_for_the_same_people_is_told_to_be_lost(box: Sandbox, client: gm.Client) -> None:
    """The same people on the same line are one thread, which keeps the name it has."""
    client.send(client.create_group([ANN, BOB], "Friends"), "Hello")
    receipt = client.send(client.create_group([ANN, BOB], "Family"), "Hello again")
    assert ("Friends", "name") == (receipt.group.name, receipt.degradations[-1].feature)


def test_members_of_a_group_known_by_id_are_counted_before_anybody_is_added(box: Sandbox, client: gm.Client) -> None:
    """Rather than found not to fit half-way."""
    group = opened(box, client, ANN, BOB)
    with box.connect("sendblue", limits={"recipients": 3}) as limited:
        box.clear_log()
        with pytest.raises(gm.LimitExceeded):
            limited.add_members(limited.group(group.id), [CAT, DAN])
    assert ["get_group"] == [entry["operation"] for entry in box.log]


def test_what_was_read_is_what_is_known(box: Sandbox, client: gm.Client) -> None:
    """Somebody who joined on a phone is counted once the group was read."""
    pending = client.create_group([ANN, BOB], "Friends")
    group = client.send(pending, "Hello").group
    (thread,) = box.phones[ANN].threads
    thread.participants.add(CAT)
    client.get_group(group)
    assert {ANN, BOB, CAT} == set(map(str, client.send(group, "Hello Cat").recipients))


def test_nobody_opens_a_second_thread_while_the_first_is_in_doubt(box: Sandbox, client: gm.Client) -> None:
    """Ten send at once to a pending group, the first answer is lost: one is unknown, nine are refused unsent."""
    box.fault("drop", operation="send_group", phase="after")
    group = client.create_group([ANN, BOB])

    def send(number: int) -> gm.GroupMessengerError | None:
        try:
            client.send(group, f"Number {number}")
        except gm.GroupMessengerError as error:
            return error
        return None

    with ThreadPoolExecutor(10) as pool:
        errors = list(pool.map(send, range(10)))
    (unknown,) = [error for error in errors if isinstance(error, gm.OutcomeUnknown)]
    assert 9 == sum(isinstance(error, gm.GroupPending) for error in errors)
    found = client.find_sent(unknown.attempt)
    assert isinstance(found, gm.Found)
    client.send(group, "Here we are")
    assert 1 == len(box.phones[ANN].threads)
    assert "Here we are" == box.phones[ANN].texts[-1]


@pytest.mark.parametrize("settled", ["absent", "created again"])
def test_a_doubt_ends(box: Sandbox, client: gm.Client, settled: str) -> None:
    """When the message is known not to have gone out, or somebody asks for the group anew."""
    box.fault("drop", operation="send_group")
    group = client.create_group([ANN, BOB])
    with pytest.raises(gm.OutcomeUnknown) as lost:
        client.send(group, "First")
    with pytest.raises(gm.GroupPending, match="find_sent"):
        client.send(group, "Second")
    if settled == "absent":
        attempt = lost.value.attempt
        assert attempt is not None
        early = attrs.evolve(attempt, leave_by=attempt.leave_from)
        assert gm.Absent() == client.find_sent(early)
    else:
        client.create_group([ANN, BOB])
    client.send(group, "Third")
    assert [["Third"]] * 2 == texts(box, ANN, BOB)


@attrs.frozen
class Slip(GroupMessenger):
    """An adapter with a mistake: what it does after its message went out, or gives for a receipt."""

    name = "slip"
    title = "Slip"
    capabilities = AcmeMessenger.capabilities
    line: str = "+13125550100"
    base_url: str = "http://127.0.0.1:1"
    mistake: str = "asks again"

    async def create_group(self, members: Sequence[Member], name: str | None) -> Group:
        return Group(self.name, self.line, "g1", tuple(members))

    async def send(self, group: Group, message: Message, token: str) -> Any:  # the mistake
        answer = await ask(Request("POST", "/messages", json={"text": message.text}))
        if self.mistake == "asks again":
            await ask(Request("POST", "/after", json={}))
        return None if self.mistake == "gives nothing" else gm.Receipt(id=answer.fields["id"], status=Status.SENT)


class SlipPlugin:
    @hookimpl
    def groupmessenger_provider(self) -> type[GroupMessenger]:
        return Slip


@pytest.mark.parametrize("mistake", ["asks again", "gives nothing", "gives another"])
def test_after_a_message_went_out_nothing_says_that_it_did_not(mistake: str) -> None:
    """Whatever an adapter gets wrong after its request was taken, the outcome is unknown, with the attempt."""

    def vendor(request: httpx.Request) -> httpx.Response:
        return httpx.Response(429 if request.url.path == "/after" else 200, json={"id": "m1"})

    with (
        gm.connect(
            "slip", plugins=[SlipPlugin()], http=httpx.MockTransport(vendor), patience=0, mistake=mistake
        ) as client,
        pytest.raises(gm.OutcomeUnknown) as raised,
    ):
        client.send(client.create_group([ANN, BOB]), "Hello")
    assert raised.value.attempt is not None


class Auditor:
    def __init__(self) -> None:
        self.seen: list[gm.Receipt | gm.GroupMessengerError] = []

    @hookimpl
    def groupmessenger_after_send(self, result: gm.Receipt | gm.GroupMessengerError) -> None:
        self.seen.append(result)


def test_observers_see_the_receipt_that_the_caller_gets(box: Sandbox) -> None:
    auditor = Auditor()
    with box.connect("sendblue", plugins=[auditor]) as client:
        group = client.create_group([ANN, BOB])
        receipts = [client.send(group, gm.Message("Hello", effect="no such")), client.send_direct(ANN, "Psst")]
    assert receipts == auditor.seen
    assert [True, False] == [bool(receipt.degradations) for receipt in receipts]


@pytest.mark.parametrize("again", [copy.deepcopy, lambda value: pickle.loads(pickle.dumps(value))])
def test_errors_and_messages_survive_pickling(box: Sandbox, client: gm.Client, again: Any) -> None:
    """Process pools and queues hand them on, whatever their constructors take."""
    box.fault("drop", operation="send_group", phase="after")
    message = gm.Message("Hello", extras={"sendblue": {"a": [1]}})
    with pytest.raises(gm.OutcomeUnknown) as unknown:
        client.send(client.create_group([ANN, BOB]), message)
    with pytest.raises(gm.LimitExceeded) as limit:
        client.create_group([ANN])
    partial = gm.PartialFailure("some", group=client.group("g"), succeeded=[], failed={gm.Member(ANN): limit.value})
    assert message == again(message)
    for error in (unknown.value, limit.value, partial):
        copied = again(error)
        assert (type(error), str(error), error.outcome) == (type(copied), str(copied), copied.outcome)
    assert unknown.value.attempt == again(unknown.value).attempt
    assert (2, 1) == (again(limit.value).limit, again(limit.value).asked)


_ANYTHING: Any = 5


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        (lambda client: client.send("sb_group_1", "x"), "a group is what create_group"),
        (lambda client: client.add_members(None, [ANN]), "a group is what create_group"),
        (lambda client: client.send(client.group("g"), 5), "a text or a Message, not int"),
        (lambda client: gm.Message(_ANYTHING), "a str, not int"),
        (lambda client: gm.Message("\ud83d"), "half of a character"),
        (lambda client: client.rename_group(client.group("g"), None), "a text that is not blank"),
        (lambda client: client.find_sent(None), "only a message can be looked for"),
        (lambda client: client.find_sent(_attempt(), "abc"), "put the single one in brackets"),
    ],
)
def test_slips_are_told(box: Sandbox, client: gm.Client, wrong: Any, words: str) -> None:
    """What a type checker would have found is said in words, before any request."""
    with pytest.raises(gm.InvalidInput, match=words):
        wrong(client)
    assert [] == box.log


def _attempt() -> gm.Attempt:

    now = datetime.now(UTC)
    message = gm.Message("x")
    return gm.Attempt(
        token="t", provider="sendblue", line="+13125550100", message=message, leave_from=now, leave_by=now
    )


@pytest.mark.parametrize(
    ("options", "key"),
    [
        ({"timeout": False}, "timeout"),
        ({"timeout": "30"}, "timeout"),
        ({"timeout": 1e13}, "timeout"),
        ({"settle_after": "5"}, "settle_after"),
        ({"limits": 5}, "limits"),
        ({"strict": "no"}, "strict"),
        ({"region": "USA"}, "region"),
    ],
)
def test_options_that_cannot_be(box: Sandbox, options: dict[str, Any], key: str) -> None:
    with pytest.raises(gm.ConfigurationError) as raised:
        box.connect("sendblue", **options)
    assert [key] == [problem.key for problem in raised.value.problems]


def test_a_region_may_be_written_small(box: Sandbox) -> None:
    with box.connect("sendblue", region="us") as client:
        group = client.create_group(["312 555 0131", "312 555 0132"])
    assert (ANN, BOB) == tuple(map(str, group.addresses))


def test_a_cancelled_first_message_leaves_the_group_in_doubt(box: Sandbox) -> None:
    """Whoever gives up waiting does not know either: the next message is not to open a second thread."""
    box.fault("delay", operation="send_group", phase="after", seconds=0.3)

    async def main() -> None:
        async with box.connect_async("sendblue") as client:
            group = await client.create_group([ANN, BOB])
            with anyio.move_on_after(0.1):
                await client.send(group, "First")
            with pytest.raises(gm.GroupPending, match="cancelled"):
                await client.send(group, "Second")
            await client.send(await client.create_group([ANN, BOB]), "Third")

    anyio.run(main)
    assert ["First", "Third"] == box.phones[ANN].texts
