"""Files for messages, kept by Sendblue."""

from __future__ import annotations

import hashlib
import re

from groupmessenger.provider import InvalidInput, Media, Request, UnexpectedAnswer, ask

_WITHIN = 60.0  # seconds, as long as the vendor's SDK waits for anything
_TYPE = re.compile(r"[\x20-\x7e]+")


async def upload(name: str, content: bytes, content_type: str) -> Media:
    """Store a file, as the vendor's own CLI does; messages name its URL. Stored twice it harms nobody."""
    boundary, body = _form(name, content, content_type)
    headers = {"content-type": f"multipart/form-data; boundary={boundary}"}
    request = Request("POST", "/api/upload-file", content=body, headers=headers, repeatable=True, timeout=_WITHIN)
    answer = await ask(request)
    try:
        return Media(str(answer.fields.get("media_url") or ""), content_type, len(content))
    except InvalidInput:
        raise UnexpectedAnswer("Sendblue did not say where it keeps the file", raw=answer.fields) from None


def _form(name: str, content: bytes, content_type: str) -> tuple[str, bytes]:
    """The boundary and the body of a form with one file (RFC 7578); no content has its own digest in it."""
    boundary = f"groupmessenger-{hashlib.sha256(content).hexdigest()[:32]}"
    file = name.replace('"', "%22").replace("\r", "%0D").replace("\n", "%0A")
    kind = content_type if _TYPE.fullmatch(content_type) else "application/octet-stream"
    head = f'--{boundary}\r\ncontent-disposition: form-data; name="file"; filename="{file}"\r\ncontent-type: {kind}\r\n'
    return boundary, b"".join((head.encode(), b"\r\n", content, f"\r\n--{boundary}--\r\n".encode()))
