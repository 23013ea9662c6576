"""What a switchboard's flows share: the directory, the connections and the rules of the file."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Concatenate, ParamSpec, TypeVar

import attrs

from ..errors import ConfigurationError, InvalidInput, Problem, near
from ..flow import Call
from .directory import Directory, Transaction
from .lines import Line, Lines
from .rules import FileRules, Rules

P = ParamSpec("P")
T = TypeVar("T")


@attrs.frozen(eq=False)
class Board:
    """A directory, and the connections by name. `region` reads numbers that are written without a country code."""

    directory: Directory
    lines: Lines
    _rules: Rules | FileRules
    region: str | None = None

    @property
    def rules(self) -> Rules:
        """The rules as they are now. May read a file, so it is for transactions."""
        return self._rules.now()

    def do(self, work: Callable[Concatenate[Transaction, P], T], *args: P.args, **named: P.kwargs) -> Call[T]:
        """One transaction, for a flow to await."""
        return Call(partial(self.directory.do, lambda transaction: work(transaction, *args, **named)))

    async def carried(self) -> Mapping[str, str]:
        """What observers have go along with a message that is queued now. A flow."""
        line = next(iter(self.lines.values()))  # every connection has the same observers
        return await line.operations.carried()

    def line(self, name: str) -> Line:
        """A connection. Raises `ConfigurationError` if there is none of that name, `InvalidInput` for no name."""
        if not isinstance(name, str):
            raise InvalidInput(f"a connection is named by a text, not {type(name).__name__}")
        if name not in self.lines:
            raise ConfigurationError(Problem("connections", f"there is no {name!r}", near(name, self.lines)))
        return self.lines[name]

    def at(self, provider: str, number: str, name: str = "") -> Line | None:
        """The connection with this line, whatever its name is by now; of several that of this name."""
        here = [line for line in self.lines.values() if (line.provider, line.number) == (provider, number)]
        return next((line for line in here if line.name == name), next(iter(here), None))
