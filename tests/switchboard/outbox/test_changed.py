"""What changes between the moment a message is queued and the moment that it is sent: everything is looked at again."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta

import pytest
from switchboard.accidents import crowds
from switchboard.outbox.hands import Worker, at, queue, states, teamed, texts
from switchboard.scenes import ANN, BEN, CAM, DAN, PEOPLE, Scene, a_scene, a_scene_on_each, once  # noqa: F401

import groupmessenger as gm
from groupmessenger.errors import DirectoryError

# Its group


def test_somebody_who_opted_out_meanwhile_is_not_texted(either: Scene) -> None:
    """The message is a dead letter, which says so; it can be sent when she is no member any more."""
    board = teamed(either)
    one, _ = queue(board, "One", "Two")
    board.suppress(BEN)
    worker = Worker(either, board)
    assert ["failed", "failed"] == worker.drain()
    dead = board.outbox.get(one.id)
    assert dead.error is not None
    assert "opted out" in dead.error
    assert ([], BEN in dead.error) == (either.asked(), False)
    board.remove_members("team", [BEN])
    board.outbox.retry(one.id)
    assert ["sent"] == worker.drain()
    assert once(ANN, CAM) == either.shown("One")


def test_somebody_who_opts_out_while_it_is_prepared_is_not_texted(scene: Scene) -> None:
    board = teamed(scene)
    queue(board, "One")
    worker = Worker(scene, board, on=at("before", "depart", lambda: scene.board("sendblue").suppress(BEN)))
    assert ["failed"] == worker.drain()
    assert {} == scene.shown("One")


def test_a_group_that_was_switched_meanwhile_goes_by_its_new_connection(either: Scene) -> None:
    board = teamed(either, "sendblue", "messagebird")
    queue(board, "One")
    board.switch("team", "messagebird")
    Worker(either, board).drain()
    assert "messagebird" == board.outbox.entries("sent")[0].connection
    assert once() == either.shown("One")


def test_members_are_those_that_the_group_has_when_it_is_sent(either: Scene) -> None:
    board = teamed(either)
    queue(board, "One")
    board.add_members("team", [DAN])
    board.remove_members("team", [CAM])
    Worker(either, board).drain()
    assert once(ANN, BEN, DAN) == either.shown("One")


def test_somebody_who_joins_while_it_is_prepared_gets_it_too(scene: Scene) -> None:
    board = teamed(scene)
    queue(board, "One")
    worker = Worker(scene, board, on=at("before", "depart", lambda: board.add_members("team", [DAN])))
    assert ["sent"] == worker.drain()
    assert once(*PEOPLE, DAN) == scene.shown("One")


def test_a_group_that_was_renamed_is_the_same_group(either: Scene) -> None:
    board = teamed(either)
    queue(board, "One", "Two")
    board.rename("team", "crew")
    worker = Worker(either, board, on=at("before", "_read", lambda: board.rename("crew", "band")))
    assert ["sent", "sent"] == worker.drain("crew")
    assert ["One", "Two"] == texts(either)


def test_a_group_that_gave_its_name_away_is_the_one_that_was_meant(scene: Scene) -> None:
    board = teamed(scene)
    queue(board, "One")
    board.rename("team", "crew")
    board.create_group("team", [DAN])
    Worker(scene, board).drain("crew")
    assert once() == scene.shown("One")


def test_messages_of_a_group_that_was_put_away_are_dead_letters(either: Scene) -> None:
    board = teamed(either)
    (one,) = queue(board, "One")
    board.archive("team")
    assert ["failed"] == Worker(either, board).work()
    assert ("failed", {}) == (board.outbox.get(one.id).state, either.shown("One"))


# The file


def test_a_switch_that_is_held_is_waited_for(scene: Scene) -> None:
    """Queued before, or meanwhile: it goes when somebody has said where to."""
    board = teamed(scene, "sendblue", "messagebird")
    board.send("team", "Hello")
    (one,) = queue(board, "One")
    held = teamed(scene, "messagebird", "sendblue", hold=True)
    (two,) = queue(held, "Two")
    worker = Worker(scene, held)
    assert ["waiting"] == worker.drain()
    error = held.outbox.get(one.id).error
    assert error is not None
    assert "switch" in error
    held.switch("team", "messagebird")
    assert ["sent", "sent"] == worker.work(90)
    assert ["Hello", "One", "Two"] == texts(scene)
    assert ["messagebird"] * 2 == [held.outbox.get(each.id).connection for each in (one, two)]


# Time


@pytest.mark.parametrize("waits", [0, 100])
def test_what_was_to_be_sent_until_a_time_that_is_over_is_not_sent(scene: Scene, waits: float) -> None:
    board = teamed(scene, "messagebird")
    until = scene.now() + timedelta(seconds=50)
    one = board.enqueue("team", gm.Message("Tonight", expires_at=until))
    queue(board, "Two")
    scene.later(waits)
    Worker(scene, board).drain()
    assert ("failed" if waits else "sent") == board.outbox.get(one.id).state
    assert ({} if waits else once(), once()) == (scene.shown("Tonight"), scene.shown("Two"))


# The directory


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_directory_that_is_gone_for_a_while_loses_nothing(scene: Scene, when: str) -> None:
    """At any step, before or after it is done."""
    for step, people in enumerate(crowds(), 1):
        name, text = f"group {step}", f"Text {step}"
        board = teamed(scene)
        board.create_group(name, people)
        queue(board, text, group=name)
        steps = iter(range(1, 100))

        def away(at: str, _: str, steps: Iterator[int] = steps, step: int = step) -> None:
            if at == when and next(steps) == step:
                raise DirectoryError("the database is away")

        with suppress(DirectoryError):
            Worker(scene, board, on=away).drain(name)
        if next(steps) <= step:
            assert step > 5
            return
        Worker(scene, board, "second").work()
        assert once(*people) == scene.shown(text)
        assert {text: "sent"} == states(board, name)
    raise AssertionError("it never came to its end")
