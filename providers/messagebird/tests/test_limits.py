"""How much MessageBird takes: held here, before any request, against its stand-in, and each number with who says so."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import attrs
import httpx
import pytest
from groupmessenger_messagebird import MessageBirdMessenger
from groupmessenger_messagebird.limits import CAPABILITIES
from groupmessenger_messagebird.sandbox import LINE, MessageBirdFace
from groupmessenger_messagebird.sandbox._parts import MOST_PARTS, is_gsm, parts
from hypothesis import example, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

import groupmessenger as gm
from groupmessenger import Grade
from groupmessenger.capabilities import Bound, LimitName
from groupmessenger.sandbox import Sandbox

PICTURE = "https://example.com/a.jpg"
ANN = "+13125550171"
MESSENGER = MessageBirdMessenger(line=LINE, access_key="key")
ONE_WAY = MessageBirdMessenger(line="Neighbours", access_key="key")


class Counting:
    """A vendor that takes everything, and counts."""

    def __init__(self) -> None:
        self.requests = 0

    def __call__(self, _: httpx.Request) -> httpx.Response:
        self.requests += 1
        return httpx.Response(201, json={"id": "m1", "recipients": {}})

    def connect(self, messenger: MessageBirdMessenger = MESSENGER, **options: Any) -> gm.Client:
        return gm.Client(messenger, http=httpx.MockTransport(self), patience=0, **options)


def numbers(count: int) -> list[str]:
    return [f"+1312555{n:04}" for n in range(3000, 3000 + count)]


def group_of(count: int) -> gm.Group:
    return gm.Group("messagebird", LINE, "g1", tuple(map(gm.Member, numbers(count))), topology=gm.Topology.BROADCAST)


@pytest.fixture
def box() -> Iterator[Sandbox]:
    with Sandbox(faces=[MessageBirdFace]) as box:
        yield box


@pytest.fixture
def client(box: Sandbox) -> Iterator[gm.Client]:
    with box.connect("messagebird", patience=0) as client:
        yield client


def face_of(box: Sandbox) -> MessageBirdFace:
    face = box.faces["messagebird"]
    assert isinstance(face, MessageBirdFace)
    return face


# What is declared


def test_capabilities() -> None:
    """A broadcast to a list the vendor keeps: a private copy each, which nobody else sees, paid for by the part."""
    assert {
        name: getattr(MESSENGER.capabilities, name)
        for name in (
            *("topology", "identity", "merges", "creation", "receipts", "evidence", "lookup", "settle"),
            *("two_way", "emails", "exposes_numbers", "billing", "opt_out", "effects"),
        )
    } == {
        "topology": "broadcast",
        "identity": "provider_id",
        "merges": "never",
        "creation": "explicit",
        "receipts": "per_recipient",
        "evidence": "handset",
        "lookup": "token",
        "settle": 600,
        "two_way": True,
        "emails": False,
        "exposes_numbers": False,
        "billing": "per_recipient_segment",
        "opt_out": "vendor",
        "effects": frozenset(),
    }
    assert MESSENGER.capabilities.channels == (gm.Channel.SMS, gm.Channel.MMS)
    assert MESSENGER.capabilities.final_after is None


FLAGS = {
    "create_group": Grade.NATIVE,
    "send": Grade.NATIVE,
    "send_direct": Grade.NATIVE,
    "get_group": Grade.NATIVE,
    "list_groups": Grade.NATIVE,
    "add_members": Grade.NATIVE,
    "remove_members": Grade.NATIVE,
    "rename_group": Grade.NATIVE,
    "leave_group": Grade.UNSUPPORTED,
    "delete_group": Grade.NATIVE,
    "get_status": Grade.NATIVE,
    "find_sent": Grade.PARTIAL,
    "cancel_scheduled": Grade.NATIVE,
    "receive": Grade.NATIVE,
    "received_since": Grade.PARTIAL,
    "upload": Grade.UNSUPPORTED,
    "media": Grade.PARTIAL,
    "effect": Grade.UNSUPPORTED,
    "reply_to": Grade.UNSUPPORTED,
    "send_at": Grade.NATIVE,
    "expires_at": Grade.PARTIAL,
    "priority": Grade.UNSUPPORTED,
    "leave_out": Grade.NATIVE,
    "group_name": Grade.NATIVE,
}


def test_flags() -> None:
    """What MessageBird has, has in part, and has not."""
    assert {name: flag.grade for name, flag in MESSENGER.capabilities.flags.items()} == FLAGS
    assert all(flag.note for flag in MESSENGER.capabilities.flags.values() if flag.grade is Grade.PARTIAL)


def test_flags_of_a_name() -> None:
    """A line that is a name has no pictures and no answers, and else the same."""
    own = ONE_WAY.own_capabilities()
    assert {name: flag.grade for name, flag in own.flags.items()} == FLAGS | {"media": Grade.UNSUPPORTED}
    assert (own.two_way, own.limits) == (False, MESSENGER.capabilities.limits)
    assert MESSENGER.own_capabilities() == MESSENGER.capabilities
    assert MessageBirdMessenger.capabilities.two_way


def test_left_out_features() -> None:
    """What can be left out without harm is, and the plan says so; strictly it is refused."""
    message = gm.Message("Boom", effect="confetti", priority="high")
    with Counting().connect() as client:
        plan = client.plan([ANN], message)
        assert (plan.ok, sorted(each.feature for each in plan.degradations)) == (True, ["effect", "priority"])
    with Counting().connect(strict=True) as client:
        assert not client.plan([ANN], message).ok


# Text, at N and N + 1

TEXTS = {
    "GSM": ("a" * 1377, "a" * 1378),
    "GSM, escaped": ("€" * 76 * 9, "€" * 76 * 9 + "€"),  # 153 septets are 76 of these, and one is left over
    "UCS-2": ("д" * 603, "д" * 604),
    "emoji": ("👍" * 33 * 9, "👍" * (33 * 9 + 1)),  # 67 units are 33 of these, and one is left over
    "one strange letter": ("a" * 602 + "д", "a" * 603 + "д"),
}


@pytest.mark.parametrize("name", TEXTS)
def test_parts(box: Sandbox, client: gm.Client, name: str) -> None:
    """Nine parts are sent; the tenth is refused before any request, and would be refused there."""
    most, more = TEXTS[name]
    group = client.create_group([ANN])
    client.send(group, most)
    client.send_direct(ANN, most)
    assert {message.parts for message in face_of(box).messages} == {9}
    assert box.phones[ANN].texts == [most, most]
    box.clear_log()
    sends: tuple[Callable[[], gm.Receipt], ...] = (
        lambda: client.send(group, more),
        lambda: client.send_direct(ANN, more),
    )
    for send in sends:
        with pytest.raises(gm.LimitExceeded) as raised:
            send()
        error = raised.value
        assert (error.name, error.limit, error.asked) == (LimitName.TEXT, 9, 10)
        assert more[:10] not in str(error)
    assert box.log == []
    with box.connect("messagebird", limits={"text": 10}) as lifted, pytest.raises(gm.Rejected) as refused:
        lifted.send(group, more)
    assert refused.value.outcome is gm.Outcome.NOT_SENT


@pytest.mark.parametrize("character", ["a", "д", "👍"])
def test_text_of_a_picture(box: Sandbox, client: gm.Client, character: str) -> None:
    """The text of an MMS has 2,000 characters of any kind; one more is refused here, and would be there."""
    client.send_direct(ANN, gm.Message(character * 2000, PICTURE))
    box.clear_log()
    with pytest.raises(gm.LimitExceeded) as raised:
        client.send_direct(ANN, gm.Message(character * 2001, PICTURE))
    assert (raised.value.limit, raised.value.asked, box.log) == (2000, 2001, [])
    with box.connect("messagebird", limits={"text": 2001}) as lifted, pytest.raises(gm.Rejected):
        lifted.send_direct(ANN, gm.Message(character * 2001, PICTURE))


@hypothesis_settings(max_examples=40, deadline=None)
@given(st.text(st.sampled_from("aé€д👍~"), min_size=1, max_size=12), st.integers(1, 1500))
@example("a", 1377)
@example("a", 1378)
def test_what_is_sent_has_nine_parts(end: str, count: int) -> None:
    """Our count of parts is theirs: what we let through they take, and what we refuse they would."""
    text = "a" * count + end
    with Counting().connect() as client:
        plan = client.plan_direct(ANN, text)
    theirs = parts(text, gsm=is_gsm(text))
    assert plan.ok is (theirs <= MOST_PARTS)
    assert plan.billable_units == theirs


# People


@pytest.mark.parametrize(("count", "warned"), [(1, False), (50, False), (51, True), (300, True)])
def test_people(box: Sandbox, client: gm.Client, count: int, warned: bool) -> None:
    """Fifty is certain, more goes with a warning, since nothing is said of groups; strictly it does not."""
    people = numbers(count)
    group = client.create_group(people)
    receipt = client.send(group, "Hello")
    assert [each.feature for each in receipt.degradations] == ["recipients"] * warned
    assert all("no limit is published" in each.done for each in receipt.degradations)
    assert {box.phones[number].texts.count("Hello") for number in people} == {1}
    with box.connect("messagebird", strict=True) as strict:
        assert strict.plan(group, "Hello").ok is not warned
        if warned:
            box.clear_log()
            for refused in (lambda: strict.send(group, "Hello"), lambda: strict.create_group(people)):
                with pytest.raises(gm.LimitExceeded) as raised:
                    refused()
                assert (raised.value.limit, raised.value.asked) == (50, count)
            assert box.log == []


@pytest.mark.parametrize(("count", "ok"), [(1, True), (50, True), (51, False)])
def test_people_of_a_picture(count: int, ok: bool) -> None:
    """A picture goes to fifty, in one request, and to no more."""
    vendor = Counting()
    with vendor.connect() as client:
        assert client.plan(group_of(count), gm.Message("See", PICTURE)).ok is ok
        if not ok:
            with pytest.raises(gm.LimitExceeded) as raised:
                client.send(group_of(count), gm.Message("See", PICTURE))
            assert (raised.value.limit, raised.value.asked) == (50, 51)
    assert vendor.requests == 0


def test_nobody() -> None:
    """A group begins with somebody."""
    vendor = Counting()
    with vendor.connect() as client, pytest.raises(gm.InvalidInput):
        client.create_group([])
    assert vendor.requests == 0


@pytest.mark.parametrize(("limit", "texts", "pictures"), [(10, 10, 10), (50, 50, 50), (80, 80, 50), (0, 0, 0)])
@pytest.mark.parametrize("past", [0, 1])
def test_people_by_the_connection(limit: int, texts: int, pictures: int, past: int) -> None:
    """A connection may allow fewer, of pictures too, and more of texts; of pictures no more than a request takes."""
    with Counting().connect(limits={"recipients": limit}) as client:
        for most, message in ((texts, gm.Message("Hello")), (pictures, gm.Message("See", PICTURE))):
            if most + past == 0:
                continue
            plan = client.plan(group_of(most + past), message)
            assert plan.ok is (past == 0)
            if not plan.ok:
                (error, *_) = plan.violations
                assert isinstance(error, gm.LimitExceeded)
                assert (error.limit, error.asked) == (most, most + past)


@pytest.mark.parametrize("count", [3, 4])
def test_adding(box: Sandbox, client: gm.Client, count: int) -> None:
    """A group does not grow past what the connection allows, and then nothing is asked."""
    with box.connect("messagebird", limits={"recipients": 3}) as client:
        group = client.create_group(numbers(2))
        box.clear_log()
        if count == 3:
            assert len(client.add_members(group, numbers(3)).addresses) == 3
            return
        for known, requests in ((group, 0), (client.group(group.id), 2)):
            box.clear_log()
            with pytest.raises(gm.LimitExceeded):
                client.add_members(known, numbers(count))
            assert len(box.log) == requests


# Media


@pytest.mark.parametrize("count", [1, 2, 10])
def test_media(box: Sandbox, client: gm.Client, count: int) -> None:
    """One picture is certain; more go with a warning, since no limit is published."""
    message = gm.Message("See", [gm.Media(f"{PICTURE}?{n}", size=1000) for n in range(count)])
    receipt = client.send_direct(ANN, message)
    assert [each.feature for each in receipt.degradations] == ["media"] * (count > 1)
    ((shown,),) = box.phones[ANN].messages.values()
    assert len(shown.media) == count
    with box.connect("messagebird", limits={"media": 1}) as client:
        assert client.plan_direct(ANN, message).ok is (count == 1)


def test_media_there(client: gm.Client) -> None:
    """If theirs has a limit after all, its refusal says that nothing was sent."""
    with pytest.raises(gm.Rejected) as raised:
        client.send_direct(ANN, gm.Message("See", [PICTURE] * 11))
    assert (raised.value.reason, raised.value.outcome) == (gm.FailureReason.MEDIA, gm.Outcome.NOT_SENT)


def test_unverified() -> None:
    """What cannot be known beforehand is listed: who is in a group known by its id, what is behind a URL."""
    with Counting().connect() as client:
        plan = client.plan(client.group("g1"), gm.Message("See", PICTURE))
    assert plan.ok
    assert len(plan.unverified) == 3
    assert any("known by its id" in what for what in plan.unverified)
    assert any("size" in what for what in plan.unverified)
    assert any("media" in what for what in plan.unverified)


# Overrides


@pytest.mark.parametrize("limit", CAPABILITIES.limits, ids=lambda each: f"{each.name}-{each.with_media}")
@pytest.mark.parametrize("past", [0, 1])
def test_override(limit: gm.Limit, past: int) -> None:
    """A connection may set every limit itself; it is then certain, and held the same way."""
    vendor = Counting()
    asked = 5 + (past if limit.bound is Bound.MAX else -past)
    media: Any = () if limit.name is LimitName.TEXT and not limit.with_media else PICTURE
    with vendor.connect(limits={limit.name: 5}, strict=True) as client:
        match limit.name:
            case LimitName.RECIPIENTS if limit.with_media:
                plan = client.plan(group_of(asked), gm.Message("See", gm.Media(PICTURE, size=1)))
            case LimitName.RECIPIENTS:
                plan = client.plan(group_of(asked), "Hello")
            case LimitName.MIN_RECIPIENTS:
                plan = client.plan(numbers(asked), "Hello")
            case LimitName.TEXT if media:
                plan = client.plan([ANN], gm.Message("n" * asked, PICTURE))
            case LimitName.TEXT:
                plan = client.plan([ANN], "n" * 153 * asked)
            case LimitName.MEDIA:
                plan = client.plan([ANN], gm.Message("See", [PICTURE] * asked))
            case LimitName.MEDIA_BYTES:
                plan = client.plan([ANN], gm.Message("See", gm.Media(PICTURE, size=asked)))
            case _:
                raise AssertionError(limit)
    refused = [each for each in plan.violations if isinstance(each, gm.LimitExceeded) and each.name == limit.name]
    if past:
        assert [(each.limit, each.asked, "this connection's limits" in str(each)) for each in refused] == [
            (5, asked, True)
        ]
    else:
        assert refused == []
    assert vendor.requests == 0


def test_no_such_limit() -> None:
    """A limit that there is not cannot be set."""
    with pytest.raises(gm.ConfigurationError, match=r"limits\.recipient"):
        Counting().connect(limits={"recipient": 3})


@pytest.mark.parametrize("limit", [55, 60, 500])
def test_lifted(box: Sandbox, limit: int) -> None:
    """A connection lifts what is a guess, of texts; fifty copies by number in a request are none, and stay."""
    people = numbers(55)
    with box.connect("messagebird", limits={"recipients": limit}, strict=True) as client:
        group = client.create_group(people)
        assert client.send(group, "Hello").degradations == ()
        box.clear_log()
        for message, asked in (
            (gm.Message("See", PICTURE), 55),
            (gm.Message("See", PICTURE, leave_out=people[:1]), 54),
            (gm.Message("Hello", leave_out=people[:4]), 51),
        ):
            with pytest.raises(gm.LimitExceeded) as raised:
                client.send(group, message)
            assert (raised.value.limit, raised.value.asked) == (50, asked)
            assert "this connection's limits" not in str(raised.value)
        assert box.log == []
    assert {tuple(box.phones[number].texts) for number in people} == {("Hello",)}


@pytest.mark.parametrize(("value", "ok"), [(0, True), (49, True), (50, True), (51, False), (80, False)])
def test_all_hard(value: int, ok: bool) -> None:
    """Where each limit of a name is hard a connection may only be stricter, which it is told at once."""
    hard = attrs.evolve(CAPABILITIES, limits=tuple(limit for limit in CAPABILITIES.limits if limit.hard))
    if ok:
        assert [limit.value for limit in hard.with_limits({"recipients": value}).limits] == [value]
        return
    with pytest.raises(gm.ConfigurationError, match=r"limits\.recipients.*at most 50"):
        hard.with_limits({"recipients": value})
    assert [limit.value for limit in CAPABILITIES.with_limits({"recipients": value}).limits[:2]] == [value, 50]


def test_hard() -> None:
    """One limit alone is no guess: fifty recipients in a request, of which a picture's are one each."""
    assert [(limit.name, limit.with_media, limit.value) for limit in CAPABILITIES.limits if limit.hard] == [
        (LimitName.RECIPIENTS, True, 50)
    ]
    assert attrs.evolve(CAPABILITIES, limits=()).limit(LimitName.RECIPIENTS) is None
