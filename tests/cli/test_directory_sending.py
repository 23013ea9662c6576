"""`send NAME TEXT`, and what becomes of it: `plan`, `history`, `delivery`, `settle`."""

from __future__ import annotations

import io
import json
import subprocess
import sys
import time

import pytest
from cli.running import ANN, BOB, CAT, COMMAND, Here, interrupted, nowhere
from groupmessenger_bandwidth.sandbox import LINE as BANDWIDTH
from groupmessenger_sendblue.sandbox import LINE as SENDBLUE

KEY = ("--key", "tonight")
PICTURE = "https://pictures.example.com/place.jpg"


@pytest.fixture(autouse=True)
def dinner(here: Here) -> None:
    here.keep()
    here.run("groups", "create", "dinner", ANN, BOB)


class TestSend:
    def test_by_its_name(self, here: Here) -> None:
        """By the connection that the file names, and people are told who will see what."""
        ran = here.run("send", "dinner", "At eight?")
        assert (0, "") == (ran.exit, ran.err)
        assert ran.tells(
            "by sendblue; Sendblue: one shared thread; everybody sees every number", "✓ accepted, message "
        )
        assert [["At eight?"]] * 2 == here.texts(ANN, BOB)
        assert [{SENDBLUE, ANN, BOB}] == here.threads(ANN)

    def test_json(self, here: Here) -> None:
        told = here.run("send", "dinner", "At eight?", *KEY, "--json").json
        assert told | {"group_id": "", "receipt_id": "", "token": ""} == {
            "provider": "sendblue",
            "group": "dinner",
            "connection": "sendblue",
            "key": "tonight",
            "again": False,
            "passed_over": [],
            "group_id": "",
            "receipt_id": "",
            "status": "accepted",
            "token": "",
            "recipients": [ANN, BOB],
            "degradations": [],
        }

    def test_once(self, here: Here) -> None:
        """The same key is the same message, and another text under it is refused."""
        first = here.run("send", "dinner", "At eight?", *KEY, "--json").json
        again = here.run("send", "dinner", "At eight?", *KEY, "--json").json
        assert (True, first["receipt_id"]) == (again["again"], again["receipt_id"])
        assert here.run("send", "dinner", "At eight?", *KEY).tells("nothing was sent now")
        here.run("suppress", BOB)
        assert 0 == here.run("send", "dinner", "At eight?", *KEY).exit
        ran = here.run("send", "dinner", "At nine?", *KEY, "--json")
        assert (3, "KeyReused") == (ran.exit, ran.error["kind"])
        assert [["At eight?"]] == here.texts(ANN)

    def test_the_file_is_the_switch(self, here: Here) -> None:
        """Another default, and the group goes on there; the old one again, and so is its thread."""
        group = here.run("send", "dinner", "One", "--json").json["group_id"]
        here.keep("bandwidth")
        assert "bandwidth" == here.run("send", "dinner", "Two", "--json").json["connection"]
        here.keep()
        assert group == here.run("send", "dinner", "Three", "--json").json["group_id"]
        assert [{SENDBLUE, ANN, BOB}, {BANDWIDTH, ANN, BOB}] == here.threads(ANN)
        assert [["One", "Three", "Two"]] * 2 == here.texts(ANN, BOB)

    def test_fail_over(self, here: Here) -> None:
        """Where one is not reached, the next, and it says so."""
        down = {"base_url": nowhere(), "patience": 0, "failover": True}
        here.keep(head='prefer = ["sendblue", "bandwidth"]', sendblue=down)
        ran = here.run("send", "dinner", "At eight?")
        assert ran.tells("✓ bandwidth: accepted", "! sendblue was passed over: Sendblue was not reached")
        told = here.run("send", "dinner", "At nine?", "--json").json
        assert ("bandwidth", 0) == (told["connection"], len(told["passed_over"]))

    def test_media_and_standard_input(self, here: Here, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(sys, "stdin", io.StringIO("Dinner?\n"))
        assert 0 == here.run("send", "dinner", "-").exit
        assert 0 == here.run("send", "dinner", "", "--media", PICTURE).exit
        (thread,) = here.box.phones[ANN].messages.values()
        assert [("Dinner?", ()), ("", (PICTURE,))] == [(each.text, each.media) for each in thread]

    def test_leaving_somebody_out(self, here: Here) -> None:
        """Where each has a copy."""
        here.keep("messagebird", messagebird={"region": "US", "allow_broadcast": True})
        here.run("groups", "create", "alarm", "(312) 555-0150", BOB, CAT, "--separately")
        ran = here.run("send", "alarm", "Surprise", "--leave-out", "(312) 555-0151", "--json")
        assert (0, [ANN, CAT]) == (ran.exit, ran.json["recipients"])
        assert [["Surprise"], [], ["Surprise"]] == here.texts(ANN, BOB, CAT)

    @pytest.mark.parametrize(
        ("arguments", "said"),
        [
            (("diner", "Hi"), "did you mean 'dinner'?"),
            (("dinner",), "the name of a group of the directory before the text"),
            (("dinner", ""), "a message needs a text or media"),
            (("dinner", "Hi", "there"), "put a text with spaces into quotes"),
            (("dinner", "Hi", "--to", CAT), "there is no --to, --group or --separately"),
            (("dinner", "Hi", "--group", "g"), "there is no --to, --group or --separately"),
            (("dinner", "Hi", "--separately"), "there is no --to, --group or --separately"),
            (("dinner", "Hi", "--connection", "bandwidth"), "see groupmessenger switch"),
            (("dinner", "Hi", "--key", " "), "a key is a text"),
        ],
    )
    def test_what_cannot_be_meant(self, here: Here, arguments: tuple[str, ...], said: str) -> None:
        ran = here.run("send", *arguments)
        assert (2, True, []) == (ran.exit, ran.tells(said), here.box.log)

    def test_people_and_ids_as_ever(self, here: Here) -> None:
        """With --to and --group it is about a provider's."""
        group = here.run("send", "--to", ANN, "--to", CAT, "Hi", "--json").json["group_id"]
        assert 0 == here.run("send", "--group", group, "Hello?").exit
        assert [["Hi", "Hello?"]] == here.texts(CAT)


class TestExits:
    def test_3_refused_here(self, here: Here) -> None:
        """People who opted out, a provider of the other kind, a file that holds: no request is made."""
        here.run("groups", "create", "alarm", ANN, CAT, "--separately")
        ran = here.run("send", "alarm", "Hi", "--json")
        assert (3, "BroadcastRefused") == (ran.exit, ran.error["kind"])
        here.run("suppress", BOB)
        ran = here.run("send", "dinner", "Hi", "--json")
        assert (3, "Suppressed", []) == (ran.exit, ran.error["kind"], here.box.log)
        here.run("suppress", BOB, "--lift")
        assert 0 == here.run("send", "dinner", "Hi").exit
        here.keep("bandwidth", 'switch_on_change = "hold"')
        ran = here.run("send", "dinner", "Again", "--json")
        assert (3, "SwitchHeld") == (ran.exit, ran.error["kind"])

    def test_3_in_progress(self, here: Here) -> None:
        """Another message is unknown, and this one has to wait for it: it did not leave."""
        here.keep(sendblue={"patience": 0, "exclusive_line": None})
        here.box.fault("drop", provider="sendblue", operation="send_group", phase="after")
        assert 5 == here.run("send", "dinner", "One").exit
        ran = here.run("send", "dinner", "Two", "--json")
        assert (3, "InProgress", "not_sent") == (ran.exit, ran.error["kind"], ran.error["outcome"])
        assert [["One"]] == here.texts(ANN)

    def test_3_of_another_group(self, here: Here) -> None:
        """The same people on the same line are one thread at Bandwidth, and it is the other group's."""
        here.keep("bandwidth")
        here.run("groups", "create", "lunch", ANN, BOB)
        assert 0 == here.run("send", "dinner", "At eight?").exit
        ran = here.run("send", "lunch", "At one?", "--json")
        assert (3, "AlreadyBound", "not_sent") == (ran.exit, ran.error["kind"], ran.error["outcome"])
        assert [["At eight?"]] == here.texts(ANN)

    def test_7_into_the_thread_of_another_group(self, here: Here) -> None:
        """Sendblue says so with its answer: sent it is."""
        here.run("groups", "create", "lunch", ANN, BOB)
        assert 0 == here.run("send", "dinner", "At eight?").exit
        ran = here.run("send", "lunch", "At one?", "--json")
        assert (7, "AlreadyBound", "sent") == (ran.exit, ran.error["kind"], ran.error["outcome"])
        assert [["At eight?", "At one?"]] == here.texts(ANN)

    def test_4_and_6(self, here: Here) -> None:
        here.box.fault("refuse", provider="sendblue", operation="send_group", status=400, body={"message": "no"})
        assert 4 == here.run("send", "dinner", "Hi").exit
        here.keep(sendblue={"base_url": nowhere(), "patience": 0})
        assert 6 == here.run("send", "dinner", "Hi").exit

    def test_5_and_settled(self, here: Here) -> None:
        """It went out and the answer was lost: `settle` finds it, and under its key it is sent already."""
        here.box.fault("drop", provider="sendblue", operation="send_group", phase="after")
        ran = here.run("send", "dinner", "At eight?", *KEY, "--json")
        assert (5, "OutcomeUnknown") == (ran.exit, ran.error["kind"])
        ran = here.run("settle", "--json")
        assert (0, True) == (ran.exit, ran.json["ok"])
        assert [("dinner", "tonight", "sendblue", "sent", None)] == [
            tuple(each[name] for name in ("group", "key", "connection", "state", "why"))
            for each in ran.json["messages"]
        ]
        assert True is here.run("send", "dinner", "At eight?", *KEY, "--json").json["again"]
        assert [["At eight?"]] * 2 == here.texts(ANN, BOB)

    def test_5_by_a_signal(self, here: Here) -> None:
        """Ctrl-C while it is sent: the directory knows of it, and it is found."""
        here.keep(sendblue={"timeout": 1, "patience": 0})
        here.box.fault("delay", provider="sendblue", operation="send_group", phase="after", seconds=60)
        command = [*COMMAND, "send", "dinner", "At eight?", "--json"]
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        with subprocess.Popen(command, cwd=here.folder, text=True, **pipes) as running:  # type: ignore[call-overload]
            while not here.box.phones[BOB].texts:
                assert running.poll() is None
            told, _ = interrupted(running)
        assert (5, "OutcomeUnknown") == (running.returncode, json.loads(told)["error"]["kind"])
        (message,) = here.run("history", "dinner", "--json").json["messages"]
        assert message["state"] in ("sending", "unknown")

    def test_what_is_sent_is_sent(self, here: Here) -> None:
        """Whoever reads the output or not."""
        ran = here.unread("send", "dinner", "At eight?", "--json")
        assert (0, "") == (ran.exit, ran.err)
        assert [["At eight?"]] == here.texts(ANN)


class TestSettle:
    def test_nothing_to_do(self, here: Here) -> None:
        ran = here.run("settle")
        assert (0, "", "No message is unknown.\n") == (ran.exit, ran.out, ran.err)
        assert {"ok": True, "messages": []} == here.run("settle", "--json").json

    def test_5_unknown_still(self, here: Here) -> None:
        """Where the provider cannot be asked it says why."""
        here.box.fault("drop", provider="sendblue", operation="send_group", phase="after")
        here.run("send", "dinner", "At eight?")
        here.keep(sendblue={"base_url": nowhere(), "patience": 0})
        ran = here.run("settle")
        assert (5, True) == (ran.exit, ran.tells("? │ dinner", "unknown:"))
        here.keep()
        assert here.run("settle").tells("✓ │ dinner │ - │ sendblue │ sent")

    def test_what_nobody_can_tell(self, here: Here) -> None:
        """It is unknown for good, is told once more, and is in nobody's way then."""
        here.keep("bandwidth", bandwidth={"timeout": 0.2, "patience": 0, "settle_after": 0})
        here.box.fault("drop", provider="bandwidth", operation="send", phase="after")
        assert 5 == here.run("send", "dinner", "At eight?").exit
        end = time.monotonic() + 10
        while (ran := here.run("settle")).exit == 5 and time.monotonic() < end:
            time.sleep(0.1)
        assert (0, True) == (ran.exit, ran.tells("No message is unknown."))
        assert [True] == [each["gave_up"] for each in here.run("history", "dinner", "--json").json["messages"]]
        assert here.run("history", "dinner").tells("? │", "nobody will be")
        assert 0 == here.run("send", "dinner", "At nine?").exit


class TestPlan:
    def test_by_name(self, here: Here) -> None:
        ran = here.run("plan", "dinner", "At eight?")
        assert (0, True) == (ran.exit, ran.tells("by sendblue; Sendblue: one shared thread", "It would be sent."))
        told = here.run("plan", "dinner", "At eight?", "--json").json
        assert ("dinner", "sendblue", True, True) == (
            told["group"],
            told["connection"],
            told["ok"],
            told["plans"]["group"]["ok"],
        )
        assert [] == here.box.log

    def test_refused(self, here: Here) -> None:
        here.keep("messagebird")
        ran = here.run("plan", "dinner", "At eight?", "--json")
        assert (3, "BroadcastRefused", []) == (ran.exit, ran.error["kind"], here.box.log)

    def test_passed_over(self, here: Here) -> None:
        here.keep(head='prefer = ["messagebird", "bandwidth"]')
        ran = here.run("plan", "dinner", "At eight?")
        assert ran.tells("by bandwidth; ", "! messagebird was passed over: one shared thread wanted")
        (passed,) = here.run("plan", "dinner", "At eight?", "--json").json["passed_over"]
        assert "messagebird" == passed["connection"]


class TestHistory:
    def test_what_was_sent(self, here: Here) -> None:
        """The oldest first, with what became of it, and no text."""
        assert here.run("history", "dinner").tells("Nothing was sent to it.")
        here.run("send", "dinner", "At eight?", *KEY)
        here.box.fault("refuse", provider="sendblue", operation="send_group", status=400, body={"message": "no"})
        here.run("send", "dinner", "At nine?")
        here.box.fault("refuse", provider="sendblue", operation="send_group", status=400, body={"message": "no"})
        for _ in range(2):
            here.run("send", "dinner", "At half past nine?", "--key", "half")
        here.keep("bandwidth")
        here.run("send", "dinner", "At ten?")
        ran = here.run("history", "dinner")
        assert ran.tells(
            "│ tonight │ sendblue │ accepted", "not sent; ", "accepted; 2 tries", "another thread at bandwidth: "
        )
        assert "At " not in ran.out
        told = here.run("history", "dinner", "--json").json
        assert [("sent", "tonight"), ("not_sent", None), ("sent", "half"), ("sent", None)] == [
            (each["state"], each["key"]) for each in told["messages"]
        ]
        assert ["bandwidth"] == [each["connection"] for each in told["forks"]]
        assert 2 == here.run("history", "dinner", "--limit", "0").exit
        told = here.run("history", "dinner", "--limit", "1", "--json").json
        assert ["bandwidth"] == [each["connection"] for each in told["messages"]]


class TestDelivery:
    def test_nothing_told(self, here: Here) -> None:
        assert 2 == here.run("delivery", "dinner").exit
        here.run("send", "dinner", "At eight?", *KEY)
        assert here.run("delivery", "dinner").tells("nothing told yet")
        told = here.run("delivery", "dinner", *KEY, "--json").json
        assert ("dinner", "unknown", False, []) == (
            told["group"],
            told["status"],
            told["final"],
            told["recipients"],
        )
        ran = here.run("delivery", "dinner", "--key", "other")
        assert (2, True) == (ran.exit, ran.tells("no message to this group has this key"))
