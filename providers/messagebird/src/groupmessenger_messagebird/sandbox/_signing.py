"""How MessageBird signs what it calls (5.3): a JWT in a header, or the older HMAC in two."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from collections.abc import Mapping
from datetime import datetime
from urllib.parse import parse_qsl, urlencode, urlsplit

import jwt

from groupmessenger.sandbox.callbacks import Outgoing

# As long as the vendor's own: no algorithm of the three finds it too short.
SIGNING_KEY = "sandboxSigningKey00112233445566778899aabbccddeeff001122334455667"
LIFETIME = 60  # seconds (5.3)
_RAW_PLUS = re.compile(r"(T\d\d:\d\d:\d\d)\+")


def token(outgoing: Outgoing, at: datetime, jti: str, algorithm: str) -> Mapping[str, str]:
    """The header with the JWT: it has the hash of the whole URL, and of the body exactly where there is one."""
    since = int(at.timestamp())
    claims = {
        "iss": "MessageBird",
        "nbf": since,
        "exp": since + LIFETIME,
        "jti": jti,
        "url_hash": hashlib.sha256(outgoing.url.encode()).hexdigest(),
    }
    if outgoing.body:
        claims["payload_hash"] = hashlib.sha256(outgoing.body).hexdigest()
    return {"MessageBird-Signature-JWT": jwt.encode(claims, SIGNING_KEY, algorithm)}


def legacy(outgoing: Outgoing, at: datetime) -> Mapping[str, str]:
    """The two older headers: they know the query by its names and values, and nothing else of the URL."""
    stamp = str(int(at.timestamp()))
    query = _RAW_PLUS.sub(r"\1%2B", urlsplit(outgoing.url).query)  # what is sent raw is signed as what it means
    pairs = sorted(parse_qsl(query, keep_blank_values=True), key=lambda pair: pair[0])
    signed = f"{stamp}\n{urlencode(pairs)}\n".encode() + hashlib.sha256(outgoing.body).digest()
    seal = hmac.digest(SIGNING_KEY.encode(), signed, "sha256")
    return {"MessageBird-Request-Timestamp": stamp, "MessageBird-Signature": base64.b64encode(seal).decode()}
