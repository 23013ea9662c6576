"""Look at the site as it was built, for what a strict build lets pass: `uv run python tests/docs/built.py docs/site`.

Every link and file of a page is there, headings included; no page takes anything from another host; the search has
every page. Prints what is wrong, and exits with 1.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

_FETCHED = {"script": "src", "img": "src", "link": "href", "iframe": "src", "source": "src"}
_STYLES = re.compile(r"(?:@import\s*|url\()['\"]?(?:https?:)?//", re.IGNORECASE)


class Page(HTMLParser):
    """What a page links to and fetches, and the anchors it has."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.links: list[str] = []
        self.fetched: list[str] = []
        self.anchors = {"", "__top"}
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Take note of one element."""
        given = {name: value or "" for name, value in attrs}
        self.anchors |= {given[name] for name in ("id", "name") if name in given}
        if tag == "a" and "href" in given:
            self.links.append(given["href"])
        elif _FETCHED.get(tag) in given:
            self.fetched.append(given[_FETCHED[tag]])


def problems(site: Path) -> Iterator[str]:
    """All that is wrong with a built site, in words."""
    pages = {path: Page(path.read_text(encoding="utf-8")) for path in sorted(site.rglob("*.html"))}
    for path, page in pages.items():
        if path.name == "404.html":  # it is shown for any path, so that its own are absolute
            continue
        name = path.relative_to(site)
        yield from (f"{name}: fetches {url}" for url in page.fetched if urlsplit(url).netloc)
        for url in (*page.links, *page.fetched):
            parts = urlsplit(url)
            if parts.scheme or parts.netloc:
                continue
            target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            target = target / "index.html" if target.is_dir() else target
            if not target.is_file():
                yield f"{name}: no such file: {url}"
            elif target in pages and unquote(parts.fragment) not in pages[target].anchors:
                yield f"{name}: no such heading: {url}"
    for path in sorted(site.rglob("*.css")):
        if _STYLES.search(path.read_text(encoding="utf-8")):
            yield f"{path.relative_to(site)}: fetches from another host"
    items = json.loads((site / "search.json").read_text(encoding="utf-8"))["items"]
    found = {item["location"].partition("#")[0].strip("/") or "." for item in items}
    names = {path.parent.relative_to(site).as_posix() for path in pages if path.name == "index.html"}
    yield from (f"{name}: the search does not know it" for name in sorted(names - found))


if __name__ == "__main__":
    wrong = list(problems(Path(sys.argv[1]).resolve()))
    print("\n".join(wrong) or "the site: all well")  # noqa: T201
    sys.exit(1 if wrong else 0)
