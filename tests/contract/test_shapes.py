"""The contract holds for honest adapters of any shape: here of two that no shipped one has."""

from __future__ import annotations

from typing import ClassVar

import pytest
from contract.shapes import QuietFace, QuietMessenger, RoomsFace, RoomsMessenger

from groupmessenger.provider import AuthenticationFailed, GroupNotFound, Rejected
from groupmessenger.sandbox import Answer, Call
from groupmessenger.testing import ProviderContract, Verdict, because
from groupmessenger.testing.contract.stage import Stage

ERRORS = {400: Rejected, 401: AuthenticationFailed, 404: GroupNotFound}


class TestQuiet(ProviderContract):
    messenger, face = QuietMessenger, QuietFace
    hosts = ("api.example.com",)
    verdicts = (Verdict({"error": "x"}, ERRORS, "the papers"),)


class TestQuietWithAName(TestQuiet):
    """Nobody can answer a name, and nobody does."""

    settings: ClassVar = {"line": "SHOP"}


class TestRooms(ProviderContract):
    messenger, face = RoomsMessenger, RoomsFace
    hosts = ("api.example.com",)
    verdicts = (Verdict({"error": "x"}, ERRORS, "the papers"),)

    @because("a text bears a key: the same again is no other text, which the stand-in keeps to")
    def test_the_message_is_in_a_request_that_may_not_be_repeated(self, stage: Stage) -> None:
        """It may."""


def test_a_key_that_the_vendor_forgets_is_none() -> None:
    """Whoever repeats a text by a key has a stand-in that keeps to it: else people are texted three times."""

    class Forgetful(RoomsFace):
        def send(self, call: Call, form: dict[str, str]) -> Answer:
            self.keys.clear()
            return super().send(call, form)

    contract: type[ProviderContract] = type("Forgetting", (TestRooms,), {"face": Forgetful})
    with pytest.raises(AssertionError, match="shows the text 3 times, and not 1"):
        contract().test_a_lost_answer_is_unknown(Stage(contract.messenger, Forgetful, {}, {}), done=True)
