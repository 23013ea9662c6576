"""One request, with its credentials, its retries, and what its answer means."""

from __future__ import annotations

import itertools
import random
from contextvars import ContextVar
from copy import copy
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

import attrs

from .driving import ForeignAwait
from .errors import (
    AuthenticationFailed,
    ConfigurationError,
    GroupMessengerError,
    NotReached,
    OutcomeUnknown,
    Problem,
    ProviderError,
    ProviderUnavailable,
    RateLimited,
    UnexpectedAnswer,
)
from .flow import Exclusive, MaybeSent, NotSent, Now, Request, Response, Sleep, Wire
from .messenger import Authorization, GroupMessenger

TRIES = 3
TRIES_WHEN_UNAVAILABLE = 2  # where the provider says that it did nothing, and for no reason of ours
# Who is being renewed here: a request of authorize() that wants credentials would wait for itself.
_authorizing: ContextVar[object] = ContextVar("groupmessenger_authorizing", default=None)
_FIRST_PAUSE = 0.25  # seconds, doubled at each try
_RENEW_EARLY = timedelta(seconds=60)  # a token that ends under way is a 401 for a message


@attrs.define
class Departed:
    """What a send has done so far: whether its message request was taken, and which requests failed after that."""

    taken: bool = False
    later: list[GroupMessengerError] = attrs.field(factory=list)


departed: ContextVar[Departed | None] = ContextVar("groupmessenger_departed", default=None)


@attrs.frozen
class _Again:
    """What would be raised now, and whether another try may come first, `after` seconds if the provider says."""

    error: GroupMessengerError
    retry: bool
    after: float | None = None
    tries: int = TRIES


@attrs.define(eq=False)
class Exchange:
    """The one place for authorization, retry and classification. Kept by a client, shared by its flows.

    Retried, at most three tries and `patience` seconds of waiting in all, is what never reached the provider,
    what it turned away with 429, and what is repeatable and was lost; once more what it could not do for a reason of
    its own and says it did not, and with new credentials after a 401 where they have a lifetime. Nothing leaves
    after `leave_by`.
    """

    messenger: GroupMessenger
    patience: float = 30.0
    _current: Authorization | None = None
    _until: datetime | None = None
    _failed: tuple[datetime, GroupMessengerError] | None = None

    async def __call__(self, request: Request, leave_by: datetime | None = None) -> Response:
        """Carry out a request. Gives a success in the provider's shape; raises everything else as our errors."""
        try:
            if not request.authorized:
                return await self._trying(request, leave_by)
            used = await self._authorization(stale=None)
            try:
                return await self._trying(request.with_headers(used.headers), leave_by)
            except AuthenticationFailed as error:
                if error.status != 401 or used.lifetime is None:
                    raise
            used = await self._authorization(stale=used)
            return await self._trying(request.with_headers(used.headers), leave_by)
        except GroupMessengerError as error:
            if (sending := departed.get()) is not None and sending.taken:
                sending.later.append(error)
            raise

    async def _authorization(self, stale: Authorization | None) -> Authorization:
        if _authorizing.get() is self:
            title = self.messenger.title
            raise ConfigurationError(f"{title}'s authorize() asks with credentials: authorized=False there")
        now = await Now()
        if (current := self._unexpired(stale, now)) is not None:
            return current
        return await Exclusive(self, self._fresh(stale, now))

    def _unexpired(self, stale: Authorization | None, now: datetime) -> Authorization | None:
        """The current one, if it holds and is another than the stale one."""
        expired = self._until is not None and now >= self._until
        return None if expired or self._current is stale else self._current

    async def _fresh(self, stale: Authorization | None, asked: datetime) -> Authorization:
        """The current one, or, once for everybody who waits, another; its failure is everybody's as well."""
        now = await Now()
        if (current := self._unexpired(stale, now)) is not None:
            return current
        if self._failed is not None and self._failed[0] >= asked:
            raise copy(self._failed[1]) from self._failed[1]
        try:
            self._current = await self._authorize()
        except GroupMessengerError as error:
            self._failed = (await Now(), error)
            raise
        life = self._current.lifetime
        self._until = None if life is None else now + max(life - _RENEW_EARLY, life / 2)
        return self._current

    async def _authorize(self) -> Authorization:
        asking = _authorizing.set(self)
        try:
            return await self.messenger.authorize()
        except (OutcomeUnknown, ProviderUnavailable) as error:  # only a token was asked for: no message is in doubt
            raise ProviderUnavailable(f"no access token: {error}") from error
        except (ConfigurationError, NotReached, ProviderError, ForeignAwait):
            raise
        except Exception as error:  # nor where its answer could not be read
            kind = type(error).__name__
            raise UnexpectedAnswer(f"no access token: the answer could not be read ({kind})") from error
        finally:
            _authorizing.reset(asking)

    async def _trying(self, request: Request, leave_by: datetime | None) -> Response:
        waited = 0.0
        doubt: OutcomeUnknown | None = None  # once in doubt, no later try can say that nothing was done
        last: GroupMessengerError | None = None
        for attempt in itertools.count(1):
            if leave_by is not None and await Now() >= leave_by:
                raise doubt or last or NotReached("not sent: its time to leave was over before it could")
            ending = await self._once(request, leave_by)
            if isinstance(ending, Response):
                return ending
            if isinstance(ending.error, OutcomeUnknown):
                doubt = ending.error
            pause = _pause(attempt) if ending.after is None else ending.after
            if not ending.retry or attempt >= ending.tries or waited + pause > self.patience:
                if doubt is not None and doubt is not ending.error:
                    raise doubt from ending.error
                raise ending.error
            last = ending.error
            await Sleep(pause)
            waited += pause
        raise AssertionError

    async def _once(self, request: Request, leave_by: datetime | None) -> Response | _Again:
        try:
            response = await Wire(request, leave_by)
        except NotSent as failure:
            ending = _Again(NotReached(f"{self.messenger.title} was not reached: {failure}"), retry=True)
            ending.error.__cause__ = failure
        except MaybeSent as failure:
            ending = _Again(self._doubt(request, str(failure)), retry=request.repeatable)
            ending.error.__cause__ = failure
        except ConfigurationError as error:
            ending = _Again(error, retry=False)
        else:
            answered = response if response.request is request else attrs.evolve(response, request=request)
            answer = self._judge(request, answered)
            changed = isinstance(answer, Response) and not request.repeatable and not request.reads
            if changed and (sending := departed.get()) is not None:
                sending.taken = True
            return answer
        return ending

    def _judge(self, request: Request, response: Response) -> Response | _Again:
        status, title = response.status, self.messenger.title
        if 200 <= status < 300:
            if request.answer == "anything" or isinstance(response.data, dict):
                return response
            what = f"HTTP {status} with a body that is not {title}'s"
            if request.reads:
                return _Again(UnexpectedAnswer(what, status=status, raw=response.content), retry=False)
            return _Again(self._doubt(request, what), retry=request.repeatable)
        if 300 <= status < 400 and (request.reads or status != 303):  # 303 to a change: done, and look there
            cure = "put the final address there; redirects are never followed with credentials"
            where = "base_url" if request.authorized else urlsplit(request.path).hostname or "base_url"
            return _Again(
                ConfigurationError(Problem(where, f"{title} answered with a redirect (HTTP {status})", cure)),
                retry=False,
            )
        if status == 429:
            after = _retry_after(response)
            error = RateLimited(
                f"{title} takes no more requests for now (HTTP 429)",
                retry_after=after,
                status=status,
                raw=response.data,
            )
            return _Again(error, retry=True, after=after)
        refusal = self.messenger.refusal(response)
        if refusal is not None:
            return _Again(refusal, retry=isinstance(refusal, ProviderUnavailable), tries=TRIES_WHEN_UNAVAILABLE)
        return _Again(
            self._doubt(request, f"HTTP {status}", status),
            retry=request.repeatable and (status >= 500 or status == 408),
        )

    def _doubt(self, request: Request, why: str, status: int | None = None) -> GroupMessengerError:
        title = self.messenger.title
        if request.reads or _authorizing.get() is self:
            return ProviderUnavailable(f"{title} gave no answer: {why}", status=status)
        cure = "doing it again is safe" if request.repeatable else "it is not tried again"
        return OutcomeUnknown(f"{title} may have done it, or not: {why}; {cure}")


def _pause(attempt: int) -> float:
    spread = random.uniform(0.75, 1.25)  # noqa: S311 - not a secret
    return _FIRST_PAUSE * float(2 ** (attempt - 1)) * spread


def _retry_after(response: Response) -> float | None:
    """The header as seconds (RFC 9110, 10.2.3), None if it is absent or makes no sense."""
    text = response.headers.get("retry-after", "").strip()
    if text.isascii() and text.isdigit():
        return float(text)
    try:
        until, now = parsedate_to_datetime(text), parsedate_to_datetime(response.headers["date"])
        return max((until - now).total_seconds(), 0.0)
    except (ValueError, KeyError, TypeError, OverflowError):
        return None
