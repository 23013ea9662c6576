"""`groups` where the file has a directory: groups with names, and those at a provider beside them."""

from __future__ import annotations

import sys
from urllib.parse import quote

import pytest
from cli.running import ANN, BOB, CAT, Here, Ran
from groupmessenger_messagebird.sandbox import ACCESS_KEY
from groupmessenger_messagebird.sandbox import LINE as MESSAGEBIRD

from groupmessenger import Member, Switchboard
from groupmessenger.switchboard import people

AT = ("--connection", "messagebird")
NEEDING = ("blocking", "building", "directory", "engine", "tables")  # parts of the switchboard


@pytest.fixture(autouse=True)
def directory(here: Here) -> None:
    here.keep()


def members(ran: Ran) -> list[str]:
    return [each["address"] for each in ran.json["members"]]


def test_create_and_show(here: Here) -> None:
    """It is made without a request, and shown for people and for programs."""
    ran = here.run("groups", "create", "dinner", ANN, BOB, "--json")
    told = ran.json
    assert (0, []) == (ran.exit, here.box.log)
    assert told == {
        "name": "dinner",
        "members": [{"address": ANN, "name": None}, {"address": BOB, "name": None}],
        "observed": [],
        "topology": "shared_thread",
        "route": None,
        "prefer": [],
        "failover": None,
        "last": None,
        "threads": [],
        "created_at": told["created_at"],
        "archived_at": None,
    }
    assert told == here.run("groups", "show", "dinner", "--json").json
    shown = here.run("groups", "show", "dinner").out
    assert f"dinner  one shared thread\n  {ANN}\n  {BOB}\n  goes by what the file says\n" == shown


def test_threads_are_shown(here: Here) -> None:
    """Each with its provider's id, where that is more than its people."""
    here.run("groups", "create", "dinner", ANN, BOB)
    group = here.run("send", "dinner", "At eight?", "--json").json["group_id"]
    ran = here.run("groups", "show", "dinner")
    assert ran.tells(f"thread at sendblue: open, {group}, since ")
    (thread,) = here.run("groups", "show", "dinner", "--json").json["threads"]
    assert ("sendblue", "open", group) == (thread["connection"], thread["state"], thread["id"])
    assert "sendblue" == here.run("groups", "show", "dinner", "--json").json["last"]


@pytest.mark.parametrize(
    ("options", "topology", "words"),
    [
        ((), "shared_thread", "one shared thread"),
        (("--separately",), "broadcast", "private texts"),
        (("--either",), None, "either"),
    ],
)
def test_which_kind(here: Here, options: tuple[str, ...], topology: str | None, words: str) -> None:
    """A shared thread unless private copies are asked for, or allowed."""
    assert topology == here.run("groups", "create", "dinner", ANN, BOB, *options, "--json").json["topology"]
    assert here.run("groups", "list").tells("dinner", words)


def test_its_own_connections(here: Here) -> None:
    here.run("groups", "create", "dinner", ANN, BOB, "--prefer", "bandwidth", "--prefer", "sendblue", "--failover")
    told = here.run("groups", "show", "dinner", "--json").json
    assert (["bandwidth", "sendblue"], True) == (told["prefer"], told["failover"])
    assert here.run("groups", "list").tells("bandwidth, sendblue")
    assert "bandwidth" == here.run("send", "dinner", "At eight?", "--json").json["connection"]
    ran = here.run("groups", "create", "lunch", ANN, BOB, "--prefer", "bandwith")
    assert (2, True) == (ran.exit, ran.tells("did you mean 'bandwidth'?"))


def test_list(here: Here) -> None:
    """By name, in a table."""
    ran = here.run("groups", "list")
    assert (0, "", "There are no groups.\n") == (ran.exit, ran.out, ran.err)
    assert {"groups": []} == here.run("groups", "list", "--json").json
    for name in ("supper [/red] :b:", "dinner"):
        here.run("groups", "create", name, ANN, BOB)
    told = here.run("groups", "list", "--json").json["groups"]
    assert ["dinner", "supper [/red] :b:"] == [each["name"] for each in told]
    assert here.run("groups", "list").tells("dinner", "supper [/red] :b:", "the file's")


def test_members(here: Here) -> None:
    """Who is added and removed is so at the provider with the next message."""
    here.run("groups", "create", "dinner", ANN, BOB)
    assert [ANN, BOB, CAT] == members(here.run("groups", "add", "dinner", CAT, "--json"))
    assert [BOB, CAT] == members(here.run("groups", "remove", "dinner", ANN, "--json"))
    assert here.run("groups", "add", "dinner", ANN).tells("dinner", ANN, BOB, CAT)
    here.run("send", "dinner", "At eight?")
    assert [["At eight?"]] * 3 == here.texts(ANN, BOB, CAT)
    assert 2 == here.run("groups", "remove", "dinner", ANN, BOB, CAT).exit


@pytest.mark.parametrize("command", ["add", "remove"])
def test_nobody(here: Here, command: str) -> None:
    here.run("groups", "create", "dinner", ANN, BOB)
    ran = here.run("groups", command, "dinner")
    assert (2, True) == (ran.exit, ran.tells("name at least one person"))


def test_accept(here: Here) -> None:
    """Whoever was not seen in a thread is no one to be accepted."""
    here.run("groups", "create", "dinner", ANN, BOB)
    assert [ANN, BOB] == members(here.run("groups", "accept", "dinner", "--json"))
    ran = here.run("groups", "accept", "dinner", CAT)
    assert (2, True) == (ran.exit, ran.tells("was not seen in the group"))


def test_whoever_was_seen_in_the_thread(here: Here) -> None:
    """They are shown apart, and are members once they are accepted."""
    here.run("groups", "create", "dinner", ANN, BOB)
    with Switchboard.from_config() as board:
        group, directory = board.group("dinner"), board.operations.board.directory
        directory.do(lambda t: people.observe(t, group.id, "sendblue", [Member(CAT)]))
    assert here.run("groups", "show", "dinner").tells(f"? {CAT} was seen in its thread and is no member")
    assert [{"address": CAT, "name": None}] == here.run("groups", "show", "dinner", "--json").json["observed"]
    assert [ANN, BOB, CAT] == members(here.run("groups", "accept", "dinner", CAT, "--json"))


def test_rename_and_archive(here: Here) -> None:
    """Its name is free then."""
    here.run("groups", "create", "dinner", ANN, BOB)
    assert "supper" == here.run("groups", "rename", "dinner", "supper", "--json").json["name"]
    assert 2 == here.run("groups", "show", "dinner").exit
    assert here.run("groups", "archive", "supper").tells("✓ supper is archived")
    assert 2 == here.run("groups", "show", "supper").exit
    assert [] == here.run("groups", "list", "--json").json["groups"]
    assert here.run("groups", "list", "--archived").tells("supper")
    here.run("groups", "create", "supper", ANN, BOB)
    assert None is not here.run("groups", "archive", "supper", "--json").json["archived_at"]


def test_a_name_that_is_none(here: Here) -> None:
    here.run("groups", "create", "dinner", ANN, BOB)
    ran = here.run("groups", "show", "diner")
    assert (2, True) == (ran.exit, ran.tells("did you mean 'dinner'?"))
    ran = here.run("groups", "create", "dinner", ANN, CAT)
    assert (2, True) == (ran.exit, ran.tells("there is a group 'dinner' already"))


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("groups", "create"), "groups create NAME NUMBER"),
        (("groups", "create", "dinner"), "no members"),
        (("groups", "create", "dinner", ANN, BOB, "--separately", "--either"), "two things"),
        (("groups", "create", "dinner", "12"), "is not a phone number"),
        (("groups", "delete", "g", "--yes"), "groupmessenger groups archive"),
        (("members", "add", "g", "--to", ANN), "groupmessenger groups add"),
        (("members", "remove", "g", "--to", ANN), "groupmessenger groups remove"),
        (("groups", "list", "--archived", *AT), "--archived: for groups of the directory"),
        (("groups", "create", "dinner", ANN, *AT), "for groups of the directory"),
        (("groups", "create", "--to", ANN, "--either", *AT), "for groups of the directory"),
    ],
)
def test_what_cannot_be_meant(here: Here, arguments: tuple[str, ...], said: str) -> None:
    """It says what there is instead, and asks nobody anything."""
    ran = here.run(*arguments)
    assert (2, True, []) == (ran.exit, ran.tells(said), here.box.log)


def test_a_providers_groups_beside_them(here: Here, monkeypatch: pytest.MonkeyPatch) -> None:
    """By the connection that is named, or by the URL in the environment."""
    here.run("groups", "create", "dinner", ANN, BOB)
    to = ("--to", ANN, "--to", BOB)
    group = here.run("groups", "create", *to, "--name", "Home", "--separately", *AT, "--json").json["id"]
    assert f"{group}  Home\n" == here.run("groups", "list", *AT).out
    assert 0 == here.run("members", "add", group, "--to", CAT, *AT).exit
    assert here.run("groups", "rename", group, "House", *AT).tells("House")
    where = quote(str(here.box.settings("messagebird")["base_url"]), safe="")
    monkeypatch.setenv("GROUPMESSENGER_URL", f"messagebird://{ACCESS_KEY}@{quote(MESSAGEBIRD)}?base_url={where}")
    assert [group] == [each["id"] for each in here.run("groups", "list", "--json").json["groups"]]
    assert 0 == here.run("groups", "delete", group, "--yes").exit
    assert ["dinner"] == [
        each["name"] for each in here.run("groups", "list", "--config", "groupmessenger.toml", "--json").json["groups"]
    ]


def test_a_file_without_a_directory(here: Here) -> None:
    """Commands for groups with names say what to write."""
    here.write(main=here.settings("messagebird"))
    for arguments in (("groups", "add", "dinner", ANN), ("history", "dinner"), ("send", "dinner", "At eight?")):
        ran = here.run(*arguments)
        assert (2, True) == (ran.exit, ran.tells('directory.url: it is missing (write [directory] and url = "sqlite:'))
    assert {"groups": []} == here.run("groups", "list", "--json").json


@pytest.mark.parametrize(
    "arguments",
    [
        ["groups", "list"],
        ["groups", "archive", "dinner"],
        ["send", "dinner", "At eight?"],
        ["plan", "dinner", "At eight?"],
        ["history", "dinner"],
        ["delivery", "dinner"],
        ["switch", "--to", "bandwidth"],
        ["settle"],
        ["opt-outs"],
        ["suppress", ANN],
        ["purge", "--older", "90d"],
        ["forget", ANN, "--yes"],
        ["directory", "info"],
        ["directory", "upgrade"],
    ],
)
def test_without_the_extra(here: Here, monkeypatch: pytest.MonkeyPatch, arguments: list[str]) -> None:
    """It says what installs it, with the code of a missing extra."""
    for name in NEEDING:
        monkeypatch.delitem(sys.modules, f"groupmessenger.switchboard.{name}", raising=False)
    monkeypatch.setitem(sys.modules, "sqlalchemy", None)
    ran = here.run(*arguments)
    assert (2, True) == (ran.exit, ran.tells("pip install 'groupmessenger[switchboard]'"))
    assert 0 == here.run("groups", "list", *AT).exit
