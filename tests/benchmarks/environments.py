"""Environments as an installer makes them: some distributions, what they need, and nothing else of what is here."""

from __future__ import annotations

import venv
from collections.abc import Iterator
from importlib.metadata import Distribution, distribution
from pathlib import Path

from packaging.requirements import Requirement


def environment(folder: Path, *requirements: str) -> Path:
    """Make an environment of what is required, linked from the one that runs. Gives its interpreter."""
    venv.create(folder, symlinks=True)
    (site,) = folder.glob("lib/python*/site-packages")
    for name in _closure(map(Requirement, requirements)):
        _link(distribution(name), site)
    return folder / "bin" / "python"


def _closure(asked: Iterator[Requirement]) -> set[str]:
    """Give the names of distributions that are required, and required by those."""
    found: set[str] = set()
    done: set[tuple[str, str]] = set()
    left = [(each.name, extra) for each in asked for extra in ("", *each.extras)]
    while left:
        name, extra = left.pop()
        if (name, extra) in done:
            continue
        done.add((name, extra))
        found.add(name)
        for needed in map(Requirement, distribution(name).requires or ()):
            if needed.marker is None or needed.marker.evaluate({"extra": extra}):
                left += [(needed.name, each) for each in ("", *needed.extras)]
    return found


def _link(installed: Distribution, site: Path) -> None:
    home = Path(str(installed.locate_file("")))
    tops = {file.parts[0] for file in installed.files or ()}
    for top in tops - {"..", "__pycache__"}:
        there = site / top
        if not there.exists():  # a folder that two share is linked once
            there.symlink_to(home / top)
