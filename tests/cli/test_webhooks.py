"""Hearing what providers tell, from the command line."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlencode

import attrs
import httpx
import pytest
from cli.running import ANN, BOB, COMMAND, Here, nowhere

from groupmessenger import InvalidInput, load_config
from groupmessenger.cli.catching_up import moment
from groupmessenger.fields import SECRET, settings_of
from groupmessenger.plugins import load_provider

T = TypeVar("T")
NOW = datetime(2026, 11, 21, 14, tzinfo=UTC)
PROVIDERS = ("bandwidth", "messagebird", "sendblue")


def until(look: Callable[[], T], seconds: float = 15) -> T:
    """What there is to see, as soon as there is something."""
    end = time.monotonic() + seconds
    while not (seen := look()) and time.monotonic() < end:
        time.sleep(0.02)
    assert seen, "nothing came"
    return seen


@attrs.define
class Running:
    """A command in a process of its own, and what it has written so far."""

    process: subprocess.Popen[bytes]
    out: Path
    err: Path

    @property
    def lines(self) -> list[str]:
        """The whole lines of its output."""
        return [line[:-1] for line in self.out.read_text().splitlines(keepends=True) if line.endswith("\n")]

    @property
    def events(self) -> list[dict[str, Any]]:
        """The same as JSON."""
        return [json.loads(line) for line in self.lines]

    def url(self) -> str:
        """Where it listens, once it does."""
        (url,) = until(lambda: re.findall(r"Listening at (\S+);", self.err.read_text()))
        return str(url)

    def end(self, how: signal.Signals) -> tuple[int, bool]:
        """End it; its exit code, and whether there was a traceback."""
        self.process.send_signal(how)
        return self.process.wait(10), "Traceback" in self.err.read_text()


@contextmanager
def running(folder: Path, *arguments: str, stdout: int | None = None) -> Iterator[Running]:
    out, err = folder / f"{arguments[0]}.out", folder / f"{arguments[0]}.err"
    with (
        out.open("wb") as output,
        err.open("wb") as errors,
        subprocess.Popen(
            [*COMMAND, *arguments], cwd=folder, stdout=stdout or output, stderr=errors, env={"HOME": str(folder)}
        ) as process,
    ):
        try:
            yield Running(process, out, err)
        finally:
            process.kill()


def configured(path: Path) -> set[str]:
    """The connections of a file that is still being written."""
    try:
        return set(load_config(path).connections)
    except Exception:
        return set()


class TestServe:
    def test_everything_the_stand_ins_tell(self, tmp_path: Path) -> None:
        """What the sandbox prints is a file that `serve` hears it by: each event once, as a line of JSON."""
        base = nowhere()
        file = tmp_path / "groupmessenger.toml"
        with running(tmp_path, "sandbox", "--webhooks", f"{base}/hooks/") as box:
            until(lambda: (file.write_bytes(box.out.read_bytes()), configured(file))[1] == set(PROVIDERS))
            config = load_config(file)
            assert f"{base}/hooks/" == config.public_url
            vendors = config.connection("sendblue").messenger.base_url.removesuffix("/sendblue")
            port = base.rpartition(":")[2]
            with running(tmp_path, "webhooks", "serve", "--port", port, "--json") as serve:
                assert base == serve.url()
                receipts = {}
                for name in PROVIDERS:
                    with config.connect(name) as client:
                        group = client.create_group([ANN, BOB], topology=client.capabilities.topology)
                        receipts[name] = client.send(group, "Dinner?")
                for each in httpx.get(f"{vendors}/_phones/{ANN}").json()["threads"]:
                    httpx.post(f"{vendors}/_phones/{ANN}/send", json={"thread": each["id"], "text": "Yes!"})
                assert 404 == httpx.post(f"{base}/nobody", content=b"{").status_code
                assert {400, 401} >= {httpx.post(f"{base}/{name}", content=b"{").status_code for name in PROVIDERS}
                httpx.post(f"{vendors}/_clock", json={"advance": 120})

                def told(kind: str, **fields: Any) -> set[str]:
                    found = [each for each in serve.events if each["event"] == kind]
                    return {each["connection"] for each in found if fields.items() <= each.items()}

                until(lambda: told("message_received", text="Yes!", sender=ANN) == set(PROVIDERS))
                until(lambda: told("status_changed", status="delivered") == set(PROVIDERS))
                assert (0, False) == serve.end(signal.SIGTERM)
                keys = [(each["connection"], each["key"]) for each in serve.events]
                assert sorted(set(keys)) == sorted(keys)
                for each in serve.events:
                    if each["event"] == "message_received" and each["connection"] != "messagebird":
                        assert receipts[each["connection"]].group.id == each["group"]["id"]
                assert (0, False) == box.end(signal.SIGINT)

    def test_with_a_directory(self, here: Here) -> None:
        """What becomes of messages, and who opted out, is kept there; groups are told by their names."""
        base = nowhere()
        here.box.calls("sendblue", f"{base}/sendblue")
        here.keep(sendblue={"status_callback": f"{base}/sendblue"})
        here.run("groups", "create", "dinner", ANN, BOB)
        with running(here.folder, "webhooks", "serve", "--port", base.rpartition(":")[2]) as serve:
            assert base == serve.url()
            assert "counts as handled" in serve.err.read_text()
            here.run("send", "dinner", "At eight?")
            here.box.clock.advance(120)
            (thread,) = here.box.phones[ANN].threads
            here.box.phones[ANN].send("Yes!", thread=thread.id)
            here.box.phones[BOB].send("stop", thread=thread.id)
            until(lambda: [line for line in serve.lines if f"{ANN}  in dinner: Yes!" in line])
            until(lambda: [line for line in serve.lines if f"opted out  {BOB}" in line])
            assert (0, False) == serve.end(signal.SIGTERM)
        assert here.run("delivery", "dinner").tells("delivered", "everybody")
        told = here.run("delivery", "dinner", "--json").json
        assert ("delivered", [None]) == (told["status"], [each["address"] for each in told["recipients"]])
        assert here.run("opt-outs").tells(BOB, "message", "sendblue")
        assert 3 == here.run("send", "dinner", "Again?").exit
        assert here.run("inbox").tells("There are none.")
        handled = here.run("inbox", "--state", "handled", "--json").json["callbacks"]
        assert {("sendblue", "handled", 1)} == {(each["connection"], each["state"], each["tries"]) for each in handled}
        assert here.run("inbox", "--state", "handled").tells("handled", "sendblue")
        assert 2 == here.run("inbox", "--state", "lost").exit

    @pytest.mark.parametrize("options", [("--connection", "sendblue"), ("--no-verify",)])
    def test_beside_a_directory(self, here: Here, options: tuple[str, ...]) -> None:
        """One connection, or whoever calls, is no receiver of the directory's, and it says so."""
        here.keep()
        with running(here.folder, "webhooks", "serve", "--port", "0", *options) as serve:
            serve.url()
            until(lambda: "! Nothing is kept in the directory" in serve.err.read_text())
            assert (0, False) == serve.end(signal.SIGTERM)

    def test_lines_for_people(self, here: Here) -> None:
        """A line an event, of the one connection named; whoever calls is believed if that is wanted."""
        with running(
            here.folder, "webhooks", "serve", "--port", "0", "--connection", "bandwidth", "--no-verify"
        ) as serve:
            url = serve.url()
            here.box.callbacks.twice = True
            here.box.calls("bandwidth", f"{url}/bandwidth")
            line = here.box.settings("bandwidth")["line"]
            here.box.phones[ANN].send("Yes!\x1b[2J\nor no", to=line)
            (shown,) = until(lambda: serve.lines)
            assert shown.endswith(rf"  bandwidth  message received  {ANN}  privately: Yes!\x1b[2J\nor no")
            assert here.box.callbacks.wait()
            assert [shown] == serve.lines
            assert [404] == [httpx.post(f"{url}/sendblue", json=[]).status_code]
            assert (0, False) == serve.end(signal.SIGINT)
            said = serve.err.read_text()
            assert f"bandwidth: {url}/bandwidth" in said
            assert "sendblue" not in said
            assert 1 == said.count("Nothing is verified")
            assert 1 == said.count("without proof")

    def test_nobody_reads_any_more(self, here: Here) -> None:
        """It ends, and the event counts as not handled, so that it comes again."""
        reading, writing = os.pipe()
        with running(here.folder, "webhooks", "serve", "--port", "0", "--json", stdout=writing) as serve:
            url = serve.url()
            os.close(writing)
            os.close(reading)
            here.box.calls("bandwidth", f"{url}/bandwidth")
            here.box.phones[ANN].send("Yes!", to=here.box.settings("bandwidth")["line"])
            assert 1 == serve.process.wait(10)
            assert here.box.callbacks.wait()
            assert 503 == here.box.callbacks.tried()[0]["statuses"][-1]
            assert "Traceback" not in serve.err.read_text()
            assert "BrokenPipe" not in serve.err.read_text()

    def test_a_port_that_is_taken(self, here: Here) -> None:
        """Exit 2, saying which."""
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            port = str(taken.getsockname()[1])
            ran = here.run("webhooks", "serve", "--port", port)
        assert (2, True) == (ran.exit, ran.tells(f"port {port} of 127.0.0.1", "--port 0"))

    @pytest.mark.parametrize(
        ("arguments", "said"),
        [
            (("--port", "65536"), "no port"),
            (("--port", "-1"), "no port"),
            (("--host", "a..b"), "cannot be looked up"),
            (("--public-url", "http://example.com/hooks"), "no https URL"),
            (("--connection", "sendblu"), "did you mean 'sendblue'?"),
            (("--config", "nothing.toml"), "there is no such file"),
        ],
    )
    def test_what_cannot_be_served(self, here: Here, arguments: tuple[str, ...], said: str) -> None:
        """Exit 2, and what is wrong."""
        ran = here.run("webhooks", "serve", *arguments, "--json")
        assert (2, True) == (ran.exit, ran.tells(said))
        assert said in ran.error["text"]

    def test_without_a_server(self, here: Here, monkeypatch: pytest.MonkeyPatch) -> None:
        """It says what installs one."""
        monkeypatch.setitem(sys.modules, "uvicorn", None)
        monkeypatch.delitem(sys.modules, "groupmessenger.cli.serving", raising=False)
        ran = here.run("webhooks", "serve")
        assert (2, True) == (ran.exit, ran.tells("uvicorn is not installed", "pip install 'groupmessenger[webhooks]'"))


class TestUrl:
    def test_what_to_set_where(self, here: Here) -> None:
        """A URL a connection, with the steps, from the file or the option, which goes first."""
        path = here.folder / "groupmessenger.toml"
        path.write_text(f'{path.read_text()}\n[webhooks]\npublic_url = "https://example.com/hooks"\n')
        ran = here.run("webhooks", "url")
        assert (0, True) == (ran.exit, ran.tells(*(f"{name}: https://example.com/hooks/{name}" for name in PROVIDERS)))
        assert "  1. " in ran.out
        told = here.run("webhooks", "url", "--json").json["connections"]
        assert set(PROVIDERS) == told.keys()
        for name, each in told.items():
            assert (name, f"https://example.com/hooks/{name}", True) == (
                each["provider"],
                each["url"],
                each["receives"],
            )
            assert any(each["url"] in step for step in each["steps"])
        ran = here.run("webhooks", "url", "--connection", "sendblue", "--public-url", "https://b.example.com", "--json")
        assert ["https://b.example.com/sendblue"] == [each["url"] for each in ran.json["connections"].values()]

    def test_each_vendor_has_steps_of_its_own(self, here: Here) -> None:
        """Which name the URL, and each setting that callbacks are believed by."""
        told = here.run("webhooks", "url", "--public-url", "https://b.example.com", "--json").json["connections"]
        for name in PROVIDERS:
            kind = load_provider(name)
            fields = settings_of(kind).items()
            believed = [each for each, field in fields if field.metadata.get(SECRET) and field.default == ()]
            assert believed
            steps = " ".join(told[name]["steps"])
            assert [] == [each for each in (told[name]["url"], kind.title, *believed) if each not in steps]

    def test_what_nobody_could_be_believed_by(self, here: Here) -> None:
        """A setting that is empty is named."""
        here.write(one=here.settings("sendblue", webhook_secrets=None), two=here.settings("sendblue"))
        public = ("--public-url", "https://example.com")
        told = here.run("webhooks", "url", *public, "--json").json["connections"]
        assert (["webhook_secrets"], []) == (told["one"]["unset"], told["two"]["unset"])
        assert 1 == here.run("webhooks", "url", *public).out.count("webhook_secrets is not set")

    def test_a_url_of_the_environment(self, here: Here, monkeypatch: pytest.MonkeyPatch) -> None:
        """Its connection is called main."""
        monkeypatch.setenv("GROUPMESSENGER_URL", "sendblue://id:secret@+13125550100")
        ran = here.run("webhooks", "url", "--public-url", "https://example.com", "--json")
        assert (0, ["main"]) == (ran.exit, list(ran.json["connections"]))

    @pytest.mark.parametrize(
        ("arguments", "said"),
        [((), "[webhooks] and public_url"), (("--public-url", "example.com"), "no https URL")],
    )
    def test_without_one(self, here: Here, arguments: tuple[str, ...], said: str) -> None:
        """Exit 2, with the cure."""
        ran = here.run("webhooks", "url", *arguments)
        assert (2, True) == (ran.exit, ran.tells(said))


class TestCatchUp:
    def test_what_came_in(self, here: Here) -> None:
        """As `serve` prints it, under the keys that callbacks have."""
        line = here.box.settings("sendblue")["line"]
        here.box.phones[ANN].send("Are you there?", to=line)
        (told,) = map(json.loads, here.run("webhooks", "catch-up", "--since", "1h", "--json").out.splitlines())
        assert ("message_received", "sendblue", ANN, "Are you there?") == tuple(
            told[name] for name in ("event", "connection", "sender", "text")
        )
        ran = here.run("webhooks", "catch-up", "--since", "2026-01-01T00:00Z")
        assert (0, True) == (ran.exit, ran.out.endswith(f"  message received  {ANN}  privately: Are you there?\n"))

    def test_nothing_came_in(self, here: Here) -> None:
        """People are told so, and not on the output."""
        ran = here.run("webhooks", "catch-up", "--since", "1h")
        assert (0, "", True) == (ran.exit, ran.out, ran.tells("Nothing came in since"))
        ran = here.run("webhooks", "catch-up", "--since", "1h", "--json")
        assert (0, "", "") == (ran.exit, ran.out, ran.err)

    def test_of_a_url_of_the_environment(self, here: Here, monkeypatch: pytest.MonkeyPatch) -> None:
        """Its connection is called main."""
        settings = here.box.settings("messagebird")
        query = urlencode({"base_url": settings["base_url"]})
        monkeypatch.setenv("GROUPMESSENGER_URL", f"messagebird://{settings['access_key']}@{settings['line']}?{query}")
        here.box.phones[ANN].send("Are you there?", to=settings["line"])
        (told,) = map(json.loads, here.run("webhooks", "catch-up", "--since", "1h", "--json").out.splitlines())
        assert ("main", "Are you there?") == (told["connection"], told["text"])

    def test_a_provider_that_keeps_no_list(self, here: Here) -> None:
        """As every operation that a provider does not have."""
        ran = here.run("webhooks", "catch-up", "--since", "1h", "--connection", "bandwidth", "--json")
        assert (3, "UnsupportedOperation") == (ran.exit, ran.error["kind"])

    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            ("2026-11-21T08:00-06:00", NOW),
            ("2026-11-21T14:00Z", NOW),
            ("45s", NOW - timedelta(seconds=45)),
            ("30m", NOW - timedelta(minutes=30)),
            ("2h", NOW - timedelta(hours=2)),
            ("3d", NOW - timedelta(days=3)),
            ("1w", NOW - timedelta(weeks=1)),
        ],
    )
    def test_since_when(self, text: str, expected: datetime) -> None:
        """A time with its zone, or how long ago it was."""
        assert expected == moment(text, NOW)

    @pytest.mark.parametrize("text", ["", "h", "2", "-2h", "2 h", "2026-11-21T14:00", "yesterday", "999999w", "٣h"])
    def test_what_is_no_time(self, here: Here, text: str) -> None:
        """Exit 2; a time without a zone is nobody's."""
        with pytest.raises(InvalidInput, match="2h"):
            moment(text, NOW)
        assert 2 == here.run("webhooks", "catch-up", f"--since={text}").exit


@pytest.mark.parametrize("url", ["https://example.com/hooks", "http://127.0.0.1:8000/?x=1", "here"])
def test_the_sandbox_calls_nobody_else(here: Here, url: str) -> None:
    """Stand-ins have no business on a network."""
    ran = here.run("sandbox", "--webhooks", url)
    assert (2, True) == (ran.exit, ran.tells("--webhooks", "this machine alone"))
