"""The generated part of `docs/reference/capabilities.md`: what every provider says of itself.

The rows are those of `groupmessenger providers`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from docs.tables import code, table

from groupmessenger.cli import matrix
from groupmessenger.cli.matrix import Row
from groupmessenger.messenger import GroupMessenger

_SOURCES = ("limit", "certain", "probable", "who says so", "confidence", "checked")


def capabilities_of_providers(kinds: Sequence[type[GroupMessenger]]) -> str:
    """The tables, as Markdown: one column a provider; limits with their sources, one table a provider."""
    all_ = [kind.capabilities for kind in kinds]
    head = ("", *(kind.title for kind in kinds))
    parts = [
        "## What a group is",
        table(head, matrix.facts(all_)),
        "## Operations",
        table(head, _graded(matrix.operations(all_))),
        "## Features",
        table(head, _graded(matrix.features(all_))),
    ]
    for kind in kinds:
        rows = ((code(name), *rest) for name, *rest in matrix.limits_with_sources(kind.capabilities))
        parts += [f"## Limits: {kind.title}", table(_SOURCES, rows)]
    return "\n\n".join(parts)


def _graded(rows: Iterable[Row]) -> Iterator[Row]:
    for name, *flags in rows:
        yield (code(name), *(re.sub(r"^\w+", r"**\g<0>**", flag) for flag in flags))
