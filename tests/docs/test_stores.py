"""The store of what was seen that a page gives keeps the contract of `Seen`, between processes as well."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from docs.pages import ROOT, blocks_of

from groupmessenger.webhooks import Seen, Standing

PAGE = ROOT / "docs" / "how-to" / "receive.md"


@pytest.fixture(scope="module")
def kind() -> Any:
    """The class, as the page has it: its block without what the page's program does with it."""
    (text,) = (block.text for block in blocks_of(PAGE) if "class SqliteSeen" in block.text)
    code, _, _ = text.partition("\nseen = ")
    module: dict[str, Any] = {}
    exec(compile(f"import time\nfrom pathlib import Path\n{code}", str(PAGE), "exec", dont_inherit=True), module)
    return module["SqliteSeen"]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Where it is kept."""
    return tmp_path / "seen.db"


def test_an_event_has_one_owner(kind: Any, file: Path) -> None:
    """Of many that claim it at once, each by a store of its own."""

    def claim(owner: int) -> Standing:
        seen: Seen = kind(file)
        return seen.claim("main/in/1", str(owner), 60)

    with ThreadPoolExecutor(8) as pool:
        standings = list(pool.map(claim, range(24)))
    assert [Standing.MINE] == [each for each in standings if each is not Standing.OTHERS]


def test_a_lease_ends(kind: Any, file: Path) -> None:
    """And then the event is anybody's."""
    seen: Seen = kind(file)
    assert Standing.MINE == seen.claim("main/in/1", "a", 0)
    assert Standing.MINE == seen.claim("main/in/1", "b", 60)
    assert Standing.OTHERS == seen.claim("main/in/1", "a", 60)


def test_what_is_done_stays_done(kind: Any, file: Path) -> None:
    """Also for another process, and whoever releases it afterwards."""
    kind(file).claim("main/in/1", "a", 60)
    kind(file).commit("main/in/1", "a")
    kind(file).release("main/in/1", "a")
    assert Standing.DONE == kind(file).claim("main/in/1", "b", 60)


def test_a_late_commit_counts(kind: Any, file: Path) -> None:
    """Where the lease was over and another has the claim by then."""
    seen: Seen = kind(file)
    seen.claim("main/in/1", "a", 0)
    seen.claim("main/in/1", "b", 60)
    seen.commit("main/in/1", "a")
    assert Standing.DONE == seen.claim("main/in/1", "c", 60)


def test_a_claim_is_released_by_its_owner_alone(kind: Any, file: Path) -> None:
    """So that nobody takes an event from whoever is at it."""
    seen: Seen = kind(file)
    seen.claim("main/in/1", "a", 60)
    seen.release("main/in/1", "b")
    assert Standing.OTHERS == seen.claim("main/in/1", "b", 60)
    seen.release("main/in/1", "a")
    assert Standing.MINE == seen.claim("main/in/1", "b", 60)


def test_the_first_value_is_kept(kind: Any, file: Path) -> None:
    """Under each key."""
    assert ["x", "x", "y"] == [
        kind(file).first(key, value, None) for key, value in (("a", "x"), ("a", "y"), ("b", "y"))
    ]


def test_what_is_old_is_forgotten(kind: Any, file: Path) -> None:
    """So that the file does not grow for ever; what was not done yet is not kept either."""
    seen: Seen = kind(file, keep=-1)
    seen.claim("main/in/1", "a", 60)
    seen.commit("main/in/1", "a")
    assert Standing.MINE == seen.claim("main/in/1", "b", 60)
