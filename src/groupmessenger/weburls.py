"""URLs of the web: which are fit for what, and those that a provider calls back."""

from __future__ import annotations

import hashlib
import hmac
from ipaddress import ip_address
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

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


def sealed_url(url: str, token: str, key: str) -> str:
    """Add a parameter `gm` with the token and a seal made with `key`, for callbacks that bear no signature."""
    parts = urlsplit(url)
    seal = hmac.new(key.encode(), token.encode(), hashlib.sha256).hexdigest()[:32]
    query = [*parse_qsl(parts.query, keep_blank_values=True), (PARAMETER, f"{token}.{seal}")]
    return urlunsplit(parts._replace(query=urlencode(query)))
