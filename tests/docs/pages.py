"""The Markdown pages, as blocks."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import attrs

ROOT = Path(__file__).parents[2]
PAGES = sorted(path for pattern in ("*.md", "docs/**/*.md", "providers/*/*.md") for path in ROOT.glob(pattern))

_FENCE = re.compile(r"^(?P<fence>`{3,})(?P<language>\w*)\n(?P<text>.*?)^(?P=fence)$", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"\[[^\]]*\]\((?P<target>[^)\s]+)\)")


@attrs.frozen
class Block:
    """A fenced block. `lead` is what stands between it and the block before it, `line` its first line's number."""

    language: str
    text: str
    line: int
    lead: str

    @property
    def shows_output(self) -> bool:
        """Whether it is what the block before it prints."""
        return self.language == "text" and re.search(r"\bprints\b", self.lead) is not None

    @property
    def is_test_file(self) -> bool:
        """Whether it is for pytest: it has tests or fixtures."""
        return (
            self.language == "python"
            and re.search(r"^(?:async )?def test_|pytest\.fixture", self.text, re.M) is not None
        )

    @property
    def module(self) -> str | None:
        """The file that the page says it is, which its tests import: what stands before it ends in that name."""
        named = re.search(r"`(\w+\.py)`:\s*$", self.lead)
        return named[1] if named and not self.is_test_file else None


def name_of(path: Path) -> str:
    """A page's path below the root."""
    return path.relative_to(ROOT).as_posix()


def blocks_of(path: Path) -> Iterator[Block]:
    """The fenced blocks of a page, in order."""
    text = path.read_text(encoding="utf-8")
    end = 0
    for found in _FENCE.finditer(text):
        line = text.count("\n", 0, found.start("text")) + 1
        yield Block(found["language"], found["text"], line, text[end : found.start()])
        end = found.end()


def links_of(path: Path) -> list[str]:
    """The targets of a page's links, outside of fenced blocks."""
    return [found["target"] for found in _LINK.finditer(_FENCE.sub("", path.read_text(encoding="utf-8")))]


def anchors_of(path: Path) -> set[str]:
    """The anchors that GitHub makes of a page's headings."""
    headings = re.findall(r"^#+ (.*)$", _FENCE.sub("", path.read_text(encoding="utf-8")), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}
