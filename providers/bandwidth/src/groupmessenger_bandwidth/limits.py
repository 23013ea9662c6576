"""What Bandwidth can do and how much of it, with who says so."""

from __future__ import annotations

from datetime import date

from groupmessenger.provider import (
    NATIVE,
    PARTIAL,
    Billing,
    Bound,
    Capabilities,
    Channel,
    Confidence,
    Creation,
    Evidence,
    Feature,
    Flag,
    Grade,
    Identity,
    Limit,
    LimitName,
    Lookup,
    Merges,
    Operation,
    OptOut,
    Receipts,
    Topology,
    Unit,
)

MOST_RECIPIENTS = 10
LONGEST_URL = 4096  # characters of a media URL (API description of 2026)

WAITS_FOR_RECEIPTS = 73 * 3600.0  # seconds until 9902 (Bandwidth's article 15606778, since 2026-07-06; before, 2 h)

_CHECKED = date(2026, 11, 21)
_API = "Bandwidth's API description of July 2026"

CAPABILITIES = Capabilities(
    topology=Topology.SHARED_THREAD,
    identity=Identity.MEMBER_SET,
    merges=Merges.ALWAYS,
    creation=Creation.IMPLICIT,
    receipts=Receipts.PER_RECIPIENT,
    evidence=Evidence.CARRIER,
    lookup=Lookup.METADATA,
    final_after=WAITS_FOR_RECEIPTS,
    channels=(Channel.MMS,),
    exposes_numbers=True,
    billing=Billing.PER_RECIPIENT,
    opt_out=OptOut.NOBODY,
    flags={
        Feature.MEDIA: NATIVE,
        Feature.PRIORITY: PARTIAL("until 2022 for toll-free and short code SMS only; nobody promises it for group MMS"),
        Feature.EXPIRES_AT: PARTIAL("until 2022 for SMS only; nobody promises it for group MMS"),
        Operation.RECEIVED_SINCE: Flag(
            Grade.UNSUPPORTED, "its search has no texts and no groups; it repeats what was not taken for 24 hours"
        ),
    },
    limits=(
        Limit(
            name=LimitName.RECIPIENTS,
            certain=MOST_RECIPIENTS - 1,  # "participants" in the text of error 4435 may count our own line
            value=MOST_RECIPIENTS,
            unit=Unit.PEOPLE,
            source="Bandwidth's group messaging article and API docs of 2023: 10 recipients; "
            "error 4435: 10 participants",
            confidence=Confidence.LOW,
            checked=_CHECKED,
        ),
        Limit(
            name=LimitName.MIN_RECIPIENTS,
            value=2,
            hard=True,  # below it a group would be a private text
            bound=Bound.MIN,
            unit=Unit.PEOPLE,
            source="a message to one number is no group message: send_direct",
            confidence=Confidence.HIGH,
            checked=_CHECKED,
        ),
        Limit(
            name=LimitName.TEXT,
            value=2048,
            unit=Unit.CHARACTERS,
            source=f"{_API}: text",
            confidence=Confidence.HIGH,
            checked=_CHECKED,
        ),
        Limit(
            name=LimitName.TEXT,
            certain=1000,
            value=2048,
            channel=Channel.MMS,
            unit=Unit.CHARACTERS,
            source=f"{_API}: text; Bandwidth advises 1,000 for MMS",
            confidence=Confidence.HIGH,
            checked=_CHECKED,
        ),
        Limit(
            name=LimitName.TEXT,
            certain=1000,
            value=2048,
            with_media=True,
            unit=Unit.CHARACTERS,
            source=f"{_API}: text; Bandwidth advises 1,000 for MMS",
            confidence=Confidence.HIGH,
            checked=_CHECKED,
        ),
        Limit(
            name=LimitName.MEDIA,
            value=10,
            unit=Unit.ITEMS,
            source="Bandwidth's article on MMS file sizes (12823216)",
            confidence=Confidence.HIGH,
            checked=_CHECKED,
        ),
        Limit(
            name=LimitName.MEDIA_BYTES,
            value=3_500_000,
            unit=Unit.BYTES,
            source="Bandwidth's article on MMS file sizes (12823216): 3.5 MB a file",
            confidence=Confidence.HIGH,
            checked=_CHECKED,
        ),
        Limit(
            name=LimitName.MEDIA_TOTAL,
            certain=500_000,
            value=None,  # carriers differ: about 1 to 1.5 MB
            unit=Unit.BYTES,
            source="Bandwidth's article on MMS file sizes (12823216): all attachments best stay under 500 kB",
            confidence=Confidence.HIGH,
            checked=_CHECKED,
        ),
        Limit(
            name=LimitName.PACE,
            value=1,
            unit=Unit.PEOPLE,
            per=1.0,
            source="Bandwidth's articles on rate limits: 1 a second and account, "
            "a group message counts once a recipient",
            confidence=Confidence.MEDIUM,
            checked=_CHECKED,
        ),
    ),
)
