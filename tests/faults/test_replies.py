"""Replies, with phones as the judge: nobody outside of a message's thread ever sees the answer to it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import pytest
from faults.everybody import PROVIDERS
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from recorder import Recorder, recording

import groupmessenger as gm
from groupmessenger import Client, MessageReceived
from groupmessenger.plugins import load_provider
from groupmessenger.sandbox import Sandbox
from groupmessenger.sandbox.phones import Thread

NUMBERS = tuple(f"+131255501{number:02}" for number in range(1, 8))
GROUPS = st.lists(st.sampled_from(NUMBERS), min_size=2, max_size=6, unique=True)


class Place:
    """A client, its vendor's stand-in, and everything the vendor called."""

    def __init__(self, box: Sandbox, client: Client, recorder: Recorder) -> None:
        self.box, self.client, self.recorder = box, client, recorder
        self.line = client.messenger.line

    def heard(self) -> list[MessageReceived]:
        """What the vendor has called since the last time, as messages."""
        assert self.box.callbacks.wait()
        callbacks = [asked.callback for asked in self.recorder.admitted]
        self.recorder.asked.clear()
        events = [event for callback in callbacks for event in self.client.receive(callback)]
        return [event for event in events if isinstance(event, MessageReceived)]

    def threads(self, number: str) -> list[Thread]:
        """The threads that a phone has with our line."""
        return [thread for thread in self.box.phones[number].threads if self.line in thread.participants]

    def showing(self, text: str) -> set[str]:
        return {phone.number for phone in self.box.phones if text in phone.texts}


@contextmanager
def opened(provider: str) -> Iterator[Place]:
    with ExitStack() as stack:
        recorder = stack.enter_context(recording())
        recorder.challenge = load_provider(provider).acknowledgement.challenge
        box = stack.enter_context(Sandbox())
        box.calls(provider, recorder.url)
        yield Place(box, stack.enter_context(box.connect(provider)), recorder)


@pytest.mark.parametrize("count", [20, pytest.param(60, marks=pytest.mark.slow)])
@pytest.mark.parametrize("provider", PROVIDERS)
def test_no_reply_is_seen_outside_of_its_thread(provider: str, count: int) -> None:
    """Whoever is in the groups, whoever wrote where, privately or in one of several threads of the same people."""

    @settings(max_examples=count, deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True)
    @given(groups=st.lists(GROUPS, min_size=1, max_size=3), data=st.data())
    def examples(groups: list[list[str]], data: st.DataObject) -> None:
        with opened(provider) as place:
            for people in groups:
                place.client.send(place.client.create_group(people), "Hello")
            writer = data.draw(st.sampled_from(sorted({number for people in groups for number in people})))
            phone, threads = place.box.phones[writer], place.threads(writer)
            thread = threads[data.draw(st.integers(0, len(threads) - 1), label="thread")]
            if data.draw(st.booleans(), label="privately"):
                thread = phone.send("Which group?", to=place.line)
            else:
                phone.send("Which group?", thread=thread.id)
            (event,) = place.heard()
            assert writer == str(event.sender)
            if event.group is None:
                with pytest.raises(gm.GroupUnresolved):
                    place.client.reply(event, "This one")
                assert set() == place.showing("This one")
            else:
                assert event.group == place.client.reply(event, "This one").group
                assert thread.participants - set(place.box.network.lines) == place.showing("This one")

    examples()
