"""A key: the same message once, however often and from wherever it is asked for."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from typing import Any

import attrs
import pytest
from switchboard.scenes import (  # noqa: F401
    ANN,
    PEOPLE,
    PROVIDERS,
    REFUSALS,
    SETTLE,
    TELLING,
    Scene,
    a_scene,
    a_scene_on_each,
    lost,
    once,
)

import groupmessenger as gm

TEXT = "Dinner at seven?"


@pytest.mark.parametrize("provider", PROVIDERS)
def test_it_is_sent_once(either: Scene, provider: str) -> None:
    """From any process, and the later ones are told what the first was."""
    either.board(provider).create_group("team", PEOPLE)
    first = either.board(provider).send("team", TEXT, key="k")
    again = either.board(provider).send("team", TEXT, key="k")
    assert once() == either.shown(TEXT)
    assert (False, True) == (first.again, again.again)
    assert attrs.evolve(first, again=True) == again


def test_it_is_sent_once_whatever_carries_the_group_by_then(scene: Scene) -> None:
    first = scene.board("sendblue", "bandwidth")
    first.create_group("team", PEOPLE)
    first.send("team", TEXT, key="k")
    again = scene.board("bandwidth", "sendblue").send("team", TEXT, key="k")
    assert (True, "sendblue") == (again.again, again.connection)
    assert once() == scene.shown(TEXT)


def test_at_once_it_is_sent_once(either: Scene) -> None:
    boards = [either.board("bandwidth", own={"bandwidth": {"patience": 20}}) for _ in range(3)]
    boards[0].create_group("team", PEOPLE)
    with ThreadPoolExecutor(6) as pool:
        receipts = list(pool.map(lambda number: boards[number % 3].send("team", TEXT, key="k"), range(6)))
    assert once() == either.shown(TEXT)
    assert 1 == len({receipt.id for receipt in receipts})
    assert 1 == sum(not receipt.again for receipt in receipts)


@pytest.mark.parametrize("other", ["Dinner at eight?", gm.Message(TEXT, "https://pictures.example.com/a.jpg")])
def test_another_message_under_the_same_key_is_refused(scene: Scene, other: gm.Message | str) -> None:
    board = scene.board("sendblue")
    board.create_group("team", PEOPLE)
    board.send("team", TEXT, key="k")
    with pytest.raises(gm.KeyReused, match="the key 'k' was used for another message") as caught:
        board.send("team", other, key="k")
    assert gm.Outcome.NOT_SENT is caught.value.outcome
    assert [TEXT] == scene.box.phones[ANN].texts
    assert 1 == len(scene.asked())


def test_a_note_of_the_callers_own_is_no_other_message(scene: Scene) -> None:
    board = scene.board("sendblue")
    board.create_group("team", PEOPLE)
    board.send("team", gm.Message(TEXT, reference="order 1"), key="k")
    assert board.send("team", gm.Message(TEXT, reference="order 2"), key="k").again


def test_a_key_is_of_one_group(scene: Scene) -> None:
    board = scene.board("sendblue")
    for name, people in (("one", PEOPLE), ("two", PEOPLE[:2])):
        board.create_group(name, people)
        board.send(name, f"To {name}", key="k")
    assert once() == scene.shown("To one")
    assert once(*PEOPLE[:2]) == scene.shown("To two")


def test_a_key_goes_on_with_a_group_that_was_renamed(scene: Scene) -> None:
    board = scene.board("sendblue")
    board.create_group("team", PEOPLE)
    board.send("team", TEXT, key="k")
    board.rename("team", "crew")
    again = board.send("crew", TEXT, key="k")
    assert (True, "crew") == (again.again, again.logical)


@pytest.mark.parametrize("key", ["", " ", "k" * 201, 7])
def test_what_cannot_be_a_key(scene: Scene, key: str) -> None:
    board = scene.board("sendblue")
    board.create_group("team", PEOPLE)
    with pytest.raises(gm.InvalidInput, match="a key is a text of 1 to 200 characters"):
        board.send("team", TEXT, key=key)
    assert [] == scene.box.log


@pytest.mark.parametrize("provider", PROVIDERS)
def test_after_a_refusal_it_is_tried_again(scene: Scene, provider: str) -> None:
    board = scene.board(provider)
    board.create_group("team", PEOPLE)
    scene.strike(provider, "refuse", **REFUSALS[provider])
    with pytest.raises(gm.Rejected):
        board.send("team", TEXT, key="k")
    assert not board.send("team", TEXT, key="k").again
    assert once() == scene.shown(TEXT)
    (entry,) = board.history("team")
    assert ("k", "sent", 2) == (entry.key, entry.state, entry.tries)


@pytest.mark.parametrize("provider", TELLING)
def test_after_a_lost_answer_it_is_looked_for_and_found(either: Scene, provider: str) -> None:
    board = either.board(provider)
    board.create_group("team", PEOPLE)
    either.strike(provider, "drop", phase="after")
    lost(lambda: board.send("team", TEXT, key="k"))
    again = either.board(provider).send("team", TEXT, key="k")
    assert again.again
    assert again.id
    assert once() == either.shown(TEXT)
    board.send("team", "And wine?")
    assert either.threads(TEXT) == either.threads("And wine?")


def test_after_a_lost_answer_it_is_never_sent_where_nobody_can_tell(either: Scene) -> None:
    """Whatever is asked, and however late."""
    board = either.board("bandwidth")
    board.create_group("team", PEOPLE)
    either.strike("bandwidth", "drop", phase="after")
    first = lost(lambda: board.send("team", TEXT, key="k"))
    second = lost(lambda: board.send("team", TEXT, key="k"))
    assert first.attempt is not None
    assert second.attempt is not None
    assert first.attempt.token == second.attempt.token
    either.later()
    board.settle()
    assert "nobody can tell any more" in str(lost(lambda: either.board("bandwidth").send("team", TEXT, key="k")))
    assert 1 == len(either.asked())
    assert once() == either.shown(TEXT)


def test_one_that_is_under_way_is_waited_for(either: Scene) -> None:
    boards = [either.board("sendblue", own={"sendblue": {"patience": 20, "timeout": 20}}) for _ in range(2)]
    boards[0].create_group("team", PEOPLE)
    either.strike("sendblue", "delay", seconds=0.3)
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(boards[0].send, "team", TEXT, "k")
        while not either.asked():
            time.sleep(0.005)
        again = boards[1].send("team", TEXT, key="k")
        assert (True, first.result().id) == (again.again, again.id)
    assert once() == either.shown(TEXT)


def test_one_that_is_under_way_for_long_is_told_to_be(scene: Scene) -> None:
    board = scene.board("sendblue", own={"sendblue": {"patience": 0.1}})
    board.create_group("team", PEOPLE)
    scene.strike("sendblue", "delay", seconds=0.5)
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(board.send, "team", TEXT, "k")
        while not scene.asked():
            time.sleep(0.005)
        with pytest.raises(gm.InProgress, match="a send with this key is under way, until") as caught:
            board.send("team", TEXT, key="k")
        assert gm.Outcome.UNKNOWN is caught.value.outcome
        first.result()
    assert once() == scene.shown(TEXT)


# Two keys, one text, one thread.


@pytest.mark.parametrize("provider", PROVIDERS)
def test_two_keys_with_one_text_are_two_messages(scene: Scene, provider: str) -> None:
    board = scene.board(provider)
    board.create_group("team", PEOPLE)
    receipts = [board.send("team", TEXT, key=key) for key in ("a", "b", "c")]
    assert dict.fromkeys(PEOPLE, 3) == scene.shown(TEXT)
    assert 3 == len({receipt.id for receipt in receipts})
    assert [receipt.id for receipt in receipts] == [board.send("team", TEXT, key=key).id for key in ("a", "b", "c")]


@pytest.mark.parametrize("provider", TELLING)
@pytest.mark.parametrize("nth", range(3))
def test_a_lost_one_of_three_with_one_text_is_found_as_itself(scene: Scene, provider: str, nth: int) -> None:
    """A message at the provider is one attempt's."""
    scene.board(provider).create_group("team", PEOPLE)
    ids = {}
    for number, key in enumerate("abc"):
        board = scene.board(provider)  # which remembers nothing
        if number == nth:
            scene.strike(provider, "drop", phase="after")
            lost(partial(board.send, "team", TEXT, key=key))
        ids[key] = board.send("team", TEXT, key=key).id
    assert dict.fromkeys(PEOPLE, 3) == scene.shown(TEXT)
    assert 3 == len(set(ids.values()))
    assert [message.id if provider == "messagebird" else message.handle for message in vendors(scene, provider)] == [
        ids[key] for key in "abc"
    ]


def vendors(scene: Scene, provider: str) -> list[Any]:
    return scene.box.faces[provider].messages  # type: ignore[attr-defined,no-any-return]


def test_the_second_of_one_text_waits_until_the_first_is_known(scene: Scene) -> None:
    board = scene.board("sendblue", own={"sendblue": {"patience": 0.1}})
    board.create_group("team", PEOPLE)
    scene.strike("sendblue", "late", seconds=20)
    lost(lambda: board.send("team", TEXT, key="a"))
    with pytest.raises(gm.InProgress, match="whether an earlier message to this group went out is not known yet"):
        board.send("team", TEXT, key="b")
    assert {} == scene.shown(TEXT)
    scene.later(30)
    assert once() == scene.shown(TEXT), "the vendor was late"
    board.send("team", TEXT, key="b")
    assert board.send("team", TEXT, key="a").again
    assert dict.fromkeys(PEOPLE, 2) == scene.shown(TEXT)
    assert ["sent", "sent"] == [entry.state for entry in board.history("team")]


@pytest.mark.parametrize("arrives", ["a", "b"])
def test_what_may_be_either_of_two_is_not_taken_for_the_first(either: Scene, arrives: str) -> None:
    """The first could not be told in its time, and then the second was lost as well; one of them is there."""
    board = either.board("sendblue")
    board.create_group("team", PEOPLE)
    board.send("team", "Hello")
    either.box.fault("refuse", provider="sendblue", operation="list_messages", status=403, times=None)
    for key in "ab":
        either.strike("sendblue", "drop", phase="after" if key == arrives else "before")
        lost(partial(board.send, "team", TEXT, key=key))
        if key == "a":
            either.later(SETTLE + 30)
    either.box.clear_faults()
    (told,) = board.settle()
    assert ("b", "sent" if arrives == "b" else "unknown") == (told.key, told.state)
    either.later()
    board.settle()
    for key in "ab":
        with suppress(gm.OutcomeUnknown):
            board.send("team", TEXT, key=key)
    assert once() == either.shown(TEXT)
