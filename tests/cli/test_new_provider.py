"""`new-provider`: a distribution that works as it was written."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeAlias

import pytest
from cli.running import Ran

from groupmessenger.cli.app import run
from groupmessenger.cli.new_provider.writing import source

VARIANTS = [(groups, identity) for groups in ("thread", "broadcast") for identity in ("members", "id")]
Run: TypeAlias = Callable[..., Ran]


@pytest.fixture
def command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs the command in a folder of its own."""
    monkeypatch.chdir(tmp_path)

    def ran(*arguments: str) -> Ran:
        ended = run(["new-provider", *arguments])
        written = capsys.readouterr()
        return Ran(ended, written.out, written.err)

    return ran


def options(groups: str, identity: str) -> tuple[str, ...]:
    return ("--groups", groups, "--identity", identity)


def environment(**more: str) -> dict[str, str]:
    """This one, without what is meant for this run of the tests alone."""
    ours = ("PYTEST_", "COVERAGE", "GROUPMESSENGER_", "VIRTUAL_ENV", "UV_")
    return {name: value for name, value in os.environ.items() if not name.startswith(ours)} | more


def install(folder: Path, name: str) -> str:
    """What makes a distribution in a folder one that is installed: the path for Python."""
    info = folder.parent / f"{name}-info" / f"groupmessenger_{name}-0.1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: groupmessenger-{name}\nVersion: 0.1.0\n")
    (info / "entry_points.txt").write_text(f"[groupmessenger.providers]\n{name} = groupmessenger_{name}\n")
    return os.pathsep.join([str(folder / "src"), str(info.parent)])


@pytest.mark.parametrize(("groups", "identity"), VARIANTS)
def test_it_is_written(command: Run, groups: str, identity: str) -> None:
    """All that it says is written is there, and can be read for what it is."""
    ran = command("acme", *options(groups, identity), "--json")
    assert 0 == ran.exit
    folder = Path("groupmessenger-acme")
    written = {path.relative_to(folder).as_posix(): path.read_text() for path in folder.rglob("*") if path.is_file()}
    assert {"folder": "groupmessenger-acme", "files": sorted(written)} == {
        "folder": ran.json["folder"],
        "files": sorted(ran.json["files"]),
    }
    for name, text in written.items():
        assert not any(mark in text for mark in ("{%", "{#", "%}", "#}")), name
        assert not text or text.endswith("\n"), name
        assert "\n\n\n\n" not in text, name
        if name.endswith(".py"):
            compile(text, name, "exec")
    project = tomllib.loads(written["pyproject.toml"])
    assert ("groupmessenger-acme", {"acme": "groupmessenger_acme"}) == (
        project["project"]["name"],
        project["project"]["entry-points"]["groupmessenger.providers"],
    )
    assert (groups == "thread") == ("SHARED_THREAD" in written["src/groupmessenger_acme/limits.py"])
    assert (identity == "id") == ("PROVIDER_ID" in written["src/groupmessenger_acme/limits.py"])
    assert sum(text.count("# Acme: ") for name, text in written.items() if name.endswith(".py")) > 20


@pytest.mark.parametrize(
    ("groups", "identity"),
    [
        ("thread", "members"),
        ("broadcast", "id"),
        pytest.param("thread", "id", marks=pytest.mark.slow),
        pytest.param("broadcast", "members", marks=pytest.mark.slow),
    ],
)
def test_its_own_tests_pass(command: Run, groups: str, identity: str) -> None:
    """Those of what phones show, and the contract of every provider."""
    assert 0 == command("acme_mobile", "--to", "new", *options(groups, identity)).exit
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"],
        cwd="new",
        env=environment(PYTHONPATH=install(Path("new").absolute(), "acme_mobile"), PYTHONDONTWRITEBYTECODE="1"),
        capture_output=True,
        text=True,
        check=False,
    )
    assert 0 == done.returncode, done.stdout + done.stderr
    assert " passed" in done.stdout


def test_it_says_what_comes_next(command: Run) -> None:
    """What it is, and three commands."""
    ran = command("acme", "--title", "Acme's Own", "--to", "my folder")
    lines = [line.strip() for line in ran.out.splitlines()]
    assert "✓ my folder is written: Acme's Own, one thread for everybody; a group is its members" == lines[0]
    assert ["cd 'my folder'", "uv run pytest"] == lines[-3:-1]
    found = subprocess.run(lines[-1], shell=True, cwd="my folder", capture_output=True, text=True, check=True)
    assert 20 < len(found.stdout.splitlines())


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "NAME requires an argument"),
        (("Acme",), "small letters and digits"),
        (("2acme",), "small letters and digits"),
        (("acme-mobile",), "acme_mobile"),
        (("acme__mobile",), "single underscores"),
        (("acme_",), "single underscores"),
        (("acme\n",), "small letters and digits"),
        (("a" * 25,), "up to 24"),
        (("",), "small letters and digits"),
        (("group",), "GroupMessenger: choose another name"),
        (("pytest",), "there is a module groupmessenger_pytest already: choose another name"),
        (("sendblue",), "provider 'sendblue' is installed already (choose another name)"),
        (("acme", "--title", 'Say "hi"'), "--title is up to 24"),
        (("acme", "--title", ""), "--title is up to 24"),
        (("acme", "--title", "a" * 25), "--title is up to 24"),
        (("acme", "--groups", "both"), "--groups"),
        (("acme", "--identity", "name"), "--identity"),
        (("acme", "--group", "thread"), "did you mean '--groups'?"),
        (("acme", "mobile"), "more was given"),
        (("acme", "--to", "taken"), "something is there already"),
        (("acme", "--to", "taken/file"), "something is there already"),
        (("acme", "--to", "taken/file/below"), "it cannot be written: Not a directory"),
    ],
)
def test_what_is_refused(command: Run, tmp_path: Path, arguments: tuple[str, ...], said: str) -> None:
    """It is said, with the cure, and nothing is written."""
    (tmp_path / "taken").mkdir()
    (tmp_path / "taken" / "file").write_text("mine")
    ran = command(*arguments)
    assert (2, True, ["taken", "taken/file"]) == (
        ran.exit,
        ran.tells(said),
        sorted(path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*")),
    ), ran.err
    assert "mine" == (tmp_path / "taken" / "file").read_text()


def test_a_folder_that_is_empty_is_taken(command: Run, tmp_path: Path) -> None:
    """Such as the one where one is."""
    assert 0 == command("acme", "--to", ".").exit
    assert (tmp_path / "pyproject.toml").exists()


def test_nothing_is_half_written(command: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where it is interrupted, or the disk is full, it can be tried again."""
    written = Path.write_text

    def write_text(path: Path, *arguments: Any, **named: Any) -> int:
        if path.name == "answers.py":
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return written(path, *arguments, **named)

    with monkeypatch.context() as full:
        full.setattr(Path, "write_text", write_text)
        ran = command("acme")
    assert (2, True) == (ran.exit, ran.tells("it cannot be written: No space left on device"))
    assert [] == list(Path("groupmessenger-acme").iterdir())
    assert 0 == command("acme").exit


def test_it_is_for_the_releases_that_are_like_this_one(command: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whichever this one is."""
    monkeypatch.setattr("groupmessenger.cli.new_provider.writing.version", lambda name: "0.2.0+local")
    assert 0 == command("acme").exit
    project = tomllib.loads(Path("groupmessenger-acme/pyproject.toml").read_text())["project"]
    assert ["attrs>=24.2", "groupmessenger~=0.2.0"] == project["dependencies"]


def test_without_its_templates_language(command: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is missing is said, with what installs it."""
    monkeypatch.setitem(sys.modules, "jinja2", None)
    ran = command("acme")
    assert (2, True) == (ran.exit, ran.tells("jinja2 is not installed", "pip install 'groupmessenger[cli]'"))
    assert not Path("groupmessenger-acme").exists()


def test_where_groupmessenger_comes_from(tmp_path: Path) -> None:
    """A clone near by, one elsewhere, the workspace of one, or none at all."""
    here = tmp_path / "work"
    clone = here / 'a "clone"'
    clone.mkdir(parents=True)
    assert None is source(here / "new", clone)
    project = {"project": 'name = "groupmessenger"', "tool.uv.workspace": 'members = ["providers/*"]'}
    (clone / "pyproject.toml").write_text("\n".join(f"[{table}]\n{line}" for table, line in project.items()))
    found = {
        where: tomllib.loads(f"it = {source(folder, clone)}")["it"]
        for where, folder in {
            "beside": here / "new",
            "within": clone / "new",
            "elsewhere": tmp_path / "new",
            "member": clone / "providers" / "acme",
        }.items()
    }
    assert found == {
        "beside": {"path": '../a "clone"', "editable": True},
        "within": {"path": "..", "editable": True},
        "elsewhere": {"path": clone.as_posix(), "editable": True},
        "member": {"workspace": True},
    }
    (clone / "pyproject.toml").write_text('[project]\nname = "another"')
    assert None is source(here / "new", clone)


def test_its_ci_takes_groupmessenger_from_the_index(command: Run) -> None:
    """A path of this machine is nothing to a machine that has no clone."""
    assert 0 == command("acme").exit
    made = Path("groupmessenger-acme")
    has_path = "sources" in tomllib.loads((made / "pyproject.toml").read_text())["tool"].get("uv", {})
    assert has_path == ("UV_NO_SOURCES" in (made / ".github/workflows/ci.yml").read_text())
