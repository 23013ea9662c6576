"""What the directory keeps: opt-outs, what is old, whom to forget, its tables."""

from __future__ import annotations

import os
import sqlite3
import sys
from contextlib import closing
from pathlib import Path

import pytest
from cli.running import ANN, BOB, CAT, Here


@pytest.fixture(autouse=True)
def dinner(here: Here) -> None:
    here.keep()
    here.run("groups", "create", "dinner", ANN, BOB)


class TestOptOuts:
    def test_nobody(self, here: Here) -> None:
        ran = here.run("opt-outs")
        assert (0, "", "Nobody opted out.\n") == (ran.exit, ran.out, ran.err)
        assert {"opt_outs": []} == here.run("opt-outs", "--json").json

    def test_suppress_and_lift(self, here: Here) -> None:
        """Who is suppressed is not texted until they said so."""
        assert here.run("suppress", ANN).tells(f"✓ {ANN} is texted by no connection any more")
        assert (3, 0) == (here.run("send", "dinner", "Hi").exit, here.sends())
        assert here.run("opt-outs").tells(ANN, "opted out", "application")
        (told,) = here.run("opt-outs", "--json").json["opt_outs"]
        assert (ANN, True, "application", None) == tuple(
            told[name] for name in ("address", "suppressed", "source", "connection")
        )
        assert {"address": ANN, "suppressed": False} == here.run("suppress", ANN, "--lift", "--json").json
        assert here.run("opt-outs").tells("Nobody opted out.")
        everything = here.run("opt-outs", "--all", "--json").json["opt_outs"]
        assert [True, False] == [each["suppressed"] for each in everything]
        assert here.run("opt-outs", "--all").tells("opted in again")
        assert 0 == here.run("send", "dinner", "Hi").exit

    def test_no_number(self, here: Here) -> None:
        ran = here.run("suppress", "12")
        assert (2, True) == (ran.exit, ran.tells("is not a phone number"))


class TestPurge:
    def test_what_is_old(self, here: Here) -> None:
        here.run("send", "dinner", "At eight?")
        ran = here.run("purge", "--older", "90d", "--json")
        assert (0, {0}) == (ran.exit, set(ran.json["deleted"].values()))
        assert here.run("purge", "--older", "12w").tells("✓ deleted: messages 0")
        assert 1 == len(here.run("history", "dinner", "--json").json["messages"])

    def test_no_length(self, here: Here) -> None:
        ran = here.run("purge")
        assert (2, True) == (ran.exit, ran.tells("say what is old: --older with a length of time, such as 90d"))

    @pytest.mark.parametrize("older", ["90", "d", "-1d", "90 days", "1d"])
    def test_no_length_of_time(self, here: Here, older: str) -> None:
        assert 2 == here.run("purge", f"--older={older}").exit


class TestForget:
    def test_somebody(self, here: Here) -> None:
        """They are in no group any more, and nobody can read who opted out."""
        here.run("groups", "create", "lunch", ANN, CAT)
        here.run("suppress", ANN)
        ran = here.run("forget", ANN, "--yes", "--json")
        assert (0, {"groups": 2}) == (ran.exit, ran.json)
        assert [BOB] == [each["address"] for each in here.run("groups", "show", "dinner", "--json").json["members"]]
        assert here.run("opt-outs").tells("forgotten", "opted out")
        assert [None] == [each["address"] for each in here.run("opt-outs", "--json").json["opt_outs"]]
        assert 3 == here.run("groups", "add", "dinner", ANN).exit

    def test_it_asks(self, here: Here, monkeypatch: pytest.MonkeyPatch) -> None:
        """Nobody is erased unless somebody said yes."""
        assert 2 == here.run("forget", ANN).exit
        monkeypatch.setattr(sys.stdin, "isatty", lambda: True, raising=False)
        for answer, code in (("n", 2), ("y", 0)):
            monkeypatch.setattr("builtins.input", lambda *_, answer=answer: answer)
            ran = here.run("forget", ANN)
            assert (code, True) == (ran.exit, ran.tells(f"Erase {ANN} from the directory and its groups? [y/N]"))
        assert ran.tells("✓ erased, also from 1 group")


class TestDirectory:
    def test_info(self, here: Here) -> None:
        """What it is and holds."""
        told = here.run("directory", "info", "--json").json
        assert ("sqlite", True, 1, 2) == (
            told["engine"],
            told["revision"] == told["newest"],
            told["rows"]["groups"],
            told["rows"]["members"],
        )
        assert told["url"].endswith("groups.db")
        assert told["size"] > 0
        assert here.run("directory", "info").tells("groups.db: sqlite, ", "the newest", "│ members │ 2")

    def test_it_is_not_made_by_looking(self, here: Here) -> None:
        """`info` and `check` leave the disk as it is; `upgrade` makes it."""
        for file in here.folder.glob("groups.db*"):
            file.unlink()
        assert here.run("directory", "info").tells("It has no tables yet")
        assert here.run("check").tells("the directory's groups: there is nothing in it yet")
        assert not Path("groups.db").exists()
        ran = here.run("directory", "upgrade", "--json")
        newest = here.run("directory", "info", "--json").json["newest"]
        assert (0, {"before": None, "after": newest}) == (ran.exit, ran.json)
        ran = here.run("directory", "upgrade")
        assert ran.tells(f"✓ the tables are at revision {newest}, as before")

    def test_upgrade_makes_it(self, here: Here) -> None:
        Path("groups.db").unlink()
        assert here.run("directory", "upgrade").tells("there were none before")

    def stamp(self, revision: str) -> None:
        with closing(sqlite3.connect("groups.db")) as connection, connection:
            connection.execute("UPDATE groupmessenger_alembic_version SET version_num = ?", [revision])

    def test_newer_tables(self, here: Here) -> None:
        """No upgrade helps: a newer version of the library does."""
        self.stamp("9999")
        for command in ("info", "upgrade"):
            ran = here.run("directory", command)
            assert ran.tells("revision 9999, of a newer version of groupmessenger: install that version")
        assert here.run("check").tells("revision 9999, of a newer version of groupmessenger: install that version")

    def test_older_tables(self, here: Here, monkeypatch: pytest.MonkeyPatch) -> None:
        """`check` does not upgrade them, and says what does."""
        monkeypatch.setattr("groupmessenger.switchboard.migrations.REVISIONS", ["0000", "0001"])
        self.stamp("0000")
        ran = here.run("check")
        assert (0, True) == (ran.exit, ran.tells("its tables are at revision 0000, and", "directory upgrade"))
        assert here.run("directory", "info").tells(
            "at revision 0000, and", "is needed: groupmessenger directory upgrade"
        )

    def test_beside_the_file(self, here: Here) -> None:
        """A relative path begins where the file is, wherever the command runs."""
        elsewhere = here.folder / "elsewhere"
        elsewhere.mkdir()
        os.chdir(elsewhere)
        ran = here.run("groups", "list", "--config", "../groupmessenger.toml", "--json")
        assert ["dinner"] == [each["name"] for each in ran.json["groups"]]
        assert [] == list(elsewhere.iterdir())

    def test_it_cannot_be_read(self, here: Here) -> None:
        """The error says which directory, and it is none of those that a message has."""
        Path("groups.db").write_bytes(b"no database" * 1000)
        for arguments in (("groups", "list"), ("send", "dinner", "Hi"), ("directory", "info")):
            ran = here.run(*arguments, "--json")
            assert (1, "DirectoryError", "not_sent") == (ran.exit, ran.error["kind"], ran.error["outcome"])
        assert (1, True) == ((ran := here.run("check")).exit, ran.tells("the directory's groups: ✗ "))
        assert 0 == here.sends()
