"""`check`: the file in full, then every connection, and nobody is texted."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

import pytest
from cli.running import ANN, BOB, CAT, Here, Ran, nowhere
from groupmessenger_bandwidth.sandbox import PASSWORD, TOLL_FREE, USERNAME
from groupmessenger_messagebird.sandbox import ACCESS_KEY, TEST_KEY
from groupmessenger_messagebird.sandbox import LINE as MESSAGEBIRD

PROVIDERS = ("bandwidth", "messagebird", "sendblue")
WRONG = {
    "bandwidth": {"client_secret": "wrong-secret"},
    "messagebird": {"access_key": "wrongwrongwrongwrongwrong"},
    "sendblue": {"api_secret_key": "wrong-secret"},
}


def found(ran: Ran, name: str, level: str) -> list[str]:
    """What was found of a connection, of one level."""
    findings: list[dict[str, Any]] = ran.json["connections"][name]["findings"]
    return [each["what"] for each in findings if each["level"] == level]


def says(lines: list[str], words: str) -> bool:
    return any(words in line for line in lines)


def test_everything_works(here: Here) -> None:
    """Each connection says what is well, and what could not be looked at."""
    ran = here.run("check", "--json")
    assert (0, "", True) == (ran.exit, ran.err, ran.json["ok"])
    assert ("groupmessenger.toml", PROVIDERS) == (ran.json["source"], tuple(sorted(ran.json["connections"])))
    for name in PROVIDERS:
        told = ran.json["connections"][name]
        assert (name, True) == (told["provider"], told["ok"])
        ok = found(ran, name, "ok")
        assert (True, True) == (says(ok, "accepts the credentials"), says(ok, "this machine's clock agrees"))
        assert found(ran, name, "unchecked")
    assert "broadcast" == ran.json["connections"]["messagebird"]["topology"]
    assert 0 == here.sends()


def test_for_people(here: Here) -> None:
    """A table a connection, the worst first."""
    ran = here.run("check")
    assert (0, "") == (ran.exit, ran.err)
    assert ran.tells("groupmessenger.toml: well written", "sendblue: sendblue, shared thread", "✓ │ ok")
    table = ran.out[ran.out.index("messagebird: messagebird, broadcast") :]
    assert table.index("warning") < table.index("ok") < table.index("unchecked")


def test_one_of_them(here: Here) -> None:
    assert ["sendblue"] == list(here.run("check", "--connection", "sendblue", "--json").json["connections"])
    assert {"sendblue"} == {entry["provider"] for entry in here.box.log}
    ran = here.run("check", "--connection", "sendblu", "--json")
    assert (2, "did you mean 'sendblue'?") == (ran.exit, ran.error["problems"][0]["cure"])


@pytest.mark.parametrize("name", PROVIDERS)
def test_wrong_credentials(here: Here, name: str) -> None:
    """The provider has been asked, and refuses them; they are not repeated."""
    here.write(main=here.settings(name, **WRONG[name]))
    ran = here.run("check", "--json")
    assert (4, False) == (ran.exit, ran.json["ok"])
    (fault,) = [each for each in ran.json["connections"]["main"]["findings"] if each["level"] == "fault"]
    assert "AuthenticationFailed" == fault["error"]["kind"]
    assert "wrong" not in ran.out
    shown = here.run("check")
    assert (4, True) == (shown.exit, shown.tells("✗ │ fault"))


@pytest.mark.parametrize("name", PROVIDERS)
def test_a_provider_that_is_down(here: Here, name: str) -> None:
    """It is not reached, and the others are checked all the same."""
    at = nowhere()
    down = here.settings(name, base_url=at, patience=0, **({"token_url": at} if name == "bandwidth" else {}))
    here.write(down=down, up=here.settings("sendblue"))
    ran = here.run("check", "--json")
    assert 6 == ran.exit
    told = ran.json["connections"]
    assert (False, True) == (told["down"]["ok"], told["up"]["ok"])
    assert 6 == here.run("check", "--connection", "down").exit
    assert 0 == here.run("check", "--connection", "up").exit


def test_what_goes_nowhere(here: Here) -> None:
    """A test key and a line that is a name work, and not as one may think."""
    here.write(
        test=here.settings("messagebird", access_key=TEST_KEY),
        word=here.settings("messagebird", line="Dinner"),
    )
    ran = here.run("check", "--json")
    assert 0 == ran.exit
    assert says(found(ran, "test", "warning"), "this is a test key")
    assert says(found(ran, "word", "warning"), "the line is a name: nobody can answer")
    assert not says(found(ran, "test", "warning"), "the line is a name")


def test_a_line_that_cannot_do_it(here: Here) -> None:
    """Group MMS is not for toll-free numbers, whatever the credentials."""
    here.write(main=here.settings("bandwidth", line=TOLL_FREE))
    ran = here.run("check", "--json")
    assert (2, False) == (ran.exit, ran.json["ok"])
    assert says(found(ran, "main", "fault"), "the line is toll-free")
    assert says(found(ran, "main", "ok"), "accepts the credentials")


def test_what_ends(here: Here) -> None:
    """An end that is announced is told with its day: a warning until then, and a fault afterwards."""
    old = {"client_id": None, "client_secret": None, "username": USERNAME, "password": PASSWORD}
    here.write(old=here.settings("bandwidth", **old), bird=here.settings("messagebird"))
    ran = here.run("check", "--json")
    over = datetime.now(UTC).date() >= datetime(2026, 12, 2, tzinfo=UTC).date()
    ends = found(ran, "old", "fault" if over else "warning")
    assert (True, True) == (says(ends, "username and password"), says(ends, "2026-12-02"))
    assert says(found(ran, "bird", "warning"), "2026-12-31")
    assert (2 if over else 0) == ran.exit


def test_clocks_that_disagree(here: Here) -> None:
    """It is told with the seconds, since times are judged by them."""
    here.box.clock.advance(3600)
    ran = here.run("check", "--json")
    assert 0 == ran.exit
    for name in PROVIDERS:
        (skew,) = [each for each in found(ran, name, "warning") if "clock" in each]
        assert "synchronize it" in skew
        assert any(f"{seconds}" in skew for seconds in range(3595, 3606))


def test_a_url(here: Here, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the environment says is checked where nothing else is named."""
    where = quote(str(here.box.settings("messagebird")["base_url"]), safe="")
    monkeypatch.setenv("GROUPMESSENGER_URL", f"messagebird://{ACCESS_KEY}@{quote(MESSAGEBIRD)}?base_url={where}")
    ran = here.run("check", "--json")
    assert (0, "GROUPMESSENGER_URL", ["GROUPMESSENGER_URL"]) == (
        ran.exit,
        ran.json["source"],
        list(ran.json["connections"]),
    )
    assert ACCESS_KEY not in ran.out
    assert "groupmessenger.toml" == here.run("check", "--connection", "sendblue", "--json").json["source"]


def test_the_file_comes_first(here: Here) -> None:
    """Nobody is asked anything while it is wrong, and all of that is told."""
    here.write("colour = 1", one=here.settings("sendblue", line="312"), two={"provider": "acme"})
    ran = here.run("check", "--json")
    assert (2, []) == (ran.exit, here.box.log)
    assert {"colour", "connections.one.line", "connections.two.provider"} == {
        each["key"] for each in ran.error["problems"]
    }
    here.write("default = [")
    assert here.run("check").tells("groupmessenger.toml: ", "correct it there")
    here.write("")
    ran = here.run("check")
    assert (2, True) == (ran.exit, ran.tells("connections: there is none"))
    (here.folder / "groupmessenger.toml").unlink()
    ran = here.run("check")
    assert (2, True) == (ran.exit, ran.tells("groupmessenger config init writes one"))


def test_words_are_shown_as_they_are(here: Here) -> None:
    """Brackets in names and in what a provider says are neither lost nor taken for commands."""
    here.write(**{'"a [/red] :b:"': here.settings("sendblue")})
    said = {"message": "no [/red] such [b]thing[/b] :smile:"}
    here.box.fault("refuse", provider="sendblue", status=403, body=said, times=None)
    ran = here.run("check")
    assert 4 == ran.exit
    assert ran.tells("a [/red] :b:: sendblue, shared thread", "no [/red] such [b]thing[/b] :smile:")


class TestTheDirectory:
    """What the file as it stands would do to groups with names."""

    @pytest.fixture(autouse=True)
    def groups(self, here: Here, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("COLUMNS", "300")
        here.keep()
        here.run("groups", "create", "dinner", ANN, BOB)
        here.run("groups", "create", "team", *(f"+131255501{n}" for n in range(60, 73)))

    def found(self, here: Here) -> dict[str, dict[str, Any]]:
        told = here.run("check", "--json").json
        assert told["directory"]["ok"] is told["ok"]
        return {each["group"]: each for each in told["directory"]["groups"]}

    def test_nothing_changes(self, here: Here) -> None:
        ran = here.run("check")
        assert (0, True) == (ran.exit, ran.tells("✓ │ dinner │ - │ sendblue │ begins"))
        here.run("send", "dinner", "At eight?")
        assert here.run("check").tells("✓ │ dinner │ sendblue │ sendblue │ stays")

    def test_another_default(self, here: Here) -> None:
        """Which move, what their members will see, and which cannot."""
        here.run("send", "dinner", "At eight?", "--effect", "confetti")
        here.keep("bandwidth")
        ran = here.run("check")
        assert 3 == ran.exit
        assert ran.tells(
            "! │ dinner │ sendblue │ bandwidth │ moves: members see a new thread, from +13…20",
            "goes without effect",
            "✗ │ team │ - │ - │ cannot be sent to: 13 recipients: Bandwidth",
        )
        found = self.found(here)
        assert ("sendblue", "bandwidth", True) == tuple(found["dinner"][name] for name in ("last", "next", "moves"))
        assert (None, False, True) == (found["team"]["next"], found["team"]["moves"], bool(found["team"]["why"]))

    def test_what_is_held(self, here: Here) -> None:
        here.run("send", "dinner", "At eight?")
        here.keep("bandwidth", 'switch_on_change = "hold"')
        dinner = self.found(here)["dinner"]
        assert 'switch_on_change is "hold"' in dinner["why"]
        assert "members see a new thread, from +13…20" == dinner["sees"]
        assert here.run("check").tells("cannot be sent to: ", "then members see a new thread, from +13…20")

    def test_what_was_switched(self, here: Here) -> None:
        """The file moves it no more, which is said."""
        here.run("send", "dinner", "At eight?")
        here.run("switch", "--to", "sendblue", "dinner")
        here.keep("bandwidth")
        ran = here.run("check")
        assert ran.tells("✓ │ dinner │ sendblue │ sendblue (switched) │ stays", "until groupmessenger switch --reset")
        assert [True, False] == [self.found(here)[name]["switched"] for name in ("dinner", "team")]

    def test_who_opted_out(self, here: Here) -> None:
        here.run("suppress", ANN)
        assert "opted out" in self.found(here)["dinner"]["why"]
        ran = here.run("check")
        assert (3, False) == (ran.exit, ANN in ran.out)

    def test_connections_that_are_gone(self, here: Here) -> None:
        """Those that its groups name and the file does not."""
        here.run("send", "dinner", "At eight?")
        here.run("groups", "create", "lunch", ANN, CAT, "--prefer", "sendblue", "--prefer", "bandwidth")
        here.write(
            'default = "blue"\n[directory]\nurl = "sqlite:///groups.db"',
            blue=here.settings("sendblue"),
            bandwidth=here.settings("bandwidth"),
        )
        found = self.found(here)
        assert (["sendblue"], ["sendblue"], []) == tuple(found[name]["gone"] for name in ("dinner", "lunch", "team"))
        assert ("blue", "bandwidth") == (found["dinner"]["next"], found["lunch"]["next"])
        ran = here.run("check")
        assert (0, True) == (ran.exit, ran.tells("the file has no sendblue any more", "the thread it had there"))
        here.run("switch", "--to", "bandwidth", "dinner")
        here.write(
            'default = "blue"\n[directory]\nurl = "sqlite:///groups.db"',
            blue=here.settings("sendblue"),
        )
        assert "there is no 'bandwidth' any more" in self.found(here)["dinner"]["why"]
        assert 2 == here.run("check").exit

    def test_one_connection_alone(self, here: Here) -> None:
        """It is about the file as a whole."""
        assert None is here.run("check", "--connection", "sendblue", "--json").json["directory"]

    def test_no_groups(self, here: Here) -> None:
        for name in ("dinner", "team"):
            here.run("groups", "archive", name)
        assert here.run("check").tells("the directory's groups: there are none")
        assert "there are none" == here.run("check", "--json").json["directory"]["note"]
