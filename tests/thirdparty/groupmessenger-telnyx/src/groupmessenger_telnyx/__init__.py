"""Telnyx for groupmessenger: group MMS in one thread, private texts, signed webhooks. A group is its members."""

import re
from base64 import b64decode
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import date, datetime
from typing import Any
from urllib.parse import quote

import attrs
import groupmessenger.provider as gp
from cryptography.exceptions import InvalidSignature as Forged
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from groupmessenger.provider import FailureReason, LimitName, Status, Unit


def _limit(name: LimitName, value: int, unit: Unit, source: str, **more: Any) -> gp.Limit:
    more = {"confidence": gp.Confidence.HIGH, "checked": date(2026, 11, 22), **more}
    return gp.Limit(name=name, value=value, unit=unit, source=source, **more)


FAILED = ("sending_failed", "delivery_failed", "expired")
FINAL = ("delivered", "unknown", "delivery_unconfirmed", *FAILED)
STATUSES = {"queued": Status.ACCEPTED, "sending": Status.ACCEPTED, "sent": Status.SENT, "unknown": Status.SENT}
STATUSES |= {"delivered": Status.DELIVERED, **dict.fromkeys(FAILED, Status.FAILED)}
REASONS = {"40001": FailureReason.UNREACHABLE, "40300": FailureReason.OPTED_OUT, "40317": FailureReason.MEDIA}
REASONS |= dict.fromkeys(("10002", "40012", "40310"), FailureReason.INVALID_RECIPIENT)
REASONS |= dict.fromkeys(("40002", "40003", "40015"), FailureReason.SPAM)


@attrs.frozen
class TelnyxMessenger(gp.GroupMessenger):
    """A number at Telnyx. Its fields are the settings of a connection."""

    name = "telnyx"
    title = "Telnyx"
    capabilities = gp.Capabilities(
        topology=gp.Topology.SHARED_THREAD,
        exposes_numbers=True,
        identity=gp.Identity.MEMBER_SET,
        merges=gp.Merges.ALWAYS,
        creation=gp.Creation.IMPLICIT,
        receipts=gp.Receipts.PER_RECIPIENT,
        evidence=gp.Evidence.CARRIER,
        lookup=gp.Lookup.NONE,
        channels=(gp.Channel.MMS,),
        billing=gp.Billing.PER_RECIPIENT,
        opt_out=gp.OptOut.VENDOR,
        flags={gp.Feature.MEDIA: gp.NATIVE},
        limits=(
            _limit(LimitName.RECIPIENTS, 8, Unit.PEOPLE, "Telnyx's group messaging guide: at most 8, plus the sender"),
            _limit(LimitName.MIN_RECIPIENTS, 2, Unit.PEOPLE, "one is no group", bound=gp.Bound.MIN, hard=True),
            _limit(LimitName.MEDIA, 10, Unit.ITEMS, "Telnyx's error codes, 40317: at most 10 URLs"),
            _limit(LimitName.MEDIA_TOTAL, 2**20 - 1, Unit.BYTES, "Telnyx's code 40317: under 1 MB", certain=999_999),
        ),
    )
    url_parts = gp.UrlParts(user="api_key", host="line")
    reserved = frozenset({"from", "to", "text", "media_urls", "webhook_url"})
    acknowledgement = gp.Acknowledgement(within=2.0, retries="3 tries for a URL, each longer after the one before")

    line: str = gp.own_number("your Telnyx number in E.164")
    api_key: str = gp.secret("an API key, from Telnyx's portal")
    base_url: str = gp.setting("where the API is", default="https://api.telnyx.com/v2")
    public_keys: tuple[str, ...] = gp.secrets("the account's public key, from Telnyx's portal; in a change, both")
    webhook_url: str | None = gp.callback_url("a URL that Telnyx tells what becomes of each message")
    other_lines: tuple[str, ...] = gp.own_numbers()

    async def authorize(self) -> gp.Authorization:
        return gp.Authorization({"authorization": f"Bearer {self.api_key}"})

    def probe(self) -> gp.Request:
        return gp.Request("GET", "/messaging_profiles", params={"page[size]": "1"}, repeatable=True)

    async def create_group(self, members: Sequence[gp.Member], name: str | None) -> gp.Group:
        return self._group(self.line, members)

    async def send(self, group: gp.Group, message: gp.Message, token: str) -> gp.GroupReceipt:
        to = [str(address) for address in group.addresses]
        return gp.GroupReceipt(**await self._post("/messages/group_mms", to, message, token), group=group)

    async def send_direct(self, to: gp.Address, message: gp.Message, token: str) -> gp.Receipt:
        return gp.Receipt(**await self._post("/messages", str(to), message, token))

    async def get_status(self, message_id: str) -> tuple[gp.StatusChanged, ...]:
        answer = await gp.ask(gp.Request("GET", f"/messages/{quote(message_id, safe='')}", repeatable=True))
        try:
            return tuple(_changes(answer.fields["data"], at=None, token=None))
        except (AttributeError, LookupError, TypeError, ValueError):
            raise gp.UnexpectedAnswer("Telnyx shows the message in a shape that it does not document") from None

    def refusal(self, response: gp.Response) -> gp.ProviderError | None:
        match response.fields.get("errors"):
            case [{"code": str(code), "title": title}, *_] if response.status in (400, 401, 403, 404, 422):
                told: dict[str, Any] = {"status": response.status, "code": code, "raw": response.fields}
                said = response.quote(title)
                if code == "20100" and response.status != 401:
                    return gp.QuotaExceeded(f"Telnyx wants the account to be topped up: {said}", **told)
                if response.status == 401 or code in ("10009", "10010") or code.startswith("2"):
                    return gp.AuthenticationFailed(f"Telnyx refused the account, check api_key: {said}", **told)
                return gp.Rejected(f"Telnyx refused it: {said}", reason=REASONS.get(code, FailureReason.OTHER), **told)
        return None

    def verify(self, callback: gp.Callback) -> gp.Verified:
        at, proof = (callback.headers.get(f"telnyx-{name}", "") for name in ("timestamp", "signature-ed25519"))
        if not re.fullmatch(r"[0-9]{1,11}", at) or abs(callback.received_at.timestamp() - int(at)) > 300:
            raise gp.InvalidSignature("telnyx-timestamp is missing, or five minutes off: is the clock here right?")
        for key in self.public_keys:
            with suppress(Forged, ValueError):  # ValueError: proof or key is no base64
                public = Ed25519PublicKey.from_public_bytes(b64decode(key))
                public.verify(b64decode(proof, validate=True), at.encode() + b"|" + callback.body)
                return gp.Verified(token=gp.unsealed(callback.query, self.api_key))
        raise gp.InvalidSignature("it is signed with none of public_keys: set them to the one in Telnyx's portal")

    def parse(self, callback: gp.Callback, verified: gp.Verified) -> tuple[gp.Event, ...]:
        try:
            event = callback.data["data"]
            kind, at = event["event_type"], gp.moment(event.get("occurred_at"))
            if kind == "message.received":
                return (self._received(event["payload"], at),)
            if kind in ("message.sent", "message.finalized"):
                return tuple(_changes(event["payload"], at, verified.token))
            return (gp.Unrecognized(key=f"other/{_text(event['id'])}", at=at, kind="other", raw=event),)
        except (AttributeError, LookupError, TypeError, ValueError):
            raise gp.MalformedWebhook("it is in no shape that Telnyx documents") from None

    async def _post(self, path: str, to: str | list[str], message: gp.Message, token: str) -> dict[str, Any]:
        url = self.webhook_url and gp.sealed_url(self.webhook_url, token, self.api_key)
        ours = {"from": self.line, "to": to, "text": message.text, "webhook_url": url}
        ours["media_urls"] = [media.url for media in message.media]
        body = {**message.extras.get(self.name, {}), **{field: value for field, value in ours.items() if value}}
        row = (await gp.ask(gp.Request("POST", path, json=body))).fields["data"]
        return {"id": _text(row["id"]), "status": Status.ACCEPTED, "raw": row}

    def _received(self, row: Mapping[str, Any], at: datetime | None) -> gp.MessageReceived:
        named = [row["from"], *row["to"], *(row.get("cc") or ())]
        people = dict.fromkeys(each if isinstance(each, str) else each["phone_number"] for each in named)
        line, *_ = (own for own in self.own_lines if own in people)  # a ValueError if none is named
        members = tuple(gp.Member(_person(each)) for each in people if each != line)
        group = self._group(line, members) if len(members) > 1 else None
        told: dict[str, Any] = {"at": at, "line": line, "group": group, "members": members, "raw": row}
        id, sender = _text(row["id"]), _person(row["from"]["phone_number"])
        media = tuple(gp.Media(file["url"]) for file in row.get("media") or ())
        return gp.MessageReceived(key=f"in/{id}", id=id, sender=sender, text=row.get("text") or "", media=media, **told)

    def _group(self, line: str, members: Sequence[gp.Member]) -> gp.Group:
        return gp.Group.of_members(self.name, line, members, pending=False, topology=gp.Topology.SHARED_THREAD)


def _changes(row: Mapping[str, Any], at: datetime | None, token: str | None) -> Iterator[gp.StatusChanged]:
    id, codes = _text(row["id"]), {str(error["code"]) for error in row.get("errors") or ()}
    code = codes.pop() if len(codes) == 1 else ""  # of several, nobody says whose they are
    for copy in row["to"]:
        to, word = gp.PhoneNumber(copy["phone_number"]), _text(copy["status"])
        told: dict[str, Any] = {"status": STATUSES.get(word, Status.UNKNOWN), "final": word in FINAL, "raw": row}
        told["evidence"] = gp.Evidence.CARRIER if word == "delivered" else None
        if word in FAILED:
            told |= {"reason": REASONS.get(code, FailureReason.OTHER), "code": code if code.isdecimal() else None}
        yield gp.StatusChanged(key=f"{id}/{to}/{word}/{token}", at=at, message_id=id, token=token, recipient=to, **told)


def _person(told: str) -> gp.Address:
    return gp.PhoneNumber(told) if re.fullmatch(r"\+[1-9][0-9]{6,14}", told) else gp.OpaqueAddress(_text(told))


def _text(told: Any) -> str:
    if not isinstance(told, str) or not told or not told.isprintable():
        raise TypeError("no text")
    return told


@gp.hookimpl
def groupmessenger_provider() -> type[gp.GroupMessenger]:
    """Give the messenger."""
    return TelnyxMessenger


@gp.hookimpl
def groupmessenger_sandbox() -> Any:
    """Give the face, which needs the extra `sandbox`."""
    from .sandbox import TelnyxFace

    return TelnyxFace
