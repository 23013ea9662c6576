"""Options: checked by name, read from texts, merged with what code says."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from groupmessenger.errors import ConfigurationError
from groupmessenger.options import CLIENT_OPTIONS, OPTIONS, Options, is_option, wrong_options

GARBAGE: Any = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.datetimes(),
    lambda inside: st.lists(inside) | st.dictionaries(st.text(), inside),
    max_leaves=5,
)


def wrong(given: dict[str, Any]) -> set[str]:
    return {problem.key for problem in wrong_options(given)}


def test_nothing_given_is_what_a_client_does_by_itself() -> None:
    assert Options() == Options.of({}) == Options.from_texts({})
    assert {"timeout": 30, "patience": 30, "region": None, "limits": {}, "strict": False, "settle_after": None} == (
        Options().for_client()
    )


@pytest.mark.parametrize(
    ("name", "fits", "fails"),
    [
        ("region", ["US", "gb", None], ["USA", "", 1, "zz", True]),
        ("timeout", [1, 0.5], [0, -1, True, "5", None, float("nan"), float("inf"), 10**9]),
        ("patience", [0, 7.5], [-1, False, "5", None, float("nan")]),
        ("settle_after", [0, 7.5, None], [-1, True, "5"]),
        ("strict", [True, False], [1, "true", None]),
        ("allow_broadcast", [True, False], [0, "false"]),
        ("failover", [True, False], [0, "false"]),
        (
            "pace",
            ["10/s", "60/min", "1000/h", "0.5/s", None],
            ["10", "0/s", "0.0/h", "-1/s", "10/day", "10/s ", 5, "٣/s"],
        ),
        ("limits", [{}, {"text": 5}, {"text": 0}], [None, 5, "text=5", [("text", 5)]]),
    ],
)
def test_every_option_is_checked(name: str, fits: list[Any], fails: list[Any]) -> None:
    """By kind and by size: truth is no number, and a number no text."""
    assert [set()] * len(fits) == [wrong({name: value}) for value in fits]
    assert [{name}] * len(fails) == [wrong({name: value}) for value in fails]


def test_limits_are_whole_numbers() -> None:
    assert {"limits.b", "limits.c", "limits.d"} == wrong({"limits": {"a": 1, "b": True, "c": -1, "d": "1"}})


def test_everything_wrong_is_said_at_once() -> None:
    with pytest.raises(ConfigurationError) as caught:
        Options.of({"timeout": 0, "region": "Xanadu", "limits": {"text": "many"}, "strict": False})
    assert {"timeout", "region", "limits.text"} == {problem.key for problem in caught.value.problems}
    assert not {"Xanadu", "many"} & set(str(caught.value).split())


def test_texts_are_read() -> None:
    """As a URL has them."""
    texts = {"timeout": "5", "patience": "0.5", "strict": "true", "allow_broadcast": "false", "region": "US"}
    limits = {"limits.recipients": "20", "limits.text": "0"}
    expected = Options(timeout=5, patience=0.5, strict=True, region="US", limits={"recipients": 20, "text": 0})
    assert expected == Options.from_texts({**texts, **limits})


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("timeout", "5s"),
        ("timeout", "nan"),
        ("timeout", "1e3"),
        ("timeout", ""),
        ("strict", "yes"),
        ("strict", "True"),
        ("limits.text", "1.5"),
        ("limits.text", "٣"),
        ("limits", "20"),
        ("pace", "fast"),
    ],
)
def test_texts_that_cannot_be_read_are_refused(name: str, text: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        Options.from_texts({name: text})
    assert [name] == [problem.key for problem in caught.value.problems]


def test_what_code_says_goes_first() -> None:
    """What it does not say is None; limits are merged by name."""
    here = Options(timeout=5, strict=True, limits={"text": 1, "media": 1})
    given = {"timeout": 7, "strict": None, "patience": None, "limits": {"text": 2}}
    assert Options(timeout=7, strict=True, limits={"text": 2, "media": 1}) == here.with_given(given)
    assert here == here.with_given({"strict": None})
    assert not here.with_given({"strict": False}).strict


def test_keys_are_told_from_settings() -> None:
    assert all(is_option(name) for name in (*OPTIONS, "limits.text"))
    assert not any(is_option(name) for name in ("line", "limit", "limitsx", ""))
    assert set(CLIENT_OPTIONS) < set(OPTIONS)


@given(st.dictionaries(st.sampled_from(OPTIONS), GARBAGE))
def test_nothing_else_is_ever_raised(given: dict[str, Any]) -> None:
    with suppress(ConfigurationError):
        Options.of(given)


@given(st.dictionaries(st.sampled_from([*OPTIONS, "limits.text", "limits."]), st.text()))
def test_nor_for_texts(given: dict[str, str]) -> None:
    with suppress(ConfigurationError):
        Options.from_texts(given)
