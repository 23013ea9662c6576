"""Who may call: the access key, in MessageBird's own header or as HTTP Basic (1)."""

from __future__ import annotations

import base64
import binascii
from typing import Any

from groupmessenger.sandbox.face import Call

from ._account import ACCESS_KEY, TEST_KEY
from ._refusals import INVALID, MISSING, NOT_ALLOWED, Refused, Slip

CHALLENGE = {"WWW-Authenticate": 'Basic realm="REST API"'}


def key_of(call: Call, reading: Any) -> str:
    """The key of a call. Keys of the vendor's newer platforms are refused like any that is wrong."""
    headers = {name.lower(): value for name, value in call.headers.items()}
    scheme, _, given = headers.get("authorization", "").partition(" ")
    key = given.strip() if scheme.lower() == "accesskey" else ""
    if scheme.lower() == "basic":
        key = _basic(given)
    if key not in (ACCESS_KEY, TEST_KEY):
        raise _not_allowed(reading)
    return key


def _basic(given: str) -> str:
    """The password, which is the key."""
    try:
        user, _, password = base64.b64decode(given, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return ""
    return password if user == "AccessKey" else ""


def _not_allowed(reading: Any) -> Refused:
    said = "request not allowed: this access key is not known here"
    slips = [Slip(NOT_ALLOWED, said, None if reading == "new" else "access_key")]
    if reading == "mixed":  # whatever else was asked, it is judged as well (6)
        slips += [Slip(MISSING, "no (correct) recipients found", "recipient")]
        slips += [Slip(INVALID, "originator is invalid", "originator")]
    return Refused(401, *slips, headers=CHALLENGE)
