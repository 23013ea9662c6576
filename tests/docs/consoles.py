"""Console blocks: their commands, what they show as output, and whether that is what was printed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import attrs
from docs.pages import blocks_of

_PROMPT = "$ "
_ANYTHING = "…"


@attrs.frozen
class Shown:
    """One command of a page, and the output that the page shows below it."""

    command: str
    output: tuple[str, ...]
    line: int


def shown_on(page: Path) -> Iterator[Shown]:
    """The commands that a page gives with a prompt, in order."""
    for block in blocks_of(page):
        if block.language == "console" and block.text.startswith(_PROMPT):
            lines = block.text.splitlines()
            starts = [at for at, line in enumerate(lines) if line.startswith(_PROMPT)]
            for start, end in zip(starts, [*starts[1:], len(lines)], strict=True):
                command = lines[start].removeprefix(_PROMPT)
                yield Shown(command, tuple(lines[start + 1 : end]), block.line + start)


def fits(shown: tuple[str, ...], printed: str) -> bool:
    """Whether a page shows what was printed, blank lines and trailing spaces aside.

    `…` stands for anything within a line; alone on a line, for any number of lines.
    """
    pattern = "".join(
        r"(?:.*\n)*" if line.strip() == _ANYTHING else _line(line) + r"[ ]*\n" for line in shown if line.strip()
    )
    lines = [line.rstrip() for line in printed.splitlines() if line.strip()]
    return re.fullmatch(pattern, "".join(f"{line}\n" for line in lines)) is not None


def _line(text: str) -> str:
    return ".+?".join(map(re.escape, text.rstrip().split(_ANYTHING)))
