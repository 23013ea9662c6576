"""A message to a logical group: on disk before it leaves, one after the other, and told as it was."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from sqlalchemy import select
from switchboard.scenes import ANN, BEN, CAM, PEOPLE, PROVIDERS, REFUSALS, Hooked, Scene, a_scene, a_scene_on_each, once  # noqa: F401

import groupmessenger as gm
from groupmessenger.switchboard.directory import Transaction
from groupmessenger.switchboard.tables import attempts, metadata

PATHS = {"sendblue": "/send-group-message", "messagebird": "/messages", "bandwidth": "/messages"}


def everything(t: Transaction) -> str:
    """All that the directory keeps."""
    return repr([t.execute(select(table)).all() for table in metadata.sorted_tables])


@pytest.mark.parametrize("provider", PROVIDERS)
def test_it_reaches_everybody_once(scene: Scene, provider: str) -> None:
    board = scene.board(provider)
    board.create_group("team", PEOPLE)
    assert [] == scene.box.log, "a group is made without a request"
    receipt = board.send("team", "Dinner at seven?")
    assert once() == scene.shown("Dinner at seven?")
    assert ("team", provider, False, False) == (
        receipt.logical,
        receipt.connection,
        receipt.again,
        receipt.group.pending,
    )
    assert set(PEOPLE) == set(map(str, receipt.recipients))
    (entry,) = board.history("team")
    assert (gm.switchboard.State.SENT, receipt.id, 1) == (entry.state, entry.message_id, entry.tries)
    assert provider == board.group("team").last


@pytest.mark.parametrize("provider", PROVIDERS)
def test_the_next_one_goes_to_the_same_thread(scene: Scene, provider: str) -> None:
    """Whichever process sends it."""
    scene.board(provider).create_group("team", PEOPLE)
    for text in ("One", "Two", "Three"):
        scene.board(provider).send("team", text)
    assert scene.threads("One") == scene.threads("Two") == scene.threads("Three")
    (thread,) = scene.board(provider).group("team").threads
    assert gm.switchboard.ThreadState.OPEN is thread.state


@pytest.mark.parametrize("provider", PROVIDERS)
def test_it_is_on_disk_before_it_leaves(either: Scene, provider: str) -> None:
    other = either.board(provider)
    seen: list[Any] = []

    def look() -> None:
        seen.extend(other.operations.board.directory.do(lambda t: t.execute(select(attempts)).all()))

    board = either.board(provider, http={provider: Hooked(PATHS[provider], look)})
    board.create_group("team", PEOPLE)
    receipt = board.send("team", "Dinner at seven?", key="k")
    (row,) = seen
    assert ("sending", receipt.token, provider) == (row.state, row.token, row.connection)
    assert row.leave_from <= either.now() <= row.leave_by <= row.lease_until
    assert "Dinner at seven?" in row.dump, "it can be looked for"
    assert "Dinner at seven?" not in other.operations.board.directory.do(everything), "and needs not to be any more"


def test_texts_of_what_was_refused_are_not_kept_either(scene: Scene) -> None:
    board = scene.board("sendblue")
    board.create_group("team", PEOPLE)
    scene.strike("sendblue", "refuse", status=400, body={"status": "ERROR", "error_message": "No"})
    with pytest.raises(gm.Rejected):
        board.send("team", "Dinner at seven?")
    assert "Dinner at seven?" not in board.operations.board.directory.do(everything)
    assert {} == scene.shown("Dinner at seven?")


def test_messages_of_a_group_leave_one_after_the_other(either: Scene) -> None:
    """A second one waits for the first, in another process as well."""
    boards = [either.board("bandwidth", own={"bandwidth": {"patience": 20, "timeout": 20}}) for _ in range(2)]
    boards[0].create_group("team", PEOPLE)
    either.strike("bandwidth", "delay", seconds=0.3)
    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(boards[0].send, "team", "First")
        while not either.asked():
            time.sleep(0.005)
        boards[1].send("team", "Second")
        assert first.done(), "the second left before the first was answered"
    assert ["First", "Second"] == either.box.phones[ANN].texts
    assert first.result().id


def test_many_at_once_all_arrive_once(either: Scene) -> None:
    board = either.board("messagebird", own={"messagebird": {"patience": 30}})
    board.create_group("team", PEOPLE)
    texts = [f"Number {number}" for number in range(8)]
    with ThreadPoolExecutor(8) as pool:
        ids = {receipt.id for receipt in pool.map(lambda text: board.send("team", text), texts)}
    assert 8 == len(ids)
    assert sorted(texts) == sorted(either.box.phones[CAM].texts)
    assert 1 == len([entry for entry in either.box.log if entry["operation"] == "create_group"])


def test_one_that_cannot_wait_is_not_sent(scene: Scene) -> None:
    board = scene.board("sendblue", own={"sendblue": {"patience": 0.1}})
    board.create_group("team", PEOPLE)
    scene.strike("sendblue", "delay", seconds=0.5)
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(board.send, "team", "First")
        while not scene.asked():
            time.sleep(0.005)
        with pytest.raises(gm.InProgress, match="another message of this group is under way") as caught:
            board.send("team", "Second")
        assert gm.Outcome.NOT_SENT is caught.value.outcome
        first.result()
    assert {} == scene.shown("Second")
    assert ["First"] == [scene.box.phones[BEN].texts[0]]


@pytest.mark.parametrize("provider", PROVIDERS)
def test_what_breaks_a_limit_leaves_no_trace(scene: Scene, provider: str) -> None:
    board = scene.board(provider, own={provider: {"limits": {"text": 3}}})
    board.create_group("team", PEOPLE)
    with pytest.raises(gm.LimitExceeded):
        board.send("team", "a" * 5000)
    assert ([], ()) == (scene.box.log, board.history("team"))


@pytest.mark.parametrize("provider", PROVIDERS)
def test_what_was_not_sent_is_told_so_and_can_be_sent_again(scene: Scene, provider: str) -> None:
    board = scene.board(provider, own={provider: {"patience": 0}})
    board.create_group("team", PEOPLE)
    scene.strike(provider, "refuse", **REFUSALS[provider])
    with pytest.raises(gm.GroupMessengerError) as caught:
        board.send("team", "Hello")
    assert gm.Outcome.NOT_SENT is caught.value.outcome, caught.value
    assert {} == scene.shown("Hello")
    board.send("team", "Hello")
    assert once() == scene.shown("Hello")
    assert ["not_sent", "sent"] == [entry.state for entry in board.history("team")]


def test_nothing_shows_a_whole_number_or_a_text(scene: Scene, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG", "groupmessenger")
    board = scene.board("sendblue", "bandwidth")
    words = [repr(board), repr(board.create_group("team", PEOPLE)), repr(board.send("team", "Secret plans", key="k"))]
    scene.strike("sendblue", "drop", phase="after")
    for attempt in range(2):
        with pytest.raises(gm.OutcomeUnknown) as caught:
            board.send("team", "Secret plans again", key="again")
        words += [str(caught.value), repr(caught.value), repr(caught.value.attempt)]
        if not attempt:
            scene.strike("sendblue", "drop", phase="after")
            scene.box.fault("refuse", provider="sendblue", operation="list_messages", status=403, times=None)
    words += [
        repr(board.group("team")),
        repr(board.history("team")),
        repr(board.settle()),
        repr(board.plan("team", "x")),
    ]
    words += [repr(board.plan_switch("bandwidth")), repr(board.delivery("team")), repr(board.forks("team"))]
    told = " ".join([*words, caplog.text])
    assert [] == [private for private in (*PEOPLE, "Secret plans") if private in told]


def test_a_thread_that_the_provider_knows_no_more_is_replaced(scene: Scene) -> None:
    """It answers that nothing was sent, so that it goes to another thread, and once."""
    board = scene.board("sendblue")
    board.create_group("team", PEOPLE)
    board.send("team", "One")
    scene.box.faces["sendblue"].account.groups.clear()  # type: ignore[attr-defined]
    board.send("team", "Two")
    assert once() == scene.shown("Two")
    assert ["retired", "open"] == [thread.state for thread in board.group("team").threads]
    (fork,) = board.forks("team")
    assert "knows the thread no more" in fork.reason
