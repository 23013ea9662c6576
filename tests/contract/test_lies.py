"""The contract bites: each of many mistakes, planted one at a time, is caught, and what is said names the mistake."""

from __future__ import annotations

import pytest
from contract.liars import HONEST
from contract.lie import LIES, Lie
from contract.trying import Trial

BY = {f"Test{lie.name}": {*lie.by} for lie in LIES.values()}
ALL = {check for checks in BY.values() for check in checks}


@pytest.fixture(scope="module")
def trial() -> Trial:
    """Each lie before the checks that are to catch it, and each honest adapter before all of those."""
    return Trial(lambda liar, check: check in BY.get(liar, ALL))


@pytest.mark.parametrize("lie", LIES.values(), ids=LIES)
def test_a_lie_is_caught(lie: Lie, trial: Trial) -> None:
    """By the checks it names, in words that name the mistake."""
    _check(lie, trial)


@pytest.mark.parametrize("provider", HONEST)
def test_an_honest_adapter_passes(provider: str, trial: Trial) -> None:
    """The same checks, without a lie."""
    assert trial.tried[f"Test{provider}"] == ALL
    assert {} == trial.caught.get(f"Test{provider}", {})


def test_every_part_of_the_contract_catches_something() -> None:
    """And there are lies in each of the adapters."""
    assert 45 <= len(LIES)
    parts = {part.__name__ for part in HONEST["sendblue"].__mro__ for check in ALL if check in vars(part)}
    expected = {
        "Declared",
        "Operations",
        "Features",
        "Limits",
        "Sending",
        "Answers",
        "Losing",
        "Hearing",
        "Reading",
        "Pages",
    }
    assert expected | {"Privacy"} <= parts
    assert {*HONEST} == {lie.provider for lie in LIES.values()}


@pytest.mark.slow
@pytest.mark.parametrize("lie", LIES.values(), ids=LIES)
def test_a_lie_is_caught_by_the_whole_contract(lie: Lie) -> None:
    """By those that it names, and perhaps by others: pytest's `-rP` shows them."""
    whole = Trial(only=f"Test{lie.name}")
    print(lie.what.splitlines()[0])  # noqa: T201 - for who asks
    for check, said in whole.caught.get(f"Test{lie.name}", {}).items():
        print(f"  {check}: {said[0].splitlines()[0]}")  # noqa: T201
    _check(lie, whole)


@pytest.mark.slow
@pytest.mark.parametrize("provider", HONEST)
def test_an_honest_adapter_passes_the_whole_contract(provider: str) -> None:
    whole = Trial(only=f"Test{provider}")
    assert whole.tried
    assert {} == whole.caught.get(f"Test{provider}", {})


def _check(lie: Lie, trial: Trial) -> None:
    caught = trial.caught.get(f"Test{lie.name}", {})
    for check, words in lie.by.items():
        said = caught.get(check)
        assert said, f"{check} does not catch it: {lie.what}"
        assert any(words in each for each in said), f"{check} says nothing of {words!r}: {said[0]}"
