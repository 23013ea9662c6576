"""Every error this library raises.

    GroupMessengerError                 outcome: NOT_SENT | SENT | UNKNOWN, speaking of the operation
    ├── InvalidInput                    a number, URL, message or group that cannot be one
    ├── ConfigurationError              file, key, cure; all problems at once
    ├── CapabilityError                 refused here, before any request
    │   ├── UnsupportedOperation  LimitExceeded  BroadcastRefused  WrongConnection  GroupPending
    │   ├── Suppressed (opted out)  SendBlocked (an observer's veto)
    │   └── NotAccepted (seen in the thread, and no members)  SwitchHeld (the file names another connection)
    ├── NotReached                      never got to the provider
    ├── ProviderError                   http status, code, raw answer; nothing was done
    │   ├── AuthenticationFailed  RateLimited(retry_after)  QuotaExceeded  Rejected(reason, recipients)
    │   └── GroupNotFound  ProviderUnavailable  UnexpectedAnswer
    ├── OutcomeUnknown                  may have been done; carries the Attempt, which can be stored
    ├── PartialFailure                  group, succeeded, failed member by member
    ├── KeyReused  InProgress  AlreadyBound  ThreadRetired
    ├── DirectoryError                  the switchboard's database; SENT with the receipt where only the record failed
    ├── WebhookError
    │   └── InvalidSignature  MalformedWebhook
    └── GroupUnresolved                 a reply with no group to go to; candidates

Texts of errors carry no whole number, no message text and no secret; the provider's own answer is `raw`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from difflib import get_close_matches
from enum import StrEnum
from typing import TYPE_CHECKING, Any, ClassVar

import attrs

if TYPE_CHECKING:
    from .groups import Group
    from .messages import Attempt, FailureReason, Receipt
    from .phone import Address, Member


class Outcome(StrEnum):
    """What an error means for what was asked: not done, done, or nobody can say yet."""

    NOT_SENT = "not_sent"
    SENT = "sent"
    UNKNOWN = "unknown"


class GroupMessengerError(Exception):
    """The root of the tree. `outcome` says whether what was asked for happened all the same."""

    outcome: Outcome = Outcome.NOT_SENT

    def __reduce__(self) -> tuple[Any, ...]:
        """Survive pickling and copying whatever the constructor takes: process pools and queues hand errors on."""
        return _rebuilt, (type(self), self.args), self.__dict__


def _rebuilt(kind: type[GroupMessengerError], args: tuple[Any, ...]) -> GroupMessengerError:
    return kind.__new__(kind, *args)


class InvalidInput(GroupMessengerError, ValueError):
    """What was given cannot be what it should be; the text says which and the cure. Nothing was sent."""


@attrs.frozen
class Problem:
    """One thing wrong in a configuration: where, what, and the cure."""

    key: str
    what: str
    cure: str = ""
    file: str | None = None

    def __str__(self) -> str:
        where = ": ".join(part for part in (self.file, self.key) if part)
        return f"{where + ': ' if where else ''}{self.what}{' (' + self.cure + ')' if self.cure else ''}"


def near(name: str, known: Collection[str]) -> str:
    """The cure for a name that is not known: the one that was meant, or all there are."""
    found = get_close_matches(name, known, n=1)
    return f"did you mean '{found[0]}'?" if found else f"there are {', '.join(known) or 'none'}"


class ConfigurationError(GroupMessengerError):
    """The settings cannot work. `problems` has all of them, not only the first."""

    def __init__(self, *problems: Problem | str) -> None:
        self.problems: tuple[Problem, ...] = tuple(
            Problem("", problem) if isinstance(problem, str) else problem for problem in problems
        )
        super().__init__("\n".join(map(str, self.problems)))


class CapabilityError(GroupMessengerError):
    """The provider, or this connection, cannot do this. Found before any request; nothing was sent."""


class UnsupportedOperation(CapabilityError):
    """The provider has no such operation or feature, or not for this group."""


class LimitExceeded(CapabilityError):
    """More (or, for a minimum, less) than the provider allows. `alternatives` are connections that would do."""

    def __init__(self, text: str, *, name: str, limit: int, asked: int, alternatives: Iterable[str] = ()) -> None:
        super().__init__(text)
        self.name = name
        self.limit = limit
        self.asked = asked
        self.alternatives = tuple(alternatives)


class BroadcastRefused(CapabilityError):
    """A shared thread was wanted and the provider sends private copies, or the other way round."""


class WrongConnection(CapabilityError):
    """The group belongs to another provider or another line."""


class GroupPending(CapabilityError):
    """The group is made by its first message, which has not been sent, or may have been."""


class Suppressed(CapabilityError):
    """`members` opted out."""

    def __init__(self, text: str, members: Iterable[Member] = ()) -> None:
        super().__init__(text)
        self.members = tuple(members)


class SendBlocked(CapabilityError):
    """An observer forbade this send."""


class NotAccepted(CapabilityError):
    """`members` were seen in the thread, so that a message would reach them; nobody has accepted them yet."""

    def __init__(self, text: str, members: Iterable[Member] = ()) -> None:
        super().__init__(text)
        self.members = tuple(members)


class SwitchHeld(CapabilityError):
    """The file names another connection than the group's last, and says to wait for `switch`."""


class NotReached(GroupMessengerError):
    """The provider was never reached: no request left, or none arrived. Safe to try again."""


class ProviderError(GroupMessengerError):
    """The provider answered, and did nothing.

    `status` is the HTTP status, `code` the provider's own code or key as text, `raw` its whole answer, which
    may hold numbers and texts.
    """

    def __init__(self, text: str, *, status: int | None = None, code: str | None = None, raw: Any = None) -> None:
        super().__init__(text)
        self.status = status
        self.code = code
        self.raw = raw


class AuthenticationFailed(ProviderError):
    """The credentials were refused, or do not allow this."""


class RateLimited(ProviderError):
    """Too many requests. `retry_after` is in seconds, None where the provider does not say."""

    def __init__(self, text: str, *, retry_after: float | None = None, **details: Any) -> None:
        super().__init__(text, **details)
        self.retry_after = retry_after


class QuotaExceeded(ProviderError):
    """An allowance is used up: balance, new contacts, messages a day."""


class Rejected(ProviderError):
    """The provider refuses this message or change. `recipients` are those it named, if any."""

    def __init__(
        self,
        text: str,
        *,
        reason: FailureReason | None = None,
        recipients: Iterable[Address] = (),
        **details: Any,
    ) -> None:
        super().__init__(text, **details)
        self.reason = reason
        self.recipients = tuple(recipients)


class GroupNotFound(ProviderError):
    """The provider knows no such group (any more)."""


class ProviderUnavailable(ProviderError):
    """The provider could not answer a question, or says that it could not act and did nothing. Asking again is safe."""


class UnexpectedAnswer(ProviderError):
    """The answer to a question is not in the provider's shape: a proxy, an outage page, a changed API."""


class OutcomeUnknown(GroupMessengerError):
    """It may have happened: the answer was lost or said neither yes nor no. It is not tried again.

    `attempt` (for messages) can be stored with `attempt.dump()`, and asked after with `find_sent`.
    """

    outcome = Outcome.UNKNOWN

    def __init__(self, text: str, *, attempt: Attempt | None = None, provider_id: str | None = None) -> None:
        super().__init__(text)
        self.attempt = attempt
        self.provider_id = provider_id


class PartialFailure(GroupMessengerError):
    """A change was made for some members and not for others. `group` is as far as it got."""

    def __init__(
        self,
        text: str,
        *,
        group: Group,
        succeeded: Iterable[Member],
        failed: Mapping[Member, GroupMessengerError],
    ) -> None:
        super().__init__(text)
        self.group = group
        self.succeeded = tuple(succeeded)
        self.failed = dict(failed)
        outcomes = {error.outcome for error in self.failed.values()}
        unsure = Outcome.UNKNOWN in outcomes
        self.outcome = Outcome.UNKNOWN if unsure else Outcome.SENT if self.succeeded else Outcome.NOT_SENT

    @classmethod
    def naming(
        cls, done: str, *, group: Group, asked: Iterable[Member], failed: Mapping[Member, GroupMessengerError]
    ) -> PartialFailure:
        """The error for those of the people `asked` for who could not be `done`, such as "added"; each is named."""
        everybody = dict.fromkeys(asked)
        why = "; ".join(f"{member.address!r}: {error}" for member, error in failed.items())
        return cls(
            f"{len(failed)} of {len(everybody)} members could not be {done}: {why}",
            group=group,
            succeeded=[member for member in everybody if member not in failed],
            failed=failed,
        )


class KeyReused(GroupMessengerError):
    """The once-only key was used before, for another content. Nothing was sent."""


class InProgress(GroupMessengerError):
    """A send with this key is still under way elsewhere, or, with outcome NOT_SENT, one that has to end before this."""

    outcome = Outcome.UNKNOWN

    def __init__(self, text: str, *, outcome: Outcome = Outcome.UNKNOWN) -> None:
        super().__init__(text)
        self.outcome = outcome


class AlreadyBound(GroupMessengerError):
    """This provider thread already belongs to another logical group.

    Where only the provider knows that, it is found out by the first message: then the outcome is SENT, with `receipt`.
    """

    def __init__(self, text: str, *, receipt: Receipt | None = None) -> None:
        super().__init__(text)
        self.receipt = receipt
        if receipt is not None:
            self.outcome = Outcome.SENT


class DirectoryError(GroupMessengerError):
    """The switchboard's directory could not be read or written.

    Where the message went out and only that could not be written, the outcome is SENT, with `receipt`: do not send it
    again. The record is mended by itself later.
    """

    def __init__(self, text: str, *, receipt: Receipt | None = None) -> None:
        super().__init__(text)
        self.receipt = receipt
        if receipt is not None:
            self.outcome = Outcome.SENT


class ThreadRetired(GroupMessengerError):
    """The thread was replaced by another; people who left are still in it."""


class WebhookError(GroupMessengerError):
    """A callback that is not to be believed or cannot be read. `http_status` is the answer it deserves."""

    http_status: ClassVar[int] = 400


class InvalidSignature(WebhookError):
    """The callback does not prove that the provider sent it."""

    http_status = 401


class MalformedWebhook(WebhookError):
    """The callback is not in any shape the provider documents."""


class GroupUnresolved(GroupMessengerError):
    """A reply with no certain group to go to. `candidates` are the names or ids it could have meant."""

    def __init__(self, text: str, candidates: Iterable[str] = ()) -> None:
        super().__init__(text)
        self.candidates = tuple(candidates)
