from __future__ import annotations

from collections.abc import Iterator

import pytest
from switchboard.databases import Databases

from .running import Stage


@pytest.fixture(scope="module", params=["sqlite"])
def stage(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """Where worlds are played, one after the other."""
    with Databases() as databases, databases.new(request.param, tmp_path_factory.mktemp("worlds")) as url:
        made = Stage.at(url)
        yield made
        made.close()
