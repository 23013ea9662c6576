"""`groups` and `members`, at the provider that keeps groups and at those that do not."""

from __future__ import annotations

import sys

import pytest
from cli.running import ANN, BOB, CAT, Here
from groupmessenger_sendblue.sandbox import SENT_AFTER

TO = ("--to", ANN, "--to", BOB)
AT = ("--connection", "messagebird")


def create(here: Here, *arguments: str) -> str:
    """A group at MessageBird, by its id."""
    ran = here.run("groups", "create", *TO, "--separately", *arguments, *AT, "--json")
    assert 0 == ran.exit
    return str(ran.json["id"])


def members(here: Here, group: str) -> list[str]:
    found = here.run("groups", "show", group, *AT, "--json").json["members"]
    return sorted(each["address"] for each in found)


class TestGroups:
    def test_create_and_show(self, here: Here) -> None:
        """What was made is shown as it is at the provider, for people and for programs."""
        ran = here.run("groups", "create", *TO, "--name", "Home", "--separately", *AT, "--json")
        told = ran.json
        assert told == {
            "id": told["id"],
            "name": "Home",
            "provider": "messagebird",
            "line": here.box.settings("messagebird")["line"],
            "topology": "broadcast",
            "members": [{"address": ANN, "name": None}, {"address": BOB, "name": None}],
        }
        assert told == here.run("groups", "show", told["id"], *AT, "--json").json
        assert f"{told['id']}  Home\n  {ANN}\n  {BOB}\n" == here.run("groups", "show", told["id"], *AT).out

    def test_list(self, here: Here) -> None:
        """One a line, over all the pages there are."""
        ran = here.run("groups", "list", *AT)
        assert (0, "", "There are no groups.\n") == (ran.exit, ran.out, ran.err)
        assert {"groups": []} == here.run("groups", "list", *AT, "--json").json
        made = [create(here, "--name", f"Group {n}") for n in range(23)]
        told = here.run("groups", "list", *AT, "--json").json["groups"]
        assert sorted(made) == sorted(each["id"] for each in told)
        assert {None} == {each["members"] for each in told}
        lines = here.run("groups", "list", *AT).out.splitlines()
        assert sorted(f"{group}  Group {n}" for n, group in enumerate(made)) == sorted(lines)

    def test_ids_are_whole_however_narrow_the_output(self, here: Here) -> None:
        """They are there to be copied."""
        group = create(here, "--name", "A name that is rather long [for] a :group:")
        line = f"{group}  A name that is rather long [for] a :group:"
        for columns in ("20", "80"):
            ran = here.process("groups", "list", *AT, COLUMNS=columns)
            assert [line] == ran.out.splitlines()
            shown = here.process("groups", "show", group, *AT, COLUMNS=columns)
            assert [line, f"  {ANN}", f"  {BOB}"] == shown.out.splitlines()

    def test_rename(self, here: Here) -> None:
        group = create(here)
        assert "Work" == here.run("groups", "rename", group, "Work", *AT, "--json").json["name"]
        assert here.run("groups", "show", group, *AT).tells("Work")

    def test_members_that_are_not_known(self, here: Here) -> None:
        """An answer without them is no group without people."""
        group = create(here)
        ran = here.run("groups", "rename", group, "Work", *AT)
        assert f"{group}  Work\n  its members are not known\n" == ran.out
        assert None is here.run("groups", "rename", group, "Home", *AT, "--json").json["members"]

    def test_rename_a_thread(self, here: Here) -> None:
        """Where it is a thread on phones, its people see the name."""
        group = here.run("send", *TO, "Dinner?", "--json").json["group_id"]
        here.box.clock.advance(SENT_AFTER.total_seconds())
        assert 0 == here.run("groups", "rename", group, "Dinner").exit
        assert ["Dinner"] == [thread.name for thread in here.box.phones[ANN].threads]
        assert here.run("groups", "show", group).tells("Dinner", ANN, BOB)

    def test_delete_asks(self, here: Here, monkeypatch: pytest.MonkeyPatch) -> None:
        """Nothing is deleted unless somebody said yes."""
        group = create(here)
        assert 2 == here.run("groups", "delete", group, *AT).exit
        asked: list[str] = []
        for answer, code in (("n", 2), ("", 2), ("y", 0)):
            monkeypatch.setattr(sys.stdin, "isatty", lambda: True, raising=False)

            def typed(*_: object, answer: str = answer) -> str:
                asked.append(answer)
                return answer

            monkeypatch.setattr("builtins.input", typed)
            ran = here.run("groups", "delete", group, *AT)
            assert (code, True) == (ran.exit, ran.tells(f"Delete {group} at MessageBird? [y/N]"))
        assert ["n", "", "y"] == asked
        assert 4 == here.run("groups", "show", group, *AT).exit

    def test_nobody_to_answer(self, here: Here, monkeypatch: pytest.MonkeyPatch) -> None:
        """A terminal that hangs up has not agreed."""

        def ended(*_: object) -> str:
            raise EOFError

        group = create(here)
        monkeypatch.setattr(sys.stdin, "isatty", lambda: True, raising=False)
        monkeypatch.setattr("builtins.input", ended)
        assert 2 == here.run("groups", "delete", group, *AT).exit
        assert [ANN, BOB] == members(here, group)

    def test_delete_without_asking(self, here: Here) -> None:
        """And what is gone is not there."""
        group = create(here)
        assert {"deleted": group} == here.run("groups", "delete", group, *AT, "--yes", "--json").json
        ran = here.run("groups", "delete", group, *AT, "--yes", "--json")
        assert (4, "GroupNotFound") == (ran.exit, ran.error["kind"])

    def test_private_copies_have_to_be_asked_for(self, here: Here) -> None:
        """A list of people who never see each other is no group to everybody."""
        ran = here.run("groups", "create", *TO, *AT, "--json")
        assert (3, "BroadcastRefused") == (ran.exit, ran.error["kind"])
        assert [] == here.box.log

    @pytest.mark.parametrize("name", ["sendblue", "bandwidth"])
    def test_where_groups_are_not_made_by_themselves(self, here: Here, name: str) -> None:
        """It says what to do instead."""
        ran = here.run("groups", "create", *TO, "--connection", name)
        assert (2, [], True) == (ran.exit, here.box.log, ran.tells("use: groupmessenger send --to ... --to ... TEXT"))

    @pytest.mark.parametrize(
        "arguments",
        [
            ("groups", "list"),
            ("groups", "delete", "g", "--yes"),
            ("groups", "list", "--connection", "bandwidth"),
            ("groups", "show", "g", "--connection", "bandwidth"),
            ("members", "add", "g", *TO, "--connection", "bandwidth"),
        ],
    )
    def test_what_a_provider_cannot_do(self, here: Here, arguments: tuple[str, ...]) -> None:
        """It is said before any request."""
        ran = here.run(*arguments, "--json")
        assert (3, "UnsupportedOperation", []) == (ran.exit, ran.error["kind"], here.box.log)


class TestMembers:
    def test_add_and_remove(self, here: Here) -> None:
        """Who is in it already, and who is not in it, are nothing to be done."""
        group = create(here)
        assert 0 == here.run("members", "add", group, "--to", CAT, "--to", BOB, *AT).exit
        assert [ANN, BOB, CAT] == members(here, group)
        assert 0 == here.run("members", "remove", group, "--to", ANN, "--to", CAT, *AT).exit
        assert [BOB] == members(here, group)
        here.run("send", "--group", group, "Dinner?", "--separately", *AT)
        assert [[], ["Dinner?"], []] == here.texts(ANN, BOB, CAT)

    def test_a_part(self, here: Here) -> None:
        """The group and everybody's part is told, and the code says that it is one."""
        group = create(here)
        refusal = {"errors": [{"code": 10, "description": "msisdn is invalid", "parameter": "msisdn"}]}
        here.box.fault("refuse", provider="messagebird", operation="create_contact", status=422, body=refusal)
        ran = here.run("members", "add", group, "--to", CAT, "--to", "+13125550160", *AT, "--json")
        assert (7, "PartialFailure") == (ran.exit, ran.error["kind"])
        told = ran.error
        assert (group, ["+13125550160"]) == (told["group_id"], told["succeeded"])
        assert [(CAT, "Rejected", "not_sent")] == [
            (each["to"], each["error"]["kind"], each["error"]["outcome"]) for each in told["failed"]
        ]
        assert (True, True) == (group in ran.err, CAT in ran.err)  # or two that end alike could not be told apart

    @pytest.mark.parametrize("arguments", [("groups", "create"), ("members", "add", "g"), ("members", "remove", "g")])
    def test_nobody(self, here: Here, arguments: tuple[str, ...]) -> None:
        """Without people it is no command, and the option that names them is named."""
        ran = here.run(*arguments, *AT)
        assert (2, True, []) == (ran.exit, ran.tells("--to requires an argument"), here.box.log)
