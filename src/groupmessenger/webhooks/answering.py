"""What a callback is answered with, whatever is done with it."""

from __future__ import annotations

import logging
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Mapping
from urllib.parse import urlsplit

import attrs

from ..callbacks import LARGEST, Acknowledgement, Callback
from ..errors import ConfigurationError, InvalidSignature, Problem, UnsupportedOperation, WebhookError
from ..incoming import Incoming
from ..weburls import is_loopback, is_web_url

_SUSPICIOUS = 10  # challenges in a row without an answer
_WAIT = 60  # seconds, after which a provider had better deliver again

_log = logging.getLogger("groupmessenger.webhooks")


@attrs.frozen
class Answer:
    """What to answer a callback with."""

    status: int
    body: bytes = b""
    headers: Mapping[str, str] = attrs.field(factory=dict)


AGAIN = Answer(503, headers={"retry-after": str(_WAIT)})


class Answering(ABC):
    """Answers callbacks for several connections, each below its name. What is done with one is for a subclass.

    `public_url` is where providers reach it, to which `/NAME` is added; without it the URL is the one that the server
    sees, which behind a proxy is another. With `verify` off everybody is believed. Whoever `knows_urls` gives callbacks
    whose URL is not merely what a caller says. Raises `ConfigurationError`.
    """

    def __init__(
        self,
        incoming: Mapping[str, Incoming],
        *,
        public_url: str | None = None,
        verify: bool = True,
        knows_urls: bool = False,
    ) -> None:
        if public_url is not None and not is_web_url(public_url):
            cure = "http is for loopback addresses alone, and it has no query"
            raise ConfigurationError(Problem("public_url", "it is no https URL", cure))
        self.public_url = None if public_url is None else public_url.rstrip("/")
        self._incoming = incoming
        self._verify = verify
        self._knows_urls = knows_urls or public_url is not None
        self._unanswered: Counter[str] = Counter()

    @abstractmethod
    async def take(self, name: str, callback: Callback) -> bool:
        """Believe a callback of a connection, and do what is to be done with it. Whether that is done. A flow.

        Raises `WebhookError` for one that is not to be believed, or cannot be read.
        """

    def within(self, name: str) -> float:
        """How many seconds there are to answer a callback of this connection."""
        known = self._incoming.get(name)
        return (Acknowledgement() if known is None else known.messenger.acknowledgement).within

    def below(self, path: str) -> str:
        """A path below the application; the public URL's own path, which a proxy may have left there, is taken off."""
        root = "" if self.public_url is None else urlsplit(self.public_url).path.rstrip("/")
        return path[len(root) :] if root and path.startswith(f"{root}/") else path

    async def answer(self, name: str, callback: Callback) -> Answer:
        """Do everything that is to be done with a callback. A flow."""
        incoming = self._incoming.get(name)
        if incoming is None:
            _log.warning("a callback for no connection that is here: there are %s", ", ".join(self._incoming))
            return Answer(404)
        wants = incoming.messenger.acknowledgement
        if callback.method not in wants.methods:
            return Answer(405, headers={"allow": ", ".join(sorted(wants.methods))})
        if len(callback.body) > LARGEST:
            return Answer(413)
        try:
            if wants.signs_url and self._verify:
                self._check_url(incoming, callback)
            done = await self.take(name, callback)
        except UnsupportedOperation:
            return Answer(404)
        except WebhookError as error:
            challenged = isinstance(error, InvalidSignature) and wants.challenge is not None
            if challenged and "authorization" not in callback.headers:
                self._asked_for_credentials(name)
            else:
                self._unanswered.pop(name, None)
                _log.warning("a callback of connection %s is refused: %s", name, error)
            return Answer(error.http_status, headers={"www-authenticate": wants.challenge or ""} if challenged else {})
        except Exception:
            _log.exception("a callback of connection %s could not be looked at", name)
            return AGAIN
        self._unanswered.pop(name, None)
        if not done:
            return AGAIN
        return Answer(wants.status, wants.body, {"content-type": wants.content_type} if wants.body else {})

    def _check_url(self, incoming: Incoming, callback: Callback) -> None:
        """Refuse to compare a signed URL with one that only the caller says; on this machine that does no harm."""
        try:
            host = urlsplit(callback.url).hostname or ""
        except ValueError:
            host = ""
        if not self._knows_urls and not is_loopback(host):
            raise InvalidSignature(f"public_url is not set, and {incoming.messenger.title} signs its URL: set it")

    def _asked_for_credentials(self, name: str) -> None:
        """Keep count of challenges, which are no refusals, unless nobody ever answers them."""
        self._unanswered[name] += 1
        if self._unanswered[name] % _SUSPICIOUS == 0:
            what = "connection %s: credentials were asked for %d times, and none came: does the provider have any?"
            _log.warning(what, name, self._unanswered[name])
