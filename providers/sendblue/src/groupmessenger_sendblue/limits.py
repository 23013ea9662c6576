"""What Sendblue can do and how much of it, with who says so."""

from __future__ import annotations

from datetime import date

from groupmessenger.provider import (
    NATIVE,
    PARTIAL,
    Billing,
    Bound,
    Capabilities,
    Channel,
    Condition,
    Confidence,
    Creation,
    Evidence,
    Fact,
    Feature,
    Identity,
    Limit,
    LimitName,
    Lookup,
    Merges,
    Op,
    OptOut,
    Receipts,
    Topology,
    Unit,
)

IMESSAGE = Condition(Fact.CHANNEL, Op.IS, Channel.IMESSAGE)
LEAST_TOTAL = 4  # members, our line included, before one may be removed (SDK 1.33, modify-group)
REMOVABLE = Condition(Fact.TOTAL_MEMBERS, Op.AT_LEAST, LEAST_TOTAL)

_CHECKED = date(2026, 11, 21)
_SDK = "Sendblue's SDK 1.33, generated from its API description"
_DOCS = "docs.sendblue.com/limits"

EFFECTS = frozenset(
    {
        "celebration",
        "shooting_star",
        "fireworks",
        "lasers",
        "love",
        "confetti",
        "balloons",
        "spotlight",
        "echo",
        "invisible",
        "gentle",
        "loud",
        "slam",
    }
)

CAPABILITIES = Capabilities(
    topology=Topology.SHARED_THREAD,
    identity=Identity.PROVIDER_ID,
    merges=Merges.MAY,
    creation=Creation.WITH_FIRST_MESSAGE,
    receipts=Receipts.PER_MESSAGE,
    evidence=Evidence.HANDSET,
    lookup=Lookup.CONTENT,
    channels=(Channel.IMESSAGE, Channel.RCS, Channel.MMS, Channel.SMS),
    emails=True,
    exposes_numbers=True,
    billing=Billing.UNKNOWN,
    opt_out=OptOut.VENDOR,
    effects=EFFECTS,
    flags={
        Feature.MEDIA: NATIVE,
        Feature.EFFECT: PARTIAL("shown by iMessage only, and not documented for groups", IMESSAGE),
        Feature.REPLY_TO: NATIVE,
        Feature.GROUP_NAME: PARTIAL("iMessage groups only, once the thread exists on the device", IMESSAGE),
    },
    limits=(
        Limit(
            name=LimitName.RECIPIENTS,
            certain=24,  # whether the 25 people count our own line is not said
            value=25,
            unit=Unit.PEOPLE,
            source="Sendblue's group messaging guide, 2025: 25 people",
            confidence=Confidence.MEDIUM,
            checked=_CHECKED,
        ),
        Limit(
            name=LimitName.MIN_RECIPIENTS,
            value=2,
            bound=Bound.MIN,
            unit=Unit.PEOPLE,
            source="one other person is a private conversation: send_direct",
            confidence=Confidence.LOW,
            checked=_CHECKED,
        ),
        Limit(
            name=LimitName.TEXT,
            value=18_995,
            unit=Unit.UTF16,
            source="Sendblue's sending guide: fewer than 18,996 characters",
            confidence=Confidence.HIGH,
            checked=_CHECKED,
        ),
        Limit(
            name=LimitName.MEDIA,
            value=1,
            unit=Unit.ITEMS,
            source=f"{_SDK}: one media_url",
            confidence=Confidence.HIGH,
            checked=_CHECKED,
        ),
        Limit(
            name=LimitName.MEDIA_BYTES,
            certain=5_000_000,
            value=100_000_000,
            unit=Unit.BYTES,
            source="Sendblue's agent skill, 2026-05: 100 MB on iMessage, 5 MB on SMS",
            confidence=Confidence.MEDIUM,
            checked=_CHECKED,
        ),
        *(
            Limit(
                name=LimitName.MEDIA_BYTES,
                value=5_000_000,
                unit=Unit.BYTES,
                channel=channel,
                source="Sendblue's agent skill, 2026-05: 5 MB on SMS",
                confidence=Confidence.MEDIUM,
                checked=_CHECKED,
            )
            for channel in (Channel.SMS, Channel.MMS)
        ),
        Limit(
            name=LimitName.GROUP_NAME,
            value=255,
            unit=Unit.CHARACTERS,
            source=f"{_SDK}: v2 groups, name",
            confidence=Confidence.HIGH,
            checked=_CHECKED,
        ),
        Limit(
            name=LimitName.PACE,
            value=10,
            unit=Unit.MESSAGES,
            per=1.0,
            source=f"{_DOCS}: 10 a second and line, then HTTP 429",
            confidence=Confidence.HIGH,
            checked=_CHECKED,
        ),
    ),
)
