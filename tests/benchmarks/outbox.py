"""How fast the outbox is, and how much memory it takes: `uv run python tests/benchmarks/outbox.py --messages 10000`.

Messages to 500 groups are queued, and a worker in a process of its own sends them to Sendblue's stand-in, in this one,
at no pace, for so many seconds at most. With `--url` the directory is on that (empty) PostgreSQL database.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import groupmessenger as gm
from groupmessenger.sandbox import Sandbox
from groupmessenger.switchboard.directory import Directory

_GROUPS = 500


def main() -> None:
    """Measure, and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--messages", type=int, default=1000)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--url", default="sqlite:///groups.db")
    parser.add_argument("--work", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.work is not None:
        work(given.work, given.seconds)
    else:
        measure(given.messages, given.seconds, given.workers, given.url)


def measure(messages: int, seconds: float, workers: int, url: str) -> None:
    """Queue, and have workers send."""
    with Sandbox() as sandbox, tempfile.TemporaryDirectory() as folder:
        sandbox.faces["sendblue"].account.limits.sends_per_second = 1_000_000  # type: ignore[attr-defined]
        file = Path(folder) / "groupmessenger.toml"
        file.write_text(configuration(sandbox, url), encoding="utf-8")
        if not url.startswith("sqlite"):
            Directory(url).upgrade()
        with gm.Switchboard.from_config(file) as board:
            names = [f"group {number}" for number in range(_GROUPS)]
            for number, name in enumerate(names):
                board.create_group(name, [f"+1312555{1000 + number}", "+13125550101"])
            before = _resident()
            _queued(board, names, messages)
            _say(f"queueing grew this process by {_resident() - before:.0f} MB")
        command = [sys.executable, __file__, "--seconds", str(seconds), "--work", str(file)]
        each = [subprocess.Popen(command) for _ in range(workers)]
        for one in each:
            one.wait()


def _queued(board: gm.Switchboard, names: list[str], messages: int) -> None:
    begun = time.monotonic()
    for number in range(200):
        board.enqueue(names[number % len(names)], "Dinner at eight?")
    _say(f"enqueue: {200 / (time.monotonic() - begun):.0f} messages a second")
    begun = time.monotonic()
    rounds = max(messages // len(names), 1)
    for number in range(rounds):
        board.send_many(names, "Dinner at eight?", key=f"batch {number}", wait=False)
    _say(f"send_many: {rounds * len(names) / (time.monotonic() - begun):.0f} messages a second")


def work(file: Path, seconds: float) -> None:
    """Be a worker, until nothing is left or the time is over."""
    with gm.Switchboard.from_config(file) as board:
        begun, spent = time.monotonic(), time.process_time()
        with board.worker() as worker:
            time.sleep(3)
            early = _resident()
            while board.outbox.stats().remaining and time.monotonic() - begun < seconds:
                time.sleep(0.5)
            took = time.monotonic() - begun
        sent = worker.counts["sent"]
        each = 1000 * (time.process_time() - spent) / max(sent, 1)
        _say(f"worker: {sent / took:.0f} messages a second, {sent} in all, {each:.1f} ms of CPU for each")
        _say(f"  {_resident():.0f} MB at most, {early:.0f} MB after 3 s; {board.outbox.stats().remaining} left")


def configuration(sandbox: Sandbox, url: str) -> str:
    """A file with one connection, at no pace."""
    lines = [
        "[directory]",
        f"url = {json.dumps(url)}",
        "[connections.main]",
        'provider = "sendblue"',
        'pace = "9999/s"',
    ]
    lines += [f"{key} = {json.dumps(value)}" for key, value in sandbox.settings("sendblue").items()]
    return "\n".join(lines)


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def _resident() -> float:
    """The most memory that this process had, in megabytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    main()
