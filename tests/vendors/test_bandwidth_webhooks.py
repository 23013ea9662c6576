"""Bandwidth's own SDK reads what the stand-in calls with: each event, as it came over the wire, into its models."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from bandwidth.models import Callback, InboundCallback, StatusCallback
from groupmessenger_bandwidth.sandbox import (
    APPLICATION_ID,
    DELIVERED_AFTER,
    LINE,
    SECOND_LINE,
    TIMED_OUT_AFTER,
    TOLL_FREE,
    BandwidthFace,
)
from recorder import Recorder, recording

from groupmessenger import Client, Message
from groupmessenger.sandbox import Sandbox

ANN, BOB, CAT, DAN = (f"+1312555015{n}" for n in range(4))
PICTURE = "https://pictures.example.com/place.jpg"
TYPES = ("message-sending", "message-sent", "message-delivered", "message-failed")
CHOICES = [
    {f"bandwidth.{doubt.name}": choice}
    for doubt in BandwidthFace.doubts
    for choice in doubt.choices
    if doubt.name
    in {
        "callback_events",
        "callback_body",
        "first_leg_body",
        "id_style",
        "inbound_to",
        "invalid_number",
        "media_only_text",
        "progress_callbacks",
        "smil_part",
        "status_owner",
        "time_digits",
    }
    if choice != doubt.default
]


@pytest.fixture
def receiver() -> Iterator[Recorder]:
    """An application that asks for credentials."""
    with recording() as made:
        made.challenge = 'Basic realm="tests"'
        yield made


@pytest.fixture(params=[{}, *CHOICES], ids=lambda chosen: "-".join(f"{k}={v}" for k, v in chosen.items()) or "defaults")
def box(request: pytest.FixtureRequest, receiver: Recorder) -> Iterator[Sandbox]:
    with Sandbox(faces=[BandwidthFace], doubts=request.param) as running:
        face = running.faces["bandwidth"]
        assert isinstance(face, BandwidthFace)
        face.requested_callback_types = TYPES
        running.calls("bandwidth", receiver.url)
        yield running


@pytest.fixture
def ours(box: Sandbox) -> Iterator[Client]:
    with box.connect("bandwidth", patience=0) as client:
        yield client


def advance(box: Sandbox, seconds: float) -> None:
    box.clock.advance(seconds)
    assert box.callbacks.wait()


def read(receiver: Recorder) -> list[Any]:
    """All events, by the SDK, which reads no lists: one after the other. It knows each of their keys."""
    found = []
    for body in map(json.loads, receiver.bodies):
        for event in body if isinstance(body, list) else [body]:
            callback = Callback.from_json(json.dumps(event)).actual_instance
            again = callback.to_dict()
            assert event.keys() == again.keys()
            assert event["message"].keys() == again["message"].keys()
            assert {} == callback.additional_properties == callback.message.additional_properties
            found.append(callback)
    return found


def test_statuses(box: Sandbox, ours: Client, receiver: Recorder) -> None:
    """Those of a group, of a text, of failures of every kind."""
    box.phones[CAT].landline = True
    box.phones[DAN].on = False
    receipt = ours.send(ours.create_group([ANN, BOB, CAT, DAN]), Message("Dinner?", PICTURE, priority="high"))
    private = ours.send_direct(ANN, "At eight")
    advance(box, DELIVERED_AFTER.total_seconds() + 2)
    advance(box, TIMED_OUT_AFTER.total_seconds() + 60)
    callbacks = read(receiver)
    assert {StatusCallback} == {type(callback) for callback in callbacks}
    assert set(TYPES) == {callback.type.value for callback in callbacks}
    assert {receipt.id, private.id} == {callback.message.id for callback in callbacks}
    assert {4720, 9902, None} == {callback.error_code for callback in callbacks}
    ends = [
        callback for callback in callbacks if callback.message.id == receipt.id and callback.type.value in TYPES[2:]
    ]
    assert {ANN, BOB, CAT, DAN} == {callback.to for callback in ends}
    assert {(LINE, APPLICATION_ID, "out", "", receipt.token, "high")} == {
        (
            callback.message.var_from,
            callback.message.application_id,
            callback.message.direction.value,
            callback.message.text,
            callback.message.tag,
            callback.message.priority.value,
        )
        for callback in ends
    }
    assert {(PICTURE,)} == {tuple(callback.message.media) for callback in ends}


def test_inbound(box: Sandbox, ours: Client, receiver: Recorder) -> None:
    """Those of a private text, of files alone, of a group with two lines."""
    box.phones[ANN].send("Yes", to=LINE)
    box.phones[ANN].send("", to=TOLL_FREE, media=[PICTURE])
    with box.network.lock:
        box.network.post(box.network.thread({ANN, BOB, LINE, SECOND_LINE}), BOB, "All of us", [PICTURE])
    advance(box, 2)
    callbacks = read(receiver)
    assert {InboundCallback} == {type(callback) for callback in callbacks}
    assert sorted([LINE, TOLL_FREE, LINE, SECOND_LINE]) == sorted(callback.to for callback in callbacks)
    assert all(callback.to == callback.message.owner and callback.to in callback.message.to for callback in callbacks)
    assert 4 == len({callback.message.id for callback in callbacks})
    assert {"Yes", "All of us"} == {callback.message.text for callback in callbacks if callback.message.text}
    assert {3, 1} == {len(callback.message.to) for callback in callbacks}
    assert {"in"} == {callback.message.direction.value for callback in callbacks}
