"""Sendblue: one shared thread a group, named by an opaque `group_id` that its first message makes."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import attrs

from groupmessenger.provider import (
    PARTIAL,
    Address,
    Attempt,
    Authorization,
    Callback,
    CapabilityError,
    Channel,
    Degradation,
    Event,
    Finding,
    Group,
    GroupMessenger,
    GroupMessengerError,
    GroupReceipt,
    InvalidInput,
    Level,
    Media,
    Member,
    Message,
    Page,
    PhoneNumber,
    ProviderError,
    Receipt,
    Request,
    Response,
    Sighting,
    Status,
    StatusChanged,
    Topology,
    UnsupportedOperation,
    UrlParts,
    Verified,
    ask,
    callback_url,
    graded,
    own_number,
    own_numbers,
    sealed_url,
    secret,
    secrets,
    setting,
)

from . import answers, inbox, lookup, membership, receipts, statuses, uploads, webhooks
from .limits import CAPABILITIES, IMESSAGE, REMOVABLE

_SIGNED = re.compile(r"signature|^sig$|^token$|^expires$|^policy$", re.IGNORECASE)
_EXTENSION = re.compile(r"\.[A-Za-z0-9]{2,5}$")
_NAMING = 5.0  # seconds: the receipt of a message waits for its group's name, which is tried again with the next one
_ON_DEVICE = (Status.SENT, Status.DELIVERED, Status.READ)


def _seat(_: object, attribute: attrs.Attribute[str], value: str) -> None:
    if not value.strip():  # an empty one would attribute nothing, and be looked for all the same
        raise InvalidInput(f"{attribute.name} is the id of a seat: leave it out for none")


@attrs.frozen
class SendblueMessenger(GroupMessenger):
    """A Sendblue line. `line` in E.164; the two keys are from the dashboard's API settings.

    `status_callback` is a URL that hears what becomes of each message. `webhook_secrets` is what you gave Sendblue for
    its webhooks, the old one and the new while you change it. `seat_id` attributes messages to one person. Set
    `exclusive_line` if nobody and nothing else sends from this line: only then, or with a seat of your own, can a lost
    message be looked for by its text.
    """

    name = "sendblue"
    title = "Sendblue"
    capabilities = CAPABILITIES
    acknowledgement = webhooks.ACKNOWLEDGEMENT
    reserved = frozenset(
        "number numbers group_id from_number content media_url send_style reply_to seat_id status_callback".split()  # noqa: SIM905
    )
    url_parts = UrlParts(user="api_key_id", password="api_secret_key", host="line")  # noqa: S106 - names of settings

    line: str = own_number("your Sendblue number in E.164")
    api_key_id: str = secret("the API key, from the dashboard")
    api_secret_key: str = secret("the API secret, from the dashboard")
    base_url: str = setting("https://api.sendblue.co serves the same", default="https://api.sendblue.com")
    status_callback: str | None = callback_url("a URL that Sendblue tells what becomes of each message")
    webhook_secrets: tuple[str, ...] = secrets(
        f"what the header {webhooks.HEADER} has: the webhooks' secret, or several"
    )
    other_lines: tuple[str, ...] = own_numbers()
    seat_id: str | None = setting(
        "attributes messages to one seat of the account",
        default=None,
        validator=attrs.validators.optional(_seat),
    )
    exclusive_line: bool = setting(
        "true if nobody and nothing else sends from this line: then a lost message can be looked for",
        default=False,
        converter=attrs.converters.to_bool,
    )

    async def authorize(self) -> Authorization:
        """Both keys, with every request."""
        return Authorization({"sb-api-key-id": self.api_key_id, "sb-api-secret-key": self.api_secret_key})

    def refusal(self, response: Response) -> ProviderError | None:
        """What is documented as not done; 409 and 5xx are not."""
        return answers.refusal(response)

    def probe(self) -> Request:
        """List the webhooks, which needs the keys and nothing else."""
        return Request("GET", "/api/account/webhooks", repeatable=True)

    def advice(self, now: datetime) -> Iterable[Finding]:
        """What the keys do not tell: the plan, and whether a lost message can be looked for."""
        yield Finding(Level.UNCHECKED, "whether your plan may create groups: Sendblue says so when the first is made")
        if not self.exclusive_line and self.seat_id is None:
            what = "a lost message cannot be looked for: set exclusive_line if nobody else sends from this line"
            yield Finding(Level.WARNING, f"{what}, or a seat_id of your own")

    def violations(self, to: Group | Address, message: Message) -> Iterable[CapabilityError]:
        """Media that Sendblue could not fetch, and people it cannot begin a group with."""
        for media in message.media:
            parts = urlsplit(media.url)
            if not _EXTENSION.search(parts.path):
                yield UnsupportedOperation("Sendblue needs a media URL that ends in a file extension, such as .jpg")
            if any(_SIGNED.search(name) for name, _ in parse_qsl(parts.query, keep_blank_values=True)):
                yield UnsupportedOperation("Sendblue does not fetch signed media URLs: give a public one")
        if isinstance(to, Group) and to.is_member_set and (refused := _beginning(to.members or ())):
            yield refused

    async def create_group(self, members: Sequence[Member], name: str | None) -> Group:
        """Describe the group; its first message makes it."""
        if refused := _beginning(members):
            raise refused
        return Group.of_members(self.name, self.line, members, name=name, pending=True, topology=Topology.SHARED_THREAD)

    async def send(self, group: Group, message: Message, token: str) -> GroupReceipt:
        """Send by `group_id`, or to the numbers of a group that has none yet."""
        address: dict[str, Any] = (
            {"numbers": [str(each) for each in group.addresses]} if group.is_member_set else {"group_id": group.id}
        )
        answer = await ask(Request("POST", "/api/send-group-message", json=self._body(message, token) | address))
        answers.check_sent(answer)
        found = receipts.sent_group(group, answer.fields)
        found, unnamed = await self._named(group, found, answers.status_of(answer.fields))
        return GroupReceipt(**receipts.facts(answer.fields, *receipts.without_id(found), *unnamed), group=found)

    async def send_direct(self, to: Address, message: Message, token: str) -> Receipt:
        """Send to one number, privately."""
        body = self._body(message, token) | {"number": str(to)}
        answer = await ask(Request("POST", "/api/send-message", json=body))
        answers.check_sent(answer)
        return Receipt(**receipts.facts(answer.fields))

    async def get_group(self, group: Group) -> Group:
        """Read name and members. Our own line is not among them, whether the vendor lists it or not."""
        return await membership.read(self, group)

    @graded(PARTIAL("iMessage groups only", IMESSAGE))
    async def add_members(self, group: Group, members: Sequence[Member]) -> Group:
        """Add people one after the other; each waits for the device."""
        return await membership.change(self, group, members, add=True)

    @graded(PARTIAL("iMessage groups only, and of four or more, our line included", IMESSAGE, REMOVABLE))
    async def remove_members(self, group: Group, members: Sequence[Member]) -> Group:
        """Remove people one after the other; each waits for the device."""
        return await membership.change(self, group, members, add=False)

    @graded(PARTIAL("iMessage groups only, once the thread exists on the device", IMESSAGE))
    async def rename_group(self, group: Group, name: str) -> Group:
        """Set the name. The vendor calls repeating it safe."""
        answer = await ask(attrs.evolve(self._naming(group, name), repeatable=True, timeout=membership.DEVICE))
        return _renamed(group, name, answer)

    async def get_status(self, message_id: str) -> tuple[StatusChanged, ...]:
        """One status for all recipients: Sendblue has none a member."""
        answer = await ask(Request("GET", "/api/status", params={"handle": message_id}, repeatable=True))
        return (statuses.status_changed(message_id, lookup.row(answer.fields)),)

    @graded(PARTIAL("by its text, on a line or seat that is ours alone"))
    async def find_sent(self, attempt: Attempt, known: Collection[str]) -> Sighting:
        """Look among the line's messages for one with this text that nobody else can have sent."""
        return await lookup.find(self, attempt, known)

    def enrolment(self, url: str) -> Iterable[str]:
        """What to set for the account's webhooks."""
        return webhooks.steps(url)

    def verify(self, callback: Callback) -> Verified:
        """Believe who knows one of `webhook_secrets`; of statuses also a URL with a token that was sealed here."""
        return webhooks.verify(self, callback)

    def parse(self, callback: Callback, verified: Verified) -> Iterable[Event]:
        """Read what came in, what became of a message, who types."""
        return webhooks.parse(self, callback, verified)

    @graded(PARTIAL(f"{inbox.MOST:,} messages at a time"))
    async def received_since(self, since: datetime, cursor: str | None = None) -> Page[Event]:
        """List what came in on this line, the oldest first."""
        return await inbox.received_since(self, since, cursor)

    @graded(PARTIAL("known from the vendor's own command line, and not documented"))
    async def upload(self, name: str, content: bytes, content_type: str) -> Media:
        """Store a file."""
        return await uploads.upload(name, content, content_type)

    def _naming(self, group: Group, name: str) -> Request:
        body = {"group_name": name, "from_number": self.line}
        return Request("POST", membership.path(group) + "/name", json=body)

    def _body(self, message: Message, token: str) -> dict[str, Any]:
        """The fields that group and single messages share. `content` is sent always: some accounts require it."""
        body: dict[str, Any] = {**message.extras.get(self.name, {}), "from_number": self.line, "content": message.text}
        optional = {
            "media_url": message.media[0].url if message.media else None,
            "send_style": message.effect,
            "reply_to": {"message_handle": message.reply_to} if message.reply_to else None,
            "seat_id": self.seat_id,
            "status_callback": self._callback(token),
        }
        return body | {key: value for key, value in optional.items() if value is not None}

    def _callback(self, token: str) -> str | None:
        """The callback URL with our token, signed: these callbacks bring no secret of the vendor's."""
        if self.status_callback is None:
            return None
        return sealed_url(self.status_callback, token, self.api_secret_key)

    async def _named(self, asked: Group, found: Group, status: Status) -> tuple[Group, tuple[Degradation, ...]]:
        """Set a name that is still wanted, once the thread can be known to exist on the device."""
        if not found.name_pending or found.name is None:
            return found, ()
        if found.channel not in (None, Channel.IMESSAGE):
            unnamed = attrs.evolve(found, name=None, name_pending=False)
            return unnamed, (Degradation("name", f"{found.channel} groups have no name"),)
        if found.is_member_set:
            return found, (Degradation("name", "cannot be set: Sendblue gave no group_id"),)
        if asked.pending and status not in _ON_DEVICE:
            return found, (Degradation("name", "set with a later message, once the thread exists on the device"),)
        naming = attrs.evolve(self._naming(found, found.name), timeout=_NAMING)
        try:
            return _renamed(found, found.name, await ask(naming)), ()
        except GroupMessengerError as error:  # tried again later
            return found, (Degradation("name", f"not set yet: {error}"),)


def _beginning(members: Iterable[Member]) -> CapabilityError | None:
    """Why a group cannot begin with these people, if so."""
    if all(isinstance(member.address, PhoneNumber) for member in members):
        return None
    return UnsupportedOperation("Sendblue begins a group with phone numbers: add e-mails afterwards")


def _renamed(group: Group, name: str, answer: Response) -> Group:
    answers.check_modified(answer, ())
    return attrs.evolve(group, name=name, name_pending=False)
