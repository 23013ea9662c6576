"""MessageBird's own SDK against the sandbox: it takes the stand-in for its vendor, beside our client.

The SDK knows one host, which is replaced where it is written, and is otherwise as it comes. Phones show what it sent.
Where it does worse than it should, a test says so, next to what we do.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import messagebird  # type: ignore[import-untyped]
import pytest
import requests
from groupmessenger_messagebird.sandbox import ACCESS_KEY, DELIVERED_AFTER, LINE, TEST_KEY, MessageBirdFace
from messagebird.client import ErrorException  # type: ignore[import-untyped]

from groupmessenger import (
    AuthenticationFailed,
    Client,
    Found,
    GroupNotFound,
    Message,
    OutcomeUnknown,
    ProviderError,
    QuotaExceeded,
    RateLimited,
    Rejected,
    Status,
)
from groupmessenger.sandbox import Sandbox

ANN, BOB, CAT = (f"+1312555015{n}" for n in range(3))


@pytest.fixture
def box(monkeypatch: pytest.MonkeyPatch) -> Iterator[Sandbox]:
    monkeypatch.setenv("NO_PROXY", "*")
    with Sandbox(faces=[MessageBirdFace]) as running:
        monkeypatch.setattr(messagebird.client, "ENDPOINT", f"{running.url}/messagebird/")
        yield running


@pytest.fixture
def sdk(box: Sandbox) -> Any:
    return messagebird.Client(ACCESS_KEY)


@pytest.fixture
def ours(box: Sandbox) -> Iterator[Client]:
    with box.connect("messagebird", patience=0) as client:
        yield client


def digits(number: str) -> int:
    return int(number.lstrip("+"))


def numbers(sdk: Any) -> list[int]:
    """The contacts, which are what the SDK can see of people."""
    return sorted(contact.msisdn for contact in sdk.contact_list(100).items)


def codes(error: ErrorException) -> list[tuple[int, str | None]]:
    return [(each.code, each.parameter) for each in error.errors]


def members(ours: Client, group: str) -> set[str]:
    return {str(address) for address in ours.get_group(group).addresses}


def shown(box: Sandbox, *people: str) -> list[list[str]]:
    return [box.phones[number].texts for number in people]


# The same group


def test_our_group(sdk: Any, ours: Client) -> None:
    """The SDK reads its name and how many are in it, and its people among the contacts."""
    group = ours.create_group([ANN, BOB], "Home")
    read = sdk.group(group.id)
    assert (group.id, "Home", 2) == (read.id, read.name, read.contacts.totalCount)
    assert [group.id] == [each.id for each in sdk.group_list().items]
    assert [digits(ANN), digits(BOB)] == numbers(sdk)


def test_its_group(sdk: Any, ours: Client) -> None:
    """We fill it, with the contacts that the SDK made: nobody is in the account twice."""
    for number in (ANN, BOB):
        sdk.contact_create(str(digits(number)), {"firstName": number[-2:]})
    made = sdk.group_create("Home")
    group = ours.add_members(ours.group(made.id), [ANN, BOB, CAT])
    assert {ANN, BOB, CAT} == members(ours, group.id)
    assert [digits(ANN), digits(BOB), digits(CAT)] == numbers(sdk)
    assert 3 == sdk.group(made.id).contacts.totalCount


def test_each_sees_what_the_other_changes(sdk: Any, ours: Client) -> None:
    group = ours.create_group([ANN, BOB], "Home")
    sdk.group_update(group.id, "Work")
    assert "Work" == ours.get_group(group).name
    ours.rename_group(group, "Friends")
    assert "Friends" == sdk.group(group.id).name
    (contact,) = (each for each in sdk.contact_list().items if each.msisdn == digits(ANN))
    sdk.group_remove_contact(group.id, contact.id)
    assert {BOB} == members(ours, group.id)
    assert [digits(ANN), digits(BOB)] == numbers(sdk)


def test_what_one_deletes_is_gone_for_the_other(sdk: Any, ours: Client) -> None:
    first, second = ours.create_group([ANN, BOB], "One"), ours.create_group([ANN, BOB], "Two")
    sdk.group_delete(first.id)
    with pytest.raises(GroupNotFound):
        ours.get_group(first)
    ours.delete_group(second)
    with pytest.raises(ErrorException) as gone:
        sdk.group(second.id)
    assert [20] == [code for code, _ in codes(gone.value)]


def test_lists_of_several_pages(sdk: Any, ours: Client) -> None:
    """The SDK asks for each page by hand; we go on by ourselves."""
    made = {sdk.group_create(f"Group {n}").id for n in range(23)}
    pages = [sdk.group_list(10, offset) for offset in (0, 10, 20)]
    assert [10, 10, 3] == [len(page.items) for page in pages]
    assert made == {each.id for page in pages for each in page.items} == {each.id for each in ours.list_groups()}
    assert {23} == {page.totalCount for page in pages}


# The same messages


def test_our_message(box: Sandbox, sdk: Any, ours: Client) -> None:
    """The SDK reads it with our token, and the status of each copy."""
    receipt = ours.send(ours.create_group([ANN, BOB], "Home"), "Dinner?")
    message = sdk.message(receipt.id)
    assert ("Dinner?", LINE, receipt.token) == (message.body, message.originator, message.reference)
    assert (2, 2) == (message.recipients["totalCount"], message.recipients["totalSentCount"])
    box.clock.advance(DELIVERED_AFTER.total_seconds())
    items = {each.recipient: each.status for each in sdk.message(receipt.id).recipients["items"]}
    assert {digits(ANN): "delivered", digits(BOB): "delivered"} == items
    assert [receipt.id] == [each.id for each in sdk.message_list().items]


def test_its_message(box: Sandbox, sdk: Any, ours: Client) -> None:
    """We tell what became of each copy, by its id alone."""
    sent = sdk.message_create(LINE, [ANN, BOB], "Dinner?")
    box.clock.advance(DELIVERED_AFTER.total_seconds())
    delivery = ours.get_status(sent.id)
    assert {ANN: Status.DELIVERED, BOB: Status.DELIVERED} == {
        str(address): event.status for address, event in delivery.by_recipient.items()
    }
    assert [["Dinner?"]] * 2 == shown(box, ANN, BOB)


def test_what_is_not_in_the_gsm_alphabet(box: Sandbox, sdk: Any, ours: Client) -> None:
    """The SDK leaves the vendor's default, which loses it; we ask for what fits the text."""
    sdk.message_create(LINE, [ANN], "Dinner 🎉 now")
    ours.send_direct(BOB, "Dinner 🎉 now")
    assert [["Dinner 🎉 now"]] == shown(box, BOB)
    assert "🎉" not in shown(box, ANN)[0][0]


def test_schedules(box: Sandbox, sdk: Any, ours: Client) -> None:
    """Each takes back what the other has scheduled."""
    at = box.clock.now() + timedelta(hours=1)
    theirs = sdk.message_create(LINE, [ANN], "Theirs", {"scheduledDatetime": at.isoformat(timespec="seconds")})
    ours.cancel_scheduled(theirs.id)
    receipt = ours.send(ours.create_group([ANN, BOB], "Home"), Message("Ours", send_at=at))
    assert Status.SCHEDULED is receipt.status
    assert "scheduled" == sdk.message(receipt.id).recipients["items"][0].status
    sdk.message_delete(receipt.id)
    box.clock.advance(7200)
    assert [[], []] == shown(box, ANN, BOB)


# Where the SDK is known to be wrong


def test_it_cannot_add_to_a_group(box: Sandbox, sdk: Any, ours: Client) -> None:
    """Its path lacks `/contacts`, which the vendor answers with 404; ours adds the same contact."""
    group = ours.create_group([ANN, BOB], "Home")
    contact = sdk.contact_create(str(digits(CAT)))
    with pytest.raises(ErrorException) as refused:
        sdk.group_add_contacts(group.id, [contact.id])
    assert [20] == [code for code, _ in codes(refused.value)]
    assert (f"/groups/{group.id}", None) == (box.log[-1]["path"], box.log[-1]["operation"])
    assert {ANN, BOB} == members(ours, group.id)
    ours.add_members(group, [CAT])
    assert {ANN, BOB, CAT} == members(ours, group.id)


def test_it_cannot_list_who_is_in_a_group(sdk: Any) -> None:
    """There is no method for it."""
    methods = {name for name, _ in inspect.getmembers(sdk, inspect.ismethod) if name.startswith("group")}
    assert {
        "group",
        "group_list",
        "group_create",
        "group_update",
        "group_delete",
        "group_add_contacts",
        "group_remove_contact",
    } == methods


def test_it_sends_to_no_group_alone(box: Sandbox, sdk: Any, ours: Client) -> None:
    """It always names recipients: none of them is an empty text, beside the group's id."""
    group = ours.create_group([ANN, BOB], "Home")
    parameters = inspect.signature(sdk.message_create).parameters
    assert inspect.Parameter.empty is parameters["recipients"].default
    sdk.message_create(LINE, [CAT], "Dinner?", {"groupIds": [group.id]})
    assert [["Dinner?"]] * 3 == shown(box, ANN, BOB, CAT)
    ours.send(group, "At eight")
    assert [["Dinner?", "At eight"]] * 2 + [["Dinner?"]] == shown(box, ANN, BOB, CAT)
    assert "recipients" not in (box.log[-1]["request"] or {})


@pytest.mark.parametrize(
    ("status", "body", "error"),
    [
        (400, {"errors": [{"code": 21, "description": "bad request: [why]", "parameter": None}]}, Rejected),
        (402, {"errors": [{"code": 25, "description": "not enough balance: [why]", "parameter": None}]}, QuotaExceeded),
        (429, {"errors": [{"code": 99, "description": "too fast: [why]", "parameter": None}]}, RateLimited),
    ],
)
def test_it_drops_what_the_vendor_says(
    box: Sandbox, sdk: Any, ours: Client, status: int, body: dict[str, Any], error: type[Exception]
) -> None:
    """Of these statuses it raises an error of its HTTP library, without a word of the answer."""
    box.fault("refuse", operation="send", status=status, body=body, times=None)
    with pytest.raises(requests.HTTPError) as theirs:
        sdk.message_create(LINE, [ANN], "Dinner?")
    assert "[why]" not in str(theirs.value)
    with pytest.raises(error) as refused:
        ours.send_direct(ANN, "Dinner?")
    assert isinstance(refused.value, ProviderError)
    assert (status, body) == (refused.value.status, refused.value.raw)
    assert [[]] == shown(box, ANN)


def test_it_has_no_time_out(box: Sandbox, sdk: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """A provider that does not answer keeps it waiting for ever, and there is no setting for it."""
    given: list[dict[str, Any]] = []
    post: Callable[..., Any] = requests.post

    def watched(url: str, **named: Any) -> Any:
        given.append(named)
        return post(url, **named)

    monkeypatch.setattr(requests, "post", watched)
    sdk.message_create(LINE, [ANN], "Dinner?")
    assert [False] == ["timeout" in named for named in given]
    assert ["access_key", "http_client"] == list(inspect.signature(messagebird.Client).parameters)


@pytest.mark.parametrize("kind", ["drop", "reset"])
def test_a_lost_answer(box: Sandbox, sdk: Any, ours: Client, kind: str) -> None:
    """Its error is that of a message that never left; ours says that it may have, and finds it again."""
    box.fault(kind, operation="send", phase="after", times=2)
    with pytest.raises(requests.ConnectionError):
        sdk.message_create(LINE, [ANN], "Dinner?")
    with pytest.raises(OutcomeUnknown) as lost:
        ours.send_direct(BOB, "Dinner?")
    assert [["Dinner?"]] * 2 == shown(box, ANN, BOB)
    assert isinstance(ours.find_sent(lost.value.attempt), Found)


# Errors that it reads


def test_refusals(box: Sandbox, sdk: Any, ours: Client) -> None:
    """It lists all that is wrong, each with code and parameter; our one error has the first code, and all of it raw."""
    wrong = [
        {"code": 9, "description": "no (correct) recipients found", "parameter": "recipients"},
        {"code": 10, "description": "originator is invalid", "parameter": "originator"},
    ]
    box.fault("refuse", operation="send", status=422, body={"errors": wrong}, times=2)
    with pytest.raises(ErrorException) as theirs:
        sdk.message_create(LINE, [ANN], "Dinner?")
    assert [(9, "recipients"), (10, "originator")] == codes(theirs.value)
    with pytest.raises(Rejected) as refused:
        ours.send_direct(ANN, "Dinner?")
    assert ("9", {"errors": wrong}) == (refused.value.code, refused.value.raw)
    assert [[]] == shown(box, ANN)


def test_numbers_as_the_vendor_wants_them(sdk: Any, ours: Client) -> None:
    """Contacts have digits alone: the SDK hands on what it is given, we write what is wanted."""
    with pytest.raises(ErrorException) as plus:
        sdk.contact_create(ANN)
    assert [(10, "msisdn")] == codes(plus.value)
    assert [] == numbers(sdk)
    ours.create_group([ANN, BOB], "Home")
    assert [digits(ANN), digits(BOB)] == numbers(sdk)


def test_a_wrong_key(box: Sandbox) -> None:
    wrong = "wrongwrongwrongwrongwrong"
    with pytest.raises(ErrorException) as theirs:
        messagebird.Client(wrong).group_list()
    assert [(2, "access_key")] == codes(theirs.value)
    with box.connect("messagebird", access_key=wrong) as ours, pytest.raises(AuthenticationFailed) as refused:
        list(ours.list_groups())
    assert ("2", 401) == (refused.value.code, refused.value.status)


def test_a_test_key(box: Sandbox) -> None:
    """What it sends is answered as if it were sent. The SDK does not say that nobody gets it; our receipt does."""
    sent = messagebird.Client(TEST_KEY).message_create(LINE, [ANN], "Dinner?")
    assert 1 == sent.recipients["totalCount"]
    with box.connect("messagebird", access_key=TEST_KEY) as ours:
        receipt = ours.send_direct(ANN, "Dinner?")
    assert [True] == ["test key" in each.done for each in receipt.degradations]
    assert [[]] == shown(box, ANN)
