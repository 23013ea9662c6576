"""A switchboard mounted in a server: what providers are answered, and what is kept then."""

from __future__ import annotations

from contextlib import ExitStack
from typing import Any

import httpx
import pytest
from hearing import wrote
from serving import serving
from switchboard.boards import PEOPLE
from switchboard.inboxes import Office, an_office  # noqa: F401
from switchboard.mounts import KINDS, as_request, body, mounted, wait_for
from switchboard.scenes import Scene, a_scene_on_each  # noqa: F401

import groupmessenger as gm
from groupmessenger.callbacks import LARGEST
from groupmessenger.errors import DirectoryError


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def test_providers_are_answered_as_by_a_receiver(office: Office, kind: str) -> None:
    """And what is not accepted is not kept."""
    with mounted(office, kind, None) as ask:
        answer = ask(body(wrote()))
        assert (200, b"thanks") == (answer.status_code, answer.content)
        assert 200 == ask(body(wrote())).status_code
        refused = ask(body(wrote("2")), {})
        assert (401, 'Basic realm="acme"') == (refused.status_code, refused.headers["www-authenticate"])
        assert 400 == ask(b"[").status_code
        assert 404 == ask(body(wrote("2")), path="/other").status_code
        assert (405, "POST") == ((wrong := ask(b"", method="GET")).status_code, wrong.headers["allow"])
        assert [] == [each for each in office.rows() if each.state != "waiting"]
    assert 1 == len(office.rows())


@pytest.mark.filterwarnings("ignore:.*httpx._content.ByteStream.__aiter__.*garbage collected:ResourceWarning")
@pytest.mark.filterwarnings("ignore:.*ByteStream.__aiter__:pytest.PytestUnraisableExceptionWarning")  # httpx on trio
def test_a_body_has_an_end(office: Office, kind: str) -> None:
    with mounted(office, kind, None) as ask:
        assert 413 == ask(b"[" + b" " * LARGEST).status_code
    assert [] == office.rows()


def test_the_url_is_that_of_the_file_unless_it_is_given(office: Office) -> None:
    for given, expected in ((None, "https://a.example/hooks/main"), ("https://b.example", "https://b.example/main")):
        board = office.board(public_url="https://a.example/hooks")
        app = board.wsgi(public_url=given)
        with httpx.Client(transport=httpx.WSGITransport(app=app), base_url="http://inside") as http:
            assert 200 == http.request(**as_request(body(wrote(expected)))).status_code
        assert expected == office.rows()[-1].url
    with pytest.raises(gm.ConfigurationError, match="public_url: it is no https URL"):
        board.asgi(public_url="http://c.example")


def test_who_signs_a_url_is_not_believed_without_one(either: Scene) -> None:
    either.listen()
    board = either.board("messagebird")
    board.create_group("team", PEOPLE)
    board.send("team", "Hello")
    either.box.phones[PEOPLE[0]].send("Yes!", to=board.operations.board.lines["messagebird"].number)
    call = either.callbacks("messagebird")[-1]
    place, path = call.url[: -len("/messagebird")], "/messagebird"
    for given, expected in ((None, 401), (place, 200)):
        app = board.wsgi(public_url=given)
        with httpx.Client(transport=httpx.WSGITransport(app=app), base_url="http://outside.example") as http:
            headers = dict(call.headers) | {"host": "outside.example"}
            assert expected == http.request(call.method, path, headers=headers, content=call.body).status_code


def test_a_directory_that_is_away_is_the_providers_to_try_again(either: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is answered 503, and the vendor's next try lands."""
    with ExitStack() as stack:
        place: list[Any] = []

        async def app(scope: Any, receive: Any, send: Any) -> None:
            await place[0](scope, receive, send)

        url = stack.enter_context(serving(app))
        board = either.board("bandwidth")
        events: list[gm.Event] = []
        place.append(board.asgi(events.append))
        either.box.calls("bandwidth", f"{url}/bandwidth")
        board.create_group("team", PEOPLE)
        board.send("team", "Hello")
        phone = either.box.phones[PEOPLE[0]]
        do = board._directory.do

        def away(work: Any) -> Any:
            raise DirectoryError("the disk is full")

        monkeypatch.setattr(board._directory, "do", away)
        phone.send("Yes!", thread=phone.threads[0].id)
        assert either.box.callbacks.wait()
        assert [401, 503] == either.box.callbacks.tried()[-1]["statuses"]
        monkeypatch.setattr(board._directory, "do", do)
        either.later(600)
        assert either.box.callbacks.wait()
        wait_for(lambda: "Yes!" in [event.text for event in events if isinstance(event, gm.MessageReceived)])


def test_a_closed_switchboard_accepts_nothing(office: Office) -> None:
    board = office.board()
    app = board.wsgi(lambda event: None)
    board.close()
    with httpx.Client(transport=httpx.WSGITransport(app=app), base_url="http://inside") as http:
        assert 503 == http.request(**as_request(body(wrote()))).status_code
