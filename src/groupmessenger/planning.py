"""What a send would come to, before anything is sent."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

import attrs

from .capabilities import Billing, Bound, Capabilities, Limit, LimitName, Unit
from .errors import CapabilityError, InvalidInput, LimitExceeded, UnsupportedOperation
from .flags import Feature, Flag, Grade
from .groups import Group
from .messages import Degradation, Message
from .messenger import GroupMessenger
from .phone import Member
from .segments import segments, utf16_units

_PEOPLE = ((LimitName.RECIPIENTS, "recipients"), (LimitName.MIN_RECIPIENTS, "recipients"))
_MEASURES: Mapping[Unit, Callable[[str], int]] = {Unit.CHARACTERS: len, Unit.UTF16: utf16_units}
_WORDS = {
    Feature.MEDIA: "media",
    Feature.EFFECT: "effects",
    Feature.REPLY_TO: "replies to one message",
    Feature.SEND_AT: "scheduled messages",
}
_DROPPABLE = {Feature.EFFECT: None}  # a schedule, a reply's target and a picture are never left out silently


@attrs.frozen
class Plan:
    """What a send would do. `message` is what would leave, without what the provider would drop.

    `unverified` is what cannot be known beforehand, `billable_units` None where the provider does not publish
    what it bills, `exposes_numbers` whether members see each other's numbers.
    """

    message: Message
    violations: tuple[CapabilityError, ...]
    degradations: tuple[Degradation, ...]
    unverified: tuple[str, ...]
    billable_units: int | None
    exposes_numbers: bool

    @property
    def ok(self) -> bool:
        """Whether the send would be tried at all."""
        return not self.violations

    def check(self) -> None:
        """Raise the first violation, if there is one."""
        if self.violations:
            raise self.violations[0]


@attrs.define
class _Review:
    """Findings on the way to a plan."""

    provider: str
    strict: bool
    violations: list[CapabilityError] = attrs.field(factory=list)
    degradations: list[Degradation] = attrs.field(factory=list)
    unverified: list[str] = attrs.field(factory=list)

    def limit(self, limit: Limit | None, asked: int, what: str) -> None:
        """Hold a number against a limit: refuse it, warn of it, or let it pass."""
        if limit is None:
            return
        doubtful = limit.doubtful(asked)
        if limit.breaks(asked) or (doubtful and self.strict):
            self.violations.append(_limit_exceeded(self.provider, limit, asked, what))
        elif doubtful:
            past = "many" if limit.bound is Bound.MAX else "few"
            done = f"{asked} may be too {past}: {limit.certain} is certain, {limit.value} only probable"
            self.degradations.append(Degradation(what, done))

    def check(self) -> None:
        """Raise the first violation, if there is one."""
        if self.violations:
            raise self.violations[0]

    def degrade(self, feature: str, done: str) -> None:
        """Leave something out, or refuse to where the connection is strict."""
        if self.strict:
            self.violations.append(UnsupportedOperation(f"{self.provider} would not carry the {feature}: {done}"))
        else:
            self.degradations.append(Degradation(feature, done))


def _limit_exceeded(provider: str, limit: Limit, asked: int, what: str) -> LimitExceeded:
    """The error for a number past a limit: which, how far, and who says so."""
    unit = "" if limit.unit in (Unit.PEOPLE, Unit.ITEMS) else f" {limit.unit}"
    what = "recipient" if (asked, what) == (1, "recipients") else what
    if limit.doubtful(asked):
        bound, taken = (
            limit.certain or 0,
            f"only {limit.certain} is certain of the {limit.value} that {provider} may take",
        )
    else:
        bound, taken = limit.value or 0, f"{provider} takes {limit.bound} {limit.value}"
    text = f"{asked}{unit} {what}: {taken} ({limit.source})"
    return LimitExceeded(text, name=limit.name, limit=bound, asked=asked)


def plan_send(
    messenger: GroupMessenger,
    capabilities: Capabilities,
    group: Group | None,
    message: Message,
    *,
    strict: bool,
) -> Plan:
    """Hold a message to a group, or, with None, to one person, against everything known. Pure."""
    here = capabilities if group is None else capabilities.of(group)
    review = _Review(messenger.title, strict)
    if group is not None:
        _people(review, here, group)
    _content(review, here, message)
    message = _features(review, here, message)
    review.violations.extend(messenger.violations(group, message))
    return Plan(
        message,
        tuple(review.violations),
        tuple(review.degradations),
        tuple(review.unverified),
        _billable(here, group, message),
        here.exposes_numbers and group is not None,
    )


def check_members(
    messenger: GroupMessenger, capabilities: Capabilities, members: Sequence[Member], *, strict: bool
) -> None:
    """Hold the people of a group to be made, or made larger, against the limits. Raises `LimitExceeded`."""
    review = _Review(messenger.title, strict)
    for limit_name, what in _PEOPLE:
        review.limit(capabilities.limit(limit_name), len(members), what)
    review.check()


def check_name(messenger: GroupMessenger, capabilities: Capabilities, name: str, *, strict: bool) -> str:
    """Hold a group's name against the limits, and give it stripped. Raises `InvalidInput`, `CapabilityError`."""
    name = name.strip() if isinstance(name, str) else ""
    if not name:
        raise InvalidInput("a group's name is a text that is not blank: leave it out for none")
    review = _Review(messenger.title, strict)
    if capabilities.can(Feature.GROUP_NAME).grade in (Grade.UNSUPPORTED, Grade.DROPPED):
        review.violations.append(UnsupportedOperation(f"{messenger.title} keeps no group names: leave it out"))
    _measure(review, capabilities.limit(LimitName.GROUP_NAME), name, "in the group's name")
    review.check()
    return name


def _people(review: _Review, here: Capabilities, group: Group) -> None:
    if group.members is None:
        if group.is_member_set:
            review.violations.append(
                UnsupportedOperation(
                    "this group is its members, and they are not known: load it from dump(), or create it"
                )
            )
        review.unverified.append("the number of recipients: the group is known by its id alone")
        return
    for limit_name, what in _PEOPLE:
        limit = here.limit(limit_name)
        if group.pending or group.is_member_set or (limit is not None and limit.bound is Bound.MAX):
            review.limit(limit, len(group.members), what)


def _content(review: _Review, here: Capabilities, message: Message) -> None:
    _measure(review, here.limit(LimitName.TEXT), message.text, "in the text")
    review.limit(here.limit(LimitName.MEDIA), len(message.media), "media")
    for media in message.media:
        if media.size is None:
            review.unverified.append("the size of what is behind a media URL")
        else:
            review.limit(here.limit(LimitName.MEDIA_BYTES), media.size, "of media")


def _measure(review: _Review, limit: Limit | None, text: str, what: str) -> None:
    if limit is not None:
        review.limit(limit, _MEASURES[limit.unit](text), what)


def _features(review: _Review, here: Capabilities, message: Message) -> Message:
    for feature in _used(message):
        flag = here.can(feature)
        if feature in _DROPPABLE and (reason := _drops(flag, here, message)):
            review.degrade(feature, f"left out: {reason}")
            message = attrs.evolve(message, effect=_DROPPABLE[feature])
        elif flag.grade in (Grade.UNSUPPORTED, Grade.DROPPED):
            note = f": {flag.note}" if flag.note else ""
            review.violations.append(UnsupportedOperation(f"{review.provider} has no {_WORDS[feature]}{note}"))
        elif flag.grade is Grade.PARTIAL:
            conditions = " and ".join(map(str, flag.when))
            review.unverified.append(f"{feature}: {flag.note}" + (f" ({conditions})" if conditions else ""))
    return message


def _drops(flag: Flag, here: Capabilities, message: Message) -> str:
    """Why a feature that may be left out is left out; empty if it is not."""
    if flag.grade in (Grade.DROPPED, Grade.UNSUPPORTED):
        return flag.note or "not supported"
    if message.effect is not None and message.effect not in here.effects:
        return f"no such effect; there are {', '.join(sorted(here.effects))}"
    return ""


def _used(message: Message) -> Iterator[Feature]:
    for feature in (Feature.MEDIA, Feature.EFFECT, Feature.REPLY_TO, Feature.SEND_AT):
        if getattr(message, feature):
            yield feature


def _billable(here: Capabilities, group: Group | None, message: Message) -> int | None:
    people = 1 if group is None else None if group.members is None else len(group.members)
    match here.billing:
        case Billing.PER_MESSAGE:
            return 1
        case Billing.PER_RECIPIENT:
            return people
        case Billing.PER_RECIPIENT_SEGMENT:
            return None if people is None else people * segments(message.text).count
        case Billing.UNKNOWN:
            return None
