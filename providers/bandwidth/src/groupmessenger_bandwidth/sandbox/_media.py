"""The account's media: files put there for 48 hours, named by anything, slashes too (5)."""

from __future__ import annotations

import mimetypes
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote, unquote, urlsplit

import attrs

from groupmessenger.sandbox.clock import Clock
from groupmessenger.sandbox.face import Answer, Call

from ._refusals import missing, refused
from ._tokens import ACCOUNT_ID

KEPT = timedelta(hours=48)
LARGEST = 3_500_000  # bytes that a message may have in a file (2)
MOST_LISTED = 1000

UNREACHABLE = 4410
TOO_LARGE = 4411


@attrs.frozen
class File:
    """A file, and until when it is kept."""

    content: bytes
    content_type: str
    until: datetime


class Media:
    """The calls about media. `files` may hold some that are past their time.

    `base_url` is where this face is called, which a face learns from its settings and its calls: a phone that sends a
    file before any has URLs that lead nowhere.
    """

    def __init__(self, clock: Clock, name: str) -> None:
        self.clock = clock
        self.name = name
        self.base_url: str | None = None
        self.files: dict[str, File] = {}
        self.most_listed = MOST_LISTED

    def put(self, call: Call) -> Answer:
        """`PUT /users/{account_id}/media/{media_id}`: keeps a file, over one of the same name."""
        content_type = call.headers.get("content-type", "application/octet-stream")
        self.files[call.parameters["media_id"]] = File(call.body, content_type, self.clock.now() + KEPT)
        return Answer(204)

    def get(self, call: Call) -> Answer:
        """`GET /users/{account_id}/media/{media_id}`."""
        file = self.find(call.parameters["media_id"])
        if file is None:
            raise missing(call.path, self.clock.now())
        return Answer(200, file.content, {"content-type": file.content_type})

    def delete(self, call: Call, status_if_missing: int) -> Answer:
        """`DELETE /users/{account_id}/media/{media_id}`."""
        media_id = call.parameters["media_id"]
        there = self.find(media_id) is not None
        self.files.pop(media_id, None)
        if not there and status_if_missing == 404:
            raise missing(call.path, self.clock.now())
        return Answer(204, done=there)

    def listing(self, call: Call) -> Answer:
        """`GET /users/{account_id}/media`: so many at a time, then a token for the rest."""
        names = sorted(name for name in self.files if self.find(name))
        token = call.headers.get("continuation-token", "0")
        if not token.isdecimal():
            raise refused(400, "request-validation", "Nobody was given this Continuation-Token")
        first = int(token)
        after = first + self.most_listed
        headers = {"continuation-token": str(after)} if after < len(names) else {}
        return Answer(200, [self._row(call, name) for name in names[first:after]], headers)

    def find(self, media_id: str) -> File | None:
        """A file that is still kept."""
        file = self.files.get(media_id)
        return file if file is not None and self.clock.now() < file.until else None

    def failure(self, url: str) -> int:
        """Why a message cannot have this URL's file, 0 if nothing is known against it. Others' hosts are not asked."""
        _, ours, media_id = urlsplit(url).path.partition(f"/users/{ACCOUNT_ID}/media/")
        if not ours:
            return 0
        file = self.find(unquote(media_id))
        if file is None:
            return UNREACHABLE
        return TOO_LARGE if len(file.content) > LARGEST else 0

    def called(self, call: Call) -> None:
        """Learn from a call where this face is, unless that is known."""
        if self.base_url is None and "host" in call.headers:
            self.base_url = f"http://{call.headers['host']}/{self.name}"

    def keep(self, media_id: str, content: bytes, content_type: str) -> str:
        """Keep a file that came in. Gives its URL, with the slashes of its id as they are."""
        self.files[media_id] = File(content, content_type, self.clock.now() + KEPT)
        return f"{self._base()}/users/{ACCOUNT_ID}/media/{quote(media_id)}"

    def copied(self, url: str) -> tuple[bytes, str]:
        """The content and type of a file that a phone sends: a stand-in asks no other host, and makes one up."""
        path = path_of(url)
        _, ours, media_id = path.partition(f"/users/{ACCOUNT_ID}/media/")
        file = self.find(unquote(media_id)) if ours else None
        if file is not None:
            return file.content, file.content_type
        kind, _ = mimetypes.guess_type(path)
        return f"The sandbox's copy of {url}".encode(), kind or "application/octet-stream"

    def _base(self) -> str:
        return self.base_url or f"http://localhost/{self.name}"

    def _row(self, call: Call, name: str) -> dict[str, Any]:
        host = call.headers.get("host", "localhost")
        url = f"http://{host}/{self.name}/users/{ACCOUNT_ID}/media/{quote(name, safe='')}"
        return {"content": url, "contentLength": len(self.files[name].content), "mediaName": name}


def path_of(url: str) -> str:
    """The path of a URL as it is written; empty for what is no URL, as a phone may send anything."""
    try:
        return urlsplit(url).path
    except ValueError:
        return ""
