"""A worker as a command, and whether all is well."""

from __future__ import annotations

import json
import signal
import subprocess

import pytest
from cli.outboxes import NO, appear, groups, lose_queued, pause, queue, resume_after, signalling, states, tell
from cli.running import ANN, BOB, COMMAND, Here

from groupmessenger.cli import working

__all__ = ["groups"]


class TestUntilEmpty:
    def test_it_sends_what_is_queued(self, here: Here) -> None:
        """A line a message, without numbers, texts and names; in a group's order."""
        queue(here, "dinner", "lunch")
        here.run("send", "dinner", "Again", "--queue")
        ran = here.run("worker", "--until-empty")
        assert (0, "", [["To dinner", "Again"]]) == (ran.exit, ran.out, here.texts(BOB))
        assert ran.tells("info message 1 sent connection=sendblue", "info the worker has ended: 3 sent")
        assert not [word for word in ("dinner", "lunch", "Again", ANN[1:], BOB[-4:]) if word in ran.err]
        assert 0 == here.run("worker", "--until-empty").exit
        assert [("dinner", "sent"), ("lunch", "sent"), ("dinner", "sent")] == list(states(here))

    def test_json(self, here: Here) -> None:
        """Each line is an object, on the output."""
        (number,) = queue(here, "dinner")
        here.box.fault("refuse", provider="sendblue", operation="send_group", **NO)
        ran = here.run("worker", "--until-empty", "--json", "--concurrency", "1")
        begun, told, ended = map(json.loads, ran.out.splitlines())
        assert (7, "") == (ran.exit, ran.err)
        assert {"message": number, "outcome": "failed", "connection": "sendblue", "error": "Rejected"} == {
            name: told[name] for name in ("message", "outcome", "connection", "error")
        }
        assert ("warning", "info", "the worker has ended: 1 failed") == (told["level"], begun["level"], ended["text"])
        assert begun["at"] <= told["at"] <= ended["at"]

    def test_what_was_wrong_before(self, here: Here) -> None:
        """It tells of what fails now, not of what did once."""
        lose_queued(here, for_good=True)
        queue(here, "lunch")
        assert 0 == here.run("worker", "--until-empty").exit
        assert {"dinner": "unknown", "lunch": "sent"} == dict(states(here))

    def test_what_is_due_later(self, here: Here) -> None:
        """It is not waited for."""
        here.run("send", "dinner", "Later", "--queue", "--at", "2035-01-01T12:00+00:00")
        assert (0, [[]]) == (here.run("worker", "--until-empty").exit, here.texts(ANN))


class TestSignals:
    def test_the_first_is_gentle(self, here: Here) -> None:
        """What is under way is brought to its end."""
        queue(here, "dinner", "dinner", "dinner")
        signalling(here, signal.SIGINT)
        ran = here.run("worker", "--concurrency", "1")
        assert (0, True) == (ran.exit, ran.tells("the worker ends, with what is under way", "has ended"))
        left = [state for _, state in states(here)]
        assert ({"queued", "sent"}, len(here.texts(ANN)[0])) == (set(left), left.count("sent"))

    def test_the_second_is_not(self, here: Here) -> None:
        """What is under way is left as it is, to be settled by the next."""
        queue(here, "dinner")
        here.box.fault("delay", provider="sendblue", operation="send_group", phase="after", seconds=60)
        signalling(here, signal.SIGINT, signal.SIGTERM)
        assert 143 == here.run("worker").exit
        assert [("dinner", "sending")] == list(states(here))

    def test_a_process(self, here: Here) -> None:
        """As a service manager ends it."""
        queue(here, "dinner")
        here.box.fault("delay", provider="sendblue", operation="send_group", phase="after", seconds=0.5)
        command = [*COMMAND, "worker"]
        with subprocess.Popen(command, cwd=here.folder, text=True, stderr=subprocess.PIPE) as running:
            while not here.texts(BOB)[0]:
                assert running.poll() is None
            running.send_signal(signal.SIGTERM)
            _, said = running.communicate(timeout=20)
        assert (0, True) == (running.returncode, "message 1 sent connection=sendblue" in said)
        assert [("dinner", "sent")] == list(states(here))


def test_a_terminal_is_told_more(here: Here, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where it works, by which connections and how fast, and what waits."""
    queue(here, "dinner")
    pause(here, "RateLimited", "slow down")
    resume_after(here, monkeypatch, working, "_introduce")
    monkeypatch.setenv("FORCE_COLOR", "1")
    ran = here.run("worker", "--until-empty")
    assert ran.tells(
        "groups.db: 1 to send, the oldest due for",
        "sendblue: Sendblue, 1,000 a second",
        "! sendblue is paused: slow down",
    )
    assert ran.tells("messagebird: MessageBird, as fast as it goes", "Bandwidth, 0.95 a second, each person counted")


@pytest.mark.parametrize("arguments", [("--concurrency", "0"), ("--concurrency", "many")])
def test_what_cannot_be_meant(here: Here, arguments: tuple[str, ...]) -> None:
    assert 2 == here.run("worker", *arguments).exit


class TestWhatIsWrong:
    """It is said before anything is begun, with the cure."""

    def test_newer_tables(self, here: Here) -> None:
        tell(here, lambda t: t.connection.exec_driver_sql("UPDATE groupmessenger_alembic_version SET version_num = 9"))
        for command in ("worker", "health"):
            ran = here.run(command)
            assert (1, True) == (ran.exit, ran.tells("of a newer version of groupmessenger: install that version"))

    def test_a_missing_extra(self, here: Here) -> None:
        (here.folder / "pyrate_limiter.py").write_text("raise ModuleNotFoundError(name=__name__)")
        ran = here.process("worker")
        assert (2, True) == (ran.exit, ran.tells("pyrate_limiter is not installed", "pip install 'groupmessenger[sw"))


class TestHealth:
    def test_all_is_well(self, here: Here) -> None:
        queue(here, "dinner")
        appear(here)
        assert (0, True) == ((ran := here.run("health", "--here")).exit, ran.tells("✓ 1 worker, 1 to send"))
        told = here.run("health", "--json").json
        assert (True, [], 1, 1) == (told["ok"], told["problems"], told["workers"], told["queued"])

    def test_no_worker(self, here: Here) -> None:
        """None at all, none here, or none that was seen lately."""
        ran = here.run("health")
        assert (1, True) == (ran.exit, ran.tells("✗ no worker was seen in the last 30 s: groupmessenger worker"))
        appear(here, "another")
        assert 0 == here.run("health").exit
        ran = here.run("health", "--here")
        assert (1, True) == (ran.exit, ran.tells("✗ no worker was seen on this host"))
        tell(here, lambda t: t.connection.exec_driver_sql("UPDATE groupmessenger_workers SET seen_at = 1"))
        assert 1 == here.run("health").exit

    def test_what_waits(self, here: Here) -> None:
        queue(here, "dinner")
        appear(here)
        ran = here.run("health", "--max-age", "0s", "--json")
        assert (1, 1) == (ran.exit, len(ran.json["problems"]))
        assert "a message has been due for" in ran.json["problems"][0]

    def test_what_is_paused(self, here: Here) -> None:
        """Too many messages are everyday life; a key that is refused is not."""
        appear(here)
        pause(here, "RateLimited", "slow down")
        assert 0 == here.run("health").exit
        here.run("outbox", "resume", "--all")
        pause(here, "AuthenticationFailed", "the key was refused")
        ran = here.run("health")
        assert (1, True) == (ran.exit, ran.tells("✗ sendblue is paused, the key was refused: mend it"))

    def test_no_directory(self, here: Here) -> None:
        """It is not made by looking; nor does a file that is wrong end otherwise, for Docker knows 0 and 1 alone."""
        for file in here.folder.glob("groups.db*"):
            file.unlink()
        ran = here.run("health")
        assert (1, True) == (ran.exit, ran.tells("✗ the directory has no tables yet: groupmessenger directory upgrade"))
        assert [] == list(here.folder.glob("groups.db*"))
        here.write('default = "nobody"', main=here.settings("sendblue"))
        assert (1, False) == ((ran := here.run("health", "--json")).exit, ran.json["ok"])

    def test_no_length_of_time(self, here: Here) -> None:
        assert 2 == here.run("health", "--max-age", "5").exit
