"""Console blocks of pages beside the reference of commands: each page is one session against a sandbox of its own."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest
from docs.configurations import DIRECTORY, configuration
from docs.consoles import fits, shown_on
from docs.pages import PAGES, ROOT, blocks_of, name_of
from switchboard.databases import Databases

from groupmessenger.cli.app import run
from groupmessenger.sandbox import Sandbox

COMMANDS = ROOT / "docs" / "reference" / "command-line.md"
SESSIONS = [page for page in PAGES if page != COMMANDS and any(shown_on(page))]
ON_POSTGRESQL = ROOT / "docs" / "how-to" / "directory.md"


@pytest.fixture
def directory(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The table of a page's directory: a file, but on the page about PostgreSQL, which has a table of its own."""
    page = request.node.callspec.params["page"]
    if page != ON_POSTGRESQL:
        yield DIRECTORY
        return
    with Databases() as databases, databases.new("postgresql", tmp_path, empty=True) as url:
        monkeypatch.setenv("DATABASE_URL", url)
        yield next(block.text for block in blocks_of(page) if block.language == "toml")


@pytest.mark.parametrize("page", SESSIONS, ids=name_of)
def test_commands_print_what_the_page_shows(
    page: Path, directory: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The commands of a page are one session, in order, with what each prints below it."""
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.delenv("GROUPMESSENGER_CONFIG", raising=False)
    monkeypatch.delenv("GROUPMESSENGER_URL", raising=False)
    monkeypatch.chdir(tmp_path)
    ended = 0
    with Sandbox() as sandbox:
        Path("groupmessenger.toml").write_text(configuration(sandbox, directory), encoding="utf-8")
        for shown in shown_on(page):
            if shown.command == "echo $?":
                assert shown.output == (str(ended),), f"line {shown.line}"
                continue
            program, *arguments = shlex.split(shown.command)
            assert program == "groupmessenger"
            ended = run(arguments)
            out, err = capsys.readouterr()
            assert fits(shown.output, out + err), f"line {shown.line}: {shown.command}\n{out}{err}"
