"""URLs of the web: which are fit for what, and those that a provider calls back."""

from __future__ import annotations

import hmac
from collections.abc import Iterable
from ipaddress import ip_address
from urllib.parse import parse_qsl, quote, urlencode, urlsplit, urlunsplit

PARAMETER = "gm"


def is_loopback(host: str) -> bool:
    """Whether a host is this machine."""
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


def is_web_url(value: object) -> bool:
    """Whether it is an https URL, or one of http on this machine, with no credentials, query or fragment."""
    if not isinstance(value, str) or not value.isprintable() or set(value) & set(" ?#"):
        return False
    try:
        parts = urlsplit(value)
        host = parts.hostname or ""
        _ = parts.port  # which raises if it is none
    except ValueError:
        return False
    return (
        bool(host)
        and "@" not in parts.netloc
        and (parts.scheme == "https" or (parts.scheme == "http" and is_loopback(host)))
    )


def receiving_url(public_url: str, connection: str) -> str:
    """Where a provider reaches the receiver for one connection."""
    return f"{public_url.rstrip('/')}/{quote(connection, safe='')}"


def sealed_url(url: str, token: str, key: str) -> str:
    """Add a parameter `gm` with the token and a seal made with `key`, for callbacks that bear no signature."""
    parts = urlsplit(url)
    query = [*parse_qsl(parts.query, keep_blank_values=True), (PARAMETER, f"{token}.{_seal(token, key)}")]
    return urlunsplit(parts._replace(query=urlencode(query)))


def unsealed(query: Iterable[tuple[str, str]], key: str) -> str | None:
    """The token that `sealed_url` put into a URL, of the URL's parameters; None unless `key` sealed it."""
    found = [value for name, value in query if name == PARAMETER]
    if len(found) != 1:
        return None
    token, _, seal = found[0].rpartition(".")
    told = seal.encode("utf-8", "replace")
    return token if token and hmac.compare_digest(told, _seal(token, key).encode()) else None


def _seal(token: str, key: str) -> str:
    return hmac.digest(key.encode(), token.encode("utf-8", "replace"), "sha256").hex()[:32]
