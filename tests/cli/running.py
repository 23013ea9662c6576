"""The command, run in a folder of its own against a sandbox with every provider."""

from __future__ import annotations

import importlib
import json
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import attrs
import pytest

from groupmessenger.cli.app import run
from groupmessenger.sandbox import Sandbox

ANN, BOB, CAT = (f"+1312555015{n}" for n in range(3))
COMMAND = (sys.executable, "-m", "groupmessenger.cli")


def nowhere() -> str:
    """A URL on this machine where nobody listens."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{taken.getsockname()[1]}"


def interrupted(running: subprocess.Popen[str]) -> tuple[str, str]:
    """Press Ctrl-C, again where Python was just at the end of an object's life and dropped it."""
    for _ in range(10):
        running.send_signal(signal.SIGINT)
        with suppress(subprocess.TimeoutExpired):
            return running.communicate(timeout=5)
    raise AssertionError("it does not end")


@attrs.frozen
class Ran:
    """What a command ended with, and what it wrote."""

    exit: int
    out: str
    err: str

    @property
    def json(self) -> dict[str, Any]:
        """The one JSON object that is all of the output."""
        (line,) = self.out.splitlines()
        told = json.loads(line)
        assert isinstance(told, dict)
        return told

    @property
    def error(self) -> dict[str, Any]:
        """The error in it."""
        (error,) = self.json.values()
        assert self.json.keys() == {"error"}
        return dict(error)

    def tells(self, *words: str) -> bool:
        """Whether people are told all of this, wherever the lines end."""
        told = " ".join((self.out + self.err).split())
        return all(word in told for word in words)


@attrs.define
class Here:
    """A folder with `groupmessenger.toml`, and the sandbox that its connections lead to."""

    folder: Path
    box: Sandbox
    capsys: pytest.CaptureFixture[str]

    def settings(self, provider: str, **changed: Any) -> dict[str, Any]:
        """What the file says of a connection; what is None is left out."""
        merged = {"provider": provider, **self.box.settings(provider), **changed}
        return {name: value for name, value in merged.items() if value is not None}

    def write(self, head: str = "", /, **connections: Mapping[str, Any]) -> Path:
        """Write a configuration file."""
        tables = [
            "\n".join((f"[connections.{each}]", *(f"{key} = {json.dumps(value)}" for key, value in settings.items())))
            for each, settings in connections.items()
        ]
        path = self.folder / "groupmessenger.toml"
        path.write_text("\n\n".join((head, *tables)) + "\n")
        return path

    def keep(self, default: str = "sendblue", head: str = "", **changed: Mapping[str, Any]) -> Path:
        """Write a file with a directory, and a connection a provider; `changed` are some of a connection's settings."""
        top = f'default = "{default}"\n{head}\n[directory]\nurl = "sqlite:///groups.db"'
        return self.write(top, **{name: self.settings(name, **changed.get(name, {})) for name in self.box.faces})

    def run(self, *arguments: str) -> Ran:
        """Run a command in this process."""
        self.capsys.readouterr()
        ended = run(list(arguments))
        written = self.capsys.readouterr()
        return Ran(ended, written.out, written.err)

    def process(self, *arguments: str, stdin: str = "", **environment: str) -> Ran:
        """Run a command in a process of its own, without the terminal's colours and width."""
        done = subprocess.run(
            [*COMMAND, *arguments],
            cwd=self.folder,
            input=stdin.encode(),
            capture_output=True,
            check=False,
            env={"PYTHONPATH": str(self.folder), "HOME": str(self.folder), **environment},
        )
        return Ran(done.returncode, done.stdout.decode(), done.stderr.decode())

    def unread(self, *arguments: str) -> Ran:
        """Run a command in a process whose output nobody reads."""
        reading, writing = os.pipe()
        os.close(reading)
        try:
            done = subprocess.run(
                [*COMMAND, *arguments],
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=writing,
                stderr=subprocess.PIPE,
                check=False,
                env={},
            )
        finally:
            os.close(writing)
        return Ran(done.returncode, "", done.stderr.decode())

    def texts(self, *people: str) -> list[list[str]]:
        """What phones show."""
        return [self.box.phones[number].texts for number in people]

    def threads(self, number: str) -> list[set[str]]:
        """Who is in each thread that a phone shows."""
        return [thread.participants for thread in self.box.phones[number].threads]

    def sends(self) -> int:
        """How many messages were asked for at any vendor."""
        return sum(str(entry["operation"]).startswith("send") for entry in self.box.log)

    def install(self, name: str, code: str, group: str) -> None:
        """Install a plugin under a name, as a distribution on the path."""
        module = re.sub(r"\W", "_", f"plugged_{name}")
        (self.folder / f"{module}.py").write_text(code)
        info = self.folder / f"{module}-1.0.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {module}\nVersion: 1.0\n")
        (info / "entry_points.txt").write_text(f"[groupmessenger.{group}]\n{name} = {module}\n")
        importlib.invalidate_caches()
