"""URLs that a provider calls back, with a token of ours that nobody else can have made up."""

from __future__ import annotations

import hashlib
import hmac
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

PARAMETER = "gm"


def sealed_url(url: str, token: str, key: str) -> str:
    """Add a parameter `gm` with the token and a seal made with `key`, for callbacks that bear no signature."""
    parts = urlsplit(url)
    seal = hmac.new(key.encode(), token.encode(), hashlib.sha256).hexdigest()[:32]
    query = [*parse_qsl(parts.query, keep_blank_values=True), (PARAMETER, f"{token}.{seal}")]
    return urlunsplit(parts._replace(query=urlencode(query)))
