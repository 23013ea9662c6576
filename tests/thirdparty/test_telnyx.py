"""A provider of somebody else's, in a distribution that is installed: nothing of the core knows of it."""

from __future__ import annotations

import ast
import json
import os
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

HERE = Path(__file__).parent
SOURCE = HERE / "groupmessenger-telnyx"
ALLOWED = {
    "src/groupmessenger_telnyx/__init__.py": {"groupmessenger.provider"},
    "src/groupmessenger_telnyx/sandbox.py": {"groupmessenger.sandbox"},
    "tests/test_telnyx.py": {
        "groupmessenger",
        "groupmessenger.provider",
        "groupmessenger.sandbox",
        "groupmessenger.testing",
    },
}


def run(folder: Path, *arguments: str, **more: str) -> str:
    """Run Python in a folder, with nothing that is meant for this run of the tests alone: what it wrote."""
    ours = ("PYTEST_", "COVERAGE", "GROUPMESSENGER_")
    given = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=folder,
        env=given | {"PYTHONDONTWRITEBYTECODE": "1"} | more,
        capture_output=True,
        text=True,
        check=False,
    )
    assert 0 == done.returncode, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The distribution, built and installed without a network: the folder for PYTHONPATH."""
    folder = tmp_path_factory.mktemp("telnyx")
    run(SOURCE, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder / "wheels"))
    (wheel,) = (folder / "wheels").iterdir()
    with zipfile.ZipFile(wheel) as packed:
        packed.extractall(folder / "site")
    return str(folder / "site")


def test_its_own_tests_pass(installed: str, tmp_path: Path) -> None:
    """The contract, and what phones show."""
    arguments = ("-m", "pytest", "-q", "-p", "no:cacheprovider", f"--basetemp={tmp_path / 'pytest'}")
    told = run(SOURCE, *arguments, PYTHONPATH=installed)
    assert " passed" in told
    assert "failed" not in told


def test_it_is_among_the_providers(installed: str, tmp_path: Path) -> None:
    """Beside those that the library comes with."""
    told = json.loads(run(tmp_path, "-m", "groupmessenger.cli", "providers", "--json", PYTHONPATH=installed))
    assert {"bandwidth", "telnyx"} <= set(told["providers"])
    assert "Telnyx" == told["providers"]["telnyx"]["title"]
    assert not told["failed"]


def test_a_group_is_switched_to_it(installed: str, tmp_path: Path) -> None:
    """A file with a connection of its sends a text that phones show; a line of the file moves a group to it."""
    run(tmp_path, str(HERE / "switching.py"), PYTHONPATH=installed)


def test_it_is_short() -> None:
    """An adapter has 150 lines at most: all there is but the stand-in."""
    files = [path for path in SOURCE.joinpath("src").rglob("*.py") if path.name != "sandbox.py"]
    assert sum(1 for path in files for line in path.read_text().splitlines() if line.strip()) <= 150


def test_it_imports_nothing_else() -> None:
    """Of the library, that which is promised to those who write providers."""
    files = {path.relative_to(SOURCE).as_posix(): path for path in SOURCE.rglob("*.py")}
    assert ALLOWED == {name: set(of_the_library(path)) for name, path in files.items()}


def of_the_library(path: Path) -> Iterator[str]:
    """The modules of groupmessenger that a file imports, in whatever way."""
    for node in ast.walk(ast.parse(path.read_text())):
        match node:
            case ast.Import():
                names = [each.name for each in node.names]
            case ast.ImportFrom(module=str(module), level=0):
                names = [module]
            case _:
                continue
        yield from (name for name in names if name.split(".")[0] == "groupmessenger")
