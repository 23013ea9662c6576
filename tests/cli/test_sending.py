"""`send` and `plan`: who gets what, judged by what phones show."""

from __future__ import annotations

import io
import sys
from datetime import timedelta
from urllib.parse import quote

import pytest
from cli.running import ANN, BOB, CAT, Here
from groupmessenger_messagebird.sandbox import ACCESS_KEY
from groupmessenger_messagebird.sandbox import LINE as MESSAGEBIRD
from groupmessenger_sendblue.sandbox import LINE as SENDBLUE
from groupmessenger_sendblue.sandbox import SECRET

TO = ("--to", ANN, "--to", BOB)
BROADCAST = ("--connection", "messagebird")
PICTURE = "https://pictures.example.com/place.jpg"


class TestAGroup:
    @pytest.mark.parametrize("name", ["sendblue", "bandwidth"])
    def test_people_are_one_thread(self, here: Here, name: str) -> None:
        """Everybody sees everybody, and people are told so before it goes out."""
        ran = here.run("send", *TO, "--to", CAT, "Dinner?", "--connection", name)
        assert (0, "") == (ran.exit, ran.err)
        assert ran.tells("one shared thread; everybody sees every number and every reply", "✓ accepted, message ")
        assert [["Dinner?"]] * 3 == here.texts(ANN, BOB, CAT)
        line = str(here.box.settings(name)["line"])
        assert [{line, ANN, BOB, CAT}] == here.threads(ANN)

    def test_json(self, here: Here) -> None:
        """Programs are told the ids, and who got it."""
        told = here.run("send", *TO, "Dinner?", "--json").json
        assert told | {"group_id": "", "receipt_id": "", "token": ""} == {
            "provider": "sendblue",
            "group_id": "",
            "receipt_id": "",
            "status": "accepted",
            "token": "",
            "recipients": [ANN, BOB],
            "degradations": [],
        }

    def test_the_group_again(self, here: Here) -> None:
        """By the id that was told, it is the same thread."""
        group = here.run("send", *TO, "Dinner?", "--json").json["group_id"]
        assert here.run("send", *TO, "Hello?").tells(f"the group again: --group {group}")
        assert 0 == here.run("send", "--group", group, "At eight").exit
        assert [["Dinner?", "Hello?", "At eight"]] * 2 == here.texts(ANN, BOB)
        assert [{SENDBLUE, ANN, BOB}] == here.threads(ANN)

    def test_the_same_number_twice(self, here: Here) -> None:
        """It is one person, who is texted once."""
        ran = here.run("send", *TO, *TO, "Dinner?", "--connection", "bandwidth", "--json")
        assert [ANN, BOB] == ran.json["recipients"]
        assert [["Dinner?"]] * 2 == here.texts(ANN, BOB)

    def test_national_numbers(self, here: Here) -> None:
        """They are read in the region of the connection."""
        here.write(main=here.settings("sendblue", region="US"))
        assert 0 == here.run("send", "--to", "(312) 555-0150", "--to", BOB, "--to", ANN, "Dinner?").exit
        assert [["Dinner?"]] * 2 == here.texts(ANN, BOB)

    def test_media(self, here: Here) -> None:
        """Pictures go along, with or without a text."""
        assert 0 == here.run("send", *TO, "The place", "--media", PICTURE).exit
        assert 0 == here.run("send", *TO, "--media", PICTURE).exit
        (thread,) = here.box.phones[ANN].messages.values()
        assert [("The place", (PICTURE,)), ("", (PICTURE,))] == [(each.text, each.media) for each in thread]

    def test_standard_input(self, here: Here, monkeypatch: pytest.MonkeyPatch) -> None:
        """A text of `-` is read from it, without the newline at its end."""
        monkeypatch.setattr(sys, "stdin", io.StringIO("Dinner?\nAt eight\n"))
        assert 0 == here.run("send", *TO, "-").exit
        assert [["Dinner?\nAt eight"]] * 2 == here.texts(ANN, BOB)

    def test_standard_input_that_is_no_text(self, here: Here, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"\xff\xfe"), "utf-8"))
        ran = here.run("send", *TO, "-")
        assert (2, 0) == (ran.exit, here.sends())
        assert ran.tells("the text on standard input")

    def test_a_text_that_begins_with_a_hyphen(self, here: Here) -> None:
        """It goes after `--`, and without it nothing is sent and the text not repeated."""
        ran = here.run("send", *TO, "-five degrees outside")
        assert (2, 0) == (ran.exit, here.sends())
        assert ran.tells("put -- before a text")
        assert "degrees" not in ran.err
        assert 0 == here.run("send", *TO, "--", "-five degrees outside").exit
        assert [["-five degrees outside"]] == here.texts(ANN)

    def test_what_a_provider_leaves_out_is_told(self, here: Here) -> None:
        """It goes without the effect, and says so; unless the connection is strict."""
        ran = here.run("send", *TO, "Dinner?", "--effect", "confetti", "--connection", "bandwidth")
        assert 0 == ran.exit
        assert ran.tells("! effect: ")
        here.write(main=here.settings("bandwidth", strict=True))
        assert 3 == here.run("send", *TO, "Again?", "--effect", "confetti").exit
        assert [["Dinner?"]] == here.texts(ANN)


class TestSeparately:
    @pytest.mark.parametrize("name", ["sendblue", "bandwidth", "messagebird"])
    def test_private_texts(self, here: Here, name: str) -> None:
        """Each has a thread with the line alone."""
        ran = here.run("send", *TO, "Dinner?", "--separately", "--connection", name)
        assert (0, "") == (ran.exit, ran.err)
        assert ran.tells("2 private texts; nobody sees the others", f"✓ {ANN}: accepted", f"✓ {BOB}: accepted")
        line = str(here.box.settings(name)["line"])
        assert [["Dinner?"]] * 2 == here.texts(ANN, BOB)
        assert [[{line, ANN}], [{line, BOB}]] == [here.threads(ANN), here.threads(BOB)]

    def test_json(self, here: Here) -> None:
        told = here.run("send", *TO, "--to", ANN, "Dinner?", "--separately", *BROADCAST, "--json").json
        assert (2, 0, 0) == (told["sent"], told["failed"], told["unknown"])
        assert [(ANN, "accepted"), (BOB, "accepted")] == [(each["to"], each["status"]) for each in told["results"]]
        assert [["Dinner?"]] * 2 == here.texts(ANN, BOB)

    def test_private_copies_have_to_be_asked_for(self, here: Here) -> None:
        """Where a provider makes no shared threads nothing is sent, not even to a group there is."""
        group = here.run("groups", "create", *TO, "--separately", *BROADCAST, "--json").json["id"]
        for whom in (TO, ("--group", group)):
            for command in ("send", "plan"):
                ran = here.run(command, *whom, "Dinner?", *BROADCAST, "--json")
                assert (3, "BroadcastRefused") == (ran.exit, ran.error["kind"])
                assert "--separately" in ran.error["text"]
        assert 0 == here.sends()
        assert 0 == here.run("send", "--group", group, "Dinner?", "--separately", *BROADCAST).exit
        assert [["Dinner?"]] * 2 == here.texts(ANN, BOB)
        assert [{MESSAGEBIRD, ANN}] == here.threads(ANN)

    def test_a_shared_thread_is_not_separate(self, here: Here) -> None:
        """Its members would see each other all the same."""
        group = here.run("send", *TO, "Dinner?", "--json").json["group_id"]
        assert 2 == here.run("send", "--group", group, "Surprise", "--separately").exit
        assert [["Dinner?"]] == here.texts(BOB)

    def test_all_are_checked_before_the_first_is_sent(self, here: Here) -> None:
        """One who cannot be texted keeps the others from it, as with a group."""
        for wrong, code in ((MESSAGEBIRD, 2), ("312", 2), ("ann@example.com", 3)):
            ran = here.run("send", *TO, "--to", wrong, "Dinner?", "--separately", *BROADCAST)
            assert code == ran.exit
        assert 0 == here.sends()

    def test_leaving_somebody_out(self, here: Here) -> None:
        """Of a group there is, where each member has a copy."""
        group = here.run("groups", "create", *TO, "--to", CAT, "--separately", *BROADCAST, "--json").json["id"]
        ran = here.run("send", "--group", group, "Surprise", "--leave-out", BOB, "--separately", *BROADCAST)
        assert (0, [["Surprise"], [], ["Surprise"]]) == (ran.exit, here.texts(ANN, BOB, CAT))


class TestTimes:
    def test_with_a_zone(self, here: Here) -> None:
        """It is shown when its time has come."""
        at = (here.box.clock.now() + timedelta(hours=1)).isoformat(timespec="minutes")
        ran = here.run("send", *TO, "Happy new year", "--separately", "--at", at, *BROADCAST)
        assert ran.tells("scheduled")
        assert [[]] == here.texts(ANN)
        here.box.clock.advance(3600)
        assert [["Happy new year"]] == here.texts(ANN)

    @pytest.mark.parametrize("option", ["--at", "--expires-at"])
    @pytest.mark.parametrize("at", ["2030-12-24T18:00", "tomorrow", "2030-12-24", ""])
    def test_without_a_zone(self, here: Here, option: str, at: str) -> None:
        """Nobody knows whose six o'clock that is."""
        ran = here.run("send", *TO, "Dinner?", "--separately", option, at, *BROADCAST)
        assert (2, 0) == (ran.exit, here.sends())
        assert ran.tells(f"{option} is a time with its zone, such as 2026-12-24T18:00-06:00")

    def test_where_there_are_no_schedules(self, here: Here) -> None:
        """It is refused, and not sent at once."""
        assert 3 == here.run("send", *TO, "Dinner?", "--at", "2030-12-24T18:00-06:00").exit
        assert 0 == here.sends()


class TestPlan:
    def test_makes_no_request(self, here: Here) -> None:
        """What would come of it is found without asking anybody."""
        ran = here.run("plan", *TO, "Dinner?")
        assert 0 == ran.exit
        assert ran.tells("one shared thread", "It would be sent.")
        told = here.run("plan", *TO, "Dinner?", "--json").json
        assert (True, True) == (told["ok"], told["plans"]["group"]["exposes_numbers"])
        assert [] == here.box.log

    def test_a_refusal(self, here: Here) -> None:
        """Each reason is told, with the limit and what would do."""
        people = [part for n in range(11) for part in ("--to", f"+13125550{170 + n}")]
        ran = here.run("plan", *people, "x" * 3000, "--connection", "bandwidth", "--json")
        assert (3, False) == (ran.exit, ran.json["ok"])
        violations = ran.json["plans"]["group"]["violations"]
        assert [("recipients", 10, 11), ("text", 2048, 3000)] == [
            (each["name"], each["limit"], each["asked"]) for each in violations
        ]
        shown = here.run("plan", *people, "x" * 3000, "--connection", "bandwidth")
        assert 3 == shown.exit
        assert shown.tells("It would be refused:", "✗ 11 recipients")
        assert [] == here.box.log

    def test_a_group_by_its_id(self, here: Here) -> None:
        """Who is in it cannot be known without asking, and it says so."""
        ran = here.run("plan", "--group", "sb_group_1", "Dinner?")
        assert (0, True) == (ran.exit, ran.tells("It would be sent.", "? cannot be known beforehand: the number of"))
        assert 3 == here.run("plan", "--group", "g", "Dinner?", "--connection", "bandwidth").exit
        assert [] == here.box.log

    def test_what_it_costs(self, here: Here) -> None:
        """A copy a member, and two parts each."""
        ran = here.run("plan", "--to", ANN, "x" * 161, "--separately", *BROADCAST)
        assert ran.tells("billed: 2")

    def test_separately(self, here: Here) -> None:
        """A plan for each person."""
        ran = here.run("plan", *TO, "Dinner?", "--separately", *BROADCAST)
        assert ran.tells(f"{ANN}: It would be sent.", f"{BOB}: It would be sent.")
        told = here.run("plan", *TO, "Dinner?", "--separately", *BROADCAST, "--json").json
        assert [ANN, BOB] == list(told["plans"])


class TestUsage:
    @pytest.mark.parametrize(
        ("arguments", "said"),
        [
            (("Dinner?",), "either --to, once for each person, or --group"),
            ((*TO, "--group", "g", "Dinner?"), "either --to, once for each person, or --group"),
            (TO, "a message needs a text or media"),
            ((*TO, "Dinner?", "tonight"), "put a text with spaces into quotes"),
            ((*TO, "Dinner?", "at", "eight"), "put a text with spaces into quotes"),
            ((*TO, "Dinner?", "--key", "k"), "--key is for a group of the directory"),
            (("--tto", ANN, "Dinner?"), "there is no option --tto (did you mean '--to'?)"),
            (("--to", ANN, "--to", ANN, "Dinner?"), "one person is no group: add --separately for a private text"),
            (("--to", ANN, BOB), "one person is no group"),
            ((*TO, "Dinner?", "--leave-out", BOB), "--leave-out is for a --group"),
            ((*TO, "Dinner?", "--leave-out", BOB, "--separately"), "--leave-out is for a --group"),
            ((*TO, "--separatly", "Dinner?"), "did you mean '--separately'?"),
            ((*TO, "--qqq=1", "Dinner?"), "there is no option --qqq (there are --to, --group"),
            ((*TO, "Dinner?", "--connection"), "--connection requires an argument"),
            ((*TO, "Dinner?", "--priority", "urgent"), "priority is 'high'"),
            ((*TO, "Dinner?", "--media", "place.jpg"), "media is given by its http(s) URL"),
            (("--to", "12", "--to", BOB, "Dinner?"), "is not a phone number"),
        ],
    )
    def test_what_cannot_be_meant(self, here: Here, arguments: tuple[str, ...], said: str) -> None:
        """It says what was wrong and the cure, for people and for programs, and sends nothing."""
        ran = here.run("send", *arguments)
        assert 2 == ran.exit
        assert ran.tells(said)
        told = here.run("send", "--json", *arguments)
        assert (2, "not_sent") == (told.exit, told.error["outcome"])
        assert said in told.error["text"]
        assert 0 == here.sends()

    def test_nothing_private_is_said_of_errors(self, here: Here) -> None:
        """No whole number, no text and no secret is in what may end in a log."""
        tries = (
            ("send", "--to", ANN, "Dinner?", "tonight"),
            ("send", f"--tto={ANN}", "Dinner?"),
            ("send", *TO, "Dinner?", "--connection", "messagebird"),
            ("send", *TO, "--to", SENDBLUE, "Dinner?"),
            ("send", "--to", "ann@example.com", "--to", ANN, "Dinner?", "--connection", "bandwidth"),
            ("send", "--to", "+44 20 7946 0018", "--to", ANN, "Dinner?", "--connection", "bandwidth"),
            ("send", *TO, "Dinner?" * 400, "--connection", "bandwidth"),
            ("members", "add", "sb_group_1", "--to", ANN),
            ("groups", "create", *TO, *BROADCAST),
        )
        for each in tries:
            ran = here.run(*each)
            assert ran.exit
            for private in (ANN, BOB, ANN[2:], SENDBLUE, "Dinner", "tonight", "ann@", "7946", SECRET, ACCESS_KEY):
                assert private not in ran.err

    def test_a_refusal_of_the_provider(self, here: Here) -> None:
        """Its words are told as they are, and our own numbers and text are not added."""
        said = {"errors": [{"code": 9, "description": "no [/red] such [b]thing[/b] :smile:", "parameter": None}]}
        here.box.fault("refuse", provider="messagebird", operation="send", status=422, body=said, times=2)
        ran = here.run("send", *TO, "Dinner?", "--separately", *BROADCAST)
        assert (4, 2) == (ran.exit, ran.out.count("no [/red] such [b]thing[/b] :smile:"))
        assert "Dinner?" not in ran.out


class TestWhichConnection:
    def test_by_name(self, here: Here) -> None:
        """The default, or the one that is named."""
        for name, line in (("sendblue", SENDBLUE), ("bandwidth", str(here.box.settings("bandwidth")["line"]))):
            assert name == here.run("send", *TO, "Dinner?", "--connection", name, "--json").json["provider"]
            assert {line, ANN, BOB} in here.threads(ANN)
        assert "sendblue" == here.run("send", *TO, "Dinner?", "--json").json["provider"]

    def test_a_name_that_is_none(self, here: Here) -> None:
        ran = here.run("send", *TO, "Dinner?", "--connection", "bandwith")
        assert (2, 0) == (ran.exit, here.sends())
        assert ran.tells("did you mean 'bandwidth'?")

    def test_several_and_no_default(self, here: Here) -> None:
        here.write(one=here.settings("sendblue"), two=here.settings("bandwidth"))
        ran = here.run("send", *TO, "Dinner?")
        assert (2, 0) == (ran.exit, here.sends())
        assert ran.tells("there are several connections (one, two) and no default")

    def test_by_file(self, here: Here, monkeypatch: pytest.MonkeyPatch) -> None:
        """`--config`, else the file that the environment names, else the one in this folder."""
        here.write(main=here.settings("bandwidth")).rename("other.toml")
        here.write(main=here.settings("sendblue"))
        monkeypatch.setenv("GROUPMESSENGER_CONFIG", "other.toml")
        assert "bandwidth" == here.run("send", *TO, "Dinner?", "--json").json["provider"]
        chosen = here.run("send", *TO, "Dinner?", "--config", "groupmessenger.toml", "--json")
        assert "sendblue" == chosen.json["provider"]
        monkeypatch.setenv("GROUPMESSENGER_CONFIG", "gone.toml")
        ran = here.run("send", *TO, "Dinner?", "--json")
        assert (2, "ConfigurationError") == (ran.exit, ran.error["kind"])
        assert [("gone.toml", "there is no such file")] == [
            (each["file"], each["what"]) for each in ran.error["problems"]
        ]

    def test_by_url(self, here: Here, monkeypatch: pytest.MonkeyPatch) -> None:
        """The URL in the environment, unless a connection or a file is named."""
        where = quote(str(here.box.settings("messagebird")["base_url"]), safe="")
        url = f"messagebird://{ACCESS_KEY}@{quote(MESSAGEBIRD)}?base_url={where}"
        monkeypatch.setenv("GROUPMESSENGER_URL", url)
        assert 3 == here.run("send", *TO, "Dinner?").exit
        ran = here.run("send", *TO, "Dinner?", "--separately", "--json")
        assert (0, "messagebird") == (ran.exit, ran.json["provider"])
        for named in (("--connection", "sendblue"), ("--config", "groupmessenger.toml")):
            assert "sendblue" == here.run("send", *TO, "Dinner?", *named, "--json").json["provider"]
        monkeypatch.setenv("GROUPMESSENGER_URL", url.replace("base_url", "base_uri"))
        ran = here.run("send", *TO, "Dinner?")
        assert 2 == ran.exit
        assert ran.tells("GROUPMESSENGER_URL: base_uri")
        assert ACCESS_KEY not in ran.err

    def test_everything_that_is_wrong_with_a_file_at_once(self, here: Here) -> None:
        """Not only the first, and no value of it."""
        here.write(
            'default = "man"\ncolour = "red"',
            main=here.settings("sendblue", api_key_id=None, timeout="soon"),
            other=here.settings("bandwidth", limits={}, account_id="u-hidden"),
        )
        ran = here.run("send", *TO, "Dinner?")
        assert (2, 0) == (ran.exit, here.sends())
        for key in ("default", "colour", "connections.main.api_key_id", "connections.main.timeout", "account_id"):
            assert key in ran.err
        assert ran.tells("5 things are wrong")
        assert "u-hidden" not in ran.err
        told = here.run("send", *TO, "Dinner?", "--json").error
        assert 5 == len(told["problems"])


def test_whoever_is_left_out_is_read_as_others_are(here: Here) -> None:
    """As a number of the connection's country."""
    here.write(messagebird=here.settings("messagebird", region="US"))
    group = here.run("groups", "create", "--to", "(312) 555-0141", "--to", "(312) 555-0142", "--separately", "--json")
    ran = here.run(
        "send", "--group", group.json["id"], "--leave-out", "(312) 555-0142", "Surprise", "--separately", "--json"
    )
    assert (0, ["+13125550141"]) == (ran.exit, ran.json["recipients"])
    assert [["Surprise"], []] == here.texts("+13125550141", "+13125550142")
    stranger = here.run("send", "--group", group.json["id"], "--leave-out", "+13125550149", "Oh", "--separately")
    assert (3, [["Surprise"], []]) == (stranger.exit, here.texts("+13125550141", "+13125550142"))
