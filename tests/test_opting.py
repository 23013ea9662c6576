"""The words people opt out and in with."""

from __future__ import annotations

import pytest

from groupmessenger.opting import opts_out


@pytest.mark.parametrize(
    "text",
    [
        "STOP",
        "stop",
        " Stop. ",
        "StopAll",
        "QUIT!",
        "end",
        "Revoke",
        "opt out",
        "Opt-Out",
        "OPTOUT",
        "cancel",
        "unsubscribe",
        "“stop”",
        "stop\n",
    ],
)
def test_no_more_texts(text: str) -> None:
    """The whole message, whatever its case and punctuation."""
    assert True is opts_out(text)


@pytest.mark.parametrize("text", ["START", "start!", "Unstop"])
def test_texts_again(text: str) -> None:
    assert False is opts_out(text)


@pytest.mark.parametrize(
    "text", ["", "stop it", "don't stop", "please cancel my order", "the end", "s t o p", "ends", "STOP" + "!" * 50]
)
def test_anything_else(text: str) -> None:
    """A word inside a sentence is conversation."""
    assert None is opts_out(text)


def test_spaces_around_it_do_not_matter() -> None:
    assert True is opts_out("STOP" + " " * 100)
