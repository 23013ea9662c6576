"""Bandwidth's own SDK against the sandbox: it takes the stand-in for its vendor, beside our client.

The SDK has its hosts written into every call, so that its calls are turned to the sandbox; otherwise it is as it comes.
Phones show what it sent. Where it does worse than it should, a test says so, next to what we do.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
import urllib3
from bandwidth import ApiClient, Configuration, MediaApi, MessageRequest, MessagesApi
from bandwidth.exceptions import ApiException, BadRequestException, ServiceException, UnauthorizedException
from bandwidth.models import Callback, InboundCallback, PriorityEnum, StatusCallback
from groupmessenger_bandwidth.sandbox import (
    ACCOUNT_ID,
    APPLICATION_ID,
    CLIENT_ID,
    CLIENT_SECRET,
    DELIVERED_AFTER,
    LINE,
    PASSWORD,
    TIMED_OUT_AFTER,
    USERNAME,
    BandwidthFace,
)
from pydantic import ValidationError

from groupmessenger import (
    Client,
    ConfigurationError,
    LimitExceeded,
    Message,
    OutcomeUnknown,
    ProviderError,
    ProviderUnavailable,
    RateLimited,
    Rejected,
    Status,
)
from groupmessenger.sandbox import Sandbox

ANN, BOB, CAT = (f"+1312555015{n}" for n in range(3))
HOST = "https://messaging.bandwidth.com/api/v2"
CREDENTIALS = {"client_id": CLIENT_ID, "client_secret": CLIENT_SECRET}


class Sdk:
    """The SDK's client, its calls turned to the sandbox; `urls` are those that it asked for."""

    def __init__(self, box: Sandbox, **settings: Any) -> None:
        here = box.settings("bandwidth")
        client = ApiClient(Configuration(access_token_url=here["token_url"], **(settings or CREDENTIALS)))
        self.urls: list[str] = []
        call_api = client.call_api

        def turned(method: str, url: str, *given: Any, **named: Any) -> Any:
            self.urls.append(url)
            return call_api(method, url.replace(HOST, str(here["base_url"])), *given, **named)

        client.call_api = turned
        self.messages: Any = MessagesApi(client)
        self.media: Any = MediaApi(client)

    def send(self, *to: str, text: str = "Dinner?", **fields: Any) -> Any:
        request = MessageRequest(application_id=APPLICATION_ID, to=list(to), var_from=LINE, text=text, **fields)
        return self.messages.create_message(ACCOUNT_ID, request)

    def found(self, **filters: Any) -> list[Any]:
        return list(self.messages.list_messages(ACCOUNT_ID, **filters).messages)


@pytest.fixture(autouse=True)
def _directly(monkeypatch: pytest.MonkeyPatch) -> None:
    """No proxy of this machine is asked."""
    monkeypatch.setenv("NO_PROXY", "*")


@pytest.fixture
def doubts() -> dict[str, Any]:
    return {}


@pytest.fixture
def box(doubts: dict[str, Any]) -> Iterator[Sandbox]:
    with Sandbox(faces=[BandwidthFace], doubts=doubts) as running:
        yield running


@pytest.fixture
def sdk(box: Sandbox) -> Sdk:
    return Sdk(box)


@pytest.fixture
def ours(box: Sandbox) -> Iterator[Client]:
    with box.connect("bandwidth", patience=0) as client:
        yield client


def vendor(box: Sandbox) -> BandwidthFace:
    face = box.faces["bandwidth"]
    assert isinstance(face, BandwidthFace)
    return face


def shown(box: Sandbox, *people: str) -> list[list[str]]:
    return [box.phones[number].texts for number in people]


# The same group, which is its members


def test_one_thread(box: Sandbox, sdk: Sdk, ours: Client) -> None:
    """Whoever of the two writes to the same people, in whatever order, writes into the same thread."""
    sdk.send(ANN, BOB, text="Theirs")
    ours.send(ours.create_group([BOB, ANN]), "Ours")
    assert [["Theirs", "Ours"]] * 2 == shown(box, ANN, BOB)
    assert [{LINE, ANN, BOB}] == [thread.participants for thread in box.phones[ANN].threads]


def test_other_people_are_another_group(box: Sandbox, sdk: Sdk, ours: Client) -> None:
    sdk.send(ANN, BOB, text="Two")
    ours.send(ours.create_group([ANN, BOB, CAT]), "Three")
    assert [{LINE, ANN, BOB}, {LINE, ANN, BOB, CAT}] == [thread.participants for thread in box.phones[ANN].threads]


def test_the_same_request(box: Sandbox, sdk: Sdk, ours: Client) -> None:
    """Field by field, but for the token that we send along."""
    picture = "https://pictures.example.com/place.jpg"
    ends = datetime(2100, 1, 1, tzinfo=UTC)
    sdk.send(ANN, BOB, media=[picture], priority=PriorityEnum.HIGH, expiration=ends, tag="theirs")
    theirs = box.log[-1]["request"]
    ours.send(ours.create_group([ANN, BOB]), Message("Dinner?", picture, priority="high", expires_at=ends))
    asked = box.log[-1]["request"]
    assert theirs.keys() == asked.keys()
    for name in theirs.keys() - {"tag", "expiration"}:
        assert theirs[name] == asked[name]
    assert datetime.fromisoformat(theirs["expiration"]) == datetime.fromisoformat(asked["expiration"])


# The same messages


def test_our_message(box: Sandbox, sdk: Sdk, ours: Client) -> None:
    """The SDK finds it by its id, a row a person, without its text and without our token."""
    receipt = ours.send(ours.create_group([ANN, BOB]), "Dinner?")
    rows = sdk.found(message_id=receipt.id)
    assert {ANN, BOB} == {row.destination_tn for row in rows}
    assert {(receipt.id, LINE, 2)} == {(row.message_id, row.source_tn, row.recipient_count) for row in rows}
    assert receipt.token not in str([row.to_dict() for row in rows])
    box.clock.advance(DELIVERED_AFTER.total_seconds())
    assert {"DELIVERED"} == {row.message_status.value for row in sdk.found(source_tn=LINE)}


def test_its_message(box: Sandbox, sdk: Sdk, ours: Client) -> None:
    """We tell what became of it for each person, by the id alone."""
    sent = sdk.send(ANN, BOB, tag="theirs")
    assert ([ANN, BOB], LINE, "theirs") == (sent.to, sent.var_from, sent.tag)
    box.clock.advance(DELIVERED_AFTER.total_seconds())
    events = ours.get_status(sent.id).by_recipient
    assert {ANN: Status.DELIVERED, BOB: Status.DELIVERED} == {
        str(address): event.status for address, event in events.items()
    }


def test_its_media(box: Sandbox, sdk: Sdk, ours: Client) -> None:
    """What the SDK has stored goes out in our message."""
    sdk.media.upload_media(ACCOUNT_ID, "place.png", b"png", _content_type="image/png")
    url = f"{box.settings('bandwidth')['base_url']}/users/{ACCOUNT_ID}/media/place.png"
    ours.send(ours.create_group([ANN, BOB]), Message("The place", url))
    (thread,) = box.phones[BOB].messages.values()
    assert [("The place", (url,))] == [(each.text, each.media) for each in thread]


@pytest.mark.parametrize("doubts", [{"bandwidth.optional_keys": "only_id"}, {"bandwidth.id_style": "uuid"}])
def test_any_answer_that_is_documented(box: Sandbox, sdk: Sdk, ours: Client) -> None:
    """Both read the id, whatever else is there."""
    assert sdk.send(ANN, BOB).id
    assert ours.send(ours.create_group([ANN, BOB]), "Dinner?").id
    assert [["Dinner?"] * 2] == shown(box, ANN)


# Credentials


def test_api_users(box: Sandbox) -> None:
    """Name and password work in both, until they end."""
    old = {"username": USERNAME, "password": PASSWORD}
    with box.connect("bandwidth", **old, client_id=None, client_secret=None) as ours:
        Sdk(box, **old).send(ANN, BOB)
        ours.send(ours.create_group([ANN, BOB]), "At eight")
        vendor(box).basic_auth = False
        with pytest.raises(UnauthorizedException):
            Sdk(box, **old).send(ANN, BOB)
    assert [["Dinner?", "At eight"]] == shown(box, ANN)


def test_both_kinds_of_credentials(box: Sandbox) -> None:
    """The SDK lets the token win without a word; we ask which one is meant."""
    vendor(box).basic_auth = False
    both = {**CREDENTIALS, "username": USERNAME, "password": "wrong"}
    Sdk(box, **both).send(ANN, BOB)
    assert [["Dinner?"]] == shown(box, ANN)
    with pytest.raises(ConfigurationError, match="two kinds of credentials"):
        box.connect("bandwidth", username=USERNAME, password=PASSWORD)


def test_a_token_that_ends_early(box: Sandbox, sdk: Sdk, ours: Client) -> None:
    """The SDK keeps it and is refused from then on; we take another and send once."""
    sdk.send(ANN, BOB)
    group = ours.create_group([ANN, BOB])
    ours.send(group, "At eight")
    vendor(box).revoke_tokens()
    for _ in range(2):
        with pytest.raises(UnauthorizedException):
            sdk.send(ANN, BOB, text="Theirs")
    ours.send(group, "Ours")
    assert [["Dinner?", "At eight", "Ours"]] == shown(box, ANN)


# Where the SDK is known to be wrong


def test_its_hosts_cannot_be_set(box: Sandbox, sdk: Sdk) -> None:
    """Whatever `host` is in its configuration, the vendor's own is asked."""
    here = box.settings("bandwidth")
    elsewhere = Sdk(box, **CREDENTIALS, host=str(here["base_url"]))
    elsewhere.send(ANN, BOB)
    sdk.send(ANN, BOB)
    asked = [f"{HOST}/users/{ACCOUNT_ID}/messages"]
    assert (asked, asked) == (elsewhere.urls, sdk.urls)


@pytest.mark.parametrize("doubts", [{"bandwidth.timeout_status": "DLR_EXPIRED"}])
def test_a_status_that_it_does_not_know(box: Sandbox, sdk: Sdk, ours: Client) -> None:
    """One row with a word from the vendor's own examples, and the SDK reads none of them; we read them all."""
    box.phones[BOB].on = False
    sent = sdk.send(ANN, BOB)
    box.clock.advance(TIMED_OUT_AFTER.total_seconds())
    with pytest.raises(ValueError, match="DLR_EXPIRED"):
        Sdk(box).found(message_id=sent.id)
    events = ours.get_status(sent.id).by_recipient
    assert {ANN, BOB} == set(map(str, events))
    assert Status.DELIVERED is next(event.status for address, event in events.items() if str(address) == ANN)


@pytest.mark.parametrize("model", [StatusCallback, InboundCallback])
def test_callbacks_in_a_list(model: Any) -> None:
    """The vendor says that all callbacks are lists, and its models read objects alone."""
    inbound = model is InboundCallback
    event = {
        "type": "message-received" if inbound else "message-delivered",
        "time": "2026-11-22T18:20:45.160Z",
        "to": LINE if inbound else ANN,
        "description": "ok",
        "message": {
            "id": "1795300000001lkq7mwd4xt2brvhe",
            "owner": LINE,
            "applicationId": APPLICATION_ID,
            "time": "2026-11-22T18:20:45.160Z",
            "segmentCount": 1,
            "direction": "in" if inbound else "out",
            "to": [LINE, BOB] if inbound else [ANN, BOB],
            "from": ANN if inbound else LINE,
            "text": "",
        },
    }
    assert event["to"] == model.from_json(json.dumps(event)).to
    assert event["to"] == Callback.from_json(json.dumps(event)).actual_instance.to
    with pytest.raises(ValidationError):
        model.from_json(json.dumps([event]))
    with pytest.raises(AttributeError):
        Callback.from_json(json.dumps([event]))
    for unknown in ({**event, "type": "message-queued"}, {**event, "message": {"id": "1"}}):
        with pytest.raises(ValueError, match="validation error"):
            Callback.from_json(json.dumps(unknown))


@pytest.mark.parametrize("kind", ["drop", "reset"])
def test_a_lost_answer(box: Sandbox, sdk: Sdk, ours: Client, kind: str) -> None:
    """Its error is that of a message that never left; ours says that it may have. Neither sends it twice."""
    box.fault(kind, operation="send", phase="after", times=2)
    with pytest.raises(urllib3.exceptions.HTTPError):
        sdk.send(ANN, BOB)
    with pytest.raises(OutcomeUnknown) as lost:
        ours.send(ours.create_group([ANN, BOB]), "At eight")
    assert lost.value.attempt is not None
    assert [["Dinner?", "At eight"]] * 2 == shown(box, ANN, BOB)


# What each finds out before it asks


def test_too_many_people(box: Sandbox, sdk: Sdk, ours: Client) -> None:
    """The SDK asks, and is refused; we know the limit, and ask nothing."""
    people = [f"+13125550{160 + n}" for n in range(11)]
    with pytest.raises(BadRequestException) as refused:
        sdk.send(*people)
    assert "at most 10" in refused.value.data.field_errors[0].description
    box.clear_log()
    with pytest.raises(LimitExceeded) as exceeded:
        ours.create_group(people)
    assert (10, 11) == (exceeded.value.limit, exceeded.value.asked)
    assert [] == box.log


def test_the_same_number_twice(box: Sandbox, sdk: Sdk, ours: Client) -> None:
    """The SDK is refused; to us it is one person."""
    with pytest.raises(BadRequestException):
        sdk.send(ANN, BOB, ANN)
    ours.send(ours.create_group([ANN, BOB, ANN]), "Dinner?")
    assert [["Dinner?"]] * 2 == shown(box, ANN, BOB)


def test_a_text_that_is_too_long(box: Sandbox, sdk: Sdk, ours: Client) -> None:
    """Both know that limit."""
    with pytest.raises(ValidationError):
        sdk.send(ANN, BOB, text="x" * 2049)
    with pytest.raises(LimitExceeded):
        ours.send(ours.create_group([ANN, BOB]), "x" * 2049)
    assert [] == box.log


# Errors that it reads


@pytest.mark.parametrize(
    ("status", "kind", "theirs", "ours_is"),
    [
        (400, "request-validation", BadRequestException, Rejected),
        (429, "max-message-queue-size-exceeded", ApiException, RateLimited),
        (500, "internal-server-error", ServiceException, ProviderUnavailable),
    ],
)
def test_refusals(
    box: Sandbox,
    sdk: Sdk,
    ours: Client,
    status: int,
    kind: str,
    theirs: type[ApiException],
    ours_is: type[ProviderError],
) -> None:
    """The SDK has no class for a rate; the vendor's word is in what it has read, and in our raw answer."""
    body = {"type": kind, "description": "no"}
    box.fault("refuse", operation="send", status=status, body=body, times=None)
    with pytest.raises(theirs) as error:
        sdk.send(ANN, BOB)
    assert (status, kind) == (error.value.status, error.value.data.type)
    with pytest.raises(ours_is) as refused:
        ours.send(ours.create_group([ANN, BOB]), "Dinner?")
    assert (status, body) == (refused.value.status, refused.value.raw)
    assert [[]] == shown(box, ANN)


def test_what_is_wrong_field_by_field(box: Sandbox, sdk: Sdk) -> None:
    """The SDK has the fields one by one; we put their names into the error's text."""
    with pytest.raises(BadRequestException) as refused:
        sdk.send(ANN, "+1312")
    assert ["to"] == [each.field_name.partition("[")[0] for each in refused.value.data.field_errors]
    with box.connect("bandwidth", application_id="unknown") as ours, pytest.raises(Rejected) as rejected:
        ours.send(ours.create_group([ANN, BOB]), "Dinner?")
    assert (400, True) == (rejected.value.status, "applicationId" in str(rejected.value))
