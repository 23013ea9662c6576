"""The account's webhooks: which addresses hear what, and the calls that change them (4)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias, cast
from urllib.parse import urlsplit

import attrs

from groupmessenger.sandbox.face import Answer, Call

from ._refusals import body_of, refused

TYPES = (
    "receive",
    "outbound",
    "typing_indicator",
    "call_log",
    "call_completed",
    "inbound_call",
    "line_blocked",
    "line_assigned",
    "contact_created",
    "contact_profile",
)

Entry: TypeAlias = str | dict[str, Any]  # as it was given: a URL, or {url, secret?, sendblue_numbers?}


@attrs.frozen
class Webhook:
    """An address to call, and the secret that shows who calls."""

    url: str = attrs.field(repr=False)  # it may hold a token
    secret: str | None = attrs.field(repr=False)


class Webhooks:
    """The webhooks by type. In life an http URL becomes an https one; a stand-in calls what it was given."""

    def __init__(self, doubt: Mapping[str, Any]) -> None:
        self.doubt = doubt
        self.secret: str | None = None
        self._entries: dict[str, list[Entry]] = {name: [] for name in TYPES}

    def of(self, kind: str, line: str | None = None) -> list[Webhook]:
        """The addresses of this type. One that names lines hears of those alone."""
        found = [{"url": entry} if isinstance(entry, str) else entry for entry in self._entries[kind]]
        return [
            Webhook(entry["url"], entry.get("secret") or self.secret)
            for entry in found
            if line is None or not entry.get("sendblue_numbers") or line in entry["sendblue_numbers"]
        ]

    def replace(self, entries: Mapping[str, Sequence[Entry]], secret: str | None) -> None:
        """Have these webhooks and no others."""
        kept = {name: list(entries.get(name, ())) for name in TYPES}
        if self.doubt["typing_registration"] != "kept":
            kept["typing_indicator"] = []
        self._entries, self.secret = kept, secret

    # The calls

    def read(self, call: Call) -> Answer:
        """`GET /api/account/webhooks`."""
        return Answer(200, {"status": "OK", "webhooks": self._all()})

    def add(self, call: Call) -> Answer:
        """`POST /api/account/webhooks`: appends to those of one type."""
        body = body_of(call)
        kind, entries = self._kind(body), _entries(body.get("webhooks"))
        secret = _secret(body) if "globalSecret" in body else self.secret
        self.replace({**self._entries, kind: [*self._entries[kind], *entries]}, secret)
        return Answer(200, {"status": "OK", "message": "The webhooks were added", "webhooks": self._all()})

    def put(self, call: Call) -> Answer:
        """`PUT /api/account/webhooks`: replaces those of every type, and the secret."""
        wanted = body_of(call).get("webhooks")
        if not isinstance(wanted, dict):
            raise refused("webhooks must be an object")
        given = cast("dict[str, Any]", wanted)
        entries = {
            self._known(name): _entries(value) for name, value in given.items() if name != "globalSecret" and value
        }
        self.replace(entries, _secret(given))
        return Answer(200, {"status": "OK", "message": "The webhooks were replaced", "webhooks": self._all()})

    def remove(self, call: Call) -> Answer:
        """`DELETE /api/account/webhooks`: takes addresses from one type."""
        body = body_of(call)
        kind, urls = self._kind(body), body.get("webhooks")
        if not isinstance(urls, list):
            raise refused("webhooks must be an array of URLs")
        kept = [
            entry for entry in self._entries[kind] if (entry if isinstance(entry, str) else entry["url"]) not in urls
        ]
        self.replace({**self._entries, kind: kept}, self.secret)
        return Answer(200, {"status": "OK", "message": "The webhooks were deleted"})

    def _all(self) -> dict[str, Any]:
        return {**self._entries, "globalSecret": self.secret}

    def _kind(self, body: Mapping[str, Any]) -> str:
        kind = body.get("type")
        if kind is None and self.doubt["webhook_type"] == "receive":
            return "receive"
        return self._known(kind)

    def _known(self, kind: object) -> str:
        refusing = self.doubt["typing_registration"] == "refused"
        if kind not in TYPES or (kind == "typing_indicator" and refusing):
            raise refused("Invalid webhook type")
        return str(kind)


def _entries(given: object) -> list[Entry]:
    if not isinstance(given, list):
        raise refused("webhooks must be an array")
    return [_entry(each) for each in cast("list[object]", given)]


def _entry(given: object) -> Entry:
    entry = cast("dict[str, Any]", given) if isinstance(given, dict) else {"url": given}
    secret, lines = entry.get("secret"), entry.get("sendblue_numbers") or []
    if not isinstance(lines, list) or not all(isinstance(line, str) for line in cast("list[object]", lines)):
        raise refused("sendblue_numbers must be an array of phone numbers")
    if not is_url(entry.get("url")) or not isinstance(secret, str | None):
        raise refused("Invalid webhook")
    return cast("Entry", given)


def _secret(given: Mapping[str, Any]) -> str | None:
    secret = given.get("globalSecret")
    if not isinstance(secret, str | None):
        raise refused("globalSecret must be a string")
    return secret or None


def is_url(value: object) -> bool:
    """Whether it is an http or https URL."""
    try:
        parts = urlsplit(value) if isinstance(value, str) else None
    except ValueError:
        return False
    return parts is not None and parts.scheme in ("http", "https") and bool(parts.hostname)
