"""Files that are uploaded for messages, and the URLs that messages may name (2.2)."""

from __future__ import annotations

import mimetypes
import re
from email.parser import BytesParser
from email.policy import HTTP
from pathlib import PurePosixPath
from urllib.parse import parse_qs, urlsplit
from uuid import uuid4

import attrs

from groupmessenger.sandbox.face import Answer, Call

from ._account import Account
from ._refusals import Refused, body_of, refused, send_refused, text_of
from ._webhooks import is_url

_ENVELOPE = 10_000  # bytes of a multipart body beside the file itself
_EXTENSION = re.compile(r"\.[a-z0-9]{1,8}")
_SIGNATURES = frozenset(
    {
        "expires",
        "policy",
        "sig",
        "signature",
        "token",
        "x-amz-credential",
        "x-amz-signature",
        "x-goog-signature",
    }
)


@attrs.frozen
class _File:
    name: str
    content: bytes = attrs.field(repr=False)
    content_type: str


class Files:
    """The calls about files. `path` is where `read` serves them on this host."""

    def __init__(self, account: Account, path: str) -> None:
        self.account = account
        self._path = path
        self._files: dict[str, _File] = {}
        self._objects: dict[str, str] = {}

    def upload(self, call: Call) -> Answer:
        """`POST /api/upload-file`: a form with the file in the field `file`."""
        status = self.account.doubt["upload_file"]
        if status == 404:
            raise refused("Not found", 404)
        most = self.account.limits.file_bytes
        file = None if len(call.body) > most + _ENVELOPE else _file(call)
        if file is None or len(file.content) > most:
            raise refused(f"The file must not exceed {most} bytes")
        self._files[file.name] = file
        host = call.headers.get("host", "localhost")
        return Answer(status, {"media_url": f"http://{host}{self._path}/{file.name}"})

    def read(self, call: Call) -> Answer:
        """Serve a file, to whoever asks."""
        file = self._files.get(call.parameters["name"])
        if file is None:
            return Answer(404, {"error": "not found"})
        return Answer(200, file.content, {"content-type": file.content_type})

    def media_object(self, call: Call) -> Answer:
        """`POST /api/upload-media-object`: names a file by its URL."""
        url = text_of(body_of(call), "media_url")
        if not is_url(url):
            raise refused("Invalid media URL")
        media_object = f"MO_{uuid4().hex}{PurePosixPath(urlsplit(url).path).suffix}"
        self._objects[media_object] = url
        return Answer(201, {"status": "OK", "message": "The file was stored", "mediaObjectId": media_object})

    def media(self, url: str) -> str:
        """What phones show for a message's media_url: public, with a file's extension, and not signed (2.2)."""
        if url in self._objects and self.account.doubt["media_object_in_send"] == "accepted":
            return self._objects[url]
        if not is_url(url):
            raise _refused("must be an http or https URL")
        parts = urlsplit(url)
        if not PurePosixPath(parts.path).suffix:
            raise _refused("must end in a file extension")
        if _SIGNATURES.intersection(name.lower() for name in parse_qs(parts.query, keep_blank_values=True)):
            raise _refused("must not be a signed URL")
        return url


def _refused(what: str) -> Refused:
    return send_refused(f"media_url {what}")


def _file(call: Call) -> _File:
    """The file of a form, under a name of ours with the extension of its own."""
    head = f"content-type: {call.headers.get('content-type', '')}\r\n\r\n".encode("latin-1", "replace")
    form = BytesParser(policy=HTTP).parsebytes(head + call.body)
    for part in form.iter_parts() if form.is_multipart() else ():
        content = part.get_payload(decode=True)
        if part.get_param("name", header="content-disposition") == "file" and isinstance(content, bytes):
            content_type = part.get_content_type() if "content-type" in part else "application/octet-stream"
            suffix = PurePosixPath(part.get_filename() or "").suffix.lower()
            if not _EXTENSION.fullmatch(suffix):
                suffix = mimetypes.guess_extension(content_type) or ".bin"
            return _File(f"{uuid4().hex}{suffix}", content, content_type)
    raise refused("missing required field: file")
