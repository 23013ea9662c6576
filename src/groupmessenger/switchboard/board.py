"""What a switchboard's flows share: the directory, the connections and the rules of the file."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Concatenate, ParamSpec, TypeVar

import attrs

from ..errors import ConfigurationError, Problem, near
from ..flow import Call
from .directory import Directory, Transaction
from .lines import Line, Lines, Rules

P = ParamSpec("P")
T = TypeVar("T")


@attrs.frozen(eq=False)
class Board:
    """A directory, and the connections by name."""

    directory: Directory
    lines: Lines
    rules: Rules

    def do(self, work: Callable[Concatenate[Transaction, P], T], *args: P.args, **named: P.kwargs) -> Call[T]:
        """One transaction, for a flow to await."""
        return Call(partial(self.directory.do, lambda transaction: work(transaction, *args, **named)))

    def line(self, name: str) -> Line:
        """A connection. Raises `ConfigurationError` if there is none of that name."""
        if name not in self.lines:
            raise ConfigurationError(Problem("connections", f"there is no {name!r}", near(name, self.lines)))
        return self.lines[name]

    def at(self, provider: str, number: str) -> Line | None:
        """The connection with this line, whatever its name is by now."""
        here = (provider, number)
        return next((line for line in self.lines.values() if (line.provider, line.number) == here), None)

    @property
    def region(self) -> str | None:
        """The country of numbers that are written without one: the default connection's."""
        first = self.rules.default or next(iter(self.lines))
        return self.lines[first].operations.region if first in self.lines else None
