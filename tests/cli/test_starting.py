"""How the command starts, completes and prints, wherever it is run."""

from __future__ import annotations

import os
import re
import subprocess
import sys

import pytest
from cli.running import ANN, BOB, Here

from groupmessenger.cli.app import app

TO = ("--to", ANN, "--to", BOB)
# Measuring coverage loads modules of its own.
PLAIN = {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE")}
HEAVY = {"httpx", "phonenumbers", "starlette", "uvicorn", "cattrs", "tomllib", "sqlalchemy", "alembic"}
COLOUR = re.compile(r"\x1b\[(\d+;)*[39][0-7]m")
LOADED = """
import sys
from groupmessenger.cli.app import run
assert run({arguments!r}) == {code}
print(*sys.modules, file=sys.stderr)
"""


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["--help"], 0),
        (["--version"], 0),
        (["send", "--help"], 0),
        (["webhooks", "serve", "--help"], 0),
        (["send", "x"], 2),
        (["switch", "--help"], 0),
        (["switch"], 2),
    ],
)
def test_it_starts_quickly(arguments: list[str], code: int) -> None:
    """What only some commands need is loaded by those: helping and refusing need no HTTP and no numbering plans."""
    program = LOADED.format(arguments=arguments, code=code)
    done = subprocess.run([sys.executable, "-c", program], env=PLAIN, capture_output=True, text=True, check=True)
    assert set() == HEAVY & set(done.stderr.split())


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion(shell: str) -> None:
    """A script with the commands and their options."""
    script = app.generate_completion(shell=shell)  # type: ignore[arg-type]
    for word in ("groupmessenger", "members", "providers", "separately", "connection", "webhooks"):
        assert word in script


def test_completion_is_installed(here: Here) -> None:
    """Where one says, and nowhere else."""
    ran = here.process("--install-completion", "--shell", "fish", "--output", "completion.fish")
    assert 0 == ran.exit
    assert "groupmessenger" in (here.folder / "completion.fish").read_text()


def test_no_colours(here: Here) -> None:
    """None where it is no terminal, and none where they are not wanted; words say what colours do."""
    for environment in ({}, {"NO_COLOR": "1", "FORCE_COLOR": "1"}):
        ran = here.process("check", **environment)
        assert 0 == ran.exit
        assert None is COLOUR.search(ran.out)
        assert "✓" in ran.out
    assert COLOUR.search(here.process("check", FORCE_COLOR="1").out)


def test_json_is_plain(here: Here) -> None:
    """Whatever the environment says of colours and signs."""
    here.run("groups", "create", *TO, "--name", "Café 🎉", "--separately", "--connection", "messagebird")
    ran = here.process(
        "groups", "list", "--connection", "messagebird", "--json", FORCE_COLOR="1", PYTHONIOENCODING="ascii"
    )
    assert ["Café 🎉"] == [each["name"] for each in ran.json["groups"]]


def test_signs_that_cannot_be_shown(here: Here) -> None:
    """A terminal without them is no reason to end as if the message had not been sent."""
    ran = here.process("send", *TO, "Dinner?", PYTHONIOENCODING="ascii")
    assert (0, "") == (ran.exit, ran.err)
    assert "\\u2713 accepted" in ran.out
    assert [["Dinner?"]] * 2 == here.texts(ANN, BOB)


def test_progress_is_no_output(here: Here) -> None:
    """What a command has to say while it works goes where nobody parses it, and only to terminals."""
    for arguments in (("check", "--json"), ("demo", "--json"), ("send", *TO, "Hi", "--separately", "--json")):
        ran = here.process(*arguments)
        assert (0, "", True) == (ran.exit, ran.err, isinstance(ran.json, dict))
