"""Planning: what a send would come to, by a table of cases."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

import attrs
import pytest
from acme import CAPABILITIES, LINE, SECRET, AcmeMessenger
from hypothesis import given
from hypothesis import strategies as st

from groupmessenger.capabilities import Billing, Bound, Capabilities, Confidence, Limit, LimitName, Unit
from groupmessenger.errors import CapabilityError, InvalidInput, LimitExceeded, UnsupportedOperation
from groupmessenger.flags import DROPPED, NATIVE, PARTIAL, UNSUPPORTED, Feature, Flag
from groupmessenger.groups import Channel, Group, Topology
from groupmessenger.messages import Degradation, Media, Message
from groupmessenger.phone import Address, Handle, Member, OpaqueAddress, PhoneNumber
from groupmessenger.planning import Plan, Planner
from groupmessenger.segmenting import segments

ACME = AcmeMessenger(line=LINE, api_key=SECRET)
SOON = datetime(2030, 1, 1, tzinfo=UTC)


def people(number: int) -> tuple[Member, ...]:
    return tuple(Member(f"+131255502{n:02}") for n in range(number))


def pending(number: int) -> Group:
    return Group.of_members("acme", LINE, people(number), pending=True, topology=Topology.SHARED_THREAD)


def known(number: int | None, channel: Channel | None = None) -> Group:
    members = None if number is None else people(number)
    return Group("acme", LINE, "g1", members, channel=channel, topology=Topology.SHARED_THREAD)


def with_flags(flags: Mapping[str, Flag]) -> Capabilities:
    return attrs.evolve(ACME.capabilities, flags={**ACME.capabilities.flags, **flags})


def plan(
    group: Group | None = None,
    message: Message | str = "hi",
    capabilities: Capabilities = ACME.capabilities,
    strict: bool = False,
    private: bool = False,
) -> Plan:
    target = PhoneNumber("+13125550101") if private else group or known(2)
    text = Message(message) if isinstance(message, str) else message
    return Planner(ACME, capabilities, strict).send(target, text)


def names(found: Plan) -> list[str]:
    return [violation.name for violation in found.violations if isinstance(violation, LimitExceeded)]


def test_what_fits_leaves_as_it_is() -> None:
    found = plan(pending(2), "hi")
    assert (True, Message("hi"), (), (), (), 2, True, True) == (found.ok, *attrs.astuple(found, recurse=False))
    found.check()


# --- people


@pytest.mark.parametrize(
    ("number", "strict", "violations", "degradations"),
    [
        (1, False, ["min_recipients"], 0),
        (2, False, [], 0),
        (4, False, [], 0),
        (5, False, [], 1),
        (6, False, ["recipients"], 0),
        (4, True, [], 0),
        (5, True, ["recipients"], 0),
        (6, True, ["recipients"], 0),
    ],
)
def test_people_are_counted(number: int, strict: bool, violations: list[str], degradations: int) -> None:
    """Up to four is certain, five is a doubt, six too many, one too few; a strict connection refuses doubts."""
    found = plan(pending(number), strict=strict)
    assert (violations, degradations) == (names(found), len(found.degradations))
    if number == 5 and not strict:
        assert "recipients" == found.degradations[0].feature
        assert "too many" in found.degradations[0].done
    try:
        Planner(ACME, ACME.capabilities, strict).check_members(people(number))
    except LimitExceeded as error:
        refused = [error.name]
    else:
        refused = []
    assert violations == refused


def test_a_strict_refusal_names_the_limit_that_is_certain() -> None:
    (violation,) = plan(pending(5), strict=True).violations
    assert isinstance(violation, LimitExceeded)
    assert (4, 5, "recipients") == (violation.limit, violation.asked, violation.name)
    assert [] == [words for words in ("5 recipients", "4", "Acme's papers") if words not in str(violation)]


def test_a_group_that_is_there_is_not_held_to_the_least_number() -> None:
    """People may have left; but it may still have grown too large."""
    assert plan(known(1)).ok
    assert ["recipients"] == names(plan(known(6)))


def test_a_group_that_is_its_members_is_held_to_it() -> None:
    assert ["min_recipients"] == names(plan(attrs.evolve(pending(1), pending=False)))


def test_members_not_known_cannot_be_counted() -> None:
    """That is said; and a group that is its members cannot be texted without them."""
    found = plan(known(None))
    assert (True, None, 1) == (found.ok, found.billable_units, len(found.unverified))
    lost = plan(Group("acme", LINE, "set_" + "0" * 32))
    assert not lost.ok
    with pytest.raises(UnsupportedOperation, match="load it from dump"):
        lost.check()


def test_where_nobody_knows_a_limit_nothing_is_refused() -> None:
    nothing = attrs.evolve(ACME.capabilities, limits=())
    found = plan(pending(500), Message("x" * 50_000, [Media("https://x.example/a", size=10**9)] * 50), nothing)
    assert (True, ()) == (found.ok, found.degradations)
    Planner(ACME, nothing, strict=True).check_members(people(90))


# --- content


@pytest.mark.parametrize(("length", "ok"), [(1, True), (400, True), (401, False)])
@pytest.mark.parametrize("private", [False, True])
def test_text_is_measured(length: int, ok: bool, private: bool) -> None:
    found = plan(message="x" * length, private=private)
    assert (ok, [] if ok else ["text"]) == (found.ok, names(found))


@given(st.text(st.sampled_from("a\U0001f600"), min_size=1, max_size=12))
def test_text_is_measured_in_the_limit_s_unit(text: str) -> None:
    """Characters, UTF-16 units as JavaScript counts, or bytes of UTF-8."""
    utf16 = len(text.encode("utf-16-be")) // 2
    for unit, length in ((Unit.CHARACTERS, len(text)), (Unit.UTF16, utf16), (Unit.BYTES, len(text.encode()))):
        sure = Limit(name=LimitName.TEXT, value=length, unit=unit, source="s", confidence=Confidence.LOW)
        assert plan(message=text, capabilities=attrs.evolve(ACME.capabilities, limits=(sure,))).ok
        less = attrs.evolve(sure, value=length - 1, certain=length - 1)
        assert not plan(message=text, capabilities=attrs.evolve(ACME.capabilities, limits=(less,))).ok


def test_the_text_itself_is_not_in_the_error() -> None:
    (violation,) = plan(message="hush" * 101).violations
    assert "404 characters in the text: Acme takes at most 400 (Acme's papers)" == str(violation)


def test_media_are_counted() -> None:
    urls = [f"https://x.example/{n}.jpg" for n in range(3)]
    assert [] == names(plan(message=Message(media=urls[:2])))
    assert ["media"] == names(plan(message=Message(media=urls)))


@pytest.mark.parametrize(
    ("size", "group", "violations"),
    [
        (1000, known(2), []),
        (1001, known(2), ["media_bytes"]),
        (1000, known(2, Channel.RCS), []),
        (300, known(2, Channel.SMS), []),
        (301, known(2, Channel.SMS), ["media_bytes"]),
        (1000, None, []),
        (1001, None, ["media_bytes"]),
    ],
)
def test_media_are_weighed_where_their_size_is_known(size: int, group: Group | None, violations: list[str]) -> None:
    """A channel's own limit counts for groups known to be carried by it, and for nothing else."""
    message = Message(media=Media("https://x.example/a.jpg", size=size))
    assert violations == names(plan(group, message, private=group is None))


def test_media_of_unknown_size_are_said_to_be() -> None:
    assert ("the size of what is behind a media URL",) == plan(message=Message(media="https://x.example/a")).unverified


# --- features


def test_an_effect_is_left_out_with_a_word_about_it() -> None:
    """Where the provider has none, or not this one, or not in this group; a strict connection refuses."""
    message = Message("hi", effect="confetti")
    cases: list[tuple[Plan, str]] = [
        (plan(message=message, capabilities=with_flags({Feature.EFFECT: UNSUPPORTED})), "left out: not supported"),
        (plan(message=message, capabilities=with_flags({Feature.EFFECT: DROPPED("shown nowhere")})), "shown nowhere"),
        (plan(known(2, Channel.SMS), message), "RCS groups only"),
        (plan(message=Message("hi", effect="snow")), "no such effect; there are confetti, echo"),
    ]
    for found, words in cases:
        assert (True, Message("hi")) == (found.ok, found.message)
        (degradation,) = found.degradations
        assert ("effect", True) == (degradation.feature, words in degradation.done)
    found = plan(known(2, Channel.SMS), message, strict=True)
    with pytest.raises(UnsupportedOperation, match="Acme would not carry the effect: left out: RCS groups only"):
        found.check()


def test_an_effect_the_provider_has_goes_along() -> None:
    message = Message("hi", effect="echo")
    found = plan(known(2, Channel.RCS), message)
    assert (message, (), ()) == (found.message, found.degradations, found.unverified)


def test_what_depends_on_what_is_not_known_is_said() -> None:
    """A partial flag that cannot be settled goes along, unverified."""
    message = Message("hi", effect="echo")
    found = plan(known(2), message)
    assert (message, ("effect: RCS groups only (group.channel is RCS)",)) == (found.message, found.unverified)
    found = plan(message=message, capabilities=with_flags({Feature.EFFECT: PARTIAL("who knows")}))
    assert ("effect: who knows",) == found.unverified


@pytest.mark.parametrize("flag", [UNSUPPORTED, DROPPED("the provider ignores it")])
@pytest.mark.parametrize("strict", [False, True])
@pytest.mark.parametrize(
    ("feature", "message"),
    [
        (Feature.SEND_AT, Message("hi", send_at=SOON)),
        (Feature.REPLY_TO, Message("hi", reply_to="m1")),
        (Feature.MEDIA, Message("hi", "https://x.example/a.jpg")),
    ],
)
def test_nothing_else_is_ever_left_out(flag: Flag, strict: bool, feature: Feature, message: Message) -> None:
    """A schedule that is ignored is sent now, a reply to nothing is another message: they are refused."""
    found = plan(message=message, capabilities=with_flags({feature: flag}), strict=strict)
    assert (message, ()) == (found.message, found.degradations)
    with pytest.raises(UnsupportedOperation, match="Acme has no "):
        found.check()


def test_features_that_are_there_go_along() -> None:
    message = Message("hi", "https://x.example/a.jpg", send_at=SOON, reply_to="m1")
    found = plan(message=message, capabilities=with_flags({Feature.REPLY_TO: NATIVE}))
    assert (message, True) == (found.message, found.ok)


def test_an_adapter_s_own_rules_count_as_well() -> None:
    """`violations` sees the message as it would leave."""
    seen: list[tuple[Group | Address, Message]] = []

    @attrs.frozen
    class Picky(AcmeMessenger):
        def violations(self, to: Group | Address, message: Message) -> Iterable[CapabilityError]:
            seen.append((to, message))
            yield UnsupportedOperation("not on Sundays")

    picky = Picky(line=LINE, api_key=SECRET)
    ann = PhoneNumber("+13125550101")
    found = Planner(picky, picky.capabilities, strict=False).send(ann, Message("hi", effect="snow"))
    assert ([(ann, Message("hi"))], ["not on Sundays"]) == (seen, [str(each) for each in found.violations])


# --- what it costs and shows


@pytest.mark.parametrize(
    ("billing", "group", "units"),
    [
        (Billing.PER_MESSAGE, known(3), 1),
        (Billing.PER_MESSAGE, known(None), 1),
        (Billing.PER_MESSAGE, None, 1),
        (Billing.PER_RECIPIENT, known(3), 3),
        (Billing.PER_RECIPIENT, known(None), None),
        (Billing.PER_RECIPIENT, None, 1),
        (Billing.PER_RECIPIENT_SEGMENT, known(3), 6),
        (Billing.PER_RECIPIENT_SEGMENT, known(None), None),
        (Billing.PER_RECIPIENT_SEGMENT, None, 2),
        (Billing.UNKNOWN, known(3), None),
    ],
)
def test_billing(billing: Billing, group: Group | None, units: int | None) -> None:
    """None where it cannot be known."""
    text = "x" * 161
    assert 2 == segments(text).count
    capabilities = attrs.evolve(ACME.capabilities, billing=billing)
    assert units == plan(group, text, capabilities, private=group is None).billable_units


@pytest.mark.parametrize("exposes", [True, False])
def test_who_sees_whose_number(exposes: bool) -> None:
    """A private text shows nobody's."""
    capabilities = attrs.evolve(ACME.capabilities, exposes_numbers=exposes)
    assert exposes is plan(known(2), capabilities=capabilities).exposes_numbers
    assert False is plan(private=True, capabilities=capabilities).exposes_numbers


# --- names


def test_names_are_stripped_and_measured() -> None:
    def check(name: str, capabilities: Capabilities = ACME.capabilities, strict: bool = False) -> str:
        return Planner(ACME, capabilities, strict).check_name(name)

    assert "Dinner" == check(" Dinner\n")
    assert "\U0001f600" * 10 == check("\U0001f600" * 10)
    with pytest.raises(LimitExceeded, match="22 UTF-16 units in the group's name"):
        check("\U0001f600" * 11)
    for blank in ("", " \t"):
        with pytest.raises(InvalidInput):
            check(blank)
    with pytest.raises(UnsupportedOperation, match="keeps no group names"):
        check("Dinner", with_flags({Feature.GROUP_NAME: UNSUPPORTED}))


def test_a_doubt_about_too_few_is_worded_as_one() -> None:
    doubt = Limit(
        name=LimitName.MIN_RECIPIENTS,
        certain=3,
        value=2,
        bound=Bound.MIN,
        unit=Unit.PEOPLE,
        source="s",
        confidence=Confidence.LOW,
    )
    found = plan(pending(2), capabilities=attrs.evolve(CAPABILITIES, limits=(doubt,)))
    assert ["recipients"] == [degradation.feature for degradation in found.degradations]
    assert "too few" in found.degradations[0].done


# --- what depends on the message or the line


def broadcast(*limits: Limit, **changes: Any) -> Capabilities:
    flags = {Feature.LEAVE_OUT: NATIVE, Feature.EXPIRES_AT: NATIVE, Feature.MEDIA: NATIVE}
    made = attrs.evolve(
        with_flags({str(name): flag for name, flag in flags.items()}), topology=Topology.BROADCAST, **changes
    )
    return attrs.evolve(made, limits=limits) if limits else made


def limit(name: LimitName, value: int | None, unit: Unit = Unit.PEOPLE, **more: Any) -> Limit:
    return Limit(name=name, value=value, unit=unit, source="papers", confidence=Confidence.LOW, **more)


def test_a_limit_may_hold_for_messages_with_media_alone() -> None:
    """The one that binds first of those that hold for this message."""
    capabilities = broadcast(
        limit(LimitName.RECIPIENTS, None, certain=3),
        limit(LimitName.RECIPIENTS, 2, with_media=True, hard=True),
        limit(LimitName.TEXT, 2, Unit.SEGMENTS, with_media=False),
        limit(LimitName.TEXT, 5, Unit.CHARACTERS, with_media=True),
    )
    picture = Message("hello!", "https://x.example/a.jpg")
    assert [] == names(plan(known(3), "hello!", capabilities))
    assert ["recipients", "text"] == names(plan(known(3), picture, capabilities))


@pytest.mark.parametrize(
    ("text", "fits"), [("x" * 306, True), ("x" * 307, False), ("ж" * 134, True), ("ж" * 135, False)]
)
def test_a_text_may_be_measured_in_segments(text: str, fits: bool) -> None:
    capabilities = broadcast(limit(LimitName.TEXT, 2, Unit.SEGMENTS))
    found = plan(known(2), text, capabilities)
    assert fits is found.ok
    if not fits:
        assert "3 SMS segments in the text: Acme takes at most 2 (papers)" == str(found.violations[0])


def test_where_no_limit_is_published_more_than_is_certain_passes_with_a_warning() -> None:
    capabilities = broadcast(limit(LimitName.RECIPIENTS, None, certain=2))
    found = plan(known(3), "hi", capabilities)
    assert ["3 may be too many: 2 is certain, no limit is published"] == [each.done for each in found.degradations]
    (refused,) = plan(known(3), "hi", capabilities, strict=True).violations
    assert "3 recipients: only 2 is certain (papers)" == str(refused)


def test_media_are_measured_together_as_well() -> None:
    capabilities = broadcast(limit(LimitName.MEDIA_TOTAL, 900, Unit.BYTES))
    pictures = [Media(f"https://x.example/{n}.jpg", size=500) for n in range(2)]
    assert ["media_total"] == names(plan(known(2), Message("hi", pictures), capabilities))
    assert [] == names(plan(known(2), Message("hi", pictures[:1]), capabilities))


def test_a_member_is_left_out_only_where_each_has_a_copy() -> None:
    """Refused for a shared thread, never dropped; counted where it can be."""
    one, other = people(2)
    left = Message("hi", leave_out=[one])
    (refused,) = plan(pending(2), left).violations  # and not for having too few people
    assert "Acme has no copies of their own to leave a member out of" == str(refused)
    found = plan(known(2), left, broadcast())
    assert (True, 1) == (found.ok, found.billable_units)
    (refused,) = plan(known(2), Message("hi", leave_out=[one, other]), broadcast()).violations
    assert "everybody is left out: there is nobody to send it to" == str(refused)
    (refused,) = plan(known(2), Message("hi", leave_out=["+13125550199"]), broadcast()).violations
    assert "to leave out: PhoneNumber('+13…99'), not in the group" == str(refused)


def test_an_end_is_never_dropped_and_a_priority_is() -> None:
    ends = Message("hi", expires_at=datetime(2026, 12, 1, tzinfo=UTC))
    (refused,) = plan(known(2), ends).violations
    assert "Acme has no messages that expire" == str(refused)
    found = plan(known(2), Message("hi", priority="high"))
    assert (None, [Degradation("priority", "left out: not supported")]) == (
        found.message.priority,
        list(found.degradations),
    )
    assert not plan(known(2), Message("hi", priority="high"), strict=True).ok


def test_whoever_cannot_be_texted_is_named() -> None:
    """An e-mail where the provider knows numbers only, and a sender's name everywhere."""
    members = [Member("+13125550101"), Member("a@b.example"), Member(OpaqueAddress("22000"))]
    group = Group.of_members("acme", LINE, members, pending=True, topology=Topology.SHARED_THREAD)
    assert [
        "Acme texts phone numbers only, and Handle('a…@b…') is an e-mail address",
        "OpaqueAddress('…') is a sender's name, and cannot be texted",
    ] == list(map(str, plan(group).violations))
    emails = attrs.evolve(ACME.capabilities, emails=True)
    assert 1 == len(plan(group, capabilities=emails).violations)
    existing = attrs.evolve(group, id="g1", pending=False)  # the provider texts them, and not we by number
    assert plan(existing, capabilities=emails).ok


def test_a_plan_says_whether_anybody_can_answer() -> None:
    assert plan().two_way
    assert not plan(capabilities=attrs.evolve(ACME.capabilities, two_way=False)).two_way


def test_a_picture_has_no_price_in_segments() -> None:
    assert plan(known(2), Message("hi", "https://x.example/a.jpg")).billable_units is None


def test_a_private_text_goes_to_a_number_and_to_nobody_else() -> None:
    planner = Planner(ACME, attrs.evolve(broadcast(), emails=True), strict=False)
    ann = PhoneNumber("+13125550101")
    assert planner.send(ann, Message("hi")).ok
    left_out, email = (
        planner.send(ann, Message("hi", leave_out=[ann])),
        planner.send(Handle("a@b.example"), Message("hi")),
    )
    assert ["a private text goes to one person: leave_out is for groups"] == list(map(str, left_out.violations))
    assert ["Acme texts a single person by phone number only, and Handle('a…@b…') is none"] == list(
        map(str, email.violations)
    )
