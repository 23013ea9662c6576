"""From the start of a process: importing, the first group text, the command's help.

Each program runs in an environment that has what it needs and nothing else: httpx and requests import more where they
find more. It texts over https as it does at work, for which certificates are read, and over http, by which nobody does.
"""

from __future__ import annotations

import os
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

import certifi
import trustme

from .environments import environment
from .measuring import Scale, Spent, median
from .programs import PROGRAMS, Program
from .results import Result, Target, compared
from .vendor import vendor

_MS = 1e3
_HELP = "import sys; from groupmessenger.cli import main; sys.argv = ['groupmessenger', '--help']; main()"


def run(scale: Scale) -> Iterator[Result]:
    """Measure importing and the command, then each provider."""
    rounds = scale.of(9, 0)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        yield from _starting(folder, rounds)
        certificate, trusted = _certificates(folder)
        with vendor() as plain, vendor(certificate=certificate) as safe:
            for url in (safe, plain):
                yield from _sending(folder, url, trusted, rounds)


def _starting(folder: Path, rounds: int) -> Iterator[Result]:
    python = environment(folder / "groupmessenger", "groupmessenger")
    sides = {"bare": [str(python), "-c", "pass"], "ours": [str(python), "-c", "import groupmessenger"]}
    found = _in_turn(sides, {}, rounds)
    more = [(found["ours"].wall - found["bare"].wall) * _MS, (found["ours"].cpu - found["bare"].cpu) * _MS]
    yield Result("import groupmessenger, more than Python: wall", "ms", more[0], target=Target("≤", 50, absolute=True))
    yield Result("import groupmessenger, more than Python: CPU", "ms", more[1])
    command = environment(folder / "cli", "groupmessenger[cli]")
    took = _in_turn({"help": [str(command), "-c", _HELP]}, {}, rounds)["help"]
    yield Result("groupmessenger --help: wall", "ms", took.wall * _MS, target=Target("<", 500, absolute=True))
    yield Result("groupmessenger --help: CPU", "ms", took.cpu * _MS)


def _sending(folder: Path, url: str, trusted: Path, rounds: int) -> Iterator[Result]:
    over = url.partition(":")[0]
    for name, sides in PROGRAMS.items():
        commands = {each: _command(folder, program, url, trusted) for each, program in zip("ab", sides, strict=True)}
        trust = dict.fromkeys(("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE"), str(trusted))
        found = _in_turn(commands, trust, rounds)
        yield from compared(f"{name}, first text, over {over}", found["a"], found["b"], Target("<", 1.0))


def _command(folder: Path, program: Program, url: str, trusted: Path) -> list[str]:
    home = folder / program.distribution
    if not home.exists():
        environment(home, program.distribution)
        _trust(home, trusted)
    return [str(home / "bin" / "python"), "-c", program.text, url]


def _in_turn(sides: Mapping[str, list[str]], variables: Mapping[str, str], rounds: int) -> dict[str, Spent]:
    """Run each side's process in turn, after one that fills the cache of bytecode and counts only if no other does."""
    found: dict[str, list[Spent]] = {name: [] for name in sides}
    for _ in range(1 + rounds):
        for name, command in sides.items():
            found[name].append(_process(command, variables))
    return {name: median(rows[1:] or rows) for name, rows in found.items()}


def _process(command: list[str], variables: Mapping[str, str]) -> Spent:
    """Run a process from start to end. Raises RuntimeError where it fails."""
    own = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    begun = time.perf_counter()
    with subprocess.Popen(command, env={**own, **variables}, stdout=subprocess.PIPE) as child:
        assert child.stdout is not None
        said = child.stdout.read()
        _, status, used = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode or (variables and not said.strip()):  # a text has an id
        raise RuntimeError("a program of the benchmark failed: it says above why")
    return Spent(used.ru_utime + used.ru_stime, time.perf_counter() - begun)


def _certificates(folder: Path) -> tuple[Path, Path]:
    """Make the server's certificate, and what everybody trusts with its authority added. Gives both files."""
    authority = trustme.CA()
    certificate, trusted = folder / "server.pem", folder / "trusted.pem"
    authority.issue_cert("127.0.0.1").private_key_and_cert_chain_pem.write_to_path(certificate)
    trusted.write_bytes(Path(certifi.where()).read_bytes() + authority.cert_pem.bytes())
    return certificate, trusted


def _trust(home: Path, trusted: Path) -> None:
    """Have an environment's certifi trust it: on this machine our library passes over environment variables."""
    for linked in home.glob("lib/python*/site-packages/certifi"):
        installed = linked.resolve()
        linked.unlink()
        linked.mkdir()
        for file in installed.iterdir():
            (linked / file.name).symlink_to(trusted if file.name == "cacert.pem" else file)
