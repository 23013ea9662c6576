"""The interface every provider implements."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, ClassVar, Generic, NoReturn, TypeVar

import attrs

from .callbacks import Acknowledgement, Callback, Verified, checked
from .capabilities import Capabilities, Identity
from .delivery import PRECEDENCE
from .errors import (
    CapabilityError,
    GroupMessengerError,
    InvalidSignature,
    Problem,
    ProviderError,
    UnsupportedOperation,
)
from .events import Event, StatusChanged
from .flags import NATIVE, UNSUPPORTED, Feature, Flag, Grade, Operation
from .flow import Request, Response
from .groups import Group
from .messages import Attempt, CannotTell, GroupReceipt, Media, Message, Receipt, Sighting, Status
from .phone import Address, Member
from .understanding import Listener, understood

F = TypeVar("F", bound=Callable[..., Any])
T = TypeVar("T")


@attrs.frozen
class Authorization:
    """Headers that prove who we are. With a `lifetime` they are renewed before its end, and once after a 401."""

    headers: Mapping[str, str] = attrs.field(repr=False)
    lifetime: timedelta | None = None


@attrs.frozen
class Page(Generic[T]):
    """One page of a list. `next` is the cursor of the page after it, None at the end."""

    items: tuple[T, ...]
    next: str | None = None


class Level(StrEnum):
    """How grave a finding is. `unchecked`: it could not be looked at."""

    OK = "ok"
    UNCHECKED = "unchecked"
    WARNING = "warning"
    FAULT = "fault"


@attrs.frozen
class Finding:
    """One thing that a check of a connection found out. `what` has the cure where there is one.

    `error` is what a request raised, if that is what was found.
    """

    level: Level
    what: str
    error: GroupMessengerError | None = attrs.field(default=None, repr=False, eq=False)


@attrs.frozen
class UrlParts:
    """Which settings the parts of a connection's URL are: `name://user:password@host?other=...`."""

    user: str | None = None
    password: str | None = None
    host: str | None = None


def graded(flag: Flag) -> Callable[[F], F]:
    """Grade an operation that is less than native: `@graded(PARTIAL("iMessage groups only", ...))`."""

    def mark(method: F) -> F:
        method.__flag__ = flag  # type: ignore[attr-defined]  # pyright: ignore[reportFunctionMemberAccess]
        return method

    return mark


class GroupMessenger:
    """A provider. Subclasses are attrs classes whose fields are the settings, `line` and `base_url` among them.

    Operations are flows: coroutines that await `ask`, `together` and other flows, nothing else. An adapter never
    touches network, clock or files. An operation that is not overridden is unsupported, and says so; `@graded`
    says what holds only in part. `reserved` are fields of requests that `extras` may not set. Groups arrive with
    members checked against the limits, messages as they are to be sent, and what `ask` gives is a success.
    What comes in is believed by `verify` and read by `parse`; `other_lines` are numbers of ours beside `line`.
    `paced` is the setting for which the provider counts a pace: connections that have it alike share one.
    """

    name: ClassVar[str]
    title: ClassVar[str]
    capabilities: ClassVar[Capabilities]
    precedence: ClassVar[tuple[Status, ...]] = PRECEDENCE
    url_parts: ClassVar[UrlParts] = UrlParts()
    reserved: ClassVar[frozenset[str]] = frozenset()
    paced: ClassVar[str] = "line"
    acknowledgement: ClassVar[Acknowledgement] = Acknowledgement()

    line: str
    base_url: str

    @property
    def own_lines(self) -> frozenset[str]:
        """All numbers of ours that are known here."""
        return frozenset((self.line, *getattr(self, "other_lines", ())))

    def __init_subclass__(cls, **kwargs: Any) -> None:
        """Take the flags of the operations from the code, so that they cannot disagree with it."""
        super().__init_subclass__(**kwargs)
        declared = getattr(cls, "capabilities", None)
        if isinstance(declared, Capabilities):
            if unknown := declared.flags.keys() - {*Feature, *Operation}:
                raise TypeError(f"{cls.__name__}: no operation or feature is called {', '.join(sorted(unknown))}")
            operations = {str(operation): _flag(cls, declared, operation) for operation in Operation}
            cls.capabilities = attrs.evolve(declared, flags={**_features(declared.flags), **operations})

    @classmethod
    def conflicts(cls, settings: Mapping[str, Any]) -> Iterable[Problem]:
        """What is wrong with settings together, which may be well or not each by itself. Pure.

        Some may be of the wrong kind, and those that could not be read are empty: look at which there are.
        """
        return ()

    def own_capabilities(self) -> Capabilities:
        """What the provider can do with these settings: less, for some lines."""
        return self.capabilities

    async def authorize(self) -> Authorization:
        """The headers that go with every request. What it asks to have them is `authorized=False`."""
        return Authorization({})

    async def create_group(self, members: Sequence[Member], name: str | None) -> Group:
        """Make a group, or describe it as pending where its first message makes it. Raises `PartialFailure`."""
        self._unsupported(Operation.CREATE_GROUP)

    async def send(self, group: Group, message: Message, token: str) -> GroupReceipt:
        """Send, with at most one request that is not repeatable. `token` goes along where the provider carries it."""
        self._unsupported(Operation.SEND)

    async def send_direct(self, to: Address, message: Message, token: str) -> Receipt:
        """Send to one person, privately. As `send`."""
        self._unsupported(Operation.SEND_DIRECT)

    async def get_group(self, group: Group) -> Group:
        """Read a group from the provider. Raises `GroupNotFound`."""
        self._unsupported(Operation.GET_GROUP)

    async def list_groups(self, cursor: str | None = None) -> Page[Group]:
        """One page of the line's groups, with one request. Their `members` may be None."""
        self._unsupported(Operation.LIST_GROUPS)

    async def add_members(self, group: Group, members: Sequence[Member]) -> Group:
        """Add people. Raises `PartialFailure` where some could not be added."""
        self._unsupported(Operation.ADD_MEMBERS)

    async def remove_members(self, group: Group, members: Sequence[Member]) -> Group:
        """Remove people. Raises `PartialFailure` where some could not be removed."""
        self._unsupported(Operation.REMOVE_MEMBERS)

    async def rename_group(self, group: Group, name: str) -> Group:
        """Give a group another name. Gives it as it is now. Raises `GroupNotFound`."""
        self._unsupported(Operation.RENAME_GROUP)

    async def leave_group(self, group: Group) -> None:
        """Take our line out of a group."""
        self._unsupported(Operation.LEAVE_GROUP)

    async def delete_group(self, group: Group) -> None:
        """Remove a group at the provider. Raises `GroupNotFound`."""
        self._unsupported(Operation.DELETE_GROUP)

    async def get_status(self, message_id: str) -> tuple[StatusChanged, ...]:
        """What the provider knows of a message now, an event a recipient or one for all."""
        self._unsupported(Operation.GET_STATUS)

    async def cancel_scheduled(self, message_id: str) -> None:
        """Keep a scheduled message from being sent. Raises `Rejected` where it has gone out."""
        self._unsupported(Operation.CANCEL_SCHEDULED)

    async def find_sent(self, attempt: Attempt, known: Collection[str]) -> Sighting:
        """Look for a message whose outcome is unknown. `known` are ids of other messages, which never match.

        `Absent` only where our token was compared, or the conversation read completely, back past
        `attempt.leave_from`; the core believes it only after the settle time.
        """
        return CannotTell(f"{self.title} has no way to look for a message")

    def verify(self, callback: Callback) -> Verified:
        """Raise `InvalidSignature` unless the provider made this callback. Pure, and in constant time for secrets."""
        raise InvalidSignature(f"{self.title} has no way here to tell who made a callback")

    def parse(self, callback: Callback, verified: Verified) -> Iterable[Event]:
        """Read a callback, by what `verify` found; what is of no known kind is `Unrecognized`. Pure.

        It needs no secret: a callback that was stored is read the same when they have changed. Of its headers those
        are kept that say what the body is: its type, and names such as `x-acme-event`. Raises `MalformedWebhook`.
        """
        self._unsupported(Operation.RECEIVE)

    def receive(self, callback: Callback, *, verify: bool = True) -> tuple[Event, ...]:
        """What a callback tells: verified, unless that is switched off, and read. Pure.

        Raises `InvalidSignature`, `MalformedWebhook`. A replay is for whoever remembers what `verify` gives.
        """
        verified = Verified() if not verify else checked(self.verify(callback))
        listener = Listener(self.line, self.own_lines, self.own_capabilities(), self.title)
        return understood(self.parse(callback, verified), listener, verified)

    def enrolment(self, url: str) -> Iterable[str]:
        """What a person does at the provider so that it calls this URL, a step each, without any secret. Pure."""
        return (f"Have {self.title} call {url}",)

    async def received_since(self, since: datetime, cursor: str | None = None) -> Page[Event]:
        """One page of what came in from then on, the oldest first, with the keys that callbacks have."""
        self._unsupported(Operation.RECEIVED_SINCE)

    async def groups_of(self, address: Address) -> tuple[Group, ...]:
        """The groups somebody is in, for a reply whose group the provider did not say."""
        return ()

    async def upload(self, name: str, content: bytes, content_type: str) -> Media:
        """Store a file at the provider, for messages to name. `name` is unlike any other, and ends as the file does."""
        self._unsupported(Operation.UPLOAD)

    def stored(self, url: str) -> Request | None:
        """The request for a file that the provider itself keeps; None for one that is elsewhere. Pure."""
        return None

    def refusal(self, response: Response) -> ProviderError | None:
        """The error for an answer that is no success, if the vendor documents that nothing was done.

        None where that is not documented or the body is not in the vendor's shape: then it is in doubt. A
        `ProviderUnavailable` is tried once more. Pure.
        """
        return None

    def violations(self, to: Group | Address, message: Message) -> Iterable[CapabilityError]:
        """What else this provider would refuse, beyond limits and flags, to a group or to one person. Pure."""
        return ()

    def probe(self) -> Request | None:
        """A harmless question that only valid credentials may ask; None if there is none. Pure."""
        return None

    def advice(self, now: datetime) -> Iterable[Finding]:
        """What is to be known of these settings: what ends and when, what does not work, what `probe` cannot see."""
        return ()

    def _unsupported(self, operation: Operation) -> NoReturn:
        raise unsupported(self, operation)


_SAID = {
    Operation.RECEIVE: "tell us anything: it makes no callbacks that are read here",
    Operation.RECEIVED_SINCE: "list what came in",
    Operation.UPLOAD: "store files",
}


def unsupported(messenger: GroupMessenger, operation: Operation, note: str = "") -> UnsupportedOperation:
    """The error for an operation this provider does not have, or not for this group."""
    words = _SAID.get(operation, operation.replace("_", " "))
    return UnsupportedOperation(f"{messenger.title} cannot {words}{': ' + note if note else ''}")


_METHODS = {Operation.RECEIVE: ("verify", "parse")}  # what is overridden for one that is put together of others
_CHANGES = (Operation.ADD_MEMBERS, Operation.REMOVE_MEMBERS)
_OTHER_SET = "a group there is its members; create_group makes another one, with the people you want"


def _flag(cls: type[GroupMessenger], declared: Capabilities, operation: Operation) -> Flag:
    names = _METHODS.get(operation, (operation,))
    if any(getattr(cls, each) is getattr(GroupMessenger, each) for each in names):
        fixed = declared.identity is Identity.MEMBER_SET and operation in _CHANGES
        told = declared.flags.get(operation)  # why not, and what instead
        if told is not None and told.grade is Grade.UNSUPPORTED:
            return told
        return Flag(Grade.UNSUPPORTED, _OTHER_SET) if fixed else UNSUPPORTED
    marked: list[Flag] = [getattr(getattr(cls, each), "__flag__", NATIVE) for each in names]
    return max(marked, key=lambda flag: flag != NATIVE)


def _features(flags: Mapping[str, Flag]) -> dict[str, Flag]:
    return {feature: flags.get(feature, UNSUPPORTED) for feature in Feature}
