"""What others do between two steps of a send: it is heeded, or waits, and nobody is texted who should not be."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest
from switchboard.databases import ON_POSTGRESQL
from switchboard.scenes import (  # noqa: F401
    ANN,
    DAN,
    EVE,
    PEOPLE,
    PROVIDERS,
    Hooked,
    Scene,
    a_scene,
    a_scene_on_each,
    once,
)
from switchboard.strangers import bring_in, thread_of

import groupmessenger as gm
from groupmessenger.provider import hookimpl
from groupmessenger.switchboard import ledger, threads

BLOCKED = 0.3  # seconds after which another process is taken to wait


def teamed(board: gm.Switchboard, scene: Scene, people: tuple[str, ...] = PEOPLE) -> gm.Switchboard:
    """A group whose thread is on the device by now."""
    board.create_group("team", people)
    board.send("team", "Hello")
    scene.later(10)
    return board


def before(monkeypatch: pytest.MonkeyPatch, module: Any, name: str, work: Callable[..., None]) -> None:
    """Have something happen before a function does its work  the first time."""
    real, done = getattr(module, name), list[bool]()

    def doing(*args: Any, **named: Any) -> Any:
        if not done:
            done.append(True)
            work(*args, **named)
        return real(*args, **named)

    monkeypatch.setattr(module, name, doing)


class Elsewhere:
    """Another process, which hears of a message in the midst of somebody's transaction, and has to wait for its end."""

    def __init__(self, board: gm.Switchboard) -> None:
        self._board = board
        self._waiting: list[threading.Thread] = []

    def hear(self, scene: Scene, words: bytes) -> None:
        for callback in scene.callbacks("sendblue"):
            if words in callback.body:
                hearing = threading.Thread(target=self._board.receive, args=("sendblue", callback))
                hearing.start()
                hearing.join(BLOCKED)
                self._waiting.append(hearing)

    def end(self) -> None:
        assert self._waiting, "nothing was heard"
        for hearing in self._waiting:
            hearing.join()


# Members


def test_a_stranger_who_comes_while_members_are_changed_is_not_texted(either: Scene) -> None:
    """The answer to the change does not say that she is there, and what was heard stays known."""
    either.listen()
    other = teamed(either.board("sendblue"), either)
    either.hear(other)

    def come() -> None:
        bring_in(either, "Hello")
        either.hear(other, "sendblue")
        assert [EVE] == [str(member) for member in other.group("team").observed]

    board = either.board("sendblue", http={"sendblue": Hooked("/modify-group", come)})
    board.add_members("team", [DAN])
    with pytest.raises(gm.NotAccepted) as caught:
        board.send("team", "Members only")
    assert gm.Outcome.NOT_SENT is caught.value.outcome
    assert {} == either.shown("Members only")


def test_somebody_declined_who_comes_in_again_before_it_leaves_is_not_texted(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is begun again, and the thread is made to have the members."""
    scene.listen()
    board = teamed(scene.board("sendblue"), scene)
    bring_in(scene, "Hello")
    scene.hear(board, "sendblue")
    board.remove_members("team", [EVE])
    board.send("team", "Without Eve")
    scene.hear(board, "sendblue")

    def come(t: Any, leaving: Any) -> None:
        bring_in(scene, "Hello", "Hi again")
        incoming = board.operations.board.lines["sendblue"].incoming
        for callback in scene.callbacks("sendblue"):
            events = board.operations._ears.understand("sendblue", callback, incoming.verify(callback))
            board.operations.take_in(t, events)

    before(monkeypatch, ledger, "depart", come)
    board.send("team", "Members only")
    assert once() == scene.shown("Without Eve") == scene.shown("Members only")


def test_a_group_that_gave_its_name_away_meanwhile_is_not_sent_to(scene: Scene) -> None:
    """Nor is the one that has the name now: it is for the caller to say so."""
    other = scene.board("messagebird")

    def give_away() -> None:
        other.archive("team")
        other.create_group("team", [DAN, EVE])

    board = scene.board("messagebird", http={"messagebird": Hooked("/groups", give_away)})
    other.create_group("team", PEOPLE)
    with pytest.raises(gm.InvalidInput, match="another has its name") as caught:
        board.send("team", "Dinner?", key="k")
    assert gm.Outcome.NOT_SENT is caught.value.outcome
    assert {} == scene.shown("Dinner?")
    board.send("team", "Dinner?", key="k")
    assert once(DAN, EVE) == scene.shown("Dinner?")


# Another send


def test_a_key_that_is_being_prepared_elsewhere_is_not_told_to_be_not_sent(scene: Scene) -> None:
    """It may be sent any moment."""
    other = scene.board("messagebird", own={"messagebird": {"patience": 0.1}})
    other.create_group("team", PEOPLE)
    errors: list[gm.InProgress] = []

    def ask_again() -> None:
        with pytest.raises(gm.InProgress) as caught:
            other.send("team", "Dinner?", key="k")
        errors.append(caught.value)

    scene.board("messagebird", http={"messagebird": Hooked("/groups", ask_again)}).send("team", "Dinner?", key="k")
    assert [gm.Outcome.UNKNOWN] == [error.outcome for error in errors]
    assert once() == scene.shown("Dinner?")


# Between two statements


@ON_POSTGRESQL
def test_a_thread_that_is_heard_of_while_its_answer_is_kept_is_the_groups_own(
    either: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    either.listen()
    board, elsewhere = either.board("sendblue"), Elsewhere(either.board("sendblue"))
    board.create_group("team", PEOPLE)

    def answer(*_: object) -> None:
        either.later(10)
        either.box.phones[ANN].send("An answer", thread=thread_of(either, "Dinner?").id)
        elsewhere.hear(either, b"An answer")

    before(monkeypatch, threads, "_free", answer)
    board.send("team", "Dinner?", key="k")
    elsewhere.end()
    assert ["sent"] == [entry.state for entry in board.history("team")]
    board.send("team", "Bring wine")
    assert either.threads("Dinner?") == either.threads("Bring wine")


@ON_POSTGRESQL
def test_a_stranger_who_is_heard_of_while_an_answer_is_kept_stays_known(
    either: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    either.listen()
    board, elsewhere = teamed(either.board("sendblue"), either), Elsewhere(either.board("sendblue"))
    either.hear(board)
    either.box.phones[ANN].send("A question", thread=thread_of(either, "Hello").id)
    (question,) = (each for each in either.hear(board) if isinstance(each, gm.MessageReceived))

    def come(*_: object, **named: object) -> None:
        bring_in(either, "Hello")
        elsewhere.hear(either, b"Hi, I am Eve")

    before(monkeypatch, threads, "changed", come)
    board.reply(question, "An answer")
    elsewhere.end()
    assert [EVE] == [str(member) for member in board.group("team").observed]
    with pytest.raises(gm.NotAccepted):
        board.send("team", "Members only")
    assert {} == either.shown("Members only")


# Observers


class Broken:
    """An observer that breaks."""

    @hookimpl
    def groupmessenger_before_send(self, attempt: gm.Attempt) -> None:
        raise ValueError("broken")


class Own:
    """A program's own, which breaks as well."""

    def before_send(self, attempt: gm.Attempt) -> None:
        raise ValueError("broken")


@pytest.mark.parametrize("provider", PROVIDERS)
@pytest.mark.parametrize("plugged", [True, False], ids=["of a plugin", "of a program's own"])
def test_an_observer_that_breaks_keeps_a_message_back(scene: Scene, provider: str, plugged: bool) -> None:
    """It may be there to."""
    board = scene.board(provider, plugins=(Broken(),) if plugged else ())
    if not plugged:
        sending: Any = board.operations.board.lines[provider].operations._sending
        sending._observers = Own()
    board.create_group("team", PEOPLE)
    with pytest.raises(gm.SendBlocked, match=r"observer.* failed.*ValueError") as caught:
        board.send("team", "Dinner?", key="k")
    assert gm.Outcome.NOT_SENT is caught.value.outcome
    assert ["not_sent"] == [entry.state for entry in board.history("team")]
    assert {} == scene.shown("Dinner?")
    assert not scene.board(provider).send("team", "Dinner?", key="k").again
