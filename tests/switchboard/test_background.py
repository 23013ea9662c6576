"""What a mounted switchboard accepted is handled in the background, also after failures, and when a server begins."""

from __future__ import annotations

import threading
from typing import Any

import anyio
import anyio.from_thread
import pytest
from hearing import callback, wrote
from switchboard.inboxes import Office, an_office  # noqa: F401
from switchboard.mounts import KINDS, body, mounted, wait_for
from switchboard.scenes import Scene, a_scene_on_each  # noqa: F401

import groupmessenger as gm
from groupmessenger.errors import DirectoryError
from groupmessenger.switchboard import background, inbox


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inbox, "PAUSES", (0.05,) * 6)


def test_what_is_accepted_is_handled(office: Office, kind: str) -> None:
    """By somebody else than the request."""
    events: list[gm.Event] = []
    with mounted(office, kind, events.append) as ask:
        for number in "12":
            assert 200 == ask(body(wrote(number))).status_code
        wait_for(lambda: [row.state for row in office.rows()] == ["handled"] * 2)
    assert ["in/1", "in/2"] == [event.key for event in events]


def test_what_failed_is_tried_again_by_itself(office: Office, kind: str) -> None:
    """Without another callback."""
    tries: list[str] = []

    def behave(event: gm.Event) -> None:
        tries.append(event.key)
        if len(tries) < 4:
            raise RuntimeError("broken")

    with mounted(office, kind, behave) as ask:
        assert 200 == ask(body(wrote())).status_code
        wait_for(lambda: [row.state for row in office.rows()] == ["handled"])
    assert ["in/1"] * 4 == tries


@pytest.mark.parametrize("kind", ["asyncio", "trio"], indirect=True)
def test_handlers_in_a_loop_may_be_async(office: Office, kind: str) -> None:
    events: list[gm.Event] = []

    async def handle(event: gm.Event) -> None:
        await anyio.lowlevel.checkpoint()
        events.append(event)

    with mounted(office, kind, handle) as ask:
        assert 200 == ask(body(wrote())).status_code
        wait_for(lambda: len(events) == 1)


@pytest.mark.parametrize("kind", ["asyncio", "trio"], indirect=True)
def test_a_handler_that_hangs_is_overtaken(office: Office, kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """After some seconds, so that those that are quick stay in their order."""
    monkeypatch.setattr(background, "_OVERTAKEN", 0.05)
    goes_on = threading.Event()
    events: list[str] = []

    def handle(event: gm.Event) -> None:
        if event.key == "in/1":
            goes_on.wait(10)
        events.append(event.key)

    with mounted(office, kind, handle) as ask:
        for number in "12":
            assert 200 == ask(body(wrote(number))).status_code
        wait_for(lambda: events == ["in/2"])
        goes_on.set()
        wait_for(lambda: [row.state for row in office.rows()] == ["handled"] * 2)
    assert ["in/2", "in/1"] == events


def test_a_directory_that_is_away_is_asked_again(
    office: Office, kind: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(background, "_AFTER_FAILURE", 0.05)
    take, failures = inbox.take, [0, 0]

    def away(*args: Any) -> Any:
        if failures:
            failures.pop()
            raise DirectoryError("the disk is full")
        return take(*args)

    monkeypatch.setattr(inbox, "take", away)
    events: list[gm.Event] = []
    with mounted(office, kind, events.append) as ask:
        assert 200 == ask(body(wrote())).status_code
        wait_for(lambda: len(events) == 1)
    assert 2 == caplog.text.count("accepted callbacks could not be looked at")


@pytest.mark.anyio
@pytest.mark.parametrize("anyio_backend", ["asyncio", "trio"])
async def test_a_server_that_begins_looks_for_what_was_left(office: Office, anyio_backend: str) -> None:
    """And one that ends lets what is under way come to its end."""
    office.ticks = True
    began, goes_on = anyio.Event(), anyio.Event()
    handled: list[str] = []

    async def handle(event: gm.Event) -> None:
        began.set()
        await goes_on.wait()
        handled.append(event.key)

    async with office.board_async() as board:
        await board.accept("main", callback(wrote()))
        app: Any = board.asgi(handle)
        send_in, receive = anyio.create_memory_object_stream[dict[str, Any]](2)
        sent: list[str] = []

        async def send(message: Any) -> None:
            sent.append(message["type"])

        async with send_in, receive, anyio.create_task_group() as tasks:
            tasks.start_soon(app, {"type": "lifespan"}, receive.receive, send)
            await send_in.send({"type": "lifespan.startup"})
            with anyio.fail_after(10):
                await began.wait()
            assert (["lifespan.startup.complete"], []) == (sent, handled)
            await send_in.send({"type": "lifespan.shutdown"})
            await anyio.lowlevel.checkpoint()
            goes_on.set()
        assert (["lifespan.startup.complete", "lifespan.shutdown.complete"], ["in/1"]) == (sent, handled)
        assert () == await board.inbox()


@pytest.mark.anyio
@pytest.mark.parametrize("anyio_backend", ["asyncio", "trio"])
async def test_a_handler_that_does_not_end_is_cancelled_at_the_end(
    office: Office, anyio_backend: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And its event is for the next process."""
    office.ticks = True
    monkeypatch.setattr(background, "_TO_FINISH", 0.05)
    began = anyio.Event()

    async def hang(event: gm.Event) -> None:
        began.set()
        await anyio.sleep_forever()

    async with office.board_async() as board:
        await board.accept("main", callback(wrote()))
        app: Any = board.asgi(hang)
        app._background.start()
        with anyio.fail_after(10):
            await began.wait()
    assert ["waiting"] == [row.state for row in office.rows()]


@pytest.mark.parametrize("kind", ["wsgi"], indirect=True)
@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_thread_that_ended_is_begun_again(office: Office, kind: str) -> None:
    events: list[str] = []

    def handle(event: gm.Event) -> None:
        events.append(event.key)
        if len(events) == 1:
            raise KeyboardInterrupt

    with mounted(office, kind, handle) as ask:
        assert 200 == ask(body(wrote("1"))).status_code
        wait_for(lambda: "groupmessenger-inbox" not in [each.name for each in threading.enumerate()])
        assert 200 == ask(body(wrote("2"))).status_code
        wait_for(lambda: ["in/1", "in/2"] == events)


@pytest.mark.parametrize("kind", ["asyncio", "wsgi"], indirect=True)
def test_what_is_under_way_ends_before_a_switchboard_closes(office: Office, kind: str) -> None:
    """And may use it until then."""
    began, goes_on = threading.Event(), threading.Event()

    def handle(event: gm.Event) -> None:
        began.set()
        goes_on.wait(10)

    with mounted(office, kind, handle) as ask:
        assert 200 == ask(body(wrote())).status_code
        began.wait(10)
        threading.Timer(0.1, goes_on.set).start()
    assert ["handled"] == [row.state for row in office.rows()]
