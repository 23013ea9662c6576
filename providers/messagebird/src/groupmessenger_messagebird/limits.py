"""What MessageBird can do and how much of it, with who says so."""

from __future__ import annotations

from datetime import date

import attrs

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

CHUNK = 50  # contacts a membership request, and recipients a message request, take (API reference: groups, messages)
PARTS = 9  # SMS in one message: 9 x 153 = 1,377 characters of the GSM alphabet, 9 x 67 = 603 of others
MMS_TEXT = 2_000

_CHECKED = date(2026, 11, 21)
_REFERENCE = "MessageBird's OpenAPI description of 2022 and API reference"

CAPABILITIES = Capabilities(
    topology=Topology.BROADCAST,
    identity=Identity.PROVIDER_ID,
    merges=Merges.NEVER,
    creation=Creation.EXPLICIT,
    receipts=Receipts.PER_RECIPIENT,
    evidence=Evidence.HANDSET,
    lookup=Lookup.TOKEN,
    final_after=None,  # a text without expires_at is tried for as long as the carrier likes: no default is published
    channels=(Channel.SMS, Channel.MMS),
    exposes_numbers=False,
    billing=Billing.PER_RECIPIENT_SEGMENT,
    opt_out=OptOut.VENDOR,
    flags={
        Feature.MEDIA: PARTIAL("as MMS, in the US and Canada, from a number that can send MMS"),
        Feature.SEND_AT: NATIVE,
        Feature.EXPIRES_AT: PARTIAL("texts only: an MMS has no validity"),
        Feature.GROUP_NAME: NATIVE,
        Feature.LEAVE_OUT: NATIVE,
        Operation.UPLOAD: Flag(Grade.UNSUPPORTED, "it fetches media: give a URL that everybody can reach"),
    },
    limits=(
        Limit(
            name=LimitName.RECIPIENTS,
            certain=CHUNK,  # whether a group of more is sent to in one request is not said
            value=None,
            unit=Unit.PEOPLE,
            source=f"{_REFERENCE}: 50 recipients a request; nothing is said of groups",
            confidence=Confidence.LOW,
            checked=_CHECKED,
        ),
        Limit(
            name=LimitName.RECIPIENTS,
            value=CHUNK,
            with_media=True,
            hard=True,
            unit=Unit.PEOPLE,
            source=f"{_REFERENCE}: 50 recipients a request, and MMS takes no groups; more would be several messages",
            confidence=Confidence.HIGH,
            checked=_CHECKED,
        ),
        Limit(
            name=LimitName.MIN_RECIPIENTS,
            value=1,
            bound=Bound.MIN,
            unit=Unit.PEOPLE,
            source="a group without members has nobody to send to",
            confidence=Confidence.HIGH,
            checked=_CHECKED,
        ),
        Limit(
            name=LimitName.TEXT,
            value=PARTS,
            with_media=False,
            unit=Unit.SEGMENTS,
            source="tables of resellers: 9 parts, 1,377 characters in the GSM alphabet and 603 in others",
            confidence=Confidence.MEDIUM,
            checked=_CHECKED,
        ),
        Limit(
            name=LimitName.TEXT,
            value=MMS_TEXT,
            with_media=True,
            unit=Unit.CHARACTERS,
            source="MessageBird's API reference, MMS: body",
            confidence=Confidence.HIGH,
            checked=_CHECKED,
        ),
        Limit(
            name=LimitName.MEDIA,
            certain=1,
            value=None,
            unit=Unit.ITEMS,
            source="not published",
            confidence=Confidence.LOW,
            checked=_CHECKED,
        ),
        Limit(
            name=LimitName.MEDIA_BYTES,
            value=None,
            unit=Unit.BYTES,
            source="not published",
            confidence=Confidence.LOW,
            checked=_CHECKED,
        ),
    ),
)


def without_answers(capabilities: Capabilities) -> Capabilities:
    """What is left on a line that is a name: nobody can answer it, and it sends no MMS."""
    note = "pictures go as MMS, which a line that is a name cannot send"
    flags = {**capabilities.flags, Feature.MEDIA: Flag(Grade.UNSUPPORTED, note)}
    return attrs.evolve(capabilities, two_way=False, flags=flags)
