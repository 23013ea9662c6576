"""Files on their way in and out: what somebody sent is fetched, what is here is stored for a provider."""

from __future__ import annotations

import itertools
import mimetypes
import os
import re
import secrets
import tempfile
from functools import partial
from pathlib import Path
from urllib.parse import unquote, urlsplit

import attrs

from .capabilities import LimitName
from .errors import GroupMessengerError, InvalidInput, LimitExceeded, NotReached, ProviderError, UnsupportedOperation
from .flags import Operation
from .flow import Call, MaybeSent, NotSent, Request, Response, TooLong, Wire, ask
from .guarding import is_public_address
from .messages import Media
from .operations import Operations
from .weburls import is_loopback

AT_MOST = 100_000_000  # bytes; the largest that any provider here carries
_UNFIT = re.compile(r"[^A-Za-z0-9._-]+")
_TYPE = re.compile(r"[A-Za-z0-9!#$&^_.+-]{1,127}/[A-Za-z0-9!#$&^_.+-]{1,127}(;[\x20-\x7e]*)?", re.ASCII)  # RFC 6838
_UNKNOWN = "application/octet-stream"


@attrs.define(eq=False)
class Files:
    """Fetches and stores files for one client."""

    _operations: Operations

    async def download(self, media: Media | str, to: str | os.PathLike[str], at_most: int) -> Path:
        """Fetch a file and write it; credentials go to the provider's own hosts alone."""
        url = media.url if isinstance(media, Media) else Media(media).url
        where = _path(to)
        if type(at_most) is not int or at_most < 1:
            raise InvalidInput("at_most is a number of bytes, 1 or more")
        try:
            answer = await self._fetched(url, at_most)
        except GroupMessengerError as error:
            if not isinstance(error.__cause__, TooLong):
                raise
            text = f"the file is larger than {at_most:,} bytes: give at_most to fetch more"
            raise LimitExceeded(text, name=LimitName.MEDIA_BYTES, limit=at_most, asked=at_most + 1) from error
        return await Call(partial(_write, where, _name_of(url), answer.content))

    async def _fetched(self, url: str, at_most: int) -> Response:
        messenger = self._operations.messenger
        stored = messenger.stored(url)
        if stored is not None:
            return await ask(attrs.evolve(stored, answer="anything", at_most=at_most, repeatable=False))
        return await _fetch(url, at_most, here=is_loopback(urlsplit(messenger.base_url).hostname or ""))

    async def upload(self, path: str | os.PathLike[str], content_type: str | None) -> Media:
        """Store a file at the provider, after a look at its size."""
        self._operations.may(Operation.UPLOAD)
        where = _path(path)
        if content_type is not None and not _TYPE.fullmatch(content_type):
            raise InvalidInput("content_type is one such as image/jpeg")
        limit = self._operations.capabilities.limit(LimitName.MEDIA_BYTES, with_media=True)
        most = AT_MOST if limit is None or limit.value is None else limit.value
        content = await Call(partial(_read, where, most))
        kind = content_type or mimetypes.guess_type(where.name)[0] or _UNKNOWN
        name = f"{secrets.token_hex(8)}-{_fit(where.name)}"
        return attrs.evolve(
            await self._operations.messenger.upload(name, content, kind), content_type=kind, size=len(content)
        )


async def _fetch(url: str, at_most: int, *, here: bool) -> Response:
    """Fetch from a host nobody vouches for. On this machine only where the provider itself is `here`."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    local = here and is_loopback(host)
    if not local and (parts.scheme != "https" or parts.username is not None or parts.password is not None):
        raise UnsupportedOperation("media is fetched by https alone, and without credentials in its URL")
    if not local and not _may_be_public(host):
        raise UnsupportedOperation("the media's URL leads to a private address, which nobody else could have filled")
    request = Request(
        "GET", url, authorized=False, repeatable=True, answer="anything", at_most=at_most, elsewhere=not local
    )
    try:
        answer = await Wire(request)
    except (NotSent, MaybeSent) as failure:
        raise NotReached(f"the media could not be fetched: {failure}") from failure
    if answer.status != 200:
        raise ProviderError(f"the media could not be fetched (HTTP {answer.status})", status=answer.status)
    return answer


def _may_be_public(host: str) -> bool:
    """Whether a host is not known to be private. What a name leads to is looked at when it is connected to."""
    try:
        return is_public_address(host)
    except ValueError:
        return bool(host) and not is_loopback(host)


def _path(value: str | os.PathLike[str]) -> Path:
    try:
        return Path(value)
    except TypeError:
        raise InvalidInput("give the path of a file") from None


def _read(path: Path, at_most: int) -> bytes:
    try:
        with path.open("rb") as file:
            content = file.read(at_most + 1)
    except OSError as error:
        raise InvalidInput(f"the file cannot be read: {error.strerror}") from error
    if not content:
        raise InvalidInput("the file is empty")
    if len(content) > at_most:
        text = f"the file is larger than {at_most} bytes, the most that this provider carries"
        raise LimitExceeded(text, name=LimitName.MEDIA_BYTES, limit=at_most, asked=path.stat().st_size)
    return content


def _write(to: Path, name: str, content: bytes) -> Path:
    """Write a file whole or not at all; into a folder under its own name, beside others of that name."""
    into = to.is_dir()
    try:
        handle, made = tempfile.mkstemp(dir=to if into else to.parent, prefix=".")
        temporary = Path(made)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(content)
            return _placed(temporary, to / name) if into else temporary.replace(to)
        finally:
            temporary.unlink(missing_ok=True)
    except OSError as error:
        raise InvalidInput(f"the file cannot be written: {error.strerror}") from error


def _placed(temporary: Path, path: Path) -> Path:
    """Give a file its name, or one like it where that is taken: by a link, which takes the place of no other."""
    for count in itertools.count(1):
        where = path if count == 1 else path.with_stem(f"{path.stem}-{count}")
        try:
            where.hardlink_to(temporary)
        except FileExistsError:
            continue
        return where
    raise AssertionError


def _name_of(url: str) -> str:
    return _fit(unquote(urlsplit(url).path).rpartition("/")[2])


def _fit(name: str) -> str:
    """A name that is safe in a folder and in a URL."""
    return _UNFIT.sub("-", name)[-80:].lstrip(".-") or "file"
