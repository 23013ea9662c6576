"""What the tests of the switchboard's rules share: a sandbox, a directory, switchboards over both, and their time.

A module imports the fixtures that it uses: `scene` has a directory on SQLite, `either` one on each database in turn.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from datetime import datetime, tzinfo
from pathlib import Path
from typing import Any, Self

import attrs
import httpx
import pytest
from recorder import Answer, Asked, Recorder, recording
from switchboard.boards import OWN, QUICK
from switchboard.databases import Databases

import groupmessenger as gm
from groupmessenger import driving
from groupmessenger.config import Config
from groupmessenger.connections import read_connection
from groupmessenger.sandbox import Sandbox
from groupmessenger.sandbox.log import Entry

PROVIDERS = ("sendblue", "messagebird", "bandwidth")
TELLING = ("sendblue", "messagebird")  # who can be asked for a message that was lost
PEOPLE = ANN, BEN, CAM = "+13125550101", "+13125550102", "+13125550103"
DAN, EVE = "+13125550104", "+13125550105"
THIRTEEN = tuple(f"+131255501{number}" for number in range(30, 43))
SETTLE = 60.0  # seconds; long enough for a slow machine to stay within, and nobody waits for it
LONG = 3600.0  # seconds, in which every lease and every settle time ends


class Scene:
    """A sandbox, a directory, and the switchboards that a test makes over both. Their time is put forward together."""

    def __init__(self, box: Sandbox, url: str, folder: Path) -> None:
        self.box, self.url, self.folder = box, url, folder
        self._end = ExitStack()
        self._recorder: Recorder | None = None
        self._heard: Counter[str] = Counter()
        box.faces["sendblue"].account.limits.sends_per_second = 1000  # type: ignore[attr-defined]

    def __enter__(self) -> Self:
        patch = self._end.enter_context(pytest.MonkeyPatch.context())
        scene = self

        class Shifted(datetime):
            @classmethod
            def now(cls, tz: tzinfo | None = None) -> datetime:  # type: ignore[override]
                return scene.now().astimezone(tz)

        patch.setattr(driving, "datetime", Shifted)
        return self

    def __exit__(self, *_: object) -> None:
        self._end.close()

    def now(self) -> datetime:
        """The time, for the program, its directory and the vendors."""
        return self.box.clock.now()

    def later(self, seconds: float = LONG) -> None:
        """Let time pass."""
        self.box.clock.advance(seconds)

    def config(self, *names: str, own: Mapping[str, Mapping[str, Any]] | None = None, **top: Any) -> Config:
        """A configuration of connections, each named after its provider; the first is the default.

        `own` has settings of theirs by name, where a `provider` may be among them; `top` is what the file has beside.
        """
        public = None if self._recorder is None else self._recorder.base
        settings = dict(own or {})
        connections = {}
        for name in names or PROVIDERS:
            provider = str(settings.get(name, {}).get("provider", name))
            quick = {**QUICK, "timeout": 10, "settle_after": SETTLE}
            table = {**self.box.settings(provider), **OWN.get(provider, {}), **quick, **settings.get(name, {})}
            connections[name] = read_connection(name, {"provider": provider, **table}, self.folder, (), public)
        made = Config(self.folder / "groupmessenger.toml", connections, next(iter(connections)), directory_url=self.url)
        return attrs.evolve(made, **top)

    def board(
        self,
        *names: str,
        own: Mapping[str, Mapping[str, Any]] | None = None,
        http: Mapping[str, Any] | None = None,
        **top: Any,
    ) -> gm.Switchboard:
        """A switchboard over `config`, as another process would have it."""
        made = gm.Switchboard(self.config(*names, own=own, **top), http=http or {})
        made.operations.board.directory._clock = self.now
        return self._end.enter_context(made)

    def board_async(self, *names: str, own: Mapping[str, Mapping[str, Any]] | None = None) -> gm.AsyncSwitchboard:
        """An asynchronous one, for the caller to close."""
        made = gm.AsyncSwitchboard(self.config(*names, own=own))
        made.operations.board.directory._clock = self.now
        return made

    # What vendors tell

    def listen(self) -> None:
        """Have the vendors call us, from now on."""
        self._recorder = self._end.enter_context(recording())
        self._recorder.answer = lambda asked: Answer() if _is_whole(asked) else Answer(401, headers=CHALLENGE)
        for name in PROVIDERS:
            self.box.calls(name, f"{self._recorder.base}/{name}")

    def callbacks(self, name: str) -> list[gm.Callback]:
        """What a vendor called since this was asked before."""
        assert self._recorder is not None
        assert self.box.callbacks.wait()
        whole = [each for each in self._recorder.asked if _is_whole(each)]
        asked = [each for each in whole if each.path.partition("?")[0] == f"/{name}"]
        new = asked[self._heard[name] :]
        self._heard[name] = len(asked)
        return [each.callback for each in new]

    def hear(self, board: gm.Switchboard, *names: str) -> list[gm.Event]:
        """Take in what vendors called since then, and give what they tell."""
        calls = [(name, each) for name in names or board.operations.board.lines for each in self.callbacks(name)]
        return [event for name, each in calls for event in board.receive(name, each)]

    # What people see, and what vendors were asked

    def shown(self, text: str) -> dict[str, int]:
        """How often each phone shows a text; those that do not are left out."""
        counts = {phone.number: phone.texts.count(text) for phone in self.box.phones}
        return {number: count for number, count in counts.items() if count}

    def threads(self, text: str) -> set[str]:
        """The threads that have a text."""
        messages = [each for phone in self.box.phones for each in phone.messages.items()]
        return {thread for thread, shown in messages if any(each.text == text for each in shown)}

    def asked(self, provider: str = "") -> list[Entry]:
        """The requests for messages."""
        every = [entry for entry in self.box.log if (entry["operation"] or "").startswith("send")]
        return [entry for entry in every if provider in entry["provider"]]

    def strike(self, provider: str, kind: str, **details: Any) -> None:
        """Set a fault for the next message."""
        self.box.fault(kind, provider=provider, operation=SEND[provider], **details)


CHALLENGE = {"WWW-Authenticate": 'Basic realm="groupmessenger"'}


def _is_whole(asked: Asked) -> bool:
    """Whether a callback has its credentials: Bandwidth's first request never has."""
    return not asked.path.startswith("/bandwidth") or "authorization" in asked.headers


SEND = {"sendblue": "send_group", "messagebird": "send", "bandwidth": "send"}
REFUSALS: dict[str, dict[str, Any]] = {  # as each vendor refuses a message
    "sendblue": {"status": 400, "body": {"status": "ERROR", "error_message": "No"}},
    "messagebird": {"status": 422, "body": {"errors": [{"code": 10, "description": "No"}]}},
    "bandwidth": {"status": 400, "body": {"type": "request-validation", "description": "No"}},
}


def _nobody(request: httpx.Request) -> httpx.Response:
    raise httpx.ConnectError("nobody there", request=request)


AWAY = httpx.MockTransport(_nobody)  # of a vendor whom nobody reaches


class Hooked(httpx.BaseTransport):
    """The real transport, which does something once, before a request whose path ends like this."""

    def __init__(self, ending: str, work: Callable[[], object]) -> None:
        self._ending, self._work = ending, work
        self._within, self._done = httpx.HTTPTransport(), False

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith(self._ending) and request.method == "POST" and not self._done:
            self._done = True
            self._work()
        return self._within.handle_request(request)

    def close(self) -> None:
        self._within.close()


def once(*people: str) -> dict[str, int]:
    """What phones show of a text that reached these people and nobody else."""
    return dict.fromkeys(people or PEOPLE, 1)


def lost(call: Callable[[], object]) -> gm.OutcomeUnknown:
    """The error of a send whose answer was lost."""
    with pytest.raises(gm.OutcomeUnknown) as caught:
        call()
    return caught.value


@pytest.fixture(name="scene")
def a_scene(databases: Databases, tmp_path: Path) -> Iterator[Scene]:
    """A scene on SQLite."""
    with databases.new("sqlite", tmp_path) as url, Sandbox() as box, Scene(box, url, tmp_path) as scene:
        yield scene


@pytest.fixture(name="either")
def a_scene_on_each(database: str, tmp_path: Path) -> Iterator[Scene]:
    """A scene on each database."""
    with Sandbox() as box, Scene(box, database, tmp_path) as scene:
        yield scene
