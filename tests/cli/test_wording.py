"""Errors of the library name its calls; the command names commands."""

from __future__ import annotations

import pytest
from cli.running import ANN, BOB, CAT, Here

from groupmessenger.cli.wording import in_commands


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("remove_members() takes them out", "groupmessenger groups remove takes them out"),
        ("accept_members() takes them in", "groupmessenger groups accept takes them in"),
        ("add_members() invites somebody new", "groupmessenger groups add invites somebody new"),
        ("suppress() names them", "groupmessenger suppress names them"),
        ("history() has those there are", "groupmessenger history has those there are"),
        ("ask again, or see settle()", "ask again, or see groupmessenger settle"),
        ("leave_out=[...] leaves them out", "--leave-out leaves them out"),
        ("switch('Dinner', 'b') says so", "groupmessenger switch 'Dinner' --to 'b' says so"),
        ("""switch("Ann's", 'b') says so""", """groupmessenger switch "Ann's" --to 'b' says so"""),
        ("'…' is not a phone number", "'…' is not a phone number: '+', the country code and the number, such as +"),
        ("nothing of that", "nothing of that"),
    ],
)
def test_calls_are_commands(said: str, shown: str) -> None:
    assert in_commands(said).startswith(shown)


class TestInCommands:
    @pytest.fixture(autouse=True)
    def dinner(self, here: Here, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("COLUMNS", "300")
        here.keep()
        here.run("groups", "create", "dinner", ANN, BOB)

    def test_an_error(self, here: Here) -> None:
        """As text and as JSON, which says who it is about."""
        here.run("suppress", ANN)
        ran = here.run("send", "dinner", "Hi")
        assert (3, True) == (ran.exit, ran.tells("groupmessenger groups remove takes them out", "--leave-out leaves"))
        assert "()" not in ran.err
        error = here.run("send", "dinner", "Hi", "--json").error
        assert ("Suppressed", [ANN]) == (error["kind"], error["members"])
        assert "groupmessenger groups remove" in error["text"]

    def test_what_is_held(self, here: Here) -> None:
        """What is told can be typed."""
        here.run("send", "dinner", "One")
        here.keep("bandwidth", 'switch_on_change = "hold"')
        assert here.run("send", "dinner", "Two").tells("groupmessenger switch 'dinner' --to 'bandwidth' says")

    def test_a_table(self, here: Here) -> None:
        here.run("suppress", ANN)
        assert here.run("check").tells("cannot be sent to: ", "groupmessenger groups remove takes")
        assert here.run("switch", "--to", "bandwidth", "--dry-run").tells("groupmessenger groups remove takes")

    @pytest.mark.parametrize(
        "arguments", [("suppress", "nope"), ("forget", "nope", "--yes"), ("groups", "add", "dinner", "nope")]
    )
    def test_no_number(self, here: Here, arguments: tuple[str, ...]) -> None:
        """How one is written."""
        ran = here.run(*arguments)
        assert (2, True) == (ran.exit, ran.tells("'+', the country code and the number, such as +13125550101"))
        assert CAT not in ran.err
