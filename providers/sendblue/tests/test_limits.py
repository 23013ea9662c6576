"""How much Sendblue takes: held here, before any request, and each number with who says so."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import attrs
import httpx
import pytest
from groupmessenger_sendblue import SendblueMessenger
from groupmessenger_sendblue.limits import CAPABILITIES, EFFECTS
from hypothesis import example, given, settings
from hypothesis import strategies as st
from sendblue_api.types import MessageResponse

import groupmessenger as gm
from groupmessenger import Channel, Grade, Operation
from groupmessenger.capabilities import Bound, Capabilities, LimitName
from groupmessenger.flags import Condition, Fact, Op
from groupmessenger.sandbox import Sandbox

LINE = "+13125550100"
PICTURE = "https://example.com/a.jpg"
PEOPLE = ("+13125550101", "+13125550102")
TEXT = 18_995

MESSENGER = SendblueMessenger(line=LINE, api_key_id="key", api_secret_key="secret")


class Counting:
    """A vendor that takes everything, and counts."""

    def __init__(self) -> None:
        self.requests = 0

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.requests += 1
        return httpx.Response(200, json={"status": "QUEUED", "message_handle": "h1", "group_id": "sb_group_1"})

    def connect(self, **options: Any) -> gm.Client:
        return gm.Client(MESSENGER, http=httpx.MockTransport(self), patience=0, **options)


def numbers(count: int) -> list[str]:
    return [f"+1312556{n:04}" for n in range(count)]


def units(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2


# People


@given(st.integers(1, 60), st.booleans())
@example(1, False)
@example(2, True)
@example(24, True)
@example(25, False)
@example(25, True)
@example(26, False)
def test_people(count: int, strict: bool) -> None:
    """Two to 24 people silently, 25 with a warning or, strictly, not at all, never fewer and never more."""
    vendor = Counting()
    with vendor.connect(strict=strict) as client:
        if 2 <= count <= (24 if strict else 25):
            receipt = client.send(client.create_group(numbers(count)), "Hello")
            assert [each.feature for each in receipt.degradations] == ["recipients"] * (count == 25)
            assert vendor.requests == 1
            return
        with pytest.raises(gm.LimitExceeded) as raised:
            client.create_group(numbers(count))
    error = raised.value
    bound = 2 if count < 2 else 24 if strict and count == 25 else 25
    assert (error.asked, error.limit) == (count, bound)
    assert error.name == (LimitName.MIN_RECIPIENTS if count < 2 else LimitName.RECIPIENTS)
    assert vendor.requests == 0


@pytest.mark.parametrize(("count", "ok"), [(1, False), (2, True), (25, True), (26, False)])
def test_people_of_a_stored_group(count: int, ok: bool) -> None:
    """A pending group from a store, made under other limits, is held against these when it is sent to."""
    vendor = Counting()
    members = [gm.Member(number) for number in numbers(count)]
    group = gm.Group.of_members("sendblue", LINE, members, pending=True, topology=gm.Topology.SHARED_THREAD)
    with vendor.connect() as client:
        assert client.plan(group, "Hello").ok is ok
        if not ok:
            with pytest.raises(gm.LimitExceeded):
                client.send(group, "Hello")
    assert vendor.requests == 0


@pytest.mark.parametrize(("count", "asked"), [(24, 1), (25, 0)])
def test_people_added(count: int, asked: int) -> None:
    """A known group is not made larger than it may be, and nothing is asked before."""
    vendor = Counting()
    members = tuple(gm.Member(number) for number in numbers(count))
    with vendor.connect() as client:
        group = gm.Group("sendblue", LINE, "sb_group_1", members)
        with pytest.raises(gm.LimitExceeded if not asked else gm.UnexpectedAnswer):
            client.add_members(group, ["+13125550199"])
    assert vendor.requests == asked


# Text

ALPHABET = st.sampled_from(["a", "é", "€", "中", "👍", "🏽"])


@settings(max_examples=30)
@given(st.text(ALPHABET, min_size=1, max_size=20), st.sampled_from([-1, 0, 1, 2]))
@example("a", 0)
@example("a", 1)
@example("👍", 0)
@example("👍", 1)
def test_text(end: str, past: int) -> None:
    """18,995 UTF-16 units, an emoji being two or more; one more is refused, to a group and to one person."""
    text = "a" * (TEXT + past - units(end)) + end
    vendor = Counting()
    with vendor.connect() as client:
        group = client.create_group(PEOPLE)
        sends: tuple[Callable[[], gm.Receipt], ...] = (
            lambda: client.send(group, text),
            lambda: client.send_direct(PEOPLE[0], text),
        )
        for send in sends:
            if past <= 0:
                assert send().degradations == ()
                continue
            with pytest.raises(gm.LimitExceeded) as raised:
                send()
            assert (raised.value.name, raised.value.limit, raised.value.asked) == ("text", TEXT, TEXT + past)
            assert "aaa" not in str(raised.value)
    assert vendor.requests == (0 if past > 0 else 2)


# Media


@given(st.integers(0, 5))
@example(1)
@example(2)
def test_media(count: int) -> None:
    """One picture; a second one is refused, not left out."""
    vendor = Counting()
    with vendor.connect() as client:
        message = gm.Message("See", [PICTURE] * count)
        plan = client.plan(client.create_group(PEOPLE), message)
        assert plan.ok is (count <= 1)
        if not plan.ok:
            with pytest.raises(gm.LimitExceeded, match=f"^{count} media"):
                client.send(client.create_group(PEOPLE), message)
            with pytest.raises(gm.LimitExceeded):
                client.send_direct(PEOPLE[0], message)
    assert vendor.requests == 0


MB = 1_000_000
ROOM = {None: (5, 100), Channel.IMESSAGE: (5, 100), Channel.RCS: (5, 100), Channel.SMS: (5, 5), Channel.MMS: (5, 5)}


@given(st.sampled_from(list(ROOM)), st.integers(0, 200 * MB), st.booleans())
@example(None, 5 * MB, True)
@example(None, 5 * MB + 1, True)
@example(None, 5 * MB + 1, False)
@example(None, 100 * MB, False)
@example(None, 100 * MB + 1, False)
@example(Channel.SMS, 5 * MB, True)
@example(Channel.SMS, 5 * MB + 1, False)
@example(Channel.MMS, 5 * MB + 1, False)
def test_media_size(channel: Channel | None, size: int, strict: bool) -> None:
    """5 MB always, 100 MB perhaps, and never more than 5 where SMS is known to carry the group."""
    vendor = Counting()
    group = gm.Group("sendblue", LINE, "sb_group_1", tuple(map(gm.Member, PEOPLE)), channel=channel)
    message = gm.Message("See", gm.Media(PICTURE, size=size))
    certain, probable = (mega * MB for mega in ROOM[channel])
    with vendor.connect(strict=strict) as client:
        if size <= (certain if strict else probable):
            receipt = client.send(group, message)
            assert bool(receipt.degradations) is (size > certain)
        else:
            with pytest.raises(gm.LimitExceeded) as raised:
                client.send(group, message)
            assert raised.value.name == "media_bytes"
    assert vendor.requests == (size <= (certain if strict else probable))


def test_media_of_unknown_size() -> None:
    """What is behind a URL cannot be held against a limit, and the plan says so."""
    with Counting().connect() as client:
        plan = client.plan(client.create_group(PEOPLE), gm.Message("See", PICTURE))
        assert (plan.ok, plan.unverified) == (True, ("the size of what is behind a media URL",))


# Names


@given(st.text(st.characters(exclude_categories=["Cs", "Z", "C"]), min_size=1, max_size=3), st.integers(250, 260))
@example("é", 255)
@example("é", 256)
def test_group_name(start: str, length: int) -> None:
    """255 characters, at creation and afterwards."""
    name = start + "n" * (length - len(start))
    vendor = Counting()
    with vendor.connect() as client:
        if length <= 255:
            assert client.create_group(PEOPLE, name).name == name
            assert client.rename_group(client.group("sb_group_1"), f"  {name} ").name == name
        else:
            with pytest.raises(gm.LimitExceeded):
                client.create_group(PEOPLE, name)
            with pytest.raises(gm.LimitExceeded):
                client.rename_group(client.group("sb_group_1"), name)
    assert vendor.requests == (length <= 255)


# Overrides


@pytest.mark.parametrize("limit", [each for each in CAPABILITIES.limits if each.channel is None and not each.per])
@given(st.integers(1, 40), st.integers(1, 40))
def test_override(limit: gm.Limit, most: int, asked: int) -> None:
    """A connection may set every limit itself; it is then certain, and held the same way."""
    vendor = Counting()
    lifted = {"min_recipients": 1} if limit.name is not LimitName.MIN_RECIPIENTS else {}
    with vendor.connect(limits={**lifted, limit.name: most}, strict=True) as client:
        try:
            match limit.name:
                case LimitName.RECIPIENTS | LimitName.MIN_RECIPIENTS:
                    asked = min(asked, 24) if limit.bound is Bound.MIN else asked
                    client.create_group(numbers(asked))
                case LimitName.GROUP_NAME:
                    client.create_group(PEOPLE, "n" * asked)
                case LimitName.TEXT:
                    client.send_direct(PEOPLE[0], "n" * asked)
                case LimitName.MEDIA:
                    client.send_direct(PEOPLE[0], gm.Message("See", [PICTURE] * asked))
                case LimitName.MEDIA_BYTES:
                    client.send_direct(PEOPLE[0], gm.Message("See", gm.Media(PICTURE, size=asked)))
                case _:
                    raise AssertionError(limit)
            refused = False
        except gm.LimitExceeded as error:
            refused = True
            said = (error.name, error.limit, error.asked, "this connection's limits" in str(error))
    assert refused is (asked < most if limit.bound is Bound.MIN else asked > most)
    if refused:
        assert said == (limit.name, most, asked, True)
        assert vendor.requests == 0


def test_override_unknown() -> None:
    """A limit that there is not cannot be set."""
    with pytest.raises(gm.ConfigurationError, match=r"limits\.recipient: no such limit"):
        Counting().connect(limits={"recipient": 3})


# What is said of them


def test_effects_are_the_vendors() -> None:
    """The effects are those of the vendor's own SDK."""
    styles = str(MessageResponse.model_fields["send_style"].annotation)
    assert {style for style in EFFECTS if f"'{style}'" in styles} == EFFECTS
    assert styles.count("'") == 2 * len(EFFECTS)


@pytest.mark.parametrize(
    ("effect", "left", "degradations"),
    [("confetti", "confetti", ()), ("explosion", None, ("effect",)), (None, None, ())],
)
def test_effect(effect: str | None, left: str | None, degradations: tuple[str, ...]) -> None:
    """An effect they do not have is left out, and the receipt says so; strictly it is refused."""
    vendor = Counting()
    message = gm.Message("Boom", effect=effect)
    with vendor.connect() as client:
        plan = client.plan(client.create_group(PEOPLE), message)
        assert (plan.message.effect, tuple(each.feature for each in plan.degradations)) == (left, degradations)
    with vendor.connect(strict=True) as client:
        assert client.plan(client.create_group(PEOPLE), message).ok is not bool(degradations)


def test_scheduling() -> None:
    """There is no sending at a later time."""
    vendor = Counting()
    with vendor.connect() as client, pytest.raises(gm.UnsupportedOperation, match="scheduled"):
        client.send(client.create_group(PEOPLE), gm.Message("Later", send_at=datetime.now(UTC)))
    assert vendor.requests == 0


# Flags

PARTIAL = {name: flag for name, flag in MESSENGER.capabilities.flags.items() if flag.grade is Grade.PARTIAL}


def in_case(condition: Condition, holds: bool | None) -> dict[str, Any]:
    """What of a group makes a condition hold, fail, or stay open."""
    match condition.fact:
        case Fact.CHANNEL:
            assert condition.op is Op.IS
            others = [channel for channel in Channel if channel is not condition.value]
            return {"channel": None if holds is None else condition.value if holds else others[0]}
        case Fact.TOTAL_MEMBERS:
            assert condition.op is Op.AT_LEAST
            count = condition.value - 1 if holds else condition.value - 2
            return {"members": None if holds is None else tuple(map(gm.Member, numbers(count)))}
    raise AssertionError(condition)


def cases(flag: gm.Flag) -> Iterator[tuple[dict[str, Any], Grade]]:
    """Every combination of a flag's conditions, with what it then is."""
    facts: list[tuple[dict[str, Any], list[bool | None]]] = [({}, [])]
    for condition in flag.when:
        facts = [
            (known | in_case(condition, holds), [*answers, holds])
            for known, answers in facts
            for holds in (True, False, None)
        ]
    for known, answers in facts:
        yield known, Grade.UNSUPPORTED if False in answers else Grade.PARTIAL if None in answers else Grade.NATIVE


@pytest.mark.parametrize("name", [name for name, flag in PARTIAL.items() if flag.when])
def test_partial(name: str) -> None:
    """A partial flag is settled by what is known of the group: either way, or left open."""
    with Counting().connect() as client:
        for known, grade in cases(PARTIAL[name]):
            group = gm.Group("sendblue", LINE, "sb_group_1", **known)
            flag = client.capabilities_of(group).flags[name]
            assert flag.grade is grade
            assert bool(flag) is (grade is Grade.NATIVE)


CHANGES = {
    Operation.ADD_MEMBERS: lambda client, group: client.add_members(group, ["+13125550199"]),
    Operation.REMOVE_MEMBERS: lambda client, group: client.remove_members(group, numbers(1)),
    Operation.RENAME_GROUP: lambda client, group: client.rename_group(group, "Friends"),
}


@pytest.mark.parametrize("operation", CHANGES)
def test_partial_operation(operation: Operation) -> None:
    """What a flag refuses for a group is refused without a request, and what it does not refuse is tried."""
    for known, grade in cases(PARTIAL[operation]):
        vendor = Counting()
        group = gm.Group("sendblue", LINE, "sb_group_1", **{"members": tuple(map(gm.Member, numbers(5)))} | known)
        with vendor.connect() as client:
            if grade is Grade.UNSUPPORTED:
                with pytest.raises(gm.UnsupportedOperation):
                    CHANGES[operation](client, group)
            elif operation is Operation.RENAME_GROUP:
                assert CHANGES[operation](client, group).name == "Friends"
            else:
                with pytest.raises(gm.UnexpectedAnswer):  # it asks who is there, and this vendor does not say
                    CHANGES[operation](client, group)
        assert vendor.requests == (grade is not Grade.UNSUPPORTED)


def test_flags() -> None:
    """What Sendblue has, has in part, and has not."""
    flags = {name: flag.grade for name, flag in MESSENGER.capabilities.flags.items()}
    assert flags == {
        "create_group": Grade.NATIVE,
        "send": Grade.NATIVE,
        "send_direct": Grade.NATIVE,
        "get_group": Grade.NATIVE,
        "list_groups": Grade.UNSUPPORTED,
        "add_members": Grade.PARTIAL,
        "remove_members": Grade.PARTIAL,
        "rename_group": Grade.PARTIAL,
        "leave_group": Grade.UNSUPPORTED,
        "delete_group": Grade.UNSUPPORTED,
        "get_status": Grade.NATIVE,
        "find_sent": Grade.PARTIAL,
        "cancel_scheduled": Grade.UNSUPPORTED,
        "receive": Grade.NATIVE,
        "received_since": Grade.PARTIAL,
        "upload": Grade.PARTIAL,
        "media": Grade.NATIVE,
        "effect": Grade.PARTIAL,
        "reply_to": Grade.NATIVE,
        "send_at": Grade.UNSUPPORTED,
        "expires_at": Grade.UNSUPPORTED,
        "priority": Grade.UNSUPPORTED,
        "leave_out": Grade.UNSUPPORTED,
        "group_name": Grade.PARTIAL,
    }
    assert isinstance(MESSENGER.capabilities, Capabilities)


def test_advice() -> None:
    """A plan cannot be seen; a lost message could not be looked for, on a line that is not ours alone."""
    now = datetime(2026, 11, 21, tzinfo=UTC)
    levels = [finding.level for finding in MESSENGER.advice(now)]
    assert levels == [gm.Level.UNCHECKED, gm.Level.WARNING]
    for ours in (attrs.evolve(MESSENGER, exclusive_line=True), attrs.evolve(MESSENGER, seat_id="seat")):
        assert [finding.level for finding in ours.advice(now)] == [gm.Level.UNCHECKED]
    with Sandbox() as box, box.connect("sendblue", api_secret_key="wrong") as client:
        fault = client.check()[0]
        assert (fault.level, type(fault.error)) == (gm.Level.FAULT, gm.AuthenticationFailed)
        assert [phone.texts for phone in box.phones] == []
