"""Faults as values: what is refused, and whom they strike."""

from __future__ import annotations

from typing import Any

import pytest

from groupmessenger.errors import InvalidInput
from groupmessenger.sandbox import Fault
from groupmessenger.sandbox.faults import KINDS, Faults
from groupmessenger.sandbox.wire import spoiled


@pytest.fixture
def faults() -> Faults:
    return Faults({"acme": ["send", "ping"], "other": ["send", "status"]})


def struck(faults: Faults, calls: int, provider: str = "acme", operation: str | None = "send") -> list[bool]:
    return [bool(faults.strike(provider, operation)) for _ in range(calls)]


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ("drop", "a fault is a JSON object, not 'drop'"),
        ({}, "kind is missing: one of refuse, reset"),
        ({"kind": "explode"}, "kind must be one of refuse, reset"),
        ({"kind": ["drop"]}, "kind must be one of refuse, reset"),
        ({"kind": "drop", "provdier": "acme"}, "no field is called 'provdier'; did you mean 'provider'?"),
        ({"kind": "drop", "xyzzy": 1}, "no field is called 'xyzzy'; there are: body, headers, kind"),
        ({"kind": "drop", "provider": ""}, "provider must be a provider's name or '*', not ''"),
        ({"kind": "drop", "operation": 3}, "operation must be an operation's name or '*', not 3"),
        ({"kind": "drop", "phase": "during"}, "phase must be one of headers, before, after, not 'during'"),
        ({"kind": "drop", "nth": 0}, "nth must be a whole number from 1, not 0"),
        ({"kind": "drop", "nth": True}, "nth must be a whole number from 1, not True"),
        ({"kind": "drop", "nth": None}, "nth must be a whole number from 1, not None"),
        ({"kind": "drop", "times": 0}, "times must be a whole number from 1, or null for ever, not 0"),
        ({"kind": "drop", "probability": 1.5}, "probability must be a number from 0 to 1, not 1.5"),
        ({"kind": "drop", "probability": "0.5"}, "probability must be a number from 0 to 1, not '0.5'"),
        ({"kind": "drop", "probability": 0.5, "seed": -1}, "seed must be a whole number from 0, not -1"),
        ({"kind": "drop", "seed": 1}, "seed is for probability"),
        ({"kind": "refuse"}, "refuse needs status: a whole number from 200 to 599"),
        ({"kind": "refuse", "status": 99}, "status must be a whole number from 200 to 599, not 99"),
        ({"kind": "refuse", "status": 500, "body": {}, "text": ""}, "body and text exclude each other"),
        ({"kind": "refuse", "status": 500, "text": 5}, "text must be text, not 5"),
        ({"kind": "refuse", "status": 500, "headers": ["a"]}, "headers must be an object of header names"),
        ({"kind": "refuse", "status": 500, "headers": {"a b": "c"}}, "headers must be an object of header names"),
        ({"kind": "refuse", "status": 500, "headers": {"a": "b\r\nc: d"}}, "headers must be an object of header names"),
        ({"kind": "refuse", "status": 500, "headers": {"a": 1}}, "headers must be an object of header names"),
        (
            {"kind": "refuse", "status": 500, "headers": {"Content-Length": "1"}},
            "in ASCII, without content-length, not",
        ),
        ({"kind": "delay"}, "delay needs seconds: seconds, from 0"),
        ({"kind": "delay", "seconds": -1}, "seconds must be seconds, from 0, not -1"),
        ({"kind": "delay", "seconds": float("nan")}, "seconds must be seconds, from 0, not nan"),
        ({"kind": "late", "seconds": 5, "phase": "after"}, "late is for phase before"),
        ({"kind": "twice", "phase": "after"}, "twice is for phase before"),
        ({"kind": "redirect"}, "redirect needs location: a URL"),
        ({"kind": "drop", "status": 500}, "status is not for drop"),
        ({"kind": "html", "seconds": 5}, "seconds is not for html"),
    ],
)
def test_a_bad_fault_is_refused_by_what_is_wrong(fields: object, said: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        Fault.load(fields)
    assert said in str(refused.value)


def test_everything_wrong_is_said_at_once() -> None:
    with pytest.raises(InvalidInput) as refused:
        Fault.load({"kind": "refuse", "nth": 0, "times": -1})
    assert str(refused.value) == (
        "fault: nth must be a whole number from 1, not 0; times must be a whole number from 1, or null for ever, "
        "not -1; refuse needs status: a whole number from 200 to 599"
    )


@pytest.mark.parametrize(
    "fields",
    [
        {"kind": "drop"},
        {"kind": "drop", "provider": "acme", "operation": "send", "phase": "after", "nth": 2, "times": None},
        {"kind": "reset", "probability": 0.5, "seed": 7},
        {"kind": "refuse", "status": 503, "body": {"error": "busy"}, "headers": {"retry-after": "5"}},
        {"kind": "late", "seconds": 0},
        {"kind": "redirect", "location": "https://example.com/"},
    ],
)
def test_a_fault_dumps_what_it_was_loaded_from(fields: dict[str, Any]) -> None:
    assert Fault.load(fields).dump() == fields


def test_a_misspelt_scope_is_refused(faults: Faults) -> None:
    for fault, said in [
        (Fault("drop", "acmee"), "fault: no provider is called 'acmee'; did you mean 'acme'?"),
        (Fault("drop", "acme", "snd"), "fault: no operation is called 'snd'; did you mean 'send'?"),
        (Fault("drop", "acme", "status"), "fault: no operation is called 'status'; there are: ping, send"),
        (Fault("drop", "*", "xyzzy"), "fault: no operation is called 'xyzzy'; there are: ping, send, status"),
    ]:
        with pytest.raises(InvalidInput) as refused:
            faults.add(fault)
        assert str(refused.value) == said
    with pytest.raises(InvalidInput, match="there are: none"):
        Faults({}).add(Fault("drop", "acme"))


def test_the_nth_matching_call_is_struck_and_so_often(faults: Faults) -> None:
    faults.add(Fault("drop", "acme", "send", nth=2, times=2))
    assert struck(faults, 5) == [False, True, True, False, False]


def test_times_none_is_for_ever(faults: Faults) -> None:
    faults.add(Fault("drop", nth=3, times=None))
    assert struck(faults, 5) == [False, False, True, True, True]


def test_only_calls_in_scope_are_counted(faults: Faults) -> None:
    faults.add(Fault("drop", "acme", "send", nth=2))
    assert struck(faults, 2, operation="ping") == [False, False]
    assert struck(faults, 2, provider="other") == [False, False]
    assert struck(faults, 2) == [False, True]


def test_stars_concern_everybody_and_calls_that_nobody_serves(faults: Faults) -> None:
    faults.add(Fault("drop", times=None))
    assert struck(faults, 1, "other", "status") == [True]
    assert struck(faults, 1, "acme", None) == [True]


def test_chance_is_the_same_with_the_same_seed(faults: Faults) -> None:
    """`times` counts strikes, not throws of the dice."""

    def drawn(seed: int) -> list[bool]:
        some = Faults({"acme": ["send"]})
        some.add(Fault("drop", probability=0.3, seed=seed, times=None))
        return struck(some, 50)

    assert drawn(1) == drawn(1)
    assert drawn(1) != drawn(2)
    assert 5 < sum(drawn(1)) < 25
    faults.add(Fault("drop", probability=0.3, seed=1))
    assert struck(faults, 50).count(True) == 1


def test_all_that_strike_are_given_in_the_order_they_were_set(faults: Faults) -> None:
    first, second = Fault("delay", seconds=1), Fault("drop", "acme")
    faults.add(first)
    faults.add(second)
    assert faults.strike("acme", "send") == (first, second)
    assert faults.strike("acme", "send") == ()


def test_view_counts_calls_and_strikes_and_clear_forgets(faults: Faults) -> None:
    faults.add(Fault("drop", "acme"))
    struck(faults, 2)
    assert faults.view() == [{"kind": "drop", "provider": "acme", "calls": 2, "struck": 1}]
    faults.clear()
    assert faults.view() == []


def test_every_kind_that_answers_has_an_answer() -> None:
    silent = {"drop", "reset", "late", "delay", "twice"}
    assert {kind for kind in KINDS if spoiled(Fault(kind)) is None} == silent
