"""The vendors over HTTP: who serves a call, what a face sees of it, and what the log keeps."""

from __future__ import annotations

import logging
import threading

import httpx
import pytest
from sandbox.acme import ALICE, AcmeFace

from groupmessenger.sandbox import Sandbox
from groupmessenger.sandbox.routing import pattern


def face_of(sandbox: Sandbox) -> AcmeFace:
    face = sandbox.faces["acme"]
    assert isinstance(face, AcmeFace)
    return face


def test_a_template_matches_one_segment_or_any_number() -> None:
    assert pattern("/a.b/{x}/c").fullmatch("/a.b/1/c")
    assert not pattern("/a.b/{x}/c").fullmatch("/aXb/1/c")
    assert not pattern("/a/{x}").fullmatch("/a/1/2")
    match = pattern("/a/{x}/{rest:path}").fullmatch("/a/1/2/3")
    assert match is not None
    assert match.groupdict() == {"x": "1", "rest": "2/3"}


def test_a_face_sees_the_call_decoded(sandbox: Sandbox, http: httpx.Client) -> None:
    http.get("/acme/people/%2B13125550101/notes/a%2Fb?x=1&x=2&empty=&plus=a+b", headers={"X-Thing": "Yes"})
    (call,) = face_of(sandbox).asked
    assert (call.method, call.path) == ("GET", f"/people/{ALICE}/notes/a/b")
    assert call.parameters == {"number": ALICE, "note": "a/b"}
    assert call.query == {"x": "1", "empty": "", "plus": "a b"}
    assert call.headers["x-thing"] == "Yes"
    assert (call.body, call.json) == (b"", None)


def test_a_path_parameter_takes_slashes(sandbox: Sandbox, http: httpx.Client) -> None:
    http.get("/acme/media/one/two/pic.jpg")
    assert face_of(sandbox).asked[0].parameters == {"key": "one/two/pic.jpg"}


def test_a_body_may_come_in_pieces(sandbox: Sandbox, http: httpx.Client) -> None:
    pieces = iter([b'{"to": ["+13125550101"],', b'"text": "', b"x" * 200_000, b'"}'])
    answer = http.post("/acme/messages", content=pieces)
    assert answer.status_code == 201
    assert len(sandbox.phones[ALICE].texts[0]) == 200_000


def test_an_unknown_path_or_method_is_answered_by_the_face(sandbox: Sandbox, http: httpx.Client) -> None:
    for answer in (http.get("/acme/nothing"), http.delete("/acme/ping"), http.get("/acme")):
        assert (answer.status_code, answer.json()) == (404, {"error": "not found"})
    told = [(entry["operation"], entry["path"], entry["verdict"], entry["done"]) for entry in sandbox.log]
    assert told == [(None, path, "refused", False) for path in ("/nothing", "/ping", "/")]


def test_an_answer_may_be_bytes_or_nothing(http: httpx.Client) -> None:
    page = http.get("/acme/page")
    assert (page.text, page.headers["content-type"]) == ("<p>", "text/html")
    gone = http.delete("/acme/messages")
    assert (gone.status_code, gone.content, "content-type" in gone.headers) == (204, b"", False)


def test_the_log_tells_everything_but_credentials(sandbox: Sandbox, http: httpx.Client) -> None:
    fields = {"to": [ALICE], "text": "Hello"}
    http.post("/acme/messages?token=hush", json=fields, headers={"authorization": "Bearer hush", "x-key": "hush"})
    http.post("/acme/messages", json={})
    first, second = sandbox.log
    at = first.pop("at")  # type: ignore[misc]
    assert abs((sandbox.clock.now() - type(sandbox.clock.now()).fromisoformat(at)).total_seconds()) < 5
    assert first == {
        "n": 1,
        "provider": "acme",
        "operation": "send",
        "method": "POST",
        "path": "/messages",
        "status": 201,
        "verdict": "accepted",
        "done": True,
        "fault": None,
        "request": fields,
    }
    assert (second["n"], second["status"], second["verdict"], second["done"]) == (2, 400, "refused", False)
    assert "hush" not in str(sandbox.log)


def test_clear_log_forgets_and_counts_on(sandbox: Sandbox, http: httpx.Client) -> None:
    http.get("/acme/ping")
    sandbox.clear_log()
    assert sandbox.log == []
    http.get("/acme/ping")
    assert [entry["n"] for entry in sandbox.log] == [2]


def test_a_stand_in_that_fails_says_so(sandbox: Sandbox, http: httpx.Client, caplog: pytest.LogCaptureFixture) -> None:
    answer = http.get("/acme/broken")
    assert answer.status_code == 500
    assert answer.json() == {"error": "the stand-in failed: ZeroDivisionError: by the stand-in itself"}
    assert [(entry["status"], entry["verdict"], entry["done"]) for entry in sandbox.log] == [(500, "refused", False)]
    (record,) = [record for record in caplog.records if record.levelno >= logging.ERROR]
    assert record.getMessage() == "the stand-in for acme failed in broken"


def test_a_plan_that_fails_is_logged_and_the_server_goes_on(
    sandbox: Sandbox, http: httpx.Client, caplog: pytest.LogCaptureFixture
) -> None:
    failed = threading.Event()

    def fail() -> None:
        failed.set()
        raise ZeroDivisionError

    sandbox.clock.at(sandbox.clock.now(), fail)
    assert failed.wait(5)
    assert http.get("/acme/ping").status_code == 200
    assert "a stand-in failed in what it had planned" in caplog.text


def test_vendors_act_one_call_at_a_time_under_the_lock(sandbox: Sandbox, http: httpx.Client) -> None:
    with sandbox.network.lock:
        with pytest.raises(httpx.ReadTimeout):
            http.post("/acme/messages", json={"to": [ALICE], "text": "Hello"}, timeout=0.2)
        assert sandbox.phones[ALICE].texts == []


def test_nothing_is_said_about_ordinary_calls(http: httpx.Client, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, logger="uvicorn.access"):
        http.get("/acme/ping")
    assert [record for record in caplog.records if record.name == "uvicorn.access"] == []
