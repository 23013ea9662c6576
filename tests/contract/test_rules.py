"""What the contract asks of the tests themselves: reasons for what is overridden, verdicts, a stand-in that calls."""

from __future__ import annotations

from typing import Any

import pytest
from contract.liars import HONEST
from groupmessenger_bandwidth.sandbox import BandwidthFace

from groupmessenger.provider import Rejected
from groupmessenger.testing import ProviderContract, Verdict, because
from groupmessenger.testing.contract.stage import Stage

Bandwidth = HONEST["bandwidth"]


def stage_of(contract: type[ProviderContract]) -> Stage:
    return Stage(contract.messenger, contract.face, contract.settings, contract.doubts)


def made(**own: Any) -> ProviderContract:
    """Bandwidth's contract, with other parts."""
    other: type[ProviderContract] = type("Other", (Bandwidth,), own)
    return other()


@pytest.mark.parametrize("name", ["test_our_token_is_on_the_wire", "check_shown", "_conversation", "stage", "size"])
def test_a_check_or_a_helper_is_not_overridden_without_a_reason(name: str) -> None:
    """Each would be a hole that nobody sees."""
    with pytest.raises(TypeError, match=rf"Other overrides {name} without a reason: .*@because"):
        made(**{name: lambda self, stage: None})


def test_with_a_reason_it_is_and_in_its_subclasses_too() -> None:
    @because("there is no room for it")
    def nothing(self: ProviderContract, stage: Stage) -> None:
        """It goes nowhere."""

    contract = made(test_our_token_is_on_the_wire=nothing)
    contract.test_our_token_is_on_the_wire(stage_of(type(contract)))
    assert issubclass(type("Further", (type(contract),), {}), ProviderContract)


def test_a_reason_that_went_with_another_check_is_none() -> None:
    """Whoever overrides it once more says why once more."""

    @because("there is no room for it")
    def nothing(self: ProviderContract, stage: Stage) -> None:
        """It goes nowhere."""

    contract = type(made(test_our_token_is_on_the_wire=nothing))
    with pytest.raises(TypeError, match="Further overrides"):
        type("Further", (contract,), {"test_our_token_is_on_the_wire": lambda self, stage: None})


@pytest.mark.parametrize("reason", ["", "  "])
def test_a_reason_has_words(reason: str) -> None:
    with pytest.raises(TypeError, match="in words"):
        because(reason)


def test_a_mixin_is_no_way_round() -> None:
    class Lenient:
        def test_a_check_texts_nobody(self, stage: Stage) -> None:
            """It may."""

    with pytest.raises(TypeError, match="Lenient overrides test_a_check_texts_nobody"):
        type("Other", (Lenient, Bandwidth), {})


def test_groups_are_arranged_as_an_author_likes() -> None:
    made(group_where=lambda self, stage, conditions: None, group_where_not=lambda self, stage, condition: None)


def test_a_stand_in_that_calls_nobody_is_a_failure() -> None:
    """Else all that is looked at in callbacks would be looked at in none."""

    class Silent(BandwidthFace):
        def calls(self, url: str | None) -> None:
            """Forget it."""

    contract = made(face=Silent)
    for check in ("test_without_proof_it_refuses", "test_whatever_comes_is_read_or_refused"):
        with pytest.raises(AssertionError, match="calls nobody when somebody writes: have it call"):
            getattr(contract, check)(stage_of(type(contract)))


@pytest.mark.parametrize(
    ("verdicts", "words"),
    [
        ((), "no verdicts: say what the vendor's errors mean"),
        ((Verdict({"type": "x"}, {400: Rejected}, " "),), "has no source"),
        ((Verdict({"type": "x"}, {}, "page 4"),), "nothing the vendor says is a refusal"),
    ],
)
def test_verdicts_are_given_and_founded(verdicts: tuple[Verdict, ...], words: str) -> None:
    with pytest.raises(AssertionError, match=words):
        made(verdicts=verdicts).test_every_verdict_has_a_source()


@pytest.mark.parametrize(("signs", "left_out"), [((), "URL"), (("url",), "body"), (("body",), "URL")])
def test_what_a_proof_covers_is_said(signs: tuple[str, ...], left_out: str) -> None:
    """Whoever leaves it out has nothing tampered with."""
    contract = type("Other", (HONEST["messagebird"],), {"signs": signs})
    with pytest.raises(AssertionError, match=f"verify.. looks at the {left_out}: have `signs` say"):
        contract().test_what_is_signed_is_declared(stage_of(contract))
