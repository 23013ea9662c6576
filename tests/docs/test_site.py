"""The site has every page once in its navigation, and every page can be reached by links from the front page."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from docs.pages import PAGES, ROOT, links_of, name_of

DOCS = ROOT / "docs"
PAGES_OF_THE_SITE = [page for page in PAGES if page.is_relative_to(DOCS)]


def navigation(part: Any) -> Iterator[str]:
    """The paths that a part of the navigation names."""
    match part:
        case str():
            yield part
        case dict():
            yield from navigation([*part.values()])
        case _:
            for each in part:
                yield from navigation(each)


def test_the_navigation_has_every_page_once() -> None:
    """And none that is not there."""
    named = list(navigation(tomllib.loads((DOCS / "zensical.toml").read_text(encoding="utf-8"))["project"]["nav"]))
    assert sorted(page.relative_to(DOCS).as_posix() for page in PAGES_OF_THE_SITE) == sorted(named)


def test_every_page_can_be_reached_from_the_front_page() -> None:
    """By links of pages, as those have to who read them in a repository."""
    reached: set[Path] = set()
    waiting = [DOCS / "index.md"]
    while waiting:
        page = waiting.pop()
        if page not in reached:
            reached.add(page)
            targets = ((page.parent / target.partition("#")[0]).resolve() for target in links_of(page))
            waiting += [target for target in targets if target in PAGES_OF_THE_SITE]
    assert [name_of(page) for page in PAGES_OF_THE_SITE if page not in reached] == []
