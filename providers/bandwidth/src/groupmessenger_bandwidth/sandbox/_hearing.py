"""What reaches our lines: kept as a message of its own for each of them, its files copied, and told (3, 5)."""

from __future__ import annotations

from typing import Any
from urllib.parse import unquote

from groupmessenger.sandbox.phones import Inbound

from ._account import LINES, Account, Message, Recipient, Stage
from ._media import Media, path_of
from ._webhooks import Webhooks

_LAYOUT = b"<smil><body><par/></body></smil>"


class Hearing:
    """Listens for all lines."""

    def __init__(self, account: Account, media: Media, webhooks: Webhooks) -> None:
        self.account = account
        self.media = media
        self.webhooks = webhooks
        for line in LINES:
            account.network.attach(line, self.hear)

    def hear(self, inbound: Inbound) -> None:
        """Keep and tell what reached one of our lines: for each of our lines in a group another message."""
        message_id = self.account.new_id()
        to = tuple(sorted(inbound.thread.participants - {inbound.sender}))
        message = Message(
            id=message_id,
            line=inbound.line,
            outbound=False,
            sender=inbound.sender,
            to=to,
            text=inbound.text,
            media=self._copies(message_id, inbound.media),
            mms=bool(inbound.media) or len(to) > 1,
            created=inbound.at,
            recipients=(Recipient(inbound.line, [Stage("RECEIVED", inbound.at)]),),
            thread_id=inbound.thread.id,
        )
        self.account.messages.append(message)
        self.webhooks.received(message)

    def _copies(self, message_id: str, urls: tuple[str, ...]) -> tuple[str, ...]:
        """Copy a message's files to the account's media, and give their URLs there."""
        names = [_name(url) for url in urls]
        files: list[tuple[str, Any]] = [(name, self.media.copied(url)) for name, url in zip(names, urls, strict=True)]
        if files and self.account.doubt["smil_part"] == "given":
            files.insert(0, ("layout.xml", (_LAYOUT, "application/smil+xml")))
        return tuple(
            self.media.keep(f"{message_id}/{n}/{name}", content, content_type)
            for n, (name, (content, content_type)) in enumerate(files)
        )


def _name(url: str) -> str:
    """The name of the file that a URL is of."""
    return unquote(path_of(url)).rpartition("/")[2] or "file"
