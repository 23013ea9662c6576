"""Each feature of a message by its grade: what is native arrives, what is dropped is said, the others are refused."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from ...capabilities import LimitName
from ...errors import GroupMessengerError, UnsupportedOperation
from ...flags import Feature, Flag, Grade
from ...groups import Group
from ...messages import GroupReceipt, Media, Message, Priority
from .base import NAME, PICTURE, TEXT, Part
from .stage import Stage

_DROPPABLE = (Feature.EFFECT, Feature.PRIORITY)


class Features(Part):
    """What a feature is declared to be, it is."""

    def test_it_is_as_its_flag_says(self, stage: Stage, feature: Feature) -> None:
        """A message with that feature and a text."""
        if feature is Feature.GROUP_NAME:
            self._name(stage, stage.client.capabilities.can(feature))
            return
        first = self.open_group(stage)
        group = first.group
        flag = stage.client.capabilities.can(feature, group)
        message = Message(TEXT, **self._with(stage, feature, first))
        asked = len(stage.wire.sent)
        if flag.grade in (Grade.UNSUPPORTED, Grade.DROPPED) and feature in _DROPPABLE:
            receipt = stage.client.send(group, message)
            assert feature in [each.feature for each in receipt.degradations], (
                f"{feature} was left out, and nobody says so"
            )
            self._arrives(stage, group)
        elif flag.grade is Grade.UNSUPPORTED:
            with pytest.raises(UnsupportedOperation):
                stage.client.send(group, message)
            assert asked == len(stage.wire.sent), f"{feature} was refused, and all the same a request left"
        else:
            if flag.grade is Grade.PARTIAL:
                unverified = stage.client.plan(group, message).unverified
                assert any(each.startswith(feature) for each in unverified), f"plan says nothing of {feature}"
            receipt = stage.client.send(group, message)
            left_out = [each.feature for each in receipt.degradations]
            assert feature not in left_out, f"{feature} is declared, and the receipt says that it was left out"
            self._had(stage, feature, group, message)

    def _with(self, stage: Stage, feature: Feature, first: GroupReceipt) -> dict[str, Any]:
        """The feature, as a field of a message."""
        group = first.group
        later = stage.clock.now() + timedelta(hours=1)
        effects = sorted(stage.client.capabilities.effects)
        fields: dict[Feature, Any] = {
            Feature.MEDIA: PICTURE,
            Feature.EFFECT: effects[0] if effects else "confetti",
            Feature.REPLY_TO: first.id or "message-1",
            Feature.SEND_AT: later,
            Feature.EXPIRES_AT: later,
            Feature.PRIORITY: Priority.HIGH,
            Feature.LEAVE_OUT: [str(group.addresses[0])],
        }
        return {feature: fields[feature]}

    def _arrives(self, stage: Stage, group: Group) -> None:
        stage.clock.advance(60)
        self.check_shown(stage, [str(each) for each in group.addresses], TEXT)

    def _had(self, stage: Stage, feature: Feature, group: Group, message: Message) -> None:
        """The feature had its effect, on the phones or, where phones show none of it, on the wire."""
        people = [str(each) for each in group.addresses]
        told = stage.wire.changing[-1].without(stage.attempts[-1].token)
        if feature is Feature.SEND_AT:
            stage.clock.advance(600)
            self.check_shown(stage, people, TEXT, times=0)
            stage.clock.advance(3600)
            self.check_shown(stage, people, TEXT)
            return
        stage.clock.advance(60)
        if feature is Feature.LEAVE_OUT:
            out, *others = people
            assert TEXT not in stage.texts(out), "who was left out got it"
            self.check_shown(stage, others, TEXT)
            return
        self.check_shown(stage, people, TEXT)
        if feature is Feature.MEDIA:
            for person in people:
                shown = [each for messages in stage.network.phones[person].messages.values() for each in messages]
                assert [len(each.media) for each in shown if each.text == TEXT] == [1], "the picture did not arrive"
        elif feature is Feature.REPLY_TO:
            replied = stage.wire.changing[-1].bears(str(message.reply_to))
            assert replied, "reply_to is not in the request"
        else:  # in whatever words the vendor has for it
            stage.client.send(group, Message(message.text))
            without = stage.wire.changing[-1].without(stage.attempts[-1].token)
            assert without != told, f"{feature} changes nothing: {feature} is not in the request"

    def _name(self, stage: Stage, flag: Flag) -> None:
        people = stage.people(self.size(stage))
        asked = len(stage.wire.sent)
        if flag.grade in (Grade.UNSUPPORTED, Grade.DROPPED):
            with pytest.raises(UnsupportedOperation):
                stage.client.create_group(people, NAME)
            assert asked == len(stage.wire.sent), "a name was refused, and all the same a request left"
            return
        group = self.open_group(stage, people, NAME).group
        group = stage.client.send(group, TEXT).group
        told = "\n".join(each.whole for each in stage.wire.sent)
        assert NAME in told or NAME.replace(" ", "+") in told, "the name is in no request"
        assert group.name == NAME, "the group has another name than it was given"
        assert not group.name_pending, "the name is not set by the second message"


class Pictures(Part):
    """Files: alone, and their sizes."""

    def test_a_picture_needs_no_text(self, stage: Stage) -> None:
        """Nor does its request: what the vendor refuses as empty is left out."""
        if not self.can(stage, Feature.MEDIA):
            return
        group = self.open_group(stage).group
        try:
            stage.client.send(group, Message(media=PICTURE))
        except GroupMessengerError as error:
            raise AssertionError(f"a picture without a text was not sent: {error}") from error
        stage.clock.advance(60)
        for person in map(str, group.addresses):
            messages = stage.network.phones[person].messages.values()
            shown = [each for thread in messages for each in thread if each.media and not each.text]
            assert len(shown) == 1, "a picture without a text did not arrive"

    def test_the_size_of_media_is_unverified_where_nobody_knows_it(self, stage: Stage) -> None:
        """A URL alone says nothing of what is behind it; `plan` says so."""
        declared = stage.client.capabilities
        if declared.can(Feature.MEDIA).grade is Grade.UNSUPPORTED or declared.limit(LimitName.MEDIA_BYTES) is None:
            return
        group = stage.client.create_group(stage.people(self.size(stage)))
        known = stage.client.plan(group, Message(TEXT, Media(PICTURE, size=10))).unverified
        unknown = stage.client.plan(group, Message(TEXT, Media(PICTURE))).unverified
        assert len(known) < len(unknown), "plan does not say that the size of a file is unknown"
