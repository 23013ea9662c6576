"""What phones show of what goes through Telnyx, what is heard, and the contract."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import ClassVar

import groupmessenger as gm
import pytest
from groupmessenger.provider import AuthenticationFailed, ProviderError, QuotaExceeded, Rejected
from groupmessenger.sandbox import Sandbox
from groupmessenger.testing import ProviderContract, Verdict, assert_seen

from groupmessenger_telnyx import TelnyxMessenger
from groupmessenger_telnyx.sandbox import TelnyxFace

ANN, BOB, CAT, EVE = "+13125550101", "+13125550102", "+13125550103", "+447700900123"
TEXT = "Dinner at eight?"


@pytest.fixture
def box(groupmessenger_sandbox: Sandbox) -> Sandbox:
    """The sandbox, with phones, and Telnyx's stand-in."""
    return groupmessenger_sandbox


@pytest.fixture
def heard() -> list[gm.Event]:
    """What is heard over HTTP: signed, believed, read."""
    return []


@pytest.fixture
def client(box: Sandbox, heard: list[gm.Event], groupmessenger_receiver: Callable[..., str]) -> Iterator[gm.Client]:
    """A connection that has the stand-in call for each message."""
    with box.connect("telnyx") as plain:
        url = f"{groupmessenger_receiver({'main': plain}, heard.append)}/main"
        with box.connect("telnyx", webhook_url=url) as client:
            yield client


def later(box: Sandbox) -> None:
    """Let happen what happens within a minute."""
    box.clock.advance(60)
    assert box.callbacks.wait()


def test_a_group_is_one_thread(box: Sandbox, client: gm.Client) -> None:
    """Everybody sees text and picture, in one thread; other people are another group."""
    group = client.create_group([ANN, BOB])
    client.send(group, gm.Message(TEXT, ["https://example.com/place.jpg"]))
    assert_seen(box, TEXT, by=[ANN, BOB])
    assert len(box.phones[ANN].threads[0].participants) == 3
    assert client.create_group([BOB, ANN]) == group != client.create_group([ANN, BOB, CAT])


def test_a_picture_goes_alone(box: Sandbox, client: gm.Client) -> None:
    """A text that is empty is refused by Telnyx: it is left out."""
    client.send(client.create_group([ANN, BOB]), gm.Message("", ["https://example.com/place.jpg"]))
    ((shown,),) = box.phones[ANN].messages.values()
    assert (shown.text, len(shown.media)) == ("", 1)


def test_what_became_of_each_copy(box: Sandbox, client: gm.Client, heard: list[gm.Event]) -> None:
    """Telnyx knows no more than that it was sent; it is the same whether one asks or is told."""
    box.phones[BOB].landline = True
    receipt = client.send(client.create_group([ANN, BOB]), TEXT)
    later(box)
    for known in (client.get_status(receipt), client.delivery(receipt, heard)):
        assert known.summary == "1 failed (unreachable), 1 sent"
        assert known.is_final()


def test_a_lost_answer_is_proven_by_a_callback(box: Sandbox, client: gm.Client, heard: list[gm.Event]) -> None:
    """Telnyx lists no messages, and so nobody can look; our token is in the URL that it calls."""
    box.fault("drop", operation="send", phase="after")
    with pytest.raises(gm.OutcomeUnknown) as lost:
        client.send(client.create_group([ANN, BOB]), TEXT)
    assert isinstance(client.find_sent(lost.value.attempt), gm.CannotTell)
    later(box)
    tokens = {event.token for event in heard if isinstance(event, gm.StatusChanged)}
    assert lost.value.attempt is not None
    assert tokens == {lost.value.attempt.token}
    assert box.phones[ANN].texts == [TEXT]


def test_an_answer_is_heard_and_answered(box: Sandbox, client: gm.Client, heard: list[gm.Event]) -> None:
    """With its group, and what is replied goes there."""
    group = client.create_group([ANN, BOB])
    client.send(group, TEXT)
    box.phones[ANN].send("Yes", thread=box.phones[ANN].threads[0].id)
    assert box.callbacks.wait()
    (answer,) = [event for event in heard if isinstance(event, gm.MessageReceived)]
    assert (answer.text, str(answer.sender), answer.group) == ("Yes", ANN, group)
    client.reply(answer, "See you there")
    assert_seen(box, "See you there", by=[ANN, BOB])


def test_another_try_is_the_same_event(box: Sandbox, groupmessenger_receiver: Callable[..., str]) -> None:
    """Each try says in its body which one it is: that makes it no replay, and no other event."""
    keys: list[str] = []

    def on_event(event: gm.Event) -> None:
        keys.append(event.key)
        if len(keys) == 1:
            raise OSError("the database is away")

    with box.connect("telnyx") as client:
        groupmessenger_receiver({"main": client}, on_event)
        box.phones[ANN].send("Hello", to=client.messenger.line)
        assert box.callbacks.wait()
        later(box)
    assert len(keys) == 2
    assert len(set(keys)) == 1


@pytest.mark.parametrize(("reading", "seen"), [("refused", []), ("left out", [TEXT])])
def test_nobody_who_wrote_stop_is_texted(reading: str, seen: list[str]) -> None:
    """The guide does not say whether the others get the text."""
    with Sandbox(doubts={"telnyx.stopped": reading}) as box, box.connect("telnyx") as client:
        box.phones[ANN].send("STOP", to=client.messenger.line)
        group = client.create_group([ANN, BOB, CAT])
        if seen:
            client.send(group, TEXT)
        else:
            with pytest.raises(Rejected) as refused:
                client.send(group, TEXT)
            assert refused.value.reason is gm.FailureReason.OPTED_OUT
        assert (box.phones[ANN].texts, box.phones[BOB].texts) == (["STOP"], seen)


def test_abroad_is_refused_by_telnyx(box: Sandbox, client: gm.Client) -> None:
    """A group is for the US and Canada; nobody at all is texted. A private text goes."""
    with pytest.raises(Rejected, match="Invalid 'to' address"):
        client.send(client.create_group([ANN, EVE]), TEXT)
    client.send_direct(EVE, TEXT)
    assert (box.phones[ANN].texts, box.phones[EVE].texts) == ([], [TEXT])


def test_what_is_wrong_with_the_key_is_said(box: Sandbox) -> None:
    """An error names the setting."""
    client = box.connect("telnyx", api_key="another")
    with client, pytest.raises(AuthenticationFailed, match="api_key"):
        client.send_direct(ANN, TEXT)


CODES = "support.telnyx.com, Telnyx Messaging Error Codes: {}; read 2026-11-22"
STATUSES = (400, 401, 403, 404, 422)


def verdict(code: str, title: str, kind: type[ProviderError], says: str) -> Verdict:
    """What a code means at each status; 401 is always about the key."""
    error = {"code": code, "title": title, "detail": f"{title}."}
    return Verdict(
        {"errors": [error]}, {**dict.fromkeys(STATUSES, kind), 401: AuthenticationFailed}, CODES.format(says)
    )


class TestTelnyx(ProviderContract):
    """Everything that groupmessenger asks of a provider, by the flags and limits that this one declares."""

    messenger, face = TelnyxMessenger, TelnyxFace
    hosts = ("api.telnyx.com",)
    signs = ("body",)
    verdicts = (
        verdict("10015", "Bad Request", Rejected, "1xxxx are wrong requests, and do not leave Telnyx"),
        verdict("10010", "Authorization failed", AuthenticationFailed, "10010, no permission for what was asked"),
        verdict("20002", "API Key revoked", AuthenticationFailed, "2xxxx are about the account"),
        verdict("20100", "Insufficient Funds", QuotaExceeded, "20100, add funds"),
        verdict("40310", "Invalid 'to' address", Rejected, "40310, the recipient must be valid"),
        Verdict({"errors": [{"code": 10015}]}, {}, "the API reference: a code is a text, and has a title"),
        Verdict({"errors": "internal"}, {}, "the API reference: errors are a list"),
    )


class TestTelnyxReadOtherwise(TestTelnyx):
    """The same, with every doubt about the papers decided the other way."""

    doubts: ClassVar = {"handsets": "delivered", "ids": "each", "cc": "objects", "stopped": "left out"}
