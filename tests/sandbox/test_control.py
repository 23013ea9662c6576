"""The control endpoints: phones, faults, log, clock and doubts from outside the process."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest
from sandbox.acme import ALICE, BOB, LINE, AcmeFace

from groupmessenger.sandbox import Sandbox


def thread_of(http: httpx.Client) -> str:
    """Send a message and give its thread, as Alice's phone shows it."""
    http.post("/acme/messages", json={"to": [ALICE, BOB], "text": "Dinner?"})
    return str(http.get(f"/_phones/{ALICE}").json()["threads"][0]["id"])


def test_phones_are_listed_and_seen(sandbox: Sandbox, http: httpx.Client) -> None:
    thread_of(http)
    assert http.get("/_phones").json() == [ALICE, BOB]
    assert http.get("/_phones/%2B13125550101").json() == sandbox.phones[ALICE].view()
    assert http.get("/_phones/+13125550101").json() == sandbox.phones[ALICE].view()
    assert http.get("/_phones/someone@example.com").json() == {"number": "someone@example.com", "threads": []}


def test_a_phone_writes_into_a_thread(sandbox: Sandbox, http: httpx.Client) -> None:
    thread = thread_of(http)
    answer = http.post(f"/_phones/{ALICE}/send", json={"thread": thread, "text": "Yes"})
    assert (answer.status_code, answer.json()) == (200, {"thread": thread})
    assert sandbox.phones[BOB].texts == ["Dinner?", "Yes"]
    face = sandbox.faces["acme"]
    assert isinstance(face, AcmeFace)
    assert [inbound.text for inbound in face.heard] == ["Yes"]


def test_a_phone_writes_privately_with_or_without_words(sandbox: Sandbox, http: httpx.Client) -> None:
    picture = "https://example.com/a.png"
    answer = http.post(f"/_phones/{ALICE}/send", json={"to": LINE, "media": [picture]})
    thread = sandbox.network.threads[answer.json()["thread"]]
    assert thread.participants == {ALICE, LINE}
    assert sandbox.phones[ALICE].messages[thread.id][0].media == (picture,)


def test_a_phone_is_changed(sandbox: Sandbox, http: httpx.Client) -> None:
    answer = http.post(f"/_phones/{ALICE}", json={"on": False, "imessage": False})
    assert answer.json() == {"on": False, "imessage": False, "mms": True, "landline": False}
    thread_of_bob = http.post("/acme/messages", json={"to": [ALICE, BOB], "text": "Dinner?"})
    assert thread_of_bob.status_code == 201
    assert sandbox.phones[ALICE].texts == []
    http.post(f"/_phones/{ALICE}", json={"on": True})
    assert sandbox.phones[ALICE].texts == ["Dinner?"]


def test_faults_are_set_seen_and_taken_back(http: httpx.Client) -> None:
    drop = {"kind": "drop", "provider": "acme", "operation": "ping"}
    assert http.post("/_faults", json=drop).json() == [{**drop, "calls": 0, "struck": 0}]
    more = http.post("/_faults", json=[{"kind": "empty", "times": None}, {"kind": "refuse", "status": 500}])
    assert [fault["kind"] for fault in more.json()] == ["drop", "empty", "refuse"]
    with pytest.raises(httpx.RemoteProtocolError):
        http.get("/acme/ping")
    assert [(fault["calls"], fault["struck"]) for fault in http.get("/_faults").json()] == [(1, 1), (1, 1), (1, 1)]
    assert http.delete("/_faults").json() == []
    assert http.get("/_faults").json() == []


def test_a_list_with_one_bad_fault_sets_none(http: httpx.Client) -> None:
    answer = http.post("/_faults", json=[{"kind": "drop"}, {"kind": "drop", "operation": "pong"}])
    assert (answer.status_code, "did you mean 'ping'?" in answer.json()["error"]) == (400, True)
    assert http.get("/_faults").json() == []


def test_the_log_is_read_and_cleared(sandbox: Sandbox, http: httpx.Client) -> None:
    http.get("/acme/ping")
    assert http.get("/_log").json() == sandbox.log
    assert http.delete("/_log").json() == []
    assert http.get("/_log").json() == []


def test_the_clock_is_put_forward(sandbox: Sandbox, http: httpx.Client) -> None:
    before = sandbox.clock.now()
    now = datetime.fromisoformat(http.post("/_clock", json={"advance": 3600}).json()["now"])
    assert timedelta(0) <= now - before - timedelta(hours=1) < timedelta(seconds=5)


def test_doubts_are_listed_with_their_choices() -> None:
    with Sandbox(faces=[AcmeFace], doubts={"acme.slow": True}) as sandbox:
        answer = httpx.get(f"{sandbox.url}/_doubts", trust_env=False)
    assert answer.json() == [
        {"name": "acme.created", "what": "What a new message answers.", "choices": [201, 200], "chosen": 201},
        {
            "name": "acme.slow",
            "what": "Whether phones get a message later.",
            "choices": [False, True],
            "chosen": True,
        },
    ]


@pytest.mark.parametrize(
    ("path", "body", "said"),
    [
        ("/_phones/13125550101", {}, "'13125550101' is no phone's number; write it like +13125550101"),
        ("/_phones/312/send", {"to": LINE, "text": "Hello"}, "'312' is no phone's number; write it like +13125550101"),
        (f"/_phones/{LINE}", {"on": True}, f"{LINE} is a line of the sandbox, not a phone"),
        (f"/_phones/{ALICE}", {"on": "yes"}, "on must be true or false, not 'yes'"),
        (f"/_phones/{ALICE}", {"landlne": True}, "no field is called 'landlne'; did you mean 'landline'?"),
        (f"/_phones/{ALICE}", [], "the body must be a JSON object with on, imessage, mms, landline"),
        (f"/_phones/{ALICE}/send", {"text": "Hello"}, "give either thread, the id of one that the phone shows, or to"),
        (f"/_phones/{ALICE}/send", {"to": LINE, "thread": "thread_1", "text": "Hello"}, "give either thread"),
        (f"/_phones/{ALICE}/send", {"to": "Bob", "text": "Hello"}, "to must be a number such as +13125550101"),
        (f"/_phones/{ALICE}/send", {"to": ALICE, "text": "Hello"}, "to is the phone itself"),
        (f"/_phones/{ALICE}/send", {"to": LINE}, "text is missing: give text, or media, or both"),
        (f"/_phones/{ALICE}/send", {"to": LINE, "text": 1}, "text must be text, not 1"),
        (f"/_phones/{ALICE}/send", {"to": LINE, "media": "a.png"}, "media must be a list of URLs, not 'a.png'"),
        (f"/_phones/{ALICE}/send", {"to": LINE, "media": [1]}, "media must be a list of URLs, not [1]"),
        (
            f"/_phones/{ALICE}/send",
            {"thread": "thread_9", "text": "Hello"},
            f"thread 'thread_9' is not one that {ALICE} shows; it shows: none",
        ),
        ("/_clock", {}, "advance is missing: seconds, from 0"),
        ("/_clock", {"advance": -1}, "advance must be seconds, from 0, not -1"),
        ("/_clock", {"advance": True}, "advance must be seconds, from 0, not True"),
        ("/_faults", "drop", "a fault is a JSON object, not 'drop'"),
        ("/_faults", {"kind": "refuse"}, "refuse needs status"),
    ],
)
def test_bad_input_is_answered_by_what_is_wrong(http: httpx.Client, path: str, body: Any, said: str) -> None:
    answer = http.post(path, json=body)
    assert answer.status_code == 400
    assert said in answer.json()["error"]


def test_a_body_that_is_no_json_is_refused(http: httpx.Client) -> None:
    answer = http.post("/_clock", content=b"\xff")
    assert (answer.status_code, answer.json()) == (400, {"error": "the body is not JSON"})


def test_what_does_not_exist_is_answered_with_what_does(http: httpx.Client) -> None:
    answer = http.get("/acmee/ping")
    assert answer.status_code == 404
    assert answer.json() == {
        "error": "the sandbox has no GET /acmee/ping; it has /acme, /_phones, /_faults, /_log, /_callbacks, "
        "/_clock, /_doubts"
    }
    assert http.get("/").status_code == 404
    assert http.put("/_log").status_code == 405
