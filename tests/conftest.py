"""What all tests have in common: garbage is not looked for among the tests themselves."""

from __future__ import annotations

import gc


def pytest_collection_finish() -> None:
    """Leave the thousands of tests themselves out of every search for garbage, of which some tests make many."""
    gc.collect()
    gc.freeze()


def pytest_sessionfinish() -> None:
    gc.unfreeze()
