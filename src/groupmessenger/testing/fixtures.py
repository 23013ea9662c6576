"""The pytest plugin. It imports pytest alone; the sandbox comes in when a test asks for it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from ..sandbox import Sandbox


@pytest.fixture
def groupmessenger_sandbox() -> Iterator[Sandbox]:
    """A started `Sandbox` with every installed provider's face, new for each test."""
    from ..sandbox import Sandbox

    with Sandbox() as sandbox:
        yield sandbox
