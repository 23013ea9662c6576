"""User and password of HTTP's Basic scheme: ours at Bandwidth, and Bandwidth's at our callback URL."""

from __future__ import annotations

import base64
import hmac
from collections.abc import Collection
from typing import Any

import attrs

from groupmessenger.provider import Callback, InvalidInput, InvalidSignature, Verified


def basic(pair: str) -> str:
    """The header for `user:password` (RFC 7617)."""
    return "Basic " + _token(pair)


def check_pair(_: object, attribute: attrs.Attribute[Any], value: str) -> None:
    """Refuse what is not `user:password`. The password may have colons, and is not empty."""
    user, _, password = value.partition(":")
    if not user or not password:
        raise InvalidInput(f"{attribute.name} is user:password, as the application's callbacks have them")


def believe(callback: Callback, pairs: Collection[str]) -> Verified:
    """Raise `InvalidSignature` unless a callback shows one of these pairs. Its body, empty at first, is not looked at.

    Bandwidth signs nothing, and shows credentials only once it was asked for them with a 401.
    """
    if not pairs:
        raise InvalidSignature(
            "there is nothing to believe Bandwidth's callbacks by: set webhook_credentials to the user:password that "
            "the application's callbacks have"
        )
    shown = callback.headers.get("authorization")
    if shown is None:
        raise InvalidSignature(
            "it has no credentials: Bandwidth's first request never has, and is repeated with them once this one is "
            "answered with 401 and a challenge; if none follows, give the application's callbacks user and password"
        )
    scheme, _, token = shown.strip().partition(" ")
    if scheme.lower() != "basic":
        raise InvalidSignature("its credentials are not of the Basic scheme, the only one that Bandwidth has")
    told = token.strip().encode("utf-8", "replace")
    if not sum(hmac.compare_digest(told, _token(pair).encode()) for pair in pairs):  # all of them, whichever it is
        raise InvalidSignature(
            "its user and password are none of webhook_credentials: set them to those of the application's callbacks"
        )
    return Verified()


def _token(pair: str) -> str:
    return base64.b64encode(pair.encode()).decode()
