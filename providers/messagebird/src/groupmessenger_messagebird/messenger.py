"""MessageBird, the classic API of what is now Bird: a group is a list of contacts, and each gets a private SMS."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any

import attrs

from groupmessenger.provider import (
    PARTIAL,
    Address,
    Attempt,
    Authorization,
    Callback,
    Capabilities,
    CapabilityError,
    Event,
    Finding,
    Group,
    GroupMessenger,
    GroupReceipt,
    InvalidInput,
    Level,
    Member,
    Message,
    OutcomeUnknown,
    Page,
    PhoneNumber,
    Problem,
    ProviderError,
    Receipt,
    Rejected,
    Request,
    Response,
    Sighting,
    Status,
    StatusChanged,
    UnsupportedOperation,
    UrlParts,
    Verified,
    callback_url,
    countdown,
    graded,
    mask,
    moment,
    own_numbers,
    secret,
    secrets,
    setting,
)

from . import answers, inbox, lookup, membership, sending, webhooks
from .limits import CAPABILITIES, without_answers

LAST_DAY = date(2026, 12, 31)  # of the "dual-key window" on bird.com/en-us/migrate/from-messagebird-classic

_NAME = re.compile(r"(?=.*[A-Za-z])[A-Za-z0-9]{1,11}")
_OTHER_PLATFORM = "bk_"


def _line(value: str) -> str:
    if isinstance(value, str) and _NAME.fullmatch(value):
        return value
    try:
        return str(PhoneNumber.parse(value))
    except InvalidInput:
        raise InvalidInput(
            "line is your number in E.164 ('+', the country code and the number), or a name of up to 11 letters and "
            "digits, which nobody can answer"
        ) from None


def _classic(_: object, attribute: attrs.Attribute[str], value: str) -> None:
    if value.startswith(_OTHER_PLATFORM):
        raise InvalidInput(
            f"{attribute.name} is a key of Bird's new platform (bk_...), which this interface refuses: "
            "take a live access key from dashboard.messagebird.com"
        )


@attrs.frozen
class MessageBirdMessenger(GroupMessenger):
    """A MessageBird originator. `line` is a number in E.164, or a name of up to 11 letters and digits.

    A name is one-way: nobody can answer it, and it sends no pictures. `access_key` is from the dashboard's developer
    settings, and so are `signing_keys`, by which callbacks are believed. `report_url` hears what becomes of each copy
    of an SMS.
    """

    name = "messagebird"
    title = "MessageBird"
    capabilities = CAPABILITIES
    reserved = frozenset(
        "originator body recipients groupIds reference datacoding scheduledDatetime mediaUrls reportUrl".split()  # noqa: SIM905
    )
    url_parts = UrlParts(user="access_key", host="line")
    # Another body than OK is an error to them, by RapidPro's handler. How long they wait nobody says: 10 s is a guess.
    acknowledgement = webhooks.ACKNOWLEDGEMENT

    line: str = setting(
        "your number in E.164, or a name of up to 11 letters and digits, which nobody can answer",
        converter=_line,
        repr=mask,
    )
    access_key: str = secret("a live access key of dashboard.messagebird.com", validator=_classic)
    base_url: str = setting("where the classic API is", default="https://rest.messagebird.com")
    report_url: str | None = callback_url("a URL that MessageBird tells what becomes of each copy of an SMS")
    signing_keys: tuple[str, ...] = secrets("the signing key of dashboard > developers > settings, not the access key")
    legacy_signatures: bool = setting(
        "true to believe callbacks with the older HMAC headers alone, which leave out host and path",
        default=False,
        converter=attrs.converters.to_bool,
    )
    other_lines: tuple[str, ...] = own_numbers()

    @classmethod
    def conflicts(cls, settings: Mapping[str, Any]) -> Iterable[Problem]:
        """A signing key that is none, and signatures that nothing can check."""
        keys = settings.get("signing_keys")
        if isinstance(keys, tuple) and settings.get("access_key") in keys:
            cure = "the signing key is beside it in dashboard > developers > settings"
            yield Problem("signing_keys", "the access key is among them", cure)
        if settings.get("legacy_signatures") and not keys:
            yield Problem("legacy_signatures", "nothing can be checked without signing_keys", "set signing_keys")

    @property
    def is_one_way(self) -> bool:
        """Whether the line is a name, which cannot be answered."""
        return not self.line.startswith("+")

    @property
    def has_test_key(self) -> bool:
        """Whether what is sent is accepted and goes nowhere."""
        return self.access_key.startswith("test_")

    def own_capabilities(self) -> Capabilities:
        """Those of a number, or of a name."""
        return without_answers(self.capabilities) if self.is_one_way else self.capabilities

    async def authorize(self) -> Authorization:
        """The key, with every request."""
        return Authorization({"authorization": f"AccessKey {self.access_key}", "accept": "application/json"})

    def refusal(self, response: Response) -> ProviderError | None:
        """What is documented as not done; 5xx is not."""
        return answers.refusal(response)

    def probe(self) -> Request:
        """List one group."""
        return Request("GET", "/groups", params={"limit": "1"}, repeatable=True)

    def advice(self, now: datetime) -> Iterable[Finding]:
        """The announced end of this interface, and what a key or a line of this kind cannot do."""
        yield Finding(
            Level.WARNING,
            f"Bird announces the end of classic keys ({countdown(LAST_DAY, now)}); one page says so, and it is not "
            "clear what ends then: ask Bird, and have another connection ready",
        )
        if self.has_test_key:
            yield Finding(Level.WARNING, "this is a test key: messages are accepted and nobody gets them")
        if self.is_one_way:
            yield Finding(Level.WARNING, "the line is a name: nobody can answer, and pictures are refused")
        if self.report_url is not None and not self.signing_keys:
            yield Finding(Level.WARNING, "reports that MessageBird signs are refused: signing_keys is not set")
        yield Finding(Level.UNCHECKED, "the balance, and whether this is a trial account, which texts one number only")
        yield Finding(Level.UNCHECKED, "whether the line is yours, and can send MMS: MessageBird says so on sending")

    def violations(self, to: Group | Address, message: Message) -> Iterable[CapabilityError]:
        """What goes as MMS where there is none, and more copies than one request makes."""
        if message.media and message.expires_at:
            yield UnsupportedOperation("MessageBird's MMS has no validity: leave out expires_at, or the media")
        if message.media and not self.is_one_way and not self.line.startswith("+1"):
            yield UnsupportedOperation("MessageBird sends pictures from US and Canadian numbers only")
        people = to.addresses if isinstance(to, Group) else (to,)
        yield from sending.abroad(people, message)
        if message.leave_out and not message.media:  # for pictures there is a limit of that name
            yield from sending.too_many([address for address in people if address not in message.leave_out])

    async def create_group(self, members: Sequence[Member], name: str | None) -> Group:
        """Make contacts and the group. Raises `PartialFailure`, which has the group, naming who is not in it."""
        return await membership.create(self, members, name)

    async def get_group(self, group: Group) -> Group:
        """Read name and members."""
        return await membership.read(self, group)

    async def list_groups(self, cursor: str | None = None) -> Page[Group]:
        """One page of the account's groups, whichever line they were made for."""
        return await membership.listing(self, cursor)

    async def add_members(self, group: Group, members: Sequence[Member]) -> Group:
        """Add people, 50 a request."""
        return await membership.add(group, members)

    async def remove_members(self, group: Group, members: Sequence[Member]) -> Group:
        """Remove people, one a request."""
        return await membership.remove(group, members)

    async def rename_group(self, group: Group, name: str) -> Group:
        """Give a group another name."""
        return await membership.rename(group, name)

    async def delete_group(self, group: Group) -> None:
        """Remove a group; the contacts stay."""
        await membership.delete(group)

    async def send(self, group: Group, message: Message, token: str) -> GroupReceipt:
        """Send to the group by its id; to its members one by one where some are left out, or with pictures."""
        to: dict[str, Any] = {"groupIds": [group.id]}
        if message.media or message.leave_out:
            members = (await membership.roster(group)).members  # as it is now: a copy for each is asked for by number
            listed = [member.address for member in members if member.address not in message.leave_out]
            if strangers := set(message.leave_out) - {member.address for member in members}:
                who = ", ".join(sorted(map(repr, strangers)))
                raise UnsupportedOperation(f"to leave out: {who}, not in the group")
            if not listed:
                raise UnsupportedOperation("there is nobody in the group to send it to")
            for refused in (*sending.too_many(listed), *sending.abroad(listed, message)):
                raise refused
            group = attrs.evolve(group, members=members)
            to = {"recipients": [answers.digits(address) for address in listed]}
        body = await sending.post(self, message, token, to)
        asked = None if group.members is None else len({*group.addresses} - {*message.leave_out})
        return GroupReceipt(**sending.facts(self, body, message, asked), group=group)

    async def send_direct(self, to: Address, message: Message, token: str) -> Receipt:
        """Send to one number."""
        body = await sending.post(self, message, token, {"recipients": [answers.digits(to)]})
        return Receipt(**sending.facts(self, body, message, 1))

    async def get_status(self, message_id: str) -> tuple[StatusChanged, ...]:
        """A status a recipient. A message that was just sent may not be readable for a while."""
        return await lookup.statuses(message_id)

    async def cancel_scheduled(self, message_id: str) -> None:
        """Delete a message that is scheduled still. Raises `Rejected` for one that is not: deleting hides it only."""
        where, body = await lookup.read(message_id)
        items = answers.recipients_of(body)
        if not items or any(answers.status_of(item) is not Status.SCHEDULED for item in items):
            raise Rejected("it is not scheduled any more: it has gone out, or was never to wait", raw=body)
        late = await lookup.delete(where, message_id)
        if (due := moment(body.get("scheduledDatetime"))) is not None and late >= due:
            raise OutcomeUnknown("it was due by the time that MessageBird took it back: it may have gone out before")

    @graded(PARTIAL("texts, by our token, which its listing bears; not with a test key"))
    async def find_sent(self, attempt: Attempt, known: Collection[str]) -> Sighting:
        """Look for the token that went with the message as its reference."""
        return await lookup.find(self, attempt)

    def enrolment(self, url: str) -> Iterable[str]:
        """What to set for the number, and for the account."""
        return webhooks.steps(url)

    def verify(self, callback: Callback) -> Verified:
        """A JWT by one of `signing_keys`; without one, the older headers, or the seal in `report_url`."""
        return webhooks.believed(self, callback)

    def parse(self, callback: Callback, verified: Verified) -> Iterable[Event]:
        """Status reports, and what came in at numbers and short codes, as SMS or MMS."""
        return webhooks.events(callback, verified)

    @graded(PARTIAL("texts, on any line of the account; whether its listing has MMS is not published"))
    async def received_since(self, since: datetime, cursor: str | None = None) -> Page[Event]:
        """The account's messages, all at once."""
        return await inbox.received(since)

    async def groups_of(self, address: Address) -> tuple[Group, ...]:
        """The groups that somebody's contact is in."""
        return await membership.of_person(self, address)
