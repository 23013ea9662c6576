"""Settings: every problem at once, and never a value."""

from __future__ import annotations

from typing import Any

import attrs
import pytest
from acme import LINE, SECRET, AcmeMessenger
from hypothesis import given, settings
from hypothesis import strategies as st

from groupmessenger.errors import ConfigurationError
from groupmessenger.settings import build_messenger

UNHURRIED = settings(deadline=None)  # a first call may import what it needs


def _count(value: Any) -> int:
    return int(value)


@attrs.frozen
class Settled(AcmeMessenger):
    """With settings of several kinds."""

    seats: int = attrs.field(default=1, converter=_count, metadata={"what": "a whole number"})
    level: int = attrs.field(default=0, validator=attrs.validators.ge(0))
    strictly: bool = attrs.field(default=False, converter=attrs.converters.to_bool)
    aliased: str = attrs.field(default="", alias="also")
    cache: dict[str, str] = attrs.field(factory=dict, init=False)


def problems(**settings: Any) -> dict[str, str]:
    with pytest.raises(ConfigurationError) as caught:
        build_messenger(Settled, settings)
    return {problem.key: str(problem) for problem in caught.value.problems}


def test_settings_make_a_messenger() -> None:
    """Converted as the messenger's fields say."""
    made = build_messenger(
        Settled, {"line": "+1 (312) 555-0100", "api_key": SECRET, "seats": "3", "strictly": "no", "also": "x"}
    )
    assert Settled(line=LINE, api_key=SECRET, seats=3, strictly=False, also="x") == made
    assert isinstance(made, AcmeMessenger)
    assert (LINE, "https://acme.example") == (made.line, made.base_url)


def test_all_problems_are_named_at_once() -> None:
    """Unknown, missing and impossible ones, each under its key."""
    found = problems(
        lin="+13125550100", seats="many-of-them", level=-777, strictly="perhaps-not", colour="mauve", api_key=" "
    )
    assert {"lin", "line", "seats", "level", "strictly", "colour", "api_key"} == set(found)
    assert "did you mean 'line'?" in found["lin"]
    assert "Acme" in found["line"]
    assert "a whole number" in found["seats"]
    assert "printable ASCII" in found["api_key"]
    assert "seats" in found["colour"], "what there is, where nothing is near"
    assert "cache" not in found["colour"], "what cannot be given is not a setting"
    text = "\n".join(found.values())
    for value in ("many-of-them", "777", "perhaps-not", "mauve", "5550100"):
        assert value not in text


def test_what_cannot_be_given_is_unknown() -> None:
    assert {"cache"} == set(problems(line=LINE, api_key=SECRET, cache={}))


@UNHURRIED
@given(
    st.dictionaries(
        st.sampled_from(["line", "api_key", "base_url", "seats", "level", "strictly", "also", "aliased", "Line", ""]),
        st.none() | st.integers() | st.floats() | st.booleans() | st.lists(st.none()) | st.text(),
    )
)
def test_nothing_else_is_ever_raised(settings: dict[str, Any]) -> None:
    """A messenger, or ConfigurationError; no text shows a value of a secret."""
    settings = {**settings, "api_key": settings.get("api_key", "s\u00e9same-" * 3)}
    text = ""
    try:
        build_messenger(Settled, settings)
    except ConfigurationError as error:
        text = str(error)
    assert "same-" not in text
