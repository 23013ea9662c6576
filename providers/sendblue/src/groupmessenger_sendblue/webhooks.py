"""What Sendblue calls us with: whether it was Sendblue, and what it tells."""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from groupmessenger.provider import (
    Acknowledgement,
    Callback,
    Event,
    InvalidSignature,
    MalformedWebhook,
    TypingChanged,
    Unrecognized,
    Verified,
    unsealed,
)

from . import answers, inbound, statuses

if TYPE_CHECKING:
    from .messenger import SendblueMessenger

HEADER = "sb-signing-secret"  # the secret itself: nothing is signed, and nothing keeps a callback from being replayed
# Sendblue's webhook guide: up to 3 retries on 5xx, 45 s for each answer.
ACKNOWLEDGEMENT = Acknowledgement(
    within=45.0, retries="up to three times after a 5xx, or no answer within 45 s; the pauses are not published"
)
_KIND = re.compile(r"[A-Za-z][A-Za-z_.-]{0,39}")  # a machine's word, with no room for a number or a text
_UNKNOWN = "unknown"


def steps(url: str) -> tuple[str, ...]:
    """How the account's webhooks are made to call a URL."""
    return (
        f"In Sendblue's dashboard, or by POST /api/account/webhooks, add {url} for the types receive, outbound and, if "
        "you like, typing_indicator, with a secret. (PUT there replaces the webhooks of everybody.)",
        "Set webhook_secrets to that secret.",
        "Webhooks are the account's: narrow them to this line by sendblue_numbers if there are others.",
        "Nothing is to be entered for status_callback, which [webhooks] public_url sets by itself.",
    )


def verify(messenger: SendblueMessenger, callback: Callback) -> Verified:
    """Believe who knows the secret. Callbacks of a single message have none, but the token that we sealed."""
    told, token = callback.headers.get(HEADER), unsealed(callback.query, messenger.api_secret_key)
    if told is not None and _knows(messenger, told):
        return Verified(token=token)
    if token is not None and _is_status(_object(callback)):
        return Verified(token=token, token_is_all=True)
    if not messenger.webhook_secrets:
        cure = "set webhook_secrets to the secret that you gave Sendblue for its webhooks"
        raise InvalidSignature(f"nobody can be believed: {cure}")
    if told is None:
        raise InvalidSignature(f"the header {HEADER} is missing, and it is no status with a token that was sealed here")
    raise InvalidSignature(f"the header {HEADER} has none of webhook_secrets, or came twice")


def parse(messenger: SendblueMessenger, callback: Callback, verified: Verified) -> tuple[Event, ...]:
    """The event that a callback tells. Raises `MalformedWebhook`."""
    return (_event(messenger, callback, _object(callback), verified.token),)


def _event(messenger: SendblueMessenger, callback: Callback, body: Mapping[str, Any], token: str | None) -> Event:
    if _is_status(body):  # before all else: it is all that a token in the URL is good for
        if not inbound.is_message(body):
            return _unrecognized(callback, body)
        if not (handle := answers.handle_of(body)):
            raise MalformedWebhook("a status does not say of which message")
        return statuses.status_changed(handle, body, token)
    if inbound.came_in(body):
        return inbound.received(messenger, body)
    if isinstance(body.get("is_typing"), bool):
        return _typing(messenger, callback, body)
    return _unrecognized(callback, body)


def _is_status(body: Mapping[str, Any]) -> bool:
    return body.get("is_outbound") is True


def _typing(messenger: SendblueMessenger, callback: Callback, body: Mapping[str, Any]) -> TypingChanged:
    """Somebody types, privately. `number` is theirs and `from_number` ours, unless our line is the first of them."""
    theirs, ours = body.get("number"), body.get("from_number")
    lines = messenger.own_lines
    if inbound.line_of(messenger, ours) not in lines and inbound.line_of(messenger, theirs) in lines:
        theirs, ours = ours, theirs
    line, named = inbound.line_of(messenger, ours), answers.texts((theirs,))
    sender = answers.address(named[0]) if named else None
    if sender is None or str(sender) == line:
        raise MalformedWebhook("it does not say who types")
    return TypingChanged(
        key=f"typing/{_digest(callback)}",  # which has the time in it
        at=answers.time_of(body, "timestamp"),
        sender=sender,
        line=line,
        typing=body["is_typing"],
        raw=body,
    )


def _unrecognized(callback: Callback, body: Mapping[str, Any]) -> Unrecognized:
    words = answers.texts(body.get(name) for name in ("event_type", "type", "event"))  # call_log has the first
    kind = next(filter(_KIND.fullmatch, words), _UNKNOWN)
    return Unrecognized(key=f"{_UNKNOWN}/{_digest(callback)}", at=None, kind=kind, raw=body)


def _object(callback: Callback) -> Mapping[str, Any]:
    data = callback.data
    if not isinstance(data, dict):
        raise MalformedWebhook("the body is no JSON object")
    return data


def _knows(messenger: SendblueMessenger, told: str) -> bool:
    """Whether it is one of the secrets; all are compared, so that the time tells nothing."""
    given = told.encode("utf-8", "surrogatepass")
    return any([hmac.compare_digest(given, secret.encode()) for secret in messenger.webhook_secrets])  # noqa: C419


def _digest(callback: Callback) -> str:
    return hashlib.sha256(callback.body).hexdigest()[:32]
