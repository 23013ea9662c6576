"""The operations, through the clients, against a vendor that answers an httpx transport."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import anyio
import attrs
import httpx
import pytest
from acme import (
    ALICE,
    BOB,
    CAPABILITIES,
    CAROL,
    LINE,
    SECRET,
    WAYS,
    AcmeMessenger,
    Answer,
    Vendor,
    World,
    says,
    world,
)

from groupmessenger import AsyncClient, Client
from groupmessenger.driving import ForeignAwait
from groupmessenger.errors import (
    AuthenticationFailed,
    BroadcastRefused,
    ConfigurationError,
    GroupMessengerError,
    GroupNotFound,
    GroupPending,
    InvalidInput,
    LimitExceeded,
    NotReached,
    Outcome,
    OutcomeUnknown,
    ProviderUnavailable,
    Rejected,
    UnsupportedOperation,
    WrongConnection,
)
from groupmessenger.events import Event
from groupmessenger.groups import Group, Topology
from groupmessenger.messages import (
    Absent,
    Attempt,
    CannotTell,
    Degradation,
    Found,
    GroupReceipt,
    Message,
    Proof,
    Receipt,
    Sighting,
    Status,
)
from groupmessenger.messenger import GroupMessenger
from groupmessenger.phone import Address, Member, PhoneNumber
from groupmessenger.provider import Request, ask

FRIENDS = [ALICE, BOB]


@pytest.fixture(params=WAYS)
def here(request: pytest.FixtureRequest) -> Iterator[World]:
    """Each way to use a client."""
    with world(request.param) as opened:
        yield opened


@pytest.fixture
def vendor() -> Vendor:
    return Vendor()


@pytest.fixture
def client(vendor: Vendor) -> Iterator[Client]:
    """The blocking client; both run the same flows."""
    with Client(AcmeMessenger(line=LINE, api_key=SECRET), http=vendor.transport(), patience=5) as opened:
        yield opened


@pytest.fixture
def group(client: Client) -> Group:
    """A group that is there already, known with its members."""
    return client.send(client.create_group(FRIENDS), "first").group


# --- from the first message to the last


def test_a_group_from_its_first_message_on(here: World, vendor: Vendor) -> None:
    """Created, sent to, read, changed, listed, asked after, deleted: the same on every client."""
    client = here.connect(vendor)
    pending = client.create_group(FRIENDS, name=" Dinner ")
    assert (True, "Dinner", Topology.SHARED_THREAD) == (pending.pending, pending.name, pending.topology)
    receipt = client.send(pending, "Dinner at eight?")
    group = receipt.group
    assert (False, "g1", Status.ACCEPTED) == (group.pending, group.id, receipt.status)
    assert (PhoneNumber(ALICE), PhoneNumber(BOB)) == receipt.recipients
    assert vendor.messages[0]["token"] == receipt.token != ""
    assert "Dinner" == client.get_group("g1").name
    group = client.add_members(group, [CAROL])
    assert (ALICE, BOB, CAROL) == tuple(map(str, group.members))
    group = client.remove_members(group, [BOB])
    assert (ALICE, CAROL) == tuple(map(str, group.members))
    assert "Lunch" == client.rename_group(group, "Lunch").name
    assert ["g1"] == [each.id for each in client.list_groups()]
    assert Status.DELIVERED is client.get_status(receipt).status
    assert Status.DELIVERED is client.get_status(receipt.id).status
    assert client.capabilities.can("delete_group")
    client.delete_group(group)
    with pytest.raises(GroupNotFound):
        client.send(group, "anybody?")
    assert ["Dinner at eight?"] == vendor.texts
    assert 1 == len(vendor.tokens), "one access token for everything"


class Listing(AcmeMessenger):
    """Its receipts have a list where a tuple is meant."""

    async def send(self, group: Group, message: Message, token: str) -> GroupReceipt:
        degraded: Any = [Degradation("text", "shortened")]
        return attrs.evolve(await super().send(group, message, token), degradations=degraded)

    async def send_direct(self, to: Address, message: Message, token: str) -> Receipt:
        degraded: Any = [Degradation("text", "shortened")]
        return attrs.evolve(await super().send_direct(to, message, token), degradations=degraded)


def test_a_receipt_with_a_list_is_no_error_after_the_message_left(vendor: Vendor) -> None:
    with Client(Listing(line=LINE, api_key=SECRET), http=vendor.transport(), patience=5) as client:
        receipts = client.send(client.create_group(FRIENDS), "first"), client.send_direct(ALICE, "psst")
    assert [(Degradation("text", "shortened"),)] * 2 == [receipt.degradations for receipt in receipts]


def test_one_person_is_texted_privately(here: World, vendor: Vendor) -> None:
    client = here.connect(vendor, region="US")
    for to in (ALICE, "(312) 555-0101", PhoneNumber(ALICE), Member(PhoneNumber(ALICE), "Alice")):
        receipt = client.send_direct(to, "psst")
        assert (PhoneNumber(ALICE),) == receipt.recipients
    assert [[ALICE]] * 4 == [message["to"] for message in vendor.messages]
    assert 4 == len({message["token"] for message in vendor.messages})


def test_a_plan_asks_nobody(here: World, vendor: Vendor) -> None:
    client = here.connect(vendor)
    assert client.plan(client.create_group(FRIENDS), "hi").ok
    assert Message("hi") == client.plan(client.group("g9"), "hi").message
    group = client.group("g9")
    assert (None, "g9", Topology.SHARED_THREAD) == (group.members, group.id, group.topology)
    assert client.capabilities_of(client.group("g9")).can("send")
    assert [] == vendor.seen


# --- opening a group once


def test_ten_threads_open_one_group(vendor: Vendor) -> None:
    """Sending to what `create_group` returned, at the same time, reaches one thread."""
    vendor.pause = 0.005
    with Client(AcmeMessenger(line=LINE, api_key=SECRET), http=vendor.transport()) as client:
        pending = client.create_group(FRIENDS)
        with ThreadPoolExecutor(10) as pool:
            receipts = list(pool.map(lambda n: client.send(pending, str(n)), range(10)))
    assert ({"g1"}, 10, 1) == ({receipt.group.id for receipt in receipts}, len(vendor.messages), len(vendor.groups))
    assert 1 == len(vendor.tokens)


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_ten_tasks_open_one_group(vendor: Vendor, backend: str) -> None:
    vendor.pause = 0.005
    groups: set[Group] = set()

    async def main() -> None:
        messenger = AcmeMessenger(line=LINE, api_key=SECRET)
        async with AsyncClient(messenger, http=vendor.async_transport()) as client:
            pending = await client.create_group(FRIENDS)

            async def send(number: int) -> None:
                groups.add((await client.send(pending, str(number))).group)

            async with anyio.create_task_group() as tasks:
                for number in range(10):
                    tasks.start_soon(send, number)

    anyio.run(main, backend=backend)
    assert (1, 10, 1) == (len(groups), len(vendor.messages), len(vendor.groups))
    assert 1 == len(vendor.tokens)


def test_another_order_of_members_is_the_same_group(client: Client, vendor: Vendor) -> None:
    client.send(client.create_group([ALICE, BOB]), "one")
    client.send(client.create_group([BOB, ALICE]), "two")
    assert 1 == len(vendor.groups)


def test_a_first_message_that_was_refused_leaves_the_group_to_be_opened(client: Client, vendor: Vendor) -> None:
    pending = client.create_group(FRIENDS)
    vendor.answer("POST /messages", says(400, error="not now"))
    with pytest.raises(Rejected):
        client.send(pending, "one")
    assert "g1" == client.send(pending, "two").group.id


def test_a_pending_group_cannot_be_changed(client: Client, vendor: Vendor) -> None:
    """It is made by its first message; after that the old value serves as well."""
    pending = client.create_group(FRIENDS)
    operations: list[Any] = [
        lambda: client.get_group(pending),
        lambda: client.add_members(pending, [CAROL]),
        lambda: client.remove_members(pending, [BOB]),
        lambda: client.rename_group(pending, "x"),
        lambda: client.leave_group(pending),
        lambda: client.delete_group(pending),
    ]
    for operation in operations:
        with pytest.raises(GroupPending):
            operation()
    assert [] == vendor.seen
    client.send(pending, "first")
    assert "g1" == client.get_group(pending).id


def test_the_value_a_group_began_as_knows_its_members(client: Client, vendor: Vendor) -> None:
    """Else somebody added and then removed by that value would be passed over as not there."""
    pending = client.create_group(FRIENDS)
    client.send(pending, "first")
    client.add_members(pending, [CAROL])
    client.remove_members(pending, [CAROL])
    assert FRIENDS == vendor.groups["g1"]["members"]


def test_a_group_that_is_gone_is_forgotten(client: Client, vendor: Vendor) -> None:
    """The same people can have another one."""
    group = client.send(client.create_group(FRIENDS), "first").group
    client.delete_group(group)
    vendor.groups["g1"] = {"id": "g1", "members": [], "name": "kept, so that ids differ"}
    assert "g2" == client.send(client.create_group(FRIENDS), "second").group.id


# --- what is refused before any request


@pytest.mark.parametrize(
    "group",
    [
        Group("other", LINE, "g1"),
        Group("acme", "+13125550199", "g1"),
    ],
)
def test_a_group_of_another_connection_is_refused(client: Client, vendor: Vendor, group: Group) -> None:
    """Another provider's, or another line's."""
    operations: list[Any] = [
        lambda: client.send(group, "x"),
        lambda: client.plan(group, "x"),
        lambda: client.capabilities_of(group),
        lambda: client.get_group(group),
        lambda: client.add_members(group, [CAROL]),
        lambda: client.delete_group(group),
    ]
    for operation in operations:
        with pytest.raises(WrongConnection):
            operation()
    assert [] == vendor.seen


def test_members_are_other_people(client: Client) -> None:
    """A list of them, at least one, and not ourselves."""
    for wrong, words in (
        ([], "at least one"),
        ([ALICE, LINE], "your own line"),
        (ALICE, "in brackets"),
        ([ALICE, "12"], "not a phone number"),
    ):
        with pytest.raises(InvalidInput, match=words):
            client.create_group(wrong)
    with pytest.raises(InvalidInput, match="your own line"):
        client.send_direct(LINE, "x")
    group = client.group("g1")
    with pytest.raises(InvalidInput, match="your own line"):
        client.add_members(group, [LINE])


def test_a_group_too_large_or_too_small_is_not_made(client: Client) -> None:
    with pytest.raises(LimitExceeded, match=r"6 recipients: Acme takes at most 5 \(Acme's papers\)"):
        client.create_group([f"+1312555020{n}" for n in range(6)])
    with pytest.raises(LimitExceeded, match="at least 2"):
        client.create_group([ALICE])


def test_too_many_members_are_refused_before_a_request(client: Client, vendor: Vendor, group: Group) -> None:
    """Those who are in it already count once, and do not hurt."""
    assert group == client.add_members(group, FRIENDS)
    assert group == client.remove_members(group, [CAROL])
    vendor.seen.clear()
    with pytest.raises(LimitExceeded):
        client.add_members(group, [f"+1312555020{n}" for n in range(4)])
    assert [] == vendor.seen


def test_members_not_known_are_left_to_the_provider(client: Client, vendor: Vendor, group: Group) -> None:
    """A group known by its id alone."""
    known = client.group(group.id)
    members = client.add_members(known, [ALICE, CAROL]).members or ()
    assert CAROL in map(str, members)
    assert CAROL not in map(str, client.remove_members(known, [CAROL]).members or ())


@pytest.mark.parametrize("word", ["shared_thread", Topology.SHARED_THREAD, None])
def test_a_topology_that_is_the_provider_s_is_consent(client: Client, word: Topology | str | None) -> None:
    assert Topology.SHARED_THREAD is client.create_group(FRIENDS, topology=word).topology


def test_a_broadcast_is_not_made_where_a_thread_is(client: Client) -> None:
    with pytest.raises(BroadcastRefused, match="private copies to each member wanted, but Acme sends one shared"):
        client.create_group(FRIENDS, topology="broadcast")


def test_a_thread_is_not_made_where_a_broadcast_is() -> None:
    @attrs.frozen
    class Caster(AcmeMessenger):
        capabilities = attrs.evolve(CAPABILITIES, topology=Topology.BROADCAST)

    with (
        Client(Caster(line=LINE, api_key=SECRET), http=Vendor().transport()) as client,
        pytest.raises(BroadcastRefused, match="one shared thread wanted, but Acme sends private copies"),
    ):
        client.create_group(FRIENDS, topology=Topology.SHARED_THREAD)


def test_a_topology_nobody_knows_is_named(client: Client) -> None:
    with pytest.raises(InvalidInput, match="one of shared_thread, broadcast"):
        client.create_group(FRIENDS, topology="ring")


def test_an_operation_the_provider_has_not_is_refused(client: Client, vendor: Vendor, group: Group) -> None:
    """`leave_group` is not overridden by Acme's adapter."""
    vendor.seen.clear()
    with pytest.raises(UnsupportedOperation, match="Acme cannot leave group"):
        client.leave_group(group)
    alone = attrs.evolve(group, members=(Member(ALICE),))
    with pytest.raises(UnsupportedOperation, match="remove members: groups of three or more"):
        client.remove_members(alone, [ALICE])
    assert [] == vendor.seen


def test_a_group_may_be_left(vendor: Vendor, group: Group) -> None:
    """Where the adapter has it; it gets the group as it is by now."""
    left: list[Group] = []

    @attrs.frozen
    class Leaving(AcmeMessenger):
        async def leave_group(self, group: Group) -> None:
            left.append(group)

    with Client(Leaving(line=LINE, api_key=SECRET), http=vendor.transport()) as client:
        client.leave_group(group)
    assert [group] == left


@attrs.frozen
class Bare(GroupMessenger):
    """A provider with nothing but its interface."""

    name = "bare"
    title = "Bare"
    capabilities = attrs.evolve(CAPABILITIES, flags={})
    line: str = LINE
    base_url: str = "https://bare.example"


def test_an_adapter_that_overrides_nothing_can_do_nothing(here: World, vendor: Vendor) -> None:
    """Every operation says so, by name, before any request."""
    client = here.connect(vendor, Bare())
    group = Group("bare", LINE, "g1")
    attempt = Attempt(
        token="t", provider="bare", line=LINE, message=Message("x"), leave_from=datetime.now(UTC), leave_by=_now()
    )
    operations: dict[str, Any] = {
        "create group": lambda: client.create_group(FRIENDS),
        "send": lambda: client.send(group, "x"),
        "send direct": lambda: client.send_direct(ALICE, "x"),
        "get group": lambda: client.get_group(group),
        "list groups": lambda: client.list_groups(),
        "add members": lambda: client.add_members(group, FRIENDS),
        "remove members": lambda: client.remove_members(group, FRIENDS),
        "rename group": lambda: client.rename_group(group, "x"),
        "leave group": lambda: client.leave_group(group),
        "delete group": lambda: client.delete_group(group),
        "get status": lambda: client.get_status("m1"),
        "cancel scheduled": lambda: client.cancel_scheduled("m1"),
    }
    for words, operation in operations.items():
        with pytest.raises(UnsupportedOperation, match=f"Bare cannot {words}"):
            operation()
    assert CannotTell("Bare has no way to look for a message") == client.find_sent(attempt)
    with pytest.raises(UnsupportedOperation, match="Bare keeps no group names"):
        client.create_group(FRIENDS, name="x")
    assert [] == vendor.seen


def _now() -> datetime:
    return datetime.now(UTC)


def test_the_interface_s_own_operations_refuse() -> None:
    """An adapter may call what it inherits; the answer is the same error."""
    messenger = Bare()
    group = Group("bare", LINE, "g1")
    flows = [
        messenger.create_group((), None),
        messenger.send(group, Message("x"), "t"),
        messenger.send_direct(PhoneNumber(ALICE), Message("x"), "t"),
        messenger.get_group(group),
        messenger.list_groups(),
        messenger.add_members(group, ()),
        messenger.remove_members(group, ()),
        messenger.rename_group(group, "x"),
        messenger.leave_group(group),
        messenger.delete_group(group),
        messenger.get_status("m1"),
        messenger.cancel_scheduled("m1"),
    ]
    for flow in flows:
        with pytest.raises(UnsupportedOperation, match="Bare cannot"):
            flow.send(None)


def test_a_name_is_measured_and_stripped(client: Client, group: Group) -> None:
    assert "x" * 20 == client.rename_group(group, f" {'x' * 20} ").name
    with pytest.raises(LimitExceeded):
        client.rename_group(group, "x" * 21)
    with pytest.raises(InvalidInput, match="not blank"):
        client.rename_group(group, " ")
    with pytest.raises(InvalidInput, match="not blank"):
        client.create_group(FRIENDS, name="")


def test_a_violation_is_raised_before_anything_leaves(client: Client, vendor: Vendor, group: Group) -> None:
    vendor.seen.clear()
    with pytest.raises(LimitExceeded, match="401 characters in the text"):
        client.send(group, "x" * 401)
    with pytest.raises(LimitExceeded):
        client.send_direct(ALICE, "x" * 401)
    assert [] == vendor.seen


def test_what_is_left_out_is_on_the_receipt(client: Client, vendor: Vendor, group: Group) -> None:
    """The message leaves without it; a strict client refuses."""
    receipt = client.send(group, Message("x", effect="snow"))
    assert ["effect"] == [each.feature for each in receipt.degradations]
    assert None is vendor.messages[-1]["effect"]
    private = client.send_direct(ALICE, Message("x", effect="snow"))
    assert ["effect"] == [each.feature for each in private.degradations]
    with (
        Client(AcmeMessenger(line=LINE, api_key=SECRET), http=vendor.transport(), strict=True) as strict,
        pytest.raises(UnsupportedOperation, match="would not carry the effect"),
    ):
        strict.send(group, Message("x", effect="snow"))


# --- settings of a client


@pytest.mark.parametrize("way", ["blocking", "asyncio"])
def test_a_client_names_every_number_that_cannot_be(way: str) -> None:
    with world(way) as here, pytest.raises(ConfigurationError) as caught:
        here.connect(Vendor(), timeout=0, patience=-1, settle_after=-0.5)
    assert ["timeout", "patience", "settle_after"] == [problem.key for problem in caught.value.problems]


@pytest.mark.parametrize("value", [float("inf"), float("nan")])
def test_a_wait_without_an_end_cannot_be(value: float) -> None:
    """`leave_by` is a time, so that there has to be one."""
    with pytest.raises(ConfigurationError, match="patience"):
        Client(AcmeMessenger(line=LINE, api_key=SECRET), patience=value)


def test_limits_of_a_connection_go_before_the_provider_s(vendor: Vendor) -> None:
    messenger = AcmeMessenger(line=LINE, api_key=SECRET)
    with Client(messenger, http=vendor.transport(), limits={"recipients": 2}) as client:
        with pytest.raises(LimitExceeded, match=r"at most 2 \(this connection's limits"):
            client.create_group([ALICE, BOB, CAROL])
        assert client.create_group(FRIENDS).pending
    with pytest.raises(ConfigurationError, match=r"limits\.people"):
        Client(messenger, limits={"people": 2})


def test_a_closed_client_refuses(here: World, vendor: Vendor) -> None:
    """Without a warning about what was not awaited."""
    client = here.connect(vendor)
    client.close()
    for operation in (lambda: client.send(client.group("g1"), "x"), lambda: list(client.list_groups())):
        with pytest.raises(ConfigurationError, match="closed"):
            operation()
    client.close()


# --- in doubt


def test_a_lost_answer_leaves_a_storable_attempt(here: World, vendor: Vendor) -> None:
    """Loaded in another process, it finds the message; nothing was sent twice."""
    client = here.connect(vendor)
    pending = client.create_group(FRIENDS, name="Dinner")
    vendor.answer("POST /messages", vendor.lose)
    with pytest.raises(OutcomeUnknown) as caught:
        client.send(pending, "once")
    assert Outcome.UNKNOWN is caught.value.outcome
    attempt = caught.value.attempt
    assert attempt is not None
    assert (Message("once"), pending, "acme", LINE, None) == (
        attempt.message,
        attempt.group,
        attempt.provider,
        attempt.line,
        attempt.provider_id,
    )
    assert attempt.leave_from < attempt.leave_by == attempt.leave_from + timedelta(seconds=35)
    elsewhere = here.connect(vendor)
    sighting = elsewhere.find_sent(Attempt.load(attempt.dump()))
    assert isinstance(sighting, Found)
    assert isinstance(sighting.receipt, GroupReceipt)
    assert (Proof.TOKEN, "m1", attempt.token, "g1") == (
        sighting.proof,
        sighting.receipt.id,
        sighting.receipt.token,
        sighting.receipt.group.id,
    )
    assert "g1" == elsewhere.send(pending, "again").group.id, "the group it opened is remembered"
    assert (["once", "again"], 1) == (vendor.texts, len(vendor.groups))


def test_a_lost_private_text_can_be_looked_for(client: Client, vendor: Vendor) -> None:
    vendor.answer("POST /messages", vendor.lose)
    with pytest.raises(OutcomeUnknown) as caught:
        client.send_direct(ALICE, "once")
    assert caught.value.attempt is not None
    attempt = Attempt.load(caught.value.attempt.dump())
    assert (PhoneNumber(ALICE), None) == (attempt.to, attempt.group)
    assert isinstance(client.find_sent(attempt), Found)


def test_what_was_found_is_found_again(client: Client, vendor: Vendor) -> None:
    """Its own id is not counted among the other messages: else the second look would say Absent."""
    vendor.answer("POST /messages", vendor.lose)
    with pytest.raises(OutcomeUnknown) as caught:
        client.send(client.create_group(FRIENDS), "once")
    assert caught.value.attempt is not None
    for _ in range(2):
        assert isinstance(client.find_sent(caught.value.attempt), Found)


def test_what_was_sent_is_found(vendor: Vendor) -> None:
    """An attempt that was stored before it left, and settled later by the same client."""
    stored: list[str] = []

    class Storing:
        carry = None

        def before_send(self, attempt: Attempt) -> None:
            stored.append(attempt.dump())

        def after_send(self, attempt: Attempt, result: Receipt | GroupMessengerError) -> None:
            pass

        def on_event(self, event: Event) -> None:
            pass

        def on_outbox(self, stats: object) -> None:
            pass

    messenger = AcmeMessenger(line=LINE, api_key=SECRET)
    with Client(messenger, http=vendor.transport(), observers=Storing()) as client:
        client.send(client.create_group(FRIENDS), "once")
        assert isinstance(client.find_sent(Attempt.load(stored[0])), Found)


def test_our_other_messages_never_match(vendor: Vendor) -> None:
    """Ids of messages this client sent are known to be others, and so are those the caller names."""
    known: list[Collection[str]] = []

    @attrs.frozen
    class Watched(AcmeMessenger):
        async def find_sent(self, attempt: Attempt, others: Collection[str]) -> Sighting:
            known.append(others)
            return CannotTell("only looking")

    with Client(Watched(line=LINE, api_key=SECRET), http=vendor.transport()) as client:
        first = client.send(client.create_group(FRIENDS), "one")
        client.send_direct(ALICE, "two")
        vendor.answer("POST /messages", vendor.lose)
        with pytest.raises(OutcomeUnknown) as caught:
            client.send(first.group, "three")
        assert caught.value.attempt is not None
        assert CannotTell("only looking") == client.find_sent(caught.value.attempt, known=["m9"])
    assert [{"m1", "m2", "m9"}] == [set(each) for each in known]


def test_absence_is_believed_after_the_settle_time_alone(client: Client, vendor: Vendor) -> None:
    """Until then the message may still be under way."""
    now = datetime.now(UTC)
    old = Attempt(
        token="t",
        provider="acme",
        line=LINE,
        message=Message("x"),
        to=PhoneNumber(ALICE),
        leave_from=now - timedelta(seconds=700),
        leave_by=now - timedelta(seconds=601),
    )
    assert Absent() == client.find_sent(old)
    sighting = client.find_sent(attrs.evolve(old, leave_by=now - timedelta(seconds=590)))
    assert isinstance(sighting, CannotTell)
    assert f"ask again after {now + timedelta(seconds=10):%H:%M:%S} UTC" in sighting.why


def test_a_connection_may_settle_sooner(vendor: Vendor) -> None:
    """`settle_after`, as the sandbox sets it."""
    messenger = AcmeMessenger(line=LINE, api_key=SECRET)
    with Client(messenger, http=vendor.transport(), timeout=0.01, patience=0, settle_after=0) as client:
        vendor.answer("POST /messages", httpx.ReadError("lost"))
        with pytest.raises(OutcomeUnknown) as caught:
            client.send_direct(ALICE, "x")
        assert caught.value.attempt is not None
        threadless = attrs.evolve(caught.value.attempt, leave_by=datetime.now(UTC))
        assert Absent() == client.find_sent(threadless)
        assert 0 == client.capabilities.settle


@pytest.mark.parametrize("change", [{"provider": "other"}, {"line": "+13125550199"}])
def test_an_attempt_of_another_connection_is_refused(client: Client, vendor: Vendor, change: dict[str, Any]) -> None:
    attempt = Attempt(token="t", provider="acme", line=LINE, message=Message("x"), leave_from=_now(), leave_by=_now())
    with pytest.raises(WrongConnection):
        client.find_sent(attrs.evolve(attempt, **change))
    assert [] == vendor.seen


@pytest.mark.parametrize(
    "answer",
    [
        says(200),
        says(200, to=5, id="m1"),
        says(200, to=["12"], id="m1", group="g1"),
    ],
)
def test_an_adapter_that_cannot_read_an_answer_leaves_it_unknown(here: World, vendor: Vendor, answer: Answer) -> None:
    """A KeyError, a TypeError, even an InvalidInput of a value of theirs: the message may have gone out."""
    client = here.connect(vendor)
    vendor.answer("POST /messages", answer)
    with pytest.raises(OutcomeUnknown, match="its answer could not be read") as caught:
        client.send(client.create_group(FRIENDS), "once")
    assert caught.value.attempt is not None
    assert Message("once") == caught.value.attempt.message


def test_an_id_in_a_doubtful_answer_is_kept_with_the_attempt(vendor: Vendor) -> None:
    @attrs.frozen
    class Doubtful(AcmeMessenger):
        async def send_direct(self, to: Address, message: Message, token: str) -> Receipt:
            raise OutcomeUnknown("odd", provider_id="m7")

    with Client(Doubtful(line=LINE, api_key=SECRET), http=vendor.transport()) as client:
        with pytest.raises(OutcomeUnknown) as caught:
            client.send_direct(ALICE, "x")
        assert caught.value.attempt is not None
        assert "m7" == caught.value.attempt.provider_id


def test_an_adapter_that_awaits_something_else_is_told_so(vendor: Vendor) -> None:
    """That is a mistake in the adapter, not a doubt about the message."""

    class Foreign:
        def __await__(self) -> Any:
            yield self

    @attrs.frozen
    class Sleepy(AcmeMessenger):
        async def send_direct(self, to: Address, message: Message, token: str) -> Receipt:
            await Foreign()
            raise AssertionError

    with (
        Client(Sleepy(line=LINE, api_key=SECRET), http=vendor.transport()) as client,
        pytest.raises(ForeignAwait),
    ):
        client.send_direct(ALICE, "x")


def test_what_surely_did_not_happen_is_said_so(here: World, vendor: Vendor) -> None:
    """Each failure becomes the error of its kind, NOT_SENT, and nothing was accepted."""
    client = here.connect(vendor, patience=0)
    pending = client.create_group(FRIENDS)
    failures: list[tuple[Any, type[GroupMessengerError]]] = [
        (httpx.ConnectError("refused"), NotReached),
        (says(400, error="no"), Rejected),
        (says(302), ConfigurationError),
    ]
    for answer, kind in failures:
        vendor.answer("POST /messages", answer)
        with pytest.raises(kind) as caught:
            client.send(pending, "x")
        assert (kind, Outcome.NOT_SENT) == (type(caught.value), caught.value.outcome)
    assert [] == vendor.messages


def test_a_token_that_ended_is_renewed_once_for_everybody(vendor: Vendor) -> None:
    """Ten threads meet a 401 with the same token: one new token."""
    vendor.pause = 0.003
    with Client(AcmeMessenger(line=LINE, api_key=SECRET), http=vendor.transport()) as client:
        group = client.send(client.create_group(FRIENDS), "first").group
        vendor.revoked.add(vendor.tokens[0])
        with ThreadPoolExecutor(10) as pool:
            list(pool.map(lambda n: client.send(group, str(n)), range(10)))
    assert (11, 2) == (len(vendor.messages), len(vendor.tokens))


def test_credentials_that_are_wrong_are_refused(vendor: Vendor) -> None:
    with (
        Client(AcmeMessenger(line=LINE, api_key="wrong"), http=vendor.transport()) as client,
        pytest.raises(AuthenticationFailed),
    ):
        client.send_direct(ALICE, "x")


# --- reading


def test_a_listing_is_a_request_a_page_and_none_ahead(here: World, vendor: Vendor) -> None:
    for number in range(5):
        vendor.open([ALICE, BOB], f"group {number}")
    client = here.connect(vendor)
    listing = client.list_groups()
    assert 0 == vendor.seen.count("GET /groups")
    seen = []
    for expected in (1, 1, 2, 2, 3):
        seen.append(next(listing).id)
        assert expected == vendor.seen.count("GET /groups")
    assert ["g1", "g2", "g3", "g4", "g5"] == seen
    assert [] == list(listing)
    assert 3 == vendor.seen.count("GET /groups"), "one a page, none a group"


def test_a_status_needs_an_id(client: Client, vendor: Vendor) -> None:
    """A provider may have given none for this message."""
    for nothing in ("", Receipt(id="", status=Status.ACCEPTED)):
        with pytest.raises(InvalidInput, match="no message id"):
            client.get_status(nothing)
    assert [] == vendor.seen


def test_a_question_without_an_answer_may_be_asked_again(client: Client, vendor: Vendor, group: Group) -> None:
    vendor.answer("GET /groups", *[httpx.ReadError("lost")] * 3)
    with pytest.raises(ProviderUnavailable):
        client.get_group(group)
    assert "g1" == client.get_group(group).id


def test_a_plan_can_be_made_of_people(here: World, vendor: Vendor) -> None:
    """As for the group that they would be, and with no request; the kind wanted is held against the provider's."""
    client = here.connect(vendor)
    assert client.plan(FRIENDS, "Hi").ok
    assert client.plan([ALICE], "Hi").violations[0].name == "min_recipients"
    refused = client.plan(FRIENDS, "Hi", Topology.BROADCAST)
    assert [BroadcastRefused] == list(map(type, refused.violations))
    with pytest.raises(InvalidInput, match="your own line"):
        client.plan([ALICE, LINE], "Hi")
    assert [] == vendor.seen


def test_a_private_text_can_be_planned(here: World, vendor: Vendor) -> None:
    client = here.connect(vendor)
    assert (True, 1, False) == (
        (found := client.plan_direct(ALICE, "Hi")).ok,
        found.billable_units,
        found.exposes_numbers,
    )
    assert not client.plan_direct(ALICE, "x" * 401).ok
    assert [] == vendor.seen


def test_a_scheduled_message_is_cancelled_by_its_id(here: World, vendor: Vendor) -> None:
    """By receipt or id; a receipt without an id is an error of its own."""

    @attrs.frozen
    class Cancelling(AcmeMessenger):
        async def cancel_scheduled(self, message_id: str) -> None:
            await ask(Request("DELETE", f"/groups/{message_id}", repeatable=True, answer="anything"))

    client = here.connect(vendor, Cancelling(line=LINE, api_key=SECRET))
    scheduled = vendor.open(FRIENDS)
    client.cancel_scheduled(Receipt(id=scheduled, status=Status.SCHEDULED))
    assert {} == vendor.groups
    with pytest.raises(InvalidInput, match="no message id"):
        client.cancel_scheduled("")
    vendor.answer("DELETE /groups", *[httpx.ReadError("lost")] * 3)
    with pytest.raises(OutcomeUnknown):
        client.cancel_scheduled("g7")
