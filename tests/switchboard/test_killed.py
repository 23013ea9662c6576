"""The program is killed, at any step of a message; another process goes on, and nobody is texted twice."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from switchboard.accidents import Killed, Work, crowds, fragile
from switchboard.boards import OWN, QUICK
from switchboard.scenes import PEOPLE, PROVIDERS, Scene, a_scene, a_scene_on_each, lost, once  # noqa: F401

import groupmessenger as gm
from groupmessenger.switchboard.directory import Directory

pytestmark = pytest.mark.slow

TEXT = "Dinner at seven?"


def teamed(scene: Scene) -> gm.Switchboard:
    board = scene.board("sendblue")
    board.create_group("team", PEOPLE)
    return board


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("provider", PROVIDERS)
def test_killed_around_any_transaction(scene: Scene, provider: str, when: str) -> None:
    """Before it is committed, and after; then another process sends it again under its key."""
    for step, people in enumerate(crowds(), 1):
        name, message, steps = f"team {step}", f"Message {step}", iter(range(1, 100))

        def die(directory: Directory, work: Work, step: int = step, steps: Iterator[int] = steps) -> Any:
            at = next(steps)
            if at == step and when == "before":
                raise Killed
            done = directory.do(work)
            if at == step:
                raise Killed
            return done

        board = scene.board(provider)
        board.create_group(name, people)
        try:
            fragile(board, die).send(name, message, key="k")
        except Killed:
            pass
        else:
            assert step > 4, "it was killed at no step"
            return
        other = scene.board(provider, own={provider: {"patience": 0}})
        with suppress(gm.InProgress):
            other.send(name, message, key="k")
        assert set(scene.shown(message).values()) <= {1}
        scene.later()
        other.settle()
        try:
            other.send(name, message, key="k")
        except gm.OutcomeUnknown:
            assert provider == "bandwidth", "it can be asked"
            assert set(scene.shown(message).values()) <= {1}
        else:
            assert once(*people) == scene.shown(message)
        other.send(name, f"After {step}")
        assert once(*people) == scene.shown(f"After {step}")
        assert 1 >= len(scene.threads(message) | scene.threads(f"After {step}")) or provider == "messagebird"
    raise AssertionError("it never came to its end")


DYING = """
import os, sys, httpx
import groupmessenger as gm

class Dying(httpx.BaseTransport):
    within = httpx.HTTPTransport()
    def handle_request(self, request):
        response = self.within.handle_request(request)
        if request.url.path.endswith(sys.argv[2]):
            response.read()
            os._exit(9)
        return response

board = gm.Switchboard.from_config(sys.argv[1], http={"sendblue": Dying()})
board.send("team", "Dinner at seven?", key="k")
"""


def written(scene: Scene) -> Path:
    """A configuration file, for another process."""
    settings = {"provider": "sendblue", **scene.box.settings("sendblue"), **OWN["sendblue"], **QUICK}
    lines = [f"{name} = {json.dumps(value)}" for name, value in settings.items()]
    path = scene.folder / "groupmessenger.toml"
    path.write_text("\n".join([f"[directory]\nurl = {json.dumps(scene.url)}\n[connections.sendblue]", *lines]))
    return path


def test_a_process_that_dies_with_the_answer_in_its_hands(either: Scene) -> None:
    board = teamed(either)
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    call = [sys.executable, "-c", DYING, str(written(either)), "/send-group-message"]
    assert 9 == subprocess.run(call, env=environment, timeout=60, check=False).returncode
    assert once() == either.shown(TEXT)
    assert ["sending"] == [entry.state for entry in board.history("team")]
    assert ["sending"] == [told.state for told in board.settle()], "its lease is not over: it may be under way"
    either.later()
    assert ["sent"] == [told.state for told in board.settle()]
    assert board.send("team", TEXT, key="k").again
    assert once() == either.shown(TEXT)


def test_killed_while_it_is_settled(either: Scene) -> None:
    board = teamed(either)
    either.strike("sendblue", "drop", phase="after")
    lost(lambda: board.send("team", TEXT, key="k"))
    steps = iter(range(1, 100))

    def die(directory: Directory, work: Work) -> Any:
        if next(steps) == 3:
            raise Killed
        return directory.do(work)

    with pytest.raises(Killed):
        fragile(either.board("sendblue"), die).settle()
    assert ["sent"] == [told.state for told in board.settle()]
    assert once() == either.shown(TEXT)
