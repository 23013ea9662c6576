"""What MessageBird calls us with: who is believed, and what it tells."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from groupmessenger.provider import (
    Acknowledgement,
    Callback,
    Event,
    InvalidSignature,
    MalformedWebhook,
    Unrecognized,
    Verified,
    unsealed,
)

from . import inbound, reports
from .fields import Fields, of_object, of_pairs
from .signatures import HMAC_VALUE, JWT, by_hmac, by_jwt

if TYPE_CHECKING:
    from .messenger import MessageBirdMessenger

# Neither the time-out nor the retries are published; RapidPro's handler knows that `OK` is expected.
ACKNOWLEDGEMENT = Acknowledgement(body=b"OK", methods=frozenset({"GET", "POST"}), signs_url=True)
_FORMS = ("", "application/x-www-form-urlencoded", "text/plain")
_KIND = re.compile(r"[A-Za-z][A-Za-z._-]{0,39}", re.ASCII)  # no digits: a number is nobody's kind


def steps(url: str) -> tuple[str, ...]:
    """How a number, and the account, are made to call a URL."""
    return (
        "In MessageBird's dashboard, in the settings of the number or in Flow Builder, forward incoming SMS and MMS by "
        f"POST to {url}",
        "Set signing_keys to the signing key of its developer settings, which is not the access key.",
        "Set [webhooks] public_url, or give --public-url, exactly as MessageBird calls it: the URL is signed.",
        "Nothing is to be entered for status reports: they go to report_url, which public_url sets by itself.",
    )


def believed(messenger: MessageBirdMessenger, callback: Callback) -> Verified:
    """Believe a callback, by the best proof it has: a JWT has to be good if it is there."""
    if JWT in callback.headers:
        proven = by_jwt(callback, messenger.signing_keys)
        return Verified(proven.once, proven.until, unsealed(callback.query, messenger.access_key))
    token = reports.sealed(callback, messenger.access_key)
    if HMAC_VALUE in callback.headers and messenger.legacy_signatures:
        try:
            proven = by_hmac(callback, messenger.signing_keys)
            return Verified(proven.once, proven.until, unsealed(callback.query, messenger.access_key))
        except InvalidSignature:
            if token is None:
                raise
    if token is not None:
        return Verified(token=token, token_is_all=True)
    if HMAC_VALUE in callback.headers:
        raise InvalidSignature(
            "it is signed in the older way alone, which counts only with legacy_signatures switched on"
        )
    raise InvalidSignature(
        "it is not signed by MessageBird, and is no status report to a report_url of this connection's own: whatever "
        "stands between has to keep the header MessageBird-Signature-JWT, and signing_keys has to be set"
    )


def events(callback: Callback, verified: Verified) -> Sequence[Event]:
    """What a callback tells: a status report, messages, or what is not known here."""
    if (report := reports.fields_of(callback)) is not None:
        return (reports.read(report, verified.token, _plain(callback.query)),)
    where, found = _found(callback)
    told = [inbound.read(fields, raw) for fields, raw in found]
    digest = "" if all(told) else _digest(callback)
    return tuple(
        message or _unrecognized(f"{digest}/{place}", where, found[place][1]) for place, message in enumerate(told)
    )


def _unrecognized(key: str, where: str, raw: Mapping[str, Any]) -> Unrecognized:
    kind = raw.get("type")
    named = kind if isinstance(kind, str) and _KIND.fullmatch(kind) else where
    return Unrecognized(key=f"unrecognized/{key}", at=None, kind=named, raw=raw)


def _found(callback: Callback) -> tuple[str, list[tuple[Fields, Mapping[str, Any]]]]:
    """Where the fields are, and those of each message."""
    if callback.method == "GET" or not callback.body:
        return "query", [_pairs(callback.query)]
    if "json" in callback.content_type or callback.body.lstrip()[:1] in (b"{", b"["):
        data = callback.data
        rows = data if isinstance(data, list) else [data]
        if not rows or not all(isinstance(row, dict) and row for row in rows):
            raise MalformedWebhook("the JSON is no object, nor a list of them")
        return "JSON", [(of_object(row), row) for row in rows]
    if callback.content_type not in _FORMS or b"=" not in callback.body:
        raise MalformedWebhook("the body is neither a form nor JSON")
    return "form", [_pairs(callback.form)]


def _pairs(pairs: Sequence[tuple[str, str]]) -> tuple[Fields, Mapping[str, Any]]:
    if not pairs:
        raise MalformedWebhook("there is nothing in it")
    return of_pairs(pairs), _plain(pairs)


def _plain(pairs: Sequence[tuple[str, str]]) -> Mapping[str, Any]:
    """The fields as they came; of those that came several times a list."""
    once = dict(pairs)
    if len(once) == len(pairs):
        return once
    found: dict[str, list[str]] = {}
    for name, value in pairs:
        found.setdefault(name, []).append(value)
    return {name: values[0] if len(values) == 1 else values for name, values in found.items()}


def _digest(callback: Callback) -> str:
    """A name for a callback that has none, the same whenever it is sent again."""
    content = callback.body or callback.url.encode("utf-8", "replace")
    return hashlib.sha256(content).hexdigest()[:32]
