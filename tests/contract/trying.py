"""The lies tried by pytest, in this process: which checks of the contract catch which lie, and what they say."""

from __future__ import annotations

import contextlib
import io
import os
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

_LIARS = Path(__file__).with_name("liars.py")


class Trial:
    """A run of the contract for the classes of `liars`, or `only` one of them: of the checks that are `wanted`.

    `caught[class][check]` is what the check said in each of its cases that failed, `tried[class]` the checks that ran.
    """

    def __init__(self, wanted: Callable[[str, str], bool] = lambda liar, check: True, only: str | None = None) -> None:
        self.caught: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
        self.tried: dict[str, set[str]] = defaultdict(set)
        self._wanted = wanted
        self._only = only
        given = ["-q", "-c", os.devnull, f"--rootdir={_LIARS.parent}", "--noconftest", "--import-mode=importlib"]
        without = [f"-pno:{each}" for each in ("cacheprovider", "faulthandler", "hypothesispytest", "xdist")]
        with contextlib.redirect_stdout(io.StringIO()):
            pytest.main([*given, *without, "-Werror", str(_LIARS)], plugins=[self])

    def pytest_pycollect_makeitem(self, collector: Any, name: str, obj: object) -> list[pytest.Item] | None:
        """Collect no class and no check that nobody wants."""
        if isinstance(collector, pytest.Module) and self._only is not None and name != self._only:
            return []
        unwanted = isinstance(collector, pytest.Class) and not self._wanted(collector.name, name)
        return [] if unwanted and name.startswith("test") else None

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_makereport(self, item: pytest.Item, call: pytest.CallInfo[None]) -> None:
        """Keep what a check says."""
        check = item.name.partition("[")[0]
        assert item.parent is not None
        self.tried[item.parent.name].add(check)
        if call.excinfo is not None:
            self.caught[item.parent.name][check].append(f"{call.excinfo.typename}: {call.excinfo.value}")
            call.excinfo = None  # it was to fail, and nobody reads how
