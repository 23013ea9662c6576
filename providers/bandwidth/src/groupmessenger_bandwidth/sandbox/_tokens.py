"""Who may call: tokens for the client's credentials, and the user name and password of old (1)."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qs
from uuid import uuid4

from groupmessenger.sandbox.clock import Clock
from groupmessenger.sandbox.face import Answer, Call

from ._refusals import Refused, refused

ACCOUNT_ID = "9900123"
OLD_ACCOUNT_ID = "u-sandbox4oldstyleuserid5"
CLIENT_ID = "sandbox-client-id"
CLIENT_SECRET = "sandbox-client-secret"  # noqa: S105 - known to everybody, it opens nothing
USERNAME = "sandbox-user"
PASSWORD = "sandbox-password"  # noqa: S105 - the same

LIFETIME = timedelta(hours=1)


class Tokens:
    """The tokens given out, `valid` each until its end, and the check of credentials."""

    def __init__(self, clock: Clock, doubt: Mapping[str, Any]) -> None:
        self.clock = clock
        self.doubt = doubt
        self.valid: dict[str, datetime] = {}
        self.issued = 0
        self.basic_auth = True

    def issue(self, call: Call) -> Answer:
        """`POST /oauth2/token`, with the client's credentials and nothing else."""
        if _basic(call) != (CLIENT_ID, CLIENT_SECRET):
            raise Refused(401, {"error": "invalid_client"})
        if not _header(call, "content-type").startswith("application/x-www-form-urlencoded"):
            raise Refused(400, {"error": "invalid_request"})
        grant = parse_qs(call.body.decode("utf-8", "replace")).get("grant_type")
        if grant != ["client_credentials"]:
            raise Refused(400, {"error": "unsupported_grant_type" if grant else "invalid_request"})
        token = f"sandbox-{uuid4().hex}"
        self.valid[token] = self.clock.now() + LIFETIME
        self.issued += 1
        body: dict[str, Any] = {"access_token": token, "token_type": self.doubt["token_type"]}
        if self.doubt["expires_in"] == "given":
            body["expires_in"] = int(LIFETIME.total_seconds())
        return Answer(200, body)

    def check(self, call: Call) -> None:
        """Refuse who may not call, and who calls for another account. A token does not open the old account id."""
        scheme, _, token = _header(call, "authorization").partition(" ")
        until = self.valid.get(token) if scheme.lower() == "bearer" else None
        if until is not None and self.clock.now() < until:
            accounts = {ACCOUNT_ID}
        elif self.basic_auth and _basic(call) == (USERNAME, PASSWORD):
            accounts = {ACCOUNT_ID, OLD_ACCOUNT_ID}
        else:
            kind = "unauthorized" if self.doubt["auth_words"] == "current" else "authentication-error"
            raise refused(401, kind, "These credentials are not valid")
        if call.parameters["account_id"] not in accounts:
            kind = "forbidden" if self.doubt["auth_words"] == "current" else "unauthorized"
            raise refused(403, kind, "These credentials are not for this account")


def _header(call: Call, name: str) -> str:
    return {key.lower(): value for key, value in call.headers.items()}.get(name, "")


def _basic(call: Call) -> tuple[str, str] | None:
    scheme, _, value = _header(call, "authorization").partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        user, colon, password = base64.b64decode(value, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return None
    return (user, password) if colon else None
