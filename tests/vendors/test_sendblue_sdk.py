"""Sendblue's own SDK against the sandbox: it takes the stand-in for its vendor, and reads what that answers.

The SDK is redirected by its own setting and otherwise as it comes, its models with strict validation; phones show
what it sent. Where it does worse than it should, a test says so, next to what we do.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import partial
from operator import attrgetter
from typing import Any

import pytest
import sendblue_api
from anyio.from_thread import BlockingPortal, start_blocking_portal
from groupmessenger_sendblue.sandbox import KEY_ID, LINE, SECRET, SENT_AFTER, SendblueFace
from sendblue_api import AsyncSendblueAPI, SendblueAPI
from sendblue_api.types import (
    ContactOptOutResponse,
    GroupModifyResponse,
    LookupLookupNumberResponse,
    MessageListResponse,
    MessageResponse,
    MessageRetrieveResponse,
    TypingIndicatorSendResponse,
    WebhookListResponse,
)
from sendblue_api.types.v2 import GroupRenameResponse, GroupRetrieveResponse, GroupSetPhotoResponse

from groupmessenger import ConfigurationError, OutcomeUnknown, Rejected
from groupmessenger.sandbox import Sandbox

ANN, BOB, CAT, DAN = (f"+1312555015{n}" for n in range(4))
PEOPLE = [ANN, BOB, CAT]
PHOTO = "https://example.com/neighbours.jpg"
# In the vendor's one example of a group send these are lists; the SDK reads only a single text.
AS_THE_SDK = {"sendblue.number_field": "string"}


class Sdk:
    """The SDK's client of the sandbox, blocking or async, called the same way."""

    def __init__(self, way: str, **settings: Any) -> None:
        settings = {"api_key": KEY_ID, "api_secret": SECRET, "max_retries": 0, "timeout": 5, **settings}
        settings.setdefault("_strict_response_validation", True)
        self._end = ExitStack()
        self._portal: BlockingPortal | None = None
        self.client: SendblueAPI | AsyncSendblueAPI
        if way == "blocking":
            self.client = self._end.enter_context(SendblueAPI(**settings))
        else:
            self._portal = self._end.enter_context(start_blocking_portal())
            self.client = AsyncSendblueAPI(**settings)
            self._end.callback(self._portal.call, self.client.close)

    def close(self) -> None:
        self._end.close()

    def call(self, method: str, *arguments: Any, **named: Any) -> Any:
        """Call a method of the SDK by its dotted name."""
        found = attrgetter(method)(self.client)
        if self._portal is None:
            return found(*arguments, **named)
        return self._portal.call(partial(found, *arguments, **named))

    def send(self, content: str = "Dinner?", **named: Any) -> Any:
        """Send to a group; the one of these people unless it is named."""
        if "group_id" not in named:
            named = {"numbers": PEOPLE, **named}
        return self.call("groups.send_message", content=content, from_number=LINE, **named)


Make = Callable[..., Sdk]


@pytest.fixture(autouse=True)
def _directly(monkeypatch: pytest.MonkeyPatch) -> None:
    """No proxy of this machine is asked, and no setting of its own left."""
    monkeypatch.setenv("NO_PROXY", "*")
    monkeypatch.delenv("SENDBLUE_API_BASE_URL", raising=False)


@pytest.fixture
def box() -> Iterator[Sandbox]:
    with Sandbox(doubts=AS_THE_SDK) as running:
        yield running


@pytest.fixture(params=["blocking", "async"])
def make(box: Sandbox, request: pytest.FixtureRequest) -> Iterator[Make]:
    """Makes SDKs of one kind, with these settings."""
    made: list[Sdk] = []

    def make_one(**settings: Any) -> Sdk:
        settings.setdefault("base_url", f"{box.url}/sendblue")
        made.append(Sdk(request.param, **settings))
        return made[-1]

    yield make_one
    for sdk in made:
        sdk.close()


@pytest.fixture
def sdk(make: Make) -> Sdk:
    return make()


def vendor(box: Sandbox) -> SendblueFace:
    face = box.faces["sendblue"]
    assert isinstance(face, SendblueFace)
    return face


def group_of(box: Sandbox, sdk: Sdk, *people: str) -> str:
    """A group whose chat is on the device, with one message in it."""
    sent = sdk.send("Hello", numbers=people or PEOPLE)
    box.clock.advance(SENT_AFTER.total_seconds())
    return str(sent.model_extra["group_id"])


def shown(box: Sandbox, *people: str) -> list[list[str]]:
    return [box.phones[number].texts for number in people]


# What it sends


def test_send_to_numbers(box: Sandbox, sdk: Sdk) -> None:
    """It makes a group, and one message object comes back for all of it."""
    sent = sdk.send()
    assert isinstance(sent, MessageResponse)
    assert (sent.status, sent.content, sent.from_number) == ("QUEUED", "Dinner?", LINE)
    assert (sent.message_type, sent.is_outbound, sent.error_code) == ("group", True, None)
    assert shown(box, *PEOPLE) == [["Dinner?"]] * 3
    assert len(box.phones[ANN].threads) == 1


def test_group_id_is_among_the_extra_fields(sdk: Sdk) -> None:
    """The point of the answer to a first message is no field of its model: one has to know of it."""
    assert "group_id" not in MessageResponse.model_fields
    assert "participants" not in MessageResponse.model_fields
    sent = sdk.send()
    assert sent.model_extra["group_id"].startswith("sb_group_")
    assert sorted(sent.model_extra["participants"]) == sorted([LINE, *PEOPLE])


def test_send_to_a_group_id(box: Sandbox, sdk: Sdk) -> None:
    """It goes into the same thread."""
    sent = sdk.send(group_id=group_of(box, sdk))
    assert isinstance(sent, MessageResponse)
    assert shown(box, *PEOPLE) == [["Hello", "Dinner?"]] * 3
    assert len(box.phones[ANN].threads) == 1


def test_send_media_and_a_reply(box: Sandbox, sdk: Sdk) -> None:
    """Media and what is answered are in the answer as they were given."""
    group = group_of(box, sdk)
    first = sdk.send("Look", group_id=group, media_url="https://example.com/cat.jpg")
    assert first.media_url == "https://example.com/cat.jpg"
    reply = sdk.send("Nice", group_id=group, reply_to={"message_handle": first.message_handle})
    assert reply.reply_to.message_handle == first.message_handle
    (thread,) = box.phones[ANN].messages.values()
    assert [(each.text, each.media) for each in thread][1:] == [("Look", (first.media_url,)), ("Nice", ())]


def test_send_directly(box: Sandbox, sdk: Sdk) -> None:
    """It reaches one person."""
    sent = sdk.call("messages.send", content="Psst", from_number=LINE, number=ANN, send_style="echo")
    assert isinstance(sent, MessageResponse)
    assert (sent.number, sent.status, sent.send_style) == (ANN, "QUEUED", "echo")
    assert shown(box, ANN, BOB) == [["Psst"], []]


# What it changes


def test_modify(box: Sandbox, sdk: Sdk) -> None:
    """Who is added sees what comes after it; who is removed does not."""
    group = group_of(box, sdk)
    for kind, number in (("add_recipient", DAN), ("remove_recipient", ANN)):
        done = sdk.call("groups.modify", group_id=group, modify_type=kind, number=number, from_number=LINE)
        assert isinstance(done, GroupModifyResponse)
        assert (done.status, done.error, done.modify_type, done.number) == ("OK", None, kind, number)
    sdk.send(group_id=group)
    assert shown(box, ANN, BOB, DAN) == [["Hello"], ["Hello", "Dinner?"], ["Dinner?"]]


def test_retrieve_a_group(box: Sandbox, sdk: Sdk) -> None:
    """Everybody is in it."""
    group = group_of(box, sdk)
    read = sdk.call("v2.groups.retrieve", group)
    assert isinstance(read, GroupRetrieveResponse)
    assert read.data is not None
    assert (read.data.group_id, read.data.group_name, read.data.group_photo) == (group, None, None)
    assert sorted(read.data.participant_numbers or ()) == PEOPLE
    assert [each.handle for each in read.data.participants or ()] == PEOPLE
    assert {each.type for each in read.data.participants or ()} == {"contact"}


def test_rename(box: Sandbox, sdk: Sdk) -> None:
    """A name is set, and cleared by null."""
    group = group_of(box, sdk)
    named = sdk.call("v2.groups.rename", group, group_name="The neighbours", from_number=LINE)
    assert isinstance(named, GroupRenameResponse)
    assert (named.status, named.data.group_name, named.data.from_number) == ("OK", "The neighbours", LINE)
    assert box.phones[ANN].threads[0].name == "The neighbours"
    assert sdk.call("v2.groups.rename", group, group_name=None).data.group_name == ""
    assert sdk.call("v2.groups.retrieve", group).data.group_name is None


def test_set_photo(box: Sandbox, sdk: Sdk) -> None:
    """A photo is set, read, and cleared by null."""
    group = group_of(box, sdk)
    done = sdk.call("v2.groups.set_photo", group, photo_url=PHOTO)
    assert isinstance(done, GroupSetPhotoResponse)
    assert done.data.group_photo is not None
    assert done.data.group_photo.url == PHOTO
    assert sdk.call("v2.groups.retrieve", group).data.group_photo == done.data.group_photo
    assert sdk.call("v2.groups.set_photo", group, photo_url=None).data.group_photo is None


# What it reads


def test_status(box: Sandbox, sdk: Sdk) -> None:
    """A message comes further with time."""
    handle = sdk.send().message_handle
    words = []
    for _ in range(3):
        status = sdk.call("messages.get_status", handle=handle)
        assert isinstance(status, MessageResponse)
        words.append(status.status)
        box.clock.advance(4)
    assert words == ["QUEUED", "SENT", "DELIVERED"]


def test_retrieve_a_message(sdk: Sdk) -> None:
    """By its handle."""
    sent = sdk.send()
    read = sdk.call("messages.retrieve", sent.message_handle)
    assert isinstance(read, MessageRetrieveResponse)
    assert read.data is not None
    assert (read.data.message_handle, read.data.content) == (sent.message_handle, "Dinner?")
    assert (read.data.group_id, read.data.service) == (sent.model_extra["group_id"], "iMessage")


def test_list(box: Sandbox, sdk: Sdk) -> None:
    """Messages both ways, the newest first, filtered and page by page."""
    group = group_of(box, sdk)
    for text in ("One", "Two"):
        box.clock.advance(1)
        sdk.send(text, group_id=group)
    sdk.call("messages.send", content="Psst", from_number=LINE, number=ANN)
    box.clock.advance(1)
    (thread, _) = box.phones[ANN].threads
    box.phones[ANN].send("Yes", thread=thread.id)
    listed = sdk.call("messages.list", group_id=group, message_type="group", limit=3, order_by="createdAt")
    assert isinstance(listed, MessageListResponse)
    assert [(each.content, each.is_outbound) for each in listed.data or ()] == [
        ("Yes", False),
        ("Two", True),
        ("One", True),
    ]
    assert listed.pagination is not None
    assert (listed.pagination.total, listed.pagination.has_more) == (4, True)
    rest = sdk.call("messages.list", group_id=group, limit=3, offset=3)
    assert [each.content for each in rest.data] == ["Hello"]
    assert [each.content for each in sdk.call("messages.list", is_outbound="false").data] == ["Yes"]
    assert [each.content for each in sdk.call("messages.list", message_type="message").data] == ["Psst"]


def test_lookup(box: Sandbox, sdk: Sdk) -> None:
    """Whether a phone has iMessage."""
    box.phones[BOB].imessage = False
    found = [sdk.call("lookups.lookup_number", number=number) for number in (ANN, BOB)]
    assert all(isinstance(each, LookupLookupNumberResponse) for each in found)
    assert [each.service for each in found] == ["iMessage", "SMS"]


def test_opt_out(box: Sandbox, sdk: Sdk) -> None:
    """Who is opted out is not texted, until it is taken back."""
    done = sdk.call("contacts.opt_out", number=ANN)
    assert isinstance(done, ContactOptOutResponse)
    assert (done.number, done.opted_out) == (ANN, True)
    with pytest.raises(sendblue_api.BadRequestError) as caught:
        sdk.call("messages.send", content="Psst", from_number=LINE, number=ANN)
    assert isinstance(caught.value.body, dict)
    assert caught.value.body["error_key"] == "OPTED_OUT"
    assert shown(box, ANN) == [[]]
    assert sdk.call("contacts.opt_out", number=ANN, opted_out=False).opted_out is False
    sdk.call("messages.send", content="Psst", from_number=LINE, number=ANN)
    assert shown(box, ANN) == [["Psst"]]


def test_typing(sdk: Sdk) -> None:
    """In a private conversation that there is."""
    with pytest.raises(sendblue_api.BadRequestError, match="No route mapping found"):
        sdk.call("typing_indicators.send", number=ANN, from_number=LINE)
    sdk.call("messages.send", content="Psst", from_number=LINE, number=ANN)
    done = sdk.call("typing_indicators.send", number=ANN, from_number=LINE)
    assert isinstance(done, TypingIndicatorSendResponse)
    assert (done.status, done.number) == ("SENT", ANN)


HOOK = "https://example.com/hooks"


def test_webhooks(sdk: Sdk) -> None:
    """There are none yet, of any type."""
    listed = sdk.call("webhooks.list")
    assert isinstance(listed, WebhookListResponse)
    assert listed.webhooks is not None
    assert (listed.webhooks.receive, listed.webhooks.outbound, listed.webhooks.global_secret) == ([], [], None)


def test_every_call_of_the_stand_in(box: Sandbox, sdk: Sdk) -> None:
    """The SDK has all calls that the stand-in serves, at the same paths."""
    group = group_of(box, sdk)
    handle = sdk.call("messages.send", content="Psst", from_number=LINE, number=ANN).message_handle
    sdk.call("groups.modify", group_id=group, modify_type="add_recipient", number=DAN)
    sdk.call("v2.groups.retrieve", group)
    sdk.call("v2.groups.rename", group, group_name="The neighbours")
    sdk.call("v2.groups.set_photo", group, photo_url=PHOTO)
    sdk.call("messages.get_status", handle=handle)
    sdk.call("messages.retrieve", handle)
    sdk.call("messages.list")
    sdk.call("lookups.lookup_number", number=ANN)
    sdk.call("contacts.opt_out", number=ANN, opted_out=False)
    sdk.call("typing_indicators.send", number=ANN, from_number=LINE)
    sdk.call("webhooks.list")
    sdk.call("webhooks.create", webhooks=[HOOK], type="receive", global_secret="everybody's")
    sdk.call("webhooks.update", webhooks={"outbound": [{"url": HOOK, "secret": "its own"}]})
    sdk.call("webhooks.delete", webhooks=[HOOK], type="outbound")
    sdk.call("media_objects.upload", media_url=PHOTO)
    known = {route.operation for route in vendor(box).routes()} - {"upload_file", "read_file"}
    assert {entry["operation"] for entry in box.log} == known
    assert {entry["verdict"] for entry in box.log} == {"accepted"}


@pytest.mark.parametrize("choice", ["new", "legacy"])
@pytest.mark.parametrize("way", ["blocking", "async"])
def test_both_answers_to_a_change(way: str, choice: str) -> None:
    """Its model holds the older answer too, which names nothing that was changed."""
    with Sandbox(doubts={**AS_THE_SDK, "sendblue.modify_answer": choice}) as box:
        sdk = Sdk(way, base_url=f"{box.url}/sendblue")
        done = sdk.call("groups.modify", group_id=group_of(box, sdk), modify_type="add_recipient", number=DAN)
        assert (done.status, done.number) == ("OK", DAN if choice == "new" else None)
        sdk.close()


# Where it goes


def test_base_url_by_its_variable(box: Sandbox, make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    """A program that uses the SDK needs no change to be pointed at the sandbox."""
    monkeypatch.setenv("SENDBLUE_API_BASE_URL", f"{box.url}/sendblue")
    monkeypatch.setenv("SENDBLUE_API_API_KEY", KEY_ID)
    monkeypatch.setenv("SENDBLUE_API_API_SECRET", SECRET)
    make(base_url=None, api_key=None, api_secret=None).send()
    assert shown(box, *PEOPLE) == [["Dinner?"]] * 3


# What goes wrong


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (400, sendblue_api.BadRequestError),
        (401, sendblue_api.AuthenticationError),
        (403, sendblue_api.PermissionDeniedError),
        (404, sendblue_api.NotFoundError),
        (409, sendblue_api.ConflictError),
        (422, sendblue_api.UnprocessableEntityError),
        (429, sendblue_api.RateLimitError),
        (500, sendblue_api.InternalServerError),
        (503, sendblue_api.InternalServerError),
    ],
)
def test_statuses(box: Sandbox, sdk: Sdk, status: int, error: type[sendblue_api.APIStatusError]) -> None:
    """Each status is a class of its own, with the answer."""
    body = {"status": "ERROR", "message": "No"}
    box.fault("refuse", status=status, body=body)
    with pytest.raises(error) as caught:
        sdk.send()
    assert (caught.value.status_code, caught.value.body) == (status, body)
    assert shown(box, ANN) == [[]]


def test_refusals_of_the_stand_in(box: Sandbox, make: Make) -> None:
    """The stand-in's own refusals are of these classes."""
    sdk = make()
    with pytest.raises(sendblue_api.AuthenticationError, match="Invalid Credentials"):
        make(api_secret="wrong").call("webhooks.list")
    with pytest.raises(sendblue_api.NotFoundError, match="Group not found"):
        sdk.call("v2.groups.retrieve", "sb_group_nobody")
    with pytest.raises(sendblue_api.NotFoundError, match="Message not found"):
        sdk.call("messages.get_status", handle="nobody")
    with pytest.raises(sendblue_api.BadRequestError, match="Cannot send messages to self"):
        sdk.send(numbers=[LINE, ANN])
    with pytest.raises(sendblue_api.BadRequestError, match="group_too_small"):
        sdk.call(
            "groups.modify",
            group_id=group_of(box, sdk, ANN, BOB),
            modify_type="remove_recipient",
            number=ANN,
        )
    vendor(box).limits.sends_per_second = 0
    with pytest.raises(sendblue_api.RateLimitError):
        sdk.send()


@pytest.mark.parametrize(
    ("kind", "error"),
    [
        ("drop", sendblue_api.APIConnectionError),
        ("reset", sendblue_api.APIConnectionError),
        ("short", sendblue_api.APIConnectionError),
        ("html", sendblue_api.APIResponseValidationError),
    ],
)
def test_lost_answers(box: Sandbox, sdk: Sdk, kind: str, error: type[sendblue_api.APIError]) -> None:
    """An answer that is lost is an error of its own, though the phones show the message."""
    box.fault(kind, operation="send_group", phase="after")
    with pytest.raises(error):
        sdk.send()
    assert shown(box, *PEOPLE) == [["Dinner?"]] * 3


def test_time_out(box: Sandbox, make: Make) -> None:
    """So is one that comes too late."""
    box.fault("delay", operation="send_group", phase="after", seconds=0.5)
    with pytest.raises(sendblue_api.APITimeoutError):
        make(timeout=0.2).send()
    assert shown(box, *PEOPLE) == [["Dinner?"]] * 3


# Where it does worse than it should, and we do not


@pytest.mark.parametrize(("kind", "status"), [("drop", None), ("reset", None), ("refuse", 500), ("refuse", 409)])
def test_its_retries_text_people_twice(
    box: Sandbox, make: Make, kind: str, status: int | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With `max_retries` left as it is, a lost answer makes the SDK send again: everybody has it twice.

    We raise that it is unknown, and find it.
    """
    monkeypatch.setattr("sendblue_api._base_client.INITIAL_RETRY_DELAY", 0.01)  # seconds
    sdk = make(max_retries=sendblue_api.DEFAULT_MAX_RETRIES)
    box.fault(kind, operation="send_group", phase="after", status=status)
    assert sdk.send("From the SDK").status == "QUEUED"
    assert shown(box, *PEOPLE) == [["From the SDK"] * 2] * 3

    box.fault(kind, operation="send_group", phase="after", status=status)
    with box.connect("sendblue") as client, pytest.raises(OutcomeUnknown):
        client.send(client.create_group(PEOPLE), "From us")
    assert [texts.count("From us") for texts in shown(box, *PEOPLE)] == [1, 1, 1]


def test_its_answer_may_be_a_refusal(box: Sandbox, sdk: Sdk) -> None:
    """A 2xx that says ERROR is no error to the SDK; one has to look. We raise."""
    said = {"status": "ERROR", "error_code": 4002, "error_message": "Blacklisted number"}
    vendor(box).answer_next(said, done=False)
    sent = sdk.send()
    assert (sent.status, sent.error_code) == ("ERROR", 4002)

    vendor(box).answer_next(said, done=False)
    with box.connect("sendblue") as client, pytest.raises(Rejected, match="may not be texted"):
        client.send(client.create_group(PEOPLE), "Dinner?")
    assert shown(box, *PEOPLE) == [[], [], []]


@pytest.mark.parametrize("word", ["REGISTERED", "PENDING", "ACCEPTED"])
def test_it_does_not_know_all_words(box: Sandbox, sdk: Sdk, word: str) -> None:
    """Its model of sends has four words for a status, that of lists ten: strictly read, a message that is out fails."""
    vendor(box).answer_next({"status": word})
    with pytest.raises(sendblue_api.APIResponseValidationError):
        sdk.send("From the SDK")
    vendor(box).answer_next({"status": word})
    with box.connect("sendblue") as client:
        client.send(client.create_group(PEOPLE), "From us")
    assert shown(box, *PEOPLE) == [["From the SDK", "From us"]] * 3


@pytest.mark.parametrize("way", ["blocking", "async"])
def test_it_does_not_know_lists_of_numbers(way: str) -> None:
    """`number` of a group send is a list in the vendor's own example; its model has a text. We take both."""
    with Sandbox() as box:
        sdk = Sdk(way, base_url=f"{box.url}/sendblue")
        with pytest.raises(sendblue_api.APIResponseValidationError):
            sdk.send("From the SDK")
        sdk.close()
        lenient = Sdk(way, base_url=f"{box.url}/sendblue", _strict_response_validation=False)
        assert lenient.send("Again").number == PEOPLE
        lenient.close()
        with box.connect("sendblue") as client:
            assert [str(each) for each in client.send(client.create_group(PEOPLE), "From us").recipients] == PEOPLE
        assert shown(box, *PEOPLE) == [["From the SDK", "Again", "From us"]] * 3


def test_it_takes_its_secret_along(box: Sandbox, sdk: Sdk) -> None:
    """It follows redirects, and the keys go with it to whoever is there. We go nowhere."""
    with Sandbox(doubts=AS_THE_SDK) as elsewhere:
        elsewhere_url = f"http://localhost:{elsewhere.port}/sendblue/api/v2/messages"
        box.fault("redirect", location=elsewhere_url, operation="list_messages")
        assert sdk.call("messages.list").data == []
        assert [entry["verdict"] for entry in elsewhere.log] == ["accepted"]  # by its keys

        elsewhere.clear_log()
        box.fault("redirect", location=elsewhere_url, operation="status")
        with box.connect("sendblue") as client, pytest.raises(ConfigurationError, match="redirect"):
            client.get_status("anything")
        assert elsewhere.log == []
