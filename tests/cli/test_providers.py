"""`providers`: what is installed, what cannot be used and why, and what each can do."""

from __future__ import annotations

import pytest
from cli.running import Here

NAMES = ("bandwidth", "messagebird", "sendblue")
BROKEN = "raise ZeroDivisionError('inside [/red] [b]')"
PROVIDER = """
from acme import AcmeMessenger
from groupmessenger.provider import hookimpl


class Messenger(AcmeMessenger):
    name = "mine"
    title = "Mine [b] of :smile:"


@hookimpl
def groupmessenger_provider():
    return Messenger
"""


def test_side_by_side(here: Here) -> None:
    """People compare the same line of each provider, as wide as the terminal is."""
    ran = here.run("providers")
    assert (0, "") == (ran.exit, ran.err)
    assert ran.tells("what a group is", "operations", "features", "limits")
    heading = next(line for line in ran.out.splitlines() if "Sendblue" in line)
    assert ["Bandwidth", "MessageBird", "Sendblue"] == [cell.strip() for cell in heading.strip("┃ ").split("┃")]
    row = next(line for line in ran.out.splitlines() if line.startswith("│ a group is"))
    assert ["a group is", "shared thread", "broadcast", "shared thread"] == [
        cell.strip() for cell in row.strip("│ ").split("│")
    ]
    assert all(len(line) <= 80 for line in ran.out.splitlines())


def test_json(here: Here) -> None:
    """Programs get the same, with the settings that each takes and no value of any."""
    ran = here.run("providers", "--json")
    told = ran.json
    assert (0, "", NAMES, {}, []) == (
        ran.exit,
        ran.err,
        tuple(sorted(told["providers"])),
        told["failed"],
        told["blocked"],
    )
    sendblue, bird = told["providers"]["sendblue"], told["providers"]["messagebird"]
    assert ("shared_thread", "broadcast") == (
        sendblue["capabilities"]["topology"],
        bird["capabilities"]["topology"],
    )
    flags = bird["capabilities"]["flags"]
    assert ("native", "unsupported") == (flags["list_groups"]["grade"], flags["leave_group"]["grade"])
    assert [("recipients", 24, 25)] == [
        (each["name"], each["certain"], each["value"])
        for each in sendblue["capabilities"]["limits"]
        if each["name"] == "recipients"
    ]
    settings = {each["name"]: each for each in sendblue["settings"]}
    assert (True, True, False) == (
        settings["api_secret_key"]["secret"],
        settings["api_secret_key"]["needed"],
        settings["seat_id"]["needed"],
    )


def test_one_that_is_broken(here: Here) -> None:
    """It is told with the reason, as it stands there, and stops nobody else."""
    here.install("broken", BROKEN, "providers")
    ran = here.run("providers", "--json")
    assert (0, NAMES, ["broken"]) == (ran.exit, tuple(sorted(ran.json["providers"])), list(ran.json["failed"]))
    assert "ZeroDivisionError: inside [/red] [b]" in ran.json["failed"]["broken"]
    shown = here.run("providers")
    assert 0 == shown.exit
    assert shown.tells("✗ broken cannot be used: ", "ZeroDivisionError: inside [/red] [b]", "Sendblue")


def test_one_more(here: Here) -> None:
    """What a plugin says of itself is shown as it is."""
    here.install("mine", PROVIDER, "providers")
    assert {*NAMES, "mine"} == here.run("providers", "--json").json["providers"].keys()
    shown = here.run("providers")
    assert 0 == shown.exit
    heading = next(line for line in shown.out.splitlines() if "Sendblue" in line)
    assert 4 == len(heading.strip("┃ ").split("┃"))


def test_one_that_is_blocked(here: Here, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is not loaded, and that is told."""
    monkeypatch.setenv("GROUPMESSENGER_BLOCK_PLUGINS", "messagebird, [/red]")
    told = here.run("providers", "--json").json
    assert ({"bandwidth", "sendblue"}, ["[/red]", "messagebird"]) == (told["providers"].keys(), told["blocked"])
    ran = here.run("providers")
    assert (0, True) == (
        ran.exit,
        ran.tells("not loaded, because GROUPMESSENGER_BLOCK_PLUGINS says so: [/red], messagebird"),
    )
    ran = here.run("check", "--json")
    assert (2, "connections.messagebird.provider") == (ran.exit, ran.error["problems"][0]["key"])


def test_none_at_all(here: Here, monkeypatch: pytest.MonkeyPatch) -> None:
    """Then it says how to get one."""
    monkeypatch.setenv("GROUPMESSENGER_BLOCK_PLUGINS", ",".join(NAMES))
    assert {} == here.run("providers", "--json").json["providers"]
    assert here.run("providers").tells("No provider is installed", "pip install groupmessenger-NAME")
