"""The command, as people and programs call it."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import attrs
import httpx
import pytest
from groupmessenger_sendblue.sandbox import SendblueFace
from rich.console import Console

import groupmessenger as gm
from groupmessenger.cli import demo
from groupmessenger.cli.app import run
from groupmessenger.cli.demo import run_demo
from groupmessenger.cli.scenes import ANSWER, PEOPLE, PLACE, TEXT, Answered, Demonstration, Scene, Screen
from groupmessenger.cli.showing import show_demo
from groupmessenger.plugins import load_provider
from groupmessenger.sandbox import Sandbox
from groupmessenger.sandbox.phones import Shown

LINE = "+13125550100"


@pytest.fixture(scope="module")
def scene() -> Scene:
    return run_demo().scenes[0]


def test_demo_prints_every_phone(capsys: pytest.CaptureFixture[str]) -> None:
    """People see what each phone shows, and that it is one shared thread."""
    assert run(["demo"]) == 0
    printed = capsys.readouterr().out
    for expected in (*PEOPLE, TEXT, PLACE.text, ANSWER, "one thread, shared by everybody", "3 of 3 phones"):
        assert expected in printed
    for expected in (f"message received  {PEOPLE[0]}  in ", "replied in the thread", "replied to its sender alone"):
        assert expected in printed
    assert [] == [line for line in printed.splitlines() if "became of" in line and "delivered" not in line]
    assert 3 == printed.count("what became of the text: ")
    assert 1 == printed.count("found again")
    assert "✓ the phones show its texts in two threads, each text once" in printed


def test_demo_json(capsys: pytest.CaptureFixture[str]) -> None:
    """Programs get one object with the documented fields and nothing else on stdout."""
    assert run(["demo", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    sendblue = next(each for each in told["providers"] if each["provider"] == "sendblue")
    assert told["ok"] is True
    assert told["switch"] == {
        "group": "lunch",
        "connections": ["sendblue", "bandwidth", "sendblue"],
        "thread_found_again": True,
        "phones": 3,
        "ok": True,
    }
    assert sendblue | {"group_id": "", "receipt_id": "", "events": 0} == {
        "provider": "sendblue",
        "topology": "shared_thread",
        "group_id": "",
        "members": 3,
        "receipt_id": "",
        "status": "accepted",
        "phones_reached": 3,
        "threads_shared": True,
        "reply_seen_by": 2,
        "events": 0,
        "answer_heard": True,
        "replied": "thread",
        "delivery": "delivered (one status for everybody)",
    }
    assert sendblue["events"] > 1
    assert sendblue["group_id"].startswith("sb_group_")
    assert sendblue["receipt_id"]


def test_a_broadcast_is_right_with_private_threads(scene: Scene) -> None:
    """Where the provider sends private copies, phones must not share a thread, nor see the answer."""
    assert scene.answered.heard is not None
    heard = attrs.evolve(scene.answered.heard, group=None)
    private = attrs.evolve(
        scene,
        topology=gm.Topology.BROADCAST,
        answered=Answered(heard, "sender", (scene.receipt.group.id,), PEOPLE[:1]),
        screens=tuple(
            Screen(number, (LINE, number), screen.messages[: 3 if number == PEOPLE[0] else 2])
            for number, screen in zip(PEOPLE, scene.screens, strict=True)
        ),
    )
    assert private.ok
    assert private.summary()["reply_seen_by"] == 0
    for wrong in (
        attrs.evolve(private.answered, shown_by=PEOPLE),
        attrs.evolve(private.answered, replied="thread"),
        attrs.evolve(private.answered, heard=scene.answered.heard),
    ):
        assert not attrs.evolve(private, answered=wrong).ok


@pytest.mark.parametrize("what", ["nothing", "elsewhere", "from another", "to the sender", "a stranger", "one too few"])
def test_the_demo_fails_when_an_answer_does(scene: Scene, what: str) -> None:
    """Exit 0 is for an answer that was heard in its group, and a reply that its people show, and nobody else."""
    answered = scene.answered
    assert answered.heard is not None
    changed = {
        "nothing": Answered(),
        "elsewhere": attrs.evolve(answered, heard=attrs.evolve(answered.heard, group=gm.Group("acme", LINE, "g1"))),
        "from another": attrs.evolve(answered, heard=attrs.evolve(answered.heard, sender=gm.PhoneNumber(PEOPLE[1]))),
        "to the sender": attrs.evolve(answered, replied="sender"),
        "a stranger": attrs.evolve(answered, shown_by=(*PEOPLE, "+13125550104")),
        "one too few": attrs.evolve(answered, shown_by=PEOPLE[1:]),
    }[what]
    broken = attrs.evolve(scene, answered=changed)
    assert scene.ok
    assert not broken.ok
    console = Console(record=True, width=90)
    show_demo(Demonstration((broken,)), console)
    assert "not as it should be" in console.export_text()


def test_nothing_is_left_of_the_demo(capfd: pytest.CaptureFixture[str]) -> None:
    """Its servers and threads end, and nothing is said beside what it shows."""
    before = set(threading.enumerate())
    assert run_demo().ok
    for thread in set(threading.enumerate()) - before:
        thread.join(10)
        assert not thread.is_alive(), thread.name
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("what", ["missing", "twice", "no thread", "failed", "private"])
def test_the_demo_fails_when_a_phone_does(scene: Scene, what: str) -> None:
    """Exit 0 is for phones that all show each message once, in one thread."""
    first, *others = scene.screens
    again = Shown(LINE, TEXT, (), first.messages[0].at)
    changed = {
        "missing": attrs.evolve(first, messages=first.messages[1:]),
        "twice": attrs.evolve(first, messages=(*first.messages, again)),
        "no thread": Screen(first.number, (), ()),
        "private": attrs.evolve(first, participants=(LINE, first.number)),
        "failed": first,
    }[what]
    receipt = attrs.evolve(scene.receipt, status=gm.Status.FAILED) if what == "failed" else scene.receipt
    broken = attrs.evolve(scene, receipt=receipt, screens=(changed, *others))
    assert broken.ok is False
    console = Console(record=True, width=90)
    show_demo(Demonstration((broken,)), console)
    assert "not as it should be" in console.export_text()


@pytest.mark.parametrize("what", ["another thread", "missing", "twice"])
def test_the_demo_fails_when_a_switch_does(what: str) -> None:
    """Exit 0 is for a thread that was found again, and texts that are shown once."""
    done = run_demo()
    move = done.move
    assert move is not None
    (first, *screens), *phones = move.phones
    messages = first.messages[1:] if what == "missing" else (*first.messages, first.messages[0])
    changed = {
        "another thread": attrs.evolve(move, stays=(*move.stays[:2], attrs.evolve(move.stays[0], thread="another"))),
        "missing": attrs.evolve(move, phones=((attrs.evolve(first, messages=messages), *screens), *phones)),
        "twice": attrs.evolve(move, phones=((attrs.evolve(first, messages=messages), *screens), *phones)),
    }[what]
    broken = attrs.evolve(done, move=changed)
    assert (True, False) == (done.ok, broken.ok)
    console = Console(record=True, width=90)
    show_demo(broken, console)
    assert "not as it should be" in console.export_text()


def test_a_switch_that_ends_in_an_error(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """It is told as any provider's is."""

    def fail(*_: object) -> None:
        raise ZeroDivisionError("[in its directory]")

    monkeypatch.setattr(demo, "run_move", fail)
    assert run(["demo"]) == 1
    assert "switchboard\n✗ ZeroDivisionError: [in its directory]\n" in capsys.readouterr().out


def test_the_demo_without_a_switchboard(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """It does the rest, and says what to install."""
    monkeypatch.setitem(sys.modules, "sqlalchemy", None)
    assert run(["demo"]) == 0
    assert "pip install 'groupmessenger[switchboard]'" in capsys.readouterr().out


@pytest.mark.parametrize("where", ["connection", "scene"])
def test_a_provider_that_fails_does_not_stop_the_others(
    where: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """It is reported, beside what the others did, and the exit code is 1."""

    class Broken(SendblueFace):
        name = "broken"

    def connect(self: Sandbox, provider: str, **overrides: Any) -> gm.Client:
        if provider == "broken" and where == "connection":
            raise ZeroDivisionError("[in its hook]")
        settings: dict[str, Any] = {**self.settings("sendblue"), **overrides}
        client = gm.connect("sendblue", **settings)
        if provider == "broken":
            monkeypatch.setattr(client, "send", fail)
        return client

    def fail(*_: object) -> None:
        raise gm.SendBlocked("[in its hook]")

    faces = {"broken": Broken, "sendblue": SendblueFace}
    monkeypatch.setattr("groupmessenger.plugins.sandbox_faces", lambda: faces)
    monkeypatch.setattr(Sandbox, "connect", connect)
    monkeypatch.setattr(demo, "load_provider", lambda name: load_provider("sendblue"))
    said = "ZeroDivisionError: [in its hook]" if where == "connection" else "[in its hook]"
    assert run(["demo", "--json"]) == 1
    printed = capsys.readouterr()
    told = json.loads(printed.out)
    assert ([each["provider"] for each in told["providers"]], told["ok"]) == (["sendblue"], False)
    assert "broken" in printed.err
    assert said in printed.err
    assert run(["demo"]) == 1
    printed = capsys.readouterr()
    assert "3 of 3 phones" in printed.out
    assert f"broken\n✗ {said}\n" in printed.out


def test_what_is_no_port_exits_2(capsys: pytest.CaptureFixture[str]) -> None:
    for port in ("99999", "-1"):
        assert run(["sandbox", f"--port={port}"]) == 2
        assert "0..65535" in capsys.readouterr().err


@pytest.mark.parametrize("arguments", [["nonsense"], ["demo", "--nonsense"], ["sandbox", "--port", "many"]])
def test_usage_errors_exit_2(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """What cannot be a command is said, with exit code 2."""
    assert run(arguments) == 2
    assert capsys.readouterr()


@pytest.mark.parametrize(
    ("doubt", "said"),
    [
        ("sendblue.merges", "names no reading"),
        ("sendblue.merge=new_group", "did you mean"),
        ("sendblue.merges=perhaps", "none of its choices"),
    ],
)
def test_doubts_are_checked(doubt: str, said: str, capsys: pytest.CaptureFixture[str]) -> None:
    """A misspelt doubt or reading is named, with the cure, exit code 2."""
    assert run(["sandbox", "--doubt", doubt]) == 2
    assert said in " ".join(capsys.readouterr().err.split())


def test_doubts_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    """What the vendors leave open is listed, for people and for programs."""
    assert run(["sandbox", "--doubts", "--json"]) == 0
    listed = json.loads(capsys.readouterr().out)
    assert listed["sendblue.merges"]["choices"] == ["same_group", "new_group"]
    assert run(["sandbox", "--doubts"]) == 0
    assert "sendblue.merges" in capsys.readouterr().out


def test_no_provider_says_what_to_install(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """Without any provider the demo says what to install, exit code 2."""
    monkeypatch.setenv("GROUPMESSENGER_BLOCK_PLUGINS", "sendblue,messagebird,bandwidth")
    assert run(["demo"]) == 2
    assert "pip install" in capsys.readouterr().err


@pytest.mark.parametrize("missing", ["cyclopts", "rich"])
def test_missing_extra_says_what_to_install(missing: str) -> None:
    """Without the extra the command names it, exit code 2."""
    program = f"import sys; sys.modules[{missing!r}] = None; from groupmessenger.cli import main; main()"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "pip install 'groupmessenger[cli,sandbox]'" in done.stderr


@pytest.mark.parametrize("json_wanted", [True, False])
def test_sandbox_command(json_wanted: bool) -> None:
    """It prints settings once it listens, serves, and ends with 0 when told to."""
    command = [sys.executable, "-m", "groupmessenger.cli", "sandbox"]
    command += ["--json", "--webhooks", "http://127.0.0.1:1/hooks"] if json_wanted else []
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as running:
        assert running.stdout is not None
        try:
            first = running.stdout.readline()
            if json_wanted:
                told = json.loads(first)
                assert {"public_url": "http://127.0.0.1:1/hooks"} == told["webhooks"]
                settings = told["providers"]["sendblue"]["settings"]
                assert all(isinstance(value, str | int | float | list) for value in settings.values())
                with gm.connect("sendblue", **settings) as client:
                    receipt = client.send(client.create_group(PEOPLE), TEXT)
                url = settings["base_url"].removesuffix("/sendblue")
                shown = httpx.get(f"{url}/_phones/{PEOPLE[1]}").json()
                assert [each["text"] for each in shown["threads"][0]["messages"]] == [TEXT]
                assert receipt.id
            else:
                assert "Standing in at http://127.0.0.1:" in first
        finally:
            running.send_signal(signal.SIGINT if json_wanted else signal.SIGTERM)
        assert running.wait(10) == 0


def test_the_sandboxs_file_has_a_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A group with a name can be made and sent to by what it prints."""
    monkeypatch.chdir(tmp_path)
    command = [sys.executable, "-m", "groupmessenger.cli", "sandbox"]
    path = tmp_path / "groupmessenger.toml"
    with path.open("w") as file, subprocess.Popen(command, stdout=file) as running:
        try:
            while "provider = " not in path.read_text():
                assert running.poll() is None
            assert run(["groups", "create", "dinner", *PEOPLE]) == 0
            assert run(["send", "dinner", TEXT]) == 0
        finally:
            running.terminate()
        assert running.wait(10) == 0
