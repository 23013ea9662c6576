"""What vendors call: callbacks over HTTP, tried again on the vendor's own schedule, from threads of their own.

A face says what to call by a *talk*: a generator that yields requests, is sent their answers, and returns whether the
vendor takes it for delivered; None if it is lost, and not tried again. It is begun anew for every try.
"""

from __future__ import annotations

import copy
import http.client
import logging
import queue
import threading
from collections.abc import Callable, Generator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TypeAlias, TypedDict
from urllib.parse import urlsplit

import attrs

from ..weburls import is_loopback
from .clock import Clock

logger = logging.getLogger("groupmessenger.sandbox")


@attrs.frozen
class Outgoing:
    """One request that a vendor makes."""

    method: str
    url: str
    headers: Mapping[str, str] = attrs.field(factory=dict)
    body: bytes = b""


@attrs.frozen
class Answered:
    """What came back: `status` is None where nothing did in time. The names in `headers` are in lower case."""

    status: int | None
    headers: Mapping[str, str] = attrs.field(factory=dict)
    body: bytes = b""

    @property
    def ok(self) -> bool:
        """Whether it is a success."""
        return self.status is not None and 200 <= self.status < 300


Talk: TypeAlias = Generator[Outgoing, Answered, bool | None]


class Tried(TypedDict):
    """One try, as JSON. `ended`: taken, again (there will be another), given up, or refused (not this machine)."""

    provider: str
    what: str
    url: str
    tried: int
    statuses: list[int | None]
    ended: str


@attrs.define(eq=False)
class _Call:
    provider: str
    what: str
    talk: Callable[[], Talk]
    again: Sequence[float]
    timeout: float
    tries: int = 0


class Callbacks:
    """Calls receivers on this machine, one vendor's calls one after the other.

    `twice` sends each call twice; `delay` lets it wait so many seconds of the sandbox's clock; `timeout`, in real
    seconds, goes before the vendor's own; `skew` is how far off, in seconds, the clock is that signs. Calls that are
    held wait until they are released.
    """

    def __init__(self, clock: Clock) -> None:
        self.twice = False
        self.delay = 0.0
        self.timeout: float | None = None
        self.skew = 0.0
        self._clock = clock
        self._lanes: dict[str, queue.SimpleQueue[_Call | None]] = {}
        self._held: list[_Call] | None = None
        self._tried: list[Tried] = []
        self._busy = 0
        self._stopped = False
        self._idle = threading.Condition()

    def signs_at(self) -> datetime:
        """The time that goes into signatures: the real one, which the receiver's clock has, and not the sandbox's."""
        return datetime.now(UTC) + timedelta(seconds=self.skew)

    def call(
        self, provider: str, what: str, talk: Callable[[], Talk], *, again: Sequence[float] = (), timeout: float = 10.0
    ) -> None:
        """Call a receiver, now or as soon as may be. `again` has the seconds after each failure to the next try."""
        with self._clock.lock:
            for _ in range(2 if self.twice else 1):
                self._plan(_Call(provider, what, talk, again, timeout), self.delay)

    def hold(self) -> None:
        """Keep all calls back from now on."""
        with self._clock.lock:
            self._held = self._held or []

    def release(self, *, backwards: bool = False) -> None:
        """Let go what was held, the last first if `backwards`, and hold no more."""
        with self._clock.lock:
            held, self._held = self._held or [], None
            for call in reversed(held) if backwards else held:
                self._put(call)

    def wait(self, seconds: float = 10.0) -> bool:
        """Wait until no call is under way. Held ones, and those of a later time on the clock, do not count."""
        with self._idle:
            return self._idle.wait_for(lambda: not self._busy, seconds)

    def tried(self) -> list[Tried]:
        """Every try so far, the oldest first."""
        with self._idle:
            return copy.deepcopy(self._tried)

    def stop(self) -> None:
        """Call nobody any more; what is under way comes to its end."""
        with self._clock.lock:
            self._stopped = True
            for lane in self._lanes.values():
                lane.put(None)
            self._lanes.clear()

    def _plan(self, call: _Call, seconds: float) -> None:
        if seconds:
            self._clock.at(self._clock.now() + timedelta(seconds=seconds), partial(self._put, call))
        else:
            self._put(call)

    def _put(self, call: _Call) -> None:
        with self._clock.lock:
            if self._stopped:
                return
            if self._held is not None:
                self._held.append(call)
                return
            lane = self._lanes.get(call.provider)
            if lane is None:
                lane = self._lanes[call.provider] = queue.SimpleQueue()
                name = f"groupmessenger-sandbox-callbacks-{call.provider}"
                threading.Thread(target=self._serve, args=(lane,), name=name, daemon=True).start()
        with self._idle:
            self._busy += 1
        lane.put(call)

    def _serve(self, lane: queue.SimpleQueue[_Call | None]) -> None:
        while (call := lane.get()) is not None:
            try:
                if not self._stopped:
                    self._try(call)
            except Exception:
                logger.exception("the stand-in for %s failed in a callback", call.provider)
            finally:
                with self._idle:
                    self._busy -= 1
                    self._idle.notify_all()

    def _try(self, call: _Call) -> None:
        call.tries += 1
        entry = Tried(provider=call.provider, what=call.what, url="", tried=call.tries, statuses=[], ended="under way")
        with self._idle:
            self._tried.append(entry)
        taken: bool | None = False
        refused = False
        talk = call.talk()
        try:
            outgoing = next(talk)
            while True:
                entry["url"] = outgoing.url
                refused = not is_here(outgoing.url)
                answered = Answered(None) if refused else self._request(outgoing, call.timeout)
                entry["statuses"].append(answered.status)
                outgoing = talk.send(answered)
        except StopIteration as stop:
            taken = stop.value
        again = taken is False and not refused and call.tries <= len(call.again)
        entry["ended"] = "taken" if taken else "refused" if refused else "again" if again else "given up"
        if again:
            self._plan(call, call.again[call.tries - 1])

    def _request(self, outgoing: Outgoing, timeout: float) -> Answered:
        parts = urlsplit(outgoing.url)
        target = parts.path or "/"
        if parts.query:
            target += f"?{parts.query}"
        seconds = timeout if self.timeout is None else self.timeout
        connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=seconds)
        try:
            connection.request(outgoing.method, target, outgoing.body or None, dict(outgoing.headers))
            response = connection.getresponse()
            headers = {name.lower(): value for name, value in response.getheaders()}
            return Answered(response.status, headers, response.read(65_536))
        except (OSError, http.client.HTTPException):
            return Answered(None)
        finally:
            connection.close()


def is_here(url: str) -> bool:
    """Whether a URL is one of this machine: a stand-in has no business on a network."""
    try:
        parts = urlsplit(url)
        _ = parts.port  # which raises if it is none
    except ValueError:
        return False
    return parts.scheme == "http" and is_loopback(parts.hostname or "")
