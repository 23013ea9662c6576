"""How much Bandwidth takes: held here, before any request, and each number with who says so."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

import httpx
import pytest
from groupmessenger_bandwidth import BandwidthMessenger
from groupmessenger_bandwidth.limits import CAPABILITIES, LONGEST_URL, MOST_RECIPIENTS
from groupmessenger_bandwidth.sandbox import LINE, BandwidthFace
from groupmessenger_bandwidth.sandbox._schema import FIELDS
from hypothesis import example, given, settings
from hypothesis import strategies as st

import groupmessenger as gm
from groupmessenger import Evidence, Grade, Outcome, Topology
from groupmessenger.capabilities import (
    Billing,
    Bound,
    Creation,
    Identity,
    LimitName,
    Lookup,
    Merges,
    OptOut,
    Receipts,
    Unit,
)
from groupmessenger.sandbox import Sandbox

ANN, BOB = "+13125550150", "+13125550151"
PICTURE = "https://example.com/a.jpg"
MESSENGER = BandwidthMessenger(
    line=LINE,
    account_id="9900123",
    application_id="a",
    client_id="i",
    client_secret="s",
    base_url="https://messaging.test/api/v2",
    token_url="https://token.test/oauth2/token",
)

Connect: TypeAlias = Callable[..., Any]


class Counting:
    """A vendor that takes everything, and counts."""

    def __init__(self) -> None:
        self.requests = 0

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.requests += request.url.host != "token.test"
        return httpx.Response(200, json={"access_token": "t", "id": "m1"})

    def connect(self, **options: Any) -> gm.Client:
        return gm.Client(MESSENGER, http=httpx.MockTransport(self), patience=0, **options)


def numbers(count: int) -> list[str]:
    return [f"+1312555{n:04}" for n in range(130, 130 + count)]


def both(*sends: Callable[[], gm.Receipt]) -> tuple[Callable[[], gm.Receipt], ...]:
    """To a group and to one person."""
    return sends


def features(receipt: gm.Receipt) -> list[str]:
    return [each.feature for each in receipt.degradations]


# Against the face: at N, and at N + 1


@pytest.mark.parametrize("counts_line", [False, True])
@pytest.mark.parametrize("count", [2, 9, 10, 11])
def test_people(connect: Connect, count: int, counts_line: bool) -> None:
    """Nine silently, ten with a warning, and if that was wrong nobody is texted; eleven are refused here."""
    with Sandbox(doubts={"bandwidth.most_recipients": 9 if counts_line else 10}) as box:
        client = connect(box)
        if count > 10:
            with pytest.raises(gm.LimitExceeded) as raised:
                client.create_group(numbers(count))
            assert (raised.value.name, raised.value.limit, raised.value.asked) == ("recipients", 10, 11)
            assert box.log == []
            return
        group = client.create_group(numbers(count))
        if count == 10 and counts_line:
            with pytest.raises(gm.Rejected) as refused:
                client.send(group, "Hello")
            assert refused.value.outcome is Outcome.NOT_SENT
        else:
            assert features(client.send(group, "Hello")) == ["recipients"] * (count == 10)
        shown = [box.phones[number].texts for number in numbers(count)]
        assert shown == [[] if count == 10 and counts_line else ["Hello"]] * count


def test_ten_strictly(connect: Connect) -> None:
    """Who wants no doubt has nine."""
    vendor = Counting()
    client = connect(vendor, strict=True)
    client.send(client.create_group(numbers(9)), "Hello")
    with pytest.raises(gm.LimitExceeded) as raised:
        client.create_group(numbers(10))
    assert (raised.value.limit, raised.value.asked, vendor.requests) == (9, 10, 1)


@pytest.mark.parametrize("most", [9, 10, 11])
def test_people_of_the_connection(connect: Connect, most: int) -> None:
    """Who knows their account's limit sets it; it is then certain, for groups from a store as well."""
    vendor = Counting()
    client = connect(vendor, limits={"recipients": most})
    assert features(client.send(client.create_group(numbers(most)), "Hello")) == []
    with pytest.raises(gm.LimitExceeded, match="this connection's limits"):
        client.create_group(numbers(most + 1))
    stored = gm.Group.of_members(
        "bandwidth", LINE, map(gm.Member, numbers(most + 1)), pending=False, topology=Topology.SHARED_THREAD
    )
    with pytest.raises(gm.LimitExceeded):
        client.send(stored, "Hello")
    assert vendor.requests == 1


def test_eleven_allowed_are_the_vendors_to_refuse(connect: Connect) -> None:
    """A limit that was set too high comes back as a refusal, or as the failure of each."""
    for reading, kind in (("400", gm.Rejected), ("4435", None), ("4735", None)):
        with Sandbox(doubts={"bandwidth.too_many": reading}) as box:
            client = connect(box, limits={"recipients": 11})
            group = client.create_group(numbers(11))
            if kind is not None:
                with pytest.raises(kind):
                    client.send(group, "Hello")
            else:
                receipt = client.send(group, "Hello")
                box.clock.advance(60)
                reasons = {event.reason for event in client.get_status(receipt).failed}
                assert reasons == {gm.FailureReason.TOO_MANY_RECIPIENTS}
            assert [phone.texts for phone in box.phones if phone.texts] == []


@pytest.mark.parametrize("length", [1, 1000, 1001, 2048, 2049])
def test_text(box: Sandbox, connect: Connect, length: int) -> None:
    """2,048 characters; in a group more than 1,000 with a warning, since an MMS had better not be longer."""
    client, text = connect(box), "é" * length
    group = client.create_group([ANN, BOB])
    if length > 2048:
        for send in both(lambda: client.send(group, text), lambda: client.send_direct(ANN, text)):
            with pytest.raises(gm.LimitExceeded) as raised:
                send()
            assert (raised.value.name, raised.value.limit, raised.value.asked) == ("text", 2048, 2049)
            assert "ééé" not in str(raised.value)
        assert box.log == []
        return
    assert bool(features(client.send(group, text))) is (length > 1000)
    assert features(client.send_direct(ANN, text)) == []
    assert box.phones[ANN].texts == [text, text]


@given(st.text(st.sampled_from("aé€中👍"), min_size=1, max_size=5), st.sampled_from([-1, 0, 1]))
@settings(max_examples=20)
@example("👍", 0)
@example("👍", 1)
def test_characters(end: str, past: int) -> None:
    """Characters are counted, not bytes: an emoji is one."""
    text = "a" * (2048 + past - len(end)) + end
    with Counting().connect() as client:
        assert client.plan_direct(ANN, text).ok is (past <= 0)


@pytest.mark.parametrize("count", [1, 10, 11])
def test_media(box: Sandbox, connect: Connect, count: int) -> None:
    """Ten media, to a group and to one person."""
    client = connect(box)
    message = gm.Message("See", [f"{PICTURE}?{n}" for n in range(count)])
    group = client.create_group([ANN, BOB])
    for send in both(lambda: client.send(group, message), lambda: client.send_direct(ANN, message)):
        if count <= 10:
            assert features(send()) == []
        else:
            with pytest.raises(gm.LimitExceeded) as raised:
                send()
            assert (raised.value.name, raised.value.limit, raised.value.asked) == ("media", 10, 11)
    assert len(box.phones[ANN].texts) == (2 if count <= 10 else 0)
    assert bool(box.log) is (count <= 10)


@pytest.mark.parametrize("length", [4096, 4097])
def test_media_url(box: Sandbox, connect: Connect, length: int) -> None:
    """URLs of 4,096 characters."""
    client = connect(box)
    url = "https://example.com/" + "a" * (length - 20)
    group = client.create_group([ANN, BOB])
    message = gm.Message("", url)
    for send in both(lambda: client.send(group, message), lambda: client.send_direct(ANN, message)):
        if length == LONGEST_URL:
            send()
        else:
            with pytest.raises(gm.UnsupportedOperation, match="4096") as raised:
                send()
            assert "aaa" not in str(raised.value)
    assert bool(box.log) is (length == LONGEST_URL)


@pytest.mark.parametrize(
    ("sizes", "ok", "warnings"),
    [
        ((500_000,), True, 0),
        ((500_001,), True, 1),
        ((250_000, 250_000), True, 0),
        ((250_000, 250_001), True, 1),
        ((3_500_000,), True, 1),
        ((3_500_001,), False, 1),
        ((3_500_000, 3_500_000), True, 1),
        ((1, 3_500_001), False, 1),
    ],
)
def test_sizes(sizes: tuple[int, ...], ok: bool, warnings: int) -> None:
    """3.5 MB a file; beyond 500 kB in all a warning, since carriers differ and nobody publishes more."""
    message = gm.Message("See", [gm.Media(f"{PICTURE}?{size}", size=size) for size in sizes])
    with Counting().connect() as client:
        for plan in (client.plan(client.create_group([ANN, BOB]), message), client.plan_direct(ANN, message)):
            assert (plan.ok, len(plan.degradations)) == (ok, warnings)
            assert [error.name for error in plan.violations if isinstance(error, gm.LimitExceeded)] == (
                [] if ok else ["media_bytes"]
            )
    with Counting().connect(strict=True) as client:
        assert client.plan_direct(ANN, message).ok is (ok and not warnings)


def test_sizes_that_are_not_known() -> None:
    """What is behind a URL cannot be held against a limit, and the plan says so."""
    with Counting().connect() as client:
        plan = client.plan(client.create_group([ANN, BOB]), gm.Message("See", PICTURE))
        assert (plan.ok, plan.unverified) == (True, ("the size of what is behind a media URL",))


@given(st.sampled_from([each for each in CAPABILITIES.limits if not each.per]), st.integers(1, 40), st.integers(1, 40))
@settings(max_examples=60)
def test_override(limit: gm.Limit, most: int, asked: int) -> None:
    """A connection may set every limit itself, where it may lift it; it is then certain, and held the same way."""
    lifted = {"recipients": 100} if limit.name is LimitName.MIN_RECIPIENTS else {}
    vendor = Counting()
    if limit.name is LimitName.MIN_RECIPIENTS and most < 2:
        with pytest.raises(gm.ConfigurationError):
            vendor.connect(limits={limit.name: most})
        return
    with vendor.connect(limits={**lifted, limit.name: most}, strict=True) as client:
        plan: Any
        match limit.name:
            case LimitName.RECIPIENTS | LimitName.MIN_RECIPIENTS:
                group = gm.Group.of_members(
                    "bandwidth", LINE, map(gm.Member, numbers(asked)), pending=False, topology=Topology.SHARED_THREAD
                )
                plan = client.plan(group, "Hello")
            case LimitName.TEXT:
                plan = client.plan_direct(ANN, "n" * asked)
            case LimitName.MEDIA:
                plan = client.plan_direct(ANN, gm.Message("See", [PICTURE] * asked))
            case _:
                plan = client.plan_direct(ANN, gm.Message("See", gm.Media(PICTURE, size=asked)))
    refused = asked < most if limit.bound is Bound.MIN else asked > most
    said = [(error.name, error.limit, error.asked) for error in plan.violations]
    expected = [(limit.name, most, asked)] if refused else []
    if limit.name is LimitName.RECIPIENTS and asked < 2:
        expected.append((LimitName.MIN_RECIPIENTS, 2, asked))  # which is as it was
    assert expected == said


@pytest.mark.parametrize("least", [0, 1])
def test_one_number_is_never_a_group(least: int) -> None:
    """A group of one would be a private text: no connection has that, whatever else it lifts."""
    with pytest.raises(gm.ConfigurationError, match="past what the provider itself allows, at least 2") as raised:
        Counting().connect(limits={"min_recipients": least, "recipients": 20})
    assert ["limits.min_recipients"] == [problem.key for problem in raised.value.problems]


@pytest.mark.parametrize("least", [2, 3])
def test_larger_groups_alone(least: int) -> None:
    """A connection may ask for more people."""
    vendor = Counting()
    with vendor.connect(limits={"min_recipients": least}) as client:
        client.send(client.create_group(numbers(least)), "Hello")
        with pytest.raises(gm.LimitExceeded) as raised:
            client.create_group(numbers(least - 1))
    error = raised.value
    assert ("min_recipients", least, least - 1, 1) == (error.name, error.limit, error.asked, vendor.requests)


@pytest.mark.parametrize("name", ["pace", "recipient", "group_name"])
def test_override_of_nothing(name: str) -> None:
    """A limit that there is not, or that is not held, cannot be set."""
    with pytest.raises(gm.ConfigurationError, match=rf"limits\.{name}: no such limit"):
        Counting().connect(limits={name: 3})


# What is said of them


def test_pace() -> None:
    """How fast the account may send is told; Bandwidth queues what is faster, so that it is not held here."""
    with Counting().connect() as client:
        pace = client.capabilities.limit(LimitName.PACE)
        assert pace is not None
        assert (pace.value, pace.per, pace.unit) == (1, 1.0, Unit.PEOPLE)


def test_the_stand_ins_limits_are_these() -> None:
    """The adapter and the stand-in read the same papers."""
    fields = {field.name: field for field in FIELDS}
    values = {str(limit.name): limit.value for limit in CAPABILITIES.limits}
    assert (fields["text"].longest, fields["media"].most) == (values["text"], values["media"])
    assert fields["media"].longest == LONGEST_URL
    (most,) = [doubt.choices for doubt in BandwidthFace.doubts if doubt.name == "most_recipients"]
    assert most == (MOST_RECIPIENTS, MOST_RECIPIENTS - 1)


def test_capabilities() -> None:
    """A shared thread that is its members, which come together without a request; nobody else stops opted-out ones."""
    can = MESSENGER.capabilities
    assert (can.topology, can.identity, can.merges, can.creation) == (
        Topology.SHARED_THREAD,
        Identity.MEMBER_SET,
        Merges.ALWAYS,
        Creation.IMPLICIT,
    )
    assert (can.receipts, can.evidence, can.lookup) == (Receipts.PER_RECIPIENT, Evidence.CARRIER, Lookup.METADATA)
    assert (can.billing, can.opt_out, can.channels) == (Billing.PER_RECIPIENT, OptOut.NOBODY, (gm.Channel.MMS,))
    assert (can.exposes_numbers, can.two_way, can.emails) == (True, True, False)
    assert 73 * 60 * 60 == can.final_after


def test_flags() -> None:
    """What Bandwidth has, has in part, and has not."""
    flags = {name: flag.grade for name, flag in MESSENGER.capabilities.flags.items()}
    assert flags == {
        "create_group": Grade.NATIVE,
        "send": Grade.NATIVE,
        "send_direct": Grade.NATIVE,
        "get_group": Grade.UNSUPPORTED,
        "list_groups": Grade.UNSUPPORTED,
        "add_members": Grade.UNSUPPORTED,
        "remove_members": Grade.UNSUPPORTED,
        "rename_group": Grade.UNSUPPORTED,
        "leave_group": Grade.UNSUPPORTED,
        "delete_group": Grade.UNSUPPORTED,
        "get_status": Grade.PARTIAL,
        "find_sent": Grade.PARTIAL,
        "cancel_scheduled": Grade.UNSUPPORTED,
        "receive": Grade.NATIVE,
        "received_since": Grade.UNSUPPORTED,
        "upload": Grade.PARTIAL,
        "media": Grade.NATIVE,
        "effect": Grade.UNSUPPORTED,
        "reply_to": Grade.UNSUPPORTED,
        "send_at": Grade.UNSUPPORTED,
        "expires_at": Grade.PARTIAL,
        "priority": Grade.PARTIAL,
        "leave_out": Grade.UNSUPPORTED,
        "group_name": Grade.UNSUPPORTED,
    }
