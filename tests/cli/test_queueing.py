"""Messages that are queued from the command line: one, or one to each of many groups."""

from __future__ import annotations

import io
import signal
import sys

import pytest
from cli.outboxes import NO, appear, groups, lose, lose_queued, pause, resume_after, signalling, states
from cli.running import ANN, BOB, CAT, Here

import groupmessenger as gm
from groupmessenger.cli.progressing import Bar

__all__ = ["groups"]

MANY = tuple(f"group {number}" for number in range(20))
FILE = "# all of them\ndinner\n\n  lunch  \ntea"
ALL = ("send", "--groups-from", "names", "Hi")


@pytest.fixture(autouse=True)
def names(here: Here) -> None:
    (here.folder / "names").write_text(FILE)


class TestOne:
    def test_it_is_queued(self, here: Here) -> None:
        """Nothing is sent, and it says what sends it."""
        ran = here.run("send", "dinner", "At eight?", "--queue")
        assert (0, 0) == (ran.exit, here.sends())
        assert ran.tells("✓ queued as message 1", "No worker is running: groupmessenger worker sends it.")
        appear(here)
        ran = here.run("send", "dinner", "At eight?", "--queue", "--at", "2035-01-01T12:00+00:00")
        assert (True, "") == (ran.tells("✓ queued as message 2, not before 2035-01-01"), ran.err)

    def test_once_for_a_key(self, here: Here) -> None:
        """The same again says what became of it."""
        again = ("send", "dinner", "At eight?", "--queue", "--key", "k")
        assert [1, 1] == [here.run(*again, "--json").json["message"] for _ in range(2)]
        assert 0 == here.run("worker", "--until-empty").exit
        assert here.run(*again).tells("✓ message 1 has this key, and is sent: nothing was queued now")
        assert [["At eight?"]] == here.texts(ANN)
        assert 3 == here.run("send", "dinner", "At nine?", "--queue", "--key", "k").exit

    def test_what_did_not_go_out(self, here: Here) -> None:
        """It is not queued again in silence."""
        assert here.run("outbox", "show", str(lose_queued(here))).tells("unknown, and looked for")
        again = ("send", "lunch", "At one?", "--queue", "--key", "k")
        number = here.run(*again, "--json").json["message"]
        here.run("outbox", "cancel", str(number))
        ran = here.run(*again)
        assert (1, True) == (ran.exit, ran.tells("and is cancelled: nothing was queued now; groupmessenger outbox"))

    def test_what_cannot_be_meant(self, here: Here) -> None:
        """Nothing is queued by a mistake of whoever typed it."""
        for arguments in (
            ("nobody", "Hi", "--queue"),
            ("dinner", "", "--queue"),
            ("Hi", "--to", ANN, "--queue"),
            ("--queue",),
            ("dinner", "Hi", "--no-wait"),
            ("dinner", "Hi", "--queue", "--at", "noon"),
            ("dinner", "Hi", "--groups-from", "names"),
            ("Hi", "--groups-from", "nowhere"),
            ("Hi", "--groups-from", "."),
            ("-", "--groups-from", "-"),
            ("Hi", "--groups-from", "names", "--to", ANN),
        ):
            assert 2 == here.run("send", *arguments).exit, arguments
        assert [] == list(states(here))


class TestMany:
    def test_all_are_sent_to(self, here: Here) -> None:
        """Once for the key, however often it is run."""
        ran = here.run(*ALL, "--key", "k")
        assert (0, "✓ 3 messages: 3 sent\n", "") == (ran.exit, ran.out, ran.err)
        told = here.run(*ALL, "--key", "k", "--json").json
        assert ("k", 3, 3, 0, True, False) == (
            told["batch"],
            told["total"],
            told["counts"]["sent"],
            told["remaining"],
            told["all_queued"],
            told["interrupted"],
        )
        assert [["Hi", "Hi"]] * 3 == here.texts(ANN, BOB, CAT)

    def test_without_a_key(self, here: Here) -> None:
        """One is made, and told: with that it could go on."""
        ran = here.run(*ALL)
        (told,) = ran.err.splitlines()
        key = told.rpartition(" ")[2]
        assert (0, 0) == (ran.exit, here.run(*ALL, "--key", key).exit)
        assert [["Hi", "Hi"]] * 3 == here.texts(ANN, BOB, CAT)

    @pytest.mark.parametrize("where", ["-", "/dev/stdin"])
    def test_standard_input(self, here: Here, where: str, monkeypatch: pytest.MonkeyPatch) -> None:
        if where == "-":
            monkeypatch.setattr(sys, "stdin", io.StringIO(FILE))
            ran = here.run("send", "Hi", "--groups-from", where, "--key", "k")
        else:
            ran = here.process("send", "Hi", "--groups-from", where, "--key", "k", stdin=FILE)
        assert (0, [["Hi", "Hi"]] * 3) == (ran.exit, here.texts(ANN, BOB, CAT))

    @pytest.mark.parametrize("content", [b"", b"# nobody\n", b"dinner\nnobody\n", b"dinner\n\xff\n"])
    def test_a_file_that_is_wrong(self, here: Here, content: bytes) -> None:
        """Nothing is queued then."""
        (here.folder / "names").write_bytes(content)
        assert (2, []) == (here.run(*ALL).exit, list(states(here)))

    def test_a_part_failed(self, here: Here) -> None:
        here.box.fault("refuse", provider="sendblue", operation="send_group", **NO)
        ran = here.run(*ALL, "--key", "k")
        assert (7, True) == (ran.exit, ran.tells("! 3 messages: 2 sent, 1 failed", "outbox list --batch k"))
        assert 7 == here.run("send", "--groups-from", "names", "x" * 20_000, "--no-wait").exit

    def test_a_part_is_unknown(self, here: Here) -> None:
        lose(here, for_good=True)
        ran = here.run("send", "--groups-from", "names", "Lost", "--key", "lost")
        assert (5, True) == (ran.exit, ran.tells("! 3 messages: 2 sent, 1 unknown"))

    @pytest.mark.parametrize("how", [("--no-wait",), ("--queue",), ("--at", "2035-01-01T12:00+00:00")])
    def test_it_does_not_wait(self, here: Here, how: tuple[str, ...]) -> None:
        ran = here.run(*ALL, "--key", "k", *how)
        assert (0, 0) == (ran.exit, here.sends())
        assert ran.tells("✓ 3 messages: 3 queued", "groupmessenger worker sends them", "outbox stats --batch k")

    def test_what_it_waits_for(self, here: Here, monkeypatch: pytest.MonkeyPatch) -> None:
        """Without a terminal it is told once."""
        pause(here, "RateLimited", "slow down")
        resume_after(here, monkeypatch, Bar, "sending")
        ran = here.run(*ALL, "--key", "k")
        assert (0, 1) == (ran.exit, ran.err.count("! sendblue is paused until "))

    def test_a_bar(self, here: Here, monkeypatch: pytest.MonkeyPatch) -> None:
        """On a terminal, however narrow."""
        monkeypatch.setenv("FORCE_COLOR", "1")
        resume_after(here, monkeypatch, Bar, "sending")
        for columns in ("80", "40"):
            pause(here, "RateLimited", "slow down")
            monkeypatch.setenv("COLUMNS", columns)
            ran = here.run(*ALL)
            assert ran.tells(" sent, 0 failed, 0 unknown,", " remaining, ", "To go on with it")


class TestInterrupted:
    def test_the_rest_is_the_next_workers(self, here: Here) -> None:
        """What is under way ends; it says how to go on, and nobody gets it twice."""
        with gm.Switchboard.from_config() as board:
            for number, name in enumerate(MANY):
                board.create_group(name, [ANN, f"+131255501{number + 60}"])
        (here.folder / "names").write_text("\n".join(MANY))
        signalling(here, signal.SIGINT)
        ran = here.run(*ALL, "--key", "k")
        assert 130 == ran.exit
        assert ran.tells("Ending, with what is under way", "Interrupted: ", "are sent by the next worker:")
        assert ran.tells("outbox stats --batch k", "The same command with --key k goes on; nobody gets it twice.")
        assert 0 == here.run(*ALL, "--key", "k").exit
        assert ["Hi"] * len(MANY) == here.texts(ANN)[0]

    def test_while_it_is_queued(self, here: Here, monkeypatch: pytest.MonkeyPatch) -> None:
        """The same again queues the rest."""
        with monkeypatch.context() as patch:
            patch.setattr(Bar, "queueing", lambda *_: signal.raise_signal(signal.SIGTERM))
            ran = here.run(*ALL, "--key", "k")
        assert (143, True) == (ran.exit, ran.tells("It may not be queued for all of the groups yet."))
        assert 0 == here.run(*ALL, "--key", "k").exit
        assert [["Hi", "Hi"]] * 3 == here.texts(ANN, BOB, CAT)

    def test_at_once(self, here: Here) -> None:
        """The second ends what is under way as well, which the next worker finds out about."""
        here.box.fault("delay", provider="sendblue", operation="send_group", phase="after", seconds=60, times=None)
        signalling(here, signal.SIGINT, signal.SIGTERM)
        ran = here.run(*ALL, "--key", "k")
        assert (143, True) == (ran.exit, ran.tells("Ended at once: ", "outbox stats --batch k"))

    def test_at_once_for_programs(self, here: Here) -> None:
        here.box.fault("delay", provider="sendblue", operation="send_group", phase="after", seconds=60, times=None)
        signalling(here, signal.SIGINT, signal.SIGTERM)
        assert {"batch": "k", "interrupted": True} == here.run(*ALL, "--key", "k", "--json").json

    def test_a_single_one(self, here: Here, monkeypatch: pytest.MonkeyPatch) -> None:
        """Nobody can tell then, and it says who can."""

        def interrupt(*_: object) -> None:
            raise KeyboardInterrupt

        monkeypatch.setattr("groupmessenger.switchboard.blocking.Switchboard.enqueue", interrupt)
        ran = here.run("send", "dinner", "Hi", "--queue")
        assert (5, True) == (ran.exit, ran.tells("groupmessenger outbox list shows whether it was queued."))
