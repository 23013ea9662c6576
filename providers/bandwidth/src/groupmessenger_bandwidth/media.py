"""Files that Bandwidth keeps for the account: those of its people's messages, and our own for 48 hours."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import SplitResult, quote, unquote_to_bytes, urlsplit

from groupmessenger.provider import Media, Request, ask

if TYPE_CHECKING:
    from .messenger import BandwidthMessenger

_PORTS = {"https": 443, "http": 80}


async def upload(messenger: BandwidthMessenger, name: str, content: bytes, content_type: str) -> Media:
    """Put a file among the account's media, over one of the same name, and give the URL that messages may have."""
    path = _path(messenger, name.encode())
    headers = {"content-type": content_type}
    await ask(Request("PUT", path, content=content, headers=headers, repeatable=True, answer="anything"))
    return Media(messenger.base_url.rstrip("/") + path, content_type, len(content))


def stored(messenger: BandwidthMessenger, url: str) -> Request | None:
    """The request for one of this account's files, None for anything else: callbacks echo URLs of other hosts too."""
    if not url.isprintable() or " " in url:
        return None
    base, parts = urlsplit(messenger.base_url), _split(url)
    if parts is None or _place(parts) != _place(base) or "@" in parts.netloc or parts.query or parts.fragment:
        return None
    media = f"{base.path.rstrip('/')}/users/{messenger.account_id}/media/"
    media_id = unquote_to_bytes(parts.path.removeprefix(media))
    if not parts.path.startswith(media) or not media_id or {b".", b".."} & {*media_id.split(b"/")}:
        return None
    return Request("GET", _path(messenger, media_id), repeatable=True, answer="anything")


def _path(messenger: BandwidthMessenger, media_id: bytes) -> str:
    """Where a file is. Its id has slashes, which go as %2F (as in Bandwidth's SDK)."""
    return f"/users/{messenger.account_id}/media/{quote(media_id, safe='')}"


def _split(url: str) -> SplitResult | None:
    try:
        parts = urlsplit(url)
        _ = parts.port  # which raises if it is none
    except ValueError:
        return None
    return parts


def _place(parts: SplitResult) -> tuple[str, str | None, int | None]:
    return parts.scheme, parts.hostname, parts.port or _PORTS.get(parts.scheme)
