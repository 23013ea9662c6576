"""What distributions have installed for us: their entry points, read once as long as no folder of the path changes."""

from __future__ import annotations

import sys
from functools import lru_cache
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path

_OURS = "groupmessenger."


def installed(group: str) -> list[EntryPoint]:
    """The entry points of one of our groups, in the order of their names. None is loaded by this."""
    folders = tuple((folder, _changed(folder)) for folder in sys.path)
    return [entry for entry in _read(folders) if entry.group == group]


@lru_cache(maxsize=1)
def _read(folders: tuple[tuple[str, int], ...]) -> list[EntryPoint]:
    """Read them of all distributions, which takes a tenth of a millisecond for each."""
    every = entry_points()
    return sorted(entry for group in every.groups if group.startswith(_OURS) for entry in every.select(group=group))


def _changed(folder: str) -> int:
    try:
        return Path(folder).stat().st_mtime_ns
    except OSError:
        return 0
