"""Who opted out is not texted, by any connection; and nothing is chosen silently in their place."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from switchboard.scenes import ANN, BEN, CAM, DAN, PEOPLE, PROVIDERS, Hooked, Scene, a_scene, a_scene_on_each, once  # noqa: F401

import groupmessenger as gm

SENDS = {"sendblue": "/send-group-message", "messagebird": "/messages", "bandwidth": "/messages"}


def refused(call: Callable[[], object]) -> gm.Suppressed:
    """What is raised instead, which names who opted out and the choices there are."""
    with pytest.raises(gm.Suppressed) as caught:
        call()
    assert [CAM] == [str(member) for member in caught.value.members]
    assert gm.Outcome.NOT_SENT is caught.value.outcome
    for choice in ("remove_members()", "leave_out", "only they can opt in again"):
        assert choice in str(caught.value)
    assert CAM not in str(caught.value)
    return caught.value


def teamed(scene: Scene, *names: str) -> gm.Switchboard:
    board = scene.board(*names)
    board.create_group("team", PEOPLE)
    return board


def test_nobody_who_opted_out_is_texted_whatever_carries_it(either: Scene) -> None:
    board = teamed(either)
    board.suppress(CAM)
    for name in PROVIDERS:
        refused(partial(either.board(name).send, "team", "Hello"))
    assert {} == either.shown("Hello")
    assert () == board.history("team")
    assert [] == either.asked()


def test_every_operation_looks(scene: Scene) -> None:
    board = teamed(scene)
    board.create_group("pair", [ANN, BEN])
    board.suppress(CAM)
    refused(lambda: board.create_group("other", [ANN, CAM]))
    refused(lambda: board.add_members("pair", [CAM]))
    refused(lambda: board.plan("team", "Hello"))
    assert ["pair", "team"] == [group.name for group in board.groups()]
    assert [ANN, BEN] == [str(member) for member in board.group("pair").members]
    with pytest.raises(gm.CapabilityError, match=r"does not fit on bandwidth: .* opted out"):
        board.switch("team", "bandwidth")
    plans = {plan.group.name: plan.fits for plan in board.plan_switch("bandwidth")}
    assert {"pair": True, "team": False} == plans


def test_whoever_is_in_a_group_already_does_not_keep_others_out(scene: Scene) -> None:
    board = teamed(scene, "bandwidth")
    board.suppress(CAM)
    board.add_members("team", [DAN])
    board.remove_members("team", [CAM])
    board.send("team", "Hello")
    assert once(ANN, BEN, DAN) == scene.shown("Hello")


@pytest.mark.parametrize("provider", PROVIDERS)
def test_without_them_the_group_goes_on(scene: Scene, provider: str) -> None:
    board = teamed(scene, provider)
    board.send("team", "Hello")
    board.suppress(CAM)
    refused(lambda: board.send("team", "Again"))
    board.remove_members("team", [CAM])
    board.send("team", "Again")
    assert once(ANN, BEN) == scene.shown("Again")


def test_private_copies_can_leave_them_out(scene: Scene) -> None:
    board = teamed(scene, "messagebird")
    board.suppress(CAM)
    receipt = board.send("team", gm.Message("Hello", leave_out=[CAM]))
    assert once(ANN, BEN) == scene.shown("Hello")
    assert {ANN, BEN} == set(map(str, receipt.recipients))


def test_a_shared_thread_cannot_leave_them_out(scene: Scene) -> None:
    board = teamed(scene, "sendblue")
    board.suppress(CAM)
    with pytest.raises(gm.UnsupportedOperation):
        board.send("team", gm.Message("Hello", leave_out=[CAM]))
    assert {} == scene.shown("Hello")


def test_only_they_opt_in_again(either: Scene) -> None:
    """The last word counts, and every word is kept."""
    board = teamed(either, "bandwidth")
    for lift in (False, True, False, True):
        board.suppress(CAM, lift=lift)
    board.send("team", "Hello")
    assert once() == either.shown("Hello")
    (last,) = board.opt_outs()
    assert (CAM, False, "application") == (str(last.address), last.suppressed, last.source)
    assert [True, False, True, False] == [each.suppressed for each in board.opt_outs(everything=True)]


def test_taking_them_out_and_in_lifts_nothing(scene: Scene) -> None:
    board = teamed(scene)
    board.suppress(CAM)
    board.remove_members("team", [CAM])
    refused(lambda: board.add_members("team", [CAM]))
    board.archive("team")
    refused(lambda: board.create_group("team", PEOPLE))


# As vendors tell it


@pytest.mark.parametrize("provider", PROVIDERS)
@pytest.mark.parametrize("word", ["STOP", "Opt out!", "unsubscribe"])
def test_a_word_is_enough(scene: Scene, provider: str, word: str) -> None:
    """Written to one line, it holds for all of them; and another word lifts it."""
    scene.listen()
    board = teamed(scene)
    scene.board(provider).send("team", "Hello")
    line = scene.box.settings(provider)["line"]
    scene.box.phones[CAM].send(word, to=line)
    told = scene.hear(board, provider)
    assert 1 == sum(isinstance(event, gm.OptedOut) for event in told)
    for name in PROVIDERS:
        refused(partial(scene.board(name).send, "team", "Again"))
    (kept,) = board.opt_outs()
    assert (CAM, True, "message", provider, line) == (
        str(kept.address),
        kept.suppressed,
        kept.source,
        kept.connection,
        kept.line,
    )
    scene.box.phones[CAM].opt_in(line)
    scene.hear(board, provider)
    assert (False,) == tuple(each.suppressed for each in board.opt_outs())


def test_in_a_thread_everybody_reads_it_and_it_counts_as_well(scene: Scene) -> None:
    scene.listen()
    board = teamed(scene, "bandwidth")
    board.send("team", "Hello")
    (thread,) = scene.threads("Hello")
    scene.box.phones[CAM].send("Stop", thread=thread)
    events = scene.hear(board)
    message = next(event for event in events if isinstance(event, gm.MessageReceived))
    assert not message.repliable
    with pytest.raises(gm.GroupMessengerError, match="opts out by it"):
        board.reply(message, "Sorry!")
    refused(lambda: board.send("team", "Again"))
    assert {} == scene.shown("Sorry!")
    assert once(ANN, BEN) == {n: c for n, c in scene.shown("Stop").items() if n != CAM}


def test_told_twice_it_is_one(either: Scene) -> None:
    either.listen()
    either.box.callbacks.twice = True
    board = teamed(either, "sendblue")
    either.box.phones[CAM].opt_out(either.box.settings("sendblue")["line"])
    either.hear(board)
    either.hear(either.board("sendblue"))
    assert 1 == len(board.opt_outs(everything=True))


def test_an_older_word_told_again_lifts_nothing(scene: Scene) -> None:
    scene.listen()
    board = teamed(scene, "sendblue")
    line = scene.box.settings("sendblue")["line"]
    scene.box.phones[CAM].opt_in(line)
    started = scene.callbacks("sendblue")
    for each in started:
        board.receive("sendblue", each)
    scene.box.phones[CAM].opt_out(line)
    scene.hear(board)
    for each in started:
        board.receive("sendblue", each)
    assert (True,) == tuple(each.suppressed for each in board.opt_outs())
    refused(lambda: board.send("team", "Hello"))


# Between two steps of a send


def test_a_word_that_comes_while_a_message_is_prepared_is_heeded(either: Scene) -> None:
    """It is looked for before the group is made at the provider, and again before the message leaves."""
    other = either.board("messagebird")
    hook = Hooked("/groups", lambda: other.suppress(CAM))
    board = either.board("messagebird", http={"messagebird": hook})
    board.create_group("team", PEOPLE)
    refused(lambda: board.send("team", "Hello", key="k"))
    assert ([], {}) == (either.asked(), either.shown("Hello"))
    assert ["not_sent"] == [entry.state for entry in board.history("team")]
    board.remove_members("team", [CAM])
    board.send("team", "Hello", key="k")
    assert once(ANN, BEN) == either.shown("Hello")


@pytest.mark.parametrize("provider", PROVIDERS)
def test_a_word_that_comes_while_a_message_leaves_is_for_the_next(scene: Scene, provider: str) -> None:
    other = scene.board(provider)
    board = scene.board(provider, http={provider: Hooked(SENDS[provider], lambda: other.suppress(CAM))})
    board.create_group("team", PEOPLE)
    board.send("team", "Hello", key="k")
    assert once() == scene.shown("Hello")
    assert board.send("team", "Hello", key="k").again, "what was sent is told, whoever opted out since"
    refused(lambda: board.send("team", "Again"))


def test_a_vendor_that_refuses_for_somebody_is_not_evaded(scene: Scene) -> None:
    """It does not say for whom: no other connection is tried."""
    board = scene.board("sendblue", "bandwidth", own={"sendblue": {"failover": True}}, prefer=("sendblue", "bandwidth"))
    board.create_group("team", PEOPLE)
    face: Any = scene.box.faces["sendblue"]
    face.account.opted_out.add(CAM)
    with pytest.raises(gm.Rejected) as caught:
        board.send("team", "Hello")
    assert gm.FailureReason.OPTED_OUT is caught.value.reason
    assert {} == scene.shown("Hello")
    assert [] == scene.asked("bandwidth")
