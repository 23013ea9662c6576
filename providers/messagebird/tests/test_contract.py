"""MessageBird's adapter, held to its own flags, limits and verdicts."""

from __future__ import annotations

from groupmessenger_messagebird import MessageBirdMessenger
from groupmessenger_messagebird.sandbox import MessageBirdFace

from groupmessenger.provider import AuthenticationFailed, QuotaExceeded, Rejected
from groupmessenger.testing import ProviderContract, Verdict

KEYS = {401: AuthenticationFailed, 403: AuthenticationFailed}
REFUSED = dict.fromkeys((400, 404, 405, 422), Rejected) | {402: QuotaExceeded} | KEYS
USED_UP = dict.fromkeys((400, 402, 404, 405, 422), QuotaExceeded) | KEYS
REFERENCE = "API reference: errors"


def error(code: int, description: str, parameter: str | None = None) -> object:
    return {"errors": [{"code": code, "description": description, "parameter": parameter}]}


class TestMessageBird(ProviderContract):
    messenger, face = MessageBirdMessenger, MessageBirdFace
    hosts = ("rest.messagebird.com",)
    signs = ("body", "url")
    verdicts = (
        Verdict(error(2, "Request not allowed", "access_key"), REFUSED, REFERENCE),
        Verdict(error(9, "no (correct) recipients found", "recipients"), REFUSED, REFERENCE),
        Verdict(error(10, "body is invalid", "body"), REFUSED, REFERENCE),
        Verdict(error(25, "Not enough balance"), USED_UP, REFERENCE),
        Verdict(error(99, "Internal error"), {}, f"{REFERENCE}: what was done is not said"),
    )
