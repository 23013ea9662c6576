"""What vendors call: when, how often, in which order, and how it is looked at."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import pytest
from recorder import Recorder, recording

from groupmessenger.sandbox.callbacks import Answered, Callbacks, Outgoing, Talk
from groupmessenger.sandbox.clock import Clock


@pytest.fixture
def receiver() -> Iterator[Recorder]:
    with recording() as made:
        yield made


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def callbacks(clock: Clock) -> Iterator[Callbacks]:
    made = Callbacks(clock)
    yield made
    made.stop()


def telling(url: str, body: bytes) -> Callable[[], Talk]:
    def talk() -> Talk:
        return (yield Outgoing("POST", url, {"x-one": "1"}, body)).ok

    return talk


def test_a_call_is_made_and_looked_at(callbacks: Callbacks, receiver: Recorder) -> None:
    callbacks.call("acme", "inbound", telling(f"{receiver.url}?a=1+2", b"hello"))
    assert callbacks.wait()
    assert [("POST", "/hooks?a=1+2", b"hello")] == [(each.method, each.path, each.body) for each in receiver.asked]
    (tried,) = callbacks.tried()
    assert {
        "provider": "acme",
        "what": "inbound",
        "url": f"{receiver.url}?a=1+2",
        "tried": 1,
        "statuses": [200],
        "ended": "taken",
    } == tried


def test_what_is_not_taken_is_tried_again_on_schedule(callbacks: Callbacks, receiver: Recorder, clock: Clock) -> None:
    """Of the sandbox's clock; and after the last try it is given up."""
    receiver.statuses = [500, 503, 404, 500]
    callbacks.call("acme", "inbound", telling(receiver.url, b"x"), again=[60, 120])
    assert callbacks.wait()
    assert ["again"] == [each["ended"] for each in callbacks.tried()]
    for seconds, count in ((59, 1), (1.5, 2), (118, 2), (2, 3), (10_000, 3)):
        clock.advance(seconds)
        assert callbacks.wait()
        assert count == len(receiver.asked)
    assert ["again", "again", "given up"] == [each["ended"] for each in callbacks.tried()]


def test_a_try_may_have_several_requests(callbacks: Callbacks, receiver: Recorder) -> None:
    """Such as a challenge and its answer; each try begins anew."""
    seen: list[Answered] = []

    def talk() -> Talk:
        first = yield Outgoing("GET", receiver.url)
        seen.append(first)
        return (yield Outgoing("POST", receiver.url, body=b"with credentials")).ok

    receiver.statuses, receiver.headers = [401], {"WWW-Authenticate": "Basic"}
    callbacks.call("acme", "inbound", talk)
    assert callbacks.wait()
    assert ["GET", "POST"] == [each.method for each in receiver.asked]
    assert (401, "Basic", b"OK") == (seen[0].status, seen[0].headers["www-authenticate"], seen[0].body)
    assert [401, 200] == callbacks.tried()[0]["statuses"]


def test_calls_of_one_vendor_come_in_their_order(callbacks: Callbacks, receiver: Recorder) -> None:
    bodies = [b"%d" % number for number in range(20)]
    for body in bodies:
        callbacks.call("acme", "inbound", telling(receiver.url, body))
    assert callbacks.wait()
    assert bodies == receiver.bodies


def test_calls_are_held_and_released(callbacks: Callbacks, receiver: Recorder) -> None:
    """Forwards or backwards."""
    for backwards, expected in ((False, [b"1", b"2"]), (True, [b"2", b"1"])):
        receiver.asked.clear()
        callbacks.hold()
        for body in (b"1", b"2"):
            callbacks.call("acme", "inbound", telling(receiver.url, body))
        assert callbacks.wait()
        assert [] == receiver.asked
        callbacks.release(backwards=backwards)
        assert callbacks.wait()
        assert expected == receiver.bodies


def test_calls_come_twice_or_late_on_demand(callbacks: Callbacks, receiver: Recorder, clock: Clock) -> None:
    callbacks.twice = True
    callbacks.call("acme", "inbound", telling(receiver.url, b"1"))
    callbacks.twice, callbacks.delay = False, 30.0
    callbacks.call("acme", "inbound", telling(receiver.url, b"2"))
    assert callbacks.wait()
    assert [b"1", b"1"] == receiver.bodies
    clock.advance(30)
    assert callbacks.wait()
    assert [b"1", b"1", b"2"] == receiver.bodies


def test_a_receiver_that_hangs_or_is_not_there(callbacks: Callbacks, receiver: Recorder) -> None:
    """Gives no status, and is tried again."""
    receiver.hang.clear()
    callbacks.timeout = 0.2
    began = time.monotonic()
    callbacks.call("acme", "inbound", telling(receiver.url, b"1"))
    callbacks.call("other", "inbound", telling("http://127.0.0.1:1/hooks", b"2"))
    assert callbacks.wait()
    assert 4 > time.monotonic() - began
    assert [[None], [None]] == [each["statuses"] for each in callbacks.tried()]
    assert {"given up"} == {each["ended"] for each in callbacks.tried()}


@pytest.mark.parametrize(
    "url",
    [
        "http://example.com/hooks",
        "https://127.0.0.1/hooks",
        "http://10.0.0.1/",
        "ftp://127.0.0.1/",
        "hooks",
        "http://127.0.0.1:x/",
        "http://[::1/",
    ],
)
def test_nobody_but_this_machine_is_called(callbacks: Callbacks, url: str) -> None:
    callbacks.call("acme", "inbound", telling(url, b"1"), again=[1, 1])
    assert callbacks.wait()
    assert [("refused", 1)] == [(each["ended"], each["tried"]) for each in callbacks.tried()]


def test_a_stand_in_that_fails_stops_nobody_else(
    callbacks: Callbacks, receiver: Recorder, caplog: pytest.LogCaptureFixture
) -> None:
    def talk() -> Talk:
        if receiver.url:
            raise RuntimeError("broken")
        return (yield Outgoing("POST", receiver.url)).ok

    callbacks.call("acme", "inbound", talk)
    callbacks.call("acme", "inbound", telling(receiver.url, b"1"))
    assert callbacks.wait()
    assert [b"1"] == receiver.bodies
    assert "the stand-in for acme failed in a callback" in caplog.text


def test_signatures_are_of_the_real_time(callbacks: Callbacks, clock: Clock) -> None:
    """The receiver's clock is not the sandbox's; a test may put it off."""
    clock.advance(100_000)
    assert abs(callbacks.signs_at() - datetime.now(UTC)) < timedelta(seconds=5)
    callbacks.skew = -300
    assert abs(callbacks.signs_at() - datetime.now(UTC) + timedelta(seconds=300)) < timedelta(seconds=5)


def test_nobody_is_called_after_the_end(callbacks: Callbacks, receiver: Recorder) -> None:
    callbacks.call("acme", "inbound", telling(receiver.url, b"1"))
    assert callbacks.wait()
    callbacks.stop()
    assert 1 == len(receiver.asked)
