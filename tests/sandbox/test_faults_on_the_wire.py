"""Each fault over real HTTP: what the caller sees, what the phones show, what the log says."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Callable

import httpx
import pytest
from sandbox.acme import ALICE, BOB, AcmeFace

from groupmessenger.errors import InvalidInput
from groupmessenger.sandbox import Sandbox

MESSAGE = {"to": [ALICE, BOB], "text": "Dinner?"}


def send(http: httpx.Client) -> httpx.Response:
    return http.post("/acme/messages", json=MESSAGE)


def wait_for(true: Callable[[], bool]) -> None:
    """Wait for what happens in the server's own time."""
    deadline = time.monotonic() + 5
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.01)


@pytest.mark.parametrize("phase", ["before", "after"])
@pytest.mark.parametrize(
    ("kind", "error"),
    [
        ("drop", httpx.RemoteProtocolError),
        ("reset", httpx.ReadError),
        ("short", httpx.RemoteProtocolError),
        ("bad_gzip", httpx.DecodingError),
    ],
)
def test_a_broken_answer(sandbox: Sandbox, http: httpx.Client, kind: str, error: type[Exception], phase: str) -> None:
    """The caller cannot tell whether the vendor acted; the phones and the log can."""
    sandbox.fault(kind, provider="acme", operation="send", phase=phase)
    with pytest.raises(error):
        send(http)
    done = phase == "after"
    assert sandbox.phones[ALICE].texts == ["Dinner?"] * done
    (entry,) = sandbox.log
    assert (entry["verdict"], entry["fault"], entry["done"]) == ("fault", kind, done)
    assert entry["status"] == (200 if kind in ("short", "bad_gzip") else None)
    assert entry["request"] == MESSAGE
    assert send(http).status_code == 201


@pytest.mark.parametrize("kind", ["drop", "reset"])
def test_the_phase_headers_hangs_up_before_the_body_is_read(sandbox: Sandbox, kind: str) -> None:
    sandbox.fault(kind, phase="headers")
    head = b"POST /acme/messages HTTP/1.1\r\nhost: acme\r\ncontent-length: 1000000\r\n\r\n{"
    with socket.create_connection(("127.0.0.1", sandbox.port), timeout=5) as caller:
        caller.sendall(head)
        try:
            assert caller.recv(1000) == b""
        except ConnectionResetError:
            assert kind == "reset"
        else:
            assert kind == "drop"
    (entry,) = sandbox.log
    assert (entry["operation"], entry["request"], entry["done"]) == ("send", None, False)


def test_what_ends_a_call_first_decides_whether_the_body_is_read(sandbox: Sandbox, http: httpx.Client) -> None:
    """A vendor that acts late has to know on what."""
    sandbox.fault("late", seconds=60)
    sandbox.fault("drop", phase="headers")
    with pytest.raises(httpx.RemoteProtocolError):
        send(http)
    sandbox.clock.advance(60)
    assert sandbox.phones[ALICE].texts == ["Dinner?"]


@pytest.mark.parametrize("phase", ["headers", "before", "after"])
def test_a_refusal(sandbox: Sandbox, http: httpx.Client, phase: str) -> None:
    body = {"error": "busy"}
    sandbox.fault("refuse", status=503, body=body, headers={"Retry-After": "5"}, phase=phase)
    answer = send(http)
    assert (answer.status_code, answer.json(), answer.headers["retry-after"]) == (503, body, "5")
    assert answer.headers["content-type"] == "application/json"
    assert sandbox.phones[BOB].texts == ["Dinner?"] * (phase == "after")
    assert [(entry["status"], entry["verdict"]) for entry in sandbox.log] == [(503, "fault")]


def test_a_refusal_in_plain_text_or_without_a_word(sandbox: Sandbox, http: httpx.Client) -> None:
    sandbox.fault("refuse", status=502, text="upstream went away")
    sandbox.fault("refuse", status=504, nth=2)
    answer = send(http)
    assert (answer.text, answer.headers["content-type"]) == ("upstream went away", "text/plain; charset=utf-8")
    answer = send(http)
    assert (answer.status_code, answer.content, "content-type" in answer.headers) == (504, b"", False)


@pytest.mark.parametrize("phase", ["before", "after"])
def test_answers_that_are_not_the_vendors(sandbox: Sandbox, http: httpx.Client, phase: str) -> None:
    for kind in ("html", "empty", "huge"):
        sandbox.fault(kind, phase=phase)
        sandbox.clear_log()
        answer = send(http)
        assert answer.status_code == 200
        assert [entry["fault"] for entry in sandbox.log] == [kind]
        match kind:
            case "html":
                assert answer.headers["content-type"] == "text/html; charset=utf-8"
                assert answer.text.startswith("<!doctype html>")
            case "empty":
                assert answer.content == b""
            case _:
                assert len(answer.content) > 10_000_000
        sandbox.clear_faults()
    assert len(sandbox.phones[ALICE].texts) == 3 * (phase == "after")


def test_a_redirect(sandbox: Sandbox, http: httpx.Client) -> None:
    sandbox.fault("redirect", location="https://example.com/elsewhere")
    answer = send(http)
    assert (answer.status_code, answer.headers["location"]) == (301, "https://example.com/elsewhere")
    assert sandbox.phones[ALICE].texts == []


@pytest.mark.parametrize("phase", ["before", "after"])
def test_a_delay_goes_on_normally(sandbox: Sandbox, http: httpx.Client, phase: str) -> None:
    sandbox.fault("delay", seconds=0.2, phase=phase)
    start = time.monotonic()
    assert send(http).status_code == 201
    assert time.monotonic() - start > 0.2
    (entry,) = sandbox.log
    assert (entry["status"], entry["verdict"], entry["fault"]) == (201, "accepted", "delay")


@pytest.mark.parametrize("phase", ["before", "after"])
def test_a_caller_who_gives_up_does_not_stop_the_vendor(sandbox: Sandbox, http: httpx.Client, phase: str) -> None:
    sandbox.fault("delay", seconds=0.5, phase=phase)
    with pytest.raises(httpx.ReadTimeout):
        http.post("/acme/messages", json=MESSAGE, timeout=0.1)
    wait_for(lambda: sandbox.phones[ALICE].texts == ["Dinner?"])
    wait_for(lambda: sandbox.log[0]["done"])
    assert [entry["status"] for entry in sandbox.log] == [None]


def test_the_log_has_a_call_that_is_still_under_way(sandbox: Sandbox, http: httpx.Client) -> None:
    sandbox.fault("delay", seconds=2)
    with pytest.raises(httpx.ReadTimeout):
        http.post("/acme/messages", json=MESSAGE, timeout=0.1)
    (entry,) = sandbox.log
    assert (entry["status"], entry["verdict"], entry["done"]) == (None, "fault", False)


def test_faults_add_up_until_one_ends_the_call(sandbox: Sandbox, http: httpx.Client) -> None:
    sandbox.fault("delay", seconds=0.1)
    sandbox.fault("delay", seconds=0.1, phase="after")
    sandbox.fault("drop", phase="after")
    start = time.monotonic()
    with pytest.raises(httpx.RemoteProtocolError):
        send(http)
    assert time.monotonic() - start > 0.2
    assert sandbox.phones[ALICE].texts == ["Dinner?"]


def test_late_is_no_answer_now_and_the_deed_later(sandbox: Sandbox, http: httpx.Client) -> None:
    sandbox.fault("late", seconds=600)
    with pytest.raises(httpx.RemoteProtocolError):
        send(http)
    sandbox.clock.advance(599)
    assert sandbox.phones[ALICE].texts == []
    sandbox.clock.advance(2)
    assert sandbox.phones[ALICE].texts == ["Dinner?"]
    told = [(entry["verdict"], entry["done"], entry["fault"], entry["status"]) for entry in sandbox.log]
    assert told == [("fault", False, "late", None), ("accepted", True, "late", None)]


def test_late_may_be_refused_then(sandbox: Sandbox, http: httpx.Client) -> None:
    sandbox.fault("late", seconds=600)
    with pytest.raises(httpx.RemoteProtocolError):
        http.post("/acme/messages", json={})
    sandbox.clock.advance(600)
    assert [(entry["verdict"], entry["done"]) for entry in sandbox.log] == [("fault", False), ("refused", False)]


def test_what_is_due_happens_although_nobody_calls(sandbox: Sandbox, http: httpx.Client) -> None:
    sandbox.fault("late", seconds=0.2)
    with pytest.raises(httpx.RemoteProtocolError):
        send(http)
    wait_for(lambda: sandbox.phones[ALICE].texts == ["Dinner?"])


def test_twice_is_done_twice_and_answered_with_the_first(sandbox: Sandbox, http: httpx.Client) -> None:
    sandbox.fault("twice", operation="send")
    assert send(http).json() == {"id": "message_1"}
    assert sandbox.phones[ALICE].texts == ["Dinner?", "Dinner?"]
    told = [(entry["verdict"], entry["done"], entry["fault"], entry["status"]) for entry in sandbox.log]
    assert told == [("accepted", True, "twice", 201), ("accepted", True, "twice", None)]


def test_scope_nth_and_times(sandbox: Sandbox, http: httpx.Client) -> None:
    sandbox.fault("refuse", status=500, provider="acme", operation="send", nth=2, times=2)
    answered = [send(http).status_code for _ in range(4)]
    assert answered == [201, 500, 500, 201]
    sandbox.fault("refuse", status=500, operation="ping", times=None)
    assert [http.get("/acme/ping").status_code for _ in range(3)] == [500, 500, 500]
    assert send(http).status_code == 201


def test_chance_is_repeatable() -> None:
    def answered() -> list[int]:
        with Sandbox(faces=[AcmeFace]) as sandbox, httpx.Client(base_url=sandbox.url, trust_env=False) as http:
            sandbox.fault("refuse", status=500, probability=0.5, seed=3, times=None)
            return [http.get("/acme/ping").status_code for _ in range(20)]

    first = answered()
    assert answered() == first
    assert set(first) == {200, 500}


def test_clear_faults(sandbox: Sandbox, http: httpx.Client) -> None:
    sandbox.fault("drop", times=None)
    sandbox.clear_faults()
    assert send(http).status_code == 201


def test_a_bad_fault_is_refused(sandbox: Sandbox) -> None:
    with pytest.raises(InvalidInput, match="refuse needs status"):
        sandbox.fault("refuse")
    with pytest.raises(InvalidInput, match="did you mean 'send'"):
        sandbox.fault("drop", operation="sent")


def test_a_caller_who_leaves_within_the_body_never_asked(sandbox: Sandbox, http: httpx.Client) -> None:
    body = json.dumps(MESSAGE).encode()
    head = f"POST /acme/messages HTTP/1.1\r\nhost: acme\r\ncontent-length: {len(body)}\r\n\r\n".encode()
    with socket.create_connection(("127.0.0.1", sandbox.port), timeout=5) as caller:
        caller.sendall(head + body[:10])
        time.sleep(0.05)
    assert http.get("/acme/ping").status_code == 200
    assert [entry["operation"] for entry in sandbox.log] == ["ping"]
