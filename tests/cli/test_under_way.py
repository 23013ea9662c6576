"""A send whose process is gone: what is told of it until its lease ends, and how to go on."""

from __future__ import annotations

import subprocess

import pytest
from cli.running import ANN, BOB, COMMAND, Here, interrupted

SEND = ("send", "dinner", "At eight?")
KEY = ("--key", "tonight")
_PIPES = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}


@pytest.fixture(autouse=True)
def dinner(here: Here, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "300")
    here.keep()
    here.run("groups", "create", "dinner", ANN, BOB)
    here.box.fault("delay", provider="sendblue", operation="send_group", phase="after", seconds=60)


def begin(here: Here, *arguments: str) -> subprocess.Popen[str]:
    """Send in a process of its own, until the phones show it; its answer does not come."""
    running = subprocess.Popen([*COMMAND, *SEND, *arguments], cwd=here.folder, text=True, **_PIPES)  # type: ignore[call-overload]
    while not here.box.phones[BOB].texts:
        assert running.poll() is None
    assert isinstance(running, subprocess.Popen)
    return running


def test_killed(here: Here) -> None:
    """It is under way for all that anybody knows: `settle` and `switch` say so."""
    with begin(here, *KEY) as running:
        running.kill()
    ran = here.run("settle")
    assert (5, True) == (ran.exit, ran.tells("… │ dinner │ tonight │ sendblue │ still under way, until ", " UTC"))
    told = here.run("settle", "--json").json
    assert (False, ["sending"]) == (told["ok"], [each["state"] for each in told["messages"]])
    ran = here.run("switch", "--to", "bandwidth", "--dry-run")
    assert ran.tells("a message to it is under way, and may still turn up where it was: groupmessenger settle")
    (group,) = here.run("switch", "--to", "bandwidth", "--dry-run", "--json").json["groups"]
    assert (True, False) == (group["message_under_way"], group["unknown_message"])


@pytest.mark.parametrize(
    ("arguments", "cure"),
    [
        (KEY, "Run the same command again, with the same --key: it is sent once. Or groupmessenger settle finds out"),
        ((), "groupmessenger settle finds out what became of it. The same command again would be another message."),
    ],
)
def test_interrupted(here: Here, arguments: tuple[str, ...], cure: str) -> None:
    """Whoever presses Ctrl-C is told how to go on."""
    with begin(here, *arguments) as running:
        _, said = interrupted(running)
    assert (5, True) == (running.returncode, cure in said)
    assert "Look at a phone" not in said


def test_an_answer_that_is_lost(here: Here) -> None:
    """The cure is the same."""
    here.box.clear_faults()
    here.box.fault("drop", provider="sendblue", operation="send_group", phase="after")
    ran = here.run(*SEND, *KEY)
    assert (5, True) == (ran.exit, ran.tells("Run the same command again, with the same --key"))
    assert 0 == here.run(*SEND, *KEY).exit
    assert [["At eight?"]] * 2 == here.texts(ANN, BOB)
