"""The store of what was handled: claims with leases, and what is done stays done."""

from __future__ import annotations

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from groupmessenger.webhooks import MemorySeen, Standing

KEYS, OWNERS = st.sampled_from("abc"), st.sampled_from(["one", "two", "three"])


class Seeing(RuleBasedStateMachine):
    """Claims, commits and releases by several owners while time passes, against what they have to come to."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0
        self.seen = MemorySeen(clock=lambda: self.now)
        self.holders: dict[str, tuple[str, float]] = {}
        self.done: set[str] = set()

    @rule(key=KEYS, owner=OWNERS)
    def claim(self, key: str, owner: str) -> None:
        holder, until = self.holders.get(key, (owner, 0.0))
        free = holder == owner or until <= self.now
        expected = Standing.DONE if key in self.done else Standing.MINE if free else Standing.OTHERS
        assert expected is self.seen.claim(key, owner, 60)
        if expected is Standing.MINE:
            self.holders[key] = (owner, self.now + 60)

    @rule(key=KEYS, owner=OWNERS)
    def commit(self, key: str, owner: str) -> None:
        """Also by one whose lease is over, or was taken by another: it is handled."""
        self.seen.commit(key, owner)
        self.done.add(key)

    @rule(key=KEYS, owner=OWNERS)
    def release(self, key: str, owner: str) -> None:
        self.seen.release(key, owner)
        if self.holders.get(key, ("", 0))[0] == owner:
            del self.holders[key]

    @rule(seconds=st.sampled_from([1.0, 59.0, 60.0]))
    def wait(self, seconds: float) -> None:
        self.now += seconds

    @invariant()
    def what_is_done_is_done(self) -> None:
        assert all(Standing.DONE is self.seen.claim(key, "anybody", 60) for key in self.done)


TestSeeing = Seeing.TestCase


def test_the_oldest_are_forgotten() -> None:
    """Memory is bounded."""
    seen = MemorySeen(at_most=3)
    for key in "abcd":
        assert Standing.MINE is seen.claim(key, "one", 60)
        seen.commit(key, "one")
        seen.first(key, key, None)
    assert [Standing.DONE] * 3 == [seen.claim(key, "two", 60) for key in "bcd"]
    assert Standing.MINE is seen.claim("a", "two", 60)
    assert ["x", "d"] == [seen.first("a", "x", None), seen.first("d", "x", None)]


def test_the_first_value_stays() -> None:
    seen = MemorySeen()
    assert ["one", "one"] == [seen.first("key", "one", None), seen.first("key", "two", None)]
