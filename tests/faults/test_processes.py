"""P3: processes that are killed or stand still while they send; what they stored before is all that others have."""

from __future__ import annotations

import functools
import json
import os
import signal
import subprocess
import sys
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Self

import attrs
import pytest
from faults.everybody import (
    BLIND,
    PROVIDERS,
    WAYS,
    Caller,
    all_texts,
    asked,
    at_once,
    people,
    sandbox,
    shown,
    strike_messages,
    wait_for,
    wait_until,
)

from groupmessenger import Absent, Attempt, CannotTell, Found
from groupmessenger.sandbox import Sandbox

TIMEOUT = 1.0  # seconds for an answer, and for a message to leave
SETTLE = 0.3  # seconds in which a lost message may turn up
PROGRAM = str(Path(__file__).with_name("child.py"))


class Process:
    """A process that sends one message, and gives itself a signal `where` it is told to."""

    def __init__(self, box: Sandbox, way: str, provider: str, to: tuple[str, ...], sign: str, where: str) -> None:
        settings = {**box.settings(provider), "timeout": TIMEOUT, "patience": 0.4 if "two tries" in where else 0}
        code = [sys.executable, PROGRAM, json.dumps([way, provider, settings, to, sign, where])]
        self._process = subprocess.Popen(code, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self._lines: list[str] = []
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.wait(10)
        self._reader.join()
        assert self._process.stdin is not None
        self._process.stdin.close()

    def _read(self) -> None:
        assert self._process.stdout is not None
        with self._process.stdout as lines:
            self._lines.extend(lines)

    @property
    def attempt(self) -> Attempt:
        """What it would have stored before its message left."""
        wait_for(lambda: len(self._lines) > 0)
        return Attempt.load(self._lines[0])

    @property
    def word(self) -> str:
        """What its message came to; empty while that is open."""
        return "".join(self._lines[1:]).strip()

    def left(self, box: Sandbox) -> bool:
        """Wait for its request; false if it was too late to leave, on a machine that is busy."""
        wait_for(lambda: len(asked(box)) > 0 or self.word != "")
        return len(asked(box)) > 0

    def stands_still(self) -> bool:
        """Wait until it is stopped; false if it was too late to leave before."""
        state: list[int] = []

        def seen() -> bool:
            state[:] = os.waitpid(self._process.pid, os.WUNTRACED | os.WNOHANG)
            return state[0] != 0 or self.word != ""

        wait_for(seen)
        return state[0] != 0 and os.WIFSTOPPED(state[1])

    def signal(self, number: signal.Signals) -> None:
        self._process.send_signal(number)

    def ended(self) -> int:
        return self._process.wait(10)


# Killed


@attrs.frozen
class Killed:
    """What another process found of a message: before the time to settle was over (None if it was), and after."""

    early: object
    sighting: object
    found: set[int]  # how often the phones show it then
    finally_shown: set[int]  # and when the advice was followed
    requests: int


WHEN = ("before it leaves", "before it is taken", "after it is taken")
MESSAGES = (("send", "blocking"), ("send_direct", "asyncio"))
KILLED = [
    (provider, *message, when)
    for provider in PROVIDERS
    for message in MESSAGES
    for when in (WHEN if message == MESSAGES[0] else WHEN[1:])
]


def kill(key: tuple[str, str, str, str]) -> Killed:
    provider, operation, way, when = key
    to = people() if operation == "send" else people()[:1]
    with sandbox(provider) as box, Caller(box, provider, "blocking", settle_after=SETTLE) as finder:
        attempt = leave_and_kill(box, way, provider, to, when)
        settled = attempt.leave_by + timedelta(seconds=SETTLE)
        early = finder.do("find_sent", attempt)
        if datetime.now(UTC) >= settled:
            early = None
        if when != WHEN[0]:
            wait_for(lambda: any(entry["done"] for entry in asked(box)))
        wait_until(settled)
        sighting, found = finder.do("find_sent", attempt), shown(box, to)
        if isinstance(sighting, Absent):
            finder.do(operation, attempt.group or attempt.to, attempt.message)
        return Killed(early, sighting, found, shown(box, to), len(asked(box)))


def leave_and_kill(box: Sandbox, way: str, provider: str, to: tuple[str, ...], when: str) -> Attempt:
    """Start a process and kill it there. Gives the attempt it stored."""
    if when == WHEN[0]:
        with Process(box, way, provider, to, "SIGKILL", when) as process:
            assert process.ended() == -signal.SIGKILL
            return process.attempt
    strike_messages(box, provider, "delay", phase=when.split()[0], seconds=0.2)
    for _ in range(9):
        with Process(box, way, provider, to, "", "") as process:
            if process.left(box):
                process.signal(signal.SIGKILL)
                assert process.ended() == -signal.SIGKILL
                return process.attempt
    raise AssertionError


@functools.cache
def all_killed() -> dict[tuple[str, str, str, str], Killed]:
    return at_once(kill, KILLED)


@pytest.mark.parametrize(("provider", "operation", "way", "when"), KILLED)
def test_killed(provider: str, operation: str, way: str, when: str) -> None:
    """What a killed process sent is found by another, and shown once; or stays unknown, and is not sent again."""
    case = all_killed()[provider, operation, way, when]
    left = int(when != WHEN[0])
    assert {left} == case.found
    assert not isinstance(case.early, Absent)
    if provider in BLIND:
        assert isinstance(case.sighting, CannotTell)
        assert ({left}, left) == (case.finally_shown, case.requests)
    else:
        assert isinstance(case.sighting, Found if left else Absent), case.sighting
        assert ({1}, 1) == (case.finally_shown, case.requests)


# Stopped

WHERE = ("before it leaves", "while it connects", "between two tries")
STOPPED = [
    (provider, WAYS[(n + m) % 2], where) for n, provider in enumerate(PROVIDERS) for m, where in enumerate(WHERE)
]


def stop(key: tuple[str, str, str]) -> tuple[str, int, list[str]]:
    """Let a process stand still until its time to leave is over. Gives its word, its requests, and what is shown."""
    provider, way, where = key
    for _ in range(9):
        with sandbox(provider) as box:
            if where == "between two tries":
                strike_messages(box, provider, "refuse", status=429)
            with Process(box, way, provider, people()[:1], "SIGSTOP", where) as process:
                if not process.stands_still():
                    continue
                wait_until(process.attempt.leave_by)
                process.signal(signal.SIGCONT)
                wait_for(lambda: process.word != "")
                return process.word, len(asked(box)), all_texts(box)
    raise AssertionError


@functools.cache
def all_stopped() -> dict[tuple[str, str, str], tuple[str, int, list[str]]]:
    return at_once(stop, STOPPED)


@pytest.mark.parametrize(("provider", "way", "where"), STOPPED)
def test_stopped(provider: str, way: str, where: str) -> None:
    """A process that stood still until its time to leave was over sends nothing more, and says what it came to."""
    tried = where == "between two tries"
    word = "RateLimited not_sent" if tried else "NotReached not_sent"
    assert (word, int(tried), []) == all_stopped()[provider, way, where]
