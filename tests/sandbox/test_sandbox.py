"""The sandbox's life, its settings, and the pytest fixture."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterable
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
from sandbox.acme import ALICE, LINE, AcmeFace, OtherFace

import groupmessenger
from groupmessenger.errors import ConfigurationError
from groupmessenger.sandbox import Route, Sandbox


def ping(sandbox: Sandbox, provider: str = "acme") -> int:
    return httpx.get(f"{sandbox.url}/{provider}/ping", trust_env=False).status_code


def test_stop_leaves_no_thread_and_no_listener() -> None:
    before = threading.active_count()
    sandbox = Sandbox(faces=[AcmeFace])
    assert sandbox.start() is sandbox
    assert sandbox.start() is sandbox
    url, port = sandbox.url, sandbox.port
    assert url == f"http://127.0.0.1:{port}"
    assert ping(sandbox) == 200
    sandbox.stop()
    sandbox.stop()
    assert threading.active_count() == before
    with pytest.raises(httpx.ConnectError):
        httpx.get(url, trust_env=False)


def test_stop_hangs_up_on_callers_who_still_wait() -> None:
    failed: list[Exception] = []

    def wait(url: str) -> None:
        try:
            httpx.get(url, trust_env=False, timeout=30)
        except httpx.HTTPError as error:
            failed.append(error)

    with Sandbox(faces=[AcmeFace]) as sandbox, httpx.Client(trust_env=False) as idle:
        idle.get(f"{sandbox.url}/acme/ping")
        sandbox.fault("delay", seconds=30)
        caller = threading.Thread(target=wait, args=(f"{sandbox.url}/acme/ping",))
        caller.start()
        while len(sandbox.log) < 2:
            time.sleep(0.01)
        start = time.monotonic()
    assert time.monotonic() - start < 1
    caller.join(5)
    assert len(failed) == 1


def test_it_starts_again_with_what_it_remembers() -> None:
    sandbox = Sandbox(faces=[AcmeFace])
    for _ in range(2):
        with sandbox:
            assert httpx.post(
                f"{sandbox.url}/acme/messages", json={"to": [ALICE], "text": "Hello"}, trust_env=False
            ).is_success
    assert sandbox.phones[ALICE].texts == ["Hello", "Hello"]


def test_two_sandboxes_at_once_know_nothing_of_each_other() -> None:
    with Sandbox(faces=[AcmeFace]) as one, Sandbox(faces=[AcmeFace]) as two:
        assert one.port != two.port
        one.fault("refuse", status=500)
        assert (ping(two), ping(one)) == (200, 500)
        assert (len(one.log), len(two.log)) == (1, 1)


def test_two_faces_share_the_phones() -> None:
    with Sandbox(faces=[AcmeFace, OtherFace]) as sandbox:
        assert sorted(sandbox.faces) == ["acme", "other"]
        sandbox.fault("refuse", status=500, provider="other")
        assert (ping(sandbox), ping(sandbox, "other")) == (200, 500)


def test_a_port_may_be_asked_for_unless_it_is_taken() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(ConfigurationError, match=f"cannot have port {port} of 127.0.0.1"):
            Sandbox(port, faces=[AcmeFace]).start()
    with Sandbox(port, faces=[AcmeFace]) as sandbox:
        assert sandbox.port == port


@pytest.mark.parametrize("port", [-1, 65536, 99999])
def test_what_is_no_port_is_refused(port: int) -> None:
    with pytest.raises(ConfigurationError, match=rf"{port} is no port .*0\.\.65535"):
        Sandbox(port, faces=[AcmeFace])


class Unmade(AcmeFace):
    name = "unmade"

    def __init__(self, *arguments: Any) -> None:
        raise ZeroDivisionError("in its making")


class Unrouted(AcmeFace):
    name = "unrouted"

    def routes(self) -> Iterable[Route]:
        raise ZeroDivisionError("in its routes")


def test_an_installed_face_that_fails_is_left_out(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """It is logged, and the others work; one that is given raises."""
    faces: dict[str, type[AcmeFace]] = {"unmade": Unmade, "acme": AcmeFace, "unrouted": Unrouted}
    monkeypatch.setitem(sys.modules, "groupmessenger.plugins", SimpleNamespace(sandbox_faces=lambda: faces))
    with Sandbox() as sandbox:
        assert list(sandbox.faces) == ["acme"]
        assert ping(sandbox) == 200
    for name, where in (("unmade", "in its making"), ("unrouted", "in its routes")):
        assert f"the face of provider {name} cannot be made" in caplog.text
        assert f"ZeroDivisionError: {where}" in caplog.text
        with pytest.raises(ZeroDivisionError):
            Sandbox(faces=[faces[name]])


@pytest.mark.parametrize("host", ["0.0.0.0", "192.0.2.1", "example.com", "", "::"])
def test_it_serves_this_machine_alone(host: str) -> None:
    with pytest.raises(ConfigurationError, match="this machine alone"):
        Sandbox(faces=[AcmeFace], host=host)


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "::1"])
def test_every_name_of_this_machine_will_do(host: str) -> None:
    with Sandbox(faces=[AcmeFace], host=host) as sandbox:
        assert ping(sandbox) == 200


def test_before_it_runs_it_has_no_address() -> None:
    sandbox = Sandbox(faces=[AcmeFace])
    with pytest.raises(ConfigurationError, match="not running"):
        _ = sandbox.url


def test_doubts_reach_their_face() -> None:
    with Sandbox(faces=[AcmeFace, OtherFace], doubts={"other.created": 200}) as sandbox:
        fields = {"to": [ALICE], "text": "Hello"}
        answered = [
            httpx.post(f"{sandbox.url}/{name}/messages", json=fields, trust_env=False).status_code
            for name in ("acme", "other")
        ]
    assert answered == [201, 200]


def test_unknown_doubts_and_choices_are_all_named() -> None:
    doubts = {"acme.creatd": 200, "nobody.knows": 1, "acme.slow": "perhaps"}
    with pytest.raises(ConfigurationError) as refused:
        Sandbox(faces=[AcmeFace], doubts=doubts)
    assert str(refused.value).splitlines() == [
        "doubts: no doubt is called 'acme.creatd'; did you mean 'acme.created'?",
        "doubts: no doubt is called 'nobody.knows'; there are: acme.created, acme.slow",
        "doubts.acme.slow: 'perhaps' is none of its choices: False, True",
    ]


def test_settings_are_the_faces_with_this_address(sandbox: Sandbox) -> None:
    assert sandbox.settings("acme") == {
        "line": LINE,
        "base_url": f"{sandbox.url}/acme",
        "api_key": "secret-of-acme",
    }
    with pytest.raises(ConfigurationError, match="no provider in the sandbox is called 'acmee'; did you mean 'acme'"):
        sandbox.settings("acmee")


def test_connect_gives_the_librarys_client(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the face's settings, and what is asked for besides."""
    asked: list[Any] = []

    def connect(provider: str, **settings: Any) -> None:
        asked.append((provider, settings))

    monkeypatch.setattr(groupmessenger, "connect", connect)
    monkeypatch.setattr(groupmessenger, "connect_async", connect)
    sandbox.connect("acme", api_key="mine", timeout=1)
    sandbox.connect_async("acme", api_key="mine", timeout=1)
    assert asked == [("acme", {**sandbox.settings("acme"), "api_key": "mine", "timeout": 1})] * 2


def test_without_the_extra_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    """And only when it is started."""
    for module in ("running", "server", "wire", "control"):
        monkeypatch.delitem(sys.modules, f"groupmessenger.sandbox.{module}", raising=False)
    monkeypatch.setitem(sys.modules, "uvicorn", None)
    sandbox = Sandbox(faces=[AcmeFace])
    with pytest.raises(ConfigurationError, match=r"pip install 'groupmessenger\[sandbox\]'"):
        sandbox.start()


def test_importing_it_needs_no_extra() -> None:
    code = (
        "import sys, groupmessenger.sandbox, groupmessenger_pytest;"
        "print([name for name in ('starlette', 'uvicorn') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=os.environ)
    assert done.stdout.strip() == "[]"


@pytest.fixture
def installed(monkeypatch: pytest.MonkeyPatch) -> None:
    """One provider is installed: Acme."""
    plugins = SimpleNamespace(sandbox_faces=lambda: {"acme": AcmeFace})
    monkeypatch.setitem(sys.modules, "groupmessenger.plugins", plugins)


@pytest.mark.usefixtures("installed")
class TestFixture:
    def test_it_gives_a_running_sandbox_with_every_installed_face(self, groupmessenger_sandbox: Sandbox) -> None:
        assert list(groupmessenger_sandbox.faces) == ["acme"]
        assert ping(groupmessenger_sandbox) == 200
        assert len(groupmessenger_sandbox.log) == 1

    def test_it_is_new_for_each_test(self, groupmessenger_sandbox: Sandbox) -> None:
        assert groupmessenger_sandbox.log == []


def test_vendors_call_this_machine_alone(sandbox: Sandbox, http: httpx.Client) -> None:
    """And only those that are there; over HTTP as in Python."""
    url = "http://127.0.0.1:9/hooks"
    assert {"provider": "acme", "url": url} == http.post("/_callbacks", json={"provider": "acme", "url": url}).json()
    face = sandbox.faces["acme"]
    told = [face.callback_url]
    sandbox.calls("acme", None)
    assert [url, None] == [*told, face.callback_url]
    for elsewhere in ("https://example.com/hooks", "http://10.0.0.1/", "nonsense"):
        with pytest.raises(ConfigurationError, match="calls this machine alone"):
            sandbox.calls("acme", elsewhere)
        answer = http.post("/_callbacks", json={"provider": "acme", "url": elsewhere})
        assert (400, True) == (answer.status_code, "this machine alone" in answer.json()["error"])
    with pytest.raises(ConfigurationError, match="acmee"):
        sandbox.calls("acmee", url)
    for wrong in (
        {"provider": "acmee", "url": url},
        {"provider": "acme"},
        {"url": url},
        {"provider": "acme", "url": 1},
    ):
        assert 400 == http.post("/_callbacks", json=wrong).status_code
    assert [] == http.get("/_callbacks").json()
