"""What `send NAME` says before a message leaves: who will see what, and that it begins a new thread."""

from __future__ import annotations

import pytest
from cli.running import ANN, BOB, Here

NEW = "members see a new thread, from +13…20"


@pytest.fixture(autouse=True)
def dinner(here: Here) -> None:
    here.keep()
    here.run("groups", "create", "dinner", ANN, BOB)


def test_a_new_thread(here: Here) -> None:
    """Where a group that was texted goes on in another one, and only then."""
    assert not here.run("send", "dinner", "One").tells("new thread")
    here.keep("bandwidth")
    assert here.run("plan", "dinner", "Two").tells(NEW)
    assert here.run("send", "dinner", "Two").tells("by bandwidth; ", NEW)
    assert not here.run("send", "dinner", "Three").tells("new thread")


def test_what_was_sent_before(here: Here) -> None:
    """Nothing leaves, so nothing is said of it."""
    here.run("send", "dinner", "One", "--key", "one")
    here.keep("bandwidth")
    ran = here.run("send", "dinner", "One", "--key", "one")
    assert (0, True) == (ran.exit, ran.tells("✓ ", "nothing was sent now"))
    assert "bandwidth" not in ran.out


@pytest.mark.parametrize(("key", "code"), [("", 2), ("x" * 201, 2), ("used", 3)])
def test_a_key_that_is_refused(here: Here, key: str, code: int) -> None:
    """The error alone."""
    here.run("send", "dinner", "One", "--key", "used")
    ran = here.run("send", "dinner", "Two", "--key", key)
    assert (code, "") == (ran.exit, ran.out)
    assert 1 == here.sends()
