"""The pytest plugin: what its fixtures give, and what it does not import."""

from __future__ import annotations

import http.client
import os
import subprocess
import sys
import threading
from collections.abc import Callable
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

import pytest

import groupmessenger as gm
import groupmessenger_pytest
from groupmessenger import testing
from groupmessenger.sandbox import Sandbox
from groupmessenger.testing import Memory
from groupmessenger.testing.serving import serving

ANN = "+13125550101"
HEAVY = "groupmessenger attrs anyio httpx starlette uvicorn sqlalchemy"
LOADED = """
import sys, pytest
assert pytest.main(["--collect-only", "-q", "-p", "no:cacheprovider", "-p", "groupmessenger_pytest"]) == 0
print([name for name in {heavy!r}.split() if name in sys.modules])
"""


def python(script: str, folder: Path) -> str:
    """What a script prints last, without anybody else's plugins and without coverage's modules."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("COVERAGE", "PYTEST"))}
    environment["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    command = [sys.executable, "-c", script]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=True)
    return done.stdout.splitlines()[-1]


def test_pytest_loads_nothing_else(tmp_path: Path) -> None:
    """A run of pytest that uses none of the fixtures does not pay for them."""
    (tmp_path / "test_it.py").write_text("def test_nothing(): pass")
    assert "[]" == python(LOADED.format(heavy=HEAVY), tmp_path)


def test_pytest_finds_the_plugin() -> None:
    (plugin,) = entry_points(group="pytest11", name="groupmessenger")
    assert groupmessenger_pytest is plugin.load()


def test_names_come_when_they_are_asked_for(tmp_path: Path) -> None:
    script = "import sys; from groupmessenger import testing; print([m for m in sys.modules if 'testing.' in m])"
    assert "[]" == python(script, tmp_path)
    assert {"Memory", "assert_seen", "eventually", "shown"} <= set(dir(testing))
    with pytest.raises(AttributeError, match="Memry"):
        _ = testing.Memry


@pytest.mark.parametrize("text", ["One", "Two"])
def test_each_test_has_a_memory_of_its_own(groupmessenger_memory: Memory, text: str) -> None:
    with groupmessenger_memory.connect() as client:
        client.send_direct(ANN, text)
    assert {ANN: [text]} == groupmessenger_memory.phones.texts


def test_a_receiver_is_called_by_every_vendor(
    groupmessenger_sandbox: Sandbox,
    groupmessenger_receiver: groupmessenger_pytest.Receive,
    capfd: pytest.CaptureFixture[str],
) -> None:
    """Under names that are not the providers', one of which has to be quoted; and nothing is printed."""
    sandbox, heard = groupmessenger_sandbox, list[gm.Event]()
    with sandbox.connect("sendblue") as one, sandbox.connect("bandwidth") as other:
        url = groupmessenger_receiver({"my line": one, "other": other}, heard.append)
        for client in (one, other):
            sandbox.phones[ANN].send("Hello", to=client.messenger.line)
        assert sandbox.callbacks.wait()
    assert {f"{url}/my%20line", f"{url}/other"} == {each["url"] for each in sandbox.callbacks.tried()}
    assert ["Hello", "Hello"] == [each.text for each in heard if isinstance(each, gm.MessageReceived)]
    assert ("", "") == capfd.readouterr()


async def asgi(scope: Any, receive: Any, send: Any) -> None:
    """An application with a lifespan, as FastAPI's have."""
    if scope["type"] == "lifespan":
        await receive()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await send({"type": "lifespan.shutdown.complete"})
    else:
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body", "body": b""})


def wsgi(environ: Any, start_response: Any) -> list[bytes]:
    start_response("204 No Content", [])
    return []


async def refuses(scope: Any, receive: Any, send: Any) -> None:
    await receive()
    await send({"type": "lifespan.startup.failed", "message": "no database"})


def status(url: str) -> int:
    connection = http.client.HTTPConnection(url.removeprefix("http://"), timeout=10)
    try:
        connection.request("GET", "/")
        return connection.getresponse().status
    finally:
        connection.close()


def test_applications_are_served(groupmessenger_server: Callable[[Any], str]) -> None:
    urls = [groupmessenger_server(app) for app in (asgi, wsgi)]
    assert [204, 204] == [status(url) for url in urls]


@pytest.mark.parametrize("app", [asgi, wsgi])
def test_serving_leaves_no_thread_and_no_listener(app: Any) -> None:
    before = {*threading.enumerate()}
    with serving(app) as url:
        assert 204 == status(url)
    assert {*threading.enumerate()} <= before
    with pytest.raises(ConnectionRefusedError):
        status(url)


def test_an_application_that_does_not_start_is_told_of() -> None:
    with pytest.raises(RuntimeError, match="did not start"), serving(refuses):
        raise AssertionError("it started")


def test_a_missing_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(groupmessenger_pytest, "find_spec", lambda name: None if name == "uvicorn" else name)
    with pytest.raises(pytest.fail.Exception, match=r"^uvicorn not .*: pip install 'groupmessenger\[testing\]'$"):
        groupmessenger_pytest._need("starlette", "uvicorn")


def test_a_file_of_the_sandboxs_connections(groupmessenger_sandbox: Sandbox, tmp_path: Path) -> None:
    """It can be read as it is, whatever the settings."""
    sandbox, file = groupmessenger_sandbox, tmp_path / "groupmessenger.toml"
    file.write_text(sandbox.configuration())
    assert set(sandbox.faces) == set(gm.load_config(file).connections)
    file.write_text(sandbox.configuration("bandwidth", "sendblue", timeout=1, limits={"recipients": 3}))
    config = gm.load_config(file)
    assert ("bandwidth", "sqlite:///groups.db") == (config.default, config.directory_url)
    assert (1, {"recipients": 3}) == (config.connection().options.timeout, config.connection().options.limits)
    with pytest.raises(gm.ConfigurationError):
        sandbox.configuration("bandwith")
