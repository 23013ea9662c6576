"""Bandwidth: a group is the numbers in `to`, and nothing more; group MMS, one thread for everybody."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

import attrs

from groupmessenger.provider import (
    PARTIAL,
    Acknowledgement,
    Address,
    Attempt,
    Authorization,
    Callback,
    CapabilityError,
    Channel,
    Event,
    Finding,
    Group,
    GroupMessenger,
    GroupReceipt,
    InvalidInput,
    Level,
    Media,
    Member,
    Message,
    Problem,
    ProviderError,
    Receipt,
    Request,
    Response,
    Sighting,
    Status,
    StatusChanged,
    Topology,
    UnexpectedAnswer,
    UnsupportedOperation,
    UrlParts,
    Verified,
    api_url,
    ask,
    countdown,
    graded,
    now,
    own_number,
    own_numbers,
    secret,
    secrets,
    setting,
)

from . import answers, lookup, media, webhooks
from .credentials import basic, believe, check_pair
from .limits import CAPABILITIES, LONGEST_URL
from .reach import is_toll_free, no_thread

BASIC_ENDS = date(2026, 12, 2)  # dev.bandwidth.com: API users with a password stop working
TOKEN_LIFE = timedelta(hours=1)  # where the answer does not say (Bandwidth's own command line assumes it)

_OAUTH, _BASIC = ("client_id", "client_secret"), ("username", "password")


def _account(_: object, attribute: attrs.Attribute[str], value: str) -> None:
    if value.startswith("u-"):
        raise InvalidInput(f"{attribute.name} is an old user id (u-...): take the number of the account")
    if not value.isascii() or not value.isdigit():
        raise InvalidInput(f"{attribute.name} is the account's number, digits only, as a text")


def _given(_: object, attribute: attrs.Attribute[str], value: str) -> None:
    if not value or any(character.isspace() for character in value):
        raise InvalidInput(f"{attribute.name} is the application's id, without spaces")


@attrs.frozen
class BandwidthMessenger(GroupMessenger):
    """A Bandwidth number. `line` in E.164, `account_id` the account's number, `application_id` the line's application.

    `client_id` and `client_secret` are of an OAuth2 client. `username` and `password` of an API user are deprecated:
    Bandwidth ends them on 2026-12-02.
    """

    name = "bandwidth"
    title = "Bandwidth"
    capabilities = CAPABILITIES
    reserved = frozenset("applicationId to from text media tag priority expiration".split())  # noqa: SIM905
    paced = "account_id"
    url_parts = UrlParts(user="client_id", password="client_secret", host="account_id")  # noqa: S106 - names
    # One recipient's `failed` stands: for an invalid number `delivered` was known to follow (docs until 2020).
    precedence = (
        Status.UNKNOWN,
        Status.SCHEDULED,
        Status.ACCEPTED,
        Status.SENT,
        Status.DELIVERED,
        Status.FAILED,
        Status.READ,
    )
    acknowledgement = Acknowledgement(
        within=10.0, challenge='Basic realm="groupmessenger"', retries="every few minutes for 24 hours"
    )

    line: str = own_number("your Bandwidth number in E.164")
    account_id: str = setting("the account's number, digits only, as a text", repr=False, validator=_account)
    application_id: str = setting(
        "the id of the messaging application that the line's location is linked to", repr=False, validator=_given
    )
    client_id: str | None = secret("of an OAuth2 client, from the dashboard", optional=True)
    client_secret: str | None = secret("of the same OAuth2 client", optional=True)
    username: str | None = secret("of an API user; deprecated, ends on 2026-12-02", optional=True)
    password: str | None = secret("of the same API user", optional=True)
    base_url: str = setting("where the API is", default="https://messaging.bandwidth.com/api/v2")
    token_url: str = api_url("where access tokens are", "https://api.bandwidth.com/api/v1/oauth2/token")
    webhook_credentials: tuple[str, ...] = secrets(
        "user:password of the application's callbacks; both the old and the new one during a change",
        validator=check_pair,
    )
    other_lines: tuple[str, ...] = own_numbers()

    def __attrs_post_init__(self) -> None:
        if problems := list(self.conflicts({name: getattr(self, name) for name in (*_OAUTH, *_BASIC)})):
            raise InvalidInput("; ".join(map(str, problems)))

    @classmethod
    def conflicts(cls, settings: Mapping[str, Any]) -> Iterable[Problem]:
        """One pair of credentials, and both of the pair."""
        given = {name for name in (*_OAUTH, *_BASIC) if settings.get(name) is not None}
        if not given:
            yield Problem("client_id", "Bandwidth needs client_id and client_secret, and they are missing")
        elif given & {*_OAUTH} and given & {*_BASIC}:
            yield Problem("username", "two kinds of credentials", "keep client_id and client_secret alone")
        else:
            pair = _OAUTH if given & {*_OAUTH} else _BASIC
            for name in sorted({*pair} - given):
                yield Problem(name, f"Bandwidth needs {' and '.join(pair)}, and this one is missing")

    @property
    def path(self) -> str:
        """Where this account's messages are."""
        return f"/users/{self.account_id}/messages"

    async def authorize(self) -> Authorization:
        """A token of the OAuth2 client, or the API user's name and password."""
        if self.client_id is None:
            return Authorization({"authorization": basic(f"{self.username}:{self.password}")})
        answer = await ask(
            Request(
                "POST",
                self.token_url,
                form={"grant_type": "client_credentials"},
                headers={"authorization": basic(f"{self.client_id}:{self.client_secret}")},
                authorized=False,
                repeatable=True,
            )
        )
        token, seconds = answer.fields.get("access_token"), answer.fields.get("expires_in")
        if not isinstance(token, str) or not token.isascii() or not token.isprintable() or not token:
            raise UnexpectedAnswer("Bandwidth gave no access token", status=answer.status)
        life = TOKEN_LIFE
        if isinstance(seconds, int) and not isinstance(seconds, bool) and seconds > 0:
            life = timedelta(seconds=min(seconds, 86_400))
        return Authorization({"authorization": f"Bearer {token}"}, life)

    def refusal(self, response: Response) -> ProviderError | None:
        """What is documented as neither sent nor billed."""
        of_token = response.request is not None and response.request.path == self.token_url
        return answers.refusal(response, of_token=of_token)

    def probe(self) -> Request:
        """Search for one message of the line, which needs the credentials and the account."""
        return Request("GET", self.path, params={"sourceTn": self.line, "limit": "1"}, repeatable=True)

    def advice(self, now: datetime) -> Iterable[Finding]:
        """The end of passwords, and what Bandwidth does not say until it is too late."""
        if self.client_id is None:
            cure = "make an OAuth2 client and set client_id and client_secret"
            level = Level.WARNING if now.astimezone(UTC).date() < BASIC_ENDS else Level.FAULT
            yield Finding(level, f"Bandwidth ends username and password ({countdown(BASIC_ENDS, now)}): {cure}")
        if is_toll_free(self.line):
            yield Finding(Level.FAULT, "the line is toll-free, and group MMS is for long codes only")
        yield Finding(
            Level.UNCHECKED,
            "whether application_id is linked to the line's location: if not, Bandwidth accepts every message and "
            "none arrives",
        )
        yield Finding(Level.UNCHECKED, "whether the line is on a 10DLC campaign: if not, messages fail with 4476")

    def violations(self, to: Group | Address, message: Message) -> Iterable[CapabilityError]:
        """Lines and numbers that have no group MMS, URLs that are too long, fields that are not for extras."""
        if any(len(media.url) > LONGEST_URL for media in message.media):
            yield UnsupportedOperation(f"Bandwidth takes media URLs of up to {LONGEST_URL} characters")
        if isinstance(to, Group):
            yield from no_thread(self.line, to.addresses)

    async def create_group(self, members: Sequence[Member], name: str | None) -> Group:
        """Describe the group: it is its members, and there is nothing to be made."""
        for refused in no_thread(self.line, [member.address for member in members]):
            raise refused
        return Group.of_members(
            self.name,
            self.line,
            members,
            pending=False,
            topology=Topology.SHARED_THREAD,
            channel=Channel.MMS,
        )

    async def send(self, group: Group, message: Message, token: str) -> GroupReceipt:
        """Send to all the numbers at once: two or more make it a group message."""
        facts = await self._post(group.addresses, message, token)
        carried = group if group.channel is Channel.MMS else attrs.evolve(group, channel=Channel.MMS)
        return GroupReceipt(**facts, group=carried)

    async def send_direct(self, to: Address, message: Message, token: str) -> Receipt:
        """Send to one number: SMS, or MMS with media."""
        return Receipt(**await self._post([to], message, token))

    @graded(PARTIAL("by search, which lags, and whose rows for a group nobody documents"))
    async def get_status(self, message_id: str) -> tuple[StatusChanged, ...]:
        """What the search has; nothing while it is not indexed."""
        return await lookup.statuses(self, message_id)

    @graded(PARTIAL("by a message id alone: the search has no text and nothing of ours"))
    async def find_sent(self, attempt: Attempt, known: Collection[str]) -> Sighting:
        """Look for a message by its id. Never `Absent`: only a status callback proves what became of a lost one."""
        return await lookup.find(self, attempt)

    def enrolment(self, url: str) -> Iterable[str]:
        """What to set for the application."""
        return webhooks.steps(url)

    def verify(self, callback: Callback) -> Verified:
        """Compare the user and password that Bandwidth shows once it is asked for them."""
        return believe(callback, self.webhook_credentials)

    def parse(self, callback: Callback, verified: Verified) -> Iterable[Event]:
        """Messages and statuses, several in one callback."""
        return webhooks.read(self, callback)

    @graded(PARTIAL("kept for 48 hours"))
    async def upload(self, name: str, content: bytes, content_type: str) -> Media:
        """Put a file among the account's media."""
        return await media.upload(self, name, content, content_type)

    def stored(self, url: str) -> Request | None:
        """The request for a file among the account's media, which needs our credentials; None for other hosts."""
        return media.stored(self, url)

    async def _post(self, to: Iterable[Address], message: Message, token: str) -> dict[str, Any]:
        body: dict[str, Any] = {
            **message.extras.get(self.name, {}),
            "applicationId": self.application_id,
            "to": sorted(map(str, to)),
            "from": self.line,
            "tag": token,
        }
        if message.text:
            body["text"] = message.text
        if message.media:
            body["media"] = [media.url for media in message.media]
        if message.priority is not None:
            body["priority"] = str(message.priority)
        if message.expires_at is not None:
            body["expiration"] = _expiration(message.expires_at, await now())
        answer = answers.check_sent(await ask(Request("POST", self.path, json=body)))
        return {
            "id": answers.id_of(answer),
            "status": Status.ACCEPTED,  # queued, which is all that 202 means
            "recipients": answers.recipients_of(answer),
            "raw": answer,
        }


def _expiration(at: datetime, now: datetime) -> str:
    """The end of a message, in whole seconds. Raises `UnsupportedOperation` where it would be over by then."""
    try:
        ends = at.astimezone(UTC).replace(microsecond=0)
    except OverflowError:  # at the end of all time, in a zone west of it
        raise UnsupportedOperation("expires_at is no time that UTC has") from None
    if ends <= now:
        raise UnsupportedOperation("expires_at is over already")
    return ends.isoformat().replace("+00:00", "Z")
