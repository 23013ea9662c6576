"""What all tests have in common: the same things are not looked for, or looked through, again and again."""

from __future__ import annotations

import functools
import gc
import sys
from importlib.metadata import EntryPoints, entry_points, version
from pathlib import Path

import pytest

from groupmessenger import plugins, transport


def pytest_sessionstart() -> None:
    """Read what is installed again only when the path or a folder of it changed, as tests of plugins change them."""
    patch = pytest.MonkeyPatch()
    patch.setattr(plugins, "entry_points", _installed)
    patch.setattr(transport, "version", functools.cache(version))


def pytest_collection_finish() -> None:
    """Leave the thousands of tests themselves out of every search for garbage, of which some tests make many."""
    gc.collect()
    gc.freeze()


def pytest_sessionfinish() -> None:
    gc.unfreeze()


def _installed(*, group: str) -> EntryPoints:
    folders = [Path(each) for each in sys.path]
    return _read(group, tuple((str(each), each.stat().st_mtime_ns) for each in folders if each.exists()))


@functools.cache
def _read(group: str, folders: tuple[tuple[str, int], ...]) -> EntryPoints:
    return entry_points(group=group)
