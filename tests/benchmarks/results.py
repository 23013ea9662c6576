"""A comparison and its target; the table of them, and the JSON."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import attrs
from rich.table import Table

from .measuring import Spent

_HOLDS: Mapping[str, Callable[[float, float], bool]] = {"≤": operator.le, "<": operator.lt, "≥": operator.ge}
_SCALES = {"s": (1.0, "s"), "ms": (1e3, "ms"), "us": (1e6, "µs")}


@attrs.frozen
class Target:
    """What is aimed at: a bound of the ratio, or of our own figure where `absolute`."""

    sign: str
    bound: float
    absolute: bool = False

    def __str__(self) -> str:
        return f"{self.sign} {self.bound:g}{'' if self.absolute else ' ×'}"


@attrs.frozen
class Result:
    """One comparison: our figure, and that of what a user would do instead, if there is such a thing."""

    name: str
    unit: str
    ours: float
    theirs: float | None = None
    target: Target | None = None

    @property
    def ratio(self) -> float | None:
        """Ours over theirs."""
        return self.ours / self.theirs if self.theirs else None

    @property
    def met(self) -> bool | None:
        """Whether the target is met; None where there is none."""
        if self.target is None:
            return None
        figure = self.ours if self.target.absolute else self.ratio
        return figure is not None and _HOLDS[self.target.sign](figure, self.target.bound)

    def as_json(self) -> dict[str, Any]:
        """Give it as a row of the JSON, its figures as they were measured."""
        return {
            "name": self.name,
            "unit": self.unit,
            "ours": self.ours,
            "theirs": self.theirs,
            "ratio": self.ratio,
            "target": None if self.target is None else str(self.target),
            "met": self.met,
        }


def compared(
    name: str, ours: Spent, theirs: Spent, cpu: Target | None = None, wall: Target | None = None
) -> list[Result]:
    """Give the rows of CPU and of wall time of one comparison."""
    scale, unit = _SCALES["us"] if max(ours.wall, theirs.wall) < 0.01 else _SCALES["ms"]
    return [
        Result(f"{name}: CPU", unit, ours.cpu * scale, theirs.cpu * scale, cpu),
        Result(f"{name}: wall", unit, ours.wall * scale, theirs.wall * scale, wall),
    ]


COLUMNS = ("", "ours", "theirs", "ratio", "target", "met")


def table(results: Iterable[Result], title: str) -> Table:
    """Give the table that people read."""
    shown = Table(title=title, title_justify="left", pad_edge=False)
    for name in COLUMNS:
        shown.add_column(name, justify="left" if name in ("", "met") else "right")
    for row in results:
        shown.add_row(*_cells(row))
    return shown


def markdown(results: Iterable[Result], title: str) -> str:
    """Give the table of the documentation."""
    rows = [COLUMNS, ("---", "--:", "--:", "--:", "--:", "---"), *map(_cells, results)]
    return "\n".join([f"### {title[0].upper()}{title[1:]}", "", *(f"| {' | '.join(row)} |" for row in rows), ""])


def _cells(row: Result) -> tuple[str, ...]:
    ours, theirs = (None if each is None else f"{_figure(each)} {row.unit}" for each in (row.ours, row.theirs))
    ratio = "" if row.ratio is None else f"{row.ratio:.2f}"
    met = {None: "", True: "yes", False: "no"}[row.met]
    return row.name, ours or "", theirs or "", ratio, str(row.target or ""), met


def _figure(number: float) -> str:
    return f"{number:,.0f}" if number >= 100 else f"{number:.3g}"
