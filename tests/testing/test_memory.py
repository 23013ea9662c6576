"""The provider in memory: phones, groups, failures, and what comes in."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

import groupmessenger as gm
from groupmessenger import webhooks
from groupmessenger.plugins import installed_providers
from groupmessenger.testing import Memory, MemoryMessenger
from groupmessenger.testing.memory_messenger import LINE

ANN, BOB, CAM = "+13125550101", "+13125550102", "+13125550103"


@pytest.fixture
def client(memory: Memory) -> gm.Client:
    return memory.connect()


def messages(memory: Memory, client: gm.Client) -> list[gm.MessageReceived]:
    return [each for each in memory.events(client) if isinstance(each, gm.MessageReceived)]


def test_a_group_is_one_thread(memory: Memory, client: gm.Client) -> None:
    receipt = client.send(client.create_group([ANN, BOB], "Dinner"), "Hello")
    assert {ANN: ["Hello"], BOB: ["Hello"]} == memory.phones.texts
    assert memory.phones[ANN].threads == memory.phones[BOB].threads
    assert [ANN, BOB] == [str(each) for each in receipt.recipients]
    assert "2 delivered" == client.get_status(receipt).summary
    assert [receipt.id] == [each.id for each in memory.sent]
    assert not any(number in repr(memory.sent) for number in (ANN, BOB, LINE))


def test_a_direct_message_is_private(memory: Memory, client: gm.Client) -> None:
    client.send_direct(ANN, gm.Message("Psst", "https://pictures.example.com/cake.jpg"))
    (thread,) = memory.phones[ANN].threads
    assert {ANN, LINE} == thread.participants
    assert ("https://pictures.example.com/cake.jpg",) == memory.phones[ANN].messages[thread.id][0].media


def test_everything_is_supported_but_what_phones_cannot_show(client: gm.Client) -> None:
    lacking = [name for name, flag in client.capabilities.flags.items() if not flag]
    assert ["effect", "expires_at", "leave_out", "priority"] == sorted(lacking)


def test_groups_change(memory: Memory, client: gm.Client) -> None:
    group = client.create_group([ANN, BOB])
    client.send(group, "One")
    group = client.add_members(group, [CAM])
    group = client.rename_group(client.remove_members(group, [ANN]), "Lunch")
    client.send(client.group(group.id), "Two")
    assert {ANN: ["One"], BOB: ["One", "Two"], CAM: ["Two"]} == memory.phones.texts
    assert ("Lunch", (BOB, CAM)) == (client.get_group(group).name, tuple(map(str, client.get_group(group).addresses)))
    assert [group] == list(client.list_groups())


@pytest.mark.parametrize("end", ["leave_group", "delete_group"])
def test_a_group_that_is_gone_is_not_found(memory: Memory, client: gm.Client, end: str) -> None:
    group = client.create_group([ANN, BOB])
    client.send(group, "One")
    getattr(client, end)(group)
    with pytest.raises(gm.GroupNotFound):
        client.send(group, "Two")
    memory.phones[ANN].send("Still there?", thread=memory.phones[ANN].threads[0].id)
    assert (end == "delete_group") == bool(messages(memory, client))
    assert ["One", "Still there?"] == memory.phones[BOB].texts


def test_two_groups_of_the_same_people_are_two_threads(memory: Memory, client: gm.Client) -> None:
    for text in ("One", "Two"):
        client.send(client.create_group([ANN, BOB]), text)
    assert 2 == len(memory.phones[ANN].threads)


def test_phones_that_are_off_or_cannot(memory: Memory, client: gm.Client) -> None:
    memory.phones[ANN].on = False
    memory.phones[BOB].landline = True
    receipt = client.send(client.create_group([ANN, BOB, CAM]), "Hello")
    assert "1 delivered, 1 failed (unreachable), 1 sent" == client.get_status(receipt).summary
    assert {CAM: ["Hello"]} == memory.phones.texts
    memory.phones[ANN].on = True
    assert "2 delivered, 1 failed (unreachable)" == client.get_status(receipt).summary


def test_a_scheduled_message_goes_when_the_clock_says_so(memory: Memory, client: gm.Client) -> None:
    group, later = client.create_group([ANN, BOB]), datetime.now(UTC) + timedelta(hours=1)
    kept, taken = (client.send(group, gm.Message(text, send_at=later)) for text in ("Now", "Never"))
    client.cancel_scheduled(taken)
    assert ("scheduled", {}) == (client.get_status(kept).status, memory.phones.texts)
    memory.clock.advance(3601)
    assert {ANN: ["Now"], BOB: ["Now"]} == memory.phones.texts
    with pytest.raises(gm.Rejected):
        client.cancel_scheduled(kept)


@pytest.mark.parametrize(
    "error",
    [
        gm.NotReached("away"),
        gm.RateLimited("busy", retry_after=120),
        gm.Rejected("no", reason=gm.FailureReason.SPAM),
        gm.OutcomeUnknown("lost"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_the_next_message_fails_as_asked(memory: Memory, client: gm.Client, error: gm.GroupMessengerError) -> None:
    group = client.create_group([ANN, BOB])
    memory.fails(error)
    with pytest.raises(type(error), match=str(error)) as caught:
        client.send(group, "One")
    assert caught.value.outcome is error.outcome
    assert getattr(error, "retry_after", None) == getattr(caught.value, "retry_after", None)
    client.send(group, "Two")
    assert ["Two"] == memory.phones[ANN].texts


@pytest.mark.parametrize(("done", "found"), [(True, gm.Found), (False, gm.Absent)])
def test_a_lost_answer_is_found_out_at_once(memory: Memory, client: gm.Client, done: bool, found: type) -> None:
    group = client.create_group([ANN, BOB])
    memory.fails(gm.OutcomeUnknown("lost"), done=done)
    with pytest.raises(gm.OutcomeUnknown) as lost:
        client.send(group, "One")
    assert isinstance(client.find_sent(lost.value.attempt), found)
    assert done == bool(memory.phones.texts)


def test_a_private_message_is_found_too(memory: Memory, client: gm.Client) -> None:
    memory.fails(gm.OutcomeUnknown("lost"), done=True)
    with pytest.raises(gm.OutcomeUnknown) as lost:
        client.send_direct(ANN, "One")
    sighting = client.find_sent(lost.value.attempt)
    assert isinstance(sighting, gm.Found)
    assert "1 delivered" == client.get_status(sighting.receipt).summary
    with pytest.raises(gm.ProviderError, match="no such message"):
        client.get_status("message_99")


def test_a_provider_that_finds_nothing_does_not_here(memory: Memory) -> None:
    memory.fails(gm.OutcomeUnknown("lost"), done=True)
    with memory.connect(like="bandwidth") as client, pytest.raises(gm.OutcomeUnknown) as lost:
        client.send_direct(ANN, "One")
    assert isinstance(memory.connect(like="bandwidth").find_sent(lost.value.attempt), gm.CannotTell)


def test_failures_of_an_operation_and_for_a_while(memory: Memory, client: gm.Client) -> None:
    group = client.create_group([ANN])
    memory.fails(gm.ProviderUnavailable("down"), times=2)
    memory.fails(gm.Rejected("full"), operation="add_members", times=None)
    for _ in range(2):
        with pytest.raises(gm.ProviderUnavailable):
            client.send_direct(ANN, "One")
        with pytest.raises(gm.Rejected):
            client.add_members(group, [BOB])
    client.send_direct(ANN, "Two")
    memory.failures.clear()
    client.add_members(group, [BOB])


def test_what_cannot_fail_so_is_refused(memory: Memory) -> None:
    with pytest.raises(gm.InvalidInput, match="leave out done"):
        memory.fails(gm.NotReached("away"), done=True)
    with pytest.raises(gm.InvalidInput, match="did you mean 'send_direct'"):
        memory.fails(gm.NotReached("away"), operation="send_directly")
    with pytest.raises(gm.InvalidInput, match="1 or more"):
        memory.fails(gm.NotReached("away"), times=0)
    with pytest.raises(gm.InvalidInput, match="an error of ours"):
        memory.fails(OSError("away"))  # type: ignore[arg-type]


def test_an_answer_is_answered(memory: Memory, client: gm.Client) -> None:
    """What a handler sends while it handles is told as well."""
    client.send(client.create_group([ANN, BOB]), "Dinner?")
    memory.phones[ANN].send("Yes", thread=memory.phones[ANN].threads[0].id)
    statuses = []
    for event in memory.events(client):
        match event:
            case gm.MessageReceived():
                client.reply(event, "At eight")
            case gm.StatusChanged():
                statuses.append(event.message_id)
    assert ["Dinner?", "Yes", "At eight"] == memory.phones[BOB].texts
    assert [2, 2] == [statuses.count(sent.id) for sent in memory.sent]
    assert [] == list(memory.events(client))


def test_a_private_message_has_no_group(memory: Memory, client: gm.Client) -> None:
    memory.phones[ANN].send("Hello?", to=LINE, media=["https://pictures.example.com/cake.jpg"])
    (event,) = messages(memory, client)
    assert (None, "Hello?", 1) == (event.group, event.text, len(event.media))
    assert [event] == list(client.received_since(datetime.now(UTC) - timedelta(minutes=1)))
    assert [] == list(client.received_since(datetime.now(UTC) + timedelta(minutes=1)))


def test_a_message_waits_for_whoever_connects(memory: Memory) -> None:
    memory.phones[ANN].send("Hello?", to=LINE)
    assert ["Hello?"] == [each.text for each in messages(memory, memory.connect())]


def test_who_opts_out_is_told(memory: Memory, client: gm.Client) -> None:
    memory.phones[ANN].opt_out(LINE)
    assert [gm.MessageReceived, gm.OptedOut] == [type(each) for each in memory.events(client)]


def test_callbacks_go_through_a_receiver(memory: Memory, client: gm.Client) -> None:
    heard: list[gm.Event] = []
    receive = webhooks.plain({"main": client}, heard.append)
    memory.phones[ANN].send("Hello", to=LINE)
    (callback,) = memory.callbacks()
    forged = gm.Callback("POST", callback.url, {"x-memory-event": "MessageReceived"}, callback.body)
    broken = gm.Callback("POST", callback.url, callback.headers, b"{}")
    assert [200, 200, 401, 400] == [receive("main", each).status for each in (callback, callback, forged, broken)]
    assert ["Hello"] == [each.text for each in heard if isinstance(each, gm.MessageReceived)]


def test_lines_are_apart(memory: Memory) -> None:
    one, other = memory.connect(), memory.connect(line="+1 312 555 0109")
    group = one.create_group([ANN, BOB])
    with pytest.raises(gm.WrongConnection):
        other.send(group, "Hello")
    assert [] == list(other.list_groups())
    memory.phones[ANN].send("Hello", to="+13125550109")
    assert ([], 1) == (messages(memory, one), len(messages(memory, other)))
    assert "1 delivered" == one.get_status(one.send_direct("+13125550109", "Line to line")).summary
    assert ["Line to line"] == [each.text for each in messages(memory, other)]


def test_files_have_a_url_and_cannot_be_fetched(client: gm.Client, tmp_path: Path) -> None:
    (tmp_path / "cake.jpg").write_bytes(b"jpeg")
    media = client.upload(tmp_path / "cake.jpg")
    assert ("image/jpeg", 4) == (media.content_type, media.size)
    with pytest.raises(gm.UnsupportedOperation, match="sandbox"):
        client.download(media, tmp_path)


def test_nobody_takes_it_for_a_provider(client: gm.Client) -> None:
    assert [gm.Level.UNCHECKED, gm.Level.WARNING] == [each.level for each in client.check()]
    assert "memory" not in installed_providers()
    assert isinstance(client.messenger, MemoryMessenger)


CONFIG = """
default = "main"
[directory]
url = "sqlite:///groups.db"
[connections.main]
provider = "memory"
[connections.other]
provider = "memory"
line = "+13125550109"
"""


def test_a_switchboard_over_it(memory: Memory, tmp_path: Path) -> None:
    file = tmp_path / "groupmessenger.toml"
    file.write_text(CONFIG)
    with gm.Switchboard.from_config(file, plugins=[memory]) as board:
        board.create_group("Dinner", [ANN, BOB])
        memory.fails(gm.OutcomeUnknown("lost"), done=True)
        with pytest.raises(gm.OutcomeUnknown):
            board.send("Dinner", "One", key="one")
        assert board.send("Dinner", "One", key="one").again
        board.switch("Dinner", to="other")
        assert "other" == board.send("Dinner", "Two").connection
        memory.phones[ANN].send("Yes", thread=memory.phones[ANN].threads[1].id)
        heard = [event for call in memory.callbacks("+13125550109") for event in board.receive("other", call)]
        assert "Dinner" == next(each.logical for each in heard if isinstance(each, gm.MessageReceived))
    assert {ANN: ["One", "Two", "Yes"], BOB: ["One", "Two", "Yes"]} == memory.phones.texts


@pytest.mark.anyio
async def test_async(memory: Memory) -> None:
    async with memory.connect_async() as client:
        group = await client.create_group([ANN, BOB])
        await client.send(group, "Hello")
        memory.phones[ANN].send("Yes", thread=group.id)
        for event in memory.events(client):
            if isinstance(event, gm.MessageReceived):
                await client.reply(event, "Good")
    assert ["Hello", "Yes", "Good"] == memory.phones[BOB].texts
