"""What a send would come to, before anything is sent."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import attrs

from .capabilities import Billing, Bound, Capabilities, Identity, LimitName
from .errors import CapabilityError, InvalidInput, UnsupportedOperation
from .flags import Feature, Flag, Grade
from .groups import Group
from .messages import Degradation, Message
from .messenger import GroupMessenger
from .origin import Origin
from .phone import Address, Member, PhoneNumber
from .reviewing import Review
from .segmenting import segments

_PEOPLE = (LimitName.RECIPIENTS, LimitName.MIN_RECIPIENTS)


_WORDS = {
    Feature.MEDIA: "media",
    Feature.EFFECT: "effects",
    Feature.REPLY_TO: "replies to one message",
    Feature.SEND_AT: "scheduled messages",
    Feature.EXPIRES_AT: "messages that expire",
    Feature.PRIORITY: "priorities",
    Feature.LEAVE_OUT: "copies of their own to leave a member out of",
}
_FIELDS = tuple((feature.value, feature) for feature in _WORDS)
# A schedule, an end, a reply's target, a picture and a member left out are never dropped silently.
_DROPPABLE = (Feature.EFFECT, Feature.PRIORITY)


@attrs.frozen
class Plan:
    """What a send would do. `message` is what would leave, without what the provider would drop.

    `unverified` is what cannot be known beforehand, `billable_units` None where the provider does not publish
    what it bills, `exposes_numbers` whether members see each other's numbers, `two_way` whether they can answer.
    """

    message: Message
    violations: tuple[CapabilityError, ...]
    degradations: tuple[Degradation, ...]
    unverified: tuple[str, ...]
    billable_units: int | None
    exposes_numbers: bool
    two_way: bool = True

    @property
    def ok(self) -> bool:
        """Whether the send would be tried at all."""
        return not self.violations

    def check(self) -> None:
        """Raise the first violation, if there is one."""
        if self.violations:
            raise self.violations[0]


@attrs.frozen
class Planner:
    """What a connection holds messages, people and names against. Pure: it makes no request.

    `origin` names the other connections that would do where this one would not.
    """

    messenger: GroupMessenger
    capabilities: Capabilities
    strict: bool
    origin: Origin | None = None

    def send(self, to: Group | Address, message: Message) -> Plan:
        """Hold a message to a group, or to one person, against everything known."""
        group = to if isinstance(to, Group) else None
        here = self.capabilities if group is None else self.capabilities.of(group)
        review = Review(self.messenger.title, here, self.strict, self.origin)
        if isinstance(to, Group):
            _people(review, to, message)
        else:
            _person(review, to, message)
        _content(review, message)
        message = _features(review, message)
        if message.extras and (taken := self.messenger.reserved & message.extras.get(self.messenger.name, {}).keys()):
            text = f"extras cannot set {', '.join(sorted(taken))}: the message itself does"
            review.violations.append(UnsupportedOperation(text))
        review.violations.extend(self.messenger.violations(to, message))
        return Plan(
            message,
            tuple(review.violations),
            tuple(review.degradations),
            tuple(dict.fromkeys(review.unverified)),
            _billable(here, group, message),
            here.exposes_numbers and group is not None,
            here.two_way,
        )

    def check_members(self, members: Sequence[Member]) -> None:
        """Hold the people of a group to be made, or made larger, against the limits. Raises `CapabilityError`."""
        review = Review(self.messenger.title, self.capabilities, self.strict, self.origin)
        review.reachable([member.address for member in members])
        for name in _PEOPLE:
            review.count(self.capabilities.limit(name), len(members), "recipients")
        review.check()

    def check_name(self, name: str) -> str:
        """Hold a group's name against the limits, and give it stripped. Raises `InvalidInput`, `CapabilityError`."""
        name = name.strip() if isinstance(name, str) else ""
        if not name:
            raise InvalidInput("a group's name is a text that is not blank: leave it out for none")
        review = Review(self.messenger.title, self.capabilities, self.strict, self.origin)
        if self.capabilities.can(Feature.GROUP_NAME).grade in (Grade.UNSUPPORTED, Grade.DROPPED):
            review.violations.append(UnsupportedOperation(f"{self.messenger.title} keeps no group names: leave it out"))
        review.text(self.capabilities.limit(LimitName.GROUP_NAME), name, "in the group's name")
        review.check()
        return name


def _person(review: Review, to: Address, message: Message) -> None:
    if not isinstance(to, PhoneNumber):
        text = f"{review.title} texts a single person by phone number only, and {to!r} is none"
        review.violations.append(UnsupportedOperation(text))
    if message.leave_out:
        review.violations.append(UnsupportedOperation("a private text goes to one person: leave_out is for groups"))


def _people(review: Review, group: Group, message: Message) -> None:
    if review.here.identity is Identity.MEMBER_SET and not group.is_member_set:
        text = f"{review.title} keeps no groups and has no ids for them: create_group with people"
        review.violations.append(UnsupportedOperation(text))
        return
    if group.members is None:
        if group.is_member_set:
            review.violations.append(
                UnsupportedOperation(
                    "this group is its members, and they are not known: load it from dump(), or create it"
                )
            )
        review.unverified.append("the number of recipients: the group is known by its id alone")
        return
    asked = len(group.members)
    if message.leave_out and review.here.can(Feature.LEAVE_OUT).grade is not Grade.UNSUPPORTED:  # else it is said below
        asked = _without(review, group, set(message.leave_out))
    media = bool(message.media)
    by_numbers = group.pending or group.is_member_set
    if by_numbers:
        review.reachable(group.addresses)
    for name in _PEOPLE:
        limit = review.here.limit(name, with_media=media)
        if by_numbers or (limit is not None and limit.bound is Bound.MAX):
            review.count(limit, asked, "recipients", with_media=media)


def _without(review: Review, group: Group, left_out: set[Address]) -> int:
    """How many people it goes to, where some are left out."""
    if strangers := [address for address in left_out if address not in group.addresses]:
        text = f"to leave out: {', '.join(map(repr, strangers))}, not in the group"
        review.violations.append(UnsupportedOperation(text))
    asked = sum(address not in left_out for address in group.addresses)
    if not asked:
        review.violations.append(UnsupportedOperation("everybody is left out: there is nobody to send it to"))
    return asked


def _content(review: Review, message: Message) -> None:
    media, limit = bool(message.media), review.here.limit
    review.text(limit(LimitName.TEXT, with_media=media), message.text, "in the text", with_media=media)
    if not media:
        return
    review.count(limit(LimitName.MEDIA, with_media=True), len(message.media), "media", with_media=True)
    for each in message.media:
        if each.size is None:
            review.unverified.append("the size of what is behind a media URL")
        else:
            review.count(limit(LimitName.MEDIA_BYTES, with_media=True), each.size, "of media", with_media=True)
    known = sum(each.size or 0 for each in message.media)
    review.count(limit(LimitName.MEDIA_TOTAL, with_media=True), known, "of media in all", with_media=True)


def _features(review: Review, message: Message) -> Message:
    for feature in _used(message):
        flag = review.here.can(feature)
        if feature in _DROPPABLE and (reason := _drops(flag, review.here, feature, message)):
            review.degrade(feature, f"left out: {reason}")
            message = attrs.evolve(
                message,
                effect=None if feature is Feature.EFFECT else message.effect,
                priority=None if feature is Feature.PRIORITY else message.priority,
            )
        elif flag.grade in (Grade.UNSUPPORTED, Grade.DROPPED):
            note = f": {flag.note}" if flag.note else ""
            review.violations.append(UnsupportedOperation(f"{review.title} has no {_WORDS[feature]}{note}"))
        elif flag.grade is Grade.PARTIAL:
            conditions = " and ".join(map(str, flag.when))
            review.unverified.append(f"{feature}: {flag.note}" + (f" ({conditions})" if conditions else ""))
    return message


def _drops(flag: Flag, here: Capabilities, feature: Feature, message: Message) -> str:
    """Why a feature that may be left out is left out; empty if it is not."""
    if flag.grade in (Grade.DROPPED, Grade.UNSUPPORTED):
        return flag.note or "not supported"
    if feature is Feature.EFFECT and message.effect not in here.effects:
        return f"no such effect; there are {', '.join(sorted(here.effects))}"
    return ""


def _used(message: Message) -> Iterator[Feature]:
    for name, feature in _FIELDS:
        if getattr(message, name):
            yield feature


def _billable(here: Capabilities, group: Group | None, message: Message) -> int | None:
    match here.billing:
        case Billing.PER_MESSAGE:
            return 1
        case Billing.PER_RECIPIENT:
            return _copies(group, message)
        case Billing.PER_RECIPIENT_SEGMENT:
            people = None if message.media else _copies(group, message)
            return None if people is None else people * segments(message.text).count
        case Billing.UNKNOWN:
            return None


def _copies(group: Group | None, message: Message) -> int | None:
    """How many people it goes to, None where that is not known."""
    if group is None:
        return 1
    return None if group.members is None else len(set(group.addresses) - set(message.leave_out))
