from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from cli.running import Here

from groupmessenger.sandbox import Sandbox


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[Here]:
    """A folder with a file of one connection a provider, named like it; Sendblue is the default."""
    for name in [each for each in os.environ if each.startswith("GROUPMESSENGER_")]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    before = set(sys.modules)
    with Sandbox() as box:
        made = Here(tmp_path, box, capsys)
        made.write('default = "sendblue"', **{name: made.settings(name) for name in box.faces})
        yield made
    for name in set(sys.modules) - before:
        if name.startswith("plugged_"):
            del sys.modules[name]
