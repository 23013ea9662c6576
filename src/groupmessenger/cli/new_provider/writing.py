"""Writing a new provider's files."""

from __future__ import annotations

import json
import os
import tomllib
from collections.abc import Mapping
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory

from ...errors import ConfigurationError, Problem
from .choices import Choices

_FILES = {
    "pyproject.toml": "pyproject.toml",
    "README.md": "README.md",
    "CHANGELOG.md": "CHANGELOG.md",
    "LICENSE": "LICENSE",
    ".gitignore": "gitignore",
    ".github/workflows/ci.yml": "ci.yml",
    "src/{module}/__init__.py": "package.py",
    "src/{module}/messenger.py": "messenger.py",
    "src/{module}/limits.py": "limits.py",
    "src/{module}/answers.py": "answers.py",
    "src/{module}/webhooks.py": "webhooks.py",
    "src/{module}/sandbox.py": "sandbox.py",
    "src/{module}/py.typed": "py.typed",
    "tests/test_{name}.py": "test.py",
}


def write(choices: Choices, folder: Path) -> tuple[str, ...]:
    """Write the distribution into a folder that is new or empty, and give the paths of its files below that.

    Raises `ConfigurationError` for a folder that has anything in it, and for one that cannot be written to.
    """
    texts = _render(choices, folder)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if any(folder.iterdir()):
            raise FileExistsError
        with TemporaryDirectory(dir=folder) as made:  # nothing is left half written
            for name, text in texts.items():
                path = Path(made, name)
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text, encoding="utf-8", newline="\n")
            for part in list(Path(made).iterdir()):
                part.rename(folder / part.name)
    except FileExistsError:
        problem = Problem("", "something is there already", "choose a folder that is new or empty, with --to")
    except OSError as error:
        problem = Problem("", f"it cannot be written: {error.strerror}", "choose another folder, with --to")
    else:
        return tuple(texts)
    raise ConfigurationError(Problem("", problem.what, problem.cure, str(folder)))


def source(folder: Path, checkout: Path) -> str | None:
    """How uv finds groupmessenger from a folder: by a path to its checkout, or as a member of that one's workspace.

    None if there is no checkout: then it comes from the package index.
    """
    try:
        tables = tomllib.loads((checkout / "pyproject.toml").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    if tables.get("project", {}).get("name") != "groupmessenger":
        return None
    members = tables.get("tool", {}).get("uv", {}).get("workspace", {}).get("members", ())
    if any(folder.match(str(checkout / member)) for member in members):
        return "{ workspace = true }"
    is_near = folder.is_relative_to(checkout.parent)  # so that both may be moved together
    path = Path(os.path.relpath(checkout, folder)) if is_near else checkout
    return f"{{ path = {json.dumps(path.as_posix(), ensure_ascii=False)}, editable = true }}"


def _render(choices: Choices, folder: Path) -> Mapping[str, str]:
    """The files' texts, by their paths."""
    try:
        from jinja2 import Environment, PackageLoader, StrictUndefined
    except ImportError as error:
        cure = "pip install 'groupmessenger[cli]'"
        raise ConfigurationError(Problem("", f"{error.name} is not installed", cure)) from error
    templates = Environment(  # noqa: S701 - it writes no HTML
        loader=PackageLoader("groupmessenger.cli.new_provider"),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    words = {
        **choices.words(),
        "version": version("groupmessenger").partition("+")[0],
        "checkout": source(folder.resolve(), Path(__file__).resolve().parents[4]),
        "today": datetime.now(UTC).date(),
    }
    return {
        path.format_map(words): templates.get_template(f"{template}.jinja").render(words)
        for path, template in _FILES.items()
    }
