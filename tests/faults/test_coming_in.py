"""P10 and P11: callbacks of every provider that come twice, late, in another order, before the answer, to nobody."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from faults.everybody import PROVIDERS, wait_for
from serving import serving

import groupmessenger as gm
from groupmessenger import Client, Event, MessageReceived, StatusChanged, webhooks
from groupmessenger.fields import CALLBACK, settings_of
from groupmessenger.plugins import load_provider
from groupmessenger.sandbox import Sandbox
from groupmessenger.sandbox.phones import Phone, Thread
from groupmessenger.webhooks import MemorySeen

PEOPLE = ("+13125550101", "+13125550102", "+13125550103")
TEXT, ANSWER = "Dinner at seven?", "I'll be there"
SENDS = {"sendblue": "send_group"}  # the operation that a message is in the log of its stand-in
FINAL = ("sendblue",)  # who does not try again what was refused with 401, and lists what came in
RECEIVER = str(Path(__file__).with_name("receiver.py"))


class Place:
    """A client at a stand-in, and the receiver that the stand-in calls. `events` are those that were handled."""

    def __init__(self, box: Sandbox, provider: str, url: str, **settings: Any) -> None:
        self.box, self.provider = box, provider
        kind = load_provider(provider)
        called = [name for name, field in settings_of(kind).items() if field.metadata.get(CALLBACK)]
        self.settings = {**box.settings(provider), **dict.fromkeys(called, f"{url}/main"), **settings}
        self.client: Client = gm.connect(provider, patience=0, **self.settings)
        self.seen = MemorySeen()
        self.events: list[Event] = []
        self.behave: Callable[[Event], object] = lambda event: None
        self.open(self.client)
        box.calls(provider, f"{url}/main")

    def open(self, client: Client) -> None:
        """Let the receiver believe what this client does."""
        self.app = webhooks.asgi({"main": client}, self._handle, seen=self.seen)

    def _handle(self, event: Event) -> None:
        self.behave(event)
        self.events.append(event)

    def send(self) -> gm.GroupReceipt:
        return self.client.send(self.client.create_group(PEOPLE), TEXT)

    def thread(self, number: str = PEOPLE[0]) -> tuple[Phone, Thread]:
        """A phone, and its thread with the line."""
        phone, line = self.box.phones[number], self.client.messenger.line
        return phone, next(thread for thread in reversed(phone.threads) if line in thread.participants)

    def answer(self, text: str = ANSWER) -> None:
        """Somebody answers where they were written to."""
        phone, thread = self.thread()
        phone.send(text, thread=thread.id)

    def wait(self, seconds: float = 0) -> None:
        """Put the clock forward, and wait for what is called then."""
        if seconds:
            self.box.clock.advance(seconds)
        assert self.box.callbacks.wait()

    def of(self, kind: type[Event]) -> list[Any]:
        return [event for event in self.events if isinstance(event, kind)]

    @property
    def messages(self) -> list[str]:
        return [event.text for event in self.of(MessageReceived)]


@contextmanager
def opened(provider: str, doubts: Mapping[str, Any] | None = None, **settings: Any) -> Iterator[Place]:
    with ExitStack() as stack:
        box = stack.enter_context(Sandbox(doubts=doubts or {}))
        place: list[Place] = []

        async def app(scope: Any, receive: Any, send: Any) -> None:
            await place[0].app(scope, receive, send)

        url = stack.enter_context(serving(app))
        place.append(Place(box, provider, url, **settings))
        stack.callback(place[0].client.close)
        yield place[0]


@pytest.fixture(params=PROVIDERS)
def place(request: pytest.FixtureRequest) -> Iterator[Place]:
    with opened(request.param, RETRIES) as made:
        yield made


RETRIES = {"messagebird.retries": "eight_hours"}  # whether there are any is not published


def test_the_answer_of_a_phone_is_heard_and_answered_in_its_thread(place: Place) -> None:
    """And at a provider that does not say which group it was, in none."""
    receipt = place.send()
    place.answer()
    place.wait()
    (event,) = place.of(MessageReceived)
    assert (ANSWER, PEOPLE[0], "main") == (event.text, str(event.sender), event.connection)
    if place.client.capabilities.topology is gm.Topology.BROADCAST:
        with pytest.raises(gm.GroupUnresolved) as unresolved:
            place.client.reply(event, "Good")
        assert (receipt.group.id,) == unresolved.value.candidates
        return
    assert receipt.group == event.group
    assert receipt.group == place.client.reply(event, "Good").group
    assert dict.fromkeys(PEOPLE, 1) == {number: place.box.phones[number].texts.count("Good") for number in PEOPLE}


def test_a_handler_that_fails_gets_it_again_when_the_vendor_tries_again(place: Place) -> None:
    failing = [True, True]

    def behave(event: Event) -> None:
        if failing:
            failing.pop()
            raise RuntimeError("the database is away")

    place.send()
    place.wait(3600)
    place.events.clear()
    place.behave = behave
    place.answer()
    for _ in range(4):
        place.wait(1800)
    assert [ANSWER] == place.messages
    assert [] == failing


def test_a_handler_that_hangs_is_not_interrupted_and_not_doubled(place: Place) -> None:
    """The vendor gives up waiting and tries again; what the first try began it also ends."""
    goes_on = threading.Event()
    begun: list[str] = []

    def behave(event: Event) -> None:
        begun.append(event.key)
        goes_on.wait(10)

    place.send()
    place.wait(3600)
    place.events.clear()
    place.box.callbacks.timeout = 0.5
    place.behave = behave
    place.answer()
    place.wait()
    assert (1, []) == (len(begun), place.messages)
    goes_on.set()
    wait_for(lambda: place.messages == [ANSWER])
    for _ in range(4):
        place.wait(1800)
    assert ([ANSWER], 1) == (place.messages, len(begun))
    assert "taken" == place.box.callbacks.tried()[-1]["ended"]


def test_order_and_repetition_change_nothing(place: Place) -> None:
    """Everything twice, and the last first: what was handled is the same set, each once."""
    place.box.callbacks.twice = True
    place.box.callbacks.hold()
    receipt = place.send()
    place.answer()
    place.box.clock.advance(3600)
    place.box.callbacks.release(backwards=True)
    place.wait()
    keys = [event.key for event in place.events]
    assert len(set(keys)) == len(keys)
    assert [ANSWER] == place.messages
    forwards = place.client.delivery(receipt, reversed(place.events))
    assert forwards == place.client.delivery(receipt, place.events)
    assert "delivered" in forwards.summary


def sent_early(place: Place, seconds: float) -> tuple[bool, gm.GroupReceipt]:
    """Send, with an answer that takes so long: whether callbacks came before it, and the receipt."""
    operation = SENDS.get(place.provider, "send")
    place.box.fault("delay", operation=operation, phase="after", seconds=seconds)
    place.events.clear()
    phone = place.box.phones[PEOPLE[0]]
    shown = len(phone.texts)
    with ThreadPoolExecutor(1) as pool:
        sending = pool.submit(place.send)
        wait_for(lambda: len(phone.texts) > shown)
        place.answer()
        place.wait(3600)
        early = not sending.done()
        return early, sending.result()


def test_statuses_that_come_before_the_answer_are_of_the_message(place: Place) -> None:
    """By our token, which the receipt then has; and so is a person's answer of the group."""
    for seconds in (0.5, 2.0, 8.0):  # a machine that is busy takes longer
        early, receipt = sent_early(place, seconds)
        if early:
            break
    assert early
    statuses = place.of(StatusChanged)
    assert {receipt.token} == {event.token for event in statuses} - {None}
    assert "delivered" in place.client.delivery(receipt, statuses).summary
    (event,) = place.of(MessageReceived)
    assert event.group in (None, receipt.group)


def test_a_status_settles_what_nobody_could_tell(place: Place) -> None:
    """The answer to the send is lost, and a callback with its token proves that it went out."""
    group = place.client.create_group(PEOPLE)
    place.box.fault("drop", operation=SENDS.get(place.provider, "send"), phase="after")
    with pytest.raises(gm.OutcomeUnknown) as lost:
        place.client.send(group, TEXT)
    assert lost.value.attempt is not None
    place.wait(3600)
    assert lost.value.attempt.token in {event.token for event in place.of(StatusChanged)}


def test_secrets_are_changed_while_callbacks_are_on_their_way(place: Place) -> None:
    """A receiver that knows only another one refuses; one that knows both believes what is tried again."""
    (name,) = [each for each in ("webhook_secrets", "signing_keys", "webhook_credentials") if each in place.settings]
    old = place.settings[name]
    new = ["another:secret"]
    place.send()
    place.wait(3600)
    place.events.clear()
    with connected(place, **{name: new}) as only_new, connected(place, **{name: [*new, *old]}) as both:
        place.open(only_new)
        place.answer()
        place.wait()
        assert [] == place.messages
        assert 401 == place.box.callbacks.tried()[-1]["statuses"][-1]
        place.open(both)
        for _ in range(4):
            place.wait(1800)
    if place.provider not in FINAL:
        assert [ANSWER] == place.messages
    else:
        since = datetime.now(UTC) - timedelta(hours=1)
        assert ANSWER in [each.text for each in place.client.received_since(since) if isinstance(each, MessageReceived)]


@contextmanager
def connected(place: Place, **settings: Any) -> Iterator[Client]:
    with gm.connect(place.provider, **{**place.settings, **settings}) as client:
        yield client


def test_what_was_missed_is_listed(place: Place) -> None:
    """Where the vendor can, with the keys that its callbacks have; elsewhere it says so."""
    since = datetime.now(UTC) - timedelta(minutes=1)
    place.send()
    place.answer()
    place.wait()
    if place.client.capabilities.can("received_since").grade is gm.Grade.UNSUPPORTED:
        with pytest.raises(gm.UnsupportedOperation, match="no texts and no groups"):
            place.client.received_since(since)
        return
    listed = [event.key for event in place.client.received_since(since) if isinstance(event, MessageReceived)]
    assert [event.key for event in place.of(MessageReceived)] == listed


def test_stop_opts_out(place: Place) -> None:
    """Whoever writes it privately; and it is told once."""
    place.send()
    place.box.phones[PEOPLE[1]].opt_out(place.client.messenger.line)
    place.wait()
    (event,) = place.of(gm.OptedOut)
    assert (PEOPLE[1], place.client.messenger.line) == (str(event.address), event.line)


@pytest.mark.parametrize("skew", [2, -2, 300, -300])
def test_clocks_that_differ(skew: float) -> None:
    """By seconds, a signature is believed; by minutes, it is not, since it could be an old one."""
    with opened("messagebird") as place:
        place.send()
        place.box.callbacks.skew = skew
        place.answer()
        place.wait()
        assert [ANSWER] * (abs(skew) < 60) == place.messages


@pytest.mark.parametrize("leg", ["full", "empty"])
def test_a_challenge_whose_first_half_may_be_empty(leg: str) -> None:
    """Credentials are asked for before the body is looked at."""
    with opened("bandwidth", {"bandwidth.first_leg_body": leg}) as place:
        place.send()
        place.answer()
        place.wait()
        assert [ANSWER] == place.messages
        assert [401, 200] == place.box.callbacks.tried()[-1]["statuses"]


def test_a_receiver_that_is_killed_leaves_the_rest_to_the_next(tmp_path: Path) -> None:
    """SIGKILL while it handles: the vendor tries again, and the process after it handles it."""
    with Sandbox() as box:
        settings = box.settings("bandwidth")
        box.callbacks.timeout = 5
        first = Process(settings, 0, kill=True)
        url = first.url
        with box.connect("bandwidth") as client:
            box.calls("bandwidth", f"{url}/main")
            client.send(client.create_group(PEOPLE), TEXT)
            thread = box.phones[PEOPLE[0]].threads[0]
            box.phones[PEOPLE[0]].send(ANSWER, thread=thread.id)
            assert box.callbacks.wait()
        assert (-signal.SIGKILL, [f"handling {ANSWER}"]) == first.ended()
        with Process(settings, int(url.rpartition(":")[2]), kill=False) as second:
            box.clock.advance(900)
            assert box.callbacks.wait()
            wait_for(lambda: f"handled {ANSWER}" in second.lines)
        assert 1 == second.lines.count(f"handled {ANSWER}")


class Process:
    """A receiver in a process of its own."""

    def __init__(self, settings: Mapping[str, Any], port: int, *, kill: bool) -> None:
        code = [sys.executable, RECEIVER, json.dumps([settings, port, kill])]
        environment = os.environ | {"PYTHONPATH": str(Path(RECEIVER).parents[1])}
        self._process = subprocess.Popen(
            code, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment
        )
        assert self._process.stdout is not None
        self.url = self._process.stdout.readline().strip()
        self.lines: list[str] = []
        self._reader = threading.Thread(target=self._read, args=(self._process.stdout,))
        self._reader.start()

    def _read(self, output: Any) -> None:
        self.lines.extend([])
        for line in output:
            self.lines.append(line.strip())

    def __enter__(self) -> Process:
        return self

    def __exit__(self, *_: object) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self.ended()

    def ended(self) -> tuple[int, list[str]]:
        """Wait for its end: how it ended, and what it said."""
        code = self._process.wait(20)
        self._reader.join()
        for stream in (self._process.stdin, self._process.stdout):
            if stream is not None:
                stream.close()
        return code, self.lines
