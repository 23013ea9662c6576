"""Callbacks of every provider, at whatever moment of a send they come: what was sent is known, and everybody heard."""

from __future__ import annotations

import signal
from collections import Counter
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from switchboard.boards import OWN, PEOPLE, QUICK
from switchboard.elsewhere import accept, as_call, exit_of, handle_and_die
from switchboard.scenes import (  # noqa: F401
    SEND,
    TELLING,
    Scene,
    a_scene_on_each,
    lost,
    once,
)

import groupmessenger as gm
from groupmessenger.switchboard.sending import Sending
from groupmessenger.webhooks.receiver import LEASE

pytestmark = pytest.mark.slow

TEXT, ANSWER = "Dinner at seven?", "I'll be there"
STATUS, REPLY, ECHO = "status", "reply", "echo"
CELLS = [(provider, kind) for provider in SEND for kind in (STATUS, REPLY)] + [("sendblue", ECHO)]
ANSWERED = ("before the answer", "before it is kept", "twice")  # whose send comes to its end
MOMENTS = (*ANSWERED, "after a crash", "when nobody knows")


class Killed(BaseException):
    """The end of a process, of which nothing more is done."""


class After(httpx.BaseTransport):
    """The real transport, which does something once a message was answered, before the answer is given on."""

    def __init__(self, work: Callable[[], object]) -> None:
        self._work: Callable[[], object] | None = work
        self._within = httpx.HTTPTransport()

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        response = self._within.handle_request(request)
        if TEXT.encode() in request.content and self._work is not None:
            work, self._work = self._work, None
            work()
        return response

    def close(self) -> None:
        self._within.close()


class Place:
    """A group at one provider, and another process that is called about it."""

    def __init__(self, scene: Scene, provider: str) -> None:
        self.scene, self.provider = scene, provider
        self.heard: list[gm.Callback] = []
        scene.listen()
        self.other = scene.board(provider)
        self.other.create_group("team", PEOPLE)

    def calls(self) -> list[tuple[str, gm.Callback]]:
        """Somebody answers, time passes, and what the vendor called is given, each with its kind."""
        line = self.other.operations.board.lines[self.provider]
        phone = self.scene.box.phones[PEOPLE[0]]
        phone.send(ANSWER, thread=[each for each in phone.threads if line.number in each.participants][-1].id)
        self.scene.box.clock.advance(10)
        calls = self.scene.callbacks(self.provider)
        return [(_kind(line.incoming.receive(call)), call) for call in calls]

    def hear(self, kind: str) -> None:
        """Have the other process accept what is of this kind."""
        self.heard = [call for each, call in self.calls() if each == kind]
        assert self.heard
        assert {True} == {self.other.accept(self.provider, call) for call in self.heard}

    def handled(self) -> list[gm.Event]:
        """What the handler gets."""
        events: list[gm.Event] = []
        self.other.handle(events.append)
        assert [] == [key for key, times in Counter(event.key for event in events).items() if times > 1]
        return events


def _kind(events: tuple[gm.Event, ...]) -> str:
    (event,) = events
    if isinstance(event, gm.MessageReceived):
        return REPLY
    assert isinstance(event, gm.StatusChanged)
    return ECHO if event.token is None else STATUS


def send(place: Place, moment: str, hear: Callable[[], object]) -> None:
    """Send, and hear at this moment."""
    scene, provider = place.scene, place.provider
    recorded = Sending._recorded

    async def hearing(self: Sending, *args: Any) -> Any:
        hear()
        return await recorded(self, *args)

    async def killed(self: Sending, *args: Any) -> Any:
        raise Killed

    with pytest.MonkeyPatch.context() as patch:
        if moment == "before the answer":
            scene.board(provider, http={provider: After(hear)}).send("team", TEXT, key="k")
        elif moment == "before it is kept":
            patch.setattr(Sending, "_recorded", hearing)
            scene.board(provider).send("team", TEXT, key="k")
        elif moment == "after a crash":
            patch.setattr(Sending, "_recorded", killed)
            with pytest.raises(Killed):
                scene.board(provider).send("team", TEXT, key="k")
            hear()
        elif moment == "when nobody knows":
            scene.strike(provider, "drop", phase="after")
            lost(lambda: scene.board(provider).send("team", TEXT, key="k"))
            hear()
        else:
            scene.board(provider).send("team", TEXT, key="k")
            hear()
            assert {False} == {place.other.accept(provider, call) for call in place.heard}


@pytest.mark.parametrize("moment", MOMENTS)
@pytest.mark.parametrize(("provider", "kind"), CELLS)
def test_whenever_it_comes(either: Scene, provider: str, kind: str, moment: str) -> None:
    """A status with our token proves that its message went out; an answer is of the group that it was written in."""
    place = Place(either, provider)
    send(place, moment, lambda: place.hear(kind))
    board = place.other
    assert len(place.heard) == len(board.inbox())
    if kind == STATUS:
        assert "sent" == board.history("team")[-1].state
    events = place.handled()
    names = {event.logical for event in events}
    if kind == REPLY:
        (event,) = events
        assert isinstance(event, gm.MessageReceived)
        assert (ANSWER, provider) == (event.text, event.connection)
        assert names == ({None} if provider == "messagebird" else {"team"})
    elif kind == STATUS or moment in ANSWERED:
        assert {"team"} == names
    either.later()
    board.settle()
    is_sent = kind == STATUS or moment in ANSWERED or provider in TELLING
    assert ("sent" if is_sent else "unknown") == board.history("team")[-1].state
    if is_sent:
        assert board.send("team", TEXT, key="k").again
    else:
        lost(lambda: board.send("team", TEXT, key="k"))
    assert once() == either.shown(TEXT)
    if kind != REPLY:
        assert "delivered" in board.delivery("team").summary


@pytest.mark.parametrize("provider", SEND)
def test_another_process_may_be_called(either: Scene, provider: str) -> None:
    """And a third one handles it; whichever was killed while it did is followed by the next."""
    place = Place(either, provider)
    board = either.board(provider)
    either.strike(provider, "drop", phase="after")
    lost(lambda: board.send("team", TEXT, key="k"))
    calls = [as_call(call) for kind, call in place.calls()]
    settings = {**either.box.settings(provider), **OWN.get(provider, {}), **QUICK}
    assert 0 == exit_of(accept, either.url, provider, settings, calls)
    assert "sent" == board.history("team")[-1].state
    assert len(calls) == len(board.inbox())
    assert -signal.SIGKILL == exit_of(handle_and_die, either.url, provider, settings)
    assert len(calls) - 1 == len(place.handled())
    either.later(LEASE)
    assert 1 == len(place.handled())
