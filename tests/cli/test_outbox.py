"""The messages that are queued: which there are, queued again, taken back, deleted."""

from __future__ import annotations

import sys

import pytest
from cli.outboxes import NO, appear, groups, lose_queued, pause, queue, states, tell
from cli.running import ANN, BOB, Here

from groupmessenger import InvalidInput
from groupmessenger.cli.requeueing import change_some

__all__ = ["groups"]


def fail(here: Here) -> int:
    """Have a message to dinner that the provider refused."""
    (number,) = queue(here, "dinner")
    here.box.fault("refuse", provider="sendblue", operation="send_group", **NO)
    assert 7 == here.run("worker", "--until-empty").exit
    return number


def refuses(here: Here, command: str, *arguments: tuple[str, ...]) -> None:
    """Each of these is a mistake of whoever typed it."""
    assert [2] * len(arguments) == [here.run("outbox", command, *each).exit for each in arguments]


class TestList:
    def test_nothing(self, here: Here) -> None:
        ran = here.run("outbox", "list")
        assert (0, "", "There are none.\n") == (ran.exit, ran.out, ran.err)
        assert {"messages": [], "after": None} == here.run("outbox", "list", "--json").json

    def test_what_is_queued(self, here: Here) -> None:
        """Its number, its group, and when; its text is nowhere."""
        queue(here, "dinner")
        here.run("send", "lunch", "At one?", "--queue", "--key", "noon", "--at", "2035-01-01T12:00+00:00")
        ran = here.run("outbox", "list")
        assert ran.tells("│ … │ 1 │ dinner │ queued", "│ lunch │ queued; not before 20")
        first, second = here.run("outbox", "list", "--json").json["messages"]
        assert (1, "dinner", None, "queued", None) == tuple(
            first[name] for name in ("message", "group", "key", "state", "due_at")
        )
        assert ("noon", "2035-01-01T12:00:00+00:00") == (second["key"], second["due_at"])
        assert "At one?" not in str(second) + ran.out

    def test_a_part(self, here: Here) -> None:
        """By state, by group, some at a time; it says how to go on."""
        queue(here, "dinner", "lunch", "dinner", "tea")
        ran = here.run("outbox", "list", "--limit", "2")
        assert ran.tells("There are more: the same command with --after 2")
        told = here.run("outbox", "list", "--limit", "2", "--json").json
        assert (2, [1, 2]) == (told["after"], [each["message"] for each in told["messages"]])
        told = here.run("outbox", "list", "--limit", "2", "--after", "2", "--json").json
        assert (None, [3, 4]) == (told["after"], [each["message"] for each in told["messages"]])
        told = here.run("outbox", "list", "--group", "dinner", "--json").json
        assert [1, 3] == [each["message"] for each in told["messages"]]
        assert [] == here.run("outbox", "list", "--state", "failed", "--json").json["messages"]

    def test_no_such_thing(self, here: Here) -> None:
        refuses(here, "list", ("--state", "lost"), ("--limit", "0"), ("--group", "nobody"))

    def test_a_narrow_terminal(self, here: Here, monkeypatch: pytest.MonkeyPatch) -> None:
        """Nothing is cut off at 40 columns."""
        fail(here)
        monkeypatch.setenv("COLUMNS", "40")
        ran = here.run("outbox", "list")
        assert max(map(len, ran.out.splitlines())) <= 40
        assert all(word in ran.out for word in ("dinner", "failed;", "Sendblue", "400)"))


class TestShow:
    def test_what_may_be_done(self, here: Here) -> None:
        """Each state has its commands."""
        number = str(fail(here))
        ran = here.run("outbox", "show", number)
        assert ran.tells(f"message {number} to dinner: failed", "error Sendblue refused it: No (HTTP 400)", "tries 1")
        assert ran.tells(f"groupmessenger outbox retry {number}", f"groupmessenger outbox cancel {number}")
        (waits,) = queue(here, "lunch")
        assert here.run("outbox", "show", str(waits)).tells(f"to take it back: groupmessenger outbox cancel {waits}")
        here.run("send", "tea", "Tea?", "--queue", "--key", "it's tea")
        here.run("worker", "--until-empty")
        ran = here.run("outbox", "show", "3")
        assert ran.tells("to tea: sent", "by sendblue", """groupmessenger delivery tea --key 'it'"'"'s tea'""")

    def test_what_is_in_the_way(self, here: Here) -> None:
        """One that was tried says why it still waits."""
        queue(here, "dinner")
        tell(here, lambda t: t.connection.exec_driver_sql("UPDATE groupmessenger_outbox SET tries = 2, error = 'away'"))
        assert here.run("outbox", "list").tells("queued; away; 2 tries")
        assert here.run("outbox", "show", "1").tells("to have it tried now: groupmessenger outbox retry 1")

    def test_an_unknown_one(self, here: Here) -> None:
        """Its token is shown: with that a person finds it at the provider."""
        number = lose_queued(here)
        token = here.run("outbox", "show", str(number), "--json").json["messages"][0]["token"]
        ran = here.run("outbox", "show", str(number))
        assert ran.tells("unknown, and looked for", f"token {token}", "to find out now: groupmessenger settle")

    def test_none_of_that_number(self, here: Here) -> None:
        ran = here.run("outbox", "show", "12")
        assert (2, True) == (ran.exit, ran.tells("there is no message 12 in the outbox"))
        assert 2 == here.run("outbox", "show", "twelve").exit


class TestRetry:
    def test_what_failed(self, here: Here) -> None:
        number = fail(here)
        assert here.run("outbox", "retry", str(number)).tells("✓ 1 message queued again")
        assert 0 == here.run("worker", "--until-empty").exit
        assert [["To dinner"]] == here.texts(ANN)

    def test_all_that_failed(self, here: Here) -> None:
        fail(here)
        assert {"queued_again": 1} == here.run("outbox", "retry", "--all-failed", "--json").json
        assert [("dinner", "queued")] == list(states(here))
        assert {"queued_again": 0} == here.run("outbox", "retry", "--all-failed", "--json").json

    def test_what_may_have_been_sent(self, here: Here, monkeypatch: pytest.MonkeyPatch) -> None:
        """It takes --may-duplicate and somebody's yes; who may get it twice is told, without their numbers."""
        number = str(lose_queued(here, for_good=True))
        assert here.run("outbox", "show", number).tells(
            "nobody will be able to tell",
            f"to send it again, perhaps twice: groupmessenger outbox retry {number} --may-duplicate",
        )
        who = f"message {number}: +13…50, +13…51 in 'dinner' may get it twice"
        ran = here.run("outbox", "retry", number)
        assert (2, True) == (ran.exit, ran.tells(who, "only if you say that it may be (--may-duplicate)"))
        ran = here.run("outbox", "retry", number, "--may-duplicate")
        assert (2, True) == (ran.exit, ran.tells("not queued: say --yes where nobody can be asked"))
        monkeypatch.setattr(sys.stdin, "isatty", lambda: True, raising=False)
        monkeypatch.setattr("builtins.input", lambda *_: "n")
        assert 2 == here.run("outbox", "retry", number, "--may-duplicate").exit
        assert [("dinner", "unknown")] == list(states(here))
        ran = here.run("outbox", "retry", number, "--may-duplicate", "--yes")
        assert (0, True, False) == (ran.exit, ran.tells(who), ANN in ran.err + ran.out)
        assert [("dinner", "queued")] == list(states(here))

    def test_of_a_group_that_is_put_away(self, here: Here) -> None:
        number = lose_queued(here, for_good=True)
        here.run("groups", "archive", "dinner")
        ran = here.run("outbox", "retry", str(number))
        assert (2, True) == (ran.exit, ran.tells(f"message {number}: everybody in 'dinner' may get it twice"))

    def test_what_cannot_be_meant(self, here: Here) -> None:
        refuses(here, "retry", (), ("1", "--all-failed"), ("--all-failed", "--may-duplicate"), ("7",))


class TestCancel:
    def test_some(self, here: Here) -> None:
        """What is named is taken back together, or nothing is."""
        queue(here, "dinner", "lunch", "tea")
        assert here.run("outbox", "cancel", "1", "2").tells("✓ 2 messages taken back")
        assert 2 == here.run("outbox", "cancel", "3", "9").exit
        assert [("tea", "queued"), ("dinner", "cancelled"), ("lunch", "cancelled")] == list(states(here))

    def test_all_that_is_queued(self, here: Here) -> None:
        """What failed stays, to be looked at."""
        fail(here)
        queue(here, "lunch", "tea")
        assert {"taken_back": 2} == here.run("outbox", "cancel", "--all-queued", "--json").json
        assert {"dinner": "failed", "lunch": "cancelled", "tea": "cancelled"} == dict(states(here))

    def test_what_cannot_be_meant(self, here: Here) -> None:
        refuses(here, "cancel", (), ("1", "--all-queued"), ("--batch", "b", "--all-queued"))

    def test_a_worker_is_quicker(self) -> None:
        """Of many, what cannot be changed any more is left out."""
        changed: list[int] = []

        def change(*numbers: int) -> tuple[int, ...]:
            if 2 in numbers:
                raise InvalidInput("it is being sent")
            changed.extend(numbers)
            return numbers

        assert (2, [1, 3]) == (change_some([1, 2, 3], change), changed)


class TestPurge:
    def test_what_is_old(self, here: Here) -> None:
        """What waits stays."""
        queue(here, "dinner", "lunch")
        here.run("outbox", "cancel", "1")
        assert {"deleted": 0} == here.run("outbox", "purge", "--older", "30d", "--json").json
        assert here.run("outbox", "purge", "--older", "0s").tells("✓ 1 message deleted")
        assert [("lunch", "queued")] == list(states(here))

    def test_no_length_of_time(self, here: Here) -> None:
        refuses(here, "purge", (), ("--older", "30"))


class TestStats:
    def test_nothing(self, here: Here) -> None:
        assert here.run("outbox", "stats").tells("nothing is queued", "No worker is running: groupmessenger worker")

    def test_what_waits_and_who_works(self, here: Here) -> None:
        queue(here, "dinner", "lunch")
        pause(here, "AuthenticationFailed", "Sendblue refused the key")
        appear(here, "machine-1")
        ran = here.run("outbox", "stats")
        assert ran.tells("2 queued; the oldest that is due has waited for", "│ machine-1 │ 42 │")
        assert ran.tells("! sendblue is paused until", ": Sendblue refused the key", "outbox resume sendblue")
        told = here.run("outbox", "stats", "--json").json
        assert (2, 2, 0) == (told["remaining"], told["counts"]["queued"], told["counts"]["failed"])
        assert ["AuthenticationFailed"] == [each["kind"] for each in told["pauses"]]
        assert ["machine-1"] == [each["host"] for each in told["workers"]]

    def test_a_batch(self, here: Here) -> None:
        (here.folder / "names").write_text("dinner\nlunch\n")
        here.run("send", "--groups-from", "names", "Hi", "--key", "b", "--no-wait")
        assert here.run("outbox", "stats", "--batch", "b").tells("2 messages: 2 queued")
        assert 2 == here.run("outbox", "stats", "--batch", "b", "--json").json["remaining"]
        assert 2 == here.run("outbox", "stats", "--batch", "c").exit
        assert here.run("outbox", "cancel", "--batch", "b").tells("✓ 2 messages taken back")


class TestResume:
    def test_a_connection(self, here: Here) -> None:
        pause(here, "RateLimited", "slow down")
        assert {"resumed": 0} == here.run("outbox", "resume", "bandwidth", "--json").json
        assert here.run("outbox", "resume", "sendblue").tells("✓ sendblue: no longer paused")
        pause(here, "RateLimited", "slow down")
        assert here.run("outbox", "resume", "--all").tells("✓ 1 connection: no longer paused")
        assert here.run("outbox", "resume", "--all").tells("None was paused.")

    def test_what_cannot_be_meant(self, here: Here) -> None:
        refuses(here, "resume", (), ("sendblue", "--all"), ("nobody",))


def test_without_a_directory(here: Here) -> None:
    """It says what to write into the file."""
    here.write('default = "sendblue"', sendblue=here.settings("sendblue"))
    for command in (("outbox", "list"), ("outbox", "stats"), ("worker",), ("send", "dinner", "Hi", "--queue")):
        ran = here.run(*command)
        assert (2, True) == (ran.exit, ran.tells("directory.url: it is missing", "write [directory]"))
    assert [] == here.texts(BOB)[0]
