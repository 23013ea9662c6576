"""Acme with callbacks: signed by a header, a JSON list of events each."""

from __future__ import annotations

import hmac
import json
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

import attrs
from acme import ALICE, BOB, LINE, SECRET, AcmeMessenger

from groupmessenger.provider import (
    Acknowledgement,
    Address,
    Callback,
    Event,
    FailureReason,
    Group,
    InvalidSignature,
    MalformedWebhook,
    Media,
    Member,
    MessageReceived,
    Page,
    PhoneNumber,
    Request,
    Status,
    StatusChanged,
    Topology,
    Unrecognized,
    Verified,
    ask,
    own_numbers,
    parse_address,
)

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
PUBLIC = "https://hooks.example.com/in"


@attrs.frozen
class HearingMessenger(AcmeMessenger):
    """Acme, which calls back, stores files, and lists what came in."""

    acknowledgement = Acknowledgement(body=b"thanks", within=2.0, challenge='Basic realm="acme"')

    other_lines: tuple[str, ...] = own_numbers()

    def verify(self, callback: Callback) -> Verified:
        """Look at the header with the secret."""
        told = callback.headers.get("x-acme-secret", "")
        if not hmac.compare_digest(told.encode(), self.api_key.encode()):
            raise InvalidSignature("x-acme-secret is not the one of this connection")
        return Verified(callback.headers.get("x-acme-once"), NOW + timedelta(minutes=1))

    def parse(self, callback: Callback, verified: Verified) -> Iterable[Event]:
        """Read a list of events."""
        rows = callback.data
        if not isinstance(rows, list):
            raise MalformedWebhook("it is no list of events")
        return [self.event(row) for row in rows]

    def event(self, row: dict[str, Any]) -> Event:
        """Read one of them."""
        head: dict[str, Any] = {"at": NOW, "raw": row}
        if "text" in row:
            members = tuple(Member(parse_address(number)) for number in row.get("members", [row["from"]]))
            group = None
            if row.get("group"):
                group = Group("acme", self.line, row["group"], members, topology=Topology.SHARED_THREAD)
            return MessageReceived(
                key=f"in/{row['id']}",
                id=row["id"],
                sender=parse_address(row["from"]),
                line=row.get("line", self.line),
                group=group,
                members=members,
                text=row["text"],
                **head,
            )
        if "status" in row:
            return StatusChanged(
                key=f"{row['id']}/{row['to']}/{row['status']}",
                message_id=row["id"],
                recipient=PhoneNumber(row["to"]),
                status=Status(row["status"]),
                reason=FailureReason(row["reason"]) if "reason" in row else None,
                **head,
            )
        return Unrecognized(key=f"unknown/{json.dumps(row)}", kind=str(row.get("kind")), **head)

    async def received_since(self, since: datetime, cursor: str | None = None) -> Page[Event]:
        """List what came in."""
        answer = await ask(Request("GET", "/inbox", params={"after": cursor or ""}, repeatable=True))
        return Page(tuple(self.event(row) for row in answer.fields["items"]), answer.fields["next"])

    async def groups_of(self, address: Address) -> tuple[Group, ...]:
        """Ask in which groups somebody is."""
        answer = await ask(Request("GET", "/memberships", repeatable=True))
        return tuple(Group("acme", self.line, each) for each in answer.fields["ids"])

    async def upload(self, name: str, content: bytes, content_type: str) -> Media:
        """Store a file."""
        headers = {"content-type": content_type}
        await ask(Request("POST", f"/files/{name}", content=content, headers=headers, repeatable=True))
        return Media(f"{self.base_url}/files/{name}")

    def stored(self, url: str) -> Request | None:
        """Acme's own files."""
        if not url.startswith(f"{self.base_url}/files/"):
            return None
        return Request("GET", url.removeprefix(self.base_url))


def messenger(**settings: Any) -> HearingMessenger:
    return HearingMessenger(line=LINE, api_key=SECRET, **settings)


def callback(*rows: Any, once: str | None = None, secret: str = SECRET, url: str = f"{PUBLIC}/main") -> Callback:
    headers = {"X-Acme-Secret": secret, "Content-Type": "application/json"}
    if once is not None:
        headers["X-Acme-Once"] = once
    return Callback("POST", url, headers, json.dumps(list(rows)).encode(), NOW)


def wrote(id: str = "1", text: str = "Yes!", **row: Any) -> dict[str, Any]:
    return {"id": id, "from": ALICE, "text": text, "group": "g1", "members": [ALICE, BOB], **row}
