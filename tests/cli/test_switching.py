"""`switch`: which groups fit on another connection, what they lose, and what their members will see."""

from __future__ import annotations

from typing import Any

import pytest
from cli.running import ANN, BOB, CAT, Here, Ran
from groupmessenger_bandwidth.sandbox import LINE as BANDWIDTH
from groupmessenger_sendblue.sandbox import LINE as SENDBLUE

from groupmessenger import Switchboard
from groupmessenger.switchboard import Entry

TO = ("switch", "--to", "bandwidth")
MANY = [f"+131255501{n}" for n in range(60, 73)]  # three more than Bandwidth takes


@pytest.fixture(autouse=True)
def groups(here: Here, monkeypatch: pytest.MonkeyPatch) -> None:
    """Three that fit on Sendblue, Bandwidth and MessageBird each in its own way; and no line is broken."""
    monkeypatch.setenv("COLUMNS", "300")
    here.keep(messagebird={"allow_broadcast": True})
    here.run("groups", "create", "dinner", ANN, BOB)
    here.run("groups", "create", "team", *MANY)
    here.run("groups", "create", "alarm", ANN, CAT, "--separately")


def found(ran: Ran) -> dict[str, dict[str, Any]]:
    return {each["group"]: each for each in ran.json["groups"]}


def routes(here: Here) -> dict[str, str | None]:
    return {each["name"]: each["route"] for each in here.run("groups", "list", "--json").json["groups"]}


def test_a_dry_run(here: Here) -> None:
    """For every group whether it fits, why not, and what its members will see. Nothing is changed."""
    here.run("send", "dinner", "At eight?")
    ran = here.run(*TO, "--dry-run")
    assert (3, "") == (ran.exit, ran.err)
    assert ran.tells(
        "by bandwidth (Bandwidth)",
        "✓ │ dinner │ sendblue │ members see a new thread, from +13…20",
        "✗ │ team │ sendblue │ does not fit: 13 recipients: Bandwidth takes at",
        "✗ │ alarm │ sendblue │ does not fit: private copies to each member",
        "1 of 3 groups fit. Nothing was changed.",
    )
    assert BANDWIDTH not in ran.out
    assert {"dinner": None, "team": None, "alarm": None} == routes(here)


def test_a_dry_run_as_json(here: Here) -> None:
    here.run("send", "dinner", "At eight?", "--effect", "confetti")
    ran = here.run(*TO, "--dry-run", "--json")
    assert (3, "") == (ran.exit, ran.err)
    told = ran.json
    assert ("bandwidth", "bandwidth", BANDWIDTH, "shared_thread", True, False) == tuple(
        told[name] for name in ("to", "provider", "line", "topology", "dry_run", "ok")
    )
    dinner = found(ran)["dinner"]
    (lost,) = dinner["loses"]
    assert lost.startswith("effect")
    assert dinner | {"loses": []} == {
        "group": "dinner",
        "before": "sendblue",
        "named": "sendblue",
        "fits": True,
        "why": None,
        "loses": [],
        "new_thread": True,
        "unknown_message": False,
        "message_under_way": False,
        "switched": False,
    }
    assert [False, False] == [found(ran)[name]["fits"] for name in ("team", "alarm")]


def test_as_far_as_they_fit(here: Here) -> None:
    """Those that do go by it from their next message on, and the others are named."""
    ran = here.run(*TO)
    assert 7 == ran.exit
    assert ran.tells("✓ 1 group goes by bandwidth from the next message on", "✗ 2 groups go as before")
    assert {"dinner": "bandwidth", "team": None, "alarm": None} == routes(here)
    assert "bandwidth" == here.run("send", "dinner", "At eight?", "--json").json["connection"]
    assert "sendblue" == here.run("send", "team", "At nine?", "--json").json["connection"]
    assert here.run("groups", "list").tells("bandwidth (switched)")


def test_those_that_are_named(here: Here) -> None:
    ran = here.run(*TO, "dinner", "--json")
    assert (0, True, ["dinner"]) == (ran.exit, ran.json["ok"], list(found(ran)))
    assert (3, True) == ((ran := here.run(*TO, "team")).exit, ran.tells("✗ 1 group goes as before"))
    assert {"dinner": "bandwidth", "team": None, "alarm": None} == routes(here)
    assert here.run(*TO, "dinner").tells("goes by it already") is False  # it has no thread there yet
    here.run("send", "dinner", "At eight?")
    assert here.run(*TO, "dinner").tells("goes by it already")


def test_there_and_back(here: Here) -> None:
    """What is said of the way back is so: the thread there was goes on."""
    here.run("send", "dinner", "One")
    here.run(*TO, "dinner")
    here.run("send", "dinner", "Two")
    ran = here.run("switch", "--to", "sendblue", "dinner")
    assert (0, True) == (ran.exit, ran.tells("goes on in the thread it had there"))
    here.run("send", "dinner", "Three")
    assert [["One", "Three", "Two"]] * 2 == here.texts(ANN, BOB)
    assert [{SENDBLUE, ANN, BOB}, {BANDWIDTH, ANN, BOB}] == here.threads(ANN)


def test_private_texts(here: Here) -> None:
    """Where a group may be either, members see private copies, which is said."""
    here.run("groups", "create", "any", ANN, BOB, "--either")
    here.run("send", "any", "Hello")
    ran = here.run("switch", "--to", "messagebird", "any")
    assert ran.tells(
        "members get private texts from +13…10, and do not see each other", "goes without the shared thread"
    )
    here.run("send", "any", "Hi")
    assert here.run("switch", "--to", "messagebird", "any", "--dry-run").tells("goes by it already")
    here.run("switch", "--to", "sendblue", "any")
    assert here.run("switch", "--to", "messagebird", "any").tells("goes on in the private texts they had from it")


def test_a_message_that_is_unknown(here: Here) -> None:
    """It may still turn up where it was sent."""
    here.box.fault("drop", provider="sendblue", operation="send_group", phase="after")
    here.run("send", "dinner", "At eight?")
    ran = here.run(*TO, "dinner", "--dry-run")
    assert ran.tells("a message to it is unknown, and may still turn up where it was: groupmessenger settle")
    assert True is found(here.run(*TO, "dinner", "--json"))["dinner"]["unknown_message"]
    here.run("switch", "--reset", "dinner")
    here.run("settle")
    assert False is found(here.run(*TO, "dinner", "--json"))["dinner"]["unknown_message"]


def test_somebody_opted_out(here: Here) -> None:
    here.run("suppress", ANN)
    ran = here.run(*TO, "dinner")
    assert (3, True) == (ran.exit, ran.tells("does not fit: ", "opted out"))
    assert ANN not in ran.out


def test_a_group_that_changes_meanwhile(here: Here, monkeypatch: pytest.MonkeyPatch) -> None:
    """What fitted a moment ago is looked at again, and the others are switched all the same."""
    here.run("groups", "create", "lunch", BOB, CAT)
    history = Switchboard.history

    def meanwhile(board: Switchboard, name: str, limit: int | None = None) -> tuple[Entry, ...]:
        board.suppress(ANN)
        return history(board, name, limit)

    monkeypatch.setattr(Switchboard, "history", meanwhile)
    ran = here.run(*TO, "dinner", "lunch")
    assert (7, True) == (ran.exit, ran.tells("✗ │ dinner │ sendblue │ does not fit: ", "opted out"))
    assert (None, "bandwidth") == (routes(here)["dinner"], routes(here)["lunch"])


def test_reset(here: Here) -> None:
    """The file says where it goes again."""
    here.run(*TO, "dinner")
    assert here.run("switch", "--reset", "dinner").tells("✓ dinner: as the file says")
    assert None is routes(here)["dinner"]
    here.run(*TO, "dinner")
    ran = here.run("switch", "--reset", "dinner", "diner")
    assert (2, "bandwidth") == (ran.exit, routes(here)["dinner"])
    assert {"reset": ["dinner"]} == here.run("switch", "--reset", "dinner", "--json").json


def test_reset_all(here: Here) -> None:
    """All that were switched, and it says how many."""
    here.run(*TO, "dinner")
    assert here.run("switch", "--reset").tells("✓ 1 group: as the file says")
    assert {"dinner": None, "team": None, "alarm": None} == routes(here)
    assert here.run("switch", "--reset").tells("No group was switched.")
    assert {"reset": []} == here.run("switch", "--reset", "--json").json


def test_what_it_goes_by(here: Here) -> None:
    """What carried its last message, and what its next would go by where that is another."""
    here.run("send", "dinner", "One")
    here.keep("bandwidth")
    ran = here.run("switch", "--to", "messagebird", "--dry-run", "dinner")
    assert ran.tells("│ dinner │ sendblue; the file names bandwidth │")
    dinner = found(here.run(*TO, "dinner", "--json"))["dinner"]
    assert ("sendblue", "bandwidth") == (dinner["before"], dinner["named"])
    ran = here.run("switch", "--to", "sendblue", "--dry-run", "dinner")
    assert ran.tells("│ sendblue; switched to bandwidth │ goes on in the thread it had there")


def test_what_is_held(here: Here) -> None:
    """Where the file says so, another default waits for it."""
    here.run("send", "dinner", "One")
    here.keep("bandwidth", 'switch_on_change = "hold"')
    assert 3 == here.run("send", "dinner", "Two").exit
    assert 0 == here.run(*TO, "dinner").exit
    assert "bandwidth" == here.run("send", "dinner", "Two", "--json").json["connection"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "say where to: --to with a connection's name, or --reset"),
        (("dinner",), "say where to"),
        (("--to", "bandwidth", "--reset", "dinner"), "leave out one of them"),
        (("--reset", "dinner", "--dry-run"), "--dry-run is for --to"),
        (("--to", "bandwith"), "did you mean 'bandwidth'?"),
        (("--to", "bandwidth", "diner"), "did you mean 'dinner'?"),
    ],
)
def test_what_cannot_be_meant(here: Here, arguments: tuple[str, ...], said: str) -> None:
    ran = here.run("switch", *arguments)
    assert (2, True) == (ran.exit, ran.tells(said))
    assert {"dinner": None, "team": None, "alarm": None} == routes(here)


def test_no_groups(here: Here) -> None:
    for name in ("dinner", "team", "alarm"):
        here.run("groups", "archive", name)
    assert (0, "There are no groups.\n") == ((ran := here.run(*TO)).exit, ran.err)
    assert [] == here.run(*TO, "--json").json["groups"]
