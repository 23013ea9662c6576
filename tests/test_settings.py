"""Settings: every problem at once, and never a value."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import attrs
import pytest
from acme import LINE, SECRET, AcmeMessenger
from hypothesis import given, settings
from hypothesis import strategies as st

from groupmessenger.errors import ConfigurationError, InvalidInput, Problem
from groupmessenger.settings import build_messenger, wrong_settings

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


# --- settings together, and what an adapter does with them


@attrs.frozen
class Picky(Settled):
    """With settings that do not go together, and a check that only all of them can be given to."""

    @classmethod
    def conflicts(cls, settings: Mapping[str, Any]) -> Iterable[Problem]:
        if settings.get("strictly") is True and settings.get("seats", 1) > 2:
            yield Problem("seats", "too many to be strict with", "leave out strictly")

    def __attrs_post_init__(self) -> None:
        if self.level == 13:
            raise InvalidInput("no level 13")
        if self.level > 99:
            raise ValueError(self.api_key)


def picky(**settings: Any) -> dict[str, str]:
    with pytest.raises(ConfigurationError) as caught:
        build_messenger(Picky, {"line": LINE, "api_key": SECRET, **settings})
    return {problem.key: str(problem) for problem in caught.value.problems}


def test_settings_that_conflict_are_named() -> None:
    """As they are when converted, beside what is wrong with others; each setting is named once."""
    assert {"seats": "seats: too many to be strict with (leave out strictly)"} == picky(strictly="yes", seats="3")
    assert {"level", "seats"} == set(picky(strictly="yes", seats="3", level=-1))
    assert {"seats"} == set(picky(strictly="yes", seats="many"))
    assert isinstance(build_messenger(Picky, {"line": LINE, "api_key": SECRET, "strictly": "yes", "seats": "2"}), Picky)


def test_what_only_the_messenger_finds_is_a_problem_as_well() -> None:
    assert {"": "no level 13"} == picky(level=13)
    assert {"": "Acme cannot be used with these settings (ValueError)"} == picky(level=100)


def test_an_option_may_have_been_meant() -> None:
    """Some are taken from a file or a URL alone."""
    assert "did you mean 'timeout'?" in picky(tiemout=5)["tiemout"]
    assert "for a file or a URL" in picky(allow_broadcast=True)["allow_broadcast"]


def test_a_base_url_is_https() -> None:
    assert "https" in picky(base_url="http://acme.example")["base_url"]
    assert "https" in picky(base_url=5)["base_url"]
    for url in ("http://localhost:80/x", "https://acme.example:443/v1"):
        assert url == build_messenger(Picky, {"line": LINE, "api_key": SECRET, "base_url": url}).base_url


def test_an_adapter_s_own_words_do_not_show_a_value() -> None:
    """Not even the mask of it: it may be a secret in the wrong place."""

    def chatty(value: str) -> str:
        raise InvalidInput(f"{value} is nothing we know")

    @attrs.frozen
    class Chatty(AcmeMessenger):
        seat: str = attrs.field(default="", converter=chatty)

    with pytest.raises(ConfigurationError) as caught:
        build_messenger(Chatty, {"line": " hush-hush ", "api_key": SECRET, "seat": "hush-hush"})
    line, seat = caught.value.problems
    assert line.what.startswith("this is not a phone number")
    assert "not what Acme needs: str" == seat.what
    assert "hus" not in str(caught.value)


def test_settings_that_could_not_be_read_are_not_missing() -> None:
    """And nothing is said of their values; of those that were read it is."""
    given = {"line": LINE, "strictly": "yes"}
    assert [] == list(wrong_settings(Picky, given, unread={"api_key", "seats"}))
    assert ["apikey"] == [problem.key for problem in wrong_settings(Picky, given, unread={"api_key", "apikey"})]
    assert ["seats"] == [problem.key for problem in wrong_settings(Picky, {**given, "seats": 3}, unread={"api_key"})]
