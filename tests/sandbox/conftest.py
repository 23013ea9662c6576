from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest
from sandbox.acme import AcmeFace

from groupmessenger.sandbox import Sandbox


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    """A running sandbox with the one vendor of these tests."""
    with Sandbox(faces=[AcmeFace]) as running:
        yield running


@pytest.fixture
def http(sandbox: Sandbox) -> Iterator[httpx.Client]:
    """A caller, who follows no redirects."""
    with httpx.Client(base_url=sandbox.url, trust_env=False, timeout=5) as client:
        yield client
