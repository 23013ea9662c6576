"""Every exit code, each from what really causes it."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from cli.running import ANN, BOB, CAT, COMMAND, Here, interrupted, nowhere
from groupmessenger_sendblue.sandbox import SendblueFace

from groupmessenger import (
    Attempt,
    Client,
    Found,
    Group,
    GroupMessengerError,
    Member,
    OutcomeUnknown,
    PartialFailure,
    Rejected,
)
from groupmessenger.cli.exits import MEANINGS, Exit, exit_of, until_told

TO = ("--to", ANN, "--to", BOB)
AT = ("--connection", "messagebird")
APART = (*TO, "--to", CAT, "Dinner?", "--separately", *AT)
INTERRUPTING = """
from groupmessenger.provider import hookimpl

seen = []


@hookimpl
def groupmessenger_{when}_send(attempt):
    seen.append(attempt)
    if len(seen) == {nth}:
        raise KeyboardInterrupt
"""
VETO = """
from groupmessenger import SendBlocked
from groupmessenger.provider import hookimpl


@hookimpl
def groupmessenger_before_send(attempt):
    raise SendBlocked("quiet hours")
"""
REFUSAL = {"errors": [{"code": 9, "description": "no (correct) recipients found", "parameter": "recipients"}]}


class TestAGroup:
    def test_0_sent(self, here: Here) -> None:
        assert 0 == here.run("send", *TO, "Dinner?").exit

    def test_2_usage(self, here: Here) -> None:
        assert 2 == here.run("send", "Dinner?").exit
        assert 2 == here.run("sned", *TO, "Dinner?").exit

    def test_2_configuration(self, here: Here) -> None:
        here.write(main=here.settings("sendblue", api_key_id=None))
        assert 2 == here.run("send", *TO, "Dinner?").exit

    def test_3_refused_here(self, here: Here) -> None:
        """A limit, private copies that nobody asked for, an observer's veto: no request is made."""
        people = [part for n in range(26) for part in ("--to", f"+13125550{170 + n}")]
        told = here.run("send", *people, "Dinner?", "--json")
        assert (3, "LimitExceeded", 25, 26) == (told.exit, told.error["kind"], told.error["limit"], told.error["asked"])
        assert 3 == here.run("send", *TO, "Dinner?", *AT).exit
        here.install("veto", VETO, "observers")
        told = here.run("send", *TO, "Dinner?", "--json")
        assert (3, "SendBlocked") == (told.exit, told.error["kind"])
        assert [] == here.box.log

    def test_4_refused_there(self, here: Here) -> None:
        """By its own rules, by wrong credentials, by a rate: it did nothing."""
        here.box.fault("refuse", provider="sendblue", operation="send_group", status=400, body={"message": "no"})
        told = here.run("send", *TO, "Dinner?", "--json")
        assert (4, "Rejected", 400) == (told.exit, told.error["kind"], told.error["status"])
        here.write(wrong=here.settings("sendblue", api_secret_key="wrong"), busy=here.settings("bandwidth", patience=0))
        told = here.run("send", *TO, "Dinner?", "--connection", "wrong", "--json")
        assert (4, "AuthenticationFailed") == (told.exit, told.error["kind"])
        here.box.fault("refuse", provider="bandwidth", operation="send", status=429, body={"type": "x"}, times=None)
        told = here.run("send", *TO, "Dinner?", "--connection", "busy", "--json")
        assert (4, "RateLimited") == (told.exit, told.error["kind"])
        assert [[], []] == here.texts(ANN, BOB)

    @pytest.mark.parametrize("kind", ["drop", "reset", "short", "html"])
    def test_5_unknown(self, here: Here, kind: str) -> None:
        """It went out and the answer was lost: it is not tried again, and the attempt can be looked for."""
        here.box.fault(kind, provider="sendblue", operation="send_group", phase="after")
        told = here.run("send", *TO, "Dinner?", "--json")
        assert (5, "OutcomeUnknown", "unknown") == (told.exit, told.error["kind"], told.error["outcome"])
        assert "Dinner?" == Attempt.load(told.error["attempt"]).message.text
        assert "Look at a phone, or at the provider, before you do." in told.err
        assert [["Dinner?"]] * 2 == here.texts(ANN, BOB)

    def test_6_not_reached(self, here: Here) -> None:
        here.write(main=here.settings("sendblue", base_url=nowhere(), patience=0))
        told = here.run("send", *TO, "Dinner?", "--json")
        assert (6, "NotReached", "not_sent") == (told.exit, told.error["kind"], told.error["outcome"])

    def test_4_failed_at_once(self, here: Here) -> None:
        """The provider took it, and says in the same answer that it has failed: that is not sent."""
        face = here.box.faces["sendblue"]
        assert isinstance(face, SendblueFace)
        for whom in (TO, (*TO, "--separately")):
            for _ in (ANN, BOB):
                face.answer_next({"status": "ERROR", "error_code": 10001}, done=False)
            ran = here.run("send", *whom, "Dinner?")
            assert (4, True, False) == (ran.exit, "✗ " in ran.out, "✓" in ran.out)
            face.account.forced.clear()
        face.answer_next({"status": "ERROR", "error_code": 10001}, done=False)
        told = here.run("send", *TO, "Dinner?", "--separately", "--json")
        assert (7, 1, 1) == (told.exit, told.json["sent"], told.json["failed"])


class TestSeparately:
    def test_7_a_part(self, here: Here) -> None:
        """One is refused and the others are sent: the output says which is which."""
        here.box.fault("refuse", provider="messagebird", operation="send", status=422, body=REFUSAL, nth=2)
        told = here.run("send", *APART, "--json")
        assert (7, "") == (told.exit, told.err)
        assert (2, 1, 0) == (told.json["sent"], told.json["failed"], told.json["unknown"])
        assert [None, "Rejected", None] == [each.get("error", {}).get("kind") for each in told.json["results"]]
        assert [["Dinner?"], [], ["Dinner?"]] == here.texts(ANN, BOB, CAT)

    def test_7_for_people(self, here: Here) -> None:
        here.box.fault("drop", provider="messagebird", operation="send", phase="after", nth=2)
        here.box.fault("refuse", provider="messagebird", operation="send", status=422, body=REFUSAL, nth=3)
        ran = here.run("send", *APART)
        assert (7, "") == (ran.exit, ran.err)
        assert ["✓", "?", "✗"] == [line[0] for line in ran.out.splitlines()[1:]]
        assert ran.tells(f"✓ {ANN}: accepted", f"? {BOB}: unknown", f"✗ {CAT}: not sent")

    def test_one_code_for_all(self, here: Here) -> None:
        """Where none was sent it is the code of the reason; and unknown where any may have been."""
        here.box.fault("refuse", provider="messagebird", operation="send", status=422, body=REFUSAL, times=3)
        assert 4 == here.run("send", *APART).exit
        here.box.fault("refuse", provider="messagebird", operation="send", status=422, body=REFUSAL, times=2)
        here.box.fault("drop", provider="messagebird", operation="send", phase="after", nth=3)
        told = here.run("send", *APART, "--json")
        assert (5, 0, 2, 1) == (told.exit, told.json["sent"], told.json["failed"], told.json["unknown"])
        here.write(messagebird=here.settings("messagebird", base_url=nowhere(), patience=0))
        assert 6 == here.run("send", *APART).exit

    def test_7_a_part_of_a_group(self, here: Here) -> None:
        """A group that was made without everybody says whom it lacks, and can be used."""
        refusal = {"errors": [{"code": 10, "description": "msisdn is invalid", "parameter": "msisdn"}]}
        here.box.fault("refuse", provider="messagebird", operation="create_contact", status=422, body=refusal)
        told = here.run("groups", "create", *TO, "--separately", *AT, "--json")
        assert (7, "PartialFailure") == (told.exit, told.error["kind"])
        (missing,) = (each["to"] for each in told.error["failed"])
        assert {ANN, BOB} == {missing, *told.error["succeeded"]}
        group = told.error["group_id"]
        assert 0 == here.run("send", "--group", group, "Dinner?", "--separately", *AT).exit
        assert [["Dinner?"]] == here.texts(*told.error["succeeded"])


class TestInterrupts:
    @pytest.mark.parametrize("when", ["before", "after"])
    def test_5_while_it_is_sent(self, here: Here, when: str) -> None:
        """Whoever interrupts cannot know, and is told so, in JSON as well."""
        here.install("ctrl", INTERRUPTING.format(when=when, nth=1), "observers")
        told = here.run("send", *TO, "Dinner?", "--json")
        assert (5, "OutcomeUnknown", "unknown") == (told.exit, told.error["kind"], told.error["outcome"])
        assert [["Dinner?"] * (when == "after")] * 2 == here.texts(ANN, BOB)

    def test_5_by_a_signal(self, here: Here) -> None:
        """Ctrl-C while the provider's answer is waited for: on the phones by then, and found by the attempt told."""
        here.box.fault("delay", provider="sendblue", operation="send_group", phase="after", seconds=60)
        command = [*COMMAND, "send", *TO, "Dinner?", "--json"]
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        with subprocess.Popen(command, cwd=here.folder, text=True, **pipes) as running:  # type: ignore[call-overload]
            while not here.box.phones[BOB].texts:
                assert running.poll() is None
            told, said = interrupted(running)
        error = json.loads(told)["error"]
        assert (5, "OutcomeUnknown") == (running.returncode, error["kind"])
        with here.box.connect("sendblue") as client:
            assert isinstance(client.find_sent(Attempt.load(error["attempt"])), Found)
        assert "Look at a phone, or at the provider, before you do." in said
        assert "Traceback" not in said

    def test_what_was_sent_before(self, here: Here) -> None:
        """Of private copies those sent are told, the one under way, and those not tried."""
        here.install("ctrl", INTERRUPTING.format(when="before", nth=2), "observers")
        told = here.run("send", *APART, "--json")
        assert (7, 1, 1, 1) == (told.exit, told.json["sent"], told.json["failed"], told.json["unknown"])
        assert [(ANN, None), (BOB, "unknown"), (CAT, "not_sent")] == [
            (each["to"], each.get("error", {}).get("outcome")) for each in told.json["results"]
        ]
        assert [["Dinner?"], [], []] == here.texts(ANN, BOB, CAT)

    def test_5_none_was_sent_for_certain(self, here: Here) -> None:
        here.install("ctrl", INTERRUPTING.format(when="after", nth=1), "observers")
        told = here.run("send", *APART, "--json")
        assert (5, 0, 2, 1) == (told.exit, told.json["sent"], told.json["failed"], told.json["unknown"])
        assert [["Dinner?"], [], []] == here.texts(ANN, BOB, CAT)

    def test_5_while_a_group_is_changed(self, here: Here, monkeypatch: pytest.MonkeyPatch) -> None:
        """It may have been done."""
        group = here.run("groups", "create", *TO, "--separately", *AT, "--json").json["id"]

        def interrupted(*_: object) -> None:
            raise KeyboardInterrupt

        for method in ("create_group", "add_members", "remove_members", "rename_group", "delete_group"):
            monkeypatch.setattr(f"groupmessenger.client.Client.{method}", interrupted)
        for arguments in (
            ("groups", "create", *TO, "--separately"),
            ("groups", "rename", group, "Home"),
            ("groups", "delete", group, "--yes"),
            ("members", "add", group, *TO),
            ("members", "remove", group, *TO),
        ):
            told = here.run(*arguments, *AT, "--json")
            assert (5, "OutcomeUnknown") == (told.exit, told.error["kind"])

    def test_130_before_anything(self, here: Here, monkeypatch: pytest.MonkeyPatch) -> None:
        """Nothing can have been sent while the text is still read."""

        def interrupted() -> str:
            raise KeyboardInterrupt

        monkeypatch.setattr(sys.stdin, "read", interrupted, raising=False)
        told = here.run("send", *TO, "-", "--json")
        assert (130, "Interrupted", "not_sent") == (told.exit, told.error["kind"], told.error["outcome"])
        assert [] == here.box.log


def test_an_interrupt_after_it_was_sent_changes_nothing(here: Here, monkeypatch: pytest.MonkeyPatch) -> None:
    """The process is deaf to it by then: one receipt, and no word of "not sent"."""
    close = Client.close

    def interrupted(client: Client) -> None:
        signal.raise_signal(signal.SIGINT)
        close(client)

    monkeypatch.setattr(Client, "close", interrupted)
    before = signal.getsignal(signal.SIGINT)
    ran = here.run("send", *TO, "Dinner?", "--json")
    assert (0, "accepted") == (ran.exit, ran.json["status"])
    assert 0 == here.run("send", *TO, "At eight", "--separately", "--json").exit
    assert [["Dinner?", "At eight"]] * 2 == here.texts(ANN, BOB)
    assert before is signal.getsignal(signal.SIGINT)


@pytest.mark.parametrize(
    ("succeeded", "error", "code"),
    [((), OutcomeUnknown("lost"), 5), (("+13125550103",), OutcomeUnknown("lost"), 7), ((), Rejected("no"), 7)],
)
def test_a_change_of_which_nothing_is_known_is_unknown(
    succeeded: tuple[str, ...], error: GroupMessengerError, code: int
) -> None:
    """In part is what was done for somebody, or for nobody in a group that was made all the same."""
    group = Group("messagebird", "+13125550110", "g1")
    partial = PartialFailure("x", group=group, succeeded=map(Member, succeeded), failed={Member(ANN): error})
    assert code == exit_of(partial)


class TestPipes:
    @pytest.mark.parametrize("arguments", [("groups", "list", *AT), ("groups", "list", *AT, "--json"), ("providers",)])
    def test_whoever_has_read_enough(self, here: Here, arguments: tuple[str, ...]) -> None:
        """There is no traceback where the output is closed."""
        here.run("groups", "create", *TO, "--separately", *AT)
        ran = here.unread(*arguments)
        assert (1, "") == (ran.exit, ran.err)

    def test_what_is_sent_is_sent(self, here: Here) -> None:
        """A program that looks at the code alone does not send it again because nobody read the output."""
        ran = here.unread("send", *TO, "Dinner?", "--json")
        assert (0, "") == (ran.exit, ran.err)
        assert 0 == here.unread("send", *TO, "At eight", "--separately", "--json").exit
        assert [["Dinner?", "At eight"]] * 2 == here.texts(ANN, BOB)

    def test_a_doubt_is_one_whoever_reads_of_it(self, here: Here) -> None:
        """Not 1, at which a program might send it again."""
        here.box.fault("drop", provider="sendblue", phase="after")
        assert 5 == here.unread("send", *TO, "Dinner?", "--json").exit
        assert [["Dinner?"]] * 2 == here.texts(ANN, BOB)

    def test_no_room_for_the_output(self, here: Here) -> None:
        """What is sent is sent; before it, it is not."""
        command = [sys.executable, "-m", "groupmessenger.cli", "send", *TO]
        with Path("/dev/full").open("w") as full:
            sent = subprocess.run([*command, "Dinner?", "--json"], cwd=here.folder, stdout=full, check=False, env={})
            not_sent = subprocess.run([*command, "At eight"], cwd=here.folder, stdout=full, check=False, env={})
        assert (0, 1, [["Dinner?"]] * 2) == (sent.returncode, not_sent.returncode, here.texts(ANN, BOB))

    def test_nothing_is_sent_if_nobody_reads_how(self, here: Here) -> None:
        """People are told who sees what before it goes out, or it does not."""
        ran = here.unread("send", *TO, "Dinner?")
        assert (1, "", 0) == (ran.exit, ran.err, here.sends())


def test_the_codes_are_in_the_help(here: Here) -> None:
    """All of them, with what they mean."""
    assert list(Exit) == list(MEANINGS)
    for arguments in (("--help",), ("send", "--help"), ("groups", "list", "--help")):
        ran = here.run(*arguments)
        assert (0, True) == (
            ran.exit,
            ran.tells("Exit codes: ", *(f"{code} {meaning}" for code, meaning in MEANINGS.items())),
        )


def test_in_a_process_of_its_own(here: Here) -> None:
    """The codes are the process's, and JSON is all of its output."""
    ran = here.process("send", *TO, "-", "--json", stdin="Dinner?\n")
    assert (0, "", "sendblue") == (ran.exit, ran.err, ran.json["provider"])
    ran = here.process("send", *TO, "Dinner?", *AT, "--json")
    assert (3, "BroadcastRefused") == (ran.exit, ran.error["kind"])
    assert 2 == here.process("send", "Dinner?").exit
    assert [["Dinner?"]] * 2 == here.texts(ANN, BOB)
    assert json.loads(here.process("groups", "list", *AT, "--json").out) == {"groups": []}


def test_several_signals_say_it_once_each() -> None:
    """None of them waits for another that it interrupted."""
    with until_told() as told:
        for each in (signal.SIGINT, signal.SIGTERM, signal.SIGINT):
            signal.raise_signal(each)
        for _ in range(3):
            told.wait()
