"""Worker processes, and what happens to them: they are killed, or stand still for a while, at any moment."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Self

import attrs

SIZE = 2
PROGRAM = str(Path(__file__).with_name("worker.py"))
_STOP = 0.1, 5.0  # seconds; longer than any lease, and than a message may leave, but not than it is waited for
_AWAY = 1.0, 8.0  # seconds until another takes the place of one that is not restarted
_PAUSE = 0.3, 3.5  # seconds between two accidents


@attrs.define(eq=False)
class Fleet:
    """So many workers, except for those that are dead at the moment."""

    config: Path
    rng: random.Random
    kills: int = 0
    stops: int = 0
    _alive: list[subprocess.Popen[bytes]] = attrs.field(factory=list)
    _stopped: dict[subprocess.Popen[bytes], float] = attrs.field(factory=dict)  # until when
    _missing: list[float] = attrs.field(factory=list)  # when each that is not there will be
    _next: float = 0.0

    def __enter__(self) -> Self:
        self._missing = [time.monotonic()] * SIZE
        self._next = time.monotonic() + 2
        self.tend()
        return self

    def __exit__(self, *_: object) -> None:
        for worker in self._alive:
            self._kill(worker)

    @property
    def log(self) -> Path:
        """What the workers wrote."""
        return self.config.with_suffix(".log")

    def tend(self, *, accidents: bool = False) -> None:
        """Have happen what is due. Raises `AssertionError` if a worker has ended by itself."""
        now = time.monotonic()
        for worker, until in list(self._stopped.items()):
            if until <= now or not accidents:
                worker.send_signal(signal.SIGCONT)
                del self._stopped[worker]
        for worker in self._alive:
            assert worker.poll() is None, f"a worker ended with {worker.returncode}: see {self.log}"
        for moment in [each for each in self._missing if each <= now or not accidents]:
            self._missing.remove(moment)
            self._start()
        if accidents and self._next <= now and self._alive:
            self._accident(now)
            self._next = now + self.rng.uniform(*_PAUSE)

    def _accident(self, now: float) -> None:
        worker = self.rng.choice(self._alive)
        if self.rng.random() < 0.5:
            self._kill(worker)
            self._alive.remove(worker)
            self._stopped.pop(worker, None)
            self._missing.append(now + self.rng.choice((0.0, self.rng.uniform(*_AWAY))))
            self.kills += 1
        elif worker not in self._stopped:
            worker.send_signal(signal.SIGSTOP)
            self._stopped[worker] = now + self.rng.uniform(*_STOP)
            self.stops += 1

    def _start(self) -> None:
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
        with self.log.open("ab") as log:
            self._alive.append(
                subprocess.Popen([sys.executable, PROGRAM, str(self.config)], env=environment, stderr=log)
            )

    def _kill(self, worker: subprocess.Popen[bytes]) -> None:
        worker.kill()
        worker.wait(10)
