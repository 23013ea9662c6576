"""Each limit at N and at N+1: what is allowed arrives, what is past it is refused before any request."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import suppress

import attrs
import pytest

from ...capabilities import Bound, Limit, LimitName, Unit
from ...errors import GroupMessengerError, LimitExceeded
from ...flags import Feature, Grade, Operation
from ...groups import Group
from ...messages import Media, Message
from ...phone import parse_members
from ...segmenting import segments
from .base import PICTURE, TEXT, Part, is_supported
from .stage import Stage

_PEOPLE = (LimitName.RECIPIENTS, LimitName.MIN_RECIPIENTS)


class Limits(Part):
    """What a limit says is so, on both sides of it."""

    def test_what_is_within_passes(self, stage: Stage, limit: Limit) -> None:
        """At N, by the probable reading and by the certain one: it reaches every phone."""
        for asked in dict.fromkeys(each for each in (limit.certain, limit.value) if each is not None):
            self._try(stage, limit, asked)

    def test_what_is_past_it_is_refused_before_any_request(self, stage: Stage, limit: Limit) -> None:
        """At N+1, or N-1 of a least: LimitExceeded, naming the limit and who says so."""
        if limit.value is None:
            return
        past = limit.value + (1 if limit.bound is Bound.MAX else -1)
        if past < 1:
            return
        group = self._group(stage, limit)
        people = stage.people(past) if limit.name in _PEOPLE else []
        if people and limit.with_media is not None:  # the group itself may be that large
            group = stage.client.create_group(people)
        asked = len(stage.wire.sent)
        with pytest.raises(LimitExceeded) as refused:
            self._give(stage, limit, past, group, people)
        assert asked == len(stage.wire.sent), f"{limit.name} was exceeded, and all the same a request left"
        assert str(limit.value) in str(refused.value).replace(",", ""), "the error does not say what the limit is"

    def test_between_certain_and_probable_it_is_said(self, stage: Stage, limit: Limit) -> None:
        """What passes by one reading of the papers alone passes with a warning."""
        if limit.certain is None or limit.certain == limit.value:
            return
        past = limit.certain + (1 if limit.bound is Bound.MAX else -1)
        degradations = stage.client.plan(*self._planned(stage, limit, past)).degradations
        assert degradations, f"{limit.name}: {past} is doubtful, and plan does not say so"

    def test_the_stand_in_has_the_same_most_of_people(self, stage: Stage) -> None:
        """One more person than declared is refused by the stand-in as well, past our own check."""
        limit = stage.client.capabilities.limit(LimitName.RECIPIENTS)
        if limit is None or limit.value is None:
            return
        people = stage.people(limit.value + 1)
        with suppress(GroupMessengerError):
            group = stage.run(stage.messenger.create_group(parse_members(people), None))
            stage.run(stage.messenger.send(group, Message(TEXT), "0" * 32))
        stage.clock.advance(60)
        assert not [person for person in people if stage.texts(person)], (
            "the stand-in takes more people than are declared: one of the two is wrong"
        )

    def test_the_stand_in_has_the_same_most_of_text(self, stage: Stage) -> None:
        """A text longer than declared is refused by the stand-in as well, past our own check."""
        limit = stage.client.capabilities.limit(LimitName.TEXT, with_media=False)
        if limit is None or limit.value is None:
            return
        group = self.open_group(stage).group
        text = "x" * (limit.value + 1) if limit.unit is not Unit.SEGMENTS else _text(limit.unit, limit.value + 1)
        try:
            stage.run(stage.messenger.send(group, Message(text), "0" * 32))
        except GroupMessengerError:
            return
        raise AssertionError("the stand-in takes longer texts than are declared: one of the two is wrong")

    # One limit, at a number

    def _try(self, stage: Stage, limit: Limit, asked: int) -> None:
        group = self._group(stage, limit)
        before = len(stage.wire.sent)
        self._give(stage, limit, asked, group)
        if limit.name is not LimitName.GROUP_NAME and not self._is_settled(stage, limit):
            assert before < len(stage.wire.sent), f"{limit.name}: what is within the limit made no request"

    def _is_settled(self, stage: Stage, limit: Limit) -> bool:
        return limit.channel is not None  # the group was only said to be carried so

    def _group(self, stage: Stage, limit: Limit) -> Group | None:
        if limit.name in (*_PEOPLE, LimitName.GROUP_NAME):
            return None
        group = self.open_group(stage).group
        return group if limit.channel is None else attrs.evolve(group, channel=limit.channel)

    def _give(self, stage: Stage, limit: Limit, asked: int, group: Group | None, people: Sequence[str] = ()) -> None:
        """Send what has that much of it, and look at the phones."""
        if limit.name is LimitName.GROUP_NAME:
            name = _text(limit.unit, asked)
            group = self.open_group(stage, name=name).group
            assert stage.client.send(group, TEXT).group.name == name, "a name within the limit was not set"
            return
        media = self._media(limit)
        if limit.name in _PEOPLE:
            people = people or stage.people(asked)
            group = group or stage.client.create_group(people)
            stage.client.send(group, Message(TEXT, media))
            stage.clock.advance(60)
            self.check_shown(stage, people, TEXT)
            return
        assert group is not None
        message = self._message(limit, asked)
        if limit.channel is not None:
            stage.client.plan(group, message).check()
            return
        stage.client.send(group, message)
        stage.clock.advance(60)
        people = [str(each) for each in group.addresses]
        self.check_shown(stage, people, message.text)
        self._check_media(stage, people, message)

    def _check_media(self, stage: Stage, people: Sequence[str], message: Message) -> None:
        for person in people:
            shown = [each for messages in stage.network.phones[person].messages.values() for each in messages]
            files = [len(each.media) for each in shown if each.text == message.text]
            assert files == [len(message.media)], "a number of files within the limit, and not all of them arrive"

    def _planned(self, stage: Stage, limit: Limit, asked: int) -> tuple[Group, Message]:
        if limit.name in _PEOPLE:
            return stage.client.create_group(stage.people(asked)), Message(TEXT, self._media(limit))
        group = self._group(stage, limit)
        assert group is not None
        return group, self._message(limit, asked)

    def _media(self, limit: Limit) -> tuple[Media, ...]:
        return (Media(PICTURE, size=10),) if limit.with_media else ()

    def _message(self, limit: Limit, asked: int) -> Message:
        if limit.name is LimitName.TEXT:
            return Message(_text(limit.unit, asked), self._media(limit))
        if limit.name is LimitName.MEDIA:
            return Message(TEXT, [Media(f"https://pictures.example.com/{each}.jpg", size=10) for each in range(asked)])
        if limit.name is LimitName.MEDIA_TOTAL:
            return Message(TEXT, list(_split(asked, self._most(LimitName.MEDIA_BYTES))))
        return Message(TEXT, Media(PICTURE, size=asked))

    def _most(self, name: LimitName) -> int | None:
        limit = self.capabilities().limit(name, with_media=True)
        return None if limit is None else limit.value


def _split(size: int, most: int | None) -> Iterable[Media]:
    """Files of so many bytes in all, none of them larger than is allowed."""
    for number in range(99):
        part = size if most is None else min(size, most)
        yield Media(f"https://pictures.example.com/{number}.jpg", size=part)
        size -= part
        if not size:
            return


def _text(unit: Unit, count: int) -> str:
    """A text of so many units, and of as many bytes as that can be: astral characters count twice as UTF-16."""
    if unit is Unit.UTF16:
        return "😀" * (count // 2) + "x" * (count % 2)
    if unit is Unit.BYTES:
        return "😀" * (count // 4) + "x" * (count % 4)
    if unit is Unit.CHARACTERS:
        return "😀" * count
    if unit is Unit.SEGMENTS:
        text = "x" * (153 * count if count > 1 else 160)
        assert segments(text).count == count
        return text
    return "x" * count


def has_feature(part: type[Part], limit: Limit) -> bool:
    """Whether the adapter can do at all what a limit is of."""
    declared = part.capabilities()
    if limit.name is LimitName.GROUP_NAME:
        return is_supported(declared.can(Feature.GROUP_NAME))
    if limit.name in (LimitName.MEDIA, LimitName.MEDIA_BYTES, LimitName.MEDIA_TOTAL) or limit.with_media:
        return is_supported(declared.can(Feature.MEDIA))
    return declared.can(Operation.SEND).grade is not Grade.UNSUPPORTED
