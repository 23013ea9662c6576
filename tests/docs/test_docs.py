"""The documentation is true: its programs run, print what they say, and its links lead somewhere."""

from __future__ import annotations

import os
import re
import shlex
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import attrs
import pytest
from docs.commands import commands_of, names_of
from docs.configurations import configuration
from docs.consoles import fits, shown_on
from docs.generated import BEGIN
from docs.pages import PAGES, ROOT, Block, anchors_of, blocks_of, links_of, name_of

import groupmessenger
from groupmessenger import errors, events
from groupmessenger.cli.app import app
from groupmessenger.cli.app import run as run_command
from groupmessenger.cli.exits import MEANINGS
from groupmessenger.configfile import Top
from groupmessenger.messages import Evidence, FailureReason, Status
from groupmessenger.options import OPTIONS
from groupmessenger.plugins import installed_providers, load_provider
from groupmessenger.sandbox import Sandbox

SET_UP = ["pip install uv && uv run groupmessenger demo", "pip install uv && uv run pytest"]
RUNNING = [page for page in PAGES if any(block.language == "python" for block in blocks_of(page))]
TESTING = [page for page in PAGES if any(block.is_test_file for block in blocks_of(page))]
COMMANDS = ROOT / "docs" / "reference" / "command-line.md"
CONFIGURE = ROOT / "docs" / "how-to" / "configure.md"
_LOOPBACK = ("127.0.0.1", "::1")


@pytest.fixture(autouse=True)
def only_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """Refuse every connection that leaves this machine."""
    connect = socket.socket.connect

    def guarded(self: socket.socket, address: Any) -> None:
        if self.family != socket.AF_UNIX and address[0] not in _LOOPBACK:
            raise AssertionError(f"a page connects to {address[0]}")
        connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", guarded)


@pytest.fixture(autouse=True)
def environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """No configuration from elsewhere, and none of a page's left behind."""
    for name in ("GROUPMESSENGER_CONFIG", "GROUPMESSENGER_URL", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)
    before = dict(os.environ)
    yield
    os.environ.clear()
    os.environ.update(before)


@pytest.fixture
def program(request: pytest.FixtureRequest) -> Iterator[ModuleType]:
    """A module that a page's blocks share."""
    module = ModuleType("page")
    sys.modules["page"] = module
    yield module
    del sys.modules["page"]


def run(page: Path, block: Block, module: ModuleType) -> None:
    """Execute a block in a page's module; tracebacks name the page and its line."""
    code = "\n" * (block.line - 1) + block.text
    exec(compile(code, str(page), "exec", dont_inherit=True), module.__dict__)


@pytest.mark.parametrize("page", RUNNING, ids=name_of)
def test_programs_run_and_print_what_the_page_says(
    page: Path, program: ModuleType, capsys: pytest.CaptureFixture[str]
) -> None:
    """The blocks of a page are one program, in order. What one prints is shown below it, all of it."""
    blocks = list(blocks_of(page))
    for block, following in zip(blocks, [*blocks[1:], None], strict=True):
        if block.language == "python" and not block.is_test_file:
            run(page, block, program)
            shown = following.text if following is not None and following.shows_output else ""
            assert capsys.readouterr().out == shown, f"{name_of(page)}:{block.line}"


@pytest.mark.parametrize("page", TESTING, ids=name_of)
def test_blocks_for_pytest_pass_under_pytest(page: Path, tmp_path: Path) -> None:
    """The blocks of a page that have tests or fixtures are one test file."""
    blocks = [block for block in blocks_of(page) if block.is_test_file]
    file = tmp_path / "test_page.py"
    file.write_text("\n\n".join(block.text for block in blocks), encoding="utf-8")
    for block in blocks_of(page):
        if block.module is not None:
            (tmp_path / block.module).write_text(block.text, encoding="utf-8")
    command = [sys.executable, "-m", "pytest", "-q", "-W", "error", "-p", "no:cacheprovider", str(file)]
    # Options meant for this run, such as coverage, are not meant for that one.
    environment = {name: value for name, value in os.environ.items() if name != "PYTEST_ADDOPTS"}
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_set_up_is_two_commands() -> None:
    """The README's two commands stand each in a block of its own, to be copied as they are."""
    blocks = [block.text.strip() for block in blocks_of(ROOT / "README.md") if block.language == "console"]
    assert blocks[:2] == SET_UP


def test_the_readme_shows_what_the_demo_prints() -> None:
    """The README's cut of the demo is what the demo prints, in order, without the events that were heard."""
    blocks = list(blocks_of(ROOT / "README.md"))
    (shown,) = (
        block.text for block, before in zip(blocks[1:], blocks, strict=False) if before.text.strip() == SET_UP[0]
    )
    command = [sys.executable, "-m", "groupmessenger.cli", "demo"]
    environment = os.environ | {"COLUMNS": "80", "PYTHONIOENCODING": "utf-8"}
    printed = subprocess.run(command, env=environment, capture_output=True, encoding="utf-8", check=True).stdout
    lines = [line.rstrip() for line in printed.strip().splitlines() if " message received " not in line]
    assert shown.splitlines() == lines


def commands() -> Iterator[str]:
    """Every call of our own command in a console block."""
    for page in PAGES:
        for block in blocks_of(page):
            if block.language == "console":
                for line in block.text.splitlines():
                    _, found, arguments = line.partition("groupmessenger ")
                    if found and re.search(r"(^|^\$ |uv run )groupmessenger ", line):
                        yield arguments.partition(" > ")[0]


@pytest.mark.parametrize("arguments", sorted(set(commands())))
def test_commands_in_console_blocks_are_ones_we_have(arguments: str) -> None:
    """What a console block calls, with its options, can be called."""
    _, _, ignored = app.parse_args(shlex.split(arguments), exit_on_error=False, print_error=False)
    assert ignored == {}


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_block_has_a_language_that_is_checked(page: Path) -> None:
    """No block is of a kind that nothing looks at."""
    known = {"python", "console", "text", "json", "toml"}
    assert {block.language for block in blocks_of(page)} - known == set()


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_links_lead_to_files_that_are_there(page: Path) -> None:
    """Relative links point to what exists, and to headings that do."""
    for target in links_of(page):
        if "://" not in target:
            path, _, anchor = target.partition("#")
            file = page.parent / path if path else page
            assert file.exists(), target
            assert not anchor or anchor in anchors_of(file), target


def test_the_errors_page_shows_the_tree_of_the_module() -> None:
    """The tree is drawn once, in the module's docstring; the page repeats it and describes every error."""
    text = (ROOT / "docs" / "reference" / "errors.md").read_text(encoding="utf-8")
    tree = "\n".join(line[4:] for line in (errors.__doc__ or "").splitlines() if line.startswith("    "))
    every = [name for name in groupmessenger.__all__ if isinstance(getattr(groupmessenger, name), type)]
    names = [name for name in every if issubclass(getattr(groupmessenger, name), errors.GroupMessengerError)]
    names.remove("GroupMessengerError")
    assert tree in text
    assert [name for name in names if f"| `{name}`" not in text] == []


def kinds_of_event() -> list[type[events.Event]]:
    """Every class of events that there is, the base first."""
    public = (getattr(groupmessenger, name) for name in groupmessenger.__all__)
    return [each for each in public if isinstance(each, type) and issubclass(each, events.Event)]


def test_the_events_page_has_every_event_and_field() -> None:
    """A section for each event, with a row for each field of its own, in their order; and no others."""
    text = (ROOT / "docs" / "reference" / "events.md").read_text(encoding="utf-8")
    sections = dict(re.findall(r"^## (\w+)\n(.*?)(?=^## |\Z)", text, re.MULTILINE | re.DOTALL))
    described = {name: re.findall(r"^\| `(\w+)` \|", section, re.MULTILINE) for name, section in sections.items()}
    shared = {field.name for field in attrs.fields(events.Event)}
    expected = {
        kind.__name__: [field.name for field in attrs.fields(kind) if kind is events.Event or field.name not in shared]
        for kind in kinds_of_event()
    }
    described["Event"] = described["Event"][: len(shared)]  # below are the forms of keys
    assert expected == described


def test_the_events_page_has_every_word_of_a_status() -> None:
    """All values of the enumerations that an event's fields have."""
    text = (ROOT / "docs" / "reference" / "events.md").read_text(encoding="utf-8")
    words = [str(each) for kind in (Status, Evidence, FailureReason) for each in kind]
    assert [word for word in words if f"`{word}`" not in text] == []


@pytest.mark.parametrize("provider", sorted(installed_providers()))
@pytest.mark.parametrize("form", ["docs/providers/{}.md", "providers/{}/README.md"])
def test_a_providers_settings_are_all_described(form: str, provider: str) -> None:
    """The table of settings has the messenger's, and no others."""
    text = (ROOT / form.format(provider)).read_text(encoding="utf-8")
    described = re.findall(r"^\| `(\w+)` \| (?!\*\*)", text, re.MULTILINE)
    settings = [field.name for field in attrs.fields(load_provider(provider))]  # type: ignore[arg-type]
    assert described[: len(settings)] == settings


def test_commands_print_what_the_page_shows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The commands of the page are one session, in order, with what each prints below it."""
    monkeypatch.setenv("COLUMNS", "100")
    ended = 0
    group = ""
    with Sandbox() as sandbox:
        (tmp_path / "groupmessenger.toml").write_text(configuration(sandbox), encoding="utf-8")
        (tmp_path / "groups.txt").write_text("team\nalarm\n", encoding="utf-8")
        sandbox.phones["+13125550101"].send("Are you there?", to=sandbox.settings("sendblue")["line"])
        for shown in shown_on(COMMANDS):
            if shown.command == "echo $?":
                assert shown.output == (str(ended),), f"line {shown.line}"
                continue
            program, *arguments = shlex.split(shown.command.replace("$GROUP", group))
            assert program == "groupmessenger"
            ended = run_command(arguments)
            out, err = capsys.readouterr()
            assert fits(shown.output, out + err), f"line {shown.line}: {shown.command}\n{out}{err}"
            if arguments[:2] == ["groups", "create"] and ended == 0:
                group = out.split()[0]


def test_every_command_and_option_is_on_the_page() -> None:
    """No command of the program, and no option of one, is left out of what is said above the list of all."""
    text, _, _ = COMMANDS.read_text(encoding="utf-8").partition(BEGIN)
    every = dict(commands_of(app))
    assert [name for name in every if not re.search(rf"`{name}`|groupmessenger {name}\b", text)] == []
    options = {each for command in every.values() for each in names_of(command) if each.startswith("--")}
    assert sorted(option for option in options if option not in text) == []


def test_the_exit_codes_are_those_of_the_code() -> None:
    """The table of exit codes repeats what the help says."""
    text = COMMANDS.read_text(encoding="utf-8")
    assert re.findall(r"^\| (\d+) \| (.+) \|$", text, re.MULTILINE) == [
        (str(code.value), meaning) for code, meaning in MEANINGS.items()
    ]


def test_the_whole_configuration_file_can_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The file on the page has every key there is, and nothing wrong."""
    (text, *_) = (block.text for block in blocks_of(CONFIGURE) if block.language == "toml")
    for variable in re.findall(r'env = "(\w+)"', text):
        monkeypatch.setenv(variable, "given")
    for path in re.findall(r'file = "([^"]+)"', text):
        (tmp_path / path).parent.mkdir(exist_ok=True)
        (tmp_path / path).write_text("given", encoding="utf-8")
    file = tmp_path / "groupmessenger.toml"
    file.write_text(text, encoding="utf-8")
    config = groupmessenger.load_config(file)
    assert [*config.connections] == ["main", "backup"]
    keys = [*(field.name for field in attrs.fields(Top)), *OPTIONS]
    assert [key for key in keys if not re.search(rf"^\[?([\w.]*\.)?{key}\b", text, re.MULTILINE)] == []
