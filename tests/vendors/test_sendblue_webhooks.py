"""Sendblue's own types parse what the stand-in calls with: they are those of its messages."""

from __future__ import annotations

import json

import pytest
from recorder import recording
from sendblue_api.types.message_list_response import Data

from groupmessenger.sandbox import Sandbox

PEOPLE = ("+13125550101", "+13125550102")
PICTURE = "https://pictures.example.com/a.jpg"


@pytest.mark.parametrize("participants", ["array", "string"])
def test_messages_and_statuses_are_of_the_sdks_type(participants: str) -> None:
    """Every field that the type has is of its kind.

    But for two that are known from elsewhere, and which the SDK lets pass unread: a group's numbers are an array in
    older papers, and captures of what comes in have an empty `send_style`.
    """
    doubts = {"sendblue.number_field": participants}
    with recording() as recorder, Sandbox(doubts=doubts) as box:
        box.calls("sendblue", recorder.url)
        with box.connect("sendblue", status_callback=f"{recorder.url}/status") as client:
            client.send(client.create_group(PEOPLE), "Dinner?")
            client.send_direct(PEOPLE[0], "Psst")
            phone = box.phones[PEOPLE[0]]
            for thread in list(phone.threads):
                phone.send("Yes", thread=thread.id, media=[PICTURE])
            assert box.callbacks.wait()
            box.clock.advance(60)
            assert box.callbacks.wait()
    bodies = [json.loads(body) for body in recorder.bodies]
    assert {True, False} == {body["is_outbound"] for body in bodies}
    assert {"RECEIVED", "SENT", "DELIVERED"} <= {body["status"] for body in bodies}
    for body in bodies:
        told = {name: value for name, value in body.items() if not isinstance(value, list) or name == "participants"}
        if told["send_style"] == "":
            del told["send_style"]
        parsed = Data.model_validate(told)
        assert (body["content"], body["is_outbound"], body["status"]) == (
            parsed.content,
            parsed.is_outbound,
            parsed.status,
        )
        assert (body["message_handle"], body["group_id"] or None) == (parsed.message_handle, parsed.group_id or None)
