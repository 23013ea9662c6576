"""What became of a message whose answer was lost: found, absent, or nobody can tell."""

from __future__ import annotations

from typing import Any

import groupmessenger_messagebird.lookup
import groupmessenger_sendblue.lookup
import pytest
from switchboard.scenes import (  # noqa: F401
    ANN,
    PEOPLE,
    PROVIDERS,
    SETTLE,
    TELLING,
    Scene,
    a_scene,
    a_scene_on_each,
    lost,
    once,
)

import groupmessenger as gm
from groupmessenger.sandbox import Sandbox
from groupmessenger.switchboard import Settled

TEXT = "Dinner at seven?"
LISTS = {"sendblue": "list_messages", "messagebird": "list_messages", "bandwidth": "search"}


def teamed(scene: Scene, provider: str, **own: Any) -> gm.Switchboard:
    """A switchboard with one group, which has its thread."""
    board = scene.board(provider, own={provider: own})
    board.create_group("team", PEOPLE)
    board.send("team", "Hello")
    return board


def state(board: gm.Switchboard) -> tuple[str, bool]:
    last = board.history("team")[-1]
    return last.state, last.gave_up


def settled(board: gm.Switchboard) -> Settled:
    (one,) = board.settle()
    return one


# Found


@pytest.mark.parametrize("provider", TELLING)
@pytest.mark.parametrize("first", [True, False], ids=["the first", "a later one"])
def test_what_went_out_is_found(either: Scene, provider: str, first: bool) -> None:
    """By another process, at once; and its thread is known from then on."""
    if first:
        either.board(provider).create_group("team", PEOPLE)
    else:
        teamed(either, provider)
    either.strike(provider, "reset", phase="after")
    lost(lambda: either.board(provider).send("team", TEXT))
    board = either.board(provider)
    assert Settled(logical="team", key=None, connection=provider, state=gm.switchboard.State.SENT) == settled(board)
    assert () == board.settle()
    board.send("team", "And wine?")
    assert either.threads(TEXT) == either.threads("And wine?")
    assert once() == either.shown(TEXT) == either.shown("And wine?")


@pytest.mark.parametrize("provider", TELLING)
def test_what_goes_out_late_is_found_then(scene: Scene, provider: str) -> None:
    """It was not there when it was looked for, and nobody took that for a no."""
    board = teamed(scene, provider)
    scene.strike(provider, "late", seconds=SETTLE / 2)
    lost(lambda: board.send("team", TEXT, key="k"))
    assert "unknown" == settled(board).state
    lost(lambda: board.send("team", TEXT, key="k"))
    scene.later(SETTLE - 5)
    assert "sent" == settled(board).state
    assert board.send("team", TEXT, key="k").again
    assert once() == scene.shown(TEXT)


@pytest.mark.parametrize("provider", TELLING)
def test_an_empty_list_is_not_believed_while_it_may_lag(databases: Any, tmp_path: Any, provider: str) -> None:
    with (
        databases.new("sqlite", tmp_path) as url,
        Sandbox(doubts={f"{provider}.list_lag": 5}) as box,
        Scene(box, url, tmp_path) as scene,
    ):
        board = teamed(scene, provider)
        scene.later(10)
        scene.strike(provider, "drop", phase="after")
        lost(lambda: board.send("team", TEXT, key="k"))
        lost(lambda: board.send("team", TEXT, key="k"))
        scene.later(10)
        assert "sent" == settled(board).state
        assert once() == scene.shown(TEXT)


@pytest.mark.parametrize(
    ("provider", "doubt"), [("sendblue", "sendblue.created_filter"), ("messagebird", "messagebird.list_filters")]
)
def test_a_filter_that_is_ignored_deceives_nobody(databases: Any, tmp_path: Any, provider: str, doubt: str) -> None:
    """Neither an older message with the same text nor another group's is taken for it."""
    with (
        databases.new("sqlite", tmp_path) as url,
        Sandbox(doubts={doubt: "ignored"}) as box,
        Scene(box, url, tmp_path) as scene,
    ):
        board = teamed(scene, provider)
        board.send("team", TEXT)
        board.create_group("others", PEOPLE[:2])
        board.send("others", TEXT)
        scene.later(2 * 3600)
        scene.strike(provider, "reset", phase="before")
        lost(lambda: board.send("team", TEXT, key="k"))
        board.send("others", TEXT)
        scene.later(3600)
        assert ("not_sent", "it did not go out") == ((told := settled(board)).state, told.why)


# Absent


@pytest.mark.parametrize("provider", TELLING)
def test_what_never_arrived_is_absent_after_the_settle_time(either: Scene, provider: str) -> None:
    """Not before; and then it may be sent."""
    board = teamed(either, provider)
    either.strike(provider, "reset", phase="before")
    lost(lambda: board.send("team", TEXT, key="k"))
    assert ("unknown", True) == ((told := settled(board)).state, "still be under way" in told.why)
    lost(lambda: board.send("team", TEXT, key="k"))
    assert {} == either.shown(TEXT)
    either.later()
    assert ("not_sent", "it did not go out") == ((told := settled(board)).state, told.why)
    assert not board.send("team", TEXT, key="k").again
    assert once() == either.shown(TEXT)
    assert 2 == board.history("team")[-1].tries


@pytest.mark.parametrize("provider", TELLING)
def test_the_send_itself_finds_out(scene: Scene, provider: str) -> None:
    board = teamed(scene, provider)
    scene.strike(provider, "reset", phase="before")
    lost(lambda: board.send("team", TEXT, key="k"))
    scene.later()
    board.send("team", TEXT, key="k")
    assert once() == scene.shown(TEXT)


# Nobody can tell


def test_where_nothing_can_be_looked_for_it_stays_unknown(either: Scene) -> None:
    """It holds the group up until its settle time is over, and is never sent again."""
    board = teamed(either, "bandwidth", patience=0.1)
    either.strike("bandwidth", "drop", phase="after")
    lost(lambda: board.send("team", TEXT, key="k"))
    assert ("unknown", False) == (settled(board).state, board.history("team")[-1].gave_up)
    with pytest.raises(gm.InProgress) as caught:
        board.send("team", "And wine?")
    assert gm.Outcome.NOT_SENT is caught.value.outcome
    either.later()
    assert "proves nothing" in settled(board).why
    assert ("unknown", True) == state(board)
    assert () == board.settle(), "it is not asked after any more"
    board.send("team", "And wine?")
    lost(lambda: board.send("team", TEXT, key="k"))
    assert once() == either.shown(TEXT) == either.shown("And wine?")


def test_the_group_goes_on_after_the_settle_time_by_itself(scene: Scene) -> None:
    board = teamed(scene, "bandwidth")
    scene.strike("bandwidth", "drop", phase="after")
    lost(lambda: board.send("team", TEXT))
    scene.later()
    board.send("team", "And wine?")
    assert ["Hello", TEXT, "And wine?"] == scene.box.phones[ANN].texts


def test_on_a_line_that_others_use_a_text_proves_nothing(scene: Scene) -> None:
    """Somebody writes the same by hand: it is not taken for ours, and ours is not sent again."""
    board = teamed(scene, "sendblue", exclusive_line=False)
    scene.strike("sendblue", "reset", phase="before")
    lost(lambda: board.send("team", TEXT, key="k"))
    face: Any = scene.box.faces["sendblue"]
    face.human_sends(next(iter(face.groups)), TEXT)
    scene.later()
    assert "others may send from this line" in settled(board).why
    lost(lambda: board.send("team", TEXT, key="k"))
    assert once() == scene.shown(TEXT)


@pytest.mark.parametrize("provider", PROVIDERS)
def test_a_provider_that_refuses_the_question_tells_nothing(scene: Scene, provider: str) -> None:
    """It is asked again the next time."""
    board = teamed(scene, provider)
    scene.strike(provider, "drop", phase="after")
    lost(lambda: board.send("team", TEXT, key="k"))
    limit: dict[str, Any] = {"status": 429, "body": {}, "headers": {"Retry-After": "60"}}
    scene.box.fault("refuse", provider=provider, operation=LISTS[provider], times=2, **limit)
    told = settled(board)
    assert "unknown" == told.state
    assert told.why
    lost(lambda: board.send("team", TEXT, key="k"))
    assert ("unknown" if provider == "bandwidth" else "sent") == settled(board).state
    assert once() == scene.shown(TEXT)


@pytest.mark.parametrize(("provider", "module", "limit"), [
    ("sendblue", groupmessenger_sendblue.lookup, "_LAST_OFFSET"),
    ("messagebird", groupmessenger_messagebird.lookup, "_ROWS"),
])  # fmt: skip
def test_a_list_that_is_too_long_tells_nothing(
    scene: Scene, provider: str, module: Any, limit: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    board = teamed(scene, provider)
    scene.strike(provider, "drop", phase="before")
    lost(lambda: board.send("team", TEXT, key="k"))
    scene.later()
    monkeypatch.setattr(module, limit, 0)
    assert "too many messages" in settled(board).why
    lost(lambda: board.send("team", TEXT, key="k"))
    assert {} == scene.shown(TEXT)


def test_an_id_that_the_provider_does_not_know_tells_nothing(scene: Scene) -> None:
    board = teamed(scene, "sendblue")
    face: Any = scene.box.faces["sendblue"]
    face.answer_next({"message_handle": "nobody", "status": "ERROR", "error_code": 5000}, done=True)
    assert "nobody" == lost(lambda: board.send("team", TEXT, key="k")).provider_id
    assert "Sendblue did not say what became of it" in settled(board).why
    scene.later()
    assert ("unknown", True) == (settled(board).state, board.history("team")[-1].gave_up)
    lost(lambda: board.send("team", TEXT, key="k"))
    assert once() == scene.shown(TEXT)


def test_an_id_is_asked_after(scene: Scene) -> None:
    board = teamed(scene, "sendblue")
    face: Any = scene.box.faces["sendblue"]
    face.answer_next({"status": "ERROR", "error_code": 5000}, done=True)
    handle = lost(lambda: board.send("team", TEXT, key="k")).provider_id
    assert "sent" == settled(board).state
    assert handle == board.send("team", TEXT, key="k").id
    assert once() == scene.shown(TEXT)
