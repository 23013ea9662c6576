"""Whether MessageBird signed a callback: by a JWT, or by the HMAC headers that came before it."""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from base64 import b64decode
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from functools import cache
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from groupmessenger.provider import Callback, InvalidSignature, Verified

from .fields import with_plus

if TYPE_CHECKING:
    from jwt import PyJWS

JWT = "messagebird-signature-jwt"
HMAC_TIME, HMAC_VALUE = "messagebird-request-timestamp", "messagebird-signature"
LEEWAY = 5  # seconds between their clock and ours: what the vendor's SDK for Node allows, the others 1
FRESH = 10  # seconds that an HMAC is good for: the vendor's SDKs for Python, PHP and Ruby (Go 2.5, Node 100)

_ALGORITHMS = ["HS256", "HS384", "HS512"]  # the vendor's SDKs allow these alone
_BLOCK = 64  # bytes of a block of SHA-256, the smallest
_LAST = datetime(9999, 1, 1, tzinfo=UTC).timestamp()
_UNIX = re.compile(r"[0-9]{1,11}", re.ASCII)
_NOT_THEIRS = "its signature is none that MessageBird makes"
_KEY = "the signing key of dashboard > developers > settings, which is not the access key"


def by_jwt(callback: Callback, keys: Iterable[str]) -> Verified:
    """Check the JWT: key, issuer, times, id, body, and last the URL, whose error has its own cure."""
    claims = _claims(callback.headers[JWT], keys)
    begins, ends, once = _seconds(claims, "nbf"), _seconds(claims, "exp"), claims.get("jti")
    now = callback.received_at.timestamp()
    if now < begins - LEEWAY or now >= ends + LEEWAY:
        raise InvalidSignature("its signature is not good any more, or not yet: is the clock here right?")
    if not isinstance(once, str) or not once:
        raise InvalidSignature("its signature has no id, by which a replay would be known")
    told = claims.get("payload_hash")
    if not callback.body and told is not None:
        raise InvalidSignature("its signature is of a body, and there is none")
    if callback.body and not _is_hash(told, callback.body):
        raise InvalidSignature("its signature is of another body")
    if not _is_hash(claims.get("url_hash"), callback.url.encode("utf-8", "surrogatepass")):
        raise InvalidSignature(
            "its signature is of another URL than this one, and good else: public_url has to be what MessageBird "
            "calls, and the query as it came"
        )
    return Verified(once, datetime.fromtimestamp(ends + LEEWAY, UTC))


def by_hmac(callback: Callback, keys: Iterable[str]) -> Verified:
    """Check the older headers, which leave out host and path, and stand for any request of ten seconds."""
    if not (keys := tuple(keys)):
        raise InvalidSignature(f"it is signed, and this connection has no signing_keys: {_KEY}")
    at, value = callback.headers.get(HMAC_TIME, ""), callback.headers.get(HMAC_VALUE, "")
    if not _UNIX.fullmatch(at):
        raise InvalidSignature("its signature has no time")
    if not -LEEWAY <= callback.received_at.timestamp() - int(at) < FRESH:
        raise InvalidSignature("its signature is not good any more, or not yet: is the clock here right?")
    try:
        told = b64decode(value, validate=True)
    except ValueError:
        raise InvalidSignature("its signature is no base64") from None
    # They sign a time with its +, and may call with it as it stands, which is read as a space.
    pairs = [(name, with_plus(value) if name.lower().endswith("datetime") else value) for name, value in callback.query]
    query = urlencode(sorted(pairs, key=lambda pair: pair[0]), errors="replace")
    signed = b"\n".join((at.encode(), query.encode(), hashlib.sha256(callback.body).digest()))
    if not any(hmac.compare_digest(told, hmac.digest(key.encode(), signed, "sha256")) for key in keys):
        raise InvalidSignature(f"its signature is of another key, or of something else: signing_keys is {_KEY}")
    return Verified(f"hmac/{told.hex()}", datetime.fromtimestamp(int(at) + FRESH, UTC))


def _claims(token: str, keys: Iterable[str]) -> Mapping[str, Any]:
    """What a JWT claims, of MessageBird and with one of these keys. Its times are not looked at."""
    import jwt  # only receivers need it

    if not (keys := tuple(keys)):
        raise InvalidSignature(f"it is signed, and this connection has no signing_keys: {_KEY}")
    for key in keys:
        try:
            # Not jwt.decode: it holds the times to the clock of now, and not to when the callback says it came.
            claims = json.loads(_tokens().decode(token, _padded(key), _ALGORITHMS))
        except jwt.InvalidSignatureError:
            continue
        except (jwt.PyJWTError, ValueError, RecursionError):
            raise InvalidSignature(_NOT_THEIRS) from None
        if not isinstance(claims, dict) or claims.get("iss") != "MessageBird" or claims.get("aud") is not None:
            raise InvalidSignature(_NOT_THEIRS)
        return claims
    raise InvalidSignature(f"its signature is of another key: signing_keys is {_KEY}")


@cache
def _tokens() -> PyJWS:
    from jwt import PyJWS

    return PyJWS(_ALGORITHMS)


def _padded(key: str) -> bytes:
    """An HMAC fills a short key with zeros itself; done here, PyJWT has no warning for the vendor's keys."""
    return key.encode().ljust(_BLOCK, b"\0")


def _seconds(claims: Mapping[str, Any], name: str) -> float:
    value: Any = claims.get(name)
    if type(value) not in (int, float) or not 0 <= value <= _LAST:
        raise InvalidSignature("its signature has no times")
    return float(value)


def _is_hash(told: object, content: bytes) -> bool:
    expected = hashlib.sha256(content).hexdigest()
    return isinstance(told, str) and hmac.compare_digest(told.encode("utf-8", "replace"), expected.encode())
